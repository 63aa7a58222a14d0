//! The test programs of the workspace: built once, all together, and found by what they test.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use aliasd_tests::programs::forget_this_package;
use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// A built test program.
pub(crate) struct TestProgram {
    /// What cargo calls the target: that of a library's own tests is the library.
    target: String,
    pub(crate) executable: PathBuf,
    /// Where cargo would run it.
    pub(crate) directory: PathBuf,
}

/// See the module.
pub(crate) struct TestPrograms(Vec<TestProgram>);

impl TestPrograms {
    /// Builds what is not built yet, with the same selection as everywhere else, so that nothing is built a second time.
    pub(crate) fn build() -> Result<Self> {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["test", "--workspace", "--no-run", "--locked", "--message-format", "json"]);
        cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).stderr(Stdio::inherit());
        forget_this_package(&mut cargo);
        let output = cargo.output().context("cannot start cargo")?;
        ensure!(output.status.success(), "the tests do not build");
        let said = String::from_utf8(output.stdout)?;
        Ok(Self(said.lines().filter_map(program).collect()))
    }

    /// The one of that target.
    pub(crate) fn find(&self, target: &str) -> Result<&TestProgram> {
        let mut found = self.0.iter().filter(|program| program.target == target);
        let program = found.next().with_context(|| format!("there is no test program '{target}'"))?;
        ensure!(found.next().is_none(), "there are two test programs '{target}'");
        Ok(program)
    }
}

/// The test program that a line of cargo's is about, if it is.
fn program(line: &str) -> Option<TestProgram> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let manifest = PathBuf::from(message["manifest_path"].as_str()?);
    Some(TestProgram {
        target: message["target"]["name"].as_str()?.replace('-', "_"),
        executable: message["executable"].as_str()?.into(),
        directory: manifest.parent()?.to_owned(),
    })
}
