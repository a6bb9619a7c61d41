//! Who did what, and whether the record of it is whole; and machines that ask instead of people.

pub mod api_key_view;
pub mod create_api_key;
pub mod delete_api_key;
pub mod list_api_keys;
pub mod list_audit;
pub mod verify_audit;
mod view;

/// Every HTTP operation of this area.
pub static OPERATIONS: &[&app::Operation] = &[
    &list_audit::OPERATION,
    &verify_audit::OPERATION,
    &create_api_key::OPERATION,
    &list_api_keys::OPERATION,
    &delete_api_key::OPERATION,
];
/// Every worker of this area.
pub static WORKERS: &[&app::Worker] = &[];
