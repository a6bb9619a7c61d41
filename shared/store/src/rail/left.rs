//! How many seats are left, as the summaries of shards tell it.

use std::sync::Arc;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::{
    Timestamp,
    inventory::Block,
    pool::PoolKey,
    rail::{coach::Class, gaps::Gaps, matrix::Matrix, row::Kind, run::RunPlan},
};

use super::Rail;
use crate::{
    Blocks, Failed, Table,
    client::{Find, Item, Read},
    keys,
};

/// The attribute of a summary that carries [`Gaps::pack`] of the shard's rows.
const GAPS: &str = "m";

/// Notes on a summary what is free in the coach rows of its shard; nothing where there are none.
pub(crate) fn note_gaps(summary: &mut Item, blocks: &Blocks) {
    let mut gaps = Gaps::default();
    let mut has_coaches = false;
    for (address, block) in blocks {
        if let Block::Coach(row) = block
            && row.kind() == Kind::Coach
        {
            gaps.note(address.number, row);
            has_coaches = true;
        }
    }
    if has_coaches {
        summary.insert(GAPS.to_owned(), AttributeValue::B(Blob::new(gaps.pack())));
    }
}

impl Rail<'_> {
    /// How many seats of a class are left for each stretch, as counted at most two seconds before `now` and some for the
    /// count itself. A shard that was never counted is free. It is for showing; a hold looks at the rows.
    pub async fn left(&self, plan: &RunPlan, class: &Class, now: Timestamp) -> Result<Matrix, Failed> {
        let pool = self.pool(plan.id, class);
        let gaps = self.cache().left.get(pool, now, async { self.gaps(pool).await.map(Arc::new) }).await?;
        let (km, rows) = (plan.train.km(), plan.terms.formation.rows(class));
        Ok(gaps.matrix(plan.train.stop_count(), &rows, &plan.guard(class, &km, now)))
    }

    /// What the summaries of a pool say is free. May be a second behind.
    pub async fn gaps(&self, pool: PoolKey) -> Result<Gaps, Failed> {
        let partition = keys::summaries(&self.tenant.id, pool);
        let find = Find::partition(partition, Read::Eventual).beginning(keys::SUMMARY);
        let mut all = Gaps::default();
        for item in self.tenant.store.tables.all(Table::Catalogue, find).await? {
            let Some(bytes) = item.get(GAPS).and_then(|value| value.as_b().ok()) else { continue };
            all.extend(Gaps::unpack(bytes.as_ref()).ok_or_else(|| Failed::corrupt("the gaps of a shard"))?);
        }
        Ok(all)
    }
}
