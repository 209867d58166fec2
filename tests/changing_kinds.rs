//! High compression of data of several kinds in turn. What suits one kind must not cost much in the next one.

mod common;

use common::liblz4::Compressor;
use common::{Random, compress_all, pages};
use lz4_stream::{CompressOptions, Mode, Strategy};
use std::ops::RangeInclusive;

/// Runs of pixels, letters of two kinds and of four, a column of integers, and words after each.
fn kinds(len: usize) -> [Vec<u8>; 4] {
    let mut random = Random::new(1);
    let mut pixels = Vec::new();
    while pixels.len() < len {
        let colour = random.below(5) as u8;
        let run = 1 + random.below(30);
        pixels.extend([colour, 100 + colour, 7].iter().cycle().take(3 * run));
    }
    let mut letters = |count: usize| (0..len).map(|_| b"ACGT"[random.below(count)]).collect();
    let (two, four) = (letters(2), letters(4));
    let mut number = || 980 + (0..4).map(|_| random.below(30) as u32).sum::<u32>();
    let column = (0..len / 4).flat_map(|_| number().to_le_bytes()).collect();
    let vocabulary: Vec<Vec<u8>> = (0..3000)
        .map(|_| {
            (0..3 + random.below(6))
                .map(|_| b'a' + random.below(26) as u8)
                .chain([b' '])
                .collect()
        })
        .collect();
    let mut words = || -> Vec<u8> {
        let mut word = || vocabulary[random.below(3000).min(random.below(3000))].clone();
        (0..len / 6).flat_map(|_| word()).collect()
    };
    [pixels, two, four, column].map(|kind| [kind, words()].concat())
}

/// Held to be at most so many per cent of liblz4's size, with either strategy.
fn check(data: &[u8], page_size: usize, most: usize, what: &str) {
    check_levels(3..=9, data, page_size, most, what);
}

fn check_levels(levels: RangeInclusive<i32>, data: &[u8], page_size: usize, most: usize, what: &str) {
    for level in levels {
        let mode = Mode::HighCompression { level };
        let mut peer = Compressor::new(page_size, mode, b"");
        let blocks = pages(data, page_size, None).into_iter().map(|page| peer.compress(page));
        let theirs: usize = blocks.map(|block| 4 + block.len()).sum();
        for strategy in [Strategy::DoubleBuffer, Strategy::RingBuffer] {
            let options = CompressOptions::new().page_size(page_size).mode(mode);
            let ours = compress_all(&options.strategy(strategy), data).len();
            assert!(
                ours * 100 <= theirs * most,
                "{what}, page {page_size}, level {level}, {strategy:?}: {ours} {theirs}"
            );
        }
    }
}

#[test]
fn a_page_that_goes_on_with_another_kind_is_no_larger_than_with_liblz4() {
    for (kind, data) in kinds(750_000).into_iter().enumerate() {
        check(&data[..1 << 20], 1 << 20, 101, &format!("kind {kind}"));
    }
    for (kind, data) in kinds(400_000).into_iter().enumerate() {
        check(&data, 1 << 20, 101, &format!("kind {kind}"));
    }
}

#[test]
fn pages_of_other_kinds_are_no_larger_than_with_liblz4() {
    for (len, page_size) in [(100_000, 65_536), (20_000, 4096)] {
        for (kind, data) in kinds(len).into_iter().enumerate() {
            check(&data.repeat(4), page_size, 101, &format!("kind {kind}"));
        }
    }
    // Groups that are right for runs are wrong for letters, which may be as few. Only the size of a page tells.
    let [runs, _, letters, _] = kinds(400_000);
    let in_turn = letters[..400_000].chunks(20_500).zip(runs[..400_000].chunks(20_500));
    let in_turn: Vec<u8> = in_turn.flat_map(|(letters, runs)| [letters, runs].concat()).collect();
    check(&in_turn, 4096, 103, "runs and letters");
}

/// Long groups find all of the padding before a table, and little of the table, which has as few letters.
#[test]
fn a_table_after_padding_is_hardly_larger_than_with_liblz4() {
    let mut random = Random::new(2);
    let mut entry = |_| {
        let [low, high, end] = [12, 4, 12].map(|below| random.below(below) as u8);
        [low, 0, 0, high, end, 0, 0, 0]
    };
    let table = (0..6000).flat_map(&mut entry);
    let data: Vec<u8> = [0; 2048].into_iter().chain(table).collect();
    for page_size in [512, 1024, 2048] {
        check_levels(3..=12, &data, page_size, 103, "padding and a table");
    }
}
