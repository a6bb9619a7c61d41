//! `GET /docs`: the contract to read and to try, by Swagger UI. Everything that the page loads is ours.

use app::{App, Auth, Caller, Endpoint, Error, Nothing, Operation, Plain, Reply, Route};
use http::header::CONTENT_SECURITY_POLICY;
use schemars::JsonSchema;
use serde::Deserialize;

/// Answers the page.
pub static OPERATION: Operation = Operation::of::<Docs>();

static PAGE: &str = include_str!("docs.html");

/// Nothing from anywhere else, and nothing inside the page.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

#[derive(Debug, Deserialize, JsonSchema)]
struct Docs {}

impl Endpoint for Docs {
    const ROUTE: Route = Route {
        name: "docs",
        path: "/docs",
        auth: Auth::Open,
        summary: "The contract to read and to try",
        cache: Some("public, max-age=300"),
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Plain;

    async fn handle(self, _: Nothing, _: Caller, _: &'static App) -> Result<Plain, Error> {
        let page = Reply::raw("text/html; charset=utf-8", PAGE.as_bytes());
        Ok(Plain(page.header(CONTENT_SECURITY_POLICY, POLICY)))
    }
}

#[cfg(test)]
mod tests {
    use super::PAGE;
    use crate::docs_asset::asset;

    #[test]
    fn the_page_loads_only_files_that_are_here() {
        let addresses = PAGE
            .split([' ', '>'])
            .filter_map(|word| word.strip_prefix("src=\"").or_else(|| word.strip_prefix("href=\""))?.strip_suffix('"'));
        let addresses: Vec<&str> = addresses.collect();
        assert_eq!(addresses.len(), 3);
        for address in addresses {
            assert!(asset(address.strip_prefix("docs/").unwrap()).is_some(), "{address}");
        }
    }

    #[test]
    fn the_page_has_nothing_that_its_policy_forbids() {
        for inline in ["<style", "style=", "<script>", "onload=", "https://", "//cdn"] {
            assert!(!PAGE.contains(inline), "{inline}");
        }
    }
}
