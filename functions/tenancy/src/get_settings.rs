//! `GET /api/admin/tenant`: what the tenant has chosen, for those who may change it.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route};
use domain::user::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::settings::SettingsView;

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetSettings>();

/// The tenant is the caller's.
#[derive(Deserialize, JsonSchema)]
struct GetSettings {}

impl Endpoint for GetSettings {
    const ROUTE: Route = Route {
        name: "get-settings",
        method: Method::Get,
        path: "/api/admin/tenant",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Catalogue)],
        summary: "Read the tenant's own settings",
        errors: &[Code::NotFound],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = SettingsView;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<SettingsView, Error> {
        let settings = app.store.tenant(caller.tenant()?).catalogue().settings().await?;
        settings.map(|settings| SettingsView::of(&settings)).ok_or_else(|| Code::NotFound.into())
    }
}
