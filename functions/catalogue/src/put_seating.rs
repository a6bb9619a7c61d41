//! `PUT /api/admin/events/{event}/seating`: sells an event's seats in another way: at other prices, withheld from others, or
//! by a newer version of the seat map.
//!
//! Sessions that are to come move to the newer version in the order that `moving.rs` says; a request that dies anywhere in
//! it is finished, or undone, by the next one.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::{event::Event, event::Review, user::Role};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Plan, Table};

use crate::{
    draft::{Content, Findings, FreshIds},
    moving,
    organiser::{Reach, TRIES, load, view},
    path::EventPath,
    revise::reseat,
    seating::{SeatingDraft, counted},
    update_event::explain,
    view::EventView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<PutSeating>();

/// How the event sells seats from now on. What is left out is as if it had never been said.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PutSeating(SeatingDraft);

impl Endpoint for PutSeating {
    const ROUTE: Route = Route {
        name: "put-seating",
        method: Method::Put,
        path: "/api/admin/events/{event}/seating",
        auth: Auth::AtLeast(Role::Publisher),
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::read(Table::Inventory),
            Grant::write(Table::Inventory),
        ],
        summary: "Sell an event's seats at other prices, withheld from others, or by a newer version of the seat map",
        errors: &[Code::NotFound, Code::WrongState, Code::EventLocked, Code::SeatsInUse, Code::Busy],
        timeout_secs: 29,
        ..Route::DEFAULT
    };
    type Path = EventPath;
    type Output = EventView;

    async fn handle(self, path: EventPath, caller: Caller, app: &'static App) -> Result<EventView, Error> {
        let (tenant, now, reach) = (app.store.tenant(caller.tenant()?), app.now(), Reach::of(&caller)?);
        let mut fresh = FreshIds::new(now, app.random()?);
        for _ in 0..TRIES {
            let event = load(&tenant, reach, path.event.0).await?;
            let plan = self.0.find(&tenant, Some(&event), "").await?;
            let plan = plan.map_err(|wrong| Error::fields(vec![wrong]))?;
            let content = self.content(&event, &plan)?;
            let revision = reseat(&event, content, &mut fresh, now).map_err(explain)?;
            let is_sold = event.review == Review::Approved;
            if is_sold {
                moving::prepare(&tenant, &event, &plan, now).await?;
            }
            if tenant.catalogue().put_event(&revision.event).await?.is_done() {
                caller.trail.changed(event.id, &event, &revision.event);
                if is_sold {
                    moving::settle(&tenant, &revision.event, &plan, now).await?;
                }
                return view(&tenant, &revision.event, now).await;
            }
        }
        Err(Code::Busy.into())
    }
}

impl PutSeating {
    /// The event as it is, with its seats sold in this way.
    fn content(&self, event: &Event, plan: &Plan) -> Result<Content, Error> {
        let mut found = Findings::default();
        let seating = self.0.read(plan, (&event.options, event.sessions.len()), "", &mut found);
        let older = event.seating.as_ref().filter(|old| old.venue == self.0.venue());
        if event.review == Review::Approved
            && let Some(old) = older
            && plan.version().number() < old.version
        {
            found.wrong("version", format_args!("must not be older than {}, which the event has", old.version));
        }
        let seating = match seating {
            Some(seating) if found.is_empty() => seating,
            _ => return Err(Error::fields(found.into_details())),
        };
        Ok(Content {
            details: event.details.clone(),
            sessions: event.sessions.clone(),
            options: counted(event.options.clone(), &seating, plan),
            seating: Some(seating),
        })
    }
}
