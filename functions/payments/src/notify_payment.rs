//! `POST /api/payments/{provider}/notify/{tenant}`: takes a provider's notification. It is verified, kept and queued; what
//! it means is decided by a worker, so that the provider is answered at once.

use app::{
    App, Auth, Body, Caller, Code, Endpoint, Error, Grant, Method, Operation, Pace, Plain, Reply, Route,
    message::NoticeKept, wire::Text,
};
use domain::{payment::Provider, tenant::TenantId};
use providers::{
    payment::{BadNotice, PaymentProvider as _},
    queue::Queue,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Notice, Table};

use crate::{provider, send};

/// The operation.
pub static OPERATION: Operation = Operation::of::<NotifyPayment>();

/// The body is the provider's.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct NotifyPayment {}

/// From whom, and for whom.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct NoticePath {
    provider: String,
    tenant: Text<TenantId>,
}

impl Endpoint for NotifyPayment {
    const ROUTE: Route = Route {
        name: "notify-payment",
        method: Method::Post,
        path: "/api/payments/{provider}/notify/{tenant}",
        auth: Auth::Proof,
        grants: &[Grant::write(Table::Activity), Grant::send(Queue::ApplyNotice)],
        summary: "Take a payment provider's signed notification",
        body: Body::Raw,
        errors: &[Code::NotFound, Code::Unauthenticated, Code::MalformedRequest],
        pace: Pace::Webhook,
        ..Route::DEFAULT
    };
    type Path = NoticePath;
    type Output = Plain;

    async fn handle(self, path: NoticePath, caller: Caller, app: &'static App) -> Result<Plain, Error> {
        let (tenant, request) = (app.store.tenant(&path.tenant.0), caller.request);
        let provider = provider::named(app, &path.provider)?;
        let verified = provider::of(app, &tenant, provider).verify(&request.headers, &request.body, app.now());
        let notification = verified.map_err(explain)?;

        let body = String::from_utf8(request.body.to_vec()).map_err(|_| Code::MalformedRequest)?;
        let at = notification.at.as_second();
        let notice = Notice { provider: provider.to_string(), event: notification.event.clone(), at, body };
        tenant.activity().keep_notice(provider, &notice).await?;
        let (provider_word, event) = (notice.provider, notification.event);
        let kept = NoticeKept { tenant: path.tenant, provider: provider_word, event, at };
        send::notice_kept(app, &kept).await?;
        Ok(Plain(expected(provider)))
    }
}

/// What the provider takes for "received"; anything else makes it send again.
fn expected(provider: Provider) -> Reply {
    match provider {
        Provider::Sandbox => Reply::raw("text/plain", "received").status(200),
    }
}

fn explain(bad: BadNotice) -> Error {
    match bad {
        BadNotice::Signature => Code::Unauthenticated.into(),
        BadNotice::Unreadable => Code::MalformedRequest.into(),
    }
}
