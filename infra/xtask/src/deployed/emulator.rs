//! The emulator of AWS: MiniStack, which deploys the stack and runs the functions' real binaries.

use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use app::Operation;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{
    Outcome,
    areas::{DEFAULT_PATH, areas},
    http::Http,
};

/// The account and the region that it pretends to be.
const ACCOUNT: &str = "000000000000";
pub(crate) const REGION: &str = "eu-central-1";
/// Its own key, which may do everything. Its signatures are not looked at.
pub(crate) const KEY: &str = "test";
const PATIENCE: Duration = Duration::from_mins(1);

/// A running emulator, in memory. Ends with the value, and every function with it.
#[derive(Debug)]
pub(crate) struct Emulator {
    child: Child,
    /// Where all its services answer.
    pub(crate) url: String,
    /// What it and the functions write.
    pub(crate) log: PathBuf,
}

impl Emulator {
    /// Starts it with an environment of its own: what it finds there it gives to the functions.
    pub(crate) async fn start(program: &Path, scratch: &Path) -> Outcome<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let url = format!("http://127.0.0.1:{port}");
        let home = scratch.join("home");
        if home.exists() {
            fs::remove_dir_all(&home)?;
        }
        fs::create_dir_all(&home)?;
        let log = scratch.join("emulator.log");
        let output = File::create(&log)?;
        let mut command = Command::new(program);
        command.env_clear().current_dir(&home).env("PATH", "/usr/bin:/bin").env("HOME", &home).env("TMPDIR", &home);
        command.env("GATEWAY_PORT", port.to_string()).env("BIND_HOST", "127.0.0.1").env("IOT_MTLS_ENABLED", "0");
        command.env("MINISTACK_REGION", REGION).env("AWS_ENDPOINT_URL", &url);
        // Calls of functions are compared with the policies of their roles.
        command.env("AUTH", "true");
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).process_group(0);
        let child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let emulator = Self { child, url, log };
        emulator.ready().await?;
        Ok(emulator)
    }

    async fn ready(&self) -> Outcome<()> {
        let deadline = Instant::now() + PATIENCE;
        while Http::new().send("GET", &format!("{}/_ministack/health", self.url), &[], "").await.is_err() {
            if Instant::now() > deadline {
                return Err(format!("the emulator does not start; see {}", self.log.display()).into());
            }
            sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// Makes a bucket for what is to be deployed.
    pub(crate) async fn make_bucket(&self, name: &str) -> Outcome<()> {
        let (url, signature) = (format!("{}/{name}", self.url), signed("s3"));
        let place = format!(
            "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        );
        let made = Http::new().send("PUT", &url, &[("authorization", &signature)], place).await?;
        if made.status == 200 { Ok(()) } else { Err(format!("no bucket: {made:?}").into()) }
    }

    /// Gives the API of a stack its routes: the emulator does not read the description that SAM makes of them.
    pub(crate) async fn add_routes(&self, stack: &str, api: &str) -> Outcome<usize> {
        let (web, signature) = (Http::new(), signed("apigateway"));
        let all = areas();
        let operations: Vec<&Operation> = all.iter().flat_map(|area| area.operations.iter().copied()).collect();
        for operation in &operations {
            let route = &operation.route;
            let function = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{stack}-{}", route.name);
            let integration = json!({
                "integrationType": "AWS_PROXY", "integrationUri": function, "payloadFormatVersion": "2.0",
            });
            let url = |what: &str| format!("{}/v2/apis/{api}/{what}", self.url);
            let headers = [("authorization", signature.as_str())];
            let made = web.json("POST", &url("integrations"), &headers, &integration).await?;
            let id = made["integrationId"].as_str().ok_or_else(|| format!("no integration: {made}"))?;
            let key = if route.path == DEFAULT_PATH {
                route.path.to_owned()
            } else {
                [route.method.word(), " ", route.path].concat()
            };
            let target = json!({"routeKey": key, "target": format!("integrations/{id}")});
            web.json("POST", &url("routes"), &headers, &target).await?;
        }
        Ok(operations.len())
    }
}

/// The header of a request to one of its services, which it finds by what is named here.
fn signed(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={KEY}/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It and its functions are one group of processes. Asked to end, it waits for connections that nobody closes.
        let group = format!("-{}", self.child.id());
        if Command::new("kill").args(["-KILL", "--", &group]).status().is_ok() {
            self.child.wait().map(drop).unwrap_or_default();
        }
    }
}
