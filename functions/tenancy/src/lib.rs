//! Tenants: the organisations that sell, and what everybody may know of them.

pub mod get_tenant;

/// Every HTTP operation of this area.
pub static OPERATIONS: &[&app::Operation] = &[&get_tenant::OPERATION];
/// Every worker of this area.
pub static WORKERS: &[&app::Worker] = &[];
