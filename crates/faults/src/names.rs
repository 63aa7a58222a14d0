//! The mistakes and the points, each with what it stands for.

/// An enumeration whose values have names, and in builds for tests a list of all of them.
macro_rules! named {
    ($(#[$outer:meta])* $Name:ident { $($(#[$doc:meta])* $Variant:ident = $name:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy)]
        #[cfg_attr(feature = "planted", derive(Debug, PartialEq, Eq))]
        pub enum $Name { $($(#[$doc])* $Variant,)* }

        #[cfg(feature = "planted")]
        impl $Name {
            /// All of them, in the order in which they stand here.
            pub const ALL: &[Self] = &[$(Self::$Variant,)*];

            /// Its name in the environment and in tables.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Variant => $name,)* }
            }

            /// The one of this name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

named! {
    /// A mistake that a change could bring. Each stands at one place of the code, or at the places that do the same thing on
    /// disk and in memory.
    Mistake {
        // Log.
        /// Who appends is told that it is durable before it is: a crash loses what was acknowledged.
        AcknowledgeBeforeFlush = "acknowledge-before-flush",
        /// Of those who wait for the log, the one that came last is answered first, for a flush that does not reach it.
        FlushCallbacksOutOfOrder = "flush-callbacks-out-of-order",
        /// A vote is given before it is durable: after a crash the member votes again in the same term.
        VoteNotDurable = "vote-not-durable",
        /// A snapshot is installed while the truncation that made room for it may still be lost.
        TruncationNotDurable = "truncation-not-durable",
        /// What an entry changed is stored although the log does not have the entry durably.
        CatalogAheadOfLog = "catalog-ahead-of-log",
        // Machine.
        /// After a restart the last entry is applied once more.
        ApplyTwice = "apply-twice",
        /// The log may be purged up to a snapshot whose content is not durable.
        PurgeBeforeFlush = "purge-before-flush",
        /// A snapshot lacks the outcomes of requests.
        SnapshotWithoutRequests = "snapshot-without-requests",
        /// A snapshot contains more than the revision that it names.
        SnapshotNewerThanRevision = "snapshot-newer-than-revision",
        /// A snapshot is installed without a look at its digest.
        InstallSkipsDigest = "install-skips-digest",
        // Reads.
        /// A leader answers a linearizable read without asking a quorum whether it still leads.
        ReadFromDeposedLeader = "read-from-deposed-leader",
        /// A member counts as fresh because it heard from a leader, whatever it has applied.
        FreshnessByContact = "freshness-by-contact",
        /// A watch is told of progress up to what is committed, of which not everything was sent.
        ProgressBeyondApplied = "progress-beyond-applied",
        /// A watch that resumes gets nothing of a step that history and the present share.
        WatchGapAtSeam = "watch-gap-at-seam",
        /// A client that resumes a watch elsewhere asks for what follows the revision after the last one that it got.
        WatchGapAtResume = "watch-gap-at-resume",
        // Members.
        /// A voter whose data directory was wiped counts as the one that it was.
        WipedVoterReadmitted = "wiped-voter-readmitted",
        /// A message of a member of another cluster is taken.
        OtherClusterAccepted = "other-cluster-accepted",
        /// A member hands over an entry in the name of the cluster itself, and it is taken.
        ForwardedAsSystem = "forwarded-as-system",
        /// A member that lost entries which it had acknowledged goes on voting.
        RolledBackMemberVotes = "rolled-back-member-votes",
        /// A member whose catalog differs from the others' goes on serving.
        FenceIgnored = "fence-ignored",
        // Catalog.
        /// A command is authorised when it is proposed, and not when it takes effect.
        AuthorisedAtProposalOnly = "authorised-at-proposal-only",
        /// A request id stands for whoever uses it.
        RequestOfAnybody = "request-of-anybody",
        /// A request from before what is remembered is carried out again.
        RequestWindowOpen = "request-window-open",
        /// A credential that was sealed for what the alias was is stored for what it has become.
        AlterWithoutCompare = "alter-without-compare",
        /// Time goes back when the proposer's clock does.
        ClockRunsBack = "clock-runs-back",
        /// The digest leaves out what records say, and tells which there are.
        DigestOfKeysOnly = "digest-of-keys-only",
        // Service.
        /// A token holds although the credentials that it was given for have changed.
        TokenSurvivesChange = "token-survives-change",
        /// A watch goes on although its user may not be served any more.
        WatchSurvivesSuspension = "watch-survives-suspension",
        /// A credential is sealed for any alias and address.
        CredentialBoundToNothing = "credential-bound-to-nothing",
        // Client.
        /// A cached route stays when access to it is taken away.
        CacheSurvivesRevoke = "cache-survives-revoke",
        /// A cached route counts for as long as the client has it, although nothing was heard of the cluster.
        CacheTrustedInSilence = "cache-trusted-in-silence",
        /// A guard is not told of what happened before the watch was resumed.
        GuardMissesReconnect = "guard-misses-reconnect",
    }
}

named! {
    /// A point at which something has become durable, or is about to.
    Failpoint {
        // Log.
        /// A group of writes with an entry in it is handed to the log's database, which buffers it.
        LogAppended = "log-appended",
        /// The same, with a vote in it.
        LogVoted = "log-voted",
        /// The same, with a truncation in it.
        LogTruncated = "log-truncated",
        /// The same, with a purge in it.
        LogPurged = "log-purged",
        /// The watermark went back because the log is about to.
        LogRetreated = "log-retreated",
        /// The log is synced, and the watermark does not say so yet.
        LogSynced = "log-synced",
        /// The watermark says how far the log was synced, and nobody was told.
        LogMarked = "log-marked",
        /// The watermark itself is synced.
        LogSettled = "log-settled",
        // Catalog.
        /// What a batch of entries changed is handed to the catalog's database, and nobody was told.
        CatalogWritten = "catalog-written",
        /// The catalog's database is flushed, and the log was not purged yet.
        CatalogFlushed = "catalog-flushed",
        /// A part of a snapshot is stored.
        SnapshotPartStored = "snapshot-part-stored",
        /// All of a snapshot is stored beside the current catalog.
        InstallStaged = "install-staged",
        /// How far the new catalog reaches is written with it.
        InstallStateWritten = "install-state-written",
        /// The new catalog is durable.
        InstallFlushed = "install-flushed",
        /// The new catalog is named as the next one.
        InstallNextNamed = "install-next-named",
        /// The new catalog is the current one, if the machine does not lose power.
        InstallRenamed = "install-renamed",
        /// The new catalog is the current one.
        InstallSwitched = "install-switched",
        /// The old catalog is on its way out.
        InstallRetired = "install-retired",
        // Single files.
        /// A file is written, and not synced.
        FileWritten = "file-written",
        /// A file is synced under its temporary name.
        FileSynced = "file-synced",
        /// A file has its name, which is not durable.
        FileRenamed = "file-renamed",
        /// A directory is synced.
        DirectorySynced = "directory-synced",
    }
}
