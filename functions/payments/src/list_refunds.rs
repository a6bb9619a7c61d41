//! `GET /api/admin/refunds`: the tenant's refunds, newest first: what waits for a decision, what is on its way, what ended.

use std::collections::HashSet;

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    wire::{Listed, PageQuery},
};
use domain::{id::RefundId, refund::Refund, user::Role};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Shelf, Table, Tenant};

use crate::view::{RefundStatus, RefundView};

/// The operation.
pub static OPERATION: Operation = Operation::of::<ListRefunds>();

/// The most refunds that one request looks at.
const MOST: usize = 1_000;

/// What to list.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListRefunds {
    status: Option<RefundStatus>,
    #[serde(flatten)]
    page: PageQuery,
}

impl Endpoint for ListRefunds {
    const ROUTE: Route = Route {
        name: "list-refunds",
        method: Method::Get,
        path: "/api/admin/refunds",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Orders), Grant::read(Table::Activity)],
        summary: "List the refunds of the tenant, newest first; those that ended within ninety days",
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Listed<RefundView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Listed<RefundView>, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let (mut refunds, is_all) = load(&tenant, shelves(self.status)).await?;
        refunds.retain(|refund| self.status.is_none_or(|status| status == RefundStatus::of(refund)));
        refunds.sort_by_key(|refund| std::cmp::Reverse((refund.created, refund.id)));
        let page = Listed::cut(refunds, &self.page).map(|refund| RefundView::of(&refund));
        Ok(if is_all { page } else { page.at_least() })
    }
}

/// Where refunds of a status are. One that has just ended may still stand among the open ones.
const fn shelves(status: Option<RefundStatus>) -> &'static [Shelf] {
    match status {
        Some(RefundStatus::Requested | RefundStatus::Processing | RefundStatus::Failed) => &[Shelf::Open],
        Some(RefundStatus::Refused | RefundStatus::Done) | None => &[Shelf::Open, Shelf::Ended],
    }
}

/// The refunds on the shelves, and whether these are all. An entry whose refund was never written is passed over.
async fn load(tenant: &Tenant, shelves: &[Shelf]) -> Result<(Vec<Refund>, bool), Error> {
    let (mut refunds, mut seen, mut is_all) = (Vec::new(), HashSet::<RefundId>::new(), true);
    for shelf in shelves {
        let listed = tenant.activity().listed_refunds(*shelf, MOST).await?;
        is_all &= listed.len() < MOST;
        for (order, refund) in listed {
            if seen.insert(refund)
                && let Some(refund) = tenant.orders().refund(order, refund).await?
            {
                refunds.push(refund);
            }
        }
    }
    Ok((refunds, is_all))
}
