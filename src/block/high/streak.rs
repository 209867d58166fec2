//! Regular data: made of matches, one right after the other. What a limited search finds there are the latest of many
//! places that are alike. Places further away match for longer.

use crate::block::sequence::*;

/// After so many matches in a row without literals between them the data is taken to be regular.
const REGULAR: u32 = 32;
/// How many matches to wait until the next look at further offsets, when there was nothing.
const WAIT: u32 = 4;
/// The same, when there was nothing time after time.
const WAIT_MAX: u32 = 256;

/// Matches in a row without literals between them.
#[derive(Clone, Default)]
pub(super) struct Streak {
    pub(super) matches: u32,
    /// How many matches to wait until the next look at further offsets.
    wait: u32,
    /// How many matches the last wait took.
    patience: u32,
    /// The offset of the last match.
    offset: usize,
}

impl Streak {
    /// Counts a match. `goes_on`: there are no literals before it.
    #[inline(always)]
    pub(super) fn count(&mut self, goes_on: bool) {
        self.matches = (self.matches + 1) * goes_on as u32;
    }

    #[inline(always)]
    pub(super) fn is_regular(&self) -> bool {
        self.matches >= REGULAR
    }

    /// A match at `at` that is longer than the one found, if there is one at the offset of the match before, or at
    /// twice the one or the other offset, but no further than `most`. Otherwise the one found.
    #[cold]
    #[inline(never)]
    pub(super) fn further(&mut self, window: &[u8], most: usize, at: usize, found: (usize, usize)) -> (usize, usize) {
        let mut best = found;
        if self.wait > 0 {
            self.wait -= 1;
        } else {
            for first in [self.offset, found.1] {
                let doubled = std::iter::successors(Some(first.max(1)), |offset| Some(2 * offset));
                for offset in doubled.take_while(|&offset| offset <= most) {
                    let length = common_prefix(window, at - offset, at, window.len() - LAST_LITERALS);
                    if length > best.0 {
                        best = (length, offset);
                    }
                }
            }
            self.patience = if best == found {
                2 * self.patience.clamp(WAIT, WAIT_MAX / 2)
            } else {
                0
            };
            self.wait = self.patience;
        }
        self.offset = best.1;
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::random::Random;

    #[test]
    fn only_matches_without_literals_between_them_count() {
        let mut streak = Streak::default();
        for k in 0..2 * REGULAR {
            assert_eq!(streak.is_regular(), k >= REGULAR);
            streak.count(true);
        }
        streak.count(false);
        assert!(!streak.is_regular());
    }

    #[test]
    fn multiples_of_an_offset_are_tried_and_never_more_than_may_be() {
        let noise = Random::new(4).bytes(300);
        let window = [&noise[..], &noise[..60], &noise[200..240]].concat();
        for (offset, most, expected) in [
            (75, 300, (60, 300)),
            (150, 300, (60, 300)),
            (300, 300, (60, 300)),
            (75, 299, (3, 75)),
            (70, 300, (3, 70)),
        ] {
            let mut streak = Streak::default();
            assert_eq!(streak.further(&window, most, 300, (3, offset)), expected, "{offset}");
            // The offset of the match before counts as well, unless there was nothing.
            let again = streak.further(&window, most, 300, (3, 70));
            assert_eq!(again, if expected.0 == 60 { expected } else { (3, 70) });
        }
    }
}
