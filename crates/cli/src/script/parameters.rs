//! The parameters of a session or script. One that is a secret is never shown.

use std::collections::BTreeSet;

use aliasd_client::{Value, ValueMap};
use aliasd_cypher::{PieceKind, evaluate, pieces};

use crate::command_error::CommandError;
use crate::output::from_value;
use crate::password;

/// What stands in the place of a secret.
const COVER: &str = "******";

/// Values by name. `Debug` is left out: values may be secrets.
#[derive(Default)]
pub(crate) struct Parameters {
    values: ValueMap,
    /// Names of those that were read without an echo.
    secret: BTreeSet<String>,
}

/// What `:param` is asked to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Order<'a> {
    /// `:param`: show all.
    Show,
    /// `:param clear`.
    Clear,
    /// `:param name`: ask for the value.
    Ask(&'a str),
    /// `:param name => value`.
    Set(&'a str, &'a str),
    /// `:param {name: value, …}`.
    SetAll(&'a str),
}

impl<'a> Order<'a> {
    /// Reads what follows `:param`.
    pub(crate) fn read(text: &'a str) -> Result<Self, CommandError> {
        let text = text.trim();
        match text {
            "" => return Ok(Self::Show),
            "clear" => return Ok(Self::Clear),
            _ if text.starts_with('{') => return Ok(Self::SetAll(text)),
            _ => {}
        }
        let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '$');
        let (name, rest) = text.split_at(end.unwrap_or(text.len()));
        let name = name.trim_start_matches('$');
        match rest.trim_start().strip_prefix("=>") {
            Some(value) if !name.is_empty() => Ok(Self::Set(name, value.trim())),
            None if !name.is_empty() && rest.is_empty() => Ok(Self::Ask(name)),
            // What stands there may be a secret, so it is not repeated.
            _ => {
                let hint = "It is `:param name => value`, or `:param name` to be asked for a secret.";
                Err(CommandError::local("this sets no parameter", hint))
            }
        }
    }
}

impl Parameters {
    pub(crate) fn new(values: ValueMap) -> Self {
        Self { values, secret: BTreeSet::new() }
    }

    pub(crate) fn values(&self) -> &ValueMap {
        &self.values
    }

    /// Those that a statement names: a secret goes nowhere else.
    pub(crate) fn used_by(&self, statement: &str) -> ValueMap {
        let parameters = pieces(statement).into_iter().filter(|(_, kind)| *kind == PieceKind::Parameter);
        let names = parameters.map(|(span, _)| statement[span.start + 1..span.end].trim_matches('`'));
        names
            .filter_map(|name| self.values.get_key_value(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.secret.clear();
    }

    /// Sets one parameter to the value of an expression.
    pub(crate) fn set(&mut self, name: &str, expression: &str) -> Result<(), CommandError> {
        let value = value(expression)?;
        self.insert(name, value);
        Ok(())
    }

    /// Sets those that a map names.
    pub(crate) fn set_all(&mut self, expression: &str) -> Result<(), CommandError> {
        let Value::Map(values) = value(expression)? else {
            return Err(CommandError::local("this is not a map of parameters", "It is `:param {name: value, …}`."));
        };
        for (name, value) in values {
            self.insert(&name, value);
        }
        Ok(())
    }

    /// Asks for a secret text, without an echo.
    pub(crate) fn ask(&mut self, name: &str) -> Result<(), CommandError> {
        let Some(secret) = password::ask(&format!("Value of ${name} (not shown)"), true)? else {
            let hint = format!("Give it a value: `:param {name} => …`, or --param {name}=@FILE.");
            return Err(CommandError::local(format!("nobody can be asked for the parameter {name}"), hint));
        };
        self.values.insert(name.to_owned(), Value::from(secret.as_str()));
        self.secret.insert(name.to_owned());
        Ok(())
    }

    /// Names and values as they may be shown, by name.
    pub(crate) fn shown(&self) -> Vec<Vec<String>> {
        let shown = |(name, value): (&String, &Value)| {
            let value = if self.is_secret(name) { COVER.to_owned() } else { from_value(value).to_string() };
            vec![name.clone(), value]
        };
        self.values.iter().map(shown).collect()
    }

    fn insert(&mut self, name: &str, value: Value) {
        self.secret.remove(name);
        self.values.insert(name.to_owned(), value);
    }

    /// Asked for, or called as secrets are.
    fn is_secret(&self, name: &str) -> bool {
        let name_in_capitals = name.to_ascii_uppercase();
        let sounds_secret = ["PASS", "PWD", "SECRET", "TOKEN"].iter().any(|word| name_in_capitals.contains(word));
        sounds_secret || self.secret.contains(name)
    }
}

/// The value of an expression. The error repeats nothing of it.
fn value(expression: &str) -> Result<Value, CommandError> {
    evaluate(expression).map_err(|error| CommandError::local(error.message(), error.hint().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read() {
        assert_eq!(Order::read(" ").unwrap(), Order::Show);
        assert_eq!(Order::read("clear").unwrap(), Order::Clear);
        assert_eq!(Order::read("a").unwrap(), Order::Ask("a"));
        assert_eq!(Order::read("$a =>  'x => y' ").unwrap(), Order::Set("a", "'x => y'"));
        assert_eq!(Order::read("a=>1").unwrap(), Order::Set("a", "1"));
        for wrong in ["=> 1", "a b", "a: 1", "a = geheim"] {
            let failure = Order::read(wrong).unwrap_err();
            assert!(!format!("{failure:?}").contains("geheim"));
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut parameters = Parameters::default();
        parameters.set("limit", "5").unwrap();
        parameters.set_all("{url: 'neo4j://x', newPassword: 'geheim'}").unwrap();
        let shown: Vec<String> = parameters.shown().iter().map(|row| row.join(" = ")).collect();
        assert_eq!(shown, ["limit = 5", "newPassword = ******", "url = \"neo4j://x\""]);
        assert!(parameters.set("x", "geheim").is_err() && parameters.set_all("5").is_err());
        let used = parameters.used_by("SHOW ROLES YIELD role WHERE role = $`limit` AND '$url' = $unknown LIMIT $limit");
        assert_eq!(used.keys().collect::<Vec<_>>(), ["limit"]);
        parameters.clear();
        assert!(parameters.values().is_empty());
    }
}
