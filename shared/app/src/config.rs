//! What is configured: read once, from the environment, complaining about everything at once.

use std::fmt;

use data_encoding::BASE64;
use providers::signed::Signer;

use crate::limits::Limits;

/// Everything that is configured. The local program and tests fill it in without an environment.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `ONSALE_STAGE`: `local`, `test`, or the name of a deployed stage such as `prod`.
    pub stage: Stage,
    /// `ONSALE_TABLE_PREFIX`: what the names of tables begin with.
    pub table_prefix: String,
    /// `ONSALE_QUEUE_PREFIX`: what the URLs of queues begin with; the name of the queue follows.
    pub queue_prefix: String,
    /// `ONSALE_BUCKET`: the bucket of files.
    pub bucket: String,
    /// `ONSALE_PUBLIC_URL`: our own origin, without a slash at the end, such as `https://tickets.example`.
    pub public_url: String,
    /// `ONSALE_SECRET`: 32 bytes in base64, from which every key is derived.
    pub secret: Secret<[u8; 32]>,
    /// `ONSALE_TOKEN_KEY`: the number of the key that signs access tokens, from 1; without it 1. Its neighbours verify.
    pub token_key: u32,
    /// `ONSALE_KMS_KEY` or `ONSALE_MASTER_KEY`: what wraps the data keys of tenants.
    pub data_keys: DataKeys,
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Secret<String>,
    /// `AWS_SESSION_TOKEN`, where there is one.
    pub session_token: Option<Secret<String>>,
    /// `AWS_ENDPOINT_URL_DYNAMODB` or `AWS_ENDPOINT_URL`, where it is not Amazon's.
    pub dynamodb_url: Option<String>,
    /// `AWS_ENDPOINT_URL_SQS` or `AWS_ENDPOINT_URL`, where it is not Amazon's.
    pub sqs_url: Option<String>,
    /// `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`, where it is not Amazon's.
    pub s3_url: Option<String>,
    /// `AWS_ENDPOINT_URL_KMS` or `AWS_ENDPOINT_URL`, where it is not Amazon's.
    pub kms_url: Option<String>,
    /// `ONSALE_FILES_URL`: the endpoint under which browsers reach the files, where it differs from the one before.
    pub files_url: Option<String>,
    /// `ONSALE_WEB_URL`: scheme and host of the pages that links in messages lead to; without it our own.
    pub web_url: String,
    /// `ONSALE_MAIL_FROM`: the address that e-mail comes from. Without it local and test stages keep their messages, and
    /// others send no e-mail.
    pub mail_from: Option<String>,
    /// `ONSALE_SMS_SENDER`: the name that text messages come from, where the country allows one.
    pub sms_sender: Option<String>,
    /// `AWS_ENDPOINT_URL_SESV2` or `AWS_ENDPOINT_URL`, where it is not Amazon's.
    pub ses_url: Option<String>,
    /// `AWS_ENDPOINT_URL_SNS` or `AWS_ENDPOINT_URL`, where it is not Amazon's.
    pub sns_url: Option<String>,
    /// `ONSALE_CA_BUNDLE`: a file of certificates in PEM that are trusted beside Amazon's. What it contains.
    pub ca_bundle: Option<Vec<u8>>,
    /// `ONSALE_LIMITS`: how fast others may ask, in percent of [`Limits::DEPLOYED`], which is what holds where it is not
    /// set; or `off`.
    pub limits: Option<Limits>,
    /// `RUST_LOG`: what is logged, such as `warn,request=info`; without it everything from `info` on.
    pub log: Option<String>,
}

/// What wraps the data keys of tenants.
#[derive(Clone, Debug)]
pub enum DataKeys {
    /// A key of KMS, by its id, ARN or alias.
    Kms(String),
    /// 32 bytes, in base64 in the environment: where there is no KMS.
    Master(Secret<[u8; 32]>),
}

/// Which of several installations this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// On a developer's machine.
    Local,
    /// Deployed for tests.
    Test,
    /// Deployed for real, under this name.
    Deployed(String),
}

impl Stage {
    /// Reads the name.
    pub fn parse(name: &str) -> Self {
        match name {
            "local" => Self::Local,
            "test" => Self::Test,
            name => Self::Deployed(name.to_owned()),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Self::Local => "local",
            Self::Test => "test",
            Self::Deployed(name) => name,
        }
    }

    /// Whether the sandbox provider, with which nobody pays, may be used.
    pub const fn has_sandbox(&self) -> bool {
        matches!(self, Self::Local | Self::Test)
    }
}

/// A value that does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Everything that is wrong with the configuration: variables, and what they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not complete: {}", .0.join("; "))]
pub struct ConfigError(pub Vec<String>);

impl Settings {
    /// What signs calls to services of Amazon for which no SDK is linked.
    pub fn signer(&self) -> Signer {
        let token = self.session_token.as_ref().map(|token| token.expose().as_str());
        Signer::new(&self.region, &self.access_key_id, self.secret_access_key.expose(), token)
    }

    /// Reads the environment.
    ///
    /// # Errors
    /// With every variable that is missing or not readable.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&|name| std::env::var(name).ok())
    }

    /// Reads variables from wherever `get` finds them. An empty variable counts as missing.
    ///
    /// # Errors
    /// As [`Settings::from_env`].
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut reader = Reader { get, wrong: Vec::new() };
        let settings = Self {
            stage: Stage::parse(&reader.needed("ONSALE_STAGE")),
            table_prefix: reader.needed("ONSALE_TABLE_PREFIX"),
            queue_prefix: reader.needed("ONSALE_QUEUE_PREFIX"),
            bucket: reader.needed("ONSALE_BUCKET"),
            public_url: reader.needed("ONSALE_PUBLIC_URL").trim_end_matches('/').to_owned(),
            secret: reader.secret("ONSALE_SECRET"),
            token_key: reader.number("ONSALE_TOKEN_KEY", 1),
            data_keys: reader.data_keys(),
            region: reader.needed("AWS_REGION"),
            access_key_id: reader.needed("AWS_ACCESS_KEY_ID"),
            secret_access_key: Secret(reader.needed("AWS_SECRET_ACCESS_KEY")),
            session_token: reader.optional("AWS_SESSION_TOKEN").map(Secret),
            dynamodb_url: reader.endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            sqs_url: reader.endpoint("AWS_ENDPOINT_URL_SQS"),
            s3_url: reader.endpoint("AWS_ENDPOINT_URL_S3"),
            kms_url: reader.endpoint("AWS_ENDPOINT_URL_KMS"),
            files_url: reader.optional("ONSALE_FILES_URL"),
            web_url: reader
                .optional("ONSALE_WEB_URL")
                .or_else(|| reader.optional("ONSALE_PUBLIC_URL"))
                .unwrap_or_default()
                .trim_end_matches('/')
                .to_owned(),
            mail_from: reader.optional("ONSALE_MAIL_FROM"),
            sms_sender: reader.optional("ONSALE_SMS_SENDER"),
            ses_url: reader.endpoint("AWS_ENDPOINT_URL_SESV2"),
            sns_url: reader.endpoint("AWS_ENDPOINT_URL_SNS"),
            ca_bundle: reader.file("ONSALE_CA_BUNDLE"),
            limits: reader.limits("ONSALE_LIMITS"),
            log: reader.optional("RUST_LOG"),
        };
        if reader.wrong.is_empty() { Ok(settings) } else { Err(ConfigError(reader.wrong)) }
    }

    /// What a program with embedded services uses: names without a stage, credentials that open nothing.
    pub fn embedded(stage: Stage, endpoint: &str, public_url: &str, secret: [u8; 32]) -> Self {
        Self {
            stage,
            table_prefix: "onsale-".to_owned(),
            queue_prefix: [endpoint, "/000000000000/onsale-"].concat(),
            bucket: "onsale".to_owned(),
            public_url: public_url.trim_end_matches('/').to_owned(),
            secret: Secret(secret),
            token_key: 1,
            data_keys: DataKeys::Master(Secret(secret)),
            region: "eu-central-1".to_owned(),
            access_key_id: "embedded".to_owned(),
            secret_access_key: Secret("embedded".to_owned()),
            session_token: None,
            dynamodb_url: Some(endpoint.to_owned()),
            sqs_url: Some(endpoint.to_owned()),
            s3_url: Some(endpoint.to_owned()),
            kms_url: None,
            files_url: None,
            web_url: public_url.trim_end_matches('/').to_owned(),
            mail_from: None,
            sms_sender: None,
            ses_url: None,
            sns_url: None,
            ca_bundle: None,
            limits: Some(Limits::LOCAL),
            log: None,
        }
    }
}

/// Reads variables and remembers what is wrong with them.
struct Reader<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    wrong: Vec<String>,
}

impl Reader<'_> {
    fn optional(&self, name: &str) -> Option<String> {
        (self.get)(name).filter(|value| !value.is_empty())
    }

    fn needed(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.wrong.push(format!("{name} is not set"));
            String::new()
        })
    }

    fn endpoint(&self, name: &str) -> Option<String> {
        self.optional(name).or_else(|| self.optional("AWS_ENDPOINT_URL"))
    }

    /// The value is never part of the complaint.
    fn secret(&mut self, name: &str) -> Secret<[u8; 32]> {
        let Some(text) = self.optional(name) else {
            self.wrong.push(format!("{name} is not set"));
            return Secret([0; 32]);
        };
        let bytes = BASE64.decode(text.trim().as_bytes()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        Secret(bytes.unwrap_or_else(|| {
            self.wrong.push(format!("{name} is not 32 bytes in base64"));
            [0; 32]
        }))
    }

    fn limits(&mut self, name: &str) -> Option<Limits> {
        let text = match self.optional(name) {
            None => return Some(Limits::DEPLOYED),
            Some(text) if text == "off" => return None,
            Some(text) => text,
        };
        let percent = text.parse().ok().filter(|percent| (1..=10_000).contains(percent));
        if percent.is_none() {
            self.wrong.push(format!("{name} is neither off nor a number of percent from 1 to 10000"));
        }
        percent.map(|percent| Limits::DEPLOYED.scaled(percent))
    }

    fn number(&mut self, name: &str, usual: u32) -> u32 {
        let Some(text) = self.optional(name) else { return usual };
        text.trim().parse().ok().filter(|number| (1..u32::MAX).contains(number)).unwrap_or_else(|| {
            self.wrong.push(format!("{name} is not a number from 1 on"));
            usual
        })
    }

    /// One of the two, and not both: what was wrapped by one key cannot be unwrapped by the other.
    fn data_keys(&mut self) -> DataKeys {
        match (self.optional("ONSALE_KMS_KEY"), self.optional("ONSALE_MASTER_KEY")) {
            (Some(key), None) => DataKeys::Kms(key),
            (None, Some(_)) => DataKeys::Master(self.secret("ONSALE_MASTER_KEY")),
            _ => {
                self.wrong.push("one of ONSALE_KMS_KEY and ONSALE_MASTER_KEY must be set".to_owned());
                DataKeys::Kms(String::new())
            }
        }
    }

    fn file(&mut self, name: &str) -> Option<Vec<u8>> {
        let path = self.optional(name)?;
        std::fs::read(&path).map_err(|error| self.wrong.push(format!("{name}: {path}: {error}"))).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        Some(match name {
            "ONSALE_SECRET" => BASE64.encode(&[7; 32]),
            "ONSALE_PUBLIC_URL" => "https://tickets.example/".to_owned(),
            "ONSALE_TOKEN_KEY" => "2".to_owned(),
            "ONSALE_CA_BUNDLE" | "ONSALE_LIMITS" | "AWS_ENDPOINT_URL_SQS" | "ONSALE_MASTER_KEY" => return None,
            name => name.to_lowercase(),
        })
    }

    #[test]
    fn every_complaint_comes_at_once() {
        let error = Settings::read(&|name| (name == "ONSALE_SECRET").then(|| "short".to_owned())).unwrap_err();
        assert_eq!(error.0.len(), 10, "{error}");
        assert!(error.to_string().contains("ONSALE_BUCKET is not set"));
        assert!(error.to_string().contains("ONSALE_SECRET is not 32 bytes in base64"));
        assert!(!error.to_string().contains("short"), "a secret must not print");
    }

    #[test]
    fn one_endpoint_stands_for_those_that_are_not_named() {
        let settings = Settings::read(&complete).unwrap();
        assert_eq!(settings.sqs_url.as_deref(), Some("aws_endpoint_url"));
        assert_eq!(settings.s3_url.as_deref(), Some("aws_endpoint_url_s3"));
        assert_eq!((settings.public_url.as_str(), settings.token_key), ("https://tickets.example", 2));
    }

    #[test]
    fn the_number_of_a_key_counts_from_one() {
        for (text, number) in [("", Some(1)), ("7", Some(7)), ("0", None), ("-1", None), ("4294967295", None)] {
            let read = |name: &str| if name == "ONSALE_TOKEN_KEY" { Some(text.to_owned()) } else { complete(name) };
            assert_eq!(Settings::read(&read).ok().map(|settings| settings.token_key), number, "{text}");
        }
    }

    #[test]
    fn limits_are_percent_or_off() {
        let read = |text: &str| {
            let text = text.to_owned();
            Settings::read(&move |name| if name == "ONSALE_LIMITS" { Some(text.clone()) } else { complete(name) })
        };
        assert_eq!(read("").unwrap().limits, Some(Limits::DEPLOYED));
        assert_eq!(read("50").unwrap().limits, Some(Limits::DEPLOYED.scaled(50)));
        assert_eq!(read("off").unwrap().limits, None);
        for wrong in ["0", "-1", "on", "10001", "50%"] {
            assert_eq!(read(wrong).unwrap_err().0.len(), 1, "{wrong}");
        }
    }

    #[test]
    fn data_keys_are_wrapped_by_kms_or_by_a_master_key_and_not_by_both() {
        let with = |kms: Option<&str>, master: Option<&str>| {
            Settings::read(&|name| match name {
                "ONSALE_KMS_KEY" => kms.map(str::to_owned),
                "ONSALE_MASTER_KEY" => master.map(str::to_owned),
                name => complete(name),
            })
        };
        let master = BASE64.encode(&[7; 32]);
        assert!(matches!(with(Some("alias/a"), None).unwrap().data_keys, DataKeys::Kms(key) if key == "alias/a"));
        assert!(matches!(with(None, Some(&master)).unwrap().data_keys, DataKeys::Master(_)));
        assert_eq!(with(Some("alias/a"), Some(&master)).unwrap_err().0.len(), 1);
        assert_eq!(with(None, Some("short")).unwrap_err().0, ["ONSALE_MASTER_KEY is not 32 bytes in base64"]);
    }

    #[test]
    fn secrets_do_not_print() {
        let printed = format!("{:?}", Settings::read(&complete).unwrap());
        assert!(!printed.contains("aws_secret_access_key") && !printed.contains("7, 7"), "{printed}");
    }
}
