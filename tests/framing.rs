//! A framing is not trusted: its results are checked before use.

mod common;

use std::io::{Read, Write};

use common::{Random, Varint, compress_all, text};
use lz4_stream::{
    BlockSizes, BlockSplit, ByteOrder, CompressOptions, DecompressOptions, Error, Framing, Head, LZ4_MAX_INPUT_SIZE,
    Lz4StreamBufReader, Lz4StreamCompressor, Lz4StreamDecompressor, Lz4StreamReader, Lz4StreamWriter, PrefixWidth,
    Progress, ZeroPrefix, compress_bound,
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
        // Longer than MAX_HEAD_LEN, and twice at one place, which would go on forever.
        (
            Ok(Head::Restart { head_len: 5 }),
            bad_head("the framing finds a head of impossible length"),
        ),
        (
            Ok(Head::Restart { head_len: 0 }),
            bad_head("the framing restarts twice at one place"),
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
    for answer in [
        Head::Block { head_len, block_len },
        Head::Restart { head_len },
        Head::End { head_len },
    ] {
        for input in [&b""[..], b"a", b"abc"] {
            let mut codec = decompressor(Ok(answer));
            assert_eq!(codec.feed(&mut &input[..]), Err(expected.clone()), "{answer:?}");
            let mut codec = decompressor(Ok(answer));
            assert_eq!((codec.missing(), codec.end_of_input()), (0, Err(expected.clone())));
        }
        if answer == (Head::Restart { head_len }) {
            continue;
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

/// Four bytes that repeat what ends four bytes before the page, and five more.
const BACK: &[u8] = b"\x00\x04\0\x50efghi";

fn restarts(width: PrefixWidth, order: ByteOrder) -> (CompressOptions, DecompressOptions) {
    let format = lz4_stream::StreamFormat::new()
        .prefix_width(width)
        .byte_order(order)
        .zero_prefix(ZeroPrefix::Restart);
    let compress = CompressOptions::new().format(format.clone()).page_size(200);
    (compress, DecompressOptions::new().format(format))
}

#[test]
fn a_restart_is_a_prefix_of_zero_before_the_block() {
    for width in [
        PrefixWidth::One,
        PrefixWidth::Two,
        PrefixWidth::Four,
        PrefixWidth::Eight,
    ] {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let (compress, decompress) = restarts(width, order);
            let mut compressor = compress.compressor().unwrap();
            let first = compressor.compress(b"hello").unwrap().to_vec();
            compressor.restart();
            let second = compressor.compress(b"hello").unwrap().to_vec();
            assert_eq!(second, [&vec![0; width.bytes()], &first[..]].concat());
            assert_eq!(compressor.total_out(), (first.len() + second.len()) as u64);
            assert_eq!(compressor.finish(), b"");

            // The stream of a writer, with text that would refer across.
            let all = text(8, 3000);
            let options = compress.page_size(100).restart_every(3);
            let stream = compress_all(&options, &all);
            let plain = compress_all(&options.zero_prefix(ZeroPrefix::Invalid), &all);
            assert_eq!(stream.len(), plain.len() + 9 * width.bytes());
            assert_eq!(lz4_stream::decompress(&stream, &decompress).unwrap(), all);

            // Block by block, and byte by byte, with the same counts.
            let mut decompressor = decompress.decompressor().unwrap();
            let (mut rest, mut out, mut seen) = (&stream[..], Vec::new(), 0);
            while !rest.is_empty() {
                match decompressor.get_block(rest).unwrap() {
                    BlockSplit::Block { block, rest: after } => {
                        out.extend_from_slice(decompressor.decompress(block).unwrap());
                        rest = after;
                    }
                    BlockSplit::Restart { rest: after } => {
                        decompressor.restart();
                        assert_eq!(decompressor.history(), b"");
                        seen += 1;
                        rest = after;
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert!(out == all && seen == 9);
            assert_eq!(decompressor.total_in(), stream.len() as u64);
            let mut decompressor = decompress.decompressor().unwrap();
            out.clear();
            for byte in stream.chunks(1) {
                if let Progress::Page(page) = decompressor.feed(&mut &byte[..]).unwrap() {
                    out.extend_from_slice(page);
                }
            }
            assert!(out == all && decompressor.end_of_input() == Ok(()));
            assert_eq!(decompressor.total_in(), stream.len() as u64);
        }
    }
}

#[test]
fn nothing_refers_across_a_restart() {
    let (_, decompress) = restarts(PrefixWidth::One, ByteOrder::Little);
    let stream = [&b"\x05\x40abcd"[..], b"\x09", BACK].concat();
    assert_eq!(lz4_stream::decompress(&stream, &decompress).unwrap(), b"abcdabcdefghi");
    let decompress = decompress.dictionary(b"abcd");
    for before in [&b"\x05\x40abcd"[..], b""] {
        for marks in 1..3 {
            let stream = [before, &b"\0\0"[..marks], b"\x09", BACK].concat();
            let expected = Error::MatchOffset {
                block: u64::from(!before.is_empty()),
                offset: (before.len() + marks) as u64,
                found: 4,
                allowed: 0,
            };
            assert_eq!(lz4_stream::decompress(&stream, &decompress), Err(expected.clone()));
            // Also when pages are appended to a vector that the window has adopted.
            let mut reader = decompress.reader(&stream[..]).unwrap();
            let mut out = Vec::with_capacity(1 << 20);
            let error = reader.read_to_end(&mut out).unwrap_err();
            assert_eq!(Error::from_io(&error), Some(&expected));
        }
    }
    // A new stream has the dictionary again.
    let mut decompressor = decompress.decompressor().unwrap();
    decompressor.restart();
    assert_eq!(decompressor.history(), b"");
    decompressor.reset();
    assert_eq!(decompressor.decompress(BACK).unwrap(), b"abcdefghi");
}

#[test]
fn a_million_restarts_are_read_and_nothing_else_happens() {
    let (_, decompress) = restarts(PrefixWidth::One, ByteOrder::Little);
    let zeros = vec![0; 1 << 20];
    let mut decompressor = decompress.decompressor().unwrap();
    let mut input = &zeros[..];
    assert_eq!(decompressor.feed(&mut input), Ok(Progress::NeedMore(1)));
    assert!(input.is_empty());
    assert_eq!(decompressor.end_of_input(), Ok(()));
    let mut reader = decompress.reader(&zeros[..]).unwrap();
    assert_eq!(reader.read(&mut [0]).unwrap(), 0);
    assert_eq!((reader.blocks(), reader.total_in()), (0, 1 << 20));
}

/// Blocks of ten bytes in groups of two. Every group begins with no history, and nothing marks it.
struct Pairs(usize);

impl Framing for Pairs {
    const MAX_HEAD_LEN: usize = 1;

    fn max_block_len(&self) -> usize {
        100
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        let Some(&len) = bytes.first() else {
            return Ok(Head::Incomplete { needed: 1 });
        };
        self.0 += 1;
        if self.0 == 3 {
            self.0 = 0;
            return Ok(Head::Restart { head_len: 0 });
        }
        let block_len = len.into();
        Ok(Head::Block { head_len: 1, block_len })
    }

    fn write_head(&mut self, block: &[u8], _: &[u8], out: &mut [u8]) -> usize {
        out[0] = block.len() as u8;
        1
    }
}

#[test]
fn a_framing_that_restarts_without_a_head_must_not_ask_for_a_byte_first() {
    let group = [&b"\x05\x40abcd"[..], b"\x09", BACK].concat();
    // After the first byte was asked for, a head of no bytes would leave that byte behind.
    let error = Error::BadHead {
        block: 2,
        offset: 16,
        reason: "the framing finds a head of impossible length",
    };
    let mut codec = Lz4StreamDecompressor::with_framing(Pairs(0), &DecompressOptions::new()).unwrap();
    let stream = group.repeat(2);
    let mut input = &stream[..16];
    assert_eq!(codec.feed(&mut input), Ok(Progress::Page(b"abcd")));
    assert_eq!(codec.feed(&mut input), Ok(Progress::Page(b"abcdefghi")));
    assert_eq!(codec.missing(), 1);
    assert_eq!(codec.page(), b"abcdefghi");
    assert_eq!(codec.feed(&mut &stream[16..]), Err(error));
}

/// Like [`Pairs`], but without looking at any byte, as a framing that knows the lengths of its groups.
struct Known(Pairs);

impl Framing for Known {
    const MAX_HEAD_LEN: usize = 1;

    fn max_block_len(&self) -> usize {
        100
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        if self.0.0 == 2 {
            self.0.0 = 0;
            return Ok(Head::Restart { head_len: 0 });
        }
        self.0.read_head(bytes)
    }

    fn write_head(&mut self, block: &[u8], page: &[u8], out: &mut [u8]) -> usize {
        self.0.write_head(block, page, out)
    }
}

#[test]
fn a_restart_without_a_head_keeps_the_page_before_it() {
    let group = [&b"\x05\x40abcd"[..], b"\x09", BACK].concat();
    let known = || Lz4StreamDecompressor::with_framing(Known(Pairs(0)), &DecompressOptions::new()).unwrap();
    let (stream, expected) = (group.repeat(3), b"abcdabcdefghi".repeat(3));
    let mut out = Vec::new();
    let mut reader = Lz4StreamBufReader::from_parts(&stream[..], known());
    reader.read_to_end(&mut out).unwrap();
    assert_eq!(out, expected);
    let mut codec = known();
    let mut out = Vec::new();
    for byte in stream.chunks(1) {
        codec.missing();
        codec.unfilled()[0] = byte[0];
        codec.filled(1);
        if let Progress::Page(page) = codec.feed(&mut &[][..]).unwrap() {
            out.extend_from_slice(page);
            let page = page.to_vec();
            // Asks the framing, which restarts.
            codec.missing();
            assert_eq!(codec.page(), page);
        }
    }
    assert_eq!(out, expected);
    // The history is gone: a group that refers to the one before it is an error.
    let wrong = [&group[..], b"\x09", BACK].concat();
    let mut codec = known();
    let mut input = &wrong[..];
    codec.feed(&mut input).unwrap();
    codec.feed(&mut input).unwrap();
    let error = codec.feed(&mut input).unwrap_err();
    assert!(matches!(
        error,
        Error::MatchOffset {
            block: 2,
            offset: 16,
            allowed: 0,
            ..
        }
    ));
}

/// The page's length and the sum of its bytes in front of each block, one byte each. A restart is `R`.
struct Sum {
    expected: (u8, u8),
    mark_len: usize,
}

impl Framing for Sum {
    const MAX_HEAD_LEN: usize = 4;

    fn max_block_len(&self) -> usize {
        0xFF
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        match *bytes {
            [b'R', ..] => Ok(Head::Restart { head_len: 1 }),
            [len, sum, block_len, ..] => {
                self.expected = (len, sum);
                let block_len = block_len.into();
                Ok(Head::Block { head_len: 3, block_len })
            }
            [_, ..] => Ok(Head::Incomplete { needed: 3 }),
            [] => Ok(Head::Incomplete { needed: 1 }),
        }
    }

    fn check_page(&mut self, _: &[u8], page: &[u8], _: &[u8]) -> Result<(), Error> {
        if self.expected == (page.len() as u8, sum(page)) {
            Ok(())
        } else {
            Err(Error::bad_head("the page has another sum"))
        }
    }

    fn write_head(&mut self, block: &[u8], page: &[u8], out: &mut [u8]) -> usize {
        out.copy_from_slice(&[page.len() as u8, sum(page), block.len() as u8, b'-']);
        3
    }

    fn write_restart(&mut self, out: &mut [u8]) -> usize {
        out.copy_from_slice(b"RSTU");
        self.mark_len
    }
}

fn sum(page: &[u8]) -> u8 {
    page.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

fn sums(mark_len: usize) -> Sum {
    let expected = (0, 0);
    Sum { expected, mark_len }
}

#[test]
fn a_framing_sees_the_pages_it_writes_and_checks_the_pages_it_reads() {
    let all = text(9, 2000);
    let options = CompressOptions::new().page_size(50).restart_every(4);
    let mut stream = Vec::new();
    let compressor = Lz4StreamCompressor::with_framing(sums(1), &options).unwrap();
    let mut writer = Lz4StreamWriter::from_parts(&mut stream, compressor);
    writer.write_all(&all).unwrap();
    writer.try_finish().unwrap();
    drop(writer);
    let mut out = Vec::new();
    let decompressor = || Lz4StreamDecompressor::with_framing(sums(1), &DecompressOptions::new()).unwrap();
    Lz4StreamReader::from_parts(&stream[..], decompressor())
        .read_to_end(&mut out)
        .unwrap();
    assert!(out == all);

    // The sum of the second page is wrong: the first page is read, and nothing of the second.
    let second = 3 + usize::from(stream[2]);
    stream[second + 1] ^= 1;
    let mut reader = Lz4StreamReader::from_parts(&stream[..], decompressor());
    let mut out = Vec::new();
    let expected = Error::BadHead {
        block: 1,
        offset: second as u64,
        reason: "the page has another sum",
    };
    for _ in 0..2 {
        let error = reader.read_to_end(&mut out).unwrap_err();
        assert_eq!(Error::from_io(&error), Some(&expected));
        assert!(out == all[..50] && reader.total_out() == 50);
    }
    // The same into a vector that the window has adopted.
    let mut out = Vec::with_capacity(1 << 20);
    let mut reader = Lz4StreamReader::from_parts(&stream[..], decompressor());
    reader.read_to_end(&mut out).unwrap_err();
    assert!(out == all[..50]);
}

#[test]
fn restart_marks_of_any_length_stand_right_before_the_head_and_none_is_too_long() {
    for mark_len in 0..=5 {
        let result = std::panic::catch_unwind(|| {
            let mut compressor =
                Lz4StreamCompressor::with_framing(sums(mark_len), &CompressOptions::new().page_size(100)).unwrap();
            compressor.restart();
            compressor.compress(b"hello").unwrap().to_vec()
        });
        let mark = &b"RSTU"[..mark_len.min(4)];
        let expected = [mark, &[5, sum(b"hello"), 6], b"\x50hello"].concat();
        assert_eq!(result.ok(), (mark_len <= 4).then_some(expected));
    }
}

#[test]
fn lies_of_eight_bytes_are_refused_before_anything_is_allocated() {
    let options = DecompressOptions::new()
        .prefix_width(PrefixWidth::Eight)
        .max_page_size(100);
    let allowed = compress_bound(100);
    for len in [allowed as u64 + 1, (1 << 32) + 6, u64::MAX >> 1, u64::MAX] {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let prefix = match order {
                ByteOrder::Little => len.to_le_bytes(),
                ByteOrder::Big => len.to_be_bytes(),
            };
            let stream = [&prefix[..], b"\x50hello"].concat();
            let mut decompressor = options.clone().byte_order(order).decompressor().unwrap();
            let expected = Error::BlockTooLarge {
                block: 0,
                offset: 0,
                // On 32 bits, whatever does not fit is the largest number there is.
                found: usize::try_from(len).unwrap_or(usize::MAX),
                allowed,
            };
            assert_eq!(decompressor.get_block(&stream), Err(expected.clone()));
            assert_eq!(decompressor.feed(&mut &stream[..]), Err(expected));
        }
    }
}
