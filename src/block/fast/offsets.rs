//! Counts matches: how far back they go, how long they are, and what lies between them.

use super::choice::{FADING, LEAST_GAIN, LONE, LONG_MATCHES, MOST_LITERALS, MOST_OF_A_MATCH, MOSTLY_JOINED, RARE};
use crate::block::Matches;

/// What was counted of some matches.
#[derive(Clone, Copy, Default)]
pub(super) struct Offsets {
    /// How many there are in each 4 KiB. (Two segments, the most that are counted, have less than 2^14.)
    pub(super) counts: [u16; 16],
    pub(super) literals: u32,
    /// The lengths of the matches together. (One can be as long as a page.)
    pub(super) matched: usize,
    /// The same, but of each match at most [`MOST_OF_A_MATCH`].
    pub(super) matched_in_part: u32,
    /// So many follow right after another match.
    pub(super) joined: u32,
}

impl Offsets {
    /// So many matches from the last 4 KiB, each of `len` bytes after so many literals. (Both are so small that they
    /// are counted in full.)
    pub(super) fn all_near(matches: usize, literals: usize, len: usize) -> Offsets {
        let mut offsets = Offsets {
            literals: (literals * matches) as u32,
            matched: len * matches,
            matched_in_part: (len * matches) as u32,
            ..Offsets::default()
        };
        offsets.counts[0] = matches as u16;
        offsets
    }

    /// Counts those of a block, or of its first sequences, but at most so many. Returns how many it counted.
    #[cold]
    pub(super) fn count(&mut self, sequences: &[u8], most: usize) -> usize {
        let mut counted = 0;
        for found in Matches::of(sequences).take(most) {
            self.literals += found.literals.min(MOST_LITERALS) as u32;
            self.matched += found.len;
            self.matched_in_part += found.len.min(MOST_OF_A_MATCH) as u32;
            self.joined += (found.literals == 0) as u32;
            self.counts[found.offset / 4096] += 1;
            counted += 1;
        }
        counted
    }

    /// Makes all that was counted count for less: see `FADING`.
    pub(super) fn fade(&mut self) {
        self.counts
            .iter_mut()
            .for_each(|count| *count -= *count / FADING as u16);
        let sums = [&mut self.literals, &mut self.matched_in_part, &mut self.joined];
        sums.into_iter().for_each(|sum| *sum -= *sum / FADING as u32);
        self.matched -= self.matched / FADING;
    }

    pub(super) fn matches(&self) -> usize {
        self.counts.iter().map(|&count| count as usize).sum()
    }

    /// Whether no part of the history has more than half of the matches.
    pub(super) fn scattered(&self) -> bool {
        self.counts.iter().all(|&part| 2 * part as usize <= self.matches())
    }

    /// How many bytes the matches have, with the literals before them.
    fn content(&self) -> usize {
        self.literals as usize + self.matched
    }

    /// Whether the matches are far between: see `RARE`.
    pub(super) fn are_rare(&self) -> bool {
        self.content() >= RARE * self.matches()
    }

    /// Whether there are at least so many tenths of a literal for each match.
    pub(super) fn are_apart(&self, tenths: usize) -> bool {
        10 * self.literals as usize >= tenths * self.matches()
    }

    /// Whether the matches have on average less than so many bytes, of each at most [`MOST_OF_A_MATCH`] counted.
    pub(super) fn are_shorter_than(&self, len: usize) -> bool {
        (self.matched_in_part as usize) < len * self.matches()
    }

    /// Whether the matches are long: see `LONG_MATCHES`.
    pub(super) fn are_long(&self) -> bool {
        self.matched >= LONG_MATCHES * self.matches()
    }

    /// Whether `Search::Joined` is the first rival.
    pub(super) fn ask_for_joined(&self) -> bool {
        self.joined(MOSTLY_JOINED) || self.are_long() && !self.lone()
    }

    /// Whether at least so many tenths of the matches follow right after another.
    pub(super) fn joined(&self, tenths: usize) -> bool {
        10 * self.joined as usize >= tenths * self.matches()
    }

    /// Whether hardly any of the matches follows right after another.
    pub(super) fn lone(&self) -> bool {
        LONE * (self.joined as usize) < self.matches()
    }

    /// How many thousandths of the matches are too far away for a smaller table.
    pub(super) fn far(&self) -> i64 {
        // liblz4 has a table of 4096 entries and inserts each literal and two positions a match. So it rarely finds
        // anything farther away than 4096 times the bytes for each of these.
        let inserted = (self.literals as usize + 2 * self.matches()).max(1) as u64;
        let sixteenths = 16 * self.content() as u64 / inserted;
        let far = match self.counts.get((sixteenths / 16) as usize..) {
            Some([part, far @ ..]) => {
                *part as u64 * (16 - sixteenths % 16) / 16 + far.iter().map(|&count| count as u64).sum::<u64>()
            }
            _ => 0,
        };
        (1000 * far / self.matches().max(1) as u64) as i64
    }

    /// By how many thousandths the rival must make data with these offsets smaller.
    pub(super) fn needed_gain(&self) -> i64 {
        (self.far() / 4 - 87).max(LEAST_GAIN)
    }
}
