//! What went wrong at a provider, in the words of the wire. Whoever logs in is not told why they are not believed.

use app::{Code, Error};
use providers::{oidc::Trouble, wechat::Refusal};

/// Seconds after which WeChat counts a user's logins anew.
const WECHAT_MINUTE: u32 = 60;

/// A login that is not believed; why is for the log.
pub(crate) fn refused(why: &'static str) -> Error {
    tracing::info!(target: "login", why, "a login from elsewhere is refused");
    Code::LoginRefused.into()
}

/// What an OpenID provider did.
pub(crate) fn explain(trouble: Trouble) -> Error {
    match trouble {
        Trouble::Refused(why) => refused(why),
        Trouble::Failed(failed) => Error::unavailable(failed),
    }
}

/// What WeChat said.
pub(crate) fn explain_wechat(refusal: Refusal) -> Error {
    match refusal {
        Refusal::BadCode => refused("WeChat does not take the code"),
        Refusal::TooOften => Error::new(Code::RateLimited).retry_after(WECHAT_MINUTE),
        Refusal::Blocked => Code::LoginBlocked.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_read_alike_and_limits_say_when_to_come_back() {
        assert_eq!(explain(Trouble::Refused("a")).code, Code::LoginRefused);
        assert_eq!(explain_wechat(Refusal::BadCode).code, Code::LoginRefused);
        assert_eq!(explain_wechat(Refusal::Blocked).code, Code::LoginBlocked);
        let limited = explain_wechat(Refusal::TooOften);
        assert_eq!((limited.code, limited.retry_after_secs), (Code::RateLimited, Some(60)));
        let failed = explain(Trouble::Failed(providers::Failed::new("oidc", "nobody there")));
        assert_eq!(failed.code, Code::Unavailable);
    }
}
