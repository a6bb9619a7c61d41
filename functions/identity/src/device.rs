//! From where somebody logs in, told so that they know it again and nobody else learns much from it.

use std::net::IpAddr;

use app::RequestFacts;
use http::header::USER_AGENT;
use store::identity::Device;

/// Words of `User-Agent` and what they mean. The first that is found counts: nearly everybody also says `Safari`, and all
/// but Firefox and Safari also say `Chrome`.
const FAMILIES: [(&str, &str); 9] = [
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
/// Whoever says nothing that we know.
const OTHER: &str = "other";

/// The device of a request.
pub(crate) fn of(request: &RequestFacts) -> Device {
    let agent = request.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Device { agent: family(agent).to_owned(), network: network(&request.ip) }
}

fn family(agent: &str) -> &'static str {
    FAMILIES.iter().find(|(word, _)| agent.contains(word)).map_or(OTHER, |(_, family)| family)
}

/// The network of an address: 24 bits of the old kind, 48 of the new, which is what one customer of a provider has at
/// most. Nothing where it is no address.
pub(crate) fn network(ip: &str) -> String {
    match ip.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Ok(IpAddr::V6(ip)) => {
            let [a, b, c, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_by_what_they_alone_say() {
        let webkit = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        for (rest, expected) in [
            ("Version/18.1 Safari/605.1.15", "Safari"),
            ("Chrome/131.0.0.0 Safari/537.36", "Chrome"),
            ("Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0", "Edge"),
            ("Chrome/131.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.50", "WeChat"),
            ("CriOS/131.0 Mobile Safari/604.1", "Chrome"),
        ] {
            assert_eq!(family(&format!("{webkit} {rest}")), expected, "{rest}");
        }
        assert_eq!(family("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"), "Firefox");
        assert_eq!(family("curl/8.5.0"), OTHER);
    }

    #[test]
    fn of_an_address_the_network_is_kept() {
        assert_eq!(network("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(network("::ffff:203.0.113.77"), "203.0.113.0/24");
        assert_eq!(network("2001:db8:85a3::8a2e:370:7334"), "2001:db8:85a3::/48");
        assert_eq!(network("nowhere"), "");
    }
}
