//! Which test catches which mistake.

use aliasd_faults::Mistake;

/// A mistake, and a test that fails where it is made.
pub(crate) struct Catch {
    pub(crate) mistake: Mistake,
    /// The target that the test is in: a library for its own tests.
    pub(crate) program: &'static str,
    /// The whole path of the test.
    pub(crate) test: &'static str,
}

const REPLICA: &str = "aliasd_replica";
const SERVICE: &str = "aliasd_service";
const SMOKE: &str = "smoke";
const SDK: &str = "sdk";
const CATALOG: &str = "catalog";

const fn catch(mistake: Mistake, program: &'static str, test: &'static str) -> Catch {
    Catch { mistake, program, test }
}

/// Every mistake, in the order of their documentation.
#[rustfmt::skip]
pub(crate) const TABLE: &[Catch] = &[
    catch(Mistake::AcknowledgeBeforeFlush, REPLICA, "tests::recovery::what_was_not_flushed_was_not_acknowledged"),
    catch(Mistake::AcknowledgeBeforeFlush, REPLICA, "log::tests::what_was_acknowledged_survives_kill_9"),
    catch(Mistake::FlushCallbacksOutOfOrder, REPLICA, "log::tests::a_flush_in_memory_may_stop_after_any_step"),
    catch(Mistake::VoteNotDurable, REPLICA, "log::tests::a_vote_in_memory_waits_for_its_flush_and_fails_with_it"),
    catch(Mistake::VoteNotDurable, REPLICA, "log::crash_tests::a_log_that_dies_at_any_point_keeps_what_it_acknowledged"),
    catch(Mistake::TruncationNotDurable, REPLICA, "tests::foundation::a_snapshot_takes_effect_after_the_truncation_that_made_room_for_it"),
    catch(Mistake::CatalogAheadOfLog, REPLICA, "tests::foundation::what_replaced_the_tail_of_a_former_leader_is_not_in_the_catalog_before_it_is_in_the_log"),
    catch(Mistake::ApplyTwice, REPLICA, "machine::tests::the_catalog_is_the_same_after_reopening"),
    catch(Mistake::PurgeBeforeFlush, REPLICA, "tests::foundation::what_the_log_has_synced_is_in_the_catalog_once_that_is_flushed"),
    catch(Mistake::SnapshotWithoutRequests, REPLICA, "machine::tests::a_snapshot_takes_the_place_of_the_catalog_and_stays_there"),
    catch(Mistake::SnapshotNewerThanRevision, REPLICA, "machine::tests::a_snapshot_is_frozen_while_entries_go_on"),
    catch(Mistake::InstallSkipsDigest, REPLICA, "machine::tests::a_damaged_snapshot_is_refused_and_leaves_nothing"),
    catch(Mistake::ReadFromDeposedLeader, REPLICA, "tests::freshness::a_leader_without_a_quorum_keeps_nobody_fresh"),
    catch(Mistake::FreshnessByContact, REPLICA, "tests::freshness::a_follower_that_hears_the_leader_and_gets_no_further_grows_stale"),
    catch(Mistake::ProgressBeyondApplied, SMOKE, "cut::a_mark_promises_nothing_beyond_what_the_node_has"),
    catch(Mistake::WatchGapAtSeam, REPLICA, "machine::tests::history::a_subscriber_that_comes_in_the_middle_of_a_batch_gets_the_rest_of_it"),
    catch(Mistake::WatchGapAtResume, SDK, "watches::a_watch_that_is_cut_goes_on_after_what_it_has_seen"),
    catch(Mistake::WipedVoterReadmitted, REPLICA, "tests::identity::an_emptied_voter_and_one_that_was_away_elect_nobody"),
    catch(Mistake::OtherClusterAccepted, REPLICA, "tests::identity::a_node_of_another_cluster_is_not_heard"),
    catch(Mistake::ForwardedAsSystem, REPLICA, "tests::identity::who_is_no_member_proposes_nothing_and_nobody_proposes_in_the_clusters_name"),
    catch(Mistake::RolledBackMemberVotes, REPLICA, "tests::rolled_back::a_follower_on_an_old_copy_is_found_and_neither_serves_nor_votes"),
    catch(Mistake::FenceIgnored, REPLICA, "tests::members::a_member_whose_catalog_differs_is_fenced"),
    catch(Mistake::AuthorisedAtProposalOnly, CATALOG, "access::a_revocation_that_was_committed_earlier_wins"),
    catch(Mistake::RequestOfAnybody, CATALOG, "requests::a_request_id_stands_for_one_user_and_one_statement"),
    catch(Mistake::RequestWindowOpen, CATALOG, "requests::a_request_from_before_the_window_is_refused_and_never_applied_again"),
    catch(Mistake::AlterWithoutCompare, CATALOG, "credentials::a_request_that_was_sealed_too_early_may_be_proposed_again"),
    catch(Mistake::ClockRunsBack, CATALOG, "requests::time_does_not_run_backwards"),
    catch(Mistake::DigestOfKeysOnly, "aliasd_catalog", "digest::tests::the_digest_of_what_exists_never_changes"),
    catch(Mistake::TokenSurvivesChange, SERVICE, "identity::tests::a_token_ends_with_password_status_certificate_and_user"),
    catch(Mistake::WatchSurvivesSuspension, SMOKE, "a_watch_tells_what_its_user_may_know"),
    catch(Mistake::CredentialBoundToNothing, SERVICE, "vault::tests::a_ciphertext_opens_nowhere_else"),
    catch(Mistake::CacheSurvivesRevoke, SDK, "cache::changes_of_the_user_and_of_the_caller_end_hits"),
    catch(Mistake::CacheTrustedInSilence, SDK, "cache::a_silent_stream_is_not_believed"),
    catch(Mistake::GuardMissesReconnect, SDK, "guards::a_gap_in_the_stream_makes_the_guard_ask_again"),
];
