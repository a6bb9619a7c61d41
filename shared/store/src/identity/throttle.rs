//! Failed attempts to log in, counted per name and window. They are in the table, so that no restart forgets them.
//!
//! An attempt takes its place *before* the password is looked at and says afterwards how it ended; otherwise a thousand
//! guesses at once would all be let in by the same count. Places and failures are counted apart, so that attempts which
//! are merely under way at the same moment are told to wait rather than refused.

use domain::Timestamp;
use serde::Serialize;

use super::Identity;
use crate::{
    Failed, Table,
    client::{Expression, Wrote, encode, number_of},
};

/// Failures in one window.
const MOST: i64 = 5;
/// A window begins with its first attempt and lasts so long, in seconds.
const WINDOW_SECS: i64 = 15 * 60;

/// Whether an attempt to log in may go ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Attempt {
    /// It may; say how it ended by [`Identity::attempt_failed`] or [`Identity::attempt_succeeded`].
    Allowed,
    /// Others with the same name are under way: ask again in a moment.
    Wait,
    /// Too many failed.
    Refused {
        /// Seconds until the window is over.
        retry_after_secs: u32,
    },
}

/// Places taken and failures; places taken and not failed are under way.
#[derive(Serialize)]
struct Record {
    taken: i64,
    failed: i64,
    until: i64,
    ttl: i64,
}

impl Record {
    const fn first(now: i64) -> Self {
        Self { taken: 1, failed: 0, until: now + WINDOW_SECS, ttl: now + WINDOW_SECS }
    }
}

impl Identity<'_> {
    /// Takes a place for an attempt to log in with this name.
    pub async fn attempt(&self, name: &str, now: Timestamp) -> Result<Attempt, Failed> {
        let now = now.as_second();
        let (tables, key) = (&self.tenant.store.tables, self.failures_key(name).await?);
        let another = Expression::set("SET taken = taken + :one")
            .given("#until > :now AND taken < :most")
            .name("#until", "until")
            .number(":one", 1)
            .number(":now", now)
            .number(":most", MOST);
        let there = match tables.update(Table::Identity, key.clone(), another).await? {
            Wrote::Yes => return Ok(Attempt::Allowed),
            Wrote::Refused(there) => there.unwrap_or_default(),
        };
        let count = |name| number_of(&there, name).unwrap_or_default();
        let until = count("until");
        if until > now && count("failed") >= MOST {
            return Ok(Attempt::Refused { retry_after_secs: u32::try_from(until - now).unwrap_or(1) });
        }
        if until > now {
            return Ok(Attempt::Wait);
        }
        let over = Expression::only_if("attribute_not_exists(pk) OR #until <= :now")
            .name("#until", "until")
            .number(":now", now);
        match tables.put(Table::Identity, encode(key, &Record::first(now))?, over).await? {
            Wrote::Yes => Ok(Attempt::Allowed),
            Wrote::Refused(_) => Ok(Attempt::Wait),
        }
    }

    /// Keeps the place of an attempt for the rest of the window.
    pub async fn attempt_failed(&self, name: &str) -> Result<(), Failed> {
        let key = self.failures_key(name).await?;
        let failed = Expression::set("SET failed = failed + :one").given("attribute_exists(pk)").number(":one", 1);
        self.tenant.store.tables.update(Table::Identity, key, failed).await?;
        Ok(())
    }

    /// Gives the place of an attempt back that proved nothing and guessed nothing; failures before it stay.
    pub async fn attempt_withdrawn(&self, name: &str) -> Result<(), Failed> {
        let key = self.failures_key(name).await?;
        let fewer = Expression::set("SET taken = taken - :one").given("taken > failed").number(":one", 1);
        self.tenant.store.tables.update(Table::Identity, key, fewer).await.map(drop)
    }

    /// Gives the place of an attempt back, and those of the failures before it.
    pub async fn attempt_succeeded(&self, name: &str) -> Result<(), Failed> {
        let key = self.failures_key(name).await?;
        let mut failures = 0;
        // A second round where there were failures; a third only where one more came between.
        for _ in 0..3 {
            let expression = Expression::set("SET taken = taken - :places, failed = :zero")
                .given("failed = :failures")
                .number(":places", failures + 1)
                .number(":failures", failures)
                .number(":zero", 0);
            match self.tenant.store.tables.update(Table::Identity, key.clone(), expression).await? {
                Wrote::Yes | Wrote::Refused(None) => return Ok(()),
                Wrote::Refused(Some(there)) => failures = number_of(&there, "failed").unwrap_or_default(),
            }
        }
        Ok(())
    }
}
