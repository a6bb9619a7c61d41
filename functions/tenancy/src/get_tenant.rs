//! `GET /api/tenants/{tenant}`: what everybody may know of a tenant: its name, its colours, what it uses.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::Text};
use domain::tenant::{Tenant, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

/// The operation.
pub static OPERATION: Operation = Operation::of::<GetTenant>();

/// The tenant is in the path.
#[derive(Deserialize, JsonSchema)]
struct GetTenant {}

/// Which tenant.
#[derive(Deserialize, JsonSchema)]
struct TenantPath {
    tenant: Text<TenantId>,
}

impl Endpoint for GetTenant {
    const ROUTE: Route = Route {
        name: "get-tenant",
        method: Method::Get,
        path: "/api/tenants/{tenant}",
        auth: Auth::Open,
        grants: &[Grant::read(Table::Catalogue)],
        summary: "Read a tenant's public configuration",
        errors: &[Code::NotFound],
        cache: Some("public, max-age=60"),
        ..Route::DEFAULT
    };
    type Path = TenantPath;
    type Output = TenantView;

    async fn handle(self, path: TenantPath, _: Caller, app: &'static App) -> Result<TenantView, Error> {
        let tenant = app.store.tenant(&path.tenant.0);
        let settings = tenant.catalogue().settings_cached(app.now()).await?;
        settings.map(|settings| TenantView::of(&settings)).ok_or_else(|| Code::NotFound.into())
    }
}

/// A tenant as everybody sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantView {
    id: Text<TenantId>,
    name: String,
    /// Address of the logo.
    logo: Option<String>,
    theme: ThemeView,
    /// How to reach it.
    contact: Option<String>,
    features: FeaturesView,
}

/// Colours as `#rrggbb`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ThemeView {
    primary: String,
    accent: String,
    bg: String,
    text: String,
    muted: String,
}

/// What the tenant uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FeaturesView {
    enable_calendar: bool,
    enable_membership: bool,
    enable_coupon: bool,
}

impl TenantView {
    fn of(tenant: &Tenant) -> Self {
        let theme = tenant.theme.clone();
        Self {
            id: tenant.id.clone().into(),
            name: tenant.name.clone(),
            logo: tenant.logo.clone(),
            theme: ThemeView {
                primary: theme.primary,
                accent: theme.accent,
                bg: theme.bg,
                text: theme.text,
                muted: theme.muted,
            },
            contact: tenant.contact.clone(),
            features: FeaturesView {
                enable_calendar: tenant.features.calendar,
                enable_membership: tenant.features.membership,
                enable_coupon: tenant.features.coupon,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::tenant::Features;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tenant_is_shown_in_the_words_of_the_contract() {
        let tenant = Tenant {
            contact: Some("hello@demo.test".into()),
            features: Features { calendar: true, ..Features::default() },
            ..Tenant::new("demo".parse().unwrap(), "Demo".into())
        };
        let expected = json!({
            "id": "demo",
            "name": "Demo",
            "logo": null,
            "theme": {
                "primary": "#1f4b99", "accent": "#d9480f", "bg": "#ffffff", "text": "#1a1a1a", "muted": "#6b7280",
            },
            "contact": "hello@demo.test",
            "features": { "enableCalendar": true, "enableMembership": false, "enableCoupon": false },
        });
        assert_eq!(serde_json::to_value(TenantView::of(&tenant)).unwrap(), expected);
    }
}
