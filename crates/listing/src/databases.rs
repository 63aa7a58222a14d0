//! `SHOW DATABASES`, `SHOW DEFAULT DATABASE`, `SHOW HOME DATABASE`. What only the DBMS that hosts a database can
//! know is NULL here, never a guess.

use aliasd_catalog::{
    AliasKind, AliasName, Catalog, CatalogName, Database, DatabaseKind, DatabaseName, DatabaseStatus, Named, Principal,
    Value, ValueMap, Visibility,
};
use aliasd_cypher::DatabaseChoice;

use super::rows::Rows;
use super::time;

pub(super) fn database_rows<'a>(catalog: &'a Catalog, who: &'a Principal, which: &DatabaseChoice) -> Rows<'a> {
    let facts = Facts::new(catalog, who);
    let of_one = matches!(which, DatabaseChoice::Default | DatabaseChoice::Home);
    let wanted = match which {
        DatabaseChoice::Every => None,
        DatabaseChoice::Named(name) => Some(facts.named(name)),
        DatabaseChoice::Default => Some(facts.default.clone()),
        DatabaseChoice::Home => Some(facts.home.clone()),
    };
    let row = move |(name, database): (&DatabaseName, &Database)| {
        facts.visible.sees_database(name).then(|| Ok(facts.row(name, database, of_one)))
    };
    match wanted {
        None => Box::new(catalog.databases().map(|(name, database)| (name, &**database)).filter_map(row)),
        Some(name) => {
            let found = name.and_then(|name| catalog.database(name.as_str()).map(|database| (name, &**database)));
            Box::new(found.into_iter().filter_map(move |(name, database)| row((&name, database))))
        }
    }
}

/// The database that a name leads to here; a remote alias leads to none.
fn local_database(catalog: &Catalog, name: &CatalogName) -> Option<DatabaseName> {
    match catalog.find(name)? {
        Named::Database(name, _) => Some(name.clone()),
        Named::Alias(_, alias) => match &alias.kind {
            AliasKind::Local(database) => Some(database.clone()),
            AliasKind::Remote(_) => None,
        },
    }
}

/// What is the same for every row.
struct Facts<'a> {
    catalog: &'a Catalog,
    visible: Visibility<'a>,
    default: Option<DatabaseName>,
    home: Option<DatabaseName>,
}

impl<'a> Facts<'a> {
    fn new(catalog: &'a Catalog, who: &'a Principal) -> Self {
        let default_name = catalog.meta().map(|meta| meta.default_database.clone());
        let home_name = match who {
            Principal::User(user) => catalog.user(user.as_str()).and_then(|user| catalog.home_of(user)),
            Principal::System => default_name.clone(),
        };
        let database = |name: Option<CatalogName>| name.and_then(|name| local_database(catalog, &name));
        let (default, home) = (database(default_name), database(home_name));
        Self { catalog, visible: catalog.visible_to(who), default, home }
    }

    /// The database that one asks for by its own name or by that of a local alias that one may know of.
    fn named(&self, name: &CatalogName) -> Option<DatabaseName> {
        if self.visible.sees(name) { local_database(self.catalog, name) } else { None }
    }

    /// Those of the aliases that one may know of.
    fn seen<'n>(&self, aliases: impl Iterator<Item = &'n AliasName>) -> Value {
        Value::List(
            aliases.filter(|alias| self.visible.sees_alias(alias)).map(|alias| Value::from(alias.as_str())).collect(),
        )
    }

    fn row(&self, name: &DatabaseName, database: &Database, of_one: bool) -> Vec<Value> {
        let kind = match database.kind {
            DatabaseKind::System => "system",
            DatabaseKind::Standard => "standard",
            DatabaseKind::Composite => "composite",
        };
        let status = match database.status {
            DatabaseStatus::Online => "online",
            DatabaseStatus::Offline => "offline",
        };
        let composite = database.kind == DatabaseKind::Composite;
        let unless_composite = |value: Value| if composite { Value::Null } else { value };
        let mut row = vec![
            Value::from(name.as_str()),
            Value::from(kind),
            self.seen(self.catalog.aliases_of(name)),
            Value::from(database.access.as_str()),
        ];
        // Its id there, the server and its address, its role, whether that server writes.
        row.extend(unknown(5));
        row.extend([Value::from(status), Value::from(status), Value::from("")]);
        if !of_one {
            row.push(Value::Boolean(self.default.as_ref() == Some(name)));
            row.push(Value::Boolean(self.home.as_ref() == Some(name)));
        }
        // How many copies there are and should be.
        row.extend(unknown(6));
        row.push(Value::from(time::iso_8601(database.created.time)));
        // When it was started and stopped there, its store and transactions.
        row.extend(unknown(6));
        row.push(self.seen(self.catalog.constituents_of(name)));
        // Nothing in the catalog is sharded: a database that is not is its own only graph shard.
        row.push(unless_composite(Value::List(vec![Value::from(name.as_str())])));
        row.push(unless_composite(Value::List(Vec::new())));
        row.push(Value::from(database.default_language.as_str()));
        row.push(unless_composite(Value::Map(ValueMap::new())));
        row
    }
}

/// Columns about the DBMS that hosts a database, which the catalog does not know.
fn unknown(columns: usize) -> impl Iterator<Item = Value> {
    std::iter::repeat_n(Value::Null, columns)
}
