//! Tenants: the organisations that sell, each seeing only its own.

mod settings;

use std::{fmt, str::FromStr};

use crate::{event::RefundPolicy, network::Network, user::Role};

pub use settings::{
    Credential, Features, Limits, Locale, Origin, OriginError, Standing, UnknownLocale, UnknownStanding,
};

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

/// A tenant and what it has chosen. What everybody may know of it is the view's to say.
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
    /// In which language it writes to its customers.
    pub locale: Locale,
    /// What it uses.
    pub features: Features,
    /// How long a hold lasts where the session says nothing.
    pub hold: HoldTime,
    /// How much one customer may buy.
    pub limits: Limits,
    /// The refund policy of events that say nothing.
    pub refunds: RefundPolicy,
    /// Pages that may call the API (CORS); any where there are none.
    pub allowed_origins: Vec<Origin>,
    /// From where people may act as staff or above; from anywhere where there are none.
    pub admin_networks: Vec<Network>,
    /// Roles that need a second factor to log in.
    pub two_factor_roles: Vec<Role>,
    /// What it is known by at other services, by service.
    pub credentials: Vec<Credential>,
    /// Whether its first administrator is still invited.
    pub awaits_admin: bool,
    /// Whether it is in business.
    pub standing: Standing,
    /// Counts changes; 1 is the first. A change is stored only if it follows the version that it was made of.
    pub version: u32,
}

impl Tenant {
    /// The most origins, and the most networks.
    pub const MAX_LISTED: usize = 32;
    /// The most services that it has credentials of.
    pub const MAX_CREDENTIALS: usize = 8;

    /// A tenant that has chosen nothing yet.
    pub fn new(id: TenantId, name: String) -> Self {
        Self {
            id,
            name,
            logo: None,
            theme: Theme::default(),
            contact: None,
            locale: Locale::default(),
            features: Features::default(),
            hold: HoldTime::DEFAULT,
            limits: Limits::default(),
            refunds: RefundPolicy::default(),
            allowed_origins: Vec::new(),
            admin_networks: Vec::new(),
            two_factor_roles: Vec::new(),
            credentials: Vec::new(),
            awaits_admin: false,
            standing: Standing::Active,
            version: 1,
        }
    }

    /// The tenant after a change, to be stored if nobody else changed it meanwhile.
    #[must_use]
    pub fn next(self) -> Self {
        Self { version: self.version + 1, ..self }
    }

    /// Whether it is in business.
    pub fn is_active(&self) -> bool {
        self.standing == Standing::Active
    }
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

/// How long a hold lasts: 1 to 120 minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HoldTime(u8);

/// The hold would be too short or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 120 minutes")]
pub struct HoldTimeError;

impl HoldTime {
    /// A minute.
    pub const SHORTEST: Self = Self(1);

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
