//! What the protocol's values and bytes promise, tested through the public surface: one binary, so that it links once.

mod chunks;
mod driver;
mod generate;
mod hex;
mod hostile;
mod maps;
mod structures;
mod values;
