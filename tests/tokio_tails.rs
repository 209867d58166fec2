//! Bytes after each block, through the adapters for tokio.
#![cfg(feature = "tokio")]

mod common;
#[path = "common/polled.rs"]
mod polled;

use std::io::{ErrorKind, Write};
use std::pin::Pin;

use common::text;
use lz4_stream::tokio::{Lz4StreamBufReader, Lz4StreamReader, Lz4StreamWriter};
use lz4_stream::{
    CompressOptions, DecompressOptions, Error, Framing, Head, Lz4StreamCompressor, Lz4StreamDecompressor,
};
use polled::{Act, Polled, acts, once, until_ready};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio_test::block_on;

/// The length of the block in a byte, 0 for the end. After each block, `N` bytes made from it and its page.
#[derive(Clone)]
struct Tailed<const N: usize>;

fn tail<const N: usize>(block: &[u8], page: &[u8]) -> [u8; N] {
    // Not a sum of two alike: a flipped literal could change both by the same bits.
    let sum = crc32fast::hash(block).wrapping_mul(3) ^ crc32fast::hash(page);
    std::array::from_fn(|i| (sum >> (i % 4 * 8)) as u8 ^ i as u8)
}

impl<const N: usize> Framing for Tailed<N> {
    const MAX_HEAD_LEN: usize = 1;
    const TAIL_LEN: usize = N;

    fn max_block_len(&self) -> usize {
        0xFF
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        Ok(match *bytes {
            [] => Head::Incomplete { needed: 1 },
            [0, ..] => Head::End { head_len: 1 },
            [len, ..] => Head::Block {
                head_len: 1,
                block_len: len.into(),
            },
        })
    }

    fn check_page(&mut self, block: &[u8], page: &[u8], found: &[u8]) -> Result<(), Error> {
        match found == tail::<N>(block, page) {
            true => Ok(()),
            false => Err(Error::bad_head("another tail")),
        }
    }

    fn write_head(&mut self, block: &[u8], _: &[u8], out: &mut [u8]) -> usize {
        out[0] = block.len() as u8;
        1
    }

    fn write_tail(&mut self, block: &[u8], page: &[u8], out: &mut [u8]) {
        out.copy_from_slice(&tail::<N>(block, page));
    }

    fn write_end(&mut self, out: &mut [u8]) -> usize {
        out[0] = 0;
        1
    }

    fn needs_end(&self) -> bool {
        true
    }
}

const PAGE: usize = 150;

fn compressor<const N: usize>() -> Lz4StreamCompressor<Tailed<N>> {
    Lz4StreamCompressor::with_framing(Tailed, &CompressOptions::new().page_size(PAGE)).unwrap()
}

fn decompressor<const N: usize>() -> Lz4StreamDecompressor<Tailed<N>> {
    Lz4StreamDecompressor::with_framing(Tailed, &DecompressOptions::new()).unwrap()
}

/// The stream of the writer for `std::io`, with a flush after each part.
fn written<const N: usize>(parts: &[&[u8]]) -> Vec<u8> {
    let mut writer = lz4_stream::Lz4StreamWriter::from_parts(Vec::new(), compressor::<N>());
    for part in parts {
        writer.write_all(part).unwrap();
        writer.flush().unwrap();
    }
    writer.finish().unwrap()
}

/// What both readers get from a stream, and how it ends.
fn read<const N: usize>(stream: &[u8], script: &[Act]) -> (Vec<u8>, Option<Error>) {
    let mut plain = Lz4StreamReader::from_parts(Polled::reader(stream, script.to_vec()), decompressor::<N>());
    let inner = BufReader::with_capacity(7, Polled::reader(stream, script.to_vec()));
    let mut buffered = Lz4StreamBufReader::from_parts(inner, decompressor::<N>());
    let results = [true, false].map(|is_plain| {
        let mut out = Vec::new();
        let mut part = [0; 37];
        loop {
            let result = match is_plain {
                true => once(plain.read(&mut part)),
                false => once(buffered.read(&mut part)),
            };
            match result {
                std::task::Poll::Pending => {}
                std::task::Poll::Ready(Ok(0)) => return (out, None),
                std::task::Poll::Ready(Ok(n)) => out.extend_from_slice(&part[..n]),
                std::task::Poll::Ready(Err(error)) => {
                    if let Some(error) = Error::from_io(&error) {
                        return (out, Some(error.clone()));
                    }
                    assert_eq!(error.kind(), ErrorKind::TimedOut);
                }
            }
        }
    });
    let [plain, buffered] = results;
    assert_eq!(plain, buffered);
    plain
}

fn round_trip<const N: usize>() {
    let content = text(N as u64, 2500);
    let parts: Vec<&[u8]> = content.chunks(410).collect();
    let stream = written::<N>(&parts);
    for seed in 0..10 {
        let mut writer = Lz4StreamWriter::from_parts(Polled::writer(acts(seed, 3000)), compressor::<N>());
        for part in &parts {
            let mut rest = *part;
            while !rest.is_empty() {
                rest = &rest[until_ready(|| once(writer.write(rest)))..];
            }
            until_ready(|| once(writer.flush()));
        }
        until_ready(|| once(writer.shutdown()));
        assert!(writer.get_ref().taken == stream, "{N}");
        assert_eq!(writer.total_out(), stream.len() as u64);
        let script: Vec<Act> = acts(seed, 3000).into();
        assert!(read::<N>(&stream, &script) == (content.clone(), None));
    }
    // One byte in each poll.
    let script = [Act::Pending, Act::Bytes(1)].repeat(stream.len());
    assert!(read::<N>(&stream, &script) == (content, None));
}

#[test]
fn tails_pass_through_any_connection() {
    round_trip::<1>();
    round_trip::<3>();
    round_trip::<8>();
    // Longer than the pages.
    round_trip::<300>();
}

/// The bytes that a page needs are read, and no more: the next message may be sent after an answer only.
#[test]
fn a_page_is_there_with_the_last_byte_of_its_tail() {
    let (first, second) = (&b"how much wood would a woodchuck chuck"[..], &b"if it could"[..]);
    let stream = written::<8>(&[first, second]);
    let len = written::<8>(&[first]).len() - 1;
    let mut inner = Polled::reader(&stream, []);
    inner.script.extend([Act::Bytes(1), Act::Bytes(len - 2)]);
    let mut reader = Lz4StreamReader::from_parts(inner, decompressor::<8>());
    block_on(async {
        assert_eq!(reader.fill_buf().await.unwrap(), first);
        assert_eq!(reader.get_ref().read, len);
        reader.consume(first.len());
        assert_eq!(reader.fill_buf().await.unwrap(), second);
    });
}

#[test]
fn a_stream_cut_off_at_any_byte_ends_with_an_error_after_whole_pages() {
    let content = text(3, 3 * PAGE + 20);
    let stream = written::<8>(&[&content]);
    for cut in 0..stream.len() {
        let (out, error) = read::<8>(&stream[..cut], &[]);
        assert!(
            content.starts_with(&out) && out.len() % PAGE == 0 || out == content,
            "{cut}"
        );
        assert!(
            matches!(error, Some(Error::UnexpectedEnd { .. } | Error::MissingEndMark { .. })),
            "{cut}"
        );
    }
}

#[test]
fn no_flipped_bit_gets_through() {
    let content = text(4, 2 * PAGE + 20);
    let mut stream = written::<8>(&[&content]);
    for bit in 0..8 * stream.len() {
        stream[bit / 8] ^= 1 << (bit % 8);
        let (out, error) = read::<8>(&stream, &[Act::Bytes(5), Act::Pending]);
        assert!(content.starts_with(&out) && error.is_some(), "{bit}");
        stream[bit / 8] ^= 1 << (bit % 8);
    }
}

/// The pages of one write are compressed from where they are, and the connection takes some bytes of each block.
#[test]
fn large_writes_are_the_same_stream() {
    let content = text(5, 20_000);
    let stream = written::<3>(&[&content]);
    for most in [1, 7, 100, 154] {
        let script = [Act::Bytes(most), Act::Pending].repeat(60_000);
        let mut writer = Lz4StreamWriter::from_parts(Polled::writer(script), compressor::<3>());
        let mut rest = &content[..];
        while !rest.is_empty() {
            rest = &rest[until_ready(|| once(writer.write(rest)))..];
        }
        until_ready(|| once(writer.try_finish()));
        assert!(writer.get_ref().taken == stream, "{most}");
        // Nothing is left to send.
        let mut writer = Box::pin(writer);
        let polls = writer.get_ref().polls;
        until_ready(|| once(std::future::poll_fn(|cx| Pin::as_mut(&mut writer).poll_flush(cx))));
        assert_eq!(writer.get_ref().taken.len(), stream.len());
        assert!(writer.get_ref().polls > polls);
    }
}

#[cfg(feature = "tokio-util")]
mod codec {
    use bytes::BytesMut;
    use lz4_stream::tokio_util::{EndOfStream, Lz4StreamCodec};
    use tokio_util::codec::{Decoder, Encoder};

    use super::*;

    fn messages<const N: usize>() {
        let content = text(6, 30 * PAGE);
        let mut sent: Vec<&[u8]> = content.chunks(PAGE).collect();
        sent.insert(4, b"");
        let mut codec = Lz4StreamCodec::from_parts(compressor::<N>(), decompressor::<N>());
        let (mut stream, mut ends) = (BytesMut::new(), Vec::new());
        for message in &sent {
            codec.encode(*message, &mut stream).unwrap();
            ends.push(stream.len());
        }
        codec.encode(EndOfStream, &mut stream).unwrap();
        let mut plain = compressor::<N>();
        let mut expected = Vec::new();
        for message in &sent {
            match message {
                [] => expected.extend_from_slice(plain.end_page_even_empty().unwrap()),
                _ => expected.extend_from_slice(plain.compress(message).unwrap()),
            }
        }
        expected.extend_from_slice(plain.finish());
        assert!(stream == expected);
        for piece in [1, 3, 200, stream.len()] {
            let (_, mut codec) = codec.clone().into_parts();
            let (mut input, mut received, mut taken) = (BytesMut::new(), Vec::new(), 0);
            for bytes in stream.chunks(piece) {
                input.extend_from_slice(bytes);
                taken += bytes.len();
                while let Some(message) = codec.decode(&mut input).unwrap() {
                    received.push(message);
                }
                // A message comes with the last byte of its tail.
                assert_eq!(received.len(), ends.iter().filter(|&&end| end <= taken).count());
            }
            assert!(codec.decode_eof(&mut input).unwrap().is_none());
            assert!(received == sent && codec.is_ended(), "{N} {piece}");
        }
        // Cut off anywhere, it is no message.
        for cut in 0..ends[1] {
            let (_, mut codec) = codec.clone().into_parts();
            let mut input = BytesMut::from(&stream[..cut]);
            let mut received = 0;
            let error = loop {
                match codec.decode_eof(&mut input) {
                    Ok(Some(_)) => received += 1,
                    Ok(None) => panic!("{cut}: no error"),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
            assert_eq!(received, (cut >= ends[0]) as usize);
        }
    }

    #[test]
    fn messages_have_tails() {
        messages::<1>();
        messages::<3>();
        messages::<300>();
    }
}
