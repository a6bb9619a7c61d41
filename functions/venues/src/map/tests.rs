use app::decode::Shape;
use domain::venue::{SeatIndex, Version};
use serde_json::{Value, json};

use super::*;

fn map() -> Value {
    json!({
        "focus": {"x": 0, "y": -100},
        "sections": [
            {"id": "stalls", "name": "池座", "category": "A", "rows": [
                {"name": "1", "seats": [
                    {"no": "1", "x": 0, "y": 0}, {"no": "2", "x": 50, "y": 0}, {"no": "3", "x": 200, "y": 0},
                ]},
                {"name": "2", "category": "B", "aisles": [], "seats": [
                    {"no": "1", "x": 0, "y": 90, "kind": "accessible"}, {"no": "2", "x": 50, "y": 90},
                    {"no": "3", "x": 200, "y": 90},
                ]},
            ]},
            {"id": "balcony", "name": "Balcony", "focus": {"x": 5, "y": 5}, "rows": [
                {"name": "AA", "aisles": ["7"], "seats": [{"no": "7", "x": 0, "y": 900}, {"no": "8", "x": 50, "y": 900}]},
            ]},
        ],
    })
}

fn read(value: Value) -> Result<SeatMap, Vec<(String, String)>> {
    let draft: MapDraft = serde_json::from_value(value).unwrap();
    draft.read().map_err(|wrong| wrong.into_iter().map(|detail| (detail.field, detail.reason)).collect())
}

/// The map with one value replaced, and the fields that are wrong then.
fn wrong(changes: &[(&str, Value)]) -> Vec<String> {
    let mut changed = map();
    for (pointer, value) in changes {
        *changed.pointer_mut(pointer).unwrap() = value.clone();
    }
    read(changed).unwrap_err().into_iter().map(|(field, _)| field).collect()
}

#[test]
fn a_map_is_read_and_answered_as_it_was_written() {
    let read = read(map()).unwrap();
    assert_eq!((read.len(), read.row_count(), read.focus().y()), (8, 3, -100));
    assert_eq!(read.name(SeatIndex(6)).unwrap().to_string(), "balcony/AA/7");
    let aisles = |row: usize| read.sections()[0].rows[row].stretches().len();
    assert_eq!((aisles(0), aisles(1)), (2, 1), "told from the coordinates, unless it is said that there is none");
    let version = Version::first(read.clone()).unwrap();
    let answered = serde_json::to_value(MapView::of(&version)).unwrap();
    for (pointer, value) in [
        ("/version", json!(1)),
        ("/seats", json!(8)),
        ("/sections/0/rows/0/aisles", json!(["2"])),
        ("/sections/0/rows/1/seats/0/kind", json!("accessible")),
        ("/sections/1/category", json!("1")),
    ] {
        assert_eq!(answered.pointer(pointer), Some(&value), "{pointer}");
    }
    assert_eq!(super::tests::read(answered).unwrap(), read, "what is answered can be sent back");
}

#[test]
fn everything_wrong_is_named_with_its_path() {
    let wrongs = [
        ("/sections/0/rows/0/seats/1/no", json!(" 2")),
        ("/sections/0/rows/1/name", json!("a/b")),
        ("/sections/1/category", json!("")),
        ("/sections/1/id", json!("Balcony")),
        ("/sections/1/rows/0/aisles/0", json!("9")),
        ("/sections/0/rows/0/seats/0/x", json!(100_001)),
    ];
    let mut value = map();
    value["sections"][1]["category"] = json!("A");
    for (pointer, wrong) in &wrongs {
        *value.pointer_mut(pointer).unwrap() = wrong.clone();
    }
    let fields: Vec<String> = read(value).unwrap_err().into_iter().map(|(field, _)| field).collect();
    assert_eq!(
        fields,
        [
            "sections[0].rows[0].seats[0]",
            "sections[0].rows[0].seats[1].no",
            "sections[0].rows[1].name",
            "sections[1].id",
            "sections[1].category",
            "sections[1].rows[0].aisles[0]",
        ]
    );
    let twice = [("/sections/0/rows/0/seats/1/no", json!("1")), ("/sections/0/rows/0/seats/2/no", json!("1"))];
    assert_eq!(wrong(&twice), ["sections[0].rows[0].seats[1].no", "sections[0].rows[0].seats[2].no"]);
    assert_eq!(wrong(&[("/sections/0/rows/1/name", json!("1"))]), ["sections[0].rows[1].name"]);
    assert_eq!(wrong(&[("/sections/1/id", json!("stalls"))]), ["sections[1].id"]);
    assert_eq!(wrong(&[("/sections/0/name", json!(" "))]), ["sections[0].name"]);
    assert_eq!(wrong(&[("/sections/0/rows/1/seats", json!([]))]), ["sections[0].rows[1].seats"]);
    assert_eq!(wrong(&[("/sections/1/rows", json!([]))]), ["sections[1].rows"]);
    assert_eq!(wrong(&[("/sections", json!([]))]), ["sections"]);
}

#[test]
fn the_schema_names_a_wrong_seat_by_its_path() {
    let shape = Shape::of(schemars::SchemaGenerator::subschema_for::<MapDraft>);
    assert_eq!(shape.check(&map()), []);
    let mut changed = map();
    changed["sections"][0]["rows"][1]["seats"][2]["x"] = json!(1.5);
    changed["sections"][1]["rows"][0]["seats"][0]["kind"] = json!("royal");
    let fields: Vec<String> = shape.check(&changed).into_iter().map(|detail| detail.field).collect();
    assert_eq!(fields, ["sections[0].rows[1].seats[2].x", "sections[1].rows[0].seats[0].kind"]);
}

fn csv(lines: &[&str]) -> Result<SeatMap, Vec<(String, String)>> {
    let read = super::csv::read(&lines.join("\n"), None);
    read.map_err(|wrong| wrong.into_iter().map(|detail| (detail.field, detail.reason)).collect())
}

#[test]
fn a_table_is_a_map_in_its_order() {
    let map = csv(&[
        "\u{feff}Section, row,seat,x,y,kind,category,remark",
        "stalls,1,1,0,0,,A,\"by the, door\"",
        "balcony,1,1,0,900,,,",
        "stalls,2,1,0,90,companion,B",
        "",
        "stalls,1,2,50,0,,A,",
        "stalls,1,3,200,0,,A,",
    ])
    .unwrap();
    let names: Vec<String> = (0..map.len()).map(|seat| map.name(SeatIndex(seat)).unwrap().to_string()).collect();
    assert_eq!(names, ["stalls/1/1", "stalls/1/2", "stalls/1/3", "stalls/2/1", "balcony/1/1"]);
    let stalls = &map.sections()[0];
    assert_eq!(stalls.rows[0].stretches().len(), 2);
    assert_eq!(stalls.rows[1].seats[0].kind, SeatKind::Companion);
    assert_eq!(stalls.rows[1].category.as_ref().map(ToString::to_string).as_deref(), Some("B"));
}

#[test]
fn what_is_wrong_with_a_table_is_named_by_line_and_column() {
    let wrong = csv(&[
        "section,row,seat,x,y,kind,category",
        "Stalls,1,1,0,0,,A",
        "stalls,1,1,0,0,,A",
        "stalls,1,1,5,0,,A",
        "stalls,1,2,far,100001,royal,A",
        "stalls,1,3,0,0,,B",
        "stalls,1",
    ])
    .unwrap_err();
    let fields: Vec<&str> = wrong.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "csv[2].section",
            "csv[4].seat",
            "csv[5].x",
            "csv[5].y",
            "csv[5].kind",
            "csv[6].category",
            "csv[7].seat",
            "csv[7].x",
            "csv[7].y",
        ]
    );
    assert_eq!(wrong[1].1, "is the seat of line 3 again");
    assert_eq!(wrong[4].1, "must be one of regular, accessible, companion, restrictedView");
    let columns = csv(&["section,row", "a,1"]).unwrap_err();
    assert_eq!(columns.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["csv[1]"; 3]);
    assert_eq!(csv(&["section,row,seat,x,y"]).unwrap_err()[0].0, "csv", "no seats at all");
    let wide: Vec<String> = (0..129).map(|seat| format!("stalls,1,{seat},{seat},0")).collect();
    let lines: Vec<&str> = std::iter::once("section,row,seat,x,y").chain(wide.iter().map(String::as_str)).collect();
    assert_eq!(csv(&lines).unwrap_err()[0], ("csv[2]".into(), "must have at most 128 seats in a row".into()));
}

fn rule(change: &Value) -> Result<SeatMap, Vec<String>> {
    let mut section = json!({"id": "stalls", "name": "Stalls", "rows": 3, "seats": 6});
    section.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let body = json!({"sections": [section, {"id": "circle", "name": "Circle", "rows": 1, "seats": 2}]});
    let draft: RuleDraft = serde_json::from_value(body).unwrap();
    draft.read().map_err(|wrong| wrong.into_iter().map(|detail| detail.field).collect())
}

#[test]
fn a_rule_makes_a_map() {
    let map = rule(&json!({
        "aisles": [2], "lettering": "letters", "numbering": "oddEven", "bands": [{"upTo": 1, "category": "front"}],
        "kinds": [{"row": 3, "seat": 1, "kind": "accessible"}], "curveRadius": 1_000,
    }))
    .unwrap();
    let rows = &map.sections()[0].rows;
    let labels: Vec<&str> = rows[2].seats.iter().map(|seat| seat.label.as_str()).collect();
    assert_eq!((rows[2].label.as_str(), labels.join(" ")), ("C", "5 3 1 2 4 6".to_owned()));
    assert_eq!((rows[0].stretches().len(), rows[2].seats[0].kind), (2, SeatKind::Accessible));
    assert_eq!(rows[0].category.as_ref().map(ToString::to_string).as_deref(), Some("front"));
    assert!(map.sections()[1].rows[0].seats[0].at.y() > rows[2].seats[3].at.y() + 95, "behind the section before");
    assert_eq!(rule(&json!({"firstRow": 7})).unwrap().sections()[0].rows[0].label.as_str(), "7");
}

#[test]
fn a_rule_that_cannot_be_followed_is_named() {
    for (change, field) in [
        (json!({"rows": 0}), "sections[0].rows"),
        (json!({"seats": 129}), "sections[0].seats"),
        (json!({"curveRadius": 1}), "sections[0].curveRadius"),
        (json!({"at": {"x": 0, "y": 99_990}}), "sections[0]"),
        (json!({"at": {"x": 0, "y": 100_001}}), "sections[0].at"),
        (json!({"bands": [{"upTo": 1, "category": "a/b"}]}), "sections[0].bands[0].category"),
        (json!({"id": "circle"}), "sections[1].id"),
    ] {
        assert_eq!(rule(&change), Err(vec![field.to_owned()]), "{change}");
    }
}
