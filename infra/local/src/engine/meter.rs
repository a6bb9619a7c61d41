//! Counts the capacity units that the embedded `DynamoDB` would have been billed for.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What one operation on one table has used. Units are multiples of one half, which floating
/// point adds exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Calls that the engine carried out.
    pub calls: u64,
    /// Read capacity units.
    pub read_units: f64,
    /// Write capacity units of writes that were carried out.
    pub write_units: f64,
    /// Calls that a condition refused.
    pub refused: u64,
    /// Write capacity units of refused writes: Amazon bills them too, by the size of the item
    /// that stood in the way.
    pub refused_write_units: f64,
}

impl Usage {
    /// Returns the write units that would be billed, of refused writes too.
    pub fn billed_write_units(&self) -> f64 {
        self.write_units + self.refused_write_units
    }

    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.read_units += other.read_units;
        self.write_units += other.write_units;
        self.refused += other.refused;
        self.refused_write_units += other.refused_write_units;
    }
}

/// Adds up usage per table and operation. Clones share the counts.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    counts: Arc<Mutex<Counts>>,
}

/// Tables first, so that a known table is found without making a key.
type Counts = HashMap<String, HashMap<&'static str, Usage>>;

impl Meter {
    /// Returns the counts so far, by table and operation.
    pub fn snapshot(&self) -> BTreeMap<(String, &'static str), Usage> {
        let counts = self.lock();
        let flat = counts
            .iter()
            .flat_map(|(table, operations)| operations.iter().map(|(name, usage)| ((table.clone(), *name), *usage)));
        flat.collect()
    }

    /// Returns the sum over all tables and operations.
    pub fn total(&self) -> Usage {
        let mut total = Usage::default();
        for usage in self.lock().values().flat_map(HashMap::values) {
            total.add(usage);
        }
        total
    }

    /// Forgets the counts so far.
    pub fn reset(&self) {
        self.lock().clear();
    }

    pub(super) fn record(&self, table: &str, operation: &'static str, usage: &Usage) {
        let mut counts = self.lock();
        if let Some(operations) = counts.get_mut(table) {
            operations.entry(operation).or_default().add(usage);
        } else {
            counts.insert(table.to_owned(), HashMap::from([(operation, *usage)]));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // A count is whole after every statement, so a panic elsewhere leaves nothing half done.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
