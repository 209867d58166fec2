//! The writer and the reader from beginning to end: flush, finish, drop, poisoning, reset, what is counted.

mod common;

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};

use common::hostile::FailingWriter;
use common::{Random, compress_all, text};
use lz4_stream::{
    CompressOptions, DecompressOptions, Error, Lz4StreamCompressor, Lz4StreamDecompressor, Lz4StreamReader,
    Lz4StreamWriter, PrefixWidth,
};

/// A writer whose bytes can be looked at while, and after, somebody else owns it.
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

fn decompress(stream: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Lz4StreamReader::new(stream).read_to_end(&mut out).unwrap();
    out
}

fn assert_kind(error: io::Error, expected: Error) {
    assert_eq!(Error::from_io(&error), Some(&expected));
}

#[test]
fn every_block_goes_out_in_one_write_when_its_page_is_full_or_flushed() {
    let log = Shared::default();
    let mut writer = CompressOptions::new().page_size(100).writer(log.clone()).unwrap();
    let all = Random::new(1).bytes(250);
    writer.write_all(&all[..99]).unwrap();
    assert_eq!(log.counts(), (0, 0));
    writer.write_all(&all[99..100]).unwrap();
    assert_eq!(log.counts(), (1, 0), "a full page goes out at once");
    writer.write_all(&all[100..]).unwrap();
    assert_eq!(log.counts(), (2, 0));
    writer.flush().unwrap();
    assert_eq!(log.counts(), (3, 1));
    assert_eq!(decompress(&log.bytes()), all, "after a flush everything can be read");
    writer.flush().unwrap();
    assert_eq!(log.counts(), (3, 2), "a flush without bytes makes no block");
    assert_eq!(writer.blocks(), 3);
    assert_eq!(writer.total_in(), 250);
    assert_eq!(writer.total_out(), log.bytes().len() as u64);
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
    ] {
        assert_kind(error, Error::Finished);
    }
    drop(writer.finish().unwrap());
    assert_eq!(log.bytes(), bytes, "nothing was written after the end");
    assert_eq!(log.counts(), (2, 4));
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

    let log = Shared::default();
    let mut writer = Lz4StreamWriter::new(log.clone());
    writer.write_all(b"hello").unwrap();
    let (_, page) = writer.into_parts();
    assert_eq!(
        (&page[..], log.bytes()),
        (&b"hello"[..], vec![]),
        "into_parts sends nothing"
    );
}

#[test]
fn a_failed_write_poisons_whatever_the_position_and_kind() {
    let all = text(5, 3000);
    let options = CompressOptions::new().page_size(500).end_mark(true);
    let whole = compress_all(&options, &all);
    for kind in [ErrorKind::WriteZero, ErrorKind::WouldBlock, ErrorKind::BrokenPipe] {
        for room in 0..whole.len() {
            let mut inner = FailingWriter::new(room, 7, kind);
            let mut writer = options.writer(&mut inner).unwrap();
            let error = writer.write_all(&all).and_then(|()| writer.try_finish()).unwrap_err();
            assert_eq!(error.kind(), kind);
            let (block, offset) = (writer.blocks(), writer.total_out());
            for error in [
                writer.write(b"more").unwrap_err(),
                writer.write(b"").unwrap_err(),
                writer.flush().unwrap_err(),
                writer.try_finish().unwrap_err(),
            ] {
                assert_kind(error, Error::Poisoned { block, offset });
            }
            let (error, writer) = writer.into_inner().unwrap_err().into_parts();
            assert_kind(error, Error::Poisoned { block, offset });
            // What is out whole, and the page that may not be: together all that was taken.
            let total_in = writer.total_in() as usize;
            let (inner, page) = writer.into_parts();
            assert_eq!(
                inner.taken,
                whole[..room],
                "nothing is written twice, nothing after the error"
            );
            let mut sent = Vec::new();
            let sent_whole = &inner.taken[..offset as usize];
            Lz4StreamReader::new(sent_whole).read_to_end(&mut sent).unwrap();
            sent.extend(page);
            assert!(sent == all[..total_in]);
        }
        // And a drop after a failure writes nothing either.
        let mut inner = FailingWriter::new(10, 7, kind);
        let mut writer = options.writer(&mut inner).unwrap();
        writer.write_all(&all).unwrap_err();
        drop(writer);
        assert_eq!(inner.taken, whole[..10]);
    }
}

#[test]
fn a_panic_in_the_inner_writer_poisons() {
    struct Panics(usize);
    impl Write for Panics {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            assert!(self.0 > 1, "the first time");
            Ok(1)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writer = Lz4StreamWriter::new(Panics(0));
    writer.write_all(b"hello").unwrap();
    assert!(panic::catch_unwind(AssertUnwindSafe(|| writer.flush())).is_err());
    assert_kind(writer.flush().unwrap_err(), Error::Poisoned { block: 0, offset: 0 });
    assert_eq!(writer.get_ref().0, 1);
}

#[test]
fn a_failed_flush_of_the_inner_writer_can_be_tried_again() {
    struct FlushFails(Vec<u8>, usize);
    impl Write for FlushFails {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.1 += 1;
            if self.1 % 2 == 1 {
                Err(ErrorKind::WouldBlock.into())
            } else {
                Ok(())
            }
        }
    }
    let mut writer = CompressOptions::new()
        .end_mark(true)
        .writer(FlushFails(Vec::new(), 0))
        .unwrap();
    writer.write_all(b"hello").unwrap();
    assert_eq!(writer.flush().unwrap_err().kind(), ErrorKind::WouldBlock);
    writer.flush().unwrap();
    assert_eq!(writer.try_finish().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(writer.finish().unwrap().0, b"\x06\0\0\0\x50hello\0\0\0\0");
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
fn out_of_band_sizes_are_reported_and_taken() {
    let all = text(9, 10_000);
    let options = CompressOptions::new()
        .prefix_width(PrefixWidth::OutOfBand)
        .page_size(700);
    let mut writer = options.writer(Vec::new()).unwrap();
    writer.write_all(&all[..5000]).unwrap();
    let mut sizes: Vec<usize> = writer.drain_block_sizes().collect();
    assert_eq!(sizes.len(), 7);
    writer.write_all(&all[5000..]).unwrap();
    writer.try_finish().unwrap();
    sizes.extend(writer.drain_block_sizes());
    assert_eq!(writer.drain_block_sizes().count(), 0);
    assert_eq!(sizes.iter().sum::<usize>() as u64, writer.total_out());
    let stream = writer.into_inner().unwrap();
    assert_eq!(stream.len(), sizes.iter().sum::<usize>());

    let options = DecompressOptions::new().prefix_width(PrefixWidth::OutOfBand);
    let mut out = Vec::new();
    let behind = [&stream[..], b"behind"].concat();
    let mut reader = options.reader_with_sizes(&behind[..], sizes.iter().copied()).unwrap();
    reader.read_to_end(&mut out).unwrap();
    assert!(out == all);
    assert_eq!(reader.into_inner(), b"behind", "the sizes end the stream");

    // They outlive a reset, which makes the last of them; and one of a block that failed is not among them.
    let options_out = CompressOptions::new()
        .prefix_width(PrefixWidth::OutOfBand)
        .page_size(700);
    let mut writer = options_out.writer(Vec::new()).unwrap();
    writer.write_all(b"hello").unwrap();
    let first = writer.reset(Vec::new()).unwrap();
    writer.write_all(b"second").unwrap();
    let second = writer.reset(Vec::new()).unwrap();
    assert_eq!(
        writer.drain_block_sizes().collect::<Vec<_>>(),
        [first.len(), second.len()]
    );
    let mut writer = options_out
        .writer(FailingWriter::new(300, 1000, ErrorKind::BrokenPipe))
        .unwrap();
    writer.write_all(&Random::new(1).bytes(2000)).unwrap_err();
    assert_eq!(writer.drain_block_sizes().sum::<usize>() as u64, writer.total_out());

    // The end of the sizes is the end, whatever the iterator would say after it.
    let mut asked = 0;
    let fickle = std::iter::from_fn(|| {
        asked += 1;
        (asked != 2).then_some(first.len())
    });
    let thrice = first.repeat(3);
    let mut reader = options.reader_with_sizes(&thrice[..], fickle).unwrap();
    let mut out = Vec::new();
    reader.read_to_end(&mut out).unwrap();
    assert_eq!((reader.read(&mut [0; 5]).unwrap(), &out[..]), (0, &b"hello"[..]));

    let mut reader = options.reader_with_sizes(&first[..], vec![first.len()]).unwrap();
    reader.read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(reader.reset_with_sizes(&second[..], vec![second.len()]), b"");
    let mut out = Vec::new();
    reader.read_to_end(&mut out).unwrap();
    assert_eq!(out, b"second");

    // With prefixes the sizes are in the stream.
    let mut writer = Lz4StreamWriter::new(Vec::new());
    writer.write_all(b"x").unwrap();
    writer.flush().unwrap();
    assert_eq!(writer.drain_block_sizes().count(), 0);

    // Sizes that are not those of the stream.
    for (sizes, expected) in [
        (
            vec![sizes[0], 0],
            Error::EmptyBlock {
                block: 1,
                offset: sizes[0] as u64,
            },
        ),
        (
            vec![usize::MAX],
            Error::BlockTooLarge {
                block: 0,
                offset: 0,
                found: usize::MAX,
                allowed: lz4_stream::compress_bound(4 << 20),
            },
        ),
        (
            vec![stream.len() + 1],
            Error::UnexpectedEnd {
                block: 0,
                offset: 0,
                found: stream.len(),
                needed: stream.len() + 1,
            },
        ),
    ] {
        let mut reader = options.reader_with_sizes(&stream[..], sizes).unwrap();
        for _ in 0..2 {
            assert_kind(reader.read_to_end(&mut Vec::new()).unwrap_err(), expected.clone());
        }
    }
    let width = PrefixWidth::OutOfBand;
    assert_eq!(options.reader(&b""[..]).unwrap_err(), Error::OutOfBandSizes { width });
    let error = DecompressOptions::new().reader_with_sizes(&b""[..], []).unwrap_err();
    assert_eq!(
        error,
        Error::OutOfBandSizes {
            width: PrefixWidth::Four
        }
    );
    let error = options.end_mark(true).decompressor().unwrap_err();
    assert_eq!(error, Error::EndMarkWithoutPrefix);
    let error = CompressOptions::new()
        .prefix_width(width)
        .end_mark(true)
        .compressor()
        .unwrap_err();
    assert_eq!(error, Error::EndMarkWithoutPrefix);
}

#[test]
fn the_reader_consumes_exactly_its_stream() {
    let all = text(10, 5000);
    let stream = compress_all(&CompressOptions::new().page_size(1000).end_mark(true), &all);
    let followed = [&stream[..], b"behind the end mark"].concat();

    let mut reader = DecompressOptions::new().end_mark(true).reader(&followed[..]).unwrap();
    let mut out = Vec::new();
    reader.read_to_end(&mut out).unwrap();
    assert!(out == all);
    assert_eq!(reader.read(&mut [0; 9]).unwrap(), 0);
    assert_eq!(
        (reader.total_in(), reader.total_out(), reader.blocks()),
        (stream.len() as u64, 5000, 5)
    );
    assert_eq!(reader.into_inner(), b"behind the end mark");

    // In the middle: after any number of decoded bytes the inner reader stands at a block's border.
    let borders: Vec<usize> = {
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
        let border = borders[n.div_ceil(1000) - 1];
        assert_eq!(reader.into_inner().len(), stream.len() - border, "after {n} bytes");
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
                fresh.compress(page, &mut fresh_out).unwrap();
                reused.compress(page, &mut reused_out).unwrap();
            }
            assert!(fresh_out == reused_out, "stream {seed}");
            reused.reset();

            writer.write_all(&all).unwrap();
            assert_eq!(writer.total_in(), all.len() as u64);
            let stream = writer.reset(Vec::new()).unwrap();
            assert!(stream == fresh_out);
            assert_eq!((writer.total_in(), writer.total_out(), writer.blocks()), (0, 0, 0));

            let mut out = Vec::new();
            let mut rest = &stream[..];
            while let Ok(lz4_stream::BlockSplit::Block { block, rest: behind }) = decompressor.get_block(rest) {
                out.extend_from_slice(decompressor.decompress(block).unwrap());
                rest = behind;
            }
            assert!(out == all);
            decompressor.reset();

            // Half of them are not read to their end before the next.
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
    options.compressor().unwrap().compress(&dictionary, &mut fresh).unwrap();
    assert!(fresh.len() < 30, "the dictionary is found");
    let mut compressor = options.compressor().unwrap();
    compressor.compress(&Random::new(5).bytes(70), &mut Vec::new()).unwrap();
    compressor.reset();
    compressor.compress(&dictionary, &mut reused).unwrap();
    assert_eq!(fresh, reused);

    let mut decompressor = DecompressOptions::new().dictionary(&dictionary).decompressor().unwrap();
    for _ in 0..3 {
        assert_eq!(decompressor.decompress(&fresh[4..]), Ok(&dictionary[..]));
        decompressor.reset();
        // One byte further back than the dictionary reaches.
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
    assert_eq!(writer.into_parts().1, b"second");

    let stream = b"\x02\0\0\0\x10x";
    for cut in 0..stream.len() {
        let mut reader = Lz4StreamReader::new(&stream[..cut]);
        let _ = reader.read(&mut [0; 5]);
        reader.reset(&stream[..]);
        assert_eq!((reader.total_in(), reader.total_out(), reader.blocks()), (0, 0, 0));
        let mut out = Vec::new();
        reader.read_to_end(&mut out).unwrap();
        assert_eq!(out, b"x", "cut at {cut}");
        reader.reset(&stream[..]);
        assert_eq!((reader.total_in(), reader.total_out(), reader.blocks()), (0, 0, 0));
    }
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
fn reset_forgets_an_error() {
    let mut reader = Lz4StreamReader::new(&b"\0\0\0\0"[..]);
    reader.read(&mut [0; 1]).unwrap_err();
    reader.reset(&b"\x02\0\0\0\x10x"[..]);
    assert_eq!(reader.fill_buf().unwrap(), b"x");
}

#[test]
fn debug_names_the_state_and_no_contents() {
    let mut writer = Lz4StreamWriter::new(Vec::new());
    writer.write_all(b"secret secret secret").unwrap();
    let debug = format!("{writer:?} {:?}", Lz4StreamReader::new(&b""[..]));
    assert!(debug.contains("page: 20") && debug.contains("Open"), "{debug}");
    assert!(!debug.contains("115, 101, 99"), "{debug}");
    let debug = format!("{:?}", CompressOptions::new().dictionary([b's'; 3]));
    assert!(debug.contains("3 bytes") && !debug.contains("115"), "{debug}");
}

#[test]
fn everything_is_send_and_sync_and_the_codecs_clone() {
    fn send_and_sync<T: Send + Sync>() {}
    send_and_sync::<Lz4StreamCompressor>();
    send_and_sync::<Lz4StreamDecompressor>();
    send_and_sync::<Lz4StreamWriter<Vec<u8>>>();
    send_and_sync::<Lz4StreamReader<&[u8]>>();
    send_and_sync::<Lz4StreamReader<&[u8], std::vec::IntoIter<usize>>>();
    send_and_sync::<CompressOptions>();
    send_and_sync::<DecompressOptions>();
    send_and_sync::<Error>();

    // A clone goes on where the original was, and each on its own.
    let all = text(12, 4000);
    let mut first = Lz4StreamCompressor::new();
    let mut stream = Vec::new();
    first.compress(&all[..2000], &mut stream).unwrap();
    let mut second = first.clone();
    let (mut a, mut b) = (Vec::new(), Vec::new());
    first.compress(&all[2000..], &mut a).unwrap();
    second.compress(&all[2000..], &mut b).unwrap();
    assert_eq!(a, b);
    let mut decompressor = Lz4StreamDecompressor::new();
    decompressor.decompress(&stream[4..]).unwrap();
    let mut twin = decompressor.clone();
    assert_eq!(decompressor.decompress(&a[4..]), Ok(&all[2000..]));
    assert_eq!(twin.decompress(&b[4..]), Ok(&all[2000..]));
}

#[test]
fn errors_read_as_sentences_with_their_numbers() {
    for (error, text) in [
        (
            Error::PrefixWidth { found: 3 },
            "a prefix of 3 bytes: it can be 0, 1, 2 or 4 bytes",
        ),
        (
            Error::PageTooLarge { found: 9, allowed: 5 },
            "a page of 9 bytes: the page size is 5 bytes",
        ),
        (
            Error::MatchOffset {
                block: 7,
                offset: 99,
                found: 300,
                allowed: 20,
            },
            "block 7 at offset 99: a match goes 300 bytes back, there are 20",
        ),
        (
            Error::UnexpectedEnd {
                block: 7,
                offset: 99,
                found: 3,
                needed: 20,
            },
            "block 7 at offset 99: the input ends after 3 of 20 bytes",
        ),
    ] {
        assert_eq!(error.to_string(), text);
        assert_eq!(io::Error::from(error).to_string(), text);
    }
    let error = CompressOptions::new()
        .page_size(240)
        .prefix_width(PrefixWidth::One)
        .compressor()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "a page size of 240 bytes: it can be 1 to 239 with a prefix of 1 bytes"
    );
    assert_eq!(io::Error::from(error).kind(), ErrorKind::InvalidInput);
    for found in [0, lz4_stream::LZ4_MAX_INPUT_SIZE + 1] {
        let error = DecompressOptions::new()
            .max_page_size(found)
            .decompressor()
            .unwrap_err();
        assert_eq!(
            error,
            Error::MaxPageSize {
                found,
                allowed: lz4_stream::LZ4_MAX_INPUT_SIZE
            }
        );
    }
    for (kind, errors) in [
        (
            ErrorKind::InvalidInput,
            vec![
                Error::PrefixWidth { found: 3 },
                Error::MaxPageSize { found: 0, allowed: 1 },
                Error::EndMarkWithoutPrefix,
                Error::OutOfBandSizes {
                    width: PrefixWidth::One,
                },
                Error::PageTooLarge { found: 2, allowed: 1 },
            ],
        ),
        (
            ErrorKind::InvalidData,
            vec![
                Error::BlockTooLarge {
                    block: 0,
                    offset: 0,
                    found: 2,
                    allowed: 1,
                },
                Error::PageOverLimit {
                    block: 0,
                    offset: 0,
                    allowed: 1,
                },
                Error::EmptyBlock { block: 0, offset: 0 },
                Error::TruncatedBlock {
                    block: 0,
                    offset: 0,
                    found: 1,
                },
                Error::MatchOffset {
                    block: 0,
                    offset: 0,
                    found: 0,
                    allowed: 1,
                },
            ],
        ),
        (
            ErrorKind::UnexpectedEof,
            vec![
                Error::UnexpectedEnd {
                    block: 0,
                    offset: 0,
                    found: 1,
                    needed: 2,
                },
                Error::MissingEndMark { block: 0, offset: 0 },
            ],
        ),
        (
            ErrorKind::Other,
            vec![Error::Finished, Error::Poisoned { block: 0, offset: 0 }],
        ),
    ] {
        for error in errors {
            assert_eq!(io::Error::from(error.clone()).kind(), kind, "{error}");
        }
    }
    let error = Lz4StreamCompressor::new()
        .compress(&[0; 65_537], &mut Vec::new())
        .unwrap_err();
    assert_eq!(
        error,
        Error::PageTooLarge {
            found: 65_537,
            allowed: 65_536
        }
    );
}
