//! Everything that an operation or a worker may use; built once per process and never dropped.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use domain::Timestamp;
use providers::{blob::Files, http::Web, oidc::Issuers, queue::Queues};
use store::Store;

use crate::{
    Error, auth::Keys, clock::Clock, config::Settings, idempotency::Once, limits::Buckets, machine::Machines,
    session_cache::Sessions, trail::Heads,
};

/// The state of the process: clients and settings, nothing of the product's.
#[derive(Debug)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// The queues.
    pub queues: Queues,
    /// The bucket.
    pub files: Files,
    /// Addresses of the web.
    pub web: Web,
    /// What login providers have published lately.
    pub issuers: Issuers,
    /// Secrets, and the keys derived from them.
    pub keys: Keys,
    /// What was configured.
    pub settings: Settings,
    /// What sessions were seen alive lately.
    pub sessions: Sessions,
    /// How far this process knows trails to go.
    pub(crate) heads: Heads,
    /// What this process saw of API keys lately.
    pub(crate) machines: Machines,
    /// What this process knows of how fast others ask.
    pub(crate) buckets: Buckets,
    /// The clock.
    pub clock: Clock,
    /// Whether calls are compared with grants.
    pub(crate) guarded: bool,
}

impl App {
    /// The time. The only place that asks.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Chance that nobody can guess. The only place that throws the dice.
    ///
    /// # Errors
    /// `internal` where the operating system has none to give.
    pub fn random<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        SystemRandom::new().fill(&mut bytes).map_err(|_| Error::internal("the system gives no randomness"))?;
        Ok(bytes)
    }

    /// Makes repeats of a request recognisable.
    pub fn once(&self) -> Once<'_> {
        Once::new(self)
    }
}
