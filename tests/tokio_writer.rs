//! The writer for tokio: it makes the bytes of the writer for `std::io`, whatever the inner writer and the callers do.
#![cfg(feature = "tokio")]

mod common;
#[path = "common/polled.rs"]
mod polled;

use std::io::{self, ErrorKind, IoSlice, Write};
use std::marker::PhantomPinned;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use common::{Data, Random, Settings, Varint, finish, strict_content, text};
use lz4_stream::tokio::Lz4StreamWriter;
use lz4_stream::{CompressOptions, Error, Framing, Head, Lz4StreamCompressor, PrefixWidth};
use polled::{Act, Polled, acts, once, until_ready};
use quickcheck::{Arbitrary, Gen, QuickCheck};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio_test::io::Builder;
use tokio_test::{assert_pending, assert_ready, assert_ready_err, assert_ready_ok, block_on};

/// The stream of the writer for `std::io`, and its block sizes if they are kept out of band.
fn expected(options: &CompressOptions, data: &[u8], piece: usize, flush_every: usize) -> (Vec<u8>, Vec<usize>) {
    let mut writer = options.writer(Vec::new()).unwrap();
    for (i, piece) in data.chunks(piece).enumerate() {
        writer.write_all(piece).unwrap();
        if i % flush_every == flush_every - 1 {
            writer.flush().unwrap();
        }
    }
    finish(writer)
}

/// Writes all of `rest`. Every future is dropped after one poll.
fn write_all<W: AsyncWrite + Unpin, F: Framing>(writer: &mut Lz4StreamWriter<W, F>, mut rest: &[u8]) {
    while !rest.is_empty() {
        let n = until_ready(|| once(writer.write(rest)));
        assert!(n > 0, "ready, but took nothing");
        rest = &rest[n..];
    }
}

/// Writes `data` in `piece`s, flushes after every `flush_every` pieces, and shuts down. Every future is dropped after
/// one poll, and every call is repeated until it succeeds.
fn write_through<W: AsyncWrite + Unpin, F: Framing>(
    writer: &mut Lz4StreamWriter<W, F>,
    data: &[u8],
    piece: usize,
    flush_every: usize,
) {
    for (i, piece) in data.chunks(piece).enumerate() {
        write_all(writer, piece);
        if i % flush_every == flush_every - 1 {
            until_ready(|| once(writer.flush()));
        }
    }
    until_ready(|| once(writer.shutdown()));
}

const SMALL: usize = 60;

fn small() -> CompressOptions {
    CompressOptions::new()
        .page_size(20)
        .prefix_width(PrefixWidth::Two)
        .end_mark(true)
}

#[test]
fn every_split_of_the_writes() {
    let all = text(1, SMALL);
    let (stream, _) = expected(&small(), &all, 7, 5);
    assert!(stream.len() > 50);
    for first in 0..stream.len() {
        for second in first..=stream.len() {
            let mut mock = Builder::new();
            for part in [&stream[..first], &stream[first..second], &stream[second..]] {
                if !part.is_empty() {
                    mock.write(part);
                }
            }
            // The mock panics at any other byte, and when it is dropped before the last one.
            let mut writer = Lz4StreamWriter::with_options(mock.build(), &small()).unwrap();
            write_through(&mut writer, &all, 7, 5);
            assert_eq!(writer.total_out(), stream.len() as u64);
        }
    }
}

#[test]
fn an_error_at_every_byte_of_the_mock() {
    let all = text(2, SMALL);
    let (stream, _) = expected(&small(), &all, 7, 5);
    for at in 0..stream.len() {
        for kind in [ErrorKind::TimedOut, ErrorKind::BrokenPipe, ErrorKind::Interrupted] {
            let mut mock = Builder::new();
            if at > 0 {
                mock.write(&stream[..at]);
            }
            mock.write_error(kind.into()).write(&stream[at..]);
            let inner = mock.build();
            drop(mock); // it shares the error
            let mut writer = Lz4StreamWriter::with_options(inner, &small()).unwrap();
            write_through(&mut writer, &all, 7, 5);
        }
    }
}

#[test]
fn pending_or_an_error_at_every_poll() {
    let all = text(3, 2000);
    let options = CompressOptions::new().page_size(300).end_mark(true);
    let (stream, _) = expected(&options, &all, 111, 4);
    for act in [
        Act::Pending,
        Act::Fails(ErrorKind::TimedOut),
        Act::Fails(ErrorKind::Interrupted),
        Act::Fails(ErrorKind::BrokenPipe),
    ] {
        // One byte per poll, and before each byte a poll that does nothing.
        let script = [act, Act::Bytes(1)].into_iter().cycle().take(2 * stream.len());
        let mut writer = Lz4StreamWriter::with_options(Polled::writer(script), &options).unwrap();
        write_through(&mut writer, &all, 111, 4);
        assert!(writer.into_inner().taken == stream, "{act:?}");
        // One fault, at any of the polls.
        for at in 0..60 {
            let mut script = vec![Act::Bytes(50); at];
            script.extend([act; 3]);
            let mut writer = Lz4StreamWriter::with_options(Polled::writer(script), &options).unwrap();
            write_through(&mut writer, &all, 111, 4);
            let inner = writer.into_inner();
            assert!(inner.taken == stream, "{act:?} at {at}");
            assert_eq!(inner.shutdowns, 1);
        }
    }
}

#[test]
fn any_settings_any_script_and_every_future_dropped_after_each_poll() {
    for seed in 0..300 {
        let settings = Settings::arbitrary(&mut Gen::new(50));
        let all = text(seed, 8 * settings.page_size.min(3000));
        let piece = 1 + seed as usize * 7 % 500;
        let flush_every = 1 + seed as usize % 5;
        let (stream, sizes) = expected(&settings.compress, &all, piece, flush_every);
        let inner = Polled::writer(acts(seed, 2000));
        let mut writer = Lz4StreamWriter::with_options(inner, &settings.compress).unwrap();
        write_through(&mut writer, &all, piece, flush_every);
        assert_eq!(writer.drain_block_sizes().collect::<Vec<_>>(), sizes);
        assert_eq!(writer.total_in(), all.len() as u64);
        assert_eq!(writer.total_out(), stream.len() as u64);
        assert!(writer.into_inner().taken == stream, "{settings:?}");
    }
}

#[test]
fn any_data_in_one_write() {
    fn property(settings: Settings, data: Data, seed: u64) {
        let (stream, sizes) = expected(&settings.compress, &data.0, data.0.len().max(1), usize::MAX);
        // Long moves, so that many pages go out in one poll, and stalls in the middle.
        let script = (0..seed % 50).flat_map(|i| [Act::Bytes(5000 + i as usize), Act::Pending]);
        let mut writer = Lz4StreamWriter::with_options(Polled::writer(script), &settings.compress).unwrap();
        block_on(async {
            writer.write_all(&data.0).await.unwrap();
            writer.shutdown().await.unwrap();
        });
        assert_eq!(writer.drain_block_sizes().collect::<Vec<_>>(), sizes);
        assert!(writer.into_inner().taken == stream, "{settings:?}");
    }
    QuickCheck::new()
        .tests(150)
        .quickcheck(property as fn(Settings, Data, u64));
}

/// A caller that changes its mind: a call that was not ready, or failed, is followed by any other call.
#[test]
fn any_order_of_calls_each_dropped_after_one_poll() {
    for seed in 0..400 {
        let mut random = Random::new(seed);
        let page_size = 1 + random.below(300);
        let options = CompressOptions::new().page_size(page_size).end_mark(seed % 2 == 0);
        let mut writer = Lz4StreamWriter::with_options(Polled::writer(acts(seed, 3000)), &options).unwrap();
        let all = text(seed, 5000);
        let mut rest = &all[..];
        while !rest.is_empty() {
            let piece = &rest[..rest.len().min(1 + random.below(3 * page_size))];
            match random.below(4) {
                0 => {
                    let flushes = writer.get_ref().flushes;
                    if let Poll::Ready(Ok(())) = once(writer.flush()) {
                        assert_eq!(writer.get_ref().flushes, flushes + 1);
                        assert_eq!(
                            (writer.compressor().page(), writer.compressor().block()),
                            (&[][..], &[][..])
                        );
                        let sent = options.clone().end_mark(false);
                        let content = strict_content(&sent, &writer.get_ref().taken, &[]);
                        assert!(content == all[..all.len() - rest.len()]);
                    }
                }
                1 => {
                    let parts = [
                        IoSlice::new(&piece[..piece.len() / 2]),
                        IoSlice::new(&piece[piece.len() / 2..]),
                    ];
                    if let Poll::Ready(Ok(n)) = once(writer.write_vectored(&parts)) {
                        rest = &rest[n..];
                    }
                }
                2 if random.below(5) == 0 => {
                    // The parts go on elsewhere, as a task that hands its connection to another one does.
                    let (inner, compressor) = writer.into_parts();
                    writer = Lz4StreamWriter::from_parts(inner, compressor);
                }
                _ => {
                    if let Poll::Ready(Ok(n)) = once(writer.write(piece)) {
                        rest = &rest[n..];
                    }
                }
            }
            assert_eq!(writer.total_in(), (all.len() - rest.len()) as u64);
            assert_eq!(writer.total_out(), writer.get_ref().taken.len() as u64);
        }
        // Three ways to end it, mixed.
        let mut ended = false;
        while !ended {
            ended = match random.below(3) {
                0 => matches!(once(writer.shutdown()), Poll::Ready(Ok(()))),
                1 => matches!(once(writer.try_finish()), Poll::Ready(Ok(()))),
                _ => {
                    let _ = once(writer.flush());
                    false
                }
            };
        }
        let stream = writer.into_inner().taken;
        assert!(strict_content(&options, &stream, &[]) == all, "seed {seed}");
    }
}

/// liblz4 over two page buffers, and with it everything that decodes so: python-lz4, the C example.
#[test]
fn liblz4_reads_the_stream() {
    let all = text(4, 200_000);
    for page_size in [100, 4096, 65_536] {
        let dictionary = text(44, 5000);
        let options = CompressOptions::new().page_size(page_size).dictionary(&dictionary);
        let inner = Polled::writer(acts(page_size as u64, 5000));
        let mut writer = Lz4StreamWriter::with_options(inner, &options).unwrap();
        write_through(&mut writer, &all, 3333, 2);
        let stream = writer.into_inner().taken;
        let mut peer = common::liblz4::Decompressor::new(page_size, &dictionary);
        let (mut rest, mut content) = (&stream[..], Vec::new());
        while let Some((head, after)) = rest.split_first_chunk() {
            let (block, after) = after.split_at(u32::from_le_bytes(*head) as usize);
            content.extend_from_slice(peer.decompress(block).unwrap());
            rest = after;
        }
        assert!(content == all, "page size {page_size}");
    }
}

#[test]
fn large_slices_are_the_same_in_one_piece_and_in_many() {
    let all = text(5, 3 << 20);
    for page_size in [1000, 65_536, 500_000] {
        let options = CompressOptions::new().page_size(page_size);
        let (stream, _) = expected(&options, &all, all.len(), usize::MAX);
        for script in [
            vec![],
            vec![Act::Bytes(100_000); 50],
            [Act::Pending, Act::Bytes(777)].repeat(200),
        ] {
            let mut writer = Lz4StreamWriter::with_options(Polled::writer(script), &options).unwrap();
            write_through(&mut writer, &all, all.len(), usize::MAX);
            assert!(writer.into_inner().taken == stream, "page size {page_size}");
        }
    }
}

#[test]
fn a_write_waits_only_for_a_full_page_and_an_unsent_block() {
    let options = CompressOptions::new().page_size(10);
    let inner = Polled::writer([Act::Pending; 5]);
    let mut writer = Lz4StreamWriter::with_options(inner, &options).unwrap();
    // The first page becomes a block, which stalls; the rest goes to the next page.
    assert_eq!(assert_ready_ok!(once(writer.write(b"0123456789abc"))), 10);
    assert_eq!(assert_ready_ok!(once(writer.write(b"abc"))), 3);
    assert_eq!(assert_ready_ok!(once(writer.write(b"defghijklm"))), 7);
    assert_eq!(writer.compressor().page(), b"abcdefghij");
    assert_pending!(once(writer.write(b"klm")));
    assert_eq!((writer.total_in(), writer.total_out()), (20, 0));
    // Now the inner writer works.
    assert_eq!(assert_ready_ok!(once(writer.write(b"klm"))), 3);
    assert_ready_ok!(once(writer.shutdown()));
    let stream = writer.into_inner().taken;
    assert_eq!(strict_content(&options, &stream, &[]), b"0123456789abcdefghijklm");
}

#[test]
fn a_write_that_fails_has_taken_nothing() {
    let options = CompressOptions::new().page_size(10);
    let fails = Act::Fails(ErrorKind::TimedOut);
    let inner = Polled::writer([Act::Bytes(3), fails, fails]);
    let mut writer = Lz4StreamWriter::with_options(inner, &options).unwrap();
    assert_eq!(assert_ready_ok!(once(writer.write(b"0123456789abc"))), 10);
    assert_eq!(writer.total_out(), 3);
    assert_eq!(
        assert_ready_err!(once(writer.write(b"abc"))).kind(),
        ErrorKind::TimedOut
    );
    assert_eq!((writer.total_in(), writer.compressor().page()), (10, &b""[..]));
    assert_eq!(assert_ready_ok!(once(writer.write(b"abc"))), 3);
    // Several buffers: the second one stalls after the first one was taken.
    writer.get_mut().script.extend([Act::Pending; 9]);
    let buffers = [&b"defghij"[..], b"", b"012345678", b"9abcdef"].map(IoSlice::new);
    assert_eq!(assert_ready_ok!(once(writer.write_vectored(&buffers))), 17);
    assert_eq!(writer.total_in(), 30);
    let rest = [IoSlice::new(b"abcdef")];
    assert_pending!(once(writer.write_vectored(&rest)));
    writer.get_mut().script.clear();
    assert_eq!(assert_ready_ok!(once(writer.write_vectored(&rest))), 6);
    assert!(writer.is_write_vectored());
    assert_ready_ok!(once(writer.shutdown()));
    let stream = writer.into_inner().taken;
    let content = b"0123456789abcdefghij0123456789abcdef";
    assert_eq!(strict_content(&options, &stream, &[]), content);
}

#[test]
fn flush_sends_the_partial_page_and_then_flushes() {
    let mut writer = Lz4StreamWriter::new(Polled::default());
    assert_ready_ok!(once(writer.flush()));
    assert_eq!((writer.get_ref().taken.len(), writer.get_ref().flushes), (0, 1));
    assert_ready_ok!(once(writer.write(b"hello")));
    assert_eq!(writer.get_ref().taken, b"");
    // The block stalls, and later the flush of the inner writer does.
    writer
        .get_mut()
        .script
        .extend([Act::Pending, Act::Bytes(99), Act::Pending]);
    assert_pending!(once(writer.flush()));
    assert_eq!((writer.get_ref().taken.len(), writer.get_ref().flushes), (0, 1));
    assert_pending!(once(writer.flush()));
    assert_eq!(writer.get_ref().taken, b"\x06\0\0\0\x50hello");
    assert_eq!(writer.get_ref().flushes, 1);
    assert_ready_ok!(once(writer.flush()));
    assert_eq!((writer.get_ref().taken.len(), writer.get_ref().flushes), (10, 2));
    assert_eq!(writer.blocks(), 1);
}

#[test]
fn shutdown_can_be_polled_at_any_point_and_again() {
    let all = text(6, 50);
    let (stream, _) = expected(&small(), &all, 50, usize::MAX);
    for after in 0..=stream.len() {
        let mut script = vec![Act::Bytes(1); after];
        script.extend([Act::Pending, Act::Fails(ErrorKind::TimedOut), Act::Pending]);
        let mut writer = Lz4StreamWriter::with_options(Polled::writer(script), &small()).unwrap();
        write_all(&mut writer, &all);
        until_ready(|| once(writer.shutdown()));
        for more in [&b"more"[..], &[7; 20], &[7; 100]] {
            let error = assert_ready_err!(once(writer.write(more)));
            assert_eq!(Error::from_io(&error), Some(&Error::Finished));
            assert_eq!(writer.total_in(), 50);
            assert_ready_ok!(once(writer.flush()));
            assert_ready_ok!(once(writer.try_finish()));
            assert_ready_ok!(once(writer.shutdown()));
        }
        let inner = writer.into_inner();
        assert!(inner.taken == stream, "after {after}");
        assert_eq!(inner.shutdowns, 4);
    }
    // Written to between two polls of shutdown: finished already.
    let inner = Polled::writer([Act::Pending]);
    let mut writer = Lz4StreamWriter::with_options(inner, &small()).unwrap();
    assert_ready_ok!(once(writer.write(b"hello")));
    assert_pending!(once(writer.shutdown()));
    let error = assert_ready_err!(once(writer.write(b"more")));
    assert_eq!(Error::from_io(&error), Some(&Error::Finished));
    assert_ready_ok!(once(writer.shutdown()));
    assert_eq!(writer.into_inner().taken, b"\x06\0\x50hello\0\0");
}

#[test]
fn finishing_leaves_the_inner_writer_open() {
    let mut writer = Lz4StreamWriter::with_options(Polled::writer([Act::Pending; 2]), &small()).unwrap();
    assert_ready_ok!(once(writer.write(b"hello")));
    until_ready(|| once(writer.try_finish()));
    let inner = writer.get_ref();
    assert_eq!(
        (&inner.taken[..], inner.flushes, inner.shutdowns),
        (&b"\x06\0\x50hello\0\0"[..], 1, 0)
    );
}

#[test]
fn reset_finishes_the_old_stream_even_if_it_is_dropped_at_first() {
    let all = text(7, 50);
    let (stream, _) = expected(&small(), &all, 50, usize::MAX);
    for after in 0..=stream.len() {
        let mut script = vec![Act::Bytes(1); after];
        script.extend([Act::Pending; 2]);
        let mut writer = Lz4StreamWriter::with_options(Polled::writer(script), &small()).unwrap();
        for round in 0..2 {
            write_all(&mut writer, &all);
            let old = until_ready(|| once(writer.reset(Polled::writer([Act::Pending; 3]))));
            assert!(old.taken == stream, "after {after}, round {round}");
            assert_eq!((writer.total_in(), writer.total_out(), writer.blocks()), (0, 0, 0));
        }
        block_on(writer.write_all(&all)).unwrap();
        until_ready(|| once(writer.shutdown()));
        assert!(writer.into_inner().taken == stream);
    }
}

#[test]
fn the_parts_fit_the_writer_for_std() {
    let all = text(8, 3000);
    let options = CompressOptions::new().page_size(500).end_mark(true);
    let (stream, _) = expected(&options, &all, all.len(), usize::MAX);
    for cut in (0..=all.len()).step_by(100) {
        // Stalled in the middle of a block, with a full or partial page.
        let inner = Polled::writer([Act::Bytes(700), Act::Pending, Act::Pending, Act::Pending]);
        let mut writer = Lz4StreamWriter::with_options(inner, &options).unwrap();
        let taken = match once(writer.write(&all[..cut])) {
            Poll::Ready(n) => n.unwrap(),
            Poll::Pending => 0,
        };
        let taken = taken
            + match once(writer.write(&all[taken..])) {
                Poll::Ready(n) => n.unwrap(),
                Poll::Pending => 0,
            };
        let (inner, compressor) = writer.into_parts();
        let mut writer = lz4_stream::Lz4StreamWriter::from_parts(inner.taken, compressor);
        writer.write_all(&all[taken..]).unwrap();
        assert!(writer.finish().unwrap() == stream, "cut at {cut}");
    }
}

#[test]
fn a_custom_framing_and_an_engine_of_either_kind() {
    let all = text(9, 20_000);
    for &engine in common::ENGINES {
        let options = CompressOptions::new().page_size(700).engine(engine);
        let framed = || Lz4StreamCompressor::with_framing(Varint, &options).unwrap();
        let mut plain = lz4_stream::Lz4StreamWriter::from_parts(Vec::new(), framed());
        plain.write_all(&all).unwrap();
        let stream = plain.finish().unwrap();
        let mut writer = Lz4StreamWriter::from_parts(Polled::writer(acts(9, 3000)), framed());
        write_through(&mut writer, &all, 999, usize::MAX);
        assert!(writer.into_inner().taken == stream);
    }
}

#[test]
fn an_inner_writer_that_takes_nothing_or_too_much_is_an_error() {
    #[derive(Debug)]
    struct Liar(usize);
    impl AsyncWrite for Liar {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(self.0))
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }
    for (claim, kind) in [(0, ErrorKind::WriteZero), (1000, ErrorKind::Other)] {
        let mut writer = Lz4StreamWriter::new(Liar(claim));
        assert_ready_ok!(once(writer.write(b"hello")));
        for _ in 0..2 {
            assert_eq!(assert_ready_err!(once(writer.flush())).kind(), kind);
            assert_eq!(writer.compressor().block(), b"\x06\0\0\0\x50hello");
            writer.get_mut().0 = claim;
        }
        writer.get_mut().0 = 1;
        assert_ready_ok!(once(writer.flush()));
    }
}

#[test]
fn a_panic_ends_the_stream() {
    let options = CompressOptions::new().page_size(10);
    let inner = Polled::writer([Act::Bytes(3), Act::Panics]);
    let mut writer = Lz4StreamWriter::with_options(inner, &options).unwrap();
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let panics = panic::catch_unwind(AssertUnwindSafe(|| once(writer.write(b"0123456789"))));
    panic::set_hook(hook);
    assert!(panics.is_err() && writer.is_poisoned());
    let poisoned = |result: Poll<io::Result<()>>| {
        let error = assert_ready!(result).unwrap_err();
        assert_eq!(Error::from_io(&error), Some(&Error::Poisoned { offset: 3 }));
    };
    poisoned(once(writer.write(b"x")).map_ok(drop));
    poisoned(once(writer.flush()));
    poisoned(once(writer.shutdown()));
    poisoned(once(writer.try_finish()));
    poisoned(once(writer.reset(Polled::default())).map_ok(drop));
    assert_eq!(writer.into_inner().taken.len(), 3);
}

/// As [`Varint`], but panics at the end mark, and at the head of a block of which the page has an `!`.
struct Panics;

impl Framing for Panics {
    const MAX_HEAD_LEN: usize = Varint::MAX_HEAD_LEN;
    fn max_block_len(&self) -> usize {
        Varint.max_block_len()
    }
    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        Varint.read_head(bytes)
    }
    fn write_head(&mut self, block: &[u8], page: &[u8], out: &mut [u8]) -> usize {
        assert!(!page.contains(&b'!'));
        Varint.write_head(block, page, out)
    }
    fn write_end(&mut self, _: &mut [u8]) -> usize {
        panic!("the end")
    }
}

#[test]
fn a_panic_of_the_framing_ends_the_stream() {
    type Writer = Lz4StreamWriter<Vec<u8>, Panics>;
    let options = CompressOptions::new().page_size(10);
    let calls: [fn(&mut Writer); 4] = [
        // A page from the slice, a gathered page, a partial page, the end mark.
        |writer| drop(once(writer.write(b"0123456789abcdefghi!"))),
        |writer| drop(block_on(writer.write_all(b"0123456789abc")).and(block_on(writer.write_all(b"defghi!")))),
        |writer| drop(block_on(writer.write_all(b"0123456789!")).and(block_on(writer.flush()))),
        |writer| drop(block_on(writer.write_all(b"0123456789abc")).and(block_on(writer.shutdown()))),
    ];
    for call in calls {
        let compressor = Lz4StreamCompressor::with_framing(Panics, &options).unwrap();
        let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor);
        assert!(panic::catch_unwind(AssertUnwindSafe(|| call(&mut writer))).is_err());
        assert!(writer.is_poisoned());
        for result in [
            block_on(writer.write(b"x")).map(drop),
            block_on(writer.flush()),
            block_on(writer.shutdown()),
        ] {
            let error = result.unwrap_err();
            assert!(
                matches!(Error::from_io(&error), Some(Error::Poisoned { .. })),
                "{error}"
            );
        }
        assert!(
            writer.into_inner().starts_with(b"\x0b\xa00123456789"),
            "only the first page"
        );
    }
}

/// Another task on the same thread gets its turn, however fast the inner writer is.
#[tokio::test]
async fn a_page_costs_budget() {
    let mut random = Random::new(10);
    for (page_size, piece) in [(100, 100_000), (100, 37), (65_536, 8 << 20), (65_536, 65_536)] {
        let all = random.bytes(page_size * 1000);
        let options = CompressOptions::new().page_size(page_size);
        // `Vec` is always ready.
        let mut writer = Lz4StreamWriter::with_options(Vec::new(), &options).unwrap();
        let task = async {
            for piece in all.chunks(piece) {
                writer.write_all(piece).await.unwrap();
            }
            writer.shutdown().await.unwrap();
        };
        let (mut turns, mut task) = (0, std::pin::pin!(task));
        std::future::poll_fn(|cx| {
            turns += 1;
            task.as_mut().poll(cx)
        })
        .await;
        assert!((8..100).contains(&turns), "{turns} turns for 1000 pages of {page_size}");
        let (stream, _) = expected(&options, &all, all.len(), usize::MAX);
        assert!(writer.into_inner() == stream);
    }
}

#[test]
fn it_is_send_sync_and_unpin_as_its_parts_are() {
    fn all<T: Send + Sync + Unpin>() {}
    fn send<T: Send>() {}
    all::<Lz4StreamWriter<tokio::net::TcpStream>>();
    send::<Lz4StreamWriter<Pin<Box<dyn AsyncWrite + Send>>>>();
    // Futures too.
    fn future<T: Send>(_: T) {}
    let mut writer = Lz4StreamWriter::new(Vec::new());
    future(writer.try_finish());
    future(writer.reset(Vec::new()));
    // An inner writer that may not move.
    let mut pinned = Box::pin(Lz4StreamWriter::new(NotUnpin(Mutex::default(), PhantomPinned)));
    block_on(async {
        pinned.write_all(b"hello").await.unwrap();
        std::future::poll_fn(|cx| pinned.as_mut().poll_finish(cx))
            .await
            .unwrap();
        pinned.shutdown().await.unwrap();
    });
    assert_eq!(*pinned.as_mut().get_pin_mut().0.lock().unwrap(), b"\x06\0\0\0\x50hello");
}

/// Writes through a shared reference, and may not move once it is pinned.
#[derive(Debug)]
struct NotUnpin(Mutex<Vec<u8>>, PhantomPinned);

impl AsyncWrite for NotUnpin {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
