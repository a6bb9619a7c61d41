//! What stands between the network and the product: from where tenants are administered, whose pages read answers, which
//! headers every answer has, and how large a request may be.

use app::{Auth, dispatch::dispatch};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::{
    client::Answer,
    derived::{Change, Roles, send},
    sample::samples,
    shop::{Person, Shop},
};

const ORIGIN: &str = "https://tickets.example";

/// Writes a list into a tenant's settings, past everything of the product's.
fn settle(shop: &Shop, name: &str, values: &[&str]) {
    let list: Vec<Value> = values.iter().map(|value| json!({ "S": value })).collect();
    let table = [shop.app().settings.table_prefix.as_str(), "catalogue"].concat();
    shop.meddle(
        "UpdateItem",
        &json!({
            "TableName": table, "Key": {"pk": {"S": "#tenants"}, "sk": {"S": "demo"}},
            "UpdateExpression": "SET #n = :v", "ExpressionAttributeNames": {"#n": name},
            "ExpressionAttributeValues": {":v": {"L": list}},
        }),
    );
    // Settings are believed for two seconds.
    shop.clock.advance(2);
}

#[tokio::test]
async fn a_tenant_is_administered_from_its_networks_alone() {
    let shop = Shop::open().await;
    let roles = Roles::of(&shop, "demo").await;
    let others = Roles::of(&shop, "other").await;
    let mut restricted = 0;
    for (networks, is_open) in [(&["192.0.2.0/24"][..], false), (&["192.0.2.0/24", "127.0.0.0/8"], true)] {
        settle(&shop, "networks", networks);
        for sample in samples() {
            let route = &sample.operation.route;
            let answer = send(&shop, &sample, Change { who: roles.enough(route.auth), ..Change::default() }).await;
            if route.is_administration() && !is_open {
                answer.refused(403, "forbidden");
                // The door, buyers, and other tenants are where they are.
                let theirs = send(&shop, &sample, Change { who: others.enough(route.auth), ..Change::default() }).await;
                assert_ne!(theirs.status, 403, "{theirs}");
                restricted += 1;
            } else {
                assert_ne!(answer.status, 403, "{answer}");
            }
            let below_admin = route.path.starts_with("/api/admin/") && matches!(route.auth, Auth::AtLeast(_));
            assert!(route.is_administration() || !below_admin, "{}", route.name);
        }
    }
    assert!(restricted > 10, "{restricted}");
    assert_eq!(shop.store().trail().last().await.unwrap().sequence % 2, 0);
}

#[tokio::test]
async fn nobody_says_from_where_they_come() {
    let shop = Shop::open().await;
    settle(&shop, "networks", &["192.0.2.0/24"]);
    for name in ["x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip", "x-client-ip"] {
        let headers = [(name, "192.0.2.7")];
        let answer = shop.call_with(&shop.admin, "GET", "/api/admin/audit", &headers, Value::Null).await;
        answer.refused(403, "forbidden");
    }
}

async fn with_origin(shop: &Shop, who: Option<&Person>, method: &str, path: &str, origin: &str) -> Answer {
    let bearer = who.map(|who| format!("Bearer {}", shop.token(who)));
    let mut headers = vec![("origin", origin), ("x-tenant-id", "demo"), ("content-type", "application/json")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let body = if method == "POST" { r#"{"tenantId":"demo","login":"a@b.test","password":"wrong"}"# } else { "" };
    shop.web.send(method, path, &headers, body).await
}

#[tokio::test]
async fn a_tenant_says_whose_pages_may_read() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let asked = [
        (None, "GET", "/api/events"),
        (Some(&buyer), "GET", "/api/orders"),
        // Refusals, too: a page must be able to tell why.
        (None, "GET", "/api/orders"),
        (None, "POST", "/api/auth/login"),
    ];
    for (who, method, path) in asked {
        let answer = with_origin(&shop, who, method, path, "https://anywhere.example").await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{answer}: it runs on somebody's own machine");
    }
    settle(&shop, "origins", &[ORIGIN]);
    for (who, method, path) in asked {
        for (origin, allowed) in [
            (ORIGIN, ORIGIN),
            ("https://evil.example", ""),
            ("https://tickets.example.evil.example", ""),
            ("http://tickets.example", ""),
            ("https://tickets.example:444", ""),
            ("null", ""),
        ] {
            let answer = with_origin(&shop, who, method, path, origin).await;
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}: {answer}");
            let vary: Vec<_> = answer.headers.get_all("vary").iter().filter_map(|it| it.to_str().ok()).collect();
            assert!(vary.iter().any(|vary| vary.contains("Origin")), "{origin}: {vary:?}");
            assert_eq!(answer.header("access-control-allow-credentials"), "", "{answer}");
        }
    }
}

#[tokio::test]
async fn a_browser_that_asks_first_is_told_what_it_may_send() {
    let shop = Shop::open().await;
    let ask = async |path: &str| {
        let headers = [("origin", ORIGIN), ("access-control-request-method", "PUT")];
        shop.web.send("OPTIONS", path, &headers, "").await
    };
    let answer = ask("/api/users/profile").await;
    answer.expect(204);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-methods"), "GET, PUT, OPTIONS");
    assert!(answer.header("access-control-allow-headers").contains("authorization"), "{answer}");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    ask("/api/nothing").await.refused(404, "not_found");
}

#[tokio::test]
async fn every_answer_says_what_browsers_may_do_with_it() {
    let shop = Shop::open().await;
    let roles = Roles::of(&shop, "demo").await;
    for sample in samples() {
        let route = &sample.operation.route;
        for who in [None, roles.enough(route.auth)] {
            let answer = send(&shop, &sample, Change { who, ..Change::default() }).await;
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{answer}");
            let policy = answer.header("content-security-policy");
            assert!(policy.contains("frame-ancestors 'none'"), "{answer}: {policy}");
            let is_page = route.name.starts_with("docs");
            assert!(is_page || policy.starts_with("default-src 'none'"), "{answer}: {policy}");
            assert!(!policy.contains("unsafe") && !policy.contains('*'), "{answer}: {policy}");
            // What is somebody's is kept by nobody.
            let cache = answer.header("cache-control");
            let is_private = matches!(route.auth, Auth::AtLeast(_) | Auth::Proof) || answer.status >= 400;
            assert!(!is_private || cache == "no-store" || cache.starts_with("private"), "{answer}: {cache}");
            // Nobody promises TLS where there is none.
            assert_eq!(answer.header("strict-transport-security"), "", "{answer}");
        }
    }
}

#[tokio::test]
async fn a_deployed_stage_asks_for_tls_and_lets_everybody_read_what_is_everybodys() {
    use app::{
        App, Call, Language, RequestFacts, Target,
        clock::Clock,
        config::{Settings, Stage},
    };
    let stage = Stage::Deployed("prod".to_owned());
    let settings = Settings::embedded(stage, "http://127.0.0.1:9", "https://tickets.example", [7; 32]);
    let app: &'static App = Box::leak(Box::new(App::connect(settings, Clock::System, None, false)));
    let operation = onsale::operations().into_iter().find(|operation| operation.route.name == "healthz").unwrap();
    let request = RequestFacts {
        id: "r".to_owned(),
        ip: "192.0.2.1".to_owned(),
        language: Language::English,
        headers: [(http::header::ORIGIN, ORIGIN.parse().unwrap())].into_iter().collect(),
        body: bytes::Bytes::new(),
        origin: "https://tickets.example".to_owned(),
    };
    let call = Call { target: Target::default(), path: serde_json::Map::new(), query: serde_json::Map::new(), request };
    let answer = dispatch(operation, call, app).await;
    let told = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
    assert_eq!((answer.status, told("strict-transport-security").as_str()), (200, "max-age=31536000"));
    assert_eq!((told("access-control-allow-origin").as_str(), told("vary").as_str()), ("*", "Origin"));
}

/// Blanks, of which a thousand make one byte.
fn bomb(bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..bytes >> 20 {
        std::io::Write::write_all(&mut encoder, &blanks).unwrap();
    }
    encoder.finish().unwrap()
}

#[tokio::test]
async fn what_comes_compressed_is_not_unpacked() {
    let shop = Shop::open().await;
    let roles = Roles::of(&shop, "demo").await;
    let small = bomb(64 << 20);
    assert!(small.len() < 200 << 10, "it passes the limit on bodies: {}", small.len());
    for sample in samples().into_iter().filter(|sample| sample.operation.route.method.has_body()) {
        let who = roles.enough(sample.operation.route.auth);
        let bearer = who.map(|who| format!("Bearer {}", shop.token(who)));
        for coding in ["gzip", "br", "deflate", "zstd", "gzip, gzip", "identity, gzip", "x-unknown"] {
            let mut headers = vec![("content-type", "application/json"), ("content-encoding", coding)];
            headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
            let answer = shop.web.send(sample.method(), &sample.target(), &headers, small.clone()).await;
            answer.refused(415, "unsupported_media_type");
        }
    }
    let plain = [("content-encoding", "identity")];
    let asked = json!({"orderId": "ord_00000000000000000000000000", "reason": "ill"});
    let buyer = shop.buyer().await;
    let key = [plain[0], ("idempotency-key", "one")];
    shop.call_with(&buyer, "POST", "/api/payments/refund", &key, asked).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_request_has_a_size() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let query = |length: usize| format!("/api/orders?status=pending&x={}", "x".repeat(length));
    shop.get(&buyer, &query(4_000)).await.expect(200);
    shop.get(&buyer, &query(8_192)).await.refused(400, "malformed_request");
    let long = "x".repeat(9_000);
    let headers = [("x-one", long.as_str()), ("x-two", long.as_str())];
    shop.call_with(&buyer, "GET", "/api/orders", &headers[..1], Value::Null).await.expect(200);
    shop.call_with(&buyer, "GET", "/api/orders", &headers, Value::Null).await.refused(400, "malformed_request");
}
