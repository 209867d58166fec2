//! Reading at any place: positions, content, errors and cost.

mod common;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead, Cursor, ErrorKind, Read, Seek, SeekFrom};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use common::hostile::{Step, script};
use common::{Data, Random, Settings, Varint, text};
use lz4_stream::{
    BlockSizes, BlockSplit, CompressOptions, DecompressOptions, Error, Index, Lz4StreamCompressor, Lz4StreamReaderAt,
    Lz4StreamSeekReader, PrefixWidth, ReadAt,
};
use quickcheck::quickcheck;

const SHORT: u64 = 64 * 1024;

fn index(stream: &[u8]) -> Index {
    Index::build(stream, &DecompressOptions::new(), SHORT).unwrap()
}

fn compress(content: &[u8]) -> Vec<u8> {
    lz4_stream::compress(content, &CompressOptions::new().page_size(5000)).unwrap()
}

/// A position anywhere, often near the end, sometimes after it.
fn target(random: &mut Random, len: usize) -> (SeekFrom, u64) {
    let at = match random.below(8) {
        0 => len - random.below(20).min(len),
        1 => len + random.below(1000),
        _ => random.below(len),
    };
    match random.below(2) {
        0 => (SeekFrom::Start(at as u64), at as u64),
        _ => (SeekFrom::End(at as i64 - len as i64), at as u64),
    }
}

/// Reads and seeks at random, beside a plain copy of the content.
fn walk<R: Read + Seek, F: lz4_stream::Framing>(mut reader: Lz4StreamSeekReader<R, F>, content: &[u8], seed: u64) {
    let mut random = Random::new(seed);
    let mut plain = Cursor::new(content);
    assert_eq!(reader.content_len(), content.len() as u64);
    for _ in 0..30 {
        match random.below(5) {
            0 => {
                let by = random.below(20_000) as i64 - 10_000;
                let (ours, theirs) = (reader.seek(SeekFrom::Current(by)), plain.seek(SeekFrom::Current(by)));
                assert_eq!(ours.map_err(|error| error.kind()), theirs.map_err(|error| error.kind()));
            }
            1 => {
                let lent = reader.fill_buf().unwrap();
                let n = random.below(lent.len() + 1);
                assert!(plain.fill_buf().unwrap().starts_with(lent));
                assert_eq!(lent.is_empty(), plain.fill_buf().unwrap().is_empty());
                reader.consume(n);
                plain.consume(n);
            }
            2 => {
                let len = random.below(5000);
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                (&mut reader).take(len as u64).read_to_end(&mut ours).unwrap();
                (&mut plain).take(len as u64).read_to_end(&mut theirs).unwrap();
                assert!(ours == theirs);
            }
            _ => {
                let (to, at) = target(&mut random, content.len());
                assert_eq!(reader.seek(to).unwrap(), at);
                assert_eq!(plain.seek(to).unwrap(), at);
            }
        }
        assert_eq!(reader.stream_position().unwrap(), plain.position());
    }
}

quickcheck! {
    fn a_seeking_reader_is_a_cursor_over_the_content(settings: Settings, data: Data, seed: u64) -> bool {
        let mut writer = settings.compress.writer(Vec::new()).unwrap();
        io::Write::write_all(&mut writer, &data.0).unwrap();
        writer.try_finish().unwrap();
        let sizes: Vec<usize> = writer.drain_block_sizes().collect();
        let stream = writer.finish().unwrap();
        // Bytes before the stream and after it.
        let mut file = Cursor::new([&b"before"[..], &stream, b"after"].concat());
        file.set_position(6);
        let options = &settings.decompress;
        if settings.width == PrefixWidth::OutOfBand {
            let framing = BlockSizes::new(sizes.clone());
            let index = Index::build_with_framing(&stream[..], framing, options, SHORT).unwrap();
            assert!(options.seek_reader(Cursor::new(&stream[..]), index.clone()).is_err());
            let reader = Lz4StreamSeekReader::with_framing(file, options, index, move |point| {
                BlockSizes::new(sizes[point.block() as usize..].to_vec())
            });
            walk(reader.unwrap(), &data.0, seed);
        } else {
            let index = Index::build(&stream[..], options, SHORT).unwrap();
            walk(options.seek_reader(file, index).unwrap(), &data.0, seed);
        }
        true
    }
}

#[test]
fn positions_are_those_of_a_file() {
    let stream = compress(b"hello");
    let mut reader = Lz4StreamSeekReader::new(Cursor::new(&stream), index(&stream)).unwrap();
    assert_eq!(reader.seek(SeekFrom::Start(u64::MAX)).unwrap(), u64::MAX);
    assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0);
    let kind = |result: io::Result<u64>| result.unwrap_err().kind();
    assert_eq!(kind(reader.seek(SeekFrom::Current(1))), ErrorKind::InvalidInput);
    assert_eq!(kind(reader.seek(SeekFrom::Current(i64::MAX))), ErrorKind::InvalidInput);
    for by in [-6, i64::MIN] {
        assert_eq!(kind(reader.seek(SeekFrom::End(by))), ErrorKind::InvalidInput);
    }
    assert_eq!(reader.stream_position().unwrap(), u64::MAX);
    assert_eq!(reader.seek(SeekFrom::End(-5)).unwrap(), 0);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");

    let empty = compress(b"");
    let mut reader = Lz4StreamSeekReader::new(Cursor::new(&empty), index(&empty)).unwrap();
    assert_eq!(reader.seek(SeekFrom::End(0)).unwrap(), 0);
    assert_eq!(reader.read_to_end(&mut Vec::new()).unwrap(), 0);
    assert_eq!(
        Lz4StreamReaderAt::new(&empty, index(&empty))
            .unwrap()
            .read_at(&mut [0; 4], 0)
            .unwrap(),
        0
    );
}

/// What a [`Hostile`] source does next, and what it did.
#[derive(Default)]
struct Plan {
    script: VecDeque<Step>,
    bytes: u64,
    seeks: u64,
}

/// A source that fails and reads too little, as planned.
struct Hostile<'a> {
    inner: Cursor<&'a [u8]>,
    plan: Rc<RefCell<Plan>>,
}

impl Read for Hostile<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut plan = self.plan.borrow_mut();
        let most = match plan.script.pop_front() {
            Some(Step::Fails(kind)) => return Err(kind.into()),
            Some(Step::Bytes(n)) => n.min(out.len()),
            None => out.len(),
        };
        let n = self.inner.read(&mut out[..most])?;
        plan.bytes += n as u64;
        Ok(n)
    }
}

impl Seek for Hostile<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let mut plan = self.plan.borrow_mut();
        plan.seeks += 1;
        if let Some(&Step::Fails(kind)) = plan.script.front() {
            plan.script.pop_front();
            // An error may leave it anywhere.
            self.inner.set_position(7);
            return Err(kind.into());
        }
        self.inner.seek(to)
    }
}

fn hostile<'a>(stream: &'a [u8], index: &Arc<Index>) -> (Lz4StreamSeekReader<Hostile<'a>>, Rc<RefCell<Plan>>) {
    let plan = Rc::default();
    let source = Hostile {
        inner: Cursor::new(stream),
        plan: Rc::clone(&plan),
    };
    (Lz4StreamSeekReader::new(source, Arc::clone(index)).unwrap(), plan)
}

#[test]
fn errors_of_the_source_lose_nothing() {
    let content = text(3, 400_000);
    let stream = compress(&content);
    let index = Arc::new(index(&stream));
    let mut failed = 0;
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let (mut reader, plan) = hostile(&stream, &index);
        for _ in 0..10 {
            let at = random.below(content.len());
            reader.seek(SeekFrom::Start(at as u64)).unwrap();
            plan.borrow_mut().script = script(random.next(), 40);
            let mut got = 0;
            let mut out = vec![0; 9000.min(content.len() - at)];
            while got < out.len() {
                match reader.read(&mut out[got..]) {
                    Ok(n) => got += n,
                    Err(error) => {
                        assert_ne!(error.kind(), ErrorKind::Interrupted);
                        failed += 1;
                    }
                }
            }
            assert!(out == content[at..][..out.len()]);
        }
    }
    assert!(failed > 1000);
}

#[test]
fn a_seek_costs_one_interval() {
    let content = text(3, 2_000_000);
    let stream = compress(&content);
    let index = Arc::new(index(&stream));
    let (mut reader, plan) = hostile(&stream, &index);
    let mut read = |at: u64| {
        (plan.borrow_mut().bytes, plan.borrow_mut().seeks) = (0, 0);
        reader.seek(SeekFrom::Start(at)).unwrap();
        assert_eq!((plan.borrow().bytes, plan.borrow().seeks), (0, 0));
        let lent = reader.fill_buf().unwrap();
        assert!(content[at as usize..].starts_with(lent));
        (plan.borrow().bytes, plan.borrow().seeks)
    };
    let mut random = Random::new(1);
    for _ in 0..100 {
        let at = random.below(content.len() - 5000) as u64;
        // What is fetched at once is at most 64 KiB.
        assert!(read(at).0 <= 2 * SHORT + 65_536);
        // In the same page, and in what was fetched.
        assert_eq!(read(at), (0, 0));
        let ahead = read(at + 4900);
        assert!(ahead.0 <= 65_536 && ahead.1 <= 1);
    }
    // Ahead in the same interval: no way back to its beginning.
    let point = index.points()[5].content();
    read(point + 10_000);
    assert_eq!(read(point + 40_000), (0, 0));
    // In the next one: not through the rest of this one.
    assert_eq!(read(index.points()[20].content()).1, 1);
}

/// Replaces the head of the block with this number by a zero, and returns the position of its page.
fn break_block(stream: &mut [u8], number: u64) -> usize {
    let mut decompressor = DecompressOptions::new().decompressor().unwrap();
    loop {
        let at = decompressor.total_in() as usize;
        if decompressor.blocks() == number {
            stream[at..][..4].fill(0);
            return decompressor.total_out() as usize;
        }
        let Ok(BlockSplit::Block { block, .. }) = decompressor.get_block(&stream[at..]) else {
            panic!("no such block")
        };
        decompressor.decompress(block).unwrap();
    }
}

#[test]
fn a_bad_block_is_an_error_of_its_place() {
    let content = text(3, 400_000);
    let stream = compress(&content);
    let index = Arc::new(index(&stream));
    let bad_block = index.points()[2].block() + 5;
    let mut broken = stream.clone();
    let bad_at = break_block(&mut broken, bad_block);
    let mut reader = Lz4StreamSeekReader::new(Cursor::new(&broken), Arc::clone(&index)).unwrap();
    let shared = Lz4StreamReaderAt::new(&broken, Arc::clone(&index)).unwrap();
    let end_of_interval = index.points()[3].content() as usize;
    for at in [0, bad_at - 100, bad_at - 1, bad_at, bad_at + 1, end_of_interval - 1] {
        reader.seek(SeekFrom::Start(at as u64)).unwrap();
        let mut out = Vec::new();
        let error = reader.read_to_end(&mut out).unwrap_err();
        assert!(matches!(Error::from_io(&error), Some(Error::EmptyBlock { block, .. }) if *block == bad_block));
        assert!(out == content[at..bad_at.max(at)]);
        let again = reader.read(&mut [0; 4]).unwrap_err();
        assert_eq!(Error::from_io(&error), Error::from_io(&again));

        let mut out = vec![0; 1000];
        match shared.read_at(&mut out, at as u64) {
            Ok(n) => assert!(out[..n] == content[at..][..n] && (n == 1000 || at + n == bad_at)),
            Err(error) => assert!(at >= bad_at && Error::from_io(&error) == Error::from_io(&again)),
        }
    }
    // Everything else can be read.
    for at in [0, end_of_interval, content.len() - 10_000] {
        let mut out = vec![0; 5000];
        reader.seek(SeekFrom::Start(at as u64)).unwrap();
        reader.read_exact(&mut out).unwrap();
        assert!(out == content[at..][..5000]);
        shared.read_exact_at(&mut out, at as u64).unwrap();
        assert!(out == content[at..][..5000]);
    }
}

#[test]
fn a_stream_cut_off_is_an_error_where_it_ends() {
    let content = text(3, 300_000);
    let stream = compress(&content);
    let index = Arc::new(index(&stream));
    let mut random = Random::new(5);
    for _ in 0..200 {
        let cut = &stream[..random.below(stream.len())];
        let mut reader = Lz4StreamSeekReader::new(Cursor::new(cut), Arc::clone(&index)).unwrap();
        let mut out = Vec::new();
        let error = reader.read_to_end(&mut out).unwrap_err();
        assert!(matches!(
            Error::from_io(&error),
            Some(Error::UnexpectedEnd { .. } | Error::IndexMismatch { .. })
        ));
        let whole_blocks = lz4_stream::Lz4StreamReader::new(cut)
            .bytes()
            .map_while(Result::ok)
            .count();
        // Up to 64 bytes after a point are not enough to check it.
        assert!(out.len() <= whole_blocks && content.starts_with(&out));
        let missing = &content[out.len()..whole_blocks];
        assert!(missing.len() <= 64 * 255, "{}", missing.len());
    }
}

#[test]
fn another_stream_is_an_error() {
    let contents = [text(1, 400_000), text(2, 400_000), text(1, 399_000)];
    let index = index(&compress(&contents[0]));
    for other in &contents[1..2] {
        let stream = compress(other);
        let mut reader = Lz4StreamSeekReader::new(Cursor::new(&stream), index.clone()).unwrap();
        let shared = Lz4StreamReaderAt::new(&stream, index.clone()).unwrap();
        for point in index.points() {
            reader.seek(SeekFrom::Start(point.content() + 5)).unwrap();
            let error = reader.read(&mut [0; 9]).unwrap_err();
            assert!(
                matches!(Error::from_io(&error), Some(Error::IndexMismatch { .. })),
                "{error}"
            );
            let again = reader.read(&mut [0; 9]).unwrap_err();
            assert_eq!(Error::from_io(&error), Error::from_io(&again));
            assert!(shared.read_at(&mut [0; 9], point.content()).is_err());
        }
    }
    // The same beginning, but a block of another length in the middle: seen at the next point.
    let changed = [&contents[0][..100_000], &text(9, 64)[..], &contents[0][100_064..]].concat();
    let stream = compress(&changed);
    let mut reader = Lz4StreamSeekReader::new(Cursor::new(&stream), index.clone()).unwrap();
    let mut out = Vec::new();
    let error = reader.read_to_end(&mut out).unwrap_err();
    assert!(matches!(Error::from_io(&error), Some(Error::IndexMismatch { .. })));
    assert!(changed.starts_with(&out) && out.len() <= index.points()[2].content() as usize);
    // A stream that grew.
    let stream = [compress(&contents[0]), compress(b"more")].concat();
    let mut out = Vec::new();
    let mut reader = Lz4StreamSeekReader::new(Cursor::new(&stream), index).unwrap();
    reader.read_to_end(&mut out).unwrap();
    assert!(out == contents[0]);
}

#[test]
fn threads_share_a_reader() {
    let content = text(4, 1_000_000);
    let stream = compress(&content);
    let mut file = tempfile::tempfile().unwrap();
    io::Write::write_all(&mut file, &stream).unwrap();
    let reader = Lz4StreamReaderAt::new(file, index(&stream)).unwrap();
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let (reader, content) = (&reader, &content);
            scope.spawn(move || {
                let mut random = Random::new(seed);
                for _ in 0..200 {
                    let at = random.below(content.len() + 100);
                    let mut out = vec![0; random.below(20_000)];
                    let n = reader.read_at(&mut out, at as u64).unwrap();
                    let expected = content.get(at..).unwrap_or(&[]);
                    assert_eq!(n, expected.len().min(out.len()));
                    assert!(out[..n] == expected[..n]);
                    if n < out.len() {
                        assert!(reader.read_exact_at(&mut out, at as u64).is_err());
                    }
                }
            });
        }
    });
}

/// Counts what is read from it.
struct Counted<'a>(&'a [u8], AtomicU64);

impl ReadAt for Counted<'_> {
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        let n = self.0.read_at(out, offset)?;
        self.1.fetch_add(n as u64, Relaxed);
        Ok(n)
    }
}

#[test]
fn reading_on_at_an_offset_decodes_nothing_twice() {
    let content = text(4, 1_000_000);
    let stream = compress(&content);
    let source = Counted(&stream, AtomicU64::new(0));
    let reader = Lz4StreamReaderAt::new(&source, index(&stream)).unwrap();
    let mut out = [0; 1000];
    for at in (0..content.len()).step_by(1000) {
        reader.read_exact_at(&mut out, at as u64).unwrap();
        assert!(out == content[at..][..1000]);
    }
    assert!(source.1.load(Relaxed) == stream.len() as u64);
}

#[test]
fn a_source_that_lies_is_an_error() {
    struct TooMuch;
    impl ReadAt for TooMuch {
        fn read_at(&self, out: &mut [u8], _: u64) -> io::Result<usize> {
            Ok(out.len() + 1)
        }
    }
    let stream = compress(b"hello");
    let reader = Lz4StreamReaderAt::new(TooMuch, index(&stream)).unwrap();
    assert_eq!(reader.read_at(&mut [0; 4], 0).unwrap_err().kind(), ErrorKind::Other);
}

#[test]
fn custom_framings_and_empty_pages() {
    let content = text(4, 300_000);
    let mut compressor = Lz4StreamCompressor::with_framing(Varint, &CompressOptions::new().page_size(3000)).unwrap();
    let mut stream = Vec::new();
    for page in content.chunks(3000) {
        stream.extend_from_slice(compressor.compress(page).unwrap());
        stream.extend_from_slice(compressor.end_page_even_empty().unwrap());
    }
    stream.extend_from_slice(compressor.finish());
    let options = DecompressOptions::new();
    let index = Index::build_with_framing(&stream[..], Varint, &options, SHORT).unwrap();
    assert!(index.points().iter().all(|point| point.history_len() == 0));
    let reader = Lz4StreamSeekReader::with_framing(Cursor::new(&stream), &options, index, |_| Varint).unwrap();
    walk(reader, &content, 1);
}

#[test]
fn reads_that_alternate_decode_nothing_twice() {
    let content = text(4, 1_000_000);
    let stream = compress(&content);
    let source = Counted(&stream, AtomicU64::new(0));
    let reader = Lz4StreamReaderAt::new(&source, index(&stream)).unwrap();
    let mut out = [0; 1000];
    let quarter = content.len() / 4;
    for at in (0..quarter).step_by(1000) {
        for at in (0..4).map(|number| number * quarter + at) {
            reader.read_exact_at(&mut out, at as u64).unwrap();
            assert!(out == content[at..][..1000]);
        }
    }
    // Each of the four begins at a point before its place, and fetches some bytes more than it decodes.
    assert!(source.1.load(Relaxed) < stream.len() as u64 + 4 * (65_536 + SHORT));
}

#[test]
fn offsets_at_the_end_of_numbers() {
    let stream = compress(b"hello");
    let reader = Lz4StreamReaderAt::new(&stream, index(&stream)).unwrap();
    for offset in [5, 6, u64::MAX - 1, u64::MAX] {
        assert_eq!(reader.read_at(&mut [0; 4], offset).unwrap(), 0);
        let error = reader.read_exact_at(&mut [0; 4], offset).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        reader.read_exact_at(&mut [], offset).unwrap();
    }
    for start in [1 << 40, u64::MAX - 1, u64::MAX] {
        let reader = Lz4StreamReaderAt::new(&stream, index(&stream))
            .unwrap()
            .stream_begins_at(start);
        reader.read_at(&mut [0; 4], 0).unwrap_err();
    }
}

#[test]
fn a_panic_of_the_source_leaves_no_wrong_bytes() {
    struct Panicking<'a>(&'a [u8], AtomicU64);
    impl ReadAt for Panicking<'_> {
        fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
            let call = self.1.fetch_add(1, Relaxed);
            assert!(![1, 4].contains(&call), "planned");
            let most = out.len().min(3000);
            self.0.read_at(&mut out[..most], offset)
        }
    }
    impl Read for Panicking<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let call = self.1.fetch_add(1, Relaxed);
            assert!(![1, 4].contains(&call), "planned");
            let most = out.len().min(3000);
            self.0.read(&mut out[..most])
        }
    }
    impl Seek for Panicking<'_> {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            let SeekFrom::Start(at) = to else { return Ok(0) };
            self.0 = &ALL.get().unwrap()[at as usize..];
            Ok(at)
        }
    }
    static ALL: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    let content = text(4, 100_000);
    let stream = ALL.get_or_init(|| compress(&content));
    let shared = Lz4StreamReaderAt::new(Panicking(stream, AtomicU64::new(0)), index(stream)).unwrap();
    let mut reader = Lz4StreamSeekReader::new(Panicking(stream, AtomicU64::new(0)), index(stream)).unwrap();
    let (mut out, mut panics) = (Vec::new(), 0);
    let catch = |read: &mut dyn FnMut() -> usize| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).map_err(std::mem::forget)
    };
    while out.len() < content.len().min(20_000) {
        let mut room = [0; 500];
        match catch(&mut || shared.read_at(&mut room, out.len() as u64).unwrap()) {
            Ok(n) => out.extend_from_slice(&room[..n]),
            Err(()) => {
                panics += 1;
                assert!(panics <= 2, "not planned");
            }
        }
    }
    assert!(content.starts_with(&out) && panics == 2);
    (out, panics) = (Vec::new(), 0);
    while out.len() < content.len().min(20_000) {
        let mut room = [0; 500];
        match catch(&mut || reader.read(&mut room).unwrap()) {
            Ok(n) => out.extend_from_slice(&room[..n]),
            Err(()) => {
                panics += 1;
                assert!(panics <= 2, "not planned");
            }
        }
    }
    assert!(content.starts_with(&out) && panics == 2);
}
