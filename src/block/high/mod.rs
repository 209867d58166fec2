//! The high compression encoder. It has three methods, each slower and stronger than the one before.
//!
//! | levels | search | parse |
//! |---|---|---|
//! | 1, 2 | two hash tables, one candidate each (`mid`) | the first match found, extended backwards |
//! | 3 to 9 | hash chains (`chain`) | gives up a match for a longer one that overlaps it (`lazy`) |
//! | 10 to 12 | the same chains, followed further | nearly the smallest block possible (`optimal`) |

mod chain;
mod crowd;
mod lazy;
mod mid;
mod optimal;
mod streak;
#[cfg(test)]
mod tests;

use crate::block::sequence::{MATCH_MARGIN, MAX_OFFSET, SequenceWriter};
use chain::{Chains, Taste};
use streak::Streak;

/// The first position. No position minus the largest offset is negative, and a 0 in a table is out of reach of every
/// match.
const FIRST_POSITION: u32 = 1 << 16;
/// When `window[0]` reaches this position, all positions are lowered. A window of any size fits in 32 bits after it.
const POSITION_LIMIT: u32 = 1 << 30;
/// The depth of the lowest level that has chains. It also considers fewer matches together, to be fast.
const LEAST_DEPTH: u32 = 4;
/// See [`Page::worth_a_change`].
const LEAST_CHANGE: usize = 1 << 14;

#[derive(Clone)]
pub(crate) struct HighEncoder {
    method: Method,
    /// The position of `window[0]`. Positions keep increasing from page to page, through slides and resets. So the
    /// position of a table entry shows whether its bytes are gone, and slides and resets need not touch the tables.
    base: u32,
    /// The position after the last byte seen. A new stream begins here.
    end: u32,
    /// The largest offset of a match.
    max_distance: u32,
    /// It goes on from page to page: in regular data a page of a few KiB has few matches.
    streak: Streak,
}

#[derive(Clone)]
enum Method {
    Mid(mid::Tables),
    Lazy {
        chains: Chains,
        depth: u32,
    },
    Optimal {
        chains: Chains,
        plan: optimal::Plan,
        effort: optimal::Effort,
    },
}

/// The input of the methods.
struct Page<'a> {
    /// History and page. It ends where the page ends.
    window: &'a [u8],
    /// The position of `window[0]`.
    base: u32,
    /// Matches reach no lower than `window[floor]`.
    floor: usize,
    /// The page is `window[start..]`.
    start: usize,
    /// The largest offset of a match.
    max_distance: u32,
}

impl HighEncoder {
    /// `level` is already clamped, see [`Mode::clamped`](crate::Mode::clamped).
    pub(crate) fn new(level: i32) -> HighEncoder {
        debug_assert!((1..=12).contains(&level));
        // The depth is the number of candidates that a search looks at. At the highest level it is all of them, unless
        // too many searches do that. Levels 10 and 11 also have a lower limit for the average. At the levels below a
        // small depth does little harm, because deep searches soon switch to a chain with fewer candidates.
        let lazy = |depth, crowd| Method::Lazy {
            chains: Chains::new(Taste::LAZY).with_crowd(crowd),
            depth,
        };
        let optimal = |most, mean, sufficient: [usize; 2], share, taste| Method::Optimal {
            chains: Chains::new(taste),
            plan: optimal::Plan::new(),
            effort: optimal::Effort {
                depth: optimal::Depth { most, mean },
                sufficient: sufficient[0],
                sufficient_if_regular: sufficient[1],
                share,
            },
        };
        let method = match level {
            1 | 2 => Method::Mid(mid::Tables::new()),
            3 => lazy(LEAST_DEPTH, 16),
            4 => lazy(8, 16),
            5 => lazy(16, 21),
            6 => lazy(32, 21),
            7 => lazy(64, 40),
            8 => lazy(128, 96),
            9 => lazy(256, 192),
            10 => optimal(80, 32, [512, 128], 64, Taste::OPTIMAL),
            11 => optimal(256, 128, [512, 128], 64, Taste::SMALL),
            _ => optimal(chain::EXHAUSTIVE, optimal::MEAN_DEPTH, [4096; 2], 4, Taste::SMALLEST),
        };
        HighEncoder {
            method,
            base: FIRST_POSITION,
            end: FIRST_POSITION,
            max_distance: MAX_OFFSET as u32,
            streak: Streak::default(),
        }
    }

    /// Matches go at most `max_distance` bytes back, of 1 to [`MAX_OFFSET`].
    pub(crate) fn with_max_distance(mut self, max_distance: usize) -> HighEncoder {
        self.max_distance = max_distance as u32;
        self
    }

    /// Encodes the page `window[start..]` into `out` and returns the length of the block. Matches reach no lower than
    /// `window[floor]`. `out` has at least `compress_bound` bytes for the page.
    pub(crate) fn encode(&mut self, window: &[u8], floor: usize, start: usize, out: &mut [u8]) -> usize {
        let page = Page {
            window,
            base: self.base,
            floor,
            start,
            max_distance: self.max_distance,
        };
        self.end = page.end();
        let streak = &mut self.streak;
        if let Method::Mid(tables) = &mut self.method {
            return mid::encode(tables, &page, streak, out);
        }
        let mut writer = SequenceWriter::new(window, start, out);
        if window.len() - start > MATCH_MARGIN {
            match &mut self.method {
                Method::Mid(_) => unreachable!("it has written the block itself"),
                Method::Lazy {
                    chains,
                    depth: LEAST_DEPTH,
                } => lazy::parse::<5>(chains, &page, LEAST_DEPTH, streak, &mut writer),
                Method::Lazy { chains, depth } => lazy::parse::<8>(chains, &page, *depth, streak, &mut writer),
                Method::Optimal { chains, plan, effort } => {
                    optimal::parse(chains, plan, &page, *effort, streak, &mut writer)
                }
            }
        }
        writer.finish()
    }

    /// Makes the dictionary `window[floor..start]` findable for the next page.
    pub(crate) fn index(&mut self, window: &[u8], floor: usize, start: usize) {
        let page = Page {
            window: &window[..start],
            base: self.base,
            floor,
            start,
            max_distance: self.max_distance,
        };
        self.end = page.end();
        match &mut self.method {
            Method::Mid(tables) => tables.index(&page),
            Method::Lazy { chains, .. } | Method::Optimal { chains, .. } => chains.link(&page, start),
        }
    }

    /// The caller has moved the content of the window down by `by` bytes.
    pub(crate) fn slide(&mut self, by: usize) {
        self.base += by as u32;
        self.lower();
    }

    /// Starts a new stream. The distance to the bytes before is that to the empty entries of a new table: too far for a
    /// match. So the output does not depend on what was encoded before, not even by how many candidates are looked at.
    pub(crate) fn reset(&mut self) {
        self.base = self.end + FIRST_POSITION;
        self.lower();
        self.streak = Streak::default();
        match &mut self.method {
            Method::Mid(tables) => tables.reset(),
            Method::Lazy { chains, .. } | Method::Optimal { chains, .. } => chains.reset(),
        }
    }

    /// Keeps positions within 32 bits.
    fn lower(&mut self) {
        if self.base < POSITION_LIMIT {
            return;
        }
        let by = (self.base - FIRST_POSITION) / chain::RING as u32 * chain::RING as u32;
        self.base -= by;
        self.end = self.end.saturating_sub(by).max(self.base);
        match &mut self.method {
            Method::Mid(tables) => tables.lower(by),
            Method::Lazy { chains, .. } | Method::Optimal { chains, .. } => chains.lower(by),
        }
    }
}

impl Page<'_> {
    /// The position of its first byte.
    fn position(&self) -> u32 {
        self.base + self.start as u32
    }

    fn end(&self) -> u32 {
        self.base + self.window.len() as u32
    }

    /// The part `window[start..end]` as a page of its own, with as much history as matches reach.
    fn part(&self, start: usize, end: usize) -> Page<'_> {
        Page {
            window: &self.window[..end],
            floor: self.floor.max(start.saturating_sub(MAX_OFFSET + 1)),
            start,
            ..*self
        }
    }

    /// After how many bytes groups may become longer. Each change clears the hash table and links all of the history
    /// again: too long for each page of a few bytes.
    fn worth_a_change(&self) -> u32 {
        (self.window.len() - self.floor).clamp(LEAST_CHANGE, chain::CHOICE as usize) as u32
    }

    /// How many bytes must come before groups are chosen again. To choose takes too long for each tiny page, however
    /// many reasons there are.
    fn worth_a_look(&self) -> u32 {
        self.worth_a_change() / 4
    }

    /// The largest offset that a match at `at` may have.
    fn room(&self, at: usize) -> usize {
        (at - self.floor).min(self.max_distance as usize)
    }
}
