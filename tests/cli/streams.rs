//! What is compressed and decompressed, and what the options do.

use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;

use lz4_stream::{ByteOrder, CompressOptions, Lz4StreamWriter, Mode, PrefixWidth, Strategy, StreamFormat, ZeroPrefix};

use crate::{bad, command, folder, good, names, pipe, read, run};

#[test]
fn round_trips() {
    let (dir, text) = folder(300_000);
    fs::write(dir.path().join("dict"), &text[..20_000]).unwrap();
    let table = [
        ("", ""),
        ("--prefix 1", "--prefix 1"),
        ("--prefix 2", "--prefix 2"),
        ("--prefix 4", ""),
        ("--prefix 8", "--prefix 8"),
        (
            "--prefix 8 --end-mark --big-endian",
            "--prefix 8 --end-mark --big-endian",
        ),
        ("--restart-every 3 --page-size 1K", ""),
        ("--zero-restarts --restart-every 2 --page-size 1K", "--zero-restarts"),
        ("--prefix 0 --sizes sizes", "--prefix 0 --sizes sizes"),
        ("--prefix 0 --sizes sizes --page-size 100", "--prefix 0 --sizes sizes"),
        ("--big-endian", "--big-endian"),
        ("--big-endian --prefix 2", "--big-endian --prefix 2"),
        ("--end-mark", "--end-mark"),
        ("--end-mark --prefix 1 --page-size 7", "--end-mark --prefix 1"),
        ("--dictionary dict", "--dictionary dict"),
        (
            "--dictionary dict --page-size 1K --strategy ring-buffer",
            "--dictionary dict",
        ),
        ("--page-size 1", "--max-page-size 1"),
        ("--page-size 16k", "--max-page-size 16384"),
        ("--page-size 1M", "--max-page-size 1M"),
        ("--page-size 1000 --strategy ring-buffer", "--max-page-size 1000"),
        ("--page-size 1000 --strategy double-buffer", ""),
        ("--mode default", ""),
        ("--mode fast", ""),
        ("--mode fast --acceleration 50", ""),
        ("--mode fast --acceleration -5", ""),
        ("--mode hc", ""),
        ("--mode hc --level 12 --quiet", "--quiet"),
        ("--mode hc --level -1 -q", "-q"),
    ];
    for (compress, decompress) in table {
        let file = dir.path();
        assert!(good(run(file, &format!("compress {compress} -f text -o out.lz4s"))).is_empty());
        assert!(good(run(file, &format!("decompress {decompress} out.lz4s -fo back"))).is_empty());
        assert!(read(file, "back") == text, "{compress}");

        let stream = good(pipe(file, &format!("compress -f {compress}"), &text));
        assert!(
            stream == read(file, "out.lz4s"),
            "{compress}: the same over stdin and stdout"
        );
        assert!(
            good(pipe(file, &format!("decompress - {decompress} -o -"), &stream)) == text,
            "{compress}"
        );
    }
    assert_eq!(names(dir.path()), ["back", "dict", "out.lz4s", "sizes", "text"]);
}

#[test]
fn options_reach_the_library() {
    let (dir, text) = folder(100_000);
    let stream = |args: &str| good(run(dir.path(), &format!("compress text {args} -c")));
    let library = |options: CompressOptions| {
        let mut writer = options.writer(Vec::new()).unwrap();
        writer.write_all(&text).unwrap();
        writer.finish().unwrap()
    };
    let new = CompressOptions::new;
    fs::write(dir.path().join("dict"), &text[..30_000]).unwrap();
    let table = [
        ("", new()),
        ("--prefix 2", new().prefix_width(PrefixWidth::Two).page_size(65_264)),
        ("--prefix 1", new().prefix_width(PrefixWidth::One).page_size(239)),
        ("--big-endian", new().byte_order(ByteOrder::Big)),
        ("--end-mark", new().end_mark(true)),
        ("--dictionary dict", new().dictionary(&text[..30_000])),
        ("--page-size 2K", new().page_size(2048)),
        ("--prefix 8", new().prefix_width(PrefixWidth::Eight)),
        (
            "--page-size 2K --restart-every 4",
            new().page_size(2048).restart_every(4),
        ),
        (
            "--page-size 2K --restart-every 4 --zero-restarts",
            new()
                .page_size(2048)
                .restart_every(4)
                .format(StreamFormat::new().zero_prefix(ZeroPrefix::Restart)),
        ),
        (
            "--page-size 500 --strategy ring-buffer",
            new().page_size(500).strategy(Strategy::RingBuffer),
        ),
        ("--max-distance 1K", new().max_distance(1024)),
        (
            "--mode fast --acceleration 9",
            new().mode(Mode::Fast { acceleration: 9 }),
        ),
        ("--mode hc --level 3", new().mode(Mode::HighCompression { level: 3 })),
        ("--mode hc", new().mode(Mode::HighCompression { level: 9 })),
    ];
    for (args, options) in table {
        assert!(stream(args) == library(options), "{args}");
    }
}

#[test]
fn empty_input() {
    let (dir, _) = folder(0);
    for (format, len) in [
        ("", 0),
        ("--end-mark", 4),
        ("--prefix 1 --end-mark", 1),
        ("--prefix 0 --sizes s", 0),
    ] {
        good(run(dir.path(), &format!("compress {format} text -fo out")));
        assert_eq!(read(dir.path(), "out").len(), len, "{format}");
        good(run(dir.path(), &format!("decompress {format} out -fo back")));
        assert_eq!(read(dir.path(), "back"), b"");
        let info = String::from_utf8(good(run(dir.path(), &format!("info {format} out")))).unwrap();
        assert!(info.contains("blocks:         0\n"), "{info}");
    }
}

#[test]
fn sizes_file() {
    let (dir, text) = folder(2500);
    good(run(
        dir.path(),
        "compress --prefix 0 --sizes sizes --page-size 1000 text -o out",
    ));
    let sizes = String::from_utf8(read(dir.path(), "sizes")).unwrap();
    let sizes: Vec<usize> = sizes.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(sizes.len(), 3);
    assert_eq!(sizes.iter().sum::<usize>(), read(dir.path(), "out").len());

    // Lines may have blanks around the number, and the last one needs no newline.
    let text_of = |sizes: &[usize]| sizes.iter().map(|n| format!(" {n}\r\n")).collect::<String>();
    fs::write(dir.path().join("sizes"), text_of(&sizes).trim_end()).unwrap();
    assert!(good(run(dir.path(), "decompress --prefix 0 --sizes sizes out -c")) == text);

    let end = sizes[0] + sizes[1];
    let table = [
        (
            text_of(&sizes[..2]),
            format!("out: the stream ends at offset {end}, after 2 blocks, but more bytes follow"),
        ),
        (
            text_of(&sizes) + "9",
            format!(
                "out: block 3 at offset {}: input ends after 0 of the block's 9 bytes",
                end + sizes[2]
            ),
        ),
        ("0\n".into(), "out: block 0 at offset 0: block length is zero".into()),
        (format!("{}\nx\n", sizes[0]), "sizes: line 2: invalid digit".into()),
        (
            format!("{}\n\n", sizes[0]),
            "sizes: line 2: cannot parse integer from empty string".into(),
        ),
        ("9".repeat(1000), "sizes: line 1: number too large".into()),
    ];
    for (sizes, message) in table {
        fs::write(dir.path().join("sizes"), sizes).unwrap();
        let error = bad(run(dir.path(), "decompress --prefix 0 --sizes sizes out -o back"));
        assert!(error.starts_with(&format!("lz4s: {message}")), "{error}{message}");
        assert_eq!(names(dir.path()), ["out", "sizes", "text"]);
    }
}

#[test]
fn wrong_usage() {
    let (dir, _) = folder(10);
    // The file does not exist: errors in the settings are reported first.
    for (args, message) in [
        ("", "Usage"),
        ("squeeze", "unrecognized subcommand"),
        ("compress a b -o c", "--output takes one input"),
        ("decompress a b -o c", "--output takes one input"),
        ("compress a b --prefix 0 --sizes c", "--sizes takes one input"),
        ("info a b --prefix 0 --sizes c", "--sizes takes one input"),
        ("index a b -c", "--stdout takes one input"),
        ("compress a b -c --end-mark", "several inputs on stdout"),
        ("compress a b -c --dictionary c", "several inputs on stdout"),
        ("compress a b -c --header ab", "several inputs on stdout"),
        ("compress a -c -o b", "cannot be used with"),
        ("compress a -c --rm", "cannot be used with"),
        ("compress a -k --rm", "cannot be used with"),
        ("compress a --header abc", "an odd number of hexadecimal digits"),
        ("compress a --header xy", "not hexadecimal digits"),
        ("compress a --skip 1", "unexpected argument"),
        ("compress a --preset gdsfmt", "can only be read"),
        ("man nothing", "there is no command nothing"),
        ("completions dos", "invalid value 'dos'"),
        ("compress --prefix 3", "invalid value '3'"),
        ("compress nofile --prefix 0", "--prefix 0 and --sizes need each other"),
        ("decompress nofile --prefix 0", "--prefix 0 and --sizes need each other"),
        ("info nofile --prefix 0", "--prefix 0 and --sizes need each other"),
        ("compress nofile --sizes s", "--prefix 0 and --sizes need each other"),
        ("decompress nofile --sizes s", "--prefix 0 and --sizes need each other"),
        ("compress nofile --prefix 0 --sizes -", "--sizes needs a file: -"),
        ("decompress nofile --dictionary -", "--dictionary needs a file: -"),
        ("compress nofile --prefix 0 --sizes s --end-mark", "needs a prefix"),
        ("decompress nofile --prefix 0 --sizes s --end-mark", "needs a prefix"),
        (
            "compress nofile --prefix 1 --page-size 240",
            "page size 240 is out of range 1..=239 for a 1-byte prefix",
        ),
        (
            "compress nofile --prefix 2 --page-size 64K",
            "page size 65536 is out of range 1..=65264 for a 2-byte prefix",
        ),
        (
            "compress nofile --page-size 2017M",
            "page size 2114977792 is out of range 1..=2113929216",
        ),
        ("compress nofile --page-size 0", "page size 0 is out of range"),
        ("compress --page-size 1T", "not a number, with or without K, M or G"),
        ("compress --page-size K", "not a number, with or without K, M or G"),
        ("compress --page-size +1", "not a number, with or without K, M or G"),
        ("compress --page-size 1ö", "not a number, with or without K, M or G"),
        ("compress --page-size 2G", "page size 2147483648 is out of range"),
        ("compress --page-size 17592186044416M", "too large"),
        ("compress --page-size 99999999999999999999", "too large"),
        (
            "compress nofile --max-distance 0",
            "largest distance of a match 0 is out of range 1..=65535",
        ),
        (
            "compress nofile --max-distance 64K",
            "distance of a match 65536 is out of range",
        ),
        (
            "compress nofile --threads -1",
            "invalid value '-1' for '--threads <N>': not a number from 0 to 256",
        ),
        (
            "compress nofile --threads two",
            "invalid value 'two' for '--threads <N>': not a number from 0 to 256",
        ),
        ("compress nofile --threads 1.5", "not a number from 0 to 256"),
        ("compress nofile --threads 257", "not a number from 0 to 256"),
        (
            "decompress nofile --index i --threads 257",
            "not a number from 0 to 256",
        ),
        ("compress nofile --index-interval 1M", "--index <FILE>"),
        ("compress nofile --index -", "--index needs a file: -"),
        ("compress a b --index c", "--index takes one input"),
        ("decompress a b --index c", "--index takes one input"),
        ("decompress nofile --index -", "--index needs a file: -"),
        ("decompress nofile --threads 2", "--index <FILE>"),
        (
            "decompress nofile --index i --threads 2 --range 0..1",
            "cannot be used with",
        ),
        ("decompress nofile --rm --range 0..1", "cannot be used with"),
        ("decompress nofile --range 5", "not A..B, A.., ..B or A..+LENGTH"),
        ("decompress nofile --range 5..4", "it ends before it begins"),
        ("decompress nofile --range 1..x", "not a number"),
        ("decompress nofile --range -1..2", "not a number"),
        ("decompress nofile --range 1..+", "not a number"),
        ("decompress nofile --range 1..+17179869184G", "too large"),
        ("decompress nofile --range 1..+18446744073709551615", "too large"),
        ("index a b -o c", "--output takes one input"),
        ("index a --rm", "unexpected argument"),
        ("index nofile --prefix 0", "--prefix 0 and --sizes need each other"),
        ("compress --page-size -1", "unexpected argument"),
        (
            "decompress nofile --max-page-size 0",
            "largest accepted page size 0 is out of range",
        ),
        ("compress nofile --prefix 0 --sizes /dev/stdout", "--sizes needs a file"),
        ("decompress nofile --dictionary /dev/stdin", "--dictionary needs a file"),
        ("compress nofile --acceleration 2", "--acceleration is for --mode fast"),
        (
            "compress nofile --mode hc --acceleration 2",
            "--acceleration is for --mode fast",
        ),
        ("compress nofile --level 2", "--level is for --mode hc"),
        ("compress nofile --mode fast --level 2", "--level is for --mode hc"),
        (
            "compress nofile --mode fast --acceleration 2 --level 2",
            "--level is for --mode hc",
        ),
        ("compress --level much", "invalid value 'much'"),
        ("compress --max-page-size 1", "unexpected argument"),
        ("decompress --page-size 1", "unexpected argument"),
        ("info -o out", "unexpected argument"),
    ] {
        let output = run(dir.path(), args);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args}: {stderr}");
        assert!(stderr.contains(message), "{args}: {stderr}");
        assert_eq!(output.stdout, b"", "{args}");
        assert_eq!(names(dir.path()), ["text"], "{args}");
    }
}

#[test]
fn help() {
    let (dir, _) = folder(0);
    for (args, words) in [
        (
            "--help",
            "compress decompress test info completions man --quiet status place .lz4s-",
        ),
        (
            "compress --help",
            "--page-size --strategy --mode --acceleration --level 64K 65264 ring-buffer --output",
        ),
        (
            "decompress --help",
            "--max-page-size 4M --prefix --big-endian --end-mark --dictionary --sizes",
        ),
        ("info --help", "--blocks --max-page-size --sizes"),
        ("compress --help", "--threads --index --index-interval --max-distance"),
        ("decompress --help", "--index --range A.. ..B A..+LENGTH --threads"),
        ("index --help", "STREAM.idx --interval --preset --skip --header"),
    ] {
        let text = String::from_utf8(good(run(dir.path(), args))).unwrap();
        for word in words.split(' ') {
            assert!(text.contains(word), "{args}: {word}");
        }
    }
}

/// A damaged stream of 4 blocks of 1000 bytes, the options that read it, and the expected message. `{n}` in the message
/// stands for the offset of block n.
#[test]
fn bad_data() {
    let (dir, text) = folder(4000);
    let mut writer = CompressOptions::new().page_size(1000).writer(Vec::new()).unwrap();
    let mut offsets = Vec::new();
    for page in text.chunks(1000) {
        offsets.push(writer.total_out() as usize);
        writer.write_all(page).unwrap();
    }
    let stream = writer.finish().unwrap();
    let zero = |at: usize| [&stream[..at], &[0; 4], &stream[at..]].concat();
    let huge = |at: usize| [&stream[..at], b"\xff\xff\xff\x7f", &stream[at..]].concat();
    // A first sequence of four literals and a match that reaches back too far.
    let wild = |at: usize| [&stream[..at], b"\x07\0\0\0\x40abcd\xff\xff"].concat();
    let table: &[(Vec<u8>, &str, &str)] = &[
        (
            stream[..2].into(),
            "",
            "block 0 at offset 0: input ends after 2 of the head's 4 bytes",
        ),
        (
            stream[..offsets[2] + 3].into(),
            "",
            "block 2 at offset {2}: input ends after 3 of the head's 4",
        ),
        (
            stream[..offsets[3] + 24].into(),
            "",
            "block 3 at offset {3}: input ends after 20 of the block's",
        ),
        (
            stream.clone(),
            "--end-mark",
            "input ends at offset {4}, after 4 blocks, without an end mark",
        ),
        (zero(offsets[1]), "", "block 1 at offset {1}: block length is zero"),
        (
            huge(offsets[2]),
            "",
            "block 2 at offset {2}: block length 2147483647 exceeds the accepted maximum of 4210768",
        ),
        (
            wild(offsets[1]),
            "",
            "block 1 at offset {1}: match offset 65535 is out of range",
        ),
        (
            stream.clone(),
            "--max-page-size 999",
            "block 0 at offset 0: page exceeds the accepted maximum of 999",
        ),
        (stream.clone(), "--max-page-size 9", "block 0 at offset 0: "),
        (stream.clone(), "--big-endian", "block 0 at offset 0: "),
        (text.clone(), "", "block 0 at offset 0: "),
    ];
    offsets.push(stream.len());
    for (stream, args, message) in table {
        let mut message = message.to_string();
        for (n, offset) in offsets.iter().enumerate() {
            message = message.replace(&format!("{{{n}}}"), &offset.to_string());
        }
        fs::write(dir.path().join("in"), stream).unwrap();
        let error = bad(run(dir.path(), &format!("decompress {args} in -o out")));
        assert!(error.starts_with(&format!("lz4s: in: {message}")), "{error}{message}");
        assert_eq!(names(dir.path()), ["in", "text"], "no file remains: {message}");

        let info = run(dir.path(), &format!("info {args} in"));
        assert_eq!(info.stdout, b"", "no summary of a bad stream");
        assert_eq!(bad(info), error);

        // The data decoded before the error is written to stdout.
        let output = pipe(dir.path(), &format!("decompress {args}"), stream);
        let block = offsets
            .iter()
            .position(|offset| error.contains(&format!("at offset {offset}")))
            .unwrap();
        assert!(output.stdout == text[..1000 * block], "{message}");
        // A pipe is not read on.
        let error = error.replace(", it decodes", ", its beginning decodes");
        assert_eq!(bad(output), error.replacen("in:", "stdin:", 1));
    }
    // The limit that would do, where it shows.
    let hint = " (with --max-page-size 1000, it decodes)\n";
    fs::write(dir.path().join("in"), &stream).unwrap();
    for limit in ["999", "9"] {
        let error = bad(run(dir.path(), &format!("test --max-page-size {limit} in")));
        assert!(error.ends_with(hint), "{error}");
    }
    fs::write(dir.path().join("in"), &stream[..stream.len() - 1]).unwrap();
    let error = bad(run(dir.path(), "test --max-page-size 999 in"));
    assert!(error.ends_with(" (see --max-page-size)\n"), "{error}");
    // Not at any cost.
    for (len, hint) in [
        (16 << 20, " (with --max-page-size 16777216, it decodes)\n"),
        ((16 << 20) + 1, " (see --max-page-size)\n"),
    ] {
        fs::write(dir.path().join("in"), vec![0; len]).unwrap();
        let stream = good(run(dir.path(), &format!("compress --page-size {len} in -c")));
        fs::write(dir.path().join("in"), stream).unwrap();
        let error = bad(run(dir.path(), "test in"));
        assert!(error.ends_with(hint), "{error}");
    }
    let error = bad(run(dir.path(), "decompress --max-page-size 999 --big-endian text -c"));
    assert!(
        error.contains("see --preset, --prefix, --big-endian, --skip"),
        "{error}"
    );
    let error = bad(run(dir.path(), "compress text -o newdir/"));
    assert!(error.contains("newdir/"), "{error}");
    assert_eq!(names(dir.path()), ["in", "text"]);
}

#[test]
fn bytes_after_the_end_mark_are_not_passed_over() {
    let (dir, text) = folder(1000);
    let stream = good(run(dir.path(), "compress --end-mark text -c"));
    let output = pipe(dir.path(), "decompress --end-mark", &[&stream[..], &stream].concat());
    assert!(output.stdout == text);
    let end = stream.len();
    let message = format!("lz4s: stdin: the stream ends at offset {end}, after 1 block, but more bytes follow\n");
    assert_eq!(bad(output), message);
}

#[test]
fn wrong_dictionary() {
    let (dir, text) = folder(3000);
    fs::write(dir.path().join("dict"), &text).unwrap();
    good(run(dir.path(), "compress --dictionary dict text -o out"));
    assert!(read(dir.path(), "out").len() < 100);
    let error = bad(run(dir.path(), "decompress out -o back"));
    assert!(
        error.starts_with("lz4s: out: block 0 at offset 0: match offset "),
        "{error}"
    );
    // Other settings are tried with the dictionary in use.
    let error = bad(run(dir.path(), "decompress --dictionary dict --big-endian out -o back"));
    assert!(error.ends_with(" (with --little-endian, it decodes)\n"), "{error}");
    assert_eq!(names(dir.path()), ["dict", "out", "text"]);
}

#[test]
fn files_that_cannot_be_opened() {
    let (dir, _) = folder(1000);
    fs::create_dir(dir.path().join("folder")).unwrap();
    good(run(dir.path(), "compress text -o in"));
    for (args, name) in [
        ("compress nofile -o out", "nofile"),
        ("decompress nofile -o out", "nofile"),
        ("info nofile", "nofile"),
        ("compress text -o nofolder/out", "nofolder/out"),
        ("decompress in -o nofolder/out", "nofolder/out"),
        ("compress text -o folder", "folder"),
        ("compress folder -o out", "folder"),
        ("decompress folder -o out", "folder"),
        ("compress --dictionary nofile text -o out", "nofile"),
        ("decompress --dictionary nofile in -o out", "nofile"),
        (
            "compress --prefix 0 --sizes nofolder/sizes text -o out",
            "nofolder/sizes",
        ),
        ("decompress --prefix 0 --sizes nofile in -o out", "nofile"),
        ("compress --prefix 0 --sizes sizes folder -o out", "folder"),
    ] {
        let error = bad(run(dir.path(), args));
        assert!(error.starts_with(&format!("lz4s: {name}: ")), "{args}: {error}");
        assert_eq!(names(dir.path()), ["folder", "in", "text"], "{args}");
        assert_eq!(names(&dir.path().join("folder")), [""; 0], "{args}");
    }
}

#[test]
fn existing_output_is_kept_on_failure_and_replaced_on_success() {
    let (dir, text) = folder(200_000);
    good(run(dir.path(), "compress text -o in"));
    fs::write(dir.path().join("out"), "precious").unwrap();
    let whole = read(dir.path(), "in");
    fs::write(dir.path().join("cut"), &whole[..whole.len() - 1]).unwrap();
    bad(run(dir.path(), "decompress -f cut -o out"));
    assert_eq!(read(dir.path(), "out"), b"precious");
    assert_eq!(names(dir.path()), ["cut", "in", "out", "text"]);
    good(run(dir.path(), "decompress in --force -o out"));
    assert!(read(dir.path(), "out") == text);
}

#[test]
fn no_file_is_read_and_written_at_once() {
    let (dir, text) = folder(1000);
    good(run(dir.path(), "compress --prefix 0 --sizes sizes text -o in"));
    let before = |name| read(dir.path(), name);
    let (stream, sizes) = (before("in"), before("sizes"));
    for (args, name) in [
        ("compress text -o text", "text"),
        ("compress text -o ./text", "./text"),
        ("compress --dictionary text in -o text", "text"),
        ("compress --prefix 0 --sizes text text -o out", "text"),
        ("compress --prefix 0 --sizes out text -o ./out", "./out"),
        ("compress -f --prefix 0 --sizes sizes text -o ./sizes", "./sizes"),
        ("decompress --prefix 0 --sizes sizes in -o in", "in"),
        ("decompress --prefix 0 --sizes sizes in -o sizes", "sizes"),
    ] {
        let error = bad(run(dir.path(), args));
        assert!(error.starts_with(&format!("lz4s: {name}: is both ")), "{args}: {error}");
        assert!(
            (read(dir.path(), "text"), before("in"), before("sizes")) == (text.clone(), stream.clone(), sizes.clone())
        );
        assert_eq!(names(dir.path()), ["in", "sizes", "text"], "{args}");
    }
}

#[test]
fn info() {
    let (dir, _) = folder(2500);
    good(run(
        dir.path(),
        "compress --prefix 2 --end-mark --page-size 1000 text -o in",
    ));
    let len = read(dir.path(), "in").len();
    let print =
        |args: &str| String::from_utf8(good(run(dir.path(), &format!("info --prefix 2 --end-mark {args}")))).unwrap();
    let ratio = 2500.0 / len as f64;
    let summary = format!(
        "stream:         in\n\
         blocks:         3\n\
         largest page:   1000\n\
         smallest page:  500\n\
         page bytes:     2500\n\
         stream bytes:   {len}\n\
         ratio:          {ratio:.3}\n"
    );
    assert_eq!(print("in"), summary);

    let text = print("--blocks in");
    let (blocks, rest) = text.split_at(text.len() - summary.len());
    assert_eq!(rest, summary);
    let rows: Vec<Vec<&str>> = blocks.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["block", "offset", "bytes", "page"]);
    let mut offset = 0;
    for (n, (row, page)) in rows[1..].iter().zip(["1000", "1000", "500"]).enumerate() {
        assert_eq!((row[0], row[1], row[3]), (&*n.to_string(), &*offset.to_string(), page));
        offset += row[2].parse::<usize>().unwrap();
    }
    assert_eq!((rows.len(), offset + 2), (4, len));
}

#[test]
fn info_counts_restart_marks() {
    let (dir, _) = folder(300_000);
    let options = "--zero-restarts --page-size 1000";
    let mut stream = good(run(
        dir.path(),
        &format!("compress {options} --restart-every 3 text -c"),
    ));
    let info = |stream: &[u8], args: &str| {
        String::from_utf8(good(pipe(dir.path(), &format!("info --zero-restarts {args}"), stream))).unwrap()
    };
    let of = |marks: u64, len: usize| {
        format!(
            "blocks:         300\n\
             restart marks:  {marks}\n\
             largest page:   1000\n\
             smallest page:  1000\n\
             page bytes:     300000\n\
             stream bytes:   {len}\n"
        )
    };
    // Blocks lie across the boundaries of the reads: the marks before them count too.
    let text = info(&stream, "--blocks");
    assert!(text.contains(&of(99, stream.len())), "{text}");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let mut offset = 0;
    for (n, row) in rows[1..301].iter().enumerate() {
        assert_eq!((row[1], row[3]), (&*offset.to_string(), "1000"));
        assert_eq!(row.get(4), (n > 0 && n % 3 == 0).then_some(&"restart"), "{n}");
        offset += row[2].parse::<usize>().unwrap();
    }
    assert_eq!(offset, stream.len());
    // After the last block, and in front of the first, twice.
    stream.extend_from_slice(&[0; 4]);
    stream.splice(..0, [0; 8]);
    assert!(info(&stream, "").contains(&of(102, stream.len())));
    let text = info(&stream, "--blocks");
    let first: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!((first[1], first[4]), ("0", "restart"));
    // None is a number too. Streams that have no such marks need no line.
    let plain = good(run(dir.path(), &format!("compress {options} text -c")));
    assert!(info(&plain, "").contains("restart marks:  0\n"));
    let text = String::from_utf8(good(pipe(dir.path(), "info", &plain))).unwrap();
    assert!(!text.contains("restart"));
}

#[test]
fn info_counts_empty_pages() {
    let (dir, _) = folder(0);
    let empty = b"\x01\0\0\0\0";
    let full = b"\x03\0\0\0\x20hi";
    let stream = [&empty[..], &empty[..], full, &empty[..]].concat();
    let text = String::from_utf8(good(pipe(dir.path(), "info --blocks", &stream))).unwrap();
    let rows: Vec<String> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(rows[1..5], ["0 0 5 0", "1 5 5 0", "2 10 7 2", "3 17 5 0"]);
    assert_eq!(
        rows[5..],
        [
            "stream: stdin",
            "blocks: 4",
            "largest page: 2",
            "smallest page: 0",
            "page bytes: 2",
            "stream bytes: 22",
            "ratio: 0.091"
        ]
    );
}

#[test]
fn concatenated_streams_are_one() {
    let (dir, text) = folder(70_000);
    let stream = good(run(dir.path(), "compress text -c"));
    let twice = good(pipe(dir.path(), "decompress", &[&stream[..], &stream].concat()));
    assert!(twice == [&text[..], &text].concat());
}

#[test]
fn pages_go_on_without_waiting_for_more() {
    let (dir, _) = folder(0);
    let mut child = command(dir.path(), "decompress").stdin(Stdio::piped()).spawn().unwrap();
    let mut writer = Lz4StreamWriter::new(child.stdin.take().unwrap());
    let stdout = child.stdout.as_mut().unwrap();
    for message in ["one ", "two ", "three "] {
        writer.write_all(message.as_bytes()).unwrap();
        writer.flush().unwrap();
        let mut got = vec![0; message.len()];
        stdout.read_exact(&mut got).unwrap();
        assert_eq!(got, message.as_bytes());
    }
    drop(writer);
    assert!(child.wait().unwrap().success());
}

#[test]
fn closed_pipe_is_no_message() {
    let (dir, _) = folder(2_000_000);
    good(run(dir.path(), "compress --page-size 100 text -o in"));
    for args in [
        "compress text -c",
        "decompress in -c",
        "info --blocks in",
        "compress --prefix 0 --sizes sizes text -c",
    ] {
        let mut child = command(dir.path(), args).spawn().unwrap();
        let mut start = [0; 100];
        child.stdout.take().unwrap().read_exact(&mut start).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args}");
        assert_eq!(output.status.code(), Some(141), "{args}");
    }
    assert_eq!(
        names(dir.path()),
        ["in", "text"],
        "no sizes file for a stream that was not written"
    );
}
