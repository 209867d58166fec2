//! Streams that other programs wrote, built from their own sources. Each is the content of one of two files.
//!
//! | file | program |
//! |---|---|
//! | `tracy-one-stream.fast`, `.extreme` | Tracy 0.9.1 |
//! | `tracy-four-streams.fast` | Tracy of 2026 |
//! | `golz4-writer-4097` | DataDog's golz4, `NewWriter`, fed 4097 bytes at a time |
//! | `golz4-compress-reader` | the same, `NewCompressReader` |
//! | `gdsfmt-level2-16k` | gdsfmt, `LZ4_RA` level 2 |
//! | `c-double-buffer`, `c-ring-buffer`, `c-hc-ring-buffer`, `c-line-by-line` | examples of lz4 |

mod common;
#[path = "../examples/gdsfmt.rs"]
mod gdsfmt;
#[path = "../examples/tracy.rs"]
mod tracy;

use std::fs;
use std::io::Read;
use std::path::Path;

use common::{Random, data};
use lz4_stream::{DecompressOptions, PrefixWidth, Progress};

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wild").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads the stream whole, and in pieces of every kind.
#[track_caller]
fn check(stream: &[u8], options: &DecompressOptions, content: &str) {
    let content = file(content);
    assert!(lz4_stream::decompress(stream, options).unwrap() == content);
    let mut out = Vec::new();
    options.reader(stream).unwrap().read_to_end(&mut out).unwrap();
    assert!(out == content);
    out.clear();
    options.buf_reader(stream).unwrap().read_to_end(&mut out).unwrap();
    assert!(out == content);
    let mut random = Random::new(1);
    let mut decompressor = options.decompressor().unwrap();
    let (mut rest, mut out) = (stream, Vec::new());
    while !rest.is_empty() {
        let (mut piece, after) = rest.split_at(rest.len().min(1 + random.below(20_000)));
        while let Progress::Page(page) = decompressor.feed(&mut piece).unwrap() {
            out.extend_from_slice(page);
        }
        rest = after;
    }
    decompressor.end_of_input().unwrap();
    assert!(out == content);
}

#[test]
fn golz4() {
    let options = DecompressOptions::new();
    check(&file("golz4-writer-4097"), &options, "content.raw");
    // One page of all there is: its pages have up to 5 MiB.
    let options = options.max_page_size(5 << 20);
    check(&file("golz4-compress-reader"), &options, "content.raw");
}

#[test]
fn the_examples_of_lz4() {
    let options = DecompressOptions::new().end_mark(true);
    for name in ["c-double-buffer", "c-ring-buffer", "c-hc-ring-buffer"] {
        check(&file(name), &options, "content.raw");
    }
    let options = options.prefix_width(PrefixWidth::Two);
    check(&file("c-line-by-line"), &options, "lines.raw");
}

#[test]
fn tracy_with_one_stream() {
    for name in ["tracy-one-stream.fast", "tracy-one-stream.extreme"] {
        let file = file(name);
        check(
            file.strip_prefix(b"tlZ\x04").unwrap(),
            &DecompressOptions::new(),
            "content.raw",
        );
    }
}

#[test]
fn tracy_with_any_number_of_streams() {
    for name in [
        "tracy-one-stream.fast",
        "tracy-one-stream.extreme",
        "tracy-four-streams.fast",
    ] {
        let mut out = Vec::new();
        tracy::read(&file(name)[..], &mut out).unwrap();
        assert!(out == file("content.raw"), "{name}");
    }
    for streams in [1, 2, 3, 255] {
        for len in [0, 1, 65_536, 65_537, 700_000] {
            let content = data(0, 1, len);
            let mut written = Vec::new();
            tracy::write(&content, streams, &mut written).unwrap();
            let mut out = Vec::new();
            tracy::read(&written[..], &mut out).unwrap();
            assert!(out == content, "{streams} {len}");
        }
    }
    // Cut off or changed, it is an error, or an earlier end.
    let whole = file("tracy-four-streams.fast");
    for cut in (0..whole.len()).step_by(997).chain(0..8) {
        let mut out = Vec::new();
        assert!(tracy::read(&whole[..cut], &mut out).is_err() || cut == 6);
        assert!(file("content.raw").starts_with(&out));
    }
}

#[test]
fn gdsfmt_whole_and_in_part() {
    let bytes = file("gdsfmt-level2-16k");
    let ours = gdsfmt::write(&file("content.raw")).unwrap();
    for bytes in [bytes, ours] {
        let variable = gdsfmt::Variable::new(&bytes).unwrap();
        let content = file("content.raw");
        assert!(variable.read(0..variable.content_len()).unwrap() == content);
        let mut random = Random::new(2);
        for _ in 0..50 {
            let start = random.below(content.len());
            let part = start..start + random.below(content.len() - start);
            assert!(variable.read(part.clone()).unwrap() == content[part]);
        }
        for cut in (0..bytes.len()).step_by(97) {
            assert!(gdsfmt::Variable::new(&bytes[..cut]).is_err());
        }
        // Level 0, where pages are stored, and the version before.
        for (at, byte) in [(7, 0), (8, 0x10)] {
            let mut other = bytes.clone();
            other[at] = byte;
            assert!(gdsfmt::Variable::new(&other).is_err());
        }
    }
}
