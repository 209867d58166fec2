//! Readers that stop, stall and fail anywhere: nothing is lost, and nothing is read twice.

mod common;

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};

use common::hostile::{ScriptedReader, Step, script};
use common::{Settings, pages, text};
use lz4_stream::{CompressOptions, DecompressOptions, Lz4StreamReader, Lz4StreamWriter, PrefixWidth};
use quickcheck::{Arbitrary, Gen};

/// A small stream with short pages and an end mark, and its content.
fn small_stream() -> (DecompressOptions, Vec<u8>, Vec<u8>) {
    let all = text(1, 1500);
    let options = CompressOptions::new()
        .page_size(300)
        .prefix_width(PrefixWidth::Two)
        .end_mark(true);
    let mut writer = options.writer(Vec::new()).unwrap();
    for page in pages(&all, 300, Some(4)) {
        writer.write_all(page).unwrap();
        writer.flush().unwrap();
    }
    let options = DecompressOptions::new().prefix_width(PrefixWidth::Two).end_mark(true);
    (options, common::finish(writer).0, all)
}

/// Reads to the end in pieces of `piece` bytes. Retries after errors of the inner reader.
fn read_through(mut reader: impl Read, piece: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut buf = vec![0; piece];
    loop {
        match reader.read(&mut buf) {
            Ok(0) => return out,
            Ok(n) => out.extend_from_slice(&buf[..n]),
            Err(error) => assert!(
                matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
                "{error}"
            ),
        }
    }
}

#[test]
fn one_byte_at_a_time() {
    let (options, stream, all) = small_stream();
    for piece in [1, 7, 10_000] {
        let inner = ScriptedReader::new(&stream, vec![Step::Bytes(1); stream.len()]);
        assert!(read_through(options.reader(inner).unwrap(), piece) == all);
    }
}

#[test]
fn an_error_at_every_position_loses_nothing() {
    let (options, stream, all) = small_stream();
    for kind in [ErrorKind::Interrupted, ErrorKind::WouldBlock, ErrorKind::TimedOut] {
        for position in 0..=stream.len() {
            let mut steps = vec![Step::Bytes(1); position];
            steps.extend([Step::Fails(kind); 2]);
            let inner = ScriptedReader::new(&stream, steps);
            assert!(
                read_through(options.reader(inner).unwrap(), 100) == all,
                "{kind:?} at {position}"
            );
        }
    }
}

#[test]
fn any_script_loses_nothing() {
    for seed in 0..300 {
        let mut g = Gen::new(50);
        let settings = Settings::arbitrary(&mut g);
        let all = text(seed, 8 * settings.page_size.min(3000));
        let mut writer = settings.compress.writer(Vec::new()).unwrap();
        writer.write_all(&all).unwrap();
        let (stream, sizes) = common::finish(writer);
        let inner = ScriptedReader::new(&stream, script(seed, 2000));
        let piece = 1 + seed as usize % 500;
        let out = match settings.width {
            PrefixWidth::OutOfBand => read_through(settings.decompress.reader_with_sizes(inner, sizes).unwrap(), piece),
            _ => read_through(settings.decompress.reader(inner).unwrap(), piece),
        };
        assert!(out == all, "{settings:?}");
    }
}

#[test]
fn what_is_decoded_is_handed_out_before_the_inner_reader_is_touched() {
    let mut writer = Lz4StreamWriter::new(Vec::new());
    writer.write_all(b"first").unwrap();
    writer.flush().unwrap();
    writer.write_all(b"second").unwrap();
    let stream = writer.finish().unwrap();

    let mut reader = Lz4StreamReader::new(ScriptedReader::new(&stream, []));
    let mut byte = [0];
    for expected in b"first" {
        assert_eq!(reader.read(&mut byte).unwrap(), 1);
        assert_eq!(byte[0], *expected);
        assert_eq!(reader.get_ref().calls, 2, "one read for the prefix, one for the block");
    }
    // With a large buffer, it still does not wait for more than one block.
    let mut buf = [0; 100];
    assert_eq!(reader.read(&mut buf).unwrap(), 6);
    assert_eq!(reader.get_ref().calls, 4);
    assert_eq!(reader.fill_buf().unwrap(), b"");
}

#[test]
fn the_buf_reader_reads_the_same_whatever_the_buffer() {
    let (options, stream, all) = small_stream();
    for capacity in [1, 3, 50, 200, 10_000] {
        for seed in 0..20 {
            let inner = BufReader::with_capacity(capacity, ScriptedReader::new(&stream, script(seed, 1000)));
            let reader = options.buf_reader(inner).unwrap();
            assert!(read_through(reader, 100) == all, "capacity {capacity}, script {seed}");
        }
    }
    // Consumption is as exact, and errors are as persistent.
    let followed = [&stream[..], b"after"].concat();
    let mut reader = options.buf_reader(&followed[..]).unwrap();
    reader.read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(reader.into_inner(), b"after");
    for cut in 0..stream.len() {
        let mut copied = options.reader(&stream[..cut]).unwrap();
        let mut lent = options.buf_reader(&stream[..cut]).unwrap();
        let (mut from_copied, mut from_lent) = (Vec::new(), Vec::new());
        let expected = copied.read_to_end(&mut from_copied).unwrap_err().to_string();
        for _ in 0..2 {
            assert_eq!(lent.read_to_end(&mut from_lent).unwrap_err().to_string(), expected);
        }
        assert_eq!(from_copied, from_lent);
    }
    let options = DecompressOptions::new().prefix_width(PrefixWidth::Two);
    for (bad, left) in [
        (&b"\x02\0\x10x\x03\0\x00\x09\x00\x02\0\x10y"[..], &b"\x02\0\x10y"[..]),
        // A length of zero, and one that is too large.
        (b"\x02\0\x10x\0\0\x02\0\x10y", b"\x02\0\x10y"),
        (b"\x02\0\x10x\xff\xff\x02\0\x10y", b"\x02\0\x10y"),
    ] {
        let options = options.clone().max_page_size(1000);
        let mut reader = options.buf_reader(bad).unwrap();
        let mut out = Vec::new();
        for _ in 0..2 {
            assert_eq!(reader.read_to_end(&mut out).unwrap_err().kind(), ErrorKind::InvalidData);
        }
        assert_eq!(out, b"x");
        let mut copied = options.reader(bad).unwrap();
        copied.read_to_end(&mut out).unwrap_err();
        assert_eq!(reader.into_inner(), left, "a bad block is consumed");
        assert_eq!(copied.into_inner(), left, "either way");
    }
}

#[test]
fn the_buf_reader_copies_nothing_that_lies_whole_in_the_buffer() {
    /// Lends all its bytes, and cannot be read in any other way.
    struct Lends<'a>(&'a [u8]);
    impl Read for Lends<'_> {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("copied");
        }
    }
    impl BufRead for Lends<'_> {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            Ok(self.0)
        }
        fn consume(&mut self, n: usize) {
            self.0 = &self.0[n..];
        }
    }
    let (options, stream, all) = small_stream();
    let mut reader = options.buf_reader(Lends(&stream)).unwrap();
    let mut out = Vec::new();
    reader.read_to_end(&mut out).unwrap();
    assert!(out == all);
}

#[test]
fn the_end_of_input_is_no_final_state() {
    // A file that another process appends to: first its end, then more data.
    let (_, stream, _) = small_stream();
    let options = DecompressOptions::new().prefix_width(PrefixWidth::Two);
    let stream = &stream[..stream.len() - 2];
    for cut in 0..stream.len() {
        let mut reader = options.reader(&stream[..cut]).unwrap();
        let mut out = Vec::new();
        let first = reader.read_to_end(&mut out);
        *reader.get_mut() = &stream[cut..];
        reader.read_to_end(&mut out).unwrap();
        assert!(out == text(1, 1500), "cut off at {cut}: {first:?}");
    }
}

#[test]
fn a_reader_that_claims_too_much_is_an_error() {
    struct Liar;
    impl Read for Liar {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            Ok(out.len() + 1)
        }
    }
    let error = Lz4StreamReader::new(Liar).read(&mut [0; 10]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
}

#[test]
fn errors_of_the_inner_reader_pass_as_they_are() {
    // Also when they look like the crate's own: the inner reader is itself a stream that is cut off.
    let mut writer = Lz4StreamWriter::new(Vec::new());
    writer.write_all(b"hello").unwrap();
    let inner = writer.finish().unwrap();
    let mut writer = Lz4StreamWriter::new(Vec::new());
    writer.write_all(&inner).unwrap();
    let outer = writer.finish().unwrap();

    let mut reader = Lz4StreamReader::new(Lz4StreamReader::new(&outer[..outer.len() - 1]));
    let error = reader.read(&mut [0; 9]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);

    let mut text = String::new();
    Lz4StreamReader::new(BufReader::new(Lz4StreamReader::new(&outer[..])))
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, "hello");
}
