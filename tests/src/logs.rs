//! Nothing secret and nothing personal is in the logs.
//!
//! What is secret or personal is not listed by hand: whatever the stories send or are answered under one of the names below
//! is looked for in everything that was logged meanwhile.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _};

use crate::{
    accounts, auditor, door, federation, machines, money, names, organisers, people, sale, tenants, trail, two_factor,
};

/// Names under which there is what no log may have.
const HIDDEN: [&str; 22] = [
    "authorization",
    "clientSecret",
    "code",
    "email",
    "login",
    "name",
    "newPassword",
    "nickname",
    "oldPassword",
    "otp",
    "password",
    "phone",
    "qrCode",
    "realName",
    "recoveryCodes",
    "refreshToken",
    "secret",
    "signature",
    "token",
    "userName",
    "userPhone",
    "username",
];

/// Shorter texts stand in any log by chance.
const SHORTEST: usize = 6;

const STORIES: &[fn()] = &[
    accounts::a_logout_kills_the_token,
    accounts::a_new_password_ends_the_other_sessions,
    accounts::guessing_passwords_is_slowed_down_and_a_success_forgets_failures,
    accounts::staff_log_in_by_their_own_door_until_they_are_disabled,
    accounts::whoever_registers_is_a_customer_and_logged_in,
    auditor::an_administrator_looks_through_the_tenants_state,
    organisers::an_event_is_sent_back_changed_approved_enlarged_and_called_off,
    sale::from_the_list_of_events_to_the_door,
    sale::when_all_are_held_it_is_sold_out,
    money::a_late_payment_goes_back_when_the_tickets_are_gone,
    money::a_refund_is_asked_for_approved_and_done,
    money::of_two_captures_the_second_goes_back,
    door::a_ticket_admits_once_and_its_own_repeat,
    machines::a_machine_buys_pays_and_is_shut_out,
    trail::administrators_read_who_did_what_and_what_became_of_it,
    names::a_code_proves_an_address_five_tries_long_for_ten_minutes,
    names::a_forgotten_password_is_replaced_once_and_every_session_ends,
    two_factor::an_authenticator_is_enrolled_asked_for_and_given_up,
    federation::the_first_login_makes_an_account_and_the_second_finds_it,
    people::whoever_asks_is_erased_and_the_books_stay_right,
    tenants::a_tenant_is_made_and_its_first_administrator_comes_by_invitation,
];

/// What was heard on this thread while it listens, by the names under which it came.
type Heard = BTreeMap<String, BTreeSet<String>>;

thread_local! {
    static HEARD: RefCell<Option<Heard>> = const { RefCell::new(None) };
}

/// Remembers what is hidden in headers and in a body, where somebody listens on this thread.
pub(crate) fn heard(headers: &[(&str, &str)], body: &[u8]) {
    HEARD.with_borrow_mut(|heard| {
        let Some(heard) = heard else { return };
        for (name, value) in headers.iter().filter(|(name, _)| HIDDEN.contains(name)) {
            for word in value.split(' ') {
                remember(heard, name, word);
            }
        }
        collect(&serde_json::from_slice(body).unwrap_or_default(), "", heard);
    });
}

fn collect(value: &Value, name: &str, heard: &mut Heard) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| collect(value, name, heard)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, heard)),
        Value::String(text) if HIDDEN.contains(&name) => remember(heard, name, text),
        _ => {}
    }
}

fn remember(heard: &mut Heard, name: &str, text: &str) {
    if text.len() >= SHORTEST && text != "Bearer" {
        heard.entry(name.to_owned()).or_default().insert(text.to_owned());
    }
}

/// What is written goes here.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs something, and gives what was logged and what was heard meanwhile.
fn listen(run: impl FnOnce()) -> (String, Heard) {
    let written = Written::default();
    let to = written.clone();
    let ours = ["app", "domain", "onsale", "providers", "request", "runtime", "store", "tests"];
    let crates = ours.into_iter().chain(onsale::areas().map(|area| area.name));
    let filter =
        Targets::new().with_default(LevelFilter::WARN).with_targets(crates.map(|name| (name, LevelFilter::TRACE)));
    let lines = tracing_subscriber::fmt::layer().json().with_writer(move || to.clone());
    let subscriber = tracing_subscriber::registry().with(filter).with(lines);
    HEARD.set(Some(Heard::new()));
    tracing::subscriber::with_default(subscriber, run);
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    (text, HEARD.take().unwrap_or_default())
}

/// What of that which was heard stands in a log.
fn found<'h>(log: &str, heard: &'h Heard) -> Vec<(&'h str, &'h str)> {
    let all = heard.iter().flat_map(|(name, texts)| texts.iter().map(move |text| (name.as_str(), text.as_str())));
    all.filter(|(_, text)| log.contains(text)).collect()
}

#[test]
fn no_log_has_anything_secret_or_personal() {
    let (log, heard) = listen(|| STORIES.iter().for_each(|story| story()));
    let lines = log.lines().count();
    assert!(lines > 100, "{lines} lines: nobody listened");
    let names: BTreeSet<&str> = heard.keys().map(String::as_str).collect();
    for name in ["authorization", "email", "password", "phone", "qrCode", "refreshToken", "secret", "token", "userName"]
    {
        assert!(names.contains(name), "no story has a {name}: {names:?}");
    }
    assert_eq!(found(&log, &heard), []);
}

#[test]
fn what_is_in_a_log_is_found() {
    let (log, heard) = listen(|| {
        heard_of_a_login();
        tracing::trace!(phone = "13800138000", "somebody logged in");
    });
    assert_eq!(found(&log, &heard), [("phone", "13800138000")]);
}

fn heard_of_a_login() {
    heard(&[("authorization", "Bearer abc.def")], br#"{"data":{"user":{"phone":"13800138000"},"token":"abc.def"}}"#);
}
