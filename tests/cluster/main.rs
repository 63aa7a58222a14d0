//! Tests on real processes: what an operator, a crash or a broken machine does to a cluster.
//!
//! Every test has clusters, directories and ports of its own and leaves nothing behind.

mod audit;
mod crash;
mod damage;
mod foreign;
mod growth;
mod hostile;
mod limits;
mod members;
mod operations;
mod paused;
mod privileges;
mod programs;
mod reload;
mod secrets;
mod signals;
mod story;
mod streams;
mod surface;
mod told;
mod upgrade;
