//! Who travels.

use app::auth::Keys;
use domain::{rail::fare, tenant::TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Traveller;

/// Somebody whose name a ticket bears.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Passenger {
    /// The name as it is on the document.
    #[schemars(length(min = 1, max = 60))]
    name: String,
    /// What kind of document.
    id_type: Document,
    /// Its number.
    #[schemars(length(min = 4, max = 32), regex(pattern = r"^[A-Za-z0-9-]+$"))]
    id_no: String,
    /// What the fare depends on.
    #[serde(default)]
    kind: Kind,
}

impl std::fmt::Debug for Passenger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passenger(…)")
    }
}

/// A kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Document {
    /// A national identity card.
    IdCard,
    /// A passport.
    Passport,
    /// A residence permit, or a permit for residents of another territory.
    Permit,
}

/// What the fare depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    #[default]
    Adult,
    Child,
    Student,
}

impl Passenger {
    /// Who it is, as far as two journeys at one time depend on it: a keyed hash of the document, in which blanks, hyphens and
    /// the case of letters make no difference.
    pub(super) fn person(&self, tenant: &TenantId, keys: &Keys) -> [u8; 32] {
        let number: String = self.id_no.chars().filter(|letter| *letter != '-').collect();
        let number = number.to_ascii_uppercase();
        keys.mac("passenger", &[tenant.as_str().as_bytes(), self.id_type.word().as_bytes(), number.as_bytes()])
    }

    pub(super) const fn fare(&self) -> fare::Passenger {
        match self.kind {
            Kind::Adult => fare::Passenger::Adult,
            Kind::Child => fare::Passenger::Child,
            Kind::Student => fare::Passenger::Student,
        }
    }

    /// What the fare depends on.
    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    /// Somebody of that kind of whom nothing is known.
    pub(crate) const fn nobody(kind: Kind) -> Self {
        Self { name: String::new(), id_type: Document::IdCard, id_no: String::new(), kind }
    }

    /// Whether nothing is known of them: two such are not the same person.
    pub(crate) const fn is_nobody(&self) -> bool {
        self.id_no.is_empty()
    }

    /// Who was sealed; nothing where a word is unknown.
    pub(crate) fn of(traveller: &Traveller) -> Option<Self> {
        let id_type = Document::ALL.into_iter().find(|document| document.word() == traveller.document)?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.word() == traveller.kind)?;
        Some(Self { name: traveller.name.clone(), id_type, id_no: traveller.number.clone(), kind })
    }

    pub(crate) fn traveller(&self) -> Traveller {
        Traveller {
            name: self.name.clone(),
            document: self.id_type.word().to_owned(),
            number: self.id_no.clone(),
            kind: self.kind.word().to_owned(),
        }
    }
}

impl Kind {
    const ALL: [Self; 3] = [Self::Adult, Self::Child, Self::Student];

    /// The word on the wire.
    const fn word(self) -> &'static str {
        match self {
            Self::Adult => "adult",
            Self::Child => "child",
            Self::Student => "student",
        }
    }
}

impl Document {
    const ALL: [Self; 3] = [Self::IdCard, Self::Passport, Self::Permit];

    /// The word on the wire.
    const fn word(self) -> &'static str {
        match self {
            Self::IdCard => "idCard",
            Self::Passport => "passport",
            Self::Permit => "permit",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passenger(id_type: Document, id_no: &str) -> Passenger {
        Passenger { name: "王".into(), id_type, id_no: id_no.into(), kind: Kind::Adult }
    }

    #[test]
    fn a_person_is_known_by_the_document_however_it_is_written() {
        let (keys, demo, other) = (Keys::new(&[7; 32]), "demo".parse().unwrap(), "other".parse().unwrap());
        let person = passenger(Document::IdCard, "11010119900307123x").person(&demo, &keys);
        assert_eq!(person, passenger(Document::IdCard, "110101-19900307-123X").person(&demo, &keys));
        assert_ne!(person, passenger(Document::Passport, "11010119900307123X").person(&demo, &keys));
        assert_ne!(person, passenger(Document::IdCard, "11010119900307123X").person(&other, &keys));
    }

    #[test]
    fn nothing_of_a_passenger_is_printed() {
        assert_eq!(format!("{:?}", passenger(Document::IdCard, "11010119900307123X")), "Passenger(…)");
    }
}
