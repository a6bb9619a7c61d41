//! One HTTP operation: typed where it is written, erased where it is run.

use std::{fmt, sync::OnceLock};

use bytes::Bytes;
use domain::{
    id::{LoginId, UserId},
    tenant::TenantId,
    user::Role,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{App, BoxFuture, Code, Error, Grant, Language, Route, decode::Shape, trail::Trail};

/// A request that knows its route. Implemented once per route, by the type of its body (or query string).
pub trait Endpoint: DeserializeOwned + JsonSchema + Send + 'static {
    /// The declaration.
    const ROUTE: Route;
    /// The placeholders of the path, by name.
    type Path: DeserializeOwned + JsonSchema + Send;
    /// What a success answers.
    type Output: Output;

    /// Answers: load, decide, apply, view.
    fn handle(
        self,
        path: Self::Path,
        caller: Caller,
        app: &'static App,
    ) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

/// The path of a route without placeholders, or the body of one that takes none.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, JsonSchema)]
pub struct Nothing {}

/// Who asks, for which tenant, and what the request said beside its body.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The tenant; every handle of the store begins with it. For [`crate::Auth::Open`] and [`crate::Auth::Proof`] there
    /// is none yet.
    pub tenant: Option<TenantId>,
    /// Who is logged in.
    pub identity: Option<Identity>,
    /// What the request said beside its body.
    pub request: RequestFacts,
    /// What makes a repeat of this request recognisable, where the route takes it and the client sent it.
    pub idempotency: Option<IdempotencyKey>,
    /// Takes what the handler changes, for the record of what was done.
    pub trail: Trail,
}

/// A user with a live session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub user: UserId,
    /// What they may do.
    pub role: Role,
    /// By which login.
    pub login: LoginId,
}

/// What a request said beside its body.
#[derive(Clone, Debug)]
pub struct RequestFacts {
    /// Names the request in answers and logs.
    pub id: String,
    /// The address that it came from.
    pub ip: String,
    /// The language of messages.
    pub language: Language,
    /// Its headers.
    pub headers: http::HeaderMap,
    /// The body as it came.
    pub body: Bytes,
    /// Scheme and host that the client used: the base of addresses in answers.
    pub origin: String,
}

/// A hash of (tenant, caller, route, `Idempotency-Key`), and one of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Names the attempt.
    pub key: [u8; 32],
    /// Tells another body under the same key.
    pub body: [u8; 32],
}

impl Caller {
    /// The tenant of the request.
    ///
    /// # Errors
    /// `validation_failed` where none was given; the dispatcher sees to it that this happens only on open routes.
    pub fn tenant(&self) -> Result<&TenantId, Error> {
        self.tenant.as_ref().ok_or_else(|| Error::field("tenantId", "is needed"))
    }

    /// Who is logged in.
    ///
    /// # Errors
    /// `unauthenticated` where nobody is.
    pub fn identity(&self) -> Result<Identity, Error> {
        self.identity.ok_or_else(|| Code::Unauthenticated.into())
    }

    /// The user who is logged in.
    ///
    /// # Errors
    /// `unauthenticated` where nobody is.
    pub fn user(&self) -> Result<UserId, Error> {
        self.identity().map(|identity| identity.user)
    }
}

/// What was asked for, as it was sent: what signatures are made over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The method.
    pub method: http::Method,
    /// The path, not decoded, without the query.
    pub path: String,
    /// The query, not decoded, without the question mark.
    pub query: String,
}

/// A request after routing, before authentication.
#[derive(Clone, Debug)]
pub struct Call {
    /// What was asked for, as it was sent.
    pub target: Target,
    /// Values of the placeholders in [`Route::path`], decoded.
    pub path: serde_json::Map<String, Value>,
    /// The query string, decoded; of a name that stands twice the last counts.
    pub query: serde_json::Map<String, Value>,
    /// What the request said beside that, with the body.
    pub request: RequestFacts,
}

/// An answer before the envelope is put around it.
#[derive(Debug)]
pub struct Reply {
    /// The status, where it is not the route's.
    pub status: Option<u16>,
    /// Headers beside those that every answer has.
    pub headers: Vec<(http::HeaderName, String)>,
    /// The body.
    pub content: Content,
}

/// The body of an answer.
#[derive(Debug)]
pub enum Content {
    /// JSON that goes into the envelope as `data`.
    Data(Box<serde_json::value::RawValue>),
    /// A body of its own kind: an image, a page, what a provider expects.
    Raw {
        /// `Content-Type`.
        kind: &'static str,
        /// The bytes.
        bytes: Bytes,
    },
}

impl Reply {
    /// A value for the envelope.
    ///
    /// # Errors
    /// `internal` where the value cannot be written as JSON.
    pub fn data(value: &impl Serialize) -> Result<Self, Error> {
        let raw = serde_json::value::to_raw_value(value).map_err(Error::internal)?;
        Ok(Self { status: None, headers: Vec::new(), content: Content::Data(raw) })
    }

    /// Bytes of some kind.
    pub fn raw(kind: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self { status: None, headers: Vec::new(), content: Content::Raw { kind, bytes: bytes.into() } }
    }

    /// Sets the status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: http::HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What a handler may answer: any serialisable value, or one of the wrappers below.
pub trait Output: Send {
    /// The answer.
    ///
    /// # Errors
    /// `internal` where the value cannot be written as JSON.
    fn reply(self) -> Result<Reply, Error>;

    /// The schema of `data`; `None` where the answer is not JSON in the envelope.
    fn schema(generator: &mut SchemaGenerator) -> Option<Schema>;
}

impl<T: Serialize + JsonSchema + Send> Output for T {
    fn reply(self) -> Result<Reply, Error> {
        Reply::data(&self)
    }

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }
}

/// A value together with the address where it can be asked for again.
#[derive(Debug)]
pub struct Located<T> {
    /// Path, for the header `Location`.
    pub location: String,
    /// The value.
    pub value: T,
}

impl<T: Serialize + JsonSchema + Send> Output for Located<T> {
    fn reply(self) -> Result<Reply, Error> {
        Ok(Reply::data(&self.value)?.header(http::header::LOCATION, self.location))
    }

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }
}

/// A value that is complete (200) or still being made (202, try again after a second).
#[derive(Debug)]
pub enum Ready<T> {
    /// Complete.
    Now(T),
    /// Still being made.
    Soon(T),
}

impl<T: Serialize + JsonSchema + Send> Output for Ready<T> {
    fn reply(self) -> Result<Reply, Error> {
        match self {
            Self::Now(value) => Reply::data(&value),
            Self::Soon(value) => Ok(Reply::data(&value)?.status(202).header(http::header::RETRY_AFTER, "1")),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }
}

/// An answer that is no JSON in an envelope.
#[derive(Debug)]
pub struct Plain(pub Reply);

impl Output for Plain {
    fn reply(self) -> Result<Reply, Error> {
        Ok(self.0)
    }

    fn schema(_: &mut SchemaGenerator) -> Option<Schema> {
        None
    }
}

/// An [`Endpoint`]'s handler with its types erased: input and path as JSON.
type Erased = fn(Value, Value, Caller, &'static App) -> BoxFuture<Result<Reply, Error>>;

/// An [`Endpoint`] with its types erased, so that whoever runs it compiles once.
pub struct Operation {
    /// The declaration.
    pub route: Route,
    /// Decodes and handles; called by the dispatcher once the caller is known.
    pub(crate) run: Erased,
    /// The schema of the path's placeholders.
    pub path: fn(&mut SchemaGenerator) -> Schema,
    /// The schema of the body or query.
    pub input: fn(&mut SchemaGenerator) -> Schema,
    /// The schema of the answer's `data`.
    pub output: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The name of the type that declares it, with its package in front.
    declared_by: fn() -> &'static str,
    /// The input's schema, compiled when first needed.
    pub(crate) shape: OnceLock<Shape>,
    /// The schema of the path's placeholders, likewise.
    pub(crate) path_shape: OnceLock<Shape>,
    /// [`Operation::grants`], collected when first needed.
    pub(crate) granted: OnceLock<Vec<Grant>>,
}

impl Operation {
    /// Erases an endpoint.
    pub const fn of<E: Endpoint>() -> Self {
        Self {
            route: E::ROUTE,
            run: run::<E>,
            path: SchemaGenerator::subschema_for::<E::Path>,
            input: SchemaGenerator::subschema_for::<E>,
            output: <E::Output as Output>::schema,
            declared_by: std::any::type_name::<E>,
            shape: OnceLock::new(),
            path_shape: OnceLock::new(),
            granted: OnceLock::new(),
        }
    }

    /// The area that it belongs to: the package of the type that declares it.
    pub fn area(&self) -> &'static str {
        (self.declared_by)().split("::").next().unwrap_or_default()
    }

    /// Everything that the operation touches: what its handler does, and what authentication and idempotency do for it.
    pub fn grants(&self) -> Vec<Grant> {
        let mut grants = self.route.grants.to_vec();
        grants.extend(crate::dispatch::implied_grants(&self.route));
        grants.extend(self.route.grants.iter().filter_map(|grant| grant.implied()));
        grants.sort_unstable();
        grants.dedup();
        grants
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("route", &self.route).finish_non_exhaustive()
    }
}

fn run<E: Endpoint>(input: Value, path: Value, caller: Caller, app: &'static App) -> BoxFuture<Result<Reply, Error>> {
    Box::pin(async move {
        let path: E::Path = serde_json::from_value(path).map_err(|_| Code::NotFound)?;
        let request: E = crate::decode::typed(input)?;
        request.handle(path, caller, app).await?.reply()
    })
}
