//! What the protocol's values and bytes promise, tested through the public surface: one binary, so that it links once.

mod chunks;
mod clients;
mod connections;
mod driver;
mod generate;
mod handshakes;
mod hex;
mod hostile;
mod maps;
mod messages;
mod recorded;
mod servers;
mod structures;
mod transcripts;
mod values;
