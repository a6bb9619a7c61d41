//! Money: payments begun at providers, their notifications, refunds, and what is still owed.
//!
//! **Invariant:** the order is the only arbiter. Whoever hears that money was taken (a webhook, the poller, the closing of a
//! payment) applies it in one way, [`capture`], and every step may be repeated after any crash.

mod capture;
mod giving_back;
mod provider;
mod reach;
mod send;
#[cfg(test)]
mod testing;
mod view;
mod words;

pub mod apply_notice;
pub mod complete_sandbox;
pub mod decide_refund;
pub mod get_refund;
pub mod list_payments;
pub mod list_refunds;
pub mod notify_payment;
pub mod poll_payment;
pub mod reconcile_money;
pub mod reconcile_notices;
pub mod request_refund;
pub mod sandbox_deliver;
pub mod send_refund;
pub mod start_payment;

/// Every HTTP operation of this area.
pub static OPERATIONS: &[&app::Operation] = &[
    &start_payment::OPERATION,
    &complete_sandbox::OPERATION,
    &notify_payment::OPERATION,
    &list_payments::OPERATION,
    &request_refund::OPERATION,
    &get_refund::OPERATION,
    &list_refunds::OPERATION,
    &decide_refund::OPERATION,
];
/// Every worker of this area.
pub static WORKERS: &[&app::Worker] = &[
    &apply_notice::WORKER,
    &poll_payment::WORKER,
    &send_refund::WORKER,
    &sandbox_deliver::WORKER,
    &reconcile_money::WORKER,
    &reconcile_notices::WORKER,
];
