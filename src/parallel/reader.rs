//! Decodes several intervals of an indexed stream at a time.
//!
//! The caller's thread reads the intervals from the inner reader and hands them to the threads of a [`Pool`]. It takes
//! them back in order, and lends their content. Instead of waiting, it decodes too.

use std::io::{self, BufRead, ErrorKind, Read};
use std::ops::Range;
use std::sync::Arc;
use std::{fmt, mem, thread};

use super::pool::{self, Panicked, Pool};
use crate::block::SLACK;
use crate::index::{UNPACKED, mismatch};
use crate::seeking::Map;
use crate::{DecompressOptions, Error, Framing, Index, IndexPoint, Lz4StreamDecompressor, Progress, SizePrefix};

/// An interval is read in pieces that grow from this size, so that an index alone cannot cause a large allocation.
const FIRST_READ: usize = 64 * 1024;

/// Room for more content than this is not reserved at once: on 32 bit, there could not be as much.
const LARGEST_GUESS: usize = isize::MAX as usize / 4;

/// Decompresses a stream that has an [`Index`] on several threads, in order.
///
/// The intervals between the points of the index are decoded independently of each other. The caller's thread is one of
/// the threads: it reads the inner reader, lends the content, and decodes when it would otherwise wait. With one
/// thread, no other is started. Nothing needs to seek.
///
/// # Memory
/// With one thread, one interval: its part of the stream and its content. Otherwise two intervals more than there are
/// threads. An interval takes at most three intervals of the index, two pages and two blocks, and usually about one and
/// a half intervals: with 2 threads and 1 MiB intervals, about 7 MiB together.
///
/// # End of the stream
/// The end mark is read, and the bytes after it stay in the inner reader. Unlike with
/// [`Lz4StreamReader`](crate::Lz4StreamReader), a stream cut off between two blocks is always an error.
///
/// # Errors
/// * A bad block: the error and the place of [`Lz4StreamReader`](crate::Lz4StreamReader). All data before it is
///   returned first, and every later call returns the same error. Near the start of an interval, a match that reaches
///   back further than any match of the indexed stream did is [`Error::MatchOffset`] here already.
/// * [`Error::IndexMismatch`] when the index was made of another stream, where that can be told: see [`Index`]. Nothing
///   of the interval in which it shows is returned.
/// * Errors of the inner reader pass through after all data before them was returned. The next call resumes.
///   `Interrupted` is retried internally.
/// * [`Error::WorkerPanicked`] when the framing panicked.
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
    /// Has the intervals that were read, and not lent yet.
    pool: Pool<Interval<F>>,
    /// The number of the interval to read next.
    next_to_read: usize,
    /// The interval to read next, as far as it was read.
    reading: Interval<F>,
    /// The interval that is lent: the part `decoded` of its content.
    lent: Option<Interval<F>>,
    /// Intervals to use again.
    spare: Vec<Interval<F>>,
    /// An error of the inner reader, until all content before it was returned.
    inner_error: Option<io::Error>,
    /// Set once the inner reader has ended.
    is_over: bool,
    /// What every call returns from now on.
    failed: Option<Error>,
}

/// The part of a stream between two points, and what decodes it.
struct Interval<F> {
    map: Map<F>,
    decompressor: Lz4StreamDecompressor<F>,
    /// How much of the content that was decoded last the next block may refer to.
    history_len: usize,
    number: usize,
    /// The first `filled` bytes are of the stream. The rest is room with arbitrary bytes.
    bytes: Vec<u8>,
    filled: usize,
    /// The part `decoded` is what the bytes decode to. The history lies before it. The rest is room.
    content: Vec<u8>,
    decoded: Range<usize>,
    /// What came after the content.
    error: Option<Error>,
}

impl<F: Framing> Interval<F> {
    fn new(map: &Map<F>) -> Self {
        Interval {
            decompressor: map.decompressor(),
            map: map.clone(),
            history_len: 0,
            number: 0,
            bytes: Vec::new(),
            filled: 0,
            content: Vec::new(),
            decoded: 0..0,
            error: None,
        }
    }

    fn decode(&mut self) {
        self.decode_after(None);
    }

    /// `history_len`: see [`Map::resume_in`].
    fn decode_after(&mut self, history_len: Option<usize>) {
        self.decoded = 0..0;
        self.error = self.try_decode(history_len).err();
        if let Some(Error::IndexMismatch { .. }) = self.error {
            self.decoded = 0..0;
        }
    }

    fn try_decode(&mut self, history_len: Option<usize>) -> Result<(), Error> {
        let number = self.number;
        let index = self.map.index();
        // No block decodes to more than 255 times its length.
        let content_len = index.end_of(number).1 - index.points()[number].content();
        let likely = content_len.min(self.filled as u64 * 255).min(LARGEST_GUESS as u64) as usize;
        let room = UNPACKED + likely + index.largest_page().min(likely) + SLACK;
        if self.content.len() < room {
            // Zeroed memory from the allocator costs nothing until it is touched.
            let mut grown = vec![0; room];
            if let Some(len) = history_len {
                grown[..len].copy_from_slice(&self.content[..len]);
            }
            self.content = grown;
        }
        let (content, decompressor) = (&mut self.content, &mut self.decompressor);
        let start = self.map.resume_in(number, decompressor, content, history_len)?;
        let result = self.decode_pages();
        self.history_len = self.decompressor.history().len();
        self.decoded = start..self.decompressor.leave(&mut self.content);
        result
    }

    fn decode_pages(&mut self) -> Result<(), Error> {
        let (index, decompressor) = (self.map.index(), &mut self.decompressor);
        let (number, mut bytes) = (self.number, &self.bytes[..self.filled]);
        let is_last = number + 1 == index.points().len();
        let (stream_end, content_end, blocks) = index.end_of(number);
        let stream_end = if is_last { index.stream_len() } else { stream_end };
        let content_len = content_end - index.points()[number].content();
        let is_cut_off = (bytes.len() as u64) < stream_end - index.points()[number].stream();
        if bytes.len() < index.check_len(number) {
            // Too little to tell whether it is the right stream.
            while let Progress::Page(_) = decompressor.feed(&mut bytes)? {}
            decompressor.end_of_input()?;
            return Err(mismatch(decompressor.total_in(), "the stream ends here"));
        }
        index.check(number, bytes)?;
        while let Progress::Page(_) = decompressor.feed(&mut bytes)? {
            if decompressor.total_out() > content_len {
                return Err(mismatch(decompressor.total_in(), "the stream has more content"));
            }
        }
        let place = (decompressor.total_in(), decompressor.total_out());
        if is_cut_off || is_last {
            decompressor.end_of_input()?;
        }
        if is_cut_off {
            return Err(mismatch(place.0, "the stream ends here"));
        }
        let is_there = place == (stream_end, content_len) && decompressor.blocks() == blocks && bytes.is_empty();
        match is_there {
            true => Ok(()),
            false => Err(mismatch(place.0, "another boundary was expected")),
        }
    }
}

impl<R: Read> Lz4StreamParallelReader<R> {
    /// A reader with the default settings of [`DecompressOptions::new`] and a thread for every core. For other
    /// settings, see [`DecompressOptions::parallel_reader`].
    ///
    /// # Errors
    /// Those of [`DecompressOptions::parallel_reader`].
    pub fn new(inner: R, index: impl Into<Arc<Index>>) -> io::Result<Self> {
        DecompressOptions::new().parallel_reader(inner, index, 0)
    }
}

impl DecompressOptions {
    /// A reader with these settings that decodes on `threads` threads, of which one is the caller's; 0 means as many as
    /// the machine has cores. `inner` is at the beginning of the stream. `index` is an [`Index`], or one in an `Arc`.
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
        // More threads than intervals would never have work. One of them is the caller's.
        let mut pool = Pool::new(threads.min(map.index().points().len()), Interval::decode);
        pool.start()?;
        Ok(Lz4StreamParallelReader {
            inner,
            pool,
            next_to_read: 0,
            reading: Interval::new(&map),
            lent: None,
            spare: Vec::new(),
            map,
            inner_error: None,
            is_over: false,
            failed: None,
        })
    }
}

impl<R: Read, F: Framing + Send + 'static> Lz4StreamParallelReader<R, F> {
    /// Reads the next interval, or the rest of it.
    fn read_interval(&mut self) -> io::Result<()> {
        let index = self.map.index();
        let point = &index.points()[self.next_to_read];
        let end = match index.points().get(self.next_to_read + 1) {
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
        self.reading.number = self.next_to_read;
        self.next_to_read += 1;
        Ok(())
    }

    /// Whether there is another interval to read.
    fn can_read(&self) -> bool {
        let is_there = !self.is_over && self.next_to_read < self.index().points().len();
        is_there && self.inner_error.is_none()
    }

    /// Advances to the next content. Returns `false` at the end.
    fn next_content(&mut self) -> io::Result<bool> {
        while self.rest().is_empty() {
            if self.failed.is_none() {
                self.failed = self.lent.as_mut().and_then(|lent| lent.error.take());
            }
            if let Some(error) = &self.failed {
                return Err(error.clone().into());
            }
            let next = match self.pool.threads() {
                1 => self.decode_next(),
                threads => self.take_next(threads + 1),
            };
            match next {
                None => return self.inner_error.take().map_or(Ok(false), Err),
                Some(Ok(next)) => self.lent = Some(next),
                Some(Err(Panicked)) => self.failed = Some(Error::WorkerPanicked),
            }
        }
        Ok(true)
    }

    /// The next interval of the pool, which is given so many. `None` if there is none.
    fn take_next(&mut self, ahead: usize) -> Option<Result<Interval<F>, Panicked>> {
        self.spare.extend(self.lent.take());
        while self.can_read() && self.pool.len() < ahead {
            match self.read_interval() {
                Ok(()) => {
                    let mut next = self.spare.pop().unwrap_or_else(|| Interval::new(&self.map));
                    next.filled = 0;
                    self.pool.submit(mem::replace(&mut self.reading, next));
                }
                Err(error) => self.inner_error = Some(error),
            }
        }
        self.pool.next()
    }

    /// With one thread: the next interval, decoded here, in the same buffers. `None` if there is none.
    fn decode_next(&mut self) -> Option<Result<Interval<F>, Panicked>> {
        if !self.can_read() {
            return None;
        }
        if let Err(error) = self.read_interval() {
            self.inner_error = Some(error);
            return None;
        }
        // What precedes the interval was just decoded: nothing needs to be unpacked.
        let last = self.lent.take();
        let history_len = last.as_ref().map(|last| last.history_len);
        let mut next = last.unwrap_or_else(|| Interval::new(&self.map));
        if let Some(len) = history_len {
            let end = next.decoded.end;
            next.content.copy_within(end - len..end, 0);
        }
        (next.number, next.filled) = (self.reading.number, mem::take(&mut self.reading.filled));
        mem::swap(&mut next.bytes, &mut self.reading.bytes);
        let result = pool::catch(|| next.decode_after(history_len));
        mem::swap(&mut next.bytes, &mut self.reading.bytes);
        Some(result.map(|()| next))
    }
}

impl<R, F: Framing> Lz4StreamParallelReader<R, F> {
    /// The index.
    pub fn index(&self) -> &Index {
        self.map.index()
    }

    /// The inner reader. It is ahead of what was returned.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The content that was not returned yet.
    fn rest(&self) -> &[u8] {
        self.lent
            .as_ref()
            .map_or(&[], |lent| &lent.content[lent.decoded.clone()])
    }

    /// Returns the inner reader. After the end of the content, it is directly after the stream; before, it is ahead of
    /// what was returned.
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read, F: Framing + Send + 'static> Read for Lz4StreamParallelReader<R, F> {
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

impl<R: Read, F: Framing + Send + 'static> BufRead for Lz4StreamParallelReader<R, F> {
    /// Lends the rest of one interval; nothing at the end of the content.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.next_content()?;
        Ok(self.rest())
    }

    fn consume(&mut self, amount: usize) {
        if let Some(Interval { decoded, .. }) = &mut self.lent {
            decoded.start += amount.min(decoded.len());
        }
    }
}

impl<R: fmt::Debug, F> fmt::Debug for Lz4StreamParallelReader<R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lz4StreamParallelReader")
            .field("inner", &self.inner)
            .field("map", &self.map)
            .field("threads", &self.pool.threads())
            .field("ahead", &self.pool.len())
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
