//! onsale.

pub mod engine;
