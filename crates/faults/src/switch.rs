//! The switches themselves, in builds for tests: which mistake this process makes, and where it dies.

use std::env;
use std::fmt::Display;
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::{Failpoint, Mistake};

/// Names the mistake of a process.
const PLANT: &str = "ALIASD_PLANT";
/// Names the point at which it dies, and the how manieth time.
const FAILPOINT: &str = "ALIASD_FAILPOINT";

/// The environment was not looked at yet.
const UNREAD: u8 = u8::MAX;
/// No mistake is made.
const NONE: u8 = u8::MAX - 1;

/// The number of the mistake, or one of the above.
static PLANTED: AtomicU8 = AtomicU8::new(UNREAD);

/// Whether this mistake is to be made. The answer is the same for every thread of the process.
pub fn is_planted(mistake: Mistake) -> bool {
    let planted = match PLANTED.load(Ordering::Relaxed) {
        UNREAD => read(),
        planted => planted,
    };
    planted == mistake as u8
}

/// Chooses the mistake of this process, or none, whatever the environment says.
pub fn plant(mistake: Option<Mistake>) {
    PLANTED.store(mistake.map_or(NONE, |mistake| mistake as u8), Ordering::Relaxed);
}

/// Says that a point is reached. The process ends there, as if it were killed, if that is asked for.
pub fn reach(point: Failpoint) {
    static CHOSEN: OnceLock<Option<(Failpoint, AtomicU64)>> = OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| {
        let text = env::var(FAILPOINT).ok()?;
        let (point, count) = failpoint(&text).unwrap_or_else(|| refuse(FAILPOINT, &text));
        Some((point, AtomicU64::new(count)))
    });
    if let Some((chosen, left)) = chosen
        && *chosen == point
        && left.fetch_sub(1, Ordering::Relaxed) == 1
    {
        process::abort();
    }
}

fn read() -> u8 {
    let mistake = env::var(PLANT).ok().map(|name| Mistake::named(&name).unwrap_or_else(|| refuse(PLANT, &name)));
    let read = mistake.map_or(NONE, |mistake| mistake as u8);
    // Another thread may have planted one meanwhile.
    PLANTED
        .compare_exchange(UNREAD, read, Ordering::Relaxed, Ordering::Relaxed)
        .map_or_else(|planted| planted, |_| read)
}

/// A point and a count in `name` or `name:count`.
fn failpoint(text: &str) -> Option<(Failpoint, u64)> {
    let (name, count) = text.split_once(':').map_or((text, Some(1)), |(name, count)| (name, count.parse().ok()));
    Some((Failpoint::named(name)?, count.filter(|count| *count > 0)?))
}

fn refuse<T>(variable: &str, value: impl Display) -> T {
    eprintln!("{variable}={value}: there is none of this name, or the count is no number above zero");
    process::exit(2);
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Output};

    use super::*;

    /// Runs one of the tests below, which `cargo test` leaves out, in a process of its own.
    fn child(test: &str, variable: &str, value: &str) -> Output {
        let this = env::current_exe().unwrap();
        let test = format!("switch::tests::{test}");
        let arguments = [&test, "--exact", "--ignored", "--nocapture"];
        Command::new(this).args(arguments).env(variable, value).output().unwrap()
    }

    #[test]
    #[ignore = "run as a child"]
    fn asks_for_a_mistake() {
        println!("planted: {}", is_planted(Mistake::VoteNotDurable));
        plant(None);
        println!("then: {}", is_planted(Mistake::VoteNotDurable));
    }

    #[test]
    #[ignore = "run as a child"]
    fn reaches_a_point_three_times() {
        for time in 1..=3 {
            println!("time {time}");
            reach(Failpoint::LogSynced);
            reach(Failpoint::LogMarked);
        }
    }

    #[test]
    fn the_environment_plants_a_mistake_and_a_call_takes_it_out() {
        let said = |value| String::from_utf8(child("asks_for_a_mistake", PLANT, value).stdout).unwrap();
        let planted = said("vote-not-durable");
        assert!(planted.contains("planted: true\nthen: false"), "{planted}");
        let other = said("acknowledge-before-flush");
        assert!(other.contains("planted: false\nthen: false"), "{other}");
    }

    #[test]
    fn a_process_dies_where_and_when_it_is_told_to() {
        use std::os::unix::process::ExitStatusExt;
        let died = child("reaches_a_point_three_times", FAILPOINT, "log-synced:2");
        let said = String::from_utf8(died.stdout).unwrap();
        assert!(said.contains("time 2") && !said.contains("time 3"), "{said}");
        assert!(died.status.signal().is_some(), "{}", died.status);
        assert!(child("reaches_a_point_three_times", FAILPOINT, "log-synced:4").status.success());
    }

    #[test]
    fn a_name_that_does_not_exist_is_an_end_and_not_a_pass() {
        assert_eq!(child("asks_for_a_mistake", PLANT, "no-such-mistake").status.code(), Some(2));
        for value in ["no-such-point", "log-synced:0", "log-synced:often", ""] {
            assert_eq!(child("reaches_a_point_three_times", FAILPOINT, value).status.code(), Some(2), "{value}");
        }
    }

    #[test]
    fn every_name_is_read_back() {
        for mistake in Mistake::ALL {
            assert_eq!(Mistake::named(mistake.name()), Some(*mistake));
        }
        for point in Failpoint::ALL {
            assert_eq!(failpoint(&format!("{}:7", point.name())), Some((*point, 7)));
        }
        assert!(Mistake::ALL.len() < usize::from(NONE));
    }
}
