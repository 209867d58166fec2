//! The lowest levels: one table for short matches and one for long ones, instead of chains.

use super::Page;
use super::streak::Streak;
use crate::block::sequence::*;
use std::hint::select_unpredictable;

const SHORT_LOG: u32 = 14;
const LONG_LOG: u32 = 14;

/// After so many literals the step of the search grows by one byte, and so on.
const PATIENCE: usize = 512;
/// But no further than that: nothing could be found again where matches come after a long part without any.
const MAX_STEP: usize = 300;

#[derive(Clone)]
pub(super) struct Tables {
    /// The last position with each hash of four bytes.
    short: Box<[u32; 1 << SHORT_LOG]>,
    /// The last position with each hash of seven bytes. A match found here is taken at once.
    long: Box<[u32; 1 << LONG_LOG]>,
    /// Whether to insert only the ends of matches.
    trial: Trial,
}

/// Some regular data has few long matches that are found only if the tables know nothing but places where matches end:
/// there the next ones begin. Most regular data gets larger that way. So it is tried in rows of matches without literals
/// between them.
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
    ((word as u32).wrapping_mul(0x9E37_79B1) >> (32 - SHORT_LOG)) as usize
}

#[inline(always)]
fn long_hash(word: u64) -> usize {
    ((word << 8).wrapping_mul(0xCF1B_BCDC_B7A5_6463) >> (64 - LONG_LOG)) as usize
}

/// The [`long_hash`] of the place after that of the word.
#[inline(always)]
fn long_hash_of_next(word: u64) -> usize {
    long_hash(word >> 8)
}

impl Tables {
    pub(super) fn new() -> Tables {
        Tables {
            short: vec![0; 1 << SHORT_LOG].try_into().unwrap(),
            long: vec![0; 1 << LONG_LOG].try_into().unwrap(),
            trial: Trial::default(),
        }
    }

    /// Forgets what was found out about the stream.
    pub(super) fn reset(&mut self) {
        self.trial = Trial::default();
    }

    /// Makes the window findable from its floor to its end.
    pub(super) fn index(&mut self, page: &Page) {
        let (mut tables, _) = self.lend();
        for at in page.floor..page.window.len().saturating_sub(7) {
            tables.insert_long(page.window, page.base, at);
            tables.insert_short(page.window, page.base, at);
        }
    }

    /// Lowers all positions.
    pub(super) fn lower(&mut self, by: u32) {
        for position in self.short.iter_mut().chain(&mut self.long[..]) {
            *position = position.saturating_sub(by);
        }
    }

    #[inline(always)]
    fn lend(&mut self) -> (Lent<'_>, &mut Trial) {
        let Tables { short, long, trial } = self;
        (Lent { short, long }, trial)
    }
}

/// The two tables, borrowed: their addresses stay in registers.
struct Lent<'a> {
    short: &'a mut [u32; 1 << SHORT_LOG],
    long: &'a mut [u32; 1 << LONG_LOG],
}

impl Lent<'_> {
    /// Inserts a few positions of a match that was found at `at`, so that data which repeats a part of it is found too.
    #[inline(always)]
    fn insert_match(&mut self, page: &Page, at: usize, end: usize) {
        let &Page { window, base, .. } = page;
        // Seven bytes from each of two neighbours are in one word.
        let first = read_u64(window, at + 1);
        self.short[short_hash(first)] = base + at as u32 + 1;
        self.long[long_hash(first)] = base + at as u32 + 1;
        self.long[long_hash_of_next(first)] = base + at as u32 + 2;
        let last = read_u64(window, end - 3);
        let position = base + end as u32;
        self.long[long_hash(last)] = position - 3;
        if end <= window.len() - MATCH_MARGIN {
            if let Some(before) = end.checked_sub(5) {
                self.insert_long(window, base, before);
            }
            self.long[long_hash_of_next(last)] = position - 2;
            self.short[short_hash(last >> 8)] = position - 2;
            self.short[short_hash(last >> 16)] = position - 1;
        }
    }

    /// Inserts only where a match ends.
    #[inline(always)]
    fn insert_end(&mut self, page: &Page, end: usize) {
        let &Page { window, base, .. } = page;
        if end <= window.len() - MATCH_MARGIN {
            self.insert_long(window, base, end - 2);
            self.insert_short(window, base, end - 2);
        }
    }

    #[inline(always)]
    fn insert_long(&mut self, window: &[u8], base: u32, at: usize) {
        self.long[long_hash(read_u64(window, at))] = base + at as u32;
    }

    #[inline(always)]
    fn insert_short(&mut self, window: &[u8], base: u32, at: usize) {
        self.short[short_hash(read_u32(window, at) as u64)] = base + at as u32;
    }
}

/// The bits that differ between `word` and the eight bytes at `candidate`. If that is below `lowest`, the first one does.
#[inline(always)]
fn difference(window: &[u8], base: u32, lowest: u32, candidate: u32, word: u64) -> u64 {
    let earlier = (candidate.max(lowest) - base) as usize;
    let bytes: &[u8; 8] = window[earlier..earlier + 8].try_into().unwrap();
    let difference = u64::from_le_bytes(*bytes) ^ word;
    select_unpredictable(candidate < lowest, 1, difference)
}

/// The length of the match with `candidate`, whose first four bytes are equal.
#[inline(always)]
fn length_of(window: &[u8], earlier: usize, at: usize, limit: usize, difference: u64) -> usize {
    if difference != 0 {
        return (difference.trailing_zeros() as usize / 8).min(limit - at);
    }
    if let Some(ours) = window[at..].get(8..16)
        && let Some(theirs) = window[earlier..].get(8..16)
    {
        let difference = read_u64(ours, 0) ^ read_u64(theirs, 0);
        if difference != 0 {
            return (8 + difference.trailing_zeros() as usize / 8).min(limit - at);
        }
    }
    long_match_length(window, earlier, at, limit)
}

pub(super) fn parse(tables: &mut Tables, page: &Page, streak: &mut Streak, writer: &mut SequenceWriter) {
    // Usually the largest distance is a constant.
    if page.max_distance == MAX_OFFSET as u32 {
        parse_within::<false>(tables, page, streak, writer);
    } else {
        parse_within::<true>(tables, page, streak, writer);
    }
}

#[inline(never)]
fn parse_within<const LIMITED: bool>(
    tables: &mut Tables,
    page: &Page,
    streak: &mut Streak,
    writer: &mut SequenceWriter,
) {
    let (mut tables, trial) = tables.lend();
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
    let mut at = start;
    while let Some(ahead) = window.get(at..at + MATCH_MARGIN) {
        let position = base + at as u32;
        let lowest = floor_position.max(position - max_distance);
        let word = read_u64(ahead, 0);
        let long = std::mem::replace(&mut tables.long[long_hash(word)], position);
        let short = std::mem::replace(&mut tables.short[short_hash(word)], position);
        // One branch for both, because it is hard to predict.
        let long_difference = difference(window, base, lowest, long, word);
        let short_difference = difference(window, base, lowest, short, word);
        if (long_difference as u32 != 0) & (short_difference as u32 != 0) {
            at += 1 + ((at - writer.anchor) / PATIENCE).min(MAX_STEP);
            continue;
        }
        let mut begin = at;
        let (mut length, mut offset);
        if long_difference as u32 == 0 {
            offset = (position - long) as usize;
            length = length_of(window, at - offset, at, limit, long_difference);
        } else {
            offset = (position - short) as usize;
            length = length_of(window, at - offset, at, limit, short_difference);
            // The match may be short. Perhaps a longer one starts at the next byte.
            if at < last_start {
                let word = read_u64(window, at + 1);
                let long = tables.long[long_hash(word)];
                // The next byte reaches one byte less far down, unless the floor is the limit. Ignoring that costs a
                // match at the floor, at most.
                let difference = difference(window, base, lowest + 1, long, word);
                if difference as u32 == 0 {
                    let distance = (position + 1 - long) as usize;
                    let next = length_of(window, at + 1 - distance, at + 1, limit, difference);
                    if next > length {
                        length = next;
                        offset = distance;
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
        let most = (begin - writer.anchor).min(begin - offset - floor);
        let more = short_suffix(window, begin - offset, begin, most);
        streak.count(begin - more == writer.anchor);
        writer.sequence(begin - more, length + more, offset);
        let end = begin + length;
        if sparse {
            tables.insert_end(page, end);
        } else {
            tables.insert_match(page, at, end);
        }
        at = end;
    }
}
