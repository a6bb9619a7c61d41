//! Tenants: the organisations that sell, each seeing only its own.

use std::{fmt, str::FromStr};

use crate::network::Network;

/// A tenant's readable id: 1 to 24 lower-case letters, digits and hyphens, beginning with a letter.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(String);

/// The text cannot be a tenant's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 24 lower-case letters, digits and hyphens, beginning with a letter")]
pub struct TenantIdError;

impl TenantId {
    /// The longest id, so that a stock block stays under 1 KiB with its key.
    pub const MAX_LENGTH: usize = 24;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantId {
    type Err = TenantIdError;

    fn from_str(text: &str) -> Result<Self, TenantIdError> {
        let fits = (1..=Self::MAX_LENGTH).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
        if fits { Ok(Self(text.to_owned())) } else { Err(TenantIdError) }
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What everybody may know of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// Address of its logo.
    pub logo: Option<String>,
    /// How its pages look.
    pub theme: Theme,
    /// How to reach it.
    pub contact: Option<String>,
    /// What it uses.
    pub features: Features,
    /// How long a hold lasts where the session says nothing.
    pub hold: HoldTime,
    /// Origins whose pages may read answers, as browsers write them: `https://tickets.example`.
    pub allowed_origins: Vec<String>,
    /// From where it may be administered; from everywhere where there are none.
    pub admin_networks: Vec<Network>,
}

/// Colours as `#rrggbb`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say what they colour")]
pub struct Theme {
    pub primary: String,
    pub accent: String,
    pub bg: String,
    pub text: String,
    pub muted: String,
}

impl Default for Theme {
    fn default() -> Self {
        let colour = |hex: &str| hex.to_owned();
        Self {
            primary: colour("#1f4b99"),
            accent: colour("#d9480f"),
            bg: colour("#ffffff"),
            text: colour("#1a1a1a"),
            muted: colour("#6b7280"),
        }
    }
}

/// Feature switches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say what they switch")]
pub struct Features {
    pub calendar: bool,
    pub membership: bool,
    pub coupon: bool,
}

/// How long a hold lasts: 1 to 120 minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HoldTime(u8);

/// The hold would be too short or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 120 minutes")]
pub struct HoldTimeError;

impl HoldTime {
    /// Fifteen minutes.
    pub const DEFAULT: Self = Self(15);

    /// Takes a number of minutes.
    pub fn minutes(minutes: u64) -> Result<Self, HoldTimeError> {
        match u8::try_from(minutes) {
            Ok(minutes @ 1..=120) => Ok(Self(minutes)),
            _ => Err(HoldTimeError),
        }
    }

    /// In minutes.
    pub const fn as_minutes(self) -> u8 {
        self.0
    }

    /// In seconds.
    pub const fn as_secs(self) -> i64 {
        self.0 as i64 * 60
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenant_ids_are_readable_and_short() {
        for good in ["demo", "a", "city-hall-2"] {
            assert_eq!(good.parse::<TenantId>().unwrap().as_str(), good);
        }
        for bad in ["", "Demo", "2demo", "de#mo", "a23456789012345678901234x", "é"] {
            assert_eq!(bad.parse::<TenantId>(), Err(TenantIdError), "{bad}");
        }
    }

    #[test]
    fn holds_last_one_to_120_minutes() {
        assert_eq!(HoldTime::minutes(0), Err(HoldTimeError));
        assert_eq!(HoldTime::minutes(121), Err(HoldTimeError));
        assert_eq!(HoldTime::minutes(120).unwrap().as_secs(), 7_200);
    }
}
