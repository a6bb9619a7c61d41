//! The program stops, or dies, in the middle; what was promised is kept.

use app::clock::Clock;
use onsale::{Options, engine::Data};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    audit::{audit, pool},
    sale::HOLD,
    shop::{Shop, start, text, tickets},
};

/// A folder, and the way to open a shop in it again and again under one clock.
struct Premises {
    folder: TempDir,
    clock: Clock,
}

impl Premises {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: start() }
    }

    async fn open(&self) -> Shop {
        let data = Data::Folder(self.folder.path().to_owned());
        Shop::with(Options { data, ..Options::test(self.clock.clone()) }, self.clock.clone()).await
    }
}

/// Stops everything in good order.
async fn close(shop: Shop) {
    let Shop { system, .. } = shop;
    system.stop().await;
}

impl Premises {
    /// Kills the program: messages in flight, changes unread, nothing finished.
    async fn kill(&self, shop: Shop) {
        drop(shop);
        // A process that is killed lets go of its folder at once; tasks of this one when they are next looked at.
        let lock = std::fs::File::open(self.folder.path().join("lock")).unwrap();
        for _ in 0..100_000 {
            if lock.try_lock().is_ok() {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the folder stays locked");
    }
}

#[tokio::test]
pub(crate) async fn a_sale_goes_on_after_a_restart() {
    let premises = Premises::new();
    let shop = premises.open().await;
    let offer = shop.publish(tickets(4)).await;
    let buyer = shop.buyer().await;
    let order = shop.hold(&buyer, &offer, 2).await;
    close(shop).await;

    let shop = premises.open().await;
    assert_eq!(shop.status(&buyer, &order).await, "pending");
    let payment = shop.begin(&buyer, &order).await;
    close(shop).await;

    let shop = premises.open().await;
    shop.complete(&buyer, &payment, json!({"outcome": "paid"})).await.expect(200);
    let sale = shop.until(&buyer, &order, "ticketed").await;
    close(shop).await;

    let shop = premises.open().await;
    shop.open_doors().await;
    shop.scan(&text(&sale["tickets"][0], "qrCode"), "a").await.expect(200);
    assert_eq!(pool(&shop, &offer).await, (2, 2, 0));
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn a_program_that_dies_in_the_middle_is_made_good_by_the_next() {
    let premises = Premises::new();
    let shop = premises.open().await;
    let offer = shop.publish(tickets(8)).await;
    let buyer = shop.buyer().await;
    let (unwritten, written) = (shop.buy(&buyer, &offer, 2).await, shop.buy(&buyer, &offer, 1).await);
    premises.kill(shop).await;

    let shop = premises.open().await;
    shop.until(&buyer, &unwritten, "pending").await;
    let payment = shop.begin(&buyer, &written).await;
    shop.complete(&buyer, &payment, json!({"outcome": "paid"})).await.expect(200);
    premises.kill(shop).await;

    let shop = premises.open().await;
    shop.until(&buyer, &written, "ticketed").await;
    shop.clock.advance(HOLD);
    premises.kill(shop).await;

    let shop = premises.open().await;
    shop.until(&buyer, &unwritten, "expired").await;
    assert_eq!(pool(&shop, &offer).await, (7, 1, 0));
    audit(&shop).await;
}

#[tokio::test]
pub(crate) async fn the_demo_can_be_bought_from() {
    let clock = start();
    let options = Options { demo: true, ..Options::test(clock.clone()) };
    let shop = Shop::with(options, clock).await;
    let login = async |path: &str, field: &str, who: &str| {
        let body = json!({"tenantId": "demo", field: format!("{who}@demo.test"), "password": "demo-password-1"});
        shop.web.send("POST", path, &[("content-type", "application/json")], body.to_string()).await
    };
    for (who, role) in [("root", "platform"), ("admin", "admin"), ("publisher", "publisher"), ("door", "staff")] {
        let answer = login("/api/admin/auth/login", "username", who).await;
        assert_eq!(answer.data()["user"]["role"], role, "{who}");
    }
    assert_eq!(login("/api/auth/login", "login", "buyer").await.data()["user"]["role"], "customer");
    // What was counted before the last sale may be shown for two more seconds.
    shop.drained().await;
    shop.pass(3).await;
    let events = shop.look("/api/events").await.data();
    let statuses: Vec<_> = events["items"].as_array().unwrap().iter().map(|event| text(event, "status")).collect();
    assert!(statuses.contains(&"onSale".to_owned()) && statuses.contains(&"soldOut".to_owned()), "{statuses:?}");
    let on_sale = events["items"].as_array().unwrap().iter().find(|event| event["status"] == "onSale").unwrap();
    let option = &on_sale["priceOptions"][0];
    assert_eq!((&option["price"], &option["totalCount"]), (&json!(12_800), &json!(500)));
    let shown = shop.look(&format!("/api/events/{}", text(on_sale, "id"))).await.data();
    let buyer = shop.buyer().await;
    let body = json!({
        "eventId": shown["id"], "sessionId": shown["sessions"][0]["id"], "priceOptionId": option["id"], "quantity": 1,
        "userInfo": {"name": "Wang Fang", "phone": "13800138000"},
    });
    let order = text(&shop.create(&buyer, "/api/orders", body).await.expect(202), "id");
    shop.drained().await;
    shop.pay(&buyer, &order).await;
    shop.until(&buyer, &order, "ticketed").await;
}
