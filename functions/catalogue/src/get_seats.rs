//! `GET /api/events/{event}/sessions/{session}/seats`: who has what of a session's numbered seats, at most a second old.
//!
//! It is JSON in the envelope like every other answer, with the packed states in base64: a third more bytes than the states
//! alone, of which compression takes most back, and one client for all routes. A client that has the newest state is told so
//! by 304, by its tag, or by `same`, by the version that it names; one that has seen an older one is told what has changed.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::Text};
use data_encoding::BASE64;
use domain::{id::SessionId, seat_state::Told};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::{get_event::load_public, seat_path::SeatPath};

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetSeats>();

/// What the client knows already.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetSeats {
    /// The version that the client has seen; everything where nothing is said, or where it is too long ago.
    #[schemars(regex(pattern = r"^[0-9a-f]{16}$"))]
    since: Option<String>,
}

/// Who has what of a session's seats. Seats are counted from 0 in the order in which `GET /api/venues/{venueId}?version=`
/// answers them. A state is two bits: 0 free, 1 held, 2 sold, 3 not for sale, or not to everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeatsView {
    session_id: Text<SessionId>,
    /// Of the venue's seat map.
    map_version: u32,
    /// Names these states: the same wherever and whenever they are the same.
    version: String,
    /// `whole`, `delta`, or `same` where nothing has changed since.
    kind: &'static str,
    /// In base64, numbers big-endian. `whole`: the byte 1, version of the map (4 bytes), version of the states (8), number of
    /// seats (2), then four seats in a byte from its lowest bits. `delta`: the byte 2, version before (8), version after (8),
    /// then for each seat that changed the number of seats between it and the one before, times four, plus its state, as
    /// LEB128. `same`: nothing.
    states: String,
}

impl Endpoint for GetSeats {
    const ROUTE: Route = Route {
        name: "get-seats",
        method: Method::Get,
        path: "/api/events/{event}/sessions/{session}/seats",
        auth: Auth::Public,
        grants: &[Grant::read(Table::Catalogue), Grant::read(Table::Inventory)],
        summary: "Read who has what of a session's numbered seats, or what has changed since",
        errors: &[Code::NotFound],
        cache: Some("public, max-age=1"),
        ..Route::DEFAULT
    };
    type Path = SeatPath;
    type Output = SeatsView;

    async fn handle(self, path: SeatPath, caller: Caller, app: &'static App) -> Result<SeatsView, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let event = load_public(&tenant, path.event.0, now).await?;
        // A version that nobody can have seen is as none.
        let seen = self.since.and_then(|text| u64::from_str_radix(&text, 16).ok());
        let told = tenant.seats().told(&event, path.session.0, seen, now).await?;
        let (seats, told) = told.ok_or(Code::NotFound)?;
        let (kind, states) = match told {
            Told::Same => ("same", Vec::new()),
            Told::Delta(bytes) => ("delta", bytes),
            Told::Whole(bytes) => ("whole", bytes),
        };
        Ok(SeatsView {
            session_id: path.session,
            map_version: seats.states.map(),
            version: format!("{:016x}", seats.version),
            kind,
            states: BASE64.encode(&states),
        })
    }
}
