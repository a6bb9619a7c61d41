//! Single reads that callers make at the same moment, made as one.
//!
//! A process that answers many at once (the local program) reads in one call what they all ask for; a function, which
//! answers one at a time, reads as it always does. Every answer was read after it was asked for.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::oneshot, task::yield_now};

use crate::{
    Failed, PARTITION, SORT, Table,
    client::{Item, Key, Read, Tables, text_of},
};

/// Who waits for the next call. The first of them makes it.
#[derive(Debug, Default)]
pub(crate) struct Together {
    waiting: Mutex<Vec<Waiting>>,
}

/// One who waits. If `tell` is dropped without a word they read for themselves.
#[derive(Debug)]
struct Waiting {
    table: Table,
    key: Key,
    tell: oneshot::Sender<Option<Item>>,
}

/// Whoever makes the call. One who goes away before lets the others go as well: nobody waits for a call that nobody makes.
struct Caller<'t> {
    together: &'t Together,
    has_taken: bool,
}

impl Together {
    /// Reads an item consistently.
    pub(crate) async fn get(&self, tables: &Tables, table: Table, key: Key) -> Result<Option<Item>, Failed> {
        let (tell, told) = oneshot::channel();
        let is_first = {
            let mut waiting = self.lock();
            waiting.push(Waiting { table, key: key.clone(), tell });
            waiting.len() == 1
        };
        if is_first {
            let caller = Caller { together: self, has_taken: false };
            // Whoever is about to ask comes first.
            yield_now().await;
            caller.call(tables).await;
        }
        match told.await {
            Ok(item) => Ok(item),
            Err(_) => tables.get(table, key, Read::Consistent).await,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Caller<'_> {
    /// Reads for all who wait. A failure is told to nobody: each finds out for themselves.
    async fn call(mut self, tables: &Tables) {
        let waiting = std::mem::take(&mut *self.together.lock());
        self.has_taken = true;
        if waiting.len() == 1 {
            return;
        }
        let mut wanted = HashMap::<Table, HashSet<Key>>::new();
        for one in &waiting {
            wanted.entry(one.table).or_default().insert(one.key.clone());
        }
        let mut found = HashMap::new();
        for (table, keys) in wanted {
            let Ok(items) = tables.batch_get(table, keys.into_iter().collect(), Read::Consistent).await else { return };
            found.extend(items.into_iter().map(|item| ((table, key_of(&item)), item)));
        }
        for Waiting { table, key, tell } in waiting {
            // Whoever went away is told nothing.
            drop(tell.send(found.get(&(table, key)).cloned()));
        }
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        if !self.has_taken {
            self.together.lock().clear();
        }
    }
}

fn key_of(item: &Item) -> Key {
    Key { partition: text_of(item, PARTITION).to_owned(), sort: text_of(item, SORT).to_owned() }
}
