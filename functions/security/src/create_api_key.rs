//! `POST /api/admin/api-keys`: lets a machine in. What it signs with is answered once and never again.

use app::{
    App, Auth, Caller, Code, Detail, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    machine::SCOPES,
    wire::{Instant, Text},
};
use domain::{
    Timestamp,
    id::{Id as _, KeyId},
    user::Role,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{ApiKey, Table};

use crate::api_key_view::ApiKeyView;

/// The operation.
pub static OPERATION: Operation = Operation::of::<CreateApiKey>();

/// The most keys of a tenant.
const MOST: usize = 100;

/// The key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateApiKey {
    /// What people call it.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// Not more than one's own, and not more than an administrator.
    #[schemars(example = &"staff")]
    role: Text<Role>,
    /// What it may do of what its role may.
    #[schemars(length(min = 1, max = 20), example = ["orders:read"])]
    scopes: Vec<String>,
    /// Until when it is good; without an end where nothing is said.
    expires_at: Option<Instant>,
}

/// The key, and what it signs with.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NewApiKey {
    #[serde(flatten)]
    key: ApiKeyView,
    /// 32 bytes in base64. Shown this once.
    secret: String,
}

impl Endpoint for CreateApiKey {
    const ROUTE: Route = Route {
        name: "create-api-key",
        method: Method::Post,
        path: "/api/admin/api-keys",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Identity), Grant::write(Table::Identity)],
        summary: "Make a key with which a machine signs its requests; its secret is shown once",
        success: 201,
        errors: &[Code::LimitExceeded, Code::AlreadyExists],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = NewApiKey;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<NewApiKey, Error> {
        let (tenant, identity, now) = (app.store.tenant(caller.tenant()?), caller.identity()?, app.now());
        let wrong = self.wrong(identity.role, now);
        if !wrong.is_empty() {
            return Err(Error::fields(wrong));
        }
        if tenant.api_keys().all().await?.len() >= MOST {
            return Err(Code::LimitExceeded.into());
        }
        let (secret, sealed) = app.machine_secret(tenant.id())?;
        let mut scopes = self.scopes;
        scopes.sort_unstable();
        scopes.dedup();
        let key = ApiKey {
            id: KeyId::new(now, app.random()?),
            name: self.name.trim().to_owned(),
            role: self.role.0,
            scopes,
            secret: sealed,
            creator: identity.user,
            expires: self.expires_at.map(|at| at.0),
        };
        if !tenant.api_keys().add(&key).await? {
            return Err(Code::AlreadyExists.into());
        }
        let view = ApiKeyView::of(tenant.id(), &key);
        caller.trail.made(key.id, &view);
        Ok(NewApiKey { key: view, secret })
    }
}

impl CreateApiKey {
    /// What is wrong with it, where somebody of this role asks.
    fn wrong(&self, own: Role, now: Timestamp) -> Vec<Detail> {
        let detail = |field: String, reason: &str| Detail { field, reason: reason.to_owned() };
        let mut wrong = Vec::new();
        if self.name.trim().is_empty() {
            wrong.push(detail("name".to_owned(), "must not be blank"));
        }
        if self.role.0 > own.min(Role::Admin) {
            wrong.push(detail("role".to_owned(), "must be no more than your own, and at most admin"));
        }
        for (place, scope) in self.scopes.iter().enumerate() {
            if !SCOPES.contains(&scope.as_str()) {
                wrong.push(detail(format!("scopes[{place}]"), &["must be one of ", &SCOPES.join(", ")].concat()));
            }
        }
        if self.expires_at.is_some_and(|at| at.0 <= now) {
            wrong.push(detail("expiresAt".to_owned(), "must lie in the future"));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn wrong(own: Role, change: &Value) -> Vec<String> {
        let mut body = json!({"name": "Till", "role": "staff", "scopes": ["orders:read"]});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let asked: CreateApiKey = serde_json::from_value(body).unwrap();
        let wrong = asked.wrong(own, Timestamp::from_second(1_767_225_600).unwrap());
        wrong.into_iter().map(|detail| detail.field).collect()
    }

    #[test]
    fn nobody_makes_a_key_that_may_more_than_they() {
        for (own, role, fields) in [
            (Role::Admin, "admin", &[][..]),
            (Role::Admin, "customer", &[]),
            (Role::Admin, "platform", &["role"]),
            (Role::Platform, "platform", &["role"]),
            (Role::Platform, "admin", &[]),
            (Role::Publisher, "admin", &["role"]),
        ] {
            assert_eq!(wrong(own, &json!({ "role": role })), fields, "{own} makes {role}");
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let all = json!({
            "name": " ", "role": "platform", "scopes": ["orders:read", "identity:write", "security:write"],
            "expiresAt": "2026-01-01T00:00:00Z",
        });
        assert_eq!(wrong(Role::Admin, &all), ["name", "role", "scopes[1]", "scopes[2]", "expiresAt"]);
        assert_eq!(wrong(Role::Admin, &json!({"expiresAt": "2026-01-01T00:00:01Z"})), [""; 0]);
    }
}
