//! Tickets and what the door decides.

use jiff::Timestamp;

use crate::{
    id::{Id as _, OrderId, SessionId, TicketId, UserId},
    order::{Order, Subject},
};

/// One admission for one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Derived from (order, number), so that issuing twice makes the same ticket.
    pub id: TicketId,
    /// The order that it was bought with.
    pub order: OrderId,
    /// Which ticket of the order, from 0.
    pub number: u8,
    /// Whose it is.
    pub user: UserId,
    /// What it is for.
    pub subject: Subject,
    /// Its seat as it is printed, where it has one.
    pub seat: Option<String>,
    /// Whether it admits.
    pub state: TicketState,
    /// When it was issued.
    pub created: Timestamp,
}

/// Whether a ticket admits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TicketState {
    /// It does, once.
    Valid,
    /// It did.
    Used(Admission),
    /// Given back, or passed on.
    Void,
}

/// One admission at the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// When.
    pub at: Timestamp,
    /// The scan's nonce: a refused write that shows our own nonce was our own.
    pub nonce: String,
    /// Which gate, where said.
    pub gate: Option<String>,
}

/// When a session's tickets are admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// From when: the doors open.
    pub from: Timestamp,
    /// To when: the session has ended, and a grace.
    pub to: Timestamp,
}

impl Validity {
    /// Seconds after the end in which late arrivals are still admitted.
    pub const GRACE_SECS: i64 = 30 * 60;
}

/// Why the door does not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DoorRefusal {
    /// The doors are not open yet.
    #[error("not yet valid")]
    NotYet {
        /// From when.
        from: Timestamp,
    },
    /// The session is over.
    #[error("expired")]
    Expired,
    /// The ticket has been given back.
    #[error("void")]
    Void,
    /// Somebody has come in with it.
    #[error("already used")]
    Used(Admission),
}

impl Ticket {
    /// The ticket of an order with that number, under the id that follows from both.
    pub fn of(order: &Order, number: u8, id: TicketId, state: TicketState, created: Timestamp) -> Self {
        Self {
            id,
            order: order.id,
            number,
            user: order.user,
            subject: order.purchase.subject.clone(),
            seat: order.purchase.seats.get(usize::from(number)).cloned(),
            state,
            created,
        }
    }

    /// Admits the holder, or says why not. A scan that is repeated with its own nonce is admitted again: its first answer
    /// may have been lost.
    pub fn admit(self, validity: Validity, admission: Admission) -> Result<Self, DoorRefusal> {
        match &self.state {
            TicketState::Used(earlier) if earlier.nonce == admission.nonce => return Ok(self),
            TicketState::Used(earlier) => return Err(DoorRefusal::Used(earlier.clone())),
            TicketState::Void => return Err(DoorRefusal::Void),
            TicketState::Valid => {}
        }
        if admission.at < validity.from {
            return Err(DoorRefusal::NotYet { from: validity.from });
        }
        if admission.at >= validity.to {
            return Err(DoorRefusal::Expired);
        }
        Ok(Self { state: TicketState::Used(admission), ..self })
    }
}

/// What a ticket's code says, before it is signed: 23 bytes.
///
/// Version, key number, ticket (16), the first four bytes of the hash-free tail of the session id, epoch. With an Ed25519
/// signature of 64 bytes and base45 (RFC 9285) that makes 131 characters: a version 6 QR code at level M.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePayload {
    /// Which of the tenant's keys signed.
    pub key: u8,
    /// The ticket.
    pub ticket: TicketId,
    /// The last four bytes of the session's id: lets an offline scanner refuse another night's ticket.
    pub session: [u8; 4],
    /// Counts re-issues; an older epoch than the ticket's is void.
    pub epoch: u8,
}

impl CodePayload {
    /// The layout that is written today.
    pub const VERSION: u8 = 1;
    /// Bytes without the signature.
    pub const LENGTH: usize = 23;

    /// The payload of a ticket.
    pub fn new(key: u8, ticket: TicketId, session: SessionId, epoch: u8) -> Self {
        let bytes = session.bytes();
        Self { key, ticket, session: [bytes[12], bytes[13], bytes[14], bytes[15]], epoch }
    }

    /// The bytes that are signed.
    pub fn encode(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[0] = Self::VERSION;
        bytes[1] = self.key;
        bytes[2..18].copy_from_slice(&self.ticket.bytes());
        bytes[18..22].copy_from_slice(&self.session);
        bytes[22] = self.epoch;
        bytes
    }

    /// Reads the bytes back; `None` for another version or length.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::LENGTH] = bytes.try_into().ok()?;
        if bytes[0] != Self::VERSION {
            return None;
        }
        let ticket = TicketId::from_bytes(bytes[2..18].try_into().ok()?);
        Some(Self { key: bytes[1], ticket, session: bytes[18..22].try_into().ok()?, epoch: bytes[22] })
    }
}

#[cfg(test)]
mod tests {
    use crate::id::{EventId, OptionId};

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

    fn scan(second: i64, nonce: &str) -> Admission {
        Admission { at: at(second), nonce: nonce.into(), gate: None }
    }

    const TIMES: Validity = Validity { from: Timestamp::UNIX_EPOCH, to: Timestamp::MAX };

    #[test]
    fn a_ticket_admits_once() {
        let used = ticket(TicketState::Valid).admit(TIMES, scan(5, "a")).unwrap();
        assert_eq!(used.clone().admit(TIMES, scan(6, "b")), Err(DoorRefusal::Used(scan(5, "a"))));
        assert_eq!(used.clone().admit(TIMES, scan(7, "a")), Ok(used), "the same scan again");
    }

    #[test]
    fn the_door_opens_from_the_doors_to_the_end() {
        let times = Validity { from: at(10), to: at(20) };
        let valid = ticket(TicketState::Valid);
        assert_eq!(valid.clone().admit(times, scan(9, "a")), Err(DoorRefusal::NotYet { from: at(10) }));
        assert!(valid.clone().admit(times, scan(10, "a")).is_ok());
        assert!(valid.clone().admit(times, scan(19, "a")).is_ok());
        assert_eq!(valid.admit(times, scan(20, "a")), Err(DoorRefusal::Expired));
        assert_eq!(ticket(TicketState::Void).admit(times, scan(15, "a")), Err(DoorRefusal::Void));
    }

    #[test]
    fn a_code_reads_back_and_other_versions_do_not() {
        let payload = CodePayload::new(1, TicketId::from_bytes([7; 16]), SessionId::from_bytes([8; 16]), 0);
        let mut bytes = payload.encode();
        assert_eq!(CodePayload::decode(&bytes), Some(payload));
        assert_eq!(CodePayload::decode(&bytes[..22]), None);
        bytes[0] = 2;
        assert_eq!(CodePayload::decode(&bytes), None);
    }
}
