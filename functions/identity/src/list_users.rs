//! `GET /api/admin/users`: the tenant's users, newest first.

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    wire::{Listed, PageQuery, Text},
};
use domain::{tenant::TenantId, user::Role};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{
    Table, Tenant,
    identity::{Standing, User, Users},
};

use crate::{
    login_name::{Email, Phone},
    profile::UserView,
    standing_word::StandingWord,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ListUsers>();

/// Every role, and every standing.
const ROLES: [Role; 5] = [Role::Customer, Role::Staff, Role::Publisher, Role::Admin, Role::Platform];
const STANDINGS: [Standing; 2] = [Standing::Active, Standing::Disabled];

/// Which users.
#[derive(Deserialize, JsonSchema)]
struct ListUsers {
    /// Only users of this role.
    role: Option<Text<Role>>,
    /// Only users of this status.
    status: Option<StandingWord>,
    /// A whole e-mail address or telephone number, or how a nickname begins.
    #[schemars(length(min = 2, max = 254))]
    q: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

impl Endpoint for ListUsers {
    const ROUTE: Route = Route {
        name: "list-users",
        method: Method::Get,
        path: "/api/admin/users",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Identity), Grant::open_keys()],
        summary: "List the tenant's users",
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Listed<UserView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Listed<UserView>, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        self.find(&tenant).await.map(|listed| listed.map(|user| view(user, tenant.id())))
    }
}

fn view(user: User, tenant: &TenantId) -> UserView {
    UserView::of(user, tenant)
}

impl ListUsers {
    async fn find(&self, tenant: &Tenant) -> Result<Listed<User>, Error> {
        let role = self.role.as_ref().map(|role| role.0);
        let standing = self.status.map(StandingWord::standing);
        let keep = |user: &User| {
            role.is_none_or(|role| user.role == role) && standing.is_none_or(|standing| user.standing == standing)
        };
        let identity = tenant.identity();
        match self.q.as_deref().map(Sought::of) {
            Some(Sought::Name(name)) => {
                let found = identity.named(&name).await?.filter(keep);
                Ok(Listed::cut(found.into_iter().collect(), &self.page))
            }
            Some(Sought::Nickname(begins)) => {
                let Users { users, total_is_minimum, .. } = identity.nicknamed(&begins, keep).await?;
                Ok(counted(Listed::cut(users, &self.page), total_is_minimum))
            }
            None => {
                let roles = role.map_or_else(|| ROLES.to_vec(), |role| vec![role]);
                let standings = standing.map_or_else(|| STANDINGS.to_vec(), |standing| vec![standing]);
                let found = identity.ranked(&roles, &standings, self.page.skip(), self.page.size()).await?;
                Ok(counted(Listed::of(found.users, found.total, &self.page), found.total_is_minimum))
            }
        }
    }
}

fn counted<T>(listed: Listed<T>, is_minimum: bool) -> Listed<T> {
    if is_minimum { listed.at_least() } else { listed }
}

/// What somebody looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sought {
    /// Whoever logs in with this.
    Name(String),
    /// Whoever's nickname begins so.
    Nickname(String),
}

impl Sought {
    fn of(text: &str) -> Self {
        let name = Email::parse(text).map(Email::into_string);
        let name = name.or_else(|_| Phone::parse(text).map(Phone::into_string));
        name.map_or_else(|_| Self::Nickname(text.trim().to_owned()), Self::Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_told_from_a_nickname() {
        assert_eq!(Sought::of("Ana@demo.test"), Sought::Name("ana@demo.test".into()));
        assert_eq!(Sought::of("138 0013 8000"), Sought::Name("+8613800138000".into()));
        assert_eq!(Sought::of(" 小明 "), Sought::Nickname("小明".into()));
        assert_eq!(Sought::of("ana@"), Sought::Nickname("ana@".into()));
    }
}
