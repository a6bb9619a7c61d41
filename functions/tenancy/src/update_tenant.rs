//! `PUT /api/platform/tenants/{tenant}`: renames, disables or enables a tenant. What it has chosen is its own business, and
//! so is what it keeps: nothing here reads it.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::Text};
use domain::{
    tenant::{Standing, TenantId},
    user::Role,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{findings::Findings, settings::SettingsView};

/// The operation.
pub static OPERATION: Operation = Operation::of::<UpdateTenant>();

/// Which tenant.
#[derive(Debug, Deserialize, JsonSchema)]
struct TenantPath {
    tenant: Text<TenantId>,
}

/// What is to change. A field that is left out or null stays.
#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateTenant {
    /// The version that was read.
    #[schemars(range(min = 1))]
    version: u32,
    #[schemars(length(min = 1, max = 80))]
    name: Option<String>,
    /// `active` or `disabled`. Sessions of a disabled tenant end within two seconds.
    #[schemars(length(max = 8))]
    status: Option<String>,
}

impl Endpoint for UpdateTenant {
    const ROUTE: Route = Route {
        name: "update-tenant",
        method: Method::Put,
        path: "/api/platform/tenants/{tenant}",
        auth: Auth::AtLeast(Role::Platform),
        grants: &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue)],
        summary: "Rename, disable or enable a tenant",
        errors: &[Code::NotFound, Code::VersionConflict],
        ..Route::DEFAULT
    };
    type Path = TenantPath;
    type Output = SettingsView;

    async fn handle(self, path: TenantPath, _: Caller, app: &'static App) -> Result<SettingsView, Error> {
        let store = app.store.tenant(&path.tenant.0);
        let mut tenant = store.catalogue().settings().await?.ok_or(Code::NotFound)?;
        let mut found = Findings::default();
        if let Some(name) = found.line("name", self.name.as_deref()).flatten() {
            tenant.name = name;
        }
        if let Some(status) = &self.status {
            tenant.standing = found.take("status", status.parse::<Standing>()).unwrap_or(tenant.standing);
        }
        found.none().map_err(Error::fields)?;
        if tenant.version != self.version {
            return Err(Code::VersionConflict.into());
        }
        let changed = tenant.next();
        if !store.catalogue().save_settings(&changed).await?.is_done() {
            return Err(Code::VersionConflict.into());
        }
        Ok(SettingsView::of(&changed))
    }
}
