//! The licences of everything that is built or linked.

use crate::workspace::Licence;

/// Licences that ask for no more than to be named. A choice (`OR`) needs one of them, a sum (`AND`)
/// only them.
const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Packages that state no licence, or none that is accepted.
pub(crate) fn violations(licences: &[Licence]) -> Vec<String> {
    let bad = licences.iter().filter(|licence| {
        let accepted = licence.expression.as_deref().map(accepts);
        accepted != Some(true)
    });
    bad.map(|licence| {
        let stated = licence.expression.as_deref().unwrap_or("no licence");
        format!("{}: {stated}", licence.package)
    })
    .collect()
}

/// Whether an SPDX expression can be met. `A/B` is how old manifests wrote `A OR B`.
fn accepts(expression: &str) -> bool {
    let brackets = |bracket| expression.matches(bracket).count();
    if brackets('(') != brackets(')') {
        return false;
    }
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let met = choice(&mut words);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn choice(words: &mut Words<'_>) -> bool {
    let mut met = sum(words);
    while words.next_if_eq(&"OR").is_some() {
        met |= sum(words);
    }
    met
}

fn sum(words: &mut Words<'_>) -> bool {
    let mut met = single(words);
    while words.next_if_eq(&"AND").is_some() {
        met &= single(words);
    }
    met
}

fn single(words: &mut Words<'_>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let met = choice(words);
        return words.next_if_eq(&")").is_some() && met;
    }
    let met = words.next().is_some_and(|name| ACCEPTED.contains(&name));
    if words.next_if_eq(&"WITH").is_some() {
        // An exception only ever permits more.
        words.next();
    }
    met
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_needs_one_and_a_sum_needs_all() {
        assert!(accepts("MIT OR Apache-2.0"));
        assert!(accepts("MIT/GPL-3.0"));
        assert!(accepts("(MIT OR GPL-3.0) AND Unicode-3.0"));
        assert!(accepts("Apache-2.0 WITH LLVM-exception"));
        assert!(!accepts("MPL-2.0"));
        assert!(!accepts("MIT AND GPL-3.0"));
        assert!(!accepts("MIT OR (Apache-2.0"));
        assert!(!accepts(""));
    }

    #[test]
    fn an_unknown_or_absent_licence_is_found() {
        let example = |expression: Option<&str>| Licence {
            package: "example".to_owned(),
            expression: expression.map(str::to_owned),
        };
        let found = violations(&[example(Some("MPL-2.0+")), example(None), example(Some("MIT"))]);
        assert_eq!(found, ["example: MPL-2.0+", "example: no licence"]);
    }
}
