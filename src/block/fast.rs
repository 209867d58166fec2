//! The fast encoder. It finds matches with a single hash table and looks at one candidate per position.
//!
//! The table maps a hash of the bytes at a position to the last position with that hash. It stores the low 16 bits of
//! the window index. LZ4 offsets have 16 bits too, so the distance to an entry modulo 65536 is always a possible
//! offset, and entries never need rebasing, however long the stream is. An entry may be stale: more than 65536 bytes
//! old, or from below `floor`. It is still a candidate like any other. A candidate is a match if it lies between
//! `floor` and the position and its bytes are equal.

use super::sequence::{
    LAST_LITERALS, MATCH_MARGIN, MAX_OFFSET, match_length, read_u64, run_length, write_last_literals, write_sequence,
};
use std::hint::select_unpredictable;

#[cfg(test)]
mod tests;

/// Table entries for the first few hundred bytes of a stream. Clearing a larger table would take longer than encoding
/// them.
const SMALL: usize = 1 << 9;
/// Table entries when page and history together have at most 64 KiB.
const NEAR: usize = 1 << 13;
/// Table entries for more than that. The table takes 32 KiB, which still fits the first-level cache.
const FAR: usize = 1 << 14;

/// A stream of at most this length uses `SMALL` entries.
const SMALL_STREAM: usize = 512;
/// Page and history of at most this total length use `NEAR` entries.
const NEAR_REACH: usize = 1 << 16;
/// A longer page uses `FAR` entries all the same: it will soon be the history of another long page.
const NEAR_PAGE: usize = 1 << 15;

/// After 2^`PATIENCE` failed attempts the step of the search grows by one byte, and so on. Data that has not matched
/// for a while will probably not match soon, and a missed match there costs little.
const PATIENCE: u32 = 6;

/// Encodes pages. What it knows of the history stays from page to page.
#[derive(Clone)]
pub(crate) struct FastEncoder {
    /// `SMALL`, `NEAR` or `FAR` entries, or none before the first page. The table never shrinks within a stream:
    /// what was inserted must stay findable.
    table: Vec<u16>,
    /// The step of a search, after its first one.
    acceleration: usize,
    /// The largest offset of a match.
    max_distance: usize,
    /// Bytes encoded since the start of the stream (saturating).
    encoded: usize,
}

impl FastEncoder {
    /// `acceleration` is already clamped, see [`Mode::clamped`](crate::Mode::clamped). The table is allocated with the
    /// first page, which decides its size.
    pub(crate) fn new(acceleration: u32) -> FastEncoder {
        debug_assert!((1..=65_537).contains(&acceleration));
        FastEncoder {
            table: Vec::new(),
            acceleration: acceleration as usize,
            max_distance: MAX_OFFSET,
            encoded: 0,
        }
    }

    /// Matches go at most `max_distance` bytes back, of 1 to [`MAX_OFFSET`].
    pub(crate) fn with_max_distance(mut self, max_distance: usize) -> FastEncoder {
        self.max_distance = max_distance;
        self
    }

    /// Encodes the page `window[start..]` into `out` and returns the length of the block.
    ///
    /// Matches reach no lower than `window[floor]`. `out` has at least `compress_bound` bytes for the page.
    pub(crate) fn encode(&mut self, window: &[u8], floor: usize, start: usize, out: &mut [u8]) -> usize {
        let page = window.len() - start;
        let fresh = self.encoded == 0;
        self.encoded = self.encoded.saturating_add(page);
        let entries = if self.encoded <= SMALL_STREAM {
            SMALL
        } else if (page <= NEAR_PAGE && window.len() - floor <= NEAR_REACH) || self.max_distance <= NEAR_PAGE {
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
        let limits = (self.acceleration, self.max_distance);
        if let Ok(table) = <&mut [u16; SMALL]>::try_from(&mut self.table[..]) {
            encode_limited(table, limits, window, floor, start, out)
        } else if let Ok(table) = <&mut [u16; NEAR]>::try_from(&mut self.table[..]) {
            encode_limited(table, limits, window, floor, start, out)
        } else if let Ok(table) = <&mut [u16; FAR]>::try_from(&mut self.table[..]) {
            encode_limited(table, limits, window, floor, start, out)
        } else {
            unreachable!("the table has one of three lengths")
        }
    }

    /// Makes the dictionary `window[floor..start]` findable for the page at `start`. Called at the start of a stream.
    pub(crate) fn index(&mut self, window: &[u8], floor: usize, start: usize) {
        self.encoded = start - floor;
        let entries = if self.encoded <= SMALL_STREAM {
            SMALL
        } else if self.encoded.min(self.max_distance) <= NEAR_PAGE {
            NEAR
        } else {
            FAR
        };
        self.clear_table(entries, floor);
        self.insert_history(window, floor, start);
    }

    /// The caller has moved the content of the window down by `by` bytes.
    pub(crate) fn slide(&mut self, by: usize) {
        // Positions are stored modulo 65536, so a slide by a multiple of 65536 changes nothing.
        if by as u16 == 0 {
            return;
        }
        for entry in &mut self.table {
            *entry = entry.wrapping_sub(by as u16);
        }
    }

    /// Starts a new stream. The output is the same as that of a new encoder.
    pub(crate) fn reset(&mut self) {
        self.encoded = 0;
    }

    /// Sets every entry to `floor`. Zero would also give valid blocks, but their content would depend on where in the
    /// window the stream begins.
    fn clear_table(&mut self, entries: usize, floor: usize) {
        self.table.resize(entries, 0);
        match floor as u16 {
            // The constant makes this a memset, which matters when a stream is one short message.
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

/// The table index of a position, from the eight bytes there.
///
/// Only five of them count, or six in the largest table. With a long history some data has a match at almost every
/// position. Fewer and longer matches then make the block smaller and are faster to write. The high bits of the
/// product depend on all bytes that are not shifted out.
#[inline(always)]
fn hash<const N: usize>(bytes: u64) -> usize {
    let unused = if N == FAR { 16 } else { 24 };
    ((bytes << unused).wrapping_mul(0x9E37_79B1_85EB_CA87) >> (64 - N.trailing_zeros())) as usize
}

/// Inserts every second position of `window[floor..start]`. Extending matches backwards makes up for the others.
fn insert<const N: usize>(table: &mut [u16], window: &[u8], floor: usize, start: usize) {
    for (i, bytes) in window[floor..start].windows(8).enumerate().step_by(2) {
        table[hash::<N>(read_u64(bytes, 0))] = (floor + i) as u16;
    }
}

/// An earlier position with the same bytes as the current one.
#[derive(Clone, Copy)]
struct Candidate {
    position: usize,
    /// The eight bytes there XOR the eight bytes at the current position.
    difference: u64,
}

/// Inserts `position`, whose eight bytes are `bytes`. Returns the position that it replaces in the table, if that is
/// not below `floor` and its first `same` bits (32 or 64) are equal.
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
        // With small pages most entries are stale, and a branch cannot predict which. So do not branch: instead of an
        // entry that is out of reach, compare the position with itself.
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
        // Here entries are rarely out of reach. Comparing the bytes first leaves one rarely taken branch, besides the
        // one that keeps the load inside the window.
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

/// Calls [`encode_page`]. With the usual largest distance, there is no limit to check: entries hold no larger one.
#[inline(always)]
fn encode_limited<const N: usize>(
    table: &mut [u16; N],
    (acceleration, max_distance): (usize, usize),
    window: &[u8],
    floor: usize,
    start: usize,
    out: &mut [u8],
) -> usize {
    if max_distance == MAX_OFFSET {
        encode_page::<N, false>(table, acceleration, MAX_OFFSET, window, floor, start, out)
    } else {
        encode_page::<N, true>(table, acceleration, max_distance, window, floor, start, out)
    }
}

#[inline(never)]
fn encode_page<const N: usize, const LIMITED: bool>(
    table: &mut [u16; N],
    acceleration: usize,
    max_distance: usize,
    window: &[u8],
    floor: usize,
    start: usize,
    out: &mut [u8],
) -> usize {
    // How far down a match at a position reaches.
    let floor_at = |position: usize| {
        if LIMITED {
            floor.max(position.saturating_sub(max_distance))
        } else {
            floor
        }
    };
    let mut written = 0;
    // Everything before the anchor has been written.
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
                if let Some(found) = replace(table, window, floor_at(position), last, position, bytes, 32) {
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
                let ahead = length_ahead::<N>(window, found, position);
                let offset = position - found.position;
                written = write_sequence(out, written, window, anchor, position - back, offset, back + ahead);
                position += ahead;
                anchor = position;
                if position > last {
                    break 'page;
                }
                // Insert one position inside the match, so that data which repeats only its end is found too.
                table[hash::<N>(read_u64(window, position - 2))] = (position - 2) as u16;
                bytes = read_u64(window, position);
                // Try a match right after this one. With a long history only a long one is worth it: a search would
                // often find a longer one a byte or two later.
                let same = if N == FAR { 64 } else { 32 };
                match replace(table, window, floor_at(position), last, position, bytes, same) {
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

/// How many bytes before `earlier` equal those before `later`. Counts at most `limit` bytes.
#[inline(always)]
fn length_back(window: &[u8], earlier: usize, later: usize, limit: usize) -> usize {
    if earlier >= 8 {
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

/// The length of the match of `position` with `found`. It stops before the page's last literals.
#[inline(always)]
fn length_ahead<const N: usize>(window: &[u8], found: Candidate, position: usize) -> usize {
    // Most matches are shorter than sixteen bytes, but how short is unpredictable. So do not branch on it.
    if let Some(next) = window.get(position + 8..position + 16 + LAST_LITERALS) {
        let difference = read_u64(next, 0) ^ read_u64(window, found.position + 8);
        let whole = ((found.difference == 0) as u32).wrapping_neg();
        let length = found.difference.trailing_zeros() / 8 + ((difference.trailing_zeros() / 8) & whole);
        if length < 16 {
            return length as usize;
        }
    }
    let limit = window.len() - LAST_LITERALS;
    if N == NEAR {
        // Runs are common in small pages. (In large ones the call costs text more than runs gain.)
        run_length(window, found.position, position, limit)
    } else {
        match_length(window, found.position, position, limit)
    }
}
