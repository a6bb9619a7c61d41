//! Calls the product's routes without a socket, as somebody who is logged in.

use app::{Call, Language, RequestFacts, Target, dispatch::dispatch};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{DemoError, PASSWORD, TENANT, email};
use crate::{System, routes::Routes};

/// Somebody who is logged in; or, without a token, nobody.
#[derive(Debug)]
pub(super) struct Insider<'s> {
    system: &'s System,
    routes: Routes,
    token: Option<String>,
}

impl<'s> Insider<'s> {
    /// Logs a customer in.
    pub(super) async fn customer(system: &'s System, name: &str) -> Result<Self, DemoError> {
        Self::log_in(system, "/api/auth/login", "login", name).await
    }

    /// Logs somebody in who runs things.
    pub(super) async fn admin(system: &'s System, name: &str) -> Result<Self, DemoError> {
        Self::log_in(system, "/api/admin/auth/login", "username", name).await
    }

    async fn log_in(system: &'s System, path: &str, field: &str, name: &str) -> Result<Self, DemoError> {
        let routes = Routes::of(&crate::operations()).ok_or_else(|| DemoError::new(path, "there are no routes"))?;
        let nobody = Self { system, routes, token: None };
        let login = json!({"tenantId": TENANT, field: email(name), "password": PASSWORD});
        let session = nobody.call("POST", path, &login).await?;
        let token = session["token"].as_str().ok_or_else(|| DemoError::new(path, "gives no token"))?;
        Ok(Self { token: Some(token.to_owned()), ..nobody })
    }

    /// The data of a success.
    pub(super) async fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value, DemoError> {
        let step = || [method, " ", path].concat();
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| DemoError::new(step(), error))?;
        let (route, query) = path.split_once('?').unwrap_or((path, ""));
        let matched = self.routes.find(&method, route);
        let call = Call {
            target: Target { method: method.clone(), path: route.to_owned(), query: query.to_owned() },
            path: matched.parameters.into_iter().map(|(name, value)| (name, Value::from(value))).collect(),
            query: pairs(query),
            request: self.facts(body.to_string()),
        };
        // Boxed: futures as deep as this one do not nest without end.
        let answer = Box::pin(dispatch(matched.target.operation, call, self.system.app)).await;
        let mut envelope: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if (200..300).contains(&answer.status) {
            return Ok(envelope["data"].take());
        }
        Err(DemoError::new(step(), format_args!("{} {envelope}", answer.status)))
    }

    fn facts(&self, body: String) -> RequestFacts {
        let token = self.token.as_ref().map(|token| (header::AUTHORIZATION, ["Bearer ", token].concat()));
        let fixed = [
            (header::CONTENT_TYPE, "application/json".to_owned()),
            (HeaderName::from_static("idempotency-key"), Uuid::now_v7().to_string()),
        ];
        let written = fixed.into_iter().chain(token).filter_map(|(name, value)| {
            let value = HeaderValue::from_str(&value).ok()?;
            Some((name, value))
        });
        RequestFacts {
            id: "demo".to_owned(),
            ip: "127.0.0.1".to_owned(),
            language: Language::English,
            headers: written.collect::<HeaderMap>(),
            body: Bytes::from(body),
            origin: self.system.base_url(),
        }
    }
}

/// A query string that needs no decoding.
fn pairs(query: &str) -> Map<String, Value> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}
