//! Tickets: issued once an order is paid, and shown to those who bought them.

mod image;
mod own;
mod qr;

pub mod get_ticket;
pub mod issue_tickets;
pub mod list_tickets;
pub mod ticket_keys;
pub mod ticket_png;
pub mod ticket_svg;

/// Every HTTP operation of this area.
pub static OPERATIONS: &[&app::Operation] = &[
    &get_ticket::OPERATION,
    &list_tickets::OPERATION,
    &ticket_keys::OPERATION,
    &ticket_png::OPERATION,
    &ticket_svg::OPERATION,
];
/// Every worker of this area.
pub static WORKERS: &[&app::Worker] = &[&issue_tickets::WORKER];
