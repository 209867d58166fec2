//! The decompressors.

use std::hint::black_box;
use std::io::{BufRead, Read};
use std::ops::Range;

use lz4_stream::{
    DecompressOptions, LZ4_MAX_INPUT_SIZE, Lz4StreamBufReader, Lz4StreamDecompressor, Lz4StreamReader, Mode, Progress,
    compress_bound,
};

use super::frames::read_pages;
use super::{
    APPENDED, BUF_READ, BUF_READ_TO_END, CONTIGUOUS, COPIED, Contender, FEED, FILL_BUF, FLEX_BLOCK, Frames, LIBLZ4,
    ONE_SHOT, OURS, READ, READ_TO_END, READ_TO_NEW, contender, memcpy, reused,
};
use crate::liblz4;

/// Data compressed by liblz4: the input of all decompressors of linked blocks.
pub struct Blocks {
    page_size: usize,
    /// With prefixes.
    stream: Vec<u8>,
    /// Where the blocks are in it, without their prefixes.
    ranges: Vec<Range<usize>>,
}

impl Blocks {
    /// By liblz4 over two page buffers.
    pub fn of_two_pages(data: &[u8], page_size: usize) -> Blocks {
        let mut compressor = liblz4::Compressor::new(page_size, Mode::Default, b"");
        let mut blocks = Blocks::new(page_size);
        for page in data.chunks(page_size) {
            blocks.push(&compressor.compress(page));
        }
        blocks
    }

    /// By liblz4 over contiguous input.
    pub fn contiguous(data: &[u8], page_size: usize) -> Blocks {
        let mut compressor = liblz4::ContiguousCompressor::new(data, 1);
        let mut block = vec![0; compress_bound(page_size)];
        let mut blocks = Blocks::new(page_size);
        while let Some(len) = compressor.compress_into(page_size, &mut block) {
            blocks.push(&block[..len]);
        }
        blocks
    }

    fn new(page_size: usize) -> Blocks {
        Blocks {
            page_size,
            stream: Vec::new(),
            ranges: Vec::new(),
        }
    }

    fn push(&mut self, block: &[u8]) {
        self.stream.extend((block.len() as u32).to_le_bytes());
        self.ranges.push(self.stream.len()..self.stream.len() + block.len());
        self.stream.extend(block);
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.ranges.iter().map(|range| &self.stream[range.clone()])
    }
}

/// All decompressors, of blocks that liblz4 made over two page buffers. Only liblz4 over contiguous output has the
/// blocks that belong to it, `contiguous`, and the frames have their own.
pub fn decompressors<'a>(data: &'a [u8], blocks: &'a Blocks, contiguous: &'a Blocks) -> Vec<Contender<'a>> {
    let mut all = vec![decompressor(LIBLZ4, liblz4_two_pages(blocks))];
    all.extend(ours(data, blocks));
    all.push(liblz4_contiguous(data, contiguous));
    all.push(decompressor(FLEX_BLOCK, flex_blocks(blocks)));
    all.extend(Frames::ALL.map(|frames| {
        let stream = frames.write(data, blocks.page_size, Vec::new());
        let mut page = vec![0; blocks.page_size];
        decompressor(frames.name(), move || frames.read(&stream, &mut page))
    }));
    all.push(memcpy(data, blocks.page_size));
    all
}

/// liblz4 over contiguous output, which is the reference, and this crate on the same blocks.
pub fn decompressors_of_contiguous<'a>(data: &'a [u8], blocks: &'a Blocks) -> Vec<Contender<'a>> {
    let mut all = vec![liblz4_contiguous(data, blocks)];
    all.extend(ours(data, blocks));
    all
}

fn decompressor<'a>(name: &'static str, pass: impl FnMut() -> usize + 'a) -> Contender<'a> {
    contender(name, Mode::Default, pass)
}

/// This crate by each way that a user has. The first is the codec alone.
fn ours<'a>(data: &'a [u8], blocks: &'a Blocks) -> Vec<Contender<'a>> {
    let options = DecompressOptions::new().max_page_size(LZ4_MAX_INPUT_SIZE);
    let stream = &blocks.stream[..];
    let page = || vec![0; blocks.page_size];
    // Has room for everything, and had it in the last pass.
    let vector = || Vec::with_capacity(data.len());
    let (mut copy, mut read_into, mut buf_read_into) = (page(), page(), page());
    let (mut appended, mut read_to, mut buf_read_to) = (vector(), vector(), vector());
    vec![
        codec(OURS, &options, |decompressor| {
            let pages = blocks
                .iter()
                .map(|block| black_box(decompressor.decompress(block).unwrap()).len());
            pages.sum()
        }),
        codec(FEED, &options, move |decompressor| {
            let (mut rest, mut len) = (stream, 0);
            while let Progress::Page(page) = decompressor.feed(&mut rest).unwrap() {
                len += black_box(page).len();
            }
            len
        }),
        buf_reader(FILL_BUF, &options, stream, |reader| {
            let mut len = 0;
            loop {
                let lent = black_box(reader.fill_buf().unwrap()).len();
                if lent == 0 {
                    return len;
                }
                len += lent;
                reader.consume(lent);
            }
        }),
        codec(COPIED, &options, move |decompressor| {
            let mut len = 0;
            for block in blocks.iter() {
                let page = decompressor.decompress(block).unwrap();
                copy[..page.len()].copy_from_slice(page);
                black_box(&mut copy);
                len += page.len();
            }
            len
        }),
        buf_reader(BUF_READ, &options, stream, move |reader| {
            read_pages(reader, &mut buf_read_into)
        }),
        reader(READ, &options, stream, move |reader| read_pages(reader, &mut read_into)),
        codec(APPENDED, &options, move |decompressor| {
            appended.clear();
            for block in blocks.iter() {
                appended.extend_from_slice(decompressor.decompress(block).unwrap());
            }
            black_box(&mut appended).len()
        }),
        buf_reader(BUF_READ_TO_END, &options, stream, move |reader| {
            read_to_end(reader, &mut buf_read_to)
        }),
        reader(READ_TO_END, &options, stream, move |reader| {
            read_to_end(reader, &mut read_to)
        }),
        // Grows, in memory that may be fresh.
        buf_reader(READ_TO_NEW, &options, stream, |reader| {
            read_to_end(reader, &mut Vec::new())
        }),
        decompressor(ONE_SHOT, move || {
            black_box(lz4_stream::decompress(stream, &options).unwrap()).len()
        }),
    ]
}

fn codec<'a>(
    name: &'static str,
    options: &DecompressOptions,
    mut pass: impl FnMut(&mut Lz4StreamDecompressor) -> usize + 'a,
) -> Contender<'a> {
    let options = options.clone();
    let mut slot = None;
    decompressor(name, move || {
        let new = || options.decompressor().unwrap();
        pass(reused(&mut slot, new, Lz4StreamDecompressor::reset))
    })
}

/// This reader copies the blocks, because any `Read` may be inside.
fn reader<'a>(
    name: &'static str,
    options: &DecompressOptions,
    stream: &'a [u8],
    mut pass: impl FnMut(&mut Lz4StreamReader<&'a [u8]>) -> usize + 'a,
) -> Contender<'a> {
    let options = options.clone();
    let mut slot = None;
    decompressor(name, move || {
        let new = || options.reader(stream).unwrap();
        pass(reused(&mut slot, new, |reader| {
            reader.reset(stream);
        }))
    })
}

/// This one need not copy them.
fn buf_reader<'a>(
    name: &'static str,
    options: &DecompressOptions,
    stream: &'a [u8],
    mut pass: impl FnMut(&mut Lz4StreamBufReader<&'a [u8]>) -> usize + 'a,
) -> Contender<'a> {
    let options = options.clone();
    let mut slot = None;
    decompressor(name, move || {
        let new = || options.buf_reader(stream).unwrap();
        pass(reused(&mut slot, new, |reader| {
            reader.reset(stream);
        }))
    })
}

fn read_to_end(reader: &mut impl Read, content: &mut Vec<u8>) -> usize {
    content.clear();
    reader.read_to_end(content).unwrap();
    black_box(content).len()
}

fn liblz4_two_pages(blocks: &Blocks) -> impl FnMut() -> usize {
    let mut slot = None;
    move || {
        let new = || liblz4::Decompressor::new(blocks.page_size, b"");
        let decompressor = reused(&mut slot, new, liblz4::Decompressor::reset);
        let blocks = blocks.iter();
        blocks
            .map(|block| black_box(decompressor.decompress(block).unwrap()).len())
            .sum()
    }
}

fn liblz4_contiguous<'a>(data: &'a [u8], blocks: &'a Blocks) -> Contender<'a> {
    let mut decompressor = liblz4::ContiguousDecompressor::new(data.len());
    contender(CONTIGUOUS, Mode::Default, move || {
        decompressor.reset();
        let blocks = blocks.iter();
        blocks
            .map(|block| black_box(decompressor.decompress(block).unwrap()).len())
            .sum()
    })
}

fn flex_blocks(blocks: &Blocks) -> impl FnMut() -> usize {
    let mut two_pages = [vec![0; blocks.page_size], vec![0; blocks.page_size]];
    move || {
        let (mut last, mut len) = (0, 0);
        for (i, block) in blocks.iter().enumerate() {
            let [even, odd] = &mut two_pages;
            let (page, history) = if i % 2 == 0 { (even, odd) } else { (odd, even) };
            // Only this decompressor fails on a block that reaches two pages back.
            last = lz4_flex::block::decompress_into_with_dict(block, page, &history[..last]).unwrap_or(0);
            len += last;
        }
        len
    }
}
