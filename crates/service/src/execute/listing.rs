//! A listing that is read while it runs.

use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::{Catalog, Principal, Value};
use aliasd_cypher::SpannedRefusal;
use aliasd_listing::{Listing, run_listing};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::failure::{Failure, NodeFailure};

/// Rows that travel together at most. The first travels alone, so that a reader sees it at once; then the chunks grow.
const CHUNK_ROWS_MAX: usize = 256;
const CHUNK_GROWTH: usize = 4;
/// Chunks that wait for a slow reader. The listing pauses beyond.
const CHUNKS_WAITING: usize = 4;
/// How long a reader may take for some rows before the listing is cut.
const READ_WITHIN: Duration = Duration::from_secs(30);
/// Listings that run at once. More wait for their turn.
pub(super) const RUNNING_MAX: usize = 64;

type Chunk = Vec<Vec<Value>>;

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
    running: &Arc<Semaphore>,
    catalog: Catalog,
    who: Principal,
    listing: Listing,
) -> Result<(Vec<String>, RowStream), SpannedRefusal> {
    let (sender, rows) = mpsc::channel(CHUNKS_WAITING);
    let (begun, beginning) = oneshot::channel();
    // Threads that wait for readers are threads that sealing and storing cannot have.
    let permit = Arc::clone(running).acquire_owned().await.expect("nobody closes the semaphore");
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let mut table = match run_listing(&catalog, &who, &listing) {
            Ok(table) => table,
            Err(refusal) => return drop(begun.send(Err(refusal))),
        };
        let columns = std::mem::take(&mut table.columns);
        if begun.send(Ok(columns)).is_err() {
            return;
        }
        for rows in chunk_sizes() {
            let chunk: Result<Chunk, _> = table.by_ref().take(rows).collect();
            let last = !matches!(&chunk, Ok(chunk) if !chunk.is_empty());
            let chunk = chunk.map_err(|refusal| Failure::of_refusal(&refusal.without_place()));
            if runtime.block_on(sender.send_timeout(chunk, READ_WITHIN)).is_err() || last {
                return;
            }
        }
    });
    let columns = beginning.await.expect("the listing answers before it ends")?;
    Ok((columns, RowStream(Some(rows))))
}

/// How many rows each chunk of a listing holds, without end.
fn chunk_sizes() -> impl Iterator<Item = usize> {
    std::iter::successors(Some(1), |rows| Some((rows * CHUNK_GROWTH).min(CHUNK_ROWS_MAX)))
}
