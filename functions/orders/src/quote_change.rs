//! `GET /api/orders/{order}/change`: what a change of tickets of an order to another ride would cost now. It holds nothing.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::Text};
use domain::{
    id::RunId,
    money::Currency,
    rail::{change::Difference, coach::Class, station::Telecode},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::{
    change::Named,
    change_order::Ask,
    own::{self, OrderPath},
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<QuoteChange>();

/// Another ride.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct QuoteChange {
    /// Whose tickets would be given up, with commas between; all that were not given back where nothing is said.
    ticket_ids: Option<Text<Named>>,
    /// The run of the other train, or the same.
    run_id: Text<RunId>,
    /// Where the ride begins; as before where nothing is said.
    from: Option<Text<Telecode>>,
    /// Where it ends; as before where nothing is said.
    to: Option<Text<Telecode>>,
    /// Its class; as before where nothing is said.
    class: Option<Text<Class>>,
}

/// What a change costs, in minor units.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ChangeQuote {
    /// What the old tickets are worth.
    old_amount: u64,
    /// What the new ones cost.
    new_amount: u64,
    /// What is to be paid first: nothing, or all that the new ones cost; what was paid for the old ones goes back then.
    to_pay: u64,
    /// What goes back.
    given_back: u64,
    /// What is kept of a difference in the passengers' favour.
    fee: u64,
    currency: Text<Currency>,
}

impl Endpoint for QuoteChange {
    const ROUTE: Route = Route {
        name: "quote-change",
        method: Method::Get,
        path: "/api/orders/{order}/change",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::read(Table::Orders),
            Grant::read(Table::Tickets),
            Grant::open_keys(),
        ],
        summary: "What changing the tickets of a train for others would cost",
        errors: &[
            Code::NotFound,
            Code::NotChangeable,
            Code::OrderOver,
            Code::Busy,
            Code::NotOnSale,
            Code::LimitExceeded,
        ],
        ..Route::DEFAULT
    };
    type Path = OrderPath;
    type Output = ChangeQuote;

    async fn handle(self, path: OrderPath, caller: Caller, app: &'static App) -> Result<ChangeQuote, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let order = own::written(&caller, path, app).await?;
        let ask = Ask {
            tickets: self.ticket_ids.map(|named| named.0.0),
            run: self.run_id.0,
            from: self.from.map(|from| from.0),
            to: self.to.map(|to| to.0),
            class: self.class.map(|class| class.0),
            together: None,
            wishes: None,
        };
        let offered = ask.offer(tenant, &order, app).await?;
        let (old, new) = (offered.given.worth, offered.wanted.total);
        let (to_pay, given_back, fee) = match offered.difference {
            Difference::None => (0, 0, 0),
            Difference::Pay(_) => (new.minor, old.minor, 0),
            Difference::GiveBack { amount, fee } => (0, amount.minor, fee.minor),
        };
        Ok(ChangeQuote {
            old_amount: old.minor,
            new_amount: new.minor,
            to_pay,
            given_back,
            fee,
            currency: Text(new.currency),
        })
    }
}
