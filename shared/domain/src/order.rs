//! The life of an order: the only arbiter of what its block entries mean.
//!
//! A decision takes the order by value and gives back a [`Change`]: the order as it will be, to be written only if the
//! stored one still has the version that was decided on. Nothing else ever changes a status.

use std::fmt;

use jiff::Timestamp;

use crate::{
    block::Token,
    event::later,
    id::{Id as _, OrderId, RefundId, UserId},
    money::Money,
    payment::{Begun, Capture, Payment},
    tenant::HoldTime,
};

mod entries;
mod exchange;
mod held;
mod money_in;
mod money_out;
mod purchase;
mod rides;
mod seats;

pub use entries::Verdict;
pub use exchange::{Carried, Exchange, Replaces};
pub use held::{Held, What};
pub use money_in::{Arrived, PayRefused, Started};
pub use money_out::{Due, NotRefundable, Returned};
pub use purchase::{Purchase, Quantity, QuantityError, Subject};
pub use rides::RideVerdict;
pub use seats::Seat;

/// Whom to reach about the order, sealed: no rule of an order looks at it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Contact(Vec<u8>);

impl Contact {
    /// Takes what was sealed for this order.
    pub const fn sealed(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What was sealed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nobody any more: the person was erased.
    pub const fn is_nobody(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(..)")
    }
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Whose it is.
    pub user: UserId,
    /// What is bought.
    pub purchase: Purchase,
    /// Whom to reach.
    pub contact: Contact,
    /// What it holds. **While the order is reserved, paid or ticketed it owns all of this, at every instant.**
    pub held: Vec<Held>,
    /// How long the first hold was to last.
    pub hold: HoldTime,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub updated: Timestamp,
    /// The payments that were begun for it. The first extends the hold, once; any obliges us to ask how it ended.
    pub begun: Vec<Begun>,
    /// Which tickets have been given back.
    pub returned: Returned,
    /// The tickets whose place it takes.
    pub replaces: Option<Replaces>,
    /// Where it stands.
    pub state: State,
    /// Counts the changes.
    pub version: u32,
}

/// Where an order stands, with only what that state has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Holds its tickets until a moment; not paid.
    Reserved {
        /// Until when; the earliest deadline of its entries, or later after an extension.
        expires: Timestamp,
    },
    /// A payment came after the hold had ended; its tickets are being held again.
    Reviving {
        /// Until when this revival must be done.
        until: Timestamp,
        /// Which revival: only the one that began it may end it.
        token: Token,
        /// The payment.
        capture: Capture,
    },
    /// Paid; tickets are due.
    Paid(Settled),
    /// Tickets are issued.
    Ticketed(Settled),
    /// Every ticket has been admitted.
    Used(Settled),
    /// The buyer called it off before paying.
    Cancelled(Ended),
    /// The hold ended unpaid. The only ended state that a payment can revive.
    Expired(Ended),
    /// A late payment found the tickets gone.
    Lapsed(Ended),
    /// All tickets are given back; the money is on its way.
    Refunding {
        /// How it was paid.
        paid: Settled,
        /// Which refund ends it.
        refund: RefundId,
    },
    /// All money is back.
    Refunded {
        /// How it was paid.
        paid: Settled,
        /// When it was back.
        at: Timestamp,
    },
}

/// How an order was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// When.
    pub at: Timestamp,
    /// The capture; `None` for an order that costs nothing.
    pub capture: Option<Capture>,
}

/// How an order ended without a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Whether a payment was begun whose outcome is not known yet.
    pub paying: bool,
    /// Money that has to go back and has no refund yet.
    pub owed: Option<Capture>,
}

/// A decision: what to write, if the stored order still has the version that was decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The order as it will be.
    pub order: Order,
    /// The version that the stored order must have.
    pub from: u32,
}

/// What one finds when one wants an unpaid order brought to an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It is past due: write this first.
    Expire(Box<Change>),
    /// It has ended: whatever it has in a block is surplus.
    Over,
    /// It still has time.
    InTime {
        /// Until then.
        until: Timestamp,
    },
    /// It is paid and waits for its tickets.
    AwaitsTickets,
    /// It is paid and ticketed: its entries need no deadline.
    Owned,
}

/// Why an order cannot be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CancelRefused {
    /// It is paid: ask a refund.
    #[error("the order is paid")]
    Paid,
    /// A late payment is being applied.
    #[error("a payment is being applied")]
    Paying,
    /// It has ended otherwise.
    #[error("the order has ended")]
    Over,
}

/// The hold ended before the order could be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the hold has ended")]
pub struct PastDue;

/// A deposit cannot pay an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DepositRefused {
    /// See there.
    #[error(transparent)]
    PastDue(#[from] PastDue),
    /// Less was taken for it than the order costs, or in another currency.
    #[error("the deposit does not cover the price")]
    TooLittle,
}

/// The change does not fit the state that the order is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the order is not in a state that allows this")]
pub struct WrongState;

/// What is known of an order before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its id.
    pub id: OrderId,
    /// Whose it is.
    pub user: UserId,
    /// What is bought.
    pub purchase: Purchase,
    /// Whom to reach.
    pub contact: Contact,
    /// What is held for it.
    pub held: Vec<Held>,
    /// How long the hold was to last.
    pub hold: HoldTime,
    /// The earliest deadline of its entries.
    pub expires: Timestamp,
    /// When the buyer asked.
    pub created: Timestamp,
    /// The tickets whose place it is to take.
    pub replaces: Option<Replaces>,
}

impl Order {
    /// Makes an order of what is held. One that costs nothing is paid at once.
    pub fn reserve(draft: Draft, now: Timestamp) -> Result<Self, PastDue> {
        if draft.expires <= now {
            return Err(PastDue);
        }
        let state = if draft.purchase.total.is_zero() {
            State::Paid(Settled { at: now, capture: None })
        } else {
            State::Reserved { expires: draft.expires }
        };
        Ok(Self {
            id: draft.id,
            user: draft.user,
            purchase: draft.purchase,
            contact: draft.contact,
            held: draft.held,
            hold: draft.hold,
            created: draft.created,
            updated: now,
            begun: Vec::new(),
            returned: Returned::default(),
            replaces: draft.replaces,
            state,
            version: 1,
        })
    }

    /// Makes an order of what is held that is paid at once, with a part of what was taken for a deposit: the part that it
    /// costs. No money may go to an order that was given up, so it is written only if nothing stands under its id.
    pub fn of_deposit(draft: Draft, deposit: &Settled, now: Timestamp) -> Result<Self, DepositRefused> {
        let order = Self::reserve(draft, now)?;
        if let State::Paid(_) = order.state {
            return Ok(order);
        }
        let price = order.purchase.total;
        let covers = |taken: Money| taken.currency == price.currency && taken.minor >= price.minor;
        let capture = deposit.capture.clone().filter(|capture| covers(capture.amount));
        let capture = Capture { amount: price, ..capture.ok_or(DepositRefused::TooLittle)? };
        Ok(Self { state: State::Paid(Settled { at: now, capture: Some(capture) }), ..order })
    }

    /// Whether this is the deposit of somebody who waits: it holds nothing, and no ticket is ever due for it.
    pub const fn is_deposit(&self) -> bool {
        self.held.is_empty()
    }

    /// Calls off an unpaid order.
    pub fn cancel(self, now: Timestamp) -> Result<Change, CancelRefused> {
        match self.state {
            State::Reserved { .. } => {
                let ended = Ended { at: now, paying: self.is_paying(), owed: None };
                Ok(self.to(State::Cancelled(ended), now))
            }
            State::Reviving { .. } => Err(CancelRefused::Paying),
            State::Paid(_) | State::Ticketed(_) | State::Used(_) => Err(CancelRefused::Paid),
            State::Cancelled(_)
            | State::Expired(_)
            | State::Lapsed(_)
            | State::Refunding { .. }
            | State::Refunded { .. } => Err(CancelRefused::Over),
        }
    }

    /// Forgets whom to reach. What was bought, paid and given back stays.
    pub fn forget_contact(self, now: Timestamp) -> Change {
        let state = self.state.clone();
        Self { contact: Contact::default(), ..self }.to(state, now)
    }

    /// Says what has to happen before anything of this order may leave a block.
    pub fn settle(self, now: Timestamp) -> Settlement {
        match self.state {
            State::Reserved { expires } if expires <= now => self.expire(now),
            State::Reviving { until, .. } if until <= now => self.expire(now),
            State::Reserved { expires: until } | State::Reviving { until, .. } => Settlement::InTime { until },
            State::Paid(_) => Settlement::AwaitsTickets,
            State::Ticketed(_) | State::Used(_) => Settlement::Owned,
            State::Cancelled(_)
            | State::Expired(_)
            | State::Lapsed(_)
            | State::Refunding { .. }
            | State::Refunded { .. } => Settlement::Over,
        }
    }

    fn expire(self, now: Timestamp) -> Settlement {
        let ended = Ended { at: now, paying: self.is_paying(), owed: None };
        Settlement::Expire(Box::new(self.to(State::Expired(ended), now)))
    }

    /// Notes that every ticket that is due has been written.
    pub fn ticketed(self, now: Timestamp) -> Result<Change, WrongState> {
        match self.state.clone() {
            State::Paid(paid) => Ok(self.to(State::Ticketed(paid), now)),
            _ => Err(WrongState),
        }
    }

    /// Notes that every ticket that was not given back has been admitted.
    pub fn used(self, now: Timestamp) -> Result<Change, WrongState> {
        match self.state.clone() {
            State::Ticketed(paid) => Ok(self.to(State::Used(paid), now)),
            _ => Err(WrongState),
        }
    }

    /// The status that the world sees.
    pub const fn status(&self) -> Status {
        match self.state {
            State::Reserved { .. } | State::Reviving { .. } => Status::Pending,
            State::Paid(_) => Status::Paid,
            State::Ticketed(_) => Status::Ticketed,
            State::Used(_) => Status::Used,
            State::Cancelled(_) => Status::Cancelled,
            State::Expired(_) | State::Lapsed(_) => Status::Expired,
            State::Refunding { .. } => Status::Refunding,
            State::Refunded { .. } => Status::Refunded,
        }
    }

    /// How the order was paid, where it was.
    pub const fn paid(&self) -> Option<&Settled> {
        match &self.state {
            State::Paid(paid)
            | State::Ticketed(paid)
            | State::Used(paid)
            | State::Refunding { paid, .. }
            | State::Refunded { paid, .. } => Some(paid),
            _ => None,
        }
    }

    /// Until when the tickets are held, while the order is unpaid.
    pub const fn expires(&self) -> Option<Timestamp> {
        match self.state {
            State::Reserved { expires } => Some(expires),
            State::Reviving { until, .. } => Some(until),
            _ => None,
        }
    }

    /// The payments that were begun, oldest first.
    pub fn payments(&self) -> impl Iterator<Item = Payment> + '_ {
        let payment = |begun: &Begun| Payment {
            id: begun.id,
            order: self.id,
            provider: begun.provider,
            amount: self.purchase.total,
            created: begun.id.created(),
        };
        self.begun.iter().map(payment)
    }

    const fn is_paying(&self) -> bool {
        !self.begun.is_empty()
    }

    /// The numbers of the tickets that have not been given back.
    pub fn kept(&self) -> impl Iterator<Item = u8> + '_ {
        (0..self.purchase.quantity.get()).filter(|number| !self.returned.contains(*number))
    }

    fn to(self, state: State, now: Timestamp) -> Change {
        Change { from: self.version, order: Self { state, updated: now, version: self.version + 1, ..self } }
    }

    /// The longest that a payment may stretch the hold: fifteen minutes from now, and twice the hold in all.
    fn stretched(&self, expires: Timestamp, now: Timestamp) -> Timestamp {
        let from_now = later(now, 15 * 60);
        let in_all = later(self.created, 2 * self.hold.as_secs());
        expires.max(from_now.min(in_all))
    }
}

/// The status that the world sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words are those of the HTTP contract")]
pub enum Status {
    Pending,
    Paid,
    Ticketed,
    Used,
    Cancelled,
    Expired,
    Refunding,
    Refunded,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Paid,
        Self::Ticketed,
        Self::Used,
        Self::Cancelled,
        Self::Expired,
        Self::Refunding,
        Self::Refunded,
    ];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Ticketed => "ticketed",
            Self::Used => "used",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
