//! SDK clients for what Amazon itself would do: provisioning, and polling queues. The application has clients of its own.

use app::config::Settings;
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_s3::config::Region;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::{auth::AuthSchemeId, http::SharedHttpClient};

/// The clients. No retries: whoever calls knows better what a failure means.
#[derive(Clone, Debug)]
pub(crate) struct Aws {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) s3: aws_sdk_s3::Client,
}

impl Aws {
    pub(crate) fn new(settings: &Settings, http: &SharedHttpClient) -> Self {
        macro_rules! config {
            ($sdk:ident, $endpoint:expr) => {{
                let mut config = $sdk::Config::builder()
                    .behavior_version_latest()
                    .region(Region::new(settings.region.clone()))
                    .credentials_provider(credentials(settings))
                    .retry_config(RetryConfig::disabled())
                    .sleep_impl(TokioSleep::new())
                    .http_client(http.clone());
                config.set_endpoint_url($endpoint.clone());
                config
            }};
        }
        // Nobody checks within one process who calls a table or a queue; the bucket does.
        macro_rules! unsigned {
            ($sdk:ident, $endpoint:expr) => {
                config!($sdk, $endpoint).allow_no_auth().auth_scheme_preference([AuthSchemeId::new("noAuth")]).build()
            };
        }
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(unsigned!(aws_sdk_dynamodb, settings.dynamodb_url)),
            sqs: aws_sdk_sqs::Client::from_conf(unsigned!(aws_sdk_sqs, settings.sqs_url)),
            s3: aws_sdk_s3::Client::from_conf(config!(aws_sdk_s3, settings.s3_url).force_path_style(true).build()),
        }
    }
}

fn credentials(settings: &Settings) -> Credentials {
    let token = settings.session_token.as_ref().map(|token| token.expose().clone());
    Credentials::new(&settings.access_key_id, settings.secret_access_key.expose(), token, None, "onsale")
}
