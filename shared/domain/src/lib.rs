//! The rules of ticketing: pure functions over plain values.
//!
//! **Invariant:** nothing here does I/O, awaits, asks the clock or the dice, or knows how a value is
//! written down. Time and chance come in as arguments; a decision goes out as a value. That is what
//! lets the same code be the product, the model that the model checker explores and the oracle of
//! the property tests.

pub mod block;
pub mod event;
pub mod id;
pub mod inventory;
pub mod money;
pub mod network;
pub mod occasion;
pub mod order;
pub mod payment;
pub mod pool;
pub mod rail;
pub mod rate;
pub mod refund;
pub mod row;
pub mod seat_state;
pub mod seating;
pub mod tenant;
pub mod ticket;
pub mod user;
pub mod venue;
pub mod waitlist;

pub use jiff::{Span, Timestamp};
