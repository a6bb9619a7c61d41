//! The second thing that a user proves at login: a secret shared with their authenticator, and codes for the day on which
//! it is lost. An item beside the user, so that a login that uses it up does not compete with changes of the profile.

use std::collections::HashMap;

use domain::id::UserId;
use serde::{Deserialize, Serialize};

use super::Identity;
use crate::{
    Failed, Table,
    client::{Expression, Read, Wrote, decode, encode},
    keys,
};

/// What is known of a user's second factor.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// The shared secret, sealed.
    pub sealed: String,
    /// Whether its owner has shown that they have it: until then it counts for nothing.
    pub confirmed: bool,
}

impl std::fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecondFactor").field("confirmed", &self.confirmed).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    sealed: String,
    confirmed: bool,
    /// The last step of time whose code was used.
    step: i64,
    /// Keyed hashes of recovery codes that were not used.
    #[serde(default)]
    recovery: HashMap<String, bool>,
}

impl Identity<'_> {
    /// A user's second factor, confirmed or not.
    pub async fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, Failed> {
        let key = keys::second_factor(&self.tenant.id, user);
        let item = self.tenant.store.tables.get(Table::Identity, key, Read::Consistent).await?;
        let record = item.map(decode::<Record>).transpose()?;
        Ok(record.map(|record| SecondFactor { sealed: record.sealed, confirmed: record.confirmed }))
    }

    /// Stores a secret that is still to be confirmed, in place of another such; `false` where one is confirmed.
    pub async fn begin_second_factor(&self, user: UserId, sealed: &str) -> Result<bool, Failed> {
        let record = Record { sealed: sealed.to_owned(), confirmed: false, step: 0, recovery: HashMap::new() };
        let item = encode(keys::second_factor(&self.tenant.id, user), &record)?;
        let open = Expression::only_if("attribute_not_exists(pk) OR confirmed = :no").value(":no", boolean(false));
        Ok(self.tenant.store.tables.put(Table::Identity, item, open).await? == Wrote::Yes)
    }

    /// Confirms exactly this secret, by the code of a step, with recovery codes by their hashes. `false`: it is another
    /// secret by now, or confirmed already.
    pub async fn confirm_second_factor(
        &self,
        user: UserId,
        sealed: &str,
        step: i64,
        recovery: impl IntoIterator<Item = String>,
    ) -> Result<bool, Failed> {
        let recovery = recovery.into_iter().map(|hash| (hash, true)).collect();
        let record = Record { sealed: sealed.to_owned(), confirmed: true, step, recovery };
        let item = encode(keys::second_factor(&self.tenant.id, user), &record)?;
        let same = Expression::only_if("sealed = :sealed AND confirmed = :no")
            .text(":sealed", sealed)
            .value(":no", boolean(false));
        Ok(match self.tenant.store.tables.put(Table::Identity, item.clone(), same).await? {
            Wrote::Yes => true,
            // Our own earlier try whose answer was lost.
            Wrote::Refused(there) => there.is_some_and(|there| there == item),
        })
    }

    /// Uses the code of a step of time up: neither it nor an earlier one is good again. `false` where it was used.
    pub async fn use_step(&self, user: UserId, step: i64) -> Result<bool, Failed> {
        let later = Expression::set("SET step = :step")
            .given("confirmed = :yes AND step < :step")
            .number(":step", step)
            .value(":yes", boolean(true));
        let key = keys::second_factor(&self.tenant.id, user);
        Ok(self.tenant.store.tables.update(Table::Identity, key, later).await? == Wrote::Yes)
    }

    /// Uses a recovery code up, by its hash. `false` where there is none, or none any more.
    pub async fn use_recovery(&self, user: UserId, hash: &str) -> Result<bool, Failed> {
        let without = Expression::set("REMOVE recovery.#hash")
            .given("confirmed = :yes AND attribute_exists(recovery.#hash)")
            .name("#hash", hash)
            .value(":yes", boolean(true));
        let key = keys::second_factor(&self.tenant.id, user);
        Ok(self.tenant.store.tables.update(Table::Identity, key, without).await? == Wrote::Yes)
    }

    /// Forgets a user's second factor.
    pub async fn end_second_factor(&self, user: UserId) -> Result<(), Failed> {
        let key = keys::second_factor(&self.tenant.id, user);
        self.tenant.store.tables.delete(Table::Identity, key, Expression::default()).await.map(drop)
    }
}

fn boolean(value: bool) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::Bool(value)
}
