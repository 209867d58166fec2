//! After a reset, a codec or adapter behaves like a new one, and nothing of the old stream remains.

mod common;

use std::io::{self, BufRead, Read, Write};

use common::{MODES, Random, compress_pages, pages, strict_content, strict_peer, text};
use lz4_stream::{
    BlockSplit, CompressOptions, DecompressOptions, Error, Lz4StreamReader, Lz4StreamWriter, Mode, Progress, Strategy,
};

#[test]
fn reset_begins_a_new_stream_that_is_as_a_new_one() {
    for dictionary in [&b""[..], b"a dictionary to begin with"] {
        let options = CompressOptions::new().page_size(300).dictionary(dictionary);
        let mut reused = options.compressor().unwrap();
        let mut writer = options.writer(Vec::new()).unwrap();
        let mut decompressor = DecompressOptions::new().dictionary(dictionary).decompressor().unwrap();
        let mut reader = DecompressOptions::new()
            .dictionary(dictionary)
            .reader(io::Cursor::new(Vec::new()))
            .unwrap();
        for seed in 0..200 {
            let all = text(seed % 7, 100 + seed as usize * 37);
            let (mut fresh_out, mut reused_out) = (Vec::new(), Vec::new());
            let mut fresh = options.compressor().unwrap();
            for page in all.chunks(300) {
                fresh.compress_into(page, &mut fresh_out).unwrap();
                reused.compress_into(page, &mut reused_out).unwrap();
            }
            assert!(strict_content(&options, &fresh_out, &[]) == all);
            assert!(fresh_out == reused_out, "stream {seed}");
            reused.reset();

            writer.write_all(&all).unwrap();
            assert_eq!(writer.total_in(), all.len() as u64);
            let stream = writer.reset(Vec::new()).unwrap();
            assert!(stream == fresh_out);
            assert_eq!((writer.total_in(), writer.total_out(), writer.blocks()), (0, 0, 0));

            let mut out = Vec::new();
            let mut rest = &stream[..];
            while let Ok(BlockSplit::Block { block, rest: after }) = decompressor.get_block(rest) {
                out.extend_from_slice(decompressor.decompress(block).unwrap());
                rest = after;
            }
            assert!(out == all);
            decompressor.reset();

            // Half of the streams are not read to their end.
            reader.reset(io::Cursor::new(stream));
            let n = if seed % 2 == 0 { all.len() } else { all.len() / 2 };
            let mut out = vec![0; n];
            reader.read_exact(&mut out).unwrap();
            assert!(out == all[..n]);
        }
    }
}

#[test]
fn reset_reloads_the_dictionary_and_nothing_else() {
    let dictionary = Random::new(4).bytes(1000);
    let options = CompressOptions::new().dictionary(&dictionary);
    let (mut fresh, mut reused) = (Vec::new(), Vec::new());
    options
        .compressor()
        .unwrap()
        .compress_into(&dictionary, &mut fresh)
        .unwrap();
    assert!(fresh.len() < 30, "the dictionary is found");
    let mut compressor = options.compressor().unwrap();
    compressor
        .compress_into(&Random::new(5).bytes(70), &mut Vec::new())
        .unwrap();
    compressor.reset();
    compressor.compress_into(&dictionary, &mut reused).unwrap();
    assert_eq!(fresh, reused);

    let mut decompressor = DecompressOptions::new().dictionary(&dictionary).decompressor().unwrap();
    for _ in 0..3 {
        assert_eq!(decompressor.decompress(&fresh[4..]), Ok(&dictionary[..]));
        decompressor.reset();
        // One byte beyond the start of the dictionary.
        let error = decompressor.decompress(b"\x00\xe9\x03\x50hello").unwrap_err();
        assert_eq!(
            error,
            Error::MatchOffset {
                block: 0,
                offset: 0,
                found: 1001,
                allowed: 1000
            }
        );
    }
}

#[test]
fn reset_forgets_what_was_written_or_read_in_part() {
    let mut writer = Lz4StreamWriter::new(Vec::new());
    writer.write_all(b"first").unwrap();
    writer.reset(Vec::new()).unwrap();
    writer.write_all(b"second").unwrap();
    assert_eq!(writer.into_parts().1.page(), b"second");

    let mut compressor = CompressOptions::new().end_mark(true).compressor().unwrap();
    for dropped in [false, true] {
        compressor.push(b"hello").unwrap();
        if dropped {
            assert!(!compressor.finish().is_empty());
        }
        compressor.reset();
        assert_eq!((compressor.page(), compressor.block()), (&b""[..], &b""[..]));
        assert!(!compressor.is_finished());
        assert_eq!(
            (compressor.total_in(), compressor.total_out(), compressor.blocks()),
            (0, 0, 0)
        );
    }

    let stream = b"\x02\0\0\0\x10x";
    for cut in 0..stream.len() {
        let mut reader = Lz4StreamReader::new(&stream[..cut]);
        let _ = reader.read(&mut [0; 5]);
        reader.reset(&stream[..]);
        assert_eq!((reader.total_in(), reader.total_out(), reader.blocks()), (0, 0, 0));
        let mut out = Vec::new();
        reader.read_to_end(&mut out).unwrap();
        assert_eq!(out, b"x", "cut off at {cut}");
        reader.reset(&stream[..]);
        assert_eq!((reader.total_in(), reader.total_out(), reader.blocks()), (0, 0, 0));
    }
}

#[test]
fn reset_forgets_an_error() {
    let mut reader = Lz4StreamReader::new(&b"\0\0\0\0"[..]);
    reader.read(&mut [0; 1]).unwrap_err();
    reader.reset(&b"\x02\0\0\0\x10x"[..]);
    assert_eq!(reader.fill_buf().unwrap(), b"x");
}

#[test]
fn reset_with_history_is_as_if_the_history_had_been_compressed() {
    let all = text(21, 300_000);
    for mode in MODES {
        for page_size in [300, 5000, 65_536, 100_000] {
            let options = CompressOptions::new().page_size(page_size).mode(mode);
            let pages = pages(&all, page_size, None);
            let pages = &pages[..pages.len().min(20)];
            // Every page is compressed by a codec that knows only the previous page. The stream is valid, and nearly as
            // small: an encoder remembers more of pages that it encoded itself.
            let mut alone = options.compressor().unwrap();
            let mut peer = strict_peer(&options);
            let (mut of_alone, mut history) = (0, &b""[..]);
            for page in pages {
                alone.reset_with_history(history);
                let held = &history[history.len().saturating_sub(65_536)..];
                assert!(alone.history() == held);
                let block = alone.compress(page).unwrap();
                assert!(peer.page(&block[4..]) == *page);
                of_alone += block.len();
                history = page;
            }
            let in_turn = compress_pages(&mut options.compressor().unwrap(), pages).concat().len();
            assert!(
                of_alone * 100 <= in_turn * 104,
                "{mode:?} {page_size}: {of_alone} {in_turn}"
            );
        }
    }
    // The next reset restores the settings' dictionary.
    let options = CompressOptions::new().dictionary("a dictionary");
    let mut compressor = options.compressor().unwrap();
    compressor.reset_with_history(b"other history");
    assert_eq!(compressor.history(), b"other history");
    // A single byte is history too.
    compressor.reset_with_history(b"x");
    assert_eq!(compressor.history(), b"x");
    compressor.reset();
    assert_eq!(compressor.history(), b"a dictionary");
}

#[test]
fn a_stream_can_be_resumed_at_every_block() {
    let all = text(22, 400_000);
    for strategy in [Strategy::DoubleBuffer, Strategy::RingBuffer] {
        for page_size in [999, 30_000, 120_000] {
            let options = CompressOptions::new().page_size(page_size).strategy(strategy);
            let pages = pages(&all, page_size, Some(3));
            let pages = &pages[..pages.len().min(30)];
            let stream = compress_pages(&mut options.compressor().unwrap(), pages).concat();
            let content = pages.concat();

            let mut first = DecompressOptions::new().decompressor().unwrap();
            let mut second = DecompressOptions::new().decompressor().unwrap();
            let mut rest = &stream[..];
            loop {
                let at = first.total_out() as usize;
                second.resume(first.history(), first.blocks(), first.total_in());
                assert!(second.history() == &content[at.saturating_sub(65_536)..at]);
                let mut of_second = &stream[first.total_in() as usize..];
                let mut out = Vec::new();
                while let Progress::Page(page) = second.feed(&mut of_second).unwrap() {
                    out.extend_from_slice(page);
                }
                assert!(out == content[at..]);
                assert_eq!(
                    (second.blocks(), second.total_in()),
                    (pages.len() as u64, stream.len() as u64)
                );
                assert_eq!(second.total_out(), out.len() as u64);
                if !matches!(first.feed(&mut rest), Ok(Progress::Page(_))) {
                    break;
                }
            }
        }
    }
    // Later errors name the position in the whole stream.
    let mut decompressor = DecompressOptions::new().decompressor().unwrap();
    decompressor.resume(b"abc", 7, 99);
    let error = Error::MatchOffset {
        block: 7,
        offset: 99,
        found: 4,
        allowed: 3,
    };
    assert_eq!(decompressor.feed(&mut &b"\x04\0\0\0\0\x04\0\0"[..]), Err(error));
}

/// The tables of the levels are rings. Where in a ring a stream begins must not matter, not even to periods whose
/// groups share a hash (as these do).
#[test]
fn short_periods_become_the_same_wherever_the_stream_begins() {
    let period: Vec<u8> = [119, 171, 222, 50].into_iter().cycle().take(6000).collect();
    let data = [
        &[0; 60_000],
        &period[..5536],
        &period[1..201],
        &period[2..202],
        b"0123456789abc",
    ]
    .concat();
    for level in 3..=12 {
        let options = CompressOptions::new()
            .page_size(65_536)
            .mode(Mode::HighCompression { level });
        let mut reused = options.compressor().unwrap();
        let fresh: Vec<Vec<u8>> = data
            .chunks(65_536)
            .map(|page| reused.compress(page).unwrap().to_vec())
            .collect();
        for before in 1..40 {
            reused.reset();
            reused.compress(&data[..before]).unwrap();
            reused.reset();
            for (page, expected) in data.chunks(65_536).zip(&fresh) {
                assert!(
                    reused.compress(page).unwrap() == expected,
                    "level {level} after {before}"
                );
            }
        }
    }
}
