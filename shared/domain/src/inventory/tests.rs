use super::*;
use crate::{
    id::{Id as _, RefundId},
    order::tests::{at, capture, draft, total},
    order::{Draft, Order},
    pool::PoolKey,
    row::Place,
};

fn address(number: u16) -> BlockAddress {
    BlockAddress { pool: PoolKey::from_hash(&[1; 32]), number }
}

fn places(numbers: &[u64]) -> Places {
    numbers.iter().map(|number| Place::parse(*number).unwrap()).collect()
}

fn token(number: u8) -> Token {
    Token([number; 6])
}

/// An order of four: seats 3 and 7 of block 0, seats 1 and 2 of block 9.
fn reserved() -> Order {
    let held =
        vec![Held::seats(address(0), places(&[3, 7]), token(1)), Held::seats(address(9), places(&[1, 2]), token(2))];
    Order::reserve(Draft { held, ..draft(4, total()) }, at(0)).unwrap()
}

fn ticketed() -> Order {
    match reserved().capture(capture("c1"), token(0), at(10)) {
        crate::order::Arrived::Pays(change) => change.order.ticketed(at(20)).unwrap().order,
        other => panic!("{other:?}"),
    }
}

/// A row of sixteen in which seats are held under a token.
fn row(order: &Order, seats: &[u64], under: Token) -> Block {
    let mut block = RowBlock::empty(16);
    let entry = row::Entry { order: order.id, until: Some(at(900)), token: under };
    block.apply(&row::Change::Hold { places: places(seats), entry, evict: Vec::new() }).unwrap();
    Block::Row(block)
}

fn apply(block: &mut Block, changes: &[Change]) {
    for change in changes {
        block.apply(change).unwrap();
    }
}

#[test]
fn seats_of_one_block_leave_in_one_write() {
    let order = ticketed().refund(&[0, 1, 2], RefundId::from_bytes([1; 16]), at(30)).unwrap().order;
    let changes = order.giving_back(at(30), || token(9));
    let counts: Vec<(u16, usize)> = changes
        .iter()
        .map(|(block, change)| match change {
            Change::Row(row::Change::Release { examined }) => (block.number, examined.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(counts, [(0, 2), (9, 1)]);
    let mut block = row(&order, &[3, 7], token(1));
    block.apply(&changes[0].1).unwrap();
    assert!(block.of(order.id).is_empty());
}

#[test]
fn nothing_of_an_unpaid_order_is_given_back_or_confirmed() {
    let order = reserved();
    assert_eq!(order.giving_back(at(5_000), || token(9)), []);
    assert_eq!(order.still_giving_back(address(0), &row(&order, &[3, 7], token(5)), || token(9)), []);
    assert_eq!(order.confirmations(), []);
}

#[test]
fn what_is_found_under_another_token_is_given_back_by_that() {
    let order = ticketed().refund(&[1], RefundId::from_bytes([1; 16]), at(30)).unwrap().order;
    let mut block = row(&order, &[3, 7], token(5));
    assert!(block.clone().apply(&order.giving_back(at(30), || token(9))[0].1).is_err(), "listed under token 1");
    let changes = order.still_giving_back(address(0), &block, || token(9));
    apply(&mut block, &changes);
    let left: Vec<_> = block.of(order.id).iter().map(|examined| order.stake(address(0), examined)).collect();
    assert_eq!(left, [Stake { listed: 1, kept: 1 }]);
}

#[test]
fn what_is_ticketed_loses_its_time_limit_in_one_write_for_each_block() {
    let order = ticketed();
    let changes = order.confirmations();
    assert_eq!(changes.len(), 2);
    let mut block = row(&order, &[3, 7], token(1));
    block.apply(&changes[0].1).unwrap();
    assert_eq!(block.earliest(), None);
    let mut block = row(&order, &[3, 7], token(5));
    assert!(block.apply(&changes[0].1).is_err());
    let changes = order.still_confirming(address(0), &block);
    apply(&mut block, &changes);
    assert_eq!(block.earliest(), None);
}

#[test]
fn a_revival_gets_the_very_seats_back_or_none() {
    let order = reserved();
    let (held, until) = (&order.held[0], at(2_000));
    let again = |block: &Block| held.taking_again(&order, block, until, token(6));
    // One is still its own, one is gone and free.
    let mut block = row(&order, &[3], token(1));
    let changes = again(&block).unwrap();
    apply(&mut block, &changes);
    assert_eq!((block.of(order.id).len(), block.earliest()), (2, Some(until)));
    // One is somebody else's by now.
    let mut taken = row(&order, &[3], token(1));
    let entry = row::Entry { order: crate::id::OrderId::from_bytes([7; 16]), until: None, token: token(7) };
    let hold = row::Change::Hold { places: places(&[7]), entry, evict: Vec::new() };
    taken.apply(&hold.into()).unwrap();
    assert_eq!(again(&taken), None);
}

#[test]
fn a_block_of_another_kind_refuses() {
    let mut stock = Block::Stock(StockBlock::empty(16));
    let change = reserved().held[0].leaving(reserved().id).unwrap();
    assert_eq!(stock.apply(&change), Err(Refused::Kind));
    assert!(!stock.shows(&change));
}
