//! Bytes of the stream in, pages out: the reading end of a stream, without I/O.

use std::{fmt, mem};

use crate::block::{self, DecodeError, SLACK};
use crate::format::{HISTORY, compress_bound};
use crate::options::DecompressOptions;
use crate::window::Window;
use crate::{Error, Framing, Head, SizePrefix};

/// Bytes of a block are read in pieces that grow from this size, so that a head alone makes nothing be allocated.
const FIRST_READ: usize = 16 * 1024;

/// What [`Lz4StreamDecompressor::feed`] made of the bytes it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The next page, which can be empty. There may be more in the same input.
    Page(&'a [u8]),
    /// All input was taken, and at least this many more bytes are needed before anything can come out.
    NeedMore(usize),
    /// The stream is over. What is left of the input does not belong to it.
    End,
}

/// What [`Lz4StreamDecompressor::get_block`] finds at the beginning of a byte slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockSplit<'a> {
    /// A whole block.
    Block {
        /// The block's data, without the prefix: what [`Lz4StreamDecompressor::decompress`] takes.
        block: &'a [u8],
        /// What comes after the block.
        rest: &'a [u8],
    },
    /// The end mark, which the settings asked for.
    EndMark {
        /// What comes after the end mark. It does not belong to the stream.
        rest: &'a [u8],
    },
    /// The slice ends before the block does: call again with the same bytes and more.
    Incomplete {
        /// How many more bytes are needed, at least, before there can be another answer.
        missing: usize,
    },
}

/// Decompresses the blocks of a stream to pages; no I/O.
///
/// It is what [`Lz4StreamReader`](crate::Lz4StreamReader) drives, and what packets and other kinds of I/O use
/// directly. It is `LZ4StreamDecompressor` of python-lz4. It takes the blocks of one stream, all of them and in order:
/// of [`Lz4StreamCompressor`](crate::Lz4StreamCompressor), of python-lz4, of the C library over two buffers or a ring.
/// It keeps the last 64 KiB of what it decoded, whatever the page size.
///
/// * **Bytes of the stream as they come**: [`feed`](Self::feed) takes them in pieces of any length and lends a page as
///   soon as it is complete. A caller that reads into a buffer reads into [`unfilled`](Self::unfilled) instead, and
///   saves a copy. An error repeats: what follows a bad block cannot be decoded.
/// * **A block at a time**: [`decompress`](Self::decompress) takes the data of one block, for packets and for sizes
///   kept out of band; [`get_block`](Self::get_block) splits one off a slice. Here an error changes nothing, and
///   another block can be tried.
///
/// **Every block must arrive, in order.** After a lost, repeated or reordered block, later blocks may decode to wrong
/// bytes without an error. Number packets that can get lost, and [`reset`](Self::reset) both ends when one is missing.
///
/// Memory: with 64 KiB pages less than 512 KiB, and never more than about three pages of the largest size accepted and
/// 512 KiB. Once it is warm, it allocates nothing.
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
    /// How much of the last page was consumed.
    consumed: usize,
    state: State,
    /// The bytes of a head or of a block that is not complete: `held[..filled]`. The rest is room, with arbitrary
    /// bytes in it.
    held: Vec<u8>,
    filled: usize,
    /// The length of the last page: what the next one will probably need.
    last_page: usize,
    /// The length of the longest page so far: what any of the next ones may need.
    largest_page: usize,
    blocks: u64,
    total_in: u64,
    total_out: u64,
}

/// Where in the stream the next byte belongs.
#[derive(Debug, Clone)]
enum State {
    /// At a block boundary or in a head, of which the framing wants to see this many bytes.
    Head { needed: usize },
    /// At the start of a block's data or inside it.
    Block { head_len: usize, block_len: usize },
    /// After the end.
    Ended,
    /// At bytes that are no part of a stream.
    Failed(Error),
}

/// At a block boundary, before the framing was asked.
const BOUNDARY: State = State::Head { needed: 0 };

impl Default for Lz4StreamDecompressor {
    fn default() -> Self {
        Self::new()
    }
}

impl Lz4StreamDecompressor {
    /// A decompressor with the default settings, those of [`DecompressOptions::new`]. For others, see
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

    /// Splits the first block off `stream`, which begins at a block boundary. Nothing is remembered of the call. In an
    /// error, block and offset are those of the next block to be decompressed.
    ///
    /// # Errors
    /// [`Error::BlockTooLarge`] or [`Error::EmptyBlock`] when the bytes can never become a valid block, however many
    /// more come. [`Error::OutOfBandSizes`] with [`PrefixWidth::OutOfBand`](crate::PrefixWidth::OutOfBand), where only the caller can know where a
    /// block ends.
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

    /// Decompresses one block, without its prefix, to its page, and lends it. The page can be empty. The block counts
    /// as if it had come with its prefix.
    ///
    /// # Errors
    /// [`Error::EmptyBlock`], [`Error::BlockTooLarge`], [`Error::PageOverLimit`], [`Error::TruncatedBlock`],
    /// [`Error::MatchOffset`]: the block is not one of this stream, or not with these settings. Nothing has changed
    /// then, but that the page before is no longer lent.
    ///
    /// When it is mixed with [`feed`](Self::feed): [`Error::UnexpectedEnd`] inside a head or a block that was fed in
    /// part, [`Error::Finished`] after the end mark, and the error of `feed` after one.
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
    pub fn decompress(&mut self, block: &[u8]) -> Result<&[u8], Error> {
        match self.state {
            State::Ended => return Err(Error::Finished),
            _ if self.at_boundary() => {}
            // The failure, or that a block is missing its end.
            _ => self.end_of_input()?,
        }
        self.check_block_len(block.len())?;
        self.decode_block(self.framing.width.bytes(), block)
    }
}

impl<F: Framing> Lz4StreamDecompressor<F> {
    /// A decompressor with a framing of one's own. Prefix width, byte order and end mark of `options` are not used.
    ///
    /// # Errors
    /// [`Error::MaxPageSize`] when the largest page is zero or over
    /// [`LZ4_MAX_INPUT_SIZE`](crate::LZ4_MAX_INPUT_SIZE).
    ///
    /// See [`Framing`] for an example.
    pub fn with_framing(framing: F, options: &DecompressOptions) -> Result<Self, Error> {
        options.check_max_page_size()?;
        Ok(Self::build(framing, options))
    }

    fn build(framing: F, options: &DecompressOptions) -> Self {
        let mut decompressor = Lz4StreamDecompressor {
            framing,
            options: options.clone(),
            window: Window::default(),
            consumed: 0,
            state: BOUNDARY,
            held: Vec::new(),
            filled: 0,
            last_page: 0,
            largest_page: 0,
            blocks: 0,
            total_in: 0,
            total_out: 0,
        };
        decompressor.window.restart(options.get_format().get_dictionary());
        decompressor
    }

    /// Takes the next bytes of the stream off the front of `input`, up to the end of one block, and says what comes of
    /// them. A block that lies whole in `input` is decoded from there; bytes of one that does not are copied and kept.
    /// The page lent before counts as consumed.
    ///
    /// It can be called with nothing, to ask what the bytes that are there already amount to.
    ///
    /// # Errors
    /// [`Error::EmptyBlock`], [`Error::BlockTooLarge`], [`Error::PageOverLimit`], [`Error::TruncatedBlock`],
    /// [`Error::MatchOffset`], [`Error::BadHead`]: the bytes are not a stream with these settings. Every further call
    /// returns the same error, until [`reset`](Self::reset).
    /// [`Error::OutOfBandSizes`] with [`PrefixWidth::OutOfBand`](crate::PrefixWidth::OutOfBand): use [`decompress`](Self::decompress), or a
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
    pub fn feed(&mut self, input: &mut &[u8]) -> Result<Progress<'_>, Error> {
        self.consumed = self.window.page().len();
        self.find_block(input)?;
        let (head_len, block_len) = match &self.state {
            State::Block { head_len, block_len } => (*head_len, *block_len),
            State::Head { needed } => return Ok(Progress::NeedMore(needed - self.filled)),
            State::Ended => return Ok(Progress::End),
            State::Failed(error) => return Err(error.clone()),
        };
        let result = match input.split_at_checked(block_len) {
            Some((block, rest)) if self.filled == 0 => {
                *input = rest;
                self.decode_block(head_len, block).map(drop)
            }
            _ => {
                self.hold(input, block_len);
                if self.filled < block_len {
                    return Ok(Progress::NeedMore(block_len - self.filled));
                }
                let held = mem::take(&mut self.held);
                let result = self.decode_block(head_len, &held[..block_len]).map(drop);
                self.held = held;
                result
            }
        };
        self.filled = 0;
        match result {
            Ok(()) => {
                self.state = BOUNDARY;
                Ok(Progress::Page(self.page()))
            }
            Err(error) => {
                self.state = State::Failed(error.clone());
                Err(error)
            }
        }
    }

    /// How many more bytes are needed, at least, before anything can come out. 0 when an answer is there already: a
    /// whole block, the end of the stream, or an error. It asks the framing, hence `&mut`.
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
    pub fn missing(&mut self) -> usize {
        // An error comes with the next `feed`.
        let _ = self.find_block(&mut &[][..]);
        self.needed().map_or(0, |needed| needed - self.filled)
    }

    /// Lends the room that the next read may fill, for a caller that would otherwise read into a buffer of its own. Say
    /// [`filled`](Self::filled) after it, and then [`feed`](Self::feed) with nothing.
    ///
    /// The room never goes beyond the head or the block that is next, so a read into it takes no byte that the stream
    /// may not have. It can be shorter than [`missing`](Self::missing): nothing large is allocated on the word of a
    /// head. It is empty exactly when nothing is missing.
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
        let Some(needed) = self.needed() else {
            return &mut [];
        };
        self.reserve_held(self.filled, needed);
        let until = self.held.len().min(needed);
        &mut self.held[self.filled..until]
    }

    /// Says that the first `n` bytes of [`unfilled`](Self::unfilled) are the next bytes of the stream.
    ///
    /// # Panics
    /// When `n` is more than the room that was lent.
    ///
    /// See [`unfilled`](Self::unfilled) for an example.
    pub fn filled(&mut self, n: usize) {
        let room = self
            .held
            .len()
            .min(self.needed().unwrap_or(0))
            .saturating_sub(self.filled);
        assert!(n <= room, "{n} bytes were filled where {room} were lent");
        self.filled += n;
    }

    /// What it means that the input ends here: `Ok` at a block boundary or after the end mark. Call it when
    /// [`feed`](Self::feed) has said [`Progress::NeedMore`] and there is no more. More can be fed after it all the same.
    ///
    /// Without an end mark, a stream that was cut at a block boundary looks whole: see
    /// [*Truncation*](crate::format#truncation).
    ///
    /// # Errors
    /// [`Error::UnexpectedEnd`] inside a head or a block, [`Error::MissingEndMark`] before the end mark that the
    /// settings ask for, and the error of [`feed`](Self::feed) after one.
    ///
    /// ```
    /// use lz4_stream::{Error, Lz4StreamDecompressor};
    ///
    /// let mut decompressor = Lz4StreamDecompressor::new();
    /// decompressor.end_of_input()?;
    /// decompressor.feed(&mut &b"\x06\0\0\0\x50hel"[..])?;
    /// let error = Error::UnexpectedEnd { block: 0, offset: 0, found: 4, needed: 6 };
    /// assert_eq!(decompressor.end_of_input(), Err(error));
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn end_of_input(&mut self) -> Result<(), Error> {
        self.find_block(&mut &[][..])?;
        let (block, offset, found) = (self.blocks, self.total_in, self.filled);
        match &self.state {
            State::Failed(error) => Err(error.clone()),
            State::Ended => Ok(()),
            _ if self.at_boundary() => match self.framing.needs_end() {
                true => Err(Error::MissingEndMark { block, offset }),
                false => Ok(()),
            },
            &State::Head { needed } | &State::Block { block_len: needed, .. } => Err(Error::UnexpectedEnd {
                block,
                offset,
                found,
                needed,
            }),
        }
    }

    /// Starts a new stream with the same settings, without allocating. An error or an end is forgotten, and nothing of
    /// the old stream can be reached from the new one. A framing with state of its own keeps it, see
    /// [`framing_mut`](Self::framing_mut).
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
        // A reference count, no copy.
        let format = self.options.get_format().clone();
        self.resume(format.get_dictionary(), 0, 0);
    }

    /// Goes on in the middle of a stream: at the boundary before the block with index `block`, `offset` bytes into the
    /// stream. `history` is what was decoded before it (of which the last 64 KiB count), empty at a restart point.
    /// [`total_out`](Self::total_out) counts from here.
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
        self.consumed = 0;
        self.state = BOUNDARY;
        self.filled = 0;
        self.blocks = block;
        self.total_in = offset;
        self.total_out = 0;
    }

    fn at_boundary(&self) -> bool {
        matches!(self.state, State::Head { .. }) && self.filled == 0
    }

    /// How many bytes must be held before there can be progress, if there can be.
    fn needed(&self) -> Option<usize> {
        match self.state {
            State::Head { needed } => Some(needed),
            State::Block { block_len, .. } => Some(block_len),
            State::Ended | State::Failed(_) => None,
        }
    }

    /// At a block boundary or inside a head: continues to the block's data, as far as the input goes. An error is one of
    /// the caller, and changes nothing; what is wrong with the stream is in the state.
    fn find_block(&mut self, input: &mut &[u8]) -> Result<(), Error> {
        while let State::Head { needed } = self.state {
            // A head that lies whole in the input is read there.
            let in_place = self.filled == 0 && input.len() >= needed;
            if !in_place {
                self.hold(input, needed);
                if self.filled < needed {
                    return Ok(());
                }
            }
            let bytes = if in_place { *input } else { &self.held[..self.filled] };
            let there = bytes.len();
            let (head_len, next) = match self.framing.read_head(bytes) {
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
                Ok(Head::End { head_len }) => (head_len, State::Ended),
                Ok(Head::Incomplete { .. }) => (0, self.bad_head("the framing asks for a head of impossible length")),
                Err(Error::BadHead { reason, .. }) => (0, self.bad_head(reason)),
                Err(error @ Error::OutOfBandSizes { .. }) => return Err(error),
                Err(error) => (0, State::Failed(error)),
            };
            // Fewer bytes than were asked for would leave some of the next head or block in `held`.
            let is_head = (needed..=there).contains(&head_len) && head_len <= F::MAX_HEAD_LEN;
            self.state = match next {
                State::Failed(_) => next,
                _ if !is_head => self.bad_head("the framing finds a head of impossible length"),
                _ => next,
            };
            if in_place && is_head {
                *input = &input[head_len..];
            }
            if let State::Ended = self.state {
                self.total_in = self.total_in.saturating_add(head_len as u64);
            }
            self.filled = 0;
        }
        Ok(())
    }

    fn bad_head(&self, reason: &'static str) -> State {
        State::Failed(Error::BadHead {
            block: self.blocks,
            offset: self.total_in,
            reason,
        })
    }

    /// Moves bytes from `input` to `held`, until it has `needed` of them or the input is used up.
    fn hold(&mut self, input: &mut &[u8], needed: usize) {
        let (taken, rest) = input.split_at(input.len().min(needed - self.filled));
        *input = rest;
        self.reserve_held(self.filled + taken.len(), needed);
        self.held[self.filled..][..taken.len()].copy_from_slice(taken);
        self.filled += taken.len();
    }

    /// Makes `held` at least `least` bytes long, and longer if `needed` bytes are to come: by doubling, so that bytes
    /// that come one by one are not copied each time.
    fn reserve_held(&mut self, least: usize, needed: usize) {
        let room = needed.min(least.max(FIRST_READ).max(2 * self.filled));
        if self.held.len() < room {
            // Any block of a page as long as the longest so far fits, so that with pages of one size this happens
            // once.
            let len = room.max(compress_bound(self.largest_page));
            self.held.reserve_exact(len - self.held.len());
            self.held.resize(len, 0);
        }
    }

    /// Refuses a length that no page of an accepted size can be encoded to, before anything is allocated for it.
    fn check_block_len(&self, len: usize) -> Result<(), Error> {
        let (block, offset) = (self.blocks, self.total_in);
        let allowed = compress_bound(self.options.get_max_page_size());
        // The rule *A head of zero*.
        if len == 0 {
            return Err(Error::EmptyBlock { block, offset });
        }
        if len > allowed {
            return Err(Error::BlockTooLarge {
                block,
                offset,
                found: len,
                allowed,
            });
        }
        Ok(())
    }

    /// Decodes a block of an accepted length to the next page. After an error nothing has changed, but that there is
    /// no page.
    fn decode_block(&mut self, head_len: usize, block: &[u8]) -> Result<&[u8], Error> {
        self.window.end_page();
        self.consumed = 0;
        if let Err(error) = self.decode(block) {
            self.window.clear_page();
            return Err(self.explain(error, block));
        }
        let page_len = self.window.page().len();
        self.largest_page = self.largest_page.max(page_len);
        self.last_page = page_len;
        // Saturating: `resume` takes any numbers.
        self.blocks = self.blocks.saturating_add(1);
        self.total_in = self.total_in.saturating_add((head_len + block.len()) as u64);
        self.total_out += page_len as u64;
        Ok(self.window.page())
    }

    /// Decodes `block` after the content of the window. On success and on error, the decoded bytes are in the page.
    fn decode(&mut self, block: &[u8]) -> Result<(), DecodeError> {
        let max_page_size = self.options.get_max_page_size();
        // The decoder is given the room that the block will probably need, and more when that was not enough. With
        // room for the largest page at once, a few bytes of input could take all that memory.
        // No block decodes to more than 255 times its length, and a short one should not make the window slide.
        let len = block.len();
        let mut room = self.last_page.max(len.saturating_mul(3)).min(len.saturating_mul(255));
        if self.largest_page > 0 {
            room = room.min(self.largest_page);
        }
        let mut at = 0;
        loop {
            room = room.min(max_page_size);
            let page_len = self.window.page().len();
            self.window.reserve(room - page_len + SLACK, HISTORY + room + SLACK);
            let floor = self.window.floor();
            let (window, mut end) = self.window.with_room();
            // Clamp even if the window is larger, so that the error never depends on how large it is.
            let usable = window.len().min(end.saturating_add(max_page_size - page_len + SLACK));
            let window = &mut window[..usable];
            let result = block::decode(self.options.get_engine(), block, &mut at, window, floor, &mut end);
            self.window.extend_to(end);
            let page_len = self.window.page().len();
            match result {
                _ if page_len > max_page_size => return Err(DecodeError::OutputFull),
                Err(DecodeError::OutputFull) if room < max_page_size => {
                    // There may have been more room than was asked for.
                    room = match room.max(page_len) {
                        less if less < self.largest_page => self.largest_page,
                        room => room.max(HISTORY).saturating_mul(2),
                    };
                }
                result => return result,
            }
        }
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
    /// What of the last page was not consumed.
    pub fn page(&self) -> &[u8] {
        &self.window.page()[self.consumed..]
    }

    /// Marks the first `n` bytes of [`page`](Self::page) as consumed; all of it when `n` is more.
    ///
    /// ```
    /// let mut decompressor = lz4_stream::Lz4StreamDecompressor::new();
    /// decompressor.feed(&mut &b"\x06\0\0\0\x50hello"[..])?;
    /// decompressor.consume(2);
    /// assert_eq!(decompressor.page(), b"llo");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn consume(&mut self, n: usize) {
        self.consumed += n.min(self.page().len());
    }

    /// The settings.
    pub fn options(&self) -> &DecompressOptions {
        &self.options
    }

    /// What stands around the blocks.
    pub fn framing(&self) -> &F {
        &self.framing
    }

    /// What stands around the blocks. [`reset`](Self::reset) does not touch it.
    pub fn framing_mut(&mut self) -> &mut F {
        &mut self.framing
    }

    /// The bytes that the next block may refer to: the last 64 KiB that were decoded, or the dictionary. With
    /// [`blocks`](Self::blocks) and [`total_in`](Self::total_in) it is what [`resume`](Self::resume) needs.
    pub fn history(&self) -> &[u8] {
        self.window.next_history()
    }

    /// Whether the end of the stream was reached: its end mark, or the end of the sizes.
    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// How many blocks of this stream were decoded.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// How many bytes of the stream were decoded: blocks with their heads, and the end mark once it was reached.
    pub fn total_in(&self) -> u64 {
        self.total_in
    }

    /// How many bytes came out, consumed or not.
    pub fn total_out(&self) -> u64 {
        self.total_out
    }
}

/// Appends pages to `out` until `next_page` says that there is none, and returns how many bytes that was. `next_page`
/// gets the next page that is not empty into the decompressor of `owner`.
///
/// Where `out` has room, pages are decoded straight to its end, and refer to the pages before them there.
pub(crate) fn append_pages<O, F: Framing, E>(
    owner: &mut O,
    decompressor: fn(&mut O) -> &mut Lz4StreamDecompressor<F>,
    out: &mut Vec<u8>,
    mut next_page: impl FnMut(&mut O) -> Result<bool, E>,
) -> Result<usize, E> {
    let before = out.len();
    let mut appender = Appender {
        owner,
        decompressor,
        out,
    };
    loop {
        appender.choose(before);
        if !next_page(appender.owner)? {
            break;
        }
        let decompressor = (appender.decompressor)(appender.owner);
        if !decompressor.window.is_adopted() {
            appender.out.extend_from_slice(decompressor.page());
        }
        decompressor.consume(usize::MAX);
    }
    drop(appender);
    Ok(out.len() - before)
}

/// The state of [`append_pages`]. Whatever ends it, an error or a panic of the inner reader, `out` is whole again.
struct Appender<'a, O, F: Framing> {
    owner: &'a mut O,
    decompressor: fn(&mut O) -> &mut Lz4StreamDecompressor<F>,
    /// The vector of the caller; the window's own buffer while that has adopted the vector.
    out: &'a mut Vec<u8>,
}

impl<O, F: Framing> Appender<'_, O, F> {
    /// Lets the window adopt the vector where another page will fit it, and take its own buffer back where not: then
    /// the vector grows by as much as it likes to, and by no more than it needs. `before` is its first length.
    fn choose(&mut self, before: usize) {
        let decompressor = (self.decompressor)(self.owner);
        let (window, largest_page) = (&mut decompressor.window, decompressor.largest_page);
        if window.is_adopted() {
            if window.spare() < largest_page + SLACK {
                window.give_back(self.out);
                decompressor.consumed = 0;
            }
        } else {
            let spare = self.out.capacity() - self.out.len();
            let history_len = window.next_history().len();
            if largest_page > 0
                && spare >= largest_page + SLACK
                && history_len <= self.out.len() - before
                && decompressor.consumed == window.page().len()
            {
                window.adopt(self.out);
                decompressor.consumed = 0;
            }
        }
    }
}

impl<O, F: Framing> Drop for Appender<'_, O, F> {
    fn drop(&mut self) {
        let decompressor = (self.decompressor)(self.owner);
        if decompressor.window.is_adopted() {
            decompressor.window.give_back(self.out);
            decompressor.consumed = 0;
        }
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
