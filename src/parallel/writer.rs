//! [`std::io::Write`] over compressors on several threads.
//!
//! The content is cut into jobs of a fixed number of pages. The first job goes on with the compressor of the page
//! before it, every other one begins with a compressor that was given the plain history. So where the jobs begin
//! decides what the output is, and they begin where the settings and the flushes say, on any number of threads.
//!
//! * With one thread, a serial writer does everything. All that is done here is to [prime](Lz4StreamCompressor::prime)
//!   its compressor where a job begins.
//! * With more, the caller's thread gathers the content of a job, and the threads of a [`Pool`], itself included, make
//!   its blocks. The serial writer frames and sends them in order. It also owns the errors, the counts and the end of
//!   the stream.

use std::io::{self, Write};
use std::ops::Range;
use std::{fmt, iter, mem, thread};

use super::pool::{Panicked, Pool};
use crate::compressor::Restarts;
use crate::format::{HISTORY, compress_bound};
use crate::index::check_framing;
use crate::{
    CompressOptions, Error, Framing, Index, IntoInnerError, Lz4StreamCompressor, Lz4StreamWriter, SizePrefix, Strategy,
};

#[cfg(test)]
mod tests;

/// The length of a job in bytes. To make the history known to the encoder takes as long as to encode up to half as
/// much, so a job is much longer than the history.
const JOB_LEN: usize = 1 << 20;

/// A job has at most this many pages. It bounds what is kept for each block.
const MAX_PAGES: usize = 1 << 14;

/// Like [`Lz4StreamWriter`], but compresses on several threads.
///
/// The stream is one that any reader of the format reads. It depends on the content, the settings and the
/// [`flush`](Write::flush)es alone, **not on the number of threads**. It differs from the stream of the serial writer.
/// Its length is mostly within about 1 % of that one's. Where long parts repeat and the mode is not high compression,
/// it can be longer, as the search begins anew with each job.
///
/// Errors, the end of the stream and dropping the writer: as with the serial writer.
///
/// # Jobs
/// The content is cut into jobs of 1 MiB: as many whole pages, at least one, at most 16 384. A job is compressed by one
/// thread. So content arrives at the inner writer one or more jobs later, or with a flush, and not page by page. A
/// flush ends the current job. It compresses that job on the caller's thread, while the other threads finish the jobs
/// before. So short messages that are flushed one by one cost what they cost with the serial writer, and gain nothing
/// from threads.
///
/// The inner writer is only called from the thread that calls this writer, and need not be `Send`. While it is slow,
/// the jobs ahead of it wait: at most two for each thread.
///
/// # Threads
/// The caller's thread is one of them. With one thread, it does all the work, at the speed of the serial writer. With
/// n, n - 1 more are started when there is work for them, and wait between jobs. The caller's thread gathers the
/// content, sends the blocks, and compresses a job whenever it would wait for one. The others end when the writer is
/// finished or dropped, which waits for the jobs that have begun. If the system starts fewer or none, those there are
/// do the work.
///
/// # Memory
/// With n > 1 threads, up to 2 n + 2 jobs are held, each with its content, its blocks and a compressor. With pages of
/// up to 256 KiB, a job takes less than 3 MiB, and less than 4 MiB with high compression. In general, it takes three
/// times its content and 1 MiB, or 2 MiB with high compression. With one thread, the writer takes what the serial
/// writer takes. Buffers are reused: a warm writer allocates next to nothing.
///
/// ```
/// use lz4_stream::{Lz4StreamParallelWriter, Lz4StreamReader};
/// use std::io::{Read, Write};
///
/// let text = "all work and no play makes a dull page. ".repeat(100_000);
/// let mut writer = Lz4StreamParallelWriter::new(Vec::new());
/// writer.write_all(text.as_bytes())?;
/// let stream = writer.finish()?;
///
/// let mut read = String::new();
/// Lz4StreamReader::new(&stream[..]).read_to_string(&mut read)?;
/// assert!(read == text);
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "dropping the writer ignores errors: call `finish`"]
pub struct Lz4StreamParallelWriter<W: Write, F: Framing = SizePrefix> {
    serial: Lz4StreamWriter<W, F>,
    /// The length of the content of a whole job.
    job_len: usize,
    /// How much of it the current job lacks. At 0, the job has yet to be ended.
    left: usize,
    /// `None` with one thread.
    ahead: Option<Ahead>,
}

/// The jobs whose blocks are not sent.
#[derive(Debug)]
struct Ahead {
    pool: Pool<Job>,
    /// The job whose content is being gathered.
    current: Job,
    /// The job whose blocks are being sent. They are in the buffer of the serial writer's compressor.
    sending: Option<Job>,
    spare: Vec<Job>,
    /// At most this many jobs are in the pool or being sent.
    limit: usize,
    total_in: u64,
}

/// ```text
/// content = history | page | page | …
/// ```
#[derive(Default)]
struct Job {
    options: CompressOptions,
    /// If `primed`, the compressor is first given the history. Otherwise it has it, and `content` begins with the
    /// pages.
    primed: bool,
    history_len: usize,
    content: Vec<u8>,
    /// The restart points, as of the first page.
    restarts: Restarts,
    compressor: Option<Box<Lz4StreamCompressor>>,
    blocks: Blocks,
    /// How many blocks were framed, and the length of their pages.
    framed: usize,
    framed_len: usize,
}

/// ```text
/// bytes = room | block | room | block | …        room for the head
///                     end           end
/// ```
#[derive(Default)]
struct Blocks {
    /// The length of the room before each block.
    head_room: usize,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// The bytes never need more.
    most: usize,
}

impl<W: Write> Lz4StreamParallelWriter<W> {
    /// A writer with the default settings of [`CompressOptions::new`], on as many threads as the machine runs at once.
    /// For other settings, see [`CompressOptions::parallel_writer`].
    ///
    /// ```
    /// use lz4_stream::Lz4StreamParallelWriter;
    /// use std::io::Write;
    ///
    /// let mut writer = Lz4StreamParallelWriter::new(Vec::new());
    /// writer.write_all(b"hello")?;
    /// assert_eq!(writer.finish()?, b"\x06\0\0\0\x50hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new(inner: W) -> Self {
        Self::from_parts(inner, Lz4StreamCompressor::new(), 0)
    }
}

impl<W: Write, F: Framing> Lz4StreamParallelWriter<W, F> {
    /// A writer around `inner` that continues from the state of `compressor`, as [`Lz4StreamWriter::from_parts`] does,
    /// on `threads` threads: 0 for as many as the machine runs at once. It uses the framing of the compressor, on the
    /// caller's thread.
    ///
    /// ```
    /// use lz4_stream::{CompressOptions, Lz4StreamCompressor, Lz4StreamParallelWriter, SizePrefix};
    /// use std::io::Write;
    ///
    /// let framing = SizePrefix::default(); // or one of your own
    /// let compressor = Lz4StreamCompressor::with_framing(framing, &CompressOptions::new())?;
    /// let mut writer = Lz4StreamParallelWriter::from_parts(Vec::new(), compressor, 2);
    /// writer.write_all(b"hello")?;
    /// assert_eq!(writer.finish()?, b"\x06\0\0\0\x50hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn from_parts(inner: W, compressor: Lz4StreamCompressor<F>, threads: usize) -> Self {
        let threads = match threads {
            0 => thread::available_parallelism().map_or(1, |threads| threads.get()),
            threads => threads,
        };
        let job_len = job_len(compressor.options());
        Self::with_job_len(inner, compressor, threads, job_len)
    }

    fn with_job_len(inner: W, mut compressor: Lz4StreamCompressor<F>, threads: usize, job_len: usize) -> Self {
        let (left, ahead) = if threads == 1 {
            (job_len - compressor.page().len(), None)
        } else {
            let ahead = Ahead::new(&mut compressor, threads);
            (job_len - ahead.current.content.len(), Some(ahead))
        };
        Lz4StreamParallelWriter {
            serial: Lz4StreamWriter::from_parts(inner, compressor),
            job_len,
            left,
            ahead,
        }
    }

    /// Sends everything, and the end mark if the settings have one, flushes the inner writer and returns it. See
    /// [`Lz4StreamWriter::finish`].
    ///
    /// # Errors
    /// Those of [`try_finish`](Self::try_finish). The writer is dropped, which tries once more to send the remaining
    /// data. To keep the writer, call [`into_inner`](Self::into_inner).
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
    pub fn finish(self) -> io::Result<W> {
        self.into_inner().map_err(IntoInnerError::into_error)
    }

    /// Sends everything, and the end mark if the settings have one, and flushes the inner writer. Nothing can be
    /// written afterwards. Another call sends any bytes that an error left unsent, and flushes again.
    ///
    /// # Errors
    /// Those of the inner writer, and [`Error::Poisoned`].
    ///
    /// ```
    /// use lz4_stream::Lz4StreamParallelWriter;
    /// use std::io::Write;
    ///
    /// let mut writer = Lz4StreamParallelWriter::new(Vec::new());
    /// writer.write_all(b"hello")?;
    /// writer.try_finish()?;
    /// assert_eq!(writer.total_out(), 10);
    /// assert!(writer.write(b"more").is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_finish(&mut self) -> io::Result<()> {
        self.send_all()?;
        self.serial.try_finish()
    }

    /// Like [`finish`](Self::finish), but returns everything on failure.
    ///
    /// # Errors
    /// An [`IntoInnerError`] with the error of [`try_finish`](Self::try_finish) and the writer, which can continue.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamParallelWriter;
    /// use std::io::{ErrorKind, Write};
    ///
    /// let mut small = [0; 4];
    /// let mut writer = Lz4StreamParallelWriter::new(&mut small[..]);
    /// writer.write_all(b"does not fit")?;
    /// let error = writer.into_inner().unwrap_err();
    /// assert_eq!(error.error().kind(), ErrorKind::WriteZero);
    /// let (_inner, compressor) = error.into_inner().into_parts();
    /// assert_eq!(compressor.block(), b"\xc0does not fit");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[allow(clippy::result_large_err)] // it contains the writer
    pub fn into_inner(mut self) -> Result<W, IntoInnerError<Self>> {
        match self.try_finish() {
            Ok(()) => Ok(self.take_parts().0),
            Err(error) => Err(IntoInnerError { error, writer: self }),
        }
    }

    /// Splits the writer into the inner writer and a compressor from which a writer of either kind can continue. Waits
    /// for the threads. Nothing is sent or dropped, except block sizes that were not drained.
    /// [`Lz4StreamCompressor::block`] is all that is unsent, and [`Lz4StreamCompressor::page`] the current page.
    ///
    /// If the writer [is poisoned](Self::is_poisoned), do not continue the stream.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamParallelWriter;
    /// use std::io::Write;
    ///
    /// let mut writer = Lz4StreamParallelWriter::new(Vec::new());
    /// writer.write_all(b"hello")?;
    /// let (inner, compressor) = writer.into_parts();
    /// assert_eq!((inner, compressor.page()), (vec![], &b"hello"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_parts(mut self) -> (W, Lz4StreamCompressor<F>) {
        self.take_parts()
    }

    /// Finishes this stream, begins a new one with the same settings on `inner`, and returns the old inner writer. The
    /// counts restart at zero. Block sizes kept out of band stay until they are drained. The threads stay.
    ///
    /// # Errors
    /// Those of [`try_finish`](Self::try_finish). The writer stays with the old stream, whose remaining data can still
    /// be sent, and `inner` is dropped. To keep `inner`, call `try_finish` first.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamParallelWriter;
    /// use std::io::Write;
    ///
    /// let mut writer = Lz4StreamParallelWriter::new(Vec::new());
    /// writer.write_all(b"first")?;
    /// let first = writer.reset(Vec::new())?;
    /// writer.write_all(b"second")?;
    /// assert_eq!(first, b"\x06\0\0\0\x50first");
    /// assert_eq!(writer.finish()?, b"\x07\0\0\0\x60second");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reset(&mut self, inner: W) -> io::Result<W> {
        self.try_finish()?;
        let old = self.serial.reset(inner)?;
        if let Some(ahead) = &mut self.ahead {
            ahead.reset();
        }
        self.left = self.job_len;
        Ok(old)
    }

    /// The inner writer.
    pub fn get_ref(&self) -> &W {
        self.serial.get_ref()
    }

    /// The inner writer. Writing to it directly puts bytes into the middle of the stream, unless the stream is
    /// finished.
    pub fn get_mut(&mut self) -> &mut W {
        self.serial.get_mut()
    }

    /// The settings.
    pub fn options(&self) -> &CompressOptions {
        self.serial.compressor().options()
    }

    /// The framing of the blocks.
    pub fn framing(&self) -> &F {
        self.serial.compressor().framing()
    }

    /// Whether the inner writer, the framing or a thread panicked, so that the stream cannot be continued.
    pub fn is_poisoned(&self) -> bool {
        self.serial.is_poisoned()
    }

    /// How many bytes were written to this writer.
    pub fn total_in(&self) -> u64 {
        match &self.ahead {
            Some(ahead) => ahead.total_in,
            None => self.serial.total_in(),
        }
    }

    /// How many bytes the inner writer has taken: blocks with their heads, and the end mark.
    pub fn total_out(&self) -> u64 {
        self.serial.total_out()
    }

    /// How many blocks were handed to the inner writer. After an error, the last one may be unsent, wholly or in part.
    pub fn blocks(&self) -> u64 {
        self.serial.blocks()
    }

    /// With [`PrefixWidth::OutOfBand`](crate::PrefixWidth::OutOfBand), the sizes in bytes of the
    /// [`blocks`](Self::blocks) since the last call, oldest first; otherwise nothing. The sizes are kept until this
    /// call, so call it regularly on a long stream.
    ///
    /// ```
    /// use lz4_stream::{CompressOptions, PrefixWidth};
    /// use std::io::Write;
    ///
    /// let options = CompressOptions::new().prefix_width(PrefixWidth::OutOfBand).page_size(4);
    /// let mut writer = options.parallel_writer(Vec::new(), 2)?;
    /// writer.write_all(b"abcdef")?;
    /// writer.try_finish()?;
    /// assert_eq!(writer.drain_block_sizes().collect::<Vec<_>>(), [5, 3]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn drain_block_sizes(
        &mut self,
    ) -> impl ExactSizeIterator<Item = usize> + DoubleEndedIterator + iter::FusedIterator {
        self.serial.drain_block_sizes()
    }

    /// Collects an [`Index`] of the stream, as [`Lz4StreamWriter::collect_index`] does. Call it before anything is
    /// written.
    ///
    /// # Errors
    /// As in [`Lz4StreamWriter::collect_index`].
    ///
    /// ```
    /// use lz4_stream::CompressOptions;
    /// use std::io::Write;
    ///
    /// let mut writer = CompressOptions::new().parallel_writer(Vec::new(), 2)?;
    /// writer.collect_index(1 << 20)?;
    /// writer.write_all(&[7; 5_000_000])?;
    /// writer.try_finish()?;
    /// let index = writer.take_index().expect("the stream is finished");
    /// assert_eq!((index.content_len(), index.points().len()), (5_000_000, 5));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn collect_index(&mut self, interval: u64) -> Result<(), Error> {
        check_framing::<F>()?;
        match &self.ahead {
            None => self.serial.collect_index(interval),
            Some(ahead) => {
                let begun = self.serial.blocks().max(ahead.begun().into());
                if begun > 0 {
                    return Err(Error::LateIndex { block: begun });
                }
                let history = ahead
                    .current
                    .compressor
                    .as_ref()
                    .map_or(&[][..], |codec| codec.history());
                self.serial.collect_index_after(interval, history);
                Ok(())
            }
        }
    }

    /// The collected index, once the stream is finished: call [`try_finish`](Self::try_finish) first. `None` before,
    /// when no index was collected, and when it was already taken.
    pub fn take_index(&mut self) -> Option<Index> {
        self.serial.take_index()
    }

    /// [`Write::write`] with one thread: the serial writer is given what is left of the job, and then the next one.
    fn write_serially(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        loop {
            if self.left == 0 {
                if !self.serial.compressor().page().is_empty() {
                    // It came full from outside.
                    self.serial.send()?;
                    self.serial.make(Lz4StreamCompressor::end_page);
                }
                self.serial.parts_mut().1.prime();
                self.left = self.job_len;
            }
            let piece = &bytes[taken..][..self.left.min(bytes.len() - taken)];
            match self.serial.write(piece) {
                Ok(n) => {
                    taken += n;
                    self.left -= n;
                    if n < piece.len() || taken == bytes.len() {
                        return Ok(taken);
                    }
                }
                Err(_) if taken > 0 => return Ok(taken),
                Err(error) => return Err(error),
            }
        }
    }

    /// Ends the current job, unless it is empty, and sends everything.
    fn send_all(&mut self) -> io::Result<()> {
        if self.ahead.is_none() {
            let result = self.serial.send();
            if result.is_ok() {
                self.serial.make(Lz4StreamCompressor::end_page);
                if self.left > 0 {
                    self.left = self.job_len;
                }
            }
            return result.and_then(|()| self.serial.send());
        }
        self.make_room()?;
        self.end_job();
        while self.send_next(true)? {}
        Ok(())
    }

    /// Sends the rest of the last block, and then as many jobs as it takes to have room for another one.
    fn make_room(&mut self) -> io::Result<()> {
        self.serial.send()?;
        while self.ahead.as_ref().is_some_and(Ahead::is_full) {
            self.send_next(true)?;
        }
        Ok(())
    }

    /// Ends the current job, unless it is empty: a whole one goes to a thread, what a flush ends is done at once. There
    /// must be room for it.
    fn end_job(&mut self) {
        let Some(ahead) = &mut self.ahead else { return };
        if self.left == 0 {
            ahead.submit();
        } else if self.left < self.job_len {
            ahead.work_here();
        }
        self.left = self.job_len;
    }

    /// Sends the blocks of the oldest job. Returns whether there was one. Without `wait`, only one that is done.
    fn send_next(&mut self, wait: bool) -> io::Result<bool> {
        self.serial.send()?;
        let Some(ahead) = &mut self.ahead else { return Ok(false) };
        if ahead.sending.is_none() {
            match if wait { ahead.pool.next() } else { ahead.pool.try_next() } {
                None => return Ok(false),
                Some(Err(Panicked)) => {
                    self.serial.poisoned = true;
                    return self.serial.send().map(|()| false);
                }
                Some(Ok(mut job)) => {
                    self.serial.parts_mut().1.swap_buffer(&mut job.blocks.bytes);
                    ahead.sending = Some(job);
                }
            }
        }
        while let Some((block, page)) = ahead.sending.as_mut().and_then(Job::next_block) {
            self.serial.frame(block, page);
            self.serial.send()?;
        }
        if let Some(mut job) = ahead.sending.take() {
            self.serial.parts_mut().1.swap_buffer(&mut job.blocks.bytes);
            ahead.spare.push(job);
        }
        Ok(true)
    }

    /// Leaves an empty writer.
    fn take_parts(&mut self) -> (W, Lz4StreamCompressor<F>) {
        if self.ahead.is_some() && !self.is_poisoned() {
            self.gather_unsent();
        }
        self.serial
            .parts
            .take()
            .expect("the parts are only taken when the writer is consumed")
    }

    /// Puts everything that is ahead into the compressor of the serial writer.
    fn gather_unsent(&mut self) {
        let Some(mut ahead) = self.ahead.take() else { return };
        let mut unsent = self.serial.compressor().block().to_vec();
        let mut last = None;
        loop {
            while let Some((block, page)) = ahead.sending.as_mut().and_then(Job::next_block) {
                self.serial.frame(block, page);
                unsent.extend_from_slice(self.serial.compressor().block());
            }
            match ahead.pool.next() {
                Some(Ok(mut job)) => {
                    self.serial.parts_mut().1.swap_buffer(&mut job.blocks.bytes);
                    ahead.sending = Some(job);
                }
                Some(Err(Panicked)) => {
                    self.serial.poisoned = true;
                    break;
                }
                None if ahead.current.is_begun() => {
                    // The last job: what is left of it is the current page.
                    ahead.current.encode_pages();
                    let mut job = mem::take(&mut ahead.current);
                    last = job.compressor.take();
                    self.serial.parts_mut().1.swap_buffer(&mut job.blocks.bytes);
                    ahead.sending = Some(job);
                }
                None => break,
            }
        }
        let (_, own) = self.serial.parts_mut();
        if let Some(compressor) = last {
            // Not earlier: its restart points are those after the blocks that were framed.
            own.put_codec(*compressor);
        }
        own.set_unsent(unsent);
    }
}

/// The content of a whole job in bytes.
fn job_len(options: &CompressOptions) -> usize {
    let page_size = options.get_page_size();
    let pages = JOB_LEN.div_ceil(page_size).min(MAX_PAGES);
    // A job that begins with a restart point needs no history.
    let pages = match options.get_restart_every() {
        0 => pages,
        every if every <= pages => pages / every * every,
        every => every.div_ceil(every.div_ceil(pages)),
    };
    pages * page_size
}

impl Ahead {
    /// Takes the state of `compressor`, except what it has not sent.
    fn new<F: Framing>(compressor: &mut Lz4StreamCompressor<F>, threads: usize) -> Ahead {
        let total_in = compressor.total_in();
        let mut codec = Box::new(compressor.take_codec());
        let mut current = Job::new(codec.options(), Lz4StreamCompressor::<F>::HEAD_ROOM);
        codec.take_page(&mut current.content);
        current.restarts = codec.restarts();
        current.compressor = Some(codec);
        Ahead {
            pool: Pool::new(threads, Job::work),
            current,
            sending: None,
            spare: Vec::new(),
            limit: threads.saturating_mul(2),
            total_in,
        }
    }

    /// Whether a job was ended whose blocks were not sent.
    fn begun(&self) -> bool {
        self.pool.len() > 0 || self.sending.is_some()
    }

    fn is_full(&self) -> bool {
        self.pool.len() + usize::from(self.sending.is_some()) >= self.limit
    }

    /// A job for the next content.
    fn spare(&mut self) -> Job {
        let mut job = match self.spare.pop() {
            Some(job) => job,
            None => Job::new(&self.current.options, self.current.blocks.head_room),
        };
        job.clear();
        job
    }

    /// Has the current job, which has its full length, done by a thread. The next one is given its history.
    fn submit(&mut self) {
        let mut next = self.spare();
        next.follow(&self.current);
        self.pool.submit(mem::replace(&mut self.current, next));
    }

    /// Does the current job. The next one goes on with its compressor.
    fn work_here(&mut self) {
        let mut next = self.spare();
        self.current.work();
        mem::swap(&mut next.compressor, &mut self.current.compressor);
        next.primed = false;
        if let Some(compressor) = &next.compressor {
            next.restarts = compressor.restarts();
        }
        self.pool.submit_done(mem::replace(&mut self.current, next));
    }

    /// Begins a new stream. Everything was sent.
    fn reset(&mut self) {
        self.current.clear();
        self.current.primed = false;
        self.current.restarts = Restarts::default();
        self.current.compressor_or_new().reset();
        self.total_in = 0;
    }
}

impl Job {
    fn new(options: &CompressOptions, head_room: usize) -> Job {
        Job {
            options: options.clone(),
            blocks: Blocks {
                head_room,
                ..Blocks::default()
            },
            ..Job::default()
        }
    }

    /// Whether there is anything that the compressor does not know.
    fn is_begun(&self) -> bool {
        self.primed || !self.content.is_empty() || self.compressor.is_some()
    }

    fn clear(&mut self) {
        self.content.clear();
        self.history_len = 0;
        self.blocks.clear();
        (self.framed, self.framed_len) = (0, 0);
    }

    fn pages(&self) -> &[u8] {
        &self.content[self.history_len..]
    }

    /// Takes the history of the page after `last`, which is a job of full pages that was not done yet.
    fn follow(&mut self, last: &Job) {
        let (page_size, pages) = (self.options.get_page_size(), last.pages());
        self.restarts = last.restarts;
        let mut reach = match self.options.get_strategy() {
            Strategy::DoubleBuffer => page_size,
            Strategy::RingBuffer => usize::MAX,
        };
        for at in (0..pages.len()).step_by(page_size) {
            if self.restarts.is_due() {
                reach = reach.min(pages.len() - at);
            }
            self.restarts.end_page(self.options.get_restart_every());
        }
        if self.restarts.is_due() {
            reach = 0;
        }
        let reach = reach.min(HISTORY);
        let before = match &last.compressor {
            Some(compressor) if !last.primed => compressor.history(),
            _ => &last.content[..last.history_len],
        };
        let of_before = reach.saturating_sub(pages.len()).min(before.len());
        let of_pages = reach.min(pages.len());
        self.content.extend_from_slice(&before[before.len() - of_before..]);
        self.content.extend_from_slice(&pages[pages.len() - of_pages..]);
        self.history_len = self.content.len();
        self.primed = true;
    }

    fn compressor_or_new(&mut self) -> &mut Lz4StreamCompressor {
        self.compressor
            .get_or_insert_with(|| Box::new(Lz4StreamCompressor::headless(&self.options)))
    }

    /// Makes the blocks of all pages.
    fn work(&mut self) {
        self.encode_pages();
        if let Some(compressor) = &mut self.compressor
            && !compressor.page().is_empty()
        {
            let block = compressor.end_page();
            self.blocks.push(block);
        }
    }

    /// Makes the blocks of the full pages. The rest is the compressor's current page then.
    fn encode_pages(&mut self) {
        self.compressor_or_new();
        let Some(compressor) = &mut self.compressor else { return };
        if self.primed {
            compressor.reset_with_history(&self.content[..self.history_len]);
            compressor.set_restarts(self.restarts);
        }
        let len = self.content.len() - self.history_len;
        self.blocks.expect(len, self.options.get_page_size());
        let mut pages = compressor.pages(&self.content, self.history_len);
        while pages.make_block() {
            self.blocks.push(pages.compressor().block());
        }
        let rest = &self.content[pages.taken()..];
        drop(pages);
        let taken = compressor.push(rest);
        debug_assert_eq!(taken, Ok(rest.len()));
    }

    /// The next block to be framed: where it is among the blocks, and its page.
    fn next_block(&mut self) -> Option<(Range<usize>, &[u8])> {
        let block = self.blocks.get(self.framed)?;
        let rest = &self.content[self.history_len + self.framed_len..];
        let page = &rest[..rest.len().min(self.options.get_page_size())];
        self.framed += 1;
        self.framed_len += page.len();
        Some((block, page))
    }
}

impl Blocks {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Before the blocks of `len` bytes of content.
    fn expect(&mut self, len: usize, page_size: usize) {
        let pages = len.div_ceil(page_size);
        self.most = pages * (self.head_room + compress_bound(page_size.min(len)));
        self.ends.reserve(pages);
    }

    fn push(&mut self, block: &[u8]) {
        let start = self.bytes.len() + self.head_room;
        make_room(&mut self.bytes, self.head_room + block.len(), self.most);
        self.bytes.resize(start, 0);
        self.bytes.extend_from_slice(block);
        self.ends.push(self.bytes.len());
    }

    /// Where the block with this index is.
    fn get(&self, index: usize) -> Option<Range<usize>> {
        let &end = self.ends.get(index)?;
        let before = if index == 0 { 0 } else { self.ends[index - 1] };
        Some(before + self.head_room..end)
    }
}

/// Makes room for `more` bytes. The buffer doubles as it grows, up to `most`.
fn make_room(buffer: &mut Vec<u8>, more: usize, most: usize) {
    let len = buffer.len() + more;
    if len > buffer.capacity() {
        buffer.reserve_exact((2 * buffer.capacity()).min(most).max(len) - buffer.len());
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("history", &self.history_len)
            .field("pages", &self.pages().len())
            .field("blocks", &self.blocks.ends.len())
            .field("framed", &self.framed)
            .finish_non_exhaustive()
    }
}

impl<W: Write, F: Framing> Write for Lz4StreamParallelWriter<W, F> {
    /// Takes all of `bytes`, has each whole job compressed, and sends what is ready.
    ///
    /// # Errors
    /// Those of the inner writer while it takes earlier blocks: none of `bytes` was taken. If it fails later in the
    /// call, the call returns how many bytes were taken, and the next call retries. [`Error::Poisoned`] after a panic,
    /// [`Error::Finished`] after the end.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.ahead.is_none() {
            return self.write_serially(bytes);
        }
        let mut taken = 0;
        loop {
            match self.advance() {
                // The caller must not offer the taken bytes again, so the error waits for the next call.
                Err(_) if taken > 0 => return Ok(taken),
                Err(error) => return Err(error),
                Ok(()) => {}
            }
            if self.serial.compressor().is_finished() {
                return Err(Error::Finished.into());
            }
            let Some(ahead) = &mut self.ahead else { return Ok(taken) };
            let n = self.left.min(bytes.len() - taken);
            let most = HISTORY + self.job_len;
            make_room(&mut ahead.current.content, n, most);
            ahead.current.content.extend_from_slice(&bytes[taken..][..n]);
            ahead.total_in += n as u64;
            taken += n;
            self.left -= n;
            if self.left > 0 {
                return Ok(taken);
            }
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

    /// Sends everything written so far, the last page even if it is not full, and flushes the inner writer.
    ///
    /// # Errors
    /// Those of the inner writer, and [`Error::Poisoned`]. After the end, it sends any bytes that an error left unsent.
    fn flush(&mut self) -> io::Result<()> {
        self.send_all()?;
        self.serial.flush_inner()
    }
}

impl<W: Write, F: Framing> Lz4StreamParallelWriter<W, F> {
    /// Gives a whole job to a thread, and sends what is ready.
    fn advance(&mut self) -> io::Result<()> {
        self.serial.send()?;
        if self.left == 0 {
            self.make_room()?;
            self.end_job();
        }
        while self.send_next(false)? {}
        Ok(())
    }
}

impl<W: Write, F: Framing> Drop for Lz4StreamParallelWriter<W, F> {
    fn drop(&mut self) {
        // With one thread, the serial writer does it.
        if self.ahead.is_some() && self.serial.parts.is_some() {
            if !thread::panicking() {
                // Drop cannot report an error; `finish` does.
                let _ = self.send_all();
            }
            // Otherwise the serial writer would try once more.
            self.serial.parts = None;
        }
    }
}

impl<W: Write + fmt::Debug, F: Framing> fmt::Debug for Lz4StreamParallelWriter<W, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lz4StreamParallelWriter")
            .field("serial", &self.serial)
            .field("left", &self.left)
            .field("ahead", &self.ahead)
            .finish()
    }
}
