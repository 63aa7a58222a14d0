//! What tells one statement from every other, so that a request id stands for one of them only.
//!
//! Two attempts of one request seal the same password into different bytes, so it is taken of what the caller sent. That may
//! hold a password: what leaves this module is computed under a key that only members have.

use aliasd_catalog::{ClusterId, KeyId, StatementFingerprint, Value};
use aliasd_cypher::Parameters;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::vault::Vault;

const KEY_CONTEXT: &[u8] = b"aliasd statement fingerprint v1";

/// `None` if this node does not hold that key.
pub(super) fn fingerprint(
    vault: &Vault,
    (cluster, key): (ClusterId, KeyId),
    text: &str,
    parameters: &Parameters,
) -> Option<StatementFingerprint> {
    let derived = vault.derive(key, &[KEY_CONTEXT, &cluster.0].concat())?;
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&*derived).expect("HMAC takes a key of any length");
    let mut print = Fingerprint(mac);
    print.text(text);
    for (name, value) in parameters.iter() {
        print.text(name);
        print.value(value);
    }
    Some(StatementFingerprint(print.0.finalize().into_bytes().into()))
}

/// Takes in lengths before texts and a tag before each value, so that no two statements look alike.
struct Fingerprint(Hmac<Sha256>);

impl Fingerprint {
    fn length(&mut self, length: usize) {
        self.0.update(&(length as u64).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.update(text.as_bytes());
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.0.update(&[0]),
            Value::Boolean(truth) => self.0.update(&[1, u8::from(*truth)]),
            Value::Integer(number) => {
                self.0.update(&[2]);
                self.0.update(&number.to_be_bytes());
            }
            Value::Float(number) => {
                self.0.update(&[3]);
                self.0.update(&number.0.to_bits().to_be_bytes());
            }
            Value::String(text) => {
                self.0.update(&[4]);
                self.text(text);
            }
            Value::List(values) => {
                self.0.update(&[5]);
                self.length(values.len());
                values.iter().for_each(|value| self.value(value));
            }
            Value::Map(map) => {
                self.0.update(&[6]);
                self.length(map.len());
                for (key, value) in map {
                    self.text(key);
                    self.value(value);
                }
            }
            Value::Duration(duration) => {
                self.0.update(&[7]);
                for number in [duration.months, duration.days, duration.seconds, i64::from(duration.nanoseconds)] {
                    self.0.update(&number.to_be_bytes());
                }
            }
        }
    }
}
