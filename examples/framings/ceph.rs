//! Ceph's compressor `lz4`: the lengths of all pages and blocks stand in a table before the first block.
//!
//! ```text
//! object = count, 4 bytes; (length of the page, length of the block, 4 bytes each)*; block*
//! ```
//!
//! All numbers are little endian. Its decoder has the whole object: `Strategy::RingBuffer` is fine. Ceph itself makes
//! one page of all the content, so `max_page_size` is the size of the largest object.
//!
//! Source: `src/compressor/lz4/LZ4Compressor.cc` of Ceph.

use std::io::{self, Read};

use lz4_stream::{
    CompressOptions, DecompressOptions, Error, Framing, Head, Lz4StreamCompressor, Lz4StreamDecompressor,
    Lz4StreamReader, Strategy,
};

const PAGE: usize = 64 * 1024;

/// The lengths of pages and blocks: those to come when reading, those that were when writing.
struct Table(Vec<[u32; 2]>);

impl Framing for Table {
    const MAX_HEAD_LEN: usize = 0;

    fn max_block_len(&self) -> usize {
        u32::MAX as usize
    }

    fn read_head(&mut self, _bytes: &[u8]) -> Result<Head, Error> {
        Ok(match self.0.last() {
            None => Head::End { head_len: 0 },
            Some(&[_, block_len]) => Head::Block {
                head_len: 0,
                block_len: block_len as usize,
            },
        })
    }

    fn check_page(&mut self, _block: &[u8], page: &[u8], _tail: &[u8]) -> Result<(), Error> {
        match self.0.pop() {
            Some([page_len, _]) if page_len as usize == page.len() => Ok(()),
            _ => Err(Error::bad_head("a page of another length")),
        }
    }

    fn write_head(&mut self, block: &[u8], page: &[u8], _out: &mut [u8]) -> usize {
        self.0.push([page.len() as u32, block.len() as u32]);
        0
    }
}

/// Compresses an object.
pub fn write(content: &[u8]) -> io::Result<Vec<u8>> {
    let options = CompressOptions::new().page_size(PAGE).strategy(Strategy::RingBuffer);
    let mut compressor = Lz4StreamCompressor::with_framing(Table(Vec::new()), &options)?;
    let mut blocks = Vec::new();
    for page in content.chunks(PAGE) {
        compressor.compress_into(page, &mut blocks)?;
    }
    let table = &compressor.framing().0;
    let numbers = [table.len() as u32].into_iter().chain(table.iter().copied().flatten());
    let mut object: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
    object.extend_from_slice(&blocks);
    Ok(object)
}

/// Reads a whole object.
pub fn read(object: &[u8]) -> io::Result<Vec<u8>> {
    let (count, rest) = object.split_first_chunk().ok_or(io::ErrorKind::UnexpectedEof)?;
    let len = (u32::from_le_bytes(*count) as usize).saturating_mul(8);
    let (table, blocks) = rest.split_at_checked(len).ok_or(io::ErrorKind::UnexpectedEof)?;
    let numbers: Vec<u32> = table
        .chunks_exact(4)
        .map(|number| u32::from_le_bytes(number.try_into().expect("four bytes")))
        .collect();
    // The last one first, as a stack.
    let table = Table(numbers.chunks_exact(2).rev().map(|pair| [pair[0], pair[1]]).collect());
    let decompressor = Lz4StreamDecompressor::with_framing(table, &DecompressOptions::new())?;
    let mut content = Vec::new();
    let mut reader = Lz4StreamReader::from_parts(blocks, decompressor);
    reader.read_to_end(&mut content)?;
    match reader.into_inner() {
        [] => Ok(content),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}
