//! `POST /api/admin/events`: writes the draft of an event.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Idempotency, Located, Method, Nothing, Operation, Route};
use domain::{
    Timestamp,
    event::{Event, Review},
    id::{EventId, Id as _, UserId},
    user::Role,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    draft::{Content, EventDraft, FreshIds},
    organiser::{Reach, load, view},
    view::EventView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<CreateEvent>();

/// The event. Ids of sessions and price options are given by the server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct CreateEvent(EventDraft);

impl Endpoint for CreateEvent {
    const ROUTE: Route = Route {
        name: "create-event",
        method: Method::Post,
        path: "/api/admin/events",
        auth: Auth::AtLeast(Role::Publisher),
        grants: &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue), Grant::read(Table::Inventory)],
        summary: "Write the draft of an event",
        success: 201,
        idempotency: Idempotency::Taken,
        errors: &[Code::IdempotencyConflict, Code::NotFound],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Located<EventView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Located<EventView>, Error> {
        let (tenant, now, publisher) = (app.store.tenant(caller.tenant()?), app.now(), caller.user()?);
        let mut fresh = FreshIds::new(now, app.random()?);
        let settings = tenant.catalogue().settings_cached(now).await?;
        let refunds = settings.map(|settings| settings.refunds).unwrap_or_default();
        let map = self.0.find_map(&tenant, None).await?;
        let content = self.0.read(map, refunds, &mut fresh).map_err(Error::fields)?;
        let id = app.once().claim(&caller, fresh.next::<EventId>().bytes()).await?.id();

        // A repeat whose first attempt died before it wrote writes now; one whose first attempt wrote is told what is there.
        let event = draft(EventId::from_bytes(id), publisher, content, now);
        let event = if tenant.catalogue().put_event(&event).await?.is_done() {
            caller.trail.made(event.id, &event);
            event
        } else {
            load(&tenant, Reach::Own(publisher), event.id).await?
        };
        let location = format!("/api/admin/events/{}", event.id);
        Ok(Located { location, value: view(&tenant, &event, now).await? })
    }
}

fn draft(id: EventId, publisher: UserId, content: Content, now: Timestamp) -> Event {
    let Content { details, sessions, options, seating } = content;
    Event {
        id,
        publisher,
        details,
        sessions,
        options,
        seating,
        review: Review::Draft,
        created: now,
        updated: now,
        version: 1,
    }
}
