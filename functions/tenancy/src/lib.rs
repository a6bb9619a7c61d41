//! Tenants: the organisations that sell, what everybody may know of them, and whether their books are right.

pub mod audit_state;
pub mod get_tenant;

/// Every HTTP operation of this area.
pub static OPERATIONS: &[&app::Operation] = &[&audit_state::OPERATION, &get_tenant::OPERATION];
/// Every worker of this area.
pub static WORKERS: &[&app::Worker] = &[];
