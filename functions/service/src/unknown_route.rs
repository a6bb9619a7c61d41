//! `$default`: whatever no route takes. API Gateway would answer it in words of its own; here it is answered like
//! everything else: 404 where there is no such path, 405 with `Allow` where the path takes other methods, and `OPTIONS`.

use app::{App, Auth, Body, Caller, Code, Endpoint, Error, Operation, Plain, Reply, Route};
use http::header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE, ALLOW};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::routes::ROUTES;

/// Answers what no route takes.
pub static OPERATION: Operation = Operation::of::<UnknownRoute>();

/// Headers that pages may send.
const SENT: &str = "accept-language,authorization,content-type,idempotency-key,if-none-match,x-tenant-id";

#[derive(Debug, Deserialize, JsonSchema)]
struct UnknownRoute {}

/// What was asked for. The path `$default` has no placeholders: whoever runs the operation gives these instead.
#[derive(Debug, Deserialize, JsonSchema)]
struct Asked {
    /// The method of the request.
    method: String,
    /// Its path.
    path: String,
}

impl Endpoint for UnknownRoute {
    const ROUTE: Route = Route {
        name: "unknown-route",
        path: "$default",
        auth: Auth::Open,
        summary: "Refuse what no route takes",
        body: Body::Raw,
        errors: &[Code::NotFound, Code::MethodNotAllowed],
        ..Route::DEFAULT
    };
    type Path = Asked;
    type Output = Plain;

    async fn handle(self, asked: Asked, caller: Caller, app: &'static App) -> Result<Plain, Error> {
        let methods = methods(ROUTES, &asked.path).ok_or(Code::NotFound)?;
        let allowed = [&methods.join(", "), ", OPTIONS"].concat();
        if asked.method.eq_ignore_ascii_case("OPTIONS") {
            // Also what a browser is told that asks before it sends; who may read the answer is told with the answer.
            let reply = Reply::raw("text/plain", "").status(204).header(ALLOW, allowed.as_str());
            let reply = reply.header(ACCESS_CONTROL_ALLOW_METHODS, allowed);
            let reply = reply.header(ACCESS_CONTROL_ALLOW_HEADERS, SENT).header(ACCESS_CONTROL_MAX_AGE, "600");
            return Ok(Plain(reply));
        }
        let refusal = refusal(&caller, app.now().as_millisecond());
        let status = Code::MethodNotAllowed.status();
        Ok(Plain(Reply::raw("application/json; charset=utf-8", refusal).status(status).header(ALLOW, allowed)))
    }
}

/// The envelope of a refusal, which has no room for a header of its own.
fn refusal(caller: &Caller, timestamp_ms: i64) -> String {
    let code = Code::MethodNotAllowed;
    let refusal = json!({
        "code": code.status(),
        "message": code.message(caller.request.language),
        "error": code.word(),
        "requestId": caller.request.id,
        "timestamp": timestamp_ms,
    });
    refusal.to_string()
}

/// The methods that a path takes; nothing where there is no such path. Where two paths fit, as `/orders/{id}` and
/// `/orders/export` do, the methods of both are allowed.
fn methods(routes: &[(&str, &[&'static str])], path: &str) -> Option<Vec<&'static str>> {
    let fitting = routes.iter().filter(|(pattern, _)| fits(pattern, path));
    let mut methods: Vec<&str> = fitting.flat_map(|(_, methods)| methods.iter().copied()).collect();
    methods.sort_unstable();
    methods.dedup();
    (!methods.is_empty()).then_some(methods)
}

/// Whether a path is of the pattern: as many segments, each equal or behind a placeholder and not empty.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given => {}
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[(&str, &[&str])] = &[
        ("/api/orders", &["GET", "POST"]),
        ("/api/orders/{id}", &["GET"]),
        ("/api/orders/export", &["DELETE"]),
        ("/api/orders/{id}/cancel", &["PUT"]),
    ];

    fn check(path: &str, expected: &[&str]) {
        assert_eq!(methods(TABLE, path).unwrap_or_default(), expected, "{path}");
    }

    #[test]
    fn a_path_is_known_by_its_segments() {
        check("/api/orders", &["GET", "POST"]);
        check("/api/orders/ord_1", &["GET"]);
        check("/api/orders/ord_1/cancel", &["PUT"]);
        check("/api/orders/export", &["DELETE", "GET"]);
    }

    #[test]
    fn other_paths_are_not_known() {
        for path in
            ["", "/", "/api", "/api/orders/", "/api/orders//cancel", "/api/orders/a/b", "/api/orders/a/cancel/b"]
        {
            check(path, &[]);
        }
    }

    #[test]
    fn the_table_knows_the_routes_of_this_area() {
        assert_eq!(methods(ROUTES, "/healthz"), Some(vec!["GET"]));
        assert_eq!(methods(ROUTES, "/docs/start.js"), Some(vec!["GET"]));
        assert_eq!(methods(ROUTES, "$default"), None);
    }
}
