//! What every background task has: the application, clients, the count of what happens, and word of when to stop.

use app::App;
use tokio::sync::watch;

use crate::{activity::Activity, aws::Aws};

/// Handed to every background task.
#[derive(Clone, Debug)]
pub(crate) struct Machinery {
    pub(crate) app: &'static App,
    pub(crate) aws: Aws,
    pub(crate) activity: Activity,
    stop: watch::Receiver<bool>,
}

impl Machinery {
    pub(crate) const fn new(app: &'static App, aws: Aws, activity: Activity, stop: watch::Receiver<bool>) -> Self {
        Self { app, aws, activity, stop }
    }

    /// Ends when the system stops.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stop = self.stop.clone();
        // A system that was dropped without a word has stopped as well.
        async move { drop(stop.wait_for(|stopped| *stopped).await) }
    }

    /// Whether the system stops.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// The application's time in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        self.app.now().as_millisecond()
    }
}
