//! How values of the domain are written on the wire. The domain knows nothing of JSON; these wrappers do.

mod page;

use std::{any::TypeId, borrow::Cow, fmt::Display, str::FromStr};

use domain::{
    Timestamp,
    event::Zone,
    id::{
        EventId, Id, KeyId, LoginId, OptionId, OrderId, PaymentId, RefundId, RunId, SessionId, TicketId, UserId,
        VenueId,
    },
    money::Currency,
    tenant::TenantId,
    user::Role,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

pub use self::page::{Listed, PageQuery};
use crate::decode::REASON;

/// A value that is written as text: an id, a currency, a zone, a tenant, a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<T>(pub T);

/// A [`Text`] that is an id; its schema tells the prefix.
pub type IdText<T> = Text<T>;

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(de::Error::custom)
    }
}

impl<T> From<T> for Text<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: FromStr<Err: Display> + 'static> JsonSchema for Text<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn schema_id() -> Cow<'static, str> {
        ["Text<", std::any::type_name::<T>(), ">"].concat().into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({"type": "string"});
        if let Some(pattern) = pattern_of(TypeId::of::<T>()) {
            schema.insert("pattern".to_owned(), Value::String(pattern));
            // The type's own words for what it is not. No type here reads from nothing.
            if let Err(reason) = T::from_str("") {
                schema.insert(REASON.to_owned(), Value::String(reason.to_string()));
            }
        }
        schema
    }
}

/// The patterns of the domain's texts, so that a wrong one is told together with all other wrong fields. A type that is
/// missing here is still checked, by its `FromStr`, after everything else fitted.
fn pattern_of(kind: TypeId) -> Option<String> {
    fn id<T: Id>() -> (TypeId, String) {
        (TypeId::of::<T>(), ["^", T::PREFIX, "[0-9a-hjkmnp-tv-z]{26}$"].concat())
    }
    let patterns = [
        id::<OrderId>(),
        id::<UserId>(),
        id::<LoginId>(),
        id::<EventId>(),
        id::<SessionId>(),
        id::<OptionId>(),
        id::<PaymentId>(),
        id::<RefundId>(),
        id::<TicketId>(),
        id::<KeyId>(),
        id::<VenueId>(),
        id::<RunId>(),
        (TypeId::of::<TenantId>(), "^[a-z][a-z0-9-]{0,23}$".to_owned()),
        (TypeId::of::<Role>(), "^(customer|staff|publisher|admin|platform)$".to_owned()),
        (TypeId::of::<Currency>(), "^[A-Z]{3}$".to_owned()),
    ];
    patterns.into_iter().find(|(known, _)| *known == kind).map(|(_, pattern)| pattern)
}

/// A moment: RFC 3339 with any offset on its way in, with `Z` on its way out. See [`in_zone`] for the venue's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub Timestamp);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let read = text.parse().map(Self);
        read.map_err(|_| de::Error::custom("must be a time with its offset, such as 2026-05-01T19:30:00+08:00"))
    }
}

impl From<Timestamp> for Instant {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

/// A moment as the clocks of a zone show it, with their offset.
pub fn in_zone(zone: &Zone, at: Timestamp) -> String {
    zone.rfc3339(at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read<T: de::DeserializeOwned>(text: &str) -> Result<T, String> {
        serde_json::from_value(json!(text)).map_err(|error| error.to_string())
    }

    fn schema<T: JsonSchema>() -> Value {
        T::json_schema(&mut SchemaGenerator::default()).to_value()
    }

    #[test]
    fn text_reads_back_and_explains_itself() {
        let id = OrderId::from_bytes([1; 16]);
        assert_eq!(read::<Text<OrderId>>(&id.to_string()), Ok(Text(id)));
        assert_eq!(serde_json::to_value(Text(id)).unwrap(), json!(id.to_string()));
        assert_eq!(read::<Text<OrderId>>("tkt_1").unwrap_err(), "must be an id that begins with ord_");
        assert!(read::<Text<Zone>>("Mars/Olympus").is_err());
    }

    #[test]
    fn patterns_agree_with_what_the_types_read() {
        let fits = |schema: &Value, text: &str| {
            regex_lite::Regex::new(schema["pattern"].as_str().unwrap()).unwrap().is_match(text)
        };
        let order = schema::<Text<OrderId>>();
        assert!(fits(&order, &OrderId::from_bytes([255; 16]).to_string()));
        assert!(!fits(&order, &TicketId::from_bytes([255; 16]).to_string()));
        assert_eq!(order[REASON], "must be an id that begins with ord_");
        for role in [Role::Customer, Role::Staff, Role::Publisher, Role::Admin, Role::Platform] {
            assert!(fits(&schema::<Text<Role>>(), role.word()));
        }
        for tenant in ["demo", "a", "a23456789012345678901234", "A", "", "a#", "a23456789012345678901234x"] {
            assert_eq!(fits(&schema::<Text<TenantId>>(), tenant), tenant.parse::<TenantId>().is_ok(), "{tenant}");
        }
        for currency in ["CNY", "JPY"] {
            assert!(fits(&schema::<Text<Currency>>(), currency) && currency.parse::<Currency>().is_ok());
        }
        assert!(schema::<Text<Zone>>().get("pattern").is_none());
    }

    #[test]
    fn times_come_with_any_offset_and_go_in_utc_or_in_the_zone() {
        let at = read::<Instant>("2026-05-01T19:30:00+08:00").unwrap();
        assert_eq!(serde_json::to_value(at).unwrap(), json!("2026-05-01T11:30:00Z"));
        assert_eq!(in_zone(&"Asia/Shanghai".parse().unwrap(), at.0), "2026-05-01T19:30:00+08:00");
        assert!(read::<Instant>("2026-05-01T19:30:00").is_err(), "a time without an offset is no moment");
        assert!(read::<Instant>("tomorrow").is_err());
    }
}
