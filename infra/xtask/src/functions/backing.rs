//! What stands behind the functions while they are tried: the local program with its demo, reached as functions reach
//! Amazon; or, where only time counts, somebody who answers every call with nothing.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use axum::{Router, response::IntoResponse};
use domain::user::Role;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpListener,
    process::{Child, Command},
    task::JoinHandle,
    time::timeout,
};

use crate::{Outcome, http::Http};

/// How long the local program may take to start: the demo's passwords take a debug build a while.
const PATIENCE: Duration = Duration::from_mins(2);
const TENANT: &str = "demo";
const PASSWORD: &str = "demo-password-1";

/// The local program, running with the demo.
#[derive(Debug)]
pub(crate) struct Local {
    /// Ends with the value.
    _program: Child,
    aws_url: String,
    base_url: String,
    secret: String,
    master_key: String,
    tokens: BTreeMap<Role, String>,
    /// An event that is on sale, and what it sells.
    pub(crate) event: Value,
}

impl Local {
    /// Starts the program on a new data folder below `scratch`, and logs the demo's people in.
    pub(crate) async fn start(program: &Path, scratch: &Path) -> Outcome<Self> {
        let data: PathBuf = scratch.join("data");
        if data.exists() {
            fs::remove_dir_all(&data)?;
        }
        fs::create_dir_all(&data)?;
        let mut command = Command::new(program);
        command.arg("--data").arg(&data).args(["--demo", "--port", "0", "--aws-port", "0", "--log", "error"]);
        for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_S3"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let output = child.stdout.take().ok_or("the local program has no output")?;
        let mut lines = BufReader::new(output).lines();
        let ready = timeout(PATIENCE, lines.next_line()).await??.ok_or("the local program does not start")?;
        let mut urls = ready.split([' ', '(', ')']).filter(|word| word.starts_with("http://")).map(str::to_owned);
        let (Some(base_url), Some(aws_url)) = (urls.next(), urls.next()) else {
            return Err(format!("the local program says {ready:?}").into());
        };
        let secret = fs::read_to_string(data.join("secret"))?.trim().to_owned();
        let master_key = fs::read_to_string(data.join("master-key"))?.trim().to_owned();
        let (tokens, event) = (tokens(&base_url).await?, on_sale(&base_url).await?);
        Ok(Self { _program: child, aws_url, base_url, secret, master_key, tokens, event })
    }

    /// The token of somebody of the demo who may do what a role may.
    pub(crate) fn token(&self, role: Role) -> &str {
        self.tokens.get(&role).map_or("", String::as_str)
    }

    /// What a function finds in its environment.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        environment(&self.aws_url, &self.base_url, &self.secret, &self.master_key)
    }
}

async fn tokens(base: &str) -> Outcome<BTreeMap<Role, String>> {
    let web = Http::new();
    let mut tokens = BTreeMap::new();
    for (role, name) in [
        (Role::Customer, "buyer"),
        (Role::Staff, "door"),
        (Role::Publisher, "publisher"),
        (Role::Admin, "admin"),
        (Role::Platform, "root"),
    ] {
        let (path, field) =
            if role == Role::Customer { ("/api/auth/login", "login") } else { ("/api/admin/auth/login", "username") };
        let body = json!({"tenantId": TENANT, field: format!("{name}@demo.test"), "password": PASSWORD});
        let session = web.json("POST", &[base, path].concat(), &[], &body).await?;
        tokens.insert(role, session["data"]["token"].as_str().unwrap_or_default().to_owned());
    }
    Ok(tokens)
}

async fn on_sale(base: &str) -> Outcome<Value> {
    let url = format!("{base}/api/events?tenantId={TENANT}&status=onSale");
    let mut listed = Http::new().json("GET", &url, &[], &Value::Null).await?;
    Ok(listed["data"]["items"][0].take())
}

/// Somebody who answers every call to AWS with an empty object: no item, no message.
#[derive(Debug)]
pub(crate) struct Nobody {
    server: JoinHandle<()>,
    url: String,
}

impl Nobody {
    pub(crate) async fn start() -> Outcome<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let empty = || async { ([(CONTENT_TYPE, "application/x-amz-json-1.0")], "{}").into_response() };
        let router = Router::new().fallback(empty);
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap_or_default() });
        Ok(Self { server, url })
    }

    /// What a function finds in its environment.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        environment(&self.url, &self.url, KEY, KEY)
    }
}

impl Drop for Nobody {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What `template.yaml` and Lambda give a function, for services at one address.
fn environment(aws: &str, public: &str, secret: &str, master_key: &str) -> Vec<(String, String)> {
    let queues = [aws, "/000000000000/onsale-"].concat();
    [
        ("ONSALE_STAGE", "local"),
        ("ONSALE_TABLE_PREFIX", "onsale-"),
        ("ONSALE_QUEUE_PREFIX", &queues),
        ("ONSALE_BUCKET", "onsale"),
        ("ONSALE_PUBLIC_URL", public),
        ("ONSALE_SECRET", secret),
        ("ONSALE_MASTER_KEY", master_key),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "onsale-local"),
        ("AWS_SECRET_ACCESS_KEY", "onsale-local-secret"),
        ("AWS_ENDPOINT_URL", aws),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}
