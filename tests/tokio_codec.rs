//! The codecs for `Framed`: one message is one block.
#![cfg(feature = "tokio-util")]

mod common;
#[path = "common/polled.rs"]
mod polled;

use std::io::{self, ErrorKind, Read};

use bytes::{Bytes, BytesMut};
use common::{Random, Settings, strict_content, text};
use futures::{SinkExt, StreamExt};
use lz4_stream::tokio_util::{EndOfStream, Lz4StreamCodec};
use lz4_stream::{CompressOptions, DecompressOptions, Error, Lz4StreamReader, PrefixWidth, StreamFormat};
use polled::{Act, Polled, acts};
use quickcheck::{Arbitrary, Gen};
use tokio_test::block_on;
use tokio_util::codec::{Decoder, Encoder, Framed, FramedRead, FramedWrite};

/// Messages of all lengths from 0 to the page size.
fn messages(seed: u64, page_size: usize) -> Vec<Vec<u8>> {
    let mut random = Random::new(seed);
    (0..30)
        .map(|i| match random.below(4) {
            0 => Vec::new(),
            1 => text(i, page_size),
            _ => text(i % 5, random.below(page_size + 1)),
        })
        .collect()
}

fn encode<T>(codec: &mut impl Encoder<T, Error = io::Error>, item: T) -> Vec<u8> {
    let mut out = BytesMut::new();
    codec.encode(item, &mut out).unwrap();
    out.to_vec()
}

fn error_of<T: std::fmt::Debug>(result: io::Result<T>) -> Error {
    Error::from_io(&result.unwrap_err()).unwrap().clone()
}

#[test]
fn messages_arrive_as_they_were_sent_whatever_the_settings_and_the_connection() {
    for seed in 0..200 {
        let settings = Settings::arbitrary(&mut Gen::new(50));
        if settings.width == PrefixWidth::OutOfBand {
            continue;
        }
        let sent = messages(seed, settings.page_size.min(5000));
        let compressor = settings.compress.compressor().unwrap();
        let script = acts(seed, 2000).into_iter().filter(|act| !matches!(act, Act::Fails(_)));
        let mut sink = FramedWrite::new(Polled::writer(script), compressor);
        block_on(async {
            for message in &sent {
                sink.send(&message[..]).await.unwrap();
            }
            sink.send(EndOfStream).await.unwrap();
            SinkExt::<Bytes>::close(&mut sink).await.unwrap();
        });
        assert_eq!(sink.encoder().blocks(), sent.len() as u64, "one block for each");
        let stream = sink.into_inner().taken;
        // A strict peer, and the reader for `std::io`.
        assert!(strict_content(&settings.compress, &stream, &[]) == sent.concat());
        let mut content = Vec::new();
        let mut reader = settings.decompress.reader(&stream[..]).unwrap();
        reader.read_to_end(&mut content).unwrap();
        assert!(content == sent.concat());

        let script = acts(seed, 2000).into_iter().filter(|act| !matches!(act, Act::Fails(_)));
        let inner = Polled::reader(&stream, script);
        let mut source = FramedRead::new(inner, settings.decompress.decompressor().unwrap());
        let received: Vec<BytesMut> = block_on(async {
            let mut received = Vec::new();
            while let Some(message) = source.next().await {
                received.push(message.unwrap());
            }
            received
        });
        assert!(received == sent, "{settings:?}");
    }
}

#[test]
fn every_cut_of_the_input() {
    let format = StreamFormat::new().prefix_width(PrefixWidth::Two).end_mark(true);
    let mut encoder = CompressOptions::new().format(format.clone()).compressor().unwrap();
    let sent = ["one message", "", "another message", "one message, another message"];
    let mut stream = Vec::new();
    for message in sent {
        stream.extend(encode(&mut encoder, message));
    }
    stream.extend(encode(&mut encoder, EndOfStream));
    let options = DecompressOptions::new().format(format);
    for cut in 0..=stream.len() {
        let mut decoder = options.decompressor().unwrap();
        let (mut input, mut received) = (BytesMut::from(&stream[..cut]), Vec::new());
        while let Some(message) = decoder.decode(&mut input).unwrap() {
            received.push(message);
        }
        if cut < stream.len() {
            // If nothing more comes:
            let error = error_of(decoder.clone().decode_eof(&mut input.clone()));
            assert!(
                matches!(error, Error::UnexpectedEnd { .. } | Error::MissingEndMark { .. }),
                "{error} at {cut}"
            );
        }
        input.extend_from_slice(&stream[cut..]);
        while let Some(message) = decoder.decode(&mut input).unwrap() {
            received.push(message);
        }
        assert_eq!(received, sent);
        assert_eq!(decoder.decode_eof(&mut input).unwrap(), None);
        assert!(decoder.is_ended());
    }
}

#[test]
fn a_message_over_the_limit_names_both_and_changes_nothing() {
    let mut encoder = CompressOptions::new().page_size(100).compressor().unwrap();
    let mut out = BytesMut::new();
    encoder.encode(&[1; 100][..], &mut out).unwrap();
    let before = out.clone();
    let error = encoder.encode(Bytes::from(vec![2; 101]), &mut out).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "page of 101 bytes exceeds the page size of 100");
    assert_eq!(out, before);
    encoder.encode("short", &mut out).unwrap();

    let decompressor = || DecompressOptions::new().max_page_size(99).decompressor().unwrap();
    let error = Error::PageOverLimit {
        block: 0,
        offset: 0,
        allowed: 99,
    };
    let mut decoder = decompressor();
    for _ in 0..2 {
        assert_eq!(error_of(decoder.decode(&mut out.clone())), error, "again and again");
    }
    // A stream of `Framed` ends after an error.
    let mut source = FramedRead::new(&out[..], decompressor());
    block_on(async {
        assert_eq!(error_of(source.next().await.unwrap()), error);
        assert!(source.next().await.is_none());
    });
    // A head alone cannot make the decoder allocate.
    let mut input = BytesMut::from(&[0, 0, 0x40, 0][..]);
    let mut decoder = DecompressOptions::new().decompressor().unwrap();
    assert_eq!(decoder.decode(&mut input).unwrap(), None);
    assert!(input.capacity() <= 128 * 1024);
    let error = error_of(decompressor().decode(&mut BytesMut::from(&[0, 0, 0x40, 0][..])));
    assert!(matches!(error, Error::BlockTooLarge { found: 0x40_0000, .. }));
}

#[test]
fn the_end_of_the_stream() {
    let format = StreamFormat::new().end_mark(true);
    let compress = CompressOptions::new().format(format.clone());
    let decompress = DecompressOptions::new().format(format);
    let mut codec = Lz4StreamCodec::with_options(&compress, &decompress).unwrap();
    let mut stream = encode(&mut codec, "hello");
    stream.extend(encode(&mut codec, EndOfStream));
    assert_eq!(stream, b"\x06\0\0\0\x50hello\0\0\0\0");
    // Once.
    assert_eq!(encode(&mut codec, EndOfStream), b"");
    for message in ["more", ""] {
        assert_eq!(error_of(codec.encode(message, &mut BytesMut::new())), Error::Finished);
    }
    // What follows the end stays in the buffer.
    let mut input = BytesMut::from(&stream[..]);
    input.extend_from_slice(b"after");
    assert_eq!(codec.decode(&mut input).unwrap().unwrap(), "hello");
    let (offset, found) = (14, 5);
    for _ in 0..2 {
        assert_eq!(
            error_of(codec.decode(&mut input)),
            Error::TrailingBytes { offset, found }
        );
        assert_eq!(
            error_of(codec.decode_eof(&mut input)),
            Error::TrailingBytes { offset, found }
        );
    }
    assert_eq!(input, "after");
    // Without an end mark, the stream may end after any message, and only there.
    let mut codec = Lz4StreamCodec::new();
    let mut input = BytesMut::from(&encode(&mut codec, "hello")[..]);
    assert_eq!(codec.decode_eof(&mut input).unwrap().unwrap(), "hello");
    assert_eq!(codec.decode_eof(&mut input).unwrap(), None);
    assert_eq!(encode(&mut codec, EndOfStream), b"");
    let mut input = BytesMut::from(&b"\x06\0\0\0\x50hel"[..]);
    assert!(matches!(
        error_of(codec.decode_eof(&mut input)),
        Error::UnexpectedEnd { .. }
    ));
    // A length of zero is no message.
    let error = error_of(Lz4StreamCodec::new().decode(&mut BytesMut::from(&[0; 4][..])));
    assert_eq!(error, Error::EmptyBlock { block: 0, offset: 0 });
}

#[test]
fn sizes_must_be_in_the_stream() {
    let compress = CompressOptions::new().prefix_width(PrefixWidth::OutOfBand);
    let decompress = DecompressOptions::new().prefix_width(PrefixWidth::OutOfBand);
    let width = PrefixWidth::OutOfBand;
    let error = Lz4StreamCodec::with_options(&compress, &DecompressOptions::new()).map(drop);
    assert_eq!(error, Err(Error::OutOfBandSizes { width }));
    let error = Lz4StreamCodec::with_options(&CompressOptions::new(), &decompress).map(drop);
    assert_eq!(error, Err(Error::OutOfBandSizes { width }));
    let error = compress.compressor().unwrap().encode("hello", &mut BytesMut::new());
    assert_eq!(error_of(error), Error::OutOfBandSizes { width });
    let error = decompress
        .decompressor()
        .unwrap()
        .decode(&mut BytesMut::from("\x50hello"));
    assert_eq!(error_of(error), Error::OutOfBandSizes { width });
}

#[test]
fn a_codec_continues_from_the_state_of_a_reader_and_a_writer() {
    let mut compressor = CompressOptions::new().compressor().unwrap();
    compressor.push(b"pushed before, ").unwrap();
    let first = compressor.end_page().to_vec();
    compressor.consume(3);
    let mut codec = Lz4StreamCodec::from_parts(compressor, DecompressOptions::new().decompressor().unwrap());
    let mut stream = first[..3].to_vec();
    stream.extend(encode(&mut codec, "then a message"));

    let mut reader = Lz4StreamReader::new(&stream[..]);
    reader.read_exact(&mut [0; 7]).unwrap();
    let (rest, decompressor) = reader.into_parts();
    let mut codec = Lz4StreamCodec::from_parts(codec.into_parts().0, decompressor);
    let mut input = BytesMut::from(rest);
    assert_eq!(codec.decode(&mut input).unwrap().unwrap(), "before, ");
    assert_eq!(codec.decode(&mut input).unwrap().unwrap(), "then a message");
    assert_eq!(codec.decode(&mut input).unwrap(), None);
    assert_eq!(codec.decompressor().blocks(), 2);
}

#[test]
fn the_end_comes_after_what_was_unsent_and_pushed() {
    let mut compressor = CompressOptions::new().end_mark(true).compressor().unwrap();
    compressor.push(b"hello").unwrap();
    compressor.end_page();
    compressor.consume(3);
    compressor.push(b"again").unwrap();
    assert_eq!(
        encode(&mut compressor, EndOfStream),
        b"\0\x50hello\x06\0\0\0\x50again\0\0\0\0"
    );
}

/// Any bytes, in any pieces: an error or messages, and the same as the decompressor says.
#[test]
fn damaged_input_is_an_error() {
    let mut codec = Lz4StreamCodec::new();
    let mut stream = Vec::new();
    for message in messages(3, 300) {
        stream.extend(encode(&mut codec, message));
    }
    for at in 0..stream.len() {
        let mut damaged = stream.clone();
        damaged[at] ^= 1 << (at % 8);
        let mut whole = Vec::new();
        let expected = Lz4StreamReader::new(&damaged[..])
            .read_to_end(&mut whole)
            .map_err(|error| error.to_string());
        let inner = Polled::reader(&damaged, [Act::Bytes(at % 50 + 1)].repeat(100));
        let mut source = FramedRead::new(inner, DecompressOptions::new().decompressor().unwrap());
        let (mut content, mut result) = (Vec::new(), Ok(()));
        block_on(async {
            while let Some(message) = source.next().await {
                match message {
                    Ok(message) => content.extend_from_slice(&message),
                    Err(error) => result = Err(error.to_string()),
                }
            }
        });
        assert!(content == whole);
        assert_eq!(result, expected.map(drop));
    }
}

#[tokio::test]
async fn both_ways_over_one_connection() {
    let (client, server) = tokio::io::duplex(50);
    let echo = tokio::spawn(async move {
        let mut framed = Framed::new(server, Lz4StreamCodec::new());
        while let Some(message) = framed.next().await {
            framed.send(message.unwrap()).await.unwrap();
        }
    });
    let mut framed = Framed::new(client, Lz4StreamCodec::new());
    for message in messages(4, 3000) {
        framed.send(Bytes::from(message.clone())).await.unwrap();
        assert_eq!(framed.next().await.unwrap().unwrap(), message);
    }
    drop(framed);
    echo.await.unwrap();
}
