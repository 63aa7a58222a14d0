//! What another member may have proposed: an entry that says whose it is.

use aliasd_catalog::{Command, Principal};
use aliasd_faults::{Mistake, is_planted};
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::propose_request::Actor;

use crate::frame::FrameError;
use crate::links::PeerRefusal;
use crate::propose::ENTRY_BYTES_MAX;
use crate::types::Proposal;

/// Reads a handed-over entry. In its stored form the cluster itself is the absence of a user, so the request says once
/// more whose it is; `recorded` is whether the sender is of a version that does.
pub(super) fn handed_over(request: wire::ProposeRequest, recorded: bool) -> Result<Proposal, PeerRefusal> {
    let wire::ProposeRequest { entry, actor, .. } = request;
    if entry.len() > ENTRY_BYTES_MAX {
        return Err(PeerRefusal::Incomplete("the entry is larger than any member proposes"));
    }
    let proposal = Proposal::decode(entry)?;
    match (actor, &proposal.entry().actor) {
        (Some(Actor::User(named)), Principal::User(user)) if named == user.as_str() => Ok(proposal),
        (Some(Actor::Cluster(_)), Principal::System) => match &proposal.entry().command {
            Command::Bootstrap(_) => Ok(proposal),
            _ if is_planted(Mistake::ForwardedAsSystem) => Ok(proposal),
            _ => Err(PeerRefusal::ForeignActor),
        },
        (None, Principal::User(_)) if !recorded => Ok(proposal),
        (None, _) => Err(FrameError::missing("handed-over entry", "actor").into()),
        (Some(_), _) => Err(PeerRefusal::ForeignActor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{bootstrap, create_role};

    fn request(entry: aliasd_catalog::Entry, actor: Option<Actor>) -> wire::ProposeRequest {
        wire::ProposeRequest { route: None, entry: Proposal::new(entry).unwrap().encoded().to_vec(), actor }
    }

    fn judged(entry: aliasd_catalog::Entry, actor: Option<Actor>, recorded: bool) -> &'static str {
        match handed_over(request(entry, actor), recorded) {
            Ok(_) => "taken",
            Err(PeerRefusal::Undecodable(_)) => "undecodable",
            Err(PeerRefusal::ForeignActor) => "foreign",
            Err(_) => "refused",
        }
    }

    #[test]
    fn an_entry_is_taken_for_whom_it_names_and_for_the_cluster_only_to_form_it() {
        let cluster = || Some(Actor::Cluster(wire::ClusterActor {}));
        let user = |name: &str| Some(Actor::User(name.to_owned()));
        let as_cluster = || aliasd_catalog::Entry { actor: Principal::System, ..create_role(1) };

        assert_eq!(judged(create_role(1), user("admin"), true), "taken");
        assert_eq!(judged(create_role(1), user("carol"), true), "foreign");
        assert_eq!(judged(create_role(1), cluster(), true), "foreign");
        assert_eq!(judged(create_role(1), None, true), "undecodable");
        assert_eq!(judged(create_role(1), None, false), "taken", "a member of version 0.1 names the user in the entry");

        assert_eq!(judged(bootstrap(), cluster(), true), "taken");
        assert_eq!(judged(bootstrap(), None, true), "undecodable");
        assert_eq!(judged(bootstrap(), None, false), "undecodable");
        assert_eq!(judged(as_cluster(), cluster(), true), "foreign", "a role in the name of the cluster");
        assert_eq!(judged(as_cluster(), None, false), "undecodable");
        assert_eq!(judged(as_cluster(), user("admin"), true), "foreign");
    }
}
