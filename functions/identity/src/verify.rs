//! `POST /api/auth/verify`: proves by a code that an e-mail address or telephone number is one's own. A new one becomes a
//! login name, in place of the one before, at this moment and not sooner.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Language, Method, Nothing, Operation, Route, wire::Text};
use domain::{id::UserId, tenant::TenantId};
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{
    Table, Tenant,
    identity::{Registration, Saved, Standing, User, Verified},
};

use crate::{
    letter::{self, Wish, code_hash},
    limits, login_name,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<Verify>();

/// How often a change is decided anew when somebody else was quicker.
const ROUNDS: usize = 3;

/// A name and the code that was sent to it.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Verify {
    tenant_id: Text<TenantId>,
    /// E-mail address or telephone number.
    #[schemars(length(min = 1, max = 254))]
    login: String,
    /// Six digits.
    #[schemars(length(min = 1, max = 256))]
    code: String,
}

impl Endpoint for Verify {
    const ROUTE: Route = Route {
        name: "verify",
        method: Method::Post,
        path: "/api/auth/verify",
        auth: Auth::Proof,
        grants: &[
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::open_keys(),
            Grant::send(Queue::Notify),
        ],
        summary: "Prove by a code that an e-mail address or telephone number is one's own",
        errors: &[Code::NotFound, Code::BadCode, Code::AlreadyRegistered, Code::RateLimited, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = ();

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<(), Error> {
        let tenant = app.store.tenant(&self.tenant_id.0);
        let place = limits::from_address(tenant.identity(), &caller.request, app).await?;
        let name = login_name::normal(&self.login);
        let code: String = self.code.chars().filter(|letter| !letter.is_whitespace()).collect();
        let user = whose(&tenant, &name, &code, app).await?.ok_or(Code::BadCode)?;
        place.give_back(tenant.identity()).await?;
        confirm(&tenant, user, &name, caller.request.language, app).await
    }
}

/// Who was sent this code for this name; it is used up.
async fn whose(tenant: &Tenant, name: &str, code: &str, app: &App) -> Result<Option<UserId>, Error> {
    for user in tenant.identity().claimants(name, app.now()).await? {
        let hash = code_hash(app, tenant.id(), user, name, code);
        if tenant.identity().redeem_code(name, user, &hash, app.now()).await? {
            return Ok(Some(user));
        }
    }
    Ok(None)
}

/// Writes down that a name is a user's, which may be a new one.
async fn confirm(tenant: &Tenant, id: UserId, name: &str, language: Language, app: &App) -> Result<(), Error> {
    let identity = tenant.identity();
    for _ in 0..ROUNDS {
        let user = identity.user(id).await?.filter(|user| user.standing == Standing::Active).ok_or(Code::BadCode)?;
        let (changed, before) = with_name(user, name);
        if before != Before::Same && identity.claim(name, id, app.now()).await? == Registration::Taken {
            return Err(Code::AlreadyRegistered.into());
        }
        if identity.save(&changed, app.now()).await? == Saved::Outdated {
            continue;
        }
        if let Before::Other(before) = before {
            identity.release(&before, id).await?;
            letter::post(app, tenant.id(), Wish::Renamed { before }, language).await?;
        }
        return Ok(());
    }
    let present = identity.user(id).await?;
    if !present.is_some_and(|user| user.names().any(|own| own == name)) {
        identity.release(name, id).await?;
    }
    Err(Code::Busy.into())
}

/// The name of the same kind that a user had before.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Before {
    Same,
    Other(String),
    None,
}

/// The user with a name that is theirs now.
fn with_name(user: User, name: &str) -> (User, Before) {
    let verified = user.verified;
    let is_email = name.contains('@');
    let old = if is_email { user.email.clone() } else { user.phone.clone() };
    let changed = if is_email {
        User { email: Some(name.to_owned()), verified: Verified { email: true, ..verified }, ..user }
    } else {
        User { phone: Some(name.to_owned()), verified: Verified { phone: true, ..verified }, ..user }
    };
    let before = match old {
        Some(old) if old == name => Before::Same,
        Some(old) => Before::Other(old),
        None => Before::None,
    };
    (changed, before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::user;

    #[test]
    fn a_name_replaces_the_one_of_its_kind() {
        let (same, before) = with_name(user(), "buyer@demo.test");
        assert_eq!((same.verified, before), (Verified { email: true, phone: false }, Before::Same));
        let (other, before) = with_name(user(), "new@demo.test");
        assert_eq!((other.email.as_deref(), before), (Some("new@demo.test"), Before::Other("buyer@demo.test".into())));
        let (phone, before) = with_name(user(), "+8613800138000");
        assert_eq!((phone.phone.as_deref(), phone.email, before), (Some("+8613800138000"), user().email, Before::None));
        assert_eq!(phone.verified, Verified { email: false, phone: true });
    }
}
