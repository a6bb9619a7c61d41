//! `POST /api/orders`: holds tickets, seats or rides for a buyer and queues the order.
//!
//! The answer is 202: everything is held, the order is written by a worker a moment later. Whatever fails in between, the
//! hold ends by itself; a repeat with the same `Idempotency-Key` is told what became of the first attempt.

mod attempt;
mod check;
pub(crate) mod passenger;
mod ride;
pub(crate) mod seats;
pub(crate) mod wanted;

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Idempotency, Located, Method, Nothing, Operation, Route,
    message::{HeldPart, OrderPlaced, ReplacedPart, SubjectPart},
    wire::Text,
};
use data_encoding::BASE64;
use domain::{
    id::{EventId, Id as _, OptionId, OrderId, RunId, SessionId},
    order::{Contact, Held, Order, PastDue},
    rail::{coach::Class, station::Telecode},
    venue::{SeatName, SectionId},
};
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Table, protocol::Exchanged};

use crate::{change, view::Placed};
use attempt::Begun;
use passenger::Passenger;
use wanted::{Outcome, Paying, Wanted};

/// The operation.
pub static OPERATION: Operation = Operation::of::<PlaceOrder>();

/// How often seats are chosen anew under another order id when others were quicker.
const ROUNDS: usize = 5;

/// What is wanted: of an event, `eventId` and `priceOptionId`; of a train, `runId`, `from`, `to`, `class` and `passengers`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlaceOrder {
    /// The event.
    #[serde(default)]
    pub(crate) event_id: Option<Text<EventId>>,
    /// Its session; may be left out where there is one.
    #[serde(default)]
    pub(crate) session_id: Option<Text<SessionId>>,
    /// Its price option.
    #[serde(default)]
    pub(crate) price_option_id: Option<Text<OptionId>>,
    /// Seats by name, `stalls/12/7`; the best available ones where none is named.
    #[serde(default)]
    #[schemars(length(min = 1, max = 10))]
    pub(crate) seats: Option<Vec<Text<SeatName>>>,
    /// Where the best seats are looked for.
    #[serde(default)]
    pub(crate) best_available: Option<BestAvailable>,
    /// How many of the party need an accessible seat.
    #[serde(default)]
    #[schemars(range(max = 10))]
    pub(crate) wheelchairs: u64,
    /// By which way the buyer comes, where seats are kept for it.
    #[serde(default)]
    #[schemars(length(min = 1, max = 64))]
    pub(crate) channel: Option<String>,
    /// The run of a train.
    #[serde(default)]
    pub(crate) run_id: Option<Text<RunId>>,
    /// The telecode of the station where the ride begins.
    #[serde(default)]
    pub(crate) from: Option<Text<Telecode>>,
    /// The telecode of the station where it ends.
    #[serde(default)]
    pub(crate) to: Option<Text<Telecode>>,
    /// The class of a ride.
    #[serde(default)]
    pub(crate) class: Option<Text<Class>>,
    /// Who travels: one for each ticket.
    #[serde(default)]
    #[schemars(length(min = 1, max = 10))]
    pub(crate) passengers: Option<Vec<Passenger>>,
    /// Whether passengers sit near each other.
    #[serde(default)]
    pub(crate) together: Option<Nearness>,
    /// What they would like, at most one wish for each: a letter `A` to `F`, `window`, `aisle`, `lower`, `middle`, `upper`.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub(crate) wishes: Option<Vec<String>>,
    /// How many tickets.
    #[schemars(range(min = 1, max = 10))]
    pub(crate) quantity: u64,
    /// Whom to reach about the order.
    pub(crate) user_info: UserInfo,
}

/// Where the best seats are looked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct BestAvailable {
    /// In these sections; everywhere where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub(crate) sections: Option<Vec<Text<SectionId>>>,
}

/// Whether passengers sit near each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Nearness {
    /// Each as fits best.
    Apart,
    /// As near as can be.
    Preferred,
    /// In one coach, or not at all.
    Required,
}

/// Whom to reach about the order.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct UserInfo {
    /// The buyer's name.
    #[schemars(length(min = 1, max = 60))]
    pub(crate) name: String,
    /// The buyer's telephone number.
    #[schemars(length(min = 5, max = 20), regex(pattern = r"^\+?[0-9][0-9 -]*$"))]
    pub(crate) phone: String,
}

impl PlaceOrder {
    /// So many of nothing yet.
    pub(crate) const fn of(quantity: u64, user_info: UserInfo) -> Self {
        Self {
            event_id: None,
            session_id: None,
            price_option_id: None,
            seats: None,
            best_available: None,
            wheelchairs: 0,
            channel: None,
            run_id: None,
            from: None,
            to: None,
            class: None,
            passengers: None,
            together: None,
            wishes: None,
            quantity,
            user_info,
        }
    }
}

impl Endpoint for PlaceOrder {
    const ROUTE: Route = Route {
        name: "place-order",
        method: Method::Post,
        path: "/api/orders",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::read(Table::Inventory),
            Grant::write(Table::Inventory),
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::send(Queue::CreateOrder),
            Grant::open_keys(),
        ],
        summary: "Hold tickets and queue the order",
        success: 202,
        idempotency: Idempotency::Required,
        errors: &[
            Code::NotFound,
            Code::SoldOut,
            Code::TooFewLeft,
            Code::SeatTaken,
            Code::SeatNotOffered,
            Code::SeatLeftAlone,
            Code::PassengerElsewhere,
            Code::Busy,
            Code::NotOnSale,
            Code::LimitExceeded,
            Code::IdempotencyConflict,
        ],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Located<Placed>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Located<Placed>, Error> {
        once(self.check(&caller, app).await, &caller, app).await
    }
}

/// Places what is wanted, once for each `Idempotency-Key`.
pub(crate) async fn once(wanted: Result<Wanted, Error>, caller: &Caller, app: &App) -> Result<Located<Placed>, Error> {
    let placed = match wanted {
        Ok(wanted) => match attempt::begin(&wanted, caller, app).await? {
            Begun::Before(placed) => placed,
            Begun::Now(id) => place(&wanted, id, caller, app).await?,
        },
        // What cannot be sold any more may have been sold to an attempt before.
        Err(refused) => attempt::written_before(caller, app).await?.ok_or(refused)?,
    };
    Ok(Located { location: format!("/api/orders/{}", placed.id.0), value: placed })
}

/// Holds, then queues. Whatever is refused leaves nothing behind. What was held in vain is given up under its own order id,
/// so that another try needs another one.
async fn place(wanted: &Wanted, mut id: OrderId, caller: &Caller, app: &App) -> Result<Placed, Error> {
    if wanted.is_for_those_who_wait().await? {
        app.once().forget(caller, id.bytes()).await?;
        return Err(Code::SoldOut.into());
    }
    for round in 1.. {
        // Before anything is held: what needs the tenant's key may fail.
        let contact = wanted.tenant.orders().seal_contact(id, &wanted.contact).await?;
        let refused = match wanted.hold(id, round, app).await {
            Ok(Outcome::Held { held, seats }) => {
                return match wanted.replaces {
                    None | Some((_, Paying::Anew)) => queue(wanted, id, (held, seats), &contact, app).await,
                    Some((_, Paying::Carried { fee_percent })) => {
                        carry(wanted, id, (held, seats), contact, fee_percent, caller, app).await
                    }
                };
            }
            Ok(Outcome::Refused(refused)) => refused,
            Err((failed, held)) => {
                wanted.tenant.abandon(id, &held, app.now()).await?;
                return Err(failed.into());
            }
        };
        if !refused.held.is_empty() {
            wanted.tenant.abandon(id, &refused.held, app.now()).await?;
        }
        if !refused.again || round >= ROUNDS {
            // The key is forgotten: a moment later there may be something.
            app.once().forget(caller, id.bytes()).await?;
            return Err(refused.error);
        }
        if !refused.held.is_empty() {
            let next = attempt::fresh(wanted, app)?;
            if !app.once().swap(caller, id.bytes(), next.bytes()).await? {
                return Err(Code::Busy.into());
            }
            id = next;
        }
    }
    Err(Code::Busy.into())
}

/// Sends the order to be written.
async fn queue(
    wanted: &Wanted,
    id: OrderId,
    (held, seats): (Vec<Held>, Vec<String>),
    contact: &Contact,
    app: &App,
) -> Result<Placed, Error> {
    let message = message(wanted, id, &held, seats, contact);
    if let Err(failed) = app.queues.send(Queue::CreateOrder, &message, 0, wanted.now).await {
        // Whether the message was taken is not known: the tombstone keeps a late worker from creating the order.
        wanted.tenant.abandon(id, &held, app.now()).await?;
        return Err(failed.into());
    }
    Ok(wanted.placed(id, wanted.until(wanted.now)))
}

/// Writes the order at once, paid by what was paid for the tickets whose place it takes.
async fn carry(
    wanted: &Wanted,
    id: OrderId,
    (held, seats): (Vec<Held>, Vec<String>),
    contact: Contact,
    fee_percent: u8,
    caller: &Caller,
    app: &App,
) -> Result<Placed, Error> {
    let (tenant, now) = (&wanted.tenant, app.now());
    let refused = match Order::reserve(wanted.draft(id, (held.clone(), seats), contact), now) {
        Err(PastDue) => Code::Busy.into(),
        Ok(order) => match tenant.carry(&order, fee_percent, now).await {
            Ok(Exchanged::Done(exchange)) => return Ok(Placed::of(&exchange.new.order)),
            Ok(Exchanged::Refused(why)) => change::refused(why),
            Ok(Exchanged::Dearer | Exchanged::Changed) => Code::Busy.into(),
            // Whether it was written is not known: what an order owns is not given back.
            Err(failed) => failed.into(),
        },
    };
    tenant.abandon(id, &held, app.now()).await?;
    if let Some(order) = tenant.orders().load(id).await? {
        return Ok(Placed::of(&order));
    }
    app.once().forget(caller, id.bytes()).await?;
    Err(refused)
}

fn message(wanted: &Wanted, id: OrderId, held: &[Held], seats: Vec<String>, contact: &Contact) -> OrderPlaced {
    OrderPlaced {
        tenant: Text(wanted.tenant.id().clone()),
        order: Text(id),
        user: Text(wanted.user),
        subject: SubjectPart::of(&wanted.subject),
        quantity: wanted.quantity.get(),
        total: wanted.total.minor,
        currency: Text(wanted.total.currency),
        each: wanted.each.clone(),
        seats,
        contact: BASE64.encode(contact.as_bytes()),
        held: held.iter().map(HeldPart::of).collect(),
        hold_minutes: wanted.hold.as_minutes(),
        expires: wanted.until(wanted.now).as_millisecond(),
        created: wanted.now.as_millisecond(),
        replaces: wanted.replaces.as_ref().map(|(replaces, _)| ReplacedPart::of(replaces)),
    }
}
