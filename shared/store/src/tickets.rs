//! Tickets: written once, admitted once, void for good.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::{
    Timestamp,
    id::{Id as _, OrderId, TicketId, UserId},
    ticket::{Admission, Ticket, TicketState},
};
use serde::{Deserialize, Serialize};

use crate::{
    Failed, PARTITION, Table, Tenant,
    client::{Expression, Item, Read, Wrote, decode, encode, text_of},
    keys, subject,
};

/// What became of an admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// The ticket is used now, by this scan.
    Done,
    /// It is not valid any more; as it is.
    Refused(Box<Ticket>),
}

#[derive(Debug, Serialize, Deserialize)]
struct TicketItem {
    or: String,
    n: u8,
    us: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    ev: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    se: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    op: String,
    /// A ride, instead of these.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    ride: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seat: Option<String>,
    st: String,
    cr: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gate: Option<String>,
}

const VALID: &str = "valid";
const USED: &str = "used";
const VOID: &str = "void";

/// Tickets of one tenant.
#[derive(Clone, Copy, Debug)]
pub struct Tickets<'t> {
    tenant: &'t Tenant,
}

impl<'t> Tickets<'t> {
    pub(crate) const fn new(tenant: &'t Tenant) -> Self {
        Self { tenant }
    }

    /// A ticket.
    pub async fn find(&self, id: TicketId) -> Result<Option<Ticket>, Failed> {
        let key = keys::ticket(&self.tenant.id, id);
        let item = self.tenant.store.tables.get(Table::Tickets, key, Read::Consistent).await?;
        item.map(read).transpose()
    }

    /// Tickets by id, those that exist, in the order asked for.
    pub async fn find_all(&self, ids: &[TicketId]) -> Result<Vec<Ticket>, Failed> {
        let keys = ids.iter().map(|id| keys::ticket(&self.tenant.id, *id)).collect();
        let items = self.tenant.store.tables.batch_get(Table::Tickets, keys, Read::Consistent).await?;
        let mut tickets = items.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        tickets.sort_by_key(|ticket| ids.iter().position(|id| *id == ticket.id));
        Ok(tickets)
    }

    /// Writes a ticket, unless there is one: issued before, or voided before it was issued.
    pub async fn issue(&self, ticket: &Ticket) -> Result<(), Failed> {
        let absent = Expression::only_if("attribute_not_exists(pk)");
        self.tenant.store.tables.put(Table::Tickets, self.encode(ticket)?, absent).await.map(drop)
    }

    /// Uses a ticket, if it is valid. The scan's nonce recognises its own effect when the reply was lost.
    pub async fn admit(&self, id: TicketId, admission: &Admission) -> Result<Admitted, Failed> {
        let mut update = "SET st = :used, #at = :at, nonce = :nonce".to_owned();
        let mut expression = Expression::default()
            .given("st = :valid")
            .name("#at", "at")
            .text(":used", USED)
            .text(":valid", VALID)
            .text(":nonce", &admission.nonce)
            .number(":at", admission.at.as_millisecond());
        if let Some(gate) = &admission.gate {
            update.push_str(", gate = :gate");
            expression = expression.text(":gate", gate);
        }
        expression.update = Some(update);
        match self.tenant.store.tables.update(Table::Tickets, keys::ticket(&self.tenant.id, id), expression).await? {
            Wrote::Yes => Ok(Admitted::Done),
            Wrote::Refused(None) => Err(Failed::corrupt("a ticket has gone")),
            Wrote::Refused(Some(item)) => Ok(match read(item)? {
                Ticket { state: TicketState::Used(earlier), .. } if earlier.nonce == admission.nonce => Admitted::Done,
                other => Admitted::Refused(Box::new(other)),
            }),
        }
    }

    /// The part of a transaction that makes a ticket void, issued or not, unless it is used.
    pub(crate) fn void_write(&self, ticket: &Ticket) -> Result<TransactWriteItem, Failed> {
        let void = Ticket { state: TicketState::Void, ..ticket.clone() };
        let condition = Expression::only_if("attribute_not_exists(pk) OR st = :valid").text(":valid", VALID);
        let put = Put::builder()
            .table_name(self.tenant.store.tables.name(Table::Tickets))
            .set_item(Some(self.encode(&void)?))
            .set_condition_expression(condition.condition)
            .set_expression_attribute_values(Some(condition.values))
            .build()
            .map_err(Failed::corrupt)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn encode(&self, ticket: &Ticket) -> Result<Item, Failed> {
        let (st, admission) = match &ticket.state {
            TicketState::Valid => (VALID, None),
            TicketState::Used(admission) => (USED, Some(admission)),
            TicketState::Void => (VOID, None),
        };
        let subject = subject::Written::of(&ticket.subject);
        let record = TicketItem {
            or: ticket.order.bare(),
            n: ticket.number,
            us: ticket.user.bare(),
            ev: subject.event,
            se: subject.session,
            op: subject.option,
            ride: subject.ride,
            seat: ticket.seat.clone(),
            st: st.into(),
            cr: ticket.created.as_millisecond(),
            at: admission.map(|admission| admission.at.as_millisecond()),
            nonce: admission.map(|admission| admission.nonce.clone()),
            gate: admission.and_then(|admission| admission.gate.clone()),
        };
        encode(keys::ticket(&self.tenant.id, ticket.id), &record)
    }
}

pub(crate) fn read(item: Item) -> Result<Ticket, Failed> {
    let unreadable = || Failed::corrupt("a ticket");
    let bare = text_of(&item, PARTITION).rsplit('#').next().unwrap_or_default().to_owned();
    let item: TicketItem = decode(item)?;
    let time = |millis| Timestamp::from_millisecond(millis).map_err(Failed::corrupt);
    let state = match item.st.as_str() {
        VALID => TicketState::Valid,
        VOID => TicketState::Void,
        USED => TicketState::Used(Admission {
            at: time(item.at.ok_or_else(unreadable)?)?,
            nonce: item.nonce.ok_or_else(unreadable)?,
            gate: item.gate,
        }),
        _ => return Err(unreadable()),
    };
    let subject = subject::Written { event: item.ev, session: item.se, option: item.op, ride: item.ride };
    Ok(Ticket {
        id: TicketId::from_bare(&bare).map_err(Failed::corrupt)?,
        order: OrderId::from_bare(&item.or).map_err(Failed::corrupt)?,
        number: item.n,
        user: UserId::from_bare(&item.us).map_err(Failed::corrupt)?,
        subject: subject.read()?,
        seat: item.seat,
        state,
        created: time(item.cr)?,
    })
}
