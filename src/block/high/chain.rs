//! Hash chains. Each position is linked to the last position before it whose first bytes, a group, have the same hash.
//! A group has four bytes, as the shortest match. Only where four bytes say next to nothing it has more.
//!
//! Linking runs ahead of the parser. So a search also knows the chains of later positions. A match that is
//! longer than a group lies on the chains of all its groups, and the search may follow any of them. It begins with the
//! one with the widest gap. After each match found it knows one more: a longer one has the next byte in common as well.

use super::crowd::{Crowds, distinct, is_crowded, is_sparser, letters, may_be_crowded};
use super::{LEAST_DEPTH, Page};
use crate::block::sequence::*;

#[cfg(test)]
pub(super) mod tests;

pub(super) const HASH_LOG: u32 = 16;
/// Positions are linked at most this far ahead of the parser.
pub(super) const AHEAD: usize = 1 << 15;
/// Positions whose links are kept: the reach of a match, and twice what is linked ahead.
pub(super) const RING: usize = 1 << 17;
/// So many positions are linked in one step.
const STEP: usize = 4;
/// Runs with a longer period than this are linked position by position.
const LONGEST_PERIOD: u32 = 16;
/// A depth that no chain exceeds.
pub(super) const EXHAUSTIVE: u32 = 65_536;
/// Searches that look at fewer candidates than this stay on a chain: to look for a better one takes them more time than
/// it saves.
const CHOOSY: u32 = 64;
/// A chain is worth leaving for a better one if it seems to lead to more candidates than this.
const DENSE: usize = 16;
/// How many steps on another chain may lead to where the search is.
const NEXT_STEPS: usize = 4;
/// How far it is counted to see how much is left of a run. If many searches counted to the end of a long one, it would
/// take forever.
const LONGEST_REST: usize = 4096;
/// How many candidates the first search for a very long match looks at.
const VERY_LONG_DEPTH: u32 = 1024;
/// In a page of no more bytes groups may have five bytes.
const SMALL_PAGE: usize = 1 << 14;
/// With more different letters than this, groups of four bytes are not frequent.
const FEW_LETTERS: usize = 16;
/// The last bytes of a page that are looked for to see whether it repeats itself.
const PERIOD_SAMPLE: usize = 32;
/// The longest period of a run of few bytes in turn, such as those of a pixel.
const SHORT_PERIOD: usize = 4;
/// Where fewer places than this can be counted, all of the first 16 KiB are.
const FEW_PLACES: usize = 512;
/// A choice of groups holds for so many bytes, and is made for no more of a page. It is no more than what a reset adds
/// to positions.
pub(super) const CHOICE: u32 = 1 << 16;

#[derive(Clone)]
pub(super) struct Chains {
    /// The last linked position with each hash.
    heads: Box<[u32; 1 << HASH_LOG]>,
    /// For each position modulo `RING`, the distance to the position that it is linked to, or `MAX_OFFSET` if that is
    /// less. Some more, so that a step can be stored from any place on: see `wrap`.
    deltas: Box<[u16; RING + STEP - 1]>,
    /// The first position that is not linked yet.
    next: u32,
    /// The number of bytes that are hashed: 4, 5, 6 or 8.
    pub(super) group: usize,
    /// The position up to which this is not chosen anew where there are no `crowds`.
    chosen: u32,
    taste: Taste,
    /// Where there are crowds, a group has six or eight bytes.
    crowds: Option<Crowds>,
    /// How many bytes 1024 bytes became, in the first page after the choice.
    became: Option<u64>,
    /// Whether the page before became so small that there may be many runs.
    small: bool,
    /// Whether many places of the page lie in runs of few bytes in turn.
    runs: bool,
}

/// When groups have more than four bytes. Longer groups take less time, but lose shorter matches.
#[derive(Clone, Copy)]
pub(super) struct Taste {
    /// Every so many places of a page are counted to see what its groups are like. It is odd, so that columns of a few
    /// words do not hide from it: only those whose width has a divisor in common with it may.
    pub(super) stride: usize,
    /// With no more than this to search, a group has four bytes.
    pub(super) short_window: usize,
    /// Groups have eight bytes only if no more than one place of so many has a rare group of four bytes.
    pub(super) rare: usize,
    /// The same for groups of five bytes and of `middle` bytes.
    pub(super) rare_of_middle: usize,
    /// The length of groups that are longer than four bytes, but shorter than eight.
    pub(super) middle: usize,
    /// Whether groups have five bytes in small pages, where there is too little history for six.
    pub(super) five: bool,
    /// Whether groups must also suit the places between runs of few bytes in turn, counted alone. In pictures of few
    /// colours most places are in such runs, but what is between them takes most of the block.
    pub(super) between_runs: bool,
}

impl Taste {
    pub(super) const LAZY: Taste = Taste {
        // In a part of a page there are few places to count.
        stride: 7,
        short_window: 0,
        rare: 64,
        rare_of_middle: 64,
        middle: 6,
        five: false,
        between_runs: false,
    };
    pub(super) const OPTIMAL: Taste = Taste {
        stride: 15,
        short_window: 0,
        rare: 32,
        rare_of_middle: 32,
        middle: 6,
        five: true,
        between_runs: false,
    };
    /// With more time, for fewer lost matches.
    pub(super) const SMALL: Taste = Taste {
        middle: 5,
        between_runs: true,
        ..Taste::OPTIMAL
    };
    /// For the highest level, where no match should be lost.
    pub(super) const SMALLEST: Taste = Taste {
        stride: 15,
        short_window: 4096,
        rare: 64,
        rare_of_middle: 32,
        middle: 5,
        five: false,
        between_runs: true,
    };
}

/// The hash of the first `GROUP` bytes of a place.
#[inline(always)]
pub(super) fn hash<const GROUP: usize>(bytes: &[u8]) -> usize {
    if GROUP == 4 {
        let group = u32::from_le_bytes(*bytes.first_chunk().unwrap());
        return (group.wrapping_mul(0x9E37_79B1) >> (32 - HASH_LOG)) as usize;
    }
    let group = u64::from_le_bytes(*bytes.first_chunk().unwrap()) << (64 - 8 * GROUP);
    (group.wrapping_mul(0xCF1B_BCDC_B7A5_6463) >> (64 - HASH_LOG)) as usize
}

/// The distance, or `MAX_OFFSET` if that is less.
#[inline(always)]
fn within_reach(distance: u32) -> u16 {
    // No branch: with small pages it would be unpredictable, and LLVM makes one of `min`.
    let far = ((MAX_OFFSET as u64).wrapping_sub(distance as u64) >> 48) as u16;
    distance as u16 | far
}

/// How many bytes a group should have for this page.
///
/// With few different letters all groups of four bytes are frequent. Nearly every place has longer matches then, but
/// they are hard to find among thousands of candidates. With longer groups there are fewer.
fn choose_group(page: &Page, taste: Taste) -> usize {
    // What repeats itself is found with any groups. All that counts is the first time.
    let first = period(&page.window[page.start..]).map(|period| page.part(page.start, page.start + period));
    let page = first.as_ref().unwrap_or(page);
    let group = suited(page, taste, false);
    // (The few places between runs may seem to be always the same. So they only ever make groups shorter.)
    if group > MIN_MATCH && taste.between_runs {
        return group.min(suited(page, taste, true));
    }
    group
}

/// How many bytes a group should have for the places of a page, or for those between runs.
fn suited(page: &Page, taste: Taste, between_runs: bool) -> usize {
    let mut census = Census::new(page, taste.stride, between_runs);
    if between_runs && census.total < FEW_PLACES {
        census = Census::new(page, 1, true);
    }
    let reach = (page.window.len() - page.floor).min(MAX_OFFSET + 1);
    // Of longer groups there are more, by the power of their length. There must be fewer than places to find them in.
    if census.groups.pow(2) * 16 <= reach {
        if census.few_are_rare(taste.rare) && repeats::<8>(page) {
            return 8;
        }
    } else if census.groups.pow(3) * 32 <= reach.pow(2)
        && census.few_are_rare(taste.rare_of_middle)
        && repeats::<6>(page)
    {
        return taste.middle;
    }
    if taste.five && page.window.len() - page.start <= SMALL_PAGE {
        // Of so few bytes all places are counted: of some only, too many groups are rare by chance.
        let census = Census::new(page, 1, between_runs);
        // Where a page repeats itself, no group is rare.
        if !repeats::<8>(page)
            && (census.groups as u128).pow(5) << 10 <= (reach as u128).pow(4)
            && census.few_are_rare(taste.rare_of_middle)
            && repeats::<5>(page)
        {
            return 5;
        }
    }
    MIN_MATCH
}

/// What the groups of four bytes of a page are like.
struct Census {
    /// How many places were counted: those that are not inside a run of one byte or, with `between_runs`, of few.
    total: usize,
    /// How many groups were counted once.
    rare: usize,
    /// There are as many different groups as if there were this many, all equally frequent.
    groups: usize,
}

impl Census {
    fn new(page: &Page, stride: usize, between_runs: bool) -> Census {
        let page = &page.window[page.start..];
        let page = &page[..page.len().min(stride << 14)];
        let mut counts = [0u16; 1 << 12];
        // `pairs` is the sum of the squares of all counts.
        let (mut total, mut rare, mut pairs) = (0, 0, 0);
        for at in (0..page.len().saturating_sub(MIN_MATCH - 1)).step_by(stride) {
            let group = &page[at..at + MIN_MATCH];
            if is_run(group) || between_runs && is_in_run(&page[at..]) {
                continue;
            }
            total += 1;
            let count = &mut counts[hash::<4>(group) >> (HASH_LOG - 12)];
            match count {
                0 => rare += 1,
                1 => rare -= 1,
                _ => {}
            }
            pairs += 2 * *count as usize + 1;
            *count += 1;
        }
        Census {
            total,
            rare,
            groups: total * total / pairs.max(1),
        }
    }

    /// Whether no more than one place of so many has a rare group: longer groups lose the matches of these. (Of few
    /// places some are rare by chance.)
    fn few_are_rare(&self, one_in: usize) -> bool {
        self.rare * one_in <= self.total + self.total.clamp(128, 256)
    }
}

/// Whether the bytes of a group are all the same. Places in runs say nothing of the others, and may be most.
#[inline(always)]
pub(super) fn is_run(group: &[u8]) -> bool {
    let group = read_u32(group, 0);
    group == group.rotate_left(8)
}

/// Whether at least eight bytes here repeat those before them, with a period of at most `SHORT_PERIOD`. Fewer may do so
/// by chance.
#[inline(always)]
fn is_in_run(place: &[u8]) -> bool {
    place.len() >= SHORT_PERIOD + 8 && (1..=SHORT_PERIOD).any(|period| read_u64(place, 0) == read_u64(place, period))
}

/// Whether nearly all places of a page lie in runs of one byte.
fn is_mostly_runs(page: &[u8]) -> bool {
    let places = page.windows(MIN_MATCH).step_by((page.len() / 256) | 1);
    let total = places.len();
    8 * places.filter(|group| !is_run(group)).count() < total
}

/// The period with which a page repeats itself, if there is one.
fn period(page: &[u8]) -> Option<usize> {
    let end = page.len().checked_sub(PERIOD_SAMPLE)?;
    let sample = &page[end..];
    let most = (page.len() / 2).min(end).min(MAX_OFFSET);
    let word = read_u64(sample, 0);
    let period = (1..=most).find(|&period| {
        let before = &page[end - period..];
        read_u64(before, 0) == word && before.starts_with(sample)
    })?;
    (period..end)
        .step_by((page.len() / 256) | 1)
        .all(|at| read_u64(page, at) == read_u64(page, at - period))
        .then_some(period)
}

/// Whether most groups of so many bytes occur again nearby. They do not in consecutive numbers as text, where all
/// matches are shorter.
fn repeats<const GROUP: usize>(page: &Page) -> bool {
    let places = page.window[page.start..].windows(8).take(1 << 13);
    2 * distinct::<GROUP>(places.clone()) <= places.len()
}

/// Whether many places of a page lie in runs of few bytes in turn.
fn has_runs(page: &[u8]) -> bool {
    let places = page.windows(SHORT_PERIOD + 8).step_by((page.len() / 64) | 1);
    let total = places.len();
    8 * places.filter(|place| is_in_run(place)).count() > 3 * total
}

impl Chains {
    pub(super) fn new(taste: Taste) -> Chains {
        Chains {
            taste,
            crowds: None,
            became: None,
            small: false,
            runs: false,
            heads: vec![0; 1 << HASH_LOG].try_into().unwrap(),
            deltas: vec![0; RING + STEP - 1].try_into().unwrap(),
            next: 0,
            group: MIN_MATCH,
            chosen: 0,
        }
    }

    /// Where most chains have at least `crowd` candidates, a group has six or eight bytes.
    pub(super) fn with_crowd(mut self, crowd: usize) -> Chains {
        self.crowds = Some(Crowds::new(crowd));
        self
    }

    /// How many candidates a search should look at, instead of so many. What is found on the chains of longer groups is
    /// better, so fewer candidates do.
    pub(super) fn enough(&self, depth: u32) -> u32 {
        match self.group {
            // In runs nearly all matches are long, whichever is found.
            8 if self.runs && self.small => depth - (3 * depth / 8).max(2),
            8 if self.runs => depth / 2 - (depth == LEAST_DEPTH) as u32,
            6 if self.runs && self.small => depth - depth / 4,
            5.. => depth - (depth == LEAST_DEPTH) as u32,
            _ => depth,
        }
    }

    /// Prepares for a page, or for a part of one: chooses the groups. When these are others than before, the history is
    /// linked again.
    ///
    /// To choose takes too long for each page of a few KiB.
    pub(super) fn begin(&mut self, page: &Page) {
        let letters = letters(&page.window[page.start..]);
        self.runs = (self.small || self.group == 8) && has_runs(&page.window[page.start..]);
        let few = self.are_few(page, letters);
        if let Some(crowds) = &self.crowds {
            if crowds.is_due(page, self.group, letters, few) {
                self.choose(page, letters, few);
            }
            return;
        }
        let mut group = MIN_MATCH;
        if few {
            if page.position() < self.chosen {
                return;
            }
            self.chosen = page.position() + CHOICE;
            self.became = None;
            if !is_mostly_runs(&page.window[page.start..]) {
                group = choose_group(page, self.taste);
            }
        }
        if group != self.group {
            self.regroup(page, group);
        }
    }

    /// Whether groups of four bytes may be frequent because there are so few letters.
    fn are_few(&self, page: &Page, letters: usize) -> bool {
        // Near the limit groups must not change from page to page: it takes long to link the history again.
        let few = FEW_LETTERS << (self.runs && self.group == 8) as u32;
        letters <= few && page.window.len() - page.floor > self.taste.short_window
    }

    /// Chooses the groups where there may be crowds.
    #[inline(never)]
    fn choose(&mut self, page: &Page, letters: usize, few: bool) {
        let Some(crowds) = &mut self.crowds else { return };
        self.became = None;
        let mostly_runs = is_mostly_runs(&page.window[page.start..]);
        let mut group = MIN_MATCH;
        if few && !mostly_runs {
            group = choose_group(page, self.taste);
        }
        if group == MIN_MATCH
            && !mostly_runs
            && may_be_crowded(page)
            && (self.runs || is_sparser(page))
            && is_crowded(page, crowds.crowd)
        {
            // Of a run few candidates find the whole only if the groups are long.
            group = if crowds.is_quick() && self.runs { 8 } else { 6 };
        }
        if crowds.settle(page, (self.group, group), letters, few) {
            self.regroup(page, group);
        }
    }

    /// Links all positions before `window[end]`, from the floor of the page on. The last positions of the window have
    /// too few bytes to hash. They are linked with the next page.
    pub(super) fn link(&mut self, page: &Page, end: usize) {
        // In short runs it takes longer to see them than to link them position by position.
        match (self.group, self.runs && self.small) {
            (4, false) => self.link_groups::<4, 4, false>(page, end),
            (4, true) => self.link_groups::<4, 4, true>(page, end),
            (5, _) => self.link_groups::<5, 8, false>(page, end),
            (6, false) => self.link_groups::<6, 8, false>(page, end),
            (6, true) => self.link_groups::<6, 8, true>(page, end),
            (_, false) => self.link_groups::<8, 8, false>(page, end),
            (_, true) => self.link_groups::<8, 8, true>(page, end),
        }
    }

    /// Reads `READ` bytes to hash a group.
    #[inline(never)]
    fn link_groups<const GROUP: usize, const READ: usize, const RUNS: bool>(&mut self, page: &Page, end: usize) {
        let mut position = self.next.max(page.base + page.floor as u32);
        let begin = (position - page.base) as usize;
        let end = end.min(page.window.len().saturating_sub(READ - 1));
        if begin >= end {
            return;
        }
        let mut rest = &page.window[begin..end + READ - 1];
        while let Some(bytes) = rest.first_chunk::<11>() {
            let word = read_u64(bytes, 0);
            // The groups of four positions have up to eleven bytes.
            let in_run = word == word.rotate_left(8) && (GROUP == MIN_MATCH || word == read_u64(bytes, 3));
            let ring = position as usize % RING;
            let deltas: &mut [u16; STEP] = self.deltas[ring..].first_chunk_mut().expect("more than the ring");
            // (In a run. Otherwise that of the last position.)
            let mut distance = 1;
            if in_run {
                // In a run each position is linked to the one before it.
                let head = &mut self.heads[hash::<GROUP>(bytes)];
                *deltas = [within_reach(position - *head), 1, 1, 1];
                *head = position + 3;
            } else {
                for (k, delta) in deltas.iter_mut().enumerate() {
                    let group = if GROUP == MIN_MATCH {
                        word >> (8 * k)
                    } else {
                        read_u64(bytes, k)
                    };
                    let head = &mut self.heads[hash::<GROUP>(&group.to_le_bytes())];
                    let position = position + k as u32;
                    distance = position - *head;
                    *delta = within_reach(distance);
                    *head = position;
                }
            }
            if ring + STEP > RING {
                self.wrap(ring + STEP);
            }
            if RUNS && distance <= LONGEST_PERIOD {
                let run = self.link_run::<GROUP, READ>(page, position + STEP as u32, rest.len() - STEP, distance);
                position += run as u32;
                rest = &rest[run..];
            }
            position += STEP as u32;
            rest = &rest[STEP..];
        }
        for group in rest.windows(READ) {
            self.link_one(position, hash::<GROUP>(group));
            position += 1;
        }
        self.next = position;
    }

    /// Links the positions of a run, from `position` on, each to the one a `period` before it. Returns how many: none
    /// if there is no run, or if it is short. There are `rest` bytes to hash.
    #[inline(always)]
    fn link_run<const GROUP: usize, const READ: usize>(
        &mut self,
        page: &Page,
        position: u32,
        rest: usize,
        period: u32,
    ) -> usize {
        let at = (position - page.base) as usize;
        // What is below the floor must not matter.
        if (at - page.floor) < period as usize {
            return 0;
        }
        let before = at - period as usize;
        let words_equal = |ahead| read_u64(page.window, at + ahead) == read_u64(page.window, before + ahead);
        if rest < 16 || !words_equal(8) || !words_equal(0) {
            return 0;
        }
        self.link_long_run::<GROUP, READ>(page, position, at + rest, period)
    }

    /// The same where sixteen bytes are known to be equal to those before. Counts up to `window[end]`.
    #[inline(never)]
    fn link_long_run<const GROUP: usize, const READ: usize>(
        &mut self,
        page: &Page,
        position: u32,
        end: usize,
        period: u32,
    ) -> usize {
        let at = (position - page.base) as usize;
        let window = page.window;
        let equal = run_length::<64>(window, at - period as usize, at, end);
        let run = (equal + 1).saturating_sub(READ);
        if run < period as usize {
            return 0;
        }
        let ring = position as usize % RING;
        let first = run.min(RING - ring);
        self.deltas[ring..ring + first].fill(period as u16);
        // (A run can be longer than the ring.)
        self.deltas[..(run - first).min(RING)].fill(period as u16);
        // The last ones with each hash.
        for k in run - period as usize..run {
            self.heads[hash::<GROUP>(&window[at + k..])] = position + k as u32;
        }
        run
    }

    /// Copies what was linked behind the end of the ring to its beginning. Steps begin where the data says, whatever
    /// the ring: what is linked must not depend on where it ends.
    #[cold]
    #[inline(never)]
    fn wrap(&mut self, end: usize) {
        self.deltas.copy_within(RING..end, 0);
    }

    #[inline(always)]
    fn link_one(&mut self, position: u32, hash: usize) {
        let head = &mut self.heads[hash];
        self.deltas[position as usize % RING] = within_reach(position - *head);
        *head = position;
    }

    fn regroup(&mut self, page: &Page, group: usize) {
        self.group = group;
        self.heads.fill(0);
        self.next = page.base + page.floor as u32;
    }

    /// After a page or part that was begun, and became so many bytes. Where longer groups find much less than where
    /// they were chosen, they are chosen anew: the data may be of another kind.
    pub(super) fn end(&mut self, page: &Page, block: usize) {
        let page_len = page.window.len() - page.start;
        self.small = block < page_len / 16;
        if self.group == MIN_MATCH {
            return;
        }
        let became = block as u64 * 1024 / page_len as u64;
        let first = *self.became.get_or_insert(became);
        if became <= first + first / 4 + 16 {
            return;
        }
        if let Some(crowds) = &self.crowds {
            if crowds.may_look(page) {
                let letters = letters(&page.window[page.start..]);
                self.choose(page, letters, self.are_few(page, letters));
            }
        } else if page.end() + CHOICE - self.chosen >= page.worth_a_look() {
            self.chosen = 0;
        }
    }

    /// Starts a new stream, whose positions come after all others.
    pub(super) fn reset(&mut self) {
        if self.group != MIN_MATCH {
            self.group = MIN_MATCH;
            self.heads.fill(0);
        }
        self.became = None;
        self.small = false;
        self.runs = false;
        if let Some(crowds) = &mut self.crowds {
            crowds.reset();
        }
    }

    /// Lowers all positions by a multiple of `RING`.
    pub(super) fn lower(&mut self, by: u32) {
        self.next = self.next.saturating_sub(by);
        self.chosen = self.chosen.saturating_sub(by);
        if let Some(crowds) = &mut self.crowds {
            crowds.lower(by);
        }
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

/// The number of candidates that searches for very long matches may look at.
pub(super) struct Credit {
    /// In the rest of the page. Each stretch searched and each match found adds to it. So where there are none, these
    /// searches take little time.
    left: u32,
    /// In one search. The second one for a match may look at one more for each byte of what the first one found.
    most: u32,
}

impl Credit {
    pub(super) fn new(most: u32) -> Credit {
        Credit { left: 2048, most }
    }
}

/// How far to follow a chain.
struct Steps {
    /// The number of candidates that may still be looked at, and not less than 1 in the end.
    left: u32,
    /// The bits of `left` that say when to check for a run.
    rhythm: u32,
}

impl Steps {
    /// How many steps there are before the next one that is the last, or checks for a run.
    #[inline(always)]
    fn plain(&self) -> u32 {
        (self.left.wrapping_sub(9) & self.rhythm).min(self.left.saturating_sub(1))
    }
}

/// Finds matches, among a limited number of candidates.
pub(super) struct Search<'a> {
    deltas: &'a [u16; RING],
    window: &'a [u8],
    base: usize,
    floor: usize,
    max_distance: usize,
    /// All matches end here or before.
    limit: usize,
    /// All positions before `window[linked]` are linked.
    linked: usize,
    /// The number of bytes of a group.
    group: usize,
}

impl<'a> Search<'a> {
    /// Links everything before `window[linked]`, as far as there are bytes to hash.
    pub(super) fn new(chains: &'a mut Chains, page: &Page<'a>, linked: usize) -> Search<'a> {
        chains.link(page, linked);
        Search {
            deltas: chains.deltas.first_chunk().unwrap(),
            window: page.window,
            base: page.base as usize,
            floor: page.floor,
            max_distance: page.max_distance as usize,
            limit: page.window.len() - LAST_LITERALS,
            linked: linked.min(page.window.len() - if chains.group == 4 { 3 } else { 7 }),
            group: chains.group,
        }
    }

    pub(super) fn group(&self) -> usize {
        self.group
    }

    /// The distance from `at` to the next candidate.
    #[inline(always)]
    pub(super) fn before(&self, at: usize) -> usize {
        self.deltas[(at + self.base) % RING] as usize
    }

    /// Whether there is any candidate.
    #[inline(always)]
    pub(super) fn has_candidate(&self, at: usize) -> bool {
        self.before(at) <= self.room(at)
    }

    /// The largest offset that a match at `at` may have.
    #[inline(always)]
    pub(super) fn room(&self, at: usize) -> usize {
        at - self.floor.max(at.saturating_sub(self.max_distance))
    }

    /// The length and offset of the longest match at `at`, if that is longer than `best`. Otherwise the offset is 0.
    ///
    /// Looks at up to `depth` candidates, and lowers `depth` by what it used. Candidates that are longer than `best`
    /// are free. Long candidates that are not longer count for more than one.
    #[inline(always)]
    pub(super) fn longer(&self, at: usize, best: usize, depth: &mut u32) -> (usize, usize) {
        let room = self.room(at);
        let distance = self.before(at);
        if distance > room || at + best >= self.limit {
            return (best, 0);
        }
        let mut begin = (0, distance);
        if best >= MIN_MATCH && distance * DENSE < room {
            if self.next_group(at, best, 0).1 > room {
                return (best, 0);
            }
            begin = self.widest_gap(at, best + 1, room);
            if begin.1 > room {
                return (best, 0);
            }
        }
        self.longer_of_several(at, best, room, begin, depth)
    }

    #[inline(always)]
    fn longer_of_several(
        &self,
        at: usize,
        mut best: usize,
        room: usize,
        (mut link, mut distance): (usize, usize),
        depth: &mut u32,
    ) -> (usize, usize) {
        let window = self.window;
        let mut offset = 0;
        let choosy = *depth >= CHOOSY;
        let mut last_gap = 0;
        let mut steps = Steps {
            left: *depth,
            rhythm: 15,
        };
        // Where the last comparison in vain ended. In regular data many candidates end alike.
        let mut fault = 0;
        // The first candidate is mostly longer: there is no need to look for one that may be.
        #[cfg(test)]
        tests::count_candidate();
        loop {
            let earlier = at - distance;
            let mut length = 0;
            if fault == 0 || read_u32(window, earlier + fault) == read_u32(window, at + fault) {
                length = common_prefix(window, earlier, at, self.limit);
            }
            if length > best {
                (best, offset) = (length, distance);
                if at + best >= self.limit {
                    break;
                }
                let gap = self.before(earlier + link);
                if choosy
                    && gap * DENSE < room - distance
                    && let (next, first) = self.next_group(at, best, distance)
                    && first > distance + gap
                    && (first > room || self.is_worth_leaving(at, link, distance, first))
                {
                    (link, distance) = (next, first);
                    last_gap = 0;
                } else {
                    distance += if (best >= 64 || gap == last_gap) && gap <= best / 2 {
                        self.skip_periods(at, earlier, gap)
                    } else {
                        gap
                    };
                    last_gap = gap;
                }
            } else {
                if length > 0 {
                    // Long comparisons take time too.
                    steps.left = steps.left.saturating_sub(length as u32 / 64);
                    fault = length.max(3) - 3;
                }
                if steps.left <= 1 {
                    break;
                }
                distance += self.gap(at, earlier, link, &mut steps);
            }
            if distance > room || !self.follow(at, link, best, room, &mut distance, &mut steps) {
                break;
            }
        }
        *depth = steps.left;
        (best, offset)
    }

    /// Whether there are more than `DENSE` candidates after the one at `distance`. It is not looked at if the first
    /// candidate of the other chain begins with the same bytes.
    #[inline(never)]
    fn is_worth_leaving(&self, at: usize, link: usize, mut distance: usize, first: usize) -> bool {
        let room = self.room(at);
        if read_u32(self.window, at - first) == read_u32(self.window, at) {
            return true;
        }
        for _ in 0..DENSE {
            distance += self.before(at + link - distance);
            if distance > room {
                return false;
            }
        }
        true
    }

    /// The group that ends with the byte after a match of `best` bytes at `at`, which a longer match has as well: its
    /// index, and the distance of the first candidate on its chain that is further than `distance`, or of a nearer one
    /// if many are.
    #[inline(always)]
    fn next_group(&self, at: usize, best: usize, distance: usize) -> (usize, usize) {
        let next = (best + 1).saturating_sub(self.group);
        if at + next >= self.linked {
            return (0, 0);
        }
        let mut first = self.before(at + next);
        for _ in 0..NEXT_STEPS {
            if first > distance {
                break;
            }
            first += self.before(at + next - first);
        }
        (next, first)
    }

    /// The distance from `earlier` to the next candidate on the chain of the group at `link`, as one step.
    #[inline(always)]
    fn gap(&self, at: usize, earlier: usize, link: usize, steps: &mut Steps) -> usize {
        let gap = self.before(earlier + link);
        if steps.plain() > 0 {
            steps.left -= 1;
            return gap;
        }
        self.gap_at_check(at, earlier, link, gap, steps)
    }

    /// The same after the plain steps, if this is not the last step.
    #[inline(always)]
    fn gap_at_check(&self, at: usize, earlier: usize, link: usize, gap: usize, steps: &mut Steps) -> usize {
        steps.left -= 1;
        // Are candidates equally spaced, and do they all match alike?
        if gap == self.deltas[(self.base + earlier + link - gap) % RING] as usize {
            if self.may_skip(earlier, gap) {
                let skipped = self.skip_periods(at, earlier, gap);
                if skipped != gap {
                    return skipped;
                }
            }
            // It is no run: check less often.
            steps.rhythm |= steps.rhythm << 2;
        }
        gap
    }

    /// Follows a chain to the first candidate that may match for more than `best` bytes, if there is one: the last
    /// eight bytes of such a match are those of `at`. On the chain of one of the last groups all candidates have most
    /// of these, so there it compares the first eight. Every step lowers `steps.left`, down to 1.
    #[inline(always)]
    fn follow(
        &self,
        at: usize,
        link: usize,
        best: usize,
        room: usize,
        distance: &mut usize,
        steps: &mut Steps,
    ) -> bool {
        // A shorter match is compared as a whole.
        let count = (best + 1).min(8);
        let ahead = if 2 * link > best { 0 } else { best + 1 - count };
        let mask = u64::MAX >> (64 - 8 * count);
        let tail = read_u64(self.window, at + ahead);
        let low = at - room;
        let tails = &self.window[low + ahead..at + ahead + 8];
        let ring = self.base + low + link;
        // The index in `tails`. It wraps around where the chain leads too far.
        let mut k = room.wrapping_sub(*distance);
        let mut plain = steps.plain();
        steps.left -= plain;
        let found = loop {
            let Some(candidate) = tails.get(k..).and_then(<[u8]>::first_chunk) else {
                break false;
            };
            #[cfg(test)]
            tests::count_candidate();
            if (u64::from_le_bytes(*candidate) ^ tail) & mask == 0 {
                break true;
            }
            let gap = self.deltas[(ring + k) % RING] as usize;
            if let Some(fewer) = plain.checked_sub(1) {
                plain = fewer;
                k = k.wrapping_sub(gap);
                continue;
            }
            if steps.left <= 1 {
                break false;
            }
            k = k.wrapping_sub(self.gap_at_check(at, low + k, link, gap, steps));
            plain = steps.plain();
            steps.left -= plain;
        };
        steps.left += plain;
        *distance = room.wrapping_sub(k);
        found
    }

    /// A match of at least `least` bytes that begins in `window[begin..end]`. It is one of the first ones, and within
    /// the limits of `credit` the longest that begins at the same place.
    ///
    /// Half the least length of such a match lies after one of the places searched, as these are no further apart. The
    /// searches together look at up to `credit` candidates. One for `share` bytes of a match found is added to it.
    #[inline(never)]
    pub(super) fn very_long(
        &self,
        begin: usize,
        end: usize,
        least: usize,
        share: usize,
        credit: &mut Credit,
    ) -> Option<Match> {
        let half = least / 2;
        credit.left += (end - begin) as u32 / 64;
        for at in (begin..end).step_by(half) {
            let allowed = VERY_LONG_DEPTH.min(credit.most).min(credit.left);
            let mut left = allowed;
            let (mut length, mut offset) = self.longer(at, half - 1, &mut left);
            credit.left -= allowed - left;
            if offset == 0 {
                continue;
            }
            let before = common_suffix(self.window, at - offset, at, (at - begin).min(at - offset - self.floor));
            let start = at - before;
            length += before;
            if length >= least {
                // A search that came to its end has found the longest one.
                if start < at || left <= 1 {
                    let longer = self.longer(start, length, &mut (credit.most + length as u32));
                    if longer.1 > 0 {
                        (length, offset) = longer;
                    }
                }
                credit.left += (length / share) as u32;
                return Some(Match { start, length, offset });
            }
        }
        None
    }

    /// Of the groups in `window[at..at + length]`, the one that leads furthest in two steps, and in the first one no
    /// less far than the group at `at`: its index, and the distance of the first step.
    ///
    /// One step says too little: of a frequent group some places are far from the next one.
    ///
    /// In a long match only some groups are tried, and none after one that has no candidate within `room`.
    #[inline(never)]
    fn widest_gap(&self, at: usize, length: usize, room: usize) -> (usize, usize) {
        let two_steps = |k: usize, first: usize| {
            // What is linked below the floor must not matter.
            first
                + (at + k)
                    .checked_sub(self.floor + first)
                    .map_or(MAX_OFFSET, |_| self.before(at + k - first))
        };
        let mut link = 0;
        let mut gap = self.before(at);
        let mut both = two_steps(0, gap);
        let groups = (length + 1).saturating_sub(self.group).min(self.linked - at);
        let try_group = |k| {
            let first = self.before(at + k);
            if first > room || first > gap && two_steps(k, first) > both {
                (link, gap, both) = (k, first, two_steps(k, first));
            }
            first > room
        };
        // The further into the match, the fewer are tried. The last ones are tried in any case: if the match begins
        // with a run, something else follows only there.
        let last = groups.saturating_sub(4).max(1);
        let next = |k: &usize| Some(k + 1 + k / 8);
        let further = std::iter::successors(Some(1), next).take_while(|&k| k < last);
        further.chain(last..groups).any(try_group);
        (link, gap)
    }

    /// Whether [`skip_periods`](Search::skip_periods) may skip more than `gap`: that costs little to see.
    #[inline(always)]
    fn may_skip(&self, earlier: usize, gap: usize) -> bool {
        earlier.checked_sub(gap + 8).is_none_or(|before| {
            let difference = read_u64(self.window, before) ^ read_u64(self.window, before + gap);
            difference.leading_zeros() as usize / 8 >= gap.min(8)
        })
    }

    /// The distance from `earlier` to the next candidate worth looking at. It is `gap`, unless `earlier` lies in a run
    /// with that period, which may be long.
    ///
    /// In such a run each candidate matches one period more than the one before, until as much of the run is left there
    /// as at `at`. The candidates after that all match alike. So this skips to the first candidate that may be better
    /// than `earlier`, or to the last one in the run.
    #[inline(never)]
    fn skip_periods(&self, at: usize, earlier: usize, gap: usize) -> usize {
        let room = earlier - (at - self.room(at));
        if room < gap || at + gap + MATCH_MARGIN > self.limit {
            return gap;
        }
        let end = self.limit.min(at + gap + LONGEST_REST);
        let left = common_prefix(self.window, at, at + gap, end);
        #[cfg(test)]
        tests::count_rest(left);
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

    /// How many bytes before `at` equal those before `earlier`, where at least eight do.
    #[inline(never)]
    fn suffix(&self, at: usize, earlier: usize, most: usize) -> usize {
        8 + common_suffix(self.window, earlier - 8, at - 8, most.min(earlier - self.floor) - 8)
    }

    /// The longest match that contains `window[at]` and starts at `low` or later, if it is longer than `best`. Looks at
    /// up to `depth` candidates. Long candidates count for more than one.
    ///
    /// Returns whether there is one, and writes it to `found`. As a return value it would be copied at once, in pieces
    /// of another size than it was written in, for which processors wait.
    #[inline(never)]
    pub(super) fn wider(&self, at: usize, low: usize, mut best: usize, mut depth: u32, found: &mut Match) -> bool {
        // This reads the eight bytes before each candidate. So it leaves out the first eight positions after the floor.
        // It does so even where there is something below the floor: what it finds must not depend on how far the window
        // has slid.
        let Some(above_floor) = (at - self.floor).checked_sub(8) else {
            return false;
        };
        let room = self.room(at).min(above_floor);
        let lowest = at - room;
        let all = &self.window[lowest - 8..];
        let ours = &all[room..];
        let ours_before = read_u64(ours, 0);
        let most_before = at - low;
        // What is before `low` counts as different.
        let stop = (1u64 << 63).checked_shr(8 * most_before.min(8) as u32).unwrap_or(0);
        let (mut start, mut offset) = (at, 0);
        // The index in `all`. It wraps around where the chain leads too far.
        let mut k = room.wrapping_sub(self.before(at));
        while k <= room {
            #[cfg(test)]
            tests::count_candidate();
            let theirs = &all[k..][..ours.len()];
            let difference = (ours_before ^ read_u64(theirs, 0)) | stop;
            // At the other end, four bytes of a wider match must be equal.
            let before = difference.leading_zeros() as usize / 8;
            let last = (8 + best + 1 - MIN_MATCH - before).min(ours.len() - MIN_MATCH);
            let counted = if difference == 0 {
                // More than the eight bytes before the candidate may be equal. The four that must be come first.
                let mut after = (read_u64(ours, 8) ^ read_u64(theirs, 8)).trailing_zeros() as usize / 8;
                if after == 8 {
                    after = long_match_length(self.window, lowest + k, at, self.limit);
                    depth = depth.saturating_sub(after as u32 / 64);
                }
                after = after.min(self.limit - at);
                let least = (best + 1).saturating_sub(after).max(8);
                let equal = |there| read_u32(all, there) == read_u32(all, there + room - k);
                let may_be_wider =
                    after >= MIN_MATCH && least <= most_before && (k + 8).checked_sub(least).is_none_or(equal);
                may_be_wider.then(|| (self.suffix(at, lowest + k, most_before), after))
            } else if read_u32(theirs, last) == read_u32(ours, last) {
                let after = common_prefix(self.window, lowest + k, at, self.limit);
                depth = depth.saturating_sub(after as u32 / 64);
                (after >= MIN_MATCH).then_some((before, after))
            } else {
                None
            };
            if let Some((before, after)) = counted
                && before + after > best
            {
                best = before + after;
                (start, offset) = (at - before, room - k);
            }
            if depth <= 1 {
                break;
            }
            depth -= 1;
            k = k.wrapping_sub(self.before(lowest + k));
        }
        if offset == 0 {
            return false;
        }
        *found = Match {
            start,
            length: best,
            offset,
        };
        true
    }
}
