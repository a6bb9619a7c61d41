//! An event as an item. Names are short: a list reads every event of a tenant.

use domain::{
    Timestamp,
    event::{Details, Event, PriceOption, RefundPolicy, Review, Session},
    id::{EventId, Id as _, OptionId, SessionId, UserId},
    order::Quantity,
};
use serde::{Deserialize, Serialize};

use super::seating::SeatingItem;
use crate::Failed;

/// An event without its id, which is the sort key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EventItem {
    /// Publisher.
    p: String,
    /// Details.
    d: DetailsItem,
    /// Sessions.
    s: Vec<SessionItem>,
    /// Price options.
    o: Vec<OptionItem>,
    /// Numbered seats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seat: Option<SeatingItem>,
    /// The review's word.
    r: String,
    /// The review's reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Created, in milliseconds since 1970, like every moment here.
    c: i64,
    /// Updated.
    u: i64,
    /// Version: what the write's condition compares.
    v: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct DetailsItem {
    title: String,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    poster: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    city: String,
    venue: String,
    address: String,
    zone: String,
    performers: Vec<String>,
    tags: Vec<String>,
    currency: String,
    /// Refund policy: its word, and hours before the session.
    refunds: (String, u16),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SessionItem {
    id: String,
    /// Starts.
    s: i64,
    /// Minutes.
    m: u16,
    /// Doors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct OptionItem {
    id: String,
    name: String,
    /// Price.
    p: u64,
    /// Original price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    op: Option<u64>,
    /// Tickets per session.
    n: u32,
    /// Sort order.
    so: i32,
    /// The most in one order.
    m: u8,
    /// Sale starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<i64>,
    /// Sale ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<i64>,
    /// Description.
    d: String,
}

impl EventItem {
    pub(super) fn of(event: &Event) -> Self {
        let (word, why) = review_words(&event.review);
        Self {
            p: event.publisher.bare(),
            d: DetailsItem::of(&event.details),
            s: event.sessions.iter().map(SessionItem::of).collect(),
            o: event.options.iter().map(OptionItem::of).collect(),
            seat: event.seating.as_ref().map(SeatingItem::of),
            r: word.to_owned(),
            why,
            c: event.created.as_millisecond(),
            u: event.updated.as_millisecond(),
            v: event.version,
        }
    }

    pub(super) fn read(self, id: EventId) -> Result<Event, Failed> {
        Ok(Event {
            id,
            publisher: UserId::from_bare(&self.p).map_err(Failed::corrupt)?,
            details: self.d.read()?,
            sessions: self.s.into_iter().map(SessionItem::read).collect::<Result<_, _>>()?,
            options: self.o.into_iter().map(OptionItem::read).collect::<Result<_, _>>()?,
            seating: self.seat.map(SeatingItem::read).transpose()?,
            review: read_review(&self.r, self.why)?,
            created: moment(self.c)?,
            updated: moment(self.u)?,
            version: self.v,
        })
    }
}

impl DetailsItem {
    fn of(details: &Details) -> Self {
        Self {
            title: details.title.clone(),
            text: details.description.clone(),
            poster: details.poster.clone(),
            category: details.category.clone(),
            city: details.city.clone(),
            venue: details.venue.clone(),
            address: details.address.clone(),
            zone: details.zone.to_string(),
            performers: details.performers.clone(),
            tags: details.tags.clone(),
            currency: details.currency.to_string(),
            refunds: refund_words(details.refunds),
        }
    }

    fn read(self) -> Result<Details, Failed> {
        Ok(Details {
            title: self.title,
            description: self.text,
            poster: self.poster,
            category: self.category,
            city: self.city,
            venue: self.venue,
            address: self.address,
            zone: self.zone.parse().map_err(Failed::corrupt)?,
            performers: self.performers,
            tags: self.tags,
            currency: self.currency.parse().map_err(Failed::corrupt)?,
            refunds: read_refunds(&self.refunds.0, self.refunds.1)?,
        })
    }
}

impl SessionItem {
    fn of(session: &Session) -> Self {
        Self {
            id: session.id.bare(),
            s: session.starts.as_millisecond(),
            m: session.minutes,
            d: session.doors.map(Timestamp::as_millisecond),
        }
    }

    fn read(self) -> Result<Session, Failed> {
        Ok(Session {
            id: SessionId::from_bare(&self.id).map_err(Failed::corrupt)?,
            starts: moment(self.s)?,
            minutes: self.m,
            doors: self.d.map(moment).transpose()?,
        })
    }
}

impl OptionItem {
    fn of(option: &PriceOption) -> Self {
        Self {
            id: option.id.bare(),
            name: option.name.clone(),
            p: option.price,
            op: option.original_price,
            n: option.total,
            so: option.sort_order,
            m: option.max_per_order.get(),
            s: option.sale_starts.map(Timestamp::as_millisecond),
            e: option.sale_ends.map(Timestamp::as_millisecond),
            d: option.description.clone(),
        }
    }

    fn read(self) -> Result<PriceOption, Failed> {
        Ok(PriceOption {
            id: OptionId::from_bare(&self.id).map_err(Failed::corrupt)?,
            name: self.name,
            price: self.p,
            original_price: self.op,
            total: self.n,
            sort_order: self.so,
            max_per_order: Quantity::parse(u64::from(self.m)).map_err(Failed::corrupt)?,
            sale_starts: self.s.map(moment).transpose()?,
            sale_ends: self.e.map(moment).transpose()?,
            description: self.d,
        })
    }
}

pub(super) fn moment(millis: i64) -> Result<Timestamp, Failed> {
    Timestamp::from_millisecond(millis).map_err(Failed::corrupt)
}

fn review_words(review: &Review) -> (&'static str, Option<String>) {
    match review {
        Review::Draft => ("draft", None),
        Review::Pending => ("pending", None),
        Review::Approved => ("approved", None),
        Review::Rejected { reason } => ("rejected", Some(reason.clone())),
        Review::Cancelled { reason } => ("cancelled", Some(reason.clone())),
    }
}

fn read_review(word: &str, why: Option<String>) -> Result<Review, Failed> {
    let reason = why.unwrap_or_default();
    match word {
        "draft" => Ok(Review::Draft),
        "pending" => Ok(Review::Pending),
        "approved" => Ok(Review::Approved),
        "rejected" => Ok(Review::Rejected { reason }),
        "cancelled" => Ok(Review::Cancelled { reason }),
        _ => Err(Failed::corrupt(format_args!("the review {word}"))),
    }
}

pub(crate) fn refund_words(policy: RefundPolicy) -> (String, u16) {
    let (word, hours) = match policy {
        RefundPolicy::Never => ("none", 0),
        RefundPolicy::Review { hours_before } => ("review", hours_before),
        RefundPolicy::Automatic { hours_before } => ("automatic", hours_before),
    };
    (word.to_owned(), hours)
}

pub(crate) fn read_refunds(word: &str, hours_before: u16) -> Result<RefundPolicy, Failed> {
    match word {
        "none" => Ok(RefundPolicy::Never),
        "review" => Ok(RefundPolicy::Review { hours_before }),
        "automatic" => Ok(RefundPolicy::Automatic { hours_before }),
        _ => Err(Failed::corrupt(format_args!("the refund policy {word}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use domain::event::{Details, Event};
    use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

    use super::*;

    fn event(review: Review, refunds: RefundPolicy) -> Event {
        let at = |second| Timestamp::from_second(second).unwrap();
        Event {
            id: EventId::from_bytes([1; 16]),
            publisher: UserId::from_bytes([2; 16]),
            details: Details {
                title: "夜".into(),
                description: String::new(),
                poster: None,
                category: Some("music".into()),
                city: "武汉".into(),
                venue: "Hall".into(),
                address: String::new(),
                zone: "Asia/Shanghai".parse().unwrap(),
                performers: vec!["A".into()],
                tags: vec![],
                currency: "JPY".parse().unwrap(),
                refunds,
            },
            sessions: vec![
                Session { id: SessionId::from_bytes([3; 16]), starts: at(10), minutes: 60, doors: None },
                Session { id: SessionId::from_bytes([4; 16]), starts: at(20), minutes: 14_400, doors: Some(at(-5)) },
            ],
            options: vec![PriceOption {
                id: OptionId::from_bytes([5; 16]),
                name: "GA".into(),
                price: 10_000_000_000,
                original_price: Some(0),
                total: 1_000_000,
                sort_order: -1,
                max_per_order: Quantity::parse(10).unwrap(),
                sale_starts: Some(at(1)),
                sale_ends: None,
                description: "d".into(),
            }],
            seating: None,
            review,
            created: at(1),
            updated: at(2),
            version: 7,
        }
    }

    #[test]
    fn an_event_reads_back_as_it_was() {
        let reason = String::new();
        for review in [
            Review::Draft,
            Review::Pending,
            Review::Approved,
            Review::Rejected { reason: "no".into() },
            Review::Cancelled { reason },
        ] {
            for refunds in [
                RefundPolicy::Never,
                RefundPolicy::Review { hours_before: 3 },
                RefundPolicy::Automatic { hours_before: 0 },
            ] {
                let event = event(review.clone(), refunds);
                let item: HashMap<_, _> = to_item(EventItem::of(&event)).unwrap();
                assert_eq!(from_item::<EventItem>(item).unwrap().read(event.id).unwrap(), event);
            }
        }
    }

    #[test]
    fn what_cannot_be_an_event_is_corrupt() {
        let good = EventItem::of(&event(Review::Draft, RefundPolicy::Never));
        let id = EventId::from_bytes([1; 16]);
        for (what, bad) in [
            ("review", EventItem { r: "lost".into(), ..good.clone() }),
            ("publisher", EventItem { p: "x".into(), ..good.clone() }),
            ("moment", EventItem { c: i64::MAX, ..good.clone() }),
            ("zone", EventItem { d: DetailsItem { zone: "Mars/Base".into(), ..good.d.clone() }, ..good.clone() }),
            ("refunds", EventItem { d: DetailsItem { refunds: ("x".into(), 0), ..good.d.clone() }, ..good.clone() }),
        ] {
            assert!(matches!(bad.read(id), Err(Failed::Corrupt(_))), "{what}");
        }
    }
}
