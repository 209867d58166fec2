//! Netdata's streaming between agents: a size of 14 bits in a signature of four bytes. The last one is a newline, so
//! that a peer that expects lines of text finds one.
//!
//! ```text
//! head = 0xFA, 0x80 | low 7 bits of the size, 0x80 | high 7 bits, '\n'
//! ```
//!
//! Its decoder holds 64 KiB and two messages of 16 KiB: `Strategy::RingBuffer` is fine.
//!
//! Source: `src/streaming/stream-compression/compression.h` and `lz4.c` of Netdata.

use std::io::{self, Read, Write};

use lz4_stream::{
    CompressOptions, DecompressOptions, Error, Framing, Head, Lz4StreamCompressor, Lz4StreamDecompressor,
    Lz4StreamReader, Lz4StreamWriter, Strategy,
};

/// The largest page whose block is sure to fit 14 bits.
const PAGE: usize = lz4_stream::page_bound(0x3FFF);

struct Netdata;

impl Framing for Netdata {
    const MAX_HEAD_LEN: usize = 4;

    fn max_block_len(&self) -> usize {
        0x3FFF
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        match *bytes {
            [0xFA, low @ 0x80..=0xFF, high @ 0x80..=0xFF, b'\n', ..] => {
                let block_len = usize::from(low & 0x7F) | usize::from(high & 0x7F) << 7;
                Ok(Head::Block { head_len: 4, block_len })
            }
            [_, _, _, _, ..] => Err(Error::bad_head("no signature before a block")),
            _ => Ok(Head::Incomplete { needed: 4 }),
        }
    }

    fn write_head(&mut self, block: &[u8], _page: &[u8], out: &mut [u8]) -> usize {
        let len = block.len();
        out.copy_from_slice(&[0xFA, len as u8 | 0x80, (len >> 7) as u8 | 0x80, b'\n']);
        4
    }
}

/// Compresses what goes over a connection.
pub fn write(content: &[u8]) -> io::Result<Vec<u8>> {
    let options = CompressOptions::new().page_size(PAGE).strategy(Strategy::RingBuffer);
    let compressor = Lz4StreamCompressor::with_framing(Netdata, &options)?;
    let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor);
    writer.write_all(content)?;
    writer.finish()
}

/// Reads what came over a connection.
pub fn read(stream: &[u8]) -> io::Result<Vec<u8>> {
    let options = DecompressOptions::new().max_page_size(16 * 1024);
    let decompressor = Lz4StreamDecompressor::with_framing(Netdata, &options)?;
    let mut content = Vec::new();
    Lz4StreamReader::from_parts(stream, decompressor).read_to_end(&mut content)?;
    Ok(content)
}
