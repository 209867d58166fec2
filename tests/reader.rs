//! The reader from beginning to end: the bytes that it consumes and returns.

mod common;

use std::io::{self, BufRead, ErrorKind, Read};
use std::panic::{self, AssertUnwindSafe};

use common::{Random, compress_all, compress_pages, pages, text};
use lz4_stream::{CompressOptions, DecompressOptions, Lz4StreamBufReader, Lz4StreamReader};

#[test]
fn the_reader_consumes_exactly_its_stream() {
    let all = text(10, 5000);
    let stream = compress_all(&CompressOptions::new().page_size(1000).end_mark(true), &all);
    let followed = [&stream[..], b"after the end mark"].concat();

    let mut reader = DecompressOptions::new().end_mark(true).reader(&followed[..]).unwrap();
    let mut out = Vec::new();
    reader.read_to_end(&mut out).unwrap();
    assert!(out == all);
    assert_eq!(reader.read(&mut [0; 9]).unwrap(), 0);
    assert_eq!(
        (reader.total_in(), reader.total_out(), reader.blocks()),
        (stream.len() as u64, 5000, 5)
    );
    assert_eq!(reader.into_inner(), b"after the end mark");

    // In the middle: after any number of decoded bytes, the inner reader is at a block boundary.
    let boundaries: Vec<usize> = {
        let mut at = 0;
        std::iter::from_fn(|| {
            let len = u32::from_le_bytes(stream[at..at + 4].try_into().unwrap()) as usize;
            at += 4 + len;
            (len > 0).then_some(at)
        })
        .collect()
    };
    for n in 1..=5000 {
        let mut reader = DecompressOptions::new().end_mark(true).reader(&stream[..]).unwrap();
        reader.read_exact(&mut vec![0; n]).unwrap();
        let boundary = boundaries[n.div_ceil(1000) - 1];
        assert_eq!(reader.into_inner().len(), stream.len() - boundary, "after {n} bytes");
    }
}

#[test]
fn an_empty_read_touches_nothing() {
    struct Untouchable;
    impl Read for Untouchable {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("touched");
        }
    }
    assert_eq!(Lz4StreamReader::new(Untouchable).read(&mut []).unwrap(), 0);
}

#[test]
fn lent_bytes_are_those_that_are_read() {
    let all = text(11, 10_000);
    let stream = compress_all(&CompressOptions::new().page_size(999), &all);
    let mut reader = Lz4StreamReader::new(&stream[..]);
    let (mut out, mut random) = (Vec::new(), Random::new(11));
    loop {
        let lent = reader.fill_buf().unwrap();
        if lent.is_empty() {
            break;
        }
        let n = random.below(lent.len() + 1);
        out.extend_from_slice(&lent[..n]);
        reader.consume(n);
        assert_eq!(reader.total_out(), out.len() as u64);
    }
    assert!(out == all);
    assert!(reader.fill_buf().unwrap().is_empty());
}

#[test]
fn more_than_there_is_cannot_be_consumed() {
    let mut reader = Lz4StreamReader::new(&b"\x03\0\0\0\x20xy\x02\0\0\0\x10z"[..]);
    reader.consume(100);
    assert_eq!(reader.fill_buf().unwrap(), b"xy");
    reader.consume(usize::MAX);
    assert_eq!(reader.total_out(), 2);
    assert_eq!(reader.fill_buf().unwrap(), b"z");
}

#[test]
fn read_to_end_and_read_to_string_append_whole_pages() {
    let all = text(12, 10_000);
    let stream = compress_all(&CompressOptions::new().page_size(999), &all);
    let mut reader = Lz4StreamReader::new(&stream[..]);
    reader.read_exact(&mut [0; 10]).unwrap();
    let mut out = b"before".to_vec();
    assert_eq!(reader.read_to_end(&mut out).unwrap(), all.len() - 10);
    assert!(out == [b"before", &all[10..]].concat());
    assert_eq!(reader.read_to_end(&mut out).unwrap(), 0);
    assert_eq!(reader.total_out(), all.len() as u64);

    let mut out = "before".to_owned();
    let mut reader = Lz4StreamBufReader::new(&stream[..]);
    assert_eq!(reader.read_to_string(&mut out).unwrap(), all.len());
    assert!(out.as_bytes() == [b"before", &all[..]].concat());

    // Data before an error stays.
    let cut = &stream[..stream.len() - 1];
    let whole = all.len() / 999 * 999;
    let mut out = b"before".to_vec();
    let error = Lz4StreamReader::new(cut).read_to_end(&mut out).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert!(out == [b"before", &all[..whole]].concat());
    let mut out = "before".to_owned();
    let error = Lz4StreamReader::new(cut).read_to_string(&mut out).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert!(out.as_bytes() == [b"before", &all[..whole]].concat());
}

#[test]
fn read_to_string_takes_text_alone() {
    // A two-byte character split across two pages: it is valid only as a whole.
    let stream = b"\x03\0\0\0\x20a\xc3\x03\0\0\0\x20\xa4b";
    let mut out = "before ".to_owned();
    assert_eq!(Lz4StreamReader::new(&stream[..]).read_to_string(&mut out).unwrap(), 4);
    assert_eq!(out, "before a\u{e4}b");

    // Half a character: nothing is appended, and an error of the stream takes precedence.
    for (len, kind) in [(7, ErrorKind::InvalidData), (10, ErrorKind::UnexpectedEof)] {
        let mut out = "before".to_owned();
        let error = Lz4StreamReader::new(&stream[..len])
            .read_to_string(&mut out)
            .unwrap_err();
        assert_eq!((error.kind(), out.as_str()), (kind, "before"));
    }
}

#[test]
fn parts_hold_everything_that_was_not_consumed() {
    let all = text(13, 3000);
    let stream = compress_all(&CompressOptions::new().page_size(700).end_mark(true), &all);
    for n in 0..all.len() {
        let mut reader = DecompressOptions::new().end_mark(true).reader(&stream[..]).unwrap();
        let mut out = vec![0; n];
        reader.read_exact(&mut out).unwrap();
        let (inner, decompressor) = reader.into_parts();
        let mut reader = Lz4StreamBufReader::from_parts(inner, decompressor);
        assert_eq!(reader.total_out(), n as u64);
        reader.read_to_end(&mut out).unwrap();
        assert!(out == all, "{n}");
    }
}

#[test]
fn debug_shows_no_contents() {
    let mut reader = Lz4StreamReader::new(io::Cursor::new(b"\x07\0\0\0\x60secret".to_vec()));
    reader.fill_buf().unwrap();
    let debug = format!("{:?}", reader.decompressor());
    assert!(debug.contains("6 of page") && !debug.contains("115"), "{debug}");
}

#[test]
fn read_to_end_gives_the_same_whatever_room_the_vector_has() {
    let all = [text(14, 300_000), Random::new(14).bytes(200_000), vec![9; 300_000]].concat();
    let dictionary = text(14, 30_000);
    for page_size in [700, 20_000, 65_536, 150_000] {
        let options = CompressOptions::new().page_size(page_size).dictionary(&dictionary);
        let mut compressor = options.compressor().unwrap();
        let stream = compress_pages(&mut compressor, &pages(&all, page_size, Some(5))).concat();
        let options = DecompressOptions::new().dictionary(&dictionary);
        for spare in [
            0,
            100,
            70_000,
            all.len() - 10,
            all.len(),
            all.len() + 1000,
            3 * all.len(),
        ] {
            for before in [0, 10, 100_000] {
                for read in [0, 1, 65_000, 400_000] {
                    let mut reader = options.reader(&stream[..]).unwrap();
                    reader.read_exact(&mut vec![0; read]).unwrap();
                    let mut out = Vec::with_capacity(before + spare);
                    out.resize(before, 3);
                    assert_eq!(reader.read_to_end(&mut out).unwrap(), all.len() - read);
                    assert!(out[..before].iter().all(|&byte| byte == 3));
                    assert!(out[before..] == all[read..]);
                    assert_eq!(reader.total_out(), all.len() as u64);
                    assert!(reader.decompressor().history() == &all[all.len() - 65_536..]);
                }
            }
        }
        // A vector that fits exactly is not reallocated.
        let mut out = Vec::with_capacity(all.len());
        options.buf_reader(&stream[..]).unwrap().read_to_end(&mut out).unwrap();
        assert_eq!(out.capacity(), all.len());
    }
}

#[test]
fn read_to_end_loses_nothing_to_errors_and_panics() {
    struct Breaks<'a> {
        stream: &'a [u8],
        at: usize,
        panics: bool,
    }
    impl Read for Breaks<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if self.at == 0 {
                self.at = usize::MAX;
                if self.panics {
                    panic::resume_unwind(Box::new("without a message"));
                }
                return Err(ErrorKind::WouldBlock.into());
            }
            let most = out.len().min(self.at).min(30_000);
            let n = self.stream.read(&mut out[..most])?;
            self.at -= n;
            Ok(n)
        }
    }
    let all = text(15, 400_000);
    let stream = compress_all(&CompressOptions::new().page_size(10_000), &all);
    for panics in [false, true] {
        for at in (1..stream.len()).step_by(1999) {
            let stream = &stream[..];
            let mut reader = Lz4StreamReader::new(Breaks { stream, at, panics });
            let mut out = Vec::with_capacity(450_000);
            let result = panic::catch_unwind(AssertUnwindSafe(|| reader.read_to_end(&mut out)));
            assert_eq!(result.is_err(), panics);
            assert_eq!(reader.total_out(), out.len() as u64);
            reader.read_to_end(&mut out).unwrap();
            assert!(out == all);
        }
    }
    // A bad block, and a truncated one: the data before stays, and the error repeats.
    for bad in [&b"\x04\0\0\0\x00\0\0\0"[..], b"\xff\xff"] {
        let stream = [&stream[..], bad].concat();
        let mut out = vec![1, 2, 3];
        let mut reader = Lz4StreamBufReader::new(&stream[..]);
        for _ in 0..2 {
            reader.read_to_end(&mut out).unwrap_err();
            assert!(out == [&[1, 2, 3], &all[..]].concat());
        }
    }
}

#[test]
fn read_to_string_keeps_the_text_there_was_when_the_inner_reader_panics() {
    struct Panics;
    impl Read for Panics {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic::resume_unwind(Box::new("without a message"));
        }
    }
    let mut text = "precious".to_owned();
    let result = panic::catch_unwind(AssertUnwindSafe(|| {
        Lz4StreamReader::new(Panics).read_to_string(&mut text)
    }));
    assert!(result.is_err());
    assert_eq!(text, "precious");
}
