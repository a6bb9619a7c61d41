//! Which addresses are called at all. A tenant names its issuer, and the issuer names its endpoints: neither may make this
//! program call what only its own machine or network can reach.

use super::Trouble;

/// How far calls may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Names of the public web, by TLS.
    Public,
    /// Also this machine and plain HTTP: stages on a developer's machine.
    Anywhere,
}

/// Names that nobody can have (RFC 6761, RFC 2606).
const NOBODYS: [&str; 3] = ["test", "invalid", "example"];
/// Names of machines near by (RFC 6761, RFC 6762, RFC 8375, and those that clouds give to their own).
const NEAR: [&str; 6] = ["localhost", "local", "internal", "home", "lan", "arpa"];

/// Whether an address may be called.
///
/// # Errors
/// With why it may not.
pub fn check(address: &str, reach: Reach) -> Result<(), Trouble> {
    let refuse = |why| Err(Trouble::Refused(why));
    let Ok(uri) = address.parse::<http::Uri>() else { return refuse("an address cannot be read") };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return refuse("an address is not complete");
    };
    let secure = scheme == "https" || (scheme == "http" && reach == Reach::Anywhere);
    if !secure {
        return refuse("an address is not of https");
    }
    if authority.as_str().contains('@') || address.contains('#') {
        return refuse("an address has parts that no endpoint has");
    }
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let last = host.rsplit('.').next().unwrap_or_default();
    if NOBODYS.contains(&last) {
        return refuse("an address is nobody's");
    }
    // A last label that begins with a digit makes the whole an IPv4 address in one of its spellings (WHATWG URL, 3.5).
    let named = host.contains('.') && last.starts_with(|first: char| first.is_ascii_lowercase());
    if reach == Reach::Public && (!named || NEAR.contains(&last)) {
        return refuse("an address is not of the public web");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_public_web_are_called_by_tls() {
        for good in
            ["https://accounts.google.com", "https://a.example.org:8443/realms/x?y=1", "https://xn--fiq228c.cn/"]
        {
            assert!(check(good, Reach::Public).is_ok(), "{good}");
        }
        for bad in [
            "http://accounts.google.com",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://169.254.169.254/latest/meta-data",
            "https://localhost/",
            "https://localhost./",
            "https://a.localhost/",
            "https://metadata.google.internal/",
            "https://printer.local/",
            "https://intranet/",
            "https://a@b.example.org/",
            "https://b.example.org/#a",
            "https://idp.test/",
            "ftp://b.example.org/",
            "file:///etc/passwd",
            "//b.example.org/",
            "b.example.org",
            "",
        ] {
            assert!(check(bad, Reach::Public).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_developers_machine_may_call_itself() {
        for good in ["http://127.0.0.1:8080", "http://localhost:8080/a", "https://accounts.google.com"] {
            assert!(check(good, Reach::Anywhere).is_ok(), "{good}");
        }
        for bad in ["http://idp.test", "ftp://127.0.0.1", "http://a@127.0.0.1", "127.0.0.1"] {
            assert!(check(bad, Reach::Anywhere).is_err(), "{bad}");
        }
    }
}
