//! Writes the messages that people are to be sent, and has them sent.
//!
//! What is stored before a message goes out is known by its letter, so that a letter that comes twice is the same message
//! with the same code, and one whose code was used meanwhile is not sent again.

use app::{App, Duty, Failure, Grant, Job, Source, Worker, message};
use domain::{Timestamp, event::later};
use providers::{
    Failed,
    notify::{Delivered, Message, Notifier as _, Outbox, Recipient, Ses, Shelf, Sns},
    queue::Queue,
};
use serde::{Deserialize, Serialize};
use store::{
    Kept, Table, Tenant,
    identity::{Proof, Standing, User},
};

use crate::{
    letter::{Letter, Wish, code_hash},
    wording::{self, Wording},
};

/// The worker.
pub static WORKER: Worker = Worker::of::<Notify>();

/// For how long a code is good, in seconds.
const CODE_SECS: i64 = 10 * 60;
/// For how long a token for a new password is good, in seconds.
const TOKEN_SECS: i64 = 30 * 60;
/// A letter that is older has nothing to say any more, in seconds.
const STALE_SECS: i64 = 24 * 3_600;

/// A message to somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Notify(message::Notify);

impl Job for Notify {
    const DUTY: Duty = Duty {
        name: "notify",
        source: Source::Queue(Queue::Notify),
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::write(Table::Activity),
            Grant::open_keys(),
            Grant::mail(),
            Grant::texts(),
        ],
        summary: "Write a message to somebody and send it",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let letter = Letter::open(&self.0, app).ok_or_else(|| Failure::poison("a letter that nobody can open"))?;
        let tenant = app.store.tenant(&self.0.tenant.0);
        match write(&letter, &tenant, app).await? {
            Some((to, wording)) => send(to, wording, &tenant, app).await,
            None => Ok(()),
        }
    }
}

/// Stores what the message will be proof of, and writes it; nothing where there is nothing to say, or no longer.
async fn write(letter: &Letter, tenant: &Tenant, app: &App) -> Result<Option<(Recipient, Wording)>, Failure> {
    let Some(settings) = tenant.catalogue().settings_cached(app.now()).await? else { return Ok(None) };
    let language = letter.language();
    match &letter.wish {
        Wish::Verify { user, name } => {
            let user = user.0;
            let code = letter.code(app, tenant.id(), user, name);
            let hash = code_hash(app, tenant.id(), user, name, &code);
            let proof = proof(hash, letter.at(), CODE_SECS);
            let goes = proof.until > app.now() && tenant.identity().put_code(name, user, &proof).await?;
            Ok(goes.then(|| (recipient(name), wording::code(language, &settings.name, &code))))
        }
        Wish::Reset { name } => {
            let Some(user) = tenant.identity().named(name).await?.filter(|user| may_reset(user, name)) else {
                return Ok(None);
            };
            let token = letter.token(app, tenant.id(), user.id);
            let proof = proof(token.hash(), letter.at(), TOKEN_SECS);
            let goes = proof.until > app.now() && tenant.identity().put_reset(user.id, &proof).await?;
            // Behind the `#` it reaches no server but by the page's own request, and so no log.
            let link = || [&app.settings.web_url, "/reset-password#", &token.write()].concat();
            Ok(goes.then(|| (recipient(name), wording::reset(language, &settings.name, &link()))))
        }
        Wish::Renamed { before } => {
            let goes = later(letter.at(), STALE_SECS) > app.now();
            Ok(goes.then(|| (recipient(before), wording::renamed(language, &settings.name))))
        }
    }
}

fn proof(hash: String, made: Timestamp, secs: i64) -> Proof {
    Proof { hash, made, until: later(made, secs) }
}

/// A name that is known to be theirs, or any where none is: a stranger to whom an address was given by mistake must not
/// take an account over whose telephone number is verified.
fn may_reset(user: &User, name: &str) -> bool {
    let verified = user.verified;
    let is_verified = (verified.email && user.email.as_deref() == Some(name))
        || (verified.phone && user.phone.as_deref() == Some(name));
    user.standing == Standing::Active && (is_verified || !(verified.email || verified.phone))
}

/// Which way leads to a name.
fn recipient(name: &str) -> Recipient {
    if name.contains('@') { Recipient::Email(name.to_owned()) } else { Recipient::Phone(name.to_owned()) }
}

async fn send(to: Recipient, wording: Wording, tenant: &Tenant, app: &App) -> Result<(), Failure> {
    let message = Message { to, subject: wording.subject, text: wording.text };
    let (settings, now, web) = (&app.settings, app.now(), app.web.clone());
    let delivered = match (&message.to, &settings.mail_from) {
        (_, None) if settings.stage.has_sandbox() => Outbox::new(Activity { tenant, app }).send(&message, now).await?,
        (Recipient::Email(_), Some(from)) => {
            let ses = Ses { web, signer: settings.signer(), from: from.clone(), endpoint: settings.ses_url.clone() };
            ses.send(&message, now).await?
        }
        (Recipient::Email(_), None) => return Err(Failure::poison("ONSALE_MAIL_FROM is not set: no e-mail is sent")),
        (Recipient::Phone(_), _) => {
            let (sender, endpoint) = (settings.sms_sender.clone(), settings.sns_url.clone());
            Sns { web, signer: settings.signer(), sender, endpoint }.send(&message, now).await?
        }
    };
    match delivered {
        Delivered::Taken => Ok(()),
        Delivered::Refused { status } => Err(Failure::poison(format!("a message was refused with status {status}"))),
    }
}

/// The outbox of a tenant.
struct Activity<'a> {
    tenant: &'a Tenant,
    app: &'a App,
}

impl Shelf for Activity<'_> {
    async fn keep(&self, message: &Message, now: Timestamp) -> Result<(), Failed> {
        let number = self.app.random().map_err(|error| Failed::new("random", error))?;
        let kept = Kept {
            channel: message.to.channel().to_owned(),
            to: message.to.address().to_owned(),
            subject: message.subject.clone(),
            text: message.text.clone(),
            at: now.as_millisecond(),
        };
        let kept = self.tenant.activity().keep_message(&kept, now, number).await;
        kept.map_err(|failed| Failed::new("outbox", failed))
    }
}

#[cfg(test)]
mod tests {
    use store::identity::Verified;

    use super::*;
    use crate::testing::user;

    #[test]
    fn a_password_is_reset_by_a_verified_name_or_where_none_is() {
        let with =
            |email, phone| User { phone: Some("+8613800138000".into()), verified: Verified { email, phone }, ..user() };
        for (email, phone, by_email, by_phone) in [
            (false, false, true, true),
            (true, false, true, false),
            (false, true, false, true),
            (true, true, true, true),
        ] {
            let user = with(email, phone);
            assert_eq!(may_reset(&user, "buyer@demo.test"), by_email, "{email} {phone}");
            assert_eq!(may_reset(&user, "+8613800138000"), by_phone, "{email} {phone}");
        }
        assert!(!may_reset(&User { standing: Standing::Disabled, ..with(true, true) }, "buyer@demo.test"));
    }

    #[test]
    fn a_name_says_which_way_leads_to_it() {
        assert_eq!(recipient("a@b.test"), Recipient::Email("a@b.test".into()));
        assert_eq!(recipient("+8613800138000"), Recipient::Phone("+8613800138000".into()));
    }
}
