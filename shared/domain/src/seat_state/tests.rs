use proptest::prelude::*;

use super::*;
use crate::{
    block::Token,
    id::{Id as _, OrderId},
    row::{Change, Entry, Places},
    venue::{Grid, tests::map},
};

fn states(letters: &[u8]) -> SeatStates {
    let mut states = SeatStates::withheld(3, letters.len().try_into().unwrap());
    for (seat, bits) in (0..).zip(letters) {
        states.set(SeatIndex(seat), SeatState::of_bits(*bits));
    }
    states
}

#[test]
fn the_largest_map_is_five_kilobytes() {
    let bytes = SeatStates::withheld(1, 20_000).encode();
    assert_eq!(bytes.len(), 5_015);
}

#[test]
fn a_whole_map_is_laid_out_as_written() {
    let states = states(&[0, 1, 2, 3, 2]);
    let bytes = states.encode();
    assert_eq!(bytes[..5], [1, 0, 0, 0, 3]);
    assert_eq!(bytes[13..], [0, 5, 0b11_10_01_00, 0b10]);
    assert_eq!(states.get(SeatIndex(4)), Some(SeatState::Sold));
    assert_eq!(states.get(SeatIndex(5)), None);
}

#[test]
fn a_change_is_laid_out_as_written() {
    let (older, newer) = (states(&[0; 100]), {
        let mut newer = states(&[0; 100]);
        newer.set(SeatIndex(2), SeatState::Sold);
        newer.set(SeatIndex(80), SeatState::Held);
        newer
    });
    let delta = newer.since(&older).unwrap();
    // 2 seats before the first, sold; 77 between it and the other, held: 77 * 4 + 1 = 309.
    assert_eq!(delta[17..], [2 << 2 | 2, 0xb5, 2]);
    assert_eq!(older.since(&older).unwrap().len(), 17, "nothing");
}

#[test]
fn a_change_of_nearly_everything_is_no_shorter_than_the_map() {
    assert_eq!(states(&[1; 1_000]).since(&states(&[2; 1_000])), None);
    let mut other_map = states(&[1; 8]);
    other_map.map = 4;
    assert_eq!(other_map.since(&states(&[1; 8])), None);
    assert_ne!(other_map.version(), states(&[1; 8]).version());
}

#[test]
fn a_client_is_told_what_it_has_not_seen() {
    let mut recent = Recent::default();
    assert_eq!(recent.tell(None), None);
    let at = |seat: u16| {
        let mut states = SeatStates::withheld(1, 100);
        states.set(SeatIndex(seat), SeatState::Free);
        states
    };
    recent.note(at(0));
    recent.note(at(0));
    recent.note(at(1));
    assert_eq!(recent.tell(Some(at(1).version())), Some(Told::Same));
    assert_eq!(recent.tell(Some(at(0).version())), Some(Told::Delta(at(1).since(&at(0)).unwrap())));
    assert_eq!(recent.tell(Some(7)), Some(Told::Whole(at(1).encode())));
    for seat in 2..=40 {
        recent.note(at(seat));
    }
    assert_eq!(recent.states.len(), Recent::KEPT);
    assert_eq!(recent.tell(Some(at(0).version())), Some(Told::Whole(at(40).encode())), "forgotten");
}

#[test]
fn the_blocks_say_what_clients_see() {
    let version = Version::first(map(&Grid::of(2, 20))).unwrap();
    let at = |second| Timestamp::from_second(second).unwrap();
    let stalls: SectionId = "stalls".parse().unwrap();
    let blocks = version.addresses().blocks(version.map(), &stalls);
    let mut blocks: BTreeMap<_, _> =
        blocks.into_iter().map(|(number, block)| ((stalls.clone(), number), block)).collect();
    let mut hold = |block, bits, until| {
        let entry = Entry { order: OrderId::from_bytes([1; 16]), until, token: Token([1; 6]) };
        let change = Change::Hold { places: Places::from_bits(bits), entry, evict: Vec::new() };
        blocks.get_mut(&(stalls.clone(), block)).unwrap().apply(&change).unwrap();
    };
    hold(0, 0b1, Some(at(10)));
    hold(0, 0b10, Some(at(5)));
    hold(2, 0b100, None);
    blocks.get_mut(&(stalls.clone(), 3)).unwrap().apply(&Change::Close { places: Places::from_bits(1) }).unwrap();
    blocks.remove(&(stalls, 1));

    let found = Occupancy::of(&version, &blocks, at(5));
    assert_eq!((found.held.count(), found.due.count(), found.sold.count(), found.free.count()), (1, 1, 1, 26));
    let offered = SeatSet::of(version.map(), (0..25).map(SeatIndex));
    let states = found.states(&version, &offered);
    let of = |seat| states.get(SeatIndex(seat)).unwrap();
    assert_eq!((of(0), of(1), of(2), of(22)), (SeatState::Held, SeatState::Held, SeatState::Free, SeatState::Sold));
    assert_eq!(of(10), SeatState::Withheld, "its block is not known");
    assert_eq!((of(24), of(25), of(30)), (SeatState::Free, SeatState::Withheld, SeatState::Withheld));
}

proptest! {
    #[test]
    fn a_map_and_a_change_read_back(letters in proptest::collection::vec((0..4_u8, 0..4_u8, 0..10_u8), 1..300)) {
        let older = states(&letters.iter().map(|(old, _, _)| *old).collect::<Vec<_>>());
        let newer = states(&letters.iter().map(|(old, new, kept)| if *kept > 0 { *old } else { *new }).collect::<Vec<_>>());
        prop_assert_eq!(SeatStates::decode(&older.encode()), Ok(older.clone()));
        let Some(delta) = newer.since(&older) else { return Ok(()) };
        prop_assert!(delta.len() < newer.encode().len() + 4);
        let mut client = older.clone();
        client.apply(&delta).unwrap();
        prop_assert_eq!(&client, &newer);
        if older != newer {
            prop_assert_eq!(client.apply(&delta), Err(Unreadable::Base));
            prop_assert_eq!(client, newer);
        }
    }

    #[test]
    fn whatever_is_read_breaks_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..40), layout in 1..3_u8) {
        let bytes = [vec![layout], bytes].concat();
        let mut client = states(&[0; 30]);
        let before = client.clone();
        prop_assert!(SeatStates::decode(&bytes).is_err());
        let forged = [vec![2], before.version().to_be_bytes().to_vec(), bytes].concat();
        prop_assert!(client.apply(&forged).is_err());
        prop_assert_eq!(client, before);
    }
}
