//! The chapter about what is refused, each with its error as the user sees it.

use std::fs;

use anyhow::{Context, Result};

use super::definition::ALIAS;
use super::{Characters, Narrator};
use crate::cluster::{KEYSTORE_PASSWORD, PATIENCE};

/// Statements that are refused.
pub fn mistakes(all: &Characters, narrator: &mut Narrator) -> Result<()> {
    narrator.chapter("What is refused, and how it is said");
    let location = "location:7687";
    let insecure = format!("CREATE ALIAS plain FOR DATABASE neo4j AT 'neo4j://{location}' USER alice PASSWORD 'x2y2z2w2'");
    let second = format!("CREATE ALIAS `{ALIAS}` FOR DATABASE neo4j");
    let refused = [
        (&all.alice, insecure.as_str(), "an insecure scheme without ssl_enforced: false", "not a secure scheme"),
        (&all.alice, second.as_str(), "a second alias of the same name", "already exists"),
        (&all.dave, "CREATE USER eve SET PASSWORD 'eves password'", "a missing privilege", "ermission"),
        (&all.alice, "CREATE ALAIS typo FOR DATABASE neo4j", "a typo in a keyword", "ALIAS"),
    ];
    for (actor, statement, what, expected) in refused {
        let finished = narrator.says(actor, &all.a, &all.a.endpoints(), statement)?;
        let said = finished.stderr.contains(expected);
        narrator.claim(&format!("{what} is refused, and the error says so"), finished.code == Some(1) && said);
    }
    Ok(())
}

/// Nodes that are started with a keystore that does not fit.
pub fn keystores(all: &Characters, narrator: &mut Narrator) -> Result<()> {
    let node = &all.b.nodes[0];
    let config = fs::read_to_string(&node.config)?;
    let scratch = all.b.layout().root.join("refused");
    fs::create_dir_all(&scratch)?;
    let private = config.replace(&node.data.display().to_string(), &scratch.join("data").display().to_string());
    let wrong_password = private.replace(KEYSTORE_PASSWORD, "not the password");
    let wrong_key = private.replace("[keystore]\n", "[keystore]\nkey_name = \"another\"\n");
    let attempts = [
        ("a keystore with the wrong password", wrong_password, "keystore.password"),
        ("a keystore without the key", wrong_key, "keystore.key_name"),
    ];
    for (what, text, setting) in attempts {
        narrator.remark(&format!("A node is started on {what}:"));
        let file = scratch.join("node.toml");
        crate::cluster::write_private(&file, &text)?;
        let mut command = node.command_with(&file);
        let output = scratch.join("output");
        let mut process = crate::process::Process::start("a node that must not start", &mut command, &output)?;
        let status = process.wait(PATIENCE)?;
        let log = fs::read_to_string(&node.log).unwrap_or_default();
        let said = process.output() + &log;
        let line = said.lines().rev().find(|line| line.contains(setting)).unwrap_or("(it does not name the setting)");
        narrator.remark(line);
        narrator.claim(&format!("{what} is refused, and the error names {setting}"), {
            !status.success() && line.contains(setting)
        });
        fs::remove_file(&output).context("the output of the node that was refused")?;
    }
    Ok(())
}
