//! A compiler for RocksDB's C++ that reads its headers once: the largest part of a first build, halved.
//!
//! A script called `clang++` is put before the real one on the path of what `cargo xtask` builds. Because only the path
//! differs, `cargo build` by hand finds everything built, and builds the same without it. The script must never be what
//! makes a build possible: where it cannot help, the real compiler does the work.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

const SCRIPT: &str = include_str!("clang++.sh");

/// Writes the script below the target directory, and returns the path to look for programs on, with it in front.
pub(crate) fn path_with_script(target: &Path) -> Result<OsString> {
    let directory = target.join("xtask/compiler");
    let script = directory.join("clang++");
    if fs::read_to_string(&script).is_ok_and(|present| present == SCRIPT) {
        return path_with(&directory);
    }
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    // Another `cargo xtask` may be running it: it is replaced as a whole.
    let written = temporary_in(&directory);
    fs::write(&written, SCRIPT)
        .and_then(|()| fs::set_permissions(&written, fs::Permissions::from_mode(0o755)))
        .and_then(|()| fs::rename(&written, &script))
        .with_context(|| format!("cannot write {}", script.display()))?;
    path_with(&directory)
}

fn temporary_in(directory: &Path) -> PathBuf {
    directory.join(format!("clang++.{}", std::process::id()))
}

fn path_with(directory: &Path) -> Result<OsString> {
    let present = env::var_os("PATH").unwrap_or_default();
    let directories = std::iter::once(directory.to_owned()).chain(env::split_paths(&present));
    env::join_paths(directories).with_context(|| format!("{} cannot stand in PATH", directory.display()))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// A directory with one source and one header where RocksDB has its own, and the script.
    struct Sources {
        directory: tempfile::TempDir,
        path: OsString,
    }

    impl Sources {
        fn new(header: &str, source: &str) -> Result<Self> {
            let directory = tempfile::tempdir()?;
            let root = directory.path();
            fs::create_dir_all(root.join("rocksdb/db/db_impl"))?;
            fs::create_dir(root.join("out"))?;
            fs::write(root.join("rocksdb/db/db_impl/db_impl.h"), header)?;
            fs::write(root.join("rocksdb/source.cc"), source)?;
            let path = path_with_script(&root.join("target"))?;
            Ok(Self { directory, path })
        }

        /// Compiles the source as RocksDB's build does, links it to a program, and returns what that exits with.
        fn run(&self, level: &str) -> Result<Option<i32>> {
            let root = self.directory.path();
            let clang = |arguments: &[&str]| {
                let mut command = Command::new("clang++");
                command.current_dir(root).env("PATH", &self.path).env("OUT_DIR", root.join("out"));
                command.args(arguments).status()
            };
            let compiled = clang(&[level, "-I", "rocksdb/", "-o", "source.o", "-c", "rocksdb/source.cc"])?;
            let linked = clang(&["source.o", "-o", "program"])?;
            assert!(compiled.success() && linked.success(), "the source compiles");
            Ok(Command::new(root.join("program")).status()?.code())
        }

        fn parsed_ahead(&self) -> Option<u64> {
            let parsed = self.directory.path().join("out/headers-of-rocksdb.pch");
            fs::metadata(parsed).ok().map(|found| found.len())
        }
    }

    const HEADER: &str = "#pragma once\n#include <vector>\ninline int seven() { return 7; }\n";
    const SOURCE: &str = "#include \"db/db_impl/db_impl.h\"\nint main() { return seven(); }\n";

    #[test]
    fn the_headers_of_rocksdb_are_parsed_ahead() -> Result<()> {
        let sources = Sources::new(HEADER, SOURCE)?;
        assert_eq!(sources.run("-O0")?, Some(7));
        assert!(sources.parsed_ahead().is_some_and(|bytes| bytes > 0));
        Ok(())
    }

    #[test]
    fn an_optimised_build_is_left_alone() -> Result<()> {
        let sources = Sources::new(HEADER, SOURCE)?;
        assert_eq!(sources.run("-O2")?, Some(7));
        assert_eq!(sources.parsed_ahead(), None);
        Ok(())
    }

    #[test]
    fn headers_that_cannot_be_parsed_ahead_stop_nothing() -> Result<()> {
        let sources = Sources::new("#ifndef LATER\n#error too early\n#endif\n", "int main() { return 8; }\n")?;
        assert_eq!(sources.run("-O0")?, Some(8));
        assert_eq!(sources.parsed_ahead(), Some(0));
        Ok(())
    }

    #[test]
    fn a_source_that_does_not_compile_with_them_is_compiled_without() -> Result<()> {
        let sources = Sources::new(HEADER, "int seven() { return 9; }\nint main() { return seven(); }\n")?;
        assert_eq!(sources.run("-O0")?, Some(9));
        Ok(())
    }
}
