//! The largest distance of a match: a peer that holds no more decodes every block.

mod common;

use common::liblz4::RingDecompressor;
use common::random::mixed;
use common::{ENGINES, MODES, Strict, compress_all, compress_pages, data, pages, sequences, text};
use lz4_stream::{CompressOptions, Error, Lz4StreamCompressor, Mode, SizePrefix, Strategy, compress};

/// Every mode with every limit and strategy.
fn all_options(limits: &[usize]) -> impl Iterator<Item = CompressOptions> {
    limits.iter().flat_map(|&limit| {
        MODES.iter().flat_map(move |&mode| {
            [Strategy::DoubleBuffer, Strategy::RingBuffer]
                .map(|strategy| CompressOptions::new().mode(mode).strategy(strategy).max_distance(limit))
        })
    })
}

/// The offsets of all matches of a block without its prefix.
fn offsets(block: &[u8]) -> Vec<usize> {
    sequences(block)
        .iter()
        .filter_map(|sequence| sequence.matched)
        .map(|(offset, _)| offset)
        .collect()
}

/// `compress_all` and `compress_pages` check each block with a strict peer that holds no more than the limit.
#[test]
fn a_peer_that_holds_no_more_decodes_every_block() {
    let limits = [1, 2, 5, 8, 9, 100, 1000, 8192, 32_768, 32_769, 60_000, 65_534, 65_535];
    for (i, options) in all_options(&limits).enumerate() {
        for page_size in [700, 5000, 70_000] {
            let options = options.clone().page_size(page_size);
            let all = mixed(i as u64, 20_000 + 2 * page_size);
            compress_all(&options, &all);
            let mut compressor = options.compressor().unwrap();
            compress_pages(&mut compressor, &pages(&all, page_size, Some(i as u64)));
        }
    }
    // Distances of every length, from a few letters and runs to noise.
    for (i, options) in all_options(&[1, 300, 50_000]).enumerate() {
        for kind in 0..8 {
            compress_all(&options, &data(kind, i as u64, 150_000));
        }
    }
}

#[test]
fn other_engines_keep_to_it_too() {
    for &engine in ENGINES {
        for limit in [1, 1000, 65_535] {
            let options = CompressOptions::new().engine(engine).max_distance(limit);
            compress_all(&options, &text(1, 200_000));
        }
    }
}

/// A slice of many pages is compressed in place.
#[test]
fn one_shots_keep_to_it_too() {
    let all = mixed(3, 1_500_000);
    for options in all_options(&[900]) {
        let options = options.page_size(100_000);
        let stream = compress(&all, &options).unwrap();
        assert!(common::strict_content(&options, &stream, &[]) == all);
    }
}

#[test]
fn history_counts_too() {
    let dictionary = text(7, 60_000);
    for options in all_options(&[1, 500, 8192]) {
        let options = options.page_size(2000).dictionary(&dictionary);
        let limit = options.get_max_distance();
        let page = &dictionary[58_500..];
        // As a dictionary, as the history of a stream in the middle, and again after a reset.
        let mut compressor = options.compressor().unwrap();
        let first = compress_pages(&mut compressor, &[page, page]);
        compressor.reset_with_history(&dictionary);
        assert_eq!(compressor.compress(page).unwrap(), first[0]);
        compressor.reset();
        assert_eq!(compressor.compress(page).unwrap(), first[0]);
        assert!(limit < 1500 || first[0].len() < 200, "{}: {}", limit, first[0].len());
    }
}

#[test]
fn the_limit_is_used_to_the_byte() {
    let phrase: Vec<u8> = (100..140).collect();
    let accelerated = |options: &CompressOptions| matches!(options.get_mode(), Mode::Fast { .. });
    for options in all_options(&[50, 1000, 8192, 40_000, 65_534]).filter(|options| !accelerated(options)) {
        let limit = options.get_max_distance();
        // In one page, and across pages.
        for (page_size, distance) in [150_000, 20_000]
            .into_iter()
            .flat_map(|page| [(page, limit), (page, limit + 1)])
        {
            if options.get_strategy() == Strategy::DoubleBuffer && distance > page_size {
                continue;
            }
            let options = options.clone().page_size(page_size);
            // A run, which drives nothing out of a table.
            let all = [&phrase[..], &vec![0; distance - phrase.len()], &phrase, &[200; 20]].concat();
            let mut compressor = options.compressor().unwrap();
            let blocks = compress_pages(&mut compressor, &pages(&all, page_size, None));
            let found = blocks.iter().any(|block| offsets(&block[4..]).contains(&distance));
            assert_eq!(found, distance == limit, "{page_size} {distance} {options:?}");
        }
    }
}

/// liblz4 decodes into the ring of its own example.
#[test]
fn a_ring_of_liblz4_decodes_it() {
    let all = [text(5, 300_000), mixed(5, 300_000)].concat();
    for (ring, page_size) in [(10_240, 1024), (4096, 100), (40_000, 8192)] {
        for mode in MODES {
            let options = CompressOptions::new()
                .page_size(page_size)
                .strategy(Strategy::RingBuffer)
                .max_distance(ring - 2 * page_size)
                .mode(mode);
            for short in [None, Some(1)] {
                let mut compressor = options.compressor().unwrap();
                let mut peer = RingDecompressor::new(ring, page_size);
                for page in pages(&all, page_size, short) {
                    let block = compressor.compress(page).unwrap();
                    assert!(peer.decompress(&block[4..]) == Some(page));
                }
            }
        }
    }
    // lz4's example starts over one byte earlier, when no more than a page is left. 8 KiB is its limit.
    for mode in MODES {
        let options = CompressOptions::new()
            .page_size(1024)
            .strategy(Strategy::RingBuffer)
            .max_distance(8192)
            .mode(mode);
        for short in [None, Some(1), Some(2)] {
            let mut compressor = options.compressor().unwrap();
            let mut peer = RingDecompressor::new(10_239, 1024);
            for page in pages(&all, 1024, short) {
                let block = compressor.compress(page).unwrap();
                assert!(peer.decompress(&block[4..]) == Some(page));
            }
        }
    }
    // Without the limit, it does not.
    let options = CompressOptions::new().page_size(1024).strategy(Strategy::RingBuffer);
    let mut compressor = options.compressor().unwrap();
    let mut peer = RingDecompressor::new(10_240, 1024);
    let right = pages(&all, 1024, None)
        .iter()
        .all(|page| peer.decompress(&compressor.compress(page).unwrap()[4..]) == Some(page));
    assert!(!right);
}

#[test]
fn a_lower_limit_makes_no_smaller_blocks() {
    let all = text(9, 400_000);
    for mode in [Mode::Default, Mode::HighCompression { level: 9 }] {
        let size = |limit| {
            let options = CompressOptions::new().mode(mode).max_distance(limit);
            compress(&all, &options).unwrap().len()
        };
        assert!(size(100) > size(8192) && size(8192) > size(65_535));
    }
    let (near, default) = (CompressOptions::new().max_distance(65_535), CompressOptions::new());
    assert_eq!(near, default);
}

#[test]
fn zero_and_more_than_an_offset_holds_are_refused() {
    for found in [0, 65_536, usize::MAX] {
        let options = CompressOptions::new().max_distance(found);
        let error = options.compressor().unwrap_err();
        assert_eq!(error, Error::MaxDistance { found, allowed: 65_535 });
        assert_eq!(
            error.to_string(),
            format!("largest distance of a match {found} is out of range 1..=65535")
        );
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        let custom = Lz4StreamCompressor::with_framing(SizePrefix::default(), &options);
        assert_eq!(custom.unwrap_err(), error);
        assert!(options.writer(Vec::new()).is_err());
        assert!(compress(b"hello", &options).is_err());
    }
    for limit in [1, 65_535] {
        assert!(CompressOptions::new().max_distance(limit).compressor().is_ok());
    }
}

/// The strict peer refuses a distance over its limit.
#[test]
#[should_panic(expected = "a match goes 9 bytes back, but the peer holds 8")]
fn the_strict_peer_is_strict() {
    let block = b"\xF0\x00123456789abcdef\x09\x00\x50hello";
    let mut peer = Strict::new(100, true, b"").with_max_distance(8);
    peer.page(block);
}
