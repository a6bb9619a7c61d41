//! Orders, captures and refunds for tests.

use domain::{
    Timestamp,
    block::Token,
    id::{EventId, Id as _, OptionId, OrderId, PaymentId, RefundId, SessionId, UserId},
    money::{Currency, Money},
    order::{Arrived, Contact, Draft, Held, Order, Purchase, Quantity, Settlement, Subject},
    payment::{Capture, Provider},
    pool::{BlockAddress, PoolKey},
    refund::{Reason, Refund, State},
    tenant::HoldTime,
};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn total() -> Money {
    Money::new(1_000, Currency::CNY)
}

/// Two tickets, held until second 900.
pub(crate) fn reserved() -> Order {
    let block = BlockAddress { pool: PoolKey::from_hash(&[1; 32]), number: 0 };
    let draft = Draft {
        id: OrderId::from_bytes([1; 16]),
        user: UserId::from_bytes([2; 16]),
        purchase: Purchase::alike(
            Subject::Session {
                event: EventId::from_bytes([3; 16]),
                session: SessionId::from_bytes([4; 16]),
                option: OptionId::from_bytes([5; 16]),
            },
            Quantity::parse(2).unwrap(),
            total(),
        ),
        contact: Contact::default(),
        held: vec![Held::tickets(block, 2, Token([1; 6]))],
        hold: HoldTime::DEFAULT,
        expires: at(900),
        created: at(0),
        replaces: None,
    };
    Order::reserve(draft, at(0)).unwrap()
}

pub(crate) fn paid(capture: Capture) -> Order {
    match reserved().capture(capture, Token([0; 6]), at(10)) {
        Arrived::Pays(change) => change.order,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn expired() -> Order {
    match reserved().settle(at(900)) {
        Settlement::Expire(change) => change.order,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn capture(id: &str) -> Capture {
    Capture { provider: Provider::Sandbox, id: id.into(), payment: PaymentId::from_bytes([6; 16]), amount: total() }
}

pub(crate) fn refund(state: State) -> Refund {
    Refund {
        id: RefundId::from_bytes([7; 16]),
        order: OrderId::from_bytes([1; 16]),
        capture: capture("c1"),
        amount: Money::new(500, Currency::CNY),
        tickets: vec![0],
        reason: Reason::Asked("ill".into()),
        state,
        created: at(5),
        version: 0,
    }
}
