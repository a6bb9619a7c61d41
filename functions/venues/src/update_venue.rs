//! `PUT /api/admin/venues/{venue}`: renames a venue or says where it is. Its map has routes of its own.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::{user::Role, venue::Venue};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    draft::{Place, VenueDraft},
    make::TRIES,
    path::VenuePath,
    view::VenueView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<UpdateVenue>();

/// The venue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct UpdateVenue(VenueDraft);

impl Endpoint for UpdateVenue {
    const ROUTE: Route = Route {
        name: "update-venue",
        method: Method::Put,
        path: "/api/admin/venues/{venue}",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue)],
        summary: "Rename a venue, or say where it is",
        errors: &[Code::NotFound, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = VenuePath;
    type Output = VenueView;

    async fn handle(self, path: VenuePath, caller: Caller, app: &'static App) -> Result<VenueView, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let place = self.0.read().map_err(Error::fields)?;
        for _ in 0..TRIES {
            let venue = tenant.venues().venue(path.venue.0).await?.ok_or(Code::NotFound)?;
            let Place { name, city, address } = place.clone();
            let Venue { id, newest, version, .. } = venue;
            let changed = Venue { id, name, city, address, newest, version: version + 1 };
            if tenant.venues().put(&changed).await?.is_done() {
                caller.trail.changed(id, &venue, &changed);
                return Ok(VenueView::of(&changed));
            }
        }
        Err(Code::Busy.into())
    }
}
