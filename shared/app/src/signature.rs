//! HTTP message signatures (RFC 9421) with `hmac-sha256`, as far as machine clients need them.
//!
//! What is understood: one signature; covered components without parameters, which are `@method`, `@path`, `@query`,
//! `@authority` and header fields; the parameters `created`, `nonce`, `keyid` and `alg`. Anything else is no signature: what
//! is not understood cannot have been checked. Which components must be covered is said by [`Signed::covers_enough`].

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest, hmac};
use data_encoding::BASE64;
use http::{HeaderMap, HeaderName};

/// The longest header that is read as a part of a signature.
const MOST_TEXT: usize = 1_024;
/// Components that one signature covers at most.
const MOST_COMPONENTS: usize = 16;

/// What a signature is made over, beside its headers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'m> {
    pub(crate) method: &'m str,
    /// As it was sent, without the query.
    pub(crate) path: &'m str,
    /// As it was sent, without the question mark.
    pub(crate) query: &'m str,
    pub(crate) headers: &'m HeaderMap,
    pub(crate) body: &'m [u8],
}

/// A signature as the client states it; nothing of it is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed<'m> {
    components: Vec<&'m str>,
    /// The parameters as they were written: they are signed so.
    written: &'m str,
    pub(crate) created: i64,
    pub(crate) nonce: &'m str,
    pub(crate) key: &'m str,
    signature: Vec<u8>,
}

impl<'m> Signed<'m> {
    /// Reads `Signature-Input` and `Signature`. Nothing where they are not a signature that is understood.
    pub(crate) fn read(headers: &'m HeaderMap) -> Option<Self> {
        let (label, written) = member(only(headers, "signature-input")?)?;
        let (of, signature) = member(only(headers, "signature")?)?;
        if label != of {
            return None;
        }
        let (list, parameters) = written.strip_prefix('(')?.split_once(')')?;
        let mut signed = Self {
            components: components(list)?,
            written,
            created: i64::MIN,
            nonce: "",
            key: "",
            signature: bytes(signature)?,
        };
        signed.parameters(parameters)?;
        let is_complete = signed.created != i64::MIN && !signed.key.is_empty();
        is_complete.then_some(signed)
    }

    fn parameters(&mut self, text: &'m str) -> Option<()> {
        let mut seen: Vec<&str> = Vec::new();
        let mut parts = text.split(';');
        parts.next().filter(|before| before.is_empty())?;
        for part in parts {
            let (name, value) = part.split_once('=')?;
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
            match name {
                "created" => self.created = whole(value)?,
                "nonce" => self.nonce = quoted(value)?,
                "keyid" => self.key = quoted(value)?,
                "alg" => quoted(value).filter(|name| *name == "hmac-sha256").map(drop)?,
                _ => return None,
            }
        }
        Some(())
    }

    /// Whether nothing that decides what the request does is left out: method, path, query, and the body where there is one.
    pub(crate) fn covers_enough(&self, message: &Message<'_>) -> bool {
        let covers = |name: &&str| self.components.contains(name);
        ["@method", "@path", "@query"].iter().all(covers) && (message.body.is_empty() || covers(&"content-digest"))
    }

    /// Whether it was made with this secret over this message.
    pub(crate) fn is_of(&self, message: &Message<'_>, secret: &[u8]) -> bool {
        let Some(base) = self.base(message) else { return false };
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        hmac::verify(&key, base.as_bytes(), &self.signature).is_ok()
    }

    /// The signature base (RFC 9421, 2.5).
    fn base(&self, message: &Message<'_>) -> Option<String> {
        let mut base = String::new();
        for component in &self.components {
            let value = message.component(component)?;
            base.extend(["\"", component, "\": ", &value, "\n"]);
        }
        base.extend(["\"@signature-params\": ", self.written]);
        Some(base)
    }
}

impl Message<'_> {
    fn component(&self, name: &str) -> Option<String> {
        match name {
            "@method" => Some(self.method.to_owned()),
            "@path" => Some(if self.path.is_empty() { "/" } else { self.path }.to_owned()),
            "@query" => Some(["?", self.query].concat()),
            "@authority" => only(self.headers, "host").map(str::to_ascii_lowercase),
            name if name.starts_with('@') => None,
            name => self.field(name),
        }
    }

    /// The values of a header field, as RFC 9421, 2.1 puts them together.
    fn field(&self, name: &str) -> Option<String> {
        let name = HeaderName::from_bytes(name.as_bytes()).ok().filter(|known| known.as_str() == name)?;
        let values = self.headers.get_all(name).iter().map(|value| value.to_str().map(str::trim));
        let values = values.collect::<Result<Vec<_>, _>>().ok()?;
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Whether `Content-Digest` (RFC 9530) names the body by its SHA-256; needed where there is one.
    pub(crate) fn has_its_digest(&self) -> bool {
        let Some(told) = self.field("content-digest") else { return self.body.is_empty() };
        let told = told.split(',').filter_map(|part| part.trim().strip_prefix("sha-256=")).map(bytes);
        let actual = digest::digest(&digest::SHA256, self.body);
        let mut found = false;
        for told in told {
            let Some(told) = told else { return false };
            if verify_slices_are_equal(&told, actual.as_ref()).is_err() {
                return false;
            }
            found = true;
        }
        found
    }
}

/// A header that stands there once and is not too long.
fn only<'m>(headers: &'m HeaderMap, name: &str) -> Option<&'m str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok().filter(|value| value.len() <= MOST_TEXT)?;
    values.next().is_none().then(|| value.trim())
}

/// The one member of a dictionary.
fn member(text: &str) -> Option<(&str, &str)> {
    let (label, value) = text.split_once('=')?;
    let is_label = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"_-*.".contains(&it);
    (!label.is_empty() && label.bytes().all(is_label)).then_some((label, value))
}

/// `"@method" "content-digest"`: names between quotation marks, each once.
fn components(list: &str) -> Option<Vec<&str>> {
    let mut found: Vec<&str> = Vec::new();
    for item in list.split(' ') {
        let name = quoted(item)?;
        let is_name = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"@-".contains(&it);
        if name.is_empty() || !name.bytes().all(is_name) || found.contains(&name) || found.len() == MOST_COMPONENTS {
            return None;
        }
        found.push(name);
    }
    Some(found)
}

/// A string without anything that would have to be escaped; nor what separates parameters, so that they can be split.
fn quoted(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    inner.bytes().all(|it| (b' '..=b'~').contains(&it) && !b"\"\\;".contains(&it)).then_some(inner)
}

/// A number without sign or leading zeros; not more than 15 digits (RFC 8941, 3.3.1).
fn whole(text: &str) -> Option<i64> {
    let is_number = (1..=15).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Bytes between colons, in base64.
fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.strip_prefix(':')?.strip_suffix(':')?.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// RFC 9421, B.1.5.
    const SECRET: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
    const INPUT: &str = r#"sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#;
    const SIGNATURE: &str = "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    /// The request of RFC 9421, B.2.
    fn vector(input: &str, signature: &str) -> HeaderMap {
        headers(&[
            ("host", "example.com"),
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("content-type", "application/json"),
            ("signature-input", input),
            ("signature", signature),
        ])
    }

    fn message<'m>(headers: &'m HeaderMap, body: &'m [u8]) -> Message<'m> {
        Message { method: "POST", path: "/foo", query: "param=Value&Pet=dog", headers, body }
    }

    #[test]
    fn the_example_of_the_standard_is_verified() {
        let headers = vector(INPUT, SIGNATURE);
        let (signed, message) = (Signed::read(&headers).unwrap(), message(&headers, b""));
        assert_eq!((signed.created, signed.key, signed.nonce), (1_618_884_473, "test-shared-secret", ""));
        let secret = BASE64.decode(SECRET.as_bytes()).unwrap();
        assert!(signed.is_of(&message, &secret));
        assert!(!signed.is_of(&message, &secret[1..]));
        assert!(!signed.covers_enough(&message), "it leaves out what the request does");
    }

    #[test]
    fn the_base_is_written_as_the_standard_says() {
        let input = r#"a=("@method" "@path" "@query" "content-digest");created=1;nonce="n";keyid="demo/key_1";alg="hmac-sha256""#;
        let digest = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
        let headers = headers(&[("signature-input", input), ("signature", "a=:AA==:"), ("content-digest", digest)]);
        let (signed, message) = (Signed::read(&headers).unwrap(), message(&headers, br#"{"hello": "world"}"#));
        let expected = [
            "\"@method\": POST",
            "\"@path\": /foo",
            "\"@query\": ?param=Value&Pet=dog",
            &format!("\"content-digest\": {digest}"),
            &format!("\"@signature-params\": {}", &input[2..]),
        ];
        assert_eq!(signed.base(&message).unwrap(), expected.join("\n"));
        assert!(signed.covers_enough(&message));
        let empty = Message { path: "", query: "", ..message };
        assert_eq!(empty.component("@path").as_deref(), Some("/"));
        assert_eq!(empty.component("@query").as_deref(), Some("?"));
    }

    #[test]
    fn changed_messages_are_not_signed() {
        let headers = vector(INPUT, SIGNATURE);
        let secret = BASE64.decode(SECRET.as_bytes()).unwrap();
        for (name, value) in
            [("date", "Tue, 20 Apr 2021 02:07:56 GMT"), ("host", "example.org"), ("content-type", "text/plain")]
        {
            let mut changed = headers.clone();
            changed.insert(name, HeaderValue::from_static(value));
            assert!(!Signed::read(&changed).unwrap().is_of(&message(&changed, b""), &secret), "{name}");
        }
        let mut less = headers.clone();
        less.remove("date");
        assert!(!Signed::read(&less).unwrap().is_of(&message(&less, b""), &secret), "a covered field is missing");
    }

    #[test]
    fn what_is_not_understood_is_no_signature() {
        let odd = [
            "",
            "a",
            "a=",
            r"a=()",
            r#"a=("@method")"#,
            r#"a=("@method");created=1"#,
            r#"a=("@method");keyid="k""#,
            r#"a=("@method" "@method");created=1;keyid="k""#,
            r#"a=("@method"  "@path");created=1;keyid="k""#,
            r#"a=("Date");created=1;keyid="k""#,
            r#"a=("date";sf);created=1;keyid="k""#,
            r#"a=("@method");created=1;created=2;keyid="k""#,
            r#"a=("@method");created=-1;keyid="k""#,
            r#"a=("@method");created=1.5;keyid="k""#,
            r#"a=("@method");created=1;keyid="k";alg="rsa-pss-sha512""#,
            r#"a=("@method");created=1;keyid="k";expires=2"#,
            r#"a=("@method");created=1;keyid="k";tag="x""#,
            r#"a=("@method");created=1;keyid=k"#,
            r#"a=("@method");created=1;keyid="k", b=("@path");created=1;keyid="k""#,
            r#"b=("@method");created=1;keyid="k""#,
        ];
        for input in odd {
            assert_eq!(Signed::read(&vector(input, "a=:AA==:")), None, "{input}");
        }
        let good = r#"a=("@method");created=1;keyid="k""#;
        assert!(Signed::read(&vector(good, "a=:AA==:")).is_some());
        for signature in ["", "a", "a=", "a=AA==", "a=:AA:", "a=:!!==:", "b=:AA==:", "a=:AA==:, b=:AA==:"] {
            assert_eq!(Signed::read(&vector(good, signature)), None, "{signature}");
        }
        let mut twice = vector(good, "a=:AA==:");
        twice.append("signature", HeaderValue::from_static("a=:AA==:"));
        assert_eq!(Signed::read(&twice), None);
        // A derived component that is not known signs nothing.
        let unknown = vector(r#"a=("@target-uri");created=1;keyid="k""#, "a=:AA==:");
        assert_eq!(Signed::read(&unknown).unwrap().base(&message(&unknown, b"")), None);
    }

    #[test]
    fn a_digest_is_of_the_body() {
        const BODY: &[u8] = br#"{"hello": "world"}"#;
        // RFC 9530, B.2.
        let told = |digest: &str, body: &[u8]| {
            let headers = headers(&[("content-digest", digest)]);
            message(&headers, body).has_its_digest()
        };
        let good = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
        assert!(told(good, BODY) && told(&format!("sha-512=:AA==:, {good}"), BODY));
        assert!(!told(good, b"{}") && !told(good, b""));
        for wrong in ["", "sha-256=X48E", "sha-256=::", "md5=:AA==:", "sha-512=:AA==:", "sha-256=:X48E:"] {
            assert!(!told(wrong, BODY), "{wrong}");
        }
        assert!(!told(&format!("{good}, sha-256=:AA==:"), BODY), "two that differ");
        let none = HeaderMap::new();
        assert!(message(&none, b"").has_its_digest() && !message(&none, BODY).has_its_digest());
    }
}
