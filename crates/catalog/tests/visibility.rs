//! The questions of `visibility` agree with each other and with resolving, on random catalogs: nothing that one of them
//! hides is told by another.

#![expect(clippy::disallowed_methods, reason = "a test may be told how often to try")]

use std::collections::BTreeSet;

use aliasd_catalog::{
    Action, Catalog, CatalogName, Change, DatabaseName, DbmsAction, Destination, Principal, Question, RecordKey,
    Rejection, ResolveRequest, ResolveTarget, RoleName, Rule, UserName, WatchSubject, Watcher,
};
use proptest::prelude::*;

use crate::builders::{name, user, user_name};
use crate::universe::{NAMES, USERS, log};

/// How many entries follow the prelude.
const LENGTH_MAX: usize = 30;

fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    if asked { ProptestConfig::default() } else { ProptestConfig::with_cases(60) }
}

/// What resolving a name for somebody answers, from wherever the name can be used.
fn resolve(catalog: &Catalog, actor: &str, for_whom: &UserName, target: &str) -> Result<Destination, Rejection> {
    let composite = catalog.alias(target).and_then(|alias| alias.composite.as_ref().map(CatalogName::from));
    let on_behalf_of = (for_whom.as_str() != actor).then(|| for_whom.clone());
    let (actor, target) = (user(actor), ResolveTarget::Name(name(target)));
    let question = ResolveRequest { actor, on_behalf_of, target, connected_to: composite, with_credentials: false };
    catalog.resolve(&question).map(|route| route.destination)
}

/// Whether an answer of resolving tells that something has the name: it does unless it says that nothing has, or that the
/// user may not act or ask at all.
fn tells(answer: &Result<Destination, Rejection>) -> bool {
    !matches!(
        answer,
        Err(Rejection::DatabaseNotFound { .. }
            | Rejection::NotFormed { .. }
            | Rejection::UnknownActor { .. }
            | Rejection::SuspendedActor { .. }
            | Rejection::PasswordChangeRequired { .. }
            | Rejection::PermissionDenied { .. })
    )
}

fn is_active(catalog: &Catalog, who: &str) -> bool {
    catalog.authorise_caller(&user(who)).is_ok()
}

/// Whether a listing tells that something has the name, by the privileges that the reference asks for alone.
fn lists(catalog: &Catalog, who: &str, target: &str) -> bool {
    use DbmsAction as A;
    let who = user(who);
    let any = |actions: &[A]| actions.iter().any(|action| catalog.authorise(&who, &Action::Dbms(*action)).is_ok());
    let managed = match catalog.database(target).map(|database| database.kind) {
        None => catalog.alias(target).is_some() && any(&[A::ShowAlias]),
        Some(aliasd_catalog::DatabaseKind::Composite) => any(&[A::CreateCompositeDatabase, A::DropCompositeDatabase]),
        Some(_) => any(&[A::CreateDatabase, A::DropDatabase, A::AlterDatabase, A::SetDatabaseAccess]),
    };
    managed || catalog.authorise(&who, &Action::Access(name(target))).is_ok()
}

/// Whether `who` may impersonate every user, so that no name is out of its reach.
fn acts_for_everybody(catalog: &Catalog, who: &str) -> bool {
    let who = user(who);
    let for_one = |other: &str| catalog.authorise(&who, &Action::Impersonate(user_name(other))).is_ok();
    // Whether or not there is such a user, and whomever single privileges name.
    USERS.iter().all(|other| for_one(other)) && for_one("somebody-else")
}

/// Whether resolving, for oneself or anybody that one may act for, or a listing tells of the name.
fn could_be_told(catalog: &Catalog, who: &str, target: &str) -> bool {
    if catalog.find(&name(target)).is_none() {
        return false;
    }
    let resolves = |other: &str| tells(&resolve(catalog, who, &user_name(other), target));
    lists(catalog, who, target) || USERS.iter().any(|other| resolves(other)) || acts_for_everybody(catalog, who)
}

/// What a resolve answers is what its user may know, and the actor with it; and the other way round.
fn resolving_is_no_way_around(catalog: &Catalog, who: &str) -> Result<(), TestCaseError> {
    let principal = user(who);
    let visible = catalog.visible_to(&principal);
    for target in NAMES {
        for other in USERS {
            let answer = resolve(catalog, who, &user_name(other), target);
            if tells(&answer) {
                prop_assert!(visible.knows(&name(target)), "{who} for {other} resolves {target}: {answer:?}");
                prop_assert!(visible.knows_user(&user_name(other)), "{who} acts for {other}");
                let for_whom = user(other);
                prop_assert!(catalog.visible_to(&for_whom).sees(&name(target)), "{other} does not see {target}");
            }
        }
        let own = tells(&resolve(catalog, who, &user_name(who), target));
        prop_assert_eq!(visible.may_use(&name(target)), own, "{} uses {}", who, target);
        prop_assert_eq!(visible.sees(&name(target)), lists(catalog, who, target) && exists(catalog, target));
        prop_assert_eq!(visible.knows(&name(target)), could_be_told(catalog, who, target), "{} of {}", who, target);
    }
    Ok(())
}

fn exists(catalog: &Catalog, target: &str) -> bool {
    catalog.find(&name(target)).is_some()
}

/// An explanation ends where resolving does, and one's own tells of nothing that is hidden.
fn explaining_agrees(catalog: &Catalog, who: &str) -> Result<(), TestCaseError> {
    let (principal, own) = (user(who), user_name(who));
    let visible = catalog.visible_to(&principal);
    for target in NAMES {
        let Ok(explanation) = visible.explain(&own, &name(target)) else {
            prop_assert!(!is_active(catalog, who), "{who} may always ask about itself");
            continue;
        };
        prop_assert_eq!(&explanation.verdict, &resolve(catalog, who, &own, target));
        if visible.may_ask(Question::AccessOfAnybody) {
            continue;
        }
        let mut of_missing = visible.explain(&own, &name("no-such-name")).expect("it may ask");
        for rule in &mut of_missing.rules {
            if let Rule::Name { name: asked, .. } = rule {
                *asked = name(target);
            }
        }
        prop_assert_eq!(visible.may_use(&name(target)), explanation.rules != of_missing.rules, "{} {}", who, target);
        for rule in explanation.rules {
            let told = match rule {
                Rule::Home { stands_for, .. } => stands_for,
                Rule::Access { on, .. } | Rule::Release { alias: on, .. } => Some(on),
                _ => None,
            };
            prop_assert!(told.is_none_or(|told| visible.sees(&told)), "{who} is told too much about {target}");
        }
    }
    Ok(())
}

/// One's own privileges take nothing, those of others two privileges; what home stands for is told as far as it is seen.
fn effective_privileges_agree(catalog: &Catalog, who: &str) -> Result<(), TestCaseError> {
    let principal = user(who);
    let visible = catalog.visible_to(&principal);
    for other in USERS {
        let answer = visible.privileges_of(&user_name(other));
        let others = [DbmsAction::ShowPrivilege, DbmsAction::ShowUser];
        let may = match *other == *who {
            true => is_active(catalog, who),
            false => others.iter().all(|action| catalog.authorise(&principal, &Action::Dbms(*action)).is_ok()),
        };
        let told = may && catalog.user(other).is_some();
        prop_assert_eq!(answer.is_ok(), told, "{} about {}: {:?}", who, other, answer);
        let Ok(answer) = answer else { continue };
        prop_assert!(visible.knows_user(&answer.user));
        let home = answer.home.and_then(|home| home.stands_for);
        prop_assert!(*other != *who || home.is_none_or(|home| visible.sees(&home)), "{who} is told of a hidden home");
    }
    Ok(())
}

/// What a change is about, as a watcher is told of it.
fn subject(change: &Change) -> Option<(WatchSubject, String)> {
    Some(match &change.key {
        RecordKey::Alias(alias) => (WatchSubject::Alias, alias.to_string()),
        RecordKey::Database(database) => (WatchSubject::Database, database.to_string()),
        _ => return None,
    })
}

/// A watch tells of exactly those aliases and databases that a resolve or a listing could tell of, just before or just
/// after; and of no user or role beyond those that the principal may act for or list.
fn watching_agrees(before: &Catalog, changes: &[Change], after: &Catalog, who: &str) -> Result<(), TestCaseError> {
    let events = Watcher { user: user_name(who), names: None }.events(before, changes, after);
    let told: BTreeSet<_> = events.iter().map(|event| (event.subject, event.name.clone())).collect();
    prop_assert_eq!(told.len(), events.len(), "each subject once");
    let sides = [before, after];
    let could = |target: &str| sides.iter().any(|side| could_be_told(side, who, target));
    let expected: BTreeSet<_> = changes.iter().filter_map(subject).filter(|(_, target)| could(target)).collect();
    let named = |subject| matches!(subject, WatchSubject::Alias | WatchSubject::Database);
    let names: BTreeSet<_> = told.iter().filter(|(subject, _)| named(*subject)).cloned().collect();
    prop_assert_eq!(names, expected, "{}", who);
    for (subject, told) in told.iter().filter(|(subject, _)| !named(*subject)) {
        let may_know = |side: &&Catalog| knows_of(side, who, *subject, told);
        prop_assert!(sides.iter().any(may_know), "{who} is told of {subject:?} {told}");
    }
    let only = Watcher { user: user_name(who), names: Some(BTreeSet::new()) }.events(before, changes, after);
    let unfiltered: Vec<_> = events.into_iter().filter(|event| !named(event.subject)).collect();
    prop_assert_eq!(only, unfiltered, "a filter leaves out names, and nothing else");
    Ok(())
}

/// Whether a user or role may be known, by the privileges alone.
fn knows_of(catalog: &Catalog, who: &str, subject: WatchSubject, told: &str) -> bool {
    let principal = user(who);
    let may = |action| catalog.authorise(&principal, &Action::Dbms(action)).is_ok();
    let acts_for = |other: &UserName| {
        other.as_str() == who || catalog.authorise(&principal, &Action::Impersonate(other.clone())).is_ok()
    };
    match subject {
        WatchSubject::User => may(DbmsAction::ShowUser) || acts_for(&user_name(told)),
        WatchSubject::Role => {
            let role = RoleName::new(told).expect("a stored name");
            let counts = |other: &UserName| role.is_public() || catalog.is_member(other, &role);
            let listed = may(DbmsAction::ShowRole) || may(DbmsAction::ShowPrivilege);
            let of_someone = USERS.iter().map(|other| user_name(other)).any(|other| acts_for(&other) && counts(&other));
            listed || of_someone || acts_for_everybody(catalog, who)
        }
        WatchSubject::Settings => told.is_empty(),
        WatchSubject::Alias | WatchSubject::Database => false,
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_questions_agree(steps in log(LENGTH_MAX)) {
        let mut catalog = Catalog::default();
        for step in &steps {
            let before = catalog.clone();
            let changes = catalog.apply(step.at, &step.entry).changes;
            for who in USERS {
                watching_agrees(&before, &changes, &catalog, who)?;
            }
        }
        for who in USERS {
            resolving_is_no_way_around(&catalog, who)?;
            explaining_agrees(&catalog, who)?;
            effective_privileges_agree(&catalog, who)?;
        }
    }
}

/// `System` is nobody's name: it sees all and asks all, and a database that nobody has is still not there.
#[test]
fn the_system_sees_what_there_is() {
    let catalog = crate::builders::Log::after([crate::builders::create_database("alpha")]).catalog;
    let visible = catalog.visible_to(&Principal::System);
    let database = |text: &str| DatabaseName::new(text).expect("a valid name");
    assert!(visible.sees_database(&database("alpha")) && visible.knows(&name("alpha")));
    assert!(!visible.sees_database(&database("beta")) && !visible.knows(&name("beta")));
    assert!(Question::ALL.iter().all(|question| visible.may_ask(*question)));
}
