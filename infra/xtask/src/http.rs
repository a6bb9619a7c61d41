//! A client for plain HTTP on this machine: what the tools ask of the programs that they start.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

use crate::Outcome;

/// Sends requests. Clones share connections.
#[derive(Clone, Debug)]
pub(crate) struct Http(Client<HttpConnector, Full<Bytes>>);

/// What was answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl Http {
    pub(crate) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    /// Sends a body with headers.
    pub(crate) async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Outcome<Answer> {
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes())?).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.0.request(request.body(Full::new(body.into()))?).await?;
        let status = answer.status().as_u16();
        Ok(Answer { status, body: answer.into_body().collect().await?.to_bytes() })
    }

    /// Sends JSON, and demands a success that is JSON.
    pub(crate) async fn json(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &Value) -> Outcome<Value> {
        let all: Vec<_> = [("content-type", "application/json")].iter().chain(headers).copied().collect();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.send(method, url, &all, body).await?;
        if !(200..300).contains(&answer.status) {
            return Err(format!("{method} {url}: {} {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
        }
        Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
    }
}
