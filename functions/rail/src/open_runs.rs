//! `POST /api/admin/rail/runs`: opens trains on dates for sale.
//!
//! A day of a large railway is thousands of runs with a million rows of seats, so nothing is opened here: what is to be done
//! is noted under a name, and a worker makes the runs, part by part.

use std::collections::BTreeSet;

use app::{
    App, Auth, Caller, Code, Detail, Endpoint, Error, Grant, Idempotency, Located, Method, Nothing, Operation, Route,
    message::RunsAsked, wire::Text,
};
use domain::{
    Timestamp,
    id::{Id as _, RunId},
    money::Currency,
    rail::{
        network::Network,
        opening::{Lot, Opening, Opens, Which},
        run::Terms,
    },
    user::Role,
};
use jiff::civil::Date;
use providers::queue::Queue;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Opening as Stored, Table};

use crate::{
    get_opening::{OpeningView, name_of},
    terms::Template,
};

/// The operation.
pub static OPERATION: Operation = Operation::of::<OpenRuns>();

/// The most runs of one opening.
const MOST_RUNS: usize = 100_000;

/// What is to be opened.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenRuns {
    /// The first date.
    #[schemars(with = "String", extend("format" = "date"))]
    from: Date,
    /// The last date; the first where nothing is said.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    to: Option<Date>,
    /// The IANA name of the zone in which the timetable is printed; Asia/Shanghai where nothing is said.
    #[schemars(length(min = 1, max = 50))]
    timezone: Option<String>,
    /// ISO 4217; CNY where nothing is said.
    currency: Option<Text<Currency>>,
    /// Terms by name.
    #[schemars(length(min = 1, max = 64))]
    templates: Vec<Template>,
    /// Which trains on which terms. A train that several take goes to the first of them.
    #[schemars(length(min = 1, max = 64))]
    trains: Vec<LotDraft>,
}

/// Trains with the same terms; all of them where nothing is said.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct LotDraft {
    /// The terms' name; the first terms where nothing is said.
    #[schemars(length(min = 1, max = 40))]
    template: Option<String>,
    /// Numbers of trains, or names of services.
    #[schemars(length(min = 1, max = 5_000), inner(length(min = 1, max = 32)))]
    numbers: Option<Vec<String>>,
    /// How the numbers of the trains begin.
    #[schemars(length(min = 1, max = 16))]
    beginning: Option<String>,
}

impl Endpoint for OpenRuns {
    const ROUTE: Route = Route {
        name: "open-runs",
        method: Method::Post,
        path: "/api/admin/rail/runs",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::read(Table::Activity),
            Grant::write(Table::Activity),
            Grant::send(Queue::MakeRuns),
        ],
        summary: "Open trains on dates for sale; made by and by",
        success: 202,
        idempotency: Idempotency::Taken,
        errors: &[Code::IdempotencyConflict, Code::WrongState],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Located<OpeningView>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Located<OpeningView>, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let asked = self.read()?;
        let network = tenant.rail().network(now).await?;
        let network = network.ok_or_else(|| Error::new(Code::WrongState).with("reason", "there is no timetable"))?;
        let (asked, runs) = counted(asked, &network)?;
        let fresh = RunId::new(now, app.random()?).bytes();
        let name = name_of(app.once().claim(&caller, fresh).await?.id());

        // A repeat notes nothing, and asks again for what the first attempt may have died before asking for.
        tenant.rail().put_opening(&name, &Stored { asked, at: now, runs }).await?;
        let stored = tenant.rail().opening(&name).await?.ok_or(Code::Internal)?;
        caller.trail.made(&name, &(stored.asked.from, stored.asked.to, stored.runs));
        ask(app, &caller, &name, &stored.asked, now).await?;
        let location = format!("/api/admin/rail/openings/{name}");
        Ok(Located { location, value: OpeningView::of(&name, &stored, &[]) })
    }
}

/// Sends a message for each date; the worker divides it.
async fn ask(app: &App, caller: &Caller, name: &str, asked: &Opening, now: Timestamp) -> Result<(), Error> {
    let tenant = caller.tenant()?;
    for date in asked.dates() {
        let (tenant, opening) = (Text(tenant.clone()), name.to_owned());
        let message = RunsAsked { tenant, opening, date: Text(date), from: 0, to: asked.parts };
        app.queues.send(Queue::MakeRuns, &message, 0, now).await?;
    }
    Ok(())
}

/// How many runs there are to open, and the opening in as many parts as that takes.
fn counted(opening: Opening, network: &Network) -> Result<(Opening, u32), Error> {
    let counts: Vec<usize> = opening.dates().map(|date| opening.services(network, date).count()).collect();
    let (sum, most) = (counts.iter().sum(), counts.iter().copied().max().unwrap_or_default());
    match sum {
        0 => Err(Error::field("trains", "none of the timetable sets out on these dates")),
        1..=MOST_RUNS => {
            let runs = u32::try_from(sum).unwrap_or(u32::MAX);
            Ok((Opening { parts: Opening::parts_for(most), ..opening }, runs))
        }
        _ => Err(Error::field("trains", format_args!("must be at most {MOST_RUNS} runs, and are {sum}"))),
    }
}

impl OpenRuns {
    /// What is to be done, in one part.
    fn read(&self) -> Result<Opening, Error> {
        let mut wrong = Vec::new();
        let mut note = |field: &str, reason: String| wrong.push(Detail { field: field.to_owned(), reason });
        // What a run's id can tell.
        if !(2000..3000).contains(&self.from.year()) {
            note("from", "must be in this millennium".to_owned());
        }
        let to = self.to.unwrap_or(self.from);
        let days = (to - self.from).get_days();
        if !(0..Opening::MAX_DATES).contains(&days) {
            note("to", format!("must be 0 to {} days after from", Opening::MAX_DATES - 1));
        }
        let zone = self.timezone.as_deref().unwrap_or("Asia/Shanghai").parse();
        let zone = zone.map_err(|error: domain::event::UnknownZone| note("timezone", error.to_string()));
        let currency = self.currency.as_ref().map_or(Currency::CNY, |currency| currency.0);
        let terms = self.terms(currency, &mut wrong);
        let lots = self.lots(&terms, &mut wrong);
        let (Ok(zone), true) = (zone, wrong.is_empty()) else { return Err(Error::fields(wrong)) };

        Ok(Opening { from: self.from, to, zone, lots, parts: 1 })
    }

    fn terms(&self, currency: Currency, wrong: &mut Vec<Detail>) -> Vec<(&str, Option<(Terms, Opens)>)> {
        let mut names = BTreeSet::new();
        let mut terms = Vec::new();
        for (number, template) in self.templates.iter().enumerate() {
            let within = format!("templates[{number}]");
            if !names.insert(&template.name) {
                wrong.push(Detail { field: format!("{within}.name"), reason: "is there twice".to_owned() });
            }
            terms.push((template.name.as_str(), template.read(currency, &within, wrong)));
        }
        terms
    }

    fn lots(&self, terms: &[(&str, Option<(Terms, Opens)>)], wrong: &mut Vec<Detail>) -> Vec<Lot> {
        let mut lots = Vec::new();
        for (number, draft) in self.trains.iter().enumerate() {
            let mut note = |field: &str, reason: &str| {
                wrong.push(Detail { field: format!("trains[{number}].{field}"), reason: reason.to_owned() });
            };
            let which = match (&draft.numbers, &draft.beginning) {
                (None, None) => Which::All,
                (Some(numbers), None) => Which::Named(numbers.iter().cloned().collect()),
                (None, Some(beginning)) => Which::Beginning(beginning.clone()),
                (Some(_), Some(_)) => {
                    note("beginning", "must not be there together with numbers");
                    continue;
                }
            };
            let named = |name: &str| draft.template.as_deref().is_none_or(|template| template == name);
            match terms.iter().find(|(name, _)| named(name)) {
                Some((_, Some((terms, opens)))) => lots.push(Lot { which, terms: terms.clone(), opens: *opens }),
                // What is wrong with these terms was said.
                Some((_, None)) => {}
                None => note("template", "is the name of no template"),
            }
        }
        lots
    }
}
