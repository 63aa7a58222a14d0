//! An error together with what caused it, on one line: for a log, for the end of a program, and for what is kept or sent
//! as text.
//!
//! An error of this workspace says in its own words what happened, and never what its source says already.

use std::error::Error;

/// What an error says, and what each of its sources adds, outermost first.
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the file cannot be read")]
    struct Unreadable(#[source] io::Error);

    #[test]
    fn each_error_of_the_chain_is_said_once() {
        assert_eq!(error_chain(&Unreadable(io::Error::other("no disk"))), "the file cannot be read: no disk");
    }
}
