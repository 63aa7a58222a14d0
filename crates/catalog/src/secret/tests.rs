//! Secrets print nothing of value.

use std::sync::Arc;

use super::{PasswordHash, PlainSecret, SealedSecret};
use crate::KeyId;

#[test]
fn nothing_of_value_is_printed() {
    let plain = PlainSecret::new("s3cret".into());
    assert_eq!(format!("{plain:?} {plain:#?}"), "'******' '******'");
    assert_eq!(plain.expose(), "s3cret");
    let hash = PasswordHash::new("$argon2id$v=19$s3cret");
    assert_eq!(format!("{hash:?}"), "PasswordHash(******)");
    let sealed = SealedSecret {
        key_id: KeyId([0xab; 16]),
        nonce: [7; 12],
        ciphertext: Arc::from([0xcd_u8; 22]),
        alias_id: None,
    };
    assert_eq!(format!("{sealed:?}"), format!("SealedSecret({})", "ab".repeat(16)));
}
