//! The lowest levels: one table for short matches and one for long ones, instead of chains.

use super::Page;
use super::streak::Streak;
use crate::block::sequence::*;
use std::hint::select_unpredictable;

/// The size of either table.
const HASH_LOG: u32 = 14;

/// After so many literals the step of the search grows by one byte, and so on.
const PATIENCE: usize = 512;
/// After so many literals only one table is searched.
const LONG_SEARCH: usize = 16 * PATIENCE;
/// The longest step: little could be found again where matches come after a long part without any.
const MAX_STEP: usize = 300;

/// The last position with each hash of four bytes, and after them the last one with each hash of seven bytes: a match
/// found there is taken at once.
type Positions = [u32; 2 << HASH_LOG];
/// Five bytes before and five bytes after the end of a match.
type Around = [u8; 5 + LAST_LITERALS];

#[derive(Clone)]
pub(super) struct Tables {
    positions: Box<Positions>,
    /// Whether to insert only the ends of matches.
    trial: Trial,
}

/// Some regular data has few long matches that are found only if the tables know nothing but places where matches end:
/// there the next ones begin. Most regular data gets larger that way. So it is tried in rows of matches without
/// literals between them.
#[derive(Clone, Default)]
struct Trial {
    /// How many matches of rows to wait until the next trial.
    wait: u32,
    /// How many matches the last wait took. It doubles with every trial that failed.
    patience: u32,
    /// The matches of this trial so far.
    matches: u32,
    /// The sums of their lengths: of those after which several places were inserted, and of those after which only the
    /// end was.
    lengths: [u64; 2],
}

impl Trial {
    /// After so many matches in a row.
    const ROW: u32 = 16;
    /// So many matches of the one kind are compared with as many of the other.
    const HALF: u32 = 16;

    /// The next match of a row at `at`. Returns whether to insert only its end, and the match.
    #[cold]
    #[inline(never)]
    fn next(&mut self, page: &Page, streak: &mut Streak, at: usize, found: (usize, usize)) -> (bool, usize, usize) {
        if streak.matches == Trial::ROW || self.matches == 0 {
            self.matches = 0;
            self.lengths = [0; 2];
        }
        if self.matches == 2 * Trial::HALF {
            if self.lengths[1] < 2 * self.lengths[0] {
                self.patience = (2 * self.patience).clamp(4 * Trial::HALF, 256 * Trial::HALF);
                self.wait = self.patience;
                self.matches = 0;
                return (false, found.0, found.1);
            }
            self.patience = 0;
        } else {
            self.matches += 1;
        }
        let sparse = self.matches > Trial::HALF;
        let (length, offset) = if sparse {
            streak.further(page.window, page.room(at), at, found)
        } else {
            found
        };
        self.lengths[sparse as usize] += length as u64;
        (sparse, length, offset)
    }
}

#[inline(always)]
fn short_hash(word: u64) -> usize {
    ((word as u32).wrapping_mul(0x9E37_79B1) >> (32 - HASH_LOG)) as usize
}

#[inline(always)]
fn long_hash(word: u64) -> usize {
    ((word << 8).wrapping_mul(0xCF1B_BCDC_B7A5_6463) >> (64 - HASH_LOG)) as usize + (1 << HASH_LOG)
}

/// The [`long_hash`] of the place after that of the word.
#[inline(always)]
fn long_hash_of_next(word: u64) -> usize {
    long_hash(word >> 8)
}

impl Tables {
    pub(super) fn new() -> Tables {
        Tables {
            positions: vec![0; 2 << HASH_LOG].try_into().unwrap(),
            trial: Trial::default(),
        }
    }

    /// Forgets what was found out about the stream.
    pub(super) fn reset(&mut self) {
        self.trial = Trial::default();
    }

    /// Makes the window findable from its floor to its end.
    pub(super) fn index(&mut self, page: &Page) {
        for at in page.floor..page.window.len().saturating_sub(7) {
            let word = read_u64(page.window, at);
            self.positions[long_hash(word)] = page.base + at as u32;
            self.positions[short_hash(word)] = page.base + at as u32;
        }
    }

    /// Lowers all positions.
    pub(super) fn lower(&mut self, by: u32) {
        for position in &mut self.positions[..] {
            *position = position.saturating_sub(by);
        }
    }
}

/// Inserts a few positions of a match, so that data which repeats a part of it is found too: those after `position`,
/// whose bytes are `ahead`, and those before `end`.
#[inline(always)]
fn insert_match(positions: &mut Positions, ahead: &[u8; MATCH_MARGIN], position: u32, around: &Around, end: u32) {
    // Seven bytes from each of two neighbours are in one word.
    let first = read_u64(ahead, 1);
    positions[short_hash(first)] = position + 1;
    positions[long_hash(first)] = position + 1;
    positions[long_hash_of_next(first)] = position + 2;
    positions[long_hash(read_u64(around, 0))] = end - 5;
    positions[long_hash(read_u64(around, 2))] = end - 3;
    insert_end(positions, around, end);
    positions[short_hash(read_u64(around, 2) >> 16)] = end - 1;
}

/// Inserts the [`places_inside`] a match at `position`.
#[cold]
#[inline(never)]
fn insert_inside(positions: &mut Positions, matched: &[u8], offset: usize, position: u32) {
    for at in places_inside(matched.len(), offset) {
        positions[long_hash(read_u64(matched, at))] = position + at as u32;
    }
}

/// Inserts only where a match ends.
#[inline(always)]
fn insert_end(positions: &mut Positions, around: &Around, end: u32) {
    let last = read_u64(around, 2);
    positions[long_hash_of_next(last)] = end - 2;
    positions[short_hash(last >> 8)] = end - 2;
}

/// The bits that differ between `word` and the eight bytes at `candidate`. If that is below `lowest`, the first one
/// does.
#[inline(always)]
fn difference(window: &[u8], base: u32, lowest: u32, candidate: u32, word: u64) -> u64 {
    let earlier = (candidate.max(lowest) - base) as usize;
    let bytes: &[u8; 8] = window[earlier..earlier + 8].try_into().unwrap();
    let difference = u64::from_le_bytes(*bytes) ^ word;
    select_unpredictable(candidate < lowest, 1, difference)
}

/// The length of a match of `at`, where a match may start, with `earlier`. Their first four bytes are equal.
#[inline(always)]
fn length_of(window: &[u8], earlier: usize, at: usize, limit: usize, difference: u64) -> usize {
    if difference != 0 {
        return difference.trailing_zeros() as usize / 8;
    }
    if at + 16 <= limit {
        let difference = read_u64(&window[at..], 8) ^ read_u64(&window[earlier..], 8);
        if difference != 0 {
            return 8 + difference.trailing_zeros() as usize / 8;
        }
        return 16 + run_length::<64>(window, earlier + 16, at + 16, limit);
    }
    long_match_length(window, earlier, at, limit)
}

/// Goes on from `at` after so many literals, to a place where a match may be.
///
/// What takes time there is to wait for the memory. The less else there is to do, the more places are waited for at
/// once.
#[cold]
#[inline(never)]
fn leap(positions: &mut Positions, page: &Page, mut at: usize, mut literals: usize) -> usize {
    let &Page {
        window,
        base,
        floor,
        max_distance,
        ..
    } = page;
    let last_start = window.len() - MATCH_MARGIN;
    loop {
        let step = 1 + (literals / PATIENCE).min(MAX_STEP);
        at += step;
        literals += step;
        if at > last_start {
            return at;
        }
        let position = base + at as u32;
        let lowest = (base + floor as u32).max(position - max_distance);
        let group = read_u32(window, at);
        let place = &mut positions[short_hash(group as u64)];
        if *place >= lowest && read_u32(window, (*place - base) as usize) == group {
            return at;
        }
        *place = position;
    }
}

/// Encodes a page and returns the length of the block.
pub(super) fn encode(tables: &mut Tables, page: &Page, streak: &mut Streak, out: &mut [u8]) -> usize {
    if page.window.len() < MATCH_MARGIN {
        return write_last_literals(out, page.window, page.start);
    }
    // Usually the largest distance is a constant.
    if page.max_distance == MAX_OFFSET as u32 {
        encode_within::<false>(tables, page, streak, out)
    } else {
        encode_within::<true>(tables, page, streak, out)
    }
}

#[inline(never)]
fn encode_within<const LIMITED: bool>(tables: &mut Tables, page: &Page, streak: &mut Streak, out: &mut [u8]) -> usize {
    let Tables { positions, trial } = tables;
    let positions: &mut Positions = positions;
    let max_distance = if LIMITED { page.max_distance } else { MAX_OFFSET as u32 };
    let &Page {
        window,
        base,
        floor,
        start,
        ..
    } = page;
    let limit = window.len() - LAST_LITERALS;
    let last_start = window.len() - MATCH_MARGIN;
    let floor_position = base + floor as u32;
    let out_len = out.len();
    let (mut out, mut anchor) = (out, start);
    let mut at = start;
    while at <= last_start {
        let ahead = window[at..].first_chunk().unwrap();
        let position = base + at as u32;
        let lowest = floor_position.max(position - max_distance);
        let word = read_u64(ahead, 0);
        let long = std::mem::replace(&mut positions[long_hash(word)], position);
        let short = std::mem::replace(&mut positions[short_hash(word)], position);
        // Both are compared before the first branch: which of them matches is hard to predict.
        let long_difference = difference(window, base, lowest, long, word);
        let short_difference = difference(window, base, lowest, short, word);
        if (long_difference as u32 != 0) & (short_difference as u32 != 0) {
            let literals = at - anchor;
            if literals > LONG_SEARCH {
                at = leap(positions, page, at, literals);
            } else {
                at += 1 + literals / PATIENCE;
            }
            continue;
        }
        let mut begin = at;
        let (mut length, mut offset);
        if long_difference as u32 == 0 {
            offset = (position - long) as usize;
            length = length_of(window, (long - base) as usize, at, limit, long_difference);
        } else {
            offset = (position - short) as usize;
            length = length_of(window, (short - base) as usize, at, limit, short_difference);
            // The match may be short. Perhaps a longer one starts at the next byte.
            if at < last_start {
                let word = read_u64(ahead, 1);
                let long = positions[long_hash(word)];
                // The next byte reaches one byte less far down, unless the floor is the limit. Ignoring that costs a
                // match at the floor, at most.
                let difference = difference(window, base, lowest + 1, long, word);
                if difference as u32 == 0 {
                    let next = length_of(window, (long - base) as usize, at + 1, limit, difference);
                    if next > length {
                        length = next;
                        offset = (position + 1 - long) as usize;
                        begin = at + 1;
                    }
                }
            }
        }
        let mut sparse = false;
        if streak.matches >= Trial::ROW {
            if trial.wait > 0 {
                trial.wait -= 1;
            } else {
                (sparse, length, offset) = trial.next(page, streak, begin, (length, offset));
            }
        }
        let mut more = 0;
        if begin != anchor {
            let most = (begin - anchor).min(begin - offset - floor);
            more = short_suffix(window, begin - offset, begin, most);
        }
        streak.count(begin - more == anchor);
        let span = Span {
            from: anchor,
            to: begin - more,
            offset,
            length: length + more,
        };
        let context = (&mut *positions, base);
        out = append_sequence(out, window, span, context, |out, window, span, (positions, base)| {
            let Span { to, offset, length, .. } = span;
            insert_inside(positions, &window[to..to + length], offset, base + to as u32);
            append_any_sequence(out, window, span)
        });
        at = begin + length;
        anchor = at;
        // There are five bytes before it: a match has four or more, and an earlier place.
        let around = window[at - 5..at + LAST_LITERALS].try_into().unwrap();
        if sparse {
            insert_end(positions, around, base + at as u32);
        } else {
            insert_match(positions, ahead, position, around, base + at as u32);
        }
    }
    out_len - out.len() + write_last_literals(out, window, anchor)
}
