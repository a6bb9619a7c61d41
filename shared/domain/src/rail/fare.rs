//! What a ride costs.
//!
//! All arithmetic is on integers. A fare by distance is computed in thousandths of a minor unit and rounded **once**, to the
//! nearest step of the tariff, half a step up; a reduced fare is the share of the rounded full fare, rounded the same way.
//! A fare that is stated for a stretch is taken as it stands.

use std::collections::BTreeMap;

use crate::{
    money::{Currency, Money, MoneyError},
    rail::{coach::Class, station::Telecode, stretch::Stretch, train::Train},
};

/// Who rides, as far as the fare depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Passenger {
    Adult,
    Child,
    Student,
}

/// What a kilometre costs up to a distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// Up to how many kilometres from where the journey begins.
    pub to_km: u32,
    /// Thousandths of a minor unit for each kilometre.
    pub milli_per_km: u32,
}

/// The fares of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassFares {
    /// What every ride costs whatever its length, in minor units.
    pub base: u32,
    /// Kilometres get cheaper or dearer with the distance; the last band goes on for ever.
    pub bands: Vec<Band>,
    /// What a child pays, in percent of the full fare.
    pub child_percent: u8,
    /// What a student pays, in percent of the full fare.
    pub student_percent: u8,
    /// Fares stated for a stretch, in minor units.
    pub stated: BTreeMap<(Telecode, Telecode), u32>,
}

/// The fares of a train.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tariff {
    currency: Currency,
    step: u32,
    classes: BTreeMap<Class, ClassFares>,
}

/// Why fares do not make a tariff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TariffError {
    /// There is no class.
    #[error("must have at least one class")]
    Classes,
    /// The step is nothing.
    #[error("fares must be rounded to at least one minor unit")]
    Step,
    /// The bands of a class do not follow each other.
    #[error("each band must reach further than the one before it")]
    Bands,
    /// Somebody pays more than the full fare.
    #[error("a reduced fare must be at most 100 percent")]
    Percent,
    /// A class has too many bands or stated fares.
    #[error("a class must have at most {} bands and {} stated fares", Tariff::MAX_BANDS, Tariff::MAX_STATED)]
    TooMany,
}

/// Why there is no fare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FareError {
    /// The train has no such class, or its tariff does not name it.
    #[error("the class is not sold")]
    Class,
    /// The train has no such stretch.
    #[error("the train has no such stretch")]
    Stretch,
    /// It is more than an order may cost.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Tariff {
    /// The most bands of a class.
    pub const MAX_BANDS: usize = 16;
    /// The most fares that are stated for a class: every stretch of a run of a hundred stops.
    pub const MAX_STATED: usize = 5_000;

    /// The fares of some classes, rounded to `step` minor units.
    pub fn new(currency: Currency, step: u32, classes: BTreeMap<Class, ClassFares>) -> Result<Self, TariffError> {
        if step == 0 {
            return Err(TariffError::Step);
        }
        if classes.is_empty() {
            return Err(TariffError::Classes);
        }
        for fares in classes.values() {
            if fares.bands.len() > Self::MAX_BANDS || fares.stated.len() > Self::MAX_STATED {
                return Err(TariffError::TooMany);
            }
            if !fares.bands.windows(2).all(|pair| pair[0].to_km < pair[1].to_km) {
                return Err(TariffError::Bands);
            }
            if fares.child_percent > 100 || fares.student_percent > 100 {
                return Err(TariffError::Percent);
            }
        }
        Ok(Self { currency, step, classes })
    }

    /// What its fares are stated in.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// To how many minor units its fares are rounded.
    pub const fn step(&self) -> u32 {
        self.step
    }

    /// The fares of each class.
    pub const fn classes(&self) -> &BTreeMap<Class, ClassFares> {
        &self.classes
    }

    /// What one passenger pays for a stretch of a train.
    pub fn fare(&self, train: &Train, class: &Class, stretch: Stretch, who: Passenger) -> Result<Money, FareError> {
        let fares = self.classes.get(class).ok_or(FareError::Class)?;
        let stop = |place: u16| train.stops().get(usize::from(place)).ok_or(FareError::Stretch);
        let (from, to) = (stop(stretch.from())?, stop(stretch.to())?);
        let full = match fares.stated.get(&(from.station, to.station)) {
            Some(stated) => u64::from(*stated),
            None => self.rounded(fares.milli(to.km.saturating_sub(from.km)), 1_000),
        };
        let percent = match who {
            Passenger::Adult => 100,
            Passenger::Child => fares.child_percent,
            Passenger::Student => fares.student_percent,
        };
        // A stated fare need not be a multiple of the step: rounding a share of it up must not go beyond it.
        let reduced = self.rounded(full.saturating_mul(u64::from(percent)), 100).min(full);
        let minor = if who == Passenger::Adult { full } else { reduced };
        // `times` is what knows the most that may be asked for.
        Ok(Money::new(minor, self.currency).times(1)?)
    }

    /// What a party pays: each their own fare, added up after rounding.
    pub fn total(
        &self,
        train: &Train,
        class: &Class,
        stretch: Stretch,
        party: &[Passenger],
    ) -> Result<Money, FareError> {
        party
            .iter()
            .try_fold(Money::new(0, self.currency), |sum, who| Ok(sum.plus(self.fare(train, class, stretch, *who)?)?))
    }

    /// `amount / parts`, rounded to the nearest step; half a step goes up.
    fn rounded(&self, amount: u64, parts: u64) -> u64 {
        let step = u64::from(self.step);
        let unit = step * parts;
        amount.saturating_add(unit / 2) / unit * step
    }
}

impl ClassFares {
    /// Thousandths of a minor unit for a distance.
    fn milli(&self, km: u32) -> u64 {
        let last = self.bands.len().saturating_sub(1);
        let mut from = 0;
        let mut sum = u64::from(self.base) * 1_000;
        for (place, band) in self.bands.iter().enumerate() {
            let to = if place == last { km } else { band.to_km.min(km) };
            sum += u64::from(to.saturating_sub(from)) * u64::from(band.milli_per_km);
            from = to.max(from);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rail::train::tests::train;

    fn class() -> Class {
        "second".parse().unwrap()
    }

    /// 0.46 a kilometre to 500, 0.40 beyond; in fen, rounded to half a yuan.
    fn fares() -> ClassFares {
        ClassFares {
            base: 200,
            bands: vec![Band { to_km: 500, milli_per_km: 46_000 }, Band { to_km: 1_000, milli_per_km: 40_000 }],
            child_percent: 50,
            student_percent: 75,
            stated: BTreeMap::new(),
        }
    }

    fn tariff(fares: ClassFares, step: u32) -> Result<Tariff, TariffError> {
        Tariff::new(Currency::CNY, step, [(class(), fares)].into())
    }

    /// Stops at 0, 100, 200, … kilometres.
    fn long() -> Train {
        let lines: Vec<String> =
            (8..22).map(|hour| format!("AA{} {hour:02}:00 {hour:02}:01", char::from(b'A' + hour - 8))).collect();
        train("K1", &lines.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
    }

    fn stretch(from: u16, to: u16) -> Stretch {
        Stretch::new(from, to).unwrap()
    }

    #[test]
    fn a_fare_is_the_sum_of_its_bands_rounded_once() {
        let tariff = tariff(fares(), 50).unwrap();
        let fare = |from, to, who| tariff.fare(&long(), &class(), stretch(from, to), who).unwrap().minor;
        assert_eq!(fare(0, 1, Passenger::Adult), 4_800, "2.00 + 46.00");
        assert_eq!(fare(3, 4, Passenger::Adult), 4_800, "a distance counts from where one boards");
        assert_eq!(fare(0, 7, Passenger::Adult), 200 + 23_000 + 8_000);
        assert_eq!(fare(0, 13, Passenger::Adult), 200 + 23_000 + 32_000, "the last band goes on");
        assert_eq!(fare(0, 1, Passenger::Child), 2_400);
        assert_eq!(fare(0, 1, Passenger::Student), 3_600);
    }

    #[test]
    fn half_a_step_goes_up() {
        let flat = |base, step| tariff(ClassFares { base, bands: vec![], ..fares() }, step).unwrap();
        let fare = |base, step, who| flat(base, step).fare(&long(), &class(), stretch(0, 1), who).unwrap().minor;
        for (base, expected) in [(1_024, 1_000), (1_025, 1_050), (1_074, 1_050), (1_075, 1_100), (24, 0), (25, 50)] {
            assert_eq!(fare(base, 50, Passenger::Adult), expected, "{base}");
        }
        assert_eq!(fare(1_025, 50, Passenger::Child), 550, "half of 10.50 is 5.25");
        assert_eq!(fare(5, 1, Passenger::Student), 4, "3.75");
    }

    #[test]
    fn a_stated_fare_stands_for_its_stretch_alone() {
        let stated = [(("AAA".parse().unwrap(), "AAC".parse().unwrap()), 7_777)].into();
        let tariff = tariff(ClassFares { stated, student_percent: 100, ..fares() }, 50).unwrap();
        let fare = |from, to, who| tariff.fare(&long(), &class(), stretch(from, to), who).unwrap().minor;
        assert_eq!(fare(0, 2, Passenger::Adult), 7_777);
        assert_eq!(fare(0, 2, Passenger::Child), 3_900);
        assert_eq!(fare(0, 2, Passenger::Student), 7_777, "not 78.00");
        assert_eq!(fare(1, 3, Passenger::Adult), 9_400);
    }

    #[test]
    fn a_party_pays_each_their_own() {
        let tariff = tariff(fares(), 50).unwrap();
        let party = [Passenger::Adult, Passenger::Adult, Passenger::Child];
        assert_eq!(tariff.total(&long(), &class(), stretch(0, 1), &party).unwrap().minor, 4_800 * 2 + 2_400);
        let missing = tariff.fare(&long(), &"first".parse().unwrap(), stretch(0, 1), Passenger::Adult);
        assert_eq!(missing, Err(FareError::Class));
        assert_eq!(tariff.fare(&long(), &class(), stretch(0, 99), Passenger::Adult), Err(FareError::Stretch));
    }

    #[test]
    fn fares_are_bounded() {
        let check = |fares, step, expected| assert_eq!(tariff(fares, step).err(), expected);
        check(fares(), 0, Some(TariffError::Step));
        check(ClassFares { child_percent: 101, ..fares() }, 1, Some(TariffError::Percent));
        let band = Band { to_km: 5, milli_per_km: 1 };
        check(ClassFares { bands: vec![band, band], ..fares() }, 1, Some(TariffError::Bands));
        check(ClassFares { bands: vec![band; 17], ..fares() }, 1, Some(TariffError::TooMany));
        let dear = Band { to_km: 1, milli_per_km: u32::MAX };
        let dear = tariff(ClassFares { bands: vec![dear], ..fares() }, 1).unwrap();
        let party = [Passenger::Adult; 10];
        assert_eq!(dear.total(&long(), &class(), stretch(0, 13), &party).unwrap_err(), MoneyError::TooLarge.into());
        assert_eq!(Tariff::new(Currency::CNY, 1, BTreeMap::new()), Err(TariffError::Classes));
    }

    proptest! {
        #[test]
        fn nobody_pays_more_than_the_full_fare_and_no_further_ride_is_cheaper(
            base in 0..10_000_u32, first in 0..100_000_u32, then in 0..100_000_u32, step in 1..500_u32, to in 1..13_u16,
        ) {
            let bands = vec![Band { to_km: 450, milli_per_km: first }, Band { to_km: 451, milli_per_km: then }];
            let tariff = tariff(ClassFares { base, bands, ..fares() }, step).unwrap();
            let fare = |to, who| tariff.fare(&long(), &class(), stretch(0, to), who).unwrap().minor;
            let full = fare(to, Passenger::Adult);
            prop_assert!(fare(to, Passenger::Child) <= full && fare(to, Passenger::Student) <= full);
            prop_assert!(to == 1 || fare(to - 1, Passenger::Adult) <= full);
            prop_assert_eq!(full % u64::from(step), 0);
        }
    }
}
