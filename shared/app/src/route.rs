//! The declaration from which the gateway, the template, the policies, `OpenAPI` and the derived tests all come.

use domain::user::Role;

use crate::{Code, Grant};

/// An HTTP method that the product uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of RFC 9110")]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Whether a request of this method has a body.
    pub const fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put)
    }
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Everybody; the answer is the same for every tenant.
    Open,
    /// Everybody; the tenant comes from the token, from `tenantId` or from `X-Tenant-Id`.
    Public,
    /// Everybody; the tenant is in the path or in the body, and the handler proves who speaks (a login, a signed webhook).
    Proof,
    /// Whoever is logged in with at least this role.
    AtLeast(Role),
}

impl Auth {
    /// Whoever is logged in.
    #[expect(non_upper_case_globals, reason = "reads as the variant that it stands for")]
    pub const Customer: Self = Self::AtLeast(Role::Customer);
}

/// Whether a repeated request with the same `Idempotency-Key` has the same effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// The route creates nothing, or its nature makes repeats harmless: the header is ignored.
    Ignored,
    /// The header is taken.
    Taken,
    /// The header must be there.
    Required,
}

/// What the body of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// JSON where the method has a body, the query string where not.
    Json,
    /// Bytes that the handler reads itself (webhooks are verified as they came).
    Raw,
}

/// One route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// File, binary, Lambda function, `operationId` and sample event, all in one name.
    pub name: &'static str,
    /// The method.
    pub method: Method,
    /// The path, with placeholders in braces.
    pub path: &'static str,
    /// Who may call.
    pub auth: Auth,
    /// What the handler itself touches. What authentication and idempotency touch is added by [`crate::Operation::grants`].
    pub grants: &'static [Grant],
    /// One sentence for the documentation.
    pub summary: &'static str,
    /// The status of success.
    pub success: u16,
    /// Whether repeats are recognised.
    pub idempotency: Idempotency,
    /// What the body is.
    pub body: Body,
    /// The refusals that this route adds to those that every route has.
    pub errors: &'static [Code],
    /// `Cache-Control` of a success, where it may be cached.
    pub cache: Option<&'static str>,
    /// Seconds until Lambda ends the function.
    pub timeout_secs: u8,
}

impl Route {
    /// What a route is unless it says otherwise. Name, method, path, summary are always said.
    pub const DEFAULT: Self = Self {
        name: "",
        method: Method::Get,
        path: "",
        auth: Auth::AtLeast(Role::Platform),
        grants: &[],
        summary: "",
        success: 200,
        idempotency: Idempotency::Ignored,
        body: Body::Json,
        errors: &[],
        cache: None,
        timeout_secs: 10,
    };
}
