//! Block in, page out.

use std::fmt;

use crate::Error;
use crate::block::{self, DecodeError, SLACK};
use crate::options::{DecompressOptions, Dictionary};
use crate::prefix::{ByteOrder, Prefix, PrefixWidth, compress_bound};
use crate::window::{HISTORY, Window};

/// What [`Lz4StreamDecompressor::get_block`] finds at the beginning of a byte slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockSplit<'a> {
    /// A whole block.
    Block {
        /// The block's data, without the prefix: what [`Lz4StreamDecompressor::decompress`] takes.
        block: &'a [u8],
        /// What comes behind the block.
        rest: &'a [u8],
    },
    /// The end mark, which the settings asked for.
    EndMark {
        /// What comes behind the end mark; it does not belong to the stream.
        rest: &'a [u8],
    },
    /// The slice ends before the block does: call again with the same bytes and more.
    Incomplete {
        /// How many more bytes are needed, at the least, before there can be another answer.
        missing: usize,
    },
}

/// Decompresses the blocks of a stream to pages; no I/O.
///
/// What [`Lz4StreamReader`](crate::Lz4StreamReader) is built on. Takes the blocks of one stream, all and in order:
/// of [`Lz4StreamCompressor`](crate::Lz4StreamCompressor), of python-lz4, of the C library over two buffers or a
/// ring. It keeps the last 64 KiB of what it decoded, whatever the page size. It is `LZ4StreamDecompressor` of
/// python-lz4.
///
/// An error leaves it as it was before the call: bad data changes nothing, and the next block can be tried. See
/// [`Lz4StreamCompressor`](crate::Lz4StreamCompressor) for an example.
///
/// Memory: with 64 KiB pages less than 512 KiB, and never more than two pages of the largest size accepted and
/// 512 KiB. Once warm, nothing is allocated.
#[derive(Clone)]
pub struct Lz4StreamDecompressor {
    prefix: Prefix,
    end_mark: bool,
    dictionary: Dictionary,
    max_page_size: usize,
    window: Window,
    /// Lowest index of the window that belongs to this stream: nothing below it is ever read.
    floor: usize,
    /// Length of the last page, which ends where the window's content does.
    page_len: usize,
    /// Length of the longest page so far: what the next one will probably need.
    largest_page: usize,
    /// Index of the next block.
    blocks: u64,
    /// Length of all blocks so far with their prefixes.
    total_in: u64,
}

impl Default for Lz4StreamDecompressor {
    fn default() -> Self {
        Self::new()
    }
}

impl Lz4StreamDecompressor {
    /// A decompressor with the default settings, those of [`DecompressOptions::new`].
    pub fn new() -> Self {
        Self::build(&DecompressOptions::default())
    }

    /// A decompressor with the given settings.
    ///
    /// # Errors
    /// Those of [`DecompressOptions::decompressor`].
    pub fn with_options(options: &DecompressOptions) -> Result<Self, Error> {
        options.validate()?;
        Ok(Self::build(options))
    }

    fn build(options: &DecompressOptions) -> Self {
        let mut decompressor = Lz4StreamDecompressor {
            prefix: options.prefix,
            end_mark: options.end_mark,
            dictionary: options.dictionary.clone(),
            max_page_size: options.max_page_size,
            window: Window::default(),
            floor: 0,
            page_len: 0,
            largest_page: 0,
            blocks: 0,
            total_in: 0,
        };
        decompressor.load_dictionary();
        decompressor
    }

    /// Splits the first block off `stream`, which begins at a block. Nothing is remembered of the call: in an error,
    /// block and offset are those of the next block to be decompressed.
    ///
    /// # Errors
    /// That the bytes can never become a valid block, however many more come:
    /// [`Error::BlockTooLarge`] or [`Error::EmptyBlock`]. [`Error::OutOfBandSizes`] with
    /// [`PrefixWidth::OutOfBand`], where only the caller can know where a block ends.
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
        let width = self.prefix.width;
        if width == PrefixWidth::OutOfBand {
            return Err(Error::OutOfBandSizes { width });
        }
        let Some((prefix, rest)) = stream.split_at_checked(width.bytes()) else {
            return Ok(BlockSplit::Incomplete {
                missing: width.bytes() - stream.len(),
            });
        };
        let Some(len) = self.read_prefix(prefix)? else {
            return Ok(BlockSplit::EndMark { rest });
        };
        Ok(match rest.split_at_checked(len) {
            Some((block, rest)) => BlockSplit::Block { block, rest },
            None => BlockSplit::Incomplete {
                missing: len - rest.len(),
            },
        })
    }

    /// Decompresses one block, without its prefix, to its page, which is lent from the decompressor's window. The
    /// page can be empty.
    ///
    /// # Errors
    /// [`Error::EmptyBlock`], [`Error::BlockTooLarge`], [`Error::PageOverLimit`], [`Error::TruncatedBlock`],
    /// [`Error::MatchOffset`]: the block is not one of this stream, or not with these settings. Nothing has
    /// changed then.
    pub fn decompress(&mut self, block: &[u8]) -> Result<&[u8], Error> {
        self.check_block_len(block.len())?;
        self.page_len = 0;
        if let Err(error) = self.decode(block) {
            self.window.truncate(self.page_len);
            self.page_len = 0;
            return Err(self.explain(error, block));
        }
        self.largest_page = self.largest_page.max(self.page_len);
        self.blocks += 1;
        self.total_in += (self.prefix.width.bytes() + block.len()) as u64;
        Ok(self.page())
    }

    /// Decodes `block` behind the content of the window. However it ends, what was decoded is content then, and
    /// `page_len` its length.
    fn decode(&mut self, block: &[u8]) -> Result<(), DecodeError> {
        // The decoder is given the room that the block will probably need, and more when that was not enough:
        // a window for the largest page there could be would let a few bytes of input take all that memory.
        let mut room = match self.largest_page {
            0 => block.len().saturating_mul(3),
            // No block decodes to more than 255 times its length, and a short one shall not make the window slide.
            largest_page => largest_page.min(block.len().saturating_mul(255)),
        };
        let mut at = 0;
        loop {
            room = room.min(self.max_page_size);
            self.make_room(room);
            let start = self.window.end();
            let mut end = start;
            // However much room there is by chance: what is wrong with a block must not depend on that.
            let limit = self.max_page_size - self.page_len + SLACK;
            let window = self.window.with_room();
            let usable = window.len().min(start.saturating_add(limit));
            let result = block::decode(block, &mut at, &mut window[..usable], self.floor, &mut end);
            self.window.extend(end - start);
            self.page_len += end - start;
            match result {
                _ if self.page_len > self.max_page_size => return Err(DecodeError::OutputFull),
                Err(DecodeError::OutputFull) if room < self.max_page_size => {
                    // There may have been more room than was asked for.
                    room = room.max(self.page_len).max(HISTORY).saturating_mul(2);
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
                allowed: self.max_page_size,
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

    /// Starts a new stream with the same settings, without allocating. Nothing of the old stream can be reached
    /// from the new one.
    pub fn reset(&mut self) {
        self.window.clear();
        self.floor = 0;
        self.page_len = 0;
        self.blocks = 0;
        self.total_in = 0;
        self.load_dictionary();
    }

    /// The largest page accepted, in bytes.
    pub fn max_page_size(&self) -> usize {
        self.max_page_size
    }

    /// The width of the prefixes.
    pub fn prefix_width(&self) -> PrefixWidth {
        self.prefix.width
    }

    /// The byte order of the prefixes.
    pub fn byte_order(&self) -> ByteOrder {
        self.prefix.order
    }

    /// How many blocks of this stream were decompressed so far.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// How many bytes the blocks decompressed so far have, with their prefixes.
    pub fn total_in(&self) -> u64 {
        self.total_in
    }

    /// The page of the last block.
    pub(crate) fn page(&self) -> &[u8] {
        let content = self.window.content();
        &content[content.len() - self.page_len..]
    }

    /// The length of the longest page so far.
    pub(crate) fn largest_page(&self) -> usize {
        self.largest_page
    }

    /// Whether a stream of these settings ends with an end mark.
    pub(crate) fn expects_end_mark(&self) -> bool {
        self.end_mark
    }

    /// The length of the block behind `prefix`, or `None` for an end mark.
    pub(crate) fn read_prefix(&self, prefix: &[u8]) -> Result<Option<usize>, Error> {
        let len = self.prefix.read(prefix);
        if len == 0 && self.end_mark {
            return Ok(None);
        }
        self.check_block_len(len)?;
        Ok(Some(len))
    }

    /// Refuses what no page of an accepted size can be encoded to, before anything is allocated for it.
    pub(crate) fn check_block_len(&self, len: usize) -> Result<(), Error> {
        let allowed = compress_bound(self.max_page_size);
        if len == 0 {
            return Err(Error::EmptyBlock {
                block: self.blocks,
                offset: self.total_in,
            });
        }
        if len > allowed {
            return Err(Error::BlockTooLarge {
                block: self.blocks,
                offset: self.total_in,
                found: len,
                allowed,
            });
        }
        Ok(())
    }

    /// Makes room for a page of `room` bytes, of which `page_len` are content already. Rule 2 of the format: C's
    /// encoder can reach two pages back, so history is the last 64 KiB, not the last page.
    fn make_room(&mut self, room: usize) {
        let start = self.window.end() - self.page_len;
        self.floor = self.floor.max(start.saturating_sub(HISTORY));
        let most = HISTORY + room + SLACK;
        self.floor -= self.window.reserve(room - self.page_len + SLACK, self.floor, most);
    }

    fn load_dictionary(&mut self) {
        let len = self.dictionary.0.len();
        if len == 0 {
            return;
        }
        self.make_room(len);
        self.floor = self.window.end();
        self.window.push(&self.dictionary.0);
    }
}

impl fmt::Debug for Lz4StreamDecompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lz4StreamDecompressor")
            .field("prefix", &self.prefix)
            .field("end_mark", &self.end_mark)
            .field("dictionary", &self.dictionary)
            .field("max_page_size", &self.max_page_size)
            .field("history", &(self.window.end() - self.floor))
            .field("page", &self.page_len)
            .field("blocks", &self.blocks)
            .field("total_in", &self.total_in)
            .finish_non_exhaustive()
    }
}
