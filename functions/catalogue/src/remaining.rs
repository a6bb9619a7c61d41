//! How many tickets are left, by session and price option: of stock told from summaries that may lag two seconds, of numbered
//! seats counted from the seats themselves, because options may share a section.

use std::collections::HashMap;

use app::Error;
use domain::{
    Timestamp,
    event::{Event, Review},
    id::{OptionId, SessionId},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

/// Queries at one time for one request.
const AT_ONCE: usize = 16;

/// Milliseconds that counts of seats may lag where one event is shown.
const SHOWN_MS: i64 = 1_000;
/// Milliseconds that they may lag in lists: a hall of 20 000 seats is a hundred queries, and a list may have many halls.
const LISTED_MS: i64 = 30_000;

/// Tickets left of one event. What is not in it has none left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remaining(HashMap<(SessionId, OptionId), u64>);

impl Remaining {
    /// Asks for the stock of an event that is sold. Before that everything is left; afterwards nothing.
    pub(crate) async fn load(tenant: &store::Tenant, event: &Event, now: Timestamp) -> Result<Self, Error> {
        Self::lately(tenant, event, SHOWN_MS, now).await
    }

    /// The same for a list, in which seats are counted less often.
    pub(crate) async fn for_list(tenant: &store::Tenant, event: &Event, now: Timestamp) -> Result<Self, Error> {
        Self::lately(tenant, event, LISTED_MS, now).await
    }

    async fn lately(tenant: &store::Tenant, event: &Event, within_ms: i64, now: Timestamp) -> Result<Self, Error> {
        match event.review {
            Review::Draft | Review::Pending | Review::Rejected { .. } => Ok(Self::all(event)),
            Review::Cancelled { .. } => Ok(Self::default()),
            Review::Approved => {
                let mut left = Self::of_stock(tenant, event, now).await?;
                left.extend(of_seats(tenant, event, within_ms, now).await?);
                Ok(left)
            }
        }
    }

    fn all(event: &Event) -> Self {
        pools(event).map(|(session, option, total)| ((session, option), u64::from(total))).collect()
    }

    async fn of_stock(tenant: &store::Tenant, event: &Event, now: Timestamp) -> Result<Self, Error> {
        let to_come = |id| event.session(id).is_some_and(|session| session.ends() > now);
        let is_asked =
            |(session, option, _): &(SessionId, OptionId, u32)| to_come(*session) && !event.sells_seats(*option);
        let asked = pools(event).filter(is_asked).map(|(session, option, total)| async move {
            let left = tenant.catalogue().stock_left(session, option, total, now).await?;
            Ok(((session, option), left.min(u64::from(total))))
        });
        stream::iter(asked.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).try_collect().await
    }

    pub(crate) fn of(&self, session: SessionId, option: OptionId) -> u64 {
        self.0.get(&(session, option)).copied().unwrap_or(0)
    }

    pub(crate) fn of_option(&self, option: OptionId) -> u64 {
        self.0.iter().filter(|((_, other), _)| *other == option).map(|(_, left)| left).sum()
    }

    pub(crate) fn of_session(&self, session: SessionId) -> u64 {
        self.0.iter().filter(|((other, _), _)| *other == session).map(|(_, left)| left).sum()
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

/// What is left of the options that sell seats, in sessions that are not over.
async fn of_seats(
    tenant: &store::Tenant,
    event: &Event,
    within_ms: i64,
    now: Timestamp,
) -> Result<Vec<((SessionId, OptionId), u64)>, Error> {
    let Some(seating) = &event.seating else { return Ok(Vec::new()) };
    let mut left = Vec::new();
    // Each session is read by many queries at the same time already.
    for session in event.sessions.iter().filter(|session| session.ends() > now) {
        let seats = tenant.seats().session_within(event, session.id, within_ms, now).await?;
        let Some(seats) = seats else { continue };
        let options = event.options.iter().filter(|option| seating.sells(option.id));
        left.extend(options.map(|option| ((session.id, option.id), seats.left(seating, option.id, now))));
    }
    Ok(left)
}

impl FromIterator<((SessionId, OptionId), u64)> for Remaining {
    fn from_iter<I: IntoIterator<Item = ((SessionId, OptionId), u64)>>(left: I) -> Self {
        Self(left.into_iter().collect())
    }
}

impl Extend<((SessionId, OptionId), u64)> for Remaining {
    fn extend<I: IntoIterator<Item = ((SessionId, OptionId), u64)>>(&mut self, left: I) {
        self.0.extend(left);
    }
}

/// Every pool of an event, with its size.
pub(crate) fn pools(event: &Event) -> impl Iterator<Item = (SessionId, OptionId, u32)> {
    let options = |session| event.options.iter().map(move |option| (session, option.id, option.total));
    event.sessions.iter().flat_map(move |session| options(session.id))
}
