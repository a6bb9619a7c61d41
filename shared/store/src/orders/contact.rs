//! Whom to reach about an order: sealed before it leaves whoever takes it, and opened by those alone who show it. Workers,
//! queues and streams carry it as it is.

use domain::{
    id::{Id as _, OrderId},
    order::{Contact, Order},
};

use super::Orders;
use crate::{
    Failed, Place,
    packed::{pack, unpack},
};

/// Whom to reach, in clear. Does not print.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// The buyer's name.
    pub name: String,
    /// The buyer's telephone number.
    pub phone: String,
}

impl std::fmt::Debug for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reach(…)")
    }
}

const fn place(order: &[u8; 16]) -> Place<'_> {
    Place { kind: "order", id: order, field: "contact" }
}

impl Orders<'_> {
    /// Seals whom to reach about an order.
    pub async fn seal_contact(&self, order: OrderId, reach: &Reach) -> Result<Contact, Failed> {
        let plain = pack(&[Some(&reach.name), Some(&reach.phone)])?;
        Ok(Contact::sealed(self.tenant.seal(place(&order.bytes()), &plain).await?))
    }

    /// Opens whom to reach about an order; nobody where the person was erased.
    pub async fn open_contact(&self, order: &Order) -> Result<Reach, Failed> {
        if order.contact.is_nobody() {
            return Ok(Reach::default());
        }
        let plain = self.tenant.open(place(&order.id.bytes()), order.contact.as_bytes()).await?;
        let [name, phone] = unpack(&plain)?;
        Ok(Reach { name: name.unwrap_or_default(), phone: phone.unwrap_or_default() })
    }
}
