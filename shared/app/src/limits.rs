//! How many requests an address and a user may make: token buckets for each class of routes ([`Pace`]).
//!
//! The address is counted before anybody is authenticated, so that guessing tokens costs what anything costs; the user
//! afterwards. What is counted how is [`domain::rate`]'s. A request makes one conditional write at most, most make none.
//!
//! Where the database does not answer, requests go on: a limit must not take down what it protects, and a handler that
//! needs the database fails by itself. Logins are the exception, for which the limit *is* the protection.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{
    id::{Id as _, UserId},
    network::neighbourhood,
    rate::{Answer, Asking, Bucket, Rate, Take},
    tenant::TenantId,
};

use crate::{App, Call, Code, Error, Pace, Route, admission::Admitted, auth::sha256};

/// Buckets that a process remembers; beyond that those are forgotten that lose nothing by it, and then all.
const REMEMBERED: usize = 50_000;

/// How fast one address and one user may ask, for each class of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// [`Pace::Read`].
    pub read: Each,
    /// [`Pace::Write`].
    pub write: Each,
    /// [`Pace::Login`].
    pub login: Each,
    /// [`Pace::Heavy`].
    pub heavy: Each,
    /// [`Pace::Webhook`].
    pub webhook: Each,
}

/// How fast one address may ask, behind which there may be many people, and how fast one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Each {
    /// All from one address; of IPv6, from one network of 64 bits.
    pub address: Rate,
    /// One user.
    pub user: Rate,
}

const fn rate(per_minute: u32, burst: u32, lot: u32, free: u32) -> Rate {
    Rate { per_minute, burst, lot, free }
}

impl Limits {
    /// What a deployed stage has where nothing else is said. An address may be that of a whole mobile network.
    pub const DEPLOYED: Self = Self {
        read: Each { address: rate(30_000, 10_000, 500, 20), user: rate(1_200, 600, 30, 20) },
        write: Each { address: rate(6_000, 2_000, 100, 10), user: rate(300, 120, 8, 10) },
        // One at a time: a lot would be lost with every process that ends, and a guess is worth more than a write.
        login: Each { address: rate(120, 120, 1, 0), user: rate(60, 60, 1, 0) },
        heavy: Each { address: rate(120, 60, 4, 2), user: rate(60, 30, 2, 2) },
        webhook: Each { address: rate(12_000, 4_000, 200, 50), user: rate(12_000, 4_000, 200, 50) },
    };

    /// What a program on one machine has: the same machinery, and numbers that nobody at it meets.
    pub const LOCAL: Self = {
        let all = rate(60_000_000, 20_000_000, 100_000, 10_000);
        let each = Each { address: all, user: all };
        Self { read: each, write: each, login: each, heavy: each, webhook: each }
    };

    /// The same, so many hundredths as fast.
    #[must_use]
    pub fn scaled(self, percent: u32) -> Self {
        let scaled = |each: Each| Each { address: each.address.scaled(percent), user: each.user.scaled(percent) };
        Self {
            read: scaled(self.read),
            write: scaled(self.write),
            login: scaled(self.login),
            heavy: scaled(self.heavy),
            webhook: scaled(self.webhook),
        }
    }

    const fn of(&self, pace: Pace) -> Option<&Each> {
        match pace {
            Pace::Free | Pace::ByShape => None,
            Pace::Read => Some(&self.read),
            Pace::Write => Some(&self.write),
            Pace::Login => Some(&self.login),
            Pace::Heavy => Some(&self.heavy),
            Pace::Webhook => Some(&self.webhook),
        }
    }
}

/// Who is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Whose {
    /// An address; none where a request has none that can be read, all of which are counted as one.
    Address(Option<IpAddr>),
    User(TenantId, UserId),
}

impl Whose {
    const fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Address(_) => None,
            Self::User(tenant, _) => Some(tenant),
        }
    }

    /// What the bucket is called; it does not tell the address.
    fn name(&self, app: &App, pace: Pace) -> [u8; 32] {
        let pace = [pace as u8];
        match self {
            Self::Address(address) => {
                let address = address.map(|address| address.to_string()).unwrap_or_default();
                app.keys.mac("bucket", &[&pace, address.as_bytes()])
            }
            Self::User(_, user) => sha256(&[&pace, &user.bytes()]),
        }
    }
}

/// What this process knows of buckets.
#[derive(Debug, Default)]
pub(crate) struct Buckets(Mutex<HashMap<(Pace, Whose), Bucket>>);

impl Buckets {
    /// Counts a request for its address. Whether the request may still ask the database for the user's sake.
    pub(crate) async fn by_address(&self, app: &App, route: &Route, call: &Call) -> Result<Asking, Error> {
        let address = call.request.ip.parse().ok().map(neighbourhood);
        let limits = app.settings.limits.as_ref();
        let Some(each) = limits.and_then(|limits| limits.of(route.pace())) else { return Ok(Asking::Allowed) };
        self.count(app, route, Whose::Address(address), &each.address, Asking::Allowed).await
    }

    /// Counts a request for whoever is logged in.
    pub(crate) async fn by_user(
        &self,
        app: &App,
        route: &Route,
        admitted: &Admitted,
        asking: Asking,
    ) -> Result<(), Error> {
        let limits = app.settings.limits.as_ref();
        let Some(each) = limits.and_then(|limits| limits.of(route.pace())) else { return Ok(()) };
        let (Some(tenant), Some(identity)) = (&admitted.tenant, admitted.identity) else { return Ok(()) };
        self.count(app, route, Whose::User(tenant.clone(), identity.user), &each.user, asking).await.map(drop)
    }

    async fn count(
        &self,
        app: &App,
        route: &Route,
        whose: Whose,
        rate: &Rate,
        asking: Asking,
    ) -> Result<Asking, Error> {
        let (pace, now) = (route.pace(), app.now().as_millisecond());
        let key = (pace, whose);
        let lease = match self.with(&key, now, |bucket| bucket.take(rate, now, asking)) {
            Take::Go => return Ok(asking),
            Take::Wait(seconds) => return Err(limited(seconds)),
            Take::Ask(lease) => lease,
        };
        // On the heap, as everything here that calls the database and mostly does not: futures that are awaited in a row are
        // as large as the largest.
        let asked = Box::pin(app.store.lease(key.1.tenant(), &key.1.name(app, pace), lease)).await;
        let answer = match asked {
            Ok(answer) => answer,
            Err(failed) => {
                // Noted either way: the next request would otherwise wait for an answer that does not come.
                self.with(&key, now, |bucket| bucket.answered(rate, lease, Answer::Silence));
                if pace == Pace::Login {
                    return Err(Error::unavailable(failed));
                }
                tracing::warn!(route = route.name, %failed, "requests are not counted");
                return Ok(Asking::Spent);
            }
        };
        match self.with(&key, now, |bucket| bucket.answered(rate, lease, answer)) {
            Take::Wait(seconds) => Err(limited(seconds)),
            Take::Go | Take::Ask(_) => Ok(Asking::Spent),
        }
    }

    fn with<T>(&self, key: &(Pace, Whose), now: i64, act: impl FnOnce(&mut Bucket) -> T) -> T {
        let mut buckets = self.lock();
        if buckets.len() >= REMEMBERED && !buckets.contains_key(key) {
            buckets.retain(|_, bucket| !bucket.is_idle(now));
            if buckets.len() >= REMEMBERED {
                buckets.clear();
            }
        }
        act(buckets.entry(key.clone()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Pace, Whose), Bucket>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn limited(seconds: u32) -> Error {
    Error::new(Code::RateLimited).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lot_fits_twice_into_its_bucket() {
        for limits in [Limits::DEPLOYED, Limits::LOCAL, Limits::DEPLOYED.scaled(10), Limits::DEPLOYED.scaled(1_000)] {
            for each in [limits.read, limits.write, limits.login, limits.heavy, limits.webhook] {
                for rate in [each.address, each.user] {
                    assert!(rate.lot > 0 && rate.lot * 2 <= rate.burst && rate.per_minute > 0, "{rate:?}");
                    assert!(each.address.burst >= each.user.burst, "{each:?}");
                }
            }
        }
    }

    #[test]
    fn a_bucket_does_not_tell_whose_it_is() {
        let settings = crate::config::Settings::embedded(
            crate::config::Stage::Local,
            "http://127.0.0.1:9",
            "http://localhost",
            [7; 32],
        );
        let app = App::connect(settings, crate::clock::Clock::System, None, false);
        let of = |address: &str| Whose::Address(address.parse().ok().map(neighbourhood));
        let (one, other) = (of("192.0.2.1"), of("192.0.2.2"));
        assert_ne!(one.name(&app, Pace::Read), other.name(&app, Pace::Read));
        assert_ne!(one.name(&app, Pace::Read), one.name(&app, Pace::Write));
        assert_eq!(of("2001:db8::1").name(&app, Pace::Read), of("2001:db8::ffff").name(&app, Pace::Read));
        assert_eq!(of("not an address"), Whose::Address(None));
    }
}
