//! `POST /api/orders`: holds tickets for a buyer and queues the order.
//!
//! The answer is 202: the tickets are held, the order is written by a worker a moment later. Whatever fails in between, the
//! hold ends by itself; a repeat with the same `Idempotency-Key` is told what became of the first attempt.

mod attempt;

use std::sync::Arc;

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Idempotency, Located, Method, Nothing, Operation, Route,
    message::{HeldPart, OrderPlaced, SubjectPart},
    wire::Text,
};
use data_encoding::BASE64;
use domain::{
    Timestamp,
    event::{Event, NoOffer, later},
    id::{EventId, Id as _, OptionId, OrderId, SessionId, UserId},
    money::Money,
    order::{Contact, Held, Quantity, Subject},
    pool::Layout,
    tenant::{HoldTime, TenantId},
};
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{
    Reach, Table, Tenant, keys,
    protocol::{Claim, Hold},
};

use crate::view::Placed;
use attempt::Begun;

/// The operation.
pub static OPERATION: Operation = Operation::of::<PlaceOrder>();

/// What is wanted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PlaceOrder {
    /// The event.
    event_id: Text<EventId>,
    /// Its session; may be left out where there is one.
    #[serde(default)]
    session_id: Option<Text<SessionId>>,
    /// Its price option.
    price_option_id: Text<OptionId>,
    /// How many tickets.
    #[schemars(range(min = 1, max = 10))]
    quantity: u64,
    /// Whom to reach about the order.
    user_info: UserInfo,
}

/// Whom to reach about the order.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct UserInfo {
    /// The buyer's name.
    #[schemars(length(min = 1, max = 60))]
    name: String,
    /// The buyer's telephone number.
    #[schemars(length(min = 5, max = 20), regex(pattern = r"^\+?[0-9][0-9 -]*$"))]
    phone: String,
}

/// What is wanted, once it is known to exist and to be for sale.
struct Wanted {
    tenant: Tenant,
    user: UserId,
    event: Arc<Event>,
    session: SessionId,
    option: OptionId,
    quantity: Quantity,
    total: Money,
    layout: Layout,
    hold: HoldTime,
    contact: Reach,
    now: Timestamp,
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
        let placed = match self.check(&caller, app).await {
            Ok(wanted) => match attempt::begin(&wanted, &caller, app).await? {
                Begun::Before(placed) => placed,
                Begun::Now(id) => place(&wanted, id, &caller, app).await?,
            },
            // What cannot be sold any more may have been sold to an attempt before.
            Err(refused) => attempt::written_before(&caller, app).await?.ok_or(refused)?,
        };
        Ok(Located { location: format!("/api/orders/{}", placed.id.0), value: placed })
    }
}

impl PlaceOrder {
    /// Finds what is wanted, and what it costs by the server's word.
    async fn check(self, caller: &Caller, app: &App) -> Result<Wanted, Error> {
        let (id, now) = (caller.tenant()?, app.now());
        let tenant = app.store.tenant(id);
        let quantity = Quantity::parse(self.quantity).map_err(|wrong| Error::field("quantity", wrong))?;
        let settings = tenant.catalogue().settings_cached(now).await?;
        if let Some(most) = settings.as_ref().map(|settings| settings.limits.per_order).filter(|most| quantity > *most)
        {
            return Err(explain(NoOffer::TooMany { most }));
        }
        let event = tenant.catalogue().event_cached(self.event_id.0, now).await?;
        let event = event.filter(|event| event.is_public()).ok_or(Code::NotFound)?;
        let session = self.session(&event)?;
        let option = event.option(self.price_option_id.0).ok_or_else(unknown_option)?;
        let total = event.offer(session, option.id, quantity, now).map_err(explain)?;
        let layout = Layout::of(option.total).map_err(Error::internal)?;
        Ok(Wanted {
            user: caller.user()?,
            session,
            option: option.id,
            quantity,
            total,
            layout,
            hold: settings.map_or(HoldTime::DEFAULT, |settings| settings.hold),
            contact: Reach { name: self.user_info.name, phone: self.user_info.phone },
            now,
            tenant,
            event,
        })
    }

    fn session(&self, event: &Event) -> Result<SessionId, Error> {
        match (self.session_id, event.sessions.as_slice()) {
            (Some(session), _) => Ok(session.0),
            (None, [only]) => Ok(only.id),
            (None, _) => Err(Error::field("sessionId", "is needed: the event has several sessions")),
        }
    }
}

impl Wanted {
    fn claim(&self, order: OrderId) -> Claim {
        let (pool, until) = (keys::stock_pool(self.tenant.id(), self.session, self.option), self.until(self.now));
        Claim { order, user: self.user, pool, layout: self.layout, quantity: self.quantity, until }
    }

    fn subject(&self) -> Subject {
        Subject::Session { event: self.event.id, session: self.session, option: self.option }
    }

    /// When a hold that began then ends. Entries count in whole seconds; the hold is never shorter than promised.
    fn until(&self, began: Timestamp) -> Timestamp {
        let until = later(began, self.hold.as_secs() + 1);
        Timestamp::from_second(until.as_second()).unwrap_or(until)
    }

    fn placed(&self, order: OrderId, expires: Timestamp) -> Placed {
        Placed::pending(order, expires, self.total)
    }
}

/// Holds, then queues. Whatever is refused leaves nothing behind.
async fn place(wanted: &Wanted, id: OrderId, caller: &Caller, app: &App) -> Result<Placed, Error> {
    let claim = wanted.claim(id);
    // Before anything is held: what needs the tenant's key may fail.
    let contact = wanted.tenant.orders().seal_contact(id, &wanted.contact).await?;
    let held = match wanted.tenant.hold(&claim, wanted.now).await {
        Ok(Hold::Held(held)) => held,
        Ok(refused) => return Err(refuse(wanted, id, refused, caller, app).await?),
        Err((failed, held)) => {
            wanted.tenant.abandon(id, &held, app.now()).await?;
            return Err(failed.into());
        }
    };
    let message = message(wanted, &claim, &held, &contact);
    if let Err(failed) = app.queues.send(Queue::CreateOrder, &message, 0, wanted.now).await {
        // Whether the message was taken is not known: the tombstone keeps a late worker from creating the order.
        wanted.tenant.abandon(id, &held, app.now()).await?;
        return Err(failed.into());
    }
    Ok(wanted.placed(id, claim.until))
}

/// The answer to a claim that found nothing. The key is forgotten: a moment later there may be something.
async fn refuse(wanted: &Wanted, id: OrderId, refused: Hold, caller: &Caller, app: &App) -> Result<Error, Error> {
    if let Hold::Busy { held } = &refused
        && !held.is_empty()
    {
        wanted.tenant.abandon(id, held, app.now()).await?;
    }
    app.once().forget(caller, id.bytes()).await?;
    Ok(match refused {
        Hold::SoldOut => Code::SoldOut.into(),
        Hold::TooFewLeft { remaining } => Error::new(Code::TooFewLeft).with("remaining", remaining),
        Hold::Busy { .. } | Hold::Held(_) => Code::Busy.into(),
    })
}

fn message(wanted: &Wanted, claim: &Claim, held: &[Held], contact: &Contact) -> OrderPlaced {
    let tenant: TenantId = wanted.tenant.id().clone();
    OrderPlaced {
        tenant: Text(tenant),
        order: Text(claim.order),
        user: Text(wanted.user),
        subject: SubjectPart::of(&wanted.subject()),
        quantity: wanted.quantity.get(),
        total: wanted.total.minor,
        currency: Text(wanted.total.currency),
        each: Vec::new(),
        seats: Vec::new(),
        contact: BASE64.encode(contact.as_bytes()),
        held: held.iter().map(HeldPart::of).collect(),
        hold_minutes: wanted.hold.as_minutes(),
        expires: claim.until.as_millisecond(),
        created: wanted.now.as_millisecond(),
    }
}

fn unknown_option() -> Error {
    Error::field("priceOptionId", "is not of this event")
}

fn explain(refused: NoOffer) -> Error {
    match refused {
        NoOffer::NotOnSale => Code::NotOnSale.into(),
        NoOffer::UnknownSession => Error::field("sessionId", "is not of this event"),
        NoOffer::UnknownOption => unknown_option(),
        NoOffer::TooMany { most } => Error::new(Code::LimitExceeded).with("maxPerOrder", most.get()),
        NoOffer::Price(wrong) => Error::field("quantity", wrong),
    }
}
