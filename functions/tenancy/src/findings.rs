//! What is wrong with a request, gathered so that all of it is told at once.

use std::{collections::BTreeSet, fmt::Display, str::FromStr};

use app::Detail;

use crate::credentials::CredentialChange;

/// What was found wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Detail>);

impl Findings {
    /// Done, if nothing is wrong.
    pub(crate) fn none(self) -> Result<(), Vec<Detail>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }

    pub(crate) fn wrong(&mut self, field: impl Into<String>, reason: impl Display) {
        self.0.push(Detail { field: field.into(), reason: reason.to_string() });
    }

    /// The value, or what is wrong with it.
    pub(crate) fn take<T, E: Display>(&mut self, field: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|reason| self.wrong(field, reason)).ok()
    }

    /// One line of text where one is given; nothing inside where it is empty.
    #[expect(clippy::option_option, reason = "not given, and given empty, are two things")]
    pub(crate) fn line(&mut self, field: &str, text: Option<&str>) -> Option<Option<String>> {
        let text = text?.trim();
        if text.chars().any(char::is_control) {
            self.wrong(field, "must be one line of text");
            return None;
        }
        Some((!text.is_empty()).then(|| text.to_owned()))
    }

    /// An address of the web where one is given: pages put it into `src`.
    #[expect(clippy::option_option, reason = "not given, and given empty, are two things")]
    pub(crate) fn address(&mut self, field: &str, text: Option<&str>) -> Option<Option<String>> {
        let address = self.line(field, text)?;
        let is_web = |address: &str| {
            let rest = address.strip_prefix("https://");
            rest.is_some_and(|rest| !rest.is_empty() && !rest.contains([' ', '"', '<', '>', '\\', '\'']))
        };
        if address.as_deref().is_some_and(|address| !is_web(address)) {
            self.wrong(field, "must be an address with https://");
            return None;
        }
        Some(address)
    }

    /// All values of a list.
    pub(crate) fn all<T: FromStr<Err: Display>>(&mut self, field: &str, texts: &[String]) -> Vec<T> {
        let read = texts.iter().enumerate();
        read.filter_map(|(place, text)| self.take(&format!("{field}[{place}]"), text.parse())).collect()
    }

    /// Names of services, each once.
    pub(crate) fn check_credentials(&mut self, changes: &[CredentialChange]) {
        let mut seen = BTreeSet::new();
        for (place, change) in changes.iter().enumerate() {
            let field = format!("credentials[{place}].provider");
            if !change.is_named() {
                self.wrong(field, "must be 1 to 24 lower-case letters, digits and hyphens");
            } else if !seen.insert(&change.provider) {
                self.wrong(field, "is there twice");
            }
        }
    }
}
