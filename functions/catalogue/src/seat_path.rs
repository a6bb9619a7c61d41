//! The placeholders of the paths of a session's seats, and the event that they name.

use app::wire::Text;
use domain::id::{EventId, SessionId};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which session of which event.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct SeatPath {
    /// The event's id.
    pub(crate) event: Text<EventId>,
    /// The session's id.
    pub(crate) session: Text<SessionId>,
}
