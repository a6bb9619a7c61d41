//! What a tenant chooses: how a change of it is read, and how it is shown to those who may change it.

use app::{Detail, wire::Text};
use domain::{
    event::RefundPolicy,
    order::Quantity,
    tenant::{HoldTime, Locale, Tenant, TenantId},
    user::Role,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    credentials::CredentialChange,
    findings::Findings,
    get_tenant::{FeaturesView, ThemeView},
};

/// What is to change. A field that is left out or null stays.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettingsChange {
    #[schemars(length(min = 1, max = 80))]
    name: Option<String>,
    /// Address of the logo; empty for none.
    #[schemars(length(max = 512))]
    logo: Option<String>,
    /// How to reach the tenant, for everybody to see; empty for none.
    #[schemars(length(max = 200))]
    contact: Option<String>,
    /// `en` or `zh-CN`.
    #[schemars(length(max = 8))]
    locale: Option<String>,
    theme: Option<ThemeView>,
    features: Option<FeaturesView>,
    /// How long an order is held unpaid.
    #[schemars(range(min = 1, max = 120))]
    hold_minutes: Option<u64>,
    /// The most tickets of one order; an option's own limit may be lower.
    #[schemars(range(min = 1, max = 10))]
    max_per_order: Option<u64>,
    /// The policy of events that say none.
    refund_policy: Option<RefundPolicyBody>,
    /// Origins whose pages may call the API; empty for any.
    #[schemars(length(max = 32))]
    allowed_origins: Option<Vec<String>>,
    /// Networks (CIDR) from which staff and above may act; empty for any.
    #[schemars(length(max = 32))]
    admin_networks: Option<Vec<String>>,
    /// Roles that need a second factor.
    #[schemars(length(max = 5))]
    two_factor_roles: Option<Vec<String>>,
    /// Credentials of other services. They are never shown again.
    #[schemars(length(max = 8))]
    pub(crate) credentials: Option<Vec<CredentialChange>>,
}

/// When money is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundPolicyBody {
    mode: RefundMode,
    /// How many hours before the session it has to be asked for at the latest.
    #[serde(default)]
    #[schemars(range(max = 8_760))]
    hours_before: u16,
}

/// How a refund is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum RefundMode {
    /// There is none.
    None,
    /// A person decides.
    Review,
    /// At once.
    Automatic,
}

impl RefundPolicyBody {
    const fn of(policy: RefundPolicy) -> Self {
        match policy {
            RefundPolicy::Never => Self { mode: RefundMode::None, hours_before: 0 },
            RefundPolicy::Review { hours_before } => Self { mode: RefundMode::Review, hours_before },
            RefundPolicy::Automatic { hours_before } => Self { mode: RefundMode::Automatic, hours_before },
        }
    }

    const fn read(self) -> RefundPolicy {
        match self.mode {
            RefundMode::None => RefundPolicy::Never,
            RefundMode::Review => RefundPolicy::Review { hours_before: self.hours_before },
            RefundMode::Automatic => RefundPolicy::Automatic { hours_before: self.hours_before },
        }
    }
}

impl SettingsChange {
    /// The tenant as it shall be, but for its credentials; with all that is wrong at once.
    pub(crate) fn apply(&self, mut tenant: Tenant) -> Result<Tenant, Vec<Detail>> {
        let mut found = Findings::default();
        if let Some(name) = found.line("name", self.name.as_deref()) {
            tenant.name = name.unwrap_or(tenant.name);
        }
        if let Some(logo) = found.address("logo", self.logo.as_deref()) {
            tenant.logo = logo;
        }
        if let Some(contact) = found.line("contact", self.contact.as_deref()) {
            tenant.contact = contact;
        }
        if let Some(locale) = &self.locale {
            tenant.locale = found.take("locale", locale.parse::<Locale>()).unwrap_or(tenant.locale);
        }
        if let Some(theme) = &self.theme {
            tenant.theme = theme.read(&mut found);
        }
        if let Some(features) = self.features {
            tenant.features = features.read();
        }
        if let Some(minutes) = self.hold_minutes {
            tenant.hold = found.take("holdMinutes", HoldTime::minutes(minutes)).unwrap_or(tenant.hold);
        }
        if let Some(most) = self.max_per_order {
            let most = found.take("maxPerOrder", Quantity::parse(most));
            tenant.limits.per_order = most.unwrap_or(tenant.limits.per_order);
        }
        if let Some(policy) = self.refund_policy {
            tenant.refunds = policy.read();
        }
        if let Some(origins) = &self.allowed_origins {
            tenant.allowed_origins = found.all("allowedOrigins", origins);
        }
        if let Some(networks) = &self.admin_networks {
            tenant.admin_networks = found.all("adminNetworks", networks);
        }
        if let Some(roles) = &self.two_factor_roles {
            tenant.two_factor_roles = found.all("twoFactorRoles", roles);
        }
        if let Some(credentials) = &self.credentials {
            found.check_credentials(credentials);
        }
        found.none().map(|()| tenant)
    }
}

/// A tenant as it is shown to those who may change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettingsView {
    id: Text<TenantId>,
    /// `active` or `disabled`.
    status: &'static str,
    /// To be sent back with a change.
    version: u32,
    name: String,
    logo: Option<String>,
    contact: Option<String>,
    locale: &'static str,
    theme: ThemeView,
    features: FeaturesView,
    hold_minutes: u8,
    max_per_order: u8,
    refund_policy: RefundPolicyBody,
    allowed_origins: Vec<String>,
    admin_networks: Vec<String>,
    two_factor_roles: Vec<Text<Role>>,
    credentials: Vec<CredentialView>,
}

/// That there are credentials of a service; never what they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CredentialView {
    provider: String,
    is_set: bool,
}

impl SettingsView {
    pub(crate) fn of(tenant: &Tenant) -> Self {
        let set = |provider: &String| CredentialView { provider: provider.clone(), is_set: true };
        Self {
            id: tenant.id.clone().into(),
            status: tenant.standing.word(),
            version: tenant.version,
            name: tenant.name.clone(),
            logo: tenant.logo.clone(),
            contact: tenant.contact.clone(),
            locale: tenant.locale.tag(),
            theme: ThemeView::of(&tenant.theme),
            features: FeaturesView::of(tenant.features),
            hold_minutes: tenant.hold.as_minutes(),
            max_per_order: tenant.limits.per_order.get(),
            refund_policy: RefundPolicyBody::of(tenant.refunds),
            allowed_origins: tenant.allowed_origins.iter().map(ToString::to_string).collect(),
            admin_networks: tenant.admin_networks.iter().map(ToString::to_string).collect(),
            two_factor_roles: tenant.two_factor_roles.iter().copied().map(Text).collect(),
            credentials: tenant.credentials.iter().map(|known| set(&known.provider)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(json: &str) -> Result<Tenant, Vec<String>> {
        let change: SettingsChange = serde_json::from_str(json).unwrap();
        let applied = change.apply(Tenant::new("demo".parse().unwrap(), "Demo".into()));
        applied.map_err(|wrong| wrong.into_iter().map(|detail| detail.field).collect())
    }

    #[test]
    fn what_is_left_out_stays_and_what_is_empty_goes() {
        let before = Tenant::new("demo".parse().unwrap(), "Demo".into());
        assert_eq!(apply("{}").unwrap(), before);
        let changed = apply(r#"{"name":"Hall","contact":" ","adminNetworks":["192.0.2.0/24"]}"#);
        let changed = changed.unwrap();
        assert_eq!((changed.name.as_str(), &changed.contact), ("Hall", &None));
        assert!(changed.admin_networks[0].contains("192.0.2.9".parse().unwrap()));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let wrong = apply(
            r##"{"name":"a\nb","logo":"javascript:x","locale":"fr","holdMinutes":0,"maxPerOrder":11,
                "theme":{"primary":"red","accent":"#000000","bg":"#ffffff","text":"#000000","muted":"#000000"},
                "allowedOrigins":["https://a.test","*"],"adminNetworks":["a"],"twoFactorRoles":["boss"],
                "credentials":[{"provider":"No","secret":"x"},{"provider":"a"},{"provider":"a"}]}"##,
        );
        let fields = [
            "name",
            "logo",
            "locale",
            "theme.primary",
            "holdMinutes",
            "maxPerOrder",
            "allowedOrigins[1]",
            "adminNetworks[0]",
            "twoFactorRoles[0]",
            "credentials[0].provider",
            "credentials[2].provider",
        ];
        assert_eq!(wrong.unwrap_err(), fields);
    }
}
