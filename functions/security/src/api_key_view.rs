//! An API key as administrators see it.

use app::{
    machine::key_name,
    wire::{IdText, Instant, Text},
};
use domain::{
    id::{Id as _, KeyId, UserId},
    tenant::TenantId,
    user::Role,
};
use schemars::JsonSchema;
use serde::Serialize;
use store::ApiKey;

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyView {
    id: IdText<KeyId>,
    name: String,
    /// What `keyid` is in its signatures.
    key_name: String,
    /// As which user it acts.
    user_id: IdText<UserId>,
    role: Text<Role>,
    scopes: Vec<String>,
    created_at: Instant,
    created_by: IdText<UserId>,
    expires_at: Option<Instant>,
}

impl ApiKeyView {
    pub(crate) fn of(tenant: &TenantId, key: &ApiKey) -> Self {
        Self {
            id: key.id.into(),
            name: key.name.clone(),
            key_name: key_name(tenant, key.id),
            user_id: key.principal().into(),
            role: key.role.into(),
            scopes: key.scopes.clone(),
            created_at: key.id.created().into(),
            created_by: key.creator.into(),
            expires_at: key.expires.map(Into::into),
        }
    }
}
