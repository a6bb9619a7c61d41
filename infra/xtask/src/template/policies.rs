//! What a function may do: the actions of its grants, on the things that they name, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use app::{Grant, Resource};
use store::Table;

use super::{queues, tables};
use crate::areas::Function;

/// The function's inline policy, as a property; nothing where it touches nothing.
pub(super) fn property(function: Function) -> String {
    let statements: String =
        statements(function).iter().map(|(resource, actions)| statement(resource, actions)).collect();
    if statements.is_empty() {
        return statements;
    }
    format!("      Policies:\n        - Version: \"2012-10-17\"\n          Statement:\n{statements}")
}

/// Actions by the list of resources that they are allowed on.
fn statements(function: Function) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut statements = BTreeMap::<String, BTreeSet<&'static str>>::new();
    for grant in function.grants() {
        statements.entry(resources(grant)).or_default().extend(grant.actions());
    }
    statements
}

fn resources(grant: Grant) -> String {
    match grant.resource {
        Resource::Table(table) => table_arns(table),
        Resource::Queue(queue) => format!("!GetAtt {}.Arn", queues::id(queue)),
        Resource::DeadLetters(queue) => format!("!GetAtt {}.Arn", queues::dead_id(queue)),
        // Under whose address mail may be sent is decided where addresses are verified.
        Resource::Mail => "!Sub \"arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*\"".to_owned(),
        // A telephone number is no resource of AWS: nothing smaller can be named.
        Resource::Texts => "\"*\"".to_owned(),
        Resource::Files => "!Sub \"${Files.Arn}/*\"".to_owned(),
        Resource::Keys => "!GetAtt DataKey.Arn".to_owned(),
    }
}

fn table_arns(table: Table) -> String {
    let id = tables::id(table);
    if table.indexes().is_empty() {
        format!("!GetAtt {id}.Arn")
    } else {
        format!("[!GetAtt {id}.Arn, !Sub \"${{{id}.Arn}}/index/*\"]")
    }
}

fn statement(resource: &str, actions: &BTreeSet<&str>) -> String {
    let actions = actions.iter().copied().collect::<Vec<_>>().join(", ");
    format!("            - Effect: Allow\n              Action: [{actions}]\n              Resource: {resource}\n")
}
