//! Crash points: every call to AWS of every flow fails in every way, or is the last thing that a process does. Then faults
//! stop, time passes, reconcilers run, and the auditor must find nothing.
//!
//! The test command plays the gravest faults; `cargo xtask crash` plays all and writes the table.
//!
//! The background is stepped, so that the same case is the same history. Each case runs calmly and once more disturbed: with
//! messages and changes in any order, late and twice. A case that fails prints its name, `flow/call/fault/seed`, which
//! replays it alone: `ONSALE_CRASH_CASE=… cargo test -p tests crash`. A `*` in a name stands for everything.

mod case;
mod fault;
mod flow;
mod soak;

use std::fmt::Write as _;

use case::{Case, Tally};
use fault::Fault;
use flow::Flow;

/// The cases that shall be played, by their names.
const CASE: &str = "ONSALE_CRASH_CASE";
/// The file to which each flow's row of the table is added.
const ROWS: &str = "ONSALE_CRASH_ROWS";

/// What the test command plays at every call, the first of them with deliveries disturbed as well. The rest, which
/// `cargo xtask crash` plays too, differ for the product only in the word of the error.
const GRAVE: [Fault; 3] = [Fault::DieAfter, Fault::DieBefore, Fault::Lose];

#[expect(clippy::disallowed_methods, reason = "the product reads its settings once; a test is told what to play")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

async fn crash(flow: Flow) {
    let wanted = variable(CASE).unwrap_or_else(|| "*/*/*/*".to_owned());
    let is_whole = variable(ROWS).is_some() || variable(CASE).is_some();
    if let Ok(case) = wanted.parse::<Case>() {
        if case.flow == flow {
            Box::pin(case.play_alone()).await;
        }
        return;
    }
    let mut tally = Tally::default();
    for (seed, faults) in [(0, &GRAVE[..]), (1, &GRAVE[..1])] {
        let faults = if is_whole { &Fault::ALL[..] } else { faults };
        Box::pin(tally.run(flow, seed, faults, &wanted)).await;
    }
    tally.note(flow);
    let mut failed = String::new();
    for (case, why) in &tally.violations {
        writeln!(failed, "{CASE}={case}: {why}").unwrap();
    }
    assert!(tally.violations.is_empty(), "{} of {} cases failed\n{failed}", tally.violations.len(), tally.faults);
}

macro_rules! flows {
    ($($name:ident: $flow:ident,)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                Box::pin(crash(Flow::$flow)).await;
            }
        )*

        #[test]
        fn every_flow_is_tested() {
            assert_eq!([$(Flow::$flow),*], Flow::ALL);
        }
    };
}

flows! {
    buy: Buy,
    buy_across_blocks: BuyAcrossBlocks,
    buy_what_is_overdue: BuyOverdue,
    an_order_that_is_written_late: CreateLate,
    pay: Pay,
    pay_late: PayLate,
    pay_too_late: PayTooLate,
    pay_twice: PayTwice,
    pay_unheard: PayUnheard,
    issue_tickets: IssueTickets,
    expire: Expire,
    cancel: Cancel,
    refund: Refund,
    refund_a_part: RefundPart,
    refund_automatically: RefundAutomatic,
    check_in: CheckIn,
}
