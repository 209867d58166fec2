//! Fuchsia's system log recorder: sizes of two bytes, big endian; a size of zero means that the writer started over,
//! and the reader forgets what was before. This crate has the framing.
//!
//! ```text
//! block file = (0, 2 bytes | size, 2 bytes; block)*
//! ```
//!
//! Its decoder has a ring of 64 KiB and a message: `Strategy::RingBuffer` is fine. Each of its files is a stream of its
//! own.
//!
//! Source: `src/developer/forensics/feedback_data/system_log_recorder/encoding` of Fuchsia.

use std::io::{self, Read, Write};

use lz4_stream::{ByteOrder, CompressOptions, DecompressOptions, PrefixWidth, Strategy, StreamFormat, ZeroPrefix};

fn format() -> StreamFormat {
    StreamFormat::new()
        .prefix_width(PrefixWidth::Two)
        .byte_order(ByteOrder::Big)
        .zero_prefix(ZeroPrefix::Restart)
}

/// Writes a file of the log.
pub fn write(log: &[u8]) -> io::Result<Vec<u8>> {
    let options = CompressOptions::new().format(format()).strategy(Strategy::RingBuffer);
    let mut writer = options.page_size(16 * 1024).restart_every(4).writer(Vec::new())?;
    writer.write_all(log)?;
    writer.finish()
}

/// Reads the log of a file.
pub fn read(file: &[u8]) -> io::Result<Vec<u8>> {
    let mut log = Vec::new();
    DecompressOptions::new()
        .format(format())
        .reader(file)?
        .read_to_end(&mut log)?;
    Ok(log)
}
