//! The one table of calls: who may make each of them, and when it is served. What is not in the table is refused.
//!
//! A call is what is asked, whatever the protocol that it came over; a protocol says which of its messages is which
//! call, and has a test that it forgot none.

use aliasd_catalog::DbmsAction;

/// What a caller can ask of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// Where does a name lead?
    Resolve,
    /// What changes, from a revision on?
    Watch,
    /// What does this statement do, or list? What it needs is decided when it is understood.
    Execute,
    /// A token for a password.
    LogIn,
    /// Ends the token that the call is made with.
    LogOut,
    /// Who is calling?
    WhoAmI,
    /// Is this the user's password?
    VerifyUser,
    /// What may a user do?
    EffectivePrivileges,
    /// Why can a user use a name, or not?
    ExplainAccess,
    /// Makes nodes without state one cluster, with its first administrator.
    FormCluster,
    /// How are this node and the cluster?
    ClusterStatus,
    /// Hands the leadership to another member.
    TransferLeader,
    /// Invites a node to become a member.
    AddMember,
    /// Gives a learner its vote.
    PromoteMember,
    /// Removes a member for ever.
    RemoveMember,
    /// Has another node take the place of a member.
    ReplaceMember,
    /// Is this node ready?
    Health,
    /// Which calls are there?
    Reflection,
    /// What members say to each other, on a listener of their own.
    MemberTraffic,
}

/// What it takes to make a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallRule {
    /// How the caller is known.
    pub caller: Caller,
    /// What the caller must be allowed to do.
    pub privilege: RequiredPrivilege,
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
    /// As a user of the catalog. Before there is a catalog: from a loopback address or with any client certificate that
    /// the clients' authority issued.
    UserOrNeighbour,
    /// As the operator, and only before there is a catalog: with the node's formation token, or with any client
    /// certificate that the clients' authority issued.
    Operator,
    /// As a member, by its certificate, on the listener for members.
    Member,
}

/// What the caller must be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequiredPrivilege {
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

impl Call {
    /// Every call, so that a test can ask each whether it has its line in the table.
    pub const ALL: &[Self] = &[
        Self::Resolve,
        Self::Watch,
        Self::Execute,
        Self::LogIn,
        Self::LogOut,
        Self::WhoAmI,
        Self::VerifyUser,
        Self::EffectivePrivileges,
        Self::ExplainAccess,
        Self::FormCluster,
        Self::ClusterStatus,
        Self::TransferLeader,
        Self::AddMember,
        Self::PromoteMember,
        Self::RemoveMember,
        Self::ReplaceMember,
        Self::Health,
        Self::Reflection,
        Self::MemberTraffic,
    ];

    /// The table: one line for each call, who may make it and when it is served.
    pub const fn rule(self) -> CallRule {
        match self {
            Self::Resolve => rule(
                Caller::User,
                RequiredPrivilege::Decided(
                    "ACCESS of the user resolved for; RESOLVE ALIAS on the alias for credentials; IMPERSONATE for another user",
                ),
                Served::Ready,
            ),
            Self::Watch => rule(
                Caller::User,
                RequiredPrivilege::Decided("each change is shown by the privileges of its revision"),
                Served::Ready,
            ),
            Self::Execute => rule(Caller::User, RequiredPrivilege::Decided("what the statement needs"), Served::Ready),
            Self::LogIn => rule(Caller::Anyone, RequiredPrivilege::Decided("the right password"), Served::Ready),
            Self::LogOut | Self::WhoAmI => rule(Caller::User, RequiredPrivilege::None, Served::Ready),
            Self::VerifyUser => {
                rule(Caller::User, RequiredPrivilege::Decided("IMPERSONATE of that user"), Served::Ready)
            }
            Self::EffectivePrivileges => rule(
                Caller::User,
                RequiredPrivilege::Decided("SHOW USER and SHOW PRIVILEGE, unless it is about the caller"),
                Served::Ready,
            ),
            Self::ExplainAccess => rule(
                Caller::User,
                RequiredPrivilege::Decided(
                    "SHOW USER, SHOW PRIVILEGE and SHOW ALIAS, unless it is about the caller, who then learns of no hidden name",
                ),
                Served::Ready,
            ),
            Self::FormCluster => rule(Caller::Operator, RequiredPrivilege::None, Served::Always),
            Self::ClusterStatus => {
                rule(Caller::UserOrNeighbour, RequiredPrivilege::Dbms(DbmsAction::ShowServers), Served::Always)
            }
            Self::TransferLeader | Self::AddMember | Self::PromoteMember | Self::RemoveMember | Self::ReplaceMember => {
                rule(Caller::User, RequiredPrivilege::Dbms(DbmsAction::ServerManagement), Served::Always)
            }
            // The protocol is published with the source; what is asked about it tells nothing of this cluster.
            Self::Health | Self::Reflection => rule(Caller::Anyone, RequiredPrivilege::None, Served::Always),
            Self::MemberTraffic => rule(Caller::Member, RequiredPrivilege::None, Served::Always),
        }
    }
}

const fn rule(caller: Caller, privilege: RequiredPrivilege, served: Served) -> CallRule {
    CallRule { caller, privilege, served }
}
