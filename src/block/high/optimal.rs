//! The parser for the highest levels. Of all possible sequences for a page it writes those that take the fewest bytes.
//!
//! It plans the page from its end to its start. So at each position it knows the cost of everything after that. It
//! needs only the longest match of each position: all offsets cost the same, and a match can be cut.
//!
//! Many positions need no search. To begin a sequence at a position never costs less than to begin it at the next one,
//! which can use the same match, one byte shorter. So if the match of the next position can be extended backwards by
//! one byte at no cost, no other match is better. If it costs another length byte there, a longer match may save that
//! byte, and no more.
//!
//! Three things keep the plan from being exact. No search is made to save a length byte: there is hardly ever a match
//! for it. The number of candidates is limited. A match of a sufficient length is taken at once, because in regular
//! data there are too many of them to compare.

use super::Page;
use super::chain::{Chains, Credit, Search};
use super::streak::Streak;
use crate::block::sequence::*;

#[cfg(test)]
mod tests;

/// Positions planned at a time. The cost of this many bytes fits in 16 bits.
const CHUNK: usize = 1 << 14;
/// The last choices in a chunk depend on what follows it, which is not planned yet. So the choices for this many bytes
/// of output at its end are not written. They are planned again with the next chunk. (The first half of a chunk is
/// always written.)
const TENTATIVE: u16 = 64;
/// The average number of candidates that the positions of a chunk may look at. A single search may look at more. Only
/// data with few different letters needs as many.
pub(super) const MEAN_DEPTH: u32 = 4096;
/// A search for a very long match may look at so many candidates, even if the others may look at fewer: there are few
/// of these searches.
const DEPTH_OF_VERY_LONG: u32 = 256;
/// A match without a length byte may end this far after a chunk.
const MARGIN: usize = SHORT_MATCH_MAX;
/// A match stored with this length may be longer.
const LENGTH_MAX: usize = u16::MAX as usize;

/// What a level does to find the smallest block.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    pub(super) depth: Depth,
    /// A match of this length or more is written wherever it is found, and what is before it is planned up to there. It
    /// saves the planning of all that it covers. What might be gained there is small to what the match takes anyway.
    pub(super) sufficient: usize,
    /// The same where the data is regular. Nearly all matches may be long there.
    pub(super) sufficient_if_regular: usize,
    /// So many bytes of such a match pay for one more candidate to find the next one.
    pub(super) share: usize,
}

/// The number of candidates that searches may look at.
#[derive(Clone, Copy)]
pub(super) struct Depth {
    /// In one search.
    pub(super) most: u32,
    /// On average over the positions of a chunk, where groups have eight bytes: all candidates are long matches there.
    /// Elsewhere it is `MEAN_DEPTH`.
    pub(super) mean: u32,
}

#[derive(Clone)]
pub(super) struct Plan {
    /// The size of everything from a position on, in bytes, if a sequence begins there.
    cost: Box<[u16; CHUNK + MARGIN]>,
    /// The cheapest choice at a position: a match (its length in the high half, its offset in the low half) or a
    /// number of literals (in the low half, up to the next match or the end).
    choice: Box<[u32; CHUNK]>,
}

impl Plan {
    pub(super) fn new() -> Plan {
        Plan {
            cost: vec![0; CHUNK + MARGIN].try_into().unwrap(),
            choice: vec![0; CHUNK].try_into().unwrap(),
        }
    }
}

pub(super) fn parse(
    chains: &mut Chains,
    plan: &mut Plan,
    page: &Page,
    effort: Effort,
    streak: &mut Streak,
    writer: &mut SequenceWriter,
) {
    let window = page.window;
    let match_end = window.len() - MATCH_MARGIN + 1;
    let mut credit = Credit::new(effort.depth.most.max(DEPTH_OF_VERY_LONG));
    chains.begin(page);
    let mut depth = effort.depth;
    if chains.group < 8 {
        depth.mean = MEAN_DEPTH;
    }
    let mut begin = page.start;
    while begin < match_end {
        let mut end = (begin + CHUNK).min(match_end);
        let search = Search::new(chains, page, end + MARGIN);
        let sufficient = if streak.is_regular() {
            effort.sufficient_if_regular
        } else {
            effort.sufficient
        };
        let very_long = search.very_long(begin, end, sufficient, effort.share, &mut credit);
        if let Some(found) = very_long {
            end = found.start;
        }
        let is_last = end == match_end;
        plan_chunk(plan, &search, page, begin, end, is_last, depth);
        let is_final = is_last || very_long.is_some();
        let mut at = begin;
        while at < end && (is_final || at < begin + CHUNK / 2 || plan.cost[at - begin] > TENTATIVE) {
            let choice = plan.choice[at - begin];
            let (mut length, offset) = ((choice >> 16) as usize, (choice & 0xFFFF) as usize);
            if length == 0 {
                // Literals.
                at += offset;
                continue;
            }
            if length == LENGTH_MAX {
                length = common_prefix(window, at - offset, at, window.len() - LAST_LITERALS);
            }
            streak.count(at == writer.anchor);
            writer.sequence(at, length, offset);
            at += length;
        }
        // The last match planned may reach into the very long one, even beyond its end, or so far that no match may
        // start there. Where too little is left of it, another match may be better.
        if let Some(found) = very_long
            && at + sufficient <= found.end()
            && at < match_end
        {
            writer.sequence(at, found.end() - at, found.offset);
            at = found.end();
        }
        begin = at;
    }
    chains.end(page, writer.written() + begin - writer.anchor);
}

#[inline(never)]
fn plan_chunk(plan: &mut Plan, search: &Search, page: &Page, begin: usize, end: usize, is_last: bool, depth: Depth) {
    let window = page.window;
    let cost = &mut *plan.cost;
    let choice = &mut *plan.choice;
    let count = end - begin;
    // Everything after the chunk counts as free. Only after the last chunk it is known what follows: literals.
    let mut top = count;
    cost[count..count + MARGIN].fill(0);
    // The number of literals up to the next match or the end, and their cost with everything after them.
    let mut run = 0;
    let mut run_cost = 0;
    if is_last {
        top = window.len() - LAST_LITERALS - begin;
        for (cost, literals) in cost[count..=top].iter_mut().rev().zip(LAST_LITERALS as u16..) {
            *cost = literals + 1;
        }
        run = window.len() - end;
        run_cost = run as u32;
    }
    // The longest match known. There is none if the offset is 0.
    let (mut length, mut offset) = (MIN_MATCH - 1, 0);
    // The number of candidates that all searches together may still look at.
    let mut budget = count as u32 * depth.mean;
    let mut i = count;
    while i > 0 {
        i -= 1;
        let at = begin + i;
        // The cost of everything after the token, if a match begins here.
        let mut price = u32::MAX;
        let mut cut = 0;
        if offset > 0 {
            if offset <= search.room(at) && window[at] == window[at - offset] {
                length += 1;
                (price, cut) = cheapest(cost, i, top, length);
            } else {
                (length, offset) = (MIN_MATCH - 1, 0);
            }
        }
        // Where a match is known, a longer one could only save a length byte. So even a match that costs more than
        // literals is of use: it saves the searches before it.
        if offset == 0 && search.has_candidate(at) {
            // This position may use what the positions after it did not.
            let spare = budget.saturating_sub((i as u32 + 1) * depth.mean);
            let allowed = (depth.mean + spare).min(depth.most);
            let mut left = allowed;
            let longest = search_longest(search, at, &mut left);
            budget = budget.saturating_sub(allowed - left);
            if longest.1 > 0 {
                (length, offset) = longest;
                (price, cut) = cheapest(cost, i, top, length);
            }
        }
        run += 1;
        run_cost += 1 + literal_extension_grows(run) as u32;
        if price > run_cost {
            choice[i] = run as u32;
            cost[i] = run_cost as u16 + 1;
            continue;
        }
        run = 0;
        run_cost = price;
        cost[i] = price as u16 + 1;
        choice[i] = (cut.min(LENGTH_MAX) << 16 | offset) as u32;

        // The match stays the best choice at earlier positions, as long as it can be extended backwards and costs no
        // more there: it needs no further length byte, or it is cut to the same length and what follows costs the same.
        // What costs more here costs no less there. The condition is that no end that only comes within reach there is
        // cheaper.
        if cost[i + 1..i + MIN_MATCH].iter().all(|&cost| cost as u32 + 2 >= price) {
            let growth = length_bytes_room(cut);
            let most = if growth > 0 {
                growth
            } else {
                equal_before(&cost[..count + MARGIN], i + cut)
            };
            let most = most.min(i).min(at - offset - page.floor);
            let more = common_suffix(window, at - offset, at, most);
            cost[i - more..i].fill(price as u16 + 1);
            // In 32 bits and forwards, so that several are written at a time.
            let shorter = (growth > 0) as u32;
            let mut length_here = cut as u32 + shorter * more as u32;
            for choice in &mut choice[i - more..i] {
                *choice = length_here.min(LENGTH_MAX as u32) << 16 | offset as u32;
                length_here -= shorter;
            }
            i -= more;
            length += more;
            if more < most {
                (length, offset) = (MIN_MATCH - 1, 0);
            }
        }
    }
}

/// How many costs in a row before `cost[end]` are equal to it; 0 if there is no such cost.
fn equal_before(cost: &[u16], end: usize) -> usize {
    cost.get(..=end).map_or(0, |before| {
        before
            .iter()
            .rev()
            .skip(1)
            .take_while(|&&cost| cost == before[end])
            .count()
    })
}

/// Not inlined, because the loop above needs the registers.
#[inline(never)]
fn search_longest(search: &Search, at: usize, depth: &mut u32) -> (usize, usize) {
    search.longer(at, MIN_MATCH - 1, depth)
}

/// The lowest cost of a match at `i` that has at most `length` bytes, with everything after it, and the length that has
/// this cost.
///
/// It is nearly always the whole match, but a shorter one may save a length byte, or literals after it.
#[inline(always)]
fn cheapest(cost: &[u16; CHUNK + MARGIN], i: usize, top: usize, length: usize) -> (u32, usize) {
    // Past the end of the chunk everything is free, including the length bytes of the match.
    let within = length.min(top - i);
    let whole = match_cost(within) as u32 + cost[i + within] as u32;
    let best = cheapest_cut(&cost[i..], MIN_MATCH, length.min(SHORT_MATCH_MAX), 2, (whole, length));
    if length > SHORT_MATCH_MAX {
        cheapest_long_cut(&cost[i..=top], length, best)
    } else {
        best
    }
}

/// Tries the longest cuts with one, two and three length bytes that end in the chunk. The others are not worth the
/// time: what follows a longer cut hardly ever costs more.
#[inline(never)]
fn cheapest_long_cut(cost: &[u16], length: usize, mut best: (u32, usize)) -> (u32, usize) {
    let mut from = SHORT_MATCH_MAX + 1;
    for price in 3..6 {
        let to = (from + 254).min(length).min(cost.len() - 1);
        if from > to {
            break;
        }
        best = cheapest_cut(cost, (to - 3).max(from), to, price, best);
        from = to + 1;
    }
    best
}

/// Returns the cheapest cut to `from..=to` bytes, or `best` if that costs no more. These cuts all have the same
/// `price`.
#[inline(always)]
fn cheapest_cut(cost: &[u16], from: usize, to: usize, price: u32, best: (u32, usize)) -> (u32, usize) {
    let cuts = &cost[from..to + 1];
    let least = cuts.iter().fold(u16::MAX, |least, &cost| least.min(cost));
    if least as u32 + price >= best.0 {
        return best;
    }
    (
        least as u32 + price,
        from + cuts.iter().rposition(|&cost| cost == least).unwrap(),
    )
}

/// How many bytes a match can grow without another length byte.
fn length_bytes_room(length: usize) -> usize {
    if length <= SHORT_MATCH_MAX {
        SHORT_MATCH_MAX - length
    } else {
        254 - (length - SHORT_MATCH_MAX - 1) % 255
    }
}
