//! Keys of those who wait.

use domain::{
    id::{Id as _, OrderId, SessionId},
    tenant::TenantId,
};

use super::{key, order_partition};
use crate::client::Key;

/// The sort key of a request: it stands beside its deposit.
pub const REQUEST: &str = "request";

/// What somebody waits for, in the partition of the deposit.
pub(crate) fn request(tenant: &TenantId, id: OrderId) -> Key {
    key(order_partition(tenant, id), REQUEST)
}

/// The partition of a tenant's lines.
pub(crate) fn lines(tenant: &TenantId) -> String {
    format!("{tenant}#lines")
}

/// A line: of a session, or of a run.
pub(crate) fn line(tenant: &TenantId, line: SessionId) -> Key {
    key(lines(tenant), line.bare())
}

/// The line that a sort key, or a mark, names.
pub(crate) fn line_of(text: &str) -> Option<SessionId> {
    SessionId::from_bare(text).ok()
}

/// The partition of those who stand in a line.
pub(crate) fn standing_in(tenant: &TenantId, line: SessionId) -> String {
    format!("{tenant}#line#{}", line.bare())
}

/// One of them.
pub(crate) fn standing(tenant: &TenantId, line: SessionId, id: OrderId) -> Key {
    key(standing_in(tenant, line), id.bare())
}
