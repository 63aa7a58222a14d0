//! Certificates of a cluster: a certificate authority, what it issues to nodes and clients, and what such
//! certificates prove. ECDSA over P-256, made for TLS 1.3.
//!
//! A node's certificate carries, beside the hosts it is reached at, a DNS name that proves its node id
//! ([`peer_name`]); whoever dials a node verifies that name, whatever the address was. A client's certificate
//! proves an identity ([`client_identity`]) that `SET AUTH 'mtls' {SET ID '…'}` maps to a user.

mod certificate;
mod error;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, DnsName};
use zeroize::Zeroizing;

pub use self::certificate::{client_identity, expires_at, is_authority, issuer, peer_node_id, valid_from};
pub use self::error::{DECRYPT_KEY, PkiError};
use crate::{files, text};

/// How long a certificate authority is valid: ten years.
pub const AUTHORITY_VALIDITY: Duration = Duration::from_secs(3_650 * 86_400);
/// How long other certificates are valid unless the caller says otherwise: 825 days.
pub const DEFAULT_VALIDITY: Duration = Duration::from_secs(825 * 86_400);
/// Certificates are valid from a day before they are made, so that machines whose clocks differ agree on them.
const BACKDATED: Duration = Duration::from_secs(86_400);
/// File names of an authority inside its directory.
const AUTHORITY_STEM: &str = "ca";
/// A certificate or key in PEM form is a few hundred bytes; a bundle of authorities stays far below this.
const PEM_SIZE_MAX: u64 = 1 << 20;
/// The domain of the names that prove node ids. It never appears in DNS.
const PEER_DOMAIN: &str = ".peer.aliasd";

/// A host that clients or peers may reach a node at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// An IP address.
    Ip(IpAddr),
    /// A DNS name, possibly with a leading `*.`.
    Dns(String),
}

/// Whom a certificate is for.
#[derive(Clone, Debug)]
pub enum CertificateSubject {
    /// A member of the cluster: serves clients and peers, and dials peers.
    Node {
        /// Its id, from 1 on.
        id: u64,
        /// Where it is reached.
        hosts: Vec<Host>,
    },
    /// A program or person that calls the cluster.
    Client {
        /// What `SET AUTH 'mtls' {SET ID '…'}` refers to; the certificate's common name.
        identity: String,
    },
}

/// A certificate and its private key. `Debug` shows neither.
pub struct Issued {
    certificate_pem: String,
    key_pem: Zeroizing<String>,
}

/// A certificate authority that can issue certificates.
pub struct Authority {
    issued: Issued,
    issuer: Issuer<'static, KeyPair>,
}

/// The DNS name by which a node's certificate proves its id, such as `node-1.peer.aliasd`.
pub fn peer_name(node_id: u64) -> String {
    format!("node-{node_id}{PEER_DOMAIN}")
}

/// Whether a key in PEM form is encrypted, so that it takes a password that nobody is asked for here.
pub fn is_encrypted_key(pem: &[u8]) -> bool {
    let marks: [&[u8]; 2] = [b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"Proc-Type: 4,ENCRYPTED"];
    marks.iter().any(|mark| pem.windows(mark.len()).any(|window| window == *mark))
}

// === impl Host ===

impl FromStr for Host {
    type Err = PkiError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        let name = text.strip_prefix("*.").unwrap_or(text);
        // A host under the peers' domain would let one node's certificate prove another node's id.
        if text.to_ascii_lowercase().ends_with(PEER_DOMAIN) {
            return Err(PkiError::ReservedHost { value: text.to_owned() });
        }
        if DnsName::try_from(name).is_err() {
            return Err(PkiError::BadHost { value: text.to_owned() });
        }
        Ok(Self::Dns(text.to_ascii_lowercase()))
    }
}

impl Host {
    fn to_alternative_name(&self) -> Result<SanType, PkiError> {
        match self {
            Self::Ip(address) => Ok(SanType::IpAddress(*address)),
            Self::Dns(name) => dns(name),
        }
    }
}

// === impl Issued ===

impl Issued {
    fn new(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        Self { certificate_pem: certificate.pem(), key_pem: Zeroizing::new(key.serialize_pem()) }
    }

    /// The certificate, for everybody to see.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The private key (PKCS#8), for the subject alone.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// Writes `STEM.pem` and, readable by the owner only, `STEM-key.pem`. Creates the directory.
    /// Returns the two paths in that order.
    ///
    /// # Errors
    /// One of the files exists already, in which case nothing is written, or cannot be written.
    pub fn save(&self, directory: &Path, stem: &str) -> Result<(PathBuf, PathBuf), PkiError> {
        let (certificate, key) = file_names(directory, stem);
        for path in [&certificate, &key] {
            if path.exists() {
                return Err(PkiError::Exists { path: path.clone() });
            }
        }
        fs::create_dir_all(directory).map_err(|source| PkiError::Unwritable { path: directory.to_owned(), source })?;
        create(&key, self.key_pem(), files::SECRET)?;
        create(&certificate, self.certificate_pem(), files::PUBLIC)?;
        Ok((certificate, key))
    }

    /// Writes the same files in the place of those of an earlier certificate, each in one step and with the mode and owner
    /// that it has. What does not exist yet is made as [`save`](Self::save) makes it.
    ///
    /// # Errors
    /// What is there is not a certificate of the same kind: an authority, a node's in the place of which a client's would
    /// be, or something else. Nothing is written then. Or a file cannot be written.
    pub fn save_over(&self, directory: &Path, stem: &str) -> Result<(PathBuf, PathBuf), PkiError> {
        let (certificate, key) = file_names(directory, stem);
        // The key of an authority is the only thing that no backup of a cluster has, even where its certificate is gone.
        if stem == AUTHORITY_STEM || !self.is_of_the_kind_of(&certificate) {
            return Err(PkiError::Exists { path: certificate });
        }
        if !certificate.exists() && !key.exists() {
            return self.save(directory, stem);
        }
        let files = [(&key, self.key_pem(), files::SECRET), (&certificate, self.certificate_pem(), files::PUBLIC)];
        for (path, contents, mode) in files {
            if path.exists() {
                files::replace(path, contents.as_bytes())
                    .map_err(|source| PkiError::Unwritable { path: path.clone(), source })?;
            } else {
                create(path, contents, mode)?;
            }
        }
        Ok((certificate, key))
    }

    /// Whether the certificate in a file, if there is one, is for the same kind of subject.
    fn is_of_the_kind_of(&self, path: &Path) -> bool {
        let kind = |certificate: &CertificateDer<'_>| (is_authority(certificate).ok(), peer_node_id(certificate).ok());
        let kind_of = |pem: &[u8]| CertificateDer::from_pem_slice(pem).ok().map(|certificate| kind(&certificate));
        match fs::read(path) {
            Ok(there) => kind_of(&there).is_some_and(|there| Some(there) == kind_of(self.certificate_pem.as_bytes())),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issued(******)")
    }
}

// === impl Authority ===

impl Authority {
    /// Makes a new authority with that common name.
    ///
    /// # Errors
    /// The library could not make a key or a certificate.
    pub fn create(common_name: &str) -> Result<Self, PkiError> {
        let key = new_key()?;
        let mut parameters = parameters(common_name, AUTHORITY_VALIDITY);
        // It issues to nodes and clients only, never to another authority.
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = parameters.self_signed(&key).map_err(PkiError::NotMade)?;
        let issued = Issued::new(&certificate, &key);
        Ok(Self { issued, issuer: Issuer::new(parameters, key) })
    }

    /// Reads an authority that [`Authority::save`] wrote.
    ///
    /// # Errors
    /// A file is missing, is not in PEM form, or the key is not the certificate's.
    pub fn load(directory: &Path) -> Result<Self, PkiError> {
        let (certificate_path, key_path) = file_names(directory, AUTHORITY_STEM);
        let certificate_pem = read(&certificate_path)?;
        let key_pem = read(&key_path)?;
        if is_encrypted_key(key_pem.as_bytes()) {
            return Err(PkiError::EncryptedKey { path: key_path });
        }
        let key = KeyPair::from_pem(&key_pem).map_err(|error| not_pem(&key_path, "a private key", error))?;
        let no_certificate = |error: Box<dyn Error + Send + Sync>| not_pem(&certificate_path, "a certificate", error);
        let der =
            CertificateDer::from_pem_slice(certificate_pem.as_bytes()).map_err(|error| no_certificate(error.into()))?;
        if !certificate::has_public_key(&der, key.public_key_raw()).map_err(|error| no_certificate(error.into()))? {
            return Err(PkiError::KeyMismatch { key: key_path, certificate: certificate_path });
        }
        let issuer = Issuer::from_ca_cert_der(&der, key).map_err(|error| no_certificate(error.into()))?;
        let issued = Issued { certificate_pem: certificate_pem.to_string(), key_pem };
        Ok(Self { issued, issuer })
    }

    /// Writes `ca.pem` and, readable by the owner only, `ca-key.pem`. Returns the two paths.
    ///
    /// # Errors
    /// As [`Issued::save`].
    pub fn save(&self, directory: &Path) -> Result<(PathBuf, PathBuf), PkiError> {
        self.issued.save(directory, AUTHORITY_STEM)
    }

    /// The authority's own certificate, which everybody who verifies needs.
    pub fn certificate_pem(&self) -> &str {
        self.issued.certificate_pem()
    }

    /// Issues a certificate with a new key, valid for that long from now.
    ///
    /// # Errors
    /// The node id is 0, a host or the identity cannot stand in a certificate, or the library failed.
    pub fn issue(&self, subject: &CertificateSubject, validity: Duration) -> Result<Issued, PkiError> {
        let mut parameters = match subject {
            CertificateSubject::Node { id, hosts } => node_parameters(*id, hosts, validity)?,
            CertificateSubject::Client { identity } => client_parameters(identity, validity)?,
        };
        parameters.use_authority_key_identifier_extension = true;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = new_key()?;
        let certificate = parameters.signed_by(&key, &self.issuer).map_err(PkiError::NotMade)?;
        Ok(Issued::new(&certificate, &key))
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority(******)")
    }
}

fn node_parameters(id: u64, hosts: &[Host], validity: Duration) -> Result<CertificateParams, PkiError> {
    if id == 0 {
        return Err(PkiError::BadNodeId);
    }
    let mut parameters = parameters(&format!("node-{id}"), validity);
    parameters.subject_alt_names.push(dns(&peer_name(id))?);
    for host in hosts {
        parameters.subject_alt_names.push(host.to_alternative_name()?);
    }
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    Ok(parameters)
}

fn client_parameters(identity: &str, validity: Duration) -> Result<CertificateParams, PkiError> {
    let refused = || PkiError::BadIdentity { value: identity.to_owned() };
    let length = identity.chars().count();
    // 64 is the upper bound of a common name (RFC 5280, appendix A.1).
    if length == 0 || length > 64 || identity.chars().any(char::is_control) {
        return Err(refused());
    }
    let mut parameters = if certificate::is_uri(identity) {
        let mut parameters = parameters("client", validity);
        parameters.subject_alt_names.push(SanType::URI(identity.try_into().map_err(|_| refused())?));
        parameters
    } else {
        parameters(identity, validity)
    };
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(parameters)
}

fn parameters(common_name: &str, validity: Duration) -> CertificateParams {
    let now = SystemTime::now();
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::CommonName, common_name);
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = distinguished_name;
    parameters.not_before = (now - BACKDATED).into();
    parameters.not_after = (now + validity).into();
    parameters
}

fn dns(name: &str) -> Result<SanType, PkiError> {
    let name = name.try_into().map_err(|_| PkiError::BadHost { value: name.to_owned() })?;
    Ok(SanType::DnsName(name))
}

fn new_key() -> Result<KeyPair, PkiError> {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(PkiError::NotMade)
}

fn file_names(directory: &Path, stem: &str) -> (PathBuf, PathBuf) {
    (directory.join(format!("{stem}.pem")), directory.join(format!("{stem}-key.pem")))
}

fn create(path: &Path, contents: &str, mode: u32) -> Result<(), PkiError> {
    files::create_new(path, contents.as_bytes(), mode).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => PkiError::Exists { path: path.to_owned() },
        _ => PkiError::Unwritable { path: path.to_owned(), source },
    })
}

fn read(path: &Path) -> Result<Zeroizing<String>, PkiError> {
    let bytes = files::read_limited(path, PEM_SIZE_MAX)
        .map_err(|source| PkiError::Unreadable { path: path.to_owned(), source })?;
    text::text(Zeroizing::new(bytes)).map_err(|source| PkiError::NotText { path: path.to_owned(), source })
}

fn not_pem(path: &Path, expected: &'static str, error: impl Into<Box<dyn Error + Send + Sync>>) -> PkiError {
    PkiError::NotPem { path: path.to_owned(), expected, source: error.into() }
}
