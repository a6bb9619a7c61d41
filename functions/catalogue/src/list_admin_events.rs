//! `GET /api/admin/events`: events as their organisers see them, newest first.

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    wire::{Listed, PageQuery},
};
use domain::{event::Event, user::Role};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    filter::{Filter, Sort, Status, page},
    organiser::Reach,
    remaining::Remaining,
    view::EventView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ListAdminEvents>();

/// What to list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListAdminEvents {
    status: Option<Status>,
    /// Words that must all be there.
    #[schemars(length(max = 100))]
    q: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

impl Endpoint for ListAdminEvents {
    const ROUTE: Route = Route {
        name: "list-admin-events",
        method: Method::Get,
        path: "/api/admin/events",
        auth: Auth::AtLeast(Role::Publisher),
        grants: &[Grant::read(Table::Catalogue), Grant::read(Table::Inventory)],
        summary: "List events whatever their state, newest first; publishers their own",
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Listed<EventView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Listed<EventView>, Error> {
        let (tenant, now, reach) = (app.store.tenant(caller.tenant()?), app.now(), Reach::of(&caller)?);
        let filter = Filter { status: self.status, query: self.q, ..Filter::default() };
        let all = tenant.catalogue().events().await?;
        let fits = |event: &&Event| reach.covers(event) && filter.may_fit(event, now);
        let mut events: Vec<&Event> = all.iter().filter(fits).collect();
        Sort::Newest.apply(&mut events, now);
        let page = page(&tenant, &filter, events, &self.page, now).await?;
        let view = |event: &Event, left: &Remaining| EventView::of(tenant.id(), event, left, now).for_organisers(event);
        Ok(page.map(|(event, left)| view(event, &left)))
    }
}
