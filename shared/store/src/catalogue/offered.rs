//! The stock behind a price option in a session: opened, grown and shrunk with the event that offers it.

use domain::{
    Timestamp,
    id::{OptionId, SessionId},
    pool::{Layout, PoolKey},
};

use super::Catalogue;
use crate::{Failed, inventory::Resized, keys};

impl Catalogue<'_> {
    /// Creates the stock where it is not there yet. Safe to repeat.
    pub async fn open_stock(&self, session: SessionId, option: OptionId, total: u32) -> Result<(), Failed> {
        self.tenant.inventory().open(self.pool(session, option), layout(total)?).await
    }

    /// Gives the stock another size, and lets buyers know that there is some again where it grows. Answers how many
    /// tickets could go where too few are free; then it is as large as before.
    pub async fn resize_stock(&self, session: SessionId, option: OptionId, to: u32) -> Result<Option<u32>, Failed> {
        match self.tenant.inventory().resize(self.pool(session, option), layout(to)?).await? {
            Resized::Done => self.reopen_stock(session, option).await.map(|()| None),
            Resized::InUse { free } => Ok(Some(free)),
        }
    }

    /// Clears the sold-out marker, after tickets were added.
    pub async fn reopen_stock(&self, session: SessionId, option: OptionId) -> Result<(), Failed> {
        self.tenant.stock().reopen(self.pool(session, option)).await
    }

    /// Tickets left, at most two seconds old.
    pub async fn stock_left(
        &self,
        session: SessionId,
        option: OptionId,
        total: u32,
        now: Timestamp,
    ) -> Result<u64, Failed> {
        self.tenant.stock().left(self.pool(session, option), layout(total)?, now).await
    }

    fn pool(self, session: SessionId, option: OptionId) -> PoolKey {
        keys::stock_pool(&self.tenant.id, session, option)
    }
}

fn layout(total: u32) -> Result<Layout, Failed> {
    Layout::of(total).map_err(Failed::corrupt)
}
