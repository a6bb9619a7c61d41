//! Why an organiser did something, for those whom it concerns.

use app::{Detail, Error};

/// The longest reason, in characters.
const MAX: usize = 500;

/// Takes a reason without the blanks around it.
pub(crate) fn read(text: &str) -> Result<String, Error> {
    let reason = text.trim();
    let length = reason.chars().count();
    if !(1..=MAX).contains(&length) {
        let reason = format!("must have 1 to {MAX} characters");
        return Err(Error::fields(vec![Detail { field: "reason".into(), reason }]));
    }
    Ok(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something() {
        assert_eq!(read(" rain \n").unwrap(), "rain");
        assert!(read("雨".repeat(500).as_str()).is_ok());
        for bad in [String::new(), " ".into(), "雨".repeat(501)] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }
}
