//! Decodes several intervals of an indexed stream at a time.
//!
//! The caller's thread reads the intervals from the inner reader and hands them to the workers. It takes them back in
//! order, and lends their content.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::decompressor::append_pages;
use crate::index::{Unpacker, mismatch};
use crate::seeking::Map;
use crate::{DecompressOptions, Error, Framing, Index, IndexPoint, Lz4StreamDecompressor, Progress, SizePrefix};

/// An interval is read in pieces that grow from this size, so that an index alone cannot cause a large allocation.
const FIRST_READ: usize = 64 * 1024;

/// Decompresses a stream that has an [`Index`] on several threads, in order.
///
/// The intervals between the points of the index are decoded independently of each other. The caller's thread only
/// reads the inner reader and lends the content. Nothing needs to seek.
///
/// # Memory
/// Twice as many intervals as there are threads are read ahead. For each, the reader holds its part of the stream and
/// its content: together at most three intervals of the index, two pages and two blocks, and usually about one and a
/// half intervals. With 2 threads and 1 MiB intervals, about 7 MiB. Each thread has a decompressor.
///
/// # End of the stream
/// The end mark is read, and the bytes after it stay in the inner reader. Unlike with
/// [`Lz4StreamReader`](crate::Lz4StreamReader), a stream cut off between two blocks is always an error.
///
/// # Errors
/// * A bad block: the error and the place of [`Lz4StreamReader`](crate::Lz4StreamReader). All data before it is
///   returned first, and every later call returns the same error.
/// * [`Error::IndexMismatch`] when the index was made of another stream, where that can be told: see [`Index`]. Nothing
///   of the interval in which it shows is returned.
/// * Errors of the inner reader pass through after all data before them was returned. The next call resumes.
///   `Interrupted` is retried internally.
/// * [`Error::WorkerPanicked`] when the framing panicked on a thread of the reader.
///
/// No thread outlives the reader: dropping it waits until its threads are done with the intervals they are at.
///
/// ```
/// use lz4_stream::{CompressOptions, DecompressOptions, Index};
/// use std::io::Read;
///
/// let text: String = (0..100_000).map(|line| format!("line {line}\n")).collect();
/// let stream = lz4_stream::compress(text.as_bytes(), &CompressOptions::new())?;
/// let options = DecompressOptions::new();
/// let index = Index::build(&stream[..], &options, 256 * 1024)?;
///
/// let mut read_back = String::new();
/// options.parallel_reader(&stream[..], index, 2)?.read_to_string(&mut read_back)?;
/// assert_eq!(read_back, text);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Lz4StreamParallelReader<R, F = SizePrefix> {
    inner: R,
    map: Map<F>,
    workers: Workers,
    /// The number of the interval to read next.
    next: usize,
    /// The interval as far as it was read.
    reading: Interval,
    /// The intervals at the workers, in order.
    ahead: VecDeque<Receiver<Interval>>,
    /// The interval that is lent: `lent.content[consumed..]`.
    lent: Interval,
    consumed: usize,
    /// Buffers to use again.
    spare: Vec<Interval>,
    /// An error of the inner reader, until all content before it was returned.
    inner_error: Option<io::Error>,
    /// Set once the inner reader has ended.
    is_over: bool,
    /// What every call returns from now on.
    failed: Option<Error>,
}

/// The part of a stream between two points.
#[derive(Default)]
struct Interval {
    number: usize,
    /// The first `filled` bytes are of the stream. The rest is room with arbitrary bytes.
    bytes: Vec<u8>,
    filled: usize,
    /// The decoded bytes, and what came after them.
    content: Vec<u8>,
    error: Option<Error>,
}

/// An interval to decode, and where to send it then.
struct Job {
    interval: Interval,
    done: Sender<Interval>,
}

/// Threads that end when they are dropped.
struct Workers {
    /// `None` only while the threads are told to end.
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Workers {
    fn drop(&mut self) {
        drop(self.jobs.take());
        for thread in self.threads.drain(..) {
            // A panic was reported as an error.
            let _ = thread.join();
        }
    }
}

impl Workers {
    fn spawn<F: Framing + Send + 'static>(map: &Map<F>, threads: usize) -> io::Result<Workers> {
        let (sender, receiver) = mpsc::channel::<Job>();
        let receiver = Arc::new(Mutex::new(receiver));
        let mut workers = Workers {
            jobs: Some(sender),
            threads: Vec::new(),
        };
        for _ in 0..threads {
            let receiver = Arc::clone(&receiver);
            let mut decoder = Decoder::new(map.clone());
            let thread = thread::Builder::new().name("lz4-stream reader".into());
            workers.threads.push(thread.spawn(move || {
                loop {
                    // The lock is held while waiting: the others wait for the same.
                    let job = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(Job { mut interval, done }) = job else { return };
                    decoder.decode(&mut interval);
                    // Nobody waits for it when the reader is dropped.
                    let _ = done.send(interval);
                }
            })?);
        }
        Ok(workers)
    }
}

/// What a worker owns.
struct Decoder<F> {
    map: Map<F>,
    decompressor: Lz4StreamDecompressor<F>,
    unpacker: Unpacker,
}

impl<F: Framing> Decoder<F> {
    fn new(map: Map<F>) -> Self {
        Decoder {
            decompressor: map.decompressor(),
            unpacker: Unpacker::new(),
            map,
        }
    }

    fn decode(&mut self, interval: &mut Interval) {
        interval.content.clear();
        interval.error = self.try_decode(interval).err();
        if let Some(Error::IndexMismatch { .. }) = interval.error {
            interval.content.clear();
        }
    }

    fn try_decode(&mut self, interval: &mut Interval) -> Result<(), Error> {
        let (number, index) = (interval.number, self.map.index());
        let is_last = number + 1 == index.points().len();
        let (stream_end, content_end, blocks) = index.end_of(number);
        let stream_end = if is_last { index.stream_len() } else { stream_end };
        let content_len = content_end - index.points()[number].content();
        let is_cut_off = (interval.filled as u64) < stream_end - index.points()[number].stream();

        let mut rest = &interval.bytes[..interval.filled];
        self.map.resume(number, &mut self.unpacker, &mut self.decompressor)?;
        if interval.filled >= index.check_len(number) {
            index.check(number, rest)?;
        } else {
            // Too little to tell whether it is the right stream.
            while let Progress::Page(_) = self.decompressor.feed(&mut rest)? {}
            self.decompressor.end_of_input()?;
            return Err(mismatch(self.decompressor.total_in(), "the stream ends here"));
        }
        // No block decodes to more than 255 times its length.
        let likely = content_len.min(interval.filled as u64 * 255) as usize;
        interval
            .content
            .reserve(likely + index.largest_page().min(likely) + 1024);
        append_pages(
            &mut self.decompressor,
            |decompressor| decompressor,
            &mut interval.content,
            |decompressor| loop {
                let page_len = match decompressor.feed(&mut rest)? {
                    Progress::Page(page) => page.len(),
                    Progress::NeedMore(_) | Progress::End => return Ok(false),
                };
                if decompressor.total_out() > content_len {
                    return Err(mismatch(decompressor.total_in(), "the stream has more content"));
                }
                if page_len > 0 {
                    return Ok(true);
                }
            },
        )?;
        let place = (self.decompressor.total_in(), self.decompressor.total_out());
        if is_cut_off || is_last {
            self.decompressor.end_of_input()?;
        }
        if is_cut_off {
            return Err(mismatch(place.0, "the stream ends here"));
        }
        let is_there = place == (stream_end, content_len) && self.decompressor.blocks() == blocks && rest.is_empty();
        match is_there {
            true => Ok(()),
            false => Err(mismatch(place.0, "another boundary was expected")),
        }
    }
}

impl<R: Read> Lz4StreamParallelReader<R> {
    /// A reader with the default settings of [`DecompressOptions::new`] and a thread for every core. For other settings,
    /// see [`DecompressOptions::parallel_reader`].
    ///
    /// # Errors
    /// Those of [`DecompressOptions::parallel_reader`].
    pub fn new(inner: R, index: impl Into<Arc<Index>>) -> io::Result<Self> {
        DecompressOptions::new().parallel_reader(inner, index, 0)
    }
}

impl DecompressOptions {
    /// A reader with these settings that decodes on `threads` threads; 0 means as many as the machine has cores. `inner`
    /// is at the beginning of the stream. `index` is an [`Index`], or one in an `Arc`.
    ///
    /// # Errors
    /// Those of [`reader`](Self::reader), [`Error::IndexMismatch`] when the dictionary is not that of the indexed
    /// stream, and an error of the operating system when it does not start a thread.
    ///
    /// ```
    /// use lz4_stream::{DecompressOptions, Index};
    /// use std::io::Read;
    ///
    /// let options = DecompressOptions::new().end_mark(true);
    /// let mut input = &b"\x06\0\0\0\x50hello\0\0\0\0trailer"[..];
    /// let index = Index::build(input, &options, 1 << 20)?;
    /// let mut text = String::new();
    /// options.parallel_reader(&mut input, index, 2)?.read_to_string(&mut text)?;
    /// assert_eq!((text.as_str(), input), ("hello", &b"trailer"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn parallel_reader<R: Read>(
        &self,
        inner: R,
        index: impl Into<Arc<Index>>,
        threads: usize,
    ) -> io::Result<Lz4StreamParallelReader<R>> {
        Lz4StreamParallelReader::from_map(inner, Map::new(self, index.into())?, threads)
    }
}

impl<R: Read, F: Framing + Send + 'static> Lz4StreamParallelReader<R, F> {
    /// A reader with a custom framing, as
    /// [`Lz4StreamSeekReader::with_framing`](crate::Lz4StreamSeekReader::with_framing).
    ///
    /// # Errors
    /// [`Error::MaxPageSize`], and as in [`DecompressOptions::parallel_reader`].
    pub fn with_framing(
        inner: R,
        options: &DecompressOptions,
        index: impl Into<Arc<Index>>,
        threads: usize,
        framing_at: impl Fn(&IndexPoint) -> F + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::from_map(inner, Map::with_framing(options, index.into(), framing_at)?, threads)
    }

    fn from_map(inner: R, map: Map<F>, threads: usize) -> io::Result<Self> {
        let threads = match threads {
            0 => thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        // More threads than intervals would never have work.
        let workers = Workers::spawn(&map, threads.min(map.index().points().len()))?;
        Ok(Lz4StreamParallelReader {
            inner,
            map,
            workers,
            next: 0,
            reading: Interval::default(),
            ahead: VecDeque::new(),
            lent: Interval::default(),
            consumed: 0,
            spare: Vec::new(),
            inner_error: None,
            is_over: false,
            failed: None,
        })
    }
}

impl<R: Read, F> Lz4StreamParallelReader<R, F> {
    /// Reads the next interval, or the rest of it, and hands it to the workers.
    fn read_interval(&mut self) -> io::Result<()> {
        let index = self.map.index();
        let point = &index.points()[self.next];
        let end = match index.points().get(self.next + 1) {
            Some(next) => next.stream(),
            None => index.stream_len(),
        };
        let len = usize::try_from(end - point.stream()).unwrap_or(usize::MAX);
        let Interval { bytes, filled, .. } = &mut self.reading;
        while *filled < len {
            if bytes.len() == *filled || bytes.len() < len.min(FIRST_READ) {
                bytes.resize(len.min((2 * *filled).max(FIRST_READ)).max(bytes.len()), 0);
            }
            let until = bytes.len().min(len);
            let room = &mut bytes[*filled..until];
            match self.inner.read(room) {
                Ok(0) => {
                    self.is_over = true;
                    break;
                }
                Ok(n) if n > room.len() => {
                    return Err(io::Error::other("the inner reader returned more bytes than requested"));
                }
                Ok(n) => *filled += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let mut interval = std::mem::replace(&mut self.reading, self.spare.pop().unwrap_or_default());
        self.reading.filled = 0;
        interval.number = self.next;
        self.next += 1;
        let (done, receiver) = mpsc::channel();
        let jobs = self.workers.jobs.as_ref().expect("the workers are only ended on drop");
        // If no worker is left, the receiver tells.
        let _ = jobs.send(Job { interval, done });
        self.ahead.push_back(receiver);
        Ok(())
    }

    /// Advances to the next content. Returns `false` at the end.
    fn next_content(&mut self) -> io::Result<bool> {
        while self.consumed == self.lent.content.len() {
            if self.failed.is_none() {
                self.failed = self.lent.error.take();
            }
            if let Some(error) = &self.failed {
                return Err(error.clone().into());
            }
            while self.inner_error.is_none()
                && !self.is_over
                && self.next < self.map.index().points().len()
                && self.ahead.len() < 2 * self.workers.threads.len()
            {
                self.inner_error = self.read_interval().err();
            }
            let Some(receiver) = self.ahead.pop_front() else {
                return self.inner_error.take().map_or(Ok(false), Err);
            };
            match receiver.recv() {
                Ok(interval) => {
                    let old = std::mem::replace(&mut self.lent, interval);
                    self.spare.push(old);
                    self.consumed = 0;
                }
                Err(_) => self.failed = Some(Error::WorkerPanicked),
            }
        }
        Ok(true)
    }

    /// The index.
    pub fn index(&self) -> &Index {
        self.map.index()
    }

    /// The inner reader. It is ahead of what was returned.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// Returns the inner reader. After the end of the content, it is directly after the stream; before, it is ahead of
    /// what was returned.
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read, F> Read for Lz4StreamParallelReader<R, F> {
    /// Returns decoded bytes of one interval.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read, F> BufRead for Lz4StreamParallelReader<R, F> {
    /// Lends the rest of one interval; nothing at the end of the content.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.next_content()?;
        Ok(&self.lent.content[self.consumed..])
    }

    fn consume(&mut self, amount: usize) {
        self.consumed += amount.min(self.lent.content.len() - self.consumed);
    }
}

impl<R: fmt::Debug, F> fmt::Debug for Lz4StreamParallelReader<R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lz4StreamParallelReader")
            .field("inner", &self.inner)
            .field("map", &self.map)
            .field("threads", &self.workers.threads.len())
            .field("ahead", &self.ahead.len())
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
