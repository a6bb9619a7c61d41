//! The sale as a model that is explored to the end: the order machine and the protocol of holds together.
//!
//! A state is what the tables, the queues and the provider hold, and where each flow under way has come to. A step is one
//! call: one read, or one conditional write. Between two calls anything else may happen, and any flow may die for ever.
//! Every decision is made by the product's own code in `domain`: [`Order`](domain::order::Order) decides what becomes of an
//! order and of its entries, [`StockBlock`](domain::block::StockBlock) what a block allows. The store's conditional writes
//! stand here as the conditions that they are.
//!
//! | step | product |
//! |---|---|
//! | `Sale::change` | `store::Inventory::change`: a change of a block, or why not; a refusal that shows its own effect is none |
//! | `Sale::write` and `Proc::fresh` | `store::Orders::apply`: the version is compared. `fresh` says that it is the same still |
//! | `Sale::settle` | `Tenant::settle`: `find`, then `apply` or `bury` |
//! | `steps/hold.rs` | `place-order` with its attempts, `protocol/hold.rs`: blind writes, gathering, reclaiming |
//! | `steps/revive.rs` | `protocol/revive.rs`: hold again as listed, as found, anew; then pay or lapse |
//! | `steps/give.rs` | `create-order`, `abandon`, `give_back`, `release-stock`, `tidy` of `reconcile-holds` |
//! | `steps/money.rs` | `capture::apply`, debts, `send-refund`, `giving_back::enter` (the one transaction) |
//! | `steps/tickets.rs` | `issue-tickets`, `Tenant::confirm`, `check-in` and what follows it |
//! | `steps/start.rs` | requests, messages (late, twice, never), the reconcilers, `start-payment`, `expire-order`, `cancel-order`, time |
//!
//! # What is left out, or made smaller
//!
//! - A read of an order and the write that is conditional on its version are one step where nothing lies between them: were
//!   the version another, the product would decide anew on what it is told, which is what the step does. Where another call
//!   lies between (issuing, a revival, a debt), the reading is kept and compared.
//! - A flow looks at the clock where the product does, so it may decide by a time that is long over.
//! - Time has ticks of two minutes: a hold and a revival last one, a payment that is begun adds one. Nothing depends on how
//!   long a flow may run: a function's timeout ends none of them here.
//! - The search for blocks chooses freely: every order in which the product may try them, and more. Summaries, the memory of
//!   full blocks and the mark of a sold-out pool only say where not to look; they are not here.
//! - The limits on how often a decision is made anew are not here; a flow that goes on longer may do more.
//! - Read states are never stale: the product reads consistently where it decides.
//! - What is sold is stock alone. Seats and stretches are given back, confirmed and taken again by the same functions of
//!   [`domain::inventory`] which decide here; that their blocks refuse what they must is tried by random histories in
//!   `domain` and, against the database, in `tests/src/differential`.
//! - Orders that take the place of other tickets are not here: one transaction makes them what they are. Nor are free
//!   orders, entries for limits, wrong amounts, refunds that wait for a decision
//!   or that the provider refuses, events that are called off, and pools that are made larger or smaller.
//! - A redelivered message is one more flow; a dead letter one that never begins. How many come is limited by each setting
//!   ([`setting`]), so what is shown is shown up to that many.
//!
//! # What holds
//!
//! [`property::RULES`], in every state. That nothing is left half done is checked in two ways: where no duty is left, money
//! and stock are where they belong; and from every quiet state at the last moment, the reconcilers come to such a rest.
//! [`broken`] drops one rule of the protocol at a time and has to fail.

pub mod broken;
pub mod check;
pub mod property;
pub mod sale;
pub mod setting;
pub mod small;
mod steps;
mod tokens;
pub mod world;

#[cfg(test)]
mod tests;
