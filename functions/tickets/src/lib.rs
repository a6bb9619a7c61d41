//! tickets.

/// Every HTTP operation of this area.
pub static OPERATIONS: &[&app::Operation] = &[];
/// Every worker of this area.
pub static WORKERS: &[&app::Worker] = &[];
