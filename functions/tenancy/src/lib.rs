//! Tenants: the organisations that sell, what everybody may know of them, and whether their books are right.

pub mod audit_state;
pub mod create_tenant;
mod credentials;
mod findings;
pub mod get_settings;
pub mod get_tenant;
pub mod list_tenants;
pub mod put_settings;
mod settings;
pub mod update_tenant;

/// Every HTTP operation of this area.
pub static OPERATIONS: &[&app::Operation] = &[
    &audit_state::OPERATION,
    &get_tenant::OPERATION,
    &get_settings::OPERATION,
    &put_settings::OPERATION,
    &list_tenants::OPERATION,
    &create_tenant::OPERATION,
    &update_tenant::OPERATION,
];
/// Every worker of this area.
pub static WORKERS: &[&app::Worker] = &[];
