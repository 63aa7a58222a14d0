//! `GRANT`, `DENY` and `REVOKE` of privileges.

use aliasd_catalog::CypherVersion;

use super::elsewhere::PRIVILEGES_ELSEWHERE;
use super::{Parsed, Parser};
use crate::ast::{
    DatabaseAction, DbmsAction, ElementKind, GrantEffect, GraphAction, LoadTerm, NameOperand, NameScope,
    PrivilegeStatement, PrivilegeTerm, PrivilegeVerb, QualifiedAction, ResourceTerm, SegmentTerm, TransactionAction,
};
use crate::error::ErrorCode;
use crate::lexer::TokenKind;
use crate::span::Located;

/// What the words of a privilege say before its scope is known.
#[derive(Clone, Copy)]
enum Words {
    /// `ALL [PRIVILEGES]`: the scope decides.
    All,
    Dbms(DbmsAction),
    Impersonate,
    Database(DatabaseAction),
    Transaction(TransactionAction),
    Qualified(QualifiedAction),
    Load,
    Graph(GraphAction),
}

/// Spellings that are taken besides the canonical ones (semantics §4.3).
#[rustfmt::skip]
const OTHER_SPELLINGS: &[(&str, Words)] = &[
    ("ALL", Words::All),
    ("ALL PRIVILEGES", Words::All),
    ("IMPERSONATE", Words::Impersonate),
    ("LOAD", Words::Load),
    ("SET PASSWORD", Words::Dbms(DbmsAction::SetPasswords)),
    ("SHOW SERVER", Words::Dbms(DbmsAction::ShowServers)),
    ("EXECUTE ADMINISTRATOR PROCEDURES", Words::Dbms(DbmsAction::ExecuteAdminProcedures)),
    ("INDEX", Words::Database(DatabaseAction::IndexManagement)),
    ("INDEXES", Words::Database(DatabaseAction::IndexManagement)),
    ("INDEXES MANAGEMENT", Words::Database(DatabaseAction::IndexManagement)),
    ("CREATE INDEXES", Words::Database(DatabaseAction::CreateIndex)),
    ("DROP INDEXES", Words::Database(DatabaseAction::DropIndex)),
    ("SHOW INDEXES", Words::Database(DatabaseAction::ShowIndex)),
    ("CONSTRAINT", Words::Database(DatabaseAction::ConstraintManagement)),
    ("CONSTRAINTS", Words::Database(DatabaseAction::ConstraintManagement)),
    ("CONSTRAINTS MANAGEMENT", Words::Database(DatabaseAction::ConstraintManagement)),
    ("CREATE CONSTRAINTS", Words::Database(DatabaseAction::CreateConstraint)),
    ("DROP CONSTRAINTS", Words::Database(DatabaseAction::DropConstraint)),
    ("SHOW CONSTRAINTS", Words::Database(DatabaseAction::ShowConstraint)),
    ("NAME", Words::Database(DatabaseAction::NameManagement)),
    ("CREATE NEW LABEL", Words::Database(DatabaseAction::CreateLabel)),
    ("CREATE NEW LABELS", Words::Database(DatabaseAction::CreateLabel)),
    ("CREATE NEW NODE LABELS", Words::Database(DatabaseAction::CreateLabel)),
    ("CREATE NEW TYPE", Words::Database(DatabaseAction::CreateType)),
    ("CREATE NEW TYPES", Words::Database(DatabaseAction::CreateType)),
    ("CREATE NEW RELATIONSHIP TYPES", Words::Database(DatabaseAction::CreateType)),
    ("CREATE NEW NAME", Words::Database(DatabaseAction::CreatePropertyName)),
    ("CREATE NEW NAMES", Words::Database(DatabaseAction::CreatePropertyName)),
    ("CREATE NEW PROPERTY NAMES", Words::Database(DatabaseAction::CreatePropertyName)),
    ("TRANSACTION", Words::Transaction(TransactionAction::Management)),
    ("SHOW TRANSACTIONS", Words::Transaction(TransactionAction::Show)),
    ("TERMINATE TRANSACTIONS", Words::Transaction(TransactionAction::Terminate)),
    ("EXECUTE PROCEDURES", Words::Qualified(QualifiedAction::ExecuteProcedure)),
    ("EXECUTE BOOSTED PROCEDURES", Words::Qualified(QualifiedAction::ExecuteBoostedProcedure)),
    ("EXECUTE FUNCTIONS", Words::Qualified(QualifiedAction::ExecuteFunction)),
    ("EXECUTE USER FUNCTION", Words::Qualified(QualifiedAction::ExecuteFunction)),
    ("EXECUTE USER FUNCTIONS", Words::Qualified(QualifiedAction::ExecuteFunction)),
    ("EXECUTE USER DEFINED FUNCTION", Words::Qualified(QualifiedAction::ExecuteFunction)),
    ("EXECUTE USER DEFINED FUNCTIONS", Words::Qualified(QualifiedAction::ExecuteFunction)),
    ("EXECUTE BOOSTED FUNCTIONS", Words::Qualified(QualifiedAction::ExecuteBoostedFunction)),
    ("EXECUTE BOOSTED USER FUNCTION", Words::Qualified(QualifiedAction::ExecuteBoostedFunction)),
    ("EXECUTE BOOSTED USER FUNCTIONS", Words::Qualified(QualifiedAction::ExecuteBoostedFunction)),
    ("EXECUTE BOOSTED USER DEFINED FUNCTION", Words::Qualified(QualifiedAction::ExecuteBoostedFunction)),
    ("EXECUTE BOOSTED USER DEFINED FUNCTIONS", Words::Qualified(QualifiedAction::ExecuteBoostedFunction)),
    ("SHOW SETTINGS", Words::Qualified(QualifiedAction::ShowSetting)),
];

/// Every spelling of every privilege.
fn spellings() -> impl Iterator<Item = (&'static str, Words)> {
    let dbms = DbmsAction::ALL.iter().map(|action| (action.keywords(), Words::Dbms(*action)));
    let database = DatabaseAction::ALL.iter().map(|action| (action.keywords(), Words::Database(*action)));
    let graph = GraphAction::ALL.iter().map(|action| (action.keywords(), Words::Graph(*action)));
    let transaction = TransactionAction::ALL.iter().map(|action| (action.keywords(), Words::Transaction(*action)));
    let qualified = QualifiedAction::ALL.iter().map(|action| (action.keywords(), Words::Qualified(*action)));
    let others = OTHER_SPELLINGS.iter().copied();
    dbms.chain(database).chain(graph).chain(transaction).chain(qualified).chain(others)
}

/// True for a spelling that Cypher 5 has not.
fn is_newer(words: &str) -> bool {
    words.contains("AUTH RULE") || words.contains("USER METADATA")
}

/// Every spelling of every privilege, for people.
pub(crate) fn privilege_spellings() -> impl Iterator<Item = &'static str> {
    spellings().map(|(words, _)| words)
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
        let privilege = self.unless_elsewhere(PRIVILEGES_ELSEWHERE, Self::privilege)?;
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
            Words::Impersonate => {
                let users = self.user_list()?;
                self.expect("ON")?;
                self.expect("DBMS")?;
                Ok(PrivilegeTerm::Impersonate(users))
            }
            Words::Dbms(DbmsAction::ResolveAlias) => {
                let aliases = self.names_in_brackets(|parser| parser.catalog_name("an alias name"))?;
                self.expect("ON")?;
                self.expect("DBMS")?;
                Ok(PrivilegeTerm::ResolveAlias(aliases))
            }
            Words::Dbms(action) => self.dbms_privilege(action),
            Words::Database(action) => {
                self.expect("ON")?;
                let scope = self.name_scope(&["DATABASE", "DATABASES"], "a database name")?;
                Ok(PrivilegeTerm::Database { action, scope })
            }
            Words::Transaction(action) => {
                let users = self.user_list()?;
                self.expect("ON")?;
                let scope = self.name_scope(&["DATABASE", "DATABASES"], "a database name")?;
                Ok(PrivilegeTerm::Transaction { action, users, scope })
            }
            Words::Qualified(action) => {
                let globs = self.comma_separated(Self::glob)?;
                self.expect("ON")?;
                self.expect("DBMS")?;
                Ok(PrivilegeTerm::Qualified { action, globs })
            }
            Words::Load => self.load(),
            Words::Graph(action) => {
                let resource = self.resource(action)?;
                self.expect("ON")?;
                self.graph_scope(action, resource)
            }
        }
    }

    /// After its words. Some are about databases, too, and then the scope says which kind is meant.
    fn dbms_privilege(&mut self, action: DbmsAction) -> Parsed<PrivilegeTerm> {
        self.expect("ON")?;
        let on_databases = action.on_databases().filter(|_| self.version() == CypherVersion::Cypher25);
        if let Some(action) = on_databases
            && self.at_one_of(&["HOME", "DATABASE", "DATABASES"])
        {
            let scope = self.name_scope(&["DATABASE", "DATABASES"], "a database name")?;
            return Ok(PrivilegeTerm::Database { action, scope });
        }
        self.expect("DBMS")?;
        Ok(PrivilegeTerm::Dbms(action))
    }

    /// The longest spelling of a privilege that stands here.
    fn privilege_words(&mut self) -> Parsed<Words> {
        // The words of each spelling that are still to come. Few spellings begin alike, so all of them are looked at but once.
        let has_newer = self.version() == CypherVersion::Cypher25;
        let known = || spellings().filter(|(words, _)| has_newer || !is_newer(words));
        let mut candidates: Vec<_> = known().filter_map(|spelling| self.without_word_here(spelling)).collect();
        if candidates.is_empty() {
            self.note_next_words(known());
            return Err(self.unexpected());
        }
        loop {
            self.advance();
            let longer: Vec<_> = candidates.iter().filter_map(|left| self.without_word_here(*left)).collect();
            if longer.is_empty() {
                let complete = candidates.iter().find(|(left, _)| left.is_empty()).map(|(_, meaning)| *meaning);
                self.note_next_words(candidates.into_iter());
                return complete.ok_or_else(|| self.unexpected());
            }
            candidates = longer;
        }
    }

    /// What is left of a spelling after the word that stands here, if it begins with that word.
    fn without_word_here(&self, (words, meaning): (&'static str, Words)) -> Option<(&'static str, Words)> {
        let here = self.text(self.span());
        let (first, after) = words.split_at_checked(here.len())?;
        let left = if after.is_empty() { after } else { after.strip_prefix(' ')? };
        let begins = self.kind() == TokenKind::Word && first.eq_ignore_ascii_case(here);
        begins.then_some((left, meaning))
    }

    fn note_next_words(&mut self, candidates: impl Iterator<Item = (&'static str, Words)>) {
        for (left, _) in candidates.filter(|(left, _)| !left.is_empty()) {
            self.note(left.split_once(' ').map_or(left, |(word, _)| word));
        }
    }

    /// After `ALL [PRIVILEGES]`.
    fn all_privileges(&mut self) -> Parsed<PrivilegeTerm> {
        self.expect("ON")?;
        if self.accept("DBMS") {
            return Ok(PrivilegeTerm::Dbms(DbmsAction::All));
        }
        let one_graph = (self.at("HOME") || self.at("DEFAULT")) && self.at_ahead(1, "GRAPH");
        if one_graph || self.at_one_of(&["GRAPH", "GRAPHS"]) {
            return self.graph_scope(GraphAction::All, None);
        }
        let scope = self.name_scope(&["DATABASE", "DATABASES"], "a database name")?;
        Ok(PrivilegeTerm::Database { action: DatabaseAction::All, scope })
    }

    /// `[(* | user, …)]`; none means every user.
    fn user_list(&mut self) -> Parsed<Option<Vec<NameOperand>>> {
        self.names_in_brackets(|parser| parser.simple_name("a user name"))
    }

    /// `[(* | name, …)]`; none means all.
    fn names_in_brackets(
        &mut self,
        name: impl FnMut(&mut Self) -> Parsed<NameOperand>,
    ) -> Parsed<Option<Vec<NameOperand>>> {
        if !self.accept_symbol("(") || self.accept_star_and(")")? {
            return Ok(None);
        }
        let names = self.comma_separated(name)?;
        self.expect_symbol(")")?;
        Ok(Some(names))
    }

    /// After `LOAD`.
    fn load(&mut self) -> Parsed<PrivilegeTerm> {
        self.expect("ON")?;
        Ok(PrivilegeTerm::Load(match self.expect_one_of(&["ALL", "URL", "CIDR"])? {
            "ALL" => {
                self.expect("DATA")?;
                LoadTerm::AllData
            }
            "URL" => LoadTerm::Url(self.string_operand("a url in quotes")?),
            _ => LoadTerm::Cidr(self.string_operand("an address range in quotes")?),
        }))
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
        if self.at("DEFAULT") && self.at_ahead(1, words[0]) {
            let word = words[0];
            let message = format!("`ON DEFAULT {word}` is not supported. Use `ON HOME {word}` instead.");
            return Err(self.error(ErrorCode::SyntaxError, self.span(), message));
        }
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
        let segment = if takes_segment { self.segment(action)? } else { None };
        let reads = matches!(action, GraphAction::Match | GraphAction::Read | GraphAction::Traverse);
        // What Neo4j's first versions had for properties, and means nothing: Cypher 5 takes it still.
        if reads && self.version() == CypherVersion::Cypher5 && self.accept_symbol("(") {
            self.expect_symbol("*")?;
            self.expect_symbol(")")?;
        }
        Ok(PrivilegeTerm::Graph { action, resource, scope, segment })
    }

    /// `[NODES | RELATIONSHIPS | ELEMENTS * | name, …]` or `[FOR (…) …]`.
    fn segment(&mut self, action: GraphAction) -> Parsed<Option<SegmentTerm>> {
        if self.accept("FOR") {
            let start = self.previous_span();
            let pattern = self.pattern()?;
            if !matches!(action, GraphAction::Match | GraphAction::Read | GraphAction::Traverse) {
                let message =
                    format!("{} cannot depend on a property: only MATCH, READ and TRAVERSE can.", action.keywords());
                return Err(self.error(ErrorCode::ConflictingClauses, start.to(self.previous_span()), message));
            }
            return Ok(Some(SegmentTerm::Pattern(pattern)));
        }
        let words = ["NODES", "NODE", "RELATIONSHIPS", "RELATIONSHIP", "ELEMENTS", "ELEMENT"];
        let kind = match self.accept_one_of(&words) {
            Some("NODES" | "NODE") => ElementKind::Nodes,
            Some("RELATIONSHIPS" | "RELATIONSHIP") => ElementKind::Relationships,
            Some(_) => ElementKind::Elements,
            None => return Ok(None),
        };
        if self.accept_symbol("*") {
            return Ok(Some(SegmentTerm::Elements { kind, names: None }));
        }
        let names = self.comma_separated(|parser| parser.identifier("a label or type"))?;
        Ok(Some(SegmentTerm::Elements { kind, names: Some(names) }))
    }
}
