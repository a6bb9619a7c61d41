//! One case, and all cases of a flow.

use std::{
    any::Any,
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::Write as _,
    panic::AssertUnwindSafe,
    str::FromStr,
    sync::Arc,
};

use futures_util::FutureExt as _;
use onsale::engine::Interpose;

use super::{
    ROWS,
    fault::{Fault, Made, Plan, Saboteur},
    flow::Flow,
    variable,
};
use crate::{audit::audit, shop::Shop};

/// Seconds that pass when all is over: past the questions at providers, holds, revivals, and an hour of every reconciler.
pub(super) const AFTERMATH: [i64; 3] = [200, 31 * 60, 2 * 3_600];

/// Cases that are played on one program: more, and what was left behind by those before is more than a new program costs.
const PLAYS: usize = 16;

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

    /// Plays the case to its end, and demands that nothing is wrong. Returns the calls that were numbered.
    pub(super) async fn play(self, shop: &mut Shop) -> Vec<Made> {
        let plan = self.fault.map_or(Plan::Note, |(call, fault)| Plan::At(call, fault));
        let saboteur = Arc::new(Saboteur::new(plan, self.flow.only()));
        let played = AssertUnwindSafe(Box::pin(self.run(shop, &saboteur))).catch_unwind().await;
        if let Err(panic) = played {
            println!("{self} fails: {}\n  calls of the flow:", why(panic.as_ref()));
            for (number, made) in saboteur.made().iter().enumerate() {
                println!("  {number} {made}");
            }
            std::panic::resume_unwind(panic);
        }
        saboteur.made()
    }

    async fn run(self, shop: &mut Shop, saboteur: &Arc<Saboteur>) {
        Box::pin(shop.open_anew()).await;
        // Of its own for each case: the SDK names transactions by this chance, and a database knows a name for ten minutes.
        let mut hasher = DefaultHasher::new();
        self.to_string().hash(&mut hasher);
        fastrand::seed(hasher.finish());
        let mut scene = Box::pin(self.flow.prepare(shop)).await;
        shop.system.disturb((self.seed > 0).then_some(self.seed)).await;
        shop.system.engines.connector().interpose(Arc::clone(saboteur) as Arc<dyn Interpose>);
        Box::pin(self.flow.act(shop, &mut scene)).await;
        shop.system.engines.connector().clear();
        shop.system.disturb(None).await;
        settle(shop, &AFTERMATH[..1]).await;
        Box::pin(self.flow.check(shop, &scene)).await;
        settle(shop, &AFTERMATH[1..]).await;
        let counted = Box::pin(audit(shop)).await;
        assert_eq!((counted.taken, counted.returned, counted.tickets), self.flow.sums());
    }

    /// Plays the case; what is wrong, if anything.
    async fn violation(self, stage: &mut Stage) -> Result<Vec<Made>, String> {
        let shop = stage.shop().await;
        let played =
            AssertUnwindSafe(Box::pin(self.play(shop))).catch_unwind().await.map_err(|panic| why(panic.as_ref()));
        if played.is_err() {
            // What a case that failed left behind is no place for another.
            *stage = Stage::default();
        }
        played
    }
}

/// The program on which cases are played, one after the other.
#[derive(Default)]
pub(super) struct Stage {
    shop: Option<Shop>,
    played: usize,
}

impl Stage {
    async fn shop(&mut self) -> &mut Shop {
        if self.played.is_multiple_of(PLAYS) {
            self.shop = None;
        }
        self.played += 1;
        match &mut self.shop {
            Some(shop) => shop,
            none => none.insert(Box::pin(Shop::stepped()).await),
        }
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
    pub(super) violations: Vec<(Case, String)>,
}

impl Tally {
    /// Plays every fault at every call.
    pub(super) async fn run(&mut self, flow: Flow, seed: u64, faults: &[Fault], wanted: &str) {
        let mut stage = Stage::default();
        let calm = Case { flow, fault: None, seed };
        let mut parts = wanted.split('/');
        let [of, seeds] = [parts.next(), parts.nth(2)].map(Option::unwrap_or_default);
        if (of != "*" && of != flow.word()) || (seeds != "*" && seeds != seed.to_string()) {
            return;
        }
        let made =
            calm.violation(&mut stage).await.unwrap_or_else(|why| panic!("{calm} fails without any fault: {why}"));
        self.calls.push(made.len());
        for (call, made) in made.iter().enumerate() {
            for fault in faults.iter().copied().filter(|fault| fault.can_hit(made)) {
                let case = Case { fault: Some((call, fault)), ..calm };
                if !case.matches(wanted) {
                    continue;
                }
                self.faults += 1;
                if let Err(why) = case.violation(&mut stage).await {
                    self.violations.push((case, format!("({made}) {why}")));
                }
            }
        }
    }

    /// Adds the flow's row to the table, where one is wanted.
    pub(super) fn note(&self, flow: Flow) {
        let Some(path) = variable(ROWS) else { return };
        let place = Flow::ALL.iter().position(|other| *other == flow).unwrap_or_default();
        let calls = self.calls.iter().map(usize::to_string).collect::<Vec<_>>().join("\t");
        let (faults, violations) = (self.faults, self.violations.len());
        let row = format!("{place:02}\t{}\t{}\t{calls}\t{faults}\t{violations}\n", flow.word(), flow.summary());
        // One write, so that rows of flows that run side by side do not mix.
        let mut file = std::fs::File::options().create(true).append(true).open(path).unwrap();
        file.write_all(row.as_bytes()).unwrap();
    }
}
