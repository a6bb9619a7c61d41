//! `GET /local/messages`: the messages that nobody delivers, for developers to read. They hold codes that let people in,
//! so only a browser on this machine sees them, and only under a name of this machine: a page from elsewhere that made a
//! name of its own lead here would be told nothing.

use std::net::{IpAddr, SocketAddr};

use app::{App, Code};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, header, uri::Authority};
use store::Kept;

use crate::refusal::refuse;

/// The path of the page.
pub(crate) const PATH: &str = "/local/messages";
/// No script, no picture, nothing from anywhere.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The page, or nothing at all for whoever may not see it.
pub(crate) async fn page(app: &App, peer: SocketAddr, headers: &HeaderMap) -> Response {
    if !peer.ip().to_canonical().is_loopback() || !is_local(headers) {
        return refuse(app, Code::NotFound, "");
    }
    match all(app).await {
        Ok(messages) => answer(&messages),
        Err(failed) => {
            tracing::error!(error = %failed, "the messages cannot be read");
            refuse(app, Code::Unavailable, "")
        }
    }
}

/// Messages of every tenant, newest first.
async fn all(app: &App) -> Result<Vec<(String, Kept)>, store::Failed> {
    let mut messages = Vec::new();
    for tenant in app.store.platform().tenants().await? {
        let kept = app.store.tenant(&tenant).activity().messages().await?;
        messages.extend(kept.into_iter().map(|message| (tenant.to_string(), message)));
    }
    messages.sort_by_key(|(_, message)| std::cmp::Reverse(message.at));
    Ok(messages)
}

fn answer(messages: &[(String, Kept)]) -> Response {
    let rows: String = messages.iter().map(|(tenant, message)| row(tenant, message)).collect();
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Messages</title>\
         <style>body{{font:16px sans-serif;max-width:48em;margin:2em auto}}article{{border-top:1px solid #ccc;padding:1em 0}}\
         p{{white-space:pre-wrap}}</style><h1>Messages that nobody was sent</h1>{rows}</html>"
    );
    let mut response = html.into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn row(tenant: &str, message: &Kept) -> String {
    let at = domain::Timestamp::from_millisecond(message.at).map(|at| at.to_string()).unwrap_or_default();
    let Kept { channel, to, subject, text, .. } = message;
    let [tenant, channel, to, subject, text] = [tenant, channel, to, subject, text].map(escape);
    format!("<article><small>{at} · {tenant} · {channel} · {to}</small><h2>{subject}</h2><p>{text}</p></article>")
}

fn escape(text: impl AsRef<str>) -> String {
    let text = text.as_ref().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// Whether the host that was asked for is this machine by a name that nobody else can give it.
fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    host.is_some_and(|host| {
        let host = host.host().trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_count() {
        let host = |name: &'static str| HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(name))]);
        for (name, local) in [
            ("localhost:3000", true),
            ("127.0.0.1", true),
            ("[::1]:3000", true),
            ("evil.test:3000", false),
            ("localhost.evil.test", false),
            ("192.0.2.1", false),
        ] {
            assert_eq!(is_local(&host(name)), local, "{name}");
        }
        assert!(!is_local(&HeaderMap::new()));
    }

    #[test]
    fn what_people_call_themselves_is_no_markup() {
        let message = Kept {
            channel: "email".into(),
            to: "a@b.test".into(),
            subject: "<script>".into(),
            text: "\"'&".into(),
            at: 0,
        };
        let row = row("demo", &message);
        assert!(
            row.contains("&lt;script&gt;") && row.contains("&quot;&#39;&amp;") && !row.contains("<script"),
            "{row}"
        );
    }
}
