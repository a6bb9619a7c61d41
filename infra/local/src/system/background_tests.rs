//! Queues, streams and schedules with workers of their own.

use std::sync::{Mutex, PoisonError};

use app::{App, Duty, Failure, Forwarded, Job, Record, Source, Worker, clock::Clock};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::Timestamp;
use providers::queue::Queue;
use serde::{Deserialize, Serialize};
use store::{PARTITION, SORT, Table};

use super::System;
use crate::{Background, Options, engine::Data};

const START_SECS: i64 = 1_800_000_000;

/// What was done: the test's name, the job's, and after how many seconds of the clock.
static DONE: Mutex<Vec<(String, String, i64)>> = Mutex::new(Vec::new());

#[derive(Debug, Serialize, Deserialize)]
struct Note {
    test: String,
    name: String,
    /// How often it fails before it is done.
    #[serde(default)]
    failures: usize,
}

impl Job for Note {
    const DUTY: Duty =
        Duty { name: "note", source: Source::Queue(Queue::PollPayment), grants: &[], summary: "Takes note" };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let tried = done(&self.test).iter().filter(|(name, _)| *name == format!("{} fails", self.name)).count();
        if self.name == "poison" {
            return Err(Failure::poison("cannot be"));
        }
        let fails = if tried < self.failures { " fails" } else { "" };
        let after = app.now().as_second() - START_SECS;
        DONE.lock().unwrap_or_else(PoisonError::into_inner).push((self.test, self.name + fails, after));
        if fails.is_empty() { Ok(()) } else { Err(Failure::retry("not yet")) }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Tick {}

impl Job for Tick {
    const DUTY: Duty =
        Duty { name: "tick", source: Source::Schedule { minutes: 1 }, grants: &[], summary: "Takes note of time" };

    async fn handle(self, app: &'static App) -> Result<(), Failure> {
        let note = Note { test: "tick".to_owned(), name: "ticked".to_owned(), failures: 0 };
        app.queues.send(Queue::PollPayment, &note, 0, app.now()).await.map_err(Failure::retry)
    }
}

fn forward(record: &Record) -> Vec<Forwarded> {
    let note = Note { test: record.partition.clone(), name: record.sort.clone(), failures: 0 };
    let body = serde_json::to_string(&note).unwrap();
    vec![Forwarded { queue: Queue::PollPayment, body }]
}

static NOTE: Worker = Worker::of::<Note>();
static TICK: Worker =
    Worker { duty: Duty { grants: &[app::Grant::send(Queue::PollPayment)], ..Tick::DUTY }, ..Worker::of::<Tick>() };
static FORWARD: Worker = Worker::forwarder(
    Duty {
        name: "forward",
        source: Source::Stream(Table::Orders),
        grants: &[app::Grant::send(Queue::PollPayment)],
        summary: "Passes on",
    },
    forward,
);

fn done(test: &str) -> Vec<(String, i64)> {
    let done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    done.iter().filter(|(of, ..)| of == test).map(|(_, name, after)| (name.clone(), *after)).collect()
}

fn options() -> Options {
    Options::test(Clock::test(Timestamp::from_second(START_SECS).unwrap()))
}

async fn start() -> System {
    System::start_with(options(), &[&NOTE, &TICK, &FORWARD]).await.unwrap()
}

async fn send(system: &System, test: &str, name: &str, failures: usize, delay_secs: u32) {
    let note = Note { test: test.to_owned(), name: name.to_owned(), failures };
    system.app.queues.send(Queue::PollPayment, &note, delay_secs, system.app.now()).await.unwrap();
}

fn names(test: &str) -> Vec<String> {
    done(test).into_iter().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn many_messages_are_done_when_it_is_drained() {
    let system = start().await;
    for number in 0..200 {
        send(&system, "many", &number.to_string(), 0, 0).await;
    }
    system.drained().await.unwrap();
    assert_eq!(done("many").len(), 200);
    assert_eq!(system.engines.sqs().pending("onsale-poll-payment").total(), 0);
    system.stop().await;
}

#[tokio::test]
async fn a_stepped_background_waits_for_whoever_waits_for_it() {
    let options = Options { background: Background::Stepped, ..options() };
    let system = System::start_with(options, &[&NOTE, &TICK, &FORWARD]).await.unwrap();
    let numbers: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    for number in &numbers {
        send(&system, "stepped", number, 0, 0).await;
    }
    assert!(done("stepped").is_empty());
    system.drained().await.unwrap();
    assert_eq!(names("stepped"), numbers, "in order, once");
    system.disturb(Some(7)).await;
    for number in &numbers {
        send(&system, "disturbed", number, 0, 0).await;
    }
    system.drained().await.unwrap();
    let (told, mut different) = (names("disturbed"), names("disturbed"));
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 20, "each at least once");
    assert!(told.len() > 20 && !told.starts_with(&numbers), "some twice, and not in order: {told:?}");
    let before = told.len();
    system.drained().await.unwrap();
    assert!(names("disturbed").len() > before, "some only later");
    assert_eq!(system.engines.sqs().pending("onsale-poll-payment").total(), 0);
    system.stop().await;
}

#[tokio::test]
async fn a_delayed_message_waits_for_the_clock_and_not_for_time() {
    let system = start().await;
    send(&system, "delayed", "late", 0, 3_600).await;
    send(&system, "delayed", "soon", 0, 60).await;
    system.drained().await.unwrap();
    assert!(done("delayed").is_empty());
    system.app.clock.advance(59);
    system.drained().await.unwrap();
    assert!(done("delayed").is_empty());
    system.app.clock.advance(1);
    system.drained().await.unwrap();
    assert_eq!(done("delayed"), [("soon".to_owned(), 60)]);
    system.app.clock.advance(4_000);
    system.drained().await.unwrap();
    assert_eq!(done("delayed")[1], ("late".to_owned(), 4_060));
    system.stop().await;
}

#[tokio::test]
async fn a_failure_comes_back_and_poison_does_not() {
    let system = start().await;
    send(&system, "failing", "often", 6, 0).await;
    send(&system, "failing", "poison", 0, 0).await;
    system.drained().await.unwrap();
    let names = names("failing");
    assert_eq!((names.len(), names.last().map(String::as_str)), (7, Some("often")));
    assert_eq!(system.engines.sqs().pending("onsale-poll-payment-dead").visible, 1);
    system.stop().await;
}

#[tokio::test]
async fn what_fails_for_ever_is_a_dead_letter_in_the_end() {
    let system = start().await;
    send(&system, "for ever", "never", usize::MAX, 0).await;
    system.drained().await.unwrap();
    assert_eq!(done("for ever").len(), usize::from(Queue::MAX_RECEIVES));
    assert_eq!(system.engines.sqs().pending("onsale-poll-payment-dead").visible, 1);
    system.stop().await;
}

async fn change(system: &System, test: &str, name: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = system.machinery.aws.dynamodb.put_item().table_name("onsale-orders");
    put.item(PARTITION, text(test)).item(SORT, text(name)).send().await.unwrap();
}

#[tokio::test]
async fn a_change_of_a_table_reaches_its_worker() {
    let system = start().await;
    for number in 0..150 {
        change(&system, "changes", &format!("{number:03}")).await;
    }
    system.drained().await.unwrap();
    let mut names = names("changes");
    names.sort();
    assert_eq!(names, (0..150).map(|number| format!("{number:03}")).collect::<Vec<_>>());
    system.stop().await;
}

#[tokio::test]
async fn schedules_run_when_they_are_told_to() {
    let system = start().await;
    system.drained().await.unwrap();
    assert!(done("tick").is_empty());
    system.tick().await.unwrap();
    assert_eq!(names("tick"), ["ticked"]);
    system.stop().await;
}

#[tokio::test]
async fn what_was_waiting_or_unread_goes_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let on = || Options { data: Data::Folder(folder.path().to_owned()), ..options() };
    let first = System::start_with(on(), &[&NOTE]).await.unwrap();
    send(&first, "restart", "waited", 0, 60).await;
    first.drained().await.unwrap();
    // Nobody reads the stream yet, and the end comes without a word.
    change(&first, "restart", "changed").await;
    drop(first);
    tokio::task::yield_now().await;
    let second = System::start_with(on(), &[&NOTE, &FORWARD]).await.unwrap();
    second.drained().await.unwrap();
    assert_eq!(names("restart"), ["changed"]);
    second.app.clock.advance(60);
    second.drained().await.unwrap();
    assert_eq!(names("restart"), ["changed", "waited"]);
    second.stop().await;
}

#[tokio::test]
async fn by_the_clock_of_the_system_delays_are_the_services() {
    let system = System::start_with(Options { clock: Clock::System, ..options() }, &[&NOTE]).await.unwrap();
    send(&system, "system", "now", 0, 0).await;
    send(&system, "system", "later", 0, 600).await;
    system.drained().await.unwrap();
    assert_eq!(names("system"), ["now"]);
    assert_eq!(system.engines.sqs().pending("onsale-poll-payment").delayed, 1);
    system.stop().await;
}
