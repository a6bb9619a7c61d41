//! The door: lets the holders of tickets in, each once, and tells how many came.

mod after;

pub mod check_in;
pub mod session_counts;

/// Every HTTP operation of this area.
pub static OPERATIONS: &[&app::Operation] = &[&check_in::OPERATION, &session_counts::OPERATION];
/// Every worker of this area.
pub static WORKERS: &[&app::Worker] = &[];
