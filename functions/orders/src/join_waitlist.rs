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
    id::{Id as _, OrderId, SessionId, UserId},
    order::{Draft, Order, Purchase, Quantity},
    pool::PoolKey,
    waitlist::{MAX_ALTERNATIVES, Request, RequestError, Turn},
};
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Applied, Reach, Stored, Table, Tenant, Waiting};

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
        let joined = match self.asked(&tenant, user, app).await {
            Ok(asked) => {
                let fresh = app.keys.order_id(tenant.id(), user, now, app.random()?);
                let id = OrderId::from_bytes(app.once().claim(&caller, fresh.bytes()).await?.id());
                asked.join(&tenant, id, &caller, app).await?
            }
            // What cannot be waited for any more may have been waited for by an attempt before.
            Err(refused) => joined_before(&tenant, &caller, app).await?.ok_or(refused)?,
        };
        let (waiting, deposit) = joined;
        let value = WaitingView::of(&waiting, Some(&deposit))?;
        Ok(Located { location: format!("/api/waitlist/{}", waiting.id), value })
    }
}

impl JoinWaitlist {
    /// Finds what would do. All wrong fields are named at once, those of an alternative under its place.
    async fn asked(self, tenant: &Tenant, user: UserId, app: &App) -> Result<Asked, Error> {
        let now = app.now();
        let quantity = Quantity::parse(self.quantity).map_err(|wrong| Error::field("quantity", wrong))?;
        let passengers = self.passengers.unwrap_or_default();
        let mut wrong = Vec::new();
        if !passengers.is_empty() && !self.alternatives.iter().any(Alternative::is_ride) {
            wrong.push(detail("passengers", &"does not belong to what is waited for"));
        }
        if self.until.is_some_and(|until| until.0 <= now) {
            wrong.push(detail("until", &RequestError::Over));
        }
        let whom = Whom { user, quantity, passengers, contact: self.user_info };
        let (mut wanted, mut begins) = (Vec::new(), now);
        for (place, alternative) in self.alternatives.iter().enumerate() {
            match alternative.clone().wanted(tenant.clone(), &whom, app).await {
                Ok(one) => {
                    let occasion = tenant.occasion_cached(&one.subject, now).await?.ok_or(Code::NotFound)?;
                    begins = begins.max(occasion.starts);
                    wanted.push(one);
                }
                Err(error) if error.code == Code::ValidationFailed => wrong.extend(under(place, error.details)),
                Err(error) => return Err(error.with("alternative", place)),
            }
        }
        let currency = wanted.first().map(|first| first.total.currency);
        if wanted.iter().any(|one| Some(one.total.currency) != currency) {
            wrong.push(detail("alternatives", &"must be in one currency"));
        }
        let mut texts = Vec::with_capacity(wanted.len());
        for alternative in &self.alternatives {
            let text = alternative.write()?;
            if texts.contains(&text) {
                wrong.push(detail("alternatives", &RequestError::Alternatives));
            }
            texts.push(text);
        }
        wrong.dedup();
        if !wrong.is_empty() {
            return Err(Error::fields(wrong));
        }
        // What has begun may still be sold, and is not waited for.
        if begins <= now {
            return Err(Code::NotOnSale.into());
        }
        let until = self.until.map_or(begins, |until| until.0.min(begins));
        Ok(Asked { whom, wanted, texts, until, now })
    }
}

/// What was found of what is asked for.
struct Asked {
    whom: Whom,
    wanted: Vec<Wanted>,
    texts: Vec<String>,
    /// Until when the party waits.
    until: Timestamp,
    now: Timestamp,
}

impl Asked {
    /// Goes on where an attempt before has stopped, if there was one.
    async fn join(&self, tenant: &Tenant, id: OrderId, caller: &Caller, app: &App) -> Result<(Waiting, Order), Error> {
        let waiting = match tenant.waitlist().find(id).await? {
            Some(known) => known,
            None => self.stand(tenant, id).await?,
        };
        let deposit = match tenant.orders().find(id).await? {
            Some(Stored::Order(known)) => *known,
            None => self.deposit(tenant, &waiting, app).await?,
            Some(Stored::Tombstone) => {
                // It was not written in time, and never will be: another attempt begins anew.
                app.once().forget(caller, id.bytes()).await?;
                return Err(Code::Busy.into());
            }
        };
        Ok((waiting, deposit))
    }

    /// Writes the request, behind the entries by which it is found.
    async fn stand(&self, tenant: &Tenant, id: OrderId) -> Result<Waiting, Error> {
        // As it is stored: a turn and a deadline count in milliseconds.
        let whole = |at: Timestamp| Timestamp::from_millisecond(at.as_millisecond()).map_err(Error::internal);
        let turn = Turn { asked: whole(self.now)?, number: Waiting::number(id) };
        let request =
            Request::new(turn, self.whom.quantity, self.texts.clone(), whole(self.until)?).map_err(explain)?;
        let mut pools: Vec<(SessionId, PoolKey)> = Vec::new();
        for one in &self.wanted {
            pools.extend(one.pools().into_iter().map(|pool| (one.subject.session(), pool)));
        }
        pools.sort_unstable();
        pools.dedup();
        let mut lines: Vec<SessionId> = pools.iter().map(|(line, _)| *line).collect();
        lines.dedup();
        let about = Party::new(self.dearest()?.total, &self.whom.passengers, pools).write()?;
        for line in &lines {
            tenant.waitlist().stand(*line, id).await?;
        }
        let waiting = Waiting { id, user: self.whom.user, lines, about, is_paid: false, request };
        if tenant.waitlist().put(&waiting).await? {
            return Ok(waiting);
        }
        // A parallel attempt with the same key was quicker.
        tenant.waitlist().find(id).await?.ok_or_else(|| Code::Busy.into())
    }

    /// What is paid for: whatever serves costs no more.
    fn dearest(&self) -> Result<&Wanted, Error> {
        self.wanted.iter().max_by_key(|one| one.total.minor).ok_or_else(|| Error::internal("nothing is waited for"))
    }

    /// Writes the deposit: an order that holds nothing, for what the request says, which may be older than this attempt.
    async fn deposit(&self, tenant: &Tenant, waiting: &Waiting, app: &App) -> Result<Order, Error> {
        let (id, now, dearest) = (waiting.id, self.now, self.dearest()?);
        let reach = Reach {
            name: self.whom.contact.name.clone(),
            phone: self.whom.contact.phone.clone(),
            passengers: self.whom.passengers.iter().map(Passenger::traveller).collect(),
        };
        let contact = tenant.orders().seal_contact(id, &reach).await?;
        let total = Party::read(&waiting.about).map_err(Error::internal)?.amount();
        let draft = Draft {
            id,
            user: self.whom.user,
            purchase: Purchase::alike(dearest.subject.clone(), self.whom.quantity, total),
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
            Applied::Done => Ok(order),
            Applied::Conflict(_) => tenant.orders().load(id).await?.ok_or_else(|| Code::Busy.into()),
        }
    }
}

/// What an attempt before led to, if it came to its end.
async fn joined_before(tenant: &Tenant, caller: &Caller, app: &App) -> Result<Option<(Waiting, Order)>, Error> {
    let Some(id) = app.once().recall(caller).await?.map(OrderId::from_bytes) else { return Ok(None) };
    Ok(tenant.waitlist().find(id).await?.zip(tenant.orders().load(id).await?))
}

fn explain(wrong: RequestError) -> Error {
    match wrong {
        RequestError::Alternatives => Error::field("alternatives", wrong),
        RequestError::Over => Error::field("until", wrong),
    }
}

fn detail(field: &str, reason: &impl ToString) -> Detail {
    Detail { field: field.to_owned(), reason: reason.to_string() }
}

/// The fields of an alternative under its place in the list; those of the whole party as they are.
fn under(place: usize, details: Vec<Detail>) -> impl Iterator<Item = Detail> {
    details.into_iter().map(move |Detail { field, reason }| {
        let is_of_all = matches!(field.split(['.', '[']).next(), Some("quantity" | "passengers" | "userInfo"));
        Detail { field: if is_of_all { field } else { format!("alternatives[{place}].{field}") }, reason }
    })
}
