//! From a call to an answer: who asks, for which tenant, with what; then the handler; then the envelope.
//!
//! **Invariant:** a handler runs only after authentication, tenant, role, idempotency key and the shape of the body were
//! checked as its route declares. No handler can forget one.

use std::{any::Any, panic::AssertUnwindSafe};

use domain::tenant::TenantId;
use futures_util::FutureExt as _;
use http::{HeaderValue, header};
use serde_json::Value;
use store::Table;

pub use crate::answer::{HttpAnswer, method_not_allowed, not_found};
use crate::{
    App, Auth, Body, Call, Caller, Detail, Error, Grant, Idempotency, Operation, Pace, Reply, Route,
    admission::{Admitted, admit, idempotency},
    answer,
    clock::Stopwatch,
    cors,
    decode::{self, Shape},
    guard,
    trail::{self, Trail},
};

/// For how long browsers are to ask by TLS alone: a year, in seconds.
const YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Answers a call. Never fails and never panics: whatever goes wrong is an answer, too.
pub async fn dispatch(operation: &'static Operation, call: Call, app: &'static App) -> HttpAnswer {
    let watch = Stopwatch::start();
    let route = &operation.route;
    let running = AssertUnwindSafe(admit_and_run(operation, &call, app)).catch_unwind();
    let outcome = if app.guarded {
        let grants = operation.granted.get_or_init(|| operation.grants());
        guard::scope(route.name, grants, running).await
    } else {
        running.await
    };
    let (tenant, outcome) = outcome.unwrap_or_else(|panic| (None, Err(panicked(panic.as_ref()))));
    let outcome = outcome.and_then(|reply| answer::success(route, &call, &reply, app.now()));
    let shown = tenant.as_ref().map(TenantId::as_str).unwrap_or_default();
    let mut answer = match outcome {
        Ok(answer) => {
            log(route, &call, shown, answer.status, watch);
            answer
        }
        Err(error) => {
            log_refusal(route, &call, shown, &error, watch);
            answer::refusal(&call, &error, app.now())
        }
    };
    if app.settings.public_url.starts_with("https://") {
        answer.headers.insert(header::STRICT_TRANSPORT_SECURITY, YEAR);
    }
    let reading = cors::allow(operation, &call, tenant, app, &mut answer.headers);
    if app.guarded {
        guard::scope(route.name, operation.granted.get_or_init(|| operation.grants()), reading).await;
    } else {
        reading.await;
    }
    answer
}

/// What the dispatcher itself touches for a route, beside what its handler touches: authentication, idempotency, the trail.
pub fn implied_grants(route: &Route) -> Vec<Grant> {
    let mut grants = Vec::new();
    if route.auth != Auth::Open {
        // The tenant's settings: from where it is administered, and whose pages may read answers.
        grants.push(Grant::read(Table::Catalogue));
    }
    if matches!(route.auth, Auth::Public | Auth::AtLeast(_)) {
        grants.push(Grant::read(Table::Identity));
    }
    if route.idempotency != Idempotency::Ignored || route.is_logged() {
        grants.push(Grant::read(Table::Activity));
    }
    // Buckets of tokens, beside what was named.
    if route.idempotency != Idempotency::Ignored || route.is_logged() || route.pace() != Pace::Free {
        grants.push(Grant::write(Table::Activity));
    }
    grants
}

/// The tenant, for the log, and what became of the call.
async fn admit_and_run(
    operation: &'static Operation,
    call: &Call,
    app: &'static App,
) -> (Option<TenantId>, Result<Reply, Error>) {
    if let Err(error) = decode::check_request(call, operation.route.longest_body) {
        return (None, Err(error));
    }
    match enter(operation, call, app).await {
        Ok(admitted) => {
            let tenant = admitted.tenant.clone();
            (tenant, run(operation, call, admitted, app).await)
        }
        Err(error) => (None, Err(error)),
    }
}

/// Counts and admits.
async fn enter(operation: &Operation, call: &Call, app: &App) -> Result<Admitted, Error> {
    let route = &operation.route;
    let asking = app.buckets.by_address(app, route, call).await?;
    let admitted = admit(operation, call, app).await?;
    app.buckets.by_user(app, route, &admitted, asking).await?;
    Ok(admitted)
}

async fn run(
    operation: &'static Operation,
    call: &Call,
    admitted: Admitted,
    app: &'static App,
) -> Result<Reply, Error> {
    let key = idempotency(&operation.route, call, &admitted);
    let input = read_input(operation, call)?;
    let (idempotency, input) = match (key, input) {
        (Ok(key), Ok(input)) => (key, input),
        // Everything that is wrong with fields is told at once, wherever they stand.
        (Err(key), Err(fields)) => return Err(Error::fields([key.details, fields].concat())),
        (Err(error), Ok(_)) => return Err(error),
        (Ok(_), Err(fields)) => return Err(Error::fields(fields)),
    };
    let intent = trail::intend(app, &operation.route, call, &admitted).await?;
    let trail = Trail::default();
    let caller = Caller {
        tenant: admitted.tenant,
        identity: admitted.identity,
        request: call.request.clone(),
        idempotency,
        trail: trail.clone(),
    };
    let path = operation.path_shape.get_or_init(|| Shape::of(operation.path)).coerce(call.path.clone());
    let ended = (operation.run)(input, Value::Object(path), caller, app).await;
    if let Some(intent) = intent {
        trail::conclude(app, &operation.route, intent, &trail, &ended).await;
    }
    ended
}

/// The body or the query as JSON, with all wrong fields as the inner error; what cannot be read at all is the outer.
fn read_input(operation: &Operation, call: &Call) -> Result<Result<Value, Vec<Detail>>, Error> {
    let route = &operation.route;
    let shape = || operation.shape.get_or_init(|| Shape::of(operation.input));
    let input = match (route.body, route.method.has_body()) {
        (Body::Json, true) => decode::body(&call.request.headers, &call.request.body)?,
        (Body::Json, false) => Value::Object(shape().coerce(call.query.clone())),
        (Body::Raw, _) => return Ok(Ok(Value::Object(shape().coerce(call.query.clone())))),
    };
    let wrong = shape().check(&input);
    Ok(if wrong.is_empty() { Ok(input) } else { Err(wrong) })
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::internal(["panicked: ", said.unwrap_or("without a word")].concat())
}

/// One line for each request: never tokens, bodies, names or addresses of people.
fn log(route: &Route, call: &Call, tenant: &str, status: u16, watch: Stopwatch) {
    tracing::info!(
        target: "request",
        route = route.name,
        status,
        latency_ms = watch.elapsed_ms(),
        request_id = call.request.id,
        tenant,
    );
}

fn log_refusal(route: &Route, call: &Call, tenant: &str, error: &Error, watch: Stopwatch) {
    let (status, word, latency_ms) = (error.code.status(), error.code.word(), watch.elapsed_ms());
    let request_id = &call.request.id;
    let Some(cause) = error.cause() else {
        tracing::info!(target: "request", route = route.name, status, error = word, latency_ms, request_id, tenant);
        return;
    };
    let cause = Chain(cause.as_ref());
    if status == 500 {
        tracing::error!(target: "request", route = route.name, status, error = word, %cause, latency_ms, request_id, tenant);
    } else {
        tracing::warn!(target: "request", route = route.name, status, error = word, %cause, latency_ms, request_id, tenant);
    }
}

/// Writes an error with what lies behind it.
#[derive(Debug)]
pub struct Chain<'a>(pub &'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
