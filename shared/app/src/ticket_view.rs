//! A ticket as it is answered, wherever one is: in lists, in orders, at the door.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use domain::{
    Timestamp,
    id::{Id as _, OrderId, TicketId},
    occasion::Occasion,
    tenant::TenantId,
    ticket::{Ticket, TicketState, Validity},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{App, Error, auth::Keys, subject_view::SubjectView, ticket_code, wire::Text};

/// Seconds for which a link to an image works.
const LINK_SECS: u32 = 15 * 60;

/// A ticket. Times are in the venue's zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketView {
    id: Text<TicketId>,
    order_id: Text<OrderId>,
    #[serde(flatten)]
    subject: SubjectView,
    /// The seat; none where one sits where one likes.
    seat_no: Option<String>,
    status: TicketStatus,
    /// What the QR code says: shown to the door. None where the ticket does not admit any more.
    qr_code: Option<String>,
    /// The QR code as PNG; the link works for 15 minutes. None where the ticket was given back.
    qr_url: Option<String>,
    /// When the doors open.
    valid_from: String,
    /// Until when one is let in.
    valid_to: String,
    used_at: Option<String>,
}

/// Whether a ticket admits, as the world sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TicketStatus {
    /// It does, or will when the doors open.
    Valid,
    /// It did.
    Used,
    /// The session is over and nobody came in with it.
    Expired,
    /// It was given back.
    Void,
}

/// A form of a ticket's image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// Pixels.
    Png,
    /// Shapes.
    Svg,
}

impl Image {
    /// How names of such files end.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
        }
    }

    /// The media type (IANA).
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Svg => "image/svg+xml",
        }
    }

    /// What the file is called where somebody saves it.
    pub fn file_name(self, ticket: TicketId) -> String {
        format!("{ticket}.{}", self.extension())
    }
}

/// Where an image of a ticket lies in the bucket. Who has only the ticket's id cannot tell.
pub fn image_key(app: &App, tenant: &TenantId, ticket: TicketId, image: Image) -> String {
    key_of(&app.keys, tenant, ticket, image)
}

fn key_of(keys: &Keys, tenant: &TenantId, ticket: TicketId, image: Image) -> String {
    let secret = keys.mac("qr", &[tenant.as_str().as_bytes(), &ticket.bytes()]);
    format!("tickets/{tenant}/{}.{}", HEXLOWER.encode(&secret), image.extension())
}

/// What a ticket admits to. What has tickets keeps its times.
///
/// # Errors
/// `internal` where it is not there all the same.
pub async fn occasion_of(app: &App, tenant: &TenantId, ticket: &Ticket) -> Result<Arc<Occasion>, Error> {
    let occasion = app.store.tenant(tenant).occasion_cached(&ticket.subject, app.now()).await?;
    occasion.ok_or_else(|| Error::internal("what a ticket is for is missing"))
}

impl TicketStatus {
    /// What the world sees of a ticket now.
    pub fn of(ticket: &Ticket, validity: Validity, now: Timestamp) -> Self {
        match ticket.state {
            TicketState::Valid if now >= validity.to => Self::Expired,
            TicketState::Valid => Self::Valid,
            TicketState::Used(_) => Self::Used,
            TicketState::Void => Self::Void,
        }
    }
}

impl TicketView {
    /// The ticket as it is now. Signs a link, and so needs leave to read files.
    ///
    /// # Errors
    /// `internal` where the link cannot be signed.
    pub async fn of(
        app: &App,
        tenant: &TenantId,
        ticket: &Ticket,
        occasion: &Occasion,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let validity = occasion.validity();
        let status = TicketStatus::of(ticket, validity, now);
        let qr_code = match status {
            TicketStatus::Valid | TicketStatus::Used => Some(ticket_code::code(app, tenant, ticket)),
            TicketStatus::Expired | TicketStatus::Void => None,
        };
        let qr_url = match status {
            TicketStatus::Void => None,
            TicketStatus::Valid | TicketStatus::Used | TicketStatus::Expired => {
                let key = image_key(app, tenant, ticket.id, Image::Png);
                Some(app.files.link(&key, LINK_SECS, &Image::Png.file_name(ticket.id)).await?)
            }
        };
        let zone = &occasion.zone;
        Ok(Self {
            id: Text(ticket.id),
            order_id: Text(ticket.order),
            subject: SubjectView::of(&ticket.subject, Some(occasion)),
            seat_no: ticket.seat.clone(),
            status,
            qr_code,
            qr_url,
            valid_from: zone.rfc3339(validity.from),
            valid_to: zone.rfc3339(validity.to),
            used_at: match &ticket.state {
                TicketState::Used(admission) => Some(zone.rfc3339(admission.at)),
                TicketState::Valid | TicketState::Void => None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        id::{EventId, OptionId, SessionId, UserId},
        order::Subject,
        ticket::Admission,
    };

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ticket(state: TicketState) -> Ticket {
        Ticket {
            id: TicketId::from_bytes([1; 16]),
            order: OrderId::from_bytes([2; 16]),
            number: 0,
            user: UserId::from_bytes([3; 16]),
            subject: Subject::Session {
                event: EventId::from_bytes([4; 16]),
                session: SessionId::from_bytes([5; 16]),
                option: OptionId::from_bytes([6; 16]),
            },
            seat: None,
            state,
            created: at(0),
        }
    }

    #[test]
    fn only_a_valid_ticket_expires() {
        let validity = Validity { from: at(10), to: at(20) };
        let used = || TicketState::Used(Admission { at: at(12), nonce: "a".into(), gate: None });
        let check = |state, now, status| assert_eq!(TicketStatus::of(&ticket(state), validity, at(now)), status);
        check(TicketState::Valid, 0, TicketStatus::Valid);
        check(TicketState::Valid, 19, TicketStatus::Valid);
        check(TicketState::Valid, 20, TicketStatus::Expired);
        check(used(), 15, TicketStatus::Used);
        check(used(), 99, TicketStatus::Used);
        check(TicketState::Void, 99, TicketStatus::Void);
    }

    #[test]
    fn where_an_image_lies_cannot_be_guessed() {
        let (demo, other): (TenantId, TenantId) = ("demo".parse().unwrap(), "other".parse().unwrap());
        let (keys, id) = (Keys::new(&[7; 32]), TicketId::from_bytes([1; 16]));
        let key = key_of(&keys, &demo, id, Image::Png);
        let secret = key.strip_prefix("tickets/demo/").and_then(|rest| rest.strip_suffix(".png")).unwrap();
        assert_eq!(secret.len(), 64);
        assert!(!key.contains(&id.bare()));
        assert_eq!(key, key_of(&keys, &demo, id, Image::Png), "the same in every process");
        assert_eq!(key_of(&keys, &demo, id, Image::Svg), format!("tickets/demo/{secret}.svg"));
        assert!(!key_of(&keys, &other, id, Image::Png).contains(secret));
        assert!(!key_of(&keys, &demo, TicketId::from_bytes([2; 16]), Image::Png).contains(secret));
        assert!(!key_of(&Keys::new(&[8; 32]), &demo, id, Image::Png).contains(secret));
    }
}
