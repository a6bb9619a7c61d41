//! The declaration from which the gateway, the template, the policies, `OpenAPI` and the derived tests all come.

use domain::user::Role;

use crate::{Code, Grant, decode::MAX_BODY};

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

/// How often a route may be called; the numbers are in [`crate::limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pace {
    /// [`Pace::Free`] where nothing is touched, [`Pace::Login`] where the handler proves who speaks, else by the method.
    ByShape,
    /// Not counted: it costs nothing, and the gateway's own throttle is enough.
    Free,
    /// Reads.
    Read,
    /// Changes something.
    Write,
    /// Tries a secret.
    Login,
    /// Costs much more than others.
    Heavy,
    /// Is called by providers, on behalf of all buyers from few addresses.
    Webhook,
}

/// Whether what was done is put on the trail (see [`crate::trail`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logged {
    /// If it may change something and only staff or above may call it.
    ByRole,
    /// Not, although it would be by the rule above; and why.
    Not(&'static str),
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
    /// The longest body that is taken, in bytes. Lambda takes 6 MB with the quotes in it escaped, so no route can take more
    /// than about 4 MB of JSON.
    pub longest_body: usize,
    /// Whether what was done is put on the trail.
    pub logged: Logged,
    /// How often it may be called.
    pub pace: Pace,
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
        longest_body: MAX_BODY,
        logged: Logged::ByRole,
        pace: Pace::ByShape,
        errors: &[],
        cache: None,
        timeout_secs: 10,
    };

    /// How often it may be called.
    pub const fn pace(&self) -> Pace {
        match (self.pace, self.auth) {
            (Pace::ByShape, Auth::Open) if self.grants.is_empty() => Pace::Free,
            (Pace::ByShape, Auth::Proof) => Pace::Login,
            (Pace::ByShape, _) if self.changes() => Pace::Write,
            (Pace::ByShape, _) => Pace::Read,
            (stated, _) => stated,
        }
    }

    /// Whether it may change something.
    pub const fn changes(&self) -> bool {
        !matches!(self.method, Method::Get)
    }

    /// Whether it is there for staff and those above them alone.
    pub const fn is_for_staff(&self) -> bool {
        matches!(self.auth, Auth::AtLeast(Role::Staff | Role::Publisher | Role::Admin | Role::Platform))
    }

    /// Whether it administers: from networks of the tenant's choice alone. The door does not; its scanners are anywhere.
    pub fn is_administration(&self) -> bool {
        self.is_for_staff() && (self.path.starts_with("/api/admin/") || self.path.starts_with("/api/platform/"))
    }

    /// Whether the dispatcher puts what was done on the trail.
    pub const fn is_logged(&self) -> bool {
        matches!(self.logged, Logged::ByRole) && self.changes() && self.is_for_staff()
    }
}
