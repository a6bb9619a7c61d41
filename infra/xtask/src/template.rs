//! `template.yaml`: infra/base.yaml with the tables, queues and functions behind it.
//!
//! Written as text, not through a YAML library, so that the comments of the base survive and a change reads as a change.

mod functions;
mod policies;
mod queues;
mod tables;

use crate::{
    Outcome,
    areas::areas,
    generated::{Generated, read},
};

const BASE: &str = "infra/base.yaml";
const MARKER: &str = "  # ---- What follows is generated. ----\n";
const HEADER: &str = "# Written by `cargo xtask generate` from infra/base.yaml, the tables, the queues, the operations and the \
                      workers.\n";

/// The template.
pub(crate) fn file() -> Outcome<Generated> {
    Ok(Generated::derived("template.yaml", text()?))
}

/// The template's text.
pub(crate) fn text() -> Outcome<String> {
    let base = read(BASE)?;
    let Some((written, "")) = base.split_once(MARKER) else {
        return Err(format!("{BASE} must end with the line {MARKER:?}").into());
    };
    let mut parts = vec![HEADER.to_owned(), written.to_owned(), MARKER.to_owned()];
    parts.push(tables::resources());
    parts.push(queues::resources());
    for area in areas() {
        parts.extend(area.functions().map(|function| functions::resource(&area, function)));
    }
    Ok(parts.concat())
}

/// The name of a thing inside the template: `place-order` becomes `PlaceOrder`.
pub(crate) fn logical_id(name: &str) -> String {
    let words = name.split(['-', '_', '.']).map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect()
}

/// Moves every line of a block to the right.
pub(crate) fn indent(block: &str, spaces: usize) -> String {
    let margin = " ".repeat(spaces);
    block.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{margin}{line}\n") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::areas::{Area, Function};

    /// How many resources `CloudFormation` makes of one of the template's.
    fn weight(kind: &str) -> usize {
        match kind {
            // The API and its stage; the function and its role. Events are counted by themselves.
            "AWS::Serverless::HttpApi" | "AWS::Serverless::Function" => 2,
            _ => 1,
        }
    }

    #[test]
    fn a_stack_stays_below_450_resources() {
        let template = text().unwrap();
        let resources = template.split_once("\nResources:\n").unwrap().1;
        let kinds = resources.lines().filter_map(|line| line.strip_prefix("    Type: "));
        let declared: usize = kinds.map(weight).sum();
        let areas = areas();
        let events: usize = areas.iter().flat_map(Area::functions).map(functions::event_weight).sum();
        let total = declared + events;
        assert!((50..450).contains(&total), "{total} resources");
    }

    #[test]
    fn no_two_resources_share_a_name() {
        let template = text().unwrap();
        let resources = template.split_once("\nResources:\n").unwrap().1;
        let mut names: Vec<&str> = resources
            .lines()
            .filter(|line| line.starts_with("  ") && !line.starts_with("   ") && !line.starts_with("  #"))
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn every_area_has_its_log_group_and_every_function_is_in_it() {
        let template = text().unwrap();
        for area in areas() {
            let group = format!("{}Logs", logical_id(area.name));
            assert!(template.contains(&format!("\n  {group}:\n")), "{group} is missing in {BASE}");
            let functions: Vec<Function> = area.functions().collect();
            assert_eq!(template.matches(&format!("LogGroup: !Ref {group}\n")).count(), functions.len(), "{group}");
        }
    }

    #[test]
    fn names_become_logical_ids() {
        assert_eq!(logical_id("place-order"), "PlaceOrder");
        assert_eq!(logical_id("orders"), "Orders");
    }
}
