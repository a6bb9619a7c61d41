//! Makes the runs that an opening asks for.
//!
//! A message names some parts of a date. Several are divided among messages of their own, ten at a time; one is made here.
//! Whoever dies in between leaves nothing that a repeat does not finish: a run is noted as opening with all that it is, then
//! its rows are made, then it is opened. What was noted first counts, also where somebody else asks for other terms.

use app::{App, Duty, Failure, Grant, Job, Source, Worker, message::RunsAsked};
use domain::rail::{
    opening::Opening,
    run::{RunPlan, Status},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;
use providers::queue::{Queue, Queues};
use serde::{Deserialize, Serialize};
use store::{OpenedPart, Table, Tenant, keys::run_id};

use crate::rows;

/// The worker.
pub static WORKER: Worker = Worker::of::<MakeRuns>();

/// How many runs are made at the same time; each writes several rows at once.
const AT_ONCE: usize = 4;

/// Parts of a date.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct MakeRuns(RunsAsked);

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    Opened,
    WasThere,
}

impl Job for MakeRuns {
    const DUTY: Duty = Duty {
        name: "make-runs",
        source: Source::Queue(Queue::MakeRuns),
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::write(Table::Catalogue),
            Grant::write(Table::Inventory),
            Grant::read(Table::Activity),
            Grant::write(Table::Activity),
            Grant::send(Queue::MakeRuns),
        ],
        summary: "Open runs of trains for sale",
    };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let RunsAsked { from, to, .. } = self.0;
        match to.saturating_sub(from) {
            0 => Ok(()),
            1 => self.make(app).await,
            _ => self.divide(app).await,
        }
    }
}

impl MakeRuns {
    async fn divide(self, app: &App) -> Result<(), Failure> {
        let messages: Vec<String> = divided(self.0.from, self.0.to)
            .map(|(from, to)| serde_json::to_string(&RunsAsked { from, to, ..self.0.clone() }))
            .collect::<Result<_, _>>()
            .map_err(Failure::poison)?;
        let failed = app.queues.send_batch(Queue::MakeRuns, &messages).await;
        match failed.into_iter().next() {
            Some((_, why)) => Err(why.into()),
            None => Ok(()),
        }
    }

    async fn make(self, app: &App) -> Result<(), Failure> {
        let (tenant, now) = (app.store.tenant(&self.0.tenant.0), app.now());
        let (date, part) = (self.0.date.0, self.0.from);
        let Some(opening) = tenant.rail().opening(&self.0.opening).await? else {
            return Err(Failure::poison("there is no such opening"));
        };
        let plans = plans(&tenant, &opening.asked, (date, part), now).await?;
        let made = stream::iter(plans).map(|plan| make(&tenant, plan)).buffer_unordered(AT_ONCE);
        let made: Vec<Made> = made.try_collect().await?;
        let count = |what| u32::try_from(made.iter().filter(|made| **made == what).count()).unwrap_or(u32::MAX);
        let done = OpenedPart { date, part, opened: count(Made::Opened), there: count(Made::WasThere) };
        Ok(tenant.rail().put_opened(&self.0.opening, done, now).await?)
    }
}

/// Cuts parts into as many ranges as one call sends messages.
fn divided(from: u16, to: u16) -> impl Iterator<Item = (u16, u16)> {
    let most = u16::try_from(Queues::BATCH).unwrap_or(1);
    let step = to.saturating_sub(from).div_ceil(most).max(1);
    (from..to).step_by(step.into()).map(move |first| (first, first.saturating_add(step).min(to)))
}

/// The runs of a part.
async fn plans(
    tenant: &Tenant,
    asked: &Opening,
    (date, part): (Date, u16),
    now: domain::Timestamp,
) -> Result<Vec<RunPlan>, Failure> {
    let Some(network) = tenant.rail().network(now).await? else {
        return Err(Failure::poison("there is no timetable"));
    };
    let plans = asked.services(&network, date).filter_map(|(name, service, lot)| {
        let id = run_id(name, date);
        (asked.part_of(id) == part).then(|| asked.plan(id, name, date, service, lot, &network))
    });
    Ok(plans.collect())
}

/// Makes one run.
async fn make(tenant: &Tenant, plan: RunPlan) -> Result<Made, Failure> {
    let noted = if tenant.rail().put_run(&plan).await?.is_done() {
        plan
    } else {
        let noted = tenant.rail().run(plan.id).await?;
        noted.ok_or_else(|| Failure::retry("a run that is neither there nor absent"))?
    };
    if noted.status != Status::Opening {
        return Ok(Made::WasThere);
    }
    rows::make(tenant, &noted).await?;
    let open = RunPlan { status: Status::Open, version: noted.version + 1, ..noted };
    // Whoever was quicker has opened it, or cancelled it.
    let _ = tenant.rail().put_run(&open).await?;
    Ok(Made::Opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_in_one_range() {
        for (from, to) in [(0, 2), (0, 10), (0, 11), (5, 104), (0, 4_096)] {
            let ranges: Vec<_> = divided(from, to).collect();
            assert!(ranges.len() <= Queues::BATCH);
            assert_eq!((ranges[0].0, ranges[ranges.len() - 1].1), (from, to));
            assert!(ranges.windows(2).all(|pair| pair[0].1 == pair[1].0 && pair[0].0 < pair[0].1), "{ranges:?}");
            assert!(ranges.iter().all(|range| range.1 - range.0 < to - from));
        }
    }
}
