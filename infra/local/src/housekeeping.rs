//! What Amazon does behind the scenes: deletes what is past its time.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::{machinery::Machinery, plug::Plug};

const EVERY: Duration = Duration::from_mins(1);

/// Sweeps every minute until the system stops.
pub(crate) async fn keep_house(plug: Plug, machinery: Machinery) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stopped = machinery.stopped();
    let mut stopped = std::pin::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            _ = ticks.tick() => {}
        }
        let Some(engines) = plug.engines() else { return };
        // The one call that may be long, and that nobody waits for: off the async threads.
        let swept = tokio::task::spawn_blocking(move || engines.sweep()).await;
        if let Err(error) = swept {
            tracing::error!(%error, "the sweep of the embedded engines panicked");
        }
    }
}
