//! docs/operations.md, done to the letter: the commands of the page, in their order, on the nodes of one machine.
//!
//! A fenced block of the page is `sh` on the machine of the authority, `sh on-node` on every node that the cluster is formed of,
//! `sh on-node-N` on that one, and `cypher` for statements. What stands in it is run as it is, but for the names of machines, ports and directories, and
//! for the programs that need a whole machine: scp, systemctl, useradd, runuser and the owners of `install`. Those are small
//! scripts here that do the same with the directories that stand for machines.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use aliasd_tests::cluster::PATIENCE;
use aliasd_tests::ports::free_port;
use aliasd_tests::process::{self, Finished};
use aliasd_tests::programs::program;
use aliasd_tests::wait;
use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const PAGE: &str = include_str!("../../docs/operations.md");
/// The nodes that the cluster is formed of.
const FORMED: [u64; 3] = [1, 2, 3];
/// Those, and the ones that come later.
const NODES: [u64; 5] = [1, 2, 3, 4, 5];

/// What the page expects of a whole machine.
const MACHINE: [(&str, &str); 5] = [
    ("scp", r#"to="$ROOT/${@: -1}"; to="${to%:}"; mkdir -p "$to"; cp "${@:1:$#-1}" "$to""#),
    ("useradd", ":"),
    ("runuser", r#"while [ "$1" != -- ]; do shift; done; shift; exec "$@""#),
    (
        "install",
        r#"kept=(); while [ $# -gt 0 ]; do case "$1" in -o|-g) shift;; *) kept+=("$1");; esac; shift; done
/usr/bin/install "${kept[@]}""#,
    ),
    (
        "systemctl",
        r#"
start() {
    command=$(sed -n 's/^ExecStart=//p' "$NODE/etc/systemd/system/aliasd.service" | sed "s#/usr/bin#$NODE/usr/bin#;s#/etc/aliasd#$NODE/etc/aliasd#")
    setsid $command < /dev/null >> "$NODE/journal" 2>&1 &
    echo $! > "$NODE/pid"
}
stop() {
    kill -TERM "$(cat "$NODE/pid")"
    while kill -0 "$(cat "$NODE/pid")" 2> /dev/null; do sleep 0.1; done
}
case "$1" in
daemon-reload) ;;
enable | start) start ;;
restart) stop; start ;;
reload) kill -HUP "$(cat "$NODE/pid")" ;;
stop | disable) stop ;;
*) echo "systemctl $1 is not known here"; exit 1 ;;
esac"#,
    ),
];

/// A fenced block of the page.
struct Block {
    line: usize,
    info: &'static str,
    text: String,
}

fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in PAGE.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(info) => {
                open = true;
                blocks.push(Block { line: number + 2, info, text: String::new() });
            }
            None if open => {
                if let Some(block) = blocks.last_mut() {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
            None => {}
        }
    }
    blocks
}

/// The machines of the page: a directory for that of the authority, and one for each node.
struct Machines {
    root: PathBuf,
    /// Ports of each node: for clients, members and metrics.
    ports: Vec<[u16; 3]>,
    password: String,
}

impl Machines {
    fn new(root: &Path) -> Result<Self> {
        let root = root.to_path_buf();
        let executable = |directory: &str, name: &str, script: &str| -> Result<()> {
            let path = root.join(directory).join(name);
            fs::create_dir_all(root.join(directory))?;
            fs::write(&path, format!("#!/bin/bash\n{script}\n"))?;
            Ok(fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?)
        };
        for (name, script) in MACHINE {
            executable("machine", name, script)?;
        }
        for name in ["aliasd", "aliasctl"] {
            let script = format!("exec {} \"$@\"", program(name).display());
            executable("authority", name, &script)?;
            executable("machine", name, &script)?;
        }
        let ports = NODES.map(|_| [free_port(), free_port(), free_port()]).to_vec();
        let machines = Self { root, ports, password: String::new() };
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
        for node in NODES {
            for directory in ["usr/bin", "etc/systemd/system", "var/lib"] {
                fs::create_dir_all(machines.node(node).join(directory))?;
            }
            let (to, text) = configuration(&deploy, node)?;
            let to = machines.root.join("authority").join(to);
            fs::create_dir_all(to.parent().context("a file is in a directory")?)?;
            fs::write(to, machines.here(&text, node))?;
        }
        let unit = machines.root.join("authority/deploy/systemd");
        fs::create_dir_all(&unit)?;
        fs::copy(deploy.join("systemd/aliasd.service"), unit.join("aliasd.service"))?;
        fs::write(machines.root.join("environment"), "")?;
        Ok(machines)
    }

    fn node(&self, node: u64) -> PathBuf {
        self.root.join(format!("db{node}.example.com"))
    }

    fn address(&self, node: u64, kind: usize) -> String {
        let ports = NODES.iter().position(|known| *known == node).and_then(|place| self.ports.get(place));
        format!("127.0.0.1:{}", ports.and_then(|ports| ports.get(kind)).copied().unwrap_or_default())
    }

    /// A text of the page, or of a file that it names, as it is meant on this machine.
    fn here(&self, text: &str, node: u64) -> String {
        let mut text = text.replace("THE-PRINTED-ONE", &self.password);
        for known in NODES {
            let host = format!("db{known}.example.com");
            text = text
                .replace(&format!("{host}:7680"), &self.address(known, 0))
                .replace(&format!("{host}:7681"), &self.address(known, 1))
                .replace(&format!("--host {host}"), "--host 127.0.0.1");
        }
        for (port, kind) in [(7680, 0), (7681, 1), (7682, 2)] {
            for host in ["0.0.0.0", "127.0.0.1"] {
                text = text.replace(&format!("{host}:{port}"), &self.address(node, kind));
            }
        }
        let root = self.node(node).display().to_string();
        for directory in ["/etc/aliasd", "/var/lib/aliasd", "/usr/bin", "/etc/systemd/system"] {
            text = text.replace(directory, &format!("{root}{directory}"));
        }
        text.replace("node-1", &format!("node-{node}")).replace("node1", &format!("node{node}"))
    }

    /// Runs a block in a shell that knows what the blocks before it have set, and fails where the block does.
    fn run(&self, block: &Block, text: &str, directory: &Path, node: u64) -> Result<Finished> {
        let environment = self.root.join("environment");
        let environment = environment.display();
        let script =
            format!("set -euo pipefail\n. {environment}\n{text}\nexport -p | grep ALIASD_ > {environment} || :\n");
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.root.join("machine").display());
        let mut command = Command::new("timeout");
        command.args(["120", "bash", "-c", &script]).current_dir(directory).env_clear();
        command.env("PATH", path).env("ROOT", &self.root).env("NODE", self.node(node)).env("HOME", &self.root);
        let finished = process::run(&mut command, &self.root.join("record"))?;
        if finished.code != Some(0) {
            let journal = fs::read_to_string(self.node(node).join("journal")).unwrap_or_default();
            bail!(
                "docs/operations.md, line {}, on node {node}: ends with {:?}\n{text}\n{}{}\n{journal}",
                block.line,
                finished.code,
                finished.stdout,
                finished.stderr
            );
        }
        Ok(finished)
    }

    fn do_as_said(&mut self, block: &Block) -> Result<()> {
        let authority = self.root.join("authority");
        let only = block.info.strip_prefix("sh on-node-").map(str::parse::<u64>).transpose()?;
        match (block.info, only) {
            ("sh", _) => {
                let finished = self.run(block, &self.here(&block.text, 1), &authority, 1)?;
                if let Some(password) = finished.stdout.lines().find_map(|line| line.strip_prefix("password ")) {
                    password.trim().clone_into(&mut self.password);
                }
            }
            ("sh on-node", _) | (_, Some(_)) => {
                let nodes = only.map_or_else(|| FORMED.to_vec(), |only| vec![only]);
                for node in nodes {
                    self.run(block, &self.here(&block.text, node), &self.node(node), node)?;
                }
            }
            ("cypher", _) => {
                let statements = format!("aliasctl exec -f - <<'END'\n{}END", block.text);
                self.run(block, &statements, &authority, 1)?;
            }
            ("toml", _) => {}
            (info, _) => bail!("docs/operations.md, line {}: nobody knows how to do '{info}'", block.line),
        }
        Ok(())
    }
}

/// Where the configuration of a node is on the machine of the authority, and what is in it. One that comes later is written by
/// hand, as the page says: like another one, with its own names, and with a file for the join token.
fn configuration(deploy: &Path, node: u64) -> Result<(String, String)> {
    if FORMED.contains(&node) {
        let file = format!("three-node/node{node}.toml");
        let text = fs::read_to_string(deploy.join(&file))?;
        return Ok((format!("deploy/{file}"), text));
    }
    let like = fs::read_to_string(deploy.join("three-node/node3.toml"))?;
    let own = format!("id = {node}\njoin_token_file = \"/etc/aliasd/join-token\"");
    let text =
        like.replace("id = 3", &own).replace("db3.", &format!("db{node}.")).replace("node-3", &format!("node-{node}"));
    Ok((format!("node{node}.toml"), text))
}

impl Drop for Machines {
    fn drop(&mut self) {
        for node in NODES {
            let id = fs::read_to_string(self.node(node).join("pid")).ok().and_then(|id| id.trim().parse().ok());
            if let Some(id) = id {
                // It may have ended by itself.
                let _ = kill(Pid::from_raw(id), Signal::SIGKILL);
            }
        }
    }
}

#[test]
fn the_operations_page_works_as_it_is_written() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut machines = Machines::new(directory.path())?;
    let blocks = blocks();
    ensure!(blocks.len() > 10, "the page has {} blocks", blocks.len());
    for block in &blocks {
        machines.do_as_said(block)?;
    }
    // The last block that is run has node 1 read a new certificate.
    wait::until("node 1 to read the new certificate", PATIENCE, || {
        let journal = fs::read_to_string(machines.node(1).join("journal"))?;
        ensure!(journal.contains("the certificates were read again"), "{journal}");
        Ok(())
    })?;
    // Nothing of the start of a cluster is worth a warning. Until node 2 stops for the first time the page has other members
    // stop and start, and one that takes its time for that is missed.
    let journal = fs::read_to_string(machines.node(2).join("journal"))?;
    let first_start = journal.split("the node has stopped").next().unwrap_or_default();
    let warnings = first_start.lines().filter(|line| line.contains("\"level\":\"WARN\""));
    let warnings: Vec<_> = warnings.filter(|line| !line.contains("cannot be reached")).collect();
    ensure!(warnings.is_empty(), "a normal start warns: {warnings:#?}");
    Ok(())
}
