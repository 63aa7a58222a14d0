//! How long nobody logs in to a remote DBMS that has refused the login of an alias. DBMSs turn away a user whose password was
//! wrong a few times, also whoever else logs in as that user; each transaction of each session would be one more try.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// That a login was refused, and until when that is taken for the answer.
#[derive(Debug)]
pub(super) struct RefusedLogin {
    code: String,
    pause: Duration,
    until: Instant,
}

impl RefusedLogin {
    /// A login was refused with this code; `before`: what was known then.
    pub(super) fn new(code: String, before: Option<&Self>, now: Instant) -> Self {
        let pause = before.map_or(FIRST_PAUSE, |before| (before.pause * 2).min(PAUSE_MAX));
        Self { code, pause, until: now + pause }
    }

    /// Whether it is still the answer at this moment.
    pub(super) fn holds(&self, now: Instant) -> bool {
        now < self.until
    }

    /// The code of the refusal, while it is the answer. After that one caller is let through to try again, and the others have
    /// the same answer meanwhile.
    pub(super) fn answer(&mut self, now: Instant) -> Option<String> {
        if self.holds(now) {
            return Some(self.code.clone());
        }
        self.until = now + self.pause;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tries_again_after_each_pause_and_pauses_grow() {
        let start = Instant::now();
        let mut refused = RefusedLogin::new("a".to_owned(), None, start);
        assert_eq!(refused.answer(start).as_deref(), Some("a"));
        let later = start + FIRST_PAUSE;
        assert_eq!(refused.answer(later), None, "one tries");
        assert_eq!(refused.answer(later).as_deref(), Some("a"), "and no other");
        let again = RefusedLogin::new("b".to_owned(), Some(&refused), later);
        assert!(again.holds(later + FIRST_PAUSE) && !again.holds(later + 2 * FIRST_PAUSE));
        let last = (0..10).fold(again, |before, _| RefusedLogin::new("c".to_owned(), Some(&before), later));
        assert!(!last.holds(later + PAUSE_MAX));
    }
}
