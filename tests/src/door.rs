//! At the door: once, in time, with a real ticket.

use domain::user::Role;
use serde_json::{Value, json};

use crate::{
    audit::audit,
    shop::{START, Shop, TO_SESSION, establish, person, text, tickets},
};

/// Shop, buyer's codes, and the order.
async fn sold(quantity: u8) -> (Shop, Vec<String>, Value) {
    let shop = Shop::open().await;
    let offer = shop.publish(tickets(10)).await;
    let buyer = shop.buyer().await;
    let sale = shop.sale(&buyer, &offer, quantity).await;
    let codes = sale["tickets"].as_array().unwrap().iter().map(|ticket| text(ticket, "qrCode")).collect();
    (shop, codes, sale)
}

#[tokio::test]
pub(crate) async fn a_ticket_admits_once_and_its_own_repeat() {
    let (shop, codes, sale) = sold(2).await;
    shop.open_doors().await;
    let first = shop.scan(&codes[0], "a").await.data();
    assert_eq!(first["result"], "admitted");
    // The answer was lost and the scanner asks again.
    assert_eq!(shop.scan(&codes[0], "a").await.data()["result"], "admitted");
    let refused = shop.scan(&codes[0], "b").await.refused(409, "already_used");
    assert_eq!(refused["usedAt"], first["ticket"]["usedAt"], "{refused}");
    shop.pass(60).await;
    let counts = shop
        .get(
            &shop.staff,
            &format!("/api/door/sessions/{}/counts?eventId={}", text(&sale, "sessionId"), text(&sale, "eventId")),
        )
        .await;
    assert_eq!((&counts.data()["admitted"], &counts.data()["expected"]), (&json!(1), &json!(2)), "{counts}");
    shop.scan(&codes[1], "c").await.expect(200);
    shop.drained().await;
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn many_scanners_at_once_admit_once() {
    let (shop, codes, _) = sold(1).await;
    shop.open_doors().await;
    let nonces: Vec<_> = (0..16).map(|number| format!("n{number}")).collect();
    let scans = futures_util::future::join_all(nonces.iter().map(|nonce| shop.scan(&codes[0], nonce))).await;
    assert_eq!(scans.iter().filter(|scan| scan.status == 200).count(), 1);
    assert!(scans.iter().filter(|scan| scan.status != 200).all(|scan| scan.error() == "already_used"));
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn who_comes_too_early_or_too_late_stays_outside() {
    let (shop, codes, _) = sold(2).await;
    shop.scan(&codes[0], "a").await.refused(409, "not_yet_valid");
    shop.pass(START + TO_SESSION - 2 * 3_600 - 1 - shop.now().as_second()).await;
    shop.scan(&codes[0], "b").await.refused(409, "not_yet_valid");
    shop.pass(1).await;
    shop.scan(&codes[0], "c").await.expect(200);
    let grace_ends = START + TO_SESSION + 2 * 3_600 + 30 * 60;
    shop.pass(grace_ends - shop.now().as_second()).await;
    shop.scan(&codes[1], "d").await.refused(409, "expired");
    // Whoever was admitted hears that again, however late.
    assert_eq!(shop.scan(&codes[0], "c").await.status, 200);
    shop.scan(&codes[0], "e").await.refused(409, "already_used");
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn forged_codes_are_unknown_and_change_nothing() {
    let (shop, codes, _) = sold(1).await;
    shop.open_doors().await;
    let code = &codes[0];
    let flip = |at: usize| {
        let mut bytes = code.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let mut forged: Vec<_> = (0..code.len()).step_by(7).map(flip).collect();
    forged.extend(["x".into(), code[..code.len() - 2].to_owned(), [code, "0"].concat(), code.to_lowercase()]);
    for forged in forged {
        shop.scan(&forged, "f").await.refused(404, "unknown_ticket");
    }
    // Another tenant's door knows nothing of it.
    let other = "other".parse().unwrap();
    establish(shop.app(), &other).await;
    let stranger = person(shop.app(), &other, Role::Admin, "boss").await;
    let scan = shop.post(&stranger, "/api/door/check-in", json!({"code": code, "nonce": "o"})).await;
    scan.refused(404, "unknown_ticket");
    // Nor may customers let people in.
    let buyer = shop.buyer().await;
    shop.post(&buyer, "/api/door/check-in", json!({"code": code, "nonce": "p"})).await.refused(403, "forbidden");
    shop.scan(code, "real").await.expect(200);
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn scanners_without_a_connection_find_the_public_keys() {
    let (shop, _, _) = sold(1).await;
    let keys = shop.look("/.well-known/onsale/ticket-keys.json").await;
    assert_eq!(keys.status, 200, "{keys}");
    assert!(keys.json().to_string().len() > 60, "{keys}");
}
