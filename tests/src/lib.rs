//! Tests of the whole: the real program over HTTP, with its workers running.
//!
//! Nothing sleeps. Time is a test clock; *drained* means that no worker has anything to do.

#[cfg(test)]
mod client;
#[cfg(test)]
mod differential;
