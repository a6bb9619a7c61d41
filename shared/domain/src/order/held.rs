//! What an order lists: where it holds something, what, and under which token.

use crate::{block::Token, id::OrderId, order::Order, pool::BlockAddress, rail, row::Places};

/// Something held in one block for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Where.
    pub block: BlockAddress,
    /// What.
    pub what: What,
    /// The token of the entry; of a row block, of each of the seats.
    pub token: Token,
}

/// What is held in one block: the kind of the block says which.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// So many tickets of a stock block.
    Tickets(u8),
    /// These seats of a row block. The order's tickets are numbered through them from the lowest.
    Seats(Places),
    /// Seats of a coach row for stretches, one ticket for each place, numbered in order.
    Rides(rail::row::Places),
    /// The time of the person who travels on one ticket, in their week.
    Person {
        /// The number of the ticket.
        ticket: u8,
        /// From when to when.
        places: rail::row::Places,
        /// The order that this one is to replace.
        instead_of: Option<OrderId>,
    },
}

impl What {
    /// How many tickets are numbered through it.
    pub fn count(&self) -> u8 {
        match self {
            Self::Tickets(count) => *count,
            Self::Seats(places) => places.count(),
            Self::Rides(places) => u8::try_from(places.len()).unwrap_or(u8::MAX),
            Self::Person { .. } => 0,
        }
    }
}

impl Held {
    /// So many tickets of a stock block.
    pub const fn tickets(block: BlockAddress, count: u8, token: Token) -> Self {
        Self { block, what: What::Tickets(count), token }
    }

    /// Seats of a row block.
    pub const fn seats(block: BlockAddress, places: Places, token: Token) -> Self {
        Self { block, what: What::Seats(places), token }
    }

    /// Seats of a coach row for stretches.
    pub const fn rides(block: BlockAddress, places: rail::row::Places, token: Token) -> Self {
        Self { block, what: What::Rides(places), token }
    }

    /// How many tickets are numbered through it.
    pub fn count(&self) -> u8 {
        self.what.count()
    }
}

impl Order {
    /// What the order still owns in each of its blocks. Tickets are numbered through its blocks in order.
    pub fn owns(&self) -> impl Iterator<Item = (&Held, u8)> + '_ {
        self.numbered().map(|(held, numbers)| {
            let kept = numbers.filter(|number| !self.returned.contains(*number)).count();
            (held, u8::try_from(kept).unwrap_or(u8::MAX))
        })
    }

    /// What the order lists, each with the numbers of its tickets.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (&Held, std::ops::Range<u8>)> + '_ {
        let mut first = 0_u8;
        self.held.iter().map(move |held| {
            let numbers = first..first.saturating_add(held.count());
            first = numbers.end;
            (held, numbers)
        })
    }
}
