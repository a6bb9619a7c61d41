//! Which operation a request is for: the routes of API Gateway.

use std::collections::HashMap;

use app::Operation;
use http::Method;
use percent_encoding::percent_decode_str;

/// The path of the operation that answers what no route takes.
const DEFAULT_PATH: &str = "$default";

/// Every operation by what it takes.
#[derive(Debug)]
pub(crate) struct Routes {
    /// By method and number of segments; within one, literal segments go before placeholders.
    patterns: HashMap<(&'static str, usize), Vec<Pattern>>,
    default: Target,
    names: Vec<&'static str>,
}

/// An operation, with its place in the list of names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) operation: &'static Operation,
    pub(crate) place: usize,
}

/// What a request is for.
#[derive(Debug)]
pub(crate) struct Matched {
    pub(crate) target: Target,
    /// Values of the placeholders, decoded.
    pub(crate) parameters: HashMap<String, String>,
}

#[derive(Debug)]
struct Pattern {
    segments: Vec<Segment>,
    target: Target,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(&'static str),
    Placeholder(&'static str),
}

impl Routes {
    /// The routes of some operations, of which one must be behind `$default`.
    pub(crate) fn of(operations: &[&'static Operation]) -> Option<Self> {
        let mut patterns = HashMap::<_, Vec<Pattern>>::new();
        let mut default = None;
        for (place, operation) in operations.iter().enumerate() {
            let target = Target { operation, place };
            if operation.route.path == DEFAULT_PATH {
                default = Some(target);
                continue;
            }
            let segments: Vec<Segment> = operation.route.path.split('/').map(Segment::of).collect();
            let key = (operation.route.method.word(), segments.len());
            patterns.entry(key).or_default().push(Pattern { segments, target });
        }
        for patterns in patterns.values_mut() {
            patterns.sort_by(|one, other| one.segments.cmp(&other.segments));
        }
        let names = operations.iter().map(|operation| operation.route.name).collect();
        Some(Self { patterns, default: default?, names })
    }

    /// Names of operations, by place.
    pub(crate) fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// Finds the operation for a path as it is on the wire. `HEAD` is `GET` whose body nobody sends.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Matched {
        let word = if method == Method::HEAD { Method::GET.as_str() } else { method.as_str() };
        let known = self.patterns.get(&(word, path.split('/').count()));
        let found = known.into_iter().flatten().find(|pattern| pattern.fits(path));
        found.map_or_else(
            || Matched { target: self.default, parameters: HashMap::new() },
            |pattern| Matched { target: pattern.target, parameters: pattern.parameters(path) },
        )
    }
}

impl Segment {
    fn of(text: &'static str) -> Self {
        let name = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        name.map_or(Self::Literal(text), Self::Placeholder)
    }
}

impl Pattern {
    fn fits(&self, path: &str) -> bool {
        self.segments.iter().zip(path.split('/')).all(|(segment, given)| match segment {
            Segment::Literal(wanted) => *wanted == given,
            Segment::Placeholder(_) => !given.is_empty(),
        })
    }

    /// Decoded once. What is no UTF-8 is no id of anything either, so that it may be read loosely.
    fn parameters(&self, path: &str) -> HashMap<String, String> {
        let pairs = self.segments.iter().zip(path.split('/'));
        pairs
            .filter_map(|(segment, given)| match segment {
                Segment::Literal(_) => None,
                Segment::Placeholder(name) => {
                    Some(((*name).to_owned(), percent_decode_str(given).decode_utf8_lossy().into_owned()))
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &Method, path: &str, name: &str, parameters: &[(&str, &str)]) {
        let routes = Routes::of(&crate::operations()).unwrap();
        let matched = routes.find(method, path);
        assert_eq!(routes.names()[matched.target.place], name, "{method} {path}");
        let expected = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(matched.parameters, expected, "{path}");
    }

    #[test]
    fn a_path_finds_its_operation_and_values_are_decoded_once() {
        check(&Method::GET, "/healthz", "healthz", &[]);
        check(&Method::HEAD, "/healthz", "healthz", &[]);
        check(&Method::GET, "/api/tenants/demo", "get-tenant", &[("tenant", "demo")]);
        check(&Method::GET, "/api/tenants/a%2Fb%2541", "get-tenant", &[("tenant", "a/b%41")]);
        check(&Method::GET, "/api/tenants/%ff", "get-tenant", &[("tenant", "\u{fffd}")]);
    }

    #[test]
    fn whatever_else_goes_to_the_default() {
        for (method, path) in [
            (Method::GET, "/"),
            (Method::GET, "/nothing"),
            (Method::POST, "/healthz"),
            (Method::GET, "/healthz/"),
            (Method::GET, "/api/tenants/"),
            (Method::OPTIONS, "*"),
            (Method::GET, "$default"),
        ] {
            check(&method, path, "unknown-route", &[]);
        }
    }
}
