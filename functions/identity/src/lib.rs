//! Who people are: accounts, logins, profiles.

pub mod accept_invitation;
mod account;
pub mod admin_login;
pub mod begin_two_factor;
pub mod change_password;
pub mod confirm_two_factor;
mod device;
pub mod end_session;
pub mod end_two_factor;
mod erase;
pub mod erase_account;
pub mod erase_me;
pub mod erase_user;
pub mod export_user;
mod federation;
pub mod finish_oidc;
pub mod forgot_password;
pub mod get_profile;
mod letter;
mod limits;
pub mod link_identity;
pub mod list_sessions;
pub mod list_users;
pub mod login;
mod login_name;
pub mod logout;
pub mod notify;
mod password;
mod profile;
pub mod put_login_provider;
pub mod put_profile;
pub mod put_user;
pub mod refresh;
pub mod register;
pub mod reset_password;
mod reset_token;
mod second_factor;
pub mod send_verification;
mod session;
mod sign_in;
mod standing_word;
pub mod start_oidc;
#[cfg(test)]
mod testing;
pub mod token_keys;
mod totp;
pub mod unlink_identity;
pub mod verify;
pub mod wechat_login;
mod wording;

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
    &list_sessions::OPERATION,
    &end_session::OPERATION,
    &token_keys::OPERATION,
    &verify::OPERATION,
    &send_verification::OPERATION,
    &forgot_password::OPERATION,
    &reset_password::OPERATION,
    &begin_two_factor::OPERATION,
    &confirm_two_factor::OPERATION,
    &end_two_factor::OPERATION,
    &list_users::OPERATION,
    &put_user::OPERATION,
    &accept_invitation::OPERATION,
    &export_user::OPERATION,
    &erase_me::OPERATION,
    &erase_account::OPERATION,
    &start_oidc::OPERATION,
    &finish_oidc::OPERATION,
    &wechat_login::OPERATION,
    &link_identity::OPERATION,
    &unlink_identity::OPERATION,
    &put_login_provider::OPERATION,
];
/// Every worker of this area.
pub static WORKERS: &[&app::Worker] = &[&notify::WORKER, &erase_user::WORKER];
