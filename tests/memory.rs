//! Memory use, measured by the allocator. A single test, so that nothing else runs at the same time.

#[path = "common/by_hand.rs"]
mod by_hand;
mod common;
#[path = "common/heap.rs"]
mod heap;

use std::io::{self, Read, Write};

use by_hand::push_literals;
use common::{Random, compress_pages, text};
use heap::{allocations, peak};
use lz4_stream::{
    CompressOptions, DecompressOptions, Error, Framing, Head, LZ4_MAX_INPUT_SIZE, Lz4StreamCompressor, Mode,
    PrefixWidth, Progress, Strategy, compress_bound,
};

const KIB: usize = 1024;
const MODES: [Mode; 3] = [
    Mode::Default,
    Mode::Fast { acceleration: 3 },
    Mode::HighCompression { level: 12 },
];

#[test]
fn memory() {
    writer_and_reader_of_64_kib_pages();
    no_allocation_per_block_once_warm();
    no_allocation_to_finish_and_to_reset();
    pages_that_get_longer_allocate_now_and_then();
    a_codec_holds_little_more_than_its_longest_pages_need();
    a_block_that_lies_whole_in_the_input_is_not_copied();
    the_history_is_copied_once_at_most();
    a_long_page_that_is_read_as_a_whole_is_not_held();
    a_short_stream_takes_little();
    a_compressor_of_small_pages_takes_little();
    a_long_page_that_is_compressed_as_a_whole_is_not_copied();
    a_one_shot_makes_room_for_the_whole_stream_once();
    a_large_page_size_costs_nothing_until_a_page_fills();
    input_cannot_make_the_reader_allocate_more_than_it_allows();
}

fn writer_and_reader_of_64_kib_pages() {
    for (kind, all) in [text(1, 2 << 20), Random::new(1).bytes(2 << 20), vec![0; 2 << 20]]
        .iter()
        .enumerate()
    {
        for mode in MODES {
            for strategy in [Strategy::DoubleBuffer, Strategy::RingBuffer] {
                let options = CompressOptions::new().mode(mode).strategy(strategy);
                let limit = match mode {
                    Mode::HighCompression { .. } => 1024 * KIB,
                    _ => 512 * KIB,
                };
                let (writer, ()) = peak(|| {
                    let mut writer = options.writer(io::sink()).unwrap();
                    for chunk in all.chunks(8 * KIB) {
                        writer.write_all(chunk).unwrap();
                    }
                    writer.try_finish().unwrap();
                });
                assert!(
                    writer < limit,
                    "{mode:?} {strategy:?} data {kind}: the writer takes {writer}"
                );
                let mut writer = options.writer(Vec::new()).unwrap();
                writer.write_all(all).unwrap();
                let stream = writer.finish().unwrap();
                assert!(common::strict_content(&options, &stream, &[]) == *all);
                let (reader, read) = peak(|| {
                    let mut reader = DecompressOptions::new().reader(&stream[..]).unwrap();
                    io::copy(&mut reader, &mut io::sink()).unwrap()
                });
                assert_eq!(read, all.len() as u64);
                assert!(
                    reader < 512 * KIB,
                    "{mode:?} {strategy:?} data {kind}: the reader takes {reader}"
                );
            }
        }
    }
}

fn no_allocation_per_block_once_warm() {
    let all = text(2, 3 << 20);
    for (page_size, mode) in [1000, 65_536, 200_000]
        .into_iter()
        .flat_map(|size| MODES.map(|mode| (size, mode)))
    {
        let mut writer = CompressOptions::new()
            .page_size(page_size)
            .mode(mode)
            .writer(Vec::with_capacity(4 << 20))
            .unwrap();
        let (warm, rest) = all.split_at(1 << 20);
        // Many pages at once, and small pieces gathered to pages.
        let (slice, pieces) = warm.split_at(warm.len() / 2);
        writer.write_all(slice).unwrap();
        for piece in pieces.chunks(333) {
            writer.write_all(piece).unwrap();
        }
        let in_writer = allocations(|| {
            writer.write_all(rest).unwrap();
            writer.flush().unwrap();
        });
        assert_eq!(in_writer, 0, "page size {page_size} {mode:?}");
        let stream = writer.finish().unwrap();
        let mut reader = DecompressOptions::new().reader(&stream[..]).unwrap();
        let mut out = vec![0; 1 << 20];
        reader.read_exact(&mut out).unwrap();
        let in_reader = allocations(|| {
            for _ in 0..2 {
                reader.read_exact(&mut out).unwrap();
            }
        });
        assert_eq!(in_reader, 0, "page size {page_size} {mode:?}");
    }
    // Room for the longest block of such a page is made before there is one.
    let noise = Random::new(2).bytes(65_536);
    let pages = [&all[..65_536], &all[65_536..][..65_536], &noise];
    let stream = compress_pages(&mut CompressOptions::new().compressor().unwrap(), &pages).concat();
    let mut reader = DecompressOptions::new().reader(&stream[..]).unwrap();
    let mut out = vec![0; 65_536];
    for page in &pages[..2] {
        reader.read_exact(&mut out).unwrap();
        assert!(out == *page);
    }
    let in_reader = allocations(|| reader.read_exact(&mut out).unwrap());
    assert_eq!(in_reader, 0);
    assert!(out == noise);
}

fn no_allocation_to_finish_and_to_reset() {
    let noise = Random::new(5).bytes(400_000);
    for page_size in [100, 65_536, 400_000] {
        let page = &noise[..page_size];
        let options = CompressOptions::new().page_size(page_size).end_mark(true);
        let mut compressor = options.compressor().unwrap();
        // There is room for an end mark behind the longest block.
        compressor.compress(page).unwrap();
        compressor.push(page).unwrap();
        assert_eq!(allocations(|| _ = compressor.finish()), 0, "page size {page_size}");
        let again = allocations(|| {
            compressor.reset();
            compressor.compress(page).unwrap();
            let _ = compressor.finish();
            // A short page needs no more room because the last one of the old stream was long.
            compressor.reset_with_history(&noise[..65_536.min(page_size)]);
            compressor.compress(b"short").unwrap();
        });
        assert_eq!(again, 0, "page size {page_size}");
    }
    let mut compressor = Lz4StreamCompressor::with_framing(LongEnd, &CompressOptions::new()).unwrap();
    compressor.compress(&noise[..65_536]).unwrap();
    let block_len = compressor.block().len();
    compressor.push(&noise[65_536..][..65_536]).unwrap();
    assert_eq!(allocations(|| _ = compressor.finish()), 0);
    assert_eq!(compressor.block().len(), block_len + 100);
}

/// Ends with a mark that is longer than what the longest block leaves of its room.
#[derive(Debug)]
struct LongEnd;

impl Framing for LongEnd {
    const MAX_HEAD_LEN: usize = 100;

    fn max_block_len(&self) -> usize {
        1 << 20
    }

    fn read_head(&mut self, _: &[u8]) -> Result<Head, Error> {
        Err(Error::bad_head("only written"))
    }

    fn write_head(&mut self, _: &[u8], _: &[u8], _: &mut [u8]) -> usize {
        0
    }

    fn write_end(&mut self, out: &mut [u8]) -> usize {
        out.fill(b'.');
        out.len()
    }
}

fn pages_that_get_longer_allocate_now_and_then() {
    let noise = Random::new(6).bytes(3000);
    let mut compressor = CompressOptions::new().compressor().unwrap();
    let in_compressor = allocations(|| {
        for len in 1..=noise.len() {
            compressor.compress(&noise[..len]).unwrap();
        }
    });
    assert!(in_compressor < 30, "{in_compressor} allocations");
    // So does one long page that comes in many pieces.
    let mut compressor = CompressOptions::new().page_size(8 << 20).compressor().unwrap();
    let in_compressor = allocations(|| {
        for _ in 0..2000 {
            compressor.push(&noise).unwrap();
        }
    });
    assert_eq!(compressor.page().len(), 6_000_000);
    assert!(in_compressor < 30, "{in_compressor} allocations");
    // A reader of literals too.
    let mut stream = Vec::new();
    for len in (300_000..500_000).step_by(1000) {
        stream.extend((len as u32 + 1 + (len as u32 + 240) / 255).to_le_bytes());
        push_literals(&mut stream, &vec![7; len], 0);
    }
    let in_decompressor = allocations(|| {
        let mut decompressor = DecompressOptions::new().max_page_size(1 << 20).decompressor().unwrap();
        let mut rest = &stream[..];
        while let Progress::Page(_) = decompressor.feed(&mut rest).unwrap() {}
        assert_eq!(decompressor.blocks(), 200);
    });
    assert!(in_decompressor < 10, "{in_decompressor} allocations");
    // When the buffer for blocks grows, the old one is gone before.
    let noise = Random::new(6).bytes(200_000);
    let mut compressor = CompressOptions::new().page_size(200_000).compressor().unwrap();
    compressor.compress(&noise[..190_000]).unwrap();
    let (bytes, ()) = peak(|| _ = compressor.compress(&noise).unwrap());
    assert!(
        bytes < 64 * KIB,
        "{bytes} bytes more for a page that is a little longer"
    );
}

/// A clone takes what the original holds.
fn a_codec_holds_little_more_than_its_longest_pages_need() {
    let max = 3 << 20;
    let noise = Random::new(8).bytes(max);
    let mut compressor = CompressOptions::new().page_size(max).compressor().unwrap();
    let mut decompressor = DecompressOptions::new().max_page_size(max).decompressor().unwrap();
    for len in [max * 3 / 5, max, max] {
        let block = compressor.compress(&noise[..len]).unwrap();
        decompressor.decompress(&block[4..]).unwrap();
    }
    let (bytes, _) = peak(|| compressor.clone());
    assert!(bytes < 2 * max + 256 * KIB, "the compressor holds {bytes}");
    let (bytes, _) = peak(|| decompressor.clone());
    assert!(bytes < max + 256 * KIB, "the decompressor holds {bytes}");
}

fn a_block_that_lies_whole_in_the_input_is_not_copied() {
    let noise = Random::new(9).bytes(65_536);
    let block = CompressOptions::new()
        .compressor()
        .unwrap()
        .compress(&noise)
        .unwrap()
        .to_vec();
    let mut decompressor = DecompressOptions::new().decompressor().unwrap();
    decompressor.decompress(&block[4..]).unwrap();
    let in_feed = allocations(|| _ = decompressor.feed(&mut &block[..]).unwrap());
    assert_eq!(in_feed, 0);
}

fn the_history_is_copied_once_at_most() {
    let mut page = Random::new(11).bytes(2000);
    for first_look in 0..300 {
        let mut decompressor = DecompressOptions::new().decompressor().unwrap();
        let mut looks = 0;
        for number in 0..900_usize {
            page[..2].copy_from_slice(&(number as u16).to_le_bytes());
            let block = [&[0xF0, 255, 255, 255, 255, 255, 255, 255, 200][..], &page].concat();
            decompressor.decompress(&block).unwrap();
            if number >= first_look {
                looks += allocations(|| assert!(decompressor.history().ends_with(&page)));
            }
        }
        assert!(looks <= 1, "{looks} allocations");
    }
}

fn a_long_page_that_is_read_as_a_whole_is_not_held() {
    const PAGE: usize = 4096 * KIB;
    let all = text(8, 2 * PAGE);
    let mut compressor = CompressOptions::new().page_size(PAGE).compressor().unwrap();
    let stream = compress_pages(&mut compressor, &[&all[..PAGE], &all[PAGE..]]).concat();
    let options = DecompressOptions::new().max_page_size(PAGE);
    let mut page = vec![0; PAGE];
    let (held, ()) = peak(|| {
        let mut reader = options.buf_reader(&stream[..]).unwrap();
        for expected in all.chunks(PAGE) {
            assert_eq!(reader.read(&mut page).unwrap(), PAGE);
            assert!(page == expected);
        }
    });
    assert!(held < 512 * KIB, "the reader takes {held}");
}

fn a_short_stream_takes_little() {
    let noise = Random::new(10).bytes(5000);
    for len in (50..=5000).step_by(50) {
        // Compressed to a half.
        let page = noise[..len].repeat(2);
        let mut compressor = CompressOptions::new().compressor().unwrap();
        let block = compressor.compress(&page).unwrap().to_vec();
        let (bytes, _) = peak(|| compressor.clone());
        // 16 KiB of it are the match table.
        let allowed = 16 * KIB + 6 * len + 2 * KIB;
        assert!(
            bytes < allowed,
            "the compressor holds {bytes} for a page of {}",
            2 * len
        );
        let mut decompressor = DecompressOptions::new().decompressor().unwrap();
        let (bytes, ()) = peak(|| _ = decompressor.decompress(&block[4..]).unwrap());
        assert!(
            bytes < 6 * len + 2 * KIB,
            "the decompressor takes {bytes} for a page of {}",
            2 * len
        );
    }
}

/// However the pages come, and whatever was before them.
fn a_compressor_of_small_pages_takes_little() {
    let all = text(12, 1 << 20);
    for page_size in [1, 1000, 4096, 8192, 16_383, 16_384] {
        let some = &all[..(200 * page_size).clamp(200_000, 1 << 20)];
        for dictionary in [0, 1000, 40_000, 65_536] {
            let history = &all[..dictionary];
            for mode in [Mode::Default, Mode::Fast { acceleration: 3 }] {
                let options = CompressOptions::new().page_size(page_size).mode(mode);
                let options = options.dictionary(history);
                let allowed = 3 * page_size + 120 * KIB;
                let (held, ()) = peak(|| {
                    let mut compressor = options.compressor().unwrap();
                    for page in some.chunks(page_size) {
                        compressor.compress(page).unwrap();
                    }
                    compressor.reset_with_history(history);
                    for mut piece in some.chunks(333) {
                        while !piece.is_empty() {
                            piece = &piece[compressor.push(piece).unwrap()..];
                            if compressor.is_full() {
                                let _ = compressor.end_page();
                            }
                        }
                    }
                });
                assert!(
                    held < allowed,
                    "{mode:?}, pages of {page_size} after {dictionary}: the compressor takes {held}"
                );
                // The window grows with the pages, and makes room for a history in between.
                for seed in 0..20 {
                    let mut random = Random::new(seed);
                    let (held, ()) = peak(|| {
                        let mut compressor = options.compressor().unwrap();
                        for longest in (1..40).map(|k| (20 * k * k).min(page_size)) {
                            let longest = [longest, page_size][random.below(2)];
                            let page = &some[..1 + random.below(longest)];
                            for piece in page.chunks(1 + random.below(page_size)) {
                                compressor.push(piece).unwrap();
                            }
                            let _ = compressor.end_page();
                            if random.below(16) == 0 {
                                compressor.reset_with_history(&all[..65_536]);
                            }
                        }
                    });
                    assert!(
                        held < allowed,
                        "{mode:?}, growing pages of {page_size} after {dictionary}: the compressor takes {held}"
                    );
                }
                let (held, ()) = peak(|| {
                    let mut writer = options.writer(io::sink()).unwrap();
                    for some in [&some[..some.len() / 2], &some[some.len() / 2..]] {
                        writer.write_all(some).unwrap();
                        writer.write_all(&some[..page_size]).unwrap();
                    }
                    writer.try_finish().unwrap();
                });
                assert!(
                    held < allowed,
                    "{mode:?}, pages of {page_size} after {dictionary}: the writer takes {held}"
                );
            }
        }
    }
}

fn a_long_page_that_is_compressed_as_a_whole_is_not_copied() {
    const PAGE: usize = 4096 * KIB;
    let all = text(13, 3 * PAGE);
    for mode in [Mode::Default, Mode::Fast { acceleration: 3 }] {
        let options = CompressOptions::new().page_size(PAGE).mode(mode);
        // The block takes as much.
        let allowed = compress_bound(PAGE) + 512 * KIB;
        let (held, ()) = peak(|| {
            let mut compressor = options.compressor().unwrap();
            for page in all.chunks(PAGE) {
                compressor.compress(page).unwrap();
            }
        });
        assert!(held < allowed, "{mode:?}: the compressor takes {held}");
        let (held, ()) = peak(|| {
            let mut writer = options.writer(io::sink()).unwrap();
            for page in all.chunks(PAGE) {
                writer.write_all(page).unwrap();
            }
        });
        assert!(held < allowed, "{mode:?}: the writer takes {held}");
    }
}

fn a_one_shot_makes_room_for_the_whole_stream_once() {
    // Every page compresses to a half, whatever came before it.
    let mut all = Random::new(11).bytes(4 << 20);
    all.chunks_mut(65_536).for_each(|page| page[32_768..].fill(0));
    let options = CompressOptions::new();
    let of = |data: &[u8]| {
        let mut stream = Vec::new();
        let count = allocations(|| stream = lz4_stream::compress(data, &options).unwrap());
        (count, stream)
    };
    let (of_few, _) = of(&all[..3 * 65_536]);
    let (of_all, stream) = of(&all);
    assert_eq!(of_all, of_few, "as many for 3 pages as for 64");
    let (len, room) = (stream.len(), stream.capacity());
    assert!(room < len * 5 / 4, "{room} bytes for a stream of {len}");
}

fn a_large_page_size_costs_nothing_until_a_page_fills() {
    for page_size in [1 << 30, LZ4_MAX_INPUT_SIZE] {
        let options = CompressOptions::new().page_size(page_size);
        let limit = DecompressOptions::new().max_page_size(page_size);
        let (bytes, ()) = peak(|| {
            let mut writer = options.writer(Vec::new()).unwrap();
            for _ in 0..50 {
                writer.write_all(&[7; 1000]).unwrap();
                writer.flush().unwrap();
            }
            let stream = writer.finish().unwrap();
            io::copy(&mut limit.reader(&stream[..]).unwrap(), &mut io::sink()).unwrap();
        });
        assert!(bytes < 700 * KIB, "{bytes} bytes for 50 000 in pages of {page_size}");
    }
    // A full page takes memory for its bytes and its block, not a multiple of that.
    let all = text(3, 8 << 20);
    let (bytes, stream) = peak(|| {
        let mut writer = CompressOptions::new().page_size(1 << 30).writer(io::sink()).unwrap();
        for chunk in all.chunks(4 * KIB) {
            writer.write_all(chunk).unwrap();
        }
        writer.try_finish().unwrap();
        writer.total_out()
    });
    assert!(stream > 0 && bytes < 45 << 20, "{bytes} bytes for a page of 8 MiB");
}

fn input_cannot_make_the_reader_allocate_more_than_it_allows() {
    // Prefixes of 2 GiB and no data.
    let limit = DecompressOptions::new().max_page_size(LZ4_MAX_INPUT_SIZE);
    for prefix in [[0, 0, 0, 0x70], [0xFF; 4]] {
        let (bytes, result) = peak(|| limit.reader(&prefix[..]).unwrap().read(&mut [0; 10]).map_err(drop));
        assert!(result.is_err());
        assert!(bytes < 64 * KIB, "{bytes} bytes for a prefix alone");
    }
    let limit = limit.prefix_width(PrefixWidth::Eight);
    for prefix in [[0, 0, 0, 0x70, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0, 0, 0], [0xFF; 8]] {
        let (bytes, result) = peak(|| limit.reader(&prefix[..]).unwrap().read(&mut [0; 10]).map_err(drop));
        assert!(result.is_err());
        assert!(bytes < 64 * KIB, "{bytes} bytes for a prefix alone");
    }
    // Pages of noise of the maximum length, after shorter ones.
    for max_page_size in [65_536, 1 << 20, 5 << 20] {
        let noise = Random::new(7).bytes(4 * max_page_size);
        let compress = CompressOptions::new().page_size(max_page_size);
        let mut stream = Vec::with_capacity(6 * max_page_size);
        let mut writer = compress.writer(&mut stream).unwrap();
        writer.write_all(&noise[..max_page_size * 93 / 100]).unwrap();
        writer.flush().unwrap();
        let (bytes, ()) = peak(|| writer.write_all(&noise).unwrap());
        drop(writer);
        let allowed = 3 * max_page_size + 320 * KIB;
        assert!(
            bytes < allowed,
            "the writer takes {bytes} more for pages of {max_page_size}"
        );
        let options = DecompressOptions::new().max_page_size(max_page_size);
        let (bytes, _) = peak(|| io::copy(&mut options.reader(&stream[..]).unwrap(), &mut io::sink()).unwrap());
        let allowed = 3 * max_page_size + 320 * KIB;
        assert!(bytes < allowed, "the reader takes {bytes} for pages of {max_page_size}");
    }
    // A decompression bomb: one megabyte of zeros in four kilobytes, block after block.
    for max_page_size in [100, 10_000, 1 << 20, 4 << 20] {
        let mut bomb = b"\x1f\0\x01\0".to_vec();
        bomb.extend([0xFF; 20_000]);
        bomb.extend(b"\x00\x50hello");
        let mut stream = (bomb.len() as u32).to_le_bytes().to_vec();
        stream.extend(&bomb);
        let stream = stream.repeat(20);
        let options = DecompressOptions::new().max_page_size(max_page_size);
        let (bytes, _) = peak(|| io::copy(&mut options.reader(&stream[..]).unwrap(), &mut io::sink()).map_err(drop));
        let allowed = 2 * max_page_size + 400 * KIB;
        assert!(
            bytes < allowed,
            "{bytes} bytes where pages of {max_page_size} are allowed"
        );
    }
}
