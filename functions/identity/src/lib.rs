//! Who people are: accounts, logins, profiles.

pub mod accept_invitation;
mod account;
pub mod admin_login;
pub mod change_password;
mod erase;
pub mod erase_account;
pub mod erase_me;
pub mod erase_user;
pub mod export_user;
pub mod get_profile;
pub mod login;
mod login_name;
pub mod logout;
mod password;
mod profile;
pub mod put_profile;
pub mod refresh;
pub mod register;
mod session;
mod sign_in;
#[cfg(test)]
mod testing;

pub use account::{NewAccount, create_account};

/// Every HTTP operation of this area.
pub static OPERATIONS: &[&app::Operation] = &[
    &register::OPERATION,
    &login::OPERATION,
    &admin_login::OPERATION,
    &refresh::OPERATION,
    &logout::OPERATION,
    &change_password::OPERATION,
    &get_profile::OPERATION,
    &put_profile::OPERATION,
    &accept_invitation::OPERATION,
    &export_user::OPERATION,
    &erase_me::OPERATION,
    &erase_account::OPERATION,
];
/// Every worker of this area.
pub static WORKERS: &[&app::Worker] = &[&erase_user::WORKER];
