//! What the tests share: data, LZ4 sequences, hostile readers and writers, and liblz4 itself.
#![allow(dead_code)] // no test uses all of it
#![allow(missing_docs)]

pub mod hostile;
pub mod liblz4;

use std::io::Write;

use lz4_stream::{
    BlockSplit, CompressOptions, DecompressOptions, Lz4StreamCompressor, Lz4StreamDecompressor, PrefixWidth,
};
use quickcheck::{Arbitrary, Gen};

/// A small generator of random numbers (xorshift*), so that every run sees the same data.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next() as u8).collect()
    }
}

/// Bytes that compress about as text does: phrases that come again at all distances, and noise between them.
pub fn text(seed: u64, len: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut out: Vec<u8> = Vec::with_capacity(len + 64);
    while out.len() < len {
        if out.len() > 16 && random.below(4) > 0 {
            let reach = out.len().min(1 << (4 + random.below(14)));
            let from = out.len() - 1 - random.below(reach);
            for i in 0..4 + random.below(40) {
                out.push(out[from + i]);
            }
        } else {
            let n = 1 + random.below(12);
            out.extend((0..n).map(|_| b'a' + random.below(26) as u8));
        }
    }
    out.truncate(len);
    out
}

/// One of several kinds of data, by number.
pub fn data(kind: usize, seed: u64, len: usize) -> Vec<u8> {
    match kind % 5 {
        0 => text(seed, len),
        1 => Random::new(seed).bytes(len),
        2 => vec![seed as u8; len],
        3 => (0..len).map(|i| (i as u64 % (seed % 7 + 2)) as u8).collect(),
        _ => {
            let mut all = text(seed, len / 3);
            all.extend(Random::new(seed).bytes(len / 3));
            all.resize(len, 7);
            all
        }
    }
}

/// Cuts `data` to pages of at most `page_size`, most of them shorter when `short` is set.
pub fn pages(data: &[u8], page_size: usize, short: Option<u64>) -> Vec<&[u8]> {
    let mut random = short.map(Random::new);
    let mut rest = data;
    let mut pages = Vec::new();
    while !rest.is_empty() {
        let len = random.as_mut().map_or(page_size, |random| match random.below(3) {
            0 => page_size,
            _ => 1 + random.below(page_size),
        });
        let (page, behind) = rest.split_at(len.min(rest.len()));
        pages.push(page);
        rest = behind;
    }
    pages
}

/// Every block of the stream that `compressor` makes of `pages`, prefixes included.
pub fn compress_pages(compressor: &mut Lz4StreamCompressor, pages: &[&[u8]]) -> Vec<Vec<u8>> {
    pages
        .iter()
        .map(|page| {
            let mut block = Vec::new();
            assert_eq!(compressor.compress(page, &mut block), Ok(block.len()));
            block
        })
        .collect()
}

/// The whole stream that a writer makes of `data`, without flushes.
pub fn compress_all(options: &CompressOptions, data: &[u8]) -> Vec<u8> {
    let mut writer = options.writer(Vec::new()).unwrap();
    writer.write_all(data).unwrap();
    writer.finish().unwrap()
}

/// Decompresses a whole stream with the codec.
pub fn decompress_all(options: &DecompressOptions, stream: &[u8]) -> Result<Vec<u8>, lz4_stream::Error> {
    let mut decompressor = options.decompressor()?;
    let mut out = Vec::new();
    let mut rest = stream;
    while !rest.is_empty() {
        match decompressor.get_block(rest)? {
            BlockSplit::Block { block, rest: behind } => {
                out.extend_from_slice(decompressor.decompress(block)?);
                rest = behind;
            }
            BlockSplit::EndMark { .. } => break,
            BlockSplit::Incomplete { missing } => panic!("{missing} bytes missing"),
        }
    }
    Ok(out)
}

/// Decompresses one block that stands alone.
pub fn decompress_block(block: &[u8]) -> Result<Vec<u8>, lz4_stream::Error> {
    Ok(Lz4StreamDecompressor::new().decompress(block)?.to_vec())
}

/// One LZ4 sequence of a block, read independently of the crate's decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sequence {
    pub literals: usize,
    /// Offset and length of the match; none in the last sequence.
    pub matched: Option<(usize, usize)>,
}

/// The sequences of a valid block.
pub fn sequences(block: &[u8]) -> Vec<Sequence> {
    let mut bytes = block.iter().map(|&byte| usize::from(byte));
    let extended = |nibble: usize, bytes: &mut dyn Iterator<Item = usize>| {
        let mut length = nibble;
        let mut more = nibble == 15;
        while more {
            let byte = bytes.next().unwrap();
            length += byte;
            more = byte == 255;
        }
        length
    };
    let mut sequences = Vec::new();
    while let Some(token) = bytes.next() {
        let literals = extended(token >> 4, &mut bytes);
        assert_eq!(bytes.by_ref().take(literals).count(), literals);
        let matched = bytes.next().map(|low| {
            let offset = low | bytes.next().unwrap() << 8;
            (offset, 4 + extended(token & 15, &mut bytes))
        });
        sequences.push(Sequence { literals, matched });
    }
    sequences
}

/// Settings that go together, for both ends.
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
        use lz4_stream::{ByteOrder, Mode, Strategy};
        let width = *g
            .choose(&[
                PrefixWidth::OutOfBand,
                PrefixWidth::One,
                PrefixWidth::Two,
                PrefixWidth::Four,
            ])
            .unwrap();
        let page_size = (*g
            .choose(&[1, 2, 13, 64, 239, 1000, 4096, 65_264, 65_536, 70_000])
            .unwrap())
        .min(width.max_page_size());
        let order = *g.choose(&[ByteOrder::Little, ByteOrder::Big]).unwrap();
        let end_mark = width != PrefixWidth::OutOfBand && bool::arbitrary(g);
        let strategy = *g.choose(&[Strategy::DoubleBuffer, Strategy::RingBuffer]).unwrap();
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
        Settings {
            compress: CompressOptions::new()
                .prefix_width(width)
                .byte_order(order)
                .end_mark(end_mark)
                .dictionary(&dictionary)
                .page_size(page_size)
                .strategy(strategy)
                .mode(mode),
            decompress: DecompressOptions::new()
                .prefix_width(width)
                .byte_order(order)
                .end_mark(end_mark)
                .dictionary(&dictionary)
                .max_page_size(page_size),
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
