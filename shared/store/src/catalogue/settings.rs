//! A tenant's settings as an item.

use std::collections::BTreeMap;

use domain::{
    order::Quantity,
    tenant::{Credential, Features, HoldTime, Limits, Tenant as Settings, TenantId, Theme},
};
use serde::{Deserialize, Serialize};

use super::event::{read_refunds, refund_words};
use crate::{Failed, client::Bytes};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "switches that have nothing to do with each other")]
pub(super) struct SettingsItem {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logo: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    colours: [String; 5],
    locale: String,
    calendar: bool,
    membership: bool,
    coupon: bool,
    merchandise: bool,
    /// Minutes.
    hold: u8,
    /// Tickets in one order.
    most: u8,
    refunds: (String, u16),
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    origins: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    networks: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    factors: Vec<String>,
    /// Sealed, by service.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    credentials: BTreeMap<String, Bytes>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    awaits: bool,
    standing: String,
    v: u32,
}

impl SettingsItem {
    pub(super) fn of(settings: &Settings) -> Self {
        let Theme { primary, accent, bg, text, muted } = settings.theme.clone();
        let sealed = |known: &Credential| (known.provider.clone(), Bytes(known.sealed.clone()));
        let refunds = refund_words(settings.refunds);
        Self {
            name: settings.name.clone(),
            logo: settings.logo.clone(),
            contact: settings.contact.clone(),
            colours: [primary, accent, bg, text, muted],
            locale: settings.locale.to_string(),
            calendar: settings.features.calendar,
            membership: settings.features.membership,
            coupon: settings.features.coupon,
            merchandise: settings.features.merchandise,
            hold: settings.hold.as_minutes(),
            most: settings.limits.per_order.get(),
            refunds,
            origins: settings.allowed_origins.iter().map(ToString::to_string).collect(),
            networks: settings.admin_networks.iter().map(ToString::to_string).collect(),
            factors: settings.two_factor_roles.iter().map(ToString::to_string).collect(),
            credentials: settings.credentials.iter().map(sealed).collect(),
            awaits: settings.awaits_admin,
            standing: settings.standing.to_string(),
            v: settings.version,
        }
    }

    pub(super) fn read(self, id: &TenantId) -> Result<Settings, Failed> {
        let [primary, accent, bg, text, muted] = self.colours;
        let opened = |(provider, sealed): (String, Bytes)| Credential { provider, sealed: sealed.0 };
        Ok(Settings {
            id: id.clone(),
            name: self.name,
            logo: self.logo,
            theme: Theme { primary, accent, bg, text, muted },
            contact: self.contact,
            locale: self.locale.parse().map_err(Failed::corrupt)?,
            features: Features {
                calendar: self.calendar,
                membership: self.membership,
                coupon: self.coupon,
                merchandise: self.merchandise,
            },
            hold: HoldTime::minutes(u64::from(self.hold)).map_err(Failed::corrupt)?,
            limits: Limits { per_order: Quantity::parse(u64::from(self.most)).map_err(Failed::corrupt)? },
            refunds: read_refunds(&self.refunds.0, self.refunds.1)?,
            allowed_origins: read_all(&self.origins)?,
            admin_networks: read_all(&self.networks)?,
            two_factor_roles: read_all(&self.factors)?,
            credentials: self.credentials.into_iter().map(opened).collect(),
            awaits_admin: self.awaits,
            standing: self.standing.parse().map_err(Failed::corrupt)?,
            version: self.v,
        })
    }
}

fn read_all<T: std::str::FromStr<Err: std::fmt::Display>>(texts: &[String]) -> Result<Vec<T>, Failed> {
    texts.iter().map(|text| text.parse().map_err(Failed::corrupt)).collect()
}

#[cfg(test)]
mod tests {
    use domain::{event::RefundPolicy, tenant::Standing, user::Role};

    use super::*;
    use crate::{
        client::{decode, encode},
        keys,
    };

    #[test]
    fn settings_read_back() {
        let id: TenantId = "demo".parse().unwrap();
        let plain = Settings::new(id.clone(), "Demo".into());
        let full = Settings {
            logo: Some("https://a.test/l.png".into()),
            contact: Some("hello@demo.test".into()),
            locale: domain::tenant::Locale::Chinese,
            features: Features { calendar: true, membership: true, coupon: true, merchandise: true },
            limits: Limits { per_order: Quantity::parse(4).unwrap() },
            refunds: RefundPolicy::Automatic { hours_before: 48 },
            allowed_origins: vec!["https://a.test".parse().unwrap()],
            admin_networks: vec!["192.0.2.0/24".parse().unwrap(), "::1".parse().unwrap()],
            two_factor_roles: vec![Role::Admin],
            credentials: vec![Credential { provider: "stripe".into(), sealed: vec![1, 2] }],
            awaits_admin: true,
            standing: Standing::Disabled,
            version: 7,
            ..plain.clone()
        };
        for settings in [plain, full] {
            let item = encode(keys::tenant(&id), &SettingsItem::of(&settings)).unwrap();
            assert_eq!(decode::<SettingsItem>(item).unwrap().read(&id).unwrap(), settings);
        }
    }
}
