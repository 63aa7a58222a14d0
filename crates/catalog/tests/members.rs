//! Changes of the members: one at a time, each node id and each data directory once.

use aliasd_catalog::{
    Command, Invitation, JoinTokenHash, JoinedMember, MemberIncarnation, MemberStep, OpenCommand, Principal,
    ReplacedMember, Sealed, Stamp, Timestamp,
};

use crate::builders::{Log, ROOT, user};

pub(crate) fn step(step: MemberStep) -> Command<Sealed> {
    Command::Open(OpenCommand::ChangeMembers(step))
}

pub(crate) fn incarnation(byte: u8) -> MemberIncarnation {
    MemberIncarnation([byte; 16])
}

pub(crate) fn token(byte: u8) -> JoinTokenHash {
    JoinTokenHash([byte; 32])
}

pub(crate) fn invitation(node: u64, token_byte: u8) -> Invitation {
    Invitation {
        peer_address: format!("node{node}:7681"),
        client_address: format!("node{node}:7680"),
        learner: false,
        replaces: None,
        token: token(token_byte),
        expires_at: Timestamp(1_000_000),
    }
}

pub(crate) fn invite(node: u64, token: u8) -> Command<Sealed> {
    step(MemberStep::Invite { node, invitation: invitation(node, token) })
}

fn promote(node: u64) -> Command<Sealed> {
    step(MemberStep::Promote { node })
}

pub(crate) fn remove(node: u64) -> Command<Sealed> {
    step(MemberStep::Remove { node, incarnation: Some(incarnation(u8::try_from(node).expect("a small id"))) })
}

pub(crate) fn admit(node: u64, directory: u8, token_byte: u8) -> Command<Sealed> {
    let shown = JoinedMember { incarnation: incarnation(directory), token: token(token_byte) };
    step(MemberStep::Admit { node, shown })
}

/// A log with words for what becomes of a step.
struct Members(Log);

impl Members {
    fn formed() -> Self {
        Self(Log::formed())
    }

    fn said(&mut self, actor: &Principal, command: Command<Sealed>) -> &'static str {
        match self.0.apply(actor, command).outcome {
            Ok(effect) if effect.system_updates == 0 => "nothing to do",
            Ok(_) => "done",
            Err(rejection) => rejection.code().code,
        }
    }

    /// What an operator asks.
    fn asks(&mut self, command: Command<Sealed>) -> &'static str {
        self.said(&user(ROOT), command)
    }

    /// What the leader says in the name of the cluster.
    fn leads(&mut self, command: Command<Sealed>) -> &'static str {
        self.said(&Principal::System, command)
    }

    fn finish(&mut self) -> &'static str {
        let change = self.0.catalog.members().change.clone().expect("a change is under way");
        self.leads(step(MemberStep::Finish { node: change.node, begun: change.begun, replaced_is_gone: false }))
    }

    fn running(&self) -> String {
        self.0.catalog.members().change.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string)
    }
}

#[test]
fn a_node_comes_with_its_token_once() {
    let mut members = Members::formed();
    assert_eq!(members.asks(invite(4, 1)), "done");
    assert_eq!(members.running(), "node 4 is being added");
    assert_eq!(members.leads(admit(4, 40, 2)), "JOIN_TOKEN_WRONG");
    assert_eq!(members.leads(admit(5, 50, 1)), "JOIN_TOKEN_WRONG", "a token is for one node id");
    assert_eq!(members.leads(admit(4, 40, 1)), "done");
    assert_eq!(members.leads(admit(4, 40, 1)), "nothing to do", "the answer was lost, and it asks again");
    assert_eq!(members.leads(admit(4, 41, 1)), "JOIN_TOKEN_USED");
    assert_eq!(members.finish(), "done");
    assert_eq!(members.leads(admit(4, 40, 1)), "nothing to do", "it starts again with the token at hand");
    assert_eq!(members.leads(admit(4, 41, 1)), "JOIN_TOKEN_USED");
    assert_eq!(members.leads(admit(4, 41, 2)), "JOIN_TOKEN_WRONG");
    assert_eq!(members.asks(invite(4, 3)), "MEMBER_EXISTS");
    assert_eq!(members.running(), "nothing");
}

#[test]
fn a_token_that_was_lost_or_has_expired_is_made_anew() {
    let mut members = Members::formed();
    assert_eq!(members.asks(invite(4, 1)), "done");
    let begun = members.0.catalog.members().change.as_ref().map(|change| change.begun);
    assert_eq!(members.asks(invite(4, 2)), "done");
    assert_eq!(members.0.catalog.members().change.as_ref().map(|change| change.begun), begun, "it is the same change");
    assert_eq!(members.leads(admit(4, 40, 1)), "JOIN_TOKEN_WRONG", "only the last token holds");
    let elsewhere = Invitation { peer_address: "other:7681".to_owned(), ..invitation(4, 3) };
    let elsewhere = step(MemberStep::Invite { node: 4, invitation: elsewhere });
    assert_eq!(members.asks(elsewhere), "MEMBER_CHANGE_RUNNING", "another address is another change");

    let short = Invitation { expires_at: Timestamp(0), ..invitation(4, 3) };
    assert_eq!(members.asks(step(MemberStep::Invite { node: 4, invitation: short })), "done");
    assert_eq!(members.leads(admit(4, 40, 3)), "JOIN_TOKEN_EXPIRED");
    assert_eq!(members.asks(invite(5, 4)), "done", "what has expired stands in nobody's way");
    assert_eq!(members.leads(admit(4, 40, 3)), "JOIN_TOKEN_WRONG");
}

#[test]
fn there_is_one_change_at_a_time_and_asking_for_it_again_is_no_other() {
    let mut members = Members::formed();
    assert_eq!(members.asks(remove(3)), "done");
    assert_eq!(members.asks(remove(3)), "nothing to do");
    assert_eq!(members.asks(remove(2)), "MEMBER_CHANGE_RUNNING");
    assert_eq!(members.asks(promote(3)), "MEMBER_CHANGE_RUNNING");
    assert_eq!(members.asks(invite(4, 1)), "MEMBER_CHANGE_RUNNING");
    assert_eq!(members.finish(), "done");
    assert_eq!(members.asks(promote(2)), "done");
    assert_eq!(members.asks(promote(2)), "nothing to do");
    assert_eq!(members.asks(invite(4, 1)), "MEMBER_CHANGE_RUNNING");
    assert_eq!(members.finish(), "done");
    assert_eq!(members.asks(invite(4, 1)), "done");
}

#[test]
fn who_is_removed_never_comes_back_under_its_id_or_from_its_directory() {
    let mut members = Members::formed();
    assert_eq!(members.asks(remove(3)), "done");
    assert_eq!(members.running(), "node 3 is being removed");
    assert_eq!(members.finish(), "done");
    assert_eq!(members.asks(remove(3)), "nothing to do", "it is gone");
    assert_eq!(members.asks(invite(3, 1)), "MEMBER_RETIRED");
    assert_eq!(members.asks(promote(3)), "MEMBER_RETIRED");
    assert_eq!(members.leads(admit(3, 9, 1)), "MEMBER_RETIRED");
    assert_eq!(members.asks(invite(4, 1)), "done");
    assert_eq!(members.leads(admit(4, 3, 1)), "MEMBER_DIRECTORY_RETIRED");
    assert_eq!(members.leads(admit(4, 4, 1)), "done");
}

#[test]
fn a_node_that_does_not_come_or_comes_to_nothing_is_given_up() {
    let mut members = Members::formed();
    assert_eq!(members.asks(invite(4, 1)), "done");
    assert_eq!(members.asks(remove(4)), "done");
    assert_eq!(members.running(), "nothing", "it never came");
    assert_eq!(members.leads(admit(4, 40, 1)), "JOIN_TOKEN_WRONG");

    assert_eq!(members.asks(invite(4, 2)), "done", "its id was never used");
    assert_eq!(members.leads(admit(4, 4, 2)), "done");
    let adding = members.0.catalog.members().change.clone().expect("it is being added");
    assert_eq!(members.asks(remove(4)), "done");
    assert_eq!(members.running(), "node 4 is being removed");
    let late = step(MemberStep::Finish { node: 4, begun: adding.begun, replaced_is_gone: false });
    assert_eq!(members.leads(late), "nothing to do", "the leader speaks of a change that was given up");
    assert_eq!(members.finish(), "done");
    assert!(members.0.catalog.members().is_retired(4));
    assert!(members.0.catalog.members().joined.is_empty());
}

#[test]
fn a_replaced_member_is_retired_when_the_new_one_has_its_place() {
    let mut members = Members::formed();
    let replaces = Some(ReplacedMember { node: 3, incarnation: Some(incarnation(3)) });
    let replacing = Invitation { replaces, ..invitation(4, 1) };
    assert_eq!(members.asks(step(MemberStep::Invite { node: 4, invitation: replacing })), "done");
    assert_eq!(members.running(), "node 3 is being replaced by node 4");
    assert_eq!(members.leads(admit(4, 40, 1)), "done");
    assert!(!members.0.catalog.members().is_retired(3));
    assert_eq!(members.finish(), "done");
    assert_eq!(members.0.catalog.members().retired.get(&3), Some(&Some(incarnation(3))));
}

#[test]
fn a_replacement_that_is_given_up_retires_whoever_is_gone_by_then() {
    for replaced_is_gone in [false, true] {
        let mut members = Members::formed();
        let replaces = Some(ReplacedMember { node: 3, incarnation: Some(incarnation(3)) });
        let replacing = Invitation { replaces, ..invitation(4, 1) };
        assert_eq!(members.asks(step(MemberStep::Invite { node: 4, invitation: replacing })), "done");
        assert_eq!(members.leads(admit(4, 40, 1)), "done");
        assert_eq!(members.asks(remove(4)), "done");
        assert_eq!(members.running(), "node 4 is being removed");
        let begun = members.0.catalog.members().change.as_ref().map(|change| change.begun).unwrap();
        assert_eq!(members.leads(step(MemberStep::Finish { node: 4, begun, replaced_is_gone })), "done");
        let ledger = members.0.catalog.members();
        assert!(ledger.is_retired(4));
        assert_eq!(ledger.is_retired(3), replaced_is_gone);
        if replaced_is_gone {
            assert_eq!(members.asks(invite(3, 2)), "MEMBER_RETIRED");
        }
    }
}

#[test]
fn what_the_leader_says_no_user_says() {
    let mut members = Members::formed();
    assert_eq!(members.asks(invite(4, 1)), "done");
    assert_eq!(members.asks(admit(4, 40, 1)), "USER_UNKNOWN");
    assert_eq!(
        members.asks(step(MemberStep::Finish { node: 4, begun: Stamp::default(), replaced_is_gone: false })),
        "USER_UNKNOWN"
    );
}
