//! docs/threat-model.md says of every call who may make it: that part is made from the table that lets calls in.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use aliasd_api::calls;
use aliasd_service::authenticate::{CallRule, Caller, RequiredPrivilege, Served};

const MARK: &str = "<!-- Generated from the table of calls. A test keeps it current. -->\n";

fn table() -> String {
    let mut table = format!("{MARK}\n| call | who | needs | when |\n|---|---|---|---|\n");
    for (path, CallRule { caller, privilege, served }) in calls() {
        let who = match caller {
            Caller::Anyone => "anybody",
            Caller::User => "a user",
            Caller::UserOrNeighbour => {
                "a user; before there is a cluster, anybody on the node's machine or with a certificate"
            }
            Caller::Operator => "before there is a cluster, its operator: with a certificate or the formation token",
            Caller::Member => "a member, on the port for members",
        };
        let needs = match privilege {
            RequiredPrivilege::None => "nothing".to_owned(),
            RequiredPrivilege::Dbms(action) => format!("{} ON DBMS", action.keywords()),
            RequiredPrivilege::Decided(what) => what.to_owned(),
        };
        let when = match served {
            Served::Always => "always",
            Served::Ready => "once the node is ready",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| `{}` | {who} | {needs} | {when} |", path.trim_start_matches('/'));
    }
    table
}

#[test]
fn the_table_of_calls_in_the_threat_model_is_current() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/threat-model.md");
    let page = fs::read_to_string(&file).unwrap();
    let (before, current) = page.split_once(MARK).expect("the page has the mark");
    let table = table();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, format!("{before}{table}")).unwrap();
        return;
    }
    assert!(
        format!("{MARK}{current}") == table,
        "docs/threat-model.md is out of date: `cargo xtask fix` regenerates it"
    );
}
