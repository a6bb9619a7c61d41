//! The compact forms in which states are kept, and the way from them to the values of the product and back. Nothing that a
//! decision looks at is lost: moments become ticks, tokens numbers, and what no decision reads (names, the time of the last
//! change) is left out.

use std::sync::LazyLock;

use domain::{
    Timestamp,
    block::{Change, Entry, Examined, Keep, StockBlock, Token},
    id::{EventId, Id as _, OptionId, OrderId, PaymentId, RefundId, SessionId, UserId},
    inventory::{self, Block},
    money::{Currency, Money},
    order::{Contact, Ended, Held, Order, Purchase, Quantity, Returned, Settled, State, Subject},
    payment::{Begun, Capture, Provider},
    pool::{BlockAddress, PoolKey},
    tenant::HoldTime,
};

/// Order ids that a setting may use.
pub const ORDERS: usize = 3;
/// Blocks of the one pool.
pub const BLOCKS: usize = 2;
/// Tickets of one order.
pub const TICKETS: usize = 3;
/// Payments that may be begun for an order.
pub const PAYMENTS: usize = 2;
/// Refunds of an order: one for each of its captures, two that were asked for.
pub const REFUNDS: usize = PAYMENTS + 2;

/// The numbers of the orders.
pub const EVERY_ORDER: [u8; ORDERS] = [0, 1, 2];
/// The numbers of the blocks.
pub const EVERY_BLOCK: [u8; BLOCKS] = [0, 1];
/// The numbers of an order's tickets.
pub const EVERY_TICKET: [u8; TICKETS] = [0, 1, 2];
/// The numbers of an order's payments.
pub const EVERY_PAYMENT: [u8; PAYMENTS] = [0, 1];
/// The numbers of an order's refunds.
pub const EVERY_REFUND: [u8; REFUNDS] = [0, 1, 2, 3];

/// A moment: two minutes each, which is how long a revival lasts, and here also a hold.
pub type Tick = u8;

/// A token that is in no block any more: it never matches again, so one value stands for all of them.
pub const DEAD: u8 = 255;

const TICK_SECS: i64 = 120;

static MOMENTS: LazyLock<Vec<Timestamp>> =
    LazyLock::new(|| (0..=64).map(|tick| Timestamp::from_second(tick * TICK_SECS).unwrap_or(Timestamp::MAX)).collect());

/// The moment of a tick.
pub fn at(tick: Tick) -> Timestamp {
    MOMENTS[usize::from(tick)]
}

/// The tick of a moment. Every deadline that the product computes from ticks is one.
pub fn tick(moment: Timestamp) -> Tick {
    debug_assert_eq!(moment.as_second() % TICK_SECS, 0, "a deadline between two ticks");
    u8::try_from(moment.as_second() / TICK_SECS).unwrap_or(u8::MAX)
}

/// The id of an order.
pub fn order_id(order: u8) -> OrderId {
    OrderId::from_bytes([order; 16])
}

/// The number of an order's id.
pub fn order_of(id: OrderId) -> u8 {
    id.bytes()[0]
}

/// The address of a block.
pub fn address(block: u8) -> BlockAddress {
    BlockAddress { pool: PoolKey::from_hash(&[1; 32]), number: block.into() }
}

/// The number of a block's address.
pub fn block_of(address: BlockAddress) -> u8 {
    u8::try_from(address.number).unwrap_or(u8::MAX)
}

/// A token of the product.
pub const fn token(number: u8) -> Token {
    Token([number; 6])
}

/// The id of a refund: the first stand for captures, the others were asked for.
pub fn refund_id(refund: u8) -> RefundId {
    RefundId::from_bytes([refund; 16])
}

/// The capture of a payment of an order of so many tickets: each costs one minor unit.
pub fn capture(payment: u8, quantity: u8) -> Capture {
    Capture {
        provider: Provider::Sandbox,
        id: char::from(b'a' + payment).to_string(),
        payment: PaymentId::from_bytes([payment; 16]),
        amount: total(quantity),
    }
}

/// What is sold.
pub fn subject() -> Subject {
    Subject::Session {
        event: EventId::from_bytes([0; 16]),
        session: SessionId::from_bytes([0; 16]),
        option: OptionId::from_bytes([0; 16]),
    }
}

/// What an order costs.
pub fn total(quantity: u8) -> Money {
    Money::new(quantity.into(), Currency::CNY)
}

/// A payment that was begun.
pub fn begun(payment: u8) -> Begun {
    Begun { id: PaymentId::from_bytes([payment; 16]), provider: Provider::Sandbox }
}

/// The number of the payment that was captured.
pub fn payment_of(capture: &Capture) -> u8 {
    capture.payment.bytes()[0]
}

/// One entry of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// How many tickets.
    pub count: u8,
    /// Until when.
    pub until: Option<Tick>,
    /// Its token.
    pub token: u8,
}

impl Slot {
    /// The entry of the product.
    pub fn entry(self) -> Entry {
        Entry { count: self.count, until: self.until.map(at), token: token(self.token) }
    }

    /// The compact form of an entry.
    pub fn of(entry: Entry) -> Self {
        Self { count: entry.count, until: entry.until.map(tick), token: entry.token.0[0] }
    }

    /// A block with nothing else in it.
    pub fn alone(self, order: u8) -> Block {
        let block = StockBlock::restore(self.count, 0, [(order_id(order), self.entry())].into());
        Block::Stock(block.unwrap_or_else(|| unreachable!("one entry fills a block of its size")))
    }

    /// The entry as something that was examined.
    pub fn examined(self, order: u8) -> Examined {
        Examined { order: order_id(order), entry: self.entry() }
    }
}

/// One block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shelf {
    /// Tickets that nobody holds.
    pub available: u8,
    /// The entry of each order.
    pub slots: [Option<Slot>; ORDERS],
}

impl Shelf {
    /// A block with nothing in it.
    pub const fn empty(capacity: u8) -> Self {
        Self { available: capacity, slots: [None; ORDERS] }
    }

    /// The block of the product; nothing where the numbers do not add up.
    pub fn block(&self, capacity: u8) -> Option<StockBlock> {
        let entries = (0_u8..).zip(self.slots).filter_map(|(order, slot)| Some((order_id(order), slot?.entry())));
        StockBlock::restore(capacity, self.available, entries.collect())
    }

    /// The compact form of a block.
    pub fn of(block: &StockBlock) -> Self {
        let mut slots = [None; ORDERS];
        for (order, entry) in block.entries() {
            slots[usize::from(order_of(*order))] = Some(Slot::of(*entry));
        }
        Self { available: block.available(), slots }
    }
}

/// What an order lists in one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Part {
    /// Which block.
    pub block: u8,
    /// How many tickets.
    pub count: u8,
    /// The token that it was held under.
    pub token: u8,
}

impl Part {
    /// The part of the product.
    pub fn held(self) -> Held {
        Held::tickets(address(self.block), self.count, token(self.token))
    }

    /// The compact form.
    pub fn of(held: &Held) -> Self {
        Self { block: block_of(held.block), count: held.count(), token: held.token.0[0] }
    }
}

/// What an order lists, in its order: tickets are numbered through it.
pub type Parts = [Option<Part>; BLOCKS];

/// Appends a part.
pub fn push(parts: &mut Parts, part: Part) {
    if let Some(free) = parts.iter_mut().find(|place| place.is_none()) {
        *free = Some(part);
    }
}

/// A part that is to be reduced to what is kept there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Piece {
    /// What is there, as far as is known.
    pub part: Part,
    /// How many stay.
    pub keep: u8,
    /// Until when they stay.
    pub until: Option<Tick>,
}

impl Piece {
    /// What stays, for the product.
    pub fn kept(self) -> Keep {
        Keep { count: self.keep, until: self.until.map(at) }
    }

    /// The compact form of a change that gives something back; nothing where it does not.
    pub fn of(block: u8, change: &inventory::Change) -> Option<Self> {
        let part = |examined: &Examined| {
            let slot = Slot::of(examined.entry);
            Part { block, count: slot.count, token: slot.token }
        };
        match change {
            inventory::Change::Stock(Change::Release { examined }) => {
                Some(Self { part: part(examined), keep: 0, until: None })
            }
            inventory::Change::Stock(Change::Rewrite { examined, entry }) => {
                Some(Self { part: part(examined), keep: entry.count, until: entry.until.map(tick) })
            }
            _ => None,
        }
    }
}

/// How an order ended without a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct End {
    /// Whether a payment was begun whose outcome is not known.
    pub paying: bool,
    /// The payment whose capture is owed.
    pub owed: Option<u8>,
}

/// Where an order stands. `paid` is the payment whose capture paid it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of `domain::order::State`")]
pub enum Stand {
    Reserved { expires: Tick },
    Reviving { until: Tick, token: u8, payment: u8 },
    Paid { paid: u8 },
    Ticketed { paid: u8 },
    Used { paid: u8 },
    Cancelled(End),
    Expired(End),
    Lapsed(End),
    Refunding { paid: u8, refund: u8 },
    Refunded { paid: u8 },
}

/// An order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Small {
    /// Where it stands.
    pub stand: Stand,
    /// What it lists.
    pub parts: Parts,
    /// When it was asked for.
    pub created: Tick,
    /// How many payments were begun.
    pub begun: u8,
    /// Which tickets were given back: a bit for each number.
    pub returned: u8,
}

impl Small {
    /// The order of the product. Its version is a constant: a step that was decided on an older one is told by
    /// [`Proc::fresh`](crate::world::Proc::fresh).
    pub fn order(&self, id: u8, quantity: u8) -> Order {
        Order {
            id: order_id(id),
            user: UserId::from_bytes([0; 16]),
            purchase: Purchase {
                subject: subject(),
                each: Vec::new(),
                seats: Vec::new(),
                quantity: quantity_of(quantity),
                total: total(quantity),
            },
            contact: Contact::default(),
            held: self.parts.iter().flatten().map(|part| part.held()).collect(),
            hold: hold_time(),
            created: at(self.created),
            updated: at(self.created),
            begun: (0..self.begun).map(begun).collect(),
            replaces: None,
            returned: Returned::from_bits(self.returned.into()),
            state: self.stand.state(quantity),
            version: Self::VERSION,
        }
    }

    /// The version of every order that is taken out of a state.
    pub const VERSION: u32 = 1;

    /// The compact form.
    pub fn of(order: &Order) -> Self {
        let mut parts = [None; BLOCKS];
        for held in &order.held {
            push(&mut parts, Part::of(held));
        }
        Self {
            stand: Stand::of(&order.state),
            parts,
            created: tick(order.created),
            begun: u8::try_from(order.begun.len()).unwrap_or(u8::MAX),
            returned: u8::try_from(order.returned.bits()).unwrap_or(u8::MAX),
        }
    }
}

/// How long an order's tickets are held at first: one tick.
pub fn hold_time() -> HoldTime {
    HoldTime::minutes(2).unwrap_or(HoldTime::DEFAULT)
}

/// A quantity of the product. Settings name only lawful ones.
pub fn quantity_of(quantity: u8) -> Quantity {
    let lawful = Quantity::parse(quantity.into());
    debug_assert!(lawful.is_ok(), "a setting sells {quantity} tickets");
    lawful.unwrap_or_else(|_| unreachable!("settings sell one to ten tickets"))
}

impl Stand {
    fn state(self, quantity: u8) -> State {
        let settled = |paid| Settled { at: at(0), capture: Some(capture(paid, quantity)) };
        let ended = |end: End| Ended {
            at: at(0),
            paying: end.paying,
            owed: end.owed.map(|payment| capture(payment, quantity)),
        };
        match self {
            Self::Reserved { expires } => State::Reserved { expires: at(expires) },
            Self::Reviving { until, token: revival, payment } => {
                State::Reviving { until: at(until), token: token(revival), capture: capture(payment, quantity) }
            }
            Self::Paid { paid } => State::Paid(settled(paid)),
            Self::Ticketed { paid } => State::Ticketed(settled(paid)),
            Self::Used { paid } => State::Used(settled(paid)),
            Self::Cancelled(end) => State::Cancelled(ended(end)),
            Self::Expired(end) => State::Expired(ended(end)),
            Self::Lapsed(end) => State::Lapsed(ended(end)),
            Self::Refunding { paid, refund } => State::Refunding { paid: settled(paid), refund: refund_id(refund) },
            Self::Refunded { paid } => State::Refunded { paid: settled(paid), at: at(0) },
        }
    }

    fn of(state: &State) -> Self {
        let paid = |paid: &Settled| paid.capture.as_ref().map_or(u8::MAX, payment_of);
        let end = |ended: &Ended| End { paying: ended.paying, owed: ended.owed.as_ref().map(payment_of) };
        match state {
            State::Reserved { expires } => Self::Reserved { expires: tick(*expires) },
            State::Reviving { until, token, capture } => {
                Self::Reviving { until: tick(*until), token: token.0[0], payment: payment_of(capture) }
            }
            State::Paid(settled) => Self::Paid { paid: paid(settled) },
            State::Ticketed(settled) => Self::Ticketed { paid: paid(settled) },
            State::Used(settled) => Self::Used { paid: paid(settled) },
            State::Cancelled(ended) => Self::Cancelled(end(ended)),
            State::Expired(ended) => Self::Expired(end(ended)),
            State::Lapsed(ended) => Self::Lapsed(end(ended)),
            State::Refunding { paid: settled, refund } => {
                Self::Refunding { paid: paid(settled), refund: refund.bytes()[0] }
            }
            State::Refunded { paid: settled, .. } => Self::Refunded { paid: paid(settled) },
        }
    }
}
