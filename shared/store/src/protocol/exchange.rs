//! Paying an order that takes the place of other tickets: both orders in one write, decided anew where one of them changes.

use domain::{
    Timestamp,
    id::OrderId,
    order::{Carried, Change, Exchange, NotRefundable, Order},
};

use crate::{Failed, RefundEntry, Stored, Tenant};

/// How often a decision is made anew when an order changes under it.
const ROUNDS: usize = 8;

/// What became of paying an order that takes the place of other tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exchanged {
    /// It is paid, and the old tickets are given back.
    Done(Box<Exchange>),
    /// It costs more than they are worth: it is to wait for a payment of its own.
    Dearer,
    /// The old tickets cannot be given up any more.
    Refused(NotRefundable),
    /// The new order is not what was decided on, or a try before has been here: look at it again.
    Changed,
}

impl Tenant {
    /// Writes an order that is paid by what was paid for the tickets whose place it takes; of a difference in the buyer's favour
    /// so many percent are kept. Nothing is written where it is not enough.
    pub async fn carry(&self, order: &Order, fee_percent: u8, now: Timestamp) -> Result<Exchanged, Failed> {
        self.exchange(order, |old| match order.clone().carried(old, fee_percent, now)? {
            Carried::Paid(exchange) => Ok(Some(*exchange)),
            Carried::Dearer => Ok(None),
        })
        .await
    }

    /// Writes a change by which a payment of its own pays an order that takes the place of other tickets.
    pub async fn pay_exchange(&self, change: &Change, now: Timestamp) -> Result<Exchanged, Failed> {
        self.exchange(&change.order, |old| Exchange::paying(change.clone(), old, now).map(Some)).await
    }

    async fn exchange(
        &self,
        new: &Order,
        decide: impl Fn(Order) -> Result<Option<Exchange>, NotRefundable> + Send,
    ) -> Result<Exchanged, Failed> {
        let Some(replaced) = new.replaces else { return Ok(Exchanged::Refused(NotRefundable::UnknownTicket)) };
        for _ in 0..ROUNDS {
            let Some(old) = self.orders().load(replaced.order).await? else {
                return Ok(Exchanged::Refused(NotRefundable::UnknownTicket));
            };
            let exchange = match decide(old) {
                Ok(Some(exchange)) => exchange,
                Ok(None) => return Ok(Exchanged::Dearer),
                Err(_) if self.was_exchanged(replaced.order, new.id).await? => return Ok(Exchanged::Changed),
                Err(why) => return Ok(Exchanged::Refused(why)),
            };
            self.activity().list_refund(&exchange.refund).await?;
            match self.orders().enter_exchange(&exchange).await? {
                RefundEntry::Done => return Ok(Exchanged::Done(Box::new(exchange))),
                RefundEntry::TicketUsed => return Ok(Exchanged::Refused(NotRefundable::Used)),
                RefundEntry::Changed => {
                    let is_same = match self.orders().find(new.id).await? {
                        None => exchange.new.from == 0,
                        Some(Stored::Tombstone) => false,
                        Some(Stored::Order(order)) => order.version == exchange.new.from,
                    };
                    if !is_same {
                        return Ok(Exchanged::Changed);
                    }
                }
            }
        }
        Err(Failed::Throttled)
    }

    /// Whether the exchange was made by a try before: its refund stands.
    async fn was_exchanged(&self, old: OrderId, new: OrderId) -> Result<bool, Failed> {
        Ok(self.orders().refund(old, Exchange::refund_id(new)).await?.is_some())
    }
}
