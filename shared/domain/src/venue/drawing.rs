//! A map as a picture: SVG text, a dot for each seat, coloured by what it can be had for or why it cannot.
//!
//! Seats of one colour are one path of dots, so that 20 000 seats are less than 300 KB. A client in which seats can be
//! chosen draws the map itself; this is for pages, mails and organisers.

use std::fmt::Write as _;

use super::{Category, Point, SeatIndex, SeatKind, SeatMap};
use crate::seat_state::{SeatState, SeatStates};

/// Colours of free seats, by category in order of their names: kept apart by people who do not see colours well (Okabe and
/// Ito, 2002).
const FREE: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"];
const HELD: &str = "#b8b8b8";
const SOLD: &str = "#6e6e6e";
const WITHHELD: &str = "#e4e4e4";
/// How wide a seat is drawn, in centimetres.
const SEAT: i32 = 40;
/// How wide the stage is drawn, in centimetres.
const STAGE: i32 = 400;
/// What is left free around the seats, in centimetres.
const MARGIN: i32 = 150;

impl SeatMap {
    /// The map as an SVG picture. Where states are given they must be of this map; without, every seat is drawn as free.
    pub fn svg(&self, title: &str, states: Option<&SeatStates>) -> String {
        let (low, high) = self.corners();
        let (width, height) = (high.x - low.x, high.y - low.y);
        let mut svg = String::with_capacity(usize::from(self.len()) * 16 + 4_096);
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{} {} {width} {height}\" role=\"img\">\n<title>{}</title>\n",
            low.x,
            low.y,
            escaped(title)
        );
        self.draw_stage(&mut svg);
        self.draw_seats(&mut svg, states);
        self.draw_names(&mut svg);
        svg.push_str("</svg>\n");
        svg
    }

    fn corners(&self) -> (Point, Point) {
        let seats = self.rows().flat_map(|(_, _, row, _)| row.seats.iter().map(|seat| seat.at));
        let Point { x, y } = self.focus;
        let stage = (Point { x: x - STAGE / 2, y }, Point { x: x + STAGE / 2, y });
        let (low, high) = seats.fold(stage, |(low, high), at| (low.lower(at), high.upper(at)));
        (Point { x: low.x - MARGIN, y: low.y - MARGIN }, Point { x: high.x + MARGIN, y: high.y + MARGIN })
    }

    fn draw_stage(&self, svg: &mut String) {
        let Point { x, y } = self.focus;
        let _ = writeln!(svg, "<path d=\"M{} {y}h{STAGE}\" stroke=\"#333\" stroke-width=\"30\"/>", x - STAGE / 2);
    }

    /// A path for each colour and shape: a line of no length with round ends is a dot, with square ends a square.
    fn draw_seats(&self, svg: &mut String, states: Option<&SeatStates>) {
        let mut paths: Vec<((&str, &str), String)> = Vec::new();
        let mut categories: Vec<&Category> = self.rows().filter_map(|(row, ..)| self.category(row)).collect();
        categories.sort_unstable();
        categories.dedup();
        for (index, _, row, first) in self.rows() {
            let category = self.category(index).and_then(|own| categories.binary_search(&own).ok()).unwrap_or(0);
            for (seat, number) in row.seats.iter().zip(first.0..) {
                let state = states
                    .map_or(SeatState::Free, |states| states.get(SeatIndex(number)).unwrap_or(SeatState::Withheld));
                let colour = match state {
                    SeatState::Free => FREE[category % FREE.len()],
                    SeatState::Held => HELD,
                    SeatState::Sold => SOLD,
                    SeatState::Withheld => WITHHELD,
                };
                let cap = match seat.kind {
                    SeatKind::Regular | SeatKind::Restricted => "round",
                    SeatKind::Accessible | SeatKind::Companion => "square",
                };
                let place = paths.iter().position(|(key, _)| *key == (colour, cap)).unwrap_or_else(|| {
                    paths.push(((colour, cap), String::new()));
                    paths.len() - 1
                });
                let _ = write!(paths[place].1, "M{} {}h0", seat.at.x, seat.at.y);
            }
        }
        for ((colour, cap), path) in paths {
            let _ = writeln!(
                svg,
                "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{SEAT}\" stroke-linecap=\"{cap}\"/>"
            );
        }
    }

    /// The names of rows, beside their first seats.
    fn draw_names(&self, svg: &mut String) {
        svg.push_str("<g font-family=\"sans-serif\" font-size=\"40\" fill=\"#333\" text-anchor=\"end\">\n");
        for (_, _, row, _) in self.rows() {
            if let Some(seat) = row.seats.first() {
                let (x, y) = (seat.at.x - SEAT, seat.at.y + SEAT / 3);
                let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\">{}</text>", escaped(row.label.as_str()));
            }
        }
        svg.push_str("</g>\n");
    }
}

/// Text as it may stand in XML. Characters that XML does not know at all are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => {}
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::{Grid, tests::map};

    #[test]
    fn a_map_is_a_picture_with_a_path_for_each_colour() {
        let grid = Grid { kinds: vec![(1, 1, SeatKind::Accessible)], ..Grid::of(2, 3) };
        let map = map(&grid);
        let mut states = SeatStates::withheld(1, map.len());
        states.set(SeatIndex(0), SeatState::Free);
        states.set(SeatIndex(1), SeatState::Free);
        states.set(SeatIndex(2), SeatState::Sold);
        let svg = map.svg("A & <b>", Some(&states));
        let lines: Vec<&str> = svg.lines().collect();
        let expected = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-350 -150 700 995\" role=\"img\">",
            "<title>A &amp; &lt;b&gt;</title>",
            "<path d=\"M-200 0h400\" stroke=\"#333\" stroke-width=\"30\"/>",
            "<path d=\"M-55 600h0\" fill=\"none\" stroke=\"#0072b2\" stroke-width=\"40\" stroke-linecap=\"square\"/>",
            "<path d=\"M0 600h0\" fill=\"none\" stroke=\"#0072b2\" stroke-width=\"40\" stroke-linecap=\"round\"/>",
            "<path d=\"M55 600h0\" fill=\"none\" stroke=\"#6e6e6e\" stroke-width=\"40\" stroke-linecap=\"round\"/>",
            "<path d=\"M-55 695h0M0 695h0M55 695h0\" fill=\"none\" stroke=\"#e4e4e4\" stroke-width=\"40\" stroke-linecap=\"round\"/>",
            "<g font-family=\"sans-serif\" font-size=\"40\" fill=\"#333\" text-anchor=\"end\">",
            "<text x=\"-95\" y=\"613\">1</text>",
            "<text x=\"-95\" y=\"708\">2</text>",
            "</g>",
            "</svg>",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_an_organiser_calls_a_row_is_text_and_nothing_else() {
        let mut rows = Grid::of(1, 1).build().unwrap();
        rows[0].label = "<a>&\"'".parse().unwrap();
        let section = crate::venue::Section { rows, ..crate::venue::tests::section("a", &Grid::of(1, 1)) };
        let svg = SeatMap::new(Point::default(), vec![section]).unwrap().svg("\u{0}\u{ffff}", None);
        assert!(svg.contains(">&lt;a&gt;&amp;&quot;&#39;</text>") && svg.contains("<title></title>"), "{svg}");
    }

    #[test]
    fn the_largest_map_is_a_picture_of_less_than_300_kilobytes() {
        let svg = map(&Grid::of(200, 100)).svg("hall", None);
        assert!((200_000..300_000).contains(&svg.len()), "{} bytes", svg.len());
        assert_eq!(svg.matches("h0").count(), 20_000);
    }
}
