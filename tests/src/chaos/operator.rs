//! The operator: asks for changes of the members with `aliasctl`, and goes on asking until they are done, whatever is broken.
//!
//! A refusal is an answer. One for a reason that passes is waited out; what became of a command whose outcome is unknown is
//! looked up, or the command is given again, as the manual says.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aliasd_client::UNTRUSTED;
use anyhow::{Context, Result, bail, ensure};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use super::nemesis::Nemesis;
use super::rig::Membership;
use crate::process;

/// Refusals that pass.
const PASSES: [&str; 2] = ["MEMBER_CHANGE_RUNNING", "MEMBER_QUORUM_LOST"];
const PAUSE: Duration = Duration::from_millis(300);
/// How long a token lets in, in seconds: longer than clocks are put forwards.
const TOKEN_LIFETIME: &str = "86400";

/// What a command came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    /// Nothing was done, and why: a code.
    Refused(String),
    /// It is under way.
    GoesOn,
    /// Nobody could say.
    Open(String),
}

/// See the module.
pub(super) struct Operator<'a> {
    nemesis: &'a Nemesis,
    deadline: Instant,
}

impl<'a> Operator<'a> {
    pub(super) fn new(nemesis: &'a Nemesis) -> Self {
        Self { nemesis, deadline: nemesis.deadline() }
    }

    /// Gives a command of `aliasctl cluster` once.
    pub(super) async fn ask(&self, arguments: &[&str]) -> Result<Answer> {
        let rig = &self.nemesis.rig;
        let (cluster, endpoints) = (Arc::clone(&rig.cluster), rig.endpoints());
        let owned: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let finished = spawn_blocking(move || {
            let mut command = cluster.admin().aliasctl(&cluster, &endpoints);
            process::run(command.arg("cluster").args(owned), &cluster.layout().record())
        });
        let finished = finished.await.context("aliasctl was not waited for")??;
        let code = finished.stderr.lines().find_map(|line| line.trim().strip_prefix("code: ")).unwrap_or_default();
        let code = code.split(',').next().unwrap_or_default().to_owned();
        let answer = match finished.code {
            Some(0) => Answer::Done,
            Some(1) => Answer::Refused(code),
            Some(3) if code.is_empty() => Answer::GoesOn,
            Some(3 | 4) => Answer::Open(code),
            // Where bits are turned over under way, a member cannot prove who it is either.
            Some(2) if code == UNTRUSTED => Answer::Open(code),
            other => bail!("aliasctl cluster {arguments:?} ends with {other:?}: {}", finished.stderr),
        };
        let verb = arguments.first().copied().unwrap_or_default();
        let what = match &answer {
            Answer::Done => format!("{verb}: done"),
            Answer::Refused(code) => format!("{verb}: refused: {code}"),
            Answer::GoesOn => format!("{verb}: goes on"),
            Answer::Open(code) => format!("{verb}: open: {code}"),
        };
        self.nemesis.recorder.count_as("aliasctl cluster", &what);
        Ok(answer)
    }

    /// Gives a command until it is done.
    ///
    /// # Errors
    /// It is refused for a reason that does not pass, or it takes too long.
    pub(super) async fn insist(&self, arguments: &[&str]) -> Result<()> {
        let mut may_be_done = false;
        loop {
            match self.ask(arguments).await? {
                Answer::Done => return Ok(()),
                // A node that was given up before it came is nobody.
                Answer::Refused(code) if may_be_done && code == "MEMBER_UNKNOWN" => return Ok(()),
                Answer::Refused(code) if !PASSES.contains(&code.as_str()) => bail!("{arguments:?} is refused: {code}"),
                Answer::Refused(_) => {}
                Answer::GoesOn | Answer::Open(_) => may_be_done = true,
            }
            self.pause(&format!("{arguments:?}")).await?;
        }
    }

    /// Has a node invited, in place of another one or beside the others, and gives it its token.
    pub(super) async fn invite(&self, new: u64, instead_of: Option<u64>, learner: bool) -> Result<()> {
        let addresses = self.nemesis.rig.roster.addresses(new);
        let file = self.token_file(new);
        let (new_text, old, path) =
            (new.to_string(), instead_of.map(|old| old.to_string()), file.display().to_string());
        let mut arguments: Vec<&str> = match &old {
            Some(old) => vec!["replace", old, &new_text, "--wait", "1"],
            None => vec!["add", "--id", &new_text],
        };
        arguments.extend(["--peer", &addresses.peer, "--client", &addresses.client]);
        arguments.extend(["--save", &path, "--token-lifetime", TOKEN_LIFETIME]);
        arguments.extend(learner.then_some("--learner"));
        self.insist(&arguments).await?;
        let mode = fs::metadata(&file).with_context(|| path.clone())?.permissions().mode() & 0o777;
        ensure!(mode == 0o600, "{path} has mode {mode:o}");
        self.nemesis.recorder.keep_join_token(&fs::read_to_string(&file)?)?;
        self.nemesis.rig.machine(new).await.token = Some(file);
        Ok(())
    }

    fn token_file(&self, new: u64) -> PathBuf {
        self.nemesis.rig.cluster.layout().root.join(format!("join-token-{new}"))
    }

    /// Waits until the members are as wanted.
    pub(super) async fn until_members(
        &self,
        what: &str,
        mut wanted: impl FnMut(&Membership) -> bool,
    ) -> Result<Membership> {
        loop {
            if let Some(membership) = self.nemesis.rig.membership().await
                && wanted(&membership)
            {
                return Ok(membership);
            }
            self.pause(what).await?;
        }
    }

    /// # Errors
    /// It has taken too long.
    pub(super) async fn pause(&self, what: &str) -> Result<()> {
        ensure!(Instant::now() < self.deadline, "{what}: not done in time");
        sleep(PAUSE).await;
        Ok(())
    }
}
