//! Forming a cluster: membership first, then the catalog with its first administrator.
//!
//! Both steps are entries of the log. An attempt that died between them is repeated with the same members; one that
//! succeeded is never repeated.

use std::collections::BTreeMap;
use std::time::Duration;

use aliasd_catalog::{
    Bootstrap, ClusterId, Command, Plain, PlainSecret, Principal, Rejection, RequestId, UserName, error_chain,
};
use aliasd_replica::{ClusterError, Member, NodeId};
use aliasd_runtime::Runtime;

use super::Operate;
use crate::audit::{Action, Line, outcome};
use crate::failure::{Failure, NodeFailure};
use crate::identity::ClientConnection;
use crate::write::Asked;

/// How long the new members may take to elect their first leader.
const FIRST_ELECTION: Duration = Duration::from_secs(15);
/// Characters of a generated password. Those that look alike are left out, since people copy it by hand.
const PASSWORD_LETTERS: &[u8; 56] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
const PASSWORD_LENGTH: usize = 24;

/// Who forms the cluster.
pub struct Formation {
    /// All members, this node among them.
    pub members: BTreeMap<NodeId, Member>,
    /// The first administrator.
    pub admin: UserName,
    /// Its password; one is generated if there is none.
    pub password: Option<PlainSecret>,
}

/// The new cluster.
pub struct Formed {
    /// What the cluster is known by from now on, drawn at random.
    pub cluster_id: ClusterId,
    /// The password, if it was generated. It is kept nowhere else.
    pub generated: Option<PlainSecret>,
}

impl Operate {
    /// Forms the cluster, because whoever is at `connection` wants it.
    ///
    /// # Errors
    /// It is formed already, a member does not answer or is not empty, the password is too short, or no majority of the
    /// members elects a leader.
    pub async fn form(&self, connection: &ClientConnection, formation: Formation) -> Result<Formed, Failure> {
        let mut line = Line::by_operator(Action::FormCluster, connection);
        let members = formation.members.iter().map(|(id, member)| format!("{id}={}", member.peer_address));
        let members = members.collect::<Vec<_>>().join(", ");
        line.what(format!("administrator {}, members {members}", formation.admin));
        let formed = self.form_unaudited(formation).await;
        line.end(outcome(&formed), formed.as_ref().ok().map(|_| self.reader.present().revision));
        formed
    }

    async fn form_unaudited(&self, formation: Formation) -> Result<Formed, Failure> {
        if self.reader.present().catalog.meta().is_some() {
            return Err(Failure::from(&Rejection::AlreadyFormed {}));
        }
        let Formation { members, admin, password } = formation;
        let runtime = self.reader.runtime();
        let generated = password.is_none().then(|| generate(&**runtime));
        let password = match (&generated, password) {
            (Some(generated), _) => generated.clone(),
            (None, Some(given)) => {
                given.require_password().map_err(|rejection| Failure::from(&rejection))?;
                given
            }
            (None, None) => generate(&**runtime),
        };
        let cluster_id = self.initialize_members(members).await?;
        let bootstrap = Command::<Plain>::Bootstrap(Bootstrap {
            cluster_id,
            active_key: self.vault.configured_key(),
            policy: self.policy,
            admin,
            password,
        });
        let request = RequestId(runtime.random_bytes());
        // A cluster that is half formed helps nobody: this is followed to its end.
        let asked = Asked { actor: Principal::System, request, origin: None, answer_by: None };
        self.writer.write(asked, bootstrap).await?;
        tracing::info!(cluster = %cluster_id, "the cluster is formed");
        Ok(Formed { cluster_id, generated })
    }

    /// Makes the members known, unless an earlier attempt did, and waits until one of them leads. Gives the cluster's id.
    async fn initialize_members(&self, members: BTreeMap<NodeId, Member>) -> Result<ClusterId, Failure> {
        let no_leader = || Failure::from(NodeFailure::NoLeader {});
        let (replica, drawn) = (self.reader.replica(), ClusterId(self.reader.runtime().random_bytes()));
        let cluster = match replica.initialize(drawn, members.clone()).await {
            Ok(cluster) => cluster,
            Err(ClusterError::AlreadyInitialized) => {
                let known = replica.status().members;
                let same = known.len() == members.len()
                    && members.iter().all(|(id, member)| known.get(id).is_some_and(|known| known.member == *member));
                if !same {
                    return Err(NodeFailure::OtherMembers {}.into());
                }
                // An attempt that version 0.1 left half done has drawn none.
                replica.cluster().unwrap_or(drawn)
            }
            Err(ClusterError::Members(reason) | ClusterError::NoSuccessor(reason) | ClusterError::Transfer(reason)) => {
                return Err(NodeFailure::InvalidRequest { field: "members".into(), reason }.into());
            }
            Err(ClusterError::NotReady(reason)) => return Err(NodeFailure::MembersNotReady { reason }.into()),
            Err(ClusterError::Storage(error)) => {
                let (error, hint) = (error_chain(&error), error.hint());
                tracing::error!(error, hint, "the cluster could not be written down");
                return Err(NodeFailure::Stopped { reason: "it cannot go on after a failure".to_owned() }.into());
            }
            Err(ClusterError::Fatal(reason)) => return Err(NodeFailure::from(&reason).into()),
        };
        replica.wait_for_leader(FIRST_ELECTION).await.map(|_| cluster).ok_or_else(no_leader)
    }
}

fn generate(runtime: &dyn Runtime) -> PlainSecret {
    let mut password = String::with_capacity(PASSWORD_LENGTH);
    while password.len() < PASSWORD_LENGTH {
        let [byte] = runtime.random_bytes::<1>();
        // Bytes beyond a multiple of the alphabet are drawn again, so that no letter is likelier than another.
        if usize::from(byte) < 256 / PASSWORD_LETTERS.len() * PASSWORD_LETTERS.len() {
            password.push(char::from(PASSWORD_LETTERS[usize::from(byte) % PASSWORD_LETTERS.len()]));
        }
    }
    PlainSecret::new(password)
}

#[cfg(test)]
mod tests {
    use aliasd_runtime::TokioRuntime;

    use super::*;

    #[tokio::test]
    async fn generated_passwords_differ_and_are_long() {
        let runtime = TokioRuntime::current();
        let (one, other) = (generate(&runtime), generate(&runtime));
        assert_eq!(one.expose().len(), PASSWORD_LENGTH);
        assert_ne!(one.expose(), other.expose());
    }
}
