//! The placeholder of most paths of this area.

use app::wire::Text;
use domain::id::EventId;
use schemars::JsonSchema;
use serde::Deserialize;

/// Which event.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct EventPath {
    /// The event's id.
    pub(crate) event: Text<EventId>,
}
