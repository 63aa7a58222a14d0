//! Key material on disk: PKCS#12 keystores with AES-256 keys ([`keystore`]), the certificates of a
//! cluster ([`pki`]), how a secret is read that stands in a file ([`mod@text`]), and who else may read it
//! ([`privacy`]). The daemon, the gateway and `aliasctl` read and make them, and none may depend on another.
//!
//! This crate never talks to a network, never encrypts anything but the files it writes, and never lets a
//! key or a password reach a `Debug`, a `Display` or an error.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

mod files;
pub mod keystore;
pub mod pki;
pub mod privacy;
pub mod text;
