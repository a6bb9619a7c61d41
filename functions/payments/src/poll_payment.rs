//! Asks a provider how a payment ended, so that a lost webhook loses neither sale nor money.

use app::{App, Duty, Failure, Grant, Job, Source, Worker, message::PaymentBegun};
use domain::{
    Timestamp,
    order::{Order, State},
};
use providers::{
    payment::{PaymentProvider as _, Standing},
    queue::Queue,
};
use serde::{Deserialize, Serialize};
use store::Table;

use crate::{
    capture::{self, Effect},
    provider, send,
};

/// The worker.
pub static WORKER: Worker = Worker::of::<PollPayment>();

/// Seconds from the beginning of a payment to the first question.
pub(crate) const FIRST_POLL_SECS: u32 = 30;
/// Seconds between two questions after the first: at 2 minutes, 10 minutes, 1 hour, 6 hours; then daily.
const STEPS: [u32; 4] = [90, 8 * 60, 50 * 60, 5 * 3_600];
const DAY: u32 = 24 * 3_600;
/// Seconds after the end of a hold at which a payment is asked about.
const AFTER_EXPIRY: i64 = 2;
/// The last question: a week and a day later. No provider keeps a payment open for so long.
const LAST: u8 = 14;

/// The payment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PollPayment(PaymentBegun);

impl Job for PollPayment {
    const DUTY: Duty = Duty {
        name: "poll-payment",
        source: Source::Queue(Queue::PollPayment),
        grants: &[
            Grant::read(Table::Activity),
            Grant::write(Table::Activity),
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::read(Table::Inventory),
            Grant::write(Table::Inventory),
            Grant::write(Table::Tickets),
            Grant::send(Queue::PollPayment),
            Grant::send(Queue::SendRefund),
        ],
        summary: "Ask a payment provider how a payment ended, until that is final",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let begun = self.0;
        let (tenant, now) = (app.store.tenant(&begun.tenant.0), app.now());
        let order = tenant.orders().load(begun.order.0).await?;
        let order = order.ok_or_else(|| Failure::poison("a payment was begun for no order"))?;
        let payment = order.payments().find(|payment| payment.id == begun.payment.0);
        let payment = payment.ok_or_else(|| Failure::poison("the payment was never begun"))?;

        let provider = provider::of(app, &tenant, payment.provider);
        // What the order does not wait for must not be paid any more: closed, it cannot be.
        let standing = if waits(&order, now) {
            provider.query(&payment, now).await?
        } else {
            provider.close(&payment, now).await?
        };
        match standing {
            Standing::Closed => Ok(()),
            Standing::Captured(captures) => {
                for capture in captures {
                    if capture::apply(app, &tenant, order.id, &capture).await? == Effect::Quarantined {
                        return Err(Failure::poison("a payment of the wrong amount"));
                    }
                }
                Ok(())
            }
            Standing::Open | Standing::Closing => again(app, begun, &order, now).await,
        }
    }
}

/// Whether the order is still to be paid.
fn waits(order: &Order, now: Timestamp) -> bool {
    match order.state {
        State::Reserved { expires, .. } => now < expires,
        State::Reviving { .. } => true,
        _ => false,
    }
}

async fn again(app: &App, begun: PaymentBegun, order: &Order, now: Timestamp) -> Result<(), Failure> {
    let Some(delay) = next_secs(begun.asked, order.expires(), now) else {
        tracing::error!(order = %order.id, payment = %begun.payment.0, "a provider leaves a payment open for a week");
        return Ok(());
    };
    let begun = PaymentBegun { asked: begun.asked.saturating_add(1), ..begun };
    Ok(send::payment_begun(app, &begun, delay).await?)
}

/// In how many seconds to ask again; at the end of the hold where that comes first.
fn next_secs(asked: u8, expires: Option<Timestamp>, now: Timestamp) -> Option<u32> {
    if asked >= LAST {
        return None;
    }
    let usual = STEPS.get(usize::from(asked)).copied().unwrap_or(DAY);
    let left = expires.map(|expires| expires.as_second() - now.as_second()).filter(|left| *left > 0);
    let at_expiry = left.and_then(|left| u32::try_from(left + AFTER_EXPIRY).ok());
    Some(at_expiry.map_or(usual, |at_expiry| usual.min(at_expiry)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, capture, expired, paid, reserved};

    #[test]
    fn questions_become_rarer_and_one_is_asked_when_the_hold_ends() {
        let check = |asked, expires: Option<i64>, expected| {
            assert_eq!(next_secs(asked, expires.map(at), at(1_000)), expected, "{asked}");
        };
        check(0, None, Some(90));
        check(1, Some(5_000), Some(480));
        check(2, None, Some(3_000));
        check(2, Some(1_300), Some(302));
        check(2, Some(900), Some(3_000));
        check(3, None, Some(18_000));
        check(4, None, Some(86_400));
        check(13, None, Some(86_400));
        check(14, None, None);
    }

    #[test]
    fn an_order_waits_for_its_payment_until_its_hold_ends() {
        assert!(waits(&reserved(), at(899)));
        assert!(!waits(&reserved(), at(900)));
        assert!(!waits(&paid(capture("c1")), at(20)));
        assert!(!waits(&expired(), at(1_000)));
    }
}
