//! The index: where its points are, what it keeps, and its file.

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;

use common::{Data, MODES, Random, Settings, Varint, data, text};
use lz4_stream::{
    BlockSizes, CompressOptions, DecompressOptions, Error, Index, IndexBuilder, Lz4StreamCompressor,
    Lz4StreamDecompressor, Lz4StreamReaderAt, Lz4StreamWriter, PrefixWidth, Strategy, ZeroPrefix,
};
use quickcheck::quickcheck;

/// The shortest interval.
const SHORT: u64 = 64 * 1024;

fn write(index: &Index) -> Vec<u8> {
    let mut file = Vec::new();
    index.write_to(&mut file).unwrap();
    file
}

/// The file with a valid checksum.
fn summed(mut file: Vec<u8>) -> Vec<u8> {
    let end = file.len() - 4;
    let sum = crc32fast::hash(&file[..end]);
    file[end..].copy_from_slice(&sum.to_le_bytes());
    file
}

/// Checks that decoding can begin at every point of the index.
fn check_points(index: &Index, stream: &[u8], content: &[u8], options: &DecompressOptions) {
    assert_eq!(index.content_len(), content.len() as u64);
    assert_eq!(index.stream_len(), stream.len() as u64);
    for point in index.points() {
        // A reader without other cursors, so that it must begin at the point.
        let reader = options.reader_at(stream, index.clone()).unwrap();
        let from = point.content() as usize;
        let mut out = vec![0; content.len().min(from + 70_000) - from];
        reader.read_exact_at(&mut out, point.content()).unwrap();
        assert!(out == content[from..][..out.len()], "{point:?}");
    }
}

/// A stream of pages of which every `every`th is encoded without history.
fn with_restarts(content: &[u8], page_size: usize, every: usize) -> Vec<u8> {
    let options = CompressOptions::new().page_size(page_size);
    let mut compressor = options.compressor().unwrap();
    let mut stream = Vec::new();
    for (number, page) in content.chunks(page_size).enumerate() {
        if number % every == 0 {
            compressor.reset_with_history(b"");
        }
        stream.extend_from_slice(compressor.compress(page).unwrap());
    }
    stream
}

quickcheck! {
    fn a_writer_collects_what_a_pass_over_the_stream_builds(settings: Settings, data: Data, cuts: Vec<u16>) -> bool {
        let mut writer = settings.compress.writer(Vec::new()).unwrap();
        writer.collect_index(SHORT).unwrap();
        let mut rest = &data.0[..];
        for cut in cuts {
            let (now, later) = rest.split_at(rest.len().min(cut.into()));
            writer.write_all(now).unwrap();
            if cut % 3 == 0 {
                writer.flush().unwrap();
            }
            rest = later;
        }
        writer.write_all(rest).unwrap();
        assert!(writer.take_index().is_none());
        writer.try_finish().unwrap();
        let index = writer.take_index().unwrap();
        assert!(writer.take_index().is_none());
        let sizes: Vec<usize> = writer.drain_block_sizes().collect();
        let stream = writer.finish().unwrap();
        let built = if settings.width == PrefixWidth::OutOfBand {
            Index::build_with_framing(&stream[..], BlockSizes::new(sizes), &settings.decompress, SHORT).unwrap()
        } else {
            check_points(&index, &stream, &data.0, &settings.decompress);
            Index::build(&stream[..], &settings.decompress, SHORT).unwrap()
        };
        // Between tiny pages, a point keeps history that may not be needed, as far as the codec has it, and the
        // writer's has less.
        let is_tiny = settings.page_size < 64;
        let places = |index: &Index| -> Vec<_> {
            index.points().iter().map(|point| (point.stream(), point.content(), point.block())).collect()
        };
        places(&index) == places(&built)
            && (is_tiny || index == built)
            && Index::read_from(&write(&index)[..]).unwrap() == index
    }
}

#[test]
fn points_are_an_interval_apart() {
    for (page_size, interval) in [(1 << 16, 1 << 17), (4096, 100_000), (300_000, 1 << 16), (1000, 1 << 16)] {
        let content = text(page_size as u64, 1_500_000);
        for mode in MODES {
            for strategy in [Strategy::DoubleBuffer, Strategy::RingBuffer] {
                let options = CompressOptions::new()
                    .page_size(page_size)
                    .mode(mode)
                    .strategy(strategy);
                let stream = lz4_stream::compress(&content, &options).unwrap();
                let index = Index::build(&stream[..], &DecompressOptions::new(), interval).unwrap();
                assert_eq!(index.largest_page(), page_size);
                let ends = index.points()[1..].iter().map(|point| point.content());
                for (point, end) in index.points().iter().zip(ends) {
                    let gap = end - point.content();
                    assert!(gap >= interval / 4 * 3 && gap < interval + page_size as u64, "{gap}");
                }
                check_points(&index, &stream, &content, &DecompressOptions::new());
            }
        }
    }
}

#[test]
fn a_restart_point_needs_no_history() {
    let content = text(5, 3_000_000);
    for (page_size, every, interval) in [(65_536, 1, 200_000), (4096, 16, 262_144), (65_536, 4, 262_144)] {
        let stream = with_restarts(&content, page_size, every);
        let index = Index::build(&stream[..], &DecompressOptions::new(), interval).unwrap();
        assert!(index.points().len() > 10);
        assert!(index.points().iter().all(|point| point.history_len() == 0));
        check_points(&index, &stream, &content, &DecompressOptions::new());
    }
    // Not at the interval, but in its last quarter.
    let stream = with_restarts(&content, 4096, 5);
    let index = Index::build(&stream[..], &DecompressOptions::new(), 100_000).unwrap();
    assert!(
        index
            .points()
            .iter()
            .all(|point| point.history_len() == 0 && point.block() % 5 == 0)
    );
    check_points(&index, &stream, &content, &DecompressOptions::new());
    // The same pages with history need it.
    let stream = lz4_stream::compress(&content, &CompressOptions::new()).unwrap();
    let index = Index::build(&stream[..], &DecompressOptions::new(), 200_000).unwrap();
    assert!(index.points()[1..].iter().all(|point| point.history_len() > 30_000));
}

#[test]
fn unneeded_history_is_left_out() {
    // Noise, so that nothing refers to anything, except one match 5000 bytes back.
    let mut content = Random::new(1).bytes(1 << 18);
    // It is long enough to be found: in noise, the encoder looks at few positions.
    let repeated = content[(1 << 17) - 4900..][..200].to_vec();
    content[(1 << 17) + 100..][..200].copy_from_slice(&repeated);
    let stream = lz4_stream::compress(&content, &CompressOptions::new()).unwrap();
    let index = Index::build(&stream[..], &DecompressOptions::new(), 1 << 17).unwrap();
    assert_eq!(index.points()[1].history_len(), 4900);
    // 200 bytes of it are noise, the others were replaced.
    assert!(write(&index).len() < 550);
    check_points(&index, &stream, &content, &DecompressOptions::new());
}

#[test]
fn history_out_of_reach_is_left_out_among_tiny_pages() {
    // Nothing but noise, so that a history takes its full length.
    let noise = Random::new(2).bytes(1 << 16);
    let first = Lz4StreamCompressor::new().compress(&noise).unwrap().to_vec();
    // 19 bytes from as far back as a match can reach.
    let far = b"\x0a\0\0\0\x0f\xff\xff\0\x50abcde";
    let tiny = |count: usize| -> Vec<u8> {
        let blocks = noise[..count].iter().map(|&byte| [2, 0, 0, 0, 0x10, byte]);
        blocks.flatten().collect()
    };
    let lens = |stream: &[u8]| {
        let content = lz4_stream::decompress(stream, &DecompressOptions::new()).unwrap();
        let index = Index::build(stream, &DecompressOptions::new(), SHORT).unwrap();
        check_points(&index, stream, &content, &DecompressOptions::new());
        let [_, point, next] = index.points() else {
            panic!("{index:?}")
        };
        // The next point is due after 128 KiB of the stream.
        assert!(point.content() == 1 << 16 && (131_072..131_078).contains(&(next.stream() - point.stream())));
        (point.history_len(), write(&index).len())
    };
    let (history_len, file_len) = lens(&[&first[..], &tiny(22_000), far].concat());
    assert_eq!(history_len, (1 << 16) - 21_846);
    // What was needed of the part that is out of reach by then is kept, and the rest of that part is zeros.
    let (history_len, longer_len) = lens(&[&first[..], &tiny(100), far, &tiny(22_000), far].concat());
    assert_eq!(history_len, (1 << 16) - 101);
    assert!(longer_len < file_len + 300, "{longer_len} {file_len}");
}

#[test]
fn empty_pages_do_not_make_seeking_expensive() {
    let mut compressor = Lz4StreamCompressor::new();
    let page = text(7, 60_000);
    let mut stream = compressor.compress(&page).unwrap().to_vec();
    for _ in 0..200_000 {
        stream.extend_from_slice(b"\x01\0\0\0\0");
    }
    compressor.reset_with_history(&page);
    stream.extend_from_slice(compressor.compress(&page).unwrap());
    let index = Index::build(&stream[..], &DecompressOptions::new(), SHORT).unwrap();
    let last = index.points().last().unwrap();
    assert!(index.points().len() > 5 && stream.len() as u64 - last.stream() < 4 * SHORT);
    // The last block refers to the first.
    assert!(last.history_len() > 10_000);
    check_points(
        &index,
        &stream,
        &[page.clone(), page].concat(),
        &DecompressOptions::new(),
    );
    assert_eq!(Index::read_from(&write(&index)[..]).unwrap(), index);
}

#[test]
fn streams_of_python_can_be_entered_anywhere() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut indexed = 0;
    for (name, options) in [
        ("page70000", DecompressOptions::new()),
        ("width4-page4096", DecompressOptions::new()),
        (
            "width2-page1000",
            DecompressOptions::new().prefix_width(PrefixWidth::Two),
        ),
        (
            "width1-page239",
            DecompressOptions::new().prefix_width(PrefixWidth::One),
        ),
        ("fast8-page4096", DecompressOptions::new()),
        ("high-compression12-page4096", DecompressOptions::new()),
        ("two-pages-back-page1024", DecompressOptions::new()),
        ("empty-pages-page256", DecompressOptions::new()),
    ] {
        let stream = fs::read(folder.join(name).with_extension("lz4s")).unwrap();
        // The same pages several times over, so that it is long enough for several points.
        let stream = stream.repeat(400_000 / stream.len() + 1);
        let content = lz4_stream::decompress(&stream, &options).unwrap();
        let index = Index::build(&stream[..], &options, SHORT).unwrap();
        indexed += index.points().len() - 1;
        check_points(&index, &stream, &content, &options);
    }
    assert!(indexed > 50);
}

#[test]
fn other_framings_and_dictionaries() {
    let dictionary = text(3, 70_000);
    let content = [&dictionary[..50_000], &text(4, 400_000)].concat();
    let options = CompressOptions::new().dictionary(&dictionary).page_size(10_000);
    let compressor = Lz4StreamCompressor::with_framing(Varint, &options).unwrap();
    let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor);
    writer.collect_index(SHORT).unwrap();
    writer.write_all(&content).unwrap();
    writer.try_finish().unwrap();
    let index = writer.take_index().unwrap();
    let stream = writer.finish().unwrap();
    let options = DecompressOptions::new().dictionary(&dictionary);
    assert_eq!(
        Index::build_with_framing(&stream[..], Varint, &options, SHORT).unwrap(),
        index
    );
    let reader = Lz4StreamReaderAt::with_framing(&stream[..], &options, index.clone(), |_| Varint).unwrap();
    let mut out = vec![0; 60_000];
    for at in (0..content.len() - out.len()).step_by(7777) {
        reader.read_exact_at(&mut out, at as u64).unwrap();
        assert!(out == content[at..][..out.len()]);
    }
    let error = DecompressOptions::new().reader_at(&stream[..], index).unwrap_err();
    assert!(matches!(error, Error::IndexMismatch { offset: 0, .. }), "{error}");
}

#[test]
fn a_writer_collects_again_after_a_reset() {
    let content = text(1, 300_000);
    let mut writer = Lz4StreamWriter::new(Vec::new());
    writer.collect_index(SHORT).unwrap();
    writer.write_all(&content).unwrap();
    let first = writer.reset(Vec::new()).unwrap();
    writer.write_all(&content).unwrap();
    writer.try_finish().unwrap();
    let index = writer.take_index().unwrap();
    assert_eq!(writer.get_ref(), &first);
    assert_eq!(
        index,
        Index::build(&first[..], &DecompressOptions::new(), SHORT).unwrap()
    );

    let mut writer = Lz4StreamWriter::new(Vec::new());
    writer.write_all(b"a block").unwrap();
    writer.collect_index(SHORT).unwrap();
    writer.flush().unwrap();
    assert_eq!(writer.collect_index(SHORT), Err(Error::LateIndex { block: 1 }));
}

#[test]
fn bad_streams_and_readers_are_errors() {
    let stream = lz4_stream::compress(&text(1, 200_000), &CompressOptions::new()).unwrap();
    let build = |stream: &[u8], options: &DecompressOptions| Index::build(stream, options, SHORT);
    let error = build(&stream[..stream.len() - 1], &DecompressOptions::new()).unwrap_err();
    assert!(matches!(
        Error::from_io(&error),
        Some(Error::UnexpectedEnd { block: 3, .. })
    ));
    let error = build(&stream, &DecompressOptions::new().end_mark(true)).unwrap_err();
    assert!(matches!(Error::from_io(&error), Some(Error::MissingEndMark { .. })));
    let error = build(&stream, &DecompressOptions::new().max_page_size(1000)).unwrap_err();
    assert!(matches!(Error::from_io(&error), Some(Error::BlockTooLarge { .. })));
    let error = build(&stream, &DecompressOptions::new().prefix_width(PrefixWidth::OutOfBand)).unwrap_err();
    assert!(matches!(Error::from_io(&error), Some(Error::OutOfBandSizes { .. })));

    // What follows an end mark stays in the inner reader.
    let options = CompressOptions::new().end_mark(true);
    let stream = [lz4_stream::compress(b"hello", &options).unwrap(), b"trailer".to_vec()].concat();
    let mut rest = &stream[..];
    let index = Index::build(&mut rest, &DecompressOptions::new().end_mark(true), SHORT).unwrap();
    assert_eq!((rest, index.stream_len()), (&b"trailer"[..], 14));
}

#[test]
fn the_builder_takes_anything() {
    let mut random = Random::new(9);
    for _ in 0..300 {
        let mut builder = IndexBuilder::new(0, b"");
        let mut stream_len = 0;
        for _ in 0..20 {
            let (head, block) = (
                vec![1; random.below(4)],
                data(random.below(5), random.next(), random.below(3000)),
            );
            let history_len = random.below(100_000);
            let history = random.bytes(history_len);
            stream_len += (head.len() + block.len()) as u64;
            builder.push_block(&head, &block, random.below(100_000), &history);
        }
        assert_eq!(builder.blocks(), 20);
        builder.push_block(b"", b"", usize::MAX, b"");
        builder.push_block(b"", b"", usize::MAX, b"");
        let index = builder.finish(stream_len);
        assert_eq!(index.stream_len(), stream_len);
    }
}

/// An index with points of every kind, and its file.
fn sample() -> (Index, Vec<u8>) {
    let content = text(8, 300_000);
    let stream = lz4_stream::compress(&content, &CompressOptions::new().end_mark(true).page_size(9000)).unwrap();
    let index = Index::build(&stream[..], &DecompressOptions::new().end_mark(true), SHORT).unwrap();
    let file = write(&index);
    (index, file)
}

#[test]
fn a_damaged_file_is_an_error() {
    let (index, file) = sample();
    assert!(index.points().len() > 3 && file.len() > 5000);
    // In the middle of other bytes.
    let mut rest = &[&file[..], b"more"].concat()[..];
    assert_eq!(Index::read_from(&mut rest).unwrap(), index);
    assert_eq!(rest, b"more");
    for end in 0..file.len() {
        let error = Index::read_from(&file[..end]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    }
    for at in 0..file.len() {
        for bit in 0..8 {
            let mut file = file.clone();
            file[at] ^= 1 << bit;
            let error = Index::read_from(&file[..]).unwrap_err();
            let is_known = matches!(Error::from_io(&error), Some(Error::BadIndex { .. }));
            assert!(is_known || error.kind() == std::io::ErrorKind::UnexpectedEof);
        }
    }
}

#[test]
fn a_lying_file_is_an_error() {
    let (index, file) = sample();
    let reason = |file: Vec<u8>| {
        let error = Index::read_from(&summed(file)[..]).unwrap_err();
        error.to_string()
    };
    let with = |at: usize, bytes: &[u8]| {
        let mut file = file.clone();
        file[at..][..bytes.len()].copy_from_slice(bytes);
        file
    };
    let number = |n: u64| n.to_le_bytes();
    assert_eq!(Index::read_from(&summed(with(8, &number(SHORT)))[..]).unwrap(), index);
    assert!(reason(with(0, b"x")).contains("does not begin like an index"));
    assert!(reason(with(7, b"\x02")).contains("version"));
    let numbers = "its numbers contradict each other";
    assert!(reason(with(8, &number(0))).contains(numbers)); // the interval
    assert!(reason(with(8, &number(1 << 40))).contains(numbers));
    assert!(reason(with(16, &[0xFF; 4])).contains(numbers)); // the dictionary
    assert!(reason(with(24, &number(1 << 40))).contains(numbers)); // the largest page
    assert!(reason(with(32, &number(u64::MAX))).contains(numbers)); // the blocks' length
    assert!(reason(with(40, &number(0))).contains(numbers)); // the stream's length
    assert!(reason(with(40, &number(u64::MAX))).contains(numbers));
    assert!(reason(with(56, &number(u64::MAX))).contains(numbers)); // the number of blocks
    assert!(reason(with(64, &number(u64::MAX))).contains(numbers)); // the number of points
    assert!(reason(with(64, &number(0))).contains(numbers));
    let distance = "two points have an impossible distance";
    assert!(reason(with(48, &number(1 << 60))).contains(distance)); // the content's length
    assert!(reason(with(24, &number(1))).contains(distance)); // the largest page
    assert!(reason(with(72, &number(1))).contains("first point is not the beginning"));
    // The second point: 36 bytes after the first, which has no history.
    let second = 72 + 36;
    assert_eq!(file[second..][..8], number(index.points()[1].stream()));
    assert!(reason(with(second, &number(0))).contains(distance));
    assert!(reason(with(second, &number(index.stream_len()))).contains("after the end"));
    assert!(reason(with(second + 8, &number(u64::MAX))).contains("after the end"));
    assert!(reason(with(second + 16, &number(0))).contains(distance));
    assert!(reason(with(second + 28, &[0xFF; 4])).contains("too long"));
    assert!(reason(with(second + 28, &[0, 0, 0, 0])).contains("has no length"));
    assert!(reason(with(second + 28, &[1, 0, 0, 0])).contains("a history is damaged"));
    assert!(reason(with(second + 32, &[0xFF; 4])).contains("too long"));
}

#[test]
fn a_decompressor_can_drive_the_builder() {
    let content = text(2, 500_000);
    let stream = lz4_stream::compress(&content, &CompressOptions::new()).unwrap();
    let mut decompressor = Lz4StreamDecompressor::new();
    let mut builder = IndexBuilder::new(SHORT, b"");
    let mut rest = &stream[..];
    while let Ok(lz4_stream::BlockSplit::Block { block, rest: after }) = decompressor.get_block(rest) {
        let page_len = decompressor.decompress(block).unwrap().len();
        builder.push_block(&rest[..4], block, page_len, decompressor.history());
        rest = after;
    }
    let index = builder.finish(stream.len() as u64);
    assert_eq!(
        index,
        Index::build(&stream[..], &DecompressOptions::new(), SHORT).unwrap()
    );
}

#[test]
fn restart_marks_belong_to_the_block_after_them() {
    let content = text(6, 700_000);
    let dictionary = &content[1000..30_000];
    let options = DecompressOptions::new()
        .zero_prefix(ZeroPrefix::Restart)
        .dictionary(dictionary);
    for every in [1, 3, 16] {
        let compress = CompressOptions::new()
            .zero_prefix(ZeroPrefix::Restart)
            .dictionary(dictionary)
            .page_size(9000)
            .restart_every(every);
        let mut writer = compress.writer(Vec::new()).unwrap();
        writer.collect_index(SHORT).unwrap();
        writer.write_all(&content).unwrap();
        writer.try_finish().unwrap();
        let index = writer.take_index().unwrap();
        let mut stream = writer.finish().unwrap();
        assert_eq!(Index::build(&stream[..], &options, SHORT).unwrap(), index);
        let marks = index.points()[1..]
            .iter()
            .filter(|point| stream[point.stream() as usize..].starts_with(&[0; 4]));
        assert!(every > 1 || marks.count() == index.points().len() - 1, "{every}");
        check_points(&index, &stream, &content, &options);

        // Several marks at one place, where there is one already, and after the last block.
        if every > 1 {
            continue;
        }
        let at = index.points()[2].stream() as usize;
        stream.splice(at..at, [0; 400]);
        stream.extend_from_slice(&[0; 12]);
        assert!(lz4_stream::decompress(&stream, &options).unwrap() == content);
        let index = Index::build(&stream[..], &options, SHORT).unwrap();
        assert_eq!(Index::read_from(&write(&index)[..]).unwrap(), index);
        check_points(&index, &stream, &content, &options);
        for threads in [1, 2] {
            let mut out = Vec::new();
            let mut reader = options.parallel_reader(&stream[..], index.clone(), threads).unwrap();
            std::io::Read::read_to_end(&mut reader, &mut out).unwrap();
            assert!(out == content);
        }
    }
}

#[test]
fn endless_restart_marks_are_an_error() {
    let options = DecompressOptions::new().zero_prefix(ZeroPrefix::Restart);
    let block = b"\x06\0\0\0\x50hello";
    let build = |marks: usize, block: &[u8]| Index::build(&[&vec![0; 4 * marks], block].concat()[..], &options, SHORT);
    for block in [&block[..], b""] {
        let index = build((1 << 14) - 1, block).unwrap();
        assert_eq!(Index::read_from(&write(&index)[..]).unwrap(), index);
        let error = build((1 << 14) + 1, block).unwrap_err();
        assert!(matches!(Error::from_io(&error), Some(Error::BadHead { .. })));
    }
    // In bounded memory: this has no end.
    let error = Index::build(std::io::repeat(0), &options, SHORT).unwrap_err();
    assert!(matches!(Error::from_io(&error), Some(Error::BadHead { .. })));
}
