//! `GET /api/rail/stations`: finds stations by whatever a traveller types.

use app::{App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route};
use domain::rail::station::Station;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

/// The operation.
pub static OPERATION: Operation = Operation::of::<SearchStations>();

/// The most stations that are answered.
const MOST: usize = 20;

/// What was typed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct SearchStations {
    /// A telecode, a name, its pinyin or its initials, a city, or how one of these begins.
    #[schemars(length(max = 40))]
    q: String,
}

/// A station.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StationView {
    /// Three letters.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The name in Latin letters.
    pub pinyin: String,
    /// The first letter of each syllable.
    pub initials: String,
    /// The city that it serves.
    pub city: String,
}

impl StationView {
    fn of(station: &Station) -> Self {
        let Station { code, name, pinyin, initials, city } = station.clone();
        Self { code: code.to_string(), name, pinyin, initials, city }
    }
}

impl Endpoint for SearchStations {
    const ROUTE: Route = Route {
        name: "search-stations",
        method: Method::Get,
        path: "/api/rail/stations",
        auth: Auth::Public,
        grants: &[Grant::read(Table::Catalogue)],
        summary: "Find stations by telecode, name, pinyin, initials or city, the best first",
        cache: Some("public, max-age=60"),
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Vec<StationView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Vec<StationView>, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let Some(network) = tenant.rail().network_cached(app.now()).await? else { return Ok(Vec::new()) };
        let found = network.stations().search(&self.q, MOST);
        Ok(found.into_iter().map(|(_, station)| StationView::of(station)).collect())
    }
}
