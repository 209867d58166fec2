//! The fast encoder. It finds matches with a single hash table and looks at one candidate per position.
//!
//! The table maps a hash of the bytes at a position to the last position with that hash. It stores the low 16 bits of
//! the window index. LZ4 offsets have 16 bits too, so the distance to an entry modulo 65536 is always a possible
//! offset, and entries never need rebasing, however long the stream is. An entry may be stale: at least 65536 bytes
//! old, below `floor`, or farther away than matches may go. That does no harm: a candidate is a match only if it lies
//! between `floor` and the position, and its bytes are equal.

use super::Matches;
use super::sequence::{
    LAST_LITERALS, MATCH_MARGIN, MAX_OFFSET, Span, append_any_sequence, append_sequence, match_length, places_inside,
    read_u32, read_u64, run_length, short_suffix, write_last_literals, write_length,
};
use crate::format::{HISTORY, compress_bound};
use choice::{Choice, DENSE, FIRST_SEGMENT, SEGMENT, Search, Shrinkage};
use std::hint::select_unpredictable;
use steps::TRIAL;

mod choice;
mod offsets;
mod steps;
#[cfg(test)]
mod tests;

/// Table entries for the first few hundred bytes of a stream. Clearing a larger table would take longer than encoding
/// them.
const SMALL: usize = 1 << 9;
/// Table entries when page and history together have at most 64 KiB, or matches go back at most 32 KiB.
const NEAR: usize = 1 << 13;
/// Table entries for more than that. The table takes 32 KiB, as much as the first-level cache of many processors has.
const FAR: usize = 1 << 14;
/// So many of them `Search::Half` uses, for data whose matches are near, short and far between. The other half of such
/// a cache is left for the data.
const HALF: usize = FAR / 2;
/// So many of them `Search::Lean` uses: as many as liblz4.
const LEAN: usize = 1 << 12;

/// To make history findable, two of so many positions are inserted: every second one,
const EVERY_SECOND: usize = 4;
/// or two of so many, if only what comes again at length is worth the time.
const FEW: usize = 32;

/// How many bytes of the data the hash depends on.
const FIVE: u32 = 5;
/// With a long history some data has a match at almost every position. Fewer and longer matches then make the block
/// smaller and are faster to write. So `FAR` tables hash six bytes, unless the data needs matches of five.
const SIX: u32 = 6;

/// Right after a match, a search would often find a longer match a byte or two later. With a long history it is better
/// to take only a match of at least eight bytes there, of which so many bits are equal.
const LONG: u32 = 64;
/// Takes one of four bytes, too.
const ANY: u32 = 32;
/// Looks for none.
const NONE: u32 = 0;

/// A stream of at most this length uses `SMALL` entries.
const SMALL_STREAM: usize = 512;
/// Page and history of at most this total length use `NEAR` entries.
const NEAR_REACH: usize = 1 << 16;
/// A longer page uses `FAR` entries all the same: it will soon be the history of another long page.
const NEAR_PAGE: usize = 1 << 15;

/// Only so much of a long page must lie after the history: the part from which matches reach into the history, one more
/// segment, and room after that, so that the search does not depend on where the head ends.
const HEAD: usize = HISTORY + SEGMENT + 2 * ROOMY_PAGE;
// If the last match of a trial reaches the end of the head, the data shrinks by more than `DENSE` says, even if all
// before it is literals. So the trial does not count, however far the match would go on. (`HEAD / 255`: length bytes.)
const _: () = assert!(HEAD - HISTORY - LAST_LITERALS > DENSE * (compress_bound(TRIAL) + HEAD / 255));
/// To copy the head of a page, and later its end as the next history, takes less time than to copy a page of this
/// length.
const LONG_PAGE: usize = 3 * HISTORY;

/// The search is compiled twice. Where it starts no match in the last so many bytes of the page, most reads of the
/// window need no check. The other one encodes the rest,
const ROOMY: usize = 40;
/// and all of a page that is shorter than this,
const ROOMY_PAGE: usize = 256;
/// or, with a `SMALL` table, than this. (In a short page, to call both takes longer than the checks do. So little data
/// has few matches, however: nearly all of its time goes into the search, and the call pays earlier.)
const ROOMY_SMALL: usize = 64;

/// Of matches of `SIGHT` bytes up to this length the second position is inserted, too.
const LONG_MATCH: usize = 128;

/// After 2^`PATIENCE` failed attempts the step of the search grows by one byte, and so on. Data that has not matched
/// for a while will probably not match soon, and a missed match there costs little.
const PATIENCE: u32 = 6;

/// After pages that did not shrink, such as those of compressed files and pictures, the next one will probably not
/// shrink either. So until its first match, the search takes larger steps: by one byte for every so many bytes of such
/// pages in a row,
const BARREN_SPACING: usize = 1 << 14;
/// up to the square root of the page's length, divided by this. With larger ones, so few positions of a short page
/// would be inserted and searched that nothing would be found when the data changes.
const BARREN_DIVISOR: usize = 4;

/// Evaluates an expression in which `$S` is the search as a constant, for the constants of generic functions.
macro_rules! by_search {
    ($search:expr, $S:ident => $expression:expr) => {
        by_search!($search, $S => $expression; Six Lean Joined Five Bare Half Short)
    };
    ($search:expr, $S:ident => $expression:expr; $($each:ident)*) => {
        match $search {
            $(Search::$each => {
                const $S: Search = Search::$each;
                $expression
            })*
        }
    };
}

/// Encodes pages. What it knows of the history stays from page to page.
#[derive(Clone)]
pub(crate) struct FastEncoder {
    /// `SMALL`, `NEAR` or `FAR` entries, or none before the first page. The table never shrinks within a stream:
    /// what was inserted must stay findable.
    table: Vec<u16>,
    /// The step of a search after its first one, but for [`Choice::stride`].
    acceleration: usize,
    /// The largest offset of a match.
    max_distance: usize,
    choice: Choice,
    /// Bytes encoded since the start of the stream (saturating).
    encoded: usize,
    /// So many of them, the last ones, are of pages that did not shrink.
    barren: usize,
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
            choice: Choice::new(acceleration as usize),
            encoded: 0,
            barren: 0,
        }
    }

    /// Matches go at most `max_distance` bytes back, of 1 to [`MAX_OFFSET`].
    pub(crate) fn with_max_distance(mut self, max_distance: usize) -> FastEncoder {
        self.max_distance = max_distance;
        self
    }

    /// See [`Encoder::head_len`](super::Encoder::head_len).
    pub(crate) fn head_len(&self, page_len: usize) -> usize {
        if page_len >= LONG_PAGE && self.max_distance > NEAR_PAGE {
            HEAD
        } else {
            page_len
        }
    }

    /// Encodes the page into `out` and returns the length of the block. `window[start..]` is its beginning, at least
    /// as long as [`head_len`](Self::head_len) says.
    ///
    /// Matches reach no lower than `window[floor]`. `out` has at least `compress_bound` bytes for the page.
    pub(crate) fn encode_page(
        &mut self,
        window: &[u8],
        floor: usize,
        start: usize,
        page: &[u8],
        out: &mut [u8],
    ) -> usize {
        debug_assert!(page.starts_with(&window[start..]) && window.len() - start >= self.head_len(page.len()));
        let page_len = page.len();
        let fresh = self.encoded == 0;
        self.encoded = self.encoded.saturating_add(page_len);
        let entries = self.entries(page_len, window.len() - floor);
        if fresh {
            self.prepare_table(entries, floor, page);
        } else if self.table.len() < entries {
            self.prepare_table(entries, floor, page);
            self.insert_history(window, floor, start, EVERY_SECOND);
        }
        let cursor = Cursor {
            out,
            anchor: start,
            // Nothing matches the first byte of all.
            position: start.max(floor + 1),
            attempts: self.opening_step(page_len) << PATIENCE,
        };
        let length = if self.table.len() == FAR {
            self.encode_in_segments(window, floor, start, page, cursor)
        } else {
            self.encode_at_once(window, floor, cursor)
        };
        self.barren = if length < page_len {
            0
        } else {
            self.barren.saturating_add(page_len)
        };
        length
    }

    /// How many entries the table should have for a page of this length, or a dictionary, where `reach` is the length
    /// of history and page. `encoded` includes it already.
    fn entries(&self, page_len: usize, reach: usize) -> usize {
        if self.encoded <= SMALL_STREAM {
            SMALL
        } else if (page_len <= NEAR_PAGE && reach <= NEAR_REACH) || self.max_distance <= NEAR_PAGE {
            NEAR
        } else {
            FAR
        }
    }

    /// The step until the first match of a page of this length. (The very first one is a single byte.)
    fn opening_step(&self, page_len: usize) -> usize {
        match self.barren / BARREN_SPACING {
            0 => self.acceleration,
            more => (1 + more).min(page_len.isqrt() / BARREN_DIVISOR).max(self.acceleration),
        }
    }

    /// Encodes the page with a smaller table. Returns the length of the block.
    fn encode_at_once(&mut self, window: &[u8], floor: usize, mut cursor: Cursor) -> usize {
        let room = cursor.out.len();
        let limits = (self.acceleration, self.max_distance);
        // Whether entries can be out of reach: because some of the stream is, or because no match may go as far. (With
        // a `SMALL` table, the stream is too short for that to matter.)
        let stale = self.encoded > window.len() - floor || self.max_distance != MAX_OFFSET;
        let (until, table) = (usize::MAX, &mut self.table);
        match table.len() {
            SMALL => encode_to::<SMALL, FIVE, ANY, false>(until, table, limits, window, floor, &mut cursor),
            _ if stale => encode_to::<NEAR, FIVE, ANY, true>(until, table, limits, window, floor, &mut cursor),
            _ => {
                // (The same, but as a constant: so it is not compiled for other limits.)
                let limits = (self.acceleration, MAX_OFFSET);
                encode_to::<NEAR, FIVE, ANY, false>(until, table, limits, window, floor, &mut cursor)
            }
        };
        room - cursor.out.len() + write_last_literals(cursor.out, window, cursor.anchor)
    }

    /// Encodes a page that lies whole in the window.
    #[cfg(test)]
    pub(crate) fn encode(&mut self, window: &[u8], floor: usize, start: usize, out: &mut [u8]) -> usize {
        self.encode_page(window, floor, start, &window[start..], out)
    }

    /// Encodes the page with a `FAR` table, and chooses the search of each segment. Returns the length of the block.
    fn encode_in_segments<'a>(
        &mut self,
        mut window: &'a [u8],
        mut floor: usize,
        mut start: usize,
        page: &'a [u8],
        cursor: Cursor,
    ) -> usize {
        let Cursor {
            out,
            mut anchor,
            mut position,
            mut attempts,
            ..
        } = cursor;
        let mut end = start + page.len();
        let mut written = 0;
        while position + MATCH_MARGIN <= window.len() {
            let encoded = self.encoded - (end - position);
            let segment = encoded.clamp(FIRST_SEGMENT, SEGMENT);
            let mut until = position + (segment - self.choice.segment.content);
            let mut others = None;
            if position + TRIAL + ROOMY_PAGE <= window.len() && self.choice.wants_trial() {
                until = position + TRIAL;
                let cursor = Cursor {
                    out: &mut out[written..],
                    anchor,
                    position,
                    attempts,
                };
                others = Some(self.try_other_steps(until, window, floor, cursor));
            }
            let mut cursor = Cursor {
                out: &mut out[written..],
                anchor,
                position,
                attempts,
            };
            let room = cursor.out.len();
            let pending = position - anchor;
            let step = self.choice.stride() * self.acceleration;
            let short = self.encode_some(until, step, window, floor, &mut cursor);
            let mut length = room - cursor.out.len();
            if let Some(others) = others {
                let ours = cursor.shrinkage_since(position, pending, room);
                self.choice.steps.end_trial(ours, others);
            }
            let from = anchor;
            Cursor {
                anchor,
                position,
                attempts,
                ..
            } = cursor;
            if window.len() < end && anchor == window.len() - LAST_LITERALS {
                let more;
                (length, more) = self.lengthen(&mut out[written..], length, page, start, anchor - start);
                (anchor, position) = (anchor + more, position + more);
            }
            let content = position - from;
            let block = length + (position - anchor);
            self.choice
                .add(pending, content, block, short, &out[written..written + length]);
            written += length;
            if position >= start + HISTORY {
                // From here on, matches reach into the page itself only. (Even if the window has more: the block must
                // not depend on that.)
                floor = floor.max(start);
                if window.len() < end {
                    self.slide(start);
                    (anchor, position) = (anchor - start, position - start);
                    (window, floor, start, end) = (page, 0, 0, page.len());
                }
            }
            // A segment can span many small pages. If each page were one, all their time could go into changes.
            if self.choice.segment.content >= segment
                && let Some(again) = self.choice.change()
            {
                let end = position.min(window.len());
                let middle = floor.max(end.saturating_sub(again));
                self.insert_history(window, floor.max(end.saturating_sub(HISTORY)), middle, FEW);
                self.insert_history(window, middle, end, EVERY_SECOND);
            }
        }
        written + write_last_literals(&mut out[written..], window, anchor)
    }

    /// Encodes from `cursor` on, with a `FAR` table. See [`encode_segment`], also for what it returns.
    fn encode_some(&mut self, until: usize, step: usize, window: &[u8], floor: usize, cursor: &mut Cursor) -> usize {
        let limits = (step, self.max_distance);
        by_search!(self.choice.search, S => {
            encode_to::<{ S.entries() }, { S.bytes() }, { S.same() }, false>(
                until, &mut self.table, limits, window, floor, cursor,
            )
        })
    }

    /// What the search would make of the data up to `until` with the steps to be tried. Overwrites the room of the
    /// cursor, and puts the table back.
    #[cold]
    #[inline(never)]
    fn try_other_steps(&mut self, until: usize, window: &[u8], floor: usize, mut cursor: Cursor) -> Shrinkage {
        let Cursor { position, anchor, .. } = cursor;
        let room = cursor.out.len();
        // (There is no acceleration.)
        let step = self.choice.steps.tried_stride();
        cursor.attempts = cursor.attempts * step / self.choice.steps.stride();
        let kept = *part::<FAR>(&mut self.table);
        self.encode_some(until, step, window, floor, &mut cursor);
        self.table.copy_from_slice(&kept);
        cursor.shrinkage_since(position, position - anchor, room)
    }

    /// The last match of the first `length` bytes of `out` ends at `page[end]`, but only because the head of the page
    /// ended there. Makes it as long as it can be. Returns the new length, and by how many bytes the match is longer.
    /// The page is at index `start` of the window.
    #[cold]
    #[inline(never)]
    fn lengthen(&mut self, out: &mut [u8], length: usize, page: &[u8], start: usize, end: usize) -> (usize, usize) {
        let last = Matches::of(&out[..length]).last().expect("the match");
        let more = match_length(page, end - last.offset, end, page.len() - LAST_LITERALS);
        // (Some places inside are inserted for the second time.)
        let matched = &page[end - last.len..end + more];
        let (offset, start) = (last.offset, start + end - last.len);
        by_search!(self.choice.search, S => {
            insert_inside::<{ S.entries() }, { S.bytes() }>(&mut self.table, matched, offset, start)
        });
        // The match is so long that it has length bytes. The last of them is less than 255.
        (write_length(out, length - 1, out[length - 1] as usize + more), more)
    }

    /// Makes the dictionary `window[floor..start]` findable for the page at `start`. Called at the start of a stream.
    pub(crate) fn index(&mut self, window: &[u8], floor: usize, start: usize) {
        self.reset();
        self.encoded = start - floor;
        let entries = self.entries(start - floor, start - floor);
        self.prepare_table(entries, floor, &window[floor..start]);
        self.insert_history(window, floor, start, EVERY_SECOND);
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
        self.barren = 0;
        // With a smaller table, nothing was chosen. (That matters when a stream is one short message.)
        if self.table.len() == FAR {
            self.choice = Choice::new(self.acceleration);
        }
    }

    /// Sets up a table of so many entries, for `data`. How a `FAR` table is searched is guessed from that at first.
    fn prepare_table(&mut self, entries: usize, floor: usize, data: &[u8]) {
        self.clear_table(entries, floor);
        if entries == FAR {
            self.choice.guess(data);
        }
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

    /// See [`insert`].
    fn insert_history(&mut self, window: &[u8], floor: usize, start: usize, pace: usize) {
        match self.table.len() {
            SMALL => insert::<SMALL, FIVE>(&mut self.table, window, floor, start, pace),
            NEAR => insert::<NEAR, FIVE>(&mut self.table, window, floor, start, pace),
            _ => by_search!(self.choice.search, S => {
                insert::<{ S.entries() }, { S.bytes() }>(&mut self.table, window, floor, start, pace)
            }),
        }
    }
}

/// The table index of a position, from the first `BYTES` of the eight bytes there. The high bits of the product depend
/// on all bytes that are not shifted out.
#[inline(always)]
fn hash<const N: usize, const BYTES: u32>(bytes: u64) -> usize {
    let unused = u64::BITS - 8 * BYTES;
    ((bytes << unused).wrapping_mul(0x9E37_79B1_85EB_CA87) >> (64 - N.trailing_zeros())) as usize
}

/// The first entries of the table, of which a search uses so many.
#[inline(always)]
fn part<const N: usize>(table: &mut [u16]) -> &mut [u16; N] {
    table.first_chunk_mut().expect("the table has as many entries")
}

/// Inserts two of each `pace` positions of `window[floor..start]`. Extending matches backwards makes up for the others.
fn insert<const N: usize, const BYTES: u32>(table: &mut [u16], window: &[u8], floor: usize, start: usize, pace: usize) {
    let table = part::<N>(table);
    let mut position = floor as u16;
    // Eight bytes are enough for two positions: the second one needs no more than `SIX` of those from it on.
    for bytes in window[floor..start].windows(8).step_by(pace) {
        let bytes = read_u64(bytes, 0);
        table[hash::<N, BYTES>(bytes)] = position;
        table[hash::<N, BYTES>(bytes >> 16)] = position.wrapping_add(2);
        position = position.wrapping_add(pace as u16);
    }
}

/// Inserts the [`places_inside`] a match at `start`.
#[cold]
#[inline(never)]
fn insert_inside<const N: usize, const BYTES: u32>(table: &mut [u16], matched: &[u8], offset: usize, start: usize) {
    for at in places_inside(matched.len(), offset) {
        table[hash::<N, BYTES>(read_u64(matched, at))] = (start + at) as u16;
    }
}

/// The rare cases of [`append_sequence`].
#[cold]
#[inline(never)]
fn append_rare_sequence<'a, const N: usize, const BYTES: u32>(
    out: &'a mut [u8],
    window: &[u8],
    span: Span,
    table: &mut [u16; N],
) -> &'a mut [u8] {
    let Span { to, offset, length, .. } = span;
    insert_inside::<N, BYTES>(table, &window[to..to + length], offset, to);
    append_any_sequence(out, window, span)
}

/// An earlier position with the same bytes as the current one.
#[derive(Clone, Copy)]
struct Found {
    position: usize,
    /// How many of the first `SIGHT` bytes are equal.
    ahead: usize,
    /// The eight bytes after those, if there are as many.
    next: u64,
}

/// Matches up to this length are measured without a branch: most are shorter, but how short is unpredictable.
const SIGHT: usize = 16;

/// Measures the match of `position` with `candidate`, whose first eight bytes differ by `difference` (XOR).
#[inline(always)]
fn found(window: &[u8], candidate: usize, position: usize, difference: u64) -> Found {
    if let Some(ours) = window[position..].first_chunk::<{ SIGHT + 8 }>()
        && let Some(theirs) = window[candidate..].first_chunk::<SIGHT>()
    {
        // (A difference of zero has 64 trailing zeros.)
        let further = 64 + (read_u64(ours, 8) ^ read_u64(theirs, 8)).trailing_zeros();
        let equal = select_unpredictable(difference == 0, further, difference.trailing_zeros());
        let ahead = equal as usize / 8;
        return Found {
            position: candidate,
            ahead,
            next: read_u64(ours, ahead),
        };
    }
    let ahead = length_to_the_end(window, candidate, position);
    Found {
        position: candidate,
        ahead,
        next: bytes_at(window, position + ahead),
    }
}

#[inline(never)]
fn length_to_the_end(window: &[u8], earlier: usize, later: usize) -> usize {
    match_length(window, earlier, later, window.len() - LAST_LITERALS)
}

/// The eight bytes at a position, or zero where there are not as many.
#[inline(always)]
fn bytes_at(window: &[u8], position: usize) -> u64 {
    window[position..]
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Inserts `position`, whose eight bytes are `bytes`. Returns the position that it replaces in the table, if that is
/// not below `floor` and its first `bits` bits (32 or 64) are equal. `position` is above `floor`. With `STALE`, it may
/// return `floor` instead.
#[inline(always)]
fn replace<const N: usize, const BYTES: u32, const STALE: bool>(
    table: &mut [u16; N],
    window: &[u8],
    floor: usize,
    last: usize,
    position: usize,
    bytes: u64,
    bits: u32,
) -> Option<Found> {
    let entry = &mut table[hash::<N, BYTES>(bytes)];
    let distance = (position as u16).wrapping_sub(*entry) as usize;
    *entry = position as u16;
    if STALE {
        // Which entries are out of reach is unpredictable. So do not branch: instead of one that is, take `floor`. It
        // is a candidate too, if a bad one.
        let in_reach = distance.wrapping_sub(1) < position - floor;
        let candidate = select_unpredictable(in_reach, position.wrapping_sub(distance), floor);
        if candidate <= last {
            let difference = read_u64(window, candidate) ^ bytes;
            if difference << (64 - bits) == 0 {
                return Some(found(window, candidate, position, difference));
            }
        }
    } else {
        // Here entries are rarely out of reach. Comparing the bytes first leaves one rarely taken branch, besides the
        // one that keeps the load inside the window.
        let candidate = position.wrapping_sub(distance);
        if candidate <= last {
            let equal = if bits == 32 {
                read_u32(window, candidate) == bytes as u32
            } else {
                read_u64(window, candidate) == bytes
            };
            if equal && candidate.wrapping_sub(floor) < position - floor {
                let difference = read_u64(window, candidate) ^ bytes;
                return Some(found(window, candidate, position, difference));
            }
        }
    }
    None
}

/// How far a page is encoded.
struct Cursor<'a> {
    /// The room for what was not written yet.
    out: &'a mut [u8],
    /// Everything before it has been written.
    anchor: usize,
    /// The next position to search.
    position: usize,
    /// How patient the search is: see `PATIENCE`.
    attempts: usize,
}

impl Cursor<'_> {
    /// How the data from `position` on shrank, where the cursor had so many pending literals and so much room.
    fn shrinkage_since(&self, position: usize, pending: usize, room: usize) -> Shrinkage {
        let block = room - self.out.len() + (self.position - self.anchor);
        Shrinkage {
            content: self.position - position,
            // (The first match may have begun before.)
            block: block.saturating_sub(pending),
        }
    }
}

/// Encodes the part of the page that has room after it, then the rest: see `ROOMY`.
///
/// `STALE` is for pages where many entries are out of reach: small ones, but for the first of a stream. It is a matter
/// of speed. Without it, no match reaches farther either.
#[inline(always)]
fn encode_to<const N: usize, const BYTES: u32, const SAME: u32, const STALE: bool>(
    until: usize,
    table: &mut [u16],
    limits: (usize, usize),
    window: &[u8],
    floor: usize,
    cursor: &mut Cursor,
) -> usize {
    let table = part::<N>(table);
    let mut short = 0;
    let roomy = if N == SMALL { ROOMY_SMALL } else { ROOMY_PAGE };
    if cursor.position + roomy <= window.len() {
        short = encode_part::<N, BYTES, SAME, STALE, ROOMY>(until, table, limits, window, floor, cursor);
        if cursor.position > until {
            return short;
        }
    }
    short + encode_part::<N, BYTES, SAME, STALE, MATCH_MARGIN>(until, table, limits, window, floor, cursor)
}

/// Calls [`encode_segment`]. With the usual largest distance, there is no limit to check: entries hold no larger one.
#[inline(always)]
fn encode_part<const N: usize, const BYTES: u32, const SAME: u32, const STALE: bool, const MARGIN: usize>(
    until: usize,
    table: &mut [u16; N],
    (acceleration, max_distance): (usize, usize),
    window: &[u8],
    floor: usize,
    cursor: &mut Cursor,
) -> usize {
    if max_distance == MAX_OFFSET {
        encode_segment::<N, BYTES, SAME, STALE, false, MARGIN>(
            until,
            table,
            acceleration,
            MAX_OFFSET,
            window,
            floor,
            cursor,
        )
    } else {
        encode_segment::<N, BYTES, SAME, STALE, true, MARGIN>(
            until,
            table,
            acceleration,
            max_distance,
            window,
            floor,
            cursor,
        )
    }
}

/// Encodes from `cursor` on, until the search is past `until` or the page ends. With `Search::Five`, `Search::Bare` and
/// `Search::Half`, returns the number of matches of at most five bytes. With `Search::Lean`, returns how many matches
/// follow right after another all the same, because one was extended backwards.
#[inline(never)]
fn encode_segment<
    const N: usize,
    const BYTES: u32,
    const SAME: u32,
    const STALE: bool,
    const LIMITED: bool,
    const MARGIN: usize,
>(
    until: usize,
    table: &mut [u16; N],
    acceleration: usize,
    max_distance: usize,
    window: &[u8],
    floor: usize,
    cursor: &mut Cursor,
) -> usize {
    // Whether more positions inside matches are inserted than one near the end: with a `FAR` table, of which `N` may be
    // a part. With smaller tables, to insert them takes more time than it is worth.
    let inside = N == FAR || SAME != ANY;
    const { assert!(Search::Half.same() != ANY && Search::Lean.same() != ANY) };
    // How far down a match at a position reaches.
    let floor_at = |position: usize| {
        if LIMITED {
            floor.max(position.saturating_sub(max_distance))
        } else {
            floor
        }
    };
    let mut out = std::mem::take(&mut cursor.out);
    let Cursor {
        mut anchor,
        mut position,
        mut attempts,
        ..
    } = *cursor;
    let mut short = 0;
    if window.len() >= MARGIN && position <= window.len() - MARGIN {
        // The last position where the format lets a match start, or that of the segment.
        let last = until.min(window.len() - MARGIN);
        'segment: loop {
            let mut step = 1;
            let mut found = loop {
                if position > last {
                    break 'segment;
                }
                let bytes = read_u64(window, position);
                if let Some(found) =
                    replace::<N, BYTES, STALE>(table, window, floor_at(position), last, position, bytes, 32)
                {
                    attempts = acceleration << PATIENCE;
                    break found;
                }
                position += step;
                step = attempts >> PATIENCE;
                attempts += 1;
            };
            let mut back = short_suffix(
                window,
                found.position,
                position,
                (position - anchor).min(found.position - floor),
            );
            loop {
                let mut ahead = found.ahead;
                let mut next = found.next;
                if ahead == SIGHT {
                    ahead += length_ahead::<STALE>(window, found.position + SIGHT, position + SIGHT);
                    next = bytes_at(window, position + ahead);
                    // What came again at length will again. With its second position it is likelier to be found, and
                    // from its beginning. (Runs are found anyway.)
                    if inside {
                        // (Of a longer one, the first is inserted again: a branch could not be predicted.)
                        let second = position + (ahead <= LONG_MATCH) as usize;
                        if let Some(bytes) = window[second..].first_chunk() {
                            table[hash::<N, BYTES>(u64::from_le_bytes(*bytes))] = second as u16;
                        }
                    }
                }
                let offset = position - found.position;
                debug_assert!((1..=max_distance).contains(&offset) && found.position >= floor);
                let span = Span {
                    from: anchor,
                    to: position - back,
                    offset,
                    length: back + ahead,
                };
                position += ahead;
                anchor = position;
                out = append_sequence(out, window, span, &mut *table, |out, window, span, table| {
                    if inside {
                        append_rare_sequence::<N, BYTES>(out, window, span, table)
                    } else {
                        append_any_sequence(out, window, span)
                    }
                });
                if BYTES == FIVE && SAME == LONG {
                    short += (back + ahead <= FIVE as usize) as usize;
                }
                if SAME == NONE {
                    short += (span.from == span.to) as usize;
                }
                if position > last {
                    break 'segment;
                }
                // Insert one position inside the match, so that data which repeats only its end is found too. (The
                // check takes less time than the two of an index.)
                if let Some(inside) = position.checked_sub(2) {
                    table[hash::<N, BYTES>(read_u64(window, inside))] = inside as u16;
                }
                if SAME == NONE {
                    break;
                }
                // Try a match right after this one.
                match replace::<N, BYTES, STALE>(table, window, floor_at(position), last, position, next, SAME) {
                    Some(next) => found = next,
                    None => break,
                }
                back = 0;
            }
            position += 1;
        }
    }
    let end = Cursor {
        out,
        anchor,
        position,
        attempts,
    };
    if inside && MARGIN == ROOMY {
        leave(cursor, end);
    } else {
        *cursor = end;
    }
    short
}

/// A call, and one that is said to be rare: otherwise the compiler keeps `cursor` in a register of the search. (Shorter
/// pages lose more by the call.)
#[cold]
#[inline(never)]
fn leave<'a>(cursor: &mut Cursor<'a>, end: Cursor<'a>) {
    *cursor = end;
}

/// How many more bytes are equal. It stops before the page's last literals.
#[inline(always)]
fn length_ahead<const STALE: bool>(window: &[u8], earlier: usize, later: usize) -> usize {
    let limit = window.len() - LAST_LITERALS;
    // Runs are common in small pages. (In others, and at the beginning of a stream, the call costs text more than runs
    // gain.)
    if STALE {
        run_length::<128>(window, earlier, later, limit)
    } else {
        match_length(window, earlier, later, limit)
    }
}
