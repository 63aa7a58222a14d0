//! What is told of login tokens that were ended.

use super::super::{WatchKind, WatchSubject};
use super::{Story, user};
use crate::{Command, Entry, OpenCommand, Principal, Privilege, RequestId, Revision, Timestamp, TokenTrace, UserScope};

impl Story {
    /// Ends so many login tokens of a user.
    fn log_out(&mut self, name: &str, tokens: std::ops::Range<u8>) {
        for token in tokens {
            self.revision += 1;
            let command = Command::Open(OpenCommand::EndToken {
                token: TokenTrace([token; 16]),
                expires_at: Timestamp(u64::MAX),
            });
            let (mut request, actor) = ([0; 16], Principal::User(user(name)));
            request[..8].copy_from_slice(&self.revision.to_be_bytes());
            let (request, issued_at) = (RequestId(request), Timestamp(self.revision));
            self.before = self.catalog.clone();
            let applied = self
                .catalog
                .apply(Revision(self.revision), &Entry { request, actor, issued_at, command, origin: None });
            assert_eq!(applied.outcome.map(|effect| effect.system_updates), Ok(1));
            self.changes = applied.changes;
        }
    }
}

/// Sixty-four single ones are remembered; what ends more of them ends all, which whoever acts for the user must hear of.
#[test]
fn a_token_that_ends_wakes_nobody_until_all_of_them_end() {
    let mut story = Story::new();
    story.grant("dave", Privilege::Impersonate(UserScope::Named(user("carol"))));
    story.log_out("carol", 0..64);
    assert_eq!([story.events_for("carol"), story.events_for("dave")], [vec![], vec![]]);
    story.log_out("carol", 64..65);
    let told = vec![(WatchSubject::User, "carol".to_owned(), WatchKind::Altered)];
    assert_eq!([story.events_for("carol"), story.events_for("dave")], [told.clone(), told]);
}
