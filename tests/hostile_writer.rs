//! Inner writers that stop, stall, fail and panic anywhere: nothing is lost, and nothing is sent twice.

mod common;

use std::io::{self, ErrorKind, IoSlice, Write};
use std::panic::{self, AssertUnwindSafe};

use common::hostile::{ScriptedWriter, Step, script};
use common::{Settings, compress_all, pages, strict_content, text};
use lz4_stream::{CompressOptions, Error, Lz4StreamWriter, PrefixWidth};
use quickcheck::{Arbitrary, Gen};

/// Writes `data` in `piece`s, flushes at the end of each piece whose end is a multiple of `flush_every`, and finishes.
/// Repeats each call until it succeeds. Returns the number of errors.
fn write_through<W: Write>(writer: &mut Lz4StreamWriter<W>, data: &[u8], piece: usize, flush_every: usize) -> usize {
    fn passes(error: io::Error) {
        assert!(Error::from_io(&error).is_none(), "{error}");
    }
    let mut errors = 0;
    for (i, mut rest) in data.chunks(piece).enumerate() {
        while !rest.is_empty() {
            match writer.write(rest) {
                Ok(n) => rest = &rest[n..],
                Err(error) => {
                    errors += 1;
                    passes(error);
                }
            }
        }
        while i % flush_every == flush_every - 1
            && let Err(error) = writer.flush()
        {
            errors += 1;
            passes(error);
        }
    }
    while let Err(error) = writer.try_finish() {
        errors += 1;
        passes(error);
    }
    errors
}

#[test]
fn an_error_at_every_byte_changes_no_byte() {
    let all = text(5, 3000);
    let options = CompressOptions::new().page_size(500).end_mark(true);
    let whole = {
        let mut writer = options.writer(Vec::new()).unwrap();
        write_through(&mut writer, &all, 333, 4);
        writer.finish().unwrap()
    };
    assert!(strict_content(&options, &whole, &[]) == all);
    for kind in [
        ErrorKind::WriteZero,
        ErrorKind::WouldBlock,
        ErrorKind::TimedOut,
        ErrorKind::BrokenPipe,
    ] {
        for position in 0..whole.len() {
            let steps = [Step::Bytes(position), Step::Fails(kind), Step::Fails(kind)];
            let inner = ScriptedWriter::new(steps);
            let mut writer = options.writer(inner).unwrap();
            write_through(&mut writer, &all, 333, 4);
            assert_eq!(writer.total_out(), whole.len() as u64);
            assert!(writer.finish().unwrap().taken == whole, "{kind:?} at {position}");
        }
    }
}

#[test]
fn one_byte_at_a_time_with_an_error_before_each() {
    let all = text(6, 2000);
    let options = CompressOptions::new().page_size(300).end_mark(true);
    let whole = compress_all(&options, &all);
    for kind in [ErrorKind::Interrupted, ErrorKind::WouldBlock] {
        let steps = [Step::Fails(kind), Step::Bytes(1)];
        let inner = ScriptedWriter::new(steps.into_iter().cycle().take(2 * whole.len()));
        let mut writer = options.writer(inner).unwrap();
        let errors = write_through(&mut writer, &all, 70, usize::MAX);
        if kind == ErrorKind::Interrupted {
            assert_eq!(errors, 0, "Interrupted is retried");
        } else {
            assert!(errors > 0);
        }
        assert!(writer.finish().unwrap().taken == whole);
    }
}

#[test]
fn any_script_loses_nothing() {
    for seed in 0..300 {
        let settings = Settings::arbitrary(&mut Gen::new(50));
        let all = text(seed, 8 * settings.page_size.min(3000));
        let piece = 1 + seed as usize * 7 % 500;
        let flush_every = 1 + seed as usize % 5;
        let mut plain = settings.compress.writer(Vec::new()).unwrap();
        write_through(&mut plain, &all, piece, flush_every);
        let sizes: Vec<usize> = plain.drain_block_sizes().collect();
        let whole = plain.finish().unwrap();
        assert!(strict_content(&settings.compress, &whole, &sizes) == all);

        let inner = ScriptedWriter::new(script(seed, 2000));
        let mut writer = settings.compress.writer(inner).unwrap();
        write_through(&mut writer, &all, piece, flush_every);
        assert_eq!(writer.drain_block_sizes().collect::<Vec<_>>(), sizes);
        assert!(writer.finish().unwrap().taken == whole, "{settings:?}");
    }
}

#[test]
fn a_write_that_fails_has_taken_nothing() {
    let options = CompressOptions::new().page_size(10);
    let inner = ScriptedWriter::new([
        Step::Bytes(3),
        Step::Fails(ErrorKind::WouldBlock),
        Step::Fails(ErrorKind::WouldBlock),
    ]);
    let mut writer = options.writer(inner).unwrap();
    // The first page cannot be sent completely. The call reports the taken bytes; the error waits.
    assert_eq!(writer.write(b"0123456789abc").unwrap(), 10);
    assert_eq!(writer.total_out(), 3);
    // Now the error is reported, and nothing was taken.
    assert_eq!(writer.write(b"abc").unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!((writer.total_in(), writer.compressor().page()), (10, &b""[..]));
    assert_eq!(writer.write(b"abc").unwrap(), 3);
    let stream = writer.finish().unwrap().taken;
    assert_eq!(strict_content(&options, &stream, &[]), b"0123456789abc");

    // The same for several buffers.
    let inner = ScriptedWriter::new([Step::Fails(ErrorKind::WouldBlock); 3]);
    let mut writer = options.writer(inner).unwrap();
    let buffers = [&b"01234"[..], b"56789", b"abc"].map(IoSlice::new);
    assert_eq!(writer.write_vectored(&buffers).unwrap(), 10);
    assert_eq!(
        writer.write_vectored(&buffers[2..]).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    assert_eq!(writer.write_vectored(&buffers[2..]).unwrap(), 3);
    let stream = writer.finish().unwrap().taken;
    assert_eq!(strict_content(&options, &stream, &[]), b"0123456789abc");

    // Where a buffer was taken in part, the next one is not begun.
    for buffers in [[&b""[..], b"0123456789abc", b"de"], [b"01234", b"56789abc", b"de"]] {
        let inner = ScriptedWriter::new([Step::Fails(ErrorKind::WouldBlock)]);
        let mut writer = options.writer(inner).unwrap();
        assert_eq!(writer.write_vectored(&buffers.map(IoSlice::new)).unwrap(), 10);
        assert_eq!(writer.total_in(), 10);
        writer.write_all(b"abcde").unwrap();
        let stream = writer.finish().unwrap().taken;
        assert_eq!(strict_content(&options, &stream, &[]), b"0123456789abcde");
    }
}

#[test]
fn a_writer_that_takes_nothing_is_an_error() {
    let inner = ScriptedWriter::new([Step::Bytes(3), Step::Fails(ErrorKind::WriteZero)]);
    let mut writer = Lz4StreamWriter::new(inner);
    writer.write_all(b"hello").unwrap();
    assert_eq!(writer.flush().unwrap_err().kind(), ErrorKind::WriteZero);
    assert_eq!(writer.total_out(), 3);
    assert_eq!(writer.finish().unwrap().taken, b"\x06\0\0\0\x50hello");
}

#[test]
fn parts_after_an_error_go_on_with_another_inner_writer() {
    let all = text(7, 2000);
    let options = CompressOptions::new().page_size(300).end_mark(true);
    let whole = compress_all(&options, &all);
    for room in 0..whole.len() {
        let inner = ScriptedWriter::new(
            [Step::Bytes(room)]
                .into_iter()
                .chain([Step::Fails(ErrorKind::BrokenPipe); 99]),
        );
        let mut writer = options.writer(inner).unwrap();
        let mut written = 0;
        while written < all.len() {
            match writer.write(&all[written..]) {
                Ok(n) => written += n,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
                    break;
                }
            }
        }
        let (first, compressor) = writer.into_parts();
        let mut writer = Lz4StreamWriter::from_parts(ScriptedWriter::new([]), compressor);
        writer.write_all(&all[written..]).unwrap();
        let second = writer.finish().unwrap();
        assert!([first.taken, second.taken].concat() == whole, "{room}");
    }
}

#[test]
fn into_inner_gives_back_a_writer_that_can_go_on() {
    let inner = ScriptedWriter::new([Step::Bytes(3), Step::Fails(ErrorKind::TimedOut)]);
    let mut writer = CompressOptions::new().end_mark(true).writer(inner).unwrap();
    writer.write_all(b"hello").unwrap();
    let error = writer.into_inner().unwrap_err();
    assert_eq!(
        (error.error().kind(), error.to_string()),
        (ErrorKind::TimedOut, "timed out".into())
    );
    let writer = error.into_inner();
    assert_eq!(writer.into_inner().unwrap().taken, b"\x06\0\0\0\x50hello\0\0\0\0");
}

#[test]
fn a_failed_flush_of_the_inner_writer_can_be_tried_again() {
    struct FlushFails(Vec<u8>, Vec<ErrorKind>);
    impl Write for FlushFails {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.1.pop().map_or(Ok(()), |kind| Err(kind.into()))
        }
    }
    let kinds = [
        ErrorKind::WouldBlock,
        ErrorKind::Interrupted,
        ErrorKind::WouldBlock,
        ErrorKind::Interrupted,
        ErrorKind::Interrupted,
    ];
    let mut writer = CompressOptions::new()
        .end_mark(true)
        .writer(FlushFails(Vec::new(), kinds.to_vec()))
        .unwrap();
    writer.write_all(b"hello").unwrap();
    assert_eq!(writer.flush().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(writer.get_ref().1.len(), 2, "Interrupted is retried in flush");
    assert_eq!(writer.flush().unwrap_err().kind(), ErrorKind::WouldBlock);
    writer.flush().unwrap();
    writer.get_mut().1 = vec![ErrorKind::WouldBlock, ErrorKind::Interrupted];
    assert_eq!(writer.try_finish().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(writer.finish().unwrap().0, b"\x06\0\0\0\x50hello\0\0\0\0");
}

#[test]
fn drop_after_an_error_sends_what_is_left() {
    for (steps, expected) in [
        (
            vec![Step::Bytes(3), Step::Fails(ErrorKind::TimedOut)],
            &b"\x06\0\0\0\x50hello\x03\0\0\0\x20hi"[..],
        ),
        // It gives up at the next error.
        (
            vec![
                Step::Bytes(3),
                Step::Fails(ErrorKind::TimedOut),
                Step::Fails(ErrorKind::TimedOut),
            ],
            b"\x06\0\0",
        ),
    ] {
        let mut inner = ScriptedWriter::new(steps);
        let mut writer = CompressOptions::new()
            .page_size(5)
            .end_mark(true)
            .writer(&mut inner)
            .unwrap();
        assert_eq!(writer.write(b"hello").unwrap(), 5);
        assert_eq!(writer.total_out(), 3);
        let (inner_again, mut compressor) = writer.into_parts();
        compressor.push(b"hi").unwrap();
        drop(Lz4StreamWriter::from_parts(inner_again, compressor));
        assert_eq!(inner.taken, expected);
    }
}

#[test]
fn only_a_panic_of_the_inner_writer_poisons() {
    struct Panics {
        calls: usize,
        in_flush: bool,
    }
    impl Panics {
        fn call(&mut self) {
            self.calls += 1;
            assert!(self.calls > 1, "the first time");
        }
    }
    impl Write for Panics {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !self.in_flush {
                self.call();
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            if self.in_flush {
                self.call();
            }
            Ok(())
        }
    }
    for (in_flush, offset) in [(false, 0), (true, 10)] {
        let mut writer = Lz4StreamWriter::new(Panics { calls: 0, in_flush });
        writer.write_all(b"hello").unwrap();
        assert!(panic::catch_unwind(AssertUnwindSafe(|| writer.flush())).is_err());
        for error in [
            writer.write(b"more").unwrap_err(),
            writer.write(b"").unwrap_err(),
            writer.write_vectored(&[IoSlice::new(b"more")]).unwrap_err(),
            writer.flush().unwrap_err(),
            writer.try_finish().unwrap_err(),
            writer.reset(Panics { calls: 0, in_flush }).map(drop).unwrap_err(),
        ] {
            assert_eq!(Error::from_io(&error), Some(&Error::Poisoned { offset }));
        }
        assert_eq!(writer.get_ref().calls, 1, "the inner writer is not touched again");
    }
}

#[test]
fn a_writer_that_claims_too_much_is_an_error() {
    struct Liar;
    impl Write for Liar {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len() + 1)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writer = Lz4StreamWriter::new(Liar);
    writer.write_all(b"hello").unwrap();
    assert_eq!(writer.flush().unwrap_err().kind(), ErrorKind::Other);
    assert_eq!(writer.total_out(), 0);
}

#[test]
fn block_sizes_survive_errors() {
    let options = CompressOptions::new()
        .prefix_width(PrefixWidth::OutOfBand)
        .page_size(700);
    let all = text(8, 5000);
    let mut steps = vec![Step::Bytes(100), Step::Fails(ErrorKind::WouldBlock)];
    steps = steps.repeat(10);
    let mut writer = options.writer(ScriptedWriter::new(steps)).unwrap();
    for page in pages(&all, 400, None) {
        write_through_once(&mut writer, page);
    }
    while writer.try_finish().is_err() {}
    let sizes: Vec<usize> = writer.drain_block_sizes().collect();
    let stream = writer.finish().unwrap().taken;
    assert!(strict_content(&options, &stream, &sizes) == all);
}

fn write_through_once(writer: &mut Lz4StreamWriter<ScriptedWriter>, mut rest: &[u8]) {
    while !rest.is_empty() {
        if let Ok(n) = writer.write(rest) {
            rest = &rest[n..];
        }
    }
}
