//! Who travels together: berths, children, one person once, long trains, and parties that sit together or not at all.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{ask, line, order, passenger, run, seats, wish};
use crate::{
    audit::audit,
    rail::{DAY, TRAINS, class, open, opening, railway_of, search},
    shop::{Shop, text},
};

/// What is asked for to open a day of trains that have nothing but these coaches of one class.
fn only(class: &str, coaches: &Value) -> Value {
    let mut terms = opening(DAY, DAY);
    let template = &mut terms["templates"][0];
    template["coaches"] = coaches.clone();
    template["fares"] = json!([{"class": class, "bands": [{"toKm": 1_000, "milliPerKm": 33_000}]}]);
    template.as_object_mut().unwrap().remove("quotas");
    terms
}

/// A railway whose trains have these coaches of one class.
async fn line_with(class: &str, coaches: Value) -> Shop {
    let shop = Shop::open().await;
    railway_of(&shop, TRAINS).await;
    open(&shop, only(class, &coaches)).await;
    shop
}

#[tokio::test]
async fn who_wants_a_lower_berth_gets_one_while_there_is_one() {
    let shop = line_with("hard", json!([{"first": 7, "class": "hard", "layout": "berths-6", "rows": 2}])).await;
    let who = shop.buyer().await;
    let night = run(&shop, "D9", "haicheng", "qiaotou").await;
    assert_eq!(class(&night, "hard")["remaining"], 12, "{night}");
    let berths = |numbers: &[u64], wishes: Value| {
        let mut body = wish(&night, ("HCA", "QTA"), "hard", numbers);
        body["wishes"] = wishes;
        body
    };
    let mut lower = Vec::new();
    for numbers in [[1, 2], [3, 4]] {
        let held = order(&shop, &who, berths(&numbers, json!(["lower", "lower"]))).await;
        lower.extend(seats(&held));
        shop.pay(&who, &text(&held, "id")).await;
        let sold = shop.until(&who, &text(&held, "id"), "ticketed").await;
        let printed = sold["tickets"].as_array().unwrap().iter().map(|ticket| text(ticket, "seatNo"));
        assert_eq!(printed.collect::<Vec<_>>(), seats(&held), "{sold}");
    }
    lower.sort();
    assert_eq!(lower, ["07-01-1L", "07-01-2L", "07-02-1L", "07-02-2L"]);
    for (number, wished, end) in [(5, "upper", "U"), (6, "middle", "M")] {
        let held = order(&shop, &who, berths(&[number], json!([wished]))).await;
        assert!(seats(&held)[0].ends_with(end), "{held}");
    }
    // A wish is no condition.
    let held = order(&shop, &who, berths(&[7], json!(["lower"]))).await;
    assert!(!seats(&held)[0].ends_with('L'), "{held}");
    audit(&shop).await;
}

#[tokio::test]
async fn a_child_pays_the_childs_fare_and_gets_it_back() {
    let shop = line().await;
    let who = shop.buyer().await;
    let found = run(&shop, "G1", "haicheng", "shanyangbei").await;
    let offer = class(&found, "second");
    let fares = ["price", "childPrice"].map(|name| offer[name].as_u64().unwrap());
    assert!(0 < fares[1] && fares[1] < fares[0], "{offer}");
    let mut body = wish(&found, ("HCA", "SYB"), "second", &[1, 2, 3]);
    body["passengers"][1]["kind"] = json!("child");
    let held = order(&shop, &who, body).await;
    assert_eq!(held["totalAmount"], 2 * fares[0] + fares[1], "{held}");
    shop.pay(&who, &text(&held, "id")).await;
    let sold = shop.until(&who, &text(&held, "id"), "ticketed").await;

    // The child stays at home; then one of the others.
    for (ticket, fare) in [(1, fares[1]), (0, fares[0])] {
        let refund = json!({"orderId": held["id"], "ticketIds": [sold["tickets"][ticket]["id"]], "reason": "ill"});
        let refund = shop.create(&who, "/api/payments/refund", refund).await.expect(202);
        assert_eq!(refund["amount"], fare, "{refund}");
        shop.drained().await;
    }
    let counted = audit(&shop).await;
    assert_eq!((counted.taken, counted.returned), (2 * fares[0] + fares[1], fares[0] + fares[1]));
    assert_eq!((counted.sold, counted.tickets), (1, 1));
}

#[tokio::test]
async fn nobody_takes_two_seats_of_one_order() {
    let shop = line().await;
    let who = shop.buyer().await;
    let found = run(&shop, "G1", "haicheng", "shanyangbei").await;
    let two = |number: &str| {
        let mut body = wish(&found, ("HCA", "SYB"), "second", &[1, 2]);
        body["passengers"][1]["idNo"] = json!(number);
        body
    };
    let number = text(&passenger(1), "idNo");
    // However the document is written.
    for same in [number.clone(), format!("{}-{}", &number[..6], &number[6..])] {
        let refused = ask(&shop, &who, two(&same)).await;
        refused.refused(400, "validation_failed");
        assert_eq!(refused.json()["details"][0]["field"], "passengers[1].idNo", "{refused}");
    }
    // Nothing of it is left: the same person travels alone.
    shop.drained().await;
    let held = order(&shop, &who, wish(&found, ("HCA", "SYB"), "second", &[1])).await;
    assert_eq!(seats(&held).len(), 1);
    let counted = audit(&shop).await;
    assert_eq!((counted.sold, counted.held), (0, 1));
}

/// The code of a station of the long line.
fn station(place: u16) -> String {
    let letter = |number: u16| char::from(b'A' + u8::try_from(number).unwrap());
    format!("S{}{}", letter(place / 26), letter(place % 26))
}

/// A timetable of one train that stops a hundred times, every ten minutes and ten kilometres.
fn hundred_stops() -> Value {
    let mut stations = String::from("name,telecode,pinyin,initials,city\n");
    let mut trains = String::from("train,seq,station,arrive,depart,km\n");
    for place in 0..100 {
        let (code, minutes) = (station(place), 300 + 10 * place);
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
        let arrive = if place == 0 { String::new() } else { clock(minutes) };
        let depart = if place == 99 { String::new() } else { clock(minutes + 2) };
        writeln!(stations, "站{place},{code},zhan{place},z{place},城{place}").unwrap();
        writeln!(trains, "K100,{},{code},{arrive},{depart},{}", place + 1, 10 * place).unwrap();
    }
    json!({"stations": stations, "trains": trains})
}

#[tokio::test]
async fn a_seat_of_a_train_of_a_hundred_stops_is_sold_piece_by_piece() {
    let shop = Shop::open().await;
    let imported = shop.post(&shop.admin, "/api/admin/rail/import", hundred_stops()).await.expect(200);
    assert_eq!((&imported["stations"], &imported["stops"]), (&json!(100), &json!(100)), "{imported}");
    let opened = open(&shop, only("seat", &json!([{"first": 1, "class": "seat", "layout": "1+1", "rows": 1}]))).await;
    assert_eq!((&opened["status"], &opened["opened"]), (&json!("done"), &json!(1)), "{opened}");
    let who = shop.buyer().await;
    let (first, last) = (station(0), station(99));
    let found = run(&shop, "K100", &first, &last).await;

    let mut taken = Vec::new();
    for (number, (from, to)) in (1..).zip([(37, 38), (38, 90), (0, 37), (90, 99)]) {
        let (from, to) = (station(from), station(to));
        let held = order(&shop, &who, wish(&found, (&from, &to), "seat", &[number])).await;
        taken.extend(seats(&held));
        shop.pay(&who, &text(&held, "id")).await;
        if number == 2 {
            let left = async |from, to| {
                let found = search(&shop, &station(from), &station(to), &format!("date={DAY}")).await;
                class(&found["items"][0], "seat")["remaining"].as_u64().unwrap()
            };
            let left =
                [left(0, 37).await, left(36, 38).await, left(37, 38).await, left(89, 90).await, left(90, 99).await];
            assert_eq!(left, [2, 1, 1, 1, 2]);
        }
    }
    assert_eq!(taken, vec![taken[0].clone(); 4], "four people on one seat, one after the other");
    // The other seat is free from end to end, and then there is none for anybody.
    let through = order(&shop, &who, wish(&found, (&first, &last), "seat", &[5])).await;
    assert_ne!(seats(&through)[0], taken[0]);
    for (from, to) in [(0, 1), (37, 38), (89, 91), (98, 99)] {
        let (from, to) = (station(from), station(to));
        ask(&shop, &who, wish(&found, (&from, &to), "seat", &[6])).await.refused(409, "sold_out");
    }
    let counted = audit(&shop).await;
    assert_eq!(counted.tickets, 4);
}

#[tokio::test]
async fn who_has_to_sit_together_does_or_does_not_travel() {
    let shop =
        line_with("second", json!([{"first": 1, "last": 3, "class": "second", "layout": "1+1", "rows": 1}])).await;
    let who = shop.buyer().await;
    let found = run(&shop, "G1", "haicheng", "shanyangbei").await;
    assert_eq!(class(&found, "second")["remaining"], 6);
    let three = |together: &str| {
        let mut body = wish(&found, ("HCA", "SYB"), "second", &[1, 2, 3]);
        body["together"] = json!(together);
        body
    };
    // Six seats are free, and no coach has more than two.
    let refused = ask(&shop, &who, three("required")).await;
    refused.refused(409, "too_few_left");
    assert_eq!(refused.json()["remaining"], 2, "{refused}");
    // None of the three was kept anywhere by it, and those who are content with less travel.
    let held = order(&shop, &who, three("preferred")).await;
    let coaches: std::collections::BTreeSet<String> = seats(&held).iter().map(|seat| seat[..2].to_owned()).collect();
    assert_eq!((seats(&held).len(), coaches.len()), (3, 2), "{held}");
    // Two fit into the coach that is left, and only there.
    let mut pair = wish(&found, ("HCA", "SYB"), "second", &[4, 5]);
    pair["together"] = json!("required");
    let pair = order(&shop, &who, pair).await;
    let pair = seats(&pair);
    assert_eq!(pair[0][..2], pair[1][..2]);
    assert!(!coaches.contains(&pair[0][..2]), "{pair:?} beside {coaches:?}");
    audit(&shop).await;
}
