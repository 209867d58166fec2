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

const PAGE: usize = 32 * 1024;
const LAST: u32 = 1 << 31;

struct Seastar {
    /// Bytes to come: of the message's blocks when reading, of its content when writing.
    left: usize,
    page_len: usize,
    is_last: bool,
}

impl Framing for Seastar {
    const MAX_HEAD_LEN: usize = 4;

    fn max_block_len(&self) -> usize {
        LAST as usize - 1
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        let head = match bytes.first_chunk() {
            _ if self.is_last => return Ok(Head::End { head_len: 0 }),
            None => return Ok(Head::Incomplete { needed: 4 }),
            Some(head) => u32::from_le_bytes(*head),
        };
        self.is_last = head & LAST != 0;
        let rest = self.left.saturating_sub(4);
        let (block_len, page_len) = match self.is_last {
            true => (rest, (head ^ LAST) as usize),
            false => (head as usize, PAGE),
        };
        (self.left, self.page_len) = (rest.saturating_sub(block_len), page_len);
        Ok(Head::Block { head_len: 4, block_len })
    }

    fn check_page(&mut self, page: &[u8]) -> Result<(), Error> {
        let is_right = page.len() == self.page_len;
        is_right
            .then_some(())
            .ok_or(Error::bad_head("a page of another length"))
    }

    fn write_head(&mut self, block: &[u8], page: &[u8], out: &mut [u8]) -> usize {
        self.left -= page.len();
        let head = match self.left {
            0 => LAST | page.len() as u32,
            _ => block.len() as u32,
        };
        out.copy_from_slice(&head.to_le_bytes());
        4
    }

    fn needs_end(&self) -> bool {
        true
    }
}

impl Seastar {
    fn new(left: usize) -> Self {
        Seastar {
            left,
            page_len: 0,
            is_last: false,
        }
    }
}

/// Compresses a message.
pub fn write(message: &[u8]) -> io::Result<Vec<u8>> {
    let options = CompressOptions::new().page_size(PAGE);
    let mut compressor = Lz4StreamCompressor::with_framing(Seastar::new(message.len()), &options)?;
    let mut stream = Vec::new();
    for page in message.chunks(PAGE) {
        compressor.compress_into(page, &mut stream)?;
    }
    if message.is_empty() {
        stream.extend_from_slice(compressor.end_page_even_empty()?);
    }
    Ok(stream)
}

/// Reads a whole message.
pub fn read(stream: &[u8]) -> io::Result<Vec<u8>> {
    let options = DecompressOptions::new().max_page_size(PAGE);
    let decompressor = Lz4StreamDecompressor::with_framing(Seastar::new(stream.len()), &options)?;
    let mut message = Vec::new();
    Lz4StreamReader::from_parts(stream, decompressor).read_to_end(&mut message)?;
    Ok(message)
}
