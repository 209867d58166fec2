//! What is measured: each contender through the interface that its users would choose, page by page.
//!
//! Every contender has the history that its users have: two pages, or 64 KiB of everything before. What can be reset is
//! made in the first pass, which is not timed, and reset for the others: with large pages and little data, the time to
//! get fresh memory would count more than the work. Only the streams of one message measure what the start costs.

mod compress;
mod decompress;
mod frames;
mod short;

use std::hint::black_box;

use lz4_stream::{CompressOptions, Mode};

pub use compress::{compressors, ours_and_liblz4};
pub use decompress::{Blocks, decompressors, decompressors_of_contiguous};
pub use frames::Frames;
pub use short::short_streams;

/// A contender in one cell. A pass goes over all pages and returns the number of bytes that came out.
pub struct Contender<'a> {
    pub name: &'static str,
    pub mode: Mode,
    pub pass: Box<dyn FnMut() -> usize + 'a>,
}

fn contender<'a>(name: &'static str, mode: Mode, pass: impl FnMut() -> usize + 'a) -> Contender<'a> {
    Contender {
        name,
        mode,
        pass: Box::new(pass),
    }
}

/// This crate's codec.
pub const OURS: &str = "lz4-stream";
/// This crate's codec with [`lz4_stream::Strategy::RingBuffer`].
pub const RING: &str = "lz4-stream ring";
/// The same, for content that lies in memory as a whole: it is written with one call.
pub const RING_WRITER: &str = "lz4-stream ring writer";
pub const ONE_SHOT: &str = "lz4-stream one-shot";
pub const WRITER: &str = "lz4-stream writer";
pub const FEED: &str = "lz4-stream feed";
pub const READ: &str = "lz4-stream read";
pub const READ_TO_END: &str = "lz4-stream read_to_end";
pub const READ_TO_NEW: &str = "lz4-stream read_to_end of a new vector";
pub const FILL_BUF: &str = "lz4-stream fill_buf";
pub const BUF_READ: &str = "lz4-stream buffered read";
pub const BUF_READ_TO_END: &str = "lz4-stream buffered read_to_end";
/// The codec, and a copy of each page to a page of the caller: no reader can do less work for the same.
pub const COPIED: &str = "lz4-stream and a copy";
/// The codec, and a copy of each page to the end of a vector.
pub const APPENDED: &str = "lz4-stream and a vector";
/// liblz4 over two page buffers.
pub const LIBLZ4: &str = "liblz4";
/// liblz4 over contiguous input and output.
pub const CONTIGUOUS: &str = "liblz4 contiguous";
pub const FLEX_BLOCK: &str = "lz4_flex block";
pub const FLEX_FRAME: &str = "lz4_flex frame";
pub const RIP_FRAME: &str = "lz4rip frame";
pub const SNAP_FRAME: &str = "snap frame";
pub const MEMCPY: &str = "memcpy";

/// The length of the prefix that this crate writes. It is added to the blocks of peers that have none.
const PREFIX: usize = 4;

fn options(page_size: usize, mode: Mode) -> CompressOptions {
    CompressOptions::new().page_size(page_size).mode(mode)
}

/// A value that the first pass makes and the others reset.
fn reused<T>(slot: &mut Option<T>, make: impl FnOnce() -> T, reset: impl FnOnce(&mut T)) -> &mut T {
    match slot {
        Some(value) => reset(value),
        None => *slot = Some(make()),
    }
    slot.as_mut().expect("it was made above")
}

fn memcpy(data: &[u8], page_size: usize) -> Contender<'_> {
    let mut copy = vec![0; page_size];
    contender(MEMCPY, Mode::Default, move || {
        for page in data.chunks(page_size) {
            copy[..page.len()].copy_from_slice(page);
            black_box(&mut copy);
        }
        data.len()
    })
}
