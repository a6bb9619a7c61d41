//! A venue as an administrator writes it.

use app::Detail;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::findings::Findings;

/// A venue without its map.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VenueDraft {
    /// What it is called.
    #[schemars(length(min = 1, max = 200))]
    name: String,
    /// City.
    #[schemars(length(min = 1, max = 100))]
    city: String,
    /// Street address.
    #[serde(default)]
    #[schemars(length(max = 300))]
    address: String,
}

/// What a draft says, proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) city: String,
    pub(crate) address: String,
}

impl VenueDraft {
    pub(crate) fn read(&self) -> Result<Place, Vec<Detail>> {
        let mut found = Findings::default();
        let place = Place {
            name: found.line("name", &self.name, 1, 200),
            city: found.line("city", &self.city, 1, 100),
            address: found.line("address", &self.address, 0, 300),
        };
        found.none(Some(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_no_name() {
        let draft = |name: &str, city: &str, address: &str| {
            let draft = VenueDraft { name: name.into(), city: city.into(), address: address.into() };
            draft.read().map_err(|wrong| wrong.into_iter().map(|detail| detail.field).collect::<Vec<_>>())
        };
        assert_eq!(draft(" Hall ", "武汉", "").unwrap().name, "Hall");
        assert_eq!(draft(" ", "\u{7}", &"x".repeat(301)).unwrap_err(), ["name", "city", "address"]);
    }
}
