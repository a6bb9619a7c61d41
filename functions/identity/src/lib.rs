//! Who people are: accounts, logins, profiles.

mod account;
pub mod admin_login;
pub mod change_password;
mod federation;
pub mod finish_oidc;
pub mod get_profile;
pub mod link_identity;
pub mod login;
mod login_name;
pub mod logout;
mod password;
mod profile;
pub mod put_login_provider;
pub mod put_profile;
pub mod refresh;
pub mod register;
mod session;
mod sign_in;
pub mod start_oidc;
#[cfg(test)]
mod testing;
pub mod unlink_identity;
pub mod wechat_login;

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
    &start_oidc::OPERATION,
    &finish_oidc::OPERATION,
    &wechat_login::OPERATION,
    &link_identity::OPERATION,
    &unlink_identity::OPERATION,
    &put_login_provider::OPERATION,
];
/// Every worker of this area.
pub static WORKERS: &[&app::Worker] = &[];
