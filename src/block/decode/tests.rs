use super::*;
use crate::block::random::Random;
use crate::block::reference::{self, Fault};

/// What `decode` has to return and write.
fn decode_plainly(block: &[u8], window: &[u8], floor: usize, start: usize) -> Result<Vec<u8>, DecodeError> {
    reference::decode(block, &window[floor..start], window.len() - start)
        .map(|(page, _)| page)
        .map_err(|fault| match fault {
            Fault::OutputFull => OutputFull,
            Fault::Truncated => Truncated,
            Fault::MatchOffset { offset, reach } => MatchOffset { offset, reach },
        })
}

/// Decodes at every pace, and compares result and bytes with `decode_plainly`. Nothing below `start` may change.
fn check(block: &[u8], window: &[u8], floor: usize, start: usize) -> Result<usize, DecodeError> {
    let expected = decode_plainly(block, window, floor, start);
    for version in [Version::Upto16, Version::Upto18, Version::Upto64] {
        for (stay, debt) in [(1, 0), (PIECE, MANY)] {
            let pace = Pace { version, stay, debt };
            check_at(pace, block, window, floor, start, &expected);
        }
    }
    expected.map(|out| out.len())
}

fn check_at(
    mut pace: Pace,
    block: &[u8],
    window: &[u8],
    floor: usize,
    start: usize,
    expected: &Result<Vec<u8>, DecodeError>,
) {
    let mut ours = window.to_vec();
    let (mut at, mut to) = (0, start);
    let found = decode(block, &mut at, &mut ours, floor, &mut to, &mut pace).map(|()| to - start);
    assert_eq!(
        found,
        expected.as_ref().map(|out| out.len()).map_err(|error| *error),
        "{block:?} {floor} {start}"
    );
    if let Ok(out) = expected {
        assert!(ours[start..start + out.len()] == out[..], "{block:?} {floor} {start}");
    }
    assert!(ours[..start] == window[..start]);
    if found == Err(OutputFull) {
        // With more room, decoding resumes as if there had been enough from the start.
        let mut window = window.to_vec();
        window.resize(window.len() + 5000, 0);
        ours.resize(window.len(), 0);
        let expected = decode_plainly(block, &window, floor, start);
        let found = decode(block, &mut at, &mut ours, floor, &mut to, &mut pace).map(|()| &ours[start..to]);
        assert_eq!(
            found.map_err(Some),
            expected.as_ref().map(|out| &out[..]).map_err(|error| Some(*error))
        );
    }
}

/// Checks with as much room as the fast loop likes, with exactly enough, and with one byte too few.
fn check_fits(block: &[u8], history: &[u8], floor: usize) -> usize {
    let mut window = history.to_vec();
    window.resize(history.len() + (1 << 20), 0xA5);
    let size = check(block, &window, floor, history.len()).unwrap();
    for room in [size, size + 1, size + 31, size + 64, size + SLACK] {
        assert_eq!(
            check(block, &window[..history.len() + room], floor, history.len()),
            Ok(size)
        );
    }
    if size > 0 {
        assert_eq!(
            check(block, &window[..history.len() + size - 1], floor, history.len()),
            Err(OutputFull)
        );
    }
    size
}

/// Mostly small, occasionally large.
fn random_length(random: &mut Random) -> usize {
    match random.below(12) {
        0 => random.below(700),
        1 => random.below(140),
        2..5 => random.below(40),
        _ => random.below(15),
    }
}

fn push_extension(block: &mut Vec<u8>, length: usize) {
    if length >= 15 {
        block.extend(std::iter::repeat_n(255, (length - 15) / 255));
        block.push(((length - 15) % 255) as u8);
    }
}

fn push_sequence(block: &mut Vec<u8>, literals: &[u8], offset: usize, length: usize) {
    block.push((literals.len().min(15) << 4 | (length - 4).min(15)) as u8);
    push_extension(block, literals.len());
    block.extend_from_slice(literals);
    block.extend_from_slice(&(offset as u16).to_le_bytes());
    push_extension(block, length - 4);
}

fn push_last(block: &mut Vec<u8>, literals: &[u8]) {
    block.push((literals.len().min(15) << 4) as u8);
    push_extension(block, literals.len());
    block.extend_from_slice(literals);
}

/// A valid block with this many sequences before the last one.
fn random_block(random: &mut Random, history: usize, sequences: usize) -> Vec<u8> {
    let mut block = Vec::new();
    let mut reach = history;
    for _ in 0..sequences {
        let count = random_length(random) + (reach == 0) as usize;
        let literals = random.bytes(count);
        reach += literals.len();
        let limit = if random.below(2) == 0 {
            reach.min(40)
        } else {
            reach.min(65535)
        };
        let offset = 1 + random.below(limit);
        let length = 4 + random_length(random);
        push_sequence(&mut block, &literals, offset, length);
        reach += length;
    }
    let count = random_length(random);
    push_last(&mut block, &random.bytes(count));
    block
}

#[test]
fn smallest_blocks() {
    assert_eq!(check(&[], &[0; 64], 0, 0), Err(Truncated));
    assert_eq!(check(&[0], &[], 0, 0), Ok(0));
    assert_eq!(check(&[0], &[0; 64], 3, 64), Ok(0));
    assert_eq!(check(&[0x10], &[0; 64], 0, 0), Err(Truncated));
    assert_eq!(check(&[0x10, 7], &[0; 64], 0, 0), Ok(1));
    assert_eq!(check(&[0x10, 7], &[], 0, 0), Err(OutputFull));
    // The block ends after a match.
    assert_eq!(check(&[0x10, 7, 1, 0], &[0; 64], 0, 0), Err(Truncated));
    assert_eq!(check(&[0x10, 7, 1, 0, 0], &[0; 64], 0, 0), Ok(5));
}

#[test]
fn wrong_offsets() {
    let window = [9; 1000];
    for start in [0, 8, 16, 100, 500] {
        for floor in [0, start / 2, start] {
            for literals in [0, 1, 14, 15, 40, 70, 200] {
                let reach = start - floor + literals;
                for (offset, good) in [
                    (0, false),
                    (1, reach > 0),
                    (reach, reach > 0),
                    (reach + 1, false),
                    (65535, false),
                ] {
                    let mut block = Vec::new();
                    push_sequence(&mut block, &vec![1; literals], offset, 6);
                    push_last(&mut block, &[2; 100]);
                    let expected = match offset {
                        _ if good => Ok(literals + 106),
                        _ => Err(MatchOffset { offset, reach }),
                    };
                    assert_eq!(check(&block, &window, floor, start), expected);
                }
            }
        }
    }
}

/// After an error, decoding stands before the sequence that is wrong, also if it was cut off just before a length byte.
#[test]
fn errors_are_where_the_sequence_begins() {
    for before in [&b""[..], &[0x1F, b'a', 1, 0, 100], &[7; 200]] {
        for cut in [
            &[15, 1, 0, 0][..],
            &[0x1F, b'a', 1, 0],
            &[0x1F, b'a', 1],
            &[0xF0],
            &[0xF0, 255],
            &[0x1F, b'a', 1, 0, 255],
            &[0x1F, b'a', 1, 0, 255, 255],
            &[0x1F, b'a', 1, 0, 255, 255, 0],
        ] {
            let mut block = before.to_vec();
            if before.len() == 200 {
                block = vec![];
                push_sequence(&mut block, before, 1, 4);
            }
            let begin = block.len();
            block.extend_from_slice(cut);
            let mut window = [5; 2000];
            let (mut at, mut to) = (0, 100);
            let result = decode(&block, &mut at, &mut window, 0, &mut to, &mut Pace::default());
            assert_eq!(result, Err(Truncated));
            assert_eq!(at, begin, "{cut:?}");
            let decoded = match before.len() {
                0 => 0,
                5 => 1 + 4 + 15 + 100,
                _ => 204,
            };
            assert_eq!(to, 100 + decoded, "{cut:?}");
        }
    }
}

#[test]
fn overlapping_matches() {
    let history = Random::new(5).bytes(100);
    for offset in 1..=64 {
        for length in 4..=300 {
            let mut block = Vec::new();
            push_sequence(&mut block, &history[..length % 5], offset, length);
            push_last(&mut block, &history[..length % 97]);
            assert_eq!(check_fits(&block, &history, 0), length % 5 + length + length % 97);
        }
    }
}

#[test]
fn long_lengths() {
    let bytes = Random::new(3).bytes(70_000);
    for base in [0, 15, 15 + 255, 15 + 2 * 255, 15 + 10 * 255, 32, 64, 128, 65_536] {
        for length in base - base.min(2)..=base + 2 {
            for offset in [1, 3, 15, 16, 17, 31, 32, 64, 100, 1000] {
                let mut block = Vec::new();
                push_sequence(&mut block, &bytes[..length], offset, 4);
                push_sequence(&mut block, &bytes[..3], offset, length + 4);
                push_last(&mut block, &bytes[..length]);
                check_fits(&block, &bytes[..1000], 0);
            }
        }
    }
}

/// The length bytes of these matches take the fast loop past its usual bounds, at the end of the block and inside.
#[test]
fn very_long_matches() {
    let history = Random::new(8).bytes(3000);
    for length in [273, 274, 275, 528, 529, 530, 783, 784, 2000, 5000, 40_000] {
        for offset in [1, 2, 7, 8, 15, 16, 17, 64, 273, 274, 400, 1999, 2000, 3000] {
            for after in [0, 5, 20, 80] {
                let mut block = Vec::new();
                push_sequence(&mut block, b"abc", 9, 4);
                push_sequence(&mut block, b"", offset, length);
                push_sequence(&mut block, b"d", offset, length + 1);
                push_sequence(&mut block, &history[..20], offset, length);
                push_last(&mut block, &history[..after]);
                let size = check_fits(&block, &history, 0);
                assert_eq!(size, 3 + 4 + length + 1 + length + 1 + 20 + length + after);
            }
        }
    }
}

/// The length bytes end in the padding of the last part of a block, at the end of a piece, or just before either.
#[test]
fn cut_off_in_the_length_bytes() {
    let history = Random::new(9).bytes(400);
    for before in [0, 1, 5, 6, 12, PIECE / 5 - 3, PIECE / 5 - 1, PIECE / 5] {
        let mut block = Vec::new();
        (0..before).for_each(|_| push_sequence(&mut block, b"ab", 300, 10));
        let begin = block.len();
        push_sequence(&mut block, b"c", 200, 19 + 20 * 255 + 7);
        push_sequence(&mut block, b"", 100, 300);
        push_last(&mut block, b"the end");
        check_fits(&block, &history, 0);
        let mut window = history.clone();
        window.resize(60_000, 0xA5);
        for end in begin..block.len() {
            let _ = check(&block[..end], &window, 0, history.len());
        }
        // Nothing but a match, which the end of the block makes invalid.
        assert_eq!(check(&block[..begin + 25], &window, 0, history.len()), Err(Truncated));
    }
}

#[test]
fn a_long_match_needs_a_token_after_it_and_room() {
    let history = Random::new(10).bytes(100);
    for (length_bytes, length) in [(&[0][..], LONG), (&[255, 3], LONG + 258), (&[255; 9], 0)] {
        for (rest, room) in [(0, SLACK), (1, SLACK), (1, SLACK - 1), (50, SLACK + 1), (1, 0)] {
            let bytes = [length_bytes, &vec![7; rest]].concat();
            let mut window = history.clone();
            window.resize(100 + length + room, 0);
            let fits = length > 0 && rest > 0 && room >= SLACK;
            let expected = fits.then_some((length_bytes.len(), 100 + length));
            assert_eq!(
                copy_long(&bytes, &mut window, 100, 70),
                expected,
                "{length} {rest} {room}"
            );
            let copied = if fits { length } else { 0 };
            assert!((100..100 + copied).all(|at| window[at] == window[at - 70]));
            assert!(window[100 + copied..].iter().all(|&byte| byte == 0) && window[..100] == history);
        }
    }
}

#[test]
fn endless_extensions() {
    let mut block = vec![MORE; 100_000];
    assert_eq!(check(&block, &[0; 300], 0, 100), Err(Truncated));
    // A match length that is too large before its last byte is read.
    block[..3].copy_from_slice(&[0x0F, 1, 0]);
    assert_eq!(check(&block, &[0; 300], 0, 100), Err(OutputFull));
}

#[test]
fn valid_blocks() {
    let mut random = Random::new(1);
    for round in 0..300 {
        let count = [0, 1, 10, 20, 300, 65_536][round % 6];
        let history = random.bytes(count);
        let floor = if round % 4 == 0 { history.len() / 3 } else { 0 };
        let block = random_block(&mut random, history.len() - floor, round % 50);
        check_fits(&block, &history, floor);
    }
}

#[test]
fn long_matches_come_and_go() {
    let mut random = Random::new(6);
    let history = random.bytes(1000);
    for (few, many) in [(100, 100), (8000, 100), (100, 8000), (8000, 8000)] {
        let mut block = Vec::new();
        for part in 0..4 {
            for sequence in 0..if part % 2 == 0 { few } else { many } {
                let literals = random.below(5);
                let length = match part % 2 == 0 && sequence % 100 != 0 {
                    true => 4 + random.below(12 + part),
                    false => 4 + random.below(if sequence % 50 == 0 { 600 } else { 60 }),
                };
                push_sequence(&mut block, &history[..literals], 1 + random.below(1000), length);
            }
        }
        push_last(&mut block, b"the end");
        check_fits(&block, &history, 0);
    }
}

/// The version in use after a block of 1000 sequences, with matches of at most `short` bytes from the given distance,
/// and one of `long` bytes after every `gap` of them.
fn version_after(mut pace: Pace, short: usize, long: usize, gap: usize, distance: usize) -> Pace {
    let mut block = Vec::new();
    for sequence in 0..1000 {
        let length = if sequence % gap == 0 {
            long
        } else {
            4 + sequence % (short - 3)
        };
        push_sequence(&mut block, b"ab", distance, length);
    }
    push_last(&mut block, b"the end");
    let mut window = vec![0; 1000 + 1000 * (2 + short.max(long)) + SLACK];
    decode(&block, &mut 0, &mut window, 0, &mut 1000, &mut pace).unwrap();
    pace
}

#[test]
fn the_version_follows_the_matches() {
    let new = Pace::default();
    assert!(new.version == Version::Upto16);
    // What matters is how long the matches are, how many are long, and whether they are near.
    for (short, long, gap, distance, expected) in [
        (16, 64, 200, 500, Version::Upto16),
        (16, 18, 3, 500, Version::Upto18),
        (16, 19, 3, 500, Version::Upto64),
        (16, 300, 3, 500, Version::Upto16),
        (16, 18, 3, NEAR - 1, Version::Upto18),
        (16, 40, 3, NEAR - 1, Version::Upto16),
        (40, 40, 3, NEAR, Version::Upto64),
        // In one step of 18 bytes, one would read parts of two writes.
        (16, 18, 3, 8, Version::Upto18),
        (16, 18, 3, 9, Version::Upto16),
        (16, 18, 3, 15, Version::Upto16),
        (16, 18, 3, 16, Version::Upto18),
    ] {
        let pace = version_after(new.clone(), short, long, gap, distance);
        assert!(pace.version == expected, "{short} {long} {gap} {distance}");
        // It goes on in the next block, also if that is short, and changes back when that pays again.
        let mut next = pace.clone();
        decode(b"\x10a\x01\0\x50the end", &mut 0, &mut [0; 1000], 0, &mut 0, &mut next).unwrap_err();
        assert!(next.version == expected, "{short} {long} {gap} {distance}");
        let calm = (0..8).fold(pace, |pace, _| version_after(pace, 16, 16, 100, 500));
        assert!(calm.version == Version::Upto16, "{short} {long} {gap} {distance}");
    }
}

/// Every sequence counts, whatever it has: near long matches make up for far ones.
#[test]
fn few_far_long_matches_change_nothing() {
    let mut block = Vec::new();
    for _ in 0..50 {
        (0..40).for_each(|_| push_sequence(&mut block, b"", 65, 19));
        push_sequence(&mut block, b"a", 500, 30);
    }
    push_last(&mut block, b"the end");
    let mut pace = Pace::default();
    decode(&block, &mut 0, &mut vec![0; 60_000], 0, &mut 1000, &mut pace).unwrap();
    assert!(pace.version == Version::Upto16);
}

#[test]
fn cut_and_flipped() {
    let mut random = Random::new(2);
    for round in 0..60 {
        let window = random.bytes(4000 + 100 * (round % 7));
        let start = [0, 5, 40, 600][round % 4];
        let block = random_block(&mut random, start, 2 + round % 17);
        for end in 0..block.len() {
            let _ = check(&block[..end], &window, 0, start);
        }
        for bit in 0..block.len() * 8 {
            let mut flipped = block.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let _ = check(&flipped, &window, 0, start);
        }
    }
}

#[test]
fn garbage() {
    let mut random = Random::new(4);
    for _ in 0..20_000 {
        let size = random.below(300);
        let mut block = random.bytes(size);
        // Small offsets, so that some blocks decode for a while.
        for byte in block.iter_mut().skip(1) {
            if *byte % 3 == 0 {
                *byte &= 1;
            }
        }
        let start = random.below(300);
        let floor = random.below(start + 1);
        let room = random.below(3000);
        let _ = check(&block, &vec![0x5A; start + room], floor, start);
    }
}

#[test]
fn blocks_of_literals_only() {
    let mut random = Random::new(29);
    let lengths = (0..1100).chain([4096, 65_535, 65_536, 80_000].into_iter().flat_map(|n| n - 2..n + 2));
    for length in lengths {
        // Many of the literals look like length bytes.
        let literals: Vec<u8> = (0..length).map(|_| [MORE, MORE, 254, 0][random.below(4)]).collect();
        let mut block = Vec::new();
        push_last(&mut block, &literals);
        let expected = (length >= NIBBLE_MAX).then_some(&literals[..]);
        assert_eq!(only_literals(&block), expected, "{length}");
        // What is not exactly such a block is left to the others.
        let window = vec![0; length + 600];
        let lengths = 1 + length / MORE as usize;
        for at in [
            0,
            1,
            lengths / 2,
            lengths.saturating_sub(1),
            lengths,
            lengths + 1,
            random.below(block.len()),
        ] {
            for flip in [1, 2, 0x10, 0x80, 0xFF] {
                let mut other = block.clone();
                other[at.min(length)] ^= flip;
                for other in [&other[..], &other[..other.len() - 1], &[&other[..], b"\xFF"].concat()] {
                    if let Some(run) = only_literals(other) {
                        assert_eq!(
                            decode_plainly(other, &window, 0, 0).as_deref(),
                            Ok(run),
                            "{length} {at} {flip}"
                        );
                    }
                }
            }
        }
    }
    assert_eq!(only_literals(b""), None);
}

/// Their own time is more than a wrong prediction costs.
#[test]
fn very_long_matches_change_no_version() {
    for (literals, length) in [(0, LONG), (14, LONG), (3, 5000)] {
        let mut block = Vec::new();
        for _ in 0..40 {
            (0..4).for_each(|_| push_sequence(&mut block, b"", 40, 7));
            push_sequence(&mut block, &[7; 14][..literals], 300, length);
        }
        push_last(&mut block, b"the end");
        let mut window = vec![1; 400];
        window.resize(400 + 300_000, 0);
        let (mut pace, mut at, mut to) = (Pace::default(), 0, 400);
        decode(&block, &mut at, &mut window, 0, &mut to, &mut pace).unwrap();
        assert!(pace.version == Version::Upto16);
    }
}
