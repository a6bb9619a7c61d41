//! Logs: one JSON object a line, for `CloudWatch`.

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// Writes logs to standard output as JSON. `RUST_LOG` chooses what; without it everything from `info` on. A second call
/// does nothing.
pub fn init() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let json = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_span_list(false);
    // Somebody else may have set up logs already: a test, or the local program.
    drop(json.with_env_filter(filter).try_init());
}
