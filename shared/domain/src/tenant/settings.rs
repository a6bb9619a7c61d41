//! What a tenant may choose, each value proved by its type.

use std::{fmt, net::IpAddr, str::FromStr};

use crate::order::Quantity;

/// Feature switches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say what they switch")]
#[expect(clippy::struct_excessive_bools, reason = "switches that have nothing to do with each other")]
pub struct Features {
    pub calendar: bool,
    pub membership: bool,
    pub coupon: bool,
    pub merchandise: bool,
}

/// Whether a tenant is in business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    #[default]
    Active,
    /// Nobody logs in to it or reads its pages. Money that is on its way goes on.
    Disabled,
}

impl Standing {
    /// The word used on the wire and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// No standing has that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be active or disabled")]
pub struct UnknownStanding;

impl FromStr for Standing {
    type Err = UnknownStanding;

    fn from_str(text: &str) -> Result<Self, UnknownStanding> {
        [Self::Active, Self::Disabled].into_iter().find(|standing| standing.word() == text).ok_or(UnknownStanding)
    }
}

/// The language that a tenant writes to its customers in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locale {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Locale {
    /// The language tag (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// Nobody speaks that here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be en or zh-CN")]
pub struct UnknownLocale;

impl FromStr for Locale {
    type Err = UnknownLocale;

    fn from_str(text: &str) -> Result<Self, UnknownLocale> {
        [Self::English, Self::Chinese].into_iter().find(|locale| locale.tag() == text).ok_or(UnknownLocale)
    }
}

/// How much one customer may buy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tickets in one order; an option's own limit may be lower.
    pub per_order: Quantity,
    /// Tickets of one event in all orders of an account; none where nothing is said.
    pub per_account: Option<u16>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_order: Quantity::MOST, per_account: None }
    }
}

/// The origin of web pages that may call the API: scheme, host and port, in the way browsers write it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(String);

/// The text is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an origin such as https://tickets.example, in lower case, without a path")]
pub struct OriginError;

impl Origin {
    /// Characters of the longest origin: a host name of 253, a scheme and a port.
    pub const MAX_LENGTH: usize = 267;

    /// The text, to be compared with the header `Origin` byte by byte.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let rest = text.strip_prefix("https://").or_else(|| {
            // Without TLS only what runs on the reader's own machine.
            let rest = text.strip_prefix("http://")?;
            ["localhost", "127.0.0.1"].contains(&rest.split(':').next()?).then_some(rest)
        });
        let rest = rest.filter(|_| text.len() <= Self::MAX_LENGTH).ok_or(OriginError)?;
        let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
        let is_label = |label: &str| {
            let may = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            !label.is_empty() && label.len() <= 63 && label.bytes().all(may) && !label.starts_with('-')
        };
        let is_port = |port: &str| port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port);
        let fits = host.split('.').all(is_label) && port.is_none_or(is_port);
        if fits { Ok(Self(text.to_owned())) } else { Err(OriginError) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A range of addresses in CIDR notation (RFC 4632, RFC 4291): `192.0.2.0/24`, `2001:db8::/32`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    first: IpAddr,
    /// How many leading bits an address has to share with the first.
    bits: u8,
}

/// The text is no range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an IPv4 or IPv6 network such as 192.0.2.0/24, without bits behind its prefix")]
pub struct NetworkError;

impl Network {
    /// Whether an address lies in the range. An IPv4 address that comes written as IPv6 counts as what it is.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let behind = u32::MAX.checked_shr(self.bits.into()).unwrap_or(0);
                (first.to_bits() ^ address.to_bits()) & !behind == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let behind = u128::MAX.checked_shr(self.bits.into()).unwrap_or(0);
                (first.to_bits() ^ address.to_bits()) & !behind == 0
            }
            _ => false,
        }
    }

    const fn width(address: IpAddr) -> u8 {
        if address.is_ipv4() { 32 } else { 128 }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (first, bits) = text.split_once('/').map_or((text, None), |(first, bits)| (first, Some(bits)));
        let first = first.parse::<IpAddr>().map_err(|_| NetworkError)?;
        let is_plain = |bits: &&str| !bits.starts_with('+') && (*bits == "0" || !bits.starts_with('0'));
        let bits = match bits {
            None => Self::width(first),
            Some(bits) => Some(bits).filter(is_plain).and_then(|bits| bits.parse().ok()).ok_or(NetworkError)?,
        };
        let behind_prefix = match first {
            IpAddr::V4(first) => u128::from(first.to_bits() & u32::MAX.checked_shr(bits.into()).unwrap_or(0)),
            IpAddr::V6(first) => first.to_bits() & u128::MAX.checked_shr(bits.into()).unwrap_or(0),
        };
        // An address behind a shorter prefix is a mistake more often than a range.
        if bits > Self::width(first) || behind_prefix != 0 { Err(NetworkError) } else { Ok(Self { first, bits }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

/// What a tenant is known by at somebody else's service, sealed. Does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// Which service: 1 to 24 lower-case letters, digits and hyphens.
    pub provider: String,
    /// The values, sealed under the tenant's data key.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("provider", &self.provider).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for good in ["https://a.test", "https://a-b.test:8443", "http://localhost:5173", "http://127.0.0.1"] {
            assert_eq!(good.parse::<Origin>().unwrap().as_str(), good);
        }
        for bad in [
            "*",
            "null",
            "",
            "a.test",
            "http://a.test",
            "https://",
            "https://a.test/",
            "https://A.test",
            "https://a..b",
            "https://a.test:0",
            "https://a.test:080",
            "https://a.test:99999",
            "https://u@a.test",
            "https://-a.test",
            "http://localhost.evil.test",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(OriginError), "{bad}");
        }
    }

    #[test]
    fn a_network_contains_what_shares_its_prefix() {
        let check = |network: &str, address: &str, inside: bool| {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{address} in {network}");
        };
        check("192.0.2.0/24", "192.0.2.255", true);
        check("192.0.2.0/24", "192.0.3.0", false);
        check("192.0.2.7", "192.0.2.7", true);
        check("192.0.2.7", "192.0.2.6", false);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "::1", false);
        check("192.0.2.0/24", "::ffff:192.0.2.1", true);
        check("2001:db8::/32", "2001:db8:ffff::1", true);
        check("2001:db8::/32", "2001:db9::1", false);
        check("::/0", "2001:db9::1", true);
        check("::1", "::1", true);
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in
            ["", "a", "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/024", "192.0.2.0/+8", "::/129", "1.2.3"]
        {
            assert_eq!(bad.parse::<Network>(), Err(NetworkError), "{bad}");
        }
    }

    #[test]
    fn words_read_back() {
        for standing in [Standing::Active, Standing::Disabled] {
            assert_eq!(standing.word().parse(), Ok(standing));
        }
        for locale in [Locale::English, Locale::Chinese] {
            assert_eq!(locale.tag().parse(), Ok(locale));
        }
        assert_eq!("fr".parse::<Locale>(), Err(UnknownLocale));
        assert_eq!("closed".parse::<Standing>(), Err(UnknownStanding));
    }
}
