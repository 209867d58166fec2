//! Random access: a variable of a GDS file (the R package gdsfmt), compressed with `LZ4_RA`. Groups of blocks begin
//! without history, so each group is a stream of its own, and a table at the end tells where each begins.
//!
//! ```text
//! variable = "LZ4_RA" 0x10 level 0x11 k count length group* entry*     level = 1 to 3; at level 0, pages are stored
//! count    = number of groups, 4 bytes
//! length   = length of all groups, 6 bytes
//! group    = block*                 sizes of 2 bytes, pages of 0xFE00 bytes
//! entry    = length of the group, 3 bytes; length of its content, 4 bytes
//! ```
//!
//! All numbers are little endian. Source: `dStream.cpp` of gdsfmt.

use std::io;
use std::ops::Range;

use lz4_stream::{CompressOptions, DecompressOptions, PrefixWidth};

const MAGIC: &[u8] = b"LZ4_RA\x10";
const VERSION: u8 = 0x11;
const PAGE: usize = 0xFE00;
/// A group ends with the block that makes it at least this long.
const GROUP: usize = 16 * 1024;

/// A variable, and where its groups are.
pub struct Variable<'a> {
    groups: Vec<(&'a [u8], Range<usize>)>,
}

impl<'a> Variable<'a> {
    /// Reads the table of `bytes`.
    pub fn new(bytes: &'a [u8]) -> io::Result<Self> {
        let header = |bytes: &'a [u8]| {
            let rest = bytes.strip_prefix(MAGIC)?;
            let (settings, rest) = rest.split_at_checked(13)?;
            // At level 0, pages are stored. Version 1.0 has no table.
            if settings[0] == 0 || settings[1] != VERSION {
                return None;
            }
            let count = number(&settings[3..7]);
            let (groups, table) = rest.split_at_checked(number(&settings[7..]))?;
            Some((groups, table.get(..count.checked_mul(7)?)?))
        };
        let (mut rest, table) = header(bytes).ok_or(io::ErrorKind::InvalidData)?;
        let (mut groups, mut at) = (Vec::new(), 0);
        for entry in table.chunks(7) {
            let (len, content_len) = (number(&entry[..3]), number(&entry[3..]));
            let (group, after) = rest.split_at_checked(len).ok_or(io::ErrorKind::InvalidData)?;
            groups.push((group, at..at + content_len));
            at += content_len;
            rest = after;
        }
        Ok(Variable { groups })
    }

    /// The length of the content, in bytes.
    pub fn content_len(&self) -> usize {
        self.groups.last().map_or(0, |(_, content)| content.end)
    }

    /// Reads a part of the content. Decodes no other group.
    pub fn read(&self, part: Range<usize>) -> io::Result<Vec<u8>> {
        let options = DecompressOptions::new()
            .prefix_width(PrefixWidth::Two)
            .max_page_size(PAGE);
        let mut out = Vec::new();
        for (group, content) in &self.groups {
            let (from, to) = (part.start.max(content.start), part.end.min(content.end));
            if from < to {
                let page = lz4_stream::decompress(group, &options)?;
                if page.len() != content.len() {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                out.extend_from_slice(&page[from - content.start..to - content.start]);
            }
        }
        Ok(out)
    }
}

/// Compresses `content` to a variable.
pub fn write(content: &[u8]) -> io::Result<Vec<u8>> {
    let options = CompressOptions::new().prefix_width(PrefixWidth::Two).page_size(PAGE);
    let mut compressor = options.compressor()?;
    let (mut groups, mut table, mut count) = (Vec::new(), Vec::new(), 0_u32);
    let mut pages = content.chunks(PAGE).peekable();
    while pages.peek().is_some() {
        compressor.reset();
        let start = groups.len();
        while groups.len() - start < GROUP
            && let Some(page) = pages.next()
        {
            compressor.compress_into(page, &mut groups)?;
        }
        table.extend_from_slice(&((groups.len() - start) as u32).to_le_bytes()[..3]);
        table.extend_from_slice(&(compressor.total_in() as u32).to_le_bytes());
        count += 1;
    }
    let length = &(groups.len() as u64).to_le_bytes()[..6];
    Ok([MAGIC, &[2, VERSION, 0], &count.to_le_bytes(), length, &groups, &table].concat())
}

/// A number of up to eight bytes, little endian.
fn number(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rev()
        .fold(0, |number, &byte| number << 8 | usize::from(byte))
}

#[allow(dead_code)] // the tests use this file as a module
fn main() -> io::Result<()> {
    let content: Vec<u8> = (0..60_000_u32).flat_map(|n| (n * n).to_le_bytes()).collect();
    let bytes = write(&content)?;
    let variable = Variable::new(&bytes)?;
    let part = 150_000..150_100;
    assert_eq!(variable.read(part.clone())?, content[part]);
    assert_eq!(variable.read(0..variable.content_len())?, content);
    let groups = variable.groups.len();
    println!("{} bytes take {} in {groups} groups", content.len(), bytes.len());
    Ok(())
}
