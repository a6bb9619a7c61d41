//! What a system is started with.

use std::net::{IpAddr, Ipv4Addr};

use app::{clock::Clock, limits::Limits};

use crate::engine::Data;

/// What a system is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything is kept.
    pub data: Data,
    /// The port of the API; 0 is any that is free.
    pub port: u16,
    /// The port of the AWS endpoint, 0 for any that is free; without one nobody outside reaches the engines, and files
    /// are served on the port of the API.
    pub aws_port: Option<u16>,
    /// The address that both listen on.
    pub bind: IpAddr,
    /// Where the time comes from. Under a clock that is moved by hand, schedules run only by [`crate::System::tick`].
    pub clock: Clock,
    /// Whether the demo's tenant, accounts and events are made. Only on an address of this machine alone.
    pub demo: bool,
    /// Whether every call to AWS is compared with the grants of what makes it.
    pub guard: bool,
    /// How fast others may ask.
    pub limits: Limits,
    /// How messages and changes reach workers.
    pub background: Background,
}

/// How messages and changes reach workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// By themselves, side by side, as on Lambda.
    Running,
    /// One after the other, and only while [`crate::System::drained`] waits: the same history every time.
    Stepped,
}

impl Options {
    /// What tests use: nothing outlives them, everybody finds a free port, and grants are enforced.
    pub fn test(clock: Clock) -> Self {
        Self {
            data: Data::Memory,
            port: 0,
            aws_port: None,
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            clock,
            demo: false,
            guard: true,
            limits: Limits::LOCAL,
            background: Background::Running,
        }
    }
}
