//! `aliasctl shell`: as a script against the node in this process, and as a person meets it: through a terminal, against
//! a real node. What the terminal shows in the end is kept as `shell.golden`; `ALIASD_GOLDEN=write` writes it anew.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::daemon::Daemon;
use crate::node::Node;
use crate::terminal::Terminal;

const REMOTE_PASSWORD: &str = "remote-geheim";
const NEW_PASSWORD: &str = "quite-new-geheim";

#[test]
fn a_script_runs_without_prompts_up_to_its_first_failure() {
    let node = Node::start();
    let script =
        ":param p => 'x'\n:format csv\nCREATE USER u SET PASSWORD $p;\nSHOW NOTHING;\n\nCREATE ROLE twice;\n:exit\n";
    let ended = node.alice(&["shell"]).run_with(script);
    assert_eq!((ended.code, ended.stdout.as_str()), (1, "name\n"));
    assert!(
        ended.stderr.starts_with("information: It was noted. (00N71)\nerror: -:6: Role already"),
        "{}",
        ended.stderr
    );
    let received: Vec<String> = node.received();
    assert_eq!(received, ["CREATE USER u SET PASSWORD $p p=String(\"x\")", "SHOW NOTHING", "CREATE ROLE twice"]);
    // The last statement needs no semicolon, and each kind of failure has its exit code.
    for (script, code) in [
        ("SHOW NOTHING", 0),
        ("", 0),
        ("// nothing\n:exit\nCREATE ROLE twice;", 0),
        ("CREATE ROLE later;", 3),
        ("CREATE ROLE perhaps;", 4),
        (":parma p => 'x'", 2),
        (":param p", 2),
        (":source /does/not/exist", 2),
    ] {
        let ended = node.alice(&["shell"]).run_with(script);
        assert_eq!(ended.code, code, "{script}: {}", ended.stderr);
    }
    let said = node.alice(&["shell"]).run_with("\n:parma p => 'geheim'").failed(2);
    assert!(said.contains("-:2: :parma is not a command") && said.contains("Did you mean :param?"), "{said}");
    assert!(!said.contains("geheim"));
}

#[test]
fn a_file_runs_from_a_script_and_says_where_it_failed() {
    let node = Node::start();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("outer"), "SHOW NOTHING;\n:source inner\n").unwrap();
    fs::write(directory.path().join("inner"), "\nCREATE ROLE twice;\n").unwrap();
    fs::write(directory.path().join("endless"), ":source endless\n").unwrap();
    let run = |script: &str| node.alice(&["shell", "--format", "csv"]).directory(directory.path()).run_with(script);
    let ended = run(":source outer\nSHOW NOTHING;");
    assert_eq!((ended.code, ended.stdout.as_str()), (1, "name\n"));
    assert!(ended.stderr.contains("error: inner:2: Role already exists."), "{}", ended.stderr);
    assert!(run(":source endless").failed(2).contains("Does a file name itself?"));
}

/// A terminal that cannot move its cursor gets lines and no sequences, and works all the same.
#[test]
fn a_dumb_terminal_gets_no_escape_sequences() {
    let node = Node::start();
    let mut terminal = Terminal::start(node.alice(&["shell"]).env("TERM", "dumb").into_command());
    terminal.wait_for("alice>");
    terminal.press(":param p => 'x'\n");
    terminal.wait("the next prompt", |terminal| terminal.text().matches("alice>").count() == 2);
    terminal.press("CREATE USER u SET PASSWORD $p\n");
    terminal.wait_for("...>");
    terminal.press(";\n:clear\nCREATE ROLE twice;\n");
    terminal.wait("the failure", |terminal| terminal.text().contains("Role already exists."));
    terminal.press(":exit\n");
    terminal.wait("the end of the session", |terminal| terminal.written().contains(":exit"));
    assert_eq!(terminal.ended(), 0);
    assert!(!terminal.written().contains('\u{1b}'), "{:?}", terminal.written());
    assert_eq!(node.received(), ["CREATE USER u SET PASSWORD $p p=String(\"x\")", "CREATE ROLE twice"]);
}

/// A person at a terminal.
struct Person {
    terminal: Terminal,
    prompt: &'static str,
}

impl Person {
    fn start(daemon: &Daemon, home: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aliasctl"));
        command.env_clear().args(["shell", "--timeout", "120"]).current_dir(home);
        command.env("TERM", "xterm-256color").env("XDG_STATE_HOME", home.join("state"));
        command.env("ALIASD_ENDPOINTS", &daemon.endpoint).env("ALIASD_CA", &daemon.ca).env("ALIASD_USER", "admin");
        command.envs(variables.iter().copied());
        Self { terminal: Terminal::start(command), prompt: "admin>" }
    }

    /// Types a line, and waits for what it leads to and for the next prompt.
    fn says(&self, line: &str, answer: &str) {
        let begin = self.terminal.text().lines().count();
        self.terminal.press(&format!("{line}\r"));
        self.terminal.wait(answer, |terminal| {
            let text = terminal.text();
            let new: Vec<&str> = text.lines().skip(begin.saturating_sub(1)).collect();
            new.len() > 1 && new.join("\n").contains(answer) && new.last() == Some(&self.prompt)
        });
    }

    /// Answers a question that does not echo.
    fn answers(&self, question: &str, secret: &str) {
        self.terminal.wait_for(question);
        self.terminal.wait_for_silence();
        self.terminal.press(&format!("{secret}\r"));
    }

    /// Ctrl-C at the prompt: waits for the next one.
    fn clears(&self) {
        const PASTE_ON: &str = "\x1b[?2004h";
        let before = self.terminal.written().matches(PASTE_ON).count();
        self.terminal.press("\x03");
        self.terminal.wait("next line", |terminal| terminal.written().matches(PASTE_ON).count() > before);
        self.terminal.wait_for(self.prompt);
    }

    /// Sends a line and waits until the editor has given the terminal back: from then on, Ctrl-C is a signal.
    fn sends(&self, line: &str) {
        const PASTE_OFF: &str = "\x1b[?2004l";
        let before = self.terminal.written().matches(PASTE_OFF).count();
        self.terminal.press(&format!("{line}\r"));
        self.terminal.wait("end of editing", |terminal| terminal.written().matches(PASTE_OFF).count() > before);
    }
}

/// The transcript without what is different each time, and without the codes of the language, which has its own tests.
fn normalised(text: &str) -> String {
    let text = &text.replace("^C^C", "^C");
    let number_after = |text: &str, word: &str| {
        let mut parts = text.split(word);
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.trim_start_matches(|letter: char| letter.is_ascii_digit());
            out.push_str(word);
            out.push_str(if rest.len() < part.len() { "#" } else { "" });
            out.push_str(rest);
        }
        out
    };
    let mut is_in_refusals = false;
    let lines = text.lines().filter(|line| {
        let is_refusal = is_in_refusals && line.starts_with("  ");
        is_in_refusals = is_refusal || line.starts_with("May be refused with:");
        !is_refusal
    });
    let lines = lines.map(|line| {
        let line =
            line.split_once("GQLSTATUS ").map_or_else(|| line.to_owned(), |(code, _)| format!("{code}GQLSTATUS …"));
        let line = number_after(&number_after(&line, "revision "), "\"revision\":");
        match line.strip_suffix(" ms.").and_then(|line| line.rsplit_once(", ")) {
            Some((line, _)) => format!("{line}, # ms."),
            None => line,
        }
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

fn check_golden(transcript: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cli/shell.golden");
    if std::env::var_os("ALIASD_GOLDEN").is_some_and(|value| value == "write") {
        fs::write(&file, transcript).unwrap();
    }
    let golden = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(transcript, golden, "{transcript}");
}

#[test]
fn a_session_at_a_terminal() {
    let daemon = Daemon::start();
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("roles.cypher"), "CREATE ROLE reader2;\n\nCREATE ROLE reader2;\nCREATE ROLE never;\n")
        .unwrap();

    first_session(&daemon, home.path());

    let history = home.path().join("state/aliasctl/history");
    assert_eq!(fs::metadata(&history).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = fs::read_to_string(&history).unwrap();
    for secret in [&daemon.password, REMOTE_PASSWORD, NEW_PASSWORD, "cleared"] {
        assert!(!kept.contains(secret), "{kept}");
    }
    assert!(kept.contains("PASSWORD '******'") && kept.contains(":param new\n"), "{kept}");

    second_session(&daemon, home.path());
    third_session(&daemon, home.path());
    assert!(!fs::read_to_string(&history).unwrap().contains("carol-"), "every session keeps its secrets");
}

/// What one person does from login to Ctrl-D.
fn first_session(daemon: &Daemon, home: &Path) {
    let person = Person::start(daemon, home, &[]);
    let terminal = &person.terminal;
    person.answers("Password of admin:", &daemon.password);
    terminal.wait_for("admin>");

    // A statement of two lines; the second begins inside a string.
    terminal.press("CREATE ALIAS films FOR DATABASE neo4j\r");
    terminal.wait_for("...>");
    person.says(&format!("AT 'neo4j+s://b.example:7687' USER alice PASSWORD '{REMOTE_PASSWORD}';"), "Done");
    assert!(terminal.written().contains("\x1b[34mCREATE"), "keywords have a colour");

    // Tab: a keyword, then the name of an alias. Ctrl-C clears the line.
    terminal.press("dro\t");
    terminal.wait_for("admin> drop");
    terminal.press("alias fi\t");
    terminal.wait_for("admin> drop alias films");
    terminal.press("cleared");
    terminal.wait_for("cleared");
    person.clears();

    // Parameters: one in clear, one that is not given after all, two that are asked for.
    person.says(":param owner => 'sales'", "");
    person.sends(":param no");
    terminal.wait_for("Value of $no (not shown):");
    terminal.wait_for_silence();
    terminal.press("\x03");
    terminal.wait_for("Cancelled.\nadmin>");
    for (name, secret) in [("old", daemon.password.as_str()), ("new", NEW_PASSWORD)] {
        person.sends(&format!(":param {name}"));
        person.answers(&format!("Value of ${name} (not shown):"), secret);
        person.answers("Once more:", secret);
        terminal.wait_for("admin>");
    }
    person.says(":params", "******");
    person.says("ALTER ALIAS films SET DATABASE PROPERTIES {owner: $owner};", "Done");
    person.says("SHOW ALIASES FOR DATABASE YIELD name, database, url, user, properties;", "1 row");

    // A table that does not fit is wrapped; a wide letter takes two columns.
    let note = "映画 ".repeat(20);
    person.says(&format!("ALTER ALIAS films SET DATABASE PROPERTIES {{note: '{note}'}};"), "Done");
    person.says("SHOW ALIASES FOR DATABASE YIELD name, url, properties;", "1 row");

    // Errors: of a statement with its place, of a file with its line, of a command with a suggestion.
    person.says("CREATE ALIAS serien FOR DATABSE neo4j;", "Did you mean");
    person.says(":source roles.cypher", "ROLE_EXISTS");
    person.says(":parms", "Did you mean :params?");
    person.says(":help CREATE ALIAS", "May be refused");

    person.says(":timing off", "");
    person.says("SHOW ROLES YIELD role WHERE role STARTS WITH 'reader' RETURN role ORDER BY role;", "2 rows");
    person.says(":timing on", "");
    person.says(":format json", "");
    person.says("SHOW CURRENT USER YIELD user, roles;", "{\"columns\"");
    person.says(":format table", "");

    // A node that does not answer: the statement is cancelled, the shell is not.
    daemon.freeze();
    person.sends("CREATE ROLE analyst;");
    terminal.wait_for_signals();
    // Between the end of editing and the start of the statement there is nothing to cancel: then it takes a second press.
    let pressed: Cell<Option<Instant>> = Cell::new(None);
    terminal.wait("the shell again", |terminal| {
        let text = terminal.text();
        let is_back = text.contains("Whether the statement takes effect is not known.");
        if !is_back && pressed.get().is_none_or(|at| at.elapsed() > Duration::from_secs(2)) {
            pressed.set(Some(Instant::now()));
            terminal.press("\x03");
        }
        is_back && text.trim_end().ends_with("admin>")
    });
    daemon.thaw();
    person.says(":retry", "Done, 1 system update");
    person.says("SHOW ROLES YIELD role WHERE role = 'analyst';", "1 row");

    // The session goes on with the new password.
    person.says("ALTER CURRENT USER SET PASSWORD FROM $old TO $new;", "Done");
    person.says("SHOW CURRENT USER YIELD user;", "1 row");

    terminal.press("\x04");
    let Person { mut terminal, .. } = person;
    assert_eq!(terminal.ended(), 0);
    let text = terminal.text();
    for secret in [daemon.password.as_str(), NEW_PASSWORD] {
        assert!(!text.contains(secret), "{text}");
    }
    check_golden(&normalised(&text));
}

/// The next day, without colours: the history is there.
fn second_session(daemon: &Daemon, home: &Path) {
    let person = Person::start(daemon, home, &[("ALIASD_PASSWORD", NEW_PASSWORD), ("NO_COLOR", "1")]);
    let terminal = &person.terminal;
    terminal.wait_for("admin>");
    terminal.press("\x1b[A");
    terminal.wait_for("admin> SHOW CURRENT USER YIELD user;");
    person.says("", "1 row");
    // The statement before it comes back without the secrets, and is not sent like that.
    terminal.press("\x12");
    terminal.press("PASSWORD '");
    terminal.wait("the statement with the password", |terminal| terminal.text().contains("PASSWORD '******'"));
    assert!(!terminal.written().contains("\x1b[34m"), "NO_COLOR is heard");
    person.clears();
    person.says("ALTER USER admin SET PASSWORD '******';", "stands for a secret");
    // Names that need backticks get them.
    person.says("CREATE ALIAS `my-films` FOR DATABASE neo4j;", "Done");
    terminal.press("DROP ALIAS my\t");
    terminal.wait_for("admin> DROP ALIAS `my-films`");
    person.clears();
    person.says("CREATE USER carol SET PASSWORD 'carol-geheim' CHANGE REQUIRED;", "Done");
    person.sends(":exit");
    let Person { mut terminal, .. } = person;
    assert_eq!(terminal.ended(), 0);
}

/// Somebody new, who is told what to do first, and who may see nothing: names are not offered, and nothing is said of it.
fn third_session(daemon: &Daemon, home: &Path) {
    let variables = [("ALIASD_USER", "carol"), ("ALIASD_PASSWORD", "carol-geheim"), ("NO_COLOR", "1")];
    let person = Person { prompt: "carol>", ..Person::start(daemon, home, &variables) };
    let terminal = &person.terminal;
    terminal.wait_for("carol>");
    assert!(terminal.text().contains("The password has to be changed before anything else"), "{}", terminal.text());
    person.says("SHOW ROLES;", "PASSWORD_CHANGE_REQUIRED");
    person.says("ALTER CURRENT USER SET PASSWORD FROM 'carol-geheim' TO 'carol-neu-geheim';", "Done");
    terminal.press("DROP ALIAS fi\t");
    terminal.press(" IF EX\t");
    terminal.wait("keyword", |terminal| terminal.text().contains("carol> DROP ALIAS fi IF EXISTS"));
    person.clears();
    person.says("SHOW CURRENT USER YIELD user;", "1 row");
    terminal.press("\x04");
    let Person { mut terminal, .. } = person;
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn a_wrong_password_ends_with_its_reason() {
    let daemon = Daemon::start();
    let home = tempfile::tempdir().unwrap();
    let person = Person::start(&daemon, home.path(), &[("ALIASD_USER", "")]);
    person.terminal.wait_for("User:");
    person.terminal.press("admin\r");
    person.answers("Password of admin:", "wrong-geheim");
    person.terminal.wait("the reason", |terminal| terminal.text().contains("CREDENTIALS_INVALID"));
    assert!(!person.terminal.text().contains("wrong-geheim"));
    let Person { mut terminal, .. } = person;
    assert_eq!(terminal.ended(), 2);
}
