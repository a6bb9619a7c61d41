//! `GET /api/admin/audit/verify`: whether the record of who did what is whole.
//!
//! The answer's `next` names the last record that was looked at, with its link. Kept somewhere else and given to a later
//! check, it proves that nothing before it was put back to an earlier state since.

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Pace, Route,
    trail::{self, Checked, Fault},
};
use data_encoding::HEXLOWER;
use domain::user::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Point, Table};

/// The operation.
pub static OPERATION: Operation = Operation::of::<VerifyAudit>();

/// Which part.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct VerifyAudit {
    /// The `next` of a check before; from the first record where nothing is said.
    #[schemars(length(max = 100))]
    cursor: Option<String>,
    /// How many records to look at.
    #[serde(default = "usual_limit")]
    #[schemars(range(min = 1, max = 5_000))]
    limit: u32,
}

const fn usual_limit() -> u32 {
    1_000
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VerifyView {
    /// Records that were looked at.
    records: u64,
    /// Whether they are all as they were written, with none left out.
    whole: bool,
    /// What is wrong.
    faults: Vec<FaultView>,
    /// With which a check goes on behind the last record that was looked at.
    next: String,
    /// Whether that is the end of what there is.
    end: bool,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct FaultView {
    /// A stable word: `missing`, `changed`, `unlinked`, `strange`, `other_end`, `other_start`.
    kind: String,
    /// A sentence that names the record.
    what: String,
}

impl Endpoint for VerifyAudit {
    const ROUTE: Route = Route {
        name: "verify-audit",
        method: Method::Get,
        path: "/api/admin/audit/verify",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Activity)],
        summary: "Check that the record of who did what is whole",
        timeout_secs: 29,
        pace: Pace::Heavy,
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = VerifyView;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<VerifyView, Error> {
        let from = match &self.cursor {
            None => Point::START,
            Some(cursor) => {
                read(cursor).ok_or_else(|| Error::field("cursor", "must be the next of an answer of this route"))?
            }
        };
        let tenant = app.store.tenant(caller.tenant()?);
        Ok(VerifyView::of(&trail::check(app, &tenant, from, self.limit).await?))
    }
}

impl VerifyView {
    fn of(checked: &Checked) -> Self {
        let fault = |fault: &Fault| FaultView { kind: fault.kind().to_owned(), what: fault.to_string() };
        Self {
            records: checked.records,
            whole: checked.faults.is_empty(),
            faults: checked.faults.iter().map(fault).collect(),
            next: write(checked.at),
            end: checked.is_end,
        }
    }
}

fn write(point: Point) -> String {
    format!("{}-{}", point.sequence, HEXLOWER.encode(&point.link))
}

fn read(cursor: &str) -> Option<Point> {
    let (sequence, link) = cursor.split_once('-')?;
    let link = HEXLOWER.decode(link.as_bytes()).ok()?.try_into().ok()?;
    Some(Point { sequence: sequence.parse().ok()?, link })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back() {
        let point = Point { sequence: 12, link: [7; 32] };
        assert_eq!(read(&write(point)), Some(point));
        for wrong in ["", "1", "1-", "-00", "x-00", "1-00"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_has_a_word_and_names_the_record() {
        let faults = vec![Fault::Missing { from: 3, to: 5 }, Fault::Changed(7)];
        let view = VerifyView::of(&Checked { records: 9, faults, at: Point::START, is_end: true });
        assert!(!view.whole && view.end);
        assert_eq!(
            (view.faults[0].kind.as_str(), view.faults[0].what.as_str()),
            ("missing", "records 3 to 5 are gone")
        );
    }
}
