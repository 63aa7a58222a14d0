//! The implication table, spelled out.

use super::{DatabaseAction, DatabaseScope, DbmsAction, Grant, GrantEffect, GraphAction, Privilege, Resource, Segment};
use crate::{CatalogName, RoleName};

use DbmsAction as A;

/// What each group stands for, besides itself.
const GROUPS: &[(DbmsAction, &[DbmsAction])] = &[
    (A::AliasManagement, &[A::CreateAlias, A::DropAlias, A::AlterAlias, A::ShowAlias]),
    (
        A::DatabaseManagement,
        &[
            A::CreateDatabase,
            A::DropDatabase,
            A::AlterDatabase,
            A::SetDatabaseAccess,
            A::SetDatabaseDefaultLanguage,
            A::CompositeDatabaseManagement,
            A::CreateCompositeDatabase,
            A::DropCompositeDatabase,
            A::AlterCompositeDatabase,
        ],
    ),
    (A::AlterDatabase, &[A::SetDatabaseAccess, A::SetDatabaseDefaultLanguage]),
    (
        A::CompositeDatabaseManagement,
        &[A::CreateCompositeDatabase, A::DropCompositeDatabase, A::AlterCompositeDatabase],
    ),
    (
        A::UserManagement,
        &[
            A::CreateUser,
            A::DropUser,
            A::RenameUser,
            A::ShowUser,
            A::AlterUser,
            A::SetPasswords,
            A::SetAuth,
            A::SetUserStatus,
            A::SetUserHomeDatabase,
        ],
    ),
    (A::AlterUser, &[A::SetPasswords, A::SetAuth, A::SetUserStatus, A::SetUserHomeDatabase]),
    (A::SetAuth, &[A::SetPasswords]),
    (A::RoleManagement, &[A::CreateRole, A::DropRole, A::RenameRole, A::ShowRole, A::AssignRole, A::RemoveRole]),
    (A::PrivilegeManagement, &[A::ShowPrivilege, A::AssignPrivilege, A::RemovePrivilege]),
    (
        A::AuthRuleManagement,
        &[A::CreateAuthRule, A::DropAuthRule, A::AlterAuthRule, A::RenameAuthRule, A::ShowAuthRule],
    ),
    (A::UserMetadataManagement, &[A::SetUserMetadata, A::ShowUserMetadata]),
    (A::ServerManagement, &[A::ShowServers]),
];

fn satisfies(held: DbmsAction, action: DbmsAction, database_implies_alias: bool) -> bool {
    action.satisfied_by(database_implies_alias).contains(&held)
}

#[test]
fn a_privilege_satisfies_itself_its_group_and_nothing_else() {
    for &held in A::ALL {
        for &action in A::ALL {
            let group = GROUPS.iter().find(|(group, _)| *group == held).map_or(&[][..], |(_, actions)| *actions);
            let everything = held == A::All && action != A::ResolveAlias;
            let expected = held == action || group.contains(&action) || everything;
            assert_eq!(satisfies(held, action, false), expected, "{held:?} for {action:?}");
        }
    }
}

#[test]
fn the_policy_adds_the_alias_actions_to_database_management_alone() {
    let of_aliases = [A::AliasManagement, A::CreateAlias, A::DropAlias, A::AlterAlias, A::ShowAlias];
    for &held in A::ALL {
        for &action in A::ALL {
            let added = held == A::DatabaseManagement && of_aliases.contains(&action);
            let expected = satisfies(held, action, false) || added;
            assert_eq!(satisfies(held, action, true), expected, "{held:?} for {action:?}");
        }
    }
}

#[test]
fn the_parts_of_database_management_do_not_cover_aliases() {
    for part in [A::CreateDatabase, A::DropDatabase, A::AlterDatabase, A::SetDatabaseAccess] {
        assert!(!satisfies(part, A::CreateAlias, true), "{part:?}");
    }
}

#[test]
fn nothing_implies_resolving_with_credentials() {
    assert_eq!(A::ResolveAlias.satisfied_by(true), [A::ResolveAlias]);
}

#[test]
fn keywords_read_back() {
    for action in A::ALL {
        assert_eq!(A::from_keywords(action.keywords()), Some(*action));
    }
    for action in DatabaseAction::ALL {
        assert_eq!(DatabaseAction::from_keywords(action.keywords()), Some(*action));
    }
    for action in GraphAction::ALL {
        assert_eq!(GraphAction::from_keywords(action.keywords()), Some(*action));
    }
    assert_eq!(A::from_keywords("SHOW ALIASES"), None);
}

#[test]
fn a_privilege_names_what_its_scope_names() {
    let name = CatalogName::new("sales").expect("a valid name");
    let graph =
        |scope| Privilege::Graph { action: GraphAction::Match, resource: Resource::All, scope, segment: Segment::None };
    let named = DatabaseScope::Named(name.clone());
    assert_eq!(Privilege::Database(DatabaseAction::Access, named.clone()).names(), Some(&name));
    assert_eq!(graph(named).names(), Some(&name));
    for scope in [DatabaseScope::Home, DatabaseScope::All] {
        assert_eq!(Privilege::Database(DatabaseAction::Access, scope.clone()).names(), None);
        assert_eq!(graph(scope).names(), None);
    }
    assert_eq!(Privilege::Dbms(A::All).names(), None);
    assert_eq!(Privilege::ResolveAlias(name.clone()).names(), Some(&name));
}

/// Ranges over the grants of a role begin at the lowest one.
#[test]
fn the_lowest_grant_of_a_role_is_the_lowest() {
    let role = RoleName::new("reader").expect("a valid name");
    let lowest = Grant::lowest(role.clone());
    for effect in [GrantEffect::Granted, GrantEffect::Denied] {
        for immutable in [false, true] {
            for &action in A::ALL {
                let grant = Grant { role: role.clone(), effect, privilege: Privilege::Dbms(action), immutable };
                assert!(lowest <= grant);
            }
        }
    }
    assert!(Grant::lowest(RoleName::lowest()) < lowest);
}
