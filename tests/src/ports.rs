//! Ports for programs under test.

use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below where systems take the ports of outgoing connections from: a port from there could be taken
/// by somebody's outgoing connection while the node that owns it is down for a restart.
const FIRST: u16 = 16_000;
const COUNT: u16 = 14_000;

/// A TCP port on 127.0.0.1 that nobody listens on now, and that this process hands out once.
///
/// # Panics
/// If all of them are taken.
#[allow(clippy::panic, reason = "a test without a port cannot go on")]
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes that run at the same time start at different places.
    let start = process::id().wrapping_mul(7919) % u32::from(COUNT);
    for _ in 0..COUNT {
        let offset = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let place = (start + offset) % u32::from(COUNT);
        let port = FIRST + u16::try_from(place).expect("a remainder of COUNT fits");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free between {FIRST} and {}", FIRST + COUNT);
}
