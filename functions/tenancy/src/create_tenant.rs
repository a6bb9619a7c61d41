//! `POST /api/platform/tenants`: makes a tenant and invites its first administrator.
//!
//! Whoever runs the platform sees no password and has no account in the tenant: they hand over an invitation, with which
//! one account can be made, once (`POST /api/auth/invitations/accept`). Until that has happened a repeat answers with another
//! invitation to the same account; a request that died half-way is finished by its repeat.

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    invitation::INVITED_SECS,
    wire::{Instant, Text},
};
use domain::{
    event::later,
    tenant::{Tenant, TenantId},
    user::Role,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::{findings::Findings, settings::SettingsView};

/// The operation.
pub static OPERATION: Operation = Operation::of::<CreateTenant>();

/// A tenant to be made. What it chooses it chooses itself.
#[derive(Debug, Deserialize, JsonSchema)]
struct CreateTenant {
    id: Text<TenantId>,
    #[schemars(length(min = 1, max = 80))]
    name: String,
}

/// A tenant that was made.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Created {
    tenant: SettingsView,
    /// For the first administrator; shown this once.
    invitation: String,
    /// Until when it is good.
    invitation_expires_at: Instant,
}

impl Endpoint for CreateTenant {
    const ROUTE: Route = Route {
        name: "create-tenant",
        method: Method::Post,
        path: "/api/platform/tenants",
        auth: Auth::AtLeast(Role::Platform),
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::read(Table::Vault),
            Grant::make_keys(),
        ],
        summary: "Make a tenant and invite its first administrator",
        success: 201,
        errors: &[Code::AlreadyExists],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Created;

    async fn handle(self, _: Nothing, _: Caller, app: &'static App) -> Result<Created, Error> {
        let mut found = Findings::default();
        let name = found.line("name", Some(&self.name)).flatten();
        if name.is_none() {
            found.wrong("name", "is needed");
        }
        found.none().map_err(Error::fields)?;
        let wanted = Tenant { awaits_admin: true, ..Tenant::new(self.id.0, name.unwrap_or_default()) };
        let store = app.store.tenant(&wanted.id);
        // The key first: a tenant exists once its settings do, and then it can keep what is personal.
        store.make_first_key().await?;
        let made = store.catalogue().create_settings(&wanted).await?;
        let tenant = if made.is_done() { Some(wanted) } else { store.catalogue().settings().await? };
        let tenant = tenant.filter(|tenant| tenant.awaits_admin).ok_or(Code::AlreadyExists)?;
        let now = app.now();
        Ok(Created {
            invitation: app.keys.invite(&tenant.id, now)?,
            invitation_expires_at: later(now, INVITED_SECS).into(),
            tenant: SettingsView::of(&tenant),
        })
    }
}
