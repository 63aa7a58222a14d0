//! A statement that changes something with the values of its parameters in place of their names, so that a trail can say what
//! was done, and to what.
//!
//! It is for reading and never for running: no password is left in it, whether written out or given as a parameter, and what
//! stands under a key that sounds like a secret is covered. What cannot be filled in stays `$name`, because a value of the
//! wrong kind may be a secret in the wrong place. Listings are left as they are, but for the names that they are about.

use aliasd_catalog::{PlainSecret, RemoteUrl, Value};

use crate::ast::{
    AliasStatement, AuthRemoval, AuthRuleStatement, Body, ClusterStatement, DatabaseStatement, Expression, LoadTerm,
    LoginClause, MapEntries, Name, NameOperand, NameScope, Operand, PasswordClause, PrivilegeStatement, PrivilegeTerm,
    PrivilegesOf, RoleStatement, SegmentTerm, ShowSubject, Statement, TagEdits, TagList, TagRemoval, UserSettings,
    UserStatement,
};
use crate::parameters::Parameters;
use crate::span::{Located, Span};

/// What is shown of a value that must not be.
const COVERED: &str = "******";
/// Words in a key that make its value a secret, in capitals.
const SECRET_WORDS: [&str; 6] = ["PASSW", "PWD", "SECRET", "TOKEN", "CREDENTIAL", "KEY"];

impl Statement {
    /// The statement as it reads with the values of its parameters. Every password is gone from it.
    ///
    /// ```
    /// use aliasd_cypher::{Parameters, parse};
    ///
    /// let statement = parse("ALTER USER $user SET PASSWORD $password")?;
    /// let values = [("user", "carol"), ("password", "not shown")].map(|(name, value)| (name.to_owned(), value.into()));
    /// let filled = statement.filled(&Parameters::new(values.into()));
    /// assert_eq!(filled.to_string(), "ALTER USER carol SET PASSWORD '******'");
    /// # Ok::<(), aliasd_cypher::LanguageError>(())
    /// ```
    #[must_use]
    pub fn filled(&self, parameters: &Parameters) -> Self {
        let mut filled = self.clone();
        Filling(parameters).body(&mut filled.body.value);
        filled
    }
}

struct Filling<'a>(&'a Parameters);

impl Filling<'_> {
    fn body(&self, body: &mut Body) {
        match body {
            Body::Alias(statement) => self.alias(statement),
            Body::Database(statement) => self.database(statement),
            Body::User(statement) => self.user(statement),
            Body::Role(statement) => self.role(statement),
            Body::AuthRule(statement) => self.auth_rule(statement),
            // Its settings have names of ours, of which none is a secret.
            Body::Cluster(ClusterStatement::SetPolicy(map)) => {
                self.operand(&mut map.value, entries);
                if let Operand::Literal(entries) = &mut map.value {
                    entries.iter_mut().for_each(|(_, value)| self.expression(&mut value.value));
                }
            }
            Body::Privilege(statement) => self.privilege(statement),
            Body::Show(show) => self.show(&mut show.subject.value),
        }
    }

    fn alias(&self, statement: &mut AliasStatement) {
        match statement {
            AliasStatement::Create(create) => {
                self.names([&mut create.name, &mut create.target]);
                if let Some(remote) = &mut create.remote {
                    self.text(Some(&mut remote.url));
                    if let LoginClause::Stored { user, password } = &mut remote.login {
                        self.names([user]);
                        cover(Some(password));
                    }
                    self.map(remote.driver.as_mut());
                }
                self.map(create.properties.as_mut());
            }
            AliasStatement::Alter(alter) => {
                self.names([&mut alter.name].into_iter().chain(&mut alter.target).chain(&mut alter.user));
                self.text(alter.url.as_mut());
                cover(alter.password.as_mut());
                self.map(alter.driver.as_mut());
                self.map(alter.properties.as_mut());
            }
            AliasStatement::Drop(drop) => self.names([&mut drop.name]),
        }
    }

    fn database(&self, statement: &mut DatabaseStatement) {
        match statement {
            DatabaseStatement::Create(create) => self.names([&mut create.name]),
            DatabaseStatement::Alter(alter) => self.names([&mut alter.name]),
            DatabaseStatement::Drop(drop) => self.names([&mut drop.name]),
            DatabaseStatement::Start(name, _) | DatabaseStatement::Stop(name, _) => self.names([name]),
            DatabaseStatement::SetDefault(name) => self.text(Some(name)),
        }
    }

    fn user(&self, statement: &mut UserStatement) {
        match statement {
            UserStatement::Create(create) => {
                self.names([&mut create.name]);
                self.user_settings(&mut create.settings);
            }
            UserStatement::Alter(alter) => {
                self.names([&mut alter.name]);
                for removal in &mut alter.remove_auth {
                    if let AuthRemoval::Provider(provider) = &mut removal.value {
                        self.operand(provider, text);
                    }
                }
                self.tag_edits(&mut alter.tags);
                self.user_settings(&mut alter.settings);
            }
            UserStatement::AlterTags(alter) => {
                self.names(&mut alter.names);
                self.tag_edits(&mut alter.tags);
                self.tags(alter.set_tags.as_mut());
            }
            UserStatement::ChangePassword(change) => {
                cover(Some(&mut change.from));
                cover(Some(&mut change.to));
            }
            UserStatement::Rename(rename) => self.names([&mut rename.from, &mut rename.to]),
            UserStatement::Drop(drop) => self.names([&mut drop.name]),
        }
    }

    fn user_settings(&self, settings: &mut UserSettings) {
        let UserSettings { password, home, auth, tags, .. } = settings;
        let covered = |clause: &mut PasswordClause| cover(clause.password.as_mut());
        covered(password);
        self.names(home);
        for auth in auth {
            self.text(auth.value.id.as_mut());
            covered(&mut auth.value.password);
        }
        self.tags(tags.as_mut());
    }

    fn tag_edits(&self, edits: &mut TagEdits) {
        if let Some(Located { value: TagRemoval::Tags(tags), .. }) = &mut edits.remove {
            self.operand(tags, texts);
        }
        self.tags(edits.add.as_mut());
    }

    fn role(&self, statement: &mut RoleStatement) {
        match statement {
            RoleStatement::Create(create) => self.names([&mut create.name].into_iter().chain(&mut create.copy_of)),
            RoleStatement::Rename(rename) => self.names([&mut rename.from, &mut rename.to]),
            RoleStatement::Drop(drop) => self.names([&mut drop.name]),
            RoleStatement::Grant(assignment) | RoleStatement::Revoke(assignment) => {
                self.names(assignment.roles.iter_mut().chain(&mut assignment.users));
            }
        }
    }

    fn auth_rule(&self, statement: &mut AuthRuleStatement) {
        match statement {
            AuthRuleStatement::Alter(alter) => {
                self.names([&mut alter.name]);
                alter.condition.iter_mut().for_each(|condition| self.expression(&mut condition.value));
            }
            AuthRuleStatement::Rename(rename) => self.names([&mut rename.from, &mut rename.to]),
            AuthRuleStatement::Drop(drop) => self.names([&mut drop.name]),
            AuthRuleStatement::Grant(rules) | AuthRuleStatement::Revoke(rules) => {
                self.names(rules.roles.iter_mut().chain(&mut rules.rules));
            }
        }
    }

    fn privilege(&self, statement: &mut PrivilegeStatement) {
        self.names(&mut statement.roles);
        match &mut statement.privilege.value {
            PrivilegeTerm::Dbms(_) | PrivilegeTerm::Qualified { .. } | PrivilegeTerm::Load(LoadTerm::AllData) => {}
            PrivilegeTerm::Impersonate(names) | PrivilegeTerm::ResolveAlias(names) => {
                self.names(names.iter_mut().flatten());
            }
            PrivilegeTerm::Database { scope, .. } => self.scope(scope),
            PrivilegeTerm::Transaction { users, scope, .. } => {
                self.names(users.iter_mut().flatten());
                self.scope(scope);
            }
            PrivilegeTerm::Load(LoadTerm::Url(place) | LoadTerm::Cidr(place)) => {
                self.text(Some(place));
                if let Operand::Literal(text) = &mut place.value {
                    *text = RemoteUrl::redacted(text);
                }
            }
            PrivilegeTerm::Graph { scope, segment, .. } => {
                self.scope(scope);
                if let Some(SegmentTerm::Pattern(pattern)) = segment {
                    self.expression(&mut pattern.condition.value);
                }
            }
        }
    }

    fn scope(&self, scope: &mut NameScope) {
        if let NameScope::Named(names) = scope {
            self.names(names);
        }
    }

    fn show(&self, subject: &mut ShowSubject) {
        match subject {
            ShowSubject::Aliases(name) | ShowSubject::Databases(name) => self.names(name),
            ShowSubject::Privileges { of, .. } => match of {
                PrivilegesOf::Everyone => {}
                PrivilegesOf::Roles(names) | PrivilegesOf::Users(names) | PrivilegesOf::AuthRules(names) => {
                    self.names(names);
                }
            },
            _ => {}
        }
    }

    // === parts of a statement ===

    fn names<'n>(&self, names: impl IntoIterator<Item = &'n mut NameOperand>) {
        for name in names {
            self.operand(&mut name.value, |value| text(value).map(Name::simple));
        }
    }

    fn text(&self, operand: Option<&mut Located<Operand<String>>>) {
        operand.into_iter().for_each(|operand| self.operand(&mut operand.value, text));
    }

    fn tags(&self, list: Option<&mut TagList>) {
        list.into_iter().for_each(|list| self.operand(&mut list.value, texts));
    }

    fn map(&self, map: Option<&mut Located<Operand<MapEntries>>>) {
        let Some(map) = map else { return };
        self.operand(&mut map.value, entries);
        if let Operand::Literal(entries) = &mut map.value {
            self.entries(entries);
        }
    }

    fn entries(&self, entries: &mut MapEntries) {
        for (key, value) in entries {
            let key = key.value.to_uppercase();
            if SECRET_WORDS.iter().any(|word| key.contains(word)) {
                value.value = Expression::String(COVERED.to_owned());
            } else {
                self.expression(&mut value.value);
            }
        }
    }

    fn expression(&self, expression: &mut Expression) {
        match expression {
            Expression::Parameter(name) => {
                let Some(value) = self.value(name) else { return };
                *expression = literal(value);
                // A map that came in a parameter has keys of its own.
                if !matches!(expression, Expression::Parameter(_)) {
                    self.expression(expression);
                }
            }
            Expression::Map(entries) => self.entries(entries),
            // A password may stand in an address, wherever that stands.
            Expression::String(text) if text.contains("://") => *text = RemoteUrl::redacted(text),
            other => other.parts_mut().into_iter().for_each(|part| self.expression(&mut part.value)),
        }
    }

    fn operand<T>(&self, operand: &mut Operand<T>, read: impl FnOnce(&Value) -> Option<T>) {
        let Operand::Parameter(name) = operand else { return };
        if let Some(value) = self.value(name).and_then(read) {
            *operand = Operand::Literal(value);
        }
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name, Span::default()).ok().map(|value| &**value)
    }
}

/// Takes a secret out, so that not even what wipes itself goes further.
fn cover(secret: Option<&mut Located<Operand<PlainSecret>>>) {
    if let Some(secret) = secret {
        secret.value = Operand::Literal(PlainSecret::new(String::new()));
    }
}

fn text(value: &Value) -> Option<String> {
    if let Value::String(text) = value { Some(text.clone()) } else { None }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::List(members) => members.iter().map(text).collect(),
        single => text(single).map(|text| vec![text]),
    }
}

fn entries(value: &Value) -> Option<MapEntries> {
    let Value::Map(entries) = value else { return None };
    Some(entries.iter().map(|(key, value)| (nowhere(key.clone()), nowhere(literal(value)))).collect())
}

/// How a value would be written out.
fn literal(value: &Value) -> Expression {
    match value {
        Value::Null => Expression::Null,
        Value::Boolean(truth) => Expression::Boolean(*truth),
        Value::Integer(number) => Expression::Integer(*number),
        Value::Float(number) => Expression::Float(number.0),
        Value::String(text) => Expression::String(text.clone()),
        Value::List(members) => Expression::List(members.iter().map(|member| nowhere(literal(member))).collect()),
        Value::Map(_) => Expression::Map(entries(value).unwrap_or_default()),
        Value::Duration(duration) => Expression::Call {
            function: nowhere("duration".to_owned()),
            distinct: false,
            arguments: vec![nowhere(Expression::String(duration.to_string()))],
        },
    }
}

/// A part that stands in no text.
fn nowhere<T>(value: T) -> Located<T> {
    Located::new(value, Span::default())
}

#[cfg(test)]
mod tests;
