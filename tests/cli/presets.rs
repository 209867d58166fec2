//! The formats of other programs, and what is said about a stream that does not decode.

use std::fs;

use lz4_stream::{ByteOrder, CompressOptions, PrefixWidth, Strategy, StreamFormat, ZeroPrefix};

use crate::{bad, folder, good, pipe, read, run};

#[test]
fn presets_write_what_the_programs_read() {
    let (dir, text) = folder(200_000);
    let new = CompressOptions::new;
    let two = lz4_stream::PrefixWidth::Two;
    let ring = |page_size| new().strategy(Strategy::RingBuffer).page_size(page_size);
    let fuchsia = StreamFormat::new()
        .prefix_width(two)
        .byte_order(ByteOrder::Big)
        .zero_prefix(ZeroPrefix::Restart);
    for (preset, header, options) in [
        ("python", "", new()),
        ("golz4", "", new()),
        ("tracy", "tlZ\x04", new()),
        ("c-example", "", new().page_size(8192).end_mark(true)),
        ("c-ring", "", ring(1024).max_distance(8192).end_mark(true)),
        ("fuchsia", "", ring(16_384).format(fuchsia)),
        ("c-lines", "", ring(1024).prefix_width(two).end_mark(true)),
    ] {
        let stream = good(pipe(dir.path(), &format!("compress --preset {preset}"), &text));
        let expected = [header.as_bytes(), &lz4_stream::compress(&text, &options).unwrap()].concat();
        assert!(stream == expected, "{preset}");
        assert!(good(pipe(dir.path(), &format!("decompress --preset {preset}"), &stream)) == text);
    }
}

/// FLANN's header comes first: its writer has to be given it.
#[test]
fn files_of_flann() {
    let (dir, text) = folder(200_000);
    let header: String = format!("{:0<144}", "464c414e4e5f494e4445585f76312e31");
    good(run(
        dir.path(),
        &format!("compress --preset flann --header {header} text -o saved"),
    ));
    let options = CompressOptions::new()
        .prefix_width(PrefixWidth::Eight)
        .page_size(65_456)
        .end_mark(true);
    let stream = lz4_stream::compress(&text, &options).unwrap();
    let saved = read(dir.path(), "saved");
    assert!(saved.starts_with(b"FLANN_INDEX_v1.1") && saved[72..] == stream);
    assert!(good(run(dir.path(), "decompress --preset flann -c saved")) == text);

    let error = bad(run(dir.path(), "test saved"));
    assert!(
        error.ends_with("(this is an index of FLANN: use --preset flann)\n"),
        "{error}"
    );
    let output = run(dir.path(), "compress --preset flann text -c");
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("give the 72 bytes before the stream as --header"),
        "{error}"
    );
}

#[test]
fn options_override_a_preset() {
    let (dir, text) = folder(20_000);
    let new = CompressOptions::new;
    for (args, options, header) in [
        ("c-example --no-end-mark", new().page_size(8192), ""),
        ("c-example --page-size 1K", new().page_size(1024).end_mark(true), ""),
        (
            "c-ring --strategy double-buffer --max-distance 65535",
            new().page_size(1024).end_mark(true),
            "",
        ),
        ("tracy --header", new(), ""),
        ("tracy --header 616263", new(), "abc"),
        ("tracy --end-mark", new().end_mark(true), "tlZ\x04"),
        ("python --end-mark --no-end-mark", new(), ""),
        ("c-example --zero-restarts --no-end-mark", new().page_size(8192), ""),
        ("python --no-end-mark --end-mark", new().end_mark(true), ""),
        ("python --big-endian --little-endian", new(), ""),
        (
            "python --little-endian --big-endian",
            new().byte_order(lz4_stream::ByteOrder::Big),
            "",
        ),
        (
            "c-lines --strategy double-buffer --prefix 4",
            new().page_size(1024).end_mark(true),
            "",
        ),
    ] {
        let mut command = crate::command(dir.path(), &format!("compress text -c --preset {args}"));
        if args.ends_with("--header") {
            command.arg("");
        }
        let stream = good(command.output().unwrap());
        let expected = [header.as_bytes(), &lz4_stream::compress(&text, &options).unwrap()].concat();
        assert!(stream == expected, "{args}");
    }
}

#[test]
fn headers() {
    let (dir, text) = folder(1000);
    good(run(dir.path(), "compress --header c0ffee00 text -o in"));
    assert!(read(dir.path(), "in").starts_with(b"\xc0\xff\xee\0"));
    for args in ["--header c0ffee00", "--header C0FF --skip 2", "--skip 4"] {
        assert!(
            good(run(dir.path(), &format!("decompress -c {args} in"))) == text,
            "{args}"
        );
    }
    // Offsets are those of the stream.
    let info = String::from_utf8(good(run(dir.path(), "info --blocks --skip 4 in"))).unwrap();
    let first: Vec<&str> = info.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(first[..2], ["0", "0"]);

    for (args, message) in [
        (
            "--header c0ffee01",
            "the input starts with c0ffee00, not with the header c0ffee01",
        ),
        ("--skip 1M", "the input ends after "),
        (
            "--preset tracy",
            "the input starts with c0ffee00: this is no Tracy file",
        ),
        ("--preset gdsfmt", "the input does not start with LZ4_RA"),
    ] {
        let error = bad(run(dir.path(), &format!("decompress {args} in -o out")));
        assert!(error.starts_with(&format!("lz4s: in: {message}")), "{error}");
    }
    let error = bad(pipe(dir.path(), "decompress --header c0ffee", b"\xc0"));
    assert_eq!(
        error,
        "lz4s: stdin: the input starts with c0, not with the header c0ffee\n"
    );
    let error = bad(pipe(dir.path(), "test --preset tracy", b"\x1f\x8b\x08\0more"));
    assert!(
        error.ends_with("this is no Tracy file (this is a gzip file)\n"),
        "{error}"
    );
}

/// Every stream of a Tracy file has its own history.
#[test]
fn tracy_streams_take_turns() {
    let (dir, text) = folder(1_000_000);
    let mut lanes = vec![CompressOptions::new().compressor().unwrap(); 3];
    let mut file = b"tr\xFDP\0\x03".to_vec();
    for (page, lane) in text.chunks(65_536).zip((0..3).cycle()) {
        file.extend_from_slice(lanes[lane].compress(page).unwrap());
    }
    assert!(good(pipe(dir.path(), "decompress --preset tracy", &file)) == text);
    file.extend_from_slice(&[0; 4]);
    let error = bad(pipe(dir.path(), "test --preset tracy", &file));
    assert!(error.contains(": stream 1: block 5 at offset "), "{error}");
}

/// The settings of a stream, and those that it is read with: the message says how it can be read.
#[test]
fn the_settings_that_decode_are_named() {
    let (dir, text) = folder(30_000);
    fs::write(dir.path().join("dict"), &text[..9000]).unwrap();
    for (written, read, hint) in [
        ("--prefix 2", "", "with --prefix 2, it decodes"),
        ("--prefix 1", "", "with --prefix 1, it decodes"),
        ("", "--prefix 2", "with --prefix 4, it decodes"),
        ("--big-endian", "", "with --big-endian, it decodes"),
        ("--prefix 8", "", "with --prefix 8, it decodes"),
        (
            "--prefix 8 --big-endian",
            "",
            "with --prefix 8 --big-endian, it decodes",
        ),
        (
            "--zero-restarts --restart-every 3",
            "",
            "with --zero-restarts, it decodes",
        ),
        ("", "--big-endian", "with --little-endian, it decodes"),
        (
            "--big-endian --prefix 2",
            "",
            "with --prefix 2 --big-endian, it decodes",
        ),
        ("--end-mark", "", "with --end-mark, it decodes"),
        ("--end-mark --prefix 2", "", "with --prefix 2 --end-mark, it decodes"),
        (
            "",
            "--end-mark",
            "cut off, or made without an end mark: see --no-end-mark",
        ),
        ("--header 0102030405", "", "with --skip 5, it decodes"),
        ("--header 0102030405", "--header 0102", "with --skip 3, it decodes"),
        ("--header 0102030405", "--skip 1", "with --skip 5, it decodes"),
        (
            "--header 010203 --prefix 2 --end-mark",
            "",
            "with --prefix 2 --end-mark --skip 3, it decodes",
        ),
        ("--header 746c5a0401", "--preset tracy", "with --skip 5, it decodes"),
        (
            "--dictionary dict",
            "",
            "it refers to data before its start: see --dictionary",
        ),
        ("--preset tracy", "", "this is a Tracy file: use --preset tracy"),
    ] {
        let size = if written.contains("--prefix 1") { "200" } else { "1000" };
        good(run(
            dir.path(),
            &format!("compress --page-size {size} {written} text -fo in"),
        ));
        for command in ["decompress -c", "test", "info"] {
            let output = run(dir.path(), &format!("{command} {read} in"));
            let error = bad(output);
            assert!(
                error.ends_with(&format!(" ({hint})\n")),
                "{written} read with {read}: {error}"
            );
        }
        // A hint that names options is right.
        if let Some(options) = hint.strip_prefix("with ") {
            let options = options.strip_suffix(", it decodes").unwrap();
            let back = good(run(dir.path(), &format!("decompress -c {read} {options} in")));
            assert!(back == text, "{written} read with {read} {options}");
        }
    }
}

/// How a long stream ends is not seen: one hint leads to the next.
#[test]
fn of_a_long_stream_the_beginning_decodes() {
    let (dir, text) = folder(700_000);
    good(run(dir.path(), "compress --prefix 2 --end-mark text -o in"));
    let error = bad(run(dir.path(), "test in"));
    assert!(
        error.ends_with(" (with --prefix 2, its beginning decodes)\n"),
        "{error}"
    );
    let error = bad(run(dir.path(), "test --prefix 2 in"));
    assert!(error.ends_with(" (see --end-mark)\n"), "{error}");
    assert!(good(run(dir.path(), "decompress --prefix 2 --end-mark -c in")) == text);

    good(run(dir.path(), "compress --prefix 2 text -fo in"));
    let error = bad(run(dir.path(), "test --end-mark in"));
    assert!(
        error.ends_with(" (with --prefix 2, its beginning decodes)\n"),
        "{error}"
    );
    let error = bad(run(dir.path(), "test --end-mark --prefix 2 in"));
    assert!(error.contains("see --no-end-mark"), "{error}");
}

#[test]
fn other_formats_are_named() {
    let (dir, text) = folder(1000);
    for (start, what) in [
        (&b"\x04\x22\x4D\x18"[..], "LZ4 frame"),
        (b"\x02\x21\x4C\x18", "legacy"),
        (b"\x5A\x2A\x4D\x18", "skippable"),
        (b"\x28\xB5\x2F\xFD", "zstd"),
        (b"\x1F\x8B\x08", "gzip"),
        (b"LZ4Block", "lz4-java"),
        (b"LZ4_RA\x10", "--preset gdsfmt"),
        (b"tlZ\x04", "--preset tracy"),
        (b"tr\xFDP", "--preset tracy"),
        (b"FLANN_INDEX_v1.1", "--preset flann"),
        (b"LZ4SIDX\x01", "decompress --index FILE STREAM"),
    ] {
        let error = bad(pipe(dir.path(), "decompress", &[start, &text].concat()));
        assert!(error.contains(" (this is ") && error.contains(what), "{error}");
    }
    // Blocks of nothing are no reason to think that it decodes.
    let error = bad(pipe(dir.path(), "decompress", &[1; 1000]));
    assert!(error.contains("is this a linked-block stream?"), "{error}");
    // What is not known at all gets the options to look at.
    let error = bad(pipe(dir.path(), "decompress", &text));
    for option in [
        "--preset",
        "--prefix",
        "--big-endian",
        "--skip",
        "--end-mark",
        "--dictionary",
        "--max-page-size",
    ] {
        assert!(error.contains(option), "{error}");
    }
}
