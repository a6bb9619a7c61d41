//! Stations, and finding them by whatever a traveller types.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

/// The three letters by which railways know a station: `BJP` is Beijing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Telecode([u8; 3]);

/// The text is not a telecode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be three letters A to Z")]
pub struct TelecodeError;

impl FromStr for Telecode {
    type Err = TelecodeError;

    /// Takes letters of either case.
    fn from_str(text: &str) -> Result<Self, TelecodeError> {
        let letters = <[u8; 3]>::try_from(text.as_bytes()).map_err(|_| TelecodeError)?;
        let is_good = letters.iter().all(u8::is_ascii_alphabetic);
        is_good.then(|| Self(letters.map(|letter| letter.to_ascii_uppercase()))).ok_or(TelecodeError)
    }
}

impl fmt::Display for Telecode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

impl fmt::Debug for Telecode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Station {
    /// Its telecode.
    pub code: Telecode,
    /// Its name as travellers write it, without the word for station: 北京南.
    pub name: String,
    /// The name in Latin letters, without tones or spaces: `beijingnan`.
    pub pinyin: String,
    /// The first letter of each syllable: `bjn`.
    pub initials: String,
    /// The city that it serves; stations of one city are changed between, and found by its name.
    pub city: String,
}

/// Why stations do not make a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StationsError {
    /// Two have one telecode.
    #[error("the telecode {0} is there twice")]
    Code(Telecode),
    /// Two have one name: timetables call stations by name.
    #[error("the name {0} is there twice")]
    Name(String),
}

/// How a station answers a query; the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// The query is its telecode.
    Code,
    /// The query is its name, its pinyin or its initials.
    Name,
    /// The query is the name of its city, or the pinyin of the city's main station.
    City,
    /// Its name begins with the query.
    Begins,
    /// Its pinyin or its initials do.
    Sounds,
    /// The query is inside its name.
    Inside,
}

/// All stations of a tenant.
#[derive(Clone, Debug, Default)]
pub struct Stations {
    all: Vec<Station>,
    by_code: BTreeMap<Telecode, usize>,
    by_name: BTreeMap<String, usize>,
    by_city: BTreeMap<String, Vec<Telecode>>,
}

impl Stations {
    /// The longest query that is looked for, in characters.
    pub const MAX_QUERY: usize = 40;

    /// A list of stations.
    pub fn new(stations: Vec<Station>) -> Result<Self, StationsError> {
        let mut list = Self::default();
        for (number, station) in stations.iter().enumerate() {
            if list.by_code.insert(station.code, number).is_some() {
                return Err(StationsError::Code(station.code));
            }
            if list.by_name.insert(station.name.clone(), number).is_some() {
                return Err(StationsError::Name(station.name.clone()));
            }
            list.by_city.entry(station.city.clone()).or_default().push(station.code);
        }
        Ok(Self { all: stations, ..list })
    }

    /// All of them.
    pub fn all(&self) -> &[Station] {
        &self.all
    }

    /// The station of that telecode.
    pub fn get(&self, code: Telecode) -> Option<&Station> {
        self.by_code.get(&code).and_then(|number| self.all.get(*number))
    }

    /// The station of that name.
    pub fn named(&self, name: &str) -> Option<&Station> {
        self.by_name.get(name).and_then(|number| self.all.get(*number))
    }

    /// The stations of that station's city, itself among them.
    pub fn of_city(&self, code: Telecode) -> &[Telecode] {
        let group = self.get(code).and_then(|station| self.by_city.get(&station.city));
        group.map(Vec::as_slice).unwrap_or_default()
    }

    /// The best stations for what somebody typed, at most `limit`. Among equals the shorter name comes first: 北京 before
    /// 北京南.
    pub fn search(&self, query: &str, limit: usize) -> Vec<(Found, &Station)> {
        let query = Query::new(query);
        if query.text.is_empty() || query.text.chars().count() > Self::MAX_QUERY {
            return Vec::new();
        }
        let cities = self.cities(&query);
        let mut found: Vec<_> =
            self.all.iter().filter_map(|station| Some((query.found(station, &cities)?, station))).collect();
        found.sort_by_key(|(found, station)| (*found, station.name.chars().count(), station.code));
        found.truncate(limit);
        found
    }

    /// The cities whose main station — the one that bears the city's name — is what was asked for.
    fn cities(&self, query: &Query) -> BTreeSet<&str> {
        let main = self.by_city.keys().filter_map(|city| self.named(city));
        main.filter(|station| query.is_name_of(station)).map(|station| station.city.as_str()).collect()
    }
}

/// What somebody typed, made comparable.
struct Query {
    /// As it was typed, without blanks and the word for station.
    text: String,
    /// In lower case, without what separates syllables.
    sound: String,
}

impl Query {
    fn new(typed: &str) -> Self {
        let text: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
        let text = match text.strip_suffix('站') {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => text,
        };
        let sound = text.chars().filter(|letter| !['\'', '’', '-'].contains(letter)).collect::<String>();
        Self { text, sound: sound.to_lowercase() }
    }

    fn is_name_of(&self, station: &Station) -> bool {
        self.text == station.name || self.sound == station.pinyin || self.sound == station.initials
    }

    fn found(&self, station: &Station, cities: &BTreeSet<&str>) -> Option<Found> {
        let rules = [
            (Found::Code, self.text.parse() == Ok(station.code)),
            (Found::Name, self.is_name_of(station)),
            (Found::City, self.text == station.city || cities.contains(station.city.as_str())),
            (Found::Begins, station.name.starts_with(&self.text)),
            (Found::Sounds, station.pinyin.starts_with(&self.sound) || station.initials.starts_with(&self.sound)),
            (Found::Inside, station.name.contains(&self.text)),
        ];
        rules.into_iter().find(|(_, holds)| *holds && !self.sound.is_empty()).map(|(found, _)| found)
    }
}

/// The city of a station for a list that does not say: the name without the point of the compass at its end, where that is
/// itself a station or is shared with another station. 北京南 is in 北京; 济南 is in 济南, because there is no 济.
pub fn city_of<'n>(name: &'n str, names: &BTreeSet<&str>) -> &'n str {
    let Some(stem) = name.strip_suffix(['东', '南', '西', '北']).filter(|stem| stem.chars().count() > 1) else {
        return name;
    };
    let shared =
        || ["东", "南", "西", "北"].iter().filter(|end| names.contains(format!("{stem}{end}").as_str())).count() > 1;
    if names.contains(stem) || shared() { stem } else { name }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A small railway for tests, invented but for the names.
    pub(crate) fn stations() -> Stations {
        let rows = [
            ("BJP", "北京", "beijing", "bj", "北京"),
            ("VNP", "北京南", "beijingnan", "bjn", "北京"),
            ("BXP", "北京西", "beijingxi", "bjx", "北京"),
            ("TXP", "天津西", "tianjinxi", "tjx", "天津"),
            ("JNK", "济南", "jinan", "jn", "济南"),
            ("NJH", "南京", "nanjing", "nj", "南京"),
            ("NKH", "南京南", "nanjingnan", "njn", "南京"),
            ("AOH", "上海虹桥", "shanghaihongqiao", "shhq", "上海"),
            ("SHH", "上海", "shanghai", "sh", "上海"),
            ("XAY", "西安", "xian", "xa", "西安"),
            ("BJY", "宝鸡", "baoji", "bj", "宝鸡"),
        ];
        let station = |(code, name, pinyin, initials, city): (&str, &str, &str, &str, &str)| Station {
            code: code.parse().unwrap(),
            name: name.to_owned(),
            pinyin: pinyin.to_owned(),
            initials: initials.to_owned(),
            city: city.to_owned(),
        };
        Stations::new(rows.map(station).to_vec()).unwrap()
    }

    #[test]
    fn a_station_is_found_by_whatever_is_typed() {
        let stations = stations();
        let check = |query: &str, expected: &[(Found, &str)]| {
            let found = stations.search(query, 10);
            let found: Vec<_> = found.iter().map(|(found, station)| (*found, station.name.as_str())).collect();
            assert_eq!(found, expected, "{query}");
        };
        let beijing = [(Found::Name, "北京"), (Found::City, "北京西"), (Found::City, "北京南")];
        check("北京", &beijing);
        check(" 北京 站", &beijing);
        check("Beijing", &beijing);
        check("bj", &[(Found::Name, "北京"), (Found::Name, "宝鸡"), (Found::City, "北京西"), (Found::City, "北京南")]);
        check("vnp", &[(Found::Code, "北京南")]);
        check("bjn", &[(Found::Name, "北京南")]);
        check("xi'an", &[(Found::Name, "西安")]);
        check("上海", &[(Found::Name, "上海"), (Found::City, "上海虹桥")]);
        check("天津", &[(Found::City, "天津西")]);
        check("shangh", &[(Found::Sounds, "上海"), (Found::Sounds, "上海虹桥")]);
        check("虹桥", &[(Found::Inside, "上海虹桥")]);
        check("站", &[]);
        check("", &[]);
        check("'", &[]);
        check(&"北".repeat(41), &[]);
        assert_eq!(stations.search("n", 2).len(), 2);
    }

    #[test]
    fn a_code_is_three_letters() {
        assert_eq!("bjp".parse::<Telecode>().unwrap().to_string(), "BJP");
        for bad in ["", "BJ", "BJPP", "B1P", "北"] {
            assert_eq!(bad.parse::<Telecode>(), Err(TelecodeError), "{bad}");
        }
    }

    #[test]
    fn codes_and_names_are_used_once() {
        let one = stations().all().first().unwrap().clone();
        let other = Station { code: "XXX".parse().unwrap(), ..one.clone() };
        assert_eq!(Stations::new(vec![one.clone(), one.clone()]).unwrap_err(), StationsError::Code(one.code));
        assert_eq!(Stations::new(vec![one.clone(), other]).unwrap_err(), StationsError::Name(one.name));
    }

    #[test]
    fn a_city_is_told_from_the_names_where_the_list_does_not_say() {
        let names: BTreeSet<&str> = ["北京", "北京南", "济南", "章丘", "天津西", "天津南", "海南"].into();
        for (name, city) in [
            ("北京南", "北京"),
            ("北京", "北京"),
            ("济南", "济南"),
            ("天津西", "天津"),
            ("章丘", "章丘"),
            ("海南", "海南"),
        ] {
            assert_eq!(city_of(name, &names), city);
        }
    }

    #[test]
    fn stations_of_a_city_know_each_other() {
        let stations = stations();
        let code = |name: &str| stations.named(name).unwrap().code;
        assert_eq!(stations.of_city(code("南京南")), [code("南京"), code("南京南")]);
        assert_eq!(stations.of_city("ZZZ".parse().unwrap()), []);
    }
}
