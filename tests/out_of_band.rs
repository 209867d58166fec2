//! Sizes kept out of band, at the reading end. (`writer.rs` tests the sizes that the writer returns.)

mod common;

use std::io::{Read, Write};

use common::{finish, text};
use lz4_stream::{
    BlockSizes, CompressOptions, DecompressOptions, Error, Lz4StreamBufReader, Lz4StreamDecompressor, PrefixWidth,
};

fn options() -> DecompressOptions {
    DecompressOptions::new().prefix_width(PrefixWidth::OutOfBand)
}

/// The stream of `data` in pages of 700 bytes, and the sizes of its blocks.
fn compress(data: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let options = CompressOptions::new()
        .prefix_width(PrefixWidth::OutOfBand)
        .page_size(700);
    let mut writer = options.writer(Vec::new()).unwrap();
    writer.write_all(data).unwrap();
    finish(writer)
}

#[test]
fn the_sizes_end_the_stream() {
    let all = text(9, 10_000);
    let (stream, sizes) = compress(&all);
    let followed = [&stream[..], b"after"].concat();
    let mut out = Vec::new();
    let mut reader = options().reader_with_sizes(&followed[..], sizes.clone()).unwrap();
    reader.read_to_end(&mut out).unwrap();
    assert!(out == all);
    assert_eq!(reader.into_inner(), b"after");

    let decompressor = Lz4StreamDecompressor::with_framing(BlockSizes::new(sizes), &options()).unwrap();
    let mut out = Vec::new();
    let mut reader = Lz4StreamBufReader::from_parts(&followed[..], decompressor);
    reader.read_to_end(&mut out).unwrap();
    assert!(out == all);
    assert_eq!(reader.into_inner(), b"after");
}

#[test]
fn a_size_is_taken_when_its_block_is_needed() {
    let (stream, sizes) = compress(&text(9, 2000));
    let taken = std::cell::Cell::new(0);
    let counted = sizes.iter().copied().inspect(|_| taken.set(taken.get() + 1));
    let mut reader = options().reader_with_sizes(&stream[..], counted).unwrap();
    assert_eq!(taken.get(), 0);
    for n in 1..=2000usize {
        reader.read_exact(&mut [0]).unwrap();
        assert_eq!(taken.get(), n.div_ceil(700));
    }
}

#[test]
fn the_end_of_the_sizes_is_the_end_whatever_the_iterator_would_say_after_it() {
    let (stream, sizes) = compress(b"hello");
    let mut asked = 0;
    let fickle = std::iter::from_fn(|| {
        asked += 1;
        (asked != 2).then_some(sizes[0])
    });
    let thrice = stream.repeat(3);
    let mut reader = options().reader_with_sizes(&thrice[..], fickle).unwrap();
    let mut out = Vec::new();
    reader.read_to_end(&mut out).unwrap();
    assert_eq!((reader.read(&mut [0; 5]).unwrap(), &out[..]), (0, &b"hello"[..]));
}

#[test]
fn reset_with_sizes_begins_another_stream() {
    let (first, first_sizes) = compress(b"hello");
    let (second, second_sizes) = compress(b"second");
    let mut reader = options().reader_with_sizes(&first[..], first_sizes).unwrap();
    reader.read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(reader.reset_with_sizes(&second[..], second_sizes), b"");
    let mut out = Vec::new();
    reader.read_to_end(&mut out).unwrap();
    assert_eq!(out, b"second");
}

#[test]
fn sizes_that_are_not_those_of_the_stream_are_errors_that_repeat() {
    let (stream, sizes) = compress(&text(9, 10_000));
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
                in_head: false,
                found: stream.len(),
                needed: stream.len() + 1,
            },
        ),
    ] {
        let mut reader = options().reader_with_sizes(&stream[..], sizes).unwrap();
        for _ in 0..2 {
            let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
            assert_eq!(Error::from_io(&error), Some(&expected));
        }
    }
}

#[test]
fn sizes_are_given_where_the_stream_has_none_and_nowhere_else() {
    let width = PrefixWidth::OutOfBand;
    assert_eq!(options().reader(&b""[..]).unwrap_err(), Error::OutOfBandSizes { width });
    assert_eq!(
        options().buf_reader(&b""[..]).unwrap_err(),
        Error::OutOfBandSizes { width }
    );
    let mut decompressor = options().decompressor().unwrap();
    assert_eq!(decompressor.get_block(b"\x10x"), Err(Error::OutOfBandSizes { width }));
    assert_eq!(decompressor.decompress(b"\x10x"), Ok(&b"x"[..]));
    assert_eq!(
        decompressor.feed(&mut &b"\x10x"[..]),
        Err(Error::OutOfBandSizes { width })
    );

    let error = DecompressOptions::new().reader_with_sizes(&b""[..], []).unwrap_err();
    let width = PrefixWidth::Four;
    assert_eq!(error, Error::OutOfBandSizes { width });
}

#[test]
fn an_end_mark_needs_a_prefix() {
    let options = options().end_mark(true);
    assert_eq!(options.decompressor().unwrap_err(), Error::EndMarkWithoutPrefix);
    assert_eq!(
        options.reader_with_sizes(&b""[..], []).unwrap_err(),
        Error::EndMarkWithoutPrefix
    );
    let options = CompressOptions::new().format(options.get_format().clone());
    assert_eq!(options.compressor().unwrap_err(), Error::EndMarkWithoutPrefix);
}
