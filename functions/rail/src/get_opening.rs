//! `GET /api/admin/rail/openings/{id}`: how far an opening is.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::Instant};
use domain::{id::BASE32, user::Role};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{OpenedPart, Opening, Table};

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetOpening>();

/// Nothing else is asked.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct GetOpening {}

/// Which opening.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct OpeningPath {
    /// The opening.
    pub id: String,
}

/// An opening, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpeningView {
    /// Its name.
    pub id: String,
    /// Whether everything is opened.
    pub status: OpeningStatus,
    /// The first date.
    #[schemars(with = "String", extend("format" = "date"))]
    pub from: Date,
    /// The last date.
    #[schemars(with = "String", extend("format" = "date"))]
    pub to: Date,
    /// How many runs there were to open when it was asked for.
    pub runs: u32,
    /// How many it has opened.
    pub opened: u32,
    /// How many had been opened before.
    pub already_open: u32,
    /// In how many parts they are made.
    pub parts: u32,
    /// How many of these are done.
    pub parts_done: u32,
    /// When it was asked for.
    pub asked_at: Instant,
}

/// Whether everything is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OpeningStatus {
    /// There is more to do.
    Working,
    /// Everything is.
    Done,
}

/// The name of an opening.
pub(crate) fn name_of(id: [u8; 16]) -> String {
    BASE32.encode(&id)
}

impl OpeningView {
    pub(crate) fn of(name: &str, opening: &Opening, done: &[OpenedPart]) -> Self {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let parts = count(opening.asked.dates().count()) * u32::from(opening.asked.parts);
        let parts_done = count(done.len());
        let status = if parts_done < parts { OpeningStatus::Working } else { OpeningStatus::Done };
        Self {
            id: name.to_owned(),
            status,
            from: opening.asked.from,
            to: opening.asked.to,
            runs: opening.runs,
            opened: done.iter().map(|part| part.opened).sum(),
            already_open: done.iter().map(|part| part.there).sum(),
            parts,
            parts_done,
            asked_at: Instant(opening.at),
        }
    }
}

impl Endpoint for GetOpening {
    const ROUTE: Route = Route {
        name: "get-opening",
        method: Method::Get,
        path: "/api/admin/rail/openings/{id}",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Activity)],
        summary: "Show how far an opening of runs is",
        errors: &[Code::NotFound],
        ..Route::DEFAULT
    };
    type Path = OpeningPath;
    type Output = OpeningView;

    async fn handle(self, path: OpeningPath, caller: Caller, app: &'static App) -> Result<OpeningView, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        // A name is what `name_of` makes; anything else is the name of nothing.
        let is_name = BASE32.decode(path.id.as_bytes()).is_ok_and(|bytes| bytes.len() == 16);
        let opening = if is_name { tenant.rail().opening(&path.id).await? } else { None };
        let opening = opening.ok_or(Code::NotFound)?;
        Ok(OpeningView::of(&path.id, &opening, &tenant.rail().opened(&path.id).await?))
    }
}
