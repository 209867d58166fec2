//! [`std::io::Write`] over the compressor.

use std::io::{self, Write};
use std::ops::Range;
use std::{fmt, iter, mem, thread};

use crate::format::HISTORY;
use crate::index::check_framing;
use crate::{Error, Framing, Index, IndexBuilder, Lz4StreamCompressor, SizePrefix};

/// Compresses the written bytes to a stream of blocks on the inner writer.
///
/// Bytes are gathered in a page. A full page is compressed to a block and sent, head and data in one write.
/// [`flush`](Write::flush) sends a partial page, so that the other end can read everything written so far. Frequent
/// flushes compress worse: each block adds at least two bytes and the prefix. A `BufWriter` around the writer is never
/// needed, and one inside it helps only if pages are small.
///
/// # End of the stream
/// Call [`finish`](Self::finish). **A stream cut off between two blocks looks complete**, unless both ends use an end
/// mark ([`StreamFormat::end_mark`](crate::StreamFormat::end_mark)).
///
/// Dropping the writer sends the remaining data, as `BufWriter` does: errors are ignored, and nothing is sent during a
/// panic. It sends no end mark unless `finish` or `try_finish` was called before, so that an abandoned stream does not
/// look complete.
///
/// # Errors
/// Errors of the inner writer pass through and lose no data, whatever the kind: the next call first sends the rest of
/// the block, from where the error stopped it. So calls on a non-blocking inner writer, for example
/// [`flush`](Write::flush), can be repeated after `WouldBlock`. `Interrupted` is retried internally. As the trait
/// requires, a [`write`](Write::write) that returns an error has taken nothing; a `write` that took bytes leaves the
/// error to the next call.
///
/// Only a panic of the inner writer or the framing ends the stream, because it is unknown how much was sent. Every
/// further call returns [`Error::Poisoned`], and [`is_poisoned`](Self::is_poisoned) returns `true`. Writing after
/// [`try_finish`](Self::try_finish) is [`Error::Finished`].
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
    /// The inner writer and the compressor. `None` only after `into_parts` returned them, while `Drop` runs.
    pub(crate) parts: Option<(W, Lz4StreamCompressor<F>)>,
    /// Set while the inner writer or the framing is called, and so forever after it panicked.
    pub(crate) poisoned: bool,
    notes: Notes,
}

/// What the writer notes about every block.
#[derive(Debug, Default)]
struct Notes {
    /// The block sizes since the last `drain_block_sizes`, if they are kept out of band.
    sizes: Vec<usize>,
    /// The index of the stream, if it is collected.
    index: Option<IndexBuilder>,
    /// If it is collected, and other compressors encode the pages: the dictionary and the content up to the last page,
    /// of which the last 64 KiB count.
    recent: Vec<u8>,
}

impl Notes {
    fn collect_index(&mut self, interval: u64, history: &[u8]) {
        self.index = Some(IndexBuilder::new(interval, history));
        self.recent = history.to_vec();
    }

    /// Takes note of the last block. `history` is what the next one may refer to.
    fn take<F: Framing>(&mut self, compressor: &Lz4StreamCompressor<F>, page_len: usize, history: &[u8]) {
        if compressor.framing().is_out_of_band() {
            self.sizes.push(compressor.block_len());
        }
        if let Some(index) = &mut self.index {
            index.push_last(compressor, page_len, history);
        }
    }

    /// Takes note of the last block, which was made from `page` by another compressor.
    fn take_framed<F: Framing>(&mut self, compressor: &Lz4StreamCompressor<F>, page: &[u8]) {
        let mut recent = mem::take(&mut self.recent);
        if self.index.is_some() {
            if recent.len() > 4 * HISTORY {
                recent.drain(..recent.len() - HISTORY);
            }
            recent.extend_from_slice(page);
        }
        self.take(compressor, page.len(), &recent);
        self.recent = recent;
    }
}

impl<W: Write> Lz4StreamWriter<W> {
    /// A writer with the default settings of [`CompressOptions::new`](crate::CompressOptions::new). For other settings,
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
    /// A writer around `inner` that continues from the state of `compressor`. It first sends the unconsumed rest of the
    /// last block, and the current page keeps its bytes. A block that you sent yourself must be
    /// [consumed](Lz4StreamCompressor::consume) first.
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
            notes: Notes::default(),
        }
    }

    /// Sends the last page, and the end mark if the settings have one, flushes the inner writer and returns it.
    ///
    /// With [`PrefixWidth::OutOfBand`](crate::PrefixWidth::OutOfBand), call [`try_finish`](Self::try_finish) and
    /// [`drain_block_sizes`](Self::drain_block_sizes) first: the block sizes are lost with the writer.
    ///
    /// # Errors
    /// Those of [`try_finish`](Self::try_finish). The writer is dropped, which tries once more to send the remaining
    /// data. To keep the writer, call [`into_inner`](Self::into_inner).
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

    /// Sends the last page, and the end mark if the settings have one, and flushes the inner writer. Nothing can be
    /// written afterwards. Another call sends any bytes that an error left unsent, and flushes again.
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
        self.make(Lz4StreamCompressor::finish);
        self.send()?;
        self.flush_inner()
    }

    /// Like [`finish`](Self::finish), but returns everything on failure.
    ///
    /// # Errors
    /// An [`IntoInnerError`] with the error of [`try_finish`](Self::try_finish) and the writer, which can continue.
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
    #[allow(clippy::result_large_err)] // it contains the writer
    pub fn into_inner(mut self) -> Result<W, IntoInnerError<Self>> {
        match self.try_finish() {
            Ok(()) => Ok(self.into_parts().0),
            Err(error) => Err(IntoInnerError { error, writer: self }),
        }
    }

    /// Splits the writer into the inner writer and the compressor. Nothing is sent or dropped, except block sizes that
    /// were not drained. [`Lz4StreamCompressor::block`] is the unsent rest of the last block, and
    /// [`Lz4StreamCompressor::page`] the current page. [`from_parts`](Self::from_parts) joins both.
    ///
    /// If the writer [is poisoned](Self::is_poisoned), it is unknown how much of the block the inner writer took: do
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

    /// Finishes this stream, begins a new one with the same settings on `inner`, and returns the old inner writer. The
    /// counts restart at zero. Block sizes kept out of band stay until they are drained. Nothing is allocated.
    ///
    /// # Errors
    /// Those of [`try_finish`](Self::try_finish). The writer stays with the old stream, whose remaining data can still
    /// be sent, and `inner` is dropped. To keep `inner`, call `try_finish` first.
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
        let (old, compressor) = self.parts.as_mut().expect(HAS_PARTS);
        compressor.reset();
        let old = std::mem::replace(old, inner);
        if let Some(interval) = self.notes.index.as_ref().map(IndexBuilder::interval) {
            self.collect_index(interval)?;
        }
        Ok(old)
    }

    /// The inner writer.
    pub fn get_ref(&self) -> &W {
        &self.parts.as_ref().expect(HAS_PARTS).0
    }

    /// The inner writer. Writing to it directly puts bytes into the middle of the stream, unless the stream is
    /// finished.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamWriter;
    /// use std::io::Write;
    ///
    /// let mut writer = Lz4StreamWriter::new(Vec::new());
    /// writer.write_all(b"hello")?;
    /// writer.try_finish()?;
    /// writer.get_mut().write_all(b"trailer")?;
    /// assert_eq!(writer.finish()?, b"\x06\0\0\0\x50hellotrailer");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.parts_mut().0
    }

    /// The compressor: settings, history, unsent bytes.
    pub fn compressor(&self) -> &Lz4StreamCompressor<F> {
        &self.parts.as_ref().expect(HAS_PARTS).1
    }

    /// Whether the inner writer or the framing panicked, so that the stream cannot be continued.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    /// How many bytes were written to this writer.
    pub fn total_in(&self) -> u64 {
        self.compressor().total_in()
    }

    /// How many bytes the inner writer has taken: blocks with their heads, and the end mark.
    pub fn total_out(&self) -> u64 {
        self.compressor().total_out() - self.compressor().block().len() as u64
    }

    /// How many blocks were made. After an error, the last one may be unsent, wholly or in part.
    pub fn blocks(&self) -> u64 {
        self.compressor().blocks()
    }

    /// With [`PrefixWidth::OutOfBand`](crate::PrefixWidth::OutOfBand), the sizes in bytes of the blocks made since the
    /// last call, oldest first; otherwise nothing. The sizes are kept until this call, so call it regularly on a long
    /// stream.
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
        self.notes.sizes.drain(..)
    }

    /// Collects an [`Index`] of the stream from now on, with a point about every `interval` bytes of content: see
    /// [`IndexBuilder`]. Call it before the first block is made, and take the index with
    /// [`take_index`](Self::take_index). It costs a few per cent of the time.
    ///
    /// # Errors
    /// [`Error::LateIndex`] when blocks were already made. [`Error::BadHead`] when the framing can put more than 64 KiB
    /// between two blocks: a tail and two heads.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamWriter;
    /// use std::io::Write;
    ///
    /// let mut writer = Lz4StreamWriter::new(Vec::new());
    /// writer.collect_index(1 << 20)?;
    /// writer.write_all(b"hello")?;
    /// writer.try_finish()?;
    /// let index = writer.take_index().expect("the stream is finished");
    /// assert_eq!((index.stream_len(), index.content_len()), (10, 5));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn collect_index(&mut self, interval: u64) -> Result<(), Error> {
        check_framing::<F>()?;
        let (_, compressor) = self.parts.as_ref().expect(HAS_PARTS);
        if compressor.blocks() > 0 {
            let block = compressor.blocks();
            return Err(Error::LateIndex { block });
        }
        self.notes.collect_index(interval, compressor.history());
        Ok(())
    }

    /// The same when another compressor has the history.
    pub(crate) fn collect_index_after(&mut self, interval: u64, history: &[u8]) {
        self.notes.collect_index(interval, history);
    }

    /// The collected index, once the stream is finished: call [`try_finish`](Self::try_finish) first. `None` before,
    /// when no index was collected, and when it was already taken.
    pub fn take_index(&mut self) -> Option<Index> {
        let compressor = self.compressor();
        let stream_len = compressor.total_out();
        match compressor.is_finished() {
            true => Some(self.notes.index.take()?.finish(stream_len)),
            false => None,
        }
    }

    pub(crate) fn parts_mut(&mut self) -> &mut (W, Lz4StreamCompressor<F>) {
        self.parts.as_mut().expect(HAS_PARTS)
    }

    /// Sends the rest of the last block.
    pub(crate) fn send(&mut self) -> io::Result<()> {
        let (inner, compressor) = self.parts.as_mut().expect(HAS_PARTS);
        send(inner, compressor, &mut self.poisoned)
    }

    pub(crate) fn flush_inner(&mut self) -> io::Result<()> {
        let (inner, compressor) = self.parts.as_mut().expect(HAS_PARTS);
        guarded(&mut self.poisoned, compressor, |_| inner.flush())
    }

    /// Makes the block of the current page, unless the page is empty.
    fn end_page(&mut self) {
        self.make(Lz4StreamCompressor::end_page);
    }

    /// Makes a block of the current page, the end mark, or both. A panic of the framing poisons the writer too.
    pub(crate) fn make(&mut self, make: impl FnOnce(&mut Lz4StreamCompressor<F>) -> &[u8]) {
        let (_, compressor) = self.parts.as_mut().expect(HAS_PARTS);
        let (blocks, page_len) = (compressor.blocks(), compressor.page().len());
        self.poisoned = true;
        make(compressor);
        self.poisoned = false;
        if compressor.blocks() > blocks {
            self.notes.take(compressor, page_len, compressor.history());
        }
    }

    /// Frames the block of `page`, which another compressor made: see [`Lz4StreamCompressor::frame_page`].
    pub(crate) fn frame(&mut self, block: Range<usize>, page: &[u8]) {
        let (_, compressor) = self.parts.as_mut().expect(HAS_PARTS);
        self.poisoned = true;
        compressor.frame_page(block, page);
        self.poisoned = false;
        self.notes.take_framed(compressor, page);
    }

    /// Sends the full pages at the front of `bytes`, without gathering them first, until the inner writer fails.
    /// Returns how many bytes were taken.
    fn write_pages(&mut self, bytes: &[u8]) -> usize {
        let (inner, compressor) = self.parts.as_mut().expect(HAS_PARTS);
        let page_size = compressor.options().get_page_size();
        let mut pages = compressor.pages(bytes, 0);
        loop {
            self.poisoned = true;
            let made = pages.make_block();
            self.poisoned = false;
            if !made {
                break;
            }
            let (compressor, history) = pages.with_history();
            self.notes.take(compressor, page_size, history);
            if send(inner, pages.compressor(), &mut self.poisoned).is_err() {
                break;
            }
        }
        pages.taken()
    }
}

/// Calls the inner writer until the result is not `Interrupted`. `poisoned` stays set if it panics.
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

/// Sends the rest of the last block.
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

const HAS_PARTS: &str = "the parts are only taken when the writer is consumed";

impl<W: Write, F: Framing> Write for Lz4StreamWriter<W, F> {
    /// Gathers all of `bytes` in pages, and sends each full page.
    ///
    /// # Errors
    /// Those of the inner writer while it takes the rest of an earlier block: none of `bytes` was taken. If it fails
    /// later in the call, the call returns how many bytes were taken, and the next call retries. [`Error::Poisoned`]
    /// after a panic, [`Error::Finished`] after the end.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        loop {
            match self.send() {
                // The caller must not offer the taken bytes again, so the error waits for the next call.
                Err(_) if taken > 0 => return Ok(taken),
                Err(error) => return Err(error),
                Ok(()) => {}
            }
            let compressor = self.compressor();
            let is_large = bytes.len() - taken >= compressor.options().get_page_size();
            if is_large && compressor.page().is_empty() && !compressor.is_finished() {
                taken += self.write_pages(&bytes[taken..]);
                if !self.compressor().block().is_empty() {
                    // The inner writer failed. This error waits too.
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

    /// Writes one buffer after the other, each as in [`write`](Self::write).
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

    /// Sends the current page, unless it is empty, and flushes the inner writer.
    ///
    /// # Errors
    /// Those of the inner writer, and [`Error::Poisoned`]. After the end, it sends any bytes that an error left unsent.
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
            // Drop cannot report an error; `finish` does.
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
            .field("sizes", &self.notes.sizes.len())
            .finish()
    }
}

/// The error of [`Lz4StreamWriter::into_inner`] and the like, with the writer inside.
#[derive(Debug)]
pub struct IntoInnerError<W> {
    pub(crate) error: io::Error,
    pub(crate) writer: W,
}

impl<W> IntoInnerError<W> {
    /// The error of the inner writer, or [`Error::Poisoned`].
    pub fn error(&self) -> &io::Error {
        &self.error
    }

    /// Returns the writer, which can retry to send the remaining data.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamWriter;
    /// use std::io::Write;
    ///
    /// let mut small = [0; 4];
    /// let mut writer = Lz4StreamWriter::new(&mut small[..]);
    /// writer.write_all(b"does not fit")?;
    /// let writer = writer.into_inner().unwrap_err().into_inner();
    /// assert_eq!((writer.total_in(), writer.total_out()), (12, 4));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_inner(self) -> W {
        self.writer
    }

    /// Returns the error and drops the writer.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamWriter;
    /// use std::io::{ErrorKind, Write};
    ///
    /// let mut small = [0; 4];
    /// let mut writer = Lz4StreamWriter::new(&mut small[..]);
    /// writer.write_all(b"does not fit")?;
    /// let error = writer.into_inner().unwrap_err().into_error();
    /// assert_eq!(error.kind(), ErrorKind::WriteZero);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_error(self) -> io::Error {
        self.error
    }

    /// Returns the error and the writer.
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
    /// assert_eq!(writer.total_in(), 12);
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
