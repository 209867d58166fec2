//! The writer from beginning to end: when it sends, flush, finish, drop, and the values it returns.

mod common;

use std::io::{self, IoSlice, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};

use common::{MODES, Random, compress_all, finish, strict_content, text};
use lz4_stream::{CompressOptions, Error, Lz4StreamCompressor, Lz4StreamWriter, Mode, PrefixWidth, Strategy};

/// A writer whose bytes stay readable while another value owns it.
#[derive(Clone, Default, Debug)]
struct Shared(Arc<Mutex<Log>>);

#[derive(Default, Debug)]
struct Log {
    bytes: Vec<u8>,
    writes: usize,
    flushes: usize,
}

impl Shared {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().bytes.clone()
    }

    fn counts(&self) -> (usize, usize) {
        let log = self.0.lock().unwrap();
        (log.writes, log.flushes)
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap();
        log.bytes.extend_from_slice(bytes);
        log.writes += 1;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap().flushes += 1;
        Ok(())
    }
}

#[test]
fn every_block_goes_out_in_one_write_when_its_page_is_full_or_flushed() {
    let log = Shared::default();
    let options = CompressOptions::new().page_size(100);
    let mut writer = options.writer(log.clone()).unwrap();
    let all = Random::new(1).bytes(250);
    writer.write_all(&all[..99]).unwrap();
    assert_eq!(log.counts(), (0, 0));
    writer.write_all(&all[99..100]).unwrap();
    assert_eq!(log.counts(), (1, 0), "a full page goes out at once");
    writer.write_all(&all[100..]).unwrap();
    assert_eq!(log.counts(), (2, 0));
    writer.flush().unwrap();
    assert_eq!(log.counts(), (3, 1));
    let read = strict_content(&options, &log.bytes(), &[]);
    assert_eq!(read, all, "after a flush everything can be read");
    writer.flush().unwrap();
    assert_eq!(log.counts(), (3, 2), "a flush without bytes makes no block");
    assert_eq!(writer.blocks(), 3);
    assert_eq!(writer.total_in(), 250);
    assert_eq!(writer.total_out(), log.bytes().len() as u64);
}

#[test]
fn write_takes_all_of_its_slice() {
    let all = text(2, 100_000);
    let options = CompressOptions::new().page_size(300);
    let expected = compress_all(&options, &all);
    for pieces in [1, 2, 3] {
        let mut writer = options.writer(Vec::new()).unwrap();
        for piece in all.chunks(all.len().div_ceil(pieces)) {
            assert_eq!(writer.write(piece).unwrap(), piece.len());
        }
        assert!(finish(writer).0 == expected);
    }
}

/// A slice of many pages is compressed in place, while small pieces are gathered first: both give the same stream.
#[test]
fn a_large_slice_makes_the_same_stream_as_its_pieces() {
    let all = [text(4, 900_000), Random::new(4).bytes(100_000), vec![0; 200_000]].concat();
    let dictionary = text(4, 80_000);
    for mode in MODES {
        for strategy in [Strategy::DoubleBuffer, Strategy::RingBuffer] {
            for (page_size, dictionary) in [
                (999, &b""[..]),
                (70_000, b"x"),
                (16_384, &dictionary),
                (65_536, b""),
                (100_000, &dictionary),
            ] {
                let options = CompressOptions::new()
                    .page_size(page_size)
                    .mode(mode)
                    .strategy(strategy)
                    .dictionary(dictionary);
                let mut in_pieces = options.writer(Vec::new()).unwrap();
                for piece in all.chunks(5000) {
                    in_pieces.write_all(piece).unwrap();
                }
                let (expected, _) = finish(in_pieces);
                assert!(lz4_stream::compress(&all, &options).unwrap() == expected);
                // From the start, after a partial page, and after a full page; then in pieces.
                for (first, until) in [
                    (0, all.len()),
                    (1, all.len() - 7),
                    (page_size, 700_000),
                    (3 * page_size, 1_000_000),
                ] {
                    let mut writer = options.writer(Vec::new()).unwrap();
                    writer.write_all(&all[..first]).unwrap();
                    assert_eq!(writer.write(&all[first..until]).unwrap(), until - first);
                    for piece in all[until..].chunks(777) {
                        writer.write_all(piece).unwrap();
                    }
                    assert_eq!(writer.total_in(), all.len() as u64);
                    assert!(
                        writer.finish().unwrap() == expected,
                        "{mode:?} {strategy:?} {page_size} {first}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_slice_of_many_megabytes_makes_the_same_stream_as_its_pieces() {
    let mut all = text(5, 3 << 20);
    for i in 0..27 {
        // The same text again, at distances that are not powers of two.
        all.extend_from_within(i * 100..(3 << 20) - 999);
    }
    for mode in [Mode::Default, Mode::HighCompression { level: 3 }] {
        let options = CompressOptions::new().page_size(1 << 20).mode(mode);
        let mut in_pieces = options.writer(Vec::new()).unwrap();
        for piece in all.chunks(200_000) {
            in_pieces.write_all(piece).unwrap();
        }
        assert!(in_pieces.finish().unwrap() == compress_all(&options, &all));
    }
}

#[test]
fn write_vectored_takes_all_of_its_slices() {
    let all = text(3, 5000);
    let options = CompressOptions::new().page_size(300);
    let mut writer = options.writer(Vec::new()).unwrap();
    let (first, rest) = all.split_at(10);
    let (second, third) = rest.split_at(3000);
    let buffers = [&b""[..], first, b"", second, third, b""].map(IoSlice::new);
    assert_eq!(writer.write_vectored(&buffers).unwrap(), all.len());
    assert!(finish(writer).0 == compress_all(&options, &all));
}

#[test]
fn finish_is_idempotent_and_closes_the_writer() {
    let log = Shared::default();
    let mut writer = CompressOptions::new().end_mark(true).writer(log.clone()).unwrap();
    writer.write_all(b"hello").unwrap();
    writer.try_finish().unwrap();
    let bytes = log.bytes();
    assert_eq!(bytes, b"\x06\0\0\0\x50hello\0\0\0\0");
    assert_eq!((writer.total_out(), writer.blocks()), (14, 1));
    writer.try_finish().unwrap();
    writer.flush().unwrap();
    for error in [
        writer.write(b"x").unwrap_err(),
        writer.write_all(b"xy").unwrap_err(),
        writer.write(b"").unwrap_err(),
        writer.write_vectored(&[IoSlice::new(b"x")]).unwrap_err(),
    ] {
        assert_eq!(Error::from_io(&error), Some(&Error::Finished));
    }
    drop(writer.finish().unwrap());
    assert_eq!(log.bytes(), bytes, "nothing was written after the end");
    assert_eq!(log.counts(), (1, 4), "block and end mark go out in one write");
}

#[test]
fn an_empty_stream_is_an_end_mark_or_nothing() {
    for (end_mark, expected) in [(false, &b""[..]), (true, b"\0\0\0\0")] {
        let options = CompressOptions::new().end_mark(end_mark);
        let writer = options.writer(Vec::new()).unwrap();
        assert_eq!(writer.finish().unwrap(), expected);
        let mut writer = options.writer(Vec::new()).unwrap();
        writer.write_all(b"").unwrap();
        writer.flush().unwrap();
        assert_eq!(finish(writer).0, expected);
    }
}

#[test]
fn drop_sends_the_page_but_never_the_end_mark() {
    let log = Shared::default();
    let mut writer = CompressOptions::new().end_mark(true).writer(log.clone()).unwrap();
    writer.write_all(b"hello").unwrap();
    drop(writer);
    assert_eq!(log.bytes(), b"\x06\0\0\0\x50hello");

    let log = Shared::default();
    let result = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut writer = Lz4StreamWriter::new(log.clone());
        writer.write_all(b"hello").unwrap();
        panic!("while the writer is in scope");
    }));
    assert!(result.is_err());
    assert_eq!(log.bytes(), b"", "nothing is sent while panicking");
}

#[test]
fn into_inner_finishes_and_gives_back() {
    let mut writer = Lz4StreamWriter::new(Vec::new());
    writer.write_all(b"hello").unwrap();
    assert_eq!(writer.get_ref(), &[]);
    writer.get_mut().push(b'-');
    assert_eq!(writer.into_inner().unwrap(), b"-\x06\0\0\0\x50hello");
}

#[test]
fn parts_hold_everything_that_was_not_sent() {
    let log = Shared::default();
    let mut writer = Lz4StreamWriter::new(log.clone());
    writer.write_all(b"hello").unwrap();
    let (inner, compressor) = writer.into_parts();
    assert_eq!((compressor.page(), compressor.block()), (&b"hello"[..], &b""[..]));
    assert_eq!(log.bytes(), b"", "into_parts sends nothing");
    let mut writer = Lz4StreamWriter::from_parts(inner, compressor);
    writer.write_all(b", hello").unwrap();
    writer.finish().unwrap();
    assert_eq!(log.bytes(), b"\x0d\0\0\0\xc0hello, hello");

    // A block that was partly sent before.
    let mut compressor = Lz4StreamCompressor::new();
    compressor.compress(b"hello").unwrap();
    compressor.consume(3);
    compressor.push(b"more").unwrap();
    let writer = Lz4StreamWriter::from_parts(Vec::new(), compressor);
    assert_eq!(writer.total_out(), 3);
    assert_eq!(writer.finish().unwrap(), b"\0\x50hello\x05\0\0\0\x40more");
    // By a flush, the block goes out before the page as well.
    let mut compressor = Lz4StreamCompressor::new();
    compressor.compress(b"hello").unwrap();
    compressor.push(b"more").unwrap();
    let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor);
    writer.flush().unwrap();
    assert_eq!(writer.get_ref(), b"\x06\0\0\0\x50hello\x05\0\0\0\x40more");

    // A block that went into a vector is not sent again.
    let mut compressor = Lz4StreamCompressor::new();
    let mut stream = Vec::new();
    compressor.compress_into(b"hello", &mut stream).unwrap();
    let mut writer = Lz4StreamWriter::from_parts(stream, compressor);
    writer.write_all(b"!").unwrap();
    assert_eq!(writer.finish().unwrap(), b"\x06\0\0\0\x50hello\x02\0\0\0\x10!");

    // A page that is full already.
    let mut compressor = CompressOptions::new().page_size(5).compressor().unwrap();
    compressor.push(b"hello").unwrap();
    let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor);
    assert_eq!(writer.write(b"!").unwrap(), 1);
    assert_eq!(writer.finish().unwrap(), b"\x06\0\0\0\x50hello\x02\0\0\0\x10!");
}

#[test]
fn block_sizes_are_kept_only_where_the_stream_does_not_have_them() {
    let mut writer = Lz4StreamWriter::new(Vec::new());
    writer.write_all(b"x").unwrap();
    writer.flush().unwrap();
    assert_eq!(writer.drain_block_sizes().len(), 0);

    let options = CompressOptions::new()
        .prefix_width(PrefixWidth::OutOfBand)
        .page_size(700);
    let all = text(9, 10_000);
    let mut writer = options.writer(Vec::new()).unwrap();
    writer.write_all(&all[..5000]).unwrap();
    let mut sizes: Vec<usize> = writer.drain_block_sizes().collect();
    assert_eq!(sizes.len(), 7);
    writer.write_all(&all[5000..]).unwrap();
    writer.try_finish().unwrap();
    sizes.extend(writer.drain_block_sizes());
    assert_eq!(writer.drain_block_sizes().len(), 0);
    assert_eq!(sizes.iter().sum::<usize>() as u64, writer.total_out());
    let stream = writer.into_inner().unwrap();
    assert!(strict_content(&options, &stream, &sizes) == all);

    // They survive a reset, which makes the last of them.
    let mut writer = options.writer(Vec::new()).unwrap();
    writer.write_all(b"hello").unwrap();
    let first = writer.reset(Vec::new()).unwrap();
    writer.write_all(b"second").unwrap();
    let second = writer.reset(Vec::new()).unwrap();
    let sizes: Vec<usize> = writer.drain_block_sizes().collect();
    assert_eq!(sizes, [first.len(), second.len()]);
}

#[test]
fn debug_names_the_state_and_no_contents() {
    let mut writer = Lz4StreamWriter::new(Vec::new());
    writer.write_all(b"secret secret secret").unwrap();
    let debug = format!("{writer:?}");
    assert!(
        debug.contains("20 of page") && debug.contains("poisoned: false"),
        "{debug}"
    );
    assert!(!debug.contains("115, 101, 99"), "{debug}");
}
