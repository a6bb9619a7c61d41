//! `GET /api/tenants/{tenant}`: what everybody may know of a tenant: its name, its colours, what it uses.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Operation, Route, wire::Text};
use domain::{
    tenant::{Features, Tenant, TenantId, Theme},
    user::Role,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::findings::Findings;

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
        errors: &[Code::NotFound, Code::TenantDisabled],
        cache: Some("public, max-age=60"),
        ..Route::DEFAULT
    };
    type Path = TenantPath;
    type Output = TenantView;

    async fn handle(self, path: TenantPath, _: Caller, app: &'static App) -> Result<TenantView, Error> {
        let tenant = app.store.tenant(&path.tenant.0);
        let settings = tenant.catalogue().settings_cached(app.now()).await?.ok_or(Code::NotFound)?;
        app.may_enter(&settings, Role::Customer)?;
        Ok(TenantView::of(&settings))
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
    /// In which language it writes to its customers.
    locale: &'static str,
    features: FeaturesView,
}

/// Colours as `#rrggbb`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThemeView {
    primary: String,
    accent: String,
    bg: String,
    text: String,
    muted: String,
}

impl ThemeView {
    pub(crate) fn of(theme: &Theme) -> Self {
        let Theme { primary, accent, bg, text, muted } = theme.clone();
        Self { primary, accent, bg, text, muted }
    }

    /// The colours; complains about those that are none.
    pub(crate) fn read(&self, found: &mut Findings) -> Theme {
        let Self { primary, accent, bg, text, muted } = self.clone();
        for (name, colour) in
            [("primary", &primary), ("accent", &accent), ("bg", &bg), ("text", &text), ("muted", &muted)]
        {
            let digits = colour.strip_prefix('#').unwrap_or_default();
            if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                found.wrong(format!("theme.{name}"), "must be a colour such as #1f4b99");
            }
        }
        Theme { primary, accent, bg, text, muted }
    }
}

/// What the tenant uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "switches that have nothing to do with each other")]
pub(crate) struct FeaturesView {
    enable_calendar: bool,
    enable_membership: bool,
    enable_coupon: bool,
    #[serde(default)]
    enable_merchandise: bool,
}

impl FeaturesView {
    pub(crate) const fn of(features: Features) -> Self {
        Self {
            enable_calendar: features.calendar,
            enable_membership: features.membership,
            enable_coupon: features.coupon,
            enable_merchandise: features.merchandise,
        }
    }

    pub(crate) const fn read(self) -> Features {
        Features {
            calendar: self.enable_calendar,
            membership: self.enable_membership,
            coupon: self.enable_coupon,
            merchandise: self.enable_merchandise,
        }
    }
}

impl TenantView {
    fn of(tenant: &Tenant) -> Self {
        Self {
            id: tenant.id.clone().into(),
            name: tenant.name.clone(),
            logo: tenant.logo.clone(),
            theme: ThemeView::of(&tenant.theme),
            contact: tenant.contact.clone(),
            locale: tenant.locale.tag(),
            features: FeaturesView::of(tenant.features),
        }
    }
}

#[cfg(test)]
mod tests {
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
            "locale": "en",
            "features": { "enableCalendar": true, "enableMembership": false, "enableCoupon": false, "enableMerchandise": false },
        });
        assert_eq!(serde_json::to_value(TenantView::of(&tenant)).unwrap(), expected);
    }
}
