//! Writing files that hold secrets: never over an existing one by accident, never half, never readable by others.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Owner reads and writes, nobody else does anything.
pub(crate) const SECRET: u32 = 0o600;
/// Everybody reads, the owner writes.
pub(crate) const PUBLIC: u32 = 0o644;

/// Reads at most `limit` bytes; a longer file is an error rather than a surprise in memory. What is no regular file is one,
/// too: a pipe would be waited for without end.
pub(crate) fn read_limited(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let kind = fs::metadata(path)?.file_type();
    // That it is a directory, reading says by itself.
    if !kind.is_file() && !kind.is_dir() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut contents = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut contents)?;
    if contents.len() as u64 > limit {
        return Err(io::Error::other(format!("larger than {limit} bytes")));
    }
    Ok(contents)
}

/// Creates a file and makes it durable. Fails with `AlreadyExists` rather than touching an existing one.
pub(crate) fn create_new(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(contents)?;
    file.sync_all()?;
    sync_directory_of(path)
}

/// Replaces a file in one step, keeping its mode and owner. Readers see the old or the new contents, never a mixture.
pub(crate) fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    // A symbolic link keeps pointing where it points; the file behind it is what changes.
    let path = fs::canonicalize(path)?;
    let before = fs::metadata(&path)?;
    let temporary = temporary_name(&path);
    let written = create_new(&temporary, contents, SECRET)
        .and_then(|()| adopt_owner(&temporary, &before))
        .and_then(|()| fs::set_permissions(&temporary, before.permissions()))
        .and_then(|()| fs::rename(&temporary, &path))
        .and_then(|()| sync_directory_of(&path));
    if written.is_err() {
        // The first error is the one to report; the leftover is ours alone, and may not exist.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn adopt_owner(path: &Path, before: &fs::Metadata) -> io::Result<()> {
    let now = fs::metadata(path)?;
    if (now.uid(), now.gid()) == (before.uid(), before.gid()) {
        return Ok(());
    }
    std::os::unix::fs::chown(path, Some(before.uid()), Some(before.gid()))
}

fn temporary_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".new-{}", std::process::id()));
    path.with_file_name(name)
}

fn sync_directory_of(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory)?.sync_all()
}
