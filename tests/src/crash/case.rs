//! One case, and all cases of a flow.

use std::{
    any::Any,
    fmt::{self, Write as _},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::Write as _,
    panic::AssertUnwindSafe,
    str::FromStr,
    sync::Arc,
    vec,
};

use futures_util::FutureExt as _;
use onsale::engine::Interpose;

use super::{
    ROWS,
    fault::{Fault, Plan, Saboteur},
    flow::{Cast, Flow},
    variable,
};
use crate::{
    audit::audit,
    shop::{Offer, START, Shop, TO_SESSION},
};

/// Seconds that pass when all is over: past the questions at providers, holds, revivals, and an hour of every reconciler.
pub(super) const AFTERMATH: [i64; 3] = [200, 31 * 60, 2 * 3_600];

/// Cases that are played on one program: more, and what was left behind by those before is more than a new program costs.
const PLAYS: u8 = 16;

/// A flow, and what goes wrong in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) flow: Flow,
    /// At which call what happens; nothing goes wrong where there is none.
    pub(super) fault: Option<(usize, Fault)>,
    /// 0 is calm; any other number disturbs deliveries in its own way.
    pub(super) seed: u64,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            Some((call, fault)) => write!(f, "{}/{call}/{}/{}", self.flow.word(), fault.word(), self.seed),
            None => write!(f, "{}/0/none/{}", self.flow.word(), self.seed),
        }
    }
}

impl FromStr for Case {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let mut parts = text.split('/');
            let word = parts.next()?;
            let flow = Flow::ALL.into_iter().find(|flow| flow.word() == word)?;
            let call = parts.next()?.parse().ok()?;
            let word = parts.next()?;
            let fault = Fault::ALL.into_iter().find(|fault| fault.word() == word).map(|fault| (call, fault));
            Some(Self { flow, fault, seed: parts.next()?.parse().ok()? })
        };
        read().ok_or_else(|| format!("{text} is not flow/call/fault/seed"))
    }
}

impl Case {
    /// Whether a name with `*` in it means this case.
    fn matches(self, wanted: &str) -> bool {
        wanted.split('/').zip(self.to_string().split('/')).all(|(wanted, part)| wanted == "*" || wanted == part)
    }

    /// Plays the case alone to its end, and demands that nothing is wrong.
    pub(super) async fn play_alone(self) {
        let mut stage = Box::pin(Stage::open(self.flow)).await;
        stage.play(self).await.unwrap_or_else(|why| panic!("{why}"));
        stage.close().await.unwrap_or_else(|why| panic!("{why}"));
    }

    async fn run(self, shop: &Shop, cast: &Cast, saboteur: &Arc<Saboteur>) {
        // Of its own for each case: the SDK names transactions by this chance, and a database knows a name for ten minutes.
        let mut hasher = DefaultHasher::new();
        self.to_string().hash(&mut hasher);
        fastrand::seed(hasher.finish());
        let mut scene = Box::pin(self.flow.prepare(shop, cast, saboteur)).await;
        shop.system.disturb((self.seed > 0).then_some(self.seed)).await;
        shop.system.engines.connector().interpose(Arc::clone(saboteur) as Arc<dyn Interpose>);
        Box::pin(self.flow.act(shop, &mut scene)).await;
        shop.system.engines.connector().clear();
        shop.system.disturb(None).await;
        shop.pass(AFTERMATH[0]).await;
        if saboteur.has_failed() {
            shop.tick().await;
        }
        Box::pin(self.flow.check(shop, &scene)).await;
        // What is still to come of this case shall not come in the next.
        for seconds in &AFTERMATH[1..] {
            shop.pass(*seconds).await;
        }
    }
}

/// A program with an event on which cases are played, one after the other. What each must have led to at once is looked at
/// after each; the reconcilers' and the auditor's turn, which cost more than a case, comes once after all.
pub(super) struct Stage {
    shop: Shop,
    cast: Cast,
    offers: vec::IntoIter<(i64, Offer)>,
    cases: Vec<Case>,
}

impl Stage {
    pub(super) async fn open(flow: Flow) -> Self {
        let shop = Box::pin(Shop::stepped()).await;
        let offers = flow.offers(&shop, PLAYS).await;
        let (buyer, rival) = (shop.person("buyer").await, shop.person("rival").await);
        let cast = Cast { offer: offers[0].clone(), doors: 0, buyer, rival };
        let doors = (0..).map(|day| TO_SESSION - 3_600 + day * 86_400);
        let offers = doors.zip(offers).collect::<Vec<_>>().into_iter();
        // Nobody remembers how the stage was made: the first case is played as any other.
        settle(&shop, &AFTERMATH[2..]).await;
        Self { shop, cast, offers, cases: Vec::new() }
    }

    fn is_full(&self) -> bool {
        self.offers.len() == 0
    }

    /// Plays a case. Returns the calls that were numbered, or what is wrong.
    async fn play(&mut self, case: Case) -> Result<Saboteur, String> {
        let (doors, offer) = self.offers.next().unwrap();
        self.cast = Cast { offer, doors, ..self.cast.clone() };
        self.cases.push(case);
        let plan = case.fault.map_or(Plan::Note, |(call, fault)| Plan::At(call, fault));
        let saboteur = Arc::new(Saboteur::new(plan, case.flow.only()));
        let played = AssertUnwindSafe(Box::pin(case.run(&self.shop, &self.cast, &saboteur))).catch_unwind().await;
        played.map_err(|panic| {
            let mut text = format!("{}\n  its calls:", why(panic.as_ref()));
            for (number, made) in saboteur.made().into_iter().enumerate() {
                write!(text, "\n    {number} {made}").unwrap();
            }
            text
        })?;
        Ok(Arc::into_inner(saboteur).unwrap())
    }

    /// Lets time pass and the reconcilers run, and demands that all is well. Returns what is not.
    async fn close(&self) -> Result<(), String> {
        let closing = async {
            let passed = self.shop.now().as_second() - START;
            settle(&self.shop, &AFTERMATH).await;
            // A reconciler catches up on three days and a bit at a time.
            for _ in 0..passed / (3 * 86_400) {
                self.shop.tick().await;
            }
            let counted = Box::pin(audit(&self.shop)).await;
            let sums = self.cases.iter().map(|case| case.flow.sums());
            let sums = sums.reduce(|a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2)).unwrap_or_default();
            assert_eq!((counted.taken, counted.returned, counted.tickets), sums, "taken, returned, tickets");
        };
        AssertUnwindSafe(Box::pin(closing)).catch_unwind().await.map_err(|panic| why(panic.as_ref()))
    }
}

/// What a panic says.
pub(super) fn why(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// Lets time pass in jumps, and reconcilers run after each.
pub(super) async fn settle(shop: &Shop, jumps: &[i64]) {
    for seconds in jumps {
        Box::pin(shop.pass(*seconds)).await;
        Box::pin(shop.tick()).await;
    }
}

/// What the cases of a flow came to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Calls of the flow: without deliveries that are disturbed, and with them.
    calls: Vec<usize>,
    /// Cases with a fault.
    pub(super) faults: usize,
    /// Cases that took another way than the calm one, so that their fault met another call, or none.
    astray: usize,
    pub(super) violations: Vec<(Case, String)>,
}

impl Tally {
    /// Plays every fault at every call.
    pub(super) async fn run(&mut self, flow: Flow, seed: u64, wanted: &str) {
        let calm = Case { flow, fault: None, seed };
        let mut parts = wanted.split('/');
        let [of, seeds] = [parts.next(), parts.nth(2)].map(Option::unwrap_or_default);
        if (of != "*" && of != flow.word()) || (seeds != "*" && seeds != seed.to_string()) {
            return;
        }
        let mut stage = Box::pin(Stage::open(flow)).await;
        let calmly = stage.play(calm).await.unwrap_or_else(|why| panic!("{calm} fails without any fault: {why}"));
        let made = calmly.made();
        self.calls.push(made.len());
        let mut number = 0;
        for (call, made) in made.iter().enumerate() {
            for fault in Fault::ALL.into_iter().filter(|fault| fault.can_hit(made)) {
                let case = Case { fault: Some((call, fault)), ..calm };
                number += 1;
                if !case.matches(wanted) || number % flow.stride() != 0 {
                    continue;
                }
                self.faults += 1;
                if stage.is_full() {
                    self.close(stage).await;
                    stage = Box::pin(Stage::open(flow)).await;
                }
                if let Ok(played) = stage.play(case).await {
                    self.astray += usize::from(played.made().get(call) != Some(made));
                } else {
                    self.replay(&stage.cases).await;
                    stage = Box::pin(Stage::open(flow)).await;
                }
            }
        }
        self.close(stage).await;
    }

    async fn close(&mut self, stage: Stage) {
        if stage.close().await.is_err() {
            self.replay(&stage.cases).await;
        }
    }

    /// Something is wrong with cases that were played together: plays each alone, to know with which.
    async fn replay(&mut self, cases: &[Case]) {
        let before = self.violations.len();
        for case in cases.iter().copied() {
            let mut stage = Box::pin(Stage::open(case.flow)).await;
            let played = stage.play(case).await;
            let closed = if played.is_ok() { stage.close().await } else { Ok(()) };
            if let Err(why) = played.map(drop).and(closed) {
                self.violations.push((case, why));
            }
        }
        if let (Some(last), true) = (cases.last(), self.violations.len() == before) {
            let why = format!("only after those that were played before it, from {} on", cases[0]);
            self.violations.push((*last, why));
        }
    }

    /// Adds the flow's row to the table, where one is wanted.
    pub(super) fn note(&self, flow: Flow) {
        let Some(path) = variable(ROWS) else { return };
        let place = Flow::ALL.iter().position(|other| *other == flow).unwrap_or_default();
        let calls = self.calls.iter().map(usize::to_string).collect::<Vec<_>>().join("\t");
        let (faults, astray, violations) = (self.faults, self.astray, self.violations.len());
        let row =
            format!("{place:02}\t{}\t{}\t{calls}\t{faults}\t{astray}\t{violations}\n", flow.word(), flow.summary());
        // One write, so that rows of flows that run side by side do not mix.
        let mut file = std::fs::File::options().create(true).append(true).open(path).unwrap();
        file.write_all(row.as_bytes()).unwrap();
    }
}
