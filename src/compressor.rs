//! The writing end of a stream, without I/O: gathers bytes in pages and compresses each page to a block.

use std::ops::Range;
use std::{fmt, mem};

use crate::block::{Encoder, MAX_OFFSET};
use crate::format::{HISTORY, compress_bound};
use crate::options::{CompressOptions, Engine, Mode, Strategy, StreamFormat};
use crate::window::Window;
use crate::{Error, Framing, PrefixWidth, SizePrefix};

/// Compresses pages to blocks, without I/O. Each block may refer back to the pages before it.
///
/// [`Lz4StreamWriter`](crate::Lz4StreamWriter) drives it. Use it directly for packets and other kinds of I/O. It
/// corresponds to `LZ4StreamCompressor` of python-lz4. One [`Lz4StreamDecompressor`](crate::Lz4StreamDecompressor), or
/// a peer with the same settings, must decompress all blocks in order.
///
/// * **Page by page**: [`compress`](Self::compress) compresses one page to a block.
/// * **In pieces of any length**: [`push`](Self::push) gathers bytes, [`is_full`](Self::is_full) tells whether the page
///   is full, and [`end_page`](Self::end_page) compresses it to a block.
/// * [`finish`](Self::finish) ends the stream.
///
/// `compress`, `end_page` and `finish` lend the bytes to send next: a block with its head, the end mark, or both. To
/// send them in pieces, call [`consume`](Self::consume) after each piece. [`block`](Self::block) returns the unsent
/// rest until the next block is made. An interrupted sender can resume at any later time: the compressor holds all the
/// state.
///
/// Memory, with the default engine: less than 512 KiB with 64 KiB pages, and in general three pages and 512 KiB. With
/// [`Mode::HighCompression`](crate::Mode::HighCompression), 1 MiB instead of 512 KiB. In the other modes, with a page
/// size of at most 16 KiB and [`Strategy::DoubleBuffer`], three pages and 120 KiB. A page of at least 192 KiB that is
/// compressed as a whole is not copied there, which saves two pages, if matches may go back more than 32 KiB. A warm
/// compressor allocates nothing.
///
/// ```
/// use lz4_stream::{Lz4StreamCompressor, Lz4StreamDecompressor, Progress};
///
/// let mut compressor = Lz4StreamCompressor::new();
/// let mut stream = compressor.compress(b"how much wood would a woodchuck chuck")?.to_vec();
/// let second = compressor.compress(b"if a woodchuck could chuck wood")?;
/// assert!(second.len() < 31);
/// stream.extend_from_slice(second);
///
/// let mut decompressor = Lz4StreamDecompressor::new();
/// let mut input = &stream[..];
/// assert_eq!(decompressor.feed(&mut input)?, Progress::Page(b"how much wood would a woodchuck chuck"));
/// assert_eq!(decompressor.feed(&mut input)?, Progress::Page(b"if a woodchuck could chuck wood"));
/// # Ok::<(), lz4_stream::Error>(())
/// ```
#[derive(Clone)]
pub struct Lz4StreamCompressor<F = SizePrefix> {
    framing: F,
    options: CompressOptions,
    encoder: Encoder,
    /// The history, and the page being filled.
    window: Window,
    /// The length of the last page: the likely length of the next one.
    last_page: usize,
    restarts: Restarts,
    /// Room for a head, a block, its tail and an end mark. Never shrinks.
    buffer: Vec<u8>,
    /// The unconsumed part of the last output in `buffer`.
    unsent: Range<usize>,
    /// A panic of the framing lost a page that the encoder knows, and the other end does not.
    broken: bool,
    /// The length of the heads of the last block, and where in `buffer` its data is.
    heads_len: usize,
    data: Range<usize>,
    finished: bool,
    blocks: u64,
    total_in: u64,
    total_out: u64,
}

impl Default for Lz4StreamCompressor {
    fn default() -> Self {
        Self::new()
    }
}

impl Lz4StreamCompressor {
    /// A compressor with the default settings of [`CompressOptions::new`]. For other settings, see
    /// [`CompressOptions::compressor`].
    ///
    /// ```
    /// let mut compressor = lz4_stream::Lz4StreamCompressor::new();
    /// assert_eq!(compressor.compress(b"hello")?, b"\x06\0\0\0\x50hello");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn new() -> Self {
        let options = CompressOptions::new();
        Self::build(options.get_format().prefix, &options)
    }
}

impl<F: Framing> Lz4StreamCompressor<F> {
    /// A compressor with a custom framing. The prefix width, byte order and end mark of `options` are ignored.
    /// [`Framing`] has an example of a custom one.
    ///
    /// # Errors
    /// [`Error::PageSize`] when the page size is zero or too large for the framing, [`Error::MaxDistance`] when the
    /// largest distance is zero or over 65 535.
    ///
    /// ```
    /// use lz4_stream::{CompressOptions, Lz4StreamCompressor, SizePrefix};
    ///
    /// let options = CompressOptions::new().page_size(4096);
    /// let mut compressor = Lz4StreamCompressor::with_framing(SizePrefix::default(), &options)?;
    /// assert_eq!(compressor.compress(b"hello")?, b"\x06\0\0\0\x50hello");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn with_framing(framing: F, options: &CompressOptions) -> Result<Self, Error> {
        options.check_page_size(&framing, None)?;
        options.check_max_distance()?;
        Ok(Self::build(framing, options))
    }

    fn build(framing: F, options: &CompressOptions) -> Self {
        let encoder = Encoder::new(options.get_mode(), options.get_engine(), options.get_max_distance());
        let mut compressor = Self::hollow(framing, options, encoder);
        compressor.load_dictionary();
        compressor
    }

    /// A compressor without history.
    fn hollow(framing: F, options: &CompressOptions, encoder: Encoder) -> Self {
        Lz4StreamCompressor {
            framing,
            options: options.clone(),
            encoder,
            window: Window::default(),
            last_page: 0,
            restarts: Restarts::default(),
            buffer: Vec::new(),
            unsent: 0..0,
            broken: false,
            heads_len: 0,
            data: 0..0,
            finished: false,
            blocks: 0,
            total_in: 0,
            total_out: 0,
        }
    }

    /// Appends as much of `bytes` as fits to the current page, and returns how many bytes were taken: 0 when the page
    /// is full.
    ///
    /// # Errors
    /// [`Error::Finished`] after [`finish`](Self::finish).
    ///
    /// ```
    /// use lz4_stream::CompressOptions;
    ///
    /// let mut compressor = CompressOptions::new().page_size(4).compressor()?;
    /// let mut stream = Vec::new();
    /// let mut rest = &b"abcdef"[..];
    /// while !rest.is_empty() {
    ///     let taken = compressor.push(rest)?;
    ///     rest = &rest[taken..];
    ///     if compressor.is_full() {
    ///         stream.extend_from_slice(compressor.end_page());
    ///     }
    /// }
    /// stream.extend_from_slice(compressor.finish());
    /// assert_eq!(stream, b"\x05\0\0\0\x40abcd\x03\0\0\0\x20ef");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn push(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        if self.finished {
            return Err(Error::Finished);
        }
        let filled = self.window.page().len();
        let taken = bytes.len().min(self.options.get_page_size() - filled);
        if taken == 0 {
            return Ok(0);
        }
        // The next page will probably be as long as the last. Make room for all of it now: if the window slid in the
        // middle of a page, it would move the page too.
        let room = if filled == 0 { taken.max(self.last_page) } else { taken };
        self.push_with_room(&bytes[..taken], room);
        Ok(taken)
    }

    fn push_with_room(&mut self, bytes: &[u8], room: usize) {
        let slid = self.window.reserve(room, window_len(&self.options));
        if slid > 0 {
            self.encoder.slide(slid);
        }
        self.window.push(bytes);
        self.total_in += bytes.len() as u64;
    }

    /// Ends the current page and lends its block with the head. An empty page makes no block, and the result is empty:
    /// see [*Empty pages*](crate::format#empty-pages).
    ///
    /// The new block replaces [`block`](Self::block): send the rest of the last one first.
    ///
    /// ```
    /// let mut compressor = lz4_stream::Lz4StreamCompressor::new();
    /// compressor.push(b"hel")?;
    /// compressor.push(b"lo")?;
    /// assert_eq!(compressor.end_page(), b"\x06\0\0\0\x50hello");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn end_page(&mut self) -> &[u8] {
        if self.window.page().is_empty() {
            return &[];
        }
        self.make_block();
        self.block()
    }

    /// Like [`end_page`](Self::end_page), but makes a block of an empty page too, for protocols in which an empty page
    /// has a meaning. Later pages refer to nothing before an empty page, because liblz4's decoder drops its history
    /// there: see [*Empty pages*](crate::format#empty-pages).
    ///
    /// # Errors
    /// [`Error::Finished`] after [`finish`](Self::finish).
    ///
    /// ```
    /// let mut compressor = lz4_stream::Lz4StreamCompressor::new();
    /// assert_eq!(compressor.end_page(), b"");
    /// assert_eq!(compressor.end_page_even_empty()?, b"\x01\0\0\0\0");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn end_page_even_empty(&mut self) -> Result<&[u8], Error> {
        if self.finished {
            return Err(Error::Finished);
        }
        self.make_block();
        Ok(self.block())
    }

    /// Compresses `page` and lends its block with the head. Bytes that were pushed before become the beginning of the
    /// page. An empty page makes no block, and the result is empty.
    ///
    /// # Errors
    /// [`Error::PageTooLarge`] when the page is over the page size, [`Error::Finished`] after [`finish`](Self::finish).
    /// An error changes nothing.
    ///
    /// ```
    /// let mut compressor = lz4_stream::Lz4StreamCompressor::new();
    /// assert_eq!(compressor.compress(b"hello")?, b"\x06\0\0\0\x50hello");
    /// assert_eq!(compressor.compress(b"")?, b"");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn compress(&mut self, page: &[u8]) -> Result<&[u8], Error> {
        if self.finished {
            return Err(Error::Finished);
        }
        let (found, allowed) = (
            self.window.page().len().saturating_add(page.len()),
            self.options.get_page_size(),
        );
        if found > allowed {
            return Err(Error::PageTooLarge { found, allowed });
        }
        if page.is_empty() && self.window.page().is_empty() {
            return Ok(&[]);
        }
        self.make_block_with(page);
        Ok(self.block())
    }

    /// Like [`compress`](Self::compress), but appends the block to `out` and returns its length with the head. With
    /// [`PrefixWidth::OutOfBand`](crate::PrefixWidth::OutOfBand), this is the size to pass to the other end.
    ///
    /// # Errors
    /// Those of [`compress`](Self::compress).
    ///
    /// ```
    /// let mut compressor = lz4_stream::Lz4StreamCompressor::new();
    /// let mut stream = Vec::new();
    /// assert_eq!(compressor.compress_into(b"hello", &mut stream)?, 10);
    /// assert_eq!(stream, b"\x06\0\0\0\x50hello");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn compress_into(&mut self, page: &[u8], out: &mut Vec<u8>) -> Result<usize, Error> {
        let block = self.compress(page)?;
        out.extend_from_slice(block);
        let len = block.len();
        self.consume(len);
        Ok(len)
    }

    /// Ends the stream. Lends the block of the current page, unless the page is empty, followed by the end mark, if the
    /// settings have one. Nothing can be pushed afterwards, and another call returns nothing. To begin another stream,
    /// call [`reset`](Self::reset).
    ///
    /// ```
    /// use lz4_stream::{CompressOptions, Error};
    ///
    /// let mut compressor = CompressOptions::new().end_mark(true).compressor()?;
    /// compressor.push(b"hello")?;
    /// assert_eq!(compressor.finish(), b"\x06\0\0\0\x50hello\0\0\0\0");
    /// assert_eq!(compressor.finish(), b"");
    /// assert_eq!(compressor.push(b"more"), Err(Error::Finished));
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn finish(&mut self) -> &[u8] {
        if self.finished {
            return &[];
        }
        self.unsent = 0..0;
        if !self.window.page().is_empty() {
            self.make_block();
        }
        let end = self.unsent.end;
        if self.buffer.len() < end + F::MAX_HEAD_LEN {
            self.buffer.resize(end + F::MAX_HEAD_LEN, 0);
        }
        let mark_len = self.framing.write_end(&mut self.buffer[end..][..F::MAX_HEAD_LEN]);
        assert!(mark_len <= F::MAX_HEAD_LEN, "{HEAD_TOO_LONG}");
        self.unsent.end += mark_len;
        self.total_out += mark_len as u64;
        // Last: the framing may have panicked.
        self.finished = true;
        self.block()
    }

    /// Starts a new stream with the same settings, without allocating. The compressor then behaves like a new one, and
    /// nothing of the old stream is in the new one. The current page and the unsent rest of the last block are dropped.
    /// The framing is not reset, see [`framing_mut`](Self::framing_mut).
    ///
    /// ```
    /// let mut compressor = lz4_stream::Lz4StreamCompressor::new();
    /// let first = compressor.compress(b"the same words")?.to_vec();
    /// assert!(compressor.compress(b"the same words")?.len() < first.len());
    /// compressor.reset();
    /// assert_eq!(compressor.compress(b"the same words")?, first);
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn reset(&mut self) {
        self.clear();
        self.load_dictionary();
    }

    /// Like [`reset`](Self::reset), but with the last 64 KiB of `history` instead of the settings' dictionary. The
    /// other end must have decoded the same bytes just before, or be given them. Use it to resume a stream, to change
    /// the dictionary, or to compress pages in parallel.
    ///
    /// In parallel, each page needs the previous page alone as its history, except the first: call `reset` for it,
    /// which loads the dictionary. Concatenate the blocks in order. The end mark comes from [`finish`](Self::finish) of
    /// the compressor of the last page. See [*Pages are independent*](crate::format#pages-are-independent).
    ///
    /// With [`Strategy::DoubleBuffer`], always pass the previous page alone: the first block may refer to all of
    /// `history`, but a peer with two page buffers holds only that page (see [*One page
    /// back*](crate::format#one-page-back)).
    ///
    /// ```
    /// use lz4_stream::{Lz4StreamCompressor, Lz4StreamDecompressor};
    ///
    /// // Two pages of one stream, compressed independently.
    /// let pages = [b"how much wood would a woodchuck", b"chuck if a woodchuck chuck wood"];
    /// let first = Lz4StreamCompressor::new().compress(pages[0])?.to_vec();
    /// let mut another = Lz4StreamCompressor::new();
    /// another.reset_with_history(pages[0]);
    /// let second = another.compress(pages[1])?;
    ///
    /// let mut decompressor = Lz4StreamDecompressor::new();
    /// assert_eq!(decompressor.decompress(&first[4..])?, pages[0]);
    /// assert_eq!(decompressor.decompress(&second[4..])?, pages[1]);
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn reset_with_history(&mut self, history: &[u8]) {
        self.clear();
        let most = window_len(&self.options);
        load_history(&mut self.window, most, &mut self.encoder, history);
    }

    /// Makes the current page, which may be empty or filled in part, a **restart point**: neither it nor any later page
    /// refers to anything before it, so that decoding can begin there (see
    /// [`Lz4StreamDecompressor::resume`](crate::Lz4StreamDecompressor::resume)). By default the stream does not show
    /// it, and any reader reads on. The block is the one that a new compressor without a dictionary makes. For restart
    /// points at regular distances, see [`CompressOptions::restart_every`]; to show them in the stream, see
    /// [`ZeroPrefix::Restart`](crate::ZeroPrefix::Restart) and [`Framing::write_restart`].
    ///
    /// ```
    /// use lz4_stream::{Lz4StreamCompressor, Lz4StreamDecompressor};
    ///
    /// let mut compressor = Lz4StreamCompressor::new();
    /// let first = compressor.compress(b"the same words")?.to_vec();
    /// compressor.restart();
    /// assert_eq!(compressor.compress(b"the same words")?, first);
    /// // A decompressor that knows nothing of the first page can begin here.
    /// assert_eq!(Lz4StreamDecompressor::new().decompress(&first[4..])?, b"the same words");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn restart(&mut self) {
        self.restarts.due = true;
    }

    /// The length of the last block without its head: its size out of band.
    pub(crate) fn block_len(&self) -> usize {
        self.data.len()
    }

    /// Heads, data and tail of the last block, sent or not. There must have been one in this stream.
    pub(crate) fn last_block(&self) -> (&[u8], &[u8], &[u8]) {
        let (block, tail) = self.buffer[..self.data.end + F::TAIL_LEN].split_at(self.data.end);
        let (heads, data) = block.split_at(self.data.start);
        (&heads[heads.len() - self.heads_len..], data, tail)
    }

    /// Compresses the full pages of `data[at..]` one by one, and leaves less than a page. The current page must be
    /// empty, and `data[..at]` must end with the history, or with the last part of it.
    pub(crate) fn pages<'a>(&'a mut self, data: &'a [u8], at: usize) -> Pages<'a, F> {
        debug_assert!(self.page().is_empty() && !self.finished);
        Pages {
            compressor: self,
            data,
            at,
            direct: None,
        }
    }

    /// Appends `rest`, for which the page size leaves room, to the page, encodes it, and begins the next page.
    fn make_block_with(&mut self, rest: &[u8]) {
        let head_len = self.encoder.head_len(rest.len());
        if self.window.page().is_empty() && head_len < rest.len() {
            self.make_block_in_place(rest, head_len);
        } else {
            let taken = self.push(rest);
            debug_assert_eq!(taken, Ok(rest.len()));
            self.make_block();
        }
    }

    /// Encodes a long page, of which only the [head](Encoder::head_len) is copied, and begins the next page.
    fn make_block_in_place(&mut self, page: &[u8], head_len: usize) {
        self.push_with_room(&page[..head_len], head_len);
        self.total_in += (page.len() - head_len) as u64;
        let mut window = self.window.lend();
        self.encode(window.content(), window.floor(), window.start(), page);
        // The rules of `make_block` hold: nothing is left of what was before the page.
        let history = &page[page.len() - HISTORY..];
        window.restart_within(history, window_len(&self.options));
        self.encoder.slide(page.len() - HISTORY);
        self.last_page = head_len;
        self.window.take_back(window);
    }

    /// Encodes the page in the window, even an empty one, and begins the next page.
    fn make_block(&mut self) {
        let mut window = self.window.lend();
        let page_len = window.page().len();
        let floor = self.encode(window.content(), window.floor(), window.start(), window.page());
        // Nothing refers to what is before a restart point. The rules *One page back* and *Empty pages*: while it
        // decodes the next page, a reader with two page buffers holds only the page just encoded; liblz4's decoder
        // holds nothing after an empty page.
        if floor == window.start() || page_len == 0 || self.options.get_strategy() == Strategy::DoubleBuffer {
            window.forget_history();
        }
        window.end_page();
        self.last_page = page_len;
        self.window.take_back(window);
    }

    /// Makes the block of the page, of which `content[start..]` is the [head](Encoder::head_len), or all. It may refer
    /// to the history, `content[floor..start]`, unless the page is a restart point. Returns where the history begins
    /// that it may refer to.
    ///
    /// ```text
    /// buffer = … [restart] head | data | [tail] …        the head ends where the data begins, whatever its length
    /// ```
    fn encode(&mut self, content: &[u8], floor: usize, start: usize, page: &[u8]) -> usize {
        // The framing may panic: what it leaves in the buffer must not be lent, and no later page may refer to this
        // one.
        self.unsent = 0..0;
        let floor = if mem::replace(&mut self.broken, true) || self.restarts.due {
            self.encoder.reset();
            start
        } else {
            floor
        };
        let page_len = page.len();
        let room = |page_len| Self::HEAD_ROOM + self.encoder.room(page_len) + F::TAIL_LEN + F::MAX_HEAD_LEN;
        if self.buffer.len() < room(page_len) {
            // Double the size, for pages that get longer and longer, but never exceed the need of the largest page. The
            // old content is useless, so free the old buffer first.
            let len = room(page_len)
                .max(2 * self.buffer.len())
                .min(room(self.options.get_page_size()));
            self.buffer = Vec::new();
            self.buffer = vec![0; len];
        }
        let data = &mut self.buffer[Self::HEAD_ROOM..];
        let data_len = if page_len == 0 {
            // One token: no literals, no match.
            data[0] = 0;
            1
        } else {
            self.encoder.encode(content, floor, start, page, data)
        };
        debug_assert!(data_len <= compress_bound(page_len));
        self.frame(Self::HEAD_ROOM..Self::HEAD_ROOM + data_len, page);
        self.broken = false;
        floor
    }

    /// The length of the room before a block: for the head, and for that of a restart before it. Among the blocks of a
    /// job, also for the tail of the block before, which is sent by then.
    pub(crate) const HEAD_ROOM: usize = if 2 * F::MAX_HEAD_LEN > F::TAIL_LEN {
        2 * F::MAX_HEAD_LEN
    } else {
        F::TAIL_LEN
    };

    /// Puts the heads before the block of `page` in the buffer, where there is [room](Self::HEAD_ROOM) for them.
    fn frame(&mut self, block: Range<usize>, page: &[u8]) {
        let room = block.start - 2 * F::MAX_HEAD_LEN;
        let (heads, data) = self.buffer[room..block.end].split_at_mut(2 * F::MAX_HEAD_LEN);
        let (mark, head) = heads.split_at_mut(F::MAX_HEAD_LEN);
        let mark_len = match self.restarts.due {
            true => self.framing.write_restart(mark),
            false => 0,
        };
        let head_len = self.framing.write_head(data, page, head);
        assert!(mark_len.max(head_len) <= F::MAX_HEAD_LEN, "{HEAD_TOO_LONG}");
        move_to_end(head, head_len);
        if F::TAIL_LEN > 0 {
            let end = block.end + F::TAIL_LEN;
            if self.buffer.len() < end {
                self.buffer.reserve_exact(end - self.buffer.len());
                self.buffer.resize(end, 0);
            }
            let (data, tail) = self.buffer[block.start..end].split_at_mut(block.len());
            self.framing.write_tail(data, page, tail);
        }
        let heads_len = mark_len + head_len;
        if mark_len > 0 {
            self.buffer.copy_within(room..room + mark_len, block.start - heads_len);
        }
        self.heads_len = heads_len;
        self.unsent = block.start - heads_len..block.end + F::TAIL_LEN;
        self.data = block;
        self.blocks += 1;
        self.total_out += self.unsent.len() as u64;
        self.restarts.end_page(self.options.get_restart_every());
    }

    /// Resets everything but the history.
    fn clear(&mut self) {
        self.encoder.reset();
        self.last_page = 0;
        self.restarts = Restarts::default();
        self.unsent = 0..0;
        self.broken = false;
        self.finished = false;
        (self.blocks, self.total_in, self.total_out) = (0, 0, 0);
    }

    fn load_dictionary(&mut self) {
        let dictionary = self.options.get_format().get_dictionary();
        let most = window_len(&self.options);
        load_history(&mut self.window, most, &mut self.encoder, dictionary);
    }
}

/// Moves the first `len` bytes of `room` to its end. What is before them then is arbitrary.
#[inline]
fn move_to_end(room: &mut [u8], len: usize) {
    match <&mut [u8; 8]>::try_from(&mut *room) {
        // The room of a size prefix: one shift, where the general way would be a noticeable part of a short stream.
        Ok(room) => {
            let by = 8 * (8 - len as u32);
            *room = u64::from_le_bytes(*room).unbounded_shl(by).to_le_bytes();
        }
        Err(_) => room.rotate_left(len),
    }
}

/// What a parallel writer needs. There, the pages of the stream are encoded by other compressors than the one that
/// frames their blocks.
impl Lz4StreamCompressor {
    /// A compressor whose blocks have no heads.
    pub(crate) fn headless(options: &CompressOptions) -> Self {
        let prefix = StreamFormat::new().prefix_width(PrefixWidth::OutOfBand).prefix;
        Self::build(prefix, options)
    }
}

impl<F: Framing> Lz4StreamCompressor<F> {
    /// Encodes the pages from here on as after [`reset_with_history`](Self::reset_with_history) with the history that
    /// there is. The current page must be empty.
    pub(crate) fn prime(&mut self) {
        debug_assert!(self.page().is_empty());
        self.encoder.reset();
        let (floor, start) = (self.window.floor(), self.window.start());
        if floor < start && !self.restarts.due {
            self.encoder.index(self.window.content(), floor, start);
        }
    }

    /// Moves the current page to the end of `to`.
    pub(crate) fn take_page(&mut self, to: &mut Vec<u8>) {
        to.extend_from_slice(self.window.page());
        self.window.clear_page();
    }

    /// Moves history, current page and encoder to a compressor whose blocks have no heads. Until they are
    /// [put back](Self::put_codec), this one can only frame blocks.
    pub(crate) fn take_codec(&mut self) -> Lz4StreamCompressor {
        let prefix = StreamFormat::new().prefix_width(PrefixWidth::OutOfBand).prefix;
        // This encoder allocates nothing.
        let mut codec = Lz4StreamCompressor::hollow(
            prefix,
            &self.options,
            Encoder::new(Mode::Default, Engine::Own, MAX_OFFSET),
        );
        codec.swap_codec(self);
        codec.total_in = codec.page().len() as u64;
        self.total_in -= codec.total_in;
        self.restarts = codec.restarts;
        codec
    }

    /// Takes back what [`take_codec`](Self::take_codec) took, or its like after other pages.
    pub(crate) fn put_codec(&mut self, mut codec: Lz4StreamCompressor) {
        self.swap_codec(&mut codec);
        self.total_in += self.page().len() as u64;
    }

    fn swap_codec<G>(&mut self, other: &mut Lz4StreamCompressor<G>) {
        mem::swap(&mut self.encoder, &mut other.encoder);
        mem::swap(&mut self.window, &mut other.window);
        mem::swap(&mut self.last_page, &mut other.last_page);
        mem::swap(&mut self.restarts, &mut other.restarts);
    }

    /// Swaps the buffer, in which nothing is unsent, with one of blocks for [`frame_page`](Self::frame_page).
    pub(crate) fn swap_buffer(&mut self, buffer: &mut Vec<u8>) {
        self.unsent = 0..0;
        mem::swap(&mut self.buffer, buffer);
    }

    /// Frames the block of `page`, which lies in the buffer after room for its head.
    pub(crate) fn frame_page(&mut self, block: Range<usize>, page: &[u8]) {
        self.frame(block, page);
        self.total_in += page.len() as u64;
    }

    /// Replaces what is unsent.
    pub(crate) fn set_unsent(&mut self, bytes: Vec<u8>) {
        self.unsent = 0..bytes.len();
        self.buffer = bytes;
    }

    pub(crate) fn restarts(&self) -> Restarts {
        self.restarts
    }

    pub(crate) fn set_restarts(&mut self, restarts: Restarts) {
        self.restarts = restarts;
    }
}

/// Where the restart points are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Restarts {
    /// Whether the current page is one.
    due: bool,
    /// How many pages were ended since the last one, or since the start of the stream.
    since: usize,
}

impl Restarts {
    pub(crate) fn is_due(self) -> bool {
        self.due
    }

    /// Ends a page, where every `every`-th is a restart point.
    #[inline]
    pub(crate) fn end_page(&mut self, every: usize) {
        self.since = if self.due { 1 } else { self.since.saturating_add(1) };
        self.due = self.since == every;
    }
}

/// How many bytes history and page take at most. (A dictionary may be longer than the pages. It is gone after one.)
fn window_len(options: &CompressOptions) -> usize {
    let page_size = options.get_page_size();
    let history = match options.get_strategy() {
        Strategy::DoubleBuffer => page_size.min(HISTORY),
        Strategy::RingBuffer => HISTORY,
    };
    history + page_size
}

/// Puts `history` in the place of the page before the first one. The encoder must have been reset.
fn load_history(window: &mut Window, most: usize, encoder: &mut Encoder, history: &[u8]) {
    window.restart_within(history, most);
    let start = window.start();
    if start > 0 {
        encoder.index(window.content(), 0, start);
    }
}

impl<F> Lz4StreamCompressor<F> {
    /// Whether the current page is full.
    pub fn is_full(&self) -> bool {
        self.window.page().len() == self.options.get_page_size()
    }

    /// The unconsumed rest of the last output: a block, the end mark, or both. The next output replaces it.
    pub fn block(&self) -> &[u8] {
        &self.buffer[self.unsent.clone()]
    }

    /// Marks the first `n` bytes of [`block`](Self::block) as sent, or all of it when `n` is larger.
    ///
    /// ```
    /// let mut compressor = lz4_stream::Lz4StreamCompressor::new();
    /// compressor.compress(b"hello")?;
    /// compressor.consume(4);
    /// assert_eq!(compressor.block(), b"\x50hello");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn consume(&mut self, n: usize) {
        self.unsent.start += n.min(self.unsent.len());
    }

    /// The settings.
    pub fn options(&self) -> &CompressOptions {
        &self.options
    }

    /// The framing of the blocks.
    pub fn framing(&self) -> &F {
        &self.framing
    }

    /// The framing of the blocks, for a framing with state: [`reset`](Self::reset) does not change it.
    ///
    /// The page size was checked against the framing when the compressor was made. Do not replace it by a framing for
    /// shorter blocks: its `write_head` would be called with a length that does not fit.
    ///
    /// ```
    /// use lz4_stream::{CompressOptions, Error, Framing, Head, Lz4StreamCompressor};
    ///
    /// /// The number of the block before the length, one byte each.
    /// #[derive(Default)]
    /// struct Numbered {
    ///     next: u8,
    /// }
    ///
    /// impl Framing for Numbered {
    ///     const MAX_HEAD_LEN: usize = 2;
    /// #   fn max_block_len(&self) -> usize {
    /// #       0xFF
    /// #   }
    /// #   fn read_head(&mut self, _: &[u8]) -> Result<Head, Error> {
    /// #       unimplemented!()
    /// #   }
    ///
    ///     fn write_head(&mut self, block: &[u8], _page: &[u8], out: &mut [u8]) -> usize {
    ///         out[..2].copy_from_slice(&[self.next, block.len() as u8]);
    ///         self.next = self.next.wrapping_add(1);
    ///         2
    ///     }
    ///     // ...
    /// }
    ///
    /// let options = CompressOptions::new().page_size(200);
    /// let mut compressor = Lz4StreamCompressor::with_framing(Numbered::default(), &options)?;
    /// assert_eq!(compressor.compress(b"hello")?, b"\x00\x06\x50hello");
    /// compressor.reset();
    /// assert_eq!(compressor.compress(b"hello")?, b"\x01\x06\x50hello");
    /// compressor.reset();
    /// compressor.framing_mut().next = 0;
    /// assert_eq!(compressor.compress(b"hello")?, b"\x00\x06\x50hello");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn framing_mut(&mut self) -> &mut F {
        &mut self.framing
    }

    /// The bytes of the current page.
    pub fn page(&self) -> &[u8] {
        self.window.page()
    }

    /// The bytes that the current page may refer to: at most 64 KiB. With [`Strategy::DoubleBuffer`], they are from the
    /// last page only. At a restart point there is none.
    pub fn history(&self) -> &[u8] {
        if self.restarts.due { &[] } else { self.window.history() }
    }

    /// Whether the stream is finished.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// How many blocks were made.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// How many bytes were pushed or compressed.
    pub fn total_in(&self) -> u64 {
        self.total_in
    }

    /// How many bytes of the stream were made: blocks with their heads, and the end mark. Includes unsent bytes.
    pub fn total_out(&self) -> u64 {
        self.total_out
    }
}

const HEAD_TOO_LONG: &str = "the framing wrote a head longer than MAX_HEAD_LEN";

/// The full pages of a slice, compressed one by one. They are compressed directly from the slice once it contains the
/// history and enough data follows to pay for the switch. See [`Lz4StreamCompressor::pages`].
pub(crate) struct Pages<'a, F: Framing> {
    compressor: &'a mut Lz4StreamCompressor<F>,
    data: &'a [u8],
    /// Where the next page begins.
    at: usize,
    direct: Option<Direct>,
}

/// The slice replaces the window, which is empty meanwhile.
struct Direct {
    /// The index in `data` that is index 0 for the encoder.
    base: usize,
    /// The index in `data` where the history of the next page begins.
    floor: usize,
}

/// Switching from the window to a slice and back copies the history and shifts the encoder's table. Less data than this
/// is cheaper to copy.
const WORTH_A_CHANGE: usize = 4 * HISTORY;

/// Positions of the encoder stay below this.
const INDEX_LIMIT: usize = 1 << 26;

impl<F: Framing> Pages<'_, F> {
    /// Makes the block of the next full page, and returns whether there was one.
    pub(crate) fn make_block(&mut self) -> bool {
        let page_size = self.compressor.options.get_page_size();
        let rest = &self.data[self.at..];
        if rest.len() < page_size {
            return false;
        }
        let history_len = self.compressor.window.history().len();
        if self.direct.is_none() && history_len <= self.at && rest.len() >= WORTH_A_CHANGE {
            let floor = self.at - history_len;
            self.compressor.encoder.slide(self.compressor.window.floor());
            self.compressor.window.restart(&[]);
            self.direct = Some(Direct { base: floor, floor });
        }
        self.at += page_size;
        let compressor = &mut *self.compressor;
        let Some(Direct { base, floor }) = &mut self.direct else {
            compressor.make_block_with(&rest[..page_size]);
            return true;
        };
        if *floor - *base >= INDEX_LIMIT {
            // A multiple of 64 KiB needs no change of the fast encoder's table.
            let by = (*floor - *base) / HISTORY * HISTORY;
            compressor.encoder.slide(by);
            *base += by;
        }
        let start = self.at - page_size;
        let page = &self.data[start..self.at];
        *floor = *base + compressor.encode(&self.data[*base..self.at], *floor - *base, start - *base, page);
        compressor.last_page = page_size;
        compressor.total_in += page_size as u64;
        // The rule *One page back*.
        let oldest = match compressor.options.get_strategy() {
            Strategy::DoubleBuffer => start,
            Strategy::RingBuffer => *floor,
        };
        *floor = oldest.max(self.at.saturating_sub(HISTORY));
        true
    }

    /// The compressor, and what the next page may refer to.
    pub(crate) fn with_history(&self) -> (&Lz4StreamCompressor<F>, &[u8]) {
        let history = match self.direct {
            Some(Direct { floor, .. }) => &self.data[floor..self.at],
            None => self.compressor.history(),
        };
        (self.compressor, history)
    }

    /// Where the rest begins that was not compressed.
    pub(crate) fn taken(&self) -> usize {
        self.at
    }

    /// The compressor, for sending its block.
    pub(crate) fn compressor(&mut self) -> &mut Lz4StreamCompressor<F> {
        self.compressor
    }
}

/// However it ends, even by a panic, the compressor continues from its own window.
impl<F: Framing> Drop for Pages<'_, F> {
    fn drop(&mut self) {
        if let Some(Direct { base, floor }) = self.direct {
            let most = window_len(&self.compressor.options);
            self.compressor.window.restart_within(&self.data[floor..self.at], most);
            self.compressor.encoder.slide(floor - base);
        }
    }
}

impl<F> fmt::Debug for Lz4StreamCompressor<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lz4StreamCompressor")
            .field("options", &self.options)
            .field("window", &self.window)
            .field("unsent", &self.unsent.len())
            .field("finished", &self.finished)
            .field("blocks", &self.blocks)
            .field("total_in", &self.total_in)
            .field("total_out", &self.total_out)
            .finish_non_exhaustive()
    }
}
