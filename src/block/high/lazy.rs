//! The parser for the middle levels. It finds a match, then a longer match that overlaps the end of the first one, and
//! so on. Then it writes those of them that cost least.

use super::Page;
use super::chain::{AHEAD, CHOICE, Chains, Credit, EXHAUSTIVE, Match, Search};
use super::streak::Streak;
use crate::block::sequence::*;

#[cfg(test)]
mod tests;

/// Very long matches are searched in so many bytes at a time.
const STRETCH: usize = 1 << 14;
/// A match of this length or more is taken wherever it is found. Searches with a small depth would rarely find it.
const SUFFICIENT: usize = 4096;
/// So many bytes of such a match pay for one more candidate to find the next one.
const SHARE: usize = 4;

/// Groups are chosen for parts of a page that are no longer than this: it may hold data of several kinds.
const PART: usize = CHOICE as usize;

/// At most `ROW` matches are considered together. It is a constant, as the searches need every register.
#[inline(never)]
pub(super) fn parse<const ROW: usize>(
    chains: &mut Chains,
    page: &Page,
    depth: u32,
    streak: &mut Streak,
    writer: &mut SequenceWriter,
) {
    let window = page.window;
    let last_start = window.len() - MATCH_MARGIN;
    let len = window.len() - page.start;
    let part_len = len.div_ceil(len.div_ceil(PART));
    let mut at = page.start;
    let mut row = [Match::default(); ROW];
    let mut credit = Credit::new(EXHAUSTIVE);
    // In regular data there are few searches where matches are long. Each may look at more candidates then.
    let mut more = 0;
    let mut part = page.part(at, at);
    let (mut enough, mut before) = (depth, 0);
    while at <= last_start {
        if at >= part.window.len() {
            // The last match may have gone on beyond the end of a part, even over whole parts.
            let end = at + part_len - (at - page.start) % part_len;
            part = page.part(at, end.min(window.len()));
            chains.begin(&part);
            enough = chains.enough(depth);
            before = writer.written() + at - writer.anchor;
        }
        let linked = if window.len() - at < 2 * AHEAD {
            window.len()
        } else {
            at + AHEAD
        };
        let search = Search::new(chains, page, linked);
        let mut end = part.window.len().min(last_start + 1).min(linked).min(at + STRETCH);
        let very_long = search.very_long(at, end, SUFFICIENT, SHARE, &mut credit);
        if let Some(found) = very_long {
            end = found.start;
        }
        while at < end {
            let (mut length, mut offset) = search.longer(at, MIN_MATCH - 1, &mut { enough + more });
            if offset == 0 {
                at += 1;
                continue;
            }
            more = 0;
            if streak.is_regular() {
                (length, offset) = streak.further(window, search.room(at), at, (length, offset));
                more = length as u32 / 4;
            }
            row[0] = Match {
                start: at,
                length,
                offset,
            };
            let found = overlapping(&search, &mut row, end - 1, enough);
            (0..found).for_each(|_| streak.count(at == writer.anchor));
            at = row[found - 1].end();
            if found == 1 {
                writer.sequence(row[0].start, length, offset);
            } else {
                write_cheapest::<ROW>(&row[..found], writer);
            }
        }
        // The last match may reach into the very long one, even beyond its end, or so far that no match may start
        // there.
        if let Some(found) = very_long
            && at + MIN_MATCH <= found.end()
            && at <= last_start
        {
            writer.sequence(at, found.end() - at, found.offset);
            at = found.end();
        }
        if at >= part.window.len() || at > last_start {
            chains.end(&part, writer.written() + at - writer.anchor - before);
        }
    }
}

/// Extends a row of one match. Each further match overlaps the end of the one before and is longer than what that one
/// has left. Returns the number of matches. Does not search after `last`.
#[inline(always)]
fn overlapping<const ROW: usize>(search: &Search, row: &mut [Match; ROW], last: usize, depth: u32) -> usize {
    let mut found = 1;
    // Where the latest match begins if the one before it is written too.
    let mut begin = row[0].start;
    // How far before the end of the latest match to search for the next one, which contains the place searched. The
    // group there lies half within the latest match, half after it.
    let near = search.group() / 2;
    let mut step = near;
    while found < ROW {
        let end = row[found - 1].end();
        if end > last {
            break;
        }
        let wider = &mut row[found];
        if !search.wider((end - step).max(begin), begin, end - begin, depth, wider) {
            break;
        }
        if wider.start < begin + 3 {
            // It replaces the match before: too little is left of that to be worth a sequence.
            begin = wider.start;
            step = near;
        } else {
            begin = end
                .min(begin + SHORT_MATCH_MAX)
                .min(wider.end() - MIN_MATCH)
                .max(wider.start);
            step = near + 1;
        }
        found += 1;
    }
    found
}

/// Writes those matches of the row that cost least together, and always the last one. Each match starts no earlier and
/// ends later than the one before. Of two that overlap the first one is cut.
fn write_cheapest<const ROW: usize>(row: &[Match], writer: &mut SequenceWriter) {
    /// The cheapest way to write everything up to the end of a match.
    #[derive(Clone, Copy, Default)]
    struct Step {
        /// Where the match begins after the one before it.
        start: usize,
        /// The size of everything up to its end, in bytes.
        cost: usize,
        /// The index of the match written before it, or its own index if there is none.
        previous: usize,
    }
    let mut steps = [Step::default(); ROW];
    for (k, current) in row.iter().enumerate() {
        let literals = current.start - writer.anchor;
        let cost = literals + literal_extension(literals) + 1 + match_cost(current.length);
        steps[k] = Step {
            start: current.start,
            cost,
            previous: k,
        };
        for (j, previous) in row[..k].iter().enumerate() {
            let before = steps[j];
            let mut cost = before.cost + 1;
            let mut start = current.start;
            if previous.end() <= start {
                let literals = start - previous.end();
                cost += literals + literal_extension(literals);
            } else {
                // Keep as much of the first match as needs no length byte, but leave the second one its minimum.
                start = start
                    .max((before.start + SHORT_MATCH_MAX).min(previous.end()))
                    .min(current.end() - MIN_MATCH);
                if start < before.start + MIN_MATCH {
                    continue;
                }
                cost = cost + match_cost(start - before.start) - match_cost(previous.end() - before.start);
            }
            cost += match_cost(current.end() - start);
            if cost < steps[k].cost {
                steps[k] = Step {
                    start,
                    cost,
                    previous: j,
                };
            }
        }
    }
    // Reverse the links: from now on `previous` is the index of the match after.
    let mut k = row.len() - 1;
    let mut next = k;
    loop {
        let previous = std::mem::replace(&mut steps[k].previous, next);
        if previous == k {
            break;
        }
        next = k;
        k = previous;
    }
    loop {
        let next = steps[k].previous;
        let start = steps[k].start;
        let end = if next == k {
            row[k].end()
        } else {
            row[k].end().min(steps[next].start)
        };
        writer.sequence(start, end - start, row[k].offset);
        if next == k {
            break;
        }
        k = next;
    }
}
