//! [`std::io::Write`] over the compressor.

use std::io::{self, Write};
use std::{fmt, iter, thread};

use crate::{Error, Framing, Lz4StreamCompressor, SizePrefix};

/// Compresses what is written to it into a stream of blocks on the inner writer.
///
/// Bytes are gathered in a page. A full page becomes a block, which goes out in one write of head and data together.
/// [`flush`](Write::flush) sends a page that is not full, so after a flush everything written so far can be read at the
/// other end. Small flushes cost compression: a block has at least two bytes of its own and the prefix. There is no
/// need for a `BufWriter` around it, nor inside it unless pages are small.
///
/// # End of the stream
/// Call [`finish`](Self::finish). Blocks do not say how many there are: **a stream cut between two blocks looks like a
/// whole one**, unless both ends use an end mark ([`StreamFormat::end_mark`](crate::StreamFormat::end_mark)).
///
/// Dropping the writer sends what is left, as `BufWriter` does: errors are ignored, and nothing is sent while
/// panicking. It never sends an end mark that `finish` was not asked for, so that a sender that gave up cannot pass
/// for one that finished.
///
/// # Errors
/// Errors of the inner writer pass through, and lose nothing, whatever the kind: what is left of a block is sent first
/// by the next call, from where the error stopped it. So a non-blocking inner writer can be tried again after
/// `WouldBlock`, with [`flush`](Write::flush) for instance. `Interrupted` is retried here. As the trait demands, a
/// [`write`](Write::write) that returns an error has taken nothing; one that took something reports an error with the
/// next call.
///
/// Only a panic of the inner writer ends the stream: nobody knows what it took. Each further call returns
/// [`Error::Poisoned`], and [`is_poisoned`](Self::is_poisoned) tells it beforehand. Writing after [`try_finish`](Self::try_finish) is [`Error::Finished`].
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
#[must_use = "dropping the writer ignores errors: call `finish`"]
pub struct Lz4StreamWriter<W: Write, F: Framing = SizePrefix> {
    /// The inner writer and the compressor. `None` only once they were handed back, which consumes `self`: `Drop`
    /// still runs then.
    parts: Option<(W, Lz4StreamCompressor<F>)>,
    /// While the inner writer is called, and so for good after it panicked.
    poisoned: bool,
    /// The sizes of the blocks since the last `drain_block_sizes`, when they are kept out of band.
    sizes: Vec<usize>,
}

impl<W: Write> Lz4StreamWriter<W> {
    /// A writer with the default settings, those of [`CompressOptions::new`](crate::CompressOptions::new). For others,
    /// see [`CompressOptions::writer`](crate::CompressOptions::writer).
    ///
    /// ```
    /// use lz4_stream::Lz4StreamWriter;
    /// use std::io::Write;
    ///
    /// let mut writer = Lz4StreamWriter::new(Vec::new());
    /// writer.write_all(b"hello")?;
    /// assert_eq!(writer.finish()?, b"\x06\0\0\0\x50hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new(inner: W) -> Self {
        Self::from_parts(inner, Lz4StreamCompressor::new())
    }
}

impl<W: Write, F: Framing> Lz4StreamWriter<W, F> {
    /// A writer around `inner` that goes on where `compressor` is: it sends what is left of the compressor's last
    /// block first, and what was pushed into the compressor begins its next page. A block that the compressor lent, and
    /// that was sent otherwise, must be [consumed](Lz4StreamCompressor::consume) before.
    ///
    /// ```
    /// use lz4_stream::{Lz4StreamCompressor, Lz4StreamWriter};
    /// use std::io::Write;
    ///
    /// // One warm compressor for many short streams.
    /// let mut compressor = Lz4StreamCompressor::new();
    /// for _ in 0..3 {
    ///     let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor);
    ///     writer.write_all(b"hello")?;
    ///     writer.try_finish()?;
    ///     let stream;
    ///     (stream, compressor) = writer.into_parts();
    ///     assert_eq!(stream, b"\x06\0\0\0\x50hello");
    ///     compressor.reset();
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn from_parts(inner: W, compressor: Lz4StreamCompressor<F>) -> Self {
        Lz4StreamWriter {
            parts: Some((inner, compressor)),
            poisoned: false,
            sizes: Vec::new(),
        }
    }

    /// Sends the last page, and the end mark if there is one, flushes the inner writer and gives it back.
    ///
    /// # Errors
    /// Those of [`try_finish`](Self::try_finish). The writer is dropped then, which tries once more to send what is
    /// left; to keep it, call [`into_inner`](Self::into_inner).
    ///
    /// With [`PrefixWidth::OutOfBand`](crate::PrefixWidth::OutOfBand), call `try_finish` first and then
    /// [`drain_block_sizes`](Self::drain_block_sizes): the sizes go with the writer.
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
    pub fn finish(self) -> io::Result<W> {
        self.into_inner().map_err(IntoInnerError::into_error)
    }

    /// Sends the last page, and the end mark if there is one, and flushes the inner writer. Nothing can be written
    /// after it. Calling it again sends what an error left unsent, and flushes again.
    ///
    /// # Errors
    /// Those of the inner writer, and [`Error::Poisoned`].
    ///
    /// ```
    /// use lz4_stream::Lz4StreamWriter;
    /// use std::io::Write;
    ///
    /// let mut writer = Lz4StreamWriter::new(Vec::new());
    /// writer.write_all(b"hello")?;
    /// writer.try_finish()?;
    /// assert_eq!(writer.total_out(), 10);
    /// assert!(writer.write(b"more").is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_finish(&mut self) -> io::Result<()> {
        self.send()?;
        if !self.compressor().is_finished() {
            self.make(Lz4StreamCompressor::finish);
            self.send()?;
        }
        self.flush_inner()
    }

    /// [`finish`](Self::finish) that gives everything back when it fails.
    ///
    /// # Errors
    /// An [`IntoInnerError`] with the error of [`try_finish`](Self::try_finish) and the writer itself, which can go
    /// on.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamWriter;
    /// use std::io::{ErrorKind, Write};
    ///
    /// let mut small = [0; 4];
    /// let mut writer = Lz4StreamWriter::new(&mut small[..]);
    /// writer.write_all(b"does not fit")?;
    /// let (error, writer) = writer.into_inner().unwrap_err().into_parts();
    /// assert_eq!(error.kind(), ErrorKind::WriteZero);
    /// let (_inner, compressor) = writer.into_parts();
    /// assert_eq!(compressor.block(), b"\xc0does not fit");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[allow(clippy::result_large_err)] // the writer itself is what is given back
    pub fn into_inner(mut self) -> Result<W, IntoInnerError<Self>> {
        match self.try_finish() {
            Ok(()) => Ok(self.into_parts().0),
            Err(error) => Err(IntoInnerError { error, writer: self }),
        }
    }

    /// Takes the writer apart without writing anything: the inner writer, and the compressor with all that was not
    /// sent. [`Lz4StreamCompressor::block`] is what is left of the last block, [`Lz4StreamCompressor::page`] the page
    /// that was gathered. [`from_parts`](Self::from_parts) goes on with both. Block sizes that were not drained are
    /// lost.
    ///
    /// When the writer [is poisoned](Self::is_poisoned), nobody knows how much of the block the inner writer took: do
    /// not continue the stream.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamWriter;
    /// use std::io::Write;
    ///
    /// let mut writer = Lz4StreamWriter::new(Vec::new());
    /// writer.write_all(b"hello")?;
    /// let (inner, compressor) = writer.into_parts();
    /// assert_eq!((inner, compressor.page()), (vec![], &b"hello"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_parts(mut self) -> (W, Lz4StreamCompressor<F>) {
        self.parts.take().expect(HAS_PARTS)
    }

    /// Finishes this stream, begins a new one with the same settings on `inner`, and gives back the old inner writer.
    /// The counts start at zero again. Block sizes kept out of band stay until they are drained. Nothing is allocated.
    ///
    /// # Errors
    /// Those of [`try_finish`](Self::try_finish), as after which this stream is then: what is left of it can be sent.
    /// `inner` is dropped. To keep it, call `try_finish` first.
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
        let (old, compressor) = self.parts_mut();
        compressor.reset();
        Ok(std::mem::replace(old, inner))
    }

    /// The inner writer.
    pub fn get_ref(&self) -> &W {
        &self.parts.as_ref().expect(HAS_PARTS).0
    }

    /// The inner writer. Writing to it directly puts bytes into the middle of the stream.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.parts_mut().0
    }

    /// The compressor: settings, history, what was not sent.
    pub fn compressor(&self) -> &Lz4StreamCompressor<F> {
        &self.parts.as_ref().expect(HAS_PARTS).1
    }

    /// Whether the inner writer panicked, so that the stream cannot be continued.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    /// How many bytes were written to this writer.
    pub fn total_in(&self) -> u64 {
        self.compressor().total_in()
    }

    /// How many bytes the inner writer has taken: blocks, their heads, end mark.
    pub fn total_out(&self) -> u64 {
        self.compressor().total_out() - self.compressor().block().len() as u64
    }

    /// How many blocks were made. The last may be unsent, in part or whole, after an error.
    pub fn blocks(&self) -> u64 {
        self.compressor().blocks()
    }

    /// With [`PrefixWidth::OutOfBand`](crate::PrefixWidth::OutOfBand), the sizes in bytes of the blocks made since the last call, oldest first;
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
    pub fn drain_block_sizes(
        &mut self,
    ) -> impl ExactSizeIterator<Item = usize> + DoubleEndedIterator + iter::FusedIterator {
        self.sizes.drain(..)
    }

    fn parts_mut(&mut self) -> &mut (W, Lz4StreamCompressor<F>) {
        self.parts.as_mut().expect(HAS_PARTS)
    }

    /// Sends what is left of the last block.
    fn send(&mut self) -> io::Result<()> {
        let (inner, compressor) = self.parts.as_mut().expect(HAS_PARTS);
        send(inner, compressor, &mut self.poisoned)
    }

    fn flush_inner(&mut self) -> io::Result<()> {
        let (inner, compressor) = self.parts.as_mut().expect(HAS_PARTS);
        guarded(&mut self.poisoned, compressor, |_| inner.flush())
    }

    /// Makes the block of the page that was gathered, if there is anything in it.
    fn end_page(&mut self) {
        self.make(Lz4StreamCompressor::end_page);
    }

    /// Makes a block of what was gathered, or the end of the stream, or both. A framing that panics poisons, too.
    fn make(&mut self, make: impl FnOnce(&mut Lz4StreamCompressor<F>) -> &[u8]) {
        let (_, compressor) = self.parts.as_mut().expect(HAS_PARTS);
        let blocks = compressor.blocks();
        self.poisoned = true;
        make(compressor);
        self.poisoned = false;
        if compressor.blocks() > blocks {
            keep_size(&mut self.sizes, compressor);
        }
    }

    /// Sends the full pages at the front of `bytes`, without gathering them, until the inner writer fails. Returns how
    /// many bytes were taken.
    fn write_pages(&mut self, bytes: &[u8]) -> usize {
        let (inner, compressor) = self.parts.as_mut().expect(HAS_PARTS);
        let mut pages = compressor.pages(bytes);
        loop {
            self.poisoned = true;
            let made = pages.make_block();
            self.poisoned = false;
            if !made {
                break;
            }
            keep_size(&mut self.sizes, pages.compressor());
            if send(inner, pages.compressor(), &mut self.poisoned).is_err() {
                break;
            }
        }
        pages.taken()
    }
}

/// Calls the inner writer until it does not say `Interrupted`. `poisoned` stays set when it panics.
fn guarded<T, F: Framing>(
    poisoned: &mut bool,
    compressor: &mut Lz4StreamCompressor<F>,
    mut call: impl FnMut(&mut Lz4StreamCompressor<F>) -> io::Result<T>,
) -> io::Result<T> {
    if *poisoned {
        let offset = compressor.total_out() - compressor.block().len() as u64;
        return Err(Error::Poisoned { offset }.into());
    }
    *poisoned = true;
    let result = loop {
        match call(compressor) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => break result,
        }
    };
    *poisoned = false;
    result
}

/// Sends what is left of the last block.
fn send<W: Write, F: Framing>(
    inner: &mut W,
    compressor: &mut Lz4StreamCompressor<F>,
    poisoned: &mut bool,
) -> io::Result<()> {
    guarded(poisoned, compressor, |compressor| {
        while !compressor.block().is_empty() {
            let block = compressor.block();
            match inner.write(block)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n if n > block.len() => {
                    return Err(io::Error::other("the inner writer took more bytes than it was given"));
                }
                n => compressor.consume(n),
            }
        }
        Ok(())
    })
}

/// Keeps the size of the block that was made just now, if the stream does not have it.
fn keep_size<F: Framing>(sizes: &mut Vec<usize>, compressor: &Lz4StreamCompressor<F>) {
    if compressor.framing().is_out_of_band() {
        sizes.push(compressor.block_len());
    }
}

const HAS_PARTS: &str = "the parts are only taken when the writer is consumed";

impl<W: Write, F: Framing> Write for Lz4StreamWriter<W, F> {
    /// Takes all of `bytes` into pages, and sends each page that is full.
    ///
    /// # Errors
    /// Those of the inner writer, when it did not take what was left of an earlier block: nothing of `bytes` was taken
    /// then. When it fails later in the call, the call returns how many bytes were taken, and the next one tries again.
    /// [`Error::Poisoned`] after a panic, [`Error::Finished`] after the end.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        loop {
            match self.send() {
                // What was taken must not be offered again, so the error waits for the next call.
                Err(_) if taken > 0 => return Ok(taken),
                Err(error) => return Err(error),
                Ok(()) => {}
            }
            if self.compressor().page().is_empty() && !self.compressor().is_finished() {
                taken += self.write_pages(&bytes[taken..]);
                if !self.compressor().block().is_empty() {
                    // The inner writer failed. Here, too, the error waits.
                    return Ok(taken);
                }
            }
            let (_, compressor) = self.parts_mut();
            taken += compressor.push(&bytes[taken..])?;
            if !compressor.is_full() {
                return Ok(taken);
            }
            self.end_page();
        }
    }

    /// Takes the buffers one after the other, as [`write`](Self::write) does.
    fn write_vectored(&mut self, buffers: &[io::IoSlice<'_>]) -> io::Result<usize> {
        let mut taken = 0;
        for buffer in buffers {
            match self.write(buffer) {
                Ok(n) if n == buffer.len() => taken += n,
                Ok(n) => return Ok(taken + n),
                Err(_) if taken > 0 => return Ok(taken),
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    /// Sends the page as it is, if there is anything in it, and flushes the inner writer.
    ///
    /// # Errors
    /// Those of the inner writer, and [`Error::Poisoned`]. After the end it sends what an error left unsent.
    fn flush(&mut self) -> io::Result<()> {
        self.send()?;
        self.end_page();
        self.send()?;
        self.flush_inner()
    }
}

impl<W: Write, F: Framing> Drop for Lz4StreamWriter<W, F> {
    fn drop(&mut self) {
        if self.parts.is_some() && !thread::panicking() && self.send().is_ok() {
            self.end_page();
            // Nobody is left to tell; whoever wants to know calls finish.
            let _ = self.send();
        }
    }
}

impl<W: Write + fmt::Debug, F: Framing> fmt::Debug for Lz4StreamWriter<W, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lz4StreamWriter")
            .field("inner", self.get_ref())
            .field("compressor", self.compressor())
            .field("poisoned", &self.poisoned)
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

    /// The writer, which can try again to send what is left.
    pub fn into_inner(self) -> W {
        self.writer
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
