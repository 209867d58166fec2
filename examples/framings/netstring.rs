//! Netstrings: the size of each block in decimal digits, and a comma after it. A framing for a protocol that people
//! read.
//!
//! ```text
//! block = size in ASCII digits, ':', data, ','
//! end   = "0:,"
//! ```
//!
//! Source: <https://cr.yp.to/proto/netstrings.txt>.

use std::io::{self, Read, Write};

use lz4_stream::{
    CompressOptions, DecompressOptions, Error, Framing, Head, Lz4StreamCompressor, Lz4StreamDecompressor,
    Lz4StreamReader, Lz4StreamWriter,
};

struct Netstrings;

impl Framing for Netstrings {
    const MAX_HEAD_LEN: usize = 11;
    const TAIL_LEN: usize = 1;

    fn max_block_len(&self) -> usize {
        999_999_999
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        let needed = bytes.len() + 1;
        let digits = bytes.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
        let (size, head_len) = (str::from_utf8(&bytes[..digits]).map(str::parse), digits + 1);
        match (size, &bytes[digits..]) {
            (_, []) | (Ok(Ok(0)), [b':']) => Ok(Head::Incomplete { needed }),
            (Ok(Ok(0)), [b':', b',', ..]) => Ok(Head::End { head_len: head_len + 1 }),
            (Ok(Ok(block_len)), [b':', ..]) => Ok(Head::Block { head_len, block_len }),
            _ => Err(Error::bad_head("not a netstring")),
        }
    }

    fn check_page(&mut self, _block: &[u8], _page: &[u8], tail: &[u8]) -> Result<(), Error> {
        (tail == b",").then_some(()).ok_or(Error::bad_head("no comma"))
    }

    fn write_head(&mut self, block: &[u8], _page: &[u8], mut out: &mut [u8]) -> usize {
        let there = out.len();
        write!(out, "{}:", block.len()).expect("it fits");
        there - out.len()
    }

    fn write_tail(&mut self, _block: &[u8], _page: &[u8], out: &mut [u8]) {
        out[0] = b',';
    }

    fn write_end(&mut self, out: &mut [u8]) -> usize {
        out[..3].copy_from_slice(b"0:,");
        3
    }

    fn needs_end(&self) -> bool {
        true
    }
}

/// Compresses `content`.
pub fn write(content: &[u8]) -> io::Result<Vec<u8>> {
    let compressor = Lz4StreamCompressor::with_framing(Netstrings, &CompressOptions::new())?;
    let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor);
    writer.write_all(content)?;
    writer.finish()
}

/// Reads a whole stream.
pub fn read(stream: &[u8]) -> io::Result<Vec<u8>> {
    let decompressor = Lz4StreamDecompressor::with_framing(Netstrings, &DecompressOptions::new())?;
    let mut content = Vec::new();
    Lz4StreamReader::from_parts(stream, decompressor).read_to_end(&mut content)?;
    Ok(content)
}
