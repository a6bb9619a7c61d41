//! Where somebody wants to go from or to: one station, or all of a city.

use app::Error;
use domain::rail::{
    network::Network,
    station::{Found, Telecode},
};

/// The stations that a text means.
///
/// A telecode is that station alone, and a name that only one station bears as well. The name of a city is all of its
/// stations, in whatever way it is written: most who type 北京 do not care from which of them they leave.
///
/// # Errors
/// `validation_failed` with the field where it means none.
pub(crate) fn stations_of(network: &Network, field: &str, text: &str) -> Result<Vec<Telecode>, Error> {
    let stations = network.stations();
    if let Some(station) = text.trim().parse().ok().and_then(|code| stations.get(code)) {
        return Ok(vec![station.code]);
    }
    let found = stations.search(text, 1);
    let meant = found.first().filter(|(found, _)| matches!(found, Found::Code | Found::Name | Found::City));
    let Some((how, station)) = meant else {
        return Err(Error::field(field, "is no station and no city"));
    };
    let is_city = *how == Found::City || station.name == station.city;
    Ok(if is_city { stations.of_city(station.code).to_vec() } else { vec![station.code] })
}

#[cfg(test)]
mod tests {
    use domain::rail::station::{Station, Stations};

    use super::*;

    #[test]
    fn a_city_is_all_its_stations_and_a_telecode_is_one() {
        let station = |(code, name, pinyin, initials, city): (&str, &str, &str, &str, &str)| Station {
            code: code.parse().unwrap(),
            name: name.into(),
            pinyin: pinyin.into(),
            initials: initials.into(),
            city: city.into(),
        };
        let rows = [
            ("BJP", "北京", "beijing", "bj", "北京"),
            ("VNP", "北京南", "beijingnan", "bjn", "北京"),
            ("TXP", "天津西", "tianjinxi", "tjx", "天津"),
            ("TPP", "天津南", "tianjinnan", "tjn", "天津"),
        ];
        let stations = Stations::new(rows.map(station).to_vec()).unwrap();
        let network = Network::new(stations, vec![]).unwrap();
        let check = |text: &str, expected: &[&str]| {
            let found = stations_of(&network, "from", text).unwrap();
            assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{text}");
        };
        check("BJP", &["BJP"]);
        check("vnp", &["VNP"]);
        check("北京", &["BJP", "VNP"]);
        check("beijing", &["BJP", "VNP"]);
        check("北京南", &["VNP"]);
        check("bjn", &["VNP"]);
        check("天津", &["TXP", "TPP"]);
        let error = stations_of(&network, "to", "beiji").unwrap_err();
        assert_eq!(error.details[0].field, "to");
        assert!(stations_of(&network, "to", "").is_err());
    }
}
