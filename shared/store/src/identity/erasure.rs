//! Erasing a user: what is kept of them goes, and a mark stays that keeps the id from ever being a user again.
//!
//! The mark is written first, in one write that leaves nothing of the person on the item; from then on nobody can log in.
//! What lies beside it (logins, names) is removed afterwards, and again by a worker: each step may be repeated. A name that
//! still points to an erased user is free: whoever registers with it takes it over.

use domain::{Timestamp, id::UserId};
use serde::Serialize;

use super::{FENCE, Identity, Saved, User};
use crate::{
    Failed, SORT, Table,
    client::{Expression, Find, Read, Wrote, encode, text_of},
    keys,
};

/// What stays of an erased user.
#[derive(Serialize)]
struct Mark {
    fence: bool,
    /// When, in seconds since 1970.
    erased: i64,
}

impl Identity<'_> {
    /// Erases a user as they were loaded, unless somebody else changed them since. Erasing again is done already.
    pub async fn erase(&self, user: &User, now: Timestamp) -> Result<Saved, Failed> {
        let mark = Mark { fence: true, erased: now.as_second() };
        let item = encode(keys::user(&self.tenant.id, user.id), &mark)?;
        let unchanged = Expression::only_if("version = :version").number(":version", user.version);
        match self.tenant.store.tables.put(Table::Identity, item, unchanged).await? {
            Wrote::Yes => {}
            Wrote::Refused(Some(there)) if there.contains_key(FENCE) => {}
            Wrote::Refused(_) => return Ok(Saved::Outdated),
        }
        self.erase_rest(user.id).await?;
        for name in user.names() {
            self.release(name, user.id).await?;
            self.drop_code(name, user.id).await?;
        }
        Ok(Saved::Yes)
    }

    /// Removes what lies beside the mark of an erased user: logins, what providers call them, and whatever else stands
    /// under their key.
    pub async fn erase_rest(&self, user: UserId) -> Result<(), Failed> {
        for subject in self.links(user).await?.all.iter().flat_map(|link| &link.subjects) {
            self.drop_subject(subject, user).await?;
        }
        let mark = keys::user(&self.tenant.id, user);
        let find = Find::partition(mark.partition.clone(), Read::Consistent);
        for item in self.tenant.store.tables.all(Table::Identity, find).await? {
            if text_of(&item, SORT) != mark.sort {
                self.tenant.store.tables.delete(Table::Identity, keys::of_item(&item), Expression::default()).await?;
            }
        }
        Ok(())
    }

    /// Whether a user was erased.
    pub async fn is_erased(&self, user: UserId) -> Result<bool, Failed> {
        let key = keys::user(&self.tenant.id, user);
        let item = self.tenant.store.tables.get(Table::Identity, key, Read::Consistent).await?;
        Ok(item.is_some_and(|item| item.contains_key("erased")))
    }
}
