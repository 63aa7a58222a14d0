//! An error together with what caused it, on one line: for a log, for the end of a program, and for what is kept or sent
//! as text.
//!
//! An error of this workspace says in its own words what happened, and never what its source says already.

use std::error::Error;

/// What an error says, and what each of its sources adds, outermost first. A sentence that goes on so loses its full stop.
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{}: {source}", text.strip_suffix('.').unwrap_or(&text));
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Unreadable(fmt::Error);

    impl fmt::Display for Unreadable {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("The file cannot be read.")
        }
    }

    impl Error for Unreadable {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn each_error_of_the_chain_is_said_once() {
        let error = Unreadable(fmt::Error);
        assert_eq!(error_chain(&error), format!("The file cannot be read: {}", fmt::Error));
    }
}
