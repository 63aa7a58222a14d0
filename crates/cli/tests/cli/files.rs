//! Commands that need no cluster: keystores, certificates, completion, help.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::program::Program;

const PASSWORD: (&str, &str) = ("ALIASD_KEYSTORE_PASSWORD", "keystore password");

#[test]
fn a_keystore_is_made_and_listed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keystore.p12").display().to_string();
    let keystore = |arguments: &[&str]| Program::new(&["keystore"]).arguments(arguments);
    let said = keystore(&["create", &path]).run().failed(2);
    assert!(said.contains("ALIASD_KEYSTORE_PASSWORD"), "{said}");
    let made = keystore(&["create", &path]).env(PASSWORD.0, PASSWORD.1).run().done();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let listed = keystore(&["list", &path, "--format", "json"]).env(PASSWORD.0, PASSWORD.1).run().done();
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["name"], "aeskey");
    assert!(made.contains(listed[0]["key_id"].as_str().unwrap()), "{made}");
    let table = keystore(&["list", &path, "--password-file", "-"]).run_with(PASSWORD.1).done();
    assert!(table.contains("aeskey"), "{table}");

    let said = keystore(&["create", &path]).env(PASSWORD.0, PASSWORD.1).run().failed(2);
    assert!(said.contains("never overwritten"), "{said}");
    let said = keystore(&["list", &path]).env(PASSWORD.0, "another password").run().failed(2);
    assert!(said.contains("password") && !said.contains("another"), "{said}");
}

#[test]
fn entries_that_cannot_be_used_are_listed_as_such() {
    let fixture = |name: &str| format!("{}/../keyring/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let list = |name: &str| Program::new(&["keystore", "list", &fixture(name)]).env(PASSWORD.0, "fixture-password");
    let table = list("keytool.p12").run().done();
    assert!(table.contains("short") && table.contains("an AES key of 128 bits, not an AES key of 256 bits"), "{table}");
    let said = list("keytool-rounds.p12").run().failed(2);
    assert!(said.contains("although its password is right") && said.contains("1,000,000 rounds"), "{said}");
}

/// What every secret in a file goes through: a password, a token, a parameter.
#[test]
fn a_byte_order_mark_is_never_taken_for_a_part_of_a_secret() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("marked"), "\u{feff}geheim12").unwrap();
    for arguments in [
        ["keystore", "create", "k.p12", "--password-file", "marked"].as_slice(),
        &["whoami", "--token-file", "marked", "--endpoints", "http://127.0.0.1:1", "--allow-plaintext"],
        &["exec", "CREATE USER u SET PASSWORD $p", "-p", "p=@marked"],
    ] {
        let said = Program::new(arguments).directory(directory.path()).run().failed(2);
        assert!(said.contains("byte order mark (UTF-8)") && said.contains("without a byte order mark"), "{said}");
        assert!(!said.contains("geheim"), "{said}");
    }
    assert!(!directory.path().join("k.p12").exists());
}

#[test]
fn a_file_that_holds_no_token_is_neither_sent_nor_removed() {
    let directory = tempfile::tempdir().unwrap();
    let note = directory.path().join("note");
    for command in ["logout", "whoami"] {
        let run = || {
            let arguments = [command, "--token-file", "note", "--endpoints", "http://127.0.0.1:1", "--allow-plaintext"];
            Program::new(&arguments).directory(directory.path()).run().failed(2)
        };
        for text in ["the password of the keystore", "at.x", "atx.y", "bearer at1.x"] {
            fs::write(&note, text).unwrap();
            let said = run();
            assert!(
                said.contains("the file note holds no token of a cluster") && said.contains("login --save"),
                "{said}"
            );
            assert!(!said.contains(text), "{said}");
        }
        fs::write(&note, "\n").unwrap();
        assert_eq!(run(), "error: the token file note is empty\n");
    }
    assert!(note.exists());
}

/// What every file with a secret, a key or a certificate goes through, and its way out names it.
#[test]
fn a_file_that_holds_nothing_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let dir = directory.path().display().to_string();
    Program::new(&["pki", "init", "--dir", &dir]).run().done();
    for identity in ["x", "y"] {
        Program::new(&["pki", "issue", "client", "--dir", &dir, "--identity", identity]).run().done();
    }
    fs::write(directory.path().join("empty"), "").unwrap();
    let run = |arguments: &[&str]| Program::new(arguments).directory(directory.path()).run().failed(2);
    let whoami = |arguments: &[&str]| run(&[&["whoami", "--endpoints", "https://127.0.0.1:1"], arguments].concat());
    for (said, what) in [
        (whoami(&["--ca", "empty", "--user", "x"]), "CA certificate"),
        (whoami(&["--ca", "ca.pem", "--cert", "empty", "--key", "x-key.pem"]), "client certificate"),
        (whoami(&["--ca", "ca.pem", "--cert", "x.pem", "--key", "empty"]), "private key"),
        (whoami(&["--ca", "ca.pem", "--user", "x", "--password-file", "empty"]), "password file"),
        (run(&["keystore", "create", "k.p12", "--password-file", "empty"]), "password file"),
        (run(&["cluster", "init", "--member", "1=a:1,a:2", "--ca", "ca.pem", "--token-file", "empty"]), "token file"),
    ] {
        assert_eq!(said, format!("error: the {what} empty is empty\n"));
    }
    let said = Program::new(&["keystore", "create", "k.p12", "--password-file", "-"]).directory(directory.path()).run();
    assert_eq!(said.failed(2), "error: the password file on standard input is empty\n");
    for (said, file, what) in [
        (
            whoami(&["--ca", "x-key.pem", "--user", "x", "--password-file", "x.pem"]),
            "x-key.pem",
            "the CA certificate is not",
        ),
        (
            whoami(&["--ca", "ca.pem", "--cert", "x.pem", "--key", "y-key.pem"]),
            "y-key.pem",
            "does not belong to the client certificate",
        ),
        (
            whoami(&["--ca", "ca.pem", "--cert", "x-key.pem", "--key", "x-key.pem"]),
            "x-key.pem",
            "the client certificate is not",
        ),
    ] {
        assert!(said.starts_with(&format!("error: the file {file} cannot be used: ")) && said.contains(what), "{said}");
    }
}

#[test]
fn certificates_are_made() {
    let directory = tempfile::tempdir().unwrap();
    let dir = directory.path().join("pki").display().to_string();
    let issue = |arguments: &[&str]| Program::new(&["pki", "issue"]).arguments(arguments).arguments(&["--dir", &dir]);
    assert!(issue(&["client", "--identity", "x"]).run().failed(2).contains("ca.pem"));
    Program::new(&["pki", "init", "--dir", &dir]).run().done();
    let printed = issue(&["node", "--id", "1", "--host", "127.0.0.1", "--host", "a.example"]).run().done();
    assert_eq!(printed, format!("certificate  {dir}/node-1.pem\nkey          {dir}/node-1-key.pem\n"));
    issue(&["client", "--identity", "dbms-a", "--days", "7"]).run().done();
    let key = fs::metadata(format!("{dir}/dbms-a-key.pem")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    let elsewhere = directory.path().join("elsewhere").display().to_string();
    issue(&["client", "--identity", "../x", "--out", &elsewhere]).run().done();
    assert!(fs::exists(format!("{elsewhere}/_.._x.pem")).unwrap());
    // What is there is replaced on request alone, keeps its mode, and what cannot be is said.
    assert!(issue(&["client", "--identity", "dbms-a"]).run().failed(2).contains("--replace"));
    let before = fs::read(format!("{dir}/dbms-a.pem")).unwrap();
    fs::set_permissions(format!("{dir}/dbms-a-key.pem"), fs::Permissions::from_mode(0o640)).unwrap();
    issue(&["client", "--identity", "dbms-a", "--replace"]).run().done();
    assert_ne!(fs::read(format!("{dir}/dbms-a.pem")).unwrap(), before);
    let key = fs::metadata(format!("{dir}/dbms-a-key.pem")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o640);
    issue(&["client", "--identity", "first", "--replace"]).run().done();
    // An authority never is, nor a node's certificate by a client's.
    for (file, identity) in [("ca", "ca"), ("node-1", "node-1")] {
        let files = || ["", "-key"].map(|part| fs::read(format!("{dir}/{file}{part}.pem")).unwrap());
        let before = files();
        let said = issue(&["client", "--identity", identity, "--replace"]).run().failed(2);
        assert!(said.contains("never overwritten") && said.contains("an authority is never replaced"), "{said}");
        assert!(files() == before, "{file} is what it was");
    }
    assert!(issue(&["node", "--id", "0", "--host", "a"]).run().failed(2).contains("from 1 on"));
    issue(&["node", "--id", "2", "--host", "node-1.peer.aliasd"]).run().failed(2);
    issue(&["client", "--identity", "y", "--days", "0"]).run().failed(2);
}

#[test]
fn shells_complete_and_help_explains() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(Program::new(&["completion", shell]).run().done().contains("aliasctl"));
    }
    let help = Program::new(&["--help"]).run().done();
    assert!(help.contains("Exit codes:\n  0  done\n  1  refused"), "{help}");
    assert_eq!(Program::new(&["help"]).run().done(), help);
    let version = Program::new(&["--version"]).run().done();
    let built_from = version.trim_end().strip_prefix(concat!("aliasctl ", env!("CARGO_PKG_VERSION"), " ("));
    assert!(built_from.is_some_and(|commit| commit.len() > 10 && commit.ends_with(')')), "{version}");
    let directory = tempfile::tempdir().unwrap();
    Program::new(&["man", "pages"]).directory(directory.path()).run().done();
    let page = |name: &str| fs::read_to_string(directory.path().join("pages").join(name)).unwrap();
    assert!(page("aliasctl.1").contains("aliasctl\\-exec(1)"), "{}", page("aliasctl.1"));
    assert!(page("aliasctl-cluster-transfer.1").contains("Make another voter the leader"));
    // Whatever is set in the environment, the help does not repeat it.
    let help = Program::new(&["exec", "--help"]).env("ALIASD_USER", "somebody").run().done();
    assert!(help.contains("{\"columns\":[…],\"rows\""), "{help}");
    assert!(help.contains("ALIASD_USER") && !help.contains("somebody"), "{help}");
}
