//! Railways: stations and the timetable, runs that are opened for sale, and finding them.

mod import;
mod offer;
mod rows;
mod terms;
mod whereabouts;

pub mod cancel_run;
pub mod get_opening;
pub mod get_remaining;
pub mod get_run;
pub mod import_timetable;
pub mod list_admin_runs;
pub mod make_runs;
pub mod open_runs;
pub mod search_runs;
pub mod search_stations;

use app::{Operation, Worker};

/// Every HTTP operation of this area.
pub static OPERATIONS: &[&Operation] = &[
    &search_stations::OPERATION,
    &search_runs::OPERATION,
    &get_remaining::OPERATION,
    &get_run::OPERATION,
    &import_timetable::OPERATION,
    &open_runs::OPERATION,
    &get_opening::OPERATION,
    &list_admin_runs::OPERATION,
    &cancel_run::OPERATION,
];
/// Every worker of this area.
pub static WORKERS: &[&Worker] = &[&make_runs::WORKER];
