//! What organisers do to events: which they may touch, and the one way to change them.

use app::{Caller, Code, Error};
use domain::{
    Timestamp,
    event::{Event, WrongState},
    id::{EventId, UserId},
    user::Role,
};
use store::Tenant;

use crate::{remaining::Remaining, view::EventView};

/// How often a change is decided anew when somebody else was first.
pub(crate) const TRIES: usize = 3;

/// Which events a caller may see and change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Their own.
    Own(UserId),
    /// All of the tenant.
    Tenant,
}

impl Reach {
    pub(crate) fn of(caller: &Caller) -> Result<Self, Error> {
        let identity = caller.identity()?;
        Ok(if identity.role >= Role::Admin { Self::Tenant } else { Self::Own(identity.user) })
    }

    pub(crate) fn covers(self, event: &Event) -> bool {
        match self {
            Self::Own(user) => event.publisher == user,
            Self::Tenant => true,
        }
    }
}

/// An event that the caller may touch; others' are not told from none.
pub(crate) async fn load(tenant: &Tenant, reach: Reach, id: EventId) -> Result<Event, Error> {
    let event = tenant.catalogue().event(id).await?;
    event.filter(|event| reach.covers(event)).ok_or_else(|| Code::NotFound.into())
}

/// Takes an event one step further in its review. The step is decided on what is stored, and again where somebody else
/// changed it in between.
pub(crate) async fn step(
    tenant: &Tenant,
    caller: &Caller,
    id: EventId,
    decide: impl Fn(Event) -> Result<Event, WrongState> + Send,
) -> Result<Event, Error> {
    let reach = Reach::of(caller)?;
    for _ in 0..TRIES {
        let event = load(tenant, reach, id).await?;
        let changed = decide(event.clone()).map_err(explain)?;
        if tenant.catalogue().put_event(&changed).await?.is_done() {
            caller.trail.changed(id, &event, &changed);
            return Ok(changed);
        }
    }
    Err(Code::Busy.into())
}

pub(crate) fn explain(WrongState: WrongState) -> Error {
    Code::WrongState.into()
}

/// The event as its organisers see it.
pub(crate) async fn view(tenant: &Tenant, event: &Event, now: Timestamp) -> Result<EventView, Error> {
    let left = Remaining::load(tenant, event, now).await?;
    Ok(EventView::of(tenant.id(), event, &left, now).for_organisers(event))
}

#[cfg(test)]
mod tests {
    use domain::id::Id as _;

    use super::*;
    use crate::draft::tests::event;

    #[test]
    fn publishers_reach_their_own_events_and_admins_the_tenants() {
        let event = event();
        assert!(Reach::Tenant.covers(&event));
        assert!(Reach::Own(event.publisher).covers(&event));
        assert!(!Reach::Own(UserId::from_bytes([77; 16])).covers(&event));
    }
}
