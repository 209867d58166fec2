//! Netstrings: the size of each block in decimal digits. A framing for a protocol that people read.
//!
//! ```text
//! block = size in ASCII digits, ':', data, ','        the comma is read with the next head, or with the end
//! end   = "0:,"
//! ```
//!
//! Source: <https://cr.yp.to/proto/netstrings.txt>.

use std::io::{self, Read, Write};

use lz4_stream::{
    CompressOptions, DecompressOptions, Error, Framing, Head, Lz4StreamCompressor, Lz4StreamDecompressor,
    Lz4StreamReader, Lz4StreamWriter,
};

struct Netstrings {
    /// What ends the block before: nothing at first, then a comma.
    comma: &'static str,
}

impl Framing for Netstrings {
    const MAX_HEAD_LEN: usize = 12;

    fn max_block_len(&self) -> usize {
        999_999_999
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        let head = &bytes[..bytes.len().min(Self::MAX_HEAD_LEN)];
        let Some(colon) = head.iter().position(|&byte| byte == b':') else {
            return match head.len() {
                Self::MAX_HEAD_LEN => Err(Error::bad_head("not a netstring")),
                there => Ok(Head::Incomplete { needed: there + 1 }),
            };
        };
        let digits = head[..colon].strip_prefix(self.comma.as_bytes());
        let size = digits.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
        match (size.ok_or(Error::bad_head("not a netstring"))?, bytes.get(colon + 1)) {
            (0, None) => Ok(Head::Incomplete { needed: colon + 2 }),
            (0, Some(b',')) => Ok(Head::End { head_len: colon + 2 }),
            (block_len, _) => {
                self.comma = ",";
                Ok(Head::Block {
                    head_len: colon + 1,
                    block_len,
                })
            }
        }
    }

    fn write_head(&mut self, block: &[u8], _page: &[u8], out: &mut [u8]) -> usize {
        let head = format!("{}{}:", self.comma, block.len());
        out[..head.len()].copy_from_slice(head.as_bytes());
        self.comma = ",";
        head.len()
    }

    fn write_end(&mut self, out: &mut [u8]) -> usize {
        let end = format!("{}0:,", self.comma);
        out[..end.len()].copy_from_slice(end.as_bytes());
        end.len()
    }

    fn needs_end(&self) -> bool {
        true
    }
}

/// Compresses `content`.
pub fn write(content: &[u8]) -> io::Result<Vec<u8>> {
    let netstrings = Netstrings { comma: "" };
    let compressor = Lz4StreamCompressor::with_framing(netstrings, &CompressOptions::new())?;
    let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor);
    writer.write_all(content)?;
    writer.finish()
}

/// Reads a whole stream.
pub fn read(stream: &[u8]) -> io::Result<Vec<u8>> {
    let netstrings = Netstrings { comma: "" };
    let decompressor = Lz4StreamDecompressor::with_framing(netstrings, &DecompressOptions::new())?;
    let mut content = Vec::new();
    Lz4StreamReader::from_parts(stream, decompressor).read_to_end(&mut content)?;
    Ok(content)
}
