//! Truncated, flipped, random and hostile input gives an error or the correct bytes, with the same verdict as liblz4.

mod common;

use std::io::{ErrorKind, Read};

use common::{ENGINES, Random, compress_all, compress_pages, data, liblz4, pages, text};
use lz4_stream::{
    BlockSplit, ByteOrder, CompressOptions, DecompressOptions, Error, Lz4StreamDecompressor, Lz4StreamReader, Mode,
    PrefixWidth, Strategy,
};

/// The blocks of a stream, without prefixes, and its content.
fn blocks_of(kind: usize, page_size: usize, count: usize) -> (Vec<Vec<u8>>, Vec<u8>) {
    let all = data(kind, 7, page_size * count);
    let mode = [
        Mode::Default,
        Mode::Fast { acceleration: 5 },
        Mode::HighCompression { level: 9 },
    ][kind % 3];
    let options = CompressOptions::new()
        .page_size(page_size)
        .strategy(Strategy::RingBuffer)
        .mode(mode);
    let pages = pages(&all, page_size, Some(kind as u64));
    let mut blocks = compress_pages(&mut options.compressor().unwrap(), &pages);
    for block in &mut blocks {
        block.drain(..4);
    }
    (blocks, all)
}

/// Decodes `block` after `history` with every engine of the crate, with lz4_flex and with liblz4. All must agree.
fn same_verdict(block: &[u8], history: &[u8], max_page_size: usize) {
    let options = DecompressOptions::new()
        .dictionary(history)
        .max_page_size(max_page_size);
    let ours = options.decompressor().unwrap().decompress(block).map(<[u8]>::to_vec);
    for &engine in ENGINES {
        let mut other = options.clone().engine(engine).decompressor().unwrap();
        // If a block has two faults, the engines may report different ones.
        let other = other.decompress(block).map_err(drop);
        assert_eq!(other, ours.as_deref().map_err(drop), "{engine:?}: {block:?}");
    }
    let history = &history[history.len().saturating_sub(65_535)..];
    let theirs = liblz4::decompress_with_history(block, max_page_size, history);
    let mut page = vec![0; max_page_size];
    let flex = lz4_flex::block::decompress_into_with_dict(block, &mut page, history);
    match (&ours, flex) {
        (Ok(ours), Ok(len)) => assert!(*ours == page[..len], "different bytes than lz4_flex for {block:?}"),
        (Err(Error::BlockTooLarge { .. }), _) | (Err(_), Err(_)) => {}
        (ours, flex) => panic!("{ours:?}, but lz4_flex returns {flex:?} for {block:?}"),
    }
    match (ours, theirs) {
        (Ok(ours), Some(theirs)) => assert!(ours == theirs, "different bytes than liblz4 for {block:?}"),
        (Err(Error::BlockTooLarge { .. } | Error::EmptyBlock { .. }), _) | (Err(_), None) => {}
        // liblz4 also rejects some blocks that only an encoder must not make: a match in the last 12 bytes, or fewer
        // than 5 literals at the end. Every byte of such a block is well defined.
        (Ok(_), None) => assert!(ends_early(block), "liblz4 rejects {block:?}"),
        // liblz4 decodes a match with an offset of zero to zeros, although the format forbids it.
        (Err(Error::MatchOffset { found: 0, .. }), Some(_)) => {}
        (Err(error), Some(_)) => panic!("{error}, but liblz4 decodes {block:?}"),
    }
}

/// Whether the last match of `block` is closer to the end than an encoder may place it, or the last token announces a
/// match that is missing.
fn ends_early(block: &[u8]) -> bool {
    let sequences = common::sequences(block);
    let Some((last, others)) = sequences.split_last() else {
        return false;
    };
    match others.last() {
        Some(before) => last.literals < 5 || last.literals + before.matched.unwrap().1 < 12,
        None => false,
    }
}

#[test]
fn truncation_at_every_byte_is_an_error_after_what_was_whole() {
    for (width, order) in [
        (PrefixWidth::One, ByteOrder::Little),
        (PrefixWidth::Two, ByteOrder::Big),
        (PrefixWidth::Four, ByteOrder::Little),
        (PrefixWidth::Eight, ByteOrder::Big),
    ] {
        let all = text(3, 1200);
        let compress = CompressOptions::new()
            .prefix_width(width)
            .byte_order(order)
            .page_size(200);
        let blocks = compress_pages(&mut compress.compressor().unwrap(), &pages(&all, 200, Some(1)));
        let lens: Vec<usize> = pages(&all, 200, Some(1)).iter().map(|page| page.len()).collect();
        let stream = blocks.concat();
        let options = DecompressOptions::new().prefix_width(width).byte_order(order);
        for cut in 0..=stream.len() {
            let (mut offset, mut block, mut whole) = (0, 0, 0);
            while block < blocks.len() && offset + blocks[block].len() <= cut {
                offset += blocks[block].len();
                whole += lens[block];
                block += 1;
            }
            let mut reader = options.reader(&stream[..cut]).unwrap();
            let mut out = Vec::new();
            let result = reader.read_to_end(&mut out);
            assert!(out == all[..whole], "cut off at {cut}");
            if cut == offset {
                result.unwrap();
                continue;
            }
            let (found, needed) = match cut - offset {
                found if found < width.bytes() => (found, width.bytes()),
                found => (found - width.bytes(), blocks[block].len() - width.bytes()),
            };
            let expected = Error::UnexpectedEnd {
                block: block as u64,
                offset: offset as u64,
                in_head: cut - offset < width.bytes(),
                found,
                needed,
            };
            let error = result.unwrap_err();
            assert_eq!(
                (error.kind(), Error::from_io(&error)),
                (ErrorKind::UnexpectedEof, Some(&expected))
            );
            assert_eq!(
                reader.read(&mut [0; 1]).unwrap_err().kind(),
                ErrorKind::UnexpectedEof,
                "again"
            );

            // The codec reports that at least this many more bytes are needed.
            let missing = needed - found;
            let decompressor = options.decompressor().unwrap();
            assert_eq!(
                decompressor.get_block(&stream[offset..cut]),
                Ok(BlockSplit::Incomplete { missing })
            );
        }
    }
}

#[test]
fn every_block_cut_anywhere_gets_the_verdict_of_liblz4() {
    for kind in 0..5 {
        let (blocks, _) = blocks_of(kind, 700, 3);
        for block in &blocks {
            for cut in 0..=block.len() {
                same_verdict(&block[..cut], &text(7, 900), 700);
            }
        }
    }
}

#[test]
fn every_bit_flipped_gets_the_verdict_of_liblz4() {
    let history = text(7, 70_000);
    for kind in 0..5 {
        let (blocks, _) = blocks_of(kind, 600, 2);
        for block in &blocks {
            for bit in 0..block.len() * 8 {
                let mut block = block.clone();
                block[bit / 8] ^= 1 << (bit % 8);
                for history in [&history[..0], &history[..300], &history] {
                    same_verdict(&block, history, 600);
                }
            }
        }
    }
}

#[test]
fn every_bit_of_a_stream_flipped_gives_an_error_or_as_many_bytes_as_the_blocks_say() {
    let all = text(4, 2000);
    let stream = compress_all(&CompressOptions::new().page_size(400).end_mark(true), &all);
    let options = DecompressOptions::new().end_mark(true).max_page_size(400);
    let mut refused = 0;
    for bit in 0..stream.len() * 8 {
        let mut stream = stream.clone();
        stream[bit / 8] ^= 1 << (bit % 8);
        let mut out = Vec::new();
        let mut reader = options.reader(&stream[..]).unwrap();
        if let Err(error) = reader.read_to_end(&mut out) {
            refused += 1;
            assert!(
                matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof),
                "{error}"
            );
            let first = Error::from_io(&error).unwrap().clone();
            let again = reader.read(&mut [0; 10]).unwrap_err();
            assert_eq!(Error::from_io(&again), Some(&first), "an error repeats");
        }
        // The data before the block with the flipped bit is correct.
        let before = stream_prefix_len(&stream, bit / 8);
        assert!(
            out.len() >= before.min(all.len()) && out[..before] == all[..before],
            "bit {bit}"
        );
    }
    assert!(refused > stream.len(), "{refused} of {}", stream.len() * 8);
}

/// How many bytes the blocks that end before `at` decode to.
fn stream_prefix_len(stream: &[u8], at: usize) -> usize {
    let (mut offset, mut whole) = (0, 0);
    while let Some(prefix) = stream.get(offset..offset + 4) {
        let next = offset + 4 + u32::from_le_bytes(prefix.try_into().unwrap()) as usize;
        if next > at {
            break;
        }
        whole += 400;
        offset = next;
    }
    whole
}

#[test]
fn random_blocks_get_the_verdict_of_liblz4() {
    let mut random = Random::new(5);
    let history = text(1, 66_000);
    for i in 0..200_000 {
        let len = 1 + random.below(40);
        let mut block = random.bytes(len);
        if i % 2 == 0 {
            // Small tokens and offsets, so that decoding gets past the first sequence.
            for byte in &mut block {
                *byte &= [0x1F, 0x33, 0x07][i % 3];
            }
        }
        same_verdict(&block, &history[..[0, 5, 100, 66_000][random.below(4)]], 1000);
    }
}

#[test]
fn random_streams_never_panic_and_errors_repeat() {
    let mut random = Random::new(6);
    for i in 0..20_000 {
        let len = random.below(200);
        let mut stream = random.bytes(len);
        if let (Some(first), true) = (stream.first_mut(), i % 2 == 0) {
            *first &= 0x1F;
        }
        let width = [
            PrefixWidth::One,
            PrefixWidth::Two,
            PrefixWidth::Four,
            PrefixWidth::Eight,
        ][i % 4];
        let options = DecompressOptions::new()
            .prefix_width(width)
            .max_page_size(1 + random.below(300));
        let mut out = Vec::new();
        let mut reader = options.reader(&stream[..]).unwrap();
        if let Err(error) = reader.read_to_end(&mut out) {
            let error = Error::from_io(&error).unwrap().clone();
            assert_eq!(Error::from_io(&reader.read(&mut [0]).unwrap_err()), Some(&error));
        }
    }
}

#[test]
fn hostile_prefixes_are_refused_before_they_are_believed() {
    let options = DecompressOptions::new().max_page_size(1000);
    let allowed = lz4_stream::compress_bound(1000);
    for found in [allowed + 1, 1 << 20, 0x7FFF_FFFF, 0xFFFF_FFFF] {
        let prefix = (found as u32).to_le_bytes();
        let expected = Error::BlockTooLarge {
            block: 0,
            offset: 0,
            found,
            allowed,
        };
        let error = options.reader(&prefix[..]).unwrap().read(&mut [0; 1]).unwrap_err();
        assert_eq!(
            (error.kind(), Error::from_io(&error)),
            (ErrorKind::InvalidData, Some(&expected))
        );
        assert_eq!(options.decompressor().unwrap().get_block(&prefix), Err(expected));
    }
    let prefix = (allowed as u32).to_le_bytes();
    let missing = allowed;
    assert_eq!(
        options.decompressor().unwrap().get_block(&prefix),
        Ok(BlockSplit::Incomplete { missing })
    );
}

#[test]
fn blocks_of_a_length_no_page_can_have_are_refused_by_the_codec_too() {
    let mut decompressor = DecompressOptions::new().max_page_size(100).decompressor().unwrap();
    decompressor.decompress(b"\x50hello").unwrap();
    let (block, offset) = (1, 10);
    assert_eq!(decompressor.decompress(b""), Err(Error::EmptyBlock { block, offset }));
    assert_eq!(decompressor.page(), b"hello");
    let expected = Error::BlockTooLarge {
        block,
        offset,
        found: 117,
        allowed: 116,
    };
    assert_eq!(decompressor.decompress(&[0; 117]), Err(expected));
    assert_eq!(decompressor.page(), b"hello");
    // As long as can be, and cut.
    let cut = [&[0xF0, 101][..], &[b'x'; 114]].concat();
    let expected = Error::TruncatedBlock {
        block,
        offset,
        found: 116,
    };
    assert_eq!(decompressor.decompress(&cut), Err(expected));
    assert_eq!(decompressor.page(), b"");
    assert_eq!(decompressor.history(), b"hello");
}

#[test]
fn the_error_of_a_block_does_not_depend_on_what_was_decoded_before() {
    let mut random = Random::new(11);
    let options = DecompressOptions::new().max_page_size(700);
    let mut used = options.decompressor().unwrap();
    let stream = compress_all(&CompressOptions::new().page_size(700), &[7; 700]);
    for _ in 0..100_000 {
        let len = 1 + random.below(60);
        let block: Vec<u8> = random.bytes(len).iter().map(|byte| byte & 0x9F).collect();
        let fresh = options.decompressor().unwrap().decompress(&block).map(<[u8]>::to_vec);
        for _ in 0..random.below(4) {
            used.decompress(&stream[4..]).unwrap();
        }
        used.reset();
        assert_eq!(used.decompress(&block).map(<[u8]>::to_vec), fresh, "{block:?}");
    }
}

#[test]
fn the_error_of_a_block_does_not_depend_on_the_room_there_happens_to_be() {
    /// A match of `length` from one byte back, after one literal.
    fn run(length: usize) -> Vec<u8> {
        let extension = length - 19;
        let mut block = b"\x1fa\x01\0".to_vec();
        block.extend(std::iter::repeat_n(0xFF, extension / 255));
        block.push((extension % 255) as u8);
        block
    }
    // The length of the last match is cut off, when it is too large already.
    let cut_off = |extensions| [b"\x1fa\x01\0".to_vec(), vec![0xFF; extensions]].concat();
    let blocks = (3..110).map(|n| (100, cut_off(n))).chain([
        (100, [run(50), cut_off(12)].concat()),
        (100_000, [run(1500), run(50_000), cut_off(196)].concat()),
        (100_000, [run(99_000), cut_off(10)].concat()),
    ]);
    for (allowed, block) in blocks {
        let options = DecompressOptions::new().max_page_size(allowed);
        for len in [0, 1, 50, 100] {
            let mut decompressor = options.decompressor().unwrap();
            for _ in 0..4 {
                let expected = Error::PageOverLimit {
                    block: decompressor.blocks(),
                    offset: decompressor.total_in(),
                    allowed,
                };
                assert_eq!(decompressor.decompress(&block), Err(expected));
                if len > 0 {
                    let page = compress_all(&CompressOptions::new(), &vec![b'x'; len]);
                    decompressor.decompress(&page[4..]).unwrap();
                }
            }
        }
    }
}

/// What is decoded with the bytes that a cut-off block lacks does not count: the page is not too long.
#[test]
fn a_block_cut_off_before_a_length_byte_is_truncated() {
    for (allowed, block) in [
        (10, &b"\x1fa\x01\0"[..]),
        (130, b"\x1fa\x01\0\x64\x1fb\x01\0"),
        (480, b"\x1fa\x01\0\xff\xc8\x1fb\x01\0"),
    ] {
        let options = DecompressOptions::new().max_page_size(allowed);
        let mut decompressor = options.decompressor().unwrap();
        for len in (0..allowed).cycle().take(2000) {
            let expected = Error::TruncatedBlock {
                block: decompressor.blocks(),
                offset: decompressor.total_in(),
                found: block.len(),
            };
            assert_eq!(decompressor.decompress(block), Err(expected), "{allowed} {len}");
            let page = compress_all(&CompressOptions::new(), &vec![b'x'; 1 + len]);
            decompressor.decompress(&page[4..]).unwrap();
        }
    }
}

#[test]
fn history_is_65_535_bytes_and_no_less() {
    let mut decompressor = Lz4StreamDecompressor::new();
    // One "a" and a page of 65 534 or 65 535 more, then a match with the largest possible offset.
    for (len, reaches) in [(65_534, false), (65_535, true)] {
        decompressor.reset();
        let block = compress_all(&CompressOptions::new(), &vec![b'a'; len]);
        decompressor.decompress(&block[4..]).unwrap();
        let page = decompressor.decompress(b"\x00\xff\xff\x50hello").map(<[u8]>::to_vec);
        assert_eq!(page.is_ok(), reaches, "{page:?}");
    }
}

#[test]
fn a_bad_block_leaves_the_decompressor_as_it_was() {
    let (blocks, all) = blocks_of(0, 3000, 20);
    let mut decompressor = Lz4StreamDecompressor::new();
    let mut out = Vec::new();
    let (mut random, mut refused) = (Random::new(8), 0);
    for block in &blocks {
        for _ in 0..20 {
            let mut bad = block.clone();
            let at = random.below(bad.len());
            bad[at] ^= 1 << random.below(8);
            bad.truncate(1 + random.below(bad.len()));
            // A block that does decode would become history, so try it on a copy.
            if decompressor.clone().decompress(&bad).is_err() {
                refused += 1;
                decompressor.decompress(&bad).unwrap_err();
            }
        }
        out.extend_from_slice(decompressor.decompress(block).unwrap());
    }
    assert!(out == all);
    assert!(refused > blocks.len());
}

#[test]
fn no_byte_of_an_earlier_stream_shows_up() {
    // First a stream that repeats a secret, then, after a reset, every possible short block. Decoded bytes must come
    // from the block itself.
    let mut decompressor = DecompressOptions::new().max_page_size(1 << 17).decompressor().unwrap();
    let stream = compress_all(&CompressOptions::new().page_size(1 << 17), &[0xEE; 1 << 17]);
    let mut random = Random::new(9);
    for round in 0..60 {
        decompressor.decompress(&stream[4..]).unwrap();
        decompressor.reset();
        let mut own = Vec::new();
        for _ in 0..300 {
            let len = 2 + random.below(30);
            let block: Vec<u8> = random.bytes(len).iter().map(|byte| byte & 0x37).collect();
            if let Ok(page) = decompressor.decompress(&block) {
                assert!(!page.contains(&0xEE), "round {round}: {block:?}");
                own.extend_from_slice(page);
            }
        }
        assert!(!own.is_empty());
    }
    let mut reader = Lz4StreamReader::new(&stream[..]);
    reader.read_to_end(&mut Vec::new()).unwrap();
    // "abc", then a match of 100 bytes from 4 bytes back.
    reader.reset(&b"\x0c\0\0\0\x3fabc\x04\0\x51\x50defgh"[..]);
    let error = reader.read(&mut [0; 200]).unwrap_err();
    let expected = Error::MatchOffset {
        block: 0,
        offset: 0,
        found: 4,
        allowed: 3,
    };
    assert_eq!(Error::from_io(&error), Some(&expected));
}

#[test]
fn lengths_that_overflow_are_refused() {
    // Literal and match lengths of hundreds of millions, in a block of a megabyte.
    for token in [0xF0, 0x0F] {
        let mut block = vec![0xFF; 1 << 20];
        block[0] = token;
        if token == 0x0F {
            block[..6].copy_from_slice(b"\x1fx\x01\0\xff\xff");
        }
        let error = Lz4StreamDecompressor::new().decompress(&block).unwrap_err();
        assert!(
            matches!(error, Error::TruncatedBlock { .. } | Error::PageOverLimit { .. }),
            "{error}"
        );
    }
}
