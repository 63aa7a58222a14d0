//! `aliasd dev`: one node with everything generated, for trying things out.
//!
//! It is a real node with real certificates, keystore and log; only its directory is thrown away at the end.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aliasd_catalog::{UserName, error_chain};
use aliasd_console::{FAILED, print, say};
use aliasd_keyring::keystore::Keystore;
use aliasd_keyring::pki::{Authority, CertificateSubject, DEFAULT_VALIDITY, Host};
use clap::Args;
use tokio::runtime::Runtime;

use super::ALIASD;
use super::start::{OnHangUp, Signals, refuse, run};
use crate::config::{Commands, Config};
use crate::node::Node;
use crate::observe::logging;
use aliasd_replica::Member;
use aliasd_service::Failure;
use aliasd_service::identity::ClientConnection;
use aliasd_service::operate::{Formation, Formed};

/// How `aliasd dev` starts.
#[derive(Args, Debug)]
pub(super) struct Dev {
    /// The port for clients on 127.0.0.1. The next one is for members, the one after it for metrics and health. 0 lets the
    /// system choose all three.
    #[arg(long, default_value_t = 7680, value_parser = clap::value_parser!(u16).range(..=65533))]
    port: u16,
    /// How much is logged: error, warn, info, debug or trace.
    #[arg(long, default_value = "warn", value_name = "LEVEL",
          value_parser = ["error", "warn", "info", "debug", "trace"])]
    log_level: String,
}

/// A directory that is removed when this is dropped.
struct TemporaryDirectory(PathBuf);

pub(super) fn dev(dev: &Dev) -> ExitCode {
    let prepared = TemporaryDirectory::make().and_then(|directory| {
        let config = prepare(&directory.0, dev)?;
        Ok((directory, config))
    });
    let (directory, config) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            return ALIASD.fail(FAILED, &format_args!("the node cannot be prepared: {}", error_chain(&error)));
        }
    };
    if let Err(error) = logging::set_up(&config.log) {
        return ALIASD.fail(FAILED, &error);
    }
    match Runtime::new() {
        Ok(runtime) => runtime.block_on(serve(&directory.0, &config)),
        Err(error) => ALIASD.fail(FAILED, &format_args!("the system gives no threads: {error}")),
    }
}

async fn serve(directory: &Path, config: &Config) -> ExitCode {
    let mut signals = match Signals::listen(OnHangUp::Stop) {
        Ok(signals) => signals,
        Err(error) => return ALIASD.fail(FAILED, &format_args!("signals cannot be received: {error}")),
    };
    let node = match Node::start(config).await {
        Ok(node) => node,
        Err(error) => return refuse(&error, &config.log),
    };
    match form(&node).await {
        Ok(formed) => {
            // Without the password nobody has any use for the node, even if its reader has only seen enough.
            if let Err(error) = print_welcome(directory, &node, &formed) {
                return end(node, ALIASD.fail(FAILED, &format_args!("the output cannot be written: {error}"))).await;
            }
        }
        Err(failure) => return end(node, ALIASD.fail(FAILED, &failure)).await,
    }
    run(node, &mut signals, &config.log).await
}

/// Ends the node first: its store has threads of its own, which the end of the process would pull the ground from under.
async fn end(node: Node, exit: ExitCode) -> ExitCode {
    if let Err(fault) = node.stop().await {
        say(&format_args!("the node has not ended cleanly: {}", error_chain(&fault)));
    }
    exit
}

async fn form(node: &Node) -> Result<Formed, Failure> {
    let addresses = node.addresses();
    let member = Member::of(1, addresses.peer.to_string(), addresses.client.to_string());
    let admin = UserName::new("admin").expect("a name of five letters is a user name");
    let here = ClientConnection { remote: addresses.client, certificate: None };
    node.operate().form(&here, Formation { members: BTreeMap::from([(1, member)]), admin, password: None }).await
}

fn print_welcome(directory: &Path, node: &Node, formed: &Formed) -> io::Result<()> {
    let addresses = node.addresses();
    let password = formed.generated.as_ref().map(aliasd_catalog::PlainSecret::expose).unwrap_or_default();
    print(&format!(
        "One node of aliasd is ready. In another terminal:\n\n  \
           export ALIASD_ENDPOINTS={client}\n  \
           export ALIASD_CA={ca}\n  \
           export ALIASD_USER=admin\n  \
           export ALIASD_PASSWORD={password}\n  \
           aliasctl exec \"SHOW DATABASES\"\n\n\
         Metrics and readiness: http://{http}/metrics, http://{http}/readyz\n\
         Everything is in {directory} and is removed when you press Ctrl-C.\n",
        client = addresses.client,
        ca = directory.join("pki/ca.pem").display(),
        http = addresses.http,
        directory = directory.display(),
    ))
}

/// Makes certificates, keystore and configuration file, as an operator would.
fn prepare(directory: &Path, dev: &Dev) -> io::Result<Config> {
    let pki = directory.join("pki");
    let authority = Authority::create("aliasd dev").map_err(io::Error::other)?;
    authority.save(&pki).map_err(io::Error::other)?;
    let hosts = ["127.0.0.1", "localhost"].map(|host| host.parse::<Host>()).into_iter();
    let hosts = hosts.collect::<Result<_, _>>().map_err(io::Error::other)?;
    let issued =
        authority.issue(&CertificateSubject::Node { id: 1, hosts }, DEFAULT_VALIDITY).map_err(io::Error::other)?;
    issued.save(&pki, "node-1").map_err(io::Error::other)?;

    let keystore = directory.join("keystore.p12");
    let password = random_text::<16>()?;
    Keystore::create(&keystore, &password, "aesKey").map_err(io::Error::other)?;

    let port = |offset: u16| if dev.port == 0 { 0 } else { dev.port + offset };
    let (root, client, peer, http) = (directory.display(), port(0), port(1), port(2));
    let text = format!(
        r#"[cluster]
name = "dev"

[node]
id = 1
data_dir = "{root}/data"
client_listen = "127.0.0.1:{client}"
peer_listen = "127.0.0.1:{peer}"
http_listen = "127.0.0.1:{http}"

[tls]
peer_certificate = "{root}/pki/node-1.pem"
peer_key = "{root}/pki/node-1-key.pem"
peer_ca = "{root}/pki/ca.pem"
client_ca = "{root}/pki/ca.pem"

[keystore]
path = "{root}/keystore.p12"
password = "{password}"

[log]
level = "{level}"
"#,
        level = dev.log_level,
    );
    let file = directory.join("aliasd.toml");
    let mut options = fs::OpenOptions::new();
    io::Write::write_all(&mut options.write(true).create_new(true).mode(0o600).open(&file)?, text.as_bytes())?;
    // Settings of the environment are meant for the nodes that are started with a configuration.
    Config::load(&file, Commands::Refuse, []).map_err(io::Error::other)
}

/// So many random bytes in hexadecimal digits.
fn random_text<const N: usize>() -> io::Result<String> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

// === impl TemporaryDirectory ===

impl TemporaryDirectory {
    fn make() -> io::Result<Self> {
        let name = format!("aliasd-dev-{}", random_text::<6>()?);
        let path = std::env::temp_dir().join(name);
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            say(&format_args!("aliasd: {} could not be removed: {error}", self.0.display()));
        }
    }
}
