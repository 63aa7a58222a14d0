//! A member has everything that was acknowledged as long ago as it says.

use std::time::Duration;

use aliasd_catalog::Revision;
use aliasd_replica::NodeId;

/// The latest revision that was acknowledged by each time.
#[derive(Default)]
pub struct FreshnessClaims {
    acknowledged: Vec<(Duration, Revision)>,
}

impl FreshnessClaims {
    /// A write is acknowledged to somebody. Told in the order of time.
    pub fn acknowledged(&mut self, at: Duration, revision: Revision) {
        if self.acknowledged.last().is_none_or(|(_, latest)| revision > *latest) {
            self.acknowledged.push((at, revision));
        }
    }

    /// The latest revision that had been acknowledged before a time.
    pub fn acknowledged_by(&self, time: Duration) -> Revision {
        let later = self.acknowledged.partition_point(|(at, _)| *at < time);
        later.checked_sub(1).map_or(Revision(0), |latest| self.acknowledged[latest].1)
    }

    /// A member says that its view, at this revision, holds whatever was acknowledged by then.
    ///
    /// # Errors
    /// It does not.
    pub fn claimed(&self, node: NodeId, fresh_at: Duration, view: Revision) -> Result<(), String> {
        let promised = self.acknowledged_by(fresh_at);
        if view >= promised {
            return Ok(());
        }
        Err(format!("member {node} is at revision {view} and says it is as of {fresh_at:?}, when {promised} was out"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_lack_what_was_acknowledged_by_then_is_a_violation() {
        let second = Duration::from_secs;
        let mut claims = FreshnessClaims::default();
        for (at, revision) in [(1, 5), (2, 4), (3, 9)] {
            claims.acknowledged(second(at), Revision(revision));
        }
        assert_eq!(claims.acknowledged_by(second(1)), Revision(0));
        assert_eq!(claims.acknowledged_by(second(3)), Revision(5));
        assert!(claims.claimed(1, second(3), Revision(5)).is_ok());
        assert!(claims.claimed(1, second(3), Revision(4)).is_err());
        assert!(claims.claimed(1, second(4), Revision(8)).is_err());
        assert!(claims.claimed(1, second(4), Revision(9)).is_ok());
    }
}
