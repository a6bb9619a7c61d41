//! Users as those who run a tenant look for them: by role and standing, newest first; or by how a nickname begins.
//!
//! Two sparse indexes of keys serve it: an attribute that is written with the user is in step with it, and nobody scans
//! ([0019](../../../../docs/decisions/0019-messages-to-people.md)).

use std::cmp::Reverse;

use domain::{id::UserId, user::Role};

use super::{Identity, Standing, User};
use crate::{
    BY_NICKNAME, BY_RANK, Failed, Index, Table,
    client::{Find, Item, Read, text_of},
    keys,
};

/// A page of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Users {
    /// Newest first.
    pub users: Vec<User>,
    /// How many there are in all, as far as that was counted.
    pub total: usize,
    /// Whether there are more than `total`.
    pub total_is_minimum: bool,
}

impl Users {
    /// How far is counted.
    pub const COUNTED: usize = 1_000;
}

impl Identity<'_> {
    /// Users of any of these roles and standings.
    pub async fn ranked(
        &self,
        roles: &[Role],
        standings: &[Standing],
        skip: usize,
        take: usize,
    ) -> Result<Users, Failed> {
        let mut found = Vec::new();
        for role in roles {
            for standing in standings {
                let partition = keys::ranked(&self.tenant.id, role.word(), standing.word());
                found.extend(self.newest(BY_RANK, partition).await?);
            }
        }
        // Ids begin with the time at which they were made.
        found.sort_by_key(|id| Reverse(*id));
        let (total, total_is_minimum) = (found.len().min(Users::COUNTED), found.len() > Users::COUNTED);
        let page = found.into_iter().take(Users::COUNTED).skip(skip).take(take).collect();
        let mut users = self.users(page).await?;
        // The index is a moment behind the users.
        users.retain(|user| roles.contains(&user.role) && standings.contains(&user.standing));
        Ok(Users { users, total, total_is_minimum })
    }

    /// Users whose nickname begins so, whatever the case: two characters at least. Of a thousand that share those two.
    pub async fn nicknamed(&self, begins: &str, keep: impl Fn(&User) -> bool) -> Result<Users, Failed> {
        let begins = begins.to_lowercase();
        let Some(partition) = self.nicknames(&begins).await? else {
            return Ok(Users { users: Vec::new(), total: 0, total_is_minimum: false });
        };
        let found = self.newest(BY_NICKNAME, partition).await?;
        let total_is_minimum = found.len() > Users::COUNTED;
        let mut users = self.users(found).await?;
        let fits = |user: &User| {
            user.profile.nickname.as_ref().is_some_and(|name| name.to_lowercase().starts_with(&begins)) && keep(user)
        };
        users.retain(fits);
        Ok(Users { total: users.len(), users, total_is_minimum })
    }

    /// Ids under one key of an index, newest first, one more than are counted.
    async fn newest(&self, index: Index, partition: String) -> Result<Vec<UserId>, Failed> {
        let (mut ids, mut from) = (Vec::new(), None);
        loop {
            let find = Find { newest_first: true, from, ..Find::index(index, partition.clone()) };
            let page = self.tenant.store.tables.page(Table::Identity, find).await?;
            for item in &page.items {
                ids.push(id_of(item)?);
            }
            from = page.next;
            if from.is_none() || ids.len() > Users::COUNTED {
                ids.truncate(Users::COUNTED + 1);
                return Ok(ids);
            }
        }
    }

    /// Where those stand whose nicknames begin like this one: with the same two characters, whatever their case. Nothing
    /// where there are not two. The index holds a keyed hash of them: two letters are little, and still a person's.
    pub(super) async fn nicknames(&self, nickname: &str) -> Result<Option<String>, Failed> {
        let lower = nickname.to_lowercase();
        let Some(end) = lower.char_indices().map(|(at, letter)| at + letter.len_utf8()).nth(1) else { return Ok(None) };
        let hash = self.tenant.keyed_hash("nickname", &lower[..end]).await?;
        Ok(Some(keys::nicknamed(&self.tenant.id, &hash)))
    }

    async fn users(&self, ids: Vec<UserId>) -> Result<Vec<User>, Failed> {
        let keys = ids.into_iter().map(|id| keys::user(&self.tenant.id, id)).collect();
        let items = self.tenant.store.tables.batch_get(Table::Identity, keys, Read::Consistent).await?;
        let mut users = Vec::with_capacity(items.len());
        for item in items {
            users.extend(self.read(id_of(&item)?, item).await?);
        }
        users.sort_by_key(|user| Reverse(user.id));
        Ok(users)
    }
}

fn id_of(item: &Item) -> Result<UserId, Failed> {
    keys::parse_user(text_of(item, crate::PARTITION)).ok_or_else(|| Failed::corrupt("a user's key"))
}
