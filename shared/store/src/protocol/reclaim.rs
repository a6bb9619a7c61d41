//! Who is in the way: entries make room once their orders are known to have ended.

use domain::{Timestamp, inventory::Examined, pool::BlockAddress};

use super::{Settled, token};
use crate::{Failed, Stored, Tenant};

impl Tenant {
    /// Of entries that are in a buyer's way, those that may be replaced.
    ///
    /// An entry past its time has its order settled; where that has more time, the entry follows. One in time may be replaced
    /// as well where its order has ended already: a buyer whose first attempt died half-way asks again for the same seat, and
    /// the same passenger, and is not to wait until their own hold is over. The reconciler wakes the issuer, confirms and
    /// shrinks; a buyer does not wait for that.
    pub(super) async fn replaceable(
        &self,
        at: BlockAddress,
        in_the_way: Vec<Examined>,
        now: Timestamp,
    ) -> Result<Vec<Examined>, Failed> {
        let mut gone = Vec::new();
        for examined in in_the_way {
            let is_over = match examined.until() {
                // It was sold: nothing but its own order gives it back.
                None => false,
                Some(until) if until <= now => self.is_settled(at, &examined, now).await?,
                Some(_) => match self.orders().find(examined.order()).await? {
                    Some(Stored::Tombstone) => true,
                    Some(Stored::Order(order)) => order.is_over(),
                    None => false,
                },
            };
            if is_over {
                gone.push(examined);
            }
        }
        Ok(gone)
    }

    async fn is_settled(&self, at: BlockAddress, examined: &Examined, now: Timestamp) -> Result<bool, Failed> {
        match self.settle(examined.order(), now).await? {
            Settled::Over(_) => Ok(true),
            settled @ Settled::InTime(..) => {
                if let Some(change) = settled.tidying(at, examined.clone(), token()) {
                    self.inventory().change(at, change).await?;
                }
                Ok(false)
            }
            Settled::AwaitsTickets(_) | Settled::Owned(_) => Ok(false),
        }
    }
}
