//! What is refused, each with its error as the user sees it.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use super::alias::shows_password;
use super::{ALIAS, Characters, Narrator, REMOTE_PASSWORD};
use crate::cluster::{Actor, Cluster, KEYSTORE_PASSWORD, PATIENCE, write_private};
use crate::process::{Finished, Process};

/// A refusal, and what its error has to say.
struct Expected<'a> {
    what: &'a str,
    said: &'a [&'a str],
}

/// Statements that are refused, with what the answer says about each.
pub(super) fn statements(all: &Characters, narrator: &mut Narrator) -> Result<()> {
    let location = &all.b.nodes[0].client_address;
    let insecure = format!(
        "CREATE ALIAS plain FOR DATABASE neo4j AT 'neo4j://{location}' USER alice PASSWORD '{REMOTE_PASSWORD}'"
    );
    let second = format!(
        "CREATE ALIAS `{ALIAS}` FOR DATABASE neo4j AT '{}' USER alice PASSWORD '{REMOTE_PASSWORD}'",
        all.b_url()
    );
    let typo = format!("CREATE ALAIS films FOR DATABASE neo4j AT '{}'", all.b_url());
    let refused: [(&Actor, &str, Expected<'_>); 4] = [
        (&all.alice, &insecure, Expected { what: "an insecure scheme", said: &["ssl_enforced"] }),
        (&all.alice, &second, Expected { what: "a second alias of the same name", said: &[ALIAS, "already exists"] }),
        (&all.dave, "CREATE ROLE friends", Expected { what: "what Dave was not granted", said: &["CREATE ROLE"] }),
        (&all.alice, &typo, Expected { what: "a typo in a keyword", said: &["ALAIS", "ALIAS", "^"] }),
    ];
    for (actor, statement, expected) in refused {
        let finished = narrator.says(actor, &all.a, &all.a.endpoints(), statement)?;
        check(narrator, &finished, &expected);
    }
    narrator.remark("Dave may alter the alias, which does not let him read its password:");
    let finished = narrator.runs(&all.dave, &all.a, &["resolve", ALIAS, "--show-credentials"])?;
    check(narrator, &finished, &Expected { what: "a password for Dave", said: &["RESOLVE ALIAS"] });
    Ok(())
}

fn check(narrator: &mut Narrator, finished: &Finished, expected: &Expected<'_>) {
    let said = expected.said.iter().all(|part| finished.stderr.contains(part));
    let silent = !shows_password(&finished.stderr) && finished.stdout.is_empty();
    let what = format!("{} is refused, and the error says what is wrong", expected.what);
    narrator.claim(&what, finished.code == Some(1) && said && silent);
}

/// Nodes that are started with a keystore that does not fit.
pub(super) fn keystores(directory: &Path, narrator: &mut Narrator) -> Result<()> {
    let cluster = Cluster::prepare_in(&directory.join("refused"), "refused", 1)?;
    let right = fs::read_to_string(&cluster.nodes[0].config)?;
    let wrong_password = right.replace(KEYSTORE_PASSWORD, "not-the-password-of-it");
    let missing_key = right.replace("[keystore]\n", "[keystore]\nkey_name = \"another\"\n");
    ensure!(wrong_password != right && missing_key != right, "the configuration has a keystore section");
    start_refused(narrator, &cluster, "a keystore with the wrong password", &wrong_password, "keystore.password")?;
    start_refused(narrator, &cluster, "a keystore without the key", &missing_key, "keystore.key_name")
}

fn start_refused(narrator: &mut Narrator, cluster: &Cluster, what: &str, config: &str, setting: &str) -> Result<()> {
    let node = &cluster.nodes[0];
    write_private(&node.config, config)?;
    narrator.acts("The operator @ A", format!("$ aliasd start --config node.toml   (with {what})"));
    // One file for each: it is appended to.
    let output = node.output.with_extension(setting);
    let mut process = Process::start("a node that must not start", &mut node.command(), &output)?;
    let status = process.wait(PATIENCE)?;
    let said = process.output();
    said.lines().for_each(|line| narrator.quotes(line));
    let named = said.contains(setting);
    narrator.claim(&format!("the node does not start, and the error names {setting}"), !status.success() && named);
    Ok(())
}
