//! Which events of a list are wanted, in which order, and the page of them.

use app::{
    Detail, Error,
    wire::{Listed, PageQuery},
};
use domain::{
    Timestamp,
    event::{Event, EventStatus, Review},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tenant;

use crate::{remaining::Remaining, view::next_session};

/// Events whose stock is asked for at one time for one request.
const AT_ONCE: usize = 8;

/// A status to filter by; `approved` stands for every event that was approved and not cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Status {
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

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum Sort {
    /// By the next session, what is over last.
    #[default]
    #[serde(rename = "date")]
    Date,
    /// By the next session, latest first.
    #[serde(rename = "-date")]
    LatestDate,
    /// By the lowest price.
    #[serde(rename = "price")]
    Price,
    /// By the lowest price, highest first.
    #[serde(rename = "-price")]
    HighestPrice,
    /// Made last, first.
    #[serde(rename = "newest")]
    Newest,
}

/// What is wanted. What is left out is not asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) status: Option<Status>,
    /// The first and the last day on which a session may be, in the venue's zone.
    pub(crate) days: Days,
    pub(crate) category: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) prices: Prices,
    /// Words that must all be there, in any text.
    pub(crate) query: Option<String>,
}

/// A range of days; open where nothing is said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Days {
    pub(crate) first: Option<Date>,
    pub(crate) last: Option<Date>,
}

/// A range of prices in minor units; open where nothing is said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Prices {
    pub(crate) least: Option<u64>,
    pub(crate) most: Option<u64>,
}

impl Filter {
    /// Finds ranges that nothing can be in.
    pub(crate) fn check(self) -> Result<Self, Error> {
        let mut wrong = Vec::new();
        let mut note = |field: &str, reason: &str| wrong.push(Detail { field: field.into(), reason: reason.into() });
        if matches!((self.days.first, self.days.last), (Some(first), Some(last)) if last < first) {
            note("to", "must not be before from");
        }
        if matches!((self.prices.least, self.prices.most), (Some(least), Some(most)) if most < least) {
            note("maxPrice", "must not be below minPrice");
        }
        if wrong.is_empty() { Ok(self) } else { Err(Error::fields(wrong)) }
    }

    /// Whether an event is wanted, as far as that can be said without its stock.
    pub(crate) fn may_fit(&self, event: &Event, now: Timestamp) -> bool {
        let details = &event.details;
        self.status.is_none_or(|status| status.may_be(event, now))
            && self.days.have(event)
            && self.prices.have(event)
            && same(self.category.as_deref(), details.category.as_deref())
            && same(self.city.as_deref(), Some(&details.city))
            && self.query.as_deref().is_none_or(|query| has_words(event, query))
    }

    const fn needs_stock(&self) -> bool {
        matches!(self.status, Some(Status::OnSale | Status::SoldOut))
    }
}

impl Status {
    const fn is(self, status: EventStatus) -> bool {
        match self {
            Self::Draft => matches!(status, EventStatus::Draft),
            Self::Pending => matches!(status, EventStatus::Pending),
            Self::Approved => matches!(
                status,
                EventStatus::Approved
                    | EventStatus::Upcoming
                    | EventStatus::OnSale
                    | EventStatus::SoldOut
                    | EventStatus::Ended
            ),
            Self::Upcoming => matches!(status, EventStatus::Upcoming),
            Self::OnSale => matches!(status, EventStatus::OnSale),
            Self::SoldOut => matches!(status, EventStatus::SoldOut),
            Self::Ended => matches!(status, EventStatus::Ended),
            Self::Rejected => matches!(status, EventStatus::Rejected),
            Self::Cancelled => matches!(status, EventStatus::Cancelled),
        }
    }

    /// Without stock, what may be sold out counts as on sale; which of the two it is shows later.
    fn may_be(self, event: &Event, now: Timestamp) -> bool {
        [None, Some(0)].into_iter().any(|left| self.is(event.status(now, left)))
    }
}

impl Days {
    fn have(self, event: &Event) -> bool {
        let zone = event.details.zone.rules();
        let within =
            |day: Date| self.first.is_none_or(|first| first <= day) && self.last.is_none_or(|last| day <= last);
        event.sessions.iter().any(|session| within(zone.to_datetime(session.starts).date()))
    }
}

impl Prices {
    fn have(self, event: &Event) -> bool {
        let within =
            |price| self.least.is_none_or(|least| least <= price) && self.most.is_none_or(|most| price <= most);
        event.options.iter().any(|option| within(option.price))
    }
}

fn same(wanted: Option<&str>, have: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| have.is_some_and(|have| have.to_lowercase() == wanted.to_lowercase()))
}

fn has_words(event: &Event, query: &str) -> bool {
    let details = &event.details;
    let texts = [&details.title, &details.description, &details.city, &details.venue, &details.address];
    let texts = texts.into_iter().chain(&details.category).chain(&details.performers).chain(&details.tags);
    let texts: Vec<String> = texts.map(|text| text.to_lowercase()).collect();
    query.to_lowercase().split_whitespace().all(|word| texts.iter().any(|text| text.contains(word)))
}

impl Sort {
    /// Puts events in order; equal ones by id, so that pages do not overlap.
    pub(crate) fn apply(self, events: &mut [&Event], now: Timestamp) {
        let next = |event: &Event| next_session(event, now).map(|session| (session.ends() <= now, session.starts));
        let lowest = |event: &Event| event.options.iter().map(|option| option.price).min();
        events.sort_by(|a, b| {
            let order = match self {
                Self::Date => next(a).cmp(&next(b)),
                Self::LatestDate => next(b).map(|(_, starts)| starts).cmp(&next(a).map(|(_, starts)| starts)),
                Self::Price => lowest(a).cmp(&lowest(b)),
                Self::HighestPrice => lowest(b).cmp(&lowest(a)),
                Self::Newest => b.created.cmp(&a.created),
            };
            order.then(a.id.cmp(&b.id))
        });
    }
}

/// The page of the events that are wanted, each with what is left of it. Takes events that may fit, in order. Stock is
/// asked for only where the page or the filter needs it.
pub(crate) async fn page<'event>(
    tenant: &Tenant,
    filter: &Filter,
    mut events: Vec<&'event Event>,
    query: &PageQuery,
    now: Timestamp,
) -> Result<Listed<(&'event Event, Remaining)>, Error> {
    if filter.needs_stock() {
        let mut found = with_stock(tenant, events, now).await?;
        let fits = |event: &Event, left: &Remaining| {
            filter.status.is_none_or(|status| status.is(event.status(now, Some(left.total()))))
        };
        found.retain(|(event, left)| fits(event, left));
        return Ok(Listed::cut(found, query));
    }
    let total = events.len();
    events = events.into_iter().skip(query.skip()).take(query.size()).collect();
    Ok(Listed::of(with_stock(tenant, events, now).await?, total, query))
}

async fn with_stock<'event>(
    tenant: &Tenant,
    events: Vec<&'event Event>,
    now: Timestamp,
) -> Result<Vec<(&'event Event, Remaining)>, Error> {
    let asked: Vec<_> = events
        .into_iter()
        .map(|event| async move { Ok((event, Remaining::for_list(tenant, event, now).await?)) })
        .collect();
    stream::iter(asked).buffered(AT_ONCE).try_collect().await
}

/// Whether buyers may see an event that was approved, and whether it is called off.
pub(crate) const fn is_listed(event: &Event, status: Option<Status>) -> bool {
    match event.review {
        Review::Approved => true,
        // What was called off is found by who looks for it, and not offered to others.
        Review::Cancelled { .. } => matches!(status, Some(Status::Cancelled)),
        Review::Draft | Review::Pending | Review::Rejected { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::tests::{at, event};

    fn approved() -> Event {
        Event { review: Review::Approved, ..event() }
    }

    #[test]
    fn a_filter_keeps_what_fits() {
        let check = |filter: Filter, fits: bool| assert_eq!(filter.may_fit(&approved(), at(0)), fits, "{filter:?}");
        let day = |text: &str| Some(text.parse().unwrap());
        let days =
            |first: &str, last: &str| Filter { days: Days { first: day(first), last: day(last) }, ..Filter::default() };
        check(Filter::default(), true);
        check(days("1970-01-01", "1970-01-01"), true);
        check(days("1970-01-02", "1970-01-02"), true);
        check(days("1970-01-03", "1970-02-01"), false);
        let prices = |least, most| Filter { prices: Prices { least, most }, ..Filter::default() };
        check(prices(Some(12_800), Some(12_800)), true);
        check(prices(Some(12_801), Some(29_999)), false);
        check(prices(Some(30_001), None), false);
        let query = |text: &str| Filter { query: Some(text.into()), ..Filter::default() };
        check(query("NIGHT 武汉"), true);
        check(query("night day"), false);
        check(query(" "), true);
        check(Filter { city: Some("武汉".into()), ..Filter::default() }, true);
        check(Filter { city: Some("武".into()), ..Filter::default() }, false);
        check(Filter { category: Some("music".into()), ..Filter::default() }, false);
    }

    #[test]
    fn a_status_may_be_what_stock_decides() {
        let check = |status: Status, now: i64, fits: bool| {
            let filter = Filter { status: Some(status), ..Filter::default() };
            assert_eq!(filter.may_fit(&approved(), at(now)), fits, "{status:?} at {now}");
        };
        check(Status::OnSale, 0, true);
        check(Status::SoldOut, 0, true);
        check(Status::Approved, 0, true);
        check(Status::Ended, 0, false);
        check(Status::Draft, 0, false);
        check(Status::Ended, 999_999, true);
        check(Status::SoldOut, 999_999, false);
    }

    #[test]
    fn empty_ranges_are_told_all_at_once() {
        let day = |text: &str| Some(text.parse().unwrap());
        let days = Days { first: day("1970-01-02"), last: day("1970-01-01") };
        let prices = Prices { least: Some(2), most: Some(1) };
        let error = Filter { days, prices, ..Filter::default() }.check().unwrap_err();
        let fields: Vec<_> = error.details.iter().map(|detail| detail.field.as_str()).collect();
        assert_eq!(fields, ["to", "maxPrice"]);
    }

    #[test]
    fn lists_are_in_the_order_asked_for() {
        let make = |byte: u8, shift: i64, price: u64| {
            let mut event = approved();
            event.id = domain::id::Id::from_bytes([byte; 16]);
            event.created = at(i64::from(byte));
            event.sessions.truncate(1);
            event.sessions[0].starts = at(shift);
            event.options.truncate(1);
            event.options[0].price = price;
            event
        };
        // The first is over at 5 000 seconds.
        let events = [make(1, 0, 30), make(2, 9_000, 10), make(3, 6_000, 20), make(4, 9_000, 20)];
        for (sort, order) in [
            (Sort::Date, [3, 2, 4, 1]),
            (Sort::LatestDate, [2, 4, 3, 1]),
            (Sort::Price, [2, 3, 4, 1]),
            (Sort::HighestPrice, [1, 3, 4, 2]),
            (Sort::Newest, [4, 3, 2, 1]),
        ] {
            let mut sorted: Vec<&Event> = events.iter().collect();
            sort.apply(&mut sorted, at(5_000));
            let found: Vec<u8> = sorted.iter().map(|event| domain::id::Id::bytes(&event.id)[0]).collect();
            assert_eq!(found, order, "{sort:?}");
        }
    }

    #[test]
    fn what_was_called_off_is_shown_to_those_who_ask_for_it() {
        let cancelled = Event { review: Review::Cancelled { reason: String::new() }, ..event() };
        assert!(is_listed(&approved(), None) && !is_listed(&event(), None) && !is_listed(&cancelled, None));
        assert!(is_listed(&cancelled, Some(Status::Cancelled)));
    }
}
