//! Every rule of every kind of name.

use proptest::prelude::*;

use super::{
    ALIAS_LENGTH_MAX, AliasName, AuthId, AuthProvider, CatalogName, DatabaseName, RemoteUserName, RoleName, UserName,
};
use crate::Rejection;

fn code<T: std::fmt::Debug>(result: Result<T, Rejection>) -> &'static str {
    result.expect_err("the name is invalid").code().code
}

#[test]
fn aliases_may_hold_nearly_anything() {
    for text in ["remote-neo4j", "a", "#Malmö", "with space", "a.b.c", "1st", "x_y", "ÅÄÖ", ".starts-with-dot"] {
        assert_eq!(AliasName::new(text).map(|name| name.to_string()), Ok(text.to_lowercase()));
    }
}

#[test]
fn aliases_may_not_be_reserved_or_empty_or_end_with_a_dot() {
    assert_eq!(code(AliasName::new("")), "NAME_EMPTY");
    assert_eq!(code(AliasName::new("a.")), "ALIAS_NAME_ENDS_WITH_DOT");
    for reserved in ["_a", "system", "SYSTEM", "SystemOfRecord"] {
        assert_eq!(code(AliasName::new(reserved)), "ALIAS_NAME_RESERVED", "{reserved}");
    }
    let text = AliasName::new("systematic").expect_err("it is reserved").to_string();
    assert_eq!(text, "Alias name 'systematic' is invalid, due to the prefix 'system'.");
}

#[test]
fn database_names_are_short_and_plain() {
    for text in ["neo4j", "abc", "1st", "a.b", "a-b", "Sales", &"a".repeat(63)] {
        assert_eq!(DatabaseName::new(text).map(|name| name.to_string()), Ok(text.to_lowercase()));
    }
    let invalid = [
        ("", "NAME_EMPTY"),
        ("system2", "DATABASE_NAME_RESERVED"),
        ("_ab", "DATABASE_NAME_RESERVED"),
        ("ab", "DATABASE_NAME_LENGTH"),
        (&"a".repeat(64), "DATABASE_NAME_LENGTH"),
        ("-ab", "DATABASE_NAME_START"),
        ("öab", "DATABASE_NAME_START"),
        ("a_b", "DATABASE_NAME_CHARACTERS"),
        ("a b", "DATABASE_NAME_CHARACTERS"),
        ("abö", "DATABASE_NAME_CHARACTERS"),
        ("ab.", "DATABASE_NAME_CHARACTERS"),
        ("ab-", "DATABASE_NAME_CHARACTERS"),
    ];
    for (text, expected) in invalid {
        assert_eq!(code(DatabaseName::new(text)), expected, "{text}");
    }
}

#[test]
fn only_a_stored_database_may_be_named_system() {
    assert_eq!(code(DatabaseName::new("system")), "DATABASE_NAME_RESERVED");
    assert_eq!(DatabaseName::stored("system"), Ok(DatabaseName::system()));
    assert_eq!(code(DatabaseName::stored("systems")), "DATABASE_NAME_RESERVED");
}

#[test]
fn databases_and_aliases_ignore_case_and_users_and_roles_do_not() {
    assert_eq!(CatalogName::new("SALES"), CatalogName::new("sales"));
    assert_eq!(AliasName::new("Remote"), AliasName::new("rEMOTE"));
    assert_ne!(UserName::new("Alice"), UserName::new("alice"));
    assert_ne!(RoleName::new("Reader"), RoleName::new("reader"));
    assert_eq!(RemoteUserName::new("Alice").map(|name| name.to_string()), Ok("Alice".to_owned()));
}

#[test]
fn user_names_are_printable_without_separators() {
    for text in ["alice", "alice@example.org", "CN=alice", "Åsa", "a"] {
        assert_eq!(UserName::new(text).map(|name| name.to_string()), Ok(text.to_owned()));
    }
    assert_eq!(code(UserName::new("")), "NAME_EMPTY");
    for text in ["a,b", "a:b", "a b", "a\tb", "a\u{7}b", "a\u{a0}b"] {
        assert_eq!(code(UserName::new(text)), "USER_NAME_INVALID", "{text:?}");
    }
}

#[test]
fn role_names_are_identifiers() {
    for text in ["reader", "PUBLIC", "r2_d2", "R"] {
        assert_eq!(RoleName::new(text).map(|name| name.to_string()), Ok(text.to_owned()));
    }
    assert_eq!(code(RoleName::new("")), "NAME_EMPTY");
    for text in ["1st", "_a", "a-b", "a b", "å", "aå"] {
        assert_eq!(code(RoleName::new(text)), "ROLE_NAME_INVALID", "{text}");
    }
    assert!(RoleName::public().is_public());
    assert!(!RoleName::new("public").expect("a valid name").is_public(), "roles keep their case");
}

#[test]
fn the_password_is_no_external_provider() {
    assert_eq!(AuthProvider::new("mtls"), Ok(AuthProvider::mtls()));
    assert_eq!(code(AuthProvider::new("native")), "AUTH_PROVIDER_INVALID");
    assert_eq!(code(AuthProvider::new("")), "AUTH_PROVIDER_INVALID");
    assert_eq!(AuthProvider::of_a_login("mtls"), Ok(AuthProvider::mtls()));
    assert_eq!(code(AuthProvider::of_a_login("ldap")), "AUTH_PROVIDER_INVALID", "no login is by it");
    assert!(AuthProvider::new("ldap").is_ok(), "what was stored is read");
    assert_eq!(code(AuthId::new("")), "NAME_EMPTY");
    assert_eq!(AuthId::new("CN=Carol, O=DBMS A").map(|id| id.to_string()), Ok("CN=Carol, O=DBMS A".to_owned()));
}

#[test]
fn the_longest_name_is_65534_characters() {
    let (longest, longer) = ("ö".repeat(ALIAS_LENGTH_MAX), "ö".repeat(ALIAS_LENGTH_MAX + 1));
    assert!(AliasName::new(&longest).is_ok() && CatalogName::new(&longest).is_ok());
    assert!(RemoteUserName::new(&longest).is_ok() && AuthId::new(&longest).is_ok() && UserName::new(&longest).is_ok());
    let too_long = AliasName::new(&longer).expect_err("it is longer");
    assert_eq!(too_long.to_string(), "The provided alias is to long, maximum characters are 65534.");
    let too_long = CatalogName::new(&longer).expect_err("it is longer");
    assert_eq!(too_long.to_string(), "The provided target database name is to long, maximum characters are 65534.");
    for result in [code(RemoteUserName::new(&longer)), code(AuthId::new(&longer)), code(AuthProvider::new(&longer))] {
        assert_eq!(result, "NAME_TOO_LONG");
    }
    assert_eq!(code(UserName::new(&longer)), "USER_NAME_INVALID");
    assert_eq!(code(RoleName::new(&"a".repeat(ALIAS_LENGTH_MAX + 1))), "ROLE_NAME_INVALID");
}

/// `İ` becomes two characters in lower case.
#[test]
fn a_name_that_grows_in_lower_case_is_measured_as_it_is_stored() {
    let grows = "İ".repeat(ALIAS_LENGTH_MAX);
    assert_eq!(code(AliasName::new(&grows)), "NAME_TOO_LONG");
    assert_eq!(code(CatalogName::new(&grows)), "NAME_TOO_LONG");
}

proptest! {
    /// What was accepted and stored is accepted and the same when it is read back.
    #[test]
    fn normalised_names_are_read_back_unchanged(text in "\\PC{1,12}") {
        if let Ok(name) = AliasName::new(&text) {
            prop_assert_eq!(AliasName::new(name.as_str()), Ok(name.clone()));
            prop_assert_eq!(CatalogName::new(name.as_str()), Ok(CatalogName::from(&name)));
        }
        if let Ok(name) = DatabaseName::new(&text) {
            prop_assert_eq!(DatabaseName::stored(name.as_str()), Ok(name.clone()));
            prop_assert_eq!(CatalogName::new(name.as_str()), Ok(CatalogName::from(&name)));
        }
        if let Ok(name) = CatalogName::new(&text) {
            prop_assert_eq!(CatalogName::new(name.as_str()), Ok(name));
        }
    }

    /// Every database name is an alias name too, so that the two can share a namespace.
    #[test]
    fn database_names_are_alias_names(text in "[a-zA-Z0-9._-]{1,70}") {
        prop_assert!(DatabaseName::new(&text).is_err() || AliasName::new(&text).is_ok());
    }
}
