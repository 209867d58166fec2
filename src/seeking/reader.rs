//! [`std::io::Seek`] over a stream with an index.

use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::Map;
use super::cursor::Cursor;
use crate::{DecompressOptions, Framing, Index, IndexPoint, SizePrefix};

/// Reads the content of a stream at any position, with an [`Index`].
///
/// [`seek`](Seek::seek) only takes note of the position. The next read decodes from the last point of the index before
/// it: at most the interval of the index and a page, and nothing when the position lies in the current page. A position
/// ahead in the same interval is reached from where the reader is. As with a file, one can seek past the end, and reads
/// there return nothing.
///
/// The reader fetches pieces of up to 64 KiB from the inner reader, so it needs no `BufReader` inside. Memory: that of
/// an [`Lz4StreamReader`](crate::Lz4StreamReader), 400 KiB, and the index, which several readers can share in an `Arc`.
///
/// # The end
/// The content ends where the index says. The end mark and what follows are not read.
///
/// # Errors
/// * As [`Lz4StreamReader`](crate::Lz4StreamReader): a bad block is an error of its position and all data before it can
///   be read, and after any error of the inner reader the next call resumes. After any error, one can seek to another
///   position and read there.
/// * [`Error::IndexMismatch`](crate::Error::IndexMismatch) when the index was made of another stream, where that can be
///   told: see [`Index`].
/// * A seek before the beginning or past 2^64 is `InvalidInput` and changes nothing.
///
/// ```
/// use lz4_stream::{CompressOptions, DecompressOptions, Index, Lz4StreamSeekReader};
/// use std::io::{BufRead, Cursor, Read, Seek, SeekFrom};
///
/// let text: String = (0..100_000).map(|line| format!("line {line}\n")).collect();
/// let stream = lz4_stream::compress(text.as_bytes(), &CompressOptions::new())?;
/// let index = Index::build(&stream[..], &DecompressOptions::new(), 256 * 1024)?;
///
/// let mut reader = Lz4StreamSeekReader::new(Cursor::new(stream), index)?;
/// reader.seek(SeekFrom::End(-11))?;
/// let mut line = String::new();
/// reader.read_line(&mut line)?;
/// assert_eq!(line, "line 99999\n");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Lz4StreamSeekReader<R, F = SizePrefix> {
    inner: R,
    /// The position of the stream in `inner`.
    start: u64,
    /// The position of `inner` in the stream. `None` when it is not known.
    inner_at: Option<u64>,
    map: Map<F>,
    cursor: Cursor<F>,
    position: u64,
}

impl<R: Read + Seek> Lz4StreamSeekReader<R> {
    /// A reader with the default settings of [`DecompressOptions::new`]. For other settings, see
    /// [`DecompressOptions::seek_reader`].
    ///
    /// The stream begins at the current position of `inner`.
    ///
    /// # Errors
    /// Those of [`DecompressOptions::seek_reader`].
    pub fn new(inner: R, index: impl Into<Arc<Index>>) -> io::Result<Self> {
        DecompressOptions::new().seek_reader(inner, index)
    }
}

impl DecompressOptions {
    /// A reader with these settings that can seek. The stream begins at the current position of `inner`. `index` is an
    /// [`Index`], or one in an `Arc`.
    ///
    /// # Errors
    /// Those of [`reader`](Self::reader), [`Error::IndexMismatch`](crate::Error::IndexMismatch) when the dictionary is
    /// not that of the indexed stream, and those of `inner` when it is asked for its position.
    ///
    /// ```
    /// use lz4_stream::{DecompressOptions, Index};
    /// use std::io::{Cursor, Read, Seek, SeekFrom};
    ///
    /// let options = DecompressOptions::new().end_mark(true);
    /// let stream = b"\x06\0\0\0\x50hello\0\0\0\0";
    /// let index = Index::build(&stream[..], &options, 1 << 20)?;
    /// let mut reader = options.seek_reader(Cursor::new(stream), index)?;
    /// let mut text = String::new();
    /// reader.seek(SeekFrom::Start(3))?;
    /// reader.read_to_string(&mut text)?;
    /// assert_eq!(text, "lo");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn seek_reader<R: Read + Seek>(
        &self,
        inner: R,
        index: impl Into<Arc<Index>>,
    ) -> io::Result<Lz4StreamSeekReader<R>> {
        Lz4StreamSeekReader::from_map(inner, Map::new(self, index.into())?)
    }
}

impl<R: Read + Seek, F: Framing> Lz4StreamSeekReader<R, F> {
    /// A reader with a custom framing. `framing_at` returns the framing at a point of the index: always the same one,
    /// unless the framing has state. The prefix width, byte order and end mark of `options` are ignored.
    ///
    /// # Errors
    /// [`Error::MaxPageSize`](crate::Error::MaxPageSize), and as in [`DecompressOptions::seek_reader`].
    ///
    /// ```
    /// use lz4_stream::{BlockSizes, DecompressOptions, Index, Lz4StreamSeekReader};
    /// use std::io::{Cursor, Read, Seek, SeekFrom};
    ///
    /// // Block sizes that are kept out of band: those from the block at the point on.
    /// let (blocks, sizes) = (b"\x40abcd\x20ef", vec![5, 3]);
    /// let options = DecompressOptions::new();
    /// let index = Index::build_with_framing(&blocks[..], BlockSizes::new(sizes.clone()), &options, 1 << 20)?;
    /// let mut reader = Lz4StreamSeekReader::with_framing(Cursor::new(blocks), &options, index, move |point| {
    ///     BlockSizes::new(sizes[point.block() as usize..].to_vec())
    /// })?;
    /// reader.seek(SeekFrom::Start(3))?;
    /// let mut text = String::new();
    /// reader.read_to_string(&mut text)?;
    /// assert_eq!(text, "def");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_framing(
        inner: R,
        options: &DecompressOptions,
        index: impl Into<Arc<Index>>,
        framing_at: impl Fn(&IndexPoint) -> F + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::from_map(inner, Map::with_framing(options, index.into(), framing_at)?)
    }

    fn from_map(mut inner: R, map: Map<F>) -> io::Result<Self> {
        let start = inner.stream_position()?;
        let cursor = Cursor::new(&map);
        Ok(Lz4StreamSeekReader {
            inner,
            start,
            inner_at: Some(0),
            map,
            cursor,
            position: 0,
        })
    }
}

impl<R, F: Framing> Lz4StreamSeekReader<R, F> {
    /// The length of the content in bytes.
    pub fn content_len(&self) -> u64 {
        self.map.index().content_len()
    }

    /// The index.
    pub fn index(&self) -> &Index {
        self.map.index()
    }

    /// The inner reader.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// Returns the inner reader. Its position is arbitrary.
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read + Seek, F: Framing> Read for Lz4StreamSeekReader<R, F> {
    /// Returns decoded bytes of one page.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read + Seek, F: Framing> BufRead for Lz4StreamSeekReader<R, F> {
    /// Lends the rest of one page; nothing at the end of the content and after it.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position >= self.content_len() {
            return Ok(&[]);
        }
        let (inner, start, inner_at) = (&mut self.inner, self.start, &mut self.inner_at);
        self.cursor.page_at(&self.map, self.position, |offset, room| {
            // Unknown after any error.
            if inner_at.take() != Some(offset) {
                let position = start.checked_add(offset).ok_or(ErrorKind::InvalidInput)?;
                inner.seek(SeekFrom::Start(position))?;
            }
            let n = inner.read(room)?;
            *inner_at = offset.checked_add(n as u64);
            Ok(n)
        })
    }

    fn consume(&mut self, amount: usize) {
        self.position += amount.min(self.cursor.rest(self.position).len()) as u64;
    }
}

impl<R: Read + Seek, F: Framing> Seek for Lz4StreamSeekReader<R, F> {
    /// Only takes note of the position: errors of the stream come with the next read.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.content_len().checked_add_signed(by),
        };
        self.position = position.ok_or_else(|| {
            let message = "seek to a position before the beginning or over 2^64";
            io::Error::new(ErrorKind::InvalidInput, message)
        })?;
        Ok(self.position)
    }

    fn stream_position(&mut self) -> io::Result<u64> {
        Ok(self.position)
    }
}
