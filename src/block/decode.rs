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

#[cfg(test)]
mod tests;

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
