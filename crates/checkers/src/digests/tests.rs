use super::*;
use crate::samples::*;

fn lines(events: impl IntoIterator<Item = Event>) -> Vec<Vec<usize>> {
    found(Checker::Digests, events)
}

fn digest(member: u64, revision: u64, digest: &str, last: bool) -> Event {
    Event::Digest(Digest { member, at: 1, revision, digest: name(digest), last })
}

#[test]
fn equal_revisions_have_equal_digests() {
    assert!(lines([digest(1, 11, "a", false), digest(2, 11, "a", false), digest(3, 12, "b", false)]).is_empty());
    assert_eq!(lines([digest(1, 11, "a", false), digest(2, 11, "b", false)]), [[2, 3]]);
    assert_eq!(lines([digest(1, 11, "a", false), digest(1, 11, "b", false)]), [[2, 3]]);
}

#[test]
fn at_the_end_all_are_at_one_revision() {
    assert!(lines([digest(1, 11, "a", false), digest(1, 12, "b", true), digest(2, 12, "b", true)]).is_empty());
    assert_eq!(lines([digest(1, 11, "a", true), digest(2, 12, "b", true)]), [[2, 3]]);
}
