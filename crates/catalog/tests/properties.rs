//! What holds for every log: determinism, exactly-once, atomic refusal, the invariants, and agreement with
//! the naive model. `PROPTEST_CASES` sets how many logs are tried.

#![expect(clippy::disallowed_methods, reason = "a test may be told how often to try")]

use aliasd_catalog::{
    Action, Applied, Catalog, DatabaseAction, Explanation, Principal, RecordKey, ResolveRequest, ResolveTarget,
    Revision, Rule, UserStatus,
};
use proptest::prelude::*;

use crate::builders::{name, user, user_name};
use crate::invariants::{changes_fold_to_records, check_all, clock_never_runs_backwards};
use crate::model::{Answer, Model};
use crate::universe::{NAMES, Records, Step, USERS, log};

/// How many entries follow the prelude.
const LENGTH_MAX: usize = 30;

/// Few enough logs for every day; `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    if asked { ProptestConfig::default() } else { ProptestConfig::with_cases(100) }
}

/// A catalog built from nothing but the records of another.
fn rebuilt(catalog: &Catalog) -> Catalog {
    let mut copy = Catalog::default();
    for (key, record) in catalog.records() {
        assert!(copy.restore(key, record), "a key has a record of its own kind");
    }
    copy
}

fn assert_same(left: &Catalog, right: &Catalog) {
    assert_eq!(left.digest(), right.digest());
    assert_eq!(left.clock(), right.clock());
    assert!(left.records().eq(right.records()), "the records differ");
}

/// Applies a step and returns the position of the last entry that was no repetition.
fn apply(catalog: &mut Catalog, step: &Step, last: Revision) -> (Applied, Revision) {
    let repeated = catalog.recorded_request(&step.entry.request).is_some();
    let applied = catalog.apply(step.at, &step.entry);
    (applied, if repeated { last } else { step.at })
}

proptest! {
    #![proptest_config(config())]

    /// Two replicas, one of which is thrown away and rebuilt from its records before every entry, agree on
    /// everything after every entry.
    #[test]
    fn replicas_agree(steps in log(LENGTH_MAX)) {
        let (mut first, mut second) = (Catalog::default(), Catalog::default());
        for step in &steps {
            second = rebuilt(&second);
            prop_assert_eq!(first.apply(step.at, &step.entry), second.apply(step.at, &step.entry));
            assert_same(&first, &second);
        }
    }

    #[test]
    fn no_invariant_is_violated(steps in log(LENGTH_MAX)) {
        let mut catalog = Catalog::default();
        let mut folded = Records::new();
        let (mut last, mut changed) = (Revision(0), Revision(0));
        for step in &steps {
            let before = catalog.clone();
            let (applied, at) = apply(&mut catalog, step, last);
            last = at;
            // What may be proposed again leaves no trace, and forgets nothing either.
            changed = if applied.changes.is_empty() { changed } else { at };
            check_all(&catalog, changed);
            clock_never_runs_backwards(&before, &catalog);
            changes_fold_to_records(&mut folded, &applied.changes, &catalog);
        }
    }

    #[test]
    fn a_refused_entry_changes_nothing_but_requests(steps in log(LENGTH_MAX)) {
        let mut catalog = Catalog::default();
        for step in &steps {
            let applied = catalog.apply(step.at, &step.entry);
            if applied.outcome.is_err() {
                prop_assert!(applied.changes.iter().all(|change| matches!(change.key, RecordKey::Request(_))));
            }
        }
    }

    /// Right after it was applied and at the end, a request that is still remembered gets the outcome it got
    /// and has no effect.
    #[test]
    fn a_repeated_request_has_one_effect_and_one_outcome(steps in log(LENGTH_MAX)) {
        let mut catalog = Catalog::default();
        let mut at = Revision(0);
        for step in &steps {
            at = step.at;
            let first = catalog.apply(at, &step.entry);
            let before = catalog.clone();
            let second = catalog.apply(at, &step.entry);
            prop_assert_eq!((first.revision, first.outcome), (second.revision, second.outcome));
            prop_assert!(second.changes.is_empty());
            assert_same(&before, &catalog);
        }
        for step in &steps {
            let before = catalog.clone();
            if let Some(recorded) = before.recorded_request(&step.entry.request) {
                let again = catalog.apply(Revision(at.0 + 1), &step.entry);
                prop_assert_eq!((&again.outcome, again.changes.len()), (&recorded.outcome, 0));
                prop_assert_eq!(again.revision, recorded.applied.revision);
                assert_same(&before, &catalog);
            }
        }
    }

    /// A clone is a frozen view: what happens afterwards does not show in it.
    #[test]
    fn a_clone_is_frozen(steps in log(LENGTH_MAX)) {
        let mut catalog = Catalog::default();
        for step in &steps {
            let (view, records) = (catalog.clone(), catalog.records().collect::<Vec<_>>());
            catalog.apply(step.at, &step.entry);
            prop_assert!(view.records().eq(records));
        }
    }

    #[test]
    fn the_naive_model_agrees(steps in log(LENGTH_MAX)) {
        let (mut catalog, mut model) = (Catalog::default(), Model::default());
        for step in &steps {
            let expected = model.apply(step.at, &step.entry);
            prop_assert_eq!(catalog.apply(step.at, &step.entry).outcome, expected);
            prop_assert!(catalog.records().eq(model.records()), "the records differ after {:?}", step.entry);
            agree_on(&catalog, &model, &step.question)?;
            for asking in USERS {
                agree_on_everything_for(&catalog, &model, asking)?;
            }
        }
    }
}

fn agree_on(catalog: &Catalog, model: &Model, question: &ResolveRequest) -> Result<(), TestCaseError> {
    let answer = catalog.resolve(question).map(|route| Answer::of(&route));
    prop_assert_eq!(answer, model.resolve(question), "{:?}", question);
    Ok(())
}

/// The explanation ends where resolving does, and its rules say why.
fn explains(catalog: &Catalog, asking: &str, target: &str) -> Result<(), TestCaseError> {
    let (who, target) = (user_name(asking), name(target));
    let Explanation { verdict, rules } = catalog.explain_access(&who, &target);
    let asked_from = |session: Option<&str>| {
        let (actor, target) = (user(asking), ResolveTarget::Name(target.clone()));
        let connected_to = session.map(name);
        let question = ResolveRequest { actor, on_behalf_of: None, target, connected_to, with_credentials: false };
        catalog.resolve(&question).map(|route| route.destination)
    };
    let composite = catalog.alias(target.as_str()).and_then(|alias| alias.composite.as_ref());
    prop_assert_eq!(&verdict, &asked_from(composite.map(|composite| composite.as_str())));
    let fits = rules.iter().all(|rule| match rule {
        Rule::User { standing, .. } => {
            standing.is_some_and(|standing| standing.status == UserStatus::Active && !standing.password_change_required)
        }
        Rule::Name { found, .. } => found.is_some(),
        Rule::Access { allowed, .. } => *allowed,
        // Whether a password is released decides nothing about using the name.
        Rule::Roles(_) | Rule::Home { .. } | Rule::System | Rule::Release { .. } => true,
    });
    let may = catalog.authorise(&user(asking), &Action::Access(target)).is_ok();
    prop_assert_eq!(fits, may, "{:?}", rules);
    Ok(())
}

/// Every name, home, every other user, and every action.
fn agree_on_everything_for(catalog: &Catalog, model: &Model, asking: &str) -> Result<(), TestCaseError> {
    let who = user(asking);
    let names = NAMES.iter().map(|target| ResolveTarget::Name(name(target)));
    for target in names.chain([ResolveTarget::Home]) {
        for session in [None, Some("sales"), Some("far"), Some("far.away")] {
            let (actor, target, connected_to) = (who.clone(), target.clone(), session.map(name));
            let question = ResolveRequest { actor, on_behalf_of: None, target, connected_to, with_credentials: false };
            agree_on(catalog, model, &question)?;
        }
    }
    for target in NAMES {
        explains(catalog, asking, target)?;
    }
    let others = USERS.iter().map(|other| Action::Impersonate(user_name(other)));
    let actions = aliasd_catalog::DbmsAction::ALL.iter().map(|action| Action::Dbms(*action));
    let on_databases = NAMES.iter().flat_map(|target| {
        let actions = [DatabaseAction::Start, DatabaseAction::Stop, DatabaseAction::CreateIndex];
        actions.map(|action| Action::Database(action, name(target)))
    });
    for action in others.chain(actions).chain(on_databases) {
        prop_assert_eq!(catalog.authorise(&who, &action), model.authorise(&who, &action), "{:?} {:?}", who, action);
    }
    prop_assert_eq!(catalog.authorise(&Principal::System, &Action::Access(name("missing"))), Ok(()));
    Ok(())
}
