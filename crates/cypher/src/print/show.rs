//! Printing of listings.

use std::fmt;

use super::{Out, identifier, name, names, separated, string_operand};
use crate::ast::{
    AsCommands, Executor, NameOperand, Operand, OrderItem, PrivilegesOf, Projection, Return, ReturnItem, ReturnItems,
    RolesWith, ShowStatement, ShowSubject, Yield, YieldItems,
};
use crate::print::expression::expression;
use crate::span::Located;

pub(super) fn statement(out: Out<'_, '_>, statement: &ShowStatement) -> fmt::Result {
    subject(out, &statement.subject.value)?;
    projection(out, &statement.projection)
}

fn subject(out: Out<'_, '_>, subject: &ShowSubject) -> fmt::Result {
    match subject {
        ShowSubject::Aliases(None) => out.write_str("SHOW ALIASES FOR DATABASE"),
        ShowSubject::Aliases(Some(alias)) => {
            out.write_str("SHOW ALIAS ")?;
            name(out, alias)?;
            out.write_str(" FOR DATABASE")
        }
        ShowSubject::Databases(None) => out.write_str("SHOW DATABASES"),
        ShowSubject::Databases(Some(database)) => {
            out.write_str("SHOW DATABASE ")?;
            name(out, database)
        }
        ShowSubject::DefaultDatabase => out.write_str("SHOW DEFAULT DATABASE"),
        ShowSubject::HomeDatabase => out.write_str("SHOW HOME DATABASE"),
        ShowSubject::Users { with_auth } => write!(out, "SHOW USERS{}", if *with_auth { " WITH AUTH" } else { "" }),
        ShowSubject::ClusterPolicy => out.write_str("SHOW CLUSTER POLICY"),
        ShowSubject::SupportedPrivileges => out.write_str("SHOW SUPPORTED PRIVILEGES"),
        ShowSubject::Servers => out.write_str("SHOW SERVERS"),
        ShowSubject::Transactions(ids) => quoted(out, "SHOW TRANSACTIONS", ids),
        ShowSubject::Settings(names) => quoted(out, "SHOW SETTINGS", names),
        ShowSubject::Procedures { executable_by } => executable(out, "SHOW PROCEDURES", executable_by.as_ref()),
        ShowSubject::Functions { user_defined, executable_by } => {
            let listed = if *user_defined { "SHOW USER DEFINED FUNCTIONS" } else { "SHOW FUNCTIONS" };
            executable(out, listed, executable_by.as_ref())
        }
        ShowSubject::Components => out.write_str("CALL dbms.components()"),
        ShowSubject::CurrentUser => out.write_str("SHOW CURRENT USER"),
        ShowSubject::Roles { populated, with } => {
            let populated = if *populated { "POPULATED " } else { "" };
            let with = match with {
                None => "",
                Some(RolesWith::Users) => " WITH USERS",
                Some(RolesWith::AuthRules) => " WITH AUTH RULES",
            };
            write!(out, "SHOW {populated}ROLES{with}")
        }
        ShowSubject::AuthRules { as_commands } => {
            write!(out, "SHOW AUTH RULES{}", if *as_commands { " AS COMMANDS" } else { "" })
        }
        ShowSubject::Privileges { of, as_commands } => {
            match of {
                PrivilegesOf::Everyone => out.write_str("SHOW")?,
                PrivilegesOf::Roles(roles) => owners(out, "SHOW ROLE", roles)?,
                PrivilegesOf::Users(users) => owners(out, "SHOW USER", users)?,
                PrivilegesOf::AuthRules(rules) => owners(out, "SHOW AUTH RULE", rules)?,
            }
            out.write_str(" PRIVILEGES")?;
            out.write_str(match as_commands {
                None => "",
                Some(AsCommands::Assign) => " AS COMMANDS",
                Some(AsCommands::Revoke) => " AS REVOKE COMMANDS",
            })
        }
    }
}

fn executable(out: Out<'_, '_>, listed: &str, by: Option<&Executor>) -> fmt::Result {
    out.write_str(listed)?;
    match by {
        None => Ok(()),
        Some(Executor::CurrentUser) => out.write_str(" EXECUTABLE BY CURRENT USER"),
        Some(Executor::User(user)) => {
            out.write_str(" EXECUTABLE BY ")?;
            name(out, user)
        }
    }
}

fn owners(out: Out<'_, '_>, words: &str, owners: &[NameOperand]) -> fmt::Result {
    out.write_str(words)?;
    if !owners.is_empty() {
        out.write_str(" ")?;
        names(out, owners)?;
    }
    Ok(())
}

/// Strings after the words, if there are any.
fn quoted(out: Out<'_, '_>, words: &str, strings: &[Located<Operand<String>>]) -> fmt::Result {
    out.write_str(words)?;
    if !strings.is_empty() {
        out.write_str(" ")?;
    }
    separated(out, strings, ", ", string_operand)
}

fn projection(out: Out<'_, '_>, projection: &Projection) -> fmt::Result {
    if let Some(yields) = &projection.yields {
        yield_clause(out, yields)?;
    }
    if let Some(filter) = &projection.filter {
        out.write_str(" WHERE ")?;
        expression(out, &filter.value)?;
    }
    projection.returns.as_ref().map_or(Ok(()), |returns| return_clause(out, returns))
}

fn yield_clause(out: Out<'_, '_>, yields: &Yield) -> fmt::Result {
    out.write_str(" YIELD ")?;
    match &yields.items {
        YieldItems::All => out.write_str("*")?,
        YieldItems::Columns(items) => separated(out, items, ", ", |out, item| {
            identifier(out, &item.column.value)?;
            rename(out, item.renamed.as_ref())
        })?,
    }
    order_by(out, &yields.order_by)?;
    if let Some(skip) = &yields.skip {
        write!(out, " SKIP {}", skip.value)?;
    }
    yields.limit.as_ref().map_or(Ok(()), |limit| write!(out, " LIMIT {}", limit.value))
}

fn return_items(out: Out<'_, '_>, items: &[ReturnItem]) -> fmt::Result {
    separated(out, items, ", ", |out, item| {
        expression(out, &item.expression.value)?;
        rename(out, item.renamed.as_ref())
    })
}

fn return_clause(out: Out<'_, '_>, returns: &Return) -> fmt::Result {
    write!(out, " RETURN {}", if returns.distinct { "DISTINCT " } else { "" })?;
    match &returns.items {
        ReturnItems::All(more) => {
            out.write_str(if more.is_empty() { "*" } else { "*, " })?;
            return_items(out, more)?;
        }
        ReturnItems::Columns(items) => return_items(out, items)?,
    }
    order_by(out, &returns.order_by)?;
    for (words, count) in [(" SKIP ", &returns.skip), (" LIMIT ", &returns.limit)] {
        if let Some(count) = count {
            out.write_str(words)?;
            expression(out, &count.value)?;
        }
    }
    Ok(())
}

fn rename(out: Out<'_, '_>, renamed: Option<&Located<String>>) -> fmt::Result {
    let Some(renamed) = renamed else { return Ok(()) };
    out.write_str(" AS ")?;
    identifier(out, &renamed.value)
}

fn order_by(out: Out<'_, '_>, items: &[OrderItem]) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    out.write_str(" ORDER BY ")?;
    separated(out, items, ", ", |out, item| {
        expression(out, &item.expression.value)?;
        out.write_str(if item.descending { " DESC" } else { "" })
    })
}
