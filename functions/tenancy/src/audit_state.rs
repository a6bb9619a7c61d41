//! `GET /api/admin/audit-state`: looks through what the tenant has stored for what must never be, a part at a time.
//!
//! A call looks at so many items and answers a `next`, with which the following call goes on, until there is none. `next` is
//! sealed: a table holds tenants side by side, and where an audit stands in it names things that are not this tenant's to
//! know. It can neither be read nor made up, nor used by another tenant.

use app::{App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Pace, Route};
use domain::user::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Table,
    audit::{Counted, Page, Place},
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<AuditState>();

/// What [`app::auth::Keys::seal`] keeps places apart by.
const LABEL: &str = "audit-state";

/// Which part.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct AuditState {
    /// The `next` of the answer before; the first part where nothing is said.
    #[schemars(length(max = 2_048))]
    next: Option<String>,
    /// How many items to look at, each with up to a dozen reads.
    #[serde(default = "usual_limit")]
    #[schemars(range(min = 1, max = 1_000))]
    limit: u16,
}

const fn usual_limit() -> u16 {
    200
}

/// What a part of an audit found. Counts of all parts add up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AuditView {
    counted: CountedView,
    /// What is wrong, whatever is under way. Anything here is a bug or a broken item.
    violations: Vec<FindingView>,
    /// What is right while work goes on, and wrong where it stays for more than some minutes.
    unfinished: Vec<FindingView>,
    /// With which the next part is asked for; nothing where this was the last.
    next: Option<String>,
}

/// What was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct CountedView {
    /// Pools whose blocks were summed up.
    pools: u64,
    blocks: u64,
    /// Tickets that nobody holds.
    free: i64,
    /// Tickets in entries without a time limit.
    sold: i64,
    /// Tickets in entries with one.
    held: i64,
    orders: u64,
    refunds: u64,
    /// Tickets that admit or have admitted.
    tickets: u64,
    admissions: u64,
    /// Idempotency records.
    records: u64,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct FindingView {
    /// A stable word.
    kind: String,
    /// A sentence that names items and numbers.
    what: String,
}

impl Endpoint for AuditState {
    const ROUTE: Route = Route {
        name: "audit-state",
        method: Method::Get,
        path: "/api/admin/audit-state",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::read(Table::Inventory),
            Grant::scan(Table::Inventory),
            Grant::read(Table::Orders),
            Grant::scan(Table::Orders),
            Grant::read(Table::Tickets),
            Grant::scan(Table::Tickets),
            Grant::read(Table::Activity),
            Grant::scan(Table::Activity),
        ],
        summary: "Look through a part of what the tenant has stored for what must never be",
        timeout_secs: 29,
        pace: Pace::Heavy,
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = AuditView;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<AuditView, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let wrong = || Error::field("next", "must be the next of an answer of this route");
        let place = match &self.next {
            None => None,
            Some(sealed) => Some(app.keys.unseal(LABEL, tenant.id(), sealed).ok_or_else(wrong)?),
        };
        let place: Option<Place> =
            place.map(|place| serde_json::from_slice(&place)).transpose().map_err(|_| wrong())?;
        let page = tenant.audit(app.now()).page(place, self.limit).await?;
        let next = page.next.as_ref().map(serde_json::to_vec).transpose().map_err(Error::internal)?;
        let next = next.map(|place| app.keys.seal(LABEL, tenant.id(), place)).transpose()?;
        Ok(AuditView::of(&page, next))
    }
}

impl AuditView {
    fn of(page: &Page, next: Option<String>) -> Self {
        let finding = |kind: &str, what: String| FindingView { kind: kind.to_owned(), what };
        Self {
            counted: CountedView::of(&page.counted),
            violations: page.violations.iter().map(|found| finding(found.kind(), found.to_string())).collect(),
            unfinished: page.unfinished.iter().map(|found| finding(found.kind(), found.to_string())).collect(),
            next,
        }
    }
}

impl CountedView {
    const fn of(counted: &Counted) -> Self {
        let Counted { pools, blocks, free, sold, held, orders, refunds, tickets, admissions, records } = *counted;
        Self { pools, blocks, free, sold, held, orders, refunds, tickets, admissions, records }
    }
}

#[cfg(test)]
mod tests {
    use domain::id::{Id as _, OrderId};
    use serde_json::json;
    use store::audit::{Unfinished, Violation};

    use super::*;

    #[test]
    fn what_was_found_has_a_word_and_a_sentence() {
        let order = OrderId::from_bytes([1; 16]);
        let page = Page {
            violations: vec![Violation::HeldIsNotBought { order, held: 1, bought: 2 }],
            unfinished: vec![Unfinished::AwaitsTickets { order }],
            ..Page::default()
        };
        let view = serde_json::to_value(AuditView::of(&page, Some("place".into()))).unwrap();
        assert_eq!(view["violations"][0]["kind"], "held_is_not_bought");
        assert_eq!(view["violations"][0]["what"], json!(format!("{order} lists 1 tickets and bought 2")));
        assert_eq!(view["unfinished"][0]["kind"], "awaits_tickets");
        assert_eq!(view["next"], "place");
    }
}
