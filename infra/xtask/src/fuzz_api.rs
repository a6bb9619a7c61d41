//! `cargo xtask fuzz-api`: schemathesis makes requests of the `OpenAPI` document, good ones and bad ones, sends them to the
//! program, and compares the answers with the document. `infra/fuzz/hooks.py` logs in and points requests at what exists.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::{Outcome, generated::root, say};

/// The tool, a package of Python, in one version: a later one may find more, and a build must not fail by itself.
const TOOL: &str = "schemathesis==4.32.5";

/// Starts the program with the demo, has the tool run with a bound, and ends the program.
pub(crate) fn run(seed: u64, examples: u32) -> Outcome<()> {
    let program = build()?;
    let folder = program.parent().and_then(Path::parent).ok_or("the program is in no folder")?.join("fuzz-api");
    let data = folder.join("data");
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    fs::create_dir_all(&data)?;
    let tool = install(&folder)?;
    let log = folder.join("onsale.log");
    let mut running = Running::start(&program, &data, &log)?;
    say(&format!("running {TOOL} against {} with seed {seed}, {examples} examples each", running.url));
    let done = Command::new(tool)
        .args(["run", &format!("{}/openapi.json", running.url)])
        .args(["--seed", &seed.to_string(), "--max-examples", &examples.to_string()])
        .args(["--checks", CHECKS, "--workers", "1", "--request-timeout", "60", "--warnings", "off"])
        .envs([("SCHEMATHESIS_HOOKS", "hooks"), ("ONSALE_URL", &running.url), ("PYTHONDONTWRITEBYTECODE", "1")])
        .env("PYTHONPATH", root().join("infra/fuzz"))
        .current_dir(&folder)
        .status()?;
    if let Some(ended) = running.program.try_wait()? {
        return Err(format!("the program ended: {ended}, see {}", log.display()).into());
    }
    drop(running);
    // An error is logged where a person has to act, and nothing that a client sends should make that happen.
    let errors = fs::read_to_string(&log)?.lines().filter(|line| line.contains(" ERROR ")).count();
    if !done.success() || errors > 0 {
        return Err(format!("fuzz-api failed ({errors} errors in {})", log.display()).into());
    }
    fs::remove_dir_all(&data)?;
    Ok(())
}

/// What every answer is compared with: that there is no 5xx, and what the document says of status, type, headers and body;
/// that what is wrong is refused, what needs a login has one, and what is deleted is gone.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,\
                      allow_header_conformance,ignored_auth,use_after_free";

/// Builds the program as the tests use it; where it is.
pub(crate) fn build() -> Outcome<PathBuf> {
    // With the features that tests have: what they built is not built once more.
    let arguments =
        ["build", "--workspace", "--tests", "--bin", "onsale", "--message-format", "json-render-diagnostics"];
    let built = Command::new("cargo").args(arguments).current_dir(root()).stderr(Stdio::inherit()).output()?;
    if !built.status.success() {
        return Err("the program cannot be built".into());
    }
    let text = String::from_utf8(built.stdout)?;
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    // Its unit tests are an executable of that name too.
    let is_program = |message: &Value| message["target"]["name"] == "onsale" && message["profile"]["test"] == false;
    let programs = messages.filter(is_program);
    let mut found = programs.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    found.next_back().ok_or_else(|| "cargo names no program".into())
}

/// Puts the tool into an environment of its own, unless it is there.
fn install(folder: &Path) -> Outcome<PathBuf> {
    let environment = folder.join(TOOL);
    let tool = environment.join("bin/schemathesis");
    if !tool.exists() {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        succeed(Command::new(environment.join("bin/pip")).args(["install", "--quiet", TOOL]))?;
    }
    Ok(tool)
}

fn succeed(command: &mut Command) -> Outcome<()> {
    if command.status()?.success() { Ok(()) } else { Err(format!("failed: {command:?}").into()) }
}

/// The program, which ends with this.
struct Running {
    program: Child,
    url: String,
}

impl Running {
    fn start(program: &Path, data: &Path, log: &Path) -> Outcome<Self> {
        let mut command = Command::new(program);
        command.args(["--demo", "--port", "0", "--aws-port", "0", "--log", "warn", "--data"]).arg(data);
        let mut program = command.stdout(Stdio::piped()).stderr(File::create(log)?).spawn()?;
        let mut line = String::new();
        if let Some(output) = program.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        // The line that says that it is ready has the address in it.
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap_or_default().to_owned();
        let running = Self { program, url };
        if running.url.is_empty() {
            return Err(format!("the program does not start, see {}", log.display()).into());
        }
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and need not be.
        drop(self.program.kill());
        drop(self.program.wait());
    }
}
