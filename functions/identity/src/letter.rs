//! What people are to be sent, on its way through the queue.
//!
//! A letter names people, so it is sealed; and it holds neither code nor token, but a number from which whoever has the
//! installation's keys can make them. So what lies in the queue, or among its dead letters, lets nobody in.

use app::{App, Error, Language, message::Notify, wire::Text};
use domain::{
    Timestamp,
    id::{Id as _, UserId},
    tenant::TenantId,
};
use providers::queue::Queue;
use serde::{Deserialize, Serialize};

use crate::reset_token::ResetToken;

/// What letters are sealed under.
const SEAL: &str = "letter";

/// A message that somebody is to be sent.
#[derive(Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(crate) wish: Wish,
    /// The language of whoever asked for it.
    language: String,
    /// When it was asked for, milliseconds since 1970.
    at: i64,
    /// What makes its code or token another than the last one.
    number: [u8; 16],
}

/// What it is about.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum Wish {
    /// To prove that a name is theirs.
    Verify { user: Text<UserId>, name: String },
    /// To set a new password, if anybody has the name.
    Reset { name: String },
    /// To know that the account has another name now; goes to the one before.
    Renamed { before: String },
}

/// Has a letter written and sent.
pub(crate) async fn post(app: &App, tenant: &TenantId, wish: Wish, language: Language) -> Result<(), Error> {
    let at = app.now();
    let letter = Letter { wish, language: language.tag().to_owned(), at: at.as_millisecond(), number: app.random()? };
    let bytes = serde_json::to_vec(&letter).map_err(Error::internal)?;
    let message = Notify { tenant: tenant.clone().into(), sealed: app.keys.seal(SEAL, tenant, bytes)? };
    Ok(app.queues.send(Queue::Notify, &message, 0, at).await?)
}

impl Letter {
    /// Opens what was posted; nothing where it is anything else.
    pub(crate) fn open(message: &Notify, app: &App) -> Option<Self> {
        let bytes = app.keys.unseal(SEAL, &message.tenant.0, &message.sealed)?;
        serde_json::from_slice(&bytes).ok()
    }

    pub(crate) fn language(&self) -> Language {
        Language::accepted(Some(&self.language))
    }

    pub(crate) fn at(&self) -> Timestamp {
        Timestamp::from_millisecond(self.at).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The six digits that prove a name: the same however often the letter is read.
    pub(crate) fn code(&self, app: &App, tenant: &TenantId, user: UserId, name: &str) -> String {
        let parts: [&[u8]; 4] = [tenant.as_str().as_bytes(), &user.bytes(), name.as_bytes(), &self.number];
        let mac = app.keys.mac("verification-code", &parts);
        // 64 bits, so that no code is noticeably likelier than another.
        let number = mac.first_chunk().copied().map_or(0, u64::from_be_bytes);
        format!("{:06}", number % 1_000_000)
    }

    /// The token for a new password, likewise.
    pub(crate) fn token(&self, app: &App, tenant: &TenantId, user: UserId) -> ResetToken {
        let parts: [&[u8]; 3] = [tenant.as_str().as_bytes(), &user.bytes(), &self.number];
        ResetToken::new(tenant.clone(), user, app.keys.mac("reset-token", &parts))
    }
}

/// The hash under which a code is stored: keyed, because a million codes are soon tried, and of one user and name alone.
pub(crate) fn code_hash(app: &App, tenant: &TenantId, user: UserId, name: &str, code: &str) -> String {
    let parts: [&[u8]; 4] = [tenant.as_str().as_bytes(), &user.bytes(), name.as_bytes(), code.as_bytes()];
    data_encoding::HEXLOWER.encode(&app.keys.mac("code-hash", &parts))
}
