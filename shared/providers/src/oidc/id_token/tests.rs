use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jsonwebtoken::EncodingKey;
use serde_json::json;

use super::*;

const NOW: i64 = 1_767_225_600;

fn offered() -> Vec<String> {
    ["RS256", "ES256", "EdDSA", "HS256", "none"].map(str::to_owned).to_vec()
}

fn pair() -> (EncodingKey, DecodingKey) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let private = pair.to_pkcs8().unwrap();
    (EncodingKey::from_ed_der(private.as_ref()), DecodingKey::from_ed_der(pair.public_key().as_ref()))
}

fn claims() -> Value {
    json!({
        "iss": "https://idp.example.org", "sub": "s-1", "aud": "client", "exp": NOW + 300, "iat": NOW, "nonce": "n",
        "email": "a@b.test", "email_verified": true,
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn part(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

fn signed(header: &Value, claims: &Value) -> String {
    let message = [part(header), part(claims)].join(".");
    let signature = crypto::sign(message.as_bytes(), &pair().0, Algorithm::EdDSA).unwrap();
    [message, signature].join(".")
}

fn believe(token: &str, access_token: Option<&str>) -> Result<Claims, Trouble> {
    let expected = Expected { issuer: "https://idp.example.org", client: "client", nonce: "n", access_token };
    IdToken::read(token, &offered())?.verify(&pair().1, &expected, Timestamp::from_second(NOW).unwrap())
}

fn good() -> Value {
    json!({"alg": "EdDSA", "kid": "1"})
}

#[test]
fn a_token_of_the_issuer_for_us_and_this_login_is_believed() {
    let believed = believe(&signed(&good(), &claims()), None).unwrap();
    assert_eq!((believed.subject.as_str(), believed.email.as_deref()), ("s-1", Some("a@b.test")));
    let half = BASE64URL_NOPAD.encode(&digest::digest(&SHA512, b"access").as_ref()[..32]);
    for fine in [
        with("aud", json!(["client"])),
        with("azp", json!("client")),
        with("exp", json!(NOW - SKEW_SECS + 1)),
        with("iat", json!(NOW + SKEW_SECS)),
        with("at_hash", json!(half)),
    ] {
        assert!(believe(&signed(&good(), &fine), Some("access")).is_ok(), "{fine}");
    }
}

#[test]
fn an_address_that_nobody_verified_is_not_told() {
    for doubtful in [json!(false), json!("false"), json!(1), Value::Null] {
        let believed = believe(&signed(&good(), &with("email_verified", doubtful)), None).unwrap();
        assert_eq!(believed.email, None);
    }
}

#[test]
fn claims_for_somebody_else_or_another_time_are_refused() {
    for bad in [
        with("iss", json!("https://idp.example.org/")),
        with("aud", json!("other")),
        with("aud", json!(["client", "other"])),
        with("aud", json!([])),
        with("aud", Value::Null),
        with("azp", json!("other")),
        with("exp", json!(NOW - SKEW_SECS)),
        with("exp", Value::Null),
        with("iat", json!(NOW + SKEW_SECS + 1)),
        with("iat", Value::Null),
        with("nbf", json!(NOW + SKEW_SECS + 1)),
        with("nonce", json!("m")),
        with("nonce", Value::Null),
        with("sub", json!("")),
        with("sub", json!("x".repeat(256))),
        with("sub", json!(7)),
        with("at_hash", json!("AAAA")),
    ] {
        assert!(matches!(believe(&signed(&good(), &bad), Some("access")), Err(Trouble::Refused(_))), "{bad}");
    }
    let hashed = signed(&good(), &with("at_hash", json!("AAAA")));
    assert!(believe(&hashed, None).is_err(), "a hash of a token that did not come");
}

#[test]
fn only_signatures_of_the_issuers_algorithms_count() {
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "None"}),
        json!({"alg": "HS256", "kid": "1"}),
        json!({"alg": "RS256", "kid": "1"}),
        json!({"alg": "EdDSA", "kid": "1", "crit": ["exp"]}),
        json!({"kid": "1"}),
    ] {
        assert!(believe(&signed(&header, &claims()), None).is_err(), "{header}");
    }
    let token = signed(&good(), &claims());
    assert!(IdToken::read(&token, &["RS256".to_owned()]).is_err(), "not offered");
    let (message, _) = token.rsplit_once('.').unwrap();
    for bad in [message.to_owned(), format!("{message}."), format!("{token}.x"), "a.b.c".to_owned(), String::new()] {
        assert!(believe(&bad, None).is_err(), "{bad}");
    }
}

#[test]
fn every_changed_letter_is_noticed() {
    let token = signed(&good(), &claims());
    for place in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        assert!(believe(&String::from_utf8(bytes).unwrap(), None).is_err(), "letter {place}");
    }
}
