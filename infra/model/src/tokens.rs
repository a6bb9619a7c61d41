//! Tokens of entries, wherever a state has them.

use crate::{
    small::{BLOCKS, DEAD, Part, Parts, Piece},
    world::{Issuing, Job, Purpose, Record, Search, Searching, World},
};

impl World {
    /// A token that nothing has.
    pub fn unused_token(&self) -> u8 {
        let mut copy = *self;
        let mut highest = 0;
        copy.each_token(|token| {
            if *token != DEAD {
                highest = highest.max(*token);
            }
        });
        highest + 1
    }

    /// Calls a function on every token of an entry, those of blocks first.
    pub fn each_token(&mut self, mut see: impl FnMut(&mut u8)) {
        for slot in self.shelves.iter_mut().flat_map(|shelf| shelf.slots.iter_mut()).flatten() {
            see(&mut slot.token);
        }
        for record in &mut self.records {
            if let Record::Order(small) = record {
                parts(&mut small.parts, &mut see);
            }
        }
        for message in self.messages.iter_mut().flatten() {
            parts(&mut message.parts, &mut see);
        }
        for proc in self.procs.iter_mut().flatten() {
            proc.job.each_token(&mut see);
        }
    }
}

fn parts(parts: &mut Parts, see: &mut impl FnMut(&mut u8)) {
    for Part { token, .. } in parts.iter_mut().flatten() {
        see(token);
    }
}

impl Job {
    fn each_token(&mut self, see: &mut impl FnMut(&mut u8)) {
        match self {
            Self::Search(search) => search.each_token(see),
            Self::Abandon { pieces, .. } => each_piece(pieces, see),
            Self::Give { pieces, found, .. } => {
                each_piece(pieces, see);
                if let Some(slot) = found {
                    see(&mut slot.token);
                }
            }
            Self::Tidy { slot, .. } => see(&mut slot.token),
            Self::Issue { seen, at, .. } => {
                parts(&mut seen.parts, see);
                if let Issuing::Found { slot, .. } | Issuing::Write { slot, .. } = at {
                    see(&mut slot.token);
                }
            }
            Self::Swap { .. }
            | Self::Forget { .. }
            | Self::Create { .. }
            | Self::Capture { .. }
            | Self::Debt { .. }
            | Self::Ask { .. }
            | Self::Send { .. }
            | Self::Door { .. } => {}
        }
    }
}

fn each_piece(pieces: &mut [Option<Piece>; BLOCKS], see: &mut impl FnMut(&mut u8)) {
    for piece in pieces.iter_mut().flatten() {
        see(&mut piece.part.token);
    }
}

impl Search {
    fn each_token(&mut self, see: &mut impl FnMut(&mut u8)) {
        parts(&mut self.held, see);
        if let Purpose::Revive { listed, .. } = &mut self.purpose {
            parts(listed, see);
        }
        match &mut self.at {
            Searching::Again { found: Some(Some(slot)), .. } => see(&mut slot.token),
            Searching::Repeat { token, .. } => see(token),
            Searching::Reclaim { due, evict, follow, .. } => {
                for (_, slot) in due.iter_mut().chain(evict).flatten() {
                    see(&mut slot.token);
                }
                if let Some((_, slot, _)) = follow {
                    see(&mut slot.token);
                }
            }
            Searching::Again { .. } | Searching::Choose | Searching::Finish => {}
        }
    }

    /// The revival's token, where it is one.
    pub const fn revival(&mut self) -> Option<&mut u8> {
        match &mut self.purpose {
            Purpose::Revive { token, .. } => Some(token),
            Purpose::Place => None,
        }
    }
}
