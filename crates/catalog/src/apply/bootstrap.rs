//! Forming the catalog: the databases, roles and privileges that exist from the start, and the first
//! administrator.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::{
    Bootstrap, CatalogName, DatabaseAction, DatabaseKind, DatabaseName, DatabaseScope, DbmsAction, Glob, Grant,
    GrantEffect, GraphAction, LoadScope, Meta, Outcome, Principal, Privilege, QualifiedAction, Record, RecordKey,
    Rejection, Resource, Role, RoleAssignment, RoleName, Sealed, Segment, TransactionAction, User, UserScope,
    UserStatus,
};

use super::draft::{Draft, updated};

impl Draft {
    pub(super) fn bootstrap(&mut self, actor: &Principal, bootstrap: &Bootstrap<Sealed>) -> Outcome {
        if let Principal::User(user) = actor {
            return Err(Rejection::UnknownActor { user: user.into() });
        }
        let created = self.stamp;
        let meta = Meta {
            cluster_id: bootstrap.cluster_id,
            active_key: bootstrap.active_key,
            default_database: CatalogName::from(&DatabaseName::neo4j()),
            policy: bootstrap.policy,
            created,
        };
        self.set(RecordKey::Meta, Some(Record::Meta(Arc::new(meta))));
        self.register_database(DatabaseName::system(), DatabaseKind::System, None);
        self.register_database(DatabaseName::neo4j(), DatabaseKind::Standard, None);
        for (name, privileges) in built_in_roles() {
            let role = Role { immutable: false, created };
            self.set(RecordKey::Role(name.clone()), Some(Record::Role(Arc::new(role))));
            for privilege in privileges {
                let grant = Grant { role: name.clone(), effect: GrantEffect::Granted, privilege, immutable: false };
                self.set(RecordKey::Grant(Box::new(grant)), Some(Record::Grant(created)));
            }
        }
        let admin = User {
            password: Some(bootstrap.password.clone()),
            password_change_required: false,
            status: UserStatus::Active,
            home: None,
            auth: BTreeMap::new(),
            tags: BTreeSet::new(),
            ended_tokens: BTreeMap::new(),
            credential_revision: created.revision,
            created,
            modified: created,
        };
        self.set(RecordKey::User(bootstrap.admin.clone()), Some(Record::User(Arc::new(admin))));
        let assignment = RecordKey::RoleAssignment(bootstrap.admin.clone(), RoleName::admin());
        self.set(assignment, Some(Record::RoleAssignment(RoleAssignment { created })));
        updated(1)
    }
}

/// The built-in roles with their privileges, as the Neo4j manual lists them. Each role adds to the one
/// before it, except `PUBLIC`.
fn built_in_roles() -> Vec<(RoleName, Vec<Privilege>)> {
    let on_all = |action| Privilege::Database(action, DatabaseScope::All);
    let on_graphs =
        |action, resource, segment| Privilege::Graph { action, resource, scope: DatabaseScope::All, segment };
    let every = || Glob::new("*").expect("it is not empty");
    let public = vec![
        Privilege::Database(DatabaseAction::Access, DatabaseScope::Home),
        Privilege::Qualified(QualifiedAction::ExecuteProcedure, every()),
        Privilege::Qualified(QualifiedAction::ExecuteFunction, every()),
        Privilege::Load(LoadScope::All),
    ];
    let reader = vec![
        on_all(DatabaseAction::Access),
        on_graphs(GraphAction::Match, Resource::All, Segment::Nodes(BTreeSet::new())),
        on_graphs(GraphAction::Match, Resource::All, Segment::Relationships(BTreeSet::new())),
        on_all(DatabaseAction::ShowIndex),
        on_all(DatabaseAction::ShowConstraint),
    ];
    let write = on_graphs(GraphAction::Write, Resource::None, Segment::None);
    let editor = [reader.clone(), vec![write]].concat();
    let publisher = [editor.clone(), vec![on_all(DatabaseAction::NameManagement)]].concat();
    let schema = vec![on_all(DatabaseAction::IndexManagement), on_all(DatabaseAction::ConstraintManagement)];
    let architect = [publisher.clone(), schema].concat();
    let everything = vec![
        Privilege::Dbms(DbmsAction::All),
        on_all(DatabaseAction::All),
        on_all(DatabaseAction::Start),
        on_all(DatabaseAction::Stop),
        Privilege::Transaction(TransactionAction::Management, DatabaseScope::All, UserScope::All),
        Privilege::Load(LoadScope::All),
    ];
    let admin = [architect.clone(), everything].concat();
    let named = [("reader", reader), ("editor", editor), ("publisher", publisher), ("architect", architect)];
    let named = named
        .into_iter()
        .map(|(name, privileges)| (RoleName::new(name).expect("the built-in names are valid role names"), privileges));
    named.chain([(RoleName::public(), public), (RoleName::admin(), admin)]).collect()
}
