//! What the process uses of its machine, under the names that exporters of all kinds give it (`process_…`).
//!
//! Read when somebody asks. Where the system does not tell, as on one without `/proc`, the last value stays.

use std::fs;
use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage};
use nix::sys::time::TimeValLike;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// The gauges of the process.
#[derive(Debug, Default)]
pub(super) struct Process {
    cpu: Counter<f64, AtomicU64>,
    resident_memory: Gauge,
    open_files: Gauge,
    open_files_max: Gauge,
    started_at: Gauge<f64, AtomicU64>,
}

impl Process {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let process = Self::default();
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        process.started_at.set(since_epoch.as_secs_f64());
        let Self { cpu, resident_memory, open_files, open_files_max, started_at } = &process;
        registry.register_with_unit("process_cpu", "Time of processors used", Unit::Seconds, cpu.clone());
        let help = "Memory that is in use and resident";
        registry.register_with_unit("process_resident_memory", help, Unit::Bytes, resident_memory.clone());
        registry.register("process_open_fds", "Open file descriptors", open_files.clone());
        registry.register("process_max_fds", "How many file descriptors may be open", open_files_max.clone());
        let help = "When the process started, in seconds since 1970";
        registry.register_with_unit("process_start_time", help, Unit::Seconds, started_at.clone());
        process
    }

    /// Asks the system.
    pub(super) fn read(&self) {
        if let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) {
            let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
            // A total that the system keeps: the counter shows it.
            let seconds = std::time::Duration::from_micros(u64::try_from(microseconds).unwrap_or(0)).as_secs_f64();
            self.cpu.inner().store(seconds.to_bits(), std::sync::atomic::Ordering::Relaxed);
        }
        if let Some(bytes) = fs::read_to_string("/proc/self/status").ok().as_deref().and_then(resident) {
            self.resident_memory.set(bytes);
        }
        if let Ok(entries) = fs::read_dir("/proc/self/fd") {
            // One of them is the directory that is being read.
            self.open_files.set(i64::try_from(entries.count().saturating_sub(1)).unwrap_or(i64::MAX));
        }
        if let Ok((soft, _)) = getrlimit(Resource::RLIMIT_NOFILE) {
            self.open_files_max.set(i64::try_from(soft).unwrap_or(i64::MAX));
        }
    }
}

/// The resident memory in bytes, from the status of a process in `/proc`.
fn resident(status: &str) -> Option<i64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.split_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read() {
        assert_eq!(resident("Name:\taliasd\nVmRSS:\t   12 kB\nThreads:\t3\n"), Some(12_288));
        assert_eq!(resident("Name:\taliasd\n"), None);
    }
}
