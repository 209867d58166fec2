//! Valid and invalid settings; errors, their messages and their kinds.

mod common;

use std::io::{self, ErrorKind};

use common::{ENGINES, compress_all, text};
use lz4_stream::{
    BlockSizes, ByteOrder, CompressOptions, DecompressOptions, Engine, Error, LZ4_MAX_INPUT_SIZE, Lz4StreamBufReader,
    Lz4StreamCompressor, Lz4StreamDecompressor, Lz4StreamReader, Lz4StreamWriter, Mode, PrefixWidth, Strategy,
    StreamFormat,
};

#[test]
fn every_setting_can_be_read_back_and_makes_a_difference() {
    let format = StreamFormat::new()
        .prefix_width(PrefixWidth::Two)
        .byte_order(ByteOrder::Big)
        .end_mark(true)
        .dictionary("words");
    assert_eq!(format.get_prefix_width(), PrefixWidth::Two);
    assert_eq!(format.get_byte_order(), ByteOrder::Big);
    assert!(format.get_end_mark());
    assert_eq!(format.get_dictionary(), b"words");
    for other in [
        format.clone().prefix_width(PrefixWidth::One),
        format.clone().byte_order(ByteOrder::Little),
        format.clone().end_mark(false),
        format.clone().dictionary("other words"),
    ] {
        assert_ne!(other, format);
    }

    // Set one by one, or as one value.
    let compress = CompressOptions::new()
        .prefix_width(PrefixWidth::Two)
        .byte_order(ByteOrder::Big)
        .end_mark(true)
        .dictionary("words");
    assert_eq!(compress, CompressOptions::new().format(format.clone()));
    let decompress = DecompressOptions::new()
        .prefix_width(PrefixWidth::Two)
        .byte_order(ByteOrder::Big)
        .end_mark(true)
        .dictionary("words");
    assert_eq!(decompress, DecompressOptions::new().format(format.clone()));
    assert_eq!((compress.get_format(), decompress.get_format()), (&format, &format));

    let mode = Mode::Fast { acceleration: 3 };
    let options = CompressOptions::new()
        .page_size(99)
        .strategy(Strategy::RingBuffer)
        .max_distance(88)
        .mode(mode)
        .engine(Engine::Own);
    assert_eq!((options.get_page_size(), options.get_max_distance()), (99, 88));
    assert_eq!(options.get_strategy(), Strategy::RingBuffer);
    assert_eq!((options.get_mode(), options.get_engine()), (mode, Engine::Own));
    assert_ne!(options, options.clone().page_size(98));
    assert_ne!(options, options.clone().strategy(Strategy::DoubleBuffer));
    assert_ne!(options, options.clone().max_distance(89));
    assert_ne!(options, options.clone().mode(Mode::Default));
    assert_eq!(options.compressor().unwrap().options(), &options);

    let options = DecompressOptions::new().max_page_size(99);
    assert_eq!((options.get_max_page_size(), options.get_engine()), (99, Engine::Own));
    assert_ne!(options, DecompressOptions::new());
    assert_eq!(options.decompressor().unwrap().options(), &options);
}

#[test]
fn the_default_page_fits_every_prefix() {
    for (width, page_size) in [
        (PrefixWidth::OutOfBand, 65_536),
        (PrefixWidth::One, 239),
        (PrefixWidth::Two, 65_264),
        (PrefixWidth::Four, 65_536),
        (PrefixWidth::Eight, 65_536),
    ] {
        let options = CompressOptions::new().prefix_width(width);
        assert_eq!(options.get_page_size(), page_size);
        assert_eq!(options, options.clone().page_size(page_size));
        assert!(options.compressor().is_ok());
    }
}

#[test]
fn every_engine_can_be_set() {
    for &engine in ENGINES {
        assert_eq!(CompressOptions::new().engine(engine).get_engine(), engine);
        assert_eq!(DecompressOptions::new().engine(engine).get_engine(), engine);
    }
}

#[test]
fn widths_are_numbers_of_bytes() {
    for (bytes, width, largest) in [
        (0, PrefixWidth::OutOfBand, LZ4_MAX_INPUT_SIZE),
        (1, PrefixWidth::One, 239),
        (2, PrefixWidth::Two, 65_264),
        (4, PrefixWidth::Four, LZ4_MAX_INPUT_SIZE),
        (8, PrefixWidth::Eight, LZ4_MAX_INPUT_SIZE),
    ] {
        assert_eq!(PrefixWidth::try_from(bytes), Ok(width));
        assert_eq!((width.bytes(), width.max_page_size()), (bytes, largest));
    }
    for found in [3, 5, 6, 7, 9, 16, usize::MAX] {
        assert_eq!(PrefixWidth::try_from(found), Err(Error::PrefixWidth { found }));
    }
}

#[test]
fn sizes_by_default() {
    assert_eq!(CompressOptions::new().get_page_size(), 65_536);
    assert_eq!(DecompressOptions::new().get_max_page_size(), 4 << 20);
    // A full page is one of that size.
    let stream = compress_all(&CompressOptions::new(), &[7; 65_537]);
    assert!(stream.ends_with(b"\x02\0\0\0\x10\x07"));
}

#[test]
fn acceleration_and_level_are_clamped() {
    let all = text(3, 60_000);
    let of = |mode| lz4_stream::compress(&all, &CompressOptions::new().mode(mode).page_size(20_000)).unwrap();
    let fast = |acceleration| of(Mode::Fast { acceleration });
    assert!(fast(i32::MIN) == fast(1) && fast(0) == fast(1) && fast(1) == of(Mode::Default));
    assert!(fast(i32::MAX) == fast(65_537) && fast(2) != fast(1));
    let high = |level| of(Mode::HighCompression { level });
    assert!(high(i32::MIN) == high(9) && high(0) == high(9) && high(i32::MAX) == high(12) && high(8) != high(9));
    for (set, clamped) in [
        (i32::MIN, 1),
        (0, 1),
        (1, 1),
        (65_537, 65_537),
        (65_538, 65_537),
        (i32::MAX, 65_537),
    ] {
        let (set, clamped) = (Mode::Fast { acceleration: set }, Mode::Fast { acceleration: clamped });
        assert_eq!(set.clamped(), clamped);
    }
    for (set, clamped) in [(i32::MIN, 9), (0, 9), (1, 1), (12, 12), (13, 12), (i32::MAX, 12)] {
        let (set, clamped) = (
            Mode::HighCompression { level: set },
            Mode::HighCompression { level: clamped },
        );
        assert_eq!(set.clamped(), clamped);
    }
}

#[test]
fn page_sizes_out_of_range_are_errors() {
    for found in [0, LZ4_MAX_INPUT_SIZE + 1] {
        let options = DecompressOptions::new().max_page_size(found);
        let error = Error::MaxPageSize {
            found,
            allowed: LZ4_MAX_INPUT_SIZE,
        };
        assert_eq!(options.decompressor().unwrap_err(), error);
        assert_eq!(options.reader(&b""[..]).unwrap_err(), error);
        assert_eq!(lz4_stream::decompress(b"", &options), Err(error));
    }
    let options = CompressOptions::new().page_size(240).prefix_width(PrefixWidth::One);
    let error = options.compressor().unwrap_err();
    assert_eq!(
        error.to_string(),
        "page size 240 is out of range 1..=239 for a 1-byte prefix"
    );
    assert_eq!(options.writer(Vec::new()).map(drop), Err(error.clone()));
    assert_eq!(lz4_stream::compress(b"", &options), Err(error));
}

#[test]
fn errors_read_as_sentences_with_their_numbers() {
    let (block, offset) = (7, 99);
    let width = Some(PrefixWidth::Two);
    for (kind, error, text) in [
        (
            ErrorKind::InvalidInput,
            Error::PrefixWidth { found: 3 },
            "prefix width 3 is not 0, 1, 2, 4 or 8",
        ),
        (
            ErrorKind::InvalidInput,
            Error::PageSize {
                found: 0,
                allowed: 65_264,
                width,
            },
            "page size 0 is out of range 1..=65264 for a 2-byte prefix",
        ),
        (
            ErrorKind::InvalidInput,
            Error::PageSize {
                found: 0,
                allowed: 9,
                width: Some(PrefixWidth::OutOfBand),
            },
            "page size 0 is out of range 1..=9 for an LZ4 block",
        ),
        (
            ErrorKind::InvalidInput,
            Error::PageSize {
                found: 10,
                allowed: 9,
                width: None,
            },
            "page size 10 is out of range 1..=9 for this framing",
        ),
        (
            ErrorKind::InvalidInput,
            Error::PageSize {
                found: 10,
                allowed: 0,
                width: None,
            },
            "no page fits the longest block of this framing",
        ),
        (
            ErrorKind::InvalidInput,
            Error::MaxPageSize { found: 10, allowed: 9 },
            "largest accepted page size 10 is out of range 1..=9",
        ),
        (
            ErrorKind::InvalidInput,
            Error::EndMarkWithoutPrefix,
            "an end mark needs a prefix of 1, 2, 4 or 8 bytes, and so does a restart",
        ),
        (
            ErrorKind::InvalidInput,
            Error::OutOfBandSizes {
                width: PrefixWidth::OutOfBand,
            },
            "the call needs size prefixes, but the prefix width is 0",
        ),
        (
            ErrorKind::InvalidInput,
            Error::OutOfBandSizes {
                width: PrefixWidth::Two,
            },
            "block sizes were given for a stream with 2-byte prefixes",
        ),
        (
            ErrorKind::InvalidInput,
            Error::PageTooLarge { found: 9, allowed: 5 },
            "page of 9 bytes exceeds the page size of 5",
        ),
        (
            ErrorKind::InvalidData,
            Error::BadHead {
                block,
                offset,
                reason: "the marker is missing",
            },
            "block 7 at offset 99: the marker is missing",
        ),
        (
            ErrorKind::InvalidData,
            Error::BlockTooLarge {
                block,
                offset,
                found: 300,
                allowed: 20,
            },
            "block 7 at offset 99: block length 300 exceeds the accepted maximum of 20",
        ),
        (
            ErrorKind::InvalidData,
            Error::PageOverLimit {
                block,
                offset,
                allowed: 20,
            },
            "block 7 at offset 99: page exceeds the accepted maximum of 20 bytes",
        ),
        (
            ErrorKind::InvalidData,
            Error::EmptyBlock { block, offset },
            "block 7 at offset 99: block length is zero",
        ),
        (
            ErrorKind::InvalidData,
            Error::TruncatedBlock {
                block,
                offset,
                found: 5,
            },
            "block 7 at offset 99: block of 5 bytes ends inside a sequence",
        ),
        (
            ErrorKind::InvalidData,
            Error::MatchOffset {
                block,
                offset,
                found: 300,
                allowed: 20,
            },
            "block 7 at offset 99: match offset 300 is out of range 1..=20",
        ),
        (
            ErrorKind::InvalidData,
            Error::MatchOffset {
                block,
                offset,
                found: 0,
                allowed: 20,
            },
            "block 7 at offset 99: match offset 0 is out of range 1..=20",
        ),
        (
            ErrorKind::InvalidData,
            Error::TrailingBytes { offset, found: 3 },
            "the stream ends at offset 99, but more bytes follow: 3",
        ),
        (
            ErrorKind::UnexpectedEof,
            Error::UnexpectedEnd {
                block,
                offset,
                in_head: true,
                found: 3,
                needed: 4,
            },
            "block 7 at offset 99: input ends after 3 of the head's 4 bytes",
        ),
        (
            ErrorKind::UnexpectedEof,
            Error::UnexpectedEnd {
                block,
                offset,
                in_head: false,
                found: 3,
                needed: 20,
            },
            "block 7 at offset 99: input ends after 3 of the block's 20 bytes",
        ),
        (
            ErrorKind::UnexpectedEof,
            Error::MissingEndMark { block, offset },
            "input ends at offset 99, after 7 blocks, without an end mark",
        ),
        (
            ErrorKind::UnexpectedEof,
            Error::MissingEndMark { block: 1, offset },
            "input ends at offset 99, after 1 block, without an end mark",
        ),
        (
            ErrorKind::UnexpectedEof,
            Error::MissingEndMark { block: 0, offset: 0 },
            "input ends at offset 0, after 0 blocks, without an end mark",
        ),
        (
            ErrorKind::InvalidData,
            Error::bad_head("no marker"),
            "block 0 at offset 0: no marker",
        ),
        (ErrorKind::Other, Error::Finished, "the stream is finished"),
        (
            ErrorKind::Other,
            Error::Poisoned { offset },
            "a panic after 99 bytes were written, so the stream cannot be continued",
        ),
    ] {
        assert_eq!(error.to_string(), text);
        assert_eq!(error.kind(), kind, "{text}");
        let place = text.strip_prefix("block ").and_then(|text| text.split_once(": "));
        if let Some((block, offset)) = place.and_then(|(place, _)| place.split_once(" at offset ")) {
            let number = |text: &str| Some(text.parse::<u64>().unwrap());
            assert_eq!(
                (error.block(), error.offset()),
                (number(block), number(offset)),
                "{text}"
            );
        } else {
            // The sentences of the others have it elsewhere.
            let has_offset = matches!(
                error,
                Error::TrailingBytes { .. } | Error::MissingEndMark { .. } | Error::Poisoned { .. }
            );
            assert_eq!((error.block(), error.offset().is_some()), (None, has_offset), "{text}");
        }
        let as_io = io::Error::from(error.clone());
        assert_eq!((as_io.kind(), as_io.to_string().as_str()), (kind, text));
        assert_eq!(Error::from_io(&as_io), Some(&error));
    }
}

#[test]
fn everything_is_send_and_sync_and_the_codecs_clone() {
    fn send_and_sync<T: Send + Sync>() {}
    send_and_sync::<Lz4StreamCompressor>();
    send_and_sync::<Lz4StreamDecompressor>();
    send_and_sync::<Lz4StreamWriter<Vec<u8>>>();
    send_and_sync::<Lz4StreamReader<&[u8]>>();
    send_and_sync::<Lz4StreamBufReader<&[u8]>>();
    send_and_sync::<Lz4StreamReader<&[u8], BlockSizes<std::vec::IntoIter<usize>>>>();
    send_and_sync::<CompressOptions>();
    send_and_sync::<DecompressOptions>();
    send_and_sync::<Error>();

    // A clone continues from the state of the original, independently of it.
    let all = text(12, 4000);
    let mut first = Lz4StreamCompressor::new();
    let stream = first.compress(&all[..2000]).unwrap().to_vec();
    let mut second = first.clone();
    let a = first.compress(&all[2000..]).unwrap();
    let b = second.compress(&all[2000..]).unwrap();
    assert_eq!(a, b);
    let mut decompressor = Lz4StreamDecompressor::new();
    decompressor.decompress(&stream[4..]).unwrap();
    let mut twin = decompressor.clone();
    assert_eq!(decompressor.decompress(&a[4..]), Ok(&all[2000..]));
    assert_eq!(twin.decompress(&b[4..]), Ok(&all[2000..]));
}

#[test]
fn debug_shows_the_size_of_a_dictionary_and_not_its_bytes() {
    let debug = format!("{:?}", CompressOptions::new().dictionary([b's'; 3]));
    assert!(debug.contains("3 bytes") && !debug.contains("115"), "{debug}");
}
