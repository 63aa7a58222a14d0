//! A statement that changes something with the values of its parameters in place of their names, so that a trail can say what
//! was done, and to what.
//!
//! It is for reading and never for running: no password is left in it, whether written out or given as a parameter, and what
//! stands under a key that sounds like a secret is covered, as is of every other text what may be one: `RemoteUrl::redacted_text`
//! says what that is. Rather too much is covered than too little. What cannot be filled in stays `$name`, because a value of the
//! wrong kind may be a secret in the wrong place. Listings are not filled in, but for the names that they are about.

use std::sync::Arc;

use aliasd_catalog::{PlainSecret, RemoteUrl, Value};

use crate::ast::{
    AliasStatement, AuthRemoval, AuthRuleStatement, Body, ClusterStatement, DatabaseStatement, Expression, LoadTerm,
    LoginClause, MapEntries, Name, NameOperand, NameScope, Operand, OrderItem, PasswordClause, PrivilegeStatement,
    PrivilegeTerm, PrivilegesOf, Projection, Return, ReturnItems, RoleStatement, SegmentTerm, ShowSubject, Statement,
    TagEdits, TagList, TagRemoval, UserSettings, UserStatement,
};
use crate::parameters::Parameters;
use crate::span::{Located, Span};

/// What is shown of a value that must not be.
const COVERED: &str = "******";
/// Words in a key that make its value a secret, and words in a text that make one of it, in capitals.
const SECRET_WORDS: [&str; 12] = [
    "PASS",
    "PWD",
    "PW",
    "SECRET",
    "TOKEN",
    "CREDENTIAL",
    "KEY",
    "BEARER",
    "BASIC ",
    "AUTHORIZATION",
    "COOKIE",
    "SIGNATURE",
];

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
            Body::Show(show) => {
                self.show(&mut show.subject.value);
                // With nothing to fill in, so that what is looked for stays `$name`.
                Filling(&Parameters::default()).projection(Arc::make_mut(&mut show.projection));
            }
        }
    }

    fn projection(&self, projection: &mut Projection) {
        let Projection { yields, filter, returns } = projection;
        let mut parts: Vec<&mut Expression> = filter.iter_mut().map(|filter| &mut filter.value).collect();
        parts.extend(yields.iter_mut().flat_map(|yields| ordered(&mut yields.order_by)));
        if let Some(Return { items, order_by, skip, limit, .. }) = returns {
            let (ReturnItems::All(items) | ReturnItems::Columns(items)) = items;
            parts.extend(items.iter_mut().map(|item| &mut item.expression.value));
            parts.extend(ordered(order_by));
            parts.extend([skip, limit].into_iter().flatten().map(|rows| &mut rows.value));
        }
        parts.into_iter().for_each(|part| self.expression(part));
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
            cover_tags(tags);
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
                    *text = RemoteUrl::redacted_place(text);
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
        let Some(list) = list else { return };
        self.operand(&mut list.value, texts);
        cover_tags(&mut list.value);
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
            if sounds_secret(&key.value) {
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
            // A password may stand in an address, wherever that stands, and however much of an address it is.
            Expression::String(text) => *text = shown(text),
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

fn ordered(items: &mut [OrderItem]) -> impl Iterator<Item = &mut Expression> {
    items.iter_mut().map(|item| &mut item.expression.value)
}

/// Whether there is a word of a secret in a text.
fn sounds_secret(text: &str) -> bool {
    let text = text.to_uppercase();
    SECRET_WORDS.iter().any(|word| text.contains(word))
}

/// What is shown of a text that may hold a secret.
fn shown(text: &str) -> String {
    if sounds_secret(text) { COVERED.to_owned() } else { RemoteUrl::redacted_text(text) }
}

fn cover_tags(tags: &mut Operand<Vec<String>>) {
    if let Operand::Literal(tags) = tags {
        tags.iter_mut().for_each(|tag| *tag = shown(tag));
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
