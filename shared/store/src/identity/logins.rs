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
    Failed, SORT, Table,
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

/// From where a login was opened, as far as it helps people to know their own again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Which kind of program: `Firefox`.
    pub agent: String,
    /// The network of its address, not the address: `203.0.113.0/24`.
    pub network: String,
}

/// A login as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Which.
    pub id: LoginId,
    /// When it was opened.
    pub created: Timestamp,
    /// When it was opened or refreshed last.
    pub refreshed: Timestamp,
    /// From where it was opened.
    pub device: Device,
    /// Whether it is neither ended nor idle for too long, and its user may still hold it.
    pub alive: bool,
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
    refreshed: i64,
    agent: String,
    network: String,
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
        device: &Device,
        now: Timestamp,
    ) -> Result<bool, Failed> {
        let idle_until = idle_until.as_second();
        let record = Record {
            login: login.to_string(),
            secret: secret.0.clone(),
            idle_until,
            epoch: user.epoch,
            created: now.as_second(),
            refreshed: now.as_second(),
            agent: device.agent.clone(),
            network: device.network.clone(),
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

    /// Whether a login is neither ended nor idle for too long, and its user may still hold it. The user is read with it:
    /// who disables somebody, or gives them another role, writes the user first and may die before the logins are ended.
    pub async fn login_is_alive(&self, user: UserId, login: LoginId, now: Timestamp) -> Result<bool, Failed> {
        let keys = vec![keys::user(&self.tenant.id, user), keys::login(&self.tenant.id, user, login)];
        let items = self.tenant.store.tables.batch_get(Table::Identity, keys, Read::Consistent).await?;
        let (users, logins): (Vec<_>, Vec<_>) = items.iter().partition(|item| text_of(item, SORT) == keys::USER);
        Ok(users.first().zip(logins.first()).is_some_and(|(user, login)| is_alive(login, now) && holds(user, login)))
    }

    /// The logins that are kept of a user, latest first: those that are alive, and for a day those that were.
    pub async fn logins(&self, user: UserId, now: Timestamp) -> Result<Vec<Login>, Failed> {
        let find = Find::partition(keys::user(&self.tenant.id, user).partition, Read::Consistent);
        let items = self.tenant.store.tables.all(Table::Identity, find).await?;
        let Some(user) = items.iter().find(|item| text_of(item, SORT) == keys::USER) else { return Ok(Vec::new()) };
        let logins = items.iter().filter(|item| item.contains_key("login"));
        let read = |item| read(item, is_alive(item, now) && holds(user, item));
        let mut logins = logins.map(read).collect::<Result<Vec<_>, _>>()?;
        logins.sort_by_key(|login| std::cmp::Reverse((login.refreshed, login.created)));
        Ok(logins)
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
        let expression = Expression::set("SET secret = :next, idleUntil = :idle, refreshed = :now, #ttl = :ttl")
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

    /// Ends a login. Ending it again, or ending what never was, changes nothing, and the answer is no.
    pub async fn end_login(&self, user: UserId, login: LoginId, now: Timestamp) -> Result<bool, Failed> {
        let expression = Expression::set("SET ended = :now")
            .given("attribute_exists(pk) AND attribute_not_exists(ended)")
            .number(":now", now.as_second());
        let key = keys::login(&self.tenant.id, user, login);
        Ok(self.tenant.store.tables.update(Table::Identity, key, expression).await? == Wrote::Yes)
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
        for login in self.login_ids(user).await? {
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
        for login in self.login_ids(user.id).await?.into_iter().filter(|login| *login != kept) {
            self.end_login(user.id, login, now).await?;
        }
        Ok(())
    }

    /// The logins of a user that have not ended. Few: each is forgotten a day after it became idle.
    async fn login_ids(&self, user: UserId) -> Result<Vec<LoginId>, Failed> {
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

/// Whether a user's item allows a login's.
fn holds(user: &Item, login: &Item) -> bool {
    let epoch = |item| number_of(item, "epoch").unwrap_or_default();
    text_of(user, "standing") == Standing::Active.word() && epoch(login) >= epoch(user)
}

fn read(item: &Item, alive: bool) -> Result<Login, Failed> {
    let at = |name| Timestamp::from_second(number_of(item, name).unwrap_or_default()).map_err(Failed::corrupt);
    Ok(Login {
        id: text_of(item, "login").parse().map_err(Failed::corrupt)?,
        created: at("created")?,
        refreshed: at("refreshed")?,
        device: Device { agent: text_of(item, "agent").to_owned(), network: text_of(item, "network").to_owned() },
        alive,
    })
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

    #[test]
    fn a_login_needs_a_user_who_may_hold_it() {
        let login = |epoch: i64| Item::from([("epoch".to_owned(), number(epoch))]);
        let user = |standing: &str| {
            let standing = aws_sdk_dynamodb::types::AttributeValue::S(standing.to_owned());
            Item::from([("epoch".to_owned(), number(2)), ("standing".to_owned(), standing)])
        };
        assert!(holds(&user("active"), &login(2)));
        assert!(!holds(&user("active"), &login(1)), "opened before the epoch");
        assert!(!holds(&user("disabled"), &login(2)));
        assert!(!holds(&Item::new(), &login(2)), "a fence is nobody");
    }
}
