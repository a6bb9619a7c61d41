//! From whom a provider names to one of our users.

use std::time::Duration;

use app::{App, Code, Error, RequestFacts};
use domain::{
    Timestamp,
    id::UserId,
    tenant::{Tenant as Settings, TenantId},
    user::Role,
};
use store::{
    Tenant,
    identity::{Claim, Identity, Link, Links, Profile, Registration, Saved, Standing, Subject, User, Verified},
};

use super::trouble::refused;
use crate::{
    account::{Names, new_user},
    session::{self, SignedIn},
    sign_in,
};

/// How often, and how long each time, a login waits for another one of the same person that is making their account.
const WAITS: u32 = 20;
const WAIT_FOR: Duration = Duration::from_millis(150);

/// Whom a provider has named, in a way that is believed.
pub(crate) struct Proven {
    /// The tenant's word for the provider.
    pub(crate) provider: String,
    /// What the provider calls them; any of these means the same person.
    pub(crate) subjects: Vec<Subject>,
    /// An e-mail address that the provider has verified.
    pub(crate) email: Option<String>,
    pub(crate) nickname: Option<String>,
    pub(crate) avatar: Option<String>,
}

impl Proven {
    fn link(&self, now: Timestamp) -> Link {
        Link { provider: self.provider.clone(), subjects: self.subjects.clone(), since: now.as_second() }
    }
}

/// Opens a session for whom a provider names; the first time, makes their account.
///
/// An account that has their e-mail address already is never taken over, whatever the provider has verified: its owner
/// logs in as before and links the provider. (To link it here, the account's own address has to be verified, too.) Who
/// has a second factor has to prove it here as at any other door.
pub(crate) async fn log_in(
    app: &App,
    settings: &Settings,
    proven: &Proven,
    otp: Option<&str>,
    request: &RequestFacts,
) -> Result<SignedIn, Error> {
    let accounts = app.store.tenant(&settings.id);
    let identity = accounts.identity();
    for _ in 0..WAITS {
        let user = match find(identity, proven, app.now()).await? {
            Some(user) => Some(user),
            None => make(identity, proven, app).await?,
        };
        if let Some(user) = user {
            let user = may_enter(&accounts, user, otp, app).await?;
            app.may_enter(settings, user.role)?;
            let signed_in = session::open(user, &settings.id, request, app).await?;
            return signed_in.ok_or_else(|| refused("the user was disabled meanwhile"));
        }
        tokio::time::sleep(WAIT_FOR).await;
    }
    Err(Code::Unavailable.into())
}

async fn may_enter(accounts: &Tenant, user: User, otp: Option<&str>, app: &App) -> Result<User, Error> {
    if user.standing != Standing::Active {
        return Err(refused("the user is disabled"));
    }
    // Attempts are counted with those at the password; who has neither address nor number, by their id.
    let name = user.names().next().map_or_else(|| user.id.to_string(), str::to_owned);
    sign_in::second_alone(accounts, &name, user, otp, app).await?.map_err(sign_in::explain)
}

/// The user whom one of the subjects means. What else the provider calls them is learnt.
async fn find(identity: Identity<'_>, proven: &Proven, now: Timestamp) -> Result<Option<User>, Error> {
    for subject in &proven.subjects {
        if let Some(user) = identity.meant_by(subject).await? {
            learn(identity, proven, user.id, now).await?;
            return Ok(Some(user));
        }
    }
    Ok(None)
}

/// Adds what a known user's provider calls them besides. What is not learnt now is learnt by another login.
async fn learn(identity: Identity<'_>, proven: &Proven, user: UserId, now: Timestamp) -> Result<(), Error> {
    if proven.subjects.len() < 2 {
        return Ok(());
    }
    let mut links = identity.links(user).await?;
    let mut learnt = Vec::new();
    for subject in proven.subjects.iter().filter(|subject| !links.name(subject)) {
        if identity.claim_subject(subject, user, now).await? == Claim::Ours {
            learnt.push(subject.clone());
        }
    }
    let Some(link) = links.all.iter_mut().find(|link| link.provider == proven.provider) else { return Ok(()) };
    if learnt.is_empty() {
        return Ok(());
    }
    link.subjects.extend(learnt);
    // Where the links changed meanwhile, what was claimed does not count, and is claimed again by the next login.
    let (Saved::Yes | Saved::Outdated) = identity.save_links(user, &links).await?;
    Ok(())
}

/// Makes an account; nothing where another login is about to, or has just done so.
async fn make(identity: Identity<'_>, proven: &Proven, app: &App) -> Result<Option<User>, Error> {
    if let Some(email) = &proven.email
        && identity.named(email).await?.is_some()
    {
        return Err(Code::AlreadyRegistered.into());
    }
    let now = app.now();
    let user = customer(proven, now, app.random()?);
    for (place, subject) in proven.subjects.iter().enumerate() {
        if identity.claim_subject(subject, user.id, now).await? == Claim::Others {
            give_up(identity, &proven.subjects[..place], user.id).await?;
            return Ok(None);
        }
    }
    let mut links = Links::default();
    links.all.push(proven.link(now));
    if identity.save_links(user.id, &links).await? == Saved::Yes
        && identity.register(&user, now).await? == Registration::Made
    {
        return Ok(Some(user));
    }
    // Somebody registered with the address just now, or this took so long that the subject was taken over.
    give_up(identity, &proven.subjects, user.id).await?;
    identity.drop_links(user.id).await?;
    Ok(None)
}

async fn give_up(identity: Identity<'_>, subjects: &[Subject], user: UserId) -> Result<(), Error> {
    for subject in subjects {
        identity.drop_subject(subject, user).await?;
    }
    Ok(())
}

/// Whoever comes from elsewhere is a customer, whatever the provider says of them.
fn customer(proven: &Proven, now: Timestamp, chance: [u8; 10]) -> User {
    let names = Names { email: proven.email.clone(), phone: None };
    let user = new_user(names, proven.nickname.clone(), Role::Customer, None, now, chance);
    let verified = Verified { email: proven.email.is_some(), phone: false };
    User { verified, profile: Profile { avatar: proven.avatar.clone(), ..user.profile }, ..user }
}

/// Lets a user log in by one more provider.
pub(crate) async fn link(app: &App, tenant: &TenantId, user: UserId, proven: &Proven) -> Result<Links, Error> {
    let accounts = app.store.tenant(tenant);
    let (identity, now) = (accounts.identity(), app.now());
    let mut links = identity.links(user).await?;
    if proven.subjects.iter().all(|subject| links.name(subject)) {
        return Ok(links);
    }
    if links.all.iter().any(|link| link.provider == proven.provider) {
        return Err(Code::AlreadyLinked.into());
    }
    for subject in &proven.subjects {
        if identity.meant_by(subject).await?.is_some_and(|other| other.id != user) {
            return Err(Code::AlreadyLinked.into());
        }
    }
    for (place, subject) in proven.subjects.iter().enumerate() {
        if identity.claim_subject(subject, user, now).await? == Claim::Others {
            give_up(identity, &proven.subjects[..place], user).await?;
            return Err(Code::Busy.into());
        }
    }
    links.all.push(proven.link(now));
    match identity.save_links(user, &links).await? {
        Saved::Yes => Ok(links),
        // What was claimed does not count, and is taken over by whoever comes next.
        Saved::Outdated => Err(Code::Busy.into()),
    }
}

/// Ends the logins by one provider, if the user can log in by other means.
pub(crate) async fn unlink(app: &App, tenant: &TenantId, user: UserId, provider: &str) -> Result<Links, Error> {
    let accounts = app.store.tenant(tenant);
    let identity = accounts.identity();
    let user = identity.user(user).await?.ok_or(Code::NotFound)?;
    let mut links = identity.links(user.id).await?;
    let place = links.all.iter().position(|link| link.provider == provider).ok_or(Code::NotFound)?;
    if !may_unlink(&user, &links) {
        return Err(Code::LastLogin.into());
    }
    let gone = links.all.remove(place);
    match identity.save_links(user.id, &links).await? {
        Saved::Yes => give_up(identity, &gone.subjects, user.id).await.map(|()| links),
        Saved::Outdated => Err(Code::Busy.into()),
    }
}

fn may_unlink(user: &User, links: &Links) -> bool {
    user.password.is_some() || links.all.len() > 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::user;

    fn proven() -> Proven {
        Proven {
            provider: "google".into(),
            subjects: vec![Subject::of_hash(&[1])],
            email: Some("a@b.test".into()),
            nickname: Some("Ana".into()),
            avatar: None,
        }
    }

    #[test]
    fn whoever_comes_from_elsewhere_is_a_customer_without_a_password() {
        let made = customer(&proven(), Timestamp::UNIX_EPOCH, [0; 10]);
        assert_eq!((made.role, made.password, made.email.as_deref()), (Role::Customer, None, Some("a@b.test")));
    }

    #[test]
    fn the_last_way_to_log_in_stays() {
        let link = proven().link(Timestamp::UNIX_EPOCH);
        let links = |count| {
            let mut links = Links::default();
            links.all.resize(count, link.clone());
            links
        };
        let without = User { password: None, ..user() };
        assert!(may_unlink(&user(), &links(1)) && may_unlink(&without, &links(2)));
        assert!(!may_unlink(&without, &links(1)));
    }
}
