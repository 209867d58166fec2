//! Threads, indexes and ranges.

use std::fs;
use std::process::Stdio;

use lz4_stream::{CompressOptions, DecompressOptions, Index, Mode, PrefixWidth, StreamFormat, ZeroPrefix};

use crate::{bad, command, folder, good, names, pipe, read, run};

/// More than three jobs of the parallel writer.
const LEN: usize = 3_500_000;

#[test]
fn threads_do_not_change_the_output() {
    let (dir, text) = folder(LEN);
    for (args, options) in [
        ("", CompressOptions::new()),
        ("--page-size 1K", CompressOptions::new().page_size(1024)),
        (
            "--mode hc --level 3",
            CompressOptions::new().mode(Mode::HighCompression { level: 3 }),
        ),
    ] {
        let mut writer = options.parallel_writer(Vec::new(), 3).unwrap();
        std::io::Write::write_all(&mut writer, &text).unwrap();
        let expected = writer.finish().unwrap();
        for threads in ["", "--threads 1", "--threads 2", "--threads 5", "--threads 0"] {
            let stream = good(run(dir.path(), &format!("compress {args} {threads} text -c")));
            assert!(stream == expected, "{args} {threads}");
        }
    }
    good(run(
        dir.path(),
        "compress --prefix 0 --sizes sizes --threads 2 text -o out",
    ));
    assert!(good(run(dir.path(), "decompress --prefix 0 --sizes sizes out -c")) == text);
}

#[test]
fn indexes_of_both_commands_are_those_of_the_library() {
    let (dir, text) = folder(LEN);
    fs::write(dir.path().join("dict"), &text[..9000]).unwrap();
    let new = DecompressOptions::new;
    let restart = StreamFormat::new().zero_prefix(ZeroPrefix::Restart);
    for (format, interval, options, skip) in [
        ("", 1 << 20, new(), 0),
        (
            "--prefix 2 --end-mark",
            200_000,
            new().prefix_width(PrefixWidth::Two).end_mark(true),
            0,
        ),
        ("--header 010203", 1 << 20, new(), 3),
        ("--preset tracy", 1 << 20, new(), 4),
        ("--dictionary dict", 1 << 20, new().dictionary(&text[..9000]), 0),
        ("--zero-restarts", 1 << 20, new().format(restart), 0),
    ] {
        let restart = if format.contains("restarts") {
            "--restart-every 4"
        } else {
            ""
        };
        let args = format!("compress {format} {restart} --threads 2 --index-interval {interval} --index index");
        good(run(dir.path(), &format!("{args} text -fo stream")));
        let index = Index::build(&read(dir.path(), "stream")[skip..], &options, interval).unwrap();
        let found = Index::read_from(&read(dir.path(), "index")[..]).unwrap();
        assert!(found == index, "{format}");

        good(run(
            dir.path(),
            &format!("index {format} --interval {interval} -f stream"),
        ));
        assert!(read(dir.path(), "stream.idx") == read(dir.path(), "index"), "{format}");
        let piped = pipe(
            dir.path(),
            &format!("index {format} --interval {interval}"),
            &read(dir.path(), "stream"),
        );
        assert!(good(piped) == read(dir.path(), "index"), "{format}");

        for range in [
            "..",
            "5..+7",
            "1M..+3K",
            "3499990..",
            "..1K",
            "2500000..2500000",
            "3500000..4000000",
        ] {
            let (start, end) = match range {
                ".." => (0, LEN),
                "5..+7" => (5, 12),
                "1M..+3K" => (1 << 20, (1 << 20) + 3072),
                "3499990.." => (3_499_990, LEN),
                "..1K" => (0, 1024),
                _ => (LEN, LEN),
            };
            for index in ["", "--index index"] {
                let args = format!("decompress {format} {index} --range {range} stream");
                assert!(good(run(dir.path(), &args)) == text[start..end], "{args}");
            }
        }
        for threads in ["", "--threads 1", "--threads 2", "--threads 0"] {
            let args = format!("decompress {format} --index index {threads}");
            assert!(good(run(dir.path(), &format!("{args} stream -c"))) == text, "{args}");
            let piped = pipe(dir.path(), &args, &read(dir.path(), "stream"));
            assert!(good(piped) == text, "{args}");
        }
    }
    assert_eq!(names(dir.path()), ["dict", "index", "stream", "stream.idx", "text"]);
}

/// Sizes of blocks that are kept in a file.
#[test]
fn indexes_with_a_sizes_file() {
    let (dir, text) = folder(LEN);
    let format = "--prefix 0 --sizes sizes";
    good(run(
        dir.path(),
        &format!("compress {format} --index index text -o stream"),
    ));
    good(run(dir.path(), &format!("index {format} stream")));
    assert!(read(dir.path(), "stream.idx") == read(dir.path(), "index"));
    let range = good(run(
        dir.path(),
        &format!("decompress {format} --index index --range 3M..+10 stream"),
    ));
    assert!(range == text[3 << 20..][..10]);
    let all = good(run(
        dir.path(),
        &format!("decompress {format} --index index --threads 2 stream -c"),
    ));
    assert!(all == text);

    // Not a size, and too few.
    let sizes = String::from_utf8(read(dir.path(), "sizes")).unwrap();
    let (first, _) = sizes.split_once('\n').unwrap();
    fs::write(dir.path().join("bad"), format!("{first}\nx\n")).unwrap();
    for args in [
        "index -f",
        "decompress --index index -c",
        "decompress --index index --range 3M..",
    ] {
        let error = bad(run(dir.path(), &format!("{args} --prefix 0 --sizes bad stream")));
        assert!(error.starts_with("lz4s: bad: line 2: invalid digit"), "{error}");
    }
    fs::write(dir.path().join("bad"), "").unwrap();
    for range in ["", "--range 3M.."] {
        bad(run(
            dir.path(),
            &format!("decompress --prefix 0 --sizes bad --index index {range} stream -c"),
        ));
    }
}

/// What comes before the range is not even read.
#[test]
fn a_range_with_an_index_reads_only_what_it_needs() {
    let (dir, text) = folder(LEN);
    good(run(dir.path(), "compress --header 010203 --index index text -o stream"));
    let mut stream = read(dir.path(), "stream");
    let middle = stream.len() / 2;
    stream[3..middle].fill(0xff);
    fs::write(dir.path().join("stream"), &stream).unwrap();
    let range = good(run(
        dir.path(),
        "decompress --skip 3 --index index --range 3400000.. stream",
    ));
    assert!(range == text[3_400_000..]);
    // From stdin as well, if it is a file, and wherever its position is.
    let stdin = fs::File::open(dir.path().join("stream")).unwrap();
    std::io::Seek::seek(&mut &stdin, std::io::SeekFrom::Start(3)).unwrap();
    let mut from_stdin = command(dir.path(), "decompress --index index --range 3400000..");
    assert!(good(from_stdin.stdin(stdin).output().unwrap()) == text[3_400_000..]);

    bad(run(dir.path(), "decompress --skip 3 --range 3400000.. stream"));
    bad(run(dir.path(), "decompress --skip 3 --index index --range 0..1 stream"));
}

/// Nothing after the range is read, so that it may be damaged, or never come.
#[test]
fn a_range_ends_decoding() {
    let (dir, text) = folder(LEN);
    let mut stream = good(run(dir.path(), "compress --index index text -c"));
    stream.truncate(stream.len() / 2);
    fs::write(dir.path().join("stream"), &stream).unwrap();
    for index in ["", "--index index"] {
        let range = good(run(
            dir.path(),
            &format!("decompress {index} --range 1000..200K stream"),
        ));
        assert!(range == text[1000..200 << 10]);
    }
    let mut child = command(dir.path(), "decompress --range ..1000")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A pipe holds 64 KiB. To write more would need a reader, which ends after the first block.
    std::io::Write::write_all(&mut stdin, &stream[..60_000]).unwrap();
    assert!(good(child.wait_with_output().unwrap()) == text[..1000]);
    drop(stdin);
}

/// A part of the content does not take the name of the whole.
#[test]
fn a_range_goes_to_stdout_or_to_the_output() {
    let (dir, text) = folder(1000);
    good(run(dir.path(), "compress text -o a.lz4s --index a.lz4s.idx"));
    assert!(good(run(dir.path(), "decompress --range 10..20 a.lz4s")) == text[10..20]);
    assert!(
        good(run(
            dir.path(),
            "decompress --range 10..20 --index a.lz4s.idx a.lz4s -o part"
        ))
        .is_empty()
    );
    assert!(read(dir.path(), "part") == text[10..20]);
    // One range of each input.
    let both = good(run(dir.path(), "decompress --range 10..20 a.lz4s a.lz4s"));
    assert!(both == [&text[10..20], &text[10..20]].concat());
    assert_eq!(names(dir.path()), ["a.lz4s", "a.lz4s.idx", "part", "text"]);
}

#[test]
fn a_range_past_the_content() {
    let (dir, _) = folder(1000);
    good(run(dir.path(), "compress text -o stream --index index"));
    for index in ["", "--index index"] {
        let error = bad(run(dir.path(), &format!("decompress {index} --range 1001.. stream")));
        assert_eq!(
            error,
            "lz4s: stream: the range begins at byte 1001, but the content has 1000 bytes\n"
        );
        assert!(good(run(dir.path(), &format!("decompress {index} --range 1000.. stream"))).is_empty());
    }
}

#[test]
fn info_of_an_index() {
    let (dir, _) = folder(LEN);
    good(run(dir.path(), "compress text --restart-every 4 --index index"));
    let info = String::from_utf8(good(run(dir.path(), "info index text.lz4s"))).unwrap();
    for line in [
        "index:          index\n",
        "interval:       1048576\n",
        "points:         5\n",
        "restart points: 5\n",
        "blocks:         54\n",
        "page bytes:     3500000\n",
        "stream:         text.lz4s\n",
    ] {
        assert!(info.contains(line), "{info}");
    }
}

#[test]
fn wrong_and_damaged_indexes() {
    let (dir, text) = folder(LEN);
    let path = dir.path();
    good(run(path, "compress text -o stream --index index"));
    good(run(path, "compress --dictionary text text -o with-dictionary"));
    fs::write(path.join("other-text"), &text[1000..]).unwrap();
    good(run(path, "compress other-text -o other"));
    let (stream, index) = (read(path, "stream"), read(path, "index"));
    let mut flipped = index.clone();
    flipped[50] ^= 1;
    for (name, bytes) in [
        ("cut", &index[..index.len() - 1]),
        ("empty", &[]),
        ("long", &[&index[..], b"x"].concat()),
        ("flipped", &flipped),
        ("cut-stream", &stream[..stream.len() - 5]),
        ("grown", &[&stream[..], b"\x05\0\0\0\x40abcd"].concat()),
    ] {
        fs::write(path.join(name), bytes).unwrap();
    }
    let ask = "(is this the index of this stream, made with the same options?)\n";
    for (args, start, end) in [
        ("--index cut stream", "cut: not a valid index: it is cut off", ""),
        ("--index empty stream", "empty: not a valid index: it is cut off", ""),
        ("--index long stream", "long: not a valid index: more bytes follow", ""),
        ("--index flipped stream", "flipped: not a valid index: ", ""),
        (
            "--index stream stream",
            "stream: not a valid index: it does not begin like an index",
            "",
        ),
        ("--index nothing stream", "nothing: ", ""),
        (
            "--index index other",
            "other: the index does not match the stream at offset 0: ",
            ask,
        ),
        (
            "--index index --dictionary text stream",
            "stream: the index does not match the stream",
            ask,
        ),
        ("--index index --prefix 2 stream", "stream: block 0 at offset 0: ", ask),
        (
            "--index index --skip 1 stream",
            "stream: the index does not match the stream at offset 0: ",
            ask,
        ),
        (
            "--index index --max-page-size 1K stream",
            "stream: block 0 at offset 0: ",
            "(see --max-page-size)\n",
        ),
        (
            "--index index --preset tracy stream",
            "stream: the input starts with ",
            "this is no Tracy file\n",
        ),
    ] {
        for range in ["--range 5..+10", "--threads 2 -o out"] {
            let error = bad(run(path, &format!("decompress {range} {args}")));
            assert!(
                error.starts_with(&format!("lz4s: {start}")) && error.ends_with(end),
                "{args}: {error}"
            );
            assert!(!path.join("out").exists(), "{args}");
        }
    }
    // Longer and shorter than the indexed stream.
    let error = bad(run(path, "decompress --index index grown -o out"));
    assert!(error.contains("after 54 blocks, but more bytes follow"), "{error}");
    let error = bad(run(path, "decompress --index index cut-stream -o out"));
    assert!(error.ends_with(ask), "{error}");
    // An index is not a stream.
    let error = bad(run(path, "decompress index -c"));
    assert!(error.contains("(this is an index, not a stream: "), "{error}");
    // No range in a pipe, and no index of several streams.
    let error = bad(pipe(path, "decompress --index index --range 1..2", &stream));
    assert!(error.starts_with("lz4s: stdin: not a regular file"), "{error}");
    let error = bad(pipe(path, "index --preset tracy -o out", b"tr\xFDP\0\x03"));
    assert_eq!(error, "lz4s: stdin: the file has 3 streams, and an index is for one\n");
    let error = bad(run(path, "index other-text -o out"));
    assert!(error.contains("is this a linked-block stream?"), "{error}");
    let error = bad(pipe(path, "index --end-mark -o out", b"\0\0\0\0x"));
    assert!(
        error.ends_with("the stream ends at offset 4, after 0 blocks, but more bytes follow\n"),
        "{error}"
    );
    assert!(!path.join("out").exists());
}

#[test]
fn indexes_replace_nothing_by_mistake() {
    let (dir, text) = folder(1000);
    let path = dir.path();
    good(run(path, "compress text"));
    fs::write(path.join("old"), "old").unwrap();
    for (args, message) in [
        ("compress text -o new --index old", "old: the file exists; use --force"),
        ("compress text -fo new --index text", "text: is both input and output"),
        (
            "compress text -o new --index new",
            "new: is both the output and the --index file",
        ),
        (
            "compress text -o new --prefix 0 --sizes same --index same",
            "same: is both the --sizes and the --index file",
        ),
        ("index text.lz4s -o old", "old: the file exists; use --force"),
        ("index text.lz4s -fo text.lz4s", "text.lz4s: is both input and output"),
    ] {
        let error = bad(run(path, args));
        assert!(error.starts_with(&format!("lz4s: {message}")), "{args}: {error}");
        assert_eq!(names(path), ["old", "text", "text.lz4s"], "{args}");
    }
    assert_eq!(read(path, "old"), b"old");
    good(run(path, "index text.lz4s -fo old"));
    let index = read(path, "old");
    let error = bad(run(path, "decompress --index old text.lz4s -fo old"));
    assert_eq!(error, "lz4s: old: is both input and output\n");
    assert!(read(path, "old") == index && read(path, "text") == text);
    // Several inputs, each with its index.
    fs::copy(path.join("text.lz4s"), path.join("b.lz4s")).unwrap();
    good(run(path, "index text.lz4s b.lz4s"));
    assert!(read(path, "text.lz4s.idx") == index && read(path, "b.lz4s.idx") == index);
}

#[test]
fn an_empty_stream_has_an_index() {
    let (dir, _) = folder(0);
    for format in ["", "--end-mark"] {
        good(run(
            dir.path(),
            &format!("compress {format} text -fo stream --index index"),
        ));
        good(run(dir.path(), &format!("index {format} stream -f")));
        assert!(read(dir.path(), "stream.idx") == read(dir.path(), "index"));
        for range in ["--threads 2 -c", "--range ..", "--range 0..5"] {
            let back = good(run(
                dir.path(),
                &format!("decompress {format} --index index {range} stream"),
            ));
            assert!(back.is_empty());
        }
    }
}
