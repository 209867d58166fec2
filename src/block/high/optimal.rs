//! Parsing for the highest levels: of all rows of sequences the one that takes the fewest bytes.
//!
//! The page is planned from its end to its start, so that at each position it is known what everything after it costs.
//! One match per position is enough, the longest: its offset costs the same as any other, and it can be cut. And many
//! positions need no search: it never costs less to begin a sequence at a position than at the one after it (that one
//! could do with a match one byte shorter), so where the next position's match can begin a byte earlier and adds
//! nothing to the cost, no other match can be better.

use super::Page;
use super::chain::{Chains, Search};
use crate::block::sequence::*;

#[cfg(test)]
mod tests;

/// Positions planned at a time. What so many bytes cost fits 16 bits.
const CHUNK: usize = 1 << 14;
/// What follows a chunk weighs on its last choices: the bytes of output before its end that are not written but
/// planned again with the next chunk. (The first half of a chunk is always written.)
const TENTATIVE: u16 = 64;
/// How many candidates there are for each position of a chunk on average, when a single search may look at more: so
/// many in all are looked at only in data of few letters.
const MEAN_DEPTH: u32 = 4096;
/// Positions after a chunk where a match without a length byte may end.
const MARGIN: usize = SHORT_MATCH_MAX;
/// Of a match as long as this it is only known that it is no shorter.
const LENGTH_MAX: usize = u16::MAX as usize;

/// How many candidates searches may look at.
#[derive(Clone, Copy)]
struct Depth {
    /// In one search.
    most: u32,
    /// For each position of a chunk on average.
    mean: u32,
}

#[derive(Clone)]
pub(super) struct Plan {
    /// The bytes it takes to write everything from a position on, when a sequence begins there.
    cost: Box<[u16; CHUNK + MARGIN]>,
    /// What begins at a position on the cheapest way from there: a match (its length in the upper half, its offset in
    /// the lower) or a literal (0).
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

pub(super) fn parse(chains: &mut Chains, plan: &mut Plan, page: &Page, depth: u32, writer: &mut SequenceWriter) {
    let window = page.window;
    let match_end = window.len() - MATCH_MARGIN + 1;
    let depth = Depth {
        most: depth,
        mean: MEAN_DEPTH,
    };
    let mut begin = page.start;
    while begin < match_end {
        let end = (begin + CHUNK).min(match_end);
        let search = Search::new(chains, page, end + MARGIN);
        let is_last = end == match_end;
        plan_chunk(plan, &search, page, begin, end, is_last, depth);
        let mut at = begin;
        while at < end && (is_last || at < begin + CHUNK / 2 || plan.cost[at - begin] > TENTATIVE) {
            let choice = plan.choice[at - begin];
            if choice == 0 {
                at += 1;
                continue;
            }
            let (mut length, offset) = ((choice >> 16) as usize, (choice & 0xFFFF) as usize);
            if length == LENGTH_MAX {
                length = common_prefix(window, at - offset, at, window.len() - LAST_LITERALS);
            }
            writer.sequence(at, length, offset);
            at += length;
        }
        begin = at;
    }
}

#[inline(never)]
fn plan_chunk(plan: &mut Plan, search: &Search, page: &Page, begin: usize, end: usize, is_last: bool, depth: Depth) {
    let window = page.window;
    let cost = &mut *plan.cost;
    let choice = &mut *plan.choice;
    let count = end - begin;
    // Beyond the chunk all is deemed free, but beyond the last one literals follow for certain.
    let mut top = count;
    cost[count..count + MARGIN].fill(0);
    // The literals up to the next match, or to the end, and what they cost with everything after them.
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
    let mut next_cost = cost[count] as u32;
    // The longest match at hand; none when the offset is 0.
    let (mut length, mut offset) = (MIN_MATCH - 1, 0);
    // How many candidates may be looked at in all.
    let mut budget = count as u32 * depth.mean;
    let mut i = count;
    while i > 0 {
        i -= 1;
        let at = begin + i;
        // What follows the token when a match begins here.
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
        if price >= next_cost {
            // What other positions did not use may be used here.
            let spare = budget.saturating_sub((i as u32 + 1) * depth.mean);
            let allowed = (depth.mean + spare).min(depth.most);
            let mut left = allowed;
            let longer = search_longer(search, at, length, &mut left);
            budget = budget.saturating_sub(allowed - left);
            if longer.1 > 0 {
                (length, offset) = longer;
                (price, cut) = cheapest(cost, i, top, length);
            }
        }
        run += 1;
        run_cost += 1 + literal_extension_grows(run) as u32;
        if price > run_cost {
            choice[i] = 0;
            next_cost = run_cost + 1;
            cost[i] = next_cost as u16;
            continue;
        }
        run = 0;
        run_cost = price;
        next_cost = price + 1;
        cost[i] = next_cost as u16;
        choice[i] = (cut.min(LENGTH_MAX) << 16 | offset) as u32;

        // As far as the match begins earlier and its cut needs no further length byte this remains the best: what was
        // dearer here gets no cheaper, and of the ends that come within reach none must be better.
        if cost[i + 1..i + MIN_MATCH].iter().all(|&cost| cost as u32 + 2 >= price) {
            let most = length_bytes_room(cut).min(i).min(at - offset - page.floor);
            let more = common_suffix(window, at - offset, at, most);
            cost[i - more..i].fill(next_cost as u16);
            for choice in choice[i - more..i].iter_mut().rev() {
                cut += 1;
                *choice = (cut.min(LENGTH_MAX) << 16 | offset) as u32;
            }
            i -= more;
            length += more;
            if more < most {
                (length, offset) = (MIN_MATCH - 1, 0);
            }
        }
    }
}

/// Kept out of the loop above, which has enough in registers.
#[inline(never)]
fn search_longer(search: &Search, at: usize, best: usize, depth: &mut u32) -> (usize, usize) {
    search.longer(at, best, depth)
}

/// What a match of `length` or a cut of it at `i` costs with everything after it, and which length costs least.
///
/// Nearly always the whole match does. Not always: a cut may save a length byte, or one of the literals that follow.
#[inline(always)]
fn cheapest(cost: &[u16; CHUNK + MARGIN], i: usize, top: usize, length: usize) -> (u32, usize) {
    // (What passes the chunk's end is free there, the match's own length bytes included.)
    let within = length.min(top - i);
    let whole = match_cost(within) as u32 + cost[i + within] as u32;
    let best = cheapest_cut(&cost[i..], MIN_MATCH, length.min(SHORT_MATCH_MAX), 2, (whole, length));
    if length > SHORT_MATCH_MAX {
        cheapest_long_cut(&cost[i..=top], length, best)
    } else {
        best
    }
}

/// The cuts that need up to three length bytes, as far as they end in the chunk. The others are not worth the time.
#[inline(never)]
fn cheapest_long_cut(cost: &[u16], length: usize, mut best: (u32, usize)) -> (u32, usize) {
    let mut from = SHORT_MATCH_MAX + 1;
    for price in 3..6 {
        let to = (from + 254).min(length).min(cost.len() - 1);
        if from > to {
            break;
        }
        best = cheapest_cut(cost, from, to, price, best);
        from = to + 1;
    }
    best
}

/// Of the cuts to `from..=to` bytes, all of the same price, the cheapest, if it costs less than the best one.
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

/// How many bytes a match may grow without another length byte.
fn length_bytes_room(length: usize) -> usize {
    if length <= SHORT_MATCH_MAX {
        SHORT_MATCH_MAX - length
    } else {
        254 - (length - SHORT_MATCH_MAX - 1) % 255
    }
}
