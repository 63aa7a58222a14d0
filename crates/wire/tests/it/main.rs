//! Tests of everything that leaves or enters as bytes, through the public interface alone.

// Clippy allows unwrap in test functions, but does not know the functions that they share.
#![allow(clippy::unwrap_used)]

mod damage;
mod frozen;
mod generate;
mod keys;
mod privileges;
mod round_trip;
mod samples;
mod secrets;
mod surface;
