//! What this node itself refuses, or cannot do now, in one table. docs/errors.md is made from it.
//!
//! Status and code of Neo4j stand there where Neo4j has a counterpart. What only calls without one are told (watches,
//! members, the pool that verifies passwords) has none.

use std::borrow::Cow;
use std::time::Duration;

use super::{Class, Failure};

/// In this time a full pool has verified some passwords, so that there is room again.
const LOGIN_PAUSE: Duration = Duration::from_millis(250);

macro_rules! node_failures {
    ($(
        $(#[$doc:meta])*
        $variant:ident { $($field:ident),* } = $code:literal, $class:ident, [$($gql:literal),*], $neo4j:literal,
            $message:literal, $hint:literal;
    )+) => {
        /// Something that the node refuses or cannot do now. The fields are shown in the message.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum NodeFailure {
            $($(#[$doc])* $variant {
                $(#[doc = concat!("Shown in the message as `", stringify!($field), "`.")] $field: String,)*
            },)+
        }

        impl NodeFailure {
            /// Every row, for documentation.
            pub const TABLE: &'static [NodeFailureRow] = &[$(NodeFailureRow {
                code: $code,
                class: Class::$class,
                gqlstatus: &[$($gql),*],
                neo4j_code: $neo4j,
                message: $message,
                hint: $hint,
            }),+];

            /// The row of the table that this failure belongs to.
            pub fn row(&self) -> &'static NodeFailureRow {
                match self {
                    $(Self::$variant { .. } => {
                        const ROW: &NodeFailureRow = &NodeFailureRow {
                            code: $code,
                            class: Class::$class,
                            gqlstatus: &[$($gql),*],
                            neo4j_code: $neo4j,
                            message: $message,
                            hint: $hint,
                        };
                        ROW
                    })+
                }
            }

            /// A sentence for the caller.
            pub fn message(&self) -> String {
                match self { $(Self::$variant { $($field),* } => format!($message, $($field = $field),*),)+ }
            }
        }
    };
}

/// One row of the table of the node's own failures.
#[derive(Clone, Copy, Debug)]
pub struct NodeFailureRow {
    /// The stable code, in upper case. Never renamed, never reused.
    pub code: &'static str,
    /// What the caller does next.
    pub class: Class,
    /// The GQLSTATUS, followed by the statuses of its causes; empty if Neo4j has none for it.
    pub gqlstatus: &'static [&'static str],
    /// Neo4j's status code; empty if it has none for it.
    pub neo4j_code: &'static str,
    /// The message, with `{field}` for what varies.
    pub message: &'static str,
    /// What the caller can do; empty when the message says it.
    pub hint: &'static str,
}

node_failures! {
    // The node.
    /// No catalog has reached this node yet although it belongs to a cluster.
    CatchingUp {} = "NODE_CATCHING_UP", RetryHere, ["08N09"], "Neo.TransientError.General.DatabaseUnavailable",
        "This node has not received the catalog yet.", "Ask another member, or wait a moment.";
    /// The node belongs to no cluster.
    NotFormed {} = "NODE_EMPTY", RetryHere, ["08N09"], "Neo.TransientError.General.DatabaseUnavailable",
        "This node belongs to no cluster yet.",
        "Form a cluster once with 'aliasctl cluster init', or wait until the cluster reaches this node.";
    /// The keystore lacks the active key.
    KeyMissing { key, held } = "KEY_MISSING", RetryHere, ["08N09"], "Neo.TransientError.General.DatabaseUnavailable",
        "The keystore of this node does not hold the cluster's active key {key}; it holds {held}.",
        "Ask another member. On this node, add the key to the file that keystore.path names and send the node SIGHUP.";
    /// The node is shutting down.
    Stopping {} = "NODE_STOPPING", RetryHere, ["08N09"], "Neo.TransientError.General.DatabaseUnavailable",
        "This node is shutting down.", "Ask another member.";
    /// A fatal error stopped the replica.
    Stopped { reason } = "NODE_STOPPED", RetryHere, ["08N09"], "Neo.TransientError.General.DatabaseUnavailable",
        "This node has stopped: {reason}.", "Ask another member. The log of this node names the way out.";
    /// The cluster goes on without this node.
    Removed {} = "NODE_REMOVED", RetryHere, ["08N09"], "Neo.TransientError.General.DatabaseUnavailable",
        "This node was removed from the cluster, for ever.",
        "Ask another member. Stop this node; its machine takes part again with an empty data directory, a new node id and a join token.";
    /// The node has a join token and was not let in yet.
    Joining { cluster } = "NODE_JOINING", RetryHere, ["08N09"], "Neo.TransientError.General.DatabaseUnavailable",
        "This node waits to be let into cluster {cluster}.",
        "Ask another member, or wait a moment. The log of this node says what stands in the way.";
    /// A member of a cluster knows this node with another data directory than its empty one.
    NotRecognised { member } = "NODE_NOT_RECOGNISED", RetryHere, ["08N09"], "Neo.TransientError.General.DatabaseUnavailable",
        "This node has an empty data directory, and member {member} of a cluster knows it with another one: what it had acknowledged is gone, so it takes no part.",
        "Ask another member. Start this node with the data directory that it had; if that is lost, leave it stopped, and replace it by a node with another id: 'aliasctl cluster replace OLD NEW'. For a new cluster, give it an address that the other one does not know, and start it again.";
    /// The leader found that members do not have what they had acknowledged. An alarm, never the answer to a call.
    MembersRolledBack { members } = "MEMBER_ROLLED_BACK", RetryHere, [], "",
        "Entries that were acknowledged are lost on {members}: an older copy of the data directory is in use there, or a damaged one. Nothing is replicated there, and whoever runs there neither serves nor votes.",
        "On each of them, put the node's own data directory back as it was when it last ran, and start it; if that is lost, leave it stopped, and replace it by a node with another id: 'aliasctl cluster replace'.";
    /// Members refuse what this one sends, or serve nothing. An alarm, never the answer to a call.
    MembersTakeNoPart { members } = "MEMBER_TAKES_NO_PART", RetryHere, [], "",
        "Not every member takes part: {members}.",
        "What each of them answers names what is to be put right there; its log says more.";
    /// This node refuses what others send. An alarm, never the answer to a call.
    MessagesRefused { nodes } = "MESSAGES_REFUSED", RetryHere, [], "",
        "Messages of other nodes are refused here: {nodes}.",
        "One that was removed from the cluster is to be stopped. Otherwise, either those nodes mean another one, or this node runs on a data directory that is not its own: look at node.data_dir and node.id here, and at the peer address that they have for this node.";
    /// What this member has was not confirmed to be up to date for longer than `cluster.max_staleness`.
    Stale { proof } = "STALE", RetryHere, ["08N09"], "Neo.TransientError.General.DatabaseUnavailable",
        "This node cannot tell that it is up to date: {proof}.",
        "Ask another member. If all say so, a majority of the members is down or cut off.";
    /// A credential was asked for, and this member's state is older than the policy allows for that.
    ReleaseStale { limit, proof } = "RELEASE_STALE", RetryHere, ["08N09"], "Neo.TransientError.General.DatabaseUnavailable",
        "This node releases no credential, because it cannot tell that what it has is at most {limit} old: {proof}.",
        "Ask another member. If all say so, a majority of the members is down or cut off. Without credentials, names are still resolved.";
    /// Longer than an election takes, this member was not confirmed to be up to date. A reason not to be ready, never the
    /// answer to a call.
    Unconfirmed { proof } = "UNCONFIRMED", RetryHere, [], "",
        "This node has had no word of a majority for longer than an election takes: {proof}.",
        "If other members are ready, this node cannot reach the leader: look at its network and at its peer certificate, which must be good for clients too. If none is, a majority of the members is down or cut off.";
    /// Another member is further away than Raft's timings allow. An alarm, never the answer to a call.
    MembersTooFar { members, longest } = "MEMBER_TOO_FAR", RetryHere, [], "",
        "A round trip takes longer than the {longest} that cluster.heartbeat_interval is made for: {members}. Leaders are lost, or none is elected.",
        "On all nodes, raise cluster.heartbeat_interval to twice the longest round trip or more, and the election timeouts with it.";
    /// The membership has another address for this node than its configuration. An alarm, never the answer to a call.
    AddressDiffers { differences } = "ADDRESS_DIFFERS", RetryHere, [], "",
        "Others are not told the addresses that this node is configured with: {differences}.",
        "Others use what is recorded. Configure the node so that it is reached there, or correct the setting.";
    /// A certificate of this node ends soon, or has ended. An alarm, never the answer to a call.
    CertificatesEnd { certificates } = "CERTIFICATE_ENDS", RetryHere, [], "",
        "Certificates of this node end soon or have ended: {certificates}. From then on others refuse it, or it refuses them.",
        "Issue new ones with 'aliasctl pki issue … --replace', put them in place and send the node SIGHUP.";
    /// The wanted revision is not applied here yet.
    RevisionNotReached { wanted, applied } = "REVISION_NOT_REACHED", RetryHere, ["08N09"], "Neo.TransientError.General.DatabaseUnavailable",
        "This node has not reached revision {wanted} yet; it is at {applied}.", "Ask another member, or wait a moment.";
    /// Nobody leads.
    NoLeader {} = "NO_LEADER", RetryHere, ["51N29"], "Neo.ClientError.Cluster.NotALeader",
        "The cluster has no leader at the moment.",
        "Try again. If this lasts, a majority of the members is down or cut off.";
    /// Another member leads, and the request could not be handed to it.
    NotLeader {} = "NOT_LEADER", GoToLeader, ["51N29"], "Neo.ClientError.Cluster.NotALeader",
        "This node does not lead the cluster, and could not reach the leader.", "Send the request to the leader.";
    /// Whoever was to take the leadership cannot; this node leads on.
    SuccessorUnfit { reason } = "SUCCESSOR_UNFIT", Rejected, [], "",
        "The leadership stays where it is, and nothing was done: {reason}.",
        "Name a voter that is up, or none to let the leader choose. 'aliasctl cluster status' shows which members answer.";
    /// Whoever was to take the leadership over did not.
    NotTakenOver { reason } = "LEADERSHIP_NOT_TAKEN", Rejected, [], "",
        "The leadership was not taken over as was asked: {reason}.",
        "'aliasctl cluster status' shows who leads and which members answer.";
    /// No member has this node id.
    MemberUnknown { node } = "MEMBER_UNKNOWN", Rejected, [], "",
        "Node {node} is no member of the cluster.", "'aliasctl cluster status' lists the members.";
    /// Members could not read a change of the members.
    MembersTooOld { members } = "MEMBER_TOO_OLD", Rejected, [], "",
        "A version that cannot read changes of the members runs on {members}.", "Upgrade them first, then ask again.";
    /// Nobody would be left who votes.
    LastVoter { node } = "MEMBER_LAST_VOTER", Rejected, [], "",
        "Node {node} is the only voter, and cannot be removed.",
        "Replace it by another node with 'aliasctl cluster replace', or add one first.";
    /// A change of the voters would leave no majority that answers.
    QuorumLost { reason } = "MEMBER_QUORUM_LOST", Rejected, [], "",
        "The change would cost the cluster its quorum: {reason}.",
        "Bring the members back that do not answer, or remove or replace those first.";
    /// A write may or may not come into effect.
    OutcomeUnknown {} = "OUTCOME_UNKNOWN", OutcomeUnknown, ["40003"], "Neo.DatabaseError.Transaction.TransactionCommitFailed",
        "It is not known whether the statement took effect.",
        "Send it again with the same request id; it takes effect at most once.";

    // The caller.
    /// No proof of identity came with the call.
    Unauthenticated {} = "CREDENTIALS_MISSING", Rejected, ["42NFF"], "Neo.ClientError.Security.Unauthorized",
        "The call needs a user.", "Send a client certificate, user and password, or the token of a login.";
    /// User and password do not belong together, or the user may not log in. One answer for all.
    WrongCredentials {} = "CREDENTIALS_INVALID", Rejected, ["42NFF"], "Neo.ClientError.Security.Unauthorized",
        "User or password is wrong, or the user may not log in.", "";
    /// The certificate is trusted but belongs to no user.
    UnmappedCertificate { identity } = "CERTIFICATE_UNMAPPED", Rejected, ["42NFF"], "Neo.ClientError.Security.Unauthorized",
        "The client certificate of '{identity}' belongs to no user.",
        "An administrator maps it with ALTER USER … SET AUTH 'mtls' {SET ID '…'}.";
    /// The certificate of the connection has run out since it was shown.
    CertificateExpired {} = "CERTIFICATE_EXPIRED", Rejected, ["42NFF"], "Neo.ClientError.Security.Unauthorized",
        "The client certificate has expired.", "Connect again with a new certificate.";
    /// A token that is not ours, is damaged, or is from a time that has not come.
    TokenInvalid { reason } = "TOKEN_INVALID", Rejected, ["42NFF"], "Neo.ClientError.Security.Unauthorized",
        "The token is not accepted: {reason}.", "Log in again.";
    /// A token whose time is up.
    TokenExpired {} = "TOKEN_EXPIRED", Rejected, ["42NFF"], "Neo.ClientError.Security.TokenExpired",
        "The token has expired.", "Log in again.";
    /// A token that was ended before its time.
    TokenEnded { reason } = "TOKEN_ENDED", Rejected, ["42NFF"], "Neo.ClientError.Security.Unauthorized",
        "The token is no longer good: {reason}.", "Log in again.";
    /// A credential would be released from a state that nothing else is read from.
    ReleaseStalenessTooLong { wanted, limit } = "RELEASE_STALENESS_TOO_LONG", Rejected, ["22003", "22N03"],
        "Neo.ClientError.Statement.ArgumentError",
        "Failed to alter the policy of the cluster: release_staleness would be {wanted}, and this node reads nothing that is older than {limit} (cluster.max_staleness).",
        "Choose a shorter one, or raise cluster.max_staleness on every node before.";
    /// The authorization header makes no sense.
    HeaderInvalid { reason } = "AUTHORIZATION_INVALID", Rejected, ["42NFF"], "Neo.ClientError.Security.Unauthorized",
        "The authorization of the call is malformed: {reason}.", "Send 'Basic' or 'Bearer'.";
    /// Too many passwords are being verified already.
    LoginBusy {} = "LOGIN_BUSY", RetryHere, [], "",
        "Too many passwords are being verified at the moment.", "Try again, or log in once and use the token.";
    /// There is no token to end.
    NoToken {} = "TOKEN_MISSING", Rejected, ["08N06"], "Neo.ClientError.Request.Invalid",
        "The call was not made with a token, so that there is none to end.", "Log out with the token that is to end.";
    /// Too many wrong passwords.
    LoginThrottled { seconds } = "LOGIN_THROTTLED", RetryHere, ["42NFF"], "Neo.ClientError.Security.AuthenticationRateLimit",
        "Too many passwords were wrong for this user or from this address; there is another try in {seconds} s.",
        "Wait as long as retry_after says. Tokens and certificates go on as ever, and so does the user where it has logged in before.";
    /// A caller's proof of identity ran out, or its user changed, before or while the answer was given.
    CredentialsEnded {} = "CREDENTIALS_ENDED", Rejected, ["42NFF"], "Neo.ClientError.Security.Unauthorized",
        "The proof of identity that the call began with has expired or was ended, or the user has changed since.",
        "Log in again. A watch goes on after the resume revision.";
    /// Before the cluster is formed there are no users; the operator is known otherwise.
    OperatorOnly {} = "OPERATOR_ONLY", Rejected, ["42NFF"], "Neo.ClientError.Security.Forbidden",
        "A cluster is formed only with the node's formation token, or with a client certificate.",
        "Show the token in the file formation-token below the node's node.data_dir ('aliasctl cluster init --token-file'), or a certificate of the authority that tls.client_ca names.";
    /// Before the cluster is formed there are no users; whoever may look at the node is known otherwise.
    NeighbourOnly {} = "NEIGHBOUR_ONLY", Rejected, ["42NFF"], "Neo.ClientError.Security.Forbidden",
        "Before the cluster is formed, this call is only taken from the node's own machine or with a client certificate.",
        "Call from a loopback address of the node, or with a certificate of the authority that tls.client_ca names.";

    // The request.
    /// A call that is in no table.
    UnknownCall {} = "CALL_UNKNOWN", Rejected, ["08N06"], "Neo.ClientError.Request.Invalid",
        "This node does not offer the call.", "";
    /// A field of the request is missing or makes no sense.
    InvalidRequest { field, reason } = "REQUEST_INVALID", Rejected, ["08N06"], "Neo.ClientError.Request.Invalid",
        "The request's field '{field}' {reason}.", "";
    /// A parameter is no value of the language.
    InvalidValue { reason } = "VALUE_INVALID", Rejected, ["08N06"], "Neo.ClientError.Request.Invalid",
        "A parameter is no value: {reason}.", "";
    /// An entry that could not be stored.
    TooLarge { reason } = "STATEMENT_NOT_STORABLE", Rejected, ["22N05"], "Neo.ClientError.Statement.ArgumentError",
        "What the statement asks for cannot be stored: {reason}.", "";
    /// The members of a repeated `Init` are not those of the first.
    OtherMembers {} = "INIT_OTHER_MEMBERS", Rejected, [], "",
        "The node belongs to a cluster with other members already.",
        "Repeat the call with the members of the first attempt, or start the nodes with empty data directories.";

    /// Members do not answer, or have been members before.
    MembersNotReady { reason } = "INIT_MEMBERS_NOT_READY", Rejected, [], "",
        "The cluster is not formed: {reason}.",
        "Nothing was changed. What the message says of a node comes first; otherwise start every member with an empty data directory, check addresses and certificates, and repeat the call.";

    /// A listing was not read to its end in time.
    ListingCut {} = "LISTING_CUT", RetryHere, [], "",
        "The listing was cut before its end, because it was not read for half a minute.",
        "Read faster, or ask for less with WHERE and LIMIT.";

    /// One row is more than a message can hold.
    RowTooLarge { bytes, limit } = "ROW_TOO_LARGE", Rejected, [], "",
        "One row of the listing has about {bytes} bytes, and no message holds a row of more than {limit}.",
        "Ask for fewer columns with YIELD, or for the parts of a collected list one by one.";

    // Watches.
    /// The revision that a watch wants to begin after is no longer known.
    WatchCompacted {} = "WATCH_COMPACTED", RetryHere, [], "",
        "What happened after the revision asked for is no longer in this node's history.",
        "Drop what was derived from earlier events and watch again after the resume revision.";
    /// A watcher did not read fast enough.
    WatchTooSlow {} = "WATCH_TOO_SLOW", RetryHere, [], "",
        "The watcher did not read fast enough: what follows the resume revision is no longer in this node's history.",
        "Watch again after the resume revision; another node may still have what follows it.";
    /// Nothing of a watch was taken for a while, although there was something.
    WatchNotRead {} = "WATCH_NOT_READ", RetryHere, [], "",
        "The watch was ended, because nothing of it was read for a minute.",
        "Read on all the time, and watch again after the resume revision.";
}

impl NodeFailure {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.row().code
    }

    /// The way out; empty if the message says it.
    pub fn hint(&self) -> &'static str {
        self.row().hint
    }
}

impl From<NodeFailure> for Failure {
    fn from(failure: NodeFailure) -> Self {
        let NodeFailureRow { code, class, gqlstatus, neo4j_code, hint, .. } = *failure.row();
        let retry_after = matches!(failure, NodeFailure::LoginBusy {}).then_some(LOGIN_PAUSE);
        Self {
            class,
            code,
            gqlstatus: gqlstatus.to_vec(),
            neo4j_code,
            hint: Cow::Borrowed(hint),
            retry_after,
            ..Self::bug(failure.message())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use aliasd_catalog::Rejection;
    use aliasd_cypher::ErrorCode;

    use super::*;

    #[test]
    fn nobody_is_sent_to_a_leader_that_there_is_not() {
        assert_eq!(Failure::not_leader(None).code, "NO_LEADER");
        let leader = super::super::Leader { node: 2, client_address: "b.example:7680".to_owned() };
        let failure = Failure::not_leader(Some(leader.clone()));
        assert_eq!((failure.code, failure.leader), ("NOT_LEADER", Some(leader)));
    }

    #[test]
    fn codes_are_unique_across_node_catalog_and_language() {
        let node = NodeFailure::TABLE.iter().map(|row| row.code);
        let catalog = Rejection::table().into_iter().map(|row| row.code);
        let language = ErrorCode::ALL.iter().map(|code| code.as_str());
        let all: Vec<&str> = node.chain(catalog).chain(language).collect();
        let distinct: BTreeSet<&&str> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    /// Hints are shown as they are: the doubled braces of a format would be seen.
    #[test]
    fn no_hint_is_written_as_a_format() {
        let node = NodeFailure::TABLE.iter().map(|row| row.hint);
        let catalog = Rejection::table().into_iter().map(|row| row.hint);
        for hint in node.chain(catalog) {
            assert!(!hint.contains("{{") && !hint.contains("}}"), "{hint}");
        }
    }

    #[test]
    fn a_failure_says_what_to_do_next() {
        let failure = Failure::from(NodeFailure::RevisionNotReached { wanted: "7".into(), applied: "5".into() });
        assert_eq!((failure.class, failure.code), (Class::RetryHere, "REVISION_NOT_REACHED"));
        assert_eq!(failure.message, "This node has not reached revision 7 yet; it is at 5.");
        assert_eq!(failure.hint, "Ask another member, or wait a moment.");
    }

    #[test]
    fn a_status_of_neo4j_comes_with_its_code() {
        for row in NodeFailure::TABLE {
            assert_eq!(row.gqlstatus.is_empty(), row.neo4j_code.is_empty(), "{}", row.code);
        }
    }
}
