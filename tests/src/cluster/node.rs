//! One node of a cluster under test: its files, its addresses and its process.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;

use super::Layout;
use crate::ports::free_port;
use crate::process::Process;
use crate::programs::program;
use crate::wait;

/// A node, running or not.
pub struct Node {
    /// Its id, from 1 on.
    pub id: u64,
    /// Where clients reach it, `host:port`.
    pub client_address: String,
    /// Where the other nodes reach it, `host:port`.
    pub peer_address: String,
    /// Where metrics and readiness are served, `host:port`.
    pub http_address: String,
    /// Its configuration file.
    pub config: PathBuf,
    /// Its data directory.
    pub data: PathBuf,
    /// Where others find it instead, if something stands before its ports.
    pub advertised: Option<Advertised>,
    /// Its log file.
    pub log: PathBuf,
    /// What it printed, over all its starts.
    pub output: PathBuf,
    process: Option<Process>,
}

/// Addresses that are not those of a node, but lead to it: each `host:port`.
#[derive(Clone, Debug)]
pub struct Advertised {
    /// For clients.
    pub client: String,
    /// For the other nodes.
    pub peer: String,
}

// === impl Node ===

impl Node {
    /// Takes free ports, issues the certificate and writes the configuration file.
    pub(crate) fn prepare(layout: &Layout, id: u64) -> Result<Self> {
        let address = || format!("127.0.0.1:{}", free_port());
        let node = Self {
            id,
            client_address: address(),
            peer_address: address(),
            http_address: address(),
            config: layout.root.join(format!("node-{id}.toml")),
            data: layout.root.join(format!("data-{id}")),
            advertised: None,
            log: layout.captured().join(format!("node-{id}.log")),
            output: layout.captured().join(format!("node-{id}.out")),
            process: None,
        };
        layout.issue_node(id)?;
        layout.configure(&node, "")?;
        Ok(node)
    }

    /// `aliasd start` with this node's configuration, not started yet.
    pub fn command(&self) -> Command {
        self.command_with(&self.config)
    }

    /// As [`Node::command`], with another configuration file.
    pub fn command_with(&self, config: &Path) -> Command {
        let mut command = Command::new(program("aliasd"));
        command.args(["start", "--config"]).arg(config);
        command
    }

    /// Starts the process. It may still fail; see [`Node::wait_ready`].
    pub fn start(&mut self) -> Result<()> {
        let command = self.command();
        self.start_as(command)
    }

    /// Starts the process with a command of the caller's, which wraps [`Node::command`].
    pub fn start_as(&mut self, mut command: Command) -> Result<()> {
        ensure!(!self.is_started(), "node {} is started already", self.id);
        let name = format!("node {}", self.id);
        self.process = Some(Process::start(&name, &mut command, &self.output)?);
        Ok(())
    }

    /// Where clients are told to find it.
    pub fn reached_by_clients_at(&self) -> &str {
        self.advertised.as_ref().map_or(&self.client_address, |advertised| &advertised.client)
    }

    /// Where the other nodes are told to find it.
    pub fn reached_by_peers_at(&self) -> &str {
        self.advertised.as_ref().map_or(&self.peer_address, |advertised| &advertised.peer)
    }

    /// How it ended, if it was started and has ended by itself.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.as_mut().and_then(Process::exited)
    }

    /// Whether it was started and neither killed nor stopped since; it may have ended by itself.
    pub fn is_started(&self) -> bool {
        self.process.is_some()
    }

    /// Whether it was started and has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| process.exited().is_some())
    }

    /// SIGKILL. Nothing happens if it is not running.
    pub fn kill(&mut self) {
        // Dropping the process kills it.
        self.process = None;
    }

    /// SIGTERM, then waits until it has ended by itself.
    pub fn stop(&mut self, limit: Duration) -> Result<ExitStatus> {
        let mut process = self.process.take().context("the node is not running")?;
        process.terminate(limit)
    }

    /// SIGHUP: it reads again what it can.
    pub fn reload(&mut self) -> Result<()> {
        self.running()?.signal(Signal::SIGHUP)
    }

    /// SIGSTOP: it hangs, with its connections open.
    pub fn pause(&mut self) -> Result<()> {
        self.running()?.signal(Signal::SIGSTOP)
    }

    /// SIGCONT: it goes on where it hung.
    pub fn resume(&mut self) -> Result<()> {
        self.running()?.signal(Signal::SIGCONT)
    }

    /// Waits until it has ended by itself.
    pub fn wait_exit(&mut self, limit: Duration) -> Result<ExitStatus> {
        let mut process = self.process.take().context("the node is not running")?;
        process.wait(limit)
    }

    /// Everything that it printed and logged, over all its starts.
    pub fn said(&self) -> String {
        let read = |path: &PathBuf| std::fs::read(path).unwrap_or_default();
        let both = [read(&self.output), read(&self.log)].concat();
        String::from_utf8_lossy(&both).into_owned()
    }

    /// Waits until clients can connect.
    pub fn wait_listening(&mut self, limit: Duration) -> Result<()> {
        self.wait_for("to listen", limit, |node| {
            TcpStream::connect(&node.client_address)?;
            Ok(())
        })
    }

    /// Waits until it says that it serves every call.
    pub fn wait_ready(&mut self, limit: Duration) -> Result<()> {
        self.wait_for("to be ready", limit, |node| {
            let (status, body) = node.http("/readyz")?;
            ensure!(status == 200, "not ready: {body}");
            Ok(())
        })
    }

    /// Status and body that its HTTP port answers for a path.
    pub fn http(&self, path: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.http_address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("an answer without a body")?;
        let status = head.split(' ').nth(1).context("an answer without a status")?;
        Ok((status.parse()?, body.to_owned()))
    }

    /// The memory that the process holds at the moment.
    pub fn resident_bytes(&self) -> Result<u64> {
        self.status_bytes("VmRSS:")
    }

    /// The most bytes that the process ever had resident, or had since [`Node::forget_peak`].
    pub fn resident_bytes_peak(&self) -> Result<u64> {
        self.status_bytes("VmHWM:")
    }

    /// Lets the peak of resident memory start from what is resident now.
    pub fn forget_peak(&self) -> Result<()> {
        let process = self.process.as_ref().context("the node is not running")?;
        // 5 stands for the peak; see proc_pid_clear_refs(5).
        std::fs::write(format!("/proc/{}/clear_refs", process.id()), "5").context("cannot reset the peak of memory")
    }

    /// How many files, sockets among them, the process has open.
    pub fn open_files(&self) -> Result<usize> {
        let process = self.process.as_ref().context("the node is not running")?;
        Ok(std::fs::read_dir(format!("/proc/{}/fd", process.id()))?.count())
    }

    fn status_bytes(&self, field: &str) -> Result<u64> {
        let process = self.process.as_ref().context("the node is not running")?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(field)).with_context(|| format!("no {field}"))?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024)
    }

    /// Lets the process go on when this is dropped.
    pub(super) fn leave(&mut self) {
        if let Some(process) = &mut self.process {
            process.leave();
        }
    }

    fn running(&mut self) -> Result<&mut Process> {
        self.process.as_mut().context("the node is not running")
    }

    /// Probes until it succeeds; gives up at once when the process has ended.
    fn wait_for(&mut self, what: &str, limit: Duration, probe: impl Fn(&Self) -> Result<()>) -> Result<()> {
        let what = format!("node {} {what}", self.id);
        let (ended, _) = wait::until(&what, limit, || {
            if let Some(status) = self.running()?.exited() {
                return Ok(Some(status));
            }
            probe(self).map(|()| None)
        })?;
        if let Some(status) = ended {
            bail!("waiting for {what}, but it ended with {status}:\n{}", self.said());
        }
        Ok(())
    }
}
