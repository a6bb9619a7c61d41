//! How orders are written down. Names are short: every status change pays for the whole item, and under
//! 1 KiB it costs one write unit.

use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::HEXLOWER;
use domain::{
    Timestamp,
    block::Token,
    id::{Id as _, OrderId, PaymentId},
    money::Money,
    order::{Contact, Ended, Held, Order, Purchase, Quantity, Replaces, Returned, Settled, State, What},
    payment::{Begun, Capture},
    pool::BlockAddress,
    rail,
    row::Places,
    tenant::HoldTime,
};
use serde::{Deserialize, Serialize};

use crate::{
    Failed,
    client::{Bytes, Item},
    inventory::{read_places, write_places},
    subject,
};

/// The attribute of the state's word.
pub(super) const STATE: &str = "st";
/// The word of a tombstone.
pub(super) const TOMBSTONE: &str = "tombstone";

/// Whether an item was put by the write that drew this number.
pub(super) fn is_written_by(item: &Item, written: u64) -> bool {
    matches!(item.get("w"), Some(AttributeValue::S(text)) if *text == format!("{written:x}"))
}

/// The head of an order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OrderItem {
    /// The user: written as the index's key, read back from it.
    us: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    ev: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    se: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    op: String,
    /// A ride, instead of these.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    ride: String,
    q: u8,
    tot: u64,
    cur: String,
    /// What each ticket costs, where that differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    each: Vec<u64>,
    /// What is printed on each ticket about its seat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seats: Vec<String>,
    /// Whom to reach, sealed; nothing where nobody is to be reached any more.
    #[serde(default, skip_serializing_if = "is_empty")]
    ct: Bytes,
    held: Vec<String>,
    hold: u8,
    cr: i64,
    up: i64,
    /// Payments that were begun: provider and id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pays: Vec<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    ret: u16,
    /// The tickets whose place it takes: their order, their bits, whether they are final, how many changes led here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rp: Option<(String, u16, bool, u8)>,
    st: String,
    ver: u32,
    /// Which write put it.
    w: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paying: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tok: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cap: Option<CaptureItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    re: Option<String>,
    /// When the money of a refunded order was back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    back: Option<i64>,
}

const fn is_empty(bytes: &Bytes) -> bool {
    bytes.0.is_empty()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_zero(bits: &u16) -> bool {
    *bits == 0
}

/// A capture, inside an order or a refund.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct CaptureItem {
    p: String,
    id: String,
    pay: String,
    amt: u64,
    cur: String,
}

impl CaptureItem {
    pub(super) fn of(capture: &Capture) -> Self {
        Self {
            p: capture.provider.word().into(),
            id: capture.id.clone(),
            pay: capture.payment.bare(),
            amt: capture.amount.minor,
            cur: capture.amount.currency.to_string(),
        }
    }

    pub(super) fn read(self) -> Result<Capture, Failed> {
        Ok(Capture {
            provider: self.p.parse().map_err(Failed::corrupt)?,
            id: self.id,
            payment: PaymentId::from_bare(&self.pay).map_err(Failed::corrupt)?,
            amount: money(self.amt, &self.cur)?,
        })
    }
}

impl OrderItem {
    pub(super) fn of(order: &Order, written: u64) -> Self {
        let subject = subject::Written::of(&order.purchase.subject);
        let mut item = Self {
            us: order.user.bare(),
            ev: subject.event,
            se: subject.session,
            op: subject.option,
            ride: subject.ride,
            each: order.purchase.each.clone(),
            seats: order.purchase.seats.clone(),
            q: order.purchase.quantity.get(),
            tot: order.purchase.total.minor,
            cur: order.purchase.total.currency.to_string(),
            ct: Bytes(order.contact.as_bytes().to_vec()),
            held: order.held.iter().map(write_held).collect(),
            hold: order.hold.as_minutes(),
            cr: order.created.as_millisecond(),
            up: order.updated.as_millisecond(),
            pays: order.begun.iter().map(write_begun).collect(),
            ret: order.returned.bits(),
            rp: order.replaces.map(write_replaced),
            st: word(&order.state).into(),
            ver: order.version,
            w: format!("{written:x}"),
            x: None,
            at: None,
            paying: None,
            tok: None,
            cap: None,
            re: None,
            back: None,
        };
        item.write_state(&order.state);
        item
    }

    fn write_state(&mut self, state: &State) {
        match state {
            State::Reserved { expires } => self.x = Some(expires.as_millisecond()),
            State::Reviving { until, token, capture } => {
                self.x = Some(until.as_millisecond());
                self.tok = Some(HEXLOWER.encode(&token.0));
                self.cap = Some(CaptureItem::of(capture));
            }
            State::Paid(paid) | State::Ticketed(paid) | State::Used(paid) => self.write_paid(paid),
            State::Cancelled(ended) | State::Expired(ended) | State::Lapsed(ended) => {
                self.at = Some(ended.at.as_millisecond());
                self.paying = ended.paying.then_some(true);
                self.cap = ended.owed.as_ref().map(CaptureItem::of);
            }
            State::Refunding { paid, refund } => {
                self.write_paid(paid);
                self.re = Some(refund.bare());
            }
            State::Refunded { paid, at } => {
                self.write_paid(paid);
                self.back = Some(at.as_millisecond());
            }
        }
    }

    fn write_paid(&mut self, paid: &Settled) {
        self.at = Some(paid.at.as_millisecond());
        self.cap = paid.capture.as_ref().map(CaptureItem::of);
    }

    pub(super) fn read(mut self, id: OrderId) -> Result<Order, Failed> {
        let state = self.read_state()?;
        let subject = subject::Written { event: self.ev, session: self.se, option: self.op, ride: self.ride };
        Ok(Order {
            id,
            user: domain::id::UserId::from_bare(&self.us).map_err(Failed::corrupt)?,
            purchase: Purchase {
                subject: subject.read()?,
                quantity: Quantity::parse(self.q.into()).map_err(Failed::corrupt)?,
                total: money(self.tot, &self.cur)?,
                each: self.each,
                seats: self.seats,
            },
            contact: Contact::sealed(self.ct.0),
            held: self.held.iter().map(|text| read_held(text)).collect::<Result<_, _>>()?,
            hold: HoldTime::minutes(self.hold.into()).map_err(Failed::corrupt)?,
            created: at(self.cr)?,
            updated: at(self.up)?,
            begun: self.pays.iter().map(|text| read_begun(text)).collect::<Result<_, _>>()?,
            returned: Returned::from_bits(self.ret),
            replaces: self.rp.map(read_replaced).transpose()?,
            state,
            version: self.ver,
        })
    }

    fn read_state(&mut self) -> Result<State, Failed> {
        Ok(match self.st.as_str() {
            "reserved" => State::Reserved { expires: moment(self.x)? },
            "reviving" => State::Reviving {
                until: moment(self.x)?,
                token: read_token(self.tok.as_deref().unwrap_or_default())?,
                capture: self.cap.take().ok_or_else(|| Failed::corrupt("a revival without a payment"))?.read()?,
            },
            "paid" => State::Paid(self.read_paid()?),
            "ticketed" => State::Ticketed(self.read_paid()?),
            "used" => State::Used(self.read_paid()?),
            "cancelled" => State::Cancelled(self.read_ended()?),
            "expired" => State::Expired(self.read_ended()?),
            "lapsed" => State::Lapsed(self.read_ended()?),
            "refunding" => {
                let refund = self.re.as_deref().unwrap_or_default();
                let refund = domain::id::RefundId::from_bare(refund).map_err(Failed::corrupt)?;
                State::Refunding { paid: self.read_paid()?, refund }
            }
            "refunded" => State::Refunded { paid: self.read_paid()?, at: moment(self.back)? },
            other => return Err(Failed::corrupt(other)),
        })
    }

    fn read_paid(&mut self) -> Result<Settled, Failed> {
        Ok(Settled { at: moment(self.at)?, capture: self.read_capture()? })
    }

    fn read_ended(&mut self) -> Result<Ended, Failed> {
        Ok(Ended { at: moment(self.at)?, paying: self.paying.unwrap_or(false), owed: self.read_capture()? })
    }

    fn read_capture(&mut self) -> Result<Option<Capture>, Failed> {
        self.cap.take().map(CaptureItem::read).transpose()
    }
}

/// The word of a state in storage, which the stream's reader also goes by.
pub(crate) const fn word(state: &State) -> &'static str {
    match state {
        State::Reserved { .. } => "reserved",
        State::Reviving { .. } => "reviving",
        State::Paid(_) => "paid",
        State::Ticketed(_) => "ticketed",
        State::Used(_) => "used",
        State::Cancelled(_) => "cancelled",
        State::Expired(_) => "expired",
        State::Lapsed(_) => "lapsed",
        State::Refunding { .. } => "refunding",
        State::Refunded { .. } => "refunded",
    }
}

/// Tickets are a number, seats `s` and the bits of their places in hexadecimal, rides `r` and the bytes of their places, the
/// time of a person `p`, the ticket's number, the places and the order that this one is to replace.
fn write_held(held: &Held) -> String {
    let Held { block, what, token } = held;
    let places = |places: &rail::row::Places| HEXLOWER.encode(&write_places(places));
    let what = match what {
        What::Tickets(count) => count.to_string(),
        What::Seats(places) => format!("s{:x}", places.bits()),
        What::Rides(rides) => format!("r{}", places(rides)),
        What::Person { ticket, places: time, instead_of } => {
            let instead_of = instead_of.map_or_else(String::new, |order| order.bare());
            format!("p{ticket}.{}.{instead_of}", places(time))
        }
    };
    [&block.pool.to_string(), ":", &block.number.to_string(), ":", &what, ":", &HEXLOWER.encode(&token.0)].concat()
}

fn read_held(text: &str) -> Result<Held, Failed> {
    let unreadable = || Failed::corrupt("what an order holds");
    let mut parts = text.split(':');
    let mut part = || parts.next().ok_or_else(unreadable);
    let pool = part()?.parse().map_err(|_| unreadable())?;
    let number = part()?.parse().map_err(|_| unreadable())?;
    let what = read_what(part()?).ok_or_else(unreadable)?;
    let token = read_token(part()?)?;
    Ok(Held { block: BlockAddress { pool, number }, what, token })
}

fn read_what(text: &str) -> Option<What> {
    let places = |text: &str| read_places(&HEXLOWER.decode(text.as_bytes()).ok()?);
    Some(match text.chars().next()? {
        's' => What::Seats(Places::from_bits(u16::from_str_radix(&text[1..], 16).ok()?)),
        'r' => What::Rides(places(&text[1..])?),
        'p' => {
            let mut parts = text[1..].split('.');
            let ticket = parts.next()?.parse().ok()?;
            let places = places(parts.next()?)?;
            let instead_of = match parts.next()? {
                "" => None,
                order => Some(OrderId::from_bare(order).ok()?),
            };
            What::Person { ticket, places, instead_of }
        }
        _ => What::Tickets(text.parse().ok()?),
    })
}

fn write_replaced(replaces: Replaces) -> (String, u16, bool, u8) {
    (replaces.order.bare(), replaces.tickets.bits(), replaces.is_final, replaces.times)
}

fn read_replaced((order, tickets, is_final, times): (String, u16, bool, u8)) -> Result<Replaces, Failed> {
    let order = OrderId::from_bare(&order).map_err(Failed::corrupt)?;
    Ok(Replaces { order, tickets: Returned::from_bits(tickets), is_final, times })
}

fn write_begun(begun: &Begun) -> String {
    [begun.provider.word(), ":", &begun.id.bare()].concat()
}

fn read_begun(text: &str) -> Result<Begun, Failed> {
    let (provider, id) = text.split_once(':').ok_or_else(|| Failed::corrupt("a payment that was begun"))?;
    let id = PaymentId::from_bare(id).map_err(Failed::corrupt)?;
    Ok(Begun { id, provider: provider.parse().map_err(Failed::corrupt)? })
}

fn read_token(text: &str) -> Result<Token, Failed> {
    let bytes = HEXLOWER.decode(text.as_bytes()).map_err(Failed::corrupt)?;
    bytes.try_into().map(Token).map_err(|_| Failed::corrupt("a token"))
}

pub(super) fn money(minor: u64, currency: &str) -> Result<Money, Failed> {
    Ok(Money::new(minor, currency.parse().map_err(Failed::corrupt)?))
}

pub(super) fn at(millis: i64) -> Result<Timestamp, Failed> {
    Timestamp::from_millisecond(millis).map_err(Failed::corrupt)
}

fn moment(millis: Option<i64>) -> Result<Timestamp, Failed> {
    at(millis.ok_or_else(|| Failed::corrupt("a state without its time"))?)
}

#[cfg(test)]
mod tests {
    use domain::{
        id::{EventId, OptionId, RefundId, SessionId, UserId},
        order::Subject,
        payment::Provider,
        pool::PoolKey,
    };

    use super::*;
    use crate::{
        client::{decode, encode},
        keys,
    };

    fn order(state: State) -> Order {
        let block = |number| BlockAddress { pool: PoolKey::from_hash(&[1; 32]), number };
        let held = |number| Held::tickets(block(number), 1, Token([9; 6]));
        Order {
            id: OrderId::from_bytes([1; 16]),
            user: UserId::from_bytes([2; 16]),
            purchase: Purchase {
                subject: Subject::Session {
                    event: EventId::from_bytes([3; 16]),
                    session: SessionId::from_bytes([4; 16]),
                    option: OptionId::from_bytes([5; 16]),
                },
                each: Vec::new(),
                seats: Vec::new(),
                quantity: Quantity::parse(2).unwrap(),
                total: money(25_600, "CNY").unwrap(),
            },
            // What 20 Chinese characters and a telephone number come to, with number of the key, nonce and tag.
            contact: Contact::sealed(vec![7; 31 + 4 + 60 + 14]),
            held: vec![held(62_499), held(3)],
            hold: HoldTime::DEFAULT,
            created: at(1_767_225_600_123).unwrap(),
            updated: at(1_767_225_600_456).unwrap(),
            begun: vec![Begun { id: PaymentId::from_bytes([7; 16]), provider: Provider::Sandbox }; 2],
            returned: Returned::from_bits(2),
            replaces: Some(Replaces {
                order: OrderId::from_bytes([8; 16]),
                tickets: Returned::from_bits(0b11),
                is_final: true,
                times: 1,
            }),
            state,
            version: 7,
        }
    }

    fn states() -> Vec<State> {
        let capture = Capture {
            provider: Provider::Sandbox,
            id: "cap_0123456789abcdef0123456789abcdef".into(),
            payment: PaymentId::from_bytes([7; 16]),
            amount: money(25_600, "CNY").unwrap(),
        };
        let time = at(1_767_225_600_789).unwrap();
        let paid = Settled { at: time, capture: Some(capture.clone()) };
        let ended = Ended { at: time, paying: true, owed: Some(capture.clone()) };
        vec![
            State::Reserved { expires: time },
            State::Reviving { until: time, token: Token([8; 6]), capture },
            State::Paid(Settled { at: time, capture: None }),
            State::Ticketed(paid.clone()),
            State::Used(paid.clone()),
            State::Cancelled(ended.clone()),
            State::Expired(Ended { at: time, paying: false, owed: None }),
            State::Lapsed(ended),
            State::Refunding { paid: paid.clone(), refund: RefundId::from_bytes([6; 16]) },
            State::Refunded { paid, at: time },
        ]
    }

    fn item(order: &Order) -> Item {
        encode(keys::order(&"demo".parse().unwrap(), order.id), &OrderItem::of(order, 5)).unwrap()
    }

    #[test]
    fn every_state_reads_back() {
        for state in states() {
            let order = order(state);
            let read = decode::<OrderItem>(item(&order)).unwrap().read(order.id).unwrap();
            assert_eq!(read, order);
        }
    }

    #[test]
    fn seats_read_back_and_what_was_written_before_there_were_seats_does_too() {
        let block = BlockAddress { pool: PoolKey::from_hash(&[1; 32]), number: 7 };
        for what in [What::Tickets(10), What::Seats(Places::from_bits(0x8001)), What::Seats(Places::from_bits(3))] {
            let held = Held { block, what, token: Token([9; 6]) };
            assert_eq!(read_held(&write_held(&held)).unwrap(), held);
        }
        let before = format!("{}:7:2:090909090909", block.pool);
        assert_eq!(read_held(&before).unwrap(), Held::tickets(block, 2, Token([9; 6])));
        assert!(read_held(&format!("{}:7:sx:090909090909", block.pool)).is_err());
    }

    #[test]
    fn an_order_of_two_stays_under_one_kibibyte_in_every_state() {
        for state in states() {
            let bytes: usize = item(&order(state.clone())).iter().map(|(name, value)| name.len() + size(value)).sum();
            assert!(bytes < 900, "{bytes} bytes in {state:?}");
        }
    }

    fn size(value: &AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(text) => text.len().div_ceil(2) + 1,
            AttributeValue::B(bytes) => bytes.as_ref().len(),
            AttributeValue::Bool(_) => 1,
            AttributeValue::L(list) => 3 + list.iter().map(|value| size(value) + 1).sum::<usize>(),
            AttributeValue::M(map) => 3 + map.iter().map(|(name, value)| name.len() + size(value) + 1).sum::<usize>(),
            other => panic!("{other:?}"),
        }
    }
}
