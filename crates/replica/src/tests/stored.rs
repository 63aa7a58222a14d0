//! What is said of a data directory without starting on it is what a start says, and nothing there is touched.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use aliasd_catalog::{ClusterId, KeyId};

use super::cluster::Cluster;
use super::{CLUSTER, bootstrap, copy, create_role};
use crate::{JoinToken, JoinTokenError, LookError, NodeId, NotServing, StoredMember};

/// Every file below a directory, with what it holds and when it was changed.
fn content(directory: &Path) -> BTreeMap<PathBuf, (Vec<u8>, i64, i64)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let (path, metadata) = entry.map(|entry| (entry.path(), entry.metadata().unwrap())).unwrap();
        if metadata.is_dir() {
            found.extend(content(&path));
        }
        let bytes = if metadata.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        found.insert(path, (bytes, metadata.mtime(), metadata.mtime_nsec()));
    }
    found
}

/// Looks, and sees to it that nothing there has changed by it.
fn look(directory: &Path, node: NodeId) -> Result<StoredMember, LookError> {
    let before = content(directory);
    let found = StoredMember::look(directory, node);
    let after = content(directory);
    let is_changed = |path: &&PathBuf| before.get(*path) != after.get(*path);
    let changed: Vec<_> = before.keys().chain(after.keys()).filter(is_changed).collect();
    assert!(changed.is_empty(), "something was written: {changed:?}");
    found
}

fn newest(directory: &Path, is_meant: impl Fn(&str) -> bool) -> PathBuf {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let meant = files.filter(|path| is_meant(&path.file_name().unwrap().to_string_lossy()));
    meant.max().unwrap()
}

fn is_wal(name: &str) -> bool {
    name.ends_with(".log")
}

fn is_manifest(name: &str) -> bool {
    name.starts_with("MANIFEST")
}

fn generation(directory: &Path) -> PathBuf {
    newest(&directory.join("catalog"), |name| name.starts_with("generation"))
}

fn junk(file: &Path) {
    fs::write(file, "nonsense\n").unwrap();
}

/// What is done to a data directory that a start does not get over.
type Loss = (&'static str, fn(&Path));

const LOSSES: [Loss; 18] = [
    ("no watermark", |at| fs::remove_file(at.join("watermark")).unwrap()),
    ("no identity", |at| fs::remove_file(at.join("identity")).unwrap()),
    ("no log", |at| fs::remove_dir_all(at.join("log")).unwrap()),
    ("no catalog", |at| fs::remove_dir_all(at.join("catalog")).unwrap()),
    ("nothing but an identity", |at| {
        ["log", "catalog"].iter().for_each(|store| fs::remove_dir_all(at.join(store)).unwrap());
        fs::remove_file(at.join("watermark")).unwrap();
    }),
    ("a watermark of junk", |at| junk(&at.join("watermark"))),
    ("an identity of junk", |at| junk(&at.join("identity"))),
    ("a log without its newest writes", |at| fs::remove_file(newest(&at.join("log"), is_wal)).unwrap()),
    ("a log that is cut in half", |at| {
        let wal = newest(&at.join("log"), is_wal);
        let bytes = fs::read(&wal).unwrap();
        fs::write(wal, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("a log with a CURRENT of junk", |at| junk(&at.join("log/CURRENT"))),
    ("a log without its MANIFEST", |at| fs::remove_file(newest(&at.join("log"), is_manifest)).unwrap()),
    ("a log with a MANIFEST of junk", |at| junk(&newest(&at.join("log"), is_manifest))),
    ("a catalog with a CURRENT of junk", |at| junk(&at.join("catalog/CURRENT"))),
    ("a catalog without its generation", |at| fs::remove_dir_all(generation(at)).unwrap()),
    ("a generation without its CURRENT", |at| fs::remove_file(generation(at).join("CURRENT")).unwrap()),
    ("a generation with a CURRENT of junk", |at| junk(&generation(at).join("CURRENT"))),
    ("a generation without its MANIFEST", |at| fs::remove_file(newest(&generation(at), is_manifest)).unwrap()),
    ("a generation with a MANIFEST of junk", |at| junk(&newest(&generation(at), is_manifest))),
];

/// Puts a copy in the place of a data directory.
fn put_back(whole: &Path, directory: &Path) {
    fs::remove_dir_all(directory).unwrap();
    copy(whole, directory);
}

#[test]
fn what_a_start_refuses_is_refused_in_the_same_words() {
    let mut cluster = Cluster::form(1, |_| {});
    cluster.propose(&bootstrap()).1.unwrap();
    cluster.propose(&create_role(1)).1.unwrap();
    let (directory, root) = (cluster.directory.path().join("1"), cluster.directory.path().to_owned());
    // As it is when the process is killed: nothing of the catalog was flushed.
    copy(&directory, &root.join("killed"));
    cluster.block_on(cluster.replica(1).shutdown()).unwrap();
    cluster.kill(1);
    copy(&directory, &root.join("stopped"));

    for whole in ["killed", "stopped"].map(|name| root.join(name)) {
        for (loss, lose) in LOSSES {
            put_back(&whole, &directory);
            lose(&directory);
            let looked = look(&directory, 1);
            let Err(LookError::Refused(said)) = looked else { panic!("{loss} of {whole:?}: {:?}", looked.err()) };
            let refused = cluster.try_start(1).expect_err(loss);
            assert_eq!(said.to_string(), refused.to_string(), "{loss} of {whole:?}");
            assert_eq!(said.hint(), refused.hint(), "{loss} of {whole:?}");
            assert!(said.hint().is_some(), "{loss} of {whole:?} has no way out: {said}");
        }
        put_back(&whole, &directory);
        let Err(LookError::Refused(said)) = look(&directory, 2) else { panic!("it is that of node 1") };
        assert!(said.to_string().ends_with("belongs to node 1, but this node has id 2"), "{said}");
        look(&directory, 1).unwrap();
        cluster.start(1);
        cluster.leader();
        cluster.kill(1);
    }
}

/// Each half is whole, and they are not of the same member at the same time.
#[test]
fn halves_that_do_not_belong_together_are_refused_in_the_same_words() {
    let mut cluster = Cluster::form(1, |_| {});
    cluster.propose(&bootstrap()).1.unwrap();
    let (directory, root) = (cluster.directory.path().join("1"), cluster.directory.path().to_owned());
    let copied = |cluster: &mut Cluster, name: &str| {
        cluster.block_on(cluster.replica(1).shutdown()).unwrap();
        cluster.kill(1);
        copy(&directory, &root.join(name));
    };
    copied(&mut cluster, "older");
    cluster.start(1);
    cluster.propose(&create_role(1)).1.unwrap();
    copied(&mut cluster, "newer");
    let mut other = Cluster::form(1, |_| {});
    other.kill(1);
    copy(&other.directory.path().join("1"), &root.join("other"));

    for (part, from) in [("log", "older"), ("log", "other"), ("identity", "other")] {
        put_back(&root.join("newer"), &directory);
        let (from, to) = (root.join(from).join(part), directory.join(part));
        if from.is_dir() {
            put_back(&from, &to);
            // A watermark of its own would tell first.
            fs::copy(from.with_file_name("watermark"), directory.join("watermark")).unwrap();
        } else {
            fs::copy(&from, &to).unwrap();
        }
        let looked = look(&directory, 1);
        let Err(LookError::Refused(said)) = looked else { panic!("{from:?}: {:?}", looked.err()) };
        let refused = cluster.try_start(1).expect_err(part);
        assert_eq!(said.to_string(), refused.to_string(), "{from:?}");
    }
}

/// What a start makes something of is refused by nobody: nothing, what is left of a start that died, and a torn end.
#[test]
fn what_a_start_gets_over_is_not_refused() {
    let mut cluster = Cluster::new(1, |_| {});
    let directory = cluster.directory.path().join("1");
    let nothing = look(&directory, 1).unwrap();
    assert_eq!((nothing.cluster(), nothing.catalog().meta().is_none()), (None, true));
    fs::create_dir_all(directory.join("log")).unwrap();
    look(&directory, 1).unwrap();
    cluster.start(1);
    assert_eq!(look(&directory, 1).unwrap().cluster(), None);
    cluster.kill(1);
    fs::remove_dir_all(directory.join("catalog")).unwrap();
    fs::remove_file(directory.join("identity")).unwrap();
    look(&directory, 1).unwrap();
    cluster.start(1);
    cluster.kill(1);
    let wal = newest(&directory.join("log"), is_wal);
    let mut bytes = fs::read(&wal).unwrap();
    bytes.extend([1, 2, 3]);
    fs::write(&wal, bytes).unwrap();
    look(&directory, 1).unwrap();
    cluster.start(1);
}

/// The catalog of a node that runs lies in the log, until it is flushed.
#[test]
fn the_log_of_a_running_node_tells_what_its_catalog_does_not_yet() {
    let cluster = Cluster::form(1, |options| {
        options.raft.snapshot_entries = 50;
        options.raft.log_entries_kept = 5;
        options.purge_batch = 5;
    });
    let directory = cluster.directory.path().join("1");
    assert!(StoredMember::look(&directory, 1).unwrap().catalog().meta().is_none(), "no entry yet");
    cluster.propose(&bootstrap()).1.unwrap();
    let stored = StoredMember::look(&directory, 1).unwrap();
    assert_eq!((stored.cluster(), stored.catalog().meta().unwrap().active_key), (Some(CLUSTER), KeyId([8; 16])));

    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1..400 {
                cluster.propose(&create_role(number)).1.unwrap();
            }
            is_over.store(true, Ordering::Relaxed);
        });
        let mut told = 0;
        while !is_over.load(Ordering::Relaxed) {
            match StoredMember::look(&directory, 1) {
                Ok(stored) => told += usize::from(stored.cluster() == Some(CLUSTER)),
                Err(LookError::Changing(_)) => {}
                Err(LookError::Refused(fault)) => panic!("{fault}"),
            }
        }
        assert!(told > 0, "it was told at no time");
    });
    let stored = StoredMember::look(&directory, 1).unwrap();
    assert_eq!(stored.catalog().digest(), cluster.settle().1);
}

#[test]
fn a_member_that_would_not_serve_and_a_token_of_another_cluster_are_told() {
    let mut cluster = Cluster::form(1, |_| {});
    cluster.propose(&bootstrap()).1.unwrap();
    let directory = cluster.directory.path().join("1");
    let stored = StoredMember::look(&directory, 1).unwrap();
    let token = |cluster, node| JoinToken::new(cluster, node, BTreeMap::new(), [1; 32]);
    let theirs = ClusterId([9; 16]);
    assert_eq!(stored.check_join_token(token(CLUSTER, 1)), Ok(()));
    let other = JoinTokenError::OtherCluster { token: theirs, cluster: CLUSTER };
    assert_eq!(stored.check_join_token(token(theirs, 1)), Err(other));
    assert_eq!(stored.check_join_token(token(CLUSTER, 2)), Err(JoinTokenError::OtherNode { token: 2, node: 1 }));
    assert_eq!(stored.serving(), Ok(()));
    cluster.block_on(cluster.replica(1).core.roster.identity.remove()).unwrap();
    cluster.kill(1);
    assert_eq!(look(&directory, 1).unwrap().serving(), Err(NotServing::Removed));
}
