//! Streams made by python-lz4 (`tests/python/make_golden.py`), so that `cargo test` covers them without Python.

use std::fs;
use std::io::Read;
use std::path::Path;

use lz4_stream::{BlockSplit, DecompressOptions, PrefixWidth};

/// Bytes that do not compress.
fn noise(seed: u32, n: usize) -> Vec<u8> {
    let mut seed = seed;
    (0..n)
        .map(|_| {
            seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12_345) % (1 << 31);
            (seed >> 16) as u8
        })
        .collect()
}

/// Words that recur often.
fn text(seed: u32, n: usize) -> Vec<u8> {
    let words: Vec<&str> = "the page before it may hold any word that comes again "
        .split_whitespace()
        .collect();
    let mut text: Vec<u8> = noise(seed, n)
        .into_iter()
        .flat_map(|byte| [words[usize::from(byte) % 11].as_bytes(), b" "].concat())
        .collect();
    text.truncate(n);
    text
}

fn golden(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
        .with_extension("lz4s");
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Decodes the stream with the reader and with the decompressor. Returns the lengths of its blocks and pages.
#[track_caller]
fn check(name: &str, options: &DecompressOptions, expected: &[u8]) -> Vec<(usize, usize)> {
    let stream = golden(name);

    let mut content = Vec::new();
    let mut reader = options.reader(&stream[..]).unwrap();
    reader.read_to_end(&mut content).unwrap();
    assert!(content == expected, "{name} read");

    let mut decompressor = options.decompressor().unwrap();
    let mut content = Vec::new();
    let mut lengths = Vec::new();
    let mut rest = &stream[..];
    while !rest.is_empty() {
        let BlockSplit::Block { block, rest: after } = decompressor.get_block(rest).unwrap() else {
            panic!("{name} ends inside a block");
        };
        let page = decompressor.decompress(block).unwrap();
        content.extend_from_slice(page);
        lengths.push((block.len(), page.len()));
        rest = after;
    }
    assert!(content == expected, "{name} decompressed");
    assert_eq!(reader.blocks(), lengths.len() as u64);
    assert_eq!(reader.total_in(), stream.len() as u64);
    lengths
}

fn pages(lengths: &[(usize, usize)]) -> Vec<usize> {
    lengths.iter().map(|&(_, page)| page).collect()
}

fn options() -> DecompressOptions {
    DecompressOptions::new()
}

#[test]
fn prefix_of_one_byte() {
    let options = options().prefix_width(PrefixWidth::One).max_page_size(239);
    check("width1-page239", &options, &text(1, 2500));
}

#[test]
fn prefix_of_two_bytes() {
    let options = options().prefix_width(PrefixWidth::Two).max_page_size(1000);
    check("width2-page1000", &options, &text(2, 7500));
}

#[test]
fn prefix_of_four_bytes() {
    check("width4-page4096", &options().max_page_size(4096), &text(3, 10_000));
}

#[test]
fn sizes_out_of_band() {
    let stream = golden("out-of-band-page512");
    let sizes: Vec<usize> = golden("out-of-band-page512-sizes")
        .chunks_exact(4)
        .map(|size| u32::from_le_bytes(size.try_into().unwrap()) as usize)
        .collect();
    let options = options().prefix_width(PrefixWidth::OutOfBand).max_page_size(512);

    let mut content = Vec::new();
    let mut reader = options.reader_with_sizes(&stream[..], sizes.clone()).unwrap();
    reader.read_to_end(&mut content).unwrap();
    assert!(content == text(4, 5000));
    assert!(reader.into_inner().is_empty());

    let mut decompressor = options.decompressor().unwrap();
    let mut content = Vec::new();
    let mut rest = &stream[..];
    for size in sizes {
        let (block, after) = rest.split_at(size);
        content.extend_from_slice(decompressor.decompress(block).unwrap());
        rest = after;
    }
    assert!(content == text(4, 5000));
}

#[test]
fn dictionary() {
    let dictionary = noise(5, 70_000);
    let content = [&dictionary[70_000 - 2500..], &text(5, 1000)].concat();
    let lengths = check("dictionary-page1024", &options().dictionary(&dictionary), &content);
    // Noise: only the dictionary makes the first block so short.
    assert!(lengths[0].0 < 100, "{lengths:?}");
    // Only the last 64 KiB are used.
    check(
        "dictionary-page1024",
        &options().dictionary(&dictionary[70_000 - 65_536..]),
        &content,
    );
}

#[test]
fn high_compression() {
    check("high-compression12-page4096", &options(), &text(6, 10_000));
}

#[test]
fn fast() {
    check("fast8-page4096", &options(), &text(7, 10_000));
}

#[test]
fn pages_over_64_kib() {
    let lengths = check("page70000", &options(), &noise(8, 5000).repeat(40));
    assert_eq!(pages(&lengths), [70_000, 70_000, 60_000]);
}

#[test]
fn pages_of_one_byte() {
    check("page1", &options().max_page_size(1), &text(9, 40));
}

#[test]
fn short_pages_in_the_middle() {
    let lengths = check("short-pages-page1024", &options().max_page_size(1024), &text(10, 8000));
    assert_eq!(
        pages(&lengths),
        [1024, 1, 1024, 1024, 300, 7, 1024, 1000, 500, 1024, 1024, 48]
    );
}

/// python-lz4's two buffers touch, so its encoder finds matches in page one after two full pages. By then its own
/// decoder has begun to overwrite page one with the new page, and gets 7 bytes wrong.
#[test]
fn short_page_that_repeats_the_one_two_before() {
    let content = noise(11, 3000);
    let (pages_one_and_two, new) = content.split_at(2048);
    let first = &content[..1024];
    let mut short = [
        &new[..60],
        &first[600..610],
        &new[100..110],
        &first[700..710],
        &new[200..208],
        &new[..34],
    ]
    .concat();
    short.extend_from_slice(&first[short.len() + 23..][..11]);
    short.extend_from_slice(&new[300..311]);

    let lengths = check(
        "two-pages-back-page1024",
        &options().max_page_size(1024),
        &[pages_one_and_two, &short].concat(),
    );
    assert_eq!(pages(&lengths), [1024, 1024, 154]);
    // Noise, except for 34 bytes that it repeats itself: the block is so short because it refers to page one.
    assert!(lengths[2].0 < 154 - 34, "{lengths:?}");
}

#[test]
fn empty_pages() {
    let lengths = check("empty-pages-page256", &options().max_page_size(256), &text(12, 1000));
    assert_eq!(pages(&lengths), [0, 256, 256, 0, 100, 0, 256, 132]);
}
