//! An event as an organiser writes it, and what makes of it an event: all that is wrong is said at once.
//!
//! The schema says how long and how large a field may be; what follows here is what a schema cannot say. Nothing relies on
//! the schema having been looked at.

mod check;
#[cfg(test)]
pub(crate) mod tests;

use app::{Detail, Error};
use domain::{
    Timestamp,
    event::{Details, Event, PriceOption, RefundPolicy, Session, Zone},
    id::{Id, OptionId, SessionId},
    money::{Currency, Money},
    order::Quantity,
    pool::Layout,
    seating::Seating,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tenant;

pub(crate) use self::check::Findings;
use crate::seating::{Found, SeatingDraft, counted};

/// The most sessions of one event.
pub(crate) const MAX_SESSIONS: usize = 100;
/// The most price options of one event.
pub(crate) const MAX_OPTIONS: usize = 50;
/// The most pools of one event: sessions times price options.
pub(crate) const MAX_POOLS: usize = 1_000;
/// The most tickets of one event in all its sessions: what approving can open within one request.
pub(crate) const MAX_TICKETS: u64 = Layout::MAX_CAPACITY as u64;
/// The most bytes of all texts together, so that an event's item stays well under 100 KiB.
pub(crate) const MAX_TEXT_BYTES: usize = 64 * 1_024;
/// What the part of a draft is called that says how seats are sold.
const SEATING: &str = "seating";
/// The longest session: ten days, in minutes.
const MAX_MINUTES: u64 = 14_400;
/// The earliest that a refund may have to be asked for: a year before, in hours.
const MAX_HOURS_BEFORE: u64 = 8_760;

/// An event as its organiser writes it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventDraft {
    /// What it is called.
    #[schemars(length(min = 1, max = 200))]
    title: String,
    /// Free text.
    #[serde(default)]
    #[schemars(length(max = 5_000))]
    description: String,
    /// Address of the poster: `https://…`, or a path of the tenant's own site.
    #[schemars(length(max = 500))]
    poster: Option<String>,
    /// Category word.
    #[schemars(length(min = 1, max = 50))]
    category: Option<String>,
    /// City.
    #[schemars(length(min = 1, max = 100))]
    city: String,
    /// Venue.
    #[schemars(length(min = 1, max = 200))]
    venue: String,
    /// Street address.
    #[schemars(length(max = 300))]
    address: String,
    /// IANA name of the venue's time zone: dates and times are shown in it.
    #[schemars(length(min = 1, max = 50))]
    timezone: String,
    /// Who performs.
    #[serde(default)]
    #[schemars(length(max = 50), inner(length(min = 1, max = 100)))]
    performers: Vec<String>,
    /// Tags.
    #[serde(default)]
    #[schemars(length(max = 20), inner(length(min = 1, max = 50)))]
    tags: Vec<String>,
    /// Whether tickets go back; where nothing is said a person decides, up to the start.
    refund_policy: Option<RefundPolicyDraft>,
    /// ISO 4217; CNY where nothing is said.
    #[schemars(regex(pattern = r"^[A-Z]{3}$"))]
    currency: Option<String>,
    /// Dates; sessions times price options may be at most 1000.
    #[schemars(length(min = 1, max = 100))]
    sessions: Vec<SessionDraft>,
    /// Prices.
    #[schemars(length(min = 1, max = 50))]
    price_options: Vec<PriceOptionDraft>,
    /// Numbered seats of a venue; where nothing is said tickets have no seats.
    seating: Option<SeatingDraft>,
}

/// Whether tickets go back.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundPolicyDraft {
    /// Never, after a person has decided, or at once.
    mode: RefundMode,
    /// How many hours before the session it has to be asked for at the latest.
    #[serde(default)]
    #[schemars(range(max = 8_760))]
    hours_before: u64,
}

/// How a refund is decided.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RefundMode {
    /// There is none.
    None,
    /// A person decides.
    Review,
    /// At once.
    Automatic,
}

/// One date.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionDraft {
    /// Which session of the event this is; a new one where nothing is said. Only when an event is changed.
    #[schemars(length(max = 40))]
    id: Option<String>,
    /// RFC 3339 with offset.
    #[schemars(length(max = 40), extend("format" = "date-time"))]
    starts_at: String,
    /// Minutes.
    #[schemars(range(min = 1, max = 14_400))]
    duration: u64,
    /// When the doors open; two hours before the start where nothing is said.
    #[schemars(length(max = 40), extend("format" = "date-time"))]
    doors_at: Option<String>,
}

/// One price.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PriceOptionDraft {
    /// Which price option of the event this is; a new one where nothing is said. Only when an event is changed.
    #[schemars(length(max = 40))]
    id: Option<String>,
    /// What it is called.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// Price of one ticket in minor units.
    #[schemars(range(max = 10_000_000_000_u64))]
    price: u64,
    /// What it cost before, in minor units.
    #[schemars(range(max = 10_000_000_000_u64))]
    original_price: Option<u64>,
    /// Tickets per session. Needed unless the option sells numbered seats: then the seat map says how many there are,
    /// whatever stands here.
    #[schemars(range(min = 1, max = 1_000_000))]
    total_count: Option<u64>,
    /// Place in lists, smallest first.
    #[serde(default)]
    #[schemars(range(min = -10_000, max = 10_000))]
    sort_order: i32,
    /// The most that one order may take; ten where nothing is said.
    #[schemars(range(min = 1, max = 10))]
    max_per_order: Option<u64>,
    /// From when it is sold; at once where nothing is said.
    #[schemars(length(max = 40), extend("format" = "date-time"))]
    sale_starts_at: Option<String>,
    /// Until when it is sold; until the session ends where nothing is said.
    #[schemars(length(max = 40), extend("format" = "date-time"))]
    sale_ends_at: Option<String>,
    /// Free text.
    #[serde(default)]
    #[schemars(length(max = 500))]
    description: String,
}

/// What a draft says, proven: ready to be an event's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) details: Details,
    /// In order of time.
    pub(crate) sessions: Vec<Session>,
    pub(crate) options: Vec<PriceOption>,
    pub(crate) seating: Option<Seating>,
}

/// Gives ids to what is new: one draw of chance, counted up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FreshIds {
    now: Timestamp,
    chance: [u8; 10],
    given: u16,
}

impl FreshIds {
    pub(crate) const fn new(now: Timestamp, chance: [u8; 10]) -> Self {
        Self { now, chance, given: 0 }
    }

    /// Another id. Differs from the others in its last two bytes.
    pub(crate) fn next<I: Id>(&mut self) -> I {
        let count = self.given.to_be_bytes();
        self.given = self.given.wrapping_add(1);
        let mut chance = self.chance;
        chance[8] ^= count[0];
        chance[9] ^= count[1];
        I::new(self.now, chance)
    }
}

impl EventDraft {
    /// Looks up the seat map that the draft refers to, if it does.
    pub(crate) async fn find_map(&self, tenant: &Tenant, base: Option<&Event>) -> Result<Option<Found>, Error> {
        match &self.seating {
            Some(seating) => seating.find(tenant, base, SEATING).await.map(Some),
            None => Ok(None),
        }
    }

    /// Reads a new event: ids in the draft mean nothing. `refunds` is the policy where the draft says none, and `map` what
    /// [`EventDraft::find_map`] found.
    pub(crate) fn read(
        self,
        map: Option<Found>,
        refunds: RefundPolicy,
        fresh: &mut FreshIds,
    ) -> Result<Content, Vec<Detail>> {
        self.content(None, map, refunds, fresh)
    }

    /// Reads the replacement of an event: ids name what the event has, and what has none is new.
    pub(crate) fn read_over(
        self,
        event: &Event,
        map: Option<Found>,
        fresh: &mut FreshIds,
    ) -> Result<Content, Vec<Detail>> {
        self.content(Some(event), map, event.details.refunds, fresh)
    }

    fn content(
        self,
        base: Option<&Event>,
        map: Option<Found>,
        usual: RefundPolicy,
        fresh: &mut FreshIds,
    ) -> Result<Content, Vec<Detail>> {
        let mut found = Findings::default();
        check::sizes(&self, &mut found);
        let Self { sessions, price_options, .. } = &self;
        let mut sessions: Vec<_> = sessions
            .iter()
            .enumerate()
            .map(|(place, draft)| session(draft, &format!("sessions[{place}]"), base, fresh, &mut found))
            .collect();
        let options: Vec<_> = price_options
            .iter()
            .enumerate()
            .map(|(place, draft)| option(draft, &format!("priceOptions[{place}]"), base, fresh, &mut found))
            .collect();
        check::unique(sessions.iter().flatten().map(|session| session.id), "sessions", &mut found);
        check::unique(options.iter().flatten().map(|option| option.id), "priceOptions", &mut found);
        sessions.sort_by_key(|session| session.as_ref().map(|session| (session.starts, session.id)));
        let sessions: Vec<Session> = sessions.into_iter().flatten().collect();
        let mut options: Vec<PriceOption> = options.into_iter().flatten().collect();
        let seating = self.read_seating(map, &mut options, sessions.len(), &mut found);
        self.needs_counts(seating.as_ref(), &options, &mut found);
        let details = details(self, usual, &mut found);
        match details {
            Some(details) if found.is_empty() => Ok(Content { details, sessions, options, seating }),
            _ => Err(found.into_details()),
        }
    }
}

impl EventDraft {
    /// Reads how seats are sold, and counts the tickets of the options that sell them.
    fn read_seating(
        &self,
        map: Option<Found>,
        options: &mut Vec<PriceOption>,
        sessions: usize,
        found: &mut Findings,
    ) -> Option<Seating> {
        let (draft, map) = self.seating.as_ref().zip(map)?;
        match map {
            Ok(plan) => {
                let seating = draft.read(&plan, (options, sessions), SEATING, found)?;
                *options = counted(std::mem::take(options), &seating, &plan);
                Some(seating)
            }
            Err(wrong) => {
                found.wrong(&wrong.field, wrong.reason);
                None
            }
        }
    }

    /// Notes options without seats that do not say how many tickets there are. Not told where something else is wrong with
    /// the options or the seating: then it is not known which sell seats.
    fn needs_counts(&self, seating: Option<&Seating>, options: &[PriceOption], found: &mut Findings) {
        if options.len() < self.price_options.len() || seating.is_some() != self.seating.is_some() {
            return;
        }
        for (place, (draft, option)) in self.price_options.iter().zip(options).enumerate() {
            if draft.total_count.is_none() && !seating.is_some_and(|seating| seating.sells(option.id)) {
                found.wrong(&format!("priceOptions[{place}].totalCount"), "is needed where no seats are sold");
            }
        }
    }
}

fn details(draft: EventDraft, usual: RefundPolicy, found: &mut Findings) -> Option<Details> {
    let zone: Option<Zone> = found.take("timezone", draft.timezone.parse());
    let currency = found.take("currency", draft.currency.as_deref().map_or(Ok(Currency::CNY), str::parse));
    Some(Details {
        title: draft.title.trim().to_owned(),
        description: draft.description,
        poster: draft.poster,
        category: draft.category,
        city: draft.city,
        venue: draft.venue,
        address: draft.address,
        zone: zone?,
        performers: draft.performers,
        tags: draft.tags,
        currency: currency?,
        refunds: draft.refund_policy.map_or(usual, |draft| refunds(&draft, found)),
    })
}

fn refunds(draft: &RefundPolicyDraft, found: &mut Findings) -> RefundPolicy {
    found.within("refundPolicy.hoursBefore", draft.hours_before, 0, MAX_HOURS_BEFORE);
    let hours_before = u16::try_from(draft.hours_before).unwrap_or(u16::MAX);
    match draft.mode {
        RefundMode::None => RefundPolicy::Never,
        RefundMode::Review => RefundPolicy::Review { hours_before },
        RefundMode::Automatic => RefundPolicy::Automatic { hours_before },
    }
}

fn session(
    draft: &SessionDraft,
    path: &str,
    base: Option<&Event>,
    fresh: &mut FreshIds,
    found: &mut Findings,
) -> Option<Session> {
    let known = |id| base.is_some_and(|event| event.session(id).is_some());
    let id: Option<SessionId> = match draft.id.as_deref().filter(|_| base.is_some()) {
        None => Some(fresh.next()),
        Some(text) => found.known(&format!("{path}.id"), text, known),
    };
    let starts = found.moment(&format!("{path}.startsAt"), &draft.starts_at);
    found.within(&format!("{path}.duration"), draft.duration, 1, MAX_MINUTES);
    let doors = found.moment_if_any(&format!("{path}.doorsAt"), draft.doors_at.as_deref());
    if let (Some(starts), Some(doors)) = (starts, doors)
        && doors >= starts
    {
        found.wrong(&format!("{path}.doorsAt"), "must be before startsAt");
    }
    Some(Session { id: id?, starts: starts?, minutes: u16::try_from(draft.duration).ok()?, doors })
}

fn option(
    draft: &PriceOptionDraft,
    path: &str,
    base: Option<&Event>,
    fresh: &mut FreshIds,
    found: &mut Findings,
) -> Option<PriceOption> {
    let known = |id| base.is_some_and(|event| event.option(id).is_some());
    let id: Option<OptionId> = match draft.id.as_deref().filter(|_| base.is_some()) {
        None => Some(fresh.next()),
        Some(text) => found.known(&format!("{path}.id"), text, known),
    };
    found.within(&format!("{path}.price"), draft.price, 0, Money::MAX);
    if let Some(before) = draft.original_price {
        found.within(&format!("{path}.originalPrice"), before, 0, Money::MAX);
    }
    if let Some(count) = draft.total_count {
        found.within(&format!("{path}.totalCount"), count, 1, u64::from(Layout::MAX_CAPACITY));
    }
    let most = draft.max_per_order.unwrap_or(u64::from(Quantity::MAX));
    let most = found.take(&format!("{path}.maxPerOrder"), Quantity::parse(most));
    let sale_starts = found.moment_if_any(&format!("{path}.saleStartsAt"), draft.sale_starts_at.as_deref());
    let sale_ends = found.moment_if_any(&format!("{path}.saleEndsAt"), draft.sale_ends_at.as_deref());
    if let (Some(starts), Some(ends)) = (sale_starts, sale_ends)
        && ends <= starts
    {
        found.wrong(&format!("{path}.saleEndsAt"), "must be after saleStartsAt");
    }
    Some(PriceOption {
        id: id?,
        name: draft.name.clone(),
        price: draft.price,
        original_price: draft.original_price,
        total: u32::try_from(draft.total_count.unwrap_or(0)).ok()?,
        sort_order: draft.sort_order,
        max_per_order: most?,
        sale_starts,
        sale_ends,
        description: draft.description.clone(),
    })
}
