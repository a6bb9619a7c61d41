//! What would do, and who is waiting for it: as it is asked for, and as it is remembered.

use app::{App, Error, wire::Text};
use domain::{
    id::{EventId, OptionId, RunId, SessionId, UserId},
    money::{Currency, Money},
    order::Quantity,
    pool::PoolKey,
    rail::{coach::Class, station::Telecode},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Reach, Tenant};

use crate::place_order::{
    BestAvailable, Nearness, PlaceOrder, UserInfo,
    passenger::{Kind, Passenger},
    wanted::Wanted,
};

/// What would do: of an event, `eventId` and `priceOptionId`; of a train, `runId`, `from`, `to` and `class`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alternative {
    /// The event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_id: Option<Text<EventId>>,
    /// Its session; may be left out where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_id: Option<Text<SessionId>>,
    /// Its price option.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price_option_id: Option<Text<OptionId>>,
    /// Where the best seats are looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    best_available: Option<BestAvailable>,
    /// How many of the party need an accessible seat.
    #[serde(default, skip_serializing_if = "is_none")]
    #[schemars(range(max = 10))]
    wheelchairs: u64,
    /// The run of a train.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run_id: Option<Text<RunId>>,
    /// The telecode of the station where the ride begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Text<Telecode>>,
    /// The telecode of the station where it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Text<Telecode>>,
    /// The class of a ride.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    class: Option<Text<Class>>,
    /// Whether passengers sit near each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    together: Option<Nearness>,
    /// What they would like, at most one wish for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    wishes: Option<Vec<String>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What is remembered of a party beside its request. Names are sealed with the deposit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Party {
    /// What was to be paid, in minor units: the dearest alternative.
    amount: u64,
    currency: Text<Currency>,
    /// What each passenger's fare depends on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kinds: Vec<Kind>,
    /// The pools that could serve it, each with its line.
    pools: Vec<(Text<SessionId>, Text<PoolKey>)>,
}

/// Who waits.
#[derive(Clone, Debug)]
pub(crate) struct Whom {
    pub(crate) user: UserId,
    pub(crate) quantity: Quantity,
    pub(crate) passengers: Vec<Passenger>,
    pub(crate) contact: UserInfo,
}

impl Alternative {
    /// Whether it is a ride, on which people travel by name.
    pub(crate) const fn is_ride(&self) -> bool {
        self.run_id.is_some()
    }

    /// As it was remembered.
    pub(crate) fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The same thing is written in the same way.
    pub(crate) fn write(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(Error::internal)
    }

    /// What it asks for, and what that costs now.
    pub(crate) async fn wanted(self, tenant: Tenant, whom: &Whom, app: &App) -> Result<Wanted, Error> {
        let passengers = self.is_ride().then(|| whom.passengers.clone());
        let order = PlaceOrder {
            event_id: self.event_id,
            session_id: self.session_id,
            price_option_id: self.price_option_id,
            best_available: self.best_available,
            wheelchairs: self.wheelchairs,
            passengers,
            run_id: self.run_id,
            from: self.from,
            to: self.to,
            class: self.class,
            together: self.together,
            wishes: self.wishes,
            ..PlaceOrder::of(whom.quantity.get().into(), whom.contact.clone())
        };
        order.wanted_by(tenant, whom.user, app).await
    }
}

impl Party {
    pub(crate) fn new(amount: Money, passengers: &[Passenger], pools: Vec<(SessionId, PoolKey)>) -> Self {
        Self {
            amount: amount.minor,
            currency: Text(amount.currency),
            kinds: passengers.iter().map(Passenger::kind).collect(),
            pools: pools.into_iter().map(|(line, pool)| (Text(line), Text(pool))).collect(),
        }
    }

    /// As it was remembered.
    pub(crate) fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    pub(crate) fn write(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(Error::internal)
    }

    pub(crate) const fn amount(&self) -> Money {
        Money::new(self.amount, self.currency.0)
    }

    /// The pools of a line that could serve it.
    pub(crate) fn pools_of(&self, line: SessionId) -> impl Iterator<Item = PoolKey> + '_ {
        self.pools.iter().filter(move |(of, _)| of.0 == line).map(|(_, pool)| pool.0)
    }

    /// Who waits, as far as the price and the number of seats depend on it.
    pub(crate) fn strangers(&self, user: UserId, quantity: Quantity) -> Whom {
        let passengers = self.kinds.iter().map(|kind| Passenger::nobody(*kind)).collect();
        let contact = UserInfo { name: String::new(), phone: String::new() };
        Whom { user, quantity, passengers, contact }
    }

    /// Who waits; nothing where they are not known any more.
    pub(crate) fn people(&self, user: UserId, quantity: Quantity, reach: Reach) -> Option<Whom> {
        if reach.name.is_empty() || reach.passengers.len() != self.kinds.len() {
            return None;
        }
        let passengers = reach.passengers.iter().map(Passenger::of).collect::<Option<_>>()?;
        Some(Whom { user, quantity, passengers, contact: UserInfo { name: reach.name, phone: reach.phone } })
    }
}
