//! Chooses how a `FAR` table is searched: from how well the data before was compressed, and at first from how many
//! zeros there are.

use super::offsets::Offsets;
use super::steps::Steps;
use super::{ANY, FAR, FIVE, HALF, LEAN, LONG, NONE, SIX};
use crate::block::Matches;

/// With a `FAR` table, how it is searched is decided anew after as much data as this,
pub(super) const SEGMENT: usize = 1 << 14;
/// or, at the beginning of a stream, after as much as this.
pub(super) const FIRST_SEGMENT: usize = 1 << 12;
/// After two segments that shrank by less than one in so many bytes, five bytes are hashed. In consecutive numbers as
/// text, for instance, all matches have five bytes.
const POOR: usize = 16;
/// One segment is enough if it shrank by less than one in so many bytes,
const MEAGRE: usize = 8;
/// and has no more literals than this in a row. Then it has matches everywhere, but short ones: noisy numbers share
/// only their first and last bytes. A longer run is rather a part that cannot be compressed at all, of data that can.
const LONGEST_RUN: usize = SEGMENT / 4;
/// After a segment that shrank by more and has less than one match of at most five bytes in so many bytes, five are no
/// longer hashed for that reason.
const SHORT_MATCH_SPACING: usize = 16;

/// In machine code, fonts and other binary data, many literals lie between the matches, and most matches are near. If
/// six bytes were hashed, as many of the shorter ones would be lost as a smaller table loses of those far away, and
/// such data would become larger than with liblz4. So `Search::Half` hashes five, and uses half of the table, as there
/// is little to find far away, if there are so many tenths of a literal for each match,
const APART: usize = 40;
/// less than so many thousandths of the matches are too far away for a smaller table (in text there are more),
const FEW_FAR: i64 = 250;
/// and the matches have on average less than so many bytes. Six bytes find nearly all longer ones, in less time.
const LONG_ON_AVERAGE: usize = 12;
/// Of one match so many are counted: a few runs of zeros do not make the other matches long.
pub(super) const MOST_OF_A_MATCH: usize = 32;
/// Where five are hashed already, there are more matches, and so many tenths of a literal are enough. (With `Half`, how
/// far away they are does not count: those found are near.)
const STILL_APART: usize = 25;
/// All this is seen from a sample: so many matches of each segment,
const SAMPLE: usize = 64;
/// with those before, which count for less by one part of so many each time.
pub(super) const FADING: usize = 4;
/// With fewer matches than this, nothing can be said.
pub(super) const LEAST_SAMPLE: usize = 48;
/// The first segment has too little history.
const FIRST_SAMPLE_WAIT: u32 = 1;
/// Before there is a sample, one is guessed. Machine code comes after headers and tables, whose matches say little of
/// it. But these have many zeros, as most binary data has. Text has none. So if the first data for a `FAR` table (a
/// page, or the dictionary) has at least one zero among so many bytes,
const ZEROS: usize = 8;
/// the sample begins with so many matches, like those of machine code. They count from the end of the first segment on,
/// and fade like others.
const GUESSED: usize = SAMPLE;
/// Data that shrinks to less than one in so many bytes is no such data. Nor is what hardly shrinks: see `MEAGRE`.
pub(super) const DENSE: usize = 4;
/// Nor is data with more than one match of at most five bytes in so many bytes. In data of few letters such matches are
/// everywhere, and hide longer ones.
const CROWDED: usize = 20;
/// After that, so many segments are not sampled, or as many as the stream had so far, if these are fewer: what a file
/// begins with may be of another kind than the rest.
const CROWDED_WAIT: u32 = 32;

/// Random digits, noisy pictures and measured values have matches by chance: anywhere, and hardly any is longer than
/// five bytes. If a segment has more than one match of at most five bytes in so many bytes,
const CHANCE_SPACING: usize = 400;
/// shrank by less than so many bytes for each of them (five bytes become three, and the few longer ones save more),
const CHANCE_GAIN: usize = 4;
/// and by less than one in so many bytes in all (where there are more, steps of three bytes may miss each of them, as
/// in hexadecimal digits with spaces),
const CHANCE_SHARE: usize = 5;
/// and the next one did so too, and no more than half of its matches are in one of the 16 parts of the history, then
/// the time for most of them is better saved. This depends on about so many matches, as to look at all would take too
/// long.
const CHANCE_SAMPLE: usize = 256;
/// With few matches found, it cannot be seen whether there are others. So after so many segments, all are searched
/// again.
const BARE_SEGMENTS: u32 = 64;

/// Records, and tables of numbers as text, often have no longer matches than four or five bytes, even if they shrink
/// well. For these `Search::Six` has a rival, `Search::Short`. It would make most text a little smaller too, but in
/// more time, and much other data larger. So the two are compared on neighbouring parts of the data: so many segments
/// with `Six`, then as many with its rival, and then with `Six` again. The rival must win both times, as data often
/// changes by itself.
const MEASURED: u32 = 2;
/// After a change of the hash so many segments do not count: the table has not all of the history yet.
const WARMED: u32 = 2;
/// If one of these becomes larger by so many thousandths, the rival is given up at once.
const HOPELESS_LOSS: i64 = 30;
/// By at least so many thousandths the rival must make the block smaller,
pub(super) const LEAST_GAIN: i64 = 15;
/// and by more if many matches are too far away for a smaller table, as in text: such data is small enough already. The
/// rival is not even tried if it would have to gain more than this.
pub(super) const LARGEST_GAIN: i64 = 60;
/// Nor is any rival if the matches are on average at least so many bytes apart: there is little to gain, and data of
/// long matches takes so little time that a comparison would be a good part of it.
pub(super) const RARE: usize = 64;
/// In records of one length, hardly any match follows right after another. There it pays to look for none, and to use a
/// smaller table: that finds the records just before, and not now and then a match farther away which is a byte longer,
/// but at another place in each record, so that no branch can be predicted. So the first rival is `Search::Lean` if
/// less than one of so many matches follows right after another,
pub(super) const LONE: usize = 64;
/// and if so many thousandths of them are too far away for the smaller table.
const LEAST_FAR: i64 = 10;
/// It wins if it has almost as many matches: at most one of so many fewer,
const KEPT: usize = 32;
/// and makes the block larger by at most this part of what is too far away: by no more than what liblz4 does not find
/// either.
const LEAN_LOSS: i64 = 3;
/// After a segment with more than one match in so many bytes that follows right after another, it is given up.
const JOINED_SPACING: usize = 256;
/// Where matches have on average at least so many bytes, and some of them join, there are rarely others of only five.
/// To compare the hashes would take time, and make the block larger, as the table forgets. So the first time, only
/// `Search::Joined` is compared, which has the same hash.
pub(super) const LONG_MATCHES: usize = 9;
/// The other rival is compared after so many more segments: in a long stream, that takes a small part of the time.
const SPARED_WAIT: u32 = 32;
/// In sorted lists, and in pictures of few colours, nearly every match follows right after another, although
/// `Search::Six` takes only a long one there, and finds the others one byte later. There it takes less time to take any
/// at once. So the first rival is `Search::Joined` if so many tenths of the matches are joined. (With an acceleration,
/// the steps are larger, and it finds fewer.)
pub(super) const MOSTLY_JOINED: usize = 6;
/// If so many of its own are, that branch is easy to predict,
const ALWAYS_JOINED: usize = 9;
/// and it may make the block larger, but by no more than so many thousandths.
const JOINED_LOSS: i64 = 75;
/// Of the literals of one match so many are counted. The search skips most of a longer run, and one such run would hide
/// what the other matches are like.
pub(super) const MOST_LITERALS: usize = 64;
/// The first comparison comes after so many segments: a shorter stream would lose more time by it than it could gain.
/// So does the one after a rival that stayed until its time was over.
pub(super) const FIRST_WAIT: u32 = 20;
/// A comparison in vain takes as long as a segment or two. The next one comes after so many segments,
const LONG_WAIT: u32 = 256;
/// or so many if the rival gained a little.
const SHORT_WAIT: u32 = 64;
/// A rival that won stays for so many segments, unless the data changes.
const SETTLED: u32 = 256;

/// How a `FAR` table is searched.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Search {
    /// For most data.
    #[default]
    Six,
    /// For matches that do not join: see `LONE`.
    Lean,
    /// For matches that do: see `MOSTLY_JOINED`.
    Joined,
    /// For data that shrinks little: see `POOR`.
    Five,
    /// For matches by chance: see `CHANCE_SPACING`.
    Bare,
    /// For short matches far between: see `APART`.
    Half,
    /// For records: see `MEASURED`.
    Short,
}

impl Search {
    /// How many entries of the table it uses, from the first one on.
    pub(super) const fn entries(self) -> usize {
        match self {
            Search::Lean => LEAN,
            Search::Half => HALF,
            _ => FAR,
        }
    }

    /// How many bytes it hashes.
    pub(super) const fn bytes(self) -> u32 {
        match self {
            Search::Six | Search::Lean | Search::Joined => SIX,
            Search::Five | Search::Bare | Search::Half | Search::Short => FIVE,
        }
    }

    /// Which match it takes right after another: `LONG`, `ANY` or `NONE`.
    pub(super) const fn same(self) -> u32 {
        match self {
            Search::Six | Search::Five | Search::Bare | Search::Half => LONG,
            Search::Joined | Search::Short => ANY,
            Search::Lean => NONE,
        }
    }

    /// How many bytes its steps have at least. `None`: that depends on the data, see [`Steps`].
    const fn own_stride(self) -> Option<usize> {
        match self {
            Search::Six | Search::Five | Search::Half => None,
            Search::Lean | Search::Joined => Some(1),
            // This makes up for the time of more matches.
            Search::Short => Some(2),
            Search::Bare => Some(3),
        }
    }
}

/// What the segment that ends is for.
#[derive(Clone, Copy)]
pub(super) enum Stage {
    /// Nothing. So many follow before the next comparison.
    Waiting(u32),
    /// `Search::Six` is measured. So many segments were.
    Six(u32),
    /// Its rival is measured. So many segments were.
    Rival(u32),
    /// `Search::Six` is measured again.
    SixAgain(u32),
    /// The rival was found to be better. So many follow before the next comparison.
    Settled(u32),
}

/// Chooses between the searches, segment by segment.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    pub(super) acceleration: usize,
    pub(super) search: Search,
    /// So many literals were the last of the current segment,
    pub(super) run: usize,
    /// and this is the longest run in it. (See `counts_runs`; only where it shrank little.)
    pub(super) longest_run: usize,
    /// The last segment shrank little, see `POOR`,
    pub(super) poor: bool,
    /// or had only matches as if by chance, see `CHANCE_GAIN`.
    pub(super) bare: bool,
    /// So many segments were searched with `Search::Bare`.
    pub(super) bare_segments: u32,
    /// The last segment shrank otherwise than those that the rival was chosen for.
    pub(super) strange: bool,
    /// The current segment,
    pub(super) segment: Shrinkage,
    /// and how many short matches were in it (with `Search::Lean`: how many right after another).
    pub(super) short: usize,
    pub(super) stage: Stage,
    /// `Search::Short` was not compared although it could have been: see `LONG_MATCHES`.
    pub(super) spared: bool,
    /// What `Search::Six` is compared with.
    pub(super) rival: Search,
    /// What was measured.
    pub(super) by_six: Shrinkage,
    pub(super) by_rival: Shrinkage,
    pub(super) by_six_again: Shrinkage,
    /// Some matches of the last segments, or a guess (see `ZEROS`),
    pub(super) sample: Offsets,
    /// of which so many are of the current one.
    pub(super) sampled: usize,
    /// So many segments have ended.
    pub(super) segments: u32,
    /// So many segments follow before the next that is sampled.
    pub(super) sample_wait: u32,
    /// The matches of `Search::Six`, or those looked at before `Search::Bare`,
    pub(super) offsets: Offsets,
    /// and those of `Search::Lean` and `Search::Joined`.
    pub(super) rival_offsets: Offsets,
    /// The steps of those searches that have no stride of their own.
    pub(super) steps: Steps,
}

impl Choice {
    pub(super) fn new(acceleration: usize) -> Choice {
        Choice {
            acceleration,
            search: Search::Six,
            poor: false,
            bare: false,
            bare_segments: 0,
            strange: false,
            segment: Shrinkage::default(),
            short: 0,
            run: 0,
            longest_run: 0,
            stage: Stage::Waiting(FIRST_WAIT),
            spared: false,
            rival: Search::Short,
            by_six: Shrinkage::default(),
            by_rival: Shrinkage::default(),
            by_six_again: Shrinkage::default(),
            sample: Offsets::default(),
            sampled: 0,
            segments: 0,
            sample_wait: FIRST_SAMPLE_WAIT,
            offsets: Offsets::default(),
            rival_offsets: Offsets::default(),
            steps: Steps::new(),
        }
    }

    /// Guesses what the matches of a stream are like whose data begins like this: see `ZEROS`. Not with an
    /// acceleration, where no sample would correct it.
    pub(super) fn guess(&mut self, data: &[u8]) {
        let data = &data[..data.len().min(SEGMENT)];
        // (An odd step: columns of 2, 4 or 8 bytes do not hide from it.)
        let places = data.iter().step_by((data.len() / 64) | 1);
        let zeros = places.clone().filter(|&&byte| byte == 0).count();
        // (Tests turn samples off by a longer wait.)
        let will_sample = self.acceleration == 1 && self.sample_wait == FIRST_SAMPLE_WAIT;
        if will_sample && ZEROS * zeros >= places.len() {
            // Clearly more literals than `APART`, and shorter than `LONG_ON_AVERAGE`.
            self.sample = Offsets::all_near(GUESSED, 6, 8);
        }
    }

    /// Adds a part to the segment: so many bytes, how many they became, how many short matches are among its
    /// `sequences`. `pending` literals were already added with the part before, which did not write them.
    pub(super) fn add(&mut self, pending: usize, content: usize, block: usize, short: usize, sequences: &[u8]) {
        self.segment.add(Shrinkage { content, block });
        self.short += short;
        if self.counts_runs() && shrank_less(content, block, MEAGRE) {
            self.add_runs(pending, block - sequences.len(), sequences);
        } else {
            self.run = 0;
        }
        if self.samples() && (Shrinkage { content, block }).is_moderate() {
            if self.sampled == 0 {
                self.sample.fade();
            }
            self.sampled += self.sample.count(sequences, SAMPLE - self.sampled);
        }
        match self.stage {
            Stage::Six(_) => {
                self.offsets.count(sequences, usize::MAX);
            }
            Stage::Waiting(_) if self.bare && self.offsets.matches() < CHANCE_SAMPLE => {
                self.offsets.count(sequences, CHANCE_SAMPLE);
            }
            Stage::Rival(_) if matches!(self.rival, Search::Lean | Search::Joined) => {
                self.rival_offsets.count(sequences, usize::MAX);
            }
            _ => {}
        }
    }

    /// Whether this segment begins with a trial of other steps.
    pub(super) fn wants_trial(&self) -> bool {
        self.steps.wait == 0
            && self.segment.content == 0
            && self.acceleration == 1
            && self.search.own_stride().is_none()
            // No comparison is disturbed.
            && matches!(self.stage, Stage::Waiting(_))
            && (self.steps.exponent > 0 || self.may_take_larger_steps())
    }

    /// Whether the matches of the sample are short and have literals between them. Where they are long, or follow
    /// right after another, there are few steps to save. (Text and machine code are often like this, too, but much
    /// other data is spared a trial. The limits are those of other decisions, as they suit this one.)
    fn may_take_larger_steps(&self) -> bool {
        self.sample.matches() >= LEAST_SAMPLE
            && self.sample.are_apart(STILL_APART)
            && self.sample.are_shorter_than(LONG_MATCHES)
    }

    /// How many bytes the steps of the search have, but for an acceleration.
    pub(super) fn stride(&self) -> usize {
        self.search.own_stride().unwrap_or_else(|| self.steps.stride())
    }

    /// Whether matches of the current segment are sampled. With an acceleration they are not: speed counts for more
    /// than a little size.
    fn samples(&self) -> bool {
        self.acceleration == 1
            && self.sample_wait == 0
            && self.sampled < SAMPLE
            && matches!(self.search, Search::Six | Search::Five | Search::Half)
    }

    /// Ends the sample of a segment. Returns whether `Search::Half` should be used because of the samples so far.
    fn end_sample(&mut self, segment: Shrinkage, crowded: bool) -> bool {
        let sampled = std::mem::take(&mut self.sampled);
        if crowded {
            self.sample = Offsets::default();
            self.sample_wait = CROWDED_WAIT.min(self.segments);
        } else if self.sample_wait > 0 {
            self.sample_wait -= 1;
        } else if sampled == 0 {
            // Nothing was added, so what is known grows old.
            self.sample.fade();
        }
        match self.search {
            Search::Six => segment.is_moderate() && self.is_apart(),
            Search::Five | Search::Half => self.is_apart(),
            _ => false,
        }
    }

    /// Whether the matches of the sample have many literals between them, are short, and near.
    fn is_apart(&self) -> bool {
        let tenths = if self.search == Search::Six { APART } else { STILL_APART };
        self.sample.matches() >= LEAST_SAMPLE
            && self.sample.are_apart(tenths)
            && self.sample.are_shorter_than(LONG_ON_AVERAGE)
            && (self.search == Search::Half || self.sample.far() < FEW_FAR)
    }

    /// Whether one segment that shrank little can be enough to hash five bytes. (With an acceleration it is not.)
    fn counts_runs(&self) -> bool {
        self.search == Search::Six && self.acceleration == 1
    }

    /// Measures the runs of literals in a part, of which the last, `unwritten`, is not among the `sequences`.
    #[cold]
    fn add_runs(&mut self, pending: usize, unwritten: usize, sequences: &[u8]) {
        let mut pending = pending;
        for found in Matches::of(sequences) {
            // The first of them were added with the part before.
            let run = self.run + found.literals.saturating_sub(pending);
            (self.run, pending) = (0, 0);
            self.longest_run = self.longest_run.max(run);
            if self.longest_run > LONGEST_RUN {
                return;
            }
        }
        self.run += unwritten.saturating_sub(pending);
        self.longest_run = self.longest_run.max(self.run);
    }

    /// Ends the segment, and chooses again. If the entries of the table are by another hash now, returns for how many
    /// bytes of the history every second position should be inserted. Of those before, few are: all would take too
    /// long.
    pub(super) fn change(&mut self) -> Option<usize> {
        self.segments = self.segments.saturating_add(1);
        let segment = std::mem::take(&mut self.segment);
        let short = std::mem::take(&mut self.short);
        let poor = shrank_less(segment.content, segment.block, POOR);
        let meagre = shrank_less(segment.content, segment.block, MEAGRE);
        let longest_run = std::mem::take(&mut self.longest_run);
        self.run = 0;
        self.steps.end_segment(segment);
        let was_poor = std::mem::replace(&mut self.poor, poor);
        let enough = if self.search == Search::Bare {
            self.bare_segments += 1;
            self.bare_segments <= BARE_SEGMENTS
        } else {
            self.bare_segments = 0;
            short > segment.content / CHANCE_SPACING
        };
        let bare = enough
            && self.acceleration == 1
            && segment.content < segment.block + CHANCE_GAIN * short
            && shrank_less(segment.content, segment.block, CHANCE_SHARE);
        let was_bare = std::mem::replace(&mut self.bare, bare);
        let crowded = self.search == Search::Half && short > segment.content / CROWDED;
        // (Data that becomes smaller by larger steps is no machine code, but records. Many of their matches are farther
        // away than half of the table reaches.)
        let apart = self.end_sample(segment, crowded) && !self.steps.gained;
        let search = match self.search {
            Search::Six if apart => Search::Half,
            // One poor segment is not enough: many files have small parts that cannot be compressed at all.
            Search::Six if poor && was_poor => Search::Five,
            // Nor is a short one at the beginning, which has little history to match.
            Search::Six if self.counts_runs() && meagre && longest_run <= LONGEST_RUN && segment.content >= SEGMENT => {
                Search::Five
            }
            Search::Five | Search::Bare if bare && was_bare && self.offsets.scattered() => Search::Bare,
            Search::Five if meagre || bare || short >= segment.content / SHORT_MATCH_SPACING => Search::Five,
            Search::Bare => Search::Five,
            Search::Five | Search::Half if apart => Search::Half,
            Search::Five | Search::Half => Search::Six,
            Search::Lean if short > segment.content / JOINED_SPACING => {
                self.stage = Stage::Waiting(LONG_WAIT);
                Search::Six
            }
            Search::Six | Search::Lean | Search::Joined | Search::Short => self.compare(segment),
        };
        if matches!(search, Search::Five | Search::Bare) {
            self.offsets = Offsets::default();
        }
        if matches!(search, Search::Five | Search::Half) && !matches!(self.stage, Stage::Waiting(_)) {
            self.stage = Stage::Waiting(LONG_WAIT);
        }
        let before = std::mem::replace(&mut self.search, search);
        if before != search {
            self.steps.search_changed();
        }
        match (before, search) {
            _ if (before.entries(), before.bytes()) == (search.entries(), search.bytes()) => None,
            (_, Search::Short) => Some(2 * SEGMENT),
            // Nothing was found, so little is worth the time.
            _ if segment.block >= segment.content => Some(0),
            _ => Some(SEGMENT),
        }
    }

    fn compare(&mut self, segment: Shrinkage) -> Search {
        let (stage, search) = match self.stage {
            Stage::Waiting(0) => {
                self.by_six = Shrinkage::default();
                self.by_rival = Shrinkage::default();
                self.by_six_again = Shrinkage::default();
                self.offsets = Offsets::default();
                (Stage::Six(0), Search::Six)
            }
            Stage::Waiting(segments) => (Stage::Waiting(segments - 1), Search::Six),
            Stage::Six(segments) => {
                self.by_six.add(segment);
                if segments + 1 < MEASURED {
                    (Stage::Six(segments + 1), Search::Six)
                } else if self.offsets.are_rare() {
                    self.in_vain()
                } else if self.acceleration == 1 && self.offsets.ask_for_joined() {
                    // (Of the same hash.)
                    self.challenge(Search::Joined, WARMED)
                } else if self.offsets.lone() && self.offsets.far() >= LEAST_FAR {
                    // The smaller table has all of the history that it has room for.
                    self.challenge(Search::Lean, WARMED)
                } else {
                    self.second_rival()
                }
            }
            Stage::Rival(segments) => {
                self.by_rival.add(segment);
                let gain = self.by_rival.gain(self.by_six);
                if segments < WARMED {
                    // The table has only a part of the history yet, so this does not count, unless it is clear.
                    self.by_rival = Shrinkage::default();
                    if gain < -HOPELESS_LOSS {
                        self.in_vain()
                    } else {
                        (Stage::Rival(segments + 1), self.rival)
                    }
                } else if self.rival == Search::Lean {
                    let kept = self.rival_offsets.matches() * self.by_six.content;
                    let all = self.offsets.matches() * self.by_rival.content;
                    if segments + 1 < WARMED + MEASURED {
                        (Stage::Rival(segments + 1), self.rival)
                    } else if kept >= all - all / KEPT && gain >= -self.offsets.far() / LEAN_LOSS {
                        self.settle()
                    } else {
                        self.second_rival()
                    }
                } else if segments + 1 < WARMED + MEASURED {
                    (Stage::Rival(segments + 1), self.rival)
                } else if self.rival == Search::Joined {
                    if gain >= self.needed_gain() {
                        (Stage::SixAgain(WARMED), Search::Six)
                    } else {
                        self.second_rival()
                    }
                } else if gain >= self.needed_gain() {
                    (Stage::SixAgain(0), Search::Six)
                } else if gain >= 0 {
                    (Stage::Waiting(SHORT_WAIT), Search::Six)
                } else {
                    self.in_vain()
                }
            }
            Stage::SixAgain(segments) => {
                if segments >= WARMED {
                    self.by_six_again.add(segment);
                }
                if segments + 1 < WARMED + MEASURED {
                    (Stage::SixAgain(segments + 1), Search::Six)
                } else if self.by_rival.gain(self.by_six_again) >= self.needed_gain() {
                    self.settle()
                } else {
                    self.in_vain()
                }
            }
            Stage::Settled(segments) => {
                let strange = self.by_rival.differs(segment);
                let was_strange = std::mem::replace(&mut self.strange, strange);
                if segments == 0 {
                    (Stage::Waiting(FIRST_WAIT), Search::Six)
                } else if strange && was_strange {
                    self.in_vain()
                } else {
                    (Stage::Settled(segments - 1), self.rival)
                }
            }
        };
        self.stage = stage;
        search
    }

    /// Measures the rival, as if so many segments of it were warmed or measured.
    fn challenge(&mut self, rival: Search, warmed: u32) -> (Stage, Search) {
        self.rival = rival;
        self.by_rival = Shrinkage::default();
        self.rival_offsets = Offsets::default();
        (Stage::Rival(warmed), rival)
    }

    /// `Search::Lean` and `Search::Joined` were not tried, or did not win.
    fn second_rival(&mut self) -> (Stage, Search) {
        if self.offsets.are_long() && !self.offsets.lone() && !self.spared {
            self.spared = true;
            (Stage::Waiting(SPARED_WAIT), Search::Six)
        } else if self.offsets.needed_gain() <= LARGEST_GAIN {
            self.challenge(Search::Short, 0)
        } else {
            self.in_vain()
        }
    }

    /// By how many thousandths the rival must make the block smaller.
    fn needed_gain(&self) -> i64 {
        match self.rival {
            Search::Joined if self.offsets.joined(MOSTLY_JOINED) && self.rival_offsets.joined(ALWAYS_JOINED) => {
                -JOINED_LOSS
            }
            _ => self.offsets.needed_gain(),
        }
    }

    fn settle(&mut self) -> (Stage, Search) {
        self.strange = false;
        (Stage::Settled(SETTLED), self.rival)
    }

    fn in_vain(&mut self) -> (Stage, Search) {
        (Stage::Waiting(LONG_WAIT), Search::Six)
    }
}

/// How many bytes some data has, and how many they became.
#[derive(Clone, Copy, Default)]
pub(super) struct Shrinkage {
    pub(super) content: usize,
    pub(super) block: usize,
}

impl Shrinkage {
    pub(super) fn add(&mut self, more: Shrinkage) {
        self.content += more.content;
        self.block += more.block;
    }

    /// By how many thousandths data that shrank like this is smaller than data that shrank like `other`.
    pub(super) fn gain(self, other: Shrinkage) -> i64 {
        let ours = self.block as u128 * other.content as u128;
        let theirs = other.block as u128 * self.content as u128;
        1000 - i64::try_from(1000 * ours / theirs.max(1)).unwrap_or(i64::MAX)
    }

    /// To how many thousandths the data shrank. (It is never much longer than before.)
    pub(super) fn thousandths(self) -> u16 {
        (1000 * self.block as u64 / self.content.max(1) as u64) as u16
    }

    /// Whether the data shrank neither by as much as `DENSE` says nor by as little as `MEAGRE`: then sequences with
    /// short matches and literals may take most of the block.
    pub(super) fn is_moderate(self) -> bool {
        DENSE * self.block > self.content && !shrank_less(self.content, self.block, MEAGRE)
    }

    /// Whether one of the two shrank to nine tenths of what the other did, or to less.
    fn differs(self, other: Shrinkage) -> bool {
        self.gain(other) >= 100 || other.gain(self) >= 100
    }
}

/// Whether `content` bytes that became `block` bytes shrank by less than one in so many.
fn shrank_less(content: usize, block: usize, bytes: usize) -> bool {
    block > content - content / bytes
}
