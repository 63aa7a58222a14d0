//! Which members answer, and take part: pauses between attempts at one that does not, one line in the log for each change, and
//! what the status says of it.
//!
//! Raft itself asks a member that does not answer again at once, many thousand times a second. Waiting is done here, before
//! the next attempt, and ends as soon as the member answers any other question.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aliasd_catalog::error_chain;
use aliasd_runtime::{Moment, SharedRuntime};
use tokio::sync::watch;

use super::CallError;
use super::distance::{Distance, Turn};
use crate::links::LinkError;
use crate::options::RaftSettings;
use crate::types::NodeId;

/// A member that does not answer for less than this is not worth a line: it restarts, or a heartbeat was late.
const SAID_AFTER: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Who has not refused anything for longer than this takes part, as far as can be told. Every member is asked more often.
const LATELY: Duration = Duration::from_secs(30);

/// See the module.
pub(super) struct Reach {
    runtime: SharedRuntime,
    settings: RaftSettings,
    members: Mutex<BTreeMap<NodeId, MemberReach>>,
}

struct MemberReach {
    /// Whether the last attempt was answered.
    answers: watch::Sender<bool>,
    silence: Option<Silence>,
    /// Whether the log tells that it refuses to take part. Who does may answer small questions all the while: that ends when it
    /// takes entries, or is gone.
    refuses: bool,
    /// What it refused last with, and when, unless it has taken entries since.
    refusal: Option<(Moment, String)>,
    /// Why it serves nothing, as it said when it was last asked.
    not_serving: Option<String>,
    distance: Distance,
}

/// A time without an answer.
struct Silence {
    since: Moment,
    attempts: u32,
    /// When the last attempt failed.
    last: Moment,
    /// Whether the log tells that it cannot be reached.
    said: bool,
}

impl Silence {
    fn pause(&self) -> Duration {
        let doublings = self.attempts.saturating_sub(1).min(8);
        (FIRST_PAUSE * 2u32.pow(doublings)).min(LONGEST_PAUSE)
    }
}

impl Reach {
    pub(super) fn new(runtime: SharedRuntime, settings: RaftSettings) -> Self {
        Self { runtime, settings, members: Mutex::default() }
    }

    fn members(&self) -> MutexGuard<'_, BTreeMap<NodeId, MemberReach>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A member gave an answer.
    pub(super) fn answered(&self, node: NodeId) {
        self.heard_of(node, false);
    }

    /// A member takes entries.
    pub(super) fn takes_part(&self, node: NodeId) {
        self.heard_of(node, true);
    }

    fn heard_of(&self, node: NodeId, takes_part: bool) {
        let mut members = self.members();
        let member = members.entry(node).or_insert_with(MemberReach::answering);
        if takes_part {
            member.refusal = None;
            if std::mem::take(&mut member.refuses) {
                tracing::info!("member {node} takes part again");
            }
        }
        let Some(silence) = member.silence.take() else { return };
        member.answers.send_replace(true);
        if silence.said && !member.refuses {
            let after = self.runtime.now().saturating_since(silence.since);
            tracing::info!("member {node} is reached again after {}", seconds(after));
        }
    }

    /// A member said why it serves nothing, or, with an empty reason, that it serves.
    pub(super) fn says_of_itself(&self, node: NodeId, not_serving: String) {
        let mut members = self.members();
        let member = members.entry(node).or_insert_with(MemberReach::answering);
        member.not_serving = Some(not_serving).filter(|reason| !reason.is_empty());
    }

    /// Why a member does not take part at present, in its own words.
    pub(super) fn amiss(&self, node: NodeId) -> Option<String> {
        let members = self.members();
        let member = members.get(&node)?;
        let (now, refusal) = (self.runtime.now(), member.refusal.as_ref());
        let refusal = refusal.filter(|(at, _)| now.saturating_since(*at) <= LATELY).map(|(_, reason)| reason);
        // Of one that is gone nobody knows what it would say.
        let not_serving = member.not_serving.as_ref().filter(|_| member.silence.is_none());
        refusal.or(not_serving).cloned()
    }

    /// A member answered a small question in this time.
    pub(super) fn measured(&self, node: NodeId, took: Duration) {
        let (longest, heartbeat_interval) = (self.round_trip_max(), self.settings.heartbeat_interval);
        let mut members = self.members();
        let member = members.entry(node).or_insert_with(MemberReach::answering);
        match member.distance.measured(took, longest) {
            Some(Turn::TooFar(round_trip)) => tracing::warn!(
                "a round trip to member {node} takes {round_trip:?}, and cluster.heartbeat_interval ({heartbeat_interval:?}) is \
                 made for {longest:?} at most: leaders are lost, or none is elected; on all nodes, raise \
                 cluster.heartbeat_interval to {:?} or more, and the election timeouts with it",
                round_trip * 2,
            ),
            Some(Turn::NearEnough(round_trip)) => {
                tracing::info!("a round trip to member {node} takes {round_trip:?}, which is near enough again");
            }
            None => {}
        }
    }

    /// The longest round trip that Raft's timings are made for.
    pub(super) fn round_trip_max(&self) -> Duration {
        self.settings.round_trip_max()
    }

    /// The shortest round trip to a member of late, and whether the member is too far away.
    pub(super) fn distance(&self, node: NodeId) -> (Option<Duration>, bool) {
        self.members().get(&node).map_or((None, false), |it| (it.distance.round_trip(), it.distance.is_too_far()))
    }

    /// Whether a member answered when it was last asked anything, if it was; and for how long it has not.
    pub(super) fn silence(&self, node: NodeId) -> (Option<bool>, Option<Duration>) {
        let members = self.members();
        let Some(member) = members.get(&node) else { return (None, None) };
        let silent_for = member.silence.as_ref().map(|it| self.runtime.now().saturating_since(it.since));
        (Some(silent_for.is_none()), silent_for)
    }

    /// A member gave none.
    pub(super) fn failed(&self, node: NodeId, error: &CallError) {
        let now = self.runtime.now();
        let mut members = self.members();
        let member = members.entry(node).or_insert_with(MemberReach::answering);
        member.answers.send_replace(false);
        let fresh = Silence { since: now, attempts: 0, last: now, said: false };
        let silence = member.silence.get_or_insert(fresh);
        silence.attempts = silence.attempts.saturating_add(1);
        silence.last = now;
        if let CallError::Link(LinkError::Refused(reason)) = error {
            member.refusal = Some((now, reason.clone()));
        } else if matches!(error, CallError::RolledBack) {
            member.refusal = Some((now, error.to_string()));
        } else {
            member.refusal = None;
        }
        if now.saturating_since(silence.since) < SAID_AFTER {
            return;
        }
        // What refuses now may have been gone before, and the other way round: each is worth its line.
        if matches!(error, CallError::Link(LinkError::Refused(_)) | CallError::RolledBack) {
            if !std::mem::replace(&mut member.refuses, true) {
                tracing::warn!("member {node} does not take part: {}", error_chain(error));
            }
        } else {
            member.refuses = false;
            if !std::mem::replace(&mut silence.said, true) {
                tracing::warn!("member {node} cannot be reached: {}", error_chain(error));
            }
        }
    }

    /// Waits until it is time for the next attempt, or until the member answers something else.
    pub(super) async fn pause(&self, node: NodeId) {
        let (deadline, mut answers) = {
            let members = self.members();
            let Some(member) = members.get(&node) else { return };
            let Some(silence) = &member.silence else { return };
            (silence.last + silence.pause(), member.answers.subscribe())
        };
        // The sender lives as long as the member is known, which is for ever; time is the only other end.
        let _ = self.runtime.timeout_at(deadline, answers.wait_for(|answers| *answers)).await;
    }
}

impl MemberReach {
    fn answering() -> Self {
        Self {
            answers: watch::Sender::new(true),
            silence: None,
            refuses: false,
            refusal: None,
            not_serving: None,
            distance: Distance::default(),
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aliasd_runtime::simulation::Simulation;

    use super::*;
    use crate::tests::lines::said;

    /// What the log says while a member does that, a second between any two.
    fn lines(does: &[fn(&Reach)]) -> (usize, usize, usize, usize) {
        said(|lines| {
            let simulation = Simulation::new(1);
            let runtime: SharedRuntime = simulation.machine();
            simulation.run(async {
                let reach = Reach::new(Arc::clone(&runtime), settings());
                for one in does {
                    one(&reach);
                    runtime.sleep(Duration::from_secs(1)).await;
                }
            });
            let count = |text| lines.with(text).len();
            (
                count("member 2 cannot be reached"),
                count("member 2 does not take part"),
                count("member 2 is reached again"),
                count("member 2 takes part again"),
            )
        })
    }

    fn settings() -> RaftSettings {
        RaftSettings {
            heartbeat_interval: Duration::from_millis(50),
            election_timeout_min: Duration::from_millis(150),
            election_timeout_max: Duration::from_millis(300),
            snapshot_entries: 100,
            log_entries_kept: 100,
        }
    }

    fn gone(reach: &Reach) {
        reach.failed(2, &CallError::Timeout(Duration::from_secs(1)));
    }

    fn refuses(reach: &Reach) {
        reach.failed(2, &CallError::RolledBack);
    }

    fn answers(reach: &Reach) {
        reach.answered(2);
    }

    fn takes_entries(reach: &Reach) {
        reach.takes_part(2);
    }

    #[test]
    fn who_refuses_after_it_was_gone_has_its_line_too() {
        assert_eq!(lines(&[gone, gone, gone, refuses, refuses]), (1, 1, 0, 0));
        assert_eq!(lines(&[gone, gone, answers, gone, gone, answers]), (2, 0, 2, 0));
    }

    /// What is told of a member that does one thing after the other, a while apart.
    #[test]
    fn what_a_member_refuses_with_is_told_until_it_takes_part_or_is_gone() {
        let simulation = Simulation::new(1);
        let runtime: SharedRuntime = simulation.machine();
        simulation.run(async {
            let reach = Reach::new(Arc::clone(&runtime), settings());
            let elsewhere = || CallError::Link(LinkError::Refused("this node belongs to another cluster".to_owned()));
            let told = || reach.amiss(2);
            assert_eq!(told(), None);
            reach.failed(2, &elsewhere());
            reach.answered(2);
            assert_eq!(told().as_deref(), Some("this node belongs to another cluster"), "a small question is no part");
            reach.takes_part(2);
            assert_eq!(told(), None);
            refuses(&reach);
            assert_eq!(told().as_deref(), Some("it has lost entries that it had acknowledged"));
            gone(&reach);
            assert_eq!(told(), None, "nobody knows what it would say");
            reach.failed(2, &elsewhere());
            reach.answered(2);
            runtime.sleep(LATELY + Duration::from_secs(1)).await;
            assert_eq!(told(), None, "it was asked since, and did not refuse");
            reach.says_of_itself(2, "this node is fenced".to_owned());
            reach.takes_part(2);
            assert_eq!(told().as_deref(), Some("this node is fenced"), "it follows all the same");
            reach.says_of_itself(2, String::new());
            assert_eq!(told(), None);
        });
    }

    #[test]
    fn who_refuses_entries_and_answers_questions_has_one_line() {
        let flapping = [refuses, refuses, answers, refuses, refuses, answers, refuses, refuses];
        assert_eq!(lines(&flapping), (0, 1, 0, 0));
        let mended: Vec<fn(&Reach)> = flapping.into_iter().chain([takes_entries, gone, gone, takes_entries]).collect();
        assert_eq!(lines(&mended), (1, 1, 1, 1));
    }
}
