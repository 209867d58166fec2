//! The framings of `examples/framings`: their layouts, round trips, and hostile input.

mod common;
#[path = "../examples/framings/main.rs"]
mod framings;

use std::{fs, io};

use common::{Random, data, text};
use framings::{ceph, flann, fuchsia, netdata, netstring, scylladb, seastar, spice};

type Write = fn(&[u8]) -> io::Result<Vec<u8>>;
/// Takes the length of the content too, which SPICE knows from elsewhere.
type Read = fn(&[u8], usize) -> io::Result<Vec<u8>>;

/// Name, both directions, and whether every end but the right one is noticed.
const ALL: [(&str, Write, Read, bool); 8] = [
    ("Ceph", ceph::write, |stream, _| ceph::read(stream), true),
    ("FLANN", flann::write, |stream, _| flann::read(stream), true),
    ("Fuchsia", fuchsia::write, |stream, _| fuchsia::read(stream), false),
    ("Netdata", netdata::write, |stream, _| netdata::read(stream), false),
    (
        "netstrings",
        netstring::write,
        |stream, _| netstring::read(stream),
        true,
    ),
    ("ScyllaDB", scylladb::write, |stream, _| scylladb::read(stream), false),
    ("Seastar", seastar::write, |stream, _| seastar::read(stream), true),
    ("SPICE", spice::write, spice::read, true),
];

#[test]
fn the_layouts_are_those_of_the_programs() {
    let hello = &b"\x50hello"[..];
    let of = |write: Write| write(b"hello").unwrap();
    assert_eq!(of(netdata::write), [&b"\xFA\x86\x80\n"[..], hello].concat());
    assert_eq!(of(scylladb::write), [&b"\x0D"[..], hello].concat());
    assert_eq!(of(seastar::write), [&b"\x05\0\0\x80"[..], hello].concat());
    assert_eq!(seastar::write(b"").unwrap(), b"\0\0\0\x80\0");
    assert_eq!(of(spice::write), [&b"\x01\x08\0\0\0\x06"[..], hello].concat());
    assert_eq!(
        of(ceph::write),
        [&b"\x01\0\0\0\x05\0\0\0\x06\0\0\0"[..], hello].concat()
    );
    assert_eq!(of(fuchsia::write), [&b"\0\x06"[..], hello].concat());
    assert_eq!(of(netstring::write), [&b"6:"[..], hello, b",0:,"].concat());
    let file = of(flann::write);
    assert_eq!(file[72..], [&b"\x06\0\0\0\0\0\0\0"[..], hello, &[0; 8]].concat());

    // Longer sizes: a page of noise is a block of `page + page / 255 + …` bytes.
    let noise = Random::new(1).bytes(40_000);
    let block = netdata::write(&noise[..300]).unwrap();
    let len = block.len() - 4;
    assert_eq!(len >> 7, 2);
    assert_eq!(block[..4], [0xFA, 0x80 | (len & 0x7F) as u8, 0x82, b'\n']);
    for (page_len, head_len) in [(100, 1), (300, 2), (30_000, 3)] {
        let stream = scylladb::write(&noise[..page_len]).unwrap();
        let number = ((stream.len() - head_len) * 2 + 1) << (head_len - 1);
        assert_eq!(stream[..head_len], number.to_le_bytes()[..head_len]);
    }
    let stream = seastar::write(&noise).unwrap();
    let first = u32::from_le_bytes(stream[..4].try_into().unwrap()) as usize;
    let last = &stream[4 + first..][..4];
    assert_eq!(last, ((1_u32 << 31) | (40_000 - 32_768)).to_le_bytes());
    // Exactly two pages: the second is the last one.
    let stream = seastar::write(&noise[..32_768].repeat(2)).unwrap();
    let first = u32::from_le_bytes(stream[..4].try_into().unwrap()) as usize;
    assert_eq!(stream[4 + first..][..4], [0, 0x80, 0, 0x80]);
    // The fifth page follows a restart.
    let stream = fuchsia::write(&noise.repeat(2)).unwrap();
    let mut rest = &stream[..];
    let mut sizes = Vec::new();
    while let Some((size, after)) = rest.split_first_chunk() {
        let size = usize::from(u16::from_be_bytes(*size));
        sizes.push(size);
        rest = &after[size..];
    }
    assert_eq!((sizes.len(), sizes[4]), (6, 0));
}

#[test]
fn round_trips() {
    for (name, write, read, _) in ALL {
        for kind in 0..5 {
            for len in [0, 1, 5, 147, 148, 16_303, 32_768, 65_536, 65_537, 200_000] {
                let content = data(kind, 3, len);
                let stream = write(&content).unwrap();
                assert!(read(&stream, len).unwrap() == content, "{name} {kind} {len}");
            }
        }
    }
}

#[test]
fn a_framing_has_at_most_twenty_lines() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/framings");
    let mut counts = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let (mut count, mut inside) = (0, "");
        for line in text.lines() {
            match line {
                "}" => inside = "",
                _ if line.starts_with("struct ") && line.ends_with('{') => inside = "struct",
                _ if line.starts_with("impl Framing for ") => inside = "impl",
                _ if line.trim().is_empty() || line.trim().starts_with("//") => {}
                _ if inside == "struct" => count += 1,
                // Neither the constants nor the signatures and their ends.
                _ if inside == "impl" && line.starts_with("        ") => count += 1,
                _ => {}
            }
        }
        counts.push(count);
        assert!(count <= 20, "{} has {count} lines", path.display());
    }
    // FLANN and Fuchsia need none.
    assert_eq!(counts.iter().filter(|&&count| count >= 10).count(), 6);
}

/// The comma is there with the block, not with the next one, and is waited for.
#[test]
fn a_netstring_ends_with_its_block() {
    let stream = netstring::write(b"hello").unwrap();
    assert_eq!(stream, b"6:\x50hello,0:,");
    for (wrong, message) in [
        (&b"6:\x50hello;0:,"[..], "no comma"),
        (b"6:\x50hello", "input ends after 6 of the block's 7 bytes"),
        (b"6:\x50hello,", "without an end mark"),
        (b"6:\x50hello,0:;", "length is zero"),
        (b":\x50hello,0:,", "not a netstring"),
        (b"0000000006:\x50hello,0:,", "not a netstring"),
    ] {
        let error = netstring::read(wrong).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

/// Calls `check` with a short stream of several pages in every framing: its name, `read`, whether it has an end, the
/// stream, and its content.
fn with_samples(check: impl Fn(&str, Read, bool, Vec<u8>, &[u8])) {
    let content = [text(1, 100), vec![b'x'; 66_000], text(1, 200)].concat();
    for (name, write, read, has_end) in ALL {
        check(name, read, has_end, write(&content).unwrap(), &content);
    }
}

#[test]
fn truncation_at_every_byte() {
    with_samples(|name, read, has_end, stream, content| {
        assert!(stream.len() < 3000, "{name} {}", stream.len());
        let mut whole = 0;
        for cut in 0..stream.len() {
            match read(&stream[..cut], content.len()) {
                Err(error) => assert!(
                    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData),
                    "{name} {cut} {error}"
                ),
                Ok(out) => {
                    assert!(!has_end && content.starts_with(&out), "{name} {cut}");
                    whole += 1;
                }
            }
        }
        // Without an end mark, a stream may end at each of its blocks.
        assert_eq!(whole > 1, !has_end, "{name}");
    });
}

#[test]
fn every_bit_flipped() {
    with_samples(|name, read, _, mut stream, content| {
        for bit in 0..8 * stream.len() {
            stream[bit / 8] ^= 1 << (bit % 8);
            match read(&stream, content.len()) {
                Ok(out) => assert!(out.len() <= 4 * content.len(), "{name} {bit}"),
                Err(error) => assert!(
                    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData),
                    "{name} {bit} {error}"
                ),
            }
            stream[bit / 8] ^= 1 << (bit % 8);
        }
    });
}

#[test]
fn sizes_that_no_block_has() {
    let hello = &b"\x50hello"[..];
    let flann = |size: u64| [&[0; 72][..], &size.to_le_bytes(), hello].concat();
    let cases: [(Read, Vec<u8>, &str); 15] = [
        (
            ALL[0].2,
            b"\x01\0\0\0\x05\0\0\0\xFF\xFF\xFF\xFF\x50hello".to_vec(),
            "exceeds",
        ),
        (
            ALL[0].2,
            b"\x01\0\0\0\x06\0\0\0\x06\0\0\0\x50hello".to_vec(),
            "another length",
        ),
        (
            ALL[0].2,
            b"\xFF\xFF\xFF\xFF\x05\0\0\0\x06\0\0\0\x50hello".to_vec(),
            "end of file",
        ),
        (ALL[1].2, flann(u64::MAX), "exceeds"),
        (ALL[1].2, flann(1 << 32 | 6), "exceeds"),
        (ALL[2].2, [&b"\xFF\xFF"[..], hello].concat(), "input ends"),
        (ALL[3].2, [&b"\xFA\x86\x80 "[..], hello].concat(), "no signature"),
        (ALL[3].2, [&b"\xFA\x80\x80\n"[..], hello].concat(), "length is zero"),
        (ALL[4].2, [&b"999999999999:"[..], hello].concat(), "not a netstring"),
        (ALL[4].2, [&b"999999999:"[..], hello].concat(), "exceeds"),
        (ALL[5].2, [&b"\x10\0\0\0"[..], hello].concat(), "more than 4 bytes"),
        (ALL[5].2, [&b"\xF8\xFF\xFF\xFF"[..], hello].concat(), "exceeds"),
        (ALL[6].2, [&b"\xFF\xFF\xFF\x7F"[..], hello].concat(), "exceeds"),
        (ALL[6].2, [&b"\x06\0\0\x80"[..], hello].concat(), "another length"),
        (ALL[7].2, [&b"\x01\x08\xFF\xFF\xFF\xFF"[..], hello].concat(), "exceeds"),
    ];
    for (i, (read, stream, expected)) in cases.into_iter().enumerate() {
        let error = read(&stream, 5).unwrap_err().to_string();
        assert!(error.contains(expected), "{i}: {error}");
    }
    // Rows that the image does not have.
    let error = spice::read(b"\x01\x08\0\0\0\x06\x50hello", 4).unwrap_err().to_string();
    assert!(error.contains("too many rows"), "{error}");
}
