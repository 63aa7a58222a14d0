//! Messages: structures with tags of their own, "Messages" in the Bolt documentation. [`Request`] is what a client says,
//! [`Response`] what a server says.

mod answer;
mod auth;
mod error;
mod extra;
mod failure;
mod field;
mod kind;
mod request;
mod response;
mod transaction;

pub use answer::{FetchAnswer, HelloAnswer, RoutingTable, RunAnswer};
pub use auth::{AuthToken, Secret};
pub use error::{MessageError, MessageErrorKind};
pub use extra::{EncodedMap, NotificationFilter};
pub use failure::{Cause, Failure, GqlStatus};
pub use kind::{RequestKind, ResponseKind};
pub use request::{Fetch, Hello, Request, Route, Run};
pub use response::Response;
pub use transaction::{AccessMode, TransactionExtra};
