//! Railways: stations, trains and their runs, coaches and fares, and seats that are sold for a stretch of a line.

pub mod allocate;
pub mod coach;
pub mod matrix;
pub mod quota;
pub mod row;
pub mod stretch;
