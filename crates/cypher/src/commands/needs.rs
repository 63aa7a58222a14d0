//! What a command needs, as its page tells it. Each privilege is named by its action, and the text takes its words from
//! there. That the catalog demands these and no others is tested where statements are said to one, in `listing`.

use std::fmt;

use aliasd_catalog::{DatabaseAction, DbmsAction};

/// The privileges that a command needs, and when it needs which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// When which is needed, with `{}` where the words of a privilege stand.
    text: &'static str,
    on_dbms: &'static [DbmsAction],
    on_database: Option<DatabaseAction>,
}

/// What anybody may say.
pub(super) const NOTHING: Needs = on_dbms("none", &[]);

/// The text of what needs one privilege, whatever the statement says.
pub(super) const ONE: &str = "{} ON DBMS";

/// Privileges on the DBMS, in the order in which the text has a place for them.
pub(super) const fn on_dbms(text: &'static str, on_dbms: &'static [DbmsAction]) -> Needs {
    Needs { text, on_dbms, on_database: None }
}

/// A privilege on the database that the statement names.
pub(super) const fn on_database(action: DatabaseAction) -> Needs {
    Needs { text: "{} ON DATABASE name", on_dbms: &[], on_database: Some(action) }
}

// === impl Needs ===

impl Needs {
    /// The privileges on the DBMS that some statement of the command needs.
    #[must_use]
    pub fn on_dbms(&self) -> &'static [DbmsAction] {
        self.on_dbms
    }

    /// The privilege that it needs on the database that it names.
    #[must_use]
    pub fn on_database(&self) -> Option<DatabaseAction> {
        self.on_database
    }
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words =
            self.on_dbms.iter().map(|action| action.keywords()).chain(self.on_database.map(DatabaseAction::keywords));
        let mut parts = self.text.split("{}");
        f.write_str(parts.next().unwrap_or_default())?;
        parts.try_for_each(|part| write!(f, "{}{part}", words.next().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use crate::commands;

    #[test]
    fn each_privilege_has_its_place_in_the_text() {
        for page in commands() {
            let privileges = page.needs.on_dbms.len() + usize::from(page.needs.on_database.is_some());
            assert_eq!(page.needs.text.matches("{}").count(), privileges, "{}", page.name);
        }
    }
}
