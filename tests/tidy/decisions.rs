//! Who may see, use and be told of what is decided in `catalog`, in its module `visibility`. What stands above it asks there
//! and combines no privileges of its own, so it has no use for their names.

use crate::rust;
use crate::shape;
use crate::workspace::Source;

/// Where nothing is decided.
const ASKING: &[&str] = &["crates/listing/src/", "crates/service/src/", "crates/api/src/", "crates/node/src/"];

/// What one needs of `aliasd_catalog` to decide. The crate as a whole, by another name or by `*`, would hide what of it is
/// used.
const MEANS: &[&str] =
    &["Action", "DbmsAction", "DatabaseAction", "GrantEffect", "UserScope", "Privilege", "*", "self"];

/// Methods of the catalog that judge one privilege, or tell what not everybody may know.
const JUDGEMENTS: &[&str] = &["authorise", "authorise_caller", "privilege_target"];

/// A file, and what it may name although it decides nothing: the table of calls says what each call takes.
const EXCEPTIONS: &[(&str, &str)] = &[("crates/service/src/authenticate/access.rs", "DbmsAction")];

/// Files that name what they would need to decide by themselves.
pub(crate) fn elsewhere(sources: &[Source]) -> Vec<String> {
    let mut out = Vec::new();
    let asking = |source: &&Source| {
        ASKING.iter().any(|place| source.path.starts_with(place)) && !shape::is_test_file(&source.path)
    };
    for source in sources.iter().filter(asking) {
        let excepted = |name: &str| EXCEPTIONS.contains(&(source.path.as_str(), name));
        for path in rust::paths(&source.text) {
            let Some(named) = path.strip_prefix("aliasd_catalog") else { continue };
            let first = named.trim_start_matches("::").split("::").next().unwrap_or_default();
            if first.is_empty() || (MEANS.contains(&first) && !excepted(first)) {
                out.push(format!("{} names {path}", source.path));
            }
        }
        let tokens = rust::tokens(&source.text);
        for window in tokens.windows(3).filter(|window| window[0] == "." && window[2] == "(") {
            if JUDGEMENTS.contains(&window[1].as_str()) {
                out.push(format!("{} calls {}", source.path, window[1]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_elsewhere_is_found() {
        let found = |path: &str, text: &str| elsewhere(&[Source::example(path, text)]).len();
        let service = "crates/service/src/watch/mod.rs";
        assert_eq!(found(service, "use aliasd_catalog::{Catalog, DbmsAction};"), 1);
        assert_eq!(found(service, "fn f() { g(aliasd_catalog::Action::Access(name)) }"), 1);
        assert_eq!(found(service, "use aliasd_catalog::*;"), 1);
        assert_eq!(found(service, "use aliasd_catalog as catalog;"), 1);
        assert_eq!(found("crates/listing/src/source.rs", "fn f() { catalog.authorise(who, &action) }"), 1);
        assert_eq!(found("crates/api/src/auth.rs", "fn f() { view.catalog.authorise_caller(&who) }"), 1);
        assert_eq!(found(service, "use aliasd_catalog::{Catalog, Watcher}; // not an Action"), 0);
        assert_eq!(found(service, "fn f() { catalog.authorise_command(&actor, command) }"), 0);
        assert_eq!(found("crates/service/src/watch/tests.rs", "use aliasd_catalog::Action;"), 0);
        assert_eq!(found("crates/catalog/src/resolve.rs", "fn f() { self.authorise(who, &action) }"), 0);
    }

    #[test]
    fn the_table_of_calls_names_privileges_and_judges_none() {
        let found = |text: &str| elsewhere(&[Source::example(EXCEPTIONS[0].0, text)]).len();
        assert_eq!(found("use aliasd_catalog::DbmsAction;"), 0);
        assert_eq!(found("use aliasd_catalog::{Action, DbmsAction};"), 1);
    }

    #[test]
    fn every_means_and_every_judgement_is_found_in_every_crate_that_asks() {
        for folder in ASKING {
            let found = |text: String| elsewhere(&[Source::example(&format!("{folder}lib.rs"), &text)]).len();
            for name in MEANS {
                assert_eq!(found(format!("use aliasd_catalog::{name};")), 1, "{name}");
            }
            for method in JUDGEMENTS {
                assert_eq!(found(format!("fn f() {{ catalog.{method}(who) }}")), 1, "{method}");
            }
        }
    }
}
