//! Crash points: every call to AWS of every flow fails in every way, or is the last thing that a process does. Then faults
//! stop, time passes, reconcilers run, and the auditor must find nothing.
//!
//! The test command plays them while deliveries come in order, of flows that repeat others a part; `cargo xtask crash` plays
//! them all, and all once more while deliveries are disturbed, and writes the table.
//!
//! The background is stepped, so that the same case is the same history. Seed 0 is calm; any other disturbs: messages and
//! changes come in any order, late and twice. A case that fails prints its name, `flow/call/fault/seed`, which
//! replays it alone: `ONSALE_CRASH_CASE=… cargo test -p tests crash`. A `*` in a name stands for everything.

mod case;
mod fault;
mod flow;
mod scene;
mod soak;
mod wares;

use std::fmt::Write as _;

use case::{Case, Tally};
use flow::Flow;

/// The cases that shall be played, by their names.
const CASE: &str = "ONSALE_CRASH_CASE";
/// The file to which each flow's row of the table is added.
const ROWS: &str = "ONSALE_CRASH_ROWS";

#[expect(clippy::disallowed_methods, reason = "the product reads its settings once; a test is told what to play")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Whether more is played than the test command plays.
fn is_whole() -> bool {
    variable(ROWS).is_some() || variable(CASE).is_some()
}

async fn crash(flow: Flow) {
    let wanted = variable(CASE).unwrap_or_else(|| "*/*/*/*".to_owned());
    if let Ok(case) = wanted.parse::<Case>() {
        if case.flow == flow {
            Box::pin(case.play_alone()).await;
        }
        return;
    }
    let mut tally = Tally::default();
    for seed in if is_whole() { 0..=1 } else { 0..=0 } {
        Box::pin(tally.run(flow, seed, &wanted)).await;
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
    join_the_line: JoinWaiting,
    serve_who_waits: ServeWaiting,
    serve_in_turn: ServeInTurn,
    wait_in_vain: ExpireWaiting,
    leave_the_line: LeaveWaiting,
    buy_seats: BuySeats,
    refund_a_part_of_seats: RefundPartSeats,
    buy_rides: BuyRides,
    pay_rides_late: PayLateRides,
    move_seats: MoveSeats,
    change_rides: ChangeRide,
    change_rides_for_dearer_ones: ChangeRideDearer,
    import_a_timetable: ImportTimetable,
    open_a_day_of_runs: OpenRuns,
    cancel_a_run: CancelRun,
    make_a_map: MakeMap,
    change_the_map_of_an_event: ChangeMap,
}
