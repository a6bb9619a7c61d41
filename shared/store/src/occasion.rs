//! What tickets are for, found by what orders and tickets say.

use std::sync::Arc;

use domain::{Timestamp, occasion::Occasion, order::Subject};

use crate::{Failed, Tenant};

impl Tenant {
    /// What tickets are for, as it is stored. What has sold something is never removed.
    pub async fn occasion(&self, subject: &Subject) -> Result<Option<Occasion>, Failed> {
        match subject {
            Subject::Session { event, .. } => {
                let event = self.catalogue().event(*event).await?;
                Ok(event.and_then(|event| event.occasion_of(subject)))
            }
            Subject::Ride { run, class, stretch } => {
                let run = self.rail().run(*run).await?;
                Ok(run.and_then(|run| run.occasion(class, *stretch)))
            }
        }
    }

    /// The same as it was at most two seconds before `now`.
    pub async fn occasion_cached(&self, subject: &Subject, now: Timestamp) -> Result<Option<Arc<Occasion>>, Failed> {
        match subject {
            Subject::Session { event, .. } => {
                let event = self.catalogue().event_cached(*event, now).await?;
                Ok(event.and_then(|event| event.occasion_of(subject)).map(Arc::new))
            }
            Subject::Ride { run, class, stretch } => {
                let run = self.rail().run_cached(*run, now).await?;
                Ok(run.and_then(|run| run.occasion(class, *stretch)).map(Arc::new))
            }
        }
    }
}
