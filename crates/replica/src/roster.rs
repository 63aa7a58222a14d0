//! Who is who in the cluster, as this member knows it: its own identity, its cluster, the members that Raft has.
//!
//! It judges nothing: what a message must prove is for [`crate::serve`], and what one says is made here.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use aliasd_catalog::ClusterId;
use aliasd_wire::peer::v1 as wire;
use openraft::RaftMetrics;
use openraft::alias::WatchReceiverOf;
use openraft::async_runtime::WatchReceiver;

use crate::feed::Feed;
use crate::identity::Identity;
use crate::incarnation::Incarnation;
use crate::types::{NodeId, StoredMembership, TypeConfig};

/// See the module.
pub(crate) struct Roster {
    pub(crate) node: NodeId,
    pub(crate) identity: Identity,
    /// The cluster that this node was told to join: until it has, it listens to no other.
    pub(crate) joins: Option<ClusterId>,
    feed: Arc<Feed>,
    /// Set once Raft runs.
    metrics: OnceLock<WatchReceiverOf<TypeConfig, RaftMetrics<TypeConfig>>>,
}

impl Roster {
    pub(crate) fn new(node: NodeId, identity: Identity, joins: Option<ClusterId>, feed: Arc<Feed>) -> Self {
        Self { node, identity, joins, feed, metrics: OnceLock::new() }
    }

    /// Knows the members from now on.
    pub(crate) fn follow(&self, metrics: WatchReceiverOf<TypeConfig, RaftMetrics<TypeConfig>>) {
        // There is one Raft per replica, so nobody sets it twice.
        let _ = self.metrics.set(metrics);
    }

    /// The cluster of this member. One of version 0.1 has its cluster's id in the catalog only.
    pub(crate) fn cluster(&self) -> Option<ClusterId> {
        self.identity.kept().cluster.or_else(|| self.catalogued_cluster())
    }

    /// The cluster that the catalog is of.
    pub(crate) fn catalogued_cluster(&self) -> Option<ClusterId> {
        self.feed.view().catalog.meta().map(|meta| meta.cluster_id)
    }

    /// Asks the members as they are in this member's log. `ask` must be quick: the core waits meanwhile.
    pub(crate) fn ask_members<T>(&self, ask: impl FnOnce(&StoredMembership) -> T) -> Option<T> {
        Some(ask(&self.metrics.get()?.borrow_watched().membership_config))
    }

    /// The incarnation that a node must prove; the outer `None`: it is no member.
    pub(crate) fn recorded(&self, node: NodeId) -> Option<Option<Incarnation>> {
        self.ask_members(|members| members.get_node(&node).map(|member| member.incarnation)).flatten()
    }

    /// Whether a node was removed from the cluster, as far as this member has read.
    pub(crate) fn is_retired(&self, node: NodeId) -> bool {
        self.feed.view().catalog.members().is_retired(node)
    }

    /// The nodes that the membership names.
    pub(crate) fn nodes(&self) -> BTreeSet<NodeId> {
        self.ask_members(|members| members.nodes().map(|(id, _)| *id).collect()).unwrap_or_default()
    }

    /// Whether this member's log names no members at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.ask_members(|members| members.nodes().next().is_none()).unwrap_or(true)
    }

    /// What a message to a member says about the two. `as_connected` is the incarnation that was recorded when the
    /// connection was made: the membership of an election's first messages may not be known here yet.
    pub(crate) fn route(&self, receiver: NodeId, as_connected: Option<Incarnation>) -> wire::Route {
        let recorded = self.recorded(receiver).flatten().or(as_connected);
        wire::Route {
            sender: self.node,
            receiver,
            cluster_id: self.cluster().map(|cluster| cluster.0.to_vec()),
            sender_incarnation: Some(self.identity.incarnation().to_wire()),
            receiver_incarnation: recorded.map(Incarnation::to_wire),
        }
    }
}
