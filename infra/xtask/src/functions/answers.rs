//! What a function may say to its sample event.

use app::{Auth, Source};
use domain::user::Role;
use serde_json::Value;

use super::{backing::Local, runtime_api::Said};
use crate::areas::Function;

/// The sample event with what was not known when it was written: a token; and for whoever buys, an event that is on sale.
pub(super) fn filled_in(event: &str, function: Function, local: &Local) -> String {
    let Function::Operation(operation) = function else { return event.to_owned() };
    let role = match operation.route.auth {
        Auth::AtLeast(role) => role,
        Auth::Open | Auth::Public | Auth::Proof => Role::Customer,
    };
    let filled = event.replace("Bearer TOKEN", &["Bearer ", local.token(role)].concat());
    if role != Role::Customer {
        // Staff change events; that of the demo has to last.
        return filled;
    }
    let ids = [
        ("evt_", local.event["id"].as_str()),
        ("opt_", local.event["priceOptions"][0]["id"].as_str()),
        ("ses_", local.event["sessions"][0]["id"].as_str()),
    ];
    ids.into_iter().fold(filled, |text, (prefix, id)| replace_ids(&text, prefix, id.unwrap_or_default()))
}

/// Puts another id wherever there is one with this prefix.
fn replace_ids(text: &str, prefix: &str, id: &str) -> String {
    let mut parts = text.split(prefix);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |done, rest| {
        let after = rest.trim_start_matches(|letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit());
        [&done, id, after].concat()
    })
}

/// Whether that is an answer; in few words.
pub(super) fn check(function: Function, said: &Said) -> Result<String, String> {
    let body = match said {
        Said::Error(body) => return Err(String::from_utf8_lossy(body).into_owned()),
        Said::Response(body) => body,
    };
    let answer: Value = serde_json::from_slice(body).map_err(|error| format!("{error}: {body:?}"))?;
    match function {
        Function::Operation(_) => http(&answer),
        Function::Worker(worker) => match worker.duty.source {
            Source::Queue(_) | Source::Stream(_) => batch(&answer),
            Source::Schedule { .. } => answer.is_null().then(|| "done".to_owned()).ok_or_else(|| answer.to_string()),
        },
    }
}

/// A refusal is an answer: samples name things that are not there. Nobody's fault but ours, or no envelope, is none.
fn http(answer: &Value) -> Result<String, String> {
    let status = answer["statusCode"].as_u64().ok_or_else(|| format!("no status: {answer}"))?;
    let kind = answer["headers"]["content-type"].as_str().unwrap_or_default();
    let body = answer["body"].as_str().unwrap_or_default();
    if !(200..500).contains(&status) || status == 401 {
        return Err(format!("{status} {body}"));
    }
    if !kind.starts_with("application/json") {
        return if body.is_empty() { Err(format!("{status} without a body")) } else { Ok(format!("{status} {kind}")) };
    }
    let envelope: Value = serde_json::from_str(body).map_err(|error| format!("{error}: {body}"))?;
    let word = envelope["error"].as_str().map(|word| [" ", word].concat()).unwrap_or_default();
    Ok(format!("{status}{word}"))
}

fn batch(answer: &Value) -> Result<String, String> {
    match answer["batchItemFailures"].as_array().map(Vec::len) {
        Some(0) => Ok("taken".to_owned()),
        Some(_) => Err(format!("comes back: {answer}")),
        None => Err(format!("no answer to a batch: {answer}")),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn ids_are_replaced_wherever_they_stand() {
        let text = r#"{"a":"evt_01abc","path":"/events/evt_9/x","b":"opt_1"}"#;
        assert_eq!(replace_ids(text, "evt_", "evt_new"), r#"{"a":"evt_new","path":"/events/evt_new/x","b":"opt_1"}"#);
    }

    #[test]
    fn a_crash_is_no_answer() {
        let operation = Function::Operation(&service::healthz::OPERATION);
        let check = |said: &str| check(operation, &Said::Response(Bytes::from(said.to_owned())));
        let answer = |status: u16, kind: &str, body: &str| {
            serde_json::json!({"statusCode": status, "headers": {"content-type": kind}, "body": body}).to_string()
        };
        let (json, refused) = ("application/json; charset=utf-8", r#"{"code":404,"error":"not_found"}"#);
        assert_eq!(check(&answer(404, json, refused)).unwrap(), "404 not_found");
        assert_eq!(check(&answer(200, "image/png", "iVBORw0")).unwrap(), "200 image/png");
        for wrong in
            [answer(500, json, refused), answer(401, json, refused), answer(200, json, "<html>"), "{}".to_owned()]
        {
            assert!(check(&wrong).is_err(), "{wrong}");
        }
        assert!(super::check(operation, &Said::Error(Bytes::from_static(b"panicked"))).is_err());
    }

    #[test]
    fn a_batch_names_what_comes_back() {
        let batch = |text: &str| super::batch(&serde_json::from_str(text).unwrap());
        assert!(batch(r#"{"batchItemFailures":[]}"#).is_ok());
        assert!(batch(r#"{"batchItemFailures":[{"itemIdentifier":"1"}]}"#).is_err());
        assert!(batch("null").is_err());
    }
}
