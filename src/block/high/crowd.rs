//! Crowds: data in which most groups of four bytes are frequent. A search for matches of four bytes finds the latest of
//! many candidates there, which say little. Of longer groups there are fewer, and they match for longer.

use super::Page;
use super::chain::{CHOICE, HASH_LOG, hash, is_run};
use crate::block::sequence::*;

/// A page with so many more or fewer letters than the one before is of another kind.
const OTHER_LETTERS: usize = 8;
/// So few candidates make a crowd only for a parser that looks at few.
const QUICK: usize = 16;
/// How many places are counted, at most about twice as many.
const SAMPLES: usize = 1 << 13;
/// After the same answer time after time, it is looked for a crowd 2^`TRUST` times less often.
const TRUST: u32 = 3;
/// Longer groups that are given up before so many times the usual wait were a mistake.
const SOON: u32 = 8;
/// After longer groups were soon given up time after time, the next ones wait 2^`PATIENCE` times as long.
const PATIENCE: u32 = 5;

/// Remembers from page to page which groups were chosen: to choose them takes too long for each page of a few KiB, and
/// to change them even longer.
#[derive(Clone)]
pub(super) struct Crowds {
    /// So many candidates make a crowd.
    pub(super) crowd: usize,
    /// The position where groups were chosen, and the position up to which they are not chosen again without a reason.
    chosen: u32,
    until: u32,
    /// How often in a row the answer was the same, at most `TRUST`.
    agreed: u32,
    /// How many letters there were, and whether these were few.
    letters: (usize, bool),
    /// The position before which groups do not become longer.
    again: u32,
    /// The position before which it is soon to give up the longer groups.
    soon: u32,
    /// How often in a row longer groups were soon given up.
    failures: u32,
}

impl Crowds {
    pub(super) fn new(crowd: usize) -> Crowds {
        Crowds {
            crowd,
            chosen: 0,
            until: 0,
            agreed: 0,
            letters: (0, false),
            again: 0,
            soon: 0,
            failures: 0,
        }
    }

    /// Whether the parser looks at few candidates.
    pub(super) fn is_quick(&self) -> bool {
        self.crowd <= QUICK
    }

    /// Whether groups should be chosen for this page. Now they have `group` bytes. `letters` is how many different ones
    /// the page has.
    pub(super) fn is_due(&self, page: &Page, group: usize, letters: usize, few: bool) -> bool {
        let late = page.position() >= self.until;
        if group == MIN_MATCH {
            page.position() >= self.again && (late || few && !self.letters.1)
        } else {
            let other = few != self.letters.1 || letters.abs_diff(self.letters.0) > OTHER_LETTERS;
            late || other && self.may_look(page)
        }
    }

    /// See [`Page::worth_a_look`].
    pub(super) fn may_look(&self, page: &Page) -> bool {
        page.end() - self.chosen >= page.worth_a_look()
    }

    /// Notes that groups were chosen, before and now. Returns whether they change.
    ///
    /// Each change links the history again, which takes too long for each tiny page of another kind. So groups become
    /// longer only after a while. If these are soon given up, the while is twice as long the next time. They are given
    /// up at once, as nothing is lost with groups of four bytes.
    pub(super) fn settle(&mut self, page: &Page, (before, group): (usize, usize), letters: usize, few: bool) -> bool {
        let position = page.position();
        self.agreed = if group == before && position >= self.until {
            (self.agreed + 1).min(TRUST)
        } else {
            0
        };
        let reach = page.window.len() - page.floor;
        self.chosen = position;
        self.until = position + ((4 * reach.min(CHOICE as usize) as u32).min(CHOICE) << self.agreed);
        self.letters = (letters, few);
        if group == before || group > before && position < self.again {
            return false;
        }
        let wait = page.worth_a_change();
        if group < before {
            self.failures = if position < self.soon {
                (self.failures + 1).min(PATIENCE)
            } else {
                0
            };
            self.again = position + (wait << self.failures);
        } else {
            self.again = position + wait;
            self.soon = position + SOON * wait;
        }
        true
    }

    /// Starts a new stream, whose positions come after all others.
    pub(super) fn reset(&mut self) {
        *self = Crowds::new(self.crowd);
    }

    /// Lowers all positions.
    pub(super) fn lower(&mut self, by: u32) {
        for position in [&mut self.chosen, &mut self.until, &mut self.again, &mut self.soon] {
            *position = position.saturating_sub(by);
        }
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

/// Whether the page may be crowded: at least a quarter of its first groups come again. Most data has fewer, and should
/// not take long. (A page that is too short to tell takes little time anyway.)
pub(super) fn may_be_crowded(page: &Page) -> bool {
    const FIRST: usize = 1 << 10;
    let places = page.window[page.start..].windows(8).step_by(7).take(FIRST);
    places.len() < FIRST || many_come_again::<MIN_MATCH>(places)
}

/// Whether at least a quarter of the groups come again.
fn many_come_again<'a, const GROUP: usize>(places: impl ExactSizeIterator<Item = &'a [u8]>) -> bool {
    let most = 3 * places.len() / 4;
    distinct::<GROUP>(places) <= most
}

/// Whether most places of the page have at least so many candidates on the chains of groups of four bytes, but most
/// groups of six bytes occur again as well.
#[inline(never)]
pub(super) fn is_crowded(page: &Page, crowd: usize) -> bool {
    let window = &page.window[page.floor..];
    // A prime, so that only columns whose width is a multiple of it hide from it.
    let step = [1, 7, 13][(window.len() / SAMPLES).div_ceil(8).min(2)];
    // That many candidates within reach are so many among the samples.
    let crowd = (crowd * window.len() / window.len().min(MAX_OFFSET + 1))
        .div_ceil(step)
        .clamp(2, 254) as u8;
    let (history, of_page) = window.split_at(page.start - page.floor);
    let of_page = of_page.windows(MIN_MATCH).step_by(step);
    let mut counts = [0u8; 1 << 14];
    let index = |group: &[u8]| hash::<4>(group) >> (HASH_LOG - 14);
    for group in history.windows(MIN_MATCH).step_by(step).chain(of_page.clone()) {
        let count = &mut counts[index(group)];
        *count = count.saturating_add(1);
    }
    let (mut total, mut few) = (of_page.len(), 0);
    for group in of_page {
        if is_run(group) {
            total -= 1;
        } else if counts[index(group)] <= crowd {
            few += 1;
            // (From here on `few` only grows, and `total` shrinks.)
            if few * 8 > total {
                return false;
            }
        }
    }
    let near = window[window.len().saturating_sub(1 << 12)..].windows(8);
    few * 8 <= total && many_come_again::<6>(near)
}

/// Whether groups of six bytes have clearly fewer candidates than groups of four. They do not in lines that are alike,
/// as in a log, a table or much source code: what is the same in all lines is long. There they would only lose the
/// fields between.
#[inline(never)]
pub(super) fn is_sparser(page: &Page) -> bool {
    let near = page.window[page.start.max(page.window.len().saturating_sub(1 << 12))..].windows(8);
    2 * pairs::<MIN_MATCH>(near.clone()) >= 3 * pairs::<6>(near)
}

/// How many pairs of places have the same group of so many bytes, where these are no run.
fn pairs<'a, const GROUP: usize>(places: impl Iterator<Item = &'a [u8]>) -> usize {
    let mut counts = [0u16; 1 << 14];
    let mut pairs = 0;
    for group in places.filter(|group| !is_run(group)) {
        let count = &mut counts[hash::<GROUP>(group) >> (HASH_LOG - 14)];
        pairs += usize::from(*count);
        *count += 1;
    }
    pairs
}
