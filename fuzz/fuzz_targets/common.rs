//! Settings and data chosen by the fuzzer.
#![allow(dead_code)] // no target uses all of it

use std::io::{self, Write};

use arbitrary::Arbitrary;
use lz4_stream::{
    ByteOrder, CompressOptions, DecompressOptions, Engine, Mode, PrefixWidth, Strategy, StreamFormat, ZeroPrefix,
};
use reference::Strict;

#[path = "../../tests/common/reference.rs"]
pub mod reference;

#[derive(Arbitrary, Debug, Clone)]
pub struct Settings {
    width: u8,
    big_endian: bool,
    zero: u8,
    ring_buffer: bool,
    page_size: u32,
    mode: u8,
    effort: i8,
    /// The engines of both ends, if there is a choice.
    engines: u8,
    dictionary: Vec<u8>,
}

impl Settings {
    pub fn width(&self) -> PrefixWidth {
        [
            PrefixWidth::Four,
            PrefixWidth::Two,
            PrefixWidth::One,
            PrefixWidth::OutOfBand,
            PrefixWidth::Eight,
        ][usize::from(self.width) % 5]
    }

    /// Mostly small, so that a short input makes many pages; sometimes over 64 KiB.
    pub fn page_size(&self) -> usize {
        let size = self.page_size as usize;
        let size = if size.is_multiple_of(8) {
            size % 200_000
        } else {
            size % 300
        };
        (size + 1).min(self.width().max_page_size())
    }

    pub fn mode(&self) -> Mode {
        match self.mode % 3 {
            0 => Mode::Default,
            1 => Mode::Fast {
                acceleration: i32::from(self.effort) * 3,
            },
            _ => Mode::HighCompression {
                level: i32::from(self.effort % 16),
            },
        }
    }

    pub fn dictionary(&self) -> &[u8] {
        &self.dictionary
    }

    pub fn strategy(&self) -> Strategy {
        if self.ring_buffer {
            Strategy::RingBuffer
        } else {
            Strategy::DoubleBuffer
        }
    }

    fn zero(&self) -> ZeroPrefix {
        match self.zero % 3 {
            1 if self.width() != PrefixWidth::OutOfBand => ZeroPrefix::End,
            2 if self.width() != PrefixWidth::OutOfBand => ZeroPrefix::Restart,
            _ => ZeroPrefix::Invalid,
        }
    }

    fn order(&self) -> ByteOrder {
        if self.big_endian {
            ByteOrder::Big
        } else {
            ByteOrder::Little
        }
    }

    fn format(&self) -> StreamFormat {
        StreamFormat::new()
            .prefix_width(self.width())
            .byte_order(self.order())
            .zero_prefix(self.zero())
            .dictionary(&self.dictionary)
    }

    pub fn compress(&self) -> CompressOptions {
        CompressOptions::new()
            .format(self.format())
            .page_size(self.page_size())
            .strategy(self.strategy())
            .mode(self.mode())
            .engine(engine(self.engines & 1 != 0))
    }

    pub fn decompress(&self) -> DecompressOptions {
        DecompressOptions::new()
            .format(self.format())
            .max_page_size(self.page_size())
            .engine(engine(self.engines & 2 != 0))
    }

    /// The least capable peer of a writer with these settings.
    pub fn strict_peer(&self) -> Strict {
        Strict::new(
            self.page_size(),
            self.strategy() == Strategy::RingBuffer,
            &self.dictionary,
        )
    }
}

/// With the feature `lz4_flex` and `other`, the engine of that name.
fn engine(other: bool) -> Engine {
    #[cfg(feature = "lz4_flex")]
    if other {
        return Engine::Lz4Flex;
    }
    let _ = other;
    Engine::Own
}

/// Data as instructions, so that short input makes long, structured data.
#[derive(Arbitrary, Debug, Clone)]
pub enum Piece {
    Literal(Vec<u8>),
    Run {
        byte: u8,
        len: u16,
    },
    /// Repeats `len` earlier bytes, starting `back` bytes ago.
    Copy {
        back: u16,
        len: u16,
    },
    Noise {
        seed: u32,
        len: u16,
    },
    Flush,
}

/// The data of `pieces`, at most a megabyte, and the positions to flush at.
pub fn assemble(pieces: &[Piece]) -> (Vec<u8>, Vec<usize>) {
    let (mut data, mut flushes) = (Vec::new(), Vec::new());
    for piece in pieces {
        match piece {
            Piece::Literal(bytes) => data.extend_from_slice(bytes),
            Piece::Run { byte, len } => data.extend(std::iter::repeat_n(*byte, usize::from(*len))),
            Piece::Copy { back, len } => {
                let back = usize::from(*back) + 1;
                for _ in 0..usize::from(*len) % 4096 {
                    data.push(data.len().checked_sub(back).map_or(0, |at| data[at]));
                }
            }
            Piece::Noise { seed, len } => {
                let mut state = u64::from(*seed) << 1 | 1;
                data.extend((0..*len).map(|_| {
                    state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
                    (state >> 40) as u8
                }));
            }
            Piece::Flush => flushes.push(data.len()),
        }
        if data.len() > 1 << 20 {
            break;
        }
    }
    (data, flushes)
}

/// Writes `data` and flushes it at `flushes` and at its end.
pub fn write_flushed(writer: &mut impl Write, data: &[u8], flushes: &[usize]) -> io::Result<()> {
    let mut from = 0;
    for &to in flushes.iter().chain([&data.len()]) {
        writer.write_all(&data[from..to])?;
        writer.flush()?;
        from = to;
    }
    Ok(())
}

/// Splits `data` at `flushes`, and into pages of at most `page_size`.
pub fn pages<'a>(data: &'a [u8], flushes: &[usize], page_size: usize) -> Vec<&'a [u8]> {
    let mut pages = Vec::new();
    let mut from = 0;
    for &to in flushes.iter().chain([&data.len()]) {
        pages.extend(data[from..to].chunks(page_size));
        from = to;
    }
    pages
}
