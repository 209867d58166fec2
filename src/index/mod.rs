//! Where decoding can begin in a stream, and what one needs there.

mod builder;
mod sidecar;

use std::fmt;
use std::io::{self, ErrorKind, Read};

pub use builder::IndexBuilder;

use crate::block::{self, SLACK};
use crate::format::HISTORY;
use crate::{DecompressOptions, Engine, Error, Framing, Lz4StreamDecompressor, PrefixWidth, Progress};

/// The shortest interval. Each point can need 64 KiB of history, so closer points would be larger than the content.
const MIN_INTERVAL: u64 = 64 * 1024;
/// The longest interval. It bounds what a parallel reader holds.
const MAX_INTERVAL: u64 = 64 * 1024 * 1024;
/// How many bytes of the stream at each point are checked.
const CHECKED: usize = 64;
/// The most bytes between two blocks, or after the last one: more than any head has, and more restart marks than anyone
/// writes. It bounds what readers hold.
const LONG_HEAD: usize = 64 * 1024;

/// Places in a stream where decoding can begin, one about every so many bytes of content.
///
/// It is collected while a stream is written
/// ([`Lz4StreamWriter::collect_index`](crate::Lz4StreamWriter::collect_index)) or built in one pass over any stream
/// ([`Index::build`]), also over those of other programs. It can be stored in a file of its own
/// ([`write_to`](Self::write_to), [`read_from`](Self::read_from)). With it,
/// [`Lz4StreamSeekReader`](crate::Lz4StreamSeekReader) and [`Lz4StreamReaderAt`](crate::Lz4StreamReaderAt) read at any
/// place, and [`Lz4StreamParallelReader`](crate::Lz4StreamParallelReader) decodes on several threads.
///
/// # Size
/// 36 bytes a point, and the history that one needs there, compressed: none at a restart point, otherwise what the next
/// 64 KiB of content refer to. With an interval of 1 MiB, an index has about 1 % of the length of the content, and 36
/// bytes per MiB when every point is a restart point: see [`IndexBuilder`].
///
/// # The right stream
/// A stream has no identity, so an index cannot prove that it belongs to a stream. These are told, as
/// [`Error::IndexMismatch`]: another dictionary; a stream that ends too early; at every point where decoding begins,
/// other bytes of the stream (a checksum of 64 bytes); at every point that decoding passes, another position in stream
/// or content or another number of blocks. What is changed between two points and remains valid is not told, as without
/// an index. Bytes after the indexed stream do not matter: a stream that grew since can still be read as far as the
/// index goes.
///
/// ```
/// use lz4_stream::{CompressOptions, DecompressOptions, Index};
///
/// let text = "all work and no play makes a dull page. ".repeat(10_000);
/// let stream = lz4_stream::compress(text.as_bytes(), &CompressOptions::new())?;
/// let index = Index::build(&stream[..], &DecompressOptions::new(), 128 * 1024)?;
/// assert_eq!(index.content_len(), text.len() as u64);
/// assert_eq!(index.points().len(), 4);
/// assert_eq!(index.points()[1].content(), 128 * 1024);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Index {
    interval: u64,
    /// The [`fingerprint`] of the dictionary.
    dictionary: (u32, u32),
    /// Never empty: the first is the beginning of the stream.
    points: Vec<IndexPoint>,
    /// The length of the stream without its end mark.
    blocks_len: u64,
    stream_len: u64,
    content_len: u64,
    blocks: u64,
    largest_page: usize,
}

/// A place in a stream where decoding can begin: a block boundary.
#[derive(Clone, PartialEq, Eq)]
pub struct IndexPoint {
    stream: u64,
    content: u64,
    block: u64,
    /// The checksum of the first [`CHECKED`] bytes of the stream from here on, or of those up to the end of the blocks.
    check: u32,
    history_len: usize,
    /// The history as one LZ4 block. Empty when there is none.
    packed: Box<[u8]>,
}

impl IndexPoint {
    /// The position in the stream, in bytes.
    pub fn stream(&self) -> u64 {
        self.stream
    }

    /// The position in the content, in bytes.
    pub fn content(&self) -> u64 {
        self.content
    }

    /// The index of the block that begins here.
    pub fn block(&self) -> u64 {
        self.block
    }

    /// The length of the history that is needed here, in bytes: 0 at a restart point. The first point has none: its
    /// history is the dictionary.
    pub fn history_len(&self) -> usize {
        self.history_len
    }
}

impl fmt::Debug for IndexPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexPoint")
            .field("stream", &self.stream)
            .field("content", &self.content)
            .field("block", &self.block)
            .field("history_len", &self.history_len)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index")
            .field("points", &self.points.len())
            .field("interval", &self.interval)
            .field("stream_len", &self.stream_len)
            .field("content_len", &self.content_len)
            .field("blocks", &self.blocks)
            .finish_non_exhaustive()
    }
}

impl Index {
    /// Reads a stream to its end and indexes it. `interval` is the distance between two points in bytes of content,
    /// clamped to 64 KiB ..= 64 MiB: a seek decodes about half as much on average. 1 MiB is a good value.
    ///
    /// The stream begins at the current position of `inner`. It is read as by
    /// [`Lz4StreamReader`](crate::Lz4StreamReader): put a `BufReader` inside when reads are expensive, and bytes after
    /// an end mark stay in `inner`. Memory: the index, and that of a reader and 1 MiB.
    ///
    /// # Errors
    /// Those of [`DecompressOptions::reader`] and of [`Lz4StreamReader`](crate::Lz4StreamReader), but an error of
    /// `inner` ends the pass. `Interrupted` is retried. [`Error::BadHead`] when there are more than 64 KiB between
    /// two blocks: restart marks, or the tail and the head of a custom framing.
    ///
    /// ```
    /// use lz4_stream::{DecompressOptions, Index};
    ///
    /// let index = Index::build(&b"\x06\0\0\0\x50hello"[..], &DecompressOptions::new(), 1 << 20)?;
    /// assert_eq!((index.stream_len(), index.content_len(), index.blocks()), (10, 5, 1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn build(inner: impl Read, options: &DecompressOptions, interval: u64) -> io::Result<Index> {
        let width = options.get_format().get_prefix_width();
        if width == PrefixWidth::OutOfBand {
            return Err(Error::OutOfBandSizes { width }.into());
        }
        Self::build_with(inner, options.decompressor()?, interval)
    }

    /// Like [`build`](Self::build), with a custom framing, or with [`BlockSizes`](crate::BlockSizes) for sizes that are
    /// kept out of band.
    ///
    /// # Errors
    /// Those of [`Lz4StreamDecompressor::with_framing`], and as in [`build`](Self::build).
    ///
    /// ```
    /// use lz4_stream::{BlockSizes, DecompressOptions, Index};
    ///
    /// let sizes = BlockSizes::new([5, 3]);
    /// let blocks = &b"\x40abcd\x20ef"[..];
    /// let index = Index::build_with_framing(blocks, sizes, &DecompressOptions::new(), 1 << 20)?;
    /// assert_eq!((index.content_len(), index.blocks()), (6, 2));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn build_with_framing<F: Framing>(
        inner: impl Read,
        framing: F,
        options: &DecompressOptions,
        interval: u64,
    ) -> io::Result<Index> {
        Self::build_with(inner, Lz4StreamDecompressor::with_framing(framing, options)?, interval)
    }

    fn build_with<F: Framing>(
        mut inner: impl Read,
        mut decompressor: Lz4StreamDecompressor<F>,
        interval: u64,
    ) -> io::Result<Index> {
        let mut builder = IndexBuilder::new(interval, decompressor.options().get_format().get_dictionary());
        // The head, the data and the tail of the next block, as far as they were read.
        let mut block = Vec::new();
        loop {
            match decompressor.feed(&mut &[][..])? {
                Progress::Page(page) => {
                    let page_len = page.len();
                    if block.len() - decompressor.block_len() > LONG_HEAD {
                        return Err(long_head(decompressor.blocks(), decompressor.total_in()).into());
                    }
                    let (block_and_head, tail) = block.split_at(block.len() - F::TAIL_LEN);
                    let (head, data) = block_and_head.split_at(block_and_head.len() - decompressor.block_len());
                    builder.push_block(head, data, page_len, decompressor.history());
                    builder.push_tail(tail);
                    block.clear();
                }
                Progress::End => break,
                Progress::NeedMore(_) => {
                    let room = decompressor.unfilled();
                    let n = match inner.read(room) {
                        Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                        result => result?,
                    };
                    let Some(read) = room.get(..n) else {
                        return Err(io::Error::other("the inner reader returned more bytes than requested"));
                    };
                    block.extend_from_slice(read);
                    decompressor.filled(n);
                    if block.len() > LONG_HEAD && decompressor.is_in_head() {
                        return Err(long_head(decompressor.blocks(), decompressor.total_in()).into());
                    }
                    if n == 0 {
                        decompressor.end_of_input()?;
                        break;
                    }
                }
            }
        }
        if block.len() > LONG_HEAD {
            return Err(long_head(decompressor.blocks(), decompressor.total_in()).into());
        }
        Ok(builder.finish(decompressor.total_in()))
    }

    /// The points, in order. The first is the beginning of the stream.
    pub fn points(&self) -> &[IndexPoint] {
        &self.points
    }

    /// The distance between two points in bytes of content, to the next block boundary.
    pub fn interval(&self) -> u64 {
        self.interval
    }

    /// The length of the stream in bytes, with its end mark.
    pub fn stream_len(&self) -> u64 {
        self.stream_len
    }

    /// The length of the content in bytes.
    pub fn content_len(&self) -> u64 {
        self.content_len
    }

    /// The number of blocks.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// The length of the longest page in bytes.
    pub fn largest_page(&self) -> usize {
        self.largest_page
    }

    /// The length of the stream without its end mark.
    pub(crate) fn blocks_len(&self) -> u64 {
        self.blocks_len
    }

    /// The number of the last point at or before this position of the content.
    pub(crate) fn point_before(&self, content: u64) -> usize {
        self.points.partition_point(|point| point.content <= content) - 1
    }

    /// The boundary after the point with this number: the next point, or the end of the blocks. Its position in the
    /// stream and in the content, and the number of blocks before it.
    pub(crate) fn end_of(&self, point: usize) -> (u64, u64, u64) {
        match self.points.get(point + 1) {
            Some(next) => (next.stream, next.content, next.block),
            None => (self.blocks_len, self.content_len, self.blocks),
        }
    }

    /// How many bytes are needed to [`check`](Self::check) the point with this number.
    pub(crate) fn check_len(&self, point: usize) -> usize {
        (self.blocks_len - self.points[point].stream).min(CHECKED as u64) as usize
    }

    /// Checks that the stream has the right bytes at the point with this number. `bytes` begin there.
    pub(crate) fn check(&self, point: usize, bytes: &[u8]) -> Result<(), Error> {
        let IndexPoint { stream, check, .. } = self.points[point];
        match bytes.get(..self.check_len(point)) {
            Some(bytes) if crc32fast::hash(bytes) == check => Ok(()),
            _ => Err(mismatch(stream, "the stream has other bytes at a point of the index")),
        }
    }

    /// Checks that the dictionary is that of the indexed stream.
    pub(crate) fn check_dictionary(&self, options: &DecompressOptions) -> Result<(), Error> {
        match fingerprint(options.get_format().get_dictionary()) == self.dictionary {
            true => Ok(()),
            false => Err(mismatch(0, "the index was made with another dictionary")),
        }
    }

    /// Puts the history that is needed at the point with this number to the beginning of `room`, which has
    /// [`UNPACKED`] bytes. Returns its length.
    pub(crate) fn unpack(&self, point: usize, dictionary: &[u8], room: &mut [u8]) -> Result<usize, Error> {
        if point > 0 {
            return self.points[point].unpack(room);
        }
        let dictionary = &dictionary[dictionary.len().saturating_sub(HISTORY)..];
        room[..dictionary.len()].copy_from_slice(dictionary);
        Ok(dictionary.len())
    }
}

impl IndexPoint {
    /// Decompresses the history to the beginning of `room`, and returns its length.
    fn unpack(&self, room: &mut [u8]) -> Result<usize, Error> {
        if self.packed.is_empty() {
            return Ok(0);
        }
        let (mut at, mut len) = (0, 0);
        let room = &mut room[..self.history_len + SLACK];
        match block::decode(
            Engine::Own,
            &self.packed,
            &mut at,
            room,
            0,
            &mut len,
            &mut Default::default(),
        ) {
            Ok(()) if len == self.history_len => Ok(len),
            _ => Err(Error::BadIndex {
                reason: "a history is damaged",
            }),
        }
    }
}

/// How much room is needed to unpack a history.
pub(crate) const UNPACKED: usize = HISTORY + SLACK;

/// The length and the checksum of what counts of a dictionary.
fn fingerprint(dictionary: &[u8]) -> (u32, u32) {
    let dictionary = &dictionary[dictionary.len().saturating_sub(HISTORY)..];
    (dictionary.len() as u32, crc32fast::hash(dictionary))
}

/// Checks that a writer with this framing never puts so much between two blocks that there is no index.
pub(crate) fn check_framing<F: Framing>() -> Result<(), Error> {
    let longest = F::TAIL_LEN.saturating_add(F::MAX_HEAD_LEN.saturating_mul(2));
    match longest > LONG_HEAD {
        true => Err(long_head(0, 0)),
        false => Ok(()),
    }
}

/// The error of a stream with too many bytes between two blocks.
fn long_head(block: u64, offset: u64) -> Error {
    let reason = "more than 64 KiB between two blocks cannot be indexed";
    Error::BadHead { block, offset, reason }
}

/// The error when stream and index do not agree at this position of the stream.
pub(crate) fn mismatch(offset: u64, reason: &'static str) -> Error {
    Error::IndexMismatch { offset, reason }
}
