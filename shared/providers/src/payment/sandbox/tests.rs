use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::{
    id::{Id as _, OrderId, RefundId},
    money::{Currency, Money},
    payment::Provider,
    refund::{Reason, State},
};
use http::HeaderValue;

use super::{super::Outcome, *};

/// Books in memory.
#[derive(Default)]
struct Notebook(Mutex<HashMap<PaymentId, String>>);

impl Books for Notebook {
    async fn load(&self, payment: PaymentId) -> Result<Option<String>, Failed> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&payment).cloned())
    }

    async fn swap(&self, payment: PaymentId, before: Option<&str>, after: &str) -> Result<bool, Failed> {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = pages.get(&payment).map(String::as_str) == before;
        if is_same {
            pages.insert(payment, after.to_owned());
        }
        Ok(is_same)
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn sandbox() -> Sandbox<Notebook> {
    Sandbox::new(Notebook::default(), [7; 32], "http://here".to_owned())
}

fn payment() -> Payment {
    Payment {
        id: PaymentId::from_bytes([1; 16]),
        order: OrderId::from_bytes([2; 16]),
        provider: Provider::Sandbox,
        amount: Money::new(1_000, Currency::CNY),
        created: at(0),
    }
}

const fn paid(captures: u8) -> Wanted {
    Wanted::Paid { captures, amount: None }
}

async fn captures(sandbox: &Sandbox<Notebook>) -> Vec<Capture> {
    match sandbox.query(&payment(), at(10)).await.unwrap() {
        Standing::Captured(captures) => captures,
        Standing::Open | Standing::Closing | Standing::Closed => Vec::new(),
    }
}

fn refund(number: u8, capture: &Capture, minor: u64) -> Refund {
    Refund {
        id: RefundId::from_bytes([number; 16]),
        order: payment().order,
        capture: capture.clone(),
        amount: Money::new(minor, Currency::CNY),
        tickets: vec![0],
        reason: Reason::Late,
        state: State::Approved,
        created: at(0),
        version: 0,
    }
}

fn headers(signature: &str) -> HeaderMap {
    HeaderMap::from_iter([(http::HeaderName::from_static(HEADER), HeaderValue::from_str(signature).unwrap())])
}

#[tokio::test]
async fn what_is_paid_is_captured_once_however_often_it_is_asked() {
    let sandbox = sandbox();
    assert!(matches!(sandbox.start(&payment()).await.unwrap(), Begun::Open(_)));
    let first = sandbox.complete(payment().id, paid(1), at(5)).await.unwrap();
    let again = sandbox.complete(payment().id, paid(1), at(9)).await.unwrap();
    assert_eq!(first, again, "the same event, to the second");
    assert_eq!(captures(&sandbox).await.len(), 1);
    assert_eq!(sandbox.complete(payment().id, paid(2), at(9)).await.unwrap().len(), 2);
    let two = captures(&sandbox).await;
    assert_eq!(two.len(), 2);
    assert_ne!(two[0].id, two[1].id);
}

#[tokio::test]
async fn a_failed_payment_may_be_paid_later_and_a_late_failure_takes_nothing_back() {
    let sandbox = sandbox();
    sandbox.start(&payment()).await.unwrap();
    sandbox.complete(payment().id, Wanted::Failed, at(5)).await.unwrap();
    assert_eq!(sandbox.query(&payment(), at(10)).await.unwrap(), Standing::Open);
    sandbox.complete(payment().id, paid(1), at(6)).await.unwrap();
    let failed = sandbox.complete(payment().id, Wanted::Failed, at(7)).await.unwrap();
    assert_eq!(sandbox.read(&failed[0]).unwrap().outcome, Outcome::Failed);
    assert_eq!(captures(&sandbox).await.len(), 1);
}

#[tokio::test]
async fn a_closed_payment_is_not_begun_and_a_captured_one_not_closed() {
    let sandbox = sandbox();
    assert_eq!(sandbox.close(&payment(), at(5)).await.unwrap(), Standing::Closing);
    assert_eq!(sandbox.start(&payment()).await.unwrap(), Begun::Closed);
    sandbox.complete(payment().id, paid(1), at(64)).await.unwrap();
    assert!(matches!(sandbox.close(&payment(), at(90)).await.unwrap(), Standing::Captured(_)));
}

#[tokio::test]
async fn what_was_said_to_be_closed_is_never_captured() {
    let sandbox = sandbox();
    sandbox.start(&payment()).await.unwrap();
    for (now, expected) in [(5, Standing::Closing), (64, Standing::Closing), (65, Standing::Closed)] {
        assert_eq!(sandbox.close(&payment(), at(now)).await.unwrap(), expected, "{now}");
    }
    assert_eq!(sandbox.complete(payment().id, paid(1), at(65)).await.unwrap(), Vec::<String>::new());
    assert_eq!(sandbox.close(&payment(), at(66)).await.unwrap(), Standing::Closed);
}

#[tokio::test]
async fn money_goes_back_once_for_an_id_and_never_more_than_was_taken() {
    let sandbox = sandbox();
    sandbox.start(&payment()).await.unwrap();
    sandbox.complete(payment().id, paid(1), at(5)).await.unwrap();
    let capture = captures(&sandbox).await.remove(0);
    for (number, minor, done) in [(1, 600, true), (1, 600, true), (2, 500, false), (2, 400, true), (3, 1, false)] {
        let given = sandbox.refund(&refund(number, &capture, minor)).await.unwrap();
        assert_eq!(given == GivenBack::Done, done, "{number}: {minor}");
    }
    let unknown = Capture { id: "cap_x".into(), ..capture };
    assert!(matches!(sandbox.refund(&refund(4, &unknown, 1)).await.unwrap(), GivenBack::Refused { .. }));
}

#[tokio::test]
async fn a_webhook_is_believed_with_its_signature_and_in_its_time_alone() {
    let sandbox = sandbox();
    sandbox.start(&payment()).await.unwrap();
    let event = sandbox.complete(payment().id, paid(1), at(1_000)).await.unwrap().remove(0);
    let Webhook { signature, body } = sandbox.sign(event, at(1_000));
    let verify = |signature: &str, body: &str, now| sandbox.verify(&headers(signature), body.as_bytes(), at(now));

    let notification = verify(&signature, &body, 1_000).unwrap();
    assert_eq!((notification.order, notification.at), (payment().order, at(1_000)));
    assert!(matches!(notification.outcome, Outcome::Captured(capture) if capture.amount == payment().amount));
    for (now, good) in [(700, true), (1_300, true), (699, false), (1_301, false)] {
        assert_eq!(verify(&signature, &body, now).is_ok(), good, "{now}");
    }
    for (signature, body) in [
        (signature.as_str(), "{}"),
        (&signature.replace("t=1000", "t=1001"), &body),
        (&signature[..signature.len() - 2], &body),
        ("t=1000", &body),
        ("v1=00", &body),
        ("", &body),
    ] {
        assert_eq!(verify(signature, body, 1_000), Err(BadNotice::Signature), "{signature}");
    }
    assert_eq!(sandbox.verify(&HeaderMap::new(), body.as_bytes(), at(1_000)), Err(BadNotice::Signature));
    let other = Sandbox::new(Notebook::default(), [8; 32], String::new());
    assert!(other.verify(&headers(&signature), body.as_bytes(), at(1_000)).is_err(), "another tenant's key");
    let Webhook { signature, body } = sandbox.sign("{}".to_owned(), at(1_000));
    assert_eq!(verify(&signature, &body, 1_000), Err(BadNotice::Unreadable));
}
