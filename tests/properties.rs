//! Properties that hold for any data, settings and chunking.

mod common;

use std::io::{Read, Write};

use common::{Data, Settings, compress_all, compress_pages, data_of, finish, liblz4, pages, strict_peer};
use lz4_stream::{CompressOptions, DecompressOptions, Mode, PrefixWidth, Strategy};
use quickcheck::{QuickCheck, TestResult};

/// Writes `data` in chunks whose lengths cycle through `cuts`, and flushes after each chunk whose length is a multiple
/// of 5.
fn write_chunked(settings: &Settings, data: &[u8], cuts: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let mut writer = settings.compress.writer(Vec::new()).unwrap();
    let (mut rest, mut cuts) = (data, cuts.iter().cycle());
    while !rest.is_empty() {
        let cut = cuts.next().map_or(rest.len(), |&cut| usize::from(cut) * 37);
        let (chunk, after) = rest.split_at((cut + 1).min(rest.len()));
        writer.write_all(chunk).unwrap();
        if cut > 0 && cut % 5 == 0 {
            writer.flush().unwrap();
        }
        rest = after;
    }
    finish(writer)
}

fn read_chunked(settings: &Settings, stream: &[u8], sizes: Vec<usize>, piece: usize) -> Vec<u8> {
    fn all(mut reader: impl Read, piece: usize) -> Vec<u8> {
        let (mut out, mut buf) = (Vec::new(), vec![0; piece]);
        loop {
            match reader.read(&mut buf).unwrap() {
                0 => return out,
                n => out.extend_from_slice(&buf[..n]),
            }
        }
    }
    match settings.width {
        PrefixWidth::OutOfBand => all(settings.decompress.reader_with_sizes(stream, sizes).unwrap(), piece),
        _ => all(settings.decompress.reader(stream).unwrap(), piece),
    }
}

#[test]
fn round_trip_for_any_settings_and_chunking() {
    fn property(settings: Settings, data: Data, cuts: Vec<u8>, piece: u16) -> TestResult {
        if data.0.len() / settings.page_size > 20_000 {
            return TestResult::discard();
        }
        let (stream, sizes) = write_chunked(&settings, &data.0, &cuts);
        TestResult::from_bool(read_chunked(&settings, &stream, sizes, 1 + usize::from(piece)) == data.0)
    }
    QuickCheck::new().tests(400).quickcheck(property as fn(_, _, _, _) -> _);
}

#[test]
fn equal_output_for_any_chunking_between_flushes() {
    fn property(settings: Settings, data: Data, cuts: Vec<u8>, others: Vec<u8>) -> TestResult {
        if data.0.len() / settings.page_size > 20_000 {
            return TestResult::discard();
        }
        // No multiples of 5: no flushes.
        let odd = |cuts: &[u8]| {
            cuts.iter()
                .map(|cut| cut - u8::from(cut % 5 == 0 && *cut > 0))
                .collect::<Vec<_>>()
        };
        let one = write_chunked(&settings, &data.0, &odd(&cuts));
        TestResult::from_bool(one == write_chunked(&settings, &data.0, &odd(&others)))
    }
    QuickCheck::new().tests(200).quickcheck(property as fn(_, _, _, _) -> _);
}

#[test]
fn reader_decompressor_and_liblz4_read_the_same() {
    fn property(settings: Settings, data: Data, seed: u64) -> TestResult {
        if settings.width == PrefixWidth::OutOfBand || data.0.len() / settings.page_size > 20_000 {
            return TestResult::discard();
        }
        let options = settings.compress.clone().strategy(Strategy::DoubleBuffer);
        let pages = pages(&data.0, settings.page_size, Some(seed));
        let mut compressor = options.compressor().unwrap();
        let blocks = compress_pages(&mut compressor, &pages);
        let mut stream = blocks.concat();
        stream.extend_from_slice(compressor.finish());
        assert!(lz4_stream::decompress(&stream, &settings.decompress).unwrap() == data.0);
        assert!(read_chunked(&settings, &stream, vec![], 1000) == data.0);
        let mut peer = liblz4::Decompressor::new(settings.page_size, &settings.dictionary);
        for (block, page) in blocks.iter().zip(pages) {
            assert!(peer.decompress(data_of(&options, block)).unwrap() == page);
        }
        TestResult::passed()
    }
    QuickCheck::new().tests(400).quickcheck(property as fn(_, _, _) -> _);
}

#[test]
fn streams_of_liblz4_in_every_mode_are_read() {
    fn property(settings: Settings, data: Data, seed: u64, level: u8) -> TestResult {
        if data.0.len() / settings.page_size > 20_000 {
            return TestResult::discard();
        }
        let mode = match level % 16 {
            0 => Mode::Default,
            level @ 1..13 => Mode::HighCompression { level: level.into() },
            level => Mode::Fast {
                acceleration: i32::from(level - 12) * 7,
            },
        };
        let mut peer = liblz4::Compressor::new(settings.page_size, mode, &settings.dictionary);
        let mut decompressor = settings.decompress.decompressor().unwrap();
        for page in pages(&data.0, settings.page_size, Some(seed)) {
            assert!(decompressor.decompress(&peer.compress(page)).unwrap() == page);
        }
        TestResult::passed()
    }
    QuickCheck::new().tests(300).quickcheck(property as fn(_, _, _, _) -> _);
}

#[test]
fn pages_of_any_length_follow_one_another() {
    // Short pages leave more room in the window than expected for the next page, long pages less.
    let mut random = common::Random::new(12);
    for round in 0..60 {
        let options = CompressOptions::new().page_size(1 << 20);
        let (mut compressor, mut decompressor) = (
            options.compressor().unwrap(),
            DecompressOptions::new().decompressor().unwrap(),
        );
        let mut peer = strict_peer(&options);
        for _ in 0..12 {
            let most = [100, 5_000, 70_000, 300_000, 1 << 20][random.below(5)];
            let page = common::data(random.below(5), round, 1 + random.below(most));
            let block = compressor.compress(&page).unwrap();
            assert!(peer.page(&block[4..]) == page);
            assert!(decompressor.decompress(&block[4..]).unwrap() == page);
        }
    }
}

#[test]
fn a_ring_buffer_stream_is_never_larger_by_much_and_smaller_for_small_pages() {
    let all = common::text(5, 400_000);
    let len = |page_size, strategy| {
        let options = CompressOptions::new().page_size(page_size).strategy(strategy);
        compress_all(&options, &all).len()
    };
    let (double, ring) = (len(500, Strategy::DoubleBuffer), len(500, Strategy::RingBuffer));
    assert!(ring * 10 < double * 8, "{ring} {double}");
    let (double, ring) = (len(65_536, Strategy::DoubleBuffer), len(65_536, Strategy::RingBuffer));
    assert!(ring * 100 < double * 101, "{ring} {double}");
}
