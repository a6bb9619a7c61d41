//! The rules, each of which can be dropped. A model in which one is missing has to fail: a checker that finds nothing there
//! would find nothing in the product.

/// A rule that is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A try that is given up removes what it held without settling its order first.
    ReleaseWithoutSettle,
    /// What is removed is whatever the order has there now, not what was examined.
    NoVersion,
    /// Entries have no token of their own.
    NoToken,
    /// A late payment holds again and pays while the order stays expired.
    ReviveInPlace,
    /// Any revival may end the revival of another.
    ReviveUntagged,
    /// Whoever finds no order behind an entry takes it for ended, and writes no tombstone.
    NoTombstone,
    /// A revival writes its part over whatever entry of the order it finds, also over a larger one.
    RevivesOverLarger,
    /// The issuer marks an order ticketed whatever became of it meanwhile.
    NoOrderVersion,
    /// A block is not looked at before it is written.
    Oversell,
    /// A refund leaves its tickets valid.
    TicketNotVoided,
    /// The door does not see whether the ticket has been used since it was read.
    AdmitsBlindly,
    /// A revival that is given up does not record the money that is owed.
    DebtForgotten,
    /// Entries that are surplus are left where they are.
    NothingReturns,
    /// Whoever is refused takes the place of anybody past their time, named or not.
    EvictsBlindly,
    /// A repeat takes a new order id without looking what became of the one before.
    RepeatsBlindly,
    /// A refund sends the money and leaves the entries.
    RefundKeepsStock,
}

/// A rule that is dropped, where that shows, and as what.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The rule.
    pub broken: Broken,
    /// What is left out, in words.
    pub about: &'static str,
    /// In which setting it shows.
    pub setting: &'static str,
    /// Which property does not hold then.
    pub rule: &'static str,
}

const fn case(broken: Broken, setting: &'static str, rule: &'static str, about: &'static str) -> Case {
    Case { broken, about, setting, rule }
}

/// Every rule, with a setting that needs it.
pub const CASES: [Case; 17] = [
    case(
        Broken::ReleaseWithoutSettle,
        "retry",
        "owns what it lists",
        "a try that is given up removes what it held without settling its order",
    ),
    case(Broken::NoVersion, "late", "owns what it lists", "what is removed is not compared with what was examined"),
    case(Broken::NoToken, "late", "owns what it lists", "all entries have the same token"),
    case(Broken::ReviveInPlace, "late", "owns what it lists", "a late payment pays while the order stays expired"),
    case(Broken::ReviveUntagged, "late", "owns what it lists", "any revival may end another's"),
    case(Broken::NoTombstone, "lapse", "owns what it lists", "an order that is not there is taken for ended"),
    case(
        Broken::RevivesOverLarger,
        "late again",
        "owns what it lists",
        "a revival writes over a larger entry of its order",
    ),
    case(Broken::NoOrderVersion, "refund", "never backwards", "the issuer does not compare the order's version"),
    case(
        Broken::NoOrderVersion,
        "refund",
        "paid or refunded, not both",
        "the same, and the money has gone back when the order is ticketed",
    ),
    case(Broken::Oversell, "gather", "within capacity", "a block is written whatever is free"),
    case(Broken::TicketNotVoided, "door", "tickets go with money", "a refund leaves its tickets valid"),
    case(Broken::AdmitsBlindly, "door", "admitted once", "the door does not compare the ticket's state"),
    case(Broken::DebtForgotten, "late", "money ends", "a revival that is given up does not record what is owed"),
    case(
        Broken::NothingReturns,
        "lapse",
        "all ends once faults stop",
        "the reconciler leaves surplus entries where they are",
    ),
    case(
        Broken::EvictsBlindly,
        "lapse",
        "nothing goes but by name",
        "a hold takes the place of whoever is past their time",
    ),
    case(Broken::RepeatsBlindly, "retry", "one key, one order", "a repeat does not settle the attempt before"),
    case(Broken::RefundKeepsStock, "refund", "stock returns", "a refund sends the money and leaves the entries"),
];
