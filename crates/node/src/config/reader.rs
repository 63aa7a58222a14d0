//! From texts to a [`Config`]: each setting is parsed once, then the settings are held against one another.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use aliasd_catalog::Policy;

use aliasd_service::identity::LoginLimits;
use aliasd_service::vault::KeystoreSettings;

use super::error::{ConfigError, SettingError};
use super::source::{self, Given, Texts};
use super::{Address, ClusterConfig, Config, LogConfig, NodeConfig, value};
use crate::tls::{CertificatePaths, TlsSettings};

/// The one setting whose text must not be shown.
const SECRET: &str = "keystore.password";

/// The configuration of these texts; `errors` is what is wrong with settings that have none among them.
pub(super) fn read((given, errors): (Texts, Vec<SettingError>)) -> Result<Config, ConfigError> {
    let mut reader = ConfigReader { given, examples: source::examples(), errors };
    let config = Config {
        cluster: cluster(&mut reader),
        node: node(&mut reader),
        tls: tls(&mut reader),
        keystore: KeystoreSettings {
            path: reader.required("keystore.path", value::absolute_path),
            password: reader.required(SECRET, value::password),
            key_name: reader.or_default("keystore.key_name", value::name),
        },
        log: LogConfig {
            level: reader.or_default("log.level", value::log_level),
            format: reader.or_default("log.format", value::log_format),
            file: reader.optional("log.file", value::absolute_path),
        },
    };
    // Relations between values mean something only once every value does.
    if reader.errors.is_empty() {
        relate(&config, &mut reader);
    }
    let errors = reader.errors;
    if errors.is_empty() { Ok(config) } else { Err(ConfigError { errors }) }
}

fn cluster(reader: &mut ConfigReader) -> ClusterConfig {
    ClusterConfig {
        name: reader.or_default("cluster.name", value::name),
        max_staleness: reader.or_default("cluster.max_staleness", value::duration),
        policy: Policy {
            database_management_implies_alias_management: reader
                .or_default("cluster.database_management_implies_alias_management", value::flag),
            oidc_credential_forwarding: reader.or_default("cluster.allow_oidc_credential_forwarding", value::flag),
            default_language: reader.or_default("cluster.default_language", value::language),
            token_lifetime: reader.or_default("cluster.token_lifetime", value::lifetime),
            release_staleness: reader.or_default("cluster.release_staleness", value::release_staleness),
        },
        heartbeat_interval: reader.or_default("cluster.heartbeat_interval", value::duration),
        election_timeout_min: reader.or_default("cluster.election_timeout_min", value::duration),
        election_timeout_max: reader.or_default("cluster.election_timeout_max", value::duration),
    }
}

fn node(reader: &mut ConfigReader) -> NodeConfig {
    NodeConfig {
        id: reader.required("node.id", value::positive),
        data_dir: reader.or_default("node.data_dir", value::absolute_path),
        join_token_file: reader.optional("node.join_token_file", value::absolute_path),
        client_listen: reader.or_default("node.client_listen", value::listen),
        client_advertise: reader.optional("node.client_advertise", value::address),
        client_connections_max: reader.or_default("node.client_connections_max", value::positive),
        client_connections_per_address_max: reader
            .or_default("node.client_connections_per_address_max", value::positive),
        authentication_timeout: reader.or_default("node.authentication_timeout", value::duration),
        failed_logins: LoginLimits {
            per_address: reader.or_default("node.failed_logins_per_address_max", value::tries),
            per_user: reader.or_default("node.failed_logins_per_user_max", value::tries),
        },
        peer_listen: reader.or_default("node.peer_listen", value::listen),
        peer_advertise: reader.optional("node.peer_advertise", value::address),
        http_listen: reader.or_default("node.http_listen", value::listen),
        insecure_plaintext: reader.or_default("node.insecure_plaintext", value::flag),
        snapshot_after: reader.or_default("node.snapshot_after", value::positive),
        log_kept: reader.or_default("node.log_kept", value::count),
        open_timeout: reader.or_default("node.open_timeout", value::duration),
        shutdown_timeout: reader.or_default("node.shutdown_timeout", value::duration),
    }
}

fn tls(reader: &mut ConfigReader) -> TlsSettings {
    let peer = CertificatePaths {
        certificate: reader.required("tls.peer_certificate", value::absolute_path),
        key: reader.required("tls.peer_key", value::absolute_path),
    };
    let certificate = reader.optional("tls.server_certificate", value::absolute_path);
    let key = reader.optional("tls.server_key", value::absolute_path);
    let server = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(CertificatePaths { certificate, key }),
        (None, None) => None,
        (Some(_), None) => {
            reader.report("tls.server_key", "is missing beside tls.server_certificate", "set both or neither");
            None
        }
        (None, Some(_)) => {
            reader.report("tls.server_certificate", "is missing beside tls.server_key", "set both or neither");
            None
        }
    };
    TlsSettings {
        peer,
        peer_ca: reader.required("tls.peer_ca", value::absolute_path),
        server,
        client_ca: reader.optional("tls.client_ca", value::absolute_path),
    }
}

fn relate(config: &Config, reader: &mut ConfigReader) {
    let ClusterConfig { heartbeat_interval, election_timeout_min, election_timeout_max, .. } = config.cluster;
    if election_timeout_min < heartbeat_interval * 3 {
        let message = "is less than three times cluster.heartbeat_interval, so that a late heartbeat unseats a leader";
        reader.report("cluster.election_timeout_min", message, "raise it, or shorten the heartbeats");
    }
    if election_timeout_max <= election_timeout_min {
        let message = "is not longer than cluster.election_timeout_min, so that nodes stand for election together";
        reader.report("cluster.election_timeout_max", message, "twice the shorter timeout is a good value");
    }
    let ClusterConfig { max_staleness, policy: Policy { release_staleness, .. }, .. } = config.cluster;
    if Duration::from_millis(release_staleness.milliseconds().into()) > max_staleness {
        let message = "is longer than cluster.max_staleness, after which nothing is read at all";
        reader.report("cluster.release_staleness", message, "shorten it, or raise cluster.max_staleness");
    }
    let node = &config.node;
    let others = [
        ("keystore.path", Some(&config.keystore.path)),
        ("tls.peer_certificate", Some(&config.tls.peer.certificate)),
        ("tls.peer_key", Some(&config.tls.peer.key)),
        ("tls.peer_ca", Some(&config.tls.peer_ca)),
        ("tls.server_certificate", config.tls.server.as_ref().map(|server| &server.certificate)),
        ("tls.server_key", config.tls.server.as_ref().map(|server| &server.key)),
        ("tls.client_ca", config.tls.client_ca.as_ref()),
        ("node.join_token_file", node.join_token_file.as_ref()),
    ];
    if let Some((other, _)) = others.into_iter().find(|(_, path)| path.is_some() && *path == config.log.file.as_ref()) {
        let message = format!("is the file of {other}, which the log would spoil");
        reader.report("log.file", &message, "name a file of its own");
    }
    if node.insecure_plaintext && !node.client_listen.ip().is_loopback() {
        let message = format!("serves passwords in clear at {}, which is no loopback address", node.client_listen);
        let hint = "leave it false and use certificates, or listen at 127.0.0.1 only";
        reader.report("node.insecure_plaintext", &message, hint);
    }
    if node.client_connections_per_address_max > node.client_connections_max {
        let message = "is more than node.client_connections_max, so that one address could take every place";
        reader.report("node.client_connections_per_address_max", message, "a quarter of it is a good value");
    }
    advertised("node.client_advertise", node.client_listen, node.client_advertise.as_ref(), reader);
    advertised("node.peer_advertise", node.peer_listen, node.peer_advertise.as_ref(), reader);
    distinct(
        &[
            ("node.client_listen", node.client_listen),
            ("node.peer_listen", node.peer_listen),
            ("node.http_listen", node.http_listen),
        ],
        reader,
    );
}

fn advertised(setting: &str, listen: SocketAddr, advertise: Option<&Address>, reader: &mut ConfigReader) {
    let nobody_dials =
        |address: &&Address| address.host.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_unspecified());
    if let Some(address) = advertise.filter(nobody_dials) {
        let message = format!("'{address}' is an address to listen at, which nobody can dial");
        reader.report(setting, &message, "set it to the name or address and port that others reach this node at");
    }
    if advertise.is_none() && listen.ip().is_unspecified() {
        let message = format!("is needed, because nobody can dial {listen}");
        reader.report(setting, &message, "set it to the name or address and port that others reach this node at");
    }
}

fn distinct(listeners: &[(&str, SocketAddr)], reader: &mut ConfigReader) {
    for (index, (setting, address)) in listeners.iter().enumerate() {
        for (other, taken) in &listeners[..index] {
            let overlap = address.ip() == taken.ip() || address.ip().is_unspecified() || taken.ip().is_unspecified();
            // Port 0 asks the system for any free port.
            if address.port() == taken.port() && address.port() != 0 && overlap {
                let message = format!("'{address}' uses the port of {other}");
                reader.report(setting, &message, "give each listener a port of its own");
            }
        }
    }
}

/// Parses settings and collects what is wrong with them. A setting that is wrong reads as its example, so that the
/// others can be judged in the same go; a `Config` made of examples never leaves this module.
struct ConfigReader {
    given: Texts,
    examples: Texts,
    errors: Vec<SettingError>,
}

impl ConfigReader {
    fn required<T>(&mut self, setting: &str, parse: fn(&str) -> Result<T, &'static str>) -> T {
        if !self.given.contains_key(setting) {
            let example = self.example(setting);
            self.report(setting, "is required and missing", &format!("set it, for example to {example}"));
        }
        self.or_default(setting, parse)
    }

    fn or_default<T>(&mut self, setting: &str, parse: fn(&str) -> Result<T, &'static str>) -> T {
        self.optional(setting, parse)
            .unwrap_or_else(|| parse(self.example(setting)).expect("the default file is well-formed, as a test shows"))
    }

    fn optional<T>(&mut self, setting: &str, parse: fn(&str) -> Result<T, &'static str>) -> Option<T> {
        let Given { text, origin } = self.given.get(setting)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(expected) => {
                let message = match setting {
                    SECRET => format!("this is not {expected}"),
                    _ => format!("'{}' is not {expected}", text.escape_debug()),
                };
                let hint = format!("write it as in {}", self.example(setting));
                self.errors.push(SettingError::of(setting, message, hint).at(origin.clone()));
                None
            }
        }
    }

    fn example(&self, setting: &str) -> &str {
        self.examples.get(setting).map_or("", |example| &example.text)
    }

    /// Says what is wrong with a setting, unless something is said of it already: what follows from that is no news.
    fn report(&mut self, setting: &str, message: &str, hint: &str) {
        if self.errors.iter().any(|said| said.setting.as_deref() == Some(setting)) {
            return;
        }
        let error = SettingError::of(setting, message, hint);
        self.errors.push(match self.given.get(setting) {
            Some(given) => error.at(given.origin.clone()),
            None => error,
        });
    }
}
