//! Which roles of a tenant need a second factor: part of its settings, read afresh, for a login must not be an hour behind.

use domain::user::Role;
use serde::Deserialize;

use super::Catalogue;
use crate::{
    Failed, Table,
    client::{Read, decode},
    keys,
};

/// The part of a tenant's settings that a login looks at.
#[derive(Deserialize)]
struct Factors {
    #[serde(default)]
    factors: Vec<String>,
}

impl Catalogue<'_> {
    /// The roles that need a second factor to log in.
    pub async fn two_factor_roles(&self) -> Result<Vec<Role>, Failed> {
        let key = keys::tenant(&self.tenant.id);
        let item = self.tenant.store.tables.get(Table::Catalogue, key, Read::Consistent).await?;
        let Some(item) = item else { return Ok(Vec::new()) };
        let roles = decode::<Factors>(item)?.factors;
        roles.iter().map(|role| role.parse().map_err(Failed::corrupt)).collect()
    }
}
