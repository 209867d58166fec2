//! What can be wrong: with the settings, with a stream, with the order of calls.

use std::{fmt, io};

use crate::prefix::PrefixWidth;

/// Everything this crate itself finds wrong; errors of the inner reader or writer pass through as they are.
///
/// Turned into an [`io::Error`] by `From` (and so by `?`), with the kind each variant names. The adapters return
/// [`io::Error`]; the `Error` inside is got back by downcast, see [`Error::from_io`].
///
/// In every variant `block` is the index of the block in its stream (the first is 0) and `offset` the number of
/// bytes of the stream before that block's prefix.
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
    /// A prefix width other than 0, 1, 2 or 4 bytes. Kind: `InvalidInput`.
    PrefixWidth {
        /// The width asked for, in bytes.
        found: usize,
    },
    /// A page size of zero or over the largest one that the prefix can frame:
    /// [`LZ4_MAX_INPUT_SIZE`](crate::LZ4_MAX_INPUT_SIZE), 65 264 with a 2-byte prefix, 239 with a 1-byte prefix.
    /// Kind: `InvalidInput`.
    PageSize {
        /// The page size asked for, in bytes.
        found: usize,
        /// The largest page size that the prefix width allows, in bytes.
        allowed: usize,
        /// The prefix width.
        width: PrefixWidth,
    },
    /// A largest accepted page of zero or over [`LZ4_MAX_INPUT_SIZE`](crate::LZ4_MAX_INPUT_SIZE).
    /// Kind: `InvalidInput`.
    MaxPageSize {
        /// The largest page asked for, in bytes.
        found: usize,
        /// The most it can be, in bytes.
        allowed: usize,
    },
    /// An end mark was asked for, but without prefixes there is nothing to carry it. Kind: `InvalidInput`.
    EndMarkWithoutPrefix,
    /// The sizes of the blocks are kept out of band, but the call needs them in the stream; or the reader was
    /// given sizes although the stream has prefixes. Kind: `InvalidInput`.
    OutOfBandSizes {
        /// The prefix width of the settings.
        width: PrefixWidth,
    },
    /// A page handed to the compressor is over its page size. Kind: `InvalidInput`.
    PageTooLarge {
        /// The page's length, in bytes.
        found: usize,
        /// The compressor's page size, in bytes.
        allowed: usize,
    },
    /// A block's length is over what a page of the largest accepted size can need. Kind: `InvalidData`.
    BlockTooLarge {
        /// The block's index in the stream.
        block: u64,
        /// The offset of the block's prefix in the stream, in bytes.
        offset: u64,
        /// The block's length, in bytes.
        found: usize,
        /// The longest block accepted, [`compress_bound`](crate::compress_bound) of the largest page.
        allowed: usize,
    },
    /// A block decodes to more than the largest accepted page. Kind: `InvalidData`.
    PageOverLimit {
        /// The block's index in the stream.
        block: u64,
        /// The offset of the block's prefix in the stream, in bytes.
        offset: u64,
        /// The largest page accepted, in bytes.
        allowed: usize,
    },
    /// A block of no bytes, which no encoder makes: an end mark where none was asked for, or corruption.
    /// Kind: `InvalidData`.
    EmptyBlock {
        /// The block's index in the stream.
        block: u64,
        /// The offset of the block's prefix in the stream, in bytes.
        offset: u64,
    },
    /// A block that ends inside a sequence. Kind: `InvalidData`.
    TruncatedBlock {
        /// The block's index in the stream.
        block: u64,
        /// The offset of the block's prefix in the stream, in bytes.
        offset: u64,
        /// The block's length, in bytes.
        found: usize,
    },
    /// A match that points further back than there is history, or nowhere (an offset of zero).
    /// Kind: `InvalidData`.
    MatchOffset {
        /// The block's index in the stream.
        block: u64,
        /// The offset of the block's prefix in the stream, in bytes.
        offset: u64,
        /// The match's offset: how many bytes it goes back.
        found: usize,
        /// How far back it may go at the most: the history there is.
        allowed: usize,
    },
    /// The input ended inside a prefix or a block. Kind: `UnexpectedEof`.
    UnexpectedEnd {
        /// The block's index in the stream.
        block: u64,
        /// The offset of the block's prefix in the stream, in bytes.
        offset: u64,
        /// How many bytes of the prefix or of the block there were.
        found: usize,
        /// How many there should have been.
        needed: usize,
    },
    /// The input ended without the end mark that was asked for. Kind: `UnexpectedEof`.
    MissingEndMark {
        /// The number of blocks before the end of the input.
        block: u64,
        /// The length of the stream, in bytes.
        offset: u64,
    },
    /// Something was written after the stream was finished. Kind: `Other`.
    Finished,
    /// An earlier write to the inner writer failed and may have put part of a block out, so nothing can be
    /// written behind it. Kind: `Other`.
    Poisoned {
        /// The index of the block that may be out in part.
        block: u64,
        /// The offset of that block's prefix in the stream, in bytes.
        offset: u64,
    },
}

impl Error {
    /// The `Error` inside an [`io::Error`], when this crate made it.
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

    fn kind(&self) -> io::ErrorKind {
        match self {
            Error::PrefixWidth { .. }
            | Error::PageSize { .. }
            | Error::MaxPageSize { .. }
            | Error::EndMarkWithoutPrefix
            | Error::OutOfBandSizes { .. }
            | Error::PageTooLarge { .. } => io::ErrorKind::InvalidInput,
            Error::BlockTooLarge { .. }
            | Error::PageOverLimit { .. }
            | Error::EmptyBlock { .. }
            | Error::TruncatedBlock { .. }
            | Error::MatchOffset { .. } => io::ErrorKind::InvalidData,
            Error::UnexpectedEnd { .. } | Error::MissingEndMark { .. } => io::ErrorKind::UnexpectedEof,
            Error::Finished | Error::Poisoned { .. } => io::ErrorKind::Other,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::PrefixWidth { found } => {
                write!(f, "a prefix of {found} bytes: it can be 0, 1, 2 or 4 bytes")
            }
            Error::PageSize { found, allowed, width } => write!(
                f,
                "a page size of {found} bytes: it can be 1 to {allowed} with a prefix of {} bytes",
                width.bytes()
            ),
            Error::MaxPageSize { found, allowed } => {
                write!(f, "a largest page of {found} bytes: it can be 1 to {allowed}")
            }
            Error::EndMarkWithoutPrefix => f.write_str("an end mark needs a prefix of 1, 2 or 4 bytes"),
            Error::OutOfBandSizes {
                width: PrefixWidth::OutOfBand,
            } => f.write_str("the stream has no prefixes: the block sizes must be given"),
            Error::OutOfBandSizes { width } => write!(
                f,
                "block sizes were given, but the stream has prefixes of {} bytes",
                width.bytes()
            ),
            Error::PageTooLarge { found, allowed } => {
                write!(f, "a page of {found} bytes: the page size is {allowed} bytes")
            }
            Error::BlockTooLarge {
                block,
                offset,
                found,
                allowed,
            } => write!(
                f,
                "block {block} at offset {offset}: {found} bytes long, at most {allowed} are accepted"
            ),
            Error::PageOverLimit { block, offset, allowed } => write!(
                f,
                "block {block} at offset {offset}: decodes to more than the {allowed} bytes accepted"
            ),
            Error::EmptyBlock { block, offset } => {
                write!(
                    f,
                    "block {block} at offset {offset}: a length of zero where no end mark is expected"
                )
            }
            Error::TruncatedBlock { block, offset, found } => write!(
                f,
                "block {block} at offset {offset}: its {found} bytes end inside a sequence"
            ),
            Error::MatchOffset {
                block,
                offset,
                found: 0,
                ..
            } => write!(f, "block {block} at offset {offset}: a match with an offset of zero"),
            Error::MatchOffset {
                block,
                offset,
                found,
                allowed,
            } => write!(
                f,
                "block {block} at offset {offset}: a match goes {found} bytes back, there are {allowed}"
            ),
            Error::UnexpectedEnd {
                block,
                offset,
                found,
                needed,
            } => write!(
                f,
                "block {block} at offset {offset}: the input ends after {found} of {needed} bytes"
            ),
            Error::MissingEndMark { block, offset } => write!(
                f,
                "the input ends at offset {offset} without an end mark, blocks before it: {block}"
            ),
            Error::Finished => f.write_str("the stream is finished, nothing can be written to it"),
            Error::Poisoned { block, offset } => write!(
                f,
                "an earlier write failed: block {block} at offset {offset} may be out in part"
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
