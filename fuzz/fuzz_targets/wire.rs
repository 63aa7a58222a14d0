//! Hands whatever libFuzzer makes up to the decoders of what comes from disks and connections.
#![no_main]

#[path = "../wire.rs"]
mod wire;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| wire::check(bytes));
