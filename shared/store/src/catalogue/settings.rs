//! A tenant's settings as an item.

use domain::network::NetworkError;
use domain::tenant::{Features, HoldTime, Tenant as Settings, TenantId, Theme};
use serde::{Deserialize, Serialize};

use crate::Failed;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SettingsItem {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logo: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    colours: [String; 5],
    calendar: bool,
    membership: bool,
    coupon: bool,
    /// Minutes.
    hold: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    origins: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    networks: Vec<String>,
}

impl SettingsItem {
    pub(super) fn of(settings: &Settings) -> Self {
        let Theme { primary, accent, bg, text, muted } = settings.theme.clone();
        Self {
            name: settings.name.clone(),
            logo: settings.logo.clone(),
            contact: settings.contact.clone(),
            colours: [primary, accent, bg, text, muted],
            calendar: settings.features.calendar,
            membership: settings.features.membership,
            coupon: settings.features.coupon,
            hold: settings.hold.as_minutes(),
            origins: settings.allowed_origins.clone(),
            networks: settings.admin_networks.iter().map(ToString::to_string).collect(),
        }
    }

    pub(super) fn read(self, id: &TenantId) -> Result<Settings, Failed> {
        let [primary, accent, bg, text, muted] = self.colours;
        let networks = self.networks.iter().map(|text| text.parse()).collect::<Result<_, NetworkError>>();
        Ok(Settings {
            id: id.clone(),
            name: self.name,
            logo: self.logo,
            theme: Theme { primary, accent, bg, text, muted },
            contact: self.contact,
            features: Features { calendar: self.calendar, membership: self.membership, coupon: self.coupon },
            hold: HoldTime::minutes(u64::from(self.hold)).map_err(Failed::corrupt)?,
            allowed_origins: self.origins,
            admin_networks: networks.map_err(Failed::corrupt)?,
        })
    }
}
