//! What tools ask of any DBMS when they connect: procedures, functions, the program and its version.

use aliasd_catalog::{Catalog, Command, OpenCommand, Principal, Sealed, Value, ValueMap};
use aliasd_cypher::{Executor, functions};

use super::rows::Rows;

struct Procedure {
    name: &'static str,
    description: &'static str,
    mode: &'static str,
    signature: &'static str,
    /// Name, type and meaning of each.
    arguments: &'static [Described],
    returns: &'static [Described],
    /// Not everybody may call it.
    administers: bool,
}

type Described = (&'static str, &'static str, &'static str);

const PROCEDURES: &[Procedure] = &[
    Procedure {
        name: "dbms.components",
        description: "Lists the program that answers, with its version.",
        mode: "DBMS",
        signature: "dbms.components() :: (name :: STRING, versions :: LIST<STRING>, edition :: STRING)",
        arguments: &[],
        returns: &[
            ("name", "STRING", "What the program is called."),
            ("versions", "LIST<STRING>", "The version of the program."),
            ("edition", "STRING", "Always NULL: there is one edition."),
        ],
        administers: false,
    },
    Procedure {
        name: "dbms.setDefaultDatabase",
        description: "Sets the database that sessions use when neither they nor their user name one.",
        mode: "WRITE",
        signature: "dbms.setDefaultDatabase(databaseName :: STRING)",
        arguments: &[("databaseName", "STRING", "The name of a database or alias.")],
        returns: &[],
        administers: true,
    },
];

/// Only what that one may call, if it is asked for one.
pub(super) fn procedure_rows<'a>(catalog: &'a Catalog, who: &'a Principal, by: Option<&'a Executor>) -> Rows<'a> {
    let offered = PROCEDURES.iter().filter(move |procedure| may_call(catalog, who, by, procedure.administers));
    Box::new(offered.map(|procedure| {
        Ok(vec![
            Value::from(procedure.name),
            Value::from(procedure.description),
            Value::from(procedure.mode),
            Value::Boolean(true),
            Value::from(procedure.signature),
            described(procedure.arguments),
            described(procedure.returns),
            Value::Boolean(procedure.administers),
            // SHOW PRIVILEGES tells who may what.
            Value::Null,
            Value::Null,
            Value::Boolean(false),
            Value::Null,
            Value::Map(ValueMap::from([("deprecated".to_owned(), Value::Boolean(false))])),
        ])
    }))
}

fn described(parts: &[Described]) -> Value {
    let one = |(name, value_type, description): &Described| {
        let texts = [("name", name), ("type", value_type), ("description", description)];
        let texts = texts.map(|(key, text)| (key.to_owned(), Value::from(*text)));
        let map = texts.into_iter().chain([("isDeprecated".to_owned(), Value::Boolean(false))]);
        Value::Map(map.collect())
    };
    Value::List(parts.iter().map(one).collect())
}

/// Whether somebody may call a procedure, by the rule that decides when it is called.
fn may_call(catalog: &Catalog, who: &Principal, by: Option<&Executor>, administers: bool) -> bool {
    let principal = match by {
        None => return true,
        Some(Executor::Caller) => who.clone(),
        Some(Executor::User(user)) if catalog.user(user.as_str()).is_none() => return false,
        Some(Executor::User(user)) => Principal::User(user.clone()),
    };
    // The one that administers changes what is the default, to whatever it is.
    let default = catalog.meta().filter(|_| administers).map(|meta| meta.default_database.clone());
    let call = default.map(|name| Command::<Sealed>::Open(OpenCommand::SetDefaultDatabase { name }));
    call.is_none_or(|call| catalog.authorise_command(&principal, &call).is_ok())
}

/// Every user may call any of them.
pub(super) fn function_rows<'a>(catalog: &'a Catalog, who: &'a Principal, by: Option<&'a Executor>) -> Rows<'a> {
    let offered = functions().filter(move |_| may_call(catalog, who, by, false));
    Box::new(offered.map(|(name, aggregating)| {
        let category = if aggregating { "Aggregating" } else { "Scalar" };
        let signature = format!("{name}(…)");
        Ok(vec![
            Value::from(name),
            Value::from(category),
            Value::Null,
            Value::from(signature.as_str()),
            Value::Boolean(true),
            Value::Null,
            Value::Null,
            Value::Boolean(aggregating),
            Value::Null,
            Value::Null,
            Value::Boolean(false),
            Value::Null,
        ])
    }))
}

/// One row. It does not pretend to be Neo4j: a tool that goes by the name goes by what there is.
pub(super) fn component_rows<'a>() -> Rows<'a> {
    let versions = Value::List(vec![Value::from(env!("CARGO_PKG_VERSION"))]);
    Box::new(std::iter::once(Ok(vec![Value::from("aliasd"), versions, Value::Null])))
}
