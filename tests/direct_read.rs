//! A read of a long page into a long slice decodes the page there. It gives what `fill_buf` gives, which never does so:
//! the same bytes, errors, counts and history, whatever the lengths of pages and slices, and however the input comes.

#[path = "common/by_hand.rs"]
mod by_hand;
mod common;

use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::panic::{self, AssertUnwindSafe};

use by_hand::{push_literals, push_match, push_sequence};
use common::hostile::{ScriptedReader, Step};
use common::random::mixed;
use common::{ENGINES, Random, data, text};
use lz4_stream::{
    CompressOptions, DecompressOptions, Error, Framing, Head, Lz4StreamBufReader, Lz4StreamDecompressor,
    Lz4StreamReader, SizePrefix, ZeroPrefix,
};
use quickcheck::quickcheck;

const HISTORY: usize = 65_536;
/// Of a page that is probably this long.
const LONG: usize = 192 * 1024;

/// What a reader gave, and the state in which it is at the end.
#[derive(PartialEq)]
struct Outcome {
    content: Vec<u8>,
    error: Option<Error>,
    totals: (u64, u64, u64),
    history: Vec<u8>,
}

fn outcome<F>(content: Vec<u8>, error: Option<Error>, decompressor: &Lz4StreamDecompressor<F>) -> Outcome {
    Outcome {
        content,
        error,
        totals: (decompressor.total_in(), decompressor.total_out(), decompressor.blocks()),
        history: decompressor.history().to_vec(),
    }
}

fn same(found: &Outcome, expected: &Outcome, what: &str) {
    assert_eq!(found.error, expected.error, "{what}");
    assert_eq!(found.totals, expected.totals, "{what}");
    assert!(found.content == expected.content, "{what}: other content");
    assert!(found.history == expected.history, "{what}: other history");
}

/// The error of the crate in `error`; `None` if it is one of the inner reader, after which one can go on.
fn of_crate(error: &io::Error) -> Option<Error> {
    let found = Error::from_io(error).cloned();
    assert!(
        found.is_some() || matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "{error}"
    );
    found
}

fn by_fill_buf<F: Framing>(decompressor: Lz4StreamDecompressor<F>, stream: &[u8]) -> Outcome {
    let mut reader = Lz4StreamBufReader::from_parts(stream, decompressor);
    let mut content = Vec::new();
    let error = loop {
        match reader.fill_buf() {
            Ok([]) => break None,
            Ok(lent) => content.extend_from_slice(lent),
            Err(error) => break of_crate(&error),
        }
        reader.consume(usize::MAX);
    };
    outcome(content, error, reader.decompressor())
}

macro_rules! by_read {
    ($name:ident, $Reader:ident, $Inner:ident) => {
        /// Into slices of the lengths that `next_len` returns. For 0, a part of what `fill_buf` lends.
        fn $name<F: Framing>(
            decompressor: Lz4StreamDecompressor<F>,
            inner: impl $Inner,
            mut next_len: impl FnMut() -> usize,
        ) -> Outcome {
            let mut reader = $Reader::from_parts(inner, decompressor);
            let (mut content, mut buf) = (Vec::new(), Vec::new());
            let error = loop {
                let len = next_len();
                buf.clear();
                buf.resize(len, 0xEE);
                let result = match len {
                    0 => reader.fill_buf().map(|lent| {
                        let n = lent.len().div_ceil(2);
                        content.extend_from_slice(&lent[..n]);
                        n
                    }),
                    _ => reader
                        .read(&mut buf)
                        .inspect(|&n| content.extend_from_slice(&buf[..n])),
                };
                match result {
                    Ok(0) => break None,
                    Ok(n) if len == 0 => reader.consume(n),
                    Ok(_) => {}
                    Err(error) => match of_crate(&error) {
                        None => continue,
                        error => {
                            let again = reader.read(&mut buf[..len]).unwrap_err();
                            assert_eq!(of_crate(&again), error, "it repeats");
                            break error;
                        }
                    },
                }
                assert_eq!(reader.total_out(), content.len() as u64);
                // Whoever takes it apart finds everything.
                let (inner, decompressor) = reader.into_parts();
                reader = $Reader::from_parts(inner, decompressor);
            };
            outcome(content, error, reader.decompressor())
        }
    };
}

by_read!(by_read, Lz4StreamReader, Read);
by_read!(by_read_of_buf, Lz4StreamBufReader, BufRead);

/// A stream with restarts of pages of these lengths.
fn stream_of(content: &[u8], lens: &[usize], random: &mut Random, dictionary: &[u8]) -> Vec<u8> {
    let options = CompressOptions::new()
        .page_size(content.len() + 1)
        .dictionary(dictionary);
    let mut compressor = options.zero_prefix(ZeroPrefix::Restart).compressor().unwrap();
    let (mut stream, mut rest) = (Vec::new(), content);
    for &len in lens {
        let (page, after) = rest.split_at(len);
        rest = after;
        if random.below(6) == 0 {
            compressor.restart();
        }
        stream.extend_from_slice(compressor.compress(page).unwrap());
    }
    stream
}

quickcheck! {
    fn any_pages_and_slices(seed: u32) -> bool {
        let seed = u64::from(seed);
        let mut random = Random::new(seed);
        let few = [1, HISTORY - 1, HISTORY, HISTORY + 1, HISTORY + 400, LONG - 1, LONG, LONG + 1, 300_000, 450_000];
        let mut lens = Vec::new();
        for _ in 0..1 + random.below(8) {
            match random.below(3) {
                0 => lens.push(few[random.below(few.len())]),
                1 => lens.push(1 + random.below(450_000)),
                // In the window, the history of what follows is not in one piece.
                _ => lens.extend((0..random.below(400)).map(|n| 1 + n * 10)),
            }
        }
        if random.below(2) == 0 {
            lens = vec![few[random.below(few.len())]; lens.len().min(8)];
        }
        let len = lens.iter().sum();
        let content = match random.below(6) {
            0 => data(seed as usize, seed, len),
            1 => mixed(seed, len),
            // Blocks of literals only, and other blocks between them.
            2 => random.bytes(len),
            3 => {
                let pages = lens.iter().zip(1..).map(|(&len, seed)| match random.below(8) {
                    0 => text(seed, len),
                    _ => random.bytes(len),
                });
                pages.collect::<Vec<_>>().concat()
            }
            _ => text(seed, len),
        };
        let dictionary = text(seed + 1, random.below(2) * 70_000);
        let stream = stream_of(&content, &lens, &mut random, &dictionary);
        let longest = lens.iter().copied().max().unwrap_or(0);
        let options = DecompressOptions::new()
            .zero_prefix(ZeroPrefix::Restart)
            .dictionary(&dictionary)
            .max_page_size(longest.max(1) + random.below(3) * 100_000)
            .engine(ENGINES[random.below(ENGINES.len())]);
        let new = || options.decompressor().unwrap();
        let expected = by_fill_buf(new(), &stream);
        assert_eq!(expected.error, None);
        assert!(expected.content == content);
        for how in 0..3 {
            let mut slices = Random::new(seed + how);
            let fixed = [1_000_000, longest.max(1), longest + 1, longest.saturating_sub(1).max(1)][slices.below(4)];
            let next_len = || match slices.below(4) {
                0 => slices.below(500_000),
                1 => [0, few[slices.below(few.len())]][slices.below(2)],
                _ => fixed,
            };
            let script = (0..40).map(|_| match random.below(4) {
                0 => Step::Fails(ErrorKind::WouldBlock),
                1 => Step::Fails(ErrorKind::Interrupted),
                _ => Step::Bytes(1 + random.below(100_000)),
            });
            let inner = ScriptedReader::new(&stream, script);
            let found = match how {
                0 => by_read(new(), inner, next_len),
                1 => by_read_of_buf(new(), &stream[..], next_len),
                _ => by_read_of_buf(new(), BufReader::with_capacity(100_000, inner), next_len),
            };
            same(&found, &expected, &format!("seed {seed}, {how}"));
        }
        true
    }
}

/// Much longer than the page, slightly too short for it, as long, and longer by what the decoder likes to have.
fn slices(page_len: usize) -> [usize; 7] {
    [
        600_000,
        page_len - 1,
        page_len,
        page_len + 1,
        page_len + 383,
        page_len + 384,
        LONG,
    ]
}

/// Reads a page of `first_len` literals and then `stream`, in every way. Returns the outcome, which is always the same.
fn compare(options: &DecompressOptions, first_len: usize, stream: &[u8], page_len: usize, what: &str) -> Outcome {
    let mut before = Vec::new();
    push_literals(&mut before, &text(5, first_len), 0);
    let mut whole = (before.len() as u32).to_le_bytes().to_vec();
    whole.extend(before);
    whole.extend_from_slice(stream);
    let expected = by_fill_buf(options.decompressor().unwrap(), &whole);
    for slice in slices(page_len) {
        let what = format!("{what}, slices of {slice}");
        same(
            &by_read(options.decompressor().unwrap(), &whole[..], || slice),
            &expected,
            &what,
        );
        same(
            &by_read_of_buf(options.decompressor().unwrap(), &whole[..], || slice),
            &expected,
            &what,
        );
    }
    expected
}

fn with_prefix(block: &[u8]) -> Vec<u8> {
    [&(block.len() as u32).to_le_bytes()[..], block].concat()
}

#[test]
fn errors_are_the_same_wherever_they_are() {
    let content = text(1, 700_000);
    let mut compressor = CompressOptions::new().page_size(350_000).compressor().unwrap();
    compressor.compress(&content[..350_000]).unwrap();
    let good = compressor.compress(&content[350_000..]).unwrap()[4..].to_vec();
    let options = DecompressOptions::new().max_page_size(400_000);
    let mut random = Random::new(1);
    for _ in 0..300 {
        let mut block = good.clone();
        let at = match random.below(3) {
            // Near the ends too.
            0 => random.below(2000),
            1 => block.len() - 1 - random.below(2000),
            _ => random.below(block.len()),
        };
        match random.below(3) {
            0 => block.truncate(at.max(1)),
            1 => block[at] ^= 1 << random.below(8),
            _ => block[at..][..2.min(good.len() - at)].fill(0),
        }
        compare(&options, 350_000, &with_prefix(&block), 350_000, &format!("{at}"));
    }
}

#[test]
fn bad_matches_are_the_same_errors_wherever_they_are() {
    let noise = Random::new(2).bytes(500_000);
    let options = DecompressOptions::new().max_page_size(500_000);
    // The pages before are so long that their history is complete, or so short that it is not.
    for (first_len, reach) in [(LONG, HISTORY), (1000, 1000)] {
        for len in (0..400_000).step_by(1777).chain(HISTORY - 3..HISTORY + 3) {
            for pieces in [1, 50] {
                let mut block = Vec::new();
                for piece in noise[..len].chunks(len.div_ceil(pieces).max(1)) {
                    push_sequence(&mut block, piece, 1, 4);
                }
                let page_len = len + 4 * len.div_ceil(len.div_ceil(pieces).max(1));
                for offset in [0, reach + page_len + 1] {
                    let Ok(bad) = u16::try_from(offset) else { continue };
                    let mut block = block.clone();
                    push_match(&mut block, bad.into(), 4);
                    // Enough to be taken for a long page, and never decoded.
                    push_literals(&mut block, &noise[..100_000], 0);
                    let stream = with_prefix(&block);
                    let found = compare(
                        &options,
                        first_len,
                        &stream,
                        300_000,
                        &format!("offset {bad} at {page_len}"),
                    );
                    match found.error {
                        Some(Error::MatchOffset { found, allowed, .. }) => {
                            assert_eq!((found, allowed), (offset, reach + page_len));
                        }
                        other => panic!("{other:?} at {page_len}"),
                    }
                }
            }
        }
    }
}

#[test]
fn a_page_may_be_as_long_as_the_settings_allow_and_no_longer() {
    let noise = Random::new(3).bytes(400_000);
    for page_len in [
        HISTORY - 1,
        HISTORY,
        HISTORY + 1,
        70_000,
        LONG - 1,
        LONG,
        LONG + 1,
        300_000,
    ] {
        let limits = [
            page_len - 1000,
            page_len - 400,
            page_len - 1,
            page_len,
            page_len + 1,
            page_len + 1000,
        ];
        // Literals and a match that goes on to the end, literals alone, and literals after a match.
        for literals in [0, 50_000, HISTORY, page_len - 100, page_len - 9, page_len] {
            let mut block = Vec::new();
            if literals < page_len - 8 {
                push_sequence(&mut block, &noise[..literals], 1, page_len - literals - 5);
                push_literals(&mut block, b"final", 0);
            } else {
                // After a match, their block may be much longer than a page is allowed to be.
                let matched = page_len / 3 * usize::from(literals == page_len);
                if matched > 0 {
                    push_sequence(&mut block, &noise[..1], 1, matched - 1);
                }
                push_literals(&mut block, &noise[matched..page_len], 0);
            }
            // The page may be too long before anything else is wrong.
            let mut bad = block.clone();
            bad.extend([0, 0]);
            for limit in limits {
                let options = DecompressOptions::new().max_page_size(limit);
                // After an empty page, the first one is taken to be as long as is likely for its block.
                for first_len in [0, LONG.min(limit)] {
                    let what = format!("{page_len} bytes, {literals} literals, limit {limit}, after {first_len}");
                    let found = compare(&options, first_len, &with_prefix(&block), page_len, &what);
                    assert_eq!(
                        found.error.is_some(),
                        limit < page_len || literals + first_len == 0,
                        "{what}"
                    );
                    let found = compare(&options, first_len, &with_prefix(&bad), page_len, &what);
                    let is_too_long = matches!(
                        found.error,
                        Some(Error::PageOverLimit { .. } | Error::BlockTooLarge { .. })
                    );
                    // (A little too much is decoded before it is found too long.)
                    assert_eq!(
                        is_too_long,
                        limit < page_len - 384 && literals + first_len > 0,
                        "{what}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_history_of_a_direct_page_may_lie_anywhere() {
    let mut random = Random::new(6);
    let noise = random.bytes(1_000_000);
    let options = DecompressOptions::new().max_page_size(LONG);
    // After a long page, the window slides every so many short ones.
    for short in (150..800).step_by(3) {
        let mut stream = Vec::new();
        let mut lens = vec![LONG];
        lens.resize(1 + short, 1000);
        for len in lens {
            let from = random.below(noise.len() - len);
            let mut block = Vec::new();
            push_literals(&mut block, &noise[from..from + len], 0);
            stream.extend(with_prefix(&block));
        }
        let mut block = Vec::new();
        while block.len() < 1000 {
            push_match(&mut block, HISTORY - 1 - random.below(30_000), 4 + random.below(200));
        }
        push_literals(&mut block, &noise[..100_000], 0);
        stream.extend(with_prefix(&block));
        let expected = by_fill_buf(options.decompressor().unwrap(), &stream);
        assert_eq!(expected.error, None);
        let found = by_read(options.decompressor().unwrap(), &stream[..], || LONG);
        same(&found, &expected, &format!("after {short} short pages"));
    }
}

/// `SizePrefix`, and a judgement of each page.
struct Judge<J>(SizePrefix, J);

impl<J: FnMut(&[u8]) -> Result<(), Error>> Framing for Judge<J> {
    const MAX_HEAD_LEN: usize = SizePrefix::MAX_HEAD_LEN;

    fn max_block_len(&self) -> usize {
        self.0.max_block_len()
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        self.0.read_head(bytes)
    }

    fn check_page(&mut self, _block: &[u8], page: &[u8], _tail: &[u8]) -> Result<(), Error> {
        (self.1)(page)
    }

    fn write_head(&mut self, _block: &[u8], _page: &[u8], _out: &mut [u8]) -> usize {
        unimplemented!("it only reads")
    }
}

#[test]
fn the_framing_checks_the_whole_page_before_any_of_it_is_returned() {
    let content = text(4, 900_000);
    let stream = stream_of(&content, &[300_000; 3], &mut Random::new(4), b"");
    let options = DecompressOptions::new();
    for slice in [100_000, 299_999, 300_000, 600_000] {
        for bad in 0..4 {
            for panics in [false, true] {
                let mut seen = Vec::new();
                let framing = Judge(SizePrefix::default(), |page: &[u8]| {
                    seen.push(page.to_vec());
                    match seen.len() - 1 == bad {
                        true if panics => panic::resume_unwind(Box::new("without a message")),
                        true => Err(Error::bad_head("a bad page")),
                        false => Ok(()),
                    }
                });
                let options = options.clone().max_page_size(300_000);
                let decompressor = Lz4StreamDecompressor::with_framing(framing, &options).unwrap();
                let mut reader = Lz4StreamReader::from_parts(&stream[..], decompressor);
                let (mut read, mut buf) = (Vec::new(), vec![0; slice]);
                let mut error = None;
                loop {
                    match panic::catch_unwind(AssertUnwindSafe(|| reader.read(&mut buf))) {
                        Ok(Ok(0)) => break,
                        Ok(Ok(n)) => read.extend_from_slice(&buf[..n]),
                        Ok(Err(found)) => {
                            error = of_crate(&found);
                            break;
                        }
                        Err(_) => assert!(panics && reader.fill_buf().is_err(), "nothing is lent"),
                    }
                }
                let good = bad.min(3) * 300_000;
                assert!(read == content[..good], "page {bad} is bad, slices of {slice}");
                assert_eq!(error.is_some(), bad < 3);
                if bad < 3 {
                    assert!(
                        matches!(error, Some(Error::BadHead { block, .. }) if block == bad as u64),
                        "{error:?}"
                    );
                }
                assert_eq!(reader.blocks(), bad.min(3) as u64);
                assert_eq!(reader.total_out(), good as u64);
                assert!(reader.decompressor().history() == &content[good.saturating_sub(HISTORY)..good]);
                drop(reader);
                let pages: Vec<&[u8]> = content.chunks(300_000).take(bad + 1).collect();
                assert!(seen == pages, "it sees whole pages");
            }
        }
    }
}
