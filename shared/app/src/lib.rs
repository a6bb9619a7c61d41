//! What an operation and a worker are: routes, authentication, grants, errors, idempotency, and the state they share.
//!
//! **Invariant:** nothing here knows Lambda. `runtime` turns Lambda's events into [`Call`]s; tests and the local program
//! do the same without it.

mod admission;
pub mod answer;
pub mod auth;
mod business;
pub mod clock;
mod codes;
pub mod config;
mod connect;
mod cors;
pub mod decode;
pub mod dispatch;
mod error;
pub mod given_back;
mod grant;
pub mod guard;
pub mod hours;
pub mod idempotency;
pub mod invitation;
mod keeper;
pub mod limits;
pub mod machine;
pub mod message;
mod operation;
pub mod organised;
pub mod refund_id;
mod route;
pub mod session_cache;
mod signature;
mod state;
pub mod subject_view;
pub mod ticket_code;
pub mod ticket_view;
pub mod token;
pub mod trail;
pub mod wire;
mod worker;

pub use admission::check_networks;
pub use codes::{Code, Language};
pub use error::{Detail, Error};
pub use grant::{Access, Grant, Resource};
pub use operation::{
    Call, Caller, Content, Endpoint, IdempotencyKey, Identity, Located, Nothing, Operation, Output, Plain, Ready,
    Reply, RequestFacts, Target,
};
pub use route::{Auth, Body, Idempotency, Logged, Method, Pace, Route};
pub use state::App;
pub use worker::{BoxFuture, Cause, Duty, Failure, Forwarded, Job, Record, Run, Source, Worker};
