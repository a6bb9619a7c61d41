//! `events/<area>/<name>.json`: one event for each function, as Lambda would deliver it.
//!
//! They are written once, from the types, and then belong to people: tests replay them, and so does
//! `sam local invoke PlaceOrderFunction -e events/orders/place-order.json`.

mod plausible;
mod request;
mod trigger;

use std::path::PathBuf;

use crate::{
    Outcome,
    areas::{Area, Function},
    generated::Generated,
    openapi::sorted,
};

/// Where an area's events are.
pub(crate) fn folder(area: &str) -> PathBuf {
    ["events", area].iter().collect()
}

/// An area's events.
pub(crate) fn of(area: &Area) -> Outcome<Vec<Generated>> {
    let events = area.functions().map(|function| {
        let event = match function {
            Function::Operation(operation) => request::event(operation),
            Function::Worker(worker) => trigger::event(&worker.duty),
        };
        let path = folder(area.name).join(format!("{}.json", function.name()));
        Ok(Generated::begun(path, serde_json::to_string_pretty(&sorted(event))? + "\n"))
    });
    events.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{areas::areas, generated::read};

    #[test]
    fn every_event_parses_and_is_for_its_function() {
        for area in areas() {
            for function in area.functions() {
                let path = folder(area.name).join(format!("{}.json", function.name()));
                let event: Value = serde_json::from_str(&read(&path).unwrap()).unwrap();
                match function {
                    Function::Operation(operation) => {
                        assert_eq!(event["routeKey"], request::route_key(operation), "{path:?}");
                    }
                    Function::Worker(worker) => assert!(trigger::fits(&event, &worker.duty), "{path:?}"),
                }
            }
        }
    }
}
