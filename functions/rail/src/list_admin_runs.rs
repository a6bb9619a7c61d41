//! `GET /api/admin/rail/runs`: the runs of a date as the operator sees them.

use app::{
    App, Auth, Caller, Endpoint, Error, Grant, Method, Nothing, Operation, Route,
    wire::{IdText, Instant, Listed, PageQuery, Text},
};
use domain::{
    id::RunId,
    rail::{
        coach::Class,
        run::{RunPlan, Status},
    },
    user::Role,
};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

/// The operation.
pub static OPERATION: Operation = Operation::of::<ListAdminRuns>();

/// Which runs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListAdminRuns {
    /// The date on which they set out.
    #[schemars(with = "String", extend("format" = "date"))]
    date: Date,
    status: Option<RunStatus>,
    /// How the train's number begins.
    #[schemars(length(max = 16))]
    train: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RunStatus {
    /// Its seats are being made.
    Opening,
    /// It is shown and sold.
    Open,
    /// It does not run.
    Cancelled,
}

/// A run as its operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminRun {
    /// The run.
    pub id: IdText<RunId>,
    /// The service of the timetable.
    pub service: String,
    /// The train's number.
    pub train: String,
    /// The date on which it sets out.
    #[schemars(with = "String", extend("format" = "date"))]
    pub date: Date,
    /// Where it sets out.
    pub from: String,
    /// Where it ends.
    pub to: String,
    /// When it sets out, in the railway's zone.
    pub departs_at: String,
    /// Where it stands.
    pub status: RunStatus,
    /// Why it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When its sale begins.
    pub sale_starts_at: Instant,
    /// Its classes.
    pub classes: Vec<ClassSeats>,
}

/// How many seats a class has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClassSeats {
    /// The class.
    pub class: Text<Class>,
    /// Seats in all.
    pub seats: u32,
}

impl AdminRun {
    pub(crate) fn of(plan: &RunPlan) -> Self {
        let (status, reason) = match &plan.status {
            Status::Opening => (RunStatus::Opening, None),
            Status::Open => (RunStatus::Open, None),
            Status::Cancelled { reason } => (RunStatus::Cancelled, Some(reason.clone())),
        };
        let name = |place: Option<&domain::rail::run::Place>| place.map(|place| place.name.clone()).unwrap_or_default();
        let formation = &plan.terms.formation;
        let seats = |class: &Class| ClassSeats { class: Text(class.clone()), seats: formation.seats(class) };
        Self {
            id: Text(plan.id),
            service: plan.service.clone(),
            train: plan.train.number().to_owned(),
            date: plan.date,
            from: name(plan.places.first()),
            to: name(plan.places.last()),
            departs_at: plan.departs(0).map(|departs| plan.zone.rfc3339(departs)).unwrap_or_default(),
            status,
            reason,
            sale_starts_at: Instant(plan.opens),
            classes: formation.classes().into_iter().map(seats).collect(),
        }
    }
}

impl Endpoint for ListAdminRuns {
    const ROUTE: Route = Route {
        name: "list-admin-runs",
        method: Method::Get,
        path: "/api/admin/rail/runs",
        auth: Auth::AtLeast(Role::Publisher),
        grants: &[Grant::read(Table::Catalogue)],
        summary: "List the runs of a date whatever their state, by train",
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Listed<AdminRun>;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Listed<AdminRun>, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let mut runs = tenant.rail().runs_of(self.date).await?;
        runs.retain(|plan| self.train.as_deref().is_none_or(|start| plan.train.number().starts_with(start)));
        runs.sort_by(|one, other| (one.train.number(), &one.service).cmp(&(other.train.number(), &other.service)));
        let runs = runs.iter().map(AdminRun::of);
        let runs = runs.filter(|run| self.status.is_none_or(|status| run.status == status));
        Ok(Listed::cut(runs.collect(), &self.page))
    }
}
