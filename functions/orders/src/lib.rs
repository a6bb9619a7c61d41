//! Orders: from a claim to a reservation, and to its end without a sale.
//!
//! Placing an order holds its tickets first and queues it then; a worker writes it. Whatever happens to an order later is
//! a conditional write on its one item, and the stream of the table tells the other areas.

pub mod cancel_order;
mod change;
pub mod change_order;
pub mod create_order;
pub mod expire_order;
pub mod forward_orders;
pub mod get_order;
pub mod get_waitlist;
pub mod join_waitlist;
pub mod leave_waitlist;
pub mod list_orders;
pub mod list_waitlist;
pub mod move_seats;
mod own;
pub mod place_order;
pub mod quote_change;
pub mod reconcile_waitlist;
pub mod serve_waitlist;
mod view;
mod waitlist;

use app::{Operation, Worker};

/// Every operation, in the order in which a buyer meets them.
pub static OPERATIONS: &[&Operation] = &[
    &place_order::OPERATION,
    &get_order::OPERATION,
    &list_orders::OPERATION,
    &cancel_order::OPERATION,
    &quote_change::OPERATION,
    &change_order::OPERATION,
    &move_seats::OPERATION,
    &join_waitlist::OPERATION,
    &list_waitlist::OPERATION,
    &get_waitlist::OPERATION,
    &leave_waitlist::OPERATION,
];

/// Every worker, in the order in which an order meets them.
pub static WORKERS: &[&Worker] = &[
    &create_order::WORKER,
    &expire_order::WORKER,
    &forward_orders::WORKER,
    &serve_waitlist::WORKER,
    &reconcile_waitlist::WORKER,
];
