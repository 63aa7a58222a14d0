//! Hands whatever libFuzzer makes up to the readers of keystores and certificates.
#![no_main]

#[path = "../files.rs"]
mod files;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| files::check(bytes));
