//! `cargo xtask seed`: makes a tenant and the accounts that run it, in a stack that was just deployed.
//!
//! A new stack has nobody who could log in, and no route makes the first one. Whoever may write its tables does, from
//! outside. What is there already stays as it is.

use app::{
    App,
    clock::Clock,
    config::{DataKeys, Secret, Settings, Stage},
};
use clap::Args;
use domain::{
    tenant::{HoldTime, Tenant, TenantId},
    user::Role,
};
use identity::{NewAccount, create_account};

use crate::{Outcome, say};

/// Whom to make. Credentials are those of the environment: `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
/// `AWS_SESSION_TOKEN`, and `AWS_ENDPOINT_URL` where it is not Amazon.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// The stack, whose name its tables begin with.
    #[arg(long)]
    stack: String,
    /// The tenant's id.
    #[arg(long)]
    tenant: TenantId,
    /// What the tenant is called.
    #[arg(long)]
    name: String,
    /// Minutes for which an order is held.
    #[arg(long, default_value_t = 15)]
    hold_minutes: u64,
    /// Somebody who runs it: a role (staff, publisher, admin, platform), a colon, and an e-mail address. The password is
    /// that of the variable `ONSALE_SEED_PASSWORD`.
    #[arg(long = "account", value_parser = account)]
    accounts: Vec<Account>,
}

/// Somebody to be made.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) role: Role,
    pub(crate) email: String,
}

/// A tenant to be made.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    pub(crate) tenant: TenantId,
    pub(crate) name: String,
    pub(crate) hold: HoldTime,
    pub(crate) accounts: Vec<Account>,
    pub(crate) password: String,
}

/// The tables of a stack, and who asks for them.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) stack: String,
    pub(crate) region: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
    pub(crate) endpoint: Option<String>,
}

/// Seeds what the options name.
pub(crate) fn run(options: &Options) -> Outcome<()> {
    let place = Place {
        stack: options.stack.clone(),
        region: needed("AWS_REGION")?,
        access_key_id: needed("AWS_ACCESS_KEY_ID")?,
        secret_access_key: needed("AWS_SECRET_ACCESS_KEY")?,
        session_token: variable("AWS_SESSION_TOKEN"),
        endpoint: variable("AWS_ENDPOINT_URL"),
    };
    let seed = Seed {
        tenant: options.tenant.clone(),
        name: options.name.clone(),
        hold: HoldTime::minutes(options.hold_minutes)?,
        accounts: options.accounts.clone(),
        password: if options.accounts.is_empty() { String::new() } else { needed("ONSALE_SEED_PASSWORD")? },
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(make(&place, &seed))
}

/// Makes whatever is missing.
pub(crate) async fn make(place: &Place, seed: &Seed) -> Outcome<()> {
    let app: &'static App = Box::leak(Box::new(App::connect(settings(place), Clock::System, None, false)));
    let settings = Tenant { hold: seed.hold, ..Tenant::new(seed.tenant.clone(), seed.name.clone()) };
    app.store.tenant(&seed.tenant).make_first_key().await?;
    // A tenant that is there keeps its settings.
    let _settings = app.store.tenant(&seed.tenant).catalogue().create_settings(&settings).await?;
    say(&format!("tenant {}", seed.tenant));
    for Account { role, email } in &seed.accounts {
        let nickname = email.split('@').next().unwrap_or_default().to_owned();
        let account = NewAccount { email: email.clone(), password: seed.password.clone(), role: *role, nickname };
        let made = create_account(app, &seed.tenant, account).await;
        let user = made.map_err(|error| format!("{email}: {error:?}"))?;
        say(&format!("{role:?} {email} {user}"));
    }
    Ok(())
}

/// Only the tables are touched: what else a function is told stays empty.
fn settings(place: &Place) -> Settings {
    let nobody = Settings::embedded(Stage::Deployed("seed".to_owned()), "", "", [0; 32]);
    Settings {
        table_prefix: [&place.stack, "-"].concat(),
        region: place.region.clone(),
        access_key_id: place.access_key_id.clone(),
        secret_access_key: Secret::new(place.secret_access_key.clone()),
        session_token: place.session_token.clone().map(Secret::new),
        dynamodb_url: place.endpoint.clone(),
        kms_url: place.endpoint.clone(),
        data_keys: DataKeys::Kms(["alias/", &place.stack].concat()),
        ..nobody
    }
}

fn account(text: &str) -> Result<Account, String> {
    let (role, email) = text.split_once(':').ok_or("a role, a colon, and an e-mail address")?;
    let role = match role {
        "staff" => Role::Staff,
        "publisher" => Role::Publisher,
        "admin" => Role::Admin,
        "platform" => Role::Platform,
        _ => return Err(format!("there is no role {role:?} for people who run things")),
    };
    Ok(Account { role, email: email.to_owned() })
}

fn needed(name: &str) -> Outcome<String> {
    variable(name).ok_or_else(|| format!("{name} is not set").into())
}

#[expect(clippy::disallowed_methods, reason = "a tool has an environment of its own")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_a_role_that_runs_things() {
        let made = account("admin:ada@demo.test").unwrap();
        assert_eq!((made.role, made.email.as_str()), (Role::Admin, "ada@demo.test"));
        for wrong in ["ada@demo.test", "customer:ada@demo.test", "owner:a@b.c"] {
            assert!(account(wrong).is_err(), "{wrong}");
        }
    }
}
