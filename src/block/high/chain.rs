//! Hash chains: every position linked to the one before it whose first four bytes have the same hash.
//!
//! Linking runs ahead of the parse. So the chains of positions after the one searched for are known, too, and a search
//! for a long match can follow whichever of the chains that all such matches lie on has the widest gaps.

use super::Page;
use crate::block::sequence::*;

#[cfg(test)]
pub(super) mod tests;

const HASH_LOG: u32 = 16;
/// Positions are linked this far ahead of the parse at most.
pub(super) const AHEAD: usize = 1 << 15;
/// Room for what a match can reach and twice what is linked ahead.
pub(super) const RING: usize = 1 << 17;
/// The bytes that are hashed.
const GROUP: usize = 4;

#[derive(Clone)]
pub(super) struct Chains {
    /// The last position linked of each hash.
    heads: Box<[u32; 1 << HASH_LOG]>,
    /// For each position (modulo the size): how far before it its hash was seen, `MAX_OFFSET` when it is that or more.
    deltas: Box<[u16; RING]>,
    /// The first position that is not linked.
    next: u32,
}

#[inline(always)]
fn hash(group: u32) -> usize {
    (group.wrapping_mul(0x9E37_79B1) >> (32 - HASH_LOG)) as usize
}

impl Chains {
    pub(super) fn new() -> Chains {
        Chains {
            heads: vec![0; 1 << HASH_LOG].try_into().unwrap(),
            deltas: vec![0; RING].try_into().unwrap(),
            next: 0,
        }
    }

    /// Links every position from the page's floor on that is before `window[end]`, as far as there are bytes to hash.
    /// Those at the window's end have too few: they are linked with the next page.
    #[inline(never)]
    pub(super) fn link(&mut self, page: &Page, end: usize) {
        let mut position = self.next.max(page.base + page.floor as u32);
        let begin = (position - page.base) as usize;
        let end = end.min(page.window.len().saturating_sub(GROUP - 1));
        if begin >= end {
            return;
        }
        for group in page.window[begin..end + GROUP - 1].windows(GROUP) {
            let head = &mut self.heads[hash(u32::from_le_bytes(group.try_into().unwrap()))];
            let delta = (position - *head).min(MAX_OFFSET as u32);
            self.deltas[position as usize % RING] = delta as u16;
            *head = position;
            position += 1;
        }
        self.next = position;
    }

    /// Lowers all positions by a multiple of the ring's size.
    pub(super) fn lower(&mut self, by: u32) {
        self.next = self.next.saturating_sub(by);
        for head in &mut self.heads[..] {
            *head = head.saturating_sub(by);
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) start: usize,
    pub(super) length: usize,
    pub(super) offset: usize,
}

impl Match {
    pub(super) fn end(&self) -> usize {
        self.start + self.length
    }
}

/// Looks for matches, among a limited number of candidates.
pub(super) struct Search<'a> {
    deltas: &'a [u16; RING],
    window: &'a [u8],
    base: usize,
    floor: usize,
    /// Matches end here at the latest.
    limit: usize,
    /// Everything before is linked.
    linked: usize,
}

impl<'a> Search<'a> {
    /// A search in which everything before `window[linked]` is linked, as far as that is possible.
    pub(super) fn new(chains: &'a mut Chains, page: &Page<'a>, linked: usize) -> Search<'a> {
        chains.link(page, linked);
        Search {
            deltas: &chains.deltas,
            window: page.window,
            base: page.base as usize,
            floor: page.floor,
            limit: page.window.len() - LAST_LITERALS,
            linked: linked.min(page.window.len() - (GROUP - 1)),
        }
    }

    /// How far before `at` the next candidate is.
    #[inline(always)]
    pub(super) fn before(&self, at: usize) -> usize {
        self.deltas[(at + self.base) % RING] as usize
    }

    /// How far before `at` a match may reach.
    #[inline(always)]
    pub(super) fn room(&self, at: usize) -> usize {
        at - self.floor.max(at.saturating_sub(MAX_OFFSET))
    }

    /// The longest match at `at` that is longer than `best`: its length and offset. The offset is 0 when there is none.
    /// `depth` is how many candidates to look at, and afterwards how many of them were not.
    #[inline(always)]
    pub(super) fn longer(&self, at: usize, mut best: usize, depth: &mut u32) -> (usize, usize) {
        let window = self.window;
        let room = self.room(at);
        let mut distance = self.before(at);
        if distance > room || at + best >= self.limit {
            return (best, 0);
        }
        // Every longer match holds the groups from here to the one that ends at its end: any of their chains will do.
        let mut link = 0;
        if best >= MIN_MATCH {
            (link, distance) = self.widest_gap(at, best + 1);
        }
        let mut offset = 0;
        let mut tail = read_u32(window, at + best - 3);
        while distance <= room {
            #[cfg(test)]
            tests::count_candidate();
            let earlier = at - distance;
            if read_u32(window, earlier + best - 3) == tail {
                let length = common_prefix(window, earlier, at, self.limit);
                if length > best {
                    (best, offset) = (length, distance);
                    if at + best >= self.limit {
                        break;
                    }
                    tail = read_u32(window, at + best - 3);
                    // Only groups that the match found so far holds are the same there.
                    let gap;
                    (link, gap) = self.widest_gap(earlier, best);
                    distance += if best >= 64 && gap <= best / 2 {
                        self.skip_periods(at, earlier, gap)
                    } else {
                        gap
                    };
                    continue;
                }
                // Comparing is work as well.
                *depth = depth.saturating_sub(length as u32 / 64);
            }
            if *depth <= 1 {
                break;
            }
            *depth -= 1;
            let mut gap = self.before(earlier + link);
            // Now and then: is this a run of candidates of which one is as bad as the other?
            if *depth % 16 == 8 && gap == self.deltas[(self.base + earlier + link - gap) % RING] as usize {
                gap = self.skip_periods(at, earlier, gap);
            }
            distance += gap;
        }
        (best, offset)
    }

    /// Of the groups in `window[at..at + length]` the one last seen furthest before: which, and how far.
    #[inline(always)]
    fn widest_gap(&self, at: usize, length: usize) -> (usize, usize) {
        let mut link = 0;
        let mut gap = self.before(at);
        let groups = (length - (GROUP - 1)).min(self.linked - at);
        for k in 1..groups.min(16) {
            let before = self.before(at + k);
            if before > gap {
                (link, gap) = (k, before);
            }
        }
        // And in a long match the last ones: when it begins with a run, that is where something else follows.
        for k in groups.saturating_sub(4).max(16)..groups {
            let before = self.before(at + k);
            if before > gap {
                (link, gap) = (k, before);
            }
        }
        (link, gap)
    }

    /// The next candidate is `gap` before `earlier`, and perhaps both lie in a run of that period, maybe a long one.
    /// In it each further candidate would match by one period more, until the run has as much left as there is of it
    /// at `at`; those further back all match alike, and no better. Returns how far before `earlier` the first
    /// candidate is that may be better.
    #[inline(never)]
    fn skip_periods(&self, at: usize, earlier: usize, gap: usize) -> usize {
        let room = earlier - (at - self.room(at));
        if room < gap || at + gap + MATCH_MARGIN > self.limit {
            return gap;
        }
        let left = common_prefix(self.window, at, at + gap, self.limit);
        let left_there = common_prefix(
            self.window,
            earlier,
            earlier + gap,
            self.limit.min(earlier + gap + left),
        );
        let most = if left_there < left {
            left - left_there
        } else {
            usize::MAX
        };
        let before = common_suffix(self.window, earlier - gap, earlier, (room - gap).min(most));
        gap * (1 + before / gap).min(most.div_ceil(gap))
    }

    /// A match longer than `best` that holds `window[at]` and starts at `low` at the earliest. Looks at `depth` candidates.
    #[inline(never)]
    pub(super) fn wider(&self, at: usize, low: usize, mut best: usize, mut depth: u32) -> Option<Match> {
        let window = self.window;
        let room = self.room(at);
        let mut distance = self.before(at);
        let mut found = None;
        // Four bytes before each candidate are read with it, so the first four above the floor are none. (Judged by
        // the floor and not by the window's start: how far the window has slid must not change what is found.)
        while distance <= room && at - distance >= self.floor + 4 {
            #[cfg(test)]
            tests::count_candidate();
            let earlier = at - distance;
            let difference = read_u64(window, earlier - 4) ^ read_u64(window, at - 4);
            if difference >> 32 == 0 {
                let most = (at - low).min(earlier - self.floor);
                let mut before = (difference as u32).leading_zeros() as usize / 8;
                if before >= 4 {
                    before += common_suffix(window, earlier - 4, at - 4, most.saturating_sub(4));
                }
                before = before.min(most);
                // Is it worth counting what follows?
                let need = best + 1 - before;
                if at + need <= self.limit
                    && (need <= 4 || read_u32(window, earlier + need - 4) == read_u32(window, at + need - 4))
                {
                    let after = common_prefix(window, earlier, at, self.limit);
                    if before + after > best {
                        best = before + after;
                        found = Some(Match {
                            start: at - before,
                            length: best,
                            offset: distance,
                        });
                    }
                    depth = depth.saturating_sub(after as u32 / 64);
                }
            }
            if depth <= 1 {
                break;
            }
            depth -= 1;
            distance += self.before(earlier);
        }
        found
    }
}
