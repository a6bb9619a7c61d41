//! Whose orders organisers may touch. What they may not see is not told from what does not exist.

use domain::{id::OrderId, occasion::Occasion, order::Order, user::Role};
use store::Tenant;

use crate::{Caller, Code, Error};

/// An order whose event the caller organises.
///
/// # Errors
/// `not_found` where there is none, or none of theirs.
pub async fn find(tenant: &Tenant, caller: &Caller, id: OrderId) -> Result<Order, Error> {
    let order = tenant.orders().load(id).await?.ok_or(Code::NotFound)?;
    see(tenant, caller, &order).await?;
    Ok(order)
}

/// Administrators organise every event of the tenant, publishers their own, others none.
///
/// # Errors
/// `not_found` where the order is for none of theirs.
pub async fn see(tenant: &Tenant, caller: &Caller, order: &Order) -> Result<(), Error> {
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

/// What an order is for.
///
/// # Errors
/// When it is missing, which cannot be: what has sold something is never removed.
pub async fn occasion(tenant: &Tenant, order: &Order) -> Result<Occasion, Error> {
    let occasion = tenant.occasion(&order.purchase.subject).await?;
    occasion.ok_or_else(|| Error::internal("what an order is for is missing"))
}
