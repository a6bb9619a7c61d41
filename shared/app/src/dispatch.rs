//! From a call to an answer: who asks, for which tenant, with what; then the handler; then the envelope.
//!
//! **Invariant:** a handler runs only after authentication, tenant, role, idempotency key and the shape of the body were
//! checked as its route declares. No handler can forget one.

use std::{any::Any, panic::AssertUnwindSafe};

use futures_util::FutureExt as _;
use serde_json::Value;
use store::Table;

pub use crate::answer::{HttpAnswer, method_not_allowed, not_found};
use crate::{
    App, Auth, Body, Call, Caller, Detail, Error, Grant, Idempotency, Operation, Reply, Route,
    admission::{Admitted, admit, idempotency},
    answer,
    clock::Stopwatch,
    decode::{self, Shape},
    guard,
};

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
    let tenant = tenant.as_deref().unwrap_or_default();
    match outcome {
        Ok(answer) => {
            log(route, &call, tenant, answer.status, watch);
            answer
        }
        Err(error) => {
            log_refusal(route, &call, tenant, &error, watch);
            answer::refusal(&call, &error, app.now())
        }
    }
}

/// What authentication and idempotency touch for a route, beside what its handler touches.
pub fn implied_grants(route: &Route) -> &'static [Grant] {
    // Whether the session is alive, and the tenant in business.
    const SESSION: [Grant; 2] = [Grant::read(Table::Identity), Grant::read(Table::Catalogue)];
    const ONCE: [Grant; 2] = [Grant::read(Table::Activity), Grant::write(Table::Activity)];
    let may_see_token = matches!(route.auth, Auth::Public | Auth::AtLeast(_));
    match (may_see_token, route.idempotency) {
        (false, Idempotency::Ignored) => &[],
        (true, Idempotency::Ignored) => &SESSION,
        (false, Idempotency::Taken | Idempotency::Required) => &ONCE,
        (true, Idempotency::Taken | Idempotency::Required) => &[SESSION[0], SESSION[1], ONCE[0], ONCE[1]],
    }
}

/// The tenant, for the log, and what became of the call.
async fn admit_and_run(
    operation: &'static Operation,
    call: &Call,
    app: &'static App,
) -> (Option<String>, Result<Reply, Error>) {
    if let Err(error) = decode::check_size(&call.request.body) {
        return (None, Err(error));
    }
    match admit(&operation.route, call, app).await {
        Ok(admitted) => {
            let tenant = admitted.tenant.as_ref().map(ToString::to_string);
            (tenant, run(operation, call, admitted, app).await)
        }
        Err(error) => (None, Err(error)),
    }
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
    let caller =
        Caller { tenant: admitted.tenant, identity: admitted.identity, request: call.request.clone(), idempotency };
    let path = operation.path_shape.get_or_init(|| Shape::of(operation.path)).coerce(call.path.clone());
    (operation.run)(input, Value::Object(path), caller, app).await
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
