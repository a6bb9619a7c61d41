use std::sync::LazyLock;

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use domain::{
    Timestamp,
    id::{Id as _, LoginId, UserId},
    user::Role,
};
use http::{HeaderMap, HeaderValue, header};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, json};

use super::*;
use crate::{
    Code, Endpoint, Identity, Language, Method, Nothing, RequestFacts,
    clock::Clock,
    config::{Settings, Stage},
};

/// A database in which the login of the first user is alive, and no other.
#[derive(Debug)]
struct OneLogin;

impl HttpConnector for OneLogin {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked = String::from_utf8_lossy(request.body().bytes().unwrap()).into_owned();
        let alive = asked.contains(&UserId::from_bytes([1; 16]).bare());
        let item = if alive { r#"{"Item":{"idleUntil":{"N":"9999999999"}}}"# } else { "{}" };
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(item))))
    }
}

static APP: LazyLock<App> = LazyLock::new(|| {
    let settings = Settings::embedded(Stage::Local, "http://127.0.0.1:9", "http://localhost", [7; 32]);
    let http = http_client_fn(|_, _| SharedHttpConnector::new(OneLogin));
    App::connect(settings, Clock::test(Timestamp::from_second(1_767_225_600).unwrap()), Some(http), true)
});

/// Echoes, panics, or reads what it may not.
#[derive(Debug, Deserialize, JsonSchema)]
struct Echo {
    #[schemars(range(min = 1, max = 10))]
    quantity: u8,
    #[serde(default)]
    act: String,
}

impl Endpoint for Echo {
    const ROUTE: Route = Route {
        name: "echo",
        method: Method::Post,
        path: "/api/echo/{year}",
        auth: Auth::AtLeast(Role::Staff),
        idempotency: Idempotency::Required,
        success: 201,
        ..Route::DEFAULT
    };
    type Path = Year;
    type Output = Map<String, Value>;

    async fn handle(self, path: Year, caller: Caller, app: &'static App) -> Result<Map<String, Value>, Error> {
        match self.act.as_str() {
            "panic" => panic!("on purpose"),
            "steal" => drop(app.files.link("a", 60, "a").await?),
            "refuse" => return Err(Error::new(Code::TooFewLeft).with("remaining", 3)),
            "busy" => return Err(Code::Busy.into()),
            _ => {}
        }
        Ok(Map::from_iter([
            ("year".to_owned(), json!(path.year)),
            ("quantity".to_owned(), json!(self.quantity)),
            ("tenant".to_owned(), json!(caller.tenant()?.as_str())),
        ]))
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Year {
    year: u16,
}

/// A public answer that may be cached.
#[derive(Debug, Deserialize, JsonSchema)]
struct Look {
    #[serde(default)]
    size: u8,
}

impl Endpoint for Look {
    const ROUTE: Route = Route { name: "look", auth: Auth::Public, cache: Some("public, max-age=2"), ..Route::DEFAULT };
    type Path = Nothing;
    type Output = u8;

    async fn handle(self, _: Nothing, _: Caller, _: &'static App) -> Result<u8, Error> {
        Ok(self.size)
    }
}

static ECHO: Operation = Operation::of::<Echo>();
static LOOK: Operation = Operation::of::<Look>();

struct Request {
    call: Call,
}

impl Request {
    fn new(body: &str) -> Self {
        let request = RequestFacts {
            id: "req-1".to_owned(),
            ip: "127.0.0.1".to_owned(),
            language: Language::English,
            headers: HeaderMap::new(),
            body: Bytes::from(body.to_owned()),
            origin: "http://localhost".to_owned(),
        };
        let path = Map::from_iter([("year".to_owned(), json!("2026"))]);
        Self { call: Call { path, query: Map::new(), request } }
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.call.request.headers.insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    fn query(mut self, name: &str, value: &str) -> Self {
        self.call.query.insert(name.to_owned(), json!(value));
        self
    }

    fn user(self, number: u8, role: Role) -> Self {
        let identity =
            Identity { user: UserId::from_bytes([number; 16]), role, login: LoginId::from_bytes([number; 16]) };
        let token = APP.keys.access_token(&"demo".parse().unwrap(), &identity, APP.now()).unwrap();
        self.header("authorization", &["Bearer ", &token].concat())
    }

    async fn send(self, operation: &'static Operation) -> (u16, Value, HeaderMap) {
        let answer = dispatch(operation, self.call, &APP).await;
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default(), answer.headers)
    }
}

/// A request that is right in every way.
fn good(body: &str) -> Request {
    Request::new(body).user(1, Role::Staff).header("idempotency-key", "k")
}

#[tokio::test]
async fn a_good_request_gets_its_data_in_the_envelope() {
    let (status, body, headers) = good(r#"{"quantity":2}"#).send(&ECHO).await;
    assert_eq!(status, 201);
    let data = json!({"year": 2026, "quantity": 2, "tenant": "demo"});
    assert_eq!(body, json!({"code": 201, "message": "ok", "data": data, "timestamp": 1_767_225_600_000_i64}));
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(headers[header::CONTENT_TYPE], "application/json; charset=utf-8");
}

#[tokio::test]
async fn nobody_gets_in_without_a_live_session_of_enough_rank() {
    let body = r#"{"quantity":2}"#;
    for (what, request, status, error) in [
        ("no token", Request::new(body), 401, "unauthenticated"),
        ("a bad token", Request::new(body).header("authorization", "Bearer a.b.c"), 401, "unauthenticated"),
        ("another scheme", Request::new(body).header("authorization", "Basic YTpi"), 401, "unauthenticated"),
        ("a dead session", Request::new(body).user(2, Role::Staff), 401, "session_revoked"),
        ("too low a role", Request::new(body).user(1, Role::Customer), 403, "forbidden"),
        ("too low a role with a broken body", Request::new("{").user(1, Role::Customer), 403, "forbidden"),
        ("another tenant", good(body).query("tenantId", "other"), 400, "validation_failed"),
        ("another tenant", good(body).header("x-tenant-id", "other"), 400, "validation_failed"),
    ] {
        let (told, body, headers) = request.send(&ECHO).await;
        assert_eq!((told, body["error"].as_str()), (status, Some(error)), "{what}");
        assert_eq!(body["code"], status, "{what}");
        assert_eq!(body["requestId"], "req-1", "{what}");
        assert_eq!(headers.contains_key(header::WWW_AUTHENTICATE), status == 401, "{what}");
    }
}

#[tokio::test]
async fn everything_wrong_is_told_together() {
    let (status, body, _) = Request::new(r#"{"quantity":11,"act":1}"#).user(1, Role::Staff).send(&ECHO).await;
    assert_eq!(status, 400);
    let fields: Vec<_> = body["details"].as_array().unwrap().iter().map(|it| it["field"].as_str().unwrap()).collect();
    assert!(["Idempotency-Key", "quantity", "act"].iter().all(|field| fields.contains(field)), "{fields:?}");
}

#[tokio::test]
async fn what_goes_wrong_has_its_status() {
    let long = ["{\"act\":\"", &"x".repeat(300 * 1024), "\"}"].concat();
    for (request, status, error) in [
        (good(&long), 413, "payload_too_large"),
        (good("{"), 400, "malformed_request"),
        (good("{}").header("content-type", "text/plain"), 415, "unsupported_media_type"),
        (good("[]"), 400, "validation_failed"),
        (good(""), 400, "validation_failed"),
        (good(r#"{"quantity":1,"act":"panic"}"#), 500, "internal"),
        (good(r#"{"quantity":1,"act":"steal"}"#), 500, "internal"),
        (good(r#"{"quantity":1,"act":"refuse"}"#), 409, "too_few_left"),
        (good(r#"{"quantity":1,"act":"busy"}"#), 409, "busy"),
    ] {
        let (told, body, headers) = request.send(&ECHO).await;
        assert_eq!((told, body["error"].as_str()), (status, Some(error)));
        assert_eq!(body["remaining"].as_u64(), (error == "too_few_left").then_some(3));
        assert_eq!(headers.contains_key(header::RETRY_AFTER), error == "busy");
        assert!(!body.to_string().contains("on purpose"), "causes stay inside");
    }
}

#[tokio::test]
async fn refusals_speak_the_language_of_the_client() {
    let mut request = Request::new("");
    request.call.request.language = Language::Chinese;
    let (_, body, headers) = request.send(&ECHO).await;
    assert_eq!(
        (body["message"].as_str(), &headers[header::CONTENT_LANGUAGE]),
        (Some("请先登录。"), &HeaderValue::from_static("zh-CN"))
    );
}

#[tokio::test]
async fn a_path_that_is_none_is_not_found() {
    let mut request = good(r#"{"quantity":1}"#);
    request.call.path.insert("year".to_owned(), json!("last"));
    assert_eq!(request.send(&ECHO).await.0, 404);
}

#[tokio::test]
async fn public_answers_need_a_tenant_and_can_be_cached() {
    let (status, body, _) = Request::new("").send(&LOOK).await;
    assert_eq!((status, &body["details"]), (400, &json!([{"field": "tenantId", "reason": "is needed"}])));
    assert_eq!(Request::new("").header("authorization", "Bearer bad").query("tenantId", "a").send(&LOOK).await.0, 401);
    assert_eq!(Request::new("").user(1, Role::Customer).send(&LOOK).await.0, 200);

    let ask = || Request::new("").query("tenantId", "demo").query("size", "7");
    let (status, body, headers) = ask().send(&LOOK).await;
    assert_eq!((status, &body["data"]), (200, &json!(7)));
    assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=2");
    let tag = headers[header::ETAG].to_str().unwrap().to_owned();
    let (status, body, headers) = ask().header("if-none-match", &tag).send(&LOOK).await;
    assert_eq!((status, body, headers[header::ETAG].to_str().unwrap()), (304, Value::Null, tag.as_str()));
    assert_eq!(ask().query("size", "8").header("if-none-match", &tag).send(&LOOK).await.0, 200);
}

#[test]
fn routes_are_granted_what_lets_callers_in() {
    let grants = |auth, idempotency| implied_grants(&Route { auth, idempotency, ..Route::DEFAULT }).len();
    assert_eq!(grants(Auth::Open, Idempotency::Ignored), 0);
    assert_eq!(grants(Auth::Proof, Idempotency::Ignored), 0);
    assert_eq!(grants(Auth::Public, Idempotency::Ignored), 2);
    assert_eq!(grants(Auth::Customer, Idempotency::Taken), 4);
    assert_eq!(ECHO.grants().len(), 4);
}
