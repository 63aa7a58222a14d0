//! How the members change: a node joins with a token, the leader carries out the change that the catalog has agreed on,
//! and a member that was removed finds out.
//!
//! # Life of a new member
//!
//! 1. An operator has the catalog agree to a change (`MemberStep::Invite`), and starts the node with the token.
//! 2. The node shows the token to the members of which the token tells ([`join`]). The leader has the catalog agree once
//!    more, now to this node with this data directory.
//! 3. The leader adds it to the membership as a learner ([`change`]): it is sent the log.
//! 4. Once it has caught up, and stayed so for a while, it gets its vote; one that it replaces loses it in the same step.
//! 5. The leader has the catalog agree that the change is finished.
//!
//! Who was removed is told to whoever holds its connections ([`departed`]), and finds out by itself ([`notice`]).
//!
//! A leader that dies on the way is followed by one that goes on where the membership and the catalog stand.

pub(crate) mod change;
pub(crate) mod departed;
pub(crate) mod join;
pub(crate) mod level;
pub(crate) mod notice;
mod plan;
pub(crate) mod quorum;
