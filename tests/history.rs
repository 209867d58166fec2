//! A match may reach everything in the last 64 KiB before it, and nothing before that, whatever the pages were like and
//! wherever the decompressor keeps them.

#[path = "common/by_hand.rs"]
mod by_hand;
#[path = "common/random.rs"]
mod random;

use by_hand::{push_literals, push_match};
use lz4_stream::{DecompressOptions, Error, LZ4_MAX_INPUT_SIZE, Lz4StreamDecompressor};
use random::Random;

const HISTORY: usize = 65_536;

/// How the pages of a stream are made.
#[derive(Clone, Copy, Debug)]
struct Kind {
    /// The longest page, once in a while. The others are much shorter.
    longest: usize,
    /// One in so many pages has matches.
    matches: usize,
    /// They mostly go at most this far back.
    reach: usize,
    /// One in so many pages is followed by a look at the history. Zero is never.
    looks: usize,
}

/// Appends a page to `content`, and returns its block. A match that is out of reach comes last, if it is wanted.
fn next_block(random: &mut Random, kind: Kind, content: &mut Vec<u8>, bad_match: bool) -> (Vec<u8>, usize) {
    let floor = content.len().saturating_sub(HISTORY);
    let len = match random.below(40) {
        0 => random.below(kind.longest),
        1..5 => random.below(20_000.min(kind.longest)),
        _ => random.below(1500.min(kind.longest)),
    };
    let mut block = Vec::new();
    let until = content.len() + len;
    if random.below(kind.matches) == 0 {
        while content.len() < until && content.len() > floor {
            let most = (content.len() - floor).min(HISTORY - 1);
            let offset = match random.below(8) {
                0 => most,
                1 => 1 + random.below(most),
                _ => 1 + random.below(most.min(kind.reach)),
            };
            let length = 4 + random.below(300);
            push_match(&mut block, offset, length);
            for _ in 0..length {
                content.push(content[content.len() - offset]);
            }
            if random.below(2) == 0 {
                break;
            }
        }
    }
    let allowed = content.len() - floor;
    if bad_match {
        push_match(&mut block, allowed + 1, 4);
    }
    let count = 5 + until.saturating_sub(content.len());
    let literals = random.bytes(count);
    push_literals(&mut block, &literals, 0);
    content.extend(literals);
    (block, allowed)
}

fn check(seed: u64, kind: Kind, total: usize, decompressor: &mut Lz4StreamDecompressor) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut content = Vec::new();
    while content.len() < total {
        let start = content.len();
        if random.below(30) == 0 && start > 0 {
            let (mut block, allowed) = next_block(&mut random, kind, &mut content, true);
            content.truncate(start);
            // The format has no larger offsets.
            if allowed < HISTORY - 1 {
                match decompressor.decompress(&block) {
                    Err(Error::MatchOffset {
                        found, allowed: told, ..
                    }) => {
                        assert_eq!((found, told), (allowed + 1, allowed), "{kind:?} at {start}");
                    }
                    other => panic!("{kind:?} at {start}: {:?}", other.map(<[u8]>::len)),
                }
            }
            // A long one that is bad at its end.
            block.clear();
            let count = random.below(kind.longest);
            push_literals(&mut block, &random.bytes(count), 0);
            block.extend([0, 0, 0]);
            match decompressor.decompress(&block) {
                Err(Error::MatchOffset { found: 0, allowed, .. }) => {
                    assert_eq!(allowed, start.min(HISTORY) + count, "{kind:?} at {start}");
                }
                other => panic!("{kind:?} at {start}: {:?}", other.map(<[u8]>::len)),
            }
        }
        let (block, _) = next_block(&mut random, kind, &mut content, false);
        let page = decompressor.decompress(&block).unwrap();
        assert!(page == &content[start..], "{kind:?} at {start}");
        if kind.looks > 0 && random.below(kind.looks) == 0 {
            let floor = content.len().saturating_sub(HISTORY);
            assert!(decompressor.history() == &content[floor..], "{kind:?} at {start}");
            if random.below(2) == 0 {
                *decompressor = decompressor.clone();
            }
        }
    }
    content
}

#[test]
fn every_match_gets_its_bytes() {
    for seed in 0..1 {
        for longest in [1, 1500, 60_000, 400_000] {
            for matches in [1, 30, 300] {
                for reach in [3000, HISTORY] {
                    for looks in [0, 1, 100] {
                        let kind = Kind {
                            longest,
                            matches,
                            reach,
                            looks,
                        };
                        let options = DecompressOptions::new().max_page_size(LZ4_MAX_INPUT_SIZE);
                        let mut decompressor = options.decompressor().unwrap();
                        let total = if longest == 1 { 700_000 } else { 1_500_000 };
                        check(seed, kind, total, &mut decompressor);
                        // Nothing of the stream before is in reach.
                        decompressor.reset();
                        check(seed + 9, kind, 400_000, &mut decompressor);
                    }
                }
            }
        }
    }
}

/// A restart forgets the history, wherever it is.
#[test]
fn a_restart_leaves_nothing_to_refer_to() {
    let mut random = Random::new(1);
    for page_size in [1000, 9000] {
        let mut decompressor = Lz4StreamDecompressor::new();
        for _ in 0..2_000_000 / page_size {
            let mut block = Vec::new();
            push_literals(&mut block, &random.bytes(page_size), 0);
            decompressor.decompress(&block).unwrap();
            if random.below(10) > 0 {
                continue;
            }
            decompressor.restart();
            assert_eq!(decompressor.history(), b"");
            let error = decompressor.decompress(b"\x10a\x02\0\x50hello").unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::MatchOffset {
                        found: 2,
                        allowed: 1,
                        ..
                    }
                ),
                "{error:?}"
            );
        }
    }
}

/// What a caller saw of a stream has no influence on the next one.
#[test]
fn a_look_at_the_history_does_not_outlive_a_reset() {
    let kind = |looks| Kind {
        longest: 1500,
        matches: 30,
        reach: 3000,
        looks,
    };
    for total in (300_000..600_000).step_by(15_000) {
        let mut decompressor = Lz4StreamDecompressor::new();
        let content = check(1, kind(0), total, &mut decompressor);
        assert!(decompressor.history() == &content[content.len() - HISTORY..], "{total}");
        decompressor.reset();
        check(2, kind(1), 600_000, &mut decompressor);
    }
}

/// The first long page may come at any time, and may be bad.
#[test]
fn a_long_page_after_short_ones_leaves_the_history_intact() {
    let mut random = Random::new(3);
    for total in (200_000..600_000).step_by(7000) {
        let options = DecompressOptions::new().max_page_size(250_000);
        let mut decompressor = options.decompressor().unwrap();
        let mut content = random.bytes(total);
        for page in content.chunks(1000) {
            let mut block = Vec::new();
            push_literals(&mut block, page, 0);
            assert!(decompressor.decompress(&block).unwrap() == page);
        }
        let count = 120_000 + random.below(129_000);
        let long = random.bytes(count);
        let mut bad = Vec::new();
        push_literals(&mut bad, &long, 0);
        bad.extend([0, 0, 0]);
        decompressor.decompress(&bad).unwrap_err();
        let mut good = Vec::new();
        push_match(&mut good, HISTORY - 1, 100);
        push_literals(&mut good, &long, 0);
        let start = content.len() + 1 - HISTORY;
        content.extend_from_within(start..start + 100);
        content.extend(long);
        assert!(decompressor.decompress(&good).unwrap() == &content[total..], "{total}");
        assert!(decompressor.history() == &content[content.len() - HISTORY..]);
    }
}
