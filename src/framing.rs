//! The bytes around each block: how long the next block is, and where the stream ends.
//!
//! Both codecs learn this only from a [`Framing`]. [`SizePrefix`] is the framing of this format; [`BlockSizes`] is for
//! sizes that travel out of band.

use std::iter::Fuse;

use byteorder::{BE, ByteOrder as _, LE};

use crate::Error;
use crate::format::page_bound;

/// What follows a block boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Head {
    /// A block follows.
    Block {
        /// The length of the head, in bytes.
        head_len: usize,
        /// The length of the block after the head, in bytes. 0 is [`Error::EmptyBlock`].
        block_len: usize,
    },
    /// The history ends here: the next block refers to nothing before it, not even to the dictionary. Another head
    /// follows. [`Framing::write_restart`] writes this head.
    Restart {
        /// The length of the head, in bytes; 0 when the framing knows the place without one. A second head of 0 bytes
        /// at the same place is an error.
        head_len: usize,
    },
    /// The stream ends here.
    End {
        /// The length of the end mark, in bytes; 0 when nothing marks the end.
        head_len: usize,
    },
    /// More bytes are needed to decide.
    Incomplete {
        /// The total number of head bytes needed before asking again. It must not exceed the length of the head: the
        /// bytes after the head may not have been sent yet. When the length is not known, ask for the shortest head,
        /// then for one byte more each time.
        needed: usize,
    },
}

/// The bytes around each block: the head before it, the tail after it, and the end mark of the stream.
///
/// ```text
/// stream = ([restart] head block [tail])*  [end mark]
/// ```
///
/// The built-in framings are [`SizePrefix`], which the options set up, and [`BlockSizes`]. Implement this trait for a
/// custom protocol, and pass it to [`Lz4StreamCompressor::with_framing`](crate::Lz4StreamCompressor::with_framing) and
/// [`Lz4StreamDecompressor::with_framing`](crate::Lz4StreamDecompressor::with_framing). The adapters use the framing of
/// their codec. [`Index::build_with_framing`](crate::Index::build_with_framing) and the readers with an index take one
/// directly.
///
/// The result of a framing is checked. A length is compared with the largest accepted page before anything is
/// allocated, and a [`Head`] that contradicts itself is [`Error::BadHead`].
///
/// Three methods make a framing: [`max_block_len`](Self::max_block_len), [`read_head`](Self::read_head) and
/// [`write_head`](Self::write_head); one end alone can leave the method of the other `unimplemented!()`. The others are
/// for tails, end marks, restarts, and heads that know the page. A tail has a fixed length, as a comma or a checksum
/// has. Bytes after a block whose number varies, such as padding, belong to the next head and to the end mark, so a
/// writer sends them with the next block. Every block must be LZ4: a protocol that also stores pages plain, with a flag
/// in the head, cannot be read as a whole, but it can be written.
///
/// For your own protocol, prefer a [`SizePrefix`]. Implement this trait when the protocol is given, and
/// [`BlockSizes`] or [`PrefixWidth::OutOfBand`] when something else already splits the stream into blocks, as packets
/// do. `examples/framings` has the framings of Ceph, Netdata, ScyllaDB, Seastar, SPICE and others.
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
///     fn write_head(&mut self, block: &[u8], _page: &[u8], out: &mut [u8]) -> usize {
///         out[0] = b'#';
///         out[1..].copy_from_slice(&(block.len() as u16).to_be_bytes());
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
    /// The maximum length of a head, a restart or an end mark, in bytes. The codecs reserve this much room for one.
    const MAX_HEAD_LEN: usize;

    /// The length of what follows each block, in bytes. The reader waits for it before it lends the page. Default:
    /// nothing follows.
    const TAIL_LEN: usize = 0;

    /// The longest block that a head can announce, in bytes; `usize::MAX` if any length has a head. Page sizes are
    /// checked against it when a compressor is made. A reader does not use it.
    fn max_block_len(&self) -> usize;

    /// Reads the head at the start of `bytes`.
    ///
    /// `bytes` begins at a block boundary and holds all available bytes: at least as many as requested, possibly none,
    /// often also the block and the bytes after it. The codec calls this at each boundary until it returns something
    /// other than [`Head::Incomplete`], and again after [`Head::Restart`]. It returns `Block` or `End` exactly once per
    /// boundary, so a framing may keep state.
    ///
    /// # Errors
    /// [`Error::bad_head`] when the bytes are not a valid head. The codec adds the position. Other errors pass
    /// through unchanged.
    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error>;

    /// Checks a block, the page that it decoded to, and the [`TAIL_LEN`](Self::TAIL_LEN) bytes after it, before the
    /// page is lent. For tails, for heads that announce the length or a checksum of the page, and for streams that end
    /// when their content is complete. Default: all is good. A block that does not decode is an error before this call,
    /// whatever its tail.
    ///
    /// # Errors
    /// As for [`read_head`](Self::read_head). The page is dropped.
    #[inline]
    fn check_page(&mut self, block: &[u8], page: &[u8], tail: &[u8]) -> Result<(), Error> {
        let _ = (block, page, tail);
        Ok(())
    }

    /// Writes the head of `block`, which was made from `page`, to the front of `out`, and returns the length of the
    /// head. Most heads hold the length of the block. The framing only knows which block is the last one if it was told
    /// the length of the content.
    ///
    /// `out` has [`MAX_HEAD_LEN`](Self::MAX_HEAD_LEN) bytes with arbitrary content. The codec panics when the length is
    /// more than that.
    fn write_head(&mut self, block: &[u8], page: &[u8], out: &mut [u8]) -> usize;

    /// Writes what follows `block` to `out`, which has [`TAIL_LEN`](Self::TAIL_LEN) bytes with arbitrary content.
    /// Called after [`write_head`](Self::write_head) of the same block, unless the length is 0.
    ///
    /// ```
    /// use lz4_stream::{CompressOptions, DecompressOptions, Error, Framing, Head, Lz4StreamCompressor};
    /// use lz4_stream::{Lz4StreamDecompressor, Progress};
    ///
    /// /// The length in a byte before the block, the sum of its bytes in a byte after it.
    /// struct Summed;
    ///
    /// fn sum(block: &[u8]) -> u8 {
    ///     block.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
    /// }
    ///
    /// impl Framing for Summed {
    ///     const MAX_HEAD_LEN: usize = 1;
    ///     const TAIL_LEN: usize = 1;
    ///
    ///     fn max_block_len(&self) -> usize {
    ///         0xFF
    ///     }
    ///
    ///     fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
    ///         Ok(match *bytes {
    ///             [] => Head::Incomplete { needed: 1 },
    ///             [len, ..] => Head::Block { head_len: 1, block_len: len.into() },
    ///         })
    ///     }
    ///
    ///     fn check_page(&mut self, block: &[u8], _page: &[u8], tail: &[u8]) -> Result<(), Error> {
    ///         match tail == [sum(block)] {
    ///             true => Ok(()),
    ///             false => Err(Error::bad_head("the block has another sum")),
    ///         }
    ///     }
    ///
    ///     fn write_head(&mut self, block: &[u8], _page: &[u8], out: &mut [u8]) -> usize {
    ///         out[0] = block.len() as u8;
    ///         1
    ///     }
    ///
    ///     fn write_tail(&mut self, block: &[u8], _page: &[u8], out: &mut [u8]) {
    ///         out[0] = sum(block);
    ///     }
    /// }
    ///
    /// let options = CompressOptions::new().page_size(200);
    /// let mut compressor = Lz4StreamCompressor::with_framing(Summed, &options)?;
    /// let stream = compressor.compress(b"hello")?;
    /// assert_eq!(stream, b"\x06\x50hello\x64");
    ///
    /// let mut decompressor = Lz4StreamDecompressor::with_framing(Summed, &DecompressOptions::new())?;
    /// assert_eq!(decompressor.feed(&mut &stream[..7])?, Progress::NeedMore(1));
    /// assert_eq!(decompressor.feed(&mut &stream[7..])?, Progress::Page(b"hello"));
    /// # Ok::<(), Error>(())
    /// ```
    #[inline]
    fn write_tail(&mut self, block: &[u8], page: &[u8], out: &mut [u8]) {
        let _ = (block, page, out);
    }

    /// Writes the head of [`Head::Restart`] to the front of `out`, and returns its length. `out` is as for
    /// [`write_head`](Self::write_head), which is called next. Called for each page that is a restart point, see
    /// [`Lz4StreamCompressor::restart`](crate::Lz4StreamCompressor::restart). Default: there is no such head. A reader
    /// of this crate needs none.
    #[inline]
    fn write_restart(&mut self, out: &mut [u8]) -> usize {
        let _ = out;
        0
    }

    /// Writes the end mark to the front of `out`, and returns its length. `out` is as for
    /// [`write_head`](Self::write_head). Default: there is no end mark.
    fn write_end(&mut self, out: &mut [u8]) -> usize {
        let _ = out;
        0
    }

    /// Whether input that ends at a block boundary without a [`Head::End`] was cut off. Default: no.
    fn needs_end(&self) -> bool {
        false
    }

    /// Whether the block sizes travel out of band, so that a writer keeps them for
    /// [`drain_block_sizes`](crate::Lz4StreamWriter::drain_block_sizes). Default: no, they are in the heads.
    fn is_out_of_band(&self) -> bool {
        false
    }
}

/// The length of the size prefix of each block (`store_comp_size` of python-lz4).
///
/// ```
/// use lz4_stream::PrefixWidth;
///
/// assert_eq!(PrefixWidth::default(), PrefixWidth::Four);
/// assert_eq!(PrefixWidth::try_from(2), Ok(PrefixWidth::Two));
/// assert!(PrefixWidth::try_from(3).is_err());
/// ```
// The values are the widths, so that a reader takes no jump for each head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PrefixWidth {
    /// No prefix: the block sizes travel some other way.
    OutOfBand = 0,
    /// One byte: pages of at most 239 bytes.
    One = 1,
    /// Two bytes: pages of at most 65 264 bytes.
    Two = 2,
    /// Four bytes: pages of at most [`LZ4_MAX_INPUT_SIZE`](crate::LZ4_MAX_INPUT_SIZE).
    #[default]
    Four = 4,
    /// Eight bytes, as a C program writes a 64-bit `size_t`: pages of at most
    /// [`LZ4_MAX_INPUT_SIZE`](crate::LZ4_MAX_INPUT_SIZE).
    Eight = 8,
}

impl PrefixWidth {
    /// The width in bytes: 0, 1, 2, 4 or 8.
    ///
    /// ```
    /// assert_eq!(lz4_stream::PrefixWidth::Four.bytes(), 4);
    /// ```
    #[must_use]
    #[inline]
    pub const fn bytes(self) -> usize {
        self as usize
    }

    /// The largest page, in bytes, whose block always fits the prefix.
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

    /// The largest length that fits the prefix.
    const fn max_block_len(self) -> usize {
        match self {
            PrefixWidth::One => 0xFF,
            PrefixWidth::Two => 0xFFFF,
            PrefixWidth::OutOfBand | PrefixWidth::Four => 0xFFFF_FFFF,
            PrefixWidth::Eight => usize::MAX,
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
            8 => Ok(PrefixWidth::Eight),
            found => Err(Error::PrefixWidth { found }),
        }
    }
}

/// The byte order of a size prefix. python-lz4 writes little endian; the C examples write the byte order of the
/// machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ByteOrder {
    /// Lowest byte first.
    #[default]
    Little,
    /// Highest byte first.
    Big,
}

/// The meaning of a size prefix of zero, which no block has. See [*A head of zero*](crate::format#a-head-of-zero).
///
/// ```
/// use lz4_stream::{StreamFormat, ZeroPrefix};
///
/// assert_eq!(StreamFormat::new().get_zero_prefix(), ZeroPrefix::Invalid);
/// assert_eq!(StreamFormat::new().end_mark(true).get_zero_prefix(), ZeroPrefix::End);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ZeroPrefix {
    /// Corruption: a reader reports [`Error::EmptyBlock`], and a writer never writes one. So do python-lz4 and golz4.
    #[default]
    Invalid,
    /// The end mark: a reader stops there, and an input without one is incomplete. The C examples and FLANN end their
    /// files with it.
    End,
    /// A restart: both ends drop their history, and go on. Fuchsia's log recorder writes one when it starts over.
    Restart,
}

/// The framing of this format: the length of each block as a fixed number of bytes.
///
/// ```text
/// head     = block length           width 0 (nothing) | 1 | 2 | 4 | 8 bytes, little endian | big endian
/// end mark = a head of zero         when the settings ask for it
/// restart  = a head of zero         when the settings ask for it
/// ```
///
/// The options set it up, see [`StreamFormat`](crate::StreamFormat).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SizePrefix {
    pub(crate) width: PrefixWidth,
    pub(crate) order: ByteOrder,
    pub(crate) zero: ZeroPrefix,
}

impl SizePrefix {
    /// [`Framing::read_head`], which needs no state here.
    #[inline]
    pub(crate) fn head(self, bytes: &[u8]) -> Result<Head, Error> {
        let width = self.width;
        if width == PrefixWidth::OutOfBand {
            return Err(Error::OutOfBandSizes { width });
        }
        let head_len = width.bytes();
        let Some(prefix) = bytes.get(..head_len) else {
            return Ok(Head::Incomplete { needed: head_len });
        };
        let block_len = match (prefix, self.order) {
            // The default, without a loop over the width.
            (&[a, b, c, d], ByteOrder::Little) => u64::from(u32::from_le_bytes([a, b, c, d])),
            (_, ByteOrder::Little) => LE::read_uint(prefix, head_len),
            (_, ByteOrder::Big) => BE::read_uint(prefix, head_len),
        };
        // The rule *A head of zero*. The codec rejects a block without bytes.
        if block_len == 0 {
            match self.zero {
                ZeroPrefix::Invalid => {}
                ZeroPrefix::End => return Ok(Head::End { head_len }),
                ZeroPrefix::Restart => return Ok(Head::Restart { head_len }),
            }
        }
        Ok(Head::Block {
            head_len,
            // A length that does not fit a usize is over every limit.
            block_len: usize::try_from(block_len).unwrap_or(usize::MAX),
        })
    }

    /// Writes a prefix, if there are any.
    #[inline]
    fn write(self, block_len: usize, out: &mut [u8]) -> usize {
        let (width, len) = (self.width.bytes(), block_len as u64);
        // All eight bytes, of which the codec takes the first: quicker than `write_uint`, which copies `width` bytes.
        match self.order {
            ByteOrder::Little => LE::write_u64(out, len),
            ByteOrder::Big => BE::write_u64(out, len.unbounded_shl(64 - 8 * width as u32)),
        }
        width
    }
}

impl Framing for SizePrefix {
    const MAX_HEAD_LEN: usize = 8;

    #[inline]
    fn max_block_len(&self) -> usize {
        self.width.max_block_len()
    }

    #[inline]
    fn read_head(&mut self, bytes: &[u8]) -> Result<Head, Error> {
        self.head(bytes)
    }

    #[inline]
    fn write_head(&mut self, block: &[u8], _page: &[u8], out: &mut [u8]) -> usize {
        self.write(block.len(), out)
    }

    #[inline]
    fn write_restart(&mut self, out: &mut [u8]) -> usize {
        if self.zero == ZeroPrefix::Restart {
            self.write(0, out)
        } else {
            0
        }
    }

    #[inline]
    fn write_end(&mut self, out: &mut [u8]) -> usize {
        if self.zero == ZeroPrefix::End {
            self.write(0, out)
        } else {
            0
        }
    }

    #[inline]
    fn needs_end(&self) -> bool {
        self.zero == ZeroPrefix::End
    }

    #[inline]
    fn is_out_of_band(&self) -> bool {
        self.width == PrefixWidth::OutOfBand
    }
}

/// A framing without heads, for reading: the block sizes come from an iterator, and the stream ends when the iterator
/// does. [`DecompressOptions::reader_with_sizes`](crate::DecompressOptions::reader_with_sizes) sets it up.
///
/// It takes a size when the block is needed, not earlier.
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
    // Once the sizes have ended, they stay ended, even if the iterator would continue.
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

    fn write_head(&mut self, _block: &[u8], _page: &[u8], _out: &mut [u8]) -> usize {
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
                (PrefixWidth::Eight, usize::MAX / 0xFF * 0xA1 + 1),
            ] {
                for zero in [ZeroPrefix::Invalid, ZeroPrefix::End, ZeroPrefix::Restart] {
                    let prefix = SizePrefix { width, order, zero };
                    let mut bytes = [0; SizePrefix::MAX_HEAD_LEN];
                    let head_len = prefix.write(block_len, &mut bytes);
                    assert_eq!(head_len, width.bytes());
                    assert_eq!(prefix.head(&bytes[..head_len]), Ok(Head::Block { head_len, block_len }));
                    for there in 0..head_len {
                        let needed = head_len;
                        assert_eq!(prefix.head(&bytes[..there]), Ok(Head::Incomplete { needed }));
                    }
                    let (first, last) = (bytes[0], bytes[head_len - 1]);
                    let (low, high) = if order == ByteOrder::Little {
                        (first, last)
                    } else {
                        (last, first)
                    };
                    let bits = 8 * (width.bytes() as u32 - 1);
                    assert_eq!(low, block_len as u8);
                    assert_eq!(u64::from(high), block_len as u64 >> bits);
                }
            }
        }
    }
}
