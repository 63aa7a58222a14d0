//! What the build needs beyond a Rust toolchain: clang as the C++ compiler for RocksDB (`.cargo/config.toml` says why not
//! another one), and libclang, with the headers that belong to it, for the tool that reads RocksDB's C header.
//!
//! Looks first and does nothing when both are there. Otherwise installs them with the system's
//! package manager if this user may, and says what to install if not.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// How a family of systems installs packages.
struct Manager {
    program: &'static str,
    /// Brings the list of packages up to date, where that is a step of its own.
    refresh: Option<&'static [&'static str]>,
    install: &'static [&'static str],
    packages: &'static [&'static str],
}

const MANAGERS: &[Manager] = &[
    Manager {
        program: "apt-get",
        refresh: Some(&["update", "-q"]),
        install: &["install", "-qy", "--no-install-recommends"],
        packages: &["clang", "libclang-dev"],
    },
    Manager { program: "dnf", refresh: None, install: &["install", "-y"], packages: &["clang", "clang-devel"] },
    Manager { program: "pacman", refresh: None, install: &["-Sy", "--needed", "--noconfirm"], packages: &["clang"] },
    Manager {
        program: "apk",
        refresh: None,
        install: &["add"],
        packages: &["clang", "g++", "clang-dev", "linux-headers"],
    },
];

/// Returns once everything is present, or with an error that names what to install.
pub(crate) fn ensure() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let what = missing.join(" and ");
    let Some(manager) = MANAGERS.iter().find(|manager| runs(manager.program)) else {
        bail!(
            "the build needs {what}: install clang and libclang with its headers \
             (on macOS: xcode-select --install), or set CXX and LIBCLANG_PATH to where they are"
        );
    };
    let Some(prefix) = privilege() else {
        bail!(
            "the build needs {what}, and this user may not install packages; run: sudo {} {} {}",
            manager.program,
            manager.install.join(" "),
            manager.packages.join(" ")
        );
    };
    eprintln!("the build needs {what}: installing with {}", manager.program);
    install(prefix, manager)?;
    let still_missing = self::missing();
    if !still_missing.is_empty() {
        bail!(
            "{} installed {}, yet {} is still not found; set CXX and LIBCLANG_PATH to where they are",
            manager.program,
            manager.packages.join(" "),
            still_missing.join(" and ")
        );
    }
    Ok(())
}

fn missing() -> Vec<&'static str> {
    let mut missing = Vec::new();
    let compiler_named = env::var_os("CXX").is_some_and(|value| !value.is_empty());
    if !compiler_named && !runs("clang++") {
        missing.push("clang++");
    }
    if !has_libclang() {
        missing.push("libclang");
    }
    missing
}

/// True if the program can be started; what it answers does not matter.
fn runs(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

fn has_libclang() -> bool {
    if env::var_os("LIBCLANG_PATH").is_some_and(|value| !value.is_empty()) {
        return true;
    }
    let roots = library_directories();
    // The library alone is not enough: it cannot read C without its own stddef.h beside it.
    roots.iter().any(|root| holds_library(root)) && roots.iter().any(|root| holds_headers(root))
}

fn library_directories() -> Vec<PathBuf> {
    let fixed = [
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        "/Library/Developer/CommandLineTools/usr/lib",
        "/Applications/Xcode.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/lib",
        "/opt/homebrew/opt/llvm/lib",
    ];
    let mut found: Vec<PathBuf> = fixed.iter().map(PathBuf::from).collect();
    // Debian keeps each version in /usr/lib/llvm-N/lib, Alpine in /usr/lib/llvmN/lib.
    for entry in entries(Path::new("/usr/lib")) {
        if file_name(&entry).starts_with("llvm") {
            found.push(entry.join("lib"));
        } else if file_name(&entry).ends_with("-linux-gnu") {
            found.push(entry);
        }
    }
    found
}

fn holds_library(directory: &Path) -> bool {
    entries(directory).iter().any(|entry| {
        let name = file_name(entry);
        let versioned = name.starts_with("libclang-") && !name.starts_with("libclang-cpp");
        let shared = name.starts_with("libclang.so") || versioned && name.contains(".so");
        shared || name == "libclang.dylib"
    })
}

fn holds_headers(directory: &Path) -> bool {
    entries(&directory.join("clang")).iter().any(|version| version.join("include/stddef.h").exists())
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(directory).into_iter().flatten();
    read.flatten().map(|entry| entry.path()).collect()
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The words to put before a command so that it runs as root, or `None` if this user may not.
fn privilege() -> Option<&'static [&'static str]> {
    let answers = |program: &str, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()
            .filter(|output| output.status.success())
    };
    let user = answers("id", &["-u"])?;
    if user.stdout.trim_ascii() == b"0" {
        return Some(&[]);
    }
    answers("sudo", &["-n", "true"]).map(|_| ["sudo", "-n"].as_slice())
}

fn install(prefix: &[&str], manager: &Manager) -> Result<()> {
    let run = |arguments: Vec<&str>| -> Result<()> {
        let words: Vec<&str> = [prefix, &[manager.program], &arguments].concat();
        let status = Command::new(words[0]).args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive").status()?;
        if !status.success() {
            bail!("`{}` ended with {status}", words.join(" "));
        }
        Ok(())
    };
    if let Some(refresh) = manager.refresh {
        run(refresh.to_vec())?;
    }
    run([manager.install, manager.packages].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_counts_only_under_a_name_that_the_build_will_look_for() {
        let directory = env::temp_dir().join(format!("xtask-libclang-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let with = |name: &str| {
            let file = directory.join(name);
            fs::write(&file, b"").unwrap();
            let held = holds_library(&directory);
            fs::remove_file(&file).unwrap();
            held
        };
        assert!(with("libclang.so"));
        assert!(with("libclang.so.1"));
        assert!(with("libclang-14.so.1"));
        assert!(!with("libclang-cpp.so.14"));
        assert!(!with("libclangBasic.a"));
        fs::remove_dir(&directory).unwrap();
    }
}
