//! What can go wrong with one call to AWS, and who makes it go wrong.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use onsale::engine::{Call, Interpose, Service, Verdict};

/// What goes wrong with one call. The SDK tries three times; what happens once, its second try mends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Fault {
    /// The connection breaks before the call is carried out, once.
    FailOnce,
    /// The same, however often the SDK tries.
    Fail,
    /// The call is carried out and its reply lost, once: the SDK's second try meets its own effect.
    LoseOnce,
    /// The same, however often the SDK tries.
    Lose,
    /// The service asks to slow down, however often the SDK tries.
    Throttle,
    /// Another transaction is in the way, however often the SDK tries.
    Conflict,
    /// The service fails (500), however often the SDK tries.
    Error,
    /// The process dies before the call is carried out.
    DieBefore,
    /// The process dies after the call was carried out.
    DieAfter,
}

impl Fault {
    pub(super) const ALL: [Self; 9] = [
        Self::FailOnce,
        Self::Fail,
        Self::LoseOnce,
        Self::Lose,
        Self::Throttle,
        Self::Conflict,
        Self::Error,
        Self::DieBefore,
        Self::DieAfter,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::FailOnce => "fail-once",
            Self::Fail => "fail",
            Self::LoseOnce => "lose-once",
            Self::Lose => "lose",
            Self::Throttle => "throttle",
            Self::Conflict => "conflict",
            Self::Error => "error",
            Self::DieBefore => "die-before",
            Self::DieAfter => "die-after",
        }
    }

    /// Whether the fault means something for a call. Of a read that fails it does not matter whether it was carried out, and
    /// nothing is in its way.
    pub(super) fn can_hit(self, made: &Made) -> bool {
        match self {
            Self::LoseOnce | Self::Lose | Self::DieAfter => made.writes(),
            Self::Conflict => made.writes() && made.service == Service::DynamoDb,
            Self::FailOnce | Self::Fail | Self::Throttle | Self::Error | Self::DieBefore => true,
        }
    }

    /// Whether the SDK's second try goes through.
    const fn is_over_at_once(self) -> bool {
        matches!(self, Self::FailOnce | Self::LoseOnce)
    }

    /// Whether a process ends by it.
    const fn kills(self) -> bool {
        matches!(self, Self::DieBefore | Self::DieAfter)
    }

    fn verdict(self, call: &Call<'_>) -> Verdict {
        match self {
            Self::FailOnce | Self::Fail => Verdict::FailBefore,
            Self::LoseOnce | Self::Lose => Verdict::LoseReply,
            Self::DieBefore => Verdict::DieBefore,
            Self::DieAfter => Verdict::DieAfter,
            Self::Throttle => match call.service {
                Service::DynamoDb => dynamodb("ProvisionedThroughputExceededException", ""),
                Service::Sqs => refuse(400, r#"{"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow down"}"#),
                Service::S3 => refuse(503, "<Error><Code>SlowDown</Code><Message>slow down</Message></Error>"),
            },
            Self::Conflict if call.operation == "TransactWriteItems" => {
                dynamodb("TransactionCanceledException", r#","CancellationReasons":[{"Code":"TransactionConflict"}]"#)
            }
            Self::Conflict => dynamodb("TransactionConflictException", ""),
            Self::Error => match call.service {
                Service::DynamoDb => refuse(
                    500,
                    r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"broken"}"#,
                ),
                Service::Sqs => refuse(500, r#"{"__type":"com.amazonaws.sqs#InternalError","message":"broken"}"#),
                Service::S3 => refuse(500, "<Error><Code>InternalError</Code><Message>broken</Message></Error>"),
            },
        }
    }
}

fn dynamodb(code: &str, more: &str) -> Verdict {
    refuse(400, &format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"busy"{more}}}"#))
}

fn refuse(status: u16, body: &str) -> Verdict {
    Verdict::RefuseWith { status, json: body.to_owned() }
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// By which operation or worker.
    pub(super) by: &'static str,
    pub(super) service: Service,
    pub(super) operation: String,
}

impl Made {
    fn writes(&self) -> bool {
        !["Get", "Query", "BatchGet", "Head"].iter().any(|read| self.operation.starts_with(read))
    }
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.operation, self.by)
    }
}

/// When something goes wrong.
#[derive(Debug)]
pub(super) enum Plan {
    /// Never: calls are only noted.
    Note,
    /// At the call of this number, counted from 0.
    At(usize, Fault),
    /// At any call, once in so many.
    Chance { chance: fastrand::Rng, one_in: u32 },
}

/// Numbers the calls of operations and workers, and makes them fail by a plan. Calls of pollers and tests go through.
#[derive(Debug)]
pub(super) struct Saboteur {
    /// Calls of these alone are counted; of all, where there are none.
    only: &'static [&'static str],
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    plan: Plan,
    made: Vec<Made>,
    /// What each call of the SDK meets, by the name that its tries have in common.
    met: HashMap<String, Option<Fault>>,
    hits: Vec<(usize, Fault)>,
}

impl Saboteur {
    pub(super) fn new(plan: Plan, only: &'static [&'static str]) -> Self {
        let state = State { plan, made: Vec::new(), met: HashMap::new(), hits: Vec::new() };
        Self { only, state: Mutex::new(state) }
    }

    /// The calls that were made.
    pub(super) fn made(&self) -> Vec<Made> {
        self.state().made.clone()
    }

    /// What went wrong, and with which calls.
    pub(super) fn hits(&self) -> Vec<(usize, Fault)> {
        self.state().hits.clone()
    }

    /// Whether a process died.
    pub(super) fn has_killed(&self) -> bool {
        self.state().hits.iter().any(|(_, fault)| fault.kills())
    }

    /// Whether something failed for good: then it may be left to the reconcilers. What the SDK's second try mends is not.
    pub(super) fn has_failed(&self) -> bool {
        self.state().hits.iter().any(|(_, fault)| !fault.is_over_at_once())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Interpose for Saboteur {
    fn before(&self, call: &Call<'_>) -> Verdict {
        let Some(by) = call.by.filter(|by| self.only.is_empty() || self.only.contains(by)) else {
            return Verdict::Proceed;
        };
        let mut state = self.state();
        let fault = match state.met.get(call.id) {
            Some(fault) => fault.filter(|fault| !fault.is_over_at_once()),
            None => state.meet(call, by),
        };
        fault.map_or(Verdict::Proceed, |fault| fault.verdict(call))
    }
}

impl State {
    /// Decides what happens to a call that the SDK makes for the first time.
    fn meet(&mut self, call: &Call<'_>, by: &'static str) -> Option<Fault> {
        let number = self.made.len();
        let made = Made { by, service: call.service, operation: call.operation.to_owned() };
        let fault = match &mut self.plan {
            Plan::Note => None,
            Plan::At(at, fault) => (*at == number).then_some(*fault),
            Plan::Chance { chance, one_in } => {
                let fault = (chance.u32(..*one_in) == 0).then(|| Fault::ALL[chance.usize(..Fault::ALL.len())]);
                fault.filter(|fault| fault.can_hit(&made))
            }
        };
        self.made.push(made);
        self.met.insert(call.id.to_owned(), fault);
        self.hits.extend(fault.map(|fault| (number, fault)));
        fault
    }
}
