//! What tools ask of any DBMS when they connect: procedures, functions, the program and its version.

use aliasd_catalog::Value;
use aliasd_cypher::functions;

use super::rows::Rows;

/// Name, what it does, mode, signature, and whether it administers.
const PROCEDURES: &[(&str, &str, &str, &str, bool)] = &[
    (
        "dbms.components",
        "Lists the program that answers, with its version.",
        "DBMS",
        "dbms.components() :: (name :: STRING, versions :: LIST<STRING>, edition :: STRING)",
        false,
    ),
    (
        "dbms.setDefaultDatabase",
        "Sets the database that sessions use when neither they nor their user name one.",
        "WRITE",
        "dbms.setDefaultDatabase(databaseName :: STRING)",
        true,
    ),
];

pub(super) fn procedure_rows<'a>() -> Rows<'a> {
    Box::new(PROCEDURES.iter().map(|(name, description, mode, signature, administers)| {
        let texts = [*name, *description, *mode].map(Value::from);
        let rest = [Value::Boolean(true), Value::from(*signature), Value::Boolean(*administers), Value::Boolean(false)];
        Ok(texts.into_iter().chain(rest).collect())
    }))
}

pub(super) fn function_rows<'a>() -> Rows<'a> {
    Box::new(functions().map(|(name, aggregating)| {
        let category = if aggregating { "Aggregating" } else { "Scalar" };
        let signature = format!("{name}(…)");
        Ok(vec![
            Value::from(name),
            Value::from(category),
            Value::Null,
            Value::from(signature.as_str()),
            Value::Boolean(true),
            Value::Boolean(aggregating),
            Value::Boolean(false),
        ])
    }))
}

/// One row. It does not pretend to be Neo4j: a tool that goes by the name goes by what there is.
pub(super) fn component_rows<'a>() -> Rows<'a> {
    let versions = Value::List(vec![Value::from(env!("CARGO_PKG_VERSION"))]);
    Box::new(std::iter::once(Ok(vec![Value::from("aliasd"), versions, Value::Null])))
}
