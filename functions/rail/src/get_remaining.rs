//! `GET /api/rail/runs/{id}/remaining`: how many seats of each class are left from every stop to every later one.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::Text};
use domain::rail::{coach::Class, matrix::Matrix, run::RunPlan, stretch::Stretch};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::get_run::{RunPath, shown};

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetRemaining>();

/// Nothing else is asked.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct GetRemaining {}

/// What is left of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RemainingView {
    /// The telecodes of its stops, in their order.
    pub stops: Vec<String>,
    /// Each class.
    pub classes: Vec<ClassRemaining>,
}

/// What is left of a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClassRemaining {
    /// The class.
    pub class: Text<Class>,
    /// For each stop but the last, how many seats are left from there to the next stop, to the one after it, and so on.
    pub remaining: Vec<Vec<u32>>,
}

impl Endpoint for GetRemaining {
    const ROUTE: Route = Route {
        name: "get-remaining",
        method: Method::Get,
        path: "/api/rail/runs/{id}/remaining",
        auth: Auth::Public,
        grants: &[Grant::read(Table::Catalogue)],
        summary: "Show how many seats of a run are left from every stop to every later one",
        errors: &[Code::NotFound],
        cache: Some("public, max-age=2"),
        ..Route::DEFAULT
    };
    type Path = RunPath;
    type Output = RemainingView;

    async fn handle(self, path: RunPath, caller: Caller, app: &'static App) -> Result<RemainingView, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let plan = shown(&tenant, path, now).await?;
        let mut classes = Vec::new();
        for class in plan.terms.formation.classes() {
            let left = tenant.rail().left(&plan, class, now).await?;
            classes.push(ClassRemaining { class: Text(class.clone()), remaining: rows(&plan, &left) });
        }
        let stops = plan.train.stops().iter().map(|stop| stop.station.to_string()).collect();
        Ok(RemainingView { stops, classes })
    }
}

/// The matrix, a row for each stop at which a ride may begin.
fn rows(plan: &RunPlan, left: &Matrix) -> Vec<Vec<u32>> {
    let last = plan.train.stop_count().saturating_sub(1);
    let row =
        |from: u16| (from + 1..=last).filter_map(|to| Stretch::new(from, to).ok()).map(|it| left.left(it)).collect();
    (0..last).map(row).collect()
}
