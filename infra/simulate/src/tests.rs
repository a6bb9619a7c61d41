use proptest::{prelude::*, strategy::Strategy as _};

use crate::{
    Outcome, Scenario, Strategy,
    limits::{COLD_TABLE_WRITES, PARTITION_WRITES, SECOND, WARM_TABLE_WRITES},
    simulate,
};

fn scenario(strategy: Strategy, tickets: u32, buyers: u32, seed: u64) -> Scenario {
    Scenario {
        strategy,
        tickets,
        buyers,
        half_after: 2 * SECOND,
        table_writes: COLD_TABLE_WRITES,
        until: 600 * SECOND,
        seed,
    }
}

fn strategies() -> impl proptest::strategy::Strategy<Value = Strategy> {
    prop_oneof![
        Just(Strategy::Blocks),
        (1_u32..60).prop_map(Strategy::Counters),
        (1_u32..60).prop_map(Strategy::Transactions),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_is_oversold_and_the_same_seed_is_the_same_sale(
        strategy in strategies(), tickets in 1_u32..900, buyers in 0_u32..1_500, seed in any::<u64>(),
    ) {
        let scenario = scenario(strategy, tickets, buyers, seed);
        let outcome = simulate(&scenario);
        prop_assert_eq!(outcome.oversold, 0);
        prop_assert_eq!(outcome.sold + outcome.left, tickets);
        prop_assert_eq!(outcome.curve.last().copied().unwrap_or_default(), outcome.sold);
        prop_assert!(outcome.write_units >= outcome.wasted_units);
        prop_assert_eq!(simulate(&scenario), outcome);
    }

    #[test]
    fn blocks_and_one_counter_sell_every_ticket_where_enough_buyers_come(
        is_blocks in any::<bool>(), tickets in 1_u32..900, seed in any::<u64>(),
    ) {
        let strategy = if is_blocks { Strategy::Blocks } else { Strategy::Counters(1) };
        let outcome = simulate(&scenario(strategy, tickets, tickets + 50, seed));
        prop_assert_eq!((outcome.sold, outcome.left), (tickets, 0));
    }
}

fn rush(strategy: Strategy, table_writes: u32) -> Outcome {
    simulate(&Scenario { table_writes, ..scenario(strategy, 30_000, 60_000, 7) })
}

#[test]
fn one_counter_never_sells_faster_than_one_partition_writes() {
    let outcome = rush(Strategy::Counters(1), WARM_TABLE_WRITES);
    // What a partition takes at once comes on top of its rate.
    let most = PARTITION_WRITES + PARTITION_WRITES / 10;
    assert!(outcome.fastest_second <= most, "{} orders in a second", outcome.fastest_second);
    assert!(outcome.fastest_second > PARTITION_WRITES * 8 / 10, "it is this limit that binds");
    assert!(outcome.throttled > 0);
}

#[test]
fn blocks_sell_faster_than_one_partition_writes_and_a_warm_table_faster_than_a_cold_one() {
    let (cold, warm) = (rush(Strategy::Blocks, COLD_TABLE_WRITES), rush(Strategy::Blocks, WARM_TABLE_WRITES));
    assert!(cold.fastest_second > 2 * PARTITION_WRITES, "{}", cold.fastest_second);
    assert!(warm.sold_after < cold.sold_after, "{} {}", warm.sold_after, cold.sold_after);
    assert_eq!((cold.left, warm.left), (0, 0));
}

#[test]
fn transactions_on_one_counter_are_in_each_others_way() {
    let outcome = simulate(&scenario(Strategy::Transactions(1), 500, 5_000, 7));
    assert!(outcome.conflicts > 0);
    // Each is in the way for six milliseconds.
    assert!(outcome.fastest_second <= 167, "{}", outcome.fastest_second);
}

#[test]
fn several_counters_are_called_sold_out_while_one_has_some() {
    let outcome = simulate(&scenario(Strategy::Counters(50), 2_000, 4_000, 7));
    assert!(outcome.told_too_early > 0);
    assert_eq!(simulate(&scenario(Strategy::Counters(1), 2_000, 4_000, 7)).told_too_early, 0);
}

#[test]
fn nobody_comes_and_nothing_happens() {
    let outcome = simulate(&scenario(Strategy::Blocks, 100, 0, 7));
    assert_eq!((outcome.sold, outcome.left, outcome.write_units), (0, 100, 0));
}
