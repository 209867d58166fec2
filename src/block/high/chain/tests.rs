use std::cell::Cell;

use super::super::FIRST_POSITION;
use super::*;
use crate::block::random::Random;

thread_local! {
    /// Candidates that searches on this thread have looked at.
    static CANDIDATES: Cell<u64> = const { Cell::new(0) };
    /// How many bytes were counted to see how much is left of runs.
    static RESTS: Cell<u64> = const { Cell::new(0) };
}

pub(super) fn count_rest(bytes: usize) {
    RESTS.set(RESTS.get() + bytes as u64);
}

/// How many bytes of runs are counted in `work`.
pub(in crate::block::high) fn rests_in(work: impl FnOnce()) -> u64 {
    let before = RESTS.get();
    work();
    RESTS.get() - before
}

pub(in crate::block::high) fn count_candidate() {
    CANDIDATES.set(CANDIDATES.get() + 1);
}

/// How many candidates the searches in `work` look at, and what it returns.
pub(in crate::block::high) fn candidates_in<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let before = CANDIDATES.get();
    let result = work();
    (CANDIDATES.get() - before, result)
}

/// Runs `work` with a search over a window that is linked from `floor` to its end.
fn search<T>(window: &[u8], floor: usize, work: impl FnOnce(&Search) -> T) -> T {
    search_linked(window, floor, window.len(), work)
}

/// The same if only what is before `window[linked]` is linked. At a place before that no other chain is known.
fn search_linked<T>(window: &[u8], floor: usize, linked: usize, work: impl FnOnce(&Search) -> T) -> T {
    let page = Page {
        window,
        base: FIRST_POSITION,
        floor,
        start: floor,
        max_distance: MAX_OFFSET as u32,
    };
    work(&Search::new(&mut Chains::new(Taste::LAZY), &page, linked))
}

/// A window, and a place in it that has `count` candidates. The furthest one, at 10, matches to the end of the text (8
/// or 200 bytes). The others have a wrong byte after `good` bytes. What stands around them is different at the place.
pub(in crate::block::high) fn candidates(count: usize, good: usize) -> (Vec<u8>, usize) {
    // With this seed no other bytes have the hash of the text.
    let mut random = Random::new(9);
    let text = random.bytes(if good < 8 { 8 } else { 200 });
    let mut window = random.bytes(10);
    for k in 0..count {
        let at = window.len();
        window.extend_from_slice(&text);
        if k > 0 {
            window[at + good] ^= 1 + (k % 255) as u8;
        }
        // Irregular, so that this is no run.
        let noise = 2 + random.below(5);
        window.extend(random.bytes(noise).iter().map(|byte| byte | 1));
    }
    *window.last_mut().unwrap() = 0;
    let at = window.len();
    window.extend_from_slice(&text);
    window.push(0);
    window.extend(random.bytes(30));
    (window, at)
}

/// What [`Search::wider`] finds.
fn wider(search: &Search, at: usize, low: usize, best: usize, depth: u32) -> Option<Match> {
    let mut found = Match::default();
    search.wider(at, low, best, depth, &mut found).then_some(found)
}

#[test]
fn longer_looks_at_as_many_candidates_as_it_may() {
    for depth in [1, 2, 3, 4, 8, 48, 256, 1000] {
        // Of the candidates the first is an improvement, and free.
        for (count, expected) in [(depth + 1, 8), (depth + 2, 4)] {
            let (window, at) = candidates(count, 4);
            let mut left = depth as u32;
            let (looked, (length, offset)) = search_linked(&window, 0, at + 1, |search| {
                candidates_in(|| search.longer(at, 3, &mut left))
            });
            assert_eq!((looked as usize, length), (depth + 1, expected), "{depth}");
            assert!(length == 4 || offset == at - 10);
            assert_eq!(left, 1);
        }
    }
}

#[test]
fn longer_says_how_much_depth_is_left() {
    let (window, at) = candidates(20, 4);
    let mut left = 30;
    assert_eq!(
        search(&window, 0, |search| search.longer(at, 3, &mut left)),
        (8, at - 10)
    );
    assert_eq!(left, 30 - 18);
}

#[test]
fn wider_looks_at_as_many_candidates_as_it_may() {
    for depth in [1, 2, 3, 4, 8, 48, 256, 1000] {
        for (count, expected) in [(depth, Some(8)), (depth + 1, None)] {
            let (window, at) = candidates(count, 4);
            let (looked, found) = search(&window, 0, |search| {
                candidates_in(|| wider(search, at, at, 4, depth as u32))
            });
            assert_eq!(looked as usize, depth);
            assert_eq!(found.map(|found| found.length), expected, "{depth}");
            assert!(found.is_none_or(|found| (found.start, found.offset) == (at, at - 10)));
        }
    }
}

/// Candidates that match for long, but not for longer, cost more than others.
#[test]
fn comparing_takes_depth() {
    for (good, cost) in [(63, 1), (64, 2), (127, 2), (128, 3), (180, 3)] {
        for count in 2..8 {
            let (mut window, at) = candidates(count, good);
            // The others are looked at, and one more. All end at the same byte, so `longer` compares only the first.
            let depth = (cost + count - 1) as u32;
            for (depth, found) in [(depth, true), (depth - 1, false)] {
                let longer = search(&window, 0, |search| search.longer(at, 196, &mut { depth }));
                assert_eq!(longer.1 > 0, found, "longer: {good} {count}");
            }
            let depth = (cost * (count - 1) + 1) as u32;
            for (depth, found) in [(depth, true), (depth - 1, false)] {
                let wider = search(&window, 0, |search| wider(search, at, at, 196, depth));
                assert_eq!(wider.is_some(), found, "wider: {good} {count}");
            }
            window.truncate(at + 200);
        }
    }
}

/// Whatever is equal on either side of a candidate, in eight bytes or beyond them.
#[test]
fn wider_finds_the_widest_match() {
    let mut random = Random::new(8);
    for letters in [1, 2, 3] {
        for _ in 0..30 {
            let window: Vec<u8> = (0..400)
                .map(|_| {
                    if random.below(40) == 0 {
                        7
                    } else {
                        random.below(letters) as u8
                    }
                })
                .collect();
            let floor = random.below(20);
            search(&window, floor, |search| {
                for at in (100..380).step_by(7) {
                    let low = at - random.below(30);
                    let widest = (floor + 8..at).map(|earlier| {
                        let after = match_length(&window, earlier, at, window.len() - LAST_LITERALS);
                        let before = common_suffix(&window, earlier, at, (at - low).min(earlier - floor));
                        if after >= MIN_MATCH { before + after } else { 0 }
                    });
                    let widest = widest.max().unwrap();
                    for best in [3, 6, 9, 15, 30] {
                        let found = wider(search, at, low, best, EXHAUSTIVE).map_or(0, |found| {
                            assert!(found.start >= low && found.start - found.offset >= floor);
                            let from = &window[found.start - found.offset..];
                            assert!(window[found.start..found.end()] == from[..found.length]);
                            found.length
                        });
                        assert_eq!(found, if widest > best { widest } else { 0 }, "{at} {low} {best}");
                    }
                }
            });
        }
    }
}

#[test]
fn wider_reads_nothing_below_the_floor() {
    let noise = Random::new(3).bytes(400);
    for floor in [0, 8, 100] {
        for (first, found) in [(7, false), (8, true), (9, true)] {
            // The match goes on before the candidate as far as it may.
            let window = [&noise[..300], &noise[floor..floor + 30], &noise[300..350]].concat();
            let at = 300 + first;
            let match_ = search(&window, floor, |search| wider(search, at, 300, 4, 10));
            assert_eq!(match_.is_some(), found, "{floor} {first}");
            let expected = Match {
                start: 300,
                length: 30,
                offset: 300 - floor,
            };
            assert!(match_.is_none_or(|match_| match_ == expected));
        }
    }
}

#[test]
fn wider_begins_no_earlier_than_allowed_and_needs_to_be_wider() {
    let noise = Random::new(3).bytes(400);
    let window = [&noise[..300], &noise[100..130], &noise[300..350]].concat();
    search(&window, 0, |search| {
        for low in 300..=310 {
            let length = 330 - low;
            let found = wider(search, 310, low, length - 1, 10).unwrap();
            assert_eq!((found.start, found.length, found.offset), (low, length, 200));
            assert!(wider(search, 310, low, length, 10).is_none());
        }
    });
}

/// Where the run is, and what stands around it.
fn with_runs(period: usize, lengths: [usize; 2]) -> (Vec<u8>, [usize; 2]) {
    let noise = Random::new(5).bytes(1000);
    let run = |length: usize| noise[..period].iter().copied().cycle().take(length);
    let mut window = noise[100..150].to_vec();
    let mut starts = [0; 2];
    for (start, length) in starts.iter_mut().zip(lengths) {
        *start = window.len();
        window.extend(run(length));
        // Not what would go on with the run, nor have gone before it.
        window.push(!noise[length % period]);
        window.extend_from_slice(&noise[200..230]);
        window.push(!noise[period - 1]);
    }
    (window, starts)
}

#[test]
fn periods_are_skipped_up_to_the_first_candidate_that_may_be_better() {
    for period in [1, 2, 3, 7] {
        // In the first run there may be as much left as in the second, or never.
        for (first, second) in [(100, 50), (300, 299), (60, 60), (40, 90)] {
            let (window, [from, at]) = with_runs(period, [first, second]);
            for floor in [0, from - 1, from, from + 9] {
                search(&window, floor, |search| {
                    for earlier in (from.max(floor) + period..from + first - period)
                        .rev()
                        .filter(|earlier| (earlier - from) % period == 0)
                    {
                        let skipped = search.skip_periods(at, earlier, period);
                        // One candidate after the other: is it better, or the last one in the run?
                        let left = |candidate: usize| from + first - candidate;
                        let may_be_better = |candidate| left(earlier) < second && left(candidate) >= second;
                        let mut candidate = earlier - period;
                        while candidate >= from.max(floor) + period && !may_be_better(candidate) {
                            candidate -= period;
                        }
                        assert_eq!(
                            skipped,
                            earlier - candidate,
                            "{period} {first} {second} {floor} {earlier}"
                        );
                    }
                });
            }
        }
    }
}

#[test]
fn only_what_may_be_longer_is_compared() {
    // The first one is an improvement, with 130 bytes, and the next ones are no longer.
    let (window, at) = candidates(9, 130);
    let mut left = 100;
    assert_eq!(
        search(&window, 0, |search| search.longer(at, 3, &mut left)),
        (200, at - 10)
    );
    assert_eq!(left, 100 - 7);
    assert!(search(&window, 0, |search| wider(search, at, at, 130, 9)).is_some());
    // Where no match can be longer, nothing is looked at.
    let window = &window[..at + 100];
    let (looked, longer) = search(window, 0, |search| candidates_in(|| search.longer(at, 95, &mut { 9 })));
    assert_eq!((looked, longer), (0, (95, 0)));
}

#[test]
fn matches_end_five_bytes_before_the_end() {
    let (window, at) = candidates(1, 130);
    let window = &window[..at + 100];
    search(window, 0, |search| {
        assert_eq!(search.longer(at, 94, &mut { 9 }), (95, at - 10));
        assert!(wider(search, at, at, 94, 9).is_some_and(|found| found.length == 95));
        assert!(wider(search, at, at, 95, 9).is_none());
    });
}

#[test]
fn a_candidate_may_be_a_whole_offset_away() {
    for (distance, found) in [(65_535, true), (65_536, false)] {
        let mut window = vec![0; distance + 50];
        for at in [0, distance] {
            window[at..at + 12].copy_from_slice(b"a long match");
        }
        search(&window, 0, |search| {
            let expected = if found { (12 + 33, distance) } else { (3, 0) };
            assert_eq!(search.longer(distance, 3, &mut { 9 }), expected);
            let wider = wider(search, distance + 8, distance, 4, 9);
            assert_eq!(
                wider.map(|wider| (wider.length, wider.offset)),
                found.then_some(expected)
            );
        });
    }
}

/// While a match in a run gets longer byte by byte, candidates are skipped.
#[test]
fn a_long_match_in_a_run_is_found_at_once() {
    for (period, most) in [(1, 70), (2, 40), (7, 15)] {
        let (window, [from, at]) = with_runs(period, [2000, 1000]);
        let (looked, (length, offset)) = search(&window, 0, |search| {
            candidates_in(|| search.longer(at, 3, &mut { 65_536 }))
        });
        assert!(length >= 1000 && (at - offset - from).is_multiple_of(period));
        assert!(looked < most, "{period}: {looked}");
    }
}

/// Positions that are not linked yet have distances of something long gone.
#[test]
fn only_linked_positions_are_followed() {
    let (window, at) = candidates(3, 4);
    let page = Page {
        window: &window,
        base: FIRST_POSITION,
        floor: 0,
        start: at,
        max_distance: MAX_OFFSET as u32,
    };
    for linked in 1..8 {
        let mut chains = Chains::new(Taste::LAZY);
        chains.deltas.fill(MAX_OFFSET as u16);
        let search = Search::new(&mut chains, &page, at + linked);
        assert_eq!(search.longer(at, 4, &mut { 100 }), (8, at - 10), "{linked}");
    }
}

/// Runs and several positions at a time are linked as one position after the other is.
#[test]
fn links_lead_to_the_last_place_with_the_same_hash() {
    let mut random = Random::new(6);
    let mut window = Vec::new();
    while window.len() < 150_000 {
        let length = 1 + random.below(40);
        window.resize(window.len() + length, random.below(3) as u8);
        window.extend(random.bytes(length % 3));
        let period = 1 + random.below(20);
        let pattern = random.bytes(period);
        window.extend(pattern.iter().cycle().take(3 * length));
        if window.len() % 7 == 0 && window.len() > 100 {
            window.extend_from_within(window.len() / 2..window.len() / 2 + length);
        }
    }
    fn links<const GROUP: usize>(window: &[u8]) -> Vec<u16> {
        let mut heads = vec![None; 1 << HASH_LOG];
        let groups = window.windows(if GROUP == 4 { 4 } else { 8 }).enumerate();
        let link = |(at, group)| {
            let last = heads[hash::<GROUP>(group)].replace(at);
            last.map_or(MAX_OFFSET, |last: usize| (at - last).min(MAX_OFFSET)) as u16
        };
        groups.map(link).collect()
    }
    for ((group, expected), runs) in [
        (4, links::<4>(&window)),
        (5, links::<5>(&window)),
        (6, links::<6>(&window)),
        (8, links::<8>(&window)),
    ]
    .into_iter()
    .flat_map(|expected| [(expected.clone(), false), (expected, true)])
    {
        let mut chains = Chains::new(Taste::LAZY);
        chains.group = group;
        (chains.runs, chains.small) = (runs, runs);
        for end in [1, 5, 100, 101, 99_990, 120_000, window.len()] {
            let page = Page {
                window: &window[..end],
                base: FIRST_POSITION,
                floor: 0,
                start: 0,
                max_distance: MAX_OFFSET as u32,
            };
            chains.link(&page, end);
        }
        for (at, &expected) in expected.iter().enumerate().skip(window.len() - RING) {
            let found = chains.deltas[(FIRST_POSITION as usize + at) % RING];
            // In a run what is nearer and has the same hash by chance is left out.
            let equal = |delta: u16| window[at..at + group] == window[at - delta as usize..][..group];
            let better = runs && found < 20 && equal(found) && !equal(expected);
            assert!(found == expected || better, "{group} {at} {runs} {found} {expected}");
        }
    }
}

/// Pixels of three bytes: runs of up to `longest` of the same colour.
pub(in crate::block::high) fn pixels(random: &mut Random, colours: usize, longest: usize, length: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while out.len() < length {
        let colour = random.below(colours) as u8;
        let run = 1 + random.below(longest);
        out.extend([colour, 100 + colour, 7].iter().cycle().take(3 * run));
    }
    out.truncate(length);
    out
}

#[test]
fn runs_are_seen() {
    let mut random = Random::new(2);
    for (longest, expected) in [(1, false), (2, false), (12, true), (50, true)] {
        assert_eq!(
            has_runs(&pixels(&mut random, 8, longest, 1 << 12)),
            expected,
            "{longest}"
        );
    }
    assert!(!has_runs(b"too short"));
}

/// Near the limit of letters the groups of runs stay as long as they are, so that nothing is linked again.
#[test]
fn in_runs_some_more_letters_do_not_change_the_groups() {
    for (longest, expected) in [(20, [8, 8, 8, 4]), (1, [8, 4, 8, 4])] {
        let mut random = Random::new(2);
        let mut chains = Chains::new(Taste::OPTIMAL);
        let mut window = Vec::new();
        let mut groups = Vec::new();
        for colours in [5, 10, 5, 30] {
            let start = window.len();
            window.extend(pixels(&mut random, colours, longest, 1 << 16));
            let page = Page {
                window: &window,
                base: FIRST_POSITION,
                floor: 0,
                start,
                max_distance: MAX_OFFSET as u32,
            };
            chains.begin(&page);
            groups.push(chains.group);
        }
        assert_eq!(groups, expected, "{longest}");
    }
}

#[test]
fn in_runs_fewer_candidates_are_enough() {
    let mut chains = Chains::new(Taste::LAZY);
    let mut enough = |group, runs, small| {
        (chains.group, chains.runs, chains.small) = (group, runs, small);
        [LEAST_DEPTH, 8, 64].map(|depth| chains.enough(depth))
    };
    assert_eq!(enough(4, true, true), [4, 8, 64]);
    assert_eq!(enough(6, false, true), [3, 8, 64]);
    assert_eq!(enough(8, false, false), [3, 8, 64]);
    assert_eq!(enough(6, true, true), [3, 6, 48]);
    assert_eq!(enough(8, true, true), [2, 5, 40]);
    assert_eq!(enough(8, true, false), [1, 4, 32]);
}

/// Four letters, and others now and then: the groups with another one are rarer.
#[test]
fn what_counts_as_too_many_rare_groups_depends_on_the_taste() {
    let mut random = Random::new(5);
    let mut letter = || match random.below(130) {
        0 => b'a' + random.below(10) as u8,
        _ => b"ACGT"[random.below(4)],
    };
    let window: Vec<u8> = (0..1 << 16).map(|_| letter()).collect();
    let page = Page {
        window: &window,
        base: FIRST_POSITION,
        floor: 0,
        start: 0,
        max_distance: MAX_OFFSET as u32,
    };
    let groups = [Taste::LAZY, Taste::OPTIMAL, Taste::SMALLEST].map(|taste| choose_group(&page, taste));
    assert_eq!(groups, [4, 6, 5]);
}

/// Runs of a pixel of three bytes, and between them a few pixels of other colours. Most groups are in the runs, and so
/// there are few different ones.
#[test]
fn what_is_between_runs_keeps_groups_short() {
    let mut random = Random::new(6);
    let colours: Vec<[u8; 3]> = (0..6).map(|_| [(); 3].map(|()| random.next() as u8)).collect();
    let mut window = Vec::new();
    while window.len() < 1 << 15 {
        let (run, others) = (50 + random.below(200), random.below(4));
        let colour = colours[random.below(2)];
        window.extend(std::iter::repeat_n(colour, run).flatten());
        for _ in 0..others {
            window.extend(colours[random.below(6)]);
        }
    }
    for (start, end) in [(0, window.len()), (8192, 16_384), (20_480, 24_576)] {
        let page = Page {
            window: &window[..end],
            base: FIRST_POSITION,
            floor: 0,
            start,
            max_distance: MAX_OFFSET as u32,
        };
        let tastes = [Taste::LAZY, Taste::OPTIMAL, Taste::SMALL, Taste::SMALLEST];
        assert_eq!(tastes.map(|taste| choose_group(&page, taste)), [8, 8, 4, 4]);
    }
}

/// What is between runs never makes groups longer: they must suit the rest of the page, too. Here few places are not in
/// runs of zeros. When all of these are counted, they seem to be always the same.
#[test]
fn groups_suit_all_of_a_page() {
    let mut random = Random::new(7);
    let mut window = Vec::new();
    let mut value = 0.0;
    while window.len() < 1 << 18 {
        if random.below(20) == 0 {
            value = 1.0 + random.below(40) as f64 / 4.0;
        }
        window.extend(f64::to_le_bytes(value));
    }
    let mut differ = 0;
    for start in (1 << 16..1 << 18).step_by(8192) {
        let page = Page {
            window: &window[..start + 8192],
            base: FIRST_POSITION,
            floor: start - MAX_OFFSET,
            start,
            max_distance: MAX_OFFSET as u32,
        };
        for taste in [Taste::SMALL, Taste::SMALLEST] {
            let everywhere = suited(&page, taste, false);
            assert_eq!(choose_group(&page, taste), everywhere);
            differ += (suited(&page, taste, true) > everywhere) as usize;
        }
    }
    assert_ne!(differ, 0);
}
