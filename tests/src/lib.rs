//! Tests of the whole: the real program over HTTP, with its workers running.
//!
//! Nothing sleeps. Time is a test clock; *drained* means that no worker has anything to do. Winners are counted from what
//! is stored, never from answers.
#![cfg_attr(test, expect(clippy::print_stdout, reason = "tests with chance in them say their seed"))]

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod administrators;
#[cfg(test)]
mod anywhere;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod auditor;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod client;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod database;
#[cfg(test)]
mod derived;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod door;
#[cfg(test)]
mod edge;
#[cfg(test)]
mod federation;
#[cfg(test)]
mod grants;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod machines;
#[cfg(test)]
mod mirror;
#[cfg(test)]
mod money;
#[cfg(test)]
mod names;
#[cfg(test)]
mod organisers;
#[cfg(test)]
mod people;
#[cfg(test)]
mod planted;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod races;
#[cfg(test)]
mod rail;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod rides;
#[cfg(test)]
mod rush;
#[cfg(test)]
mod sale;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod theatre;
#[cfg(test)]
mod trail;
#[cfg(test)]
mod two_factor;
#[cfg(test)]
mod units;
#[cfg(test)]
mod venues;
#[cfg(test)]
mod waitlist;
