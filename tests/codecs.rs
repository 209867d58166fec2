//! The codecs without I/O: the output does not depend on how the bytes are fed, and every state can be queried.

mod common;

use std::io::{self, Read, Write};
use std::panic::{self, AssertUnwindSafe};

use common::{
    Data, MODES, Random, Settings, Varint, compress_all, compress_pages, finish, liblz4, pages, strict_content,
    strict_peer, text,
};
use lz4_stream::{
    BlockSizes, BlockSplit, CompressOptions, DecompressOptions, Error, Framing, Lz4StreamCompressor,
    Lz4StreamDecompressor, PrefixWidth, Progress, Strategy,
};
use quickcheck::{QuickCheck, TestResult};

/// Feeds a whole stream to a decompressor, as slices or through the lent room, in pieces whose lengths cycle through
/// `cuts`.
fn feed_all<F: Framing>(
    decompressor: &mut Lz4StreamDecompressor<F>,
    stream: &[u8],
    cuts: &[u8],
) -> Result<Vec<u8>, Error> {
    let (mut out, mut rest, mut cuts) = (Vec::new(), stream, cuts.iter().cycle());
    loop {
        let missing = decompressor.missing();
        let cut = usize::from(*cuts.next().unwrap_or(&255));
        let len = rest.len().min(cut * cut / 8);
        let mut piece = &rest[..len];
        let by_room = cut % 2 == 1 && !decompressor.unfilled().is_empty();
        let progress = if by_room {
            let room = decompressor.unfilled();
            assert!(room.len() <= missing);
            let n = piece.read(room).unwrap();
            decompressor.filled(n);
            rest = &rest[n..];
            decompressor.feed(&mut &[][..])?
        } else {
            let progress = decompressor.feed(&mut piece)?;
            rest = &rest[len - piece.len()..];
            progress
        };
        match progress {
            Progress::Page(page) => out.extend_from_slice(page),
            Progress::NeedMore(n) => {
                assert!(n > 0);
                assert!(piece.is_empty() || by_room, "all input was taken");
                if rest.is_empty() {
                    decompressor.end_of_input()?;
                    return Ok(out);
                }
            }
            Progress::End => {
                assert_eq!(rest, b"");
                assert!(decompressor.is_ended());
                return Ok(out);
            }
        }
    }
}

#[test]
fn pieces_of_any_length_give_the_same_pages() {
    fn property(settings: Settings, data: Data, cuts: Vec<u8>, seed: u64) -> TestResult {
        if data.0.len() / settings.page_size > 5_000 || cuts.iter().all(|&cut| cut < 3) {
            return TestResult::discard();
        }
        let mut writer = settings.compress.writer(Vec::new()).unwrap();
        for page in pages(&data.0, settings.page_size, Some(seed)) {
            io::Write::write_all(&mut writer, page).unwrap();
            io::Write::flush(&mut writer).unwrap();
        }
        let blocks = writer.blocks();
        let (stream, sizes) = finish(writer);
        let options = &settings.decompress;
        let (out, counts) = if settings.width == PrefixWidth::OutOfBand {
            let mut decompressor = Lz4StreamDecompressor::with_framing(BlockSizes::new(sizes), options).unwrap();
            let out = feed_all(&mut decompressor, &stream, &cuts).unwrap();
            (
                out,
                (decompressor.blocks(), decompressor.total_in(), decompressor.total_out()),
            )
        } else {
            let mut decompressor = options.decompressor().unwrap();
            let out = feed_all(&mut decompressor, &stream, &cuts).unwrap();
            (
                out,
                (decompressor.blocks(), decompressor.total_in(), decompressor.total_out()),
            )
        };
        assert_eq!(counts, (blocks, stream.len() as u64, data.0.len() as u64));
        TestResult::from_bool(out == data.0)
    }
    QuickCheck::new().tests(300).quickcheck(property as fn(_, _, _, _) -> _);
}

#[test]
fn a_long_block_can_be_fed_in_long_pieces() {
    let noise = Random::new(11).bytes(65_536);
    let stream = Lz4StreamCompressor::new().compress(&noise).unwrap().to_vec();
    let mut decompressor = Lz4StreamDecompressor::new();
    for cut in (1..stream.len()).step_by(997) {
        for second in [cut + (stream.len() - cut) / 2, stream.len() - 1] {
            // Anew, after a part of a long block as well.
            assert!(matches!(
                decompressor.feed(&mut &stream[..cut]),
                Ok(Progress::NeedMore(_))
            ));
            decompressor.reset();
            assert_eq!(
                decompressor.feed(&mut &b"\x06\0\0\0\x50"[..]),
                Ok(Progress::NeedMore(5))
            );
            assert_eq!(decompressor.feed(&mut &b"hello"[..]), Ok(Progress::Page(b"hello")));
            let mut decompressor = Lz4StreamDecompressor::new();
            for piece in [&stream[..cut], &stream[cut..second]] {
                assert!(matches!(decompressor.feed(&mut &piece[..]), Ok(Progress::NeedMore(_))));
            }
            assert!(decompressor.feed(&mut &stream[second..]) == Ok(Progress::Page(&noise)));
        }
    }
}

#[test]
fn bytes_pushed_in_any_way_make_the_same_stream() {
    fn property(settings: Settings, data: Data, cuts: Vec<u8>) -> TestResult {
        if data.0.len() / settings.page_size > 5_000 {
            return TestResult::discard();
        }
        let mut pushed = settings.compress.compressor().unwrap();
        let mut stream = Vec::new();
        let (mut rest, mut cuts) = (&data.0[..], cuts.iter().cycle());
        while !rest.is_empty() {
            let cut = 1 + cuts.next().map_or(rest.len(), |&cut| usize::from(cut) * 9);
            let taken = pushed.push(&rest[..cut.min(rest.len())]).unwrap();
            assert!(taken > 0);
            rest = &rest[taken..];
            assert_eq!(pushed.is_full(), pushed.page().len() == settings.page_size);
            if pushed.is_full() {
                assert_eq!(pushed.push(b"x"), Ok(0));
                stream.extend_from_slice(pushed.end_page());
                assert_eq!(pushed.page(), b"");
            }
        }
        stream.extend_from_slice(pushed.finish());
        assert_eq!(
            (pushed.total_in(), pushed.total_out()),
            (data.0.len() as u64, stream.len() as u64)
        );

        let mut by_page = settings.compress.compressor().unwrap();
        let mut expected = Vec::new();
        for page in data.0.chunks(settings.page_size) {
            let before = expected.len();
            let len = by_page.compress_into(page, &mut expected).unwrap();
            assert_eq!(expected.len() - before, len);
        }
        assert_eq!(by_page.blocks(), pushed.blocks());
        expected.extend_from_slice(by_page.finish());
        TestResult::from_bool(stream == expected)
    }
    QuickCheck::new().tests(300).quickcheck(property as fn(_, _, _) -> _);
}

/// Matches, runs and noise, of lengths and at distances that reach across the head of a long page.
fn patches(seed: u64, len: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut data = random.bytes(20);
    while data.len() < len {
        let n = [10, 100, 1000, 30_000, 100_000][random.below(5)];
        let n = 4 + random.below(n);
        match random.below(4) {
            0 => data.extend(random.bytes(n)),
            1 => data.extend(text(random.below(9) as u64, n)),
            _ => {
                let distance = [5, 300, 65_535, 66_000][random.below(4)];
                let distance = 1 + random.below(distance);
                for _ in 0..n {
                    data.push(data[data.len() - distance.min(data.len())]);
                }
            }
        }
    }
    data.truncate(len);
    data
}

/// Of a long page that comes as a whole, only the head is copied. That must not show.
#[test]
fn a_long_page_makes_the_same_block_however_it_comes() {
    let zeros = [Random::new(3).bytes(50_000), vec![0; 800_000]].concat();
    let mut late = [Random::new(4).bytes(70_000), Random::new(4).bytes(70_000)].concat();
    late.extend(vec![b'x'; 12_000]);
    late.extend(text(6, 600_000));
    let mut samples = vec![text(1, 900_000), Random::new(2).bytes(900_000), zeros, late];
    samples.extend((0..24).map(|seed| patches(seed, 700_000)));
    for (number, data) in samples.iter().enumerate() {
        for page_size in [150_001, 196_607, 196_608, 200_000, 262_144] {
            let options = CompressOptions::new()
                .page_size(page_size)
                .mode(MODES[number % 3])
                .strategy([Strategy::DoubleBuffer, Strategy::RingBuffer][number % 2])
                .restart_every(if number % 5 == 0 { 2 } else { 0 })
                .max_distance([65_535, 65_535, 40_000, 30_000][number % 4])
                .dictionary(&data[..[0, 1000, 65_536][number % 3]]);
            let mut by_pages = options.compressor().unwrap();
            let mut in_pieces = options.compressor().unwrap();
            let mut stream = Vec::new();
            // Short pages between the long ones, and a last one that is short.
            let mut rest = &data[..];
            for turn in 0.. {
                let len = if turn % 3 == 2 { 999 } else { page_size };
                let (page, after) = rest.split_at(len.min(rest.len()));
                for piece in page.chunks(40_000) {
                    assert_eq!(in_pieces.push(piece), Ok(piece.len()));
                }
                let block = by_pages.compress(page).unwrap();
                assert!(block == in_pieces.end_page(), "sample {number}, pages of {page_size}");
                stream.extend_from_slice(block);
                assert!(by_pages.history() == in_pieces.history());
                assert_eq!(by_pages.total_in(), in_pieces.total_in());
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            assert!(strict_content(&options, &stream, &[]) == *data);
            // All at once, and page by page.
            let at_once = compress_all(&options, data);
            let mut writer = options.writer(Vec::new()).unwrap();
            for page in data.chunks(page_size) {
                writer.write_all(page).unwrap();
            }
            assert!(writer.finish().unwrap() == at_once);
            // After other pages, and continued by a clone.
            by_pages.reset();
            let mut stream = Vec::new();
            for page in data.chunks(page_size) {
                by_pages.compress_into(page, &mut stream).unwrap();
                by_pages = by_pages.clone();
            }
            assert!(stream == at_once);
        }
    }
}

#[test]
fn what_is_missing_is_known_at_every_byte() {
    let all = text(3, 900);
    let options = CompressOptions::new().page_size(300).end_mark(true);
    let stream = compress_all(&options, &all);
    let mut decompressor = DecompressOptions::new().end_mark(true).decompressor().unwrap();
    let (mut at, mut out) = (0, Vec::new());
    while at < stream.len() {
        let missing = decompressor.missing();
        // One byte less is not enough, and every byte lowers the answer by one.
        for n in 0..missing {
            assert_eq!(decompressor.missing(), missing - n);
            assert_eq!(decompressor.unfilled().len(), missing - n);
            match decompressor.feed(&mut &stream[at + n..][..1]).unwrap() {
                Progress::NeedMore(left) => assert!(left == missing - n - 1 || n + 1 == missing && left > 0),
                Progress::Page(page) => {
                    assert_eq!(n + 1, missing);
                    out.extend_from_slice(page);
                }
                Progress::End => assert_eq!((n + 1, at + n + 1), (missing, stream.len())),
            }
        }
        at += missing;
    }
    assert!(out == all);
    assert_eq!(decompressor.missing(), 0);
    assert_eq!(decompressor.unfilled(), []);
    assert_eq!(decompressor.feed(&mut &b"more"[..]), Ok(Progress::End));
}

#[test]
fn more_than_was_lent_cannot_be_filled() {
    #[track_caller]
    fn refuses(mut decompressor: Lz4StreamDecompressor, lent: usize) {
        assert_eq!(decompressor.unfilled().len(), lent);
        decompressor.clone().filled(lent);
        let panic = panic::catch_unwind(AssertUnwindSafe(|| decompressor.filled(lent + 1))).unwrap_err();
        let expected = format!("{} bytes were filled, but there is room for {lent}", lent + 1);
        assert_eq!(panic.downcast_ref(), Some(&expected));
    }
    let fed = |mut bytes: &[u8]| {
        let mut decompressor = DecompressOptions::new().end_mark(true).decompressor().unwrap();
        decompressor.feed(&mut bytes).unwrap();
        decompressor
    };
    refuses(fed(b""), 4);
    refuses(fed(b"\x06"), 3);
    refuses(fed(b"\x06\0\0\0"), 6);
    refuses(fed(b"\x06\0\0\0\x50hel"), 2);
    // Less is lent at once than the head says.
    refuses(fed(b"\0\0\x01\0"), 16_384);
    refuses(fed(b"\0\0\0\0"), 0);
    let mut ended = fed(b"\0\0");
    assert_eq!(ended.feed(&mut &b"\0\0"[..]), Ok(Progress::End));
    refuses(ended, 0);
}

#[test]
fn compressing_after_the_end_is_an_error() {
    let mut compressor = CompressOptions::new().end_mark(true).compressor().unwrap();
    compressor.push(b"hello").unwrap();
    assert_eq!(compressor.finish(), b"\x06\0\0\0\x50hello\0\0\0\0");
    assert!(compressor.is_finished());
    assert_eq!(compressor.push(b"x"), Err(Error::Finished));
    assert_eq!(compressor.push(b""), Err(Error::Finished));
    assert_eq!(compressor.compress(b"x"), Err(Error::Finished));
    assert_eq!(compressor.compress_into(b"x", &mut Vec::new()), Err(Error::Finished));
    assert_eq!(compressor.end_page_even_empty(), Err(Error::Finished));
    assert_eq!(compressor.end_page(), b"");
    assert_eq!(compressor.finish(), b"");
    assert_eq!(
        (compressor.total_in(), compressor.total_out(), compressor.blocks()),
        (5, 14, 1)
    );
    // The unsent block is still available.
    assert_eq!(compressor.block(), b"\x06\0\0\0\x50hello\0\0\0\0");
}

#[test]
fn a_page_that_is_too_large_changes_nothing() {
    let mut compressor = CompressOptions::new().page_size(5).compressor().unwrap();
    compressor.push(b"abc").unwrap();
    let error = Error::PageTooLarge { found: 6, allowed: 5 };
    assert_eq!(compressor.compress(b"def"), Err(error));
    assert_eq!((compressor.page(), compressor.total_in()), (&b"abc"[..], 3));
    assert_eq!(compressor.compress(b"de").unwrap(), b"\x06\0\0\0\x50abcde");
}

#[test]
fn a_block_is_lent_until_the_next_is_made() {
    let mut compressor = Lz4StreamCompressor::new();
    assert_eq!(compressor.block(), b"");
    let whole = compressor.compress(b"hello").unwrap().to_vec();
    for n in 0..whole.len() {
        assert_eq!(compressor.block(), &whole[n..]);
        compressor.consume(1);
    }
    compressor.consume(9);
    assert_eq!(compressor.block(), b"");
    compressor.compress(b"more").unwrap();
    // Pushing nothing and ending an empty page make no block.
    assert_eq!(compressor.end_page(), b"");
    compressor.push(b"!").unwrap();
    assert_eq!(compressor.block(), b"\x05\0\0\0\x40more");
    assert_eq!(compressor.end_page(), b"\x02\0\0\0\x10!");
}

#[test]
fn history_is_what_a_match_may_reach() {
    let all = text(5, 200_000);
    for (strategy, held) in [(Strategy::DoubleBuffer, 10_000), (Strategy::RingBuffer, 65_536)] {
        let options = CompressOptions::new().page_size(10_000).strategy(strategy);
        let mut compressor = options.compressor().unwrap();
        for (i, page) in all.chunks(10_000).enumerate() {
            let at = 10_000 * i;
            assert!(compressor.history() == &all[at - at.min(held)..at]);
            compressor.push(page).unwrap();
            assert!(compressor.page() == page);
            assert!(compressor.history() == &all[at - at.min(held)..at]);
            let _ = compressor.end_page();
        }
    }
}

#[test]
fn a_page_stays_where_it_is_while_it_fills() {
    // When the next page is expected to be as long as the last, room for all of it is made with its first bytes.
    let all = text(9, 1_000_000);
    for page_size in [700, 999, 1000] {
        for strategy in [Strategy::DoubleBuffer, Strategy::RingBuffer] {
            let options = CompressOptions::new().page_size(page_size).strategy(strategy);
            let mut compressor = options.compressor().unwrap();
            for (i, page) in all.chunks(page_size).enumerate() {
                let mut at = None;
                for bytes in page.chunks(9) {
                    compressor.push(bytes).unwrap();
                    let place = compressor.page().as_ptr();
                    assert!(i == 0 || *at.get_or_insert(place) == place, "page {i} was moved");
                }
                let _ = compressor.end_page();
            }
        }
    }
}

#[test]
fn history_is_found_however_far_it_was_moved() {
    // The second page needs so much room that all before the history makes way for it: the first bytes of `head`.
    let noise = Random::new(10).bytes(400_000);
    for head in [1, 2, 63, 64, 65, 30_000] {
        let (first, rest) = noise.split_at(65_536 + head);
        let second = [&first[head + 2000..], &rest[..300_000]].concat();
        for mode in MODES {
            let options = CompressOptions::new().page_size(400_000).mode(mode);
            let blocks = compress_pages(&mut options.compressor().unwrap(), &[first, &second]);
            assert!(
                blocks[1].len() < 310_000,
                "{mode:?} moved by {head}: {}",
                blocks[1].len()
            );
        }
    }
}

#[test]
fn an_empty_page_is_made_when_asked_for_and_ends_all_history() {
    let all = text(6, 20_000);
    for strategy in [Strategy::DoubleBuffer, Strategy::RingBuffer] {
        let options = CompressOptions::new()
            .page_size(1000)
            .strategy(strategy)
            .dictionary(&all[..1000]);
        let mut compressor = options.compressor().unwrap();
        let mut strict = strict_peer(&options);
        // python-lz4's and C's decoders have two buffers, and drop all history at an empty page.
        let mut peer = liblz4::Decompressor::new(1000, &all[..1000]);
        let mut ours = DecompressOptions::new()
            .dictionary(&all[..1000])
            .decompressor()
            .unwrap();
        for (i, page) in all.chunks(1000).enumerate() {
            if i % 3 == 0 {
                assert_eq!(compressor.end_page_even_empty().unwrap(), b"\x01\0\0\0\0");
                assert_eq!(compressor.history(), b"");
                assert_eq!(strict.page(b"\0"), b"");
                assert_eq!(peer.decompress(b"\0"), Some(&b""[..]));
                assert_eq!(ours.decompress(b"\0"), Ok(&b""[..]));
            }
            compressor.push(page).unwrap();
            let block = compressor.end_page_even_empty().unwrap();
            if strategy == Strategy::DoubleBuffer {
                assert!(strict.page(&block[4..]) == page);
                assert!(peer.decompress(&block[4..]) == Some(page));
            }
            assert!(ours.decompress(&block[4..]) == Ok(page));
        }
        assert_eq!(compressor.blocks(), 27);
    }
}

#[test]
fn decompress_and_get_block_are_views_of_the_same_stream() {
    let all = text(7, 3000);
    let options = CompressOptions::new().page_size(500).end_mark(true);
    let stream = compress_all(&options, &all);
    let mut decompressor = DecompressOptions::new().end_mark(true).decompressor().unwrap();
    let (mut rest, mut out) = (&stream[..], Vec::new());
    // Alternately by feed, and by get_block and decompress.
    loop {
        match decompressor.feed(&mut rest).unwrap() {
            Progress::Page(page) => out.extend_from_slice(page),
            other => {
                assert_eq!(other, Progress::End);
                break;
            }
        }
        let at = stream.len() - rest.len();
        assert_eq!(decompressor.total_in(), at as u64);
        if let BlockSplit::Block { block, rest: after } = decompressor.get_block(rest).unwrap() {
            out.extend_from_slice(decompressor.decompress(block).unwrap());
            rest = after;
        }
    }
    assert!(out == all);
    assert_eq!(
        (decompressor.blocks(), decompressor.total_in()),
        (6, stream.len() as u64)
    );
    assert_eq!(decompressor.decompress(b"\x10x"), Err(Error::Finished));
    assert_eq!(decompressor.end_of_input(), Ok(()));
}

#[test]
fn decompress_counts_the_prefix_that_the_block_came_without() {
    for width in [
        PrefixWidth::OutOfBand,
        PrefixWidth::One,
        PrefixWidth::Two,
        PrefixWidth::Four,
        PrefixWidth::Eight,
    ] {
        let options = DecompressOptions::new().prefix_width(width);
        let mut decompressor = options.decompressor().unwrap();
        for block in 1..4 {
            decompressor.decompress(b"\x50hello").unwrap();
            let offset = block * (width.bytes() as u64 + 6);
            assert_eq!((decompressor.blocks(), decompressor.total_in()), (block, offset));
        }
    }
}

#[test]
fn decompress_inside_a_block_that_was_fed_in_part_is_an_error_and_loses_nothing() {
    let stream = b"\x06\0\0\0\x50hello";
    for cut in 1..stream.len() {
        let mut decompressor = Lz4StreamDecompressor::new();
        decompressor.feed(&mut &stream[..cut]).unwrap();
        let (found, needed) = if cut < 4 { (cut, 4) } else { (cut - 4, 6) };
        let (block, offset) = (0, 0);
        let error = Error::UnexpectedEnd {
            block,
            offset,
            in_head: cut < 4,
            found,
            needed,
        };
        assert_eq!(decompressor.end_of_input(), Err(error.clone()));
        assert_eq!(decompressor.decompress(b"\x10x"), Err(error));
        assert_eq!(decompressor.feed(&mut &stream[cut..]), Ok(Progress::Page(b"hello")));
    }
}

#[test]
fn a_failure_of_feed_repeats_and_one_of_decompress_does_not() {
    let mut decompressor = Lz4StreamDecompressor::new();
    assert_eq!(
        decompressor.feed(&mut &b"\x02\0\0\0\x10x"[..]),
        Ok(Progress::Page(b"x"))
    );
    let error = Error::MatchOffset {
        block: 1,
        offset: 6,
        found: 9,
        allowed: 1,
    };
    assert_eq!(decompressor.decompress(b"\x00\x09\0\0"), Err(error.clone()));
    assert_eq!(decompressor.end_of_input(), Ok(()));
    assert_eq!(decompressor.decompress(b"\x10y"), Ok(&b"y"[..]));

    let error = Error::MatchOffset {
        block: 2,
        offset: 12,
        found: 9,
        allowed: 2,
    };
    for _ in 0..2 {
        assert_eq!(
            decompressor.feed(&mut &b"\x04\0\0\0\x00\x09\0\0"[..]),
            Err(error.clone())
        );
        assert_eq!(decompressor.decompress(b"\x10z"), Err(error.clone()));
        assert_eq!(decompressor.end_of_input(), Err(error.clone()));
        assert_eq!((decompressor.missing(), decompressor.unfilled().len()), (0, 0));
        assert_eq!(decompressor.page(), b"");
    }
    assert_eq!(
        (decompressor.blocks(), decompressor.total_in(), decompressor.total_out()),
        (2, 12, 2)
    );
}

#[test]
fn a_page_is_consumed_in_pieces() {
    let mut decompressor = Lz4StreamDecompressor::new();
    assert_eq!(decompressor.page(), b"");
    let mut input = &b"\x06\0\0\0\x50hello\x02\0\0\0\x10!"[..];
    decompressor.feed(&mut input).unwrap();
    assert_eq!(decompressor.page(), b"hello");
    decompressor.consume(2);
    assert_eq!(decompressor.page(), b"llo");
    let mut twin = decompressor.clone();
    twin.consume(4);
    assert_eq!(twin.page(), b"");
    // The rest counts as consumed once the next page is decoded.
    assert_eq!(decompressor.feed(&mut input), Ok(Progress::Page(b"!")));
    // And with a call that makes none.
    assert_eq!(decompressor.feed(&mut input), Ok(Progress::NeedMore(4)));
    assert_eq!(decompressor.page(), b"");
    decompressor.consume(usize::MAX);
    assert_eq!(decompressor.page(), b"");
    assert_eq!(decompressor.total_out(), 6);
}

#[test]
fn one_shots_are_the_streams_of_the_adapters() {
    fn property(settings: Settings, data: Data) -> TestResult {
        if data.0.len() / settings.page_size > 20_000 {
            return TestResult::discard();
        }
        let stream = lz4_stream::compress(&data.0, &settings.compress);
        if settings.width == PrefixWidth::OutOfBand {
            let width = settings.width;
            assert_eq!(stream, Err(Error::OutOfBandSizes { width }));
            assert_eq!(
                lz4_stream::decompress(b"", &settings.decompress),
                Err(Error::OutOfBandSizes { width })
            );
            return TestResult::passed();
        }
        let stream = stream.unwrap();
        assert!(strict_content(&settings.compress, &stream, &[]) == data.0);
        assert!(stream == compress_all(&settings.compress, &data.0));
        TestResult::from_bool(lz4_stream::decompress(&stream, &settings.decompress).unwrap() == data.0)
    }
    QuickCheck::new().tests(200).quickcheck(property as fn(_, _) -> _);
}

#[test]
fn one_shots_take_nothing_but_a_whole_stream() {
    let options = DecompressOptions::new().end_mark(true);
    let stream = b"\x06\0\0\0\x50hello\0\0\0\0";
    for cut in 0..stream.len() {
        let error = lz4_stream::decompress(&stream[..cut], &options).unwrap_err();
        match cut {
            0 => assert_eq!(error, Error::MissingEndMark { block: 0, offset: 0 }),
            10 => assert_eq!(error, Error::MissingEndMark { block: 1, offset: 10 }),
            _ => assert!(matches!(error, Error::UnexpectedEnd { .. }), "{error}"),
        }
    }
    let longer = [&stream[..], b"xyz"].concat();
    let error = Error::TrailingBytes { offset: 14, found: 3 };
    assert_eq!(lz4_stream::decompress(&longer, &options), Err(error));
    assert_eq!(lz4_stream::decompress(b"", &DecompressOptions::new()), Ok(vec![]));
    assert_eq!(lz4_stream::compress(b"", &CompressOptions::new()), Ok(vec![]));
}

#[test]
fn a_framing_of_ones_own_goes_through_codecs_and_adapters() {
    let all = text(8, 100_000);
    for page_size in [1, 100, 200, 20_000] {
        let data = &all[..all.len().min(500 * page_size)];
        let options = CompressOptions::new().page_size(page_size);
        let compressor = Lz4StreamCompressor::with_framing(Varint, &options).unwrap();
        let mut writer = lz4_stream::Lz4StreamWriter::from_parts(Vec::new(), compressor);
        io::Write::write_all(&mut writer, data).unwrap();
        let stream = writer.finish().unwrap();

        // The blocks are the same as those of a writer with prefixes.
        let prefixed = compress_pages(&mut options.compressor().unwrap(), &pages(data, page_size, None));
        let varint = |len: usize| (len >= 0x80) as usize + (len >= 0x4000) as usize + 1;
        let lens: usize = prefixed
            .iter()
            .map(|block| block.len() - 4 + varint(block.len() - 4))
            .sum();
        assert_eq!(stream.len(), lens + 1);

        let options = DecompressOptions::new().max_page_size(page_size);
        for cuts in [&[255][..], &[3, 4], &[3, 1, 200, 7, 91]] {
            let mut decompressor = Lz4StreamDecompressor::with_framing(Varint, &options).unwrap();
            assert!(feed_all(&mut decompressor, &stream, cuts).unwrap() == data);
        }
        let followed = [&stream[..], b"after"].concat();
        let decompressor = Lz4StreamDecompressor::with_framing(Varint, &options).unwrap();
        let mut reader = lz4_stream::Lz4StreamReader::from_parts(&followed[..], decompressor.clone());
        let mut out = Vec::new();
        reader.read_to_end(&mut out).unwrap();
        assert!(out == data);
        assert_eq!(reader.into_inner(), b"after", "nothing after the head is read");
        let mut reader = lz4_stream::Lz4StreamBufReader::from_parts(&followed[..], decompressor);
        out.clear();
        reader.read_to_end(&mut out).unwrap();
        assert!(out == data);
        assert_eq!(reader.into_inner(), b"after");
    }
}

#[test]
fn the_end_of_the_input_is_judged_by_what_the_framing_says() {
    // The next size shows that bytes are missing, although it was not requested before.
    let options = DecompressOptions::new();
    let mut decompressor = Lz4StreamDecompressor::with_framing(BlockSizes::new([5, 3]), &options).unwrap();
    assert_eq!(decompressor.feed(&mut &b"\x40abcd"[..]), Ok(Progress::Page(b"abcd")));
    let (block, offset, found, needed) = (1, 5, 0, 3);
    let error = Error::UnexpectedEnd {
        block,
        offset,
        in_head: false,
        found,
        needed,
    };
    assert_eq!(decompressor.end_of_input(), Err(error));

    // An end mark that was filled in but not fed.
    let mut decompressor = options.end_mark(true).decompressor().unwrap();
    decompressor.unfilled().fill(0);
    decompressor.filled(4);
    assert_eq!(decompressor.end_of_input(), Ok(()));
    assert!(decompressor.is_ended());
}

#[test]
fn to_feed_a_codec_without_sizes_is_an_error_that_changes_nothing() {
    let options = DecompressOptions::new().prefix_width(PrefixWidth::OutOfBand);
    let mut decompressor = options.decompressor().unwrap();
    assert_eq!(decompressor.decompress(b"\x50hello"), Ok(&b"hello"[..]));
    assert_eq!((decompressor.missing(), decompressor.unfilled().len()), (0, 0));
    let width = PrefixWidth::OutOfBand;
    assert_eq!(
        decompressor.feed(&mut &b"\x10x"[..]),
        Err(Error::OutOfBandSizes { width })
    );
    assert_eq!(decompressor.decompress(b"\0\x05\0\x50 more"), Ok(&b"hell more"[..]));
}

#[test]
fn a_stream_can_be_resumed_at_any_number() {
    let mut decompressor = Lz4StreamDecompressor::new();
    decompressor.resume(b"", u64::MAX, u64::MAX);
    assert_eq!(
        decompressor.feed(&mut &b"\x02\0\0\0\x10x"[..]),
        Ok(Progress::Page(b"x"))
    );
    assert_eq!((decompressor.blocks(), decompressor.total_in()), (u64::MAX, u64::MAX));
}
