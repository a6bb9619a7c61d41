//! A map by rule: sections of so many rows of so many seats.

use app::Detail;
use domain::venue::{Category, Curve, Grid, GridError, Label, Lettering, Numbering, Point, Row, SeatMap, Section};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{KindWord, PointDraft, all, category, faults, label, point};
use crate::findings::Findings;

/// What is left free between a section and the next one, where it is not said where that stands; in centimetres.
const BETWEEN: i64 = 200;

/// A map by rule.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleDraft {
    /// What the hall looks at; the origin where nothing is said.
    focus: Option<PointDraft>,
    /// At most 20 000 seats in 2 000 rows.
    #[schemars(length(min = 1, max = 200))]
    sections: Vec<GridDraft>,
}

/// A section by rule. Measures are in centimetres.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct GridDraft {
    /// A seat is named `stalls/12/7`.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,15}$"), example = &"stalls")]
    id: String,
    #[schemars(length(min = 1, max = 60))]
    name: String,
    /// The price category of its rows; `1` where nothing is said.
    #[schemars(length(min = 1, max = 8))]
    category: Option<String>,
    /// What its seats look at, where that is not the focus of the hall.
    focus: Option<PointDraft>,
    /// How many rows.
    #[schemars(range(min = 1, max = 2_000))]
    rows: u16,
    /// Seats in each.
    #[schemars(range(min = 1, max = 128))]
    seats: u16,
    /// After which seats there is an aisle, counted from 1 at the left.
    #[serde(default)]
    #[schemars(length(max = 127), inner(range(min = 1, max = 127)))]
    aisles: Vec<u16>,
    /// Whether rows are named by numbers or letters.
    #[serde(default)]
    lettering: LetteringWord,
    /// The number of the first row, where rows are numbered; 1 where nothing is said.
    #[schemars(range(max = 60_000))]
    first_row: Option<u16>,
    /// From where seats are numbered.
    #[serde(default)]
    numbering: NumberingWord,
    /// The middle of the first row; behind the section before where nothing is said.
    at: Option<PointDraft>,
    /// From one seat to the next; 55 where nothing is said.
    #[schemars(range(min = 1, max = 1_000))]
    seat_width: Option<u16>,
    /// From one row to the next; 95 where nothing is said.
    #[schemars(range(min = 1, max = 1_000))]
    row_depth: Option<u16>,
    /// What an aisle adds; 110 where nothing is said.
    #[schemars(range(min = 1, max = 5_000))]
    aisle_width: Option<u16>,
    /// The radius of the circle on which rows stand; straight where nothing is said.
    #[schemars(range(min = 300, max = 1_000_000))]
    curve_radius: Option<u32>,
    /// Price categories of rows that are not the section's: up to and with that row, in order.
    #[serde(default)]
    #[schemars(length(max = 50))]
    bands: Vec<BandDraft>,
    /// Seats that are not for anybody.
    #[serde(default)]
    #[schemars(length(max = 1_000))]
    kinds: Vec<SpecialDraft>,
}

/// Rows of another price category.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct BandDraft {
    /// The last row, counted from 1.
    #[schemars(range(min = 1, max = 2_000))]
    up_to: u16,
    #[schemars(length(min = 1, max = 8))]
    category: String,
}

/// A seat that is not for anybody.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
struct SpecialDraft {
    /// Counted from 1.
    #[schemars(range(min = 1, max = 2_000))]
    row: u16,
    /// Counted from 1 at the left, whatever its number.
    #[schemars(range(min = 1, max = 128))]
    seat: u16,
    kind: KindWord,
}

/// How rows are named.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum LetteringWord {
    /// `1`, `2`, `3`.
    #[default]
    Numbers,
    /// `A` to `Z`, then `AA`.
    Letters,
}

/// How seats are numbered, seen from the seats towards the stage.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum NumberingWord {
    /// 1 is the leftmost.
    #[default]
    FromLeft,
    /// 1 is the rightmost.
    FromRight,
    /// From the middle outwards: 5 3 1 2 4 6.
    OddEven,
}

impl RuleDraft {
    /// Makes the map, or says everything that is wrong with the rule.
    pub(crate) fn read(&self) -> Result<SeatMap, Vec<Detail>> {
        let mut found = Findings::default();
        let focus = point("focus", self.focus, &mut found).unwrap_or_default();
        let mut behind = Grid::of(1, 1).at;
        let sections = self.sections.iter().enumerate();
        let sections = sections.map(|(place, draft)| {
            let path = format!("sections[{place}]");
            let at = point(&format!("{path}.at"), draft.at, &mut found).unwrap_or(behind);
            behind = draft.behind(at);
            draft.read(at, &path, &mut found)
        });
        let sections = all(sections.collect());
        let sections: Vec<Section> = found.none(sections)?;
        SeatMap::new(focus, sections.clone()).map_err(|wrong| faults::details(&sections, &wrong))
    }
}

impl GridDraft {
    fn read(&self, at: Point, path: &str, found: &mut Findings) -> Option<Section> {
        let id = found.take(format!("{path}.id"), self.id.parse());
        let category = category(&format!("{path}.category"), self.category.as_deref(), found);
        let focus = point(&format!("{path}.focus"), self.focus, found);
        let name = found.line(&format!("{path}.name"), &self.name, 1, SeatMap::NAME);
        let rows = self.build(at, path, found);
        Some(Section { id: id?, name, category: category?, focus, rows: rows? })
    }

    fn build(&self, at: Point, path: &str, found: &mut Findings) -> Option<Vec<Row>> {
        let bands = self.bands.iter().enumerate().map(|(place, band)| {
            let category: Option<Label> = label(format!("{path}.bands[{place}].category"), &band.category, found);
            category.map(|category| (band.up_to, Category(category)))
        });
        let bands = all(bands.collect());
        let usual = Grid::of(self.rows, self.seats);
        let grid = Grid {
            aisles: self.aisles.clone(),
            lettering: match self.lettering {
                LetteringWord::Numbers => Lettering::Numbers { from: self.first_row.unwrap_or(1) },
                LetteringWord::Letters => Lettering::Letters,
            },
            numbering: match self.numbering {
                NumberingWord::FromLeft => Numbering::FromLeft,
                NumberingWord::FromRight => Numbering::FromRight,
                NumberingWord::OddEven => Numbering::OddEven,
            },
            at,
            seat_width: self.seat_width.unwrap_or(usual.seat_width),
            row_depth: self.row_depth.unwrap_or(usual.row_depth),
            aisle_width: self.aisle_width.unwrap_or(usual.aisle_width),
            curve: self.curve_radius.map_or(Curve::Straight, |radius| Curve::Bow { radius }),
            bands: bands?,
            kinds: self.kinds.iter().map(|special| (special.row, special.seat, special.kind.into())).collect(),
            ..usual
        };
        match grid.build() {
            Ok(rows) => Some(rows),
            Err(why) => {
                found.wrong(format!("{path}{}", field(why)), why);
                None
            }
        }
    }

    /// Where the next section stands, if it does not say so itself.
    fn behind(&self, at: Point) -> Point {
        let depth = i64::from(self.row_depth.unwrap_or(Grid::of(1, 1).row_depth));
        let y = i64::from(at.y()) + i64::from(self.rows) * depth + BETWEEN;
        Point::parse(at.x().into(), y).unwrap_or(at)
    }
}

/// What of a section a rule cannot be followed for.
fn field(why: GridError) -> &'static str {
    match why {
        GridError::Rows => ".rows",
        GridError::Seats | GridError::TooLarge => ".seats",
        GridError::OffThePlan => "",
        GridError::TooTight => ".curveRadius",
        GridError::Label => ".lettering",
    }
}
