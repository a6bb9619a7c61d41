//! Orders with their refunds: what was bought is held, what was paid has its tickets, what was given back is refunded.

use std::collections::BTreeMap;

use domain::{
    id::OrderId,
    inventory::Block,
    order::{Due, Exchange, Held, Order, Returned, State, Subject, What},
    payment::Capture,
    pool::{BlockAddress, PoolKey},
    refund::{self, Reason, Refund},
    ticket::TicketState,
    venue::SeatName,
    waitlist::{Phase, Request},
};

use super::{Audit, Look, Referred, Seen, Unfinished, Violation, doors, owns, unreadable};
use crate::{
    BY_USER, Failed, SORT, Stored, Table, Waiting,
    catalogue::read_event,
    client::{Find, Item, Read, text_of},
    inventory,
    keys::{self, of_item, parse_refund},
    orders::{read_refund, stored, word},
    tickets, waitlist,
};

/// What stands under the key of an order, read at once.
#[derive(Debug, Default)]
struct Papers {
    order: Option<Order>,
    /// The list in which its buyer finds it.
    list: String,
    refunds: Vec<Refund>,
    /// What somebody waits for whose deposit it is.
    request: Option<Waiting>,
    wrong: Vec<Violation>,
}

impl Audit<'_> {
    pub(super) async fn look_at_order(&self, id: OrderId) -> Result<Look, Failed> {
        let find = Find::partition(keys::order_partition(&self.tenant.id, id), Read::Consistent);
        let papers = Papers::of(id, self.tenant.store.tables.all(Table::Orders, find).await?);
        let mut look = Look::default();
        look.counted.refunds = papers.refunds.len() as u64;
        let is_readable = papers.wrong.is_empty();
        for violation in papers.wrong {
            look.wrong((0, [0; 6]), violation);
        }
        let Some(order) = papers.order else {
            if is_readable && !papers.refunds.is_empty() {
                let refunds = papers.refunds.len();
                look.wrong((0, [0; 6]), Violation::RefundWithoutOrder { order: id, refunds });
            }
            return Ok(look);
        };
        look.counted.orders = 1;
        check_money(&order, &papers.refunds, &mut look);
        self.check_progress(&order, &papers.refunds, &mut look);
        self.check_belongs(&order, &papers.list, &mut look).await?;
        if let Some(waiting) = papers.request.filter(|_| order.is_deposit()) {
            self.check_request(&order, &papers.refunds, &waiting.request, &mut look).await?;
            return Ok(look);
        }
        self.check_exchange(&order, &mut look).await?;
        self.check_owns(&order, &mut look).await?;
        self.check_issued(&order, &mut look).await?;
        Ok(look)
    }

    /// What is right for a while.
    fn check_progress(&self, order: &Order, refunds: &[Refund], look: &mut Look) {
        let (id, seen) = (order.id, seen(order));
        let mut open = |unfinished| look.open(seen, unfinished);
        match &order.state {
            State::Reserved { expires: until } | State::Reviving { until, .. } if *until <= self.now => {
                open(Unfinished::Overdue { order: id, state: word(&order.state) });
            }
            State::Paid(_) if !order.is_deposit() => open(Unfinished::AwaitsTickets { order: id }),
            State::Refunding { refund, .. } => open(Unfinished::Refunding { order: id, refund: *refund }),
            _ => {}
        }
        check_debts(order, refunds, look);
    }

    /// What was taken from somebody who waits pays the order that serves them, and the rest has a refund; or all of it has.
    async fn check_request(
        &self,
        deposit: &Order,
        refunds: &[Refund],
        request: &Request<String>,
        look: &mut Look,
    ) -> Result<(), Failed> {
        let Some(capture) = deposit.paid().and_then(|paid| paid.capture.as_ref()) else { return Ok(()) };
        let (id, captured) = (deposit.id, capture.amount.minor);
        let paid = match request.phase {
            Phase::Served { order } => match self.order(order).await? {
                Referred::Order(order) => order.purchase.total.minor,
                Referred::Tombstone | Referred::Nothing => 0,
                Referred::Unreadable => return Ok(()),
            },
            Phase::Left { refunded: true, .. } => 0,
            Phase::Waiting if self.now < request.until => return Ok(()),
            Phase::Waiting | Phase::Serving { .. } | Phase::Left { refunded: false, .. } => {
                look.open((request.version, [0; 6]), Unfinished::Owed { order: id });
                return Ok(());
            }
        };
        let waited = refunds.iter().filter(|refund| is_granted(refund) && refund.reason == Reason::Waited);
        let used = paid + waited.map(|refund| refund.amount.minor).sum::<u64>();
        if used != captured {
            look.wrong(seen(deposit), Violation::DepositDiffers { order: id, captured, used });
        }
        Ok(())
    }

    /// An order that is paid in place of tickets has them given back, and is paid by no more than was kept of their worth.
    async fn check_exchange(&self, order: &Order, look: &mut Look) -> Result<(), Failed> {
        let Some((replaced, paid)) = order.replaces.zip(order.paid()) else { return Ok(()) };
        let refund = self.tenant.orders().refund(replaced.order, Exchange::refund_id(order.id)).await?;
        let fits = |refund: &Refund| {
            let by = |capture: &Capture| capture.id == refund.capture.id;
            let is_carried = paid.capture.as_ref().is_some_and(by);
            let is_of = matches!(refund.reason, Reason::Changed { to, .. } if to == order.id);
            let tickets: Returned = refund.tickets.iter().copied().collect();
            is_granted(refund)
                && is_of
                && tickets == replaced.tickets
                && (!is_carried || order.purchase.total.minor <= refund.kept())
        };
        if !refund.as_ref().is_some_and(fits) {
            look.wrong(seen(order), Violation::ExchangeDiffers { order: order.id, old: replaced.order });
        }
        Ok(())
    }

    /// The order is this tenant's in all that it names: user, list, event, pools.
    async fn check_belongs(&self, order: &Order, list: &str, look: &mut Look) -> Result<(), Failed> {
        let (tables, tenant, seen) = (&self.tenant.store.tables, &self.tenant.id, seen(order));
        if list != keys::orders_of(tenant, order.user) {
            let list = list.to_owned();
            look.wrong(seen, Violation::StrayIndex { order: order.id, user: order.user, list });
        }
        if tables.get(Table::Identity, keys::user(tenant, order.user), Read::Consistent).await?.is_none() {
            look.wrong(seen, Violation::StrayUser { order: order.id, user: order.user });
        }
        if !self.is_sold(order).await? {
            let session = order.purchase.subject.session();
            look.wrong(seen, Violation::StrayPurchase { order: order.id, session });
        }
        let pools = self.pools_of(order);
        let stray = |held: &&Held| !matches!(held.what, What::Person { .. }) && !pools.contains(&held.block.pool);
        for held in order.held.iter().filter(stray) {
            let pool = pools.first().copied().unwrap_or(held.block.pool);
            look.wrong(seen, Violation::StrayPool { order: order.id, block: held.block, pool });
        }
        Ok(())
    }

    /// Whether this tenant sells what an order is for.
    async fn is_sold(&self, order: &Order) -> Result<bool, Failed> {
        let Subject::Session { event, session, option } = order.purchase.subject else { return Ok(true) };
        let key = keys::event(&self.tenant.id, event);
        let item = self.tenant.store.tables.get(Table::Catalogue, key, Read::Consistent).await?;
        let sells = |item| {
            // An event that cannot be read is reported with the pools.
            read_event(item).map_or(true, |event| event.session(session).is_some() && event.option(option).is_some())
        };
        Ok(item.is_some_and(sells))
    }

    /// The pools from which an order may have bought.
    fn pools_of(&self, order: &Order) -> Vec<PoolKey> {
        let tenant = &self.tenant.id;
        match &order.purchase.subject {
            Subject::Session { session, option, .. } if order.purchase.seats.is_empty() => {
                vec![keys::stock_pool(tenant, *session, *option)]
            }
            Subject::Session { session, .. } => {
                let names = order.purchase.seats.iter().filter_map(|seat| seat.parse::<SeatName>().ok());
                names.map(|name| keys::seat_pool(tenant, *session, &name.section)).collect()
            }
            Subject::Ride { run, class, .. } => vec![keys::class_pool(tenant, *run, class)],
        }
    }

    /// An order that owns what it lists has it.
    async fn check_owns(&self, order: &Order, look: &mut Look) -> Result<(), Failed> {
        let listed: u32 = order.held.iter().map(|held| u32::from(held.count())).sum();
        let bought = u32::from(order.purchase.quantity.get());
        if listed != bought {
            look.wrong(seen(order), Violation::HeldIsNotBought { order: order.id, held: listed, bought });
        }
        if !owns(&order.state) {
            return Ok(());
        }
        let mut blocks: BTreeMap<BlockAddress, u8> = BTreeMap::new();
        for (held, owned) in order.owns().filter(|(_, owned)| *owned > 0) {
            *blocks.entry(held.block).or_default() += owned;
        }
        for (block, owned) in blocks {
            let has = self.has_in(order, block).await?;
            if let Some(has) = has.filter(|has| *has < owned) {
                let state = word(&order.state);
                look.wrong(seen(order), Violation::NotOwned { order: order.id, state, block, owns: owned, has });
            }
        }
        Ok(())
    }

    /// Tickets of an order in a block; nothing where the block cannot be read, which is reported there.
    async fn has_in(&self, order: &Order, block: BlockAddress) -> Result<Option<u8>, Failed> {
        let key = keys::block(&self.tenant.id, block);
        let item = self.tenant.store.tables.get(Table::Inventory, key, Read::Consistent).await?;
        let Some(item) = item else { return Ok(Some(0)) };
        if inventory::is_stock(&item) {
            let written = inventory::written(&item).ok();
            return Ok(written.map(|written| written.entries.get(&order.id).map_or(0, |entry| entry.count)));
        }
        let kept = |found: Block| found.of(order.id).iter().map(|examined| order.stake(block, examined).kept).sum();
        Ok(inventory::decode(&item).ok().map(kept))
    }

    /// A ticketed order has the tickets that were not given back, and a used one has used them.
    async fn check_issued(&self, order: &Order, look: &mut Look) -> Result<(), Failed> {
        let is_used = match order.state {
            State::Ticketed(_) => false,
            State::Used(_) => true,
            _ => return Ok(()),
        };
        let key = |number| keys::ticket(&self.tenant.id, keys::ticket_id(order.id, number));
        let keys = order.kept().map(key).collect();
        let found = self.tenant.store.tables.batch_get(Table::Tickets, keys, Read::Consistent).await?;
        for number in order.kept() {
            let wanted = key(number);
            let item = found.iter().find(|item| of_item(item) == wanted).cloned();
            let Ok(ticket) = item.map(tickets::read).transpose() else { continue };
            let (found, state) = (doors::word(ticket.as_ref()), word(&order.state));
            match ticket.map(|ticket| ticket.state) {
                Some(TicketState::Used(_)) => {}
                Some(TicketState::Valid) if !is_used => {}
                Some(TicketState::Valid) => {
                    look.wrong(seen(order), Violation::UsedUnadmitted { order: order.id, number, found });
                }
                Some(TicketState::Void) | None => {
                    look.wrong(seen(order), Violation::TicketMissing { order: order.id, state, number, found });
                }
            }
        }
        Ok(())
    }
}

fn seen(order: &Order) -> Seen {
    (order.version, [0; 6])
}

impl Papers {
    fn of(id: OrderId, items: Vec<Item>) -> Self {
        let mut papers = Self::default();
        for item in items {
            let (key, list) = (of_item(&item), text_of(&item, BY_USER.partition).to_owned());
            let failed = if key.sort == keys::ORDER {
                papers.list = list;
                stored(item).map(|stored| papers.order = is_order(stored)).err()
            } else if let Some(refund) = parse_refund(text_of(&item, SORT)) {
                read_refund(id, refund, item).map(|refund| papers.refunds.push(refund)).err()
            } else if key.sort == keys::REQUEST {
                waitlist::read(item).map(|waiting| papers.request = Some(waiting)).err()
            } else {
                Some(Failed::corrupt("neither an order nor a refund"))
            };
            papers.wrong.extend(failed.map(|why| unreadable(Table::Orders, &key, &why)));
        }
        papers
    }
}

fn is_order(stored: Stored) -> Option<Order> {
    match stored {
        Stored::Order(order) => Some(*order),
        Stored::Tombstone => None,
    }
}

/// Whether money goes back, or has gone, or would have if the provider did not refuse.
const fn is_granted(refund: &Refund) -> bool {
    matches!(refund.state, refund::State::Approved | refund::State::Done { .. } | refund::State::Failed { .. })
}

/// What was captured pays the price; what was given back is refunded, and no more than was captured.
fn check_money(order: &Order, refunds: &[Refund], look: &mut Look) {
    let (id, seen, total) = (order.id, seen(order), order.purchase.total);
    if let Some(paid) = order.paid() {
        let captured = paid.capture.as_ref().map(|capture| capture.amount);
        if captured.is_none_or(|amount| amount != total) && !(captured.is_none() && total.is_zero()) {
            let captured = captured.filter(|amount| amount.currency == total.currency).map(|amount| amount.minor);
            let state = word(&order.state);
            look.wrong(seen, Violation::NotPaid { order: id, state, total: total.minor, captured });
        }
    }
    let granted: Vec<_> = refunds.iter().filter(|refund| is_granted(refund)).collect();
    check_returned(order, &granted, look);
    let mut back: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for refund in &granted {
        let capture = &refund.capture;
        back.entry(&capture.id).or_insert((capture.amount.minor, 0)).1 += refund.amount.minor;
    }
    for (capture, (captured, refunded)) in back.into_iter().filter(|(_, (captured, refunded))| refunded > captured) {
        let capture = capture.to_owned();
        look.wrong(seen, Violation::RefundTooLarge { order: id, capture, captured, refunded });
    }
    let is_late = |refund: &&Refund| refund.reason == Reason::Late;
    if matches!(&order.state, State::Lapsed(ended) if ended.owed.is_none())
        && !granted.iter().copied().any(|it| is_late(&it))
    {
        look.wrong(seen, Violation::DebtForgotten { order: id });
    }
}

/// Money that is on its way back.
fn check_debts(order: &Order, refunds: &[Refund], look: &mut Look) {
    let (id, seen) = (order.id, seen(order));
    let mut open = |unfinished| look.open(seen, unfinished);
    if order.due() == Some(Due::Refund) {
        open(Unfinished::Owed { order: id });
    }
    for refund in refunds.iter().filter(|refund| refund.state == refund::State::Approved) {
        open(Unfinished::NotSent { order: id, refund: refund.id });
    }
}

fn check_returned(order: &Order, granted: &[&Refund], look: &mut Look) {
    let numbers: Vec<u8> = granted.iter().flat_map(|refund| refund.tickets.iter().copied()).collect();
    let returned =
        u32::from(order.purchase.quantity.get()).saturating_sub(u32::try_from(order.kept().count()).unwrap_or(0));
    let is_same = numbers.iter().all(|number| order.returned.contains(*number));
    let refunded = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    if !is_same || refunded != returned {
        look.wrong(seen(order), Violation::ReturnedIsNotRefunded { order: order.id, returned, refunded });
        return;
    }
    let due = order.purchase.worth(order.returned).minor;
    let of_tickets = granted.iter().filter(|refund| !refund.tickets.is_empty());
    let refunded: u64 = of_tickets.map(|refund| refund.amount.minor + refund.kept()).sum();
    if refunded != due {
        look.wrong(seen(order), Violation::RefundAmount { order: order.id, due, refunded });
    }
}
