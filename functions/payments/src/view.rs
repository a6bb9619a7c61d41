//! Payments and refunds as the world sees them.

use app::{
    refund_id::PublicRefundId,
    wire::{IdText, Instant, Text},
};
use domain::{
    id::{OrderId, PaymentId, TicketId},
    money::Currency,
    order::{Order, Status},
    payment::{Capture, Payment},
    refund::{Reason, Refund, State},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A payment that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentView {
    id: IdText<PaymentId>,
    order_id: IdText<OrderId>,
    /// Which provider.
    provider: String,
    /// Minor units.
    amount: u64,
    currency: Text<Currency>,
    status: PaymentStatus,
    created_at: Instant,
}

/// What became of a payment. The order is the only arbiter: this is read from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum PaymentStatus {
    /// The buyer may still pay, or has paid a moment ago.
    Pending,
    /// It paid the order.
    Paid,
    /// Its money goes back.
    Refunding,
    /// Its money is back.
    Refunded,
    /// The order ended, or was paid, without it.
    Closed,
}

impl PaymentView {
    pub(crate) fn of(payment: &Payment, order: &Order, refunds: &[Refund]) -> Self {
        Self {
            id: payment.id.into(),
            order_id: payment.order.into(),
            provider: payment.provider.to_string(),
            amount: payment.amount.minor,
            currency: payment.amount.currency.into(),
            status: PaymentStatus::of(payment.id, order, refunds),
            created_at: payment.created.into(),
        }
    }
}

impl PaymentStatus {
    fn of(payment: PaymentId, order: &Order, refunds: &[Refund]) -> Self {
        let is_ours = |capture: &Capture| capture.payment == payment;
        if order.paid().and_then(|paid| paid.capture.as_ref()).is_some_and(is_ours) {
            // What was paid for tickets that were changed pays others, or a part of it does.
            let pays_others = refunds.iter().any(|refund| is_ours(&refund.capture) && refund.kept() > 0);
            // A deposit that was not needed stays paid as an order.
            let waited = refunds.iter().find(|refund| refund.reason == Reason::Waited);
            return match order.status() {
                _ if pays_others => Self::Paid,
                _ if waited.is_some_and(|it| it.amount == it.capture.amount && it.state != State::Approved) => {
                    Self::Refunded
                }
                Status::Refunding => Self::Refunding,
                Status::Refunded => Self::Refunded,
                _ => Self::Paid,
            };
        }
        let mut given_back = refunds.iter().filter(|refund| is_ours(&refund.capture)).peekable();
        if given_back.peek().is_some() {
            let is_done = given_back.all(|refund| matches!(refund.state, State::Done { .. }));
            return if is_done { Self::Refunded } else { Self::Refunding };
        }
        if order.status() == Status::Pending { Self::Pending } else { Self::Closed }
    }
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundView {
    id: Text<PublicRefundId>,
    order_id: IdText<OrderId>,
    /// Minor units.
    amount: u64,
    currency: Text<Currency>,
    status: RefundStatus,
    /// The tickets that are given up; none where money came for which no ticket was due.
    ticket_ids: Vec<IdText<TicketId>>,
    /// What was asked for; `late` or `duplicate` where the money came too late or twice, `waited` where it was paid to wait in
    /// line, `changed` where the tickets were changed for others.
    reason: String,
    /// The order of the new tickets, where they were changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_to: Option<IdText<OrderId>>,
    /// Why it was refused, or what the provider says that it failed of.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision_reason: Option<String>,
    created_at: Instant,
}

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RefundStatus {
    /// Waits for a decision.
    Requested,
    /// Somebody said no.
    Refused,
    /// The money is on its way.
    Processing,
    /// The money is back.
    Done,
    /// The provider refuses; a person has to act.
    Failed,
}

impl RefundStatus {
    pub(crate) const fn of(refund: &Refund) -> Self {
        match refund.state {
            State::Requested => Self::Requested,
            State::Refused { .. } => Self::Refused,
            State::Approved => Self::Processing,
            State::Done { .. } => Self::Done,
            State::Failed { .. } => Self::Failed,
        }
    }
}

impl RefundView {
    pub(crate) fn of(refund: &Refund) -> Self {
        let ticket = |number: &u8| app::auth::ticket_id(refund.order, *number).into();
        Self {
            id: Text(PublicRefundId::from(refund)),
            order_id: refund.order.into(),
            amount: refund.amount.minor,
            currency: refund.amount.currency.into(),
            status: RefundStatus::of(refund),
            ticket_ids: refund.tickets.iter().map(ticket).collect(),
            reason: match &refund.reason {
                Reason::Asked(words) => words.clone(),
                Reason::Late => "late".to_owned(),
                Reason::Duplicate => "duplicate".to_owned(),
                Reason::Waited => "waited".to_owned(),
                Reason::Changed { .. } => "changed".to_owned(),
            },
            changed_to: match &refund.reason {
                Reason::Changed { to, .. } => Some((*to).into()),
                Reason::Asked(_) | Reason::Late | Reason::Duplicate | Reason::Waited => None,
            },
            decision_reason: match &refund.state {
                State::Refused { reason, .. } | State::Failed { reason, .. } => Some(reason.clone()),
                State::Requested | State::Approved | State::Done { .. } => None,
            },
            created_at: refund.created.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::id::{Id as _, RefundId};

    use super::*;
    use crate::testing::{at, capture, expired, paid, refund, reserved};

    #[test]
    fn a_payments_outcome_is_read_from_its_order() {
        let status = |order: &Order, refunds: &[Refund]| PaymentStatus::of(capture("c1").payment, order, refunds);
        let other = || capture("c2");
        let paid_otherwise = paid(Capture { payment: PaymentId::from_bytes([9; 16]), ..other() });
        let done = State::Done { at: at(9) };
        let given_back = || paid(capture("c1")).refund(&[0, 1], RefundId::from_bytes([7; 16]), at(8)).unwrap().order;
        let reason = Reason::Changed { to: OrderId::from_bytes([8; 16]), kept: 1_000 };
        let changed = Refund { reason, ..refund(State::Done { at: at(9) }) };
        for (order, refunds, expected) in [
            (reserved(), vec![], PaymentStatus::Pending),
            (paid(capture("c1")), vec![], PaymentStatus::Paid),
            (paid_otherwise.clone(), vec![], PaymentStatus::Closed),
            (paid_otherwise.clone(), vec![refund(State::Approved)], PaymentStatus::Refunding),
            (paid_otherwise, vec![refund(done)], PaymentStatus::Refunded),
            (expired(), vec![], PaymentStatus::Closed),
            (given_back(), vec![refund(State::Done { at: at(9) })], PaymentStatus::Refunding),
            (given_back(), vec![changed], PaymentStatus::Paid),
        ] {
            assert_eq!(status(&order, &refunds), expected, "{:?}", order.state);
        }
    }

    #[test]
    fn a_refund_is_shown_in_the_words_of_the_contract() {
        let failed = State::Failed { reason: "closed".to_owned(), at: at(9) };
        let view = serde_json::to_value(RefundView::of(&refund(failed))).unwrap();
        assert_eq!(view["status"], "failed");
        assert_eq!(view["decisionReason"], "closed");
        assert_eq!(view["amount"], 500);
        assert_eq!(view["createdAt"], "1970-01-01T00:00:05Z");
        assert!(view["ticketIds"][0].as_str().unwrap().starts_with("tkt_"));
        let view = serde_json::to_value(RefundView::of(&refund(State::Requested))).unwrap();
        assert_eq!(view.get("decisionReason"), None);
        assert_eq!(view["id"].as_str().unwrap().len(), 56);
    }
}
