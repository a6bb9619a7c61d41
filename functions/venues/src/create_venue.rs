//! `POST /api/admin/venues`: makes a venue, without a seat map yet.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Idempotency, Located, Method, Nothing, Operation, Route};
use domain::{
    id::{Id as _, VenueId},
    user::Role,
    venue::Venue,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    draft::{Place, VenueDraft},
    view::VenueView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<CreateVenue>();

/// The venue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct CreateVenue(VenueDraft);

impl Endpoint for CreateVenue {
    const ROUTE: Route = Route {
        name: "create-venue",
        method: Method::Post,
        path: "/api/admin/venues",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue)],
        summary: "Make a venue; its seat map comes next",
        success: 201,
        idempotency: Idempotency::Taken,
        errors: &[Code::IdempotencyConflict, Code::NotFound],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Located<VenueView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Located<VenueView>, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let Place { name, city, address } = self.0.read().map_err(Error::fields)?;
        let fresh = VenueId::new(app.now(), app.random()?);
        let id = VenueId::from_bytes(app.once().claim(&caller, fresh.bytes()).await?.id());

        // A repeat whose first attempt died before it wrote writes now; one whose first attempt wrote is told what is there.
        let venue = Venue { id, name, city, address, newest: 0, version: 1 };
        let venue = if tenant.venues().put(&venue).await?.is_done() {
            caller.trail.made(id, &venue);
            venue
        } else {
            tenant.venues().venue(id).await?.ok_or(Code::NotFound)?
        };
        Ok(Located { location: format!("/api/admin/venues/{id}"), value: VenueView::of(&venue) })
    }
}
