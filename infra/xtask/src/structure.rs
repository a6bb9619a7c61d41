//! What ARCHITECTURE.md promises about the tree, as tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use app::Operation;
use serde_json::Value;

use crate::{
    areas::{Area, DEFAULT_PATH, Function, areas, routes},
    binaries,
    generated::{listing, read, root},
    openapi::{document, generator, properties, resolve},
    samples, template,
};

/// A line and a file that breaks a promise.
type Breach = (PathBuf, usize, String);

/// Every Rust source below `folders`, from the root.
fn sources(folders: &[&str]) -> Vec<PathBuf> {
    let mut open: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn all_sources() -> Vec<PathBuf> {
    let found = sources(&["shared", "functions", "infra", "tests"]);
    assert!(found.len() > 50, "the tree is somewhere else");
    found
}

/// Lines of code (comments are free to name what code may not) outside `allowed` that contain one of `words`.
fn breaches(words: &[&str], allowed: &[&str]) -> Vec<Breach> {
    let mut found = Vec::new();
    for path in all_sources() {
        if allowed.iter().any(|place| path.starts_with(place)) {
            continue;
        }
        for (number, line) in read(&path).unwrap().lines().enumerate() {
            if !line.trim_start().starts_with("//") && words.iter().any(|word| line.contains(word)) {
                found.push((path.clone(), number + 1, line.trim().to_owned()));
            }
        }
    }
    found
}

/// The names under one heading of a package's manifest.
fn dependencies(package: &str, heading: &str) -> BTreeSet<String> {
    let manifest = read(Path::new(package).join("Cargo.toml")).unwrap();
    let lines = manifest.lines().skip_while(|line| *line != heading).skip(1).take_while(|line| !line.starts_with('['));
    let names = lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split(['.', ' ', '=']).next());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_rules_of_ticketing_depend_on_nothing_that_reads_writes_or_waits() {
    let found = dependencies("shared/domain", "[dependencies]");
    assert_eq!(found, set(&["data-encoding", "jiff", "thiserror", "uuid"]));
}

#[test]
fn arrows_point_inward() {
    let ours = set(&["domain", "store", "providers", "app", "runtime"]);
    let check = |package: &str, inner: &[&str]| {
        let found = &dependencies(package, "[dependencies]") & &ours;
        assert!(found.is_subset(&set(inner)), "{package} depends on {found:?}");
    };
    check("shared/domain", &[]);
    check("shared/store", &["domain"]);
    check("shared/providers", &["domain"]);
    check("shared/app", &["domain", "store", "providers"]);
    check("shared/runtime", &["domain", "store", "providers", "app"]);
}

#[test]
fn no_area_depends_on_another() {
    let names: BTreeSet<String> = areas().iter().map(|area| area.name.to_owned()).collect();
    for package in names.iter().map(|name| format!("functions/{name}")) {
        for heading in ["[dependencies]", "[dev-dependencies]"] {
            let found = &dependencies(&package, heading) & &names;
            assert!(found.is_empty(), "{package} depends on {found:?}");
        }
    }
    for package in ["domain", "store", "providers", "app", "runtime"].map(|name| format!("shared/{name}")) {
        let found = &dependencies(&package, "[dependencies]") & &names;
        assert!(found.is_empty(), "{package} depends on {found:?}");
    }
}

#[test]
fn every_folder_of_functions_is_an_area() {
    let folders: BTreeSet<PathBuf> = listing(Path::new("functions")).unwrap().into_iter().collect();
    let named: BTreeSet<PathBuf> = areas().iter().map(|area| Path::new("functions").join(area.name)).collect();
    assert_eq!(folders, named);
}

#[test]
fn only_the_store_knows_dynamodb() {
    // App builds the client and compares its calls with the grants; the local program is the other end of the line. The
    // tests look at what is stored from outside.
    let allowed = [
        "shared/store",
        "shared/app/src/connect.rs",
        "shared/app/src/guard.rs",
        "shared/app/src/guard",
        "infra",
        "tests",
    ];
    assert_eq!(breaches(&["aws_sdk_dynamodb", "serde_dynamo"], &allowed), []);
}

#[test]
fn only_providers_know_queues_and_files() {
    let allowed =
        ["shared/providers", "shared/app/src/connect.rs", "shared/app/src/guard.rs", "shared/app/src/guard", "infra"];
    assert_eq!(breaches(&["aws_sdk_sqs", "aws_sdk_s3"], &allowed), []);
}

#[test]
fn only_the_runtime_knows_lambda() {
    assert_eq!(
        breaches(&["lambda_http", "lambda_runtime", "aws_lambda_events"], &["shared/runtime", "infra", "tests"]),
        []
    );
}

#[test]
fn keys_are_spelled_in_one_module() {
    // What a key is made of: a tenant, `#`, and words in between; and the numbers that are padded so that they sort.
    let spelled = ["tenant}#", "}#{", ":05}\"", ":08}#"];
    let allowed = ["shared/store/src/keys.rs", "shared/store/src/keys", "infra", "tests"];
    let found: Vec<Breach> = breaches(&spelled, &allowed)
        .into_iter()
        .filter(|(path, ..)| path.starts_with("shared/store") || path.starts_with("functions"))
        .collect();
    assert_eq!(found, []);
}

#[test]
fn nobody_scans_but_the_auditor() {
    // docs/decisions/0013-the-auditor-scans.md. The guard's own test sees to it that any other scan would be refused.
    let allowed =
        ["shared/store/src/audit/walk.rs", "shared/app/src/grant.rs", "shared/app/src/guard", "infra", "tests"];
    assert_eq!(breaches(&[".scan()", "dynamodb:Scan"], &allowed), []);
    let scans = |function: &Function| function.grants().iter().any(|grant| grant.access == app::Access::Scan);
    let all: Vec<_> = areas().iter().flat_map(|area| area.functions().collect::<Vec<_>>()).collect();
    let scanning: Vec<_> = all.into_iter().filter(scans).map(Function::name).collect();
    assert_eq!(scanning, ["audit-state"]);
}

#[test]
fn no_file_is_longer_than_500_lines() {
    for path in all_sources() {
        let lines = read(&path).unwrap().lines().count();
        assert!(lines <= 500, "{} has {lines}", path.display());
    }
}

#[test]
fn every_function_is_one_file_one_binary_and_one_event() {
    for area in areas() {
        let names: BTreeSet<String> = area.functions().map(|function| function.name().to_owned()).collect();
        let stems = |folder: PathBuf| -> BTreeSet<String> {
            let files = listing(&folder).unwrap();
            files.iter().filter_map(|path| path.file_stem()?.to_str()).map(str::to_owned).collect()
        };
        assert_eq!(stems(binaries::folder(area.name)), names, "binaries of {}", area.name);
        assert_eq!(stems(samples::folder(area.name)), names, "events of {}", area.name);
        assert_eq!(declaring(area.name), names, "files of {}", area.name);
    }
}

/// The files of an area that declare an operation or a worker, by the name that they should declare.
fn declaring(area: &str) -> BTreeSet<String> {
    let source = format!("functions/{area}/src");
    let declares = |path: &PathBuf| {
        let text = read(path).unwrap();
        text.contains("pub static OPERATION:") || text.contains("pub static WORKER:")
    };
    let files = sources(&[&source]);
    files
        .iter()
        .filter(|path| declares(path))
        .filter_map(|path| path.file_stem()?.to_str())
        .map(|stem| stem.replace('_', "-"))
        .collect()
}

#[test]
fn an_operation_knows_its_area() {
    for area in areas() {
        for operation in area.operations {
            assert_eq!(operation.area(), area.name, "{}", operation.route.name);
        }
    }
}

#[test]
fn a_name_is_used_once_and_the_template_has_every_one() {
    let template = template::text().unwrap();
    let mut seen = BTreeSet::new();
    for area in areas() {
        for function in area.functions() {
            let name = function.name();
            assert!(seen.insert(name), "{name} is used twice");
            assert!(name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'));
            assert_eq!(template.matches(&format!("BuildProperties: {{ Binary: {name} }} }}\n")).count(), 1, "{name}");
        }
    }
    assert_eq!(template.matches("Type: AWS::Serverless::Function\n").count(), seen.len());
}

#[test]
fn a_function_says_what_it_is_for_in_one_sentence() {
    for function in areas().iter().flat_map(Area::functions) {
        // The description of a function on Lambda has room for 256 characters.
        let summary = function.summary();
        assert!((8..=256).contains(&summary.len()) && !summary.ends_with('.'), "{}: {summary:?}", function.name());
    }
}

/// A path with its placeholders made alike: two that differ by their names alone are the same to a router.
fn shape(path: &str) -> String {
    path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment }).collect::<Vec<_>>().join("/")
}

#[test]
fn no_two_operations_share_method_and_path_and_a_path_has_one_spelling() {
    let mut operations = BTreeSet::new();
    let mut spellings = BTreeMap::new();
    for (_, operation) in routes() {
        let route = &operation.route;
        assert!(operations.insert((route.method.word(), shape(route.path))), "{} {}", route.method.word(), route.path);
        let spelling = *spellings.entry(shape(route.path)).or_insert(route.path);
        assert_eq!(spelling, route.path, "{} names its placeholders differently", route.name);
        assert!(route.path.starts_with('/') && !route.path.ends_with('/'), "{}", route.path);
    }
}

#[test]
fn operation_ids_are_the_names() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let methods = paths.values().flat_map(|path| path.as_object().unwrap().values());
    let ids: BTreeSet<&str> = methods.filter_map(|operation| operation["operationId"].as_str()).collect();
    assert_eq!(ids, routes().map(|(_, operation)| operation.route.name).collect());
}

/// The placeholders that a path names, and what the operation that answers unknown routes is given instead.
fn placeholders(operation: &Operation) -> BTreeSet<String> {
    if operation.route.path == DEFAULT_PATH {
        return set(&["method", "path"]);
    }
    let segments = operation.route.path.split('/');
    segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).map(str::to_owned).collect()
}

#[test]
fn every_path_type_names_exactly_the_placeholders() {
    for operation in areas().iter().flat_map(|area| area.operations) {
        let mut generator = generator();
        let schema = (operation.path)(&mut generator);
        let schema: Value = resolve(schema, generator.definitions());
        let fields: BTreeSet<String> = properties(&schema).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(fields, placeholders(operation), "{}", operation.route.name);
    }
}

#[test]
fn a_worker_reads_a_queue_or_stream_that_nobody_else_reads() {
    let mut sources = BTreeMap::new();
    for worker in areas().iter().flat_map(|area| area.workers) {
        if !matches!(worker.duty.source, app::Source::Schedule { .. }) {
            let other = sources.insert(format!("{:?}", worker.duty.source), worker.duty.name);
            assert_eq!(other, None, "{} reads the same", worker.duty.name);
        }
    }
}
