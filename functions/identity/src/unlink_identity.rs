//! `DELETE /api/users/identities/{provider}`: ends the logins by one provider.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{federation::person, link_identity::Identities, start_oidc::ProviderPath};

/// The operation.
pub static OPERATION: Operation = Operation::of::<UnlinkIdentity>();

/// The account is the caller's.
#[derive(Deserialize, JsonSchema)]
struct UnlinkIdentity {}

impl Endpoint for UnlinkIdentity {
    const ROUTE: Route = Route {
        name: "unlink-identity",
        method: Method::Delete,
        path: "/api/users/identities/{provider}",
        auth: Auth::Customer,
        grants: &[Grant::read(Table::Identity), Grant::write(Table::Identity), Grant::open_keys()],
        summary: "Log in by a provider no more, if there is another way",
        errors: &[Code::NotFound, Code::LastLogin, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = ProviderPath;
    type Output = Identities;

    async fn handle(self, path: ProviderPath, caller: Caller, app: &'static App) -> Result<Identities, Error> {
        person::unlink(app, caller.tenant()?, caller.user()?, &path.provider).await.map(Identities::of)
    }
}
