//! Seats for a party: in one row, in one coach, or in the largest groups that there are.

use std::cmp::Reverse;

use super::{Candidate, Claim, Together};
use crate::rail::coach::Wish;

/// How good the seats of a group are together; the least is the best.
type Score = (usize, usize, usize, usize, Reverse<u32>, usize);

/// Chooses seats out of those that are free, all or none.
pub(super) fn seat(free: &mut Vec<Candidate>, claim: &Claim) -> Option<Vec<Candidate>> {
    let count = usize::from(claim.count);
    let mut wishes = claim.wishes.clone();
    // The narrower wish chooses first: a seat's letter says more than its position, so that choosing greedily meets as many
    // wishes as can be met.
    wishes.sort_by_key(|wish| matches!(wish, Wish::Position(_)));
    wishes.truncate(count);
    match claim.together {
        Together::Apart => pick(free, count, &wishes),
        Together::Required => together(free, count, &wishes),
        Together::Preferred => groups(free, count, wishes),
    }
}

/// The largest group that can sit together, then the largest of the rest, and so on. A group of one is any free seat, so
/// this never fails where there are seats enough.
fn groups(free: &mut Vec<Candidate>, count: usize, mut wishes: Vec<Wish>) -> Option<Vec<Candidate>> {
    let mut chosen = Vec::with_capacity(count);
    let mut size = count;
    while chosen.len() < count {
        size = size.min(count - chosen.len());
        let Some(group) = together(free, size, &wishes) else {
            size = size.checked_sub(1).filter(|size| *size > 0)?;
            continue;
        };
        free.retain(|seat| !group.iter().any(|taken| is_same(taken, seat)));
        for seat in &group {
            if let Some(met) = wishes.iter().position(|wish| seat.is(*wish)) {
                wishes.remove(met);
            }
        }
        chosen.extend(group);
    }
    Some(chosen)
}

fn is_same(one: &Candidate, other: &Candidate) -> bool {
    (one.place, one.rank.seat) == (other.place, other.rank.seat)
}

/// A group of that size in one row, else in the fewest neighbouring rows of one coach.
fn together(free: &[Candidate], count: usize, wishes: &[Wish]) -> Option<Vec<Candidate>> {
    if count == 1 {
        return pick(free, 1, wishes);
    }
    let rows: Vec<&[Candidate]> = free.chunk_by(|one, other| one.place == other.place).collect();
    let in_a_row = rows.iter().filter_map(|row| best_of_row(row, count, wishes)).min_by_key(|(score, _)| *score);
    if let Some((_, group)) = in_a_row {
        return Some(group);
    }
    let coaches = rows.chunk_by(|one, other| coach_of(one) == coach_of(other));
    let coaches: Vec<_> = coaches.filter(|rows| rows.iter().map(|row| row.len()).sum::<usize>() >= count).collect();
    let longest = coaches.iter().map(|rows| rows.len()).max().unwrap_or(0);
    (2..=longest).find_map(|span| {
        let windows = coaches.iter().flat_map(|rows| rows.windows(span));
        let groups = windows.filter_map(|window| best_of_rows(window, count, wishes));
        groups.min_by_key(|(score, _)| *score).map(|(_, group)| group)
    })
}

fn coach_of(row: &[Candidate]) -> Option<u8> {
    row.first().map(|seat| seat.row.coach)
}

/// The best seats of rows that follow each other. Rows between them that are full are not among them, so how far apart they
/// are is told by their numbers.
fn best_of_rows(rows: &[&[Candidate]], count: usize, wishes: &[Wish]) -> Option<(Score, Vec<Candidate>)> {
    if rows.iter().map(|row| row.len()).sum::<usize>() < count {
        return None;
    }
    let number = |row: Option<&&[Candidate]>| row.and_then(|row| row.first()).map(|seat| usize::from(seat.row.row));
    let apart = number(rows.last())?.saturating_sub(number(rows.first())?);
    let group = pick(&rows.concat(), count, wishes)?;
    Some((score(&group, wishes, apart), group))
}

/// The best seats of one row: every choice of them is tried, at most 70 where a row has eight.
fn best_of_row(row: &[Candidate], count: usize, wishes: &[Wish]) -> Option<(Score, Vec<Candidate>)> {
    if row.len() < count {
        return None;
    }
    let choices = (0_u32..1 << row.len().min(8)).filter(|choice| usize::try_from(choice.count_ones()) == Ok(count));
    let groups = choices.map(|choice| {
        let seats = row.iter().enumerate().filter(|(seat, _)| choice & (1 << seat) != 0);
        let group: Vec<Candidate> = seats.map(|(_, candidate)| *candidate).collect();
        let between = match (group.first(), group.last()) {
            (Some(first), Some(last)) => usize::from(last.rank.seat - first.rank.seat) + 1 - count,
            _ => 0,
        };
        (score(&group, wishes, between), group)
    });
    groups.min_by_key(|(score, _)| *score)
}

/// First what the whole party notices, then what the railway does.
fn score(group: &[Candidate], wishes: &[Wish], apart: usize) -> Score {
    let outside = group.iter().filter(|seat| seat.rank.outside_quota).count();
    let waste = group.iter().map(|seat| usize::from(seat.rank.waste)).sum();
    let sold: u32 = group.iter().map(|seat| seat.rank.sold.0).sum();
    let turn = group.iter().map(|seat| seat.rank.turn).min().unwrap_or(0);
    (unmet(group, wishes), apart, outside, waste, Reverse(sold), turn)
}

/// How many wishes a group leaves open. Wishes come narrowest first.
fn unmet(group: &[Candidate], wishes: &[Wish]) -> usize {
    let mut seats = group.to_vec();
    let met = wishes.iter().filter(|wish| {
        let found = seats.iter().position(|seat| seat.is(**wish));
        found.map(|seat| seats.swap_remove(seat)).is_some()
    });
    wishes.len().min(group.len()) - met.count().min(group.len())
}

/// The best seats one by one, those that were wished for first.
fn pick(free: &[Candidate], count: usize, wishes: &[Wish]) -> Option<Vec<Candidate>> {
    if free.len() < count {
        return None;
    }
    let mut rest = free.to_vec();
    rest.sort_unstable_by_key(|seat| seat.rank);
    let mut chosen = Vec::with_capacity(count);
    for wish in wishes {
        if chosen.len() == count {
            break;
        }
        if let Some(found) = rest.iter().position(|seat| seat.is(*wish)) {
            chosen.push(rest.remove(found));
        }
    }
    let missing = count - chosen.len();
    chosen.extend(rest.into_iter().take(missing));
    Some(chosen)
}
