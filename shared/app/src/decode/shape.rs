//! A JSON schema as schemars writes it, compiled once.

use std::collections::HashMap;

use regex_lite::Regex;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Number, Value};

/// A compiled schema.
#[derive(Debug)]
pub struct Shape {
    pub(super) root: Node,
    pub(super) definitions: HashMap<String, Node>,
}

/// One schema of the tree. Every part that is there must hold.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The name of a definition.
    pub(super) reference: Option<String>,
    /// The types that the value may have; empty where any will do.
    pub(super) kinds: Vec<Kind>,
    /// The values of which it must be one.
    pub(super) values: Option<Vec<Value>>,
    pub(super) numbers: Bounds<Number>,
    /// In characters.
    pub(super) length: Bounds<u64>,
    pub(super) items_count: Bounds<u64>,
    pub(super) pattern: Option<Pattern>,
    pub(super) format: Option<Format>,
    pub(super) properties: Vec<(String, Node)>,
    pub(super) required: Vec<String>,
    /// What the values of a map must be.
    pub(super) others: Option<Box<Node>>,
    pub(super) items: Option<Box<Node>>,
    /// One of these must hold.
    pub(super) any: Vec<Node>,
    /// All of these must hold.
    pub(super) all: Vec<Node>,
}

/// The least and the most.
#[derive(Debug)]
pub(super) struct Bounds<T> {
    pub(super) least: Option<T>,
    pub(super) most: Option<T>,
}

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Self { least: None, most: None }
    }
}

/// A regular expression, and what to say where it does not match.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    pub(super) reason: String,
}

/// A type of JSON; whole numbers count apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    Text,
    List,
    Object,
}

/// A format that is checked here because many fields have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    DateTime,
    Date,
}

/// The keyword by which a type explains its pattern.
pub(crate) const REASON: &str = "x-reason";

impl Shape {
    /// Compiles what a type says about itself.
    pub fn of(schema: fn(&mut SchemaGenerator) -> Schema) -> Self {
        let mut generator = SchemaGenerator::default();
        let root = schema(&mut generator).to_value();
        let definitions = generator.take_definitions(true);
        Self {
            root: Node::of(&root),
            definitions: definitions.iter().map(|(name, schema)| (name.clone(), Node::of(schema))).collect(),
        }
    }

    /// The node that a reference leads to. Ours always lead somewhere; one that did not would allow nothing less.
    pub(super) fn follow<'a>(&'a self, node: &'a Node) -> &'a Node {
        node.reference.as_ref().and_then(|name| self.definitions.get(name)).unwrap_or(node)
    }

    /// Turns the text of a query string or a path into the types that the schema asks for. Text that is no number stays
    /// text, for [`Shape::check`] to explain. An empty value counts as left out, as forms in pages send it.
    pub fn coerce(&self, mut values: Map<String, Value>) -> Map<String, Value> {
        values.retain(|_, value| value.as_str() != Some(""));
        for (name, value) in &mut values {
            let Some(text) = value.as_str() else { continue };
            let parsed = match self.property_kind(&self.root, name) {
                Some(Kind::Integer | Kind::Number) => text.parse::<Number>().ok().map(Value::Number),
                Some(Kind::Boolean) => text.parse::<bool>().ok().map(Value::Bool),
                _ => None,
            };
            if let Some(parsed) = parsed {
                *value = parsed;
            }
        }
        values
    }

    /// The type of a property, where it is one that text has to be turned into.
    fn property_kind(&self, node: &Node, name: &str) -> Option<Kind> {
        let node = self.follow(node);
        let own = node.properties.iter().find(|(property, _)| property == name).and_then(|(_, node)| self.kind(node));
        own.or_else(|| node.all.iter().chain(&node.any).find_map(|part| self.property_kind(part, name)))
    }

    fn kind(&self, node: &Node) -> Option<Kind> {
        let node = self.follow(node);
        let own = node.kinds.iter().copied().find(|kind| *kind != Kind::Null);
        own.or_else(|| node.any.iter().chain(&node.all).find_map(|part| self.kind(part)))
    }
}

impl Node {
    fn of(schema: &Value) -> Self {
        // `true` allows everything; `false` does not occur in a request that anybody could send.
        let Some(schema) = schema.as_object() else { return Self::default() };
        let text = |name: &str| schema.get(name).and_then(Value::as_str);
        let count = |name: &str| schema.get(name).and_then(Value::as_u64);
        let number = |name: &str| schema.get(name).and_then(Value::as_number).cloned();
        let nodes = |name: &str| list(schema, name).iter().map(Self::of).collect::<Vec<_>>();
        let node = |name: &str| schema.get(name).filter(|it| it.is_object()).map(|it| Box::new(Self::of(it)));
        Self {
            reference: text("$ref").and_then(|path| path.rsplit('/').next()).map(str::to_owned),
            kinds: kinds(schema.get("type")),
            values: values(schema),
            numbers: Bounds { least: number("minimum"), most: number("maximum") },
            length: Bounds { least: count("minLength"), most: count("maxLength") },
            items_count: Bounds { least: count("minItems"), most: count("maxItems") },
            pattern: text("pattern").and_then(|pattern| Pattern::of(pattern, text(REASON))),
            format: match text("format") {
                Some("date-time") => Some(Format::DateTime),
                Some("date") => Some(Format::Date),
                _ => None,
            },
            properties: schema
                .get("properties")
                .and_then(Value::as_object)
                .map(|all| all.iter().map(|(name, schema)| (name.clone(), Self::of(schema))).collect())
                .unwrap_or_default(),
            required: list(schema, "required").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            others: node("additionalProperties"),
            items: node("items"),
            any: [nodes("anyOf"), nodes("oneOf")].into_iter().flatten().collect(),
            all: nodes("allOf"),
        }
    }
}

impl Pattern {
    fn of(pattern: &str, reason: Option<&str>) -> Option<Self> {
        let regex = Regex::new(pattern).ok()?;
        let reason = reason.map_or_else(|| ["must match ", pattern].concat(), str::to_owned);
        Some(Self { regex, reason })
    }
}

fn list<'a>(schema: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    schema.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn values(schema: &Map<String, Value>) -> Option<Vec<Value>> {
    schema.get("const").map(|value| vec![value.clone()]).or_else(|| schema.get("enum")?.as_array().cloned())
}

fn kinds(declared: Option<&Value>) -> Vec<Kind> {
    match declared {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).filter_map(Kind::named).collect(),
        Some(Value::String(name)) => Kind::named(name).into_iter().collect(),
        _ => Vec::new(),
    }
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::Text,
            "array" => Self::List,
            "object" => Self::Object,
            _ => return None,
        })
    }

    pub(super) fn fits(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            // Without a fraction in writing: serde reads `1.0` into no integer.
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Text => value.is_string(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
        }
    }

    /// As a reason names it.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Text => "text",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}
