//! The caller's own orders: others' are not there, and are not said to be.

use app::{App, Caller, Code, Error, wire::Text};
use domain::{
    Timestamp,
    event::later,
    id::{Id as _, OrderId},
    order::Order,
    tenant::HoldTime,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Stored;

/// The placeholder of an order's path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) struct OrderPath {
    /// The order's id.
    pub(crate) order: Text<OrderId>,
}

/// What is known of one's order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Own {
    /// It is written.
    Written(Box<Order>),
    /// Its tickets are held and it is being written.
    Accepted {
        /// Until when the tickets are held at the least.
        expires: Timestamp,
    },
    /// It was never written, and never will be.
    Gone,
}

/// The caller's order, where it is written.
pub(crate) async fn written(caller: &Caller, path: OrderPath, app: &App) -> Result<Order, Error> {
    match find(caller, path.order.0, app).await? {
        Own::Written(order) => Ok(*order),
        Own::Accepted { .. } => Err(Code::Busy.into()),
        Own::Gone => Err(Code::OrderOver.into()),
    }
}

/// Finds an order of the caller. An id that is not written is believed if it was made for this caller: it carries a code
/// that only the server can compute.
pub(crate) async fn find(caller: &Caller, id: OrderId, app: &App) -> Result<Own, Error> {
    let (tenant, user) = (caller.tenant()?, caller.user()?);
    let store = app.store.tenant(tenant);
    match store.orders().find(id).await? {
        // Deposits are shown as what they are for: requests of somebody who waits.
        Some(Stored::Order(order)) if order.user == user && !order.is_deposit() => Ok(Own::Written(order)),
        Some(Stored::Order(_)) => Err(Code::NotFound.into()),
        found @ (Some(Stored::Tombstone) | None) => {
            if !app.keys.is_order_id_of(tenant, user, id) {
                return Err(Code::NotFound.into());
            }
            let now = app.now();
            let hold = store.catalogue().settings_cached(now).await?.map_or(HoldTime::DEFAULT, |known| known.hold);
            let expires = later(id.created(), hold.as_secs());
            Ok(if found.is_none() && now < expires { Own::Accepted { expires } } else { Own::Gone })
        }
    }
}
