//! The program that runs everything on one machine: the API, the workers, and Amazon's services inside the process.
//!
//! **Invariant:** nothing under `functions/` or `shared/` knows of it. Requests reach operations as events of API Gateway,
//! messages reach workers as events of SQS, changes as events of `DynamoDB` Streams.

mod activity;
mod aws;
mod cors;
mod demo;
pub mod engine;
mod gateway;
mod housekeeping;
mod invocation;
mod lane;
mod machinery;
mod messages;
mod metrics;
mod options;
mod plug;
mod provision;
mod refusal;
mod routes;
mod schedules;
mod secret;
mod stepper;
mod streams;
mod system;

use app::{Operation, Worker};

pub use activity::NotDrained;
pub use demo::DemoError;
pub use options::{Background, Options};
pub use provision::{ProvisionError, make_tables};
pub use system::{StartError, System, TickError};

/// One package under `functions/`.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    /// The package.
    pub name: &'static str,
    /// Its HTTP operations.
    pub operations: &'static [&'static Operation],
    /// Its workers.
    pub workers: &'static [&'static Worker],
}

/// Every area, in the order in which a product is set up and used.
pub fn areas() -> [Area; 12] {
    macro_rules! area {
        ($name:ident) => {
            Area { name: stringify!($name), operations: $name::OPERATIONS, workers: $name::WORKERS }
        };
    }
    [
        area!(identity),
        area!(tenancy),
        area!(venues),
        area!(catalogue),
        area!(rail),
        area!(inventory),
        area!(orders),
        area!(payments),
        area!(tickets),
        area!(door),
        area!(security),
        area!(service),
    ]
}

/// Every HTTP operation, with the one that answers what no route takes.
pub fn operations() -> Vec<&'static Operation> {
    areas().iter().flat_map(|area| area.operations).copied().collect()
}

/// Every worker.
pub fn workers() -> Vec<&'static Worker> {
    areas().iter().flat_map(|area| area.workers).copied().collect()
}
