//! A data directory that an earlier version left behind is continued.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aliasd_catalog::{Digest, RequestId, Revision};

use super::cluster::Cluster;
use super::{copy, create_role};
use crate::{Lifecycle, NodeId, ReplicaOptions};

/// What version 0.1 left behind when it was killed; the README there says how it was made.
fn fixture(directory: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/data-0.1").join(directory)
}

/// Has what is done now and then done often.
fn soon(options: &mut ReplicaOptions) {
    options.digest_interval = Duration::from_millis(100);
}

/// What the version that wrote it said last.
const REVISION: Revision = Revision(148);
const DIGEST: &str = "cd4cffadf9a4766a67aff828b7b1f99d30fab1888419f1933c7cc9cf817a0631";

fn hexadecimal(digest: Digest) -> String {
    digest.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_data_directory_of_version_0_1_is_continued() {
    let mut cluster = Cluster::new(1, soon);
    copy(&fixture("data"), &cluster.directory.path().join("1"));
    cluster.start(1);
    cluster.leader();
    // The new leader's own first entry holds no record.
    cluster.wait("the tail of the log", || cluster.replica(1).status().applied > REVISION);
    let status = cluster.replica(1).status();
    assert_eq!(hexadecimal(status.digest), DIGEST);

    let members: Vec<_> =
        status.members.iter().map(|(id, it)| (*id, it.voter, it.member.client_address.as_str())).collect();
    assert_eq!(members, [(1, true, "127.0.0.1:17680")]);

    let catalog = &cluster.replica(1).view().catalog;
    assert_eq!(catalog.aliases().count(), 9);
    assert!(catalog.alias("far").is_some(), "it lies in the records");
    assert!(catalog.alias("latefar").is_some(), "only the log has it");
    assert_eq!(catalog.user("dora").unwrap().tags.iter().map(ToString::to_string).collect::<Vec<_>>(), ["b", "c", "z"]);
    for (id, accepted) in [(0xab, true), (0xcd, false)] {
        let recorded = catalog.recorded_request(&RequestId([id; 16]));
        assert_eq!(recorded.map(|it| it.outcome.is_ok()), Some(accepted), "the request {id:x}");
    }
    // And it goes on, and comes to be known by its data directory.
    cluster.propose(&create_role(1)).1.unwrap();
    cluster.wait("its incarnation to be recorded", || all_recorded(&cluster, 1));
    cluster.kill(1);
    cluster.start(1);
    cluster.leader();
    assert!(all_recorded(&cluster, 1));
}

/// Whether a member knows every member by its data directory.
fn all_recorded(cluster: &Cluster, node: NodeId) -> bool {
    cluster.replica(node).status().members.values().all(|member| member.incarnation.is_some())
}

#[test]
fn three_members_of_version_0_1_are_a_cluster_again() {
    let mut cluster = Cluster::new(3, soon);
    for node in 1..=3 {
        copy(&fixture(&format!("members/{node}")), &cluster.directory.path().join(node.to_string()));
        cluster.start(node);
    }
    cluster.leader();
    cluster.wait("the log to be applied", || {
        cluster.running().all(|node| cluster.replica(node).status().applied > Revision(9))
    });
    assert_eq!(hexadecimal(cluster.settle().1), "3134bd554d8b6f5aba661f301499c278f692595d0922fbeb76324b4bb4df7508");
    for node in 1..=3 {
        let status = cluster.replica(node).status();
        assert!(status.term > 1, "the vote of term 1 is remembered");
        let members: Vec<_> =
            status.members.iter().map(|(id, it)| (*id, it.voter, it.member.peer_address.as_str())).collect();
        assert_eq!(members, [(1, true, "127.0.0.1:17711"), (2, true, "127.0.0.1:17721"), (3, true, "127.0.0.1:17731")]);
        assert!(cluster.replica(node).view().catalog.alias("far").is_some());
    }
    cluster.wait("every member to be recorded", || (1..=3).all(|node| all_recorded(&cluster, node)));
    let emptied = (1..=3).find(|node| *node != cluster.leader()).unwrap();
    cluster.kill(emptied);
    fs::remove_dir_all(cluster.directory.path().join(emptied.to_string())).unwrap();
    cluster.start(emptied);
    cluster.wait("it to be told", || is_unrecognised(&cluster, emptied));
}

fn is_unrecognised(cluster: &Cluster, node: NodeId) -> bool {
    matches!(cluster.replica(node).lifecycle(), Lifecycle::Unrecognised { .. })
}

/// Even while nothing is recorded: what version 0.1 sends names no incarnation, and an empty node takes none of that.
#[test]
fn a_member_of_version_0_1_that_was_emptied_is_not_taken_back() {
    let mut cluster = Cluster::new(3, soon);
    for node in 1..=2 {
        copy(&fixture(&format!("members/{node}")), &cluster.directory.path().join(node.to_string()));
    }
    for node in 1..=3 {
        cluster.start(node);
    }
    cluster.wait("the emptied one to be told", || is_unrecognised(&cluster, 3));
    let leader = cluster.leader();
    assert_ne!(leader, 3);
    cluster.propose(&create_role(1)).1.unwrap();
    assert!(is_unrecognised(&cluster, 3));
    assert!(!all_recorded(&cluster, leader), "nothing is recorded that includes it");
}
