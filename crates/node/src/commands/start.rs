//! `aliasd start`: a node from a configuration file, until a signal or a failure. SIGHUP lets it read again what it can.

use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use aliasd_catalog::error_chain;
use aliasd_console::{FAILED, MISCONFIGURED};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{ALIASD, explain};
use crate::config::{Commands, Config, LogConfig};
use crate::node::{Node, NodeRunError, NodeStartError};
use crate::observe::logging::{self, LogFile};

/// How long threads may take to end when everything is done.
const THREADS_END_WITHIN: Duration = Duration::from_secs(1);

pub(super) fn start(file: &Path, expand_commands: bool) -> ExitCode {
    let commands = if expand_commands { Commands::Run } else { Commands::Refuse };
    let config = match Config::load(file, commands, std::env::vars_os()) {
        Ok(config) => config,
        Err(error) => return ALIASD.fail(MISCONFIGURED, &format_args!("{}:\n{}", file.display(), explain(&error))),
    };
    let log = match logging::set_up(&config.log) {
        Ok(log) => log,
        Err(error) => {
            let path = config.log.file.as_deref().unwrap_or(Path::new("standard error"));
            return ALIASD.fail(MISCONFIGURED, &format_args!("log.file: cannot write to {}: {error}", path.display()));
        }
    };
    match Runtime::new() {
        Ok(runtime) => end(runtime, serve(&config, log)),
        Err(error) => ALIASD.fail(FAILED, &format_args!("the system gives no threads: {error}")),
    }
}

/// Runs a program to its end. A thread that does not come back, such as one that opens damaged files, is not waited for.
fn end(runtime: Runtime, program: impl Future<Output = ExitCode>) -> ExitCode {
    let code = runtime.block_on(program);
    runtime.shutdown_timeout(THREADS_END_WITHIN);
    code
}

async fn serve(config: &Config, log: Option<LogFile>) -> ExitCode {
    let mut signals = match Signals::listen(OnHangUp::Reload(log)) {
        Ok(signals) => signals,
        Err(error) => return ALIASD.fail(FAILED, &format_args!("signals cannot be received: {error}")),
    };
    let mut starting = pin!(Node::start(config));
    let mut reload_is_due = false;
    let started = loop {
        tokio::select! {
            started = &mut starting => break started,
            signalled = signals.next() => match signalled {
                Signalled::Stop(name) => {
                    tracing::info!(signal = name, "told to stop before the node served");
                    return ExitCode::SUCCESS;
                }
                // Everything else is being read at this moment, or was just before.
                Signalled::Reload(log) => {
                    reopen(log.as_ref());
                    reload_is_due = true;
                }
            },
        }
    };
    match started {
        Ok(node) => {
            if reload_is_due {
                node.reload().await;
            }
            run(node, &mut signals, &config.log).await
        }
        Err(error) => refuse(&error, &config.log),
    }
}

/// Says why the node does not start, with the way out.
pub(super) fn refuse(error: &NodeStartError, log: &LogConfig) -> ExitCode {
    let code = if error.is_configuration() { MISCONFIGURED } else { FAILED };
    say_why(log, code, "the node does not start", &error_chain(error), error.hint().as_deref())
}

/// Says why the node ends, once in each place: in the log, and on standard error in a sentence. Where the log goes to
/// standard error too, programs that read it find the line there, and people the sentence.
fn say_why(log: &LogConfig, code: u8, what: &str, error: &str, hint: Option<&str>) -> ExitCode {
    let (in_log, in_words) = (log.file.is_some(), log.file.is_some() || !logging::is_json(log));
    if in_log || !in_words {
        tracing::error!(error, hint, "{what}");
    }
    if in_words {
        let hint = hint.map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
        return ALIASD.fail(code, &format_args!("{what}: {error}{hint}"));
    }
    ExitCode::from(code)
}

/// Serves until a signal or a failure, and ends the node. A second signal ends the program at once.
pub(super) async fn run(mut node: Node, signals: &mut Signals, log: &LogConfig) -> ExitCode {
    let failure: Option<NodeRunError> = loop {
        tokio::select! {
            signalled = signals.next() => match signalled {
                Signalled::Stop(name) => {
                    tracing::info!(signal = name, "told to stop");
                    break None;
                }
                Signalled::Reload(log) => {
                    reopen(log.as_ref());
                    node.reload().await;
                }
            },
            failure = node.failed() => break Some(failure),
        }
    };
    let stopped = tokio::select! {
        stopped = node.stop() => stopped,
        name = signals.stop() => {
            tracing::warn!(signal = name, "told to stop a second time: the node ends at once");
            return ExitCode::from(FAILED);
        }
    };
    match (failure, stopped) {
        (Some(failure), _) => say_why(log, FAILED, "the node has ended", &error_chain(&failure), failure.hint()),
        (None, Err(fault)) => {
            say_why(log, FAILED, "the node has not ended cleanly", &error_chain(&fault), fault.hint().as_deref())
        }
        (None, Ok(())) => ExitCode::SUCCESS,
    }
}

/// Opens the log file anew, if there is one, for it may have been renamed.
fn reopen(log: Option<&LogFile>) {
    let Some(log) = log else { return };
    let path = log.path().display();
    match log.reopen() {
        Ok(()) => tracing::info!(%path, "the log file was opened again"),
        Err(error) => {
            let error = error_chain(&error);
            tracing::error!(error, %path, "the log file cannot be opened again; the one that is open is written on");
        }
    }
}

/// The signals that a node heeds.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    on_hang_up: OnHangUp,
}

/// What SIGHUP means.
pub(super) enum OnHangUp {
    /// Reading again, as daemons do.
    Reload(Option<LogFile>),
    /// The end: the terminal is gone.
    Stop,
}

/// What a signal asks for.
enum Signalled {
    Stop(&'static str),
    Reload(Option<LogFile>),
}

impl Signals {
    pub(super) fn listen(on_hang_up: OnHangUp) -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            on_hang_up,
        })
    }

    async fn next(&mut self) -> Signalled {
        tokio::select! {
            _ = self.terminate.recv() => Signalled::Stop("SIGTERM"),
            _ = self.interrupt.recv() => Signalled::Stop("SIGINT"),
            _ = self.hang_up.recv() => match &self.on_hang_up {
                OnHangUp::Reload(log) => Signalled::Reload(log.clone()),
                OnHangUp::Stop => Signalled::Stop("SIGHUP"),
            },
        }
    }

    /// The name of the next one that asks for the end.
    async fn stop(&mut self) -> &'static str {
        loop {
            if let Signalled::Stop(name) = self.next().await {
                return name;
            }
        }
    }
}
