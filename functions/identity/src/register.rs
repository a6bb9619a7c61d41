//! `POST /api/auth/register`: makes a customer's account and logs them in.

use app::{
    App, Auth, Caller, Code, Detail, Endpoint, Error, Grant, Language, Method, Nothing, Operation, Route, wire::Text,
};
use domain::{tenant::TenantId, user::Role};
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{
    Table,
    identity::{Registration, User},
};

use crate::{
    account::{Names, new_user, wrong},
    letter::{self, Wish},
    limits,
    login_name::{Email, Phone},
    password::{self, Password},
    profile::{NICKNAME_MAX, line},
    session::{self, SignedIn},
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<Register>();

/// An account to be made. Of e-mail address and telephone number at least one is needed; one logs in with either.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Register {
    tenant_id: Text<TenantId>,
    #[schemars(length(max = 254))]
    email: Option<String>,
    /// E.164, or a mobile number of mainland China.
    #[schemars(length(max = 32))]
    phone: Option<String>,
    #[schemars(length(min = 10, max = 128))]
    password: String,
    #[schemars(length(max = 32))]
    nickname: Option<String>,
}

impl Endpoint for Register {
    const ROUTE: Route = Route {
        name: "register",
        method: Method::Post,
        path: "/api/auth/register",
        auth: Auth::Proof,
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::open_keys(),
            Grant::send(Queue::Notify),
        ],
        summary: "Make an account and log in",
        success: 201,
        errors: &[Code::NotFound, Code::AlreadyRegistered, Code::RateLimited, Code::TenantDisabled],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = SignedIn;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<SignedIn, Error> {
        let wanted = self.parse().map_err(Error::fields)?;
        let tenant = app.store.tenant(&wanted.tenant);
        let settings = tenant.catalogue().settings().await?.ok_or(Code::NotFound)?;
        app.may_enter(&settings, Role::Customer)?;
        // Kept taken: an account made is no guess, but a thousand of them are a nuisance.
        let _taken = limits::from_address(tenant.identity(), &caller.request, app).await?;

        let hash = password::hash(wanted.password, app).await?;
        let user = new_user(wanted.names, wanted.nickname, Role::Customer, hash, app.now(), app.random()?);

        let made = tenant.identity().register(&user, app.now()).await?;
        explain(made)?;
        send_codes(&user, &wanted.tenant, caller.request.language, app).await;
        let signed_in = session::open(user, &wanted.tenant, &caller.request, app).await?;
        signed_in.ok_or_else(|| Code::Unavailable.into())
    }
}

/// Has a code sent to each name. Whoever gets none asks for another; the account is there in any case.
async fn send_codes(user: &User, tenant: &TenantId, language: Language, app: &App) {
    for name in user.names() {
        let wish = Wish::Verify { user: user.id.into(), name: name.to_owned() };
        if let Err(error) = letter::post(app, tenant, wish, language).await {
            tracing::warn!(%error, "no code is sent to a new account");
        }
    }
}

fn explain(registration: Registration) -> Result<(), Error> {
    match registration {
        Registration::Made => Ok(()),
        Registration::Taken => Err(Code::AlreadyRegistered.into()),
    }
}

/// The request, understood.
struct Wanted {
    tenant: TenantId,
    names: Names,
    nickname: Option<String>,
    password: Password,
}

impl Register {
    /// Reads all fields and complains about all of them at once.
    fn parse(self) -> Result<Wanted, Vec<Detail>> {
        let email = given(self.email.as_deref()).map(Email::parse).transpose().map_err(|error| wrong("email", error));
        let phone = given(self.phone.as_deref()).map(Phone::parse).transpose().map_err(|error| wrong("phone", error));
        let nickname = self.nickname.map_or(Ok(None), |text| line("nickname", &text, NICKNAME_MAX));
        let named = match (&email, &phone) {
            (Ok(None), Ok(None)) => Err(wrong("email", "is needed, or else phone")),
            _ => Ok(()),
        };
        let logins = [self.email.as_deref(), self.phone.as_deref()];
        let logins = logins.into_iter().flatten().map(str::to_lowercase).collect::<Vec<_>>();
        let password = Password::parse(&self.password, logins.iter().map(String::as_str))
            .map_err(|error| wrong("password", error));
        match (named, email, phone, nickname, password) {
            (Ok(()), Ok(email), Ok(phone), Ok(nickname), Ok(password)) => {
                let names = Names { email: email.map(Email::into_string), phone: phone.map(Phone::into_string) };
                Ok(Wanted { tenant: self.tenant_id.0, names, nickname, password })
            }
            (named, email, phone, nickname, password) => {
                let wrongs = [named.err(), email.err(), phone.err(), nickname.err(), password.err()];
                Err(wrongs.into_iter().flatten().collect())
            }
        }
    }
}

/// Forms send what was left out as an empty text.
fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::body;

    fn register(json: &str) -> Result<Names, Vec<String>> {
        let parsed = body::<Register>(json).parse();
        parsed.map(|wanted| wanted.names).map_err(|wrong| wrong.into_iter().map(|detail| detail.field).collect())
    }

    #[test]
    fn names_are_kept_in_their_normal_form() {
        let names = register(r#"{"tenantId":"demo","email":" A@B.Test","phone":"","password":"demo-password-1"}"#);
        assert_eq!(names, Ok(Names { email: Some("a@b.test".into()), phone: None }));
        let names = register(r#"{"tenantId":"demo","phone":"138 0013 8000","password":"demo-password-1"}"#);
        assert_eq!(names, Ok(Names { email: None, phone: Some("+8613800138000".into()) }));
    }

    #[test]
    fn all_wrong_fields_are_named_at_once() {
        let wrong = register(r#"{"tenantId":"demo","email":"a","phone":"1","password":"short","nickname":"a\nb"}"#);
        assert_eq!(wrong.unwrap_err(), ["email", "phone", "nickname", "password"]);
        let wrong = register(r#"{"tenantId":"demo","password":"demo-password-1"}"#);
        assert_eq!(wrong.unwrap_err(), ["email"]);
    }

    #[test]
    fn the_password_is_not_the_login() {
        let wrong = register(r#"{"tenantId":"demo","email":"longish@b.test","password":"Longish@b.test"}"#);
        assert_eq!(wrong.unwrap_err(), ["password"]);
    }

    #[test]
    fn nobody_registers_with_a_role() {
        let json = r#"{"tenantId":"demo","email":"a@b.test","password":"demo-password-1","role":"admin"}"#;
        assert!(register(json).is_ok(), "an unknown field is ignored, and the role is always customer");
    }

    #[test]
    fn a_taken_name_is_explained() {
        assert!(explain(Registration::Made).is_ok());
        assert_eq!(explain(Registration::Taken).unwrap_err().code, Code::AlreadyRegistered);
    }
}
