//! The terms on which trains are sold, as an operator writes them; all that is wrong is said at once.

use std::collections::BTreeMap;

use app::Detail;
use domain::{
    event::RefundPolicy,
    money::Currency,
    rail::{
        change::{self, Policy},
        coach::{Class, Coach, Formation, Layout},
        fare::{Band, ClassFares, Tariff},
        opening::Opens,
        quota::{Quota, Stage},
        run::Terms,
        station::Telecode,
        train::TimeOfDay,
    },
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Terms under a name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Template {
    /// What the trains name it by.
    #[schemars(length(min = 1, max = 40))]
    pub(crate) name: String,
    /// The coaches.
    #[schemars(length(min = 1, max = 32))]
    coaches: Vec<CoachDraft>,
    /// What rides cost, for each class.
    #[schemars(length(min = 1, max = 8))]
    fares: Vec<FaresDraft>,
    /// To how many minor units fares are rounded; 1 where nothing is said.
    #[schemars(range(min = 1, max = 1_000_000))]
    round_to: Option<u32>,
    /// What is kept for long journeys.
    #[serde(default)]
    #[schemars(length(max = 8))]
    quotas: Vec<QuotaDraft>,
    /// How tickets are changed to another train; not at all where nothing is said.
    changes: Option<ChangesDraft>,
    /// Whether tickets go back; at once, up to the departure, where nothing is said.
    refund_policy: Option<RefundDraft>,
    /// When the sale of a run begins.
    sale_starts: SaleStarts,
    /// How many minutes before the train leaves a stop no seat from there is sold any more.
    #[serde(default)]
    #[schemars(range(max = 2_880))]
    closes_minutes_before: u16,
}

/// Coaches that are alike.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct CoachDraft {
    /// The number of the first of them.
    #[schemars(range(min = 1, max = 255))]
    first: u8,
    /// The number of the last of them; the first where nothing is said.
    #[schemars(range(min = 1, max = 255))]
    last: Option<u8>,
    /// What their seats are sold as.
    #[schemars(length(min = 1, max = 16))]
    class: String,
    /// How the seats of a row lie.
    layout: LayoutDraft,
    /// How many rows each has.
    #[schemars(range(min = 1, max = 40))]
    rows: u8,
}

/// How seats lie.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
enum LayoutDraft {
    /// One on either side of the aisle.
    #[serde(rename = "1+1")]
    OneOne,
    /// Two and one.
    #[serde(rename = "2+1")]
    TwoOne,
    /// Two and two.
    #[serde(rename = "2+2")]
    TwoTwo,
    /// Three and two.
    #[serde(rename = "3+2")]
    ThreeTwo,
    /// Bays of four berths.
    #[serde(rename = "berths-4")]
    Berths4,
    /// Bays of six berths.
    #[serde(rename = "berths-6")]
    Berths6,
}

/// The fares of a class.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FaresDraft {
    /// The class.
    #[schemars(length(min = 1, max = 16))]
    class: String,
    /// What every ride costs whatever its length, in minor units.
    #[serde(default)]
    base: u32,
    /// What a kilometre costs, by distance.
    #[serde(default)]
    #[schemars(length(max = 16))]
    bands: Vec<FareBandDraft>,
    /// What a child pays, in percent of the full fare; 50 where nothing is said.
    #[schemars(range(max = 100))]
    child_percent: Option<u8>,
    /// What a student pays, in percent of the full fare; 100 where nothing is said.
    #[schemars(range(max = 100))]
    student_percent: Option<u8>,
    /// Fares that are stated for a stretch.
    #[serde(default)]
    #[schemars(length(max = 5_000))]
    stated: Vec<StatedDraft>,
}

/// What a kilometre costs up to a distance.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FareBandDraft {
    /// Up to how many kilometres; the last goes on for ever.
    #[schemars(range(min = 1))]
    to_km: u32,
    /// Thousandths of a minor unit for each kilometre.
    milli_per_km: u32,
}

/// What a stretch costs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct StatedDraft {
    /// Telecode.
    #[schemars(length(min = 3, max = 3))]
    from: String,
    /// Telecode.
    #[schemars(length(min = 3, max = 3))]
    to: String,
    /// In minor units.
    price: u32,
}

/// What is kept for long journeys.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct QuotaDraft {
    /// Of which class.
    #[schemars(length(min = 1, max = 16))]
    class: String,
    /// From how many kilometres on a journey is long.
    least_km: u32,
    /// How much until when, the first first.
    #[schemars(length(min = 1, max = 8))]
    stages: Vec<QuotaStage>,
}

/// How much is kept until when.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct QuotaStage {
    /// How many minutes before the train sets out the stage ends.
    until_minutes_before: u32,
    /// The share of the rows that is kept.
    #[schemars(range(max = 100))]
    percent: u8,
}

/// How tickets are changed to another train.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ChangesDraft {
    /// How often.
    #[schemars(range(max = 255))]
    most: u8,
    /// What is allowed until when, the first first.
    #[schemars(length(min = 1, max = 8))]
    stages: Vec<ChangeStage>,
}

/// What change is allowed until when.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ChangeStage {
    /// Up to how many minutes before departure; negative for after it.
    #[schemars(range(min = -43_200, max = 525_600))]
    until_minutes_before: i32,
    /// To which dates.
    dates: DatesDraft,
    /// Whether to another city.
    #[serde(default)]
    other_destination: bool,
    /// How much is kept of what would be given back.
    #[serde(default)]
    #[schemars(range(max = 100))]
    fee_percent: u8,
}

/// To which dates a ticket may be changed.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum DatesDraft {
    /// To any.
    Any,
    /// To the ticket's or an earlier one.
    NotLater,
    /// To the ticket's alone.
    Same,
}

/// Whether tickets go back.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RefundDraft {
    /// Never, after a person has decided, or at once.
    mode: RefundMode,
    /// How many hours before the departure it has to be asked for at the latest.
    #[serde(default)]
    #[schemars(range(max = 8_760))]
    hours_before: u16,
}

/// How a refund is decided.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum RefundMode {
    /// There is none.
    None,
    /// A person decides.
    Review,
    /// At once.
    Automatic,
}

/// When the sale of a run begins: at a moment, or days before it sets out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SaleStarts {
    /// At this moment; comes before the other two.
    at: Option<app::wire::Instant>,
    /// So many days before the run sets out.
    #[serde(default)]
    #[schemars(range(max = 366))]
    days_before: u16,
    /// At this local time; midnight where nothing is said.
    #[schemars(length(max = 5))]
    time: Option<String>,
}

/// What is wrong, by field.
struct Findings<'f> {
    within: &'f str,
    wrong: &'f mut Vec<Detail>,
}

impl Findings<'_> {
    fn note<T, E: std::fmt::Display>(&mut self, field: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|reason| {
            let (field, reason) = (format!("{}.{field}", self.within), reason.to_string());
            self.wrong.push(Detail { field, reason });
        })
        .ok()
    }
}

impl Template {
    /// The terms, and when the sale begins. What is wrong is noted under `within`.
    pub(crate) fn read(&self, currency: Currency, within: &str, wrong: &mut Vec<Detail>) -> Option<(Terms, Opens)> {
        let mut findings = Findings { within, wrong };
        let formation = self.formation(&mut findings);
        let tariff = self.tariff(currency, &mut findings);
        let quotas = self.quotas(&mut findings);
        let changes = self.changes(&mut findings);
        let opens = self.sale_starts.read(&mut findings);
        let terms = Terms {
            formation: formation?,
            tariff: tariff?,
            quotas: quotas?,
            changes: changes?,
            refunds: self.refunds(),
            closes_minutes_before: self.closes_minutes_before,
        };
        let checked = terms.check();
        findings.note("fares", checked)?;
        Some((terms, opens?))
    }

    fn formation(&self, findings: &mut Findings<'_>) -> Option<Formation> {
        let mut coaches = Vec::new();
        for (number, draft) in self.coaches.iter().enumerate() {
            let class: Class = findings.note(&format!("coaches[{number}].class"), draft.class.parse())?;
            let (layout, rows) = (draft.layout.read(), draft.rows);
            let numbers = draft.first..=draft.last.unwrap_or(draft.first);
            coaches.extend(numbers.map(|number| Coach { number, class: class.clone(), layout, rows }));
        }
        findings.note("coaches", Formation::new(coaches))
    }

    fn tariff(&self, currency: Currency, findings: &mut Findings<'_>) -> Option<Tariff> {
        let mut classes = BTreeMap::new();
        for (number, draft) in self.fares.iter().enumerate() {
            let field = format!("fares[{number}]");
            let class: Class = findings.note(&format!("{field}.class"), draft.class.parse())?;
            let fares = draft.read(&field, findings)?;
            if classes.insert(class, fares).is_some() {
                return findings.note(&format!("{field}.class"), Err("is there twice"));
            }
        }
        findings.note("fares", Tariff::new(currency, self.round_to.unwrap_or(1), classes))
    }

    fn quotas(&self, findings: &mut Findings<'_>) -> Option<BTreeMap<Class, Quota>> {
        let mut quotas = BTreeMap::new();
        for (number, draft) in self.quotas.iter().enumerate() {
            let field = format!("quotas[{number}]");
            let class: Class = findings.note(&format!("{field}.class"), draft.class.parse())?;
            let stage =
                |stage: &QuotaStage| Stage { until_minutes_before: stage.until_minutes_before, percent: stage.percent };
            let quota = Quota::new(draft.least_km, draft.stages.iter().map(stage).collect());
            quotas.insert(class, findings.note(&format!("{field}.stages"), quota)?);
        }
        Some(quotas)
    }

    fn changes(&self, findings: &mut Findings<'_>) -> Option<Policy> {
        let (most, stages) =
            self.changes.as_ref().map_or((0, [].as_slice()), |changes| (changes.most, &changes.stages));
        let stages = stages.iter().map(|stage| change::Stage {
            until_minutes_before: stage.until_minutes_before,
            dates: match stage.dates {
                DatesDraft::Any => change::Dates::Any,
                DatesDraft::NotLater => change::Dates::NotLater,
                DatesDraft::Same => change::Dates::Same,
            },
            other_destination: stage.other_destination,
            fee_percent: stage.fee_percent,
        });
        findings.note("changes.stages", Policy::new(most, stages.collect()))
    }

    fn refunds(&self) -> RefundPolicy {
        let Some(RefundDraft { mode, hours_before }) = self.refund_policy else {
            return RefundPolicy::Automatic { hours_before: 0 };
        };
        match mode {
            RefundMode::None => RefundPolicy::Never,
            RefundMode::Review => RefundPolicy::Review { hours_before },
            RefundMode::Automatic => RefundPolicy::Automatic { hours_before },
        }
    }
}

impl FaresDraft {
    fn read(&self, field: &str, findings: &mut Findings<'_>) -> Option<ClassFares> {
        let mut stated = BTreeMap::new();
        for (number, draft) in self.stated.iter().enumerate() {
            let end = |text: &str| text.parse::<Telecode>();
            let from = findings.note(&format!("{field}.stated[{number}].from"), end(&draft.from));
            let to = findings.note(&format!("{field}.stated[{number}].to"), end(&draft.to));
            stated.insert((from?, to?), draft.price);
        }
        let bands = self.bands.iter().map(|band| Band { to_km: band.to_km, milli_per_km: band.milli_per_km });
        Some(ClassFares {
            base: self.base,
            bands: bands.collect(),
            child_percent: self.child_percent.unwrap_or(50),
            student_percent: self.student_percent.unwrap_or(100),
            stated,
        })
    }
}

impl LayoutDraft {
    const fn read(self) -> Layout {
        match self {
            Self::OneOne => Layout::OneOne,
            Self::TwoOne => Layout::TwoOne,
            Self::TwoTwo => Layout::TwoTwo,
            Self::ThreeTwo => Layout::ThreeTwo,
            Self::Berths4 => Layout::Berths4,
            Self::Berths6 => Layout::Berths6,
        }
    }
}

impl SaleStarts {
    fn read(&self, findings: &mut Findings<'_>) -> Option<Opens> {
        if let Some(moment) = self.at {
            return Some(Opens::At(moment.0));
        }
        let time = self.time.as_deref().unwrap_or("00:00").parse::<TimeOfDay>();
        let at = findings.note("saleStarts.time", time)?;
        Some(Opens::Before { days: self.days_before, at })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn template() -> Value {
        json!({
            "name": "emu",
            "coaches": [
                {"first": 1, "class": "first", "layout": "2+2", "rows": 10},
                {"first": 2, "last": 8, "class": "second", "layout": "3+2", "rows": 17},
            ],
            "fares": [
                {"class": "first", "bands": [{"toKm": 500, "milliPerKm": 800_000}]},
                {"class": "second", "base": 200, "bands": [{"toKm": 500, "milliPerKm": 460_000}], "studentPercent": 75,
                 "stated": [{"from": "BJP", "to": "SHH", "price": 55_300}]},
            ],
            "roundTo": 50,
            "quotas": [{"class": "second", "leastKm": 600, "stages": [{"untilMinutesBefore": 1_440, "percent": 30}]}],
            "changes": {"most": 1, "stages": [{"untilMinutesBefore": 0, "dates": "notLater", "feePercent": 5}]},
            "refundPolicy": {"mode": "automatic", "hoursBefore": 2},
            "saleStarts": {"daysBefore": 15, "time": "08:00"},
            "closesMinutesBefore": 5,
        })
    }

    fn read(template: Value) -> Result<(Terms, Opens), Vec<String>> {
        let template: Template = serde_json::from_value(template).unwrap();
        let mut wrong = Vec::new();
        template
            .read(Currency::CNY, "templates[0]", &mut wrong)
            .ok_or_else(|| wrong.into_iter().map(|detail| detail.field).collect())
    }

    #[test]
    fn terms_are_what_the_operator_wrote() {
        let (terms, opens) = read(template()).unwrap();
        let class = |name: &str| name.parse::<Class>().unwrap();
        assert_eq!(terms.formation.seats(&class("second")), 7 * 17 * 5);
        assert_eq!(terms.tariff.classes()[&class("first")].child_percent, 50);
        assert_eq!(terms.quotas[&class("second")].least_km(), 600);
        assert_eq!((terms.changes.most(), terms.refunds), (1, RefundPolicy::Automatic { hours_before: 2 }));
        assert_eq!(opens, Opens::Before { days: 15, at: "08:00".parse().unwrap() });
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |pointer: &str, value: Value, expected: &str| {
            let mut odd = template();
            *odd.pointer_mut(pointer).unwrap() = value;
            assert_eq!(read(odd).unwrap_err(), [format!("templates[0].{expected}")], "{pointer}");
        };
        check("/coaches/0/class", "First".into(), "coaches[0].class");
        check("/coaches/0/first", 2.into(), "coaches");
        check("/coaches/0/class", "third".into(), "fares");
        check("/fares/0/class", "second".into(), "fares[1].class");
        check("/fares/1/stated/0/to", "12".into(), "fares[1].stated[0].to");
        check("/quotas/0/stages/0/percent", 101.into(), "quotas[0].stages");
        check("/quotas/0/class", "third".into(), "fares");
        check("/changes/stages/0/feePercent", 101.into(), "changes.stages");
        check("/saleStarts/time", "25:00".into(), "saleStarts.time");
    }
}
