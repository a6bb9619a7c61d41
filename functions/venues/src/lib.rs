//! Where it is: venues and their seat maps, written by hand, by file or by rule, and drawn.

mod draft;
mod findings;
mod make;
mod map;
mod path;
mod view;

pub mod create_venue;
pub mod generate_map;
pub mod get_admin_venue;
pub mod get_venue;
pub mod import_map;
pub mod list_venues;
pub mod map_svg;
pub mod put_map;
pub mod update_venue;

/// Every HTTP operation of this area.
pub static OPERATIONS: &[&app::Operation] = &[
    &create_venue::OPERATION,
    &generate_map::OPERATION,
    &get_admin_venue::OPERATION,
    &get_venue::OPERATION,
    &import_map::OPERATION,
    &list_venues::OPERATION,
    &map_svg::OPERATION,
    &put_map::OPERATION,
    &update_venue::OPERATION,
];
/// Every worker of this area.
pub static WORKERS: &[&app::Worker] = &[];
