//! A stored password goes where its alias leads, and no further: who may send it elsewhere, and for what it is sealed.

use aliasd_catalog::{
    AliasId, AliasKind, AlterAlias, Catalog, Command, CredentialPlace, DbmsAction, Entry, Outcome, Plain, PlainSecret,
    Privilege, RemoteAlias, RemoteUserName, Revision, Sealed, SealedSecret, Timestamp,
};

use crate::builders::{
    ACTIVE_KEY, Log, ROOT, alter_alias, create_remote, dbms, deny, grant, name, request_at, sealed, url, user,
};

const ELSEWHERE: &str = "neo4j+s://elsewhere:7687";

fn remote(log: &Log) -> RemoteAlias {
    match &log.catalog.alias("far").expect("it exists").kind {
        AliasKind::Remote(remote) => remote.clone(),
        AliasKind::Local(_) => panic!("it is remote"),
    }
}

/// Sealed for the alias of this id, or in the first format.
fn bound(ciphertext: &[u8], id: Option<u8>) -> SealedSecret {
    SealedSecret { ciphertext: ciphertext.into(), alias_id: id.map(|id| AliasId([id; 16])), ..sealed(ACTIVE_KEY) }
}

fn to_url(text: &str) -> AlterAlias<Sealed> {
    AlterAlias { target: Some((name("neo4j"), Some(url(text)))), ..alter_alias("far") }
}

fn to_user(text: &str) -> AlterAlias<Sealed> {
    AlterAlias { user: Some(RemoteUserName::new(text).expect("a valid name")), ..alter_alias("far") }
}

fn outcome(log: &mut Log, alter: AlterAlias<Sealed>) -> Outcome {
    log.apply(&user(ROOT), Command::AlterAlias(alter)).outcome
}

fn refusal(log: &mut Log, alter: AlterAlias<Sealed>) -> &'static str {
    outcome(log, alter).expect_err("it is refused").code().code
}

fn modified(log: &Log) -> Option<Revision> {
    log.catalog.alias("far").map(|alias| alias.modified.revision)
}

/// With a credential of the second format.
fn story() -> Log {
    let mut log = Log::after([create_remote("far")]);
    let credential = Some(bound(b"first", Some(1)));
    let seen = modified(&log);
    outcome(&mut log, AlterAlias { credential, seen, ..alter_alias("far") }).expect("it is accepted");
    log
}

#[test]
fn an_administrator_of_aliases_cannot_have_the_password_sent_elsewhere() {
    let mut log = Log::after([create_remote("far")]);
    for alter in [to_url(ELSEWHERE), to_url("neo4j+ssc://location:7687"), to_user("eve")] {
        assert_eq!(refusal(&mut log, alter), "ALIAS_PASSWORD_REQUIRED");
    }
    // Nothing goes elsewhere.
    for alter in [to_url("neo4j+s://location:7687"), to_user("alice"), alter_alias("far")] {
        outcome(&mut log, alter).expect("it stays where it is");
    }
    let given = |alter| AlterAlias { credential: Some(bound(b"given", None)), ..alter };
    outcome(&mut log, given(to_url(ELSEWHERE))).expect("the password is given");
    outcome(&mut log, given(to_user("eve"))).expect("the password is given");
    assert_eq!(remote(&log).login.credential(), Some(&bound(b"given", None)));
}

/// What was committed before there was that rule has the outcome that it had.
#[test]
fn an_entry_of_the_first_form_is_applied_as_it_ever_was() {
    let mut log = Log::after([create_remote("far")]);
    outcome(&mut log, AlterAlias { seen: None, ..to_url(ELSEWHERE) }).expect("it was accepted then");
    assert_eq!(remote(&log).url, url(ELSEWHERE));
}

#[test]
fn whoever_may_have_the_password_may_send_it_elsewhere() {
    for privilege in [dbms(DbmsAction::ResolveAlias), Privilege::ResolveAlias(name("far"))] {
        let mut log = Log::after([create_remote("far"), grant(privilege, "admin")]);
        outcome(&mut log, to_url(ELSEWHERE)).expect("it may be released to the actor");
        assert_eq!(
            remote(&log).login.credential(),
            Some(&sealed(ACTIVE_KEY)),
            "the first format is not bound to the URL"
        );
        log.run([deny(Privilege::ResolveAlias(name("far")), "admin")]);
        assert_eq!(refusal(&mut log, to_user("eve")), "ALIAS_PASSWORD_REQUIRED");
    }
}

#[test]
fn a_password_that_goes_along_is_the_one_that_was_sealed_for_the_new_place() {
    let mut log = story();
    let carried =
        |log: &Log| AlterAlias { carried: Some(bound(b"carried", Some(1))), seen: modified(log), ..to_url(ELSEWHERE) };
    let unasked = carried(&log);
    assert_eq!(refusal(&mut log, unasked), "ALIAS_PASSWORD_REQUIRED", "to carry it takes the privilege, too");
    log.run([grant(Privilege::ResolveAlias(name("far")), "admin")]);
    assert_eq!(refusal(&mut log, to_url(ELSEWHERE)), "ALIAS_CHANGED", "the stored one would not open there");
    let alter = carried(&log);
    outcome(&mut log, alter).expect("it is accepted");
    assert_eq!(remote(&log).login.credential(), Some(&bound(b"carried", Some(1))));
    // One that goes along although nothing moves is not asked for.
    let alter = AlterAlias { carried: Some(bound(b"other", Some(1))), seen: modified(&log), ..alter_alias("far") };
    outcome(&mut log, alter).expect("it is accepted");
    assert_eq!(remote(&log).login.credential(), Some(&bound(b"carried", Some(1))));
}

#[test]
fn a_credential_is_never_stored_for_what_the_alias_has_ceased_to_be() {
    let mut log = story();
    let seen = modified(&log);
    outcome(&mut log, alter_alias("far")).expect("another statement comes first");
    for seen in [seen, None] {
        let alter = AlterAlias { credential: Some(bound(b"given", Some(1))), seen, ..alter_alias("far") };
        assert_eq!(refusal(&mut log, alter), "ALIAS_CHANGED");
    }
    assert_eq!(remote(&log).login.credential(), Some(&bound(b"first", Some(1))));
}

#[test]
fn a_request_that_was_sealed_too_early_may_be_proposed_again() {
    let mut log = story();
    let records = log.catalog.records().count();
    let entry = |alter| Entry {
        request: request_at(1000),
        actor: user(ROOT),
        issued_at: Timestamp(9),
        command: Command::AlterAlias(alter),
        origin: None,
    };
    let alter = AlterAlias { credential: Some(bound(b"given", Some(1))), ..alter_alias("far") };
    let early = log.catalog.apply(Revision(50), &entry(alter.clone()));
    assert_eq!(early.outcome.expect_err("nothing was seen").code().code, "ALIAS_CHANGED");
    assert_eq!((early.changes.len(), log.catalog.records().count()), (0, records));
    let seen = modified(&log);
    let again = log.catalog.apply(Revision(51), &entry(AlterAlias { seen, ..alter }));
    assert_eq!((again.outcome.is_ok(), again.revision), (true, Revision(51)));
}

/// What the member that proposes adds to a statement.
fn looked(
    catalog: &Catalog,
    alter: AlterAlias<Sealed>,
    given: Option<&str>,
) -> (AlterAlias<Plain>, Vec<CredentialPlace>) {
    let AlterAlias { name, form, if_exists, target, user: as_user, driver, default_language, properties, .. } = alter;
    let credential = given.map(PlainSecret::from);
    let (carried, seen, user_name) = (None, None, as_user);
    let mut plain = AlterAlias {
        name,
        form,
        if_exists,
        target,
        user: user_name,
        credential,
        carried,
        seen,
        driver,
        default_language,
        properties,
    };
    let mut opened = Vec::new();
    let open = |place: &CredentialPlace, _: &SealedSecret| {
        opened.push(place.clone());
        Ok::<_, ()>(PlainSecret::from("stored"))
    };
    plain.look_at(catalog, &user(ROOT), open).expect("it opens");
    (plain, opened)
}

/// For which places a command is sealed.
fn places(command: AlterAlias<Plain>) -> Vec<(String, String, Option<AliasId>, String)> {
    let mut places = Vec::new();
    let seal = |place: CredentialPlace, secret: &PlainSecret| {
        let text = |part: Option<&str>| part.unwrap_or("unknown").to_owned();
        let (url, user) =
            (text(place.url.as_ref().map(|url| url.as_str())), text(place.user.as_ref().map(|it| it.as_str())));
        places.push((url, user, place.alias_id, secret.expose().to_owned()));
        Ok::<_, ()>(bound(b"sealed", Some(1)))
    };
    let sealed = Command::AlterAlias(command).seal(seal, |_| Err(()), |_| Err(())).expect("it is sealed");
    assert!(matches!(sealed, Command::AlterAlias(_)));
    places
}

#[test]
fn a_given_password_is_sealed_for_where_the_alias_will_lead() {
    let log = story();
    let at = |url: &str, user: &str, id| (url.to_owned(), user.to_owned(), id, "given".to_owned());
    let id = Some(AliasId([1; 16]));
    let sealed_for = |alter| {
        let (plain, opened) = looked(&log.catalog, alter, Some("given"));
        assert!(opened.is_empty(), "the stored one is of no use");
        assert_eq!(plain.seen.as_ref().map(|seen| seen.modified), modified(&log));
        places(plain)
    };
    assert_eq!(sealed_for(alter_alias("far")), [at("neo4j+s://location:7687", "alice", id)]);
    assert_eq!(sealed_for(to_url(ELSEWHERE)), [at(ELSEWHERE, "alice", id)]);
    assert_eq!(sealed_for(to_user("eve")), [at("neo4j+s://location:7687", "eve", id)]);
    let (plain, _) = looked(&log.catalog, alter_alias("missing"), Some("given"));
    assert_eq!((plain.seen.clone(), places(plain)), (None, vec![at("unknown", "unknown", None)]));
}

#[test]
fn the_stored_password_is_opened_only_for_whoever_may_have_it_and_only_if_it_moves() {
    let mut log = story();
    assert!(looked(&log.catalog, to_url(ELSEWHERE), None).1.is_empty());
    log.run([grant(Privilege::ResolveAlias(name("far")), "admin")]);
    for alter in [alter_alias("far"), to_user("alice"), to_url("neo4j+s://location:7687")] {
        let (plain, opened) = looked(&log.catalog, alter, None);
        assert!(opened.is_empty() && places(plain).is_empty());
    }
    let (plain, opened) = looked(&log.catalog, to_url(ELSEWHERE), None);
    let [place] = &opened[..] else { panic!("it is opened once") };
    assert_eq!(place.url.as_ref().map(|url| url.as_str()), Some("neo4j+s://location:7687"), "where it belongs still");
    let id = Some(AliasId([1; 16]));
    assert_eq!(places(plain), [(ELSEWHERE.to_owned(), "alice".to_owned(), id, "stored".to_owned())]);
}
