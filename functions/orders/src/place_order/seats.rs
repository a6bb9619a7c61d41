//! Numbered seats: those that the buyer names, or the best that there are.
//!
//! What is chosen is held blindly, whoever else is choosing. That nobody is left alone is looked at once more behind the
//! hold, on the rows as they are then: of two who sat down beside the same seat at once, at least the later one sees the
//! other, and lets go.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use app::{App, Code, Error};
use domain::{
    Timestamp,
    event::Event,
    id::{OptionId, OrderId, SessionId},
    inventory::Block,
    order::{Held, Quantity},
    pool::{BlockAddress, PoolKey},
    row::Places,
    seating::{Channel, Choice, Offer, OrphanRule, Part, Party, Refusal, withheld},
    venue::{Address, RowIndex, SeatIndex, SeatName, SeatSet, SectionId},
};
use store::{
    Failed, Moment, Plan, Tenant, keys,
    protocol::{SeatClaim, SeatHold},
};

use super::wanted::{Outcome, Refused, Wanted};

/// Among how many of the best seats is chosen at least when others were quicker.
const CROWD: u8 = 16;

/// How often is chosen by what is remembered. Whoever is refused then is one of so many that it takes a look at the hall.
const PATIENCE: usize = 2;

/// What is said of seats.
pub(crate) struct Ask {
    pub(super) named: Option<Vec<SeatName>>,
    pub(super) sections: Option<Vec<SectionId>>,
    pub(super) wheelchairs: u8,
    pub(super) channel: Option<String>,
    pub(super) quantity: Quantity,
    pub(crate) by: By,
}

impl Ask {
    /// These seats, which an organiser chooses for so many of whom some need an accessible one.
    pub(crate) fn of_organiser(named: Vec<SeatName>, quantity: Quantity, wheelchairs: u64) -> Self {
        let wheelchairs = u8::try_from(wheelchairs).unwrap_or(u8::MAX);
        Self { named: Some(named), sections: None, wheelchairs, channel: None, quantity, by: By::Organiser }
    }
}

/// Who chooses seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// A buyer: what is kept back is not for them, and nobody may be left alone.
    Buyer,
    /// The organiser, for a buyer: they know what they do.
    Organiser,
}

/// Seats that are wanted.
pub(crate) struct Wish {
    event: Arc<Event>,
    session: SessionId,
    plan: Arc<Plan>,
    /// Seats that this buyer may have, taken or not.
    offered: SeatSet,
    /// The same with those that are withheld from them, now.
    sold: SeatSet,
    party: Party,
    /// The seats that the buyer named; the best where there are none.
    named: Option<Vec<SeatIndex>>,
    pub(super) by: By,
}

/// Seats by the blocks that their entries lie in.
struct Chosen {
    seats: SeatSet,
    blocks: Vec<(BlockAddress, Places)>,
    /// What is printed on the tickets, in their order.
    names: Vec<String>,
}

/// A hall as this process knows it.
struct Seen {
    /// Seats that can be had.
    open: SeatSet,
    /// How many seats others take in a second.
    rush: usize,
}

impl Seen {
    /// What there is for this buyer.
    fn offer(&self, wish: &Wish) -> Offer {
        Offer::new(self.open.clone(), wish.offered.clone())
    }
}

impl Wish {
    pub(crate) async fn of(
        tenant: &Tenant,
        event: Arc<Event>,
        (session, option): (SessionId, OptionId),
        ask: Ask,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let Some(seating) = &event.seating else { return Err(Error::internal("an event without seats")) };
        let plan = tenant.plan_of(seating).await?;
        let channel = ask.channel.as_ref().map(|text| text.parse::<Channel>()).transpose();
        let channel = channel.map_err(|wrong| Error::field("channel", wrong))?;
        if ask.wheelchairs > ask.quantity.get() {
            return Err(Error::field("wheelchairs", "must be at most as many as quantity says"));
        }
        if ask.named.is_some() && ask.sections.is_some() {
            return Err(Error::field("bestAvailable", "goes without seats"));
        }
        let mut sold = seating.sold_by(plan.map(), option);
        if let Some(sections) = ask.sections {
            let parts: Vec<Part> = sections.into_iter().map(Part::Section).collect();
            let unknown = |wrong| Error::field("bestAvailable.sections", wrong);
            sold.keep(&Part::seats(&parts, plan.map()).map_err(unknown)?);
        }
        let mut offered = sold.clone();
        if ask.by == By::Buyer {
            offered.remove(&withheld(plan.map(), &seating.hold_backs, channel.as_ref(), now));
        }
        let named = ask.named.map(|names| find(&plan, &names, ask.quantity)).transpose()?;
        let rule = if ask.by == By::Buyer { seating.rule } else { OrphanRule::Off };
        let party = Party { quantity: ask.quantity, wheelchairs: ask.wheelchairs, rule };
        Ok(Self { event, session, plan, offered, sold, party, named, by: ask.by })
    }

    /// Where the entries of seats lie, and how the tickets are numbered through them.
    fn chosen(&self, tenant: &Tenant, seats: &[SeatIndex]) -> Chosen {
        let (version, map) = (self.plan.version(), self.plan.map());
        let mut by_block: BTreeMap<BlockAddress, BTreeMap<u8, (Address, SeatName)>> = BTreeMap::new();
        for seat in seats {
            let Some((name, address)) = map.name(*seat).zip(version.addresses().of(*seat)) else { continue };
            let pool = keys::seat_pool(tenant.id(), self.session, &name.section);
            let block = BlockAddress { pool, number: address.block };
            by_block.entry(block).or_default().insert(address.place.get(), (address, name));
        }
        let (mut blocks, mut names) = (Vec::new(), Vec::new());
        for (block, seats) in by_block {
            blocks.push((block, seats.values().map(|(address, _)| address.place).collect()));
            names.extend(seats.into_values().map(|(_, name)| name.to_string()));
        }
        Chosen { seats: SeatSet::of(map, seats.iter().copied()), blocks, names }
    }

    /// The seats at some places of a block.
    fn seats_at(&self, tenant: &Tenant, block: BlockAddress, places: Places) -> Vec<SeatIndex> {
        let (version, map) = (self.plan.version(), self.plan.map());
        let is_section = |id: &SectionId| keys::seat_pool(tenant.id(), self.session, id) == block.pool;
        let Some(section) = map.sections().iter().find(|section| is_section(&section.id)) else { return Vec::new() };
        let seat = |place| version.seat_at(&section.id, Address { block: block.number, place });
        places.iter().filter_map(seat).collect()
    }

    /// The pools of the seats that this buyer named, or else may have, now or when they come free.
    pub(super) fn pools(&self, tenant: &Tenant) -> Vec<PoolKey> {
        let map = self.plan.map();
        let seats = match &self.named {
            Some(seats) => SeatSet::of(map, seats.iter().copied()),
            None => self.sold.clone(),
        };
        let rows = (0..).map(RowIndex).zip(seats.rows()).filter(|(_, bits)| **bits != 0);
        let sections: BTreeSet<&SectionId> =
            rows.filter_map(|(row, _)| map.row(row).map(|(section, ..)| &section.id)).collect();
        sections.into_iter().map(|section| keys::seat_pool(tenant.id(), self.session, section)).collect()
    }

    /// When seats that are withheld now come free.
    pub(super) fn next_release(&self, now: Timestamp) -> Option<Timestamp> {
        self.event.seating.as_ref()?.next_release(now)
    }

    /// Whether this process remembers that nothing is left of the best.
    pub(super) fn is_known_sold_out(&self, tenant: &Tenant, now: Timestamp) -> bool {
        self.named.is_none() && self.pools(tenant).into_iter().all(|pool| tenant.stock().is_known_sold_out(pool, now))
    }

    /// This moment, since which the hall may be seen.
    fn moment(&self, tenant: &Tenant) -> Moment {
        tenant.seats().moment(self.session)
    }

    /// What there would be for this buyer if nobody had anything.
    fn untouched(&self) -> Offer {
        Offer::new(SeatSet::all(self.plan.map()), self.offered.clone())
    }
}

/// Whether there are seats for the whole party now.
pub(super) async fn could_be_had(wanted: &Wanted, wish: &Wish, app: &App) -> Result<bool, Failed> {
    let seen = see(wanted, wish, Some(wish.moment(&wanted.tenant)), app).await?;
    Ok(wish.plan.hall().best(&seen.offer(wish), &wish.party, Choice::BEST).is_some())
}

/// Chooses seats and holds them.
pub(super) async fn hold(
    wanted: &Wanted,
    wish: &Wish,
    id: OrderId,
    round: usize,
    app: &App,
) -> Result<Outcome, (Failed, Vec<Held>)> {
    match &wish.named {
        Some(seats) => hold_named(wanted, wish, seats, id, app).await,
        None => hold_best(wanted, wish, id, round, app).await,
    }
}

async fn hold_named(
    wanted: &Wanted,
    wish: &Wish,
    seats: &[SeatIndex],
    id: OrderId,
    app: &App,
) -> Result<Outcome, (Failed, Vec<Held>)> {
    let chosen = wish.chosen(&wanted.tenant, seats);
    // What is wrong whoever has what costs no database work.
    if let Err(refusal) = wish.plan.hall().check(&wish.untouched(), &wish.party, &chosen.seats) {
        return Ok(Refused::plainly(explain(&refusal, wish)));
    }
    match take(wanted, wish, id, &chosen).await? {
        SeatHold::Held(held) => {
            let refuse = |refusal: Refusal, held| {
                Outcome::Refused(Refused { error: explain(&refusal, wish), held, again: false })
            };
            keep(wanted, wish, (chosen, held), None, refuse, app).await
        }
        SeatHold::Taken { block, places, held, .. } => {
            let seats = wish.seats_at(&wanted.tenant, block, places).into_iter();
            let seats: Vec<String> = seats.filter_map(|seat| Some(wish.plan.map().name(seat)?.to_string())).collect();
            let error = Error::new(Code::SeatTaken).with("seats", seats);
            Ok(Outcome::Refused(Refused { error, held, again: false }))
        }
    }
}

/// A choice is made by what was seen lately and what was learnt since: whoever is refused was told of the whole block that
/// refused. The hall is read afresh where that leaves nothing, and for who was refused more than once.
async fn hold_best(
    wanted: &Wanted,
    wish: &Wish,
    id: OrderId,
    round: usize,
    app: &App,
) -> Result<Outcome, (Failed, Vec<Held>)> {
    let none = |failed| (failed, Vec::new());
    let hall = wish.plan.hall();
    // Whoever waits for others to read the hall, and finds nothing left in it, need not read it once more.
    let asked = wish.moment(&wanted.tenant);
    let mut seen = see(wanted, wish, (round > PATIENCE).then_some(asked), app).await.map_err(none)?;
    let find = |seen: &Seen| {
        let offer = seen.offer(wish);
        let best = hall.best(&offer, &wish.party, choice(round, seen, wish));
        (offer, best)
    };
    let (mut offer, mut best) = find(&seen);
    if best.is_none() {
        if all_are_sold_out(wanted, wish).await.map_err(none)? {
            return Ok(Refused::plainly(Code::SoldOut));
        }
        seen = see(wanted, wish, Some(asked), app).await.map_err(none)?;
        (offer, best) = find(&seen);
    }
    let Some(groups) = best else {
        return Ok(Refused::for_want(hall.left(&offer, &wish.party)));
    };
    let chosen = wish.chosen(&wanted.tenant, &hall.seats(&groups));
    // Where nothing else is left for the party, somebody may be left alone.
    let is_strict = hall.check(&offer, &wish.party, &chosen.seats).is_ok();
    let held = match take(wanted, wish, id, &chosen).await? {
        SeatHold::Held(held) => held,
        SeatHold::Taken { held, .. } => return Ok(Refused::busy(held)),
    };
    if !is_strict {
        return Ok(Outcome::Held { held, seats: chosen.names });
    }
    keep(wanted, wish, (chosen, held), Some(&seen), |_, held| Refused::busy(held), app).await
}

/// The very best, unless others are choosing: then among as many as are likely to have come since the hall was read, or at
/// least among some where somebody was quicker.
fn choice(round: usize, seen: &Seen, wish: &Wish) -> Choice {
    let parties = seen.rush / usize::from(wish.party.quantity.get());
    let least = if round == 1 { 1 } else { CROWD };
    let among = u8::try_from(parties + 1).unwrap_or(Choice::MOST).clamp(least, Choice::MOST);
    Choice { among, chance: fastrand::u32(..) }
}

/// Whether every pool from which the seats may come is marked, so that the hall need not be read to say that nothing is left.
async fn all_are_sold_out(wanted: &Wanted, wish: &Wish) -> Result<bool, Failed> {
    for pool in wish.pools(&wanted.tenant) {
        if !wanted.tenant.stock().is_sold_out(pool, wanted.now).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Holds what was chosen, and notes who was led to what: else all whom this process serves within a second of a read of the
/// hall would be led to the same seats, each but the first for a refused write.
async fn take(wanted: &Wanted, wish: &Wish, id: OrderId, chosen: &Chosen) -> Result<SeatHold, (Failed, Vec<Held>)> {
    let (tenant, seats) = (&wanted.tenant, wanted.tenant.seats());
    // Before they are held: whom this process serves meanwhile chooses others.
    seats.note_gone(wish.session, &chosen.seats);
    let claim = SeatClaim { order: id, seats: chosen.blocks.clone(), until: wanted.until(wanted.now) };
    let hold = tenant.hold_seats(&claim, wanted.now).await?;
    if let SeatHold::Taken { block, gone, .. } = &hold {
        seats.note_back(wish.session, &chosen.seats);
        seats.note_gone(wish.session, &SeatSet::of(wish.plan.map(), wish.seats_at(tenant, *block, *gone)));
    }
    Ok(hold)
}

/// Keeps what is held, unless it leaves somebody alone who need not be.
async fn keep(
    wanted: &Wanted,
    wish: &Wish,
    (chosen, held): (Chosen, Vec<Held>),
    seen: Option<&Seen>,
    refuse: impl FnOnce(Refusal, Vec<Held>) -> Outcome,
    app: &App,
) -> Result<Outcome, (Failed, Vec<Held>)> {
    match left_alone(wanted, wish, &chosen, seen, app).await {
        Ok(None) => Ok(Outcome::Held { held, seats: chosen.names }),
        Ok(Some(refusal)) => {
            wanted.tenant.seats().note_back(wish.session, &chosen.seats);
            Ok(refuse(refusal, held))
        }
        Err(failed) => Err((failed, held)),
    }
}

/// Who has what, as it was since a moment or lately.
async fn see(wanted: &Wanted, wish: &Wish, since: Option<Moment>, app: &App) -> Result<Seen, Failed> {
    let (seats, now) = (wanted.tenant.seats(), app.now());
    let seen = match since {
        Some(since) => seats.session_since(&wish.event, wish.session, since, now).await?,
        None => seats.session(&wish.event, wish.session, now).await?,
    };
    let seen = seen.ok_or_else(|| Failed::Corrupt("a session of an event with seats that has none".into()))?;
    // Seats of those who are past due are there, too: a hold settles their orders.
    let mut open = seen.occupancy.free.clone();
    open.add(&seen.occupancy.due);
    if let Some(gone) = seats.gone(wish.session) {
        open.remove(&gone);
    }
    Ok(Seen { open, rush: seats.rush(wish.session) })
}

/// Whether what is held leaves somebody alone who need not be, by the rows as they are now. The rest of the hall is looked at
/// only where a row says so.
async fn left_alone(
    wanted: &Wanted,
    wish: &Wish,
    chosen: &Chosen,
    seen: Option<&Seen>,
    app: &App,
) -> Result<Option<Refusal>, Failed> {
    if wish.party.rule == OrphanRule::Off {
        return Ok(None);
    }
    let taken = taken_beside(wanted, wish, chosen).await?;
    let check = |mut open: SeatSet| {
        open.remove(&taken);
        open.add(&chosen.seats);
        wish.plan.hall().check(&Offer::new(open, wish.offered.clone()), &wish.party, &chosen.seats)
    };
    let lenient = match seen {
        Some(seen) => seen.open.clone(),
        None => SeatSet::all(wish.plan.map()),
    };
    if check(lenient).is_ok() {
        return Ok(None);
    }
    let now = see(wanted, wish, Some(wish.moment(&wanted.tenant)), app).await?;
    Ok(check(now.open).err().filter(|refusal| matches!(refusal, Refusal::LeavesAlone { .. })))
}

/// The seats that others have in the rows of what was chosen, as they are now.
async fn taken_beside(wanted: &Wanted, wish: &Wish, chosen: &Chosen) -> Result<SeatSet, Failed> {
    let (version, map) = (wish.plan.version(), wish.plan.map());
    let rows = (0..).map(RowIndex).zip(chosen.seats.rows()).filter(|(_, bits)| **bits != 0);
    let mut beside: BTreeMap<BlockAddress, Vec<SeatIndex>> = BTreeMap::new();
    for (row, _) in rows {
        let Some((section, found, first)) = map.row(row) else { continue };
        let pool = keys::seat_pool(wanted.tenant.id(), wish.session, &section.id);
        for seat in (first.0..).map(SeatIndex).take(found.seats.len()) {
            let Some(address) = version.addresses().of(seat) else { continue };
            beside.entry(BlockAddress { pool, number: address.block }).or_default().push(seat);
        }
    }
    let addresses: BTreeSet<BlockAddress> = beside.keys().copied().collect();
    let blocks = wanted.tenant.inventory().blocks(&addresses.into_iter().collect::<Vec<_>>()).await?;
    let mut taken = SeatSet::none(map);
    for (at, block) in blocks {
        let Block::Row(block) = block else { continue };
        for seat in beside.remove(&at).unwrap_or_default() {
            let place = version.addresses().of(seat).map(|address| address.place);
            if place.is_some_and(|place| !block.free().contains(place)) {
                taken.insert(map, seat);
            }
        }
    }
    Ok(taken)
}

/// The seats of these names, each once.
fn find(plan: &Plan, names: &[SeatName], quantity: Quantity) -> Result<Vec<SeatIndex>, Error> {
    if names.len() != usize::from(quantity.get()) {
        return Err(Error::field("seats", "must be as many as quantity says"));
    }
    let mut seats = BTreeSet::new();
    for (place, name) in names.iter().enumerate() {
        let seat = plan.map().find(name);
        let seat = seat.ok_or_else(|| Error::field(format!("seats[{place}]"), "is no seat of this hall"))?;
        if !seats.insert(seat) {
            return Err(Error::field(format!("seats[{place}]"), "is named twice"));
        }
    }
    Ok(seats.into_iter().collect())
}

fn explain(refusal: &Refusal, wish: &Wish) -> Error {
    let named = refusal.named(wish.plan.map());
    let texts = |names: Vec<SeatName>| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    match refusal {
        Refusal::Count => Error::field("seats", "must be as many as quantity says"),
        Refusal::Taken(_) => Error::new(Code::SeatTaken).with("seats", texts(named.seats)),
        Refusal::NotOffered(_) => Error::new(Code::SeatNotOffered).with("seats", texts(named.seats)),
        Refusal::Accessible(_) => {
            Error::new(Code::SeatNotOffered).with("seats", texts(named.seats)).with("reason", "accessible")
        }
        Refusal::LeavesAlone { .. } => {
            Error::new(Code::SeatLeftAlone).with("seats", texts(named.seats)).with("instead", texts(named.instead))
        }
    }
}
