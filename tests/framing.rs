//! A framing is not trusted: its results are checked before use.

mod common;

use std::io::{Read, Write};

use common::{Random, Varint, compress_all, text};
use lz4_stream::{
    BlockSizes, CompressOptions, DecompressOptions, Error, Framing, Head, LZ4_MAX_INPUT_SIZE, Lz4StreamCompressor,
    Lz4StreamDecompressor, Lz4StreamReader, Lz4StreamWriter, Progress, compress_bound,
};

/// Always gives the same answer.
#[derive(Debug, Clone)]
struct Says(Result<Head, Error>);

impl Framing for Says {
    const MAX_HEAD_LEN: usize = 4;

    fn max_block_len(&self) -> usize {
        1000
    }

    fn read_head(&mut self, _: &[u8]) -> Result<Head, Error> {
        self.0.clone()
    }

    fn write_head(&mut self, _: &[u8], _: &[u8], _: &mut [u8]) -> usize {
        0
    }
}

fn decompressor(answer: Result<Head, Error>) -> Lz4StreamDecompressor<Says> {
    Lz4StreamDecompressor::with_framing(Says(answer), &DecompressOptions::new().max_page_size(1000)).unwrap()
}

#[test]
fn impossible_heads_are_errors() {
    let bad_head = |reason| Error::BadHead {
        block: 0,
        offset: 0,
        reason,
    };
    for (answer, expected) in [
        // Longer than MAX_HEAD_LEN, and longer than the input.
        (
            Ok(Head::Block {
                head_len: 5,
                block_len: 1,
            }),
            bad_head("the framing finds a head of impossible length"),
        ),
        (
            Ok(Head::End { head_len: usize::MAX }),
            bad_head("the framing finds a head of impossible length"),
        ),
        // Asks for more than MAX_HEAD_LEN, and for no more than it has.
        (
            Ok(Head::Incomplete { needed: 5 }),
            bad_head("the framing asks for a head of impossible length"),
        ),
        (
            Ok(Head::Incomplete { needed: 0 }),
            bad_head("the framing asks for a head of impossible length"),
        ),
        (
            Ok(Head::Block {
                head_len: 0,
                block_len: 0,
            }),
            Error::EmptyBlock { block: 0, offset: 0 },
        ),
        (
            Ok(Head::Block {
                head_len: 0,
                block_len: usize::MAX,
            }),
            Error::BlockTooLarge {
                block: 0,
                offset: 0,
                found: usize::MAX,
                allowed: compress_bound(1000),
            },
        ),
        (Err(Error::bad_head("no")), bad_head("no")),
        (Err(Error::Finished), Error::Finished),
    ] {
        let mut codec = decompressor(answer.clone());
        for input in [&b"abcdefgh"[..], b"", b"ab"] {
            assert_eq!(codec.feed(&mut &input[..]), Err(expected.clone()), "{answer:?}");
            // Whatever comes first, and if it is nothing.
            let mut codec = decompressor(answer.clone());
            assert_eq!(codec.feed(&mut &input[..]), Err(expected.clone()), "{answer:?}");
        }
        let mut reader = Lz4StreamReader::from_parts(&b"abcdefgh"[..], decompressor(answer));
        for _ in 0..2 {
            let error = reader.read(&mut [0; 9]).unwrap_err();
            assert_eq!(Error::from_io(&error), Some(&expected));
        }
    }
}

#[test]
fn a_head_that_is_longer_than_what_is_there_is_an_error() {
    let (head_len, block_len) = (4, 1);
    let expected = Error::BadHead {
        block: 0,
        offset: 0,
        reason: "the framing finds a head of impossible length",
    };
    for answer in [Head::Block { head_len, block_len }, Head::End { head_len }] {
        for input in [&b""[..], b"a", b"abc"] {
            let mut codec = decompressor(Ok(answer));
            assert_eq!(codec.feed(&mut &input[..]), Err(expected.clone()), "{answer:?}");
            let mut codec = decompressor(Ok(answer));
            assert_eq!((codec.missing(), codec.end_of_input()), (0, Err(expected.clone())));
        }
        // Not when it is there: in a head of the full length.
        let mut codec = decompressor(Ok(answer));
        assert!(codec.feed(&mut &b"abcd\0"[..]).is_ok(), "{answer:?}");
    }
}

/// Asks for three bytes, then reports a head of two.
struct Greedy;

impl Framing for Greedy {
    const MAX_HEAD_LEN: usize = 4;

    fn max_block_len(&self) -> usize {
        1000
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        Ok(match bytes.len() {
            0..3 => Head::Incomplete { needed: 3 },
            _ => Head::Block {
                head_len: 2,
                block_len: 1,
            },
        })
    }

    fn write_head(&mut self, _: &[u8], _: &[u8], _: &mut [u8]) -> usize {
        0
    }
}

#[test]
fn a_framing_that_asks_for_more_than_the_head_has_is_an_error() {
    let expected = Error::BadHead {
        block: 0,
        offset: 0,
        reason: "the framing finds a head of impossible length",
    };
    let stream = b"abc\0";
    for cut in 0..3 {
        let mut codec = Lz4StreamDecompressor::with_framing(Greedy, &DecompressOptions::new()).unwrap();
        assert_eq!(codec.feed(&mut &stream[..cut]), Ok(Progress::NeedMore(3 - cut)));
        assert_eq!(codec.feed(&mut &stream[cut..]), Err(expected.clone()), "{cut}");
    }
}

#[test]
fn errors_of_a_framing_name_their_place() {
    let mut codec = Lz4StreamDecompressor::with_framing(Varint, &DecompressOptions::new()).unwrap();
    let mut input = &b"\x06\x50hello\xff\xff\xff\xff\xff"[..];
    assert_eq!(codec.feed(&mut input), Ok(Progress::Page(b"hello")));
    let error = codec.feed(&mut input).unwrap_err();
    assert_eq!(
        error.to_string(),
        "block 1 at offset 7: length has more than five bytes"
    );
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
}

#[test]
fn page_sizes_are_checked_against_the_framing() {
    for (page_size, good) in [
        (0, false),
        (1, true),
        (981, true),
        (982, false),
        (LZ4_MAX_INPUT_SIZE, false),
    ] {
        let options = CompressOptions::new().page_size(page_size);
        let made = Lz4StreamCompressor::with_framing(Says(Ok(Head::End { head_len: 0 })), &options);
        let error = Error::PageSize {
            found: page_size,
            allowed: 981,
            width: None,
        };
        assert_eq!(made.map(drop), if good { Ok(()) } else { Err(error) });
    }
    assert_eq!((compress_bound(981), compress_bound(982)), (1000, 1001));
}

#[test]
fn random_bytes_with_a_framing_of_ones_own_never_panic_and_errors_repeat() {
    let mut random = Random::new(4);
    let options = DecompressOptions::new().max_page_size(300);
    for i in 0..20_000 {
        let len = random.below(100);
        let mut stream = random.bytes(len);
        if i % 2 == 0 {
            stream.iter_mut().for_each(|byte| *byte &= 0x1F);
        }
        let mut codec = Lz4StreamDecompressor::with_framing(Varint, &options).unwrap();
        let mut in_pieces = codec.clone();
        let mut input = &stream[..];
        let (mut out, mut out_in_pieces) = (Vec::new(), Vec::new());
        let verdict = loop {
            match codec.feed(&mut input) {
                Ok(Progress::Page(page)) => out.extend_from_slice(page),
                Ok(_) => break codec.end_of_input(),
                Err(error) => break Err(error),
            }
        };
        let mut result = Ok(());
        for byte in stream.chunks(1) {
            match in_pieces.feed(&mut &byte[..]) {
                Ok(Progress::Page(page)) => out_in_pieces.extend_from_slice(page),
                Ok(Progress::End) => break,
                Ok(_) => {}
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        assert_eq!(result.and_then(|()| in_pieces.end_of_input()), verdict);
        if let Err(error) = verdict
            && error.kind() == std::io::ErrorKind::InvalidData
        {
            assert_eq!(codec.feed(&mut &b"\x02\x10x"[..]), Err(error));
        }
        assert_eq!(out, out_in_pieces);
    }
}

#[test]
fn by_default_nothing_ends_a_stream_and_none_is_missed() {
    let answer = Ok(Head::Incomplete { needed: 1 });
    let options = CompressOptions::new().page_size(100);
    let mut compressor = Lz4StreamCompressor::with_framing(Says(answer.clone()), &options).unwrap();
    compressor.push(b"hello").unwrap();
    assert_eq!(compressor.finish(), b"\x50hello");
    assert_eq!(decompressor(answer).end_of_input(), Ok(()));
}

#[test]
fn sizes_from_elsewhere_put_nothing_before_a_block() {
    let options = CompressOptions::new().page_size(LZ4_MAX_INPUT_SIZE);
    let mut compressor = Lz4StreamCompressor::with_framing(BlockSizes::new([]), &options).unwrap();
    assert_eq!(compressor.compress(b"hello").unwrap(), b"\x50hello");
    assert_eq!(compressor.finish(), b"");
}

#[test]
fn a_prefix_is_a_framing_like_any_other() {
    let all = text(5, 5000);
    let options = CompressOptions::new().page_size(700).end_mark(true);
    let stream = compress_all(&options, &all);
    let prefix = *options.compressor().unwrap().framing();
    let plain = CompressOptions::new().page_size(700);
    let mut compressor = Lz4StreamCompressor::with_framing(prefix, &plain).unwrap();
    let mut again = Vec::new();
    for page in all.chunks(700) {
        compressor.compress_into(page, &mut again).unwrap();
    }
    again.extend_from_slice(compressor.finish());
    assert!(stream == again);
}

/// Writes heads and end marks of given lengths.
struct Writes {
    head: usize,
    end: usize,
}

impl Framing for Writes {
    const MAX_HEAD_LEN: usize = 3;

    fn max_block_len(&self) -> usize {
        70_000
    }

    fn read_head(&mut self, _: &[u8]) -> Result<Head, Error> {
        Ok(Head::End { head_len: 0 })
    }

    fn write_head(&mut self, _: &[u8], _: &[u8], out: &mut [u8]) -> usize {
        assert_ne!(self.head, usize::MAX, "the framing panics");
        out[..self.head.min(3)].fill(b'#');
        self.head
    }

    fn write_end(&mut self, out: &mut [u8]) -> usize {
        out[..self.end.min(3)].fill(b'$');
        self.end
    }

    fn is_out_of_band(&self) -> bool {
        true
    }
}

fn writes(head: usize, end: usize) -> Lz4StreamCompressor<Writes> {
    Lz4StreamCompressor::with_framing(Writes { head, end }, &CompressOptions::new()).unwrap()
}

#[test]
fn heads_of_any_length_up_to_the_longest_stand_right_before_the_block() {
    for head in 0..=3 {
        for end in 0..=3 {
            let mut compressor = writes(head, end);
            assert_eq!(
                compressor.compress(b"hello").unwrap(),
                [&b"###"[..head], b"\x50hello"].concat()
            );
            compressor.push(b"more").unwrap();
            let last = [&b"###"[..head], b"\x40more", &b"$$$"[..end]].concat();
            assert_eq!(compressor.finish(), last);

            // The sizes are those of the blocks without heads.
            let mut writer = Lz4StreamWriter::from_parts(Vec::new(), writes(head, end));
            writer.write_all(b"hello").unwrap();
            writer.flush().unwrap();
            writer.write_all(b"more").unwrap();
            writer.try_finish().unwrap();
            assert_eq!(writer.drain_block_sizes().collect::<Vec<_>>(), [6, 5]);
        }
    }
}

#[test]
fn a_framing_that_writes_too_much_panics_and_lends_no_byte_of_an_earlier_stream() {
    for (head, end) in [(4, 0), (0, 4), (0, 3000)] {
        let result = std::panic::catch_unwind(|| {
            let mut compressor = writes(0, 0);
            compressor.compress(b"secret words of an earlier stream").unwrap();
            compressor.reset();
            *compressor.framing_mut() = Writes { head, end };
            compressor.push(b"x").unwrap();
            compressor.finish().to_vec()
        });
        assert!(result.is_err());
    }
}

#[test]
fn a_framing_that_panics_poisons_the_writer() {
    let compressor = writes(usize::MAX, 0);
    let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor);
    writer.write_all(b"hello").unwrap();
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| writer.try_finish()));
    assert!(result.is_err() && writer.is_poisoned());
    for error in [writer.try_finish().unwrap_err(), writer.flush().unwrap_err()] {
        assert_eq!(Error::from_io(&error), Some(&Error::Poisoned { offset: 0 }));
    }
}
