//! Bytes after each block: written with it, waited for and checked before its page is lent, by every adapter.

mod common;

use std::io::{BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use common::hostile::{ScriptedWriter, script};
use common::{Random, text};
use lz4_stream::{
    CompressOptions, DecompressOptions, Error, Framing, Head, Index, IndexPoint, Lz4StreamBufReader,
    Lz4StreamCompressor, Lz4StreamDecompressor, Lz4StreamParallelReader, Lz4StreamParallelWriter, Lz4StreamReader,
    Lz4StreamReaderAt, Lz4StreamSeekReader, Lz4StreamWriter, Mode, PrefixWidth, Progress, Strategy,
};

/// `B` and the length of the block in three bytes, `R` for a restart, `E` for the end. After each block, `N` bytes made
/// from the block and the page.
#[derive(Clone)]
struct Tailed<const N: usize>;

fn tail<const N: usize>(block: &[u8], page: &[u8]) -> [u8; N] {
    let sums = [crc32fast::hash(block), crc32fast::hash(page)];
    std::array::from_fn(|i| (sums[i % 2] >> (i % 4 * 8)) as u8)
}

impl<const N: usize> Framing for Tailed<N> {
    const MAX_HEAD_LEN: usize = 4;
    const TAIL_LEN: usize = N;

    fn max_block_len(&self) -> usize {
        0xFF_FFFF
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        Ok(match *bytes {
            [b'R', ..] => Head::Restart { head_len: 1 },
            [b'E', ..] => Head::End { head_len: 1 },
            [b'B', a, b, c, ..] => Head::Block {
                head_len: 4,
                block_len: u32::from_le_bytes([a, b, c, 0]) as usize,
            },
            [] => Head::Incomplete { needed: 1 },
            [b'B', ..] => Head::Incomplete { needed: 4 },
            _ => return Err(Error::bad_head("neither B nor R nor E")),
        })
    }

    fn check_page(&mut self, block: &[u8], page: &[u8], found: &[u8]) -> Result<(), Error> {
        match found == tail::<N>(block, page) {
            true => Ok(()),
            false => Err(Error::bad_head("another tail")),
        }
    }

    fn write_head(&mut self, block: &[u8], _: &[u8], out: &mut [u8]) -> usize {
        out.copy_from_slice(&(block.len() as u32).to_be_bytes());
        out.reverse();
        out.rotate_right(1);
        out[0] = b'B';
        4
    }

    fn write_tail(&mut self, block: &[u8], page: &[u8], out: &mut [u8]) {
        out.copy_from_slice(&tail::<N>(block, page));
    }

    fn write_restart(&mut self, out: &mut [u8]) -> usize {
        out[0] = b'R';
        1
    }

    fn write_end(&mut self, out: &mut [u8]) -> usize {
        out[0] = b'E';
        1
    }

    fn needs_end(&self) -> bool {
        true
    }
}

fn compressor<const N: usize>(options: &CompressOptions) -> Lz4StreamCompressor<Tailed<N>> {
    Lz4StreamCompressor::with_framing(Tailed, options).unwrap()
}

/// What is left to read.
fn rest(mut reader: impl Read) -> Vec<u8> {
    let mut content = Vec::new();
    reader.read_to_end(&mut content).unwrap();
    content
}

fn decompressor<const N: usize>() -> Lz4StreamDecompressor<Tailed<N>> {
    Lz4StreamDecompressor::with_framing(Tailed, &DecompressOptions::new()).unwrap()
}

/// The stream that is made of these blocks, put together by hand.
fn expected<const N: usize>(options: &CompressOptions, content: &[u8], blocks: &[u8], sizes: &[usize]) -> Vec<u8> {
    let (mut stream, mut rest) = (Vec::new(), blocks);
    for (n, (&size, page)) in sizes.iter().zip(content.chunks(options.get_page_size())).enumerate() {
        let (block, after) = rest.split_at(size);
        rest = after;
        if n > 0 && options.get_restart_every() > 0 && n % options.get_restart_every() == 0 {
            stream.push(b'R');
        }
        stream.push(b'B');
        stream.extend_from_slice(&(size as u32).to_le_bytes()[..3]);
        stream.extend_from_slice(block);
        stream.extend_from_slice(&tail::<N>(block, page));
    }
    assert!(rest.is_empty());
    stream.push(b'E');
    stream
}

fn written<const N: usize>(options: &CompressOptions, content: &[u8]) -> Vec<u8> {
    let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor::<N>(options));
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

fn writers<const N: usize>(options: &CompressOptions, content: &[u8]) {
    let out_of_band = options.clone().prefix_width(PrefixWidth::OutOfBand);
    let mut plain = out_of_band.writer(Vec::new()).unwrap();
    plain.write_all(content).unwrap();
    plain.try_finish().unwrap();
    let sizes: Vec<usize> = plain.drain_block_sizes().collect();
    let stream = expected::<N>(options, content, plain.get_ref(), &sizes);
    assert!(written::<N>(options, content) == stream, "{N}");
    // Page by page.
    let (mut codec, mut out) = (compressor::<N>(options), Vec::new());
    for page in content.chunks(options.get_page_size()) {
        codec.compress_into(page, &mut out).unwrap();
    }
    out.extend_from_slice(codec.finish());
    assert!(out == stream && codec.total_out() == stream.len() as u64);
    // Through a writer that takes some bytes, fails, and goes on.
    for seed in 0..5 {
        let inner = ScriptedWriter::new(script(seed, 1000));
        let mut writer = Lz4StreamWriter::from_parts(inner, compressor::<N>(options));
        let mut rest = content;
        while !rest.is_empty() {
            rest = &rest[writer.write(rest).unwrap_or(0)..];
        }
        while writer.try_finish().is_err() {}
        assert!(writer.get_ref().taken == stream);
    }

    let mut plain = out_of_band.parallel_writer(Vec::new(), 2).unwrap();
    plain.write_all(content).unwrap();
    plain.try_finish().unwrap();
    let sizes: Vec<usize> = plain.drain_block_sizes().collect();
    let stream = expected::<N>(options, content, plain.get_ref(), &sizes);
    for threads in 1..4 {
        let mut writer = Lz4StreamParallelWriter::from_parts(Vec::new(), compressor::<N>(options), threads);
        writer.write_all(content).unwrap();
        assert!(writer.finish().unwrap() == stream, "{N} {threads}");

        // What is ahead goes into the compressor, tails too.
        let mut writer = Lz4StreamParallelWriter::from_parts(Vec::new(), compressor::<N>(options), threads);
        writer.write_all(content).unwrap();
        let (mut out, mut codec) = writer.into_parts();
        out.extend_from_slice(codec.block());
        out.extend_from_slice(codec.finish());
        assert!(out == stream, "{N} {threads}");

        let inner = ScriptedWriter::new(script(threads as u64, 1000));
        let mut writer = Lz4StreamParallelWriter::from_parts(inner, compressor::<N>(options), threads);
        let mut rest = content;
        while !rest.is_empty() {
            rest = &rest[writer.write(rest).unwrap_or(0)..];
        }
        while writer.try_finish().is_err() {}
        assert!(writer.get_ref().taken == stream);
    }
}

#[test]
fn writers_put_a_tail_after_each_block() {
    let content = text(1, 2_500_000);
    for options in [
        CompressOptions::new(),
        CompressOptions::new().page_size(5000).restart_every(3),
        CompressOptions::new()
            .page_size(200_000)
            .mode(Mode::HighCompression { level: 2 }),
    ] {
        writers::<0>(&options, &content);
        writers::<1>(&options, &content);
        writers::<4>(&options, &content);
        // Longer than the room for the heads.
        writers::<100>(&options, &content);
    }
    writers::<4>(&CompressOptions::new(), b"");
    writers::<4>(&CompressOptions::new(), b"x");
}

/// Where the points of an index are.
fn places(index: &Index) -> Vec<(u64, u64, u64)> {
    let points = index.points().iter();
    points
        .map(|point| (point.stream(), point.content(), point.block()))
        .collect()
}

fn readers<const N: usize>(options: &CompressOptions, content: &[u8]) {
    let stream = written::<N>(options, content);
    let bytes_after = [&stream[..], b"more"].concat();
    let mut out = Vec::new();
    let mut reader = Lz4StreamReader::from_parts(&bytes_after[..], decompressor::<N>());
    reader.read_to_end(&mut out).unwrap();
    assert!(out == content && reader.total_in() == stream.len() as u64);
    assert_eq!(reader.into_inner(), b"more");
    assert!(rest(Lz4StreamBufReader::from_parts(&stream[..], decompressor::<N>())) == content);
    // Byte by byte: a page comes with the last byte of its tail.
    let mut codec = decompressor::<N>();
    let (mut pages, mut blocks_end) = (content.chunks(options.get_page_size()), 0);
    for (at, byte) in stream.chunks(1).enumerate() {
        match codec.feed(&mut &byte[..]).unwrap() {
            Progress::Page(page) => {
                assert!(page == pages.next().unwrap());
                blocks_end = at + 1;
            }
            Progress::NeedMore(missing) => assert!(at + missing < stream.len()),
            Progress::End => assert_eq!(at + 1, stream.len()),
        }
    }
    assert_eq!((pages.next(), blocks_end), (None, stream.len() - 1));

    // An index, which a writer collects, and which is built.
    let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor::<N>(options));
    writer.collect_index(1 << 16).unwrap();
    writer.write_all(content).unwrap();
    writer.try_finish().unwrap();
    let index = writer.take_index().unwrap();
    assert!(*writer.get_ref() == stream);
    let built = Index::build_with_framing(&stream[..], Tailed::<N>, &DecompressOptions::new(), 1 << 16).unwrap();
    // Where the stream is much longer than the content, points keep history that may not be needed, and a writer knows
    // less of it than a reader.
    let is_short = stream.len() < 2 * content.len();
    assert!(index == built || !is_short);
    assert!(places(&index) == places(&built));
    let mut file = Vec::new();
    index.write_to(&mut file).unwrap();
    assert_eq!(Index::read_from(&file[..]).unwrap(), index);
    assert!(index.points().len() > 3 && index.stream_len() == stream.len() as u64);
    let mut writer = Lz4StreamParallelWriter::from_parts(Vec::new(), compressor::<N>(options), 2);
    writer.collect_index(1 << 16).unwrap();
    writer.write_all(content).unwrap();
    writer.try_finish().unwrap();
    let parallel = writer.take_index().unwrap();
    let inner = &writer.get_ref()[..];
    let built = Index::build_with_framing(inner, Tailed::<N>, &DecompressOptions::new(), 1 << 16).unwrap();
    assert!(parallel == built || !is_short);
    assert!(places(&parallel) == places(&built));

    let index = Arc::new(index);
    let options = DecompressOptions::new();
    let mut seek =
        Lz4StreamSeekReader::with_framing(Cursor::new(&stream), &options, index.clone(), |_| Tailed::<N>).unwrap();
    let at = Lz4StreamReaderAt::with_framing(&stream[..], &options, index.clone(), |_| Tailed::<N>).unwrap();
    let mut random = Random::new(3);
    for _ in 0..30 {
        let start = random.below(content.len());
        let mut part = vec![0; random.below(100_000).min(content.len() - start)];
        seek.seek(SeekFrom::Start(start as u64)).unwrap();
        seek.read_exact(&mut part).unwrap();
        assert!(part == content[start..start + part.len()]);
        part.fill(0);
        at.read_exact_at(&mut part, start as u64).unwrap();
        assert!(part == content[start..start + part.len()]);
    }
    for threads in 1..4 {
        let framing = |_: &IndexPoint| Tailed::<N>;
        let parallel = Lz4StreamParallelReader::with_framing(&stream[..], &options, index.clone(), threads, framing);
        assert!(rest(parallel.unwrap()) == content);
    }
}

#[test]
fn readers_take_the_tails() {
    let content = text(2, 1_300_000);
    for options in [
        CompressOptions::new().page_size(60_000),
        CompressOptions::new().page_size(900).restart_every(7),
    ] {
        readers::<0>(&options, &content);
        readers::<1>(&options, &content);
        readers::<4>(&options, &content);
        readers::<100>(&options, &content);
    }
    // The bytes by which a point of the index is recognized span some tails.
    readers::<4>(&CompressOptions::new().page_size(20), &content[..300_000]);
    // Tails that are longer than the pages.
    readers::<300>(
        &CompressOptions::new().page_size(200).restart_every(5),
        &content[..300_000],
    );
    // So long that a point is due after a tail.
    readers::<40_000>(&CompressOptions::new().page_size(100), &content[..20_000]);
    readers::<64_000>(&CompressOptions::new().page_size(100), &content[..10_000]);
}

#[test]
fn a_wrong_tail_is_an_error_before_the_page_is_lent() {
    let content = text(3, 250);
    let mut stream = written::<4>(&CompressOptions::new().page_size(100), &content);
    let mut ends = Vec::new();
    let mut codec = decompressor::<4>();
    let mut input = &stream[..];
    while let Progress::Page(_) = codec.feed(&mut input).unwrap() {
        ends.push(stream.len() - input.len());
    }
    assert_eq!(ends.len(), 3);
    for (n, &end) in ends.iter().enumerate() {
        for bit in 8 * (end - 4)..8 * end {
            stream[bit / 8] ^= 1 << (bit % 8);
            let expected = Error::BadHead {
                block: n as u64,
                offset: n.checked_sub(1).map_or(0, |before| ends[before]) as u64,
                reason: "another tail",
            };
            for piece in [1, 7, stream.len()] {
                let mut codec = decompressor::<4>();
                let mut out = Vec::new();
                let error = stream.chunks(piece).find_map(|mut bytes| {
                    loop {
                        match codec.feed(&mut bytes) {
                            Ok(Progress::Page(page)) => out.extend_from_slice(page),
                            Ok(_) => return None,
                            Err(error) => return Some(error),
                        }
                    }
                });
                assert_eq!(error.as_ref(), Some(&expected));
                assert!(out == content[..100 * n] && codec.page().is_empty());
            }
            stream[bit / 8] ^= 1 << (bit % 8);
        }
    }
    // Cut off at every byte.
    for cut in 0..stream.len() {
        let mut reader = Lz4StreamReader::from_parts(&stream[..cut], decompressor::<4>());
        let mut out = Vec::new();
        let error = reader.read_to_end(&mut out).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof, "{cut}");
        let whole = ends.iter().filter(|&&end| end <= cut).count();
        assert!(out == content[..content.len().min(100 * whole)], "{cut}");
    }
}

/// A framing without heads: the sizes of the blocks are known to both ends. The tail is the number of the block.
#[derive(Clone)]
struct Bare<const N: usize> {
    sizes: Arc<Mutex<Vec<usize>>>,
    next: usize,
    written: usize,
}

impl<const N: usize> Bare<N> {
    fn at(sizes: &Arc<Mutex<Vec<usize>>>, block: u64) -> Self {
        let next = block as usize;
        let sizes = Arc::clone(sizes);
        Bare {
            sizes,
            next,
            written: 0,
        }
    }

    fn tail(number: usize) -> [u8; N] {
        std::array::from_fn(|i| (number + i) as u8)
    }
}

impl<const N: usize> Framing for Bare<N> {
    const MAX_HEAD_LEN: usize = 0;
    const TAIL_LEN: usize = N;

    fn max_block_len(&self) -> usize {
        usize::MAX
    }

    fn read_head(&mut self, _: &[u8]) -> Result<Head, Error> {
        self.next += 1;
        Ok(match self.sizes.lock().unwrap().get(self.next - 1) {
            Some(&block_len) => Head::Block { head_len: 0, block_len },
            None => Head::End { head_len: 0 },
        })
    }

    fn check_page(&mut self, _: &[u8], _: &[u8], tail: &[u8]) -> Result<(), Error> {
        match tail == Self::tail(self.next - 1) {
            true => Ok(()),
            false => Err(Error::bad_head("another number")),
        }
    }

    fn write_head(&mut self, block: &[u8], _: &[u8], out: &mut [u8]) -> usize {
        assert!(out.is_empty());
        self.sizes.lock().unwrap().push(block.len());
        0
    }

    fn write_tail(&mut self, _: &[u8], _: &[u8], out: &mut [u8]) {
        out.copy_from_slice(&Self::tail(self.written));
        self.written += 1;
    }
}

fn without_heads<const N: usize>(options: &CompressOptions, content: &[u8]) {
    for threads in 0..4 {
        let sizes = Arc::default();
        let codec = Lz4StreamCompressor::with_framing(Bare::<N>::at(&sizes, 0), options).unwrap();
        let (stream, index) = if threads == 0 {
            let mut writer = Lz4StreamWriter::from_parts(Vec::new(), codec);
            writer.collect_index(1 << 16).unwrap();
            for part in content.chunks(70_001) {
                writer.write_all(part).unwrap();
                writer.flush().unwrap();
            }
            writer.try_finish().unwrap();
            (writer.get_ref().clone(), writer.take_index().unwrap())
        } else {
            let mut writer = Lz4StreamParallelWriter::from_parts(Vec::new(), codec, threads);
            writer.collect_index(1 << 16).unwrap();
            for part in content.chunks(70_001) {
                writer.write_all(part).unwrap();
                writer.flush().unwrap();
            }
            writer.try_finish().unwrap();
            (writer.get_ref().clone(), writer.take_index().unwrap())
        };
        assert_eq!(
            stream.len(),
            sizes.lock().unwrap().iter().map(|size| size + N).sum::<usize>()
        );
        let (index, decompress) = (Arc::new(index), DecompressOptions::new());
        let framing = || Bare::<N>::at(&sizes, 0);
        let built = Index::build_with_framing(&stream[..], framing(), &decompress, 1 << 16).unwrap();
        assert_eq!(places(&index), places(&built));

        let codec = || Lz4StreamDecompressor::with_framing(framing(), &decompress).unwrap();
        assert!(rest(Lz4StreamReader::from_parts(&stream[..], codec())) == content);
        let inner = BufReader::with_capacity(1 + threads * 500, &stream[..]);
        assert!(rest(Lz4StreamBufReader::from_parts(inner, codec())) == content);
        let (shared, at) = (Arc::clone(&sizes), content.len() / 3 * 2);
        let framing_at = move |point: &IndexPoint| Bare::<N>::at(&shared, point.block());
        let mut seek =
            Lz4StreamSeekReader::with_framing(Cursor::new(&stream), &decompress, index.clone(), framing_at.clone())
                .unwrap();
        seek.seek(SeekFrom::Start(at as u64)).unwrap();
        assert!(rest(seek) == content[at..]);
        let parallel = Lz4StreamParallelReader::with_framing(&stream[..], &decompress, index, threads + 1, framing_at);
        assert!(rest(parallel.unwrap()) == content);
    }
}

#[test]
fn tails_need_no_heads() {
    let content = text(4, 400_000);
    for options in [
        CompressOptions::new(),
        CompressOptions::new().page_size(500).restart_every(3),
        CompressOptions::new().page_size(5000).strategy(Strategy::RingBuffer),
    ] {
        without_heads::<1>(&options, &content);
        without_heads::<3>(&options, &content);
        without_heads::<300>(&options, &content);
    }
}

/// Panics when it checks this page.
struct Panics(usize);

impl Framing for Panics {
    const MAX_HEAD_LEN: usize = 1;
    const TAIL_LEN: usize = 1;

    fn max_block_len(&self) -> usize {
        0xFF
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        Ok(match *bytes {
            [] => Head::Incomplete { needed: 1 },
            [len, ..] => Head::Block {
                head_len: 1,
                block_len: len.into(),
            },
        })
    }

    fn check_page(&mut self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), Error> {
        self.0 = self.0.wrapping_sub(1);
        assert_ne!(self.0, usize::MAX, "as the test says");
        Ok(())
    }

    fn write_head(&mut self, block: &[u8], _: &[u8], out: &mut [u8]) -> usize {
        out[0] = block.len() as u8;
        1
    }

    fn write_tail(&mut self, _: &[u8], _: &[u8], _: &mut [u8]) {
        self.0 = self.0.wrapping_sub(1);
        assert_ne!(self.0, usize::MAX, "as the test says");
    }
}

/// What a panicking call returned: nothing.
fn panics<T>(call: impl FnOnce() -> T) {
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
}

#[test]
fn a_page_that_was_not_checked_because_of_a_panic_is_never_lent() {
    let content = text(5, 1000);
    let options = CompressOptions::new().page_size(100);
    let mut writer = Lz4StreamWriter::from_parts(
        Vec::new(),
        Lz4StreamCompressor::with_framing(Panics(usize::MAX), &options).unwrap(),
    );
    writer.write_all(&content).unwrap();
    let stream = writer.finish().unwrap();
    let codec = |page| Lz4StreamDecompressor::with_framing(Panics(page), &DecompressOptions::new()).unwrap();
    let is_told = |error: &Error| {
        matches!(
            error,
            Error::BadHead {
                reason: "the framing panicked",
                block: 3,
                ..
            }
        )
    };
    for piece in [1, 50, stream.len()] {
        let mut codec = codec(3);
        let mut out = Vec::new();
        panics(|| {
            for mut bytes in stream.chunks(piece) {
                while let Progress::Page(page) = codec.feed(&mut bytes).unwrap() {
                    out.extend_from_slice(page);
                }
            }
        });
        assert!(out == content[..300] && codec.page().is_empty() && codec.history().ends_with(&content[..300]));
        assert!(is_told(&codec.feed(&mut &stream[..]).unwrap_err()));
        assert!(is_told(&codec.end_of_input().unwrap_err()));
        assert_eq!((codec.missing(), codec.unfilled().len(), codec.blocks()), (0, 0, 3));
        codec.reset();
        *codec.framing_mut() = Panics(usize::MAX);
        let mut input = &stream[..];
        assert_eq!(codec.feed(&mut input).unwrap(), Progress::Page(&content[..100]));
    }
    // The pages before it stay in the vector, wherever they were decoded.
    for room in [0, 100_000] {
        let mut reader = Lz4StreamReader::from_parts(&stream[..], codec(3));
        let mut out = Vec::with_capacity(room);
        panics(|| reader.read_to_end(&mut out));
        assert!(out == content[..300]);
        let error = reader.read_to_end(&mut out).unwrap_err();
        assert!(is_told(Error::from_io(&error).unwrap()) && out == content[..300]);

        let mut reader = Lz4StreamBufReader::from_parts(&stream[..], codec(3));
        let mut out = Vec::with_capacity(room);
        panics(|| reader.read_to_end(&mut out));
        let error = reader.read(&mut [0; 10]).unwrap_err();
        assert!(is_told(Error::from_io(&error).unwrap()) && out == content[..300]);
    }
    let framing = Panics(usize::MAX);
    let index = Index::build_with_framing(&stream[..], framing, &DecompressOptions::new(), 1 << 16).unwrap();
    let mut seek =
        Lz4StreamSeekReader::with_framing(Cursor::new(&stream), &DecompressOptions::new(), index, |_| Panics(3))
            .unwrap();
    let mut out = Vec::new();
    panics(|| seek.read_to_end(&mut out));
    assert!(out == content[..300]);
    let error = seek.read(&mut [0; 10]).unwrap_err();
    assert!(is_told(Error::from_io(&error).unwrap()));
}

/// The buffer has the block already, and no head or tail of it.
#[test]
fn a_block_whose_tail_panicked_is_never_lent() {
    let options = CompressOptions::new().page_size(100);
    let mut codec = Lz4StreamCompressor::with_framing(Panics(1), &options).unwrap();
    assert_eq!(codec.compress(b"hello").unwrap(), b"\x06\x50hello\0");
    panics(|| codec.compress(b"secret").map(drop));
    assert_eq!(codec.block(), b"");
}

/// The other end never gets the page that is lost, so no later page may refer to it.
#[test]
fn after_a_panic_while_a_block_is_made_later_blocks_can_be_decoded() {
    let content = text(7, 1000);
    let modes = (0..=12).map(|level| match level {
        0 => Mode::Default,
        level => Mode::HighCompression { level },
    });
    for (mode, strategy) in modes.flat_map(|mode| [(mode, Strategy::DoubleBuffer), (mode, Strategy::RingBuffer)]) {
        let options = CompressOptions::new().page_size(200).mode(mode).strategy(strategy);
        for before in 0..4 {
            let mut codec = Lz4StreamCompressor::with_framing(Panics(before), &options).unwrap();
            let mut stream = Vec::new();
            let mut expected = Vec::new();
            for page in content.chunks(200).take(before) {
                stream.extend(codec.compress(page).unwrap());
                expected.extend(page);
            }
            panics(|| codec.compress(&content[600..800]).map(drop));
            for page in content.chunks(200) {
                stream.extend(codec.compress(page).unwrap());
                expected.extend(page);
            }
            let decompressor = Lz4StreamDecompressor::with_framing(Panics(100), &DecompressOptions::new()).unwrap();
            let mut decoded = Vec::new();
            Lz4StreamReader::from_parts(&stream[..], decompressor)
                .read_to_end(&mut decoded)
                .unwrap();
            assert!(decoded == expected, "{mode:?} {strategy:?} {before}");
        }
    }
}

#[test]
fn more_than_64_kib_between_two_blocks_cannot_be_indexed() {
    let is_told = |error: Option<&Error>| matches!(error, Some(Error::BadHead { .. }));
    let options = CompressOptions::new().page_size(100);
    let stream = written::<70_000>(&options, &text(6, 1000));
    let error = Index::build_with_framing(&stream[..], Tailed::<70_000>, &DecompressOptions::new(), 1 << 16);
    assert!(is_told(Error::from_io(&error.unwrap_err())));
    // A writer tells it beforehand. It can put a restart between a tail and a head.
    const LONGEST: usize = (1 << 16) - 8;
    let restarts = options.restart_every(1);
    let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor::<LONGEST>(&restarts));
    writer.collect_index(1 << 16).unwrap();
    writer.write_all(&text(6, 1000)).unwrap();
    writer.try_finish().unwrap();
    let index = writer.take_index().unwrap();
    let stream = writer.finish().unwrap();
    let built = Index::build_with_framing(&stream[..], Tailed::<LONGEST>, &DecompressOptions::new(), 1 << 16);
    assert!(places(&built.unwrap()) == places(&index) && index.points().len() > 3);
    let mut file = Vec::new();
    index.write_to(&mut file).unwrap();
    assert_eq!(Index::read_from(&file[..]).unwrap(), index);
    let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor::<{ LONGEST + 1 }>(&restarts));
    assert!(is_told(writer.collect_index(1 << 16).err().as_ref()));
    writer.finish().unwrap();
    for threads in [1, 2] {
        let mut writer = Lz4StreamParallelWriter::from_parts(Vec::new(), compressor::<70_000>(&restarts), threads);
        assert!(is_told(writer.collect_index(1 << 16).err().as_ref()));
        writer.finish().unwrap();
    }
}
