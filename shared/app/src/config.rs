//! What is configured: read once, from the environment, complaining about everything at once.

use std::fmt;

use data_encoding::BASE64;

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
    /// `ONSALE_CA_BUNDLE`: a file of certificates in PEM that are trusted beside Amazon's. What it contains.
    pub ca_bundle: Option<Vec<u8>>,
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
            ca_bundle: reader.file("ONSALE_CA_BUNDLE"),
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
            ca_bundle: None,
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
            "ONSALE_CA_BUNDLE" | "AWS_ENDPOINT_URL_SQS" | "ONSALE_MASTER_KEY" => return None,
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
        assert_eq!(settings.public_url, "https://tickets.example");
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
