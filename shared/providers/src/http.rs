//! Calls to addresses of the web: webhooks that the sandbox sends, providers, and services of Amazon without an SDK.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_smithy_http_client::{
    Connector,
    tls::{Provider, TlsContext, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{http::HttpConnector, orchestrator::HttpRequest};
use aws_smithy_types::body::SdkBody;

use crate::Failed;

/// A client without cookies, redirects or retries. Clones share connections.
#[derive(Clone, Default)]
pub struct Web {
    connectors: Arc<Connectors>,
}

/// Built when first used: reading the system's certificates takes milliseconds that most functions never need.
#[derive(Default)]
struct Connectors {
    plain: OnceLock<Connector>,
    secure: OnceLock<Connector>,
    /// What is trusted, where it is not what the system trusts.
    trust: Option<TlsContext>,
}

/// What an address answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Web")
    }
}

impl Web {
    /// The longest body that is read: 256 KiB.
    pub const MAX_BODY: usize = 256 * 1024;

    /// A client that trusts these certificates alone.
    pub fn trusting(tls: TlsContext) -> Self {
        Self { connectors: Arc::new(Connectors { trust: Some(tls), ..Connectors::default() }) }
    }

    /// Sends bytes to an address and waits for the whole answer.
    ///
    /// # Errors
    /// When the address is none, nobody answers within `timeout`, or the answer is too long. A status is no error.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
        timeout: Duration,
    ) -> Result<Answer, Failed> {
        self.call("POST", url, headers, SdkBody::from(body.into()), timeout).await
    }

    /// Asks an address and waits for the whole answer.
    ///
    /// # Errors
    /// As [`Web::post`].
    pub async fn get(&self, url: &str, headers: &[(&str, &str)], timeout: Duration) -> Result<Answer, Failed> {
        self.call("GET", url, headers, SdkBody::empty(), timeout).await
    }

    async fn call(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: SdkBody,
        timeout: Duration,
    ) -> Result<Answer, Failed> {
        let request = headers
            .iter()
            .fold(http::Request::builder().method(method).uri(url), |request, (name, value)| {
                request.header(*name, *value)
            })
            .body(body)
            .map_err(failed)?;
        exchange(self.connector(url), request, timeout).await
    }

    fn connector(&self, url: &str) -> &Connector {
        if url.starts_with("https:") {
            self.connectors.secure.get_or_init(|| {
                let builder = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
                match &self.connectors.trust {
                    Some(tls) => builder.tls_context(tls.clone()).build(),
                    None => builder.build(),
                }
            })
        } else {
            self.connectors.plain.get_or_init(|| Connector::builder().build_http())
        }
    }
}

/// Sends a request and waits for the whole answer.
async fn exchange(connector: &Connector, request: http::Request<SdkBody>, timeout: Duration) -> Result<Answer, Failed> {
    let request = HttpRequest::try_from(request).map_err(failed)?;
    let exchange = async {
        let mut answer = connector.call(request).await.map_err(failed)?;
        let status = answer.status().as_u16();
        let body = read(answer.body_mut()).await?;
        Ok(Answer { status, body })
    };
    tokio::time::timeout(timeout, exchange).await.map_err(failed)?
}

/// Reads a body as far as it may go.
async fn read(body: &mut SdkBody) -> Result<Vec<u8>, Failed> {
    let mut bytes = Vec::new();
    while let Some(frame) = http_body_util::BodyExt::frame(body).await {
        let Ok(data) = frame.map_err(failed)?.into_data() else { continue };
        if bytes.len() + data.len() > Web::MAX_BODY {
            return Err(failed("the answer is too long"));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failed {
    Failed::new("http", cause)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        thread::{self, JoinHandle},
    };

    use super::*;

    /// Takes one request, answers it, and tells what it was.
    fn serve(answer: Vec<u8>) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook?a=1", listener.local_addr().unwrap());
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 1_024];
            while !request.ends_with(b"body") {
                let count = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..count]);
            }
            // The client may hang up before the end of an answer that is too long.
            drop(stream.write_all(&answer));
            String::from_utf8(request).unwrap()
        });
        (url, served)
    }

    fn answer(length: usize) -> Vec<u8> {
        let head = format!("HTTP/1.1 418 I'm a teapot\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
        [head.into_bytes(), vec![b'x'; length]].concat()
    }

    async fn post(url: &str) -> Result<Answer, Failed> {
        Web::default().post(url, &[("x-signature", "s")], "body", Duration::from_secs(5)).await
    }

    #[tokio::test]
    async fn a_post_arrives_and_its_answer_comes_back_whatever_the_status() {
        let (url, served) = serve(answer(3));
        assert_eq!(post(&url).await.unwrap(), Answer { status: 418, body: b"xxx".to_vec() });
        let request = served.join().unwrap();
        assert!(request.starts_with("POST /hook?a=1 HTTP/1.1\r\n") && request.contains("x-signature: s"), "{request}");
    }

    #[tokio::test]
    async fn an_answer_that_is_too_long_is_no_answer() {
        let (url, _served) = serve(answer(Web::MAX_BODY + 1));
        assert!(post(&url).await.is_err());
    }

    #[tokio::test]
    async fn nobody_there_and_no_address_are_failures() {
        assert!(post("http://127.0.0.1:1/").await.is_err());
        assert!(post("no address").await.is_err());
    }
}
