//! `GET /api/admin/venues`: the tenant's venues, newest first, for whoever writes an event.

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    wire::{Listed, PageQuery},
};
use domain::user::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::view::VenueView;

/// The operation.
pub static OPERATION: Operation = Operation::of::<ListVenues>();

/// What to list.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListVenues {
    #[serde(flatten)]
    page: PageQuery,
}

impl Endpoint for ListVenues {
    const ROUTE: Route = Route {
        name: "list-venues",
        method: Method::Get,
        path: "/api/admin/venues",
        auth: Auth::AtLeast(Role::Publisher),
        grants: &[Grant::read(Table::Catalogue)],
        summary: "List venues, newest first",
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Listed<VenueView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Listed<VenueView>, Error> {
        let mut venues = app.store.tenant(caller.tenant()?).venues().venues().await?;
        venues.reverse();
        Ok(Listed::cut(venues, &self.page).map(|venue| VenueView::of(&venue)))
    }
}
