//! Stock behind the scenes: what ended orders held comes back, shards are counted, and nothing is left undone.
//!
//! No operation of its own: buyers meet stock in the catalogue and in orders.

pub mod forward_stock;
pub mod reconcile_holds;
pub mod release_stock;
pub mod summarise_stock;

use app::{Operation, Worker};

/// No operations.
pub static OPERATIONS: &[&Operation] = &[];

/// Every worker.
pub static WORKERS: &[&Worker] =
    &[&release_stock::WORKER, &forward_stock::WORKER, &summarise_stock::WORKER, &reconcile_holds::WORKER];
