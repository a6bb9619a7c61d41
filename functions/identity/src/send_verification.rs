//! `POST /api/auth/verify/send`: sends a code to a name: the caller's own, or one that they want instead of it.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route};
use domain::user::Role;
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{
    Table,
    identity::{Limit, Taken, User},
};

use crate::{
    letter::{self, Wish},
    login_name::{Email, Phone},
    sign_in::{self, prove},
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<SendVerification>();

/// Where the code goes.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SendVerification {
    /// E-mail address or telephone number.
    #[schemars(length(min = 1, max = 254))]
    login: String,
    /// Needed where the name is not the caller's yet: whoever found a telephone unlocked must not take the account over.
    #[schemars(length(min = 1, max = 128))]
    password: Option<String>,
}

impl Endpoint for SendVerification {
    const ROUTE: Route = Route {
        name: "send-verification",
        method: Method::Post,
        path: "/api/auth/verify/send",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::open_keys(),
            Grant::send(Queue::Notify),
        ],
        summary: "Send a code to an e-mail address or telephone number, to prove that it is one's own",
        success: 202,
        errors: &[Code::NotFound, Code::BadCredentials, Code::WrongState, Code::RateLimited],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = ();

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<(), Error> {
        let name = parse(&self.login)?;
        let tenant = app.store.tenant(caller.tenant()?);
        let identity = tenant.identity();
        let user = identity.user(caller.user()?).await?.ok_or(Code::NotFound)?;

        let user = match ownership(&user, &name) {
            Ownership::Verified => return Err(Code::WrongState.into()),
            Ownership::Own => user,
            Ownership::Wanted => {
                let password = self.password.ok_or_else(|| Error::field("password", "is needed for a new name"))?;
                let key = user.id.to_string();
                let proven = prove(identity, &key, Some(user), password, Role::Customer, app).await?;
                proven.map_err(sign_in::explain)?
            }
        };
        for (limit, subject) in [(Limit::Sender, user.id.to_string()), (Limit::Messages, name.clone())] {
            if let Taken::No { retry_after_secs } = identity.take(limit, &subject, app.now()).await? {
                return Err(Error::new(Code::RateLimited).retry_after(retry_after_secs));
            }
        }
        let wish = Wish::Verify { user: user.id.into(), name };
        letter::post(app, tenant.id(), wish, caller.request.language).await
    }
}

/// What a name is to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ownership {
    /// Theirs, and they proved it.
    Verified,
    /// Theirs.
    Own,
    /// Not theirs yet. Whether it is somebody else's nobody is told before it is proved.
    Wanted,
}

fn ownership(user: &User, name: &str) -> Ownership {
    let email = user.email.as_deref() == Some(name);
    let phone = user.phone.as_deref() == Some(name);
    match (email && user.verified.email || phone && user.verified.phone, email || phone) {
        (true, _) => Ownership::Verified,
        (false, true) => Ownership::Own,
        (false, false) => Ownership::Wanted,
    }
}

fn parse(login: &str) -> Result<String, Error> {
    let email = Email::parse(login).map(Email::into_string);
    email
        .or_else(|_| Phone::parse(login).map(Phone::into_string))
        .map_err(|_| Error::field("login", "must be an e-mail address or a telephone number"))
}

#[cfg(test)]
mod tests {
    use store::identity::Verified;

    use super::*;
    use crate::testing::user;

    #[test]
    fn a_name_is_verified_own_or_wanted() {
        let verified = User { verified: Verified { email: true, phone: false }, ..user() };
        assert_eq!(ownership(&verified, "buyer@demo.test"), Ownership::Verified);
        assert_eq!(ownership(&user(), "buyer@demo.test"), Ownership::Own);
        assert_eq!(ownership(&verified, "other@demo.test"), Ownership::Wanted);
        assert_eq!(ownership(&verified, "+8613800138000"), Ownership::Wanted);
    }

    #[test]
    fn a_name_has_its_normal_form() {
        assert_eq!(parse(" New@Demo.test").unwrap(), "new@demo.test");
        assert_eq!(parse("138 0013 8000").unwrap(), "+8613800138000");
        assert_eq!(parse("nobody").unwrap_err().details[0].field, "login");
    }
}
