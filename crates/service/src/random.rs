//! The dice of the use cases.

/// Random bytes for ids.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes, as it did when the keys were made");
    bytes
}
