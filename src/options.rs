//! The settings of both ends and their validation.

use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use crate::prefix::{LZ4_MAX_INPUT_SIZE, Prefix};
use crate::window::HISTORY;
use crate::{
    ByteOrder, Error, Lz4StreamCompressor, Lz4StreamDecompressor, Lz4StreamReader, Lz4StreamWriter, PrefixWidth,
};

/// How far back the writer looks for matches.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Strategy {
    /// Into the page itself and the one page before it (its last 64 KiB): what python-lz4 and every reader with
    /// two page buffers is sure to hold.
    #[default]
    DoubleBuffer,
    /// Into the last 64 KiB of the stream, over any number of pages: smaller output for small pages, for readers
    /// that keep 64 KiB (this crate's, the C library's over a ring buffer of 64 KiB and a page).
    ///
    /// **python-lz4's decompressor reads such a stream to wrong bytes without an error.**
    RingBuffer,
}

/// How much effort goes into a block. The names are python-lz4's; every mode makes blocks that any LZ4 decoder
/// reads.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// The usual trade of speed for size.
    #[default]
    Default,
    /// Faster and larger. With the feature `lz4_flex` this compresses as [`Mode::Default`] does.
    Fast {
        /// 1 is as [`Mode::Default`]; each step looks at fewer places. Clamped to 1 ..= 65 537, as liblz4 does.
        acceleration: i32,
    },
    /// Slower and smaller, and with more memory: the writer takes up to 650 KiB more.
    HighCompression {
        /// 1 to 12. As in liblz4 1.10, a level below 1 means 9 and one above 12 means 12; 1 and 2 look at two
        /// candidates a position, 3 to 9 follow chains of them ever further, 10 to 12 find the (nearly) smallest block.
        level: i32,
    },
}

impl Mode {
    /// The same mode with the value that is in force: acceleration and level as liblz4 1.10 clamps them.
    ///
    /// ```
    /// use lz4_stream::Mode;
    ///
    /// assert_eq!(Mode::Fast { acceleration: -3 }.clamped(), Mode::Fast { acceleration: 1 });
    /// assert_eq!(Mode::Fast { acceleration: 70_000 }.clamped(), Mode::Fast { acceleration: 65_537 });
    /// assert_eq!(Mode::HighCompression { level: 0 }.clamped(), Mode::HighCompression { level: 9 });
    /// assert_eq!(Mode::HighCompression { level: 99 }.clamped(), Mode::HighCompression { level: 12 });
    /// ```
    pub fn clamped(self) -> Mode {
        match self {
            Mode::Default => Mode::Default,
            Mode::Fast { acceleration } => Mode::Fast {
                acceleration: acceleration.clamp(1, 65_537),
            },
            Mode::HighCompression { level } if level < 1 => Mode::HighCompression { level: 9 },
            Mode::HighCompression { level } => Mode::HighCompression { level: level.min(12) },
        }
    }
}

/// The last 64 KiB of a dictionary: an LZ4 match reaches no further. Shared, so that settings and codecs clone
/// cheaply.
#[derive(Clone, Default)]
pub(crate) struct Dictionary(pub(crate) Arc<[u8]>);

impl Dictionary {
    fn new(bytes: &[u8]) -> Dictionary {
        Dictionary(bytes[bytes.len().saturating_sub(HISTORY)..].into())
    }
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// The settings of the writing end: [`Lz4StreamWriter`] and [`Lz4StreamCompressor`].
///
/// The stream says nothing of its own settings: prefix width, byte order, end mark and dictionary must be the
/// same at the reading end, and python-lz4's decompressor needs the page size as its `buffer_size` too.
///
/// ```
/// use lz4_stream::{CompressOptions, Mode, PrefixWidth};
/// use std::io::Write;
///
/// let mut writer = CompressOptions::new()
///     .page_size(4096)
///     .prefix_width(PrefixWidth::Two)
///     .mode(Mode::Fast { acceleration: 4 })
///     .writer(Vec::new())?;
/// writer.write_all(b"hello")?;
/// assert_eq!(writer.finish()?, b"\x06\0\x50hello");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct CompressOptions {
    pub(crate) prefix: Prefix,
    pub(crate) end_mark: bool,
    pub(crate) dictionary: Dictionary,
    pub(crate) page_size: usize,
    pub(crate) strategy: Strategy,
    pub(crate) mode: Mode,
}

impl Default for CompressOptions {
    fn default() -> Self {
        CompressOptions {
            prefix: Prefix::default(),
            end_mark: false,
            dictionary: Dictionary::default(),
            page_size: 64 * 1024,
            strategy: Strategy::default(),
            mode: Mode::default(),
        }
    }
}

impl CompressOptions {
    /// Pages of 64 KiB, prefixes of 4 bytes in little endian, no end mark, no dictionary,
    /// [`Strategy::DoubleBuffer`], [`Mode::Default`].
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes the size prefix of every block has. Default: [`PrefixWidth::Four`].
    pub fn prefix_width(mut self, width: PrefixWidth) -> Self {
        self.prefix.width = width;
        self
    }

    /// The order of the bytes in the prefixes. Default: [`ByteOrder::Little`].
    pub fn byte_order(mut self, order: ByteOrder) -> Self {
        self.prefix.order = order;
        self
    }

    /// Whether the stream ends with a prefix of zero, by which a reader can tell a finished stream from one that
    /// was cut at a block boundary. Default: no. python-lz4 knows no end mark and raises on it.
    pub fn end_mark(mut self, end_mark: bool) -> Self {
        self.end_mark = end_mark;
        self
    }

    /// History for the first page; the last 64 KiB are used, and copied. Default: none.
    pub fn dictionary(mut self, dictionary: impl AsRef<[u8]>) -> Self {
        self.dictionary = Dictionary::new(dictionary.as_ref());
        self
    }

    /// The largest page, in bytes: 1 to what [`PrefixWidth::max_page_size`] allows. Default: 65 536. Memory for
    /// a page is taken as it fills, not before.
    pub fn page_size(mut self, bytes: usize) -> Self {
        self.page_size = bytes;
        self
    }

    /// How far back matches reach. Default: [`Strategy::DoubleBuffer`].
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// How much effort goes into a block. Default: [`Mode::Default`].
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// A compressor with these settings.
    ///
    /// # Errors
    /// [`Error::PageSize`] when the page size is zero or too large for the prefix width,
    /// [`Error::EndMarkWithoutPrefix`] when there is an end mark but no prefix.
    pub fn compressor(&self) -> Result<Lz4StreamCompressor, Error> {
        Lz4StreamCompressor::with_options(self)
    }

    /// A writer with these settings around `inner`.
    ///
    /// # Errors
    /// Those of [`compressor`](Self::compressor).
    pub fn writer<W: Write>(&self, inner: W) -> Result<Lz4StreamWriter<W>, Error> {
        Lz4StreamWriter::with_options(inner, self)
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        check_page_size(self.page_size, self.prefix.width)?;
        check_end_mark(self.end_mark, self.prefix.width)
    }
}

/// The settings of the reading end: [`Lz4StreamReader`] and [`Lz4StreamDecompressor`].
///
/// Prefix width, byte order, end mark and dictionary must be those the stream was written with; the page size of
/// the writer need not be known.
///
/// ```
/// use lz4_stream::{DecompressOptions, PrefixWidth};
/// use std::io::Read;
///
/// let mut text = String::new();
/// DecompressOptions::new()
///     .prefix_width(PrefixWidth::Two)
///     .reader(&b"\x06\0\x50hello"[..])?
///     .read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct DecompressOptions {
    pub(crate) prefix: Prefix,
    pub(crate) end_mark: bool,
    pub(crate) dictionary: Dictionary,
    pub(crate) max_page_size: usize,
}

impl Default for DecompressOptions {
    fn default() -> Self {
        DecompressOptions {
            prefix: Prefix::default(),
            end_mark: false,
            dictionary: Dictionary::default(),
            max_page_size: 4 * 1024 * 1024,
        }
    }
}

impl DecompressOptions {
    /// Prefixes of 4 bytes in little endian, no end mark, no dictionary, pages of at most 4 MiB.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes the size prefix of every block has. Default: [`PrefixWidth::Four`].
    pub fn prefix_width(mut self, width: PrefixWidth) -> Self {
        self.prefix.width = width;
        self
    }

    /// The order of the bytes in the prefixes. Default: [`ByteOrder::Little`].
    pub fn byte_order(mut self, order: ByteOrder) -> Self {
        self.prefix.order = order;
        self
    }

    /// Whether the stream must end with a prefix of zero. Default: no. With it the reader stops behind the mark
    /// and takes an end of input before it for an error; without it a prefix of zero is an error.
    pub fn end_mark(mut self, end_mark: bool) -> Self {
        self.end_mark = end_mark;
        self
    }

    /// History for the first page, the same the writer had; the last 64 KiB are used, and copied. Default: none.
    pub fn dictionary(mut self, dictionary: impl AsRef<[u8]>) -> Self {
        self.dictionary = Dictionary::new(dictionary.as_ref());
        self
    }

    /// The largest page accepted, in bytes: 1 to [`LZ4_MAX_INPUT_SIZE`]. Default: 4 MiB. It bounds the memory
    /// that a stream can make the reader take: about three such pages and 512 KiB.
    pub fn max_page_size(mut self, bytes: usize) -> Self {
        self.max_page_size = bytes;
        self
    }

    /// A decompressor with these settings.
    ///
    /// # Errors
    /// [`Error::MaxPageSize`] when the largest page is zero or over [`LZ4_MAX_INPUT_SIZE`],
    /// [`Error::EndMarkWithoutPrefix`] when there is an end mark but no prefix.
    pub fn decompressor(&self) -> Result<Lz4StreamDecompressor, Error> {
        Lz4StreamDecompressor::with_options(self)
    }

    /// A reader with these settings around `inner`.
    ///
    /// # Errors
    /// Those of [`decompressor`](Self::decompressor), and [`Error::OutOfBandSizes`] with
    /// [`PrefixWidth::OutOfBand`], for which [`reader_with_sizes`](Self::reader_with_sizes) is.
    pub fn reader<R: Read>(&self, inner: R) -> Result<Lz4StreamReader<R>, Error> {
        Lz4StreamReader::with_options(inner, self)
    }

    /// A reader with these settings around `inner`, for a stream without prefixes: `sizes` gives the length of
    /// each block in bytes. The stream ends when `sizes` does.
    ///
    /// # Errors
    /// Those of [`decompressor`](Self::decompressor), and [`Error::OutOfBandSizes`] when the prefix width is not
    /// [`PrefixWidth::OutOfBand`].
    pub fn reader_with_sizes<R, I>(&self, inner: R, sizes: I) -> Result<Lz4StreamReader<R, I::IntoIter>, Error>
    where
        R: Read,
        I: IntoIterator<Item = usize>,
    {
        Lz4StreamReader::with_sizes(inner, self, sizes)
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        // Any limit goes with any width: a reader that accepts more than its prefix can announce loses nothing.
        if self.max_page_size == 0 || self.max_page_size > LZ4_MAX_INPUT_SIZE {
            return Err(Error::MaxPageSize {
                found: self.max_page_size,
                allowed: LZ4_MAX_INPUT_SIZE,
            });
        }
        check_end_mark(self.end_mark, self.prefix.width)
    }
}

fn check_page_size(found: usize, width: PrefixWidth) -> Result<(), Error> {
    let allowed = width.max_page_size();
    if found == 0 || found > allowed {
        return Err(Error::PageSize { found, allowed, width });
    }
    Ok(())
}

fn check_end_mark(end_mark: bool, width: PrefixWidth) -> Result<(), Error> {
    if end_mark && width == PrefixWidth::OutOfBand {
        return Err(Error::EndMarkWithoutPrefix);
    }
    Ok(())
}
