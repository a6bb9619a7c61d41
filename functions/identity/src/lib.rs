//! Who people are: accounts, logins, profiles.

mod account;
pub mod admin_login;
pub mod change_password;
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
];
/// Every worker of this area.
pub static WORKERS: &[&app::Worker] = &[];
