//! Statements of the administration language, and what comes back.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use aliasd_catalog::{Value, ValueMap};
use aliasd_wire::v1::admin_client::AdminClient;
use aliasd_wire::v1::execute_response::Part;
use aliasd_wire::{v1, value};
use tonic::{Status, Streaming};

use crate::attempt_error::{AttemptError, invalid_answer};
use crate::core::{AccessMode, Core, RequestContext};
use crate::members::Member;
use crate::{Failure, Freshness, Secret};

/// Length of a request id in bytes.
pub const REQUEST_ID_LENGTH: usize = 16;

/// One statement with its parameters.
///
/// Text and parameters may hold secrets, so neither is ever printed; `Debug` shows the names of the
/// parameters only.
///
/// ```
/// use aliasd_client::Statement;
///
/// let statement = Statement::new("CREATE USER carol SET PASSWORD $password")
///     .parameter("password", "secretpassword");
/// assert!(!format!("{statement:?}").contains("secretpassword"));
/// ```
#[derive(Clone)]
#[must_use]
pub struct Statement {
    text: Secret,
    parameters: ValueMap,
    request_id: Option<[u8; REQUEST_ID_LENGTH]>,
    first_sent_after: Option<u64>,
    freshness: Option<Freshness>,
}

/// What a statement did.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// Changes of the system: 1 for a write, 2 for a replacement (drop and create), 0 if nothing changed.
    pub system_updates: u64,
    /// What a person should know although the statement succeeded.
    pub notifications: Vec<v1::Notification>,
    /// For a write, the revision that it was applied at; for a listing, the one it was read at.
    pub revision: u64,
}

/// The result of a statement: columns, then rows, then a summary.
///
/// A write has been done when this exists. The rows of a listing are still coming.
pub struct Execution {
    columns: Vec<String>,
    rows: VecDeque<Vec<Value>>,
    source: Option<Source>,
    summary: Option<Summary>,
    core: Arc<Core>,
    mode: AccessMode,
}

/// Rows that are still to come.
struct Source {
    stream: Streaming<v1::ExecuteResponse>,
    member: Arc<Member>,
}

// === impl Statement ===

impl Statement {
    /// One statement, with or without a closing semicolon.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: Secret::new(text.into()),
            parameters: ValueMap::new(),
            request_id: None,
            first_sent_after: None,
            freshness: None,
        }
    }

    /// Gives a parameter, named without its `$`.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Gives several parameters.
    pub fn parameters(mut self, parameters: ValueMap) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// Names the request. A write that the same user sends again with the same id takes effect once. Without this an id is
    /// drawn. Whoever sends it again later than this call does says so with [`Statement::first_sent_after`].
    pub fn request_id(mut self, id: [u8; REQUEST_ID_LENGTH]) -> Self {
        self.request_id = Some(id);
        self
    }

    /// A revision that was seen before the request was first sent, such as [`Client::seen`](crate::Client::seen) then. If
    /// that is too long ago for anybody to tell whether it took effect, it is refused rather than done again. Without
    /// this it is first sent now.
    pub fn first_sent_after(mut self, revision: u64) -> Self {
        self.first_sent_after = Some(revision);
        self
    }

    /// How fresh a listing has to be. Without this: as fresh as everything that the client has seen.
    pub fn freshness(mut self, freshness: Freshness) -> Self {
        self.freshness = Some(freshness);
        self
    }

    /// Whether it is sent as a listing, which changes nothing: its first keyword, after comments and the choice of a
    /// language, is `SHOW`. A guess, for the choice of the member and the meaning of a lost answer; the member that
    /// answers decides.
    #[must_use]
    pub fn is_listing(&self) -> bool {
        first_word(self.text.expose()).is_some_and(|word| word.eq_ignore_ascii_case("SHOW"))
    }

    fn access_mode(&self) -> AccessMode {
        if self.is_listing() { AccessMode::Read } else { AccessMode::Write }
    }
}

impl From<&str> for Statement {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Statement {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.parameters.keys().collect();
        f.debug_struct("Statement").field("parameters", &names).finish_non_exhaustive()
    }
}

/// The first keyword: what follows white space, comments and the choice of a language (`CYPHER 25`).
fn first_word(text: &str) -> Option<&str> {
    let mut rest = text.trim_start();
    loop {
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.split_once(['\n', '\r'])?.1.trim_start();
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/")?.1.trim_start();
        } else {
            let end = rest.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let is_prefix = word.eq_ignore_ascii_case("CYPHER") || word.parse::<u8>().is_ok();
            if !is_prefix || word.is_empty() {
                return (!word.is_empty()).then_some(word);
            }
            rest = after.trim_start();
        }
    }
}

// === impl Execution ===

impl Execution {
    pub(crate) async fn start(core: &Arc<Core>, statement: Statement) -> Result<Self, Failure> {
        let mode = statement.access_mode();
        let first_sent_after = match (mode, statement.first_sent_after) {
            (AccessMode::Read, _) => None,
            (_, Some(revision)) => Some(revision),
            // A client that has seen nothing yet leaves it to the member that takes the call.
            (_, None) => Some(core.seen()).filter(|seen| *seen > 0),
        };
        let request = v1::ExecuteRequest {
            statement: statement.text.expose().to_owned(),
            parameters: value::map_to_proto(&statement.parameters),
            request_id: statement.request_id.unwrap_or_else(|| core.runtime.random_bytes()).to_vec(),
            freshness: Some(Freshness::or_seen(statement.freshness, core.seen())),
            first_sent_after_revision: first_sent_after,
        };
        core.call(mode, |attempt| Self::attempt(Arc::clone(core), mode, attempt, request.clone())).await
    }

    /// One attempt. A write is read to its summary here, inside the retries, since only the summary
    /// says that it was done.
    async fn attempt(
        core: Arc<Core>,
        mode: AccessMode,
        attempt: RequestContext,
        request: v1::ExecuteRequest,
    ) -> Result<Self, Status> {
        let stream = AdminClient::new(attempt.channel()).execute(attempt.request(request)).await?.into_inner();
        let mut source = Source { stream, member: attempt.member };
        let Some(Part::Header(header)) = source.part().await? else {
            return Err(invalid_answer("it does not begin with the columns").to_status());
        };
        let mut execution =
            Self { columns: header.columns, rows: VecDeque::new(), source: Some(source), summary: None, core, mode };
        while mode == AccessMode::Write && execution.read_part().await? {}
        Ok(execution)
    }

    /// Names of the columns in order. Empty for a statement that returns no rows.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// The stream broke off. The statement had no effect beyond being read in part; run it again.
    pub async fn next(&mut self) -> Result<Option<Vec<Value>>, Failure> {
        loop {
            if let Some(row) = self.rows.pop_front() {
                return Ok(Some(row));
            }
            let Some(source) = &self.source else {
                return Ok(None);
            };
            let member = Arc::clone(&source.member);
            let limit = self.core.limits.call;
            let runtime = Arc::clone(&self.core.runtime);
            let error = match runtime.timeout(limit, self.read_part()).await {
                Ok(Ok(_)) => continue,
                Ok(Err(status)) => AttemptError::new(&status, &member.address),
                Err(_elapsed) => AttemptError::no_answer(&member.address, limit),
            };
            self.source = None;
            return Err(if error.failure.class.is_retryable() { error.without_effect() } else { error.failure });
        }
    }

    /// What the statement did; `None` while rows are still coming.
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// Reads to the end and returns all rows that were not taken yet, and the summary.
    ///
    /// # Errors
    /// As [`Execution::next`].
    pub async fn collect(mut self) -> Result<(Vec<Vec<Value>>, Summary), Failure> {
        let mut rows = Vec::new();
        while let Some(row) = self.next().await? {
            rows.push(row);
        }
        let summary = self.summary.ok_or_else(|| invalid_answer("it has no summary"))?;
        Ok((rows, summary))
    }

    /// Takes in one more part. False after the summary.
    async fn read_part(&mut self) -> Result<bool, Status> {
        let Some(source) = &mut self.source else {
            return Ok(false);
        };
        match source.part().await? {
            Some(Part::Rows(rows)) => {
                for row in rows.rows {
                    let values: Result<Vec<Value>, _> = row.values.into_iter().map(Value::try_from).collect();
                    let values = values.ok().filter(|values| values.len() == self.columns.len());
                    self.rows.push_back(values.ok_or_else(|| invalid_answer("a row does not fit").to_status())?);
                }
                Ok(true)
            }
            Some(Part::Summary(summary)) => {
                self.finish(summary);
                Ok(false)
            }
            Some(Part::Header(_)) => Err(invalid_answer("it has columns twice").to_status()),
            None => Err(Status::unknown("the answer ended before its summary")),
        }
    }

    fn finish(&mut self, summary: v1::Summary) {
        let Some(source) = self.source.take() else { return };
        if let Some(leader) = &summary.leader {
            self.core.members.learn_leader(leader, &source.member);
        }
        match self.mode {
            AccessMode::Read => self.core.note_seen(summary.revision),
            AccessMode::Write | AccessMode::WriteUnrepeatable => self.core.note_written(summary.revision),
        }
        self.summary = Some(Summary {
            system_updates: summary.counters.unwrap_or_default().system_updates,
            notifications: summary.notifications,
            revision: summary.revision,
        });
    }
}

impl Source {
    async fn part(&mut self) -> Result<Option<Part>, Status> {
        Ok(self.stream.message().await?.and_then(|message| message.part))
    }
}

// Rows are not printed: a value may be anything.
impl fmt::Debug for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution").field("columns", &self.columns).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_are_recognised() {
        for text in
            ["SHOW ALIASES", " show users", "// x\n/* y */ SHOW ROLES", "CYPHER 25 SHOW ROLES", "cypher 5\nshow x"]
        {
            assert_eq!(Statement::new(text).access_mode(), AccessMode::Read, "{text}");
            assert!(Statement::new(text).is_listing(), "{text}");
        }
        for text in [
            "CREATE ALIAS a FOR DATABASE b",
            "CREATE ROLE show",
            "",
            "// SHOW",
            "`SHOW`",
            "SHOWER",
            "CYPHER",
            "25",
            "/* SHOW",
        ] {
            assert_eq!(Statement::new(text).access_mode(), AccessMode::Write, "{text}");
        }
    }

    #[test]
    fn nothing_of_a_statement_is_printed() {
        let statement = Statement::new("ALTER USER u SET PASSWORD 'geheim'").parameter("p", "auch geheim");
        let printed = format!("{statement:?}");
        assert!(!printed.contains("geheim") && printed.contains("\"p\""), "{printed}");
    }
}
