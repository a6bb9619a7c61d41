//! `DELETE /api/admin/users/{user}`: erases somebody of the tenant, on their request.

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route,
    wire::{IdText, Text},
};
use domain::{id::UserId, user::Role};
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::erase::erase;

/// The operation.
pub static OPERATION: Operation = Operation::of::<EraseAccount>();

/// The user is in the path.
#[derive(Deserialize, JsonSchema)]
struct EraseAccount {}

/// Which user.
#[derive(Deserialize, JsonSchema)]
struct UserPath {
    user: IdText<UserId>,
}

impl Endpoint for EraseAccount {
    const ROUTE: Route = Route {
        name: "erase-account",
        method: Method::Delete,
        path: "/api/admin/users/{user}",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::read(Table::Orders),
            Grant::send(Queue::EraseUser),
            Grant::open_keys(),
        ],
        summary: "Erase an account of the tenant and what is personal about it",
        success: 202,
        errors: &[Code::NotFound, Code::OrdersOpen, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = UserPath;
    type Output = ();

    async fn handle(self, path: UserPath, caller: Caller, app: &'static App) -> Result<(), Error> {
        let (tenant, identity) = (caller.tenant()?, caller.identity()?);
        let Text(id) = path.user;
        let user = app.store.tenant(tenant).identity().user(id).await?.ok_or(Code::NotFound)?;
        if user.id == identity.user || user.role > identity.role {
            return Err(Code::Forbidden.into());
        }
        erase(&user, tenant, app).await
    }
}
