//! What becomes of an event when its content is replaced, and of its stock.

use domain::{
    Timestamp,
    event::{Event, PriceOption, Review, Session},
    id::{OptionId, SessionId},
    seating::Seating,
};

use crate::draft::{Content, FreshIds};

/// An event after its content was replaced, with what has to happen to its stock before that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revision {
    pub(crate) event: Event,
    pub(crate) stock: Vec<StockStep>,
}

/// One change of stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StockStep {
    /// A new pool.
    Open { session: SessionId, option: OptionId, total: u32 },
    /// The rows of a new session.
    OpenSeats { session: SessionId },
    /// Another capacity of one that is sold from.
    Resize { session: SessionId, option: OptionId, from: u32, to: u32 },
}

impl StockStep {
    /// The session whose rows it opens.
    pub(crate) const fn seats(&self) -> Option<SessionId> {
        match self {
            Self::OpenSeats { session } => Some(*session),
            Self::Open { .. } | Self::Resize { .. } => None,
        }
    }
}

/// Why content cannot be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unchangeable {
    /// The event is called off.
    Cancelled,
    /// What was sold by would change: a session or price option that is gone, a date, the currency, whether an option sells
    /// seats, or the seat map, which sessions move to by a route of its own.
    Locked,
}

/// Replaces an event's content.
pub(crate) fn revise(
    event: &Event,
    content: Content,
    fresh: &mut FreshIds,
    now: Timestamp,
) -> Result<Revision, Unchangeable> {
    match event.review {
        Review::Cancelled { .. } => Err(Unchangeable::Cancelled),
        Review::Approved => revise_sold(event, content, now),
        Review::Draft | Review::Pending | Review::Rejected { .. } => Ok(revise_unsold(event, content, fresh, now)),
    }
}

/// Nothing is sold yet, so everything may change. What waited for review is a draft again: nobody approves what they
/// have not read.
fn revise_unsold(event: &Event, mut content: Content, fresh: &mut FreshIds, now: Timestamp) -> Revision {
    // An approval that died half-way may have opened pools of the old size. Pools are named by ids, so an option of another
    // size is another option, and what was opened is never sold.
    for option in &mut content.options {
        let is_another = event.option(option.id).is_some_and(|old| old.total != option.total);
        if is_another && !content.seating.as_ref().is_some_and(|seating| seating.sells(option.id)) {
            option.id = fresh.next();
        }
    }
    // Likewise, rows that were opened for another map are those of another session.
    let map_of = |seating: &Option<Seating>| seating.as_ref().map(|seating| (seating.venue, seating.version));
    if event.seating.is_some() && map_of(&event.seating) != map_of(&content.seating) {
        for session in &mut content.sessions {
            session.id = fresh.next();
        }
    }
    let review = match event.review {
        Review::Pending => Review::Draft,
        ref other => other.clone(),
    };
    Revision { event: replaced(event, review, content, now), stock: Vec::new() }
}

/// Sells an event's seats in another way, perhaps those of a newer version of the map.
pub(crate) fn reseat(
    event: &Event,
    content: Content,
    fresh: &mut FreshIds,
    now: Timestamp,
) -> Result<Revision, Unchangeable> {
    match event.review {
        Review::Cancelled { .. } => Err(Unchangeable::Cancelled),
        Review::Draft | Review::Pending | Review::Rejected { .. } => Ok(revise_unsold(event, content, fresh, now)),
        Review::Approved => {
            let venue = |seating: &Option<Seating>| seating.as_ref().map(|seating| seating.venue);
            if venue(&event.seating) != venue(&content.seating) || !sell_alike(event, &content) {
                return Err(Unchangeable::Locked);
            }
            Ok(Revision { event: replaced(event, Review::Approved, content, now), stock: Vec::new() })
        }
    }
}

/// Whether each option of an event sells seats as it did before, or tickets without.
fn sell_alike(event: &Event, content: &Content) -> bool {
    let sells = |option| content.seating.as_ref().is_some_and(|seating| seating.sells(option));
    event.options.iter().all(|option| sells(option.id) == event.sells_seats(option.id))
}

/// Tickets may have been sold: what they were sold by stays.
fn revise_sold(event: &Event, content: Content, now: Timestamp) -> Result<Revision, Unchangeable> {
    let map_of = |seating: &Option<Seating>| seating.as_ref().map(|seating| (seating.venue, seating.version));
    let same_dates = |old: &Session| content.sessions.iter().any(|new| new == old);
    let same_option = |old: &PriceOption| content.options.iter().any(|new| new.id == old.id);
    let is_kept = event.sessions.iter().all(same_dates)
        && event.options.iter().all(same_option)
        && event.details.currency == content.details.currency
        && map_of(&event.seating) == map_of(&content.seating)
        && sell_alike(event, &content);
    if !is_kept {
        return Err(Unchangeable::Locked);
    }
    let stock = stock_steps(event, &content);
    Ok(Revision { event: replaced(event, Review::Approved, content, now), stock })
}

fn stock_steps(event: &Event, content: &Content) -> Vec<StockStep> {
    let sells_seats = |option: &&PriceOption| content.seating.as_ref().is_some_and(|seating| seating.sells(option.id));
    let options: Vec<&PriceOption> = content.options.iter().filter(|option| !sells_seats(option)).collect();
    let pools = content.sessions.iter().flat_map(|session| options.iter().map(move |option| (session, *option)));
    let step = |(session, option): (&Session, &PriceOption)| {
        let (session, total) = (session.id, option.total);
        match event.session(session).and(event.option(option.id)) {
            None => Some(StockStep::Open { session, option: option.id, total }),
            Some(old) if old.total != total => {
                Some(StockStep::Resize { session, option: option.id, from: old.total, to: total })
            }
            Some(_) => None,
        }
    };
    let is_new = |session: &&Session| content.seating.is_some() && event.session(session.id).is_none();
    let seats = content.sessions.iter().filter(is_new).map(|session| StockStep::OpenSeats { session: session.id });
    pools.filter_map(step).chain(seats).collect()
}

fn replaced(old: &Event, review: Review, content: Content, now: Timestamp) -> Event {
    let Content { details, sessions, options, seating } = content;
    let Event { id, publisher, created, .. } = *old;
    let version = old.version + 1;
    Event { id, publisher, details, sessions, options, seating, review, created, updated: now, version }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::tests::{at, content, event};

    fn try_revise(review: Review, change: impl FnOnce(&mut Content)) -> Result<Revision, Unchangeable> {
        let event = Event { review, ..event() };
        let mut content = content(&event);
        change(&mut content);
        revise(&event, content, &mut FreshIds::new(at(500), [9; 10]), at(500))
    }

    #[test]
    fn an_approved_event_keeps_what_tickets_were_sold_by() {
        let check = |change: fn(&mut Content), allowed| {
            let result = try_revise(Review::Approved, change);
            assert_eq!(result.is_ok(), allowed, "{result:?}");
        };
        check(|content| content.details.title = "Other".into(), true);
        check(|content| content.options[0].price = 1, true);
        check(|content| content.options[0].total += 1, true);
        check(|content| content.sessions.truncate(1), false);
        check(|content| content.options.truncate(1), false);
        check(|content| content.sessions[0].starts = at(77), false);
        check(|content| content.details.currency = "EUR".parse().unwrap(), false);
        assert_eq!(try_revise(Review::Cancelled { reason: String::new() }, |_| ()), Err(Unchangeable::Cancelled));
    }

    #[test]
    fn stock_follows_what_is_added_and_what_grows() {
        let same = try_revise(Review::Approved, |_| ()).unwrap();
        assert_eq!((same.stock, same.event.version), (vec![], 2));

        let grown = try_revise(Review::Approved, |content| content.options[0].total = 150).unwrap();
        let option = grown.event.options[0].id;
        let resize = |session| StockStep::Resize { session, option, from: 100, to: 150 };
        assert_eq!(grown.stock, grown.event.sessions.iter().map(|session| resize(session.id)).collect::<Vec<_>>());

        let more = try_revise(Review::Approved, |content| {
            let session = content.sessions[0].clone();
            content.sessions.push(Session { id: FreshIds::new(at(1), [7; 10]).next(), ..session });
        })
        .unwrap();
        assert_eq!(more.stock.len(), 2);
        assert!(more.stock.iter().all(|step| matches!(step, StockStep::Open { .. })));
    }

    #[test]
    fn an_option_of_another_size_is_another_option_until_something_is_sold() {
        for (review, total, kept) in [
            (Review::Draft, 100, true),
            (Review::Draft, 99, false),
            (Review::Rejected { reason: "no".into() }, 101, false),
            (Review::Approved, 101, true),
        ] {
            let revision = try_revise(review, |content| content.options[0].total = total).unwrap();
            assert_eq!(revision.event.options[0].id == event().options[0].id, kept, "{total}");
        }
    }

    #[test]
    fn what_waits_for_review_is_a_draft_again_once_changed() {
        assert_eq!(try_revise(Review::Pending, |_| ()).unwrap().event.review, Review::Draft);
        let rejected = Review::Rejected { reason: "no".into() };
        assert_eq!(try_revise(rejected.clone(), |_| ()).unwrap().event.review, rejected);
    }
}
