//! `GET /docs/{file}`: what the page of the documentation loads.

use app::{App, Auth, Caller, Code, Endpoint, Error, Operation, Plain, Reply, Route};
use schemars::JsonSchema;
use serde::Deserialize;

/// Answers a file.
pub static OPERATION: Operation = Operation::of::<DocsAsset>();

/// Kind and content, unpacked by build.rs from the package that carries Swagger UI.
type Asset = (&'static str, &'static [u8]);

const SCRIPT: &str = "text/javascript; charset=utf-8";
static START: &[u8] = include_bytes!("docs_start.js");
static BUNDLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js"));
static STYLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css"));

#[derive(Debug, Deserialize, JsonSchema)]
struct DocsAsset {}

#[derive(Debug, Deserialize, JsonSchema)]
struct FilePath {
    /// The file's name.
    file: String,
}

impl Endpoint for DocsAsset {
    const ROUTE: Route = Route {
        name: "docs-asset",
        path: "/docs/{file}",
        auth: Auth::Open,
        summary: "A file that the documentation loads",
        errors: &[Code::NotFound],
        cache: Some("public, max-age=86400"),
        ..Route::DEFAULT
    };
    type Path = FilePath;
    type Output = Plain;

    async fn handle(self, path: FilePath, _: Caller, _: &'static App) -> Result<Plain, Error> {
        let (kind, bytes) = asset(&path.file).ok_or(Code::NotFound)?;
        Ok(Plain(Reply::raw(kind, bytes)))
    }
}

/// A file by its name.
pub(crate) fn asset(name: &str) -> Option<Asset> {
    match name {
        "start.js" => Some((SCRIPT, START)),
        "swagger-ui-bundle.js" => Some((SCRIPT, BUNDLE)),
        "swagger-ui.css" => Some(("text/css; charset=utf-8", STYLE)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::asset;

    #[test]
    fn the_package_still_holds_what_the_page_calls() {
        let (_, bundle) = asset("swagger-ui-bundle.js").unwrap();
        assert!(String::from_utf8_lossy(bundle).contains("SwaggerUIBundle"));
        assert!(asset("../Cargo.toml").is_none());
    }

    #[test]
    fn an_answer_fits_into_what_lambda_can_answer() {
        const LONGEST_BYTES: usize = 6 * 1_048_576;
        for name in ["swagger-ui-bundle.js", "swagger-ui.css"] {
            let (_, bytes) = asset(name).unwrap();
            assert!(bytes.len() * 4 / 3 < LONGEST_BYTES, "{name}");
        }
    }
}
