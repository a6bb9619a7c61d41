//! `GET /api/rail/runs`: how to get from one place to another on a date.

use std::{collections::BTreeMap, sync::Arc};

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    wire::{Listed, PageQuery},
};
use domain::{
    Timestamp,
    id::RunId,
    rail::{
        network::Network,
        run::{RunPlan, Status},
        station::Telecode,
        stretch::Stretch,
        timetable::{Change, Ride},
    },
};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Table, Tenant, keys::run_id};

use crate::{
    offer::{Offer, offer, offers},
    whereabouts::stations_of,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<SearchRuns>();

/// The most journeys with a change that are suggested.
const SUGGESTIONS: usize = 10;

/// From where to where, and when.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchRuns {
    /// A telecode, or the name of a station or a city, in characters, pinyin or initials.
    #[schemars(length(min = 1, max = 40))]
    from: String,
    /// The same for where to go.
    #[schemars(length(min = 1, max = 40))]
    to: String,
    /// The date of departure, in the railway's zone.
    #[schemars(with = "String", extend("format" = "date"))]
    date: Date,
    /// 1: journeys with one change of trains are suggested too.
    #[serde(default)]
    #[schemars(range(max = 1))]
    transfers: u8,
    /// The least time for a change within a station, in minutes; 20 where nothing is said.
    #[schemars(range(min = 5, max = 720))]
    change_minutes: Option<u16>,
    #[serde(flatten)]
    page: PageQuery,
}

/// Runs by departure, and journeys with a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Found {
    /// Trains that go there.
    #[serde(flatten)]
    pub direct: Listed<Offer>,
    /// Journeys with one change, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfers: Option<Vec<JourneyView>>,
}

/// A journey with one change of trains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JourneyView {
    /// The first train.
    pub first: Offer,
    /// The second.
    pub second: Offer,
    /// How long one waits between the two, in minutes.
    pub wait_minutes: u32,
    /// How long it takes, in minutes.
    pub minutes: u32,
}

impl Endpoint for SearchRuns {
    const ROUTE: Route = Route {
        name: "search-runs",
        method: Method::Get,
        path: "/api/rail/runs",
        auth: Auth::Public,
        grants: &[Grant::read(Table::Catalogue)],
        summary: "Find runs from one place to another on a date, with prices and seats left",
        cache: Some("public, max-age=2"),
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Found;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Found, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let Some(network) = tenant.rail().network_cached(now).await? else {
            return Err(Error::field("from", "is no station: there is no timetable"));
        };
        let (from, to) = self.ends(&network)?;
        let rides = open(&tenant, &network, network.timetable().direct(&from, &to, self.date), now).await?;
        let page: Vec<_> = rides.iter().skip(self.page.skip()).take(self.page.size()).cloned().collect();
        let direct = Listed::of(offers(&tenant, &page, now).await?, rides.len(), &self.page);
        let transfers = match self.transfers {
            0 => None,
            _ => Some(self.transfers(&tenant, &network, (&from, &to), now).await?),
        };
        Ok(Found { direct, transfers })
    }
}

impl SearchRuns {
    fn ends(&self, network: &Network) -> Result<(Vec<Telecode>, Vec<Telecode>), Error> {
        match (stations_of(network, "from", &self.from), stations_of(network, "to", &self.to)) {
            (Ok(from), Ok(to)) => Ok((from, to)),
            (Err(from), Err(to)) => Err(Error::fields([from.details, to.details].concat())),
            (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
        }
    }

    async fn transfers(
        &self,
        tenant: &Tenant,
        network: &Network,
        (from, to): (&[Telecode], &[Telecode]),
        now: Timestamp,
    ) -> Result<Vec<JourneyView>, Error> {
        let usual = Change::default();
        let same_station = self.change_minutes.unwrap_or(usual.same_station);
        let across_city = usual.across_city.max(same_station);
        let change = Change { same_station, across_city, longest: usual.longest.max(across_city) };
        let journeys = network.timetable().with_change(from, to, self.date, change, SUGGESTIONS);
        let mut views = Vec::new();
        for journey in journeys {
            let rides = [journey.first, journey.second];
            let opened = open(tenant, network, rides.to_vec(), now).await?;
            let [(first, one), (second, other)] = opened.as_slice() else { continue };
            let offers = (offer(tenant, first, *one, now).await?, offer(tenant, second, *other, now).await?);
            if let (Some(first), Some(second)) = offers {
                views.push(JourneyView { first, second, wait_minutes: journey.wait(), minutes: journey.minutes() });
            }
        }
        Ok(views)
    }
}

/// The rides whose runs are open, with those runs, in the order of the rides. A run that the timetable of today does not
/// know is not found; one whose times have changed since it was opened is shown with those that it is sold with.
async fn open(
    tenant: &Tenant,
    network: &Network,
    rides: Vec<Ride<'_>>,
    now: Timestamp,
) -> Result<Vec<(Arc<RunPlan>, Stretch)>, Error> {
    let ids: Vec<RunId> =
        rides.iter().filter_map(|ride| network.name(ride.service).map(|name| run_id(name, ride.run.date))).collect();
    let plans = tenant.rail().runs_cached(&ids, now).await?;
    let plans: BTreeMap<RunId, Arc<RunPlan>> = plans.into_iter().flatten().map(|plan| (plan.id, plan)).collect();
    let open = rides.iter().zip(&ids).filter_map(|(ride, id)| {
        let plan = plans.get(id).filter(|plan| plan.status == Status::Open)?;
        let stretch = plan.stretch(ride.from()?, ride.to()?)?;
        Some((Arc::clone(plan), stretch))
    });
    Ok(open.collect())
}
