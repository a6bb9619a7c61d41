//! The background one step after the other: what tests use that must happen again as it happened.
//!
//! Messages and changes reach workers only while somebody waits for rest, in order, each once. With [`Stepper::disturb`]
//! they reach them as the services are allowed to: in any order, late, and more than once.

use std::{collections::HashSet, sync::Arc};

use runtime::queue::SqsMessage;
use tokio::sync::Mutex;

use crate::{
    activity::NotDrained,
    engine::{Engines, StreamError, StreamReader},
    lane::Lane,
    streams::{Repeat, Stream},
};

/// So many steps, and nothing comes to rest any more: something goes round in circles.
const STEPS: usize = 5_000;
/// Records of a batch, where nothing disturbs.
const BATCH: usize = 100;
/// The most records of a batch that is disturbed.
const DISTURBED_BATCH: usize = 4;
/// One message in so many is delivered twice; what says the same, once in all. Messages that send themselves on for the rest
/// of their time would double at each of their stations, and drown everything.
const TWICE: u8 = 4;

/// Works while somebody waits for it.
#[derive(Debug, Default)]
pub(crate) struct Stepper(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    readers: Vec<StreamReader>,
    bag: Vec<Delivery>,
    /// What comes again only when somebody waits for rest the next time.
    late: Vec<Delivery>,
    chance: Option<fastrand::Rng>,
    /// What was delivered twice: its queue and what it says.
    doubled: HashSet<(usize, Option<String>)>,
}

/// A message that was received and not yet dealt with often enough.
#[derive(Debug)]
struct Delivery {
    lane: usize,
    message: SqsMessage,
    left: u8,
}

/// What is to be done next.
enum Next {
    Records(usize),
    Message(usize),
}

impl Stepper {
    /// From now on disturbs deliveries by this chance; without one everything comes in order, once.
    pub(crate) async fn disturb(&self, seed: Option<u64>) {
        let mut state = self.0.lock().await;
        state.chance = seed.map(fastrand::Rng::with_seed);
        state.doubled.clear();
    }

    /// Works until nothing is left that is due.
    pub(crate) async fn rest(
        &self,
        engines: &Engines,
        lanes: &[Arc<Lane>],
        streams: &[Stream],
    ) -> Result<(), NotDrained> {
        let mut state = self.0.lock().await;
        let failed = |error: StreamError| NotDrained(error.to_string());
        if state.readers.is_empty() {
            let readers = streams.iter().map(|stream| stream.reader(engines.dynamodb()));
            state.readers = readers.collect::<Result<_, _>>().map_err(failed)?;
        }
        let late = std::mem::take(&mut state.late);
        state.bag.extend(late);
        for _ in 0..STEPS {
            state.receive(engines, lanes).await;
            let Some(next) = state.next().map_err(failed)? else { return Ok(()) };
            match next {
                Next::Records(place) => state.forward(place, &streams[place]).await.map_err(failed)?,
                Next::Message(place) => state.deliver(place, lanes).await,
            }
        }
        Err(NotDrained(format!("after {STEPS} steps {} messages are left", state.bag.len())))
    }
}

impl State {
    async fn receive(&mut self, engines: &Engines, lanes: &[Arc<Lane>]) {
        for (lane, from) in lanes.iter().enumerate() {
            let mut messages = from.take_due();
            while engines.sqs().pending(from.name()).visible > 0 {
                messages.extend(from.take().await);
            }
            for message in messages {
                let is_chosen = self.chance.as_mut().is_some_and(|chance| chance.u8(..TWICE) == 0);
                let left = if is_chosen && self.doubled.insert((lane, message.body.clone())) { 2 } else { 1 };
                self.bag.push(Delivery { lane, message, left });
            }
        }
    }

    fn next(&mut self) -> Result<Option<Next>, StreamError> {
        let mut choices = Vec::new();
        for (place, reader) in self.readers.iter().enumerate() {
            if reader.backlog()? > 0 {
                choices.push(Next::Records(place));
            }
        }
        choices.extend((0..self.bag.len()).map(Next::Message));
        if choices.is_empty() {
            return Ok(None);
        }
        let choice = self.chance.as_mut().map_or(0, |chance| chance.usize(..choices.len()));
        Ok(Some(choices.swap_remove(choice)))
    }

    async fn forward(&mut self, place: usize, stream: &Stream) -> Result<(), StreamError> {
        let (batch, repeat) = match &mut self.chance {
            Some(chance) => {
                let repeat = if chance.u8(..4) == 0 { Repeat::Again } else { Repeat::Once };
                (chance.usize(1..=DISTURBED_BATCH), repeat)
            }
            None => (BATCH, Repeat::Once),
        };
        stream.step(&mut self.readers[place], batch, repeat).await
    }

    async fn deliver(&mut self, place: usize, lanes: &[Arc<Lane>]) {
        let mut delivery = self.bag.remove(place);
        let lane = &lanes[delivery.lane];
        if !lane.try_one(delivery.message.clone()).await {
            return;
        }
        delivery.left -= 1;
        if delivery.left == 0 {
            return lane.remove(delivery.message).await;
        }
        let is_late = self.chance.as_mut().is_some_and(fastrand::Rng::bool);
        if is_late { &mut self.late } else { &mut self.bag }.push(delivery);
    }
}
