//! `PUT /api/waitlist/{request}/cancel`: leaves the line. What was paid goes back.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, message::LineMoved, wire::Text};
use domain::{
    order::{CancelRefused, Order, State},
    waitlist::{Phase, Refused, Why},
};
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Applied, Table, Tenant, Waiting};

use crate::waitlist::{
    own::{self, RequestPath},
    view::WaitingView,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<LeaveWaitlist>();

/// How often the decision is made anew when the request changes under it.
const ROUNDS: usize = 4;

/// Nothing but the request.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
struct LeaveWaitlist {}

impl Endpoint for LeaveWaitlist {
    const ROUTE: Route = Route {
        name: "leave-waitlist",
        method: Method::Put,
        path: "/api/waitlist/{request}/cancel",
        auth: Auth::Customer,
        grants: &[Grant::read(Table::Orders), Grant::write(Table::Orders), Grant::send(Queue::ServeWaitlist)],
        summary: "Leave the line; what was paid goes back",
        errors: &[Code::NotFound, Code::WrongState, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = RequestPath;
    type Output = WaitingView;

    async fn handle(self, path: RequestPath, caller: Caller, app: &'static App) -> Result<WaitingView, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        for _ in 0..ROUNDS {
            let (waiting, deposit) = own::find(&caller, path.request.0, app).await?;
            let Some(deposit) = deposit else { return Err(Code::Busy.into()) };
            if let Some(left) = leave(&tenant, &waiting, deposit, app).await? {
                // Its money is given back by the worker; should the message be lost, the walk over the lines wakes it.
                let (tenant, request) = (Text(tenant.id().clone()), Some(Text(waiting.id)));
                let moved = LineMoved { tenant, line: None, request };
                app.queues.send(Queue::ServeWaitlist, &moved, 0, app.now()).await?;
                return Ok(left);
            }
        }
        Err(Code::Busy.into())
    }
}

/// Takes the request out of its line, or the deposit out of its time; nothing where something changed meanwhile.
async fn leave(tenant: &Tenant, waiting: &Waiting, deposit: Order, app: &App) -> Result<Option<WaitingView>, Error> {
    if let Phase::Left { why: Why::Cancelled, .. } = waiting.request.phase {
        return WaitingView::of(waiting, Some(&deposit)).map(Some);
    }
    if waiting.is_paid {
        let left = waiting.with(waiting.request.clone().cancel().map_err(explain)?);
        let is_written = tenant.waitlist().put(&left).await?;
        return is_written.then(|| WaitingView::of(&left, Some(&deposit))).transpose();
    }
    if let State::Cancelled(_) = deposit.state {
        return WaitingView::of(waiting, Some(&deposit)).map(Some);
    }
    let change = deposit.cancel(app.now()).map_err(|refused| match refused {
        // It is about to be in line.
        CancelRefused::Paid | CancelRefused::Paying => Error::from(Code::Busy),
        CancelRefused::Over => Code::WrongState.into(),
    })?;
    let is_written = tenant.orders().apply(&change).await? == Applied::Done;
    is_written.then(|| WaitingView::of(waiting, Some(&change.order))).transpose()
}

fn explain(refused: Refused) -> Error {
    match refused {
        // In a moment it is served, or waits again.
        Refused::Serving => Code::Busy.into(),
        Refused::Over | Refused::WrongState => Code::WrongState.into(),
    }
}
