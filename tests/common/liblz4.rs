//! liblz4 over two page buffers in one allocation, as python-lz4 and the C library's own example lay them out.
//! And liblz4 over contiguous input and output.

use std::ffi::{c_char, c_int};

use lz4_stream::{Mode, compress_bound};
use lz4_sys::{LZ4StreamDecode, LZ4StreamEncode};

unsafe extern "C" {
    fn LZ4_loadDict(stream: *mut LZ4StreamEncode, dictionary: *const c_char, len: c_int) -> c_int;
    fn LZ4_compress_fast_continue(
        stream: *mut LZ4StreamEncode,
        from: *const c_char,
        to: *mut c_char,
        from_len: c_int,
        to_len: c_int,
        acceleration: c_int,
    ) -> c_int;
    fn LZ4_resetStream_fast(stream: *mut LZ4StreamEncode);
    fn LZ4_createStreamHC() -> *mut LZ4StreamEncode;
    fn LZ4_freeStreamHC(stream: *mut LZ4StreamEncode) -> c_int;
    fn LZ4_resetStreamHC_fast(stream: *mut LZ4StreamEncode, level: c_int);
    fn LZ4_loadDictHC(stream: *mut LZ4StreamEncode, dictionary: *const c_char, len: c_int) -> c_int;
    fn LZ4_compress_HC_continue(
        stream: *mut LZ4StreamEncode,
        from: *const c_char,
        to: *mut c_char,
        from_len: c_int,
        to_len: c_int,
    ) -> c_int;
    fn LZ4_decompress_safe_usingDict(
        from: *const c_char,
        to: *mut c_char,
        from_len: c_int,
        to_len: c_int,
        dictionary: *const c_char,
        dictionary_len: c_int,
    ) -> c_int;
}

/// Two page buffers, written alternately.
struct DoubleBuffer {
    bytes: Vec<u8>,
    page_size: usize,
    index: usize,
}

impl DoubleBuffer {
    fn new(page_size: usize) -> DoubleBuffer {
        DoubleBuffer {
            bytes: vec![0; 2 * page_size],
            page_size,
            index: 0,
        }
    }

    /// The index of the next page buffer.
    fn next(&mut self) -> &mut [u8] {
        let page = &mut self.bytes[self.index * self.page_size..][..self.page_size];
        self.index ^= 1;
        page
    }
}

/// `LZ4_compress_fast_continue` or `LZ4_compress_HC_continue` over two page buffers.
pub struct Compressor {
    stream: *mut LZ4StreamEncode,
    mode: Mode,
    pages: DoubleBuffer,
    /// liblz4 keeps a pointer into it.
    _dictionary: Vec<u8>,
}

impl Compressor {
    pub fn new(page_size: usize, mode: Mode, dictionary: &[u8]) -> Compressor {
        let dictionary = dictionary.to_vec();
        let (at, len) = (dictionary.as_ptr().cast(), dictionary.len() as c_int);
        // SAFETY: the stream is new, and the dictionary lives as long as the stream.
        let stream = unsafe {
            if let Mode::HighCompression { level } = mode {
                let stream = LZ4_createStreamHC();
                LZ4_resetStreamHC_fast(stream, level);
                LZ4_loadDictHC(stream, at, len);
                stream
            } else {
                let stream = lz4_sys::LZ4_createStream();
                LZ4_loadDict(stream, at, len);
                stream
            }
        };
        Compressor {
            stream,
            mode,
            pages: DoubleBuffer::new(page_size),
            _dictionary: dictionary,
        }
    }

    /// The block of the next page, without a prefix.
    pub fn compress(&mut self, page: &[u8]) -> Vec<u8> {
        let mut block = vec![0; compress_bound(page.len())];
        let len = self.compress_into(page, &mut block);
        block.truncate(len);
        block
    }

    /// Writes the block of the next page, without a prefix, to `block`, and returns its length.
    pub fn compress_into(&mut self, page: &[u8], block: &mut [u8]) -> usize {
        let buffer = &mut self.pages.next()[..page.len()];
        buffer.copy_from_slice(page);
        let (from, to) = (buffer.as_ptr().cast(), block.as_mut_ptr().cast());
        let (from_len, to_len) = (page.len() as c_int, block.len() as c_int);
        // SAFETY: both buffers have the given lengths, and earlier pages do not move.
        let len = unsafe {
            match self.mode {
                Mode::HighCompression { .. } => LZ4_compress_HC_continue(self.stream, from, to, from_len, to_len),
                Mode::Fast { acceleration } => {
                    LZ4_compress_fast_continue(self.stream, from, to, from_len, to_len, acceleration)
                }
                _ => LZ4_compress_fast_continue(self.stream, from, to, from_len, to_len, 1),
            }
        };
        assert!(len > 0);
        len as usize
    }

    /// Starts a new stream, as `LZ4_resetStream_fast` and `LZ4_resetStreamHC_fast` do.
    pub fn reset(&mut self) {
        // SAFETY: created in `new`, by the function for this mode.
        unsafe {
            match self.mode {
                Mode::HighCompression { level } => LZ4_resetStreamHC_fast(self.stream, level),
                _ => LZ4_resetStream_fast(self.stream),
            }
        }
    }
}

impl Drop for Compressor {
    fn drop(&mut self) {
        // SAFETY: created in `new`, by the function for this mode.
        unsafe {
            match self.mode {
                Mode::HighCompression { .. } => LZ4_freeStreamHC(self.stream),
                _ => lz4_sys::LZ4_freeStream(self.stream),
            };
        }
    }
}

/// `LZ4_decompress_safe_continue` over two page buffers.
pub struct Decompressor {
    stream: *mut LZ4StreamDecode,
    pages: DoubleBuffer,
    /// liblz4 keeps a pointer into it.
    _dictionary: Vec<u8>,
}

impl Decompressor {
    pub fn new(page_size: usize, dictionary: &[u8]) -> Decompressor {
        let dictionary = dictionary.to_vec();
        // SAFETY: the stream is new, and the dictionary lives as long as the stream.
        let stream = unsafe {
            let stream = lz4_sys::LZ4_createStreamDecode();
            lz4_sys::LZ4_setStreamDecode(stream, dictionary.as_ptr().cast(), dictionary.len() as c_int);
            stream
        };
        Decompressor {
            stream,
            pages: DoubleBuffer::new(page_size),
            _dictionary: dictionary,
        }
    }

    /// Starts a new stream, without a dictionary.
    pub fn reset(&mut self) {
        // SAFETY: made in `new`.
        unsafe { lz4_sys::LZ4_setStreamDecode(self.stream, std::ptr::null(), 0) };
    }

    /// The page of a block without its prefix, or `None` if liblz4 reports an error.
    pub fn decompress(&mut self, block: &[u8]) -> Option<&[u8]> {
        let page = self.pages.next();
        // SAFETY: both buffers have the given lengths, and earlier pages do not move.
        let len = unsafe {
            lz4_sys::LZ4_decompress_safe_continue(
                self.stream,
                block.as_ptr().cast(),
                page.as_mut_ptr().cast(),
                block.len() as c_int,
                page.len() as c_int,
            )
        };
        Some(&page[..usize::try_from(len).ok()?])
    }
}

impl Drop for Decompressor {
    fn drop(&mut self) {
        // SAFETY: created in `new`.
        unsafe { lz4_sys::LZ4_freeStreamDecode(self.stream) };
    }
}

/// `LZ4_compress_fast_continue` over the input itself, without a copy. Matches reach back 64 KiB, over any number of
/// pages.
pub struct ContiguousCompressor<'a> {
    stream: *mut LZ4StreamEncode,
    acceleration: c_int,
    /// What was not compressed yet. What lies before it is the history.
    rest: &'a [u8],
}

impl<'a> ContiguousCompressor<'a> {
    pub fn new(data: &'a [u8], acceleration: i32) -> ContiguousCompressor<'a> {
        ContiguousCompressor {
            // SAFETY: has no conditions.
            stream: unsafe { lz4_sys::LZ4_createStream() },
            acceleration,
            rest: data,
        }
    }

    /// Writes the block of the next page, without a prefix, to `block`, and returns its length. `None` at the end of
    /// the input.
    pub fn compress_into(&mut self, page_size: usize, block: &mut [u8]) -> Option<usize> {
        let page = &self.rest[..page_size.min(self.rest.len())];
        if page.is_empty() {
            return None;
        }
        self.rest = &self.rest[page.len()..];
        // SAFETY: both buffers have the lengths given, and the input lives as long as `self`.
        let len = unsafe {
            LZ4_compress_fast_continue(
                self.stream,
                page.as_ptr().cast(),
                block.as_mut_ptr().cast(),
                page.len() as c_int,
                block.len() as c_int,
                self.acceleration,
            )
        };
        assert!(len > 0);
        Some(len as usize)
    }
}

impl Drop for ContiguousCompressor<'_> {
    fn drop(&mut self) {
        // SAFETY: made in `new`.
        unsafe { lz4_sys::LZ4_freeStream(self.stream) };
    }
}

/// `LZ4_decompress_safe_continue` into one buffer that takes the whole content.
pub struct ContiguousDecompressor {
    stream: *mut LZ4StreamDecode,
    content: Vec<u8>,
    len: usize,
}

impl ContiguousDecompressor {
    /// For content of at most `max_len` bytes.
    pub fn new(max_len: usize) -> ContiguousDecompressor {
        let mut decompressor = ContiguousDecompressor {
            // SAFETY: has no conditions.
            stream: unsafe { lz4_sys::LZ4_createStreamDecode() },
            content: vec![0; max_len],
            len: 0,
        };
        decompressor.reset();
        decompressor
    }

    /// Starts a new stream, in the same buffer.
    pub fn reset(&mut self) {
        self.len = 0;
        // SAFETY: made in `new`; there is no dictionary.
        unsafe { lz4_sys::LZ4_setStreamDecode(self.stream, std::ptr::null(), 0) };
    }

    /// The page of a block without its prefix, or `None` if liblz4 reports an error.
    pub fn decompress(&mut self, block: &[u8]) -> Option<&[u8]> {
        let room = &mut self.content[self.len..];
        // SAFETY: both buffers have the lengths given, and the pages before stay where they were.
        let len = unsafe {
            lz4_sys::LZ4_decompress_safe_continue(
                self.stream,
                block.as_ptr().cast(),
                room.as_mut_ptr().cast(),
                block.len() as c_int,
                c_int::try_from(room.len()).unwrap_or(c_int::MAX),
            )
        };
        let start = self.len;
        self.len += usize::try_from(len).ok()?;
        Some(&self.content[start..self.len])
    }
}

impl Drop for ContiguousDecompressor {
    fn drop(&mut self) {
        // SAFETY: made in `new`.
        unsafe { lz4_sys::LZ4_freeStreamDecode(self.stream) };
    }
}

/// `LZ4_decompress_safe_continue` into a ring buffer, as in lz4's `blockStreaming_ringBuffer.c`: it wraps when less
/// than a page is left.
pub struct RingDecompressor {
    stream: *mut LZ4StreamDecode,
    ring: Vec<u8>,
    page_size: usize,
    at: usize,
}

impl RingDecompressor {
    pub fn new(ring_size: usize, page_size: usize) -> RingDecompressor {
        RingDecompressor {
            // SAFETY: has no conditions. A stream that was just created is ready for use.
            stream: unsafe { lz4_sys::LZ4_createStreamDecode() },
            ring: vec![0; ring_size],
            page_size,
            at: 0,
        }
    }

    /// The page of a block without its prefix, or `None` if liblz4 reports an error.
    pub fn decompress(&mut self, block: &[u8]) -> Option<&[u8]> {
        if self.ring.len() - self.at < self.page_size {
            self.at = 0;
        }
        let page = &mut self.ring[self.at..][..self.page_size];
        // SAFETY: both buffers have the given lengths, and the ring does not move.
        let len = unsafe {
            lz4_sys::LZ4_decompress_safe_continue(
                self.stream,
                block.as_ptr().cast(),
                page.as_mut_ptr().cast(),
                block.len() as c_int,
                page.len() as c_int,
            )
        };
        let start = self.at;
        self.at += usize::try_from(len).ok()?;
        Some(&self.ring[start..self.at])
    }
}

impl Drop for RingDecompressor {
    fn drop(&mut self) {
        // SAFETY: created in `new`.
        unsafe { lz4_sys::LZ4_freeStreamDecode(self.stream) };
    }
}

/// Decodes one block with `history` before it, into at most `room` bytes; `None` for what liblz4 calls an error.
pub fn decompress_with_history(block: &[u8], room: usize, history: &[u8]) -> Option<Vec<u8>> {
    let mut page = vec![0; room];
    // SAFETY: all three buffers have the given lengths.
    let len = unsafe {
        LZ4_decompress_safe_usingDict(
            block.as_ptr().cast(),
            page.as_mut_ptr().cast(),
            block.len() as c_int,
            room as c_int,
            history.as_ptr().cast(),
            history.len() as c_int,
        )
    };
    page.truncate(usize::try_from(len).ok()?);
    Some(page)
}

/// `LZ4_compressBound`.
pub fn compress_bound_of_c(len: c_int) -> c_int {
    // SAFETY: a pure function.
    unsafe { lz4_sys::LZ4_compressBound(len) }
}
