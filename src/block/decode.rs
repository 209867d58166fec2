//! Decoding of one LZ4 block, in place behind its history.
//!
//! ```text
//! block    = sequence* last
//! sequence = token [literal length] literals offset(2, little endian) [match length]
//! last     = token [literal length] literals                (the block ends with its literals)
//! token    = literal length << 4 | (match length - 4); 15 in either half: bytes to add follow, up to one below 255
//! ```
//!
//! Three functions share the work. [`decode_fast`] takes the sequences that have room to spare on both sides: it
//! copies in fixed widths and may write more than was asked for, because what follows overwrites it. [`decode_one`]
//! takes any sequence, checks everything, and is the only place where errors are made: whatever looks odd to the fast
//! loop is left to it, undone. [`decode`] hands over between the two, and gives the fast loop the end of the block in
//! a padded copy, so that small pages do not spend their time in the slow one.

use std::hint::select_unpredictable;

use super::DecodeError::{self, MatchOffset, OutputFull, Truncated};
use super::sequence::{MIN_MATCH, NIBBLE_MAX};

/// An extension byte of this value is followed by another.
const MORE: u8 = 255;

/// What the fast loop reads ahead of a token: the token, 16 bytes for up to 14 literals, offset and one extension byte.
const AHEAD: usize = 20;
/// The same behind a token with extended literals: 64 bytes of literals, or twice that, then offset and extension.
const STRIDE: usize = 64;
/// What the fast loop may overwrite behind the literals: its longest match (4 + 15 + 254), rounded up to whole
/// strides, and some more.
pub(crate) const SLACK: usize = 384;
/// The longest match that is copied at once. All of it is read before any of it is written, so it must not reach into
/// what it writes; reading back what was written a moment ago would stall besides.
const SHORT: usize = 32;
/// A rest of the block that is shorter than this is decoded from a padded copy; it covers every read ahead but the
/// longest.
const TAIL: usize = 72;

/// Decodes the block from its sequence at `*at` on into `window[*to..]`, and moves both on. Matches may reach down to
/// `window[floor]`, never below. After an error `at` and `to` are where the sequence begins that could not be decoded:
/// with more room, decoding can go on there. Bytes of `window` behind `*to` may hold garbage after the call, bytes
/// below where it was before are never written. It is fastest when the window goes on for `SLACK` bytes or more behind
/// what the block decodes to.
pub(crate) fn decode(
    block: &[u8],
    at: &mut usize,
    window: &mut [u8],
    floor: usize,
    to: &mut usize,
) -> Result<(), DecodeError> {
    assert!(floor <= *to && *to <= window.len());
    // Positions in the fast loop are 32 bit wide. No block decodes to that much: the format ends at 0x7E00_0000 bytes.
    let end = window.len().min(floor.saturating_add(u32::MAX as usize));
    let window = &mut window[floor..end];
    *to -= floor;
    let result = decode_all(block, at, window, to);
    *to += floor;
    result
}

fn decode_all(block: &[u8], at: &mut usize, window: &mut [u8], to: &mut usize) -> Result<(), DecodeError> {
    loop {
        (*at, *to) = decode_fast(block, *at, window, *to);
        let rest = &block[*at..];
        if rest.len() < TAIL {
            // The zeros cannot pass for a sequence: an offset of zero stops the fast loop. A sequence whose end is
            // cut off may take some of them for its own; it then ends behind the block, and what follows is found
            // missing.
            let mut padded = [0; 2 * TAIL];
            padded[..rest.len()].copy_from_slice(rest);
            let done;
            (done, *to) = decode_fast(&padded, 0, window, *to);
            *at += done;
        }
        (*at, *to) = decode_one(block, *at, window, *to)?;
        if *at == block.len() {
            return Ok(());
        }
    }
}

/// Decodes sequences from `block[at..]` as long as they are plain and far from the ends of block and window.
/// Returns where in the block and in the window the first sequence lies that it did not decode.
///
/// The bounds below are written so that the compiler can derive every index from one comparison with the block
/// (`ahead`), one with the window (`reach`) and one of the offset with `end`. Positions are widened from 32 bit to let it
/// know that sums of them do not overflow. What is hard to predict from sequence to sequence is selected, or copied in
/// excess, rather than branched on.
#[inline(never)] // on its own, its loop has the registers for itself
fn decode_fast(block: &[u8], at: usize, window: &mut [u8], to: usize) -> (usize, usize) {
    let mut to = to as u32;
    let mut rest = &block[at..];
    while let Some(ahead) = rest.first_chunk::<AHEAD>() {
        let here = to as usize;
        let token = ahead[0] as usize;
        let literals = token >> 4;
        let (reach, end, offset, length, next);
        if literals < NIBBLE_MAX {
            end = here + literals;
            match window.get_mut(..end + SLACK) {
                Some(room) => reach = room,
                None => break,
            }
            write::<16>(reach, here, read(ahead, 1));
            let [low, high, extension] = *read(ahead, 1 + literals);
            offset = u16::from_le_bytes([low, high]) as usize;
            length = match_length(token, extension);
            // token, literals and offset, and one more when the match length carries over into an extension: (token +
            // 1) >> 4 is the literal length plus just that
            next = &rest[(token + 1 + (3 << 4)) >> 4..];
            // (Once in each arm: behind both, the compiler would no longer know the bounds.)
            if length <= SHORT && length <= offset && offset <= end {
                write::<SHORT>(reach, end, &{ *read(reach, end - offset) });
                to = (end + length) as u32;
                rest = next;
                continue;
            }
        } else {
            let literals = NIBBLE_MAX + ahead[1] as usize;
            let Some(body) = rest.get(2..2 + STRIDE + 3) else { break };
            end = here + literals;
            match window.get_mut(..end + SLACK) {
                Some(room) => reach = room,
                None => break,
            }
            write::<STRIDE>(reach, here, read(body, 0));
            let tail = if literals <= STRIDE {
                read(body, literals)
            } else {
                let Some(body) = rest.get(2 + STRIDE..2 + 2 * STRIDE + 3) else {
                    break;
                };
                if literals > 2 * STRIDE {
                    break;
                }
                write::<STRIDE>(reach, here + STRIDE, read(body, 0));
                read(body, literals - STRIDE)
            };
            let [low, high, extension] = *tail;
            offset = u16::from_le_bytes([low, high]) as usize;
            length = match_length(token, extension);
            next = &rest[4 + literals + (token % 16 == NIBBLE_MAX) as usize..];
            if length <= SHORT && length <= offset && offset <= end {
                write::<SHORT>(reach, end, &{ *read(reach, end - offset) });
                to = (end + length) as u32;
                rest = next;
                continue;
            }
        }
        // a match that is long, or overlaps itself, or is wrong
        if offset == 0 || offset > end || length == MIN_MATCH + NIBBLE_MAX + MORE as usize {
            break;
        }
        if offset < 16 {
            repeat(reach, end, offset, length);
        } else {
            let source = end - offset;
            let mut done = 0;
            loop {
                copy_32(reach, source + done, end + done);
                copy_32(reach, source + done + 32, end + done + 32);
                done += 64;
                if done >= length {
                    break;
                }
            }
        }
        to = (end + length) as u32;
        rest = next;
    }
    (block.len() - rest.len(), to as usize)
}

/// The length of a match, when it has one extension byte at most.
#[inline(always)]
fn match_length(token: usize, extension: u8) -> usize {
    let code = token % 16;
    MIN_MATCH + select_unpredictable(code == NIBBLE_MAX, NIBBLE_MAX + extension as usize, code)
}

/// Decodes the one sequence at `block[at..]`, whatever it is. Returns where it ends in the block and in the window;
/// only the last sequence ends at `block.len()`.
#[inline(never)] // keeps the stack and the registers of `decode` small
fn decode_one(block: &[u8], mut at: usize, window: &mut [u8], mut to: usize) -> Result<(usize, usize), DecodeError> {
    let token = *block.get(at).ok_or(Truncated)? as usize;
    at += 1;
    let mut literals = token >> 4;
    if literals == NIBBLE_MAX {
        literals += read_extension(block, &mut at, block.len()).ok_or(Truncated)?;
    }
    let run = block[at..].get(..literals).ok_or(Truncated)?;
    window[to..].get_mut(..literals).ok_or(OutputFull)?.copy_from_slice(run);
    at += literals;
    to += literals;
    if at == block.len() {
        return Ok((at, to));
    }

    let offset = u16::from_le_bytes(*block[at..].first_chunk().ok_or(Truncated)?) as usize;
    if offset == 0 || offset > to {
        return Err(MatchOffset { offset, reach: to });
    }
    at += 2;
    let room = window.len() - to;
    let mut length = MIN_MATCH + token % 16;
    if token % 16 == NIBBLE_MAX {
        length += read_extension(block, &mut at, room).ok_or(Truncated)?;
    }
    if length > room {
        return Err(OutputFull);
    }
    if at == block.len() {
        return Err(Truncated);
    }
    copy_match(window, to, offset, length);
    Ok((at, to + length))
}

/// Sums up the bytes that extend a length, and moves `at` behind them; `None` when the block ends first.
/// Stops early once the sum is above `limit`: it is too much then, however it goes on, and it cannot overflow.
fn read_extension(block: &[u8], at: &mut usize, limit: usize) -> Option<usize> {
    let mut sum = 0;
    loop {
        let byte = *block.get(*at)?;
        *at += 1;
        sum += byte as usize;
        if byte != MORE || sum > limit {
            return Some(sum);
        }
    }
}

/// Copies a match of any length from `offset` bytes before `to`, and writes nothing behind it.
fn copy_match(window: &mut [u8], to: usize, offset: usize, length: usize) {
    // What has been copied repeats what it was copied from: each round may take twice as much from the same place.
    let source = to - offset;
    let mut done = 0;
    while done < length {
        let chunk = (offset + done).min(length - done);
        window.copy_within(source..source + chunk, to + done);
        done += chunk;
    }
}

/// Fills `length` bytes at `to`, and up to 32 behind them, with repetitions of the `offset` bytes before it (1 to 15).
/// Only the first 16 bytes of it are read: reading back what was written a moment ago would stall.
#[inline(always)]
fn repeat(window: &mut [u8], to: usize, offset: usize, length: usize) {
    // `REPEAT` has a one in every `offset`th byte: the product is the seed side by side with itself
    let seed = u128::from_le_bytes(*read(window, to - offset)) & !(u128::MAX << (8 * offset));
    let pattern = seed.wrapping_mul(REPEAT[offset]).to_le_bytes();
    // the most whole repetitions that 16 bytes hold
    let step = 16 - 16 % offset;
    write::<16>(window, to, &pattern);
    write::<16>(window, to + step, &pattern);
    let mut done = 2 * step;
    while done < length {
        write::<16>(window, to + done, &pattern);
        done += step;
    }
}

const REPEAT: [u128; 16] = {
    let mut table = [0; 16];
    let mut offset = 1;
    while offset < 16 {
        let mut byte = 0;
        while byte < 16 {
            table[offset] |= 1 << (8 * byte);
            byte += offset;
        }
        offset += 1;
    }
    table
};

/// Copies 32 bytes, the second half after the first: right for any offset of at least 16.
#[inline(always)]
fn copy_32(window: &mut [u8], source: usize, to: usize) {
    let half = *read::<16>(window, source);
    write(window, to, &half);
    let half = *read::<16>(window, source + 16);
    write(window, to + 16, &half);
}

#[inline(always)]
fn read<const N: usize>(bytes: &[u8], at: usize) -> &[u8; N] {
    bytes[at..].first_chunk().unwrap()
}

#[inline(always)]
fn write<const N: usize>(bytes: &mut [u8], at: usize, chunk: &[u8; N]) {
    bytes[at..at + N].copy_from_slice(chunk);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The format, byte by byte: what `decode` has to return and write.
    fn decode_plainly(block: &[u8], window: &[u8], floor: usize, start: usize) -> Result<Vec<u8>, DecodeError> {
        let mut out = window[floor..start].to_vec();
        let history = out.len();
        let capacity = window.len() - floor;
        let mut at = 0;
        let byte = |at: &mut usize| {
            let byte = block.get(*at).copied().ok_or(Truncated);
            *at += 1;
            byte
        };
        loop {
            let token = byte(&mut at)?;
            let mut literals = token as usize >> 4;
            if literals == 15 {
                loop {
                    let more = byte(&mut at)?;
                    literals += more as usize;
                    if more != 255 {
                        break;
                    }
                }
            }
            if literals > block.len() - at {
                return Err(Truncated);
            }
            if literals > capacity - out.len() {
                return Err(OutputFull);
            }
            out.extend_from_slice(&block[at..at + literals]);
            at += literals;
            if at == block.len() {
                out.drain(..history);
                return Ok(out);
            }
            let offset = byte(&mut at)? as usize | (byte(&mut at)? as usize) << 8;
            if offset == 0 || offset > out.len() {
                return Err(MatchOffset {
                    offset,
                    reach: out.len(),
                });
            }
            let mut length = (token as usize & 15) + 4;
            if length == 19 {
                loop {
                    let more = byte(&mut at)?;
                    length += more as usize;
                    if more != 255 || length - 19 > capacity - out.len() {
                        break;
                    }
                }
            }
            if length > capacity - out.len() {
                return Err(OutputFull);
            }
            for _ in 0..length {
                out.push(out[out.len() - offset]);
            }
        }
    }

    /// Decodes and compares with `decode_plainly`: result, bytes, and that nothing below `start` changed.
    fn check(block: &[u8], window: &[u8], floor: usize, start: usize) -> Result<usize, DecodeError> {
        let expected = decode_plainly(block, window, floor, start);
        let mut ours = window.to_vec();
        let (mut at, mut to) = (0, start);
        let found = decode(block, &mut at, &mut ours, floor, &mut to).map(|()| to - start);
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
            // With more room it goes on as if there had been enough from the start.
            let mut window = window.to_vec();
            window.resize(window.len() + 5000, 0);
            ours.resize(window.len(), 0);
            let expected = decode_plainly(block, &window, floor, start);
            let found = decode(block, &mut at, &mut ours, floor, &mut to).map(|()| &ours[start..to]);
            assert_eq!(
                found.map_err(Some),
                expected.as_ref().map(|out| &out[..]).map_err(|error| Some(*error))
            );
        }
        found
    }

    /// With as much room as the fast loop likes, with exactly enough, and with one byte too little.
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

    struct Random(u64);

    impl Random {
        fn next(&mut self) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 16) as usize
        }
        fn below(&mut self, limit: usize) -> usize {
            self.next() % limit
        }
        fn bytes(&mut self, count: usize) -> Vec<u8> {
            (0..count).map(|_| self.next() as u8).collect()
        }
        /// Mostly small, now and then large.
        fn length(&mut self) -> usize {
            match self.below(12) {
                0 => self.below(700),
                1 => self.below(140),
                2..5 => self.below(40),
                _ => self.below(15),
            }
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

    /// A valid block of that many sequences before the last.
    fn random_block(random: &mut Random, history: usize, sequences: usize) -> Vec<u8> {
        let mut block = Vec::new();
        let mut reach = history;
        for _ in 0..sequences {
            let count = random.length() + (reach == 0) as usize;
            let literals = random.bytes(count);
            reach += literals.len();
            let limit = if random.below(2) == 0 {
                reach.min(40)
            } else {
                reach.min(65535)
            };
            let offset = 1 + random.below(limit);
            let length = 4 + random.length();
            push_sequence(&mut block, &literals, offset, length);
            reach += length;
        }
        let count = random.length();
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
        // a match behind which the block ends
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

    #[test]
    fn overlapping_matches() {
        let history = Random(5).bytes(100);
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
        let bytes = Random(3).bytes(70_000);
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

    #[test]
    fn endless_extensions() {
        let mut block = vec![MORE; 100_000];
        assert_eq!(check(&block, &[0; 300], 0, 100), Err(Truncated));
        // a match length that is too much before it is read to its end
        block[..3].copy_from_slice(&[0x0F, 1, 0]);
        assert_eq!(check(&block, &[0; 300], 0, 100), Err(OutputFull));
    }

    #[test]
    fn valid_blocks() {
        let mut random = Random(1);
        for round in 0..300 {
            let count = [0, 1, 10, 20, 300, 65_536][round % 6];
            let history = random.bytes(count);
            let floor = if round % 4 == 0 { history.len() / 3 } else { 0 };
            let block = random_block(&mut random, history.len() - floor, round % 50);
            check_fits(&block, &history, floor);
        }
    }

    #[test]
    fn cut_and_flipped() {
        let mut random = Random(2);
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
        let mut random = Random(4);
        for _ in 0..20_000 {
            let size = random.below(300);
            let mut block = random.bytes(size);
            // small offsets, so that some of it decodes for a while
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
}
