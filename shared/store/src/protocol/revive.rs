//! A payment came after the hold had ended: holding everything again, under a revival that only its beginner may end.

use domain::{
    Timestamp,
    block::{Refused, whole},
    order::{Held, Order, Quantity, State},
    pool::{Layout, PoolKey},
};

use super::{Claim, Hold, token};
use crate::{Applied, Changed, Failed, Tenant};

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
    pub async fn revive(&self, order: Order, pool: PoolKey, layout: Layout, now: Timestamp) -> Result<Revived, Failed> {
        let State::Reviving { until, token: revival, .. } = order.state else {
            return Ok(Revived::Lost);
        };
        let until = whole(until);
        let (mut held, missing) = self.hold_again(&order, until).await?;
        if let Ok(quantity) = Quantity::parse(missing.into()) {
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

    async fn hold_again(&self, order: &Order, until: Timestamp) -> Result<(Vec<Held>, u8), Failed> {
        let mut again = Vec::new();
        let mut missing = 0;
        for held in &order.held {
            match self.hold_block_again(order, *held, until).await? {
                Some(held) => again.push(held),
                None => missing += held.count(),
            }
        }
        Ok((again, missing))
    }

    async fn hold_block_again(&self, order: &Order, held: Held, until: Timestamp) -> Result<Option<Held>, Failed> {
        let token = token();
        let mut change = held.again(order, until, token);
        // At most: rewrite as listed, rewrite as found, hold where it is gone.
        for _ in 0..3 {
            match self.inventory().change(held.block, &change).await? {
                Changed::Done => return Ok(Some(Held { token, ..held })),
                Changed::Missing | Changed::Refused { why: Refused::Full, .. } => return Ok(None),
                Changed::Refused { block, .. } => match held.again_in(order, &block, until, token) {
                    Some(next) => change = next,
                    None => return Ok(None),
                },
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
