//! Words that people give with a request or a decision.

use app::Error;

/// The longest text, in characters.
pub(crate) const MAX: usize = 500;

/// Takes a reason without the blanks around it.
pub(crate) fn read(text: &str) -> Result<String, Error> {
    let words = text.trim();
    let length = words.chars().count();
    if (1..=MAX).contains(&length) {
        return Ok(words.to_owned());
    }
    Err(Error::field("reason", format_args!("must have 1 to {MAX} characters")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something() {
        assert_eq!(read(" ill \n").unwrap(), "ill");
        assert!(read("雨".repeat(500).as_str()).is_ok());
        for bad in [String::new(), " ".into(), "雨".repeat(501)] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }
}
