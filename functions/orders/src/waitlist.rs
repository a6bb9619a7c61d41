//! Waiting for what is sold out: one takes a place in line by paying, and is served by an order like any other.
//!
//! See docs/decisions/0033 for who is served and docs/decisions/0040 for the money.

pub(crate) mod alternative;
pub(crate) mod money;
pub(crate) mod own;
pub(crate) mod serve;
pub(crate) mod tend;
pub(crate) mod view;
