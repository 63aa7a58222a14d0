//! One node with the machine that it runs on: what stands before its ports, under its disk and beside its clock.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::{Instant, sleep};

use super::disk::Loss;
use super::shim::{Control, Shim};
use crate::cluster::{Layout, Node};
use crate::dice::Dice;

/// How often it is looked whether something has happened.
const PAUSE: Duration = Duration::from_millis(50);

/// See the module.
pub(super) struct Machine {
    pub(super) node: Node,
    pub(super) shim: Shim,
    /// Its own copy of the cluster's keystore.
    pub(super) keystore: PathBuf,
    /// Why the process may end by itself, if there is a reason.
    pub(super) excuse: Option<&'static str>,
    /// How often it ended by itself without a reason.
    pub(super) endings: u64,
    /// It stays down: what it had is damaged, and may not be put back in an older state.
    pub(super) is_lost: bool,
    /// The file with its join token.
    pub(super) token: Option<PathBuf>,
    /// It may not have been let in yet.
    pub(super) is_joining: bool,
    /// It was not let in, and has ended.
    pub(super) was_turned_away: bool,
}

// === impl Machine ===

impl Machine {
    pub(super) fn new(node: Node, library: &Path, layout: &Layout) -> Result<Self> {
        let shim = Shim::new(library, &layout.root, &node)?;
        let keystore = layout.root.join(format!("keystore-{}.p12", node.id));
        fs::copy(layout.keystore(), &keystore)?;
        fs::set_permissions(&keystore, fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            node,
            shim,
            keystore,
            excuse: None,
            endings: 0,
            is_lost: false,
            token: None,
            is_joining: false,
            was_turned_away: false,
        })
    }

    fn command(&self) -> Command {
        let mut command = self.node.command();
        self.shim.load(&mut command);
        command.env("ALIASD_KEYSTORE_PATH", &self.keystore);
        if let Some(token) = &self.token {
            command.env("ALIASD_NODE_JOIN_TOKEN_FILE", token);
        }
        command
    }

    /// Starts it, if it does not run and is not lost.
    pub(super) fn start(&mut self) -> Result<()> {
        if self.is_lost || self.node.is_started() {
            return Ok(());
        }
        let command = self.command();
        self.node.start_as(command)
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self) {
        self.node.kill();
        self.excuse = None;
    }

    /// After SIGKILL: what was not synced may be lost.
    pub(super) fn cut_power(&mut self, dice: &mut Dice) -> Result<Loss> {
        self.kill();
        self.shim.cut_power(dice)
    }

    /// How it ended, if that happens by itself within this time. It is not started any more then.
    pub(super) async fn ends_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.node.ended() {
                self.kill();
                return Some(status);
            }
            if Instant::now() >= deadline {
                return None;
            }
            sleep(PAUSE).await;
        }
    }

    /// Whether it says within this time that it is ready.
    pub(super) async fn is_ready_within(&mut self, limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.node.ended() {
                bail!("node {} ended with {status}: {}", self.node.id, self.last_words());
            }
            let answer = tokio::task::block_in_place(|| self.node.http("/readyz"));
            match answer {
                Ok((200, _)) => return Ok(()),
                _ if Instant::now() < deadline => sleep(PAUSE).await,
                Ok((_, body)) => bail!("node {} is not ready: {}", self.node.id, body.trim()),
                Err(error) => return Err(error).with_context(|| format!("node {} does not answer", self.node.id)),
            }
        }
    }

    /// Whether it says at the moment why it is not ready, and in this code.
    pub(super) fn says(&self, code: &str) -> bool {
        let answer = tokio::task::block_in_place(|| self.node.http("/readyz"));
        answer.is_ok_and(|(status, body)| status != 200 && body.contains(code))
    }

    /// Waits until it says why it is not ready, and in this code.
    ///
    /// # Errors
    /// It ends, is ready, or does not say so in time.
    pub(super) async fn says_within(&mut self, code: &str, limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        while !self.says(code) {
            if let Some(status) = self.node.ended() {
                bail!("node {} ended with {status}: {}", self.node.id, self.last_words());
            }
            if Instant::now() >= deadline {
                bail!("node {} does not say {code}: {}", self.node.id, self.last_words());
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// The end of what it printed and logged.
    pub(super) fn last_words(&self) -> String {
        let printed = fs::read_to_string(&self.node.output).unwrap_or_default();
        let logged = fs::read_to_string(&self.node.log).unwrap_or_default();
        let last = |text: &str, count: usize| {
            let lines: Vec<&str> = text.lines().filter(|line| !line.contains("aliasd::audit")).collect();
            lines[lines.len().saturating_sub(count)..].join("\n")
        };
        format!("{}\n{}", last(&printed, 3), last(&logged, 5))
    }

    /// The machine is a kind one again.
    pub(super) fn heal(&self) -> Result<()> {
        for control in [Control::ClockShiftMs, Control::SyncDelayMs, Control::WriteErrno, Control::SyncErrno] {
            self.shim.set(control, 0)?;
        }
        Ok(())
    }
}
