use proptest::prelude::*;

use super::*;
use crate::{
    block::Token,
    id::UserId,
    money::Currency,
    order::{
        Arrived, Draft, Status,
        tests::{at, capture, draft, total},
    },
};

fn yuan(minor: u64) -> Money {
    Money::new(minor, Currency::CNY)
}

/// Three tickets for 10.01, ticketed.
fn old() -> Order {
    let order = Order::reserve(draft(3, total()), at(0)).unwrap();
    let Arrived::Pays(change) = order.capture(capture("c1"), Token([0; 6]), at(10)) else { panic!() };
    change.order.ticketed(at(11)).unwrap().order
}

/// An order of so much that takes the place of some of them.
fn new(tickets: &[u8], total: Money) -> Order {
    let tickets = tickets.iter().copied().collect();
    let replaces = Some(Replaces { order: old().id, tickets, is_final: false, times: 1 });
    let id = OrderId::from_bytes([2; 16]);
    Order::reserve(Draft { id, replaces, ..draft(3, total) }, at(100)).unwrap()
}

fn carried(new: Order, old: Order, fee_percent: u8) -> Exchange {
    match new.carried(old, fee_percent, at(101)).unwrap() {
        Carried::Paid(exchange) => *exchange,
        Carried::Dearer => panic!("it is dearer"),
    }
}

#[test]
fn what_costs_as_much_is_paid_by_what_was_paid() {
    let exchange = carried(new(&[0, 1, 2], total()), old(), 20);
    assert_eq!((exchange.new.from, exchange.new.order.status()), (0, Status::Paid));
    assert_eq!(exchange.new.order.paid().unwrap().capture, Some(capture("c1")), "the money goes back the way it came");
    assert_eq!(exchange.old.order.status(), Status::Refunding);
    assert_eq!((exchange.refund.amount, exchange.refund.tickets.as_slice()), (yuan(0), &[0, 1, 2][..]));
    assert_eq!(exchange.refund.reason, Reason::Changed { to: exchange.new.order.id, kept: 1_001 });
}

#[test]
fn of_what_costs_less_the_rest_goes_back_but_for_the_fee() {
    let exchange = carried(new(&[0, 1, 2], yuan(500)), old(), 20);
    let paid = exchange.new.order.paid().unwrap().capture.clone().unwrap();
    assert_eq!(paid, Capture { amount: yuan(500), ..capture("c1") });
    assert_eq!(exchange.refund.amount, yuan(401), "501 less 100");
    assert_eq!(exchange.refund.capture, capture("c1"));
}

#[test]
fn what_costs_nothing_is_paid_by_nothing() {
    let exchange = carried(new(&[0, 1, 2], yuan(0)), old(), 0);
    assert_eq!(exchange.new.order.paid().unwrap().capture, None);
    assert_eq!(exchange.refund.amount, total());
}

#[test]
fn what_costs_more_is_paid_in_full_and_the_old_money_goes_back() {
    let new = new(&[2], yuan(334));
    assert_eq!(new.clone().carried(old(), 50, at(101)), Ok(Carried::Dearer), "a third of 10.01 is 3.33");
    let paid = Capture { amount: yuan(334), ..capture("c2") };
    let Arrived::Exchanges(change) = new.capture(paid.clone(), Token([0; 6]), at(102)) else { panic!() };
    let exchange = Exchange::paying(change, old(), at(102)).unwrap();
    assert_eq!(exchange.new.order.paid().unwrap().capture, Some(paid));
    assert_eq!((exchange.refund.amount, exchange.refund.tickets.as_slice()), (yuan(333), &[2][..]));
    assert_eq!(exchange.refund.reason, Reason::Changed { to: exchange.new.order.id, kept: 0 });
    assert_eq!((exchange.old.order.status(), exchange.old.order.kept().count()), (Status::Ticketed, 2));
}

#[test]
fn tickets_are_given_up_once_and_by_their_owner() {
    let given = carried(new(&[0], yuan(100)), old(), 0).old.order;
    for tickets in [&[0][..], &[0, 1], &[3], &[]] {
        assert_eq!(
            new(tickets, yuan(100)).carried(given.clone(), 0, at(101)),
            Err(NotRefundable::UnknownTicket),
            "{tickets:?}"
        );
    }
    let stranger = Order { user: UserId::from_bytes([9; 16]), ..new(&[1], yuan(100)) };
    assert_eq!(stranger.carried(given.clone(), 0, at(101)), Err(NotRefundable::UnknownTicket));
    let another = Order { id: OrderId::from_bytes([9; 16]), ..given.clone() };
    assert_eq!(new(&[1], yuan(100)).carried(another, 0, at(101)), Err(NotRefundable::UnknownTicket));
    let plain = Order { replaces: None, ..new(&[1], yuan(100)) };
    assert_eq!(plain.carried(given.clone(), 0, at(101)), Err(NotRefundable::UnknownTicket));
    let used = given.used(at(50)).unwrap().order;
    assert_eq!(new(&[1], yuan(100)).carried(used, 0, at(101)), Err(NotRefundable::Used));
}

#[test]
fn a_payment_that_comes_too_late_for_a_change_goes_back() {
    let dearer = new(&[0], yuan(900));
    let paid = Capture { amount: yuan(900), ..capture("c2") };
    let lapsed = dearer.clone().overtaken(paid.clone(), at(102)).unwrap().order;
    assert_eq!((lapsed.status(), lapsed.is_over()), (Status::Expired, true));
    assert_eq!(lapsed.due(), Some(crate::order::Due::Refund));
    assert_eq!(lapsed.overtaken(paid.clone(), at(103)), Err(WrongState));
    let Arrived::ExpireFirst(change) = dearer.capture(paid.clone(), Token([0; 6]), at(900)) else { panic!() };
    let Arrived::Owes(change) = change.order.capture(paid.clone(), Token([0; 6]), at(901)) else { panic!() };
    assert_eq!(change.order.capture(paid, Token([0; 6]), at(902)), Arrived::Known);
}

proptest! {
    #[test]
    fn no_money_appears_or_is_lost(price in 0..2_000_u64, percent in 0..=100_u8, bits in 1..8_u16) {
        let tickets: Vec<u8> = Returned::from_bits(bits).numbers().collect();
        let worth = old().refundable(&tickets).unwrap().minor;
        match new(&tickets, yuan(price)).carried(old(), percent, at(101)).unwrap() {
            Carried::Dearer => prop_assert!(price > worth),
            Carried::Paid(exchange) => {
                let Reason::Changed { kept, .. } = exchange.refund.reason else { panic!() };
                prop_assert!(price <= worth && kept >= price);
                prop_assert_eq!(exchange.refund.amount.minor + kept, worth);
                let paid = exchange.new.order.paid().unwrap().capture.as_ref().map_or(0, |part| part.amount.minor);
                prop_assert_eq!(paid, price);
            }
        }
    }
}
