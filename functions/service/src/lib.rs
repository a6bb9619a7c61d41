//! What belongs to the service and not to a tenant: whether it is alive, its documentation, and the answer to whatever
//! no route takes.

pub mod docs;
pub mod docs_asset;
pub mod healthz;
pub mod openapi;
pub mod readyz;
mod routes;
pub mod unknown_route;

use app::{Operation, Worker};

/// Every HTTP operation of this area.
pub static OPERATIONS: &[&Operation] = &[
    &healthz::OPERATION,
    &readyz::OPERATION,
    &openapi::OPERATION,
    &docs::OPERATION,
    &docs_asset::OPERATION,
    &unknown_route::OPERATION,
];

/// Every worker of this area.
pub static WORKERS: &[&Worker] = &[];
