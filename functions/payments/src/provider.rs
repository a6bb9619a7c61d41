//! The providers of a tenant, with what this stage has of them.

use app::{App, Code, Error};
use domain::{id::PaymentId, payment::Provider};
use providers::{
    Failed,
    payment::sandbox::{Books, Sandbox},
};
use store::Tenant;

/// The sandbox's books, in the tables.
pub(crate) struct StoredBooks(Tenant);

impl Books for StoredBooks {
    async fn load(&self, payment: PaymentId) -> Result<Option<String>, Failed> {
        self.0.activity().sandbox(payment).await.map_err(failed)
    }

    async fn swap(&self, payment: PaymentId, before: Option<&str>, after: &str) -> Result<bool, Failed> {
        self.0.activity().swap_sandbox(payment, before, after).await.map_err(failed)
    }
}

fn failed(cause: store::Failed) -> Failed {
    Failed::new("sandbox", cause)
}

/// The provider that a path names, where this stage has it.
pub(crate) fn named(app: &App, word: &str) -> Result<Provider, Error> {
    match word.parse() {
        Ok(Provider::Sandbox) if app.settings.stage.has_sandbox() => Ok(Provider::Sandbox),
        _ => Err(Code::NotFound.into()),
    }
}

/// A provider, for one tenant. All of them are used through [`providers::payment::PaymentProvider`] alone.
pub(crate) fn of(app: &App, tenant: &Tenant, provider: Provider) -> Sandbox<StoredBooks> {
    match provider {
        Provider::Sandbox => sandbox(app, tenant),
    }
}

/// The sandbox, whose buyer is simulated. Each tenant's webhooks are signed with a key of its own.
pub(crate) fn sandbox(app: &App, tenant: &Tenant) -> Sandbox<StoredBooks> {
    let key = app.keys.mac("sandbox", &[tenant.id().as_str().as_bytes()]);
    Sandbox::new(StoredBooks(tenant.clone()), key, app.settings.public_url.clone())
}
