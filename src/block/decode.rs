//! Decodes one LZ4 block into the window, directly after its history.
//!
//! ```text
//! block    = sequence* last
//! sequence = token [literal length] literals offset(2, little endian) [match length]
//! last     = token [literal length] literals                (the block ends here)
//! token    = literal length << 4 | (match length - 4)
//!            15 in either half: length bytes follow, to be added, up to and including the first below 255
//! ```
//!
//! Three functions share the work:
//!
//! * [`decode_fast`] decodes sequences that are far from the ends of block and window. It copies in fixed widths and
//!   may write too much, because what follows overwrites the excess. It stops before any sequence that looks odd.
//! * [`decode_one`] decodes any one sequence and checks everything. All errors come from here.
//! * [`decode`] alternates between the two. It gives the end of the block to `decode_fast` in a padded copy. Otherwise
//!   small pages would spend most of their time in `decode_one`.

use std::hint::select_unpredictable;

use super::DecodeError::{self, MatchOffset, OutputFull, Truncated};
use super::sequence::{MIN_MATCH, NIBBLE_MAX};

#[cfg(test)]
mod tests;

/// A length byte of this value is followed by another one.
const MORE: u8 = 255;

/// The fast loop needs this many bytes of the block from a token on: the token, 16 bytes for up to 14 literals, the
/// offset and one length byte.
const AHEAD: usize = 20;
/// Longer runs of literals are copied in one or two pieces of this size.
const STRIDE: usize = 64;
/// The fast loop may overwrite this much after the literals: its longest match (4 + 15 + 254), rounded up to whole
/// strides, and some more.
pub(crate) const SLACK: usize = 384;
/// The longest match that is copied in one step. The step reads all of it before it writes any of it, so the match must
/// not overlap itself. (To read bytes that were only just written would also stall.)
const SHORT: usize = 32;
/// When less than this is left of the block, it is decoded from a padded copy. It covers all that the fast loop reads
/// ahead, except for the longest runs of literals.
const TAIL: usize = 72;

/// Decodes the block from the sequence at `*at` into `window[*to..]`, and advances both. Matches reach no lower than
/// `window[floor]`.
///
/// After an error, `at` and `to` are at the start of the sequence that could not be decoded. With more room, decoding
/// can resume there. The call may leave garbage in `window` from the new `*to` on. It never writes below the old one.
/// It is fastest when at least `SLACK` bytes of `window` follow the decoded page.
pub(crate) fn decode(
    block: &[u8],
    at: &mut usize,
    window: &mut [u8],
    floor: usize,
    to: &mut usize,
) -> Result<(), DecodeError> {
    assert!(floor <= *to && *to <= window.len());
    // The fast loop uses 32-bit positions. No block decodes to more: the limit of the format is 0x7E00_0000 bytes.
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
            // The padding is never taken for a sequence: an offset of zero stops the fast loop. A sequence that is cut
            // off at the end of the block may run into the padding. It then ends at or after the end of the block, and
            // `decode_one` finds the block truncated there.
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

/// Decodes sequences from `block[at..]` while they are ordinary and far from the ends of block and window. Returns the
/// positions in the block and in the window of the first sequence that it did not decode.
///
/// The code is arranged so that the compiler can prove every index from three comparisons: one with the block
/// (`ahead`), one with the window (`reach`) and one of the offset with `end`. Positions are widened from 32 bits so
/// that it knows that their sums do not overflow. Where sequences vary unpredictably, the code selects a value or
/// copies too much. It does not branch.
#[inline(never)] // so that the loop has all registers
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
            // Skip token, literals and offset, and the length byte of the match if there is one. `(token + 1) >> 4` is
            // the number of literals, plus one exactly when the match code is 15.
            next = &rest[(token + 1 + (3 << 4)) >> 4..];
            // (This is repeated in the other arm. After both arms the compiler would no longer know the bounds.)
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
        // The match is long, overlaps itself, or is invalid.
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

/// The length of a match with at most one length byte.
#[inline(always)]
fn match_length(token: usize, extension: u8) -> usize {
    let code = token % 16;
    MIN_MATCH + select_unpredictable(code == NIBBLE_MAX, NIBBLE_MAX + extension as usize, code)
}

/// Decodes the sequence at `block[at..]`, whatever it is. Returns where it ends in the block and in the window. Only
/// the last sequence ends at `block.len()`.
#[inline(never)] // keeps the frame of `decode` small
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

/// Adds up the length bytes at `at` and moves `at` past them. Returns `None` if the block ends first.
/// Stops as soon as the sum exceeds `limit`. The length is too large then in any case, and the sum cannot overflow.
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

/// Copies a match of any length to `to`, from `offset` bytes before. Writes nothing after the match.
fn copy_match(window: &mut [u8], to: usize, offset: usize, length: usize) {
    // The copied bytes repeat the source, so each round can copy twice as much from the same place.
    let source = to - offset;
    let mut done = 0;
    while done < length {
        let chunk = (offset + done).min(length - done);
        window.copy_within(source..source + chunk, to + done);
        done += chunk;
    }
}

/// Fills `length` bytes at `to` with repetitions of the `offset` bytes (1 to 15) before it. May overwrite up to 32
/// bytes after that. Reads 16 bytes once, before it writes: to read bytes that were only just written would stall.
#[inline(always)]
fn repeat(window: &mut [u8], to: usize, offset: usize, length: usize) {
    // `REPEAT` has a one in every `offset`th byte, so the product is the seed repeated.
    let seed = u128::from_le_bytes(*read(window, to - offset)) & !(u128::MAX << (8 * offset));
    let pattern = seed.wrapping_mul(REPEAT[offset]).to_le_bytes();
    // The length of all whole repetitions that fit in 16 bytes.
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

/// Copies 32 bytes in two halves, so the source may lie as little as 16 bytes before `to`.
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
