//! Hands whatever libFuzzer makes up to what reads the Bolt protocol.
#![no_main]

#[path = "../bolt.rs"]
mod bolt;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| bolt::check(bytes));
