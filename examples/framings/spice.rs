//! SPICE's LZ4 images: a stream that ends when all rows are there. The head is a size prefix that this crate has.
//!
//! ```text
//! image = top down, 1 byte; format, 1 byte; (size, 4 bytes, big endian; block)*
//! ```
//!
//! A page is any number of whole rows. Its decoder has the whole image: `Strategy::RingBuffer` is fine.
//!
//! Source: `server/lz4-encoder.c` of SPICE, `canvas_get_lz4` in `common/canvas_base.c` of spice-common.

use std::io::{self, Read, Write};

use lz4_stream::{
    ByteOrder, CompressOptions, DecompressOptions, Error, Framing, Head, Lz4StreamDecompressor, Lz4StreamReader,
    SizePrefix, Strategy,
};

/// Bytes of a row, which the image descriptor knows.
pub const ROW: usize = 148;

struct Rows {
    prefix: SizePrefix,
    /// Bytes of the image to come.
    left: usize,
}

impl Framing for Rows {
    const MAX_HEAD_LEN: usize = SizePrefix::MAX_HEAD_LEN;

    fn max_block_len(&self) -> usize {
        self.prefix.max_block_len()
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        match self.left {
            0 => Ok(Head::End { head_len: 0 }),
            _ => self.prefix.read_head(bytes),
        }
    }

    fn check_page(&mut self, _block: &[u8], page: &[u8], _tail: &[u8]) -> Result<(), Error> {
        self.left = self
            .left
            .checked_sub(page.len())
            .ok_or(Error::bad_head("too many rows"))?;
        Ok(())
    }

    fn write_head(&mut self, block: &[u8], page: &[u8], out: &mut [u8]) -> usize {
        self.prefix.write_head(block, page, out)
    }

    fn needs_end(&self) -> bool {
        true
    }
}

/// Compresses an image.
pub fn write(image: &[u8]) -> io::Result<Vec<u8>> {
    let options = CompressOptions::new()
        .byte_order(ByteOrder::Big)
        .page_size(64 * ROW)
        .strategy(Strategy::RingBuffer);
    let mut writer = options.writer(vec![1, 8])?;
    writer.write_all(image)?;
    writer.finish()
}

/// Reads an image of `len` bytes.
pub fn read(stream: &[u8], len: usize) -> io::Result<Vec<u8>> {
    let rows = stream.get(2..).ok_or(io::ErrorKind::UnexpectedEof)?;
    let options = DecompressOptions::new().byte_order(ByteOrder::Big);
    let prefix = *options.decompressor()?.framing();
    let decompressor = Lz4StreamDecompressor::with_framing(Rows { prefix, left: len }, &options)?;
    let mut image = Vec::new();
    Lz4StreamReader::from_parts(rows, decompressor).read_to_end(&mut image)?;
    Ok(image)
}
