//! Whether a tenant is in business, asked before anything is done for it.
//!
//! Whoever logs in, reads or buys is refused while it is not. What providers tell of money, what waits in queues and what
//! is due goes on: money that was taken still ends as tickets or as a refund.

use std::sync::Arc;

use domain::{
    tenant::{Tenant, TenantId},
    user::Role,
};

use crate::{App, Auth, Code, Error, Route, admission::Admitted};

/// Refuses what is asked of a tenant that is disabled. Who runs the platform can still enable it, being at home there.
pub(crate) async fn check(route: &Route, admitted: &Admitted, app: &App) -> Result<(), Error> {
    let Some(tenant) = &admitted.tenant else { return Ok(()) };
    if matches!(route.auth, Auth::AtLeast(Role::Platform)) {
        return Ok(());
    }
    let settings = app.store.tenant(tenant).catalogue().settings_cached(app.now()).await?;
    if settings.is_some_and(|settings| !settings.is_active()) { Err(Code::TenantDisabled.into()) } else { Ok(()) }
}

impl App {
    /// A tenant's settings, at most two seconds old, for whoever is not admitted by a token: a login.
    ///
    /// # Errors
    /// `not_found` where there is no such tenant.
    pub async fn tenant(&self, id: &TenantId) -> Result<Arc<Tenant>, Error> {
        let settings = self.store.tenant(id).catalogue().settings_cached(self.now()).await?;
        settings.ok_or_else(|| Code::NotFound.into())
    }

    /// Refuses somebody of a role where the tenant is disabled.
    ///
    /// # Errors
    /// `tenant_disabled`, for all but those who run the platform.
    pub fn may_enter(&self, tenant: &Tenant, role: Role) -> Result<(), Error> {
        if tenant.is_active() || role == Role::Platform { Ok(()) } else { Err(Code::TenantDisabled.into()) }
    }
}
