//! Goes through a line and serves whoever can be served with what is free.

use std::collections::{BTreeMap, HashMap, HashSet, hash_map::Entry};

use app::{App, Failure, message::LineMoved, wire::Text};
use domain::{
    Timestamp,
    event::later,
    id::{Id as _, OrderId, SessionId},
    order::Order,
    pool::PoolKey,
    tenant::HoldTime,
    waitlist::{self, Request},
};
use providers::queue::Queue;
use store::{Applied, Mark, Tenant, Waiting};

use super::{
    alternative::{Alternative, Party},
    tend::{self, Standing, tend},
};
use crate::place_order::wanted::{Outcome, Wanted};

/// How many requests one message serves; another one follows for the rest.
const MOST: usize = 16;
/// How often one alternative is tried for a request while others are quicker.
const TRIES: usize = 5;
/// Seconds after which a line in which somebody is being served is looked at again.
const AGAIN_SECS: u32 = 3;
/// What comes free within so many seconds is waited for by a message; all that comes later, by the reconciler's minute.
const SOON_SECS: u32 = 90;
/// Seconds after which an entry whose request was never written is removed.
const UNWRITTEN_SECS: i64 = 3_600;

/// The marks of a line's pools, as they were before anything was read.
type Marks = BTreeMap<PoolKey, Mark>;

/// A line as it was looked at.
struct Line<'a> {
    app: &'a App,
    tenant: &'a Tenant,
    id: SessionId,
    waiting: Vec<Waiting>,
    /// Those who are served, or gone.
    over: Vec<Waiting>,
    /// How often each alternative of a request was tried in vain.
    tries: HashMap<(OrderId, usize), usize>,
    /// When something of what is waited for comes free by time alone.
    released: Option<Timestamp>,
}

/// An alternative that may be had.
struct Choice {
    request: OrderId,
    place: usize,
    wanted: Wanted,
    /// The same for those who take from the same stock.
    of: String,
}

/// Serves a line.
pub(crate) async fn serve(app: &App, tenant: &Tenant, id: SessionId) -> Result<(), Failure> {
    let (was, entries) = tenant.waitlist().standing(id).await?;
    if entries.is_empty() {
        return Ok(tenant.waitlist().forget(id, was).await?);
    }
    let mut line =
        Line { app, tenant, id, waiting: Vec::new(), over: Vec::new(), tries: HashMap::new(), released: None };
    let is_quiet = line.gather(&entries).await?;
    Box::pin(line.serve(is_quiet)).await
}

/// Has a line looked at.
pub(crate) async fn wake(app: &App, tenant: &Tenant, line: SessionId, delay_secs: u32) -> Result<(), Failure> {
    let moved = LineMoved { tenant: Text(tenant.id().clone()), line: Some(Text(line)), request: None };
    Ok(app.queues.send(Queue::ServeWaitlist, &moved, delay_secs, app.now()).await?)
}

impl Line<'_> {
    /// Tends everybody who stands here. No: somebody is being served by somebody else.
    async fn gather(&mut self, entries: &[OrderId]) -> Result<bool, Failure> {
        let found = self.tenant.waitlist().find_all(entries).await?;
        for id in entries.iter().filter(|id| !found.iter().any(|waiting| waiting.id == **id)) {
            if later(id.created(), UNWRITTEN_SECS) < self.app.now() {
                self.tenant.waitlist().leave(self.id, *id).await?;
            }
        }
        let unpaid: Vec<OrderId> = found.iter().filter(|one| !one.is_paid).map(|one| one.id).collect();
        let deposits = self.tenant.orders().load_all(&unpaid).await?;
        let is_pending = |deposit: &&Order| deposit.expires().is_some_and(|expires| self.app.now() < expires);
        let pending: HashSet<OrderId> = deposits.iter().filter(is_pending).map(|deposit| deposit.id).collect();
        let mut is_quiet = true;
        // However many there are who have not paid yet, they hold nobody up.
        for waiting in found.into_iter().filter(|waiting| !pending.contains(&waiting.id)) {
            match tend(self.app, self.tenant, waiting).await? {
                Standing::InLine(waiting) => self.waiting.push(waiting),
                Standing::Over(waiting) => self.over.push(waiting),
                Standing::UnderWay => is_quiet = false,
                Standing::Unpaid => {}
            }
        }
        Ok(is_quiet)
    }

    async fn serve(&mut self, mut is_quiet: bool) -> Result<(), Failure> {
        for _ in 0..MOST {
            let marks = self.marks().await?;
            let next = if is_quiet { self.next().await? } else { None };
            let Some(option) = next else {
                self.settle_marks(&marks, is_quiet).await?;
                return match self.pause(is_quiet) {
                    Some(pause) => wake(self.app, self.tenant, self.id, pause).await,
                    None => Ok(()),
                };
            };
            is_quiet = Box::pin(self.grant(option)).await?;
        }
        wake(self.app, self.tenant, self.id, 0).await
    }

    /// After how many seconds the line is to be looked at again, where that is before everybody's turn comes.
    fn pause(&self, is_quiet: bool) -> Option<u32> {
        let until =
            |released: Timestamp| u32::try_from((released.as_second() - self.app.now().as_second()).max(0)).ok();
        let released = self.released.and_then(until).filter(|seconds| *seconds <= SOON_SECS);
        if is_quiet { released } else { Some(AGAIN_SECS) }
    }

    /// The marks of the pools that somebody waits for, or did. A pool that somebody waits for and that is not marked is
    /// marked: nobody passes by from then on.
    async fn marks(&self) -> Result<Marks, Failure> {
        let (awaited, mut marks) = (self.pools(&self.waiting)?, Marks::new());
        for pool in awaited.iter().chain(&self.pools(&self.over)?) {
            let mut mark = self.tenant.waitlist().marked(*pool).await?;
            if mark.line != Some(self.id) && awaited.contains(pool) {
                self.tenant.waitlist().mark(*pool, self.id).await?;
                mark = self.tenant.waitlist().marked(*pool).await?;
            }
            marks.insert(*pool, mark);
        }
        Ok(marks)
    }

    fn pools(&self, requests: &[Waiting]) -> Result<HashSet<PoolKey>, Failure> {
        let mut pools = HashSet::new();
        for waiting in requests {
            pools.extend(Party::read(&waiting.about).map_err(Failure::poison)?.pools_of(self.id));
        }
        Ok(pools)
    }

    /// Nobody can be served: who did not wait may buy, unless something has come back since. Those who are over leave.
    async fn settle_marks(&mut self, marks: &Marks, is_quiet: bool) -> Result<(), Failure> {
        let awaited = self.pools(&self.waiting)?;
        for (pool, mark) in marks.iter().filter(|_| is_quiet) {
            if awaited.contains(pool) {
                self.tenant.waitlist().open_gate(*pool, *mark, self.released, self.app.now()).await?;
            } else {
                self.tenant.waitlist().unmark(*pool, *mark).await?;
            }
        }
        if is_quiet {
            for waiting in std::mem::take(&mut self.over) {
                self.tenant.waitlist().leave(self.id, waiting.id).await?;
            }
        }
        Ok(())
    }

    /// Whose turn it is, and what they are to have.
    async fn next(&mut self) -> Result<Option<Choice>, Failure> {
        let now = self.app.now();
        let mut options = Vec::new();
        for waiting in &self.waiting {
            options.extend(self.options_of(waiting).await?);
        }
        self.released = options.iter().filter_map(|option| option.wanted.next_release(now)).min();
        let mut known: HashMap<(&str, u8), bool> = HashMap::new();
        for option in &options {
            if let Entry::Vacant(unknown) = known.entry(option.of()) {
                unknown.insert(option.wanted.could_be_had(self.app).await?);
            }
        }
        let could =
            |place: &usize, _| options.get(*place).filter(|option| known.get(&option.of()) == Some(&true)).map(drop);
        let grants = waitlist::serve(&self.line(&options)?, now, could);
        // What is free is counted anew for the one after: what was taken for this one is gone then.
        let Some(first) = grants.first() else { return Ok(None) };
        let place =
            options.iter().enumerate().filter(|(_, option)| Waiting::number(option.request) == first.turn.number);
        let place = place.map(|(place, _)| place).nth(first.alternative);
        Ok(place.map(|place| options.swap_remove(place)))
    }

    /// The line as the rules see it: what may be had, by its place among the options.
    fn line(&self, options: &[Choice]) -> Result<Vec<Request<usize>>, Failure> {
        let mut line = Vec::new();
        for waiting in &self.waiting {
            let mine = options.iter().enumerate().filter(|(_, option)| option.request == waiting.id);
            let mine: Vec<usize> = mine.map(|(place, _)| place).collect();
            let request = &waiting.request;
            if !mine.is_empty() {
                line.push(Request::new(request.turn, request.party, mine, request.until).map_err(Failure::poison)?);
            }
        }
        Ok(line)
    }

    /// What may be had of what a request asks for in this line: it is for sale, costs no more than was paid, and was not tried
    /// in vain.
    async fn options_of(&self, waiting: &Waiting) -> Result<Vec<Choice>, Failure> {
        let party = Party::read(&waiting.about).map_err(Failure::poison)?;
        let whom = party.strangers(waiting.user, waiting.request.party);
        let mut options = Vec::new();
        for (place, text) in waiting.request.alternatives().iter().enumerate() {
            if self.tries.get(&(waiting.id, place)).is_some_and(|tries| *tries >= TRIES) {
                continue;
            }
            let alternative = Alternative::read(text).map_err(Failure::poison)?;
            let wanted = match alternative.wanted(self.tenant.clone(), &whom, self.app).await {
                Ok(wanted) => wanted,
                Err(error) if error.code.status() < 500 => continue,
                Err(error) => return Err(Failure::retry(error)),
            };
            let (price, paid) = (wanted.total, party.amount());
            let is_affordable = price.currency == paid.currency && price.minor <= paid.minor;
            if is_affordable && wanted.subject.session() == self.id {
                options.push(Choice { request: waiting.id, place, wanted, of: text.clone() });
            }
        }
        Ok(options)
    }

    /// Names an order, holds for it, and writes it. No: somebody else serves this line, too, and whoever comes after must not be
    /// served first.
    async fn grant(&mut self, option: Choice) -> Result<bool, Failure> {
        let at = self.waiting.iter().position(|waiting| waiting.id == option.request);
        let at = at.ok_or_else(|| Failure::retry("a request that does not wait is served"))?;
        let waiting = self.waiting.remove(at);
        let now = self.app.now();
        let random = self.app.random().map_err(Failure::retry)?;
        let order = self.app.keys.order_id(self.tenant.id(), waiting.user, now, random);
        let begun = waiting.with(waiting.request.clone().begin(order, now).map_err(Failure::retry)?);
        let standing = if self.tenant.waitlist().put(&begun).await? {
            Box::pin(self.make(order, &begun, &option)).await?;
            tend(self.app, self.tenant, begun).await?
        } else {
            let found = self.tenant.waitlist().find(waiting.id).await?;
            tend(self.app, self.tenant, found.ok_or_else(|| Failure::retry("a request has gone"))?).await?
        };
        match standing {
            Standing::InLine(waiting) => self.waiting.push(waiting),
            Standing::Over(waiting) => {
                for line in waiting.lines.iter().filter(|line| **line != self.id) {
                    wake(self.app, self.tenant, *line, 0).await?;
                }
                self.over.push(waiting);
            }
            Standing::UnderWay | Standing::Unpaid => return Ok(false),
        }
        Ok(true)
    }

    /// Makes the order that serves a request, or settles that it will never be. What was refused for good is not tried again;
    /// what others were quicker for is, a few times.
    async fn make(&mut self, id: OrderId, waiting: &Waiting, option: &Choice) -> Result<(), Failure> {
        let alternative = (option.request, option.place);
        let round = self.tries.get(&alternative).copied().unwrap_or_default() + 1;
        self.tries.insert(alternative, TRIES);
        let Some((wanted, deposit)) = self.in_full(waiting, option).await? else {
            return Ok(self.tenant.abandon(id, &[], self.app.now()).await?);
        };
        let contact = self.tenant.orders().seal_contact(id, &wanted.contact).await?;
        let (held, seats) = match wanted.hold(id, round, self.app).await {
            Ok(Outcome::Held { held, seats }) => (held, seats),
            Ok(Outcome::Refused(refused)) => {
                if refused.again {
                    self.tries.insert(alternative, round);
                }
                return Ok(self.tenant.abandon(id, &refused.held, self.app.now()).await?);
            }
            Err((failed, held)) => {
                self.tenant.abandon(id, &held, self.app.now()).await?;
                return Err(failed.into());
            }
        };
        let (draft, now) = (wanted.draft(id, (held.clone(), seats), contact), self.app.now());
        let is_written = match deposit.paid().map(|paid| Order::of_deposit(draft, paid, now)) {
            Some(Ok(order)) => self.tenant.orders().create(&order).await? == Applied::Done,
            Some(Err(_)) | None => false,
        };
        if !is_written {
            self.tenant.abandon(id, &held, now).await?;
        }
        Ok(())
    }

    /// What is wanted, with the names of those who wait; nothing where they are not known any more.
    async fn in_full(&self, waiting: &Waiting, option: &Choice) -> Result<Option<(Wanted, Order)>, Failure> {
        let deposit = tend::deposit(self.tenant, waiting).await?;
        let party = Party::read(&waiting.about).map_err(Failure::poison)?;
        let reach = self.tenant.orders().open_contact(&deposit).await?;
        let Some(whom) = party.people(waiting.user, waiting.request.party, reach) else { return Ok(None) };
        let alternative = Alternative::read(&option.of).map_err(Failure::poison)?;
        match alternative.wanted(self.tenant.clone(), &whom, self.app).await {
            // The price is that which was looked at. The order is paid as soon as it is held: should this process die in
            // between, what it held comes back soon.
            Ok(wanted) if wanted.total == option.wanted.total => {
                Ok(Some((Wanted { hold: HoldTime::SHORTEST, ..wanted }, deposit)))
            }
            Ok(_) => Ok(None),
            Err(error) if error.code.status() < 500 => Ok(None),
            Err(error) => Err(Failure::retry(error)),
        }
    }
}

impl Choice {
    /// What could serve one could serve every party of its size that asks for the same.
    fn of(&self) -> (&str, u8) {
        (&self.of, self.wanted.quantity.get())
    }
}
