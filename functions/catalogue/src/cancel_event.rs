//! `POST /api/admin/events/{event}/cancel`: calls an approved event off.
//!
//! From then on nothing of it is sold: at once where the event is read afresh, within two seconds where a process still
//! remembers it. What was sold before stays as it is. Giving the money back is a job of its own, which comes with a later
//! issue; until then staff refund orders one by one.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::{
    Timestamp,
    event::{Event, Review, WrongState},
    user::Role,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    organiser::{step, view},
    path::EventPath,
    reason,
    view::EventView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<CancelEvent>();

/// Why.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct CancelEvent {
    /// For the buyers.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

impl Endpoint for CancelEvent {
    const ROUTE: Route = Route {
        name: "cancel-event",
        method: Method::Post,
        path: "/api/admin/events/{event}/cancel",
        auth: Auth::AtLeast(Role::Publisher),
        grants: &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue)],
        summary: "Call an approved event off: it is shown as cancelled and no longer sold",
        errors: &[Code::NotFound, Code::WrongState, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = EventPath;
    type Output = EventView;

    async fn handle(self, path: EventPath, caller: Caller, app: &'static App) -> Result<EventView, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let reason = reason::read(&self.reason)?;
        let event = step(&tenant, &caller, path.event.0, |event| cancel(event, &reason, now)).await?;
        view(&tenant, &event, now).await
    }
}

/// Cancelled events are public, for their buyers. So what was never public is not cancelled: it is deleted or rejected.
fn cancel(event: Event, reason: &str, now: Timestamp) -> Result<Event, WrongState> {
    match event.review {
        Review::Approved => event.cancel(reason.to_owned(), now),
        Review::Draft | Review::Pending | Review::Rejected { .. } | Review::Cancelled { .. } => Err(WrongState),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::tests::{at, event};

    #[test]
    fn only_what_was_public_is_cancelled() {
        let reason = || "rain".to_owned();
        for (review, allowed) in [
            (Review::Draft, false),
            (Review::Pending, false),
            (Review::Approved, true),
            (Review::Rejected { reason: reason() }, false),
            (Review::Cancelled { reason: reason() }, false),
        ] {
            let cancelled = cancel(Event { review, ..event() }, "rain", at(5));
            let expected = allowed.then(|| Review::Cancelled { reason: reason() });
            assert_eq!(cancelled.ok().map(|event| event.review), expected);
        }
    }
}
