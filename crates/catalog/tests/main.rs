//! What the catalog promises, tested through its public surface: one binary, so that it links once.

mod access;
mod administration;
mod administrators;
mod aliases;
mod builders;
mod composite;
mod credentials;
mod invariants;
mod ladder;
mod ladders;
mod members;
mod model;
mod properties;
mod requests;
mod resolve;
mod universe;
mod visibility;
