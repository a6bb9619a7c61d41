//! The auditor: reads all that a tenant has stored, compares it with what was promised, and believes no answer that
//! anybody gave. It writes nothing.
//!
//! What is promised is in docs/reliability.md. State shows the first three invariants, the fifth, and of the fourth and
//! sixth only traces: that a status never went backwards no state can show.
//!
//! **Memory is bounded.** A [`Page`] looks at so many items and names the [`Place`] from which the next goes on. Each item
//! is checked by reading what it refers to; nothing is collected but the sum over the pool that is being walked.
//!
//! **It bears a system that runs.** A [`Violation`] is wrong at any instant, and what two items say of each other cannot be
//! read in one instant. So whoever looks suspicious is looked at again, and only what both looks show, of the same version
//! of the order and the same entry, is reported: the order was at that version from the first reading of it to the
//! second, and the other item was read in between. What is [`Unfinished`] is right while work goes on.
//!
//! **It is the one place that may scan** (docs/decisions/0013-the-auditor-scans.md): an order whose entry is lost, and a
//! ticket whose order is, are found by nothing that refers to them.

mod blocks;
mod doors;
mod found;
mod orders;
mod walk;

use std::ops::AddAssign;

use domain::{
    Timestamp,
    id::{OrderId, SessionId, TicketId},
    order::{Order, State},
    pool::BlockAddress,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

pub use found::{Unfinished, Violation};
pub use walk::Place;

use crate::{
    Failed, PARTITION, Stored, Table, Tenant,
    client::{Item, Key, Read, text_of},
    keys,
    orders::{stored, word},
};

/// Items that are looked at at one time.
const AT_ONCE: usize = 8;
/// How often an item is looked at before it counts as moving.
const LOOKS: usize = 3;

/// What a page met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Pools whose blocks were summed up.
    pub pools: u64,
    /// Blocks.
    pub blocks: u64,
    /// Tickets that are free.
    pub free: i64,
    /// Tickets in entries without a time limit.
    pub sold: i64,
    /// Tickets in entries with one.
    pub held: i64,
    /// Orders; tombstones are none.
    pub orders: u64,
    /// Refunds of every state.
    pub refunds: u64,
    /// Tickets that admit or have admitted.
    pub tickets: u64,
    /// Tickets that were noted as admitted.
    pub admissions: u64,
    /// Idempotency records.
    pub records: u64,
}

impl AddAssign for Counted {
    fn add_assign(&mut self, more: Self) {
        self.pools += more.pools;
        self.blocks += more.blocks;
        self.free += more.free;
        self.sold += more.sold;
        self.held += more.held;
        self.orders += more.orders;
        self.refunds += more.refunds;
        self.tickets += more.tickets;
        self.admissions += more.admissions;
        self.records += more.records;
    }
}

/// What a part of an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What was met.
    pub counted: Counted,
    /// What is wrong.
    pub violations: Vec<Violation>,
    /// What is still to be done.
    pub unfinished: Vec<Unfinished>,
    /// Where the next page begins; nothing where all has been looked at.
    pub next: Option<Place>,
}

/// An audit of one tenant as of a moment.
#[derive(Clone, Copy, Debug)]
pub struct Audit<'t> {
    tenant: &'t Tenant,
    now: Timestamp,
}

impl Tenant {
    /// An audit of everything that the tenant has stored; entries and orders are past their time as of `now`.
    pub const fn audit(&self, now: Timestamp) -> Audit<'_> {
        Audit { tenant: self, now }
    }
}

/// What is looked at as one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    Block(BlockAddress),
    /// An order with its refunds.
    Order(OrderId),
    Ticket(TicketId),
    Admission(SessionId, TicketId),
    /// A key that none of our items has.
    Unknown(Table, Key),
}

/// What one look at something showed.
#[derive(Debug, Default)]
struct Look {
    counted: Counted,
    suspects: Vec<Suspect>,
}

/// Something that looks wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Suspect {
    what: Finding,
    /// The versions of what was compared: two looks agree only if nothing was written in between.
    seen: Seen,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    Wrong(Violation),
    Open(Unfinished),
}

/// The version of an order and the token of an entry, where there were any.
type Seen = (u32, [u8; 6]);

impl Look {
    fn wrong(&mut self, seen: Seen, violation: Violation) {
        self.suspects.push(Suspect { what: Finding::Wrong(violation), seen });
    }

    fn open(&mut self, seen: Seen, unfinished: Unfinished) {
        self.suspects.push(Suspect { what: Finding::Open(unfinished), seen });
    }
}

/// What stands under the id of an order that something refers to.
#[derive(Debug)]
enum Referred {
    Order(Box<Order>),
    Tombstone,
    Nothing,
    /// Reported where it is looked at itself.
    Unreadable,
}

impl Referred {
    fn of(item: Option<Item>) -> Self {
        match item.map(stored).transpose() {
            Ok(Some(Stored::Order(order))) => Self::Order(order),
            Ok(Some(Stored::Tombstone)) => Self::Tombstone,
            Ok(None) => Self::Nothing,
            Err(_) => Self::Unreadable,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Order(order) => word(&order.state),
            Self::Tombstone => "given up",
            Self::Nothing => "not there",
            Self::Unreadable => "unreadable",
        }
    }

    fn version(&self) -> u32 {
        if let Self::Order(order) = self { order.version } else { 0 }
    }
}

/// Whether an order of that state owns what it lists, at every instant.
const fn owns(state: &State) -> bool {
    matches!(state, State::Reserved { .. } | State::Paid(_) | State::Ticketed(_) | State::Used(_))
}

impl Audit<'_> {
    /// Looks at the next `limit` items, more or less.
    ///
    /// # Errors
    /// When the database fails. What is unreadable is no failure but a violation.
    pub async fn page(&self, from: Option<Place>, limit: u16) -> Result<Page, Failed> {
        let walked = self.walk(from.unwrap_or_default(), limit.max(1)).await?;
        let looks: Vec<_> = walked.subjects.into_iter().map(|subject| self.examine(subject)).collect();
        let looks: Vec<Look> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
        let mut page = walked.page;
        for look in looks {
            page.counted += look.counted;
            for suspect in look.suspects {
                match suspect.what {
                    Finding::Wrong(violation) => page.violations.push(violation),
                    Finding::Open(unfinished) => page.unfinished.push(unfinished),
                }
            }
        }
        Ok(page)
    }

    /// Looks until two looks after each other agree. What never does is moving, and is left to another audit.
    async fn examine(&self, subject: Subject) -> Result<Look, Failed> {
        let mut look = self.look(&subject).await?;
        for _ in 1..LOOKS {
            if look.suspects.is_empty() {
                return Ok(look);
            }
            let again = self.look(&subject).await?;
            let both: Vec<_> =
                again.suspects.iter().filter(|suspect| look.suspects.contains(suspect)).cloned().collect();
            if both.len() == again.suspects.len() {
                return Ok(again);
            }
            // Something new has come up: what both looks show stands, the rest is looked at once more.
            look = again;
        }
        let last = self.look(&subject).await?;
        look.suspects.retain(|suspect| last.suspects.contains(suspect));
        Ok(look)
    }

    async fn look(&self, subject: &Subject) -> Result<Look, Failed> {
        match subject {
            Subject::Block(address) => self.look_at_block(*address).await,
            Subject::Order(order) => self.look_at_order(*order).await,
            Subject::Ticket(ticket) => self.look_at_ticket(*ticket).await,
            Subject::Admission(session, ticket) => self.look_at_admission(*session, *ticket).await,
            Subject::Unknown(table, key) => {
                let mut look = Look::default();
                look.wrong((0, [0; 6]), unreadable(*table, key, &"no item of ours has such a key"));
                Ok(look)
            }
        }
    }

    async fn order(&self, id: OrderId) -> Result<Referred, Failed> {
        let key = keys::order(&self.tenant.id, id);
        Ok(Referred::of(self.tenant.store.tables.get(Table::Orders, key, Read::Consistent).await?))
    }
}

fn unreadable(table: Table, key: &Key, why: &impl ToString) -> Violation {
    let key = [key.partition.as_str(), " ", key.sort.as_str()].concat();
    Violation::Unreadable { table: table.name(), key, why: why.to_string() }
}

fn partition_of(item: &Item) -> &str {
    text_of(item, PARTITION)
}
