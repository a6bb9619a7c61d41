//! What is wrong with a draft, collected.

use std::{collections::HashSet, fmt::Display, hash::Hash, str::FromStr};

use app::Detail;
use domain::Timestamp;

use super::{EventDraft, MAX_OPTIONS, MAX_POOLS, MAX_SESSIONS, MAX_TEXT_BYTES, MAX_TICKETS};

/// Everything that is wrong, in the order in which it was found.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Detail>);

impl Findings {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are so far.
    pub(crate) const fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn into_details(self) -> Vec<Detail> {
        self.0
    }

    pub(crate) fn wrong(&mut self, field: &str, reason: impl Display) {
        self.0.push(Detail { field: field.to_owned(), reason: reason.to_string() });
    }

    /// Keeps a value that was read, or notes why it could not be.
    pub(crate) fn take<T, E: Display>(&mut self, field: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|reason| self.wrong(field, reason)).ok()
    }

    pub(crate) fn within(&mut self, field: &str, value: u64, least: u64, most: u64) {
        if !(least..=most).contains(&value) {
            self.wrong(field, format_args!("must be {least} to {most}"));
        }
    }

    pub(crate) fn moment(&mut self, field: &str, text: &str) -> Option<Timestamp> {
        // Milliseconds are what is stored: an event that is read and sent back is the same event.
        let millis = text.parse::<Timestamp>().map(Timestamp::as_millisecond);
        let read = millis.and_then(Timestamp::from_millisecond).map_err(|_| "must be a time of RFC 3339 with offset");
        self.take(field, read)
    }

    pub(crate) fn moment_if_any(&mut self, field: &str, text: Option<&str>) -> Option<Timestamp> {
        text.and_then(|text| self.moment(field, text))
    }

    /// Reads the id of something that the event must have.
    pub(crate) fn known<I: FromStr + Copy>(&mut self, field: &str, text: &str, known: impl Fn(I) -> bool) -> Option<I> {
        let id = text.parse().ok().filter(|id| known(*id));
        self.take(field, id.ok_or("must be the id of one that the event has; leave it out for a new one"))
    }

    fn length(&mut self, field: &str, text: &str, least: usize, most: usize) {
        let length = text.chars().count();
        if length < least || length > most || (least > 0 && text.trim().is_empty()) {
            self.wrong(field, format_args!("must have {least} to {most} characters"));
        }
        if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')) {
            self.wrong(field, "must not have control characters");
        }
    }

    fn entries(&mut self, field: &str, count: usize, least: usize, most: usize) {
        if !(least..=most).contains(&count) {
            self.wrong(field, format_args!("must have {least} to {most} entries"));
        }
    }
}

/// Notes what is too long, too many or too much.
pub(super) fn sizes(draft: &EventDraft, found: &mut Findings) {
    texts(draft, found);
    let (sessions, options) = (draft.sessions.len(), draft.price_options.len());
    found.entries("sessions", sessions, 1, MAX_SESSIONS);
    found.entries("priceOptions", options, 1, MAX_OPTIONS);
    if sessions.saturating_mul(options) > MAX_POOLS {
        found.wrong("sessions", format_args!("sessions times priceOptions must be at most {MAX_POOLS}"));
    }
    let counts = draft.price_options.iter().filter_map(|option| option.total_count);
    let per_session = counts.fold(0_u64, u64::saturating_add);
    if per_session.saturating_mul(u64::try_from(sessions).unwrap_or(u64::MAX)) > MAX_TICKETS {
        found.wrong("priceOptions", format_args!("the tickets of all sessions together must be at most {MAX_TICKETS}"));
    }
}

fn texts(draft: &EventDraft, found: &mut Findings) {
    found.length("title", &draft.title, 1, 200);
    found.length("description", &draft.description, 0, 5_000);
    if let Some(poster) = &draft.poster {
        found.length("poster", poster, 1, 500);
        // A path of the site itself has one slash: two would name another host.
        let is_path = poster.starts_with('/') && !poster.starts_with("//");
        // Pages put it into `src`.
        let is_plain = !poster.contains([' ', '"', '<', '>', '\\', '\'']);
        if !(poster.starts_with("https://") || is_path) || !is_plain {
            found.wrong("poster", "must begin with https:// or /");
        }
    }
    if let Some(category) = &draft.category {
        found.length("category", category, 1, 50);
    }
    found.length("city", &draft.city, 1, 100);
    found.length("venue", &draft.venue, 1, 200);
    found.length("address", &draft.address, 0, 300);
    words("performers", &draft.performers, 50, 100, found);
    words("tags", &draft.tags, 20, 50, found);
    for (place, option) in draft.price_options.iter().enumerate() {
        found.length(&format!("priceOptions[{place}].name"), &option.name, 1, 100);
        found.length(&format!("priceOptions[{place}].description"), &option.description, 0, 500);
    }
    if text_bytes(draft) > MAX_TEXT_BYTES {
        found.wrong("description", format_args!("all texts together must be at most {MAX_TEXT_BYTES} bytes"));
    }
}

fn words(field: &str, words: &[String], most: usize, longest: usize, found: &mut Findings) {
    found.entries(field, words.len(), 0, most);
    for (place, word) in words.iter().enumerate() {
        found.length(&format!("{field}[{place}]"), word, 1, longest);
    }
}

fn text_bytes(draft: &EventDraft) -> usize {
    let optional = [&draft.poster, &draft.category].into_iter().flatten();
    let texts = [&draft.title, &draft.description, &draft.city, &draft.venue, &draft.address];
    let words = draft.performers.iter().chain(&draft.tags);
    let options = draft.price_options.iter().flat_map(|option| [&option.name, &option.description]);
    texts.into_iter().chain(optional).chain(words).chain(options).map(String::len).sum()
}

/// Notes ids that stand twice.
pub(super) fn unique<I: Eq + Hash>(ids: impl Iterator<Item = I>, field: &str, found: &mut Findings) {
    let mut seen = HashSet::new();
    if !ids.into_iter().all(|id| seen.insert(id)) {
        found.wrong(field, "must not name one id twice");
    }
}
