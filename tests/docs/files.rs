//! The files of the repository that people write.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Every file that people write, with `/` between the parts of its path.
pub(crate) fn texts(root: &Path) -> Result<Vec<(String, String)>> {
    const ENDINGS: &[&str] = &["rs", "md", "proto", "golden", "toml", "txt"];
    let mut open: Vec<PathBuf> =
        ["crates", "tests", "proto", "docs", "deploy", "fuzz"].map(|name| root.join(name)).into();
    for entry in fs::read_dir(root)? {
        open.extend(Some(entry?.path()).filter(|path| path.is_file()));
    }
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                open.push(entry?.path());
            }
        } else if path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known)) {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            found.push((path.strip_prefix(root)?.to_string_lossy().replace('\\', "/"), text));
        }
    }
    Ok(found)
}
