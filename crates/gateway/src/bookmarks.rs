//! Bookmarks as clients see them: each bound to the version of the alias that it came through, so that none of one DBMS ever
//! reaches another one. Drivers hand every bookmark that they have to every database.
//!
//! Pure: texts in, texts out.

use std::fmt;

/// What every bookmark of a gateway begins with.
const MARK: &str = "aliasd:";
/// What stands for an alias's version in a bookmark of the catalog itself.
const SYSTEM: &str = "system:";

/// A bookmark that no gateway has made. What it says is not repeated: it may be of another DBMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ForeignBookmarkError;

impl fmt::Display for ForeignBookmarkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("A bookmark was not made by an aliasd gateway, so nobody knows which database it belongs to.")
    }
}

impl std::error::Error for ForeignBookmarkError {}

/// The bookmark of a remote DBMS, for a client that came through an alias of this version.
pub(crate) fn wrapped(version: u64, bookmark: &str) -> String {
    format!("{MARK}{version}:{bookmark}")
}

/// What of a client's bookmarks the remote DBMS is told that an alias of this version leads to: its own, as it made them.
/// Those of other aliases, of other versions of this one and of the catalog mean nothing there.
pub(crate) fn unwrapped(version: u64, bookmarks: &[String]) -> Result<Vec<String>, ForeignBookmarkError> {
    let mut own = Vec::new();
    for bookmark in bookmarks {
        let rest = bookmark.strip_prefix(MARK).ok_or(ForeignBookmarkError)?;
        let (scope, original) = rest.split_once(':').ok_or(ForeignBookmarkError)?;
        if scope.parse() == Ok(version) {
            own.push(original.to_owned());
        }
    }
    Ok(own)
}

/// The bookmark of a revision of the catalog.
pub(crate) fn of_catalog(revision: u64) -> String {
    format!("{MARK}{SYSTEM}{revision}")
}

/// The highest revision of the catalog among a client's bookmarks.
pub(crate) fn catalog_revision(bookmarks: &[String]) -> Option<u64> {
    let revision = |bookmark: &String| bookmark.strip_prefix(MARK)?.strip_prefix(SYSTEM)?.parse().ok();
    bookmarks.iter().filter_map(revision).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bookmark_comes_back_through_its_own_version_only() {
        let all = [wrapped(7, "FB:kcwQ:x"), wrapped(8, "FB:other"), of_catalog(12), of_catalog(9)];
        assert_eq!(unwrapped(7, &all), Ok(vec!["FB:kcwQ:x".to_owned()]));
        assert_eq!(unwrapped(9, &all), Ok(Vec::new()));
        assert_eq!(catalog_revision(&all), Some(12));
        assert_eq!(catalog_revision(&all[..2]), None);
    }

    #[test]
    fn what_no_gateway_made_is_refused_and_not_repeated() {
        for foreign in ["FB:kcwQ", "aliasd:", "aliasd:7", ""] {
            let refused = unwrapped(7, &[wrapped(7, "FB:a"), foreign.to_owned()]);
            assert_eq!(refused, Err(ForeignBookmarkError), "{foreign}");
        }
        assert!(!ForeignBookmarkError.to_string().contains("FB"));
    }
}
