//! Crowds: data in which most groups of four bytes are frequent. A search for matches of four bytes finds the latest of
//! many candidates there, which say little. Of longer groups there are fewer, and they match for longer.

use super::Page;
use super::chain::{CHOICE, HASH_LOG, hash};
use crate::block::sequence::*;

/// A page with so many more or fewer letters than the one before is of another kind.
const OTHER_LETTERS: usize = 8;
/// So few candidates make a crowd only for a parser that looks at few.
const QUICK: usize = 16;
/// How many places are counted, at most about twice as many.
const SAMPLES: usize = 1 << 13;
/// After the same answer time after time, it is looked for a crowd 2^`TRUST` times less often.
const TRUST: u32 = 2;

/// Remembers from page to page whether there is a crowd: to look for it takes too long for each page of a few KiB.
#[derive(Clone)]
pub(super) struct Crowds {
    /// So many candidates make a crowd.
    crowd: usize,
    /// Whether there is one.
    found: bool,
    /// The position where it was looked for, and the position up to which it is not looked for again.
    looked: u32,
    until: u32,
    /// How often in a row the answer was the same, at most `TRUST`.
    agreed: u32,
    /// How many letters there were in the page that was looked at.
    letters: usize,
}

impl Crowds {
    pub(super) fn new(crowd: usize) -> Crowds {
        Crowds {
            crowd,
            found: false,
            looked: 0,
            until: 0,
            agreed: 0,
            letters: 0,
        }
    }

    /// Whether the parser looks at few candidates.
    pub(super) fn is_quick(&self) -> bool {
        self.crowd <= QUICK
    }

    /// Whether there is a crowd. `letters` is how many different ones the page has.
    pub(super) fn look(&mut self, page: &Page, letters: usize) -> bool {
        let position = page.base + page.start as u32;
        let other = self.found
            && letters.abs_diff(self.letters) > OTHER_LETTERS
            && page.end() - self.looked >= page.worth_a_change();
        if position >= self.until || other {
            let found = is_crowded(page, self.crowd);
            self.agreed = if found == self.found {
                (self.agreed + 1).min(TRUST)
            } else {
                0
            };
            let reach = page.window.len() - page.floor;
            self.looked = position;
            self.until = position + ((4 * reach.min(CHOICE as usize) as u32).min(CHOICE) << self.agreed);
            self.found = found;
            self.letters = letters;
        }
        self.found
    }

    /// Starts a new stream, whose positions come after all others.
    pub(super) fn reset(&mut self) {
        *self = Crowds::new(self.crowd);
    }

    /// Lowers all positions.
    pub(super) fn lower(&mut self, by: u32) {
        self.looked = self.looked.saturating_sub(by);
        self.until = self.until.saturating_sub(by);
    }
}

/// How many different letters a page has, about. With few of them groups of four bytes may be frequent.
pub(super) fn letters(page: &[u8]) -> usize {
    let mut seen = [false; 256];
    let places = page.iter().step_by((page.len() / 64) | 1);
    places
        .filter(|&&letter| !std::mem::replace(&mut seen[letter as usize], true))
        .count()
}

/// How many different groups of so many bytes there are, or a little less than that.
pub(super) fn distinct<'a, const GROUP: usize>(places: impl Iterator<Item = &'a [u8]>) -> usize {
    let mut seen = [0u64; 1 << (HASH_LOG - 6)];
    let mut distinct = 0;
    for group in places {
        let hash = hash::<GROUP>(group);
        let bit = 1 << (hash % 64);
        distinct += usize::from(seen[hash / 64] & bit == 0);
        seen[hash / 64] |= bit;
    }
    distinct
}

/// Whether most places of the window have at least so many candidates on the chains of groups of four bytes, but most
/// groups of six bytes occur again as well.
#[inline(never)]
fn is_crowded(page: &Page, crowd: usize) -> bool {
    let window = &page.window[page.floor..];
    let window = &window[..window.len().min(2 * (MAX_OFFSET + 1))];
    // A prime, so that columns of data do not hide from it.
    let step = [1, 7, 13][(window.len() / SAMPLES).div_ceil(8)];
    // That many candidates within reach are so many among the samples.
    let crowd = (crowd * window.len() / window.len().min(MAX_OFFSET + 1))
        .div_ceil(step)
        .clamp(2, 254) as u8;
    let places = window.windows(MIN_MATCH).step_by(step);
    let total = places.len();
    let mut counts = [0u8; 1 << 14];
    let (mut few, mut repeated) = (0, 0);
    for (k, group) in places.enumerate() {
        let count = &mut counts[hash::<4>(group) >> (HASH_LOG - 14)];
        repeated += usize::from(*count > 0);
        if k == total / 8 && repeated < k / 4 {
            // Most data is not crowded, and should not take long.
            return false;
        }
        few += usize::from(*count < crowd);
        few -= if *count == crowd { crowd as usize } else { 0 };
        *count = count.saturating_add(1);
    }
    let near = window[window.len().saturating_sub(1 << 12)..].windows(8);
    few * 8 <= total && 4 * distinct::<6>(near.clone()) <= 3 * near.len()
}
