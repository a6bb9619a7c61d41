use std::path::Path;

use app::clock::Clock;
use domain::Timestamp;
use providers::queue::Queue;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{StartError, System};
use crate::{
    Options,
    engine::{Data, EngineError},
};

fn clock() -> Clock {
    Clock::test(Timestamp::from_second(1_800_000_000).unwrap())
}

async fn start() -> System {
    System::start(Options::test(clock())).await.unwrap()
}

/// An answer as it came.
struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap_or_default().parse().unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// Sends bytes to where an address points, and reads until the other side closes.
async fn send(url: &str, bytes: &[u8]) -> Answer {
    let host = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").map_or(answer.len(), |end| end + 4);
    let body = answer.split_off(end);
    Answer { head: String::from_utf8(answer).unwrap(), body }
}

async fn ask(system: &System, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
    let base = system.base_url();
    let host = base.strip_prefix("http://").unwrap();
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}{length}\r\n");
    send(&base, &[head.as_bytes(), body].concat()).await
}

#[tokio::test]
async fn it_answers_over_http() {
    let system = start().await;
    let answer = ask(&system, "GET", "/healthz", "", b"").await;
    assert_eq!(answer.status(), 200, "{}", answer.head);
    assert!(answer.header("x-request-id").is_some_and(|id| id.len() == 32));
    assert_eq!(ask(&system, "GET", "/readyz", "", b"").await.status(), 200, "the tables are there");
    let head = ask(&system, "HEAD", "/healthz", "", b"").await;
    assert_eq!((head.status(), head.body.len()), (200, 0));
    system.drained().await.unwrap();
    system.tick().await.unwrap();
    system.stop().await;
}

#[tokio::test]
async fn what_no_route_takes_is_refused_in_our_envelope() {
    let system = start().await;
    let missing = ask(&system, "GET", "/api/no-such", "", b"").await;
    assert_eq!((missing.status(), missing.json()["error"].as_str()), (404, Some("not_found")));
    let method = ask(&system, "DELETE", "/healthz", "", b"").await;
    assert_eq!((method.status(), method.json()["error"].as_str()), (405, Some("method_not_allowed")));
    assert_eq!(method.header("allow"), Some("GET, OPTIONS"));
    let unusual = ask(&system, "BREW", "/healthz", "", b"").await;
    assert_eq!(unusual.status(), 405);
    let options = ask(&system, "OPTIONS", "/healthz", "", b"").await;
    assert_eq!((options.status(), options.header("allow")), (204, Some("GET, OPTIONS")));
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_in_our_envelope() {
    let system = start().await;
    let json = "content-type: application/json\r\n";
    for bytes in [256 * 1_024 + 1, 4 << 20] {
        let answer = ask(&system, "POST", "/api/auth/login", json, &vec![b' '; bytes]).await;
        assert_eq!((answer.status(), answer.json()["error"].as_str()), (413, Some("payload_too_large")), "{bytes}");
    }
    let longest = ask(&system, "POST", "/api/auth/login", json, &vec![b' '; 256 * 1_024]).await;
    assert_eq!(longest.status(), 400);
}

#[tokio::test]
async fn garbage_ends_a_connection_and_nothing_else() {
    let system = start().await;
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nbad header\r\nconnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: a b c\r\nconnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: \xff\r\nconnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n",
        b"GET * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        b"CONNECT a:80 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        b"GET /a%zz?%zz=\x7f HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        b"POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
    ] {
        let answer = send(&system.base_url(), garbage).await;
        let shown = String::from_utf8_lossy(garbage).into_owned();
        assert!(answer.head.is_empty() || (400..500).contains(&answer.status()), "{shown}: {}", answer.head);
    }
    assert_eq!(ask(&system, "GET", "/healthz", "", b"").await.status(), 200);
}

#[tokio::test]
async fn pages_of_this_machine_may_call() {
    let system = start().await;
    let asks = "origin: http://localhost:5173\r\naccess-control-request-method: PUT\r\n";
    let preflight = ask(&system, "OPTIONS", "/api/orders", asks, b"").await;
    assert_eq!(preflight.status(), 204);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("http://localhost:5173"));
    let other = ask(&system, "GET", "/healthz", "origin: https://evil.example\r\n", b"").await;
    assert_eq!(other.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn large_answers_are_compressed_and_requests_counted() {
    let system = start().await;
    let plain = ask(&system, "GET", "/openapi.json", "", b"").await;
    let packed = ask(&system, "GET", "/openapi.json", "accept-encoding: gzip\r\n", b"").await;
    assert_eq!((plain.status(), packed.header("content-encoding")), (200, Some("gzip")));
    assert!(packed.body.len() * 2 < plain.body.len());
    let metrics = String::from_utf8(ask(&system, "GET", "/metrics", "", b"").await.body).unwrap();
    assert!(metrics.contains("onsale_requests_total{route=\"openapi\",status=\"200\"} 2"), "{metrics}");
    assert!(metrics.contains("onsale_queue_messages{queue=\"create-order\",state=\"visible\"} 0"), "{metrics}");
}

async fn link_works(system: &System) {
    let files = &system.app.files;
    files.put("demo/tkt_1.png", "image/png", "inline", b"\x89PNG".to_vec()).await.unwrap();
    let link = files.link("demo/tkt_1.png", 60, "tkt_1.png").await.unwrap();
    let (host, path) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let answer = send(&link, request.as_bytes()).await;
    assert_eq!((answer.status(), answer.body.as_slice()), (200, &b"\x89PNG"[..]), "{link}\n{}", answer.head);
    assert_eq!(answer.header("content-type"), Some("image/png"));
    let forged = send(&link, request.replace("tkt_1.png?", "tkt_2.png?").as_bytes()).await;
    assert_eq!(forged.status(), 403);
}

#[tokio::test]
async fn links_to_files_work_on_the_port_of_the_api() {
    link_works(&start().await).await;
}

#[tokio::test]
async fn links_to_files_work_on_the_aws_port() {
    let system = System::start(Options { aws_port: Some(0), ..Options::test(clock()) }).await.unwrap();
    assert!(system.aws_url().is_some_and(|url| url != system.base_url()));
    link_works(&system).await;
}

fn on(folder: &Path) -> Options {
    Options { data: Data::Folder(folder.to_owned()), ..Options::test(clock()) }
}

#[tokio::test]
async fn a_folder_can_be_opened_again_after_a_stop_but_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let first = System::start(on(folder.path())).await.unwrap();
    let refused = System::start(on(folder.path())).await.unwrap_err();
    assert!(matches!(refused, StartError::Engine(EngineError::InUse(_))), "{refused}");
    first.app.files.put("kept", "text/plain", "inline", b"kept".to_vec()).await.unwrap();
    let queue = Queue::CreateOrder;
    first.app.queues.bury(queue, "{}").await.unwrap();
    let app = first.app;
    first.stop().await;
    assert!(app.queues.bury(queue, "{}").await.is_err(), "who was stopped reaches nothing");
    let second = System::start(on(folder.path())).await.unwrap();
    assert!(second.app.files.exists("kept").await.unwrap());
    let dead = second.engines.sqs().pending("onsale-create-order-dead");
    assert_eq!(dead.visible, 1);
    second.stop().await;
}

#[tokio::test]
async fn a_system_that_is_dropped_lets_go_too() {
    let folder = tempfile::tempdir().unwrap();
    drop(System::start(on(folder.path())).await.unwrap());
    tokio::task::yield_now().await;
    System::start(on(folder.path())).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_said_so() {
    let system = start().await;
    let port = system.base_url().rsplit(':').next().unwrap().parse().unwrap();
    let refused = System::start(Options { port, ..Options::test(clock()) }).await.unwrap_err();
    assert!(refused.to_string().starts_with(&format!("cannot listen on 127.0.0.1:{port}")), "{refused}");
}

#[tokio::test]
async fn the_demo_is_for_this_machine_alone() {
    let options = Options { demo: true, bind: [0, 0, 0, 0].into(), ..Options::test(clock()) };
    assert!(matches!(System::start(options).await, Err(StartError::DemoForAll(_))));
}
