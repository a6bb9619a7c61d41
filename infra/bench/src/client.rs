//! A connection that is kept open, and what is asked over it.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::net::TcpStream;

use crate::Outcome;

/// A connection to one address.
#[derive(Debug)]
pub(crate) struct Line {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
    host: HeaderValue,
}

/// What was answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// The envelope of a success.
#[derive(Deserialize)]
struct Success<T> {
    data: T,
}

/// The envelope of a refusal.
#[derive(Deserialize)]
struct Refusal<'a> {
    error: &'a str,
}

impl Answer {
    /// The data of a success.
    pub(crate) fn data<T: DeserializeOwned>(&self) -> Outcome<T> {
        if !self.status.is_success() {
            return Err(self.unexpected());
        }
        Ok(serde_json::from_slice::<Success<T>>(&self.body)?.data)
    }

    /// The word of a refusal; empty where it is none.
    pub(crate) fn refusal(&self) -> &str {
        if self.status.is_success() {
            return "";
        }
        serde_json::from_slice::<Refusal<'_>>(&self.body).map_or("", |refusal| refusal.error)
    }

    /// Says that this is not what the bench can go on with.
    pub(crate) fn unexpected(&self) -> Box<dyn std::error::Error + Send + Sync> {
        format!("the program answered {} {}", self.status, String::from_utf8_lossy(&self.body)).into()
    }
}

impl Line {
    /// Connects to the host of an address.
    pub(crate) async fn open(authority: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Ends when the sender is dropped; whatever goes wrong is told by the next request.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, authority: authority.to_owned(), host: HeaderValue::from_str(authority)? })
    }

    /// Whom it leads to.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Asks, and reads the whole answer.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &HeaderValue)],
        body: Bytes,
    ) -> Outcome<Answer> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse::<Uri>()?;
        request.headers_mut().insert(header::HOST, self.host.clone());
        for (name, value) in headers {
            request.headers_mut().insert(*name, (*value).clone());
        }
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        Ok(Answer { status: head.status, body: body.collect().await?.to_bytes() })
    }
}
