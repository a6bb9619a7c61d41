//! The public address of the emulated API. The emulator tells APIs apart by the name of the host, which this machine
//! cannot resolve; and functions have to know the address before the API has a name.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{StatusCode, header::HOST};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::Outcome;

/// What API Gateway takes.
const BODY_MAX_BYTES: usize = 10 << 20;

/// A listener that passes requests on.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// The address that clients use.
    pub(crate) url: String,
    names: watch::Sender<String>,
    server: JoinHandle<()>,
}

#[derive(Clone, Debug)]
struct Route {
    client: Client<HttpConnector, Full<Bytes>>,
    emulator: String,
    name: watch::Receiver<String>,
}

impl Proxy {
    /// Listens in front of an emulator such as `http://127.0.0.1:4566`.
    pub(crate) async fn start(emulator: &str) -> Outcome<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (names, name) = watch::channel(String::new());
        let client = Client::builder(TokioExecutor::new()).build_http();
        let route = Route { client, emulator: emulator.to_owned(), name };
        let router = Router::new().fallback(pass).with_state(route);
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap_or_default() });
        Ok(Self { url, names, server })
    }

    /// Says by which name the emulator knows the API.
    pub(crate) fn lead_to(&self, host: &str) {
        self.names.send_replace(host.to_owned());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(State(route): State<Route>, request: Request) -> Response {
    match forwarded(&route, request).await {
        Ok(response) => response,
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

async fn forwarded(route: &Route, request: Request) -> Outcome<Response> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = [&route.emulator, path].concat().parse()?;
    let name = route.name.borrow().clone();
    parts.headers.insert(HOST, name.parse()?);
    let body = to_bytes(body, BODY_MAX_BYTES).await?;
    let answer = route.client.request(http::Request::from_parts(parts, Full::new(body))).await?;
    Ok(answer.map(Body::new))
}
