//! `PUT /api/users/profile`: changes what users say of themselves.
//!
//! Clients send back what they read, changed or not. So a field that is left out or `null` stays, an empty one is
//! cleared, and the login names may be there as they are: they change only where their owner can be asked.

use app::{App, Auth, Caller, Code, Detail, Endpoint, Error, Grant, Method, Nothing, Operation, Route};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{
    Table,
    identity::{Profile, Saved, User},
};

use crate::{
    account::wrong,
    login_name,
    profile::{NICKNAME_MAX, REAL_NAME_MAX, UserView, avatar, line},
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<PutProfile>();

/// What is to change. A field that is left out or null stays; an empty one is cleared.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PutProfile {
    #[schemars(length(max = 32))]
    nickname: Option<String>,
    /// Address of a picture.
    #[schemars(length(max = 512))]
    avatar: Option<String>,
    #[schemars(length(max = 64))]
    real_name: Option<String>,
    /// May be sent as it is; changes where a new one is verified.
    #[schemars(length(max = 254))]
    email: Option<String>,
    /// May be sent as it is; changes where a new one is verified.
    #[schemars(length(max = 32))]
    phone: Option<String>,
}

impl Endpoint for PutProfile {
    const ROUTE: Route = Route {
        name: "put-profile",
        method: Method::Put,
        path: "/api/users/profile",
        auth: Auth::Customer,
        grants: &[Grant::read(Table::Identity), Grant::write(Table::Identity), Grant::open_keys()],
        summary: "Change one's own profile",
        errors: &[Code::Busy],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = UserView;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<UserView, Error> {
        let tenant = caller.tenant()?;
        let handle = app.store.tenant(tenant);
        let user = handle.identity().user(caller.user()?).await?.ok_or(Code::NotFound)?;

        let changed = self.change(user).map_err(Error::fields)?;

        let now = app.now();
        let saved = handle.identity().save(&changed, now).await?;
        explain(saved)?;
        Ok(UserView::of(User { updated: now, ..changed }, tenant))
    }
}

fn explain(saved: Saved) -> Result<(), Error> {
    match saved {
        Saved::Yes => Ok(()),
        Saved::Outdated => Err(Code::Busy.into()),
    }
}

impl PutProfile {
    /// The user as they want to be.
    fn change(self, user: User) -> Result<User, Vec<Detail>> {
        let nickname = self.nickname.map(|text| line("nickname", &text, NICKNAME_MAX)).transpose();
        let avatar = self.avatar.map(|text| avatar(&text)).transpose();
        let real_name = self.real_name.map(|text| line("realName", &text, REAL_NAME_MAX)).transpose();
        let email = unchanged("email", self.email.as_deref(), user.email.as_deref());
        let phone = unchanged("phone", self.phone.as_deref(), user.phone.as_deref());
        match (nickname, avatar, real_name, email, phone) {
            (Ok(nickname), Ok(avatar), Ok(real_name), Ok(()), Ok(())) => {
                let profile = Profile {
                    nickname: nickname.unwrap_or(user.profile.nickname),
                    avatar: avatar.unwrap_or(user.profile.avatar),
                    real_name: real_name.unwrap_or(user.profile.real_name),
                };
                Ok(User { profile, ..user })
            }
            (nickname, avatar, real_name, email, phone) => {
                let wrongs = [nickname.err(), avatar.err(), real_name.err(), email.err(), phone.err()];
                Err(wrongs.into_iter().flatten().collect())
            }
        }
    }
}

fn unchanged(field: &str, sent: Option<&str>, stored: Option<&str>) -> Result<(), Detail> {
    let same = sent.is_none_or(|sent| login_name::normal(sent) == stored.unwrap_or_default());
    if same { Ok(()) } else { Err(wrong(field, "changes by POST /api/auth/verify/send with the new one")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{body, user};

    fn change(json: &str) -> Result<Profile, Vec<String>> {
        let changed = body::<PutProfile>(json).change(user());
        changed.map(|user| user.profile).map_err(|wrong| wrong.into_iter().map(|detail| detail.field).collect())
    }

    #[test]
    fn what_is_left_out_stays_and_what_is_empty_goes() {
        let before = user().profile;
        assert_eq!(change("{}"), Ok(before.clone()));
        assert_eq!(change(r#"{"nickname":null}"#), Ok(before.clone()));
        assert_eq!(change(r#"{"nickname":" "}"#), Ok(Profile { nickname: None, ..before.clone() }));
        let named = Profile { real_name: Some("王小明".into()), ..before };
        assert_eq!(change(r#"{"realName":"王小明"}"#), Ok(named));
    }

    #[test]
    fn login_names_may_be_sent_back_but_not_changed() {
        assert!(change(r#"{"email":"Buyer@demo.test","phone":""}"#).is_ok());
        assert_eq!(change(r#"{"email":"other@demo.test","phone":"13800138000"}"#).unwrap_err(), ["email", "phone"]);
    }

    #[test]
    fn nobody_promotes_themselves() {
        let json = r#"{"role":"admin","status":"active","id":"usr_1"}"#;
        assert_eq!(body::<PutProfile>(json).change(user()).unwrap(), user());
    }

    #[test]
    fn a_change_in_between_is_explained() {
        assert!(explain(Saved::Yes).is_ok());
        assert_eq!(explain(Saved::Outdated).unwrap_err().code, Code::Busy);
    }
}
