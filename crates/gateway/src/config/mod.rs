//! The configuration of a gateway: one TOML file, parsed into validated types.
//!
//! A [`Config`] exists only if every setting is well-formed and the settings agree with one another. Whether the files that it
//! names are what they should be is known when they are read ([`Materials`](crate::materials::Materials)). No secret stands in it.

mod error;
mod schema;
#[cfg(test)]
mod tests;
mod value;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use error::{ConfigError, SettingError};
pub(crate) use schema::DEFAULT_FILE;
use schema::{Given, Texts};

/// How much is logged; each level includes those before it.
pub(crate) type LogLevel = tracing::Level;

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// A certificate (chain) and its private key, both in PEM form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertificatePaths {
    /// The certificate, followed by its chain if it has one.
    pub(crate) certificate: PathBuf,
    /// The private key.
    pub(crate) key: PathBuf,
}

/// How the gateway logs in to the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// With a client certificate.
    Certificate(CertificatePaths),
    /// With a user and the file with its password.
    Password {
        /// Name of the user.
        user: String,
        /// Where its password stands.
        file: PathBuf,
    },
}

/// A whole configuration, well-formed and consistent.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where drivers are served.
    pub(crate) listen: SocketAddr,
    /// Where drivers reach this gateway, if they are to be told.
    pub(crate) advertise: Option<String>,
    pub(crate) connections_max: usize,
    pub(crate) authentication_timeout: Duration,
    pub(crate) message_bytes_max: usize,
    pub(crate) shutdown_timeout: Duration,
    /// What drivers see; none for plaintext.
    pub(crate) certificate: Option<CertificatePaths>,
    /// The members of the cluster.
    pub(crate) endpoints: Vec<String>,
    /// The authorities of the members' certificates.
    pub(crate) ca: Option<PathBuf>,
    pub(crate) login: Login,
    pub(crate) remote: RemoteConfig,
    pub(crate) log_level: LogLevel,
    pub(crate) log_format: LogFormat,
}

/// `[remote]`.
#[derive(Clone, Debug)]
pub(crate) struct RemoteConfig {
    /// The authorities that vouch for remote DBMSs.
    pub(crate) ca: PathBuf,
    pub(crate) connect_timeout: Duration,
    pub(crate) connections_max: usize,
    pub(crate) acquisition_timeout: Duration,
    pub(crate) idle_timeout: Duration,
}

impl Config {
    /// Reads a configuration file and judges the whole.
    ///
    /// # Errors
    /// Everything that is wrong, each with the setting, the line and the way out.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::of_texts(schema::read(path)?)
    }

    /// The configuration of these texts; `errors` is what is wrong with settings that have none among them.
    fn of_texts((given, errors): (Texts, Vec<SettingError>)) -> Result<Self, ConfigError> {
        let mut reader = ConfigReader { given, examples: schema::examples(), errors };
        let config = reader.config();
        let errors = reader.errors;
        if errors.is_empty() { Ok(config) } else { Err(ConfigError { errors }) }
    }
}

/// Parses settings and collects what is wrong with them. A setting that is wrong reads as its example, so that the others can be
/// judged in the same go; a `Config` made of examples never leaves this module.
struct ConfigReader {
    given: Texts,
    examples: Texts,
    errors: Vec<SettingError>,
}

impl ConfigReader {
    fn config(&mut self) -> Config {
        let login = self.login();
        let nobody = || Login::Password { user: String::new(), file: PathBuf::new() };
        let config = Config {
            listen: self.or_default("gateway.listen", value::listen),
            advertise: self.optional("gateway.advertise", value::address),
            connections_max: self.or_default("gateway.connections_max", value::count),
            authentication_timeout: self.or_default("gateway.authentication_timeout", value::duration),
            message_bytes_max: self.or_default("gateway.message_mebibytes_max", value::mebibytes) * 1024 * 1024,
            shutdown_timeout: self.or_default("gateway.shutdown_timeout", value::duration),
            certificate: self.certificate("tls.certificate", "tls.key"),
            endpoints: self.required("aliasd.endpoints", value::endpoints),
            ca: self.optional("aliasd.ca", value::absolute_path),
            login: login.unwrap_or_else(nobody),
            remote: RemoteConfig {
                ca: self.or_default("remote.ca", value::absolute_path),
                connect_timeout: self.or_default("remote.connect_timeout", value::duration),
                connections_max: self.or_default("remote.connections_max", value::count),
                acquisition_timeout: self.or_default("remote.acquisition_timeout", value::duration),
                idle_timeout: self.or_default("remote.idle_timeout", value::duration),
            },
            log_level: self.or_default("log.level", value::log_level),
            log_format: self.or_default("log.format", value::log_format),
        };
        self.relate(&config);
        config
    }

    fn login(&mut self) -> Option<Login> {
        let certificate = self.certificate("aliasd.certificate", "aliasd.key");
        let user = self.optional("aliasd.user", value::user);
        let file = self.optional("aliasd.password_file", value::absolute_path);
        match (certificate, user, file) {
            (Some(certificate), None, None) => Some(Login::Certificate(certificate)),
            (None, Some(user), Some(file)) => Some(Login::Password { user, file }),
            (Some(_), ..) => {
                let message = "stands beside aliasd.certificate, and the gateway logs in with one of them";
                self.report(
                    "aliasd.user",
                    message,
                    "leave out aliasd.user and aliasd.password_file, or the certificate",
                );
                None
            }
            (None, Some(_), None) => {
                self.report("aliasd.password_file", "is missing beside aliasd.user", "set both, or a certificate");
                None
            }
            (None, None, Some(_)) => {
                self.report("aliasd.user", "is missing beside aliasd.password_file", "set both, or a certificate");
                None
            }
            (None, None, None) => {
                let message = "is required and missing: the gateway has to log in to the cluster";
                let hint = "set aliasd.certificate and aliasd.key, or aliasd.user and aliasd.password_file";
                // Whatever is wrong with one of them is said already.
                let ways = ["aliasd.certificate", "aliasd.key", "aliasd.user", "aliasd.password_file"];
                if !ways.iter().any(|way| self.is_reported(way)) {
                    self.report("aliasd.certificate", message, hint);
                }
                None
            }
        }
    }

    fn certificate(&mut self, certificate: &str, key: &str) -> Option<CertificatePaths> {
        let paths = (self.optional(certificate, value::absolute_path), self.optional(key, value::absolute_path));
        match paths {
            (Some(certificate), Some(key)) => Some(CertificatePaths { certificate, key }),
            (None, None) => None,
            (Some(_), None) => {
                self.report(key, &format!("is missing beside {certificate}"), "set both or neither");
                None
            }
            (None, Some(_)) => {
                self.report(certificate, &format!("is missing beside {key}"), "set both or neither");
                None
            }
        }
    }

    /// Relations between values mean something only once every value does.
    fn relate(&mut self, config: &Config) {
        let is_allowed = self.or_default("gateway.insecure_plaintext", value::flag);
        if !self.errors.is_empty() {
            return;
        }
        if config.certificate.is_none() && !config.listen.ip().is_loopback() && !is_allowed {
            let message = format!("serves passwords in clear at {}, which is no loopback address", config.listen);
            let hint = "set tls.certificate and tls.key, listen at 127.0.0.1 only, or set gateway.insecure_plaintext";
            self.report("gateway.listen", &message, hint);
        }
        if config.ca.is_none() && !config.endpoints.iter().all(|endpoint| endpoint.starts_with("http://")) {
            let message = "is required and missing: the members are reached over TLS";
            self.report("aliasd.ca", message, "set it to the file of the authority that issued their certificates");
        }
    }

    fn required<T>(&mut self, setting: &str, parse: fn(&str) -> Result<T, &'static str>) -> T {
        if !self.given.contains_key(setting) {
            let hint = format!("set it, for example to {}", self.example(setting));
            self.report(setting, "is required and missing", &hint);
        }
        self.or_default(setting, parse)
    }

    fn or_default<T>(&mut self, setting: &str, parse: fn(&str) -> Result<T, &'static str>) -> T {
        self.optional(setting, parse)
            .unwrap_or_else(|| parse(self.example(setting)).expect("the default file is well-formed, as a test shows"))
    }

    fn optional<T>(&mut self, setting: &str, parse: fn(&str) -> Result<T, &'static str>) -> Option<T> {
        let Given { text, line } = self.given.get(setting)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(expected) => {
                let message = format!("'{}' is not {expected}", text.escape_debug());
                let hint = format!("write it as in {}", self.example(setting));
                self.errors.push(SettingError::of(setting, message, hint).at(*line));
                None
            }
        }
    }

    fn example(&self, setting: &str) -> &str {
        self.examples.get(setting).map_or("", |example| &example.text)
    }

    fn is_reported(&self, setting: &str) -> bool {
        self.errors.iter().any(|said| said.setting.as_deref() == Some(setting))
    }

    /// Says what is wrong with a setting, unless something is said of it already: what follows from that is no news.
    fn report(&mut self, setting: &str, message: &str, hint: &str) {
        if self.is_reported(setting) {
            return;
        }
        let line = self.given.get(setting).and_then(|given| given.line);
        self.errors.push(SettingError::of(setting, message, hint).at(line));
    }
}
