//! Whether a user may log in, in the words of the wire.

use schemars::JsonSchema;
use serde::Deserialize;
use store::identity::Standing;

/// `active` or `disabled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum StandingWord {
    /// May log in.
    Active,
    /// May not.
    Disabled,
}

impl StandingWord {
    pub(crate) const fn standing(self) -> Standing {
        match self {
            Self::Active => Standing::Active,
            Self::Disabled => Standing::Disabled,
        }
    }
}
