//! `POST /api/payments/{provider}`: begins a payment of an order, which stretches its hold once.

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Idempotency, Method, Operation, Route,
    message::PaymentBegun,
    wire::{IdText, Instant},
};
use domain::{
    Timestamp,
    event::later,
    id::{Id as _, OrderId, PaymentId, UserId},
    order::{Order, PayRefused},
    payment::Payment,
};
use providers::{
    payment::{Begun, ClientNeeds, PaymentProvider as _},
    queue::Queue,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Applied, Stored, Table, Tenant};

use crate::{capture::ROUNDS, poll_payment::FIRST_POLL_SECS, provider, send};

/// The operation.
pub static OPERATION: Operation = Operation::of::<StartPayment>();

/// Seconds for which an order that was accepted may still be unwritten: the longest first hold of a queue that is behind.
const UNWRITTEN_SECS: i64 = 15 * 60;

/// What is paid for.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartPayment {
    order_id: IdText<OrderId>,
}

/// With whom.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ProviderPath {
    provider: String,
}

/// What the client needs to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentStarted {
    payment_id: IdText<PaymentId>,
    /// The provider's page.
    pay_url: String,
    /// Until when the tickets are held.
    expires_at: Instant,
}

impl Endpoint for StartPayment {
    const ROUTE: Route = Route {
        name: "start-payment",
        method: Method::Post,
        path: "/api/payments/{provider}",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::read(Table::Activity),
            Grant::write(Table::Activity),
            Grant::send(Queue::PollPayment),
        ],
        summary: "Begin to pay an order: answers what the provider's client needs and extends the hold once",
        idempotency: Idempotency::Required,
        errors: &[
            Code::NotFound,
            Code::OrderPaid,
            Code::OrderOver,
            Code::LimitExceeded,
            Code::Busy,
            Code::IdempotencyConflict,
        ],
        ..Route::DEFAULT
    };
    type Path = ProviderPath;
    type Output = PaymentStarted;

    async fn handle(self, path: ProviderPath, caller: Caller, app: &'static App) -> Result<PaymentStarted, Error> {
        let (tenant, now, user) = (app.store.tenant(caller.tenant()?), app.now(), caller.user()?);
        let provider = provider::named(app, &path.provider)?;
        let order = load(app, &tenant, user, self.order_id.0, now).await?;
        let fresh = PaymentId::new(now, app.random()?);
        let id = PaymentId::from_bytes(app.once().claim(&caller, fresh.bytes()).await?.id());

        let begun = domain::payment::Begun { id, provider };
        // A repeat is told what the first attempt began, even when that has been paid meanwhile.
        let is_paid_repeat = order.paid().is_some() && order.begun.contains(&begun);
        let order = if is_paid_repeat { order } else { begin(&tenant, begun, order, now).await? };
        let payment = Payment { id, order: order.id, provider, amount: order.purchase.total, created: id.created() };
        let Begun::Open(needs) = provider::of(app, &tenant, provider).start(&payment).await? else {
            return Err(Code::OrderOver.into());
        };
        if order.paid().is_none() {
            let (tenant, order) = (tenant.id().clone().into(), order.id.into());
            let begun = PaymentBegun { tenant, order, payment: id.into(), asked: 0 };
            send::payment_begun(app, &begun, FIRST_POLL_SECS).await?;
        }
        Ok(view(id, needs, &order))
    }
}

/// The caller's order. One that was accepted and is not written yet will be in a moment.
async fn load(app: &App, tenant: &Tenant, user: UserId, id: OrderId, now: Timestamp) -> Result<Order, Error> {
    match tenant.orders().find(id).await? {
        Some(Stored::Order(order)) if order.user == user => Ok(*order),
        Some(Stored::Order(_)) => Err(Code::NotFound.into()),
        _ if !app.keys.is_order_id_of(tenant.id(), user, id) => Err(Code::NotFound.into()),
        None if now < later(id.created(), UNWRITTEN_SECS) => Err(Code::Busy.into()),
        None | Some(Stored::Tombstone) => Err(Code::OrderOver.into()),
    }
}

/// Notes the payment on the order before the provider hears of it: whoever finds the order can ask how it ended.
async fn begin(
    tenant: &Tenant,
    payment: domain::payment::Begun,
    mut order: Order,
    now: Timestamp,
) -> Result<Order, Error> {
    for _ in 0..ROUNDS {
        let started = order.clone().start_payment(payment, now).map_err(explain)?;
        let Some(change) = started.change else { return Ok(order) };
        match tenant.orders().apply(&change).await? {
            Applied::Done => return Ok(change.order),
            Applied::Conflict(Some(Stored::Order(other))) => order = *other,
            Applied::Conflict(_) => return Err(Code::OrderOver.into()),
        }
    }
    Err(Code::Busy.into())
}

fn explain(refused: PayRefused) -> Error {
    match refused {
        PayRefused::Paid => Code::OrderPaid.into(),
        PayRefused::Over => Code::OrderOver.into(),
        PayRefused::TooMany => Code::LimitExceeded.into(),
    }
}

fn view(payment: PaymentId, needs: ClientNeeds, order: &Order) -> PaymentStarted {
    let ClientNeeds::Sandbox { pay_url } = needs;
    let expires = order.expires().unwrap_or(order.updated);
    PaymentStarted { payment_id: payment.into(), pay_url, expires_at: expires.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::reserved;

    #[test]
    fn the_answer_has_what_the_sandboxs_client_needs() {
        let needs = ClientNeeds::Sandbox { pay_url: "http://here/pay".to_owned() };
        let answer = serde_json::to_value(view(PaymentId::from_bytes([6; 16]), needs, &reserved())).unwrap();
        assert_eq!(answer["payUrl"], "http://here/pay");
        assert_eq!(answer["expiresAt"], "1970-01-01T00:15:00Z");
        assert!(answer["paymentId"].as_str().unwrap().starts_with("pay_"));
    }

    #[test]
    fn every_refusal_has_its_code() {
        assert_eq!(explain(PayRefused::Paid).code, Code::OrderPaid);
        assert_eq!(explain(PayRefused::Over).code, Code::OrderOver);
    }
}
