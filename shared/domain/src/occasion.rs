//! What a ticket lets somebody in to: a session of an event, or a ride on a train.
//!
//! Whoever deals with what is bought already — tickets, doors, refunds, late payments — asks this and not the event, and so
//! need not know which of the two it is.

use jiff::Timestamp;

use crate::{
    event::{Event, RefundPolicy, RefundRule, Review, Zone, later},
    id::{EventId, OptionId, RunId, SessionId, UserId},
    order::Subject,
    pool::Layout,
    rail::{
        coach::Class,
        run::{RunPlan, Status},
        station::Telecode,
        stretch::Stretch,
    },
    ticket::Validity,
};

/// An occasion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// What it is, as far as that makes a difference to those who show it.
    pub kind: Kind,
    /// What it is called.
    pub title: String,
    /// Address of its poster.
    pub poster: Option<String>,
    /// City.
    pub city: String,
    /// Venue, or the station where one boards.
    pub venue: String,
    /// Street address.
    pub address: String,
    /// The zone in which its times are shown.
    pub zone: Zone,
    /// When it begins: the curtain rises, or the train leaves.
    pub starts: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
    /// From when tickets are admitted.
    pub doors: Timestamp,
    /// Whether tickets go back.
    pub refunds: RefundPolicy,
    /// Whether it takes place.
    pub standing: Standing,
    /// Whose it is, where it is not the whole tenant's.
    pub publisher: Option<UserId>,
}

/// What kind of occasion it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A session of an event.
    Session {
        /// The event.
        event: EventId,
        /// Its session.
        session: SessionId,
        /// What was bought.
        option: OptionId,
        /// What that is called.
        name: String,
        /// Its price, in minor units.
        price: u64,
        /// How its tickets are cut into blocks.
        stock: Layout,
    },
    /// A ride on a run.
    Ride {
        /// The run.
        run: RunId,
        /// The number of the train.
        train: String,
        /// The class.
        class: Class,
        /// Where one boards.
        from: Telecode,
        /// Where one leaves.
        to: Telecode,
    },
}

/// Whether it takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Open,
    /// It was called off.
    CalledOff,
    /// Not decided: not approved yet, or no longer.
    Closed,
}

impl Occasion {
    /// When its tickets are admitted.
    pub fn validity(&self) -> Validity {
        Validity { from: self.doors, to: later(self.ends, Validity::GRACE_SECS) }
    }

    /// What the organiser's policy says to a refund that is asked for now. Whoever cannot come because it was called off gets
    /// the money back whatever the policy is.
    pub fn refund_rule(&self, now: Timestamp) -> RefundRule {
        match self.standing {
            Standing::CalledOff => RefundRule::Approve,
            Standing::Open | Standing::Closed => self.refunds.rule(self.starts, now),
        }
    }

    /// Whether there is still something to attend with a ticket that is paid for now.
    pub fn is_to_come(&self, now: Timestamp) -> bool {
        self.standing == Standing::Open && now < self.ends
    }
}

impl RunPlan {
    /// The occasion of a ride; nothing where the train has no such stretch. Passengers board until it leaves.
    pub fn occasion(&self, class: &Class, stretch: Stretch) -> Option<Occasion> {
        let stop = |point: u16| self.train.stops().get(usize::from(point)).map(|stop| stop.station);
        let place = |point: u16| self.places.get(usize::from(point));
        let (from, to) = (place(stretch.from())?, place(stretch.to())?);
        let (starts, ends) = (self.departs(stretch.from())?, self.arrives(stretch.to())?);
        Some(Occasion {
            kind: Kind::Ride {
                run: self.id,
                train: self.train.number().to_owned(),
                class: class.clone(),
                from: stop(stretch.from())?,
                to: stop(stretch.to())?,
            },
            title: format!("{} {} → {}", self.train.number(), from.name, to.name),
            poster: None,
            city: from.city.clone(),
            venue: from.name.clone(),
            address: String::new(),
            zone: self.zone.clone(),
            starts,
            ends,
            doors: later(starts, -Self::BOARDING_SECS),
            refunds: self.terms.refunds,
            standing: match self.status {
                Status::Open => Standing::Open,
                Status::Cancelled { .. } => Standing::CalledOff,
                Status::Opening => Standing::Closed,
            },
            publisher: None,
        })
    }

    /// Seconds before departure from which tickets are admitted to a platform: two hours.
    const BOARDING_SECS: i64 = 2 * 3_600;
}

impl Event {
    /// The occasion of a price option in one of its sessions; nothing where it does not have them.
    pub fn occasion(&self, session: SessionId, option: OptionId) -> Option<Occasion> {
        let (session, option) = (self.session(session)?, self.option(option)?);
        let details = &self.details;
        Some(Occasion {
            kind: Kind::Session {
                event: self.id,
                session: session.id,
                option: option.id,
                name: option.name.clone(),
                price: option.price,
                stock: Layout::of(option.total).ok()?,
            },
            title: details.title.clone(),
            poster: details.poster.clone(),
            city: details.city.clone(),
            venue: details.venue.clone(),
            address: details.address.clone(),
            zone: details.zone.clone(),
            starts: session.starts,
            ends: session.ends(),
            doors: session.doors_open(),
            refunds: details.refunds,
            standing: match self.review {
                Review::Approved => Standing::Open,
                Review::Cancelled { .. } => Standing::CalledOff,
                Review::Draft | Review::Pending | Review::Rejected { .. } => Standing::Closed,
            },
            publisher: Some(self.publisher),
        })
    }

    /// The occasion of tickets for this event; nothing of a ride.
    pub fn occasion_of(&self, subject: &Subject) -> Option<Occasion> {
        match subject {
            Subject::Session { event, session, option } if *event == self.id => self.occasion(*session, *option),
            Subject::Session { .. } | Subject::Ride { .. } => None,
        }
    }
}
