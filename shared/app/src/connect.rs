//! Builds the clients. No configuration chain: region and credentials are what Lambda's environment says, which makes a
//! binary 1 MB smaller and a cold start 2 ms shorter than `aws-config` with the system's certificates.

use std::{sync::Arc, time::Duration};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, StalledStreamProtectionConfig, retry::RetryConfig};
use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{auth::AuthSchemeId, http::SharedHttpClient, interceptors::SharedInterceptor};
use providers::{
    blob::Files,
    http::Web,
    kms::Kms,
    queue::{Delays, Queues},
};
use store::Store;

use crate::{
    App,
    auth::Keys,
    clock::Clock,
    config::{DataKeys, Settings},
    guard::LeastPrivilege,
    keeper::{By, Keeper},
    session_cache::Sessions,
};

/// The roots that Amazon's services chain up to (<https://www.amazontrust.com/repository/>). Reading five certificates
/// takes no time; reading the system's hundred takes 2 ms of a cold start. The first of them to end does so in 2037; should Amazon
/// move to others before a release does, `ONSALE_CA_BUNDLE` adds them.
const ROOTS: &[u8] = include_bytes!("roots.pem");

/// The SDKs' name for not signing at all.
const NO_AUTH: AuthSchemeId = AuthSchemeId::new("noAuth");

impl App {
    /// Builds the clients; calls nobody. With an `http_client` (the embedded services) no TLS is set up at all, and calls
    /// of tables and queues are not signed, which nobody checks within one process. With
    /// `guard` every call is compared with the grants of what runs.
    pub fn connect(settings: Settings, clock: Clock, http_client: Option<SharedHttpClient>, guard: bool) -> Self {
        let common = Common {
            is_embedded: http_client.is_some(),
            http: http_client.unwrap_or_else(|| https(settings.ca_bundle.as_deref())),
            guard: guard.then(|| SharedInterceptor::new(LeastPrivilege::new(&settings))),
            retries: if clock.is_test() {
                RetryConfig::standard().with_max_backoff(Duration::ZERO)
            } else {
                RetryConfig::standard()
            },
            settings: &settings,
        };
        let delays = if clock.is_test() { Delays::Poller } else { Delays::Service };
        let files_url = settings.files_url.as_deref().or(settings.s3_url.as_deref());
        let keeper = Keeper::new(common.wrapping(), clock.clone(), guard);
        Self {
            store: Store::new(common.dynamodb(), &settings.table_prefix, Arc::new(keeper)),
            queues: Queues::new(common.sqs(), settings.queue_prefix.clone(), delays),
            files: Files::new(common.s3(settings.s3_url.as_deref()), common.s3(files_url), settings.bucket.clone()),
            web: Web::default(),
            issuers: providers::oidc::Issuers::default(),
            keys: Keys::with_token_key(settings.secret.expose(), settings.token_key),
            sessions: Sessions::new(),
            heads: crate::trail::Heads::default(),
            machines: crate::machine::Machines::new(),
            buckets: crate::limits::Buckets::default(),
            clock,
            guarded: guard,
            settings,
        }
    }
}

/// What the clients have in common. Three SDKs have three types of configuration, hence the likeness of what follows.
struct Common<'a> {
    is_embedded: bool,
    http: SharedHttpClient,
    guard: Option<SharedInterceptor>,
    /// As often as the SDK thinks right. A clock that is moved by hand stands still between two tries.
    retries: RetryConfig,
    settings: &'a Settings,
}

impl Common<'_> {
    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region())
            .credentials_provider(self.credentials())
            .retry_config(self.retries.clone())
            .sleep_impl(TokioSleep::new())
            .http_client(self.http.clone());
        config.set_endpoint_url(self.settings.dynamodb_url.clone());
        if self.is_embedded {
            config = config
                .allow_no_auth()
                .auth_scheme_preference([NO_AUTH])
                .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        }
        if let Some(guard) = &self.guard {
            config.push_interceptor(guard.clone());
        }
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region())
            .credentials_provider(self.credentials())
            .retry_config(self.retries.clone())
            .sleep_impl(TokioSleep::new())
            .http_client(self.http.clone());
        config.set_endpoint_url(self.settings.sqs_url.clone());
        if self.is_embedded {
            config = config
                .allow_no_auth()
                .auth_scheme_preference([NO_AUTH])
                .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        }
        if let Some(guard) = &self.guard {
            config.push_interceptor(guard.clone());
        }
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    fn s3(&self, endpoint: Option<&str>) -> aws_sdk_s3::Client {
        let mut config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region())
            .credentials_provider(self.credentials())
            .retry_config(self.retries.clone())
            .sleep_impl(TokioSleep::new())
            .http_client(self.http.clone())
            .force_path_style(endpoint.is_some())
            // Trailing checksums are unknown to some services that are like S3.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
        config.set_endpoint_url(endpoint.map(str::to_owned));
        if let Some(guard) = &self.guard {
            config.push_interceptor(guard.clone());
        }
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// What wraps the data keys of tenants.
    fn wrapping(&self) -> By {
        match &self.settings.data_keys {
            DataKeys::Master(key) => By::Master(*key.expose()),
            DataKeys::Kms(key) => {
                let tls = trust(self.settings.ca_bundle.as_deref());
                let (web, url) = (Web::trusting(tls), self.settings.kms_url.clone());
                By::Kms(Box::new(Kms::new(web, self.settings.signer(), url, key.clone())))
            }
        }
    }

    fn region(&self) -> Region {
        Region::new(self.settings.region.clone())
    }

    fn credentials(&self) -> Credentials {
        let Settings { access_key_id, secret_access_key, session_token, .. } = self.settings;
        let token = session_token.as_ref().map(|token| token.expose().clone());
        Credentials::new(access_key_id, secret_access_key.expose(), token, None, "settings")
    }
}

fn https(more_roots: Option<&[u8]>) -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(trust(more_roots)).build_https()
}

/// Whom to trust.
fn trust(more_roots: Option<&[u8]>) -> TlsContext {
    let mut roots = TrustStore::empty().with_pem_certificate(ROOTS);
    if let Some(pem) = more_roots {
        roots.add_pem_certificate(pem);
    }
    // Without names of servers to check there is nothing that `build` could refuse.
    TlsContext::builder().with_trust_store(roots).build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;
    use crate::config::Stage;

    #[tokio::test]
    async fn the_embedded_roots_can_be_read() {
        let nobody = "https://127.0.0.1:1";
        let settings = Settings::embedded(Stage::Local, nobody, nobody, [7; 32]);
        let more = Settings { ca_bundle: Some(ROOTS.to_vec()), ..settings.clone() };
        for settings in [settings, more] {
            let app = App::connect(settings, Clock::test(Timestamp::UNIX_EPOCH), None, false);
            // The certificates are read when the first connection is made: one that is broken would panic here.
            let refused = app.queues.bury(providers::queue::Queue::CreateOrder, "{}").await.unwrap_err();
            assert!(refused.is_throttled(), "nobody there counts as too busy");
        }
    }
}
