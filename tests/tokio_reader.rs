//! The readers for tokio: nothing is lost and nothing is read twice, whatever the inner reader and the callers do.
#![cfg(feature = "tokio")]

mod common;
#[path = "common/polled.rs"]
mod polled;

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::mem::MaybeUninit;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll};

use common::{Random, Settings, Varint, finish, pages, text};
use lz4_stream::tokio::{Lz4StreamBufReader, Lz4StreamReader};
use lz4_stream::{
    CompressOptions, DecompressOptions, Error, Lz4StreamCompressor, Lz4StreamDecompressor, PrefixWidth, ZeroPrefix,
};
use polled::{Act, Polled, acts, once, until_ready};
use quickcheck::{Arbitrary, Gen};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader, ReadBuf};
use tokio_test::io::Builder;
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, block_on};

/// A small stream with short and empty pages and an end mark, and its content.
fn small_stream(len: usize) -> (DecompressOptions, Vec<u8>, Vec<u8>) {
    let all = text(1, len);
    let options = CompressOptions::new().page_size(300).prefix_width(PrefixWidth::Two);
    let mut compressor = options.end_mark(true).compressor().unwrap();
    let mut stream = Vec::new();
    for page in pages(&all, len.min(300), Some(4)) {
        stream.extend_from_slice(compressor.compress(page).unwrap());
        stream.extend_from_slice(compressor.end_page_even_empty().unwrap());
    }
    stream.extend_from_slice(compressor.finish());
    let options = DecompressOptions::new().prefix_width(PrefixWidth::Two).end_mark(true);
    (options, stream, all)
}

/// Reads to the end in pieces of `piece` bytes. Every future is dropped after one poll, and every call is repeated
/// until it succeeds.
fn read_through(reader: &mut (impl AsyncRead + Unpin), piece: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut buf = vec![0; piece];
    loop {
        match until_ready(|| once(reader.read(&mut buf))) {
            0 => return out,
            n => out.extend_from_slice(&buf[..n]),
        }
    }
}

/// The same by the buffer that the reader lends.
fn lend_through(reader: &mut (impl AsyncBufRead + Unpin), piece: usize) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let page = until_ready(|| once(reader.fill_buf()).map_ok(<[u8]>::to_vec));
        if page.is_empty() {
            return out;
        }
        let n = page.len().min(piece);
        out.extend_from_slice(&page[..n]);
        reader.consume(n);
    }
}

#[test]
fn every_split_of_the_reads() {
    let (options, stream, all) = small_stream(40);
    for first in 0..stream.len() {
        for second in first..=stream.len() {
            let mock = || {
                let mut mock = Builder::new();
                for part in [&stream[..first], &stream[first..second], &stream[second..]] {
                    if !part.is_empty() {
                        mock.read(part);
                    }
                }
                mock.build()
            };
            let mut reader = Lz4StreamReader::with_options(mock(), &options).unwrap();
            assert!(read_through(&mut reader, 7) == all);
            let mut reader = Lz4StreamBufReader::with_options(BufReader::new(mock()), &options).unwrap();
            assert!(lend_through(&mut reader, 7) == all);
        }
    }
}

#[test]
fn an_error_at_every_byte_of_the_mock() {
    let (options, stream, all) = small_stream(40);
    for at in 0..stream.len() {
        for kind in [ErrorKind::TimedOut, ErrorKind::ConnectionReset, ErrorKind::Interrupted] {
            let mut mock = Builder::new();
            if at > 0 {
                mock.read(&stream[..at]);
            }
            mock.read_error(kind.into()).read(&stream[at..]);
            let inner = mock.build();
            drop(mock); // it shares the error
            let mut reader = Lz4StreamReader::with_options(inner, &options).unwrap();
            assert!(read_through(&mut reader, 100) == all);
        }
    }
}

#[test]
fn one_byte_at_a_time_and_pending_or_an_error_before_each() {
    let (options, stream, all) = small_stream(1500);
    for act in [
        Act::Bytes(1),
        Act::Pending,
        Act::Fails(ErrorKind::TimedOut),
        Act::Fails(ErrorKind::Interrupted),
    ] {
        let script = || [act, Act::Bytes(1)].into_iter().cycle().take(2 * stream.len());
        for piece in [1, 7, 10_000] {
            let inner = Polled::reader(&stream, script());
            let mut reader = Lz4StreamReader::with_options(inner, &options).unwrap();
            assert!(read_through(&mut reader, piece) == all, "{act:?}");
            assert_eq!(reader.total_in(), stream.len() as u64);
            assert_eq!(reader.total_out(), all.len() as u64);
            for capacity in [1, 50, 10_000] {
                let inner = BufReader::with_capacity(capacity, Polled::reader(&stream, script()));
                let mut reader = Lz4StreamBufReader::with_options(inner, &options).unwrap();
                assert!(lend_through(&mut reader, piece) == all, "{act:?}");
            }
        }
    }
}

#[test]
fn any_settings_any_script_and_every_future_dropped_after_each_poll() {
    for seed in 0..300 {
        let settings = Settings::arbitrary(&mut Gen::new(50));
        let all = text(seed, 8 * settings.page_size.min(3000));
        let mut writer = settings.compress.writer(Vec::new()).unwrap();
        writer.write_all(&all).unwrap();
        let (stream, sizes) = finish(writer);
        let inner = || Polled::reader(&stream, acts(seed, 2000));
        let buffered = || BufReader::with_capacity(1 + seed as usize * 37 % 5000, inner());
        let (piece, options) = (1 + seed as usize % 500, &settings.decompress);
        let [read, lent] = match settings.width {
            PrefixWidth::OutOfBand => [
                read_through(
                    &mut Lz4StreamReader::with_sizes(inner(), options, sizes.clone()).unwrap(),
                    piece,
                ),
                lend_through(
                    &mut Lz4StreamBufReader::with_sizes(buffered(), options, sizes).unwrap(),
                    piece,
                ),
            ],
            _ => [
                read_through(&mut Lz4StreamReader::with_options(inner(), options).unwrap(), piece),
                lend_through(
                    &mut Lz4StreamBufReader::with_options(buffered(), options).unwrap(),
                    piece,
                ),
            ],
        };
        assert!(read == all && lent == all, "{settings:?}");
    }
}

/// A caller that changes its mind, and hands the parts to the other kind of reader in the middle of a block.
#[test]
fn any_order_of_calls_each_dropped_after_one_poll() {
    for seed in 0..400 {
        let mut random = Random::new(seed);
        let zero = [ZeroPrefix::End, ZeroPrefix::Restart][seed as usize % 2];
        let page_size = 1 + random.below(300);
        let options = CompressOptions::new().page_size(page_size).zero_prefix(zero);
        let all = text(seed, 3000);
        let (mut compressor, mut stream) = (options.restart_every(5).compressor().unwrap(), Vec::new());
        for page in all.chunks(page_size) {
            stream.extend_from_slice(compressor.compress(page).unwrap());
            if random.below(3) == 0 {
                stream.extend_from_slice(compressor.end_page_even_empty().unwrap());
            }
        }
        stream.extend_from_slice(compressor.finish());
        let len = stream.len();
        if zero == ZeroPrefix::End {
            stream.extend_from_slice(b"after");
        }
        let inner = BufReader::with_capacity(1 + random.below(500), Polled::reader(&stream, acts(seed, 3000)));
        let decompressor = DecompressOptions::new().zero_prefix(zero).decompressor().unwrap();
        let mut reader = Lz4StreamReader::from_parts(inner, decompressor);
        let (mut out, mut buf, mut at_end) = (Vec::new(), [0; 500], false);
        while !at_end {
            let n = 1 + random.below(400);
            let buffered = random.below(3) == 0;
            let (inner, decompressor) = reader.into_parts();
            let mut lender = Lz4StreamBufReader::from_parts(inner, decompressor);
            if buffered && let Poll::Ready(Ok(page)) = once(lender.fill_buf()) {
                let page = &page[..page.len().min(n)];
                out.extend_from_slice(page);
                let used = page.len();
                at_end = used == 0;
                lender.consume(used);
            }
            let (inner, decompressor) = lender.into_parts();
            reader = Lz4StreamReader::from_parts(inner, decompressor);
            if !buffered && let Poll::Ready(Ok(n)) = once(reader.read(&mut buf[..n])) {
                out.extend_from_slice(&buf[..n]);
                at_end = n == 0;
            }
            assert_eq!(reader.total_out(), out.len() as u64);
        }
        assert!(out == all, "seed {seed}");
        assert_eq!(reader.total_in(), len as u64);
        let mut rest = Vec::new();
        let mut inner = reader.into_inner();
        while !matches!(once(inner.read_to_end(&mut rest)), Poll::Ready(Ok(_))) {}
        assert!(rest == stream[len..]);
    }
}

/// Of the buffer's room, all, a part, or nothing may be initialized.
#[test]
fn long_pages_are_the_same_whatever_buffer_they_come_into() {
    let all = text(9, 1_600_000);
    let mut compressor = CompressOptions::new().page_size(300_000).compressor().unwrap();
    let (mut stream, mut rest) = (Vec::new(), &all[..]);
    for len in [300_000, 300_000, 70_000, 300_000, 0, 1000, 300_000, 299_000, 30_000] {
        let (page, after) = rest.split_at(len);
        rest = after;
        stream.extend_from_slice(compressor.compress(page).unwrap());
    }
    for initialized in [0, 1000, 299_999, 300_000, 400_000] {
        for capacity in [0, 1000, 1_000_000] {
            let script = (0..200).map(|n| match n % 3 {
                0 => Act::Bytes(1 + n * 20),
                1 => Act::Pending,
                _ => Act::Fails([ErrorKind::Interrupted, ErrorKind::TimedOut][n % 2]),
            });
            let inner = Polled::reader(&stream, script);
            let mut reader: Box<dyn AsyncRead + Unpin> = match capacity {
                0 => Box::new(Lz4StreamReader::new(inner)),
                _ => Box::new(Lz4StreamBufReader::new(BufReader::with_capacity(capacity, inner))),
            };
            let mut room = vec![MaybeUninit::uninit(); 400_004];
            let mut out = Vec::new();
            loop {
                let mut buf = ReadBuf::uninit(&mut room);
                buf.put_slice(b"kept");
                buf.initialize_unfilled_to(initialized);
                let polled = once(poll_fn(|cx| Pin::new(&mut reader).poll_read(cx, &mut buf)));
                let (kept, read) = buf.filled().split_at(4);
                assert_eq!(kept, b"kept");
                match polled {
                    Poll::Ready(Ok(())) if read.is_empty() => break,
                    Poll::Ready(Ok(())) => out.extend_from_slice(read),
                    Poll::Ready(Err(error)) if error.kind() == ErrorKind::TimedOut => assert_eq!(read, b""),
                    Poll::Ready(Err(error)) => panic!("{error}"),
                    Poll::Pending => assert_eq!(read, b""),
                }
            }
            assert!(
                out == all,
                "{initialized} bytes are initialized, the inner buffer has {capacity}"
            );
        }
    }
}

#[test]
fn a_stream_cut_off_or_damaged_fails_as_in_std() {
    let (options, stream, _) = small_stream(300);
    let mut inputs: Vec<Vec<u8>> = (0..stream.len()).map(|cut| stream[..cut].to_vec()).collect();
    inputs.extend((0..stream.len()).map(|at| {
        let mut damaged = stream.clone();
        damaged[at] ^= 0x41;
        damaged
    }));
    for input in inputs {
        let mut plain = options.reader(&input[..]).unwrap();
        let mut expected = Vec::new();
        let error = plain.read_to_end(&mut expected).map_err(|error| error.to_string());
        let consumed = input.len() - plain.into_inner().len();
        let mut reader = Lz4StreamReader::with_options(&input[..], &options).unwrap();
        let mut lender = Lz4StreamBufReader::with_options(&input[..], &options).unwrap();
        // Twice: an error is final.
        let (mut read, mut lent) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let result = block_on(reader.read_to_end(&mut read)).map_err(|error| error.to_string());
            assert_eq!(result.err(), error.clone().err());
            let result = block_on(lender.read_to_end(&mut lent)).map_err(|error| error.to_string());
            assert_eq!(result.err(), error.clone().err());
        }
        assert!(read == expected && lent == expected);
        assert_eq!(input.len() - reader.into_inner().len(), consumed);
        assert_eq!(input.len() - lender.into_inner().len(), consumed);
    }
}

#[test]
fn what_follows_the_end_mark_stays_in_the_inner_reader() {
    let (options, mut stream, all) = small_stream(1000);
    stream.extend_from_slice(b"after");
    for script in [vec![], vec![Act::Bytes(1); 5000]] {
        let mut reader = Lz4StreamReader::with_options(Polled::reader(&stream, script), &options).unwrap();
        assert!(read_through(&mut reader, 100) == all);
        assert_eq!(once(reader.read(&mut [0; 9])).map(Result::unwrap), Poll::Ready(0));
        let inner = reader.into_inner();
        assert_eq!(inner.data[inner.read..], *b"after");
    }
    let mut reader = Lz4StreamBufReader::with_options(&stream[..], &options).unwrap();
    assert!(read_through(&mut reader, 100) == all);
    assert_eq!(reader.into_inner(), b"after");
    // The end does not yield first.
    let mut reader = Lz4StreamBufReader::with_options(&b"\0\0after"[..], &options).unwrap();
    assert_eq!(assert_ready_ok!(once(reader.fill_buf())), b"");
}

#[test]
fn decoded_bytes_are_returned_before_the_inner_reader_is_polled() {
    let mut stream = lz4_stream::compress(b"first", &CompressOptions::new()).unwrap();
    stream.extend(lz4_stream::compress(b"second", &CompressOptions::new()).unwrap());
    let mut reader = Lz4StreamReader::new(Polled::reader(&stream, []));
    let mut byte = [0];
    for expected in b"first" {
        assert_eq!(assert_ready_ok!(once(reader.read(&mut byte))), 1);
        assert_eq!(byte[0], *expected);
        assert_eq!(reader.get_ref().polls, 2, "one for the head, one for the block");
    }
    // With a large buffer, it still does not wait for more than one block.
    assert_eq!(assert_ready_ok!(once(reader.read(&mut [0; 100]))), 6);
    assert_eq!(reader.get_ref().polls, 4);
    // An empty buffer is no end.
    reader.get_mut().script.extend([Act::Pending; 1]);
    assert_eq!(assert_ready_ok!(once(reader.read(&mut []))), 0);
    assert_pending!(once(reader.read(&mut [0; 9])));
}

#[test]
fn empty_pages_are_no_end_and_let_other_tasks_run() {
    let mut stream = b"\x01\0\0\0\0".repeat(1000);
    stream.extend(b"\x06\0\0\0\x50hello");
    stream.extend(b"\x01\0\0\0\0".repeat(10));
    let mut buf = [0; 10];
    let mut reader = Lz4StreamReader::new(&stream[..]);
    let mut lender = Lz4StreamBufReader::new(&stream[..]);
    for _ in 0..1000 {
        assert_pending!(once(reader.read(&mut buf)));
        assert_pending!(once(lender.fill_buf()));
    }
    assert_eq!(assert_ready_ok!(once(reader.read(&mut buf))), 5);
    assert_eq!(assert_ready_ok!(once(lender.fill_buf())), b"hello");
    lender.consume(5);
    assert_eq!(block_on(reader.read(&mut buf)).unwrap(), 0);
    assert_eq!(block_on(lender.read(&mut buf)).unwrap(), 0);
    assert_eq!((reader.blocks(), lender.blocks()), (1011, 1011));
}

/// Another task on the same thread gets its turn, however fast the inner reader is.
#[tokio::test]
async fn a_page_costs_budget() {
    for page_size in [100, 20_000] {
        let all = text(5, page_size * 1000);
        let stream = common::compress_all(&CompressOptions::new().page_size(page_size), &all);
        let mut reader = Lz4StreamReader::new(&stream[..]);
        let mut lender = Lz4StreamBufReader::new(&stream[..]);
        for reader in [&mut reader as &mut (dyn AsyncRead + Unpin), &mut lender] {
            let (mut turns, mut out) = (0, Vec::new());
            let mut task = std::pin::pin!(reader.read_to_end(&mut out));
            std::future::poll_fn(|cx| {
                turns += 1;
                task.as_mut().poll(cx)
            })
            .await
            .unwrap();
            assert!(out == all);
            assert!((8..100).contains(&turns), "{turns} turns for 1000 pages of {page_size}");
        }
    }
}

/// Always ready with zeros, but not for ever. Knows no budget.
struct Zeros {
    polls: usize,
}

impl AsyncRead for Zeros {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let lent = assert_ready_ok!(self.poll_fill_buf(cx));
        out.put_slice(&lent[..lent.len().min(out.remaining())]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for Zeros {
    fn poll_fill_buf(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.polls += 1;
        assert!(self.polls < 1000, "the task does not yield");
        Poll::Ready(Ok(&[0; 100]))
    }
    fn consume(self: Pin<&mut Self>, _: usize) {}
}

#[test]
fn restarts_are_no_end_and_let_other_tasks_run() {
    let options = DecompressOptions::new().zero_prefix(ZeroPrefix::Restart);
    let mut reader = Lz4StreamReader::with_options(Zeros { polls: 0 }, &options).unwrap();
    let mut lender = Lz4StreamBufReader::with_options(Zeros { polls: 0 }, &options).unwrap();
    for _ in 0..300 {
        assert_pending!(once(reader.read(&mut [0; 10])));
        assert_pending!(once(lender.fill_buf()));
    }
    // What comes after them is read.
    let mut stream = [0; 400].to_vec();
    stream.extend(b"\x06\0\0\0\x50hello\0\0\0\0");
    let mut reader = Lz4StreamReader::with_options(&stream[..], &options).unwrap();
    assert!(read_through(&mut reader, 3) == b"hello");
    let mut lender = Lz4StreamBufReader::with_options(&stream[..], &options).unwrap();
    assert!(lend_through(&mut lender, 3) == b"hello");
}

/// A task that asks again and again, although there is nothing more.
#[tokio::test]
async fn the_end_and_errors_cost_budget_too() {
    for stream in [&b""[..], b"\x06\0", b"\0\0\0\0"] {
        let mut reader = Lz4StreamReader::new(stream);
        let mut lender = Lz4StreamBufReader::new(stream);
        for reader in [&mut reader as &mut (dyn AsyncRead + Unpin), &mut lender] {
            let task = async {
                for _ in 0..1000 {
                    let _ = reader.read(&mut [0; 9]).await;
                }
            };
            let (mut turns, mut task) = (0, std::pin::pin!(task));
            std::future::poll_fn(|cx| {
                turns += 1;
                task.as_mut().poll(cx)
            })
            .await;
            assert!((8..100).contains(&turns), "{turns} turns");
        }
    }
}

#[test]
fn counts_that_cannot_grow_lose_no_page() {
    let (options, stream, all) = small_stream(1000);
    let mut decompressor = options.decompressor().unwrap();
    decompressor.resume(b"", u64::MAX, u64::MAX);
    let mut reader = Lz4StreamReader::from_parts(&stream[..], decompressor.clone());
    assert!(read_through(&mut reader, 100) == all);
    let mut lender = Lz4StreamBufReader::from_parts(&stream[..], decompressor);
    assert!(lend_through(&mut lender, 100) == all);
}

#[test]
fn a_panic_of_the_inner_reader_loses_nothing() {
    let (options, stream, all) = small_stream(400);
    for at in 0..10 {
        let script = || [vec![Act::Bytes(9); at], vec![Act::Panics]].concat();
        let mut reader = Lz4StreamReader::with_options(Polled::reader(&stream, script()), &options).unwrap();
        let inner = BufReader::with_capacity(30, Polled::reader(&stream, script()));
        let mut lender = Lz4StreamBufReader::with_options(inner, &options).unwrap();
        for reader in [&mut reader as &mut (dyn AsyncRead + Unpin), &mut lender] {
            let mut out = Vec::new();
            let panics = panic::catch_unwind(AssertUnwindSafe(|| block_on(reader.read_to_end(&mut out))));
            assert!(panics.is_err());
            block_on(reader.read_to_end(&mut out)).unwrap();
            assert!(out == all, "panic at {at}");
        }
    }
}

#[test]
fn the_buf_reader_copies_nothing_that_the_buffer_contains() {
    /// Lends all its bytes, and cannot be read in any other way.
    struct Lends<'a>(&'a [u8]);
    impl AsyncRead for Lends<'_> {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            panic!("copied");
        }
    }
    impl AsyncBufRead for Lends<'_> {
        fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
            Poll::Ready(Ok(self.get_mut().0))
        }
        fn consume(mut self: Pin<&mut Self>, n: usize) {
            self.0 = &self.0[n..];
        }
    }
    let (options, stream, all) = small_stream(1500);
    let mut reader = Lz4StreamBufReader::with_options(Lends(&stream), &options).unwrap();
    assert!(read_through(&mut reader, 10_000) == all);
}

#[test]
fn reset_starts_a_new_stream_from_any_state() {
    let (options, stream, all) = small_stream(1000);
    for at in 0..stream.len() {
        let mut damaged = stream[..at].to_vec();
        damaged.extend([0xFF; 10]);
        let inner = Polled::reader(&damaged, [Act::Bytes(at / 2), Act::Pending]);
        let mut reader = Lz4StreamReader::with_options(inner, &options).unwrap();
        let _ = once(reader.read(&mut [0; 100]));
        let _ = block_on(reader.read(&mut [0; 7]));
        let old = reader.reset(Polled::reader(&stream, []));
        assert_eq!(old.data, damaged);
        assert_eq!((reader.total_in(), reader.total_out(), reader.blocks()), (0, 0, 0));
        assert!(read_through(&mut reader, 100) == all);
    }
    let options = DecompressOptions::new().prefix_width(PrefixWidth::OutOfBand);
    let mut reader = Lz4StreamReader::with_sizes(&b"\x30one"[..], &options, vec![4]).unwrap();
    assert_eq!(read_through(&mut reader, 9), b"one");
    reader.reset_with_sizes(&b"\x30two\x20ef"[..], vec![4, 3]);
    assert_eq!(read_through(&mut reader, 9), b"twoef");
    // Sizes are given if and only if there are no prefixes.
    let error = Lz4StreamReader::with_options(&b""[..], &options).map(drop).unwrap_err();
    assert!(matches!(error, Error::OutOfBandSizes { .. }));
    let error = Lz4StreamBufReader::with_sizes(&b""[..], &DecompressOptions::new(), [1]).map(drop);
    assert!(matches!(error, Err(Error::OutOfBandSizes { .. })));
}

#[test]
fn the_parts_fit_the_reader_for_std() {
    let (options, stream, all) = small_stream(1500);
    for polls in 0..60 {
        let inner = Polled::reader(&stream, [Act::Bytes(9), Act::Pending].into_iter().cycle().take(500));
        let mut reader = Lz4StreamReader::with_options(inner, &options).unwrap();
        let (mut out, mut buf) = (Vec::new(), [0; 20]);
        for _ in 0..polls {
            if let Poll::Ready(n) = once(reader.read(&mut buf)) {
                out.extend_from_slice(&buf[..n.unwrap()]);
            }
        }
        let (inner, decompressor) = reader.into_parts();
        let mut reader = lz4_stream::Lz4StreamReader::from_parts(&inner.data[inner.read..], decompressor);
        reader.read_to_end(&mut out).unwrap();
        assert!(out == all, "after {polls} polls");
    }
}

#[test]
fn the_end_of_input_is_no_final_state() {
    let (_, stream, all) = small_stream(1000);
    let options = DecompressOptions::new().prefix_width(PrefixWidth::Two);
    let stream = &stream[..stream.len() - 2];
    for cut in 0..stream.len() {
        let mut reader = Lz4StreamReader::with_options(&stream[..cut], &options).unwrap();
        let mut out = Vec::new();
        let first = block_on(reader.read_to_end(&mut out));
        *reader.get_mut() = &stream[cut..];
        block_on(reader.read_to_end(&mut out)).unwrap();
        assert!(out == all, "cut off at {cut}: {first:?}");
    }
}

#[test]
fn a_custom_framing() {
    let all = text(9, 20_000);
    let options = CompressOptions::new().page_size(700);
    let compressor = Lz4StreamCompressor::with_framing(Varint, &options).unwrap();
    let mut writer = lz4_stream::Lz4StreamWriter::from_parts(Vec::new(), compressor);
    writer.write_all(&all).unwrap();
    let stream = writer.finish().unwrap();
    let decompressor = Lz4StreamDecompressor::with_framing(Varint, &DecompressOptions::new()).unwrap();
    let inner = Polled::reader(&stream, acts(9, 5000));
    let mut reader = Lz4StreamReader::from_parts(inner, decompressor);
    assert!(read_through(&mut reader, 333) == all);
}

#[test]
fn a_reader_that_exchanges_the_buffer_is_an_error() {
    struct Liar;
    impl AsyncRead for Liar {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            let mut other = ReadBuf::new(Box::leak(Box::new([7; 4])));
            other.set_filled(4);
            *out = other;
            Poll::Ready(Ok(()))
        }
    }
    let mut reader = Lz4StreamReader::new(Liar);
    assert_eq!(
        assert_ready_err!(once(reader.read(&mut [0; 10]))).kind(),
        ErrorKind::Other
    );
    assert_eq!(reader.total_in(), 0);
}

#[test]
fn they_are_send_sync_and_unpin_as_their_parts_are() {
    fn all<T: Send + Sync + Unpin>() {}
    fn send<T: Send>() {}
    all::<Lz4StreamReader<tokio::net::TcpStream>>();
    all::<Lz4StreamBufReader<BufReader<tokio::net::TcpStream>>>();
    send::<Lz4StreamReader<Pin<Box<dyn AsyncRead + Send>>>>();
}
