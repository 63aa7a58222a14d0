//! What should be put right, or be known, before it stops this node or misleads others: of this node, and of others as far as
//! this one can know.

use std::collections::BTreeMap;

use aliasd_replica::{NodeId, ReplicaRole, ReplicaStatus};

use super::Operate;
use crate::failure::NodeFailure;

impl Operate {
    /// Everything that should be put right. This node serves meanwhile.
    pub fn alarms(&self) -> Vec<NodeFailure> {
        let mut alarms = of_others(&self.reader.replica().status());
        alarms.extend(self.warnings());
        alarms
    }
}

/// What is wrong with others. The log has its lines about each of them.
fn of_others(replica: &ReplicaStatus) -> Vec<NodeFailure> {
    // What everybody answers whose replica has ended here is about this node, and told elsewhere.
    if replica.role == ReplicaRole::Stopped {
        return Vec::new();
    }
    let rolled_back = named(replica.rolled_back.iter().copied());
    let far = replica.members.iter().filter(|(_, member)| member.is_too_far);
    let far = far.filter_map(|(node, member)| Some(format!("{:.0?} to member {node}", member.round_trip?)));
    let far = far.collect::<Vec<_>>().join(", ");
    let amiss = replica.members.iter().filter(|(node, _)| !replica.rolled_back.contains(node));
    let amiss = amiss.filter_map(|(node, member)| Some((*node, member.amiss.clone()?))).collect();
    let longest = format!("{:?}", replica.round_trip_max);
    let alarms = [
        rolled_back.map(|members| NodeFailure::MembersRolledBack { members }),
        said("member", &amiss).map(|members| NodeFailure::MembersTakeNoPart { members }),
        said("node", &replica.refused).map(|nodes| NodeFailure::MessagesRefused { nodes }),
        (!far.is_empty()).then_some(NodeFailure::MembersTooFar { members: far, longest }),
    ];
    alarms.into_iter().flatten().collect()
}

/// What is said about each of these; nothing if there are none.
fn said(what: &str, about: &BTreeMap<NodeId, String>) -> Option<String> {
    let each: Vec<_> = about.iter().map(|(node, reason)| format!("{what} {node} (\"{reason}\")")).collect();
    (!each.is_empty()).then(|| each.join(", "))
}

/// Members as a sentence names them; nothing if there are none.
pub(super) fn named(nodes: impl IntoIterator<Item = NodeId>) -> Option<String> {
    let nodes: Vec<_> = nodes.into_iter().map(|node| node.to_string()).collect();
    match nodes.as_slice() {
        [] => None,
        [one] => Some(format!("member {one}")),
        [first @ .., last] => Some(format!("members {} and {last}", first.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_member_and_several_are_named_as_such() {
        let named = |nodes: &[NodeId]| named(nodes.iter().copied()).unwrap_or_default();
        assert_eq!(
            [named(&[]), named(&[3]), named(&[2, 3]), named(&[1, 2, 3])],
            ["", "member 3", "members 2 and 3", "members 1, 2 and 3"]
        );
        let lost = NodeFailure::MembersRolledBack { members: named(&[3]) }.message();
        assert!(lost.starts_with("Entries that were acknowledged are lost on member 3: "), "{lost}");
    }

    #[test]
    fn what_each_says_is_told_beside_its_name() {
        let about = BTreeMap::from([(2, "this node is fenced".to_owned()), (3, "it stops".to_owned())]);
        assert_eq!(said("member", &about).unwrap(), r#"member 2 ("this node is fenced"), member 3 ("it stops")"#);
        assert_eq!(said("member", &BTreeMap::new()), None);
    }
}
