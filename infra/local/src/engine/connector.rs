//! The HTTP client for the SDKs that never opens a socket.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;

use super::{Answer, DynamoDb, ENDPOINT, S3, Sqs};
use crate::invocation;

/// The content type of Amazon's JSON protocols.
pub(super) const JSON: &str = "application/x-amz-json-1.0";

/// One of the embedded services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// `DynamoDB` and its streams.
    DynamoDb,
    /// SQS.
    Sqs,
    /// S3.
    S3,
}

impl Service {
    /// Splits the header `x-amz-target` into the service and the operation; `None` for a
    /// service that is not here.
    pub(super) fn of_target(target: &str) -> Option<(Self, &str)> {
        let (service, operation) = target.split_once('.')?;
        match service {
            "DynamoDB_20120810" | "DynamoDBStreams_20120810" => Some((Self::DynamoDb, operation)),
            "AmazonSQS" => Some((Self::Sqs, operation)),
            _ => None,
        }
    }
}

/// A call that a client makes, as an [`Interpose`] sees it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The service that is called.
    pub service: Service,
    /// The operation's name, such as `PutItem`. For S3 what the SDK notes in the address
    /// (`GetObject`), or else the HTTP method.
    pub operation: &'a str,
    /// The request's body; empty if it is a stream.
    pub body: &'a [u8],
    /// The operation or worker of the product that makes it; nothing for pollers and for tests.
    pub by: Option<&'static str>,
    /// What the SDK's retries of one call have in common.
    pub id: &'a str,
}

/// What shall happen to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The call goes through.
    Proceed,
    /// The call is not carried out, and is answered with this.
    RefuseWith {
        /// The HTTP status.
        status: u16,
        /// The body, `{"__type": …}` for the JSON services.
        json: String,
    },
    /// The call is carried out, but its answer is lost: the client sees a broken connection.
    LoseReply,
    /// The call is not carried out: the client sees a broken connection.
    FailBefore,
    /// The call is not carried out, and whoever makes it ends here as if its process had died.
    DieBefore,
    /// The call is carried out, and whoever makes it ends here as if its process had died.
    DieAfter,
}

/// Decides about calls before they reach an engine, to play Amazon having a bad day.
pub trait Interpose: Send + Sync + Debug {
    /// Decides what shall happen to a call. Retries are calls of their own.
    fn before(&self, call: &Call<'_>) -> Verdict;
}

/// Routes the calls of SDK clients to the embedded engines. Clones share everything.
///
/// Only calls through this connector are interposed; those over [`super::Engines::router`] are
/// not.
#[derive(Clone, Debug)]
pub struct Connector {
    dynamodb: DynamoDb,
    sqs: Sqs,
    s3: S3,
    interposed: Arc<Interposed>,
}

#[derive(Debug, Default)]
struct Interposed {
    /// Whether there is a hook: all that a call costs when there is none.
    active: AtomicBool,
    hook: RwLock<Option<Arc<dyn Interpose>>>,
}

impl Connector {
    pub(super) fn new(dynamodb: DynamoDb, sqs: Sqs, s3: S3) -> Self {
        Self { dynamodb, sqs, s3, interposed: Arc::default() }
    }

    /// Puts a hook before every call, in place of the one before.
    pub fn interpose(&self, hook: Arc<dyn Interpose>) {
        self.set_hook(Some(hook));
    }

    /// Removes the hook.
    pub fn clear(&self) {
        self.set_hook(None);
    }

    pub(super) fn dynamodb(&self) -> &DynamoDb {
        &self.dynamodb
    }

    pub(super) fn sqs(&self) -> &Sqs {
        &self.sqs
    }

    pub(super) fn s3(&self) -> &S3 {
        &self.s3
    }

    fn set_hook(&self, hook: Option<Arc<dyn Interpose>>) {
        let active = hook.is_some();
        *self.interposed.hook.write().unwrap_or_else(PoisonError::into_inner) = hook;
        self.interposed.active.store(active, Ordering::Release);
    }

    fn verdict(&self, request: &HttpRequest) -> Verdict {
        if !self.interposed.active.load(Ordering::Acquire) {
            return Verdict::Proceed;
        }
        let hook = self.interposed.hook.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(hook) = hook else { return Verdict::Proceed };
        let target = request.headers().get("x-amz-target").and_then(Service::of_target);
        let (service, operation) = target.unwrap_or_else(|| (Service::S3, s3_operation(request)));
        let body = request.body().bytes().unwrap_or_default();
        let id = request.headers().get("amz-sdk-invocation-id").unwrap_or_default();
        hook.before(&Call { service, operation, body, by: invocation::name(), id })
    }

    fn route(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(target) = request.headers().get("x-amz-target") else {
            let s3 = self.s3.clone();
            return HttpConnectorFuture::new(call_s3(s3, request));
        };
        match Service::of_target(target) {
            Some((Service::DynamoDb, operation)) => {
                // The SDK holds the bodies of the JSON protocols in memory.
                let body = request.body().bytes().unwrap_or_default();
                let answer = self.dynamodb.call(operation, body);
                HttpConnectorFuture::ready(respond(answer))
            }
            Some((Service::Sqs, operation)) => {
                let (sqs, operation) = (self.sqs.clone(), operation.to_owned());
                HttpConnectorFuture::new(async move {
                    let body = request.body().bytes().unwrap_or_default();
                    respond(sqs.call(&operation, body, &endpoint(&request)).await)
                })
            }
            _ => HttpConnectorFuture::ready(Err(ConnectorError::user(
                format!("there is no embedded service for {target}").into(),
            ))),
        }
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match self.verdict(&request) {
            Verdict::Proceed => self.route(request),
            Verdict::RefuseWith { status, json } => {
                HttpConnectorFuture::ready(respond(Answer { status, body: json.into_bytes(), query_error: None }))
            }
            Verdict::LoseReply => {
                let reply = self.route(request);
                HttpConnectorFuture::new(async move {
                    reply.await?;
                    Err(broken("the connection broke before the reply"))
                })
            }
            Verdict::FailBefore => HttpConnectorFuture::ready(Err(broken("the connection broke before the call"))),
            Verdict::DieBefore => HttpConnectorFuture::new(die()),
            Verdict::DieAfter => {
                let reply = self.route(request);
                HttpConnectorFuture::new(async move {
                    reply.await?;
                    die().await
                })
            }
        }
    }
}

impl HttpClient for Connector {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// Never answers: the invocation is dropped while it waits. Outside of one there is nothing that could die.
async fn die() -> Result<HttpResponse, ConnectorError> {
    if invocation::die() {
        return std::future::pending().await;
    }
    Err(broken("nothing runs here that could die"))
}

fn broken(message: &'static str) -> ConnectorError {
    ConnectorError::io(std::io::Error::new(std::io::ErrorKind::ConnectionReset, message).into())
}

/// Returns the operation that the SDK notes in an S3 address, or the HTTP method.
fn s3_operation(request: &HttpRequest) -> &str {
    let query = request.uri().split_once('?').map_or("", |(_, query)| query);
    let noted = query.split('&').find_map(|pair| pair.strip_prefix("x-id="));
    noted.unwrap_or_else(|| request.method())
}

/// Returns the scheme and host that the client believes to talk to.
fn endpoint(request: &HttpRequest) -> String {
    let uri = request.uri();
    let host = uri.find("://").map_or(0, |at| at + 3);
    let end = uri[host..].find(['/', '?']).map_or(uri.len(), |at| host + at);
    if host == 0 { ENDPOINT.to_owned() } else { uri[..end].to_owned() }
}

fn respond(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(answer.status).map_err(|error| other(error.into()))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    response.headers_mut().insert("content-type", JSON);
    response.headers_mut().insert("x-amzn-requestid", "local");
    if let Some(query_error) = answer.query_error {
        response.headers_mut().insert("x-amzn-query-error", query_error);
    }
    Ok(response)
}

async fn call_s3(s3: S3, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| other(error.into()))?;
    let (parts, body) = request.into_parts();
    let body: Bytes = body.collect().await.map_err(other)?.to_bytes();
    let response = s3.call(http::Request::from_parts(parts, s3s::Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(other)?.to_bytes();
    let response = http::Response::from_parts(parts, SdkBody::from(body));
    HttpResponse::try_from(response).map_err(|error| other(error.into()))
}

fn other(error: Box<dyn std::error::Error + Send + Sync>) -> ConnectorError {
    ConnectorError::other(error, None)
}

#[cfg(test)]
mod tests;
