//! Whom to reach about an order: sealed before it leaves whoever takes it, and opened by those alone who show it. Workers,
//! queues and streams carry it as it is.

use domain::{
    id::{Id as _, OrderId},
    order::{Contact, Order},
};

use super::Orders;
use crate::{
    Failed, Place,
    packed::{pack, unpack_all},
};

/// Whom to reach, in clear. Does not print.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// The buyer's name.
    pub name: String,
    /// The buyer's telephone number.
    pub phone: String,
    /// Who travels, by ticket; nobody where tickets bear no names.
    pub passengers: Vec<Traveller>,
}

/// Somebody whose name a ticket bears, in clear. Does not print.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Traveller {
    /// The name as it is on the document.
    pub name: String,
    /// The word for the kind of document.
    pub document: String,
    /// Its number.
    pub number: String,
    /// The word for what the fare depends on.
    pub kind: String,
}

impl std::fmt::Debug for Traveller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Traveller(…)")
    }
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
        let mut texts = vec![Some(reach.name.as_str()), Some(reach.phone.as_str())];
        for Traveller { name, document, number, kind } in &reach.passengers {
            texts.extend([name, document, number, kind].map(|text| Some(text.as_str())));
        }
        let plain = pack(&texts)?;
        Ok(Contact::sealed(self.tenant.seal(place(&order.bytes()), &plain).await?))
    }

    /// Opens whom to reach about an order; nobody where the person was erased.
    pub async fn open_contact(&self, order: &Order) -> Result<Reach, Failed> {
        if order.contact.is_nobody() {
            return Ok(Reach::default());
        }
        let plain = self.tenant.open(place(&order.id.bytes()), order.contact.as_bytes()).await?;
        let mut texts = unpack_all(&plain)?.into_iter().map(Option::unwrap_or_default);
        let mut next = || texts.next().unwrap_or_default();
        let (name, phone) = (next(), next());
        let rest: Vec<String> = texts.collect();
        let passengers = rest.chunks_exact(4).map(|texts| Traveller {
            name: texts[0].clone(),
            document: texts[1].clone(),
            number: texts[2].clone(),
            kind: texts[3].clone(),
        });
        Ok(Reach { name, phone, passengers: passengers.collect() })
    }
}
