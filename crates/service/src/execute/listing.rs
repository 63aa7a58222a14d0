//! A listing that is read while it runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use aliasd_catalog::{Catalog, Principal, Value};
use aliasd_cypher::SpannedRefusal;
use aliasd_listing::{Listing, run_listing};
use aliasd_runtime::SharedRuntime;
use futures::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::failure::{Failure, NodeFailure};

/// Rows that travel together at most. The first travels alone, so that a reader sees it at once; then the chunks grow.
const CHUNK_ROWS_MAX: usize = 256;
const CHUNK_GROWTH: usize = 4;
/// Bytes that a chunk has at most, but for its last row.
const CHUNK_BYTES_MAX: usize = 512 * 1024;
/// Bytes of the largest row that is given out: a chunk with it fits into the 4 MiB that clients take.
const ROW_BYTES_MAX: usize = 3 * 1024 * 1024;
/// What a value has besides its text, in bytes, at most.
const VALUE_BYTES: usize = 32;
/// Chunks that wait for a slow reader. The listing pauses beyond.
const CHUNKS_WAITING: usize = 4;
/// How long a reader may take for some rows before the listing is cut.
const READ_WITHIN: Duration = Duration::from_secs(30);
/// Listings that run at once. More wait for their turn.
const RUNNING_MAX: usize = 64;
/// Listings of one user that run at once: whoever reads slowly keeps only itself waiting.
const RUNNING_OF_A_USER_MAX: usize = 8;

type Chunk = Vec<Vec<Value>>;

/// Whose turn it is. Threads that wait for readers are threads that sealing and storing cannot have, so they are few.
pub(super) struct Turns {
    all: Arc<Semaphore>,
    /// Of the users who list or wait now.
    of_users: Mutex<BTreeMap<Principal, Weak<Semaphore>>>,
}

/// Held while a listing runs.
pub(super) struct Turn {
    _one: OwnedSemaphorePermit,
    _of_user: OwnedSemaphorePermit,
    /// Keeps the user's bound known for as long as anything counts against it.
    _bound: Arc<Semaphore>,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self { all: Arc::new(Semaphore::new(RUNNING_MAX)), of_users: Mutex::default() }
    }

    /// Waits for a turn: first among the user's own listings, then among all.
    pub(super) async fn take(&self, who: &Principal) -> Turn {
        let bound = self.bound_of(who);
        let open = "nobody closes the semaphore";
        let of_user = Arc::clone(&bound).acquire_owned().await.expect(open);
        let one = Arc::clone(&self.all).acquire_owned().await.expect(open);
        Turn { _one: one, _of_user: of_user, _bound: bound }
    }

    fn bound_of(&self, who: &Principal) -> Arc<Semaphore> {
        let mut of_users = self.of_users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bound) = of_users.get(who).and_then(Weak::upgrade) {
            return bound;
        }
        of_users.retain(|_, bound| bound.strong_count() > 0);
        let bound = Arc::new(Semaphore::new(RUNNING_OF_A_USER_MAX));
        of_users.insert(who.clone(), Arc::downgrade(&bound));
        bound
    }
}

/// The rows of a listing, some at a time.
pub struct RowStream(Option<mpsc::Receiver<Result<Chunk, Failure>>>);

impl RowStream {
    /// The next rows, never none of them; nothing after the last.
    ///
    /// # Errors
    /// A row has no value, or the rows were not read in time. Nothing follows.
    pub async fn next(&mut self) -> Result<Option<Chunk>, Failure> {
        let Some(chunks) = &mut self.0 else { return Ok(None) };
        match chunks.recv().await {
            Some(Ok(chunk)) if !chunk.is_empty() => Ok(Some(chunk)),
            end => {
                self.0 = None;
                // The last chunk is empty. A channel that closes before has been cut.
                end.unwrap_or_else(|| Err(NodeFailure::ListingCut {}.into())).map(|_| None)
            }
        }
    }
}

/// Starts a listing on a thread that may take its time: it yields rows while they are read, and never holds them
/// all unless they must be ordered. Ends when nobody reads. Gives the names of the columns and the rows.
pub(super) async fn start(
    turns: &Turns,
    runtime: &SharedRuntime,
    catalog: Catalog,
    who: Principal,
    listing: Listing,
) -> Result<(Vec<String>, RowStream), SpannedRefusal> {
    let (sender, rows) = mpsc::channel(CHUNKS_WAITING);
    let (begun, beginning) = oneshot::channel();
    let turn = turns.take(&who).await;
    let clock = Arc::clone(runtime);
    let list = async move {
        let _turn = turn;
        let mut table = match run_listing(&catalog, &who, &listing) {
            Ok(table) => table,
            Err(refusal) => return drop(begun.send(Err(refusal))),
        };
        let columns = std::mem::take(&mut table.columns);
        if begun.send(Ok(columns)).is_err() {
            return;
        }
        for rows in chunk_sizes() {
            let chunk = next_chunk(&mut table, rows);
            let last = !matches!(&chunk, Ok(chunk) if !chunk.is_empty());
            let read = clock.timeout(READ_WITHIN, sender.send(chunk)).await;
            if !matches!(read, Ok(Ok(()))) || last {
                return;
            }
        }
    };
    runtime.spawn_on_thread(list.boxed());
    let columns = beginning.await.expect("the listing answers before it ends")?;
    Ok((columns, RowStream(Some(rows))))
}

/// The next rows: so many, or fewer large ones.
fn next_chunk(
    table: &mut impl Iterator<Item = Result<Vec<Value>, SpannedRefusal>>,
    rows_max: usize,
) -> Result<Chunk, Failure> {
    let (mut chunk, mut bytes) = (Chunk::new(), 0);
    while chunk.len() < rows_max
        && bytes < CHUNK_BYTES_MAX
        && let Some(row) = table.next()
    {
        let row = row.map_err(|refusal| Failure::of_refusal(&refusal.without_place()))?;
        let row_bytes = row.iter().map(bytes_of).sum::<usize>();
        if row_bytes > ROW_BYTES_MAX {
            return Err(
                NodeFailure::RowTooLarge { bytes: row_bytes.to_string(), limit: ROW_BYTES_MAX.to_string() }.into()
            );
        }
        bytes += row_bytes;
        chunk.push(row);
    }
    Ok(chunk)
}

/// How many bytes a value takes in a message, at most.
fn bytes_of(value: &Value) -> usize {
    VALUE_BYTES
        + match value {
            Value::String(text) => text.len(),
            Value::List(values) => values.iter().map(bytes_of).sum(),
            Value::Map(map) => map.iter().map(|(key, value)| key.len() + VALUE_BYTES + bytes_of(value)).sum(),
            Value::Null | Value::Boolean(_) | Value::Integer(_) | Value::Float(_) | Value::Duration(_) => 0,
        }
}

/// How many rows each chunk of a listing holds, without end.
fn chunk_sizes() -> impl Iterator<Item = usize> {
    std::iter::successors(Some(1), |rows| Some((rows * CHUNK_GROWTH).min(CHUNK_ROWS_MAX)))
}

#[cfg(test)]
mod tests {
    use aliasd_catalog::UserName;

    use super::*;

    fn rows(count: usize, bytes: usize) -> impl Iterator<Item = Result<Vec<Value>, SpannedRefusal>> {
        (0..count).map(move |_| Ok(vec![Value::String("x".repeat(bytes)), Value::Integer(1)]))
    }

    #[test]
    fn a_chunk_is_bounded_in_rows_and_in_bytes() {
        let mut narrow = rows(1000, 10);
        assert_eq!(next_chunk(&mut narrow, CHUNK_ROWS_MAX).unwrap().len(), CHUNK_ROWS_MAX);
        let (mut wide, mut read) = (rows(300, 100_000), 0);
        loop {
            let chunk = next_chunk(&mut wide, CHUNK_ROWS_MAX).unwrap();
            if chunk.is_empty() {
                break;
            }
            read += chunk.len();
            assert!(chunk.iter().flatten().map(bytes_of).sum::<usize>() < CHUNK_BYTES_MAX + 101_000);
        }
        assert_eq!(read, 300, "every row is given out");
    }

    #[test]
    fn a_row_that_no_message_holds_is_refused_by_name() {
        let failure = next_chunk(&mut rows(1, ROW_BYTES_MAX), 1).unwrap_err();
        assert_eq!(failure.code, "ROW_TOO_LARGE");
        assert_eq!(next_chunk(&mut rows(1, ROW_BYTES_MAX - 100), 1).unwrap().len(), 1);
    }

    fn user(name: &str) -> Principal {
        Principal::User(UserName::new(name).unwrap())
    }

    /// A turn, if there is one without waiting. Tokio makes a task wait now and then for the sake of others.
    fn at_once(turns: &Turns, who: &Principal) -> Option<Turn> {
        tokio::task::unconstrained(turns.take(who)).now_or_never()
    }

    #[tokio::test]
    async fn a_user_who_reads_slowly_keeps_nobody_else_waiting() {
        let turns = Turns::new();
        let mut slow = Vec::new();
        for _ in 0..RUNNING_OF_A_USER_MAX {
            slow.push(turns.take(&user("mallory")).await);
        }
        assert!(at_once(&turns, &user("mallory")).is_none(), "the next one waits");
        let others: Vec<_> =
            (0..RUNNING_MAX - RUNNING_OF_A_USER_MAX).map(|number| user(&format!("u{number}"))).collect();
        let mut held = Vec::new();
        for other in &others {
            held.push(at_once(&turns, other).expect("somebody else has a turn at once"));
        }
        assert!(at_once(&turns, &user("alice")).is_none(), "all are taken");
        slow.pop();
        assert!(at_once(&turns, &user("alice")).is_some());
        drop((slow, held));
        turns.bound_of(&user("bob"));
        assert_eq!(turns.of_users.lock().unwrap().len(), 1, "who lists nothing is forgotten");
    }
}
