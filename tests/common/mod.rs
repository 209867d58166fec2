//! Shared by the tests: data, pages, settings, the strict peer, hostile readers and writers, and liblz4.
#![allow(dead_code)] // no test uses all of it
#![allow(missing_docs)]

pub mod hostile;
pub mod liblz4;
pub mod random;
pub mod reference;

use std::io::Write;

use lz4_stream::{
    ByteOrder, CompressOptions, DecompressOptions, Engine, Framing, Lz4StreamCompressor, Lz4StreamWriter, Mode,
    PrefixWidth, Strategy, ZeroPrefix,
};
use quickcheck::{Arbitrary, Gen};
pub use random::{Random, data, text};
pub use reference::{Strict, sequences};

/// One mode of every kind.
pub const MODES: [Mode; 5] = [
    Mode::Default,
    Mode::Fast { acceleration: 8 },
    Mode::HighCompression { level: 1 },
    Mode::HighCompression { level: 9 },
    Mode::HighCompression { level: 12 },
];

/// Every engine that the features make available.
pub const ENGINES: &[Engine] = &[
    Engine::Own,
    #[cfg(feature = "lz4_flex")]
    Engine::Lz4Flex,
];

/// Splits `data` into pages of at most `page_size`. With `short`, most are shorter.
pub fn pages(data: &[u8], page_size: usize, short: Option<u64>) -> Vec<&[u8]> {
    let mut random = short.map(Random::new);
    let mut rest = data;
    let mut pages = Vec::new();
    while !rest.is_empty() {
        let len = random.as_mut().map_or(page_size, |random| match random.below(3) {
            0 => page_size,
            _ => 1 + random.below(page_size),
        });
        let (page, after) = rest.split_at(len.min(rest.len()));
        pages.push(page);
        rest = after;
    }
    pages
}

/// The strict peer of a writer with these settings.
pub fn strict_peer(options: &CompressOptions) -> Strict {
    let ring_buffer = options.get_strategy() == Strategy::RingBuffer;
    Strict::new(
        options.get_page_size(),
        ring_buffer,
        options.get_format().get_dictionary(),
    )
    .with_max_distance(options.get_max_distance())
}

/// The blocks with their heads that `compressor`, which must be new, makes from `pages`. Checked by the strict peer.
pub fn compress_pages(compressor: &mut Lz4StreamCompressor, pages: &[&[u8]]) -> Vec<Vec<u8>> {
    let options = compressor.options().clone();
    let mut peer = strict_peer(&options);
    pages
        .iter()
        .map(|page| {
            let block = compressor.compress(page).unwrap().to_vec();
            assert!(peer.page(data_of(&options, &block)) == *page);
            block
        })
        .collect()
}

/// A block without its head, and without the restart before it if there is one.
pub fn data_of<'a>(options: &CompressOptions, block: &'a [u8]) -> &'a [u8] {
    let format = options.get_format();
    let (head, data) = block.split_at(format.get_prefix_width().bytes());
    match format.get_zero_prefix() {
        ZeroPrefix::Restart if head.iter().all(|&byte| byte == 0) => &data[head.len()..],
        _ => data,
    }
}

/// The stream that a writer makes from `data` without flushes. Checked by the strict peer.
pub fn compress_all(options: &CompressOptions, data: &[u8]) -> Vec<u8> {
    let mut writer = options.writer(Vec::new()).unwrap();
    writer.write_all(data).unwrap();
    let (stream, _) = finish(writer);
    assert!(strict_content(options, &stream, &[]) == data);
    stream
}

/// Finishes a writer that wrote no earlier stream. Returns the stream, and the block sizes if they are kept out of
/// band. Checked by the strict peer.
pub fn finish(mut writer: Lz4StreamWriter<Vec<u8>>) -> (Vec<u8>, Vec<usize>) {
    writer.try_finish().unwrap();
    let sizes: Vec<usize> = writer.drain_block_sizes().collect();
    let options = writer.compressor().options().clone();
    let total_in = writer.total_in();
    let stream = writer.finish().unwrap();
    assert_eq!(strict_content(&options, &stream, &sizes).len() as u64, total_in);
    (stream, sizes)
}

/// The content of a complete stream made with `options`, decoded by the strict peer. `sizes` are the block sizes, if
/// they are kept out of band.
pub fn strict_content(options: &CompressOptions, stream: &[u8], sizes: &[usize]) -> Vec<u8> {
    let format = options.get_format();
    let width = format.get_prefix_width().bytes();
    let mut peer = strict_peer(options);
    let (mut content, mut rest, mut sizes) = (Vec::new(), stream, sizes.iter());
    loop {
        let len = if width == 0 {
            let Some(&len) = sizes.next() else { break };
            len
        } else {
            let Some((prefix, after)) = rest.split_at_checked(width) else {
                assert!(!format.get_end_mark(), "no end mark");
                break;
            };
            rest = after;
            let number = |len, byte: &u8| len << 8 | usize::from(*byte);
            match format.get_byte_order() {
                ByteOrder::Little => prefix.iter().rev().fold(0, number),
                ByteOrder::Big => prefix.iter().fold(0, number),
            }
        };
        match (len, format.get_zero_prefix()) {
            (0, ZeroPrefix::End) => break,
            (0, ZeroPrefix::Restart) => {
                peer.restart();
                continue;
            }
            _ => {}
        }
        let (block, after) = rest.split_at(len);
        content.extend_from_slice(peer.page(block));
        rest = after;
    }
    assert_eq!(rest, b"", "bytes after the end");
    content
}

/// How far the matches of `block` reach back before the start of the page, at most.
pub fn reach_below_page(block: &[u8]) -> usize {
    let (mut at, mut reach) = (0, 0);
    for sequence in sequences(block) {
        at += sequence.literals;
        if let Some((offset, len)) = sequence.matched {
            reach = reach.max(offset.saturating_sub(at));
            at += len;
        }
    }
    reach
}

/// Matching settings for both ends.
#[derive(Debug, Clone)]
pub struct Settings {
    pub compress: CompressOptions,
    pub decompress: DecompressOptions,
    pub page_size: usize,
    pub width: PrefixWidth,
    pub dictionary: Vec<u8>,
}

impl Arbitrary for Settings {
    fn arbitrary(g: &mut Gen) -> Settings {
        let width = *g
            .choose(&[
                PrefixWidth::OutOfBand,
                PrefixWidth::One,
                PrefixWidth::Two,
                PrefixWidth::Four,
                PrefixWidth::Eight,
            ])
            .unwrap();
        let page_size = (*g
            .choose(&[1, 2, 13, 64, 239, 1000, 4096, 65_264, 65_536, 70_000])
            .unwrap())
        .min(width.max_page_size());
        let zero = match width {
            PrefixWidth::OutOfBand => ZeroPrefix::Invalid,
            _ => *g
                .choose(&[ZeroPrefix::Invalid, ZeroPrefix::End, ZeroPrefix::Restart])
                .unwrap(),
        };
        let strategy = *g.choose(&[Strategy::DoubleBuffer, Strategy::RingBuffer]).unwrap();
        let max_distance = *g.choose(&[65_535, 65_535, 65_535, 1, 9, 700, 8192, 40_000]).unwrap();
        let mode = *g
            .choose(&[
                Mode::Default,
                Mode::Fast { acceleration: 1 },
                Mode::Fast { acceleration: 9 },
                Mode::HighCompression { level: 2 },
                Mode::HighCompression { level: 5 },
                Mode::HighCompression { level: 12 },
            ])
            .unwrap();
        let len = *g.choose(&[0, 0, 1, 3, 7, 100, 5000, 65_536, 90_000]).unwrap();
        let dictionary = text(u64::arbitrary(g), len);
        let format = lz4_stream::StreamFormat::new()
            .prefix_width(width)
            .byte_order(*g.choose(&[ByteOrder::Little, ByteOrder::Big]).unwrap())
            .zero_prefix(zero)
            .dictionary(&dictionary);
        Settings {
            compress: CompressOptions::new()
                .format(format.clone())
                .page_size(page_size)
                .strategy(strategy)
                .max_distance(max_distance)
                .mode(mode)
                .restart_every(*g.choose(&[0, 0, 1, 3]).unwrap())
                .engine(*g.choose(ENGINES).unwrap()),
            decompress: DecompressOptions::new()
                .format(format)
                .max_page_size(page_size)
                .engine(*g.choose(ENGINES).unwrap()),
            page_size,
            width,
            dictionary,
        }
    }
}

/// Data of some kind, up to a few hundred kilobytes.
#[derive(Debug, Clone)]
pub struct Data(pub Vec<u8>);

impl Arbitrary for Data {
    fn arbitrary(g: &mut Gen) -> Data {
        let len = usize::arbitrary(g) % *g.choose(&[20, 500, 5_000, 50_000, 300_000]).unwrap();
        Data(data(usize::arbitrary(g), u64::arbitrary(g), len))
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Data>> {
        let all = self.0.clone();
        let lens = [all.len() / 2, all.len().saturating_sub(1)];
        Box::new(lens.into_iter().filter(move |&len| len < all.len()).map({
            let all = self.0.clone();
            move |len| Data(all[..len].to_vec())
        }))
    }
}

/// A custom framing: a variable-length integer, seven bits per byte, lowest bits first. A length of zero ends the
/// stream.
#[derive(Debug, Clone, Copy)]
pub struct Varint;

impl Framing for Varint {
    const MAX_HEAD_LEN: usize = 5;

    fn max_block_len(&self) -> usize {
        u32::MAX as usize
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<lz4_stream::Head, lz4_stream::Error> {
        use lz4_stream::{Error, Head};
        let mut block_len = 0;
        for (i, &byte) in bytes.iter().enumerate().take(5) {
            block_len |= u64::from(byte & 0x7F) << (7 * i);
            if byte & 0x80 == 0 {
                let head_len = i + 1;
                return match usize::try_from(block_len) {
                    Ok(0) => Ok(Head::End { head_len }),
                    Ok(block_len) => Ok(Head::Block { head_len, block_len }),
                    Err(_) => Err(Error::bad_head("length is too large")),
                };
            }
        }
        match bytes.len() {
            0..5 => Ok(Head::Incomplete {
                needed: bytes.len() + 1,
            }),
            _ => Err(Error::bad_head("length has more than five bytes")),
        }
    }

    fn write_head(&mut self, block: &[u8], _page: &[u8], out: &mut [u8]) -> usize {
        let (mut block_len, mut head_len) = (block.len(), 0);
        loop {
            out[head_len] = (block_len & 0x7F) as u8 | if block_len > 0x7F { 0x80 } else { 0 };
            block_len >>= 7;
            head_len += 1;
            if block_len == 0 {
                return head_len;
            }
        }
    }

    fn write_end(&mut self, out: &mut [u8]) -> usize {
        self.write_head(&[], &[], out)
    }

    fn needs_end(&self) -> bool {
        true
    }
}
