//! Repeats of a request have one effect: the first attempt chooses the id of what it makes, and every repeat is told it.
//!
//! Answers are not stored. A repeat builds its answer from the state of the thing that the id names, which is what the
//! first attempt would answer now.

use store::Remembered;

use crate::{App, Caller, Code, Error};

/// Which attempt this is, with the id that all attempts share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Nobody asked before, or the client gave no key: the id is the fresh one.
    First([u8; 16]),
    /// A repeat: the id is the first attempt's, whose work may be done, half done or not begun.
    Again([u8; 16]),
}

impl Attempt {
    /// The id that all attempts share.
    pub const fn id(self) -> [u8; 16] {
        match self {
            Self::First(id) | Self::Again(id) => id,
        }
    }
}

/// The attempts that a tenant's callers made.
#[derive(Clone, Copy, Debug)]
pub struct Once<'app> {
    app: &'app App,
}

impl<'app> Once<'app> {
    pub(crate) const fn new(app: &'app App) -> Self {
        Self { app }
    }

    /// Claims the caller's key for `fresh`, or finds what it was claimed for.
    ///
    /// # Errors
    /// `idempotency_conflict` where the key was used with another body.
    pub async fn claim(self, caller: &Caller, fresh: [u8; 16]) -> Result<Attempt, Error> {
        let Some(attempt) = caller.idempotency else { return Ok(Attempt::First(fresh)) };
        let tenant = self.app.store.tenant(caller.tenant()?);
        match tenant.activity().remember(attempt.key, attempt.body, fresh, self.app.now()).await? {
            Remembered::New => Ok(Attempt::First(fresh)),
            Remembered::Known { id, body } if body == attempt.body => Ok(Attempt::Again(id)),
            Remembered::Known { .. } => Err(Code::IdempotencyConflict.into()),
        }
    }

    /// What the caller's key was claimed for; nothing where it was not, or there is none. Claims nothing.
    ///
    /// # Errors
    /// `idempotency_conflict` where the key was used with another body.
    pub async fn recall(self, caller: &Caller) -> Result<Option<[u8; 16]>, Error> {
        let Some(attempt) = caller.idempotency else { return Ok(None) };
        let tenant = self.app.store.tenant(caller.tenant()?);
        match tenant.activity().recall(attempt.key, self.app.now()).await? {
            Remembered::New => Ok(None),
            Remembered::Known { id, body } if body == attempt.body => Ok(Some(id)),
            Remembered::Known { .. } => Err(Code::IdempotencyConflict.into()),
        }
    }

    /// Gives the caller's key to another id, where the first attempt is known to have come to nothing. `false`: somebody
    /// else was quicker, and [`Once::claim`] tells their id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn swap(self, caller: &Caller, old: [u8; 16], fresh: [u8; 16]) -> Result<bool, Error> {
        let Some(attempt) = caller.idempotency else { return Ok(true) };
        let tenant = self.app.store.tenant(caller.tenant()?);
        Ok(tenant.activity().replace(attempt.key, old, fresh, attempt.body, self.app.now()).await?)
    }

    /// Forgets the attempt, so that a repeat is a first one: for refusals that may be gone in a moment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget(self, caller: &Caller, id: [u8; 16]) -> Result<(), Error> {
        let Some(attempt) = caller.idempotency else { return Ok(()) };
        let tenant = self.app.store.tenant(caller.tenant()?);
        Ok(tenant.activity().forget(attempt.key, id).await?)
    }
}
