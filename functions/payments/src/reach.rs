//! Which orders a caller may touch. What they may not see is not told from what does not exist.

use app::{Caller, Code, Error};
use domain::{id::OrderId, occasion::Occasion, order::Order, user::Role};
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
        organises(tenant, caller, &order).await?;
    }
    Ok(order)
}

/// An order whose event the caller organises.
pub(crate) async fn organised(tenant: &Tenant, caller: &Caller, id: OrderId) -> Result<Order, Error> {
    let order = tenant.orders().load(id).await?.ok_or(Code::NotFound)?;
    organises(tenant, caller, &order).await?;
    Ok(order)
}

/// An order that bought something. What somebody paid who waits goes back when they leave the line, and in no other way.
pub(crate) fn sold(order: Order) -> Result<Order, Error> {
    if order.is_deposit() { Err(Code::NotFound.into()) } else { Ok(order) }
}

/// Administrators organise every event of the tenant, publishers their own, others none.
async fn organises(tenant: &Tenant, caller: &Caller, order: &Order) -> Result<(), Error> {
    let identity = caller.identity()?;
    if identity.role >= Role::Admin {
        return Ok(());
    }
    if identity.role < Role::Publisher {
        return Err(Code::NotFound.into());
    }
    let occasion = occasion(tenant, order).await?;
    if occasion.publisher == Some(identity.user) { Ok(()) } else { Err(Code::NotFound.into()) }
}

/// What an order is for. What has sold something is never removed.
pub(crate) async fn occasion(tenant: &Tenant, order: &Order) -> Result<Occasion, Error> {
    let occasion = tenant.occasion(&order.purchase.subject).await?;
    occasion.ok_or_else(|| Error::internal("what an order is for is missing"))
}
