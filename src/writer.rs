//! [`std::io::Write`] over the compressor.

use std::io::{self, Write};
use std::{fmt, thread};

use crate::compressor::Lz4StreamCompressor;
use crate::options::CompressOptions;
use crate::{Error, PrefixWidth};

/// Compresses what is written to it into a stream of blocks on the inner writer.
///
/// Bytes are gathered in a page. A full page becomes a block, which goes out in one `write_all` of prefix and data
/// together; [`flush`](Write::flush) sends a page that is not full, so every flush makes everything written so far
/// readable at the other end. Small flushes cost compression: a block has at least two bytes of its own and the
/// prefix. There is no need for a `BufWriter` around it, nor inside of it unless pages are small.
///
/// # End of the stream
/// Call [`finish`](Self::finish). The blocks of a stream say nothing of how many there are: **a stream cut between
/// two blocks looks like a whole one**, unless both ends agree on an end mark
/// ([`CompressOptions::end_mark`]).
///
/// Dropping the writer sends the page that is not full, as `BufWriter` does (errors are ignored; not while
/// panicking, not after a failed write), but never the end mark, so that a sender that gave up cannot pass for one
/// that finished.
///
/// # Errors
/// After an error of the inner writer part of a block may be out. The writer is poisoned then: each further call
/// returns [`Error::Poisoned`] and writes nothing; [`into_parts`](Self::into_parts) gives back the inner writer and
/// the page that was lost. Writing after [`try_finish`](Self::try_finish) is [`Error::Finished`].
/// `ErrorKind::Interrupted` is retried; a non-blocking inner writer must take whole blocks.
///
/// ```
/// use lz4_stream::{Lz4StreamReader, Lz4StreamWriter};
/// use std::io::{Read, Write};
///
/// let mut writer = Lz4StreamWriter::new(Vec::new());
/// writer.write_all(b"one message")?;
/// writer.flush()?;
/// writer.write_all(b"and another message")?;
/// let stream = writer.finish()?;
///
/// let mut text = String::new();
/// Lz4StreamReader::new(&stream[..]).read_to_string(&mut text)?;
/// assert_eq!(text, "one messageand another message");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Lz4StreamWriter<W: Write> {
    /// `None` only once the inner writer was handed back, which consumes `self`: for `Drop`, which still runs then.
    inner: Option<W>,
    compressor: Lz4StreamCompressor,
    state: State,
    blocks: u64,
    total_in: u64,
    /// How much of `total_in` is in blocks that the inner writer has taken whole.
    total_sent: u64,
    total_out: u64,
    /// The sizes of the blocks since the last `drain_block_sizes`, when they are kept out of band.
    sizes: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Finished,
    /// A write to the inner writer failed, or panicked.
    Poisoned,
}

impl<W: Write> Lz4StreamWriter<W> {
    /// A writer with the default settings, those of [`CompressOptions::new`].
    pub fn new(inner: W) -> Self {
        Self::build(inner, Lz4StreamCompressor::new())
    }

    /// A writer with the given settings.
    ///
    /// # Errors
    /// Those of [`CompressOptions::compressor`].
    pub fn with_options(inner: W, options: &CompressOptions) -> Result<Self, Error> {
        Ok(Self::build(inner, options.compressor()?))
    }

    fn build(inner: W, compressor: Lz4StreamCompressor) -> Self {
        Lz4StreamWriter {
            inner: Some(inner),
            compressor,
            state: State::Open,
            blocks: 0,
            total_in: 0,
            total_sent: 0,
            total_out: 0,
            sizes: Vec::new(),
        }
    }

    /// Sends the last page, the end mark if there is one, flushes the inner writer and gives it back.
    ///
    /// # Errors
    /// Those of [`try_finish`](Self::try_finish). The inner writer is dropped then; to keep it, call
    /// [`into_inner`](Self::into_inner).
    ///
    /// With [`PrefixWidth::OutOfBand`], call `try_finish` first and then
    /// [`drain_block_sizes`](Self::drain_block_sizes): the sizes go with the writer.
    pub fn finish(self) -> io::Result<W> {
        self.into_inner().map_err(IntoInnerError::into_error)
    }

    /// Sends the last page and the end mark, if there is one, and flushes the inner writer. After it nothing can be
    /// written; calling it again only flushes again.
    ///
    /// # Errors
    /// Those of the inner writer, and [`Error::Poisoned`] after an earlier one.
    pub fn try_finish(&mut self) -> io::Result<()> {
        if self.state != State::Finished {
            self.emit()?;
            let mark = self.compressor.final_mark();
            if !mark.is_empty() {
                self.put_out(|_| mark)?;
            }
            self.state = State::Finished;
        }
        self.inner_mut().flush()
    }

    /// [`finish`](Self::finish) that gives everything back when it fails.
    ///
    /// # Errors
    /// An [`IntoInnerError`] with the error of [`try_finish`](Self::try_finish) and the writer itself.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamWriter;
    /// use std::io::Write;
    ///
    /// let mut small = [0; 4];
    /// let mut writer = Lz4StreamWriter::new(&mut small[..]);
    /// writer.write_all(b"does not fit")?;
    /// let (error, writer) = writer.into_inner().unwrap_err().into_parts();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WriteZero);
    /// let (_inner, page) = writer.into_parts();
    /// assert_eq!(page, b"does not fit");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[allow(clippy::result_large_err)] // the writer itself is what is given back
    pub fn into_inner(mut self) -> Result<W, IntoInnerError<Self>> {
        match self.try_finish() {
            Ok(()) => Ok(self.take_inner()),
            Err(error) => Err(IntoInnerError { error, writer: self }),
        }
    }

    /// Takes the writer apart without writing anything: the inner writer, and the page that was not sent or, after
    /// a failed write, not known to be sent whole.
    pub fn into_parts(self) -> (W, Vec<u8>) {
        // At most a page and so a usize.
        let unsent = (self.total_in - self.total_sent) as usize;
        let page = self.compressor.last_bytes(unsent).to_vec();
        (self.take_inner(), page)
    }

    /// Finishes this stream, begins a new one with the same settings on `inner`, and gives back the old inner
    /// writer. The counts start at zero again; block sizes kept out of band stay until they are drained. Nothing is
    /// allocated.
    ///
    /// # Errors
    /// Those of [`try_finish`](Self::try_finish); this stream goes on then as after that, and `inner` is dropped.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamWriter;
    /// use std::io::Write;
    ///
    /// let mut writer = Lz4StreamWriter::new(Vec::new());
    /// writer.write_all(b"first")?;
    /// let first = writer.reset(Vec::new())?;
    /// writer.write_all(b"second")?;
    /// assert_eq!(first, b"\x06\0\0\0\x50first");
    /// assert_eq!(writer.finish()?, b"\x07\0\0\0\x60second");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reset(&mut self, inner: W) -> io::Result<W> {
        self.try_finish()?;
        self.compressor.reset();
        self.state = State::Open;
        (self.blocks, self.total_in, self.total_sent, self.total_out) = (0, 0, 0, 0);
        Ok(self.inner.replace(inner).expect(HAS_INNER))
    }

    /// The inner writer.
    pub fn get_ref(&self) -> &W {
        self.inner.as_ref().expect(HAS_INNER)
    }

    /// The inner writer. Writing to it directly puts the bytes between two blocks, where a reader takes them for a
    /// prefix.
    pub fn get_mut(&mut self) -> &mut W {
        self.inner_mut()
    }

    /// How many bytes were written to this writer.
    pub fn total_in(&self) -> u64 {
        self.total_in
    }

    /// How many bytes this writer has written to the inner one: blocks, prefixes, end mark.
    pub fn total_out(&self) -> u64 {
        self.total_out
    }

    /// How many blocks were written to the inner writer; the end mark is none.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// With [`PrefixWidth::OutOfBand`], the sizes in bytes of the blocks written since the last call, oldest first;
    /// otherwise nothing. They are kept until they are asked for: on a long stream, do so now and then.
    ///
    /// ```
    /// use lz4_stream::{CompressOptions, PrefixWidth};
    /// use std::io::Write;
    ///
    /// let options = CompressOptions::new().prefix_width(PrefixWidth::OutOfBand).page_size(4);
    /// let mut writer = options.writer(Vec::new())?;
    /// writer.write_all(b"abcdef")?;
    /// writer.try_finish()?;
    /// assert_eq!(writer.drain_block_sizes().collect::<Vec<_>>(), [5, 3]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn drain_block_sizes(&mut self) -> impl Iterator<Item = usize> {
        self.sizes.drain(..)
    }

    fn inner_mut(&mut self) -> &mut W {
        self.inner.as_mut().expect(HAS_INNER)
    }

    fn take_inner(mut self) -> W {
        self.inner.take().expect(HAS_INNER)
    }

    fn check_open(&self) -> io::Result<()> {
        match self.state {
            State::Open => Ok(()),
            State::Finished => Err(Error::Finished.into()),
            State::Poisoned => Err(Error::Poisoned {
                block: self.blocks,
                offset: self.total_out,
            }
            .into()),
        }
    }

    /// Sends the page that was gathered, if there is one.
    fn emit(&mut self) -> io::Result<()> {
        self.check_open()?;
        if self.compressor.page_len() == 0 {
            return Ok(());
        }
        let len = self.put_out(Lz4StreamCompressor::end_page)?;
        self.blocks += 1;
        self.total_sent = self.total_in;
        if self.compressor.prefix_width() == PrefixWidth::OutOfBand {
            self.sizes.push(len);
        }
        Ok(())
    }

    /// Writes the bytes that `make` makes of the compressor, all of them or never anything again.
    fn put_out(&mut self, make: impl FnOnce(&mut Lz4StreamCompressor) -> &[u8]) -> io::Result<usize> {
        // Poisoned until it has gone well, so that a panic in the inner writer counts as a failure too.
        self.state = State::Poisoned;
        let bytes = make(&mut self.compressor);
        self.inner.as_mut().expect(HAS_INNER).write_all(bytes)?;
        self.state = State::Open;
        self.total_out += bytes.len() as u64;
        Ok(bytes.len())
    }
}

const HAS_INNER: &str = "the inner writer is only taken when the writer is consumed";

impl<W: Write> Write for Lz4StreamWriter<W> {
    /// Takes bytes into the page, and sends it when it is full. One call takes at most what the page has room for.
    ///
    /// # Errors
    /// Those of the inner writer; the bytes of this call are lost with the block then, see
    /// [`into_parts`](Lz4StreamWriter::into_parts). [`Error::Poisoned`] after an earlier one, [`Error::Finished`]
    /// after the end.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check_open()?;
        let taken = self.compressor.push(bytes);
        self.total_in += taken as u64;
        if self.compressor.page_len() == self.compressor.page_size() {
            self.emit()?;
        }
        Ok(taken)
    }

    /// Sends the page as it is, if there is anything in it, and flushes the inner writer.
    ///
    /// # Errors
    /// Those of the inner writer; [`Error::Poisoned`] after an earlier one. After the end it only flushes the inner
    /// writer.
    fn flush(&mut self) -> io::Result<()> {
        if self.state != State::Finished {
            self.emit()?;
        }
        self.inner_mut().flush()
    }
}

impl<W: Write> Drop for Lz4StreamWriter<W> {
    fn drop(&mut self) {
        if self.inner.is_some() && self.state == State::Open && !thread::panicking() {
            // Nobody is left to tell; who wants to know calls finish.
            let _ = self.emit();
        }
    }
}

impl<W: Write + fmt::Debug> fmt::Debug for Lz4StreamWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lz4StreamWriter")
            .field("inner", self.get_ref())
            .field("compressor", &self.compressor)
            .field("state", &self.state)
            .field("blocks", &self.blocks)
            .field("total_in", &self.total_in)
            .field("total_out", &self.total_out)
            .field("sizes", &self.sizes.len())
            .finish()
    }
}

/// The error of [`Lz4StreamWriter::into_inner`]: what went wrong, and the writer as it is now.
#[derive(Debug)]
pub struct IntoInnerError<W> {
    error: io::Error,
    writer: W,
}

impl<W> IntoInnerError<W> {
    /// What went wrong.
    pub fn error(&self) -> &io::Error {
        &self.error
    }

    /// What went wrong, without the writer.
    pub fn into_error(self) -> io::Error {
        self.error
    }

    /// What went wrong, and the writer.
    pub fn into_parts(self) -> (io::Error, W) {
        (self.error, self.writer)
    }
}

impl<W> fmt::Display for IntoInnerError<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<W: fmt::Debug> std::error::Error for IntoInnerError<W> {}

impl<W> From<IntoInnerError<W>> for io::Error {
    fn from(error: IntoInnerError<W>) -> io::Error {
        error.error
    }
}
