//! The one list of areas. What is not in it does not exist: no binary, no function, no documentation.

use app::{Grant, Operation, Worker};

/// One package under `functions/`.
#[derive(Debug)]
pub(crate) struct Area {
    /// The package, its folder, and the tag in `OpenAPI`.
    pub(crate) name: &'static str,
    pub(crate) operations: &'static [&'static Operation],
    pub(crate) workers: &'static [&'static Worker],
}

/// One Lambda function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Function {
    Operation(&'static Operation),
    Worker(&'static Worker),
}

/// The path of the operation that answers whatever no route takes, as API Gateway names it.
pub(crate) const DEFAULT_PATH: &str = "$default";

/// Every area, in the order in which a product is set up and used.
pub(crate) fn areas() -> [Area; 12] {
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

impl Area {
    /// Its functions: operations, then workers.
    pub(crate) fn functions(&self) -> impl Iterator<Item = Function> {
        let operations = self.operations.iter().map(|operation| Function::Operation(operation));
        operations.chain(self.workers.iter().map(|worker| Function::Worker(worker)))
    }
}

/// Every HTTP operation with its area, without the one behind [`DEFAULT_PATH`].
pub(crate) fn routes() -> impl Iterator<Item = (&'static str, &'static Operation)> {
    areas()
        .into_iter()
        .flat_map(|area| area.operations.iter().map(move |operation| (area.name, *operation)))
        .filter(|(_, operation)| operation.route.path != DEFAULT_PATH)
}

impl Function {
    /// File, binary, function and sample event.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Operation(operation) => operation.route.name,
            Self::Worker(worker) => worker.duty.name,
        }
    }

    /// One sentence.
    pub(crate) fn summary(self) -> &'static str {
        match self {
            Self::Operation(operation) => operation.route.summary,
            Self::Worker(worker) => worker.duty.summary,
        }
    }

    /// What it touches.
    pub(crate) fn grants(self) -> Vec<Grant> {
        match self {
            Self::Operation(operation) => operation.grants(),
            Self::Worker(worker) => worker.grants(),
        }
    }

    /// The Rust module.
    pub(crate) fn module(self) -> String {
        self.name().replace('-', "_")
    }

    /// Whether it exists only where no real money is.
    pub(crate) fn is_sandbox(self) -> bool {
        self.name().split('-').any(|word| word == "sandbox")
    }
}
