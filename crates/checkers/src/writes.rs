//! The writes of a history: each request once, whatever it took to learn what became of it.

use std::collections::BTreeMap;

use crate::history::{Command, Event, History, Outcome, Write, Written};

/// Refusals that are recorded under the request id when they are given: they say what became of the request, and not only of
/// one attempt at it.
const RECORDED: [&str; 10] = [
    "ALIAS_EXISTS",
    "ALIAS_NOT_FOUND",
    "ALIAS_TARGET_NOT_FOUND",
    "DATABASE_EXISTS",
    "DATABASE_HAS_ALIASES",
    "NO_SUCH_DATABASE",
    "ROLE_EXISTS",
    "ROLE_NOT_FOUND",
    "USER_EXISTS",
    "USER_NOT_FOUND",
];

/// One request to write, with all attempts at it.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    /// The lines of the attempts that could have had an effect, ascending.
    pub(crate) lines: Vec<usize>,
    /// Who asked.
    pub(crate) actor: &'a str,
    /// For what.
    pub(crate) command: &'a Command,
    /// When the first of those attempts began.
    pub(crate) begin: u64,
    /// What became of it.
    pub(crate) fate: Fate<'a>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate<'a> {
    /// It was carried out, and somebody was told so.
    Done {
        /// When the first answer that said so had come.
        acked: u64,
        /// What it did.
        written: Written,
    },
    /// It was refused, and had no effect.
    Refused {
        /// When the answer had come.
        acked: u64,
        /// Its reason, by its stable code.
        code: &'a str,
    },
    /// It may have been carried out at any time since it began, or never.
    Unknown,
}

impl Request<'_> {
    /// The line that a finding names.
    pub(crate) fn line(&self) -> usize {
        self.lines.last().copied().unwrap_or_default()
    }

    /// What it did, if it certainly changed something.
    pub(crate) fn effect(&self) -> Option<(u64, Written)> {
        match self.fate {
            Fate::Done { acked, written } if written.updates > 0 => Some((acked, written)),
            _ => None,
        }
    }

    /// The revision of its effect, if that is known and it changed something.
    pub(crate) fn effect_revision(&self) -> Option<u64> {
        self.effect().and_then(|(_, written)| written.revision)
    }

    /// Whether it changed something, or may have.
    pub(crate) fn may_have_effect(&self) -> bool {
        self.effect().is_some() || self.fate == Fate::Unknown
    }
}

/// Every request that was judged or may have been, in the order of their beginnings.
pub(crate) fn requests(history: &History) -> Vec<Request<'_>> {
    let mut alone = Vec::new();
    let mut named: BTreeMap<(&str, &str), Vec<(usize, &Write)>> = BTreeMap::new();
    for (line, write) in writes(history) {
        match &write.request {
            None => alone.push(vec![(line, write)]),
            // Another user's request of the same id is another request.
            Some(id) => named.entry((id, &write.actor)).or_default().push((line, write)),
        }
    }
    let mut requests: Vec<Request<'_>> =
        alone.into_iter().chain(named.into_values()).filter_map(|attempts| merged(&attempts)).collect();
    requests.sort_by_key(|request| (request.begin, request.line()));
    requests
}

/// Every write with its line.
pub(crate) fn writes(history: &History) -> impl Iterator<Item = (usize, &Write)> {
    history.numbered().filter_map(|(line, event)| match event {
        Event::Write(write) => Some((line, write)),
        _ => None,
    })
}

/// Whether a refusal says what became of the request for good.
pub(crate) fn is_final(code: &str, revision: Option<u64>) -> bool {
    revision.is_some() || RECORDED.contains(&code)
}

fn merged<'a>(attempts: &[(usize, &'a Write)]) -> Option<Request<'a>> {
    let first = attempts.first()?.1;
    // Something else under the same id is refused, and judged by `exactly_once`.
    let same: Vec<_> = attempts.iter().filter(|(_, write)| write.command == first.command).collect();
    let done = same.iter().filter_map(|(_, write)| write.outcome.ok().map(|written| (write.end, *written)));
    let refused = same.iter().filter_map(|(_, write)| match &write.outcome {
        Outcome::Rejected { code, revision } => Some((write.end, code.as_str(), is_final(code, *revision))),
        _ => None,
    });
    let unknown = same.iter().any(|(_, write)| matches!(write.outcome, Outcome::Unknown { .. }));
    let fate = match (done.min_by_key(|(end, _)| *end), refused.min_by_key(|(end, _, is_final)| (!is_final, *end))) {
        (Some((acked, written)), _) => Fate::Done { acked, written },
        (None, Some((acked, code, is_final))) if is_final || !unknown => Fate::Refused { acked, code },
        (None, _) if unknown => Fate::Unknown,
        (None, _) => return None,
    };
    let counts = |write: &Write| match write.outcome {
        Outcome::Ok(_) | Outcome::Unknown { .. } => true,
        Outcome::Rejected { .. } => matches!(fate, Fate::Refused { .. }),
        Outcome::Failed { .. } => false,
    };
    let counting: Vec<_> = same.iter().filter(|(_, write)| counts(write)).collect();
    let lines = counting.iter().map(|(line, _)| *line).collect();
    let begin = counting.iter().map(|(_, write)| write.begin).min()?;
    Some(Request { lines, actor: &first.actor, command: &first.command, begin, fate })
}
