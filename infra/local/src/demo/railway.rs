//! The railway of the demo: invented stations, a few trains a day, and one that runs through midnight.

use domain::Timestamp;
use jiff::{ToSpan as _, civil::Date, tz};
use serde_json::{Value, json};

use super::{DemoError, insider::Insider};

const STATIONS: &str = "name,telecode,pinyin,initials,city
望潮,WCA,wangchao,wc,望潮
望潮南,WCB,wangchaonan,wcn,望潮
芦汀,LTA,luting,lt,芦汀
霜桥,SQA,shuangqiao,sq,霜桥
云梯岭,YTA,yuntiling,ytl,云梯岭
竹影,ZYA,zhuying,zy,竹影
鹤鸣湾,HMA,hemingwan,hmw,鹤鸣湾
星原,XYA,xingyuan,xy,星原
星原北,XYB,xingyuanbei,xyb,星原
";

/// From G101 one changes in Shuangqiao to C301. K77 is in Shuangqiao on the day after it set out.
const TRAINS: &str = "train,seq,station,arrive,depart,km
G101,1,WCA,,07:30,0
G101,2,LTA,08:12,08:15,120
G101,3,SQA,09:20,09:24,350
G101,4,XYB,10:40,,610
G102,1,XYB,,17:00,0
G102,2,SQA,18:16,18:20,260
G102,3,LTA,19:25,19:28,490
G102,4,WCA,20:10,,610
G105,1,WCB,,12:00,0
G105,2,SQA,13:35,13:40,340
G105,3,XYA,15:05,,600
D21,1,WCA,,09:40,0
D21,2,LTA,10:35,10:40,120
D21,3,YTA,11:50,11:55,260
D21,4,ZYA,13:30,,430
C301,1,SQA,,10:05,0
C301,2,ZYA,11:20,11:25,180
C301,3,HMA,12:50,,390
K77,1,WCA,,21:30,0
K77,2,LTA,22:40,22:48,120
K77,3,SQA,01:15,01:25,350
K77,4,ZYA,04:05,04:15,530
K77,5,HMA,07:20,,740
";

/// For how many days runs are open, the first of them today.
const DAYS: i32 = 14;
/// Hours of the railway's clocks before those of Greenwich.
const EAST: i8 = 8;

/// Imports the timetable where there is none, and opens the runs of the coming days that are not open.
pub(super) async fn open(admin: &Insider<'_>, now: Timestamp) -> Result<(), DemoError> {
    let mut timetable = json!({"stations": STATIONS, "trains": TRAINS, "dryRun": true});
    let there = admin.call("POST", "/api/admin/rail/import", &timetable).await?;
    if there["version"] == 0 {
        timetable["dryRun"] = false.into();
        admin.call("POST", "/api/admin/rail/import", &timetable).await?;
    } else if ["added", "changed", "removed"].iter().any(|count| there[*count] != 0) {
        // Whoever imported another timetable since says what is sold of it.
        return Ok(());
    }
    let today = now.to_zoned(tz::offset(EAST).to_time_zone()).date();
    let last = today.saturating_add((DAYS - 1).days());
    // Days are opened together, so that what is there of the last is there of all; an opening that was interrupted goes on.
    let there = admin.call("GET", &format!("/api/admin/rail/runs?date={last}"), &json!({})).await?;
    if there["total"] == 0 {
        admin.call("POST", "/api/admin/rail/runs", &opening(today, last)).await?;
    }
    Ok(())
}

fn opening(from: Date, to: Date) -> Value {
    let changes = json!({"most": 1, "stages": [{"untilMinutesBefore": 0, "dates": "any", "otherDestination": true}]});
    let fares = |class: &str, milli: u32| json!({"class": class, "bands": [{"toKm": 2_000, "milliPerKm": milli}]});
    let mut second = fares("second", 46_000);
    second["studentPercent"] = 75.into();
    json!({
        "from": from, "to": to,
        "templates": [
            {
                "name": "day",
                "coaches": [
                    {"first": 1, "class": "first", "layout": "2+2", "rows": 4},
                    {"first": 2, "last": 3, "class": "second", "layout": "3+2", "rows": 8},
                ],
                "fares": [fares("first", 74_000), second],
                "roundTo": 50,
                "quotas": [{"class": "second", "leastKm": 300, "stages": [{"untilMinutesBefore": 720, "percent": 25}]}],
                "changes": changes,
                "refundPolicy": {"mode": "automatic"},
                "saleStarts": {"daysBefore": 15},
                "closesMinutesBefore": 10,
            },
            {
                "name": "night",
                "coaches": [
                    {"first": 1, "class": "soft", "layout": "berths-4", "rows": 6},
                    {"first": 2, "class": "hard", "layout": "berths-6", "rows": 8},
                    {"first": 3, "class": "seat", "layout": "3+2", "rows": 10},
                ],
                "fares": [fares("soft", 52_000), fares("hard", 33_000), fares("seat", 17_000)],
                "roundTo": 50,
                "changes": changes,
                "refundPolicy": {"mode": "automatic"},
                "saleStarts": {"daysBefore": 15},
                "closesMinutesBefore": 10,
            },
        ],
        "trains": [{"template": "night", "beginning": "K"}, {"template": "day"}],
    })
}
