//! A client as a browser is one: over a socket, with nothing of the product's code.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Duration, timeout},
};

use crate::logs;

/// How long a raw request waits for its answer to end.
const WAITS: Duration = Duration::from_secs(2);

/// Sends requests to one address. Clones share connections.
#[derive(Clone, Debug)]
pub(crate) struct Web {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
}

/// What was answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What was asked, for the message of a test that fails.
    asked: String,
}

impl Web {
    pub(crate) fn new(base: &str) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), base: base.trim_end_matches('/').to_owned() }
    }

    /// A client at another address of this machine.
    pub(crate) fn from(address: IpAddr, base: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_local_address(Some(address));
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { client, base: base.trim_end_matches('/').to_owned() }
    }

    /// Sends bytes with headers to a path, or to a whole address.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let url = if path.starts_with("http") { path.to_owned() } else { [&self.base, path].concat() };
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(&url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body: Bytes = body.into();
        logs::heard(headers, &body);
        let request = request.body(Full::new(body)).unwrap();
        let asked = format!("{method} {path}");
        let answer = self.client.request(request).await.unwrap_or_else(|error| panic!("{asked}: {error}"));
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap_or_else(|error| panic!("{asked}: {error}")).to_bytes();
        logs::heard(&[], &body);
        Answer { status: parts.status.as_u16(), headers: parts.headers, body, asked }
    }
}

impl Web {
    /// Sends bytes as they are on a connection of their own, and reads until it is closed. Nothing where there is no
    /// answer: the server waits for more, or has hung up.
    pub(crate) async fn raw(&self, request: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.base.trim_start_matches("http://")).await.unwrap();
        // Who is refused early may find the connection closed while still writing.
        drop(stream.write_all(request).await);
        let mut read = Vec::new();
        drop(timeout(WAITS, stream.read_to_end(&mut read)).await);
        let end = read.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&read[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value.trim()).ok()?))
        };
        let asked = String::from_utf8_lossy(&request[..request.len().min(300)]).into_owned();
        Some(Answer {
            status,
            headers: lines.filter_map(header).collect(),
            body: read.split_off(end + 4).into(),
            asked,
        })
    }
}

impl Answer {
    /// The envelope; `null` where the answer is no JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The `data` of a success.
    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        assert!((200..300).contains(&self.status), "{self}");
        self.json()["data"].take()
    }

    /// The `data` of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        self.json()["data"].take()
    }

    /// Demands a refusal, and gives the whole envelope for what else it says.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, word: &str) -> Value {
        let envelope = self.json();
        assert_eq!((self.status, envelope["error"].as_str()), (status, Some(word)), "{self}");
        envelope
    }

    /// The stable word of a refusal.
    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body[..self.body.len().min(2_000)]);
        write!(f, "{} answered {} {body}", self.asked, self.status)
    }
}
