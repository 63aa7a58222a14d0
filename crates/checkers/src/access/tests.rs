use super::*;
use crate::history::{GrantKind, Login, Outcome, Privilege, Proof, Resolve, Session, Setup, Write};
use crate::samples::*;

fn lines(events: impl IntoIterator<Item = Event>) -> Vec<Vec<usize>> {
    found(Checker::Access, events)
}

/// Whatever takes carol's access away.
fn takings() -> Vec<Command> {
    let role = |role: &str, user: &str| Command::RevokeRole { role: name(role), user: name(user) };
    vec![
        revoke(),
        assign(GrantKind::Denied),
        role("analyst", "carol"),
        Command::DropRole { name: name("analyst") },
        suspend("carol", true),
        Command::DropUser { name: name("carol") },
        Command::RenameUser { from: name("carol"), to: name("carola") },
        // What the service needs in order to ask for her.
        role("server", "service"),
        suspend("service", true),
    ]
}

#[test]
fn nothing_is_told_once_it_was_taken_away() {
    for taken in takings() {
        let with = |freshness, begin: u64, served_at| {
            lines([done(taken.clone(), 10, 20, 11), read(freshness, begin, begin + 5, route(5, served_at, ""))])
        };
        assert!(with(Freshness::Linearizable, 19, 10).is_empty(), "{taken:?}");
        assert_eq!(with(Freshness::Linearizable, 20, 10), [[3]], "{taken:?}");
        assert_eq!(with(Freshness::Linearizable, 15, 11), [[3]], "{taken:?}");
        assert!(with(Freshness::AtLeast(10), 30, 10).is_empty(), "{taken:?}");
        assert_eq!(with(Freshness::AtLeast(11), 30, 11), [[3]], "{taken:?}");
        assert_eq!(with(Freshness::AtLeast(11), 30, 10), [[3]], "{taken:?}");
        assert!(with(Freshness::Local, 119, 10).is_empty(), "{taken:?}");
        assert_eq!(with(Freshness::Local, 120, 10), [[3]], "{taken:?}");
        assert_eq!(with(Freshness::Local, 30, 11), [[3]], "{taken:?}");
        assert!(with(Freshness::Cached, 119, 10).is_empty(), "{taken:?}");
        assert_eq!(with(Freshness::Cached, 120, 10), [[3]], "{taken:?}");
    }
}

#[test]
fn what_may_not_have_been_taken_away_may_be_told() {
    for taken in takings() {
        let told = || read(Freshness::Linearizable, 30, 35, route(5, 12, ""));
        assert!(lines([unknown(taken.clone(), 10, 20), told()]).is_empty(), "{taken:?}");
        assert!(lines([refused(taken.clone(), 10, 20, "PERMISSION_DENIED"), told()]).is_empty(), "{taken:?}");
    }
    let given_back = [done(revoke(), 10, 20, 11), done(assign(GrantKind::Granted), 21, 25, 12)];
    assert!(lines(given_back.into_iter().chain([read(Freshness::Linearizable, 30, 35, route(5, 12, ""))])).is_empty());
}

#[test]
fn a_drop_takes_the_privileges_along() {
    let again = [done(drop_films(), 10, 20, 11), done(create("c2"), 21, 25, 12)];
    let told = read(Freshness::Linearizable, 30, 35, route(12, 12, ""));
    assert_eq!(lines(again.into_iter().chain([told])), [[4]]);
}

#[test]
fn the_denial_of_a_password_outlives_its_alias() {
    let denied = Command::Assign {
        kind: GrantKind::Denied,
        privilege: Privilege::ResolveAlias { alias: name("films") },
        role: name("server"),
    };
    let again = || [done(denied.clone(), 1, 5, 10), done(drop_films(), 10, 20, 11), done(create("c2"), 21, 25, 12)];
    let access = || done(assign(GrantKind::Granted), 26, 29, 13);
    let told = |credential| read(Freshness::Linearizable, 30, 35, route(12, 13, credential));
    assert!(lines(again().into_iter().chain([access(), told("")])).is_empty());
    assert_eq!(lines(again().into_iter().chain([access(), told("c2")])), [[6]]);
}

#[test]
fn whoever_is_renamed_keeps_what_it_may() {
    let renamed = done(Command::RenameUser { from: name("carol"), to: name("carola") }, 10, 20, 11);
    let as_user = |user: &str| {
        let resolve = resolve(Freshness::Linearizable, 30, 35, Outcome::Ok(route(5, 11, "")));
        Event::Resolve(Resolve { user: Some(name(user)), ..resolve })
    };
    assert_eq!(lines([renamed, as_user("carola"), as_user("carol"), as_user("nobody")]), [[4], [5]]);
}

#[test]
fn a_credential_takes_resolve_alias_and_its_own_bound() {
    let taken = || {
        let privilege = Privilege::ResolveAlias { alias: name("*") };
        done(Command::Revoke { kind: None, privilege, role: name("server") }, 10, 20, 11)
    };
    let asked = |begin: u64, credential: &str| read(Freshness::Local, begin, begin + 5, route(5, 10, credential));
    assert!(lines([taken(), asked(119, "c1"), asked(150, "")]).is_empty());
    assert_eq!(lines([taken(), asked(120, "c1")]), [[3]]);
    let strict = Setup { bounds: crate::history::Bounds { release_staleness: Some(30), ..setup().bounds }, ..setup() };
    let with = |begin| History { events: vec![Event::Setup(strict.clone()), taken(), asked(begin, "c1")] };
    assert!(crate::check_by(Checker::Access, &with(49)).is_empty());
    assert_eq!(crate::check_by(Checker::Access, &with(50)).len(), 1);
}

#[test]
fn a_password_proves_nothing_once_it_was_changed() {
    let login = |begin, end, outcome| {
        let (user, password) = (name("service"), name("p1"));
        Event::Login(Login { client: 2, member: None, begin, end, user, password, outcome })
    };
    let logged_in = || login(1, 5, Outcome::Ok(Session { token: name("t1") }));
    let changed = || done(change_password("service", "p2"), 10, 20, 11);
    let ended = || done(Command::EndToken { token: name("t1") }, 10, 20, 11);
    let told = |proof, begin: u64, served_at| {
        let resolve = resolve(Freshness::Linearizable, begin, begin + 5, Outcome::Ok(route(5, served_at, "")));
        Event::Resolve(Resolve { proof, ..resolve })
    };
    let (old, new) = (|| Proof::Password(name("p1")), || Proof::Password(name("p2")));
    let token = || Proof::Token(name("t1"));
    assert!(
        lines([logged_in(), changed(), told(old(), 15, 10), told(new(), 30, 11), told(token(), 15, 10)]).is_empty()
    );
    assert_eq!(lines([changed(), told(old(), 30, 11)]), [[3]]);
    assert_eq!(lines([logged_in(), changed(), told(token(), 30, 11)]), [[4]]);
    assert_eq!(lines([logged_in(), ended(), told(token(), 30, 11)]), [[4]]);
    assert!(lines([logged_in(), ended(), told(old(), 30, 11)]).is_empty());
    assert_eq!(lines([told(new(), 30, 11)]), [[2]]);
    // Nor does it let anybody in, for longer than the bound.
    let again = |begin| login(begin, begin + 5, Outcome::Ok(Session { token: name("t2") }));
    assert!(lines([changed(), again(119), login(150, 160, rejected("UNAUTHENTICATED"))]).is_empty());
    assert_eq!(lines([changed(), again(120)]), [[3]]);
}

#[test]
fn a_write_is_judged_where_it_takes_effect() {
    let by = |actor: &str, begin, end, revision| {
        Event::Write(Write { actor: name(actor), ..write(alter("c2"), begin, end, ok(revision)) })
    };
    assert!(lines([by("alice", 10, 20, 11)]).is_empty());
    assert!(lines([done(suspend("alice", true), 10, 20, 12), by("alice", 10, 20, 11)]).is_empty());
    assert_eq!(lines([done(suspend("alice", true), 10, 20, 11), by("alice", 10, 20, 12)]), [[3]]);
    assert_eq!(lines([by("carol", 10, 20, 11)]), [[2]]);
    let demoted = Command::RevokeRole { role: name("admin"), user: name("alice") };
    assert_eq!(lines([done(demoted, 10, 20, 11), by("alice", 10, 20, 12)]), [[3]]);
}

#[test]
fn a_finding_says_who_and_why() {
    let said =
        said(Checker::Access, [done(revoke(), 10, 20, 11), read(Freshness::Linearizable, 30, 35, route(5, 11, "c1"))]);
    assert_eq!(
        said,
        "access: lines 3: a credential is released (Linearizable, served at 11), although 'carol' may not use 'films'"
    );
}
