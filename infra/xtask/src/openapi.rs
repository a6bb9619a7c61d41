//! `infra/openapi.json`: what clients are written against, derived from the types that the handlers use.

mod operation;
mod parts;

use std::collections::BTreeSet;

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{Outcome, areas, generated::Generated};

const REFERENCE: &str = "#/components/schemas/";

/// The document.
pub(crate) fn file() -> Outcome<Generated> {
    let text = serde_json::to_string_pretty(&document())?;
    Ok(Generated::derived("infra/openapi.json", text + "\n"))
}

/// The document as a value, its names sorted.
pub(crate) fn document() -> Value {
    let mut generator = generator();
    let mut paths = Map::new();
    for (area, operation) in areas::routes() {
        let methods = paths.entry(operation.route.path).or_insert_with(|| json!({}));
        methods[operation.route.method.word().to_ascii_lowercase()] =
            operation::describe(area, operation, &mut generator);
    }
    let paths = Value::Object(paths);
    let mut schemas = generator.take_definitions(true);
    schemas.extend(parts::schemas());
    let used = reachable(&[&paths, &parts::responses()], &schemas);
    schemas.retain(|name, _| used.contains(name));
    let tags: Vec<Value> = areas::areas().iter().map(|area| json!({ "name": area.name })).collect();
    sorted(json!({
        "openapi": "3.1.0",
        "info": parts::info(),
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": parts::parameters(),
            "responses": parts::responses(),
            "securitySchemes": parts::security_schemes(),
        },
    }))
}

/// Makes the one generator whose definitions are the document's components.
pub(crate) fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    settings.into_generator()
}

/// Follows a reference to where the schema is spelled out.
pub(crate) fn resolve(schema: Schema, definitions: &Map<String, Value>) -> Value {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix(REFERENCE));
    match name.and_then(|name| definitions.get(name)) {
        Some(target) => target.clone(),
        None => schema.to_value(),
    }
}

/// The properties of an object's schema, by name, with whether each must be there.
pub(crate) fn properties(schema: &Value) -> Vec<(String, Value, bool)> {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut found: Vec<_> = properties
        .map(|(name, property)| (name.clone(), property.clone(), required.contains(&name.as_str())))
        .collect();
    found.sort_by(|left, right| left.0.cmp(&right.0));
    found
}

/// The names of all schemas that are referred to from `roots`, directly or through another.
fn reachable(roots: &[&Value], schemas: &Map<String, Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Value> = roots.to_vec();
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(members) => open.extend(members.values()),
            Value::String(text) => {
                if let Some(name) = text.strip_prefix(REFERENCE)
                    && found.insert(name.to_owned())
                {
                    open.extend(schemas.get(name));
                }
            }
            _ => {}
        }
    }
    found
}

/// Sorts names at every depth: whether maps keep their order depends on what else is being built.
pub(crate) fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(members.into_iter().map(|(name, value)| (name, sorted(value))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let known = document["components"]["schemas"].as_object().unwrap();
        for name in reachable(&[&document], known) {
            assert!(known.contains_key(&name), "{name}");
        }
    }

    #[test]
    fn every_operation_says_what_it_answers_and_how_it_fails() {
        for path in document()["paths"].as_object().unwrap().values() {
            for operation in path.as_object().unwrap().values() {
                let answers = operation["responses"].as_object().unwrap();
                assert!(answers.keys().any(|status| status.starts_with('2')), "{}", operation["operationId"]);
                assert!(answers.contains_key("500"), "{}", operation["operationId"]);
            }
        }
    }
}
