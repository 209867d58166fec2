//! Errors in the settings, in a stream and in the order of calls.

use std::{fmt, io};

use crate::PrefixWidth;

/// An error that this crate detects. Errors of the inner reader or writer pass through unchanged.
///
/// `From` (and so `?`) converts it to an [`io::Error`] of the same [`kind`](Error::kind). The adapters return
/// [`io::Error`]; [`Error::from_io`] finds the `Error` inside.
///
/// In the variants about a block, `block` is its index in the stream (the first is 0), and `offset` is the position of
/// its head in the stream, in bytes. The other variants document their own fields.
///
/// ```
/// use lz4_stream::{Error, Lz4StreamReader};
/// use std::io::{self, Read};
///
/// let mut out = Vec::new();
/// let error = Lz4StreamReader::new(&b"\0\0\0\0"[..]).read_to_end(&mut out).unwrap_err();
/// assert_eq!(error.kind(), io::ErrorKind::InvalidData);
/// assert_eq!(Error::from_io(&error), Some(&Error::EmptyBlock { block: 0, offset: 0 }));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The prefix width is not 0, 1, 2, 4 or 8 bytes. Kind: `InvalidInput`.
    PrefixWidth {
        /// The requested width, in bytes.
        found: usize,
    },
    /// The page size is zero, or larger than the framing can announce:
    /// [`LZ4_MAX_INPUT_SIZE`](crate::LZ4_MAX_INPUT_SIZE), 65 264 with a 2-byte prefix, 239 with a 1-byte prefix. Kind:
    /// `InvalidInput`.
    PageSize {
        /// The requested page size, in bytes.
        found: usize,
        /// The largest page size that the framing allows, in bytes.
        allowed: usize,
        /// The prefix width; `None` with a custom framing.
        width: Option<PrefixWidth>,
    },
    /// The largest accepted page is zero, or over [`LZ4_MAX_INPUT_SIZE`](crate::LZ4_MAX_INPUT_SIZE). Kind:
    /// `InvalidInput`.
    MaxPageSize {
        /// The requested largest page, in bytes.
        found: usize,
        /// The upper limit, in bytes.
        allowed: usize,
    },
    /// The largest distance of a match is zero, or over 65 535. Kind: `InvalidInput`.
    MaxDistance {
        /// The requested largest distance, in bytes.
        found: usize,
        /// The upper limit, in bytes.
        allowed: usize,
    },
    /// An end mark or restarts were requested, but there is no prefix to carry them. Kind: `InvalidInput`.
    EndMarkWithoutPrefix,
    /// The call needs prefixes in the stream, but the block sizes are kept out of band; or sizes were passed although
    /// the stream has prefixes. Kind: `InvalidInput`.
    OutOfBandSizes {
        /// The prefix width of the settings.
        width: PrefixWidth,
    },
    /// A page passed to the compressor is over its page size. Kind: `InvalidInput`.
    PageTooLarge {
        /// The length of the page, including the bytes pushed before, in bytes.
        found: usize,
        /// The compressor's page size, in bytes.
        allowed: usize,
    },
    /// The head or the tail of a block is malformed, or the [`Framing`](crate::Framing) contradicts itself; or there is
    /// too much between two blocks for an [`Index`](crate::Index). The built-in framings only cause the latter. Kind:
    /// `InvalidData`.
    BadHead {
        /// The block's index in the stream.
        block: u64,
        /// The offset of the block's head in the stream, in bytes.
        offset: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A block is longer than any block of an accepted page. Kind: `InvalidData`.
    BlockTooLarge {
        /// The block's index in the stream.
        block: u64,
        /// The offset of the block's head in the stream, in bytes.
        offset: u64,
        /// The block's length, in bytes.
        found: usize,
        /// The longest block accepted: [`compress_bound`](crate::compress_bound) of the largest page.
        allowed: usize,
    },
    /// A block decodes to more bytes than the largest accepted page. Kind: `InvalidData`.
    PageOverLimit {
        /// The block's index in the stream.
        block: u64,
        /// The offset of the block's head in the stream, in bytes.
        offset: u64,
        /// The largest page accepted, in bytes.
        allowed: usize,
    },
    /// A block has no bytes. No encoder makes such a block: it is an unexpected end mark, or corruption. Kind:
    /// `InvalidData`.
    EmptyBlock {
        /// The block's index in the stream.
        block: u64,
        /// The offset of the block's head in the stream, in bytes.
        offset: u64,
    },
    /// A block ends inside a sequence. Kind: `InvalidData`.
    TruncatedBlock {
        /// The block's index in the stream.
        block: u64,
        /// The offset of the block's head in the stream, in bytes.
        offset: u64,
        /// The block's length, in bytes.
        found: usize,
    },
    /// A match reaches back beyond the history, or its offset is zero. Kind: `InvalidData`.
    MatchOffset {
        /// The block's index in the stream.
        block: u64,
        /// The offset of the block's head in the stream, in bytes.
        offset: u64,
        /// The offset of the match: how many bytes back it points.
        found: usize,
        /// The largest valid offset at that position: the bytes of history and page before the match.
        allowed: usize,
    },
    /// The input ended inside a head, a block or a tail. Kind: `UnexpectedEof`.
    UnexpectedEnd {
        /// The block's index in the stream.
        block: u64,
        /// The offset of the block's head in the stream, in bytes.
        offset: u64,
        /// Whether it ended inside the head. Otherwise the head was complete, and it ended inside the block or its
        /// tail.
        in_head: bool,
        /// How many bytes of the head were present, or, after a complete head, of the block with its tail.
        found: usize,
        /// How many bytes the head has, or the block with its tail.
        needed: usize,
    },
    /// The input ended without the end mark that the settings require. Kind: `UnexpectedEof`.
    MissingEndMark {
        /// The number of blocks before the end of the input.
        block: u64,
        /// The length of the stream, in bytes.
        offset: u64,
    },
    /// Bytes follow the end mark, but the input was expected to contain nothing else. Kind: `InvalidData`.
    TrailingBytes {
        /// The length of the stream with its end mark, in bytes.
        offset: u64,
        /// How many bytes follow.
        found: usize,
    },
    /// The bytes are not an index that this crate wrote, or they were damaged. Kind: `InvalidData`.
    BadIndex {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The index does not belong to the stream, or one of the two was changed since it was made. Kind: `InvalidData`.
    IndexMismatch {
        /// The position in the stream where they disagree, in bytes.
        offset: u64,
        /// What is different.
        reason: &'static str,
    },
    /// An index can only be collected from the beginning of a stream, but a part of it was already written. Kind:
    /// `InvalidInput`.
    LateIndex {
        /// How many blocks were made before.
        block: u64,
    },
    /// The stream is over: data was written after it was finished, or a block was decompressed after its end mark.
    /// Kind: `Other`.
    Finished,
    /// A thread of a parallel reader panicked: the framing did. Kind: `Other`.
    WorkerPanicked,
    /// The inner writer, the framing or a thread of the
    /// [`Lz4StreamParallelWriter`](crate::Lz4StreamParallelWriter) panicked. It is unknown how much was written, or
    /// what would come next, so the stream cannot be continued.
    /// Kind: `Other`.
    Poisoned {
        /// How many bytes of the stream the inner writer had taken before.
        offset: u64,
    },
}

impl Error {
    /// The `Error` inside an [`io::Error`], if this crate made it.
    ///
    /// ```
    /// use lz4_stream::Error;
    /// use std::io;
    ///
    /// let error = io::Error::from(Error::Finished);
    /// assert_eq!(Error::from_io(&error), Some(&Error::Finished));
    /// assert_eq!(Error::from_io(&io::Error::other("not ours")), None);
    /// ```
    pub fn from_io(error: &io::Error) -> Option<&Error> {
        error.get_ref()?.downcast_ref()
    }

    /// The error that a [`Framing`](crate::Framing) returns when a head or a tail is not valid. `reason` completes the
    /// message "block 7 at offset 99: …".
    ///
    /// ```
    /// use lz4_stream::Error;
    ///
    /// let error = Error::bad_head("no `#` before a block");
    /// assert_eq!(error.to_string(), "block 0 at offset 0: no `#` before a block");
    /// ```
    pub fn bad_head(reason: &'static str) -> Error {
        let (block, offset) = (0, 0);
        Error::BadHead { block, offset, reason }
    }

    /// The kind of the [`io::Error`] that this converts to.
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Error::PrefixWidth { .. }
            | Error::PageSize { .. }
            | Error::MaxPageSize { .. }
            | Error::MaxDistance { .. }
            | Error::EndMarkWithoutPrefix
            | Error::OutOfBandSizes { .. }
            | Error::LateIndex { .. }
            | Error::PageTooLarge { .. } => io::ErrorKind::InvalidInput,
            Error::BadHead { .. }
            | Error::BlockTooLarge { .. }
            | Error::PageOverLimit { .. }
            | Error::EmptyBlock { .. }
            | Error::TruncatedBlock { .. }
            | Error::MatchOffset { .. }
            | Error::BadIndex { .. }
            | Error::IndexMismatch { .. }
            | Error::TrailingBytes { .. } => io::ErrorKind::InvalidData,
            Error::UnexpectedEnd { .. } | Error::MissingEndMark { .. } => io::ErrorKind::UnexpectedEof,
            Error::Finished | Error::WorkerPanicked | Error::Poisoned { .. } => io::ErrorKind::Other,
        }
    }

    /// The index of the block in which something is wrong. `None` for the variants that are not about a block.
    ///
    /// ```
    /// use lz4_stream::{DecompressOptions, Error};
    ///
    /// // The second block is cut off.
    /// let stream = b"\x06\0\0\0\x50hello\x06\0\0\0\x50wo";
    /// let error = lz4_stream::decompress(stream, &DecompressOptions::new()).unwrap_err();
    /// assert_eq!((error.block(), error.offset()), (Some(1), Some(10)));
    /// assert_eq!((Error::Finished.block(), Error::Finished.offset()), (None, None));
    /// ```
    pub fn block(&self) -> Option<u64> {
        Some(self.place()?.0)
    }

    /// The position in the stream, in bytes: that of the head of the [`block`](Self::block), or of the other variants
    /// with a field `offset`.
    pub fn offset(&self) -> Option<u64> {
        match *self {
            Error::MissingEndMark { offset, .. }
            | Error::TrailingBytes { offset, .. }
            | Error::IndexMismatch { offset, .. }
            | Error::Poisoned { offset } => Some(offset),
            _ => Some(self.place()?.1),
        }
    }

    /// Block and offset of the variants about a block.
    fn place(&self) -> Option<(u64, u64)> {
        match *self {
            Error::BadHead { block, offset, .. }
            | Error::BlockTooLarge { block, offset, .. }
            | Error::PageOverLimit { block, offset, .. }
            | Error::EmptyBlock { block, offset }
            | Error::TruncatedBlock { block, offset, .. }
            | Error::MatchOffset { block, offset, .. }
            | Error::UnexpectedEnd { block, offset, .. } => Some((block, offset)),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((block, offset)) = self.place() {
            write!(f, "block {block} at offset {offset}: ")?;
        }
        match self {
            Error::PrefixWidth { found } => write!(f, "prefix width {found} is not 0, 1, 2, 4 or 8"),
            Error::PageSize { allowed: 0, .. } => f.write_str("no page fits the longest block of this framing"),
            Error::PageSize { found, allowed, width } => {
                write!(f, "page size {found} is out of range 1..={allowed} ")?;
                match width {
                    Some(PrefixWidth::OutOfBand) => f.write_str("for an LZ4 block"),
                    Some(width) => write!(f, "for a {}-byte prefix", width.bytes()),
                    None => f.write_str("for this framing"),
                }
            }
            Error::MaxPageSize { found, allowed } => {
                write!(f, "largest accepted page size {found} is out of range 1..={allowed}")
            }
            Error::MaxDistance { found, allowed } => {
                write!(f, "largest distance of a match {found} is out of range 1..={allowed}")
            }
            Error::EndMarkWithoutPrefix => {
                f.write_str("an end mark needs a prefix of 1, 2, 4 or 8 bytes, and so does a restart")
            }
            Error::OutOfBandSizes {
                width: PrefixWidth::OutOfBand,
            } => f.write_str("the call needs size prefixes, but the prefix width is 0"),
            Error::OutOfBandSizes { width } => write!(
                f,
                "block sizes were given for a stream with {}-byte prefixes",
                width.bytes()
            ),
            Error::PageTooLarge { found, allowed } => {
                write!(f, "page of {found} bytes exceeds the page size of {allowed}")
            }
            Error::BadHead { reason, .. } => f.write_str(reason),
            Error::BlockTooLarge { found, allowed, .. } => {
                write!(f, "block length {found} exceeds the accepted maximum of {allowed}")
            }
            Error::PageOverLimit { allowed, .. } => {
                write!(f, "page exceeds the accepted maximum of {allowed} bytes")
            }
            Error::EmptyBlock { .. } => f.write_str("block length is zero"),
            Error::TruncatedBlock { found, .. } => write!(f, "block of {found} bytes ends inside a sequence"),
            // The range "1..=0" would explain nothing.
            Error::MatchOffset { found, allowed: 0, .. } => {
                write!(f, "match offset {found}, but there is nothing to match")
            }
            Error::MatchOffset { found, allowed, .. } => {
                write!(f, "match offset {found} is out of range 1..={allowed}")
            }
            Error::UnexpectedEnd {
                in_head, found, needed, ..
            } => {
                let whose = if *in_head { "head's" } else { "block's" };
                write!(f, "input ends after {found} of the {whose} {needed} bytes")
            }
            Error::MissingEndMark { block, offset } => {
                let plural = if *block == 1 { "" } else { "s" };
                write!(
                    f,
                    "input ends at offset {offset}, after {block} block{plural}, without an end mark"
                )
            }
            Error::TrailingBytes { offset, found } => {
                write!(f, "the stream ends at offset {offset}, but more bytes follow: {found}")
            }
            Error::BadIndex { reason } => write!(f, "not a valid index: {reason}"),
            Error::IndexMismatch { offset, reason } => {
                write!(f, "the index does not match the stream at offset {offset}: {reason}")
            }
            Error::LateIndex { block } => {
                write!(
                    f,
                    "an index must begin with the stream, but blocks were already made: {block}"
                )
            }
            Error::Finished => f.write_str("the stream is finished"),
            Error::WorkerPanicked => f.write_str("a thread of the reader panicked"),
            Error::Poisoned { offset } => write!(
                f,
                "a panic after {offset} bytes were written, so the stream cannot be continued"
            ),
        }
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        io::Error::new(error.kind(), error)
    }
}
