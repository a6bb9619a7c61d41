//! Credentials of a tenant at other services: taken, sealed, and never answered.

use domain::tenant::{Credential, Tenant};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Failed, Place};

/// Credentials of one service.
#[derive(Clone, Deserialize, JsonSchema)]
pub(crate) struct CredentialChange {
    /// Which service, such as `stripe`.
    #[schemars(length(min = 1, max = 24))]
    pub(crate) provider: String,
    /// What it is known by there, in the form that the service's adapter reads; nothing to forget it.
    #[schemars(length(max = 8_192))]
    secret: Option<String>,
}

impl std::fmt::Debug for CredentialChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CredentialChange").field("provider", &self.provider).finish_non_exhaustive()
    }
}

impl CredentialChange {
    pub(crate) fn is_named(&self) -> bool {
        let may = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=24).contains(&self.provider.len()) && self.provider.bytes().all(may)
    }
}

/// The place that the credentials of a service are sealed for.
const fn place(provider: &str) -> Place<'_> {
    Place { kind: "credential", id: provider.as_bytes(), field: "secret" }
}

/// The tenant with its credentials changed; nothing where they would be too many.
pub(crate) async fn change(
    store: &store::Tenant,
    mut tenant: Tenant,
    changes: &[CredentialChange],
) -> Result<Option<Tenant>, Failed> {
    for change in changes {
        tenant.credentials.retain(|known| known.provider != change.provider);
        if let Some(secret) = change.secret.as_deref().filter(|secret| !secret.is_empty()) {
            let sealed = store.seal(place(&change.provider), secret.as_bytes()).await?;
            tenant.credentials.push(Credential { provider: change.provider.clone(), sealed });
        }
    }
    tenant.credentials.sort_by(|one, other| one.provider.cmp(&other.provider));
    Ok((tenant.credentials.len() <= Tenant::MAX_CREDENTIALS).then_some(tenant))
}
