//! The file of stations.

use std::collections::{BTreeMap, BTreeSet};

use domain::rail::{
    network::Network,
    station::{Station, Stations, Telecode, city_of},
};

use super::{
    Wrong,
    table::{Column, Row, Table, needed, optional},
};

/// The longest name of a station or a city, in characters.
const MAX_NAME: usize = 40;

const COLUMNS: [Column; 5] = [
    needed("name"),
    needed("telecode"),
    optional("pinyin"),
    Column { name: "initials", also: &["abbr"], needed: false },
    optional("city"),
];

/// Reads stations. Where the file does not say what city a station is in, its name does.
pub(crate) fn read(text: &str) -> Result<Stations, Vec<Wrong>> {
    let table = Table::read(text, &COLUMNS)?;
    let mut wrong = Vec::new();
    let names: BTreeSet<&str> = table.rows().filter_map(|row| row.text("name")).collect();
    let (mut codes, mut used) = (BTreeMap::new(), BTreeMap::new());
    let mut stations = Vec::new();
    for row in table.rows() {
        let (code, name) = (row.needed::<Telecode>("telecode", &mut wrong), name(&row, &mut wrong));
        let (Some(code), Some(name)) = (code, name) else { continue };
        if let Some(line) = codes.insert(code, row.line) {
            wrong.push(Wrong::at(row.line, "telecode", format_args!("{code} is on line {line} already")));
        }
        if let Some(line) = used.insert(name, row.line) {
            wrong.push(Wrong::at(row.line, "name", format_args!("{name} is on line {line} already")));
        }
        let city = short(&row, "city", &mut wrong).unwrap_or_else(|| city_of(name, &names));
        let sound = |column, wrong: &mut Vec<Wrong>| short(&row, column, wrong).unwrap_or_default().to_lowercase();
        stations.push(Station {
            code,
            name: name.to_owned(),
            pinyin: sound("pinyin", &mut wrong),
            initials: sound("initials", &mut wrong),
            city: city.to_owned(),
        });
    }
    if stations.len() > Network::MAX_STATIONS {
        wrong.push(Wrong::line(1, format_args!("there are more than {} stations", Network::MAX_STATIONS)));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    // Codes and names were seen to be there once.
    Stations::new(stations).map_err(|error| vec![Wrong::line(1, error)])
}

fn name<'t>(row: &Row<'t>, wrong: &mut Vec<Wrong>) -> Option<&'t str> {
    if row.text("name").is_none() {
        wrong.push(Wrong::at(row.line, "name", "is missing"));
    }
    short(row, "name", wrong)
}

fn short<'t>(row: &Row<'t>, column: &'static str, wrong: &mut Vec<Wrong>) -> Option<&'t str> {
    let text = row.text(column)?;
    if text.chars().count() > MAX_NAME {
        wrong.push(Wrong::at(row.line, column, format_args!("must have at most {MAX_NAME} characters")));
        return None;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stations_are_read_with_their_cities() {
        let text = "name,telecode,pinyin,abbr,code\n北京,BJP,beijing,bj,1\n北京南,vnp,BeijingNan,BJN,2\n";
        let stations = read(text).unwrap();
        let south = stations.named("北京南").unwrap();
        assert_eq!((south.code.to_string().as_str(), south.pinyin.as_str()), ("VNP", "beijingnan"));
        assert_eq!((south.initials.as_str(), south.city.as_str()), ("bjn", "北京"));
        let said = read("city,name,telecode\n甲城,北京,BJP\n").unwrap();
        assert_eq!(said.all()[0].city, "甲城");
    }

    #[test]
    fn every_wrong_line_is_told_by_its_number() {
        let long = "长".repeat(41);
        let text = format!("name,telecode\n北京,BJP\n,VNP\n上海,SH\n天津,BJP\n北京,TJP\n{long},LLL\n");
        let wrong = read(&text).unwrap_err();
        let told: Vec<_> = wrong.iter().map(|wrong| format!("{} {}", wrong.place("s"), wrong.reason)).collect();
        assert_eq!(
            told,
            [
                "s[3].name is missing",
                "s[4].telecode must be three letters A to Z",
                "s[5].telecode BJP is on line 2 already",
                "s[6].name 北京 is on line 2 already",
                "s[7].name must have at most 40 characters",
            ]
        );
    }
}
