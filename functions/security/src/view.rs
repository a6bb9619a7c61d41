//! A record of the trail as administrators see it.

use app::{
    trail::{Change, Kind, Record},
    wire::Instant,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A record. What is not known of it is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordView {
    /// Its number in the trail, from 1.
    sequence: u64,
    kind: KindView,
    /// Of an outcome: the number of its intent.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
    at: Instant,
    user_id: String,
    role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key_id: Option<String>,
    /// The `operationId` of what was asked for.
    route: String,
    path: BTreeMap<String, String>,
    ip: String,
    /// Tells whether two requests came from browsers of the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_digest: Option<String>,
    request_id: String,
    /// Tells whether two requests had the same body.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_digest: Option<String>,
    /// Of an outcome: the HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Of an outcome that was a refusal: its word.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Of an outcome: what was changed.
    changed: Vec<ChangeView>,
}

/// An intent is written before anything is done. Where no outcome follows, it is not known how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum KindView {
    Intent,
    Outcome,
}

/// A thing that was changed, with digests of its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct ChangeView {
    /// Its id.
    what: String,
    /// Not there: it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// Not there: it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl RecordView {
    pub(crate) fn of(sequence: u64, record: Record) -> Self {
        Self {
            sequence,
            kind: match record.kind {
                Kind::Intent => KindView::Intent,
                Kind::Outcome => KindView::Outcome,
            },
            of: record.of,
            at: record.at.into(),
            user_id: record.user,
            role: record.role,
            session_id: record.session,
            api_key_id: record.key,
            route: record.route,
            path: record.path,
            ip: record.ip,
            agent_digest: record.agent,
            request_id: record.request,
            body_digest: record.body,
            status: record.status,
            error: record.error,
            changed: record.changed.into_iter().map(ChangeView::of).collect(),
        }
    }
}

impl ChangeView {
    fn of(Change { what, before, after }: Change) -> Self {
        Self { what, before, after }
    }
}
