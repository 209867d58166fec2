//! [`std::io::Read`] and [`std::io::BufRead`] over the decompressor.

use std::io::{self, BufRead, Read};
use std::{fmt, iter};

use crate::decompressor::Lz4StreamDecompressor;
use crate::options::DecompressOptions;
use crate::{Error, PrefixWidth, compress_bound};

/// Block data is read in pieces that grow from this size, so that a prefix alone makes nothing be allocated.
const FIRST_READ: usize = 16 * 1024;

/// Decompresses a stream of blocks from the inner reader.
///
/// What is decoded is handed out before the inner reader is touched again, and of that only as much is read as the
/// next block has: exactly prefix and data, so that the inner reader always stands at the border of a block when
/// everything decoded was read. With prefixes that makes two reads a block: put a `BufReader` inside when reads are
/// dear, as those of a file or a socket with small pages are, and see [`in_place`](Lz4StreamReader::in_place). As a
/// [`BufRead`] it lends the decoded bytes without copying them.
///
/// # End of the stream
/// An end of input between two blocks is the end of the stream, and so is **one where a stream was cut there**:
/// nothing in it tells the difference, unless both ends agree on an end mark ([`DecompressOptions::end_mark`]).
/// With one, the reader stops behind it and leaves what comes then untouched; it is read with the call that returns
/// `Ok(0)`, so read until that before [`into_inner`](Lz4StreamReader::into_inner). Streams that were written one after
/// the other, without a dictionary and without end marks, read as one.
///
/// # Errors
/// * Input that ends inside a prefix or a block: `UnexpectedEof`, [`Error::UnexpectedEnd`]; when an end mark is
///   expected, also input that ends before it, [`Error::MissingEndMark`].
/// * A bad block: `InvalidData`, with the [`Error`] that says what is wrong. All that was decoded before it is
///   handed out first, and every later call returns the same error.
/// * Errors of the inner reader pass through. They lose nothing, whatever the kind: the next call goes on where this
///   one stopped, so a non-blocking inner reader can be tried again after `WouldBlock`. `Interrupted` is retried
///   here.
///
/// ```
/// use lz4_stream::Lz4StreamReader;
/// use std::io::{BufRead, Read};
///
/// let stream = b"\x0e\0\0\0\xd0two\nlines: 2\n";
/// let lines: Vec<String> = Lz4StreamReader::new(&stream[..]).lines().collect::<Result<_, _>>()?;
/// assert_eq!(lines, ["two", "lines: 2"]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Lz4StreamReader<R, I = iter::Empty<usize>> {
    inner: R,
    /// How the inner reader lends its buffer, if it has one and was asked to.
    lender: Option<Lender<R>>,
    decompressor: Lz4StreamDecompressor,
    /// The block lengths, when they are kept out of band.
    sizes: I,
    state: State,
    /// What of the current prefix or block was read: `input[..filled]`. All of it is initialised, the rest is room.
    input: Vec<u8>,
    filled: usize,
    /// How many bytes of the decompressor's page were handed out.
    consumed: usize,
    total_out: u64,
}

/// The two functions of [`BufRead`]: known to be there without being asked of every inner reader.
struct Lender<R> {
    fill_buf: fn(&mut R) -> io::Result<&[u8]>,
    consume: fn(&mut R, usize),
}

#[derive(Debug)]
enum State {
    /// At a prefix, or in the middle of one.
    Prefix,
    /// At or in a block of this length.
    Block(usize),
    /// Behind an end mark or the last of the sizes.
    Ended,
    /// At a bad block.
    Failed(Error),
}

impl<R: Read> Lz4StreamReader<R> {
    /// A reader with the default settings, those of [`DecompressOptions::new`].
    pub fn new(inner: R) -> Self {
        Self::build(inner, Lz4StreamDecompressor::new(), iter::empty())
    }

    /// A reader with the given settings.
    ///
    /// # Errors
    /// Those of [`DecompressOptions::reader`].
    pub fn with_options(inner: R, options: &DecompressOptions) -> Result<Self, Error> {
        let width = options.prefix.width;
        if width == PrefixWidth::OutOfBand {
            return Err(Error::OutOfBandSizes { width });
        }
        Ok(Self::build(inner, options.decompressor()?, iter::empty()))
    }

    /// Begins to read another stream, with the same settings, from `inner`, and gives back the old inner reader. What
    /// was decoded and not read is dropped, an earlier error forgotten; the counts start at zero again. Nothing is
    /// allocated.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamReader;
    /// use std::io::Read;
    ///
    /// let mut text = String::new();
    /// let mut reader = Lz4StreamReader::new(&b"\x04\0\0\0\x30one"[..]);
    /// reader.read_to_string(&mut text)?;
    /// reader.reset(&b"\x04\0\0\0\x30two"[..]);
    /// reader.read_to_string(&mut text)?;
    /// assert_eq!(text, "onetwo");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reset(&mut self, inner: R) -> R {
        self.begin(inner)
    }
}

impl<R: Read, I: Iterator<Item = usize>> Lz4StreamReader<R, I> {
    /// A reader for a stream without prefixes: `sizes` gives the length of each block in bytes, and the stream ends
    /// when it does. A size is taken when its block is needed, not before.
    ///
    /// # Errors
    /// Those of [`DecompressOptions::reader_with_sizes`].
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
    pub fn with_sizes(
        inner: R,
        options: &DecompressOptions,
        sizes: impl IntoIterator<IntoIter = I>,
    ) -> Result<Self, Error> {
        let width = options.prefix.width;
        if width != PrefixWidth::OutOfBand {
            return Err(Error::OutOfBandSizes { width });
        }
        Ok(Self::build(inner, options.decompressor()?, sizes.into_iter()))
    }

    fn build(inner: R, decompressor: Lz4StreamDecompressor, sizes: I) -> Self {
        Lz4StreamReader {
            inner,
            lender: None,
            decompressor,
            sizes,
            state: State::Prefix,
            input: Vec::new(),
            filled: 0,
            consumed: 0,
            total_out: 0,
        }
    }

    /// [`reset`](Lz4StreamReader::reset) for a stream without prefixes, with the sizes of the new one's blocks.
    pub fn reset_with_sizes(&mut self, inner: R, sizes: impl IntoIterator<IntoIter = I>) -> R {
        self.sizes = sizes.into_iter();
        self.begin(inner)
    }

    fn begin(&mut self, inner: R) -> R {
        self.decompressor.reset();
        self.state = State::Prefix;
        self.filled = 0;
        self.consumed = 0;
        self.total_out = 0;
        std::mem::replace(&mut self.inner, inner)
    }

    /// Brings the next page that is not empty into the decompressor; `Ok(false)` at the end of the stream.
    fn next_page(&mut self) -> io::Result<bool> {
        while self.consumed == self.decompressor.page().len() {
            match &self.state {
                State::Prefix => match self.next_block_len()? {
                    Some(len) => self.state = State::Block(len),
                    None => return Ok(false),
                },
                State::Block(len) => {
                    let len = *len;
                    let result = match self.decompress_lent(len)? {
                        Some(result) => result,
                        None if !self.fill(len)? => return Err(self.unexpected_end(len).into()),
                        None => self.decompressor.decompress(&self.input[..len]).map(drop),
                    };
                    self.filled = 0;
                    self.consumed = 0;
                    self.state = match result {
                        Ok(()) => State::Prefix,
                        Err(error) => State::Failed(error),
                    };
                }
                State::Ended => return Ok(false),
                State::Failed(error) => return Err(error.clone().into()),
            }
        }
        Ok(true)
    }

    /// The length of the next block, or `None` at the end of the stream.
    fn next_block_len(&mut self) -> io::Result<Option<usize>> {
        let width = self.decompressor.prefix_width().bytes();
        let len = if width == 0 {
            let Some(len) = self.sizes.next() else {
                self.state = State::Ended;
                return Ok(None);
            };
            self.decompressor.check_block_len(len).map(|()| Some(len))
        } else {
            if !self.fill(width)? {
                return match self.filled {
                    0 if self.decompressor.expects_end_mark() => Err(Error::MissingEndMark {
                        block: self.decompressor.blocks(),
                        offset: self.decompressor.total_in(),
                    }
                    .into()),
                    0 => Ok(None),
                    _ => Err(self.unexpected_end(width).into()),
                };
            }
            self.filled = 0;
            self.decompressor.read_prefix(&self.input[..width])
        };
        match len {
            Ok(Some(len)) => Ok(Some(len)),
            Ok(None) => {
                self.state = State::Ended;
                Ok(None)
            }
            Err(error) => {
                self.state = State::Failed(error.clone());
                Err(error.into())
            }
        }
    }

    /// Decompresses a block of this length straight from the inner reader's buffer, if all of it is there.
    fn decompress_lent(&mut self, len: usize) -> io::Result<Option<Result<(), Error>>> {
        let Some(lender) = &self.lender else {
            return Ok(None);
        };
        if self.filled > 0 {
            return Ok(None);
        }
        let lent = loop {
            match (lender.fill_buf)(&mut self.inner) {
                Ok(lent) => break lent,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        };
        let Some(block) = lent.get(..len) else {
            return Ok(None);
        };
        let result = self.decompressor.decompress(block).map(drop);
        (lender.consume)(&mut self.inner, len);
        Ok(Some(result))
    }

    /// Reads until `input[..needed]` is filled; `Ok(false)` when the input ends before. However it ends, what was
    /// read stays, for the next call to go on with.
    fn fill(&mut self, needed: usize) -> io::Result<bool> {
        while self.filled < needed {
            let room = needed.min(FIRST_READ.max(2 * self.filled));
            if self.input.len() < room {
                // What any block of a page can need that is as long as the longest so far, so that this happens
                // once for pages of one size.
                let len = room.max(compress_bound(self.decompressor.largest_page()));
                self.input.reserve_exact(len - self.input.len());
                self.input.resize(len, 0);
            }
            let until = self.input.len().min(needed);
            let room = &mut self.input[self.filled..until];
            match self.inner.read(room) {
                Ok(0) => return Ok(false),
                Ok(n) if n > room.len() => {
                    return Err(io::Error::other(
                        "the inner reader claims more bytes than it was asked for",
                    ));
                }
                Ok(n) => self.filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn unexpected_end(&self, needed: usize) -> Error {
        Error::UnexpectedEnd {
            block: self.decompressor.blocks(),
            offset: self.decompressor.total_in(),
            found: self.filled,
            needed,
        }
    }
}

impl<R: BufRead, I> Lz4StreamReader<R, I> {
    /// From now on, decompresses every block that lies whole in the buffer of the inner reader straight from there,
    /// which saves a copy: for bytes in memory, and for a `BufReader` with room for several blocks.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamReader;
    /// use std::io::Read;
    ///
    /// let mut text = String::new();
    /// Lz4StreamReader::new(&b"\x06\0\0\0\x50hello"[..]).in_place().read_to_string(&mut text)?;
    /// assert_eq!(text, "hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn in_place(mut self) -> Self {
        self.lender = Some(Lender {
            fill_buf: R::fill_buf,
            consume: R::consume,
        });
        self
    }
}

impl<R, I> Lz4StreamReader<R, I> {
    /// The inner reader.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The inner reader. Reading from it directly takes bytes out of the stream.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// Gives back the inner reader. It stands behind the last block that was decoded, unless an error stopped the
    /// reader within one; bytes decoded and not read are lost.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// How many bytes of the stream were decoded: blocks and their prefixes, and the end mark when it was reached.
    pub fn total_in(&self) -> u64 {
        let mark = match self.state {
            State::Ended => self.decompressor.prefix_width().bytes(),
            _ => 0,
        };
        self.decompressor.total_in() + mark as u64
    }

    /// How many decoded bytes were handed out.
    pub fn total_out(&self) -> u64 {
        self.total_out
    }

    /// How many blocks were decoded.
    pub fn blocks(&self) -> u64 {
        self.decompressor.blocks()
    }
}

impl<R: Read, I: Iterator<Item = usize>> Read for Lz4StreamReader<R, I> {
    /// Hands out decoded bytes of one page. An empty `out` returns `Ok(0)` and touches nothing.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read, I: Iterator<Item = usize>> BufRead for Lz4StreamReader<R, I> {
    /// Lends the decoded bytes of one page; none at the end of the stream.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.next_page()? {
            Ok(&self.decompressor.page()[self.consumed..])
        } else {
            Ok(&[])
        }
    }

    fn consume(&mut self, amount: usize) {
        let left = self.decompressor.page().len() - self.consumed;
        let amount = amount.min(left);
        self.consumed += amount;
        self.total_out += amount as u64;
    }
}

impl<R: fmt::Debug, I> fmt::Debug for Lz4StreamReader<R, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lz4StreamReader")
            .field("inner", &self.inner)
            .field("decompressor", &self.decompressor)
            .field("state", &self.state)
            .field("filled", &self.filled)
            .field("consumed", &self.consumed)
            .field("total_out", &self.total_out)
            .finish_non_exhaustive()
    }
}
