//! The only crate that knows Lambda: serves an operation, consumes messages, forwards a stream, ticks.
//!
//! Everything but [`serve`] and [`consume`] works without Lambda: the local program and the tests hand the same events to
//! the same functions.
//!
//! **Invariant:** nothing here is generic over routes or workers. A generic `serve` costs 11 seconds of compilation for
//! each binary, an erased one 0.4.

pub mod http;
pub mod queue;
pub mod schedule;
pub mod stream;
pub mod telemetry;
#[cfg(test)]
mod testing;

use std::{process::ExitCode, time::Duration};

use app::{App, Operation, Source, Worker, clock::Clock, config::Settings};
use domain::id::{Id as _, LoginId, UserId};
use lambda_runtime::{Error, LambdaEvent, service_fn};

/// Milliseconds that warming up may take: INIT has ten seconds, but nobody should wait for a database that is slow.
const WARM_UP: Duration = Duration::from_millis(900);

/// Answers the requests that Lambda hands to the function of one operation.
pub fn serve(operation: &'static Operation) -> ExitCode {
    run(async move {
        let app = connect().await?;
        let answer = |request| async move { Ok::<_, Error>(http::answer(operation, app, request).await) };
        lambda_http::run(lambda_http::service_fn(answer)).await
    })
}

/// Deals with the events that Lambda hands to the function of one worker.
pub fn consume(worker: &'static Worker) -> ExitCode {
    run(async move {
        let app = connect().await?;
        match worker.duty.source {
            Source::Queue(_) => {
                let deliver = |event: LambdaEvent<queue::SqsEvent>| async move {
                    Ok::<_, Error>(queue::deliver(worker, app, event.payload).await)
                };
                lambda_runtime::run(service_fn(deliver)).await
            }
            Source::Stream(_) => {
                let forward = |event: LambdaEvent<stream::Event>| async move {
                    Ok::<_, Error>(stream::forward(worker, app, event.payload).await)
                };
                lambda_runtime::run(service_fn(forward)).await
            }
            Source::Schedule { .. } => {
                let tick = |_: LambdaEvent<serde_json::Value>| async move {
                    schedule::tick(worker, app).await.map_err(|failure| Error::from(failure.to_string()))
                };
                lambda_runtime::run(service_fn(tick)).await
            }
        }
    })
}

/// One thread is enough: Lambda gives a function one request at a time.
fn run(program: impl Future<Output = Result<(), Error>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(program) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &Error) -> ExitCode {
    // Whatever failed may have done so before it was known what to log.
    telemetry::init(None);
    tracing::error!(%error, "the function cannot run");
    ExitCode::FAILURE
}

/// Reads the environment and builds the clients, once for the life of the process.
async fn connect() -> Result<&'static App, Error> {
    let settings = Settings::from_env()?;
    telemetry::init(settings.log.as_deref());
    let app: &'static App = Box::leak(Box::new(App::connect(settings, Clock::System, None, false)));
    warm_up(app).await;
    Ok(app)
}

/// Opens a connection while Lambda still gives INIT its full processor: at 128 MB the first TLS handshake would otherwise
/// cost the first request most of a second. What is asked for does not matter, nor whether the function may ask.
async fn warm_up(app: &App) {
    let Ok(nobody) = "warm-up".parse() else { return };
    let tenant = app.store.tenant(&nobody);
    let identity = tenant.identity();
    let asked = identity.login_is_alive(UserId::from_bytes([0; 16]), LoginId::from_bytes([0; 16]), app.now());
    // A refusal or a timeout has opened the connection all the same.
    drop(tokio::time::timeout(WARM_UP, asked).await);
}
