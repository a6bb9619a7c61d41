//! Orders keep what was bought and paid, and lose the person.

use domain::{
    Timestamp,
    id::{OrderId, UserId},
    order::Order,
};

use super::{Applied, Orders, Stored};
use crate::{BY_USER, Failed, Table, client::Find, keys};

/// How often an order may change while it is being forgotten who is to be reached about it.
const ROUNDS: usize = 8;

impl Orders<'_> {
    /// Forgets whom to reach about all orders of a user, and in which words they asked for their money. May be repeated.
    pub async fn forget_user(&self, user: UserId, now: Timestamp) -> Result<(), Failed> {
        let mut from = None;
        loop {
            let find = Find::index(BY_USER, keys::orders_of(&self.tenant.id, user));
            let page = self.tenant.store.tables.page(Table::Orders, Find { limit: Some(100), from, ..find }).await?;
            for order in self.of_keys(&page.items).await? {
                self.forget_words(order.id, now).await?;
                self.forget_contact(order, now).await?;
            }
            from = page.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    async fn forget_contact(&self, mut order: Order, now: Timestamp) -> Result<(), Failed> {
        for _ in 0..ROUNDS {
            if order.contact.is_nobody() {
                return Ok(());
            }
            match self.apply(&order.forget_contact(now)).await? {
                Applied::Done | Applied::Conflict(None | Some(Stored::Tombstone)) => return Ok(()),
                Applied::Conflict(Some(Stored::Order(there))) => order = *there,
            }
        }
        Err(Failed::Throttled)
    }

    async fn forget_words(&self, order: OrderId, now: Timestamp) -> Result<(), Failed> {
        for refund in self.refunds(order).await? {
            let Some(silent) = refund.forget_words() else { continue };
            if self.put_refund(&silent, now).await? != Applied::Done {
                // It was decided at this moment: whoever repeats this finds it as it is then.
                return Err(Failed::Throttled);
            }
        }
        Ok(())
    }
}
