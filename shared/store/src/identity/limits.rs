//! How often something may be done in a quarter of an hour: counted in the table, so that no restart forgets it, by one
//! conditional write. The window is part of the key, so that a new one begins by itself.

use domain::Timestamp;

use super::Identity;
use crate::{
    Failed, Table,
    client::{Expression, Wrote},
    keys,
};

/// Seconds of a window. Windows begin at the same moments for everybody.
const WINDOW_SECS: i64 = 15 * 60;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Logins, registrations, codes and forgotten passwords tried from one address, whatever the names: those that
    /// succeed give their place back.
    Address,
    /// Messages sent to one name.
    Messages,
    /// Messages that one user has sent, whatever the names: text messages cost money.
    Sender,
}

impl Limit {
    /// How often in a window.
    pub const fn most(self) -> i64 {
        match self {
            // An office, or the customers of a mobile network, may share an address.
            Self::Address => 50,
            Self::Messages => 5,
            Self::Sender => 10,
        }
    }

    /// What its subjects are hashed under.
    const fn label(self) -> &'static str {
        match self {
            Self::Address => "limit-address",
            Self::Messages => "limit-messages",
            Self::Sender => "limit-sender",
        }
    }
}

/// A place that was taken within a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// The keyed hash of what is limited, and whose.
    hash: [u8; 32],
    window: i64,
}

/// Whether there was a place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Taken {
    /// There was.
    Yes(Room),
    /// There was none.
    No {
        /// Seconds until the next window begins.
        retry_after_secs: u32,
    },
}

impl Identity<'_> {
    /// Takes a place. One write unit.
    pub async fn take(&self, limit: Limit, subject: &str, now: Timestamp) -> Result<Taken, Failed> {
        let window = now.as_second().div_euclid(WINDOW_SECS);
        let end = (window + 1) * WINDOW_SECS;
        let another = Expression::set("SET #ttl = :ttl ADD taken :one")
            .given("attribute_not_exists(taken) OR taken < :most")
            .name("#ttl", crate::TIME_TO_LIVE)
            .number(":ttl", end)
            .number(":one", 1)
            .number(":most", limit.most());
        let hash = self.tenant.keyed_hash(limit.label(), subject).await?;
        let key = keys::limit(&self.tenant.id, &hash, window);
        Ok(match self.tenant.store.tables.update(Table::Identity, key, another).await? {
            Wrote::Yes => Taken::Yes(Room { hash, window }),
            Wrote::Refused(_) => Taken::No { retry_after_secs: u32::try_from(end - now.as_second()).unwrap_or(1) },
        })
    }

    /// Gives a place back.
    pub async fn give_back(&self, place: &Room) -> Result<(), Failed> {
        let key = keys::limit(&self.tenant.id, &place.hash, place.window);
        // The table may have forgotten the window meanwhile; it must not come back without an end.
        let fewer = Expression::set("SET taken = taken - :one").given("attribute_exists(pk)").number(":one", 1);
        self.tenant.store.tables.update(Table::Identity, key, fewer).await.map(drop)
    }
}
