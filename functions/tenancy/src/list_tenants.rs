//! `GET /api/platform/tenants`: every tenant of the platform, by id.

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    wire::{Listed, PageQuery, Text},
};
use domain::{tenant::TenantId, user::Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

/// The operation.
pub static OPERATION: Operation = Operation::of::<ListTenants>();

/// Which page.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListTenants {
    #[serde(flatten)]
    page: PageQuery,
}

/// A tenant in short.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TenantLine {
    id: Text<TenantId>,
    name: String,
    /// `active` or `disabled`.
    status: &'static str,
    /// To be sent back with a change.
    version: u32,
    /// Whether its first administrator has not come yet.
    awaits_admin: bool,
}

impl Endpoint for ListTenants {
    const ROUTE: Route = Route {
        name: "list-tenants",
        method: Method::Get,
        path: "/api/platform/tenants",
        auth: Auth::AtLeast(Role::Platform),
        grants: &[Grant::read(Table::Catalogue)],
        summary: "List all tenants",
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Listed<TenantLine>;

    async fn handle(self, _: Nothing, _: Caller, app: &'static App) -> Result<Listed<TenantLine>, Error> {
        let tenants = app.store.platform().tenants_with_settings().await?;
        let lines = tenants.into_iter().map(|tenant| TenantLine {
            status: tenant.standing.word(),
            version: tenant.version,
            awaits_admin: tenant.awaits_admin,
            name: tenant.name,
            id: tenant.id.into(),
        });
        Ok(Listed::cut(lines.collect(), &self.page))
    }
}
