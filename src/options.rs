//! The settings of both ends and their validation.

use std::fmt;
use std::io::{BufRead, Read, Write};
use std::sync::Arc;

use crate::block::MAX_OFFSET;
use crate::format::{HISTORY, LZ4_MAX_INPUT_SIZE, page_bound};
use crate::{
    BlockSizes, ByteOrder, Error, Framing, Lz4StreamBufReader, Lz4StreamCompressor, Lz4StreamDecompressor,
    Lz4StreamParallelWriter, Lz4StreamReader, Lz4StreamWriter, PrefixWidth, SizePrefix, ZeroPrefix,
};

/// How far back the writer looks for matches.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Strategy {
    /// In the page itself and the one page before it (the last 64 KiB of that page). python-lz4 and every other reader
    /// with two page buffers holds this much. See [*One page back*](crate::format#one-page-back).
    #[default]
    DoubleBuffer,
    /// In the last 64 KiB of the stream, across any number of pages. Small pages compress better.
    ///
    /// **Only for readers that hold 64 KiB and a page**: this crate's, those that decode all pages to one buffer, and
    /// the C library over a ring buffer of that size. Any reader that holds less **may decode such a stream
    /// incorrectly without an error**, or reject it: python-lz4, golz4, Tracy, FLANN and every other with two page
    /// buffers, and lz4's ring buffer examples, which hold about 10 KiB. For smaller rings, see
    /// [`CompressOptions::max_distance`].
    RingBuffer,
}

/// The compression effort. The names are python-lz4's. Any LZ4 decoder reads the blocks of every mode.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// A balance of speed and size.
    #[default]
    Default,
    /// Faster and larger.
    Fast {
        /// 1 equals [`Mode::Default`]. With higher values, the encoder looks for matches at fewer positions. Clamped to
        /// 1 ..= 65 537, as in liblz4.
        acceleration: i32,
    },
    /// Slower and smaller. The writer takes up to 650 KiB more memory.
    HighCompression {
        /// 1 to 12. As in liblz4 1.10, a level below 1 means 9 and a level above 12 means 12. Levels 1 and 2 check two
        /// candidates per position. Levels 3 to 9 follow ever longer chains of candidates. Levels 10 to 12 find a block
        /// that is (nearly) the smallest possible.
        level: i32,
    },
}

impl Mode {
    /// The same mode with the effective value: acceleration and level are clamped as in liblz4 1.10.
    ///
    /// ```
    /// use lz4_stream::Mode;
    ///
    /// assert_eq!(Mode::Fast { acceleration: -3 }.clamped(), Mode::Fast { acceleration: 1 });
    /// assert_eq!(Mode::Fast { acceleration: 70_000 }.clamped(), Mode::Fast { acceleration: 65_537 });
    /// assert_eq!(Mode::HighCompression { level: 0 }.clamped(), Mode::HighCompression { level: 9 });
    /// assert_eq!(Mode::HighCompression { level: 99 }.clamped(), Mode::HighCompression { level: 12 });
    /// ```
    #[must_use]
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

/// Which codec encodes and decodes the blocks. Every engine reads the blocks of every other.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Engine {
    /// This crate's own block codec.
    #[default]
    Own,
    /// The block codec of the crate `lz4_flex`. Needs the feature of that name. It decodes, and it encodes in
    /// [`Mode::Default`] and [`Mode::Fast`], which are the same in it: it has no acceleration.
    /// [`Mode::HighCompression`] and a limited [distance](CompressOptions::max_distance) still use this crate's own
    /// encoder. `lz4_flex` is slower, and allocates a match table for every page, because it keeps nothing from one
    /// page to the next.
    #[cfg(feature = "lz4_flex")]
    Lz4Flex,
}

/// The last 64 KiB of a dictionary: a match reaches no further. Shared, so that settings and codecs are cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
struct Dictionary(Arc<[u8]>);

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// The settings that both ends of a stream must share, as one value: the width and byte order of the size prefixes, the
/// meaning of a prefix of zero, and the dictionary. A stream records none of them.
///
/// ```
/// use lz4_stream::{CompressOptions, DecompressOptions, PrefixWidth, StreamFormat};
///
/// let format = StreamFormat::new().prefix_width(PrefixWidth::Two).end_mark(true);
/// let sender = CompressOptions::new().format(format.clone()).page_size(8192);
/// let receiver = DecompressOptions::new().format(format);
///
/// let stream = lz4_stream::compress(b"hello", &sender)?;
/// assert_eq!(stream, b"\x06\0\x50hello\0\0");
/// assert_eq!(lz4_stream::decompress(&stream, &receiver)?, b"hello");
/// # Ok::<(), lz4_stream::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamFormat {
    pub(crate) prefix: SizePrefix,
    dictionary: Dictionary,
}

impl StreamFormat {
    /// 4-byte little-endian prefixes, no end mark, no dictionary.
    ///
    /// ```
    /// assert_eq!(lz4_stream::StreamFormat::new().get_prefix_width().bytes(), 4);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The length of the size prefix of each block. Default: [`PrefixWidth::Four`].
    ///
    /// ```
    /// use lz4_stream::{PrefixWidth, StreamFormat};
    ///
    /// let format = StreamFormat::new().prefix_width(PrefixWidth::Two);
    /// assert_eq!(format.get_prefix_width(), PrefixWidth::Two);
    /// ```
    #[must_use]
    pub fn prefix_width(mut self, width: PrefixWidth) -> Self {
        self.prefix.width = width;
        self
    }

    /// The byte order of the prefixes. Default: [`ByteOrder::Little`].
    ///
    /// ```
    /// use lz4_stream::{ByteOrder, StreamFormat};
    ///
    /// let format = StreamFormat::new().byte_order(ByteOrder::Big);
    /// assert_eq!(format.get_byte_order(), ByteOrder::Big);
    /// ```
    #[must_use]
    pub fn byte_order(mut self, order: ByteOrder) -> Self {
        self.prefix.order = order;
        self
    }

    /// Whether the stream ends with a prefix of zero: [`ZeroPrefix::End`], or [`ZeroPrefix::Invalid`]. Default: no.
    ///
    /// With it, a reader can tell a finished stream from one cut off at a block boundary: it stops after the mark, and
    /// treats an end of input before the mark as an error. Without it, a prefix of zero is an error. python-lz4 and
    /// golz4 have no end mark and raise an error for one; Tracy and gdsfmt have none either. Fuchsia takes it as a
    /// restart. The C examples and FLANN require it.
    ///
    /// ```
    /// use lz4_stream::StreamFormat;
    ///
    /// assert!(StreamFormat::new().end_mark(true).get_end_mark());
    /// ```
    #[must_use]
    pub fn end_mark(self, end_mark: bool) -> Self {
        self.zero_prefix(if end_mark { ZeroPrefix::End } else { ZeroPrefix::Invalid })
    }

    /// The meaning of a prefix of zero. Default: [`ZeroPrefix::Invalid`]. This includes [`end_mark`](Self::end_mark);
    /// the last call counts.
    ///
    /// ```
    /// use lz4_stream::{StreamFormat, ZeroPrefix};
    ///
    /// let format = StreamFormat::new().zero_prefix(ZeroPrefix::Restart);
    /// assert_eq!(format.get_zero_prefix(), ZeroPrefix::Restart);
    /// ```
    #[must_use]
    pub fn zero_prefix(mut self, zero: ZeroPrefix) -> Self {
        self.prefix.zero = zero;
        self
    }

    /// The history of the first page. The last 64 KiB are used, and copied. Default: none.
    ///
    /// ```
    /// use lz4_stream::StreamFormat;
    ///
    /// let format = StreamFormat::new().dictionary(vec![7; 100_000]);
    /// assert_eq!(format.get_dictionary(), [7; 65_536]);
    /// ```
    #[must_use]
    pub fn dictionary(mut self, dictionary: impl AsRef<[u8]>) -> Self {
        let bytes = dictionary.as_ref();
        self.dictionary = Dictionary(bytes[bytes.len().saturating_sub(HISTORY)..].into());
        self
    }

    /// The length of the size prefix of each block.
    pub fn get_prefix_width(&self) -> PrefixWidth {
        self.prefix.width
    }

    /// The byte order of the prefixes.
    pub fn get_byte_order(&self) -> ByteOrder {
        self.prefix.order
    }

    /// Whether the stream ends with a prefix of zero.
    pub fn get_end_mark(&self) -> bool {
        self.prefix.zero == ZeroPrefix::End
    }

    /// The meaning of a prefix of zero.
    pub fn get_zero_prefix(&self) -> ZeroPrefix {
        self.prefix.zero
    }

    /// The history of the first page: at most 64 KiB.
    #[inline]
    pub fn get_dictionary(&self) -> &[u8] {
        &self.dictionary.0
    }

    fn validate(&self) -> Result<(), Error> {
        if self.prefix.zero != ZeroPrefix::Invalid && self.prefix.width == PrefixWidth::OutOfBand {
            return Err(Error::EndMarkWithoutPrefix);
        }
        Ok(())
    }
}

/// The setters and getters of the settings that both ends have.
macro_rules! format_setters {
    ($Options:ident) => {
        /// The settings that both ends must share, as one value.
        ///
        /// ```
        #[doc = concat!("use lz4_stream::{", stringify!($Options), ", StreamFormat};")]
        ///
        /// let format = StreamFormat::new().end_mark(true);
        #[doc = concat!("let options = ", stringify!($Options), "::new().format(format.clone());")]
        /// assert_eq!(*options.get_format(), format);
        /// ```
        #[must_use]
        pub fn format(mut self, format: StreamFormat) -> Self {
            self.format = format;
            self
        }

        /// The length of the size prefix of each block, see [`StreamFormat::prefix_width`].
        ///
        /// ```
        #[doc = concat!("use lz4_stream::{", stringify!($Options), ", PrefixWidth};")]
        ///
        #[doc = concat!("let options = ", stringify!($Options), "::new().prefix_width(PrefixWidth::Two);")]
        /// assert_eq!(options.get_format().get_prefix_width(), PrefixWidth::Two);
        /// ```
        #[must_use]
        pub fn prefix_width(mut self, width: PrefixWidth) -> Self {
            self.format = self.format.prefix_width(width);
            self
        }

        /// The byte order of the prefixes, see [`StreamFormat::byte_order`].
        ///
        /// ```
        #[doc = concat!("use lz4_stream::{", stringify!($Options), ", ByteOrder};")]
        ///
        #[doc = concat!("let options = ", stringify!($Options), "::new().byte_order(ByteOrder::Big);")]
        /// assert_eq!(options.get_format().get_byte_order(), ByteOrder::Big);
        /// ```
        #[must_use]
        pub fn byte_order(mut self, order: ByteOrder) -> Self {
            self.format = self.format.byte_order(order);
            self
        }

        /// Whether the stream ends with a prefix of zero, see [`StreamFormat::end_mark`].
        ///
        /// ```
        #[doc = concat!("let options = lz4_stream::", stringify!($Options), "::new().end_mark(true);")]
        /// assert!(options.get_format().get_end_mark());
        /// ```
        #[must_use]
        pub fn end_mark(mut self, end_mark: bool) -> Self {
            self.format = self.format.end_mark(end_mark);
            self
        }

        /// The meaning of a prefix of zero, see [`StreamFormat::zero_prefix`].
        ///
        /// ```
        #[doc = concat!("use lz4_stream::{", stringify!($Options), ", ZeroPrefix};")]
        ///
        #[doc = concat!("let options = ", stringify!($Options), "::new().zero_prefix(ZeroPrefix::Restart);")]
        /// assert_eq!(options.get_format().get_zero_prefix(), ZeroPrefix::Restart);
        /// ```
        #[must_use]
        pub fn zero_prefix(mut self, zero: ZeroPrefix) -> Self {
            self.format = self.format.zero_prefix(zero);
            self
        }

        /// The history of the first page, see [`StreamFormat::dictionary`].
        ///
        /// ```
        #[doc = concat!("let options = lz4_stream::", stringify!($Options), "::new().dictionary(\"a few words\");")]
        /// assert_eq!(options.get_format().get_dictionary(), b"a few words");
        /// ```
        #[must_use]
        pub fn dictionary(mut self, dictionary: impl AsRef<[u8]>) -> Self {
            self.format = self.format.dictionary(dictionary);
            self
        }

        /// Which codec encodes and decodes the blocks. Default: [`Engine::Own`].
        ///
        /// ```
        #[doc = concat!("use lz4_stream::{", stringify!($Options), ", Engine};")]
        ///
        #[doc = concat!("let options = ", stringify!($Options), "::new().engine(Engine::Own);")]
        /// assert_eq!(options.get_engine(), Engine::Own);
        /// ```
        #[must_use]
        pub fn engine(mut self, engine: Engine) -> Self {
            self.engine = engine;
            self
        }

        /// The settings that both ends must share.
        #[inline]
        pub fn get_format(&self) -> &StreamFormat {
            &self.format
        }

        /// Which codec encodes and decodes the blocks.
        #[inline]
        pub fn get_engine(&self) -> Engine {
            self.engine
        }
    };
}

/// The settings of the writing end: [`Lz4StreamWriter`] and [`Lz4StreamCompressor`].
///
/// The reading end needs the same [`StreamFormat`]. python-lz4's decompressor also needs the page size, as its
/// `buffer_size`.
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
    format: StreamFormat,
    /// `None` for the default, which depends on the prefix width.
    page_size: Option<usize>,
    /// 0 for no restart points.
    restart_every: usize,
    strategy: Strategy,
    max_distance: usize,
    mode: Mode,
    engine: Engine,
}

impl Default for CompressOptions {
    fn default() -> Self {
        CompressOptions {
            format: StreamFormat::default(),
            page_size: None,
            restart_every: 0,
            strategy: Strategy::default(),
            max_distance: MAX_OFFSET,
            mode: Mode::default(),
            engine: Engine::default(),
        }
    }
}

impl PartialEq for CompressOptions {
    fn eq(&self, other: &Self) -> bool {
        let settings = |of: &Self| {
            let reach = (of.strategy, of.max_distance, of.restart_every);
            (of.get_page_size(), reach, of.mode, of.engine)
        };
        self.format == other.format && settings(self) == settings(other)
    }
}

impl Eq for CompressOptions {}

impl CompressOptions {
    /// [`StreamFormat::new`], pages of 64 KiB, [`Strategy::DoubleBuffer`], [`Mode::Default`].
    ///
    /// ```
    /// assert_eq!(lz4_stream::CompressOptions::new().get_page_size(), 65_536);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    format_setters!(CompressOptions);

    /// The largest page, in bytes: 1 to [`PrefixWidth::max_page_size`]. Default: 65 536, or less if the prefix width
    /// allows less. Memory for a page is taken as the page fills. By default, readers reject pages of more than 4 MiB:
    /// see [`DecompressOptions::max_page_size`]. Other readers may need exactly their own page size: see [*A limit, not
    /// a page size*](crate::format#a-limit-not-a-page-size).
    ///
    /// ```
    /// use lz4_stream::{CompressOptions, PrefixWidth};
    ///
    /// let options = CompressOptions::new().page_size(240);
    /// assert!(options.compressor().is_ok());
    /// assert!(options.prefix_width(PrefixWidth::One).compressor().is_err());
    /// ```
    #[must_use]
    pub fn page_size(mut self, bytes: usize) -> Self {
        self.page_size = Some(bytes);
        self
    }

    /// Makes every page whose index in the stream is a multiple of `pages` a restart point, where decoding can begin:
    /// see [`Lz4StreamCompressor::restart`], which restarts the count. 0 for none. Default: 0.
    ///
    /// For a restart point about every so many bytes, divide them by the [page size](Self::page_size). A page that a
    /// flush ends early counts too, so no two restart points are further apart.
    ///
    /// With 1, every block is independent of the others: the layout of Hadoop, Dovecot and others. The first page of
    /// the stream still refers to the dictionary, later restart points do not.
    ///
    /// The stream grows by this much, with pages of 64 KiB (the Silesia files dickens, ooffice, osdb and xml together):
    ///
    /// | `pages` | 1 | 4 | 16 | 64 |
    /// |---|---|---|---|---|
    /// | [`Mode::Default`] | 9.2 % | 3.1 % | 1.0 % | -0.1 % |
    /// | [`Mode::HighCompression`], level 9 | 14.2 % | 3.5 % | 0.8 % | 0.2 % |
    ///
    /// Smaller pages lose more: with pages of 4 KiB and `pages` = 1, it is 16 % and 22 %.
    ///
    /// ```
    /// use lz4_stream::{CompressOptions, DecompressOptions, compress};
    ///
    /// let options = CompressOptions::new().page_size(6).restart_every(2);
    /// let stream = compress(b"first sixth third fourthfifth ", &options)?;
    /// // Decoding can begin at the third page.
    /// let mut decompressor = DecompressOptions::new().decompressor()?;
    /// decompressor.resume(&[], 2, 22);
    /// assert_eq!(decompressor.decompress(&stream[22 + 4..][..7])?, b"third ");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    #[must_use]
    pub fn restart_every(mut self, pages: usize) -> Self {
        self.restart_every = pages;
        self
    }

    /// How far back matches reach. Default: [`Strategy::DoubleBuffer`].
    ///
    /// ```
    /// use lz4_stream::{CompressOptions, Strategy, compress};
    ///
    /// let text = "every fourth page is like this one. ".repeat(40);
    /// let pages = CompressOptions::new().page_size(9);
    /// let ring = pages.clone().strategy(Strategy::RingBuffer);
    /// assert!(compress(text.as_bytes(), &ring)?.len() <= compress(text.as_bytes(), &pages)?.len());
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// The largest distance of a match, in bytes: 1 to 65 535, the largest of the format. Default: 65 535.
    ///
    /// For readers that hold less than 64 KiB, such as those with a small ring buffer: the C library's ring buffer
    /// examples (about 10 KiB), and embedded devices. Use it with [`Strategy::RingBuffer`]. A reader whose ring has `R`
    /// bytes, and which wraps when less than a page of `P` bytes is left, reads distances of up to `R - 2 * P`.
    ///
    /// It applies in every mode, and to the dictionary. Blocks become larger. The engine `Lz4Flex` has no such limit:
    /// with a value under 65 535, this crate's own encoder takes its place.
    ///
    /// ```
    /// use lz4_stream::{CompressOptions, Strategy, compress};
    ///
    /// // lz4's `blockStreaming_ringBuffer.c`: a ring of 10 KiB, pages of 1 KiB.
    /// let options = CompressOptions::new()
    ///     .page_size(1024)
    ///     .strategy(Strategy::RingBuffer)
    ///     .max_distance(8192);
    /// assert_eq!(options.get_max_distance(), 8192);
    ///
    /// // The zeros between two equal halves are too long to reach across.
    /// let near = [&b"something unusual"[..], &[0; 8000], b"something unusual"].concat();
    /// let far = [&b"something unusual"[..], &[0; 9000], b"something unusual"].concat();
    /// assert!(compress(&near, &options)?.len() + 10 < compress(&far, &options)?.len());
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    #[must_use]
    pub fn max_distance(mut self, bytes: usize) -> Self {
        self.max_distance = bytes;
        self
    }

    /// The compression effort. Default: [`Mode::Default`].
    ///
    /// ```
    /// use lz4_stream::{CompressOptions, Mode};
    ///
    /// let options = CompressOptions::new().mode(Mode::HighCompression { level: 9 });
    /// assert_eq!(options.get_mode(), Mode::HighCompression { level: 9 });
    /// ```
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// The largest page, in bytes.
    #[inline]
    pub fn get_page_size(&self) -> usize {
        self.page_size
            .unwrap_or_else(|| self.format.prefix.width.max_page_size().min(64 * 1024))
    }

    /// The distance between restart points, in pages; 0 for none.
    #[inline]
    pub fn get_restart_every(&self) -> usize {
        self.restart_every
    }

    /// How far back matches reach.
    #[inline]
    pub fn get_strategy(&self) -> Strategy {
        self.strategy
    }

    /// The largest distance of a match, in bytes.
    #[inline]
    pub fn get_max_distance(&self) -> usize {
        self.max_distance
    }

    /// The compression effort, as it was set. For the effective value, see [`Mode::clamped`].
    pub fn get_mode(&self) -> Mode {
        self.mode
    }

    /// A compressor with these settings.
    ///
    /// # Errors
    /// [`Error::PageSize`] when the page size is zero or too large for the prefix width,
    /// [`Error::MaxDistance`] when the largest distance is zero or over 65 535, [`Error::EndMarkWithoutPrefix`] when a
    /// prefix of zero has a meaning but there is no prefix.
    ///
    /// ```
    /// use lz4_stream::CompressOptions;
    ///
    /// let mut compressor = CompressOptions::new().page_size(4096).compressor()?;
    /// assert_eq!(compressor.compress(b"hello")?, b"\x06\0\0\0\x50hello");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn compressor(&self) -> Result<Lz4StreamCompressor, Error> {
        let prefix = self.format.prefix;
        self.format.validate()?;
        self.check_page_size(&prefix, Some(prefix.width))?;
        Lz4StreamCompressor::with_framing(prefix, self)
    }

    /// A writer with these settings around `inner`.
    ///
    /// # Errors
    /// Those of [`compressor`](Self::compressor).
    ///
    /// ```
    /// use lz4_stream::CompressOptions;
    /// use std::io::Write;
    ///
    /// let mut writer = CompressOptions::new().end_mark(true).writer(Vec::new())?;
    /// writer.write_all(b"hello")?;
    /// assert_eq!(writer.finish()?, b"\x06\0\0\0\x50hello\0\0\0\0");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn writer<W: Write>(&self, inner: W) -> Result<Lz4StreamWriter<W>, Error> {
        Ok(Lz4StreamWriter::from_parts(inner, self.compressor()?))
    }

    /// A writer with these settings around `inner` that compresses on `threads` threads: 0 for as many as the machine
    /// runs at once. The stream does not depend on their number.
    ///
    /// # Errors
    /// Those of [`compressor`](Self::compressor).
    ///
    /// ```
    /// use lz4_stream::CompressOptions;
    /// use std::io::Write;
    ///
    /// let mut writer = CompressOptions::new().end_mark(true).parallel_writer(Vec::new(), 2)?;
    /// writer.write_all(b"hello")?;
    /// assert_eq!(writer.finish()?, b"\x06\0\0\0\x50hello\0\0\0\0");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn parallel_writer<W: Write>(&self, inner: W, threads: usize) -> Result<Lz4StreamParallelWriter<W>, Error> {
        Ok(Lz4StreamParallelWriter::from_parts(inner, self.compressor()?, threads))
    }

    /// Checks the page size against the largest one that the framing can announce. `width` is for the message.
    pub(crate) fn check_page_size(&self, framing: &impl Framing, width: Option<PrefixWidth>) -> Result<(), Error> {
        let (found, allowed) = (self.get_page_size(), page_bound(framing.max_block_len()));
        if found == 0 || found > allowed {
            return Err(Error::PageSize { found, allowed, width });
        }
        Ok(())
    }

    pub(crate) fn check_max_distance(&self) -> Result<(), Error> {
        let (found, allowed) = (self.max_distance, MAX_OFFSET);
        if found == 0 || found > allowed {
            return Err(Error::MaxDistance { found, allowed });
        }
        Ok(())
    }
}

/// The settings of the reading end: [`Lz4StreamReader`], [`Lz4StreamBufReader`] and [`Lz4StreamDecompressor`].
///
/// The [`StreamFormat`] must be that of the writer. The page size of the writer need not be known.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecompressOptions {
    format: StreamFormat,
    max_page_size: usize,
    engine: Engine,
}

impl Default for DecompressOptions {
    fn default() -> Self {
        DecompressOptions {
            format: StreamFormat::default(),
            max_page_size: 4 * 1024 * 1024,
            engine: Engine::default(),
        }
    }
}

impl DecompressOptions {
    /// [`StreamFormat::new`], pages of at most 4 MiB.
    ///
    /// ```
    /// assert_eq!(lz4_stream::DecompressOptions::new().get_max_page_size(), 4 << 20);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    format_setters!(DecompressOptions);

    /// The largest page accepted, in bytes: 1 to [`LZ4_MAX_INPUT_SIZE`]. Default: 4 MiB. It bounds the memory of the
    /// reader: about three such pages and 512 KiB, with the default engine.
    ///
    /// ```
    /// use lz4_stream::{DecompressOptions, Error};
    ///
    /// let options = DecompressOptions::new().max_page_size(4);
    /// let error = lz4_stream::decompress(b"\x06\0\0\0\x50hello", &options).unwrap_err();
    /// assert_eq!(error, Error::PageOverLimit { block: 0, offset: 0, allowed: 4 });
    /// ```
    #[must_use]
    pub fn max_page_size(mut self, bytes: usize) -> Self {
        self.max_page_size = bytes;
        self
    }

    /// The largest page accepted, in bytes.
    #[inline]
    pub fn get_max_page_size(&self) -> usize {
        self.max_page_size
    }

    /// A decompressor with these settings.
    ///
    /// # Errors
    /// [`Error::MaxPageSize`] when the largest page is zero or over [`LZ4_MAX_INPUT_SIZE`],
    /// [`Error::EndMarkWithoutPrefix`] when a prefix of zero has a meaning but there is no prefix.
    ///
    /// ```
    /// use lz4_stream::{DecompressOptions, PrefixWidth};
    ///
    /// let options = DecompressOptions::new().prefix_width(PrefixWidth::OutOfBand);
    /// assert_eq!(options.decompressor()?.decompress(b"\x50hello")?, b"hello");
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    #[inline]
    pub fn decompressor(&self) -> Result<Lz4StreamDecompressor, Error> {
        self.format.validate()?;
        Lz4StreamDecompressor::with_framing(self.format.prefix, self)
    }

    /// A reader with these settings around `inner`.
    ///
    /// # Errors
    /// Those of [`decompressor`](Self::decompressor), and [`Error::OutOfBandSizes`] with [`PrefixWidth::OutOfBand`]:
    /// use [`reader_with_sizes`](Self::reader_with_sizes) for that.
    ///
    /// ```
    /// use lz4_stream::DecompressOptions;
    /// use std::io::Read;
    ///
    /// let mut reader = DecompressOptions::new().end_mark(true).reader(&b"\x02\0\0\0\x10x\0\0\0\0"[..])?;
    /// let mut text = String::new();
    /// reader.read_to_string(&mut text)?;
    /// assert_eq!(text, "x");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reader<R: Read>(&self, inner: R) -> Result<Lz4StreamReader<R>, Error> {
        self.check_sizes(false)?;
        Ok(Lz4StreamReader::from_parts(inner, self.decompressor()?))
    }

    /// A reader with these settings that decodes directly from the buffer of `inner`.
    ///
    /// # Errors
    /// Those of [`reader`](Self::reader).
    ///
    /// ```
    /// use lz4_stream::DecompressOptions;
    /// use std::io::{BufReader, Read};
    ///
    /// let file = BufReader::new(&b"\x06\0\0\0\x50hello"[..]);
    /// let mut text = String::new();
    /// DecompressOptions::new().buf_reader(file)?.read_to_string(&mut text)?;
    /// assert_eq!(text, "hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn buf_reader<R: BufRead>(&self, inner: R) -> Result<Lz4StreamBufReader<R>, Error> {
        self.check_sizes(false)?;
        Ok(Lz4StreamBufReader::from_parts(inner, self.decompressor()?))
    }

    /// A reader with these settings around `inner`, for a stream without prefixes. `sizes` yields the length of each
    /// block in bytes, see [`BlockSizes`].
    ///
    /// # Errors
    /// Those of [`decompressor`](Self::decompressor), and [`Error::OutOfBandSizes`] when the prefix width is not
    /// [`PrefixWidth::OutOfBand`].
    ///
    /// ```
    /// use lz4_stream::{DecompressOptions, PrefixWidth};
    /// use std::io::Read;
    ///
    /// let options = DecompressOptions::new().prefix_width(PrefixWidth::OutOfBand);
    /// let mut text = String::new();
    /// options.reader_with_sizes(&b"\x40abcd\x20ef"[..], [5, 3])?.read_to_string(&mut text)?;
    /// assert_eq!(text, "abcdef");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reader_with_sizes<R, I>(
        &self,
        inner: R,
        sizes: I,
    ) -> Result<Lz4StreamReader<R, BlockSizes<I::IntoIter>>, Error>
    where
        R: Read,
        I: IntoIterator<Item = usize>,
    {
        Ok(Lz4StreamReader::from_parts(inner, self.decompressor_with_sizes(sizes)?))
    }

    /// A decompressor for a stream without prefixes.
    pub(crate) fn decompressor_with_sizes<I: Iterator<Item = usize>>(
        &self,
        sizes: impl IntoIterator<IntoIter = I>,
    ) -> Result<Lz4StreamDecompressor<BlockSizes<I>>, Error> {
        self.check_sizes(true)?;
        self.format.validate()?;
        Lz4StreamDecompressor::with_framing(BlockSizes::new(sizes), self)
    }

    /// Checks that sizes are given if and only if the stream has no prefixes.
    pub(crate) fn check_sizes(&self, given: bool) -> Result<(), Error> {
        let width = self.format.prefix.width;
        if (width == PrefixWidth::OutOfBand) != given {
            return Err(Error::OutOfBandSizes { width });
        }
        Ok(())
    }

    pub(crate) fn check_max_page_size(&self) -> Result<(), Error> {
        // Any limit is valid with any width: a limit beyond what the prefix can announce does no harm.
        let (found, allowed) = (self.max_page_size, LZ4_MAX_INPUT_SIZE);
        if found == 0 || found > allowed {
            return Err(Error::MaxPageSize { found, allowed });
        }
        Ok(())
    }
}
