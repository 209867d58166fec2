//! The rules of the wire format, and the bounds that follow from them.
//!
//! ```text
//! stream   = block*  [end mark]
//! block    = head data              data = one LZ4 block; head = its length in bytes
//! head     = nothing | 1, 2, 4 or 8 bytes (default 4), little endian (default) or big endian
//! end mark = a head of zero, only when both ends ask for it
//! ```
//!
//! A stream has no magic number, no version, no checksum and no record of its own settings. Both ends must know the
//! width and the byte order of the head, whether a head of zero has a meaning, and the dictionary. [`StreamFormat`]
//! holds exactly these four settings; for a different head, implement [`Framing`].
//!
//! Each rule below was checked against python-lz4 4.4.5 and liblz4 1.10, the reference implementations. Code and tests
//! refer to a rule by its title.
//!
//! # One page back
//!
//! A writer finds matches only in the current page and in the one page before it (the last 64 KiB of that page). A
//! decoder with two page buffers holds no more. A writer that uses 64 KiB of history with small pages makes streams
//! that python-lz4, the C example and golz4 reject, or decode incorrectly without an error. This rule is
//! [`Strategy::DoubleBuffer`](crate::Strategy::DoubleBuffer). [`Strategy::RingBuffer`](crate::Strategy::RingBuffer)
//! lifts it for readers that keep 64 KiB.
//!
//! Source: `LZ4StreamDecompressor` in python-lz4's `lz4/stream/_stream.c`, `blockStreaming_doubleBuffer.c` of lz4.
//!
//! # 64 KiB of history
//!
//! A reader keeps the last 64 KiB that it decoded, whatever the page size. The C encoder reaches two pages back when a
//! short page follows full ones, because the rest of the older page is still in its buffer. python-lz4's own decoder
//! decodes some of these streams incorrectly without an error; this crate decodes them correctly.
//!
//! Source: `LZ4_compress_fast_continue` in lz4's `lz4.c` over two adjacent buffers; `two_pages_back` in
//! `tests/python/make_golden.py` makes such a stream.
//!
//! # A limit, not a page size
//!
//! With 64 KiB of history, a reader does not need the writer's page size. This crate's reader only has a limit
//! ([`DecompressOptions::max_page_size`](crate::DecompressOptions::max_page_size)). Other decoders do need the page
//! size, or have one of their own. `buffer_size` of python-lz4 must be the writer's page size. Tracy expects full pages
//! of 64 KiB, golz4 pages of at most 64 KiB. The C examples crash on pages over their own size.
//!
//! Source: measured.
//!
//! # Empty pages
//!
//! The block `00` is an empty page. A reader returns no bytes for it and continues. A writer makes one only on request
//! (Seastar's empty message is one), and later pages refer to nothing before it: liblz4's decoder drops all its history
//! at an empty page, and python-lz4's encoder makes incorrect streams around one.
//!
//! Source: `LZ4_decompress_safe_continue` in lz4's `lz4.c`; measured.
//!
//! # A head of zero
//!
//! A length of zero is not a block: the shortest block is the empty page, one byte long. So a zero can mean something
//! else, which [`ZeroPrefix`](crate::ZeroPrefix) sets. By default it is corruption, as for python-lz4 and golz4, which
//! raise an error. The C examples and FLANN end their files with it. At a zero, Fuchsia's log recorder drops the
//! history of both ends, without bringing back a dictionary.
//!
//! Source: `blockStreaming_doubleBuffer.c`; `get_block` in python-lz4's `_stream.c`; `lz4_decoder.cc` of Fuchsia.
//!
//! # Bounds
//!
//! A page of n bytes becomes a block of at most [`compress_bound(n)`](compress_bound) bytes, and n is at most
//! [`LZ4_MAX_INPUT_SIZE`]. A page size is valid for a head only if its bound fits: at most 239 bytes with a 1-byte
//! prefix and 65 264 with a 2-byte prefix. [`page_bound`] is the inverse. [`input_bound`] is python-lz4's estimate,
//! which is not the inverse.
//!
//! Source: `LZ4_COMPRESSBOUND` in lz4's `lz4.h`; `_input_bound` in python-lz4's `_stream.c`.
//!
//! # Dictionary
//!
//! The last 64 KiB of the dictionary are the history of the first page. This crate keeps a copy. (liblz4 and python-lz4
//! keep a pointer to the caller's memory.)
//!
//! Source: `LZ4_loadDict` and `LZ4_setStreamDecode` in lz4's `lz4.h`.
//!
//! # Concatenation
//!
//! Streams without a dictionary and without an end mark can be concatenated to one stream. The first page of each
//! refers to nothing before it.
//!
//! # Truncation
//!
//! A stream cut off between two blocks looks complete. Only an end mark shows the difference. A flipped bit that leaves
//! a block valid is not detected: add a checksum if you need one.
//!
//! # End of a block
//!
//! The last five bytes of a block's page are literals, and no match starts in its last twelve bytes. Writers follow
//! this rule; liblz4's decoder rejects some blocks that break it. This crate's decoder accepts them: every byte of such
//! a block is well defined.
//!
//! Source: `lz4_Block_format.md` of lz4.
//!
//! # Offsets
//!
//! An offset of zero, or one that reaches back beyond the history, is an error and never yields bytes. liblz4 decodes
//! an offset of zero to zeros.
//!
//! Source: `lz4_Block_format.md` of lz4.
//!
//! # Pages are independent
//!
//! An encoder needs only the uncompressed previous page to encode the next one, so blocks can be made in parallel
//! without a change to the format: see
//! [`Lz4StreamCompressor::reset_with_history`](crate::Lz4StreamCompressor::reset_with_history). A page encoded without
//! history is a **restart point**: decoding can begin there, with
//! [`Lz4StreamDecompressor::resume`](crate::Lz4StreamDecompressor::resume).
//! [`CompressOptions::restart_every`](crate::CompressOptions::restart_every) makes them, and
//! [`Lz4StreamParallelWriter`](crate::Lz4StreamParallelWriter) makes blocks in parallel.
//!
//! Source: follows from *One page back*.
//!
//! [`StreamFormat`]: crate::StreamFormat
//! [`Framing`]: crate::Framing

/// The most history that a block can refer to, in bytes. An LZ4 offset has 16 bits, so the farthest byte that a match
/// can reach is 65 535 back.
pub(crate) const HISTORY: usize = 64 * 1024;

/// The longest input of one LZ4 block, in bytes: 2 113 929 216, a little under 2 GiB (`lz4.h`).
pub const LZ4_MAX_INPUT_SIZE: usize = 0x7E00_0000;

/// The longest block of any page of `page_len` bytes, in bytes; 0 when `page_len` is over [`LZ4_MAX_INPUT_SIZE`]. This
/// is `LZ4_compressBound` of `lz4.h`. [`page_bound`] is its inverse.
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

/// The largest page, in bytes, whose block fits `block_len` bytes whatever the content: the largest `n` up to
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
    // After the constant, every 255 bytes of the page take 256 bytes of the block. A remainder of 255 is one byte short
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
/// python-lz4's decompressor rejects a block whose `input_bound` is over its own `buffer_size`. The value tells nothing
/// about a block that did compress. It is not the inverse of [`compress_bound`]: that is [`page_bound`].
///
/// ```
/// assert_eq!(lz4_stream::input_bound(65_809), 65_536);
/// assert_eq!(lz4_stream::input_bound(0), 1);
/// ```
#[must_use]
pub const fn input_bound(block_len: usize) -> usize {
    // In 64 bits, because the shift could overflow a 32-bit usize.
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
