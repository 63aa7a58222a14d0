//! The kinds of messages, and which versions have them.

use std::fmt;

use crate::version::Version;

/// What a client can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestKind {
    /// Who the client is; up to 5.0 also who its user is. The first message.
    Hello,
    /// Who the user is. Since 5.1.
    Logon,
    /// That the user is done. Since 5.1.
    Logoff,
    /// That the client is done. Has no answer.
    Goodbye,
    /// That whatever is under way is given up.
    Reset,
    /// A query.
    Run,
    /// The beginning of a transaction.
    Begin,
    /// The end of a transaction, with its effects.
    Commit,
    /// The end of a transaction, without its effects.
    Rollback,
    /// Rows that are not wanted any more.
    Discard,
    /// Rows.
    Pull,
    /// Which part of a driver is used. Since 5.4.
    Telemetry,
    /// Where to send queries.
    Route,
}

/// What a server can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseKind {
    /// The request was carried out.
    Success,
    /// One row. Comes before the end of an answer.
    Record,
    /// The request was not looked at, since an earlier one failed or was given up.
    Ignored,
    /// The request failed.
    Failure,
}

impl RequestKind {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Hello,
        Self::Logon,
        Self::Logoff,
        Self::Goodbye,
        Self::Reset,
        Self::Run,
        Self::Begin,
        Self::Commit,
        Self::Rollback,
        Self::Discard,
        Self::Pull,
        Self::Telemetry,
        Self::Route,
    ];

    /// The kind with a tag, in whichever version.
    pub fn of_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag)
    }

    /// The byte behind the marker.
    pub fn tag(self) -> u8 {
        match self {
            Self::Hello => 0x01,
            Self::Goodbye => 0x02,
            Self::Reset => 0x0F,
            Self::Run => 0x10,
            Self::Begin => 0x11,
            Self::Commit => 0x12,
            Self::Rollback => 0x13,
            Self::Discard => 0x2F,
            Self::Pull => 0x3F,
            Self::Telemetry => 0x54,
            Self::Route => 0x66,
            Self::Logon => 0x6A,
            Self::Logoff => 0x6B,
        }
    }

    /// How many fields it has.
    pub fn fields(self) -> usize {
        match self {
            Self::Run | Self::Route => 3,
            Self::Hello | Self::Logon | Self::Begin | Self::Discard | Self::Pull | Self::Telemetry => 1,
            Self::Logoff | Self::Goodbye | Self::Reset | Self::Commit | Self::Rollback => 0,
        }
    }

    /// Whether the version has it.
    pub fn is_in(self, version: Version) -> bool {
        match self {
            Self::Logon | Self::Logoff => version.has_logon(),
            Self::Telemetry => version.has_telemetry(),
            _ => true,
        }
    }

    /// As the documentation writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hello => "HELLO",
            Self::Logon => "LOGON",
            Self::Logoff => "LOGOFF",
            Self::Goodbye => "GOODBYE",
            Self::Reset => "RESET",
            Self::Run => "RUN",
            Self::Begin => "BEGIN",
            Self::Commit => "COMMIT",
            Self::Rollback => "ROLLBACK",
            Self::Discard => "DISCARD",
            Self::Pull => "PULL",
            Self::Telemetry => "TELEMETRY",
            Self::Route => "ROUTE",
        }
    }
}

impl ResponseKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Success, Self::Record, Self::Ignored, Self::Failure];

    /// The kind with a tag.
    pub fn of_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag)
    }

    /// The byte behind the marker.
    pub fn tag(self) -> u8 {
        match self {
            Self::Success => 0x70,
            Self::Record => 0x71,
            Self::Ignored => 0x7E,
            Self::Failure => 0x7F,
        }
    }

    /// How many fields it has.
    pub fn fields(self) -> usize {
        usize::from(self != Self::Ignored)
    }

    /// As the documentation writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Record => "RECORD",
            Self::Ignored => "IGNORED",
            Self::Failure => "FAILURE",
        }
    }
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ResponseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
