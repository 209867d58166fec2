//! What stands around a block: how long the next one is, and where the stream ends.
//!
//! Both codecs ask a [`Framing`] and nobody else. The size prefixes of the format are [`SizePrefix`]; sizes that
//! travel out of band are [`BlockSizes`].

use std::iter::Fuse;

use byteorder::{BE, ByteOrder as _, LE};

use crate::Error;
use crate::format::page_bound;

/// What the bytes at a block boundary say about what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Head {
    /// A block follows.
    Block {
        /// The length of the head, in bytes.
        head_len: usize,
        /// The length of the block after the head, in bytes.
        block_len: usize,
    },
    /// The stream ends here.
    End {
        /// The length of the end mark, in bytes; 0 when nothing marks the end.
        head_len: usize,
    },
    /// More bytes are needed to tell.
    Incomplete {
        /// How many bytes of head must be there, in all, to ask again. Never more than the head has: the bytes after
        /// it may not have been sent yet.
        needed: usize,
    },
}

/// What stands around a block: the head before each one, and the end of the stream.
///
/// The built-in framings are [`SizePrefix`], which the options set up, and [`BlockSizes`]. Implement this trait for
/// the framing of another protocol, and hand it to
/// [`Lz4StreamCompressor::with_framing`](crate::Lz4StreamCompressor::with_framing) and
/// [`Lz4StreamDecompressor::with_framing`](crate::Lz4StreamDecompressor::with_framing). Everything built on the codecs
/// takes it from there.
///
/// What a framing reads is checked. A length is compared with the largest page before anything is allocated, and a
/// [`Head`] that contradicts itself is [`Error::BadHead`].
///
/// ```
/// use lz4_stream::{CompressOptions, DecompressOptions, Error, Framing, Head, Lz4StreamCompressor};
/// use lz4_stream::{Lz4StreamDecompressor, Lz4StreamReader, Lz4StreamWriter};
/// use std::io::{Read, Write};
///
/// /// `#`, then the length in two bytes, big endian.
/// struct Marked;
///
/// impl Framing for Marked {
///     const MAX_HEAD_LEN: usize = 3;
///
///     fn max_block_len(&self) -> usize {
///         0xFFFF
///     }
///
///     fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
///         match *bytes {
///             [b'#', high, low, ..] => Ok(Head::Block {
///                 head_len: 3,
///                 block_len: u16::from_be_bytes([high, low]).into(),
///             }),
///             [] | [b'#', ..] => Ok(Head::Incomplete { needed: 3 }),
///             _ => Err(Error::bad_head("no `#` before a block")),
///         }
///     }
///
///     fn write_head(&mut self, block_len: usize, out: &mut [u8]) -> usize {
///         out[0] = b'#';
///         out[1..].copy_from_slice(&(block_len as u16).to_be_bytes());
///         3
///     }
/// }
///
/// let options = CompressOptions::new().page_size(60_000);
/// let compressor = Lz4StreamCompressor::with_framing(Marked, &options)?;
/// let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor);
/// writer.write_all(b"hello")?;
/// let stream = writer.finish()?;
/// assert_eq!(stream, b"#\x00\x06\x50hello");
///
/// let decompressor = Lz4StreamDecompressor::with_framing(Marked, &DecompressOptions::new())?;
/// let mut text = String::new();
/// Lz4StreamReader::from_parts(&stream[..], decompressor).read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Framing {
    /// The most bytes that a head has, or an end mark. The codecs hold this much room for one.
    const MAX_HEAD_LEN: usize;

    /// The longest block that a head can announce, in bytes. Page sizes are checked against it when a compressor is
    /// made.
    fn max_block_len(&self) -> usize;

    /// Reads the head at the start of `bytes`.
    ///
    /// `bytes` begins at a block boundary and holds all the bytes that are there: at least as many as were asked for,
    /// perhaps none, often also the block and what follows it. At each boundary it is called until it does not return
    /// [`Head::Incomplete`]. It returns `Block` or `End` once per boundary, so a framing may keep state.
    ///
    /// # Errors
    /// [`Error::bad_head`] when the bytes are not a valid head. The codec adds the position. Other errors pass
    /// through unchanged.
    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error>;

    /// Writes the head of a block of `block_len` bytes to the front of `out`, and returns its length. `out` has
    /// [`MAX_HEAD_LEN`](Self::MAX_HEAD_LEN) bytes. The codec panics when the length is more than that.
    fn write_head(&mut self, block_len: usize, out: &mut [u8]) -> usize;

    /// Writes what ends the stream to the front of `out`, and returns its length. `out` has
    /// [`MAX_HEAD_LEN`](Self::MAX_HEAD_LEN) bytes. The codec panics when the length is more than that. By default
    /// nothing ends it.
    fn write_end(&mut self, out: &mut [u8]) -> usize {
        let _ = out;
        0
    }

    /// Whether input that ends at a block boundary, without a [`Head::End`], was cut off. By default it was not.
    fn needs_end(&self) -> bool {
        false
    }

    /// Whether the block sizes travel out of band, so that a writer should keep them for
    /// [`drain_block_sizes`](crate::Lz4StreamWriter::drain_block_sizes). By default the heads have them.
    fn is_out_of_band(&self) -> bool {
        false
    }
}

/// How many bytes the size prefix of every block has (`store_comp_size` of python-lz4).
///
/// ```
/// use lz4_stream::PrefixWidth;
///
/// assert_eq!(PrefixWidth::default(), PrefixWidth::Four);
/// assert_eq!(PrefixWidth::try_from(2), Ok(PrefixWidth::Two));
/// assert!(PrefixWidth::try_from(3).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PrefixWidth {
    /// No prefix: the sizes of the blocks travel some other way.
    OutOfBand,
    /// One byte: pages of at most 239 bytes.
    One,
    /// Two bytes: pages of at most 65 264 bytes.
    Two,
    /// Four bytes: pages of at most [`LZ4_MAX_INPUT_SIZE`](crate::LZ4_MAX_INPUT_SIZE).
    #[default]
    Four,
}

impl PrefixWidth {
    /// The width in bytes: 0, 1, 2 or 4.
    ///
    /// ```
    /// assert_eq!(lz4_stream::PrefixWidth::Four.bytes(), 4);
    /// ```
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            PrefixWidth::OutOfBand => 0,
            PrefixWidth::One => 1,
            PrefixWidth::Two => 2,
            PrefixWidth::Four => 4,
        }
    }

    /// The largest page whose longest block still fits the prefix, in bytes.
    ///
    /// ```
    /// use lz4_stream::{LZ4_MAX_INPUT_SIZE, PrefixWidth};
    ///
    /// assert_eq!(PrefixWidth::One.max_page_size(), 239);
    /// assert_eq!(PrefixWidth::Two.max_page_size(), 65_264);
    /// assert_eq!(PrefixWidth::Four.max_page_size(), LZ4_MAX_INPUT_SIZE);
    /// ```
    #[must_use]
    pub const fn max_page_size(self) -> usize {
        page_bound(self.max_block_len())
    }

    /// The largest number that fits the prefix.
    const fn max_block_len(self) -> usize {
        match self {
            PrefixWidth::One => 0xFF,
            PrefixWidth::Two => 0xFFFF,
            PrefixWidth::OutOfBand | PrefixWidth::Four => 0xFFFF_FFFF,
        }
    }
}

impl TryFrom<usize> for PrefixWidth {
    type Error = Error;

    fn try_from(bytes: usize) -> Result<Self, Error> {
        match bytes {
            0 => Ok(PrefixWidth::OutOfBand),
            1 => Ok(PrefixWidth::One),
            2 => Ok(PrefixWidth::Two),
            4 => Ok(PrefixWidth::Four),
            found => Err(Error::PrefixWidth { found }),
        }
    }
}

/// The order of the bytes in a size prefix. python-lz4 and the C examples write little endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ByteOrder {
    /// Lowest byte first.
    #[default]
    Little,
    /// Highest byte first.
    Big,
}

/// The framing of the format itself: the length of each block as a fixed number of bytes.
///
/// ```text
/// head     = block length           width 0 (nothing) | 1 | 2 | 4 bytes, little endian | big endian
/// end mark = a head of zero         when the settings ask for it
/// ```
///
/// It is set up by the options, see [`StreamFormat`](crate::StreamFormat).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SizePrefix {
    pub(crate) width: PrefixWidth,
    pub(crate) order: ByteOrder,
    pub(crate) end_mark: bool,
}

impl SizePrefix {
    /// [`Framing::read_head`], which needs no state here.
    pub(crate) fn head(self, bytes: &[u8]) -> Result<Head, Error> {
        let width = self.width;
        if width == PrefixWidth::OutOfBand {
            return Err(Error::OutOfBandSizes { width });
        }
        let head_len = width.bytes();
        let Some(prefix) = bytes.get(..head_len) else {
            return Ok(Head::Incomplete { needed: head_len });
        };
        let block_len = match self.order {
            ByteOrder::Little => LE::read_uint(prefix, head_len),
            ByteOrder::Big => BE::read_uint(prefix, head_len),
        };
        // The rule *A head of zero*. Where no end mark is expected, the codec refuses the length of zero.
        if block_len == 0 && self.end_mark {
            return Ok(Head::End { head_len });
        }
        Ok(Head::Block {
            head_len,
            // Whatever does not fit a usize is over every limit.
            block_len: usize::try_from(block_len).unwrap_or(usize::MAX),
        })
    }
}

impl Framing for SizePrefix {
    const MAX_HEAD_LEN: usize = 4;

    fn max_block_len(&self) -> usize {
        self.width.max_block_len()
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        self.head(bytes)
    }

    fn write_head(&mut self, block_len: usize, out: &mut [u8]) -> usize {
        let width = self.width.bytes();
        if width > 0 {
            match self.order {
                ByteOrder::Little => LE::write_uint(out, block_len as u64, width),
                ByteOrder::Big => BE::write_uint(out, block_len as u64, width),
            }
        }
        width
    }

    fn write_end(&mut self, out: &mut [u8]) -> usize {
        if self.end_mark { self.write_head(0, out) } else { 0 }
    }

    fn needs_end(&self) -> bool {
        self.end_mark
    }

    fn is_out_of_band(&self) -> bool {
        self.width == PrefixWidth::OutOfBand
    }
}

/// A framing without heads, for reading: the sizes of the blocks come from an iterator, and the stream ends where it
/// does. [`DecompressOptions::reader_with_sizes`](crate::DecompressOptions::reader_with_sizes) sets it up.
///
/// A size is taken when its block is needed, not before.
///
/// ```
/// use lz4_stream::{BlockSizes, DecompressOptions, Lz4StreamDecompressor, Progress};
///
/// let sizes = BlockSizes::new([5, 3]);
/// let mut decompressor = Lz4StreamDecompressor::with_framing(sizes, &DecompressOptions::new())?;
/// let mut input = &b"\x40abcd\x20ef"[..];
/// assert_eq!(decompressor.feed(&mut input)?, Progress::Page(b"abcd"));
/// assert_eq!(decompressor.feed(&mut input)?, Progress::Page(b"ef"));
/// assert_eq!(decompressor.feed(&mut input)?, Progress::End);
/// # Ok::<(), lz4_stream::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct BlockSizes<I> {
    // The end of the sizes is the end, whatever the iterator would say after it.
    sizes: Fuse<I>,
}

impl<I: Iterator<Item = usize>> BlockSizes<I> {
    /// A framing for blocks of these sizes, in bytes.
    ///
    /// ```
    /// use lz4_stream::{BlockSizes, Framing, Head};
    ///
    /// let mut sizes = BlockSizes::new([5]);
    /// assert_eq!(sizes.read_head(b""), Ok(Head::Block { head_len: 0, block_len: 5 }));
    /// assert_eq!(sizes.read_head(b""), Ok(Head::End { head_len: 0 }));
    /// ```
    pub fn new(sizes: impl IntoIterator<IntoIter = I>) -> Self {
        BlockSizes {
            sizes: sizes.into_iter().fuse(),
        }
    }
}

impl<I: Iterator<Item = usize>> Framing for BlockSizes<I> {
    const MAX_HEAD_LEN: usize = 0;

    fn max_block_len(&self) -> usize {
        usize::MAX
    }

    fn read_head(&mut self, _bytes: &[u8]) -> Result<Head, Error> {
        Ok(match self.sizes.next() {
            Some(block_len) => Head::Block { head_len: 0, block_len },
            None => Head::End { head_len: 0 },
        })
    }

    fn write_head(&mut self, _block_len: usize, _out: &mut [u8]) -> usize {
        0
    }

    fn is_out_of_band(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_reads_back_what_it_wrote() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            for (width, block_len) in [
                (PrefixWidth::One, 0xA1),
                (PrefixWidth::Two, 0xA1B2),
                (PrefixWidth::Four, 0xA1B2_C3D4),
            ] {
                let end_mark = false;
                let mut prefix = SizePrefix { width, order, end_mark };
                let mut bytes = [0; SizePrefix::MAX_HEAD_LEN];
                let head_len = prefix.write_head(block_len, &mut bytes);
                assert_eq!(head_len, width.bytes());
                assert_eq!(
                    prefix.read_head(&bytes[..head_len]),
                    Ok(Head::Block { head_len, block_len })
                );
                assert_eq!(bytes[0] == 0xA1, order == ByteOrder::Big || width == PrefixWidth::One);
                for there in 0..head_len {
                    let needed = head_len;
                    assert_eq!(prefix.read_head(&bytes[..there]), Ok(Head::Incomplete { needed }));
                }
            }
        }
    }
}
