//! `GET /api/admin/api-keys`: the machines that may sign, without what they sign with.

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    wire::{Listed, PageQuery},
};
use domain::user::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::api_key_view::ApiKeyView;

/// The operation.
pub static OPERATION: Operation = Operation::of::<ListApiKeys>();

/// What to list.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListApiKeys {
    #[serde(flatten)]
    page: PageQuery,
}

impl Endpoint for ListApiKeys {
    const ROUTE: Route = Route {
        name: "list-api-keys",
        method: Method::Get,
        path: "/api/admin/api-keys",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Identity)],
        summary: "List the keys with which machines sign their requests, newest first",
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Listed<ApiKeyView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Listed<ApiKeyView>, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let mut keys = tenant.api_keys().all().await?;
        keys.reverse();
        Ok(Listed::cut(keys, &self.page).map(|key| ApiKeyView::of(tenant.id(), &key)))
    }
}
