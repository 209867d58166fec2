//! Seastar's RPC compressor `LZ4_FRAGMENTED`: a flag in the size says which block is the last, and that one has the
//! length of its page instead of its own.
//!
//! ```text
//! message = (length of the block, 4 bytes; block)*  0x8000_0000 | length of the page, 4 bytes; block
//! ```
//!
//! All pages but the last have 32 KiB. An empty message is one empty page. Every message is a stream of its own, and
//! its length is outside.
//!
//! Source: `src/rpc/lz4_fragmented_compressor.cc` of Seastar.

use std::io::{self, Read};

use lz4_stream::{
    CompressOptions, DecompressOptions, Error, Framing, Head, Lz4StreamCompressor, Lz4StreamDecompressor,
    Lz4StreamReader,
};

const PAGE: u32 = 32 * 1024;
const LAST: u32 = 1 << 31;

struct Seastar {
    /// Bytes to come: of the message's blocks when reading, of its content when writing.
    left: usize,
    /// The last head that was read.
    head: u32,
}

impl Framing for Seastar {
    const MAX_HEAD_LEN: usize = 4;

    fn max_block_len(&self) -> usize {
        LAST as usize - 1
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        self.head = match bytes.first_chunk() {
            _ if self.head >= LAST => return Ok(Head::End { head_len: 0 }),
            None => return Ok(Head::Incomplete { needed: 4 }),
            Some(head) => u32::from_le_bytes(*head),
        };
        let rest = self.left.saturating_sub(4);
        let block_len = if self.head < LAST { self.head as usize } else { rest };
        self.left = rest.saturating_sub(block_len);
        Ok(Head::Block { head_len: 4, block_len })
    }

    fn check_page(&mut self, _block: &[u8], page: &[u8], _tail: &[u8]) -> Result<(), Error> {
        let right = page.len() as u32 == self.head.checked_sub(LAST).unwrap_or(PAGE);
        right.then_some(()).ok_or(Error::bad_head("a page of another length"))
    }

    fn write_head(&mut self, block: &[u8], page: &[u8], out: &mut [u8]) -> usize {
        self.left -= page.len();
        let last = LAST | page.len() as u32;
        let head = if self.left > 0 { block.len() as u32 } else { last };
        out.copy_from_slice(&head.to_le_bytes());
        4
    }

    fn needs_end(&self) -> bool {
        true
    }
}

/// Compresses a message.
pub fn write(message: &[u8]) -> io::Result<Vec<u8>> {
    let options = CompressOptions::new().page_size(PAGE as usize);
    let left = message.len();
    let mut compressor = Lz4StreamCompressor::with_framing(Seastar { left, head: 0 }, &options)?;
    let mut stream = Vec::new();
    for page in message.chunks(PAGE as usize) {
        compressor.compress_into(page, &mut stream)?;
    }
    if message.is_empty() {
        stream.extend_from_slice(compressor.end_page_even_empty()?);
    }
    Ok(stream)
}

/// Reads a whole message.
pub fn read(stream: &[u8]) -> io::Result<Vec<u8>> {
    let options = DecompressOptions::new().max_page_size(PAGE as usize);
    let left = stream.len();
    let decompressor = Lz4StreamDecompressor::with_framing(Seastar { left, head: 0 }, &options)?;
    let mut message = Vec::new();
    Lz4StreamReader::from_parts(stream, decompressor).read_to_end(&mut message)?;
    Ok(message)
}
