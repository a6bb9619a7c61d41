//! What is wrong with a request, collected.

use std::fmt::Display;

use app::Detail;

/// The most wrong fields that are told: more help nobody.
const MOST: usize = 100;

/// Everything that is wrong, in the order in which it was found.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Detail>);

impl Findings {
    pub(crate) fn wrong(&mut self, field: impl Into<String>, reason: impl Display) {
        if self.0.len() < MOST {
            self.0.push(Detail { field: field.into(), reason: reason.to_string() });
        }
    }

    /// Keeps a value that was read, or notes why it could not be.
    pub(crate) fn take<T, E: Display>(&mut self, field: impl Into<String>, read: Result<T, E>) -> Option<T> {
        read.map_err(|reason| self.wrong(field, reason)).ok()
    }

    /// A text of so many characters that is no blank and has no control characters.
    pub(crate) fn line(&mut self, field: &str, text: &str, least: usize, most: usize) -> String {
        let text = text.trim();
        if !(least..=most).contains(&text.chars().count()) {
            self.wrong(field, format_args!("must have {least} to {most} characters"));
        }
        if text.chars().any(char::is_control) {
            self.wrong(field, "must not have control characters");
        }
        text.to_owned()
    }

    /// Goes on only if nothing is wrong so far.
    pub(crate) fn go_on(self) -> Result<Self, Vec<Detail>> {
        if self.0.is_empty() { Ok(self) } else { Err(self.0) }
    }

    /// The value, if nothing is wrong.
    pub(crate) fn none<T>(self, value: Option<T>) -> Result<T, Vec<Detail>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}
