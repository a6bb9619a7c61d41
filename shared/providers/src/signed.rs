//! Calls to Amazon's services for which an SDK would be too much: one request, signed (Signature Version 4), over [`Web`].

use std::{fmt, time::Duration};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use domain::Timestamp;

use crate::{
    Failed,
    http::{Answer, Web},
};

/// A call to be signed.
#[derive(Clone, Copy, Debug)]
pub struct Call<'c> {
    /// The name by which the service is signed for.
    pub service: &'static str,
    /// Where it is.
    pub url: &'c str,
    /// What is said beside the body; signed with it.
    pub headers: &'c [(&'c str, &'c str)],
    /// What is posted.
    pub body: &'c [u8],
    /// How long it may take.
    pub timeout: Duration,
}

/// Who signs, and for which region.
#[derive(Clone)]
pub struct Signer {
    region: String,
    credentials: Credentials,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("region", &self.region).finish_non_exhaustive()
    }
}

impl Signer {
    /// Signs with these credentials.
    pub fn new(region: &str, access_key_id: &str, secret: &str, session_token: Option<&str>) -> Self {
        let credentials = Credentials::new(access_key_id, secret, session_token.map(str::to_owned), None, "settings");
        Self { region: region.to_owned(), credentials }
    }

    /// The address of a service by the first part of its name.
    pub fn endpoint(&self, host: &str) -> String {
        let suffix = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://{host}.{}.{suffix}", self.region)
    }

    /// Posts bytes to a service, signed for it.
    ///
    /// # Errors
    /// When the request cannot be signed, or nobody answers in time. A status is no error.
    pub async fn post(&self, web: &Web, call: Call<'_>, now: Timestamp) -> Result<Answer, Failed> {
        let signature = self.sign(call, now)?;
        let signature = signature.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let headers: Vec<_> = call.headers.iter().copied().chain(signature).collect();
        web.post(call.url, &headers, call.body, call.timeout).await
    }

    /// The headers that sign a call.
    fn sign(&self, call: Call<'_>, now: Timestamp) -> Result<Vec<(String, String)>, Failed> {
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(call.service)
            .time(now.into())
            .settings(SigningSettings::default())
            .build()
            .map_err(failed)?;
        let body = SignableBody::Bytes(call.body);
        let request = SignableRequest::new("POST", call.url, call.headers.iter().copied(), body);
        let signed = sign(request.map_err(failed)?, &params.into()).map_err(failed)?;
        let (instructions, _) = signed.into_parts();
        let (headers, _) = instructions.into_parts();
        Ok(headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect())
    }
}

fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failed {
    Failed::new("sign", cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call<'c>(url: &'c str, body: &'c [u8]) -> Call<'c> {
        let headers = &[("content-type", "application/json")];
        Call { service: "ses", url, headers, body, timeout: Duration::from_secs(1) }
    }

    #[test]
    fn a_signature_names_key_day_region_and_service_and_covers_the_body() {
        let signer = Signer::new("eu-central-1", "AKIDEXAMPLE", "wJalrXUtnFEMI", Some("session"));
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        let sign = |body: &[u8]| {
            let headers = signer.sign(call("https://email.example/v2", body), now).unwrap();
            headers.into_iter().collect::<std::collections::HashMap<_, _>>()
        };
        let signed = sign(b"{}");
        let scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-central-1/ses/aws4_request, SignedHeaders=";
        assert!(signed["authorization"].starts_with(scope), "{signed:?}");
        assert_eq!(
            (signed["x-amz-date"].as_str(), signed["x-amz-security-token"].as_str()),
            ("20260101T000000Z", "session")
        );
        assert_ne!(sign(b"{ }")["authorization"], signed["authorization"]);
        assert!(!format!("{signer:?} {signed:?}").contains("wJalrXUtnFEMI"));
    }

    #[test]
    fn another_implementation_signs_the_same() {
        // botocore 1.44 (`SigV4Auth`), for the same key, moment and request.
        let expected = "d062bd5359dba3e83a1c55501c96a80e10ce8816103f1b27eb87c84440e1cced";
        let signer = Signer::new("eu-central-1", "AKIDEXAMPLE", "wJalrXUtnFEMI", Some("session"));
        let url = [&signer.endpoint("email"), "/v2/email/outbound-emails"].concat();
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        let headers = signer.sign(call(&url, b"{}"), now).unwrap();
        let (_, authorization) = headers.iter().find(|(name, _)| name == "authorization").unwrap();
        assert!(authorization.ends_with(&format!("Signature={expected}")), "{authorization}");
    }

    #[test]
    fn china_is_elsewhere() {
        let endpoint = |region| Signer::new(region, "a", "b", None).endpoint("email");
        assert_eq!(endpoint("eu-central-1"), "https://email.eu-central-1.amazonaws.com");
        assert_eq!(endpoint("cn-north-1"), "https://email.cn-north-1.amazonaws.com.cn");
    }
}
