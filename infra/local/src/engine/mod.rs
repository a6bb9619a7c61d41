//! Amazon's services inside this process: `DynamoDB`, SQS and S3 on one folder.
//!
//! The functions use the ordinary AWS SDK clients. Here those clients get an HTTP client that
//! never opens a socket ([`Engines::http_client`]); the same engines also answer on a port
//! ([`Engines::router`]), so that the AWS command line works against them.
//!
//! Every engine call runs inline on the calling task: moving calls to a blocking thread was
//! measured to make the tail ten times longer. A call takes tens of microseconds.

mod connector;
mod dynamodb;
mod meter;
mod s3;
mod server;
mod sqs;
mod streams;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use axum::Router;
use tempfile::TempDir;

pub use connector::{Call, Connector, Interpose, Service, Verdict};
pub use dynamodb::DynamoDb;
pub use meter::{Meter, Usage};
pub use s3::S3;
pub use sqs::{Counts, Sqs};
pub use streams::{StreamError, StreamReader};

/// Names the access key that the local S3 accepts; `DynamoDB` and SQS accept any.
pub const ACCESS_KEY_ID: &str = "onsale-local";

/// Signs for [`ACCESS_KEY_ID`]. It guards nothing but a program on this machine.
pub const SECRET_ACCESS_KEY: &str = "onsale-local-secret";

/// Names the region that local names and signatures carry.
pub const REGION: &str = "us-east-1";

/// Names the account that local names carry.
pub const ACCOUNT: &str = "000000000000";

/// Where the SDK clients believe the engines to be, unless the caller says otherwise.
pub const ENDPOINT: &str = "http://127.0.0.1:4566";

/// The file by whose lock a program holds a data folder.
const LOCK: &str = "lock";

/// Begins the names of temporary data folders.
const TEMPORARY_PREFIX: &str = "onsale-";

/// From when on a temporary folder that nobody has locked is left over from a killed program.
const ABANDONED_AFTER: Duration = Duration::from_mins(1);

/// Returns the credentials for SDK clients of the local engines.
pub fn credentials() -> Credentials {
    Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "onsale-local")
}

/// Where the engines keep their data.
#[derive(Clone, Debug)]
pub enum Data {
    /// A folder that survives the program. It is made when it does not exist.
    Folder(PathBuf),
    /// A private folder, in memory where the system offers one, that goes away with the last
    /// handle.
    Memory,
}

/// Which accident an acknowledged write survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The end of this process, however sudden. A power cut can lose the last commits, because
    /// the write-ahead log is handed to the operating system but not forced to the disk.
    ProcessEnd,
    /// A power cut as well, at one forced disk write for each commit (half the writes per
    /// second or fewer). Objects in S3 are excepted: `s3s-fs` does not force its files.
    PowerCut,
}

/// Explains why the engines could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The folder or a file in it could not be made or opened.
    #[error("cannot use the data folder {folder}")]
    Folder {
        /// The folder in question.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Another program holds the folder.
    #[error("the data folder {0} is in use by another program; stop it, or choose another folder")]
    InUse(PathBuf),
    /// The embedded `DynamoDB` could not open its file.
    #[error("cannot open the embedded DynamoDB")]
    DynamoDb(#[from] dynoxide::DynoxideError),
    /// `SQLite` refused.
    #[error("cannot open an embedded database")]
    Sqlite(#[from] rusqlite::Error),
    /// The S3 folder was refused.
    #[error("cannot open the embedded S3: {0}")]
    S3(String),
    /// A stored queue cannot be read back.
    #[error("the stored queue {queue} is damaged: {reason}")]
    DamagedQueue {
        /// The queue's name.
        queue: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// What an engine answers: an HTTP status and a JSON body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON text.
    pub body: Vec<u8>,
    /// The header `x-amzn-query-error`, from which SDKs read the error codes of SQS.
    pub query_error: Option<&'static str>,
}

impl Answer {
    fn ok(body: Vec<u8>) -> Self {
        Self { status: 200, body, query_error: None }
    }
}

/// The three engines on one data folder. Clones share everything.
#[derive(Clone, Debug)]
pub struct Engines {
    connector: Connector,
}

/// What a data folder is held by: the lock, and the folder itself where it is temporary.
///
/// Every engine holds it, so a temporary folder goes only after the last of them.
#[derive(Debug)]
struct Holding {
    path: PathBuf,
    _lock: File,
    temporary: Option<TempDir>,
}

impl Engines {
    /// Opens or makes the data, for [`Durability::ProcessEnd`].
    ///
    /// # Errors
    /// [`EngineError::InUse`] when another program holds the folder; otherwise what the file
    /// system or a database said.
    pub fn open(data: &Data) -> Result<Self, EngineError> {
        Self::open_with(data, Durability::ProcessEnd)
    }

    /// Opens or makes the data with the given durability.
    ///
    /// # Errors
    /// As [`Engines::open`].
    pub fn open_with(data: &Data, durability: Durability) -> Result<Self, EngineError> {
        let holding = Arc::new(match data {
            Data::Folder(path) => Holding::folder(path)?,
            Data::Memory => Holding::temporary()?,
        });
        let dynamodb = DynamoDb::open(&holding, durability)?;
        let sqs = Sqs::open(&holding, durability)?;
        let s3 = S3::open(&holding)?;
        Ok(Self { connector: Connector::new(dynamodb, sqs, s3) })
    }

    /// Returns the HTTP client for SDK configurations.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.connector.clone())
    }

    /// Returns the connector, on which faults can be interposed.
    pub fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Returns the `DynamoDB` engine.
    pub fn dynamodb(&self) -> &DynamoDb {
        self.connector.dynamodb()
    }

    /// Returns the SQS engine.
    pub fn sqs(&self) -> &Sqs {
        self.connector.sqs()
    }

    /// Returns the S3 engine.
    pub fn s3(&self) -> &S3 {
        self.connector.s3()
    }

    /// Returns the counter of consumed `DynamoDB` capacity.
    pub fn meter(&self) -> &Meter {
        self.dynamodb().meter()
    }

    /// Returns a router that answers the AWS wire protocols for all three engines.
    pub fn router(&self) -> Router {
        server::router(self.clone())
    }

    /// Deletes what Amazon would delete behind the scenes: items past their time to live, stream records past a day that
    /// nobody reads, messages past their retention.
    pub fn sweep(&self) {
        if let Err(error) = self.dynamodb().sweep_ttl() {
            tracing::error!(%error, "cannot sweep items past their time to live");
        }
        if let Err(error) = self.dynamodb().trim_unread_streams() {
            tracing::error!(%error, "cannot trim streams");
        }
        if let Err(error) = self.sqs().sweep() {
            tracing::error!(%error, "cannot sweep messages past their retention");
        }
    }
}

impl Holding {
    fn folder(path: &Path) -> Result<Self, EngineError> {
        let failed = |source| EngineError::Folder { folder: path.to_owned(), source };
        make_private(path).map_err(failed)?;
        let lock = lock(path)?;
        Ok(Self { path: path.to_owned(), _lock: lock, temporary: None })
    }

    /// Makes a folder in shared memory if the system has it: `SQLite`'s own memory databases
    /// cannot be opened by the second connection that streams need.
    fn temporary() -> Result<Self, EngineError> {
        let shared = Path::new("/dev/shm");
        let parent = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
        remove_abandoned(&parent);
        let folder = tempfile::Builder::new()
            .prefix(TEMPORARY_PREFIX)
            .tempdir_in(&parent)
            .map_err(|source| EngineError::Folder { folder: parent, source })?;
        let lock = lock(folder.path())?;
        Ok(Self { path: folder.path().to_owned(), _lock: lock, temporary: Some(folder) })
    }

    fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Makes a folder that nobody but its owner can look into; one that is there stays as it is.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Removes the temporary folders of programs that were killed before they could: their locks
/// are free. Failing to is no reason not to start.
fn remove_abandoned(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for folder in entries.flatten() {
        let ours = folder.file_name().to_string_lossy().starts_with(TEMPORARY_PREFIX);
        // A folder that is being made right now may not be locked yet.
        let made = folder.metadata().and_then(|metadata| metadata.modified());
        let old = made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age > ABANDONED_AFTER));
        let file = folder.path().join(LOCK);
        if ours && old && File::open(file).is_ok_and(|file| file.try_lock().is_ok()) {
            // Nothing can be done about a folder that another user owns.
            drop(std::fs::remove_dir_all(folder.path()));
        }
    }
}

/// Takes the folder's lock, which the operating system drops with the process.
fn lock(folder: &Path) -> Result<File, EngineError> {
    let failed = |source| EngineError::Folder { folder: folder.to_owned(), source };
    let file = File::options().create(true).truncate(false).write(true).open(folder.join(LOCK)).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EngineError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Returns the time since 1970: what the engines stamp on messages and stream records.
#[expect(clippy::disallowed_methods, reason = "the engines stand in for Amazon's clocks, not for ours")]
fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Sets what every connection to an embedded database has in common.
fn prepare(
    connection: &rusqlite::Connection,
    holding: &Holding,
    durability: Durability,
) -> Result<(), rusqlite::Error> {
    // In memory there is no disk to wait for; on disk NORMAL forces the log only at checkpoints.
    let synchronous = match durability {
        _ if holding.is_temporary() => "OFF",
        Durability::ProcessEnd => "NORMAL",
        Durability::PowerCut => "FULL",
    };
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
