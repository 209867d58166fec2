//! With short jobs, so that little data makes many of them.

use std::io::{self, ErrorKind, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::block::random::{Random, data, text};
use crate::block::reference;

use super::{Job, Lz4StreamParallelWriter};
use crate::{
    CompressOptions, DecompressOptions, Engine, Error, Framing, Head, Lz4StreamCompressor, Lz4StreamDecompressor,
    Lz4StreamReader, Lz4StreamWriter, Mode, PrefixWidth, Strategy, ZeroPrefix,
};

#[allow(dead_code)]
#[path = "../../../tests/common/hostile.rs"]
mod hostile;

use hostile::{ScriptedWriter, Step, script};

/// Any settings, with prefixes of four bytes.
fn settings(random: &mut Random) -> CompressOptions {
    let modes = [
        Mode::Default,
        Mode::Fast { acceleration: 9 },
        Mode::HighCompression { level: 2 },
        Mode::HighCompression { level: 5 },
        Mode::HighCompression { level: 12 },
    ];
    let engines = [
        Engine::Own,
        Engine::Own,
        #[cfg(feature = "lz4_flex")]
        Engine::Lz4Flex,
    ];
    CompressOptions::new()
        .page_size([1, 13, 100, 1000, 4096, 30_000, 65_536, 70_000][random.below(8)])
        .mode(modes[random.below(modes.len())])
        .engine(engines[random.below(engines.len())])
        .strategy([Strategy::DoubleBuffer, Strategy::RingBuffer][random.below(2)])
        .restart_every([0, 0, 1, 3][random.below(4)])
        .dictionary(text(1, [0, 0, 5, 5000, 90_000][random.below(5)]))
        .end_mark(random.below(2) == 0)
}

/// The content of a complete stream with prefixes of four bytes, decoded by the strict peer.
fn strict_content(options: &CompressOptions, mut stream: &[u8]) -> Vec<u8> {
    let mut peer = reference::Strict::new(
        options.get_page_size(),
        options.get_strategy() == Strategy::RingBuffer,
        options.get_format().get_dictionary(),
    );
    if options.get_format().get_end_mark() {
        stream = stream.strip_suffix(&[0; 4]).expect("the end mark");
    }
    let mut content = Vec::new();
    while let Some((len, rest)) = stream.split_first_chunk() {
        let (block, rest) = rest.split_at(u32::from_le_bytes(*len) as usize);
        content.extend_from_slice(peer.page(block));
        stream = rest;
    }
    assert_eq!(stream, b"");
    content
}

/// A writer whose jobs have this many pages.
fn writer<W: Write>(
    options: &CompressOptions,
    inner: W,
    threads: usize,
    job_pages: usize,
) -> Lz4StreamParallelWriter<W> {
    let job_len = options.get_page_size() * job_pages;
    Lz4StreamParallelWriter::with_job_len(inner, options.compressor().unwrap(), threads, job_len)
}

/// Writes `data` in pieces of up to `piece`, flushes after some of them, and finishes. Repeats each call until it
/// succeeds. Returns the number of errors.
fn write_through<W: Write, F: Framing>(
    writer: &mut Lz4StreamParallelWriter<W, F>,
    data: &[u8],
    seed: u64,
    piece: usize,
    flush_every: usize,
) -> usize {
    fn passes(error: io::Error) {
        assert!(Error::from_io(&error).is_none(), "{error}");
    }
    let (mut random, mut errors, mut rest) = (Random::new(seed), 0, data);
    while !rest.is_empty() {
        let (mut now, later) = rest.split_at(rest.len().min(1 + random.below(piece)));
        rest = later;
        while !now.is_empty() {
            match writer.write(now) {
                Ok(n) => now = &now[n..],
                Err(error) => {
                    errors += 1;
                    passes(error);
                }
            }
        }
        if random.below(flush_every) == 0 {
            while let Err(error) = writer.flush() {
                errors += 1;
                passes(error);
            }
        }
    }
    while let Err(error) = writer.try_finish() {
        errors += 1;
        passes(error);
    }
    errors
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    for seed in 0..150 {
        let mut random = Random::new(seed);
        let options = &settings(&mut random);
        let page_size = options.get_page_size();
        let job_pages = 1 + random.below(5);
        let all = data(seed as usize, seed, (page_size * 30).min(600_000));
        let piece = 1 + random.below(3 * page_size);
        let flush_every = [3, 10, usize::MAX][random.below(3)];
        let mut expected = None;
        for threads in [1, 2, 3, 6] {
            let mut writer = writer(options, Vec::new(), threads, job_pages);
            let errors = write_through(&mut writer, &all, seed, piece, flush_every);
            assert_eq!(errors, 0);
            assert_eq!(writer.total_in(), all.len() as u64);
            let blocks = writer.blocks();
            assert_eq!(writer.drain_block_sizes().len(), 0);
            let out = writer.total_out();
            let stream = writer.finish().unwrap();
            assert_eq!(out, stream.len() as u64);
            let made = (stream, blocks);
            let first = expected.get_or_insert_with(|| {
                assert!(strict_content(options, &made.0) == all);
                made.clone()
            });
            assert!(
                *first == made,
                "seed {seed}, {threads} threads, {job_pages} pages, {options:?}"
            );
        }
    }
}

#[test]
fn pages_that_are_flushed_are_those_of_the_serial_writer() {
    // No job reaches its length, so every one goes on with the compressor of the last.
    let all = text(1, 100_000);
    for options in [
        CompressOptions::new(),
        CompressOptions::new().page_size(100).restart_every(3),
    ] {
        let mut expected = options.writer(Vec::new()).unwrap();
        for message in all.chunks(333) {
            expected.write_all(message).unwrap();
            expected.flush().unwrap();
        }
        let expected = expected.finish().unwrap();
        for threads in [1, 2] {
            let mut writer = writer(&options, Vec::new(), threads, 4);
            for message in all.chunks(333) {
                writer.write_all(message).unwrap();
                writer.flush().unwrap();
                writer.flush().unwrap();
            }
            if let Some(ahead) = &writer.ahead {
                assert!(
                    format!("{:?}", ahead.pool).contains("started: 0"),
                    "no thread is needed"
                );
            }
            assert!(writer.finish().unwrap() == expected);
        }
    }
}

#[test]
fn jobs_that_begin_at_restart_points_make_the_stream_of_the_serial_writer() {
    let all = text(2, 300_000);
    let options = CompressOptions::new().page_size(5000).restart_every(4);
    let mut expected = options.writer(Vec::new()).unwrap();
    expected.write_all(&all).unwrap();
    let expected = expected.finish().unwrap();
    for (threads, job_pages) in [(1, 4), (2, 4), (3, 8)] {
        let mut writer = writer(&options, Vec::new(), threads, job_pages);
        writer.write_all(&all).unwrap();
        assert!(writer.finish().unwrap() == expected);
    }
}

#[test]
fn an_error_at_every_byte_changes_no_byte() {
    let all = text(5, 3000);
    let options = CompressOptions::new().page_size(200).end_mark(true);
    let mut plain = writer(&options, Vec::new(), 2, 2);
    write_through(&mut plain, &all, 1, 333, 4);
    let whole = plain.finish().unwrap();
    assert!(strict_content(&options, &whole) == all);
    for kind in [ErrorKind::WriteZero, ErrorKind::WouldBlock, ErrorKind::BrokenPipe] {
        for position in 0..whole.len() {
            for threads in [1, 2] {
                let steps = [Step::Bytes(position), Step::Fails(kind), Step::Fails(kind)];
                let mut writer = writer(&options, ScriptedWriter::new(steps), threads, 2);
                write_through(&mut writer, &all, 1, 333, 4);
                assert_eq!(writer.total_out(), whole.len() as u64);
                assert!(writer.finish().unwrap().taken == whole, "{kind:?} at {position}");
            }
        }
    }
}

#[test]
fn any_script_loses_nothing() {
    for seed in 0..200 {
        let options = &settings(&mut Random::new(seed));
        let all = text(seed, 20 * options.get_page_size().min(2000));
        let piece = 1 + seed as usize * 77 % 5000;
        let flush_every = 1 + seed as usize % 9;
        let mut plain = writer(options, Vec::new(), 1, 2);
        write_through(&mut plain, &all, seed, piece, flush_every);
        let whole = plain.finish().unwrap();
        assert!(strict_content(options, &whole) == all);

        let mut writer = writer(options, ScriptedWriter::new(script(seed, 3000)), 3, 2);
        write_through(&mut writer, &all, seed, piece, flush_every);
        assert!(writer.finish().unwrap().taken == whole, "{options:?}");
    }
}

#[test]
fn a_slow_inner_writer_holds_the_writer_back() {
    let options = CompressOptions::new().page_size(100);
    let all = Random::new(3).bytes(100_000);
    for threads in [2, 5] {
        let stuck = ScriptedWriter::new([Step::Fails(ErrorKind::WouldBlock); 1000]);
        let mut writer = writer(&options, stuck, threads, 2);
        let mut taken = 0;
        while let Ok(n) = writer.write(&all[taken..]) {
            taken += n;
        }
        // One job more than `limit`: the current one.
        assert!(taken <= 200 * (2 * threads + 1), "{threads} threads took {taken}");
        assert_eq!(writer.total_in(), taken as u64);
        writer.get_mut().script.clear();
        writer.write_all(&all[taken..]).unwrap();
        let stream = writer.finish().unwrap().taken;
        assert!(strict_content(&options, &stream) == all);
    }
}

#[test]
fn parts_hold_everything_and_go_on_with_either_writer() {
    let all = text(7, 9000);
    for dictionary in [&b""[..], b"words"] {
        for len in (0..3000).step_by(37).chain([200, 400, 1600]) {
            let options = CompressOptions::new()
                .page_size(100)
                .dictionary(dictionary)
                .restart_every(len % 4)
                .end_mark(true);
            for room in [0, 77, 10_000] {
                for threads in [1, 3] {
                    let steps = [Step::Bytes(room)]
                        .into_iter()
                        .chain([Step::Fails(ErrorKind::TimedOut); 99]);
                    let mut writer = writer(&options, ScriptedWriter::new(steps), threads, 4);
                    let mut taken = 0;
                    while taken < len {
                        match writer.write(&all[taken..len]) {
                            Ok(n) => taken += n,
                            Err(_) => break,
                        }
                    }
                    let total_in = writer.total_in();
                    let (first, compressor) = writer.into_parts();
                    assert_eq!((compressor.total_in(), total_in), (taken as u64, taken as u64));
                    assert!(compressor.page().len() < 100);
                    let inner = ScriptedWriter::new([]);
                    let second = if len % 2 == 0 {
                        let mut writer = Lz4StreamWriter::from_parts(inner, compressor);
                        writer.write_all(&all[taken..]).unwrap();
                        writer.finish().unwrap()
                    } else {
                        let mut writer = Lz4StreamParallelWriter::with_job_len(inner, compressor, threads, 300);
                        writer.write_all(&all[taken..]).unwrap();
                        assert_eq!(writer.total_in(), all.len() as u64);
                        writer.finish().unwrap()
                    };
                    let stream = [first.taken, second.taken].concat();
                    assert!(strict_content(&options, &stream) == all, "{len} {room} {threads}");
                }
            }
        }
    }
}

#[test]
fn what_is_ahead_has_its_restart_marks() {
    let all = text(8, 5_000);
    let options = CompressOptions::new()
        .page_size(100)
        .restart_every(3)
        .zero_prefix(ZeroPrefix::Restart);
    for len in (0..all.len()).step_by(70) {
        let mut whole = writer(&options, Vec::new(), 1, 6);
        whole.write_all(&all[..len]).unwrap();
        let expected = whole.finish().unwrap();
        for threads in 1..4 {
            let mut writer = writer(&options, Vec::new(), threads, 6);
            writer.write_all(&all[..len]).unwrap();
            let (mut stream, mut compressor) = writer.into_parts();
            stream.extend_from_slice(compressor.block());
            stream.extend_from_slice(compressor.finish());
            assert!(stream == expected, "{len} {threads}");
        }
    }
}

#[test]
fn a_reset_writer_is_as_a_new_one() {
    let dictionary = text(9, 500);
    let options = CompressOptions::new()
        .page_size(1000)
        .dictionary(&dictionary)
        .restart_every(7)
        .end_mark(true);
    for threads in [1, 2] {
        let mut reused = writer(&options, Vec::new(), threads, 3);
        for seed in 0..50 {
            let all = text(seed % 5, seed as usize * 777);
            let mut fresh = writer(&options, Vec::new(), threads, 3);
            fresh.write_all(&all).unwrap();
            let expected = fresh.finish().unwrap();
            reused.write_all(&all).unwrap();
            assert_eq!(reused.total_in(), all.len() as u64);
            assert!(reused.reset(Vec::new()).unwrap() == expected, "stream {seed}");
            assert_eq!((reused.total_in(), reused.total_out(), reused.blocks()), (0, 0, 0));
        }
    }
}

#[test]
fn framings_of_any_kind_write_their_heads_in_order() {
    /// One or two bytes.
    struct Short;
    impl Framing for Short {
        const MAX_HEAD_LEN: usize = 2;
        fn max_block_len(&self) -> usize {
            0x7FFF
        }
        fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
            Ok(match *bytes {
                [len @ ..0x80, ..] => Head::Block {
                    head_len: 1,
                    block_len: len.into(),
                },
                [high, low, ..] => Head::Block {
                    head_len: 2,
                    block_len: usize::from(high & 0x7F) << 8 | usize::from(low),
                },
                _ => Head::Incomplete {
                    needed: bytes.len() + 1,
                },
            })
        }
        fn write_head(&mut self, block: &[u8], _: &[u8], out: &mut [u8]) -> usize {
            let block_len = block.len();
            if block_len < 0x80 {
                out[0] = block_len as u8;
                return 1;
            }
            out.copy_from_slice(&(block_len as u16 | 0x8000).to_be_bytes());
            2
        }
    }
    /// The number of the block, and then its length.
    struct Numbered(u32);
    impl Framing for Numbered {
        const MAX_HEAD_LEN: usize = 8;
        fn max_block_len(&self) -> usize {
            1 << 20
        }
        fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
            let Some((head, _)) = bytes.split_first_chunk::<8>() else {
                return Ok(Head::Incomplete { needed: 8 });
            };
            let (number, len) = head.split_at(4);
            if number != self.0.to_le_bytes() {
                return Err(Error::bad_head("out of order"));
            }
            self.0 += 1;
            let block_len = u32::from_le_bytes(len.try_into().unwrap()) as usize;
            Ok(Head::Block { head_len: 8, block_len })
        }
        fn write_head(&mut self, block: &[u8], _: &[u8], out: &mut [u8]) -> usize {
            out[..4].copy_from_slice(&self.0.to_le_bytes());
            out[4..].copy_from_slice(&(block.len() as u32).to_le_bytes());
            self.0 += 1;
            8
        }
    }
    fn check<F: Framing>(framing: impl Fn() -> F) {
        let all = text(10, 50_000);
        let options = CompressOptions::new().page_size(900);
        let mut streams = Vec::new();
        for threads in [1, 3] {
            let compressor = Lz4StreamCompressor::with_framing(framing(), &options).unwrap();
            let mut writer = Lz4StreamParallelWriter::with_job_len(Vec::new(), compressor, threads, 2700);
            write_through(&mut writer, &all, 3, 2000, 5);
            streams.push(writer.finish().unwrap());
        }
        assert!(streams[0] == streams[1]);
        let decompressor = Lz4StreamDecompressor::with_framing(framing(), &DecompressOptions::new()).unwrap();
        let mut content = Vec::new();
        let mut reader = Lz4StreamReader::from_parts(&streams[0][..], decompressor);
        reader.read_to_end(&mut content).unwrap();
        assert!(content == all);
    }
    check(|| Numbered(0));
    check(|| Short);
}

/// Work that panics on content with this in it.
const BAD: &[u8] = b"panic here";
fn panicking(job: &mut Job) {
    assert!(
        !job.content.windows(BAD.len()).any(|bytes| bytes == BAD),
        "as the test asks"
    );
    job.work();
}

#[test]
fn a_panic_of_a_thread_is_an_error_of_the_next_call_and_poisons() {
    let options = CompressOptions::new().page_size(100);
    let mut all = text(11, 2000);
    all[900..910].copy_from_slice(BAD);
    for how in 0..3 {
        let mut writer = writer(&options, Vec::new(), 2, 2);
        writer.ahead.as_mut().unwrap().pool = crate::parallel::pool::Pool::new(2, panicking);
        let error = match how {
            0 => writer.write_all(&all).and_then(|()| writer.flush()),
            1 => writer.write_all(&all[..1100]).and_then(|()| writer.flush()),
            _ => writer.write_all(&all).and_then(|()| writer.try_finish()),
        }
        .unwrap_err();
        assert!(writer.is_poisoned());
        let offset = writer.total_out();
        assert_eq!(Error::from_io(&error), Some(&Error::Poisoned { offset }));
        for error in [
            writer.write(b"more").unwrap_err(),
            writer.flush().unwrap_err(),
            writer.try_finish().unwrap_err(),
        ] {
            assert_eq!(Error::from_io(&error), Some(&Error::Poisoned { offset }));
        }
        // What came before was sent whole.
        assert!(strict_content(&options, writer.get_ref()) == all[..800]);
        let (stream, _) = writer.into_parts();
        assert_eq!(stream.len() as u64, offset);
    }
}

#[test]
fn a_panic_of_the_inner_writer_poisons_and_no_thread_stays() {
    struct Panics(usize);
    impl Write for Panics {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            assert!(self.0 != 5, "the fifth time");
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let options = CompressOptions::new().page_size(100);
    for threads in [1, 2] {
        let mut writer = writer(&options, Panics(0), threads, 2);
        let all = text(12, 20_000);
        let result = panic::catch_unwind(AssertUnwindSafe(|| {
            let written = writer.write_all(&all);
            written.and_then(|()| writer.flush())
        }));
        assert!(result.is_err());
        let error = writer.write(b"more").unwrap_err();
        let offset = writer.total_out();
        assert_eq!(Error::from_io(&error), Some(&Error::Poisoned { offset }));
        assert_eq!(writer.get_ref().0, 5, "the inner writer is not touched again");
        drop(writer);
        // Unwinding drops the writer too, and does not wait for ever.
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let _ = panic::catch_unwind(|| {
                let options = CompressOptions::new().page_size(100);
                let mut writer = self::writer(&options, Panics(0), threads, 2);
                writer.write_all(&text(12, 20_000)).unwrap();
                writer.flush().unwrap();
            });
            sender.send(()).unwrap();
        });
        receiver.recv_timeout(Duration::from_secs(60)).expect("it ends");
    }
}

#[test]
fn dropping_sends_what_is_left_but_no_end_mark() {
    let all = text(13, 5000);
    let options = CompressOptions::new().page_size(100).end_mark(true);
    for threads in [1, 2] {
        let mut stream = Vec::new();
        let mut writer = writer(&options, &mut stream, threads, 2);
        writer.write_all(&all).unwrap();
        drop(writer);
        stream.extend_from_slice(&[0; 4]);
        assert!(strict_content(&options, &stream) == all);

        // It gives up at the first error.
        let mut inner = ScriptedWriter::new([Step::Bytes(10), Step::Fails(ErrorKind::TimedOut), Step::Bytes(7)]);
        let mut writer = self::writer(&options, &mut inner, threads, 20);
        writer.write_all(&all[..50]).unwrap();
        drop(writer);
        assert_eq!(inner.taken.len(), 10);
    }
}

#[test]
fn after_the_end_nothing_can_be_written() {
    for threads in [1, 2] {
        let mut writer = writer(&CompressOptions::new().page_size(10), Vec::new(), threads, 2);
        writer.write_all(b"0123456789 0123456789").unwrap();
        writer.try_finish().unwrap();
        for bytes in [&b""[..], b"more"] {
            let error = writer.write(bytes).unwrap_err();
            assert_eq!(Error::from_io(&error), Some(&Error::Finished));
        }
        writer.flush().unwrap();
        writer.try_finish().unwrap();
        assert_eq!(writer.total_in(), 21);
    }
}

#[test]
fn sizes_out_of_band_are_those_of_the_blocks() {
    let options = CompressOptions::new()
        .prefix_width(PrefixWidth::OutOfBand)
        .page_size(700);
    let all = text(8, 50_000);
    let mut writer = writer(&options, Vec::new(), 3, 2);
    let mut sizes = Vec::new();
    for piece in all.chunks(999) {
        writer.write_all(piece).unwrap();
        sizes.extend(writer.drain_block_sizes());
        assert_eq!(sizes.len() as u64, writer.blocks());
    }
    writer.try_finish().unwrap();
    sizes.extend(writer.drain_block_sizes());
    let stream = writer.finish().unwrap();
    let mut content = Vec::new();
    let options = DecompressOptions::new().prefix_width(PrefixWidth::OutOfBand);
    let mut reader = options.reader_with_sizes(&stream[..], sizes).unwrap();
    reader.read_to_end(&mut content).unwrap();
    assert!(content == all);
}

/// Threads that are forgotten wait, and hold nothing that others need.
#[test]
fn forgotten_writers_hold_up_nobody() {
    let options = CompressOptions::new().page_size(100);
    let all = text(14, 20_000);
    let mut expected = writer(&options, Vec::new(), 1, 2);
    expected.write_all(&all).unwrap();
    let expected = expected.finish().unwrap();
    for len in [0, 150, 1000, 20_000] {
        let mut forgotten = writer(&options, Vec::new(), 3, 2);
        forgotten.write_all(&all[..len]).unwrap();
        std::mem::forget(forgotten);
    }
    thread::scope(|scope| {
        for threads in [2, 3, 2, 5, 2, 3] {
            let (options, all, expected) = (&options, &all, &expected);
            scope.spawn(move || {
                let mut writer = writer(options, Vec::new(), threads, 2);
                writer.write_all(all).unwrap();
                assert!(writer.finish().unwrap() == *expected);
            });
        }
    });
}

/// A framing that panics at one of its calls.
struct PanicsAt {
    call: usize,
    calls: usize,
}

impl PanicsAt {
    fn count(&mut self) {
        self.calls += 1;
        assert!(self.calls != self.call, "as the test asks");
    }
}

impl Framing for PanicsAt {
    const MAX_HEAD_LEN: usize = 4;
    fn max_block_len(&self) -> usize {
        1 << 20
    }
    fn read_head(&mut self, _: &[u8]) -> Result<Head, Error> {
        unreachable!("nothing is read")
    }
    fn write_head(&mut self, block: &[u8], _: &[u8], out: &mut [u8]) -> usize {
        self.count();
        out.copy_from_slice(&(block.len() as u32).to_le_bytes());
        4
    }
    fn write_end(&mut self, out: &mut [u8]) -> usize {
        self.count();
        out[..4].fill(0);
        4
    }
}

#[test]
fn a_panic_of_the_framing_at_any_call_poisons_and_sends_only_whole_blocks() {
    let options = CompressOptions::new().page_size(100);
    let all = text(15, 1950);
    for threads in [1, 2] {
        // 20 blocks and the end.
        for call in 1..=21 {
            let framing = PanicsAt { call, calls: 0 };
            let compressor = Lz4StreamCompressor::with_framing(framing, &options).unwrap();
            let mut writer = Lz4StreamParallelWriter::with_job_len(Vec::new(), compressor, threads, 200);
            let result = panic::catch_unwind(AssertUnwindSafe(|| {
                writer.write_all(&all)?;
                writer.try_finish()
            }));
            assert!(result.is_err(), "call {call}");
            assert!(writer.is_poisoned());
            let offset = writer.total_out();
            for error in [writer.write(b"more").unwrap_err(), writer.try_finish().unwrap_err()] {
                assert_eq!(Error::from_io(&error), Some(&Error::Poisoned { offset }));
            }
            let (stream, _) = writer.into_parts();
            assert_eq!(stream.len() as u64, offset);
            let sent = &all[..all.len().min((call - 1) * 100)];
            assert!(
                strict_content(&options, &stream) == sent,
                "{threads} threads, call {call}"
            );
        }
    }
}

/// Whichever thread does it, the work on every job panics once.
#[test]
fn a_panic_in_any_job_also_on_the_callers_thread_is_an_error() {
    let options = CompressOptions::new().page_size(100);
    for bad in (50..4000).step_by(200) {
        let mut all = text(16, 4000);
        all[bad..bad + BAD.len()].copy_from_slice(BAD);
        for workers in [0, 1] {
            let mut writer = writer(&options, Vec::new(), 2, 2);
            writer.ahead.as_mut().unwrap().pool = crate::parallel::pool::Pool::new(1 + workers, panicking);
            let error = writer.write_all(&all).and_then(|()| writer.flush()).unwrap_err();
            let offset = writer.total_out();
            assert_eq!(Error::from_io(&error), Some(&Error::Poisoned { offset }));
            assert!(strict_content(&options, writer.get_ref()) == all[..bad / 200 * 200]);
        }
    }
}

/// `Pool::new(1, …)` has no workers, as when the system starts no thread.
#[test]
fn without_any_worker_the_stream_is_the_same() {
    let options = CompressOptions::new().page_size(100).end_mark(true);
    let all = text(17, 10_000);
    let mut expected = writer(&options, Vec::new(), 1, 2);
    write_through(&mut expected, &all, 1, 333, 4);
    let mut alone = writer(&options, Vec::new(), 4, 2);
    alone.ahead.as_mut().unwrap().pool = crate::parallel::pool::Pool::new(1, Job::work);
    write_through(&mut alone, &all, 1, 333, 4);
    assert!(alone.finish().unwrap() == expected.finish().unwrap());
}
