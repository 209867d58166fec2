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
//! Five functions share the work:
//!
//! * [`decode_fast`] decodes sequences that are far from the ends of block and window. It copies in fixed widths and
//!   may write too much, because what follows overwrites the excess. It stops before any sequence that looks odd. It
//!   has three versions, which differ in the length up to which they copy a match in one step. [`copy_long`] helps it
//!   with matches of more than one length byte.
//! * [`decode_one`] decodes any one sequence and checks everything. All errors come from here. [`decode_checked`]
//!   repeats it while runs of literals are too long for `decode_fast`.
//! * [`decode`] alternates between `decode_fast` and `decode_checked`, and chooses the version of `decode_fast` by what
//!   the sequences before were like. It gives the end of the block to `decode_fast` in a padded copy. Otherwise small
//!   pages would spend most of their time in `decode_one`.

use std::hint::select_unpredictable;
use std::slice;

use super::DecodeError::{self, MatchOffset, OutputFull, Truncated};
use super::sequence::{MIN_MATCH, NIBBLE_MAX};

#[cfg(test)]
mod tests;

/// A length byte of this value is followed by another one.
const MORE: u8 = 255;
/// A match of more than one length byte is at least this long.
const LONG: usize = MIN_MATCH + NIBBLE_MAX + MORE as usize;

/// The fast loop needs this many bytes of the block from a token on: the token, up to 14 literals, the offset, one
/// length byte and the next token, rounded up.
const AHEAD: usize = 20;
/// Longer runs of literals are copied in one or two pieces of this size, and long matches in any number.
const STRIDE: usize = 64;
/// The fast loop may overwrite this much after the literals: the longest match of one length byte (4 + 15 + 254),
/// rounded up to whole strides, and some more.
pub(crate) const SLACK: usize = 384;
/// In the versions for short matches, a match that is longer than those but not longer than this is copied in small
/// steps.
const SHORT: usize = 32;
/// Long matches are few when not more than one sequence in this many has one. (The change from 16 to 18 bytes costs
/// only one more copy. For 64 bytes, every sequence waits for its length.)
const RARE_AFTER_16: i32 = 32;
const RARE_AFTER_18: i32 = 8;
/// They are many when so many of them follow each other that this many sequences without one would make up for it.
const MANY: i32 = 128;
/// Long matches from nearer than this do not count, except for the change from 16 to 18 bytes. To read many bytes, some
/// of which were only just written, stalls. That is worse than a wrong prediction. Nor do matches of more than one
/// length byte: their own time is longer than that of a wrong prediction.
const NEAR: usize = 128;
/// So many steps of a long match with a short offset are written by [`repeat`].
const REPEATED: usize = 32;
/// `repeat` may overwrite so many bytes after a match.
const REPEAT_SLACK: usize = 64;
/// After this many bytes of blocks, `decode_all` tries the version for shorter matches again.
const PIECE: usize = 8 * 1024;
/// When less than this is left of the block, it is decoded from a padded copy. It covers all that the fast loop reads
/// ahead, except for the longest runs of literals.
const TAIL: usize = 72;
/// The length of the padded copy. (To clear more would take a call.)
const PADDED: usize = 128;

/// What the decoder learned from the sequences before, also from those of earlier blocks. It changes the time, never
/// the result.
#[derive(Clone, Default)]
pub(crate) struct Pace {
    version: Version,
    /// After so many more bytes of blocks, the version for shorter matches is tried again.
    stay: usize,
    /// So many sequences without a long match would make up for the long matches so far.
    debt: i32,
}

/// The version of [`decode_fast`], by the length up to which it copies a match in one step.
#[derive(Clone, Copy, Default, PartialEq)]
enum Version {
    #[default]
    Upto16,
    Upto18,
    Upto64,
}

impl Pace {
    /// Keeps the debt. Changes to the next version if long matches are many.
    #[inline]
    fn settle(&mut self, debt: i32) {
        self.debt = debt.max(0);
        if debt > MANY {
            self.change_to(match self.version {
                Version::Upto16 => Version::Upto18,
                _ => Version::Upto64,
            });
        }
    }

    /// Counts `n` bytes that the version decoded. Changes to the previous version when it is time to try that.
    #[inline]
    fn advance(&mut self, n: usize) {
        self.stay = self.stay.saturating_sub(n);
        if self.stay == 0 {
            self.change_to(match self.version {
                Version::Upto64 => Version::Upto18,
                _ => Version::Upto16,
            });
        }
    }

    #[inline]
    fn change_to(&mut self, version: Version) {
        (self.version, self.stay, self.debt) = (version, PIECE, 0);
    }
}

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
    pace: &mut Pace,
) -> Result<(), DecodeError> {
    assert!(floor <= *to && *to <= window.len());
    // The fast loop uses 32-bit positions. No block decodes to more: the limit of the format is 0x7E00_0000 bytes.
    let end = window.len().min(floor.saturating_add(u32::MAX as usize));
    let window = &mut window[floor..end];
    *to -= floor;
    let result = decode_all(block, at, window, to, pace);
    *to += floor;
    result
}

/// The literals of a block that has nothing else. Blocks of data that cannot be compressed are such.
#[inline]
pub(crate) fn only_literals(block: &[u8]) -> Option<&[u8]> {
    let [0xF0..=0xFF, lengths_and_run @ ..] = block else {
        return None;
    };
    let mut at = 0;
    let len = NIBBLE_MAX + read_extension(lengths_and_run, &mut at, block.len())?;
    let run = &lengths_and_run[at..];
    (run.len() == len).then_some(run)
}

fn decode_all(
    block: &[u8],
    at: &mut usize,
    window: &mut [u8],
    to: &mut usize,
    pace: &mut Pace,
) -> Result<(), DecodeError> {
    loop {
        if begins_with_long_run(&block[*at..]) {
            decode_checked(block, at, window, to)?;
            if *at == block.len() {
                return Ok(());
            }
        }
        if block.len() - *at >= TAIL {
            let (start, version) = (*at, pace.version);
            let piece = &block[..block.len().min(start + PIECE)];
            (*at, *to) = decode_with(version, piece, start, window, *to, pace);
            if pace.version != version {
                continue;
            }
            pace.advance(*at - start);
        }
        let rest = &block[*at..];
        if rest.len() < TAIL {
            // The padding is never taken for a sequence: an offset of zero stops the fast loop. Only a sequence that is
            // cut off at the end of the block may run into it. Then nothing was decoded, and `decode_one` finds the
            // sequence.
            let mut padded = [0; PADDED];
            padded[..rest.len()].copy_from_slice(rest);
            let (done, end) = decode_with(pace.version, &padded, 0, window, *to, pace);
            if done < rest.len() {
                (*at, *to) = (*at + done, end);
            }
        }
        decode_checked(block, at, window, to)?;
        if *at == block.len() {
            return Ok(());
        }
    }
}

#[inline(always)]
fn decode_with(
    version: Version,
    block: &[u8],
    at: usize,
    window: &mut [u8],
    to: usize,
    pace: &mut Pace,
) -> (usize, usize) {
    match version {
        Version::Upto16 => decode_fast::<16>(block, at, window, to, pace),
        Version::Upto18 => decode_fast::<18>(block, at, window, to, pace),
        Version::Upto64 => decode_fast::<STRIDE>(block, at, window, to, pace),
    }
}

/// Whether the fast loop would stop at once, because the first sequence has too many literals.
#[inline]
fn begins_with_long_run(block: &[u8]) -> bool {
    matches!(block, [0xF0..=0xFF, length, ..] if *length as usize > 2 * STRIDE - NIBBLE_MAX)
}

/// Decodes sequences from `block[at..]` while they are ordinary and far from the ends of block and window. Returns the
/// positions in the block and in the window of the first sequence that it did not decode.
///
/// A match of at most `STEP` bytes is copied in one step. The processor predicts well whether a match is longer than
/// that when nearly all are or nearly none is. So there are versions:
///
/// * For 16 and 18 bytes, it branches on the match code. Then it need not wait for the length to find the next token,
///   and copies in small pieces. Those are less likely to read across several bytes that were only just written, which
///   would stall. It stops when long matches become many. (18 is the longest match without a length byte. 16 needs one
///   copy less.)
/// * For 64 bytes, it selects values, and copies too much, where it would otherwise branch.
///
/// The code is arranged so that the compiler can prove every index from three comparisons: one with the block
/// (`ahead`), one with the window (`reach`) and one of the offset with `end`. Positions are widened from 32 bits so
/// that it knows that their sums do not overflow. The next token is read before the match is copied, because all else
/// waits for it.
#[inline(never)] // so that the loop has all registers
fn decode_fast<const STEP: usize>(
    block: &[u8],
    at: usize,
    window: &mut [u8],
    to: usize,
    pace: &mut Pace,
) -> (usize, usize) {
    let mut to = to as u32;
    // An iterator, because it is cheaper to advance than a slice: its end stays where it is.
    let mut bytes = block[at..].iter();
    let Some(&token) = bytes.as_slice().first() else {
        return (at, to as usize);
    };
    let mut token = token as usize;
    let mut debt = pace.debt;
    while let Some(ahead) = bytes.as_slice().first_chunk::<AHEAD>() {
        debt -= 1;
        let here = to as usize;
        let literals = token >> 4;
        let (reach, end, offset, length, next, then);
        if literals < NIBBLE_MAX {
            end = here + literals;
            match window.get_mut(..end + SLACK) {
                Some(room) => reach = room,
                None => break,
            }
            write::<16>(reach, here, read(ahead, 1));
            offset = u16::from_le_bytes(*read(ahead, 1 + literals)) as usize;
            let third = ahead[3 + literals];
            if STEP < STRIDE && MIN_MATCH + token % 16 <= STEP {
                length = MIN_MATCH + token % 16;
                then = third as usize;
                next = after(&bytes, 3 + literals);
                if offset >= 8 && offset <= end {
                    copy::<8>(reach, end - offset, end);
                    copy::<8>(reach, end - offset + 8, end + 8);
                    if STEP > 16 {
                        copy::<2>(reach, end - offset + 16, end + 16);
                    }
                    to = (end + length) as u32;
                    bytes = next;
                    token = then;
                    continue;
                }
                if offset > 0 && offset < 8 && offset <= end {
                    repeat_short(reach, end, offset);
                    to = (end + length) as u32;
                    bytes = next;
                    token = then;
                    continue;
                }
            } else {
                // (One step of 18 bytes would read parts of two writes where the offset is from 9 to 15.)
                let fits_18 = token % 16 < NIBBLE_MAX && !(9..16).contains(&offset);
                if STEP < STRIDE && (offset >= NEAR || STEP == 16 && fits_18) {
                    debt = debt.max(0) + if STEP == 16 { RARE_AFTER_16 } else { RARE_AFTER_18 };
                    if debt > MANY {
                        break;
                    }
                }
                length = match_length(token, third);
                // Skip token, literals and offset, and the length byte of the match if there is one. `(token + 1) >> 4`
                // is the number of literals, plus one exactly when the match code is 15.
                let index = (token + 1 + (3 << 4)) >> 4;
                then = ahead[index] as usize;
                next = after(&bytes, index);
                if STEP < STRIDE && length <= SHORT && (offset >= 16 || offset == 8) && offset <= end {
                    // In small steps, as above. (With offsets between these, a step would read parts of two writes.)
                    let mut done = 0;
                    while done < SHORT {
                        copy::<8>(reach, end - offset + done, end + done);
                        done += 8;
                    }
                    to = (end + length) as u32;
                    bytes = next;
                    token = then;
                    continue;
                }
                // (This is repeated in the other arm. After both arms the compiler would no longer know the bounds.)
                if STEP == STRIDE && length <= STRIDE && length <= offset && offset <= end {
                    write::<STRIDE>(reach, end, &{ *read(reach, end - offset) });
                    to = (end + length) as u32;
                    bytes = next;
                    token = then;
                    continue;
                }
            }
        } else {
            let rest = bytes.as_slice();
            let literals = NIBBLE_MAX + ahead[1] as usize;
            let Some(body) = rest.get(2..2 + STRIDE + 4) else { break };
            end = here + literals;
            match window.get_mut(..end + SLACK) {
                Some(room) => reach = room,
                None => break,
            }
            write::<STRIDE>(reach, here, read(body, 0));
            let tail: &[u8; 4] = if literals <= STRIDE {
                read(body, literals)
            } else {
                let Some(body) = rest.get(2 + STRIDE..2 + 2 * STRIDE + 4) else {
                    break;
                };
                if literals > 2 * STRIDE {
                    break;
                }
                write::<STRIDE>(reach, here + STRIDE, read(body, 0));
                read(body, literals - STRIDE)
            };
            let [low, high, extension, _] = *tail;
            offset = u16::from_le_bytes([low, high]) as usize;
            length = match_length(token, extension);
            let long = (token % 16 == NIBBLE_MAX) as usize;
            then = tail[2 + long] as usize;
            next = after(&bytes, 4 + literals + long);
            if length <= SHORT && length <= offset && offset <= end {
                write::<SHORT>(reach, end, &{ *read(reach, end - offset) });
                to = (end + length) as u32;
                bytes = next;
                token = then;
                continue;
            }
        }
        // The match is long, overlaps itself, or is invalid.
        if offset == 0 || offset > end {
            break;
        }
        if length == LONG {
            let Some((n, end)) = copy_long(next.as_slice(), window, end, offset) else {
                break;
            };
            if STEP < STRIDE && offset >= NEAR && literals < NIBBLE_MAX {
                // It was counted above, where its length was not known yet.
                debt -= if STEP == 16 { RARE_AFTER_16 } else { RARE_AFTER_18 };
            }
            to = end as u32;
            bytes = after(&next, n); // (an iterator of the rest would have an end of its own, one more to carry)
            token = bytes.as_slice()[0] as usize;
            continue;
        }
        if offset < 16 {
            repeat(reach, end, offset, length);
        } else {
            let source = end - offset;
            let mut done = 0;
            // (The condition always holds, which the compiler does not know.)
            while done + STRIDE <= SLACK {
                copy_32(reach, source + done, end + done);
                copy_32(reach, source + done + 32, end + done + 32);
                done += STRIDE;
                if done >= length {
                    break;
                }
            }
        }
        to = (end + length) as u32;
        bytes = next;
        token = then;
    }
    pace.settle(debt);
    (block.len() - bytes.as_slice().len(), to as usize)
}

/// Copies a match of more than one length byte. `bytes` begins with the second of them. Returns how many there are from
/// there on, and the position after the match. Returns `None` and does nothing if no token follows, or if the window is
/// not larger than the match by `SLACK`.
#[cold] // keeps the loop of `decode_fast` as fast for near matches as without it
#[inline(never)]
fn copy_long(bytes: &[u8], window: &mut [u8], to: usize, offset: usize) -> Option<(usize, usize)> {
    let room = window.len() - to;
    let mut n = 0;
    let length = LONG + read_extension(bytes, &mut n, room)?;
    if n == bytes.len() || length + SLACK > room {
        return None;
    }
    copy_match(window, to, offset, length);
    Some((n, to + length))
}

/// The length of a match with at most one length byte.
#[inline(always)]
fn match_length(token: usize, extension: u8) -> usize {
    let code = token % 16;
    MIN_MATCH + select_unpredictable(code == NIBBLE_MAX, NIBBLE_MAX + extension as usize, code)
}

/// Decodes the sequence at `block[*at..]`, whatever it is, and those after it at which the fast loop would stop at
/// once. Advances `at` and `to`. After an error, both are at the sequence that has it. Only the last sequence ends at
/// `block.len()`.
#[inline(never)] // keeps the frame of `decode` small
fn decode_checked(block: &[u8], at: &mut usize, window: &mut [u8], to: &mut usize) -> Result<(), DecodeError> {
    loop {
        (*at, *to) = decode_one(block, *at, window, *to)?;
        if !begins_with_long_run(&block[*at..]) {
            return Ok(());
        }
    }
}

/// Decodes the sequence at `block[at..]`. Returns where the next one begins, in the block and in the window.
#[inline(always)]
fn decode_one(block: &[u8], at: usize, window: &mut [u8], to: usize) -> Result<(usize, usize), DecodeError> {
    let (mut from, mut end) = (at, to);
    let token = *block.get(from).ok_or(Truncated)? as usize;
    from += 1;
    let mut literals = token >> 4;
    if literals == NIBBLE_MAX {
        literals += read_extension(block, &mut from, block.len()).ok_or(Truncated)?;
    }
    let run = block[from..].get(..literals).ok_or(Truncated)?;
    let room = &mut window[end..];
    if literals < NIBBLE_MAX
        && let Some(few) = block[from..].first_chunk::<16>()
        && let Some(room) = room.first_chunk_mut::<16>()
    {
        *room = *few;
    } else {
        room.get_mut(..literals).ok_or(OutputFull)?.copy_from_slice(run);
    }
    from += literals;
    end += literals;
    if from == block.len() {
        return Ok((from, end));
    }
    let offset = u16::from_le_bytes(*block[from..].first_chunk().ok_or(Truncated)?) as usize;
    if offset == 0 || offset > end {
        return Err(MatchOffset { offset, reach: end });
    }
    from += 2;
    let (before, room) = window.split_at_mut(end);
    let mut length = MIN_MATCH + token % 16;
    if token % 16 == NIBBLE_MAX {
        length += read_extension(block, &mut from, room.len()).ok_or(Truncated)?;
    }
    if length > room.len() {
        return Err(OutputFull);
    }
    if from == block.len() {
        return Err(Truncated);
    }
    // After a long run of literals, most matches are such.
    if length <= SHORT
        && let Some(source) = before[end - offset..].first_chunk::<SHORT>()
        && let Some(room) = room.first_chunk_mut::<SHORT>()
    {
        // (In larger steps, reads would stall.)
        for done in [0, 8, 16, 24] {
            write::<8>(room, done, read(source, done));
        }
    } else {
        copy_match(window, end, offset, length);
    }
    Ok((from, end + length))
}

/// Adds up the length bytes at `at` and moves `at` past them. Returns `None` if the block ends first.
/// Stops soon after the sum exceeds `limit`. The length is too large then in any case, and the sum cannot overflow.
fn read_extension(block: &[u8], at: &mut usize, limit: usize) -> Option<usize> {
    let mut sum = 0;
    // Long lengths have many bytes. The last of them is found without a branch for each.
    while let Some(eight) = block[*at..].first_chunk::<8>() {
        let eight = u64::from_le_bytes(*eight);
        if eight != u64::MAX {
            let full = eight.trailing_ones() as usize / 8;
            *at += full;
            sum += full * MORE as usize;
            break;
        }
        *at += 8;
        sum += 8 * MORE as usize;
        if sum > limit {
            return Some(sum);
        }
    }
    loop {
        let byte = *block.get(*at)?;
        *at += 1;
        sum += byte as usize;
        if byte != MORE || sum > limit {
            return Some(sum);
        }
    }
}

/// Copies a match of any length to `to`, from `offset` bytes before. May overwrite up to `REPEAT_SLACK` bytes after it.
fn copy_match(window: &mut [u8], to: usize, offset: usize, length: usize) {
    let source = to - offset;
    if offset == 1 {
        let byte = window[source];
        window[to..to + length].fill(byte);
        return;
    }
    // The copied bytes repeat the source, so each round can copy twice as much from the same place. The first rounds
    // would copy a few bytes each, and read those that were only just written.
    let mut done = 0;
    if offset < 16 && window.len() - to - length >= REPEAT_SLACK {
        done = length.min(REPEATED * STEPS[offset] as usize);
        repeat(window, to, offset, done);
    }
    while done < length {
        let chunk = (offset + done).min(length - done);
        window.copy_within(source..source + chunk, to + done);
        done += chunk;
    }
}

/// Fills `length` bytes at `to` with repetitions of the `offset` bytes (1 to 15) before it. May overwrite up to
/// `REPEAT_SLACK` bytes after that. Reads 16 bytes once, before it writes: to read bytes that were only just written
/// would stall. Writes in large steps: their number is easier to predict.
#[inline(never)] // so that the loop has all registers
fn repeat(window: &mut [u8], to: usize, offset: usize, length: usize) {
    // `REPEAT` has a one in every `offset`th byte, so the product is the seed repeated.
    let seed = u128::from_le_bytes(*read(window, to - offset)) & !(u128::MAX << (8 * offset));
    let pattern = seed.wrapping_mul(REPEAT[offset]).to_le_bytes();
    let step = STEPS[offset] as usize;
    let mut done = 0;
    while done < length {
        let room = &mut window[to + done..][..4 * 16];
        for i in 0..4 {
            write::<16>(room, i * step, &pattern);
        }
        done += 4 * step;
    }
}

/// Like [`repeat`], for a match of at most 18 bytes and an offset of at most 7.
#[inline(always)]
fn repeat_short(window: &mut [u8], to: usize, offset: usize) {
    let seed = u64::from_le_bytes(*read(window, to - offset)) & !(u64::MAX << (8 * offset));
    let pattern = seed.wrapping_mul(REPEAT[offset] as u64).to_le_bytes();
    // (The compiler does not know that it is at most 8.)
    let step = STEPS_IN_8[offset] as usize % 16;
    for i in 0..4 {
        write::<8>(window, to + i * step, &pattern);
    }
}

/// The length of all whole repetitions of so many bytes that fit in 16 bytes. A division would take longer.
const STEPS: [u8; 16] = steps();
/// The same for 8 bytes.
const STEPS_IN_8: [u8; 8] = steps();

const fn steps<const N: usize>() -> [u8; N] {
    let mut table = [0; N];
    let mut offset = 1;
    while offset < N {
        table[offset] = (N - N % offset) as u8;
        offset += 1;
    }
    table
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
    copy::<16>(window, source, to);
    copy::<16>(window, source + 16, to + 16);
}

#[inline(always)]
fn copy<const N: usize>(window: &mut [u8], source: usize, to: usize) {
    let chunk = *read::<N>(window, source);
    write(window, to, &chunk);
}

/// What follows the next `n` (at least one) of `bytes`.
#[inline(always)]
fn after<'a>(bytes: &slice::Iter<'a, u8>, n: usize) -> slice::Iter<'a, u8> {
    let mut bytes = bytes.clone();
    bytes.nth(n - 1);
    bytes
}

#[inline(always)]
fn read<const N: usize>(bytes: &[u8], at: usize) -> &[u8; N] {
    bytes[at..].first_chunk().unwrap()
}

#[inline(always)]
fn write<const N: usize>(bytes: &mut [u8], at: usize, chunk: &[u8; N]) {
    bytes[at..at + N].copy_from_slice(chunk);
}
