//! ScyllaDB's RPC compression: a size of 1 to 4 bytes, whose first byte tells by its low zero bits how many follow.
//!
//! ```text
//! head = (size * 2 + 1) << (n - 1), in n bytes, little endian        n = 1 to 4, for sizes of 7 n bits
//! ```
//!
//! Every message is a stream of its own, and its length is outside. Both ends have a ring, in which no page goes around
//! the end, so all pages but the last one of a message must have a size that divides the ring. Both ends may share a
//! dictionary.
//!
//! Source: `utils/stream_compressor.cc` of ScyllaDB (`varint_encode`, `lz4_cstream`, `lz4_dstream`).

use std::io::{self, Read, Write};

use lz4_stream::{
    CompressOptions, DecompressOptions, Error, Framing, Head, Lz4StreamCompressor, Lz4StreamDecompressor,
    Lz4StreamReader, Lz4StreamWriter,
};

const PAGE: usize = 32 * 1024;

struct ScyllaDb;

impl Framing for ScyllaDb {
    const MAX_HEAD_LEN: usize = 4;

    fn max_block_len(&self) -> usize {
        (1 << 28) - 1
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        let head_len = 1 + bytes.first().map_or(0, |first| first.trailing_zeros()) as usize;
        match bytes.get(..head_len) {
            _ if head_len > 4 => Err(Error::bad_head("a size of more than 4 bytes")),
            None => Ok(Head::Incomplete { needed: head_len }),
            Some(head) => {
                let number = head
                    .iter()
                    .rev()
                    .fold(0, |number, &byte| number << 8 | usize::from(byte));
                let block_len = number >> head_len;
                Ok(Head::Block { head_len, block_len })
            }
        }
    }

    fn write_head(&mut self, block: &[u8], _page: &[u8], out: &mut [u8]) -> usize {
        let head_len = (block.len().ilog2() / 7 + 1) as usize;
        out.copy_from_slice(&((block.len() as u32 * 2 + 1) << (head_len - 1)).to_le_bytes());
        head_len
    }
}

/// Compresses a message.
pub fn write(message: &[u8]) -> io::Result<Vec<u8>> {
    let options = CompressOptions::new().page_size(PAGE);
    let compressor = Lz4StreamCompressor::with_framing(ScyllaDb, &options)?;
    let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor);
    writer.write_all(message)?;
    writer.finish()
}

/// Reads a whole message.
pub fn read(stream: &[u8]) -> io::Result<Vec<u8>> {
    let options = DecompressOptions::new().max_page_size(64 * 1024);
    let decompressor = Lz4StreamDecompressor::with_framing(ScyllaDb, &options)?;
    let mut message = Vec::new();
    Lz4StreamReader::from_parts(stream, decompressor).read_to_end(&mut message)?;
    Ok(message)
}
