//! A Lambda Runtime API for one process: it hands out events and takes the answers.
//!
//! What Lambda runs beside a function, as far as a function asks for it
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::{net::SocketAddr, path::Path, process::Stdio, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{Path as Segments, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderValue, StatusCode};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::{Mutex, mpsc},
    task::JoinHandle,
    time::{Instant, timeout},
};

use crate::Outcome;

/// How long a function may take to ask for work, or to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// What every event carries beside its body: an id, and a deadline that never comes.
const META: [(&str, &str); 4] = [
    ("lambda-runtime-aws-request-id", "00000000-0000-4000-8000-000000000001"),
    ("lambda-runtime-deadline-ms", "9999999999999"),
    ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:sample"),
    ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000001"),
];

/// What a function said to an event.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// An answer.
    Response(Bytes),
    /// That it failed: a panic, an event that it cannot read.
    Error(Bytes),
}

/// A function's process that has asked for work.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    api: Api,
    /// From `exec` to the first request for work.
    pub(crate) started_in: Duration,
}

impl Running {
    /// Starts a binary with an environment of its own, and waits until it asks for work.
    pub(crate) async fn start(binary: &Path, environment: &[(String, String)]) -> Outcome<Self> {
        let mut api = Api::listen().await?;
        let mut command = Command::new(binary);
        command.env_clear().envs(environment.iter().cloned()).env("AWS_LAMBDA_RUNTIME_API", api.address.to_string());
        command.env("AWS_LAMBDA_FUNCTION_NAME", "sample").env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256");
        command.env("AWS_LAMBDA_FUNCTION_VERSION", "1").env("AWS_LAMBDA_LOG_STREAM_NAME", "sample");
        command.env("AWS_LAMBDA_LOG_GROUP_NAME", "sample").env("_HANDLER", "bootstrap");
        // What a function logs is its own affair, unless it cannot start: then that is on standard error.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
        let began = Instant::now();
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", binary.display()))?;
        let asked = tokio::select! {
            asked = timeout(PATIENCE, api.asked.recv()) => asked,
            ended = child.wait() => return Err(format!("{} ended: {}", binary.display(), ended?).into()),
        };
        let asked = asked.ok().flatten().ok_or_else(|| format!("{} asks for no work", binary.display()))?;
        Ok(Self { child, api, started_in: asked.duration_since(began) })
    }

    /// Hands over one event; what was said, and how long it took.
    pub(crate) async fn invoke(&mut self, event: &str) -> Outcome<(Said, Duration)> {
        let began = Instant::now();
        self.api.events.send(event.to_owned())?;
        let (at, said) = tokio::select! {
            said = timeout(PATIENCE, self.api.said.recv()) => said?.ok_or("nobody listens")?,
            ended = self.child.wait() => return Err(format!("ended without an answer: {}", ended?).into()),
        };
        Ok((said, at.duration_since(began)))
    }

    /// KiB of memory that the process holds; nothing where the system does not tell.
    pub(crate) fn resident_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    }

    /// Ends it. A function never ends by itself.
    pub(crate) async fn stop(mut self) -> Outcome<()> {
        Ok(self.child.kill().await?)
    }
}

/// The listener of one process.
#[derive(Debug)]
struct Api {
    address: SocketAddr,
    asked: mpsc::UnboundedReceiver<Instant>,
    events: mpsc::UnboundedSender<String>,
    said: mpsc::UnboundedReceiver<(Instant, Said)>,
    server: JoinHandle<()>,
}

/// The other ends.
#[derive(Debug)]
struct Line {
    asked: mpsc::UnboundedSender<Instant>,
    events: Mutex<mpsc::UnboundedReceiver<String>>,
    said: mpsc::UnboundedSender<(Instant, Said)>,
}

impl Api {
    async fn listen() -> Outcome<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (asks, asked) = mpsc::unbounded_channel();
        let (events, handed) = mpsc::unbounded_channel();
        let (says, said) = mpsc::unbounded_channel();
        let line = Line { asked: asks, events: Mutex::new(handed), said: says };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{what}", post(say))
            .with_state(Arc::new(line));
        // Without an answer to its request for work a process that should start cannot go on: whoever waits is told.
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap_or_default() });
        Ok(Self { address, asked, events, said, server })
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(line): State<Arc<Line>>) -> Response {
    // Whoever measured may be gone by the second time.
    line.asked.send(Instant::now()).unwrap_or_default();
    let Some(event) = line.events.lock().await.recv().await else { return StatusCode::GONE.into_response() };
    let mut response = event.into_response();
    for (name, value) in META {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn say(
    State(line): State<Arc<Line>>,
    Segments((_, what)): Segments<(String, String)>,
    body: Bytes,
) -> StatusCode {
    let said = if what == "response" { Said::Response(body) } else { Said::Error(body) };
    line.said.send((Instant::now(), said)).unwrap_or_default();
    StatusCode::ACCEPTED
}
