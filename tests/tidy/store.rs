//! What is on disk stands alone: its code knows nothing of the public interface, so that the interface can change
//! without a byte on disk changing with it.

use crate::rust;
use crate::workspace::Source;

/// The module, as a file and as a directory.
const STORE: &[&str] = &["crates/wire/src/store.rs", "crates/wire/src/store/"];

/// What it may name of its own crate: itself, its generated messages, and what values are whoever sends or stores them.
/// `value` as a whole is not among that: it gives out what converts values of the public messages.
const ALLOWED: &[&str] = &[
    "crate::store",
    "crate::generated::aliasd::store",
    "crate::value::conversions",
    "crate::value::NESTING_MAX",
    "crate::value::ValueError",
];

/// Paths in the store's files that lead to the rest of the crate, or to gRPC.
pub(crate) fn ties(sources: &[Source]) -> Vec<String> {
    let mut out = Vec::new();
    for source in sources.iter().filter(|source| STORE.iter().any(|place| source.path.starts_with(place))) {
        for path in rust::paths(&source.text) {
            if leads_out(&source.path, &path) {
                out.push(format!("{} names {path}", source.path));
            }
        }
    }
    out
}

fn leads_out(file: &str, path: &str) -> bool {
    let below = |module: &str| path.strip_prefix(module).is_some_and(|rest| rest.starts_with("::"));
    let within = |module: &&str| path == *module || below(module);
    // In `store.rs` itself `super` is the root of the crate already. Alone, both are in `pub(crate)` and its like.
    let up = if file.ends_with("/store.rs") { "super" } else { "super::super" };
    let to_root = below("crate") || below(up);
    (to_root && !ALLOWED.iter().any(within)) || within(&"tonic")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_is_found_in_every_spelling() {
        let found = |path: &str, text: &str| ties(&[Source::example(path, text)]).len();
        let inside = "crates/wire/src/store/key.rs";
        assert_eq!(found(inside, "use crate::v1;"), 1);
        assert_eq!(found(inside, "use crate::{error::Error, value::ValueError};"), 1);
        assert_eq!(found(inside, "fn f() -> super::super::peer::v1::Route {}"), 1);
        assert_eq!(found(inside, "use tonic::Code;"), 1);
        assert_eq!(found(inside, "use crate::value::map_from_proto;"), 1);
        assert_eq!(found(inside, "use crate::value::{ValueError, public::map_to_proto};"), 1);
        assert_eq!(found(inside, "use crate::value;"), 1);
        assert_eq!(found(inside, "use crate::value::*;"), 1);
        assert_eq!(found(inside, "use super::proto;\nuse crate::value::{NESTING_MAX, ValueError};"), 0);
        assert_eq!(found(inside, "crate::value::conversions!(proto, pub(super));"), 0);
        assert_eq!(found("crates/wire/src/store.rs", "use super::v1;"), 1);
        assert_eq!(found("crates/wire/src/store.rs", "use crate::generated::aliasd::store::v1 as proto;"), 0);
        assert_eq!(found("crates/wire/src/store.rs", "pub(crate) use key::encode;\npub(super) fn f() {}"), 0);
        assert_eq!(found("crates/wire/src/route.rs", "use crate::v1;"), 0);
    }
}
