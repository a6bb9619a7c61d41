//! What an audit may find. Each kind names the items and numbers that it is about, so that whoever reads it need not look
//! twice.

use domain::{
    Timestamp,
    id::{EventId, OrderId, RefundId, SessionId, TicketId, UserId},
    pool::{BlockAddress, PoolKey},
};

/// Something that is wrong at any instant, whatever is under way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// An item cannot be read as what it should be.
    #[error("{table} {key} cannot be read: {why}")]
    Unreadable {
        /// The table, without the stage's prefix.
        table: &'static str,
        /// Its keys.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// More tickets are held or sold in a block than it has.
    #[error("block {} of pool {} has {capacity} tickets and {held} are held or sold", .block.number, .block.pool)]
    Oversold {
        /// Where.
        block: BlockAddress,
        /// Tickets that the block has.
        capacity: i64,
        /// Tickets in its entries.
        held: i64,
    },
    /// Free and held tickets of a block are not what it has.
    #[error("block {} of pool {} has {capacity} tickets, {available} free and {held} held or sold",
        .block.number, .block.pool)]
    DoesNotAddUp {
        /// Where.
        block: BlockAddress,
        /// Tickets that the block has.
        capacity: i64,
        /// Tickets that are free.
        available: i64,
        /// Tickets in its entries.
        held: i64,
    },
    /// The blocks of a pool have more or fewer tickets than its event promises.
    #[error("pool {pool} of {event} {session} has blocks for {blocks} tickets, its event says {promised}")]
    PoolDiffers {
        /// The event.
        event: EventId,
        /// Its session.
        session: SessionId,
        /// The pool.
        pool: PoolKey,
        /// Tickets of its blocks.
        blocks: u64,
        /// Tickets that the event says.
        promised: u64,
    },
    /// An entry without a time limit stands for tickets that its order does not own: nobody would ever give them back.
    #[error("{count} tickets in block {} of pool {} are sold to {order}, which is {state} and does not own them",
        .block.number, .block.pool)]
    EntryOfNobody {
        /// Where.
        block: BlockAddress,
        /// Whose it says it is.
        order: OrderId,
        /// How many tickets.
        count: u8,
        /// What stands under the order's id.
        state: &'static str,
    },
    /// An entry has more tickets than its order ever listed there.
    #[error("{order} has {count} tickets in block {} of pool {} and lists {listed}", .block.number, .block.pool)]
    EntryTooLarge {
        /// Where.
        block: BlockAddress,
        /// Whose.
        order: OrderId,
        /// Tickets in the entry.
        count: u8,
        /// Tickets that the order lists there.
        listed: u8,
    },
    /// An order does not have in a block what it owns there.
    #[error("{order} is {state}, owns {owns} tickets in block {} of pool {} and has {has} there",
        .block.number, .block.pool)]
    NotOwned {
        /// The order.
        order: OrderId,
        /// Its state.
        state: &'static str,
        /// Where.
        block: BlockAddress,
        /// How many tickets it owns.
        owns: u8,
        /// How many its entry has; 0 where there is none.
        has: u8,
    },
    /// An order does not list as many tickets as were bought.
    #[error("{order} lists {held} tickets and bought {bought}")]
    HeldIsNotBought {
        /// The order.
        order: OrderId,
        /// Tickets that it lists.
        held: u32,
        /// Tickets that were bought.
        bought: u32,
    },
    /// An order counts as paid, and what was captured is not its price.
    #[error("{order} is {state} for {total} minor units, and captured were {}", .captured.unwrap_or(0))]
    NotPaid {
        /// The order.
        order: OrderId,
        /// Its state.
        state: &'static str,
        /// What it costs, in minor units.
        total: u64,
        /// What the capture on it amounts to, in minor units; nothing where there is none or in another currency.
        captured: Option<u64>,
    },
    /// An order stands in the list of somebody who does not own it, of this tenant or another.
    #[error("{order} of {user} stands in the list {list}")]
    StrayIndex {
        /// The order.
        order: OrderId,
        /// Whose it is.
        user: UserId,
        /// The key of the list, without which it is in none.
        list: String,
    },
    /// An order belongs to somebody who has no account with this tenant.
    #[error("{order} belongs to {user}, whom this tenant does not have")]
    StrayUser {
        /// The order.
        order: OrderId,
        /// Whose it is.
        user: UserId,
    },
    /// An order is for something that this tenant does not sell.
    #[error("{order} is for {session}, which this tenant does not have")]
    StrayPurchase {
        /// The order.
        order: OrderId,
        /// The session.
        session: SessionId,
    },
    /// An order lists tickets of another pool than it bought from: of another price option, session or tenant.
    #[error("{order} lists block {} of pool {}, and bought from pool {pool}", .block.number, .block.pool)]
    StrayPool {
        /// The order.
        order: OrderId,
        /// What it lists.
        block: BlockAddress,
        /// The pool that it bought from.
        pool: PoolKey,
    },
    /// A ticketed order lacks a ticket.
    #[error("ticket {number} of {order}, which is {state}, is {found}")]
    TicketMissing {
        /// The order.
        order: OrderId,
        /// Its state.
        state: &'static str,
        /// Which ticket, from 0.
        number: u8,
        /// What stands there instead.
        found: &'static str,
    },
    /// An order counts as used, and one of its tickets has let nobody in.
    #[error("{order} is used, and its ticket {number} is {found}")]
    UsedUnadmitted {
        /// The order.
        order: OrderId,
        /// Which ticket, from 0.
        number: u8,
        /// How it stands.
        found: &'static str,
    },
    /// The tickets that an order calls returned are not those for which refunds stand.
    #[error("{order} has returned {returned} tickets, and refunds stand for {refunded}")]
    ReturnedIsNotRefunded {
        /// The order.
        order: OrderId,
        /// Tickets that it calls returned.
        returned: u32,
        /// Tickets that refunds were granted for.
        refunded: u32,
    },
    /// The refunds for returned tickets are not what these were worth.
    #[error("{order} has returned tickets worth {due} minor units, and refunds stand for {refunded}")]
    RefundAmount {
        /// The order.
        order: OrderId,
        /// What the returned tickets are worth, in minor units.
        due: u64,
        /// What was granted, in minor units.
        refunded: u64,
    },
    /// More goes back of a capture than was taken.
    #[error("{refunded} minor units go back of capture {capture} of {order}, which took {captured}")]
    RefundTooLarge {
        /// The order.
        order: OrderId,
        /// The provider's id of the capture.
        capture: String,
        /// What was taken, in minor units.
        captured: u64,
        /// What goes back, in minor units.
        refunded: u64,
    },
    /// A late payment found the tickets gone, and no refund stands for it.
    #[error("{order} lapsed after a payment, owes nothing, and no refund stands")]
    DebtForgotten {
        /// The order.
        order: OrderId,
    },
    /// What was taken from somebody who waited is not what bought something or went back.
    #[error("{captured} minor units were paid for {order}, which waited, and {used} bought something or went back")]
    DepositDiffers {
        /// The deposit.
        order: OrderId,
        /// What was taken, in minor units.
        captured: u64,
        /// The price of the order that it paid, and what goes back, in minor units.
        used: u64,
    },
    /// A paid order took the place of tickets, and no refund under their order says so, or of too little.
    #[error("{order} is paid in place of tickets of {old}, whose refunds do not say so, or of too little")]
    ExchangeDiffers {
        /// The order of the new tickets.
        order: OrderId,
        /// That of the old ones.
        old: OrderId,
    },
    /// Refunds stand under an id under which there is no order.
    #[error("{refunds} refunds stand for {order}, which does not exist")]
    RefundWithoutOrder {
        /// The order.
        order: OrderId,
        /// How many.
        refunds: usize,
    },
    /// A ticket admits, and its order was not paid.
    #[error("{ticket} admits, and its order {order} is {state}")]
    TicketWithoutPayment {
        /// The ticket.
        ticket: TicketId,
        /// The order that it names.
        order: OrderId,
        /// What stands under the order's id.
        state: &'static str,
    },
    /// A ticket admits that was given back, or that its order never had.
    #[error("{ticket} admits, and its order {order}, which is {state}, does not keep its number {number}")]
    TicketNotKept {
        /// The ticket.
        ticket: TicketId,
        /// Its order.
        order: OrderId,
        /// The order's state.
        state: &'static str,
        /// Which ticket of the order.
        number: u8,
    },
    /// A ticket is not the one that its order would have at its number.
    #[error("{ticket} is not ticket {number} of {order}: another id, user, event, session or price option")]
    StrayTicket {
        /// The ticket.
        ticket: TicketId,
        /// The order that it names.
        order: OrderId,
        /// The number that it names.
        number: u8,
    },
    /// More than one scan was let in with one ticket.
    #[error("{scans} scans were let in with {ticket}")]
    AdmittedTwice {
        /// The ticket.
        ticket: TicketId,
        /// How many different scans.
        scans: usize,
    },
    /// Somebody was counted as let in with a ticket that lets nobody in, or into another session.
    #[error("somebody came in to {session} with {ticket}, which is {found}")]
    AdmittedWithout {
        /// The ticket.
        ticket: TicketId,
        /// The session.
        session: SessionId,
        /// How the ticket stands.
        found: &'static str,
    },
}

/// Something that is right while work goes on, and wrong once the reconcilers have run and nothing is left to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfinished {
    /// An entry past its time.
    #[error("the entry of {order}, which is {state}, in block {} of pool {} was due at {until}",
        .block.number, .block.pool)]
    EntryDue {
        /// Where.
        block: BlockAddress,
        /// Whose.
        order: OrderId,
        /// What stands under the order's id.
        state: &'static str,
        /// Until when it was to last.
        until: Timestamp,
    },
    /// An entry with more tickets than its order still owns there.
    #[error("{order}, which is {state}, has {count} tickets in block {} of pool {} and owns {owns} there",
        .block.number, .block.pool)]
    Surplus {
        /// Where.
        block: BlockAddress,
        /// Whose.
        order: OrderId,
        /// What stands under the order's id.
        state: &'static str,
        /// Tickets in the entry.
        count: u8,
        /// Tickets that the order owns.
        owns: u8,
    },
    /// Tickets are issued, and the entry still has a time limit.
    #[error("the entry of {order} in block {} of pool {} is not confirmed", .block.number, .block.pool)]
    NotConfirmed {
        /// Where.
        block: BlockAddress,
        /// Whose.
        order: OrderId,
    },
    /// An unpaid order past its time.
    #[error("{order} is {state} and past its time")]
    Overdue {
        /// The order.
        order: OrderId,
        /// Its state.
        state: &'static str,
    },
    /// A paid order without its tickets.
    #[error("{order} waits for its tickets")]
    AwaitsTickets {
        /// The order.
        order: OrderId,
    },
    /// An order whose tickets were all given back, and whose money is on its way.
    #[error("{order} waits for the end of {refund}")]
    Refunding {
        /// The order.
        order: OrderId,
        /// The refund.
        refund: RefundId,
    },
    /// A refund that was granted and not sent.
    #[error("{refund} of {order} is approved and not sent")]
    NotSent {
        /// The order.
        order: OrderId,
        /// The refund.
        refund: RefundId,
    },
    /// Money is owed and no refund stands yet.
    #[error("{order} owes money for which no refund stands")]
    Owed {
        /// The order.
        order: OrderId,
    },
}

impl Violation {
    /// The kind, as one stable word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::Oversold { .. } => "oversold",
            Self::DoesNotAddUp { .. } => "does_not_add_up",
            Self::PoolDiffers { .. } => "pool_differs",
            Self::EntryOfNobody { .. } => "entry_of_nobody",
            Self::EntryTooLarge { .. } => "entry_too_large",
            Self::NotOwned { .. } => "not_owned",
            Self::HeldIsNotBought { .. } => "held_is_not_bought",
            Self::NotPaid { .. } => "not_paid",
            Self::StrayIndex { .. } => "stray_index",
            Self::StrayUser { .. } => "stray_user",
            Self::StrayPurchase { .. } => "stray_purchase",
            Self::StrayPool { .. } => "stray_pool",
            Self::TicketMissing { .. } => "ticket_missing",
            Self::UsedUnadmitted { .. } => "used_unadmitted",
            Self::ReturnedIsNotRefunded { .. } => "returned_is_not_refunded",
            Self::RefundAmount { .. } => "refund_amount",
            Self::RefundTooLarge { .. } => "refund_too_large",
            Self::DebtForgotten { .. } => "debt_forgotten",
            Self::DepositDiffers { .. } => "deposit_differs",
            Self::ExchangeDiffers { .. } => "exchange_differs",
            Self::RefundWithoutOrder { .. } => "refund_without_order",
            Self::TicketWithoutPayment { .. } => "ticket_without_payment",
            Self::TicketNotKept { .. } => "ticket_not_kept",
            Self::StrayTicket { .. } => "stray_ticket",
            Self::AdmittedTwice { .. } => "admitted_twice",
            Self::AdmittedWithout { .. } => "admitted_without",
        }
    }
}

impl Unfinished {
    /// The kind, as one stable word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::EntryDue { .. } => "entry_due",
            Self::Surplus { .. } => "surplus",
            Self::NotConfirmed { .. } => "not_confirmed",
            Self::Overdue { .. } => "overdue",
            Self::AwaitsTickets { .. } => "awaits_tickets",
            Self::Refunding { .. } => "refunding",
            Self::NotSent { .. } => "not_sent",
            Self::Owed { .. } => "owed",
        }
    }
}
