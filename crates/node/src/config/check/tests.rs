use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use aliasd_keyring::keystore::Keystore;
use aliasd_keyring::pki::{Authority, CertificateSubject, DEFAULT_VALIDITY, Host};
use tempfile::TempDir;

use super::Severity;
use crate::config::tests::{REQUIRED, load, project};

/// A machine on which the configuration would start.
/// Each at a port that nobody else has.
const LISTENERS: &str = "\nclient_listen = '127.0.0.1:0'\npeer_listen = '127.0.0.1:0'\nhttp_listen = '127.0.0.1:0'";

fn machine() -> (TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let authority = Authority::create("test").unwrap();
    authority.save(root).unwrap();
    let subject = CertificateSubject::Node { id: 1, hosts: vec!["localhost".parse::<Host>().unwrap()] };
    authority.issue(&subject, DEFAULT_VALIDITY).unwrap().save(root, "node-1").unwrap();
    Keystore::create(&root.join("keystore.p12"), "hunter2-hunter2", "aesKey").unwrap();
    let contents = REQUIRED
        .replace("/etc/aliasd", root.to_str().unwrap())
        .replace("id = 1", &format!("id = 1\ndata_dir = '{}/data'{LISTENERS}", root.display()));
    (directory, contents)
}

/// What is found, but for what could not be told.
fn findings(contents: &str) -> Vec<(Severity, String)> {
    everything(contents).into_iter().filter(|(severity, _)| *severity > Severity::Note).collect()
}

fn everything(contents: &str) -> Vec<(Severity, String)> {
    let findings = load(contents).unwrap().check();
    findings.into_iter().map(|found| (found.severity, found.error.to_string())).collect()
}

#[test]
fn a_good_machine_has_nothing_to_say() {
    let (_directory, contents) = machine();
    assert_eq!(findings(&contents), []);
}

/// Nobody can know which keys a cluster has that the node has heard nothing of.
#[test]
fn what_cannot_be_told_without_a_catalog_is_said() {
    let (_directory, contents) = machine();
    let said = everything(&contents);
    assert_eq!((said.len(), said[0].0), (1, Severity::Note), "{said:?}");
    let expected = "holds the cluster's keys cannot be told: the node has heard of no cluster yet";
    assert!(said[0].1.starts_with("keystore.path: whether") && said[0].1.contains(expected), "{said:?}");
}

/// A start goes by the same, and leaves what is there as it is.
#[test]
fn a_data_directory_that_a_start_would_refuse_is_found() {
    let (directory, contents) = machine();
    let data = directory.path().join("data");
    fs::create_dir_all(data.join("catalog")).unwrap();
    fs::write(data.join("catalog/CURRENT"), "nonsense").unwrap();
    let found = findings(&contents);
    assert_eq!((found.len(), found[0].0), (1, Severity::Error), "{found:?}");
    assert!(found[0].1.starts_with("node.data_dir: ") && found[0].1.contains("the log is missing"), "{found:?}");
    let note = everything(&contents).into_iter().find(|(severity, _)| *severity == Severity::Note).unwrap();
    assert!(note.1.ends_with("cannot be told: the data directory cannot be used as it is"), "{note:?}");
    let entries = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(entries.collect::<Vec<_>>(), ["catalog"], "the check leaves something behind");
}

/// It has the time that a start has.
#[test]
fn a_data_directory_that_is_read_without_end_is_given_up() {
    let (directory, contents) = machine();
    let data = directory.path().join("data");
    fs::create_dir(&data).unwrap();
    nix::unistd::mkfifo(&data.join("watermark"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let found = findings(&contents.replacen("id = 1", "id = 1\nopen_timeout = '1s'", 1));
    assert_eq!((found.len(), found[0].0), (1, Severity::Error), "{found:?}");
    assert!(found[0].1.ends_with("could not be opened within 1s"), "{found:?}");
}

/// A token is of use to a node that belongs to no cluster, and to be had as long as that is so.
#[test]
fn a_join_token_that_is_not_there_is_found() {
    let (directory, contents) = machine();
    let file = directory.path().join("token");
    let found = findings(&contents.replacen("id = 1", &format!("id = 1\njoin_token_file = '{}'", file.display()), 1));
    assert_eq!((found.len(), found[0].0), (1, Severity::Error), "{found:?}");
    assert!(found[0].1.starts_with("node.join_token_file: ") && found[0].1.contains("is not there"), "{found:?}");
}

#[test]
fn each_thing_that_would_stop_a_start_is_found() {
    let (directory, contents) = machine();
    let root = directory.path().display();
    for (from, to, expected) in [
        (
            "node-1.pem",
            "missing.pem",
            "tls.peer_certificate: ROOT/missing.pem cannot be read: No such file or directory (os error 2)",
        ),
        ("node-1.pem", "keystore.p12", "tls.peer_certificate: ROOT/keystore.p12 holds no certificate in PEM form"),
        ("node-1.pem", "ca.pem", "tls.peer_certificate: ROOT/ca.pem does not prove which node it belongs to"),
        ("node-1-key.pem", "node-1.pem", "tls.peer_key: ROOT/node-1.pem holds no private key in PEM form"),
        ("node-1-key.pem", "ca-key.pem", "tls.peer_key: ROOT/ca-key.pem is not the private key of the certificate"),
        ("id = 1", "id = 2", "tls.peer_certificate: ROOT/node-1.pem belongs to node 1, and node.id is 2"),
        ("/keystore.p12", "/none.p12", "keystore.path: the keystore file ROOT/none.p12 does not exist"),
        ("hunter2-hunter2", "hunter3", "keystore.password: the password does not open the keystore"),
        ("[keystore]", "[keystore]\nkey_name = 'k'", "keystore.key_name: the key 'k' was not found in the keystore"),
        ("/data'", "/ca.pem/data'", "node.data_dir: ROOT/ca.pem is not a directory"),
        (
            "[keystore]",
            "[log]\nfile = 'ROOT/none/aliasd.log'\n[keystore]",
            "log.file: the directory ROOT/none does not exist",
        ),
        ("[keystore]", "[log]\nfile = 'ROOT'\n[keystore]", "log.file: ROOT is a directory"),
        (
            "id = 1",
            "id = 1\nclient_advertise = 'db1.example.com:7680'",
            "tls.peer_certificate: ROOT/node-1.pem is not for db1.example.com",
        ),
    ] {
        let to = &to.replace("ROOT", &root.to_string());
        let found = findings(&contents.replacen(from, to, 1));
        assert_eq!(found.len(), 1, "{to}: {found:?}");
        assert_eq!(found[0].0, Severity::Error);
        let text = found[0].1.replace(&root.to_string(), "ROOT");
        assert!(text.starts_with(expected), "{text}");
        assert!(!text.contains("hunter"), "{text}");
    }
}

#[test]
fn a_certificate_that_ends_soon_says_in_what_time() {
    let (directory, contents) = machine();
    let authority = Authority::load(directory.path()).unwrap();
    let subject = CertificateSubject::Node { id: 1, hosts: vec!["localhost".parse::<Host>().unwrap()] };
    authority.issue(&subject, Duration::from_secs(3_600)).unwrap().save_over(directory.path(), "node-1").unwrap();
    let found = findings(&contents);
    assert!(found.iter().all(|(severity, _)| *severity == Severity::Warning), "{found:?}");
    assert!(
        found.iter().any(|(_, text)| text.contains("node-1.pem expires in 5") && text.ends_with("minutes")),
        "{found:?}"
    );
}

/// A machine whose certificate is one of those that openssl made, with its own authority.
fn with_certificate(name: &str) -> Vec<(Severity, String)> {
    let (directory, contents) = machine();
    let made = project("crates/node/tests/certificates");
    for (from, to) in [(name, "node-1.pem"), ("node-1-key.pem", "node-1-key.pem"), ("ca.pem", "ca.pem")] {
        let to = directory.path().join(to);
        fs::copy(made.join(from), &to).unwrap();
        fs::set_permissions(to, fs::Permissions::from_mode(0o600)).unwrap();
    }
    findings(&contents)
}

#[test]
fn what_a_member_would_refuse_is_found_before_a_member_does() {
    assert_eq!(with_certificate("with-intermediate.pem"), []);
    for (name, expected) in [
        (
            "of-intermediate.pem",
            "it is issued by 'CN=intermediate': the certificate is of an authority that is not known",
        ),
        ("server-only.pem", "would be refused by the members that this node dials"),
        ("client-only.pem", "would be refused by the members that dial this node"),
        ("expired.pem", "certificate expired"),
        ("not-yet.pem", "the certificate is not valid yet: it will be in "),
    ] {
        let found = with_certificate(name);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert_eq!(found[0].0, Severity::Error);
        assert!(found[0].1.starts_with("tls.peer_certificate: ") && found[0].1.contains(expected), "{}", found[0].1);
    }
}

#[test]
fn another_authority_and_one_that_is_none_are_found() {
    let (directory, contents) = machine();
    let path = |name: &str| directory.path().join(name);
    let other = Authority::create("other").unwrap();
    other.save(&path("other")).unwrap();
    let found = findings(&contents.replace("/ca.pem", "/other/ca.pem"));
    assert!(found[0].1.contains("would be refused by the members that dial this node"), "{found:?}");
    let found = findings(&contents.replace("/ca.pem", "/node-1.pem"));
    let expected = "node-1.pem holds a certificate that is none of an authority";
    assert!(found[0].1.starts_with("tls.peer_ca: ") && found[0].1.contains(expected), "{found:?}");
}

/// Root may write anywhere, so that only owners tell; others are told by what they may do.
#[test]
fn a_data_directory_that_the_node_could_not_use_is_found() {
    let (directory, contents) = machine();
    let found = findings(&contents.replace(&format!("{}/data", directory.path().display()), "/proc/aliasd/data"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.starts_with("node.data_dir: /proc"), "{found:?}");
    let data = directory.path().join("data");
    fs::create_dir(&data).unwrap();
    // Such as the lost+found of a volume.
    fs::write(data.join("notes"), "").unwrap();
    assert_eq!(findings(&contents), []);
    if !nix::unistd::geteuid().is_root() {
        eprintln!("SKIPPED in part: only root gives files away");
        return;
    }
    std::os::unix::fs::chown(data.join("notes"), Some(12_346), None).unwrap();
    std::os::unix::fs::chown(&data, Some(12_345), None).unwrap();
    let found = findings(&contents);
    assert_eq!((found.len(), found[0].0), (1, Severity::Warning));
    assert!(found[0].1.contains("belongs to user 12345, and this check runs as user 0"), "{found:?}");
    // However deep, where the node's own user could not use it.
    fs::create_dir_all(data.join("log/deep")).unwrap();
    for part in ["log", "log/deep"] {
        std::os::unix::fs::chown(data.join(part), Some(12_345), None).unwrap();
    }
    for (name, mode, is_usable) in [("CURRENT", 0o644, true), ("CURRENT", 0o640, false), ("000012.log", 0o644, false)] {
        let file = data.join("log/deep").join(name);
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let found = findings(&contents);
        let said = found.iter().any(|(severity, said)| *severity == Severity::Error && said.contains(name));
        assert_eq!(said, !is_usable, "{name} {mode:o}: {found:?}");
        fs::remove_file(&file).unwrap();
    }
    fs::remove_dir_all(&data).unwrap();
    std::os::unix::fs::symlink(directory.path().join("nowhere"), &data).unwrap();
    let found = findings(&contents);
    assert!(found[0].1.contains("is a link to a directory that does not exist"), "{found:?}");
}

#[test]
fn what_the_system_would_not_give_is_found() {
    let (_directory, contents) = machine();
    let with = |setting: &str| everything(&contents.replace("client_listen = '127.0.0.1:0'", setting));
    // A documentation address, which no machine has.
    let found = with("client_listen = '192.0.2.7:7680'\nclient_advertise = 'localhost:7680'");
    let of =
        |found: &[(Severity, String)]| found.iter().find(|(_, said)| said.starts_with("node.client_listen: ")).cloned();
    let said = of(&found).unwrap_or_else(|| panic!("{found:?}"));
    assert!(said.0 == Severity::Error && said.1.contains("cannot listen at 192.0.2.7:7680"), "{said:?}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let found = with(&format!("client_listen = '{}'", taken.local_addr().unwrap()));
    let said = of(&found).unwrap_or_else(|| panic!("{found:?}"));
    assert!(said.0 == Severity::Note && said.1.contains("a process listens there already"), "{said:?}");
}

#[test]
fn a_key_that_is_encrypted_and_a_file_with_a_mark_are_said() {
    let (directory, contents) = machine();
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    fs::write(directory.path().join("node-1-key.pem"), encrypted).unwrap();
    let found = findings(&contents);
    assert!(found[0].1.ends_with("node-1-key.pem holds an encrypted private key"), "{found:?}");
    let certificate = directory.path().join("node-1.pem");
    let marked = format!("\u{feff}{}", fs::read_to_string(&certificate).unwrap());
    fs::write(&certificate, marked).unwrap();
    let found = findings(&contents);
    let expected = "node-1.pem cannot be used: it begins with a byte order mark (UTF-8)";
    assert!(found[0].1.starts_with("tls.peer_certificate: ") && found[0].1.ends_with(expected), "{found:?}");
}

#[test]
fn what_should_be_put_right_is_a_warning() {
    let (_directory, contents) = machine();
    let found = findings(&contents.replace("id = 1", "id = 1\ninsecure_plaintext = true"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, Severity::Warning);
    assert!(found[0].1.starts_with("node.insecure_plaintext: clients are served without TLS"));
}

/// What the check says is wrong, a start refuses too.
#[test]
fn files_that_others_can_read_are_errors() {
    let (directory, contents) = machine();
    for (name, setting) in [("node-1-key.pem", "tls.peer_key"), ("keystore.p12", "keystore.path")] {
        let path = directory.path().join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let found = findings(&contents);
        assert_eq!((found.len(), found[0].0), (1, Severity::Error), "{found:?}");
        let said = &found[0].1;
        assert!(said.starts_with(&format!("{setting}: ")) && said.contains("has mode 644"), "{said}");
        let exposed = load(&contents).unwrap().exposed_files();
        assert_eq!(exposed.iter().map(|error| error.setting.as_deref()).collect::<Vec<_>>(), [Some(setting)]);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    }
    assert!(findings(&contents).is_empty());
}
