//! `GET /api/rail/runs/{id}`: one run with its stops, and what a stretch of it costs.

use std::sync::Arc;

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route,
    wire::{IdText, Text},
};
use domain::{
    Timestamp,
    id::RunId,
    rail::{
        coach::Class,
        run::{RunPlan, Status},
        station::Telecode,
        stretch::Stretch,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Table, Tenant};

use crate::offer::{Offer, StopView, offer, stops};

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetRun>();

/// Which stretch is asked about; the whole way where nothing is said.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetRun {
    /// The telecode of the station where the journey begins.
    #[schemars(length(max = 3))]
    from: Option<String>,
    /// The telecode of the station where it ends.
    #[schemars(length(max = 3))]
    to: Option<String>,
}

/// Which run.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct RunPath {
    /// The run.
    pub id: IdText<RunId>,
}

/// A run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    /// What the stretch that was asked about costs, and what is left of it.
    #[serde(flatten)]
    pub offer: Offer,
    /// Every stop.
    pub stops: Vec<StopView>,
    /// How many seats each class has in all, and in which coaches.
    pub coaches: Vec<CoachView>,
    /// Why the run was cancelled, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A coach.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CoachView {
    /// Its number.
    pub number: u8,
    /// Its class.
    pub class: Text<Class>,
    /// How its seats lie.
    pub layout: String,
    /// How many seats it has.
    pub seats: u32,
}

impl Endpoint for GetRun {
    const ROUTE: Route = Route {
        name: "get-run",
        method: Method::Get,
        path: "/api/rail/runs/{id}",
        auth: Auth::Public,
        grants: &[Grant::read(Table::Catalogue)],
        summary: "Show a run with its stops, and what a stretch of it costs",
        errors: &[Code::NotFound],
        cache: Some("public, max-age=2"),
        ..Route::DEFAULT
    };
    type Path = RunPath;
    type Output = RunView;

    async fn handle(self, path: RunPath, caller: Caller, app: &'static App) -> Result<RunView, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let plan = shown(&tenant, path, now).await?;
        let stretch = self.stretch(&plan)?;
        let offer = offer(&tenant, &plan, stretch, now).await?.ok_or(Code::NotFound)?;
        let reason = match &plan.status {
            Status::Cancelled { reason } => Some(reason.clone()),
            Status::Opening | Status::Open => None,
        };
        Ok(RunView { offer, stops: stops(&plan), coaches: coaches(&plan), reason })
    }
}

/// A run that everybody may see: one that is being opened is not there yet.
pub(crate) async fn shown(tenant: &Tenant, path: RunPath, now: Timestamp) -> Result<Arc<RunPlan>, Error> {
    let plan = tenant.rail().run_cached(path.id.0, now).await?;
    Ok(plan.filter(|plan| plan.status != Status::Opening).ok_or(Code::NotFound)?)
}

impl GetRun {
    fn stretch(&self, plan: &RunPlan) -> Result<Stretch, Error> {
        let calls = plan.train.stops();
        let end = |text: &Option<String>, usual: Option<Telecode>, field| match text {
            Some(text) => text.parse().ok().filter(|code| calls.iter().any(|stop| stop.station == *code)).ok_or(field),
            None => usual.ok_or(field),
        };
        let from = end(&self.from, calls.first().map(|stop| stop.station), "from");
        let to = end(&self.to, calls.last().map(|stop| stop.station), "to");
        let no_stop = |field| Error::field(field, "must be the telecode of a stop of the run");
        match (from, to) {
            (Ok(from), Ok(to)) => {
                plan.stretch(from, to).ok_or_else(|| Error::field("to", "must be a later stop than from"))
            }
            (Err(from), Err(to)) => Err(Error::fields([no_stop(from).details, no_stop(to).details].concat())),
            (Err(field), Ok(_)) | (Ok(_), Err(field)) => Err(no_stop(field)),
        }
    }
}

fn coaches(plan: &RunPlan) -> Vec<CoachView> {
    let coaches = plan.terms.formation.coaches().iter();
    let view = coaches.map(|coach| CoachView {
        number: coach.number,
        class: Text(coach.class.clone()),
        layout: coach.layout.word().to_owned(),
        seats: u32::from(coach.rows) * u32::from(coach.layout.seats()),
    });
    view.collect()
}
