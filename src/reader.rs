//! [`std::io::Read`] and [`std::io::BufRead`] over the decompressor.

use std::io::{self, BufRead, ErrorKind, Read};
use std::str;

use crate::decompressor::{Step, append_pages};
use crate::{BlockSizes, Framing, Lz4StreamDecompressor, SizePrefix};

/// Decompresses a stream of blocks from the inner reader.
///
/// The reader consumes exactly one head and one block at a time, and returns all decoded bytes before it reads again.
/// So once all decoded bytes have been read, the inner reader is at a block boundary. That takes two reads per block:
/// put a `BufReader` inside when reads are expensive, such as those of a file, or of a socket with small pages.
/// [`Lz4StreamBufReader`] decodes directly from such a buffer. Both implement [`BufRead`], which lends the decoded
/// bytes without a copy.
///
/// # End of the stream
/// An end of input between two blocks is the end of the stream. **A stream cut off there looks complete**, unless both
/// ends use an end mark ([`StreamFormat::end_mark`](crate::StreamFormat::end_mark)). The end mark is consumed by the
/// call that returns `Ok(0)`: read until then before calling [`into_inner`](Self::into_inner). The bytes after it stay
/// in the inner reader. Concatenated streams without a dictionary and without end marks are read as one.
///
/// # Errors
/// * Input that ends inside a head or a block: `UnexpectedEof`, [`Error::UnexpectedEnd`](crate::Error::UnexpectedEnd).
///   Input that ends before an expected end mark: `UnexpectedEof`,
///   [`Error::MissingEndMark`](crate::Error::MissingEndMark).
/// * A bad block: `InvalidData`, with an [`Error`](crate::Error) inside. All data before the block is returned first,
///   and every later call returns the same error.
/// * Errors of the inner reader pass through and lose no data, whatever the kind: the next call resumes where this one
///   stopped. So calls on a non-blocking inner reader can be repeated after `WouldBlock`. `Interrupted` is retried
///   internally.
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
#[derive(Debug)]
pub struct Lz4StreamReader<R, F = SizePrefix> {
    inner: R,
    decompressor: Lz4StreamDecompressor<F>,
}

/// Like [`Lz4StreamReader`], but for an inner reader with a buffer. A block that the buffer contains completely is
/// decoded directly from it, which saves a copy. Use it for bytes in memory, or for a `BufReader` with room for several
/// blocks.
///
/// ```
/// use lz4_stream::Lz4StreamBufReader;
/// use std::io::Read;
///
/// let mut text = String::new();
/// Lz4StreamBufReader::new(&b"\x06\0\0\0\x50hello"[..]).read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Lz4StreamBufReader<R, F = SizePrefix> {
    inner: R,
    decompressor: Lz4StreamDecompressor<F>,
}

impl<R: Read, F: Framing> Lz4StreamReader<R, F> {
    /// Reads what the decompressor needs for its next result, and no byte more, then gets that result. Returns
    /// `Ok(false)` at the end of the stream. `out`: see [`Lz4StreamDecompressor::advance`].
    fn advance(&mut self, out: &mut &mut [u8]) -> io::Result<bool> {
        loop {
            let room = self.decompressor.unfilled();
            if room.is_empty() {
                return Ok(!matches!(self.decompressor.advance(&mut &[][..], out)?, Step::End));
            }
            let n = self.inner.read(room)?;
            if n > room.len() {
                return Err(io::Error::other("the inner reader returned more bytes than requested"));
            }
            if n == 0 {
                self.decompressor.end_of_input()?;
                return Ok(false);
            }
            self.decompressor.filled(n);
        }
    }
}

impl<R: BufRead, F: Framing> Lz4StreamBufReader<R, F> {
    /// Feeds the inner reader's buffer to the decompressor, up to the end of a block. Returns `Ok(false)` at the end of
    /// the stream. `out`: see [`Lz4StreamDecompressor::advance`].
    fn advance(&mut self, out: &mut &mut [u8]) -> io::Result<bool> {
        if self.decompressor.missing() == 0 {
            return Ok(!matches!(self.decompressor.advance(&mut &[][..], out)?, Step::End));
        }
        let mut lent = self.inner.fill_buf()?;
        let len = lent.len();
        if len == 0 {
            self.decompressor.end_of_input()?;
            return Ok(false);
        }
        let result = self.decompressor.advance(&mut lent, out).map(drop);
        let used = len - lent.len();
        self.inner.consume(used);
        result?;
        Ok(true)
    }
}

/// The parts that both readers share. Only `advance`, which gets bytes to the decompressor, differs.
macro_rules! reader {
    ($Reader:ident, $Inner:ident) => {
        impl<R: $Inner> $Reader<R> {
            /// A reader with the default settings of [`DecompressOptions::new`](crate::DecompressOptions::new). For
            /// other settings, see [`DecompressOptions`](crate::DecompressOptions).
            ///
            /// ```
            /// use std::io::Read;
            ///
            /// let mut text = String::new();
            #[doc = concat!("lz4_stream::", stringify!($Reader), "::new(&b\"\\x06\\0\\0\\0\\x50hello\"[..])")]
            ///     .read_to_string(&mut text)?;
            /// assert_eq!(text, "hello");
            /// # Ok::<(), std::io::Error>(())
            /// ```
            pub fn new(inner: R) -> Self {
                Self::from_parts(inner, Lz4StreamDecompressor::new())
            }
        }

        impl<R: $Inner, F: Framing> $Reader<R, F> {
            /// A reader around `inner` that continues from the state of `decompressor`. The unconsumed rest of its page
            /// comes first.
            ///
            /// ```
            /// use std::io::Read;
            ///
            /// // One warm decompressor for many short streams.
            /// let mut decompressor = lz4_stream::Lz4StreamDecompressor::new();
            /// for _ in 0..3 {
            #[doc = concat!("    let mut reader = lz4_stream::", stringify!($Reader), "::from_parts(")]
            ///         &b"\x06\0\0\0\x50hello"[..],
            ///         decompressor,
            ///     );
            ///     let mut text = String::new();
            ///     reader.read_to_string(&mut text)?;
            ///     assert_eq!(text, "hello");
            ///     (_, decompressor) = reader.into_parts();
            ///     decompressor.reset();
            /// }
            /// # Ok::<(), std::io::Error>(())
            /// ```
            pub fn from_parts(inner: R, decompressor: Lz4StreamDecompressor<F>) -> Self {
                $Reader { inner, decompressor }
            }

            /// Starts a new stream from `inner` with the same settings, and returns the old inner reader. Drops decoded
            /// bytes that were not read, clears an earlier error, and restarts the counts at zero. Nothing is
            /// allocated.
            ///
            /// The framing is not reset. A reader with out-of-band sizes would continue with the old sizes: use
            /// `Lz4StreamReader::reset_with_sizes`.
            ///
            /// ```
            /// use std::io::Read;
            ///
            /// let mut text = String::new();
            #[doc = concat!("let mut reader = lz4_stream::", stringify!($Reader), "::new(&b\"\\x04\\0\\0\\0\\x30one\"[..]);")]
            /// reader.read_to_string(&mut text)?;
            /// reader.reset(&b"\x04\0\0\0\x30two"[..]);
            /// reader.read_to_string(&mut text)?;
            /// assert_eq!(text, "onetwo");
            /// # Ok::<(), std::io::Error>(())
            /// ```
            pub fn reset(&mut self, inner: R) -> R {
                self.decompressor.reset();
                std::mem::replace(&mut self.inner, inner)
            }

            /// Advances to the next page that is not empty, unless the last one has unread bytes. Returns `Ok(false)`
            /// at the end of the stream. `out`: see [`Lz4StreamDecompressor::advance`].
            fn next_page(&mut self, out: &mut &mut [u8]) -> io::Result<bool> {
                let room = out.len();
                while self.decompressor.is_consumed() && out.len() == room {
                    match self.advance(out) {
                        Ok(true) => {}
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        end_or_error => return end_or_error,
                    }
                }
                Ok(true)
            }
        }

        impl<R, F> $Reader<R, F> {
            /// The inner reader.
            pub fn get_ref(&self) -> &R {
                &self.inner
            }

            /// The inner reader. Reading from it directly takes bytes out of the stream, unless the stream is over.
            ///
            /// ```
            /// use std::io::Read;
            ///
            /// let decompressor = lz4_stream::DecompressOptions::new().end_mark(true).decompressor()?;
            /// let input = &b"\x04\0\0\0\x30one\0\0\0\0trailer"[..];
            #[doc = concat!("let mut reader = lz4_stream::", stringify!($Reader), "::from_parts(input, decompressor);")]
            /// let mut text = String::new();
            /// reader.read_to_string(&mut text)?;
            /// reader.get_mut().read_to_string(&mut text)?;
            /// assert_eq!(text, "onetrailer");
            /// # Ok::<(), std::io::Error>(())
            /// ```
            pub fn get_mut(&mut self) -> &mut R {
                &mut self.inner
            }

            /// The decompressor: settings, history, unconsumed bytes.
            pub fn decompressor(&self) -> &Lz4StreamDecompressor<F> {
                &self.decompressor
            }

            /// Returns the inner reader. It is just after the last decoded block, unless an error stopped the reader
            /// inside a block. Decoded bytes that were not read are lost; to keep them, call
            /// [`into_parts`](Self::into_parts).
            ///
            /// ```
            /// use std::io::Read;
            ///
            /// let stream = b"\x06\0\0\0\x50hello\x04\0\0\0\x30two";
            #[doc = concat!("let mut reader = lz4_stream::", stringify!($Reader), "::new(&stream[..]);")]
            /// reader.read_exact(&mut [0; 5])?;
            /// assert_eq!(reader.into_inner(), b"\x04\0\0\0\x30two");
            /// # Ok::<(), std::io::Error>(())
            /// ```
            pub fn into_inner(self) -> R {
                self.inner
            }

            /// Splits the reader into the inner reader and the decompressor. Nothing is read or dropped: the
            /// decompressor holds the decoded bytes that were not read. [`from_parts`](Self::from_parts) joins both.
            ///
            /// ```
            /// use std::io::Read;
            ///
            /// let stream = b"\x06\0\0\0\x50hello\x04\0\0\0\x30two";
            #[doc = concat!("let mut reader = lz4_stream::", stringify!($Reader), "::new(&stream[..]);")]
            /// reader.read_exact(&mut [0; 2])?;
            /// let (rest, decompressor) = reader.into_parts();
            /// assert_eq!(rest, b"\x04\0\0\0\x30two");
            /// assert_eq!(decompressor.page(), b"llo");
            /// # Ok::<(), std::io::Error>(())
            /// ```
            pub fn into_parts(self) -> (R, Lz4StreamDecompressor<F>) {
                (self.inner, self.decompressor)
            }

            /// How many bytes of the stream were decoded: blocks with their heads, and the end mark once it was
            /// reached.
            pub fn total_in(&self) -> u64 {
                self.decompressor.total_in()
            }

            /// How many decoded bytes were read.
            pub fn total_out(&self) -> u64 {
                self.decompressor.total_out() - self.decompressor.page().len() as u64
            }

            /// How many blocks were decoded.
            pub fn blocks(&self) -> u64 {
                self.decompressor.blocks()
            }
        }

        impl<R: $Inner, F: Framing> Read for $Reader<R, F> {
            /// Returns decoded bytes of one page. With an empty `out`, returns `Ok(0)` without reading.
            ///
            /// A page that is much longer than 64 KiB and fits in `out` is decoded directly into it, which saves a
            /// copy. So a call may also overwrite `out` after the bytes that it returns, and all of it before an error.
            fn read(&mut self, mut out: &mut [u8]) -> io::Result<usize> {
                let len = out.len();
                if len == 0 || !self.next_page(&mut out)? {
                    return Ok(0);
                }
                // Nothing, if the page is in `out` already.
                let read = self.decompressor.page().read(out)?;
                self.consume(read);
                Ok(len - out.len() + read)
            }

            /// Appends whole pages, decoded in place where `out` has room. Data appended before an error stays.
            fn read_to_end(&mut self, out: &mut Vec<u8>) -> io::Result<usize> {
                let next_page = |reader: &mut Self| reader.next_page(&mut &mut [][..]);
                append_pages(self, |reader| &mut reader.decompressor, out, next_page)
            }

            /// Appends text. If it is not valid UTF-8, nothing is appended and the read bytes are lost. This includes
            /// text that an error of the inner reader cut off inside a character: use `read_to_end` if that can happen.
            fn read_to_string(&mut self, out: &mut String) -> io::Result<usize> {
                append_utf8(out, |bytes| self.read_to_end(bytes))
            }
        }

        impl<R: $Inner, F: Framing> BufRead for $Reader<R, F> {
            /// Lends the unread bytes of one page; none at the end of the stream.
            fn fill_buf(&mut self) -> io::Result<&[u8]> {
                self.next_page(&mut &mut [][..])?;
                Ok(self.decompressor.page())
            }

            fn consume(&mut self, amount: usize) {
                self.decompressor.consume(amount);
            }
        }
    };
}

reader!(Lz4StreamReader, Read);
reader!(Lz4StreamBufReader, BufRead);

impl<R: Read, I: Iterator<Item = usize>> Lz4StreamReader<R, BlockSizes<I>> {
    /// Like [`reset`](Self::reset), but for a stream without prefixes: `sizes` are the block sizes of the new stream.
    ///
    /// ```
    /// use lz4_stream::{DecompressOptions, PrefixWidth};
    /// use std::io::Read;
    ///
    /// let options = DecompressOptions::new().prefix_width(PrefixWidth::OutOfBand);
    /// let mut text = String::new();
    /// let mut reader = options.reader_with_sizes(&b"\x30one"[..], [4])?;
    /// reader.read_to_string(&mut text)?;
    /// reader.reset_with_sizes(&b"\x30two"[..], [4]);
    /// reader.read_to_string(&mut text)?;
    /// assert_eq!(text, "onetwo");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reset_with_sizes(&mut self, inner: R, sizes: impl IntoIterator<IntoIter = I>) -> R {
        *self.decompressor.framing_mut() = BlockSizes::new(sizes);
        self.reset(inner)
    }
}

/// Appends the bytes from `read` to a string, as the standard library does for its readers. Appends nothing if they are
/// not valid UTF-8, even if an error cut them off inside a character.
fn append_utf8(out: &mut String, read: impl FnOnce(&mut Vec<u8>) -> io::Result<usize>) -> io::Result<usize> {
    /// Restores the text on every way out, including a panic of the inner reader.
    struct Text<'a> {
        out: &'a mut String,
        bytes: Vec<u8>,
        /// The length of the valid UTF-8.
        valid: usize,
    }
    impl Drop for Text<'_> {
        fn drop(&mut self) {
            self.bytes.truncate(self.valid);
            let bytes = std::mem::take(&mut self.bytes);
            *self.out = String::from_utf8(bytes).expect("the old and the new text are valid UTF-8");
        }
    }
    let (valid, bytes) = (out.len(), std::mem::take(out).into_bytes());
    let mut text = Text { out, bytes, valid };
    let result = read(&mut text.bytes);
    if str::from_utf8(&text.bytes[valid..]).is_ok() {
        text.valid = text.bytes.len();
        return result;
    }
    let message = "the stream did not contain valid UTF-8";
    result.and(Err(io::Error::new(ErrorKind::InvalidData, message)))
}
