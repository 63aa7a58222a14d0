//! The one thread that writes the log and makes it durable.
//!
//! Nothing waits for the device but this thread: Raft's core hands over what is to be written and goes on. Changes are
//! written in the order in which they were submitted.
//!
//! RocksDB does not merge concurrent syncs, so a sync for each append would queue up. This thread takes everything that
//! was submitted meanwhile, writes it at once, syncs once for all who wait, and answers in order: that is the group
//! commit. The first failure is final: everybody then waiting and everybody later gets it, and no sync is tried again,
//! because a failed sync may have dropped the data that a second one would then report as safe.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use aliasd_faults::{Mistake, is_planted};

use super::end::LogEnd;
use super::health::LogHealth;
use super::write::{LogWrite, Waiter};

/// Jobs written at once, at most; bounds the memory of a batch.
const GROUP_MAX: usize = 1024;

/// The device settles after this many syncs,
pub(super) const SYNCS_UNSETTLED_MAX: u32 = 256;
/// or when nothing has come for this long after one.
const SETTLES_AFTER: Duration = Duration::from_secs(1);

/// Where the thread writes to.
pub(crate) trait Device: Send + 'static {
    /// Writes writes in this order, all or, after a crash, the first of them.
    fn write(&mut self, writes: &[LogWrite]) -> io::Result<()>;

    /// Makes everything written before the call durable, and says how far that reaches.
    fn sync(&mut self) -> io::Result<LogEnd>;

    /// Makes durable what need not be at once.
    fn settle(&mut self) -> io::Result<()>;
}

struct Job {
    /// Counts writes, so that the tail knows which are written.
    sequence: u64,
    write: Option<LogWrite>,
    waiter: Option<Waiter>,
}

/// Handle of the thread. Dropping it lets the thread finish what is queued, and waits for nothing: it may be dropped where
/// nothing may block. What the thread writes to is closed by whoever lets go of it last.
pub(crate) struct LogWriter {
    queue: Mutex<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
    written: Arc<AtomicU64>,
}

struct Queue {
    jobs: Option<mpsc::Sender<Job>>,
    submitted: u64,
}

impl LogWriter {
    /// Starts the thread.
    pub(crate) fn start(health: Arc<LogHealth>, device: impl Device) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel();
        let written = Arc::new(AtomicU64::new(0));
        let thread = {
            let written = Arc::clone(&written);
            std::thread::Builder::new()
                .name("log-writer".to_owned())
                .spawn(move || run(&waiting, &health, &written, device))?
        };
        let queue = Mutex::new(Queue { jobs: Some(jobs), submitted: 0 });
        Ok(Self { queue, thread: Mutex::new(Some(thread)), written })
    }

    /// Queues a write, or somebody behind everything submitted before, or both. Returns the write's number.
    pub(crate) fn submit(&self, write: Option<LogWrite>, waiter: Option<Waiter>) -> u64 {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.submitted += 1;
        let sequence = queue.submitted;
        let job = Job { sequence, write, waiter };
        let refused = match &queue.jobs {
            Some(jobs) => jobs.send(job).err().map(|mpsc::SendError(job)| job),
            None => Some(job),
        };
        drop(queue);
        if let Some(Job { waiter: Some(waiter), .. }) = refused {
            waiter.complete(Err(io::Error::other("the log is closed")));
        }
        sequence
    }

    /// The number of the last write that is written, if not yet durable. Can be read back from the device.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Finishes what is queued and ends the thread. Blocks.
    pub(crate) fn close(&self) {
        self.end();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the log writer panicked");
        }
    }

    /// Takes no more; the thread ends after what is queued.
    fn end(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).jobs.take());
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        self.end();
    }
}

fn run(waiting: &mpsc::Receiver<Job>, health: &LogHealth, written: &AtomicU64, mut device: impl Device) {
    let mut unsettled = 0;
    loop {
        let first = match unsettled {
            0 => waiting.recv().map_err(|_| RecvTimeoutError::Disconnected),
            _ => waiting.recv_timeout(SETTLES_AFTER),
        };
        match first {
            Ok(first) => unsettled += u32::from(carry_out(first, waiting, health, written, &mut device)),
            Err(RecvTimeoutError::Timeout) => unsettled = SYNCS_UNSETTLED_MAX,
            Err(RecvTimeoutError::Disconnected) => return settle(health, &mut device),
        }
        if unsettled >= SYNCS_UNSETTLED_MAX {
            unsettled = 0;
            settle(health, &mut device);
        }
    }
}

/// Carries out a job and those that wait behind it, and answers. True if something was synced.
fn carry_out(
    first: Job,
    waiting: &mpsc::Receiver<Job>,
    health: &LogHealth,
    written: &AtomicU64,
    device: &mut impl Device,
) -> bool {
    let (mut writes, mut waiters, mut last) = (Vec::new(), Vec::new(), 0);
    for Job { sequence, write, waiter } in std::iter::once(first).chain(waiting.try_iter().take(GROUP_MAX)) {
        writes.extend(write);
        waiters.extend(waiter);
        last = sequence;
    }
    if is_planted(Mistake::AcknowledgeBeforeFlush) {
        waiters.drain(..).for_each(|waiter: Waiter| waiter.complete(Ok(())));
    }
    if is_planted(Mistake::FlushCallbacksOutOfOrder) {
        waiters.reverse();
    }
    if health.check().is_ok() {
        match make_durable(&writes, &waiters, health, device) {
            Ok(()) => written.store(last, Ordering::Release),
            Err(error) => health.fail(&error),
        }
    }
    let synced = !waiters.is_empty();
    for waiter in waiters {
        waiter.complete(health.check());
    }
    synced
}

fn make_durable(
    writes: &[LogWrite],
    waiters: &[Waiter],
    health: &LogHealth,
    device: &mut impl Device,
) -> io::Result<()> {
    if !writes.is_empty() {
        device.write(writes)?;
    }
    if !waiters.is_empty() {
        let end = device.sync()?;
        health.synced(waiters.len() as u64, end);
    }
    Ok(())
}

fn settle(health: &LogHealth, device: &mut impl Device) {
    if health.check().is_ok()
        && let Err(error) = device.settle()
    {
        health.fail(&error);
    }
}
