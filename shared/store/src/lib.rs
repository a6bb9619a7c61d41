//! The only crate that knows DynamoDB: tables, keys, items, conditions, and the protocols that consist of them.
//!
//! **Invariants:** key literals stand in [`keys`] alone. There is no `Scan`. Every read and write goes through a handle
//! that knows its tenant: `store.tenant(&tenant).orders()`. A refused condition comes back as a named outcome of the
//! domain; no caller ever matches on an AWS error.

mod activity;
mod admissions;
mod api_keys;
pub mod audit;
mod buckets;
mod catalogue;
mod client;
mod failed;
pub mod identity;
mod inventory;
pub mod keys;
mod lately;
mod memory;
mod occasion;
mod orders;
mod packed;
pub mod protocol;
mod rail;
mod schema;
mod seats;
mod stock;
mod subject;
mod tickets;
mod together;
mod trail;
mod vault;
mod venues;
mod waitlist;

use std::sync::Arc;

use domain::tenant::TenantId;

pub use activity::{Activity, Cursor, Kept, Notice, Remembered, Shelf};
pub use admissions::Admissions;
pub use api_keys::{ApiKey, ApiKeys};
pub use catalogue::{Catalogue, Put};
pub use failed::Failed;
pub use identity::Identity;
pub use inventory::{Blocks, Changed, Inventory, Resized};
pub use orders::{Applied, DueItem, Listed, Orders, Reach, RefundEntry, Stored, Traveller};
pub use rail::{Imported, OpenedPart, Opening, Rail};
pub use schema::{BY_DUE, BY_NICKNAME, BY_RANK, BY_USER, Index, PARTITION, SORT, Stream, TIME_TO_LIVE, Table};
pub use seats::{Moment, PoolOf, Rows, Seats, Sells, SessionSeats};
pub use stock::{Counted, Stock, Summary};
pub use tickets::{Admitted, Tickets};
pub use trail::{Appended, Entry, Found, Point, Trail};
pub use vault::{KeyName, KeyUse, KeyWrap, Place, Wrapping};
pub use venues::{Plan, Venues};
pub use waitlist::{Line, Mark, Waiting, Waitlist};

/// The tables of one stage, and what this process has learnt about stock lately.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) tables: client::Tables,
    pub(crate) memory: Arc<memory::Memory>,
    pub(crate) together: Arc<together::Together>,
    pub(crate) vault: vault::Vault,
}

impl Store {
    /// The tables whose names begin with `prefix`, and who wraps the keys of their tenants.
    pub fn new(client: aws_sdk_dynamodb::Client, prefix: &str, wrap: Arc<dyn KeyWrap>) -> Self {
        let (tables, vault) = (client::Tables::new(client, prefix), vault::Vault::new(wrap));
        Self { tables, memory: Arc::default(), together: Arc::default(), vault }
    }

    /// The handle of one tenant: the only way to its data.
    pub fn tenant(&self, id: &TenantId) -> Tenant {
        Tenant { store: self.clone(), id: id.clone() }
    }

    /// What belongs to no tenant: the list of tenants, and work that is due whoever's it is.
    pub fn platform(&self) -> Platform {
        Platform { store: self.clone() }
    }

    /// Asks every table for an item that does not exist: whether the tables answer.
    pub async fn ping(&self) -> Result<(), Failed> {
        for table in Table::ALL {
            self.tables.get(table, keys::ping(), client::Read::Eventual).await?;
        }
        Ok(())
    }
}

/// One tenant's data.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub(crate) store: Store,
    pub(crate) id: TenantId,
}

impl Tenant {
    /// Whose data it is.
    pub const fn id(&self) -> &TenantId {
        &self.id
    }

    /// Users and logins.
    pub const fn identity(&self) -> Identity<'_> {
        Identity::new(self)
    }

    /// Machine clients.
    pub const fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys::new(self)
    }

    /// Events and settings.
    pub const fn catalogue(&self) -> Catalogue<'_> {
        Catalogue::new(self)
    }

    /// Venues and their seat maps.
    pub const fn venues(&self) -> Venues<'_> {
        Venues::new(self)
    }

    /// Numbered seats of sessions, as they are seen.
    pub const fn seats(&self) -> Seats<'_> {
        Seats::new(self)
    }

    /// The timetable and the runs of a railway.
    pub const fn rail(&self) -> Rail<'_> {
        Rail::new(self)
    }

    /// Blocks of tickets, seats and stretches.
    pub const fn inventory(&self) -> Inventory<'_> {
        Inventory::new(self)
    }

    /// Summaries of stock, and sold-out markers.
    pub const fn stock(&self) -> Stock<'_> {
        Stock::new(self)
    }

    /// Orders with their payments and refunds.
    pub const fn orders(&self) -> Orders<'_> {
        Orders::new(self)
    }

    /// Tickets.
    pub const fn tickets(&self) -> Tickets<'_> {
        Tickets::new(self)
    }

    /// What staff did.
    pub const fn trail(&self) -> Trail<'_> {
        Trail::new(self)
    }

    /// Idempotency records and notifications.
    pub const fn activity(&self) -> Activity<'_> {
        Activity::new(self)
    }
}

/// What belongs to no tenant.
#[derive(Clone, Debug)]
pub struct Platform {
    pub(crate) store: Store,
}
