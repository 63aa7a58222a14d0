//! What the gateway meets in tests and this repository does not bring: a graph DBMS to stand behind it, and drivers before it.
//!
//! They are fetched by name and version from their registries into a directory below the target directory, and are started from
//! there as processes of their own; nothing is installed anywhere else, and nothing of them is linked or shipped. Whatever is
//! there already is left as it is. Tests that lack a peer say so and count as skipped.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::child::{Cargo, succeed};

/// Neo4j Community, which is GPLv3: a process of its own.
const NEO4J: &str = "5.26.0";
/// The official driver for Python.
const PYTHON: &str = "6.4.1";
/// The official driver for JavaScript.
const JAVASCRIPT: &str = "6.3.0";

/// Fetches what is not there yet, and says where it is.
///
/// # Errors
/// Something is missing and could not be fetched; the text says what, and what it takes.
pub(crate) fn fetch(cargo: &Cargo) -> Result<()> {
    let peers = cargo.target().join("peers");
    let missing: Vec<String> = [neo4j(&peers), python(&peers), javascript(&peers)]
        .into_iter()
        .filter_map(Result::err)
        .map(|e| format!("{e:#}"))
        .collect();
    if !missing.is_empty() {
        bail!("{}", missing.join("\n"));
    }
    println!("the peers are in {}", peers.display());
    Ok(())
}

/// Its libraries, by Maven.
fn neo4j(peers: &Path) -> Result<()> {
    let place = peers.join(format!("neo4j-{NEO4J}"));
    if place.exists() {
        return Ok(());
    }
    if !runs("mvn", "--version") || !runs("java", "-version") {
        bail!(
            "Neo4j {NEO4J} is fetched by Maven and runs on Java 17: install both (apt-get install maven openjdk-17-jre-headless)"
        );
    }
    // Complete once it has its name.
    let making = peers.join("making");
    fs::create_dir_all(&making)?;
    fs::write(making.join("pom.xml"), pom())?;
    let mut maven = Command::new("mvn");
    maven.args(["--quiet", "--batch-mode", "dependency:copy-dependencies", "-DoutputDirectory=lib"]);
    succeed(maven.current_dir(&making).stdin(Stdio::null()))?;
    fs::rename(making.join("lib"), &place)?;
    fs::remove_dir_all(making)?;
    Ok(())
}

fn pom() -> String {
    let dependency = |group: &str, artifact: &str| {
        format!(
            "<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{NEO4J}</version></dependency>"
        )
    };
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\
         <groupId>peers</groupId><artifactId>peers</artifactId><version>1</version><packaging>pom</packaging>\
         <dependencies>{}{}</dependencies></project>\n",
        dependency("org.neo4j.app", "neo4j-server"),
        dependency("org.neo4j", "neo4j")
    )
}

/// Its modules, by npm.
fn javascript(peers: &Path) -> Result<()> {
    let place = peers.join(format!("javascript-{JAVASCRIPT}"));
    if place.exists() {
        return Ok(());
    }
    if !runs("npm", "--version") || !runs("node", "--version") {
        bail!("the driver neo4j-driver {JAVASCRIPT} needs Node.js with npm: install both (apt-get install nodejs npm)");
    }
    let making = peers.join("making-javascript");
    fs::create_dir_all(&making)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(&making);
    succeed(npm.arg(format!("neo4j-driver@{JAVASCRIPT}")).stdin(Stdio::null()))?;
    fs::rename(making, place)?;
    Ok(())
}

/// Its modules, by pip.
fn python(peers: &Path) -> Result<()> {
    let place = peers.join(format!("python-{PYTHON}"));
    if place.exists() {
        return Ok(());
    }
    if !runs("python3", "--version") {
        bail!("the driver neo4j {PYTHON} needs Python 3 with pip: install both (apt-get install python3-pip)");
    }
    let making = peers.join("making-python");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target"]);
    // It warns a user who may do everything, which is about installing for everybody; this is not.
    pip.arg(&making).arg(format!("neo4j=={PYTHON}")).env("PIP_ROOT_USER_ACTION", "ignore");
    succeed(pip.stdin(Stdio::null()))?;
    fs::rename(making, place)?;
    Ok(())
}

fn runs(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(argument).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_look_for_these_versions() {
        let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/gateway/peers.rs");
        let tests = fs::read_to_string(tests).expect("the tests are there");
        for peer in [format!("neo4j-{NEO4J}"), format!("python-{PYTHON}"), format!("javascript-{JAVASCRIPT}")] {
            let place = format!("\"{peer}\"");
            assert!(tests.contains(&place), "{place}");
        }
    }
}
