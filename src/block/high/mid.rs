//! The lowest levels: one table for short matches and one for long ones, instead of chains.

use super::Page;
use super::streak::Streak;
use crate::block::sequence::*;

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
}

#[inline(always)]
fn short_hash(word: u64) -> usize {
    ((word as u32).wrapping_mul(0x9E37_79B1) >> (32 - SHORT_LOG)) as usize
}

#[inline(always)]
fn long_hash(word: u64) -> usize {
    ((word << 8).wrapping_mul(0xCF1B_BCDC_B7A5_6463) >> (64 - LONG_LOG)) as usize
}

impl Tables {
    pub(super) fn new() -> Tables {
        Tables {
            short: vec![0; 1 << SHORT_LOG].try_into().unwrap(),
            long: vec![0; 1 << LONG_LOG].try_into().unwrap(),
        }
    }

    /// Makes the window findable from its floor to its end.
    pub(super) fn index(&mut self, page: &Page) {
        for at in page.floor..page.window.len().saturating_sub(7) {
            self.insert_long(page.window, page.base, at);
            self.insert_short(page.window, page.base, at);
        }
    }

    /// Lowers all positions.
    pub(super) fn lower(&mut self, by: u32) {
        for position in self.short.iter_mut().chain(&mut self.long[..]) {
            *position = position.saturating_sub(by);
        }
    }

    /// Inserts a few positions of a match that was found at `at`, so that data which repeats a part of it is found too.
    #[inline(always)]
    fn insert_match(&mut self, page: &Page, at: usize, end: usize) {
        let &Page {
            window, base, start, ..
        } = page;
        self.insert_long(window, base, at + 1);
        self.insert_long(window, base, at + 2);
        self.insert_short(window, base, at + 1);
        self.insert_long(window, base, end - 3);
        if end <= window.len() - MATCH_MARGIN {
            if end >= start + 5 {
                self.insert_long(window, base, end - 5);
            }
            self.insert_long(window, base, end - 2);
            self.insert_short(window, base, end - 2);
            self.insert_short(window, base, end - 1);
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

/// The length of the match with `candidate`, or 0 if it is below `lowest` or does not match.
#[inline(always)]
fn verify(window: &[u8], base: u32, lowest: u32, candidate: u32, at: usize, limit: usize) -> usize {
    if candidate < lowest {
        return 0;
    }
    let earlier = (candidate - base) as usize;
    if read_u32(window, earlier) != read_u32(window, at) {
        return 0;
    }
    common_prefix(window, earlier, at, limit)
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
    while at <= last_start {
        let position = base + at as u32;
        let lowest = floor_position.max(position - max_distance);
        let word = read_u64(window, at);
        let long = std::mem::replace(&mut tables.long[long_hash(word)], position);
        let short = std::mem::replace(&mut tables.short[short_hash(word)], position);
        let mut begin = at;
        let mut candidate = long;
        let mut length = verify(window, base, lowest, long, at, limit);
        if length == 0 {
            candidate = short;
            length = verify(window, base, lowest, short, at, limit);
            if length == 0 {
                at += 1 + ((at - writer.anchor) / PATIENCE).min(MAX_STEP);
                continue;
            }
            // The match may be short. Perhaps a longer one starts at the next byte.
            if at < last_start {
                let long = tables.long[long_hash(read_u64(window, at + 1))];
                // The next byte reaches one byte less far down, unless the floor is the limit. Ignoring that costs a
                // match at the floor, at most.
                let next = verify(window, base, lowest + 1, long, at + 1, limit);
                if next > length {
                    candidate = long;
                    length = next;
                    begin = at + 1;
                }
            }
        }
        let offset = (base + begin as u32 - candidate) as usize;
        if streak.is_regular() {
            at = regular(tables, page, writer, streak, begin, (length, offset));
            continue;
        }
        let more = common_suffix(
            window,
            begin - offset,
            begin,
            (begin - writer.anchor).min(begin - offset - floor),
        );
        streak.count(begin - more == writer.anchor);
        writer.sequence(begin - more, length + more, offset);
        tables.insert_match(page, at, begin + length);
        at = begin + length;
    }
}

/// Writes a match in regular data. It inserts only where matches end: there the next ones begin, so that whole rows of
/// matches are found as one. Returns where the match ends.
#[cold]
#[inline(never)]
fn regular(
    tables: &mut Tables,
    page: &Page,
    writer: &mut SequenceWriter,
    streak: &mut Streak,
    begin: usize,
    found: (usize, usize),
) -> usize {
    let window = page.window;
    let (length, offset) = streak.further(window, page.room(begin), begin, found);
    let most = (begin - writer.anchor).min(begin - offset - page.floor);
    let more = common_suffix(window, begin - offset, begin, most);
    streak.count(begin - more == writer.anchor);
    writer.sequence(begin - more, length + more, offset);
    let at = begin + length;
    if !streak.is_regular() {
        tables.insert_match(page, begin, at);
    } else if at <= window.len() - MATCH_MARGIN {
        tables.insert_long(window, page.base, at - 2);
        tables.insert_short(window, page.base, at - 2);
    }
    at
}
