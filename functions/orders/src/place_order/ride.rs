//! Seats of a train: first the time of those who travel, then their seats.

use std::sync::Arc;

use app::{App, Code, Error};
use domain::{
    Timestamp,
    id::{Id as _, OrderId},
    money::Money,
    order::{Held, What},
    pool::PoolKey,
    rail::{
        allocate::{Claim, Together},
        coach::{Class, Position, Wish as SeatWish},
        passenger::Presence,
        run::RunPlan,
        stretch::Stretch,
    },
    tenant::TenantId,
};
use store::{
    Failed, Tenant, Traveller, keys,
    protocol::{PersonHold, RideClaim, RideHold},
};

use super::{
    Nearness,
    passenger::Passenger,
    wanted::{Outcome, Refused, Wanted, for_want},
};

/// What is said of a ride.
pub(super) struct Ask {
    pub(super) stretch: Stretch,
    pub(super) together: Option<Nearness>,
    pub(super) wishes: Vec<String>,
    pub(super) passengers: Vec<Passenger>,
}

/// A ride that is wanted.
pub(crate) struct Wish {
    run: Arc<RunPlan>,
    class: Class,
    claim: Claim,
    passengers: Vec<Passenger>,
    /// The keyed hashes of the passengers.
    persons: Vec<[u8; 32]>,
    /// When they travel.
    journey: Vec<Presence>,
}

/// What passengers pay.
pub(super) struct Fares {
    pub(super) total: Money,
    pub(super) each: Vec<u64>,
}

impl Wish {
    pub(super) fn of(
        run: Arc<RunPlan>,
        class: Class,
        ask: Ask,
        tenant: &TenantId,
        app: &App,
    ) -> Result<(Self, Fares), Error> {
        let Ask { stretch, together, wishes, passengers } = ask;
        if wishes.len() > passengers.len() {
            return Err(Error::field("wishes", "must be at most one for each passenger"));
        }
        let wishes: Vec<SeatWish> =
            (0..).zip(&wishes).map(|(place, word)| wish(place, word)).collect::<Result<_, _>>()?;
        let fares = fares(&run, &class, stretch, &passengers)?;
        let journey = match (run.departs(stretch.from()), run.arrives(stretch.to())) {
            (Some(departs), Some(arrives)) => Presence::of(departs, arrives).map_err(Error::internal)?,
            _ => return Err(Error::field("to", "is no stop of this train")),
        };
        let together = match together {
            Some(Nearness::Apart) => Together::Apart,
            Some(Nearness::Preferred) | None => Together::Preferred,
            Some(Nearness::Required) => Together::Required,
        };
        let count = u8::try_from(passengers.len()).map_err(Error::internal)?;
        let claim = Claim { stretch, count, together, wishes };
        let persons: Vec<_> = passengers.iter().map(|passenger| passenger.person(tenant, &app.keys)).collect();
        for (place, (person, passenger)) in persons.iter().zip(&passengers).enumerate() {
            if !passenger.is_nobody() && persons[..place].contains(person) {
                return Err(Error::field(format!("passengers[{place}].idNo"), "is that of another passenger"));
            }
        }
        Ok((Self { run, class, claim, passengers, persons, journey }, fares))
    }

    /// The pool of the class.
    pub(super) fn pool(&self, tenant: &Tenant) -> PoolKey {
        keys::class_pool(tenant.id(), self.run.id, &self.class)
    }

    /// When seats that are kept for long journeys now come free.
    pub(super) fn next_release(&self, now: Timestamp) -> Option<Timestamp> {
        self.run.next_release(&self.class, now)
    }

    /// Those who travel, to be sealed.
    pub(super) fn travellers(&self) -> Vec<Traveller> {
        self.passengers.iter().map(Passenger::traveller).collect()
    }

    /// What is asked of the run, for an order.
    fn asked(&self, order: OrderId, until: Timestamp) -> RideClaim<'_> {
        RideClaim { order, run: &self.run, class: &self.class, claim: self.claim.clone(), until }
    }

    /// Whether this process remembers that not even one seat is left.
    pub(super) fn is_known_sold_out(&self, tenant: &Tenant, now: Timestamp) -> bool {
        tenant.is_ride_known_sold_out(&self.asked(nobody(), now), now)
    }

    /// What is printed on each ticket: coach, row and letter.
    fn names(&self, held: &[Held]) -> Vec<String> {
        let rows = self.run.terms.formation.rows(&self.class);
        let mut names = Vec::with_capacity(self.passengers.len());
        for held in held {
            let What::Rides(places) = &held.what else { continue };
            let row = rows.get(usize::from(held.block.number));
            names.extend(places.iter().filter_map(|place| row?.seat_name(place.seat)));
        }
        names
    }
}

/// Whether there are seats for the whole party now.
pub(super) async fn could_be_had(wanted: &Wanted, wish: &Wish) -> Result<bool, Failed> {
    wanted.tenant.could_ride(&wish.asked(nobody(), wanted.now), wanted.now).await
}

/// For claims that are only looked at.
fn nobody() -> OrderId {
    OrderId::from_bytes([0; 16])
}

/// Holds the time of every passenger, then the seats. Seats come first in what the order lists: tickets are numbered by them.
/// Nothing is written for whom there are no seats anyway.
pub(super) async fn hold(wanted: &Wanted, wish: &Wish, id: OrderId) -> Result<Outcome, (Failed, Vec<Held>)> {
    let (tenant, until, now) = (&wanted.tenant, wanted.until(wanted.now), wanted.now);
    let claim = wish.asked(id, until);
    if let Some(left) = tenant.too_few_to_ride(&claim, now).await.map_err(|failed| (failed, Vec::new()))? {
        return Ok(Refused::for_want(left));
    }
    let instead_of = wanted.replaces.map(|(replaced, _)| replaced.order);
    let mut times: Vec<Held> = Vec::new();
    for (ticket, person) in (0..).zip(&wish.persons) {
        match tenant.hold_person((id, instead_of), ticket, person, &wish.journey, (until, now)).await {
            Ok(PersonHold::Held(held)) => times.extend(held),
            Ok(PersonHold::Elsewhere { held }) => {
                times.extend(held);
                let error = Error::new(Code::PassengerElsewhere).with("passenger", ticket);
                return Ok(Outcome::Refused(Refused { error, held: times, again: false }));
            }
            Err((failed, held)) => {
                times.extend(held);
                return Err((failed, times));
            }
        }
    }
    let with = |mut held: Vec<Held>| {
        held.extend(times.clone());
        held
    };
    match tenant.hold_rides(&claim, now).await {
        Ok(RideHold::Held(held)) => {
            let seats = wish.names(&held);
            Ok(Outcome::Held { held: with(held), seats })
        }
        Ok(RideHold::TooFew { left }) => {
            Ok(Outcome::Refused(Refused { error: for_want(left), held: times, again: false }))
        }
        Ok(RideHold::Busy { held }) => Ok(Refused::busy(with(held))),
        Err((failed, held)) => Err((failed, with(held))),
    }
}

fn fares(run: &RunPlan, class: &Class, stretch: Stretch, passengers: &[Passenger]) -> Result<Fares, Error> {
    let fare = |passenger: &Passenger| run.fare(class, stretch, passenger.fare());
    let each: Vec<Money> = passengers.iter().map(fare).collect::<Result<_, _>>().map_err(Error::internal)?;
    let currency = each.first().ok_or_else(|| Error::internal("a ride for nobody"))?.currency;
    let nothing = Money::new(0, currency);
    let total = each.iter().try_fold(nothing, |sum, fare| sum.plus(*fare));
    let total = total.map_err(|wrong| Error::field("quantity", wrong))?;
    Ok(Fares { total, each: each.iter().map(|fare| fare.minor).collect() })
}

fn wish(place: usize, word: &str) -> Result<SeatWish, Error> {
    let position = match word {
        "window" => Position::Window,
        "aisle" => Position::Aisle,
        "lower" => Position::Lower,
        "middle" => Position::Middle,
        "upper" => Position::Upper,
        letter => {
            let [letter @ b'A'..=b'F'] = letter.as_bytes() else {
                let reason = "must be a letter A to F, window, aisle, lower, middle or upper";
                return Err(Error::field(format!("wishes[{place}]"), reason));
            };
            return Ok(SeatWish::Letter(*letter));
        }
    };
    Ok(SeatWish::Position(position))
}
