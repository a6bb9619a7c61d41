//! Every key of every table, spelled once. Numbers in sort keys are zero-padded, so that they sort.
//!
//! All but the platform's own keys begin with the tenant. A tenant's id has no `#`, so no key of one tenant can be
//! written or read as another's.

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use domain::{
    Timestamp,
    id::{EventId, Id, KeyId, OptionId, OrderId, PaymentId, RefundId, SessionId, TicketId, UserId},
    payment::Provider,
    pool::{BlockAddress, PoolKey},
    tenant::TenantId,
    venue::SectionId,
};

use crate::client::Key;

mod rail;
mod venues;
mod waitlist;

pub(crate) use rail::{
    OPENED, RUN_SLOTS, due_ride, due_rides, opening, opening_head, opening_part, parse_due_ride, run, runs, timetable,
    timetable_part,
};
pub use rail::{class_pool, person_pool, run_date, run_id};
pub(crate) use venues::{map, map_part, venue, venues};
pub use waitlist::REQUEST;
pub(crate) use waitlist::{line, line_of, lines, request, standing, standing_in};

fn key(partition: String, sort: impl Into<String>) -> Key {
    Key { partition, sort: sort.into() }
}

/// The pool of one price option in one session.
pub fn stock_pool(tenant: &TenantId, session: SessionId, option: OptionId) -> PoolKey {
    PoolKey::from_hash(&hash(&[b"stock", tenant.as_str().as_bytes(), &session.bytes(), &option.bytes()]))
}

/// The pool of one section of one session.
pub fn seat_pool(tenant: &TenantId, session: SessionId, section: &SectionId) -> PoolKey {
    let section = section.as_str().as_bytes();
    PoolKey::from_hash(&hash(&[b"seats", tenant.as_str().as_bytes(), &session.bytes(), section]))
}

/// SHA-256 over parts, each preceded by its length so that no two lists of parts give the same bytes.
fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// How every key of a tenant begins.
pub(crate) fn of_tenant(tenant: &TenantId) -> String {
    format!("{tenant}#")
}

/// The key of an item that was read.
pub(crate) fn of_item(item: &crate::client::Item) -> Key {
    let text = |name| crate::client::text_of(item, name);
    key(text(crate::PARTITION).to_owned(), text(crate::SORT))
}

/// An item that exists in no table.
pub(crate) fn ping() -> Key {
    key("#ping".into(), "ping")
}

// Identity.

/// The sort key of a user.
pub(crate) const USER: &str = "user";

/// A user: profile and roles.
pub(crate) fn user(tenant: &TenantId, user: UserId) -> Key {
    key(format!("{tenant}#user#{}", user.bare()), USER)
}

/// One login of a user.
pub(crate) fn login(tenant: &TenantId, user: UserId, login: domain::id::LoginId) -> Key {
    key(format!("{tenant}#user#{}", user.bare()), format!("login#{}", login.bare()))
}

/// Who has the e-mail address or telephone number of this keyed hash: the conditional write on this item makes it unique.
pub(crate) fn login_name(tenant: &TenantId, hash: &[u8; 32]) -> Key {
    key(format!("{tenant}#name#{}", HEXLOWER.encode(hash)), "name")
}

/// The partition of a tenant's API keys.
pub(crate) fn api_keys(tenant: &TenantId) -> String {
    format!("{tenant}#api-keys")
}

/// An API key.
pub(crate) fn api_key(tenant: &TenantId, id: KeyId) -> Key {
    key(api_keys(tenant), id.bare())
}

/// Failed attempts to log in with the name of this keyed hash.
pub(crate) fn login_failures(tenant: &TenantId, hash: &[u8; 32]) -> Key {
    key(format!("{tenant}#failures#{}", HEXLOWER.encode(hash)), "failures")
}

// Vault.

/// The partition of a tenant's data keys.
pub(crate) fn data_keys(tenant: &TenantId) -> String {
    format!("{tenant}#key")
}

/// A data key, wrapped.
pub(crate) fn data_key(tenant: &TenantId, number: u16) -> Key {
    key(data_keys(tenant), format!("{number:05}"))
}

/// The number of a data key by its sort key.
pub(crate) fn data_key_number(sort: &str) -> Option<u16> {
    sort.parse().ok()
}

/// How often something was done in a window by or to somebody, who is known by a keyed hash.
pub(crate) fn limit(tenant: &TenantId, hash: &[u8; 32], window: i64) -> Key {
    key(format!("{tenant}#limit#{}#{window:08}", HEXLOWER.encode(hash)), "limit")
}

/// The partition of the codes that were sent to the name of this keyed hash.
pub(crate) fn codes(tenant: &TenantId, hash: &[u8; 32]) -> String {
    format!("{tenant}#code#{}", HEXLOWER.encode(hash))
}

/// The code by which a user may prove that a name is theirs.
pub(crate) fn code(tenant: &TenantId, hash: &[u8; 32], user: UserId) -> Key {
    key(codes(tenant, hash), user.bare())
}

/// The user that the sort key of a code names.
pub(crate) fn parse_code(sort: &str) -> Option<UserId> {
    UserId::from_bare(sort).ok()
}

/// The token by which a user may set a new password.
pub(crate) fn reset(tenant: &TenantId, user: UserId) -> Key {
    key(format!("{tenant}#user#{}", user.bare()), "reset")
}

/// A user's second factor.
pub(crate) fn second_factor(tenant: &TenantId, user: UserId) -> Key {
    key(format!("{tenant}#user#{}", user.bare()), "second-factor")
}

/// Users of a role and standing, in the index.
pub(crate) fn ranked(tenant: &TenantId, role: &str, standing: &str) -> String {
    format!("{tenant}#{role}#{standing}")
}

/// Users whose nicknames begin with the same characters, which are known by a keyed hash, in the index.
pub(crate) fn nicknamed(tenant: &TenantId, hash: &[u8; 32]) -> String {
    format!("{tenant}#{}", HEXLOWER.encode(hash))
}

/// The user that a partition of the Identity table belongs to.
pub(crate) fn parse_user(partition: &str) -> Option<UserId> {
    UserId::from_bare(partition.rsplit_once('#')?.1).ok()
}

/// What a login provider calls somebody: a keyed hash in hexadecimal.
pub(crate) fn subject(tenant: &TenantId, subject: &str) -> Key {
    key(format!("{tenant}#subject#{subject}"), "subject")
}

/// The login providers that know a user.
pub(crate) fn links(tenant: &TenantId, user: UserId) -> Key {
    key(format!("{tenant}#user#{}", user.bare()), "links")
}

/// What a tenant has agreed with a login provider.
pub(crate) fn login_provider(tenant: &TenantId, provider: &str) -> Key {
    key(format!("{tenant}#login-provider#{provider}"), "provider")
}

// Catalogue.

/// The partition of the platform's list of tenants.
pub(crate) fn tenants() -> String {
    "#tenants".into()
}

/// A tenant's settings.
pub(crate) fn tenant(tenant: &TenantId) -> Key {
    key(tenants(), tenant.as_str())
}

/// The partition of a tenant's events.
pub(crate) fn events(tenant: &TenantId) -> String {
    format!("{tenant}#events")
}

/// An event.
pub(crate) fn event(tenant: &TenantId, event: EventId) -> Key {
    key(events(tenant), event.bare())
}

/// The partition of a pool's summaries.
pub(crate) fn summaries(tenant: &TenantId, pool: PoolKey) -> String {
    format!("{tenant}#stock#{pool}")
}

/// How the sort keys of summaries begin.
pub(crate) const SUMMARY: &str = "shard#";

/// The summary of one shard.
pub(crate) fn summary(tenant: &TenantId, pool: PoolKey, shard: u16) -> Key {
    key(summaries(tenant, pool), format!("{SUMMARY}{shard:05}"))
}

/// The shard that a summary's sort key names.
pub(crate) fn shard_of_summary(sort: &str) -> Option<u16> {
    sort.strip_prefix(SUMMARY)?.parse().ok()
}

/// The sold-out marker of a pool.
pub(crate) fn marker(tenant: &TenantId, pool: PoolKey) -> Key {
    key(summaries(tenant, pool), "marker")
}

// Inventory.

/// The partition of one shard's blocks.
pub(crate) fn shard(tenant: &TenantId, pool: PoolKey, shard: u16) -> String {
    format!("{tenant}#{pool}#{shard:05}")
}

/// A block.
pub(crate) fn block(tenant: &TenantId, address: BlockAddress) -> Key {
    key(shard(tenant, address.pool, address.shard()), format!("{:05}", address.number))
}

/// The number of a block by its sort key.
pub(crate) fn block_number(sort: &str) -> Option<u16> {
    sort.parse().ok()
}

/// The tenant, pool and shard that a partition of the Inventory table belongs to.
pub fn parse_shard(partition: &str) -> Option<(TenantId, PoolKey, u16)> {
    let mut parts = partition.split('#');
    let (tenant, pool, shard) = (parts.next()?, parts.next()?, parts.next()?);
    Some((tenant.parse().ok()?, pool.parse().ok()?, shard.parse().ok()?))
}

// Orders.

/// The sort key of an order's head.
pub const ORDER: &str = "order";
/// How the sort keys of refunds begin.
pub(crate) const REFUND: &str = "refund#";

/// The partition of an order with its payments and refunds.
pub(crate) fn order_partition(tenant: &TenantId, order: OrderId) -> String {
    format!("{tenant}#{}", order.bare())
}

/// An order.
pub(crate) fn order(tenant: &TenantId, id: OrderId) -> Key {
    key(order_partition(tenant, id), ORDER)
}

/// A refund of an order.
pub(crate) fn refund(tenant: &TenantId, order: OrderId, refund: RefundId) -> Key {
    key(order_partition(tenant, order), format!("{REFUND}{}", refund.bare()))
}

/// The tenant and order that a partition of the Orders table belongs to.
pub fn parse_order(partition: &str) -> Option<(TenantId, OrderId)> {
    let (tenant, order) = partition.split_once('#')?;
    Some((tenant.parse().ok()?, OrderId::from_bare(order).ok()?))
}

/// The refund that a sort key of the Orders table names.
pub fn parse_refund(sort: &str) -> Option<RefundId> {
    RefundId::from_bare(sort.strip_prefix(REFUND)?).ok()
}

/// A user's orders, in the index.
pub(crate) fn orders_of(tenant: &TenantId, user: UserId) -> String {
    format!("{tenant}#{}", user.bare())
}

/// Sixteen slots an hour keep the index of due work from being one hot key.
pub(crate) const DUE_SLOTS: u8 = 16;

/// The hour that a moment lies in.
pub fn hour(at: Timestamp) -> i64 {
    at.as_second().div_euclid(3_600)
}

/// The key of due work in the index: an hour and a slot.
pub(crate) fn due(hour: i64, slot: u8) -> String {
    format!("{hour:08}#{slot:02}")
}

/// The slot of an order: its last byte is as good as random.
pub(crate) fn slot(order: OrderId) -> u8 {
    order.bytes()[15] % DUE_SLOTS
}

// Tickets.

/// A ticket.
pub(crate) fn ticket(tenant: &TenantId, ticket: TicketId) -> Key {
    key(format!("{tenant}#{}", ticket.bare()), "ticket")
}

/// The id of the order's ticket of that number: the same however often tickets are issued.
pub fn ticket_id(order: OrderId, number: u8) -> TicketId {
    let mut id = [0; 16];
    id.copy_from_slice(&hash(&[b"ticket", &order.bytes(), &[number]])[..16]);
    TicketId::from_bytes(id)
}

/// The tenant and ticket that a partition of the Tickets table belongs to.
pub(crate) fn parse_ticket(partition: &str) -> Option<(TenantId, TicketId)> {
    let (tenant, ticket) = partition.split_once('#')?;
    Some((tenant.parse().ok()?, TicketId::from_bare(ticket).ok()?))
}

// Activity.

/// What an idempotency key led to.
pub(crate) fn once(tenant: &TenantId, hash: &[u8; 32]) -> Key {
    key(format!("{tenant}#once#{}", HEXLOWER.encode(hash)), "once")
}

/// The partition of a tenant's notifications of one hour.
pub(crate) fn notices(tenant: &TenantId, hour: i64, slot: u8) -> String {
    format!("{tenant}#notice#{hour:08}#{slot:02}")
}

/// Slots of an hour's notifications.
pub(crate) const NOTICE_SLOTS: u8 = 4;

/// A notification of a provider, found again by the provider's own event id and time.
pub(crate) fn notice(tenant: &TenantId, provider: Provider, event: &str, at: Timestamp) -> Key {
    let slot = hash(&[event.as_bytes()])[0] % NOTICE_SLOTS;
    key(notices(tenant, hour(at), slot), format!("{provider}#{event}"))
}

/// The partition of those who came in to a session.
pub(crate) fn admissions(tenant: &TenantId, session: SessionId) -> String {
    format!("{tenant}#admitted#{}", session.bare())
}

/// That the holder of a ticket came in.
pub(crate) fn admission(tenant: &TenantId, session: SessionId, ticket: TicketId) -> Key {
    key(admissions(tenant, session), ticket.bare())
}

/// Whether a partition of a tenant in the Activity table is that of an idempotency record.
pub(crate) fn is_once(tenant: &TenantId, partition: &str) -> bool {
    partition.starts_with(&format!("{tenant}#once#"))
}

/// The session and ticket of an admission; nothing where the key is another's.
pub(crate) fn parse_admission(tenant: &TenantId, key: &Key) -> Option<(SessionId, TicketId)> {
    let session = key.partition.strip_prefix(&format!("{tenant}#admitted#"))?;
    Some((SessionId::from_bare(session).ok()?, TicketId::from_bare(&key.sort).ok()?))
}

/// How far a reconciler has come.
pub(crate) fn cursor(name: &str) -> Key {
    key(format!("#cursor#{name}"), "cursor")
}

/// How the partition of refunds that somebody still has to look at ends.
pub(crate) const OPEN_REFUNDS: &str = "open";
/// How the partition of refunds that have ended ends.
pub(crate) const ENDED_REFUNDS: &str = "ended";

/// The partition of a tenant's list of refunds on one shelf.
pub(crate) fn refund_list(tenant: &TenantId, shelf: &str) -> String {
    format!("{tenant}#refunds#{shelf}")
}

/// A refund in a tenant's list; refunds sort by the time that they were asked for.
pub(crate) fn listed_refund(
    tenant: &TenantId,
    shelf: &str,
    created: Timestamp,
    order: OrderId,
    refund: RefundId,
) -> Key {
    let sort = format!("{:015}#{}#{}", created.as_millisecond().max(0), order.bare(), refund.bare());
    key(refund_list(tenant, shelf), sort)
}

/// The order and refund that a sort key of a tenant's list names.
pub(crate) fn parse_listed_refund(sort: &str) -> Option<(OrderId, RefundId)> {
    let (order, refund) = sort.split_once('#')?.1.split_once('#')?;
    Some((OrderId::from_bare(order).ok()?, RefundId::from_bare(refund).ok()?))
}

/// The partition of a tenant's trail: what staff did, one record after the other.
pub(crate) fn trail(tenant: &TenantId) -> String {
    format!("{tenant}#trail")
}

/// A record of a tenant's trail.
pub(crate) fn trail_record(tenant: &TenantId, sequence: u64) -> Key {
    key(trail(tenant), format!("{sequence:015}"))
}

/// The number of a record by its sort key; nothing where no record of ours is under such a key.
pub(crate) fn trail_sequence(sort: &str) -> Option<u64> {
    let is_number = sort.len() == 15 && sort.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| sort.parse().ok()).flatten()
}

/// How far a tenant's trail goes, kept apart from it so that an end that was cut off is missed.
pub(crate) fn trail_head(tenant: &TenantId) -> Key {
    key(format!("{tenant}#trail-head"), "head")
}

/// That an API key has used a nonce, whatever that consists of.
pub(crate) fn nonce(tenant: &TenantId, id: KeyId, nonce: &str) -> Key {
    let hash = HEXLOWER.encode(&hash(&[b"nonce", nonce.as_bytes()])[..16]);
    key(format!("{tenant}#nonce#{}#{hash}", id.bare()), "nonce")
}

/// A bucket of tokens, by a hash of whose it is: a user's, or an address's, which belongs to no tenant.
pub(crate) fn bucket(tenant: Option<&TenantId>, hash: &[u8; 32]) -> Key {
    let tenant = tenant.map_or("", TenantId::as_str);
    key(format!("{tenant}#bucket#{}", HEXLOWER.encode(&hash[..16])), "bucket")
}

/// The partition of a tenant's messages that nobody delivers: local and test stages only.
pub(crate) fn messages(tenant: &TenantId) -> String {
    format!("{tenant}#messages")
}

/// One of them; they sort by time.
pub(crate) fn message(tenant: &TenantId, at: Timestamp, number: &[u8; 8]) -> Key {
    key(messages(tenant), format!("{:015}#{}", at.as_millisecond().max(0), HEXLOWER.encode(number)))
}

/// What the sandbox knows of a payment: local and test stages only.
pub(crate) fn sandbox(tenant: &TenantId, payment: PaymentId) -> Key {
    key(format!("{tenant}#sandbox#{}", payment.bare()), "sandbox")
}

#[cfg(test)]
mod tests;
