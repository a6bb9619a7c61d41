//! What of a user is personal, as it is sealed: one attribute, one nonce.

use super::{Profile, User};
use crate::{
    Failed, Place,
    packed::{pack, unpack},
};

/// What it is sealed for.
pub(super) const fn place(user: &[u8; 16]) -> Place<'_> {
    Place { kind: "user", id: user, field: "person" }
}

/// What is personal of a user. New texts come last, so that what was sealed before stays readable.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) profile: Profile,
}

impl Person {
    pub(super) fn of(user: &User) -> Self {
        Self { email: user.email.clone(), phone: user.phone.clone(), profile: user.profile.clone() }
    }

    pub(super) fn pack(&self) -> Result<Vec<u8>, Failed> {
        let Profile { nickname, avatar, real_name } = &self.profile;
        pack(&[&self.email, &self.phone, nickname, avatar, real_name].map(Option::as_deref))
    }

    pub(super) fn unpack(bytes: &[u8]) -> Result<Self, Failed> {
        let [email, phone, nickname, avatar, real_name] = unpack(bytes)?;
        Ok(Self { email, phone, profile: Profile { nickname, avatar, real_name } })
    }
}
