//! How much one address of the internet may try, whatever the names.

use app::{App, Code, Error, RequestFacts, config::Stage};
use domain::network::neighbourhood;
use store::identity::{Identity, Limit, Room, Taken};

/// A place for one more attempt from an address; given back where the attempt succeeds.
#[derive(Debug)]
#[must_use]
pub(crate) struct FromAddress(Option<Room>);

/// Takes a place for an attempt. It stays taken, until the window ends, unless it is given back.
pub(crate) async fn from_address(
    identity: Identity<'_>,
    request: &RequestFacts,
    app: &App,
) -> Result<FromAddress, Error> {
    if is_here(&request.ip, &app.settings.stage) {
        return Ok(FromAddress(None));
    }
    match identity.take(Limit::Address, &subject(&request.ip), app.now()).await? {
        Taken::Yes(place) => Ok(FromAddress(Some(place))),
        Taken::No { retry_after_secs } => Err(Error::new(Code::RateLimited).retry_after(retry_after_secs)),
    }
}

impl FromAddress {
    /// The attempt was none of somebody who guesses.
    pub(crate) async fn give_back(self, identity: Identity<'_>) -> Result<(), Error> {
        match self.0 {
            Some(place) => Ok(identity.give_back(&place).await?),
            None => Ok(()),
        }
    }
}

/// Whose attempts are counted together: one address of the old kind; of the new kind the 64 bits that one customer has.
fn subject(ip: &str) -> String {
    // All that have no address together: the gateway always gives one.
    ip.parse().map_or_else(|_| String::new(), |ip| neighbourhood(ip).to_string())
}

/// Whether the caller is the very machine of a developer, who is nobody to be kept out.
fn is_here(ip: &str, stage: &Stage) -> bool {
    *stage == Stage::Local && matches!(ip, "127.0.0.1" | "::1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_customer_is_one_subject() {
        assert_eq!(subject("203.0.113.7"), "203.0.113.7");
        assert_eq!(subject("::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(subject("2001:db8:1:2:3:4:5:6"), subject("2001:db8:1:2::1"));
        assert_ne!(subject("2001:db8:1:2::1"), subject("2001:db8:1:3::1"));
    }

    #[test]
    fn only_a_developers_own_machine_is_not_counted() {
        assert!(is_here("127.0.0.1", &Stage::Local) && is_here("::1", &Stage::Local));
        assert!(!is_here("127.0.0.2", &Stage::Local) && !is_here("203.0.113.7", &Stage::Local));
        assert!(!is_here("127.0.0.1", &Stage::Test) && !is_here("127.0.0.1", &Stage::Deployed("prod".into())));
    }
}
