//! `PUT /api/admin/users/{user}`: gives a user another role, or disables them. Their sessions end: the next one they open
//! is what they are now.

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Identity, Method, Operation, Route,
    wire::{IdText, Text},
};
use domain::{id::UserId, user::Role};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{
    Table,
    identity::{Saved, Standing, User},
};

use crate::{profile::UserView, standing_word::StandingWord};

/// The operation.
pub static OPERATION: Operation = Operation::of::<PutUser>();

/// What is to change; what is left out stays.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
struct PutUser {
    role: Option<Text<Role>>,
    status: Option<StandingWord>,
}

/// Who.
#[derive(Deserialize, JsonSchema)]
struct UserPath {
    user: IdText<UserId>,
}

impl Endpoint for PutUser {
    const ROUTE: Route = Route {
        name: "put-user",
        method: Method::Put,
        path: "/api/admin/users/{user}",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Identity), Grant::write(Table::Identity), Grant::open_keys()],
        summary: "Give a user another role, or disable them; their sessions end",
        errors: &[Code::NotFound, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = UserPath;
    type Output = UserView;

    async fn handle(self, path: UserPath, caller: Caller, app: &'static App) -> Result<UserView, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let (identity, now) = (tenant.identity(), app.now());
        let user = identity.user(path.user.0).await?.ok_or(Code::NotFound)?;

        let changed = self.decide(user.clone(), caller.identity()?).map_err(explain)?;
        if changed == user {
            return Ok(UserView::of(user, tenant.id()));
        }
        let saved = identity.save(&changed, now).await?;
        if saved == Saved::Outdated {
            return Err(Code::Busy.into());
        }
        // The epoch that was just stored ends them all, here or not; so they are out of the list at once.
        identity.end_logins(changed.id, now).await?;
        Ok(UserView::of(User { updated: now, ..changed }, tenant.id()))
    }
}

/// Why a user is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// Nobody changes themselves: the last administrator would lock everybody out.
    Self_,
    /// They are as high as whoever asks, or higher.
    NotBelow,
    /// Nobody makes anybody more than they are themselves.
    AboveOneself,
}

fn explain(refused: Refused) -> Error {
    match refused {
        Refused::Self_ | Refused::NotBelow | Refused::AboveOneself => Code::Forbidden.into(),
    }
}

impl PutUser {
    /// The user as they shall be, under a new epoch where they are anything else than before.
    fn decide(self, user: User, actor: Identity) -> Result<User, Refused> {
        let role = self.role.map_or(user.role, |role| role.0);
        let standing = self.status.map_or(user.standing, StandingWord::standing);
        if user.id == actor.user {
            return Err(Refused::Self_);
        }
        if user.role >= actor.role {
            return Err(Refused::NotBelow);
        }
        if role > actor.role {
            return Err(Refused::AboveOneself);
        }
        let ends = role != user.role || (standing != user.standing && standing == Standing::Disabled);
        Ok(User { role, standing, epoch: user.epoch + u32::from(ends), ..user })
    }
}

#[cfg(test)]
mod tests {
    use domain::id::{Id as _, LoginId};

    use super::*;
    use crate::testing::user;

    const ALL: [Role; 5] = [Role::Customer, Role::Staff, Role::Publisher, Role::Admin, Role::Platform];

    fn actor(role: Role) -> Identity {
        Identity { user: UserId::from_bytes([9; 16]), role, login: LoginId::from_bytes([1; 16]) }
    }

    #[test]
    fn nobody_makes_anybody_more_than_themselves_or_touches_their_like() {
        for actor_role in [Role::Admin, Role::Platform] {
            for from in ALL {
                for to in ALL {
                    let wanted = PutUser { role: Some(Text(to)), status: None };
                    let decided = wanted.decide(User { role: from, ..user() }, actor(actor_role));
                    let may = from < actor_role && to <= actor_role;
                    assert_eq!(decided.is_ok(), may, "{actor_role}: {from} to {to}");
                }
            }
        }
    }

    #[test]
    fn nobody_changes_themselves() {
        let oneself = Identity { user: user().id, ..actor(Role::Platform) };
        let wanted = PutUser { role: Some(Text(Role::Customer)), status: None };
        assert_eq!(wanted.decide(user(), oneself), Err(Refused::Self_));
    }

    #[test]
    fn whatever_is_taken_away_begins_a_new_epoch() {
        let disable = PutUser { role: None, status: Some(StandingWord::Disabled) };
        let disabled = disable.decide(user(), actor(Role::Admin)).unwrap();
        assert_eq!((disabled.standing, disabled.epoch), (Standing::Disabled, user().epoch + 1));
        let again = disable.decide(disabled.clone(), actor(Role::Admin)).unwrap();
        assert_eq!(again, disabled, "nothing changes");
        let enable = PutUser { role: None, status: Some(StandingWord::Active) };
        assert_eq!(enable.decide(disabled, actor(Role::Admin)).unwrap().epoch, user().epoch + 1);
        assert_eq!(PutUser::default().decide(user(), actor(Role::Admin)), Ok(user()));
    }
}
