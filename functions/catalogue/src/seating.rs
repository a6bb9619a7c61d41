//! How an event sells numbered seats, as an organiser writes it, and as it is answered.

use std::{collections::BTreeMap, sync::Arc};

use app::{Detail, Error, wire::Text};
use domain::{
    event::{Event, PriceOption, Zone},
    id::{OptionId, VenueId},
    seating::{Channel, HoldBack, OrphanRule, Part, Seating},
    venue::Category,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Plan, Tenant};

use crate::draft::Findings;

/// The most row blocks of one event in all its sessions: what approving can open within one request.
const MAX_BLOCKS: usize = 62_500;
/// The most parts of a map that all hold-backs name together.
const MAX_PARTS: usize = 1_000;

/// Numbered seats of a venue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SeatingDraft {
    venue_id: Text<VenueId>,
    /// Of its seat map; where nothing is said the version that the event has, or else the newest.
    #[schemars(range(min = 1, max = 1_000_000))]
    version: Option<u32>,
    /// Which price option sells a category of the map. Seats of other categories are not for sale. How many tickets these
    /// options have follows from the map.
    #[schemars(length(min = 1, max = 200))]
    prices: Vec<PriceDraft>,
    /// Which single seats must not be left free; `between` where nothing is said.
    orphan_rule: Option<OrphanWord>,
    /// Seats that are kept for a channel.
    #[serde(default)]
    #[schemars(length(max = 50))]
    hold_backs: Vec<HoldBackDraft>,
}

/// What a category is sold by.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PriceDraft {
    #[schemars(length(min = 1, max = 8))]
    category: String,
    /// The id of one of the event's price options, or its name.
    #[schemars(length(min = 1, max = 100))]
    price_option: String,
}

/// Which single seats must not be left free.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum OrphanWord {
    /// Anything goes.
    Off,
    /// None between two taken seats.
    Between,
    /// None between two taken seats, nor between one and an aisle.
    Edges,
}

/// Seats that are kept for a channel until a moment.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct HoldBackDraft {
    /// For whom. Buyers are not told, and whoever names it in an order has these seats: if it goes to a few, it is to be a word
    /// that nobody guesses.
    #[schemars(length(min = 1, max = 64))]
    channel: String,
    /// Sections, rows and seats: `stalls`, `stalls/12`, `stalls/12/7`. All hold-backs together name at most 1000.
    #[schemars(length(min = 1, max = 1_000), inner(length(min = 1, max = 40)))]
    parts: Vec<String>,
    /// From when on they are for everybody; never where nothing is said.
    #[schemars(length(max = 40), extend("format" = "date-time"))]
    released_at: Option<String>,
}

/// The map that a draft refers to, or what is wrong with how it does.
pub(crate) type Found = Result<Arc<Plan>, Detail>;

impl SeatingDraft {
    /// Looks the map up, before the draft is read. `field` is what the draft is called.
    pub(crate) async fn find(&self, tenant: &Tenant, base: Option<&Event>, field: &str) -> Result<Found, Error> {
        let detail = |name: &str, reason: &str| Detail { field: at(field, name), reason: reason.to_owned() };
        let id = self.venue_id.0;
        let kept = base.and_then(|event| event.seating.as_ref()).filter(|seating| seating.venue == id);
        let number = match self.version.or(kept.map(|seating| seating.version)) {
            Some(number) => number,
            None => match tenant.venues().venue(id).await? {
                Some(venue) if venue.newest > 0 => venue.newest,
                _ => return Ok(Err(detail("venueId", "must be the id of a venue with a seat map"))),
            },
        };
        Ok(match tenant.venues().version_cached(id, number).await? {
            Some(plan) => Ok(plan),
            None if self.version.is_some() => Err(detail("version", "must be a version of the venue's seat map")),
            None => Err(detail("venueId", "must be the id of a venue with a seat map")),
        })
    }

    /// The venue that it names.
    pub(crate) const fn venue(&self) -> VenueId {
        self.venue_id.0
    }

    /// Reads the draft for these price options and so many sessions; nothing where anything is wrong with it.
    pub(crate) fn read(
        &self,
        plan: &Plan,
        (options, sessions): (&[PriceOption], usize),
        field: &str,
        found: &mut Findings,
    ) -> Option<Seating> {
        let before = found.count();
        if plan.blocks().saturating_mul(sessions) > MAX_BLOCKS {
            found.wrong(field, format_args!("the rows of all sessions together are too many: {MAX_BLOCKS} at most"));
        }
        let mut prices = BTreeMap::new();
        for (place, draft) in self.prices.iter().enumerate() {
            let path = at(field, &format!("prices[{place}]"));
            let Some((category, option)) = draft.read(plan, options, &path, found) else { continue };
            if prices.insert(category, option).is_some() {
                found.wrong(&at(&path, "category"), "must not stand twice");
            }
        }
        if self.hold_backs.iter().map(|hold_back| hold_back.parts.len()).sum::<usize>() > MAX_PARTS {
            found.wrong(&at(field, "holdBacks"), format_args!("must name at most {MAX_PARTS} parts together"));
        }
        let hold_backs = self.hold_backs.iter().enumerate();
        let hold_backs = hold_backs
            .filter_map(|(place, draft)| draft.read(plan, &at(field, &format!("holdBacks[{place}]")), found))
            .collect();
        let rule = match self.orphan_rule {
            None => OrphanRule::default(),
            Some(OrphanWord::Off) => OrphanRule::Off,
            Some(OrphanWord::Between) => OrphanRule::Between,
            Some(OrphanWord::Edges) => OrphanRule::Edges,
        };
        let seating = Seating { venue: self.venue_id.0, version: plan.version().number(), prices, rule, hold_backs };
        (found.count() == before).then_some(seating)
    }
}

impl PriceDraft {
    fn read(
        &self,
        plan: &Plan,
        options: &[PriceOption],
        path: &str,
        found: &mut Findings,
    ) -> Option<(Category, OptionId)> {
        let map = plan.map();
        let has = |category: &Category| map.rows().any(|(row, ..)| map.category(row) == Some(category));
        let category = self.category.parse().map(Category).ok().filter(has);
        let category = found.take(&at(path, "category"), category.ok_or("must be a price category of the seat map"));
        let id = self.price_option.parse().ok();
        let by_id = options.iter().find(|option| Some(option.id) == id);
        let mut named = options.iter().filter(|option| option.name == self.price_option);
        // A name that two have says nothing.
        let by_name = named.next().filter(|_| named.next().is_none());
        let option = by_id.or(by_name).ok_or("must be the id of one of the price options, or a name that only one has");
        let option = found.take(&at(path, "priceOption"), option);
        Some((category?, option?.id))
    }
}

impl HoldBackDraft {
    fn read(&self, plan: &Plan, path: &str, found: &mut Findings) -> Option<HoldBack> {
        let channel = found.take(&at(path, "channel"), self.channel.parse::<Channel>());
        let mut parts = Vec::new();
        for (place, text) in self.parts.iter().enumerate() {
            let part: Result<Part, String> =
                text.parse().map_err(|error: domain::seating::PartError| error.to_string());
            let part = part.and_then(|part| match Part::seats(std::slice::from_ref(&part), plan.map()) {
                Ok(_) => Ok(part),
                Err(unknown) => Err(unknown.to_string()),
            });
            parts.extend(found.take(&at(path, &format!("parts[{place}]")), part));
        }
        let released = found.moment_if_any(&at(path, "releasedAt"), self.released_at.as_deref());
        Some(HoldBack { channel: channel?, parts, released })
    }
}

/// The path of a field of something that may be the whole body.
fn at(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// The price options of an event that sells these seats: how many tickets they have follows from the map.
pub(crate) fn counted(mut options: Vec<PriceOption>, seating: &Seating, plan: &Plan) -> Vec<PriceOption> {
    for option in options.iter_mut().filter(|option| seating.sells(option.id)) {
        let seats = seating.sold_by(plan.map(), option.id).count();
        option.total = u32::try_from(seats).unwrap_or(u32::MAX);
    }
    options
}

/// Numbered seats of a venue. Which seats there are, `GET /api/venues/{venueId}?version=` says; who has them,
/// `GET /api/events/{id}/sessions/{sid}/seats`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SeatingView {
    venue_id: Text<VenueId>,
    /// Of its seat map.
    version: u32,
    /// Which price option sells a category of the map; by its id.
    prices: Vec<PriceView>,
    /// Which single seats must not be left free: `off`, `between` two taken seats, or not beside aisles either (`edges`).
    orphan_rule: String,
    /// Seats that are kept for a channel; told to organisers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_backs: Option<Vec<HoldBackView>>,
}

/// What a category is sold by.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PriceView {
    category: String,
    price_option: Text<OptionId>,
}

/// Seats that are kept for a channel until a moment.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct HoldBackView {
    channel: String,
    parts: Vec<String>,
    /// From when on they are for everybody.
    released_at: Option<String>,
}

impl SeatingView {
    /// As everybody sees it.
    pub(crate) fn of(seating: &Seating) -> Self {
        let prices = seating.prices.iter();
        Self {
            venue_id: Text(seating.venue),
            version: seating.version,
            prices: prices
                .map(|(category, option)| PriceView { category: category.to_string(), price_option: Text(*option) })
                .collect(),
            orphan_rule: seating.rule.word().to_owned(),
            hold_backs: None,
        }
    }

    /// As organisers see it.
    pub(crate) fn for_organisers(self, seating: &Seating, zone: &Zone) -> Self {
        let view = |hold_back: &HoldBack| HoldBackView {
            channel: hold_back.channel.to_string(),
            parts: hold_back.parts.iter().map(ToString::to_string).collect(),
            released_at: hold_back.released.map(|at| zone.rfc3339(at)),
        };
        Self { hold_backs: Some(seating.hold_backs.iter().map(view).collect()), ..self }
    }
}
