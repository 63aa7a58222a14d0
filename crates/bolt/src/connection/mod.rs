//! What each end of a connection may say when: "Server state specification" in the Bolt documentation, and where that is
//! silent, what Neo4j 5.26 and 2026.09 were seen to do.
//!
//! Both ends are values. They take bytes, and return what is to be done and what is to be sent.

mod client;
mod error;
mod server;
mod state;

pub use client::{ClientConnection, ClientEvent, read_records};
pub use error::{AnswerError, ProtocolError, SendError};
pub use server::{ServerAction, ServerConnection};
pub use state::State;
