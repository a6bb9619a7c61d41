//! `cargo xtask audit`: the store's auditor, from the first part to the last, against Amazon's tables or whatever speaks as
//! they do.
//!
//! Where and with which right is what the environment says, as for any tool of AWS: `AWS_REGION`, `AWS_ACCESS_KEY_ID`,
//! `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_ENDPOINT_URL_DYNAMODB`. Profiles are not read; `aws configure
//! export-credentials --format env` writes them as variables.

use app::{App, clock::Clock, config::Settings};
use domain::tenant::TenantId;
use store::{
    Tenant,
    audit::{Counted, Place},
};

use crate::Outcome;

/// What to audit.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Whose state.
    #[arg(long)]
    tenant: TenantId,
    /// What the names of the tables begin with; of a deployed stack its name and a hyphen.
    #[arg(long, default_value = "onsale-")]
    table_prefix: String,
    /// How many items are looked at before the next line is printed.
    #[arg(long, default_value_t = 1_000)]
    page: u16,
}

/// Audits one tenant and prints what is wrong.
///
/// # Errors
/// When anything is wrong, or the tables cannot be read.
pub(crate) fn run(arguments: &Arguments) -> Outcome<()> {
    let settings = Settings::read(&|name| setting(name, &arguments.table_prefix))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let app = App::connect(settings, Clock::System, None, false);
        audit(&app.store.tenant(&arguments.tenant), &app.clock, arguments.page).await
    })
}

async fn audit(tenant: &Tenant, clock: &Clock, limit: u16) -> Outcome<()> {
    let (mut counted, mut wrong, mut unfinished) = (Counted::default(), 0, 0);
    let mut place: Option<Place> = None;
    loop {
        let page = tenant.audit(clock.now()).page(place, limit).await?;
        counted += page.counted;
        wrong += page.violations.len();
        unfinished += page.unfinished.len();
        for violation in &page.violations {
            print(&format!("violation {}: {violation}", violation.kind()));
        }
        for open in &page.unfinished {
            print(&format!("unfinished {}: {open}", open.kind()));
        }
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    let Counted { pools, blocks, free, sold, held, orders, refunds, tickets, admissions, records } = counted;
    print(&format!(
        "{pools} pools of {blocks} blocks: {free} tickets free, {sold} sold, {held} held; {orders} orders, {refunds} refunds, \
         {tickets} tickets, {admissions} admissions, {records} idempotency records"
    ));
    print(&format!("{wrong} violations, {unfinished} unfinished"));
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} violations in the state of {}", tenant.id()).into()) }
}

/// The variables of the environment; what an audit has no use for is filled in.
#[expect(clippy::disallowed_methods, reason = "a tool takes its credentials from the environment, as those of AWS do")]
fn setting(name: &str, table_prefix: &str) -> Option<String> {
    match name {
        "ONSALE_TABLE_PREFIX" => Some(table_prefix.to_owned()),
        "ONSALE_MASTER_KEY" => None,
        "ONSALE_SECRET" => Some(["A".repeat(43).as_str(), "="].concat()),
        "ONSALE_STAGE" | "ONSALE_QUEUE_PREFIX" | "ONSALE_BUCKET" | "ONSALE_PUBLIC_URL" | "ONSALE_KMS_KEY" => {
            Some("unused".to_owned())
        }
        _ => std::env::var(name).ok(),
    }
}

/// Writes a line of the result, where it can be sent on.
#[expect(clippy::print_stdout, reason = "a tool's result")]
fn print(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_aws_needs_is_asked_of_the_environment() {
        let given = |name: &str| if name.starts_with("AWS_") { Some("x".to_owned()) } else { setting(name, "p-") };
        let settings = Settings::read(&|name| if name.contains("ENDPOINT") { None } else { given(name) }).unwrap();
        assert_eq!(settings.table_prefix, "p-");
    }
}
