//! Railways: stations, trains and their runs, coaches and fares, and seats that are sold for a stretch of a line.

pub mod row;
pub mod stretch;
