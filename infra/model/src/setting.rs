//! Who buys what, and what may go wrong: settings small enough to be explored to the end.

use crate::{
    sale::Sale,
    small::{BLOCKS, End, ORDERS, PAYMENTS, Part, Parts, REFUNDS, Shelf, Slot, Small, Stand, TICKETS, Tick, push},
    world::{BUYERS, Left, PROCS, Paper, Record, Standing, World},
};

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What is in it.
    pub about: &'static str,
    /// Tickets of each block; 0 where there is no block.
    pub capacities: [u8; BLOCKS],
    /// Tickets of each order.
    pub quantities: [u8; ORDERS],
    /// The order ids that each buyer's attempts get, one after the other.
    pub ids: [&'static [u8]; BUYERS],
    /// Whether a quantity may be gathered from several blocks.
    pub gathers: bool,
    /// The last moment.
    pub end: Tick,
    /// Flows at a time.
    pub procs: usize,
    /// What may still come from outside.
    pub left: Left,
    /// Orders that stand when it begins.
    pub before: &'static [Before],
    /// What has to be seen in it.
    pub sees: &'static [&'static str],
}

/// An order that stands when a setting begins.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    /// Its id.
    pub order: u8,
    /// Where it stands.
    pub stand: Stand,
    /// What it lists: block and count.
    pub lists: &'static [(u8, u8)],
    /// Whether that is in the blocks, and until when.
    pub entries: Option<Option<Tick>>,
    /// Its payments.
    pub payments: [Standing; PAYMENTS],
    /// Its tickets.
    pub ticket: Paper,
}

impl Setting {
    /// Nothing in it.
    const NOTHING: Self = Self {
        name: "",
        about: "",
        capacities: [1, 0],
        quantities: [1; ORDERS],
        ids: [&[0], &[1]],
        gathers: false,
        end: 2,
        procs: 2,
        left: Left {
            tries: [0; BUYERS],
            deliveries: [0; ORDERS],
            payments: [0; ORDERS],
            notices: [0; ORDERS],
            expiries: [0; ORDERS],
            releases: [0; ORDERS],
            issues: [0; ORDERS],
            tidies: [0; ORDERS],
            cancels: [0; ORDERS],
            refunds: [0; ORDERS],
            sends: [0; ORDERS],
            scans: [0; ORDERS],
            faults: 0,
            lost: 0,
        },
        before: &[],
        sees: &["a paid order", "a ticketed order"],
    };

    /// The first state.
    pub fn start(&self, sale: &Sale) -> World {
        let mut world = World {
            now: 0,
            shelves: self.capacities.map(Shelf::empty),
            records: [Record::Absent; ORDERS],
            messages: [None; ORDERS],
            keys: [None; BUYERS],
            given: 0,
            payments: [[Standing::Unknown; PAYMENTS]; ORDERS],
            refunds: [[None; REFUNDS]; ORDERS],
            tickets: [[Paper::Absent; TICKETS]; ORDERS],
            left: self.left,
            procs: [None; PROCS],
            flaw: None,
        };
        for before in self.before {
            before.put(sale, &mut world);
        }
        world
    }
}

impl Before {
    fn put(&self, sale: &Sale, world: &mut World) {
        let order = usize::from(self.order);
        let mut parts: Parts = [None; BLOCKS];
        for (block, count) in self.lists.iter().copied() {
            let token = sale.token(world);
            push(&mut parts, Part { block, count, token });
            if let Some(until) = self.entries {
                let shelf = &mut world.shelves[usize::from(block)];
                shelf.slots[order] = Some(Slot { count, until, token });
                shelf.available -= count;
            }
        }
        let begun = self.payments.iter().filter(|standing| **standing != Standing::Unknown).count();
        let begun = u8::try_from(begun).unwrap_or(u8::MAX);
        let small = Small { stand: self.stand, parts, created: 0, begun, returned: 0 };
        world.records[order] = Record::Order(small);
        world.payments[order] = self.payments;
        world.given |= 1 << self.order;
        for number in 0..sale.quantity(self.order) {
            world.tickets[order][usize::from(number)] = self.ticket;
        }
        for (key, ids) in world.keys.iter_mut().zip(self_ids(sale)) {
            if ids.contains(&self.order) {
                *key = Some(self.order);
            }
        }
    }
}

const fn self_ids(sale: &Sale) -> [&'static [u8]; BUYERS] {
    sale.setting.ids
}

const CAPTURED: [Standing; PAYMENTS] = [Standing::Captured, Standing::Unknown];

/// The settings that every test run explores.
pub const SMALL: &[Setting] = &[
    Setting {
        name: "retry",
        about: "two buyers, one ticket; a repeat with the same key; sends that fail, taken or not; deliveries twice",
        ids: [&[0, 2], &[1]],
        left: Left { tries: [2, 1], deliveries: [2, 1, 1], releases: [1, 0, 0], faults: 1, ..Setting::NOTHING.left },
        sees: &["a tombstone"],
        ..Setting::NOTHING
    },
    Setting {
        name: "lapse",
        about: "two buyers, one ticket; the hold is stretched by a payment, ends, is reclaimed; expiry and release",
        left: Left {
            tries: [1, 1],
            deliveries: [1, 1, 0],
            payments: [1, 0, 0],
            expiries: [1, 0, 0],
            releases: [1, 0, 0],
            notices: [1, 0, 0],
            ..Setting::NOTHING.left
        },
        end: 3,
        sees: &["a ticketed order", "a lapsed order", "a tombstone"],
        ..Setting::NOTHING
    },
    Setting {
        name: "gather",
        about: "two buyers want two tickets each of two blocks of one: gathered, refused, reclaimed",
        capacities: [1, 1],
        quantities: [2, 2, 1],
        gathers: true,
        left: Left { tries: [1, 1], deliveries: [1, 1, 0], expiries: [1, 1, 0], ..Setting::NOTHING.left },
        sees: &["a tombstone"],
        ..Setting::NOTHING
    },
    Setting {
        name: "late",
        about: "an expired order is paid late, and told of twice, while another buyer takes the ticket",
        left: Left {
            tries: [0, 1],
            deliveries: [0, 1, 0],
            notices: [2, 0, 0],
            releases: [1, 0, 0],
            ..Setting::NOTHING.left
        },
        before: &[Before {
            order: 0,
            stand: Stand::Expired(End { paying: true, owed: None }),
            lists: &[(0, 1)],
            entries: Some(Some(0)),
            payments: CAPTURED,
            ticket: Paper::Absent,
        }],
        sees: &["a ticketed order", "a lapsed order"],
        ..Setting::NOTHING
    },
    Setting {
        name: "cancel",
        about: "cancelled while it is being paid, twice: debts, payments that are closed, money back",
        left: Left {
            payments: [2, 0, 0],
            notices: [2, 0, 0],
            cancels: [1, 0, 0],
            releases: [1, 0, 0],
            sends: [1, 0, 0],
            ..Setting::NOTHING.left
        },
        before: &[Before {
            order: 0,
            stand: Stand::Reserved { expires: 1 },
            lists: &[(0, 1)],
            entries: Some(Some(1)),
            payments: [Standing::Unknown; PAYMENTS],
            ticket: Paper::Absent,
        }],
        sees: &["a ticketed order", "a cancelled order", "two captures"],
        ..Setting::NOTHING
    },
    Setting {
        name: "refund",
        about: "two tickets are paid, issued, confirmed, and given back in parts or whole meanwhile",
        capacities: [2, 0],
        quantities: [2, 1, 1],
        left: Left {
            refunds: [2, 0, 0],
            issues: [1, 0, 0],
            tidies: [1, 0, 0],
            sends: [1, 0, 0],
            ..Setting::NOTHING.left
        },
        before: &[Before {
            order: 0,
            stand: Stand::Paid { paid: 0 },
            lists: &[(0, 2)],
            entries: Some(Some(1)),
            payments: CAPTURED,
            ticket: Paper::Absent,
        }],
        sees: &["a refunded order", "a partial refund"],
        ..Setting::NOTHING
    },
    Setting {
        name: "door",
        about: "two tickets, each scanned by two scanners at a time, while a refund is asked for",
        capacities: [2, 0],
        quantities: [2, 1, 1],
        procs: 3,
        end: 1,
        left: Left { refunds: [2, 0, 0], scans: [4, 0, 0], sends: [1, 0, 0], ..Setting::NOTHING.left },
        before: &[Before {
            order: 0,
            stand: Stand::Ticketed { paid: 0 },
            lists: &[(0, 2)],
            entries: Some(None),
            payments: CAPTURED,
            ticket: Paper::Valid,
        }],
        sees: &["a used order", "a refunded order", "a partial refund"],
        ..Setting::NOTHING
    },
    Setting {
        name: "lost replies",
        about: "two buyers, one ticket; a hold is written, its reply lost, and sent again after others were at work",
        left: Left { tries: [1, 1], deliveries: [1, 1, 0], lost: 1, faults: 1, ..Setting::NOTHING.left },
        sees: &["a tombstone"],
        ..Setting::NOTHING
    },
    Setting {
        name: "late again",
        about: "two revivals of one order, the first asleep, while what another order held comes back",
        capacities: [2, 1],
        quantities: [2, 2, 1],
        procs: 3,
        gathers: true,
        end: 3,
        left: Left { notices: [2, 0, 0], releases: [0, 1, 0], ..Setting::NOTHING.left },
        before: &[
            Before {
                order: 0,
                stand: Stand::Expired(End { paying: true, owed: None }),
                lists: &[(0, 1), (1, 1)],
                entries: None,
                payments: CAPTURED,
                ticket: Paper::Absent,
            },
            Before {
                order: 1,
                stand: Stand::Cancelled(End { paying: false, owed: None }),
                lists: &[(0, 2)],
                entries: Some(Some(3)),
                payments: [Standing::Unknown; PAYMENTS],
                ticket: Paper::Absent,
            },
            Before {
                order: 2,
                stand: Stand::Ticketed { paid: 0 },
                lists: &[(1, 1)],
                entries: Some(None),
                payments: CAPTURED,
                ticket: Paper::Valid,
            },
        ],
        sees: &["a ticketed order"],
        ..Setting::NOTHING
    },
    Setting {
        name: "whole",
        about: "one order from the request to the door or the refund, on time or late, with every worker",
        quantities: [1; ORDERS],
        left: Left {
            tries: [1, 0],
            deliveries: [1, 0, 0],
            payments: [1, 0, 0],
            notices: [1, 0, 0],
            expiries: [1, 0, 0],
            releases: [1, 0, 0],
            cancels: [1, 0, 0],
            refunds: [1, 0, 0],
            scans: [1, 0, 0],
            ..Setting::NOTHING.left
        },
        sees: &["a used order", "a refunded order", "a cancelled order", "a tombstone"],
        ..Setting::NOTHING
    },
];

/// Settings that take minutes: `cargo xtask model` explores them as well.
pub const LARGE: &[Setting] = &[
    Setting {
        name: "late, two blocks",
        about: "an expired order of two blocks is paid late, and told of twice, while another buyer takes a ticket",
        capacities: [1, 1],
        quantities: [2, 1, 1],
        gathers: true,
        left: Left {
            tries: [0, 1],
            deliveries: [0, 1, 0],
            notices: [2, 0, 0],
            releases: [1, 0, 0],
            ..Setting::NOTHING.left
        },
        before: &[Before {
            order: 0,
            stand: Stand::Expired(End { paying: true, owed: None }),
            lists: &[(0, 1), (1, 1)],
            entries: Some(Some(0)),
            payments: CAPTURED,
            ticket: Paper::Absent,
        }],
        sees: &["a ticketed order", "a lapsed order"],
        ..Setting::NOTHING
    },
    Setting {
        name: "refund, two blocks",
        about: "three tickets of two blocks are paid, issued, confirmed, and given back in parts or whole meanwhile",
        capacities: [2, 1],
        quantities: [3, 1, 1],
        left: Left { refunds: [2, 0, 0], issues: [1, 0, 0], sends: [1, 0, 0], ..Setting::NOTHING.left },
        before: &[Before {
            order: 0,
            stand: Stand::Paid { paid: 0 },
            lists: &[(0, 2), (1, 1)],
            entries: Some(Some(1)),
            payments: CAPTURED,
            ticket: Paper::Absent,
        }],
        sees: &["a refunded order", "a partial refund"],
        ..Setting::NOTHING
    },
    Setting {
        name: "lapse, three flows",
        about: "two buyers, one ticket, three flows at a time: held, stretched, lapsed, reclaimed, tidied, released, paid late, with a send that fails",
        procs: 3,
        left: Left {
            tries: [1, 1],
            deliveries: [1, 1, 0],
            payments: [1, 0, 0],
            tidies: [1, 0, 0],
            notices: [1, 0, 0],
            faults: 1,
            expiries: [1, 0, 0],
            releases: [1, 0, 0],
            ..Setting::NOTHING.left
        },
        sees: &["a ticketed order", "a lapsed order", "a tombstone"],
        ..Setting::NOTHING
    },
    Setting {
        name: "two late",
        about: "two expired orders are paid late for the one ticket that is left, one of them by two payments",
        left: Left { notices: [1, 1, 0], releases: [1, 0, 0], ..Setting::NOTHING.left },
        before: &[
            Before { payments: [Standing::Captured; PAYMENTS], ..EXPIRED },
            Before { order: 1, entries: None, ..EXPIRED },
        ],
        sees: &["a ticketed order", "a lapsed order"],
        ..Setting::NOTHING
    },
    Setting {
        name: "late and back",
        about: "an expired order of two blocks is paid late, ticketed, and given back, in parts or whole, while it is confirmed",
        capacities: [2, 1],
        quantities: [2, 1, 1],
        gathers: true,
        left: Left {
            notices: [2, 0, 0],
            releases: [1, 0, 0],
            issues: [1, 0, 0],
            refunds: [2, 0, 0],
            sends: [1, 0, 0],
            ..Setting::NOTHING.left
        },
        before: &[Before { lists: &[(0, 1), (1, 1)], ..EXPIRED }],
        sees: &["a ticketed order", "a refunded order", "a partial refund"],
        ..Setting::NOTHING
    },
    Setting {
        name: "gather, three each",
        about: "two buyers want three tickets each of blocks of two: gathered in any parts, refused, reclaimed",
        capacities: [2, 2],
        quantities: [3, 3, 1],
        gathers: true,
        left: Left { tries: [1, 1], deliveries: [1, 1, 0], expiries: [1, 1, 0], ..Setting::NOTHING.left },
        sees: &["a tombstone"],
        ..Setting::NOTHING
    },
];

/// An order that has expired and been paid since; its entry is still there.
const EXPIRED: Before = Before {
    order: 0,
    stand: Stand::Expired(End { paying: true, owed: None }),
    lists: &[(0, 1)],
    entries: Some(Some(0)),
    payments: CAPTURED,
    ticket: Paper::Absent,
};
