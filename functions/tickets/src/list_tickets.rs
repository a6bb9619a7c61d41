//! `GET /api/tickets`: the caller's tickets, those of the newest order first.

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    auth::ticket_id,
    ticket_view::TicketView,
    wire::{Listed, PageQuery},
};
use domain::{
    id::TicketId,
    order::{Order, State},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::get_ticket::view;

/// Tickets that are written out at one time for one request.
const AT_ONCE: usize = 8;

/// The operation.
pub static OPERATION: Operation = Operation::of::<ListTickets>();

/// Which page.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct ListTickets {
    #[serde(flatten)]
    page: PageQuery,
}

impl Endpoint for ListTickets {
    const ROUTE: Route = Route {
        name: "list-tickets",
        method: Method::Get,
        path: "/api/tickets",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Orders),
            Grant::read(Table::Tickets),
            Grant::read(Table::Catalogue),
            Grant::read_files(),
        ],
        summary: "List the caller's tickets",
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Listed<TicketView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Listed<TicketView>, Error> {
        let (tenant, user, now) = (caller.tenant()?, caller.user()?, app.now());
        let store = app.store.tenant(tenant);
        let found = store.orders().of_user(user, 0, store::Listed::COUNTED, is_ticketed).await?;
        // Which tickets there are follows from the orders, so only those of the page are read.
        let ids: Vec<TicketId> = found.orders.iter().flat_map(tickets_of).collect();
        let wanted = Listed::cut(ids, &self.page);

        let tickets = store.tickets().find_all(&wanted.items).await?;
        let views: Vec<_> = tickets.iter().map(|ticket| view(app, tenant, ticket, now)).collect();
        let views = stream::iter(views).buffered(AT_ONCE).try_collect().await?;
        let listed = Listed::of(views, wanted.total, &self.page);
        Ok(if found.total_is_minimum { listed.at_least() } else { listed })
    }
}

const fn is_ticketed(order: &Order) -> bool {
    matches!(order.state, State::Ticketed(_) | State::Used(_))
}

/// Every ticket of an order, also those that were given back: they are there, and void.
fn tickets_of(order: &Order) -> impl Iterator<Item = TicketId> + use<> {
    let id = order.id;
    (0..order.purchase.quantity.get()).map(move |number| ticket_id(id, number))
}
