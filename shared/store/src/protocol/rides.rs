//! Holding seats of a train for a stretch: rows are read, decided upon, and written if nothing was taken of them since.
//!
//! What a process read of a class in the last second is good enough to decide on: a row in which something was taken
//! meanwhile refuses, and shows itself as it is. So a hold costs a write for each row and no read, whatever has been sold.

use std::sync::Arc;

use domain::{
    Timestamp,
    id::OrderId,
    inventory::{Block, Examined},
    order::{Held, What},
    pool::{BlockAddress, PoolKey},
    rail::{
        allocate::{Chosen, Claim, Seats, Together},
        coach::Class,
        passenger::Presence,
        row::{self, Change, Entry, Places, Row},
        run::RunPlan,
    },
};

use super::token;
use crate::{Changed, Failed, Tenant, keys, memory::CoachRows};

/// How often seats are chosen anew when others are quicker.
const ROUNDS: usize = 12;
/// How often the week of a person is decided upon anew.
const PERSON_ROUNDS: usize = 4;

/// What a party asks of a run.
#[derive(Clone, Debug)]
pub struct RideClaim<'r> {
    /// For which order.
    pub order: OrderId,
    /// Of which run.
    pub run: &'r RunPlan,
    /// In which class.
    pub class: &'r Class,
    /// From where to where, how many, and how near to each other.
    pub claim: Claim,
    /// Until when, in whole seconds.
    pub until: Timestamp,
}

impl RideClaim<'_> {
    /// The pool of the class.
    fn pool(&self, tenant: &Tenant) -> PoolKey {
        keys::class_pool(&tenant.id, self.run.id, self.class)
    }
}

/// What became of a claim on a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RideHold {
    /// All of it is held.
    Held(Vec<Held>),
    /// Too few seats are left for the stretch, or near enough to each other. Nothing is held.
    TooFew {
        /// For how many of the party there would be seats.
        left: u32,
    },
    /// Others were quicker every time. What was held in passing has to be abandoned.
    Busy {
        /// What was held in passing.
        held: Vec<Held>,
    },
}

/// What became of a claim on the time of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonHold {
    /// It is held.
    Held(Vec<Held>),
    /// The person is on another train then. What was held in passing has to be abandoned.
    Elsewhere {
        /// What was held in passing.
        held: Vec<Held>,
    },
}

/// A search under way.
struct Search<'s> {
    tenant: &'s Tenant,
    claim: &'s RideClaim<'s>,
    pool: PoolKey,
    now: Timestamp,
    rows: CoachRows,
    held: Vec<Held>,
    /// Kilometres from where the train begins to each stop.
    km: Vec<u32>,
    /// Whether the rows were read since the search began.
    is_fresh: bool,
}

impl Tenant {
    /// Holds seats of a run for a stretch, all of them or none.
    ///
    /// # Errors
    /// Where the database fails in the middle, what was held, or may have been, comes along: the caller abandons it.
    pub async fn hold_rides(&self, claim: &RideClaim<'_>, now: Timestamp) -> Result<RideHold, (Failed, Vec<Held>)> {
        let mut search = Search::begin(self, claim, now).await.map_err(|failed| (failed, Vec::new()))?;
        match search.run().await {
            Ok(hold) => Ok(hold),
            Err(failed) => Err((failed, search.held)),
        }
    }

    /// How many seats a party would be told are left, which finds too few for itself; nothing where it may find enough.
    pub async fn too_few_to_ride(&self, claim: &RideClaim<'_>, now: Timestamp) -> Result<Option<u32>, Failed> {
        let mut search = Search::begin(self, claim, now).await?;
        while search.choose(claim.claim.count).is_none() {
            if search.is_fresh {
                return Ok(Some(search.left()));
            }
            search.read_afresh().await?;
        }
        Ok(None)
    }

    /// Whether this process read within the last second that not even one seat is left.
    pub fn is_ride_known_sold_out(&self, claim: &RideClaim<'_>, now: Timestamp) -> bool {
        let rows = self.store.memory.coaches(claim.pool(self), now);
        rows.is_some_and(|rows| Search::with(self, claim, now, rows).left_of(1) == 0)
    }

    /// Whether a whole party could have its seats, read afresh.
    pub async fn could_ride(&self, claim: &RideClaim<'_>, now: Timestamp) -> Result<bool, Failed> {
        let rows = self.coach_rows(claim.pool(self), now).await?;
        Ok(Search::with(self, claim, now, rows).choose(claim.claim.count).is_some())
    }

    /// Every row of a class as it is.
    async fn coach_rows(&self, pool: PoolKey, now: Timestamp) -> Result<CoachRows, Failed> {
        let coach = |(address, block): (BlockAddress, Block)| match block {
            Block::Coach(row) => Ok((address.number, Arc::new(row))),
            Block::Stock(_) | Block::Row(_) => Err(Failed::corrupt("a block of another kind in the pool of a class")),
        };
        let rows: CoachRows = self.inventory().all(pool).await?.into_iter().map(coach).collect::<Result<_, _>>()?;
        self.store.memory.learn_coaches(pool, &rows, now);
        Ok(rows)
    }

    /// Holds the time of one person for a journey, in every week that it touches. It may overlap with what an order holds that
    /// it is to take the place of.
    ///
    /// # Errors
    /// Where the database fails in the middle, what was held, or may have been, comes along: the caller abandons it.
    pub async fn hold_person(
        &self,
        (order, instead_of): (OrderId, Option<OrderId>),
        ticket: u8,
        person: &[u8; 32],
        journey: &[Presence],
        (until, now): (Timestamp, Timestamp),
    ) -> Result<PersonHold, (Failed, Vec<Held>)> {
        let mut held = Vec::with_capacity(journey.len());
        for presence in journey {
            let block = BlockAddress { pool: keys::person_pool(&self.id, person, presence), number: 0 };
            let what = What::Person { ticket, places: presence.places(), instead_of };
            let one = Held { block, what, token: token() };
            match self.hold_week(order, &one, until, now).await {
                Ok(true) => held.push(one),
                Ok(false) => return Ok(PersonHold::Elsewhere { held }),
                Err(failed) => {
                    held.push(one);
                    return Err((failed, held));
                }
            }
        }
        Ok(PersonHold::Held(held))
    }

    async fn hold_week(&self, order: OrderId, held: &Held, until: Timestamp, now: Timestamp) -> Result<bool, Failed> {
        let Some(entry) = held.what.entry(Some(until), held.token) else { return Ok(false) };
        // Few travel twice in a week: it is written as if this were the first journey.
        let mut week: Option<Row> = None;
        for _ in 0..PERSON_ROUNDS {
            let changed = if let Some(week) = &week {
                let evict = self.rides_in_the_way(held.block, week, &entry.places, now).await?;
                let Ok(change) = week.decide(Change::Hold { order, entry: entry.clone(), evict }) else {
                    return Ok(false);
                };
                self.inventory().change(held.block, change).await?
            } else {
                let empty = Presence::empty_week();
                let first = empty.decide(Change::Hold { order, entry: entry.clone(), evict: Vec::new() });
                self.inventory().begin(held.block, Block::Coach(empty), first.map_err(Failed::corrupt)?).await?
            };
            week = match changed {
                Changed::Done => return Ok(true),
                Changed::Refused { block: Block::Coach(found), .. } => Some(found),
                Changed::Missing => None,
                Changed::Refused { .. } => return Err(Failed::corrupt("the week of a person is another block")),
            };
        }
        Err(Failed::Throttled)
    }

    /// The entries that meet some places and may be replaced.
    async fn rides_in_the_way(
        &self,
        at: BlockAddress,
        row: &Row,
        places: &Places,
        now: Timestamp,
    ) -> Result<Vec<row::Examined>, Failed> {
        let there = row.in_the_way(places).map(Examined::Ride).collect();
        let rides = self.replaceable(at, there, now).await?.into_iter();
        Ok(rides
            .filter_map(|examined| match examined {
                Examined::Ride(ride) => Some(ride),
                Examined::Stock(_) | Examined::Seat(_) => None,
            })
            .collect())
    }
}

impl<'s> Search<'s> {
    /// On what this process read lately, else on what there is.
    async fn begin(tenant: &'s Tenant, claim: &'s RideClaim<'s>, now: Timestamp) -> Result<Self, Failed> {
        let pool = claim.pool(tenant);
        if let Some(rows) = tenant.store.memory.coaches(pool, now) {
            return Ok(Self::with(tenant, claim, now, rows));
        }
        let rows = tenant.coach_rows(pool, now).await?;
        Ok(Self { is_fresh: true, ..Self::with(tenant, claim, now, rows) })
    }

    fn with(tenant: &'s Tenant, claim: &'s RideClaim<'s>, now: Timestamp, rows: CoachRows) -> Self {
        let pool = claim.pool(tenant);
        Self { tenant, claim, pool, now, rows, held: Vec::new(), km: claim.run.train.km(), is_fresh: false }
    }

    async fn read_afresh(&mut self) -> Result<(), Failed> {
        self.rows = self.tenant.coach_rows(self.pool, self.now).await?;
        self.is_fresh = true;
        Ok(())
    }

    async fn run(&mut self) -> Result<RideHold, Failed> {
        for _ in 0..ROUNDS {
            let missing = self.claim.claim.count - self.held.iter().map(Held::count).sum::<u8>();
            if missing == 0 {
                return Ok(RideHold::Held(std::mem::take(&mut self.held)));
            }
            let Some(chosen) = self.choose(missing) else {
                match (self.is_fresh, self.held.is_empty()) {
                    (false, _) => self.read_afresh().await?,
                    (true, true) => return Ok(RideHold::TooFew { left: self.left() }),
                    // Somebody was quicker after a part was held: without that there may be room for the whole party.
                    (true, false) => break,
                }
                continue;
            };
            for one in chosen {
                if !self.take(&one).await? {
                    break;
                }
            }
        }
        Ok(RideHold::Busy { held: std::mem::take(&mut self.held) })
    }

    /// Seats that are free; else seats of which what is in the way is past its time.
    fn choose(&self, missing: u8) -> Option<Vec<Chosen>> {
        // A party that had to be chosen anew in part sits as near as can be.
        let together = match self.claim.claim.together {
            Together::Required if !self.held.is_empty() => return None,
            together => together,
        };
        let wishes = self.claim.claim.wishes.iter().copied().take(missing.into()).collect();
        let claim = Claim { count: missing, together, wishes, ..self.claim.claim.clone() };
        let spread = fastrand::u64(..);
        self.seats(Row::taken)
            .allocate(&claim, spread)
            .or_else(|| self.seats(|row| row.firm(self.now)).allocate(&claim, spread))
    }

    /// For how many of the party there are seats, by what was read; near each other, where that is required.
    fn left(&self) -> u32 {
        self.left_of(self.claim.claim.count)
    }

    /// The same of so many of the party.
    fn left_of(&self, party: u8) -> u32 {
        let together = match self.claim.claim.together {
            Together::Required => Together::Required,
            Together::Preferred | Together::Apart => Together::Apart,
        };
        let one = Claim { count: 1, together, wishes: Vec::new(), ..self.claim.claim.clone() };
        let most = u8::try_from(self.rows.len().saturating_mul(usize::from(Row::MAX_SEATS))).unwrap_or(u8::MAX);
        let seats = self.seats(|row| row.firm(self.now));
        let fits = |count: u8| seats.allocate(&Claim { count, ..one.clone() }, 0).is_some();
        (1..=most.min(party)).take_while(|count| fits(*count)).map(u32::from).last().unwrap_or(0)
    }

    fn seats(&self, taken: impl Fn(&Row) -> Vec<domain::rail::stretch::Segments>) -> Seats<'_> {
        let run = self.claim.run;
        // A row in which the order has an entry already takes no second one.
        let held: Vec<u16> = self.held.iter().map(|held| held.block.number).collect();
        let full = |row: &Row| {
            let whole = domain::rail::stretch::Stretch::new(0, row.points().saturating_sub(1).max(1)).ok();
            let whole = whole.map(domain::rail::stretch::Segments::of).unwrap_or_default();
            vec![whole; usize::from(row.seats())]
        };
        let rows = run.terms.formation.rows(self.claim.class);
        let read = |number: u16| {
            let row = self.rows.get(&number)?;
            Some(if held.contains(&number) { full(row) } else { taken(row) })
        };
        Seats::of(run.train.stop_count(), &rows, read).kept_by(run.guard(self.claim.class, &self.km, self.now))
    }

    /// Writes what was chosen in one row. No: somebody was quicker, and the row is known as it is now.
    async fn take(&mut self, chosen: &Chosen) -> Result<bool, Failed> {
        let number = chosen.row.block;
        let block = BlockAddress { pool: self.pool, number };
        let places = chosen.places(self.claim.claim.stretch).map_err(Failed::corrupt)?;
        let Some(row) = self.rows.get(&number).cloned() else {
            return Err(Failed::corrupt("a class with a row that is not there"));
        };
        let evict = self.tenant.rides_in_the_way(block, &row, &places, self.now).await?;
        let held = Held::rides(block, places.clone(), token());
        let entry = Entry { places, until: Some(self.claim.until), token: held.token, instead_of: None };
        let change = Change::Hold { order: self.claim.order, entry, evict };
        let Ok(decided) = row.decide(change.clone()) else {
            // What was past its time is not over: the row is read as it is.
            let found = self.tenant.inventory().block(block).await?;
            if let Some(Block::Coach(found)) = found {
                self.learn(number, found);
            }
            return Ok(false);
        };
        match self.tenant.inventory().change(block, decided).await {
            Ok(Changed::Done) => {
                let mut now = Row::clone(&row);
                if now.apply(&change).is_ok() {
                    self.learn(number, now);
                }
                self.held.push(held);
                Ok(true)
            }
            Ok(Changed::Refused { block: Block::Coach(found), .. }) => {
                self.learn(number, found);
                Ok(false)
            }
            Ok(Changed::Refused { .. } | Changed::Missing) => Err(Failed::corrupt("a row of a class is not there")),
            Err(failed) => {
                // Whether it was made is not known. What is abandoned is removed by its token, if it is there.
                self.held.push(held);
                Err(failed)
            }
        }
    }

    fn learn(&mut self, number: u16, row: Row) {
        let row = Arc::new(row);
        self.tenant.store.memory.learn_coach(self.pool, number, &row);
        self.rows.insert(number, row);
    }
}
