//! `aliasctl cluster`.

use std::fs::OpenOptions;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::node::{Node, PASSWORD};
use crate::program::Program;

const MEMBER: &str = "1=a.example:7681,a.example:7680";

#[test]
fn a_generated_password_is_printed_once() {
    let node = Node::start();
    let ended = node.nobody(&["cluster", "init", "--member", MEMBER]).run();
    let told = &node.received()[0];
    let password = told.strip_prefix("admin with ").and_then(|rest| rest.split(':').next()).unwrap_or_default();
    assert!(password.len() == 32, "{told}");
    assert!(ended.stderr.contains("not shown again") && !ended.stderr.contains(password), "{}", ended.stderr);
    let cluster = "0".repeat(32);
    assert_eq!(ended.done(), format!("administrator  admin\npassword       {password}\ncluster        {cluster}\n"));

    let ended = node.nobody(&["cluster", "init", "--member", MEMBER, "--format", "json"]).run();
    let json: serde_json::Value = serde_json::from_str(&ended.done()).unwrap();
    assert_eq!((&json["cluster_id"], &json["administrator"]), (&cluster.into(), &"admin".into()));
    let password = json["generated_password"].as_str().unwrap();
    assert!(node.received()[1].starts_with(&format!("admin with {password}:")), "{:?}", node.received());
}

/// Nobody else could get into the cluster.
#[test]
fn no_cluster_is_formed_whose_password_cannot_be_printed() {
    let node = Node::start();
    for format in ["table", "json"] {
        let init = || node.nobody(&["cluster", "init", "--member", MEMBER, "--format", format]);
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (reader, unread) = std::io::pipe().unwrap();
        drop(reader);
        for (output, why) in [(Stdio::from(full), "No space left on device"), (unread.into(), "Broken pipe")] {
            let said = init().run_into(output).failed(2);
            let expected = format!("error: the generated password cannot be printed: {why}");
            assert!(said.starts_with(&expected) && said.contains("hint: No cluster was formed."), "{said}");
        }
        assert_eq!(init().run_closed().code, 2);
    }
    assert_eq!(node.received(), [""; 0]);
    // One that was given is known already.
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let given = node.alice(&["cluster", "init", "--member", MEMBER]).run_into(full.into());
    assert_eq!((given.code, node.received().len()), (5, 1), "{}", given.stderr);
}

/// It was printed before it was known that it would be of no use.
#[test]
fn a_password_that_leads_nowhere_is_called_so() {
    let nowhere = |format| {
        let arguments = ["cluster", "init", "--member", MEMBER, "--timeout", "1", "--format", format];
        Program::new(&arguments).env("ALIASD_ENDPOINTS", "http://127.0.0.1:1").arguments(&["--allow-plaintext"]).run()
    };
    let ended = nowhere("json");
    assert!(ended.code == 3 && ended.stderr.contains("Forget the password"), "{}: {}", ended.code, ended.stderr);
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(json["cluster_id"].is_null() && json["generated_password"].is_string(), "{json}");
    let ended = nowhere("table");
    assert!(!ended.stdout.contains("cluster") && ended.stderr.contains("Forget the password"), "{}", ended.stdout);
}

#[test]
fn a_given_password_is_not_printed() {
    let node = Node::start();
    // A user in the environment is nobody to a cluster that does not exist yet.
    let init = node.alice(&["cluster", "init", "--admin", "root", "--member", MEMBER, "--format", "json"]);
    let printed = init.run().done();
    let expected = format!(r#"{{"cluster_id":"{}","administrator":"root","generated_password":null}}"#, "0".repeat(32));
    assert_eq!(printed, expected + "\n");
    assert!(node.received()[0].starts_with(&format!("root with {PASSWORD}")), "{:?}", node.received());
}

#[test]
fn members_have_a_form() {
    let said = Program::new(&["cluster", "init", "--member", "a.example"]).run().failed(2);
    assert!(said.contains("1=a.example:7681,a.example:7680"), "{said}");
    Program::new(&["cluster", "init"]).run().failed(2);
}

#[test]
fn the_status_needs_no_user() {
    let node = Node::start();
    let status = node.nobody(&["cluster", "status"]).run().done();
    assert!(status.contains("role       leader\n"), "{status}");
    assert!(
        status.contains("not ready  KEY_MISSING: The keystore lacks the active key.\nhint       Copy it.\n"),
        "{status}"
    );
    let json = node.nobody(&["cluster", "status", "--format", "json"]).run().done();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["node"]["node_id"], &json["term"]), (&1.into(), &2.into()));
    assert_eq!(json["node"]["not_ready_reasons"][0]["code"], "KEY_MISSING");
}

#[test]
fn the_leadership_is_handed_on() {
    let node = Node::start();
    let told = node.alice(&["cluster", "transfer"]).run().done();
    assert_eq!(told, "leader   2\nclients  b.example:7680\nterm     3\n");
    let told = node.alice(&["cluster", "transfer", "--to", "7", "--format", "json"]).run().done();
    assert_eq!(
        told,
        "{\"leader\":{\"node_id\":7,\"client_address\":\"b.example:7680\"},\"term\":3,\"led_already\":false}\n"
    );
    let again = node.alice(&["cluster", "transfer", "--to", "5"]).run();
    assert!(again.code == 0 && again.stderr == "Node 5 leads already; nothing was done.\n", "{}", again.stderr);
    assert_eq!(node.received(), ["lead 0", "lead 7", "lead 5"]);
}

#[test]
fn the_status_of_all_tells_of_those_that_are_silent() {
    let node = Node::start();
    let both = format!("{},http://127.0.0.1:1", node.endpoint);
    let ended = node.nobody(&["cluster", "status", "--all", "--format", "json", "--endpoints", &both]).run();
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("127.0.0.1:1").count(), 1, "it is said once: {}", ended.stderr);
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&json[0]["status"]["node"]["node_id"], &json[0]["error"]), (&1.into(), &serde_json::Value::Null));
    assert_eq!(json[1]["error"]["code"], "UNREACHABLE");
    let table = node.nobody(&["cluster", "status", "--all"]).run().done();
    assert!(table.contains("leader") && table.contains("abababababababab"), "{table}");
}

#[test]
fn a_join_token_is_printed_or_saved_for_its_owner_alone() {
    let node = Node::start();
    let add = ["cluster", "add", "--id", "4", "--peer", "d.example:7681", "--client", "d.example:7680"];
    let ended = node.alice(&add).run();
    assert!(ended.stderr.contains("Start node 4 with node.join_token_file"), "{}", ended.stderr);
    assert_eq!(ended.done(), "aliasd-join-0123\n");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("join-4");
    let more = ["--learner", "--token-lifetime", "60", "--save", file.to_str().unwrap(), "--format", "json"];
    let printed = node.alice(&[&add[..], &more].concat()).run().done();
    assert_eq!(printed, "{\"node_id\":4,\"join_token\":null,\"expires_at\":null,\"done\":false}\n");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "aliasd-join-0123");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        node.received(),
        [
            "add 4 at d.example:7681, d.example:7680, learner false, for Some(3600)",
            "add 4 at d.example:7681, d.example:7680, learner true, for Some(60)"
        ]
    );
}

#[test]
fn a_change_of_the_members_is_waited_for_and_said_to_go_on() {
    let node = Node::start();
    assert_eq!(node.alice(&["cluster", "remove", "3"]).run().done(), "Node 3 is no member any more.\n");
    let replace = ["cluster", "replace", "3", "4", "--peer", "d.example:7681", "--client", "d.example:7680"];
    let replaced = node.alice(&replace).run().done();
    assert_eq!(replaced, "Node 4 has the place of node 3, which is no member any more.\n");
    let said = node.alice(&["cluster", "promote", "4", "--wait", "0"]).run().failed(3);
    assert!(said.contains("waiting for node 4 to catch up\n") && said.contains("It goes on;"), "{said}");
    let removed = node.alice(&["cluster", "remove", "3", "--format", "json"]).run().done();
    assert_eq!(removed, "{\"node_id\":3,\"done\":true}\n");
    node.alice(&["cluster", "promote", "4", "--wait", "0", "--format", "json"]).run().failed(3);
    assert_eq!(node.received(), ["remove 3", "replace 3 by 4", "promote 4", "remove 3", "promote 4"]);
}
