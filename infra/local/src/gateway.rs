//! HTTP: each request becomes an event of API Gateway, and goes to its operation as Lambda would hand it over.

mod event;

use std::{net::SocketAddr, panic::AssertUnwindSafe, sync::Arc};

use app::{App, Code, Operation, clock::Stopwatch, config::Settings};
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse as _, Response},
};
use bytes::{Bytes, BytesMut};
use futures_util::FutureExt as _;
use http::{Method, header};
use http_body_util::BodyExt as _;
use lambda_http::Body as LambdaBody;
use tower_http::compression::{
    CompressionLayer, CompressionLevel,
    predicate::{DefaultPredicate, Predicate as _, SizeAbove},
};

use crate::{
    cors,
    invocation::{self, Died},
    messages,
    metrics::Metrics,
    plug::Plug,
    refusal::refuse,
    routes::Routes,
};

/// What is read of a body that is too long, before it is refused: a client that is still sending does not hear us.
const READ_MAX: usize = 16 << 20;
/// Answers below this size fit into one packet anyway.
const COMPRESS_ABOVE: u16 = 1_024;
const METRICS: &str = "/metrics";

/// What every request needs.
#[derive(Debug)]
struct Gateway {
    app: &'static App,
    routes: Routes,
    metrics: Metrics,
    plug: Plug,
    /// Where files are under this origin: the bucket's name between slashes.
    files: String,
    queue_prefix: String,
}

/// The router; nothing without an operation for what no route takes.
pub(crate) fn router(app: &'static App, operations: &[&'static Operation], plug: Plug) -> Option<Router> {
    let Settings { bucket, queue_prefix, .. } = &app.settings;
    let routes = Routes::of(operations)?;
    let gateway = Gateway {
        app,
        metrics: Metrics::new(routes.names()),
        routes,
        plug,
        files: ["/", bucket, "/"].concat(),
        queue_prefix: queue_prefix.rsplit('/').next().unwrap_or_default().to_owned(),
    };
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(DefaultPredicate::new().and(SizeAbove::new(COMPRESS_ABOVE)));
    Some(Router::new().fallback(answer).with_state(Arc::new(gateway)).layer(compression))
}

/// Never panics: whatever goes wrong is an answer, too.
async fn answer(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let origin = cors::origin(request.headers());
    if let Some(preflight) = cors::preflight(request.method(), request.headers()) {
        return with_origin(preflight, origin);
    }
    let answered = AssertUnwindSafe(gateway.answer(peer, request)).catch_unwind().await;
    let response = answered.unwrap_or_else(|_| {
        tracing::error!("the gateway panicked");
        refuse(gateway.app, Code::Internal, "")
    });
    with_origin(response, origin)
}

impl Gateway {
    async fn answer(&self, peer: SocketAddr, request: Request) -> Response {
        let path = request.uri().path();
        if path == METRICS && request.method() == Method::GET {
            return self.metrics();
        }
        if path == messages::PATH && request.method() == Method::GET {
            return messages::page(self.app, peer, request.headers()).await;
        }
        if path.starts_with(&self.files) {
            return self.file(request).await;
        }
        self.operate(peer, request).await
    }

    async fn operate(&self, peer: SocketAddr, request: Request) -> Response {
        let watch = Stopwatch::start();
        let (parts, body) = request.into_parts();
        let matched = self.routes.find(&parts.method, parts.uri.path());
        let target = matched.target;
        let request_id = event::request_id();
        let response = match (read(body, target.operation.route.longest_body).await, event::host(&parts)) {
            (Ok(body), Ok(())) => {
                let request = event::request(parts, &body, peer, &request_id, target.operation, matched.parameters);
                let answer = runtime::http::answer(target.operation, self.app, request);
                match Box::pin(invocation::run(target.operation.route.name, answer)).await {
                    Ok(response) => into_axum(response),
                    // What API Gateway says of a function that died.
                    Err(Died) => refuse(self.app, Code::Internal, &request_id),
                }
            }
            _ => refuse(self.app, Code::MalformedRequest, &request_id),
        };
        self.metrics.count(target.place, response.status().as_u16(), watch.elapsed_ms());
        with_request_id(response, &request_id)
    }

    /// A file of the bucket, for whoever has a signed link.
    async fn file(&self, request: Request) -> Response {
        match self.plug.engines() {
            Some(engines) => engines.s3().call(request.map(s3s::Body::http_body_unsync)).await.map(Body::new),
            None => refuse(self.app, Code::Unavailable, ""),
        }
    }

    fn metrics(&self) -> Response {
        let Some(engines) = self.plug.engines() else { return refuse(self.app, Code::Unavailable, "") };
        let text = self.metrics.text(&engines, &self.queue_prefix, &self.app.settings.table_prefix);
        ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
    }
}

/// The client went away in the middle of its request.
#[derive(Debug)]
struct Gone;

/// Reads a body, of one that is too long only so much that the operation sees that it is.
async fn read(mut body: Body, longest: usize) -> Result<Bytes, Gone> {
    let mut kept = BytesMut::new();
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Gone)?.into_data() else { continue };
        seen += data.len();
        let room = (longest + 1).saturating_sub(kept.len());
        kept.extend_from_slice(&data[..room.min(data.len())]);
        if seen > READ_MAX {
            break;
        }
    }
    Ok(kept.freeze())
}

fn into_axum(response: lambda_http::Response<LambdaBody>) -> Response {
    response.map(|body| match body {
        LambdaBody::Text(text) => Body::from(text),
        LambdaBody::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    })
}

fn with_origin(mut response: Response, origin: Option<http::HeaderValue>) -> Response {
    if let Some(origin) = origin {
        cors::allow(origin, response.headers_mut());
    }
    response
}

fn with_request_id(mut response: Response, id: &str) -> Response {
    if let Ok(id) = http::HeaderValue::from_str(id) {
        response.headers_mut().entry("x-request-id").or_insert(id);
    }
    response
}
