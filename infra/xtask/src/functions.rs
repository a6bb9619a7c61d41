//! `cargo xtask functions`: what Lambda will run, run here. Builds functions as they are deployed, measures their start,
//! and sends each its sample event of `events/`.
//!
//! Times are measured against somebody who answers every call to AWS at once; sample events against the local program,
//! so that an answer means something.

mod answers;
mod backing;
mod runtime_api;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use clap::Args;
use zip::{ZipWriter, write::SimpleFileOptions};

use self::{
    backing::{Local, Nobody},
    runtime_api::Running,
};
use crate::{
    Outcome,
    areas::{Function, areas},
    generated::{read, root},
    report, samples, say,
};

/// Every function that is to be tried.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Functions, such as place-order; without any, all of them.
    names: Vec<String>,
    /// The profile to build with.
    #[arg(long, default_value = "deployed")]
    profile: String,
    /// Takes what was built before.
    #[arg(long)]
    no_build: bool,
    /// How often each is started; 0 measures nothing.
    #[arg(long, default_value_t = 20)]
    starts: usize,
    /// Only measures, and sends no sample events.
    #[arg(long)]
    no_events: bool,
    /// Writes the figures to docs/performance.md.
    #[arg(long)]
    report: bool,
}

/// What was measured of one function.
#[derive(Debug)]
struct Figures {
    name: &'static str,
    bytes: u64,
    zipped: usize,
    /// Sorted; empty where nothing was started.
    starts: Vec<Duration>,
    /// Sorted.
    first_answers: Vec<Duration>,
    /// KiB when it asks for work.
    resident_kib: u64,
}

/// Builds, measures and tries.
pub(crate) fn run(options: &Options) -> Outcome<()> {
    let chosen = chosen(&options.names)?;
    let target = target()?;
    if !options.no_build {
        build(&options.profile, &chosen)?;
    }
    let folder = target.join(if options.profile == "dev" { "debug" } else { &options.profile });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut figures = Vec::new();
        for (area, function) in &chosen {
            figures.push(measure(area, *function, &folder, options.starts).await?);
        }
        let table = table(&figures);
        say(&table);
        if options.report {
            let names = options.names.join(" ");
            let command = format!("cargo xtask functions --profile {} --report {names}", options.profile);
            report::put("docs/performance.md", "start", command.trim(), &table)?;
        }
        if options.no_events { Ok(()) } else { try_events(&chosen, &folder, &target).await }
    })
}

/// The functions of these names, with their areas.
fn chosen(names: &[String]) -> Outcome<Vec<(&'static str, Function)>> {
    let all: Vec<_> = areas().iter().flat_map(|area| area.functions().map(|function| (area.name, function))).collect();
    if let Some(unknown) = names.iter().find(|name| all.iter().all(|(_, function)| function.name() != *name)) {
        return Err(format!("there is no function {unknown}").into());
    }
    let is_chosen = |function: &Function| names.is_empty() || names.iter().any(|name| name == function.name());
    Ok(all.into_iter().filter(|(_, function)| is_chosen(function)).collect())
}

/// Cargo's target folder: this program lies in one of its profiles.
pub(crate) fn target() -> Outcome<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.parent().and_then(Path::parent).ok_or("this program is nowhere")?;
    Ok(folder.to_owned())
}

/// Builds as `sam build` does: all functions share the features that any of them wants.
fn build(profile: &str, chosen: &[(&'static str, Function)]) -> Outcome<()> {
    let mut command = Command::new("cargo");
    command.args(["build", "--profile", profile]).current_dir(root());
    command.args(chosen.iter().flat_map(|(_, function)| ["--bin", function.name()]));
    if command.status()?.success() { Ok(()) } else { Err("the functions cannot be built".into()) }
}

async fn measure(area: &str, function: Function, folder: &Path, starts: usize) -> Outcome<Figures> {
    let binary = folder.join(function.name());
    let code = fs::read(&binary)?;
    let mut figures = Figures {
        name: function.name(),
        bytes: u64::try_from(code.len())?,
        zipped: zipped(&code)?,
        starts: Vec::new(),
        first_answers: Vec::new(),
        resident_kib: 0,
    };
    let nobody = Nobody::start().await?;
    let event = event(area, function)?;
    // The first two pay for what the system has to read from the disk.
    for number in 0..if starts == 0 { 0 } else { starts + 2 } {
        let mut running = Running::start(&binary, &nobody.environment()).await?;
        let (started_in, resident) = (running.started_in, running.resident_kib());
        let (_, answered_in) = running.invoke(&event).await?;
        running.stop().await?;
        if number >= 2 {
            figures.starts.push(started_in);
            figures.first_answers.push(answered_in);
            figures.resident_kib = figures.resident_kib.max(resident.unwrap_or_default());
        }
    }
    figures.starts.sort();
    figures.first_answers.sort();
    Ok(figures)
}

fn event(area: &str, function: Function) -> Outcome<String> {
    read(samples::folder(area).join(format!("{}.json", function.name())))
}

/// Bytes of the archive that is deployed.
fn zipped(code: &[u8]) -> Outcome<usize> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("bootstrap", SimpleFileOptions::default())?;
    archive.write_all(code)?;
    Ok(archive.finish()?.into_inner().len())
}

/// Sends each function its sample event, and says of each what came back.
async fn try_events(chosen: &[(&'static str, Function)], folder: &Path, target: &Path) -> Outcome<()> {
    // With the features that tests have: what they built is not built once more.
    let built = Command::new("cargo")
        .args(["build", "--workspace", "--tests", "--bin", "onsale"])
        .current_dir(root())
        .status()?;
    if !built.success() {
        return Err("the local program cannot be built".into());
    }
    let local = Local::start(&target.join("debug").join("onsale"), &target.join("functions")).await?;
    let mut wrong = 0;
    for (area, function) in chosen {
        let event = answers::filled_in(&event(area, *function)?, *function, &local);
        let mut running = Running::start(&folder.join(function.name()), &local.environment()).await?;
        let (said, _) = running.invoke(&event).await?;
        running.stop().await?;
        match answers::check(*function, &said) {
            Ok(line) => say(&format!("{:20} {line}", function.name())),
            Err(reason) => {
                wrong += 1;
                say(&format!("{:20} WRONG: {reason}", function.name()));
            }
        }
    }
    if wrong == 0 {
        Ok(())
    } else {
        Err(format!("{wrong} of {} sample events were not answered well", chosen.len()).into())
    }
}

fn table(figures: &[Figures]) -> String {
    let mut lines = vec![
        "| function | binary | zip | exec → first `/next` (fastest–slowest) | first answer | resident |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(figures.iter().map(line));
    if let Some(largest) = figures.iter().max_by_key(|it| it.zipped) {
        lines.push(format!("\nThe largest archive is that of `{}`: {}.", largest.name, megabytes(largest.zipped)));
    }
    lines.join("\n")
}

fn line(figures: &Figures) -> String {
    let size = usize::try_from(figures.bytes).unwrap_or_default();
    let sizes = format!("| `{}` | {} | {} ", figures.name, megabytes(size), megabytes(figures.zipped));
    let (Some(least), Some(most)) = (figures.starts.first(), figures.starts.last()) else {
        return sizes + "| – | – | – |";
    };
    let median = |times: &[Duration]| milliseconds(times[times.len() / 2]);
    format!(
        "{sizes}| {} ms ({}–{}) | {} ms | {} MiB |",
        median(&figures.starts),
        milliseconds(*least),
        milliseconds(*most),
        median(&figures.first_answers),
        figures.resident_kib / 1_024
    )
}

/// Millions of bytes, to two places.
fn megabytes(bytes: usize) -> String {
    let hundredths = (bytes + 5_000) / 10_000;
    format!("{}.{:02} MB", hundredths / 100, hundredths % 100)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded() {
        assert_eq!(megabytes(3_994_999), "3.99 MB");
        assert_eq!(megabytes(3_995_000), "4.00 MB");
        assert_eq!(megabytes(20_000), "0.02 MB");
    }

    #[test]
    fn a_function_that_is_not_there_is_named() {
        assert_eq!(chosen(&["place-order".to_owned()]).unwrap().len(), 1);
        assert!(chosen(&["no-such".to_owned()]).unwrap_err().to_string().contains("no-such"));
    }
}
