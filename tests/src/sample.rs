//! The sample event of each function, as Lambda would deliver it: what tests of every operation begin with.

use std::path::{Path, PathBuf};

use app::Operation;
use onsale::Area;
use schemars::SchemaGenerator;
use serde_json::{Map, Value};

/// A request that an operation would take, and what it is made of.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) operation: &'static Operation,
    /// The event as it is in the file.
    pub(crate) event: Value,
    /// Values of the placeholders, as the file has them.
    pub(crate) path: Map<String, Value>,
    pub(crate) query: Map<String, Value>,
    /// The body as JSON; `null` where there is none.
    pub(crate) body: Value,
}

pub(crate) fn file(area: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(area).join(format!("{name}.json"))
}

/// The event of a function.
pub(crate) fn event(area: &str, name: &str) -> Value {
    let path = file(area, name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Every operation with its sample, but for the one that answers what no route takes.
pub(crate) fn samples() -> Vec<Sample> {
    let of_area = |area: Area| area.operations.iter().map(move |operation| Sample::of(area.name, operation));
    onsale::areas().into_iter().flat_map(of_area).filter(|it| it.operation.route.path != "$default").collect()
}

impl Sample {
    fn of(area: &str, operation: &'static Operation) -> Self {
        let event = event(area, operation.route.name);
        let map = |name: &str| event[name].as_object().cloned().unwrap_or_default();
        let body = event["body"].as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        Self { operation, path: map("pathParameters"), query: map("queryStringParameters"), body, event }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.operation.route.name
    }

    pub(crate) fn method(&self) -> &'static str {
        self.operation.route.method.word()
    }

    /// Whether the body is JSON that the dispatcher reads.
    pub(crate) fn takes_json(&self) -> bool {
        self.operation.route.method.has_body() && matches!(self.operation.route.body, app::Body::Json)
    }

    /// Path and query.
    pub(crate) fn target(&self) -> String {
        let mut path = self.operation.route.path.to_owned();
        for (name, value) in &self.path {
            path = path.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default());
        }
        assert!(!path.contains('{'), "{}: {path}", self.name());
        let query: Vec<_> =
            self.query.iter().map(|(name, value)| [name, "=", value.as_str().unwrap_or_default()].concat()).collect();
        if query.is_empty() { path } else { [path, "?".to_owned(), query.join("&")].concat() }
    }

    /// The fields of the body or query, with their schemas.
    pub(crate) fn fields(&self) -> Map<String, Value> {
        let mut generator = SchemaGenerator::default();
        let root = (self.operation.input)(&mut generator).to_value();
        let definitions = generator.take_definitions(true);
        let target = root["$ref"].as_str().and_then(|reference| definitions.get(reference.rsplit('/').next()?));
        let mut fields = Map::new();
        collect(target.unwrap_or(&root), &definitions, &mut fields);
        fields
    }

    /// Whether a success is JSON in the envelope.
    pub(crate) fn answers_json(&self) -> bool {
        (self.operation.output)(&mut SchemaGenerator::default()).is_some()
    }
}

/// The properties of an object, and of what is flattened into it.
fn collect(schema: &Value, definitions: &Map<String, Value>, fields: &mut Map<String, Value>) {
    if let Some(target) = schema["$ref"].as_str().and_then(|reference| definitions.get(reference.rsplit('/').next()?)) {
        collect(target, definitions, fields);
    }
    if let Some(properties) = schema["properties"].as_object() {
        fields.extend(properties.clone());
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        collect(part, definitions, fields);
    }
}
