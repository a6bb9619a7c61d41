//! Who asks, and for which tenant: decided from the route's declaration before a handler runs.

use domain::{
    id::KeyId,
    network::{self, Network},
    tenant::TenantId,
    user::Role,
};
use http::header::AUTHORIZATION;

use crate::{
    App, Auth, Call, Code, Error, Idempotency, IdempotencyKey, Identity, Operation, RequestFacts, Route, auth::sha256,
    business, machine::Machine, token::Bearer,
};

/// The header that names the tenant where no token does.
pub(crate) const TENANT_HEADER: &str = "x-tenant-id";
/// The header that makes repeats recognisable.
pub(crate) const KEY_HEADER: &str = "idempotency-key";
/// The query parameter that names the tenant where no token does.
const TENANT_FIELD: &str = "tenantId";

/// Who was let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Admitted {
    pub(crate) tenant: Option<TenantId>,
    pub(crate) identity: Option<Identity>,
    /// The API key that signed the request, where a machine asks.
    pub(crate) key: Option<KeyId>,
}

/// Who asks, as far as the request proves it.
#[derive(Clone, Debug)]
enum Known {
    /// Somebody with a session.
    Person(Bearer),
    /// A key that signed the request.
    Machine(Machine),
}

/// Lets a call in, or says why not.
pub(crate) async fn admit(operation: &Operation, call: &Call, app: &App) -> Result<Admitted, Error> {
    let admitted = identify(operation, call, app).await?;
    business::check(&operation.route, &admitted, app).await?;
    Ok(admitted)
}

/// Who calls, for which tenant, and whether they may.
async fn identify(operation: &Operation, call: &Call, app: &App) -> Result<Admitted, Error> {
    let route = &operation.route;
    let least = match route.auth {
        // Whatever token comes along has nothing to say here: who logs in again may well send one that has ended.
        Auth::Open | Auth::Proof => return Ok(Admitted::default()),
        Auth::Public => None,
        Auth::AtLeast(role) => Some(role),
    };
    let known = authenticate(call, app).await?;
    let named = named_tenant(call)?;
    let admitted = match (known, least) {
        (None, Some(_)) => return Err(Code::Unauthenticated.into()),
        (None, None) if named.is_none() => return Err(Error::field(TENANT_FIELD, "is needed")),
        (None, None) => Admitted { tenant: named, ..Admitted::default() },
        (Some(known), least) => {
            known.may_call(operation)?;
            enter(known, named, least)?
        }
    };
    if route.is_administration()
        && let Some(tenant) = &admitted.tenant
    {
        Box::pin(from_where(tenant, call, app)).await?;
    }
    Ok(admitted)
}

impl Known {
    /// Whether a machine's scopes allow the operation. People are not restricted so; and what is public is so for machines.
    fn may_call(&self, operation: &Operation) -> Result<(), Error> {
        match self {
            Self::Machine(machine) if matches!(operation.route.auth, Auth::AtLeast(_)) => {
                let may = machine.may(operation.area(), operation.route.changes());
                if may { Ok(()) } else { Err(Code::Forbidden.into()) }
            }
            Self::Machine(_) | Self::Person(_) => Ok(()),
        }
    }
}

/// Compares who asks with what the request and the route say.
fn enter(known: Known, named: Option<TenantId>, least: Option<Role>) -> Result<Admitted, Error> {
    let (tenant, identity, key) = match known {
        Known::Person(bearer) => (bearer.tenant, bearer.identity, None),
        Known::Machine(machine) => (machine.tenant.clone(), machine.identity(), Some(machine.key.id)),
    };
    if named.is_some_and(|named| named != tenant) {
        return Err(Error::field(TENANT_FIELD, "must be the tenant that you are logged in to"));
    }
    if least.is_some_and(|least| identity.role < least) {
        return Err(Code::Forbidden.into());
    }
    Ok(Admitted { tenant: Some(tenant), identity: Some(identity), key })
}

/// Refuses administration from where the tenant does not allow it. Whoever comes this far has proved to be of the tenant's
/// staff: the word tells them nothing that they may not know, and a wrong word would send them looking for another fault.
async fn from_where(tenant: &TenantId, call: &Call, app: &App) -> Result<(), Error> {
    let settings = app.store.tenant(tenant).catalogue().settings_cached(app.now()).await?;
    let networks = settings.as_deref().map(|settings| settings.admin_networks.as_slice()).unwrap_or_default();
    let address = call.request.ip.parse().ok();
    if network::admits(networks, address) { Ok(()) } else { Err(Code::Forbidden.into()) }
}

/// Refuses networks that would shut out whoever sets them: the next request would be refused, and there would be no way
/// back in.
///
/// # Errors
/// `validation_failed` for `field`.
pub fn check_networks(field: &str, networks: &[Network], request: &RequestFacts) -> Result<(), Error> {
    let is_in = network::admits(networks, request.ip.parse().ok());
    if is_in { Ok(()) } else { Err(Error::field(field, "must contain the address that you are asking from")) }
}

/// Who asks: nobody where there is neither token nor signature, and no entry where one is bad or both are there.
async fn authenticate(call: &Call, app: &App) -> Result<Option<Known>, Error> {
    let headers = &call.request.headers;
    let is_signed = headers.contains_key("signature") || headers.contains_key("signature-input");
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let now = app.now();
    match (values.next(), is_signed) {
        (None, false) => Ok(None),
        (Some(_), true) => Err(Code::Unauthenticated.into()),
        (None, true) => {
            let machine = Box::pin(app.machines.signer(app, call, now)).await?;
            machine.map(|machine| Some(Known::Machine(machine))).ok_or_else(|| Code::Unauthenticated.into())
        }
        (Some(header), false) => {
            let token = header.to_str().ok().and_then(token_of).filter(|_| values.next().is_none());
            let token = token.ok_or(Code::Unauthenticated)?;
            let bearer = app.sessions.bearer(app, token, now).await.ok_or(Code::Unauthenticated)?;
            let is_alive = app.sessions.is_alive(app, &bearer, now).await?;
            if is_alive { Ok(Some(Known::Person(bearer))) } else { Err(Code::SessionRevoked.into()) }
        }
    }
}

/// The token in `Authorization: Bearer <token>` (RFC 6750, 2.1). No token of ours is longer than 1 KiB.
fn token_of(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= 1_024).then_some(token)
}

/// The tenant that the query or the header names.
pub(crate) fn named_tenant(call: &Call) -> Result<Option<TenantId>, Error> {
    let parse = |text: &str| text.parse::<TenantId>().map_err(|error| Error::field(TENANT_FIELD, error));
    let query = call.query.get(TENANT_FIELD).and_then(|value| value.as_str()).filter(|text| !text.is_empty());
    let query = query.map(parse).transpose()?;
    let header = match call.request.headers.get(TENANT_HEADER) {
        None => None,
        Some(value) => Some(parse(value.to_str().unwrap_or_default())?),
    };
    match (query, header) {
        (Some(query), Some(header)) if query != header => {
            Err(Error::field(TENANT_FIELD, "must be the same in the query and in X-Tenant-Id"))
        }
        (query, header) => Ok(query.or(header)),
    }
}

/// What makes a repeat of the call recognisable: keys are scoped to tenant, caller and route. Who is not logged in has
/// none, for strangers must not find each other's results.
pub(crate) fn idempotency(route: &Route, call: &Call, admitted: &Admitted) -> Result<Option<IdempotencyKey>, Error> {
    let mut values = call.request.headers.get_all(KEY_HEADER).iter();
    let text = match (route.idempotency, values.next()) {
        (Idempotency::Ignored, _) | (Idempotency::Taken, None) => return Ok(None),
        (Idempotency::Required, None) => return Err(Error::field("Idempotency-Key", "is needed")),
        (Idempotency::Taken | Idempotency::Required, Some(value)) => value.as_bytes(),
    };
    let is_visible = !text.is_empty() && text.len() <= 64 && text.iter().all(u8::is_ascii_graphic);
    if !is_visible || values.next().is_some() {
        return Err(Error::field("Idempotency-Key", "must be 1 to 64 visible ASCII characters"));
    }
    let (Some(tenant), Some(identity)) = (&admitted.tenant, admitted.identity) else { return Ok(None) };
    let user = identity.user.to_string();
    let path = serde_json::to_vec(&call.path).map_err(Error::internal)?;
    Ok(Some(IdempotencyKey {
        key: sha256(&[tenant.as_str().as_bytes(), user.as_bytes(), route.name.as_bytes(), text]),
        // The same key for another path is another request as much as another body is.
        body: sha256(&[&path, &call.request.body]),
    }))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use domain::id::{Id as _, LoginId, UserId};
    use http::{HeaderMap, HeaderName, HeaderValue};
    use serde_json::{Map, Value};

    use super::*;
    use crate::{Language, RequestFacts};

    fn call(query: Option<&str>, headers: &[(&'static str, &'static str)]) -> Call {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Call {
            target: crate::Target::default(),
            path: Map::new(),
            query: query.map(|tenant| ("tenantId".to_owned(), Value::from(tenant))).into_iter().collect(),
            request: RequestFacts {
                id: "r".to_owned(),
                ip: "127.0.0.1".to_owned(),
                language: Language::English,
                headers: map,
                body: Bytes::new(),
                origin: "http://localhost".to_owned(),
            },
        }
    }

    fn bearer(role: Role) -> Known {
        Known::Person(Bearer {
            tenant: "demo".parse().unwrap(),
            identity: Identity { user: UserId::from_bytes([1; 16]), role, login: LoginId::from_bytes([2; 16]) },
            expires: domain::Timestamp::MAX,
        })
    }

    #[test]
    fn the_tenant_comes_from_query_or_header_and_they_agree() {
        let tenant = |query, headers: &[_]| named_tenant(&call(query, headers)).map(|t| t.map(|t| t.to_string()));
        assert_eq!(tenant(None, &[]).unwrap(), None);
        assert_eq!(tenant(Some("demo"), &[]).unwrap().as_deref(), Some("demo"));
        assert_eq!(tenant(None, &[(TENANT_HEADER, "demo")]).unwrap().as_deref(), Some("demo"));
        assert_eq!(tenant(Some("demo"), &[(TENANT_HEADER, "demo")]).unwrap().as_deref(), Some("demo"));
        for (query, headers) in
            [(Some("demo"), &[(TENANT_HEADER, "other")][..]), (Some("De#mo"), &[]), (None, &[(TENANT_HEADER, "#")])]
        {
            assert_eq!(tenant(query, headers).unwrap_err().details[0].field, "tenantId");
        }
    }

    #[test]
    fn a_token_decides_the_tenant_and_the_role() {
        assert_eq!(enter(bearer(Role::Staff), None, Some(Role::Staff)).unwrap().tenant, "demo".parse().ok());
        assert!(enter(bearer(Role::Admin), "demo".parse().ok(), Some(Role::Staff)).is_ok());
        assert_eq!(enter(bearer(Role::Customer), None, Some(Role::Staff)).unwrap_err().code, Code::Forbidden);
        let other = enter(bearer(Role::Platform), "other".parse().ok(), None).unwrap_err();
        assert_eq!((other.code, other.details[0].field.as_str()), (Code::ValidationFailed, "tenantId"));
    }

    #[test]
    fn nobody_shuts_themselves_out() {
        let facts = call(None, &[]).request;
        let check = |networks: &[&str]| {
            let networks: Vec<Network> = networks.iter().map(|text| text.parse().unwrap()).collect();
            check_networks("adminNetworks", &networks, &facts)
        };
        assert!(check(&[]).is_ok() && check(&["192.0.2.0/24", "127.0.0.0/8"]).is_ok());
        let refused = check(&["192.0.2.0/24", "::1"]).unwrap_err();
        assert_eq!((refused.code, refused.details[0].field.as_str()), (Code::ValidationFailed, "adminNetworks"));
    }

    #[test]
    fn only_a_bearer_token_is_one() {
        for (header, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic abc", None),
            ("Bearer", None),
            ("Bearer ", None),
            ("abc", None),
        ] {
            assert_eq!(token_of(header), token, "{header}");
        }
    }

    #[test]
    fn an_idempotency_key_is_1_to_64_visible_characters() {
        const ROUTE: Route = Route { name: "place", idempotency: Idempotency::Required, ..Route::DEFAULT };
        const LONG: &str = "0123456789012345678901234567890123456789012345678901234567890123";
        let admitted = enter(bearer(Role::Customer), None, None).unwrap();
        let key = |headers: &[_]| idempotency(&ROUTE, &call(None, headers), &admitted);
        for good in ["a", "~!x", LONG] {
            assert!(key(&[(KEY_HEADER, good)]).unwrap().is_some(), "{good}");
        }
        let too_long: &'static str = "01234567890123456789012345678901234567890123456789012345678901234";
        for bad in ["", " ", "a b", "a\tb", too_long] {
            assert_eq!(key(&[(KEY_HEADER, bad)]).unwrap_err().details[0].field, "Idempotency-Key", "{bad}");
        }
        assert!(key(&[]).is_err() && key(&[(KEY_HEADER, "a"), (KEY_HEADER, "b")]).is_err());
        let taken = Route { idempotency: Idempotency::Taken, ..ROUTE };
        assert_eq!(idempotency(&taken, &call(None, &[]), &admitted).unwrap(), None);
        let ignored = Route { idempotency: Idempotency::Ignored, ..ROUTE };
        assert_eq!(idempotency(&ignored, &call(None, &[(KEY_HEADER, "")]), &admitted).unwrap(), None);
        assert_eq!(idempotency(&taken, &call(None, &[(KEY_HEADER, "a")]), &Admitted::default()).unwrap(), None);
    }

    #[test]
    fn a_key_is_scoped_and_tells_bodies_and_paths_apart() {
        const ROUTE: Route = Route { name: "place", idempotency: Idempotency::Taken, ..Route::DEFAULT };
        let admitted = enter(bearer(Role::Customer), None, None).unwrap();
        let call = call(None, &[(KEY_HEADER, "a")]);
        let base = idempotency(&ROUTE, &call, &admitted).unwrap().unwrap();
        let elsewhere = idempotency(&Route { name: "pay", ..ROUTE }, &call, &admitted).unwrap().unwrap();
        assert!(base.key != elsewhere.key && base.body == elsewhere.body);
        let mut other = call.clone();
        other.request.body = Bytes::from_static(b"{}");
        let other = idempotency(&ROUTE, &other, &admitted).unwrap().unwrap();
        assert!(base.key == other.key && base.body != other.body);
        let mut other = call;
        other.path.insert("order".to_owned(), Value::from("ord_1"));
        assert_ne!(base.body, idempotency(&ROUTE, &other, &admitted).unwrap().unwrap().body);
    }
}
