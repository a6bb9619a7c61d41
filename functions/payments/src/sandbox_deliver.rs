//! Sends the sandbox's webhooks over real HTTP. Local and test stages only.

use std::time::Duration;

use app::{App, Duty, Failure, Grant, Job, Source, Worker, wire::IdText, wire::Text};
use domain::{id::PaymentId, tenant::TenantId};
use providers::{
    payment::sandbox::{HEADER, Wanted},
    queue::Queue,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::provider;

/// The worker.
pub static WORKER: Worker = Worker::of::<Delivery>();

/// How long a webhook may take: providers expect an answer within a few seconds.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What a webhook has to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Whose.
    pub(crate) tenant: Text<TenantId>,
    /// Of which payment.
    pub(crate) payment: IdText<PaymentId>,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// How often each event is sent.
    pub(crate) times: u8,
    /// How often the money is taken.
    pub(crate) captures: u8,
    /// How much is taken, where it is not what was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<u64>,
}

/// How a simulated payment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The buyer pays.
    Paid,
    /// The buyer cannot pay.
    Failed,
}

impl Delivery {
    pub(crate) const fn wanted(&self) -> Wanted {
        match self.outcome {
            Outcome::Paid => Wanted::Paid { captures: self.captures, amount: self.amount },
            Outcome::Failed => Wanted::Failed,
        }
    }
}

impl Job for Delivery {
    const DUTY: Duty = Duty {
        name: "sandbox-deliver",
        source: Source::Queue(Queue::SandboxDeliver),
        grants: &[Grant::read(Table::Activity), Grant::write(Table::Activity)],
        summary: "Send the signed webhooks of the simulated payment provider; local and test stages only",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        if !app.settings.stage.has_sandbox() {
            return Err(Failure::poison("this stage has no sandbox"));
        }
        let tenant = app.store.tenant(&self.tenant.0);
        let sandbox = provider::sandbox(app, &tenant);
        let url = [&app.settings.public_url, "/api/payments/sandbox/notify/", tenant.id().as_str()].concat();
        for event in sandbox.complete(self.payment.0, self.wanted(), app.now()).await? {
            for _ in 0..self.times {
                let webhook = sandbox.sign(event.clone(), app.now());
                let headers = [("content-type", "application/json"), (HEADER, webhook.signature.as_str())];
                let answer = app.web.post(&url, &headers, webhook.body, TIMEOUT).await?;
                if !(200..300).contains(&answer.status) {
                    return Err(Failure::retry(format!("the webhook was answered with {}", answer.status)));
                }
            }
        }
        Ok(())
    }
}
