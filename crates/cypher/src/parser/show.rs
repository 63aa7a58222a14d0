//! `SHOW …`, `YIELD`, `WHERE`, `RETURN`.

use std::sync::Arc;

use super::elsewhere::{ROLES_ELSEWHERE, USERS_ELSEWHERE};
use super::{Parsed, Parser};
use crate::ast::{
    AsCommands, Executor, NameOperand, Operand, OrderItem, PrivilegesOf, Projection, Return, ReturnItem, ReturnItems,
    RolesWith, ShowStatement, ShowSubject, Yield, YieldItem, YieldItems,
};
use crate::error::ErrorCode;
use crate::lexer::{TokenKind, decode_integer};
use crate::span::{Located, Span};

/// A paging clause has two spellings of its first half.
const SKIP: [&str; 2] = ["SKIP", "OFFSET"];

const FUNCTIONS: [&str; 2] = ["FUNCTIONS", "FUNCTION"];

impl Parser<'_> {
    /// After `SHOW`.
    pub(super) fn show(&mut self) -> Parsed<ShowStatement> {
        let start = self.span();
        let subject = self.show_subject()?;
        let subject = Located::new(subject, start.to(self.previous_span()));
        let projection = Arc::new(self.projection()?);
        Ok(ShowStatement { subject, projection })
    }

    fn show_subject(&mut self) -> Parsed<ShowSubject> {
        if self.accept_one_of(&["ALIASES", "ALIAS"]).is_some() {
            return self.show_aliases();
        }
        if self.accept_one_of(&["DATABASES", "DATABASE"]).is_some() {
            let name = if self.name_follows() { Some(self.catalog_name("a database name")?) } else { None };
            return Ok(ShowSubject::Databases(name));
        }
        if self.accept("DEFAULT") {
            self.expect("DATABASE")?;
            return Ok(ShowSubject::DefaultDatabase);
        }
        if self.accept("HOME") {
            self.expect("DATABASE")?;
            return Ok(ShowSubject::HomeDatabase);
        }
        if self.accept("CURRENT") {
            self.expect("USER")?;
            return Ok(ShowSubject::CurrentUser);
        }
        // A user may be called `defined`.
        if self.at("USER") && self.at_ahead(1, "DEFINED") && FUNCTIONS.iter().any(|word| self.at_ahead(2, word)) {
            self.expect("USER")?;
            self.expect("DEFINED")?;
            self.expect_one_of(&FUNCTIONS)?;
            return Ok(ShowSubject::Functions { user_defined: true, executable_by: self.executable_by()? });
        }
        if self.accept_one_of(&["USERS", "USER"]).is_some() {
            return self.show_users();
        }
        if let Some(subject) = self.show_of_a_dbms()? {
            return Ok(subject);
        }
        if self.accept("ALL") {
            if self.accept_one_of(&FUNCTIONS).is_some() {
                return Ok(ShowSubject::Functions { user_defined: false, executable_by: self.executable_by()? });
            }
            if self.accept_one_of(&["ROLES", "ROLE"]).is_some() {
                return self.show_role_list(false);
            }
            self.expect_one_of(&["PRIVILEGES", "PRIVILEGE"])?;
            return self.show_privileges(PrivilegesOf::Everyone);
        }
        if self.accept("CLUSTER") {
            self.expect("POLICY")?;
            return Ok(ShowSubject::ClusterPolicy);
        }
        if self.accept("SUPPORTED") {
            self.expect_one_of(&["PRIVILEGES", "PRIVILEGE"])?;
            return Ok(ShowSubject::SupportedPrivileges);
        }
        if self.accept("POPULATED") {
            self.expect_one_of(&["ROLES", "ROLE"])?;
            return self.show_role_list(true);
        }
        if self.accept_one_of(&["ROLES", "ROLE"]).is_some() {
            return self.show_roles();
        }
        if self.accept_auth() {
            self.expect_one_of(&["RULES", "RULE"])?;
            return self.show_auth_rules();
        }
        self.expect_one_of(&["PRIVILEGES", "PRIVILEGE"])?;
        self.show_privileges(PrivilegesOf::Everyone)
    }

    /// What tools ask of any DBMS.
    fn show_of_a_dbms(&mut self) -> Parsed<Option<ShowSubject>> {
        Ok(Some(if self.accept_one_of(&["SERVERS", "SERVER"]).is_some() {
            ShowSubject::Servers
        } else if self.accept_one_of(&["TRANSACTIONS", "TRANSACTION"]).is_some() {
            ShowSubject::Transactions(self.strings("a transaction id in quotes")?)
        } else if self.accept_one_of(&["SETTINGS", "SETTING"]).is_some() {
            ShowSubject::Settings(self.strings("the name of a setting in quotes")?)
        } else if self.accept_one_of(&["PROCEDURES", "PROCEDURE"]).is_some() {
            ShowSubject::Procedures { executable_by: self.executable_by()? }
        } else if self.accept("BUILT") {
            self.expect("IN")?;
            self.expect_one_of(&FUNCTIONS)?;
            ShowSubject::Functions { user_defined: false, executable_by: self.executable_by()? }
        } else if self.accept_one_of(&FUNCTIONS).is_some() {
            ShowSubject::Functions { user_defined: false, executable_by: self.executable_by()? }
        } else {
            return Ok(None);
        }))
    }

    /// After what can be called.
    fn executable_by(&mut self) -> Parsed<Option<Executor>> {
        if !self.accept("EXECUTABLE") {
            return Ok(None);
        }
        if !self.accept("BY") {
            return Ok(Some(Executor::CurrentUser));
        }
        // A user may be called `current`.
        if self.at("CURRENT") && self.at_ahead(1, "USER") {
            self.expect("CURRENT")?;
            self.expect("USER")?;
            return Ok(Some(Executor::CurrentUser));
        }
        Ok(Some(Executor::User(self.simple_name("a user name")?)))
    }

    /// Any number of strings.
    fn strings(&mut self, kind: &'static str) -> Parsed<Vec<Located<Operand<String>>>> {
        if self.at_projection() {
            return Ok(Vec::new());
        }
        self.comma_separated(|parser| parser.string_operand(kind))
    }

    /// `CALL dbms.components()`, of which `start` is the name and the next token what follows that. The parentheses may be
    /// left out.
    pub(super) fn call_components(&mut self, start: Span) -> Parsed<ShowStatement> {
        if self.accept_symbol("(") {
            self.expect_symbol(")")?;
        }
        let subject = Located::new(ShowSubject::Components, start.to(self.previous_span()));
        let projection = Arc::new(self.projection()?);
        Ok(ShowStatement { subject, projection })
    }

    /// After `SHOW ALIAS[ES]`. An alias may be called `for`.
    fn show_aliases(&mut self) -> Parsed<ShowSubject> {
        let database = self.at_ahead(1, "DATABASE") || self.at_ahead(1, "DATABASES");
        let name = if self.at("FOR") && database { None } else { Some(self.catalog_name("an alias name")?) };
        self.expect("FOR")?;
        self.expect_one_of(&["DATABASES", "DATABASE"])?;
        Ok(ShowSubject::Aliases(name))
    }

    /// After `SHOW USER[S]`.
    fn show_users(&mut self) -> Parsed<ShowSubject> {
        if self.privileges_follow(0) {
            self.expect_one_of(&["PRIVILEGES", "PRIVILEGE"])?;
            return self.show_privileges(PrivilegesOf::Users(Vec::new()));
        }
        if !self.names_and_privileges_follow() {
            if self.accept("WITH") {
                self.expect("AUTH")?;
                self.refuse_elsewhere(USERS_ELSEWHERE)?;
                return Ok(ShowSubject::Users { with_auth: true });
            }
            self.refuse_elsewhere(USERS_ELSEWHERE)?;
            if self.at_projection() {
                return Ok(ShowSubject::Users { with_auth: false });
            }
        }
        let of = self.names("a user name")?;
        self.expect_one_of(&["PRIVILEGES", "PRIVILEGE"])?;
        self.show_privileges(PrivilegesOf::Users(of))
    }

    /// After `SHOW AUTH RULE[S]`.
    fn show_auth_rules(&mut self) -> Parsed<ShowSubject> {
        if !self.names_and_privileges_follow() {
            let as_commands = self.accept("AS");
            if as_commands {
                self.expect_one_of(&["COMMANDS", "COMMAND"])?;
            }
            if as_commands || self.at_projection() {
                return Ok(ShowSubject::AuthRules { as_commands });
            }
        }
        let of = self.names("an auth rule name")?;
        self.expect_one_of(&["PRIVILEGES", "PRIVILEGE"])?;
        self.show_privileges(PrivilegesOf::AuthRules(of))
    }

    /// After `SHOW ROLE[S]`.
    fn show_roles(&mut self) -> Parsed<ShowSubject> {
        let privileges = self.names_and_privileges_follow();
        if !privileges && (self.at("WITH") || self.at("AS") || self.at_projection()) {
            return self.show_role_list(false);
        }
        let of = self.names("a role name")?;
        self.expect_one_of(&["PRIVILEGES", "PRIVILEGE"])?;
        self.show_privileges(PrivilegesOf::Roles(of))
    }

    fn show_role_list(&mut self, populated: bool) -> Parsed<ShowSubject> {
        let with = match self.accept("WITH") {
            false => None,
            true if self.accept_auth() => {
                self.expect_one_of(&["RULES", "RULE"])?;
                Some(RolesWith::AuthRules)
            }
            true => {
                self.expect_one_of(&["USERS", "USER"])?;
                Some(RolesWith::Users)
            }
        };
        self.refuse_elsewhere(ROLES_ELSEWHERE)?;
        Ok(ShowSubject::Roles { populated, with })
    }

    /// After `PRIVILEGE[S]`.
    fn show_privileges(&mut self, of: PrivilegesOf) -> Parsed<ShowSubject> {
        let mut as_commands = None;
        if self.accept("AS") {
            let revoke = self.accept("REVOKE");
            self.expect_one_of(&["COMMANDS", "COMMAND"])?;
            as_commands = Some(if revoke { AsCommands::Revoke } else { AsCommands::Assign });
        }
        Ok(ShowSubject::Privileges { of, as_commands })
    }

    fn names(&mut self, kind: &'static str) -> Parsed<Vec<NameOperand>> {
        self.comma_separated(|parser| parser.simple_name(kind))
    }

    /// True if a clause of a `SHOW` or the end of the statement is next, so that no name can be.
    fn at_projection(&self) -> bool {
        self.at("YIELD") || self.at("WHERE") || self.kind() == TokenKind::End || self.at_symbol(";")
    }

    /// True if a name follows. One may be called `yield` or `where`: such a word is a name if the rest is only then
    /// a statement.
    fn name_follows(&mut self) -> bool {
        if !self.at_projection() {
            return true;
        }
        if self.kind() != TokenKind::Word {
            return false;
        }
        let place = self.place_here();
        let mut fits = |name: bool| {
            if name {
                self.advance();
            }
            let parsed = self.projection().is_ok() && (self.kind() == TokenKind::End || self.at_symbol(";"));
            let fits = parsed || self.may_go_on();
            self.go_back(place);
            fits
        };
        !fits(false) && fits(true)
    }

    /// True if names and `PRIVILEGE[S]` follow: then whatever the names are, they are no clauses.
    fn names_and_privileges_follow(&self) -> bool {
        let is_name = |kind| matches!(kind, TokenKind::Word | TokenKind::Quoted | TokenKind::Parameter);
        let mut ahead = 0;
        while is_name(self.kind_ahead(ahead)) {
            ahead += 1;
            if self.kind_ahead(ahead) != TokenKind::Symbol(",") {
                return self.privileges_follow(ahead);
            }
            ahead += 1;
        }
        false
    }

    /// True if `PRIVILEGE[S]` stands there as a keyword: with nothing after it but what may follow.
    fn privileges_follow(&self, ahead: usize) -> bool {
        let keyword = self.at_ahead(ahead, "PRIVILEGES") || self.at_ahead(ahead, "PRIVILEGE");
        let end = matches!(self.kind_ahead(ahead + 1), TokenKind::End | TokenKind::Symbol(";"));
        keyword && (end || ["AS", "YIELD", "WHERE", "RETURN"].iter().any(|word| self.at_ahead(ahead + 1, word)))
    }

    fn projection(&mut self) -> Parsed<Projection> {
        let yields = if self.accept("YIELD") { Some(self.yields()?) } else { None };
        let filter = if self.accept("WHERE") { Some(self.expression()?) } else { None };
        if yields.is_none() && self.at("RETURN") {
            let error = self.error(ErrorCode::SyntaxError, self.span(), "RETURN is only allowed after YIELD.");
            return Err(error.with_hint("Write YIELD * before RETURN."));
        }
        let returns = if yields.is_some() && self.accept("RETURN") { Some(self.returns()?) } else { None };
        Ok(Projection { yields, filter, returns })
    }

    /// After `YIELD`.
    fn yields(&mut self) -> Parsed<Yield> {
        let items = if self.accept_symbol("*") {
            YieldItems::All
        } else {
            YieldItems::Columns(self.comma_separated(|parser| {
                let column = parser.identifier("a column name")?;
                let renamed = parser.rename()?;
                Ok(YieldItem { column, renamed })
            })?)
        };
        let order_by = self.order_by()?;
        let skip = if self.accept_one_of(&SKIP).is_some() { Some(self.row_count()?) } else { None };
        let limit = if self.accept("LIMIT") { Some(self.row_count()?) } else { None };
        Ok(Yield { items, order_by, skip, limit })
    }

    /// After `RETURN`.
    fn returns(&mut self) -> Parsed<Return> {
        // A column may be called `distinct`.
        let distinct =
            !matches!(self.kind_ahead(1), TokenKind::End | TokenKind::Symbol("," | ";")) && self.accept("DISTINCT");
        let items = if !self.accept_symbol("*") {
            ReturnItems::Columns(self.return_items()?)
        } else if self.accept_symbol(",") {
            ReturnItems::All(self.return_items()?)
        } else {
            ReturnItems::All(Vec::new())
        };
        if self.at("GROUP") && self.at_ahead(1, "BY") {
            let message = "GROUP BY is not supported: rows are grouped by the items of RETURN that do not aggregate.";
            let error = self.error(ErrorCode::NotSupported, self.span(), message);
            return Err(error.with_hint("Leave it out, and return what to group by."));
        }
        let order_by = self.order_by()?;
        let skip = if self.accept_one_of(&SKIP).is_some() { Some(self.expression()?) } else { None };
        let limit = if self.accept("LIMIT") { Some(self.expression()?) } else { None };
        Ok(Return { distinct, items, order_by, skip, limit })
    }

    fn return_items(&mut self) -> Parsed<Vec<ReturnItem>> {
        self.comma_separated(|parser| {
            let expression = parser.expression()?;
            let renamed = parser.rename()?;
            Ok(ReturnItem { expression, renamed })
        })
    }

    fn rename(&mut self) -> Parsed<Option<Located<String>>> {
        if self.accept("AS") { self.identifier("a column name").map(Some) } else { Ok(None) }
    }

    fn order_by(&mut self) -> Parsed<Vec<OrderItem>> {
        if !self.accept("ORDER") {
            return Ok(Vec::new());
        }
        self.expect("BY")?;
        self.comma_separated(|parser| {
            let expression = parser.expression()?;
            let direction = parser.accept_one_of(&["ASC", "ASCENDING", "DESC", "DESCENDING"]);
            Ok(OrderItem { expression, descending: direction.is_some_and(|word| word.starts_with("DESC")) })
        })
    }

    /// A number of rows, written out: the grammar allows no expression here.
    fn row_count(&mut self) -> Parsed<Located<u64>> {
        let span = self.span();
        let count = match self.kind() {
            TokenKind::Integer => decode_integer(self.text(span)).and_then(|count| u64::try_from(count).ok()),
            _ => None,
        };
        let Some(count) = count else {
            self.note_kind("a whole number that is not negative");
            return Err(self.unexpected());
        };
        self.advance();
        Ok(Located::new(count, span))
    }
}
