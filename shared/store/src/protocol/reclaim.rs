//! Who is in the way: entries past their time make room once their orders are settled.

use domain::{Timestamp, inventory::Examined, pool::BlockAddress};

use super::{Settled, token};
use crate::{Failed, Tenant};

impl Tenant {
    /// Of entries that are in a buyer's way, those that may be replaced: they are past their time, and their orders have ended
    /// now. The time limit of one whose order has more time follows that. The reconciler wakes the issuer, confirms and
    /// shrinks; a buyer does not wait for that.
    pub(super) async fn replaceable(
        &self,
        at: BlockAddress,
        in_the_way: Vec<Examined>,
        now: Timestamp,
    ) -> Result<Vec<Examined>, Failed> {
        let mut gone = Vec::new();
        for examined in in_the_way {
            if examined.until().is_none_or(|until| now < until) {
                continue;
            }
            match self.settle(examined.order(), now).await? {
                Settled::Over(_) => gone.push(examined),
                settled @ Settled::InTime(..) => {
                    if let Some(change) = settled.tidying(at, examined, token()) {
                        self.inventory().change(at, change).await?;
                    }
                }
                Settled::AwaitsTickets(_) | Settled::Owned(_) => {}
            }
        }
        Ok(gone)
    }
}
