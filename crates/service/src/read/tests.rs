//! How old a state may be that is read from is bounded, whichever freshness is asked for.

use std::sync::Arc;

use aliasd_catalog::{ClusterId, UserName};
use aliasd_replica::{Link, Links, Member, MemoryStorage, NodeId, RaftSettings, ReplicaOptions, Storage};
use aliasd_runtime::{SharedRuntime, TokioRuntime};

use super::*;
use crate::identity::Method;

/// A member of these tests is alone.
struct NoLinks;

impl Links for NoLinks {
    fn link(&self, member: NodeId, _address: &str) -> Arc<dyn Link> {
        panic!("there is no member {member}")
    }
}

async fn reader(max_staleness: Duration) -> Reader {
    let raft = RaftSettings {
        heartbeat_interval: Duration::from_millis(20),
        election_timeout_min: Duration::from_millis(50),
        election_timeout_max: Duration::from_millis(100),
        snapshot_entries: 1000,
        log_entries_kept: 1000,
    };
    let storage = Storage::Memory(MemoryStorage::default());
    let runtime: SharedRuntime = Arc::new(TokioRuntime::current());
    let options = ReplicaOptions::new(1, storage, Arc::new(NoLinks), Arc::clone(&runtime), raft);
    Reader::new(Replica::start(options).await.unwrap(), runtime, max_staleness)
}

const BOUNDED: [Freshness; 2] = [Freshness::Local, Freshness::AtLeast(Revision(0))];

#[tokio::test]
async fn nothing_is_read_from_a_member_that_cannot_tell_how_old_it_is() {
    let reader = reader(Duration::from_secs(60)).await;
    for freshness in BOUNDED {
        assert_eq!(reader.view(freshness, None).await.unwrap_err().code, "STALE", "{freshness:?}");
    }
}

#[tokio::test]
async fn what_was_confirmed_within_the_bound_is_read() {
    let reader = reader(Duration::from_secs(60)).await;
    reader.replica().initialize(ClusterId([7; 16]), [(1, Member::default())].into()).await.unwrap();
    while reader.fresh_enough().is_err() {
        tokio::task::yield_now().await;
    }
    for freshness in BOUNDED {
        assert!(reader.view(freshness, None).await.is_ok(), "{freshness:?}");
    }
}

#[tokio::test]
async fn what_was_confirmed_too_long_ago_is_not_read() {
    let reader = reader(Duration::ZERO).await;
    reader.replica().initialize(ClusterId([7; 16]), [(1, Member::default())].into()).await.unwrap();
    while reader.replica().staleness().is_none() {
        tokio::task::yield_now().await;
    }
    for freshness in BOUNDED {
        assert_eq!(reader.view(freshness, None).await.unwrap_err().code, "STALE", "{freshness:?}");
    }
}

/// A user that is not in the catalog.
fn caller() -> Authenticated {
    Authenticated {
        user: UserName::new("dropped").unwrap(),
        method: Method::Certificate,
        expires_at: None,
        credential_revision: Revision(3),
        remote: ([192, 0, 2, 7], 5000).into(),
        token: None,
        logs_in: false,
        answer_by: None,
    }
}

/// Whoever asks is not even looked at: whether it may have anything is told by a state that is fresh enough.
#[tokio::test]
async fn nothing_is_released_by_a_member_that_cannot_tell_how_old_it_is() {
    let reader = reader(Duration::from_secs(60)).await;
    let failure = reader.view_to_release(&caller()).await.unwrap_err();
    assert_eq!(failure.code, "RELEASE_STALE");
    assert!(failure.message.contains("at most 2s old: it has had no proof since it started"), "{failure}");
    reader.replica().initialize(ClusterId([7; 16]), [(1, Member::default())].into()).await.unwrap();
    while reader.fresh_enough().is_err() {
        tokio::task::yield_now().await;
    }
    let failure = reader.view_to_release(&caller()).await.unwrap_err();
    assert_eq!(failure.code, "CREDENTIALS_ENDED", "fresh enough, and there is no such user");
}

/// The proof was good when the call began, and the user is gone from the view that would answer.
#[tokio::test]
async fn a_proof_that_does_not_hold_in_the_view_that_answers_is_none() {
    let reader = reader(Duration::from_secs(60)).await;
    reader.replica().initialize(ClusterId([7; 16]), [(1, Member::default())].into()).await.unwrap();
    let failure = reader.view_for(&caller(), Freshness::Linearizable).await.unwrap_err();
    assert_eq!(failure.code, "CREDENTIALS_ENDED");
}

#[test]
fn a_caller_is_told_neither_what_broke_nor_the_way_out() {
    let failed = StopReason::Failed {
        reason: "the disk that holds /data/log is full".to_owned(),
        hint: Some("free space".to_owned()),
    };
    let back = NotServing::RolledBack { reached: Revision(2), acknowledged: Revision(5) };
    for reason in [NotServing::Stopped(failed), NotServing::Fenced { revision: Revision(7) }, back, NotServing::Removed]
    {
        let (message, hint) = (NodeFailure::from(&reason).message(), reason.hint().unwrap_or_default());
        assert!(!hint.is_empty() && !message.contains(hint) && !message.contains("/data"), "{message}");
    }
}
