//! Moves the sessions of an event that is sold to a newer version of its seat map
//! (docs/decisions/0028-a-seat-keeps-its-address.md).
//!
//! Seats that the newer map does not have are closed first, so that nobody who still has the older map sells them; then the
//! blocks of new seats are created; then the event refers to the newer map; then whatever an earlier try that died left
//! closed is opened. Sessions that are over stay as they are: nobody sells or looks for their seats any more.
//!
//! Dying before the event refers to the newer map leaves seats closed that the older one has: they are not for sale until
//! the next request about this event's seating, which opens or closes them for good.

use std::collections::BTreeMap;

use app::{Code, Error};
use domain::{
    Timestamp,
    event::Event,
    id::SessionId,
    inventory::Refused,
    pool::BlockAddress,
    row::{Change, Places, Refused as RowRefused, RowBlock},
    venue::{Address, Lost, Move, SeatName, SectionId},
};
use serde_json::{Value, json};
use store::{Changed, Plan, Tenant, keys};

/// The most seats that a refusal names.
const NAMED: usize = 100;

/// What one session needs to move.
type Moves = Vec<(SessionId, Move)>;

/// Somebody has these seats, and would lose them.
#[derive(Debug, Default)]
struct InTheWay(Vec<(SessionId, SeatName)>);

impl InTheWay {
    /// Says that there is nobody, or who.
    fn none(self) -> Result<(), Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        let named = self.0.iter().take(NAMED);
        let seats: Vec<Value> =
            named.map(|(session, seat)| json!({"sessionId": session.to_string(), "seat": seat.to_string()})).collect();
        Err(Error::new(Code::SeatsInUse).with("seats", seats).with("count", self.0.len()))
    }
}

/// Closes what the newer map does not have and creates what it has beside, before the event refers to it. Where somebody
/// has a seat that would be lost, nothing is changed.
pub(crate) async fn prepare(tenant: &Tenant, event: &Event, newer: &Plan, now: Timestamp) -> Result<(), Error> {
    let Some(seating) = event.seating.as_ref().filter(|old| old.version < newer.version().number()) else {
        return Ok(());
    };
    let older = tenant.plan_of(seating).await?;
    let moves = decide(tenant, event, &older, newer, now).await?;
    close(tenant, &older, &moves).await?;
    for (session, step) in moves {
        create(tenant, session, step.create).await?;
    }
    Ok(())
}

/// What each session that is to come needs. Seats that somebody has are told before anything is written.
async fn decide(tenant: &Tenant, event: &Event, older: &Plan, newer: &Plan, now: Timestamp) -> Result<Moves, Error> {
    let (mut moves, mut in_the_way) = (Moves::new(), InTheWay::default());
    for session in to_come(event, now) {
        let seats = tenant.seats().session_now(event, session, now).await?;
        let seats = seats.ok_or_else(|| Error::internal("a session without seats"))?;
        let mut taken = seats.occupancy.sold.clone();
        taken.add(&seats.occupancy.held);
        taken.add(&seats.occupancy.due);
        match older.version().to(newer.version(), &taken) {
            Ok(step) => moves.push((session, step)),
            Err(Lost(names)) => in_the_way.0.extend(names.into_iter().map(|name| (session, name))),
        }
    }
    in_the_way.none()?;
    Ok(moves)
}

/// Closes seats. A block where somebody was quicker tells so, and what was closed by then is opened again.
async fn close(tenant: &Tenant, older: &Plan, moves: &Moves) -> Result<(), Error> {
    let mut closed: Vec<(BlockAddress, Places)> = Vec::new();
    for (session, step) in moves {
        for ((section, number), places) in &step.close {
            let block = BlockAddress { pool: keys::seat_pool(tenant.id(), *session, section), number: *number };
            let taken = close_block(tenant, block, *places).await?;
            if !taken.is_none() {
                for (block, places) in closed {
                    tenant.inventory().change(block, Change::Open { places }).await?;
                }
                return in_the_way(older, *session, section, *number, taken).none();
            }
            closed.push((block, *places));
        }
    }
    Ok(())
}

/// Closes the seats of one block that are not closed already, and answers those that somebody has.
async fn close_block(tenant: &Tenant, address: BlockAddress, places: Places) -> Result<Places, Error> {
    let mut left = places;
    while !left.is_none() {
        match tenant.inventory().change(address, Change::Close { places: left }).await? {
            Changed::Done => break,
            Changed::Refused { why: Refused::Row(RowRefused::Taken(taken)), .. } => return Ok(taken),
            // An earlier try closed some of them: every round closes at least one, or there is none left.
            Changed::Refused { why: Refused::Row(RowRefused::NoSeat(gone)), .. } => left = left.without(gone),
            Changed::Refused { why, .. } => return Err(Error::internal(why)),
            Changed::Missing => return Err(Error::internal("a session without its rows")),
        }
    }
    Ok(Places::NONE)
}

fn in_the_way(older: &Plan, session: SessionId, section: &SectionId, block: u16, taken: Places) -> InTheWay {
    let name = |place| {
        let seat = older.version().seat_at(section, Address { block, place })?;
        Some((session, older.map().name(seat)?))
    };
    InTheWay(taken.iter().filter_map(name).collect())
}

/// Creates the blocks of new seats, and lets buyers know that there are some.
async fn create(
    tenant: &Tenant,
    session: SessionId,
    blocks: BTreeMap<(SectionId, u16), RowBlock>,
) -> Result<(), Error> {
    let mut sections: BTreeMap<SectionId, Vec<(u16, RowBlock)>> = BTreeMap::new();
    for ((section, number), block) in blocks {
        sections.entry(section).or_default().push((number, block));
    }
    for (section, rows) in sections {
        let pool = keys::seat_pool(tenant.id(), session, &section);
        tenant.inventory().open_rows(pool, rows.into_iter()).await?;
        tenant.stock().reopen(pool).await?;
    }
    Ok(())
}

/// Opens what is closed although the map that the event refers to has it: a try that died left it so.
pub(crate) async fn settle(tenant: &Tenant, event: &Event, plan: &Plan, now: Timestamp) -> Result<(), Error> {
    let wanted = plan.version().addresses().every_block(plan.map());
    for session in to_come(event, now) {
        for ((section, number), row) in tenant.seats().rows_now(plan, session).await? {
            let as_begun = wanted.get(&section).and_then(|rows| rows.get(usize::from(number)));
            let places = as_begun.map_or(Places::NONE, |(_, begun)| row.closed().without(begun.closed()));
            if places.is_none() {
                continue;
            }
            let pool = keys::seat_pool(tenant.id(), session, &section);
            tenant.inventory().change(BlockAddress { pool, number }, Change::Open { places }).await?;
            tenant.stock().reopen(pool).await?;
        }
    }
    Ok(())
}

fn to_come(event: &Event, now: Timestamp) -> impl Iterator<Item = SessionId> + '_ {
    event.sessions.iter().filter(move |session| session.ends() > now).map(|session| session.id)
}
