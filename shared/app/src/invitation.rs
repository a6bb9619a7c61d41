//! The invitation of a tenant's first administrator: a token that whoever runs the platform hands over, and that makes one
//! account, once. Its user id follows from the tenant, so that no second invitation can make a second account.

use domain::{
    Timestamp,
    id::{Id as _, UserId},
    tenant::TenantId,
};

use crate::{Error, auth::Keys};

const LABEL: &str = "invitation";
/// Seconds for which an invitation is good: seven days.
pub const INVITED_SECS: i64 = 7 * 86_400;

impl Keys {
    /// The id of a tenant's first administrator.
    pub fn first_admin(&self, tenant: &TenantId) -> UserId {
        let mac = self.mac("first-admin", &[tenant.as_str().as_bytes()]);
        let mut id = [0; 16];
        id.copy_from_slice(&mac[..16]);
        UserId::from_bytes(id)
    }

    /// Invites a tenant's first administrator.
    ///
    /// # Errors
    /// `internal` where the system gives no randomness.
    pub fn invite(&self, tenant: &TenantId, now: Timestamp) -> Result<String, Error> {
        self.seal(LABEL, tenant, now.as_second().to_be_bytes().to_vec())
    }

    /// Whether a token is an invitation of this tenant that is still good.
    pub fn is_invitation(&self, tenant: &TenantId, token: &str, now: Timestamp) -> bool {
        let issued = self.unseal(LABEL, tenant, token).and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes);
        issued.is_some_and(|issued| (0..INVITED_SECS).contains(&(now.as_second() - issued)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_is_good_for_its_tenant_and_a_week() {
        let (keys, demo, other) = (Keys::new(&[7; 32]), "demo".parse().unwrap(), "other".parse().unwrap());
        let at = |second| Timestamp::from_second(second).unwrap();
        let token = keys.invite(&demo, at(100)).unwrap();
        for (tenant, now, good) in [
            (&demo, 100, true),
            (&demo, 99, false),
            (&demo, 99 + INVITED_SECS, true),
            (&demo, 100 + INVITED_SECS, false),
            (&other, 100, false),
        ] {
            assert_eq!(keys.is_invitation(tenant, &token, at(now)), good, "{tenant} {now}");
        }
        assert!(!keys.is_invitation(&demo, "", at(100)));
        assert_eq!(keys.first_admin(&demo), keys.first_admin(&demo));
        assert_ne!(keys.first_admin(&demo), keys.first_admin(&other));
    }
}
