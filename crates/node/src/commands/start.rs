//! `aliasd start`: a node from a configuration file, until a signal or a failure.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use aliasd_replica::error_chain;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{FAILED, MISCONFIGURED, explain, fail};
use crate::config::{Commands, Config};
use crate::node::{Node, NodeRunError, NodeStartError};
use crate::observe::logging;

/// How long threads may take to end when everything is done.
const THREADS_END_WITHIN: Duration = Duration::from_secs(1);

pub(super) fn start(file: &Path, expand_commands: bool) -> ExitCode {
    let commands = if expand_commands { Commands::Run } else { Commands::Refuse };
    let config = match Config::load(file, commands, std::env::vars_os()) {
        Ok(config) => config,
        Err(error) => return fail(MISCONFIGURED, &format_args!("{}:\n{}", file.display(), explain(&error))),
    };
    if let Err(error) = logging::set_up(&config.log) {
        let path = config.log.file.as_deref().unwrap_or(Path::new("standard error"));
        return fail(MISCONFIGURED, &format_args!("log.file: cannot write to {}: {error}", path.display()));
    }
    match Runtime::new() {
        Ok(runtime) => end(runtime, serve(&config)),
        Err(error) => fail(FAILED, &format_args!("the system gives no threads: {error}")),
    }
}

/// Runs a program to its end. A thread that does not come back, such as one that opens damaged files, is not waited for.
fn end(runtime: Runtime, program: impl Future<Output = ExitCode>) -> ExitCode {
    let code = runtime.block_on(program);
    runtime.shutdown_timeout(THREADS_END_WITHIN);
    code
}

async fn serve(config: &Config) -> ExitCode {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return fail(FAILED, &format_args!("signals cannot be received: {error}")),
    };
    let started = tokio::select! {
        started = Node::start(config) => started,
        name = signals.next() => {
            tracing::info!(signal = name, "told to stop before the node served");
            return ExitCode::SUCCESS;
        }
    };
    match started {
        Ok(node) => run(node, &mut signals).await,
        Err(error) => refuse(&error),
    }
}

/// Says why the node does not start, with the way out.
pub(super) fn refuse(error: &NodeStartError) -> ExitCode {
    let (message, hint) = (error.explanation(), error.hint());
    tracing::error!(error = message, hint, "the node does not start");
    let code = if error.is_configuration() { MISCONFIGURED } else { FAILED };
    fail(code, &with_hint(&message, hint.as_deref()))
}

fn with_hint(message: &str, hint: Option<&str>) -> String {
    hint.map_or_else(|| message.to_owned(), |hint| format!("{message}\n  hint: {hint}"))
}

/// Serves until a signal or a failure, and ends the node. A second signal ends the program at once.
pub(super) async fn run(mut node: Node, signals: &mut Signals) -> ExitCode {
    let failure: Option<NodeRunError> = tokio::select! {
        name = signals.next() => {
            tracing::info!(signal = name, "told to stop");
            None
        }
        failure = node.failed() => Some(failure),
    };
    let stopped = tokio::select! {
        stopped = node.stop() => stopped,
        name = signals.next() => {
            tracing::warn!(signal = name, "told to stop a second time: the node ends at once");
            return ExitCode::from(FAILED);
        }
    };
    match (failure, stopped) {
        (Some(failure), _) => {
            let failure = error_chain(&failure);
            tracing::error!(failure, "the node has ended");
            fail(FAILED, &failure)
        }
        (None, Err(fault)) => {
            let (message, hint) = (error_chain(&fault), fault.hint());
            tracing::error!(error = message, hint, "the node has not ended cleanly");
            fail(FAILED, &with_hint(&message, hint.as_deref()))
        }
        (None, Ok(())) => ExitCode::SUCCESS,
    }
}

/// The signals that end a node.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The name of the next one.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
