//! What is bought, as it is answered, wherever that is: in orders and in tickets.

use domain::{
    id::{EventId, OptionId, RunId, SessionId},
    occasion::{Kind, Occasion},
    order::Subject,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::Text;

/// What tickets are for: a price option in a session of an event, or a ride in a class of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubjectView {
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<Text<EventId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<Text<SessionId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_option_id: Option<Text<OptionId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<Text<RunId>>,
    /// The class of a ride.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    /// The telecode of the station where a ride begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// The telecode of the station where it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

impl SubjectView {
    /// As it is answered. The stations of a ride are those of its occasion.
    pub fn of(subject: &Subject, occasion: Option<&Occasion>) -> Self {
        let nothing = Self {
            event_id: None,
            session_id: None,
            price_option_id: None,
            run_id: None,
            class: None,
            from: None,
            to: None,
        };
        match subject {
            Subject::Session { event, session, option } => Self {
                event_id: Some(Text(*event)),
                session_id: Some(Text(*session)),
                price_option_id: Some(Text(*option)),
                ..nothing
            },
            Subject::Ride { run, class, .. } => {
                let stations = occasion.and_then(|occasion| match &occasion.kind {
                    Kind::Ride { from, to, .. } => Some((from.to_string(), to.to_string())),
                    Kind::Session { .. } => None,
                });
                let (from, to) = stations.unzip();
                Self { run_id: Some(Text(*run)), class: Some(class.to_string()), from, to, ..nothing }
            }
        }
    }
}
