use proptest::prelude::*;

use super::*;
use crate::{
    block::{self, Entry, Examined, Keep, StockBlock},
    id::{EventId, OptionId, PaymentId, SessionId},
    inventory,
    money::{Currency, Money},
    payment::Provider,
    pool::{BlockAddress, PoolKey},
};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn subject() -> Subject {
    Subject::Session {
        event: EventId::from_bytes([1; 16]),
        session: SessionId::from_bytes([1; 16]),
        option: OptionId::from_bytes([1; 16]),
    }
}

pub(crate) fn total() -> Money {
    Money::new(1_001, Currency::CNY)
}

fn held(number: u16, count: u8) -> Held {
    let block = BlockAddress { pool: PoolKey::from_hash(&[1; 32]), number };
    Held::tickets(block, count, Token([1; 6]))
}

pub(crate) fn draft(quantity: u64, total: Money) -> Draft {
    Draft {
        id: OrderId::from_bytes([1; 16]),
        user: UserId::from_bytes([1; 16]),
        purchase: Purchase::alike(subject(), Quantity::parse(quantity).unwrap(), total),
        contact: Contact::sealed(vec![1]),
        held: vec![held(0, 2), held(1, u8::try_from(quantity).unwrap() - 2)],
        hold: HoldTime::DEFAULT,
        expires: at(900),
        created: at(0),
        replaces: None,
    }
}

fn reserved() -> Order {
    Order::reserve(draft(3, total()), at(0)).unwrap()
}

fn paid() -> Order {
    match reserved().capture(capture("c1"), Token([0; 6]), at(10)) {
        Arrived::Pays(change) => change.order,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn capture(id: &str) -> Capture {
    Capture { provider: Provider::Sandbox, id: id.into(), payment: PaymentId::from_bytes([1; 16]), amount: total() }
}

#[test]
fn who_is_to_be_reached_is_forgotten_and_nothing_else() {
    for order in [reserved(), paid(), expired()] {
        let change = order.clone().forget_contact(at(1_000));
        assert!(change.order.contact.is_nobody() && !order.contact.is_nobody());
        assert_eq!(change.from, order.version);
        let same =
            Order { contact: order.contact.clone(), updated: order.updated, version: order.version, ..change.order };
        assert_eq!(same, order);
    }
}

fn begun(number: u8) -> Begun {
    Begun { id: PaymentId::from_bytes([number; 16]), provider: Provider::Sandbox }
}

fn expired() -> Order {
    match reserved().settle(at(900)) {
        Settlement::Expire(change) => change.order,
        other => panic!("{other:?}"),
    }
}

fn revival(order: Order, token: u8, now: i64) -> Order {
    match order.capture(capture("c1"), Token([token; 6]), at(now)) {
        Arrived::Revives(change) => change.order,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_cannot_be_made_of_a_hold_that_has_ended() {
    assert_eq!(Order::reserve(draft(3, total()), at(900)), Err(PastDue));
    assert!(Order::reserve(draft(3, total()), at(899)).is_ok());
}

#[test]
fn an_order_that_costs_nothing_is_paid_at_once() {
    let free = Order::reserve(draft(3, Money::new(0, Currency::CNY)), at(0)).unwrap();
    assert_eq!(free.status(), Status::Paid);
    assert_eq!(free.refundable(&[0]), Err(NotRefundable::Free));
}

#[test]
fn a_deposit_pays_what_it_covers_and_no_more() {
    let deposit = |amount| Settled { at: at(5), capture: Some(Capture { amount, ..capture("c1") }) };
    let of = |price, deposit: &Settled| Order::of_deposit(draft(3, price), deposit, at(10));
    let (price, more) = (total(), Money::new(total().minor + 1, total().currency));
    for amount in [price, more] {
        let order = of(price, &deposit(amount)).unwrap();
        let part = Capture { amount: price, ..capture("c1") };
        assert_eq!(order.state, State::Paid(Settled { at: at(10), capture: Some(part) }));
    }
    assert_eq!(of(more, &deposit(price)), Err(DepositRefused::TooLittle));
    assert_eq!(of(price, &Settled { at: at(5), capture: None }), Err(DepositRefused::TooLittle));
    let free = Money::new(0, price.currency);
    assert_eq!(of(free, &deposit(price)).unwrap().paid().unwrap().capture, None);
    let late = Order::of_deposit(draft(3, price), &deposit(price), at(900));
    assert_eq!(late, Err(DepositRefused::PastDue(PastDue)));
}

#[test]
fn a_payment_in_time_pays_and_again_is_known() {
    let paid = paid();
    assert_eq!(paid.status(), Status::Paid);
    assert_eq!(paid.clone().capture(capture("c1"), Token([0; 6]), at(11)), Arrived::Known);
    assert_eq!(paid.capture(capture("c2"), Token([0; 6]), at(11)), Arrived::Duplicate);
}

#[test]
fn a_wrong_amount_is_never_applied() {
    let wrong = Capture { amount: Money::new(1, Currency::CNY), ..capture("c1") };
    assert_eq!(reserved().capture(wrong.clone(), Token([0; 6]), at(1)), Arrived::Wrong);
    assert_eq!(expired().capture(wrong, Token([0; 6]), at(1)), Arrived::Wrong);
    let other = Capture { amount: Money::new(1_001, "USD".parse().unwrap()), ..capture("c1") };
    assert_eq!(reserved().capture(other, Token([0; 6]), at(1)), Arrived::Wrong);
}

#[test]
fn a_late_payment_expires_then_revives() {
    assert!(matches!(reserved().capture(capture("c1"), Token([0; 6]), at(900)), Arrived::ExpireFirst(_)));
    let reviving = revival(expired(), 7, 1_000);
    assert_eq!(reviving.clone().capture(capture("c1"), Token([8; 6]), at(1_001)), Arrived::Wait);
    assert_eq!(reviving.clone().revived(Token([8; 6]), vec![], at(1_001)), Err(WrongState), "another revival's token");
    assert_eq!(reviving.clone().revived(Token([7; 6]), vec![], at(1_120)), Err(WrongState), "too late");
    assert_eq!(reviving.revived(Token([7; 6]), vec![held(4, 3)], at(1_119)).unwrap().order.status(), Status::Paid);
}

#[test]
fn a_revival_that_is_refused_owes_the_money_and_is_final() {
    let lapsed = revival(expired(), 7, 1_000).lapse(Token([7; 6]), at(1_001)).unwrap().order;
    assert_eq!((lapsed.status(), lapsed.due()), (Status::Expired, Some(Due::Refund)));
    assert_eq!(lapsed.clone().capture(capture("c1"), Token([9; 6]), at(1_002)), Arrived::Known);
    assert_eq!(lapsed.clone().capture(capture("c2"), Token([9; 6]), at(1_002)), Arrived::Wait);
    let recorded = lapsed.debt_recorded(at(1_003)).unwrap().order;
    assert_eq!(recorded.due(), None);
    assert!(matches!(recorded.capture(capture("c2"), Token([9; 6]), at(1_004)), Arrived::Owes(_)));
}

#[test]
fn a_payment_for_a_cancelled_order_is_owed() {
    let cancelled = reserved().cancel(at(5)).unwrap().order;
    let Arrived::Owes(change) = cancelled.capture(capture("c1"), Token([0; 6]), at(6)) else { panic!() };
    assert_eq!((change.order.status(), change.order.due()), (Status::Cancelled, Some(Due::Refund)));
}

#[test]
fn cancelling_needs_an_unpaid_order() {
    assert_eq!(paid().cancel(at(11)), Err(CancelRefused::Paid));
    assert_eq!(expired().cancel(at(11)), Err(CancelRefused::Over));
    assert_eq!(revival(expired(), 1, 1_000).cancel(at(1_001)), Err(CancelRefused::Paying));
}

#[test]
fn a_begun_payment_stretches_the_hold_once_within_bounds() {
    let started = reserved().start_payment(begun(1), at(600)).unwrap();
    assert_eq!(started.expires, at(1_500));
    let again = started.change.unwrap().order.start_payment(begun(2), at(1_000)).unwrap();
    assert_eq!(again.expires, at(1_500));
    let order = again.change.unwrap().order;
    assert_eq!(order.clone().start_payment(begun(2), at(1_001)).unwrap().change, None, "a repeat");
    let full =
        (3..=5).fold(order, |order, id| order.start_payment(begun(id), at(1_002)).unwrap().change.unwrap().order);
    assert_eq!(full.start_payment(begun(6), at(1_003)), Err(PayRefused::TooMany));
    let short = Order { hold: HoldTime::minutes(5).unwrap(), ..reserved() };
    assert_eq!(short.start_payment(begun(1), at(100)).unwrap().expires, at(900), "never shorter than it was");
    assert_eq!(reserved().start_payment(begun(1), at(900)), Err(PayRefused::Over));
    assert_eq!(paid().start_payment(begun(1), at(11)), Err(PayRefused::Paid));
}

#[test]
fn an_order_that_ends_while_a_payment_is_under_way_must_ask() {
    let paying = reserved().start_payment(begun(1), at(600)).unwrap().change.unwrap().order;
    let Settlement::Expire(change) = paying.clone().settle(at(1_500)) else { panic!() };
    assert_eq!(change.order.due(), Some(Due::AskPayment));
    assert_eq!(change.order.payment_closed(at(1_600)).unwrap().order.due(), None);
    assert_eq!(paying.cancel(at(700)).unwrap().order.due(), Some(Due::AskPayment));
    assert_eq!(expired().due(), None);
}

#[test]
fn settling_says_what_an_entry_means() {
    assert_eq!(reserved().settle(at(899)), Settlement::InTime { until: at(900) });
    assert_eq!(paid().settle(at(5_000)), Settlement::AwaitsTickets);
    let ticketed = paid().ticketed(at(20)).unwrap().order;
    assert_eq!(ticketed.clone().settle(at(5_000)), Settlement::Owned);
    assert_eq!(expired().settle(at(5_000)), Settlement::Over);
    assert!(matches!(revival(expired(), 1, 1_000).settle(at(1_120)), Settlement::Expire(_)));
    assert_eq!(ticketed.used(at(21)).unwrap().order.settle(at(22)), Settlement::Owned);
}

#[test]
fn tickets_go_back_in_parts_and_the_last_one_ends_the_order() {
    let refund = |number| RefundId::from_bytes([number; 16]);
    let order = paid().ticketed(at(20)).unwrap().order;
    let part = order.refund(&[2], refund(1), at(30)).unwrap().order;
    assert_eq!(part.status(), Status::Ticketed);
    assert_eq!(part.owns().map(|(_, kept)| kept).collect::<Vec<_>>(), [2, 0]);
    assert_eq!(part.kept().collect::<Vec<_>>(), [0, 1]);
    assert_eq!(part.refundable(&[2]), Err(NotRefundable::UnknownTicket));
    assert_eq!(part.refundable(&[0, 0]), Err(NotRefundable::UnknownTicket));
    let rest = part.refund(&[0, 1], refund(2), at(40)).unwrap().order;
    assert_eq!(rest.status(), Status::Refunding);
    assert_eq!(rest.clone().refunded(refund(1), at(50)), Err(WrongState));
    assert_eq!(rest.refunded(refund(2), at(50)).unwrap().order.status(), Status::Refunded);
}

#[test]
fn unpaid_and_used_orders_are_not_refundable() {
    assert_eq!(reserved().refundable(&[0]), Err(NotRefundable::NotPaid));
    let used = paid().ticketed(at(20)).unwrap().order.used(at(21)).unwrap().order;
    assert_eq!(used.refundable(&[0]), Err(NotRefundable::Used));
    assert_eq!(paid().refundable(&[]), Err(NotRefundable::UnknownTicket));
    assert_eq!(paid().refundable(&[3]), Err(NotRefundable::UnknownTicket));
}

proptest! {
    #[test]
    fn parts_given_back_one_by_one_are_worth_the_whole(order in Just([0_u8, 1, 2]).prop_shuffle(), minor in 1_u64..100_000) {
        let mut bought = paid();
        bought.purchase.total = Money::new(minor, Currency::CNY);
        let mut sum = 0;
        for (step, number) in order.into_iter().enumerate() {
            sum += bought.refundable(&[number]).unwrap().minor;
            let refund = RefundId::from_bytes([u8::try_from(step).unwrap(); 16]);
            bought = bought.refund(&[number], refund, at(30)).unwrap().order;
        }
        prop_assert_eq!(sum, minor);
        prop_assert_eq!(bought.status(), Status::Refunding);
    }
}

fn found(count: u8, token: u8) -> (StockBlock, Examined) {
    let mut block = StockBlock::empty(16);
    let entry = Entry { count, until: Some(at(900)), token: Token([token; 6]) };
    block.apply(&block::Change::Hold { order: reserved().id, entry, evict: Vec::new() }).unwrap();
    let examined = block.examine(reserved().id).unwrap();
    (block, examined)
}

#[test]
fn an_entry_means_what_its_order_says() {
    let (listed, elsewhere) = (held(0, 2).block, held(7, 2).block);
    let examined = found(2, 1).1;
    let check = |order: &Order, here, there| {
        assert_eq!((order.verdict(listed, &examined), order.verdict(elsewhere, &examined)), (here, there));
    };
    let returned = paid().refund(&[0], RefundId::from_bytes([3; 16]), at(11)).unwrap().order;
    let ticketed = paid().ticketed(at(12)).unwrap().order;
    let less = |until| Verdict::Shrink(Keep { count: 1, until });
    check(&reserved(), Verdict::Move(at(900)), Verdict::Evict);
    check(&expired(), Verdict::Evict, Verdict::Evict);
    check(&paid(), Verdict::Keep, Verdict::Evict);
    check(&returned, less(Some(at(900))), Verdict::Evict);
    check(&ticketed, Verdict::Confirm, Verdict::Evict);
    check(&returned.ticketed(at(12)).unwrap().order, less(None), Verdict::Evict);
}

#[test]
fn a_revival_writes_over_entries_of_its_own_size_alone() {
    let (order, listed) = (expired(), held(0, 2));
    let again = |block: &StockBlock| listed.again_in(&order, block, at(1_000), Token([9; 6]));
    let (same, examined) = found(2, 5);
    let entry = Entry { count: 2, until: Some(at(1_000)), token: Token([9; 6]) };
    assert_eq!(again(&same), Some(block::Change::Rewrite { examined, entry }));
    assert_eq!(again(&found(3, 5).0), None, "another revival's, perhaps paid with");
    assert!(matches!(again(&StockBlock::empty(16)), Some(block::Change::Hold { .. })));
}

#[test]
fn nothing_of_an_unpaid_order_is_surplus_until_it_is_settled() {
    let block = inventory::Block::Stock(found(2, 1).0);
    assert_eq!(reserved().giving_back(at(10_000), || Token([9; 6])), []);
    assert_eq!(reserved().still_giving_back(held(0, 2).block, &block, || Token([9; 6])), []);
    let all = expired().giving_back(at(900), || Token([9; 6]));
    let released = |change: &inventory::Change| match change {
        inventory::Change::Stock(block::Change::Release { examined }) => examined.entry.count,
        other => panic!("{other:?}"),
    };
    assert_eq!(all.iter().map(|(_, change)| released(change)).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(expired().still_giving_back(held(0, 2).block, &block, || Token([9; 6])).len(), 1);
}
