//! The smallest server of HTTP/1.1 that others' clients can speak to: one request for each connection.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A request.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: BTreeMap<String, String>,
    pub(super) form: BTreeMap<String, String>,
    pub(super) authorization: Option<String>,
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) location: Option<String>,
    pub(super) body: String,
}

impl Said {
    pub(super) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self { status, kind: "application/json", location: None, body: body.to_string() }
    }

    pub(super) fn redirect(to: String) -> Self {
        Self { status: 302, kind: "text/plain", location: Some(to), body: String::new() }
    }
}

/// A server that answers until it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) base: String,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(super) async fn start(answer: Arc<dyn Fn(Asked) -> Said + Send + Sync>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answer = Arc::clone(&answer);
                tokio::spawn(async move { serve(stream, answer.as_ref()).await });
            }
        });
        Self { base, task }
    }
}

async fn serve(mut stream: TcpStream, answer: &(dyn Fn(Asked) -> Said + Send + Sync)) {
    let Some(asked) = read(&mut stream).await else { return };
    let said = answer(asked);
    let location = said.location.map(|to| format!("location: {to}\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {} x\r\ncontent-type: {}\r\ncontent-length: {}\r\n{location}connection: close\r\n\r\n",
        said.status,
        said.kind,
        said.body.len()
    );
    // The client may hang up before the end.
    drop(stream.write_all(&[head.as_bytes(), said.body.as_bytes()].concat()).await);
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let (head, body_at) = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break (String::from_utf8_lossy(&bytes[..end]).into_owned(), end + 4);
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let header = |wanted: &str| {
        let mut headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim().to_owned())
    };
    let length: usize = header("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < body_at + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Some(Asked {
        method,
        path: path.to_owned(),
        query: fields(query),
        form: fields(&String::from_utf8_lossy(&bytes[body_at..])),
        authorization: header("authorization"),
    })
}

/// The fields of a query or form.
pub(super) fn fields(text: &str) -> BTreeMap<String, String> {
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (decode(name), decode(value))).collect()
}

pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let hex = others.get(..2).and_then(|hex| data_encoding::HEXUPPER_PERMISSIVE.decode(hex).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.extend(byte);
                rest = &others[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = others;
            }
            _ => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}
