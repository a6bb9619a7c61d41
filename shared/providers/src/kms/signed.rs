//! Calls of AWS services for which no SDK is linked: one signed POST each. A whole SDK for two operations would make every
//! function larger by hundreds of kilobytes.

use std::{fmt, sync::OnceLock, time::Duration};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, TlsContext, rustls_provider::CryptoMode},
};
use domain::Timestamp;

use crate::{
    Failed,
    http::{Answer, exchange},
};

/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Signs and sends. The connection is set up when the first call is made: most functions make none.
pub struct Signed {
    tls: TlsContext,
    connector: OnceLock<Connector>,
    credentials: Credentials,
    region: String,
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed").field("region", &self.region).finish_non_exhaustive()
    }
}

impl Signed {
    /// Calls of one region, with these credentials, to servers that the context trusts.
    pub const fn new(tls: TlsContext, credentials: Credentials, region: String) -> Self {
        Self { tls, connector: OnceLock::new(), credentials, region }
    }

    /// Where a service of the region answers (<https://docs.aws.amazon.com/general/latest/gr/rande.html>).
    pub fn endpoint(&self, service: &str) -> String {
        let suffix = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        ["https://", service, ".", &self.region, ".", suffix, "/"].concat()
    }

    /// Posts a body, signed for a service by Signature Version 4.
    ///
    /// # Errors
    /// When nobody answers in time, or the answer is too long. A status is no error.
    pub async fn post(
        &self,
        action: &'static str,
        service: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<Answer, Failed> {
        let failed = |cause: Box<dyn std::error::Error + Send + Sync>| Failed::new(action, cause);
        let unsigned =
            headers.iter().fold(http::Request::post(url), |request, (name, value)| request.header(*name, *value));
        let mut request = unsigned.body(body).map_err(|error| failed(error.into()))?;
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(now.into())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| failed(error.into()))?
            .into();
        let signable = SignableRequest::new("POST", url, headers.iter().copied(), SignableBody::Bytes(request.body()));
        let signed = sign(signable.map_err(|error| failed(error.into()))?, &parameters);
        let (instructions, _) = signed.map_err(|error| failed(error.into()))?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        exchange(action, self.connector(url), request.map(Into::into), TIMEOUT).await
    }

    fn connector(&self, url: &str) -> &Connector {
        self.connector.get_or_init(|| {
            // An emulator on the same machine.
            if url.starts_with("http:") {
                return Connector::builder().build_http();
            }
            let provider = Provider::Rustls(CryptoMode::AwsLc);
            Connector::builder().tls_provider(provider).tls_context(self.tls.clone()).build()
        })
    }
}
