//! The trail: what staff and those above them did, added by the dispatcher for every route that declares it
//! ([`crate::Route::is_logged`]).
//!
//! An action is two records. The *intent* is written before the handler runs: where it cannot be written, nothing is done.
//! The *outcome* is written afterwards. Whoever dies in between leaves an intent without an outcome, which says that
//! something may have been done; no effect is without a record. Each record carries a link: a keyed hash over tenant, number,
//! the link of the record before and the text. Whoever can write the database but does not have the key cannot make one.
//!
//! **Invariant:** no secret and nothing of a buyer is in a record. Bodies, states and the browser's name are there as keyed
//! hashes: they tell whether two are the same, and nothing to who guesses.

mod check;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use data_encoding::BASE64URL_NOPAD;
use domain::{Timestamp, tenant::TenantId};
use http::header::USER_AGENT;
use serde::{Deserialize, Serialize};
use store::{Appended, Entry, Point, Tenant};

pub use self::check::{Checked, Fault, check};
use crate::{
    App, Call, Error, Reply, Route,
    admission::Admitted,
    auth::{Keys, sha256},
};

/// Under which links are made.
const LINK: &str = "trail-link";
/// Under which bodies, states and browsers are hashed.
const DIGEST: &str = "trail-digest";
/// How often a number is tried that somebody else takes at the same moment.
const TRIES: usize = 64;
/// After so many numbers in a row that were taken, it is asked how far the trail goes.
const STRIDE: usize = 8;
/// Tenants whose end of the trail is remembered at once; beyond that all are forgotten, which costs a read each.
const REMEMBERED: usize = 1_024;
/// Changes that one record lists.
const MOST_CHANGES: usize = 8;

/// Which of an action's two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What is about to be done.
    Intent,
    /// How it ended.
    Outcome,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Which of the two.
    pub kind: Kind,
    /// Of an outcome: the number of its intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// When.
    pub at: Timestamp,
    /// Who, by id.
    pub user: String,
    /// As what.
    pub role: String,
    /// By which session; a machine has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// By which API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The name of the route.
    pub route: String,
    /// The placeholders of its path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub path: BTreeMap<String, String>,
    /// The address that the request came from.
    pub ip: String,
    /// A keyed hash of the browser's name for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The id of the request, as in the log and in the answer.
    pub request: String,
    /// A keyed hash of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Of an outcome: the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Of an outcome that is a refusal: its word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Of an outcome: what was changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Change>,
}

/// A thing that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which, by id.
    pub what: String,
    /// A keyed hash of its state before; nothing where it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// A keyed hash of its state afterwards; nothing where it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What a handler says that it changed. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Trail(Arc<Mutex<Vec<Noted>>>);

#[derive(Clone, Debug)]
struct Noted {
    what: String,
    before: Option<[u8; 32]>,
    after: Option<[u8; 32]>,
}

impl Trail {
    /// Notes that something has another state. States are told apart by how they print themselves for debugging, which
    /// leaves secrets out; the hash of a state means something beside other hashes of the same version of the program.
    pub fn changed(&self, what: impl fmt::Display, before: &impl fmt::Debug, after: &impl fmt::Debug) {
        self.note(&what, Some(printed(before)), Some(printed(after)));
    }

    /// Notes that something is new.
    pub fn made(&self, what: impl fmt::Display, after: &impl fmt::Debug) {
        self.note(&what, None, Some(printed(after)));
    }

    /// Notes that something is gone.
    pub fn removed(&self, what: impl fmt::Display, before: &impl fmt::Debug) {
        self.note(&what, Some(printed(before)), None);
    }

    fn note(&self, what: &impl fmt::Display, before: Option<[u8; 32]>, after: Option<[u8; 32]>) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.len() < MOST_CHANGES {
            noted.push(Noted { what: what.to_string(), before, after });
        }
    }

    fn changes(&self, keys: &Keys, tenant: &TenantId) -> Vec<Change> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hidden = |state: Option<[u8; 32]>| state.map(|state| digest(keys, tenant, &state));
        let change = |it: &Noted| Change { what: it.what.clone(), before: hidden(it.before), after: hidden(it.after) };
        noted.iter().map(change).collect()
    }
}

fn printed(state: &impl fmt::Debug) -> [u8; 32] {
    sha256(&[format!("{state:?}").as_bytes()])
}

/// A hash that nobody can make who guesses what was hashed.
fn digest(keys: &Keys, tenant: &TenantId, bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(&keys.mac(DIGEST, &[tenant.as_str().as_bytes(), bytes])[..24])
}

/// The link of a record.
pub(crate) fn link(keys: &Keys, tenant: &TenantId, sequence: u64, previous: &[u8; 32], text: &str) -> [u8; 32] {
    keys.mac(LINK, &[tenant.as_str().as_bytes(), &sequence.to_be_bytes(), previous, text.as_bytes()])
}

/// The ends of trails as this process last saw them. Wrong ones cost a try.
#[derive(Debug, Default)]
pub(crate) struct Heads(Mutex<HashMap<TenantId, Point>>);

impl Heads {
    fn get(&self, tenant: &TenantId) -> Option<Point> {
        self.lock().get(tenant).copied()
    }

    fn learn(&self, tenant: &TenantId, point: Point) {
        let mut heads = self.lock();
        if heads.len() >= REMEMBERED && !heads.contains_key(tenant) {
            heads.clear();
        }
        heads.insert(tenant.clone(), point);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Point>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An intent that was written.
#[derive(Debug)]
pub(crate) struct Intent {
    sequence: u64,
    tenant: TenantId,
    record: Record,
}

/// Writes down what is about to be done; nothing where the route is not logged.
pub(crate) async fn intend(
    app: &App,
    route: &Route,
    call: &Call,
    admitted: &Admitted,
) -> Result<Option<Intent>, Error> {
    let (true, Some(tenant), Some(identity)) = (route.is_logged(), &admitted.tenant, admitted.identity) else {
        return Ok(None);
    };
    let facts = &call.request;
    let record = Record {
        kind: Kind::Intent,
        of: None,
        at: app.now(),
        user: identity.user.to_string(),
        role: identity.role.to_string(),
        session: admitted.key.is_none().then(|| identity.login.to_string()),
        key: admitted.key.map(|key| key.to_string()),
        route: route.name.to_owned(),
        path: call.path.iter().map(|(name, value)| (name.clone(), named(value))).collect(),
        ip: facts.ip.clone(),
        agent: facts.headers.get(USER_AGENT).map(|agent| digest(&app.keys, tenant, agent.as_bytes())),
        request: facts.id.clone(),
        body: Some(digest(&app.keys, tenant, &facts.body)),
        status: None,
        error: None,
        changed: Vec::new(),
    };
    let point = Box::pin(add(app, &app.store.tenant(tenant), &record)).await?;
    Ok(Some(Intent { sequence: point.sequence, tenant: tenant.clone(), record }))
}

/// Writes down how it ended. What was done is done: a failure to write is for the log, and the intent stands.
pub(crate) async fn conclude(app: &App, route: &Route, intent: Intent, trail: &Trail, ended: &Result<Reply, Error>) {
    let (status, error) = match ended {
        Ok(reply) => (reply.status.unwrap_or(route.success), None),
        Err(error) => (error.code.status(), Some(error.code.word().to_owned())),
    };
    let Intent { sequence, tenant, record } = intent;
    let outcome = Record {
        kind: Kind::Outcome,
        of: Some(sequence),
        at: app.now(),
        agent: None,
        body: None,
        status: Some(status),
        error,
        changed: trail.changes(&app.keys, &tenant),
        ..record
    };
    if let Err(error) = Box::pin(add(app, &app.store.tenant(&tenant), &outcome)).await {
        tracing::error!(route = route.name, sequence, %error, "an outcome is not on the trail");
    }
}

/// A placeholder's value where it may be an id; of anything else only that it was something else.
fn named(value: &serde_json::Value) -> String {
    let is_id =
        |text: &&str| text.len() <= 64 && text.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_.".contains(&it));
    value.as_str().filter(is_id).unwrap_or("(not an id)").to_owned()
}

/// Adds a record behind the last one. Who is at it at the same moment takes another number.
async fn add(app: &App, tenant: &Tenant, record: &Record) -> Result<Point, Error> {
    let text = serde_json::to_string(record).map_err(Error::internal)?;
    let (id, trail) = (tenant.id(), tenant.trail());
    let mut behind = match app.heads.get(id) {
        Some(known) => known,
        None => end(tenant).await?,
    };
    for tried in 1..=TRIES {
        let sequence = behind.sequence + 1;
        let link = link(&app.keys, id, sequence, &behind.link, &text);
        let entry = Entry { sequence, previous: behind.link, link, text: text.clone() };
        match trail.append(&entry).await? {
            Appended::Done => {
                app.heads.learn(id, entry.point());
                trail.advance(entry.point()).await?;
                return Ok(entry.point());
            }
            Appended::Taken(_) if tried % STRIDE == 0 => behind = end(tenant).await?,
            Appended::Taken(other) => behind = other,
        }
    }
    Err(Error::unavailable("too many add to the trail at once"))
}

/// How far a trail goes.
async fn end(tenant: &Tenant) -> Result<Point, Error> {
    let trail = tenant.trail();
    let last = trail.last().await?;
    Ok(if last == Point::START { trail.head().await? } else { last })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_link_is_of_one_place_in_one_trail() {
        let keys = Keys::new(&[7; 32]);
        let tenant = |name: &str| name.parse::<TenantId>().unwrap();
        let base = link(&keys, &tenant("demo"), 1, &[0; 32], "text");
        assert_eq!(base, link(&keys, &tenant("demo"), 1, &[0; 32], "text"));
        for other in [
            link(&keys, &tenant("other"), 1, &[0; 32], "text"),
            link(&keys, &tenant("demo"), 2, &[0; 32], "text"),
            link(&keys, &tenant("demo"), 1, &[1; 32], "text"),
            link(&keys, &tenant("demo"), 1, &[0; 32], "texts"),
            link(&Keys::new(&[8; 32]), &tenant("demo"), 1, &[0; 32], "text"),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn what_is_noted_is_told_as_hashes() {
        let (keys, tenant) = (Keys::new(&[7; 32]), "demo".parse().unwrap());
        let trail = Trail::default();
        trail.clone().changed("evt_1", &"Lin Ying", &"Wang Fang");
        trail.made("evt_2", &"Wang Fang");
        trail.removed("evt_3", &"Lin Ying");
        let told = trail.changes(&keys, &tenant);
        assert_eq!(told.iter().map(|it| it.what.as_str()).collect::<Vec<_>>(), ["evt_1", "evt_2", "evt_3"]);
        assert_eq!((&told[0].before, &told[0].after), (&told[2].before, &told[1].after));
        assert_eq!((&told[1].before, &told[2].after), (&None, &None));
        assert!(!serde_json::to_string(&told).unwrap().contains("Lin"));
    }

    #[test]
    fn only_ids_of_a_path_are_told() {
        assert_eq!(named(&json!("evt_01abc")), "evt_01abc");
        for other in [json!("Lin Ying"), json!("a@b.test"), json!(7), json!("x".repeat(65))] {
            assert_eq!(named(&other), "(not an id)");
        }
    }
}
