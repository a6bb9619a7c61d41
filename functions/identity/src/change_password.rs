//! `POST /api/auth/password`: replaces the password. Every other session of the user ends.

use app::{App, Auth, Caller, Code, Detail, Endpoint, Error, Grant, Method, Nothing, Operation, Route};
use domain::user::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{
    Table,
    identity::{PasswordHash, Saved, User},
};

use crate::{
    account::wrong,
    password::{self, Password},
    sign_in::{self, prove},
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ChangePassword>();

/// The password as it is and as it shall be.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ChangePassword {
    #[schemars(length(min = 1, max = 128))]
    old_password: String,
    #[schemars(length(min = 10, max = 128))]
    new_password: String,
}

impl Endpoint for ChangePassword {
    const ROUTE: Route = Route {
        name: "change-password",
        method: Method::Post,
        path: "/api/auth/password",
        auth: Auth::Customer,
        grants: &[Grant::read(Table::Identity), Grant::write(Table::Identity), Grant::open_keys()],
        summary: "Change one's password and end all other sessions",
        errors: &[Code::BadCredentials, Code::RateLimited, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = ();

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<(), Error> {
        let caller_identity = caller.identity()?;
        let tenant = app.store.tenant(caller.tenant()?);
        let identity = tenant.identity();
        let user = identity.user(caller_identity.user).await?.ok_or(Code::NotFound)?;
        let new = self.parse(&user).map_err(|detail| Error::fields(vec![detail]))?;

        // Guesses are limited as they are at login, but apart: a stranger's failures must not keep the owner from this.
        let name = user.id.to_string();
        let user = prove(identity, &name, Some(user), self.old_password, Role::Customer, app).await?;
        let changed = with_password(user.map_err(sign_in::explain)?, password::hash(new, app).await?);

        let saved = identity.save(&changed, app.now()).await?;
        explain(saved)?;
        // The epoch that was just stored holds even if this is never reached.
        identity.end_other_logins(&changed, caller_identity.login, app.now()).await?;
        app.sessions.forget(caller.tenant()?, changed.id, caller_identity.login).await;
        Ok(())
    }
}

fn explain(saved: Saved) -> Result<(), Error> {
    match saved {
        Saved::Yes => Ok(()),
        Saved::Outdated => Err(Code::Busy.into()),
    }
}

/// The user with another password: logins of the epoch before are over.
pub(crate) fn with_password(user: User, hash: PasswordHash) -> User {
    User { password: Some(hash), epoch: user.epoch + 1, ..user }
}

impl ChangePassword {
    fn parse(&self, user: &User) -> Result<Password, Detail> {
        if self.new_password == self.old_password {
            return Err(wrong("newPassword", "must differ from the old one"));
        }
        Password::parse(&self.new_password, user.names()).map_err(|error| wrong("newPassword", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::user;

    fn check(old: &str, new: &str, reason: Option<&str>) {
        let request = ChangePassword { old_password: old.into(), new_password: new.into() };
        assert_eq!(request.parse(&user()).err().map(|detail| detail.reason).as_deref(), reason, "{new}");
    }

    #[test]
    fn the_new_password_is_another_and_a_good_one() {
        check("demo-password-1", "demo-password-2", None);
        check("demo-password-1", "demo-password-1", Some("must differ from the old one"));
        check("demo-password-1", "password123", Some("is one of the most common passwords"));
        check("demo-password-1", "buyer@demo.test", Some("must not be the login"));
    }

    #[test]
    fn a_new_password_begins_a_new_epoch() {
        let changed = with_password(user(), PasswordHash::new("new".into()));
        assert_eq!((changed.epoch, changed.version), (user().epoch + 1, user().version));
    }

    #[test]
    fn a_change_in_between_is_explained() {
        assert!(explain(Saved::Yes).is_ok());
        assert_eq!(explain(Saved::Outdated).unwrap_err().code, Code::Busy);
    }
}
