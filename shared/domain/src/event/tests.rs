use super::*;
use crate::id::Id as _;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn event(review: Review) -> Event {
    Event {
        id: EventId::from_bytes([1; 16]),
        publisher: UserId::from_bytes([1; 16]),
        details: Details {
            title: "Night".into(),
            description: String::new(),
            poster: None,
            category: None,
            city: "Wuhan".into(),
            venue: "Hall".into(),
            address: String::new(),
            zone: "Asia/Shanghai".parse().unwrap(),
            performers: vec![],
            tags: vec![],
            currency: Currency::CNY,
            refunds: RefundPolicy::default(),
        },
        sessions: vec![Session { id: SessionId::from_bytes([1; 16]), starts: at(10_000), minutes: 60, doors: None }],
        options: vec![PriceOption {
            id: OptionId::from_bytes([1; 16]),
            name: "GA".into(),
            price: 12_800,
            original_price: None,
            total: 100,
            sort_order: 0,
            max_per_order: Quantity::parse(4).unwrap(),
            sale_starts: Some(at(100)),
            sale_ends: None,
            description: String::new(),
        }],
        seating: None,
        review,
        created: at(0),
        updated: at(0),
        version: 0,
    }
}

fn offer(event: &Event, count: u64, now: i64) -> Result<u64, NoOffer> {
    let quantity = Quantity::parse(count).unwrap();
    event.offer(event.sessions[0].id, event.options[0].id, quantity, at(now)).map(|money| money.minor)
}

#[test]
fn an_approved_event_is_sold_within_its_window() {
    let approved = event(Review::Approved);
    assert_eq!(offer(&approved, 2, 99), Err(NoOffer::NotOnSale));
    assert_eq!(offer(&approved, 2, 100), Ok(25_600));
    assert_eq!(offer(&approved, 2, 13_599), Ok(25_600));
    assert_eq!(offer(&approved, 2, 13_600), Err(NoOffer::NotOnSale));
    assert!(matches!(offer(&approved, 5, 100), Err(NoOffer::TooMany { .. })));
    assert_eq!(offer(&event(Review::Pending), 2, 100), Err(NoOffer::NotOnSale));
}

#[test]
fn the_public_status_follows_time_and_stock() {
    let approved = event(Review::Approved);
    for (now, left, status) in [
        (0, Some(100), EventStatus::Upcoming),
        (100, Some(100), EventStatus::OnSale),
        (100, None, EventStatus::OnSale),
        (100, Some(0), EventStatus::SoldOut),
        (13_600, Some(5), EventStatus::Ended),
    ] {
        assert_eq!(approved.status(at(now), left), status);
    }
}

#[test]
fn a_review_goes_forward_only() {
    let now = at(0);
    let pending = event(Review::Draft).submit(now).unwrap();
    assert_eq!(pending.clone().submit(now), Err(WrongState));
    let approved = pending.clone().approve(now).unwrap();
    assert_eq!(approved.clone().approve(now), Err(WrongState));
    assert!(approved.clone().reject("no".into(), now).is_err());
    assert!(pending.reject("no".into(), now).unwrap().submit(now).is_ok());
    assert!(approved.cancel("rain".into(), now).unwrap().cancel("again".into(), now).is_err());
}

#[test]
fn refunds_close_so_many_hours_before_the_start() {
    let session = &event(Review::Approved).sessions[0];
    let automatic = RefundPolicy::Automatic { hours_before: 1 };
    assert_eq!(automatic.rule(session.starts, at(6_399)), RefundRule::Approve);
    assert_eq!(automatic.rule(session.starts, at(6_400)), RefundRule::TooLate);
    assert_eq!(RefundPolicy::Never.rule(session.starts, at(0)), RefundRule::Never);
    assert_eq!(RefundPolicy::default().rule(session.starts, at(9_999)), RefundRule::Review);
}

#[test]
fn times_are_shown_in_the_venues_zone() {
    let zone: Zone = "Asia/Shanghai".parse().unwrap();
    assert_eq!(zone.rfc3339(at(0)), "1970-01-01T08:00:00+08:00");
    assert_eq!((zone.date(at(0)).as_str(), zone.time(at(0)).as_str()), ("1970-01-01", "08:00"));
    assert!("Mars/Olympus".parse::<Zone>().is_err());
}
