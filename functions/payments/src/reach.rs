//! Which orders a caller may touch. What they may not see is not told from what does not exist.

use app::{Caller, Code, Error, organised};
use domain::{id::OrderId, order::Order};
use store::Tenant;

/// The caller's own order.
pub(crate) async fn own(tenant: &Tenant, caller: &Caller, id: OrderId) -> Result<Order, Error> {
    let user = caller.user()?;
    let order = tenant.orders().load(id).await?;
    order.filter(|order| order.user == user).ok_or_else(|| Code::NotFound.into())
}

/// An order that the caller made, or whose event they organise.
pub(crate) async fn visible(tenant: &Tenant, caller: &Caller, id: OrderId) -> Result<Order, Error> {
    let order = tenant.orders().load(id).await?.ok_or(Code::NotFound)?;
    if order.user != caller.user()? {
        organised::see(tenant, caller, &order).await?;
    }
    Ok(order)
}

/// An order that bought something. What somebody paid who waits goes back when they leave the line, and in no other way.
pub(crate) fn sold(order: Order) -> Result<Order, Error> {
    if order.is_deposit() { Err(Code::NotFound.into()) } else { Ok(order) }
}
