//! What a remote DBMS says of failures, as the client of an alias may hear it: nothing that names the DBMS or the user that the
//! alias logs in as there, and no code that would make a driver leave the gateway.
//!
//! Pure.

use aliasd_bolt::{Cause, Failure, GqlStatus, Map, Value};

use crate::failure::{REMOTE_CLIENT, TRANSIENT};

/// What stands for a text that the client may not see.
const COVER: &str = "******";

/// What no client of an alias is shown.
#[derive(Clone)]
pub(crate) struct Hidden {
    /// Longest first.
    texts: Vec<String>,
}

impl Hidden {
    /// The texts that are hidden. Empty ones hide nothing.
    pub(crate) fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let mut texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self { texts }
    }

    /// The text with everything covered that is hidden, where it stands as a word of its own.
    fn cover(&self, text: &str) -> String {
        self.texts.iter().fold(text.to_owned(), |text, hidden| covered(&text, hidden))
    }

    fn cover_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.cover(&text)),
            Value::List(items) => Value::List(items.into_iter().map(|item| self.cover_value(item)).collect()),
            Value::Map(map) => Value::Map(self.cover_map(map)),
            other => other,
        }
    }

    /// A map with everything covered in its texts. Names stay as they are.
    fn cover_map(&self, map: Map) -> Map {
        map.into_iter().map(|(name, value)| (name, self.cover_value(value))).collect()
    }

    /// SUCCESS with everything covered in what a person is told beside the result.
    pub(crate) fn cover_notes(&self, map: Map) -> Map {
        let is_note = |name: &str| matches!(name, "notifications" | "statuses");
        let cover = |(name, value): (String, Value)| {
            let value = if is_note(&name) { self.cover_value(value) } else { value };
            (name, value)
        };
        map.into_iter().map(cover).collect()
    }

    fn cover_status(&self, status: GqlStatus) -> GqlStatus {
        let GqlStatus { code, description, diagnostic_record } = status;
        let diagnostic_record = self.cover_map(diagnostic_record);
        GqlStatus { code, description: self.cover(&description), diagnostic_record }
    }
}

fn covered(text: &str, hidden: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(hidden) {
        let (before, found) = rest.split_at(at);
        let behind = &found[hidden.len()..];
        let is_inner = |c: char| c.is_alphanumeric() || c == '_';
        let whole = !before.chars().next_back().or_else(|| out.chars().next_back()).is_some_and(is_inner)
            && !behind.chars().next().is_some_and(is_inner);
        out.push_str(before);
        out.push_str(if whole { COVER } else { hidden });
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// A failure of the DBMS behind an alias, for the client.
pub(crate) fn of_remote(said: Failure, alias: &str, hidden: &Hidden) -> Failure {
    if let Some((code, message)) = replaced(&said.code, alias) {
        let status = if code == TRANSIENT { "50N16" } else { "50N42" };
        let status =
            GqlStatus::new(status, &format!("error: general processing exception - remote execution. {message}"));
        return Failure { code: code.to_owned(), message, status, causes: Vec::new() };
    }
    let Failure { code, message, status, causes } = said;
    let cause =
        |Cause { message, status }| Cause { message: hidden.cover(&message), status: hidden.cover_status(status) };
    Failure {
        code,
        message: hidden.cover(&message),
        status: hidden.cover_status(status),
        causes: causes.into_iter().map(cause).collect(),
    }
}

/// The code and the words in place of those that a driver, or the user, would take for the gateway's own.
fn replaced(code: &str, alias: &str) -> Option<(&'static str, String)> {
    Some(match code {
        "Neo.ClientError.Cluster.NotALeader" | "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase" => {
            (TRANSIENT, format!("The DBMS behind '{alias}' cannot write where this came to at present."))
        }
        "Neo.TransientError.General.DatabaseUnavailable" => {
            (TRANSIENT, format!("The database behind '{alias}' is not available at present."))
        }
        "Neo.ClientError.Database.DatabaseNotFound" => {
            (REMOTE_CLIENT, format!("The DBMS behind '{alias}' does not know the database that the alias leads to."))
        }
        "Neo.ClientError.Security.Forbidden" => (
            REMOTE_CLIENT,
            format!(
                "The DBMS behind '{alias}' does not allow that: the user that the alias logs in as lacks the right."
            ),
        ),
        code if code.starts_with("Neo.ClientError.Security.") => (
            REMOTE_CLIENT,
            format!("The DBMS behind '{alias}' does not accept the login that is stored with the alias."),
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden() -> Hidden {
        Hidden::new(["db.internal.example".to_owned(), "neo".to_owned(), "geheim12".to_owned(), String::new()])
    }

    #[test]
    fn what_names_the_remote_is_covered_wherever_it_stands() {
        let status = GqlStatus {
            code: "22N00".to_owned(),
            description: "error: at db.internal.example:7687".to_owned(),
            diagnostic_record: Map::new().with("server", "db.internal.example").with("list", vec!["for neo"]),
        };
        let said = Failure {
            code: "Neo.ClientError.Statement.SyntaxError".to_owned(),
            message: "User neo with geheim12: neo4j and neon stay, 'neo' does not".to_owned(),
            status: status.clone(),
            causes: vec![Cause { message: "neo".to_owned(), status }],
        };
        let told = of_remote(said, "films", &hidden());
        assert_eq!(told.message, "User ****** with ******: neo4j and neon stay, '******' does not");
        let printed = format!("{told:?}");
        for text in ["db.internal", "geheim12", "for neo", "\"neo\""] {
            assert!(!printed.contains(text), "{text} in {printed}");
        }
        assert_eq!(told.code, "Neo.ClientError.Statement.SyntaxError");
    }

    #[test]
    fn codes_that_a_driver_would_hold_against_the_gateway_are_replaced() {
        for (code, told) in [
            ("Neo.ClientError.Cluster.NotALeader", TRANSIENT),
            ("Neo.ClientError.General.ForbiddenOnReadOnlyDatabase", TRANSIENT),
            ("Neo.TransientError.General.DatabaseUnavailable", TRANSIENT),
            ("Neo.ClientError.Database.DatabaseNotFound", REMOTE_CLIENT),
            ("Neo.ClientError.Security.Forbidden", REMOTE_CLIENT),
            ("Neo.ClientError.Security.Unauthorized", REMOTE_CLIENT),
            ("Neo.ClientError.Security.AuthorizationExpired", REMOTE_CLIENT),
            ("Neo.ClientError.Security.TokenExpired", REMOTE_CLIENT),
        ] {
            let translated = of_remote(Failure::new(code, "for user neo at neo"), "films", &hidden());
            assert_eq!(translated.code, told);
            assert!(translated.message.contains("'films'") && !translated.message.contains("neo"));
        }
        for code in
            ["Neo.ClientError.Schema.ConstraintValidationFailed", "Neo.TransientError.Transaction.DeadlockDetected"]
        {
            assert_eq!(of_remote(Failure::new(code, "x"), "films", &hidden()).code, code);
        }
    }
}
