//! Chooses how large the steps of a search with a `FAR` table are, by trials: some of the data is encoded with other
//! steps first, and the table put back as it was.
//!
//! In records of fixed width, what comes again begins at even places, or at multiples of four. There the search needs
//! not look at the others, and what it does not insert does not replace what it will need. (Steps count from the end of
//! the last match, so they keep to such places by themselves.) In other data it would miss matches, and the block would
//! become larger by some hundredths.

use super::choice::Shrinkage;

/// The largest step is 2^`LARGEST` bytes.
const LARGEST: u8 = 2;
/// So many bytes are encoded twice. To copy the table and to put it back takes as long again.
pub(super) const TRIAL: usize = 1 << 11;
/// This is little data, so there are so many trials, one a segment, before the steps change,
const TRIALS: u8 = 3;
/// but no more once larger ones lose more than so many thousandths on average, or smaller ones gain more.
const HOPELESS: i32 = 20;
/// In the end, larger steps may lose so many thousandths on average. Smaller ones must always gain more.
const LOSS: i32 = 10;

/// The first trial comes after so many segments. (In a shorter stream it would take a noticeable part of the time.)
const FIRST_WAIT: u32 = 3;
/// After trials in vain, so many segments follow before the next one.
const LONG_WAIT: u32 = 32;
/// With larger steps, so many follow before it is tried whether smaller ones have become better. So many follow, too,
/// when the data has changed, which it may do again.
const CHECK_WAIT: u32 = 16;
/// So many segments, or what is left of one, in which the table still has what was inserted in another way.
const WARMING: u32 = 1;

/// The steps of the search, and the trials of others.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    /// They are 2^`exponent` bytes.
    pub(super) exponent: u8,
    /// Since they are larger, a trial showed that smaller ones make the block clearly larger.
    pub(super) gained: bool,
    /// The trials are of larger steps.
    pub(super) larger: bool,
    /// So many segments end before the next trial.
    pub(super) wait: u32,
    /// So many trials in a row were made,
    pub(super) trials: u8,
    /// and by so many thousandths the block was smaller with the other steps, in all of them together.
    gain: i32,
    /// To so many thousandths the last segment shrank, if it was searched in the same way. (A `Shrinkage` would make
    /// the encoder larger.)
    pub(super) last: Option<u16>,
}

impl Steps {
    pub(super) fn new() -> Steps {
        Steps {
            exponent: 0,
            gained: false,
            larger: true,
            wait: FIRST_WAIT,
            trials: 0,
            gain: 0,
            last: None,
        }
    }

    /// How many bytes they are.
    pub(super) fn stride(&self) -> usize {
        1 << self.exponent
    }

    /// The exponent of those that are tried.
    fn tried_exponent(&self) -> u8 {
        if self.larger {
            self.exponent + 1
        } else {
            self.exponent - 1
        }
    }

    /// How many bytes those are.
    pub(super) fn tried_stride(&self) -> usize {
        1 << self.tried_exponent()
    }

    /// Ends a trial: how some data shrank with the present steps, and how with the others.
    pub(super) fn end_trial(&mut self, ours: Shrinkage, others: Shrinkage) {
        // With hardly any sequences it shows nothing. (Only here can the end of a head cut off the last match: see
        // `HEAD`.)
        if !(ours.is_moderate() && others.is_moderate()) {
            return self.begin_again(if self.exponent == 0 { LONG_WAIT } else { CHECK_WAIT });
        }
        self.trials += 1;
        // (It fits: both shrank to between a quarter and seven eighths.)
        self.gain += others.gain(ours) as i32;
        let gain = self.gain / i32::from(self.trials);
        let better = match (self.larger, self.trials) {
            (true, TRIALS) => gain >= -LOSS,
            (true, _) => gain >= -HOPELESS,
            (false, _) => gain > LOSS,
        };
        if better && self.trials < TRIALS && (self.larger || gain <= HOPELESS) {
            return;
        }
        let was_larger = self.larger;
        if better {
            self.exponent = self.tried_exponent();
            self.last = None;
        }
        // (Larger steps gained, or smaller ones lost.)
        self.gained = self.exponent > 0 && (self.gained || better == was_larger && gain.abs() > LOSS);
        self.larger = self.exponent == 0 || better && was_larger && self.exponent < LARGEST;
        self.end_series(match self.exponent {
            0 => LONG_WAIT,
            // After a change, the next ones are tried soon. So are smaller ones, if larger ones lost.
            _ if better || was_larger => WARMING,
            _ => CHECK_WAIT,
        });
    }

    /// The search is another one now. What was tried with the last one does not count, and what was good for it need
    /// not be good for this one.
    pub(super) fn search_changed(&mut self) {
        self.last = None;
        if self.exponent > 0 {
            self.larger = false;
            self.end_series(WARMING);
        } else if self.trials > 0 {
            self.end_series(CHECK_WAIT);
        }
    }

    fn end_series(&mut self, wait: u32) {
        (self.wait, self.trials, self.gain) = (wait, 0, 0);
    }

    /// Gives up larger steps.
    fn begin_again(&mut self, wait: u32) {
        *self = Steps {
            wait,
            last: self.last,
            ..Steps::new()
        };
    }

    /// Ends a segment. If it shrank otherwise than the last one, the data changes, and larger steps are given up.
    pub(super) fn end_segment(&mut self, segment: Shrinkage) {
        self.wait = self.wait.saturating_sub(1);
        let now = segment.thousandths();
        let last = self.last.replace(now);
        if self.exponent > 0 && last.is_some_and(|last| 10 * now.min(last) < 9 * now.max(last)) {
            self.begin_again(CHECK_WAIT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(block: i32) -> Shrinkage {
        let block = block as usize;
        Shrinkage { content: 2000, block }
    }

    /// After trials in which the others lose so many thousandths: the exponent, whether trials are of larger steps, and
    /// how many segments follow before the next one.
    fn after(exponent: u8, larger: bool, losses: &[i32]) -> (u8, bool, u32) {
        let mut steps = Steps {
            exponent,
            larger,
            wait: 0,
            ..Steps::new()
        };
        for loss in losses {
            steps.end_trial(block(1000), block(1000 + loss));
        }
        (steps.exponent, steps.larger, steps.wait)
    }

    #[test]
    fn larger_steps_must_lose_little_in_all_trials_together() {
        for (losses, expected) in [
            (&[0][..], (0, true, 0)),
            (&[HOPELESS], (0, true, 0)),
            (&[HOPELESS + 1], (0, true, LONG_WAIT)),
            (&[-10, 2 * HOPELESS + 10], (0, true, 0)),
            (&[-10, 2 * HOPELESS + 12], (0, true, LONG_WAIT)),
            (&[LOSS, LOSS, LOSS], (1, true, WARMING)),
            (&[-50, 30, 3 * LOSS + 20], (1, true, WARMING)),
            (&[LOSS, LOSS, LOSS + 3], (0, true, LONG_WAIT)),
        ] {
            assert_eq!(after(0, true, losses), expected, "{losses:?}");
        }
    }

    #[test]
    fn steps_grow_until_larger_ones_lose() {
        for (exponent, losses, expected) in [
            (1, &[0, 0, 0][..], (LARGEST, false, WARMING)),
            (1, &[HOPELESS + 1], (1, false, WARMING)),
        ] {
            assert_eq!(after(exponent, exponent < LARGEST, losses), expected, "{losses:?}");
        }
    }

    #[test]
    fn steps_become_smaller_again_where_that_gains() {
        let gain = -LOSS - 1;
        for (losses, expected) in [
            (&[gain, gain][..], (2, false, 0)),
            (&[-HOPELESS], (2, false, 0)),
            (&[-HOPELESS - 1], (1, false, WARMING)),
            (&[gain, gain, gain], (1, false, WARMING)),
            (&[-LOSS], (2, false, CHECK_WAIT)),
            (&[gain, gain, -LOSS + 3], (2, false, CHECK_WAIT)),
        ] {
            assert_eq!(after(2, false, losses), expected, "{losses:?}");
        }
        assert_eq!(after(1, false, &[gain, gain, gain]), (0, true, LONG_WAIT));
    }

    #[test]
    fn it_is_known_whether_larger_steps_gained() {
        for (exponent, larger, gained, losses, expected) in [
            // They do when the steps grow,
            (0, true, false, &[-LOSS - 1; 3], true),
            (0, true, false, &[-LOSS; 3], false),
            // also if they did not grow again,
            (1, true, true, &[HOPELESS + 1; 3], true),
            (1, true, false, &[HOPELESS + 1; 3], false),
            // or if smaller ones would lose.
            (2, false, false, &[LOSS + 1; 3], true),
            (2, false, false, &[LOSS; 3], false),
            (2, false, true, &[-LOSS - 1; 3], true),
            (2, false, false, &[-LOSS - 1; 3], false),
            (1, false, true, &[-LOSS - 1; 3], false),
        ] {
            let mut steps = Steps {
                exponent,
                larger,
                gained,
                ..Steps::new()
            };
            // (A series ends early if nothing is left to find out.)
            for loss in losses {
                steps.end_trial(block(1000), block(1000 + loss));
                if steps.trials == 0 {
                    break;
                }
            }
            assert_eq!(steps.gained, expected, "{exponent} {larger} {gained} {losses:?}");
        }
    }

    /// Smaller steps are tried soon, if there are any.
    #[test]
    fn another_search_begins_another_series() {
        for (exponent, trials, expected) in [(0, 0, 9), (0, 1, CHECK_WAIT), (1, 0, WARMING), (1, 1, WARMING)] {
            let mut steps = Steps {
                exponent,
                trials,
                gain: 5 * i32::from(trials),
                wait: 9,
                last: Some(500),
                ..Steps::new()
            };
            steps.search_changed();
            assert_eq!((steps.exponent, steps.larger), (exponent, exponent == 0));
            assert_eq!((steps.wait, steps.trials, steps.gain), (expected, 0, 0));
            assert!(steps.last.is_none());
        }
    }

    #[test]
    fn each_series_of_trials_begins_anew() {
        let mut steps = Steps::new();
        let losses = [-90, 0, 0, LOSS, LOSS, LOSS + 3];
        for (loss, expected) in losses.into_iter().zip([0, 0, 1, 1, 1, 1]) {
            steps.end_trial(block(1000), block(1000 + loss));
            assert_eq!(steps.exponent, expected);
        }
    }

    /// Where nearly all is one match, or nothing matches, a trial shows nothing.
    #[test]
    fn a_trial_of_few_sequences_does_not_count() {
        let data = |content, block| Shrinkage { content, block };
        let usual = data(2000, 600);
        for unusual in [data(2000, 500), data(2000, 1751)] {
            for (ours, others) in [(unusual, usual), (usual, unusual)] {
                // Nothing is known of larger steps any more.
                for (exponent, expected) in [(0, LONG_WAIT), (1, CHECK_WAIT)] {
                    let mut steps = Steps {
                        exponent,
                        ..Steps::new()
                    };
                    steps.end_trial(usual, usual);
                    steps.end_trial(ours, others);
                    // The series ends without a result.
                    assert_eq!((steps.exponent, steps.trials, steps.gain), (0, 0, 0));
                    assert_eq!(steps.wait, expected);
                }
            }
        }
        for usual in [data(2000, 501), data(2000, 1750)] {
            let mut steps = Steps::new();
            steps.end_trial(usual, usual);
            assert_eq!(steps.trials, 1);
        }
    }

    #[test]
    fn larger_steps_are_given_up_when_the_data_changes() {
        for (now, given_up) in [(1000, false), (1110, false), (1112, true), (900, false), (898, true)] {
            let mut steps = Steps {
                exponent: 2,
                larger: false,
                wait: 11,
                ..Steps::new()
            };
            steps.end_segment(block(1000));
            steps.end_segment(block(now));
            let expected = if given_up { (0, true, CHECK_WAIT) } else { (2, false, 9) };
            assert_eq!((steps.exponent, steps.larger, steps.wait), expected, "{now}");
        }
        // There is nothing to give up.
        let mut steps = Steps::new();
        steps.wait = 10;
        steps.end_segment(block(1000));
        steps.end_segment(block(500));
        assert_eq!(steps.wait, 8);
    }
}
