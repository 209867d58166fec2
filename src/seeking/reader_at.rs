//! Reading at an offset, on a shared reference.

use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cursor::Cursor;
use super::{Map, ReadAt};
use crate::{DecompressOptions, Error, Framing, Index, IndexPoint, SizePrefix};

/// How many places of earlier reads are kept, at least.
const PLACES: usize = 4;

/// Reads the content of a stream at any offset, with an [`Index`], on a shared reference. Threads can use one reader at
/// the same time: each gets a decompressor of its own while it reads.
///
/// A read decodes from the last point of the index before the offset: at most the interval of the index and a page.
/// A read that goes on where an earlier one ended, or ahead in the same interval, continues there.
///
/// It remembers the places of the last four reads, so up to four series of reads can alternate, and of more if more ran
/// at the same time.
///
/// Memory: the index, and for each such place that of an [`Lz4StreamReader`](crate::Lz4StreamReader) and 400 KiB.
///
/// ```
/// use lz4_stream::{CompressOptions, DecompressOptions, Index, Lz4StreamReaderAt};
///
/// let text: String = (0..100_000).map(|line| format!("{line:09}\n")).collect();
/// let stream = lz4_stream::compress(text.as_bytes(), &CompressOptions::new())?;
/// let index = Index::build(&stream[..], &DecompressOptions::new(), 256 * 1024)?;
///
/// let reader = Lz4StreamReaderAt::new(stream, index)?;
/// std::thread::scope(|scope| {
///     for line in [9_000, 77_777] {
///         let reader = &reader;
///         scope.spawn(move || {
///             let mut out = [0; 9];
///             reader.read_exact_at(&mut out, line * 10).unwrap();
///             assert_eq!(out, format!("{line:09}").as_bytes());
///         });
///     }
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Lz4StreamReaderAt<S, F = SizePrefix> {
    source: S,
    /// The position of the stream in `source`.
    start: u64,
    map: Map<F>,
    /// The cursors that are not in use, the last used one last.
    idle: Mutex<Vec<Cursor<F>>>,
}

impl<S: ReadAt> Lz4StreamReaderAt<S> {
    /// A reader with the default settings of [`DecompressOptions::new`]. For other settings, see
    /// [`DecompressOptions::reader_at`].
    ///
    /// # Errors
    /// [`Error::IndexMismatch`] when the indexed stream has a dictionary.
    pub fn new(source: S, index: impl Into<Arc<Index>>) -> Result<Self, Error> {
        DecompressOptions::new().reader_at(source, index)
    }
}

impl DecompressOptions {
    /// A reader at any offset with these settings. `index` is an [`Index`], or one in an `Arc`.
    ///
    /// # Errors
    /// Those of [`reader`](Self::reader), and [`Error::IndexMismatch`] when the dictionary is not that of the indexed
    /// stream.
    ///
    /// ```
    /// use lz4_stream::{DecompressOptions, Index};
    ///
    /// let stream = b"\x06\0\0\0\x50hello";
    /// let options = DecompressOptions::new();
    /// let reader = options.reader_at(stream, Index::build(&stream[..], &options, 1 << 20)?)?;
    /// let mut out = [0; 9];
    /// assert_eq!(reader.read_at(&mut out, 3)?, 2);
    /// assert_eq!(&out[..2], b"lo");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reader_at<S: ReadAt>(&self, source: S, index: impl Into<Arc<Index>>) -> Result<Lz4StreamReaderAt<S>, Error> {
        Ok(Lz4StreamReaderAt::from_map(source, Map::new(self, index.into())?))
    }
}

impl<S: ReadAt, F: Framing> Lz4StreamReaderAt<S, F> {
    /// A reader with a custom framing, as
    /// [`Lz4StreamSeekReader::with_framing`](crate::Lz4StreamSeekReader::with_framing).
    ///
    /// # Errors
    /// [`Error::MaxPageSize`], and [`Error::IndexMismatch`] when the dictionary is not that of the indexed stream.
    pub fn with_framing(
        source: S,
        options: &DecompressOptions,
        index: impl Into<Arc<Index>>,
        framing_at: impl Fn(&IndexPoint) -> F + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let map = Map::with_framing(options, index.into(), framing_at)?;
        Ok(Self::from_map(source, map))
    }

    fn from_map(source: S, map: Map<F>) -> Self {
        Lz4StreamReaderAt {
            source,
            start: 0,
            map,
            idle: Mutex::default(),
        }
    }

    /// The position in the source where the stream begins, in bytes. Default: 0.
    ///
    /// ```
    /// use lz4_stream::{DecompressOptions, Index, Lz4StreamReaderAt};
    ///
    /// let file = b"header\x06\0\0\0\x50hello";
    /// let index = Index::build(&file[6..], &DecompressOptions::new(), 1 << 20)?;
    /// let reader = Lz4StreamReaderAt::new(file, index)?.stream_begins_at(6);
    /// let mut out = [0; 5];
    /// reader.read_exact_at(&mut out, 0)?;
    /// assert_eq!(out, *b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn stream_begins_at(mut self, position: u64) -> Self {
        self.start = position;
        self.idle = Mutex::default();
        self
    }

    /// Reads content from `offset` on until `out` is full or the content ends. Returns how many bytes were read: 0 at
    /// the end of the content and after it.
    ///
    /// # Errors
    /// Those of [`Lz4StreamSeekReader`](crate::Lz4StreamSeekReader). When bytes were read before the error, the call
    /// returns them, and a call for the bytes after them returns the error.
    pub fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = self.content_len().saturating_sub(offset);
        let until = out.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
        if until == 0 {
            return Ok(0);
        }
        let mut cursor = self.cursor(offset);
        let mut read = 0;
        let mut result = Ok(());
        while read < until && result.is_ok() {
            let page = cursor.page_at(&self.map, offset + read as u64, |offset, room| {
                let position = self.start.checked_add(offset).ok_or(ErrorKind::InvalidInput)?;
                self.source.read_at(room, position)
            });
            result = page.map(|page| {
                let n = page.len().min(until - read);
                out[read..][..n].copy_from_slice(&page[..n]);
                read += n;
            });
        }
        self.idle().push(cursor);
        match result {
            Err(error) if read == 0 => Err(error),
            _ => Ok(read),
        }
    }

    /// Reads content from `offset` on until `out` is full.
    ///
    /// # Errors
    /// Those of [`read_at`](Self::read_at), and `UnexpectedEof` when the content ends before.
    pub fn read_exact_at(&self, out: &mut [u8], offset: u64) -> io::Result<()> {
        let mut read = 0;
        while read < out.len() {
            match self.read_at(&mut out[read..], offset.saturating_add(read as u64))? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                n => read += n,
            }
        }
        Ok(())
    }

    /// A cursor that leads to the offset, or one whose place is given up, or a new one.
    fn cursor(&self, offset: u64) -> Cursor<F> {
        let mut idle = self.idle();
        let near = idle.iter().rposition(|cursor| cursor.leads_to(&self.map, offset));
        match near {
            Some(number) => idle.remove(number),
            // The one that was not used for the longest time.
            None if idle.len() >= PLACES => idle.remove(0),
            None => {
                drop(idle);
                Cursor::new(&self.map)
            }
        }
    }

    /// A panic never happens while this is locked.
    fn idle(&self) -> MutexGuard<'_, Vec<Cursor<F>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S, F: Framing> Lz4StreamReaderAt<S, F> {
    /// The length of the content in bytes.
    pub fn content_len(&self) -> u64 {
        self.map.index().content_len()
    }

    /// The index.
    pub fn index(&self) -> &Index {
        self.map.index()
    }

    /// The source.
    pub fn get_ref(&self) -> &S {
        &self.source
    }

    /// Returns the source.
    pub fn into_inner(self) -> S {
        self.source
    }
}

impl<S: fmt::Debug, F> fmt::Debug for Lz4StreamReaderAt<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lz4StreamReaderAt")
            .field("source", &self.source)
            .field("start", &self.start)
            .field("map", &self.map)
            .finish_non_exhaustive()
    }
}
