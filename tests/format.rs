//! The rules of the format (`lz4_stream::format`), with a test for each.

mod common;

use std::io::{Read, Write};

use common::liblz4;
use common::{
    MODES, Random, compress_all, compress_pages, data, finish, pages, reach_below_page, sequences, strict_content,
    strict_peer, text,
};
use lz4_stream::{
    BlockSplit, ByteOrder, CompressOptions, DecompressOptions, Error, LZ4_MAX_INPUT_SIZE, Lz4StreamDecompressor,
    Lz4StreamReader, Lz4StreamWriter, Mode, PrefixWidth, Strategy, compress_bound, input_bound, page_bound,
};

/// Pages of noise that begin with bytes from far back in the previous page, and from the end of the page before that.
fn referring_pages(page_size: usize, count: usize) -> Vec<Vec<u8>> {
    let mut random = Random::new(page_size as u64);
    let mut pages: Vec<Vec<u8>> = Vec::new();
    for i in 0..count {
        let len = if i % 3 == 2 { page_size / 2 } else { page_size };
        let mut page = random.bytes(2);
        if let [.., oldest, last] = &pages[..] {
            page.extend(last.iter().rev().take(60_000).rev().take(20));
            page.extend(&oldest[oldest.len() - 20..]);
        }
        page.extend(random.bytes(len));
        page.truncate(len);
        pages.push(page);
    }
    pages
}

#[test]
fn one_page_back_the_writer_matches_only_into_this_page_and_the_one_before() {
    for mode in MODES {
        for page_size in [120, 200, 1024, 30_000, 65_536, 100_000] {
            let options = CompressOptions::new().page_size(page_size).mode(mode);
            let mut compressor = options.compressor().unwrap();
            let mut strict = strict_peer(&options);
            let mut peer = liblz4::Decompressor::new(page_size, b"");
            let (mut last_len, mut deepest) = (0, 0);
            for page in referring_pages(page_size, 20) {
                // An empty page in between makes no block and does not count as the previous page.
                assert_eq!(compressor.compress(b""), Ok(&b""[..]));
                let block = compressor.compress(&page).unwrap();
                assert!(strict.page(&block[4..]) == page);
                let reach = reach_below_page(&block[4..]);
                assert!(
                    reach <= last_len,
                    "{mode:?} page size {page_size}: reaches {reach} bytes back, the previous page has {last_len}"
                );
                deepest = deepest.max(reach);
                last_len = page.len();
                assert_eq!(peer.decompress(&block[4..]), Some(&page[..]));
            }
            assert!(
                // In a large page of noise, a match table loses distant positions, and Fast looks at few positions.
                page_size > 1024 || matches!(mode, Mode::Fast { .. }) || deepest >= page_size - 2,
                "{mode:?} page size {page_size}: the previous page was not used"
            );
        }
    }
}

#[test]
fn one_page_back_is_lifted_by_a_ring_buffer_up_to_64_kib() {
    for mode in MODES {
        let options = CompressOptions::new()
            .page_size(1000)
            .mode(mode)
            .strategy(Strategy::RingBuffer);
        let mut compressor = options.compressor().unwrap();
        let noise = Random::new(3).bytes(500);
        let (mut stream, mut all, mut deepest) = (Vec::new(), Vec::new(), 0);
        for i in 0..300 {
            let page = if i % 60 == 0 {
                noise.clone()
            } else {
                Random::new(i).bytes(1000)
            };
            let at = stream.len();
            compressor.compress_into(&page, &mut stream).unwrap();
            deepest = deepest.max(reach_below_page(&stream[at + 4..]));
            all.extend(page);
        }
        // The noise repeats after 59 500 bytes.
        assert!((59_000..65_536).contains(&deepest), "{mode:?}: {deepest}");
        assert!(strict_content(&options, &stream, &[]) == all);
        assert_eq!(lz4_stream::decompress(&stream, &DecompressOptions::new()).unwrap(), all);
    }
}

#[test]
fn history_of_64_kib_because_c_reaches_two_pages_back() {
    // Two full pages of noise and a short tail that repeats bytes of the first page. The bytes lie beyond the length of
    // the tail, so they are still in the first buffer: the tail did not overwrite them.
    let mut random = Random::new(2);
    let (first, second) = (random.bytes(1024), random.bytes(1024));
    let tail = [&random.bytes(20)[..], &first[500..653]].concat();
    for mode in MODES {
        let mut peer = liblz4::Compressor::new(1024, mode, b"");
        let mut decompressor = Lz4StreamDecompressor::new();
        let mut deepest = 0;
        for page in [&first, &second, &tail] {
            let block = peer.compress(page);
            deepest = deepest.max(reach_below_page(&block));
            assert_eq!(decompressor.decompress(&block), Ok(&page[..]));
        }
        assert!(
            deepest > 1024,
            "{mode:?}: liblz4 does not reach two pages back, so the test proves nothing"
        );
    }
}

#[test]
fn history_of_64_kib_for_streams_of_c_with_short_pages_anywhere() {
    for (seed, mode) in (0..).zip(MODES) {
        for page_size in [100, 1024, 5000, 65_536, 80_000] {
            let all = text(seed, 40 * page_size.min(9000));
            let mut peer = liblz4::Compressor::new(page_size, mode, b"");
            let mut decompressor = Lz4StreamDecompressor::new();
            for page in pages(&all, page_size, Some(seed)) {
                assert_eq!(decompressor.decompress(&peer.compress(page)), Ok(page));
            }
        }
    }
}

#[test]
fn a_limit_not_a_page_size() {
    let all = text(3, 300_000);
    for page_size in [1, 77, 4096, 65_536, 250_000] {
        let stream = compress_all(&CompressOptions::new().page_size(page_size), &all);
        assert_eq!(lz4_stream::decompress(&stream, &DecompressOptions::new()).unwrap(), all);
        let exact = DecompressOptions::new().max_page_size(page_size);
        assert_eq!(lz4_stream::decompress(&stream, &exact).unwrap(), all);
        if page_size > 1 {
            let less = DecompressOptions::new().max_page_size(page_size - 1);
            let error = lz4_stream::decompress(&stream, &less).unwrap_err();
            assert_eq!(
                error,
                Error::PageOverLimit {
                    block: 0,
                    offset: 0,
                    allowed: page_size - 1
                }
            );
        }
    }
}

#[test]
fn empty_pages_are_read_over_and_not_written_unasked() {
    let empty = b"\x01\0\0\0\0";
    let stream = [&empty[..], b"\x02\0\0\0\x10 ", empty, empty, b"\x02\0\0\0\x10x", empty].concat();
    let mut text = String::new();
    let mut reader = Lz4StreamReader::new(&stream[..]);
    reader.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), reader.blocks()), (" x", 6));

    let mut writer = Lz4StreamWriter::new(Vec::new());
    writer.flush().unwrap();
    assert_eq!(writer.write(b"").unwrap(), 0);
    writer.write_all(b"x").unwrap();
    writer.flush().unwrap();
    writer.flush().unwrap();
    assert_eq!(writer.finish().unwrap(), b"\x02\0\0\0\x10x");
}

#[test]
fn a_head_of_zero_is_the_end_mark_when_asked_for_and_corruption_otherwise() {
    for (width, order) in [
        (PrefixWidth::One, ByteOrder::Little),
        (PrefixWidth::Two, ByteOrder::Big),
        (PrefixWidth::Four, ByteOrder::Little),
        (PrefixWidth::Eight, ByteOrder::Big),
    ] {
        let compress = CompressOptions::new()
            .prefix_width(width)
            .byte_order(order)
            .page_size(100);
        let decompress = DecompressOptions::new().prefix_width(width).byte_order(order);

        let mut writer = compress.clone().writer(Vec::new()).unwrap();
        writer.write_all(b"hello").unwrap();
        let without = writer.finish().unwrap();
        let mut writer = compress.end_mark(true).writer(Vec::new()).unwrap();
        writer.write_all(b"hello").unwrap();
        let with = writer.finish().unwrap();
        assert_eq!(with, [&without[..], &[0; 8][..width.bytes()]].concat());

        let mut out = Vec::new();
        let mut reader = decompress.clone().end_mark(true).reader(&with[..]).unwrap();
        reader.read_to_end(&mut out).unwrap();
        assert_eq!(out, b"hello");

        let mut out = Vec::new();
        let error = decompress.reader(&with[..]).unwrap().read_to_end(&mut out).unwrap_err();
        let expected = Error::EmptyBlock {
            block: 1,
            offset: without.len() as u64,
        };
        assert_eq!(
            (out.as_slice(), Error::from_io(&error)),
            (&b"hello"[..], Some(&expected))
        );
    }
}

#[test]
fn bounds_are_those_of_c_and_limit_the_page_size() {
    for n in (0..3000).chain([65_264, 65_536, 1 << 20, LZ4_MAX_INPUT_SIZE - 1, LZ4_MAX_INPUT_SIZE]) {
        assert_eq!(compress_bound(n), liblz4::compress_bound_of_c(n as i32) as usize, "{n}");
    }
    assert_eq!(compress_bound(LZ4_MAX_INPUT_SIZE + 1), 0);
    // A head that can say more allows no longer page.
    for more in 0..600 {
        let block_len = compress_bound(LZ4_MAX_INPUT_SIZE) + more;
        assert_eq!(page_bound(block_len), LZ4_MAX_INPUT_SIZE);
    }

    for (width, allowed) in [
        (PrefixWidth::OutOfBand, LZ4_MAX_INPUT_SIZE),
        (PrefixWidth::One, 239),
        (PrefixWidth::Two, 65_264),
        (PrefixWidth::Four, LZ4_MAX_INPUT_SIZE),
        (PrefixWidth::Eight, LZ4_MAX_INPUT_SIZE),
    ] {
        let options = CompressOptions::new().prefix_width(width);
        for good in [1, allowed] {
            assert!(options.clone().page_size(good).compressor().is_ok());
        }
        for found in [0, allowed + 1] {
            let error = options.clone().page_size(found).writer(Vec::new()).unwrap_err();
            assert_eq!(
                error,
                Error::PageSize {
                    found,
                    allowed,
                    width: Some(width)
                }
            );
        }
    }

    // The largest page of noise still fits the prefix.
    for (width, allowed) in [(PrefixWidth::One, 239), (PrefixWidth::Two, 65_264)] {
        let noise = Random::new(6).bytes(allowed);
        let stream = compress_all(&CompressOptions::new().prefix_width(width).page_size(allowed), &noise);
        let decompress = DecompressOptions::new().prefix_width(width);
        assert_eq!(lz4_stream::decompress(&stream, &decompress).unwrap(), noise);
    }
}

#[test]
fn bounds_input_bound_is_python_s() {
    // The results of `lz4.stream._input_bound` of python-lz4 4.4.5.
    for (block_len, bound) in [
        (0, 1),
        (1, 1),
        (15, 1),
        (16, 1),
        (17, 1),
        (18, 2),
        (100, 84),
        (255, 239),
        (256, 240),
        (271, 255),
        (272, 256),
        (273, 256),
        (65_535, 65_264),
        (65_536, 65_265),
        (65_809, 65_536),
        (0x7E7E_7E8E, LZ4_MAX_INPUT_SIZE),
        (0x7E7E_7E8F, 0),
        (0xFFFF_FFFF, 0),
    ] {
        assert_eq!(input_bound(block_len), bound, "{block_len}");
    }
    for n in 1..100_000 {
        assert!((n..=n + 1).contains(&input_bound(compress_bound(n))), "{n}");
    }
}

#[test]
fn dictionary_is_history_for_the_first_page_and_owned() {
    let long = text(8, 100_000);
    for dictionary in [&long[..], &long[..70], &long[..3], &long[..0]] {
        let page = [&dictionary[dictionary.len() / 2..], b"and more"].concat();
        let page = &page[..page.len().min(5000)];
        for mode in MODES {
            let compress = CompressOptions::new().mode(mode).dictionary(dictionary);
            let decompress = {
                // A temporary copy, freed before the stream is read.
                let dictionary = dictionary.to_vec();
                DecompressOptions::new().dictionary(dictionary)
            };
            let mut compressor = compress.compressor().unwrap();
            let mut ours = decompress.decompressor().unwrap();
            let mut strict = strict_peer(&compress);
            let mut peer = liblz4::Decompressor::new(65_536, dictionary);
            let mut back = liblz4::Compressor::new(65_536, mode, dictionary);
            let mut from_back = decompress.decompressor().unwrap();
            for page in [page, b"the second page, ", page] {
                let block = compressor.compress(page).unwrap();
                assert!(strict.page(&block[4..]) == page);
                assert_eq!(ours.decompress(&block[4..]), Ok(page));
                assert_eq!(peer.decompress(&block[4..]), Some(page));
                assert_eq!(from_back.decompress(&back.compress(page)), Ok(page));
            }
            // Only its last 64 KiB are used, on both ends.
            let tail = &dictionary[dictionary.len().saturating_sub(65_536)..];
            let of = |options: &CompressOptions| compress_pages(&mut options.compressor().unwrap(), &[page]);
            let (first, of_tail) = (of(&compress), of(&compress.clone().dictionary(tail)));
            assert_eq!(first, of_tail);
        }
    }
    let debug = format!("{:?}", CompressOptions::new().dictionary(&long));
    assert!(debug.contains("65536 bytes"), "{debug}");
    // The dictionary is used: the page is little more than one match.
    let mut compressor = CompressOptions::new().dictionary(&long).compressor().unwrap();
    let block = &compress_pages(&mut compressor, &[&long[60_000..64_000]])[0];
    assert!(block.len() < 60, "{}", block.len());
    // So is a short one.
    for len in [20, 60, 64] {
        let mut compressor = CompressOptions::new().dictionary(&long[..len]).compressor().unwrap();
        let page = [&long[2..len], b"and something else"].concat();
        let block = &compress_pages(&mut compressor, &[&page])[0][4..];
        assert_eq!(reach_below_page(block), len - 2);
    }
    // Without it, the block is rejected.
    assert!(matches!(
        Lz4StreamDecompressor::new().decompress(&block[4..]),
        Err(Error::MatchOffset {
            block: 0,
            offset: 0,
            ..
        })
    ));
}

#[test]
fn concatenation_of_streams_reads_as_one() {
    let (mut all, mut stream) = (Vec::new(), Vec::new());
    for seed in 0..5 {
        let part = data(seed as usize, seed, 20_000);
        let mut writer = CompressOptions::new().page_size(3000).writer(Vec::new()).unwrap();
        writer.write_all(&part).unwrap();
        stream.extend(finish(writer).0);
        all.extend(part);
    }
    let mut out = Vec::new();
    Lz4StreamReader::new(&stream[..]).read_to_end(&mut out).unwrap();
    assert!(out == all);
}

#[test]
fn truncation_at_a_block_boundary_shows_only_with_an_end_mark() {
    let page = |end_mark| {
        let options = CompressOptions::new().page_size(10).end_mark(end_mark);
        compress_all(&options, b"0123456789abcde")
    };
    let first_block = 4 + 11;
    let mut out = Vec::new();
    Lz4StreamReader::new(&page(false)[..first_block])
        .read_to_end(&mut out)
        .unwrap();
    assert_eq!(out, b"0123456789");

    let mut out = Vec::new();
    let options = DecompressOptions::new().end_mark(true);
    let error = options
        .reader(&page(true)[..first_block])
        .unwrap()
        .read_to_end(&mut out)
        .unwrap_err();
    assert_eq!(out, b"0123456789");
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    let expected = Error::MissingEndMark {
        block: 1,
        offset: first_block as u64,
    };
    assert_eq!(Error::from_io(&error), Some(&expected));
}

#[test]
fn end_of_a_block_is_as_the_format_asks() {
    for mode in MODES {
        for strategy in [Strategy::DoubleBuffer, Strategy::RingBuffer] {
            for kind in 0..5 {
                for page_size in [1, 5, 6, 12, 13, 14, 20, 50, 1000, 65_536] {
                    let all = data(kind, page_size as u64, (page_size * 30).min(200_000));
                    let options = CompressOptions::new()
                        .page_size(page_size)
                        .mode(mode)
                        .strategy(strategy);
                    let pages = pages(&all, page_size, Some(kind as u64));
                    let blocks = compress_pages(&mut options.compressor().unwrap(), &pages);
                    for (page, block) in pages.iter().zip(blocks) {
                        let mut at = 0;
                        let sequences = sequences(&block[4..]);
                        let (last, others) = sequences.split_last().unwrap();
                        assert_eq!(last.matched, None);
                        for sequence in others {
                            at += sequence.literals;
                            assert!(at + 12 <= page.len(), "a match in the last 12 bytes");
                            at += sequence.matched.unwrap().1;
                        }
                        assert!(
                            others.is_empty() || last.literals >= 5,
                            "fewer than 5 literals at the end"
                        );
                        assert_eq!(at + last.literals, page.len());
                        assert!(block.len() - 4 <= compress_bound(page.len()));
                    }
                }
            }
        }
    }
}

#[test]
fn offsets_that_are_bad_are_an_error_never_bytes() {
    for (block, found, allowed) in [
        // "abcd", then a match 0, 5 and 65 535 back.
        (b"\x40abcd\0\0\x10x", 0, 4),
        (b"\x40abcd\x05\0\x10x", 5, 4),
        (b"\x40abcd\xff\xff\x10x", 65_535, 4),
    ] {
        let mut decompressor = Lz4StreamDecompressor::new();
        let expected = Error::MatchOffset {
            block: 0,
            offset: 0,
            found,
            allowed,
        };
        assert_eq!(decompressor.decompress(block), Err(expected));
        // After a reset, the earlier stream is still in the window, but out of reach.
        decompressor.decompress(b"\xf0\x05abcdefghijklmnopqrst").unwrap();
        decompressor.reset();
        let expected = Error::MatchOffset {
            block: 0,
            offset: 0,
            found,
            allowed,
        };
        assert_eq!(decompressor.decompress(block), Err(expected));
    }
    // However much there was, 64 KiB of it are history.
    let mut decompressor = Lz4StreamDecompressor::new();
    for len in [100_000, 50_000, 1] {
        let block = compress_all(&CompressOptions::new().page_size(100_000), &vec![b'a'; len]);
        decompressor.decompress(&block[4..]).unwrap();
        let expected = Error::MatchOffset {
            block: decompressor.blocks(),
            offset: decompressor.total_in(),
            found: 0,
            allowed: 65_536 + 4,
        };
        assert_eq!(decompressor.decompress(b"\x40abcd\0\0\x10x"), Err(expected));
    }
}

#[test]
fn out_of_band_sizes_with_get_block_is_an_error() {
    let options = DecompressOptions::new().prefix_width(PrefixWidth::OutOfBand);
    let decompressor = options.decompressor().unwrap();
    let expected = Error::OutOfBandSizes {
        width: PrefixWidth::OutOfBand,
    };
    assert_eq!(decompressor.get_block(b"\x10x"), Err(expected));
    let decompressor = DecompressOptions::new().end_mark(true).decompressor().unwrap();
    assert_eq!(
        decompressor.get_block(b"\0\0\0\0rest"),
        Ok(BlockSplit::EndMark { rest: b"rest" })
    );
}
