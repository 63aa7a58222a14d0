//! The dice of the use cases.

/// Random bytes for ids.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes, as it did when the keys were made");
    bytes
}

/// So many random bytes in hexadecimal digits, for names and secrets that somebody reads.
pub fn random_text<const N: usize>() -> String {
    random::<N>().iter().map(|byte| format!("{byte:02x}")).collect()
}
