//! Those who wait for what is sold out: what they ask for, and where they stand.
//!
//! The **request** stands beside its deposit and is the truth: its phase says what may become of the money, and every change
//! is written if the stored one still has the version that was decided on. The **lines** say where to look: an entry is
//! written before its request and removed after it is over, so that no request that waits is missing.
//! See docs/decisions/0040.

use domain::{
    Timestamp,
    id::{Id as _, OrderId, SessionId, UserId},
    order::Quantity,
    pool::PoolKey,
    waitlist::{Phase, Request, Turn, Why},
};
use serde::{Deserialize, Serialize};

use crate::{
    Failed, SORT, Table, Tenant,
    client::{Expression, Find, Item, Read, Wrote, decode, encode, number_of, text_of},
    keys,
};

/// A request as it is kept. What an alternative is, whoever asked says in a text of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its id, which is its deposit's.
    pub id: OrderId,
    /// Whose it is.
    pub user: UserId,
    /// The lines that it stands in.
    pub lines: Vec<SessionId>,
    /// What the area that asked has to remember of the party.
    pub about: String,
    /// Whether the deposit was seen paid: only then is it in line.
    pub is_paid: bool,
    /// The request. Before it is paid its turn is when it was asked for.
    pub request: Request<String>,
}

/// A line, as it was before those in it were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    generation: i64,
}

/// What the mark of a pool said, before its stock was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Which line waits for it.
    pub line: Option<SessionId>,
    /// Until when its gate stands open for those who did not wait, if it was opened.
    pub open_until: Option<Timestamp>,
    pub(crate) generation: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct RequestItem {
    us: String,
    lines: Vec<String>,
    about: String,
    paid: bool,
    /// When its turn began, in milliseconds.
    at: i64,
    q: u8,
    alt: Vec<String>,
    until: i64,
    ph: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    ver: u32,
}

/// Those who wait for what a tenant sells.
#[derive(Clone, Copy, Debug)]
pub struct Waitlist<'t> {
    tenant: &'t Tenant,
}

impl Tenant {
    /// Those who wait.
    pub const fn waitlist(&self) -> Waitlist<'_> {
        Waitlist { tenant: self }
    }
}

impl Waiting {
    /// The number that tells requests of one moment apart: the last eight bytes of the id.
    pub fn number(id: OrderId) -> u64 {
        let mut last = [0; 8];
        last.copy_from_slice(&id.bytes()[8..]);
        u64::from_be_bytes(last)
    }

    /// The same with another request.
    #[must_use]
    pub fn with(&self, request: Request<String>) -> Self {
        Self { request, ..self.clone() }
    }
}

impl Waitlist<'_> {
    /// A request, as it is now.
    pub async fn find(&self, id: OrderId) -> Result<Option<Waiting>, Failed> {
        let key = keys::request(&self.tenant.id, id);
        let item = self.tenant.store.tables.get(Table::Orders, key, Read::Consistent).await?;
        item.map(read).transpose()
    }

    /// Several requests, in no order; those that are not there are left out.
    pub async fn find_all(&self, ids: &[OrderId]) -> Result<Vec<Waiting>, Failed> {
        let keys = ids.iter().map(|id| keys::request(&self.tenant.id, *id)).collect();
        let items = self.tenant.store.tables.batch_get(Table::Orders, keys, Read::Consistent).await?;
        items.into_iter().map(read).collect()
    }

    /// Writes a request: a new one where none is, a later version over the one before. No: something else stands there.
    pub async fn put(&self, waiting: &Waiting) -> Result<bool, Failed> {
        let item = encode(keys::request(&self.tenant.id, waiting.id), &RequestItem::of(waiting))?;
        let condition = match waiting.request.version.checked_sub(1) {
            None => Expression::only_if("attribute_not_exists(pk)"),
            Some(before) => Expression::only_if("ver = :from").number(":from", before),
        };
        match self.tenant.store.tables.put(Table::Orders, item, condition).await? {
            Wrote::Yes => Ok(true),
            // Our own earlier try whose answer was lost.
            Wrote::Refused(Some(found)) => Ok(read(found)? == *waiting),
            Wrote::Refused(None) => Ok(false),
        }
    }

    /// Stands a request in a line: the line first, so that whoever walks the lines finds it.
    pub async fn stand(&self, line: SessionId, id: OrderId) -> Result<(), Failed> {
        let (tables, tenant) = (&self.tenant.store.tables, &self.tenant.id);
        let more = Expression::set("ADD gen :one").number(":one", 1);
        tables.update(Table::Activity, keys::line(tenant, line), more).await?;
        let entry = keys::standing(tenant, line, id).item();
        tables.put(Table::Activity, entry, Expression::default()).await.map(drop)
    }

    /// Takes a request that is over out of a line.
    pub async fn leave(&self, line: SessionId, id: OrderId) -> Result<(), Failed> {
        let key = keys::standing(&self.tenant.id, line, id);
        self.tenant.store.tables.delete(Table::Activity, key, Expression::default()).await.map(drop)
    }

    /// Those who stand in a line, paid or not, and the line as it was before.
    pub async fn standing(&self, line: SessionId) -> Result<(Line, Vec<OrderId>), Failed> {
        let tables = &self.tenant.store.tables;
        let head = tables.get(Table::Activity, keys::line(&self.tenant.id, line), Read::Consistent).await?;
        let generation = head.and_then(|head| number_of(&head, "gen")).unwrap_or(0);
        let find = Find::partition(keys::standing_in(&self.tenant.id, line), Read::Consistent);
        let items = tables.all(Table::Activity, find).await?;
        let id = |item: &Item| OrderId::from_bare(text_of(item, SORT)).map_err(Failed::corrupt);
        Ok((Line { generation }, items.iter().map(id).collect::<Result<_, _>>()?))
    }

    /// The tenant's lines.
    pub async fn lines(&self) -> Result<Vec<SessionId>, Failed> {
        let find = Find::partition(keys::lines(&self.tenant.id), Read::Consistent);
        let items = self.tenant.store.tables.all(Table::Activity, find).await?;
        let line = |item: &Item| keys::line_of(text_of(item, SORT)).ok_or_else(|| Failed::corrupt("a line's key"));
        items.iter().map(line).collect()
    }

    /// Forgets a line in which nobody stood, unless somebody has come meanwhile.
    pub async fn forget(&self, line: SessionId, was: Line) -> Result<(), Failed> {
        let same = Expression::only_if("gen = :gen").number(":gen", was.generation);
        let key = keys::line(&self.tenant.id, line);
        self.tenant.store.tables.delete(Table::Activity, key, same).await.map(drop)
    }

    /// Marks a pool: somebody waits for it, and who did not is refused until a worker finds that nobody can be served.
    pub async fn mark(&self, pool: PoolKey, line: SessionId) -> Result<(), Failed> {
        let mark = Expression::set("SET #line = :line REMOVE gate ADD gen :one")
            .name("#line", "line")
            .text(":line", line.bare())
            .number(":one", 1);
        self.tenant.store.memory.forget(pool);
        let key = keys::marker(&self.tenant.id, pool);
        self.tenant.store.tables.update(Table::Catalogue, key, mark).await.map(drop)
    }

    /// The mark of a pool as it is. What this process remembers of the pool is forgotten: what follows is decided afresh.
    pub async fn marked(&self, pool: PoolKey) -> Result<Mark, Failed> {
        self.tenant.store.memory.forget(pool);
        self.tenant.stock().mark(pool).await
    }

    /// Lets those buy who did not wait: the stock was read and nobody in line could be served with it. The gate shuts by
    /// itself when the next hold of the pool ends, and when something is `released` by time: what a buyer might find then is for
    /// those who wait. Nothing is changed where something came back, or somebody came, since the mark was read.
    pub async fn open_gate(
        &self,
        pool: PoolKey,
        mark: Mark,
        released: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Failed> {
        let blocks = self.tenant.inventory().all(pool).await?;
        let entries = blocks.iter().flat_map(|(_, block)| block.entries());
        let ends = entries.filter_map(|entry| entry.until()).filter(|until| now < *until);
        let until = ends.chain(released).min().unwrap_or(Timestamp::MAX).as_second();
        if mark.open_until.map(Timestamp::as_second) == Some(until) {
            return Ok(());
        }
        let open = Expression::set("SET gate = :until").number(":until", until);
        self.change_mark(pool, mark, open).await
    }

    /// Nobody waits for a pool any more, unless somebody has come since the mark was read.
    pub async fn unmark(&self, pool: PoolKey, mark: Mark) -> Result<(), Failed> {
        self.change_mark(pool, mark, Expression::set("REMOVE gate, #line").name("#line", "line")).await
    }

    async fn change_mark(&self, pool: PoolKey, mark: Mark, change: Expression) -> Result<(), Failed> {
        if mark.line.is_none() {
            return Ok(());
        }
        let same = change.given("gen = :gen").number(":gen", mark.generation);
        self.tenant.store.memory.forget(pool);
        let key = keys::marker(&self.tenant.id, pool);
        self.tenant.store.tables.update(Table::Catalogue, key, same).await.map(drop)
    }
}

impl Mark {
    pub(crate) fn of(item: &Item) -> Self {
        Self {
            line: keys::line_of(text_of(item, "line")),
            open_until: number_of(item, "gate").and_then(|second| Timestamp::from_second(second).ok()),
            generation: number_of(item, "gen").unwrap_or(0),
        }
    }

    /// Whether those who did not wait are refused.
    pub(crate) fn is_shut(&self, now: Timestamp) -> bool {
        self.line.is_some() && self.open_until.is_none_or(|until| until <= now)
    }
}

impl RequestItem {
    fn of(waiting: &Waiting) -> Self {
        let request = &waiting.request;
        let (ph, by) = match request.phase {
            Phase::Waiting => ("waiting", None),
            Phase::Serving { order } => ("serving", Some(order)),
            Phase::Served { order } => ("served", Some(order)),
            Phase::Left { why: Why::Cancelled, refunded: false } => ("cancelled", None),
            Phase::Left { why: Why::Cancelled, refunded: true } => ("cancelled-refunded", None),
            Phase::Left { why: Why::Expired, refunded: false } => ("expired", None),
            Phase::Left { why: Why::Expired, refunded: true } => ("expired-refunded", None),
        };
        Self {
            us: waiting.user.bare(),
            lines: waiting.lines.iter().map(SessionId::bare).collect(),
            about: waiting.about.clone(),
            paid: waiting.is_paid,
            at: request.turn.asked.as_millisecond(),
            q: request.party.get(),
            alt: request.alternatives().to_vec(),
            until: request.until.as_millisecond(),
            ph: ph.to_owned(),
            by: by.map(|order| order.bare()),
            ver: request.version,
        }
    }

    fn read(self, id: OrderId) -> Result<Waiting, Failed> {
        let order = || OrderId::from_bare(self.by.as_deref().unwrap_or_default()).map_err(Failed::corrupt);
        let left = |why, refunded| Phase::Left { why, refunded };
        let phase = match self.ph.as_str() {
            "waiting" => Phase::Waiting,
            "serving" => Phase::Serving { order: order()? },
            "served" => Phase::Served { order: order()? },
            "cancelled" => left(Why::Cancelled, false),
            "cancelled-refunded" => left(Why::Cancelled, true),
            "expired" => left(Why::Expired, false),
            "expired-refunded" => left(Why::Expired, true),
            other => return Err(Failed::corrupt(other)),
        };
        let at = |millis| Timestamp::from_millisecond(millis).map_err(Failed::corrupt);
        let turn = Turn { asked: at(self.at)?, number: Waiting::number(id) };
        let party = Quantity::parse(self.q.into()).map_err(Failed::corrupt)?;
        // Whoever paid when their time was over has a turn behind it.
        let first = Turn { asked: Timestamp::MIN, ..turn };
        let mut request = Request::new(first, party, self.alt, at(self.until)?).map_err(Failed::corrupt)?;
        (request.turn, request.phase, request.version) = (turn, phase, self.ver);
        let lines = self.lines.iter().map(|line| keys::line_of(line).ok_or_else(|| Failed::corrupt("a line")));
        Ok(Waiting {
            id,
            user: UserId::from_bare(&self.us).map_err(Failed::corrupt)?,
            lines: lines.collect::<Result<_, _>>()?,
            about: self.about,
            is_paid: self.paid,
            request,
        })
    }
}

pub(crate) fn read(item: Item) -> Result<Waiting, Failed> {
    let (_, id) =
        keys::parse_order(text_of(&item, crate::PARTITION)).ok_or_else(|| Failed::corrupt("a request's key"))?;
    decode::<RequestItem>(item)?.read(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_back_in_every_phase() {
        let (id, order) = (OrderId::from_bytes([7; 16]), OrderId::from_bytes([8; 16]));
        let at = |second| Timestamp::from_second(second).unwrap();
        let turn = Turn { asked: at(5), number: Waiting::number(id) };
        let party = Quantity::parse(3).unwrap();
        let left = |why, refunded| Phase::Left { why, refunded };
        for phase in [
            Phase::Waiting,
            Phase::Serving { order },
            Phase::Served { order },
            left(Why::Cancelled, false),
            left(Why::Cancelled, true),
            left(Why::Expired, false),
            left(Why::Expired, true),
        ] {
            let mut request = Request::new(turn, party, vec!["{}".to_owned(), "[]".to_owned()], at(9)).unwrap();
            (request.phase, request.version) = (phase, 4);
            // One was paid when its time was over.
            request.turn.asked = at(if phase == Phase::Waiting { 10 } else { 6 });
            let waiting = Waiting {
                id,
                user: UserId::from_bytes([1; 16]),
                lines: vec![SessionId::from_bytes([2; 16])],
                about: "{}".to_owned(),
                is_paid: true,
                request,
            };
            let key = keys::request(&"demo".parse().unwrap(), id);
            assert_eq!(read(encode(key, &RequestItem::of(&waiting)).unwrap()).unwrap(), waiting);
        }
    }
}
