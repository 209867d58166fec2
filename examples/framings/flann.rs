//! FLANN's index files: sizes of 8 bytes and an end mark. The first size is the last field of the file's header, so
//! that only the rest of the header must be skipped. This crate has the framing.
//!
//! ```text
//! file   = header (size, 8 bytes; block)* 0, 8 bytes
//! header = 72 bytes: signature, version, types, rows, columns, 1 for compressed
//! ```
//!
//! FLANN's own reader wants pages of at most 64 KiB, the first 80 bytes less, and no value across two pages.
//!
//! Source: `src/cpp/flann/util/serialization.h` of FLANN, 64 bit.

use std::io::{self, Read, Write};

use lz4_stream::{CompressOptions, DecompressOptions, PrefixWidth};

const HEADER: usize = 72;
const PAGE: usize = 64 * 1024 - 80;

/// Writes the file of an index.
pub fn write(index: &[u8]) -> io::Result<Vec<u8>> {
    let header = b"FLANN_INDEX_v1.1".iter().copied().chain([0; HEADER - 16]);
    let options = CompressOptions::new().prefix_width(PrefixWidth::Eight).end_mark(true);
    let mut writer = options.page_size(PAGE).writer(header.collect::<Vec<_>>())?;
    writer.write_all(index)?;
    writer.finish()
}

/// Reads the index of a file.
pub fn read(mut file: &[u8]) -> io::Result<Vec<u8>> {
    file.read_exact(&mut [0; HEADER])?;
    let options = DecompressOptions::new().prefix_width(PrefixWidth::Eight).end_mark(true);
    let mut index = Vec::new();
    options.max_page_size(64 * 1024).reader(file)?.read_to_end(&mut index)?;
    Ok(index)
}
