//! What a start would find in a data directory, and whether it would refuse it, for whoever must not start.
//!
//! It goes by what the opening goes by: the same rules judge the log, the catalog, the identity, and whether they belong
//! together. It takes, writes and makes nothing there, and a node may work in the directory meanwhile.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use aliasd_catalog::{Catalog, ClusterId, Revision};

use crate::directory::places;
use crate::error::{JoinTokenError, NotServing};
use crate::fault::StorageFault;
use crate::fit;
use crate::identity::{self, Kept};
use crate::join_token::JoinToken;
use crate::lifecycle::Lifecycle;
use crate::log::look::SeenLog;
use crate::machine::disk::DiskCatalog;
use crate::machine::state::AppliedState;
use crate::types::{Member, NodeId, Payload, StoredMembership};

/// How often a directory is read in which something is amiss and somebody writes meanwhile.
const READINGS_MAX: usize = 5;

/// A member as its data directory keeps it: nothing but a node id, where it was never started.
#[derive(Debug)]
pub struct StoredMember {
    node: NodeId,
    kept: Option<Kept>,
    catalog: Catalog,
    recorded: Option<Member>,
}

/// Why nothing can be made of a data directory.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// A start would refuse it.
    #[error(transparent)]
    Refused(StorageFault),
    /// Somebody writes there, so that its parts are of different times whenever they are read.
    #[error("it changes faster than it can be read")]
    Changing(#[source] StorageFault),
}

impl StoredMember {
    /// Reads what a start of `node` would read below a directory. Blocks, and on damaged files perhaps for ever: a start has
    /// a limit, and so should whoever calls this.
    ///
    /// # Errors
    /// A start would refuse what lies there, or it cannot be told.
    pub fn look(directory: &Path, node: NodeId) -> Result<Self, LookError> {
        let mut reading = 1;
        loop {
            let before = files_below(directory);
            let fault = match look(directory, node) {
                Ok(stored) => return Ok(stored),
                Err(fault) => fault,
            };
            // What nobody has touched meanwhile is as it was read.
            match files_below(directory) == before {
                true => return Err(LookError::Refused(fault)),
                false if reading == READINGS_MAX => return Err(LookError::Changing(fault)),
                false => reading += 1,
            }
        }
    }

    /// The catalog with everything that the log holds, also what was not agreed on when it was written.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The cluster that it belongs to, if it does.
    pub fn cluster(&self) -> Option<ClusterId> {
        let kept = self.kept.as_ref().and_then(|kept| kept.cluster);
        kept.or_else(|| self.catalog.meta().map(|meta| meta.cluster_id))
    }

    /// What the membership has of this node, by what is written down here; nothing where it is no member.
    pub fn recorded(&self) -> Option<&Member> {
        self.recorded.as_ref()
    }

    /// Whether it would serve once it is started, by what is written down here: others may know more.
    ///
    /// # Errors
    /// It would not: it was fenced, rolled back or removed.
    pub fn serving(&self) -> Result<(), NotServing> {
        self.kept.as_ref().map_or(Ok(()), |kept| Lifecycle::at_start(kept).serving())
    }

    /// Whether it may be started with this token.
    ///
    /// # Errors
    /// The token is for another node, or it belongs to another cluster already.
    pub fn check_join_token(&self, token: JoinToken) -> Result<(), JoinTokenError> {
        token.fitting(self.node, self.kept.as_ref().and_then(|kept| kept.cluster)).map(drop)
    }
}

fn look(directory: &Path, node: NodeId) -> Result<StoredMember, StorageFault> {
    let (kept, place, catalog) = places(directory)?;
    let log_directory = place.directory.clone();
    let log = SeenLog::look(place, node)?;
    let end = log.as_ref().map(SeenLog::end).unwrap_or_default();
    let is_pristine = end.vote.is_none() && end.last.is_none();
    let (mut catalog, state) = DiskCatalog::look(&catalog, !is_pristine)?.unwrap_or_default();
    let AppliedState { last_applied, mut membership, is_in_log, .. } = state;
    let stored = identity::kept_by(&kept, node)?;
    let common = fit::common(&log_directory, &end, last_applied, is_in_log)?;
    if let Some(log) = &log {
        if let Some(common) = common {
            fit::meet(&log_directory, common, log.entry(common.index)?.as_ref())?;
        }
        log.each_from(last_applied.map_or(0, |applied| applied.index + 1), |entry| match entry.payload {
            Payload::Blank => {}
            Payload::Membership(members) => membership = StoredMembership::new(Some(entry.log_id), members),
            Payload::Normal(proposal) => drop(catalog.apply(Revision(entry.log_id.index), proposal.entry())),
        })?;
    }
    let recorded = membership.get_node(&node);
    let incarnation = recorded.and_then(|member| member.incarnation);
    let catalogued = catalog.meta().map(|meta| meta.cluster_id);
    identity::check(kept.path(), stored.as_ref(), incarnation, catalogued)?;
    let recorded = recorded.map(|recorded| recorded.member.clone());
    Ok(StoredMember { node, kept: stored, catalog, recorded })
}

/// Every file below a directory, by what changes when it is written; what cannot be seen is left out.
fn files_below(directory: &Path) -> BTreeMap<PathBuf, (u64, u64, i64, i64)> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for (path, metadata) in entries(&directory).unwrap_or_default() {
            if metadata.is_dir() {
                open.push(path.clone());
            }
            found.insert(path, (metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()));
        }
    }
    found
}

fn entries(directory: &Path) -> io::Result<Vec<(PathBuf, fs::Metadata)>> {
    let entries = fs::read_dir(directory)?.filter_map(Result::ok);
    Ok(entries.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?))).collect())
}
