//! `functions/service/src/routes.rs`: every path with its methods, for the function that answers what no route takes.

use std::collections::{BTreeMap, BTreeSet};

use crate::{areas::routes, generated::Generated};

/// The table.
pub(crate) fn file() -> Generated {
    let mut paths = BTreeMap::<&str, BTreeSet<&str>>::new();
    for (_, operation) in routes() {
        paths.entry(operation.route.path).or_default().insert(operation.route.method.word());
    }
    let rows: String = paths.iter().map(|(path, methods)| row(path, methods)).collect();
    let content = format!(
        "//! Written by `cargo xtask generate`: every path, with the methods that it takes.\n\n\
         /// Path and methods, sorted.\npub(crate) static ROUTES: &[(&str, &[&str])] = &[\n{rows}];\n"
    );
    Generated::derived("functions/service/src/routes.rs", content)
}

fn row(path: &str, methods: &BTreeSet<&str>) -> String {
    let methods: Vec<String> = methods.iter().map(|method| format!("{method:?}")).collect();
    format!("    ({path:?}, &[{}]),\n", methods.join(", "))
}
