//! `POST /api/orders/{order}/change`: passengers take another train, or another stretch or class, in place of what they paid.
//!
//! Where that costs no more, it is done when the answer comes: one write pays the new order with what was paid for the old
//! tickets, and gives these back with the rest, less the fee. Where it costs more, the new order waits for its payment like
//! any other, and the old tickets stay valid until it has come.

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Idempotency, Located, Method, Operation, Route,
    wire::{IdText, Text},
};
use domain::{
    event::RefundRule,
    id::{RunId, TicketId},
    order::{Order, Replaces, Subject},
    rail::{
        change::{Difference, Policy, Refused, Trip},
        coach::Class,
        run::{RunPlan, Status},
        station::Telecode,
        stretch::Stretch,
    },
};
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Table, Tenant};

use crate::{
    change::{GivenUp, not_changeable},
    own::{self, OrderPath},
    place_order::{
        Nearness, PlaceOrder, UserInfo, once,
        passenger::Passenger,
        wanted::{Paying, Wanted},
    },
    view::Placed,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ChangeOrder>();

/// Who travels how instead.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ChangeOrder {
    /// Whose tickets are given up; all that were not given back where nothing is said.
    #[serde(default)]
    #[schemars(length(min = 1, max = 10))]
    ticket_ids: Option<Vec<IdText<TicketId>>>,
    /// The run of the other train, or the same.
    run_id: Text<RunId>,
    /// Where the ride begins; as before where nothing is said.
    #[serde(default)]
    from: Option<Text<Telecode>>,
    /// Where it ends; as before where nothing is said.
    #[serde(default)]
    to: Option<Text<Telecode>>,
    /// Its class; as before where nothing is said.
    #[serde(default)]
    class: Option<Text<Class>>,
    /// Whether passengers sit near each other.
    #[serde(default)]
    together: Option<Nearness>,
    /// What they would like, at most one wish for each.
    #[serde(default)]
    #[schemars(length(max = 10))]
    wishes: Option<Vec<String>>,
}

/// Another ride that is asked for.
pub(crate) struct Ask {
    pub(crate) tickets: Option<Vec<TicketId>>,
    pub(crate) run: RunId,
    pub(crate) from: Option<Telecode>,
    pub(crate) to: Option<Telecode>,
    pub(crate) class: Option<Class>,
    pub(crate) together: Option<Nearness>,
    pub(crate) wishes: Option<Vec<String>>,
}

/// A change that is allowed now.
pub(crate) struct Offered {
    pub(crate) wanted: Wanted,
    pub(crate) given: GivenUp,
    pub(crate) difference: Difference,
}

impl Endpoint for ChangeOrder {
    const ROUTE: Route = Route {
        name: "change-order",
        method: Method::Post,
        path: "/api/orders/{order}/change",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::read(Table::Inventory),
            Grant::write(Table::Inventory),
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::read(Table::Tickets),
            Grant::write(Table::Tickets),
            Grant::write(Table::Activity),
            Grant::send(Queue::CreateOrder),
            Grant::open_keys(),
        ],
        summary: "Change tickets of a train for others",
        success: 202,
        idempotency: Idempotency::Required,
        errors: &[
            Code::NotFound,
            Code::NotChangeable,
            Code::OrderOver,
            Code::SoldOut,
            Code::TooFewLeft,
            Code::PassengerElsewhere,
            Code::Busy,
            Code::NotOnSale,
            Code::LimitExceeded,
            Code::IdempotencyConflict,
        ],
        ..Route::DEFAULT
    };
    type Path = OrderPath;
    type Output = Located<Placed>;

    async fn handle(self, path: OrderPath, caller: Caller, app: &'static App) -> Result<Located<Placed>, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let order = own::written(&caller, path, app).await?;
        let ask = Ask {
            tickets: self.ticket_ids.map(|ids| ids.into_iter().map(|id| id.0).collect()),
            run: self.run_id.0,
            from: self.from.map(|from| from.0),
            to: self.to.map(|to| to.0),
            class: self.class.map(|class| class.0),
            together: self.together,
            wishes: self.wishes,
        };
        let offered = ask.offer(tenant, &order, app).await;
        once(offered.map(|offered| offered.wanted), &caller, app).await
    }
}

impl Ask {
    /// What a change would be now, by the rules under which the old train was sold.
    pub(crate) async fn offer(self, tenant: Tenant, order: &Order, app: &App) -> Result<Offered, Error> {
        let now = app.now();
        let Subject::Ride { run, class, stretch } = &order.purchase.subject else {
            return Err(not_changeable("no_ride"));
        };
        let given = GivenUp::of(&tenant, order, self.tickets.as_deref()).await?;
        let old = tenant.rail().run_cached(*run, now).await?.ok_or_else(|| Error::internal("a run has gone"))?;
        let stop = |point: u16| old.train.stops().get(usize::from(point)).map(|stop| stop.station);
        let (Some(from), Some(to)) = (stop(stretch.from()), stop(stretch.to())) else {
            return Err(Error::internal("a ride to no stop"));
        };
        let passengers: Option<Vec<Passenger>> = given.reach.passengers.iter().map(Passenger::of).collect();
        let other = PlaceOrder {
            run_id: Some(Text(self.run)),
            from: Some(Text(self.from.unwrap_or(from))),
            to: Some(Text(self.to.unwrap_or(to))),
            class: Some(Text(self.class.unwrap_or_else(|| class.clone()))),
            passengers: Some(passengers.ok_or_else(|| Error::internal("a passenger who cannot be read"))?),
            together: self.together,
            wishes: self.wishes,
            ..PlaceOrder::of(
                given.tickets.len() as u64,
                UserInfo { name: given.reach.name.clone(), phone: given.reach.phone.clone() },
            )
        };
        let mut wanted = other.wanted_by(tenant.clone(), order.user, app).await?;
        let Subject::Ride { stretch: wished, .. } = wanted.subject else { return Err(Error::internal("no ride")) };
        let new = tenant.rail().run_cached(self.run, now).await?.ok_or(Code::NotFound)?;
        let (before, after) = (trip(&old, *stretch, given.worth)?, trip(&new, wished, wanted.total)?);
        let policy = &old.terms.changes;
        let before_this = order.replaces;
        let times = before_this.map_or(0, |replaced| replaced.times);
        // Whoever cannot travel because the train does not run is not held to its rules.
        let (difference, fee_percent, times) = if matches!(old.status, Status::Cancelled { .. }) {
            (Policy::instead_of_cancelled(&before, &after, now).map_err(explain)?, 0, times)
        } else {
            let fee_percent = policy.stage(before.departs, now).map_or(0, |stage| stage.fee_percent);
            (policy.change(&before, &after, times, now).map_err(explain)?, fee_percent, times + 1)
        };
        let paying = match difference {
            Difference::Pay(_) => Paying::Anew,
            Difference::None | Difference::GiveBack { .. } => Paying::Carried { fee_percent },
        };
        let rule = old.occasion(class, *stretch).map(|occasion| occasion.refund_rule(now));
        let is_final = matches!(rule, Some(RefundRule::Never | RefundRule::TooLate))
            || before_this.is_some_and(|replaced| replaced.is_final);
        let replaces = Replaces { order: order.id, tickets: given.numbers(), is_final, times };
        wanted.replaces = Some((replaces, paying));
        Ok(Offered { wanted, given, difference })
    }
}

fn trip(run: &RunPlan, stretch: Stretch, fare: domain::money::Money) -> Result<Trip<'_>, Error> {
    let found = (run.departs(stretch.from()), run.date_at(stretch.from()), run.places.get(usize::from(stretch.to())));
    let (Some(departs), Some(date), Some(place)) = found else { return Err(Error::internal("a ride to no stop")) };
    Ok(Trip { departs, date, destination: &place.city, fare })
}

fn explain(refused: Refused) -> Error {
    not_changeable(match refused {
        Refused::TooOften => "too_often",
        Refused::TooLate => "too_late",
        Refused::Date => "date",
        Refused::Destination => "destination",
        Refused::Left => "left",
        Refused::Currency => "currency",
    })
}
