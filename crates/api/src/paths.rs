//! The paths of gRPC, each with the call that it is in the table of `aliasd_service::authenticate`. What is not listed is
//! refused.

use std::collections::BTreeSet;

use aliasd_service::authenticate::{Call, CallRule, Caller};

/// Every path that a node answers, on any listener: `/package.Service/Method`.
const PATHS: &[(&str, Call)] = &[
    ("/aliasd.v1.Router/Resolve", Call::Resolve),
    ("/aliasd.v1.Router/Watch", Call::Watch),
    ("/aliasd.v1.Admin/Execute", Call::Execute),
    ("/aliasd.v1.Auth/Login", Call::LogIn),
    ("/aliasd.v1.Auth/Logout", Call::LogOut),
    ("/aliasd.v1.Auth/WhoAmI", Call::WhoAmI),
    ("/aliasd.v1.Auth/VerifyUser", Call::VerifyUser),
    ("/aliasd.v1.Auth/EffectivePrivileges", Call::EffectivePrivileges),
    ("/aliasd.v1.Auth/ExplainAccess", Call::ExplainAccess),
    ("/aliasd.v1.Cluster/Init", Call::FormCluster),
    ("/aliasd.v1.Cluster/Status", Call::ClusterStatus),
    ("/aliasd.v1.Cluster/TransferLeader", Call::TransferLeader),
    ("/aliasd.v1.Cluster/AddMember", Call::AddMember),
    ("/aliasd.v1.Cluster/PromoteMember", Call::PromoteMember),
    ("/aliasd.v1.Cluster/RemoveMember", Call::RemoveMember),
    ("/aliasd.v1.Cluster/ReplaceMember", Call::ReplaceMember),
    ("/grpc.health.v1.Health/Check", Call::Health),
    ("/grpc.health.v1.Health/Watch", Call::Health),
    ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Call::Reflection),
    ("/aliasd.peer.v1.Peer/Identify", Call::MemberTraffic),
    ("/aliasd.peer.v1.Peer/Join", Call::MemberTraffic),
    ("/aliasd.peer.v1.Peer/Append", Call::MemberTraffic),
    ("/aliasd.peer.v1.Peer/Vote", Call::MemberTraffic),
    ("/aliasd.peer.v1.Peer/InstallSnapshot", Call::MemberTraffic),
    ("/aliasd.peer.v1.Peer/TransferLeader", Call::MemberTraffic),
    ("/aliasd.peer.v1.Peer/ReadIndex", Call::MemberTraffic),
    ("/aliasd.peer.v1.Peer/Digest", Call::MemberTraffic),
    ("/aliasd.peer.v1.Peer/Propose", Call::MemberTraffic),
];

/// Every path that a node answers, on any listener, with who may ask for it.
pub fn calls() -> impl Iterator<Item = (&'static str, CallRule)> {
    PATHS.iter().map(|(path, call)| (*path, call.rule()))
}

/// The path, as it stands in the table, and its call, for the clients' listener; none means refused.
pub(super) fn for_clients(path: &str) -> Option<(&'static str, Call)> {
    offered_to_clients().find(|(listed, _)| *listed == path)
}

/// The services that clients may know of.
pub(super) fn services_for_clients() -> BTreeSet<&'static str> {
    offered_to_clients().filter_map(|(path, _)| path.split('/').nth(1)).collect()
}

fn offered_to_clients() -> impl Iterator<Item = (&'static str, Call)> {
    PATHS.iter().copied().filter(|(_, call)| call.rule().caller != Caller::Member)
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use prost_types::FileDescriptorSet;

    use super::*;

    /// Every method of every service in an encoded descriptor set, as a path.
    fn paths(descriptors: &[u8]) -> BTreeSet<String> {
        let set = FileDescriptorSet::decode(descriptors).unwrap();
        let mut paths = BTreeSet::new();
        for file in &set.file {
            for service in &file.service {
                for method in &service.method {
                    paths.insert(format!("/{}.{}/{}", file.package(), service.name(), method.name()));
                }
            }
        }
        paths
    }

    #[test]
    fn the_table_lists_every_call_once_and_nothing_else() {
        let mut expected = paths(aliasd_wire::FILE_DESCRIPTOR_SET);
        expected.extend(paths(tonic_health::pb::FILE_DESCRIPTOR_SET));
        expected.extend(paths(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET));
        let listed: BTreeSet<String> = PATHS.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(listed, expected);
        assert_eq!(listed.len(), PATHS.len());
    }

    #[test]
    fn every_call_of_the_table_can_be_made() {
        let reached: BTreeSet<Call> = PATHS.iter().map(|(_, call)| *call).collect();
        assert_eq!(reached, Call::ALL.iter().copied().collect());
    }

    #[test]
    fn what_is_for_members_is_refused_to_clients() {
        assert!(for_clients("/aliasd.peer.v1.Peer/Append").is_none());
        assert!(for_clients("/aliasd.v1.Router/Nothing").is_none());
        assert!(for_clients("/aliasd.v1.Router/Resolve").is_some());
    }

    #[test]
    fn only_a_few_calls_need_no_proof_of_identity() {
        let open = PATHS.iter().filter(|(_, call)| call.rule().caller == Caller::Anyone);
        let open: Vec<&str> = open.map(|(path, _)| *path).collect();
        assert_eq!(
            open,
            [
                "/aliasd.v1.Auth/Login",
                "/grpc.health.v1.Health/Check",
                "/grpc.health.v1.Health/Watch",
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            ]
        );
    }
}
