//! A run as buyers see it: from where to where, at what price, and how many seats are left.

use std::sync::Arc;

use app::{
    Error,
    wire::{IdText, Instant, Text},
};
use domain::{
    Timestamp,
    id::RunId,
    rail::{
        coach::Class,
        fare::{FareError, Passenger},
        run::{NotSold, RunPlan},
        stretch::Stretch,
    },
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use store::Tenant;

/// How many classes are counted at the same time for one request.
const AT_ONCE: usize = 16;

/// A stop of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StopView {
    /// Its place among the stops, from 0.
    pub stop: u16,
    /// The station's telecode.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The city that it serves.
    pub city: String,
    /// When the train comes in, in the railway's zone; at the first stop when it leaves.
    pub arrives_at: String,
    /// When it leaves; at the last stop when it comes in.
    pub departs_at: String,
    /// Kilometres from the first stop.
    pub km: u32,
}

/// What seats of a class cost for a stretch, and how many are left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClassOffer {
    /// The class.
    pub class: Text<Class>,
    /// What an adult pays, in minor units.
    pub price: u64,
    /// What a child pays.
    pub child_price: u64,
    /// What a student pays.
    pub student_price: u64,
    /// How many seats are left for the whole stretch; may lag by two seconds.
    pub remaining: u32,
}

/// Whether seats are sold now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SaleStatus {
    /// The sale has not begun.
    Upcoming,
    /// Seats are sold.
    OnSale,
    /// No seat is left for the stretch.
    SoldOut,
    /// The train leaves too soon, or has left.
    Ended,
    /// The run was cancelled.
    Cancelled,
}

/// A run for a stretch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// The run.
    pub run_id: IdText<RunId>,
    /// The train's number.
    pub train: String,
    /// The date on which the train sets out, which may be before that of the journey.
    #[schemars(with = "String", extend("format" = "date"))]
    pub date: Date,
    /// Where the journey begins.
    pub from: StopView,
    /// Where it ends.
    pub to: StopView,
    /// How long it takes, in minutes.
    pub minutes: u32,
    /// What prices are in.
    pub currency: Text<domain::money::Currency>,
    /// Each class.
    pub classes: Vec<ClassOffer>,
    /// Whether seats are sold now.
    pub status: SaleStatus,
    /// When the sale begins.
    pub sale_starts_at: Instant,
}

/// The stops of a run.
pub(crate) fn stops(plan: &RunPlan) -> Vec<StopView> {
    (0..plan.train.stop_count()).filter_map(|stop| stop_view(plan, stop)).collect()
}

fn stop_view(plan: &RunPlan, stop: u16) -> Option<StopView> {
    let place = plan.places.get(usize::from(stop))?;
    let call = plan.train.stops().get(usize::from(stop))?;
    let at = |moment: Option<Timestamp>| moment.map(|moment| plan.zone.rfc3339(moment)).unwrap_or_default();
    Some(StopView {
        stop,
        code: call.station.to_string(),
        name: place.name.clone(),
        city: place.city.clone(),
        arrives_at: at(plan.arrives(stop)),
        departs_at: at(plan.departs(stop)),
        km: call.km,
    })
}

/// What a run offers for a stretch. Nothing for a stretch that it does not have.
pub(crate) async fn offer(
    tenant: &Tenant,
    plan: &RunPlan,
    stretch: Stretch,
    now: Timestamp,
) -> Result<Option<Offer>, Error> {
    let (Some(from), Some(to)) = (stop_view(plan, stretch.from()), stop_view(plan, stretch.to())) else {
        return Ok(None);
    };
    let classes = plan.terms.formation.classes().into_iter().cloned();
    let offers = classes.map(|class| class_offer(tenant, plan, class, stretch, now));
    let offers: Vec<Option<ClassOffer>> = stream::iter(offers).buffered(AT_ONCE).try_collect().await?;
    let classes: Vec<ClassOffer> = offers.into_iter().flatten().collect();
    let has_seats = classes.iter().any(|class| class.remaining > 0);
    Ok(Some(Offer {
        run_id: Text(plan.id),
        train: plan.train.number().to_owned(),
        date: plan.date,
        from,
        to,
        minutes: plan.train.minutes(stretch).unwrap_or_default().into(),
        currency: Text(plan.terms.tariff.currency()),
        classes,
        status: sale_status(plan.may_sell(stretch, now), has_seats),
        sale_starts_at: Instant(plan.opens),
    }))
}

/// Offers of runs for stretches, in their order.
pub(crate) async fn offers(
    tenant: &Tenant,
    rides: &[(Arc<RunPlan>, Stretch)],
    now: Timestamp,
) -> Result<Vec<Offer>, Error> {
    let offers = rides.iter().map(|(plan, stretch)| offer(tenant, plan, *stretch, now));
    // Collected: what is borrowed by a stream of futures cannot be an iterator over what they borrow.
    let offers: Vec<_> = offers.collect();
    let offers: Vec<Option<Offer>> = stream::iter(offers).buffered(AT_ONCE).try_collect().await?;
    Ok(offers.into_iter().flatten().collect())
}

async fn class_offer(
    tenant: &Tenant,
    plan: &RunPlan,
    class: Class,
    stretch: Stretch,
    now: Timestamp,
) -> Result<Option<ClassOffer>, Error> {
    let fare = |who| plan.fare(&class, stretch, who).map(|fare| fare.minor);
    let fares = [Passenger::Adult, Passenger::Child, Passenger::Student].map(fare);
    let [price, child_price, student_price] = match fares {
        [Ok(adult), Ok(child), Ok(student)] => [adult, child, student],
        // What costs more than an order may cannot be bought; terms see to it that every class has fares.
        [Err(why), ..] | [_, Err(why), _] | [.., Err(why)] => return unsold(why),
    };
    let remaining = tenant.rail().left(plan, &class, now).await?.left(stretch);
    Ok(Some(ClassOffer { class: Text(class), price, child_price, student_price, remaining }))
}

fn unsold(why: FareError) -> Result<Option<ClassOffer>, Error> {
    match why {
        FareError::Class | FareError::Stretch => Ok(None),
        FareError::Money(error) => Err(Error::internal(error)),
    }
}

const fn sale_status(may_sell: Result<(), NotSold>, has_seats: bool) -> SaleStatus {
    match may_sell {
        Ok(()) if has_seats => SaleStatus::OnSale,
        Ok(()) => SaleStatus::SoldOut,
        Err(NotSold::Early | NotSold::NotOpen) => SaleStatus::Upcoming,
        Err(NotSold::Late | NotSold::Stretch) => SaleStatus::Ended,
        Err(NotSold::Cancelled) => SaleStatus::Cancelled,
    }
}
