//! `POST /api/payments/sandbox/{payment}/complete`: makes the simulated buyer pay, or fail to. Local and test stages only.
//!
//! Out of order is had by delays: `failed` with a delay, then `paid` without.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::IdText};
use domain::id::PaymentId;
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::{
    provider, reach,
    sandbox_deliver::{Delivery, Outcome},
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<CompleteSandbox>();

/// What the simulated buyer does, and how the sandbox tells of it.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompleteSandbox {
    outcome: Outcome,
    /// After how many milliseconds the webhook is sent, rounded up to whole seconds.
    #[serde(default)]
    #[schemars(range(max = 604_800_000))]
    delay_ms: u32,
    /// How often the same event is sent.
    #[serde(default = "once")]
    #[schemars(range(min = 1, max = 5))]
    times: u8,
    /// How often the money is taken.
    #[serde(default = "once")]
    #[schemars(range(min = 1, max = 2))]
    captures: u8,
    /// How much is taken, in minor units, where it is not what was asked.
    amount: Option<u64>,
}

const fn once() -> u8 {
    1
}

/// Which payment.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct PaymentPath {
    payment: IdText<PaymentId>,
}

/// What the sandbox was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Completed {
    payment_id: IdText<PaymentId>,
    status: Outcome,
}

impl Endpoint for CompleteSandbox {
    const ROUTE: Route = Route {
        name: "complete-sandbox",
        method: Method::Post,
        path: "/api/payments/sandbox/{payment}/complete",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Orders),
            Grant::read(Table::Activity),
            Grant::write(Table::Activity),
            Grant::send(Queue::SandboxDeliver),
        ],
        summary: "Pay, or fail to pay, at the simulated provider; local and test stages only",
        errors: &[Code::NotFound, Code::OrderOver],
        ..Route::DEFAULT
    };
    type Path = PaymentPath;
    type Output = Completed;

    async fn handle(self, path: PaymentPath, caller: Caller, app: &'static App) -> Result<Completed, Error> {
        if !app.settings.stage.has_sandbox() {
            return Err(Code::NotFound.into());
        }
        let (tenant, now, payment) = (app.store.tenant(caller.tenant()?), app.now(), path.payment.0);
        let sandbox = provider::sandbox(app, &tenant);
        let order = sandbox.order_of(payment).await?.ok_or(Code::NotFound)?;
        reach::own(&tenant, &caller, order).await?;

        // The message first: money that is taken is always told of, and telling takes it where this call has not.
        let delivery = self.delivery(tenant.id().clone(), payment);
        app.queues.send(Queue::SandboxDeliver, &delivery, self.delay_ms.div_ceil(1_000), now).await?;
        if sandbox.complete(payment, delivery.wanted(), now).await?.is_empty() {
            return Err(Code::OrderOver.into());
        }
        Ok(Completed { payment_id: payment.into(), status: self.outcome })
    }
}

impl CompleteSandbox {
    fn delivery(&self, tenant: domain::tenant::TenantId, payment: PaymentId) -> Delivery {
        Delivery {
            tenant: tenant.into(),
            payment: payment.into(),
            outcome: self.outcome,
            times: self.times,
            captures: self.captures,
            amount: self.amount,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_outcome_alone_is_told_once_at_once() {
        let request: CompleteSandbox = serde_json::from_value(json!({"outcome": "paid"})).unwrap();
        assert_eq!((request.delay_ms, request.times, request.captures, request.amount), (0, 1, 1, None));
        assert!(serde_json::from_value::<CompleteSandbox>(json!({"outcome": "lost"})).is_err());
    }
}
