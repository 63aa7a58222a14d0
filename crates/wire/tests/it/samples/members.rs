//! Changes of the members, and what is agreed on about them.

use std::collections::BTreeMap;
use std::sync::Arc;

use aliasd_catalog::{
    Command, Invitation, JoinTokenHash, JoinedMember, MemberChange, MemberChangeKind, MemberIncarnation, MemberLedger,
    MemberStep, OpenCommand, Record, RecordKey, ReplacedMember, Sealed, Timestamp,
};

use super::stamp;

const DIRECTORY: MemberIncarnation = MemberIncarnation([0xd1; 16]);
const SHOWN: JoinedMember = JoinedMember { incarnation: DIRECTORY, token: JoinTokenHash([0x70; 32]) };

fn invitation(replaces: Option<ReplacedMember>) -> Invitation {
    Invitation {
        peer_address: "node4.example.org:7681".to_owned(),
        client_address: "node4.example.org:7680".to_owned(),
        learner: replaces.is_none(),
        replaces,
        token: JoinTokenHash([0x70; 32]),
        expires_at: Timestamp(1_760_000_003_600),
    }
}

pub(super) fn member_commands() -> Vec<(&'static str, Command<Sealed>)> {
    let replaces = ReplacedMember { node: 3, incarnation: Some(DIRECTORY) };
    let unrecorded = ReplacedMember { node: 3, incarnation: None };
    let steps = [
        ("invite-member", MemberStep::Invite { node: 4, invitation: invitation(None) }),
        ("invite-replacement", MemberStep::Invite { node: 4, invitation: invitation(Some(replaces)) }),
        ("invite-replacement-unrecorded", MemberStep::Invite { node: 4, invitation: invitation(Some(unrecorded)) }),
        ("promote-member", MemberStep::Promote { node: 4 }),
        ("remove-member", MemberStep::Remove { node: 4, incarnation: Some(DIRECTORY) }),
        ("remove-member-unrecorded", MemberStep::Remove { node: 4, incarnation: None }),
        ("admit-member", MemberStep::Admit { node: 4, shown: SHOWN }),
        ("finish-member-change", MemberStep::Finish { node: 4, begun: stamp(9), replaced_is_gone: false }),
        ("finish-given-up-replacement", MemberStep::Finish { node: 4, begun: stamp(9), replaced_is_gone: true }),
    ];
    steps.map(|(name, step)| (name, Command::Open(OpenCommand::ChangeMembers(step)))).into()
}

pub(super) fn ledgers() -> Vec<(String, RecordKey, Record)> {
    let change = |kind| Some(MemberChange { node: 4, kind, begun: stamp(9) });
    let replaces = ReplacedMember { node: 3, incarnation: Some(DIRECTORY) };
    let retired = BTreeMap::from([(2, None), (3, Some(DIRECTORY))]);
    let ledgers = [
        ("members-nothing", MemberLedger::default()),
        (
            "members-adding",
            MemberLedger {
                change: change(MemberChangeKind::Add(invitation(None))),
                joined: BTreeMap::from([(4, SHOWN)]),
                retired,
            },
        ),
        ("members-promoting", MemberLedger { change: change(MemberChangeKind::Promote), ..MemberLedger::default() }),
        (
            "members-removing",
            MemberLedger {
                change: change(MemberChangeKind::Remove { incarnation: Some(DIRECTORY), replaces: None }),
                ..MemberLedger::default()
            },
        ),
        (
            "members-removing-unrecorded",
            MemberLedger {
                change: change(MemberChangeKind::Remove { incarnation: None, replaces: None }),
                ..MemberLedger::default()
            },
        ),
        (
            "members-removing-replacement",
            MemberLedger {
                change: change(MemberChangeKind::Remove { incarnation: Some(DIRECTORY), replaces: Some(replaces) }),
                ..MemberLedger::default()
            },
        ),
    ];
    ledgers.map(|(name, ledger)| (name.to_owned(), RecordKey::Members, Record::Members(Arc::new(ledger)))).into()
}
