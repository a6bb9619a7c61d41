//! Networks in CIDR notation (RFC 4632, RFC 4291), of IPv4 and IPv6.
//!
//! An IPv4 address that is written as an IPv6 one (`::ffff:192.0.2.1`) is the IPv4 address: whoever allows `192.0.2.0/24`
//! allows it however the connection was made, and nobody comes in by spelling an address otherwise.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// A network: an address, and how many of its first bits count.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network {
    /// Of IPv4 where it is one; what is behind the prefix is zero.
    base: IpAddr,
    prefix: u8,
}

/// The text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// No address, or no number behind the slash.
    #[error("must be an address or a network such as 192.0.2.0/24 or 2001:db8::/32")]
    Unreadable,
    /// More bits than the address has.
    #[error("has a longer prefix than the address has bits")]
    TooLong,
    /// `192.0.2.1/24`: either the address is meant, or the network, and a guess would let too many in.
    #[error("has bits behind the prefix; write the first address of the network")]
    BitsBehind,
}

impl Network {
    /// One address.
    pub fn of(address: IpAddr) -> Self {
        let base = address.to_canonical();
        Self { base, prefix: width(base) }
    }

    /// Whether an address is in it.
    pub fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        width(address) == width(self.base) && first_bits(address, self.prefix) == self.base
    }

    /// Reads the text.
    ///
    /// # Errors
    /// When it is no network.
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) => (address, Some(number(prefix)?)),
        };
        let written: IpAddr = address.parse().map_err(|_| NetworkError::Unreadable)?;
        let prefix = prefix.unwrap_or(width(written));
        if prefix > width(written) {
            return Err(NetworkError::TooLong);
        }
        let base = written.to_canonical();
        // A network that is larger than all of IPv4 stays one of IPv6, where no address of ours is: they are made canonical.
        let (base, prefix) = match (written, base) {
            (IpAddr::V6(_), IpAddr::V4(_)) if prefix >= 96 => (base, prefix - 96),
            _ => (written, prefix),
        };
        if first_bits(base, prefix) == base { Ok(Self { base, prefix }) } else { Err(NetworkError::BitsBehind) }
    }
}

/// A plain number: no sign, no leading zero.
fn number(text: &str) -> Result<u8, NetworkError> {
    let is_plain = text.bytes().all(|digit| digit.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain).ok_or(NetworkError::Unreadable)
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The address with all bits behind the first `prefix` ones cleared.
fn first_bits(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

/// Who counts as one where requests are counted: an IPv4 address, or the 64 bits of an IPv6 address that a customer of an
/// access provider is given as a whole (RFC 6177): whoever has one such address has 2⁶⁴.
pub fn neighbourhood(address: IpAddr) -> IpAddr {
    first_bits(address.to_canonical(), 64)
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        Self::parse(text)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether an address may administer: no networks are no restriction; an address that is not known is in none.
pub fn admits(networks: &[Network], address: Option<IpAddr>) -> bool {
    networks.is_empty() || address.is_some_and(|address| networks.iter().any(|network| network.contains(address)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, address: &str, expected: bool) {
        let network: Network = network.parse().unwrap();
        assert_eq!(network.contains(address.parse().unwrap()), expected, "{address} in {network}");
    }

    #[test]
    fn an_address_is_in_a_network_by_its_first_bits() {
        for (network, address, is_in) in [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.128/25", "192.0.2.127", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1/32", "192.0.2.2", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/33", "2001:db8:8000::", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::1", "2001:db8::1", true),
        ] {
            check(network, address, is_in);
        }
    }

    #[test]
    fn an_ipv4_address_is_one_however_it_is_written() {
        check("192.0.2.0/24", "::ffff:192.0.2.7", true);
        check("::ffff:192.0.2.0/120", "192.0.2.7", true);
        check("::ffff:192.0.2.0/120", "192.0.3.7", false);
        check("::ffff:0.0.0.0/96", "198.51.100.1", true);
        // The IPv6 internet is not the IPv4 internet.
        check("::/0", "192.0.2.7", false);
        check("::/0", "::ffff:192.0.2.7", false);
        // Deprecated and not the same: an IPv4-compatible address.
        check("192.0.2.0/24", "::192.0.2.7", false);
    }

    #[test]
    fn what_is_no_network_is_refused() {
        use NetworkError::{BitsBehind, TooLong, Unreadable};
        for (text, error) in [
            ("", Unreadable),
            ("/", Unreadable),
            ("192.0.2.0/", Unreadable),
            ("192.0.2/24", Unreadable),
            ("192.0.2.0/+8", Unreadable),
            ("192.0.2.0/08", Unreadable),
            ("192.0.2.0/24/24", Unreadable),
            ("192.0.2.0/256", Unreadable),
            (" 192.0.2.0/24", Unreadable),
            ("example.test", Unreadable),
            ("fe80::1%eth0", Unreadable),
            ("192.0.2.0/33", TooLong),
            ("2001:db8::/129", TooLong),
            ("192.0.2.1/24", BitsBehind),
            ("2001:db8::1/32", BitsBehind),
            ("::ffff:192.0.2.1/120", BitsBehind),
        ] {
            assert_eq!(text.parse::<Network>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_network_reads_back() {
        for text in ["192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "::/0", "192.0.2.1/32"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        assert_eq!(Network::of("::ffff:192.0.2.1".parse().unwrap()).to_string(), "192.0.2.1/32");
    }

    #[test]
    fn without_networks_everybody_and_with_them_only_who_is_in_one() {
        let networks = ["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let admitted = |address: &str| admits(&networks, address.parse().ok());
        assert!(admitted("192.0.2.1") && admitted("2001:db8::1") && !admitted("198.51.100.1"));
        assert!(!admits(&networks, None) && admits(&[], None));
    }

    #[test]
    fn neighbours_of_ipv6_count_as_one() {
        let of = |address: &str| neighbourhood(address.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!((of("192.0.2.7"), of("::ffff:192.0.2.7")), ("192.0.2.7".into(), "192.0.2.7".into()));
    }
}
