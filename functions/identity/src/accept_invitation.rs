//! `POST /api/auth/invitations/accept`: makes the account of a tenant's first administrator, once.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route, wire::Text};
use domain::{
    tenant::{Tenant, TenantId},
    user::Role,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{
    Table,
    identity::{Registration, User},
};

use crate::{
    account::{Names, new_user, wrong},
    login_name::Email,
    password::{self, Password},
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<AcceptInvitation>();

/// The invitation, and with what its holder will log in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AcceptInvitation {
    tenant_id: Text<TenantId>,
    /// The token that was handed over.
    #[schemars(length(min = 1, max = 256))]
    invitation: String,
    #[schemars(length(min = 3, max = 254))]
    email: String,
    #[schemars(length(min = 10, max = 128))]
    password: String,
}

impl Endpoint for AcceptInvitation {
    const ROUTE: Route = Route {
        name: "accept-invitation",
        method: Method::Post,
        path: "/api/auth/invitations/accept",
        auth: Auth::Proof,
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::open_keys(),
        ],
        summary: "Make the account of a tenant's first administrator with an invitation",
        success: 201,
        errors: &[Code::NotFound, Code::AlreadyRegistered, Code::TenantDisabled],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = ();

    async fn handle(self, _: Nothing, _: Caller, app: &'static App) -> Result<(), Error> {
        let (id, now) = (&self.tenant_id.0, app.now());
        // Before anything is looked up or hashed: only who was invited costs anything.
        if !app.keys.is_invitation(id, &self.invitation, now) {
            return Err(Code::NotFound.into());
        }
        let store = app.store.tenant(id);
        let tenant = store.catalogue().settings().await?.filter(|tenant| tenant.awaits_admin).ok_or(Code::NotFound)?;
        app.may_enter(&tenant, Role::Admin)?;
        let admin = app.keys.first_admin(id);
        if store.identity().user(admin).await?.is_some() {
            // The account was made and what follows was not.
            arrived(&store, tenant).await?;
            return Err(Code::NotFound.into());
        }
        let email = Email::parse(&self.email).map_err(|error| wrong("email", error));
        let login = self.email.trim().to_lowercase();
        let password = Password::parse(&self.password, [login.as_str()].into_iter());
        let (email, password) = match (email, password.map_err(|error| wrong("password", error))) {
            (Ok(email), Ok(password)) => (email, password),
            (email, password) => return Err(Error::fields(email.err().into_iter().chain(password.err()).collect())),
        };
        let names = Names { email: Some(email.into_string()), phone: None };
        let user = new_user(names, None, Role::Admin, password::hash(password, app).await?, now, app.random()?);
        let user = User { id: admin, ..user };
        match store.identity().register(&user, now).await? {
            Registration::Made => settle(&store, &user, tenant).await,
            Registration::Taken => Err(Code::AlreadyRegistered.into()),
        }
    }
}

/// Tells whoever made the account that they did. The account's id is the same for all who hold an invitation, so that of
/// several at once one made it, and the write of each of the others looks like one that was repeated: the salt of the
/// password's hash tells whose it is.
async fn settle(store: &store::Tenant, user: &User, tenant: Tenant) -> Result<(), Error> {
    let identity = store.identity();
    let made = identity.user(user.id).await?;
    arrived(store, tenant).await?;
    if made.as_ref().is_some_and(|made| made.password == user.password) {
        return Ok(());
    }
    let is_kept = |name: &str| made.as_ref().is_some_and(|made| made.names().any(|kept| kept == name));
    for name in user.names().filter(|name| !is_kept(name)) {
        identity.release(name, user.id).await?;
    }
    Err(Code::NotFound.into())
}

/// Notes that nobody is awaited any more. That the account is there counts in any case; if somebody changes the settings at
/// this moment, the next invitation that is shown notes it.
async fn arrived(store: &store::Tenant, tenant: Tenant) -> Result<(), Error> {
    let _ = store.catalogue().save_settings(&Tenant { awaits_admin: false, ..tenant }.next()).await?;
    Ok(())
}
