//! The tables: one for each way of access. The template and the local program are both made from this list.

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Users, logins and sessions.
    Identity,
    /// Tenants, events, and the summaries of their stock.
    Catalogue,
    /// Stock blocks. Nothing else, so that a rush on stock slows nothing else down.
    Inventory,
    /// Orders with their payments and refunds.
    Orders,
    /// Tickets.
    Tickets,
    /// What may be forgotten: idempotency records, notifications, limits, audit.
    Activity,
    /// Wrapped data keys of tenants. Apart, so that hardly anybody may write them: to lose them is to lose what they seal.
    Vault,
}

/// A secondary index that carries keys only; sparse: an item without the attribute is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// Its partition key; a string attribute. Its sort key is the table's `pk`.
    pub partition: &'static str,
}

/// What a table's stream carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// No stream.
    None,
    /// Keys of changed items.
    Keys,
    /// Items as they are after the change.
    NewImage,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 7] =
        [Self::Identity, Self::Catalogue, Self::Inventory, Self::Orders, Self::Tickets, Self::Activity, Self::Vault];

    /// The name without the stage's prefix.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Catalogue => "catalogue",
            Self::Inventory => "inventory",
            Self::Orders => "orders",
            Self::Tickets => "tickets",
            Self::Activity => "activity",
            Self::Vault => "vault",
        }
    }

    /// The indexes.
    pub const fn indexes(self) -> &'static [Index] {
        match self {
            Self::Identity => &[BY_RANK, BY_NICKNAME],
            Self::Orders => &[BY_USER, BY_DUE],
            _ => &[],
        }
    }

    /// The stream. One function reads each: a stream's shard serves two readers at most.
    pub const fn stream(self) -> Stream {
        match self {
            Self::Inventory => Stream::Keys,
            Self::Orders => Stream::NewImage,
            _ => Stream::None,
        }
    }

    /// The attribute, in seconds since 1970, after which an item is removed.
    pub const fn time_to_live(self) -> Option<&'static str> {
        match self {
            Self::Activity | Self::Orders | Self::Identity => Some(TIME_TO_LIVE),
            _ => None,
        }
    }
}

/// The partition key of every table.
pub const PARTITION: &str = "pk";
/// The sort key of every table.
pub const SORT: &str = "sk";
/// The attribute that ends an item's life.
pub const TIME_TO_LIVE: &str = "ttl";
/// A tenant's users of one role and standing, newest last.
pub const BY_RANK: Index = Index { name: "by-rank", partition: "rank" };
/// A tenant's users whose nicknames begin with the same two characters.
pub const BY_NICKNAME: Index = Index { name: "by-nickname", partition: "nick" };
/// A user's orders, newest last.
pub const BY_USER: Index = Index { name: "by-user", partition: "u" };
/// Orders and refunds about which a provider has to be asked or told, by hour.
pub const BY_DUE: Index = Index { name: "by-due", partition: "due" };
