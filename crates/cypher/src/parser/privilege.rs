//! `GRANT`, `DENY` and `REVOKE` of privileges.

use super::{Parsed, Parser};
use crate::ast::{
    DatabaseAction, DbmsAction, ElementKind, GrantEffect, GraphAction, NameOperand, NameScope, PrivilegeStatement,
    PrivilegeTerm, PrivilegeVerb, ResourceTerm, SegmentTerm,
};
use crate::span::Located;

/// What the words of a privilege say before its scope is known.
#[derive(Clone, Copy)]
enum Words {
    /// `ALL [PRIVILEGES]`: the scope decides.
    All,
    Dbms(DbmsAction),
    Impersonate,
    Database(DatabaseAction),
    Graph(GraphAction),
}

/// Spellings that the reference allows besides the canonical ones.
const OTHER_SPELLINGS: [(&str, Words); 10] = [
    ("ALL", Words::All),
    ("ALL PRIVILEGES", Words::All),
    ("IMPERSONATE", Words::Impersonate),
    ("SET PASSWORD", Words::Dbms(DbmsAction::SetPasswords)),
    ("SHOW SERVER", Words::Dbms(DbmsAction::ShowServers)),
    ("INDEXES MANAGEMENT", Words::Database(DatabaseAction::IndexManagement)),
    ("SHOW INDEXES", Words::Database(DatabaseAction::ShowIndex)),
    ("CONSTRAINTS MANAGEMENT", Words::Database(DatabaseAction::ConstraintManagement)),
    ("SHOW CONSTRAINTS", Words::Database(DatabaseAction::ShowConstraint)),
    ("TRANSACTION", Words::Database(DatabaseAction::TransactionManagement)),
];

/// Every spelling of every privilege.
fn spellings() -> impl Iterator<Item = (&'static str, Words)> {
    let dbms = DbmsAction::ALL.iter().map(|action| (action.keywords(), Words::Dbms(*action)));
    let database = DatabaseAction::ALL.iter().map(|action| (action.keywords(), Words::Database(*action)));
    let graph = GraphAction::ALL.iter().map(|action| (action.keywords(), Words::Graph(*action)));
    dbms.chain(database).chain(graph).chain(OTHER_SPELLINGS)
}

impl Parser<'_> {
    /// `GRANT|DENY|REVOKE [GRANT|DENY] [IMMUTABLE] privilege ON scope TO|FROM roles`.
    pub(super) fn privilege_statement(&mut self) -> Parsed<PrivilegeStatement> {
        let verb = if self.accept("GRANT") {
            PrivilegeVerb::Assign(GrantEffect::Granted)
        } else if self.accept("DENY") {
            PrivilegeVerb::Assign(GrantEffect::Denied)
        } else {
            self.expect("REVOKE")?;
            PrivilegeVerb::Revoke(match self.accept_one_of(&["GRANT", "DENY"]) {
                Some("GRANT") => Some(GrantEffect::Granted),
                Some(_) => Some(GrantEffect::Denied),
                None => None,
            })
        };
        let immutable = self.accept("IMMUTABLE");
        let start = self.span();
        let privilege = self.privilege()?;
        let privilege = Located::new(privilege, start.to(self.previous_span()));
        self.expect(match verb {
            PrivilegeVerb::Assign(_) => "TO",
            PrivilegeVerb::Revoke(_) => "FROM",
        })?;
        let roles = self.comma_separated(|parser| parser.simple_name("a role name"))?;
        Ok(PrivilegeStatement { verb, immutable, privilege, roles })
    }

    fn privilege(&mut self) -> Parsed<PrivilegeTerm> {
        match self.privilege_words()? {
            Words::All => self.all_privileges(),
            Words::Dbms(action) => {
                self.expect("ON")?;
                self.expect("DBMS")?;
                Ok(PrivilegeTerm::Dbms(action))
            }
            Words::Impersonate => {
                let users = self.impersonated_users()?;
                self.expect("ON")?;
                self.expect("DBMS")?;
                Ok(PrivilegeTerm::Impersonate(users))
            }
            Words::Database(action) => {
                if action == DatabaseAction::TransactionManagement {
                    self.every_transaction()?;
                }
                self.expect("ON")?;
                let scope = self.name_scope(&["DATABASE", "DATABASES"], "a database name")?;
                Ok(PrivilegeTerm::Database { action, scope })
            }
            Words::Graph(action) => {
                let resource = self.resource(action)?;
                self.expect("ON")?;
                self.graph_scope(action, resource)
            }
        }
    }

    /// The longest spelling of a privilege that stands here.
    fn privilege_words(&mut self) -> Parsed<Words> {
        let mut candidates: Vec<(Vec<&'static str>, Words)> =
            spellings().map(|(words, meaning)| (words.split(' ').collect(), meaning)).collect();
        let mut complete = None;
        for length in 0.. {
            complete = candidates.iter().find(|(words, _)| words.len() == length).map(|(_, meaning)| *meaning);
            candidates.retain(|(words, _)| words.len() > length);
            for (words, _) in &candidates {
                self.note(words[length]);
            }
            candidates.retain(|(words, _)| self.at(words[length]));
            if candidates.is_empty() {
                break;
            }
            self.advance();
        }
        complete.ok_or_else(|| self.unexpected())
    }

    /// After `ALL [PRIVILEGES]`.
    fn all_privileges(&mut self) -> Parsed<PrivilegeTerm> {
        self.expect("ON")?;
        if self.accept("DBMS") {
            return Ok(PrivilegeTerm::Dbms(DbmsAction::All));
        }
        let home_graph = self.at("HOME") && self.at_ahead(1, "GRAPH");
        if home_graph || self.at_one_of(&["GRAPH", "GRAPHS"]) {
            return self.graph_scope(GraphAction::All, None);
        }
        let scope = self.name_scope(&["DATABASE", "DATABASES"], "a database name")?;
        Ok(PrivilegeTerm::Database { action: DatabaseAction::All, scope })
    }

    /// `[(* | user, …)]`; none means every user.
    fn impersonated_users(&mut self) -> Parsed<Option<Vec<NameOperand>>> {
        if !self.accept_symbol("(") || self.accept_star_and(")")? {
            return Ok(None);
        }
        let users = self.comma_separated(|parser| parser.simple_name("a user name"))?;
        self.expect_symbol(")")?;
        Ok(Some(users))
    }

    /// `[(*)]` after `TRANSACTION MANAGEMENT`.
    fn every_transaction(&mut self) -> Parsed<()> {
        if self.accept_symbol("(") && !self.accept_star_and(")")? {
            return Err(self.unexpected());
        }
        Ok(())
    }

    /// `*` and the bracket that closes, if a `*` is here.
    fn accept_star_and(&mut self, close: &'static str) -> Parsed<bool> {
        let star = self.accept_symbol("*");
        if star {
            self.expect_symbol(close)?;
        }
        Ok(star)
    }

    /// `HOME word` or `word * | name, …`.
    fn name_scope(&mut self, words: &[&'static str], kind: &'static str) -> Parsed<NameScope> {
        if self.accept("HOME") {
            self.expect(words[0])?;
            return Ok(NameScope::Home);
        }
        self.expect_one_of(words)?;
        if self.accept_symbol("*") {
            return Ok(NameScope::All);
        }
        Ok(NameScope::Named(self.comma_separated(|parser| parser.catalog_name(kind))?))
    }

    /// The properties in braces, or the labels, of the actions that take them.
    fn resource(&mut self, action: GraphAction) -> Parsed<Option<ResourceTerm>> {
        match action {
            GraphAction::Read | GraphAction::Match | GraphAction::SetProperty | GraphAction::Merge => {
                self.expect_symbol("{")?;
                if self.accept_star_and("}")? {
                    return Ok(Some(ResourceTerm::All));
                }
                let names = self.comma_separated(|parser| parser.identifier("a property name"))?;
                self.expect_symbol("}")?;
                Ok(Some(ResourceTerm::Named(names)))
            }
            GraphAction::SetLabel | GraphAction::RemoveLabel => {
                if self.accept_symbol("*") {
                    return Ok(Some(ResourceTerm::All));
                }
                let labels = self.comma_separated(|parser| parser.identifier("a label"))?;
                Ok(Some(ResourceTerm::Named(labels)))
            }
            _ => Ok(None),
        }
    }

    /// After `ON`.
    fn graph_scope(&mut self, action: GraphAction, resource: Option<ResourceTerm>) -> Parsed<PrivilegeTerm> {
        let scope = self.name_scope(&["GRAPH", "GRAPHS"], "a graph name")?;
        let takes_segment =
            !matches!(action, GraphAction::SetLabel | GraphAction::RemoveLabel | GraphAction::Write | GraphAction::All);
        let segment = if takes_segment { self.segment()? } else { None };
        Ok(PrivilegeTerm::Graph { action, resource, scope, segment })
    }

    /// `[NODES | RELATIONSHIPS | ELEMENTS * | name, …]`.
    fn segment(&mut self) -> Parsed<Option<SegmentTerm>> {
        let words = ["NODES", "NODE", "RELATIONSHIPS", "RELATIONSHIP", "ELEMENTS", "ELEMENT"];
        let kind = match self.accept_one_of(&words) {
            Some("NODES" | "NODE") => ElementKind::Nodes,
            Some("RELATIONSHIPS" | "RELATIONSHIP") => ElementKind::Relationships,
            Some(_) => ElementKind::Elements,
            None => return Ok(None),
        };
        if self.accept_symbol("*") {
            return Ok(Some(SegmentTerm { kind, names: None }));
        }
        let names = self.comma_separated(|parser| parser.identifier("a label or type"))?;
        Ok(Some(SegmentTerm { kind, names: Some(names) }))
    }
}
