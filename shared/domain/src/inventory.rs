//! Blocks of every kind under one protocol: what is held and given back by those who need not know of what kind it is.
//!
//! A buyer's hold knows its kind, because finding a ticket, a seat and a stretch are different things. Whatever comes after
//! — giving back, confirming, reviving, walking over unfinished work, auditing — is the same for all kinds, and is said
//! here once. What an entry means is decided by the order, in [`crate::order`].

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    block::{self, StockBlock, Token, whole},
    id::OrderId,
    order::{Held, Order, RideVerdict, State, Verdict, What},
    pool::BlockAddress,
    rail::row::{self as coach, Decided},
    row::{self, Places, RowBlock},
};

/// A block of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Tickets without numbers.
    Stock(StockBlock),
    /// Numbered seats.
    Row(RowBlock),
    /// Seats of a coach for stretches, or the week of a person.
    Coach(coach::Row),
}

/// A change to a block of any kind. All of it is made, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Of tickets without numbers.
    Stock(block::Change),
    /// Of numbered seats.
    Row(row::Change),
    /// Of seats for stretches.
    Coach(Decided),
}

/// Why a change was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A stock block says why.
    #[error(transparent)]
    Stock(#[from] block::Refused),
    /// A row block says why.
    #[error(transparent)]
    Row(#[from] row::Refused),
    /// A coach row says why.
    #[error(transparent)]
    Coach(#[from] coach::Refused),
    /// The block is of another kind.
    #[error("the block is of another kind")]
    Kind,
}

/// An entry of a block as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Examined {
    /// In a stock block.
    Stock(block::Examined),
    /// A seat of a row block.
    Seat(row::Examined),
    /// In a coach row.
    Ride(coach::Examined),
}

/// What an order has to do with an entry: how many of its tickets stand behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stake {
    /// Tickets that the order lists there.
    pub listed: u8,
    /// Of these, the ones that were not given back.
    pub kept: u8,
}

impl From<block::Change> for Change {
    fn from(change: block::Change) -> Self {
        Self::Stock(change)
    }
}

impl From<row::Change> for Change {
    fn from(change: row::Change) -> Self {
        Self::Row(change)
    }
}

impl From<Decided> for Change {
    fn from(change: Decided) -> Self {
        Self::Coach(change)
    }
}

impl Change {
    /// Whether the change makes something free.
    pub fn gives_back(&self) -> bool {
        match self {
            Self::Stock(change) => change.gives_back(),
            Self::Row(change) => change.gives_back(),
            Self::Coach(decided) => decided.change.gives_back(),
        }
    }
}

impl Block {
    /// What there is in all: tickets or seats. A person's week has nothing to sell.
    pub const fn capacity(&self) -> u8 {
        match self {
            Self::Stock(block) => block.capacity(),
            Self::Row(block) => block.capacity(),
            Self::Coach(row) => row.capacity(),
        }
    }

    /// What nobody holds: tickets, seats, or seats of which at least one segment is free.
    pub fn available(&self) -> u8 {
        match self {
            Self::Stock(block) => block.available(),
            Self::Row(block) => block.available(),
            Self::Coach(row) => row.available(),
        }
    }

    /// The earliest time limit of an entry.
    pub fn earliest(&self) -> Option<Timestamp> {
        match self {
            Self::Stock(block) => block.earliest(),
            Self::Row(block) => block.earliest(),
            Self::Coach(row) => row.earliest(),
        }
    }

    /// Every entry.
    pub fn entries(&self) -> Vec<Examined> {
        match self {
            Self::Stock(block) => block.all().map(Examined::Stock).collect(),
            Self::Row(block) => block.all().map(Examined::Seat).collect(),
            Self::Coach(row) => row.all().map(Examined::Ride).collect(),
        }
    }

    /// The entries that are past their time.
    pub fn due(&self, now: Timestamp) -> Vec<Examined> {
        self.entries().into_iter().filter(|examined| examined.until().is_some_and(|until| until <= now)).collect()
    }

    /// The entries of one order.
    pub fn of(&self, order: OrderId) -> Vec<Examined> {
        self.entries().into_iter().filter(|examined| examined.order() == order).collect()
    }

    /// Makes a change, or says why not and leaves the block as it was.
    pub fn apply(&mut self, change: &Change) -> Result<(), Refused> {
        match (self, change) {
            (Self::Stock(block), Change::Stock(change)) => Ok(block.apply(change)?),
            (Self::Row(block), Change::Row(change)) => Ok(block.apply(change)?),
            (Self::Coach(row), Change::Coach(decided)) => Ok(row.apply(&decided.change)?),
            _ => Err(Refused::Kind),
        }
    }

    /// Whether the change has been made already: how a writer whose reply was lost recognises its own effect.
    pub fn shows(&self, change: &Change) -> bool {
        match (self, change) {
            (Self::Stock(block), Change::Stock(change)) => block.shows(change),
            (Self::Row(block), Change::Row(change)) => block.shows(change),
            (Self::Coach(row), Change::Coach(decided)) => row.shows(&decided.change),
            _ => false,
        }
    }

    /// What removes all that an order has here, of which nothing is known but that it has ended.
    pub fn evicting(&self, order: OrderId) -> Vec<Change> {
        together(self.of(order).into_iter().map(Examined::released).collect())
    }
}

impl Examined {
    /// Whose it is.
    pub const fn order(&self) -> OrderId {
        match self {
            Self::Stock(examined) => examined.order,
            Self::Seat(examined) => examined.entry.order,
            Self::Ride(examined) => examined.order,
        }
    }

    /// For how many tickets.
    pub fn count(&self) -> u8 {
        match self {
            Self::Stock(examined) => examined.entry.count,
            Self::Seat(_) => 1,
            Self::Ride(examined) => u8::try_from(examined.entry.places.len()).unwrap_or(u8::MAX),
        }
    }

    /// Until when; nothing once the order is ticketed.
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Stock(examined) => examined.entry.until,
            Self::Seat(examined) => examined.entry.until,
            Self::Ride(examined) => examined.entry.until,
        }
    }

    /// Under which token.
    pub const fn token(&self) -> Token {
        match self {
            Self::Stock(examined) => examined.entry.token,
            Self::Seat(examined) => examined.entry.token,
            Self::Ride(examined) => examined.entry.token,
        }
    }

    /// What takes its time limit off.
    fn confirmed(&self) -> Change {
        let (order, token) = (self.order(), self.token());
        match self {
            Self::Stock(_) => block::Change::Confirm { order, token }.into(),
            Self::Seat(seat) => row::Change::Confirm { order, places: Places::one(seat.place), token }.into(),
            Self::Ride(_) => Decided::blind(coach::Change::Confirm { order, token }).into(),
        }
    }

    /// What removes it, once its order is known to have ended.
    pub fn released(self) -> Change {
        match self {
            Self::Stock(examined) => block::Change::Release { examined }.into(),
            Self::Seat(examined) => row::Change::Release { examined: vec![examined] }.into(),
            Self::Ride(examined) => Decided::blind(coach::Change::Release { examined }).into(),
        }
    }
}

/// What is to be done with an entry that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Duty {
    /// Its order waits for its tickets.
    Wait,
    /// Its order has more time: it follows.
    Follow(Change),
    /// Its order is ticketed: its time limit goes.
    Confirm(Change),
    /// All of it, or a part, is surplus.
    GiveBack(Change),
}

impl Order {
    /// What a walk over unfinished work writes about an entry of this order, which has been settled; nothing where the issuer
    /// of its tickets has to be woken instead. `token` is one that no other entry has.
    pub fn tidying(&self, at: BlockAddress, examined: Examined, token: Token) -> Option<Change> {
        match self.duty(at, examined, token) {
            Duty::Wait => None,
            Duty::Follow(change) | Duty::Confirm(change) | Duty::GiveBack(change) => Some(change),
        }
    }

    /// Gives back what this order no longer owns of what it lists, without having looked: what it lists was written before it
    /// ended, so it counts as examined. Nothing for an unpaid order, in time or not: it has not been settled.
    pub fn giving_back(&self, now: Timestamp, mut token: impl FnMut() -> Token) -> Vec<(BlockAddress, Change)> {
        let mut all = Vec::new();
        for held in self.held.iter().filter(|_| !self.is_unpaid()) {
            let found = held.listed_entries(self.id, whole(now));
            let changes = found.into_iter().filter_map(|examined| match self.duty(held.block, examined, token()) {
                Duty::GiveBack(change) => Some(change),
                Duty::Wait | Duty::Follow(_) | Duty::Confirm(_) => None,
            });
            all.extend(together(changes.collect()).into_iter().map(|change| (held.block, change)));
        }
        all
    }

    /// The same of a block that was read *before* this order was: where what it lists is not what is there.
    pub fn still_giving_back(&self, at: BlockAddress, found: &Block, mut token: impl FnMut() -> Token) -> Vec<Change> {
        if self.is_unpaid() {
            return Vec::new();
        }
        let changes = found.of(self.id).into_iter().filter_map(|examined| match self.duty(at, examined, token()) {
            Duty::GiveBack(change) => Some(change),
            Duty::Wait | Duty::Follow(_) | Duty::Confirm(_) => None,
        });
        together(changes.collect())
    }

    /// Takes the time limit off what this order lists and owns, without having looked; nothing while it is not ticketed. What
    /// of it was given back meanwhile is not taken away here.
    pub fn confirmations(&self) -> Vec<(BlockAddress, Change)> {
        let mut all = Vec::new();
        for held in self.held.iter().filter(|_| self.is_ticketed()) {
            let found = held.listed_entries(self.id, Timestamp::UNIX_EPOCH).into_iter();
            let owned = found.filter(|examined| self.stake(held.block, examined).kept > 0);
            let changes = together(owned.map(|examined| examined.confirmed()).collect());
            all.extend(changes.into_iter().map(|change| (held.block, change)));
        }
        all
    }

    /// The same of a block as it was found, where what it lists is not what is there.
    pub fn still_confirming(&self, at: BlockAddress, found: &Block) -> Vec<Change> {
        if !self.is_ticketed() {
            return Vec::new();
        }
        let limited = found.of(self.id).into_iter().filter(|examined| examined.until().is_some());
        let owned = limited.filter(|examined| self.stake(at, examined).kept > 0);
        together(owned.map(|examined| examined.confirmed()).collect())
    }

    /// What the order has to do with an entry that was found under it.
    pub fn stake(&self, at: BlockAddress, examined: &Examined) -> Stake {
        let here = self.numbered().filter(|(held, _)| held.block == at);
        let is_kept = |number: &u8| !self.returned.contains(*number);
        let mut stake = Stake::default();
        for (held, numbers) in here {
            let listed: Vec<u8> = match (&held.what, examined) {
                (What::Tickets(_), Examined::Stock(_)) => numbers.collect(),
                (What::Seats(places), Examined::Seat(seat)) => {
                    numbers.zip(places.iter()).filter(|(_, place)| *place == seat.place).map(|(one, _)| one).collect()
                }
                (What::Rides(places), Examined::Ride(ride)) => {
                    let is_there = |place| ride.entry.places.iter().any(|there| there == place);
                    numbers.zip(places).filter(|(_, place)| is_there(*place)).map(|(one, _)| one).collect()
                }
                (What::Person { ticket, places, .. }, Examined::Ride(ride)) if ride.entry.places == *places => {
                    vec![*ticket]
                }
                _ => Vec::new(),
            };
            stake.listed += u8::try_from(listed.len()).unwrap_or(u8::MAX);
            stake.kept += u8::try_from(listed.iter().filter(|number| is_kept(number)).count()).unwrap_or(u8::MAX);
        }
        stake
    }

    fn duty(&self, at: BlockAddress, examined: Examined, token: Token) -> Duty {
        match examined {
            Examined::Stock(examined) => {
                let verdict = self.verdict(at, &examined);
                Duty::of(verdict, verdict.tidying(examined, token))
            }
            Examined::Seat(examined) => {
                let verdict = self.seat_verdict(at, &examined);
                Duty::of(verdict, examined.tidying(verdict))
            }
            Examined::Ride(examined) => {
                let verdict = self.ride_verdict(at, &examined);
                let sort: fn(Change) -> Duty = match verdict {
                    RideVerdict::Keep => return Duty::Wait,
                    RideVerdict::Move(_) => Duty::Follow,
                    RideVerdict::Confirm => Duty::Confirm,
                    RideVerdict::Evict | RideVerdict::Shrink(_) => Duty::GiveBack,
                };
                verdict.tidying(examined, token).map_or(Duty::Wait, |change| sort(Decided::blind(change).into()))
            }
        }
    }

    const fn is_unpaid(&self) -> bool {
        matches!(self.state, State::Reserved { .. } | State::Reviving { .. })
    }

    const fn is_ticketed(&self) -> bool {
        matches!(self.state, State::Ticketed(_) | State::Used(_))
    }
}

impl Duty {
    fn of(verdict: Verdict, change: Option<impl Into<Change>>) -> Self {
        match (verdict, change.map(Into::into)) {
            (_, None) | (Verdict::Keep, _) => Self::Wait,
            (Verdict::Move(_), Some(change)) => Self::Follow(change),
            (Verdict::Confirm, Some(change)) => Self::Confirm(change),
            (Verdict::Evict | Verdict::Shrink(_), Some(change)) => Self::GiveBack(change),
        }
    }
}

impl Held {
    /// Removes all that is held here for an order that was never written, without having looked.
    pub fn leaving(&self, order: OrderId) -> Option<Change> {
        let released = self.listed_entries(order, Timestamp::UNIX_EPOCH).into_iter().map(Examined::released);
        together(released.collect()).pop()
    }

    /// How a revival takes once more what was listed, without having looked: under a new token and deadline, so that a removal
    /// that is under way no longer matches.
    pub fn rewriting(&self, order: &Order, until: Timestamp, token: Token) -> Option<Change> {
        Some(match &self.what {
            What::Tickets(_) => self.again(order, until, token).into(),
            What::Seats(places) => {
                let entry = row::Entry { order: order.id, until: None, token: self.token };
                let examined = places.iter().map(|place| row::Examined { place, entry }).collect();
                row::Change::Rewrite { examined, until: Some(until), token }.into()
            }
            What::Rides(_) | What::Person { .. } => {
                let examined = coach::Examined { order: order.id, entry: self.what.entry(None, self.token)? };
                let entry = self.what.entry(Some(whole(until)), token)?;
                Decided::blind(coach::Change::Rewrite { examined, entry }).into()
            }
        })
    }

    /// What a revival tries next where the block is as found; nothing where what was listed cannot be had any more. All of
    /// the changes have to be made.
    pub fn taking_again(&self, order: &Order, found: &Block, until: Timestamp, token: Token) -> Option<Vec<Change>> {
        match found {
            Block::Stock(found) => {
                let change = self.again_in(order, found, until, token)?;
                let has_room = found.clone().apply(&change).is_ok();
                has_room.then(|| vec![change.into()])
            }
            Block::Row(found) => {
                let What::Seats(places) = self.what else { return None };
                let changes = self.seats_again(order, found, until, token);
                let is_free = (found.taken().and(places)).without(found.of(order.id)).is_none();
                is_free.then(|| changes.into_iter().map(Change::Row).collect())
            }
            Block::Coach(found) => {
                let change = self.ride_again(order, found, until, token)?;
                Some(vec![found.decide(change).ok()?.into()])
            }
        }
    }

    /// What was listed, as if it had been examined: it was written before the order was.
    fn listed_entries(&self, order: OrderId, until: Timestamp) -> Vec<Examined> {
        let (until, token) = (Some(until), self.token);
        match &self.what {
            What::Tickets(count) => {
                vec![Examined::Stock(block::Examined { order, entry: block::Entry { count: *count, until, token } })]
            }
            What::Seats(places) => {
                let entry = row::Entry { order, until, token };
                places.iter().map(|place| Examined::Seat(row::Examined { place, entry })).collect()
            }
            What::Rides(_) | What::Person { .. } => {
                let entry = self.what.entry(until, token);
                entry.map(|entry| Examined::Ride(coach::Examined { order, entry })).into_iter().collect()
            }
        }
    }
}

/// Makes one write of what can be one: seats of one block leave together, and lose their time limit together where one write
/// held them.
fn together(changes: Vec<Change>) -> Vec<Change> {
    let mut leaving: Vec<row::Examined> = Vec::new();
    let mut confirmed: BTreeMap<(OrderId, Token), Places> = BTreeMap::new();
    let mut others = Vec::new();
    for change in changes {
        match change {
            Change::Row(row::Change::Release { examined }) => leaving.extend(examined),
            Change::Row(row::Change::Confirm { order, places, token }) => {
                let all = confirmed.entry((order, token)).or_default();
                *all = all.with(places);
            }
            other => others.push(other),
        }
    }
    if !leaving.is_empty() {
        others.push(row::Change::Release { examined: leaving }.into());
    }
    let confirmed = confirmed.into_iter().map(|((order, token), places)| row::Change::Confirm { order, places, token });
    others.extend(confirmed.map(Change::from));
    others
}

#[cfg(test)]
mod tests;
