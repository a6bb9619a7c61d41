//! The coach rows of a run: what its seats are held in.

use app::Error;
use domain::rail::{
    row::{Kind, Row},
    run::RunPlan,
};
use store::Tenant;

/// Makes the rows of a run that are not there yet. Safe to repeat, also while seats are being sold.
pub(crate) async fn make(tenant: &Tenant, plan: &RunPlan) -> Result<(), Error> {
    let stops = plan.train.stop_count();
    for class in plan.terms.formation.classes() {
        let rows = plan.terms.formation.rows(class).into_iter();
        let rows = rows.map(|row| (row.block, Row::empty(Kind::Coach, row.layout.seats(), stops)));
        tenant.inventory().open_coaches(tenant.rail().pool(plan.id, class), rows).await?;
    }
    Ok(())
}
