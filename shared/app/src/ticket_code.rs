//! What a ticket's QR code says: a signed token of 131 characters that the door verifies without asking anybody.
//!
//! [`CodePayload`] and an Ed25519 signature of it, in base45 (RFC 9285), whose alphabet is the alphanumeric mode of QR
//! codes. The signing key is the tenant's own, so a token proves whose ticket it is as well.

use domain::{
    tenant::TenantId,
    ticket::{CodePayload, Ticket},
};

use crate::{App, auth::TicketKey};

/// Bytes of an Ed25519 signature (RFC 8032, 5.1.6).
const SIGNATURE: usize = 64;
/// Bytes of every token.
const BYTES: usize = CodePayload::LENGTH + SIGNATURE;
/// Characters of every token: three for two bytes, and two for the odd one at the end.
const LENGTH: usize = BYTES / 2 * 3 + 2;

/// The token of a ticket: the same whenever it is asked for.
pub fn code(app: &App, tenant: &TenantId, ticket: &Ticket) -> String {
    write(&app.keys.ticket(tenant), &payload(ticket))
}

/// What a token says, if the tenant's key signed it. Anything else says nothing: what is wrong with it is nobody's business.
pub fn read(app: &App, tenant: &TenantId, token: &str) -> Option<CodePayload> {
    verified(&app.keys.ticket(tenant), token)
}

/// What the token of a ticket has to say today.
pub fn payload(ticket: &Ticket) -> CodePayload {
    CodePayload::new(TicketKey::NUMBER, ticket.id, ticket.subject.session(), 0)
}

fn write(key: &TicketKey, payload: &CodePayload) -> String {
    let signed = payload.encode();
    base45::encode([signed.as_slice(), key.sign(&signed).as_slice()].concat())
}

fn verified(key: &TicketKey, token: &str) -> Option<CodePayload> {
    if token.len() != LENGTH {
        return None;
    }
    let bytes = base45::decode(token).ok()?;
    // The decoder lets an odd byte at the end overflow: a ticket has one token and no other that reads the same.
    if base45::encode(&bytes) != token {
        return None;
    }
    let (signed, signature) = bytes.split_at_checked(CodePayload::LENGTH)?;
    let payload = CodePayload::decode(signed).filter(|payload| payload.key == TicketKey::NUMBER)?;
    key.verify(signed, signature).then_some(payload)
}

#[cfg(test)]
mod tests {
    use domain::id::{Id as _, SessionId, TicketId};

    use super::*;
    use crate::auth::Keys;

    const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

    fn key(tenant: &str) -> std::sync::Arc<TicketKey> {
        Keys::new(&[7; 32]).ticket(&tenant.parse().unwrap())
    }

    fn payload() -> CodePayload {
        CodePayload::new(TicketKey::NUMBER, TicketId::from_bytes([9; 16]), SessionId::from_bytes([8; 16]), 0)
    }

    #[test]
    fn a_token_reads_back_and_fits_the_alphanumeric_mode() {
        let token = write(&key("demo"), &payload());
        assert_eq!(token.len(), LENGTH);
        assert_eq!(token.len(), 131);
        assert!(token.chars().all(|c| ALPHABET.contains(c)));
        assert_eq!(token.trim(), token, "a scanner that trims changes nothing");
        assert_eq!(verified(&key("demo"), &token), Some(payload()));
        assert_eq!(token, write(&key("demo"), &payload()));
    }

    #[test]
    fn no_character_can_be_another() {
        let (key, token) = (key("demo"), write(&key("demo"), &payload()));
        for place in 0..token.len() {
            for other in ALPHABET.chars().filter(|other| !token[place..].starts_with(*other)) {
                let mut forged = token.clone();
                forged.replace_range(place..=place, other.encode_utf8(&mut [0; 4]));
                assert_eq!(verified(&key, &forged), None, "{other:?} at {place}");
            }
        }
    }

    #[test]
    fn no_bit_of_what_is_signed_can_be_another() {
        let (key, token) = (key("demo"), write(&key("demo"), &payload()));
        let bytes = base45::decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verified(&key, &base45::encode(&forged)), None, "bit {bit}");
        }
    }

    #[test]
    fn keys_of_others_and_of_other_numbers_are_not_ours() {
        let token = write(&key("demo"), &payload());
        assert_eq!(verified(&key("dem"), &token), None);
        assert_eq!(verified(&Keys::new(&[8; 32]).ticket(&"demo".parse().unwrap()), &token), None);
        let other = write(&key("demo"), &CodePayload { key: 2, ..payload() });
        assert_eq!(verified(&key("demo"), &other), None);
    }

    #[test]
    fn anything_else_says_nothing() {
        let token = write(&key("demo"), &payload());
        let long = "W".repeat(1 << 20);
        let garbage = [
            "",
            "W",
            "tkt_00000000000000000000000000",
            &token[1..],
            &token[..token.len() - 1],
            &[&token, "0"].concat(),
            &[&token, "\n"].concat(),
            &token.to_lowercase(),
            &":".repeat(LENGTH),
            &"0".repeat(LENGTH),
            &"票".repeat(LENGTH / 3),
            &["票", &"0".repeat(LENGTH - 3)].concat(),
            &"\0".repeat(LENGTH),
            &long,
        ];
        for text in garbage {
            assert_eq!(verified(&key("demo"), text), None, "{:.40}", text.escape_debug());
        }
    }
}
