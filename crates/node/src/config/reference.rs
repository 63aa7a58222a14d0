//! The reference of settings for docs/config.md, made from the default file.

use std::fmt::Write;

use super::schema::{self, Key};

/// The contents of docs/config.md.
pub fn reference() -> String {
    let mut page = String::from(INTRODUCTION);
    for section in schema::sections() {
        // Writing to a string cannot fail.
        let _ = write!(page, "\n## [{}]\n\n{}\n\n", section.name, section.purpose);
        page.push_str("| Setting | Default | Environment | Purpose |\n|---|---|---|---|\n");
        for key in &section.keys {
            let _ = writeln!(
                page,
                "| `{}` | {} | `{}` | {} |",
                key.name,
                default_of(key),
                key.variable(),
                key.purpose.trim_start_matches("Required. ").trim_start_matches("Optional. "),
            );
        }
    }
    page
}

fn default_of(key: &Key) -> String {
    if key.has_default {
        format!("`{}`", key.value)
    } else if key.purpose.starts_with("Required.") {
        format!("required, such as `{}`", key.value)
    } else {
        format!("none, or such as `{}`", key.value)
    }
}

const INTRODUCTION: &str = "\
# Configuration

<!-- Generated from crates/node/src/config/default.toml. A test keeps it current. -->

`aliasd start --config FILE` reads one TOML file. `aliasd config default` prints a commented one with every setting;
`aliasd config check FILE` says everything that is wrong with one, and tries what a start would: certificates, keystore,
directories. It reads the data directory as a start does, within `node.open_timeout`, and leaves it as it is, also beside a running node:
what a start would refuse there is an error, and the keystore has to hold the keys that catalog and log name. It listens at each address
for a moment. What it cannot tell is a note: the keys, where the node has heard of no cluster yet, and an address at which a process
listens already. With `--offline` it judges the file alone, on any machine: paths need not exist and commands do not run.

An unknown setting is an error. An environment variable wins over the file. Durations take a unit: `500ms`, `5s`, `10m`, `1h`, `7d`.

A value `$(command)` is replaced by what the command prints, if aliasd is started with `--expand-commands` and the file's mode is at
most 640 and the file belongs to the user of aliasd or to one of its groups. The command runs once with `/bin/sh -c`, has 30 seconds and must
exit with 0; one newline at the end of its output is dropped. Its output and its error output are shown nowhere.
";
