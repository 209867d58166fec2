//! Restart points: decoding can begin there, and no reader needs to know.

mod common;

use std::io::{Read, Write};

use common::liblz4;
use common::{ENGINES, MODES, Random, compress_all, data, reach_below_page, strict_content, strict_peer, text};
use lz4_stream::{CompressOptions, DecompressOptions, Lz4StreamReader, Lz4StreamWriter, Strategy};

/// The blocks of a stream with the default prefix, without their heads.
fn blocks(mut stream: &[u8]) -> Vec<&[u8]> {
    let mut blocks = Vec::new();
    while let Some((head, rest)) = stream.split_first_chunk() {
        let (block, rest) = rest.split_at(u32::from_le_bytes(*head) as usize);
        blocks.push(block);
        stream = rest;
    }
    blocks
}

/// Checks that every `every`-th block, from block `first` on, decodes from nothing, as do all blocks after it.
fn check_restarts(options: &CompressOptions, stream: &[u8], content: &[u8], every: usize, first: usize) {
    assert!(strict_content(options, stream, &[]) == content);
    let nothing = options.clone().dictionary(b"");
    let (blocks, page_size) = (blocks(stream), options.get_page_size());
    for restart in (first..blocks.len()).step_by(every) {
        let mut peer = strict_peer(&nothing);
        let pages = content[restart * page_size..].chunks(page_size);
        // Up to the next restart point and the page after it: from there on, the next round checks.
        for (page, block) in pages.zip(&blocks[restart..]).take(every + 2) {
            assert!(peer.page(block) == page);
        }
    }
}

#[test]
fn every_restart_point_decodes_from_nothing_in_every_setting() {
    let dictionary = text(1, 3000);
    for (i, mode) in MODES.into_iter().enumerate() {
        for &engine in ENGINES {
            for strategy in [Strategy::DoubleBuffer, Strategy::RingBuffer] {
                for (page_size, every) in [(100, 1), (700, 3), (4096, 4), (30_000, 2), (65_536, 1), (65_536, 3)] {
                    let options = CompressOptions::new()
                        .mode(mode)
                        .engine(engine)
                        .strategy(strategy)
                        .page_size(page_size)
                        .dictionary(&dictionary)
                        .restart_every(every);
                    let all = data([0, 0, 3, 4][(i + every) % 4], 7, (page_size * 11).min(400_000));
                    let stream = compress_all(&options, &all);
                    check_restarts(&options, &stream, &all, every, every);
                    // In pieces, pages come from the window instead of the slice.
                    let mut writer = options.writer(Vec::new()).unwrap();
                    for piece in all.chunks(999) {
                        writer.write_all(piece).unwrap();
                    }
                    assert!(writer.finish().unwrap() == stream);

                    let reader = DecompressOptions::new().dictionary(&dictionary).engine(engine);
                    let mut content = Vec::new();
                    reader.reader(&stream[..]).unwrap().read_to_end(&mut content).unwrap();
                    assert!(content == all);
                }
            }
        }
    }
}

#[test]
fn a_restart_point_begins_like_a_stream_without_a_dictionary() {
    for mode in MODES {
        for &engine in ENGINES {
            for page_size in [50, 600, 5000, 65_536, 100_000] {
                let options = CompressOptions::new().mode(mode).engine(engine).page_size(page_size);
                let all = text(2, page_size * 9);
                let stream = compress_all(&options.clone().restart_every(3), &all);
                let parts = all.chunks(3 * page_size).map(|part| compress_all(&options, part));
                assert!(
                    stream == parts.collect::<Vec<_>>().concat(),
                    "{mode:?} {engine:?} {page_size}"
                );
            }
        }
    }
}

#[test]
fn liblz4_reads_on_through_restart_points() {
    let all = text(3, 50_000);
    for mode in MODES {
        let options = CompressOptions::new().mode(mode).page_size(2000).restart_every(3);
        let mut peer = liblz4::Decompressor::new(2000, b"");
        let mut content = Vec::new();
        for block in blocks(&compress_all(&options, &all)) {
            content.extend_from_slice(peer.decompress(block).unwrap());
        }
        assert!(content == all);

        let options = options.strategy(Strategy::RingBuffer);
        let mut peer = liblz4::ContiguousDecompressor::new(all.len());
        let mut content = Vec::new();
        for block in blocks(&compress_all(&options, &all)) {
            content.extend_from_slice(peer.decompress(block).unwrap());
        }
        assert!(content == all);
    }
}

#[test]
fn the_pages_between_still_refer_back() {
    let page = text(4, 1000);
    for (every, restarts) in [(0, &[0][..]), (2, &[0, 2, 4]), (3, &[0, 3]), (usize::MAX, &[0])] {
        let options = CompressOptions::new().page_size(1000).restart_every(every);
        assert_eq!(options.get_restart_every(), every);
        let stream = compress_all(&options, &page.repeat(6));
        for (i, block) in blocks(&stream).iter().enumerate() {
            assert_eq!(reach_below_page(block) == 0, restarts.contains(&i), "{every}: page {i}");
        }
    }
    assert_ne!(CompressOptions::new(), CompressOptions::new().restart_every(1));
    assert_eq!(CompressOptions::new().get_restart_every(), 0);
}

#[test]
fn the_first_page_uses_the_dictionary_unless_it_is_a_restart_point() {
    let page = Random::new(5).bytes(1000);
    let options = CompressOptions::new()
        .page_size(1000)
        .dictionary(&page)
        .restart_every(1);
    let mut compressor = options.compressor().unwrap();
    assert_eq!(compressor.history(), page);
    let with_dictionary = compressor.compress(&page).unwrap().len();
    let without = compressor.compress(&page).unwrap().to_vec();
    assert!(with_dictionary < 50 && without.len() > 500);
    compressor.reset();
    compressor.restart();
    assert_eq!(compressor.history(), b"");
    assert_eq!(compressor.compress(&page).unwrap(), without);
    // A reset takes a pending restart back.
    compressor.restart();
    compressor.reset();
    assert_eq!(compressor.compress(&page).unwrap().len(), with_dictionary);
    compressor.restart();
    compressor.reset_with_history(&page);
    assert_eq!(compressor.history(), page);
    assert_eq!(compressor.compress(&page).unwrap().len(), with_dictionary);
}

#[test]
fn a_restart_in_a_page_holds_for_the_whole_page_and_restarts_the_count() {
    let page = text(6, 1000);
    for strategy in [Strategy::DoubleBuffer, Strategy::RingBuffer] {
        let options = CompressOptions::new()
            .page_size(1000)
            .strategy(strategy)
            .restart_every(3);
        let mut compressor = options.compressor().unwrap();
        let mut peer = strict_peer(&options);
        let mut reaches = Vec::new();
        for i in 0..10 {
            compressor.push(&page[..300]).unwrap();
            if i == 4 {
                assert_eq!(compressor.history(), page);
                compressor.restart();
                compressor.restart();
                assert_eq!((compressor.history(), compressor.page()), (&b""[..], &page[..300]));
            }
            let block = compressor.compress(&page[300..]).unwrap();
            assert!(peer.page(&block[4..]) == page);
            reaches.push(reach_below_page(&block[4..]) > 0);
        }
        let restarts = [0, 3, 4, 7];
        assert_eq!(reaches, (0..10).map(|i| !restarts.contains(&i)).collect::<Vec<_>>());
    }
}

#[test]
fn a_ring_buffer_forgets_what_is_before_a_restart_point() {
    // The third page has the content of the first. The second is a restart point.
    let (one, other) = (Random::new(7).bytes(1000), Random::new(8).bytes(1000));
    let options = CompressOptions::new().page_size(1000).strategy(Strategy::RingBuffer);
    let lens = |restart: bool| {
        let mut compressor = options.compressor().unwrap();
        compressor.compress(&one).unwrap();
        if restart {
            compressor.restart();
        }
        compressor.compress(&other).unwrap();
        let len = compressor.compress(&one).unwrap().len();
        // An empty page that is a restart point is one too.
        compressor.restart();
        compressor.end_page_even_empty().unwrap();
        assert_eq!(compressor.history(), b"");
        len
    };
    assert!(lens(false) < 50 && lens(true) > 500);

    // The same in a slice that is long enough to be compressed in place: every second page is a restart point, and the
    // page after it repeats the page before it.
    let noise = Random::new(9).bytes(80_000);
    let [first, second, third, _] = [0, 1, 2, 3].map(|i| &noise[i * 20_000..][..20_000]);
    let all = [first, second, third, second].concat().repeat(5);
    for mode in MODES {
        for &engine in ENGINES {
            let options = CompressOptions::new()
                .page_size(20_000)
                .strategy(Strategy::RingBuffer)
                .mode(mode)
                .engine(engine);
            for every in [2, 4] {
                let stream = compress_all(&options.clone().restart_every(every), &all);
                for (i, block) in blocks(&stream).iter().enumerate().filter(|(i, _)| i % 4 == 3) {
                    let refers_back = block.len() < 1000;
                    assert_eq!(refers_back, every == 4, "{mode:?} {engine:?}: page {i}");
                }
                check_restarts(&options, &stream, &all, every, every);
            }
        }
    }
}

#[test]
fn decoding_begins_at_any_restart_point() {
    let all = text(9, 200_000);
    let options = CompressOptions::new().page_size(9000).restart_every(4);
    let stream = compress_all(&options, &all);
    let mut at = 0;
    for (i, block) in blocks(&stream).iter().enumerate() {
        if i % 4 == 0 {
            let mut decompressor = DecompressOptions::new().decompressor().unwrap();
            decompressor.resume(&[], i as u64, at as u64);
            let mut rest = Vec::new();
            Lz4StreamReader::from_parts(&stream[at..], decompressor)
                .read_to_end(&mut rest)
                .unwrap();
            assert!(rest == all[9000 * i..]);
        }
        at += 4 + block.len();
    }
}

#[test]
fn a_flush_ends_a_page_that_counts() {
    let mut writer = Lz4StreamWriter::from_parts(
        Vec::new(),
        CompressOptions::new().restart_every(2).compressor().unwrap(),
    );
    let page = text(10, 1000);
    for _ in 0..6 {
        writer.write_all(&page).unwrap();
        writer.flush().unwrap();
        writer.flush().unwrap();
    }
    let stream = writer.finish().unwrap();
    let reaches: Vec<bool> = blocks(&stream)
        .iter()
        .map(|block| reach_below_page(block) > 0)
        .collect();
    assert_eq!(reaches, [false, true, false, true, false, true]);
}
