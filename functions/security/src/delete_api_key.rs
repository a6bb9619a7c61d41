//! `DELETE /api/admin/api-keys/{key}`: shuts a machine out; everywhere within two seconds.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::IdText};
use domain::{id::KeyId, user::Role};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::api_key_view::ApiKeyView;

/// The operation.
pub static OPERATION: Operation = Operation::of::<DeleteApiKey>();

/// Nothing but the path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct DeleteApiKey {}

/// Which key.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct KeyPath {
    key: IdText<KeyId>,
}

impl Endpoint for DeleteApiKey {
    const ROUTE: Route = Route {
        name: "delete-api-key",
        method: Method::Delete,
        path: "/api/admin/api-keys/{key}",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Identity), Grant::write(Table::Identity)],
        summary: "Remove a key: what it signs is refused within two seconds",
        errors: &[Code::NotFound],
        ..Route::DEFAULT
    };
    type Path = KeyPath;
    type Output = ();

    async fn handle(self, path: KeyPath, caller: Caller, app: &'static App) -> Result<(), Error> {
        let (tenant, id) = (app.store.tenant(caller.tenant()?), path.key.0);
        let key = tenant.api_keys().find(id).await?.ok_or(Code::NotFound)?;
        if !tenant.api_keys().remove(id).await? {
            return Err(Code::NotFound.into());
        }
        app.forget_key(tenant.id(), id).await;
        caller.trail.removed(id, &ApiKeyView::of(tenant.id(), &key));
        Ok(())
    }
}
