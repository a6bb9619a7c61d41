//! Buckets of tokens that processes share: see [`domain::rate`].

use domain::{
    rate::{Answer, Lease, WINDOW_MS},
    tenant::TenantId,
};

use crate::{
    Failed, Store, Table,
    client::{Expression, Wrote, number_of},
    keys,
};

/// Seconds after a bucket is full again at which it may be forgotten.
const KEEP_SECS: i64 = WINDOW_MS / 1_000;

impl Store {
    /// Takes a lot from the bucket of this name. One conditional write, whatever comes of it.
    pub async fn lease(&self, tenant: Option<&TenantId>, name: &[u8; 32], lease: Lease) -> Result<Answer, Failed> {
        let until = if lease.is_running { lease.most } else { lease.now };
        let ttl = (until + lease.cost).div_euclid(1_000_000) + KEEP_SECS;
        // A bucket that is full again is set anew: what it did not gain while it was full it has not saved.
        let expression = if lease.is_running {
            Expression::set("SET f = f + :cost, #ttl = :ttl")
                .given("f > :now AND f <= :most")
                .number(":most", lease.most)
                .number(":cost", lease.cost)
        } else {
            Expression::set("SET f = :full, #ttl = :ttl")
                .given("attribute_not_exists(f) OR f <= :now")
                .number(":full", lease.now + lease.cost)
        };
        let expression = expression.name("#ttl", "ttl").number(":now", lease.now).number(":ttl", ttl);
        Ok(match self.tables.update(Table::Activity, keys::bucket(tenant, name), expression).await? {
            Wrote::Yes => Answer::Granted,
            // Nothing is there: it was full, and forgotten.
            Wrote::Refused(there) => Answer::Refused(there.and_then(|item| number_of(&item, "f")).unwrap_or_default()),
        })
    }
}
