//! What a node is started with that is to become a member: which cluster, under which id, and the secret that lets it in.
//!
//! The cluster keeps a hash of the secret. As text a token is one word, with a checksum, so that a cut or mistyped one is
//! known before anybody is asked.

use std::collections::BTreeMap;
use std::fmt;

use aliasd_catalog::{ClusterId, JoinTokenHash};
use aliasd_wire::peer::v1 as wire;

use crate::error::JoinTokenError;
use crate::frame;
use crate::incarnation::cluster_from_wire;
use crate::types::NodeId;

/// What every token begins with.
const PREFIX: &str = "aliasd-join-";

/// Bytes of the secret.
pub const JOIN_SECRET_BYTES: usize = 32;

/// A token that lets one node into one cluster, once. `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken {
    /// The cluster that it lets a node into.
    pub cluster: ClusterId,
    /// The node id that it is for.
    pub node: NodeId,
    /// The members to ask: `host:port` for peers.
    pub members: BTreeMap<NodeId, String>,
    secret: [u8; JOIN_SECRET_BYTES],
}

/// Why a text is no token. Says nothing of the text, which may be another secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a whole join token")]
pub struct NoJoinTokenError;

impl JoinToken {
    /// A token with this secret, which has to be drawn at random.
    pub fn new(
        cluster: ClusterId,
        node: NodeId,
        members: BTreeMap<NodeId, String>,
        secret: [u8; JOIN_SECRET_BYTES],
    ) -> Self {
        Self { cluster, node, members, secret }
    }

    /// What the cluster knows it by.
    pub fn hash(&self) -> JoinTokenHash {
        JoinTokenHash::of(&self.secret)
    }

    /// The token of a node that belongs to this cluster, or to none yet. One of a node that has joined is done with.
    pub(crate) fn fitting(self, node: NodeId, belongs: Option<ClusterId>) -> Result<Option<Self>, JoinTokenError> {
        if self.node != node {
            return Err(JoinTokenError::OtherNode { token: self.node, node });
        }
        match belongs {
            Some(cluster) if cluster != self.cluster => {
                Err(JoinTokenError::OtherCluster { token: self.cluster, cluster })
            }
            Some(_) => Ok(None),
            None => Ok(Some(self)),
        }
    }

    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// The token as one word.
    pub fn to_text(&self) -> String {
        let bytes = frame::frame(&wire::JoinToken {
            cluster_id: self.cluster.0.to_vec(),
            node_id: self.node,
            secret: self.secret.to_vec(),
            members: self.members.clone(),
        });
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{PREFIX}{digits}")
    }

    /// Reads a token, with space around it.
    ///
    /// # Errors
    /// The text is none, or not all of one.
    pub fn parse(text: &str) -> Result<Self, NoJoinTokenError> {
        let digits = text.trim().strip_prefix(PREFIX).ok_or(NoJoinTokenError)?;
        let digits: Option<Vec<u32>> = digits.chars().map(|digit| digit.to_digit(16)).collect();
        let digits = digits.ok_or(NoJoinTokenError)?;
        let (pairs, []) = digits.as_chunks::<2>() else { return Err(NoJoinTokenError) };
        let byte = |[high, low]: &[u32; 2]| u8::try_from(high * 16 + low);
        let bytes: Vec<u8> = pairs.iter().map(byte).collect::<Result<_, _>>().map_err(|_| NoJoinTokenError)?;
        let token: wire::JoinToken = frame::unframe("join token", &bytes).map_err(|_| NoJoinTokenError)?;
        Ok(Self {
            cluster: cluster_from_wire(&token.cluster_id).map_err(|_| NoJoinTokenError)?,
            node: token.node_id,
            secret: token.secret.as_slice().try_into().map_err(|_| NoJoinTokenError)?,
            members: token.members,
        })
    }
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cluster, node, members, secret: _ } = self;
        f.debug_struct("JoinToken")
            .field("cluster", cluster)
            .field("node", node)
            .field("members", members)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> JoinToken {
        let members = BTreeMap::from([(1, "one:7681".to_owned()), (2, "two:7681".to_owned())]);
        JoinToken::new(ClusterId([7; 16]), 4, members, [0xa5; JOIN_SECRET_BYTES])
    }

    #[test]
    fn a_token_reads_back_whole_or_not_at_all() {
        let text = token().to_text();
        assert_eq!(JoinToken::parse(&format!(" {text}\n")), Ok(token()));
        for end in 0..text.len() {
            assert_eq!(JoinToken::parse(&text[..end]), Err(NoJoinTokenError), "cut at {end}");
        }
        let mistyped = text.replacen("a5a5", "a5b5", 1);
        assert_eq!(JoinToken::parse(&mistyped), Err(NoJoinTokenError));
        assert_eq!(JoinToken::parse(&format!("{text}00")), Err(NoJoinTokenError));
    }

    #[test]
    fn what_is_shown_of_a_token_holds_no_secret() {
        let shown = format!("{:?}", token());
        assert!(shown.contains("one:7681") && !shown.contains("165") && !shown.contains("a5"), "{shown}");
    }
}
