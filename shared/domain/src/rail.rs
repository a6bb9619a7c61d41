//! Railways: stations, trains and their runs, coaches and fares, and seats that are sold for a stretch of a line.

pub mod allocate;
pub mod calendar;
pub mod change;
pub mod coach;
pub mod fare;
pub mod gaps;
pub mod matrix;
pub mod network;
pub mod opening;
pub mod passenger;
pub mod quota;
pub mod row;
pub mod run;
pub mod station;
pub mod stretch;
pub mod timetable;
pub mod train;
