//! The program that is measured, as a process of its own.

use std::{
    fs::{self, File},
    path::Path,
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::Outcome;

/// How long the program may take to start, and to stop.
const PATIENCE: Duration = Duration::from_mins(1);
/// Begins the line by which the program says that it is ready.
const READY: &str = "onsale is ready at http://";
/// Ticks of the processor's clock in a second: what `sysconf(_SC_CLK_TCK)` says on every Linux.
const TICKS: f64 = 100.0;

/// Where the program keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// In a folder on disk, as it does when nothing is said.
    Folder,
    /// Nowhere that survives it.
    Memory,
}

impl Data {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Folder => "a folder",
            Self::Memory => "memory",
        }
    }
}

/// The program while it runs. Ends with the last handle.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    /// Host and port of the API.
    pub(crate) authority: String,
    _folder: TempDir,
}

impl Program {
    /// Starts the program as somebody would who has just built it, except for the ports and the folder. What it logs goes
    /// to a file.
    pub(crate) async fn start(program: &Path, parent: &Path, data: Data) -> Outcome<Self> {
        fs::create_dir_all(parent)?;
        let folder = tempfile::Builder::new().prefix("sale-").tempdir_in(parent)?;
        let mut command = Command::new(program);
        match data {
            Data::Folder => command.arg("--data").arg(folder.path().join("data")),
            Data::Memory => command.args(["--data", ":memory:"]),
        };
        command.args(["--demo", "--port", "0", "--aws-port", "0"]);
        command.stdout(Stdio::piped()).stderr(File::create(folder.path().join("log"))?).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let output = child.stdout.take().ok_or("the program has no output")?;
        let mut lines = BufReader::new(output).lines();
        let line = timeout(PATIENCE, lines.next_line()).await??.ok_or("the program ended before it was ready")?;
        let address = line.strip_prefix(READY).ok_or_else(|| format!("the program says {line:?}"))?;
        let authority = address.split_whitespace().next().unwrap_or_default().to_owned();
        Ok(Self { child, authority, _folder: folder })
    }

    /// Tells the program to end, and waits until it has.
    pub(crate) async fn stop(mut self) -> Outcome<()> {
        let id = self.child.id().ok_or("the program has ended by itself")?;
        Command::new("kill").arg(id.to_string()).status().await?;
        let ended = timeout(PATIENCE, self.child.wait()).await??;
        if ended.success() { Ok(()) } else { Err(format!("the program ended with {ended}").into()) }
    }

    /// Processor time that the program has used so far, in seconds.
    pub(crate) fn cpu_secs(&self) -> Outcome<f64> {
        let id = self.child.id().ok_or("the program has ended by itself")?;
        cpu_secs(&id.to_string())
    }
}

/// Processor time that this process has used so far, in seconds.
pub(crate) fn own_cpu_secs() -> Outcome<f64> {
    cpu_secs("self")
}

fn cpu_secs(process: &str) -> Outcome<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    cpu_of(&stat).ok_or_else(|| format!("/proc/{process}/stat cannot be read").into())
}

/// User and system time, the 14th and 15th field of `/proc/PID/stat` (proc(5)). The name, which is the second, may contain
/// anything but ends with the last bracket.
fn cpu_of(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(str::parse::<u32>);
    let (user, system) = (times.next()?.ok()?, times.next()?.ok()?);
    Some(f64::from(user + system) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_user_and_system_time_whatever_the_name() {
        let stat = "1 (a b) c) S 0 1 1 0 -1 4194560 1 2 3 4 250 50 5 6 20 0 1 0 1 1 1 1";
        assert_eq!(cpu_of(stat), Some(3.0));
        assert_eq!(cpu_of("nonsense"), None);
    }
}
