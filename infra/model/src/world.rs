//! What one state of the model is: the items of the tables, the queues, the provider, and the flows under way.

use domain::order::Order;

use crate::small::{BLOCKS, ORDERS, PAYMENTS, Parts, Piece, REFUNDS, Shelf, Slot, Small, Stand, TICKETS, Tick};

/// Buyers, each with one idempotency key.
pub const BUYERS: usize = 2;
/// The most flows at a time.
pub const PROCS: usize = 3;

/// What stands under an order's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Record {
    /// Nothing.
    Absent,
    /// Nothing ever will.
    Tombstone,
    /// An order.
    Order(Small),
}

/// A message of the queue `create-order`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Message {
    /// What is held.
    pub parts: Parts,
    /// Until when.
    pub until: Tick,
    /// When the buyer asked.
    pub created: Tick,
}

/// How a payment stands at its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// It was never begun.
    Unknown,
    /// The buyer may pay at any moment.
    Open,
    /// The money was taken.
    Captured,
    /// It cannot be paid any more.
    Closed,
}

/// A refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repay {
    /// The payment whose capture is given back.
    pub payment: u8,
    /// How much.
    pub amount: u8,
    /// For which tickets: a bit for each number; none where no ticket was ever due.
    pub tickets: u8,
    /// Whether the provider has given the money back.
    pub sent: bool,
    /// Whether that is written down.
    pub done: bool,
}

/// A ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Paper {
    /// Not issued.
    Absent,
    /// It admits.
    Valid,
    /// It has admitted.
    Used,
    /// It was given back.
    Void,
}

/// What may still happen without being asked for by the state itself: a number for each kind and order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Left {
    /// Requests of a buyer with the same idempotency key.
    pub tries: [u8; BUYERS],
    /// Deliveries of the message that creates the order.
    pub deliveries: [u8; ORDERS],
    /// Payments that the buyer begins.
    pub payments: [u8; ORDERS],
    /// Notifications, and answers to a poll, that come for a captured payment, wanted or not.
    pub notices: [u8; ORDERS],
    /// Expiry messages.
    pub expiries: [u8; ORDERS],
    /// Records of the stream that tell the release worker.
    pub releases: [u8; ORDERS],
    /// Records of the stream that tell the issuer, besides the reconciler.
    pub issues: [u8; ORDERS],
    /// Walks of the reconciler that meet an entry of the order while others are at work.
    pub tidies: [u8; ORDERS],
    /// Requests to cancel.
    pub cancels: [u8; ORDERS],
    /// Requests to give tickets back.
    pub refunds: [u8; ORDERS],
    /// Deliveries of the message that sends a refund, while others are at work.
    pub sends: [u8; ORDERS],
    /// Scans at the door.
    pub scans: [u8; ORDERS],
    /// Calls that fail, or whose effect is not known to the caller, who gives up.
    pub faults: u8,
    /// Writes that are made, whose reply is lost, and which are sent once more.
    pub lost: u8,
}

/// A flow under way. It may stop for ever at any moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Proc {
    /// What it does next.
    pub job: Job,
    /// The time that it decides by: it looked at the clock when it began, as the product does.
    pub now: Tick,
    /// Whether the order that it has read is still the one that is stored: what the store compares versions for.
    pub fresh: bool,
}

/// What a flow does next. Every variant is one call: a read, or a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the fields say which order, block or ticket, and are explained with the steps")]
pub enum Job {
    /// `place-order` and the second half of a revival: holding what is missing.
    Search(Search),
    /// `place-order`, a repeat: gives the key a new id.
    Swap { order: u8, to: u8 },
    /// `place-order`, refused: forgets the key.
    Forget { order: u8 },
    /// `Tenant::abandon`: settles, then gives back.
    Abandon { order: u8, pieces: [Option<Piece>; BLOCKS], then: Then },
    /// `Tenant::give_back`: removes or reduces; `found` is what stood there instead, examined and to be seen.
    Give { order: u8, pieces: [Option<Piece>; BLOCKS], found: Option<Slot>, then: Then },
    /// `create-order`.
    Create { order: u8 },
    /// `Tenant::tidy`: one entry that was examined.
    Tidy { order: u8, block: u8, slot: Slot, act: Option<Act> },
    /// `capture::apply`.
    Capture { order: u8, payment: u8, at: Capturing },
    /// `capture::give_back`, and `debt_recorded` where the order owes the money.
    Debt { order: u8, payment: u8, at: Owing },
    /// `send_refund::ask`: closes payments one after the other.
    Ask { order: u8, payment: u8 },
    /// `issue-tickets`.
    Issue { order: u8, seen: Small, at: Issuing },
    /// `send_refund::send`.
    Send { order: u8, refund: u8, at: Sending },
    /// `check-in` and what follows it.
    Door { order: u8, ticket: u8, at: Admitting },
}

/// A search for tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Search {
    /// For which order.
    pub order: u8,
    /// Until when what is held is held.
    pub until: Tick,
    /// How many tickets are missing.
    pub missing: u8,
    /// What is held so far.
    pub held: Parts,
    /// Blocks that were tried: a bit for each.
    pub tried: u8,
    /// Whom for.
    pub purpose: Purpose,
    /// What comes next.
    pub at: Searching,
}

/// Whom a search is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// A new order.
    Place,
    /// A revival: what the order listed when it began, and the revival's token.
    Revive {
        /// What was listed.
        listed: Parts,
        /// The revival's token: 1 while it is the order's.
        token: u8,
    },
}

/// Where a search stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "explained with the steps")]
pub enum Searching {
    /// A revival takes the listed parts again, one after the other; `found` is what stood there instead.
    Again { part: u8, round: u8, found: Option<Option<Slot>> },
    /// Any block that was not tried.
    Choose,
    /// A write is sent once more, because its reply was lost.
    Repeat { block: u8, count: u8, token: u8 },
    /// Entries past their time are in the way: `due` are still to be settled, `evict` may go, `follow` is to be moved.
    Reclaim { block: u8, count: u8, due: Due, evict: Due, follow: Option<(u8, Slot, Tick)>, available: u8 },
    /// All is held: the message is sent, or the revival ended.
    Finish,
}

/// Entries of other orders in a block.
pub type Due = [Option<(u8, Slot)>; ORDERS];

/// What follows when everything is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Then {
    /// Nothing.
    End,
    /// The idempotency key is forgotten.
    Forget,
    /// The provider is told of a refund.
    Provider(u8),
}

/// A change of an examined entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of `domain::block::Change`")]
pub enum Act {
    Release,
    Confirm,
    /// `renew`: under a new token.
    Rewrite {
        count: u8,
        until: Option<Tick>,
        renew: bool,
    },
}

/// Where applying a capture stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Capturing {
    /// Decides and writes.
    Decide,
    /// The order would owe it: is there a refund already?
    Look,
    /// There is none: the order owes it.
    Owe,
}

/// Where recording a debt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owing {
    /// The refund is written; the order does not owe it (a second payment).
    Duplicate,
    /// The refund is written; then the order forgets the debt.
    Refund,
    /// The order forgets the debt.
    Order,
}

/// Where issuing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "explained with the steps")]
pub enum Issuing {
    /// Writes the ticket of that number.
    Ticket(u8),
    /// Writes that all are there.
    Mark,
    /// Takes the time limit off the part of that place.
    Confirm(u8),
    /// The entry had another token.
    Found { part: u8, slot: Slot },
    /// Writes what was decided about it.
    Write { part: u8, slot: Slot, act: Act },
}

/// Where sending a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sending {
    /// The provider gives the money back.
    Provider,
    /// The order ends with it.
    Order,
    /// The refund is done.
    Done,
}

/// Where an admission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Admitting {
    /// The ticket was read and is valid: uses it.
    Write,
    /// Looks at the order.
    Order,
    /// Looks at the other tickets, and notes that all are used.
    Others,
}

/// What no state may show, but a step may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flaw {
    /// A status went backwards.
    Backwards,
    /// A change of a block touched an entry that it does not name.
    Stray,
    /// A ticket admitted twice.
    AdmittedTwice,
}

/// One state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct World {
    /// The time.
    pub now: Tick,
    /// The pool's blocks.
    pub shelves: [Shelf; BLOCKS],
    /// What stands under each order id.
    pub records: [Record; ORDERS],
    /// The queue `create-order`.
    pub messages: [Option<Message>; ORDERS],
    /// The order id that each buyer's idempotency key leads to.
    pub keys: [Option<u8>; BUYERS],
    /// Which order ids were given out: a bit for each.
    pub given: u8,
    /// The provider.
    pub payments: [[Standing; PAYMENTS]; ORDERS],
    /// Refunds.
    pub refunds: [[Option<Repay>; REFUNDS]; ORDERS],
    /// Tickets.
    pub tickets: [[Paper; TICKETS]; ORDERS],
    /// What may still come from outside.
    pub left: Left,
    /// Flows under way.
    pub procs: [Option<Proc>; PROCS],
    /// What went wrong in a step.
    pub flaw: Option<Flaw>,
}

impl Job {
    /// The order that the flow is about, and whose version it compares.
    pub const fn order(&self) -> u8 {
        match *self {
            Self::Search(Search { order, .. })
            | Self::Swap { order, .. }
            | Self::Forget { order }
            | Self::Abandon { order, .. }
            | Self::Give { order, .. }
            | Self::Create { order }
            | Self::Tidy { order, .. }
            | Self::Capture { order, .. }
            | Self::Debt { order, .. }
            | Self::Ask { order, .. }
            | Self::Issue { order, .. }
            | Self::Send { order, .. }
            | Self::Door { order, .. } => order,
        }
    }

    /// The word for it in a trace.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Search(Search { purpose: Purpose::Place, .. }) => "place",
            Self::Search(Search { purpose: Purpose::Revive { .. }, .. }) => "revive",
            Self::Swap { .. } => "swap",
            Self::Forget { .. } => "forget",
            Self::Abandon { .. } => "abandon",
            Self::Give { .. } => "give back",
            Self::Create { .. } => "create",
            Self::Tidy { .. } => "tidy",
            Self::Capture { .. } => "capture",
            Self::Debt { .. } => "debt",
            Self::Ask { .. } => "ask",
            Self::Issue { .. } => "issue",
            Self::Send { .. } => "send refund",
            Self::Door { .. } => "door",
        }
    }
}

impl World {
    /// The order under an id.
    pub fn small(&self, order: u8) -> Option<&Small> {
        match &self.records[usize::from(order)] {
            Record::Order(small) => Some(small),
            Record::Absent | Record::Tombstone => None,
        }
    }

    /// The order of the product under an id.
    pub fn order(&self, order: u8, quantity: u8) -> Option<Order> {
        self.small(order).map(|small| small.order(order, quantity))
    }

    /// What a refund of an order is, by its number.
    pub const fn refund(&self, order: u8, refund: u8) -> Option<Repay> {
        self.refunds[order as usize][refund as usize]
    }

    /// Whether no flow is under way.
    pub fn is_quiet(&self) -> bool {
        self.procs.iter().all(Option::is_none)
    }
}

/// Whether a status may follow another. Written down here once more, by hand, so that the machine is checked against it.
pub const fn may_follow(from: &Stand, to: &Stand) -> bool {
    matches!(
        (from, to),
        (Stand::Reserved { .. }, Stand::Reserved { .. } | Stand::Paid { .. } | Stand::Cancelled(_) | Stand::Expired(_))
            | (Stand::Expired(_), Stand::Expired(_) | Stand::Reviving { .. })
            | (Stand::Reviving { .. }, Stand::Paid { .. } | Stand::Expired(_) | Stand::Lapsed(_))
            | (Stand::Paid { .. }, Stand::Paid { .. } | Stand::Ticketed { .. } | Stand::Refunding { .. })
            | (Stand::Ticketed { .. }, Stand::Ticketed { .. } | Stand::Used { .. } | Stand::Refunding { .. })
            | (Stand::Cancelled(_), Stand::Cancelled(_))
            | (Stand::Lapsed(_), Stand::Lapsed(_))
            | (Stand::Refunding { .. }, Stand::Refunded { .. })
    )
}
