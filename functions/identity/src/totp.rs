//! Codes of an authenticator (TOTP, RFC 6238): six digits of HMAC-SHA-1 over the number of half minutes since 1970.
//!
//! Ours and not a crate: what a crate would add to the few lines below is a second implementation of SHA-1 and HMAC beside
//! the one that is linked already ([0020](../../../docs/decisions/0020-two-factors.md)).

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use data_encoding::BASE32_NOPAD;
use domain::Timestamp;

/// Seconds of a step, which every authenticator takes for granted.
const STEP_SECS: i64 = 30;
/// Steps by which the clock of an authenticator may be wrong, either way.
const SKEW_STEPS: i64 = 1;

/// The secret that is shared with an authenticator: as long as SHA-1's output (RFC 4226, 4, R6).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SharedSecret([u8; Self::LENGTH]);

impl std::fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedSecret(…)")
    }
}

impl SharedSecret {
    /// Bytes.
    pub(crate) const LENGTH: usize = 20;

    pub(crate) const fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// As people type it into an authenticator that cannot read the picture.
    pub(crate) fn base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// What the picture says (<https://github.com/google/google-authenticator/wiki/Key-Uri-Format>).
    pub(crate) fn url(&self, issuer: &str, account: &str) -> String {
        let (issuer, account, secret) = (escape(issuer), escape(account), self.base32());
        format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
    }

    /// The step whose code this is, if it is now or next to now. Every code is compared, in constant time.
    pub(crate) fn step_of(&self, otp: &str, now: Timestamp) -> Option<i64> {
        let present = now.as_second().div_euclid(STEP_SECS);
        let near = present - SKEW_STEPS..=present + SKEW_STEPS;
        let fits = |step: i64| verify_slices_are_equal(self.code(step).as_bytes(), otp.as_bytes()).is_ok();
        near.fold(None, |found, step| if fits(step) { Some(step) } else { found })
    }

    /// The six digits of a step (RFC 4226, 5.3).
    fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let mac = hmac::sign(&key, &step.to_be_bytes());
        let mac = mac.as_ref();
        let at = usize::from(mac[mac.len() - 1] & 0xf);
        let number = u32::from_be_bytes([mac[at], mac[at + 1], mac[at + 2], mac[at + 3]]) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

/// Everything but letters, digits and `-_.` by its bytes.
fn escape(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the RFC's examples: "12345678901234567890".
    fn example() -> SharedSecret {
        SharedSecret::new(*b"12345678901234567890")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_examples_of_rfc_6238_come_out() {
        // Appendix B, SHA1; the last six of its eight digits.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(example().code(second / STEP_SECS), code, "{second}");
            assert_eq!(example().step_of(code, at(second)), Some(second / STEP_SECS));
        }
    }

    #[test]
    fn a_clock_may_be_half_a_minute_wrong() {
        let (now, code) = (at(1_234_567_890), "005924");
        let step = 1_234_567_890 / STEP_SECS;
        for (later, good) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let found = example().step_of(code, at(now.as_second() + later));
            assert_eq!(found, good.then_some(step), "{later}");
        }
        for wrong in ["", "5924", "005925", "0059240", "００５９２４"] {
            assert_eq!(example().step_of(wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn an_authenticator_is_told_everything() {
        let url = example().url("Demo Tickets", "ana@demo.test");
        let expected = "otpauth://totp/Demo%20Tickets:ana%40demo.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                        &issuer=Demo%20Tickets&algorithm=SHA1&digits=6&period=30";
        assert_eq!(url, expected);
        assert!(!format!("{:?}", example()).contains("49"));
    }
}
