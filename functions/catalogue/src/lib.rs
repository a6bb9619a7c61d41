//! What is on: events with their sessions and prices, their review, and how many tickets are left.

mod draft;
mod filter;
mod moving;
mod organiser;
mod path;
mod reason;
mod remaining;
mod revise;
mod seat_path;
mod seating;
mod stock;
mod view;

pub mod approve_event;
pub mod cancel_event;
pub mod create_event;
pub mod delete_event;
pub mod get_admin_event;
pub mod get_event;
pub mod get_seats;
pub mod get_stock;
pub mod list_admin_events;
pub mod list_events;
pub mod put_seating;
pub mod reject_event;
pub mod seats_svg;
pub mod submit_event;
pub mod update_event;

/// Every HTTP operation of this area.
pub static OPERATIONS: &[&app::Operation] = &[
    &approve_event::OPERATION,
    &cancel_event::OPERATION,
    &create_event::OPERATION,
    &delete_event::OPERATION,
    &get_admin_event::OPERATION,
    &get_event::OPERATION,
    &get_seats::OPERATION,
    &get_stock::OPERATION,
    &list_admin_events::OPERATION,
    &list_events::OPERATION,
    &put_seating::OPERATION,
    &reject_event::OPERATION,
    &seats_svg::OPERATION,
    &submit_event::OPERATION,
    &update_event::OPERATION,
];
/// Every worker of this area.
pub static WORKERS: &[&app::Worker] = &[];
