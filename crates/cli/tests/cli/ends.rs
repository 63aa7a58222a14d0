//! How the program ends: one rule, the table of `--help`, with a case for each line of it; and what is said when an argument, a
//! variable or an output is at fault.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use crate::node::Node;
use crate::program::{Ended, Program};

/// Standard output of which the first byte is refused.
fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

/// Whatever this machine has to put right ends with the same code, wherever it is found.
#[test]
fn what_is_to_be_put_right_here_is_2() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    file("there", "x");
    file("weak", "short");
    file("password", "a password that is long enough");
    let node = Node::start();
    for arguments in [
        // Arguments.
        ["nonsense"].as_slice(),
        &[],
        &["exec"],
        &["exec", "SHOW X", "--format", "xml"],
        &["exec", "SHOW X", "--timeout", "0"],
        &["exec", "SHOW X", "-p", "no value"],
        &["cluster", "init", "--member", "1"],
        &["pki", "issue", "client", "--dir", ".", "--identity", ""],
        &["pki", "issue", "node", "--dir", ".", "--id", "0", "--host", "a"],
        // Files that are missing, of another kind, there already, or not what they should be.
        &["exec", "-f", "nosuch"],
        &["exec", "-f", "."],
        &["exec", "SHOW X", "-p", "p=@nosuch"],
        &["whoami", "--token-file", "nosuch"],
        &["whoami", "--password-file", "nosuch", "--user", "x"],
        &["keystore", "list", "nosuch"],
        &["keystore", "list", "."],
        &["keystore", "list", "there", "--password-file", "password"],
        &["keystore", "create", "there", "--password-file", "password"],
        &["keystore", "create", "new", "--password-file", "weak"],
        &["keystore", "create", "nosuch/new", "--password-file", "password"],
        &["pki", "init", "--dir", "there"],
        &["pki", "issue", "client", "--dir", "nosuch", "--identity", "x"],
        &["man", "there"],
        // Nobody is named.
        &["whoami"],
        &["login"],
        &["logout"],
        &["watch"],
        &["keystore", "create", "new"],
    ] {
        let program = Program::new(arguments).directory(directory.path());
        let said = program.env("ALIASD_ENDPOINTS", &node.endpoint).run().failed(2);
        assert!(!said.is_empty(), "{arguments:?}");
    }
    assert_eq!(node.received(), [""; 0]);
}

/// The answer is there and cannot be written.
#[test]
fn what_cannot_be_delivered_is_5() {
    let node = Node::start();
    for program in [
        Program::new(&["--help"]),
        Program::new(&["exec", "--help"]),
        Program::new(&["--version"]),
        Program::new(&["help", "watch"]),
        Program::new(&["completion", "bash"]),
        node.alice(&["exec", "SHOW NOTHING"]),
        node.alice(&["exec", "SHOW NOTHING", "--format", "csv"]),
        node.alice(&["exec", "SHOW NOTHING", "--format", "json"]),
        node.alice(&["exec", "CREATE ROLE r", "--format", "json"]),
        node.alice(&["login"]),
        node.alice(&["whoami"]),
        node.alice(&["whoami", "--format", "json"]),
        node.alice(&["resolve", "films"]),
        node.alice(&["explain-access", "carol", "films"]),
        node.alice(&["watch", "--count", "1"]),
        node.nobody(&["cluster", "status"]),
        node.nobody(&["cluster", "status", "--format", "json"]),
        node.nobody(&["cluster", "status", "--all"]),
    ] {
        let ended = program.run_into(full().into());
        assert_eq!(ended.code, 5, "{}", ended.stderr);
        assert!(
            ended.stderr.contains("error: the output cannot be written: No space left on device"),
            "{}",
            ended.stderr
        );
    }
    let directory = tempfile::tempdir().unwrap();
    let said = node.alice(&["login", "--save", "nosuch/token"]).directory(directory.path()).run().failed(5);
    assert!(said.contains("the token file nosuch/token cannot be written"), "{said}");
}

/// What would be printed may be the only copy of a password, so nothing is begun.
#[test]
fn nothing_is_begun_that_cannot_be_said() {
    let node = Node::start();
    let directory = tempfile::tempdir().unwrap();
    for program in [
        || Program::new(&["--help"]),
        || Program::new(&["--version"]),
        || Program::new(&["completion", "bash"]),
        || Program::new(&["man", "pages"]),
        || Program::new(&["pki", "init", "--dir", "pki"]),
    ] {
        let closed = program().directory(directory.path()).run_closed();
        let read_only = program().directory(directory.path()).run_into(File::open("/dev/null").unwrap().into());
        refused(&closed);
        refused(&read_only);
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left behind");
    for arguments in [
        ["exec", "SHOW NOTHING"].as_slice(),
        &["exec", "CREATE ROLE r", "--format", "json"],
        &["exec", "SHOW NOTHING", "--format", "csv"],
        &["shell"],
        &["login"],
        &["logout"],
        &["whoami", "--format", "json"],
        &["resolve", "films"],
        &["explain-access", "carol", "films"],
        &["watch", "--count", "1"],
        &["cluster", "init", "--member", "1=a:1,a:2"],
        &["cluster", "status"],
        &["cluster", "transfer"],
        &["cluster", "promote", "2"],
    ] {
        refused(&node.alice(arguments).run_closed());
        refused(&node.alice(arguments).run_into(File::open("/dev/null").unwrap().into()));
    }
    assert_eq!(node.received(), [""; 0]);
    // What is wrong with the arguments is said all the same, and a null device takes everything.
    let said = Program::new(&["nonsense"]).run_closed();
    assert!(said.code == 2 && said.stderr.contains("nonsense"), "{}", said.stderr);
    assert_eq!(node.alice(&["whoami"]).run_into(Stdio::null()).code, 0);
}

fn refused(ended: &Ended) {
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    let said = "error: standard output cannot be written: Bad file descriptor (os error 9)\n  hint: Nothing was done.";
    assert!(ended.stderr.starts_with(said), "{}", ended.stderr);
}

/// A reader that has seen enough is no failure, unless something is left that is not run for it.
#[test]
fn a_reader_that_leaves_hides_nothing() {
    let node = Node::start();
    let run = |program: Program, input: &str| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        program.run_with_into(input, Stdio::from(writer))
    };
    for program in [
        Program::new(&["--help"]),
        node.alice(&["exec", "SHOW NOTHING"]),
        node.alice(&["watch"]),
        node.nobody(&["cluster", "status", "--all"]),
    ] {
        let ended = run(program, "");
        assert_eq!((ended.code, ended.stderr.contains("error")), (0, false), "{}", ended.stderr);
    }
    // The exit code is the answer, too.
    assert_eq!(run(node.alice(&["explain-access", "carol", "secret"]), "").code, 1);
    assert_eq!(run(node.alice(&["exec", "-f", "-"]), "SHOW NOTHING;").code, 0);
    let before = node.received().len();
    for arguments in [["exec", "-f", "-"].as_slice(), &["shell"]] {
        let ended = run(node.alice(arguments), "CREATE ROLE r;\nSHOW NOTHING;\nCREATE ROLE r;");
        assert_eq!(ended.code, 5, "{}", ended.stderr);
        assert!(
            ended.stderr.contains("error: -:2: what came of this cannot be written, so what follows is not run"),
            "{}",
            ended.stderr
        );
    }
    assert_eq!(node.received()[before..], ["CREATE ROLE r", "SHOW NOTHING"].repeat(2));
}

/// Every variable is named that is at fault, and none where it means nothing.
#[test]
fn a_variable_that_is_no_text_is_named() {
    let strange = OsStr::from_bytes(b"geheim\xff");
    for (variable, arguments) in [
        ("ALIASD_USER", ["whoami"].as_slice()),
        ("ALIASD_ENDPOINTS", &["whoami"]),
        ("ALIASD_PASSWORD", &["whoami", "--user", "x", "--endpoints", "http://127.0.0.1:1", "--allow-plaintext"]),
        ("ALIASD_KEYSTORE_PASSWORD", &["keystore", "list", "x"]),
        ("ALIASD_CA", &["whoami", "--user", "x"]),
        ("ALIASD_TOKEN_FILE", &["whoami", "--endpoints", "http://127.0.0.1:1", "--allow-plaintext"]),
    ] {
        let said = Program::new(arguments).env_os(variable, strange).run().failed(2);
        let is_path = ["ALIASD_CA", "ALIASD_TOKEN_FILE"].contains(&variable);
        let named = if is_path { "cannot be read: No such file" } else { variable };
        assert!(said.contains(named), "{variable}: {said}");
        assert!(is_path || said.contains("is not UTF-8 text") && !said.contains("geheim"), "{variable}: {said}");
    }
    Program::new(&["completion", "bash"]).env_os("ALIASD_USER", strange).run().done();
    let said = Program::new(&["whoami"]).arguments_os(&[OsStr::new("--user"), strange]).run().failed(2);
    assert!(said.contains("--user") && said.contains("is not UTF-8 text"), "{said}");
}

/// A value of the wrong form is answered with the right one, not with the words of a library.
#[test]
fn an_argument_is_told_what_it_should_be() {
    for (arguments, form) in [
        (["cluster", "transfer", "--to", "x"].as_slice(), "it is a whole number from 1 on"),
        (&["cluster", "transfer", "--to", "0"], "it is a whole number from 1 on"),
        (&["cluster", "promote", "0"], "it is a whole number from 1 on"),
        (&["cluster", "remove", "3", "--wait", "18446744073709551615"], "seconds from 0 to 86400, which is a day"),
        (
            &[
                "cluster",
                "add",
                "--id",
                "4",
                "--peer",
                "d:1",
                "--client",
                "d:2",
                "--token-lifetime",
                "9223372036854775808",
            ],
            "seconds from 1 to 86400, which is a day",
        ),
        (&["watch", "--count", "0"], "it is a whole number from 1 on"),
        (&["watch", "--after", "-1"], "it is a whole number from 0 to 18446744073709551615"),
        (&["whoami", "--timeout", "-1"], "greater than 0 and up to 86400"),
        (&["watch", "--after", "x"], "it is a whole number from 0 to 18446744073709551615"),
        (&["pki", "issue", "node", "--dir", ".", "--host", "a", "--id", "one"], "it is a whole number from 1 on"),
        (
            &["pki", "issue", "client", "--dir", ".", "--identity", "x", "--days", "99999999999"],
            "a number of days from 1 to 3650",
        ),
        (&["whoami", "--timeout", "1e300"], "greater than 0 and up to 86400"),
        (&["whoami", "--timeout", "86401"], "greater than 0 and up to 86400"),
        (&["whoami", "--timeout", "NaN"], "greater than 0 and up to 86400"),
        (&["whoami", "--timeout", "soon"], "greater than 0 and up to 86400"),
        (&["exec", "X", "--freshness", "at-least=x"], "at-least=REVISION"),
    ] {
        let said = Program::new(arguments).run().failed(2);
        assert!(said.contains(form) && !said.contains("digit"), "{arguments:?}: {said}");
    }
    // Both ways to use a command are in its usage.
    let usage = Program::new(&["exec", "--help"]).run().done();
    assert!(
        usage.contains("Usage: aliasctl exec [OPTIONS] <STATEMENT>\n       aliasctl exec [OPTIONS] --file <FILE>"),
        "{usage}"
    );
    let usage = Program::new(&["exec"]).run().failed(2);
    assert!(usage.contains("--file <FILE>"), "{usage}");
    let usage = Program::new(&["resolve", "--help"]).run().done();
    assert!(usage.contains("aliasctl resolve [OPTIONS] --home"), "{usage}");
}
