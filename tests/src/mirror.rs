//! The wire check of the whole: every call that the program makes to its embedded DynamoDB is made to another one as well,
//! and the answers have to agree, call for call, and in the end the tables.
//!
//! Only where `ONSALE_TEST_DYNAMODB` names the other one. It stands beside the embedded engine and not in its place, because
//! the program reads its streams there. Calls take turns, so that both see them in one order.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
};

use onsale::{
    System,
    engine::{Answer, Call, DynamoDb, Interpose, REGION, Service, Verdict},
};
use serde_json::{Map, Value, json};
use store::Table;
use tokio::runtime::Runtime;

use crate::{
    client::Web,
    database::{ACCESS_KEY, elsewhere, far, fresh_prefix},
};

/// Another database that does what the embedded one does. When it goes, it says where they differed.
pub(crate) struct Mirror(Arc<Pair>);

/// The two databases.
#[derive(Debug)]
struct Pair {
    near: DynamoDb,
    far: Web,
    /// What the program's tables begin with, and what is put before that elsewhere.
    tables: String,
    prefix: String,
    /// Held for as long as a call lasts.
    found: Mutex<Found>,
}

/// What came of comparing.
#[derive(Debug, Default)]
struct Found {
    calls: u64,
    differences: Vec<String>,
}

impl Mirror {
    /// Copies what is there, and is asked from now on.
    pub(crate) async fn of(system: &System) -> Option<Self> {
        let url = elsewhere()?;
        let (tables, prefix) = (system.app.settings.table_prefix.clone(), fresh_prefix());
        onsale::make_tables(&far(&url), &[&prefix, tables.as_str()].concat()).await.unwrap();
        let near = system.engines.dynamodb().clone();
        let pair = Arc::new(Pair { near, far: Web::new(&url), tables, prefix, found: Mutex::default() });
        for (table, items) in pair.scan(|operation, body| pair.near.call(operation, body)) {
            for item in items {
                let put = serde_json::to_vec(&json!({"TableName": table, "Item": item})).unwrap();
                assert_eq!(pair.far("PutItem", &put).status, 200);
            }
        }
        system.engines.connector().interpose(Arc::clone(&pair) as Arc<dyn Interpose>);
        Some(Self(pair))
    }

    /// Carries out one call on both sides; what the embedded engine answers.
    pub(crate) fn call(&self, operation: &str, body: &[u8]) -> Answer {
        self.0.call(operation, body)
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        // Whoever put something else before the calls has left the other one behind.
        let complete = Arc::strong_count(&self.0) > 1;
        let mut guard = self.0.found.lock().unwrap_or_else(PoisonError::into_inner);
        if complete && guard.differences.is_empty() {
            let near = self.0.scan(|operation, body| self.0.near.call(operation, body));
            let far = self.0.scan(|operation, body| self.0.far(operation, body));
            let different = (near != far).then(|| format!("at the end one has {near:?}, the other {far:?}"));
            guard.differences.extend(different);
        }
        let Found { calls, differences } = std::mem::take(&mut *guard);
        drop(guard);
        println!("{calls} calls to two databases");
        if !std::thread::panicking() {
            assert!(calls > 0, "the other database was not asked");
            assert!(differences.is_empty(), "the databases differ:\n  {}", differences.join("\n  "));
        }
    }
}

impl Interpose for Pair {
    fn before(&self, call: &Call<'_>) -> Verdict {
        if call.service != Service::DynamoDb {
            return Verdict::Proceed;
        }
        let Answer { status, body, .. } = self.call(call.operation, call.body);
        Verdict::RefuseWith { status, json: String::from_utf8(body).unwrap() }
    }
}

impl Pair {
    fn call(&self, operation: &str, body: &[u8]) -> Answer {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.calls += 1;
        let (near, far) = (self.near.call(operation, body), self.far(operation, body));
        let (one, other) = (meaning(&near, body), meaning(&far, body));
        if one != other {
            let asked = String::from_utf8_lossy(body);
            found.differences.push(format!("{operation} {asked}\n    embedded: {one}\n    the other: {other}"));
        }
        near
    }

    /// Asks the other one. The program waits for the answer, as it does for the embedded engine's.
    fn far(&self, operation: &str, body: &[u8]) -> Answer {
        static RUNTIME: OnceLock<Runtime> = OnceLock::new();
        let runtime = RUNTIME.get_or_init(|| {
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
        });
        let mut request: Value = serde_json::from_slice(body).unwrap();
        self.rename(&mut request);
        let target = format!("DynamoDB_20120810.{operation}");
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20260101/{REGION}/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=none"
        );
        let (tell, told) = mpsc::channel();
        let (web, body) = (self.far.clone(), serde_json::to_vec(&request).unwrap());
        runtime.spawn(async move {
            let headers = [
                ("x-amz-target", target.as_str()),
                ("content-type", "application/x-amz-json-1.0"),
                // Signatures are not looked at; the access key says whose tables are meant.
                ("authorization", authorization.as_str()),
            ];
            tell.send(web.send("POST", "/", &headers, body).await).unwrap();
        });
        let answer = told.recv().unwrap();
        let body = String::from_utf8(answer.body.to_vec()).unwrap().replace(&self.prefix, "").into_bytes();
        Answer { status: answer.status, body, query_error: None }
    }

    /// Puts the prefix before the names of tables.
    fn rename(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields.iter_mut() {
                    match (name.as_str(), &mut *value) {
                        ("TableName", Value::String(table)) => table.insert_str(0, &self.prefix),
                        ("RequestItems", Value::Object(tables)) => {
                            let renamed = std::mem::take(tables).into_iter();
                            tables
                                .extend(renamed.map(|(table, asked)| ([&self.prefix, table.as_str()].concat(), asked)));
                        }
                        _ => self.rename(value),
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.rename(value)),
            _ => {}
        }
    }

    /// Everything that one of them has, by table, in the order of keys.
    fn scan(&self, call: impl Fn(&str, &[u8]) -> Answer) -> BTreeMap<String, Vec<Value>> {
        let mut tables = BTreeMap::new();
        for table in Table::ALL {
            let name = [&self.tables, table.name()].concat();
            let (mut items, mut request) = (Vec::new(), json!({"TableName": name}));
            loop {
                let answer = call("Scan", &serde_json::to_vec(&request).unwrap());
                assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
                let mut page: Value = serde_json::from_slice(&answer.body).unwrap();
                items.extend(page["Items"].as_array_mut().into_iter().flat_map(std::mem::take));
                request["ExclusiveStartKey"] = page["LastEvaluatedKey"].take();
                if request["ExclusiveStartKey"].is_null() {
                    break;
                }
            }
            items.sort_by_cached_key(|item| (item["pk"].to_string(), item["sk"].to_string()));
            tables.insert(name, items);
        }
        tables
    }
}

/// What of an answer the SDK makes something of.
fn meaning(answer: &Answer, asked: &[u8]) -> Value {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let fields = body.as_object_mut().map(std::mem::take).unwrap_or_default();
    let mut meant = Map::new();
    for (name, mut value) in fields {
        match name.as_str() {
            // Words, and what the SDK was not asked for.
            "message" | "Message" | "ConsumedCapacity" => {}
            "__type" => drop(meant.insert(name, value.as_str().unwrap_or_default().rsplit('#').next().into())),
            "CancellationReasons" => {
                for reason in value.as_array_mut().into_iter().flatten() {
                    reason.as_object_mut().map(|reason| reason.remove("Message"));
                }
                meant.insert(name, value);
            }
            "Responses" => {
                for items in value.as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_array_mut)
                {
                    items.sort_by_cached_key(Value::to_string);
                }
                meant.insert(name, value);
            }
            // Within one sort key an index has no order.
            "Items" if String::from_utf8_lossy(asked).contains("\"IndexName\"") => {
                value.as_array_mut().unwrap().sort_by_cached_key(Value::to_string);
                meant.insert(name, value);
            }
            _ => drop(meant.insert(name, value)),
        }
    }
    json!({"status": answer.status, "body": meant})
}

#[test]
fn answers_differ_by_what_they_mean() {
    let answer = |status, body: &Value| Answer { status, body: serde_json::to_vec(body).unwrap(), query_error: None };
    let refused = |name: &str, message: &str, item: Value| {
        answer(400, &json!({"__type": format!("com.amazonaws.dynamodb#{name}"), "message": message, "Item": item}))
    };
    let same = |one: &Answer, other: &Answer| meaning(one, b"{}") == meaning(other, b"{}");
    let one = refused("ConditionalCheckFailedException", "a", json!({"n": {"N": "1"}}));
    assert!(same(&one, &refused("ConditionalCheckFailedException", "b", json!({"n": {"N": "1"}}))));
    assert!(!same(&one, &refused("ConditionalCheckFailedException", "a", json!({"n": {"N": "2"}}))));
    assert!(!same(&one, &refused("ConditionalCheckFailedException", "a", Value::Null)));
    assert!(!same(&one, &refused("ValidationException", "a", json!({"n": {"N": "1"}}))));
    assert!(!same(&answer(200, &json!({})), &answer(500, &json!({}))));
    let items = |items: Value| answer(200, &json!({"Items": items}));
    assert!(!same(&items(json!([1, 2])), &items(json!([2, 1]))), "a table has an order");
    let index = |answer: &Answer| meaning(answer, b"{\"IndexName\":\"by-due\"}");
    assert_eq!(index(&items(json!([1, 2]))), index(&items(json!([2, 1]))), "an index has none within one sort key");
}
