//! Peers that have a format of their own, with 64 KiB of history, flushed after every page.

use std::hint::black_box;
use std::io::{Read, Write};

use super::{FLEX_FRAME, RIP_FRAME, SNAP_FRAME};

#[derive(Clone, Copy)]
pub enum Frames {
    Flex,
    Rip,
    Snap,
}

impl Frames {
    pub const ALL: [Frames; 3] = [Frames::Flex, Frames::Rip, Frames::Snap];

    pub fn name(self) -> &'static str {
        match self {
            Frames::Flex => FLEX_FRAME,
            Frames::Rip => RIP_FRAME,
            Frames::Snap => SNAP_FRAME,
        }
    }

    /// Writes `data` to `inner`, and returns it.
    pub fn write<W: Write>(self, data: &[u8], page_size: usize, inner: W) -> W {
        match self {
            Frames::Flex => {
                use lz4_flex::frame::{BlockMode, FrameEncoder, FrameInfo};
                let info = FrameInfo::new().block_mode(BlockMode::Linked);
                let mut writer = FrameEncoder::with_frame_info(info, inner);
                write_pages(&mut writer, data, page_size);
                writer.finish().unwrap()
            }
            Frames::Rip => {
                use lz4rip::frame::{BlockMode, FrameEncoder, FrameInfo};
                let info = FrameInfo::new().block_mode(BlockMode::Linked);
                let mut writer = FrameEncoder::with_frame_info(info, inner);
                write_pages(&mut writer, data, page_size);
                writer.finish().unwrap()
            }
            Frames::Snap => {
                let mut writer = snap::write::FrameEncoder::new(inner);
                write_pages(&mut writer, data, page_size);
                writer
                    .into_inner()
                    .unwrap_or_else(|_| panic!("the inner writer has no errors"))
            }
        }
    }

    /// Reads a stream of its own into `page`, again and again. Returns the length of the content.
    pub fn read(self, stream: &[u8], page: &mut [u8]) -> usize {
        match self {
            Frames::Flex => read_pages(lz4_flex::frame::FrameDecoder::new(stream), page),
            Frames::Rip => read_pages(lz4rip::frame::FrameDecoder::new(stream), page),
            Frames::Snap => read_pages(snap::read::FrameDecoder::new(stream), page),
        }
    }
}

/// Flushes after every page, so that the blocks of the frames are pages too.
fn write_pages(writer: &mut impl Write, data: &[u8], page_size: usize) {
    for page in data.chunks(page_size) {
        writer.write_all(page).unwrap();
        writer.flush().unwrap();
    }
}

/// Returns the length of the content.
pub fn read_pages(mut reader: impl Read, page: &mut [u8]) -> usize {
    let mut len = 0;
    loop {
        match reader.read(page).unwrap() {
            0 => return len,
            n => {
                len += n;
                black_box(&mut *page);
            }
        }
    }
}

/// Counts the bytes written and drops them.
pub struct Counter(pub usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += black_box(bytes).len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
