//! The fast encoder: one LZ4 block per page, matches found with a single hash table.
//!
//! The table keeps, for a hash of the bytes at a position, the last position that had it, as the low 16 bits of the
//! window index. LZ4 offsets are 16 bits wide too, so the distance to the entry, modulo 65536, is a candidate that is
//! always near enough, and nothing has to be rebased however long the stream gets. An entry may be stale (older than
//! 65536 bytes, or from before `floor`); it is then a candidate like any other: what makes a match is that the bytes
//! are equal and lie between `floor` and the position.

use super::sequence::{LAST_LITERALS, MATCH_MARGIN, match_length, read_u64, write_last_literals, write_sequence};
use std::hint::select_unpredictable;

#[cfg(test)]
mod tests;

/// Entries of the table for the first few hundred bytes of a stream: clearing a larger one would cost more than
/// encoding them.
const SMALL: usize = 1 << 9;
/// Entries for pages that reach back at most 64 KiB in all.
const NEAR: usize = 1 << 13;
/// Entries for long history: 32 KiB, which still fits a first-level cache.
const FAR: usize = 1 << 14;

/// A stream up to this long makes do with `SMALL` entries.
const SMALL_STREAM: usize = 512;
/// Page and history up to this long make do with `NEAR` entries,
const NEAR_REACH: usize = 1 << 16;
/// unless the page is longer than this: then it will soon be the history of a page as long.
const NEAR_PAGE: usize = 1 << 15;

/// After this many (as a power of two) failed attempts in a row the search takes one byte more per step: data that
/// has not matched for long is likely not to match for longer, and missing a bit of it costs little.
const PATIENCE: u32 = 6;

/// Finds matches by hash, one candidate per position.
#[derive(Clone)]
pub(crate) struct FastEncoder {
    /// `SMALL`, `NEAR` or `FAR` entries, or none before the first page.
    /// It only grows within a stream, so that what was inserted stays findable.
    table: Vec<u16>,
    /// The step with which a search begins.
    acceleration: usize,
    /// Bytes encoded since the start of the stream (saturating).
    encoded: usize,
}

impl FastEncoder {
    /// `acceleration` is a value in force, see [`Mode::clamped`](crate::Mode::clamped). The table is allocated with
    /// the first page, which shows how large it needs to be.
    pub(crate) fn new(acceleration: u32) -> FastEncoder {
        debug_assert!((1..=65_537).contains(&acceleration));
        FastEncoder {
            table: Vec::new(),
            acceleration: acceleration as usize,
            encoded: 0,
        }
    }

    /// Writes `window[start..]`, the page, as one LZ4 block to the front of `out` and returns the block's length.
    ///
    /// Matches reach down to `window[floor]` at the lowest. `out` holds at least `compress_bound` of the page's
    /// length.
    pub(crate) fn encode(&mut self, window: &[u8], floor: usize, start: usize, out: &mut [u8]) -> usize {
        let page = window.len() - start;
        let fresh = self.encoded == 0;
        self.encoded = self.encoded.saturating_add(page);
        let entries = if self.encoded <= SMALL_STREAM {
            SMALL
        } else if page <= NEAR_PAGE && window.len() - floor <= NEAR_REACH {
            NEAR
        } else {
            FAR
        };
        if fresh {
            self.clear_table(entries, floor);
        } else if self.table.len() < entries {
            self.clear_table(entries, floor);
            self.insert_history(window, floor, start);
        }
        let step = self.acceleration;
        if let Ok(table) = <&mut [u16; SMALL]>::try_from(&mut self.table[..]) {
            encode_page(table, step, window, floor, start, out)
        } else if let Ok(table) = <&mut [u16; NEAR]>::try_from(&mut self.table[..]) {
            encode_page(table, step, window, floor, start, out)
        } else if let Ok(table) = <&mut [u16; FAR]>::try_from(&mut self.table[..]) {
            encode_page(table, step, window, floor, start, out)
        } else {
            unreachable!("the table has one of three lengths")
        }
    }

    /// Makes `window[floor..start]`, a dictionary, findable for the page that will begin at `start`. Called at the
    /// start of a stream.
    pub(crate) fn index(&mut self, window: &[u8], floor: usize, start: usize) {
        self.encoded = start - floor;
        let entries = if self.encoded <= SMALL_STREAM {
            SMALL
        } else if self.encoded <= NEAR_PAGE {
            NEAR
        } else {
            FAR
        };
        self.clear_table(entries, floor);
        self.insert_history(window, floor, start);
    }

    /// The caller moved the window's content down by `by` bytes.
    pub(crate) fn slide(&mut self, by: usize) {
        // Modulo 65536 is all that counts: a caller that slides by a multiple of it pays nothing.
        if by as u16 == 0 {
            return;
        }
        for entry in &mut self.table {
            *entry = entry.wrapping_sub(by as u16);
        }
    }

    /// Starts a new stream, with the output of a new encoder.
    pub(crate) fn reset(&mut self) {
        self.encoded = 0;
    }

    /// Every entry says `floor` afterwards. Zero would do as well for correct blocks, but which candidates it stands
    /// for would depend on where in the window the stream happens to begin.
    fn clear_table(&mut self, entries: usize, floor: usize) {
        self.table.resize(entries, 0);
        match floor as u16 {
            // Spelled out, this is one call of memset: of weight where a stream is one short message.
            0 => self.table.fill(0),
            floor => self.table.fill(floor),
        }
    }

    fn insert_history(&mut self, window: &[u8], floor: usize, start: usize) {
        match self.table.len() {
            SMALL => insert::<SMALL>(&mut self.table, window, floor, start),
            NEAR => insert::<NEAR>(&mut self.table, window, floor, start),
            _ => insert::<FAR>(&mut self.table, window, floor, start),
        }
    }
}

/// The table index for the bytes at a position, given the eight bytes there.
///
/// Five of them count, six in the largest table: with long history there is a match at almost every position of some
/// data, and fewer, longer matches make the block smaller and are faster to write. The product's high bits depend on
/// all bytes that were not shifted out.
#[inline(always)]
fn hash<const N: usize>(bytes: u64) -> usize {
    let unused = if N == FAR { 16 } else { 24 };
    ((bytes << unused).wrapping_mul(0x9E37_79B1_85EB_CA87) >> (64 - N.trailing_zeros())) as usize
}

/// Inserts every second position of `window[floor..start]`; extending matches backwards makes up for the others.
fn insert<const N: usize>(table: &mut [u16], window: &[u8], floor: usize, start: usize) {
    for (i, bytes) in window[floor..start].windows(8).enumerate().step_by(2) {
        table[hash::<N>(read_u64(bytes, 0))] = (floor + i) as u16;
    }
}

/// A place where history begins with the same bytes as a position.
#[derive(Clone, Copy)]
struct Candidate {
    position: usize,
    /// The eight bytes at the position, exclusive-or the eight bytes here.
    difference: u64,
}

/// Inserts `position`, where `bytes` are, and returns the candidate that was in its place if at least its first
/// `same` bits (32 or 64) are equal and it lies at `floor` or above.
#[inline(always)]
fn replace<const N: usize>(
    table: &mut [u16; N],
    window: &[u8],
    floor: usize,
    last: usize,
    position: usize,
    bytes: u64,
    same: u32,
) -> Option<Candidate> {
    let entry = &mut table[hash::<N>(bytes)];
    let distance = (position as u16).wrapping_sub(*entry) as usize;
    *entry = position as u16;
    if N == NEAR {
        // With small pages most of the table is stale, and which entries are cannot be predicted. So there is no
        // branch on it: an entry out of reach is compared all the same, with the position itself.
        let in_reach = distance.wrapping_sub(1) < position - floor;
        let candidate = position - select_unpredictable(in_reach, distance, 0);
        if candidate <= last {
            let difference = read_u64(window, candidate) ^ bytes;
            if (difference << (64 - same) | !in_reach as u64) == 0 {
                return Some(Candidate {
                    position: candidate,
                    difference,
                });
            }
        }
    } else {
        // Here entries are rarely out of reach. Comparing the bytes first leaves one branch that is seldom taken
        // (next to the one that keeps the load inside the window).
        let candidate = position.wrapping_sub(distance);
        if candidate <= last {
            let difference = read_u64(window, candidate) ^ bytes;
            if difference << (64 - same) == 0 && candidate >= floor && candidate < position {
                return Some(Candidate {
                    position: candidate,
                    difference,
                });
            }
        }
    }
    None
}

#[inline(never)]
fn encode_page<const N: usize>(
    table: &mut [u16; N],
    acceleration: usize,
    window: &[u8],
    floor: usize,
    start: usize,
    out: &mut [u8],
) -> usize {
    let mut written = 0;
    // Everything before this position is in the block.
    let mut anchor = start;
    if window.len() >= MATCH_MARGIN && start <= window.len() - MATCH_MARGIN {
        // The last position where the format lets a match start.
        let last = window.len() - MATCH_MARGIN;
        let mut position = start;
        let mut bytes = read_u64(window, position);
        'page: loop {
            let mut attempts = acceleration << PATIENCE;
            let mut step = 1;
            let mut found = loop {
                if let Some(found) = replace(table, window, floor, last, position, bytes, 32) {
                    break found;
                }
                position += step;
                step = attempts >> PATIENCE;
                attempts += 1;
                if position > last {
                    break 'page;
                }
                bytes = read_u64(window, position);
            };
            let mut back = length_back(
                window,
                found.position,
                position,
                (position - anchor).min(found.position - floor),
            );
            loop {
                let ahead = length_ahead(window, found, position);
                let offset = position - found.position;
                written = write_sequence(out, written, window, anchor, position - back, offset, back + ahead);
                position += ahead;
                anchor = position;
                if position > last {
                    break 'page;
                }
                // One position inside the match, so that the same data is found again where it begins differently.
                table[hash::<N>(read_u64(window, position - 2))] = (position - 2) as u16;
                bytes = read_u64(window, position);
                // A match right after a match: with long history only a long one pays, the search would often find
                // a longer one a byte or two later.
                let same = if N == FAR { 64 } else { 32 };
                match replace(table, window, floor, last, position, bytes, same) {
                    Some(next) => found = next,
                    None => break,
                }
                back = 0;
            }
            position += 1;
            if position > last {
                break 'page;
            }
            bytes = read_u64(window, position);
        }
    }
    write_last_literals(out, written, window, anchor)
}

/// How many bytes before `earlier` and `later` are equal, at most `limit`.
#[inline(always)]
fn length_back(window: &[u8], earlier: usize, later: usize, limit: usize) -> usize {
    if earlier >= 8 && later >= 8 {
        let difference = read_u64(window, later - 8) ^ read_u64(window, earlier - 8);
        let length = (difference.leading_zeros() as usize / 8).min(limit);
        if length < 8 {
            return length;
        }
    }
    let mut length = 0;
    while length < limit && window[later - length - 1] == window[earlier - length - 1] {
        length += 1;
    }
    length
}

/// The length of the match of `position` with `found`, without the last literals of the page.
#[inline(always)]
fn length_ahead(window: &[u8], found: Candidate, position: usize) -> usize {
    // Most matches are shorter than sixteen bytes, and how short cannot be predicted: no branch for them.
    if let Some(next) = window.get(position + 8..position + 16 + LAST_LITERALS) {
        let difference = read_u64(next, 0) ^ read_u64(window, found.position + 8);
        let whole = ((found.difference == 0) as u32).wrapping_neg();
        let length = found.difference.trailing_zeros() / 8 + ((difference.trailing_zeros() / 8) & whole);
        if length < 16 {
            return length as usize;
        }
    }
    match_length(window, found.position, position, window.len() - LAST_LITERALS)
}
