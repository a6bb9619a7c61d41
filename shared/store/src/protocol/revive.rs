//! A payment came after the hold had ended: holding everything again, under a revival that only its beginner may end.

use domain::{
    Timestamp,
    block::whole,
    inventory::Change,
    order::{Held, Order, Quantity, State, What},
    pool::{Layout, PoolKey},
};

use super::{Claim, Hold, token};
use crate::{Applied, Changed, Failed, Tenant};

/// How often one block is tried.
const ROUNDS: usize = 5;

/// How a revival ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revived {
    /// The order is paid, and owns what it lists.
    Paid(Box<Order>),
    /// The tickets are gone: the order has lapsed and owes the money.
    Lapsed(Box<Order>),
    /// Somebody else has ended it, or it could not be ended now: look again later.
    Lost,
}

impl Tenant {
    /// Carries out a revival that the order has entered: holds each block again, *rewriting* entries that are still its own so
    /// that a removal already under way no longer matches, and others where they are gone; then pays, or lapses.
    ///
    /// What is gone of tickets without numbers is looked for elsewhere in `pool`. Numbered seats are those that the buyer was
    /// told and no others: where one is gone, the revival fails as a whole.
    pub async fn revive(
        &self,
        order: Order,
        pool: Option<(PoolKey, Layout)>,
        now: Timestamp,
    ) -> Result<Revived, Failed> {
        let State::Reviving { until, token: revival, .. } = order.state else {
            return Ok(Revived::Lost);
        };
        let until = whole(until);
        let (mut held, gone) = self.hold_again(&order, until).await?;
        if !gone.is_empty() {
            let anonymous = gone.iter().all(|what| matches!(what, What::Tickets(_)));
            let missing = gone.iter().map(|what| u64::from(what.count())).sum();
            let (Some((pool, layout)), true, Ok(quantity)) = (pool, anonymous, Quantity::parse(missing)) else {
                return self.lapse(order, &held, now).await;
            };
            let claim = Claim { order: order.id, user: order.user, pool, layout, quantity, until };
            match self.hold(&claim, now).await.map_err(|(failed, _)| failed)? {
                Hold::Held(more) => held.extend(more),
                Hold::Busy { .. } => return Ok(Revived::Lost),
                Hold::SoldOut | Hold::TooFewLeft { .. } => return self.lapse(order, &held, now).await,
            }
        }
        let Ok(change) = order.revived(revival, held, now) else {
            return Ok(Revived::Lost);
        };
        Ok(match self.orders().apply(&change).await? {
            Applied::Done => Revived::Paid(Box::new(change.order)),
            Applied::Conflict(_) => Revived::Lost,
        })
    }

    /// What is held again, and what is gone.
    async fn hold_again(&self, order: &Order, until: Timestamp) -> Result<(Vec<Held>, Vec<What>), Failed> {
        let (mut again, mut gone) = (Vec::new(), Vec::new());
        for held in &order.held {
            match self.hold_block_again(order, held, until).await? {
                Some(held) => again.push(held),
                None => gone.push(held.what.clone()),
            }
        }
        Ok((again, gone))
    }

    async fn hold_block_again(&self, order: &Order, held: &Held, until: Timestamp) -> Result<Option<Held>, Failed> {
        let token = token();
        let mut changes: Vec<Change> = held.rewriting(order, until, token).into_iter().collect();
        // Rewrite as listed, rewrite as found, hold where it is gone; once more where others write to the block meanwhile.
        for _ in 0..ROUNDS {
            let mut found = None;
            for change in changes {
                match self.inventory().change(held.block, change).await? {
                    Changed::Done => {}
                    Changed::Missing => return Ok(None),
                    Changed::Refused { block, .. } => {
                        found = Some(block);
                        break;
                    }
                }
            }
            let Some(block) = found else {
                return Ok(Some(Held { token, ..held.clone() }));
            };
            match held.taking_again(order, &block, until, token) {
                Some(next) => changes = next,
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Gives the revival up in the write that records what is owed, then gives back what was held for it.
    async fn lapse(&self, order: Order, held: &[Held], now: Timestamp) -> Result<Revived, Failed> {
        let State::Reviving { token, .. } = order.state else {
            return Ok(Revived::Lost);
        };
        let Ok(change) = order.lapse(token, now) else {
            return Ok(Revived::Lost);
        };
        match self.orders().apply(&change).await? {
            Applied::Done => {
                self.abandon(change.order.id, held, now).await?;
                Ok(Revived::Lapsed(Box::new(change.order)))
            }
            Applied::Conflict(_) => Ok(Revived::Lost),
        }
    }
}
