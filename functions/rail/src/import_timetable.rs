//! `POST /api/admin/rail/import`: replaces the timetable by what two files say.
//!
//! Both are checked as a whole before anything is written, and what is written becomes visible all at once.

use app::{App, Auth, Caller, Code, Detail, Endpoint, Error, Grant, Method, Nothing, Operation, Pace, Route};
use domain::{
    rail::{calendar::Calendar, network::Network, timetable::Service},
    user::Role,
};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::import::{
    Wrong,
    content::{Encoding, read},
    stations, trains,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ImportTimetable>();

/// The most wrong places that are told of one import.
const MOST_TOLD: usize = 100;

/// The files. One that is left out stays as it was imported before.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportTimetable {
    /// Stations as CSV with a heading: `name,telecode,pinyin,initials,city`; the last three may be missing.
    #[schemars(length(min = 1))]
    stations: Option<String>,
    /// Trains with their stops as CSV with a heading: `service,train,seq,station,arrive,depart,km,days,from,to`, a line for each
    /// stop; only `train`, `station`, `arrive` and `depart` must be there.
    #[schemars(length(min = 1))]
    trains: Option<String>,
    /// How the two texts are written.
    #[serde(default)]
    encoding: Encoding,
    /// The first date on which trains run that say nothing themselves.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    from: Option<Date>,
    /// The last date on which trains run that say nothing themselves.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    to: Option<Date>,
    /// Only checks.
    #[serde(default)]
    dry_run: bool,
}

/// What the timetable consists of now, or would.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportView {
    /// Whether it was only checked.
    pub dry_run: bool,
    /// Counts imports; unchanged where it was only checked.
    pub version: u32,
    /// How many stations there are.
    pub stations: usize,
    /// How many services.
    pub services: usize,
    /// How many stops these have together.
    pub stops: usize,
    /// How many services were not there before.
    pub added: usize,
    /// How many were there before with other stops, times or days.
    pub changed: usize,
    /// How many were there before and are no more.
    pub removed: usize,
}

impl Endpoint for ImportTimetable {
    const ROUTE: Route = Route {
        name: "import-timetable",
        method: Method::Post,
        path: "/api/admin/rail/import",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue)],
        summary: "Replace the timetable: stations, and trains with their stops, as CSV",
        errors: &[Code::VersionConflict],
        pace: Pace::Heavy,
        longest_body: 4 * 1_024 * 1_024,
        timeout_secs: 29,
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = ImportView;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<ImportView, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        if self.stations.is_none() && self.trains.is_none() {
            return Err(Error::field("stations", "must be there where trains is not"));
        }
        let version = tenant.rail().imported().await?.map_or(0, |imported| imported.version);
        let before = tenant.rail().network(now).await?.unwrap_or_default();
        let network = self.network(&before)?;
        let mut view = ImportView::of(&before, &network, version);
        if self.dry_run {
            return Ok(ImportView { dry_run: true, ..view });
        }
        if !tenant.rail().put_network(&network, version, app.random()?, now).await?.is_done() {
            return Err(Code::VersionConflict.into());
        }
        view.version = version + 1;
        caller.trail.made("timetable", &view);
        Ok(view)
    }
}

impl ImportTimetable {
    fn network(&self, before: &Network) -> Result<Network, Error> {
        let usual = self.usual_days()?;
        let text =
            |field, text: &Option<String>| text.as_ref().map(|text| read(field, text, self.encoding)).transpose();
        let (stations_text, trains_text) = match (text("stations", &self.stations), text("trains", &self.trains)) {
            (Ok(stations), Ok(trains)) => (stations, trains),
            (Err(one), Err(other)) => return Err(Error::fields(vec![one, other])),
            (Err(error), Ok(_)) | (Ok(_), Err(error)) => return Err(Error::fields(vec![error])),
        };
        let stations = match stations_text {
            Some(text) => stations::read(&text).map_err(|wrong| refuse("stations", wrong))?,
            None => before.stations().clone(),
        };
        let services = match trains_text {
            Some(text) => trains::read(&text, &stations, &usual).map_err(|wrong| refuse("trains", wrong))?,
            None => before.services().map(|(name, service)| (name.to_owned(), service.clone())).collect(),
        };
        let file = if self.trains.is_some() { "trains" } else { "stations" };
        Network::new(stations, services).map_err(|error| Error::field(file, error))
    }

    fn usual_days(&self) -> Result<Calendar, Error> {
        let from = self.from.unwrap_or(jiff::civil::date(2000, 1, 1));
        let to = self.to.unwrap_or(jiff::civil::date(2999, 12, 31));
        Calendar::new(domain::rail::calendar::Weekdays::ALL, from, to).map_err(|error| Error::field("to", error))
    }
}

/// Tells what is wrong with a file: each place by line and column, and how many there are in all.
fn refuse(file: &str, wrong: Vec<Wrong>) -> Error {
    let count = wrong.len();
    let detail = |wrong: Wrong| Detail { field: wrong.place(file), reason: wrong.reason };
    Error::fields(wrong.into_iter().take(MOST_TOLD).map(detail).collect()).with("errors", count)
}

impl ImportView {
    fn of(before: &Network, after: &Network, version: u32) -> Self {
        let is_same = |one: &Service, other: &Service| one.train == other.train && one.calendar == other.calendar;
        let old = |name| before.service(name);
        let count = |counts: &dyn Fn(Option<&Service>, &Service) -> bool| {
            after.services().filter(|(name, service)| counts(old(name), service)).count()
        };
        let added = count(&|old, _| old.is_none());
        Self {
            dry_run: false,
            version,
            stations: after.stations().all().len(),
            services: after.timetable().services().len(),
            stops: after.services().map(|(_, service)| service.train.stops().len()).sum(),
            added,
            changed: count(&|old, new| old.is_some_and(|old| !is_same(old, new))),
            removed: before.services().filter(|(name, _)| after.service(name).is_none()).count(),
        }
    }
}
