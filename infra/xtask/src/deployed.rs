//! `cargo xtask deployed-test`: a deployment that is real but for the cloud. Builds every function with SAM, deploys the
//! stack to an emulator of AWS that runs the binaries, and runs the stories against its API.
//!
//! What is built here differs from what is deployed in two ways: for the machine at hand, and without optimisation, so
//! that sixty functions take minutes. The profile is the same otherwise.

mod emulator;
mod proxy;
mod tools;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use app::clock::Stopwatch;
use clap::Args;
use domain::{tenant::HoldTime, user::Role};
use serde_json::Value;

use self::{
    emulator::{Emulator, KEY, REGION},
    proxy::Proxy,
    tools::{Tools, succeed},
};
use crate::{
    Outcome, functions,
    generated::root,
    say,
    seed::{self, Account, Place, Seed},
};

const STACK: &str = "onsale-test";
const BUCKET: &str = "sam-artifacts";
/// The password of those who run the tenant. It opens nothing that outlives the command.
const PASSWORD: &str = "deployed-test-1";
/// What the emulator cannot have: it refuses an alarm on an expression of metrics; and the bucket's policy demands TLS,
/// which it does not speak.
const REFUSED: [&str; 4] = ["ServerErrorAlarm", "DeadLetters1Alarm", "DeadLetters2Alarm", "FilesPolicy"];

/// What to do beside the whole.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Deploys what was built before.
    #[arg(long)]
    no_build: bool,
    /// Keeps the deployment, without running stories, until Ctrl-C.
    #[arg(long)]
    keep: bool,
    /// Which stories; without it, all that know an address.
    filter: Option<String>,
}

/// Builds, deploys, seeds, tells the stories.
pub(crate) fn run(options: &Options) -> Outcome<()> {
    let target = functions::target()?;
    let scratch = target.join("deployed-test");
    fs::create_dir_all(&scratch)?;
    let tools = Tools::obtain(&scratch)?;
    let built = scratch.join("build").join("template.yaml");
    if !options.no_build {
        timed("sam build", || build(&tools, &scratch))?;
    }
    let template = deployable(&built)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let emulator = runtime.block_on(Emulator::start(&tools.emulator.join("ministack"), &scratch))?;
    let proxy = runtime.block_on(Proxy::start(&emulator.url))?;
    runtime.block_on(emulator.make_bucket(BUCKET))?;
    timed("sam deploy", || deploy(&tools, &template, &emulator, &proxy))?;
    let host = api(&tools, &emulator)?;
    let id = host.split('.').next().unwrap_or_default();
    let routes = runtime.block_on(emulator.add_routes(STACK, id))?;
    proxy.lead_to(&host);
    runtime.block_on(seed::make(&place(&emulator), &seeded()?))?;
    say(&format!(
        "{routes} routes answer at {}; AWS is {}; the log is {}",
        proxy.url,
        emulator.url,
        emulator.log.display()
    ));
    if options.keep {
        runtime.block_on(tokio::signal::ctrl_c())?;
        return Ok(());
    }
    timed("stories", || stories(&proxy.url, options.filter.as_deref()))
}

/// Does something and says how long it took.
fn timed(what: &str, work: impl FnOnce() -> Outcome<()>) -> Outcome<()> {
    let watch = Stopwatch::start();
    let outcome = work();
    say(&format!("{what}: {:.0} s", watch.elapsed_ms() / 1_000.0));
    outcome
}

/// Builds all functions at once, which links side by side, and has SAM collect them: it builds each again, and finds
/// nothing to do.
fn build(tools: &Tools, scratch: &Path) -> Outcome<()> {
    let triple = [std::env::consts::ARCH, "-unknown-linux-gnu"].concat();
    let mut cargo = quick("cargo", tools, scratch)?;
    succeed(cargo.args(["build", "--profile", "deployed", "--bins", "--target", &triple]))?;
    let mut sam = quick("sam", tools, scratch)?;
    sam.args(["build", "--template-file", "template.yaml", "--build-dir"]).arg(scratch.join("build"));
    sam.args(["--parameter-overrides", &["Architecture=", architecture()].concat()]);
    succeed(&mut sam)
}

/// A command whose Cargo builds quickly, apart from other builds.
fn quick(program: &str, tools: &Tools, scratch: &Path) -> Outcome<Command> {
    let mut command = Command::new(program);
    command.current_dir(root()).env("PATH", path(tools)?).env("SAM_CLI_TELEMETRY", "0");
    command.env("CARGO_TARGET_DIR", scratch.join("target"));
    command.env("CARGO_PROFILE_DEPLOYED_LTO", "off").env("CARGO_PROFILE_DEPLOYED_CODEGEN_UNITS", "16");
    command.env("CARGO_PROFILE_DEPLOYED_OPT_LEVEL", "0");
    // The profile comes from the workspace's metadata, and the linker is that of this machine.
    command.env("SAM_BUILD_MODE", "debug").env("CARGO_LAMBDA_COMPILER", "cargo");
    Ok(command)
}

/// The programs of SAM before those of the system.
fn path(tools: &Tools) -> Outcome<std::ffi::OsString> {
    let present = std::env::var_os("PATH").unwrap_or_default();
    let all = [tools.sam.clone()].into_iter().chain(std::env::split_paths(&present));
    Ok(std::env::join_paths(all)?)
}

/// This machine, in the words of Lambda.
fn architecture() -> &'static str {
    if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x86_64" }
}

/// The template that SAM built, without what the emulator refuses.
fn deployable(built: &Path) -> Outcome<PathBuf> {
    let text = fs::read_to_string(built).map_err(|error| format!("{}: {error}", built.display()))?;
    let left = with_batches(&REFUSED.iter().fold(text, |text, name| without(&text, name)));
    let file = built.with_file_name("emulated.yaml");
    fs::write(&file, left)?;
    Ok(file)
}

/// A template without one resource.
fn without(template: &str, resource: &str) -> String {
    let heading = format!("  {resource}:");
    let mut inside = false;
    let kept = template.lines().filter(|line| {
        let is_heading = line.starts_with("  ") && !line.starts_with("   ") || !line.starts_with(' ');
        inside = if is_heading { *line == heading } else { inside };
        !inside
    });
    kept.map(|line| [line, "\n"].concat()).collect()
}

/// A template in which whoever may send a message may send several. To Amazon that is one permission; the emulator asks for
/// one by the name of the call.
fn with_batches(template: &str) -> String {
    let lines = template.lines().map(|line| match line.strip_suffix("- sqs:SendMessage") {
        Some(margin) => format!("{line}\n{margin}- sqs:SendMessageBatch\n"),
        None => [line, "\n"].concat(),
    });
    lines.collect()
}

fn deploy(tools: &Tools, template: &Path, emulator: &Emulator, proxy: &Proxy) -> Outcome<()> {
    let mut sam = aws("sam", tools, emulator)?;
    sam.arg("deploy").arg("--template-file").arg(template).args(["--stack-name", STACK, "--s3-bucket", BUCKET]);
    sam.args(["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"]);
    let public = ["PublicUrl=", &proxy.url].concat();
    let architecture = ["Architecture=", architecture()].concat();
    sam.args(["--parameter-overrides", "Stage=test", &architecture, &public]);
    // Every resource is a line of its output, twice: only a failure is worth reading.
    let output = sam.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("sam deploy: {}\n{}", output.status, String::from_utf8_lossy(&said)).into())
}

/// A command that takes the emulator for Amazon.
fn aws(program: &str, tools: &Tools, emulator: &Emulator) -> Outcome<Command> {
    let mut command = Command::new(program);
    command.current_dir(root()).env("PATH", path(tools)?).env("SAM_CLI_TELEMETRY", "0");
    command.env("AWS_ENDPOINT_URL", &emulator.url).env("AWS_REGION", REGION).env("AWS_DEFAULT_REGION", REGION);
    command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", KEY).env_remove("AWS_SESSION_TOKEN");
    Ok(command)
}

/// The name of the host by which the emulator knows the API.
fn api(tools: &Tools, emulator: &Emulator) -> Outcome<String> {
    let mut sam = aws("sam", tools, emulator)?;
    let output = sam.args(["list", "stack-outputs", "--stack-name", STACK, "--output", "json"]).output()?;
    let outputs: Value = serde_json::from_slice(&output.stdout)?;
    let found = outputs.as_array().into_iter().flatten().find(|output| output["OutputKey"] == "ApiUrl");
    let url = found.and_then(|output| output["OutputValue"].as_str()).and_then(|url| url.split("//").nth(1));
    url.map(str::to_owned).ok_or_else(|| format!("the stack has no ApiUrl: {outputs}").into())
}

fn place(emulator: &Emulator) -> Place {
    Place {
        stack: STACK.to_owned(),
        region: REGION.to_owned(),
        access_key_id: KEY.to_owned(),
        secret_access_key: KEY.to_owned(),
        session_token: None,
        endpoint: Some(emulator.url.clone()),
    }
}

/// Whom the stories expect. Holds are as short as they may be: one story waits for the end of one.
fn seeded() -> Outcome<Seed> {
    let people = [(Role::Publisher, "publisher"), (Role::Admin, "admin"), (Role::Staff, "door")];
    let account = |(role, name): (Role, &str)| Account { role, email: [name, "@demo.test"].concat() };
    Ok(Seed {
        tenant: "demo".parse()?,
        name: "Demo".to_owned(),
        hold: HoldTime::minutes(1)?,
        accounts: people.map(account).to_vec(),
        password: PASSWORD.to_owned(),
    })
}

fn stories(url: &str, filter: Option<&str>) -> Outcome<()> {
    let mut cargo = Command::new("cargo");
    let filter = ["anywhere::", filter.unwrap_or_default()].concat();
    cargo.args(["test", "--package", "tests", "--", &filter, "--nocapture"]).current_dir(root());
    succeed(cargo.env("ONSALE_TEST_URL", url).env("ONSALE_TEST_PASSWORD", PASSWORD))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::read;

    #[test]
    fn what_the_emulator_refuses_is_in_the_template() {
        let template = read("template.yaml").unwrap();
        for name in REFUSED {
            assert!(template.contains(&format!("\n  {name}:\n")), "{name}");
            assert!(!without(&template, name).contains(&format!("\n  {name}:\n")), "{name}");
        }
    }

    #[test]
    fn one_resource_goes_and_its_neighbours_stay() {
        let template = "Resources:\n  One:\n    Type: A\n  Two:\n    Type: B\n  Three:\n    Type: C\nOutputs:\n  Two:\n    Value: x\n";
        let left = without(template, "One");
        assert!(left.starts_with("Resources:\n  Two:\n    Type: B\n  Three:"), "{left}");
    }

    #[test]
    fn whoever_sends_may_send_several() {
        let template = "  Action:\n    - sqs:SendMessage\n  Resource: x\n";
        let expected = "  Action:\n    - sqs:SendMessage\n    - sqs:SendMessageBatch\n  Resource: x\n";
        assert_eq!(with_batches(template), expected);
    }
}
