//! What is on: events with their sessions and price options, their review, and whether they may be sold now.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    id::{EventId, OptionId, SessionId, UserId},
    money::{Currency, Money, MoneyError},
    order::Quantity,
    seating::Seating,
};

/// A venue's time zone by its IANA name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// The tz database has no zone of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the IANA name of a time zone, for example Asia/Shanghai")]
pub struct UnknownZone;

impl Zone {
    /// The rules of the zone.
    pub const fn rules(&self) -> &TimeZone {
        &self.0
    }

    /// The local date of a moment, `YYYY-MM-DD`.
    pub fn date(&self, at: Timestamp) -> String {
        at.to_zoned(self.0.clone()).date().to_string()
    }

    /// The local time of a moment, `HH:MM`.
    pub fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.0.clone()).strftime("%H:%M").to_string()
    }

    /// A moment in RFC 3339 with the zone's offset.
    pub fn rfc3339(&self, at: Timestamp) -> String {
        at.to_zoned(self.0.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        TimeZone::get(name).map(Self).map_err(|_| UnknownZone)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

/// One event of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Who made it.
    pub publisher: UserId,
    /// What the organiser says about it.
    pub details: Details,
    /// Its dates, in order of time; at least one.
    pub sessions: Vec<Session>,
    /// Its price options; at least one. Each option's stock is per session.
    pub options: Vec<PriceOption>,
    /// How it sells numbered seats; its options sell tickets without seats where nothing is said.
    pub seating: Option<Seating>,
    /// Whether it may be shown and sold.
    pub review: Review,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub updated: Timestamp,
    /// Counts the changes.
    pub version: u32,
}

/// The words and settings of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// At most 200 characters.
    pub title: String,
    /// Free text.
    pub description: String,
    /// Address of the poster.
    pub poster: Option<String>,
    /// Category word.
    pub category: Option<String>,
    /// City.
    pub city: String,
    /// Venue.
    pub venue: String,
    /// Street address.
    pub address: String,
    /// The venue's zone: dates and times are shown in it.
    pub zone: Zone,
    /// Who performs.
    pub performers: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Currency of every price.
    pub currency: Currency,
    /// Whether and until when tickets go back.
    pub refunds: RefundPolicy,
}

/// One date and time of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// When it begins.
    pub starts: Timestamp,
    /// How long it lasts, in minutes.
    pub minutes: u16,
    /// When the doors open; at the start less two hours where nothing is said.
    pub doors: Option<Timestamp>,
}

impl Session {
    /// When it ends.
    pub fn ends(&self) -> Timestamp {
        later(self.starts, i64::from(self.minutes) * 60)
    }

    /// From when tickets are admitted.
    pub fn doors_open(&self) -> Timestamp {
        self.doors.unwrap_or_else(|| later(self.starts, -2 * 3_600))
    }
}

/// A moment that many seconds later (earlier if negative); stays within what can be written down.
pub fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// One price of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceOption {
    /// Its id.
    pub id: OptionId,
    /// What it is called.
    pub name: String,
    /// Price of one ticket in minor units.
    pub price: u64,
    /// What it cost before, to be shown struck through.
    pub original_price: Option<u64>,
    /// Tickets per session.
    pub total: u32,
    /// Place in lists.
    pub sort_order: i32,
    /// The most that one order may take.
    pub max_per_order: Quantity,
    /// From when it is sold; at once where nothing is said.
    pub sale_starts: Option<Timestamp>,
    /// Until when it is sold; until the session ends where nothing is said.
    pub sale_ends: Option<Timestamp>,
    /// Free text.
    pub description: String,
}

impl PriceOption {
    /// Whether it is within its sale window.
    pub fn is_on_sale(&self, now: Timestamp) -> bool {
        self.sale_starts.is_none_or(|starts| starts <= now) && self.sale_ends.is_none_or(|ends| now < ends)
    }
}

/// Whether tickets can go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundPolicy {
    /// Never.
    Never,
    /// A person decides; asked for at the latest so many hours before the session.
    Review {
        /// Hours before the start.
        hours_before: u16,
    },
    /// At once; asked for at the latest so many hours before the session.
    Automatic {
        /// Hours before the start.
        hours_before: u16,
    },
}

impl Default for RefundPolicy {
    fn default() -> Self {
        Self::Review { hours_before: 0 }
    }
}

/// What the policy says to a request made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundRule {
    /// Ask a person.
    Review,
    /// Yes.
    Approve,
    /// No: the policy does not give money back.
    Never,
    /// No: too late.
    TooLate,
}

impl RefundPolicy {
    /// What to do with a request made now for something that begins then.
    pub fn rule(self, starts: Timestamp, now: Timestamp) -> RefundRule {
        let in_time = |hours: u16| now < later(starts, -3_600 * i64::from(hours));
        match self {
            Self::Never => RefundRule::Never,
            Self::Review { hours_before } if in_time(hours_before) => RefundRule::Review,
            Self::Automatic { hours_before } if in_time(hours_before) => RefundRule::Approve,
            Self::Review { .. } | Self::Automatic { .. } => RefundRule::TooLate,
        }
    }
}

/// Where an event stands in its review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Review {
    /// Being written.
    Draft,
    /// Waits for an administrator.
    Pending,
    /// Shown and sold.
    Approved,
    /// Sent back with a reason; may be changed and submitted again.
    Rejected {
        /// Why, for the organiser.
        reason: String,
    },
    /// Called off.
    Cancelled {
        /// Why, for the buyers.
        reason: String,
    },
}

/// Why an event cannot take that step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event is not in a state that allows this")]
pub struct WrongState;

impl Event {
    /// Hands the event to the administrators.
    pub fn submit(self, now: Timestamp) -> Result<Self, WrongState> {
        match self.review {
            Review::Draft | Review::Rejected { .. } => Ok(self.to(Review::Pending, now)),
            _ => Err(WrongState),
        }
    }

    /// Lets the event be shown and sold.
    pub fn approve(self, now: Timestamp) -> Result<Self, WrongState> {
        match self.review {
            Review::Pending => Ok(self.to(Review::Approved, now)),
            _ => Err(WrongState),
        }
    }

    /// Sends the event back.
    pub fn reject(self, reason: String, now: Timestamp) -> Result<Self, WrongState> {
        match self.review {
            Review::Pending => Ok(self.to(Review::Rejected { reason }, now)),
            _ => Err(WrongState),
        }
    }

    /// Calls the event off.
    pub fn cancel(self, reason: String, now: Timestamp) -> Result<Self, WrongState> {
        match self.review {
            Review::Cancelled { .. } => Err(WrongState),
            _ => Ok(self.to(Review::Cancelled { reason }, now)),
        }
    }

    fn to(self, review: Review, now: Timestamp) -> Self {
        Self { review, updated: now, version: self.version + 1, ..self }
    }

    /// Whether buyers may see it.
    pub const fn is_public(&self) -> bool {
        matches!(self.review, Review::Approved | Review::Cancelled { .. })
    }

    /// The session of that id.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == id)
    }

    /// The price option of that id.
    pub fn option(&self, id: OptionId) -> Option<&PriceOption> {
        self.options.iter().find(|option| option.id == id)
    }

    /// Whether a price option sells numbered seats, and no stock of its own.
    pub fn sells_seats(&self, option: OptionId) -> bool {
        self.seating.as_ref().is_some_and(|seating| seating.sells(option))
    }

    /// The price of one ticket of an option.
    pub const fn price(&self, option: &PriceOption) -> Money {
        Money::new(option.price, self.details.currency)
    }

    /// Tickets in all sessions and options.
    pub fn total_stock(&self) -> u64 {
        let per_session: u64 = self.options.iter().map(|option| u64::from(option.total)).sum();
        per_session.saturating_mul(u64::try_from(self.sessions.len()).unwrap_or(u64::MAX))
    }

    /// The status that the world sees, given how many tickets are left (`None` where that is not known).
    pub fn status(&self, now: Timestamp, left: Option<u64>) -> EventStatus {
        match self.review {
            Review::Draft => EventStatus::Draft,
            Review::Pending => EventStatus::Pending,
            Review::Rejected { .. } => EventStatus::Rejected,
            Review::Cancelled { .. } => EventStatus::Cancelled,
            Review::Approved => self.sale_status(now, left),
        }
    }

    fn sale_status(&self, now: Timestamp, left: Option<u64>) -> EventStatus {
        if self.sessions.iter().all(|session| session.ends() <= now) {
            EventStatus::Ended
        } else if self.options.iter().all(|option| option.sale_starts.is_some_and(|starts| now < starts)) {
            EventStatus::Upcoming
        } else if left == Some(0) {
            EventStatus::SoldOut
        } else if self.options.iter().any(|option| option.is_on_sale(now)) {
            EventStatus::OnSale
        } else {
            EventStatus::Ended
        }
    }

    /// What an order for `quantity` tickets of one option costs, if it may be sold now.
    pub fn offer(
        &self,
        session: SessionId,
        option: OptionId,
        quantity: Quantity,
        now: Timestamp,
    ) -> Result<Money, NoOffer> {
        if self.review != Review::Approved {
            return Err(NoOffer::NotOnSale);
        }
        let session = self.session(session).ok_or(NoOffer::UnknownSession)?;
        let option = self.option(option).ok_or(NoOffer::UnknownOption)?;
        if !option.is_on_sale(now) || session.ends() <= now {
            return Err(NoOffer::NotOnSale);
        }
        if quantity > option.max_per_order {
            return Err(NoOffer::TooMany { most: option.max_per_order });
        }
        self.price(option).times(u64::from(quantity.get())).map_err(NoOffer::Price)
    }
}

/// Why something cannot be sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoOffer {
    /// Not approved, not yet, or not any more.
    #[error("not on sale")]
    NotOnSale,
    /// The event has no such session.
    #[error("unknown session")]
    UnknownSession,
    /// The event has no such price option.
    #[error("unknown price option")]
    UnknownOption,
    /// More than one order may take.
    #[error("at most {} in one order", most.get())]
    TooMany {
        /// The most.
        most: Quantity,
    },
    /// The total cannot be computed.
    #[error(transparent)]
    Price(MoneyError),
}

/// The status that the world sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words are those of the HTTP contract")]
pub enum EventStatus {
    Draft,
    Pending,
    Approved,
    Upcoming,
    OnSale,
    SoldOut,
    Ended,
    Rejected,
    Cancelled,
}

impl EventStatus {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Upcoming => "upcoming",
            Self::OnSale => "onSale",
            Self::SoldOut => "soldOut",
            Self::Ended => "ended",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }
}

#[cfg(test)]
mod tests;
