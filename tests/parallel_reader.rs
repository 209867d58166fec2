//! The parallel reader beside the serial one.

mod common;

use std::collections::VecDeque;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::sync::Arc;

use common::hostile::{ScriptedReader, Step, script};
use common::{Data, Random, Settings, text};
use lz4_stream::{
    BlockSizes, CompressOptions, DecompressOptions, Error, Framing, Head, Index, Lz4StreamParallelReader, PrefixWidth,
};
use quickcheck::quickcheck;

const SHORT: u64 = 64 * 1024;

fn compress(content: &[u8]) -> Vec<u8> {
    lz4_stream::compress(content, &CompressOptions::new().page_size(5000)).unwrap()
}

fn index(stream: &[u8]) -> Arc<Index> {
    Arc::new(Index::build(stream, &DecompressOptions::new(), SHORT).unwrap())
}

/// The content before the end or the error, and the error.
fn read(mut reader: impl Read) -> (Vec<u8>, Option<io::Error>) {
    let mut content = Vec::new();
    let error = reader.read_to_end(&mut content).err();
    if let Some(error) = &error {
        let again = reader.read(&mut [0; 4]).unwrap_err();
        assert_eq!(Error::from_io(error), Error::from_io(&again));
    }
    (content, error)
}

quickcheck! {
    fn it_reads_what_was_written(settings: Settings, data: Data, threads: u8, seed: u64) -> bool {
        let threads = usize::from(threads % 5);
        let mut writer = settings.compress.writer(Vec::new()).unwrap();
        writer.write_all(&data.0).unwrap();
        writer.try_finish().unwrap();
        let sizes: Vec<usize> = writer.drain_block_sizes().collect();
        let stream = writer.finish().unwrap();
        let options = &settings.decompress;
        let input = [&stream[..], b"after"].concat();
        let steps: Vec<Step> = script(seed, 200)
            .into_iter()
            .map(|step| match step {
                Step::Fails(_) => Step::Fails(ErrorKind::Interrupted),
                Step::Bytes(n) => Step::Bytes(n * 50),
            })
            .collect();
        let mut inner = ScriptedReader::new(&input, steps);
        let mut content = Vec::new();
        if settings.width == PrefixWidth::OutOfBand {
            let framing = BlockSizes::new(sizes.clone());
            let index = Index::build_with_framing(&stream[..], framing, options, SHORT).unwrap();
            let framing_at = move |point: &lz4_stream::IndexPoint| BlockSizes::new(sizes[point.block() as usize..].to_vec());
            let mut reader =
                Lz4StreamParallelReader::with_framing(&mut inner, options, index, threads, framing_at).unwrap();
            reader.read_to_end(&mut content).unwrap();
        } else {
            let index = Index::build(&stream[..], options, SHORT).unwrap();
            let mut reader = options.parallel_reader(&mut inner, index, threads).unwrap();
            reader.read_to_end(&mut content).unwrap();
        }
        content == data.0 && inner.data == b"after"
    }
}

#[test]
fn errors_of_the_inner_reader_come_after_the_data_before_them() {
    let content = text(3, 700_000);
    let stream = compress(&content);
    let index = index(&stream);
    for seed in 0..30 {
        let mut random = Random::new(seed);
        // Long reads between errors, so that several intervals are ahead.
        let steps: VecDeque<Step> = (0..20)
            .map(|_| match random.below(3) {
                0 => Step::Fails(ErrorKind::WouldBlock),
                _ => Step::Bytes(random.below(60_000) + 1),
            })
            .collect();
        let planned = steps.iter().filter(|step| matches!(step, Step::Fails(_))).count();
        let inner = ScriptedReader::new(&stream, steps);
        let mut reader = DecompressOptions::new()
            .parallel_reader(inner, Arc::clone(&index), 2)
            .unwrap();
        let mut out = Vec::new();
        let mut failed = 0;
        loop {
            let before = reader.get_ref().data.len();
            match reader.fill_buf() {
                Ok([]) => break,
                Ok(lent) => {
                    out.extend_from_slice(lent);
                    let n = lent.len();
                    reader.consume(n);
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    failed += 1;
                    // All whole intervals before it were returned.
                    let read = (stream.len() - before) as u64;
                    let point = index.points().iter().rfind(|point| point.stream() <= read).unwrap();
                    assert!(out.len() as u64 >= point.content() || before != reader.get_ref().data.len());
                }
            }
        }
        assert!(out == content);
        assert!(failed > 0 && failed <= planned);
    }
}

#[test]
fn a_bad_block_is_the_error_of_the_serial_reader() {
    let content = text(3, 400_000);
    let stream = compress(&content);
    let index = index(&stream);
    let mut at = 0;
    let mut number = 0;
    let mut same = 0;
    while at < stream.len() {
        let len = u32::from_le_bytes(stream[at..][..4].try_into().unwrap()) as usize;
        for (from, to) in [(at, at + 4), (at + 4, at + 4 + len.min(8))] {
            // A head of zero; a match offset of zero, or a sequence without an end.
            for fill in [0, 0xFF] {
                let mut broken = stream.clone();
                broken[from..to].fill(fill);
                let (serial, error) = read(DecompressOptions::new().reader(&broken[..]).unwrap());
                let options = DecompressOptions::new();
                let (parallel, found) = read(options.parallel_reader(&broken[..], Arc::clone(&index), 2).unwrap());
                let Some(error) = error else { continue };
                let Some(
                    Error::EmptyBlock { block, .. }
                    | Error::BlockTooLarge { block, .. }
                    | Error::TruncatedBlock { block, .. }
                    | Error::MatchOffset { block, .. },
                ) = Error::from_io(&error)
                else {
                    panic!("{error}");
                };
                if *block != number {
                    // The bytes remained a block. It decodes to others, to which later ones refer.
                    continue;
                }
                let found = found.unwrap();
                assert!(parallel == serial, "block {number}");
                if let Some(Error::MatchOffset { block, .. }) = Error::from_io(&found) {
                    // Less history is allowed after a point than was before it.
                    assert_eq!(*block, number);
                    same += 1;
                    continue;
                }
                if Error::from_io(&error) == Error::from_io(&found) {
                    same += 1;
                } else {
                    // At the point itself.
                    assert!(index.points().iter().any(|point| point.block() == number));
                    assert!(matches!(Error::from_io(&found), Some(Error::IndexMismatch { .. })));
                }
            }
        }
        at += 4 + len;
        number += 1;
    }
    assert!(same > 200);
}

#[test]
fn a_stream_cut_off_is_an_error_where_it_ends() {
    let content = text(3, 300_000);
    let options = CompressOptions::new().page_size(5000).end_mark(true);
    let stream = lz4_stream::compress(&content, &options).unwrap();
    let options = DecompressOptions::new().end_mark(true);
    let index = Arc::new(Index::build(&stream[..], &options, SHORT).unwrap());
    let mut random = Random::new(5);
    for end in (0..300)
        .map(|_| random.below(stream.len()))
        .chain([0, stream.len() - 4])
    {
        let cut = &stream[..end];
        let (serial, error) = read(options.reader(cut).unwrap());
        let (parallel, found) = read(options.parallel_reader(cut, Arc::clone(&index), 2).unwrap());
        assert_eq!(Error::from_io(&found.unwrap()), Error::from_io(&error.unwrap()));
        // Up to 64 bytes after a point are not enough to check it.
        assert!(parallel == serial || (serial.starts_with(&parallel) && serial.len() - parallel.len() <= 64 * 255));
    }
    // Without an end mark, the index knows.
    let stream = compress(&content);
    let index = self::index(&stream);
    let cut = &stream[..index.points()[2].stream() as usize];
    let (parallel, found) = read(Lz4StreamParallelReader::new(cut, index.clone()).unwrap());
    assert!(parallel == content[..index.points()[2].content() as usize]);
    assert!(matches!(
        Error::from_io(&found.unwrap()),
        Some(Error::IndexMismatch { .. })
    ));
}

#[test]
fn another_stream_is_an_error() {
    let index = index(&compress(&text(1, 400_000)));
    let stream = compress(&text(2, 400_000));
    let (content, error) = read(Lz4StreamParallelReader::new(&stream[..], index.clone()).unwrap());
    assert!(content.is_empty());
    assert!(matches!(
        Error::from_io(&error.unwrap()),
        Some(Error::IndexMismatch { offset: 0, .. })
    ));
    let options = DecompressOptions::new().dictionary(b"another");
    assert!(options.parallel_reader(&stream[..], index, 2).is_err());
}

/// A framing that panics at one block.
struct Panicking(u64);

impl Framing for Panicking {
    const MAX_HEAD_LEN: usize = 4;

    fn max_block_len(&self) -> usize {
        u32::MAX as usize
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        let Some(head) = bytes.first_chunk() else {
            return Ok(Head::Incomplete { needed: 4 });
        };
        assert!(self.0 != 40, "a block that this framing does not like");
        self.0 += 1;
        Ok(Head::Block {
            head_len: 4,
            block_len: u32::from_le_bytes(*head) as usize,
        })
    }

    fn write_head(&mut self, _: &[u8], _: &[u8], _: &mut [u8]) -> usize {
        unreachable!("it only reads")
    }
}

#[test]
fn a_panic_of_a_worker_is_an_error() {
    let content = text(3, 700_000);
    let stream = compress(&content);
    let index = index(&stream);
    for threads in 1..4 {
        let options = DecompressOptions::new();
        let reader = Lz4StreamParallelReader::with_framing(&stream[..], &options, index.clone(), threads, |point| {
            Panicking(point.block())
        });
        let (before, error) = read(reader.unwrap());
        assert_eq!(Error::from_io(&error.unwrap()), Some(&Error::WorkerPanicked));
        let interval = index.points().iter().rfind(|point| point.block() <= 40).unwrap();
        assert!(before == content[..interval.content() as usize]);
    }
}

#[test]
fn short_streams() {
    for content in [&b""[..], b"hello"] {
        for end_mark in [false, true] {
            let stream = lz4_stream::compress(content, &CompressOptions::new().end_mark(end_mark)).unwrap();
            let options = DecompressOptions::new().end_mark(end_mark);
            let index = Index::build(&stream[..], &options, SHORT).unwrap();
            let mut reader = options.parallel_reader(&stream[..], index, 3).unwrap();
            assert_eq!(reader.read(&mut []).unwrap(), 0);
            let mut out = Vec::new();
            reader.read_to_end(&mut out).unwrap();
            assert_eq!(out, content);
            assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0);
            assert!(reader.into_inner().is_empty());
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let content = text(3, 500_000);
    let mut stream = compress(&content);
    let index = index(&stream);
    let read_with = |stream: &[u8], threads| {
        let (content, error) = read(
            DecompressOptions::new()
                .parallel_reader(stream, Arc::clone(&index), threads)
                .unwrap(),
        );
        (content, error.map(|error| Error::from_io(&error).cloned()))
    };
    let mut random = Random::new(4);
    for _ in 0..200 {
        let at = random.below(stream.len());
        let old = stream[at];
        stream[at] = random.next() as u8;
        let one = read_with(&stream, 1);
        let serial = read(DecompressOptions::new().reader(&stream[..]).unwrap());
        for threads in [2, 3] {
            let several = read_with(&stream, threads);
            // History that no match of the right stream needs is not there for the wrong one.
            let is_short_of_history = matches!(several.1, Some(Some(Error::MatchOffset { .. })))
                || (one.0 != serial.0 || several.0 != serial.0);
            assert!(several == one || is_short_of_history);
        }
        stream[at] = old;
    }
    assert!(read_with(&stream, 1) == (content, None));
}

#[test]
fn readers_are_dropped_at_any_time() {
    let stream = compress(&text(3, 700_000));
    let index = index(&stream);
    for threads in 1..4 {
        for intervals in 0..6 {
            let mut reader = DecompressOptions::new()
                .parallel_reader(&stream[..], Arc::clone(&index), threads)
                .unwrap();
            for _ in 0..intervals {
                let n = reader.fill_buf().unwrap().len();
                reader.consume(n);
            }
            let rest = reader.into_inner();
            assert!(stream.ends_with(rest));
        }
    }
}

#[test]
fn a_panic_of_the_inner_reader_leaves_no_wrong_bytes() {
    struct Panicking<'a>(&'a [u8], u32);
    impl Read for Panicking<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            assert!(self.1 % 4 != 2, "planned");
            let most = out.len().min(20_000);
            self.0.read(&mut out[..most])
        }
    }
    let content = text(3, 400_000);
    let stream = compress(&content);
    for threads in [1, 2] {
        let inner = Panicking(&stream, 0);
        let mut reader = DecompressOptions::new()
            .parallel_reader(inner, index(&stream), threads)
            .unwrap();
        let (mut out, mut panics) = (Vec::new(), 0);
        loop {
            let next = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| reader.fill_buf().unwrap().to_vec()));
            match next {
                Ok(lent) if lent.is_empty() => break,
                Ok(lent) => {
                    reader.consume(lent.len());
                    out.extend_from_slice(&lent);
                }
                Err(_) => panics += 1,
            }
        }
        assert!(out == content && panics > 1);
    }
}

#[test]
fn pages_longer_than_the_interval_and_limits() {
    let content = text(3, 3_000_000);
    let options = DecompressOptions::new().max_page_size(1 << 20);
    let stream = lz4_stream::compress(&content, &CompressOptions::new().page_size(1 << 20)).unwrap();
    let index = Arc::new(Index::build(&stream[..], &options, SHORT).unwrap());
    for threads in [1, 2] {
        let (all, error) = read(
            options
                .parallel_reader(&stream[..], Arc::clone(&index), threads)
                .unwrap(),
        );
        assert!(all == content && error.is_none());
        let less = options.clone().max_page_size((1 << 20) - 1);
        let (none, error) = read(less.parallel_reader(&stream[..], Arc::clone(&index), threads).unwrap());
        let (_, serial) = read(less.reader(&stream[..]).unwrap());
        assert!(none.is_empty());
        assert_eq!(Error::from_io(&error.unwrap()), Error::from_io(&serial.unwrap()));
    }
}

#[test]
fn streams_of_empty_pages() {
    let stream = b"\x01\0\0\0\0".repeat(200_000);
    let index = index(&stream);
    assert!(index.points().len() > 5);
    for threads in [1, 2] {
        let reader = DecompressOptions::new().parallel_reader(&stream[..], Arc::clone(&index), threads);
        let (content, error) = read(reader.unwrap());
        assert!(content.is_empty() && error.is_none());
    }
}

#[test]
fn a_reader_can_be_sent_and_shared() {
    fn check<T: Send + Sync>() {}
    check::<Lz4StreamParallelReader<std::fs::File>>();
    check::<lz4_stream::Lz4StreamSeekReader<std::fs::File>>();
    check::<lz4_stream::Lz4StreamReaderAt<std::fs::File>>();
}
