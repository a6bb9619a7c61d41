//! What was seen of sessions lately, so that most requests are authenticated without asking the database.
//!
//! A logout is noticed within [`FRESH_MS`] by every process. Ages are told by the application's clock, so that tests
//! that move it need not wait.

use domain::{
    Timestamp,
    id::{LoginId, UserId},
    tenant::TenantId,
};
use moka::future::Cache;

use crate::{App, Error, auth::sha256, token::Bearer};

/// Milliseconds for which an answer of the database is believed.
pub const FRESH_MS: i64 = 2_000;

/// The most sessions, and the most tokens, that a process remembers.
const REMEMBERED: u64 = 50_000;

/// A login and whose it is: one user's session says nothing for another.
type Session = (TenantId, UserId, LoginId);

/// What was seen of sessions lately.
#[derive(Clone, Debug)]
pub struct Sessions {
    alive: Cache<Session, Seen>,
    /// Tokens whose signature was checked, by their hash. A signature stays good; the end is compared every time.
    checked: Cache<[u8; 32], Bearer>,
}

/// What the database said, and when.
#[derive(Clone, Copy, Debug)]
struct Seen {
    alive: bool,
    at: Timestamp,
}

impl Sessions {
    pub(crate) fn new() -> Self {
        Self { alive: Cache::new(REMEMBERED), checked: Cache::new(REMEMBERED) }
    }

    /// Who a token speaks for.
    pub(crate) async fn bearer(&self, app: &App, token: &str, now: Timestamp) -> Option<Bearer> {
        let hash = sha256(&[token.as_bytes()]);
        if let Some(bearer) = self.checked.get(&hash).await {
            return (bearer.expires > now).then_some(bearer);
        }
        let bearer = app.keys.bearer(token, now)?;
        self.checked.insert(hash, bearer.clone()).await;
        Some(bearer)
    }

    /// Whether the session behind a token is alive.
    pub(crate) async fn is_alive(&self, app: &App, bearer: &Bearer, now: Timestamp) -> Result<bool, Error> {
        let key = (bearer.tenant.clone(), bearer.identity.user, bearer.identity.login);
        if let Some(seen) = self.alive.get(&key).await
            && is_fresh(seen.at, now)
        {
            return Ok(seen.alive);
        }
        let tenant = app.store.tenant(&bearer.tenant);
        let alive = tenant.identity().login_is_alive(bearer.identity.user, bearer.identity.login, now).await?;
        self.alive.insert(key, Seen { alive, at: now }).await;
        Ok(alive)
    }

    /// Forgets what was seen of a session, for the process that ends it itself.
    pub async fn forget(&self, tenant: &TenantId, user: UserId, login: LoginId) {
        self.alive.invalidate(&(tenant.clone(), user, login)).await;
    }
}

/// Whether what was seen then still counts. A clock that went back makes everything old.
fn is_fresh(then: Timestamp, now: Timestamp) -> bool {
    (0..FRESH_MS).contains(&(now.as_millisecond() - then.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    };

    use aws_smithy_runtime_api::client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
    };
    use aws_smithy_types::body::SdkBody;
    use domain::{id::Id as _, user::Role};

    use super::*;
    use crate::{
        Identity,
        clock::Clock,
        config::{Settings, Stage},
    };

    /// A database in which every login is alive until they all end.
    #[derive(Clone, Debug, Default)]
    struct Logins {
        ended: Arc<AtomicBool>,
        asked: Arc<AtomicU32>,
    }

    impl HttpConnector for Logins {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let ended = self.ended.load(Ordering::SeqCst);
            let user = r#"{"sk":{"S":"user"},"standing":{"S":"active"},"epoch":{"N":"0"}}"#;
            let login = r#"{"sk":{"S":"login#"},"idleUntil":{"N":"9999999999"},"epoch":{"N":"0"}}"#;
            let items = if ended { user.to_owned() } else { [user, login].join(",") };
            let item = format!(r#"{{"Responses":{{"onsale-identity":[{items}]}}}}"#);
            HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(item))))
        }
    }

    #[tokio::test]
    async fn a_logout_is_noticed_after_two_seconds_and_the_database_seldom_asked() {
        let logins = Logins::default();
        let services = logins.clone();
        let http = http_client_fn(move |_, _| SharedHttpConnector::new(services.clone()));
        let settings = Settings::embedded(Stage::Local, "http://127.0.0.1:9", "http://localhost", [7; 32]);
        let app = App::connect(settings, Clock::test(Timestamp::from_second(1_000_000).unwrap()), Some(http), true);
        let (user, login) = (UserId::from_bytes([1; 16]), LoginId::from_bytes([2; 16]));
        let identity = Identity { user, role: Role::Customer, login };
        let token = app.keys.access_token(&"demo".parse().unwrap(), &identity, app.now()).unwrap();
        let is_alive = async || {
            let bearer = app.sessions.bearer(&app, &token, app.now()).await.unwrap();
            app.sessions.is_alive(&app, &bearer, app.now()).await.unwrap()
        };
        assert!(is_alive().await && is_alive().await);
        assert_eq!(logins.asked.load(Ordering::SeqCst), 1);
        logins.ended.store(true, Ordering::SeqCst);
        app.clock.advance(1);
        assert!(is_alive().await, "seen a second ago");
        app.clock.advance(1);
        assert!(!is_alive().await);
        app.sessions.forget(&"demo".parse().unwrap(), user, login).await;
        logins.ended.store(false, Ordering::SeqCst);
        assert!(is_alive().await, "forgotten, so asked again");
        assert_eq!(logins.asked.load(Ordering::SeqCst), 3);
        app.clock.advance(crate::token::ACCESS_SECS);
        assert_eq!(app.sessions.bearer(&app, &token, app.now()).await, None, "a remembered token ends all the same");
    }

    #[test]
    fn what_was_seen_counts_for_two_seconds() {
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        for (then, now, fresh) in [(0, 0, true), (0, 1_999, true), (0, 2_000, false), (1, 0, false)] {
            assert_eq!(is_fresh(at(then), at(now)), fresh, "{then} {now}");
        }
    }
}
