//! Logs: one JSON object a line, for `CloudWatch`.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Writes logs to standard output as JSON: what `choice` names, such as `warn,request=info`, or everything from `info` on.
/// A second call does nothing.
///
/// `Targets` and not `EnvFilter`: that one knows fields and patterns, for which it brings two libraries of regular
/// expressions.
pub fn init(choice: Option<&str>) {
    let everything = || Targets::new().with_default(LevelFilter::INFO);
    let chosen = choice.and_then(|text| text.parse().ok()).unwrap_or_else(everything);
    let json = tracing_subscriber::fmt::layer().json().flatten_event(true);
    let lines = json.with_current_span(false).with_span_list(false);
    // Somebody else may have set up logs already: a test, or the local program.
    drop(tracing_subscriber::registry().with(chosen).with(lines).try_init());
}
