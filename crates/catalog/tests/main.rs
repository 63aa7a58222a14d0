//! What the catalog promises, tested through its public surface: one binary, so that it links once.

mod builders;
mod ladder;
