//! Everything together: the engines, what is in them, the workers, the listeners.

mod listeners;

use std::{net::IpAddr, sync::Arc, time::Duration};

use app::{
    App, Failure, Source, Worker,
    config::{DataKeys, Secret, Settings, Stage},
};
use axum::Router;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout_at},
};

use self::listeners::{Listener, bind, serve};
use crate::{
    Background, Options,
    activity::{Activity, NotDrained},
    aws::Aws,
    demo::{self, DemoError},
    engine::{self, EngineError, Engines},
    gateway, housekeeping,
    lane::Lane,
    machinery::Machinery,
    plug::Plug,
    provision::{ProvisionError, provision},
    schedules::Schedule,
    secret,
    stepper::Stepper,
    streams::Stream,
};

/// How long background work may take to end.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Why a system cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The demo's passwords are known to everybody.
    #[error("--demo makes accounts whose passwords everybody knows: it listens on a loopback address only, not on {0}")]
    DemoForAll(IpAddr),
    /// The address is in use, or may not be used.
    #[error("cannot listen on {address} (choose another with --port, --aws-port or --bind)")]
    Listen {
        /// Which.
        address: std::net::SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The data cannot be opened.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The secret cannot be read or written.
    #[error("cannot use the secret in the data folder")]
    Secret(#[source] std::io::Error),
    /// A table, queue or bucket cannot be made.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// The demo cannot be made.
    #[error("cannot make the demo")]
    Demo(#[from] DemoError),
    /// A program without an answer to unknown routes; its operations are not complete.
    #[error("no operation answers what no route takes")]
    NoDefault,
}

/// What went wrong while schedules ran.
#[derive(Debug, thiserror::Error)]
pub enum TickError {
    /// A worker failed.
    #[error("a scheduled worker failed: {0}")]
    Failed(Failure),
    /// What the workers began does not end.
    #[error(transparent)]
    NotDrained(#[from] NotDrained),
}

/// A system that runs. Stops without finishing anything when it is dropped; [`System::stop`] finishes.
#[derive(Debug)]
pub struct System {
    /// What operations and workers share.
    pub app: &'static App,
    /// Amazon's services. Whoever keeps a clone keeps the data folder locked.
    pub engines: Engines,
    plug: Plug,
    machinery: Machinery,
    lanes: Vec<Arc<Lane>>,
    streams: Arc<[Stream]>,
    schedules: Vec<Schedule>,
    /// Does what background tasks would do, where the background is stepped.
    stepper: Option<Stepper>,
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    base_url: String,
    aws_url: Option<String>,
}

impl System {
    /// Starts everything; what it returns answers requests.
    ///
    /// # Errors
    /// With the first thing that cannot be had.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        // On the heap: what starts a program is large, and those who await it are often larger still.
        Box::pin(Self::start_with(options, &crate::workers())).await
    }

    async fn start_with(options: Options, workers: &[&'static Worker]) -> Result<Self, StartError> {
        if options.demo && !options.bind.is_loopback() {
            return Err(StartError::DemoForAll(options.bind));
        }
        let api = bind(options.bind, options.port).await?;
        let aws = match options.aws_port {
            Some(port) => Some(bind(options.bind, port).await?),
            None => None,
        };
        let engines = Engines::open(&options.data)?;
        // Whoever had received messages of this folder is gone.
        engines.sqs().take_back().map_err(EngineError::from)?;
        let secret = secret::obtain(&options.data).map_err(StartError::Secret)?;
        let master_key = secret::master_key(&options.data).map_err(StartError::Secret)?;
        let settings = settings(secret, master_key, &api.url, aws.as_ref().map(|aws| aws.url.as_str()));
        let settings = Settings { limits: Some(options.limits), ..settings };
        let urls = (api.url.clone(), aws.as_ref().map(|aws| aws.url.clone()));
        let mut system = Self::assemble(engines, settings, &options, workers, urls);
        provision(&system.machinery.aws, &system.app.settings).await?;
        let router = gateway::router(system.app, &crate::operations(), system.plug.clone());
        system.run(router.ok_or(StartError::NoDefault)?, api, aws);
        if options.demo {
            Box::pin(demo::make(&system)).await?;
        }
        Ok(system)
    }

    /// Puts the parts together; nothing runs yet.
    fn assemble(
        engines: Engines,
        settings: Settings,
        options: &Options,
        workers: &[&'static Worker],
        (base_url, aws_url): (String, Option<String>),
    ) -> Self {
        let plug = Plug::new(engines.clone());
        let (stop, stopped) = watch::channel(false);
        let clients = Aws::new(&settings, &plug.http_client());
        // Operations and workers are given a reference that never ends, as on Lambda.
        let app = App::connect(settings, options.clock.clone(), Some(plug.http_client()), options.guard);
        let app: &'static App = Box::leak(Box::new(app));
        let machinery = Machinery::new(app, clients, Activity::default(), stopped);
        let (mut lanes, mut streams) = (Vec::new(), Vec::new());
        for worker in workers.iter().copied() {
            match worker.duty.source {
                Source::Queue(queue) => lanes.push(Arc::new(Lane::new(worker, queue, machinery.clone()))),
                Source::Stream(table) => streams.push(Stream::new(worker, table, machinery.clone())),
                Source::Schedule { .. } => {}
            }
        }
        Self {
            app,
            engines,
            plug,
            lanes,
            streams: streams.into(),
            schedules: workers.iter().copied().filter_map(Schedule::of).collect(),
            machinery,
            stepper: (options.background == Background::Stepped).then(Stepper::default),
            tasks: JoinSet::new(),
            stop,
            base_url,
            aws_url,
        }
    }

    /// Begins everything that runs in the background.
    fn run(&mut self, router: Router, api: Listener, aws: Option<Listener>) {
        if self.stepper.is_none() {
            self.run_workers();
        }
        if !self.app.clock.is_test() {
            for schedule in &self.schedules {
                self.tasks.spawn(schedule.run(self.machinery.clone()));
            }
            // The engines tell the time by the wall: what a test's clock calls young they would call past its time.
            self.tasks.spawn(housekeeping::keep_house(self.plug.clone(), self.machinery.clone()));
        }
        self.tasks.spawn(serve(api, router, self.machinery.stopped()));
        if let Some(aws) = aws {
            self.tasks.spawn(serve(aws, self.engines.router(), self.machinery.stopped()));
        }
    }

    fn run_workers(&mut self) {
        for lane in &self.lanes {
            self.tasks.spawn(Arc::clone(lane).run());
        }
        for place in 0..self.streams.len() {
            let (streams, engine) = (Arc::clone(&self.streams), self.engines.dynamodb().clone());
            self.tasks.spawn(async move { streams[place].run(engine).await });
        }
    }

    /// The address of the API, without a slash at the end.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// The address of the AWS endpoint, where there is one.
    pub fn aws_url(&self) -> Option<String> {
        self.aws_url.clone()
    }

    /// Waits until the background is at rest: no message is to be received, in flight or due, no change unread, no
    /// worker runs. Dead letters and messages whose time has not come may stay.
    ///
    /// # Errors
    /// When that does not happen within a minute.
    pub async fn drained(&self) -> Result<(), NotDrained> {
        if let Some(stepper) = &self.stepper {
            return Box::pin(stepper.rest(&self.engines, &self.lanes, &self.streams)).await;
        }
        self.machinery.activity.rest(|| self.left()).await
    }

    /// Where the background is stepped: from now on messages and changes come in any order, late, and more than once, as a
    /// seed says; without one they come in order, once.
    pub async fn disturb(&self, seed: Option<u64>) {
        if let Some(stepper) = &self.stepper {
            stepper.disturb(seed).await;
        }
    }

    /// Runs every scheduled worker once, one after the other, and waits for rest.
    ///
    /// # Errors
    /// The first failure of a worker, after all have run; otherwise as [`System::drained`].
    pub async fn tick(&self) -> Result<(), TickError> {
        let mut outcome = Ok(());
        for schedule in &self.schedules {
            let ran = schedule.once(&self.machinery).await.map_err(TickError::Failed);
            outcome = outcome.and(ran);
        }
        self.drained().await?;
        outcome
    }

    /// Stops listening, finishes what was begun, and lets go of the data.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let deadline = Instant::now() + STOP_WITHIN;
        while let Ok(Some(_)) = timeout_at(deadline, self.tasks.join_next()).await {}
        self.tasks.shutdown().await;
    }

    /// What is still to be done, if anything.
    fn left(&self) -> Option<String> {
        let unread = self.streams.iter().find_map(|stream| self.unread(stream));
        unread.or_else(|| self.lanes.iter().find_map(|lane| self.waiting(lane)))
    }

    fn unread(&self, stream: &Stream) -> Option<String> {
        match stream.backlog(self.engines.dynamodb()) {
            Ok(0) => None,
            Ok(count) => Some(format!("{count} changes of {} are not dealt with", stream.table().name())),
            Err(error) => Some(format!("the stream of {}: {error}", stream.table().name())),
        }
    }

    fn waiting(&self, lane: &Lane) -> Option<String> {
        // Counted before the queue is: what is held in between counts as work.
        let early = lane.waiting();
        let name = self.app.queues.url(lane.queue());
        let counts = self.engines.sqs().pending(name.rsplit('/').next().unwrap_or_default());
        // What the service itself delays is not due.
        let left = (counts.visible + counts.in_flight).saturating_sub(early);
        (left > 0).then(|| format!("{left} messages of {} are not dealt with", lane.queue().name()))
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.plug.pull();
    }
}

fn settings(secret: [u8; 32], master_key: [u8; 32], api: &str, aws: Option<&str>) -> Settings {
    // Without a port of their own the engines have an address that is only a name.
    let embedded = Settings::embedded(Stage::Local, aws.unwrap_or(engine::ENDPOINT), api, secret);
    Settings {
        data_keys: DataKeys::Master(Secret::new(master_key)),
        region: engine::REGION.to_owned(),
        access_key_id: engine::ACCESS_KEY_ID.to_owned(),
        secret_access_key: Secret::new(engine::SECRET_ACCESS_KEY.to_owned()),
        files_url: Some(aws.unwrap_or(api).to_owned()),
        ..embedded
    }
}

#[cfg(test)]
mod background_tests;
#[cfg(test)]
mod tests;
