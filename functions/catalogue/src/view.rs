//! An event as it is answered.

use domain::{
    Timestamp,
    event::{Event, EventStatus, PriceOption, RefundPolicy, Review, Session},
    tenant::TenantId,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{remaining::Remaining, seating::SeatingView};

/// An event. Times are in the venue's zone.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    id: String,
    tenant_id: String,
    /// Who made it; told to organisers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher_id: Option<String>,
    title: String,
    description: String,
    poster: Option<String>,
    category: Option<String>,
    city: String,
    venue: String,
    address: String,
    timezone: String,
    /// ISO 4217: what every price is in, in minor units.
    currency: String,
    performers: Vec<String>,
    tags: Vec<String>,
    refund_policy: RefundPolicyView,
    /// Date of the next session, `YYYY-MM-DD`; of the last one where all are over.
    event_date: String,
    /// Time of the same session, `HH:MM`.
    event_time: String,
    /// Minutes of the same session.
    duration: u16,
    /// `draft`, `pending`, `approved`, `upcoming`, `onSale`, `soldOut`, `ended`, `rejected` or `cancelled`.
    status: String,
    /// Why it was rejected or cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Tickets of all sessions.
    total_seats: u64,
    /// Tickets left in sessions that are not over; may lag two seconds.
    remaining_seats: u64,
    price_options: Vec<PriceOptionView>,
    sessions: Vec<SessionView>,
    /// Numbered seats; not where tickets have no seats.
    #[serde(skip_serializing_if = "Option::is_none")]
    seating: Option<SeatingView>,
    created_at: String,
    updated_at: String,
}

/// Whether tickets go back.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundPolicyView {
    /// `none`, `review` or `automatic`.
    mode: String,
    /// How many hours before the session it has to be asked for at the latest.
    hours_before: u16,
}

/// A price option.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PriceOptionView {
    id: String,
    event_id: String,
    name: String,
    /// Minor units.
    price: u64,
    original_price: Option<u64>,
    description: String,
    /// Tickets per session.
    total_count: u32,
    /// Tickets left in all sessions that are not over; may lag two seconds.
    remaining_count: u64,
    sort_order: i32,
    max_per_order: u8,
    sale_starts_at: Option<String>,
    sale_ends_at: Option<String>,
    /// `upcoming`, `onSale`, `soldOut`, `ended`, or the event's status where it is not sold.
    status: String,
}

/// One date of an event.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionView {
    id: String,
    starts_at: String,
    ends_at: String,
    /// Minutes.
    duration: u16,
    /// When the doors open, where the organiser said so.
    doors_at: Option<String>,
    /// Tickets of all price options.
    total_count: u64,
    /// Tickets left; may lag two seconds.
    remaining_count: u64,
}

impl EventView {
    /// The event as everybody sees it.
    pub(crate) fn of(tenant: &TenantId, event: &Event, left: &Remaining, now: Timestamp) -> Self {
        let (details, zone) = (&event.details, &event.details.zone);
        let next = next_session(event, now);
        let status = event.status(now, Some(left.total()));
        let mut options: Vec<&PriceOption> = event.options.iter().collect();
        options.sort_by_key(|option| option.sort_order);
        Self {
            id: event.id.to_string(),
            tenant_id: tenant.to_string(),
            publisher_id: None,
            title: details.title.clone(),
            description: details.description.clone(),
            poster: details.poster.clone(),
            category: details.category.clone(),
            city: details.city.clone(),
            venue: details.venue.clone(),
            address: details.address.clone(),
            timezone: zone.to_string(),
            currency: details.currency.to_string(),
            performers: details.performers.clone(),
            tags: details.tags.clone(),
            refund_policy: RefundPolicyView::of(details.refunds),
            event_date: next.map(|session| zone.date(session.starts)).unwrap_or_default(),
            event_time: next.map(|session| zone.time(session.starts)).unwrap_or_default(),
            duration: next.map(|session| session.minutes).unwrap_or_default(),
            status: status.word().to_owned(),
            reason: reason(&event.review),
            total_seats: event.total_stock(),
            remaining_seats: left.total(),
            price_options: options.into_iter().map(|option| PriceOptionView::of(event, option, left, now)).collect(),
            sessions: event.sessions.iter().map(|session| SessionView::of(event, session, left)).collect(),
            seating: event.seating.as_ref().map(SeatingView::of),
            created_at: zone.rfc3339(event.created),
            updated_at: zone.rfc3339(event.updated),
        }
    }

    /// The event as its organisers see it.
    pub(crate) fn for_organisers(self, event: &Event) -> Self {
        let seating = self.seating.zip(event.seating.as_ref());
        let seating = seating.map(|(view, seating)| view.for_organisers(seating, &event.details.zone));
        Self { publisher_id: Some(event.publisher.to_string()), seating, ..self }
    }
}

/// The first session that is not over, or the last one.
pub(crate) fn next_session(event: &Event, now: Timestamp) -> Option<&Session> {
    event.sessions.iter().find(|session| session.ends() > now).or(event.sessions.last())
}

fn reason(review: &Review) -> Option<String> {
    match review {
        Review::Draft | Review::Pending | Review::Approved => None,
        Review::Rejected { reason } | Review::Cancelled { reason } => Some(reason.clone()),
    }
}

impl RefundPolicyView {
    fn of(policy: RefundPolicy) -> Self {
        let (mode, hours_before) = match policy {
            RefundPolicy::Never => ("none", 0),
            RefundPolicy::Review { hours_before } => ("review", hours_before),
            RefundPolicy::Automatic { hours_before } => ("automatic", hours_before),
        };
        Self { mode: mode.to_owned(), hours_before }
    }
}

impl PriceOptionView {
    fn of(event: &Event, option: &PriceOption, left: &Remaining, now: Timestamp) -> Self {
        let zone = &event.details.zone;
        let remaining_count = left.of_option(option.id);
        Self {
            id: option.id.to_string(),
            event_id: event.id.to_string(),
            name: option.name.clone(),
            price: option.price,
            original_price: option.original_price,
            description: option.description.clone(),
            total_count: option.total,
            remaining_count,
            sort_order: option.sort_order,
            max_per_order: option.max_per_order.get(),
            sale_starts_at: option.sale_starts.map(|at| zone.rfc3339(at)),
            sale_ends_at: option.sale_ends.map(|at| zone.rfc3339(at)),
            status: option_status(event, option, remaining_count, now).word().to_owned(),
        }
    }
}

/// What the event's status would be if it had this option alone.
fn option_status(event: &Event, option: &PriceOption, left: u64, now: Timestamp) -> EventStatus {
    Event { options: vec![option.clone()], ..event.clone() }.status(now, Some(left))
}

impl SessionView {
    fn of(event: &Event, session: &Session, left: &Remaining) -> Self {
        let zone = &event.details.zone;
        Self {
            id: session.id.to_string(),
            starts_at: zone.rfc3339(session.starts),
            ends_at: zone.rfc3339(session.ends()),
            duration: session.minutes,
            doors_at: session.doors.map(|at| zone.rfc3339(at)),
            total_count: event.options.iter().map(|option| u64::from(option.total)).sum(),
            remaining_count: left.of_session(session.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::tests::{at, event};

    fn tenant() -> TenantId {
        "demo".parse().unwrap()
    }

    #[test]
    fn an_event_is_answered_in_the_contracts_words_and_the_venues_zone() {
        let event = Event { review: Review::Approved, ..event() };
        let left = [((event.sessions[1].id, event.options[0].id), 7)].into_iter().collect();
        let json = serde_json::to_value(EventView::of(&tenant(), &event, &left, at(500))).unwrap();
        for (pointer, value) in [
            ("/tenantId", "demo".into()),
            ("/status", "onSale".into()),
            ("/eventDate", "1970-01-01".into()),
            ("/eventTime", "08:16".into()),
            ("/totalSeats", 220.into()),
            ("/remainingSeats", 7.into()),
            ("/priceOptions/0/name", "VIP".into()),
            ("/priceOptions/0/status", "soldOut".into()),
            ("/priceOptions/1/remainingCount", 7.into()),
            ("/priceOptions/1/status", "onSale".into()),
            ("/sessions/0/startsAt", "1970-01-01T08:16:40+08:00".into()),
            ("/sessions/1/endsAt", "1970-01-02T09:00:00+08:00".into()),
            ("/sessions/1/remainingCount", 7.into()),
            ("/refundPolicy/mode", "review".into()),
        ] {
            assert_eq!(json.pointer(pointer), Some(&value), "{pointer}");
        }
        assert!(json.get("publisherId").is_none() && json.get("reason").is_none());
    }

    #[test]
    fn the_date_shown_is_that_of_the_next_session() {
        let event = event();
        for (now, date) in [(0, "1970-01-01"), (4_599, "1970-01-01"), (4_600, "1970-01-02"), (999_999, "1970-01-02")] {
            let view = EventView::of(&tenant(), &event, &Remaining::default(), at(now));
            assert_eq!(view.event_date, date, "{now}");
        }
    }
}
