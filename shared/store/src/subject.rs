//! How what tickets are for is written down, in orders and in tickets alike.

use domain::{
    id::{EventId, Id as _, OptionId, RunId, SessionId},
    order::Subject,
    rail::stretch::Stretch,
};

use crate::Failed;

/// A subject as it is stored: event, session and option; or, instead of these, a ride.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) event: String,
    pub(crate) session: String,
    pub(crate) option: String,
    /// Run, class, from and to with colons between them; empty for an event.
    pub(crate) ride: String,
}

impl Written {
    pub(crate) fn of(subject: &Subject) -> Self {
        match subject {
            Subject::Session { event, session, option } => {
                Self { event: event.bare(), session: session.bare(), option: option.bare(), ride: String::new() }
            }
            Subject::Ride { run, class, stretch } => {
                let ride = format!("{}:{class}:{}:{}", run.bare(), stretch.from(), stretch.to());
                Self { ride, ..Self::default() }
            }
        }
    }

    pub(crate) fn read(&self) -> Result<Subject, Failed> {
        if self.ride.is_empty() {
            return Ok(Subject::Session {
                event: EventId::from_bare(&self.event).map_err(Failed::corrupt)?,
                session: SessionId::from_bare(&self.session).map_err(Failed::corrupt)?,
                option: OptionId::from_bare(&self.option).map_err(Failed::corrupt)?,
            });
        }
        let unreadable = || Failed::corrupt("a ride");
        let parts: Vec<&str> = self.ride.split(':').collect();
        let [run, class, from, to] = parts[..] else { return Err(unreadable()) };
        let point = |text: &str| text.parse().map_err(|_| unreadable());
        Ok(Subject::Ride {
            run: RunId::from_bare(run).map_err(Failed::corrupt)?,
            class: class.parse().map_err(Failed::corrupt)?,
            stretch: Stretch::new(point(from)?, point(to)?).map_err(Failed::corrupt)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_read_back() {
        let ride = Subject::Ride {
            run: RunId::from_bytes([1; 16]),
            class: "hard-sleeper".parse().unwrap(),
            stretch: Stretch::new(3, 17).unwrap(),
        };
        let session = Subject::Session {
            event: EventId::from_bytes([1; 16]),
            session: SessionId::from_bytes([2; 16]),
            option: OptionId::from_bytes([3; 16]),
        };
        for subject in [ride, session] {
            assert_eq!(Written::of(&subject).read().unwrap(), subject);
        }
        let backwards = Written { ride: "00000000000000000000000000:second:4:4".into(), ..Written::default() };
        assert!(backwards.read().is_err());
    }
}
