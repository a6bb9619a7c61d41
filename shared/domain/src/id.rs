//! Identifiers: 16 bytes that sort by time, each kind with its own type and prefix.
//!
//! Written as `ord_` and 26 characters of base32 whose alphabet is in ASCII order, so that the text
//! sorts as the bytes do. The bytes are laid out as a version 7 UUID (RFC 9562, 5.7).

use std::{fmt, str::FromStr, sync::LazyLock};

use data_encoding::{Encoding, Specification};
use jiff::Timestamp;

/// Crockford's base32 in lower case, without padding: no `i`, `l`, `o` or `u` to misread.
///
/// ```
/// assert_eq!(domain::id::BASE32.encode(&[0; 16]).len(), 26);
/// ```
#[expect(clippy::expect_used, reason = "a constant alphabet of 32 distinct symbols is always valid")]
pub static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    specification.encoding().expect("a valid alphabet")
});

/// The text was not an identifier of the kind that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an id that begins with {prefix}")]
pub struct IdError {
    /// What the text should have begun with.
    pub prefix: &'static str,
}

/// What every identifier can do; lets other crates write one conversion for all of them.
pub trait Id: Copy + fmt::Display + FromStr<Err = IdError> + Send + Sync + 'static {
    /// The kind, as the text begins.
    const PREFIX: &'static str;

    /// Takes 16 bytes as they are, for identifiers that are derived rather than drawn.
    fn from_bytes(bytes: [u8; 16]) -> Self;

    /// The 16 bytes.
    fn bytes(&self) -> [u8; 16];

    /// Makes an identifier of the moment `now` with ten bytes of chance.
    fn new(now: Timestamp, chance: [u8; 10]) -> Self {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        Self::from_bytes(uuid::Builder::from_unix_timestamp_millis(millis, &chance).into_uuid().into_bytes())
    }

    /// The moment that the identifier was made at, to the millisecond.
    fn created(&self) -> Timestamp {
        let bytes = self.bytes();
        let millis = bytes[..6].iter().fold(0_i64, |sum, byte| (sum << 8) | i64::from(*byte));
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The 26 characters without the prefix: what keys and block entries use.
    fn bare(&self) -> String {
        BASE32.encode(&self.bytes())
    }

    /// Reads [`Id::bare`] back.
    ///
    /// # Errors
    /// When the text is not 26 characters of the alphabet.
    fn from_bare(text: &str) -> Result<Self, IdError> {
        BASE32
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
            .map(Self::from_bytes)
            .ok_or(IdError { prefix: Self::PREFIX })
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;

            fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            fn bytes(&self) -> [u8; 16] {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, BASE32.encode_display(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($prefix).ok_or(IdError { prefix: $prefix }).and_then(Self::from_bare)
            }
        }
    )*};
}

ids! {
    /// An order.
    OrderId "ord_";
    /// A person or machine with an account in one tenant.
    UserId "usr_";
    /// One login of one user on one device.
    LoginId "log_";
    /// An event: a concert, a play, an exhibition.
    EventId "evt_";
    /// One date and time of an event.
    SessionId "ses_";
    /// A price option (ticket type) of an event.
    OptionId "opt_";
    /// A payment begun at a provider.
    PaymentId "pay_";
    /// A refund; also the provider's idempotency key.
    RefundId "rfd_";
    /// One admission for one person.
    TicketId "tkt_";
    /// A place with a seat map.
    VenueId "ven_";
    /// A train on the date on which it sets out.
    RunId "run_";
    /// A key with which a machine signs.
    KeyId "key_";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_keeps_its_time() {
        let now = Timestamp::from_millisecond(1_767_225_600_123).unwrap();
        let id = OrderId::new(now, [7; 10]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(OrderId::from_bare(&id.bare()), Ok(id));
        assert_eq!(id.created(), now);
    }

    #[test]
    fn text_sorts_as_time_does() {
        let id = |millis| OrderId::new(Timestamp::from_millisecond(millis).unwrap(), [255; 10]).to_string();
        assert!(id(1) < id(2) && id(2) < id(1_000) && id(1_000) < id(1_767_225_600_123));
    }

    #[test]
    fn one_kind_is_not_another() {
        let order = OrderId::from_bytes([1; 16]).to_string();
        assert!(order.parse::<TicketId>().is_err());
        for bad in ["", "ord_", "ord_zz", "ord_00000000000000000000000000a", "ord_iiiiiiiiiiiiiiiiiiiiiiiiii"] {
            assert_eq!(bad.parse::<OrderId>(), Err(IdError { prefix: "ord_" }), "{bad}");
        }
    }
}
