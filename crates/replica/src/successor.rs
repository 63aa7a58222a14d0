//! Whom a leader may give its leadership to: a voter that it has heard of lately and that has nearly all of its log.
//!
//! A leader that hands over falls silent for good. Given to a member that is dead or far behind, the leadership ends in an
//! election, or, where that member is needed for a majority, in none. Pure: told what the leader knows of the voters.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::types::NodeId;

/// A voter that lacks more entries than this is not given them in the time that a successor has, which is less than an election
/// takes. They come in a few messages.
const LACKING_MAX: u64 = 1000;

/// What a leader knows of another voter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Voter {
    /// How long ago that was sent which it has answered last. `None`: it has answered nothing in this term.
    pub(crate) silent_for: Option<Duration>,
    /// The entries that it is not known to have.
    pub(crate) lacking: u64,
}

/// Why a voter cannot take the leadership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unfit {
    NoVoter,
    Silent(Option<Duration>),
    Behind(u64),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoVoter => write!(f, "is no voter beside the leader"),
            Self::Silent(None) => write!(f, "has not answered since this leader was elected"),
            Self::Silent(Some(age)) => {
                write!(f, "has not been heard of for {}.{} s", age.as_secs(), age.subsec_millis() / 100)
            }
            Self::Behind(lacking) => write!(f, "lacks {lacking} entries of the log"),
        }
    }
}

/// The voter that takes the leadership: the one that is wanted, or else the one that was heard of last, and of those the one
/// whose log is furthest.
///
/// # Errors
/// The wanted one, or every one, is unfit for it; a clause for people that says why.
pub(crate) fn choose(
    voters: &BTreeMap<NodeId, Voter>,
    wanted: Option<NodeId>,
    silent_max: Duration,
) -> Result<NodeId, String> {
    let judge = |voter: &Voter| match voter {
        Voter { silent_for: Some(age), .. } if *age > silent_max => Err(Unfit::Silent(Some(*age))),
        Voter { silent_for: None, .. } => Err(Unfit::Silent(None)),
        Voter { lacking, .. } if *lacking > LACKING_MAX => Err(Unfit::Behind(*lacking)),
        Voter { silent_for: Some(age), lacking } => Ok((*age, *lacking)),
    };
    if let Some(wanted) = wanted {
        let fit = voters.get(&wanted).ok_or(Unfit::NoVoter).and_then(judge);
        return fit.map(|_| wanted).map_err(|unfit| format!("node {wanted} {unfit}"));
    }
    let fit = voters.iter().filter_map(|(node, voter)| Some((judge(voter).ok()?, *node)));
    fit.min().map(|(_, node)| node).ok_or_else(|| {
        let unfit = voters.iter().filter_map(|(node, voter)| Some(format!("node {node} {}", judge(voter).err()?)));
        let unfit = unfit.collect::<Vec<_>>().join(", ");
        if unfit.is_empty() { "there is no other voter".to_owned() } else { unfit }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENT_MAX: Duration = Duration::from_millis(600);

    fn voter(silent_for_ms: Option<u64>, lacking: u64) -> Voter {
        Voter { silent_for: silent_for_ms.map(Duration::from_millis), lacking }
    }

    #[test]
    fn the_wanted_one_is_taken_only_if_it_is_fit() {
        let voters: BTreeMap<NodeId, Voter> =
            [(2, voter(Some(600), 1000)), (3, voter(Some(2460), 0)), (4, voter(None, 0)), (5, voter(Some(10), 1001))]
                .into();
        let told = [2, 3, 4, 5, 6].map(|node| choose(&voters, Some(node), SILENT_MAX));
        let refused = |why: &str| Err(why.to_owned());
        assert_eq!(told[0], Ok(2));
        assert_eq!(told[1], refused("node 3 has not been heard of for 2.4 s"));
        assert_eq!(told[2], refused("node 4 has not answered since this leader was elected"));
        assert_eq!(told[3], refused("node 5 lacks 1001 entries of the log"));
        assert_eq!(told[4], refused("node 6 is no voter beside the leader"));
    }

    #[test]
    fn who_was_heard_of_last_is_drawn_and_then_whose_log_is_furthest() {
        let drawn = |voters: &[(NodeId, Voter)]| choose(&voters.iter().copied().collect(), None, SILENT_MAX);
        let (fresh, late) = (voter(Some(40), 3), voter(Some(240), 0));
        assert_eq!(drawn(&[(2, late), (3, fresh)]), Ok(3), "the other one may have died meanwhile");
        assert_eq!(drawn(&[(2, fresh), (3, voter(Some(40), 0))]), Ok(3));
        assert_eq!(drawn(&[(2, voter(Some(700), 0)), (3, late)]), Ok(3), "a dead one is never drawn");
        let nobody = drawn(&[(2, voter(Some(700), 0)), (3, voter(None, 9))]);
        let why = "node 2 has not been heard of for 0.7 s, node 3 has not answered since this leader was elected";
        assert_eq!(nobody, Err(why.to_owned()));
        assert_eq!(drawn(&[]), Err("there is no other voter".to_owned()));
    }
}
