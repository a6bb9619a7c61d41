//! Logins: one item each. A login lives until it is ended or has been idle for too long.
//!
//! Of a refresh token's secret only the hash is stored, and each secret is good for one refresh. Whoever shows a wrong
//! one knows a login but not its present secret, so a token was copied: the login ends for both.

use domain::{
    Timestamp,
    id::{LoginId, UserId},
};
use serde::Serialize;

use super::{Identity, Saved, Standing, User};
use crate::{
    Failed, Table,
    client::{Expression, Find, Item, Read, Wrote, encode, number_of, text_of},
    keys,
};

/// The SHA-256 of a refresh token's secret, in hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the hash of a secret.
    pub fn of_hash(hash: &[u8]) -> Self {
        Self(data_encoding::HEXLOWER.encode(hash))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What became of a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Rotation {
    /// The next secret is in force.
    Done,
    /// The login is over: ended, idle for too long, or ended just now because a secret was shown that is not in force.
    Over,
}

/// For how long an ended or idle login stays readable, in seconds.
const KEPT_SECS: i64 = 86_400;

#[derive(Serialize)]
struct Record {
    /// The id once more: by this attribute a login is told from its user, who stands beside it.
    login: String,
    secret: String,
    #[serde(rename = "idleUntil")]
    idle_until: i64,
    epoch: u32,
    created: i64,
    ttl: i64,
}

impl Identity<'_> {
    /// Opens a login for a user as they were loaded. Answers whether it counts: not if they were disabled, or all their
    /// logins ended, in the meantime.
    ///
    /// Whoever ends logins writes the user first and looks for logins afterwards; here it is the other way round, so
    /// one of the two sees the other.
    pub async fn open_login(
        &self,
        user: &User,
        login: LoginId,
        secret: &Secret,
        idle_until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Failed> {
        let idle_until = idle_until.as_second();
        let record = Record {
            login: login.to_string(),
            secret: secret.0.clone(),
            idle_until,
            epoch: user.epoch,
            created: now.as_second(),
            ttl: idle_until + KEPT_SECS,
        };
        let item = encode(keys::login(&self.tenant.id, user.id, login), &record)?;
        let wrote = self.tenant.store.tables.put(Table::Identity, item.clone(), absent()).await?;
        let own = match wrote {
            Wrote::Yes => true,
            Wrote::Refused(there) => there.as_ref() == Some(&item),
        };
        let present = self.user(user.id).await?;
        let counts = own && present.is_some_and(|present| may_hold(&present, user.epoch));
        if !counts {
            self.end_login(user.id, login, now).await?;
        }
        Ok(counts)
    }

    /// Whether a login is neither ended nor idle for too long.
    pub async fn login_is_alive(&self, user: UserId, login: LoginId, now: Timestamp) -> Result<bool, Failed> {
        let key = keys::login(&self.tenant.id, user, login);
        let item = self.tenant.store.tables.get(Table::Identity, key, Read::Consistent).await?;
        Ok(item.is_some_and(|item| is_alive(&item, now)))
    }

    /// Replaces the secret of a login by the next one. `user` is who it belongs to, as just loaded.
    pub async fn rotate(
        &self,
        user: &User,
        login: LoginId,
        shown: &Secret,
        next: &Secret,
        idle_until: Timestamp,
        now: Timestamp,
    ) -> Result<Rotation, Failed> {
        let idle_until = idle_until.as_second();
        let expression = Expression::set("SET secret = :next, idleUntil = :idle, #ttl = :ttl")
            .given("secret = :shown AND idleUntil > :now AND attribute_not_exists(ended) AND epoch >= :epoch")
            .name("#ttl", crate::TIME_TO_LIVE)
            .text(":next", &next.0)
            .text(":shown", &shown.0)
            .number(":idle", idle_until)
            .number(":ttl", idle_until + KEPT_SECS)
            .number(":now", now.as_second())
            .number(":epoch", user.epoch);
        let key = keys::login(&self.tenant.id, user.id, login);
        let there = match self.tenant.store.tables.update(Table::Identity, key, expression).await? {
            Wrote::Yes => return Ok(Rotation::Done),
            Wrote::Refused(None) => return Ok(Rotation::Over),
            Wrote::Refused(Some(there)) => there,
        };
        // The SDK repeats a write whose answer was lost, and is then refused by its own first try.
        if text_of(&there, "secret") == next.0 && is_alive(&there, now) {
            return Ok(Rotation::Done);
        }
        self.end_login(user.id, login, now).await?;
        Ok(Rotation::Over)
    }

    /// Ends a login. Ending it again, or ending what never was, changes nothing.
    pub async fn end_login(&self, user: UserId, login: LoginId, now: Timestamp) -> Result<(), Failed> {
        let expression = Expression::set("SET ended = :now")
            .given("attribute_exists(pk) AND attribute_not_exists(ended)")
            .number(":now", now.as_second());
        let key = keys::login(&self.tenant.id, user, login);
        self.tenant.store.tables.update(Table::Identity, key, expression).await?;
        Ok(())
    }

    /// Disables a user: first the user, so that no login is opened or refreshed any more, then the logins they have.
    pub async fn disable(&self, user: &User, now: Timestamp) -> Result<Saved, Failed> {
        let disabled = User { standing: Standing::Disabled, epoch: user.epoch + 1, ..user.clone() };
        let saved = self.save(&disabled, now).await?;
        if saved == Saved::Yes {
            self.end_logins(user.id, now).await?;
        }
        Ok(saved)
    }

    /// Ends every login of a user. The user's epoch has been raised before: that is what holds if this dies half-way.
    pub async fn end_logins(&self, user: UserId, now: Timestamp) -> Result<(), Failed> {
        for login in self.logins(user).await? {
            self.end_login(user, login, now).await?;
        }
        Ok(())
    }

    /// Ends every login of a user but one, which is carried over into the user's present epoch.
    pub async fn end_other_logins(&self, user: &User, kept: LoginId, now: Timestamp) -> Result<(), Failed> {
        let carry = Expression::set("SET epoch = :epoch")
            .given("attribute_exists(pk) AND epoch < :epoch")
            .number(":epoch", user.epoch);
        let key = keys::login(&self.tenant.id, user.id, kept);
        self.tenant.store.tables.update(Table::Identity, key, carry).await?;
        for login in self.logins(user.id).await?.into_iter().filter(|login| *login != kept) {
            self.end_login(user.id, login, now).await?;
        }
        Ok(())
    }

    /// The logins of a user that have not ended. Few: each is forgotten a day after it became idle.
    async fn logins(&self, user: UserId) -> Result<Vec<LoginId>, Failed> {
        let find = Find::partition(keys::user(&self.tenant.id, user).partition, Read::Consistent);
        let items = self.tenant.store.tables.all(Table::Identity, find).await?;
        let open = items.iter().filter(|item| !item.contains_key("ended"));
        Ok(open.filter_map(|item| text_of(item, "login").parse().ok()).collect())
    }
}

fn absent() -> Expression {
    Expression::only_if("attribute_not_exists(pk)")
}

fn may_hold(user: &User, epoch: u32) -> bool {
    user.standing == Standing::Active && user.epoch == epoch
}

fn is_alive(item: &Item, now: Timestamp) -> bool {
    !item.contains_key("ended") && number_of(item, "idleUntil").is_some_and(|until| until > now.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::number;

    #[test]
    fn a_login_lives_until_it_is_ended_or_idle() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut item = Item::from([("idleUntil".to_owned(), number(100))]);
        assert!(is_alive(&item, at(99)));
        assert!(!is_alive(&item, at(100)));
        item.insert("ended".to_owned(), number(50));
        assert!(!is_alive(&item, at(60)));
        assert!(!is_alive(&Item::new(), at(60)));
    }
}
