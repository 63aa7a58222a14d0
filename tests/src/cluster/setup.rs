//! What has to be there before a node starts: certificates, a keystore, configuration files; and
//! forming the cluster afterwards. All of it through `aliasctl`, as an operator would.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Node, succeeded, write_private};
use crate::process::{self, Finished};
use crate::programs::program;

/// The password of the keystore. Secret, and searched for.
pub const KEYSTORE_PASSWORD: &str = "keystore-password-of-the-tests";

/// The first administrator.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// Name of the user.
    pub user: String,
    /// Its password. Secret, and searched for.
    pub password: String,
}

impl Administrator {
    /// The administrator of the cluster with this name.
    pub fn new(cluster: &str) -> Self {
        Self { user: "admin".to_owned(), password: format!("{cluster}-administrator-password") }
    }
}

/// Where the files of one cluster are.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The directory of everything.
    pub root: PathBuf,
    /// The cluster's name.
    pub name: String,
    /// The program that made the keystore.
    pub keystore_maker: &'static str,
}

/// `aliasctl` without any of the caller's settings.
pub fn aliasctl() -> Command {
    let mut command = Command::new(program("aliasctl"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ALIASD_") {
            command.env_remove(name);
        }
    }
    command
}

// === impl Layout ===

impl Layout {
    /// Makes the directories.
    pub fn new(root: &Path, name: &str) -> Result<Self> {
        let layout =
            Self { root: root.to_path_buf(), name: name.to_owned(), keystore_maker: "aliasctl keystore create" };
        fs::create_dir_all(layout.pki())?;
        fs::create_dir_all(layout.captured())?;
        Ok(layout)
    }

    /// The directory of the certificates and their keys.
    pub fn pki(&self) -> PathBuf {
        self.root.join("pki")
    }

    /// The certificate of the authority.
    pub fn ca(&self) -> PathBuf {
        self.pki().join("ca.pem")
    }

    /// The keystore of every node.
    pub fn keystore(&self) -> PathBuf {
        self.root.join("keystore.p12")
    }

    /// The directory of everything that programs printed.
    pub fn captured(&self) -> PathBuf {
        self.root.join("captured")
    }

    /// Where the output of `aliasctl` is recorded.
    pub fn record(&self) -> PathBuf {
        self.captured().join("aliasctl")
    }

    /// Runs `aliasctl` to its end and records what it prints.
    pub fn aliasctl(&self, arguments: &[&str]) -> Result<Finished> {
        process::run(aliasctl().args(arguments), &self.record())
    }

    /// Makes the certificate authority of the cluster.
    pub(super) fn make_authority(&self) -> Result<()> {
        let pki = self.pki().display().to_string();
        let finished = self.aliasctl(&["pki", "init", "--dir", &pki])?;
        succeeded("aliasctl pki init", finished).map(drop)
    }

    /// Makes the keystore with one key, `aesKey`.
    pub(super) fn make_keystore(&self) -> Result<()> {
        let path = self.keystore().display().to_string();
        let mut command = aliasctl();
        command.args(["keystore", "create", &path]).env("ALIASD_KEYSTORE_PASSWORD", KEYSTORE_PASSWORD);
        let finished = process::run(&mut command, &self.record())?;
        succeeded("aliasctl keystore create", finished).map(drop)
    }

    /// As [`Layout::make_keystore`], by Java's keytool; false if there is none.
    pub(super) fn make_keystore_with_keytool(&self) -> Result<bool> {
        let mut command = Command::new("keytool");
        command
            .args(["-genseckey", "-keyalg", "aes", "-keysize", "256", "-storetype", "pkcs12", "-alias", "aesKey"])
            .args(["-storepass:env", "ALIASD_KEYSTORE_PASSWORD", "-keystore"])
            .arg(self.keystore())
            .env("ALIASD_KEYSTORE_PASSWORD", KEYSTORE_PASSWORD);
        if !process::run(&mut command, &self.record()).is_ok_and(|finished| finished.code == Some(0)) {
            return Ok(false);
        }
        // keytool leaves the file readable by everybody.
        fs::set_permissions(self.keystore(), fs::Permissions::from_mode(0o600))?;
        Ok(true)
    }

    /// Issues the certificate of a node. Its files are `node-ID.pem` and `node-ID-key.pem` in [`Layout::pki`].
    pub fn issue_node(&self, id: u64) -> Result<()> {
        let pki = self.pki().display().to_string();
        let id = id.to_string();
        let finished = self.aliasctl(&["pki", "issue", "node", "--dir", &pki, "--id", &id, "--host", "127.0.0.1"])?;
        succeeded("aliasctl pki issue node", finished).map(drop)
    }

    /// Issues a client certificate that proves `identity`; returns certificate and key.
    pub fn issue_client(&self, identity: &str) -> Result<(PathBuf, PathBuf)> {
        let pki = self.pki().display().to_string();
        let finished = self.aliasctl(&["pki", "issue", "client", "--dir", &pki, "--identity", identity])?;
        succeeded("aliasctl pki issue client", finished)?;
        let file = |suffix: &str| self.pki().join(format!("{identity}{suffix}.pem"));
        Ok((file(""), file("-key")))
    }

    /// Writes the configuration file of a node; `more` is appended to its `[node]` section.
    pub(crate) fn configure(&self, node: &Node, more: &str) -> Result<()> {
        let pki = self.pki();
        let pki = pki.display();
        let advertised = node.advertised.as_ref().map_or_else(String::new, |advertised| {
            format!("client_advertise = \"{}\"\npeer_advertise = \"{}\"\n", advertised.client, advertised.peer)
        });
        let text = format!(
            r#"[cluster]
name = "{name}"

[node]
id = {id}
data_dir = "{data}"
client_listen = "{client}"
peer_listen = "{peer}"
http_listen = "{http}"
{advertised}{more}
[tls]
peer_certificate = "{pki}/node-{id}.pem"
peer_key = "{pki}/node-{id}-key.pem"
peer_ca = "{ca}"
client_ca = "{ca}"

[keystore]
path = "{keystore}"
password = "{KEYSTORE_PASSWORD}"

[log]
level = "info"
format = "json"
file = "{log}"
"#,
            name = self.name,
            id = node.id,
            data = node.data.display(),
            client = node.client_address,
            peer = node.peer_address,
            http = node.http_address,
            ca = self.ca().display(),
            keystore = self.keystore().display(),
            log = node.log.display(),
        );
        write_private(&node.config, &text)
    }

    /// `aliasctl cluster init` over these nodes.
    pub(crate) fn form<'a>(
        &self,
        nodes: impl IntoIterator<Item = &'a Node>,
        administrator: &Administrator,
    ) -> Result<()> {
        let nodes: Vec<&Node> = nodes.into_iter().collect();
        let first = nodes.first().context("a cluster has a node")?;
        let mut command = aliasctl();
        command.args(["cluster", "init", "--admin", &administrator.user]);
        for node in &nodes {
            let member = format!("{}={},{}", node.id, node.reached_by_peers_at(), node.reached_by_clients_at());
            command.args(["--member", &member]);
        }
        command
            .env("ALIASD_ENDPOINTS", &first.client_address)
            .env("ALIASD_CA", self.ca())
            .env("ALIASD_TOKEN_FILE", first.data.join("formation-token"))
            .env("ALIASD_PASSWORD", &administrator.password);
        let finished = process::run(&mut command, &self.record())?;
        succeeded("aliasctl cluster init", finished).map(drop)
    }
}
