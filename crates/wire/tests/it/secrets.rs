//! No secret is ever printed, in any form that a debug print would give it.

use std::fmt::Debug;
use std::fs;
use std::path::Path;

use aliasd_wire::v1;

const SECRET: &str = "hunter2-correct-horse";

/// Fails if the secret shows in a debug print as text, as hexadecimal or as a list of bytes.
fn assert_silent(what: &impl Debug) {
    let bytes = SECRET.as_bytes();
    let list = bytes.iter().map(u8::to_string).collect::<Vec<_>>();
    let hexadecimal = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let forms = [SECRET.to_owned(), list.join(", "), list.join(",\n    "), hexadecimal];
    for printed in [format!("{what:?}"), format!("{what:#?}")] {
        for form in &forms {
            assert!(!printed.contains(form), "{printed}");
        }
        assert!(printed.contains("******"), "{printed}");
    }
}

fn secret() -> String {
    SECRET.to_owned()
}

fn value() -> v1::Value {
    v1::Value { kind: Some(v1::value::Kind::StringValue(secret())) }
}

#[test]
fn messages_with_secrets_do_not_print_them() {
    assert_silent(&v1::LoginRequest { user: "alice".to_owned(), password: secret() });
    assert_silent(&v1::LoginResponse { token: secret(), expires_at: None, password_change_required: false });
    assert_silent(&v1::VerifyUserRequest { user: "alice".to_owned(), password: secret(), freshness: None });
    assert_silent(&v1::InitRequest { members: Vec::new(), admin_user: String::new(), admin_password: Some(secret()) });
    assert_silent(&v1::InitResponse { cluster_id: String::new(), generated_password: Some(secret()) });
    assert_silent(&v1::ExecuteRequest {
        statement: format!("CREATE USER bob SET PASSWORD '{SECRET}'"),
        parameters: [("password".to_owned(), value())].into(),
        request_id: Vec::new(),
        freshness: None,
        first_sent_after_revision: None,
    });
    assert_silent(&value());
    let list = v1::ListValue { values: vec![value()] };
    assert_silent(&v1::Value { kind: Some(v1::value::Kind::ListValue(list)) });
    let map = v1::MapValue { entries: [("password".to_owned(), value())].into() };
    assert_silent(&v1::Value { kind: Some(v1::value::Kind::MapValue(map)) });
    let remote = v1::RemoteDatabase {
        url: "neo4j+s://location:7687".to_owned(),
        database: "neo4j".to_owned(),
        user: "alice".to_owned(),
        password: Some(secret()),
        driver: [("logging_level".to_owned(), value())].into(),
        default_language: v1::DefaultLanguage::Cypher5.into(),
        oidc_credential_forwarding: false,
    };
    let printed = format!("{remote:?}");
    assert!(printed.contains("neo4j+s://location:7687"), "what is no secret is printed: {printed}");
    assert_silent(&v1::ResolveResponse {
        route: Some(v1::Route {
            name: "remote-neo4j".to_owned(),
            destination: Some(v1::route::Destination::RemoteDatabase(remote)),
            properties: [("property".to_owned(), value())].into(),
            version: 7,
            composite: None,
        }),
        served_at_revision: 7,
        leader: None,
    });
}

/// A field that is called like a secret is marked as one, so that nobody has to remember the list above.
#[test]
fn fields_that_are_called_like_secrets_are_marked() {
    let mut checked = 0;
    for file in crate::frozen::proto_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto")) {
        for line in fs::read_to_string(&file).unwrap().lines() {
            let words: Vec<_> = line.trim().trim_start_matches("optional ").split_whitespace().collect();
            let [kind @ ("string" | "bytes"), name, "=", ..] = words[..] else { continue };
            let called_like_a_secret = ["password", "token", "secret", "statement", "ciphertext", "nonce", "private"]
                .iter()
                .any(|word| name.contains(word));
            if called_like_a_secret {
                checked += 1;
                assert!(line.contains("debug_redact = true"), "{}: {kind} {name}", file.display());
            }
        }
    }
    assert!(checked >= 10, "only {checked} fields were found: has the style of the files changed?");
}
