//! Who calls: environment, files, tokens, and what is said when something is missing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::node::{Node, PASSWORD};
use crate::program::Program;

#[test]
fn who_calls_has_to_be_said() {
    let node = Node::start();
    let said = node.nobody(&["whoami"]).run().failed(2);
    assert!(said.contains("it is not said who calls") && said.contains("--user"), "{said}");
    let said = node.nobody(&["whoami", "--user", "alice"]).run().failed(2);
    assert!(said.contains("ALIASD_PASSWORD"), "{said}");
    // A variable that was meant to be unset says nothing.
    let said = node.nobody(&["whoami"]).env("ALIASD_USER", "").env("ALIASD_TOKEN_FILE", "").run().failed(2);
    assert!(said.contains("it is not said who calls"), "{said}");
    let said = node.alice(&["whoami"]).env("ALIASD_PASSWORD", "wrong").run().failed(2);
    assert!(said.contains("CREDENTIALS_INVALID"), "{said}");
}

#[test]
fn a_password_comes_from_the_environment_a_file_or_standard_input() {
    let node = Node::start();
    let expected = "user                        alice\nknown by                    password\n\
                    roles                       PUBLIC, admin\nhas to change the password  no\n";
    assert_eq!(node.alice(&["whoami"]).run().done(), expected);
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("password"), format!("{PASSWORD}\n")).unwrap();
    let from_file = node.nobody(&["whoami", "--user", "alice", "--password-file", "password"]);
    from_file.directory(directory.path()).run().done();
    node.nobody(&["whoami", "--user", "alice", "--password-file", "-"]).run_with(PASSWORD).done();
}

#[test]
fn a_token_takes_the_place_of_the_password() {
    let node = Node::start();
    let ended = node.alice(&["login"]).run();
    assert!(ended.stderr.contains("The token is good for"), "{}", ended.stderr);
    assert_eq!(ended.done(), "at1.the-token\n");

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    for _ in 0..2 {
        let ended = node.alice(&["login", "--save", "token"]).directory(directory.path()).run();
        assert_eq!(ended.done(), "");
    }
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    let file = file.display().to_string();
    let json = node.nobody(&["whoami", "--format", "json"]).env("ALIASD_TOKEN_FILE", &file).run().done();
    let expected = concat!(
        r#"{"user":"alice","method":"TOKEN","roles":["PUBLIC","admin"],"home_database":null,"#,
        r#""password_change_required":false,"expires_at":null,"revision":7}"#,
        "\n"
    );
    assert_eq!(json, expected);

    let said = node.nobody(&["logout"]).run().failed(2);
    assert!(said.contains("--token-file"), "{said}");
    node.nobody(&["logout", "--token-file", &file]).run().done();
    assert!(!std::path::Path::new(&file).exists(), "the token that has ended is still there");
}

#[test]
fn settings_of_the_connection_are_checked_first() {
    let whoami = |endpoint: &str| {
        let program = Program::new(&["whoami", "--endpoints", endpoint]);
        program.env("ALIASD_USER", "alice").env("ALIASD_PASSWORD", PASSWORD)
    };
    let said = whoami("https://a.example").run().failed(2);
    assert!(said.contains("ALIASD_CA"), "{said}");
    let said = whoami("http://127.0.0.1:1").run().failed(2);
    assert!(said.contains("--allow-plaintext"), "{said}");
    let said = whoami("https://alice:geheim@a.example").run().failed(2);
    assert!(!said.contains("geheim"), "{said}");
    let said = whoami("https://a.example").env("ALIASD_CA", "/does/not/exist").run().failed(2);
    assert!(said.contains("/does/not/exist"), "{said}");
    whoami("https://a.example").env("ALIASD_CERT", "/certificate/without/key").run().failed(2);
}
