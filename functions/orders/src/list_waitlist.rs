//! `GET /api/waitlist`: the caller's requests, newest first.

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    wire::{Listed, PageQuery},
};
use domain::order::Order;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::waitlist::view::WaitingView;

/// The operation.
pub static OPERATION: Operation = Operation::of::<ListWaitlist>();

/// Which page.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListWaitlist {
    #[serde(flatten)]
    page: PageQuery,
}

impl Endpoint for ListWaitlist {
    const ROUTE: Route = Route {
        name: "list-waitlist",
        method: Method::Get,
        path: "/api/waitlist",
        auth: Auth::Customer,
        grants: &[Grant::read(Table::Orders)],
        summary: "List what the caller waits for",
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Listed<WaitingView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Listed<WaitingView>, Error> {
        let (tenant, user) = (app.store.tenant(caller.tenant()?), caller.user()?);
        let found = tenant.orders().of_user(user, self.page.skip(), self.page.size(), Order::is_deposit).await?;
        let ids: Vec<_> = found.orders.iter().map(|deposit| deposit.id).collect();
        let requests = tenant.waitlist().find_all(&ids).await?;
        let mut views = Vec::with_capacity(ids.len());
        for deposit in &found.orders {
            if let Some(waiting) = requests.iter().find(|waiting| waiting.id == deposit.id) {
                views.push(WaitingView::of(waiting, Some(deposit))?);
            }
        }
        let listed = Listed::of(views, found.total, &self.page);
        Ok(if found.total_is_minimum { listed.at_least() } else { listed })
    }
}
