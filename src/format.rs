//! The rules of the wire format, and the bounds that follow from them.
//!
//! ```text
//! stream   = block*  [end mark]
//! block    = head data              data = one LZ4 block; head = its length in bytes
//! head     = nothing | 1, 2 or 4 bytes (default 4), little endian (default) or big endian
//! end mark = a head of zero, only when both ends ask for it
//! ```
//!
//! A stream has no magic number, no version, no checksum and no record of its own settings. Both ends must know the
//! width and the byte order of the head, whether there is an end mark, and the dictionary. [`StreamFormat`] holds
//! exactly these four; a different head is a [`Framing`] of your own.
//!
//! Each rule below was measured against python-lz4 4.4.5 and liblz4 1.10, the reference implementations. Code and
//! tests refer to a rule by its title.
//!
//! # One page back
//!
//! A writer matches only into the page it is writing and into the one page before it (the last 64 KiB of that page).
//! A decoder with two page buffers holds no more. A writer that uses 64 KiB of history with small pages makes streams
//! that python-lz4, the C example and golz4 refuse or decode to wrong bytes. This is
//! [`Strategy::DoubleBuffer`](crate::Strategy::DoubleBuffer);
//! [`Strategy::RingBuffer`](crate::Strategy::RingBuffer) lifts the rule for readers that keep 64 KiB.
//!
//! Source: `LZ4StreamDecompressor` in python-lz4's `lz4/stream/_stream.c`, `blockStreaming_doubleBuffer.c` of lz4.
//!
//! # 64 KiB of history
//!
//! A reader keeps the last 64 KiB that it decoded, whatever the page size. The C encoder reaches two pages back when
//! a short page follows full ones, because the rest of the older page still lies in its buffer. python-lz4's own
//! decoder reads some of these streams to wrong bytes; this crate reads them right.
//!
//! Source: `LZ4_compress_fast_continue` in lz4's `lz4.c` over two adjacent buffers; a stream that shows it is in
//! `tests/python/make_golden.py` (`two_pages_back`).
//!
//! # A limit, not a page size
//!
//! So this crate's reader does not need the writer's page size, only a limit
//! ([`DecompressOptions::max_page_size`](crate::DecompressOptions::max_page_size)). Decoders of peers do need it:
//! `buffer_size` of python-lz4 must be the writer's page size, and the C example crashes on larger pages.
//!
//! Source: measured.
//!
//! # Empty pages
//!
//! The block `00` is an empty page. A reader yields nothing for it and goes on. A writer makes one only when it is
//! asked to (Seastar's empty message is one), and lets no later page refer to anything before it: liblz4's decoder
//! drops all its history at an empty page, and python-lz4's encoder makes wrong streams around one.
//!
//! Source: `LZ4_decompress_safe_continue` in lz4's `lz4.c`; measured.
//!
//! # A head of zero
//!
//! A length of zero is not a block: the shortest block is the empty page, one byte long. The C examples end their
//! files with a zero, which is the opt-in end mark here; python-lz4 and golz4 raise an error on it. A zero is
//! corruption where no end mark is expected.
//!
//! Source: `blockStreaming_doubleBuffer.c`; `get_block` in python-lz4's `_stream.c`.
//!
//! # Bounds
//!
//! A page of n bytes becomes a block of at most [`compress_bound(n)`](compress_bound) bytes, and n is at most
//! [`LZ4_MAX_INPUT_SIZE`]. A page size is valid for a head only if its bound fits: at most 239 bytes with a 1-byte
//! prefix and 65 264 with a 2-byte prefix. [`page_bound`] is the inverse. [`input_bound`] is python-lz4's estimate,
//! which is not.
//!
//! Source: `LZ4_COMPRESSBOUND` in lz4's `lz4.h`; `_input_bound` in python-lz4's `_stream.c`.
//!
//! # Dictionary
//!
//! A dictionary is history for the first page: its last 64 KiB. This crate owns a copy. (liblz4 and python-lz4 keep a
//! pointer to the caller's memory.)
//!
//! Source: `LZ4_loadDict` and `LZ4_setStreamDecode` in lz4's `lz4.h`.
//!
//! # Concatenation
//!
//! Streams without a dictionary and without an end mark can be concatenated: together they are one stream. The first
//! page of each refers to nothing before it.
//!
//! # Truncation
//!
//! A stream that was cut between two blocks looks whole. Only an end mark makes the difference visible. Nothing
//! detects a flipped bit that leaves a block valid: put a checksum around what must be checked.
//!
//! # End of a block
//!
//! The last five bytes of a block's page are literals, and no match starts in its last twelve bytes. Writers keep
//! this; liblz4's decoder refuses some blocks that do not. This crate's decoder accepts them: every byte of such a
//! block is well defined.
//!
//! Source: `lz4_Block_format.md` of lz4.
//!
//! # Offsets
//!
//! An offset of zero, or one that reaches past the start of the history, is an error and never yields bytes. liblz4
//! decodes an offset of zero to zeros.
//!
//! Source: `lz4_Block_format.md` of lz4.
//!
//! # Pages are independent
//!
//! Any encoder that has the plain bytes of the page before can encode the next page: blocks can be made in parallel
//! without a change to the format. A page encoded without history is a **restart point**: decoding can begin there.
//! [`Lz4StreamCompressor::reset_with_history`](crate::Lz4StreamCompressor::reset_with_history) and
//! [`Lz4StreamDecompressor::resume`](crate::Lz4StreamDecompressor::resume) are for this.
//!
//! Source: follows from *One page back*.
//!
//! [`StreamFormat`]: crate::StreamFormat
//! [`Framing`]: crate::Framing

/// The most history that a block can refer to, in bytes. An LZ4 offset has 16 bits, so the farthest byte that a match
/// can reach is 65 535 back.
pub(crate) const HISTORY: usize = 64 * 1024;

/// The longest input of one LZ4 block, in bytes (`lz4.h`): 2 113 929 216, a little under 2 GiB.
pub const LZ4_MAX_INPUT_SIZE: usize = 0x7E00_0000;

/// The longest block that a page of `page_len` bytes can become, in bytes; 0 when `page_len` is over
/// [`LZ4_MAX_INPUT_SIZE`]. This is `LZ4_compressBound` of `lz4.h`. [`page_bound`] is its inverse.
///
/// ```
/// assert_eq!(lz4_stream::compress_bound(65_536), 65_809);
/// assert_eq!(lz4_stream::compress_bound(usize::MAX), 0);
/// ```
#[must_use]
pub const fn compress_bound(page_len: usize) -> usize {
    if page_len > LZ4_MAX_INPUT_SIZE {
        0
    } else {
        page_len + page_len / 255 + 16
    }
}

/// The largest page, in bytes, whose block fits `block_len` bytes whatever its content: the largest `n` up to
/// [`LZ4_MAX_INPUT_SIZE`] with [`compress_bound`]`(n) <= block_len`. 0 when no page is sure to fit.
///
/// ```
/// use lz4_stream::{compress_bound, page_bound};
///
/// // The largest UDP payload over IPv4 has room for the block of any page of up to 65 236 bytes.
/// assert_eq!(page_bound(65_507), 65_236);
/// assert!(compress_bound(65_236) <= 65_507 && compress_bound(65_237) > 65_507);
/// assert_eq!(page_bound(16), 0);
/// ```
#[must_use]
pub const fn page_bound(block_len: usize) -> usize {
    // Every 255 bytes of the page take 256 of what is left after the constant. A remainder of 255 is one byte short
    // of the next 256, and holds 254 bytes of the page.
    let room = block_len.saturating_sub(16);
    let (whole, rest) = (room / 256, room % 256);
    let page = whole * 255 + if rest > 254 { 254 } else { rest };
    if page > LZ4_MAX_INPUT_SIZE {
        LZ4_MAX_INPUT_SIZE
    } else {
        page
    }
}

/// The longest page that python-lz4 expects from a block of `block_len` bytes that did not compress, in bytes; 0 when
/// it is out of range. This is `_input_bound` of python-lz4's `lz4/stream/_stream.c`, kept for its users.
///
/// python-lz4's decompressor refuses a block whose `input_bound` is over its own `buffer_size`. It says nothing about
/// a block that did compress, and it is not the inverse of [`compress_bound`]: that is [`page_bound`].
///
/// ```
/// assert_eq!(lz4_stream::input_bound(65_809), 65_536);
/// assert_eq!(lz4_stream::input_bound(0), 1);
/// ```
#[must_use]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_bound_is_the_inverse_of_compress_bound() {
        let top = compress_bound(LZ4_MAX_INPUT_SIZE);
        for block_len in (0..200_000).chain(top - 600..=top) {
            let page = page_bound(block_len);
            assert!(page == 0 || compress_bound(page) <= block_len, "{block_len}");
            assert!(
                page == LZ4_MAX_INPUT_SIZE || compress_bound(page + 1) > block_len,
                "{block_len}"
            );
        }
        assert_eq!(page_bound(usize::MAX), LZ4_MAX_INPUT_SIZE);
    }
}
