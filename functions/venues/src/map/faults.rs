//! What a map refuses, in the words of whoever wrote it.

use std::collections::HashMap;

use app::Detail;
use domain::venue::{Label, MapFault, Row, Section, Wrong};

/// The faults of a map with the paths of their fields: `sections[2].rows[0].seats[4].no`.
pub(super) fn details<'f>(sections: &[Section], faults: &'f [MapFault]) -> Vec<Detail> {
    // The first fault about a number names the second seat of that number, the next one the third.
    let mut told: HashMap<(usize, usize, &'f Label), usize> = HashMap::new();
    let detail = |fault: &'f MapFault| {
        let MapFault { section, row, wrong } = fault;
        let field = match (section, row) {
            (None, _) => "sections".to_owned(),
            (Some(section), None) => [&format!("sections[{section}]"), of_section(wrong)].concat(),
            (Some(section), Some(row)) => {
                let path = format!("sections[{section}].rows[{row}]");
                match wrong {
                    Wrong::SeatTwice(label) => {
                        let before = told.entry((*section, *row, label)).or_default();
                        *before += 1;
                        let found = sections.get(*section).and_then(|section| section.rows.get(*row));
                        let place = found.and_then(|row| nth(row, label, *before));
                        place.map_or_else(|| path.clone(), |place| format!("{path}.seats[{place}].no"))
                    }
                    Wrong::RowTwice(_) => [&path, ".name"].concat(),
                    _ => [&path, ".seats"].concat(),
                }
            }
        };
        Detail { field, reason: wrong.to_string() }
    };
    faults.iter().map(detail).collect()
}

fn of_section(wrong: &Wrong) -> &'static str {
    match wrong {
        Wrong::SectionTwice(_) => ".id",
        Wrong::Name => ".name",
        _ => ".rows",
    }
}

/// The place of the n-th seat of that number, counted from 0.
fn nth(row: &Row, label: &Label, n: usize) -> Option<usize> {
    row.seats.iter().enumerate().filter(|(_, seat)| seat.label == *label).nth(n).map(|(place, _)| place)
}
