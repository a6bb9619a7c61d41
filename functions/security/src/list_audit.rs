//! `GET /api/admin/audit`: who did what, newest first.
//!
//! A request looks at so many records and answers those that are asked for among them, with a `nextCursor` where there may
//! be more; so that a filter that fits nothing costs no more than one that fits all.

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Pace, Route, trail::Record, wire::Instant,
};
use domain::{Timestamp, user::Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Found, Table};

use crate::view::RecordView;

/// The operation.
pub static OPERATION: Operation = Operation::of::<ListAudit>();

/// How many records one call of the database reads, and how many a request looks at.
const BATCH: u16 = 100;
const MOST: usize = 500;
/// Seconds by which the clocks of two machines may differ: records are in the order in which they were added, which is not
/// quite that of their times.
const SKEW_SECS: i64 = 300;

/// What to list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListAudit {
    /// Not before.
    from: Option<Instant>,
    /// Before.
    to: Option<Instant>,
    /// The id of a user or of an API key.
    #[schemars(length(max = 64))]
    actor: Option<String>,
    /// An `operationId`.
    #[schemars(length(max = 64))]
    route: Option<String>,
    /// The `nextCursor` of the answer before.
    cursor: Option<u64>,
    /// How many records to answer.
    #[serde(default = "usual_size")]
    #[schemars(range(min = 1, max = 100))]
    page_size: u8,
}

const fn usual_size() -> u8 {
    50
}

/// A part of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditList {
    items: Vec<RecordView>,
    /// With which older records are asked for; nothing where there are none. A page may be empty and have one.
    next_cursor: Option<u64>,
}

impl Endpoint for ListAudit {
    const ROUTE: Route = Route {
        name: "list-audit",
        method: Method::Get,
        path: "/api/admin/audit",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Activity)],
        summary: "List who did what, newest first",
        pace: Pace::Heavy,
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = AuditList;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<AuditList, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let (mut items, mut before, mut seen) = (Vec::new(), self.cursor.unwrap_or(u64::MAX), 0);
        while seen < MOST {
            let page = tenant.trail().before(before, BATCH).await?;
            let is_last = page.len() < usize::from(BATCH);
            for found in page {
                seen += 1;
                let Found::Entry(entry) = found else { continue };
                before = entry.sequence;
                // What cannot be read was changed: the check names it.
                let Ok(record) = serde_json::from_str::<Record>(&entry.text) else { continue };
                if self.is_over(record.at) {
                    return Ok(AuditList { items, next_cursor: None });
                }
                if self.fits(&record) {
                    items.push(RecordView::of(entry.sequence, record));
                }
                if items.len() == usize::from(self.page_size) {
                    return Ok(AuditList { items, next_cursor: (before > 1).then_some(before) });
                }
            }
            if is_last {
                return Ok(AuditList { items, next_cursor: None });
            }
        }
        Ok(AuditList { items, next_cursor: Some(before) })
    }
}

impl ListAudit {
    fn fits(&self, record: &Record) -> bool {
        let is = |wanted: &Option<String>, of: &str| wanted.as_deref().is_none_or(|wanted| wanted == of);
        let by_key = self.actor.is_some() && self.actor == record.key;
        self.from.is_none_or(|from| record.at >= from.0)
            && self.to.is_none_or(|to| record.at < to.0)
            && (by_key || is(&self.actor, &record.user))
            && is(&self.route, &record.route)
    }

    /// Whether everything before a record of that time is too old.
    fn is_over(&self, at: Timestamp) -> bool {
        self.from.is_some_and(|from| at.as_second().saturating_add(SKEW_SECS) < from.0.as_second())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn asked(query: Value) -> ListAudit {
        serde_json::from_value(query).unwrap()
    }

    fn record() -> Record {
        serde_json::from_value(json!({
            "kind": "intent", "at": "2026-05-01T12:00:00Z", "user": "usr_1", "role": "admin", "key": "key_1",
            "route": "approve-event", "ip": "192.0.2.1", "request": "r",
        }))
        .unwrap()
    }

    #[test]
    fn a_record_fits_what_is_asked_for() {
        for (query, fits) in [
            (json!({}), true),
            (json!({"actor": "usr_1"}), true),
            (json!({"actor": "key_1", "route": "approve-event"}), true),
            (json!({"actor": "usr_2"}), false),
            (json!({"route": "reject-event"}), false),
            (json!({"from": "2026-05-01T20:00:00+08:00"}), true),
            (json!({"from": "2026-05-01T12:00:01Z"}), false),
            (json!({"to": "2026-05-01T12:00:00Z"}), false),
            (json!({"to": "2026-05-01T12:00:01Z"}), true),
        ] {
            assert_eq!(asked(query.clone()).fits(&record()), fits, "{query}");
        }
    }

    #[test]
    fn nothing_is_looked_at_that_is_older_than_clocks_may_differ() {
        let from = |time: &str| asked(json!({"from": time})).is_over(record().at);
        assert!(!from("2026-05-01T12:05:00Z") && from("2026-05-01T12:05:01Z"));
        assert!(!asked(json!({})).is_over(record().at));
    }
}
