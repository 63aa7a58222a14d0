//! Chunks: however the input is split, the same messages come out.

use aliasd_bolt::{ChunkError, Dechunker, Limits, NOOP, put_chunks};
use proptest::prelude::*;

/// A message, cut into chunks at some places and with signs of life before it.
#[derive(Clone, Debug)]
struct Sent {
    noops: usize,
    message: Vec<u8>,
    cuts: Vec<usize>,
}

fn sent() -> impl Strategy<Value = Sent> {
    let message = prop_oneof![proptest::collection::vec(any::<u8>(), 1..40), Just(vec![0xB1; 70_000])];
    (0_usize..3, message, proptest::collection::vec(1_usize..50, 0..4)).prop_map(|(noops, message, cuts)| Sent {
        noops,
        message,
        cuts,
    })
}

impl Sent {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend(NOOP.repeat(self.noops));
        let mut rest = &self.message[..];
        for cut in &self.cuts {
            let (chunk, behind) = rest.split_at((*cut).min(rest.len().saturating_sub(1)));
            rest = behind;
            if !chunk.is_empty() {
                out.extend(u16::try_from(chunk.len()).expect("a short chunk").to_be_bytes());
                out.extend(chunk);
            }
        }
        put_chunks(rest, out);
    }
}

fn limits() -> Limits {
    Limits::new(100_000, 10)
}

/// What a dechunker returns: the messages, and how many signs of life.
fn received<'a>(parts: impl Iterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, usize) {
    let mut dechunker = Dechunker::new(limits());
    let (mut messages, mut noops) = (Vec::new(), 0);
    for part in parts {
        dechunker.push(part);
        while let Some(frame) = dechunker.next_frame().expect("within the limits") {
            assert_eq!(frame.is_noop(), frame.raw() == NOOP);
            if frame.is_noop() {
                noops += 1;
                continue;
            }
            let message = frame.message().into_owned();
            assert_eq!(message.len(), frame.message_bytes());
            let tag = (message.len() > 1 && message[0] >> 4 == 0xB).then(|| message[1]);
            assert_eq!(frame.tag(), tag);
            messages.push(message);
        }
    }
    assert_eq!(dechunker.waiting(), 0);
    (messages, noops)
}

proptest! {
    #[test]
    fn any_split_of_the_input_gives_the_same_messages(
        all in proptest::collection::vec(sent(), 0..6),
        splits in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12),
    ) {
        let mut bytes = Vec::new();
        all.iter().for_each(|sent| sent.put(&mut bytes));
        let mut ends: Vec<usize> = splits.iter().map(|split| split.index(bytes.len() + 1)).chain([bytes.len()]).collect();
        ends.sort_unstable();
        let starts = std::iter::once(&0).chain(&ends);
        let parts = starts.zip(&ends).map(|(start, end)| &bytes[*start..*end]);
        let expected: Vec<Vec<u8>> = all.iter().map(|sent| sent.message.clone()).collect();
        prop_assert_eq!(received(parts), (expected, all.iter().map(|sent| sent.noops).sum()));
    }

    #[test]
    fn frames_put_together_are_the_input(all in proptest::collection::vec(sent(), 0..6)) {
        let mut bytes = Vec::new();
        all.iter().for_each(|sent| sent.put(&mut bytes));
        let mut dechunker = Dechunker::wiping(limits());
        dechunker.push(&bytes);
        let mut again = Vec::new();
        while let Some(frame) = dechunker.next_frame().unwrap() {
            again.extend_from_slice(frame.raw());
        }
        prop_assert_eq!(again, bytes);
    }
}

#[test]
fn one_byte_at_a_time_is_enough() {
    let mut bytes = Vec::new();
    Sent { noops: 1, message: (0..200).collect(), cuts: vec![1, 7, 100] }.put(&mut bytes);
    assert_eq!(received(bytes.chunks(1)), (vec![(0..200).collect()], 1));
}

#[test]
fn a_message_over_the_limit_is_refused_before_it_is_there() {
    let mut dechunker = Dechunker::new(Limits::new(10, 10));
    dechunker.push(&[0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0]);
    assert_eq!(dechunker.next_frame(), Ok(None));
    dechunker.push(&[3]);
    let error = ChunkError { message_bytes: 11, message_bytes_max: 10 };
    assert_eq!(dechunker.next_frame(), Err(error));
    assert_eq!(error.to_string(), "a message of at least 11 bytes, and at most 10 are taken");
    assert_eq!(dechunker.next_frame(), Err(error), "and nothing is read after that");
}

#[test]
fn limits_change_between_messages() {
    let mut dechunker = Dechunker::new(Limits::new(4, 10));
    dechunker.push(&[0, 4, 1, 2, 3, 4, 0, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0]);
    assert!(dechunker.next_frame().unwrap().is_some());
    dechunker.set_limits(Limits::new(5, 10));
    assert_eq!(dechunker.next_frame().unwrap().unwrap().message().as_ref(), [1, 2, 3, 4, 5]);
}
