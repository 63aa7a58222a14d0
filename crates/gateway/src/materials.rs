//! What the files hold that the configuration names, as what serves with it: TLS for drivers, the SDK's client, TLS towards remote
//! DBMSs.

use std::path::Path;
use std::sync::Arc;

use aliasd_client::{Client, ClientBuilder, Secret, error_chain};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::{CertificatePaths, Config, ConfigError, Login, SettingError};
use crate::files;
use crate::remote::{RemoteTls, RemoteTlsError};

/// Everything that was read from files.
pub(crate) struct Materials {
    /// For drivers; none for plaintext.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// As the gateway itself.
    pub(crate) client: Client,
    /// Makes clients for the users of the gateway.
    pub(crate) members: Members,
    pub(crate) remote_tls: RemoteTls,
}

/// How the members of the cluster are reached, by whomever.
#[derive(Clone)]
pub(crate) struct Members {
    endpoints: Vec<String>,
    ca_pem: Option<Vec<u8>>,
}

impl Materials {
    /// Reads the files. Has to be called inside a tokio runtime, as the SDK wants it.
    ///
    /// # Errors
    /// Each file that cannot be used, by the setting that names it.
    pub(crate) fn load(config: &Config) -> Result<Self, ConfigError> {
        let tls = config.certificate.as_ref().map(server_config).transpose()?;
        let ca_pem = match &config.ca {
            Some(path) => Some(files::read("aliasd.ca", path)?.to_vec()),
            None => None,
        };
        let members = Members { endpoints: config.endpoints.clone(), ca_pem };
        let builder = match &config.login {
            Login::Certificate(CertificatePaths { certificate, key }) => {
                let certificate = files::read("aliasd.certificate", certificate)?.to_vec();
                let key = files::read_secret_text("aliasd.key", key)?;
                members.builder().certificate(certificate, Secret::new((*key).clone()))
            }
            Login::Password { user, file } => {
                let password = files::read_secret_text("aliasd.password_file", file)?;
                members.builder().password(user, Secret::new((*password).clone()))
            }
        };
        let client = builder.build().map_err(|error| {
            let hint = error.hint().unwrap_or("look at the settings of [aliasd]").to_owned();
            SettingError::of("aliasd", error_chain(&error), hint)
        })?;
        Ok(Self { tls, client, members, remote_tls: remote_tls(&config.remote.ca)? })
    }
}

impl Members {
    fn builder(&self) -> ClientBuilder {
        // The SDK takes plaintext on loopback alone, and only where an endpoint says `http://`.
        let builder = Client::builder().endpoints(&self.endpoints).allow_plaintext();
        match &self.ca_pem {
            Some(pem) => builder.ca_pem(pem.clone()),
            None => builder,
        }
    }

    /// A client for the holder of a login token. None if the settings are wrong, which was found at the start.
    pub(crate) fn client_of(&self, token: &Secret) -> Option<Client> {
        self.builder().token(token.clone()).build().ok()
    }
}

fn remote_tls(authorities: &Path) -> Result<RemoteTls, SettingError> {
    RemoteTls::load(authorities).map_err(|error| {
        let hint = match error {
            RemoteTlsError::Unreadable { .. } => "set it to the bundle of this system, or to your own authority",
            RemoteTlsError::Empty { .. } => "put certificates of authorities there",
        };
        SettingError::of("remote.ca", error_chain(&error), hint)
    })
}

fn server_config(paths: &CertificatePaths) -> Result<Arc<ServerConfig>, SettingError> {
    let pem = files::read("tls.certificate", &paths.certificate)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().unwrap_or_default();
    if chain.is_empty() {
        let message = format!("{} holds no certificate in PEM form", paths.certificate.display());
        return Err(SettingError::of("tls.certificate", message, "put the certificate there, and its chain behind it"));
    }
    let key = files::read_secret("tls.key", &paths.key)?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| {
        let message = format!("{} holds no private key in PEM form that is not encrypted", paths.key.display());
        SettingError::of("tls.key", message, "decrypt it, for example with `openssl pkey -in KEY -out PLAIN`")
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has suites of TLS 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| {
            let message = format!("{} cannot be used with tls.certificate: {error}", paths.key.display());
            SettingError::of("tls.key", message, "put the key there that was made with the certificate")
        })?;
    Ok(Arc::new(config))
}
