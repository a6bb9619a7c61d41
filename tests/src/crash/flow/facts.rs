//! What is said of flows: their names, what of each is played, and what must have been sold in the end.

use super::Flow;
use crate::{crash::is_whole, shop::PRICE};

/// What a ride costs from end to end: as the timetable's terms state it.
const FARE: u64 = 6_500;
/// What it costs in the first class: 150 kilometres at 80.
const FIRST: u64 = 12_000;

impl Flow {
    /// The flow of tickets without numbers that it is like.
    pub(super) const fn like(self) -> Self {
        match self {
            Self::BuySeats | Self::BuyRides => Self::Buy,
            Self::RefundPartSeats => Self::RefundPart,
            Self::PayLateRides => Self::PayLate,
            other => other,
        }
    }

    /// Of how many cases the test command plays one; `cargo xtask crash` plays all. A call has five faults at least, so no call
    /// goes without one.
    pub(in crate::crash) fn stride(self) -> usize {
        if is_whole() {
            return 1;
        }
        match self {
            Self::PayLate | Self::Refund => 2,
            // Most of what happens in these happens in others, too.
            Self::BuyAcrossBlocks
            | Self::BuyOverdue
            | Self::PayTooLate
            | Self::PayTwice
            | Self::PayUnheard
            | Self::RefundPart
            | Self::RefundAutomatic
            // These are like others but for what is sold, or consist of others.
            | Self::BuySeats
            | Self::RefundPartSeats
            | Self::BuyRides
            | Self::PayLateRides
            | Self::JoinWaiting
            | Self::ServeWaiting
            | Self::ServeInTurn
            | Self::ExpireWaiting
            | Self::LeaveWaiting
            | Self::MoveSeats
            | Self::ChangeRide
            | Self::ChangeRideDearer
            | Self::CancelRun => 4,
            _ => 1,
        }
    }

    pub(in crate::crash) const fn word(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::BuyAcrossBlocks => "buy-across-blocks",
            Self::BuyOverdue => "buy-overdue",
            Self::CreateLate => "create-late",
            Self::Pay => "pay",
            Self::PayLate => "pay-late",
            Self::PayTooLate => "pay-too-late",
            Self::PayTwice => "pay-twice",
            Self::PayUnheard => "pay-unheard",
            Self::IssueTickets => "issue-tickets",
            Self::Expire => "expire",
            Self::Cancel => "cancel",
            Self::Refund => "refund",
            Self::RefundPart => "refund-part",
            Self::RefundAutomatic => "refund-automatic",
            Self::CheckIn => "check-in",
            Self::JoinWaiting => "join-waiting",
            Self::ServeWaiting => "serve-waiting",
            Self::ServeInTurn => "serve-in-turn",
            Self::ExpireWaiting => "expire-waiting",
            Self::LeaveWaiting => "leave-waiting",
            Self::BuySeats => "buy-seats",
            Self::RefundPartSeats => "refund-part-seats",
            Self::BuyRides => "buy-rides",
            Self::PayLateRides => "pay-late-rides",
            Self::MoveSeats => "move-seats",
            Self::ChangeRide => "change-ride",
            Self::ChangeRideDearer => "change-ride-dearer",
            Self::ImportTimetable => "import-timetable",
            Self::OpenRuns => "open-runs",
            Self::CancelRun => "cancel-run",
            Self::MakeMap => "make-map",
            Self::ChangeMap => "change-map",
        }
    }

    /// What happens, in a few words.
    pub(in crate::crash) const fn summary(self) -> &'static str {
        match self {
            Self::Buy => "hold two tickets of one block; the order is written",
            Self::BuyAcrossBlocks => "hold ten tickets that no block has alone",
            Self::BuyOverdue => "hold what an order past its time still holds",
            Self::CreateLate => "the order is written only when its hold has ended",
            Self::Pay => "begin a payment, pay, be told; tickets are issued",
            Self::PayLate => "pay when the hold has ended; the order is revived",
            Self::PayTooLate => "pay when the tickets are sold to others; the money goes back",
            Self::PayTwice => "be charged twice; the second charge goes back",
            Self::PayUnheard => "pay in the last minutes, and the webhook is lost; whoever closes the payment finds it",
            Self::IssueTickets => "the tickets of a paid order of two alone",
            Self::Expire => "a hold ends with a payment begun; the stock comes back",
            Self::Cancel => "cancel with a payment begun; the stock comes back",
            Self::Refund => "ask for a refund of all, and approve it",
            Self::RefundPart => "ask for a refund of one ticket of three, and approve it",
            Self::RefundAutomatic => "ask for a refund under an automatic policy",
            Self::CheckIn => "a ticket is scanned; its scan is repeated, and another comes",
            Self::JoinWaiting => "wait for what is sold out, and pay; the request is in line",
            Self::ServeWaiting => "tickets come back; who waits has the order, once, and what it did not cost",
            Self::ServeInTurn => {
                "tickets come back that one of two can have; who waited longer has them, the other waits on"
            }
            Self::ExpireWaiting => "wait in vain until it is too late; the money goes back",
            Self::LeaveWaiting => "leave the line; the money goes back",
            Self::BuySeats => "hold two seats by name, in two blocks; the order is written",
            Self::RefundPartSeats => "ask for a refund of one seat of three, and approve it",
            Self::BuyRides => "hold the time and the seats of two passengers; the order is written",
            Self::PayLateRides => "pay a ride when the hold has ended; the order is revived",
            Self::MoveSeats => "move a party of two to other seats, paid by what was paid",
            Self::ChangeRide => "change two rides for others that cost as much",
            Self::ChangeRideDearer => "change two rides for dearer ones, and pay; the old money goes back",
            Self::ImportTimetable => "replace the timetable, as a whole",
            Self::OpenRuns => "open the trains of a day; all of them are on sale, with all their seats",
            Self::CancelRun => "a run of which two seats are sold does not run; nothing more is sold of it",
            Self::MakeMap => "make a venue's next map, once",
            Self::ChangeMap => "an event of which two seats are sold moves to a map with a seat less and a row more",
        }
    }

    /// Whose calls are numbered; everybody's, where nobody is named.
    pub(in crate::crash) const fn only(self) -> &'static [&'static str] {
        match self {
            Self::IssueTickets => &["forward-orders", "issue-tickets"],
            // The other reconcilers, whose turn comes at the same time, find nothing.
            Self::ExpireWaiting => &["reconcile-waitlist", "serve-waitlist", "send-refund", "forward-orders"],
            _ => &[],
        }
    }

    /// Minor units that were taken, that were given back, and tickets that admit or have admitted, when all is over.
    pub(in crate::crash) const fn sums(self) -> (u64, u64, u64) {
        match self {
            Self::Buy
            | Self::BuySeats
            | Self::BuyRides
            | Self::BuyAcrossBlocks
            | Self::BuyOverdue
            | Self::CreateLate
            | Self::Expire
            | Self::Cancel
            | Self::ImportTimetable
            | Self::OpenRuns
            | Self::MakeMap => (0, 0, 0),
            Self::Pay
            | Self::PayLate
            | Self::PayUnheard
            | Self::IssueTickets
            | Self::JoinWaiting
            | Self::MoveSeats
            | Self::ChangeMap => (2 * PRICE, 0, 2),
            Self::PayTwice | Self::PayTooLate | Self::ServeWaiting => (4 * PRICE, 2 * PRICE, 2),
            Self::Refund | Self::RefundAutomatic | Self::LeaveWaiting => (2 * PRICE, 2 * PRICE, 0),
            Self::ServeInTurn => (5 * PRICE, 0, 3),
            Self::ExpireWaiting => (6 * PRICE, 2 * PRICE, 4),
            Self::RefundPart | Self::RefundPartSeats => (3 * 1_001, 1_001, 2),
            Self::CheckIn => (PRICE, 0, 1),
            Self::PayLateRides | Self::ChangeRide | Self::CancelRun => (2 * FARE, 0, 2),
            Self::ChangeRideDearer => (2 * FARE + 2 * FIRST, 2 * FARE, 2),
        }
    }
}
