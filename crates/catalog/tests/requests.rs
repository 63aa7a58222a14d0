//! Exactly once: repeated requests, how long they are remembered, refused entries, and the clock.

use aliasd_catalog::{
    AliasTarget, AlterUser, Command, CreateMode, Entry, PasswordChange, REQUEST_WINDOW, RecordKey, Rejection,
    RemoteTarget, RequestOrigin, Revision, Sealed, StatementFingerprint, Timestamp,
};

use crate::builders::{
    Log, OTHER_KEY, alter_user, create_alias, create_database, create_remote, create_user, drop_alias, grant_role,
    hash, remote_target, request_at, stored, user,
};

/// An entry of the first form, without an origin.
fn entry(request: u64, issued_at: u64, command: Command<Sealed>) -> Entry {
    Entry { request: request_at(request), actor: user("root"), issued_at: Timestamp(issued_at), command, origin: None }
}

#[test]
fn a_repeated_request_gets_the_first_outcome_and_has_no_effect() {
    let mut log = Log::formed();
    let first = log.catalog.apply(Revision(10), &entry(100, 0, create_remote("far")));
    assert_eq!(first.outcome.expect("it is new").system_updates, 1);
    log.catalog.apply(Revision(11), &entry(101, 0, drop_alias("far"))).outcome.expect("it exists");
    let digest = log.catalog.digest();
    for command in [create_remote("far"), create_database("another-command")] {
        let again = log.catalog.apply(Revision(12), &entry(100, 0, command));
        assert_eq!(again.revision, Revision(10), "the revision of the effect, not of the repetition");
        assert_eq!(again.outcome.expect("the first outcome").system_updates, 1);
        assert!(again.changes.is_empty());
    }
    assert_eq!(log.catalog.digest(), digest);
}

#[test]
fn a_refused_request_stays_refused() {
    let mut log = Log::formed();
    let refused = log.catalog.apply(Revision(10), &entry(100, 0, drop_alias("far")));
    assert_eq!(refused.changes.len(), 1, "the request alone is remembered");
    log.run([create_remote("far")]);
    let again = log.catalog.apply(Revision(20), &entry(100, 0, drop_alias("far")));
    assert_eq!((again.revision, again.outcome), (Revision(10), refused.outcome));
    assert!(log.catalog.alias("far").is_some());
}

/// The advice is to send it again: that must not be answered with the same refusal for ever.
#[test]
fn a_credential_sealed_with_another_key_uses_up_no_request_id() {
    let mut log = Log::formed();
    let (digest, target) =
        (log.catalog.digest(), RemoteTarget { login: stored("alice", OTHER_KEY), ..remote_target() });
    let stale = create_alias("far", CreateMode::Fail, AliasTarget::Remote(target));
    let refused = log.catalog.apply(Revision(10), &entry(100, 0, stale));
    assert!(matches!(refused.outcome, Err(Rejection::StaleKey { .. })), "{:?}", refused.outcome);
    assert!(refused.changes.is_empty() && log.catalog.digest() == digest);
    let again = log.catalog.apply(Revision(11), &entry(100, 0, create_remote("far")));
    assert_eq!((again.revision, again.outcome.map(|effect| effect.system_updates)), (Revision(11), Ok(1)));
}

#[test]
fn requests_are_forgotten_when_the_window_has_passed() {
    let mut log = Log::formed();
    let at = 10;
    log.catalog.apply(Revision(at), &entry(100, 0, create_remote("far"))).outcome.expect("it is new");
    let last_remembered = at + REQUEST_WINDOW - 1;
    log.catalog.apply(Revision(last_remembered), &entry(101, 0, create_remote("b"))).outcome.expect("it is new");
    assert!(log.catalog.recorded_request(&request_at(100)).is_some());
    let applied = log.catalog.apply(Revision(last_remembered + 1), &entry(102, 0, create_remote("c")));
    assert!(log.catalog.recorded_request(&request_at(100)).is_none());
    assert!(log.catalog.recorded_request(&request_at(101)).is_some());
    let forgotten = applied.changes.iter().filter(|change| change.after.is_none());
    assert!(forgotten.map(|change| &change.key).eq([&RecordKey::Request(request_at(100))]));
}

// === With an origin ===

/// What a caller of this name asks under a request id: first sent after a revision, with a statement of this print.
fn sent(caller: &str, request: u64, made_at: u64, print: u8, command: Command<Sealed>) -> Entry {
    let fingerprint = StatementFingerprint([print; 32]);
    let origin =
        RequestOrigin { made_at: Revision(made_at), fingerprint, credential_revision: None, by_certificate: false };
    Entry { actor: user(caller), origin: Some(origin), ..entry(request, 0, command) }
}

/// A catalog with a second administrator.
fn two_administrators() -> Log {
    Log::after([Command::CreateUser(create_user("second")), grant_role("admin", "second")])
}

#[test]
fn a_request_id_stands_for_one_user_and_one_statement() {
    let mut log = two_administrators();
    let first = log.catalog.apply(Revision(20), &sent("root", 100, 9, 1, create_remote("far")));
    first.outcome.expect("it is new");
    let digest = log.catalog.digest();

    let again = log.catalog.apply(Revision(21), &sent("root", 100, 9, 1, create_remote("far")));
    assert_eq!((again.revision, again.outcome.expect("the first outcome").system_updates), (Revision(20), 1));
    for reused in
        [sent("second", 100, 9, 1, create_remote("far")), sent("root", 100, 9, 2, create_database("another-statement"))]
    {
        let refused = log.catalog.apply(Revision(22), &reused);
        assert_eq!((refused.revision, refused.outcome), (Revision(22), Err(Rejection::RequestIdReused {})));
        assert!(refused.changes.is_empty());
    }
    assert_eq!(log.catalog.digest(), digest, "the id goes on standing for the first");
}

#[test]
fn a_reused_request_id_tells_nothing_to_whoever_may_not_ask() {
    let mut log = Log::after([Command::CreateUser(create_user("nobody"))]);
    log.catalog.apply(Revision(20), &sent("root", 100, 9, 1, create_remote("far"))).outcome.expect("it is new");
    let used = log.catalog.apply(Revision(21), &sent("nobody", 100, 9, 1, create_remote("far"))).outcome;
    let unused = log.catalog.apply(Revision(22), &sent("nobody", 101, 9, 1, create_remote("far"))).outcome;
    assert!(matches!(used, Err(Rejection::PermissionDenied { .. })), "{used:?}");
    assert_eq!(used, unused);
}

#[test]
fn a_request_from_before_the_window_is_refused_and_never_applied_again() {
    let mut log = Log::formed();
    let request = || sent("root", 100, 9, 1, create_remote("far"));
    log.catalog.apply(Revision(10), &request()).outcome.expect("it is new");
    log.catalog.apply(Revision(11), &sent("root", 101, 10, 2, drop_alias("far"))).outcome.expect("it exists");
    // Within the window the outcome is remembered, at its very end too.
    let last = log.catalog.apply(Revision(9 + REQUEST_WINDOW), &request());
    assert_eq!((last.revision, last.outcome.map(|effect| effect.system_updates)), (Revision(10), Ok(1)));
    // Something else makes it be forgotten.
    let at = 10 + REQUEST_WINDOW;
    log.catalog.apply(Revision(at), &sent("root", 102, at - 1, 3, create_remote("b"))).outcome.expect("it is new");
    assert!(log.catalog.recorded_request(&request_at(100)).is_none());
    let digest = log.catalog.digest();
    let late = log.catalog.apply(Revision(at + 1), &request());
    assert!(matches!(late.outcome, Err(Rejection::RequestTooOld { .. })), "{:?}", late.outcome);
    assert!(late.changes.is_empty() && log.catalog.digest() == digest);
    assert!(log.catalog.alias("far").is_none(), "dropped it stays");
}

/// At every distance between the first attempt and the repetition, with and without entries between: it takes effect once.
#[test]
fn no_gap_lies_between_remembered_and_refused() {
    for gap in [1, 2, REQUEST_WINDOW - 1, REQUEST_WINDOW, REQUEST_WINDOW + 1, REQUEST_WINDOW + 2] {
        for reminded in [false, true] {
            let mut log = Log::formed();
            let request = || sent("root", 100, 9, 1, create_remote("far"));
            log.catalog.apply(Revision(10), &request()).outcome.expect("it is new");
            log.catalog.apply(Revision(11), &sent("root", 101, 10, 2, drop_alias("far"))).outcome.expect("it exists");
            let at = 11 + gap;
            if reminded {
                let other = sent("root", 102, at - 2, 3, create_remote("b"));
                log.catalog.apply(Revision(at - 1).max(Revision(12)), &other).outcome.expect("it is new");
            }
            let late = log.catalog.apply(Revision(at + 1), &request());
            assert!(late.changes.is_empty() && late.revision != Revision(11), "a gap of {gap}");
            assert!(log.catalog.alias("far").is_none(), "a gap of {gap}");
        }
    }
}

#[test]
fn credentials_that_changed_after_they_were_shown_prove_nothing() {
    let mut log = two_administrators();
    let shown = log.catalog.user("second").expect("it exists").credential_revision;
    let with = |request, shown, command| {
        let mut entry = sent("second", request, 9, 1, command);
        entry.origin = entry.origin.map(|origin| RequestOrigin { credential_revision: Some(shown), ..origin });
        entry
    };
    log.catalog.apply(Revision(20), &with(100, shown, create_remote("a"))).outcome.expect("as it was shown");
    log.position = 20;
    let another = PasswordChange { password: Some(hash("another")), change_required: None };
    let changed = AlterUser { password: Some(another), ..alter_user("second") };
    log.run([Command::AlterUser(changed)]);
    let refused = log.catalog.apply(Revision(30), &with(101, shown, create_remote("b")));
    let user = (&user("second")).into();
    assert_eq!((refused.outcome, refused.changes.len()), (Err(Rejection::CredentialsChanged { user }), 0));
    let now = log.catalog.user("second").expect("it exists").credential_revision;
    log.catalog.apply(Revision(31), &with(101, now, create_remote("b"))).outcome.expect("proven anew");
    // What was done before stays done: the answer belongs to whoever asked.
    let again = log.catalog.apply(Revision(32), &with(100, shown, create_remote("a")));
    assert_eq!(again.outcome.map(|effect| effect.system_updates), Ok(1));
}

#[test]
fn time_does_not_run_backwards() {
    let mut log = Log::formed();
    log.catalog.apply(Revision(10), &entry(100, 50_000, create_remote("a"))).outcome.expect("it is new");
    log.catalog.apply(Revision(11), &entry(101, 7, create_remote("b"))).outcome.expect("it is new");
    assert_eq!(log.catalog.clock(), Timestamp(50_000));
    let created = log.catalog.alias("b").expect("it exists").created;
    assert_eq!((created.revision, created.time), (Revision(11), Timestamp(50_000)));
}

#[test]
fn a_replacement_is_one_change() {
    let mut log = Log::after([create_remote("far")]);
    let target = AliasTarget::Remote(remote_target());
    let command = create_alias("far", CreateMode::OrReplace, target);
    let applied = log.apply(&user("root"), command);
    assert_eq!(applied.outcome.expect("it may be replaced").system_updates, 2);
    let of_alias: Vec<_> = applied.changes.iter().filter(|change| matches!(change.key, RecordKey::Alias(_))).collect();
    assert_eq!(of_alias.len(), 1);
    assert!(of_alias[0].before.is_some() && of_alias[0].after.is_some());
}
