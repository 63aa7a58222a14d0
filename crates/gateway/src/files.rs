//! Reading the files that the configuration names: certificates, keys, a password.
//!
//! What is secret may be read by nobody else. Nothing of a secret file is ever in an error.

use std::fs;
use std::path::Path;

use aliasd_keyring::{privacy, text};
use zeroize::Zeroizing;

use crate::config::SettingError;

/// What a file holds.
pub(crate) fn read(setting: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, SettingError> {
    fs::read(path).map(Zeroizing::new).map_err(|error| {
        let message = format!("{} cannot be read: {error}", path.display());
        SettingError::of(setting, message, "put the file there, where the user of aliasd-gateway can read it")
    })
}

/// What a secret file holds, if nobody else can read or change it.
pub(crate) fn read_secret(setting: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, SettingError> {
    let contents = read(setting, path)?;
    let exposed = fs::metadata(path).ok().and_then(|metadata| privacy::exposure(&metadata, "aliasd-gateway"));
    match exposed {
        Some((message, hint)) => Err(SettingError::of(setting, format!("{} {message}", path.display()), hint)),
        None => Ok(contents),
    }
}

/// The text of a secret file, without the line end behind it.
pub(crate) fn read_secret_text(setting: &str, path: &Path) -> Result<Zeroizing<String>, SettingError> {
    let text = text::text(read_secret(setting, path)?)
        .map_err(|error| SettingError::of(setting, format!("{}: {error}", path.display()), error.hint()))?;
    if text.is_empty() {
        return Err(SettingError::of(setting, format!("{} is empty", path.display()), "write the password into it"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_that_others_can_read_is_refused_and_not_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        fs::write(&path, "geheim\n").unwrap();
        for (mode, is_taken) in [(0o600, true), (0o640, true), (0o644, false), (0o660, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let read = read_secret_text("aliasd.password_file", &path);
            assert_eq!(read.is_ok(), is_taken, "{mode:o}");
            match read {
                Ok(text) => assert_eq!(*text, "geheim"),
                Err(error) => assert!(!error.to_string().contains("geheim") && error.to_string().contains("chmod 640")),
            }
        }
    }

    #[test]
    fn what_is_no_password_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        for contents in [&b"\n"[..], b"", b"\xff\xfeg", b"\xef\xbb\xbfg"] {
            fs::write(&path, contents).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(read_secret_text("aliasd.password_file", &path).is_err(), "{contents:?}");
        }
        let missing = read_secret_text("aliasd.password_file", Path::new("/nowhere/password")).unwrap_err();
        assert!(missing.to_string().starts_with("aliasd.password_file: /nowhere/password cannot be read"));
    }
}
