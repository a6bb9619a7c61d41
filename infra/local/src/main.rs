//! `onsale`: the whole product as one program.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    process::ExitCode,
};

use app::{clock::Clock, dispatch::Chain, limits::Limits};
use clap::Parser;
use onsale::{Background, Options, System, engine::Data};
use tracing_subscriber::EnvFilter;

/// A sale allocates and frees some thousand small things for each ticket, on whichever thread it is: that took a sixth of
/// the processor time with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Sells tickets: the API, the workers, and Amazon's services, all in this program.
#[derive(Debug, Parser)]
#[command(name = "onsale", version)]
struct Arguments {
    /// Port of the API; 0 is any that is free.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Folder of the data, or ":memory:" for none.
    #[arg(long, default_value = "./.onsale")]
    data: PathBuf,
    /// Makes a tenant with accounts and events to try everything with.
    #[arg(long)]
    demo: bool,
    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// Port of the AWS endpoint, for the AWS command line and for links to files; 0 is any that is free.
    #[arg(long, default_value_t = 4566)]
    aws_port: u16,
    /// What to log: a level, or directives such as "info,request=warn".
    #[arg(long, default_value = "info")]
    log: String,
}

/// Names of the variables that would send the program to services elsewhere.
const ENDPOINTS: [&str; 4] =
    ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_S3"];

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("onsale: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), String> {
    if let Some(name) = ENDPOINTS.into_iter().find(|name| is_set(name)) {
        return Err(format!("{name} is set, but this program uses its own services only; unset it"));
    }
    // The library that serves files calls every unsigned request an error; what really fails is logged by us.
    let directives = ["s3s=off,", &arguments.log].concat();
    let filter = EnvFilter::try_new(directives).map_err(|error| format!("--log {}: {error}", arguments.log))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: Arguments) -> Result<(), String> {
    let ended = ended().map_err(|error| format!("cannot listen to signals: {error}"))?;
    let is_memory = arguments.data.as_os_str() == ":memory:";
    let options = Options {
        data: if is_memory { Data::Memory } else { Data::Folder(arguments.data) },
        port: arguments.port,
        aws_port: Some(arguments.aws_port),
        bind: arguments.bind,
        clock: Clock::System,
        demo: arguments.demo,
        guard: true,
        limits: Limits::LOCAL,
        background: Background::Running,
    };
    let started = tokio::select! {
        started = System::start(options) => started,
        () = ended.clone() => return Ok(()),
    };
    let system = started.map_err(|error| Chain(&error).to_string())?;
    let aws = system.aws_url().unwrap_or_default();
    say(&format!("onsale is ready at {} (AWS endpoint {aws})", system.base_url()));
    ended.await;
    system.stop().await;
    Ok(())
}

/// Ends when the program is told to, by Ctrl-C or by whoever manages it.
#[cfg(unix)]
fn ended() -> std::io::Result<impl Future<Output = ()> + Clone> {
    use futures_util::FutureExt as _;
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let either = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    Ok(either.boxed().shared())
}

/// Ends when the program is told to, by Ctrl-C.
#[cfg(not(unix))]
fn ended() -> std::io::Result<impl Future<Output = ()> + Clone> {
    use futures_util::FutureExt as _;
    let told = async {
        // Whoever cannot be told runs until it is ended from outside.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    Ok(told.boxed().shared())
}

/// The one line on standard output, for people and for programs that wait for it.
#[expect(clippy::print_stdout, reason = "this line is what the program is asked for")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::disallowed_methods, reason = "the program itself is configured by its arguments alone")]
fn is_set(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| !value.is_empty())
}
