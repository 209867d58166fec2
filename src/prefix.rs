//! The size prefix in front of every block, and the bounds that belong to it.
//!
//! ```text
//! block  = prefix data
//! prefix = the length of data in bytes, as an unsigned integer of
//!          width   0 (nothing) | 1 | 2 | 4 bytes
//!          order   little endian | big endian
//! ```

use byteorder::{BE, ByteOrder as _, LE};

use crate::Error;

/// The longest input of one LZ4 block, in bytes (`lz4.h`): 2 113 929 216, a little under 2 GiB.
pub const LZ4_MAX_INPUT_SIZE: usize = 0x7E00_0000;

/// The longest block that a page of `page_len` bytes can become, in bytes; 0 when `page_len` is over
/// [`LZ4_MAX_INPUT_SIZE`]. This is `LZ4_compressBound` of `lz4.h`.
///
/// ```
/// assert_eq!(lz4_stream::compress_bound(65_536), 65_809);
/// assert_eq!(lz4_stream::compress_bound(usize::MAX), 0);
/// ```
pub const fn compress_bound(page_len: usize) -> usize {
    if page_len > LZ4_MAX_INPUT_SIZE {
        0
    } else {
        page_len + page_len / 255 + 16
    }
}

/// The longest page that python-lz4 expects of a block of `block_len` bytes that did not compress, in bytes;
/// 0 when it is out of range. This is `_input_bound` of python-lz4's `lz4/stream/_stream.c`.
///
/// python's decompressor refuses a block whose `input_bound` is over its own `buffer_size`. It is no limit on
/// what a block that did compress decodes to.
///
/// ```
/// assert_eq!(lz4_stream::input_bound(65_809), 65_536);
/// assert_eq!(lz4_stream::input_bound(0), 1);
/// ```
pub const fn input_bound(block_len: usize) -> usize {
    // 64 bits, so that the shift cannot overflow where usize has 32.
    let block_len = if block_len < 16 { 17 } else { block_len as u64 };
    if block_len > compress_bound(LZ4_MAX_INPUT_SIZE) as u64 {
        return 0;
    }
    let bound = ((block_len << 8) - block_len - 4080) >> 8;
    if bound > LZ4_MAX_INPUT_SIZE as u64 {
        0
    } else {
        bound as usize + 1
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
    /// Four bytes: pages of at most [`LZ4_MAX_INPUT_SIZE`].
    #[default]
    Four,
}

impl PrefixWidth {
    /// The width in bytes: 0, 1, 2 or 4.
    ///
    /// ```
    /// assert_eq!(lz4_stream::PrefixWidth::Four.bytes(), 4);
    /// ```
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
    pub const fn max_page_size(self) -> usize {
        match self {
            PrefixWidth::One => 239,
            PrefixWidth::Two => 65_264,
            PrefixWidth::OutOfBand | PrefixWidth::Four => LZ4_MAX_INPUT_SIZE,
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

/// A prefix's layout: how to write it and how to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Prefix {
    pub(crate) width: PrefixWidth,
    pub(crate) order: ByteOrder,
}

impl Prefix {
    /// Writes `block_len` to `to`, which is as long as the prefix is wide. The caller has made sure that it fits:
    /// page sizes are checked against the width when a compressor is built.
    pub(crate) fn write(self, block_len: usize, to: &mut [u8]) {
        if self.width == PrefixWidth::OutOfBand {
            return;
        }
        let (n, bytes) = (block_len as u64, self.width.bytes());
        match self.order {
            ByteOrder::Little => LE::write_uint(to, n, bytes),
            ByteOrder::Big => BE::write_uint(to, n, bytes),
        }
    }

    /// Reads the length of a block from `from`, which is as long as the prefix is wide (not zero).
    pub(crate) fn read(self, from: &[u8]) -> usize {
        let bytes = self.width.bytes();
        let n = match self.order {
            ByteOrder::Little => LE::read_uint(from, bytes),
            ByteOrder::Big => BE::read_uint(from, bytes),
        };
        // 4 bytes fit a usize of 32 bits; on 16 bits everything over the limit is refused all the same.
        usize::try_from(n).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_page_size_is_the_last_whose_bound_fits() {
        for (width, max) in [(PrefixWidth::One, 0xFF), (PrefixWidth::Two, 0xFFFF)] {
            assert!(compress_bound(width.max_page_size()) <= max);
            assert!(compress_bound(width.max_page_size() + 1) > max);
        }
    }

    #[test]
    fn prefix_round_trip() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            for (width, n) in [
                (PrefixWidth::One, 0xA1),
                (PrefixWidth::Two, 0xA1B2),
                (PrefixWidth::Four, 0xA1B2_C3D4),
            ] {
                let prefix = Prefix { width, order };
                let mut bytes = [0; 4];
                let bytes = &mut bytes[..width.bytes()];
                prefix.write(n, bytes);
                assert_eq!(prefix.read(bytes), n);
                assert_eq!(bytes[0] == 0xA1, order == ByteOrder::Big || width == PrefixWidth::One);
            }
        }
    }
}
