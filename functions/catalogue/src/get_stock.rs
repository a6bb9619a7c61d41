//! `GET /api/events/{event}/stock`: tickets left by session and price option. May lag two seconds.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::Text};
use domain::{
    Timestamp,
    event::{Event, PriceOption, Review, Session},
    id::{OptionId, SessionId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::{get_event::load_public, path::EventPath, remaining::Remaining};

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetStock>();

/// Nothing but the path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct GetStock {}

/// Tickets of one price option in one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockRow {
    session_id: Text<SessionId>,
    price_option_id: Text<OptionId>,
    /// Tickets in all.
    total: u32,
    /// Tickets left.
    remaining: u64,
    /// Whether it is sold at this time, if any are left.
    on_sale: bool,
}

impl Endpoint for GetStock {
    const ROUTE: Route = Route {
        name: "get-stock",
        method: Method::Get,
        path: "/api/events/{event}/stock",
        auth: Auth::Public,
        grants: &[Grant::read(Table::Catalogue), Grant::read(Table::Inventory)],
        summary: "Read how many tickets are left, by session and price option",
        errors: &[Code::NotFound],
        cache: Some("public, max-age=1"),
        ..Route::DEFAULT
    };
    type Path = EventPath;
    type Output = Vec<StockRow>;

    async fn handle(self, path: EventPath, caller: Caller, app: &'static App) -> Result<Vec<StockRow>, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let event = load_public(&tenant, path.event.0, now).await?;
        let left = Remaining::load(&tenant, &event, now).await?;
        Ok(rows(&event, &left, now))
    }
}

fn rows(event: &Event, left: &Remaining, now: Timestamp) -> Vec<StockRow> {
    let row = |session: &Session, option: &PriceOption| StockRow {
        session_id: Text(session.id),
        price_option_id: Text(option.id),
        total: option.total,
        remaining: left.of(session.id, option.id),
        on_sale: event.review == Review::Approved && option.is_on_sale(now) && session.ends() > now,
    };
    let of_session = |session| event.options.iter().map(move |option| row(session, option));
    event.sessions.iter().flat_map(of_session).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::tests::{at, event};

    #[test]
    fn every_pair_has_a_row_and_its_own_answer() {
        let event = Event { review: Review::Approved, ..event() };
        let left = [((event.sessions[1].id, event.options[0].id), 7)].into_iter().collect();
        // At 4 600 seconds the first session is over.
        let found: Vec<_> =
            rows(&event, &left, at(4_600)).iter().map(|row| (row.total, row.remaining, row.on_sale)).collect();
        assert_eq!(found, [(100, 0, false), (10, 0, false), (100, 7, true), (10, 0, true)]);
    }

    #[test]
    fn nothing_of_a_cancelled_event_is_on_sale() {
        let event = Event { review: Review::Cancelled { reason: String::new() }, ..event() };
        assert!(rows(&event, &Remaining::default(), at(0)).iter().all(|row| !row.on_sale && row.remaining == 0));
    }
}
