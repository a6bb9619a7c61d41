//! Amounts of money: integer minor units with their currency.

use std::{fmt, str::FromStr};

/// The active currencies of ISO 4217 (list one), with the digits of their minor unit where those are not two.
const CURRENCIES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD3 BIF0 BMD BND BOB BRL BSD BTN BWP BYN \
    BZD CAD CDF CHF CLP0 CNY COP CRC CUP CVE CZK DJF0 DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF0 GTQ GYD \
    HKD HNL HTG HUF IDR ILS INR IQD3 IRR ISK0 JMD JOD3 JPY0 KES KGS KHR KMF0 KPW KRW0 KWD3 KYD KZT LAK LBP LKR LRD LSL LYD3 \
    MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR3 PAB PEN PGK PHP PKR PLN PYG0 QAR \
    RON RSD RUB RWF0 SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND3 TOP TRY TTD TWD TZS UAH UGX0 \
    USD UYU UZS VED VES VND0 VUV0 WST XAF0 XCD XOF0 XPF0 YER ZAR ZMW ZWG";

/// A currency of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// The text is not the code of an active currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a currency code of ISO 4217, for example CNY")]
pub struct CurrencyError;

impl Currency {
    /// The renminbi, the default of a tenant that says nothing.
    pub const CNY: Self = Self(*b"CNY");

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many digits the minor unit has: two for most, none for the yen, three for the dinar.
    pub fn digits(&self) -> u32 {
        entry(self.code()).and_then(|entry| entry[3..].parse().ok()).unwrap_or(2)
    }
}

fn entry(code: &str) -> Option<&'static str> {
    CURRENCIES.split_whitespace().find(|entry| entry.len() >= 3 && code.len() == 3 && entry.starts_with(code))
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let code = <[u8; 3]>::try_from(text.as_bytes()).map_err(|_| CurrencyError)?;
        entry(text).map(|_| Self(code)).ok_or(CurrencyError)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount in minor units (fen, cents); never negative, never a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// Minor units.
    pub minor: u64,
    /// What they are units of.
    pub currency: Currency,
}

/// Why an amount cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The amount does not fit, or is above [`Money::MAX`].
    #[error("the amount is too large")]
    TooLarge,
    /// The two amounts are of different currencies.
    #[error("the currencies differ")]
    CurrenciesDiffer,
}

impl Money {
    /// The largest amount that an order may have: ten thousand million minor units fit every provider's limit and
    /// are exact in every JSON reader.
    pub const MAX: u64 = 10_000_000_000;

    /// An amount.
    pub const fn new(minor: u64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Whether there is nothing to pay.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Adds an amount of the same currency.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrenciesDiffer);
        }
        Self::bounded(self.minor.checked_add(other.minor), self.currency)
    }

    /// Takes away an amount of the same currency; `None` where it is more than there is.
    pub fn minus(self, other: Self) -> Option<Self> {
        let minor = self.minor.checked_sub(other.minor)?;
        (self.currency == other.currency).then_some(Self { minor, ..self })
    }

    /// The price of `count` pieces.
    pub fn times(self, count: u64) -> Result<Self, MoneyError> {
        Self::bounded(self.minor.checked_mul(count), self.currency)
    }

    /// The share of `part` in `whole`, rounded down; parts taken one after the other never exceed the amount.
    #[must_use]
    pub fn share(self, part: u64, whole: u64) -> Self {
        let minor = u128::from(self.minor) * u128::from(part) / u128::from(whole.max(1));
        Self { minor: u64::try_from(minor).unwrap_or(self.minor), ..self }
    }

    fn bounded(minor: Option<u64>, currency: Currency) -> Result<Self, MoneyError> {
        match minor {
            Some(minor) if minor <= Self::MAX => Ok(Self { minor, currency }),
            _ => Err(MoneyError::TooLarge),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_active_codes_are_currencies() {
        for good in ["CNY", "EUR", "JPY", "KWD"] {
            assert_eq!(good.parse::<Currency>().unwrap().code(), good);
        }
        for bad in ["", "cny", "CN", "CNYY", "XXX", "BHD3", "JPY0", " CNY", "D T"] {
            assert_eq!(bad.parse::<Currency>(), Err(CurrencyError), "{bad}");
        }
    }

    #[test]
    fn minor_units_have_as_many_digits_as_the_standard_says() {
        for (code, digits) in [("CNY", 2), ("JPY", 0), ("KWD", 3)] {
            assert_eq!(code.parse::<Currency>().unwrap().digits(), digits);
        }
    }

    #[test]
    fn amounts_do_not_mix_or_overflow() {
        let euro = Money::new(1, "EUR".parse().unwrap());
        let fen = Money::new(1, Currency::CNY);
        assert_eq!(fen.plus(euro), Err(MoneyError::CurrenciesDiffer));
        assert_eq!(fen.minus(euro), None);
        assert_eq!(Money::new(u64::MAX, Currency::CNY).times(2), Err(MoneyError::TooLarge));
        assert_eq!(Money::new(Money::MAX, Currency::CNY).plus(fen), Err(MoneyError::TooLarge));
    }

    proptest! {
        #[test]
        fn shares_of_a_whole_add_up_to_at_most_the_whole(minor in 0..=Money::MAX, parts in proptest::collection::vec(0_u64..20, 1..10)) {
            let whole: u64 = parts.iter().sum::<u64>().max(1);
            let amount = Money::new(minor, Currency::CNY);
            let sum: u64 = parts.iter().map(|part| amount.share(*part, whole).minor).sum();
            prop_assert!(sum <= minor);
            prop_assert_eq!(amount.share(whole, whole), amount);
        }
    }
}
