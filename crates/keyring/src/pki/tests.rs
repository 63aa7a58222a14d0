use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::{
    AUTHORITY_VALIDITY, Authority, CertificateParams, CertificateSubject, DEFAULT_VALIDITY, Host, Issued, PkiError,
    SanType, client_identity, expires_at, new_key, parameters, peer_name, peer_node_id,
};

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

fn node(id: u64) -> CertificateSubject {
    let hosts = ["db1.example.com", "10.0.0.1", "::1"].map(|host| host.parse().unwrap());
    CertificateSubject::Node { id, hosts: hosts.to_vec() }
}

fn client(identity: &str) -> CertificateSubject {
    CertificateSubject::Client { identity: identity.to_owned() }
}

fn assert_signed_by(authority: &Authority, issued: &Issued) {
    let authority = der(authority.certificate_pem());
    let (_, authority) = X509Certificate::from_der(&authority).unwrap();
    let certificate = der(issued.certificate_pem());
    let (_, certificate) = X509Certificate::from_der(&certificate).unwrap();
    certificate.verify_signature(Some(authority.public_key())).unwrap();
    assert!(certificate.validity().is_valid());
}

/// A self-signed certificate with any names at all.
fn certificate_with(change: impl FnOnce(&mut CertificateParams)) -> CertificateDer<'static> {
    let mut parameters = parameters("somebody", DEFAULT_VALIDITY);
    change(&mut parameters);
    parameters.self_signed(&new_key().unwrap()).unwrap().der().clone()
}

#[test]
fn a_node_certificate_proves_its_id_and_carries_its_hosts() {
    let authority = Authority::create("test cluster").unwrap();
    let issued = authority.issue(&node(17), DEFAULT_VALIDITY).unwrap();
    assert_signed_by(&authority, &issued);
    let certificate = der(issued.certificate_pem());
    assert_eq!(peer_node_id(&certificate).unwrap(), 17);
    assert_eq!(client_identity(&certificate).unwrap(), "node-17");
    let (_, parsed) = X509Certificate::from_der(&certificate).unwrap();
    let names = &parsed.subject_alternative_name().unwrap().unwrap().value.general_names;
    assert!(names.contains(&GeneralName::DNSName(&peer_name(17))));
    assert!(names.contains(&GeneralName::DNSName("db1.example.com")));
    assert!(names.contains(&GeneralName::IPAddress(&[10, 0, 0, 1])));
    assert_eq!(names.len(), 4);
}

#[test]
fn a_client_certificate_proves_its_identity_and_no_node() {
    let authority = Authority::create("test cluster").unwrap();
    let issued = authority.issue(&client("dbms-a, Ingresstraße"), DEFAULT_VALIDITY).unwrap();
    assert_signed_by(&authority, &issued);
    let certificate = der(issued.certificate_pem());
    assert_eq!(client_identity(&certificate).unwrap(), "dbms-a, Ingresstraße");
    assert!(matches!(peer_node_id(&certificate), Err(PkiError::NoNodeId)));
}

#[test]
fn a_client_that_calls_itself_a_node_proves_no_node() {
    let authority = Authority::create("test cluster").unwrap();
    let issued = authority.issue(&client(&peer_name(1)), DEFAULT_VALIDITY).unwrap();
    assert!(peer_node_id(&der(issued.certificate_pem())).is_err());
}

#[test]
fn one_uri_wins_over_the_common_name_and_two_prove_nothing() {
    let uri = |text: &str| SanType::URI(text.try_into().unwrap());
    let one = certificate_with(|it| it.subject_alt_names.push(uri("spiffe://a/dbms")));
    assert_eq!(client_identity(&one).unwrap(), "spiffe://a/dbms");
    let two = certificate_with(|it| it.subject_alt_names.extend([uri("urn:a"), uri("urn:b")]));
    assert!(matches!(client_identity(&two), Err(PkiError::NoIdentity)));
    let none = certificate_with(|it| it.distinguished_name = super::DistinguishedName::new());
    assert!(matches!(client_identity(&none), Err(PkiError::NoIdentity)));
}

#[test]
fn a_uri_and_a_common_name_never_spell_the_same_identity() {
    let named = |name: &str| certificate_with(|it| it.distinguished_name.push(super::DnType::CommonName, name));
    for spelled in ["spiffe://a/dbms", "urn:dbms", "dbms-a:7687", "https:x"] {
        assert!(matches!(client_identity(&named(spelled)), Err(PkiError::NoIdentity)), "{spelled}");
    }
    for plain in ["dbms-a", "a/b: c", ":x", "1:x", "Ingresstraße: 1"] {
        assert_eq!(client_identity(&named(plain)).unwrap(), plain);
    }
    let uri = |text: &str| SanType::URI(text.try_into().unwrap());
    let no_uri = certificate_with(|it| it.subject_alt_names.push(uri("dbms-a")));
    assert!(matches!(client_identity(&no_uri), Err(PkiError::NoIdentity)));
}

#[test]
fn a_uri_is_issued_as_a_uri() {
    let authority = Authority::create("test cluster").unwrap();
    let issued = authority.issue(&client("spiffe://a/dbms"), DEFAULT_VALIDITY).unwrap();
    assert_signed_by(&authority, &issued);
    assert_eq!(client_identity(&der(issued.certificate_pem())).unwrap(), "spiffe://a/dbms");
}

#[test]
fn only_one_canonical_peer_name_proves_a_node() {
    let with = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| super::dns(name).unwrap()).collect();
        certificate_with(move |it| it.subject_alt_names = names)
    };
    assert_eq!(peer_node_id(&with(&["host", "node-9.peer.aliasd"])).unwrap(), 9);
    for names in [
        &["node-1.peer.aliasd", "node-2.peer.aliasd"][..],
        &["node-01.peer.aliasd"],
        &["node-0.peer.aliasd"],
        &["node-+1.peer.aliasd"],
        &["node-.peer.aliasd"],
        &["node-1.peer.aliasd.example.com"],
        &["*.peer.aliasd"],
        &["node-99999999999999999999999.peer.aliasd"],
        &[],
    ] {
        assert!(matches!(peer_node_id(&with(names)), Err(PkiError::NoNodeId)), "{names:?}");
    }
}

#[test]
fn hosts_are_addresses_or_dns_names_outside_the_peers_domain() {
    assert!(matches!("192.168.0.1".parse(), Ok(Host::Ip(_))));
    assert!(matches!("::1".parse(), Ok(Host::Ip(_))));
    assert!(matches!("*.example.com".parse(), Ok(Host::Dns(_))));
    for bad in ["", "two words", "host:7680", "https://host"] {
        assert!(matches!(bad.parse::<Host>(), Err(PkiError::BadHost { .. })), "{bad}");
    }
    for reserved in ["node-2.peer.aliasd", "*.PEER.aliasd"] {
        assert!(matches!(reserved.parse::<Host>(), Err(PkiError::ReservedHost { .. })), "{reserved}");
    }
}

#[test]
fn bad_subjects_are_refused() {
    let authority = Authority::create("test cluster").unwrap();
    let issue = |subject| authority.issue(&subject, DEFAULT_VALIDITY);
    assert!(matches!(issue(node(0)), Err(PkiError::BadNodeId)));
    for identity in ["", "line\nbreak", &"x".repeat(65)] {
        assert!(matches!(issue(client(identity)), Err(PkiError::BadIdentity { .. })), "{identity:?}");
    }
}

#[test]
fn certificates_expire_when_asked_to() {
    let authority = Authority::create("test cluster").unwrap();
    let hour = Duration::from_secs(3_600);
    let issued = authority.issue(&client("short"), hour).unwrap();
    let expiry = expires_at(&der(issued.certificate_pem())).unwrap();
    assert!(expiry <= SystemTime::now() + hour);
    let authority = expires_at(&der(authority.certificate_pem())).unwrap();
    assert!(authority > SystemTime::now() + AUTHORITY_VALIDITY - hour);
}

#[test]
fn an_authority_is_saved_once_for_its_owner_and_loads_again() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::create("test cluster").unwrap();
    let (certificate, key) = authority.save(directory.path()).unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&certificate), mode(&key)), (0o644, 0o600));
    assert!(matches!(authority.save(directory.path()), Err(PkiError::Exists { .. })));

    let loaded = Authority::load(directory.path()).unwrap();
    let issued = loaded.issue(&node(1), DEFAULT_VALIDITY).unwrap();
    assert_signed_by(&authority, &issued);
    let nodes = directory.path().join("nodes");
    let (_, key) = issued.save(&nodes, "node-1").unwrap();
    assert!(key.ends_with("node-1-key.pem"));
    assert_eq!(mode(&key), 0o600);
}

#[test]
fn nothing_is_written_when_one_of_the_files_exists() {
    let directory = tempfile::tempdir().unwrap();
    let certificate = directory.path().join("ca.pem");
    fs::write(&certificate, "mine").unwrap();
    let error = Authority::create("test cluster").unwrap().save(directory.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the file {} exists already and is never overwritten", certificate.display())
    );
    assert!(!directory.path().join("ca-key.pem").exists());
}

#[test]
fn a_key_of_another_authority_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (_, key) = Authority::create("one").unwrap().save(directory.path()).unwrap();
    fs::write(&key, Authority::create("two").unwrap().issued.key_pem()).unwrap();
    assert!(matches!(Authority::load(directory.path()), Err(PkiError::KeyMismatch { .. })));
    fs::write(&key, "garbage").unwrap();
    assert!(matches!(Authority::load(directory.path()), Err(PkiError::NotPem { expected: "a private key", .. })));
    fs::write(&key, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n").unwrap();
    assert!(matches!(Authority::load(directory.path()), Err(PkiError::EncryptedKey { .. })));
    fs::write(&key, "\u{feff}-----BEGIN PRIVATE KEY-----").unwrap();
    let error = Authority::load(directory.path()).unwrap_err();
    assert!(matches!(error, PkiError::NotText { .. }) && error.hint().is_some(), "{error:?}");
    fs::remove_file(&key).unwrap();
    assert!(matches!(Authority::load(directory.path()), Err(PkiError::Unreadable { .. })));
}

#[test]
fn debug_shows_no_key() {
    let authority = Authority::create("test cluster").unwrap();
    let issued = authority.issue(&node(1), DEFAULT_VALIDITY).unwrap();
    assert_eq!(format!("{authority:?} {issued:?}"), "Authority(******) Issued(******)");
    assert!(issued.key_pem().contains("PRIVATE KEY"));
}
