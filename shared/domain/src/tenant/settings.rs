//! What a tenant may choose, each value proved by its type.

use std::{fmt, str::FromStr};

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
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_order: Quantity::MOST }
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
