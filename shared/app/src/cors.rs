//! Whose pages may read answers (the Fetch standard's CORS): each tenant says so for itself.
//!
//! No answer ever allows credentials: browsers send us none by themselves, for there are no cookies. So a page of another
//! site can send nothing that it could not send from anywhere, and what is decided here is who may *read*. A tenant that
//! lists no origins lets every page read what that page's own token opens. What is the same for everybody may be read by
//! everybody; that covers the answer to a preflight, which knows no tenant yet.
//!
//! On a developer's machine nobody is everybody: any site that its user happens to visit would read what runs there. There
//! only origins that a tenant lists are let in here, and pages of the machine itself by the local program.

use domain::tenant::TenantId;
use http::{
    HeaderMap, HeaderValue,
    header::{ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ORIGIN, VARY},
};

use crate::{App, Auth, Call, Operation, admission::named_tenant, config::Stage};

const EVERYBODY: HeaderValue = HeaderValue::from_static("*");
const EXPOSED: HeaderValue = HeaderValue::from_static("etag,location,retry-after,x-request-id");

/// Lets the page that asks read the answer, if the tenant allows it.
pub(crate) async fn allow(
    operation: &Operation,
    call: &Call,
    tenant: Option<TenantId>,
    app: &App,
    headers: &mut HeaderMap,
) {
    let Some(origin) = call.request.headers.get(ORIGIN) else { return };
    // The answer to a preflight has said already what may be sent.
    let is_private = app.settings.stage == Stage::Local && !headers.contains_key(ACCESS_CONTROL_ALLOW_METHODS);
    let everybody = (!is_private).then_some(EVERYBODY);
    let allowed = match operation.route.auth {
        Auth::Open => everybody,
        Auth::Public | Auth::Proof | Auth::AtLeast(_) => match tenant.or_else(|| spoken_of(call)) {
            Some(tenant) => Box::pin(of_tenant(&tenant, origin, everybody, app)).await,
            None => None,
        },
    };
    if let Some(allowed) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    // Also where it is not allowed: a cache must not give that answer to a page that may read.
    headers.append(VARY, HeaderValue::from_static("Origin"));
}

/// The tenant of a request that nobody was let in with: of a login, or of a refusal. It decides nothing but this.
fn spoken_of(call: &Call) -> Option<TenantId> {
    let in_path = || call.path.get("tenant")?.as_str()?.parse().ok();
    let in_body = || {
        let body: serde_json::Value = serde_json::from_slice(&call.request.body).ok()?;
        body.get("tenantId")?.as_str()?.parse().ok()
    };
    named_tenant(call).ok().flatten().or_else(in_path).or_else(in_body)
}

/// What a tenant's settings say of an origin; nothing where the database does not say what they are.
async fn of_tenant(
    tenant: &TenantId,
    origin: &HeaderValue,
    everybody: Option<HeaderValue>,
    app: &App,
) -> Option<HeaderValue> {
    let settings = app.store.tenant(tenant).catalogue().settings_cached(app.now()).await.ok()??;
    let origins = &settings.allowed_origins;
    if origins.is_empty() {
        return everybody;
    }
    origins.iter().any(|allowed| allowed.as_str().as_bytes() == origin.as_bytes()).then(|| origin.clone())
}
