//! `PUT /api/admin/tenant`: changes what the tenant has chosen. A change names the version that it was made of; another one
//! in between is not overwritten. Processes follow within two seconds.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route, check_networks};
use domain::user::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{
    credentials,
    settings::{SettingsChange, SettingsView},
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<PutSettings>();

/// What is to change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PutSettings {
    /// The version that was read.
    #[schemars(range(min = 1))]
    version: u32,
    #[serde(flatten)]
    change: SettingsChange,
}

impl Endpoint for PutSettings {
    const ROUTE: Route = Route {
        name: "put-settings",
        method: Method::Put,
        path: "/api/admin/tenant",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue), Grant::open_keys()],
        summary: "Change the tenant's own settings",
        errors: &[Code::NotFound, Code::VersionConflict],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = SettingsView;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<SettingsView, Error> {
        let store = app.store.tenant(caller.tenant()?);
        let before = store.catalogue().settings().await?.ok_or(Code::NotFound)?;
        if before.version != self.version {
            return Err(Code::VersionConflict.into());
        }
        let changed = self.change.apply(before).map_err(Error::fields)?;
        check_networks("adminNetworks", &changed.admin_networks, &caller.request)?;
        let credentials = self.change.credentials.unwrap_or_default();
        let changed = credentials::change(&store, changed, &credentials).await?;
        let changed = changed.ok_or_else(|| Error::field("credentials", "are of too many services"))?.next();
        if !store.catalogue().save_settings(&changed).await?.is_done() {
            return Err(Code::VersionConflict.into());
        }
        Ok(SettingsView::of(&changed))
    }
}
