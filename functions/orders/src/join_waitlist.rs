//! `POST /api/waitlist`: waits for what is sold out. Whoever pays is in line.
//!
//! Written in this order: the entries of the lines, the request, its deposit. Whoever dies in between leaves entries that the
//! walk over the lines removes; a repeat with the same key goes on under the same id.

use app::{
    App, Auth, Caller, Code, Detail, Endpoint, Error, Grant, Idempotency, Located, Method, Nothing, Operation, Route,
    message::OrderNamed, wire::Instant,
};
use domain::{
    Timestamp,
    id::{Id as _, OrderId, SessionId},
    money::Money,
    order::{Draft, Order, Purchase, Quantity},
    pool::PoolKey,
    waitlist::{MAX_ALTERNATIVES, Request, RequestError, Turn},
};
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Reach, Table, Tenant, Waiting};

use crate::{
    create_order::seconds_until,
    place_order::{UserInfo, passenger::Passenger, wanted::Wanted},
    waitlist::{
        alternative::{Alternative, Party, Whom},
        view::WaitingView,
    },
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<JoinWaitlist>();

/// What is waited for, by whom, and until when.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct JoinWaitlist {
    /// What would do, best first.
    #[schemars(length(min = 1, max = MAX_ALTERNATIVES))]
    alternatives: Vec<Alternative>,
    /// For how many: all of them or none.
    #[schemars(range(min = 1, max = 10))]
    quantity: u64,
    /// Who travels, where an alternative is a ride: one for each ticket.
    #[serde(default)]
    #[schemars(length(min = 1, max = 10))]
    passengers: Option<Vec<Passenger>>,
    /// Until when the party waits; at most, and where nothing is said, until the last of the alternatives begins.
    #[serde(default)]
    until: Option<Instant>,
    /// Whom to reach about the order.
    user_info: UserInfo,
}

/// What was found of the alternatives.
struct Asked {
    wanted: Vec<Wanted>,
    texts: Vec<String>,
    /// When the last of them begins.
    begins: Timestamp,
}

impl Endpoint for JoinWaitlist {
    const ROUTE: Route = Route {
        name: "join-waitlist",
        method: Method::Post,
        path: "/api/waitlist",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::write(Table::Activity),
            Grant::send(Queue::ExpireOrder),
            Grant::open_keys(),
        ],
        summary: "Wait for what is sold out, in line once it is paid",
        success: 202,
        idempotency: Idempotency::Required,
        errors: &[Code::NotFound, Code::NotOnSale, Code::LimitExceeded, Code::Busy, Code::IdempotencyConflict],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Located<WaitingView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Located<WaitingView>, Error> {
        let (tenant, user, now) = (app.store.tenant(caller.tenant()?), caller.user()?, app.now());
        let quantity = Quantity::parse(self.quantity).map_err(|wrong| Error::field("quantity", wrong))?;
        let whom = self.whom(user, quantity)?;
        let asked = self.asked(&tenant, &whom, app).await?;
        let fresh = app.keys.order_id(tenant.id(), user, now, app.random()?);
        let id = OrderId::from_bytes(app.once().claim(&caller, fresh.bytes()).await?.id());
        let waiting = match tenant.waitlist().find(id).await? {
            Some(known) => known,
            None => self.stand(&tenant, id, &whom, &asked, now).await?,
        };
        let deposit = match tenant.orders().load(id).await? {
            Some(known) => known,
            None => deposit(app, &tenant, id, &whom, &asked, now).await?,
        };
        let value = WaitingView::of(&waiting, Some(&deposit))?;
        Ok(Located { location: format!("/api/waitlist/{id}"), value })
    }
}

impl JoinWaitlist {
    fn whom(&self, user: domain::id::UserId, quantity: Quantity) -> Result<Whom, Error> {
        let passengers = self.passengers.clone().unwrap_or_default();
        if !passengers.is_empty() && passengers.len() != usize::from(quantity.get()) {
            return Err(Error::field("passengers", "must be as many as quantity says"));
        }
        Ok(Whom { user, quantity, passengers, contact: self.user_info.clone() })
    }

    /// Finds what would do; each wrong field is named under its alternative.
    async fn asked(&self, tenant: &Tenant, whom: &Whom, app: &App) -> Result<Asked, Error> {
        let (mut wanted, mut texts, mut begins) = (Vec::new(), Vec::new(), app.now());
        for (place, alternative) in self.alternatives.iter().enumerate() {
            let one = alternative.clone().wanted(tenant.clone(), whom, app).await;
            let one = one.map_err(|error| under(place, error))?;
            let occasion = tenant.occasion_cached(&one.subject, app.now()).await?.ok_or(Code::NotFound)?;
            begins = begins.max(occasion.starts);
            texts.push(alternative.write()?);
            wanted.push(one);
        }
        let currency = wanted.first().map(|first| first.total.currency);
        if let Some(place) = wanted.iter().position(|one| Some(one.total.currency) != currency) {
            return Err(Error::field(format!("alternatives[{place}]"), "must be in the currency of the first"));
        }
        Ok(Asked { wanted, texts, begins })
    }

    /// Writes the request, behind the entries by which it is found.
    async fn stand(
        &self,
        tenant: &Tenant,
        id: OrderId,
        whom: &Whom,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Waiting, Error> {
        let until = self.until.map_or(asked.begins, |until| until.0.min(asked.begins));
        // As it is stored: a turn and a deadline count in milliseconds.
        let whole = |at: Timestamp| Timestamp::from_millisecond(at.as_millisecond()).map_err(Error::internal);
        let turn = Turn { asked: whole(now)?, number: Waiting::number(id) };
        let request = Request::new(turn, whom.quantity, asked.texts.clone(), whole(until)?).map_err(explain)?;
        let mut pools: Vec<(SessionId, PoolKey)> = Vec::new();
        for one in &asked.wanted {
            pools.extend(one.pools().into_iter().map(|pool| (one.subject.session(), pool)));
        }
        pools.sort_unstable();
        pools.dedup();
        let mut lines: Vec<SessionId> = pools.iter().map(|(line, _)| *line).collect();
        lines.dedup();
        let about = Party::new(asked.dearest()?.total, &whom.passengers, pools).write()?;
        for line in &lines {
            tenant.waitlist().stand(*line, id).await?;
        }
        let waiting = Waiting { id, user: whom.user, lines, about, is_paid: false, request };
        if tenant.waitlist().put(&waiting).await? {
            return Ok(waiting);
        }
        // A parallel attempt with the same key was quicker.
        tenant.waitlist().find(id).await?.ok_or_else(|| Code::Busy.into())
    }
}

impl Asked {
    /// What is paid for: whatever serves costs no more.
    fn dearest(&self) -> Result<&Wanted, Error> {
        self.wanted.iter().max_by_key(|one| one.total.minor).ok_or_else(|| Error::internal("nothing is waited for"))
    }
}

/// Writes the deposit: an order that holds nothing.
async fn deposit(
    app: &App,
    tenant: &Tenant,
    id: OrderId,
    whom: &Whom,
    asked: &Asked,
    now: Timestamp,
) -> Result<Order, Error> {
    let dearest = asked.dearest()?;
    let reach = Reach {
        name: whom.contact.name.clone(),
        phone: whom.contact.phone.clone(),
        passengers: whom.passengers.iter().map(Passenger::traveller).collect(),
    };
    let contact = tenant.orders().seal_contact(id, &reach).await?;
    let total: Money = dearest.total;
    let draft = Draft {
        id,
        user: whom.user,
        purchase: Purchase::alike(dearest.subject.clone(), whom.quantity, total),
        contact,
        held: Vec::new(),
        hold: dearest.hold,
        expires: dearest.until(now),
        created: now,
        replaces: None,
    };
    let order = Order::reserve(draft, now).map_err(Error::internal)?;
    // The message first: a deposit that is not paid always ends.
    if let Some(expires) = order.expires() {
        let named = OrderNamed { tenant: tenant.id().clone().into(), order: id.into() };
        app.queues.send(Queue::ExpireOrder, &named, seconds_until(expires, now), now).await?;
    }
    match tenant.orders().create(&order).await? {
        store::Applied::Done => Ok(order),
        store::Applied::Conflict(_) => tenant.orders().load(id).await?.ok_or_else(|| Code::Busy.into()),
    }
}

fn explain(wrong: RequestError) -> Error {
    match wrong {
        RequestError::Alternatives => Error::field("alternatives", wrong),
        RequestError::Over => Error::field("until", wrong),
    }
}

/// The fields of an alternative under its place in the list; those of the whole party as they are.
fn under(place: usize, mut error: Error) -> Error {
    for Detail { field, .. } in &mut error.details {
        if !matches!(field.split(['.', '[']).next(), Some("quantity" | "passengers" | "userInfo")) {
            *field = format!("alternatives[{place}].{field}");
        }
    }
    error
}
