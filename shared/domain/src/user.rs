//! Who acts.

use std::{fmt, str::FromStr};

/// What a user may do, from least to most. A role includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Buys tickets.
    Customer,
    /// Admits people at the door.
    Staff,
    /// Organises events: sees and changes their own.
    Publisher,
    /// Runs one tenant.
    Admin,
    /// Runs the platform: manages tenants.
    Platform,
}

impl Role {
    /// The word used on the wire and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Publisher => "publisher",
            Self::Admin => "admin",
            Self::Platform => "platform",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// No role has that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be customer, staff, publisher, admin or platform")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        [Self::Customer, Self::Staff, Self::Publisher, Self::Admin, Self::Platform]
            .into_iter()
            .find(|role| role.word() == text)
            .ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_read_back_and_rank() {
        for role in [Role::Customer, Role::Staff, Role::Publisher, Role::Admin, Role::Platform] {
            assert_eq!(role.word().parse(), Ok(role));
        }
        assert!(Role::Customer < Role::Staff && Role::Admin < Role::Platform);
        assert_eq!("root".parse::<Role>(), Err(UnknownRole));
    }
}
