//! What the catalog promises, tested through its public surface: one binary, so that it links once.

mod builders;
mod invariants;
mod ladder;
mod model;
mod properties;
mod universe;
