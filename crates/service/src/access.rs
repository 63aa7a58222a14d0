//! The one table of calls: who may make each of them, and when it is served. What is not in the table is refused.

use std::collections::BTreeSet;

use aliasd_catalog::DbmsAction;

/// A call and what it takes to make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// `/package.Service/Method`.
    pub path: &'static str,
    /// How the caller is known.
    pub caller: Caller,
    /// What the caller must be allowed to do.
    pub privilege: Privilege,
    /// When the call is served.
    pub served: Served,
}

/// How the one who calls is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Not at all: the call tells nothing that anyone may not know.
    Anyone,
    /// As a user of the catalog.
    User,
    /// As a user of the catalog. Before there is a catalog, as the operator: from a loopback address or with any
    /// client certificate that the clients' authority issued.
    UserOrOperator,
    /// As the operator, and only before there is a catalog.
    Operator,
    /// As a member, by its certificate, on the listener for members.
    Member,
}

/// What the caller must be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privilege {
    /// Nothing more than to be known as the table says.
    None,
    /// This, judged before the call begins.
    Dbms(DbmsAction),
    /// It depends on what is asked, and the call itself judges it.
    Decided(&'static str),
}

/// When a call is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// Always, also by a node that is not ready.
    Always,
    /// Once the node has the catalog and the active key, and until it stops.
    Ready,
}

const fn call(path: &'static str, caller: Caller, privilege: Privilege, served: Served) -> Call {
    Call { path, caller, privilege, served }
}

/// Every call that a node answers, on any listener.
pub const CALLS: &[Call] = &[
    call(
        "/aliasd.v1.Router/Resolve",
        Caller::User,
        Privilege::Decided(
            "ACCESS of the user resolved for; RESOLVE ALIAS for credentials; IMPERSONATE for another user",
        ),
        Served::Ready,
    ),
    call(
        "/aliasd.v1.Router/Watch",
        Caller::User,
        Privilege::Decided("each change is shown by the privileges of its revision"),
        Served::Ready,
    ),
    call("/aliasd.v1.Admin/Execute", Caller::User, Privilege::Decided("what the statement needs"), Served::Ready),
    call("/aliasd.v1.Auth/Login", Caller::Anyone, Privilege::Decided("the right password"), Served::Ready),
    call("/aliasd.v1.Auth/WhoAmI", Caller::User, Privilege::None, Served::Ready),
    call("/aliasd.v1.Auth/VerifyUser", Caller::User, Privilege::Decided("IMPERSONATE of that user"), Served::Ready),
    call(
        "/aliasd.v1.Auth/EffectivePrivileges",
        Caller::User,
        Privilege::Decided("SHOW USER and SHOW PRIVILEGE, unless it is about the caller"),
        Served::Ready,
    ),
    call(
        "/aliasd.v1.Auth/ExplainAccess",
        Caller::User,
        Privilege::Decided(
            "SHOW USER, SHOW PRIVILEGE and SHOW ALIAS, unless it is about the caller, who then learns of no hidden name",
        ),
        Served::Ready,
    ),
    call("/aliasd.v1.Cluster/Init", Caller::Operator, Privilege::None, Served::Always),
    call("/aliasd.v1.Cluster/Status", Caller::UserOrOperator, Privilege::Dbms(DbmsAction::ShowServers), Served::Always),
    call(
        "/aliasd.v1.Cluster/TransferLeader",
        Caller::User,
        Privilege::Dbms(DbmsAction::ServerManagement),
        Served::Always,
    ),
    call("/grpc.health.v1.Health/Check", Caller::Anyone, Privilege::None, Served::Always),
    call("/grpc.health.v1.Health/Watch", Caller::Anyone, Privilege::None, Served::Always),
    // The protocol is published with the source; what is asked about it tells nothing of this cluster.
    call("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Caller::Anyone, Privilege::None, Served::Always),
    call("/aliasd.peer.v1.Peer/Append", Caller::Member, Privilege::None, Served::Always),
    call("/aliasd.peer.v1.Peer/Vote", Caller::Member, Privilege::None, Served::Always),
    call("/aliasd.peer.v1.Peer/InstallSnapshot", Caller::Member, Privilege::None, Served::Always),
    call("/aliasd.peer.v1.Peer/TransferLeader", Caller::Member, Privilege::None, Served::Always),
    call("/aliasd.peer.v1.Peer/ReadIndex", Caller::Member, Privilege::None, Served::Always),
    call("/aliasd.peer.v1.Peer/Digest", Caller::Member, Privilege::None, Served::Always),
    call("/aliasd.peer.v1.Peer/Propose", Caller::Member, Privilege::None, Served::Always),
];

/// The table's row for a call on the clients' listener; none means refused.
pub fn for_clients(path: &str) -> Option<&'static Call> {
    CALLS.iter().find(|call| call.path == path && call.caller != Caller::Member)
}

/// The services that clients may know of.
pub fn services_for_clients() -> BTreeSet<&'static str> {
    let calls = CALLS.iter().filter(|call| call.caller != Caller::Member);
    calls.filter_map(|call| call.path.split('/').nth(1)).collect()
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
        let listed: BTreeSet<String> = CALLS.iter().map(|call| call.path.to_owned()).collect();
        assert_eq!(listed, expected);
        assert_eq!(listed.len(), CALLS.len());
    }

    #[test]
    fn what_is_for_members_is_refused_to_clients() {
        assert!(for_clients("/aliasd.peer.v1.Peer/Append").is_none());
        assert!(for_clients("/aliasd.v1.Router/Nothing").is_none());
        assert!(for_clients("/aliasd.v1.Router/Resolve").is_some());
    }

    #[test]
    fn only_a_few_calls_need_no_proof_of_identity() {
        let open: Vec<&str> = CALLS.iter().filter(|call| call.caller == Caller::Anyone).map(|call| call.path).collect();
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
