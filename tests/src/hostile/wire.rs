//! Requests that no client library sends: paths and headers as bytes, some of them by chance.

use fastrand::Rng;

use super::Town;
use crate::{
    client::Answer,
    derived::check,
    sample::Sample,
    shop::{Person, fresh_key},
};

/// The head of a request, as bytes; the body follows.
fn request(method: &str, target: &[u8], headers: &[Vec<u8>], body: &[u8]) -> Vec<u8> {
    let mut bytes = [method.as_bytes(), b" ", target, b" HTTP/1.1\r\nconnection: close\r\n"].concat();
    for header in headers {
        bytes.extend_from_slice(header);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

fn header(name: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    [name.as_bytes(), b": ", value.as_ref()].concat()
}

/// The headers with which a sample is taken.
fn usual(town: &Town, sample: &Sample, who: Option<&Person>, body: &[u8]) -> Vec<Vec<u8>> {
    let mut headers = vec![header("host", "127.0.0.1"), header("idempotency-key", fresh_key())];
    headers.extend(who.map(|who| header("authorization", format!("Bearer {}", town.shop.token(who)))));
    if sample.operation.route.method.has_body() {
        headers.push(header("content-type", "application/json"));
        headers.push(header("content-length", body.len().to_string()));
    }
    headers
}

/// What every answer is that comes at all. Bytes that are no HTTP are refused by the server before there is an envelope, as
/// they are by API Gateway.
fn fits(sample: &Sample, answer: Option<&Answer>, what: &str) {
    let Some(answer) = answer else { return };
    assert!(answer.status < 500, "{} {what}: {answer}", sample.name());
    let is_http = !answer.body.is_empty() || answer.status < 400;
    if is_http && answer.json().get("error").is_some_and(|word| word != "not_found" && word != "method_not_allowed") {
        check(sample, answer);
    }
    assert!(is_http || matches!(answer.status, 400 | 413 | 414 | 417 | 431), "{} {what}: {answer}", sample.name());
}

#[tokio::test]
async fn no_path_leads_where_it_should_not() {
    let town = Town::found().await;
    let mut odd: Vec<Vec<u8>> = [
        "..",
        ".",
        "%2e%2e",
        "%2f",
        "..%2f..%2fadmin",
        "%00",
        "%ff%fe",
        "%",
        "%zz",
        "%25%32%65",
        "*",
        ";",
        "null",
        "-1",
        "0",
        "undefined",
        "%F0%9F%8E%AB",
        "\\",
        "{order}",
        "a b",
        "%0d%0aset-cookie:%20a=b",
        "#",
        "ord_",
        "_",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    odd.extend([vec![b'a'; 5_000], vec![0xff, 0xfe], "票".as_bytes().to_vec(), vec![b'z'; 70_000]]);
    let mut sent = 0;
    for sample in town.samples() {
        let (who, body) = (town.owner(sample.operation.route.auth), super::body_of(&sample));
        let before = town.stored();
        for (name, own) in &sample.path {
            let ids = town.world.values().filter(|id| *id != own).map(|id| id.as_str().unwrap().as_bytes().to_vec());
            for value in odd.iter().cloned().chain(ids) {
                let placeholder = format!("{{{name}}}");
                let mut others = sample.clone();
                others.path.insert(name.clone(), placeholder.clone().into());
                let path = others.operation.route.path;
                let (start, end) = path.split_once(placeholder.as_str()).unwrap();
                let fill = |part: &str| {
                    let filled = |part: String, (name, value): (&String, &serde_json::Value)| {
                        part.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default())
                    };
                    sample.path.iter().fold(part.to_owned(), filled).into_bytes()
                };
                let target = [fill(start), value.clone(), fill(end)].concat();
                let bytes = request(sample.method(), &target, &usual(&town, &sample, who, &body), &body);
                let answer = town.shop.web.raw(&bytes).await;
                let what = String::from_utf8_lossy(&value[..value.len().min(40)]).into_owned();
                fits(&sample, answer.as_ref(), &what);
                let refused = answer.as_ref().is_none_or(|answer| answer.status >= 400);
                assert!(refused || matches!(name.as_str(), "file"), "{} takes {what}: {answer:?}", sample.name());
                sent += 1;
            }
        }
        town.unchanged(&before, sample.name());
    }
    println!("{sent} paths");
    assert!(sent > 500, "{sent}");
}

#[tokio::test]
async fn a_target_that_is_no_path_is_refused() {
    let town = Town::found().await;
    for (method, target) in
        [("OPTIONS", "*"), ("GET", "*"), ("POST", "*"), ("GET", "http://127.0.0.1*"), ("GET", "127.0.0.1:1")]
    {
        let bytes = request(method, target.as_bytes(), &[header("host", "127.0.0.1")], b"");
        let answer = town.shop.web.raw(&bytes).await;
        assert!(
            answer.as_ref().is_none_or(|answer| (400..500).contains(&answer.status)),
            "{method} {target}: {answer:?}"
        );
    }
}

/// Headers that are odd in themselves, or beside the usual ones.
fn odd_headers() -> Vec<Vec<Vec<u8>>> {
    let long = |name: &str, length: usize| vec![header(name, vec![b'a'; length])];
    let mut odd = Vec::new();
    for name in [
        "accept-language",
        "x-tenant-id",
        "idempotency-key",
        "if-none-match",
        "authorization",
        "cookie",
        "user-agent",
        "accept",
        "content-type",
        "origin",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-http-method-override",
        "range",
        "accept-encoding",
    ] {
        odd.push(long(name, 7_000));
        odd.push(vec![header(name, b"\xff\xfe\x80")]);
        odd.push(vec![header(name, "票".as_bytes())]);
        odd.push(vec![header(name, b"")]);
        odd.push(vec![header(name, "a"), header(name, "b")]);
        odd.push(vec![header(name, ",;=\"\\")]);
    }
    odd.extend([
        long("x-long", 70_000),
        (0..99).map(|number| header(&format!("x-{number}"), "a")).collect(),
        (0..300).map(|number| header(&format!("x-{number}"), "a")).collect(),
        vec![header("host", "other.example")],
        vec![header("x-forwarded-host", "other.example"), header("forwarded", "host=other.example")],
        vec![header("x-forwarded-proto", "a b")],
        vec![header("x-forwarded-proto", "javascript:alert(1)//")],
        vec![header("x-http-method-override", "DELETE")],
        vec![header("content-length", "5")],
        vec![header("content-length", "-1")],
        vec![header("content-length", "99999999999999999999")],
        vec![header("content-length", "0"), header("content-length", "7")],
        vec![header("transfer-encoding", "chunked")],
        vec![header("transfer-encoding", "chunked, identity")],
        vec![header("transfer-encoding", "gzip")],
        vec![header("transfer-encoding", "xchunked"), header("content-length", "3")],
        vec![header("expect", "100-continue")],
        vec![header("expect", "a miracle")],
        vec![header("upgrade", "h2c"), header("http2-settings", "AAMAAABkAAQAAP__")],
        vec![header("content-encoding", "gzip")],
        vec![b"no colon".to_vec()],
        vec![b" folded: a".to_vec()],
        vec![b"bad name: a".to_vec()],
        vec![b"a: b\rc: d".to_vec()],
        vec![b"a: b\0c".to_vec()],
    ]);
    odd
}

#[tokio::test]
async fn no_host_brings_an_operation_down() {
    let town = Town::found().await;
    let sample = town.samples().find(|sample| sample.name() == "get-tenant").unwrap();
    for host in
        ["012.0.0.110.11", "[::", "a..b", "%zz", "1.2.3.4.5", "a:99999", "xn--a", "", "a b", "0x7f.1:80", "café"]
    {
        let headers = [header("host", host)];
        let answer = town.shop.web.raw(&request("GET", sample.target().as_bytes(), &headers, b"")).await;
        fits(&sample, answer.as_ref(), host);
    }
}

#[tokio::test]
async fn no_header_brings_an_operation_down() {
    let town = Town::found().await;
    for sample in town.samples() {
        // Without a login: with one, what is asked for might be done, headers or not.
        let (body, before) = (super::body_of(&sample), town.stored());
        let is_proof = matches!(sample.operation.route.auth, app::Auth::Proof);
        for odd in odd_headers() {
            let headers = [usual(&town, &sample, None, &body), odd.clone()].concat();
            let bytes = request(sample.method(), sample.target().as_bytes(), &headers, &body);
            let answer = town.shop.web.raw(&bytes).await;
            let what = String::from_utf8_lossy(&odd[0][..odd[0].len().min(60)]).into_owned();
            fits(&sample, answer.as_ref(), &what);
        }
        if !is_proof {
            town.unchanged(&before, sample.name());
        }
    }
}

/// Changes some bytes: leaves one out, doubles it, makes it another.
fn damage(rng: &mut Rng, bytes: &mut Vec<u8>) {
    const ODD: &[u8] = b"\0\r\n\t %/.?#&=+:;,\"'\\{}[]<>-_~0aZ\x7f\x80\xc0\xff";
    for _ in 0..rng.usize(1..6) {
        let place = rng.usize(..bytes.len().max(1)).min(bytes.len().saturating_sub(1));
        match rng.u8(..5) {
            0 if !bytes.is_empty() => drop(bytes.remove(place)),
            1 => bytes.insert(place, ODD[rng.usize(..ODD.len())]),
            2 if !bytes.is_empty() => bytes[place] = ODD[rng.usize(..ODD.len())],
            3 if !bytes.is_empty() => bytes[place] ^= 1 << rng.u8(..8),
            _ => {
                let end = (place + rng.usize(..40)).min(bytes.len());
                let part = bytes[place..end].to_vec();
                bytes.splice(place..place, part);
            }
        }
    }
}

#[tokio::test]
async fn damaged_requests_are_answered_or_refused() {
    const REQUESTS: usize = 1_000;
    let town = Town::found().await;
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut rng = Rng::with_seed(seed);
    let samples: Vec<_> =
        town.samples().filter(|it| matches!(it.operation.route.auth, app::Auth::AtLeast(_))).collect();
    let before = town.stored();
    for number in 0..REQUESTS {
        let sample = &samples[rng.usize(..samples.len())];
        let body = super::body_of(sample);
        let (mut target, mut sent) = (sample.target().into_bytes(), body.clone());
        let mut headers = usual(&town, sample, None, &body);
        headers.push(header("accept-language", "zh-CN,zh;q=0.9"));
        headers.push(header("x-tenant-id", "demo"));
        headers.push(header("authorization", "Bearer eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.e30.AAAA"));
        for _ in 0..rng.usize(1..4) {
            match rng.u8(..4) {
                0 => damage(&mut rng, &mut target),
                1 => damage(&mut rng, &mut sent),
                _ => {
                    let place = rng.usize(..headers.len());
                    damage(&mut rng, &mut headers[place]);
                }
            }
        }
        let answer = town.shop.web.raw(&request(sample.method(), &target, &headers, &sent)).await;
        fits(sample, answer.as_ref(), &format!("request {number} of seed {seed}"));
    }
    town.unchanged(&before, &format!("seed {seed}"));
}
