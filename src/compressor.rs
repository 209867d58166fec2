//! Page in, block out.

use std::fmt;

use crate::Error;
use crate::block::{Encoder, encoded_room};
use crate::options::{CompressOptions, Dictionary, Mode, Strategy};
use crate::prefix::{ByteOrder, Prefix, PrefixWidth, compress_bound};
use crate::window::{HISTORY, Window};

/// Compresses pages to blocks, each of which may refer back to the pages before it; no I/O.
///
/// What [`Lz4StreamWriter`](crate::Lz4StreamWriter) is built on, for packets, for sizes kept out of band and for
/// other kinds of I/O. The blocks must be decompressed all and in order, by one
/// [`Lz4StreamDecompressor`](crate::Lz4StreamDecompressor) or a peer with the same settings. It is
/// `LZ4StreamCompressor` of python-lz4.
///
/// Memory: with 64 KiB pages less than 512 KiB, with [`Mode::HighCompression`] less than 1 MiB; in general three
/// pages and 512 KiB (1 MiB). Once warm, nothing is allocated but in the caller's own buffer.
///
/// ```
/// use lz4_stream::{Lz4StreamCompressor, Lz4StreamDecompressor, BlockSplit};
///
/// let mut compressor = Lz4StreamCompressor::new();
/// let mut stream = Vec::new();
/// compressor.compress(b"how much wood would a woodchuck chuck", &mut stream)?;
/// let second = compressor.compress(b"if a woodchuck could chuck wood", &mut stream)?;
/// assert!(second < 31);
///
/// let mut decompressor = Lz4StreamDecompressor::new();
/// let BlockSplit::Block { block, rest } = decompressor.get_block(&stream)? else { panic!() };
/// assert_eq!(decompressor.decompress(block)?, b"how much wood would a woodchuck chuck");
/// let BlockSplit::Block { block, rest } = decompressor.get_block(rest)? else { panic!() };
/// assert_eq!(decompressor.decompress(block)?, b"if a woodchuck could chuck wood");
/// assert!(rest.is_empty());
/// # Ok::<(), lz4_stream::Error>(())
/// ```
#[derive(Clone)]
pub struct Lz4StreamCompressor {
    prefix: Prefix,
    end_mark: bool,
    dictionary: Dictionary,
    page_size: usize,
    strategy: Strategy,
    mode: Mode,
    encoder: Encoder,
    window: Window,
    /// Lowest index of the window that a match of the page being filled may reach.
    floor: usize,
    /// Where the page being filled starts in the window; it ends where the content does.
    start: usize,
    /// Length of the last page, which lies directly before `start`: what the next one will probably need.
    last_page: usize,
    /// Prefix and data of the last block. Grows to the longest it can be and stays.
    block: Vec<u8>,
}

impl Default for Lz4StreamCompressor {
    fn default() -> Self {
        Self::new()
    }
}

impl Lz4StreamCompressor {
    /// A compressor with the default settings, those of [`CompressOptions::new`].
    pub fn new() -> Self {
        Self::build(&CompressOptions::default())
    }

    /// A compressor with the given settings.
    ///
    /// # Errors
    /// Those of [`CompressOptions::compressor`].
    pub fn with_options(options: &CompressOptions) -> Result<Self, Error> {
        options.validate()?;
        Ok(Self::build(options))
    }

    fn build(options: &CompressOptions) -> Self {
        let mode = options.mode.clamped();
        let mut compressor = Lz4StreamCompressor {
            prefix: options.prefix,
            end_mark: options.end_mark,
            dictionary: options.dictionary.clone(),
            page_size: options.page_size,
            strategy: options.strategy,
            mode,
            encoder: Encoder::new(mode),
            window: Window::default(),
            floor: 0,
            start: 0,
            last_page: 0,
            block: Vec::new(),
        };
        compressor.load_dictionary();
        compressor
    }

    /// Compresses `page` and appends its block, prefix included, to `out`. Returns how many bytes that was:
    /// with [`PrefixWidth::OutOfBand`] the size to hand to the other end. An empty page makes no block and
    /// returns 0: it says nothing, and python-lz4 and the C library can lose track of their two buffers around one.
    ///
    /// # Errors
    /// [`Error::PageTooLarge`] when the page is over the page size; nothing has changed then.
    pub fn compress(&mut self, page: &[u8], out: &mut Vec<u8>) -> Result<usize, Error> {
        if page.len() > self.page_size {
            return Err(Error::PageTooLarge {
                found: page.len(),
                allowed: self.page_size,
            });
        }
        self.push(page);
        let block = self.end_page();
        out.extend_from_slice(block);
        Ok(block.len())
    }

    /// Appends what ends the stream to `out`: the end mark when the settings ask for it, otherwise nothing.
    /// Returns how many bytes that was. To go on with another stream, [`reset`](Self::reset).
    ///
    /// ```
    /// use lz4_stream::CompressOptions;
    ///
    /// let mut out = Vec::new();
    /// assert_eq!(CompressOptions::new().end_mark(true).compressor()?.finish(&mut out), 4);
    /// assert_eq!(out, [0, 0, 0, 0]);
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn finish(&mut self, out: &mut Vec<u8>) -> usize {
        let mark = self.final_mark();
        out.extend_from_slice(mark);
        mark.len()
    }

    /// Starts a new stream with the same settings, without allocating: what comes then is what a new compressor
    /// would make, and nothing of the old stream is in it.
    pub fn reset(&mut self) {
        self.encoder.reset();
        self.window.clear();
        self.start = 0;
        self.floor = 0;
        self.last_page = 0;
        self.load_dictionary();
    }

    /// The largest page, in bytes.
    pub fn page_size(&self) -> usize {
        self.page_size
    }

    /// The width of the prefixes.
    pub fn prefix_width(&self) -> PrefixWidth {
        self.prefix.width
    }

    /// The byte order of the prefixes.
    pub fn byte_order(&self) -> ByteOrder {
        self.prefix.order
    }

    /// Takes the beginning of `bytes` into the page being filled, as much as fits, and returns how much that was.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> usize {
        let filled = self.page_len();
        let taken = bytes.len().min(self.page_size - filled);
        // The next page will probably be as long as the last: room for all of it now, so that no slide falls into
        // the middle of a page and moves that too.
        let room = if filled == 0 { taken.max(self.last_page) } else { taken };
        self.make_room(room);
        self.window.push(&bytes[..taken]);
        taken
    }

    /// Length of the page being filled.
    pub(crate) fn page_len(&self) -> usize {
        self.window.end() - self.start
    }

    /// The last `n` bytes pushed, of the page being filled or of the one that was encoded last.
    pub(crate) fn last_bytes(&self, n: usize) -> &[u8] {
        let content = self.window.content();
        &content[content.len() - n..]
    }

    /// Encodes the page being filled and begins the next one. Returns the block with its prefix, or nothing for an
    /// empty page.
    pub(crate) fn end_page(&mut self) -> &[u8] {
        let page_len = self.page_len();
        if page_len == 0 {
            return &[];
        }
        let width = self.prefix.width.bytes();
        let room = width + encoded_room(page_len);
        if self.block.len() < room {
            // By doubling for pages that get longer and longer, but never beyond what the longest can need. What is
            // in it is of no use any more, so it need not be there twice.
            let most = width + encoded_room(self.page_size);
            let len = room.max(2 * self.block.len()).min(most);
            self.block = Vec::new();
            self.block = vec![0; len];
        }
        let data = &mut self.block[width..];
        let data_len = self.encoder.encode(self.window.content(), self.floor, self.start, data);
        debug_assert!(data_len <= compress_bound(page_len));
        self.prefix.write(data_len, &mut self.block[..width]);

        let end = self.window.end();
        // Rule 1 of the format: a reader with two page buffers holds the page just encoded and the one that will
        // be written over the page before it.
        let oldest = match self.strategy {
            Strategy::DoubleBuffer => self.start,
            Strategy::RingBuffer => self.floor,
        };
        self.floor = oldest.max(end.saturating_sub(HISTORY));
        self.start = end;
        self.last_page = page_len;
        &self.block[..width + data_len]
    }

    /// The bytes that end a stream: an end mark or nothing.
    pub(crate) fn final_mark(&self) -> &'static [u8] {
        let width = if self.end_mark { self.prefix.width.bytes() } else { 0 };
        &[0; 4][..width]
    }

    fn make_room(&mut self, room: usize) {
        let by = self.window.reserve(room, self.floor, HISTORY + self.page_size);
        if by > 0 {
            self.encoder.slide(by);
            self.floor -= by;
            self.start -= by;
        }
    }

    /// Puts the dictionary where the page before the first one would be.
    fn load_dictionary(&mut self) {
        let len = self.dictionary.0.len();
        if len == 0 {
            return;
        }
        self.make_room(len);
        self.window.push(&self.dictionary.0);
        self.floor = self.start;
        self.start += len;
        self.encoder.index(self.window.content(), self.floor, self.start);
    }
}

impl fmt::Debug for Lz4StreamCompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lz4StreamCompressor")
            .field("prefix", &self.prefix)
            .field("end_mark", &self.end_mark)
            .field("dictionary", &self.dictionary)
            .field("page_size", &self.page_size)
            .field("strategy", &self.strategy)
            .field("mode", &self.mode)
            .field("history", &(self.start - self.floor))
            .field("page", &self.page_len())
            .finish_non_exhaustive()
    }
}
