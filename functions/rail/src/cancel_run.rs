//! `POST /api/admin/rail/runs/{id}/cancel`: a run does not run.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route};
use domain::{
    rail::run::{RunPlan, Status},
    user::Role,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Table;

use crate::{get_run::RunPath, list_admin_runs::AdminRun};

/// The operation.
pub static OPERATION: Operation = Operation::of::<CancelRun>();

/// How often a decision is made anew where somebody else changed the run meanwhile.
const ROUNDS: u8 = 5;

/// Why.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct CancelRun {
    /// Passengers are told.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

impl Endpoint for CancelRun {
    const ROUTE: Route = Route {
        name: "cancel-run",
        method: Method::Post,
        path: "/api/admin/rail/runs/{id}/cancel",
        auth: Auth::AtLeast(Role::Admin),
        grants: &[Grant::read(Table::Catalogue), Grant::write(Table::Catalogue)],
        summary: "Cancel a run: nothing more is sold of it",
        errors: &[Code::NotFound, Code::Busy],
        ..Route::DEFAULT
    };
    type Path = RunPath;
    type Output = AdminRun;

    async fn handle(self, path: RunPath, caller: Caller, app: &'static App) -> Result<AdminRun, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let reason = self.reason.trim();
        if reason.is_empty() {
            return Err(Error::field("reason", "must say something"));
        }
        for _ in 0..ROUNDS {
            let plan = tenant.rail().run(path.id.0).await?.ok_or(Code::NotFound)?;
            if matches!(plan.status, Status::Cancelled { .. }) {
                return Ok(AdminRun::of(&plan));
            }
            let status = Status::Cancelled { reason: reason.to_owned() };
            let cancelled = RunPlan { status, version: plan.version + 1, ..plan.clone() };
            if tenant.rail().put_run(&cancelled).await?.is_done() {
                caller.trail.changed(cancelled.id, &plan.status, &cancelled.status);
                return Ok(AdminRun::of(&cancelled));
            }
        }
        Err(Code::Busy.into())
    }
}
