//! `jscode2session` as WeChat answers it: always 200, JSON as `text/plain`, refusals by `errcode`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use super::server::{Asked, Said, Server};

pub(super) const APP: &str = "wx1234567890abcdef";
pub(super) const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// What must never be seen anywhere.
pub(super) const SESSION_KEY: &str = "HyVFkGl5F5OQWJZZaNzBBg==";

/// What codes lead to.
#[derive(Debug)]
pub(super) struct Wechat {
    pub(super) server: Server,
    codes: Arc<Mutex<BTreeMap<String, Vec<Value>>>>,
}

impl Wechat {
    pub(super) async fn open() -> Self {
        let codes: Arc<Mutex<BTreeMap<String, Vec<Value>>>> = Arc::default();
        let behind = Arc::clone(&codes);
        let server = Server::start(Arc::new(move |asked| answer(&asked, &mut behind.lock().unwrap()))).await;
        Self { server, codes }
    }

    /// Gives a code to somebody.
    pub(super) fn code(&self, code: &str, openid: &str, unionid: Option<&str>) {
        let mut person = json!({"openid": openid, "session_key": SESSION_KEY});
        if let Some(unionid) = unionid {
            person["unionid"] = json!(unionid);
        }
        self.answers(code, vec![person]);
    }

    /// Has a code answered so, one answer after the other.
    pub(super) fn answers(&self, code: &str, answers: Vec<Value>) {
        self.codes.lock().unwrap().insert(code.to_owned(), answers);
    }
}

pub(super) fn error(code: i64, text: &str) -> Value {
    json!({"errcode": code, "errmsg": format!("{text}, rid: 6900-0000-0000")})
}

fn answer(asked: &Asked, codes: &mut BTreeMap<String, Vec<Value>>) -> Said {
    let field = |name: &str| asked.query.get(name).map_or("", String::as_str);
    let body = if (asked.method.as_str(), asked.path.as_str()) != ("GET", "/sns/jscode2session") {
        error(43_001, "require GET method")
    } else if field("appid") != APP {
        error(40_013, "invalid appid")
    } else if field("secret") != SECRET {
        error(40_125, "invalid appsecret")
    } else if field("grant_type") != "authorization_code" {
        error(40_002, "invalid grant_type")
    } else {
        match codes.get_mut(field("js_code")) {
            None => error(40_029, "invalid code"),
            Some(answers) if answers.is_empty() => error(40_163, "code been used"),
            Some(answers) => answers.remove(0),
        }
    };
    Said { kind: "text/plain", ..Said::json(200, &body) }
}
