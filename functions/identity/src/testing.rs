//! What the tests of this area begin with.

use domain::{
    Timestamp,
    id::{Id as _, UserId},
    user::Role,
};
use serde::de::DeserializeOwned;
use store::identity::{PasswordHash, Profile, Standing, User, Verified};

/// A customer.
pub(crate) fn user() -> User {
    User {
        id: UserId::from_bytes([3; 16]),
        role: Role::Customer,
        standing: Standing::Active,
        email: Some("buyer@demo.test".into()),
        phone: None,
        verified: Verified::default(),
        profile: Profile { nickname: Some("Buyer".into()), ..Profile::default() },
        password: Some(PasswordHash::new("$argon2id$…".into())),
        epoch: 1,
        created: Timestamp::UNIX_EPOCH,
        updated: Timestamp::UNIX_EPOCH,
        version: 4,
    }
}

/// A request as a client writes it.
pub(crate) fn body<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}
