//! Who may read and change a file that holds a secret. One rule for all programs that read such files.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use nix::unistd::geteuid;

/// The owner may read and write, the group may read.
const MODE_MAX: u32 = 0o640;
/// The superuser, who can read and write everything anyway.
const ROOT: u32 = 0;

/// Why a file is not private to the user as whom `program` runs, to be put behind the file's name, and the way out; nothing
/// if it is.
pub fn exposure(metadata: &Metadata, program: &str) -> Option<(String, String)> {
    let mode = metadata.mode() & 0o7777;
    if mode & !MODE_MAX != 0 {
        let message = format!("has mode {mode:o}, so that others may read or change it, and at most 640 is taken");
        return Some((message, "chmod 640 the file, or 600".to_owned()));
    }
    let (owner, own) = (metadata.uid(), geteuid().as_raw());
    (owner != ROOT && owner != own).then(|| {
        let message =
            format!("belongs to user {owner}, who may change it, and not to user {own}, as whom {program} runs");
        (message, format!("chown the file to root or to the user that {program} runs as"))
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_private_to_its_owner_and_group() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (mode, is_private) in
            [(0o400, true), (0o600, true), (0o640, true), (0o644, false), (0o660, false), (0o4600, false)]
        {
            fs::set_permissions(file.path(), Permissions::from_mode(mode)).unwrap();
            let exposure = exposure(&file.as_file().metadata().unwrap(), "it");
            assert_eq!(exposure.is_none(), is_private, "{mode:o}: {exposure:?}");
        }
    }
}
