//! Compares a value with a shape, and says everything that is wrong.

use std::fmt;

use domain::Timestamp;
use jiff::civil::Date;
use serde_json::{Number, Value};

use super::{
    WHOLE,
    shape::{Bounds, Format, Kind, Node, Shape},
};
use crate::Detail;

/// The most wrong fields that are told: more help nobody, and a list of many items could make many.
const MOST: usize = 100;

/// Characters of a field that are told: the client chooses the names in a map, and would have a long one repeated.
const LONGEST: usize = 200;

impl Shape {
    /// Everything that is wrong with a value; nothing where it fits.
    pub fn check(&self, value: &Value) -> Vec<Detail> {
        let mut wrong = Wrong::default();
        self.visit(&self.root, value, &mut Place::default(), &mut wrong);
        wrong.0
    }

    fn visit(&self, node: &Node, value: &Value, place: &mut Place, wrong: &mut Wrong) {
        if wrong.0.len() >= MOST {
            return;
        }
        if let Some(definition) = node.reference.as_ref().and_then(|name| self.definitions.get(name)) {
            self.visit(definition, value, place, wrong);
        }
        if !node.kinds.is_empty() && !node.kinds.iter().any(|kind| kind.fits(value)) {
            wrong.push(place, kind_reason(&node.kinds));
            return;
        }
        if let Some(values) = &node.values
            && !values.contains(value)
        {
            wrong.push(place, one_of(values.iter()));
            return;
        }
        match value {
            Value::Number(number) => check_number(node, number, place, wrong),
            Value::String(text) => check_text(node, text, place, wrong),
            Value::Array(items) => self.visit_items(node, items, place, wrong),
            Value::Object(fields) => self.visit_fields(node, fields, place, wrong),
            Value::Null | Value::Bool(_) => {}
        }
        for part in &node.all {
            self.visit(part, value, place, wrong);
        }
        if !node.any.is_empty() {
            self.visit_any(&node.any, value, place, wrong);
        }
    }

    fn visit_items(&self, node: &Node, items: &[Value], place: &mut Place, wrong: &mut Wrong) {
        let count = items.len() as u64;
        if !within(count, &node.items_count) {
            wrong.push(place, counted(&node.items_count, "item", "items"));
        }
        let Some(each) = &node.items else { return };
        for (number, item) in items.iter().enumerate() {
            place.enter(&format!("[{number}]"), |place| self.visit(each, item, place, wrong));
        }
    }

    fn visit_fields(&self, node: &Node, fields: &serde_json::Map<String, Value>, place: &mut Place, wrong: &mut Wrong) {
        for name in node.required.iter().filter(|name| !fields.contains_key(name.as_str())) {
            place.field(name, |place| wrong.push(place, "is needed"));
        }
        for (name, property) in &node.properties {
            if let Some(value) = fields.get(name) {
                place.field(name, |place| self.visit(property, value, place, wrong));
            }
        }
        let Some(others) = &node.others else { return };
        let is_other = |name: &str| node.properties.iter().all(|(known, _)| known != name);
        for (name, value) in fields.iter().filter(|(name, _)| is_other(name)) {
            place.field(name, |place| self.visit(others, value, place, wrong));
        }
    }

    /// One of several must fit. Where none does, what is wrong with the likeliest is told: the one with the fewest
    /// complaints, and never `null` for a value that is there.
    fn visit_any(&self, branches: &[Node], value: &Value, place: &mut Place, wrong: &mut Wrong) {
        let mut likeliest: Option<Wrong> = None;
        for branch in branches {
            let mut found = Wrong::default();
            self.visit(branch, value, place, &mut found);
            if found.0.is_empty() {
                return;
            }
            let is_null = self.follow(branch).kinds == [Kind::Null];
            if !is_null && likeliest.as_ref().is_none_or(|best| found.0.len() < best.0.len()) {
                likeliest = Some(found);
            }
        }
        let values = self.words_of(branches);
        if !values.is_empty() && (value.is_string() || self.are_all_words(branches)) {
            wrong.push(place, one_of(values.into_iter()));
        } else if let Some(likeliest) = likeliest {
            wrong.0.extend(likeliest.0);
        }
    }

    /// The values that branches name, where an enumeration was written as one branch for each.
    fn words_of<'a>(&'a self, branches: &'a [Node]) -> Vec<&'a Value> {
        branches.iter().filter_map(|branch| self.follow(branch).values.as_ref()).flatten().collect()
    }

    fn are_all_words(&self, branches: &[Node]) -> bool {
        branches
            .iter()
            .map(|branch| self.follow(branch))
            .all(|node| node.values.is_some() || node.kinds == [Kind::Null])
    }
}

fn check_number(node: &Node, number: &Number, place: &Place, wrong: &mut Wrong) {
    let Bounds { least, most } = &node.numbers;
    let too_small = least.as_ref().is_some_and(|least| is_less(number, least));
    let too_large = most.as_ref().is_some_and(|most| is_less(most, number));
    if !too_small && !too_large {
        return;
    }
    wrong.push(
        place,
        match (least, most) {
            (Some(least), Some(most)) => format!("must be {least} to {most}"),
            (Some(least), None) => format!("must be at least {least}"),
            (None, Some(most)) => format!("must be at most {most}"),
            (None, None) => return,
        },
    );
}

/// Compares exactly where both are whole, for money and times are larger than a float is exact.
fn is_less(a: &Number, b: &Number) -> bool {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a < b,
        _ => a.as_f64() < b.as_f64(),
    }
}

fn check_text(node: &Node, text: &str, place: &Place, wrong: &mut Wrong) {
    let length = text.chars().count() as u64;
    if !within(length, &node.length) {
        wrong.push(place, counted(&node.length, "character", "characters"));
    } else if let Some(pattern) = node.pattern.as_ref().filter(|pattern| !pattern.regex.is_match(text)) {
        wrong.push(place, &pattern.reason);
    } else if node.format == Some(Format::DateTime) && text.parse::<Timestamp>().is_err() {
        wrong.push(place, "must be a time with its offset, such as 2026-05-01T19:30:00+08:00");
    } else if node.format == Some(Format::Date) && text.parse::<Date>().is_err() {
        wrong.push(place, "must be a date such as 2026-05-01");
    }
}

fn within(count: u64, bounds: &Bounds<u64>) -> bool {
    bounds.least.is_none_or(|least| count >= least) && bounds.most.is_none_or(|most| count <= most)
}

fn counted(bounds: &Bounds<u64>, one: &str, many: &str) -> String {
    let unit = |count: u64| if count == 1 { one } else { many };
    match (bounds.least.filter(|least| *least > 0), bounds.most) {
        (Some(least), Some(most)) if least == most => format!("must have exactly {least} {}", unit(least)),
        (Some(least), Some(most)) => format!("must have {least} to {most} {}", unit(most)),
        (Some(least), None) => format!("must have at least {least} {}", unit(least)),
        (None, most) => format!("must have at most {0} {1}", most.unwrap_or(0), unit(most.unwrap_or(0))),
    }
}

/// `null` is not mentioned: leaving the field out says the same.
fn kind_reason(kinds: &[Kind]) -> String {
    let words: Vec<&str> = kinds.iter().filter(|kind| **kind != Kind::Null).map(|kind| kind.words()).collect();
    format!("must be {}", if words.is_empty() { "null".to_owned() } else { words.join(" or ") })
}

fn one_of<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    let words: Vec<String> = values
        .filter(|value| !value.is_null())
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect();
    match words.as_slice() {
        [only] => format!("must be {only}"),
        words => format!("must be one of {}", words.join(", ")),
    }
}

/// What was found.
#[derive(Debug, Default)]
struct Wrong(Vec<Detail>);

impl Wrong {
    fn push(&mut self, place: &Place, reason: impl fmt::Display) {
        let field = if place.0.is_empty() { WHOLE } else { &place.0 };
        let field = field.chars().take(LONGEST).collect();
        let detail = Detail { field, reason: reason.to_string() };
        // A type and what it is flattened into may both need a field.
        if !self.0.contains(&detail) {
            self.0.push(detail);
        }
    }
}

/// Where in the value the check is: `sessions[0].startsAt`.
#[derive(Debug, Default)]
struct Place(String);

impl Place {
    fn enter(&mut self, part: &str, visit: impl FnOnce(&mut Self)) {
        let length = self.0.len();
        self.0.push_str(part);
        visit(self);
        self.0.truncate(length);
    }

    fn field(&mut self, name: &str, visit: impl FnOnce(&mut Self)) {
        if self.0.is_empty() {
            self.enter(name, visit);
        } else {
            self.enter(&[".", name].concat(), visit);
        }
    }
}
