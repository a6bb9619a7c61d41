//! Users, their login names, their logins, and failed attempts to log in.
//!
//! A login name (e-mail address or telephone number) is an item of its own that points to its user: writing it
//! conditionally is what makes the name unique. The name is written first and the user second. A registration that
//! dies between the two leaves a name without a user, which the next registration takes over after a minute.

mod erasure;
mod federation;
mod limits;
mod listing;
mod logins;
mod proofs;
mod second_factor;
mod throttle;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Timestamp,
    id::{Id as _, UserId},
    user::Role,
};
use serde::{Deserialize, Serialize};

use crate::{
    BY_NICKNAME, BY_RANK, Failed, Place, Table, Tenant,
    client::{Bytes, Expression, Item, Key, Read, Wrote, decode, encode, number_of, text_of},
    keys,
    packed::{pack, unpack},
};

pub use erasure::Seen;
pub use federation::{Claim, Link, Links, Subject};
pub use limits::{Limit, Room, Taken};
pub use listing::Users;
pub use logins::{Device, Login, Rotation, Secret};
pub use proofs::Proof;
pub use second_factor::SecondFactor;
pub use throttle::Attempt;

/// The user of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// What they may do.
    pub role: Role,
    /// Whether they may log in.
    pub standing: Standing,
    /// E-mail address in lower case; a login name.
    pub email: Option<String>,
    /// Telephone number in E.164; a login name.
    pub phone: Option<String>,
    /// Which of the two is known to be theirs.
    pub verified: Verified,
    /// What they say of themselves.
    pub profile: Profile,
    /// The password; none where they log in by other means only.
    pub password: Option<PasswordHash>,
    /// Logins opened under a lower epoch are over: raised when a password changes or the user is disabled.
    pub epoch: u32,
    /// When they registered.
    pub created: Timestamp,
    /// When anything here changed last.
    pub updated: Timestamp,
    /// Counts changes: [`Identity::save`] refuses to overwrite what it was not made of.
    pub version: u32,
}

impl User {
    /// The names that the user logs in with.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.email.as_deref().into_iter().chain(self.phone.as_deref())
    }
}

/// What users say of themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// How they want to be called.
    pub nickname: Option<String>,
    /// Address of their picture.
    pub avatar: Option<String>,
    /// The name in their papers.
    pub real_name: Option<String>,
}

/// Which of a user's names are known to be theirs: they told a code that was sent there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The e-mail address.
    pub email: bool,
    /// The telephone number.
    pub phone: bool,
}

/// Whether a user may log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// May log in.
    Active,
    /// May not, and their logins are over.
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

/// A password as a PHC string. Does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a PHC string.
    pub const fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What became of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Registration {
    /// The user is there.
    Made,
    /// One of the names is another user's.
    Taken,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Saved {
    /// It is stored.
    Yes,
    /// Somebody else changed the user meanwhile, or the user is gone: load and decide again.
    Outdated,
}

/// Users and logins of one tenant.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'t> {
    tenant: &'t Tenant,
}

/// For how long a name without a user belongs to the registration that wrote it, in seconds. No function runs longer.
const REGISTRATION_SECS: i64 = 60;
/// For how long the mark stays that keeps a slow registration from finishing, in seconds.
const FENCE_SECS: i64 = 86_400;

impl<'t> Identity<'t> {
    pub(crate) const fn new(tenant: &'t Tenant) -> Self {
        Self { tenant }
    }

    /// The user with this id.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, Failed> {
        let key = keys::user(&self.tenant.id, id);
        let item = self.tenant.store.tables.get(Table::Identity, key, Read::Consistent).await?;
        let Some(item) = item else { return Ok(None) };
        self.read(id, item).await
    }

    /// A user as stored, with what puts it into the indexes: what is personal is sealed.
    async fn item(&self, user: &User) -> Result<Item, Failed> {
        let (person, record) = (Person::of(user).pack()?, Record::of(user));
        let person = Bytes(self.tenant.seal(place(&user.id.bytes()), &person).await?);
        let mut item = encode(keys::user(&self.tenant.id, user.id), &Record { person, ..record })?;
        let rank = keys::ranked(&self.tenant.id, user.role.word(), user.standing.word());
        item.insert(BY_RANK.partition.into(), AttributeValue::S(rank));
        if let Some(nickname) = user.profile.nickname.as_deref()
            && let Some(partition) = self.nicknames(nickname).await?
        {
            item.insert(BY_NICKNAME.partition.into(), AttributeValue::S(partition));
        }
        Ok(item)
    }

    /// A user's item, read; nothing where there is no user any more.
    async fn read(&self, id: UserId, item: Item) -> Result<Option<User>, Failed> {
        let record: Record = decode(item)?;
        if record.fence.is_some() {
            return Ok(None);
        }
        let person = self.tenant.open(place(&id.bytes()), &record.person.0).await?;
        record.user(id, Person::unpack(&person)?).map(Some)
    }

    /// Where it stands who logs in with a name.
    async fn name_key(&self, name: &str) -> Result<Key, Failed> {
        Ok(keys::login_name(&self.tenant.id, &self.tenant.keyed_hash("login-name", name).await?))
    }

    /// Where failed attempts to log in with a name are counted.
    async fn failures_key(&self, name: &str) -> Result<Key, Failed> {
        Ok(keys::login_failures(&self.tenant.id, &self.tenant.keyed_hash("login-failures", name).await?))
    }

    /// The user who logs in with this name.
    pub async fn named(&self, name: &str) -> Result<Option<User>, Failed> {
        let key = self.name_key(name).await?;
        let item = self.tenant.store.tables.get(Table::Identity, key, Read::Consistent).await?;
        // Two reads whether the name is known or not, so that the time tells nobody which names are.
        let user = self.user(item.as_ref().map_or(Ok(UserId::from_bytes([0; 16])), owner)?).await?;
        // A name points to a user before that user exists; it counts from the moment that both agree.
        Ok(user.filter(|user| user.names().any(|own| own == name)))
    }

    /// Writes a new user under each of their names.
    pub async fn register(&self, user: &User, now: Timestamp) -> Result<Registration, Failed> {
        let mut reserved = Vec::new();
        for name in user.names() {
            if self.reserve(name, user.id, now).await? == Registration::Taken {
                return self.give_up(&reserved, user.id).await;
            }
            reserved.push(name);
        }
        let item = self.item(user).await?;
        let absent = Expression::only_if("attribute_not_exists(pk)");
        match self.tenant.store.tables.put(Table::Identity, item, absent).await? {
            Wrote::Yes => Ok(Registration::Made),
            // The SDK repeats a write whose answer was lost, and is then refused by its own first try.
            Wrote::Refused(Some(there)) if !there.contains_key(FENCE) => Ok(Registration::Made),
            // Took so long that somebody else has taken the name over.
            Wrote::Refused(_) => self.give_up(&reserved, user.id).await,
        }
    }

    /// Stores a changed user, unless somebody else changed them since they were loaded.
    pub async fn save(&self, user: &User, now: Timestamp) -> Result<Saved, Failed> {
        let next = User { version: user.version + 1, updated: now, ..user.clone() };
        let item = self.item(&next).await?;
        let unchanged = Expression::only_if("version = :version").number(":version", user.version);
        match self.tenant.store.tables.put(Table::Identity, item.clone(), unchanged).await? {
            Wrote::Yes => Ok(Saved::Yes),
            Wrote::Refused(Some(there)) if there == item => Ok(Saved::Yes),
            Wrote::Refused(_) => Ok(Saved::Outdated),
        }
    }

    /// Claims a name for a user who has not got it yet and is about to.
    pub async fn claim(&self, name: &str, user: UserId, now: Timestamp) -> Result<Registration, Failed> {
        self.reserve(name, user, now).await
    }

    /// Lets go of a name that a user claimed and has not got, or has no longer.
    pub async fn release(&self, name: &str, user: UserId) -> Result<(), Failed> {
        let key = self.name_key(name).await?;
        let own = Expression::only_if("#user = :user").name("#user", "user").text(":user", user.to_string());
        self.tenant.store.tables.delete(Table::Identity, key, own).await.map(drop)
    }

    async fn reserve(&self, name: &str, user: UserId, now: Timestamp) -> Result<Registration, Failed> {
        let tables = &self.tenant.store.tables;
        let record = NameRecord { user: user.to_string(), reserved: now.as_second() };
        let item = encode(self.name_key(name).await?, &record)?;
        let absent = Expression::only_if("attribute_not_exists(pk)");
        let there = match tables.put(Table::Identity, item.clone(), absent).await? {
            Wrote::Yes => return Ok(Registration::Made),
            Wrote::Refused(there) => there.ok_or(Failed::Throttled)?,
        };
        let (holder, since) = (owner(&there)?, number_of(&there, "reserved").unwrap_or_default());
        if holder == user {
            return Ok(Registration::Made);
        }
        if since + REGISTRATION_SECS > now.as_second() {
            return Ok(Registration::Taken);
        }
        // A holder without the name died between claiming it and writing it down, or between its change and its release.
        if self.fence(holder, now).await? == Fence::Exists
            && self.user(holder).await?.is_some_and(|holder| holder.names().any(|own| own == name))
        {
            return Ok(Registration::Taken);
        }
        let unchanged = Expression::only_if("#user = :holder AND reserved = :since")
            .name("#user", "user")
            .text(":holder", holder.to_string())
            .number(":since", since);
        match tables.put(Table::Identity, item.clone(), unchanged).await? {
            Wrote::Yes => Ok(Registration::Made),
            Wrote::Refused(Some(there)) if there == item => Ok(Registration::Made),
            Wrote::Refused(_) => Ok(Registration::Taken),
        }
    }

    /// Makes sure that a user who does not exist never will, so that their name is free.
    async fn fence(&self, user: UserId, now: Timestamp) -> Result<Fence, Failed> {
        let record = FenceRecord { fence: true, ttl: now.as_second() + FENCE_SECS };
        let item = encode(keys::user(&self.tenant.id, user), &record)?;
        let absent = Expression::only_if("attribute_not_exists(pk)");
        match self.tenant.store.tables.put(Table::Identity, item, absent).await? {
            Wrote::Yes => Ok(Fence::Stands),
            Wrote::Refused(Some(there)) if there.contains_key(FENCE) => Ok(Fence::Stands),
            Wrote::Refused(_) => Ok(Fence::Exists),
        }
    }

    async fn give_up(&self, names: &[&str], user: UserId) -> Result<Registration, Failed> {
        for name in names {
            self.release(name, user).await?;
        }
        Ok(Registration::Taken)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fence {
    Stands,
    Exists,
}

/// The attribute that tells a fence from a user.
const FENCE: &str = "fence";

#[derive(Serialize)]
struct FenceRecord {
    fence: bool,
    ttl: i64,
}

#[derive(Serialize)]
struct NameRecord {
    user: String,
    reserved: i64,
}

/// A user as stored. Everything is optional so that a fence reads as no user.
#[derive(Serialize, Deserialize)]
struct Record {
    #[serde(default)]
    fence: Option<bool>,
    #[serde(default)]
    role: String,
    #[serde(default)]
    standing: String,
    #[serde(default)]
    email_verified: bool,
    #[serde(default)]
    phone_verified: bool,
    /// What is personal, sealed.
    #[serde(default)]
    person: Bytes,
    password: Option<String>,
    #[serde(default)]
    epoch: u32,
    #[serde(default)]
    created: i64,
    #[serde(default)]
    updated: i64,
    #[serde(default)]
    version: u32,
}

impl Record {
    fn of(user: &User) -> Self {
        let User {
            id: _,
            role,
            standing,
            email: _,
            phone: _,
            verified,
            profile: _,
            password,
            epoch,
            created,
            updated,
            version,
        } = user.clone();
        Self {
            fence: None,
            role: role.word().to_owned(),
            standing: standing.word().to_owned(),
            email_verified: verified.email,
            phone_verified: verified.phone,
            person: Bytes::default(),
            password: password.map(|hash| hash.0),
            epoch,
            created: created.as_millisecond(),
            updated: updated.as_millisecond(),
            version,
        }
    }

    fn user(self, id: UserId, person: Person) -> Result<User, Failed> {
        let standing = match self.standing.as_str() {
            "active" => Standing::Active,
            "disabled" => Standing::Disabled,
            other => return Err(Failed::corrupt(format!("a user's standing is {other}"))),
        };
        Ok(User {
            id,
            role: self.role.parse().map_err(Failed::corrupt)?,
            standing,
            email: person.email,
            phone: person.phone,
            verified: Verified { email: self.email_verified, phone: self.phone_verified },
            profile: person.profile,
            password: self.password.map(PasswordHash),
            epoch: self.epoch,
            created: Timestamp::from_millisecond(self.created).map_err(Failed::corrupt)?,
            updated: Timestamp::from_millisecond(self.updated).map_err(Failed::corrupt)?,
            version: self.version,
        })
    }
}

const fn place(user: &[u8; 16]) -> Place<'_> {
    Place { kind: "user", id: user, field: "person" }
}

/// What is personal of a user. New texts come last, so that what was sealed before stays readable.
#[derive(Debug, PartialEq, Eq)]
struct Person {
    email: Option<String>,
    phone: Option<String>,
    profile: Profile,
}

impl Person {
    fn of(user: &User) -> Self {
        Self { email: user.email.clone(), phone: user.phone.clone(), profile: user.profile.clone() }
    }

    fn pack(&self) -> Result<Vec<u8>, Failed> {
        let Profile { nickname, avatar, real_name } = &self.profile;
        pack(&[&self.email, &self.phone, nickname, avatar, real_name].map(Option::as_deref))
    }

    fn unpack(bytes: &[u8]) -> Result<Self, Failed> {
        let [email, phone, nickname, avatar, real_name] = unpack(bytes)?;
        Ok(Self { email, phone, profile: Profile { nickname, avatar, real_name } })
    }
}

fn owner(name: &Item) -> Result<UserId, Failed> {
    text_of(name, "user").parse().map_err(Failed::corrupt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        let moment = Timestamp::from_millisecond(1_767_225_600_123).unwrap();
        User {
            id: UserId::from_bytes([3; 16]),
            role: Role::Staff,
            standing: Standing::Disabled,
            email: Some("buyer@demo.test".into()),
            phone: None,
            verified: Verified { email: true, phone: false },
            profile: Profile { nickname: Some("Buyer".into()), ..Profile::default() },
            password: Some(PasswordHash::new("$argon2id$…".into())),
            epoch: 2,
            created: moment,
            updated: moment,
            version: 7,
        }
    }

    #[test]
    fn a_user_reads_back() {
        let tenant = "demo".parse().unwrap();
        let person = Person::of(&user()).pack().unwrap();
        let record = Record { person: Bytes(person), ..Record::of(&user()) };
        let record: Record = decode(encode(keys::user(&tenant, user().id), &record).unwrap()).unwrap();
        assert!(record.fence.is_none());
        let person = Person::unpack(&record.person.0).unwrap();
        assert_eq!(record.user(user().id, person).unwrap(), user());
    }

    #[test]
    fn a_fence_is_no_user() {
        let tenant = "demo".parse().unwrap();
        let item = encode(keys::user(&tenant, user().id), &FenceRecord { fence: true, ttl: 1 }).unwrap();
        assert_eq!(decode::<Record>(item).unwrap().fence, Some(true));
    }

    #[test]
    fn password_hashes_do_not_print() {
        assert!(!format!("{:?}", user()).contains("argon2"));
    }
}
