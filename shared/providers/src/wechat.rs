//! Logging in from a WeChat mini-program: the program's one-time code is exchanged for who its user is.
//!
//! The session key that comes with the answer is never read: nothing here needs it. The secret stands in the address, as
//! WeChat wants it; addresses are not logged.

use std::fmt;

use serde::Deserialize;

use crate::{
    Failed,
    http::Web,
    oidc::{PATIENCE, form},
};

/// Where WeChat answers.
pub const API: &str = "https://api.weixin.qq.com";

/// A mini-program.
#[derive(Clone)]
pub struct MiniProgram {
    /// Where its WeChat answers: [`API`], or a simulator of it.
    pub api: String,
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

impl fmt::Debug for MiniProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MiniProgram").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Who uses a mini-program.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Their name to this mini-program.
    pub openid: String,
    /// Their name to all programs of one owner; only where the owner joined them.
    pub unionid: Option<String>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(…)")
    }
}

/// Why WeChat does not say who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The code is unknown, used or too old.
    BadCode,
    /// Too many logins of this user in a minute.
    TooOften,
    /// WeChat has blocked the user.
    Blocked,
}

/// The answer. Its type is `text/plain`, its status 200 also where it refuses.
#[derive(Deserialize)]
struct Session {
    openid: Option<String>,
    unionid: Option<String>,
    #[serde(default)]
    errcode: i64,
}

impl MiniProgram {
    /// Exchanges a code. Asks a second time where WeChat says that it is busy.
    ///
    /// # Errors
    /// When WeChat does not answer, stays busy, or does not know the mini-program.
    pub async fn who(&self, web: &Web, code: &str) -> Result<Result<Person, Refusal>, Failed> {
        let mut session = self.ask(web, code).await?;
        if session.errcode == -1 {
            session = self.ask(web, code).await?;
        }
        match session.errcode {
            0 => {}
            40_029 | 40_163 | 41_008 => return Ok(Err(Refusal::BadCode)),
            45_011 => return Ok(Err(Refusal::TooOften)),
            40_226 => return Ok(Err(Refusal::Blocked)),
            other => return Err(failed(format!("errcode {other}"))),
        }
        let openid = session.openid.filter(|openid| !openid.is_empty()).ok_or_else(|| failed("no openid"))?;
        Ok(Ok(Person { openid, unionid: session.unionid.filter(|unionid| !unionid.is_empty()) }))
    }

    async fn ask(&self, web: &Web, code: &str) -> Result<Session, Failed> {
        let query = form(&[
            ("appid", &self.id),
            ("secret", &self.secret),
            ("js_code", code),
            ("grant_type", "authorization_code"),
        ]);
        let address = [self.api.trim_end_matches('/'), "/sns/jscode2session?", &query].concat();
        let answer = web.get(&address, &[], PATIENCE).await?;
        if answer.status != 200 {
            return Err(failed(format!("status {}", answer.status)));
        }
        // The cause would quote the answer, and with it the session key.
        serde_json::from_slice(&answer.body).map_err(|_| failed("the answer cannot be read"))
    }
}

fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failed {
    Failed::new("wechat:jscode2session", cause)
}
