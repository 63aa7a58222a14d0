//! `system`: statements of the administration language, run as the user who is logged in.
//!
//! Each takes effect by itself when it is run, whether or not a BEGIN stands before it: the catalog has no transactions of several
//! statements. A ROLLBACK that would have to undo something is refused, so that nobody takes it for undone.

use std::collections::BTreeMap;

use aliasd_bolt::{Failure, Fetch, FetchAnswer, Map, Request, Response, Run, RunAnswer, TransactionExtra, Value};
use aliasd_client::messages::{Notification, NotificationSeverity};
use aliasd_client::{Execution, Freshness, Statement, Summary};
use aliasd_cypher::Span;

use super::front::Disturbance;
use super::place::{Place, SYSTEM};
use super::{Session, refused, values};
use crate::bookmarks;
use crate::failure;
use crate::query;

/// A transaction on `system`, explicit or of one statement.
pub(super) struct SystemTransaction {
    is_explicit: bool,
    is_named: bool,
    has_written: bool,
    /// What the client has seen of the catalog, by its bookmarks.
    seen: Option<u64>,
    /// The latest revision that a statement was run at.
    revision: u64,
    /// By number.
    results: BTreeMap<i64, SystemResult>,
    next_result: i64,
}

/// What a statement gives.
struct SystemResult {
    execution: Execution,
    is_listing: bool,
    /// A row that was looked at to see whether there is one.
    peeked: Option<Vec<aliasd_client::Value>>,
}

// === impl SystemTransaction ===

impl SystemTransaction {
    /// Without statements.
    pub(super) fn new(is_explicit: bool, extra: &TransactionExtra) -> Self {
        Self {
            is_explicit,
            is_named: extra.database.is_some(),
            has_written: false,
            seen: bookmarks::catalog_revision(&extra.bookmarks),
            revision: 0,
            results: BTreeMap::new(),
            next_result: 0,
        }
    }

    /// Whether there is anything that ROLLBACK would have to undo.
    pub(super) fn has_written(&self) -> bool {
        self.has_written
    }

    /// What COMMIT is answered with.
    pub(super) fn committed(&self) -> Map {
        match self.revision {
            0 => Map::new(),
            revision => Map::new().with("bookmark", bookmarks::of_catalog(revision)),
        }
    }
}

impl Session {
    /// RUN on `system`. `clause`: what of the query says so.
    pub(super) async fn administer(
        &mut self,
        mut transaction: SystemTransaction,
        run: Run,
        clause: Option<Span>,
    ) -> Result<Response, Disturbance> {
        let parameters = run.parameters.decode(self.front.server.dialect(), self.gateway.limits);
        let parameters = match parameters {
            Ok(parameters) => values::map_of_bolt(parameters),
            Err(error) => return Ok(refused(failure::invalid(error.to_string()))),
        };
        let parameters = match parameters {
            Ok(parameters) => parameters,
            Err(error) => return Ok(refused(unknown_parameter(error))),
        };
        let text = match clause {
            Some(clause) => query::without(&run.query, clause),
            None => run.query,
        };
        let mut statement = Statement::new(text).parameters(parameters);
        let is_listing = statement.is_listing();
        if let Some(seen) = transaction.seen {
            statement = statement.freshness(Freshness::AtLeast(seen));
        }
        let Some(client) = self.user.as_mut().and_then(|user| user.client(&self.gateway.members)) else {
            return Ok(refused(failure::login_ended()));
        };
        let execution = match self.front.undisturbed(client.execute(statement)).await? {
            Ok(execution) => execution,
            Err(said) => return Ok(refused(told(&said))),
        };
        transaction.has_written |= !is_listing;
        let number = transaction.next_result;
        transaction.next_result += 1;
        let says_database = !transaction.is_explicit && !transaction.is_named && self.version.has_resolved_database();
        let answer = RunAnswer {
            fields: execution.columns().to_vec(),
            t_first_ms: Some(0),
            result: transaction.is_explicit.then_some(number),
            database: says_database.then(|| SYSTEM.to_owned()),
            other: Map::new(),
        };
        transaction.results.insert(number, SystemResult { execution, is_listing, peeked: None });
        self.place = Place::System(Box::new(transaction));
        Ok(Response::Success(answer.write()))
    }

    /// PULL and DISCARD on `system`.
    pub(super) async fn fetch_listing(
        &mut self,
        mut transaction: SystemTransaction,
        request: &Request,
    ) -> Result<Response, Disturbance> {
        let (Request::Pull(Fetch { rows, result }) | Request::Discard(Fetch { rows, result })) = request else {
            return Ok(refused(failure::invalid("There is no result.")));
        };
        let shows = matches!(request, Request::Pull(_));
        let number = result.or_else(|| transaction.results.keys().next_back().copied()).unwrap_or_default();
        let Some(mut result) = transaction.results.remove(&number) else {
            return Ok(refused(failure::invalid(format!("There is no result {number}."))));
        };
        let mut left = rows.unwrap_or(i64::MAX);
        loop {
            let row = match result.peeked.take() {
                Some(row) => Ok(Some(row)),
                None => self.front.undisturbed(result.execution.next()).await?,
            };
            let row = match row {
                Ok(Some(row)) => row,
                Ok(None) => break,
                Err(said) => return Ok(refused(told(&said))),
            };
            if left == 0 {
                result.peeked = Some(row);
                transaction.results.insert(number, result);
                self.place = Place::System(Box::new(transaction));
                return Ok(Response::Success(FetchAnswer { has_more: true, ..FetchAnswer::default() }.write()));
            }
            left -= 1;
            if shows {
                self.front.answer(&Response::Record(row.into_iter().map(values::to_bolt).collect()));
                while self.front.is_full() {
                    self.front.turn().await.map_err(|_| Disturbance::Gone)?;
                    self.front.disturbance()?;
                }
            }
        }
        let summary = result.execution.summary().cloned().unwrap_or_default();
        transaction.revision = transaction.revision.max(summary.revision);
        let answer = FetchAnswer {
            has_more: false,
            bookmark: (!transaction.is_explicit).then(|| bookmarks::of_catalog(summary.revision)),
            database: Some(SYSTEM.to_owned()),
            other: summarised(&summary, result.is_listing, self.version.has_classifications()),
        };
        if transaction.is_explicit {
            self.place = Place::System(Box::new(transaction));
        }
        Ok(Response::Success(answer.write()))
    }
}

fn told(said: &aliasd_client::Failure) -> Failure {
    if failure::is_about_login(said) { failure::login_ended() } else { failure::of_catalog(said) }
}

fn unknown_parameter(error: values::UnknownTypeError) -> Failure {
    failure::invalid(format!("A parameter is {}, which the administration language does not have.", error.type_name))
}

/// What a statement did, as drivers read it.
fn summarised(summary: &Summary, is_listing: bool, has_statuses: bool) -> Map {
    let updates = i64::try_from(summary.system_updates).unwrap_or(i64::MAX);
    let mut map = Map::new().with("type", if is_listing { "r" } else { "s" }).with("t_last", 0_i64);
    if updates > 0 {
        map.insert("stats", Map::new().with("contains-system-updates", true).with("system-updates", updates));
    }
    if !summary.notifications.is_empty() {
        let (name, write): (_, fn(&Notification) -> Map) =
            if has_statuses { ("statuses", status) } else { ("notifications", notification) };
        let notes: Vec<Value> = summary.notifications.iter().map(|note| Value::Map(write(note))).collect();
        map.insert(name, notes);
    }
    map
}

fn severity(note: &Notification) -> &'static str {
    match note.severity() {
        NotificationSeverity::Warning => "WARNING",
        NotificationSeverity::Information | NotificationSeverity::Unspecified => "INFORMATION",
    }
}

/// What a person reads: what happened and what to do about it.
fn described(note: &Notification) -> String {
    if note.hint.is_empty() { note.message.clone() } else { format!("{} {}", note.message, note.hint) }
}

/// As versions before 5.5 have it.
fn notification(note: &Notification) -> Map {
    Map::new()
        .with("code", note.neo4j_code.as_str())
        .with("title", note.message.as_str())
        .with("description", described(note))
        .with("severity", severity(note))
        .with("category", "GENERIC")
}

/// As versions since 5.5 have it.
fn status(note: &Notification) -> Map {
    let record = Map::new().with("_severity", severity(note)).with("_classification", "GENERIC");
    Map::new()
        .with("gql_status", note.gqlstatus.as_str())
        .with("status_description", format!("info: {}", note.message))
        .with("neo4j_code", note.neo4j_code.as_str())
        .with("title", note.message.as_str())
        .with("description", described(note))
        .with("diagnostic_record", record)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Summary {
        let note = Notification {
            code: "ALIAS_EXISTS".to_owned(),
            gqlstatus: "00NA0".to_owned(),
            message: "Nothing was done.".to_owned(),
            severity: NotificationSeverity::Information.into(),
            ..Notification::default()
        };
        let mut summary = Summary::default();
        (summary.system_updates, summary.notifications) = (2, vec![note]);
        summary
    }

    #[test]
    fn counters_and_notifications_are_in_the_words_of_the_version() {
        let map = summarised(&example(), false, true);
        let stats = map.get("stats").and_then(Value::as_map).expect("there are counters");
        assert_eq!(stats.get("system-updates"), Some(&Value::Integer(2)));
        let statuses = map.get("statuses").and_then(Value::as_list).expect("there are statuses");
        assert_eq!(statuses[0].as_map().and_then(|map| map.get("gql_status")), Some(&Value::from("00NA0")));
        let old = summarised(&example(), true, false);
        assert!(old.get("statuses").is_none() && old.get("notifications").is_some());
        assert_eq!(old.get("type"), Some(&Value::from("r")));
        let nothing = summarised(&Summary::default(), true, true);
        assert!(nothing.get("stats").is_none() && nothing.get("statuses").is_none());
    }
}
