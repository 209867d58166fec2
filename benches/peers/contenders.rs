//! What is measured: each contender through the interface that its users would choose, page by page.

use std::hint::black_box;
use std::io::{BufRead, Read, Write};

use lz4_stream::{
    CompressOptions, DecompressOptions, LZ4_MAX_INPUT_SIZE, Lz4StreamBufReader, Lz4StreamWriter, Mode, compress_bound,
};

use crate::liblz4;

/// A contender in one cell. A pass goes over all pages and returns the number of bytes that came out.
pub struct Contender<'a> {
    pub name: &'static str,
    pub pass: Box<dyn FnMut() -> usize + 'a>,
}

fn contender<'a>(name: &'static str, pass: impl FnMut() -> usize + 'a) -> Contender<'a> {
    Contender {
        name,
        pass: Box::new(pass),
    }
}

pub const OURS: &str = "lz4-stream";
pub const LIBLZ4: &str = "liblz4";
pub const WRITER: &str = "lz4-stream writer";
pub const READER: &str = "lz4-stream reader";
pub const MEMCPY: &str = "memcpy";

fn options(page_size: usize, mode: Mode) -> CompressOptions {
    CompressOptions::new().page_size(page_size).mode(mode)
}

/// This crate's compressor without I/O.
pub fn our_compressor(data: &[u8], page_size: usize, mode: Mode) -> Contender<'_> {
    contender(OURS, move || {
        let mut compressor = options(page_size, mode).compressor().unwrap();
        data.chunks(page_size)
            .map(|page| black_box(compressor.compress(page).unwrap()).len())
            .sum()
    })
}

/// liblz4 over two page buffers. The prefix that this crate writes is added to the count.
pub fn liblz4_compressor(data: &[u8], page_size: usize, mode: Mode) -> Contender<'_> {
    let mut block = vec![0; compress_bound(page_size)];
    contender(LIBLZ4, move || {
        let mut compressor = liblz4::Compressor::new(page_size, mode, b"");
        data.chunks(page_size)
            .map(|page| 4 + compressor.compress_into(page, &mut block))
            .sum()
    })
}

/// This crate and liblz4 in the same mode. liblz4 is the reference, here and below.
pub fn ours_and_liblz4(data: &[u8], page_size: usize, mode: Mode) -> Vec<Contender<'_>> {
    vec![
        liblz4_compressor(data, page_size, mode),
        our_compressor(data, page_size, mode),
    ]
}

/// All compressors in their default modes.
pub fn compressors(data: &[u8], page_size: usize) -> Vec<Contender<'_>> {
    let mut flex_block = vec![0; lz4_flex::block::get_maximum_output_size(page_size)];
    let mut copy = vec![0; page_size];
    vec![
        liblz4_compressor(data, page_size, Mode::Default),
        our_compressor(data, page_size, Mode::Default),
        contender(WRITER, move || {
            let mut writer = options(page_size, Mode::Default).writer(Counter(0)).unwrap();
            writer.write_all(data).unwrap();
            writer.finish().unwrap().0
        }),
        contender("lz4_flex block", move || {
            let mut last: &[u8] = &[];
            data.chunks(page_size)
                .map(|page| {
                    let len = lz4_flex::block::compress_into_with_dict(page, &mut flex_block, last).unwrap();
                    last = &page[page.len().saturating_sub(65_536)..];
                    4 + len
                })
                .sum()
        }),
        contender("lz4_flex frame", move || {
            use lz4_flex::frame::{BlockMode, FrameEncoder, FrameInfo};
            let info = FrameInfo::new().block_mode(BlockMode::Linked);
            let mut writer = FrameEncoder::with_frame_info(info, Counter(0));
            write_pages(&mut writer, data, page_size);
            writer.finish().unwrap().0
        }),
        contender("lz4rip frame", move || {
            let mut writer = lz4rip::frame::FrameEncoder::with_frame_info(rip_info(), Counter(0));
            write_pages(&mut writer, data, page_size);
            writer.finish().unwrap().0
        }),
        contender("snap frame", move || {
            let mut writer = snap::write::FrameEncoder::new(Counter(0));
            write_pages(&mut writer, data, page_size);
            writer.into_inner().unwrap().0
        }),
        contender(MEMCPY, move || {
            for page in data.chunks(page_size) {
                copy[..page.len()].copy_from_slice(page);
                black_box(&mut copy);
            }
            data.len()
        }),
    ]
}

/// `data` compressed by liblz4: the input of all decompressors of linked blocks.
pub fn liblz4_blocks(data: &[u8], page_size: usize, mode: Mode) -> Vec<Vec<u8>> {
    let mut compressor = liblz4::Compressor::new(page_size, mode, b"");
    data.chunks(page_size).map(|page| compressor.compress(page)).collect()
}

/// `blocks` with their prefixes, as one stream.
pub fn with_prefixes(blocks: &[Vec<u8>]) -> Vec<u8> {
    let mut stream = Vec::new();
    for block in blocks {
        stream.extend((block.len() as u32).to_le_bytes());
        stream.extend(block);
    }
    stream
}

/// This crate's decompressor without I/O.
pub fn our_decompressor(blocks: &[Vec<u8>]) -> Contender<'_> {
    contender(OURS, move || {
        let options = DecompressOptions::new().max_page_size(LZ4_MAX_INPUT_SIZE);
        let mut decompressor = options.decompressor().unwrap();
        blocks
            .iter()
            .map(|block| black_box(decompressor.decompress(block).unwrap()).len())
            .sum()
    })
}

/// All decompressors. `blocks` and `stream` are `data` compressed by liblz4, without and with prefixes.
pub fn decompressors<'a>(
    data: &'a [u8],
    page_size: usize,
    blocks: &'a [Vec<u8>],
    stream: &'a [u8],
) -> Vec<Contender<'a>> {
    let flex_frame = {
        use lz4_flex::frame::{BlockMode, FrameEncoder, FrameInfo};
        let mut writer = FrameEncoder::with_frame_info(FrameInfo::new().block_mode(BlockMode::Linked), Vec::new());
        write_pages(&mut writer, data, page_size);
        writer.finish().unwrap()
    };
    let rip_frame = {
        let mut writer = lz4rip::frame::FrameEncoder::with_frame_info(rip_info(), Vec::new());
        write_pages(&mut writer, data, page_size);
        writer.finish().unwrap()
    };
    let snap_frame = {
        let mut writer = snap::write::FrameEncoder::new(Vec::new());
        write_pages(&mut writer, data, page_size);
        writer.into_inner().unwrap()
    };
    let mut two_pages = [vec![0; page_size], vec![0; page_size]];
    let (mut flex_page, mut rip_page, mut snap_page) = (vec![0; page_size], vec![0; page_size], vec![0; page_size]);
    let mut copy = vec![0; page_size];
    vec![
        contender(LIBLZ4, move || {
            let mut decompressor = liblz4::Decompressor::new(page_size, b"");
            blocks
                .iter()
                .map(|block| black_box(decompressor.decompress(block).unwrap()).len())
                .sum()
        }),
        our_decompressor(blocks),
        contender(READER, move || {
            let mut reader = Lz4StreamBufReader::new(stream);
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
        contender("lz4_flex block", move || {
            let mut last = 0;
            let mut len = 0;
            for (i, block) in blocks.iter().enumerate() {
                let [even, odd] = &mut two_pages;
                let (page, history) = if i % 2 == 0 { (even, odd) } else { (odd, even) };
                // Only this decompressor fails on a block that reaches two pages back.
                last = lz4_flex::block::decompress_into_with_dict(block, page, &history[..last]).unwrap_or(0);
                len += last;
            }
            len
        }),
        contender("lz4_flex frame", move || {
            read_pages(lz4_flex::frame::FrameDecoder::new(&flex_frame[..]), &mut flex_page)
        }),
        contender("lz4rip frame", move || {
            read_pages(lz4rip::frame::FrameDecoder::new(&rip_frame[..]), &mut rip_page)
        }),
        contender("snap frame", move || {
            read_pages(snap::read::FrameDecoder::new(&snap_frame[..]), &mut snap_page)
        }),
        contender(MEMCPY, move || {
            for page in data.chunks(page_size) {
                copy[..page.len()].copy_from_slice(page);
                black_box(&mut copy);
            }
            data.len()
        }),
    ]
}

/// A stream for each message: first with everything new each time, then with a compressor that is reset.
pub fn short_streams<'a>(messages: &'a [&'a [u8]]) -> Vec<Contender<'a>> {
    let most = messages.iter().map(|message| message.len()).max().unwrap_or(0);
    let mut block = vec![0; compress_bound(most)];
    let mut again_block = block.clone();
    let mut peer = liblz4::Compressor::new(most, Mode::Default, b"");
    let mut out = Vec::new();
    let mut compressor = CompressOptions::new().compressor().unwrap();
    let mut writer = Lz4StreamWriter::new(Vec::new());
    let mut spare = Vec::new();
    type One<'a> = Box<dyn FnMut(&[u8]) -> usize + 'a>;
    let each = |name, mut one: One<'a>| contender(name, move || messages.iter().map(|message| one(message)).sum());
    vec![
        each(
            "liblz4: create, compress, free",
            Box::new(move |message| {
                let mut compressor = liblz4::Compressor::new(message.len(), Mode::Default, b"");
                4 + compressor.compress_into(message, &mut block)
            }),
        ),
        each(
            "lz4-stream: new compressor, compress, drop",
            Box::new(move |message| {
                let mut compressor = CompressOptions::new().compressor().unwrap();
                black_box(compressor.compress(message).unwrap()).len()
            }),
        ),
        each(
            "lz4-stream: new writer, write_all, finish",
            Box::new(move |message| {
                out.clear();
                let mut writer = Lz4StreamWriter::new(&mut out);
                writer.write_all(message).unwrap();
                writer.finish().unwrap().len()
            }),
        ),
        each(
            "liblz4: reset, compress",
            Box::new(move |message| {
                peer.reset();
                4 + peer.compress_into(message, &mut again_block)
            }),
        ),
        each(
            "lz4-stream: reset compressor, compress",
            Box::new(move |message| {
                compressor.reset();
                black_box(compressor.compress(message).unwrap()).len()
            }),
        ),
        each(
            "lz4-stream: reset writer, write_all, finish",
            Box::new(move |message| {
                writer.write_all(message).unwrap();
                spare.clear();
                spare = writer.reset(std::mem::take(&mut spare)).unwrap();
                spare.len()
            }),
        ),
    ]
}

fn rip_info() -> lz4rip::frame::FrameInfo {
    lz4rip::frame::FrameInfo::new().block_mode(lz4rip::frame::BlockMode::Linked)
}

/// Flushes after every page, so that the blocks of the frames are pages too.
fn write_pages(writer: &mut impl Write, data: &[u8], page_size: usize) {
    for page in data.chunks(page_size) {
        writer.write_all(page).unwrap();
        writer.flush().unwrap();
    }
}

fn read_pages(mut reader: impl Read, page: &mut [u8]) -> usize {
    let mut len = 0;
    loop {
        match reader.read(page).unwrap() {
            0 => return len,
            n => {
                len += n;
                black_box(&mut *page);
            }
        }
    }
}

/// Counts the bytes written and drops them.
struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += black_box(bytes).len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
