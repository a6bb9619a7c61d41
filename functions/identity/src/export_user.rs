//! `GET /api/users/export`: all that is kept of the caller, as one document.

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    auth::ticket_id,
    refund_id::PublicRefundId,
    subject_view::SubjectView,
    wire::{IdText, Instant, Text},
};
use domain::{
    Timestamp,
    id::{LoginId, OrderId, PaymentId, TicketId},
    money::Currency,
    order::Order,
    refund::{self, Reason, Refund},
    ticket::{Ticket, TicketState},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Listed, Reach, Table, Tenant, Traveller,
    identity::{Link, Login},
};

use crate::profile::UserView;

/// The operation.
pub static OPERATION: Operation = Operation::of::<ExportUser>();

/// Of the caller.
#[derive(Deserialize, JsonSchema)]
struct ExportUser {}

/// All that is kept of a user.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Export {
    profile: UserView,
    sessions: Vec<SessionExport>,
    /// Providers by which they log in.
    identities: Vec<IdentityExport>,
    /// Newest first.
    orders: Vec<OrderExport>,
    /// Whether there are more orders than these.
    has_more_orders: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SessionExport {
    id: IdText<LoginId>,
    created_at: Instant,
    refreshed_at: Instant,
    agent: String,
    network: String,
    alive: bool,
}

#[derive(Serialize, JsonSchema)]
struct IdentityExport {
    provider: String,
    since: Instant,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OrderExport {
    id: IdText<OrderId>,
    status: &'static str,
    #[serde(flatten)]
    subject: SubjectView,
    seats: Vec<String>,
    quantity: u8,
    /// Minor units.
    total_amount: u64,
    currency: Text<Currency>,
    user_name: String,
    user_phone: String,
    /// Whose names the tickets bear.
    passengers: Vec<PassengerExport>,
    created_at: Instant,
    updated_at: Instant,
    paid_at: Option<Instant>,
    /// The provider's id of the capture.
    transaction_id: Option<String>,
    payments: Vec<PaymentExport>,
    refunds: Vec<RefundExport>,
    tickets: Vec<TicketExport>,
    /// What would have done, where this was paid to wait in line.
    waited_for: Vec<serde_json::Value>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PaymentExport {
    id: IdText<PaymentId>,
    provider: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PassengerExport {
    name: String,
    id_type: String,
    id_no: String,
}

impl PassengerExport {
    fn of(traveller: Traveller) -> Self {
        Self { name: traveller.name, id_type: traveller.document, id_no: traveller.number }
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RefundExport {
    id: Text<PublicRefundId>,
    /// Minor units.
    amount: u64,
    status: &'static str,
    reason: Option<String>,
    created_at: Instant,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TicketExport {
    id: IdText<TicketId>,
    status: &'static str,
    created_at: Instant,
    used_at: Option<Instant>,
}

impl Endpoint for ExportUser {
    const ROUTE: Route = Route {
        name: "export-user",
        method: Method::Get,
        path: "/api/users/export",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Identity),
            Grant::read(Table::Orders),
            Grant::read(Table::Tickets),
            Grant::open_keys(),
        ],
        summary: "Read all that is kept of oneself",
        errors: &[Code::NotFound],
        timeout_secs: 29,
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Export;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Export, Error> {
        let (tenant, id) = (caller.tenant()?, caller.user()?);
        let store = app.store.tenant(tenant);
        let user = store.identity().user(id).await?.ok_or(Code::NotFound)?;
        let sessions = store.identity().logins(id, app.now()).await?;
        let links = store.identity().links(id).await?;
        let found = store.orders().of_user(id, 0, Listed::COUNTED, |_| true).await?;
        let mut orders = Vec::with_capacity(found.orders.len());
        for order in &found.orders {
            orders.push(OrderExport::of(&store, order).await?);
        }
        Ok(Export {
            profile: UserView::of(user, tenant),
            sessions: sessions.into_iter().map(SessionExport::of).collect(),
            identities: links.all.into_iter().map(IdentityExport::of).collect(),
            orders,
            has_more_orders: found.total_is_minimum,
        })
    }
}

impl SessionExport {
    fn of(login: Login) -> Self {
        let Login { id, created, refreshed, device, alive } = login;
        let (created_at, refreshed_at) = (created.into(), refreshed.into());
        Self { id: id.into(), created_at, refreshed_at, agent: device.agent, network: device.network, alive }
    }
}

impl IdentityExport {
    fn of(link: Link) -> Self {
        Self { provider: link.provider, since: Timestamp::from_second(link.since).unwrap_or_default().into() }
    }
}

impl OrderExport {
    async fn of(store: &Tenant, order: &Order) -> Result<Self, Error> {
        let Reach { name, phone, passengers: travellers } = store.orders().open_contact(order).await?;
        let refunds = store.orders().refunds(order.id).await?;
        let paid = order.paid();
        let ids: Vec<_> = (0..order.purchase.quantity.get()).map(|number| ticket_id(order.id, number)).collect();
        let waiting = if order.is_deposit() { store.waitlist().find(order.id).await? } else { None };
        let alternatives = waiting.iter().flat_map(|waiting| waiting.request.alternatives());
        let waited_for = alternatives.map(|text| serde_json::from_str(text)).collect::<Result<_, _>>();
        let tickets = if paid.is_some() { store.tickets().find_all(&ids).await? } else { Vec::new() };
        let payment = |begun: &domain::payment::Begun| PaymentExport {
            id: begun.id.into(),
            provider: begun.provider.to_string(),
        };
        Ok(Self {
            id: order.id.into(),
            status: order.status().word(),
            subject: SubjectView::of(&order.purchase.subject, None),
            seats: order.purchase.seats.clone(),
            quantity: order.purchase.quantity.get(),
            total_amount: order.purchase.total.minor,
            currency: order.purchase.total.currency.into(),
            user_name: name,
            user_phone: phone,
            passengers: travellers.into_iter().map(PassengerExport::of).collect(),
            created_at: order.created.into(),
            updated_at: order.updated.into(),
            paid_at: paid.map(|paid| paid.at.into()),
            transaction_id: paid.and_then(|paid| paid.capture.as_ref()).map(|capture| capture.id.clone()),
            payments: order.begun.iter().map(payment).collect(),
            refunds: refunds.iter().map(RefundExport::of).collect(),
            tickets: tickets.iter().map(TicketExport::of).collect(),
            waited_for: waited_for.map_err(Error::internal)?,
        })
    }
}

impl RefundExport {
    fn of(refund: &Refund) -> Self {
        let reason = match &refund.reason {
            Reason::Asked(words) => Some(words.clone()),
            Reason::Late | Reason::Duplicate | Reason::Waited | Reason::Changed { .. } => None,
        };
        let status = match refund.state {
            refund::State::Requested => "requested",
            refund::State::Refused { .. } => "refused",
            refund::State::Approved => "processing",
            refund::State::Done { .. } => "done",
            refund::State::Failed { .. } => "failed",
        };
        Self {
            id: Text(PublicRefundId::from(refund)),
            amount: refund.amount.minor,
            status,
            reason,
            created_at: refund.created.into(),
        }
    }
}

impl TicketExport {
    fn of(ticket: &Ticket) -> Self {
        let (status, used_at) = match &ticket.state {
            TicketState::Valid => ("valid", None),
            TicketState::Used(admission) => ("used", Some(admission.at.into())),
            TicketState::Void => ("void", None),
        };
        Self { id: ticket.id.into(), status, created_at: ticket.created.into(), used_at }
    }
}
