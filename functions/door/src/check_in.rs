//! `POST /api/door/check-in`: lets the holder of a ticket in, once.
//!
//! Only the ticket's signed token opens the door; its id, which stands in mails and on receipts, does not.

use app::{
    App, Auth, Caller, Code, Endpoint, Error, Grant, Logged, Method, Nothing, Operation, Route, auth, ticket_code,
    ticket_view::{TicketView, occasion_of},
};
use data_encoding::HEXLOWER;
use domain::{
    Timestamp,
    event::Zone,
    id::{Id as _, UserId},
    ticket::{Admission, DoorRefusal, Ticket, TicketState, Validity},
    user::Role,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Admitted, Table, Tenant};

use crate::after;

/// The operation.
pub static OPERATION: Operation = Operation::of::<CheckIn>();

/// What was scanned.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckIn {
    /// What the QR code says. No QR code says more than 7 089 characters (ISO/IEC 18004).
    #[schemars(length(max = 7_089))]
    code: String,
    /// Which gate.
    #[schemars(length(min = 1, max = 64))]
    gate: Option<String>,
    /// Which scanner.
    #[schemars(length(min = 1, max = 64))]
    device_id: Option<String>,
    /// New for every scan, and the same where its answer was lost and it is sent again: that one is admitted once more.
    #[schemars(length(min = 1, max = 64))]
    nonce: Option<String>,
}

/// The door opens.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckedIn {
    result: Outcome,
    ticket: TicketView,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Outcome {
    Admitted,
}

impl Endpoint for CheckIn {
    const ROUTE: Route = Route {
        name: "check-in",
        method: Method::Post,
        path: "/api/door/check-in",
        auth: Auth::AtLeast(Role::Staff),
        grants: &[
            Grant::read(Table::Tickets),
            Grant::write(Table::Tickets),
            Grant::read(Table::Catalogue),
            Grant::read(Table::Orders),
            Grant::write(Table::Orders),
            Grant::write(Table::Activity),
            Grant::read_files(),
        ],
        summary: "Let the holder of a ticket in",
        errors: &[Code::UnknownTicket, Code::AlreadyUsed, Code::NotYetValid, Code::Expired, Code::Void],
        logged: Logged::Not("a ticket that is used and an admission are records themselves, one for each scan"),
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = CheckedIn;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<CheckedIn, Error> {
        let (tenant, now) = (app.store.tenant(caller.tenant()?), app.now());
        let ticket = load(app, &tenant, &self.code).await?;
        let occasion = occasion_of(app, tenant.id(), &ticket).await?;
        let validity = occasion.validity();

        let admission = Admission { at: now, nonce: self.nonce(caller.user()?, app)?, gate: self.gate };
        let outcome = admit(&tenant, ticket.clone(), validity, admission).await?;
        if let Some(nonce) = scan_let_in(&outcome) {
            after::follow(&tenant, &ticket, nonce, validity, now).await;
        }
        let ticket = outcome.map_err(|refusal| explain(refusal, &occasion.zone))?;
        tracing::info!(target: "door", ticket = %ticket.id, device = self.device_id, "admitted");
        let ticket = TicketView::of(app, tenant.id(), &ticket, &occasion, now).await?;
        Ok(CheckedIn { result: Outcome::Admitted, ticket })
    }
}

impl CheckIn {
    /// What makes a repeat of this scan recognisable. Another scanner that counts its scans the same way is another.
    fn nonce(&self, user: UserId, app: &App) -> Result<String, Error> {
        let Some(nonce) = &self.nonce else {
            return Ok(HEXLOWER.encode(&app.random::<16>()?));
        };
        let device = self.device_id.as_deref().unwrap_or_default();
        Ok(scan(user, device, nonce))
    }
}

fn scan(user: UserId, device: &str, nonce: &str) -> String {
    HEXLOWER.encode(&auth::sha256(&[b"scan", &user.bytes(), device.as_bytes(), nonce.as_bytes()])[..16])
}

/// The ticket of a token. Whatever is wrong with a token, the answer is the same: somebody may be trying.
async fn load(app: &App, tenant: &Tenant, token: &str) -> Result<Ticket, Error> {
    let payload = ticket_code::read(app, tenant.id(), token).ok_or(Code::UnknownTicket)?;
    let ticket = tenant.tickets().find(payload.ticket).await?;
    ticket.filter(|ticket| ticket_code::payload(ticket) == payload).ok_or_else(|| Code::UnknownTicket.into())
}

/// Decides, and writes what was decided if the ticket is still valid.
async fn admit(
    tenant: &Tenant,
    ticket: Ticket,
    validity: Validity,
    admission: Admission,
) -> Result<Result<Ticket, DoorRefusal>, Error> {
    let is_repeat = matches!(ticket.state, TicketState::Used(_));
    let used = match ticket.admit(validity, admission.clone()) {
        Ok(used) => used,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if is_repeat {
        return Ok(Ok(used));
    }
    match tenant.tickets().admit(used.id, &admission).await? {
        Admitted::Done => Ok(Ok(used)),
        // Somebody was faster. What is stored now is not valid, so it cannot be admitted without having been written.
        Admitted::Refused(stored) => match stored.admit(validity, admission) {
            Err(refusal) => Ok(Err(refusal)),
            Ok(_) => Err(Error::internal("a ticket that is valid was refused")),
        },
    }
}

/// The scan that was let in with the ticket: this one, or the one before it.
fn scan_let_in(outcome: &Result<Ticket, DoorRefusal>) -> Option<&str> {
    match outcome {
        Ok(Ticket { state: TicketState::Used(admission), .. }) | Err(DoorRefusal::Used(admission)) => {
            Some(&admission.nonce)
        }
        _ => None,
    }
}

fn explain(refusal: DoorRefusal, zone: &Zone) -> Error {
    let moment = |at: Timestamp| zone.rfc3339(at);
    match refusal {
        DoorRefusal::NotYet { from } => Error::new(Code::NotYetValid).with("validFrom", moment(from)),
        DoorRefusal::Expired => Code::Expired.into(),
        DoorRefusal::Void => Code::Void.into(),
        DoorRefusal::Used(earlier) => Error::new(Code::AlreadyUsed).with("usedAt", moment(earlier.at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_code_and_fact() {
        let at = Timestamp::from_second(1_767_225_600).unwrap();
        let zone: Zone = "Asia/Shanghai".parse().unwrap();
        let earlier = Admission { at, nonce: "secret".into(), gate: Some("A".into()) };
        let check = |refusal, code, facts: &str| {
            let error = explain(refusal, &zone);
            assert_eq!(error.code, code);
            assert_eq!(serde_json::to_string(&error.facts).unwrap(), facts);
        };
        check(DoorRefusal::Used(earlier), Code::AlreadyUsed, r#"{"usedAt":"2026-01-01T08:00:00+08:00"}"#);
        check(DoorRefusal::NotYet { from: at }, Code::NotYetValid, r#"{"validFrom":"2026-01-01T08:00:00+08:00"}"#);
        check(DoorRefusal::Expired, Code::Expired, "{}");
        check(DoorRefusal::Void, Code::Void, "{}");
    }

    #[test]
    fn a_nonce_is_of_one_scanner() {
        let (anna, ben) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
        assert_eq!(scan(anna, "a", "1"), scan(anna, "a", "1"));
        assert_ne!(scan(anna, "a", "1"), scan(ben, "a", "1"));
        assert_ne!(scan(anna, "a", "1"), scan(anna, "b", "1"));
        assert_ne!(scan(anna, "a", "1"), scan(anna, "", "a1"));
        assert_eq!(scan(anna, "a", "1").len(), 32);
    }

    #[test]
    fn the_route_admits_no_customers() {
        assert_eq!(CheckIn::ROUTE.auth, Auth::AtLeast(Role::Staff));
    }
}
