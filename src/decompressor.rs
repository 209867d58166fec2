//! The reading end of a stream, without I/O: takes bytes of the stream and returns pages.

use std::{fmt, mem};

use crate::block::{self, DecodeError, Pace, SLACK};
use crate::format::{HISTORY, compress_bound};
use crate::options::DecompressOptions;
use crate::window::Window;
use crate::{Error, Framing, Head, SizePrefix, ZeroPrefix};

mod direct;

pub(crate) use direct::append_pages;

/// The bytes of a block are read in pieces that grow from this size, so that a head alone cannot cause a large
/// allocation.
const FIRST_READ: usize = 16 * 1024;

/// The smallest allocation for the bytes of a block: enough for a head and a short block after it.
const LEAST_HELD: usize = 256;

/// The result of [`Lz4StreamDecompressor::feed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The next page, which can be empty. The rest of the input may hold more pages.
    Page(&'a [u8]),
    /// All input was taken, and at least this many more bytes are needed for the next result.
    NeedMore(usize),
    /// The stream is over. The rest of the input does not belong to it.
    End,
}

/// [`Progress`] without the page. Whoever gets it takes the page from the window: a slice that is stored in two halves
/// and loaded as one would stall the processor until the whole page has left its store buffer.
pub(crate) enum Step {
    Page,
    NeedMore(usize),
    End,
}

/// The result of [`Lz4StreamDecompressor::get_block`]: what is at the beginning of a byte slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockSplit<'a> {
    /// A complete block.
    Block {
        /// The block's data without the prefix, for [`Lz4StreamDecompressor::decompress`].
        block: &'a [u8],
        /// The bytes after the block.
        rest: &'a [u8],
    },
    /// The end mark, if the settings have one.
    EndMark {
        /// The bytes after the end mark. They do not belong to the stream.
        rest: &'a [u8],
    },
    /// A restart, if the settings have [`ZeroPrefix::Restart`](crate::ZeroPrefix::Restart): call
    /// [`Lz4StreamDecompressor::restart`].
    Restart {
        /// The bytes after it, which continue the stream.
        rest: &'a [u8],
    },
    /// The slice ends before the block does: call again with the same bytes and more after them.
    Incomplete {
        /// At least this many more bytes are needed for another answer.
        missing: usize,
    },
}

/// Decompresses the blocks of a stream to pages, without I/O.
///
/// [`Lz4StreamReader`](crate::Lz4StreamReader) drives it. Use it directly for packets and other kinds of I/O. It
/// corresponds to `LZ4StreamDecompressor` of python-lz4. It decodes streams of
/// [`Lz4StreamCompressor`](crate::Lz4StreamCompressor), of python-lz4, and of the C library over two buffers or a ring
/// buffer. It keeps the last 64 KiB that it decoded, whatever the page size.
///
/// * **In pieces of any length**: [`feed`](Self::feed) takes bytes of the stream and lends each page as soon as it is
///   complete. To save a copy, read into [`unfilled`](Self::unfilled) instead of a buffer. An error repeats: the blocks
///   after a bad block cannot be decoded.
/// * **Block by block**: [`decompress`](Self::decompress) takes the data of one block, for packets and for sizes kept
///   out of band. [`get_block`](Self::get_block) splits a block off a slice. Here an error changes nothing, and another
///   block can be tried.
///
/// **Every block must arrive, in order.** After a lost, repeated or reordered block, later blocks may decode
/// incorrectly without an error. Number the packets if they can get lost, and [`reset`](Self::reset) both ends when one
/// is missing.
///
/// Memory, with the default engine: less than 512 KiB with 64 KiB pages, and never more than about three pages of the
/// largest accepted size and 512 KiB. A warm decompressor allocates nothing.
///
/// ```
/// use lz4_stream::{Lz4StreamDecompressor, Progress};
///
/// let mut decompressor = Lz4StreamDecompressor::new();
/// let mut text = Vec::new();
/// for mut piece in [&b"\x06\0"[..], b"\0\0\x50hel", b"lo\x08\0\0\0\x70, world"] {
///     while let Progress::Page(page) = decompressor.feed(&mut piece)? {
///         text.extend_from_slice(page);
///     }
/// }
/// decompressor.end_of_input()?;
/// assert_eq!(text, b"hello, world");
/// # Ok::<(), lz4_stream::Error>(())
/// ```
#[derive(Clone)]
pub struct Lz4StreamDecompressor<F = SizePrefix> {
    framing: F,
    options: DecompressOptions,
    /// The history, and the last page.
    window: Window,
    pace: Pace,
    /// The history was dropped: the next block refers to nothing before it. The window still holds the last page.
    forgotten: bool,
    /// How much of the last page was consumed.
    consumed: usize,
    state: State,
    /// `held[..filled]` are the bytes of an incomplete head or block. The rest is room with arbitrary bytes.
    held: Vec<u8>,
    filled: usize,
    /// The length of the last block without its head.
    block_len: usize,
    /// The length of the last page: the likely length of the next one.
    last_page: usize,
    /// The length of the longest page so far: any later page may be that long.
    largest_page: usize,
    blocks: u64,
    restarts: u64,
    total_in: u64,
    total_out: u64,
}

/// Where in the stream the next byte belongs.
#[derive(Debug, Clone)]
enum State {
    /// At a block boundary or in a head. The framing needs this many bytes of the head.
    Head { needed: usize },
    /// At the start of a block's data or inside it.
    Block { head_len: usize, block_len: usize },
    /// After the end.
    Ended,
    /// At bytes that do not belong to a valid stream.
    Failed(Error),
    /// The framing checks a block, or it panicked then: the block is gone.
    Checked,
}

/// At a block boundary, before the framing was asked.
const BOUNDARY: State = State::Head { needed: 0 };

impl Default for Lz4StreamDecompressor {
    fn default() -> Self {
        Self::new()
    }
}

impl Lz4StreamDecompressor {
    /// A decompressor with the default settings of [`DecompressOptions::new`]. For other settings, see
    /// [`DecompressOptions::decompressor`].
    ///
    /// ```
    /// let mut decompressor = lz4_stream::Lz4StreamDecompressor::new();
    /// assert_eq!(decompressor.decompress(b"\x50hello")?, b"hello");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn new() -> Self {
        let options = DecompressOptions::new();
        Self::build(options.get_format().prefix, &options)
    }

    /// Splits the first block off `stream`, which must begin at a block boundary. The call changes nothing. The block
    /// and offset in an error are those of the next block to decompress.
    ///
    /// # Errors
    /// [`Error::BlockTooLarge`] or [`Error::EmptyBlock`] when the bytes cannot be the beginning of a valid block.
    /// [`Error::OutOfBandSizes`] with [`PrefixWidth::OutOfBand`](crate::PrefixWidth::OutOfBand), where only the caller
    /// knows where a block ends.
    ///
    /// ```
    /// use lz4_stream::{Lz4StreamDecompressor, BlockSplit};
    ///
    /// let decompressor = Lz4StreamDecompressor::new();
    /// let stream = b"\x03\0\0\0\x20hi\x01";
    /// assert_eq!(
    ///     decompressor.get_block(stream),
    ///     Ok(BlockSplit::Block { block: b"\x20hi", rest: b"\x01" })
    /// );
    /// assert_eq!(decompressor.get_block(&stream[..2]), Ok(BlockSplit::Incomplete { missing: 2 }));
    /// assert_eq!(decompressor.get_block(&stream[..5]), Ok(BlockSplit::Incomplete { missing: 2 }));
    /// assert!(decompressor.get_block(b"\xff\xff\xff\xff").is_err());
    /// ```
    pub fn get_block<'a>(&self, stream: &'a [u8]) -> Result<BlockSplit<'a>, Error> {
        let (head_len, block_len) = match self.framing.head(stream)? {
            Head::Incomplete { needed } => {
                let missing = needed - stream.len();
                return Ok(BlockSplit::Incomplete { missing });
            }
            Head::End { head_len } => {
                let rest = &stream[head_len..];
                return Ok(BlockSplit::EndMark { rest });
            }
            Head::Restart { head_len } => {
                let rest = &stream[head_len..];
                return Ok(BlockSplit::Restart { rest });
            }
            Head::Block { head_len, block_len } => (head_len, block_len),
        };
        self.check_block_len(block_len)?;
        let data = &stream[head_len..];
        Ok(match data.split_at_checked(block_len) {
            Some((block, rest)) => BlockSplit::Block { block, rest },
            None => BlockSplit::Incomplete {
                missing: block_len - data.len(),
            },
        })
    }

    /// Decompresses one block, given without its prefix, and lends its page, which can be empty. The prefix still
    /// counts in [`total_in`](Self::total_in).
    ///
    /// # Errors
    /// [`Error::EmptyBlock`], [`Error::BlockTooLarge`], [`Error::PageOverLimit`], [`Error::TruncatedBlock`],
    /// [`Error::MatchOffset`]: the block does not belong to this stream, or the settings differ. An error changes
    /// nothing, except that the last page is gone after one of the last three.
    ///
    /// When mixed with [`feed`](Self::feed): [`Error::UnexpectedEnd`] if a head or block was fed only in part,
    /// [`Error::Finished`] after the end mark, and after an error of `feed` the same error.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamDecompressor;
    ///
    /// let mut decompressor = Lz4StreamDecompressor::new();
    /// assert_eq!(decompressor.decompress(b"\x40abcd")?, b"abcd");
    /// // A match four bytes back, and five literals.
    /// assert_eq!(decompressor.decompress(b"\x00\x04\0\x50efghi")?, b"abcdefghi");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    #[inline]
    pub fn decompress(&mut self, block: &[u8]) -> Result<&[u8], Error> {
        self.decompress_to_window(block)?;
        Ok(self.window.page())
    }

    fn decompress_to_window(&mut self, block: &[u8]) -> Result<(), Error> {
        match self.state {
            State::Ended => return Err(Error::Finished),
            _ if self.at_boundary() => {}
            // The earlier failure, or an incomplete block.
            _ => self.end_of_input()?,
        }
        self.check_block_len(block.len())?;
        self.decode_block(self.framing.width.bytes(), block, &mut &mut [][..])
    }

    /// Drops the history: the next block may refer to nothing before it, not even to the dictionary. The last page
    /// stays. With [`ZeroPrefix::Restart`](crate::ZeroPrefix::Restart), a prefix counts in
    /// [`total_in`](Self::total_in).
    ///
    /// Call it at [`BlockSplit::Restart`]; [`feed`](Self::feed) does it by itself. (After
    /// [`Lz4StreamCompressor::restart`](crate::Lz4StreamCompressor::restart), blocks refer to nothing before it
    /// anyway.)
    ///
    /// ```
    /// use lz4_stream::{Error, Lz4StreamDecompressor};
    ///
    /// let mut decompressor = Lz4StreamDecompressor::new();
    /// assert_eq!(decompressor.decompress(b"\x40abcd")?, b"abcd");
    /// decompressor.restart();
    /// // A match four bytes back.
    /// let error = decompressor.decompress(b"\x00\x04\0\x50efghi").unwrap_err();
    /// assert!(matches!(error, Error::MatchOffset { found: 4, allowed: 0, .. }));
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn restart(&mut self) {
        self.forgotten = true;
        self.restarts += 1;
        if self.framing.zero == ZeroPrefix::Restart {
            self.total_in = self.total_in.saturating_add(self.framing.width.bytes() as u64);
        }
    }
}

impl<F: Framing> Lz4StreamDecompressor<F> {
    /// A decompressor with a custom framing. The prefix width, byte order and end mark of `options` are ignored.
    /// [`Framing`] has an example of a custom one.
    ///
    /// # Errors
    /// [`Error::MaxPageSize`] when the largest page is zero or over
    /// [`LZ4_MAX_INPUT_SIZE`](crate::LZ4_MAX_INPUT_SIZE).
    ///
    /// ```
    /// use lz4_stream::{DecompressOptions, Lz4StreamDecompressor, Progress, SizePrefix};
    ///
    /// let options = DecompressOptions::new().max_page_size(4096);
    /// let mut decompressor = Lz4StreamDecompressor::with_framing(SizePrefix::default(), &options)?;
    /// assert_eq!(decompressor.feed(&mut &b"\x06\0\0\0\x50hello"[..])?, Progress::Page(b"hello"));
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    #[inline]
    pub fn with_framing(framing: F, options: &DecompressOptions) -> Result<Self, Error> {
        options.check_max_page_size()?;
        Ok(Self::build(framing, options))
    }

    #[inline]
    fn build(framing: F, options: &DecompressOptions) -> Self {
        let mut window = Window::default();
        window.restart(options.get_format().get_dictionary());
        Lz4StreamDecompressor {
            framing,
            options: options.clone(),
            window,
            pace: Pace::default(),
            forgotten: false,
            consumed: 0,
            state: BOUNDARY,
            held: Vec::new(),
            filled: 0,
            block_len: 0,
            last_page: 0,
            largest_page: 0,
            blocks: 0,
            restarts: 0,
            total_in: 0,
            total_out: 0,
        }
    }

    /// Takes the next bytes of the stream off the front of `input`, up to the end of one block, and reports the result.
    /// At a [`Head::Restart`] it drops the history and goes on.
    /// A block that `input` contains completely is decoded without a copy; bytes of an incomplete block are copied and
    /// kept. The last page counts as consumed.
    ///
    /// With empty input, it reports the result of the bytes taken so far.
    ///
    /// # Errors
    /// [`Error::EmptyBlock`], [`Error::BlockTooLarge`], [`Error::PageOverLimit`], [`Error::TruncatedBlock`],
    /// [`Error::MatchOffset`], [`Error::BadHead`]: the bytes are not a valid stream with these settings. Every further
    /// call returns the same error until [`reset`](Self::reset). [`Error::OutOfBandSizes`] with
    /// [`PrefixWidth::OutOfBand`](crate::PrefixWidth::OutOfBand): use [`decompress`](Self::decompress), or a
    /// [`BlockSizes`](crate::BlockSizes).
    ///
    /// ```
    /// use lz4_stream::{Lz4StreamDecompressor, Progress};
    ///
    /// let mut decompressor = Lz4StreamDecompressor::new();
    /// let mut input = &b"\x06\0\0\0\x50hello\x02\0"[..];
    /// assert_eq!(decompressor.feed(&mut input)?, Progress::Page(b"hello"));
    /// assert_eq!(decompressor.feed(&mut input)?, Progress::NeedMore(2));
    /// assert!(input.is_empty());
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    #[inline]
    pub fn feed(&mut self, input: &mut &[u8]) -> Result<Progress<'_>, Error> {
        Ok(match self.advance(input, &mut &mut [][..])? {
            Step::Page => Progress::Page(self.window.page()),
            Step::NeedMore(missing) => Progress::NeedMore(missing),
            Step::End => Progress::End,
        })
    }

    /// The work of [`feed`](Self::feed). A long page for which `out` has room can be decoded into it directly: then its
    /// bytes are taken off the front of `out`, and the page counts as consumed.
    pub(crate) fn advance(&mut self, input: &mut &[u8], out: &mut &mut [u8]) -> Result<Step, Error> {
        self.consumed = self.window.page_len();
        self.find_block(input)?;
        let (head_len, block_len) = match &self.state {
            State::Block { head_len, block_len } => (*head_len, *block_len),
            State::Head { needed } => return Ok(Step::NeedMore(needed - self.filled)),
            State::Ended => return Ok(Step::End),
            State::Failed(error) => return Err(error.clone()),
            State::Checked => return Err(self.panicked()),
        };
        let with_tail = block_len + F::TAIL_LEN;
        let result = match input.split_at_checked(with_tail) {
            Some((block, rest)) if self.filled == 0 => {
                *input = rest;
                self.state = State::Checked;
                self.decode_block(head_len, block, out)
            }
            _ => {
                self.hold(input, with_tail);
                if self.filled < with_tail {
                    return Ok(Step::NeedMore(with_tail - self.filled));
                }
                self.state = State::Checked;
                self.decode_held(head_len, with_tail, out)
            }
        };
        self.filled = 0;
        match result {
            Ok(()) => {
                self.state = BOUNDARY;
                Ok(Step::Page)
            }
            Err(error) => {
                self.state = State::Failed(error.clone());
                Err(error)
            }
        }
    }

    /// At least this many more bytes are needed for the next result. 0 when [`feed`](Self::feed) already has one: a
    /// page, the end of the stream, or an error. Takes `&mut self` because it may ask the framing for the next head,
    /// and a framing may have state.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamDecompressor;
    ///
    /// let mut decompressor = Lz4StreamDecompressor::new();
    /// assert_eq!(decompressor.missing(), 4);
    /// decompressor.feed(&mut &b"\x06\0\0\0\x50"[..])?;
    /// assert_eq!(decompressor.missing(), 5);
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    #[inline]
    pub fn missing(&mut self) -> usize {
        // The next `feed` returns the error.
        let _ = self.find_block(&mut &[][..]);
        self.needed().map_or(0, |needed| needed - self.filled)
    }

    /// Lends the room for the next read, so that the caller needs no buffer. After the read, call
    /// [`filled`](Self::filled), and then [`feed`](Self::feed) with empty input.
    ///
    /// The room ends with the current head or block, so a read into it never takes bytes after the stream. It can be
    /// shorter than [`missing`](Self::missing), because a head alone must not cause a large allocation. It is empty
    /// exactly when nothing is missing.
    ///
    /// ```
    /// use lz4_stream::{Lz4StreamDecompressor, Progress};
    /// use std::io::Read;
    ///
    /// let mut input = &b"\x06\0\0\0\x50hello, and bytes that are not the stream's"[..];
    /// let mut decompressor = Lz4StreamDecompressor::new();
    /// let page = loop {
    ///     let n = input.read(decompressor.unfilled())?;
    ///     decompressor.filled(n);
    ///     if let Progress::Page(page) = decompressor.feed(&mut &[][..])? {
    ///         break page;
    ///     }
    /// };
    /// assert_eq!(page, b"hello");
    /// assert_eq!(input, b", and bytes that are not the stream's");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn unfilled(&mut self) -> &mut [u8] {
        let _ = self.find_block(&mut &[][..]);
        let Some(needed) = self.needed().filter(|&needed| needed > self.filled) else {
            return &mut [];
        };
        self.reserve_held(self.filled, needed);
        let until = self.held.len().min(needed);
        &mut self.held[self.filled..until]
    }

    /// Tells the decompressor that the first `n` bytes of [`unfilled`](Self::unfilled) are the next bytes of the
    /// stream.
    ///
    /// # Panics
    /// When `n` is more than the length of the room.
    ///
    /// ```
    /// use lz4_stream::{Lz4StreamDecompressor, Progress};
    ///
    /// let mut decompressor = Lz4StreamDecompressor::new();
    /// decompressor.unfilled().copy_from_slice(b"\x06\0\0\0");
    /// decompressor.filled(4);
    /// decompressor.unfilled().copy_from_slice(b"\x50hello");
    /// decompressor.filled(6);
    /// assert_eq!(decompressor.feed(&mut &[][..])?, Progress::Page(b"hello"));
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn filled(&mut self, n: usize) {
        let room = self
            .held
            .len()
            .min(self.needed().unwrap_or(0))
            .saturating_sub(self.filled);
        assert!(n <= room, "{n} bytes were filled, but there is room for {room}");
        self.filled += n;
    }

    /// Checks that the input may end here: `Ok` at a block boundary or after the end mark. Call it when
    /// [`feed`](Self::feed) returned [`Progress::NeedMore`] and there is no more input. More input can still be fed
    /// afterwards.
    ///
    /// Without an end mark, a stream cut off at a block boundary looks complete: see
    /// [*Truncation*](crate::format#truncation).
    ///
    /// # Errors
    /// [`Error::UnexpectedEnd`] inside a head or a block, [`Error::MissingEndMark`] before the end mark if the settings
    /// have one, and after an error of [`feed`](Self::feed) the same error.
    ///
    /// ```
    /// use lz4_stream::{Error, Lz4StreamDecompressor};
    ///
    /// let mut decompressor = Lz4StreamDecompressor::new();
    /// decompressor.end_of_input()?;
    /// decompressor.feed(&mut &b"\x06\0\0\0\x50hel"[..])?;
    /// let error = Error::UnexpectedEnd { block: 0, offset: 0, in_head: false, found: 4, needed: 6 };
    /// assert_eq!(decompressor.end_of_input(), Err(error));
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn end_of_input(&mut self) -> Result<(), Error> {
        self.find_block(&mut &[][..])?;
        let (block, offset, found) = (self.blocks, self.total_in, self.filled);
        match &self.state {
            State::Failed(error) => Err(error.clone()),
            State::Checked => Err(self.panicked()),
            State::Ended => Ok(()),
            _ if self.at_boundary() => match self.framing.needs_end() {
                true => Err(Error::MissingEndMark { block, offset }),
                false => Ok(()),
            },
            _ => Err(Error::UnexpectedEnd {
                block,
                offset,
                in_head: self.is_in_head(),
                found,
                needed: self.needed().unwrap_or(0),
            }),
        }
    }

    /// Starts a new stream with the same settings, without allocating. Clears an earlier error or end. The new stream
    /// cannot refer to bytes of the old one. The framing is not reset, see [`framing_mut`](Self::framing_mut).
    ///
    /// ```
    /// use lz4_stream::{Lz4StreamDecompressor, Progress};
    ///
    /// let mut decompressor = Lz4StreamDecompressor::new();
    /// assert!(decompressor.feed(&mut &b"\0\0\0\0"[..]).is_err());
    /// decompressor.reset();
    /// assert_eq!(decompressor.feed(&mut &b"\x06\0\0\0\x50hello"[..])?, Progress::Page(b"hello"));
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn reset(&mut self) {
        // Copies a reference, not the dictionary.
        let format = self.options.get_format().clone();
        self.resume(format.get_dictionary(), 0, 0);
    }

    /// Resumes in the middle of a stream: at the boundary before the block with index `block`, `offset` bytes into the
    /// stream. `history` is the data decoded before it, of which the last 64 KiB are used; at a restart point it is
    /// empty. [`total_out`](Self::total_out) starts at zero.
    ///
    /// ```
    /// use lz4_stream::{Lz4StreamCompressor, Lz4StreamDecompressor, Progress};
    ///
    /// let mut compressor = Lz4StreamCompressor::new();
    /// let first = compressor.compress(b"how much wood would a woodchuck chuck")?.len();
    /// let second = compressor.compress(b"if a woodchuck could chuck wood")?;
    ///
    /// let mut decompressor = Lz4StreamDecompressor::new();
    /// decompressor.resume(b"how much wood would a woodchuck chuck", 1, first as u64);
    /// assert_eq!(decompressor.feed(&mut &second[..])?, Progress::Page(b"if a woodchuck could chuck wood"));
    /// assert_eq!(decompressor.blocks(), 2);
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn resume(&mut self, history: &[u8], block: u64, offset: u64) {
        self.window.restart(history);
        self.begin(block, offset);
    }

    fn begin(&mut self, block: u64, offset: u64) {
        self.forgotten = false;
        self.consumed = 0;
        self.state = BOUNDARY;
        self.filled = 0;
        self.blocks = block;
        self.restarts = 0;
        self.total_in = offset;
        self.total_out = 0;
    }

    /// Whether the next byte belongs to a head.
    pub(crate) fn is_in_head(&self) -> bool {
        matches!(self.state, State::Head { .. })
    }

    fn at_boundary(&self) -> bool {
        matches!(self.state, State::Head { .. }) && self.filled == 0
    }

    /// How many bytes must be held for progress, if progress is possible.
    fn needed(&self) -> Option<usize> {
        match self.state {
            State::Head { needed } => Some(needed),
            State::Block { block_len, .. } => Some(block_len + F::TAIL_LEN),
            State::Ended | State::Failed(_) | State::Checked => None,
        }
    }

    /// At a block boundary or inside a head: advances to the block's data, as far as the input allows. An error is the
    /// caller's and changes nothing; an error in the stream becomes the state.
    #[inline(always)] // as `decode_block`
    fn find_block(&mut self, input: &mut &[u8]) -> Result<(), Error> {
        let State::Head { needed } = self.state else {
            return Ok(());
        };
        let in_place = self.filled == 0 && input.len() >= needed;
        if !in_place && self.filled < needed {
            return self.read_head(input, None);
        }
        let bytes = if in_place { *input } else { &self.held[..self.filled] };
        let there = bytes.len();
        // The usual answers, without the checks that the others need.
        match self.framing.read_head(bytes) {
            Ok(Head::Block { head_len, block_len })
                if (needed..=there.min(F::MAX_HEAD_LEN)).contains(&head_len) && self.is_acceptable(block_len) =>
            {
                if in_place {
                    *input = &input[head_len..];
                }
                self.filled = 0;
                self.state = State::Block { head_len, block_len };
                Ok(())
            }
            Ok(Head::Incomplete { needed }) if there == 0 && (1..=F::MAX_HEAD_LEN).contains(&needed) => {
                self.state = State::Head { needed };
                Ok(())
            }
            answer => self.read_head(input, Some(answer)),
        }
    }

    /// The work of [`find_block`](Self::find_block). `answer` is the framing's for the bytes that are there, if it was
    /// asked.
    #[inline(never)]
    fn read_head(&mut self, input: &mut &[u8], mut answer: Option<Result<Head, Error>>) -> Result<(), Error> {
        let mut silent_restart = false;
        while let State::Head { needed } = self.state {
            // A head that the input contains completely is read in place.
            let in_place = self.filled == 0 && input.len() >= needed;
            if !in_place {
                self.hold(input, needed);
                if self.filled < needed {
                    return Ok(());
                }
            }
            let bytes = if in_place { *input } else { &self.held[..self.filled] };
            let there = bytes.len();
            let answer = answer.take().unwrap_or_else(|| self.framing.read_head(bytes));
            let (head_len, next) = match answer {
                Ok(Head::Incomplete { needed }) if needed > there && needed <= F::MAX_HEAD_LEN => {
                    self.state = State::Head { needed };
                    continue;
                }
                Ok(Head::Block { head_len, block_len }) => {
                    let next = match self.check_block_len(block_len) {
                        Ok(()) => State::Block { head_len, block_len },
                        Err(error) => State::Failed(error),
                    };
                    (head_len, next)
                }
                // Two without a head would not make progress.
                Ok(Head::Restart { head_len: 0 }) if silent_restart => {
                    (0, self.bad_head("the framing restarts twice at one place"))
                }
                Ok(Head::Restart { head_len }) => {
                    silent_restart = head_len == 0;
                    (head_len, BOUNDARY)
                }
                Ok(Head::End { head_len }) => (head_len, State::Ended),
                Ok(Head::Incomplete { .. }) => (0, self.bad_head("the framing asks for a head of impossible length")),
                Err(error @ Error::OutOfBandSizes { .. }) => return Err(error),
                Err(error) => (0, State::Failed(self.place(error))),
            };
            // A head shorter than requested would leave bytes of the next head or block in `held`.
            let is_head = (needed..=there).contains(&head_len) && head_len <= F::MAX_HEAD_LEN;
            self.state = match next {
                State::Failed(_) => next,
                _ if !is_head => self.bad_head("the framing finds a head of impossible length"),
                _ => next,
            };
            if in_place && is_head {
                *input = &input[head_len..];
            }
            if let State::Ended | State::Head { .. } = self.state {
                self.total_in = self.total_in.saturating_add(head_len as u64);
            }
            if let State::Head { .. } = self.state {
                self.forgotten = true;
                self.restarts += 1;
            }
            self.filled = 0;
        }
        Ok(())
    }

    fn bad_head(&self, reason: &'static str) -> State {
        State::Failed(self.place(Error::bad_head(reason)))
    }

    #[cold]
    fn panicked(&self) -> Error {
        self.place(Error::bad_head("the framing panicked"))
    }

    /// Adds the position to an error of the framing.
    #[cold]
    fn place(&self, error: Error) -> Error {
        match error {
            Error::BadHead { reason, .. } => Error::BadHead {
                block: self.blocks,
                offset: self.total_in,
                reason,
            },
            other => other,
        }
    }

    /// Moves bytes from `input` to `held` until it holds `needed` bytes or the input is empty.
    #[inline]
    fn hold(&mut self, input: &mut &[u8], needed: usize) {
        if !input.is_empty() {
            self.copy_to_held(input, needed);
        }
    }

    fn copy_to_held(&mut self, input: &mut &[u8], needed: usize) {
        let (taken, rest) = input.split_at(input.len().min(needed - self.filled));
        *input = rest;
        self.reserve_held(self.filled + taken.len(), needed);
        self.held[self.filled..][..taken.len()].copy_from_slice(taken);
        self.filled += taken.len();
    }

    /// Makes `held` at least `least` bytes long. Doubles it up to `needed` bytes, so that bytes that arrive one by one
    /// are not copied each time.
    fn reserve_held(&mut self, least: usize, needed: usize) {
        let room = needed.min(least.max(FIRST_READ).max(2 * self.filled));
        if self.held.len() < room {
            // Large enough for a block of the longest page so far. With pages of one size, this happens once.
            let len = room
                .max(compress_bound(self.largest_page) + F::TAIL_LEN)
                .max(LEAST_HELD);
            self.held.reserve_exact(len - self.held.len());
            self.held.resize(len, 0);
        }
    }

    /// Rejects a length that no block of an accepted page can have, before anything is allocated for it.
    #[inline]
    fn check_block_len(&self, len: usize) -> Result<(), Error> {
        if !self.is_acceptable(len) {
            return Err(self.bad_block_len(len));
        }
        Ok(())
    }

    #[inline]
    fn is_acceptable(&self, block_len: usize) -> bool {
        (1..=compress_bound(self.options.get_max_page_size())).contains(&block_len)
    }

    /// The counters are loaded here and not before: see [`Step`], they were only just stored.
    #[cold]
    fn bad_block_len(&self, len: usize) -> Error {
        let (block, offset) = (self.blocks, self.total_in);
        // The rule *A head of zero*.
        if len == 0 {
            return Error::EmptyBlock { block, offset };
        }
        Error::BlockTooLarge {
            block,
            offset,
            found: len,
            allowed: compress_bound(self.options.get_max_page_size()),
        }
    }

    /// Decodes the block that is held.
    #[inline(never)] // there are enough copies of `decode_block`
    fn decode_held(&mut self, head_len: usize, with_tail: usize, out: &mut &mut [u8]) -> Result<(), Error> {
        let held = mem::take(&mut self.held);
        let result = self.decode_block(head_len, &held[..with_tail], out);
        self.held = held;
        result
    }

    /// Decodes a block of an accepted length, with its tail, to the next page, or into `out`. An error of this function
    /// changes nothing, except that the last page is gone.
    #[inline(always)] // for a small page, another frame is a large part of the time
    fn decode_block(&mut self, head_len: usize, with_tail: &[u8], out: &mut &mut [u8]) -> Result<(), Error> {
        let (block, tail) = with_tail.split_at(with_tail.len() - F::TAIL_LEN);
        self.window.end_page();
        self.consumed = 0;
        if mem::take(&mut self.forgotten) {
            self.window.forget_history();
        }
        let direct = match block::only_literals(block) {
            Some(run) if run.len() <= self.options.get_max_page_size() => self.copy_run(run, out),
            _ => match self.decode_sequences(block, out) {
                Ok(direct) => direct,
                Err(error) => {
                    self.window.clear_page();
                    return Err(self.explain(error, block));
                }
            },
        };
        // Until it is checked, the page belongs to nobody: the framing may panic.
        let end = self.window.end();
        self.window.clear_page();
        let page = match direct {
            0 => self.window.room_until(end),
            _ => &out[..direct],
        };
        let page_len = page.len();
        if let Err(error) = self.framing.check_page(block, page, tail) {
            return Err(self.place(error));
        }
        match direct {
            0 => self.window.extend_to(end),
            _ => self.accept_direct(direct, out),
        }
        self.largest_page = self.largest_page.max(page_len);
        self.last_page = page_len;
        self.block_len = block.len();
        // Saturating: `resume` takes any numbers.
        self.blocks = self.blocks.saturating_add(1);
        self.total_in = self.total_in.saturating_add((head_len + with_tail.len()) as u64);
        self.total_out += page_len as u64;
        Ok(())
    }

    /// Like [`decode_sequences`](Self::decode_sequences), for a block that is one run of literals. No estimate of the
    /// room is needed.
    #[inline(always)] // as `decode_block`
    fn copy_run(&mut self, run: &[u8], out: &mut [u8]) -> usize {
        if run.len() >= direct::LONG && out.len() >= run.len() {
            out[..run.len()].copy_from_slice(run);
            return run.len();
        }
        self.window.reserve_nearby(run.len() + SLACK, || {
            // Pages that get longer and longer must not allocate each time.
            let gets_longer = (1..run.len()).contains(&self.largest_page);
            let most = if gets_longer { 2 * run.len() } else { run.len() };
            HISTORY + most.min(self.options.get_max_page_size()) + SLACK
        });
        self.window.push_run(run);
        0
    }

    /// Decodes `block` after the content of the window, or into `out`. Returns the length of the page if it is in
    /// `out`, and otherwise 0. On success and on error, what was decoded in the window is in its page.
    #[inline(never)] // keeps the frame of `decode_block` small
    fn decode_sequences(&mut self, block: &[u8], out: &mut [u8]) -> Result<usize, DecodeError> {
        // The decoder gets the room that the block will probably need, and more if that was not enough. With room for
        // the largest page from the start, a few bytes of input could take all that memory. No block decodes to more
        // than 255 times its length, and a short block should not make the window slide.
        let len = block.len();
        let mut room = self.last_page.max(len.saturating_mul(3)).min(len.saturating_mul(255));
        if self.largest_page > 0 {
            room = room.min(self.largest_page);
        }
        let mut at = 0;
        if self.is_worth_direct(room, out.len())
            && let Some(direct) = self.decode_direct(block, &mut at, out, &mut room)?
        {
            return Ok(direct);
        }
        let max_page_size = self.options.get_max_page_size();
        loop {
            room = room.min(max_page_size);
            let page_len = self.window.page_len();
            self.window
                .reserve_lazily(room - page_len + SLACK, || HISTORY + room + SLACK);
            // Clamp even if the window is larger, so that the error never depends on how large it is.
            let result = self.decode_to_window(block, &mut at, max_page_size - page_len + SLACK);
            let page_len = self.window.page_len();
            match result {
                _ if page_len > max_page_size => return Err(DecodeError::OutputFull),
                Err(DecodeError::OutputFull) if room < max_page_size => {
                    // There may have been more room than requested.
                    room = match room.max(page_len) {
                        less if less < self.largest_page => self.largest_page,
                        room => room.max(HISTORY).saturating_mul(2),
                    };
                }
                // The history that it reaches was not moved when the window slid. (For an offset of 0, the error needs
                // the true reach.)
                Err(DecodeError::MatchOffset { offset, reach }) if self.window.fetch(offset.saturating_sub(reach)) => {
                    room = room.max(page_len);
                }
                result => return result.map(|()| 0),
            }
        }
    }

    /// Decodes `block` from `at` on after the content of the window, into the next `most` bytes of its room.
    #[inline]
    fn decode_to_window(&mut self, block: &[u8], at: &mut usize, most: usize) -> Result<(), DecodeError> {
        let (floor, window, mut end) = self.window.with_room();
        let usable = window.len().min(end.saturating_add(most));
        let window = &mut window[..usable];
        let result = block::decode(
            self.options.get_engine(),
            block,
            at,
            window,
            floor,
            &mut end,
            &mut self.pace,
        );
        self.window.extend_to(end);
        result
    }

    #[cold]
    fn explain(&self, error: DecodeError, data: &[u8]) -> Error {
        let (block, offset) = (self.blocks, self.total_in);
        match error {
            DecodeError::OutputFull => Error::PageOverLimit {
                block,
                offset,
                allowed: self.options.get_max_page_size(),
            },
            DecodeError::Truncated => Error::TruncatedBlock {
                block,
                offset,
                found: data.len(),
            },
            DecodeError::MatchOffset { offset: found, reach } => Error::MatchOffset {
                block,
                offset,
                found,
                allowed: reach,
            },
        }
    }
}

impl<F> Lz4StreamDecompressor<F> {
    /// The unconsumed rest of the last page.
    pub fn page(&self) -> &[u8] {
        &self.window.page()[self.consumed..]
    }

    #[inline]
    pub(crate) fn is_consumed(&self) -> bool {
        self.consumed == self.window.page_len()
    }

    /// Marks the first `n` bytes of [`page`](Self::page) as consumed, or all of it when `n` is larger.
    ///
    /// ```
    /// let mut decompressor = lz4_stream::Lz4StreamDecompressor::new();
    /// decompressor.feed(&mut &b"\x06\0\0\0\x50hello"[..])?;
    /// decompressor.consume(2);
    /// assert_eq!(decompressor.page(), b"llo");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn consume(&mut self, n: usize) {
        self.consumed += n.min(self.window.page_len() - self.consumed);
    }

    /// The settings.
    pub fn options(&self) -> &DecompressOptions {
        &self.options
    }

    /// The framing of the blocks.
    pub fn framing(&self) -> &F {
        &self.framing
    }

    /// The framing of the blocks, for a framing with state: [`reset`](Self::reset) does not change it.
    ///
    /// ```
    /// use lz4_stream::{BlockSizes, DecompressOptions, Lz4StreamDecompressor, Progress};
    ///
    /// let sizes = BlockSizes::new([4]);
    /// let mut decompressor = Lz4StreamDecompressor::with_framing(sizes, &DecompressOptions::new())?;
    /// assert_eq!(decompressor.feed(&mut &b"\x30one"[..])?, Progress::Page(b"one"));
    /// decompressor.reset();
    /// *decompressor.framing_mut() = BlockSizes::new([4]);
    /// assert_eq!(decompressor.feed(&mut &b"\x30two"[..])?, Progress::Page(b"two"));
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn framing_mut(&mut self) -> &mut F {
        &mut self.framing
    }

    /// The bytes that the next block may refer to: the last 64 KiB of the dictionary and the decoded data.
    /// [`resume`](Self::resume) needs it together with [`blocks`](Self::blocks) and [`total_in`](Self::total_in).
    ///
    /// Once in the life of a decompressor, the call may allocate 64 KiB for it. (Until then, the history is not always
    /// in one piece.)
    pub fn history(&self) -> &[u8] {
        if self.forgotten {
            &[]
        } else {
            self.window.next_history()
        }
    }

    /// Whether the end of the stream was reached: the end mark, or the end of the sizes.
    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// The length of the last decoded block without its head.
    pub(crate) fn block_len(&self) -> usize {
        self.block_len
    }

    /// How many blocks of the stream were decoded.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// How many times the stream restarted: at a [`Head::Restart`], or by [`restart`](Lz4StreamDecompressor::restart).
    ///
    /// ```
    /// use lz4_stream::{DecompressOptions, Progress, ZeroPrefix};
    ///
    /// let options = DecompressOptions::new().zero_prefix(ZeroPrefix::Restart);
    /// let mut decompressor = options.decompressor()?;
    /// let stream = b"\x06\0\0\0\x50hello\0\0\0\0\x06\0\0\0\x50hello";
    /// let mut input = &stream[..];
    /// while let Progress::Page(page) = decompressor.feed(&mut input)? {
    ///     assert_eq!(page, b"hello");
    /// }
    /// assert_eq!((decompressor.blocks(), decompressor.restarts()), (2, 1));
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn restarts(&self) -> u64 {
        self.restarts
    }

    /// How many bytes of the stream were decoded: blocks with their heads, and the end mark once it was reached.
    pub fn total_in(&self) -> u64 {
        self.total_in
    }

    /// How many bytes of pages were decoded, consumed or not.
    pub fn total_out(&self) -> u64 {
        self.total_out
    }
}

impl<F> fmt::Debug for Lz4StreamDecompressor<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lz4StreamDecompressor")
            .field("options", &self.options)
            .field("window", &self.window)
            .field("consumed", &self.consumed)
            .field("state", &self.state)
            .field("filled", &self.filled)
            .field("blocks", &self.blocks)
            .field("total_in", &self.total_in)
            .field("total_out", &self.total_out)
            .finish_non_exhaustive()
    }
}
