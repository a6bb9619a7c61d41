//! What buyers see of their orders.

use app::{
    App, Error,
    auth::ticket_id,
    subject_view::SubjectView,
    ticket_view::TicketView,
    wire::{Instant, Text, in_zone},
};
use domain::{
    Timestamp,
    id::{EventId, OptionId, OrderId, UserId},
    money::{Currency, Money},
    occasion::{Kind, Occasion},
    order::{Order, State, Status},
    refund::Reason,
    tenant::TenantId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Reach, Tenant};

/// The answer to an order that was accepted.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Placed {
    pub(crate) id: Text<OrderId>,
    status: StatusWord,
    /// Until when the tickets are held; null once that is over.
    expires_at: Option<Instant>,
    /// Minor units.
    total_amount: u64,
    currency: Text<Currency>,
}

impl Placed {
    pub(crate) const fn pending(id: OrderId, expires: Timestamp, total: Money) -> Self {
        Self {
            id: Text(id),
            status: StatusWord::Pending,
            expires_at: Some(Instant(expires)),
            total_amount: total.minor,
            currency: Text(total.currency),
        }
    }

    pub(crate) fn of(order: &Order) -> Self {
        Self {
            id: Text(order.id),
            status: order.status().into(),
            expires_at: order.expires().map(Instant),
            total_amount: order.purchase.total.minor,
            currency: Text(order.purchase.total.currency),
        }
    }
}

/// An order's status on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StatusWord {
    Pending,
    Paid,
    Ticketed,
    Used,
    Cancelled,
    Expired,
    Refunding,
    Refunded,
}

impl StatusWord {
    pub(crate) const fn status(self) -> Status {
        match self {
            Self::Pending => Status::Pending,
            Self::Paid => Status::Paid,
            Self::Ticketed => Status::Ticketed,
            Self::Used => Status::Used,
            Self::Cancelled => Status::Cancelled,
            Self::Expired => Status::Expired,
            Self::Refunding => Status::Refunding,
            Self::Refunded => Status::Refunded,
        }
    }
}

impl From<Status> for StatusWord {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Paid => Self::Paid,
            Status::Ticketed => Self::Ticketed,
            Status::Used => Self::Used,
            Status::Cancelled => Self::Cancelled,
            Status::Expired => Self::Expired,
            Status::Refunding => Self::Refunding,
            Status::Refunded => Self::Refunded,
        }
    }
}

/// An order. While it is being written only its id, status and deadline are known.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderView {
    id: Text<OrderId>,
    status: StatusWord,
    expires_at: Option<Instant>,
    created_at: Instant,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    written: Option<Written>,
}

/// What is known once the order is written.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Written {
    tenant_id: Text<TenantId>,
    user_id: Text<UserId>,
    #[serde(flatten)]
    subject: SubjectView,
    quantity: u8,
    /// Minor units.
    total_amount: u64,
    currency: Text<Currency>,
    user_name: String,
    user_phone: String,
    /// The provider that took the money.
    pay_method: Option<String>,
    /// The provider's id of the capture.
    transaction_id: Option<String>,
    paid_at: Option<Instant>,
    cancelled_at: Option<Instant>,
    refunded_at: Option<Instant>,
    updated_at: Instant,
    /// The seats, by ticket; none where one sits where one likes.
    seats: Vec<String>,
    tickets: Vec<TicketView>,
    /// The order whose tickets these take the place of.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_from: Option<Text<OrderId>>,
    /// The orders of the tickets for which some of these were changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changed_to: Vec<Text<OrderId>>,
    event: Option<EventSummary>,
    price_option: Option<OptionSummary>,
}

/// The event in short, or the ride.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EventSummary {
    /// Of an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Text<EventId>>,
    /// Of a ride, the number of the train.
    #[serde(skip_serializing_if = "Option::is_none")]
    train: Option<String>,
    title: String,
    poster: Option<String>,
    city: String,
    venue: String,
    address: String,
    timezone: String,
    /// When the order's session begins, or its train leaves, in the time of the place.
    starts_at: Option<String>,
    /// When it ends, or the train arrives.
    ends_at: Option<String>,
}

/// The price option in short.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OptionSummary {
    id: Text<OptionId>,
    name: String,
    /// Minor units.
    price: u64,
}

impl OrderView {
    /// An order that is not written.
    pub(crate) fn unwritten(id: OrderId, status: Status, expires: Option<Timestamp>) -> Self {
        let created_at = Instant(domain::id::Id::created(&id));
        Self { id: Text(id), status: status.into(), expires_at: expires.map(Instant), created_at, written: None }
    }

    /// An order with its event and tickets.
    pub(crate) async fn of(app: &App, tenant: &TenantId, order: Order) -> Result<Self, Error> {
        let store = app.store.tenant(tenant);
        let occasion = store.occasion_cached(&order.purchase.subject, app.now()).await?;
        let reach = store.orders().open_contact(&order).await?;
        let tickets = match &occasion {
            Some(occasion) => tickets(app, tenant, &order, occasion).await?,
            None => Vec::new(),
        };
        let changed_to = changed_to(&store, &order).await?;
        let written = Written { changed_to, ..Written::of(tenant, &order, reach, occasion.as_deref(), tickets) };
        Ok(Self {
            id: Text(order.id),
            status: order.status().into(),
            expires_at: order.expires().map(Instant),
            created_at: Instant(order.created),
            written: Some(written),
        })
    }
}

async fn changed_to(tenant: &Tenant, order: &Order) -> Result<Vec<Text<OrderId>>, Error> {
    if order.returned.count() == 0 {
        return Ok(Vec::new());
    }
    let refunds = tenant.orders().refunds(order.id).await?;
    let changed = refunds.iter().filter_map(|refund| match refund.reason {
        Reason::Changed { to, .. } => Some(Text(to)),
        Reason::Asked(_) | Reason::Late | Reason::Duplicate | Reason::Waited => None,
    });
    Ok(changed.collect())
}

async fn tickets(app: &App, tenant: &TenantId, order: &Order, occasion: &Occasion) -> Result<Vec<TicketView>, Error> {
    if order.paid().is_none() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = (0..order.purchase.quantity.get()).map(|number| ticket_id(order.id, number)).collect();
    let mut views = Vec::with_capacity(ids.len());
    for ticket in app.store.tenant(tenant).tickets().find_all(&ids).await? {
        views.push(TicketView::of(app, tenant, &ticket, occasion, app.now()).await?);
    }
    Ok(views)
}

impl Written {
    fn of(
        tenant: &TenantId,
        order: &Order,
        reach: Reach,
        occasion: Option<&Occasion>,
        tickets: Vec<TicketView>,
    ) -> Self {
        let paid = order.paid();
        let capture = paid.and_then(|paid| paid.capture.as_ref());
        let purchase = &order.purchase;
        Self {
            tenant_id: Text(tenant.clone()),
            user_id: Text(order.user),
            subject: SubjectView::of(&purchase.subject, occasion),
            quantity: purchase.quantity.get(),
            total_amount: purchase.total.minor,
            currency: Text(purchase.total.currency),
            user_name: reach.name,
            user_phone: reach.phone,
            pay_method: capture.map(|capture| capture.provider.to_string()),
            transaction_id: capture.map(|capture| capture.id.clone()),
            paid_at: paid.map(|paid| Instant(paid.at)),
            cancelled_at: cancelled_at(order).map(Instant),
            refunded_at: refunded_at(order).map(Instant),
            updated_at: Instant(order.updated),
            tickets,
            changed_from: order.replaces.map(|replaced| Text(replaced.order)),
            changed_to: Vec::new(),
            seats: purchase.seats.clone(),
            event: occasion.map(EventSummary::of),
            price_option: occasion.and_then(OptionSummary::of),
        }
    }
}

const fn cancelled_at(order: &Order) -> Option<Timestamp> {
    match &order.state {
        State::Cancelled(ended) => Some(ended.at),
        _ => None,
    }
}

const fn refunded_at(order: &Order) -> Option<Timestamp> {
    match &order.state {
        State::Refunded { at, .. } => Some(*at),
        _ => None,
    }
}

impl EventSummary {
    fn of(occasion: &Occasion) -> Self {
        let (id, train) = match &occasion.kind {
            Kind::Session { event, .. } => (Some(Text(*event)), None),
            Kind::Ride { train, .. } => (None, Some(train.clone())),
        };
        Self {
            id,
            train,
            title: occasion.title.clone(),
            poster: occasion.poster.clone(),
            city: occasion.city.clone(),
            venue: occasion.venue.clone(),
            address: occasion.address.clone(),
            timezone: occasion.zone.to_string(),
            starts_at: Some(in_zone(&occasion.zone, occasion.starts)),
            ends_at: Some(in_zone(&occasion.zone, occasion.ends)),
        }
    }
}

impl OptionSummary {
    fn of(occasion: &Occasion) -> Option<Self> {
        match &occasion.kind {
            Kind::Session { option, name, price, .. } => {
                Some(Self { id: Text(*option), name: name.clone(), price: *price })
            }
            Kind::Ride { .. } => None,
        }
    }
}
