//! Whether a trail is whole: every number there, every link made by us over what stands there now, every record behind the
//! one before it, and the end where it was noted to be.
//!
//! What cannot be seen from inside: somebody who sets the database back to an earlier moment as a whole. For that the answer
//! of a check is kept elsewhere, and given to a later one to go on from.

use std::fmt;

use store::{Entry, Found, Point, Tenant};

use super::link;
use crate::{App, Error};

/// How many records are read by one call of the database.
const BATCH: u16 = 100;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Records are gone.
    Missing {
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// A record says something else, or nobody of ours wrote it.
    Changed(u64),
    /// A record does not follow the one that stands before it.
    Unlinked(u64),
    /// Something is there that is no record, under this sort key.
    Strange(String),
    /// The end of the trail is noted with another record than stands there.
    OtherEnd(u64),
    /// The record from which the check was to go on is gone, or another.
    OtherStart(u64),
}

impl Fault {
    /// A stable word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::Changed(_) => "changed",
            Self::Unlinked(_) => "unlinked",
            Self::Strange(_) => "strange",
            Self::OtherEnd(_) => "other_end",
            Self::OtherStart(_) => "other_start",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { from, to } => write!(f, "records {from} to {to} are gone"),
            Self::Changed(number) => write!(f, "record {number} is not what was written"),
            Self::Unlinked(number) => write!(f, "record {number} does not follow the one before it"),
            Self::Strange(sort) => write!(f, "{sort:?} is no record"),
            Self::OtherEnd(number) => write!(f, "record {number} is not the one that was noted as the end"),
            Self::OtherStart(number) => write!(f, "record {number} is not the one to go on from"),
        }
    }
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Records that were looked at.
    pub records: u64,
    /// What is wrong with them.
    pub faults: Vec<Fault>,
    /// The last record that was looked at.
    pub at: Point,
    /// Whether that is the end.
    pub is_end: bool,
}

/// Checks about `limit` records behind `from`.
///
/// # Errors
/// When the database fails.
pub async fn check(app: &App, tenant: &Tenant, from: Point, limit: u32) -> Result<Checked, Error> {
    // Asked for first: what is added while the check runs is behind it.
    let head = tenant.trail().head().await?;
    let mut checked = Checked { records: 0, faults: Vec::new(), at: from, is_end: false };
    if from.sequence > 0 && !is_there(tenant, from).await? {
        checked.faults.push(Fault::OtherStart(from.sequence));
    }
    while checked.records < u64::from(limit) && !checked.is_end {
        let page = tenant.trail().after(checked.at.sequence, BATCH).await?;
        checked.is_end = page.len() < usize::from(BATCH);
        let before = checked.at.sequence;
        for found in page {
            checked.look(app, tenant, found, head);
        }
        // A hundred strange things behind one record would be met again and again.
        checked.is_end |= checked.at.sequence == before;
    }
    if checked.is_end && head.sequence > checked.at.sequence {
        checked.faults.push(Fault::Missing { from: checked.at.sequence + 1, to: head.sequence });
    }
    Ok(checked)
}

async fn is_there(tenant: &Tenant, point: Point) -> Result<bool, Error> {
    let found = tenant.trail().entry(point.sequence).await?;
    Ok(found.is_some_and(|found| matches!(found, Found::Entry(entry) if entry.link == point.link)))
}

impl Checked {
    fn look(&mut self, app: &App, tenant: &Tenant, found: Found, head: Point) {
        self.records += 1;
        let Entry { sequence, previous, link: told, text } = match found {
            Found::Strange(sort) => return self.faults.push(Fault::Strange(sort)),
            Found::Entry(entry) => entry,
        };
        let expected = self.at.sequence + 1;
        if sequence > expected {
            self.faults.push(Fault::Missing { from: expected, to: sequence - 1 });
        } else if previous != self.at.link {
            self.faults.push(Fault::Unlinked(sequence));
        }
        if link(&app.keys, tenant.id(), sequence, &previous, &text) != told {
            self.faults.push(Fault::Changed(sequence));
        }
        if sequence == head.sequence && told != head.link {
            self.faults.push(Fault::OtherEnd(sequence));
        }
        self.at = Point { sequence, link: told };
    }
}
